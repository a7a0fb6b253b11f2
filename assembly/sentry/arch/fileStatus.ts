// SPDX-License-Identifier: Apache-2.0
//
// struct stat and struct statfs of the architecture that is built for. scripts/sentry.mjs puts another architecture's name
// in place of x86_64 here.

export * from "./x86_64/fileStatus";

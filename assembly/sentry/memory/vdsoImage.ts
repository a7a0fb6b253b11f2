// SPDX-License-Identifier: Apache-2.0
//
// The vDSO's bytes (runtime-c/vdso). These stand for them where only types matter: scripts/sentry.mjs hands the compiler those
// of build/vdso/ARCHITECTURE.so in place of the list.

export const vdsoImage: StaticArray<u8> = [0];

// SPDX-License-Identifier: Apache-2.0
//
// The end of the root task, when it cannot go on.
#ifndef SEALIFT_BOOT_FAILURE_H
#define SEALIFT_BOOT_FAILURE_H

/// Writes "sealift: <cause>" to the console and switches the machine off.
_Noreturn void boot_fail(const char *cause);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The root task's second thread: the fault handler of the first. (A sentry's fault handler is the manager.)
#ifndef SEALIFT_BOOT_FAULT_THREAD_H
#define SEALIFT_BOOT_FAULT_THREAD_H

#include "sel4/invoke.h"

/// Makes the thread, starts it, and makes it the fault handler of the calling thread, whose priority it sets
/// too.
/// @return NULL, or what could not be had
const char *fault_thread_begin(const seL4_BootInfo *info);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// A timer without a device: a thread that the kernel's own scheduling wakes (boards with "timer": "tick").
#ifndef SEALIFT_HOST_BOARD_TIMER_THREAD_H
#define SEALIFT_HOST_BOARD_TIMER_THREAD_H

#include "host/machine.h"

/// Makes the thread. It does not run before the first machine_timer_arm.
/// @return NULL, or what could not be had
const char *timer_thread_begin(const struct machine_boot *boot);

/// Lets the thread signal a notification, in place of an interrupt handler.
/// @param notification in the initial CNode, which is the thread's CSpace
sel4_error timer_thread_bind(sel4_cptr notification);

#endif

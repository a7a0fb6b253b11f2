// SPDX-License-Identifier: Apache-2.0
//
// A board's timer with an interrupt, besides machine_timer_arm and machine_timer_disarm (host/machine.h),
// which its driver implements.
#ifndef SEALIFT_HOST_BOARD_TIMER_H
#define SEALIFT_HOST_BOARD_TIMER_H

/// Lets the timer raise its interrupt.
void timer_enable_interrupt(void);

/// Takes the interrupt back.
void timer_clear_interrupt(void);

#endif

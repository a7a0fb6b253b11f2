// SPDX-License-Identifier: Apache-2.0
//
// The clock of last resort (clock.h, CLOCK_IS_TICKS): a thread that counts a tick each time its period
// begins.
#ifndef SEALIFT_BOOT_TICK_THREAD_H
#define SEALIFT_BOOT_TICK_THREAD_H

#include "sel4/invoke.h"

/// Starts counting in the word `ticks` of struct domain_boot, where every sentry reads it, and lets
/// clock_counter of the root task read it too.
/// @param frame of the page that begins with struct domain_boot; it stays read-only where it is mapped
/// @return NULL, or what could not be had
const char *tick_thread_begin(sel4_cptr frame);

#endif

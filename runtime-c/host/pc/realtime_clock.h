// SPDX-License-Identifier: Apache-2.0
#ifndef SEALIFT_HOST_PC_REALTIME_CLOCK_H
#define SEALIFT_HOST_PC_REALTIME_CLOCK_H

#include <stdint.h>

/// Seconds since 1970-01-01 of a date and time, for years from 1970 on; month and day count from 1.
uint64_t realtime_clock_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                                unsigned second);

#endif

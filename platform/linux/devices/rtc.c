// SPDX-License-Identifier: Apache-2.0
//
// The CMOS clock: the host's time in UTC. Setting it has no effect.
#include "devices.h"

#include <time.h>

enum {
    REG_SECONDS = 0,
    REG_MINUTES = 2,
    REG_HOURS = 4,
    REG_WEEKDAY = 6,
    REG_DAY = 7,
    REG_MONTH = 8,
    REG_YEAR = 9,
    REG_STATUS_A = 0xa,
    REG_STATUS_B = 0xb,
    REG_STATUS_D = 0xd,
    REG_CENTURY = 0x32,
};
enum { STATUS_A_DEFAULT = 0x26, STATUS_B_24_HOURS = 2, STATUS_B_BINARY = 4, STATUS_D_VALID = 0x80 };

static uint8_t selected;
static uint8_t status_b = STATUS_B_24_HOURS;

void rtc_select(uint8_t index) {
    selected = index & 0x7f;
}

void rtc_out(uint8_t value) {
    if (selected == REG_STATUS_B)
        status_b = value;
}

/** A number as the format bit asks: binary, or two decimal digits. */
static uint8_t format(unsigned value) {
    return status_b & STATUS_B_BINARY ? value : (value / 10 << 4 | value % 10);
}

static uint8_t format_hour(unsigned hour) {
    if (status_b & STATUS_B_24_HOURS)
        return format(hour);
    unsigned twelve = hour % 12 == 0 ? 12 : hour % 12;
    return format(twelve) | (hour >= 12 ? 0x80 : 0);
}

uint8_t rtc_in(void) {
    time_t seconds = time(NULL);
    struct tm now;
    gmtime_r(&seconds, &now);
    switch (selected) {
    case REG_SECONDS:
        return format(now.tm_sec);
    case REG_MINUTES:
        return format(now.tm_min);
    case REG_HOURS:
        return format_hour(now.tm_hour);
    case REG_WEEKDAY:
        return format(now.tm_wday + 1);
    case REG_DAY:
        return format(now.tm_mday);
    case REG_MONTH:
        return format(now.tm_mon + 1);
    case REG_YEAR:
        return format(now.tm_year % 100);
    case REG_CENTURY:
        return format(19 + now.tm_year / 100);
    case REG_STATUS_A:
        return STATUS_A_DEFAULT;
    case REG_STATUS_B:
        return status_b;
    case REG_STATUS_D:
        return STATUS_D_VALID;
    default:
        return 0;
    }
}

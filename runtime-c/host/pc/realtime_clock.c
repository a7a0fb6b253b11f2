// SPDX-License-Identifier: Apache-2.0
//
// The MC146818 real-time clock: seconds to years in registers, in UTC as QEMU and every machine without
// Windows keeps it.

#include "host/pc/realtime_clock.h"
#include "host/machine.h"
#include "host/pc/ports.h"

#include <stdbool.h>

enum {
    INDEX = 0x70,
    DATA = 0x71,

    SECONDS = 0,
    MINUTES = 2,
    HOURS = 4,
    DAY = 7,
    MONTH = 8,
    YEAR = 9,
    STATUS_A = 10,
    STATUS_B = 11,

    UPDATE_IN_PROGRESS = 0x80, // in STATUS_A
    BINARY = 0x04,             // in STATUS_B: else binary-coded decimal
    TWENTY_FOUR_HOURS = 0x02,  // in STATUS_B
    AFTERNOON = 0x80,          // in HOURS, on a 12-hour clock

    CENTURY = 2000, // there is no reliable century register; two digits last until 2099
    TRIES = 1000,   // an update takes 2 ms; a clock that never ends one is no clock
};

static const uint8_t fields[] = {SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR};
enum { FIELDS = sizeof fields };

static uint8_t read_register(uint8_t index) {
    pc_out8(PC_CLOCK, INDEX, index);
    return pc_in8(PC_CLOCK, DATA);
}

/// Reads all fields; false while an update is going on.
static bool read_fields(uint8_t values[FIELDS]) {
    if (read_register(STATUS_A) & UPDATE_IN_PROGRESS) {
        return false;
    }
    for (unsigned i = 0; i < FIELDS; i++) {
        values[i] = read_register(fields[i]);
    }
    return true;
}

static unsigned decode(uint8_t value, bool binary) {
    return binary ? value : (value >> 4) * 10u + (value & 15);
}

uint64_t realtime_clock_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                                unsigned second) {
    // Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that leap days come last.
    unsigned y = month <= 2 ? year - 1 : year;
    unsigned shifted = month <= 2 ? month + 9 : month - 3;
    unsigned day_of_year = (153 * shifted + 2) / 5 + day - 1;
    uint64_t days = (uint64_t)y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

uint64_t machine_realtime(void) {
    uint8_t values[FIELDS], again[FIELDS];
    bool same = false;
    // Two equal readings: neither straddles an update.
    for (unsigned try = 0; try < TRIES && !same; try++) {
        same = read_fields(values) && read_fields(again);
        for (unsigned i = 0; i < FIELDS && same; i++) {
            same = values[i] == again[i];
        }
    }
    uint8_t status = read_register(STATUS_B);
    bool binary = status & BINARY;
    bool afternoon = !(status & TWENTY_FOUR_HOURS) && (values[2] & AFTERNOON);
    unsigned hour = decode(values[2] & (status & TWENTY_FOUR_HOURS ? 0xff : 0x7f), binary);
    if (!(status & TWENTY_FOUR_HOURS)) {
        hour = hour % 12 + (afternoon ? 12 : 0);
    }
    unsigned month = decode(values[4], binary);
    unsigned day = decode(values[3], binary);
    if (!same || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23) {
        return 0;
    }
    return realtime_clock_seconds(CENTURY + decode(values[5], binary), month, day, hour,
                                  decode(values[1], binary), decode(values[0], binary)) *
           1000000000;
}

// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include "host/clock.h"
#include "host/machine.h"
#include "host/pc/ports.h"
#include "host/pc/realtime_clock.h"

static void test_conversion(void) {
    CHECK(clock_nanoseconds(0, 2600000000) == 0);
    CHECK(clock_nanoseconds(2600000000, 2600000000) == 1000000000);
    CHECK(clock_nanoseconds(1, 1000000000) == 1);
    CHECK(clock_nanoseconds(13, 2600000000) == 5);
    // 100 years at 5 GHz: the product with 10^9 is far beyond 64 bits.
    uint64_t seconds = UINT64_C(100) * 365 * 86400;
    CHECK(clock_nanoseconds(seconds * 5000000000 + 4999999999, 5000000000) ==
          seconds * 1000000000 + 999999999);
}

static void test_monotonic_from_zero(void) {
    clock_begin(1000000000, clock_counter(), 1700000000000000000);
    uint64_t first = clock_now();
    uint64_t second = clock_now();
    CHECK(first <= second && first < 1000000000);
    CHECK(clock_realtime() >= 1700000000000000000 + second);
    clock_begin(1000000000, clock_counter(), 0);
    CHECK(clock_realtime() == 0);
}

static void test_calendar(void) {
    CHECK(realtime_clock_seconds(1970, 1, 1, 0, 0, 0) == 0);
    CHECK(realtime_clock_seconds(2000, 2, 29, 12, 0, 0) == 951825600);
    CHECK(realtime_clock_seconds(2000, 3, 1, 0, 0, 0) == 951868800);
    CHECK(realtime_clock_seconds(2026, 11, 23, 22, 50, 7) == 1795474207);
    CHECK(realtime_clock_seconds(2099, 12, 31, 23, 59, 59) == 4102444799);
}

// The clock chip's double: its registers, and the one selected.
static uint8_t registers[16];
static uint8_t selected;

uint8_t pc_in8(enum pc_ports range, uint16_t port) {
    (void)range;
    (void)port;
    return registers[selected & 15];
}

void pc_out8(enum pc_ports range, uint16_t port, uint8_t value) {
    (void)range;
    (void)port;
    selected = value;
}

static void set_registers(const uint8_t values[6], uint8_t status_b) {
    const unsigned places[6] = {0, 2, 4, 7, 8, 9}; // seconds, minutes, hours, day, month, year
    for (unsigned i = 0; i < 6; i++) {
        registers[places[i]] = values[i];
    }
    registers[10] = 0x26;
    registers[11] = status_b;
}

static void test_formats_of_the_chip(void) {
    const uint64_t expected = UINT64_C(1795474207) * 1000000000;
    set_registers((const uint8_t[]){0x07, 0x50, 0x22, 0x23, 0x11, 0x26}, 0x02); // decimal digits, 24 hours
    CHECK(machine_realtime() == expected);
    set_registers((const uint8_t[]){7, 50, 22, 23, 11, 26}, 0x06); // binary, 24 hours
    CHECK(machine_realtime() == expected);
    set_registers((const uint8_t[]){0x07, 0x50, 0x90, 0x23, 0x11, 0x26},
                  0x00); // decimal digits, 10 in the evening
    CHECK(machine_realtime() == expected);
    set_registers((const uint8_t[]){0x07, 0x50, 0x12, 0x23, 0x11, 0x26},
                  0x00); // half past midnight and a bit
    CHECK(machine_realtime() == expected - UINT64_C(22) * 3600 * 1000000000);
}

static void test_no_clock(void) {
    for (unsigned i = 0; i < 16; i++) {
        registers[i] = 0xff; // nothing on the bus: also "update in progress" for ever
    }
    CHECK(machine_realtime() == 0);
}

const struct test clock_tests[] = {
    {"clock: ticks to nanoseconds", test_conversion},
    {"clock: monotonic from zero", test_monotonic_from_zero},
    {"realtime clock: calendar", test_calendar},
    {"realtime clock: the chip's formats", test_formats_of_the_chip},
    {"realtime clock: none", test_no_clock},
    END_OF_TESTS,
};

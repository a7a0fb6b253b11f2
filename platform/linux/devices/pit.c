// SPDX-License-Identifier: Apache-2.0
//
// An 8254 interval timer: channel 0 interrupts (modes 0, 2, 3 and 4), channel 2 is the speaker's, whose
// output can be read at port 0x61. Channel 1, which once refreshed memory, is not there.
#include "../clock.h"
#include "../host.h"
#include "devices.h"

#define FREQUENCY_HZ 1193182UL
#define NS_PER_SECOND 1000000000UL
#define CHANNEL_COUNT 3
#define CHANNEL_COMMAND 3

enum access { ACCESS_LOW = 1, ACCESS_HIGH = 2, ACCESS_BOTH = 3 };
enum mode { MODE_ONE_SHOT = 0, MODE_RATE = 2, MODE_SQUARE = 3, MODE_STROBE = 4 };

struct channel {
    uint8_t access;
    uint8_t mode;
    uint32_t reload; /* 1 to 65536; 0 before the first load */
    uint64_t loaded; /* tick of the load */
    uint64_t expiry; /* tick of the next interrupt; UINT64_MAX if none */
    uint16_t latch;
    uint8_t latch_left; /* bytes of the latch that are still to be read */
    uint8_t low_byte;   /* first byte of a load of two */
    bool is_second_byte;
};

static struct channel channels[CHANNEL_COUNT] = {
    [0] = {.access = ACCESS_BOTH, .mode = MODE_SQUARE, .expiry = UINT64_MAX},
    [1] = {.expiry = UINT64_MAX},
    [2] = {.access = ACCESS_BOTH, .mode = MODE_SQUARE, .expiry = UINT64_MAX},
};
static uint8_t gate;

static bool is_periodic(const struct channel *channel) {
    return channel->mode == MODE_RATE || channel->mode == MODE_SQUARE;
}

static uint64_t count_to_ns(uint64_t count) {
    return count * NS_PER_SECOND / FREQUENCY_HZ;
}

static uint64_t counts_since_load(const struct channel *channel) {
    uint64_t ns = time_nanoseconds_between(channel->loaded, time_now());
    return (uint64_t)((unsigned __int128)ns * FREQUENCY_HZ / NS_PER_SECOND);
}

static uint16_t current_count(const struct channel *channel) {
    if (!channel->reload)
        return 0;
    uint64_t counts = counts_since_load(channel);
    if (is_periodic(channel))
        return channel->reload - counts % channel->reload;
    return channel->reload - counts; // goes on below zero, as the chip does
}

static void load(struct channel *channel, uint32_t value) {
    channel->reload = value ? value : 0x10000;
    channel->loaded = time_now();
    if (channel != &channels[0])
        return;
    ioapic_set_line(PIN_TIMER, false);
    channel->expiry = time_after(channel->loaded, count_to_ns(channel->reload));
    host_timer_set(channel->expiry);
}

static void command(uint8_t value) {
    unsigned index = value >> 6;
    uint8_t access = value >> 4 & 3;
    if (index >= CHANNEL_COUNT)
        return; // the read-back command of later chips
    struct channel *channel = &channels[index];
    if (access == 0) {
        channel->latch = current_count(channel);
        channel->latch_left = channel->access == ACCESS_BOTH ? 2 : 1;
        return;
    }
    channel->access = access;
    channel->mode = value >> 1 & 7;
    if (channel->mode > 5)
        channel->mode -= 4;
    channel->is_second_byte = false;
    channel->latch_left = 0;
    channel->expiry = UINT64_MAX;
    channel->reload = 0;
    if (index == 0)
        ioapic_set_line(PIN_TIMER, channel->mode != MODE_ONE_SHOT);
}

void pit_out(unsigned reg, uint8_t value) {
    if (reg == CHANNEL_COMMAND) {
        command(value);
        return;
    }
    struct channel *channel = &channels[reg];
    switch (channel->access) {
    case ACCESS_LOW:
        load(channel, value);
        break;
    case ACCESS_HIGH:
        load(channel, value << 8);
        break;
    case ACCESS_BOTH:
        if (channel->is_second_byte)
            load(channel, value << 8 | channel->low_byte);
        channel->low_byte = value;
        channel->is_second_byte = !channel->is_second_byte;
        break;
    }
}

uint8_t pit_in(unsigned reg) {
    if (reg == CHANNEL_COMMAND)
        return 0xff;
    struct channel *channel = &channels[reg];
    if (channel->latch_left == 0) {
        channel->latch = current_count(channel);
        channel->latch_left = channel->access == ACCESS_BOTH ? 2 : 1;
    }
    bool is_high =
        channel->access == ACCESS_HIGH || (channel->access == ACCESS_BOTH && channel->latch_left == 1);
    channel->latch_left--;
    return is_high ? channel->latch >> 8 : channel->latch;
}

static bool output_of_channel_2(void) {
    const struct channel *channel = &channels[2];
    if (!channel->reload)
        return channel->mode != MODE_ONE_SHOT;
    uint64_t counts = counts_since_load(channel);
    if (is_periodic(channel))
        return counts % channel->reload < channel->reload / 2;
    return counts >= channel->reload;
}

uint8_t pit_gate_in(void) {
    return (gate & 0xf) | (output_of_channel_2() ? 1 << 5 : 0);
}
void pit_gate_out(uint8_t value) {
    gate = value;
}

void pit_poll(void) {
    struct channel *channel = &channels[0];
    uint64_t now = time_now();
    if (channel->expiry > now)
        return;
    // A rising edge; a one-shot's line stays high until the next command or load.
    ioapic_set_line(PIN_TIMER, false);
    ioapic_set_line(PIN_TIMER, true);
    if (!is_periodic(channel)) {
        channel->expiry = UINT64_MAX;
        return;
    }
    uint64_t periods = counts_since_load(channel) / channel->reload + 1;
    channel->expiry = time_after(channel->loaded, count_to_ns(periods * channel->reload));
    host_timer_set(channel->expiry);
}

uint64_t pit_deadline(void) {
    return channels[0].expiry;
}

// SPDX-License-Identifier: Apache-2.0
//
// The devices of the modelled PC, as the kernel and the main loop see them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** Pins of the I/O APIC, and where the devices are wired to it. */
#define IOAPIC_PIN_COUNT 24
#define PIN_TIMER 2
#define PIN_SERIAL 4

/* ports.c */
uint32_t port_in(uint16_t port, unsigned width);
void port_out(uint16_t port, unsigned width, uint32_t value);

/* ioapic.c */
void ioapic_map(unsigned pin, unsigned irq, bool is_level);
void ioapic_set_mask(unsigned irq, bool is_masked);
void ioapic_set_line(unsigned pin, bool is_high);
/** The interrupt to deliver next, -1 if there is none. */
int ioapic_take(void);
/** Whether a rising line of this pin would be delivered. */
bool ioapic_is_listening(unsigned pin);

/* serial.c: a 16550A on the standard streams */
uint8_t serial_in(unsigned reg);
void serial_out(unsigned reg, uint8_t value);
/** Takes over what has arrived on standard input. */
void serial_poll(void);
void serial_flush(void);
/** Whether input can arrive and would cause an interrupt. */
bool serial_can_interrupt(void);

/* pit.c: an 8254 timer, channels 0 (interrupts) and 2 (speaker gate) */
uint8_t pit_in(unsigned reg);
void pit_out(unsigned reg, uint8_t value);
uint8_t pit_gate_in(void);
void pit_gate_out(uint8_t value);
void pit_poll(void);
/** The tick of channel 0's next interrupt, UINT64_MAX if none is due. */
uint64_t pit_deadline(void);

/* rtc.c: a CMOS clock, in UTC */
uint8_t rtc_in(void);
void rtc_select(uint8_t index);
void rtc_out(uint8_t value);

/* power.c */
void power_control_out(uint16_t value);
_Noreturn void debug_exit_out(uint8_t value);

// SPDX-License-Identifier: Apache-2.0
//
// A serial line of a board, besides machine_console_write and machine_console_read (host/machine.h), which
// its driver implements.
#ifndef SEALIFT_HOST_BOARD_UART_H
#define SEALIFT_HOST_BOARD_UART_H

/// Switches transmitter and receiver on. Speed and format stay as firmware left them.
void uart_begin(void);

/// Lets received bytes raise the interrupt.
void uart_enable_interrupt(void);

/// Takes back the interrupt of what has come so far. Bytes that are still in the receiver raise it again.
void uart_clear_interrupt(void);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef SEALIFT_HOST_PC_SERIAL_H
#define SEALIFT_HOST_PC_SERIAL_H

/// Sets the line to 115200 baud, 8 bits, no parity. The capability for its ports exists already.
void serial_begin(void);

/// Lets the line raise its interrupt when input arrives.
void serial_enable_interrupt(void);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// CRC-32 (ISO 3309), under the name and prototype that zlib's inflate calls it by.
#ifndef SEALIFT_HOST_CRC32_H
#define SEALIFT_HOST_CRC32_H

/// Continues a checksum over `size` bytes. NULL gives the value to begin with, 0.
unsigned long crc32(unsigned long checksum, const unsigned char *bytes, unsigned size);

#endif

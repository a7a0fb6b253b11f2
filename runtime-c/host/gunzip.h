// SPDX-License-Identifier: Apache-2.0
//
// gzip decompression (RFC 1952, RFC 1951), piece by piece. There is one stream at a time.
#ifndef SEALIFT_HOST_GUNZIP_H
#define SEALIFT_HOST_GUNZIP_H

#include <stddef.h>
#include <stdint.h>

enum gunzip_status {
    GUNZIP_MORE = 0,      ///< needs more input or more room for output
    GUNZIP_END = 1,       ///< a member ended with the last byte of input: the stream may end here
    GUNZIP_CORRUPT = 2,   ///< not gzip, or a checksum or length is wrong, or a rule of RFC 1951 is broken
    GUNZIP_NO_MEMORY = 3, ///< the arena is too small: a defect of this program
};

struct gunzip_result {
    size_t consumed; ///< bytes of input
    size_t produced; ///< bytes of output
    enum gunzip_status status;
};

/// Starts a stream; what was before is forgotten.
void gunzip_begin(void);

/// Decompresses at most 4 GiB - 1 bytes at a time. A stream of several members is read as one; input that
/// ends while the status is GUNZIP_MORE ended early. After GUNZIP_CORRUPT every call says so until
/// gunzip_begin.
struct gunzip_result gunzip(const void *input, uint32_t input_length, void *output, uint32_t output_length);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// zstd decompression (RFC 8878), piece by piece. There is one stream at a time. The decoder works in memory
// that it is given: how much is known when a frame begins, since every frame says how far back it refers.
#ifndef SEALIFT_HOST_UNZSTD_H
#define SEALIFT_HOST_UNZSTD_H

#include <stddef.h>
#include <stdint.h>

enum unzstd_status {
    UNZSTD_MORE = 0,       ///< needs more input or more room for output
    UNZSTD_END = 1,        ///< a frame ended with the last byte of input: the stream may end here
    UNZSTD_CORRUPT = 2,    ///< not zstd, or a checksum or length is wrong, or a rule of RFC 8878 is broken
    UNZSTD_MEMORY = 3,     ///< a frame begins that needs more than was given: unzstd_frame says what
    UNZSTD_DICTIONARY = 4, ///< a frame begins that was made with a dictionary, which is not here
};

struct unzstd_result {
    size_t consumed; ///< bytes of input
    size_t produced; ///< bytes of output
    enum unzstd_status status;
};

/// What the present frame is like.
struct unzstd_frame {
    uint64_t window; ///< bytes that it may refer back to
    uint64_t memory; ///< bytes that decoding it takes, the decoder's state included
};

/// Starts a stream; what was before is forgotten, the memory as well.
/// @param window_maximum frames that refer further back wait as if for memory, which they never get
void unzstd_begin(uint64_t window_maximum);

/// Gives the decoder its memory, in place of what it had: before the first frame, or after UNZSTD_MEMORY.
/// @param memory aligned to 16 bytes, zero or not; it stays the decoder's until unzstd_begin
void unzstd_give_memory(void *memory, size_t size);

/// Decompresses at most 4 GiB - 1 bytes at a time. A stream of several frames is read as one, skippable
/// frames are skipped; input that ends while the status is UNZSTD_MORE ended early. After UNZSTD_CORRUPT and
/// UNZSTD_DICTIONARY every call says so until unzstd_begin.
struct unzstd_result unzstd(const void *input, uint32_t input_length, void *output, uint32_t output_length);

/// The frame whose header was read last.
struct unzstd_frame unzstd_frame(void);

#endif

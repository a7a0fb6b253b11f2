// SPDX-License-Identifier: Apache-2.0
//
// zlib's inflate, from Debian's source package, does the work: header, checksum and length of each member
// included.

#include "host/gunzip.h"

#include "host/runtime.h"

#include <zlib.h>

enum {
    WINDOW_BITS = 15,  // deflate's window is 32 KiB at most
    GZIP_FORMAT = 16,  // added to the window bits: gzip and nothing else
    STATE_SIZE = 8192, // inflate's state takes 7160 bytes on 64-bit machines
    ARENA_SIZE = (1 << WINDOW_BITS) + STATE_SIZE,
};

/// Memory for the one stream. zlib allocates its state and its window, once a stream, and frees nothing
/// before the end.
static uint8_t arena[ARENA_SIZE] UNPACKER_ONLY __attribute__((aligned(16)));
static size_t arena_used UNPACKER_ONLY;

static z_stream stream UNPACKER_ONLY;

static enum {
    STATE_NONE,
    STATE_OPEN,
    STATE_MEMBER_ENDED,
    STATE_CORRUPT,
    STATE_NO_MEMORY
} state UNPACKER_ONLY;

static voidpf arena_allocate(voidpf context, uInt items, uInt size) {
    (void)context;
    uint64_t bytes = ((uint64_t)items * size + 15) / 16 * 16;
    if (bytes > ARENA_SIZE - arena_used) {
        return Z_NULL;
    }
    void *memory = arena + arena_used;
    arena_used += bytes;
    return memory;
}

static void arena_free(voidpf context, voidpf memory) {
    (void)context;
    (void)memory;
}

void gunzip_begin(void) {
    arena_used = 0;
    stream = (z_stream){.zalloc = arena_allocate, .zfree = arena_free};
    state = inflateInit2(&stream, WINDOW_BITS + GZIP_FORMAT) == Z_OK ? STATE_OPEN : STATE_NO_MEMORY;
}

struct gunzip_result gunzip(const void *input, uint32_t input_length, void *output, uint32_t output_length) {
    if (state == STATE_NONE) {
        gunzip_begin();
    }
    stream.next_in = (z_const Bytef *)input;
    stream.avail_in = input_length;
    stream.next_out = output;
    stream.avail_out = output_length;
    while (state == STATE_OPEN || (state == STATE_MEMBER_ENDED && stream.avail_in > 0)) {
        if (state == STATE_MEMBER_ENDED) {
            inflateReset(&stream);
            state = STATE_OPEN;
        }
        int status = inflate(&stream, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            state = STATE_MEMBER_ENDED;
        } else if (status == Z_MEM_ERROR) {
            state = STATE_NO_MEMORY;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            state = STATE_CORRUPT;
        } else {
            break; // input or output is used up
        }
    }
    static const enum gunzip_status results[] = {
        [STATE_OPEN] = GUNZIP_MORE,
        [STATE_MEMBER_ENDED] = GUNZIP_END,
        [STATE_CORRUPT] = GUNZIP_CORRUPT,
        [STATE_NO_MEMORY] = GUNZIP_NO_MEMORY,
    };
    return (struct gunzip_result){
        .consumed = input_length - stream.avail_in,
        .produced = output_length - stream.avail_out,
        .status = results[state],
    };
}

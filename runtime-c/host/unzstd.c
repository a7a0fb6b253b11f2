// SPDX-License-Identifier: Apache-2.0
//
// zstd's decoder, from Debian's source package libzstd, decodes frames. Which frame begins where is found out
// here: its header must be whole before anybody knows what memory the decoder needs.

#include "host/unzstd.h"

#include "host/runtime.h"

#include <string.h>

#define ZSTD_STATIC_LINKING_ONLY // a decoder in memory that it is given, and headers of frames
#include <zstd.h>
#include <zstd_errors.h>

enum {
    FIRST_BYTES = 5,        // of a header; it says then how long it is
    WINDOW_DESCRIPTOR = 5,  // its place in a header that has one (RFC 8878, 3.1.1.1.2)
    LEAST_BLOCK = 4,        // zstd's own room for a block is no smaller,
    LEAST_WINDOW = 1 << 10, // nor its window,
    MOST_WINDOW = 1 << 27,  // and a larger one it refuses, whatever its memory
};

static struct {
    enum {
        STATE_HEADER,
        STATE_SKIPPING,
        STATE_WAITING, ///< for memory
        STATE_BODY,
        STATE_CORRUPT,
        STATE_DICTIONARY,
    } state;
    bool has_ended; ///< a frame, and nothing of another one has come
    uint64_t window_maximum;
    uint8_t *memory;
    size_t memory_size;
    ZSTD_DCtx *decoder; ///< in `memory`; NULL until the first frame that has a body
    uint8_t header[ZSTD_FRAMEHEADERSIZE_MAX];
    size_t header_size;
    size_t header_wanted;
    uint64_t skip; ///< bytes left of a skippable frame
    struct unzstd_frame frame;
} stream UNPACKER_ONLY;

static void begin_frame(void) {
    stream.state = STATE_HEADER;
    stream.header_size = 0;
    stream.header_wanted = FIRST_BYTES;
}

static void end_frame(void) {
    begin_frame();
    stream.has_ended = true;
}

void unzstd_begin(uint64_t window_maximum) {
    stream.window_maximum = window_maximum;
    stream.memory = NULL;
    stream.memory_size = 0;
    stream.decoder = NULL;
    stream.has_ended = false;
    begin_frame();
}

void unzstd_give_memory(void *memory, size_t size) {
    if (stream.state == STATE_BODY) {
        stream.state = STATE_CORRUPT; // what the frame was decoded in is lost
    }
    stream.memory = memory;
    stream.memory_size = size;
    stream.decoder = NULL;
}

struct unzstd_frame unzstd_frame(void) {
    return stream.frame;
}

/// Takes over bytes that the present header still wants.
static void take_header(ZSTD_inBuffer *input) {
    size_t count = stream.header_wanted - stream.header_size;
    if (count > input->size - input->pos) {
        count = input->size - input->pos;
    }
    memcpy(stream.header + stream.header_size, (const uint8_t *)input->src + input->pos, count);
    stream.header_size += count;
    input->pos += count;
}

/// A window beyond what zstd itself can address: from its descriptor, for the message.
static uint64_t described_window(void) {
    uint64_t base = UINT64_C(1) << (10 + (stream.header[WINDOW_DESCRIPTOR] >> 3));
    return base + base / 8 * (stream.header[WINDOW_DESCRIPTOR] & 7);
}

/// What the decoder takes for a frame: its state, one block of input, and output as far back as the frame may
/// refer, or all of it.
static uint64_t memory_for(const ZSTD_frameHeader *header) {
    if (header->windowSize > MOST_WINDOW) {
        return UINT64_MAX;
    }
    uint64_t block = header->blockSizeMax > LEAST_BLOCK ? header->blockSizeMax : LEAST_BLOCK;
    uint64_t window = header->windowSize > LEAST_WINDOW ? header->windowSize : LEAST_WINDOW;
    return ZSTD_estimateDCtxSize() + block + ZSTD_decodingBufferSize_min(window, header->frameContentSize);
}

/// Reads the header as far as it has come: what the frame is, or how many bytes tell.
static void read_header(void) {
    ZSTD_frameHeader header;
    size_t status = ZSTD_getFrameHeader(&header, stream.header, stream.header_size);
    if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge) {
        stream.frame = (struct unzstd_frame){.window = described_window(), .memory = UINT64_MAX};
        stream.state = STATE_WAITING;
    } else if (ZSTD_isError(status) || status > sizeof stream.header) {
        stream.state = STATE_CORRUPT;
    } else if (status > 0) {
        stream.header_wanted = status;
    } else if (header.frameType == ZSTD_skippableFrame) {
        stream.skip = header.frameContentSize;
        stream.state = STATE_SKIPPING;
    } else if (header.dictID != 0) {
        stream.state = STATE_DICTIONARY;
    } else {
        stream.frame.window = header.windowSize;
        stream.frame.memory = memory_for(&header);
        stream.state = STATE_WAITING;
    }
}

/// Hands the frame to the decoder, header first, when there is memory for it. Whether there is.
static bool begin_body(void) {
    if (stream.frame.window > stream.window_maximum || stream.frame.memory > stream.memory_size) {
        return false;
    }
    if (!stream.decoder) {
        stream.decoder = ZSTD_initStaticDCtx(stream.memory, stream.memory_size);
    }
    ZSTD_inBuffer header = {.src = stream.header, .size = stream.header_size};
    ZSTD_outBuffer nothing = {0};
    size_t status = stream.decoder ? ZSTD_decompressStream(stream.decoder, &nothing, &header) : (size_t)-1;
    bool is_sound = !ZSTD_isError(status) && header.pos == header.size;
    stream.state = is_sound ? STATE_BODY : STATE_CORRUPT;
    return true;
}

static void skip(ZSTD_inBuffer *input) {
    uint64_t count = input->size - input->pos;
    if (count > stream.skip) {
        count = stream.skip;
    }
    input->pos += count;
    stream.skip -= count;
    if (stream.skip == 0) {
        end_frame();
    }
}

static void decode(ZSTD_inBuffer *input, ZSTD_outBuffer *output) {
    size_t status = ZSTD_decompressStream(stream.decoder, output, input);
    if (ZSTD_isError(status)) {
        stream.state = STATE_CORRUPT;
    } else if (status == 0) {
        end_frame();
    }
}

static enum unzstd_status status_now(void) {
    switch (stream.state) {
    case STATE_WAITING:
        return UNZSTD_MEMORY;
    case STATE_CORRUPT:
        return UNZSTD_CORRUPT;
    case STATE_DICTIONARY:
        return UNZSTD_DICTIONARY;
    default:
        return stream.has_ended ? UNZSTD_END : UNZSTD_MORE;
    }
}

struct unzstd_result unzstd(const void *input, uint32_t input_length, void *output, uint32_t output_length) {
    ZSTD_inBuffer in = {.src = input, .size = input_length};
    ZSTD_outBuffer out = {.dst = output, .size = output_length};
    if (stream.header_wanted == 0) { // no stream was begun yet
        begin_frame();
    }
    // Each turn uses input up, fills output, or changes the state; what does neither of them ends it.
    for (bool goes_on = true; goes_on;) {
        bool has_input = in.pos < in.size;
        switch (stream.state) {
        case STATE_HEADER:
            goes_on = has_input;
            if (has_input) {
                stream.has_ended = false;
                take_header(&in);
                if (stream.header_size == stream.header_wanted) {
                    read_header();
                }
            }
            break;
        case STATE_SKIPPING:
            goes_on = has_input || stream.skip == 0;
            if (goes_on) {
                skip(&in);
            }
            break;
        case STATE_WAITING:
            goes_on = begin_body();
            break;
        case STATE_BODY:
            decode(&in, &out);
            goes_on = stream.state != STATE_BODY;
            break;
        default:
            goes_on = false;
        }
    }
    return (struct unzstd_result){.consumed = in.pos, .produced = out.pos, .status = status_now()};
}

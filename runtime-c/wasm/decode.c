// SPDX-License-Identifier: Apache-2.0
#include "decode.h"
#include "limits.h"
#include "operations.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "loads, stores and constants use the machine's byte order");
_Static_assert(sizeof(void *) == 8, "function references pack a 48-bit address");

#define IMMEDIATE(name) WASM_IMMEDIATE_##name
#define TYPE(name) WASM_##name

const struct wasm_descriptor wasm_descriptors[WASM_OPCODE_LIMIT] = {
#define PLAIN(opcode, identifier, text, immediate_name)                                                      \
    [opcode] = {.group = WASM_GROUP_PLAIN, .immediate = IMMEDIATE(immediate_name)},
#define CONSTANT(opcode, identifier, text, immediate_name, type)                                             \
    [opcode] = {.group = WASM_GROUP_CONSTANT, .immediate = IMMEDIATE(immediate_name), .result = TYPE(type)},
#define LOAD(opcode, identifier, text, type, memory_type)                                                    \
    [opcode] = {.group = WASM_GROUP_LOAD,                                                                    \
                .immediate = WASM_IMMEDIATE_MEMORY,                                                          \
                .operand = WASM_I32,                                                                         \
                .result = TYPE(type),                                                                        \
                .width = sizeof(memory_type),                                                                \
                .operation = WASM_OPERATION_##identifier},
#define STORE(opcode, identifier, text, type, memory_type)                                                   \
    [opcode] = {.group = WASM_GROUP_STORE,                                                                   \
                .immediate = WASM_IMMEDIATE_MEMORY,                                                          \
                .operand = TYPE(type),                                                                       \
                .width = sizeof(memory_type),                                                                \
                .operation = WASM_OPERATION_##identifier},
#define SIMPLE(group_name, opcode, identifier, operand_type, result_type, mirror_name, inverse_name)         \
    [opcode] = {.group = WASM_GROUP_##group_name,                                                            \
                .operand = TYPE(operand_type),                                                               \
                .result = TYPE(result_type),                                                                 \
                .operation = WASM_OPERATION_##identifier,                                                    \
                .mirror = WASM_OPCODE_##mirror_name,                                                         \
                .inverse = WASM_OPCODE_##inverse_name},
#define UNARY(opcode, identifier, text, operand, result, ...)                                                \
    SIMPLE(UNARY, opcode, identifier, operand, result, none, none)
#define REINTERPRET(opcode, identifier, text, operand_type, result_type)                                     \
    [opcode] = {.group = WASM_GROUP_REINTERPRET, .operand = TYPE(operand_type), .result = TYPE(result_type)},
#define TRUNCATE(opcode, identifier, text, operand, result, ...)                                             \
    SIMPLE(TRUNCATE, opcode, identifier, operand, result, none, none)
#define BINARY(opcode, identifier, text, type, mirror, ...)                                                  \
    SIMPLE(BINARY, opcode, identifier, type, type, mirror, none)
#define FLOAT_BINARY(opcode, identifier, text, type, ...)                                                    \
    SIMPLE(FLOAT_BINARY, opcode, identifier, type, type, none, none)
#define DIVIDE(opcode, identifier, text, type, ...) SIMPLE(DIVIDE, opcode, identifier, type, type, none, none)
#define COMPARE(opcode, identifier, text, type, mirror, inverse, ...)                                        \
    SIMPLE(COMPARE, opcode, identifier, type, I32, mirror, inverse)
#define FLOAT_COMPARE(opcode, identifier, text, type, ...)                                                   \
    SIMPLE(FLOAT_COMPARE, opcode, identifier, type, I32, none, none)
#include "instructions.h"
};

void wasm_error_append(wasm_error *error, const char *text, size_t length) {
    size_t used = 0;
    while (error->message[used] != 0)
        used++;
    for (size_t i = 0; i < length && used + 1 < WASM_ERROR_MESSAGE_SIZE; i++)
        error->message[used++] = text[i];
    error->message[used] = 0;
}

void wasm_error_text(wasm_error *error, const char *text) {
    size_t length = 0;
    while (text[length] != 0)
        length++;
    wasm_error_append(error, text, length);
}

void wasm_fail_at(struct wasm_reader *reader, wasm_status status, uint32_t offset, const char *message) {
    if (wasm_failed(reader))
        return;
    reader->error->status = status;
    reader->error->offset = offset;
    reader->error->message[0] = 0;
    wasm_error_text(reader->error, message);
    // Every later read finds nothing left, so loops over counts end by their own failure checks.
    reader->end = reader->position;
}

void wasm_fail(struct wasm_reader *reader, wasm_status status, const char *message) {
    wasm_fail_at(reader, status, reader->position, message);
}

uint8_t wasm_read_byte(struct wasm_reader *reader) {
    if (reader->position >= reader->end) {
        wasm_fail(reader, WASM_MALFORMED, "unexpected end");
        return 0;
    }
    return reader->bytes[reader->position++];
}

// LEB128 (5.2.2). The last byte that a width allows may only carry bits of the number, or copies of its sign.
uint32_t wasm_read_u32(struct wasm_reader *reader) {
    uint32_t value = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
        uint8_t byte = wasm_read_byte(reader);
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (shift == 28 && (byte & 0x80)) {
            wasm_fail(reader, WASM_MALFORMED, "integer representation too long");
            return 0;
        }
        if (shift == 28 && (byte & 0x70)) {
            wasm_fail(reader, WASM_MALFORMED, "integer too large");
            return 0;
        }
        if (!(byte & 0x80))
            return value;
    }
    return 0;
}

uint64_t wasm_read_signed(struct wasm_reader *reader, uint32_t bits) {
    uint64_t value = 0;
    for (uint32_t shift = 0;; shift += 7) {
        uint8_t byte = wasm_read_byte(reader);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (shift + 7 >= bits) {
            if (byte & 0x80) {
                wasm_fail(reader, WASM_MALFORMED, "integer representation too long");
                return 0;
            }
            // All bits from the sign bit upwards have to be equal.
            uint8_t sign_bits = (uint8_t)(0x7F & (0xFF << (bits - shift - 1)));
            if ((byte & sign_bits) != 0 && (byte & sign_bits) != sign_bits) {
                wasm_fail(reader, WASM_MALFORMED, "integer too large");
                return 0;
            }
        }
        if (!(byte & 0x80)) {
            if ((byte & 0x40) && shift + 7 < 64)
                value |= ~(uint64_t)0 << (shift + 7);
            return value;
        }
    }
}

uint32_t wasm_read_count(struct wasm_reader *reader, uint32_t limit, const char *over_limit) {
    uint32_t start = reader->position;
    uint32_t count = wasm_read_u32(reader);
    if (count > reader->end - reader->position) {
        wasm_fail_at(reader, WASM_MALFORMED, start, "unexpected end");
        return 0;
    }
    if (count > limit) {
        wasm_fail_at(reader, WASM_LIMIT, start, over_limit);
        return 0;
    }
    return count;
}

// UTF-8 as the specification has it (5.2.4): shortest forms only, no surrogates, nothing above U+10FFFF.
static bool is_utf8(const uint8_t *text, uint32_t length) {
    uint32_t i = 0;
    while (i < length) {
        uint32_t lead = text[i++];
        if (lead < 0x80)
            continue;
        uint32_t following = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || following > length - i)
            return false;
        uint32_t second = text[i];
        if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
            (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
            return false;
        for (uint32_t end = i + following; i < end; i++)
            if ((text[i] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

wasm_name wasm_read_name(struct wasm_reader *reader) {
    uint32_t length = wasm_read_u32(reader);
    if (length > reader->end - reader->position) {
        wasm_fail(reader, WASM_MALFORMED, "length out of bounds");
        return (wasm_name){NULL, 0};
    }
    const uint8_t *text = reader->bytes + reader->position;
    if (!is_utf8(text, length)) {
        wasm_fail(reader, WASM_MALFORMED, "malformed UTF-8 encoding");
        return (wasm_name){NULL, 0};
    }
    reader->position += length;
    return (wasm_name){(const char *)text, length};
}

void wasm_skip(struct wasm_reader *reader, uint32_t length) {
    if (length > reader->end - reader->position)
        wasm_fail(reader, WASM_MALFORMED, "unexpected end");
    else
        reader->position += length;
}

uint8_t wasm_read_type(struct wasm_reader *reader) {
    uint8_t type = wasm_read_byte(reader);
    if ((type < WASM_F64 || type > WASM_I32) && !wasm_is_reference(type))
        wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed value type");
    return type;
}

uint8_t wasm_read_reference_type(struct wasm_reader *reader) {
    uint8_t type = wasm_read_byte(reader);
    if (!wasm_is_reference(type))
        wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed reference type");
    return type;
}

static uint64_t read_bytes(struct wasm_reader *reader, uint32_t length) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < length; i++)
        value |= (uint64_t)wasm_read_byte(reader) << (8 * i);
    return value;
}

static void read_zero(struct wasm_reader *reader) {
    if (wasm_read_byte(reader) != 0)
        wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "zero byte expected");
}

static void read_block_type(struct wasm_reader *reader, struct wasm_instruction *instruction) {
    if (reader->position < reader->end) {
        uint8_t byte = reader->bytes[reader->position];
        if (byte == WASM_BLOCK_EMPTY || (byte >= WASM_F64 && byte <= WASM_I32) || wasm_is_reference(byte)) {
            reader->position++;
            instruction->block_type = byte;
            return;
        }
    }
    // A signed 33-bit number, so that indices do not collide with the one-byte types, which are negative.
    uint64_t index = wasm_read_signed(reader, 33);
    if (index >> 32 != 0)
        wasm_fail(reader, WASM_MALFORMED, "malformed block type");
    instruction->block_type = WASM_BLOCK_BY_INDEX;
    instruction->index = (uint32_t)index;
}

void wasm_read_instruction(struct wasm_reader *reader, struct wasm_instruction *instruction) {
    *instruction = (struct wasm_instruction){.position = reader->position};
    uint32_t opcode = wasm_read_byte(reader);
    if (opcode == WASM_OPCODE_PREFIX) {
        uint32_t number = wasm_read_u32(reader);
        opcode = number < WASM_OPCODE_LIMIT - 0x100 ? 0x100 + number : WASM_OPCODE_none;
    }
    const struct wasm_descriptor *descriptor = &wasm_descriptors[opcode];
    if (descriptor->group == WASM_GROUP_ILLEGAL) {
        wasm_fail_at(reader, WASM_MALFORMED, instruction->position, "illegal opcode");
        opcode = WASM_OPCODE_nop;
    }
    instruction->opcode = (uint16_t)opcode;
    switch ((enum wasm_immediate)descriptor->immediate) {
    case WASM_IMMEDIATE_NONE:
        break;
    case WASM_IMMEDIATE_BLOCK_TYPE:
        read_block_type(reader, instruction);
        break;
    case WASM_IMMEDIATE_INDEX:
        instruction->index = wasm_read_u32(reader);
        break;
    case WASM_IMMEDIATE_INDEX_INDEX:
    case WASM_IMMEDIATE_MEMORY:
        instruction->index = wasm_read_u32(reader);
        instruction->second = wasm_read_u32(reader);
        break;
    case WASM_IMMEDIATE_INDEX_ZERO:
        instruction->index = wasm_read_u32(reader);
        read_zero(reader);
        break;
    case WASM_IMMEDIATE_ZERO_ZERO:
        read_zero(reader);
        read_zero(reader);
        break;
    case WASM_IMMEDIATE_ZERO:
        read_zero(reader);
        break;
    case WASM_IMMEDIATE_LABEL_TABLE:
        instruction->index =
            wasm_read_count(reader, WASM_MAXIMUM_LABELS, "br_table with more labels than the limit");
        break;
    case WASM_IMMEDIATE_TYPES:
        instruction->index =
            wasm_read_count(reader, WASM_MAXIMUM_PARAMETERS, "select with more types than the limit");
        for (uint32_t i = 0; i < instruction->index; i++) {
            uint8_t type = wasm_read_type(reader);
            if (i == 0)
                instruction->type = type;
        }
        break;
    case WASM_IMMEDIATE_REFERENCE_TYPE:
        instruction->type = wasm_read_reference_type(reader);
        break;
    case WASM_IMMEDIATE_I32:
        instruction->value = (uint32_t)wasm_read_signed(reader, 32);
        break;
    case WASM_IMMEDIATE_I64:
        instruction->value = wasm_read_signed(reader, 64);
        break;
    case WASM_IMMEDIATE_F32:
        instruction->value = read_bytes(reader, 4);
        break;
    case WASM_IMMEDIATE_F64:
        instruction->value = read_bytes(reader, 8);
        break;
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// The mutator reads a module as far as it is one, with the interpreter's own decoder and its list of
// instructions, changes one thing, and writes the sizes around it anew. Sizes are written in five bytes,
// which the format allows, so that they always fit.
#include "mutate.h"

#include "wasm/decode.h"

#include <string.h>

enum {
    SECTION_CODE = 10,
    SIZE_BYTES = 5,
    MOST_SECTIONS = 64,
    MOST_BODIES = 256,
    MOST_INSTRUCTIONS = 2048,
    MOST_INSERTED = 48,
};

struct range {
    uint32_t begin, end;
};

struct section {
    uint8_t id;
    uint32_t start;       // of the identifier
    struct range content; // behind the size
};

/// A module taken apart. `bytes` is a copy.
struct parts {
    uint8_t bytes[1 << 17];
    uint32_t size;
    struct section sections[MOST_SECTIONS];
    uint32_t section_count;
    struct range bodies[MOST_BODIES]; // with their locals
    uint32_t body_count;
};

static struct parts parts;
static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return limit == 0 ? 0 : (uint32_t)(random_state >> 33) % limit;
}

static void put_size(uint8_t *to, uint32_t value) {
    for (int i = 0; i < SIZE_BYTES; i++)
        to[i] = (uint8_t)((value >> (7 * i) & 0x7F) | (i < SIZE_BYTES - 1 ? 0x80 : 0));
}

static uint32_t put_unsigned(uint8_t *to, uint64_t value) {
    uint32_t length = 0;
    do {
        to[length] = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        length++;
        value >>= 7;
    } while (value != 0);
    return length;
}

static uint32_t put_signed(uint8_t *to, int64_t value) {
    for (uint32_t length = 0;;) {
        uint8_t byte = value & 0x7F;
        value >>= 7;
        bool is_last = (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40));
        to[length++] = byte | (is_last ? 0 : 0x80);
        if (is_last)
            return length;
    }
}

/// Numbers at which programs go wrong.
static int64_t interesting(void) {
    static const int64_t numbers[] = {0,      1,         -1,         2,          7,           8,
                                      63,     64,        127,        128,        255,         256,
                                      65532,  65533,     65535,      65536,      65537,       131068,
                                      131071, 131072,    0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,  -0x80000000ll,
                                      -4,     INT64_MAX, INT64_MIN,  0x10000,    0x7FFFFFFFF, 1000003};
    uint32_t count = sizeof numbers / sizeof numbers[0];
    return random_below(4) == 0 ? (int64_t)random_below(UINT32_MAX) - INT32_MAX
                                : numbers[random_below(count)];
}

static bool take_apart(const uint8_t *data, size_t size) {
    if (size < 8 || size > sizeof parts.bytes || memcmp(data, "\0asm\1\0\0\0", 8) != 0)
        return false;
    memcpy(parts.bytes, data, size);
    parts.size = (uint32_t)size;
    parts.section_count = parts.body_count = 0;
    wasm_error error = {0};
    struct wasm_reader reader = {parts.bytes, 8, parts.size, &error};
    while (reader.position < reader.end && parts.section_count < MOST_SECTIONS) {
        uint32_t start = reader.position;
        uint8_t id = wasm_read_byte(&reader);
        uint32_t length = wasm_read_u32(&reader);
        if (wasm_failed(&reader) || length > reader.end - reader.position)
            break;
        struct range content = {reader.position, reader.position + length};
        parts.sections[parts.section_count++] = (struct section){id, start, content};
        reader.position = content.end;
        if (id != SECTION_CODE)
            continue;
        struct wasm_reader code = {parts.bytes, content.begin, content.end, &error};
        for (uint32_t count = wasm_read_u32(&code); count > 0 && parts.body_count < MOST_BODIES; count--) {
            uint32_t body = wasm_read_u32(&code);
            if (wasm_failed(&code) || body > code.end - code.position)
                break;
            parts.bodies[parts.body_count++] = (struct range){code.position, code.position + body};
            code.position += body;
        }
    }
    return parts.section_count > 0;
}

/// Output under construction.
static struct {
    uint8_t *bytes;
    size_t size, capacity;
    bool is_full;
} out;

static void put(const void *bytes, size_t count) {
    if (count > out.capacity - out.size) {
        out.is_full = true;
        return;
    }
    if (count > 0)
        memcpy(out.bytes + out.size, bytes, count);
    out.size += count;
}

static void put_range(uint32_t begin, uint32_t end) {
    put(parts.bytes + begin, end - begin);
}

/// Writes a section whose content is [begin, end) with [from, to) replaced.
static void put_changed_section(const struct section *section, struct range old, const uint8_t *new_bytes,
                                uint32_t count) {
    uint8_t header[1 + SIZE_BYTES] = {section->id};
    put_size(header + 1, section->content.end - section->content.begin - (old.end - old.begin) + count);
    put(header, sizeof header);
    put_range(section->content.begin, old.begin);
    put(new_bytes, count);
    put_range(old.end, section->content.end);
}

/// The whole module with one range inside a section replaced.
static void put_with_change(uint32_t index, struct range old, const uint8_t *new_bytes, uint32_t count) {
    put_range(0, parts.sections[index].start);
    put_changed_section(&parts.sections[index], old, new_bytes, count);
    put_range(parts.sections[index].content.end, parts.size);
}

/// Start of the size that stands before a body: its encoding is found backwards.
static uint32_t size_before(uint32_t body, uint32_t least) {
    uint32_t start = body - 1;
    while (start > least && parts.bytes[start - 1] & 0x80)
        start--;
    return start;
}

/// The whole module with [old.begin, old.end) of a body replaced.
static void put_with_body_change(uint32_t body_index, struct range old, const uint8_t *new_bytes,
                                 uint32_t count) {
    static uint8_t changed[1 << 17];
    uint32_t index = 0;
    while (parts.sections[index].id != SECTION_CODE)
        index++;
    struct range body = parts.bodies[body_index];
    uint32_t length = body.end - body.begin - (old.end - old.begin) + count;
    if (length + SIZE_BYTES > sizeof changed) {
        out.is_full = true;
        return;
    }
    uint32_t least =
        body_index == 0 ? parts.sections[index].content.begin + 1 : parts.bodies[body_index - 1].end;
    uint8_t *to = changed;
    put_size(to, length);
    to += SIZE_BYTES;
    memcpy(to, parts.bytes + body.begin, old.begin - body.begin);
    to += old.begin - body.begin;
    memcpy(to, new_bytes, count);
    to += count;
    memcpy(to, parts.bytes + old.end, body.end - old.end);
    struct range whole = {size_before(body.begin, least), body.end};
    put_with_change(index, whole, changed, length + SIZE_BYTES);
}

// ------------------------------------------------------------------------------------------ instructions

struct place {
    struct wasm_instruction instruction;
    struct range range;
};

static struct place places[MOST_INSTRUCTIONS];
static uint32_t place_count;

/// Finds the instructions of a body, as far as they can be read; the last one is its end.
static void find_instructions(struct range body) {
    wasm_error error = {0};
    struct wasm_reader reader = {parts.bytes, body.begin, body.end, &error};
    for (uint32_t count = wasm_read_u32(&reader); count > 0 && !wasm_failed(&reader); count--) {
        wasm_read_u32(&reader);
        wasm_read_byte(&reader);
    }
    place_count = 0;
    while (reader.position < reader.end && place_count < MOST_INSTRUCTIONS) {
        uint32_t begin = reader.position;
        struct wasm_instruction instruction = {0};
        wasm_read_instruction(&reader, &instruction);
        if (wasm_failed(&reader))
            return;
        if (wasm_descriptors[instruction.opcode].immediate == WASM_IMMEDIATE_LABEL_TABLE)
            for (uint64_t labels = (uint64_t)instruction.index + 1; labels > 0 && !wasm_failed(&reader);
                 labels--)
                wasm_read_u32(&reader);
        if (wasm_failed(&reader))
            return;
        places[place_count++] = (struct place){instruction, {begin, reader.position}};
    }
}

static uint32_t put_opcode(uint8_t *to, uint16_t opcode) {
    if (opcode < 0x100) {
        to[0] = (uint8_t)opcode;
        return 1;
    }
    to[0] = 0xFC;
    return 1 + put_unsigned(to + 1, opcode - 0x100);
}

static bool is_binary(uint8_t group) {
    return group == WASM_GROUP_BINARY || group == WASM_GROUP_FLOAT_BINARY || group == WASM_GROUP_DIVIDE ||
           group == WASM_GROUP_COMPARE || group == WASM_GROUP_FLOAT_COMPARE;
}

/// Whether two instructions take and give the same types, and have the same immediates.
static bool are_alike(const struct wasm_descriptor *a, const struct wasm_descriptor *b) {
    bool unary_a =
        a->group == WASM_GROUP_UNARY || a->group == WASM_GROUP_TRUNCATE || a->group == WASM_GROUP_REINTERPRET;
    bool unary_b =
        b->group == WASM_GROUP_UNARY || b->group == WASM_GROUP_TRUNCATE || b->group == WASM_GROUP_REINTERPRET;
    bool same_shape = (unary_a && unary_b) || (is_binary(a->group) && is_binary(b->group)) ||
                      (a->group == b->group && (a->group == WASM_GROUP_LOAD || a->group == WASM_GROUP_STORE));
    return same_shape && a->operand == b->operand && a->result == b->result;
}

/// Another operator of the same type. Returns its bytes' count, or 0 if the instruction is none.
static uint32_t other_operator(const struct place *place, uint8_t *to) {
    const struct wasm_descriptor *old = &wasm_descriptors[place->instruction.opcode];
    uint16_t candidates[WASM_OPCODE_LIMIT];
    uint32_t count = 0;
    for (uint16_t opcode = 0; opcode < WASM_OPCODE_LIMIT; opcode++)
        if (opcode != place->instruction.opcode && are_alike(old, &wasm_descriptors[opcode]))
            candidates[count++] = opcode;
    if (count == 0)
        return 0;
    uint16_t opcode = candidates[random_below(count)];
    uint32_t length = put_opcode(to, opcode);
    if (old->immediate == WASM_IMMEDIATE_MEMORY) { // natural alignment is never too large
        length += put_unsigned(to + length, (uint32_t)__builtin_ctz(wasm_descriptors[opcode].width));
        length += put_unsigned(to + length, place->instruction.second);
    }
    return length;
}

/// The same instruction with other immediates. Returns its bytes' count, or 0 if it has none to change.
static uint32_t other_immediate(const struct place *place, uint8_t *to) {
    const struct wasm_instruction *old = &place->instruction;
    uint32_t length = put_opcode(to, old->opcode);
    switch (wasm_descriptors[old->opcode].immediate) {
    case WASM_IMMEDIATE_INDEX:
        return length + put_unsigned(to + length, random_below(8) ? random_below(old->index + 4)
                                                                  : (uint32_t)interesting());
    case WASM_IMMEDIATE_INDEX_INDEX:
        length += put_unsigned(to + length, random_below(old->index + 2));
        return length + put_unsigned(to + length, random_below(old->second + 2));
    case WASM_IMMEDIATE_MEMORY:
        length += put_unsigned(to + length, random_below(old->index + 1));
        return length + put_unsigned(to + length, (uint32_t)interesting());
    case WASM_IMMEDIATE_I32:
        return length + put_signed(to + length, (int32_t)interesting());
    case WASM_IMMEDIATE_I64:
        return length + put_signed(to + length, interesting());
    case WASM_IMMEDIATE_F32: {
        static const float numbers[] = {0, -0.0f, 1.5f, 2147483648.0f, -2147483904.0f, 3e38f, 1e-40f};
        float value = numbers[random_below(7)];
        if (random_below(5) == 0)
            memcpy(&value, "\1\0\240\177", 4); // a signalling NaN
        memcpy(to + length, &value, 4);
        return length + 4;
    }
    case WASM_IMMEDIATE_F64: {
        static const double numbers[] = {0, -0.0, 1.5, 4294967296.0, -9223372036854777856.0, 1e308, 5e-324};
        double value = numbers[random_below(7)];
        if (random_below(5) == 0)
            memcpy(&value, "\1\0\0\0\0\0\364\177", 8);
        memcpy(to + length, &value, 8);
        return length + 8;
    }
    default:
        return 0;
    }
}

/// A sequence that may stand between any two instructions: it takes nothing and leaves nothing.
static uint32_t neutral_sequence(uint8_t *to) {
    uint32_t length = 0;
    const uint8_t drop = 0x1A;
    switch (random_below(9)) {
    case 0: // nop
        to[length++] = 0x01;
        break;
    case 1: // local.get drop
    case 2: // local.get local.set of the same local
        to[length++] = 0x20;
        to[length] = (uint8_t)random_below(4);
        to[length + 1] = to[1] == 1 ? 0x1A : 0x21;
        length += 2;
        if (to[length - 1] == 0x21)
            to[length++] = to[1];
        break;
    case 3: // a load
        to[length++] = 0x41;
        length += put_signed(to + length, (int32_t)interesting());
        to[length++] = (uint8_t)(0x28 + random_below(14));
        to[length++] = 0;
        length += put_unsigned(to + length, random_below(3) ? random_below(64) : (uint32_t)interesting());
        to[length++] = drop;
        break;
    case 4: // a store
        to[length++] = 0x41;
        length += put_signed(to + length, (int32_t)interesting());
        to[length++] = 0x41;
        length += put_signed(to + length, (int32_t)interesting());
        to[length++] = random_below(2) ? 0x36 : 0x3A;
        to[length++] = 0;
        length += put_unsigned(to + length, random_below(64));
        break;
    case 5: // block br_if end, or loop with a way out
        to[length++] = random_below(2) ? 0x02 : 0x03;
        to[length++] = 0x40;
        to[length++] = 0x41;
        to[length++] = (uint8_t)random_below(2);
        to[length++] = 0x0D;
        to[length++] = 0;
        to[length++] = 0x0B;
        break;
    case 6: // a call without arguments, perhaps
        to[length++] = 0x10;
        to[length++] = (uint8_t)random_below(6);
        break;
    case 7: // memory.grow
        to[length++] = 0x41;
        to[length++] = (uint8_t)random_below(3);
        to[length++] = 0x40;
        to[length++] = 0x00;
        to[length++] = drop;
        break;
    default: // an operator on two constants
        to[length++] = 0x41;
        length += put_signed(to + length, (int32_t)interesting());
        to[length++] = 0x41;
        length += put_signed(to + length, (int32_t)interesting());
        to[length++] = (uint8_t)(0x6A + random_below(15));
        to[length++] = drop;
        break;
    }
    return length;
}

static void mutate_body(void) {
    uint32_t index = random_below(parts.body_count);
    find_instructions(parts.bodies[index]);
    if (place_count == 0)
        return;
    const struct place *place = &places[random_below(place_count)];
    uint8_t bytes[MOST_INSERTED + 16];
    uint32_t count = 0;
    struct range old = place->range;
    switch (random_below(8)) {
    case 0:
    case 1: // most of a body are operators: look for one
        for (int tries = 0; tries < 16 && count == 0; tries++) {
            place = &places[random_below(place_count)];
            count = other_operator(place, bytes);
        }
        old = place->range;
        break;
    case 2:
    case 3:
        for (int tries = 0; tries < 16 && count == 0; tries++) {
            place = &places[random_below(place_count)];
            count = other_immediate(place, bytes);
        }
        old = place->range;
        break;
    case 4:
    case 5:
        count = neutral_sequence(bytes);
        old.end = old.begin;
        break;
    case 6: { // a copy of some instructions of this body
        const struct place *last = &places[random_below(place_count)];
        const struct place *first =
            last - random_below((uint32_t)(last - places) < 8 ? (uint32_t)(last - places) : 8);
        if (last->range.end - first->range.begin <= MOST_INSERTED) {
            count = last->range.end - first->range.begin;
            memcpy(bytes, parts.bytes + first->range.begin, count);
        }
        old.end = old.begin;
        break;
    }
    default: // gone
        put_with_body_change(index, old, bytes, 0);
        return;
    }
    if (count > 0)
        put_with_body_change(index, old, bytes, count);
}

// ---------------------------------------------------------------------------------------------- sections

static void mutate_sections(void) {
    uint32_t index = random_below(parts.section_count);
    const struct section *section = &parts.sections[index];
    struct range content = section->content;
    switch (random_below(6)) {
    case 0: // dropped
        put_range(0, section->start);
        put_range(content.end, parts.size);
        break;
    case 1: // twice
        put_range(0, content.end);
        put_range(section->start, parts.size);
        break;
    case 2: // exchanged with the next one
        if (index + 1 < parts.section_count) {
            const struct section *next = section + 1;
            put_range(0, section->start);
            put_range(next->start, next->content.end);
            put_range(section->start, content.end);
            put_range(next->content.end, parts.size);
        }
        break;
    case 3: { // another number in it
        if (content.begin == content.end)
            break;
        uint32_t at = content.begin + random_below(content.end - content.begin);
        uint8_t bytes[10];
        uint32_t count = put_unsigned(bytes, (uint32_t)interesting());
        put_with_change(index, (struct range){at, at + 1}, bytes, count);
        break;
    }
    case 4: { // a byte a little larger or smaller: counts, indices, types
        if (content.begin == content.end)
            break;
        uint32_t at = content.begin + random_below(content.end - content.begin);
        uint8_t byte = (uint8_t)(parts.bytes[at] + (random_below(2) ? 1 : -1));
        put_with_change(index, (struct range){at, at + 1}, &byte, 1);
        break;
    }
    default: { // shortened
        if (content.begin == content.end)
            break;
        uint32_t at = content.begin + random_below(content.end - content.begin);
        put_with_change(index, (struct range){at, content.end}, NULL, 0);
        break;
    }
    }
}

size_t mutate_module(uint8_t *data, size_t size, size_t capacity, uint32_t seed, bool code_only) {
    random_state = seed * 2654435761u + 1;
    random_below(2);
    if (!take_apart(data, size))
        return 0;
    static uint8_t buffer[1 << 18];
    out.bytes = buffer;
    out.size = 0;
    out.capacity = capacity < sizeof buffer ? capacity : sizeof buffer;
    out.is_full = false;
    if (parts.body_count > 0 && (random_below(8) != 0 || code_only))
        mutate_body();
    else if (!code_only)
        mutate_sections();
    if (out.is_full || out.size == 0)
        return 0;
    memcpy(data, buffer, out.size);
    return out.size;
}

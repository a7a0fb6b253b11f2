// SPDX-License-Identifier: Apache-2.0
//
// Bytecode as text, one operation a line:
//
//     12  branch i32.ge_s     s0 #10 -> 31
//
// The number in front is the operation's position in units from the first one. s: slot, #: number, ->:
// position, @: memory offset, f: function.
#include "image.h"
#include "operations.h"

struct description {
    const char *text;
    const char *format; // as in operations.h
};

static const struct description descriptions[WASM_OPERATION_COUNT] = {
#define DESCRIBE(identifier, name, operands) [WASM_OPERATION_##identifier] = {name, operands},
#define LOAD(opcode, identifier, text, ...)                                                                  \
    DESCRIBE(identifier, text, "dso")                                                                        \
    DESCRIBE(identifier##_displaced, text " displaced", "dsmo")                                              \
    DESCRIBE(identifier##_indexed, text " indexed", "dssno")
#define STORE(opcode, identifier, text, ...)                                                                 \
    DESCRIBE(identifier, text, "sso")                                                                        \
    DESCRIBE(identifier##_constant, text, "smo")                                                             \
    DESCRIBE(identifier##_global, text " global", "nso")                                                     \
    DESCRIBE(identifier##_global_constant, text " global", "nmo")
#define UNARY(opcode, identifier, text, ...) DESCRIBE(identifier, text, "ds")
#define TRUNCATE UNARY
#define FLOAT_BINARY(opcode, identifier, text, ...) DESCRIBE(identifier, text, "dss")
#define FLOAT_COMPARE FLOAT_BINARY
#define BINARY(opcode, identifier, text, ...)                                                                \
    DESCRIBE(identifier, text, "dss") DESCRIBE(identifier##_immediate, text, "dsm")
#define DIVIDE BINARY
#define COMPARE(opcode, identifier, text, ...)                                                               \
    BINARY(opcode, identifier, text)                                                                         \
    DESCRIBE(branch_##identifier, "branch " text, "ssl")                                                     \
    DESCRIBE(branch_##identifier##_immediate, "branch " text, "sml")
#include "instructions.h"
    WASM_OTHER_OPERATIONS(DESCRIBE)};

/// Text being written; `length` counts what did not fit too.
struct output {
    char *text;
    size_t size;
    size_t length;
};

static void put(struct output *output, char c) {
    if (output->length + 1 < output->size)
        output->text[output->length] = c;
    output->length++;
}

static void put_text(struct output *output, const char *text) {
    while (*text != 0)
        put(output, *text++);
}

static void put_number(struct output *output, uint64_t value) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0)
        put(output, digits[--count]);
}

static void put_signed(struct output *output, int64_t value) {
    if (value < 0)
        put(output, '-');
    put_number(output, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

static uint64_t read_units(const uint16_t *code, uint32_t units) {
    uint64_t value = 0;
    for (uint32_t i = 0; i < units; i++)
        value |= (uint64_t)code[i] << (16 * i);
    return value;
}

/// The defined function whose entry is at this place.
static uint32_t function_with_entry(const wasm_image *image, const uint16_t *entry) {
    const struct wasm_image_function *functions = wasm_image_functions(image);
    uint32_t offset = (uint32_t)((const char *)entry - (const char *)image);
    for (uint32_t i = image->imported_functions; i < image->functions.count; i++)
        if (functions[i].code == offset)
            return i;
    return WASM_NONE;
}

static const uint16_t *put_operand(struct output *output, const wasm_image *image, const uint16_t *start,
                                   const uint16_t *code, char kind) {
    switch (kind) {
    case 'd':
    case 's':
    case 'b':
        put_text(output, " s");
        put_number(output, *code);
        return code + 1;
    case 'n':
        put_text(output, " #");
        put_number(output, *code);
        return code + 1;
    case 'm':
        put_text(output, " #");
        put_signed(output, (int16_t)*code);
        return code + 1;
    case 'i':
        put_text(output, " #");
        put_signed(output, (int32_t)read_units(code, 2));
        return code + 2;
    case 'I':
        put_text(output, " #");
        put_signed(output, (int64_t)read_units(code, 4));
        return code + 4;
    case 'o':
        put_text(output, " @");
        put_number(output, *code);
        return code + 1;
    case 'O':
        put_text(output, " @");
        put_number(output, read_units(code, 2));
        return code + 2;
    case 'c': {
        int32_t value = (int32_t)read_units(code, 2);
        put_text(output, " s");
        put_number(output, value & ((1u << WASM_CALL_SLOT_BITS) - 1));
        put_text(output, " f");
        put_number(output, function_with_entry(image, code - 1 + (value >> WASM_CALL_SLOT_BITS)));
        return code + 2;
    }
    case 'f':
        put_text(output, " f");
        put_number(output, read_units(code, 2));
        return code + 2;
    case 'L':
        put_text(output, " -> ");
        put_signed(output, code + (int32_t)read_units(code, 2) - start);
        return code + 2;
    default: // 'l'
        put_text(output, " -> ");
        put_signed(output, code + (int16_t)*code - start);
        return code + 1;
    }
}

static const uint16_t *put_operation(struct output *output, const wasm_image *image, const uint16_t *start,
                                     const uint16_t *code) {
    uint16_t operation = *code;
    const struct description *description = &descriptions[operation];
    size_t column = output->length;
    put_number(output, (uint64_t)(code - start));
    while (output->length < column + 6)
        put(output, ' ');
    put_text(output, description->text);
    while (output->length < column + 24)
        put(output, ' ');
    code++;
    for (const char *format = description->format; *format != 0; format++)
        code = put_operand(output, image, start, code, *format);
    if (operation == WASM_OPERATION_branch_table || operation == WASM_OPERATION_branch_table_far)
        for (uint32_t labels = code[-1] + 1u; labels != 0; labels--)
            code =
                put_operand(output, image, start, code, operation == WASM_OPERATION_branch_table ? 'l' : 'L');
    put(output, '\n');
    return code;
}

size_t wasm_disassemble(const wasm_image *image, const uint8_t *bytes, uint32_t function, char *text,
                        size_t size) {
    struct output output = {text, size, 0};
    const struct wasm_image_function *functions = wasm_image_functions(image);
    if (function < image->imported_functions || function >= image->functions.count)
        return 0;
    const struct wasm_entry *entry = wasm_image_at(image, functions[function].code);
    const uint16_t *start = (const uint16_t *)(entry + 1);
    uint32_t end = function + 1 < image->functions.count ? functions[function + 1].code : image->size;
    char buffer[WASM_NAME_SIZE];
    wasm_name name = wasm_function_name(image, bytes, function, buffer);
    put_text(&output, "f");
    put_number(&output, function);
    put(&output, ' ');
    for (uint32_t i = 0; i < name.length; i++)
        put(&output, name.bytes[i]);
    put_text(&output, ": ");
    put_number(&output, entry->frame_slots);
    put_text(&output, " slots\n");
    for (const uint16_t *code = start; (const char *)code < (const char *)image + end;)
        code = put_operation(&output, image, start, code);
    if (size != 0)
        text[output.length < size ? output.length : size - 1] = 0;
    return output.length;
}

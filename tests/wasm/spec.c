// SPDX-License-Identifier: Apache-2.0
//
// Runs one file of the specification's test suite, as run.mjs has rewritten it from wast2json's output: one
// command a line, fields separated by spaces, texts in hexadecimal ("-" for none, "." for empty). Strict:
// malformed and invalid modules have to be told apart, NaNs are canonical or arithmetic as asked, traps have
// the suite's words.
//
//   module LINE FILE                        return LINE ACTION N EXPECTED...
//   name NAME                               trap LINE TEXT ACTION
//   register LINE AS NAME                   action LINE ACTION
//   malformed|invalid|unlinkable|uninstantiable LINE FILE TEXT
//   ACTION is: invoke MODULE FIELD N ARGUMENT... | get MODULE FIELD
//   values are TYPE:VALUE, as wast2json writes them
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../runtime-c/wasm/wasm.h"

enum {
    MAXIMUM_MODULES = 1024,
    MAXIMUM_VALUES = 64,
    STACK_SIZE = 1 << 20,
    SCRATCH_SIZE = 8 << 20,
    TABLE_RESERVE = 4096
};

struct module {
    char name[256]; // of the script, or empty
    wasm_instance *instance;
};

struct registration {
    char *name;
    uint32_t length;
    wasm_instance *instance;
};

static struct module modules[MAXIMUM_MODULES];
static uint32_t module_count;
static struct registration registrations[MAXIMUM_MODULES];
static uint32_t registration_count;
static wasm_instance *current;
static wasm_stack *stack;
static void *scratch;
static uint32_t passed, failed, line_number;
static const char *script_path;

static void report(bool success, const char *what, const char *detail) {
    if (success) {
        passed++;
        return;
    }
    failed++;
    printf("%s:%u: %s: %s\n", script_path, line_number, what, detail);
}

// ------------------------------------------------------------------------------------------------ the
// spectest module

static wasm_status print_nothing(wasm_instance *instance, uint64_t *values) {
    (void)instance;
    (void)values;
    return WASM_OK;
}

static const wasm_host_entry spectest_functions[] = {
    {"spectest", "print", ":", print_nothing},           {"spectest", "print_i32", "i:", print_nothing},
    {"spectest", "print_i64", "I:", print_nothing},      {"spectest", "print_f32", "f:", print_nothing},
    {"spectest", "print_f64", "F:", print_nothing},      {"spectest", "print_i32_f32", "if:", print_nothing},
    {"spectest", "print_f64_f64", "FF:", print_nothing},
};
static const wasm_host_table hosts = {spectest_functions,
                                      sizeof spectest_functions / sizeof *spectest_functions};

/// All of a 32-bit address space, without memory behind it until it is used.
static void *reserve(void) {
    void *base = mmap(NULL, (size_t)1 << 32, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return base;
}

static bool grow(wasm_memory *memory, uint32_t delta) {
    (void)memory;
    (void)delta;
    return true;
}

static wasm_memory spectest_memory = {.pages = 1, .maximum = 2, .grow = grow};
static uint64_t spectest_elements[20];
static wasm_table spectest_table = {
    .elements = spectest_elements, .size = 10, .capacity = 20, .maximum = 20, .type = WASM_FUNCREF};
static uint64_t spectest_globals[4];

static bool spectest_external(wasm_name name, wasm_external *external) {
    static const char *const names[] = {"global_i32", "global_i64", "global_f32", "global_f64"};
    static const uint8_t types[] = {WASM_I32, WASM_I64, WASM_F32, WASM_F64};
    for (int i = 0; i < 4; i++) {
        if (name.length == strlen(names[i]) && memcmp(name.bytes, names[i], name.length) == 0) {
            external->kind = WASM_GLOBAL;
            external->of.global = (wasm_global){&spectest_globals[i], types[i], false};
            return true;
        }
    }
    for (uint32_t i = 0; i < hosts.count; i++) {
        if (name.length == strlen(hosts.entries[i].name) &&
            memcmp(name.bytes, hosts.entries[i].name, name.length) == 0) {
            external->kind = WASM_FUNCTION;
            external->of.function.host = &hosts.entries[i];
            return true;
        }
    }
    if (name.length == 5 && memcmp(name.bytes, "table", 5) == 0) {
        external->kind = WASM_TABLE;
        external->of.table = &spectest_table;
        return true;
    }
    if (name.length == 6 && memcmp(name.bytes, "memory", 6) == 0) {
        external->kind = WASM_MEMORY;
        external->of.memory = &spectest_memory;
        return true;
    }
    return false;
}

static void create_spectest(void) {
    float f32 = 666.6f;
    double f64 = 666.6;
    uint32_t bits;
    memcpy(&bits, &f32, sizeof bits);
    spectest_globals[0] = spectest_globals[1] = 666;
    spectest_globals[2] = bits;
    memcpy(&spectest_globals[3], &f64, sizeof f64);
    spectest_memory.base = reserve();
}

// ------------------------------------------------------------------------------------------------ modules

static bool find_external(wasm_name module, wasm_name name, wasm_external *external) {
    if (module.length == 8 && memcmp(module.bytes, "spectest", 8) == 0)
        return spectest_external(name, external);
    for (uint32_t i = registration_count; i > 0; i--)
        if (registrations[i - 1].length == module.length &&
            memcmp(registrations[i - 1].name, module.bytes, module.length) == 0)
            return wasm_export_external(registrations[i - 1].instance, name, external);
    return false;
}

/// Loads, links, instantiates and starts. Nothing is freed: instances can be linked to each other.
static wasm_status create_instance(const char *path, wasm_instance **instance, wasm_error *error) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(length + 1);
    if (fread(bytes, 1, length, file) != length)
        exit(2);
    fclose(file);

    size_t image_size = 65536 + 16 * length;
    wasm_load_options options = {
        .hosts = hosts,
        .image = {aligned_alloc(16, (image_size + 15) & ~(size_t)15), image_size},
        .scratch = {scratch, SCRATCH_SIZE},
    };
    const wasm_image *image;
    wasm_status status = wasm_load(bytes, length, &options, &image, error);
    if (status != WASM_OK)
        return status;

    uint32_t imports = wasm_import_count(image);
    wasm_external *externals = calloc(imports + 1, sizeof *externals);
    uint32_t given = 0;
    for (uint32_t i = 0; i < imports; i++) {
        wasm_import import = wasm_import_at(image, bytes, i);
        if (import.bound)
            continue;
        if (!find_external(import.module, import.name, &externals[given++])) {
            error->status = WASM_UNLINKABLE;
            strcpy(error->message, "unknown import");
            return WASM_UNLINKABLE;
        }
    }
    wasm_memory *memory = calloc(1, sizeof *memory);
    memory->base = reserve();
    memory->grow = grow;
    size_t size = wasm_instance_size(image, TABLE_RESERVE);
    wasm_instantiate_options instantiate = {
        .image = image,
        .bytes = bytes,
        .hosts = hosts,
        .imports = externals,
        .memory = memory,
        .stack = stack,
        .storage = {aligned_alloc(16, size), size},
        .table_reserve = TABLE_RESERVE,
    };
    status = wasm_instantiate(&instantiate, instance, error);
    if (status != WASM_OK)
        return status;
    status = wasm_start(*instance);
    if (status == WASM_TRAPPED)
        strcpy(error->message, wasm_last_trap(*instance)->message);
    return status;
}

// ------------------------------------------------------------------------------------------------ fields of
// a line

static char *next_field(void) {
    char *field = strtok(NULL, " \n");
    if (field == NULL) {
        fprintf(stderr, "%s:%u: a field is missing\n", script_path, line_number);
        exit(2);
    }
    return field;
}

/// Decodes a hexadecimal text in place; length in *length.
static char *next_text(uint32_t *length) {
    char *field = next_field();
    *length = 0;
    if (field[0] == '-' || field[0] == '.') {
        bool none = field[0] == '-';
        field[0] = 0;
        return none ? NULL : field;
    }
    for (char *from = field; from[0] != 0; from += 2) {
        char digits[3] = {from[0], from[1], 0};
        field[(*length)++] = (char)strtoul(digits, NULL, 16);
    }
    field[*length] = 0;
    return field;
}

static uint8_t split_value(char *field, char **value) {
    *value = strchr(field, ':') + 1;
    if (strncmp(field, "i32:", 4) == 0)
        return WASM_I32;
    if (strncmp(field, "i64:", 4) == 0)
        return WASM_I64;
    if (strncmp(field, "f32:", 4) == 0)
        return WASM_F32;
    if (strncmp(field, "f64:", 4) == 0)
        return WASM_F64;
    return strncmp(field, "funcref:", 8) == 0 ? WASM_FUNCREF : WASM_EXTERNREF;
}

/// References are 0 for null; the suite's external reference n is n + 1.
static uint64_t parse_value(uint8_t type, const char *text) {
    if (type == WASM_FUNCREF || type == WASM_EXTERNREF)
        return strcmp(text, "null") == 0 ? 0 : strtoull(text, NULL, 10) + 1;
    return strtoull(text, NULL, 10);
}

static bool matches(uint8_t type, const char *expected, uint64_t value) {
    bool canonical = strcmp(expected, "nan:canonical") == 0;
    if (canonical || strcmp(expected, "nan:arithmetic") == 0) {
        uint64_t quiet = type == WASM_F32 ? 0x7FC00000u : 0x7FF8000000000000u;
        uint64_t sign = type == WASM_F32 ? 0x80000000u : 0x8000000000000000u;
        return canonical ? (value & ~sign) == quiet : (value & quiet) == quiet;
    }
    return parse_value(type, expected) == value;
}

static wasm_instance *find_module(const char *name) {
    if (name == NULL)
        return current;
    for (uint32_t i = module_count; i > 0; i--)
        if (strcmp(modules[i - 1].name, name) == 0)
            return modules[i - 1].instance;
    return NULL;
}

/// Does what the line's next fields say; results in `values`.
static wasm_status act(uint64_t *values, char *problem) {
    char *kind = next_field();
    uint32_t length;
    char *name = next_text(&length);
    wasm_instance *instance = find_module(name);
    char *field = next_text(&length);
    wasm_external external;
    problem[0] = 0;
    if (instance == NULL || !wasm_export_external(instance, (wasm_name){field, length}, &external)) {
        snprintf(problem, 256, "no export %s", field);
        return WASM_UNLINKABLE;
    }
    if (strcmp(kind, "get") == 0) {
        values[0] = *external.of.global.cell;
        return WASM_OK;
    }
    uint32_t count = (uint32_t)atoi(next_field());
    for (uint32_t i = 0; i < count; i++) {
        char *text;
        uint8_t type = split_value(next_field(), &text);
        values[i] = parse_value(type, text);
    }
    wasm_status status = wasm_call(instance, external.of.function.index, values);
    if (status == WASM_TRAPPED)
        snprintf(problem, 256, "%s", wasm_last_trap(instance)->message);
    return status;
}

// ------------------------------------------------------------------------------------------------ commands

static void check_return(bool has_results) {
    uint64_t values[MAXIMUM_VALUES];
    char problem[256];
    wasm_status status = act(values, problem);
    uint32_t count = has_results ? (uint32_t)atoi(next_field()) : 0;
    bool good = status == WASM_OK;
    for (uint32_t i = 0; good && i < count; i++) {
        char *expected;
        uint8_t type = split_value(next_field(), &expected);
        if (!matches(type, expected, values[i])) {
            snprintf(problem, sizeof problem, "expected %s, got %llu", expected,
                     (unsigned long long)values[i]);
            good = false;
        }
    }
    report(good, "wrong result", problem);
}

static void check_trap(void) {
    uint64_t values[MAXIMUM_VALUES];
    char problem[512];
    uint32_t length;
    char *text = next_text(&length);
    wasm_status status = act(values, problem);
    bool good = status == WASM_TRAPPED && strncmp(problem, text, strlen(problem)) == 0;
    if (!good)
        snprintf(problem + strlen(problem), 256, " (status %d), expected %s", status, text);
    report(good, "wrong trap", problem);
}

static void check_refused(wasm_status expected) {
    char *path = next_field();
    uint32_t length;
    char *text = next_text(&length);
    wasm_instance *instance;
    wasm_error error;
    wasm_status status = create_instance(path, &instance, &error);
    bool good = status == expected;
    if (expected == WASM_TRAPPED)
        good = good && strncmp(error.message, text, strlen(error.message)) == 0;
    char problem[512];
    snprintf(problem, sizeof problem, "expected %d \"%s\", got %d \"%s\"", expected, text, status,
             status == WASM_OK ? "" : error.message);
    report(good, "not refused as asked", problem);
}

static void run_command(char *command) {
    uint32_t length;
    wasm_error error;
    if (strcmp(command, "name") == 0) {
        snprintf(modules[module_count - 1].name, sizeof modules[0].name, "%s", next_text(&length));
        return;
    }
    line_number = (uint32_t)atoi(next_field());
    if (strcmp(command, "module") == 0) {
        wasm_status status = create_instance(next_field(), &current, &error);
        report(status == WASM_OK, "module refused", error.message);
        if (status != WASM_OK)
            current = NULL;
        modules[module_count++].instance = current;
    } else if (strcmp(command, "register") == 0) {
        struct registration *registration = &registrations[registration_count++];
        char *as = next_text(&length);
        registration->name = malloc(length + 1);
        memcpy(registration->name, as, length);
        registration->length = length;
        registration->instance = find_module(next_text(&length));
        report(registration->instance != NULL, "nothing to register", "");
    } else if (strcmp(command, "return") == 0) {
        check_return(true);
    } else if (strcmp(command, "action") == 0) {
        check_return(false);
    } else if (strcmp(command, "trap") == 0) {
        check_trap();
    } else if (strcmp(command, "malformed") == 0) {
        check_refused(WASM_MALFORMED);
    } else if (strcmp(command, "invalid") == 0) {
        check_refused(WASM_INVALID);
    } else if (strcmp(command, "unlinkable") == 0) {
        check_refused(WASM_UNLINKABLE);
    } else if (strcmp(command, "uninstantiable") == 0) {
        check_refused(WASM_TRAPPED);
    } else {
        fprintf(stderr, "%s: unknown command %s\n", script_path, command);
        exit(2);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s SCRIPT\n", argv[0]);
        return 2;
    }
    script_path = argv[1];
    FILE *script = fopen(script_path, "r");
    if (script == NULL) {
        perror(script_path);
        return 2;
    }
    create_spectest();
    stack = wasm_stack_create((wasm_region){aligned_alloc(16, STACK_SIZE), STACK_SIZE});
    scratch = aligned_alloc(16, SCRATCH_SIZE);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, script) > 0) {
        char *command = strtok(line, " \n");
        if (command != NULL) // a file of text-malformed cases only leaves an empty script
            run_command(command);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// Reading a module's sections (5.5) into an image, and validating what is outside of function bodies
// (3.2, 3.4, 3.5).
#include "loader.h"

_Static_assert(WASM_MAXIMUM_TYPES <= 1 << 16 && WASM_MAXIMUM_IMPORTS <= 1 << 16,
               "a function's record has 16 bits for its type, and for its number among imports");

/// Goes over the sections' headers: their order (5.5.16), sizes, and the custom sections' names.
static void find_sections(struct wasm_loader *loader) {
    static const uint8_t rank[WASM_SECTION_COUNT] = {
        [WASM_SECTION_TYPE] = 1,        [WASM_SECTION_IMPORT] = 2, [WASM_SECTION_FUNCTION] = 3,
        [WASM_SECTION_TABLE] = 4,       [WASM_SECTION_MEMORY] = 5, [WASM_SECTION_GLOBAL] = 6,
        [WASM_SECTION_EXPORT] = 7,      [WASM_SECTION_START] = 8,  [WASM_SECTION_ELEMENT] = 9,
        [WASM_SECTION_DATA_COUNT] = 10, [WASM_SECTION_CODE] = 11,  [WASM_SECTION_DATA] = 12,
    };
    struct wasm_reader *reader = &loader->reader;
    uint8_t last_rank = 0;
    while (reader->position < reader->end) {
        uint32_t start = reader->position;
        uint8_t id = wasm_read_byte(reader);
        uint32_t size = wasm_read_u32(reader);
        if (id >= WASM_SECTION_COUNT)
            wasm_fail_at(reader, WASM_MALFORMED, start, "malformed section id");
        if (size > reader->end - reader->position)
            wasm_fail_at(reader, WASM_MALFORMED, start, "section length out of bounds");
        if (wasm_failed(reader))
            return;
        struct wasm_span span = {reader->position, reader->position + size, true};
        if (id == WASM_SECTION_CUSTOM) {
            struct wasm_reader custom = *reader;
            custom.end = span.end;
            wasm_name name = wasm_read_name(&custom);
            if (!wasm_failed(reader) && wasm_name_is(name, "name")) {
                loader->names = span;
                loader->names.position = custom.position;
            }
        } else if (rank[id] <= last_rank) {
            wasm_fail_at(reader, WASM_MALFORMED, start,
                         "section out of order, or twice (unexpected content)");
        } else {
            last_rank = rank[id];
            loader->sections[id] = span;
        }
        if (wasm_failed(reader))
            return;
        reader->position = span.end;
    }
}

/// Points the reader at a section; false if the module has none.
static bool enter_section(struct wasm_loader *loader, enum wasm_section id) {
    if (wasm_failed(&loader->reader) || !loader->sections[id].present)
        return false;
    loader->reader.position = loader->sections[id].position;
    loader->reader.end = loader->sections[id].end;
    return true;
}

static void leave_section(struct wasm_loader *loader) {
    if (loader->reader.position != loader->reader.end)
        wasm_fail(&loader->reader, WASM_MALFORMED, "section size mismatch");
}

static uint32_t section_count(struct wasm_loader *loader, enum wasm_section id, uint32_t limit,
                              const char *over_limit) {
    return enter_section(loader, id) ? wasm_read_count(&loader->reader, limit, over_limit) : 0;
}

static void load_types(struct wasm_loader *loader) {
    if (!enter_section(loader, WASM_SECTION_TYPE))
        return;
    struct wasm_reader *reader = &loader->reader;
    uint32_t count = wasm_read_count(reader, WASM_MAXIMUM_TYPES, "more types than the limit");
    uint32_t *offsets = wasm_image_allocate(loader, &loader->image->types, count, sizeof *offsets);
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++) {
        if (wasm_read_byte(reader) != 0x60) {
            wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed function type");
            return;
        }
        struct wasm_reader ahead = *reader;
        uint32_t parameters =
            wasm_read_count(&ahead, WASM_MAXIMUM_PARAMETERS, "more parameters than the limit");
        wasm_skip(&ahead, parameters);
        uint32_t results = wasm_read_count(&ahead, WASM_MAXIMUM_PARAMETERS, "more results than the limit");
        struct wasm_array place;
        struct wasm_image_type *type =
            wasm_image_allocate(loader, &place, 1, (uint32_t)sizeof *type + parameters + results);
        if (type == NULL)
            return;
        type->parameter_count = (uint16_t)parameters;
        type->result_count = (uint16_t)results;
        wasm_read_u32(reader);
        for (uint32_t k = 0; k < parameters; k++)
            type->types[k] = wasm_read_type(reader);
        wasm_read_u32(reader);
        for (uint32_t k = 0; k < results; k++)
            type->types[parameters + k] = wasm_read_type(reader);
        offsets[i] = place.offset;
        type->canonical = i;
        for (uint32_t k = 0; k < i; k++) {
            const struct wasm_image_type *earlier = wasm_type_at(loader->image, k);
            if (earlier->canonical == k && wasm_types_equal(earlier, type)) {
                type->canonical = k;
                break;
            }
        }
    }
    leave_section(loader);
}

/// A type index, as the index of the first equal type: functions of equal types have equal numbers in the
/// image.
static uint32_t read_type_index(struct wasm_loader *loader) {
    uint32_t index = wasm_read_u32(&loader->reader);
    if (index >= loader->image->types.count)
        wasm_fail(&loader->reader, WASM_INVALID, "unknown type");
    return wasm_failed(&loader->reader) ? 0 : wasm_type_at(loader->image, index)->canonical;
}

/// Limits (5.3.7): flag, minimum, maximum or WASM_NO_MAXIMUM.
static void read_limits(struct wasm_reader *reader, uint32_t *minimum, uint32_t *maximum) {
    uint8_t flag = wasm_read_byte(reader);
    if (flag > 1)
        wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1,
                     "malformed limits flag (integer too large)");
    *minimum = wasm_read_u32(reader);
    *maximum = flag == 1 ? wasm_read_u32(reader) : WASM_NO_MAXIMUM;
    if (*minimum > *maximum)
        wasm_fail(reader, WASM_INVALID, "size minimum must not be greater than maximum");
}

static void read_table(struct wasm_reader *reader, struct wasm_image_table *table) {
    struct wasm_image_table read = {.type = wasm_read_reference_type(reader), .segment = WASM_NONE};
    read_limits(reader, &read.minimum, &read.maximum);
    if (read.minimum > WASM_MAXIMUM_TABLE_ELEMENTS)
        wasm_fail(reader, WASM_LIMIT, "a table with more initial elements than the limit");
    if (!wasm_failed(reader))
        *table = read;
}

static void read_memory(struct wasm_loader *loader, bool imported) {
    struct wasm_image *image = loader->image;
    // A declared maximum of 2^32 - 1 reads like no maximum; for a memory the flag decides that it is too
    // large.
    uint32_t flag_position = loader->reader.position;
    read_limits(&loader->reader, &image->memory_minimum, &image->memory_maximum);
    bool has_maximum = !wasm_failed(&loader->reader) && loader->reader.bytes[flag_position] == 1;
    if (image->memory_minimum > WASM_MAXIMUM_PAGES ||
        (has_maximum && image->memory_maximum > WASM_MAXIMUM_PAGES))
        wasm_fail(&loader->reader, WASM_INVALID, "memory size must be at most 65536 pages (4GiB)");
    if (image->memory_count != 0)
        wasm_fail(&loader->reader, WASM_INVALID, "multiple memories");
    image->memory_count = 1;
    image->memory_imported = imported;
}

static void read_global_type(struct wasm_reader *reader, struct wasm_image_global *global) {
    uint8_t type = wasm_read_type(reader);
    uint8_t mutability = wasm_read_byte(reader);
    if (mutability > 1)
        wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed mutability");
    if (!wasm_failed(reader)) {
        global->type = type;
        global->is_mutable = mutability;
    }
}

/// Counts imports of each kind, so that every index space can be one array with the imported things first.
static void count_imports(struct wasm_loader *loader, uint32_t counts[4]) {
    struct wasm_reader *reader = &loader->reader;
    struct wasm_image_table table;
    struct wasm_image_global global;
    uint32_t minimum, maximum;
    uint32_t count =
        section_count(loader, WASM_SECTION_IMPORT, WASM_MAXIMUM_IMPORTS, "more imports than the limit");
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++) {
        wasm_read_name(reader);
        wasm_read_name(reader);
        uint8_t kind = wasm_read_byte(reader);
        switch (kind) {
        case WASM_FUNCTION:
            wasm_read_u32(reader);
            break;
        case WASM_TABLE:
            read_table(reader, &table);
            break;
        case WASM_MEMORY:
            read_limits(reader, &minimum, &maximum);
            break;
        case WASM_GLOBAL:
            read_global_type(reader, &global);
            break;
        default:
            wasm_fail_at(reader, WASM_MALFORMED, reader->position - 1, "malformed import kind");
            return;
        }
        counts[kind]++;
    }
}

static void allocate_index_spaces(struct wasm_loader *loader) {
    struct wasm_image *image = loader->image;
    uint32_t imported[4] = {0, 0, 0, 0};
    count_imports(loader, imported);
    uint32_t functions =
        section_count(loader, WASM_SECTION_FUNCTION, WASM_MAXIMUM_FUNCTIONS, "more functions than the limit");
    uint32_t tables =
        section_count(loader, WASM_SECTION_TABLE, WASM_MAXIMUM_TABLES, "more tables than the limit");
    uint32_t globals =
        section_count(loader, WASM_SECTION_GLOBAL, WASM_MAXIMUM_GLOBALS, "more globals than the limit");
    functions += imported[WASM_FUNCTION];
    tables += imported[WASM_TABLE];
    globals += imported[WASM_GLOBAL];
    if (functions > WASM_MAXIMUM_FUNCTIONS || tables > WASM_MAXIMUM_TABLES || globals > WASM_MAXIMUM_GLOBALS)
        wasm_fail(&loader->reader, WASM_LIMIT, "more functions, tables or globals than the limit");
    wasm_image_allocate(loader, &image->functions, functions, sizeof(struct wasm_image_function));
    wasm_image_allocate(loader, &image->tables, tables, sizeof(struct wasm_image_table));
    wasm_image_allocate(loader, &image->globals, globals, sizeof(struct wasm_image_global));
    image->imported_functions = imported[WASM_FUNCTION];
    image->imported_tables = imported[WASM_TABLE];
    image->imported_globals = imported[WASM_GLOBAL];
    loader->declared = wasm_scratch_allocate(loader, functions / 8 + 1, 1);
    if (loader->declared != NULL)
        __builtin_memset(loader->declared, 0, functions / 8 + 1);
}

/// Looks an imported function up in the host table.
static void bind_function(struct wasm_loader *loader, uint32_t position, wasm_name module, wasm_name name,
                          struct wasm_image_function *function) {
    wasm_host_table hosts = loader->options->hosts;
    struct wasm_reader *reader = &loader->reader;
    function->code = wasm_find_host(hosts, module, name);
    if (function->code == WASM_NONE) {
        function->body = (uint16_t)loader->image->unbound_functions++;
        return;
    }
    if (wasm_signature_matches(hosts.entries[function->code].signature,
                               wasm_type_at(loader->image, function->type)))
        return;
    wasm_fail_at(reader, WASM_UNLINKABLE, position, "incompatible import type: ");
    wasm_error_append(reader->error, module.bytes, module.length);
    wasm_error_text(reader->error, ".");
    wasm_error_append(reader->error, name.bytes, name.length);
    wasm_error_text(reader->error, " is offered as ");
    wasm_error_text(reader->error, hosts.entries[function->code].signature);
}

static void load_imports(struct wasm_loader *loader) {
    if (!enter_section(loader, WASM_SECTION_IMPORT))
        return;
    struct wasm_reader *reader = &loader->reader;
    struct wasm_image *image = loader->image;
    uint32_t count = wasm_read_u32(reader);
    struct wasm_image_import *imports = wasm_image_allocate(loader, &image->imports, count, sizeof *imports);
    uint32_t next[4] = {0, 0, 0, 0};
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++) {
        struct wasm_image_import *import = &imports[i];
        import->module_position = reader->position;
        wasm_name module = wasm_read_name(reader);
        import->name_position = reader->position;
        wasm_name name = wasm_read_name(reader);
        import->kind = wasm_read_byte(reader);
        import->index = next[import->kind]++;
        switch (import->kind) {
        case WASM_FUNCTION: {
            struct wasm_image_function *function =
                (struct wasm_image_function *)wasm_image_functions(image) + import->index;
            function->type = (uint16_t)read_type_index(loader);
            if (!wasm_failed(reader))
                bind_function(loader, import->module_position, module, name, function);
            break;
        }
        case WASM_TABLE:
            read_table(reader, (struct wasm_image_table *)wasm_image_tables(image) + import->index);
            break;
        case WASM_MEMORY:
            read_memory(loader, true);
            break;
        case WASM_GLOBAL:
            read_global_type(reader, (struct wasm_image_global *)wasm_image_globals(image) + import->index);
            break;
        }
    }
    leave_section(loader);
}

static void load_functions(struct wasm_loader *loader) {
    if (!enter_section(loader, WASM_SECTION_FUNCTION))
        return;
    struct wasm_image_function *functions = (struct wasm_image_function *)wasm_image_functions(loader->image);
    wasm_read_u32(&loader->reader);
    for (uint32_t i = loader->image->imported_functions; i < loader->image->functions.count; i++)
        functions[i].type = (uint16_t)read_type_index(loader);
    leave_section(loader);
}

static void load_tables(struct wasm_loader *loader) {
    if (!enter_section(loader, WASM_SECTION_TABLE))
        return;
    struct wasm_image_table *tables = (struct wasm_image_table *)wasm_image_tables(loader->image);
    wasm_read_u32(&loader->reader);
    for (uint32_t i = loader->image->imported_tables; i < loader->image->tables.count; i++)
        read_table(&loader->reader, &tables[i]);
    leave_section(loader);
}

static void load_memories(struct wasm_loader *loader) {
    uint32_t count = section_count(loader, WASM_SECTION_MEMORY, UINT32_MAX, "");
    for (uint32_t i = 0; i < count && !wasm_failed(&loader->reader); i++)
        read_memory(loader, false);
    if (loader->sections[WASM_SECTION_MEMORY].present)
        leave_section(loader);
}

static void load_globals(struct wasm_loader *loader) {
    if (!enter_section(loader, WASM_SECTION_GLOBAL))
        return;
    struct wasm_image_global *globals = (struct wasm_image_global *)wasm_image_globals(loader->image);
    wasm_read_u32(&loader->reader);
    for (uint32_t i = loader->image->imported_globals; i < loader->image->globals.count; i++) {
        read_global_type(&loader->reader, &globals[i]);
        struct wasm_constant constant = wasm_read_constant(loader, globals[i].type);
        if (wasm_failed(&loader->reader))
            return;
        globals[i].initializer = constant.initializer;
        globals[i].value = constant.value;
    }
    leave_section(loader);
}

/// Adds a name to an open-addressing hash table of export numbers; false if it is there already.
static bool insert_name(struct wasm_loader *loader, uint32_t *table, uint32_t mask, wasm_name name,
                        uint32_t number) {
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < name.length; i++)
        hash = (hash ^ (uint8_t)name.bytes[i]) * 16777619u;
    for (uint32_t slot = hash & mask;; slot = (slot + 1) & mask) {
        if (table[slot] == WASM_NONE) {
            table[slot] = number;
            return true;
        }
        wasm_name other =
            wasm_name_at(loader->reader.bytes, wasm_image_exports(loader->image)[table[slot]].name_position);
        if (other.length == name.length && __builtin_memcmp(other.bytes, name.bytes, name.length) == 0)
            return false;
    }
}

static void load_exports(struct wasm_loader *loader) {
    struct wasm_reader *reader = &loader->reader;
    struct wasm_image *image = loader->image;
    uint32_t count =
        section_count(loader, WASM_SECTION_EXPORT, WASM_MAXIMUM_EXPORTS, "more exports than the limit");
    if (!loader->sections[WASM_SECTION_EXPORT].present)
        return;
    struct wasm_image_export *exports = wasm_image_allocate(loader, &image->exports, count, sizeof *exports);
    size_t scratch_before = loader->scratch_used;
    uint32_t capacity = 1;
    while (capacity < 2 * count)
        capacity *= 2;
    uint32_t *table = wasm_scratch_allocate(loader, capacity, sizeof *table);
    if (table == NULL)
        return;
    __builtin_memset(table, 0xFF, (size_t)capacity * sizeof *table);
    const uint32_t spaces[] = {image->functions.count, image->tables.count, image->memory_count,
                               image->globals.count};
    static const char *const unknown[] = {"unknown function", "unknown table", "unknown memory",
                                          "unknown global"};
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++) {
        struct wasm_image_export *export = &exports[i];
        export->name_position = reader->position;
        wasm_name name = wasm_read_name(reader);
        export->kind = wasm_read_byte(reader);
        export->index = wasm_read_u32(reader);
        if (export->kind > WASM_GLOBAL)
            wasm_fail(reader, WASM_MALFORMED, "malformed export kind");
        else if (export->index >= spaces[export->kind])
            wasm_fail(reader, WASM_INVALID, unknown[export->kind]);
        else if (!wasm_failed(reader) && !insert_name(loader, table, capacity - 1, name, i))
            wasm_fail_at(reader, WASM_INVALID, export->name_position, "duplicate export name");
        else if (!wasm_failed(reader) && export->kind == WASM_FUNCTION)
            wasm_declare_function(loader, export->index);
        else if (!wasm_failed(reader) && export->kind == WASM_TABLE)
            wasm_open_table(loader, export->index);
    }
    loader->scratch_used = scratch_before;
    leave_section(loader);
}

static void load_start(struct wasm_loader *loader) {
    struct wasm_image *image = loader->image;
    image->start = WASM_NONE;
    if (!enter_section(loader, WASM_SECTION_START))
        return;
    uint32_t function = wasm_read_u32(&loader->reader);
    if (function >= image->functions.count) {
        wasm_fail(&loader->reader, WASM_INVALID, "unknown function");
        return;
    }
    const struct wasm_image_type *type = wasm_type_of(image, function);
    if (type->parameter_count != 0 || type->result_count != 0)
        wasm_fail(&loader->reader, WASM_INVALID, "start function must have no parameters and no results");
    image->start = function;
    leave_section(loader);
}

/// Goes over the bodies' sizes. The bodies themselves are checked by wasm_validate_code.
static void load_bodies(struct wasm_loader *loader) {
    struct wasm_reader *reader = &loader->reader;
    const struct wasm_image *image = loader->image;
    uint32_t count =
        section_count(loader, WASM_SECTION_CODE, WASM_MAXIMUM_FUNCTIONS, "more functions than the limit");
    if (count != image->functions.count - image->imported_functions)
        wasm_fail(reader, WASM_MALFORMED, "function and code section have inconsistent lengths");
    loader->next_body = reader->position;
    for (uint32_t i = 0; i < count && !wasm_failed(reader); i++)
        wasm_skip(reader, wasm_read_u32(reader));
    if (loader->sections[WASM_SECTION_CODE].present)
        leave_section(loader);
}

static void load_data_count(struct wasm_loader *loader) {
    loader->has_data_count = enter_section(loader, WASM_SECTION_DATA_COUNT);
    if (!loader->has_data_count)
        return;
    loader->data_count = wasm_read_u32(&loader->reader);
    leave_section(loader);
}

static void load_module(struct wasm_loader *loader) {
    static const uint8_t preamble[] = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
    struct wasm_reader *reader = &loader->reader;
    for (uint32_t i = 0; i < sizeof preamble; i++)
        if (wasm_read_byte(reader) != preamble[i])
            wasm_fail_at(reader, WASM_MALFORMED, i,
                         i < 4 ? "magic header not detected" : "unknown binary version");
    find_sections(loader);
    load_types(loader);
    allocate_index_spaces(loader);
    load_imports(loader);
    load_functions(loader);
    load_tables(loader);
    load_memories(loader);
    load_globals(loader);
    load_exports(loader);
    load_start(loader);
    if (enter_section(loader, WASM_SECTION_ELEMENT)) {
        wasm_load_elements(loader);
        leave_section(loader);
    }
    load_data_count(loader);
    load_bodies(loader);
    if (enter_section(loader, WASM_SECTION_DATA)) {
        wasm_load_data(loader);
        leave_section(loader);
    } else if (loader->data_count != 0) {
        wasm_fail(reader, WASM_MALFORMED, "data count and data section have inconsistent lengths");
    }
    wasm_validate_code(loader);
}

wasm_status wasm_load(const uint8_t *bytes, size_t length, const wasm_load_options *options,
                      const wasm_image **image, wasm_error *error) {
    *error = (wasm_error){.status = WASM_OK};
    *image = NULL;
    struct wasm_loader loader = {
        .reader = {.bytes = bytes, .position = 0, .end = (uint32_t)length, .error = error},
        .options = options,
        .image = options->image.base,
        .image_capacity = options->image.size,
        .scratch = options->scratch.base,
        .scratch_capacity = options->scratch.size,
    };
    if (length > WASM_MAXIMUM_MODULE_SIZE)
        wasm_fail(&loader.reader, WASM_LIMIT, "the module is larger than the limit of 64 MiB");
    else if (options->image.size < sizeof(struct wasm_image))
        wasm_fail(&loader.reader, WASM_OUT_OF_MEMORY, "the memory region for the image is too small");
    if (error->status != WASM_OK)
        return error->status;
    *loader.image = (struct wasm_image){
        .magic = WASM_IMAGE_MAGIC,
        .size = sizeof(struct wasm_image),
        .module_size = (uint32_t)length,
    };
    load_module(&loader);
    wasm_load_names(&loader);
    wasm_translate_code(&loader);
    wasm_find_constant_tables(&loader);
    if (error->status == WASM_OK)
        *image = loader.image;
    return error->status;
}

// SPDX-License-Identifier: Apache-2.0
//
// A WebAssembly interpreter for freestanding programs: the public interface. docs/interpreter.md explains the
// design.
//
//   wasm_load         validates a module and translates it into an image: one contiguous,
//   position-independent,
//                     read-only block of memory that any number of instances (also in other address spaces)
//                     share.
//   wasm_instantiate  makes an instance of an image in storage that the caller gives.
//   wasm_call         runs an exported function; wasm_resume continues what was suspended.
//
// The interpreter allocates nothing, keeps no global state and calls nothing but memcpy, memmove, memset and
// memcmp. All memory comes from its caller: the image, the scratch memory of loading, an instance's storage,
// the stack, the linear memory. Execution never recurses on the C stack, except through host functions that
// call wasm_call.
//
// Language: WebAssembly 1.0 with sign extension, saturating conversions, multiple values, bulk memory,
// mutable globals and reference types (that is WebAssembly 2.0 without vectors). Little-endian 64-bit
// machines only.
//
// Section numbers in comments are those of the WebAssembly core specification 2.0.
#ifndef SEALIFT_WASM_H
#define SEALIFT_WASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ------------------------------------------------------------------------------------------------ results

/// What every function that can fail returns. Zero is success.
typedef enum wasm_status {
    WASM_OK = 0,
    WASM_SUSPENDED,     ///< a host function asked to wait: continue with wasm_resume
    WASM_INTERRUPTED,   ///< wasm_interrupt was called, or the fuel is used up: continue with wasm_resume
    WASM_TRAPPED,       ///< see wasm_last_trap and wasm_backtrace
    WASM_EXITED,        ///< a host function ended the call on purpose; no trap, no backtrace
    WASM_MALFORMED,     ///< the bytes are not a module (section 5)
    WASM_INVALID,       ///< the module does not validate (section 3)
    WASM_LIMIT,         ///< a valid module that is larger than a limit of limits.h
    WASM_UNLINKABLE,    ///< an import is unknown or has another type (section 4.5.4)
    WASM_OUT_OF_MEMORY, ///< a region given by the caller is too small; the message says which
} wasm_status;

enum { WASM_ERROR_MESSAGE_SIZE = 160 };

/// Why loading or instantiation failed.
typedef struct wasm_error {
    wasm_status status;
    uint32_t offset;                       ///< byte offset in the module, where that makes sense, else 0
    char message[WASM_ERROR_MESSAGE_SIZE]; ///< one line, NUL-terminated
} wasm_error;

/// A piece of memory owned by the caller. `base` must be aligned to 16 bytes.
typedef struct wasm_region {
    void *base;
    size_t size; ///< bytes
} wasm_region;

/// Text inside the module's bytes, except where a function says something else: UTF-8, not NUL-terminated.
typedef struct wasm_name {
    const char *bytes; ///< NULL when there is no name
    uint32_t length;   ///< bytes
} wasm_name;

// ------------------------------------------------------------------------------------------------ types

/// Value types, with the codes of the binary format (section 5.3.1).
typedef enum wasm_type {
    WASM_I32 = 0x7F,
    WASM_I64 = 0x7E,
    WASM_F32 = 0x7D,
    WASM_F64 = 0x7C,
    WASM_FUNCREF = 0x70,
    WASM_EXTERNREF = 0x6F,
} wasm_type;

typedef struct wasm_image wasm_image;
typedef struct wasm_instance wasm_instance;
typedef struct wasm_stack wasm_stack;

/// The type of a function. The arrays belong to the image.
typedef struct wasm_function_type {
    const uint8_t *parameters; ///< parameter_count codes of wasm_type
    const uint8_t *results;    ///< result_count codes of wasm_type
    uint32_t parameter_count;
    uint32_t result_count;
} wasm_function_type;

enum {
    WASM_PAGE_SIZE = 65536,     ///< bytes of a page of linear memory
    WASM_MAXIMUM_PAGES = 65536, ///< 4 GiB, the end of a 32-bit address space
};

#define WASM_NO_MAXIMUM UINT32_MAX ///< "no maximum declared", for memories and tables

/// A linear memory. The embedder reserves address space at `base`, and makes it accessible when it likes: an
/// access below `pages` that meets an unmapped page raises a CPU fault, which the embedder hands to
/// wasm_trap_on_fault.
typedef struct wasm_memory {
    uint8_t *base;
    uint32_t pages;   ///< current size in pages; every access is checked against it
    uint32_t maximum; ///< declared maximum in pages, or WASM_NO_MAXIMUM; set by wasm_instantiate for a
                      ///< defined memory
    /// Makes `delta` more pages part of the memory, all zero; true on success. It may change `base`, and must
    /// leave `pages` alone. NULL: the memory cannot grow.
    bool (*grow)(struct wasm_memory *memory, uint32_t delta);
    void *context; ///< for `grow`
} wasm_memory;

/// A table of references. An element is 0 for null; a function is wasm_function_reference's value; an
/// externref is any non-zero number the embedder likes.
typedef struct wasm_table {
    uint64_t *elements;
    uint32_t size;     ///< current elements
    uint32_t capacity; ///< elements that there is storage for; table.grow fails beyond
    uint32_t maximum;  ///< declared maximum, or WASM_NO_MAXIMUM
    uint8_t type;      ///< WASM_FUNCREF or WASM_EXTERNREF
    /// Of a table that never changes, in place of elements: its functions by index (UINT32_MAX: null), from
    /// the element `first` on. All others are null.
    const uint32_t *functions;
    uint32_t first;
    uint32_t count;
} wasm_table;

/// A global seen from outside its instance. The value is in the low bits of *cell, zero-extended.
typedef struct wasm_global {
    uint64_t *cell;
    uint8_t type; ///< wasm_type
    bool is_mutable;
} wasm_global;

// ------------------------------------------------------------------------------------------------ host
// functions

/// A function of the embedder. values[0 .. parameters-1] hold the arguments; the function writes its results
/// to values[0 .. results-1]. A 32-bit value is the low half of its element, and the upper half must be zero.
///
/// @param instance the calling instance; wasm_instance_context and wasm_instance_memory give what is behind
/// it
/// @return WASM_OK; WASM_SUSPENDED (results come later, through wasm_resume); WASM_EXITED; or WASM_TRAPPED,
///         after wasm_host_trap has recorded why. A fault on linear memory may unwind out of the function
///         (wasm_trap_on_fault): it must not hold anything that needs releasing while it touches such memory.
typedef wasm_status (*wasm_host_function)(wasm_instance *instance, uint64_t *values);

/// One function of a host table.
typedef struct wasm_host_entry {
    const char *module;    ///< import module, as in (import "module" "name" ...)
    const char *name;      ///< import name
    const char *signature; ///< parameters ':' results, in the letters i (i32) I (i64) f (f32) F (f64) r
                           ///< (funcref) x (externref)
    wasm_host_function function;
} wasm_host_entry;

/// The functions that a program offers to its modules. An image refers to its entries by index, so the table
/// given to wasm_instantiate must be the one given to wasm_load (or the same table of the same program in
/// another process).
typedef struct wasm_host_table {
    const wasm_host_entry *entries;
    uint32_t count;
} wasm_host_table;

// ------------------------------------------------------------------------------------------------ images

typedef struct wasm_load_options {
    wasm_host_table hosts; ///< {NULL, 0}: every import is given at instantiation
    wasm_region image;   ///< where the image is written; a module needs about 3 times its code section's size
    wasm_region scratch; ///< used during the call only; WASM_SCRATCH_SIZE serves all ordinary modules
    /// Charge fuel for every Wasm instruction (see wasm_set_fuel): exact counts; 10 to 50 % slower.
    bool meter;
    /// Leave out where the data segments are: the image is for instances that find the data in place, which
    /// wasm_place_data has done with an image that knows.
    bool omit_data;
} wasm_load_options;

enum { WASM_SCRATCH_SIZE = 256 * 1024 };

/// Validates a module completely, then translates it.
///
/// @param bytes   the module; instances need these same bytes too (names and data segments stay there), at
/// any address
/// @param image   receives the image, which is at options->image.base
/// @param error   filled in on failure
/// @return WASM_OK, WASM_MALFORMED, WASM_INVALID, WASM_LIMIT, WASM_UNLINKABLE (an import that the host table
/// names
///         has another type) or WASM_OUT_OF_MEMORY. Only the two regions of `options` have been written.
wasm_status wasm_load(const uint8_t *bytes, size_t length, const wasm_load_options *options,
                      const wasm_image **image, wasm_error *error);

/// Size of an image in bytes: what has to be kept (copied, mapped elsewhere) of the region given to
/// wasm_load.
size_t wasm_image_size(const wasm_image *image);

/// For a program that carries the image and not the module: copies what instances read of the module (the
/// names of imports, exports and defined functions, and the data segments unless the image omits them) and
/// makes the image refer to the copy, which takes the place of the module's bytes from then on. Of a
/// function's name longer than WASM_NAME_SIZE only the end stays.
///
/// @param image of the module `bytes`, in memory that can be written
/// @param kept receives the copy, which is no longer than the module
/// @return bytes of the copy
size_t wasm_strip(wasm_image *image, const uint8_t *bytes, uint8_t *kept);

/// Writes a module's data segments to where `memory` shows linear memory from the offset `base` on. Memory
/// like this, or a copy of it, serves instances whose options say that the data is in place. Without a base
/// it only tells where the data would end.
///
/// @param image one that does not omit the data segments
/// @return the offset behind the last byte written; 0 if a segment does not lie in that memory, is passive,
/// or
///         has a place that only an import tells: then nothing of it may be used
uint64_t wasm_place_data(const wasm_image *image, const uint8_t *bytes, uint64_t base, wasm_region memory);

/// Bytes of bytecode in an image, to compare with the module's code section.
size_t wasm_image_code_size(const wasm_image *image);

/// Pages (WASM_PAGE_SIZE) that the module's memory begins with, imported or not; 0 if it has none.
uint32_t wasm_image_memory_minimum(const wasm_image *image);

typedef enum wasm_external_kind {
    WASM_FUNCTION = 0,
    WASM_TABLE = 1,
    WASM_MEMORY = 2,
    WASM_GLOBAL = 3,
} wasm_external_kind;

typedef struct wasm_import {
    wasm_name module;
    wasm_name name;
    wasm_external_kind kind;
    bool bound; ///< a function found in the host table: wasm_instantiate needs no external for it
} wasm_import;

typedef struct wasm_export {
    wasm_name name;
    wasm_external_kind kind;
    uint32_t index;
} wasm_export;

uint32_t wasm_import_count(const wasm_image *image);
uint32_t wasm_export_count(const wasm_image *image);
/// @param bytes the module's bytes, which hold the names
wasm_import wasm_import_at(const wasm_image *image, const uint8_t *bytes, uint32_t index);
wasm_export wasm_export_at(const wasm_image *image, const uint8_t *bytes, uint32_t index);

/// Finds an export by its NUL-terminated name; false if there is none of that name and kind.
bool wasm_find_export(const wasm_image *image, const uint8_t *bytes, const char *name,
                      wasm_external_kind kind, uint32_t *index);

/// Number of functions, imported ones (which come first) included.
uint32_t wasm_function_count(const wasm_image *image);
wasm_function_type wasm_function_type_at(const wasm_image *image, uint32_t function);

enum { WASM_NAME_SIZE = 255 };

/// Name from the module's name section; no bytes if it has none for this function. It is looked for among
/// all.
/// @param buffer WASM_NAME_SIZE bytes that the name may be in
wasm_name wasm_function_name(const wasm_image *image, const uint8_t *bytes, uint32_t function, char *buffer);

/// Writes the bytecode of one function as text, one instruction a line, NUL-terminated and cut at `size`.
/// @return length of the whole text without the NUL, whether it fitted or not; 0 for an imported function
size_t wasm_disassemble(const wasm_image *image, const uint8_t *bytes, uint32_t function, char *text,
                        size_t size);

// ------------------------------------------------------------------------------------------------ stacks

/// Makes a stack in `region`: operands and locals grow up from its start, return records down from its end. A
/// function takes 8 bytes for each local and operand and 24 for the return record. All calls run on some
/// stack; what is suspended stays on its stack, and meanwhile the instance can run on another
/// (wasm_set_stack).
/// @return NULL if the region is smaller than WASM_MINIMUM_STACK_SIZE
wasm_stack *wasm_stack_create(wasm_region region);

enum { WASM_MINIMUM_STACK_SIZE = 1024 };

/// Asks the call that runs on this stack to stop soon: at its next taken branch or call it returns
/// WASM_INTERRUPTED. May be called from a signal handler or another thread.
void wasm_interrupt(wasm_stack *stack);

/// Fuel, for images loaded with `meter`: every Wasm instruction costs one unit, charged block by block. A
/// call that enters a block without enough fuel returns WASM_INTERRUPTED; with more fuel it can be resumed.
void wasm_set_fuel(wasm_stack *stack, uint64_t fuel);
uint64_t wasm_fuel(const wasm_stack *stack);

// ------------------------------------------------------------------------------------------------ instances

/// Something that can be imported.
typedef struct wasm_external {
    wasm_external_kind kind;
    union {
        struct {
            wasm_instance *instance; ///< NULL for a host function
            uint32_t index;          ///< function of that instance
            const wasm_host_entry *host;
        } function;
        wasm_table *table;
        wasm_memory *memory;
        wasm_global global;
    } of;
} wasm_external;

typedef struct wasm_instantiate_options {
    const wasm_image *image;
    const uint8_t *bytes; ///< the bytes the image was loaded from; they must outlive the instance
    wasm_host_table hosts;
    const wasm_external
        *imports;           ///< one for each import that is not bound, in their order; NULL if there are none
    wasm_memory *memory;    ///< for the memory the module defines (NULL if it defines none)
    wasm_stack *stack;      ///< may serve several instances
    wasm_region storage;    ///< of wasm_instance_size bytes
    uint32_t table_reserve; ///< elements by which each table of the module may grow
    void *context;          ///< for wasm_instance_context
    bool data_is_in_place;  ///< the memory has all data segments; they are not read (and may be omitted)
} wasm_instantiate_options;

/// Bytes of storage that an instance needs.
size_t wasm_instance_size(const wasm_image *image, uint32_t table_reserve);

/// Makes an instance: links imports, sets globals, copies element and data segments. A memory smaller than
/// the module's minimum is grown with its callback; beyond that only the places of active data segments are
/// touched. The start function does not run yet: wasm_start.
///
/// @return WASM_OK; WASM_UNLINKABLE; WASM_OUT_OF_MEMORY; WASM_TRAPPED when a segment does not fit (earlier
/// segments
///         stay written, as section 4.5.4 says) or meets an unmapped page
wasm_status wasm_instantiate(const wasm_instantiate_options *options, wasm_instance **instance,
                             wasm_error *error);

/// Runs the module's start function, if it has one. Results as for wasm_call.
wasm_status wasm_start(wasm_instance *instance);

const wasm_image *wasm_instance_image(const wasm_instance *instance);
const uint8_t *wasm_instance_bytes(const wasm_instance *instance);
void *wasm_instance_context(const wasm_instance *instance);
/// NULL if the module has no memory.
wasm_memory *wasm_instance_memory(const wasm_instance *instance);
wasm_stack *wasm_instance_stack(const wasm_instance *instance);

/// Lets the instance's next calls run on another stack.
void wasm_set_stack(wasm_instance *instance, wasm_stack *stack);

/// The host address of [offset, offset + length) of linear memory, for host functions; NULL if any of it is
/// out of bounds.
void *wasm_memory_at(const wasm_instance *instance, uint32_t offset, uint32_t length);

/// An export of this instance as something another one can import; false if there is none of this name.
bool wasm_export_external(wasm_instance *instance, wasm_name name, wasm_external *external);

/// The funcref of a function, as it appears in tables and parameters. Never 0.
uint64_t wasm_function_reference(wasm_instance *instance, uint32_t function);

// ------------------------------------------------------------------------------------------------ calls

/// Calls a function. Host functions may use it too: the call runs above the frames of their caller.
///
/// @param values arguments in values[0 .. parameters-1]; receives the results in values[0 .. results-1];
/// enough elements
///               for both. Not used after the return: suspended calls give their results through wasm_resume.
/// @return WASM_OK, WASM_SUSPENDED, WASM_INTERRUPTED, WASM_TRAPPED or WASM_EXITED
wasm_status wasm_call(wasm_instance *instance, uint32_t function, uint64_t *values);

/// Continues the innermost call of the instance's stack that returned WASM_SUSPENDED or WASM_INTERRUPTED.
///
/// @param values on entry the results of the host function that suspended (nothing after WASM_INTERRUPTED);
/// on WASM_OK
///               the results of the call
wasm_status wasm_resume(wasm_instance *instance, uint64_t *values);

/// Gives up the innermost suspended or interrupted call of the instance's stack. False if there is none.
bool wasm_abandon(wasm_instance *instance);

// ------------------------------------------------------------------------------------------------ traps

typedef enum wasm_trap_code {
    WASM_TRAP_NONE = 0,
    WASM_TRAP_UNREACHABLE,
    WASM_TRAP_INTEGER_DIVIDE_BY_ZERO,
    WASM_TRAP_INTEGER_OVERFLOW,
    WASM_TRAP_INVALID_CONVERSION,
    WASM_TRAP_MEMORY_OUT_OF_BOUNDS,
    WASM_TRAP_TABLE_OUT_OF_BOUNDS,
    WASM_TRAP_UNDEFINED_ELEMENT,
    WASM_TRAP_UNINITIALIZED_ELEMENT,
    WASM_TRAP_INDIRECT_CALL_TYPE_MISMATCH,
    WASM_TRAP_CALL_STACK_EXHAUSTED,
    WASM_TRAP_UNMAPPED_PAGE,
    WASM_TRAP_HOST,
} wasm_trap_code;

typedef struct wasm_trap {
    wasm_trap_code code;
    const char *message; ///< the specification suite's words for its traps, "memory access to unmapped page",
                         ///< or the host's
    uint64_t fault_offset; ///< WASM_TRAP_UNMAPPED_PAGE: offset in linear memory of the access
} wasm_trap;

/// The last trap on the instance's stack.
const wasm_trap *wasm_last_trap(const wasm_instance *instance);

/// For host functions: records a trap and returns WASM_TRAPPED. `message` must stay readable.
wasm_status wasm_host_trap(wasm_instance *instance, const char *message);

/// For the embedder's handler of CPU faults: ends the innermost call on the instance's stack with the trap
/// "memory access to unmapped page". To be called on the faulting thread, in place of the instruction that
/// faulted (for instance by pointing the thread's program counter here, with its stack aligned as the ABI
/// asks).
/// @param address the address whose access faulted
/// @return only if no call runs on the stack, or the address is outside the instance's memory: the fault is
/// someone else's
void wasm_trap_on_fault(wasm_instance *instance, uintptr_t address);

/// A function that was active when the last trap happened, or is suspended now.
typedef struct wasm_frame {
    wasm_instance *instance;
    uint32_t function;
    uint32_t code_offset; ///< bytes from the start of the function's bytecode; 0 where it is not known (after
                          ///< a fault)
} wasm_frame;

typedef struct wasm_backtrace {
    wasm_instance *instance;
    const void *record;
    const uint16_t *code;
} wasm_backtrace;

/// Begins a walk over the frames, innermost first. Valid until the next call on the same stack.
wasm_backtrace wasm_backtrace_begin(const wasm_instance *instance);
/// Gives the next frame; false at the end.
bool wasm_backtrace_next(wasm_backtrace *backtrace, wasm_frame *frame);
/// The name of a frame's function, as wasm_function_name gives it.
wasm_name wasm_frame_name(const wasm_frame *frame, char *buffer);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// The three Wasm modules, as tools/wasm_translate.c leaves them: what is read of a module at run time, its image, and what
// a sentry's memory begins with. The build defines the files' names. Modules that are compiled ahead of time
// (runtime-c/aot) have all of it in their code.

#ifdef SEALIFT_AOT
#define FILE(name)
#define IMAGE(label, name)
#else
#define FILE(name) .incbin name
#define IMAGE(label, name) .balign 64; .globl label; label: .incbin name
#endif

        .section .wasm.sentry, "a", @progbits
        .globl  program_sentry_wasm
program_sentry_wasm:
        FILE(SENTRY_WASM)
        IMAGE(program_sentry_image, SENTRY_IMAGE)

        .section .wasm.sentry.data, "a", @progbits
        .globl  program_sentry_data, program_sentry_data_end
program_sentry_data:
        FILE(SENTRY_DATA)
program_sentry_data_end:

        .section .wasm.unpacker, "a", @progbits
        .globl  program_unpacker_wasm
program_unpacker_wasm:
        FILE(UNPACKER_WASM)
        IMAGE(program_unpacker_image, UNPACKER_IMAGE)

        .section .wasm.manager, "a", @progbits
        .globl  program_manager_wasm
program_manager_wasm:
        FILE(MANAGER_WASM)
        IMAGE(program_manager_image, MANAGER_IMAGE)

        .section .note.GNU-stack, "", @progbits

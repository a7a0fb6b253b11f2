// SPDX-License-Identifier: Apache-2.0
//
// The three Wasm modules, as they are. SENTRY_WASM, UNPACKER_WASM and MANAGER_WASM are the files' names, from the build. Where they are
// compiled ahead of time (runtime-c/aot), the eight bytes that every module begins with stand for each.

#ifdef SEALIFT_AOT
#define MODULE(file) .byte 0, 'a', 's', 'm', 1, 0, 0, 0
#else
#define MODULE(file) .incbin file
#endif

        .section .wasm.sentry, "a", @progbits
        .globl  program_sentry_wasm, program_sentry_wasm_end
program_sentry_wasm:
        MODULE(SENTRY_WASM)
program_sentry_wasm_end:

        .section .wasm.unpacker, "a", @progbits
        .globl  program_unpacker_wasm, program_unpacker_wasm_end
program_unpacker_wasm:
        MODULE(UNPACKER_WASM)
program_unpacker_wasm_end:

        .section .wasm.manager, "a", @progbits
        .globl  program_manager_wasm, program_manager_wasm_end
program_manager_wasm:
        MODULE(MANAGER_WASM)
program_manager_wasm_end:

        .section .note.GNU-stack, "", @progbits

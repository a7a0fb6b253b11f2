// SPDX-License-Identifier: Apache-2.0
//
// The two Wasm modules, as they are. SENTRY_WASM and MANAGER_WASM are the files' names, from the build.

        .section .wasm.sentry, "a", @progbits
        .globl  program_sentry_wasm, program_sentry_wasm_end
program_sentry_wasm:
        .incbin SENTRY_WASM
program_sentry_wasm_end:

        .section .wasm.manager, "a", @progbits
        .globl  program_manager_wasm, program_manager_wasm_end
program_manager_wasm:
        .incbin MANAGER_WASM
program_manager_wasm_end:

        .section .note.GNU-stack, "", @progbits

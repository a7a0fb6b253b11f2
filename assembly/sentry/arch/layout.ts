// SPDX-License-Identifier: Apache-2.0

/** Where the stubs begin in the vDSO's page (runtime-c/vdso/vdso.ld). */
export const VDSO_STUBS: u64 = 0xc00;

/** Where things lie in an address space. */
export class Layout {
    constructor(
        /** Behind the stack's first byte. The vDSO follows. */
        readonly stackTop: u64,
        /** Mappings without a wish are placed from here upwards. */
        readonly mappingsStart: u64,
        /** Where position-independent programs are loaded. */
        readonly programBase: u64,
        /** Images must end below this address. */
        readonly imageLimit: u64,
    ) {}

    /** The vDSO, one page. */
    get vdso(): u64 {
        return this.stackTop;
    }

    /** The sentry's machine code in the vDSO. */
    get stubs(): u64 {
        return this.stackTop + VDSO_STUBS;
    }
}

/**
 * Where the heap of a program begins that lies among the mappings: far above where programs with a fixed address are, and far
 * below the stack.
 */
export const FLOATING_BREAK: u64 = 0x0800_0000;

/**
 * A small program's image, heap, stack and mappings share one page table of each upper level, and the stack's top shares
 * the leaf table with the first mappings: six page tables in all, where Linux's usual layout takes ten or more.
 */
export const COMPACT_LAYOUT: Layout = new Layout(0x1010_0000, 0x1010_1000, 0x40_0000, 0x0f00_0000);

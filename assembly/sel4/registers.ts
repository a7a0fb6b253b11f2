// SPDX-License-Identifier: Apache-2.0
//
// Places in seL4_UserContext, whose order each architecture defines. The program counter is the first word everywhere.

export const REGISTER_PROGRAM_COUNTER: u32 = 0;
/** Words up to the first argument's register on every architecture, and room for more. */
export const REGISTERS_MAXIMUM: u32 = 40;
/** Words that initialRegisters fills. */
export const REGISTERS_INITIAL: u32 = 3;

export const X86_64: u32 = 1;
export const AARCH64: u32 = 2;
const RISCV64: u32 = 3;

/** Where the first argument of a C function is: rdi, x0, a0. */
export function firstArgumentRegister(architecture: u32): u32 {
    return architecture == X86_64 ? 8 : architecture == AARCH64 ? 3 : 16;
}

/**
 * Fills the first REGISTERS_INITIAL words at `registers` for a fresh thread. They are rip rsp rflags, pc sp spsr, and on
 * riscv64 pc ra sp. Of the flags, x86 demands bit 1 and gets interrupts (bit 9) from the kernel anyway.
 */
export function initialRegisters(architecture: u32, registers: usize, entry: u64, stackTop: u64): void {
    store<u64>(registers, entry);
    store<u64>(registers, architecture == RISCV64 ? 0 : stackTop, 8);
    store<u64>(registers, architecture == RISCV64 ? stackTop : architecture == X86_64 ? 0x202 : 0, 16);
}

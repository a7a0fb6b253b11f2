// SPDX-License-Identifier: Apache-2.0
//
// Threads of domains that run the C runtime, sentries' and the unpacker's: where they begin, and their faults. Those in linear memory are
// Wasm traps, which the runtime itself reports, with a backtrace.

import { BootKey } from "../sel4/generated/boot-keys";
import { TCB } from "../sel4/capabilities";
import { ERROR_NONE } from "../sel4/objects";
import {
    REGISTERS_INITIAL,
    REGISTERS_MAXIMUM,
    REGISTER_PROGRAM_COUNTER,
    firstArgumentRegister,
    initialRegisters,
} from "../sel4/registers";
import { decimal, hexadecimal } from "../std/numberText";
import { fact, machine } from "./machine";

/** Label of a page fault (seL4_Fault_VMFault on MCS kernels; kernels with a hypervisor number it alike). */
export const FAULT_VM: u32 = 6;

/** Lets a new thread run. An error code. */
export function startRuntime(tcb: TCB): u32 {
    const registers = heap.alloc(REGISTERS_INITIAL * 8);
    initialRegisters(
        machine().architecture,
        registers,
        fact(BootKey.SENTRY_ENTRY),
        fact(BootKey.SENTRY_STACK_TOP),
    );
    const error = tcb.writeRegisters(true, REGISTERS_INITIAL, registers);
    heap.free(registers);
    return error;
}

/** What to say of a fault that nothing can be done about. */
export function faultText(label: u32, instruction: u64, address: u64): string {
    return (
        "faulted (fault " +
        decimal(label) +
        " at instruction " +
        hexadecimal(instruction) +
        ", address " +
        hexadecimal(address) +
        "); this is a defect of Sealift"
    );
}

/** Lets a thread that faulted at an address go on in the runtime's trap code. False when the address is not in linear memory. */
export function continueInTrap(tcb: TCB, address: u64): bool {
    const base = fact(BootKey.LINEAR_BASE);
    if (address < base || address - base >= (<u64>1) << 32) return false;
    const registers = heap.alloc(REGISTERS_MAXIMUM * 8);
    const argument = firstArgumentRegister(machine().architecture);
    let error = tcb.readRegisters(argument + 1, registers);
    if (error == ERROR_NONE) {
        store<u64>(registers + REGISTER_PROGRAM_COUNTER * 8, fact(BootKey.SENTRY_FAULT_ENTRY));
        store<u64>(registers + argument * 8, address);
        // Resuming ends the fault; no reply is needed then.
        error = tcb.writeRegisters(true, argument + 1, registers);
    }
    heap.free(registers);
    return error == ERROR_NONE;
}

// SPDX-License-Identifier: Apache-2.0
//
// arch_prctl(2), which only x86_64 has: the bases of the FS and GS segments.

import { tcbReadRegisters, tcbSetTlsBase, tcbWriteRegisters } from "../../../sel4/generated/host";
import { EFAULT, EINVAL, ENODEV, EPERM } from "../../kernel/errno";
import { ANSWER_REGISTERS, current } from "../../kernel/thread";
import { copyOut64 } from "../../memory/userMemory";
import { CONTEXT_SIZE, CONTEXT_WORDS, USER_END } from "./machine";
import { reserveBuffer } from "../../memory/buffers";

const ARCH_SET_GS: i32 = 0x1001;
const ARCH_SET_FS: i32 = 0x1002;
const ARCH_GET_FS: i32 = 0x1003;
const ARCH_GET_GS: i32 = 0x1004;
const ARCH_GET_CPUID: i32 = 0x1011;
const ARCH_SET_CPUID: i32 = 0x1012;
const FS_BASE: usize = 18 * 8;
const GS_BASE: usize = 19 * 8;

const context: usize = reserveBuffer(CONTEXT_SIZE);

export function architecturePrctl(code: i32, address: u64): i64 {
    switch (code) {
        case ARCH_SET_FS:
            if (address >= USER_END) return -EPERM;
            return tcbSetTlsBase(current.tcb, address) == 0 ? 0 : -EINVAL;
        case ARCH_GET_FS:
            tcbReadRegisters(current.tcb, 0, CONTEXT_WORDS, <u32>context);
            return copyOut64(address, load<u64>(context, FS_BASE)) != 0 ? -EFAULT : 0;
        case ARCH_SET_GS:
            if (address >= USER_END) return -EPERM;
            // No invocation sets the GS base alone. The general registers are written once more by the answer.
            tcbReadRegisters(current.tcb, 0, CONTEXT_WORDS, <u32>context);
            store<u64>(context, address, GS_BASE);
            tcbWriteRegisters(current.tcb, 0, CONTEXT_WORDS, <u32>context);
            current.answer = ANSWER_REGISTERS;
            return 0;
        case ARCH_GET_GS:
            tcbReadRegisters(current.tcb, 0, CONTEXT_WORDS, <u32>context);
            return copyOut64(address, load<u64>(context, GS_BASE)) != 0 ? -EFAULT : 0;
        // As on a processor that cannot make CPUID fault: seL4 has no invocation for it.
        case ARCH_GET_CPUID:
            return 1;
        case ARCH_SET_CPUID:
            return -ENODEV;
        default:
            // ARCH_CET_STATUS and the like, which libcs try: Linux without them answers so.
            return -EINVAL;
    }
}

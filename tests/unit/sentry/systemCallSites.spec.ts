// SPDX-License-Identifier: Apache-2.0
//
// System call instructions of aarch64 in code pages, and the faults of what stands for them. Instruction words are those of
// GNU as.

import * as aarch64 from "../../../assembly/sentry/arch/aarch64/systemCallSites";
import * as riscv64 from "../../../assembly/sentry/arch/riscv64/systemCallSites";

const PAGE_BYTES: usize = 4096;
const page: usize = memory.data(4096, 8);
const copy: usize = memory.data(4096, 8);
const message: usize = memory.data(64, 8);

const SVC_0: u32 = 0xd400_0001;
/** A hash in the symbol table of Debian's libsqlite3, and `svc #0x8233`. */
const HASH_LIKE_SVC: u32 = 0xd410_4661;
const HVC_0: u32 = 0xd400_0002;
const SMC_0: u32 = 0xd400_0003;
const BRK_0: u32 = 0xd420_0000;
const BRK_1000: u32 = 0xd420_7d00;
const RET: u32 = 0xd65f_03c0;
/** `brk #0x5ea1`. */
const PATCHED: u32 = 0xd42b_d420;

const FAULT_USER_EXCEPTION: u32 = 3;
const FAULT_VCPU: u32 = 8;

function fill(word: u32): void {
    for (let at = page; at < page + PAGE_BYTES; at += 4) store<u32>(at, word);
}

describe("system call sites of aarch64", () => {
    it("finds svc #0 on the first word and on the last, and leaves other words alone", () => {
        fill(RET);
        expect(aarch64.mayHaveCalls(page)).toBe(false);
        expect(aarch64.findCalls(page, 0, 0)).toBe(0);
        store<u32>(page, SVC_0);
        store<u32>(page + 2000, SVC_0);
        store<u32>(page + 3000, HASH_LIKE_SVC);
        store<u32>(page + PAGE_BYTES - 4, SVC_0);
        expect(aarch64.mayHaveCalls(page)).toBe(true);
        expect(aarch64.findCalls(page, 0, 0)).toBe(3);
        aarch64.patchCalls(copy, <u32>PAGE_BYTES);
        for (let at: usize = 0; at < PAGE_BYTES; at += 4) {
            const isSite = at == 0 || at == 2000 || at == PAGE_BYTES - 4;
            const other = at == 3000 ? HASH_LIKE_SVC : RET;
            assert(load<u32>(copy + at) == (isSite ? PATCHED : other), "another word than those has changed");
        }
        expect(load<u32>(page)).toBe(SVC_0, "the page itself stays");
        expect(aarch64.mayHaveCalls(copy)).toBe(false);
    });

    it("writes no more of the patched page than it is asked for", () => {
        fill(SVC_0);
        memory.fill(copy, 0, PAGE_BYTES);
        expect(aarch64.findCalls(page, 0, 0)).toBe(1024);
        aarch64.patchCalls(copy, 100);
        expect(load<u32>(copy + 96)).toBe(PATCHED);
        expect(load<u32>(copy + 100)).toBe(0);
    });

    it("leaves other calls and breakpoints alone", () => {
        fill(RET);
        store<u32>(page, HVC_0);
        store<u32>(page + 4, SMC_0);
        store<u32>(page + 8, BRK_0);
        store<u32>(page + 12, BRK_1000);
        // Half of one word and half of the next: no instruction.
        store<u32>(page + 18, SVC_0);
        expect(aarch64.findCalls(page, 0, 0)).toBe(0);
    });

    it("knows its own instruction by its word and by its faults", () => {
        expect(aarch64.isPatchedInstruction(PATCHED)).toBe(true);
        expect(aarch64.isPatchedInstruction(BRK_1000)).toBe(false);
        // UserException: FaultIP, SP, SPSR, then the ESR; class 0x3c, 32-bit instruction.
        memory.fill(message, 0, 64);
        store<u64>(message + 8 + 24, 0xf200_5ea1);
        expect(aarch64.isCallFault(FAULT_USER_EXCEPTION, message)).toBe(true);
        store<u64>(message + 8 + 24, 0xf200_03e8);
        expect(aarch64.isCallFault(FAULT_USER_EXCEPTION, message)).toBe(
            false,
            "brk #1000 of the program's own",
        );
        store<u64>(message + 8 + 24, 0x0200_5ea1);
        expect(aarch64.isCallFault(FAULT_USER_EXCEPTION, message)).toBe(false, "another class");
        // VCPUFault: the ESR alone.
        memory.fill(message, 0, 64);
        store<u64>(message + 8, 0xf200_5ea1);
        expect(aarch64.isCallFault(FAULT_VCPU, message)).toBe(true);
        expect(aarch64.isCallFault(FAULT_USER_EXCEPTION, message)).toBe(false);
        store<u64>(message + 8, 0xf200_0000);
        expect(aarch64.isCallFault(FAULT_VCPU, message)).toBe(false);
    });
});

describe("system call sites of riscv64", () => {
    it("are executed as they are", () => {
        for (let at = page; at < page + PAGE_BYTES; at += 4) store<u32>(at, 0x0000_0073);
        expect(riscv64.mayHaveCalls(page)).toBe(false);
        expect(riscv64.findCalls(page, 0, 0)).toBe(0);
    });
});

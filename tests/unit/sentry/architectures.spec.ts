// SPDX-License-Identifier: Apache-2.0
//
// Layouts of the architectures that this machine is not. The offsets are those of struct rt_sigframe and struct stat in the
// headers of Debian's cross compilers (asm/sigcontext.h, sys/ucontext.h, sys/stat.h; offsetof printed), the instructions
// those of GNU as.

import * as aarch64 from "../../../assembly/sentry/arch/aarch64/machine";
import * as aarch64Files from "../../../assembly/sentry/arch/aarch64/fileStatus";
import * as riscv64 from "../../../assembly/sentry/arch/riscv64/machine";
import * as riscv64Files from "../../../assembly/sentry/arch/riscv64/fileStatus";
import * as aarch64Calls from "../../../assembly/sentry/arch/aarch64/systemCalls";
import * as riscv64Calls from "../../../assembly/sentry/arch/riscv64/systemCalls";
import { Process } from "../../../assembly/sentry/kernel/process";
import { Thread } from "../../../assembly/sentry/kernel/thread";

const WORDS: i32 = 40;
const context: usize = memory.data(WORDS * 8, 8);
const copied: usize = memory.data(WORDS * 8, 8);
const message: usize = memory.data(528, 8);
const other: usize = memory.data(528, 8);
const frame: usize = memory.data(1152, 8);
const page: usize = memory.data(4096, 8);

/** A context whose words are 1000, 1001, … in their order. */
function fillContext(): void {
    for (let i = 0; i < WORDS; i++) store<u64>(context + i * 8, 1000 + i);
    memory.fill(copied, 0, WORDS * 8);
    memory.fill(message, 0, 528);
    memory.fill(other, 0, 528);
}

/** A thread whose registers are in `message`, with an alternate stack. It belongs to no process: frames do not show one. */
function interruptedThread(): Thread {
    const thread = new Thread(changetype<Process>(0), 0, 1);
    thread.message = message;
    thread.alternateStack = 0x7000;
    thread.alternateStackSize = 0x800;
    return thread;
}

describe("aarch64", () => {
    it("brings all general registers into a message and back", () => {
        fillContext();
        aarch64.contextToMessage(context, message);
        aarch64.messageToContext(message, copied);
        expect(memory.compare(context, copied, aarch64.CONTEXT_GENERAL * 8)).toBe(0);
        expect(aarch64.instructionPointer(message)).toBe(1000);
        expect(aarch64.stackPointer(message)).toBe(1001);
        expect(aarch64.argument0(message)).toBe(1003);
        expect(aarch64.argument5(message)).toBe(1008);
        expect(aarch64.systemCallNumber(message)).toBe(1011);
    });

    it("lays out signal frames as Linux", () => {
        fillContext();
        aarch64.contextToMessage(context, message);
        aarch64.fillSignalFrame(frame, interruptedThread(), 0x10000, 0, 0x55);
        expect(load<u64>(frame, 128 + 16)).toBe(0x7000);
        expect(load<u64>(frame, 128 + 40)).toBe(0x55);
        const machineContext = frame + 128 + 176;
        expect(load<u64>(machineContext, 8)).toBe(1003, "x0");
        expect(load<u64>(machineContext, 8 + 8 * 8)).toBe(1011, "x8");
        expect(load<u64>(machineContext, 8 + 9 * 8)).toBe(1017, "x9");
        expect(load<u64>(machineContext, 8 + 16 * 8)).toBe(1012, "x16");
        expect(load<u64>(machineContext, 8 + 19 * 8)).toBe(1024, "x19");
        expect(load<u64>(machineContext, 8 + 30 * 8)).toBe(1016, "x30");
        expect(load<u64>(machineContext, 256)).toBe(1001, "sp");
        expect(load<u64>(machineContext, 264)).toBe(1000, "pc");
        expect(load<u64>(machineContext, 272)).toBe(1002, "pstate");
        expect(load<u32>(machineContext, 288)).toBe(0x46508001, "FPSIMD_MAGIC");
        expect(load<u32>(machineContext, 292)).toBe(528, "size of struct fpsimd_context");
        expect(load<u64>(machineContext, 288 + 528)).toBe(0, "the record that ends the list");
        expect(aarch64.restoreFromFrame(other, frame)).toBe(0x55);
        aarch64.messageToContext(other, copied);
        expect(memory.compare(context, copied, aarch64.CONTEXT_GENERAL * 8)).toBe(0);
    });

    it("moves the SIMD registers by the stubs", () => {
        memory.fill(page, 0, 4096);
        aarch64.writeStubs(page);
        expect(load<u32>(page)).toBe(0xad008600, "stp q0, q1, [x16, #16]");
        expect(load<u32>(page, 15 * 4)).toBe(0xad0ffe1e, "stp q30, q31, [x16, #496]");
        expect(load<u32>(page, 16 * 4)).toBe(0xd53b4429, "mrs x9, fpsr");
        expect(load<u32>(page, 17 * 4)).toBe(0xb9000a09, "str w9, [x16, #8]");
        expect(load<u32>(page, 18 * 4)).toBe(0xd53b4409, "mrs x9, fpcr");
        expect(load<u32>(page, 20 * 4)).toBe(0xd61f0220, "br x17");
        expect(load<u32>(page, 128 + 4)).toBe(0xad418e02, "ldp q2, q3, [x16, #48]");
        expect(load<u32>(page, 128 + 18 * 4)).toBe(0xb9400e09, "ldr w9, [x16, #12]");
        expect(load<u32>(page, 128 + 20 * 4)).toBe(0xd2801168, "mov x8, #139");
        expect(load<u32>(page, 128 + 21 * 4)).toBe(0xd42bd420, "the brk that stands for svc");
        store<u64>(message, 0x40000 + 128 + 21 * 4, aarch64.IP);
        expect(aarch64.returnsFromStub(message, 0x40000)).toBe(true);
    });

    it("tells a write from cache maintenance and from an unaligned access", () => {
        memory.fill(message, 0, 528);
        store<u64>(message, 0x92000047, 32);
        expect(aarch64.faultIsWrite(message)).toBe(true);
        expect(aarch64.faultIsUnaligned(message)).toBe(false);
        store<u64>(message, 0x92000147, 32);
        expect(aarch64.faultIsWrite(message)).toBe(false);
        store<u64>(message, 0x92000021, 32);
        expect(aarch64.faultIsUnaligned(message)).toBe(true);
        store<u64>(message, 0xf2000001, 32);
        expect(aarch64.exceptionSignal(message)).toBe(5 | (1 << 8), "brk #1");
    });

    it("has its own numbers", () => {
        expect(aarch64Files.STAT_SIZE).toBe(128);
        expect(aarch64Files.STAT_TIMES).toBe(72);
        expect(aarch64Files.EVENT_SIZE).toBe(16);
        expect(aarch64Files.O_DIRECTORY).toBe(0x4000);
        expect(aarch64Files.O_NOFOLLOW).toBe(0x8000);
        expect(aarch64Files.O_DIRECT).toBe(0x10000);
        expect(aarch64Calls.SYS_newfstatat).toBe(79);
        expect(aarch64Calls.SYS_renameat).toBe(38);
        expect(aarch64Calls.SYS_open).toBe(aarch64Calls.ABSENT);
    });
});

describe("riscv64", () => {
    it("brings all registers into a message and back", () => {
        fillContext();
        riscv64.contextToMessage(context, message);
        riscv64.messageToContext(message, copied);
        expect(memory.compare(context, copied, riscv64.CONTEXT_WORDS * 8)).toBe(0);
        expect(riscv64.instructionPointer(message)).toBe(1000);
        expect(riscv64.stackPointer(message)).toBe(1002);
        expect(riscv64.argument0(message)).toBe(1016);
        expect(riscv64.argument5(message)).toBe(1021);
        expect(riscv64.systemCallNumber(message)).toBe(1023);
    });

    it("lays out signal frames as Linux", () => {
        fillContext();
        riscv64.contextToMessage(context, message);
        riscv64.fillSignalFrame(frame, interruptedThread(), 0x10000, 0, 0x55);
        expect(riscv64.SIGNAL_FRAME_SIZE).toBe(128 + 960);
        expect(load<u64>(frame, 128 + 40)).toBe(0x55);
        const machineContext = frame + 128 + 176;
        expect(load<u64>(machineContext)).toBe(1000, "pc");
        expect(load<u64>(machineContext, 8)).toBe(1001, "ra");
        expect(load<u64>(machineContext, 2 * 8)).toBe(1002, "sp");
        expect(load<u64>(machineContext, 3 * 8)).toBe(1003, "gp");
        expect(load<u64>(machineContext, 4 * 8)).toBe(1031, "tp");
        expect(load<u64>(machineContext, 5 * 8)).toBe(1024, "t0");
        expect(load<u64>(machineContext, 8 * 8)).toBe(1004, "s0");
        expect(load<u64>(machineContext, 10 * 8)).toBe(1016, "a0");
        expect(load<u64>(machineContext, 18 * 8)).toBe(1006, "s2");
        expect(load<u64>(machineContext, 31 * 8)).toBe(1030, "t6");
        expect(riscv64.restoreFromFrame(other, frame)).toBe(0x55);
        riscv64.messageToContext(other, copied);
        expect(memory.compare(context, copied, riscv64.CONTEXT_WORDS * 8)).toBe(0);
    });

    it("moves the floating point registers by the stubs", () => {
        memory.fill(page, 0, 4096);
        riscv64.writeStubs(page);
        expect(load<u32>(page)).toBe(0x0002b027, "fsd f0, 0(t0)");
        expect(load<u32>(page, 31 * 4)).toBe(0x0ff2bc27, "fsd f31, 248(t0)");
        expect(load<u32>(page, 33 * 4)).toBe(0x1072a023, "sw t2, 256(t0)");
        expect(load<u32>(page, 192 + 4)).toBe(0x0082b087, "fld f1, 8(t0)");
        expect(load<u32>(page, 192 + 31 * 4)).toBe(0x0f82bf87, "fld f31, 248(t0)");
        expect(load<u32>(page, 192 + 35 * 4)).toBe(0x00000073, "ecall");
        store<u64>(message, 0x40000 + 192 + 35 * 4, riscv64.IP);
        expect(riscv64.returnsFromStub(message, 0x40000)).toBe(true);
    });

    it("has its own numbers", () => {
        expect(riscv64Files.STAT_SIZE).toBe(128);
        expect(riscv64Files.EVENT_DATA).toBe(8);
        expect(riscv64Files.O_DIRECTORY).toBe(0x10000);
        expect(riscv64.SIGACTION_SIZE).toBe(24);
        expect(riscv64Calls.SYS_renameat2).toBe(276);
        expect(riscv64Calls.SYS_renameat).toBe(riscv64Calls.ABSENT);
    });
});

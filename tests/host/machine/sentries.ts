// SPDX-License-Identifier: Apache-2.0
//
// A manager that builds one sentry as docs/architecture.md says, serves it, sends its fault back to it, and reads the
// report of its trap.

import { BootKey } from "../../../assembly/sel4/generated/boot-keys";
import {
    asidPoolAssign,
    bootValue,
    clockNow,
    cnodeCopy,
    cnodeMint,
    kernelRecv,
    kernelSend,
    missingTableLevel,
    pageMap,
    pageTableMap,
    schedControlConfigure,
    tcbConfigure,
    tcbReadRegisters,
    tcbSetSchedParams,
    tcbWriteRegisters,
    untypedRetype,
    windowMap,
    windowTableMap,
} from "../../../assembly/sel4/generated/host";
import { check, end, equal, line } from "./report";

const TCB: u32 = 1;
const ENDPOINT: u32 = 2;
const CNODE: u32 = 4;
const SCHED_CONTEXT: u32 = 5;
const REPLY: u32 = 6;
const FRAME: u32 = 7;
const PAGE_TABLE_1: u32 = 9;
const VSPACE: u32 = 12;

const READ: u32 = 2;
const READ_WRITE: u32 = 3;
const ALL_RIGHTS: u32 = 15;
const WORD: u32 = 64;
const FAILED_LOOKUP: u32 = 6;
const VM_FAULT: u32 = 6;
const REQUEST_TRAPPED: u32 = 10;

const MANAGER_BADGE: u64 = 0x80000001;
const FAULT_BADGE: u64 = 0x80010001;
/** Where the exchange page is in a sentry's linear memory, and in this manager's. */
const EXCHANGE: u32 = 0x7fff_f000;

const message = memory.data(528, 8);
const registers = memory.data(160, 8);

let nextSlot: u32 = 0;
let untyped: u32 = 0;
let cnode: u32 = 0;
let vspace: u32 = 0;
let failures: u32 = 0;

function expect(error: u32): void {
    if (error != 0) failures++;
}

function make(object: u32, count: u32, sizeBits: u32 = 0): u32 {
    const first = nextSlot;
    nextSlot += count;
    expect(untypedRetype(untyped, object, sizeBits, cnode, 0, 0, first, count));
    return first;
}

function copy(slot: u32): u32 {
    const target = nextSlot++;
    expect(cnodeCopy(cnode, target, WORD, cnode, slot, WORD, ALL_RIGHTS));
    return target;
}

function map(frame: u32, vaddr: u64, rights: u32): void {
    let error = pageMap(frame, vspace, vaddr, rights, 1);
    while (error == FAILED_LOOKUP) {
        const level = missingTableLevel();
        expect(pageTableMap(make(PAGE_TABLE_1 + level - 1, 1), level, vspace, vaddr));
        error = pageMap(frame, vspace, vaddr, rights, 1);
    }
    expect(error);
}

function mapFresh(vaddr: u64, pages: u64): u32 {
    const first = make(FRAME, <u32>pages);
    for (let i: u32 = 0; i < <u32>pages; i++) map(first + i, vaddr + ((<u64>i) << 12), READ_WRITE);
    return first;
}

function mapShared(vaddr: u64, pages: u64, firstSlot: u32): void {
    for (let i: u32 = 0; i < <u32>pages; i++) map(copy(firstSlot + i), vaddr + ((<u64>i) << 12), READ);
}

/** Builds the protection domain; its TCB. */
function build(endpoint: u32): u32 {
    vspace = make(VSPACE, 1);
    expect(asidPoolAssign(<u32>bootValue(BootKey.SLOT_ASID_POOL, 0), vspace));
    const image = bootValue(BootKey.IMAGE_FIRST_VADDR, 0);
    const shared = bootValue(BootKey.SHARED_FIRST_VADDR, 0);
    const frames = <u32>bootValue(BootKey.IMAGE_FRAME_FIRST_SLOT, 0) + <u32>((shared - image) >> 12);
    mapShared(shared, bootValue(BootKey.SHARED_PAGES, 0), frames);
    mapShared(bootValue(BootKey.DOMAIN_BOOT_VADDR, 0), 1, <u32>bootValue(BootKey.DOMAIN_BOOT_SLOT, 0));
    const buffer = mapFresh(bootValue(BootKey.BSS_FIRST_VADDR, 0), bootValue(BootKey.BSS_PAGES, 0));
    const ranges = <u32>bootValue(BootKey.PRIVATE_RW_COUNT, 0);
    for (let i: u32 = 0; i < ranges; i++) {
        const pages = bootValue(BootKey.PRIVATE_RW_PAGES, i);
        if (pages > 0) mapFresh(bootValue(BootKey.PRIVATE_RW_VADDR, i), pages);
    }
    const linear = bootValue(BootKey.LINEAR_BASE, 0);
    mapFresh(linear + bootValue(BootKey.SENTRY_HEAP_FIRST, 0), bootValue(BootKey.SENTRY_HEAP_PAGES, 0));
    const exchange = mapFresh(linear + EXCHANGE, 1);
    const own = copy(exchange);
    let error = windowMap(own, EXCHANGE, 1);
    while (error == FAILED_LOOKUP) {
        const level = missingTableLevel();
        expect(windowTableMap(make(PAGE_TABLE_1 + level - 1, 1), level, EXCHANGE));
        error = windowMap(own, EXCHANGE, 1);
    }
    expect(error);

    // One level suffices here: slots 0 to 255 behind a guard that makes pointers small.
    const cspace = make(CNODE, 1, 8);
    expect(cnodeMint(cspace, 2, 8, cnode, vspace, WORD, ALL_RIGHTS, 0));
    expect(cnodeMint(cspace, 5, 8, cnode, endpoint, WORD, ALL_RIGHTS, MANAGER_BADGE));
    const faults = nextSlot++;
    expect(cnodeMint(cnode, faults, WORD, cnode, endpoint, WORD, ALL_RIGHTS, FAULT_BADGE));

    const tcb = make(TCB, 1);
    const ipcBuffer = bootValue(BootKey.IPC_BUFFER_VADDR, 0);
    expect(tcbConfigure(tcb, cspace, WORD - 8, vspace, ipcBuffer, buffer));
    const schedContext = make(SCHED_CONTEXT, 1, <u32>bootValue(BootKey.OBJECT_BITS, SCHED_CONTEXT));
    const control = <u32>bootValue(BootKey.SLOT_SCHED_CONTROL, 0);
    expect(schedControlConfigure(control, schedContext, 10000, 10000, 0, 0));
    expect(tcbSetSchedParams(tcb, <u32>bootValue(BootKey.SLOT_TCB, 0), 150, 150, schedContext, faults));
    store<u64>(registers, bootValue(BootKey.SENTRY_ENTRY, 0));
    store<u64>(registers, bootValue(BootKey.SENTRY_STACK_TOP, 0), 8);
    expect(tcbWriteRegisters(tcb, 1, 2, <u32>registers));
    return tcb;
}

function receive(endpoint: u32, reply: u32): u64 {
    return kernelRecv(endpoint, reply, <u32>message);
}

function answer(reply: u32): void {
    store<u64>(message, 0); // label 0, no words
    kernelSend(reply, <u32>message);
}

/** Receives one request and checks its label; its first word. */
function serve(endpoint: u32, reply: u32, label: u32): u64 {
    equal("badge of the sentry", receive(endpoint, reply), MANAGER_BADGE);
    equal("request", load<u32>(message), label);
    const word = load<u64>(message, 8);
    answer(reply);
    return word;
}

export function main(): void {
    cnode = <u32>bootValue(BootKey.SLOT_CNODE, 0);
    nextSlot = <u32>bootValue(BootKey.EMPTY_FIRST, 0);
    let bits: u64 = 0;
    for (let i: u32 = 0; i < <u32>bootValue(BootKey.UNTYPED_COUNT, 0); i++) {
        if (bootValue(BootKey.UNTYPED_IS_DEVICE, i) == 0 && bootValue(BootKey.UNTYPED_BITS, i) > bits) {
            bits = bootValue(BootKey.UNTYPED_BITS, i);
            untyped = <u32>bootValue(BootKey.UNTYPED_SLOT, i);
        }
    }
    const endpoint = make(ENDPOINT, 1);
    const reply = make(REPLY, 1);
    const tcb = build(endpoint);
    equal("the protection domain was built without an error", failures, 0);

    equal("the sentry's state begins as zero", serve(endpoint, reply, 100), 1);
    const before = clockNow();
    const theirs = serve(endpoint, reply, 101);
    check("the clocks agree", theirs <= before + 60000000000 && theirs + 60000000000 > before);
    equal("heap frames", serve(endpoint, reply, 102), bootValue(BootKey.SENTRY_HEAP_PAGES, 0));
    equal("the sentry's heap works", serve(endpoint, reply, 103), 998001);
    equal("the exchange page is shared", load<u64>(EXCHANGE), 0x1122334455667788);

    const linear = bootValue(BootKey.LINEAR_BASE, 0);
    equal("badge of the fault", receive(endpoint, reply), FAULT_BADGE);
    equal("it is a page fault", load<u32>(message), VM_FAULT);
    const address = load<u64>(message, 16);
    equal("of the page touched", address - linear, 0x00abc000);
    expect(tcbReadRegisters(tcb, 0, 9, <u32>registers));
    store<u64>(registers, bootValue(BootKey.SENTRY_FAULT_ENTRY, 0));
    store<u64>(registers, address, 64);
    expect(tcbWriteRegisters(tcb, 1, 9, <u32>registers));

    equal("badge of the report", receive(endpoint, reply), MANAGER_BADGE);
    equal("it reports a trap", load<u32>(message), REQUEST_TRAPPED);
    const text = String.UTF8.decodeUnsafe(EXCHANGE, <usize>load<u64>(message, 8));
    check(
        "the report names the cause",
        text.startsWith("sentry trapped: memory access to unmapped page at 0xabc000\n"),
    );
    check("and the function", text.includes("  at sentry/touchNothing"));
    check("and its caller", text.includes("  at sentry/main"));
    equal("errors on the way", failures, 0);
    line(text);
    end();
}

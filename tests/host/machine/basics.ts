// SPDX-License-Identifier: Apache-2.0
//
// A manager that tries what the runtime gives it: facts of the boot, memory, window, clock, timer, codecs.

import { BootKey } from "../../../assembly/sel4/generated/boot-keys";
import {
    bootValue,
    bundleSize,
    clockNow,
    clockRealtime,
    consoleRead,
    heapFrames,
    heapSlotsLeft,
    heapSource,
    interruptAcknowledge,
    interruptBind,
    kernelRecv,
    missingTableLevel,
    pageGetAddress,
    pageUnmap,
    timerArm,
    untypedRetype,
    windowMap,
    windowTableMap,
} from "../../../assembly/sel4/generated/host";
import { check, end, equal, line } from "./report";

const NOTIFICATION: u32 = 3;
const SMALL_FRAME: u32 = 7;
const PAGE_TABLE_1: u32 = 9;
const FAILED_LOOKUP: u32 = 6;
const TIMER: u32 = 1;
const MILLISECOND: u64 = 1000000;

let nextSlot: u32 = 0;
/** Index of the untyped that the tests take from, and the bytes used of it. */
let untyped: u32 = 0;
let used: u64 = 0;

function slot(): u32 {
    return nextSlot++;
}

/** Makes objects of `bits` each; the first one's slot. */
function make(object: u32, count: u32, bits: u32): u32 {
    const first = nextSlot;
    nextSlot += count;
    const cnode = <u32>bootValue(BootKey.SLOT_CNODE, 0);
    const source = <u32>bootValue(BootKey.UNTYPED_SLOT, untyped);
    equal("retype", untypedRetype(source, object, 0, cnode, 0, 0, first, count), 0);
    used = ((used + (1 << bits) - 1) & ~((1 << bits) - 1)) + ((<u64>count) << bits);
    return first;
}

function testBootValues(): void {
    equal("architecture", bootValue(BootKey.ARCHITECTURE, 0), 1);
    const pages = bootValue(BootKey.SHARED_PAGES, 0);
    check("shared pages end before the state", pages << 12 < bootValue(BootKey.BSS_FIRST_VADDR, 0));
    equal("TCB size", bootValue(BootKey.OBJECT_BITS, 1), 11);
    equal("no bundle", bundleSize(), 0);
    check("time-stamp counter", bootValue(BootKey.TSC_HZ, 0) > 100000000);
    nextSlot = <u32>bootValue(BootKey.EMPTY_FIRST, 0);
    // What the boot used is recorded exactly: the next frame of every untyped lies where the record says.
    const count = <u32>bootValue(BootKey.UNTYPED_COUNT, 0);
    let touched: u32 = 0;
    let exact = true;
    let largest: u64 = 0;
    for (let i: u32 = 0; i < count; i++) {
        if (bootValue(BootKey.UNTYPED_IS_DEVICE, i) != 0) continue;
        const bits = bootValue(BootKey.UNTYPED_BITS, i);
        const taken = bootValue(BootKey.UNTYPED_USED, i);
        if (bits > largest) {
            largest = bits;
            untyped = i;
        }
        if (taken != 0) touched++;
        // Small ones may be used up.
        if (((taken + 4095) & ~4095) + 4096 > (<u64>1) << bits) continue;
        const frame = slot();
        const cnode = <u32>bootValue(BootKey.SLOT_CNODE, 0);
        const source = <u32>bootValue(BootKey.UNTYPED_SLOT, i);
        const failure = untypedRetype(source, SMALL_FRAME, 0, cnode, 0, 0, frame, 1);
        const expected = bootValue(BootKey.UNTYPED_PADDR, i) + ((taken + 4095) & ~4095);
        if (failure != 0 || pageGetAddress(frame) != expected) exact = false;
    }
    check("boot used some untyped", touched > 0);
    check("record of used memory is exact", exact);
    used = bootValue(BootKey.UNTYPED_USED, untyped);
}

function testWindow(): void {
    const frame = make(SMALL_FRAME, 1, 12);
    const at: u32 = 0x00400000;
    let failure = windowMap(frame, at, 1);
    // The window begins without any page table: every level below the root may be missing.
    let tables = 0;
    while (failure == FAILED_LOOKUP && tables < 4) {
        const level = missingTableLevel();
        const table = make(PAGE_TABLE_1 + level - 1, 1, 12);
        equal("window-table-map", windowTableMap(table, level, at), 0);
        failure = windowMap(frame, at, 1);
        tables++;
    }
    equal("window-map", failure, 0);
    equal("a fresh frame is zero", load<u64>(at + 4088), 0);
    store<u64>(at, 0x123456789abcdef);
    equal("unmap", pageUnmap(frame), 0);
    equal("map again", windowMap(frame, at + 8192, 0), 0);
    equal("the frame keeps its contents", load<u64>(at + 8192), 0x123456789abcdef);
}

function testHeap(): void {
    const before = memory.size();
    const frames = heapFrames();
    const heapSlots = nextSlot;
    nextSlot += 200;
    // A piece of untyped memory of its own, as the runtime is the only one to take from it.
    const cnode = <u32>bootValue(BootKey.SLOT_CNODE, 0);
    const piece = slot();
    const source = <u32>bootValue(BootKey.UNTYPED_SLOT, untyped);
    equal("a piece for the heap", untypedRetype(source, 0, 20, cnode, 0, 0, piece, 1), 0);
    heapSource(piece, heapSlots, 200);
    equal("slots of the source", heapSlotsLeft(), 200);
    check("growth beyond the source fails", memory.grow(64) == -1); // 1024 frames: more than there are slots for
    equal("memory is as large as before", memory.size(), before);
    equal("grow by what fits", memory.grow(8), before);
    check("frames are counted", heapFrames() >= frames + 8);
    const last = (<usize>before + 8) * 65536 - 8;
    equal("new memory is zero", load<u64>(last), 0);
    store<u64>(last, 7);
    equal("new memory keeps what is written", load<u64>(last), 7);
}

function testClock(): void {
    const first = clockNow();
    const second = clockNow();
    check("the clock does not go backwards", second >= first);
    check("the clock began at the boot", second < 600000 * MILLISECOND);
    const realtime = clockRealtime();
    check(
        "the wall clock knows this century",
        realtime > 1700000000000000000 && realtime < 4102444800000000000,
    );
}

function testTimer(): void {
    const notification = make(NOTIFICATION, 1, 6);
    const message = memory.data(528, 8);
    equal("interrupt-bind", interruptBind(TIMER, notification), 0);
    for (let i = 0; i < 3; i++) {
        const begin = clockNow();
        timerArm(begin + 5 * MILLISECOND);
        kernelRecv(notification, 0, <u32>message);
        const waited = clockNow() - begin;
        interruptAcknowledge(TIMER);
        // The kernel calibrates the counter against the same timer at boot; in an emulator on a busy machine it errs.
        check("the timer is not early", waited >= 4 * MILLISECOND);
        check("the timer is not very late", waited < 2000 * MILLISECOND);
    }
    timerArm(u64.MAX_VALUE);
}

function testConsole(): void {
    line("waiting for input"); // the harness sends "input" when it sees this
    const buffer = memory.data(64);
    let count: u32 = 0;
    const begin = clockNow();
    while (count < 5 && clockNow() - begin < 10000 * MILLISECOND) {
        count += consoleRead(<u32>buffer + count, 64 - count);
    }
    equal("console input", String.UTF8.decodeUnsafe(buffer, count) == "input" ? 1 : 0, 1);
}

export function main(): void {
    testBootValues();
    testWindow();
    testHeap();
    testClock();
    testTimer();
    testConsole();
    end();
}

// SPDX-License-Identifier: Apache-2.0
//
// A sentry that has been taken over: it asks the manager for what it must not get, and ends in every bad way. Its
// container's command says which; answers are printed as numbers.

import "../../assembly/std/abort";
import { cnodeRevoke, kernelCall, cnodeDelete, windowMap } from "../../assembly/sel4/generated/host";
import { containerConfiguration, EXCHANGE_ADDRESS } from "../../assembly/std/containerConfiguration";
import { decimal } from "../../assembly/std/numberText";
import { decodeUtf8, encodeUtf8 } from "../../assembly/std/utf8";

const EXCHANGE: usize = EXCHANGE_ADDRESS;
const MANAGER: u32 = 5;
/** A page of the window that the exchange page's table maps. */
const CODE: usize = 0x7ff8_0000;
/** Interpreted, some tens of milliseconds. */
const TICK_ROUNDS: u32 = 1_000_000;
const message: usize = memory.data(8 + 120 * 8, 8);

function request(label: u32, words: u32, a: u64, b: u64 = 0, c: u64 = 0, d: u64 = 0): u32 {
    store<u32>(message, label);
    store<u32>(message, words, 4);
    store<u64>(message, a, 8);
    store<u64>(message, b, 16);
    store<u64>(message, c, 24);
    store<u64>(message, d, 32);
    return kernelCall(MANAGER, <u32>message);
}

function print(text: string): void {
    const length = encodeUtf8(text + "\n", EXCHANGE);
    request(1, 2, 1, length);
}

function show(what: string, answer: u32): void {
    print(what + " " + decimal(answer));
}

function askForTooMuch(): void {
    show("write too much", request(1, 2, 1, 4097));
    show("write without words", request(1, 0, 0));
    show("log too much", request(8, 1, u64.MAX_VALUE));
    show("read everything", request(2, 1, u64.MAX_VALUE));
    show("frames of no layer", request(6, 4, 99, 0, 1, 100));
    show("too many frames", request(6, 4, 0, 0, 65, 100));
    show("frames beyond the layer", request(6, 4, 0, u64.MAX_VALUE, 1, 100));
    show("frames that wrap", request(6, 4, 0, 1, u64.MAX_VALUE, 100));
    show("frames into a slot in use", request(6, 4, 0, 0, 1, 5));
    show("frames into no CNode", request(6, 4, 0, 0, 1, 0x3f00));
    show("index beyond the layer", request(12, 4, 0, 1 << 20, 1, 100));
    show("code of no layer", request(17, 4, 99, 0, 0, 100));
    show("code beyond the layer", request(17, 4, 0, u64.MAX_VALUE, 3, 100));
    show("code without system calls", request(17, 4, 0, 0, 3, 100));
    show("CPU time for a thread", request(4, 1, 9));
    show("CPU time for nothing", request(4, 1, 120));
    show("an address space for an endpoint", request(5, 1, 4));
    show("an address space for nothing", request(5, 1, 120));
    show("an address space for its own again", request(5, 1, 2));
    show("a timer in the past", request(3, 1, 1));
    show("a timer never", request(3, 1, u64.MAX_VALUE - 1));
    show("an unknown request", request(0xffff_ffff, 120, 1));
    show("statistics of no length", request(11, 0, 0));
    // Its own endpoint's capability was moved out and back.
    show("still there", request(9, 0, 0));
}

/** Asks for patched pages of a layer in all their variants, and writes to one. */
function writeSharedCode(): void {
    show("code into a slot in use", request(17, 4, 0, 0, 0, 5));
    show("code into no CNode", request(17, 4, 0, 0, 0, 0x3f00));
    let granted: u32 = 0;
    for (let page: u32 = 0; page < containerConfiguration().layer(0).dataPages; page++) {
        for (let neighbours: u32 = 0; neighbours < 4; neighbours++)
            if (request(17, 4, 0, page, neighbours, 100 + granted) == 0) granted++;
    }
    show("pages of code", granted);
    show("mapped", windowMap(100, <u32>CODE, 1));
    show(
        "patched",
        load<u8>(CODE) == 0xcd && load<u8>(CODE + 1) == 0xfe && load<u8>(CODE + 2) == 0x90 ? 1 : 0,
    );
    store<u8>(CODE, 0xc3);
    print("written");
}

/** Goes on for ever, and says so now and then. */
function tick(): void {
    let sum: u32 = 0;
    for (let count: u32 = 1; ; count++) {
        for (let i: u32 = 0; i < TICK_ROUNDS; i++) sum += load<u32>(message + ((sum + i) & 28));
        print("tick " + decimal(count) + " " + decimal(sum & 1));
    }
}

function recurse(depth: u32): u32 {
    return depth + recurse(depth + 1);
}

export function main(): void {
    const configuration = containerConfiguration();
    const first = configuration.argument(0);
    const mode = decodeUtf8(configuration.text(first.offset), first.length);
    if (mode == "ask") {
        askForTooMuch();
        request(7, 3, 0, 0, 0);
    } else if (mode == "exit") {
        // A status that no wait status is, a text longer than the page, and an exit code of the engine beyond a byte.
        request(7, 3, u64.MAX_VALUE, u64.MAX_VALUE, 0);
    } else if (mode == "fail") {
        request(7, 3, 0x1_ff7e, u64.MAX_VALUE, 1);
    } else if (mode == "code") {
        writeSharedCode();
    } else if (mode == "tick") {
        tick();
    } else if (mode == "touch") {
        load<u32>(0x4000_0000);
    } else if (mode == "abort") {
        assert(false, "the test wants it");
    } else if (mode == "recurse") {
        recurse(0);
    } else if (mode == "return") {
        return;
    } else if (mode == "suicide") {
        // Revokes and deletes what it can reach, its own thread's capability and CSpace among it.
        for (let slot: u32 = 31; slot > 0; slot--) {
            cnodeRevoke(1, slot, 64);
            if (slot != 1 && slot != 5) cnodeDelete(1, slot, 64);
        }
        request(1, 2, 1, 10);
        cnodeDelete(1, 1, 64);
        request(7, 3, 0, 0, 0);
    }
}

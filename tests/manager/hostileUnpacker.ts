// SPDX-License-Identifier: Apache-2.0
//
// An unpacker that its archive has taken over: it asks the manager for what it must not get, reaches for what it must not touch, and hands
// over nonsense. The first word of the packed layer says which; answers are told as the reason why the layer cannot be unpacked.

import "../../assembly/std/abort";
import { cnodeRevoke, kernelCall, untypedRetype } from "../../assembly/sel4/generated/host";
import { decimal } from "../../assembly/std/numberText";
import { decodeUtf8, encodeUtf8 } from "../../assembly/std/utf8";

const EXCHANGE: usize = 0x7fff_f000;
const PACKED: usize = 0x20000;
const CONTENT: usize = 0x30000;
const LOWER: usize = 0x2000_0000;
const MANAGER: u32 = 5;
const message: usize = memory.data(8 + 120 * 8, 8);

let text: string = "";

function request(label: u32, words: u32, a: u64, b: u64 = 0, c: u64 = 0): u32 {
    store<u32>(message, label);
    store<u32>(message, words, 4);
    store<u64>(message, a, 8);
    store<u64>(message, b, 16);
    store<u64>(message, c, 24);
    return kernelCall(MANAGER, <u32>message);
}

function show(what: string, answer: u32): void {
    text += what + " " + decimal(answer) + ", ";
}

function giveUp(): void {
    request(7, 1, encodeUtf8(text, EXCHANGE));
}

function ask(): void {
    show("too many pages", request(3, 1, 17));
    show("pages that wrap", request(3, 1, u64.MAX_VALUE));
    show("a share of no layer", request(4, 3, 99, 0, 1));
    show("a share beyond the layer", request(4, 3, 0, 1 << 20, 1));
    show("a share that wraps", request(4, 3, 0, 1, u64.MAX_VALUE));
    show("an index of no pages", request(5, 2, 0, 0));
    show("an index beyond the store", request(5, 2, u64.MAX_VALUE, 1));
    show("a begun index", request(5, 2, 3, 1));
    show("an index of another size", request(5, 2, 4, 1));
    show("an index with more pages", request(5, 2, 3, 3));
    show("an unknown request", request(0xffff_ffff, 120, 1));
    show("a request of sentries", request(5, 0, 0));
    giveUp();
}

/** Of a layer that is an EROFS image in the boot image. */
function askOfImage(): void {
    show("bytes beyond the image", request(9, 1, u64.MAX_VALUE));
    show("bytes of other files", request(9, 1, 1 << 30));
    show("a page beyond the image", request(11, 2, 1 << 20, 1));
    show("more pages than the image has", request(11, 2, 0, 1 << 20));
    show("pages that wrap", request(11, 2, 1, u64.MAX_VALUE));
    show("a page", request(11, 2, 0, 1));
    show("the page again", request(11, 2, 0, 1));
    show("a begun index", request(5, 2, 1, 1));
    show("a page after the index", request(11, 2, 0, 1));
    giveUp();
}

/** What its CSpace has not got: a CNode, an untyped, anything in a slot of sentries. */
function invoke(): void {
    show("revoke", cnodeRevoke(1, MANAGER, 64));
    show("retype", untypedRetype(2, 4, 12, 1, 0, 0, 6, 1));
    show("call", kernelCall(6, <u32>message));
    giveUp();
}

function index(): void {
    memory.fill(CONTENT, 0xff, 4096);
    request(5, 2, 1, 1);
    memory.fill(EXCHANGE, 0, 32);
    request(6, 1, 0);
}

export function main(): void {
    request(1, 0, 0);
    if (request(2, 0, 0) != 0) return askOfImage();
    let length = 0;
    while (length < 64 && load<u8>(PACKED + length) > 0x20) length++;
    const mode = decodeUtf8(PACKED, length);
    if (mode == "ask") ask();
    else if (mode == "invoke") invoke();
    else if (mode == "manager") store<u32>(0x0400_0000 - 4096, 1);
    else if (mode == "beyond") load<u32>(0x7000_0000);
    else if (mode == "packed") store<u32>(PACKED, 1);
    else if (mode == "lower") store<u32>(LOWER, load<u32>(LOWER) + 1);
    else if (mode == "pointer") kernelCall(0x1234_5678, <u32>message);
    else if (mode == "abort") assert(false, "the test wants it");
    else if (mode == "text") request(7, 1, u64.MAX_VALUE);
    else if (mode == "nothing") request(6, 1, 0);
    else if (mode == "spin") while (true) {}
    else if (mode == "asking") while (true) request(8, 0, 0);
    else if (mode == "index") index();
    else if (mode == "memory") {
        for (let at: usize = 0x0400_0000; at < 0x2000_0000; at += 4096) store<u8>(at, 1);
        text = "there was no end";
        giveUp();
    }
}

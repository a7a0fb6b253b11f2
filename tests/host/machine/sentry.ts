// SPDX-License-Identifier: Apache-2.0
//
// A sentry that does a little of everything and then touches a window page with no frame behind it. The manager that
// builds its protection domain is sentries.ts.

import "../../../assembly/std/abort"; // what assertions call
import { clockNow, heapFrames, kernelCall } from "../../../assembly/sel4/generated/host";

const SLOT_MANAGER: u32 = 5;
const EXCHANGE: usize = 0x7fff_f000;

/** Words that the sentry reports before it traps. */
const block = memory.data(528, 8);

/** State that begins as zero in every sentry, whatever the root task's module did with its own. */
let count: u32 = 0;

function request(label: u32, word: u64): u32 {
    store<u32>(block, label);
    store<u32>(block, 1, 4);
    store<u64>(block, word, 8);
    return kernelCall(SLOT_MANAGER, <u32>block);
}

function touchNothing(): u32 {
    return load<u32>(0x00abc000);
}

export function main(): void {
    count++;
    request(100, count);
    request(101, clockNow());
    request(102, heapFrames());
    store<u64>(EXCHANGE, 0x1122334455667788);
    const text = new Array<i32>(1000); // the heap that the manager mapped
    for (let i = 0; i < text.length; i++) text[i] = i * i;
    request(103, text[999]);
    touchNothing();
}

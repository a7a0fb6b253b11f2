// SPDX-License-Identifier: Apache-2.0
//
// A sentry that runs no process: it tries the manager's service and prints what it was given, so that the manager can be tested alone.

import "../../assembly/std/abort";
import {
    kernelCall,
    windowMap,
    windowTableMap,
    missingTableLevel,
    untypedRetype,
} from "../../assembly/sel4/generated/host";
import {
    containerConfiguration,
    EXCHANGE_ADDRESS,
    UNTYPED_FIRST_SLOT,
} from "../../assembly/std/containerConfiguration";
import { CNODE_RADIX } from "../../assembly/sentry/capabilities/layout";
import { LayerIndex } from "../../assembly/std/layerIndex";
import { decimal } from "../../assembly/std/numberText";
import { decodeUtf8, encodeUtf8 } from "../../assembly/std/utf8";

const EXCHANGE: usize = EXCHANGE_ADDRESS;
const MANAGER: u32 = 5;
const message: usize = memory.data(8 + 64 * 8, 8);
let nextSlot: u32 = 40;

function request(label: u32, a: u64, b: u64 = 0, c: u64 = 0, d: u64 = 0): u32 {
    store<u32>(message, label);
    store<u32>(message, 4, 4);
    store<u64>(message, a, 8);
    store<u64>(message, b, 16);
    store<u64>(message, c, 24);
    store<u64>(message, d, 32);
    return kernelCall(MANAGER, <u32>message);
}

function print(text: string): void {
    const length = encodeUtf8(text + "\n", EXCHANGE);
    request(1, 1, length);
}

/** Maps a frame at an address, with tables from the first untyped that has room. */
function map(frame: u32, at: u32): bool {
    while (true) {
        const error = windowMap(frame, at, 0);
        if (error != 6) return error == 0;
        const level = missingTableLevel();
        const slot = nextSlot++;
        let made = false;
        for (let i: u32 = 0; i < containerConfiguration().untypedCount && !made; i++) {
            made = untypedRetype(UNTYPED_FIRST_SLOT + i, 8 + level, 0, 1, 0, 64 - CNODE_RADIX, slot, 1) == 0;
        }
        if (!made || windowTableMap(slot, level, at) != 0) return false;
    }
}

export function main(): void {
    const configuration = containerConfiguration();
    print(
        "valid " + decimal(configuration.isValid() ? 1 : 0) + " limit " + decimal(configuration.memoryLimit),
    );
    for (let i: u32 = 0; i < configuration.argumentCount; i++) {
        const argument = configuration.argument(i);
        print("argument " + decodeUtf8(configuration.text(argument.offset), argument.length));
    }
    for (let i: u32 = 0; i < configuration.environmentCount; i++) {
        const variable = configuration.environment(i);
        print("environment " + decodeUtf8(configuration.text(variable.offset), variable.length));
    }
    let untypeds = "untypeds";
    for (let i: u32 = 0; i < configuration.untypedCount; i++)
        untypeds += " " + decimal(configuration.untypedBits(i));
    print(untypeds);
    for (let layer: u32 = 0; layer < configuration.layerCount; layer++) {
        const pages = configuration.layer(layer).indexPages;
        const base: u32 = 0x0100_0000 + layer * 0x0100_0000;
        const first = nextSlot;
        nextSlot += pages;
        const error = request(12, layer, 0, pages, first);
        let mapped = true;
        for (let i: u32 = 0; i < pages; i++) mapped = map(first + i, base + i * 4096) && mapped;
        const index = changetype<LayerIndex>(<usize>base);
        print(
            "layer " +
                decimal(layer) +
                " error " +
                decimal(error) +
                " mapped " +
                decimal(mapped ? 1 : 0) +
                " valid " +
                decimal(index.isValid() ? 1 : 0) +
                " inodes " +
                decimal(index.inodeCount) +
                " entries " +
                decimal(index.entryCount) +
                " pages " +
                decimal(configuration.layer(layer).dataPages),
        );
        const root = index.inode(0);
        let names = "";
        for (let i: u32 = 0; i < root.entryCount; i++) {
            const entry = index.entry(root.firstEntry + i);
            names += " " + decodeUtf8(index.text(entry.nameOffset), entry.nameLength);
        }
        print("root" + names);
    }
    print("unknown request " + decimal(request(99, 0)));
    request(7, 3 << 8, 0, 0);
}

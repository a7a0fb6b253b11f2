// SPDX-License-Identifier: Apache-2.0
//
// What the unpacker asks of the manager: seL4_Call on the one capability that it holds. Bytes travel in pages that both have mapped.

import { Endpoint, capability } from "../sel4/capabilities";
import { Message } from "../sel4/message";
import { Compression } from "../oci/mediaTypes";
import { LayerIndex } from "../std/layerIndex";
import {
    UNPACKER_EXCHANGE,
    UNPACKER_MANAGER_SLOT,
    UNPACK_ADOPT,
    UNPACK_BEGIN,
    UNPACK_DONE,
    UNPACK_FAILED,
    UNPACK_FREE,
    UNPACK_INDEX,
    UNPACK_OK,
    UNPACK_PAGES,
    UNPACK_READ,
    UNPACK_READ_AT,
    UNPACK_SHARE,
} from "../std/unpackerProtocol";

const message: Message = Message.make();

/** The layer to be unpacked. */
export class Task {
    /** Set while the layer is read: over other layers its index would be another one. */
    dependsOnLower: bool = false;

    constructor(
        readonly compression: Compression,
        /** Packed bytes. */
        readonly size: u64,
        /** Indexes of the layers below, the lowest first. */
        readonly lower: LayerIndex[],
    ) {}
}

/** Asks with the first `words` words of the message. The answer's label. */
function ask(label: u32, words: u32): u32 {
    message.begin(label, words);
    return capability<Endpoint>(UNPACKER_MANAGER_SLOT).call(message);
}

export function begin(): Task {
    ask(UNPACK_BEGIN, 0);
    const layers = <i32>message.get(2);
    const lower = new Array<LayerIndex>();
    for (let i = 0; i < layers; i++)
        lower.push(changetype<LayerIndex>(<usize>load<u32>(UNPACKER_EXCHANGE + ((<usize>i) << 2))));
    return new Task(<Compression>(<i32>message.get(0)), message.get(1), lower);
}

/** Has the packed layer's next bytes put into UNPACKER_PACKED: how many, 0 at the end. */
export function readPacked(): u32 {
    ask(UNPACK_READ, 0);
    return <u32>message.get(0);
}

/** Has bytes of the layer's EROFS image from `offset` on put into UNPACKER_PACKED: how many. */
export function readImage(offset: u64): u32 {
    message.set(0, offset);
    return ask(UNPACK_READ_AT, 1) == UNPACK_OK ? <u32>message.get(0) : 0;
}

/** Adds pages that the layer's EROFS image has. False when the machine has no memory to note them. */
export function adoptPages(page: u32, pages: u32): bool {
    message.set(0, page);
    message.set(1, pages);
    return ask(UNPACK_ADOPT, 2) == UNPACK_OK;
}

/** Hands over the first `pages` pages of UNPACKER_CONTENT. False when the machine has no memory for them. */
export function addPages(pages: u32): bool {
    message.set(0, pages);
    return ask(UNPACK_PAGES, 1) == UNPACK_OK;
}

/** Adds pages that a lower layer has. False when the machine has no memory to note them. */
export function sharePages(lowerLayer: u32, page: u32, pages: u32): bool {
    message.set(0, lowerLayer);
    message.set(1, page);
    message.set(2, pages);
    return ask(UNPACK_SHARE, 3) == UNPACK_OK;
}

/** Hands over the first `pages` pages of UNPACKER_CONTENT as the next of the `total` pages of the index. */
export function addIndexPages(total: u32, pages: u32): bool {
    message.set(0, total);
    message.set(1, pages);
    return ask(UNPACK_INDEX, 2) == UNPACK_OK;
}

/** Bytes of the machine's memory that are free. */
export function freeMemory(): u64 {
    ask(UNPACK_FREE, 0);
    return message.get(0);
}

/** Bytes of the machine's memory. */
export function allMemory(): u64 {
    ask(UNPACK_FREE, 0);
    return message.get(1);
}

/** The layer is unpacked; its archive's digest is in UNPACKER_EXCHANGE. Does not return. */
export function finish(dependsOnLower: bool): void {
    message.set(0, dependsOnLower ? 1 : 0);
    ask(UNPACK_DONE, 1);
}

/** The layer cannot be unpacked, for the reason in the first `bytes` bytes of UNPACKER_EXCHANGE. Does not return. */
export function giveUp(bytes: u32): void {
    message.set(0, bytes);
    ask(UNPACK_FAILED, 1);
}

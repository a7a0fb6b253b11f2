// SPDX-License-Identifier: Apache-2.0
//
// unpacker.wasm: reads one packed layer, an archive that nobody has to trust, and hands its pages and its index to the manager. It runs in
// a protection domain that exists for that layer alone and holds one capability: to ask the manager (docs/security.md).

import "../std/abort";
import { encodeUtf8, utf8Length } from "../std/utf8";
import { PAGE_SIZE } from "../std/pages";
import { UNPACKER_EXCHANGE } from "../std/unpackerProtocol";
import { begin, finish, giveUp } from "./manager";
import { unpackLayer } from "./unpackLayer";

export function main(): void {
    const task = begin();
    const failure = unpackLayer(task);
    if (failure === null) finish(task.dependsOnLower);
    else {
        let message = failure.message;
        // Names of the archive are in it; what is too long for the page loses its end.
        while (<u32>utf8Length(message) > PAGE_SIZE) message = message.slice(0, message.length >> 1);
        giveUp(encodeUtf8(message, UNPACKER_EXCHANGE));
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// sentry.wasm: the Linux of one container (docs/architecture.md). The runtime calls `_initialize`, then `main`.

import "../std/abort";
// Before anything else takes memory of the heap.
import "./memory/buffers";
import { trimInodeCache } from "./fs/overlay/inodeCache";
import { serveOnce } from "./kernel/eventLoop";
import { collectIfDue } from "./kernel/garbage";
import { startContainer } from "./kernel/start";

/**
 * Starts the container and serves it for ever. This function has no managed locals, and collectIfDue none before it
 * collects: all live objects are reachable from globals then, as the minimal runtime asks.
 */
export function main(): void {
    startContainer();
    while (true) {
        serveOnce();
        trimInodeCache();
        collectIfDue();
    }
}

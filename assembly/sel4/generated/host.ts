// SPDX-License-Identifier: Apache-2.0
//
// Generated from wit/sealift.wit by `npm run wit`. Do not edit.

// ------------ sealift:system/kernel@0.1.0
// Invocations and system calls of seL4 (MCS). Names and argument orders are those of the seL4 reference manual.
// Object types, rights, and page-table levels are Sealift's own numbers (below), so that a module does not depend on
// a kernel's configuration; the runtime translates them with the headers of the kernel at hand.

@external("sealift:system/kernel@0.1.0", "untyped-retype")
export declare function untypedRetype(untyped: u32, object: u32, sizeBits: u32, root: u32, nodeIndex: u32, nodeDepth: u32, nodeOffset: u32, count: u32): u32;

@external("sealift:system/kernel@0.1.0", "cnode-copy")
export declare function cnodeCopy(destRoot: u32, destIndex: u32, destDepth: u32, srcRoot: u32, srcIndex: u32, srcDepth: u32, allowed: u32): u32;

/**
 * `badge` is an endpoint's or notification's badge, or a CNode's guard (seL4_CNode_CapData: guard << 6 | guard size).
 */
@external("sealift:system/kernel@0.1.0", "cnode-mint")
export declare function cnodeMint(destRoot: u32, destIndex: u32, destDepth: u32, srcRoot: u32, srcIndex: u32, srcDepth: u32, allowed: u32, badge: u64): u32;

@external("sealift:system/kernel@0.1.0", "cnode-move")
export declare function cnodeMove(destRoot: u32, destIndex: u32, destDepth: u32, srcRoot: u32, srcIndex: u32, srcDepth: u32): u32;

@external("sealift:system/kernel@0.1.0", "cnode-delete")
export declare function cnodeDelete(root: u32, index: u32, depth: u32): u32;

@external("sealift:system/kernel@0.1.0", "cnode-revoke")
export declare function cnodeRevoke(root: u32, index: u32, depth: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-configure")
export declare function tcbConfigure(tcb: u32, cspaceRoot: u32, cspaceRootData: u64, vspaceRoot: u32, buffer: u64, bufferFrame: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-set-sched-params")
export declare function tcbSetSchedParams(tcb: u32, authority: u32, mcp: u32, priority: u32, schedContext: u32, faultEndpoint: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-suspend")
export declare function tcbSuspend(tcb: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-resume")
export declare function tcbResume(tcb: u32): u32;

/**
 * Copies `count` words of seL4_UserContext (the kernel's order) to `registers` (count * 8 bytes).
 */
@external("sealift:system/kernel@0.1.0", "tcb-read-registers")
export declare function tcbReadRegisters(tcb: u32, suspendSource: u32, count: u32, registers: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-write-registers")
export declare function tcbWriteRegisters(tcb: u32, resumeTarget: u32, count: u32, registers: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-set-tls-base")
export declare function tcbSetTlsBase(tcb: u32, base: u64): u32;

@external("sealift:system/kernel@0.1.0", "tcb-bind-notification")
export declare function tcbBindNotification(tcb: u32, notification: u32): u32;

@external("sealift:system/kernel@0.1.0", "tcb-unbind-notification")
export declare function tcbUnbindNotification(tcb: u32): u32;

/**
 * Budget and period in microseconds.
 */
@external("sealift:system/kernel@0.1.0", "sched-control-configure")
export declare function schedControlConfigure(control: u32, schedContext: u32, budget: u64, period: u64, extraRefills: u32, badge: u64): u32;

@external("sealift:system/kernel@0.1.0", "sched-context-bind")
export declare function schedContextBind(schedContext: u32, object: u32): u32;

@external("sealift:system/kernel@0.1.0", "sched-context-unbind")
export declare function schedContextUnbind(schedContext: u32): u32;

/**
 * Microseconds that have run on it since this was last asked, or the maximum u64 on error.
 */
@external("sealift:system/kernel@0.1.0", "sched-context-consumed")
export declare function schedContextConsumed(schedContext: u32): u64;

@external("sealift:system/kernel@0.1.0", "page-map")
export declare function pageMap(frame: u32, vspace: u32, vaddr: u64, allowed: u32, execute: u32): u32;

@external("sealift:system/kernel@0.1.0", "page-unmap")
export declare function pageUnmap(frame: u32): u32;

/**
 * Physical address of a frame, or the maximum u64 on error.
 */
@external("sealift:system/kernel@0.1.0", "page-get-address")
export declare function pageGetAddress(frame: u32): u64;

/**
 * Maps a page table of `level` (1 is the leaf, 3 the one below the root).
 */
@external("sealift:system/kernel@0.1.0", "page-table-map")
export declare function pageTableMap(table: u32, level: u32, vspace: u32, vaddr: u64): u32;

@external("sealift:system/kernel@0.1.0", "page-table-unmap")
export declare function pageTableUnmap(table: u32, level: u32): u32;

/**
 * After `page-map` or `page-table-map` failed with 6: the level (1 to 3) of the page table that is missing.
 */
@external("sealift:system/kernel@0.1.0", "missing-table-level")
export declare function missingTableLevel(): u32;

@external("sealift:system/kernel@0.1.0", "asid-pool-assign")
export declare function asidPoolAssign(pool: u32, vspace: u32): u32;

/**
 * Makes an ASID pool of an untyped of its size into a slot of a CSpace.
 */
@external("sealift:system/kernel@0.1.0", "asid-control-make-pool")
export declare function asidControlMakePool(control: u32, untyped: u32, root: u32, index: u32, depth: u32): u32;

/**
 * IPC. `message` is a message block in the caller's memory, 8-aligned: u32 label, u32 length (words, at most 120),
 * then `length` u64 message registers. Functions that send read it; functions that receive write it (528 bytes hold
 * every fault message; longer messages are cut at 64 words). The result of a receive is the badge.
 */
@external("sealift:system/kernel@0.1.0", "recv")
export declare function kernelRecv(source: u32, reply: u32, message: u32): u64;

@external("sealift:system/kernel@0.1.0", "nb-recv")
export declare function nbRecv(source: u32, reply: u32, message: u32): u64;

/**
 * Answers through `reply` with the message, then receives into the same block.
 */
@external("sealift:system/kernel@0.1.0", "reply-recv")
export declare function replyRecv(source: u32, reply: u32, message: u32): u64;

/**
 * seL4_NBSendRecv: sends the message to `destination` (a reply object or an endpoint), then receives with `reply`.
 */
@external("sealift:system/kernel@0.1.0", "nb-send-recv")
export declare function nbSendRecv(destination: u32, source: u32, reply: u32, message: u32): u64;

/**
 * Sends and waits for the answer, which is written to the same block. The result is the answer's label.
 */
@external("sealift:system/kernel@0.1.0", "call")
export declare function kernelCall(destination: u32, message: u32): u32;

@external("sealift:system/kernel@0.1.0", "send")
export declare function kernelSend(destination: u32, message: u32): void;

@external("sealift:system/kernel@0.1.0", "signal")
export declare function kernelSignal(notification: u32): void;

@external("sealift:system/kernel@0.1.0", "yield")
export declare function kernelYield(): void;

// ------------ sealift:system/memory@0.1.0
// The caller's own linear memory. Below 2 GiB lies the window: addresses where the caller maps page frames it holds.
// Above lies the module's data and heap. Access to a window page with no frame behind it is a trap.

/**
 * Maps a frame at a page-aligned window address of the caller's own linear memory. 6: a page table is missing,
 * its level is kernel.missing-table-level.
 */
@external("sealift:system/memory@0.1.0", "window-map")
export declare function windowMap(frame: u32, at: u32, writable: u32): u32;

@external("sealift:system/memory@0.1.0", "window-table-map")
export declare function windowTableMap(table: u32, level: u32, at: u32): u32;

/**
 * Where memory.grow takes its frames and page tables from: an untyped and a range of empty capability slots.
 * Replaces the source given before. A Wasm page is 16 frames, so 16 slots (and now and then a page table's).
 */
@external("sealift:system/memory@0.1.0", "heap-source")
export declare function heapSource(untyped: u32, firstSlot: u32, slotCount: u32): void;

/**
 * Slots of the present heap source that are still unused.
 */
@external("sealift:system/memory@0.1.0", "heap-slots-left")
export declare function heapSlotsLeft(): u32;

/**
 * Frames mapped as heap so far, the module's static data included.
 */
@external("sealift:system/memory@0.1.0", "heap-frames")
export declare function heapFrames(): u32;

// ------------ sealift:system/clock@0.1.0

/**
 * Nanoseconds since boot, monotonic.
 */
@external("sealift:system/clock@0.1.0", "now")
export declare function clockNow(): u64;

/**
 * Nanoseconds since the epoch, from the machine's clock; 0 where it has none.
 */
@external("sealift:system/clock@0.1.0", "realtime")
export declare function clockRealtime(): u64;

/**
 * What programs need that compute `now` themselves: fact 0 is which counter they may read (0 none, 1 the TSC, CNTVCT_EL0
 * or rdtime, 2 CNTPCT_EL0), 1 its frequency in Hz, 2 its value at time 0. All others are 0.
 */
@external("sealift:system/clock@0.1.0", "counter")
export declare function clockCounter(fact: u32): u64;

// ------------ sealift:system/report@0.1.0
// What a module says of itself to people: reaches the console in the root task and the manager in a sentry.

/**
 * Ends the module with a trap that names the cause. Strings are UTF-16, lengths in code units.
 */
@external("sealift:system/report@0.1.0", "abort")
export declare function reportAbort(message: u32, messageLength: u32, file: u32, fileLength: u32, line: u32, column: u32): void;

/**
 * Wasm instructions executed since boot when the runtime was built to count them, else 0.
 */
@external("sealift:system/report@0.1.0", "instructions")
export declare function reportInstructions(): u64;

// ------------ sealift:system/digest@0.1.0
// Message digests (FIPS 180-4). The state is 112 bytes in the caller's memory and holds no addresses.

@external("sealift:system/digest@0.1.0", "sha256-begin")
export declare function sha256Begin(state: u32): void;

@external("sealift:system/digest@0.1.0", "sha256-update")
export declare function sha256Update(state: u32, data: u32, length: u32): void;

/**
 * Writes 32 bytes to `digest`.
 */
@external("sealift:system/digest@0.1.0", "sha256-end")
export declare function sha256End(state: u32, digest: u32): void;

// ------------ sealift:system/pages@0.1.0
// Pages of the caller's memory compared: 4096 bytes each, at addresses that are multiples of 8.

/**
 * A number that equal pages have in common, and different ones seldom. It is good for nothing but tables: who knows it can make
 * pages that have the same.
 */
@external("sealift:system/pages@0.1.0", "hash")
export declare function pagesHash(page: u32): u64;

/**
 * 1 if both hold the same bytes, else 0.
 */
@external("sealift:system/pages@0.1.0", "equal")
export declare function pagesEqual(left: u32, right: u32): u32;

// ------------ sealift:system/codec@0.1.0
// Decompression: gzip (RFC 1951, RFC 1952) and zstd (RFC 8878). There is one stream of each at a time.

/**
 * Starts a gzip stream; further members of a multi-member file are read as one.
 */
@external("sealift:system/codec@0.1.0", "gunzip-begin")
export declare function gunzipBegin(): void;

/**
 * Reads at most `input-length` bytes and writes at most `output-length`. The result packs what happened:
 * bits 0..29 bytes consumed, 30..59 bytes produced, 60..63 status: 0 more, 1 end of stream, 2 corrupt data, 3 no memory.
 */
@external("sealift:system/codec@0.1.0", "gunzip")
export declare function codecGunzip(input: u32, inputLength: u32, output: u32, outputLength: u32): u64;

/**
 * Starts a zstd stream of one or more frames, which are read as one; skippable frames are skipped. The memory that the
 * decoder had is forgotten. No frame is decoded that refers back further than `window-maximum` bytes.
 */
@external("sealift:system/codec@0.1.0", "unzstd-begin")
export declare function unzstdBegin(windowMaximum: u32): void;

/**
 * As gunzip, but for two statuses: 3 the frame that begins has a larger window or needs more memory than the decoder has,
 * 4 it was made with a dictionary.
 */
@external("sealift:system/codec@0.1.0", "unzstd")
export declare function codecUnzstd(input: u32, inputLength: u32, output: u32, outputLength: u32): u64;

/**
 * Fact 0 is the bytes that the decoder can be given at most, 1 the present frame's window in bytes, 2 the bytes that decoding
 * it takes, or the maximum u64 where no memory would do. All others are 0.
 */
@external("sealift:system/codec@0.1.0", "unzstd-fact")
export declare function unzstdFact(fact: u32): u64;

/**
 * Gives the decoder `size` bytes of the caller's address space, outside its linear memory: before the first frame or after
 * status 3, not within a frame. They stay the decoder's until unzstd-begin.
 */
@external("sealift:system/codec@0.1.0", "unzstd-memory")
export declare function unzstdMemory(size: u32): void;

// ------------ sealift:system/boot@0.1.0
// The machine: only the root task has it.

/**
 * Facts about the machine and this boot, by key (runtime-c/host/boot-keys.h, mirrored in the generated module).
 */
@external("sealift:system/boot@0.1.0", "value")
export declare function bootValue(key: u32, index: u32): u64;

/**
 * Size in bytes of the bundle that the boot image carries: a tar archive.
 */
@external("sealift:system/boot@0.1.0", "bundle-size")
export declare function bundleSize(): u64;

@external("sealift:system/boot@0.1.0", "bundle-read")
export declare function bundleRead(offset: u64, to: u32, length: u32): void;

@external("sealift:system/boot@0.1.0", "console-write")
export declare function consoleWrite(data: u32, length: u32): void;

/**
 * Reads what the serial line has, without waiting. The result is the number of bytes.
 */
@external("sealift:system/boot@0.1.0", "console-read")
export declare function consoleRead(to: u32, capacity: u32): u32;

/**
 * Interrupt sources: 0 console input, 1 timer.
 */
@external("sealift:system/boot@0.1.0", "interrupt-bind")
export declare function interruptBind(source: u32, notification: u32): u32;

@external("sealift:system/boot@0.1.0", "interrupt-acknowledge")
export declare function interruptAcknowledge(source: u32): void;

/**
 * Arms the timer for a deadline of clock.now; it may come early (deadlines beyond its range), never late by design.
 * The maximum u64 disarms it.
 */
@external("sealift:system/boot@0.1.0", "timer-arm")
export declare function timerArm(deadline: u64): void;

/**
 * Switches the machine off. Does not return.
 */
@external("sealift:system/boot@0.1.0", "power-off")
export declare function powerOff(): void;

// SPDX-License-Identifier: Apache-2.0
//
// What the sentry asks of the manager (contract §6): seL4_Call on the manager's endpoint. Bytes travel in the exchange
// page, which both have mapped.

import { EXCHANGE_ADDRESS } from "../std/containerConfiguration";
import { kernelCall, kernelRecv } from "../sel4/generated/host";
import { SLOT_MANAGER, SLOT_NOTIFICATION } from "./capabilities/slots";
import { reserveCommonBuffer } from "./memory/buffers";

/** The exchange page in the sentry's window. */
export const EXCHANGE: usize = EXCHANGE_ADDRESS;
export const EXCHANGE_SIZE: i32 = 4096;

const CONSOLE_WRITE: u32 = 1;
const CONSOLE_READ: u32 = 2;
const SET_TIMER: u32 = 3;
const CONFIGURE_SC: u32 = 4;
const ASSIGN_ASID: u32 = 5;
const STORE_FRAMES: u32 = 6;
const EXITED: u32 = 7;
const LOG: u32 = 8;
const TAKE_SIGNALS: u32 = 9;
const STATISTICS: u32 = 11;
const INDEX_FRAMES: u32 = 12;
const PROCESSOR_TIME: u32 = 13;
const TERMINAL_SIZE: u32 = 14;
const TAKE_EXEC: u32 = 15;
const EXEC_EXITED: u32 = 16;
const CODE_FRAME: u32 = 17;
const COMMON_FRAME: u32 = 18;

/** Answer of fetchCodeFrame (ENOENT): the page is executed as it is. */
export const CODE_HAS_NO_CALLS: u32 = 2;

/** Words of the longest request: statistics. */
const REQUEST_WORDS: i32 = 32;
/** A message block: label, length, words. */
const block: usize = reserveCommonBuffer(8 + REQUEST_WORDS * 8);

// @ts-ignore: decorator
@inline
function setWord(index: i32, value: u64): void {
    store<u64>(block + 8 + ((<usize>index) << 3), value);
}

// @ts-ignore: decorator
@inline
function answerWord(index: i32): u64 {
    return load<u64>(block + 8 + ((<usize>index) << 3));
}

/** Calls with the first `words` words of the block. The result is the answer's label: 0 = done. */
function request(label: u32, words: i32): u32 {
    store<u32>(block, label);
    store<u32>(block, words, 4);
    return kernelCall(SLOT_MANAGER, <u32>block);
}

/** Writes `length` bytes of the sentry's memory to a session's standard output (1) or standard error (2). */
export function consoleWrite(session: u32, stream: i32, address: usize, length: i32): void {
    while (length > 0) {
        const part = min(length, EXCHANGE_SIZE);
        memory.copy(EXCHANGE, address, part);
        setWord(0, stream);
        setWord(1, part);
        setWord(2, session);
        request(CONSOLE_WRITE, 3);
        address += part;
        length -= part;
    }
}

/**
 * Takes at most `capacity` bytes of a session's standard input. The result is their number, 0 when there is nothing
 * yet (notification bit NOTIFY_INPUT comes later), -1 at the end of input.
 */
export function consoleRead(session: u32, destination: usize, capacity: i32): i32 {
    setWord(0, min(capacity, EXCHANGE_SIZE));
    setWord(1, session);
    if (request(CONSOLE_READ, 2) != 0) return -1;
    const count = <i32>answerWord(0);
    if (count == 0) return answerWord(1) != 0 ? -1 : 0;
    memory.copy(destination, EXCHANGE, count);
    return count;
}

/** Asks for notification bit NOTIFY_TIMER at clock time `deadline` (nanoseconds); a later call replaces it. */
export function setTimer(deadline: u64): void {
    setWord(0, deadline);
    request(SET_TIMER, 1);
}

/** Gives the scheduling context in `slot` the container's budget and period. */
export function configureSchedulingContext(slot: u32): bool {
    setWord(0, slot);
    return request(CONFIGURE_SC, 1) == 0;
}

/** Gives the VSpace in `slot` an address space identifier. */
export function assignAsid(slot: u32): bool {
    setWord(0, slot);
    return request(ASSIGN_ASID, 1) == 0;
}

/**
 * Gets read-only capabilities for `count` data pages of a layer into the adjacent empty slots from `firstSlot`. The
 * result is how many came: fewer at the layer's end.
 */
export function fetchStoreFrames(layer: u32, firstPage: u32, count: u32, firstSlot: u32): u32 {
    return fetchFrames(STORE_FRAMES, layer, firstPage, count, firstSlot);
}

/** The same for the layer's index pages. */
export function fetchIndexFrames(layer: u32, firstPage: u32, count: u32, firstSlot: u32): u32 {
    return fetchFrames(INDEX_FRAMES, layer, firstPage, count, firstSlot);
}

function fetchFrames(label: u32, layer: u32, firstPage: u32, count: u32, firstSlot: u32): u32 {
    setWord(0, layer);
    setWord(1, firstPage);
    setWord(2, count);
    setWord(3, firstSlot);
    if (request(label, 4) != 0) return 0;
    return min(<u32>answerWord(0), count);
}

/**
 * Gets a read-only capability for a data page of a layer, with its system calls patched, into an empty slot. `before` and `behind`:
 * the page before it and the one behind belong to the same program. The answer is 0, CODE_HAS_NO_CALLS, or another error where the manager
 * makes no such page.
 */
export function fetchCodeFrame(layer: u32, page: u32, before: bool, behind: bool, slot: u32): u32 {
    setWord(0, layer);
    setWord(1, page);
    setWord(2, (before ? 1 : 0) | (behind ? 2 : 0));
    setWord(3, slot);
    return request(CODE_FRAME, 4);
}

/**
 * Gets a read-only capability for a frame with the bytes of the exchange page, which containers that ask for the same share, into an empty slot.
 * The result is the frame's number, the same for the same bytes, or -1 where the manager makes no such frame.
 */
export function fetchCommonFrame(slot: u32): i32 {
    setWord(0, slot);
    return request(COMMON_FRAME, 1) == 0 ? <i32>answerWord(0) : -1;
}

/** Signals from the host for a session since the last call: bit n = signal n. */
export function takeHostSignals(session: u32): u64 {
    setWord(0, session);
    return request(TAKE_SIGNALS, 1) == 0 ? answerWord(0) : 0;
}

/** Microseconds that the sentry and, where CPU time is limited, its threads together have used (fetchProcessorTime). */
export let sentryMicroseconds: u64 = 0;
export let threadsMicroseconds: u64 = 0;

/** Asks what sentryMicroseconds and threadsMicroseconds say. */
export function fetchProcessorTime(): void {
    if (request(PROCESSOR_TIME, 0) != 0) return;
    sentryMicroseconds = answerWord(0);
    threadsMicroseconds = answerWord(1);
}

/** Rows and columns of the terminal that a session's console is (fetchTerminalSize). */
export let terminalRows: u16 = 0;
export let terminalColumns: u16 = 0;

/** Asks what terminalRows and terminalColumns say. */
export function fetchTerminalSize(session: u32): bool {
    setWord(0, session);
    if (request(TERMINAL_SIZE, 1) != 0) return false;
    terminalRows = <u16>answerWord(0);
    terminalColumns = <u16>answerWord(1);
    return true;
}

/** Bytes of the description that takeExec has asked for a piece of, and its session. */
export let execSize: u32 = 0;
export let execSession: u32 = 0;

/**
 * Takes a piece of the description of a process to be started, from byte `offset` on, into the exchange page: how many bytes. 0: there is no
 * such process. With its last byte the description is the sentry's.
 */
export function takeExec(offset: u32): u32 {
    setWord(0, offset);
    if (request(TAKE_EXEC, 1) != 0) return 0;
    execSize = <u32>answerWord(0);
    execSession = (<u32>answerWord(2)) & 0xffff;
    return offset < execSize ? min(<u32>answerWord(1), min(<u32>EXCHANGE_SIZE, execSize - offset)) : 0;
}

/**
 * A session's process has ended, and with it the session. `status` is its wait status; or, with `failed`, the exit code of an engine that could
 * not start it, and `message` (UTF-8 bytes in the sentry's memory) says why.
 */
export function reportExecExit(session: u32, status: i32, message: usize, length: i32, failed: bool): void {
    const part = min(length, EXCHANGE_SIZE);
    memory.copy(EXCHANGE, message, part);
    setWord(0, session);
    setWord(1, status);
    setWord(2, part);
    setWord(3, failed ? 1 : 0);
    request(EXEC_EXITED, 4);
}

/** Shows text (UTF-8 bytes) on the console, apart from the container's own output. */
export function logBytes(address: usize, length: i32): void {
    while (length > 0) {
        const part = min(length, EXCHANGE_SIZE);
        memory.copy(EXCHANGE, address, part);
        setWord(0, part);
        request(LOG, 1);
        address += part;
        length -= part;
    }
}

/** Reports accounting words: `count` u64 at `words`, as std/statistics.ts orders them. */
export function reportStatistics(words: usize, count: i32): void {
    memory.copy(block + 8, words, count << 3);
    request(STATISTICS, count);
}

/**
 * The container has ended. `status` is pid 1's wait status; or, with `failed`, the exit code of an engine that could not
 * start it, and `message` (UTF-8 bytes in the sentry's memory) says why. Does not return.
 */
export function reportExit(status: i32, message: usize, length: i32, failed: bool): void {
    const part = min(length, EXCHANGE_SIZE);
    memory.copy(EXCHANGE, message, part);
    setWord(0, status);
    setWord(1, part);
    setWord(2, failed ? 1 : 0);
    request(EXITED, 3);
    // The manager does not answer, but takes the sentry down. Should it answer, there is nothing left to do.
    while (true) kernelRecv(SLOT_NOTIFICATION, 0, <u32>block);
}

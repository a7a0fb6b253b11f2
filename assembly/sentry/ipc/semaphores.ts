// SPDX-License-Identifier: Apache-2.0
//
// System V semaphores: sets of counters that one call changes together, or not at all. What a process did with SEM_UNDO is
// taken back when it ends.

import { EAGAIN, EFBIG, ERANGE } from "../kernel/errno";
import { Process } from "../kernel/process";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { reserveHeap } from "../capabilities/heapReserve";
import { IpcObject, IpcTable, IPC_NOWAIT } from "./objects";
import { secondsNow } from "./sharedMemory";

// Linux's defaults (semget(2)).
export const SEMMNI: i32 = 32000;
export const SEMMSL: i32 = 32000;
export const SEMMNS: i32 = 1_024_000_000;
export const SEMOPM: i32 = 500;
export const SEMVMX: i32 = 32767;
export const SEMAEM: i32 = SEMVMX;
export const SEM_UNDO: u32 = 0x1000;

/** struct sembuf: number (u16), operation (i16), flags (u16). */
export const OPERATION_SIZE: i32 = 6;

/** A semaphore in the set's memory: value, and the pid that operated on it last. */
const ENTRY_SIZE: i32 = 8;

export const sets: IpcTable = new IpcTable(SEMMNI);
/** Semaphores of all sets. */
export let semaphoreCount: i32 = 0;
/** Undo records that there are: the end of a process looks for its own only then. */
let undoRecords: i32 = 0;

/** What a process has to have taken back of one set. */
class Undo {
    next: Undo | null = null;

    constructor(
        readonly process: Process,
        readonly adjustments: StaticArray<i16>,
    ) {}
}

export class SemaphoreSet extends IpcObject {
    private readonly entries: usize;
    operationTime: u64 = 0;
    readonly queue: WaitQueue = new WaitQueue();
    private undos: Undo | null = null;

    constructor(
        mode: u32,
        readonly count: i32,
    ) {
        super(mode);
        this.entries = heap.alloc(count * ENTRY_SIZE);
        memory.fill(this.entries, 0, count * ENTRY_SIZE);
        this.changeTime = secondsNow();
        semaphoreCount += count;
    }

    value(number: i32): i32 {
        return load<i32>(this.entries + number * ENTRY_SIZE);
    }

    pid(number: i32): i32 {
        return load<i32>(this.entries + number * ENTRY_SIZE, 4);
    }

    private set(number: i32, value: i32): void {
        store<i32>(this.entries + number * ENTRY_SIZE, value);
    }

    private setPid(number: i32, pid: i32): void {
        store<i32>(this.entries + number * ENTRY_SIZE, pid, 4);
    }

    /** SETVAL and SETALL: what processes would take back of it is forgotten. */
    assign(number: i32, value: i32): void {
        this.set(number, value);
        this.setPid(number, current.process.pid);
        for (let undo = this.undos; undo !== null;) {
            undo.adjustments[number] = 0;
            undo = undo.next;
        }
    }

    changed(): void {
        this.changeTime = secondsNow();
        this.queue.wake();
    }

    private undoOf(process: Process): Undo | null {
        let undo = this.undos;
        while (undo !== null) {
            if (undo.process === process) return undo;
            undo = undo.next;
        }
        return null;
    }

    /** The record of the current process, made if it has none; null: no memory. */
    private ownUndo(): Undo | null {
        const known = this.undoOf(current.process);
        if (known !== null) return known;
        if (!reserveHeap(this.count * 2)) return null;
        const undo = new Undo(current.process, new StaticArray<i16>(this.count));
        undo.next = this.undos;
        this.undos = undo;
        undoRecords++;
        return undo;
    }

    /**
     * Does `count` operations (struct sembuf at `operations`), all or none. 0, a negative errno, or -EAGAIN with
     * `stoppedAt`: the operation that has to wait. `shortOfMemory`: -EAGAIN means that.
     */
    perform(operations: usize, count: i32): i64 {
        let undo: Undo | null = null;
        let done = 0;
        let error: i64 = 0;
        shortOfMemory = false;
        for (; done < count; done++) {
            const at = operations + done * OPERATION_SIZE;
            const number = <i32>load<u16>(at);
            const change = <i32>load<i16>(at, 2);
            const flags = <u32>load<u16>(at, 4);
            const value = this.value(number);
            if ((change == 0 && value != 0) || value + change < 0) {
                stoppedAt = done;
                mayWait = (flags & IPC_NOWAIT) == 0;
                error = -EAGAIN;
                break;
            }
            if (value + change > SEMVMX) {
                error = -ERANGE;
                break;
            }
            if ((flags & SEM_UNDO) != 0 && change != 0) {
                if (undo === null) undo = this.ownUndo();
                if (undo === null) {
                    shortOfMemory = true;
                    error = -EAGAIN;
                    break;
                }
                const adjusted = <i32>undo.adjustments[number] - change;
                if (adjusted < -SEMAEM - 1 || adjusted > SEMAEM) {
                    error = -ERANGE;
                    break;
                }
                undo.adjustments[number] = <i16>adjusted;
            }
            this.set(number, value + change);
        }
        if (error != 0) {
            while (--done >= 0) {
                const at = operations + done * OPERATION_SIZE;
                const number = <i32>load<u16>(at);
                const change = <i32>load<i16>(at, 2);
                this.set(number, this.value(number) - change);
                if (undo !== null && ((<u32>load<u16>(at, 4)) & SEM_UNDO) != 0)
                    undo.adjustments[number] += <i16>change;
            }
            return error;
        }
        for (let i = 0; i < count; i++) {
            this.setPid(<i32>load<u16>(operations + i * OPERATION_SIZE), current.process.pid);
        }
        this.operationTime = secondsNow();
        return 0;
    }

    /** Whether all operations are on semaphores of the set. */
    check(operations: usize, count: i32): i64 {
        for (let i = 0; i < count; i++) {
            if (<i32>load<u16>(operations + i * OPERATION_SIZE) >= this.count) return -EFBIG;
        }
        return 0;
    }

    /** IPC_RMID: whoever waits is woken to find the set gone. */
    destroy(): void {
        sets.remove(this);
        semaphoreCount -= this.count;
        while (this.undos !== null) {
            this.undos = this.undos!.next;
            undoRecords--;
        }
        heap.free(this.entries);
        this.queue.wake();
    }

    /** Takes back what a process that ends did with SEM_UNDO. */
    takeBack(process: Process): void {
        let before: Undo | null = null;
        let undo = this.undos;
        while (undo !== null && undo.process !== process) {
            before = undo;
            undo = undo.next;
        }
        if (undo === null) return;
        if (before === null) this.undos = undo.next;
        else before.next = undo.next;
        undoRecords--;
        for (let i = 0; i < this.count; i++) {
            const change = <i32>undo.adjustments[i];
            if (change == 0) continue;
            // Linux, too, stops at the limits here.
            this.set(i, max(0, min(SEMVMX, this.value(i) + change)));
            this.setPid(i, process.pid);
        }
        this.operationTime = secondsNow();
        this.queue.wake();
    }
}

/** Of the latest perform that answered -EAGAIN. */
export let stoppedAt: i32 = 0;
export let mayWait: bool = false;
export let shortOfMemory: bool = false;

/** A process ends. */
export function undoSemaphores(process: Process): void {
    if (undoRecords == 0) return;
    for (let i = 0; i < sets.objects.length; i++) {
        const object = sets.objects[i];
        if (object !== null) changetype<SemaphoreSet>(object).takeBack(process);
    }
}

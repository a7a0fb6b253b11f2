// SPDX-License-Identifier: Apache-2.0
//
// epoll(7): a set of descriptors with the events that somebody waits for. Readiness is asked for when it is wanted; an
// edge-triggered entry is reported when its file's queue has been woken since the last report.

import { EVENT_DATA, EVENT_SIZE } from "../arch/fileStatus";
import { EEXIST, EINVAL, ELOOP, ENOENT, EPERM } from "../kernel/errno";
import { WaitQueue } from "../kernel/wait";
import { anonymousInode } from "./anonymousInode";
import { O_RDWR, OpenFile, POLLERR, POLLHUP, POLLIN, POLLRDNORM } from "./openFile";

export const EPOLL_CTL_ADD: i32 = 1;
export const EPOLL_CTL_DEL: i32 = 2;
export const EPOLL_CTL_MOD: i32 = 3;

const EPOLLEXCLUSIVE: u32 = 1 << 28;
const EPOLLWAKEUP: u32 = 1 << 29;
const EPOLLONESHOT: u32 = 1 << 30;
const EPOLLET: u32 = 1 << 31;
/** Events proper: the bits of poll(2). */
const EVENT_BITS: u32 = 0xffff;

class Interest {
    /** The file's queue had been woken this often when the entry was last reported. */
    wakes: u32 = 0;
    /** Report it even if nothing has changed since: it is new or changed. */
    fresh: bool = true;
    /** EPOLLONESHOT: reported, and silent until EPOLL_CTL_MOD. */
    spent: bool = false;

    constructor(
        readonly descriptor: i32,
        readonly file: OpenFile,
        public events: u32,
        public data: u64,
    ) {}
}

export class EventPoll extends OpenFile {
    private interests: Interest[] = [];
    /** Where the next collection begins, so that no entry starves. */
    private start: i32 = 0;
    /** Woken when the set changes: a thread that waits joins the queues of the new set. */
    private readonly changed: WaitQueue = new WaitQueue();

    constructor() {
        super(anonymousInode(), O_RDWR);
    }

    anonymousName(): string {
        return "[eventpoll]";
    }

    protected close(): void {
        this.interests = [];
    }

    /** epoll_ctl(2): 0 or a negative errno. */
    control(operation: i32, descriptor: i32, file: OpenFile, events: u32, data: u64): i64 {
        this.dropClosed();
        // Files that are always ready cannot be watched.
        if (file.waitQueue() === null && !(file instanceof EventPoll)) return -EPERM;
        if (file === this || (events & EPOLLEXCLUSIVE) != 0) return -EINVAL;
        if (file instanceof EventPoll && (<EventPoll>file).reaches(this)) return -ELOOP;
        const interest = this.find(descriptor, file);
        switch (operation) {
            case EPOLL_CTL_ADD:
                if (interest !== null) return -EEXIST;
                this.interests.push(new Interest(descriptor, file, events & ~EPOLLWAKEUP, data));
                break;
            case EPOLL_CTL_DEL:
                if (interest === null) return -ENOENT;
                this.interests.splice(this.interests.indexOf(interest), 1);
                break;
            case EPOLL_CTL_MOD:
                if (interest === null) return -ENOENT;
                interest.events = events & ~EPOLLWAKEUP;
                interest.data = data;
                interest.fresh = true;
                interest.spent = false;
                break;
            default:
                return -EINVAL;
        }
        this.changed.wake();
        return 0;
    }

    private find(descriptor: i32, file: OpenFile): Interest | null {
        for (let i = 0; i < this.interests.length; i++) {
            const interest = this.interests[i];
            if (interest.descriptor == descriptor && interest.file === file) return interest;
        }
        return null;
    }

    /** Whether `other` is in this set, directly or through further sets. */
    private reaches(other: EventPoll): bool {
        for (let i = 0; i < this.interests.length; i++) {
            const file = this.interests[i].file;
            if (file === other || (file instanceof EventPoll && (<EventPoll>file).reaches(other)))
                return true;
        }
        return false;
    }

    /** An entry ends when the last descriptor of its file has been closed. */
    private dropClosed(): void {
        for (let i = this.interests.length - 1; i >= 0; i--) {
            if (this.interests[i].file.references <= 0) this.interests.splice(i, 1);
        }
    }

    private eventsOf(interest: Interest): u32 {
        if (interest.spent) return 0;
        const events = interest.file.readiness() & ((interest.events & EVENT_BITS) | POLLERR | POLLHUP);
        if (events == 0 || (interest.events & EPOLLET) == 0 || interest.fresh) return events;
        const queue = interest.file.waitQueue();
        return queue !== null && queue.wakes == interest.wakes ? 0 : events;
    }

    /**
     * Writes up to `capacity` events (struct epoll_event) to the sentry's memory at `to`.
     * The result is how many.
     */
    collect(to: usize, capacity: i32): i32 {
        this.dropClosed();
        const count = this.interests.length;
        let found = 0;
        for (let i = 0; i < count && found < capacity; i++) {
            const index = (this.start + i) % count;
            const interest = this.interests[index];
            const events = this.eventsOf(interest);
            if (events == 0) continue;
            store<u32>(to, events);
            store<u64>(to, interest.data, EVENT_DATA);
            to += EVENT_SIZE;
            found++;
            interest.fresh = false;
            interest.spent = (interest.events & EPOLLONESHOT) != 0;
            const queue = interest.file.waitQueue();
            if (queue !== null) interest.wakes = queue.wakes;
            if (found == capacity) this.start = index + 1;
        }
        return found;
    }

    readiness(): u32 {
        this.dropClosed();
        for (let i = 0; i < this.interests.length; i++) {
            if (this.eventsOf(this.interests[i]) != 0) return POLLIN | POLLRDNORM;
        }
        return 0;
    }

    joinQueues(): void {
        for (let i = 0; i < this.interests.length; i++) {
            if (!this.interests[i].spent) this.interests[i].file.joinQueues();
        }
        super.joinQueues();
    }

    waitQueue(): WaitQueue | null {
        return this.changed;
    }
}

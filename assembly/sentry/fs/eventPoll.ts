// SPDX-License-Identifier: Apache-2.0
//
// epoll(7): a set of descriptors with the events that somebody waits for. Each entry (Interest) stays on the wait queues of its
// file. When one of them is woken, the entry goes to the set's *ready list*; only entries there are asked for their
// events. So a set of a thousand idle connections costs what the busy ones do.
//
// An entry that is asked and has no events leaves the list; a level-triggered one that has is put back at the list's end, so that
// every file gets its turn.

import { EVENT_DATA, EVENT_SIZE } from "../arch/fileStatus";
import { EEXIST, EINVAL, ELOOP, ENOENT, EPERM } from "../kernel/errno";
import { observe, Observer, stopObserving, WaitQueue } from "../kernel/wait";
import { anonymousInode } from "./anonymousInode";
import { O_RDWR, OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM } from "./openFile";

export const EPOLL_CTL_ADD: i32 = 1;
export const EPOLL_CTL_DEL: i32 = 2;
export const EPOLL_CTL_MOD: i32 = 3;

const EPOLLEXCLUSIVE: u32 = 1 << 28;
const EPOLLWAKEUP: u32 = 1 << 29;
const EPOLLONESHOT: u32 = 1 << 30;
const EPOLLET: u32 = 1 << 31;
/** Events proper: the bits of poll(2). */
const EVENT_BITS: u32 = 0xffff;
/** What may stand beside EPOLLEXCLUSIVE. */
const EXCLUSIVE_BITS: u32 = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/** Sets in a chain of sets may lead to so many others (Linux's EP_MAX_NESTS). */
const NESTING_MAXIMUM: i32 = 4;

/** An entry: a descriptor's number and description, in one set. */
export class Interest extends Observer {
    /** Of the set's entries, and of its ready list. */
    next: Interest | null = null;
    previous: Interest | null = null;
    nextReady: Interest | null = null;
    previousReady: Interest | null = null;
    isReady: bool = false;
    /** The file's next entry, in any set. */
    nextOfFile: Interest | null = null;

    constructor(
        readonly set: EventPoll,
        readonly descriptor: i32,
        readonly file: OpenFile,
        public events: u32,
        public data: u64,
    ) {
        super();
        this.isExclusive = (events & EPOLLEXCLUSIVE) != 0;
    }

    /** The poll bits that it waits for; none after EPOLLONESHOT has reported it. */
    @inline get wanted(): u32 {
        return this.events & EVENT_BITS;
    }

    notice(events: u32): bool {
        return (this.wanted & events) != 0 && this.set.addReady(this);
    }

    /** The file is closed, or the entry is taken away. */
    end(): void {
        stopObserving(this);
        this.set.forget(this);
        const file = this.file;
        let other = interestsOf(file);
        if (other === this) {
            file.interests = this.nextOfFile;
            return;
        }
        while (other !== null) {
            if (other.nextOfFile === this) {
                other.nextOfFile = this.nextOfFile;
                return;
            }
            other = other.nextOfFile;
        }
    }
}

/** The first entry for a file, in any set. */
@inline
function interestsOf(file: OpenFile): Interest | null {
    return changetype<Interest | null>(file.interests);
}

/** Counts the walks through nested sets: a set that was met in the present one is not entered again. */
let walks: u32 = 0;

export class EventPoll extends OpenFile {
    private first: Interest | null = null;
    private firstReady: Interest | null = null;
    private lastReady: Interest | null = null;
    private readyCount: i32 = 0;
    /** Woken when an entry becomes ready: threads in epoll_wait, and whoever watches the set itself. */
    private readonly queue: WaitQueue = new WaitQueue();
    private metIn: u32 = 0;
    private depthFound: i32 = 0;

    constructor() {
        super(anonymousInode(), O_RDWR);
    }

    anonymousName(): string {
        return "[eventpoll]";
    }

    protected close(): void {
        while (this.first !== null) this.first!.end();
    }

    /** epoll_ctl(2): 0 or a negative errno. */
    control(operation: i32, descriptor: i32, file: OpenFile, events: u32, data: u64): i64 {
        // Files that are always ready cannot be watched.
        if (file.waitQueue() === null) return -EPERM;
        if (file === this) return -EINVAL;
        const isSet = file instanceof EventPoll;
        if (operation != EPOLL_CTL_DEL && (events & EPOLLEXCLUSIVE) != 0) {
            if (operation == EPOLL_CTL_MOD) return -EINVAL;
            if (operation == EPOLL_CTL_ADD && (isSet || (events & ~EXCLUSIVE_BITS) != 0)) return -EINVAL;
        }
        if (operation == EPOLL_CTL_ADD && isSet && !this.mayHold(<EventPoll>file)) return -ELOOP;
        const interest = this.find(descriptor, file);
        switch (operation) {
            case EPOLL_CTL_ADD:
                if (interest !== null) return -EEXIST;
                this.add(new Interest(this, descriptor, file, allEvents(events), data));
                return 0;
            case EPOLL_CTL_DEL:
                if (interest === null) return -ENOENT;
                interest.end();
                return 0;
            case EPOLL_CTL_MOD:
                if (interest === null) return -ENOENT;
                if (interest.isExclusive) return -EINVAL;
                interest.events = allEvents(events);
                interest.data = data;
                // Where the file waits may have changed with what it is connected to.
                stopObserving(interest);
                this.watch(interest);
                return 0;
            default:
                return -EINVAL;
        }
    }

    private add(interest: Interest): void {
        const first = this.first;
        interest.next = first;
        if (first !== null) first.previous = interest;
        this.first = interest;
        interest.nextOfFile = interestsOf(interest.file);
        interest.file.interests = interest;
        this.watch(interest);
    }

    private watch(interest: Interest): void {
        observe(interest);
        interest.file.joinQueues();
        observe(null);
        if ((interest.file.readiness() & interest.wanted) != 0) this.addReady(interest);
    }

    /** Of the file's entries, which are few, the one for this descriptor in this set. */
    private find(descriptor: i32, file: OpenFile): Interest | null {
        let interest = interestsOf(file);
        while (interest !== null && (interest.set !== this || interest.descriptor != descriptor))
            interest = interest.nextOfFile;
        return interest;
    }

    /** Takes an entry out of the lists. */
    forget(interest: Interest): void {
        if (interest.isReady) this.dropReady(interest);
        const previous = interest.previous;
        const next = interest.next;
        if (previous === null) this.first = next;
        else previous.next = next;
        if (next !== null) next.previous = previous;
        interest.next = null;
        interest.previous = null;
    }

    // ---- nested sets

    /** Whether `other` may become an entry: no set leads to itself, nor through more than NESTING_MAXIMUM others. */
    private mayHold(other: EventPoll): bool {
        walks++;
        const below = other.depthBelow(this);
        if (below < 0) return false;
        walks++;
        return below + 1 + this.depthAbove() <= NESTING_MAXIMUM;
    }

    /** Sets below this one in the longest chain; -1 if `origin` is among them. */
    private depthBelow(origin: EventPoll): i32 {
        if (this === origin) return -1;
        if (this.metIn == walks) return this.depthFound;
        this.metIn = walks;
        let depth = 0;
        let interest = this.first;
        while (interest !== null && depth >= 0) {
            if (interest.file instanceof EventPoll) {
                const below = (<EventPoll>interest.file).depthBelow(origin);
                depth = below < 0 ? -1 : max(depth, below + 1);
            }
            interest = interest.next;
        }
        this.depthFound = depth;
        return depth;
    }

    private depthAbove(): i32 {
        if (this.metIn == walks) return this.depthFound;
        this.metIn = walks;
        let depth = 0;
        let interest = interestsOf(this);
        while (interest !== null) {
            depth = max(depth, interest.set.depthAbove() + 1);
            interest = interest.nextOfFile;
        }
        this.depthFound = depth;
        return depth;
    }

    // ---- the ready list

    /** Whether a thread that waited was woken. An entry that is on the list already has woken whom it can. */
    addReady(interest: Interest): bool {
        if (interest.isReady) return false;
        this.putReady(interest);
        return this.queue.wake(POLLIN | POLLRDNORM);
    }

    private putReady(interest: Interest): void {
        interest.isReady = true;
        const last = this.lastReady;
        interest.previousReady = last;
        interest.nextReady = null;
        if (last === null) this.firstReady = interest;
        else last.nextReady = interest;
        this.lastReady = interest;
        this.readyCount++;
    }

    private dropReady(interest: Interest): void {
        const previous = interest.previousReady;
        const next = interest.nextReady;
        if (previous === null) this.firstReady = next;
        else previous.nextReady = next;
        if (next === null) this.lastReady = previous;
        else next.previousReady = previous;
        interest.isReady = false;
        interest.nextReady = null;
        interest.previousReady = null;
        this.readyCount--;
    }

    /** Entries on the ready list: how many `collect` asks at most in one epoll_wait, each of them once. */
    get candidates(): i32 {
        return this.readyCount;
    }

    /** Entries that the latest `collect` asked. */
    asked: i32 = 0;

    /**
     * Writes up to `capacity` events (struct epoll_event) to the sentry's memory at `to`, asking at most `limit` entries.
     * The result is how many.
     */
    collect(to: usize, capacity: i32, limit: i32): i32 {
        let found = 0;
        let asked = 0;
        while (found < capacity && asked < limit) {
            const interest = this.firstReady;
            if (interest === null) break;
            asked++;
            this.dropReady(interest);
            const events = interest.file.readiness() & interest.wanted;
            if (events == 0) continue;
            store<u32>(to, events);
            store<u64>(to, interest.data, EVENT_DATA);
            to += EVENT_SIZE;
            found++;
            if ((interest.events & EPOLLONESHOT) != 0) interest.events &= ~EVENT_BITS;
            else if ((interest.events & EPOLLET) == 0) this.putReady(interest);
        }
        this.asked = asked;
        return found;
    }

    readiness(): u32 {
        for (let left = this.readyCount; left > 0; left--) {
            const interest = this.firstReady!;
            if ((interest.file.readiness() & interest.wanted) != 0) return POLLIN | POLLRDNORM;
            this.dropReady(interest);
        }
        return 0;
    }

    waitQueue(): WaitQueue | null {
        return this.queue;
    }
}

/** Errors and hang-ups are always waited for. */
function allEvents(events: u32): u32 {
    return (events & ~EPOLLWAKEUP) | POLLERR | POLLHUP;
}

// SPDX-License-Identifier: Apache-2.0
//
// Which sockets have which ports, for TCP and for UDP: chains by port. Listening sockets come first in a chain, so that a
// connection does not look through those that a server has accepted.

import { EADDRINUSE } from "../kernel/errno";
import { now } from "../kernel/clock";
import { randomNumber } from "../kernel/random";
import { isAny, isMapped } from "./inetAddress";
import { InetSocket } from "./inetSocket";
import { OPTION_REUSE_ADDRESS, OPTION_REUSE_PORT } from "./socket";

/** net.ipv4.ip_local_port_range. */
export const EPHEMERAL_FIRST: u32 = 32768;
export const EPHEMERAL_LAST: u32 = 60999;
/** net.ipv4.ip_unprivileged_port_start: ports below take CAP_NET_BIND_SERVICE. */
export const UNPRIVILEGED_FIRST: u32 = 1024;

const BUCKETS: u32 = 256;

export class PortTable {
    /** One until there is a socket: most containers have none. */
    private buckets: StaticArray<InetSocket | null> = new StaticArray<InetSocket | null>(1);
    private mask: u32 = 0;

    /** The chain that has the sockets of a port. */
    @inline chain(port: u32): InetSocket | null {
        return unchecked(this.buckets[port & this.mask]);
    }

    /** Enters a socket that has got its local port. */
    add(socket: InetSocket): void {
        if (this.mask == 0) {
            this.buckets = new StaticArray<InetSocket | null>(BUCKETS);
            this.mask = BUCKETS - 1;
        }
        const bucket = socket.localPort & this.mask;
        let before: InetSocket | null = null;
        let after = this.buckets[bucket];
        if (!socket.isListening()) {
            while (after !== null && after.isListening()) {
                before = after;
                after = after.nextBound;
            }
        }
        socket.nextBound = after;
        socket.previousBound = before;
        if (after !== null) after.previousBound = socket;
        if (before === null) this.buckets[bucket] = socket;
        else before.nextBound = socket;
        socket.isBound = true;
    }

    remove(socket: InetSocket): void {
        if (!socket.isBound) return;
        const before = socket.previousBound;
        const after = socket.nextBound;
        if (after !== null) after.previousBound = before;
        if (before === null) this.buckets[socket.localPort & this.mask] = after;
        else before.nextBound = after;
        socket.nextBound = null;
        socket.previousBound = null;
        socket.isBound = false;
    }

    /** The first socket of the whole table, and the one behind `socket`: for going through all. */
    first(): InetSocket | null {
        return this.firstFrom(0);
    }

    next(socket: InetSocket): InetSocket | null {
        const next = socket.nextBound;
        return next !== null ? next : this.firstFrom((socket.localPort & this.mask) + 1);
    }

    private firstFrom(bucket: u32): InetSocket | null {
        for (; bucket <= this.mask; bucket++) {
            const socket = this.buckets[bucket];
            if (socket !== null) return socket;
        }
        return null;
    }

    /** Whether `socket` cannot have the address and port: Linux's inet_csk_bind_conflict and its like for UDP. */
    conflicts(socket: InetSocket, high: u64, low: u64, port: u32): bool {
        let following: InetSocket | null = this.chain(port);
        while (following !== null) {
            const other = following;
            following = other.nextBound;
            if (other === socket || other.localPort != port || !overlap(socket, high, low, other)) continue;
            const both = socket.options & other.options;
            if ((both & OPTION_REUSE_PORT) != 0 && socket.inode.userId == other.inode.userId) continue;
            if ((both & OPTION_REUSE_ADDRESS) != 0 && !other.isListening()) continue;
            return true;
        }
        return false;
    }

    /** Whether nobody has the port. */
    private isFree(port: u32): bool {
        let following: InetSocket | null = this.chain(port);
        while (following !== null) {
            const other = following;
            following = other.nextBound;
            if (other.localPort == port) return false;
        }
        return true;
    }

    /** A port of the ephemeral range for the address: one that nobody has, else one that does not conflict. 0: none. */
    choose(socket: InetSocket, high: u64, low: u64): u32 {
        const count = EPHEMERAL_LAST - EPHEMERAL_FIRST + 1;
        const start = <u32>(randomNumber() % count);
        for (let i: u32 = 0; i < count; i++) {
            const port = EPHEMERAL_FIRST + ((start + i) % count);
            if (this.isFree(port)) return port;
        }
        for (let i: u32 = 0; i < count; i++) {
            const port = EPHEMERAL_FIRST + ((start + i) % count);
            if (!this.conflicts(socket, high, low, port)) return port;
        }
        return 0;
    }
}

/** Whether a packet could be for an address of `socket` and that of `other`. */
function overlap(socket: InetSocket, high: u64, low: u64, other: InetSocket): bool {
    const otherHigh = other.localHigh;
    const otherLow = other.localLow;
    if (high == otherHigh && low == otherLow) return true;
    const mapped = isMapped(high, low);
    const otherMapped = isMapped(otherHigh, otherLow);
    const any = isAny(high, low);
    const otherAny = isAny(otherHigh, otherLow);
    if (mapped == otherMapped) return any || otherAny;
    // One is of IPv6: its wildcard means IPv4's addresses, too, unless it is IPV6_V6ONLY.
    if (mapped) return otherAny && !other.onlyIPv6;
    return any && !socket.onlyIPv6;
}

export const tcpPorts: PortTable = new PortTable();
export const udpPorts: PortTable = new PortTable();

// ---------------------------------------------------------------- TIME_WAIT

/** A connection that this side has closed first: its port is not to be had without SO_REUSEADDR for a while (tcp(7)). */
@unmanaged
class TimeWait {
    localHigh: u64;
    localLow: u64;
    peerHigh: u64;
    peerLow: u64;
    expiry: u64;
    localPort: u16;
    peerPort: u16;
    /** SO_REUSEADDR of the socket. */
    reuse: u8;
}

/** TCP_TIMEWAIT_LEN: a minute. */
const TIME_WAIT: u64 = 60_000_000_000;
/** Connections that are remembered; the oldest is forgotten for a new one. Linux has net.ipv4.tcp_max_tw_buckets. */
const TIME_WAITS: u32 = 256;

let timeWaits: usize = 0;
let timeWaitNext: u32 = 0;

// @ts-ignore: decorator
@inline
function timeWait(index: u32): TimeWait {
    return changetype<TimeWait>(timeWaits + index * offsetof<TimeWait>());
}

export function addTimeWait(socket: InetSocket): void {
    if (timeWaits == 0) {
        timeWaits = heap.alloc(TIME_WAITS * offsetof<TimeWait>());
        memory.fill(timeWaits, 0, TIME_WAITS * offsetof<TimeWait>());
    }
    const entry = timeWait(timeWaitNext);
    timeWaitNext = (timeWaitNext + 1) % TIME_WAITS;
    entry.localHigh = socket.localHigh;
    entry.localLow = socket.localLow;
    entry.localPort = <u16>socket.localPort;
    entry.peerHigh = socket.peerHigh;
    entry.peerLow = socket.peerLow;
    entry.peerPort = <u16>socket.peerPort;
    entry.reuse = socket.option(OPTION_REUSE_ADDRESS) ? 1 : 0;
    entry.expiry = now() + TIME_WAIT;
}

/** Whether a connection in TIME_WAIT keeps `socket` from the address and port. */
function conflictsWithTimeWait(socket: InetSocket, high: u64, low: u64, port: u32): bool {
    if (timeWaits == 0) return false;
    const time = now();
    const reuse = socket.option(OPTION_REUSE_ADDRESS);
    for (let i: u32 = 0; i < TIME_WAITS; i++) {
        const entry = timeWait(i);
        if (entry.localPort != port || entry.expiry <= time || (reuse && entry.reuse != 0)) continue;
        if (entry.localHigh == high && entry.localLow == low) return true;
        if (!isAny(high, low)) continue;
        if (isMapped(high, low) == isMapped(entry.localHigh, entry.localLow) || !socket.onlyIPv6) return true;
    }
    return false;
}

/** What is shown of connection `index` in TIME_WAIT; false at the end. */
export let waitingLocalHigh: u64 = 0;
export let waitingLocalLow: u64 = 0;
export let waitingLocalPort: u32 = 0;
export let waitingPeerHigh: u64 = 0;
export let waitingPeerLow: u64 = 0;
export let waitingPeerPort: u32 = 0;

/** Finds the next connection in TIME_WAIT at or behind `index`: its index, or -1. */
export function nextTimeWait(index: i32): i32 {
    if (timeWaits == 0) return -1;
    const time = now();
    for (let i = <u32>index; i < TIME_WAITS; i++) {
        const entry = timeWait(i);
        if (entry.expiry <= time) continue;
        waitingLocalHigh = entry.localHigh;
        waitingLocalLow = entry.localLow;
        waitingLocalPort = entry.localPort;
        waitingPeerHigh = entry.peerHigh;
        waitingPeerLow = entry.peerLow;
        waitingPeerPort = entry.peerPort;
        return i;
    }
    return -1;
}

/** Gives `socket` the address and the port (0 = any). 0 or -EADDRINUSE. */
export function takePort(table: PortTable, socket: InetSocket, high: u64, low: u64, port: u32): i64 {
    if (port == 0) {
        port = table.choose(socket, high, low);
        if (port == 0) return -EADDRINUSE;
    } else if (table.conflicts(socket, high, low, port)) {
        return -EADDRINUSE;
    } else if (table === tcpPorts && conflictsWithTimeWait(socket, high, low, port)) {
        return -EADDRINUSE;
    }
    socket.localHigh = high;
    socket.localLow = low;
    socket.localPort = port;
    table.add(socket);
    return 0;
}

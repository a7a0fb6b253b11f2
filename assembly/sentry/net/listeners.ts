// SPDX-License-Identifier: Apache-2.0
//
// Which listening socket a connection is for.

import { isAny, isMapped } from "./inetAddress";
import { InetSocket } from "./inetSocket";
import { tcpPorts } from "./portTable";
import { OPTION_REUSE_PORT } from "./socket";
import { TcpSocket } from "./tcpSocket";

/** Turns of sockets that share a port (SO_REUSEPORT). */
let turn: u32 = 0;

/** How well a socket's local address fits a packet's: 0 = not at all, 1 = a wildcard of IPv6 for IPv4, 2 = a wildcard, 3 = exactly. */
export function fit(socket: InetSocket, high: u64, low: u64): u32 {
    const localHigh = socket.localHigh;
    const localLow = socket.localLow;
    if (localHigh == high && localLow == low) return 3;
    if (!isAny(localHigh, localLow)) return 0;
    if (isMapped(localHigh, localLow) == isMapped(high, low)) return 2;
    return isMapped(high, low) && !socket.onlyIPv6 ? 1 : 0;
}

/** The socket that listens for connections to the address, or null. */
export function findListener(high: u64, low: u64, port: u32): TcpSocket | null {
    let best: InetSocket | null = null;
    let bestFit: u32 = 0;
    let sharers: u32 = 0;
    let next = tcpPorts.chain(port);
    while (next !== null && next.isListening()) {
        const socket = next;
        next = socket.nextBound;
        if (socket.localPort != port) continue;
        const found = fit(socket, high, low);
        if (found == 0 || found < bestFit) continue;
        if (found > bestFit) {
            best = socket;
            bestFit = found;
            sharers = 1;
        } else if (socket.option(OPTION_REUSE_PORT)) {
            sharers++;
        }
    }
    if (sharers < 2) return changetype<TcpSocket | null>(best);
    let number = turn++ % sharers;
    let following: InetSocket | null = tcpPorts.chain(port);
    while (following !== null) {
        const socket = following;
        following = socket.nextBound;
        if (!socket.isListening()) break;
        if (socket.localPort != port || fit(socket, high, low) != bestFit) continue;
        if (number-- == 0) return changetype<TcpSocket>(socket);
    }
    return changetype<TcpSocket | null>(best);
}

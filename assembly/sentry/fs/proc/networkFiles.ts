// SPDX-License-Identifier: Apache-2.0
//
// /proc/net: the container's sockets and its interface (proc(5)). Addresses of kernel objects are zeros, as they are for users
// without privileges.

import { AF_INET, AF_INET6 } from "../../net/constants";
import { InetSocket } from "../../net/inetSocket";
import {
    nextTimeWait,
    PortTable,
    tcpPorts,
    udpPorts,
    waitingLocalHigh,
    waitingLocalLow,
    waitingLocalPort,
    waitingPeerHigh,
    waitingPeerLow,
    waitingPeerPort,
} from "../../net/portTable";
import { isMapped } from "../../net/inetAddress";
import { socketCount } from "../../net/socket";
import { TCP_CLOSE, TCP_ESTABLISHED, TCP_LISTEN, TCP_TIME_WAIT, TcpSocket } from "../../net/tcpSocket";
import { firstUnixSocket, UnixSocket } from "../../net/unixSocket";
import { Process } from "../../kernel/process";
import { StaticEntry } from "./procInodes";
import { addAligned, addByte, addBytes, addNumber, addSpacesTo, addText, textLength } from "./textBuilder";

/** Columns of a line of tcp and of udp. */
const TCP_COLUMNS: i32 = 149;
const UDP_COLUMNS: i32 = 127;

/** The rows of /proc/PID/net. */
export function networkEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("arp", 0o444, generateNeighbours),
        new StaticEntry("dev", 0o444, generateInterfaces),
        new StaticEntry("if_inet6", 0o444, generateAddresses6),
        new StaticEntry("ipv6_route", 0o444, generateRoutes6),
        new StaticEntry("netlink", 0o444, generateNetlink),
        new StaticEntry("netstat", 0o444, generateStatistics),
        new StaticEntry("packet", 0o444, generatePacket),
        new StaticEntry("raw", 0o444, generateRaw),
        new StaticEntry("raw6", 0o444, generateRaw6),
        new StaticEntry("route", 0o444, generateRoutes),
        new StaticEntry("snmp", 0o444, generateSnmp),
        new StaticEntry("sockstat", 0o444, generateSocketStatistics),
        new StaticEntry("sockstat6", 0o444, generateSocketStatistics6),
        new StaticEntry("tcp", 0o444, generateTcp),
        new StaticEntry("tcp6", 0o444, generateTcp6),
        new StaticEntry("udp", 0o444, generateUdp),
        new StaticEntry("udp6", 0o444, generateUdp6),
        new StaticEntry("unix", 0o444, generateUnix),
    ];
}

/** Upper-case hexadecimal, `digits` digits. */
function addCapital(value: u64, digits: i32): void {
    for (let shift = (digits - 1) << 2; shift >= 0; shift -= 4) {
        const digit = <u32>((value >> shift) & 15);
        addByte(digit < 10 ? 48 + digit : 55 + digit);
    }
}

/** An address as words in the processor's order, and a port. */
function addAddress(family: u32, high: u64, low: u64, port: u32): void {
    if (family == AF_INET6) {
        addCapital(bswap<u32>(<u32>(high >> 32)), 8);
        addCapital(bswap<u32>(<u32>high), 8);
        addCapital(bswap<u32>(<u32>(low >> 32)), 8);
    }
    addCapital(bswap<u32>(<u32>low), 8);
    addByte(58);
    addCapital(port, 4);
    addByte(32);
}

function endLine(start: i32, columns: i32): void {
    addSpacesTo(start, columns);
    addByte(10);
}

/** A line of tcp or udp up to its inode. */
function addSocket(
    line: i32,
    width: i32,
    family: u32,
    socket: InetSocket,
    state: u32,
    sent: u64,
    waiting: u64,
): void {
    addAligned(line, width);
    addText(": ");
    addAddress(family, socket.localHigh, socket.localLow, socket.localPort);
    addAddress(family, socket.peerHigh, socket.peerLow, socket.peerPort);
    addCapital(state, 2);
    addByte(32);
    addCapital(sent, 8);
    addByte(58);
    addCapital(waiting, 8);
    addText(" 00:00000000 00000000 ");
    addAligned(socket.inode.userId, 5);
    addByte(32);
    addAligned(0, 8);
    addByte(32);
    addNumber(socket.inode.number);
}

function addTcp(family: u32): i32 {
    let line = 0;
    let socket = tcpPorts.first();
    while (socket !== null) {
        const tcp = changetype<TcpSocket>(socket);
        socket = tcpPorts.next(tcp);
        if (tcp.domain != family || tcp.visibleState == TCP_CLOSE) continue;
        const start = textLength();
        const listens = tcp.state == TCP_LISTEN;
        const sent: u64 = listens ? 0 : tcp.bytesSent();
        const waiting: u64 = listens ? tcp.pendingCount : tcp.incoming.length;
        addSocket(line++, 4, family, tcp, tcp.visibleState, sent, waiting);
        addText(listens ? " 1 0000000000000000 100 0 0 10 0" : " 1 0000000000000000 20 4 0 10 -1");
        endLine(start, family == AF_INET ? TCP_COLUMNS : 0);
    }
    for (let i = nextTimeWait(0); i >= 0; i = nextTimeWait(i + 1)) {
        if ((family == AF_INET) != isMapped(waitingLocalHigh, waitingLocalLow)) continue;
        const start = textLength();
        addAligned(line++, 4);
        addText(": ");
        addAddress(family, waitingLocalHigh, waitingLocalLow, waitingLocalPort);
        addAddress(family, waitingPeerHigh, waitingPeerLow, waitingPeerPort);
        addCapital(TCP_TIME_WAIT, 2);
        addText(" 00000000:00000000 03:00000000 00000000     0        0 0 3 0000000000000000");
        endLine(start, family == AF_INET ? TCP_COLUMNS : 0);
    }
    return 0;
}

function generateTcp(process: Process | null): i32 {
    const start = textLength();
    addText(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    );
    endLine(start, TCP_COLUMNS);
    return addTcp(AF_INET);
}

function generateTcp6(process: Process | null): i32 {
    addText("  sl  local_address                         remote_address                        ");
    addText("st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
    return addTcp(AF_INET6);
}

function addUdp(family: u32): i32 {
    let line = 0;
    let socket = udpPorts.first();
    while (socket !== null) {
        const udp: InetSocket = socket;
        socket = udpPorts.next(udp);
        if (udp.domain != family) continue;
        const start = textLength();
        const waiting = udp.bytesToReceive();
        addSocket(line++, 5, family, udp, udp.peerPort != 0 ? TCP_ESTABLISHED : TCP_CLOSE, 0, waiting);
        addText(" 2 0000000000000000 0");
        endLine(start, family == AF_INET ? UDP_COLUMNS : 0);
    }
    return 0;
}

const DATAGRAM_COLUMNS: string =
    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";

function addDatagramTitle(family: u32): void {
    const start = textLength();
    if (family == AF_INET) {
        addText("   sl  local_address rem_address   ");
        addText(DATAGRAM_COLUMNS);
        endLine(start, UDP_COLUMNS);
    } else {
        addText("  sl  local_address                         remote_address                        ");
        addText(DATAGRAM_COLUMNS);
        addByte(10);
    }
}

function generateUdp(process: Process | null): i32 {
    addDatagramTitle(AF_INET);
    return addUdp(AF_INET);
}

function generateUdp6(process: Process | null): i32 {
    addDatagramTitle(AF_INET6);
    return addUdp(AF_INET6);
}

function generateRaw(process: Process | null): i32 {
    addText("  sl  local_address rem_address   ");
    addText(DATAGRAM_COLUMNS);
    addByte(10);
    return 0;
}

function generateRaw6(process: Process | null): i32 {
    addDatagramTitle(AF_INET6);
    return 0;
}

function generateUnix(process: Process | null): i32 {
    addText("Num       RefCount Protocol Flags    Type St Inode Path\n");
    let next = firstUnixSocket;
    while (next !== null) {
        const socket: UnixSocket = next;
        next = socket.nextSocket;
        addText("0000000000000000: ");
        addCapital(2 + (socket.peer === null ? 0 : 1), 8);
        addText(" 00000000 ");
        // __SO_ACCEPTCON.
        addCapital(socket.isListening() ? 0x10000 : 0, 8);
        addByte(32);
        addCapital(socket.type, 4);
        // SS_UNCONNECTED and SS_CONNECTED.
        addText(socket.peer === null ? " 01 " : " 03 ");
        addAligned(socket.inode.number, 5);
        const name = socket.name;
        if (name !== null) {
            const bytes = changetype<usize>(name.bytes);
            addByte(32);
            if (name.bytes.length > 0 && load<u8>(bytes) == 0) {
                addByte(64);
                addBytes(bytes + 1, name.bytes.length - 1);
            } else {
                addBytes(bytes, name.bytes.length - 1);
            }
        }
        addByte(10);
    }
    return 0;
}

/** Traffic is not counted. */
function generateInterfaces(process: Process | null): i32 {
    addText("Inter-|   Receive                                                |  Transmit\n");
    addText(" face |bytes    packets errs drop fifo frame compressed multicast|");
    addText("bytes    packets errs drop fifo colls carrier compressed\n");
    addText("    lo:       0       0    0    0    0     0          0         0");
    addText("        0       0    0    0    0     0       0          0\n");
    return 0;
}

function generateAddresses6(process: Process | null): i32 {
    addText("00000000000000000000000000000001 01 80 10 80       lo\n");
    return 0;
}

function generateRoutes(process: Process | null): i32 {
    const start = textLength();
    addText("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
    endLine(start, UDP_COLUMNS);
    return 0;
}

const ROUTE6_NONE: string = " 00000000000000000000000000000000 00 00000000000000000000000000000000 ";

function generateRoutes6(process: Process | null): i32 {
    addText("00000000000000000000000000000001 80");
    addText(ROUTE6_NONE);
    addText("00000100 00000001 00000000 00000001       lo\n00000000000000000000000000000001 80");
    addText(ROUTE6_NONE);
    addText("00000000 00000001 00000000 80200001       lo\n");
    return 0;
}

function generateNeighbours(process: Process | null): i32 {
    addText("IP address       HW type     Flags       HW address            Mask     Device\n");
    return 0;
}

function generateNetlink(process: Process | null): i32 {
    addText("sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");
    return 0;
}

function generatePacket(process: Process | null): i32 {
    addText("sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
    return 0;
}

/** Counters of what does not happen within a container. */
function generateStatistics(process: Process | null): i32 {
    addText("TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed ListenOverflows ListenDrops\n");
    addText("TcpExt: 0 0 0 0 0\n");
    addText("IpExt: InNoRoutes InTruncatedPkts InOctets OutOctets\nIpExt: 0 0 0 0\n");
    return 0;
}

function countOf(table: PortTable, family: u32): u64 {
    let count: u64 = 0;
    let socket = table.first();
    while (socket !== null) {
        if (socket.domain == family) count++;
        socket = table.next(socket);
    }
    return count;
}

function generateSnmp(process: Process | null): i32 {
    addText("Ip: Forwarding DefaultTTL InReceives InDelivers OutRequests\nIp: 2 64 0 0 0\n");
    addText("Tcp: RtoAlgorithm RtoMin RtoMax MaxConn CurrEstab\nTcp: 1 200 120000 -1 ");
    addNumber(countOf(tcpPorts, AF_INET) + countOf(tcpPorts, AF_INET6));
    addText("\nUdp: InDatagrams NoPorts InErrors OutDatagrams\nUdp: 0 0 0 0\n");
    return 0;
}

function generateSocketStatistics(process: Process | null): i32 {
    let waiting: u64 = 0;
    for (let i = nextTimeWait(0); i >= 0; i = nextTimeWait(i + 1)) waiting++;
    const tcp = countOf(tcpPorts, AF_INET);
    addText("sockets: used ");
    addNumber(socketCount);
    addText("\nTCP: inuse ");
    addNumber(tcp);
    addText(" orphan 0 tw ");
    addNumber(waiting);
    addText(" alloc ");
    addNumber(tcp + countOf(tcpPorts, AF_INET6));
    addText(" mem 0\nUDP: inuse ");
    addNumber(countOf(udpPorts, AF_INET));
    addText(" mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n");
    return 0;
}

function generateSocketStatistics6(process: Process | null): i32 {
    addText("TCP6: inuse ");
    addNumber(countOf(tcpPorts, AF_INET6));
    addText("\nUDP6: inuse ");
    addNumber(countOf(udpPorts, AF_INET6));
    addText("\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n");
    return 0;
}

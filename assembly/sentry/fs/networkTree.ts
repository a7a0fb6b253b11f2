// SPDX-License-Identifier: Apache-2.0
//
// /sys/class/net: the container's interface. On Linux lo is a link to a device's directory; here it is that directory.

import { EINVAL } from "../kernel/errno";
import { Process } from "../kernel/process";
import { LOOPBACK_INDEX, LOOPBACK_MTU, LOOPBACK_TYPE, TRANSMIT_QUEUE_LENGTH } from "../net/interfaces";
import { StaticEntry } from "./proc/procInodes";
import { addNumberLine, addTextLine, generateZero } from "./proc/lines";

/** The rows of /sys/class. */
export function classEntries(): Array<StaticEntry> {
    return [new StaticEntry("net", 0o755, null, null, interfaceEntries)];
}

function interfaceEntries(): Array<StaticEntry> {
    return [new StaticEntry("lo", 0o755, null, null, loopbackEntries)];
}

function loopbackEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("addr_len", 0o444, generateAddressLength),
        new StaticEntry("address", 0o444, generateAddress),
        new StaticEntry("broadcast", 0o444, generateAddress),
        new StaticEntry("carrier", 0o644, generateOne),
        new StaticEntry("dev_id", 0o444, generateHexadecimalZero),
        new StaticEntry("dormant", 0o444, generateZero),
        new StaticEntry("duplex", 0o444, refuse),
        new StaticEntry("flags", 0o644, generateFlags),
        new StaticEntry("ifindex", 0o444, generateIndex),
        new StaticEntry("iflink", 0o444, generateIndex),
        new StaticEntry("link_mode", 0o444, generateZero),
        new StaticEntry("mtu", 0o644, generateUnit),
        new StaticEntry("operstate", 0o444, generateState),
        new StaticEntry("speed", 0o444, refuse),
        new StaticEntry("statistics", 0o755, null, null, statisticsEntries),
        new StaticEntry("tx_queue_len", 0o644, generateQueueLength),
        new StaticEntry("type", 0o444, generateType),
    ];
}

/** Traffic is not counted. */
function statisticsEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("collisions", 0o444, generateZero),
        new StaticEntry("multicast", 0o444, generateZero),
        new StaticEntry("rx_bytes", 0o444, generateZero),
        new StaticEntry("rx_dropped", 0o444, generateZero),
        new StaticEntry("rx_errors", 0o444, generateZero),
        new StaticEntry("rx_packets", 0o444, generateZero),
        new StaticEntry("tx_bytes", 0o444, generateZero),
        new StaticEntry("tx_dropped", 0o444, generateZero),
        new StaticEntry("tx_errors", 0o444, generateZero),
        new StaticEntry("tx_packets", 0o444, generateZero),
    ];
}

function generateOne(process: Process | null): i32 {
    return addNumberLine(1);
}

function generateHexadecimalZero(process: Process | null): i32 {
    return addTextLine("0x0");
}

function generateAddressLength(process: Process | null): i32 {
    return addNumberLine(6);
}

function generateAddress(process: Process | null): i32 {
    return addTextLine("00:00:00:00:00:00");
}

/** IFF_UP and IFF_LOOPBACK. */
function generateFlags(process: Process | null): i32 {
    return addTextLine("0x9");
}

function generateIndex(process: Process | null): i32 {
    return addNumberLine(LOOPBACK_INDEX);
}

function generateUnit(process: Process | null): i32 {
    return addNumberLine(LOOPBACK_MTU);
}

function generateState(process: Process | null): i32 {
    return addTextLine("unknown");
}

function generateQueueLength(process: Process | null): i32 {
    return addNumberLine(TRANSMIT_QUEUE_LENGTH);
}

function generateType(process: Process | null): i32 {
    return addNumberLine(LOOPBACK_TYPE);
}

/** What a loopback interface does not have. */
function refuse(process: Process | null): i32 {
    return -EINVAL;
}

// SPDX-License-Identifier: Apache-2.0
//
// /proc/sys/net: what the container's sockets go by (socket(7), tcp(7), ip(7)).

import { Process } from "../../kernel/process";
import { EPHEMERAL_FIRST, EPHEMERAL_LAST, UNPRIVILEGED_FIRST } from "../../net/portTable";
import { BUFFER_DEFAULT, BUFFER_MAXIMUM } from "../../net/socket";
import { BACKLOG_MAXIMUM, DATAGRAM_QUEUE_LENGTH } from "../../net/unixSocket";
import { StaticEntry } from "./procInodes";
import { addNumberLine, addTextLine, generateZero } from "./lines";
import { addByte, addNumber } from "./textBuilder";

/** The rows of /proc/sys/net. */
export function networkSettingEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("core", 0o555, null, null, coreEntries),
        new StaticEntry("ipv4", 0o555, null, null, internetEntries),
        new StaticEntry("ipv6", 0o555, null, null, internet6Entries),
        new StaticEntry("unix", 0o555, null, null, unixEntries),
    ];
}

function coreEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("optmem_max", 0o644, generateAncillaryMaximum),
        new StaticEntry("rmem_default", 0o644, generateBufferDefault),
        new StaticEntry("rmem_max", 0o644, generateBufferMaximum),
        new StaticEntry("somaxconn", 0o644, generateBacklogMaximum),
        new StaticEntry("wmem_default", 0o644, generateBufferDefault),
        new StaticEntry("wmem_max", 0o644, generateBufferMaximum),
    ];
}

function internetEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("ip_default_ttl", 0o644, generateTimeToLive),
        new StaticEntry("ip_forward", 0o644, generateZero),
        new StaticEntry("ip_local_port_range", 0o644, generatePortRange),
        new StaticEntry("ip_local_reserved_ports", 0o644, generateNothing),
        new StaticEntry("ip_nonlocal_bind", 0o644, generateZero),
        new StaticEntry("ip_unprivileged_port_start", 0o644, generateUnprivileged),
        new StaticEntry("ping_group_range", 0o644, generatePingGroups),
        new StaticEntry("tcp_available_congestion_control", 0o444, generateAlgorithms),
        new StaticEntry("tcp_congestion_control", 0o644, generateAlgorithm),
        new StaticEntry("tcp_fastopen", 0o644, generateZero),
        new StaticEntry("tcp_fin_timeout", 0o644, generateFinTimeout),
        new StaticEntry("tcp_keepalive_intvl", 0o644, generateKeepInterval),
        new StaticEntry("tcp_keepalive_probes", 0o644, generateKeepCount),
        new StaticEntry("tcp_keepalive_time", 0o644, generateKeepIdle),
        new StaticEntry("tcp_max_syn_backlog", 0o644, generateBacklogMaximum),
        new StaticEntry("tcp_rmem", 0o644, generateReceiveSizes),
        new StaticEntry("tcp_syn_retries", 0o644, generateSynRetries),
        new StaticEntry("tcp_tw_reuse", 0o644, generateReuse),
        new StaticEntry("tcp_wmem", 0o644, generateSendSizes),
    ];
}

function internet6Entries(): Array<StaticEntry> {
    return [
        new StaticEntry("bindv6only", 0o644, generateZero),
        new StaticEntry("conf", 0o555, null, null, internet6Interfaces),
    ];
}

function internet6Interfaces(): Array<StaticEntry> {
    return [
        new StaticEntry("all", 0o555, null, null, interface6Entries),
        new StaticEntry("default", 0o555, null, null, interface6Entries),
        new StaticEntry("lo", 0o555, null, null, interface6Entries),
    ];
}

function interface6Entries(): Array<StaticEntry> {
    return [new StaticEntry("disable_ipv6", 0o644, generateZero)];
}

function unixEntries(): Array<StaticEntry> {
    return [new StaticEntry("max_dgram_qlen", 0o644, generateQueueLength)];
}

function generateNothing(process: Process | null): i32 {
    return addTextLine("");
}

/** ancillary.ts: CONTROL_MAXIMUM. */
function generateAncillaryMaximum(process: Process | null): i32 {
    return addNumberLine(20480);
}

function generateBufferDefault(process: Process | null): i32 {
    return addNumberLine(BUFFER_DEFAULT);
}

function generateBufferMaximum(process: Process | null): i32 {
    return addNumberLine(BUFFER_MAXIMUM);
}

function generateBacklogMaximum(process: Process | null): i32 {
    return addNumberLine(BACKLOG_MAXIMUM);
}

function generateQueueLength(process: Process | null): i32 {
    return addNumberLine(DATAGRAM_QUEUE_LENGTH);
}

function generateTimeToLive(process: Process | null): i32 {
    return addNumberLine(64);
}

function generatePortRange(process: Process | null): i32 {
    addNumber(EPHEMERAL_FIRST);
    addByte(9);
    return addNumberLine(EPHEMERAL_LAST);
}

function generateUnprivileged(process: Process | null): i32 {
    return addNumberLine(UNPRIVILEGED_FIRST);
}

/** Nobody may have an ICMP socket. */
function generatePingGroups(process: Process | null): i32 {
    return addTextLine("1\t0");
}

function generateAlgorithms(process: Process | null): i32 {
    return addTextLine("reno cubic");
}

function generateAlgorithm(process: Process | null): i32 {
    return addTextLine("cubic");
}

function generateFinTimeout(process: Process | null): i32 {
    return addNumberLine(60);
}

function generateKeepInterval(process: Process | null): i32 {
    return addNumberLine(75);
}

function generateKeepCount(process: Process | null): i32 {
    return addNumberLine(9);
}

function generateKeepIdle(process: Process | null): i32 {
    return addNumberLine(7200);
}

function generateSynRetries(process: Process | null): i32 {
    return addNumberLine(6);
}

/** On loopback interfaces. */
function generateReuse(process: Process | null): i32 {
    return addNumberLine(2);
}

function generateReceiveSizes(process: Process | null): i32 {
    return addTextLine("4096\t131072\t6291456");
}

function generateSendSizes(process: Process | null): i32 {
    return addTextLine("4096\t16384\t4194304");
}

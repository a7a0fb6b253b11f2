// SPDX-License-Identifier: Apache-2.0
//
// Sockets: there are no address families yet. Programs are told what Linux tells them when a family is not compiled in.

import {
    SYS_accept,
    SYS_accept4,
    SYS_bind,
    SYS_connect,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_listen,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_sendto,
    SYS_setsockopt,
    SYS_shutdown,
    SYS_socket,
    SYS_socketpair,
} from "../arch/systemCalls";
import { fileOf } from "../fs/pathArgument";
import { EAFNOSUPPORT, EBADF, ENOTSOCK } from "../kernel/errno";
import { define } from "./table";

function noFamily(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return -EAFNOSUPPORT;
}

/** No descriptor is a socket. */
function noSocket(descriptor: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return fileOf(descriptor) === null ? -EBADF : -ENOTSOCK;
}

export function registerSocketCalls(): void {
    define(SYS_socket, noFamily, "dxd");
    define(SYS_socketpair, noFamily, "dxdp");
    define(SYS_bind, noSocket, "fpu");
    define(SYS_listen, noSocket, "fd");
    define(SYS_accept, noSocket, "fpp");
    define(SYS_accept4, noSocket, "fppx");
    define(SYS_connect, noSocket, "fpu");
    define(SYS_getsockname, noSocket, "fpp");
    define(SYS_getpeername, noSocket, "fpp");
    define(SYS_sendto, noSocket, "fpuxpu");
    define(SYS_recvfrom, noSocket, "fpuxpp");
    define(SYS_sendmsg, noSocket, "fpx");
    define(SYS_recvmsg, noSocket, "fpx");
    define(SYS_shutdown, noSocket, "fd");
    define(SYS_setsockopt, noSocket, "fddpu");
    define(SYS_getsockopt, noSocket, "fddpp");
}

// SPDX-License-Identifier: Apache-2.0
//
// Numbers of socket(2), send(2), recv(2) and cmsg(3). They are the same on all our architectures.

export const AF_UNSPEC: u32 = 0;
export const AF_UNIX: u32 = 1;
export const AF_INET: u32 = 2;
export const AF_INET6: u32 = 10;
export const AF_NETLINK: u32 = 16;
export const AF_PACKET: u32 = 17;
/** Linux's AF_MAX: families at and above it do not exist. */
export const AF_MAXIMUM: u32 = 46;

export const SOCK_STREAM: u32 = 1;
export const SOCK_DGRAM: u32 = 2;
export const SOCK_RAW: u32 = 3;
export const SOCK_SEQPACKET: u32 = 5;
export const SOCK_TYPE_MASK: u32 = 0xf;
/** Linux's SOCK_MAX. */
export const SOCK_MAXIMUM: u32 = 11;

export const IPPROTO_IP: i32 = 0;
export const IPPROTO_ICMP: i32 = 1;
export const IPPROTO_TCP: i32 = 6;
export const IPPROTO_UDP: i32 = 17;
export const IPPROTO_IPV6: i32 = 41;
export const IPPROTO_MAXIMUM: i32 = 263;

export const MSG_OOB: u32 = 0x1;
export const MSG_PEEK: u32 = 0x2;
export const MSG_DONTROUTE: u32 = 0x4;
export const MSG_CTRUNC: u32 = 0x8;
export const MSG_TRUNC: u32 = 0x20;
export const MSG_DONTWAIT: u32 = 0x40;
export const MSG_EOR: u32 = 0x80;
export const MSG_WAITALL: u32 = 0x100;
export const MSG_ERRQUEUE: u32 = 0x2000;
export const MSG_NOSIGNAL: u32 = 0x4000;
export const MSG_WAITFORONE: u32 = 0x10000;
export const MSG_FASTOPEN: u32 = 0x20000000;
export const MSG_CMSG_CLOEXEC: u32 = 0x40000000;

export const SHUT_RD: i32 = 0;
export const SHUT_WR: i32 = 1;
export const SHUT_RDWR: i32 = 2;

export const SOL_SOCKET: i32 = 1;

export const SCM_RIGHTS: i32 = 1;
export const SCM_CREDENTIALS: i32 = 2;
/** Linux's SCM_MAX_FD: descriptors in one message. */
export const SCM_MAX_FD: i32 = 253;

/** Linux's struct sockaddr_storage: no address is longer. */
export const ADDRESS_MAXIMUM: i32 = 128;

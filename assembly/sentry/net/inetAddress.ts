// SPDX-License-Identifier: Apache-2.0
//
// Internet addresses (ip(7), ipv6(7)): 128 bits in two words, big-endian as they are written; those of IPv4 as IPv6's
// ::ffff:a.b.c.d, so that one comparison serves both. The container's network is its loopback interface.

import { AF_INET, AF_INET6 } from "./constants";
import { givenAddress, givenLength } from "./exchange";

export const INET_ADDRESS_SIZE: i32 = 16;
export const INET6_ADDRESS_SIZE: i32 = 28;
/** Before RFC 2553 struct sockaddr_in6 had no scope; Linux still takes that. */
const INET6_ADDRESS_MINIMUM: i32 = 24;

/** The low word of ::ffff:0.0.0.0. */
export const MAPPED: u64 = 0x0000_ffff_0000_0000;
export const ANY_LOW: u64 = MAPPED;
export const LOOPBACK_LOW: u64 = MAPPED | 0x7f00_0001;
/** ::1. */
export const LOOPBACK6_LOW: u64 = 1;

/** Whether the address is one of IPv4. */
// @ts-ignore: decorator
@inline
export function isMapped(high: u64, low: u64): bool {
    return high == 0 && low >> 32 == 0xffff;
}

/** 0.0.0.0 or ::. */
// @ts-ignore: decorator
@inline
export function isAny(high: u64, low: u64): bool {
    return high == 0 && (low == 0 || low == ANY_LOW);
}

export function isMulticast(high: u64, low: u64): bool {
    return isMapped(high, low) ? (<u32>low) >> 28 == 0xe : high >> 56 == 0xff;
}

/** 127.255.255.255, the interface's, and 255.255.255.255. */
export function isBroadcast(high: u64, low: u64): bool {
    return isMapped(high, low) && (<u32>low == 0x7fff_ffff || <u32>low == 0xffff_ffff);
}

/** An address of this host: 127.0.0.0/8 and ::1. */
export function isLocal(high: u64, low: u64): bool {
    if (isMapped(high, low)) return (<u32>low) >> 24 == 127 && <u32>low != 0x7fff_ffff;
    return high == 0 && low == LOOPBACK6_LOW;
}

// ---------------------------------------------------------------- sockaddr

/** What readAddress read. */
export let addressHigh: u64 = 0;
export let addressLow: u64 = 0;
export let addressPort: u32 = 0;

export function setAddress(high: u64, low: u64, port: u32): void {
    addressHigh = high;
    addressLow = low;
    addressPort = port;
}

/** Reads a sockaddr_in at givenAddress. */
export function readInetAddress(): void {
    addressPort = bswap<u16>(load<u16>(givenAddress, 2));
    addressHigh = 0;
    addressLow = MAPPED | bswap<u32>(load<u32>(givenAddress, 4));
}

/** Reads a sockaddr_in6 at givenAddress. */
export function readInet6Address(): void {
    addressPort = bswap<u16>(load<u16>(givenAddress, 2));
    addressHigh = bswap<u64>(load<u64>(givenAddress, 8));
    addressLow = bswap<u64>(load<u64>(givenAddress, 16));
}

/** Whether the address given is long enough to be one of `domain`. */
export function isLongEnough(domain: u32): bool {
    return givenLength >= (domain == AF_INET ? INET_ADDRESS_SIZE : INET6_ADDRESS_MINIMUM);
}

/** Writes an address as sockets of `domain` see it. The result is its length. */
export function writeAddress(to: usize, domain: u32, high: u64, low: u64, port: u32): i32 {
    if (domain == AF_INET) {
        store<u16>(to, <u16>AF_INET);
        store<u16>(to, bswap<u16>(<u16>port), 2);
        store<u32>(to, bswap<u32>(<u32>low), 4);
        store<u64>(to, 0, 8);
        return INET_ADDRESS_SIZE;
    }
    store<u16>(to, <u16>AF_INET6);
    store<u16>(to, bswap<u16>(<u16>port), 2);
    store<u32>(to, 0, 4);
    store<u64>(to, bswap<u64>(high), 8);
    store<u64>(to, bswap<u64>(low), 16);
    store<u32>(to, 0, 24);
    return INET6_ADDRESS_SIZE;
}

// SPDX-License-Identifier: Apache-2.0
//
// What TCP and UDP sockets have in common: addresses of both ends, bind(2), the names, and where a packet can go.

import { CAP_NET_BIND_SERVICE } from "../kernel/capabilities";
import { EACCES, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENETUNREACH, ENOTCONN } from "../kernel/errno";
import { current } from "../kernel/thread";
import { AF_INET, AF_INET6, AF_UNSPEC, SOCK_STREAM } from "./constants";
import { givenAddress, givenLength } from "./exchange";
import {
    addressHigh,
    addressLow,
    addressPort,
    ANY_LOW,
    isAny,
    isBroadcast,
    isLocal,
    isLongEnough,
    isMapped,
    isMulticast,
    LOOPBACK6_LOW,
    LOOPBACK_LOW,
    readInet6Address,
    readInetAddress,
    setAddress,
    writeAddress,
} from "./inetAddress";
import { getInternetOption, InternetOptions, setInternetOption } from "./inetOptions";
import { PortTable, takePort, UNPRIVILEGED_FIRST } from "./portTable";
import { Socket } from "./socket";

export abstract class InetSocket extends Socket {
    localHigh: u64 = 0;
    localLow: u64 = 0;
    localPort: u32 = 0;
    peerHigh: u64 = 0;
    peerLow: u64 = 0;
    /** 0 = not connected. */
    peerPort: u32 = 0;
    /** IPV6_V6ONLY. */
    onlyIPv6: bool = false;
    /** bind(2) gave the address: a disconnected socket keeps it. */
    hasChosenAddress: bool = false;
    hasChosenPort: bool = false;
    /** Options of the levels IPPROTO_IP and IPPROTO_IPV6, made when one is set. */
    internet: InternetOptions | null = null;
    // The chain of the port table.
    isBound: bool = false;
    nextBound: InetSocket | null = null;
    previousBound: InetSocket | null = null;

    constructor(domain: u32, type: u32, protocol: i32) {
        super(domain, type, protocol);
        if (domain == AF_INET) {
            this.localLow = ANY_LOW;
            this.peerLow = ANY_LOW;
        }
    }

    protected abstract ports(): PortTable;

    bind(): i64 {
        const domain = this.domain;
        if (!isLongEnough(domain)) return -EINVAL;
        const family: u32 = load<u16>(givenAddress);
        if (domain == AF_INET) {
            readInetAddress();
            // Programs from before struct sockaddr_in leave the family out of the wildcard.
            if (family != AF_INET && (family != AF_UNSPEC || addressLow != ANY_LOW)) return -EAFNOSUPPORT;
        } else {
            if (family != AF_INET6) return -EAFNOSUPPORT;
            readInet6Address();
            if (isMapped(addressHigh, addressLow) && this.onlyIPv6) return -EINVAL;
            if (this.type == SOCK_STREAM && isMulticast(addressHigh, addressLow)) return -EINVAL;
        }
        const high = addressHigh;
        const low = addressLow;
        const port = addressPort;
        if (!isAny(high, low) && !isLocal(high, low) && !this.isForeignAllowed(high, low))
            return -EADDRNOTAVAIL;
        if (
            port != 0 &&
            port < UNPRIVILEGED_FIRST &&
            !current.process.credentials.has(CAP_NET_BIND_SERVICE)
        ) {
            return -EACCES;
        }
        if (this.isBound || this.peerPort != 0) return -EINVAL;
        const error = takePort(this.ports(), this, high, low, port);
        if (error != 0) return error;
        this.hasChosenAddress = !isAny(high, low);
        this.hasChosenPort = port != 0;
        return 0;
    }

    private isForeignAllowed(high: u64, low: u64): bool {
        if (isMulticast(high, low) || isBroadcast(high, low)) return true;
        const options = this.internet;
        return options !== null && options.freeBind;
    }

    /** Gives a socket without port one of the ephemeral range. 0 or a negative errno. */
    protected bindAutomatically(): i64 {
        return this.isBound ? 0 : takePort(this.ports(), this, this.localHigh, this.localLow, 0);
    }

    /**
     * Reads the address given as a destination to `address...`: wildcards become the loopback address. 0, or the errno that
     * connect and sendto have for it.
     */
    protected readDestination(): i64 {
        const family: u32 = load<u16>(givenAddress);
        if (this.domain == AF_INET) {
            if (!isLongEnough(AF_INET)) return -EINVAL;
            if (family != AF_INET) return -EAFNOSUPPORT;
            readInetAddress();
        } else if (family == AF_INET && !this.onlyIPv6) {
            if (!isLongEnough(AF_INET)) return -EINVAL;
            readInetAddress();
        } else {
            if (!isLongEnough(AF_INET6)) return -EINVAL;
            if (family != AF_INET6) return -EAFNOSUPPORT;
            readInet6Address();
        }
        let low = addressLow;
        const boundTo4 = isMapped(this.localHigh, this.localLow);
        if (isAny(addressHigh, low)) {
            // The wildcard of IPv6 means 127.0.0.1 on a socket that is bound to an address of IPv4.
            low = low == ANY_LOW || boundTo4 ? LOOPBACK_LOW : LOOPBACK6_LOW;
            setAddress(0, low, addressPort);
        }
        if (this.onlyIPv6 && isMapped(addressHigh, low)) return -ENETUNREACH;
        // A socket that is bound to an address of one kind cannot reach the other.
        if (!isAny(this.localHigh, this.localLow) || this.localLow == ANY_LOW) {
            if (boundTo4 != isMapped(addressHigh, low)) return -ENETUNREACH;
        }
        return 0;
    }

    /** Gives a wildcard local address the one that a packet to `high`, `low` leaves from. */
    protected chooseSource(high: u64, low: u64): void {
        if (!isAny(this.localHigh, this.localLow)) return;
        this.localHigh = 0;
        this.localLow = isMapped(high, low) ? LOOPBACK_LOW : LOOPBACK6_LOW;
    }

    localName(to: usize): i64 {
        return writeAddress(to, this.domain, this.localHigh, this.localLow, this.localPort);
    }

    peerName(to: usize): i64 {
        if (!this.isConnected()) return -ENOTCONN;
        return writeAddress(to, this.domain, this.peerHigh, this.peerLow, this.peerPort);
    }

    /** Whether getpeername(2) has an answer. */
    protected isConnected(): bool {
        return this.peerPort != 0;
    }

    setFamilyOption(level: i32, name: i32, address: u64, length: i32): i64 {
        return setInternetOption(this, level, name, address, length);
    }

    getFamilyOption(level: i32, name: i32, to: usize, capacity: i32): i64 {
        return getInternetOption(this, level, name, to, capacity);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// What uname(2), /proc/version and /proc/sys/kernel say of the system.

import { containerConfiguration } from "../../std/containerConfiguration";
import { reserveBuffer } from "../memory/buffers";

export const SYSTEM_NAME: string = "Linux";
/** The Linux whose system calls Sealift takes as its model; C libraries refuse to start on releases they find too old. */
export const SYSTEM_RELEASE: string = "6.1.0-sealift";
export const SYSTEM_VERSION: string = "#1 Sealift on seL4";
export const DOMAIN_NAME: string = "(none)";

/** Linux's __NEW_UTS_LEN. */
export const HOST_NAME_MAXIMUM: i32 = 64;

const name: usize = reserveBuffer(HOST_NAME_MAXIMUM);
let nameLength: i32 = -1;

function begin(): void {
    if (nameLength >= 0) return;
    const configuration = containerConfiguration();
    setHostName(configuration.text(configuration.hostnameOffset), <i32>configuration.hostnameLength);
}

/** Address of the host name's bytes. */
export function hostName(): usize {
    begin();
    return name;
}

export function hostNameLength(): i32 {
    begin();
    return nameLength;
}

/** sethostname(2): cut to HOST_NAME_MAXIMUM bytes. */
export function setHostName(address: usize, length: i32): void {
    nameLength = min(length, HOST_NAME_MAXIMUM);
    memory.copy(name, address, nameLength);
}

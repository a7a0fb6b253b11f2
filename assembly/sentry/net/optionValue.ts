// SPDX-License-Identifier: Apache-2.0
//
// Values of socket options as setsockopt(2) gets them.

import { EFAULT, EINVAL } from "../kernel/errno";
import { copyIn } from "../memory/userMemory";
import { reserveBuffer } from "../memory/buffers";

/** Room for the longest value of an option that is read or written whole. */
export const OPTION_VALUE_MAXIMUM: i32 = 512;
export const optionScratch: usize = reserveBuffer(OPTION_VALUE_MAXIMUM);

/** The value that readNumber and readNumberOrByte read. */
export let optionNumber: i32 = 0;

/** Reads an int. 0, -EINVAL when the value is shorter, or -EFAULT. */
export function readNumber(address: u64, length: i32): i64 {
    if (length < 4) return -EINVAL;
    if (copyIn(optionScratch, address, 4) != 0) return -EFAULT;
    optionNumber = load<i32>(optionScratch);
    return 0;
}

/** Reads an int, or the byte that a shorter value is (level IPPROTO_IP); an empty value is 0. */
export function readNumberOrByte(address: u64, length: i32): i64 {
    optionNumber = 0;
    if (length >= 4) return readNumber(address, length);
    if (length < 1) return 0;
    if (copyIn(optionScratch, address, 1) != 0) return -EFAULT;
    optionNumber = load<u8>(optionScratch);
    return 0;
}

/** Writes an int as a getsockopt value: its length. */
export function putNumber(to: usize, value: i32): i64 {
    store<i32>(to, value);
    return 4;
}

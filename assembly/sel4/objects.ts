// SPDX-License-Identifier: Apache-2.0
//
// Object types, rights and errors of the kernel interface (wit/sealift.wit), by the names of the seL4 manual.

export const OBJECT_UNTYPED: u32 = 0;
export const OBJECT_TCB: u32 = 1;
export const OBJECT_ENDPOINT: u32 = 2;
export const OBJECT_NOTIFICATION: u32 = 3;
export const OBJECT_CNODE: u32 = 4;
export const OBJECT_SCHED_CONTEXT: u32 = 5;
export const OBJECT_REPLY: u32 = 6;
export const OBJECT_FRAME: u32 = 7;
export const OBJECT_LARGE_FRAME: u32 = 8;
/** A page table of level 1, whose entries are frames; levels 2 and 3 are the numbers after it. */
export const OBJECT_PAGE_TABLE: u32 = 9;
export const OBJECT_VSPACE: u32 = 12;
/** How many object types there are. */
export const OBJECT_TYPES: u32 = 13;

export const RIGHT_WRITE: u32 = 1;
export const RIGHT_READ: u32 = 2;
export const RIGHT_GRANT: u32 = 4;
export const RIGHT_GRANT_REPLY: u32 = 8;
export const RIGHTS_READ_WRITE: u32 = RIGHT_READ | RIGHT_WRITE;
export const RIGHTS_ALL: u32 = 15;

export const ERROR_NONE: u32 = 0;
export const ERROR_FAILED_LOOKUP: u32 = 6;
export const ERROR_DELETE_FIRST: u32 = 8;
export const ERROR_NOT_ENOUGH_MEMORY: u32 = 10;

/** Objects that one invocation of Untyped_Retype can make (the kernel's KernelRetypeFanOutLimit). */
export const RETYPE_MAXIMUM: u32 = 256;
/** The smallest untyped (seL4_MinUntypedBits). */
export const UNTYPED_BITS_MINIMUM: u32 = 4;
/** Bits of a capability address. */
export const WORD_BITS: u32 = 64;

/** The manual's name of an error, for messages. */
export function errorName(error: u32): string {
    switch (error) {
        case 0:
            return "no error";
        case 1:
            return "invalid argument";
        case 2:
            return "invalid capability";
        case 3:
            return "illegal operation";
        case 4:
            return "range error";
        case 5:
            return "alignment error";
        case 6:
            return "failed lookup";
        case 7:
            return "truncated message";
        case 8:
            return "delete first";
        case 9:
            return "revoke first";
        case 10:
            return "not enough memory";
        default:
            return "unknown error";
    }
}

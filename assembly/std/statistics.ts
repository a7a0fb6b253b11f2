// SPDX-License-Identifier: Apache-2.0
//
// The accounting words of a sentry's STATISTICS request (and of its EXITED state): who owns how many bytes of the
// container's quota. The manager adds what it knows itself (layer store, capabilities it made) so that the sum over
// owners equals the machine's memory.

/** Bytes of untyped memory of the quota from which nothing has been made. */
export const STATISTIC_FREE: i32 = 0;
/** Frames of the sentry's AssemblyScript heap beyond the pages it started with. */
export const STATISTIC_SENTRY_HEAP: i32 = 1;
/** Kernel objects of the container's threads: TCBs, scheduling contexts, reply objects, endpoints. */
export const STATISTIC_KERNEL_OBJECTS: i32 = 2;
/** VSpace roots and page tables: of processes, and of the sentry's window. */
export const STATISTIC_PAGE_TABLES: i32 = 3;
/** CNodes. */
export const STATISTIC_CAPABILITIES: i32 = 4;
/** Frames of private anonymous memory, copy-on-write copies included. */
export const STATISTIC_ANONYMOUS: i32 = 5;
/** Frames of files that the container wrote (upper layer, pipes). */
export const STATISTIC_FILES: i32 = 6;
/** Unused rest of untypeds that were split for one of the above. */
export const STATISTIC_REST: i32 = 7;
/** Words that count bytes of the quota; the words below describe and are not part of the sum. */
export const STATISTIC_OWNERS: i32 = 8;

/** Linux system calls answered since the container started. */
export const STATISTIC_SYSTEM_CALLS: i32 = 8;
/** Page faults answered. */
export const STATISTIC_PAGE_FAULTS: i32 = 9;
/** Bytes of layer pages mapped into processes by capability copy: shared, so they cost the quota nothing. */
export const STATISTIC_LAYER_PAGES_MAPPED: i32 = 10;
/** Processes created. */
export const STATISTIC_PROCESSES: i32 = 11;
/** Wasm instructions that the sentry has executed, when the runtime was built to count them, else 0. */
export const STATISTIC_INSTRUCTIONS: i32 = 12;

/** Processes that there are now and that have not ended. */
export const STATISTIC_PROCESSES_NOW: i32 = 13;

/** Microseconds that the threads have used on the processor; 0 where CPU time is limited, for there the manager has their context. */
export const STATISTIC_THREADS_MICROSECONDS: i32 = 14;

/** Words of a STATISTICS message. */
export const STATISTIC_COUNT: i32 = 15;

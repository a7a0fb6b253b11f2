// SPDX-License-Identifier: Apache-2.0
//
// Who owns the machine's memory. Every byte that the kernel reports has exactly one owner, so that the accounts and the
// free memory add up to the whole.

/** Machine code and constants of the C runtime. */
export const OWNER_RUNTIME_CODE: i32 = 0;
/** manager.wasm and sentry.wasm as they were built. */
export const OWNER_WASM_MODULES: i32 = 1;
/** Both modules translated for the interpreter. */
export const OWNER_WASM_TRANSLATED: i32 = 2;
/** The bundle: the image's files as they were packed. */
export const OWNER_BUNDLE: i32 = 3;
/** The root task's state, stacks, and the rest of its last pages. */
export const OWNER_ROOT_STATE: i32 = 4;
/** The manager's AssemblyScript heap with its static data, and what is kept ready for its growth. */
export const OWNER_MANAGER_HEAP: i32 = 5;
/** Kernel objects that were made at boot: the root CNode, TCBs, page tables of the root task. */
export const OWNER_BOOT_OBJECTS: i32 = 6;
/** Kernel objects of the manager: endpoints, notifications, reply objects. */
export const OWNER_KERNEL_OBJECTS: i32 = 7;
/** Page tables of the manager's window. */
export const OWNER_PAGE_TABLES: i32 = 8;
/** CNodes of the manager and the layer store. */
export const OWNER_CAPABILITIES: i32 = 9;
/** File contents of unpacked layers. */
export const OWNER_LAYER_DATA: i32 = 10;
/** Indexes of unpacked layers. */
export const OWNER_LAYER_INDEXES: i32 = 11;
/** Which frame holds which page of the files. */
export const OWNER_LAYER_MAPS: i32 = 12;
/** Pages of the files with their system calls patched, and pages that containers have in common. */
export const OWNER_LAYER_CODE: i32 = 13;
/** Tables that exist while layers are unpacked. */
export const OWNER_SCRATCH: i32 = 14;
/** Quotas of containers. */
export const OWNER_CONTAINERS: i32 = 15;
/** Pieces of memory too small to be used. */
export const OWNER_ROUNDING: i32 = 16;

export const OWNERS: i32 = 17;

export function ownerName(owner: i32): string {
    switch (owner) {
        case OWNER_RUNTIME_CODE:
            return "root task: C runtime";
        case OWNER_WASM_MODULES:
            return "root task: Wasm modules";
        case OWNER_WASM_TRANSLATED:
            return "root task: Wasm code, translated";
        case OWNER_BUNDLE:
            return "root task: packed image";
        case OWNER_ROOT_STATE:
            return "root task: state and stacks";
        case OWNER_MANAGER_HEAP:
            return "root task: heap";
        case OWNER_BOOT_OBJECTS:
            return "kernel objects made at boot";
        case OWNER_KERNEL_OBJECTS:
            return "kernel objects";
        case OWNER_PAGE_TABLES:
            return "page tables";
        case OWNER_CAPABILITIES:
            return "capabilities";
        case OWNER_LAYER_DATA:
            return "layer store: files";
        case OWNER_LAYER_INDEXES:
            return "layer store: indexes";
        case OWNER_LAYER_MAPS:
            return "layer store: page maps";
        case OWNER_LAYER_CODE:
            return "layer store: patched code";
        case OWNER_SCRATCH:
            return "unpacking";
        case OWNER_CONTAINERS:
            return "containers";
        default:
            return "rounding";
    }
}

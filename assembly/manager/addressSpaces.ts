// SPDX-License-Identifier: Apache-2.0
//
// Address space identifiers. The kernel has a number of pools of them, and every VSpace needs one: they are as scarce as memory is, and
// like memory they are divided among the containers beforehand. Without that a container that forks without end would keep all others
// from starting a process.

import { ASIDControl, ASIDPool, VSpace, capability } from "../sel4/capabilities";
import { ERROR_DELETE_FIRST, ERROR_NONE, ERROR_NOT_ENOUGH_MEMORY } from "../sel4/objects";
import { UntypedPool } from "../sel4/untypedPool";
import { PAGE_BITS } from "../std/pages";
import { OWNER_KERNEL_OBJECTS } from "./owners";

/** VSpaces of a pool (seL4_ASIDPoolIndexBits is 9 on all three architectures). */
const POOL_SPACES: u32 = 512;
/** Pools of x86_64 (seL4_NumASIDPoolsBits); the others have 128, of which 32 are more than there is memory for. */
const POOLS_X86: u32 = 8;
const POOLS_OTHERS: u32 = 32;
/** x86_64, as the runtime numbers architectures. */
const ARCHITECTURE_X86: u32 = 1;
/** Identifier 0 is none, and the root task has one. */
const TAKEN: u32 = 2;

/** Bytes of a quota below which no process exists: page tables, a stack, a thread. */
const PROCESS_BYTES: u64 = 32 * 1024;
/** What a container gets where it is small: a shell's pipeline. */
const LEAST: u32 = 4;

export class AddressSpaces {
    private readonly pools: ASIDPool[] = new Array<ASIDPool>();
    private readonly poolsMaximum: u32;

    /** `first` is the pool that the kernel made at boot; more are made of `memory` when they are needed. */
    constructor(
        private readonly control: ASIDControl,
        first: ASIDPool,
        architecture: u32,
        private readonly memory: UntypedPool,
    ) {
        this.pools.push(first);
        this.poolsMaximum = architecture == ARCHITECTURE_X86 ? POOLS_X86 : POOLS_OTHERS;
    }

    /** VSpaces that there can be besides the root task's. */
    get total(): u32 {
        return this.poolsMaximum * POOL_SPACES - TAKEN;
    }

    /** Gives a VSpace its identifier. An error code. */
    assign(vspace: VSpace): u32 {
        let error = ERROR_DELETE_FIRST;
        for (let i = 0; error == ERROR_DELETE_FIRST; i++) {
            if (i == this.pools.length && !this.addPool()) return ERROR_NOT_ENOUGH_MEMORY;
            error = this.pools[i].assign(vspace);
        }
        return error;
    }

    private addPool(): bool {
        if (<u32>this.pools.length == this.poolsMaximum) return false;
        const cspace = this.memory.cspace;
        const block = this.memory.allocate(PAGE_BITS, OWNER_KERNEL_OBJECTS);
        if (block === null) return false;
        const slot = cspace.allocate();
        if (slot == 0 || this.control.makePool(block.untyped, cspace.root, slot) != ERROR_NONE) {
            if (slot != 0) cspace.free(slot);
            this.memory.release(block);
            return false;
        }
        this.pools.push(capability<ASIDPool>(slot));
        return true;
    }
}

/** Processes that a quota of `memory` bytes has room for. */
export function addressSpacesFor(memory: u64): u32 {
    return max<u32>(LEAST, <u32>min<u64>(memory / PROCESS_BYTES, u32.MAX_VALUE));
}

/**
 * Cuts what each wishes for to a share of `total`: who wishes for less than an equal share gets it, and what is left of that is shared
 * equally by the others.
 */
export function divide(wishes: StaticArray<u32>, total: u32): void {
    let left = total;
    let others = <u32>wishes.length;
    let share: u32 = 0;
    // In each round those whose wishes fit the equal share are served; when there are none, the share is final.
    while (others > 0) {
        const equal = left / others;
        let fitting: u32 = 0;
        let taken: u32 = 0;
        for (let i = 0; i < wishes.length; i++) {
            if (wishes[i] > share && wishes[i] <= equal) {
                fitting++;
                taken += wishes[i];
            }
        }
        // Those of a size that was served before are not served twice.
        if (fitting == 0) {
            share = equal;
            break;
        }
        share = equal;
        left -= taken;
        others -= fitting;
    }
    for (let i = 0; i < wishes.length; i++) wishes[i] = min(wishes[i], share);
}

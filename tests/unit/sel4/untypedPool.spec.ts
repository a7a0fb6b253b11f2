// SPDX-License-Identifier: Apache-2.0
//
// The pool over the model of tests/unit/kernelModel.js, whose slots 50 to 57 are untypeds of 4 MiB.

import { CNode, capability } from "../../../assembly/sel4/capabilities";
import { CSpace } from "../../../assembly/sel4/cspace";
import { OBJECT_ENDPOINT, OBJECT_FRAME } from "../../../assembly/sel4/objects";
import { UntypedBlock, UntypedPool } from "../../../assembly/sel4/untypedPool";
import { random, seedRandom } from "../random";

const UNTYPED_BITS: u32 = 22;
const UNTYPED_SIZE: u64 = 1 << 22;

let nextUntyped: u32 = 50;
/** Behind the first-level entries that a CSpace takes for its own growth. */
let nextSlot: u32 = 0x100000;

/** A pool of one untyped of 4 MiB, of which `used` bytes are gone, with `slots` slots of its own. */
function poolOf(slots: u32, used: u64 = 0): UntypedPool {
    const cspace = new CSpace(capability<CNode>(1), 12, nextSlot, nextSlot + slots);
    nextSlot += slots;
    const pool = new UntypedPool(cspace, 2, 1, 5);
    pool.account(0, pool.add(nextUntyped++, UNTYPED_BITS, used));
    return pool;
}

seedRandom(12345);

describe("untyped pool", () => {
    it("splits for a small block and merges when it comes back", () => {
        const pool = poolOf(300);
        expect(pool.freeBytes).toBe(UNTYPED_SIZE);
        const block = pool.allocate(12, 0)!;
        expect(block.bits).toBe(12);
        expect(pool.freeBytes).toBe(UNTYPED_SIZE - 4096);
        expect(pool.ownedBytes(0)).toBe(4096);
        expect(pool.largestFreeBits).toBe(UNTYPED_BITS - 1);
        pool.release(block);
        expect(pool.freeBytes).toBe(UNTYPED_SIZE);
        expect(pool.largestFreeBits).toBe(UNTYPED_BITS);
        expect(pool.ownedBytes(0)).toBe(0);
    });

    it("takes back what was made of a block, whoever holds it", () => {
        const pool = poolOf(300);
        const block = pool.allocate(16, 0)!;
        expect(pool.isWhole(block)).toBe(true);
        expect(pool.cspace.retype(block.untyped, OBJECT_FRAME, 0, pool.cspace.allocateRun(4), 4)).toBe(0);
        expect(pool.isWhole(block)).toBe(false);
        pool.release(block);
        expect(pool.largestFreeBits).toBe(UNTYPED_BITS);
    });

    it("uses what is left of an untyped that was begun", () => {
        const pool = poolOf(300, 0x5001);
        // 0x6000 is where the first whole page begins; what lies before is lost.
        expect(pool.ownedBytes(0)).toBe(0xfff);
        expect(pool.freeBytes).toBe(UNTYPED_SIZE - 0x6000);
        expect(pool.largestFreeBits).toBe(21);
        while (pool.allocate(12, 0) !== null) {}
        expect(pool.freeBytes).toBe(0);
    });

    it("gives every byte away, and nothing more", () => {
        const pool = poolOf(2500);
        let count = 0;
        while (pool.allocate(14, 0) !== null) count++;
        expect(count).toBe(256);
        expect(pool.freeBytes).toBe(0);
        expect(pool.allocate(4, 0) === null).toBe(true);
        expect(pool.makeObject(OBJECT_ENDPOINT, 0, 4, 0) === null).toBe(true);
    });

    it("makes room for capabilities when slots run out", () => {
        const pool = poolOf(150);
        const blocks = new Array<UntypedBlock>();
        for (let i = 0; i < 200; i++) {
            const block = pool.allocate(13, 0);
            if (block === null) break;
            blocks.push(block);
        }
        expect(blocks.length).toBe(200);
        expect(pool.ownedBytes(1)).toBe(32768);
        while (blocks.length > 0) pool.release(blocks.pop());
        expect(pool.freeBytes).toBe(UNTYPED_SIZE - 32768);
    });

    it("is whole again after any sequence of allocations and releases", () => {
        const pool = poolOf(3000);
        const blocks = new Array<UntypedBlock>();
        let bytes: u64 = 0;
        for (let i = 0; i < 4000; i++) {
            if (random(100) < 55) {
                const block = pool.allocate(4 + random(14), 0);
                if (block !== null) {
                    blocks.push(block);
                    bytes += block.size;
                }
            } else if (blocks.length > 0) {
                const index = random(blocks.length);
                const block = blocks[index];
                blocks[index] = blocks[blocks.length - 1];
                blocks.pop();
                bytes -= block.size;
                pool.release(block);
            }
            if (pool.ownedBytes(0) != bytes || pool.freeBytes + bytes + pool.ownedBytes(1) != UNTYPED_SIZE) {
                expect(i).toBe(-1, "the accounts do not add up after this step");
                break;
            }
        }
        while (blocks.length > 0) pool.release(blocks.pop());
        expect(pool.freeBytes + pool.ownedBytes(1)).toBe(UNTYPED_SIZE);
        if (pool.ownedBytes(1) == 0) expect(pool.largestFreeBits).toBe(UNTYPED_BITS);
    });
});

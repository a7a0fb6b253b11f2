// SPDX-License-Identifier: Apache-2.0
//
// Which parts of a sparse file an archive stores; the rest are holes, which read as zeros. GNU tar has written the map in four
// forms (GNU tar manual, "Storing Sparse Files"): in the header (type "S"), as pax records of offset and length (0.0), as one pax
// record with all of them (0.1), and in front of the content (1.0).

import { decimal } from "../std/numberText";
import { PaxRecords } from "./paxRecords";
import { NOT_A_NUMBER, SPARSE_FIELD, parseNumber } from "./tarHeader";

/** Parts of one file. GNU tar writes one for each run of blocks that are not zero. */
export const SPARSE_PARTS_MAXIMUM: u32 = 65536;

/** Offset and length of a part, 64 bits each. */
const PART_SIZE: u32 = 16;
const FIRST_CAPACITY: u32 = 256;
/** Numbers of more digits are beyond every file. */
const DIGITS_MAXIMUM: u32 = 18;

/** Where `feed` is in the map that lies in front of the content. */
enum Awaited {
    Count,
    Offset,
    Length,
    Nothing,
}

export class SparseMap {
    /** What is wrong with the map, to follow the entry's name, or null. */
    fault: string | null = null;
    /** Whether the entry has a map. */
    present: bool = false;
    /** Whether the map begins the content: form 1.0. */
    leadsContent: bool = false;
    /** Bytes of the file with its holes; -1 where nothing said it. */
    realSize: i64 = -1;

    private parts: usize = 0;
    private capacity: u32 = 0;
    private count: u32 = 0;
    /** The offset of form 0.0 that waits for its length. */
    private offset: i64 = -1;
    private awaited: Awaited = Awaited.Count;
    private announced: i64 = 0;
    private number: i64 = 0;
    private digits: u32 = 0;
    /** The part that `run` is in, or before. */
    private current: u32 = 0;

    /** Forgets the last entry's map. */
    reset(): void {
        this.fault = null;
        this.present = false;
        this.leadsContent = false;
        this.realSize = -1;
        this.count = 0;
        this.offset = -1;
        this.awaited = Awaited.Count;
        this.number = 0;
        this.digits = 0;
        this.current = 0;
    }

    close(): void {
        if (this.parts != 0) heap.free(this.parts);
        this.parts = 0;
        this.capacity = 0;
    }

    // ---- what the archive says

    /** `fields` offsets and lengths as the header of type "S" and its extensions have them. Unused ones are empty. */
    addFields(at: usize, fields: u32): void {
        for (let i: u32 = 0; i < fields; i++) {
            const field = at + 2 * SPARSE_FIELD * i;
            if (load<u8>(field) == 0 || load<u8>(field + SPARSE_FIELD) == 0) return;
            this.add(parseNumber(field, SPARSE_FIELD), parseNumber(field + SPARSE_FIELD, SPARSE_FIELD));
        }
    }

    /** A pax record whose key begins with "GNU.sparse.", but the name. */
    addRecord(records: PaxRecords): void {
        this.present = true;
        if (records.keyIs("GNU.sparse.map")) {
            this.addList(records.value, records.valueLength);
            return;
        }
        const value = records.unsignedValue();
        if (value < 0) this.fail("is a sparse file with an invalid " + records.keyText);
        else if (records.keyIs("GNU.sparse.size") || records.keyIs("GNU.sparse.realsize"))
            this.realSize = value;
        else if (records.keyIs("GNU.sparse.offset")) this.offset = value;
        else if (records.keyIs("GNU.sparse.numbytes")) {
            this.add(this.offset, value);
            this.offset = -1;
        } else if (records.keyIs("GNU.sparse.major")) {
            this.leadsContent = value == 1;
            if (value > 1) this.failVersion(records);
        } else if (records.keyIs("GNU.sparse.minor")) {
            if (value > 1) this.failVersion(records);
        } else if (!records.keyIs("GNU.sparse.numblocks")) this.failVersion(records);
    }

    /** "OFFSET,LENGTH,OFFSET,LENGTH…" */
    private addList(text: usize, length: u32): void {
        this.awaited = Awaited.Offset;
        for (let i: u32 = 0; i < length && this.fault === null; i++) this.take(load<u8>(text + i), 0x2c);
        if (length > 0) this.take(0x2c, 0x2c);
        if (this.awaited != Awaited.Offset) this.fail("is a sparse file with an incomplete map");
    }

    /**
     * The next bytes of a map in front of the content: how many parts, then their offsets and lengths, a line each. False when the
     * map is complete, or damaged: the rest of its block is padding.
     */
    feed(block: usize, length: u32): bool {
        for (let i: u32 = 0; i < length; i++) {
            if (this.awaited == Awaited.Nothing || this.fault !== null) return false;
            this.take(load<u8>(block + i), 0x0a);
        }
        return this.awaited != Awaited.Nothing && this.fault === null;
    }

    /** One character of a list of numbers. */
    private take(character: u8, separator: u8): void {
        if (character != separator) {
            if (character < 0x30 || character > 0x39 || ++this.digits > DIGITS_MAXIMUM)
                this.fail("is a sparse file with a map that is no list of numbers");
            else this.number = this.number * 10 + (character - 0x30);
            return;
        }
        const number = this.number;
        if (this.digits == 0) this.fail("is a sparse file with a map that is no list of numbers");
        this.number = 0;
        this.digits = 0;
        if (this.awaited == Awaited.Count) {
            this.announced = number;
            this.awaited = number == 0 ? Awaited.Nothing : Awaited.Offset;
        } else if (this.awaited == Awaited.Offset) {
            this.offset = number;
            this.awaited = Awaited.Length;
        } else {
            this.add(this.offset, number);
            this.offset = -1;
            this.awaited =
                this.leadsContent && this.count == <u32>this.announced ? Awaited.Nothing : Awaited.Offset;
        }
    }

    /** Parts come in order and do not overlap, so that the file can be read as a stream. */
    private add(offset: i64, length: i64): void {
        this.present = true;
        if (this.count >= SPARSE_PARTS_MAXIMUM) {
            this.fail(
                "is a sparse file of more than " +
                    decimal(SPARSE_PARTS_MAXIMUM) +
                    " parts; make the layer without tar's --sparse",
            );
            return;
        }
        const end = this.count == 0 ? 0 : this.partEnd(this.count - 1);
        if (offset == NOT_A_NUMBER || length < 0 || offset < end || offset > i64.MAX_VALUE - length) {
            this.fail("is a sparse file whose parts are in no order");
            return;
        }
        if (this.count == this.capacity) {
            this.capacity = max(FIRST_CAPACITY, this.capacity << 1);
            this.parts =
                this.parts == 0
                    ? heap.alloc(this.capacity * PART_SIZE)
                    : heap.realloc(this.parts, this.capacity * PART_SIZE);
        }
        const part = this.parts + this.count++ * PART_SIZE;
        store<i64>(part, offset);
        store<i64>(part, length, 8);
    }

    /** Checks a complete map against the bytes that the archive stores of the file. */
    check(stored: u64): void {
        if (this.realSize < 0) this.fail("is a sparse file of unknown size");
        if (this.offset >= 0) this.fail("is a sparse file with an incomplete map");
        let sum: u64 = 0;
        for (let i: u32 = 0; i < this.count; i++) sum += this.partLength(i);
        const end = this.count == 0 ? 0 : this.partEnd(this.count - 1);
        if (end > this.realSize) this.fail("is a sparse file whose parts lie beyond its end");
        // Parts in order within 63 bits have no more bytes than that: no overflow.
        if (sum != stored)
            this.fail("is a sparse file with " + decimal(stored) + " bytes for parts of " + decimal(sum));
    }

    // ---- reading

    /** The bytes from `position` on that are alike: positive where they are stored, negative in a hole, 0 at the file's end. */
    run(position: u64): i64 {
        while (this.current < this.count && position >= <u64>this.partEnd(this.current)) this.current++;
        if (this.current == this.count) return <i64>position - this.realSize;
        const start = <u64>load<i64>(this.parts + this.current * PART_SIZE);
        return position < start ? <i64>(position - start) : this.partEnd(this.current) - <i64>position;
    }

    @inline private partLength(part: u32): i64 {
        return load<i64>(this.parts + part * PART_SIZE, 8);
    }

    @inline private partEnd(part: u32): i64 {
        return load<i64>(this.parts + part * PART_SIZE) + this.partLength(part);
    }

    private failVersion(records: PaxRecords): void {
        this.fail(
            "is a sparse file of an unknown form (" +
                records.keyText +
                "); make the layer without tar's --sparse",
        );
    }

    private fail(fault: string): void {
        if (this.fault === null) this.fault = fault;
    }
}

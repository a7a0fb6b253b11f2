// SPDX-License-Identifier: Apache-2.0
//
// Which patched page of code was made of which frames of the layer store: a hash table of three words each, which are numbered in the order
// in which they are added.

/** Words of an entry: the page's frame; its neighbours' plus 1, or 0 where they do not count. */
const ENTRY_WORDS: u32 = 3;
const ENTRIES_INITIAL: u32 = 16;

export class CodePageTable {
    private entries: StaticArray<u32> = new StaticArray<u32>(ENTRIES_INITIAL * ENTRY_WORDS);
    /** Numbers of entries plus 1 at twice as many places; 0: none. A collision goes to the next place. */
    private places: StaticArray<u32> = new StaticArray<u32>(ENTRIES_INITIAL * 2);
    private count: u32 = 0;

    /** The number of an entry, or -1. */
    find(frame: u32, before: u32, behind: u32): i32 {
        const found = this.places[this.placeOf(frame, before, behind)];
        return <i32>found - 1;
    }

    /** Adds an entry that is not there. Its number is how many there were. */
    add(frame: u32, before: u32, behind: u32): void {
        if (this.count * ENTRY_WORDS == <u32>this.entries.length) this.grow();
        const first = this.count * ENTRY_WORDS;
        this.entries[first] = frame;
        this.entries[first + 1] = before;
        this.entries[first + 2] = behind;
        this.places[this.placeOf(frame, before, behind)] = ++this.count;
    }

    clear(): void {
        this.count = 0;
        this.places.fill(0);
    }

    /** Where an entry is, or where it would be put. */
    private placeOf(frame: u32, before: u32, behind: u32): u32 {
        const mask = <u32>this.places.length - 1;
        let place = ((frame ^ (before << 9) ^ (behind << 18)) * 0x9e37_79b1) >> 7;
        while (true) {
            place &= mask;
            const found = this.places[place];
            if (found == 0) return place;
            const first = (found - 1) * ENTRY_WORDS;
            if (
                this.entries[first] == frame &&
                this.entries[first + 1] == before &&
                this.entries[first + 2] == behind
            )
                return place;
            place++;
        }
    }

    private grow(): void {
        const entries = this.entries;
        const count = this.count;
        this.entries = new StaticArray<u32>(entries.length * 2);
        this.places = new StaticArray<u32>(this.places.length * 2);
        this.count = 0;
        for (let i: u32 = 0; i < count; i++) {
            const first = i * ENTRY_WORDS;
            this.add(entries[first], entries[first + 1], entries[first + 2]);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

/**
 * A ring of bytes. Its memory is taken at once, so that it is open(2) that fails where there is none, and given back by `dispose`.
 */
export class ByteRing {
    private bytes: usize;
    /** Counted without end; the difference is what the ring holds. */
    private head: u32 = 0;
    private tail: u32 = 0;

    /** `capacity`: a power of two. */
    constructor(private readonly capacity: u32) {
        this.bytes = heap.alloc(capacity);
    }

    @inline get count(): i32 {
        return <i32>(this.head - this.tail);
    }

    @inline get room(): i32 {
        return <i32>(this.capacity - (this.head - this.tail));
    }

    @inline get isEmpty(): bool {
        return this.head == this.tail;
    }

    /** Adds at most `length` bytes: how many had room. */
    put(from: usize, length: i32): i32 {
        const taken = min(length, this.room);
        for (let done = 0; done < taken;) {
            const at = this.head & (this.capacity - 1);
            const part = min<i32>(taken - done, <i32>(this.capacity - at));
            memory.copy(this.bytes + at, from + done, part);
            this.head += part;
            done += part;
        }
        return taken;
    }

    putByte(byte: u32): void {
        store<u8>(this.bytes + (this.head++ & (this.capacity - 1)), <u8>byte);
    }

    /** Where the first bytes lie, `firstLength` of them in one piece. */
    @inline get first(): usize {
        return this.bytes + (this.tail & (this.capacity - 1));
    }

    get firstLength(): i32 {
        return min(this.count, <i32>(this.capacity - (this.tail & (this.capacity - 1))));
    }

    /** Byte number `index` of those held. */
    @inline byte(index: i32): u32 {
        return load<u8>(this.bytes + ((this.tail + index) & (this.capacity - 1)));
    }

    /** The first `length` bytes are not needed any more. */
    @inline drop(length: i32): void {
        this.tail += length;
    }

    clear(): void {
        this.tail = this.head;
    }

    dispose(): void {
        this.clear();
        heap.free(this.bytes);
        this.bytes = 0;
    }
}

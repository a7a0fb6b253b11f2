// SPDX-License-Identifier: Apache-2.0

/** Bytes of standard input that are held for a container; the credit that the host is given at first. */
export const INPUT_CAPACITY: u32 = 4096;

/** A ring of bytes from the host to a container, bounded by the credit that the host was given. */
export class StandardInput {
    private readonly bytes: usize = heap.alloc(INPUT_CAPACITY);
    private first: u32 = 0;
    private count: u32 = 0;

    get isEmpty(): bool {
        return this.count == 0;
    }

    /** Adds bytes; what exceeds the credit is dropped, for the host broke the protocol. */
    put(from: usize, length: u32): void {
        const taken = min(length, INPUT_CAPACITY - this.count);
        for (let i: u32 = 0; i < taken; i++) {
            store<u8>(this.bytes + ((this.first + this.count++) & (INPUT_CAPACITY - 1)), load<u8>(from + i));
        }
    }

    /** Takes at most `capacity` bytes: how many. */
    take(to: usize, capacity: u32): u32 {
        const taken = min(capacity, this.count);
        for (let i: u32 = 0; i < taken; i++) {
            store<u8>(to + i, load<u8>(this.bytes + ((this.first + i) & (INPUT_CAPACITY - 1))));
        }
        this.first = (this.first + taken) & (INPUT_CAPACITY - 1);
        this.count -= taken;
        return taken;
    }

    free(): void {
        heap.free(this.bytes);
    }
}

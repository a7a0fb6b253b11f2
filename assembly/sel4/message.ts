// SPDX-License-Identifier: Apache-2.0

/** Message registers that a received message can have; longer messages are cut by the runtime. */
export const MESSAGE_WORDS_RECEIVED: u32 = 64;
/** Bytes of a message block that can receive. */
export const MESSAGE_SIZE: usize = 8 + 8 * MESSAGE_WORDS_RECEIVED;

/** A message block (wit/sealift.wit, interface kernel): u32 label, u32 length in words, then the words. */
@unmanaged
export class Message {
    label: u32;
    length: u32;

    /** A block that lasts for the life of the program. */
    static make(): Message {
        return changetype<Message>(heap.alloc(MESSAGE_SIZE));
    }

    /** Word `index`, or 0 beyond the message's length: what a sender leaves out counts as 0. */
    @inline get(index: u32): u64 {
        return index < this.length ? load<u64>(changetype<usize>(this) + ((<usize>index) << 3), 8) : 0;
    }

    /** Sets a word of a message to be sent; `length` is set by `begin`. */
    @inline set(index: u32, value: u64): void {
        store<u64>(changetype<usize>(this) + ((<usize>index) << 3), value, 8);
    }

    @inline begin(label: u32, length: u32): void {
        this.label = label;
        this.length = length;
    }

    /** An answer without words. */
    @inline answer(label: u32): void {
        this.begin(label, 0);
    }
}

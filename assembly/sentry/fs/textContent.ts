// SPDX-License-Identifier: Apache-2.0

import { frameAddress } from "../memory/frames";
import { FileSystem } from "./fileSystem";
import { RegularInode } from "./regularInode";

/**
 * A regular file that begins with a short text of the sentry's (/etc/hostname). The text gets a frame of its own, a whole
 * page, only when somebody reads or writes the file.
 */
export class TextContent extends RegularInode {
    private text: StaticArray<u8> | null;

    constructor(fileSystem: FileSystem, number: u64, mode: u32, text: StaticArray<u8>) {
        super(fileSystem, number, mode);
        this.text = text;
        this.size = text.length;
        this.modified = true;
    }

    private settle(): void {
        const text = this.text;
        if (text === null) return;
        this.text = null;
        const frame = super.ownFrame(0);
        const address: usize = frame == 0 ? 0 : frameAddress(frame);
        if (address != 0)
            memory.copy(address, changetype<usize>(text), <usize>min<u64>(text.length, this.size));
    }

    frame(index: u32): u32 {
        this.settle();
        return super.frame(index);
    }

    ownFrame(index: u32): u32 {
        this.settle();
        return super.ownFrame(index);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Device files, FIFOs and socket files: names for something that is not in the filesystem.

import { ENXIO } from "../kernel/errno";
import { openDevice } from "./devices";
import { FileSystem } from "./fileSystem";
import { fail, Inode, KIND_CHARACTER_DEVICE, KIND_FIFO } from "./inode";
import { OpenFile } from "./openFile";
import { openFifo, Pipe } from "./pipe";

export class SpecialInode extends Inode {
    /** The pipe behind a FIFO while anybody has it open or is opening it. */
    pipe: Pipe | null = null;
    /** The socket that is bound to a socket file (net/unixName.ts), while it is open. */
    socket: OpenFile | null = null;

    constructor(fileSystem: FileSystem, number: u64, mode: u32, device: u32) {
        super(fileSystem, number, mode);
        this.device = device;
    }

    open(flags: u32): OpenFile | null {
        if (this.kind == KIND_FIFO) return openFifo(this, flags);
        if (this.kind == KIND_CHARACTER_DEVICE) return openDevice(this, flags);
        // There are no block devices, and a socket file is not opened by open(2).
        fail(-ENXIO);
        return null;
    }
}

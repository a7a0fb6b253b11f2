// SPDX-License-Identifier: Apache-2.0
//
// The container's standard input, output and error: byte streams that the manager carries to and from the host. They look
// like the pipes that a container engine connects when no terminal was asked for.

import { EAGAIN } from "../kernel/errno";
import { consoleInput } from "../kernel/notifications";
import { WaitQueue } from "../kernel/wait";
import { consoleRead, consoleWrite, EXCHANGE, EXCHANGE_SIZE } from "../manager";
import { copyOut32 } from "../memory/userMemory";
import { containerConfiguration, FLAG_INTERACTIVE } from "../../std/containerConfiguration";
import { setTimes } from "./fileTime";
import { FileSystem, PIPEFS_MAGIC } from "./fileSystem";
import { Inode, S_IFIFO } from "./inode";
import { IoBuffer } from "./ioBuffer";
import { O_RDONLY, O_WRONLY, OpenFile, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "./openFile";
import { StreamFile } from "./streamFile";

const STANDARD_OUTPUT: i32 = 1;

const FIONREAD: u32 = 0x541b;

/** Input that poll(2) or a read has fetched and nobody has read yet. */
const INPUT_CAPACITY: i32 = EXCHANGE_SIZE;
let input: usize = 0;
let inputFirst: i32 = 0;
let inputEnd: i32 = 0;
let inputOver: bool = false;

/** Fetches input if there is none here. Whether reading would not wait: bytes are here, or the end. */
function fetchInput(): bool {
    if (inputFirst < inputEnd || inputOver) return true;
    if (!containerConfiguration().has(FLAG_INTERACTIVE)) {
        inputOver = true;
        return true;
    }
    if (input == 0) input = heap.alloc(INPUT_CAPACITY);
    const count = consoleRead(input, INPUT_CAPACITY);
    if (count < 0) inputOver = true;
    inputFirst = 0;
    inputEnd = max(count, 0);
    return count != 0;
}

class ConsoleFile extends StreamFile {
    /** Reads come from standard input; writes go to this stream. */
    private readonly stream: i32;

    constructor(inode: Inode, stream: i32, flags: u32) {
        super(inode, flags);
        this.stream = stream;
    }

    receive(buffer: IoBuffer): i64 {
        if (buffer.length == 0) return 0;
        if (!fetchInput()) return -EAGAIN;
        const part = <i32>min<i64>(inputEnd - inputFirst, buffer.length);
        if (part == 0) return 0;
        const error = buffer.put(0, input + inputFirst, part);
        if (error != 0) return error;
        inputFirst += part;
        return part;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        const part = <i32>min<i64>(buffer.length - from, EXCHANGE_SIZE);
        const error = buffer.take(from, EXCHANGE, part);
        if (error != 0) return error;
        consoleWrite(this.stream, EXCHANGE, part);
        return part;
    }

    readiness(): u32 {
        let events: u32 = 0;
        if (this.isReadable() && fetchInput()) {
            if (inputFirst < inputEnd) events |= POLLIN | POLLRDNORM;
            if (inputOver) events |= POLLHUP;
        }
        if (this.isWritable()) events |= POLLOUT | POLLWRNORM;
        return events;
    }

    waitQueue(): WaitQueue | null {
        return consoleInput;
    }

    ioctl(request: u32, argument: u64): i64 {
        if (request != FIONREAD) return super.ioctl(request, argument);
        return copyOut32(argument, inputEnd - inputFirst);
    }
}

/** The pipe that an engine would have made for a stream. */
class ConsoleInode extends Inode {
    private readonly stream: i32;

    constructor(fileSystem: FileSystem, stream: i32) {
        super(fileSystem, fileSystem.newInodeNumber(), S_IFIFO | 0o600);
        this.stream = stream;
        setTimes(this);
    }

    /** Through /proc/self/fd or /dev/stdin. */
    open(flags: u32): OpenFile | null {
        return new ConsoleFile(this, this.stream, flags);
    }
}

/** What descriptors 0, 1 and 2 of the first process refer to; each call makes new descriptions. */
export function openStandardStream(descriptor: i32): OpenFile {
    if (fileSystem === null) fileSystem = new FileSystem("pipefs", PIPEFS_MAGIC, false);
    const stream = descriptor == 0 ? STANDARD_OUTPUT : descriptor;
    const inode = new ConsoleInode(fileSystem!, stream);
    return new ConsoleFile(inode, stream, descriptor == 0 ? O_RDONLY : O_WRONLY);
}

let fileSystem: FileSystem | null = null;

/** The device file /dev/console: input, and output to the standard output. */
export function openConsoleDevice(inode: Inode, flags: u32): OpenFile {
    return new ConsoleFile(inode, STANDARD_OUTPUT, flags);
}

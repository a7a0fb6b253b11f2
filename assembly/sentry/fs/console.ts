// SPDX-License-Identifier: Apache-2.0
//
// Standard input, output and error of a process that the engine started: the streams of a console without a terminal. They look like
// the pipes that a container engine connects when no terminal was asked for.

import { EAGAIN, EPIPE } from "../kernel/errno";
import { current } from "../kernel/thread";
import { WaitQueue } from "../kernel/wait";
import { EXCHANGE, EXCHANGE_SIZE } from "../manager";
import { copyOut32 } from "../memory/userMemory";
import { SIGPIPE } from "../signals/numbers";
import { sendSignalToThread } from "../signals/send";
import { setTimes } from "./fileTime";
import { FileSystem, PIPEFS_MAGIC } from "./fileSystem";
import { containerConsole, HostConsole } from "./hostConsole";
import { Inode, S_IFIFO } from "./inode";
import { IoBuffer } from "./ioBuffer";
import {
    O_RDONLY,
    O_WRONLY,
    OpenFile,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
} from "./openFile";
import { StreamFile } from "./streamFile";

const STANDARD_OUTPUT: i32 = 1;

const FIONREAD: u32 = 0x541b;

class ConsoleFile extends StreamFile {
    /** `stream`: writes go there; reads come from standard input. */
    constructor(
        inode: Inode,
        private readonly console: HostConsole,
        private readonly stream: i32,
        flags: u32,
    ) {
        super(inode, flags);
    }

    receive(buffer: IoBuffer): i64 {
        if (buffer.length == 0) return 0;
        const console = this.console;
        if (!console.fetch()) return -EAGAIN;
        const part = <i32>min<i64>(console.inputLength, buffer.length);
        if (part == 0) return 0;
        const error = buffer.put(0, console.inputAddress, part);
        if (error != 0) return error;
        console.drop(part);
        return part;
    }

    send(buffer: IoBuffer, from: i64): i64 {
        const console = this.console;
        if (console.isClosed) {
            sendSignalToThread(current, SIGPIPE);
            return -EPIPE;
        }
        const part = <i32>min<i64>(buffer.length - from, EXCHANGE_SIZE);
        const error = buffer.take(from, EXCHANGE, part);
        if (error != 0) return error;
        console.write(this.stream, EXCHANGE, part);
        return part;
    }

    readiness(): u32 {
        const console = this.console;
        let events: u32 = 0;
        if (this.isReadable() && console.fetch()) {
            if (console.inputLength > 0) events |= POLLIN | POLLRDNORM;
            if (console.isInputOver) events |= POLLHUP;
        }
        if (this.isWritable()) {
            events |= POLLOUT | POLLWRNORM;
            if (console.isClosed) events |= POLLERR;
        }
        return events;
    }

    waitQueue(): WaitQueue | null {
        return this.console.queue;
    }

    ioctl(request: u32, argument: u64): i64 {
        if (request != FIONREAD) return super.ioctl(request, argument);
        return copyOut32(argument, this.console.inputLength);
    }
}

/** The pipe that an engine would have made for a stream. */
class ConsoleInode extends Inode {
    constructor(
        fileSystem: FileSystem,
        private readonly console: HostConsole,
        private readonly stream: i32,
    ) {
        super(fileSystem, fileSystem.newInodeNumber(), S_IFIFO | 0o600);
        setTimes(this);
    }

    /** Through /proc/self/fd or /dev/stdin. */
    open(flags: u32): OpenFile | null {
        return new ConsoleFile(this, this.console, this.stream, flags);
    }
}

/** What descriptors 0, 1 and 2 of a console's process refer to; each call makes new descriptions. */
export function openStandardStream(console: HostConsole, descriptor: i32): OpenFile {
    if (fileSystem === null) fileSystem = new FileSystem("pipefs", PIPEFS_MAGIC, false);
    const stream = descriptor == 0 ? STANDARD_OUTPUT : descriptor;
    const inode = new ConsoleInode(fileSystem!, console, stream);
    return new ConsoleFile(inode, console, stream, descriptor == 0 ? O_RDONLY : O_WRONLY);
}

let fileSystem: FileSystem | null = null;

/** The device file /dev/console: the container's own console, with the standard output. */
export function openConsoleDevice(inode: Inode, flags: u32): OpenFile {
    return new ConsoleFile(inode, containerConsole(), STANDARD_OUTPUT, flags);
}

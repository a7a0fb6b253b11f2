// SPDX-License-Identifier: Apache-2.0
//
// Open regular files.

import { EFAULT, EFBIG, EINVAL, ENOSPC, ENXIO, EPERM } from "../kernel/errno";
import { RLIMIT_FSIZE } from "../kernel/resourceLimits";
import { current } from "../kernel/thread";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { frameAddress } from "../memory/frames";
import { SIGXFSZ } from "../signals/numbers";
import { sendSignalToThread } from "../signals/send";
import { contentChanged, contentRead } from "./fileTime";
import { failure } from "./inode";
import { IoBuffer } from "./ioBuffer";
import {
    AT_POSITION,
    O_APPEND,
    O_NOATIME,
    OpenFile,
    SEEK_CUR,
    SEEK_DATA,
    SEEK_END,
    SEEK_HOLE,
    SEEK_SET,
} from "./openFile";
import { dropPrivileges } from "./permission";
import {
    F_SEAL_FUTURE_WRITE,
    F_SEAL_GROW,
    F_SEAL_WRITE,
    FILE_SIZE_MAXIMUM,
    RegularInode,
} from "./regularInode";
import { zeroPage } from "./zeros";

export class RegularFile extends OpenFile {
    private readonly content: RegularInode;

    constructor(inode: RegularInode, flags: u32) {
        super(inode, flags);
        this.content = inode;
    }

    isSeekable(): bool {
        return true;
    }

    size(): u64 {
        return this.content.size;
    }

    readTo(buffer: IoBuffer, offset: i64): i64 {
        const content = this.content;
        const start = offset == AT_POSITION ? this.position : offset;
        const size = <i64>content.size;
        if (content.modified && buffer.length > 0 && (this.flags & O_NOATIME) == 0) contentRead(content);
        if (start >= size) return 0;
        const count = min(buffer.length, size - start);
        let done: i64 = 0;
        while (done < count) {
            const position = start + done;
            const within = <i32>(position & (PAGE_SIZE - 1));
            const part = <i32>min<i64>(PAGE_SIZE - within, count - done);
            let page = content.pageAddress(<u32>(position >> PAGE_BITS));
            if (page == 0) {
                if (failure != 0) {
                    if (done == 0) return failure;
                    break;
                }
                page = zeroPage();
            }
            const copied = buffer.putSome(done, page + within, part);
            done += copied;
            if (copied < part) {
                if (done == 0) return -EFAULT;
                break;
            }
        }
        if (offset == AT_POSITION) this.position = start + done;
        return done;
    }

    writeFrom(buffer: IoBuffer, offset: i64): i64 {
        const content = this.content;
        let start = offset == AT_POSITION ? this.position : offset;
        // pwrite(2), BUGS: with O_APPEND the data goes to the end whatever the offset.
        if ((this.flags & O_APPEND) != 0) start = <i64>content.size;
        let count = buffer.length;
        if (count == 0) return 0;
        if ((content.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return -EPERM;
        if ((content.seals & F_SEAL_GROW) != 0 && <u64>(start + count) > content.size) return -EPERM;
        const limit = min(current.process.limits.soft[RLIMIT_FSIZE], FILE_SIZE_MAXIMUM);
        if (<u64>start >= limit) {
            if (limit != FILE_SIZE_MAXIMUM) sendSignalToThread(current, SIGXFSZ);
            return -EFBIG;
        }
        count = min(count, <i64>limit - start);
        let done: i64 = 0;
        while (done < count) {
            const position = start + done;
            const within = <i32>(position & (PAGE_SIZE - 1));
            const part = <i32>min<i64>(PAGE_SIZE - within, count - done);
            const frame = content.ownFrame(<u32>(position >> PAGE_BITS));
            const page: usize = frame == 0 ? 0 : frameAddress(frame);
            const copied = page == 0 ? 0 : buffer.takeSome(done, page + within, part);
            done += copied;
            if (copied < part) {
                if (done == 0) return page == 0 ? -ENOSPC : -EFAULT;
                break;
            }
        }
        const end = start + done;
        if (<u64>end > content.size) content.size = end;
        if (offset == AT_POSITION) this.position = end;
        dropPrivileges(content);
        contentChanged(content);
        return done;
    }

    seek(offset: i64, whence: i32): i64 {
        const size = <i64>this.content.size;
        let position: i64;
        switch (whence) {
            case SEEK_SET:
                position = offset;
                break;
            case SEEK_CUR:
                position = this.position + offset;
                break;
            case SEEK_END:
                position = size + offset;
                break;
            case SEEK_DATA:
            case SEEK_HOLE:
                if (offset < 0 || offset >= size) return -ENXIO;
                position = <i64>this.content.nextEdge(offset, whence == SEEK_HOLE);
                if (whence == SEEK_DATA && position >= size) return -ENXIO;
                break;
            default:
                return -EINVAL;
        }
        if (position < 0 || <u64>position > FILE_SIZE_MAXIMUM) return -EINVAL;
        this.position = position;
        return position;
    }

    mappable(): i32 {
        return 0;
    }

    mappableFrame(pageIndex: u32): u32 {
        if ((<u64>pageIndex) << PAGE_BITS >= this.content.size) return 0;
        const frame = this.content.frame(pageIndex);
        // A hole that is mapped becomes a page of zeros, so that all mappings show one content.
        return frame != 0 ? frame : this.content.ownFrame(pageIndex);
    }

    writableFrame(pageIndex: u32): u32 {
        if ((<u64>pageIndex) << PAGE_BITS >= this.content.size) return 0;
        contentChanged(this.content);
        return this.content.ownFrame(pageIndex);
    }
}

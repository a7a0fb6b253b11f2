// SPDX-License-Identifier: Apache-2.0

import { ANON_INODE_FS_MAGIC, FileSystem } from "./fileSystem";
import { fail, Inode } from "./inode";
import { ENXIO } from "../kernel/errno";
import { OpenFile } from "./openFile";

/** The inode of all files that are only descriptors: eventfd, epoll. As on Linux they share one, without a file type. */
class AnonymousInode extends Inode {
    open(flags: u32): OpenFile | null {
        fail(-ENXIO);
        return null;
    }
}

let inode: AnonymousInode | null = null;

export function anonymousInode(): Inode {
    if (inode === null) {
        const fileSystem = new FileSystem("anon_inodefs", ANON_INODE_FS_MAGIC, false);
        inode = new AnonymousInode(fileSystem, fileSystem.newInodeNumber(), 0o600);
        inode!.pin();
    }
    return inode!;
}

// SPDX-License-Identifier: Apache-2.0
//
// What the configuration mounts beyond what every container has: filesystems in memory (tmpfs), and files and directories of
// the image that nobody can write to.
//
// A read-only path is mounted on itself, as engines bind it: another mount of the same layers, whose filesystem is read-only. So
// what lies below it is looked up as everywhere else, and every check for a read-only filesystem holds. What it shows is found
// before anything is mounted: a tmpfs above it hides the image's files, but not what is mounted in the tmpfs.

import { EPERM } from "../kernel/errno";
import {
    containerConfiguration,
    MOUNT_READ_ONLY,
    MOUNT_TMPFS,
    MountReference,
} from "../../std/containerConfiguration";
import { PAGE_BITS, PAGE_SIZE } from "../../std/pages";
import { byteString } from "../exec/elf";
import { errorText } from "../strace/errorText";
import { FileSystem, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from "./fileSystem";
import { Directory, failure, Inode, S_IFREG } from "./inode";
import { addMount, Mount } from "./mountTable";
import { makeMemoryRoot } from "./mounts";
import { OverlayDirectory } from "./overlay/overlayDirectory";
import { lastDirectory, lastLength, lastName } from "./pathWalk";
import { directoryPath, pathAddress, pathLength } from "./pathText";
import { asRegular } from "./regularInode";
import { cleanPath, findPath, forgetPath, makeDirectories, pathDepth } from "./startPaths";

const MODE_MASK: u32 = 0o7777;
const TMPFS_DEFAULT_MODE: u32 = 0o1777;
const KIBIBYTE: u64 = 1024;

/** A mount that is to be made. */
class WantedMount {
    readonly kind: u32;
    readonly size: u64;
    readonly mode: u32;
    /** A clean byte string. */
    readonly path: string;
    /** What a read-only path shows. */
    source: Inode | null = null;
    /** Why it cannot be made, or "". */
    problem: string = "";

    constructor(reference: MountReference) {
        const configuration = containerConfiguration();
        this.kind = reference.kind;
        this.size = reference.size;
        this.mode = reference.mode & MODE_MASK;
        this.path = cleanPath(
            byteString(configuration.text(reference.pathOffset), <i32>reference.pathLength),
        );
    }

    /** Notes why it cannot be made: the message names it. */
    fail(cause: string): void {
        const what = this.kind == MOUNT_TMPFS ? "mount a tmpfs on " : "make read-only ";
        this.problem = "cannot " + what + this.path + ": " + cause;
    }
}

const wanted: WantedMount[] = new Array<WantedMount>();

/** Reads the configuration and finds what read-only paths show. A problem, or "". */
export function findConfiguredMounts(root: Directory): string {
    const configuration = containerConfiguration();
    for (let i: u32 = 0; i < configuration.mountCount; i++) {
        const mount = new WantedMount(configuration.mount(i));
        if (mount.kind != MOUNT_TMPFS && mount.kind != MOUNT_READ_ONLY)
            return "the manager and the sentry were built from different versions";
        if (mount.path.length == 1) mount.fail("it is the root; give the container a read-only root instead");
        else if (mount.kind == MOUNT_READ_ONLY) findSource(mount, root);
        if (mount.problem.length > 0) return mount.problem;
        // Outer ones first, so that they do not hide inner ones.
        wanted.push(mount);
        let place = wanted.length - 1;
        for (; place > 0 && pathDepth(wanted[place - 1].path) > pathDepth(mount.path); place--) {
            wanted[place] = wanted[place - 1];
        }
        wanted[place] = mount;
    }
    return "";
}

function findSource(mount: WantedMount, root: Directory): void {
    const source = findPath(mount.path);
    if (source === null) {
        mount.fail(failure == 0 ? "the image has nothing there" : errorText(<i32>-failure));
    } else if (source.fileSystem !== root.fileSystem || source === root) {
        mount.fail("it belongs to no image, but to what Sealift provides");
    } else if (!source.isDirectory() && asRegular(source) === null) {
        mount.fail("it is neither a directory nor a regular file");
    } else {
        source.pin();
        mount.source = source;
    }
}

/** Makes the mounts that findConfiguredMounts has found. A problem, or "". */
export function makeConfiguredMounts(root: Directory): string {
    let problem = "";
    for (let i = 0; i < wanted.length && problem.length == 0; i++) {
        const mount = wanted[i];
        const source = mount.source;
        if (source === null) mountTmpfs(mount, root);
        else if (source.isDirectory()) mountDirectory(mount, root, changetype<OverlayDirectory>(source));
        else mountFile(mount, root, source);
        problem = mount.problem;
    }
    wanted.length = 0;
    forgetPath();
    return problem;
}

/** The directory on which the mount is made, which is made where it does not exist. Null: the mount has a problem. */
function findPoint(mount: WantedMount, root: Directory): OverlayDirectory | null {
    const point = makeDirectories(mount.path);
    if (point === null) {
        // No file system but an image's and tmpfs has directories made in it.
        mount.fail(failure == -EPERM ? "nothing can be mounted there" : errorText(<i32>-failure));
    } else if (!point.isDirectory()) {
        mount.fail("the image has something else than a directory there");
    } else if (point === root) {
        mount.fail("it leads to the root");
    } else if (point instanceof OverlayDirectory) {
        return <OverlayDirectory>point;
    } else {
        mount.fail("nothing can be mounted there");
    }
    return null;
}

/** Mounts `mounted` on `point`; a mount that is there already is hidden. */
function place(mounted: Directory, point: Directory): void {
    point.pin();
    mounted.pin();
    mounted.place(point.parent!, point.nameAddress, point.nameLength, point.nameHolder);
    point.mounted = mounted;
    point.modified = true;
}

/** The path of a directory, a byte string. */
function pathOf(directory: Directory, root: Directory): string {
    directoryPath(directory, root);
    return byteString(pathAddress, pathLength);
}

function mountTmpfs(mount: WantedMount, root: Directory): void {
    const point = findPoint(mount, root);
    if (point === null) return;
    const fileSystem = new FileSystem("tmpfs", TMPFS_MAGIC, true);
    const mounted = makeMemoryRoot(fileSystem, mount.mode);
    let options = ",nosuid,nodev,noexec,relatime";
    if (mount.size != 0) {
        const pages = ((mount.size - 1) >> PAGE_BITS) + 1;
        fileSystem.pageLimit = <u32>min<u64>(pages, u32.MAX_VALUE);
        options += ",size=" + (pages * (PAGE_SIZE / KIBIBYTE)).toString() + "k";
    }
    if (mount.mode != TMPFS_DEFAULT_MODE) options += ",mode=" + mount.mode.toString(8);
    place(mounted, point);
    addMount(new Mount(pathOf(mounted, root), fileSystem, "tmpfs", options));
}

/** Another mount of the image's files: read-only. */
function readOnlyFileSystem(root: Directory): FileSystem {
    const fileSystem = new FileSystem("overlay", OVERLAYFS_SUPER_MAGIC, true, root.fileSystem);
    fileSystem.readOnly = true;
    return fileSystem;
}

function mountDirectory(mount: WantedMount, root: Directory, source: OverlayDirectory): void {
    const point = findPoint(mount, root);
    if (point === null) return;
    const origin = pathOf(source, root);
    const fileSystem = readOnlyFileSystem(root);
    const mounted = source.viewThrough(fileSystem);
    place(mounted, point);
    addMount(new Mount(pathOf(mounted, root), fileSystem, "overlay", ",relatime", origin));
    source.unpin();
}

function mountFile(mount: WantedMount, root: Directory, source: Inode): void {
    const above = mount.path.substring(0, max(mount.path.lastIndexOf("/"), 1));
    let point: Inode | null = makeDirectories(above);
    if (point !== null) point = findPath(mount.path);
    if (point === null && failure != 0) {
        mount.fail(errorText(<i32>-failure));
        return;
    }
    const directory = lastDirectory;
    if (!(directory instanceof OverlayDirectory) || (point !== null && !point.isRegular())) {
        mount.fail("nothing can be mounted there");
        return;
    }
    // Below a tmpfs there is no file yet on which to mount.
    if (point === null) directory.make(lastName, lastLength, S_IFREG | 0o644, 0);
    const fileSystem = readOnlyFileSystem(root);
    const view = asRegular(source)!.viewThrough(fileSystem);
    view.userId = source.userId;
    view.groupId = source.groupId;
    view.linkCount = source.linkCount;
    view.accessTime = source.accessTime;
    view.modificationTime = source.modificationTime;
    view.changeTime = source.changeTime;
    view.attributes = source.attributes;
    view.modified = true;
    (<OverlayDirectory>directory).cover(lastName, lastLength, view);
    const path = (directory === root ? "" : pathOf(directory, root)) + "/" + byteString(lastName, lastLength);
    addMount(new Mount(path, fileSystem, "overlay", ",relatime", mount.path));
    source.unpin();
}

// SPDX-License-Identifier: Apache-2.0
//
// The file tree of a container as engines make it: the image's layers with a writable layer on top, and what they mount
// on it: /proc, /dev with devices, /dev/pts, /dev/shm, /sys, /sys/fs/cgroup; and the files they provide in /etc.

import { ENOENT } from "../kernel/errno";
import { hostName, hostNameLength } from "../kernel/systemName";
import { INODE_OPAQUE } from "../../std/layerIndex";
import {
    DEVICE_CONSOLE,
    DEVICE_FULL,
    DEVICE_NULL,
    DEVICE_RANDOM,
    DEVICE_TTY,
    DEVICE_URANDOM,
    DEVICE_ZERO,
} from "./devices";
import { FileSystem, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from "./fileSystem";
import { consoleTerminal } from "../tty/consoleTerminal";
import { makeDevpts } from "../tty/devpts";
import { setTimes } from "./fileTime";
import { Directory, failure, Inode, S_IFCHR, S_IFDIR, S_IFREG } from "./inode";
import { copyName } from "./location";
import { addMount, Mount } from "./mountTable";
import { firstFreeNumber, inodeNumber, layer, layerCount, openLayers } from "./overlay/layers";
import { cacheInode } from "./overlay/inodeCache";
import { OverlayDirectory } from "./overlay/overlayDirectory";
import { makeProc, settingsRoot } from "./proc/procFileSystem";
import { addByte, addBytes, addText, beginText, copyText, textLength } from "./proc/textBuilder";
import { makeControlGroup } from "./controlGroup";
import { fileSystemsOf, makeSys } from "./systemTree";
import { TextContent } from "./textContent";
import { reserveBuffer } from "../memory/buffers";

/** Bytes of a name of the tree below, in the sentry's memory, until the next call. */
const nameBuffer: usize = reserveBuffer(64);

function nameOf(text: string): usize {
    for (let i = 0; i < text.length; i++) store<u8>(nameBuffer + i, <u8>text.charCodeAt(i));
    return nameBuffer;
}

/** A root directory of a memory filesystem. */
export function makeMemoryRoot(fileSystem: FileSystem, mode: u32): OverlayDirectory {
    const root = new OverlayDirectory(fileSystem, fileSystem.newInodeNumber(), S_IFDIR | mode);
    root.modified = true;
    setTimes(root);
    return root;
}

/** The image's layers under a writable one; null when a layer cannot be read. */
function makeOverlay(): OverlayDirectory | null {
    if (!openLayers()) return null;
    const fileSystem = new FileSystem("overlay", OVERLAYFS_SUPER_MAGIC, true);
    const parts: u64[] = [];
    for (let number = layerCount(); number > 0; number--) {
        parts.push((<u64>(number - 1)) << 32);
        if ((layer(number - 1).inode(0).flags & INODE_OPAQUE) != 0) break;
    }
    fileSystem.reserveInodeNumbers(firstFreeNumber());
    if (parts.length == 0) return makeMemoryRoot(fileSystem, 0o755);
    const layers = new StaticArray<u64>(parts.length);
    for (let i = 0; i < parts.length; i++) layers[i] = parts[i];
    const root = OverlayDirectory.ofLayers(fileSystem, layers);
    assert(root.number == inodeNumber(layerCount() - 1, 0));
    cacheInode(root);
    return root;
}

/** The directory `name`, made if it is not there. Null when something else has the name. */
function directoryIn(parent: Directory, name: string, mode: u32): Directory | null {
    const known = parent.lookup(nameOf(name), name.length);
    if (known !== null) return known.isDirectory() ? changetype<Directory>(known) : null;
    return failure == -ENOENT ? parent.makeDirectory(nameOf(name), name.length, mode) : null;
}

/** Mounts `root` on the directory `name`. An image that has something else there goes without. */
function mountOn(parent: Directory, name: string, root: Directory, mount: Mount): void {
    const point = directoryIn(parent, name, 0o755);
    if (point === null) return;
    point.pin();
    root.pin();
    const holder = copyName(nameOf(name), name.length);
    root.place(parent, changetype<usize>(holder), name.length, holder);
    point.mounted = root;
    point.modified = true;
    addMount(mount);
}

function makeDevice(directory: Directory, name: string, device: u32, mode: u32 = 0o666): void {
    directory.make(nameOf(name), name.length, S_IFCHR | mode, device);
}

function makeLink(directory: Directory, name: string, target: string): void {
    beginText();
    addText(target);
    const text = copyText();
    directory.makeSymbolicLink(nameOf(name), name.length, text, textLength());
    heap.free(text);
}

function mountDevices(root: Directory): void {
    const devices = makeMemoryRoot(new FileSystem("tmpfs", TMPFS_MAGIC, true), 0o755);
    const options = ",nosuid,relatime";
    mountOn(root, "dev", devices, new Mount("/dev", devices.fileSystem, "tmpfs", options));
    makeDevice(devices, "null", DEVICE_NULL);
    makeDevice(devices, "zero", DEVICE_ZERO);
    makeDevice(devices, "full", DEVICE_FULL);
    makeDevice(devices, "random", DEVICE_RANDOM);
    makeDevice(devices, "urandom", DEVICE_URANDOM);
    makeDevice(devices, "tty", DEVICE_TTY);
    const terminal = consoleTerminal();
    const console = terminal === null ? DEVICE_CONSOLE : terminal.device;
    makeDevice(devices, "console", console, 0o620);
    makeLink(devices, "fd", "/proc/self/fd");
    makeLink(devices, "stdin", "/proc/self/fd/0");
    makeLink(devices, "stdout", "/proc/self/fd/1");
    makeLink(devices, "stderr", "/proc/self/fd/2");
    makeLink(devices, "ptmx", "pts/ptmx");
    const terminals = makeDevpts();
    mountOn(
        devices,
        "pts",
        terminals,
        new Mount(
            "/dev/pts",
            terminals.fileSystem,
            "devpts",
            ",nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666",
        ),
    );
    const shared = makeMemoryRoot(new FileSystem("tmpfs", TMPFS_MAGIC, true), 0o1777);
    mountOn(
        devices,
        "shm",
        shared,
        new Mount("/dev/shm", shared.fileSystem, "shm", ",nosuid,nodev,noexec,relatime"),
    );
}

function mountSystem(root: Directory): void {
    const options = ",nosuid,nodev,noexec,relatime";
    const controlGroup = makeControlGroup();
    const sys = makeSys(controlGroup);
    mountOn(root, "sys", sys, new Mount("/sys", sys.fileSystem, "sysfs", options));
    // Directories of /sys are made at each lookup; the mount's parent is one that stays.
    const parent = fileSystemsOf(sys);
    const holder = copyName(nameOf("cgroup"), 6);
    controlGroup.pin();
    controlGroup.place(parent, changetype<usize>(holder), holder.length, holder);
    addMount(new Mount("/sys/fs/cgroup", controlGroup.fileSystem, "cgroup", options));
}

/** Puts a file with the text just built in place of what the image has under the name. */
function provideFile(directory: Directory, name: string): void {
    const bytes = copyText();
    const text = copyName(bytes, textLength());
    heap.free(bytes);
    const before = directory.lookup(nameOf(name), name.length);
    if (before !== null) {
        if (before.isDirectory()) return;
        directory.unlink(nameOf(name), name.length, before);
    }
    const fileSystem = directory.fileSystem;
    const file: Inode = new TextContent(fileSystem, fileSystem.newInodeNumber(), S_IFREG | 0o644, text);
    setTimes(file);
    file.linkCount = 0;
    directory.link(nameOf(name), name.length, file);
}

/** What engines provide: who the container is, that "localhost" is itself, and which name servers there are. */
export function provideFiles(root: Directory): void {
    const directory = directoryIn(root, "etc", 0o755);
    if (directory === null) return;
    // Engines mount these files over what is there: the directory keeps its times.
    const changeTime = directory.changeTime;
    const modificationTime = directory.modificationTime;
    beginText();
    addBytes(hostName(), hostNameLength());
    addByte(10);
    provideFile(directory, "hostname");
    beginText();
    addText("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\t");
    addBytes(hostName(), hostNameLength());
    addByte(10);
    provideFile(directory, "hosts");
    // There is no name server to name. An empty file says that without delay, and an image's own file or link stays.
    if (directory.lookup(nameOf("resolv.conf"), 11) === null) {
        beginText();
        provideFile(directory, "resolv.conf");
    }
    directory.changeTime = changeTime;
    directory.modificationTime = modificationTime;
}

/** Makes the container's file tree, without the files that engines provide. The result is its root, or null when a layer of the image cannot be read. */
export function mountFileSystems(): Directory | null {
    const root = makeOverlay();
    if (root === null) return null;
    root.pin();
    root.place(root, 0, 0, null);
    addMount(new Mount("/", root.fileSystem, "overlay", ",relatime"));
    const proc = makeProc();
    mountOn(root, "proc", proc, new Mount("/proc", proc.fileSystem, "proc", ",nosuid,nodev,noexec,relatime"));
    addMount(new Mount("/proc/sys", settingsRoot!.fileSystem, "proc", ",nosuid,nodev,noexec,relatime"));
    mountDevices(root);
    mountSystem(root);
    return root;
}

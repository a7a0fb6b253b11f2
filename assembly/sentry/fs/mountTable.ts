// SPDX-License-Identifier: Apache-2.0
//
// What is mounted where. The container's one mount namespace is built at its start (mounts.ts) and does not change.

import { Process } from "../kernel/process";
import { FileSystem } from "./fileSystem";
import { addByte, addField, addNumber, addText } from "./proc/textBuilder";

export class Mount {
    constructor(
        /** A byte string. */
        readonly path: string,
        readonly fileSystem: FileSystem,
        /** As in the first field of /proc/mounts. */
        readonly source: string,
        /** Mount options behind "rw" or "ro". */
        readonly options: string,
        /** What of the filesystem is mounted: a path in it, a byte string. */
        readonly root: string = "/",
    ) {}

    get access(): string {
        return this.fileSystem.readOnly ? "ro" : "rw";
    }
}

const mounts: Mount[] = new Array<Mount>();

/** Number of the first mount in mountinfo: a container's mounts are never the first of a machine. */
const FIRST_IDENTIFIER: u32 = 100;

export function addMount(mount: Mount): void {
    mount.fileSystem.forbidsExecution = mount.options.includes(",noexec");
    mount.fileSystem.ignoresSetId = mount.options.includes(",nosuid");
    mounts.push(mount);
}

/** The mount of a filesystem; every one of the container's is mounted once. */
export function mountOf(fileSystem: FileSystem): Mount | null {
    for (let i = 0; i < mounts.length; i++) {
        if (mounts[i].fileSystem === fileSystem) return mounts[i];
    }
    return null;
}

/** Adds a path: what separates fields and lines is written in octal. */
function addPath(path: string): void {
    for (let i = 0; i < path.length; i++) {
        const byte = path.charCodeAt(i);
        if (byte == 0x20) addText("\\040");
        else if (byte == 0x09) addText("\\011");
        else if (byte == 0x0a) addText("\\012");
        else if (byte == 0x5c) addText("\\134");
        else addByte(byte);
    }
}

/** /proc/PID/mounts. */
export function generateMounts(process: Process | null): i32 {
    for (let i = 0; i < mounts.length; i++) {
        const mount = mounts[i];
        addText(mount.source);
        addByte(32);
        addPath(mount.path);
        addByte(32);
        addText(mount.fileSystem.typeName);
        addByte(32);
        addText(mount.access);
        addText(mount.options);
        addText(" 0 0\n");
    }
    return 0;
}

/** The mount on whose files the mount point lies: the longest other path that is a beginning of this one. */
function parentOf(index: i32): u32 {
    const path = mounts[index].path;
    let parent = 0;
    for (let i = 0; i < mounts.length; i++) {
        const other = mounts[i].path;
        if (i == index || !path.startsWith(other)) continue;
        if (other.length > 1 && path.charCodeAt(other.length) != 47) continue;
        if (other.length > mounts[parent].path.length) parent = i;
    }
    return index == 0 ? FIRST_IDENTIFIER - 1 : FIRST_IDENTIFIER + parent;
}

/** /proc/PID/mountstats. */
export function generateMountStatistics(process: Process | null): i32 {
    for (let i = 0; i < mounts.length; i++) {
        const mount = mounts[i];
        addText("device ");
        addText(mount.source);
        addText(" mounted on ");
        addPath(mount.path);
        addText(" with fstype ");
        addText(mount.fileSystem.typeName);
        addByte(10);
    }
    return 0;
}

/** mnt_id of a filesystem: its number in mountinfo, or for pipes and the like the one before all. */
export function mountNumber(fileSystem: FileSystem): u32 {
    for (let i = 0; i < mounts.length; i++) {
        if (mounts[i].fileSystem === fileSystem) return FIRST_IDENTIFIER + i;
    }
    return FIRST_IDENTIFIER - 2;
}

/** /proc/PID/mountinfo. */
export function generateMountInformation(process: Process | null): i32 {
    for (let i = 0; i < mounts.length; i++) {
        const mount = mounts[i];
        addField(FIRST_IDENTIFIER + i);
        addField(parentOf(i));
        addText("0:");
        addNumber(mount.fileSystem.device);
        addByte(32);
        addPath(mount.root);
        addByte(32);
        addPath(mount.path);
        addByte(32);
        addText(mount.access);
        addText(mount.options);
        addText(" - ");
        addText(mount.fileSystem.typeName);
        addByte(32);
        addText(mount.source);
        addByte(32);
        addText(mount.access);
        addByte(10);
    }
    return 0;
}

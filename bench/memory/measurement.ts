// SPDX-License-Identifier: Apache-2.0
//
// What is measured of a system that runs containers in a machine of QEMU, whichever system it is.

/** An image, and the command that leaves its container idle. */
export interface IdleCommand {
    name: string;
    /** Folder and tag of the OCI layout that every system is given. */
    layoutFolder: string;
    tag: string;
    command: readonly string[];
    /** What a container prints first, once; the time of the first byte is when it arrives. */
    firstText: string;
    /** What a container prints when it has nothing left to do. */
    idleText: string;
    /** How long its start keeps an emulated processor busy, at most. */
    startMilliseconds: number;
}

/** One whose containers are counted. */
export interface IdleImage extends IdleCommand {
    name: 'busybox' | 'redis';
    /** Bytes of the layers as stored. */
    storedBytes: number;
}

/** Owners in the terms that all systems share. "engine": all that is there to run containers, be it a program or its files. */
export const ownerGroups = ['kernel', 'engine', 'image', 'containers', 'free'] as const;
export type OwnerGroup = (typeof ownerGroups)[number];

/** Bytes of the machine's memory that belong to one owner. */
export interface Owner {
    owner: string;
    group: OwnerGroup;
    bytes: number;
}

/** One machine with `count` idle containers. */
export interface Measurement {
    /** The sum is the machine's memory. */
    owners: readonly Owner[];
    /** Milliseconds from the start of QEMU to the first byte of each container, ascending. */
    firstBytes: readonly number[];
}

/** A file that is booted: a kernel, a RAM disk. */
export interface BootedFile {
    file: string;
    bytes: number;
}

/** A system that is measured. */
export interface ContainerSystem {
    name: string;
    title: string;
    /** MiB by which the smallest memory is searched. */
    step: number;
    /** Sentences about what exactly is measured: kernel, processor, command line. */
    conditions(): string[];
    /** What is booted to run containers of the image; without one, no container. */
    bootedFiles(image: IdleImage | null): Promise<BootedFile[]>;
    /**
     * Boots a machine of that memory with `count` idle containers; a DoesNotFit when it does not come so far. Without an image
     * the count is 0: the system could take one, and has none.
     */
    measure(image: IdleImage | null, count: number, mebibytes: number): Promise<Measurement>;
}

/** The machine has not come to the point where all containers are idle; the message says how it ended. */
export class DoesNotFit extends Error {}

/** It has been silent for so long that it was ended: it hangs for want of memory, or the host is too slow. */
export class FellSilent extends DoesNotFit {}

export function sumOf(owners: readonly Owner[]): number {
    return owners.reduce((total, { bytes }) => total + bytes, 0);
}

/** Everything that is not free. */
export function usedBytes(owners: readonly Owner[]): number {
    return sumOf(owners.filter(({ group }) => group !== 'free'));
}

// SPDX-License-Identifier: Apache-2.0
//
// What a sentry is told about its container: written by the manager into the configuration pages of the sentry's
// window, read by the sentry in place. The reader is a view (an unmanaged class laid over the pages), so that it
// allocates nothing; `containerConfigurationWriter.ts` fills the same view.
//
// Layout: this header, then text. Offsets count from the header's first byte; numbers are little endian; every text is
// UTF-8 followed by a zero byte that its length does not count, so that it can be copied to a process as it is.

import { PAGE_SIZE } from "./pages";

/** The last page of a sentry's window, and of the unpacker's: what it and the manager pass each other (LAYOUT_EXCHANGE of runtime-c/host/layout.h). */
export const EXCHANGE_ADDRESS: usize = 0x7fff_f000;
/** Where the manager maps the first configuration page in a sentry's window (read-only). */
export const CONFIGURATION_ADDRESS: usize = 0x7ffe_f000;
/** The contract gives the configuration at most 16 pages: as much as Linux gives a process's arguments by default. */
export const CONFIGURATION_PAGES_MAXIMUM: u32 = 16;
export const CONFIGURATION_SIZE_MAXIMUM: u32 = CONFIGURATION_PAGES_MAXIMUM * PAGE_SIZE;

/** "SLCONFIG" read as a little-endian number. */
export const CONFIGURATION_MAGIC: u64 = 0x4749464e4f434c53;
export const CONFIGURATION_VERSION: u32 = 2;

/** The lower layers are the whole filesystem: every write is refused with EROFS. */
export const FLAG_READ_ONLY: u32 = 1 << 0;
/** Print every system call as strace does. */
export const FLAG_STRACE: u32 = 1 << 1;
/** Standard input comes from the host; without the flag it is at its end from the start. */
export const FLAG_INTERACTIVE: u32 = 1 << 2;
/** Report accounting words (statistics.ts) when the container ends. */
export const FLAG_STATISTICS: u32 = 1 << 3;

/** The console is a terminal. */
export const FLAG_TERMINAL: u32 = 1 << 4;

/** Layers in one image. Docker's overlay driver stops at 128, so no engine makes more. */
export const LAYERS_MAXIMUM: u32 = 128;

/** The first of the slots (in the sentry's first CNode) that hold the untypeds of the quota. */
export const UNTYPED_FIRST_SLOT: u32 = 16;
/** Slots 16 to 31 of the sentry's first CNode. */
export const UNTYPED_COUNT_MAXIMUM: u32 = 16;

/**
 * Where budget < period, this slot of the sentry's first CNode has the one scheduling context of all the container's threads:
 * only the manager can give a context time, and it gives a limited container no other.
 */
export const THREADS_CONTEXT_SLOT: u32 = 10;

/** Threads of one priority run by turns of so many microseconds. */
export const TURN_MICROSECONDS: u64 = 10_000;

/** A text: bytes `offset` to `offset + length` of the configuration, then a zero byte. */
@unmanaged
export class TextReference {
    offset: u32;
    length: u32;
}

/** The frames of one layer: how many pages its index and its file contents have (layerIndex.ts). */
@unmanaged
export class LayerReference {
    indexPages: u32;
    dataPages: u32;
}

/** MountReference.kind: an empty filesystem in memory. */
export const MOUNT_TMPFS: u32 = 1;
/** MountReference.kind: what the image has at the path, which nobody can write to. */
export const MOUNT_READ_ONLY: u32 = 2;

/** What is mounted in the container besides what every container has. */
@unmanaged
export class MountReference {
    /** Text: an absolute path. */
    pathOffset: u32;
    pathLength: u32;
    /** MOUNT_TMPFS or MOUNT_READ_ONLY. */
    kind: u32;
    /** Of a tmpfs: the permission bits of its root. */
    mode: u32;
    /** Of a tmpfs: bytes that its files may have together; 0 for no limit but the quota. */
    size: u64;
}

@unmanaged
export class ContainerConfiguration {
    magic: u64;
    version: u32;
    /** Bytes of the whole configuration, header included. */
    size: u32;
    /** FLAG_ bits. */
    flags: u32;
    /** The manager's number for this container, below 256. */
    container: u32;
    /** The quota in bytes. */
    memoryLimit: u64;
    /** What nproc shows. */
    processorCount: u32;
    /** Arguments of the first process; at least one. */
    argumentCount: u32;
    environmentCount: u32;
    layerCount: u32;
    /** Offset of `argumentCount` TextReferences. */
    argumentsOffset: u32;
    /** Offset of `environmentCount` TextReferences ("NAME=value"). */
    environmentOffset: u32;
    /** Offset of `layerCount` LayerReferences, the lowest layer first. */
    layersOffset: u32;
    /** Untypeds of the quota in slots UNTYPED_FIRST_SLOT and up. */
    untypedCount: u32;
    /** Time-stamp counter's frequency in Hz, 0 where it is not known. */
    timestampCounterFrequency: u64;
    /** Nanoseconds since the epoch at the moment when clock.now was 0. */
    realtimeOffset: u64;
    /** The limit of the container's CPU time: `budget` microseconds in every `period`. Equal: there is no limit. */
    budget: u64;
    period: u64;
    /** 32 random bytes of this container's own. */
    randomSeed0: u64;
    randomSeed1: u64;
    randomSeed2: u64;
    randomSeed3: u64;
    /** One byte for each object type of wit/sealift.wit: log2 of the object's size (a CNode's: of one slot's). */
    objectBits0: u64;
    objectBits1: u64;
    /** One byte for each untyped of the quota: log2 of its size. */
    untypedBits0: u64;
    untypedBits1: u64;
    /** An absolute path. */
    workingDirectoryOffset: u32;
    workingDirectoryLength: u32;
    /** "", "user", "uid", "user:group", "uid:gid"...: the sentry resolves names in /etc/passwd and /etc/group. */
    userOffset: u32;
    userLength: u32;
    hostnameOffset: u32;
    hostnameLength: u32;
    /** The image's name as the user gave it, for messages. */
    imageOffset: u32;
    imageLength: u32;
    /** log2 of the entries of the sentry's first-level CNode, of which each is 128 capability slots. */
    cspaceRootBits: u32;
    mountCount: u32;
    /** The size of the console's terminal at the start, where it is one. */
    terminalRows: u32;
    terminalColumns: u32;
    /** Offset of `mountCount` MountReferences. */
    mountsOffset: u32;
    reserved: u32;

    /** Whether the container's CPU time has a limit. */
    @inline get isProcessorLimited(): bool {
        return this.budget < this.period;
    }

    /** Whether the pages hold a configuration of the version that this code knows. */
    isValid(): bool {
        return (
            this.magic == CONFIGURATION_MAGIC &&
            this.version == CONFIGURATION_VERSION &&
            this.size <= CONFIGURATION_SIZE_MAXIMUM &&
            this.argumentCount > 0
        );
    }

    @inline has(flag: u32): bool {
        return (this.flags & flag) != 0;
    }

    /** Address of the text at `offset`: argument(i).offset, workingDirectoryOffset, ... */
    @inline text(offset: u32): usize {
        return changetype<usize>(this) + offset;
    }

    @inline argument(index: u32): TextReference {
        return changetype<TextReference>(
            changetype<usize>(this) + this.argumentsOffset + index * offsetof<TextReference>(),
        );
    }

    @inline environment(index: u32): TextReference {
        return changetype<TextReference>(
            changetype<usize>(this) + this.environmentOffset + index * offsetof<TextReference>(),
        );
    }

    /** Layer 0 is the lowest. */
    @inline layer(index: u32): LayerReference {
        return changetype<LayerReference>(
            changetype<usize>(this) + this.layersOffset + index * offsetof<LayerReference>(),
        );
    }

    @inline mount(index: u32): MountReference {
        return changetype<MountReference>(
            changetype<usize>(this) + this.mountsOffset + index * offsetof<MountReference>(),
        );
    }

    /** log2 of the size of an object of a type of wit/sealift.wit. */
    @inline objectBits(objectType: u32): u32 {
        return load<u8>(
            changetype<usize>(this) + objectType,
            offsetof<ContainerConfiguration>("objectBits0"),
        );
    }

    /** log2 of the size of the untyped in slot UNTYPED_FIRST_SLOT + index. */
    @inline untypedBits(index: u32): u32 {
        return load<u8>(changetype<usize>(this) + index, offsetof<ContainerConfiguration>("untypedBits0"));
    }

    /** Address of the 32 random bytes. */
    @inline randomSeed(): usize {
        return changetype<usize>(this) + offsetof<ContainerConfiguration>("randomSeed0");
    }
}

/** The configuration of the container that this sentry serves. */
export function containerConfiguration(): ContainerConfiguration {
    return changetype<ContainerConfiguration>(CONFIGURATION_ADDRESS);
}

// SPDX-License-Identifier: Apache-2.0
//
// What System V segments, semaphore sets and message queues have in common: keys, identifiers, owners and modes
// (svipc(7)), and struct ipc64_perm, which is the same on all architectures here.

import { EACCES, EEXIST, ENOENT, ENOSPC, EPERM } from "../kernel/errno";
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from "../kernel/capabilities";
import { Credentials } from "../kernel/credentials";
import { current } from "../kernel/thread";
import { copyIn, copyOut } from "../memory/userMemory";

export const IPC_PRIVATE: i32 = 0;
export const IPC_CREAT: u32 = 0o1000;
export const IPC_EXCL: u32 = 0o2000;
export const IPC_NOWAIT: u32 = 0o4000;
export const IPC_RMID: i32 = 0;
export const IPC_SET: i32 = 1;
export const IPC_STAT: i32 = 2;
export const IPC_INFO: i32 = 3;

export const MAY_READ: u32 = 0o444;
export const MAY_ALTER: u32 = 0o222;

/** An identifier is sequence << INDEX_BITS | index. */
const INDEX_BITS: i32 = 15;
const INDEX_MASK: i32 = (1 << INDEX_BITS) - 1;
const SEQUENCE_MASK: i32 = 0xffff;

/** Chains of objects by the low bits of their key: there can be 32000 of a kind. */
const KEY_CHAINS: i32 = 1024;

/** struct ipc64_perm: key, uid, gid, cuid, cgid, mode, each 4 bytes; sequence (2 bytes), then reserved. */
export const PERMISSION_SIZE: i32 = 48;

export abstract class IpcObject {
    key: i32 = 0;
    user: u32;
    group: u32;
    creatorUser: u32;
    creatorGroup: u32;
    /** Permission bits, and above them flags of the kind of object. */
    mode: u32;
    sequence: i32 = 0;
    id: i32 = 0;
    /** Seconds since the epoch of the latest change by IPC_SET, or of the creation. */
    changeTime: u64 = 0;
    removed: bool = false;
    /** The next object of the chain of its key (IpcTable). */
    nextOfKey: IpcObject | null = null;

    constructor(mode: u32) {
        const who = current.process.credentials;
        this.user = who.effectiveUser;
        this.group = who.effectiveGroup;
        this.creatorUser = who.effectiveUser;
        this.creatorGroup = who.effectiveGroup;
        this.mode = mode & 0o777;
    }

    /** Whether the caller may do what `wanted` (bits as in a mode, of any class) says. */
    permits(wanted: u32): bool {
        const who = current.process.credentials;
        const requested = ((wanted >> 6) | (wanted >> 3) | wanted) & 7;
        let granted = this.mode;
        if (who.effectiveUser == this.user || who.effectiveUser == this.creatorUser) granted >>= 6;
        else if (isInGroup(who, this.group) || isInGroup(who, this.creatorGroup)) granted >>= 3;
        return (requested & ~granted) == 0 || who.has(CAP_IPC_OWNER);
    }

    /** Whether the caller may remove the object and change its owner and mode. */
    isOwned(): bool {
        const who = current.process.credentials;
        const user = who.effectiveUser;
        return user == this.user || user == this.creatorUser || who.has(CAP_SYS_ADMIN);
    }

    /** Writes struct ipc64_perm to `at`. */
    writePermission(at: usize): void {
        memory.fill(at, 0, PERMISSION_SIZE);
        store<i32>(at, this.key);
        store<u32>(at, this.user, 4);
        store<u32>(at, this.group, 8);
        store<u32>(at, this.creatorUser, 12);
        store<u32>(at, this.creatorGroup, 16);
        store<u32>(at, this.mode, 20);
        store<u16>(at, <u16>this.sequence, 24);
    }

    /** IPC_SET: owner and mode of the struct ipc64_perm at `at`. */
    readPermission(at: usize): void {
        this.user = load<u32>(at, 4);
        this.group = load<u32>(at, 8);
        this.mode = (this.mode & ~0o777) | (load<u32>(at, 20) & 0o777);
    }
}

function isInGroup(who: Credentials, group: u32): bool {
    if (who.effectiveGroup == group) return true;
    for (let i = 0; i < who.supplementaryGroups.length; i++) {
        if (who.supplementaryGroups[i] == group) return true;
    }
    return false;
}

/** All objects of one kind. */
export class IpcTable {
    /** By index. */
    readonly objects: Array<IpcObject | null> = [];
    /** Objects that there are. */
    count: i32 = 0;
    /** A single chain until there is an object with a key: most containers have none. */
    private chains: StaticArray<IpcObject | null> = new StaticArray<IpcObject | null>(1);
    private sequence: i32 = 0;
    private firstFree: i32 = 0;

    constructor(
        /** Objects that there may be: Linux's default. */
        readonly limit: i32,
    ) {}

    /** The highest index in use (at least 0, as IPC_INFO gives it). */
    get highest(): i32 {
        let index = this.objects.length - 1;
        while (index > 0 && this.objects[index] === null) index--;
        return max(index, 0);
    }

    /** The object with a key (not IPC_PRIVATE), or null. */
    find(key: i32): IpcObject | null {
        // Objects without a key are in no chain.
        let object = this.chains[this.chainOf(key)];
        while (object !== null && object.key != key) object = object.nextOfKey;
        return object;
    }

    /** The object with an identifier, or null. */
    get(id: i32): IpcObject | null {
        if (id < 0) return null;
        const index = id & INDEX_MASK;
        if (index >= this.objects.length) return null;
        const object = this.objects[index];
        return object !== null && object.id == id ? object : null;
    }

    /** The object at an index (SHM_STAT and its like), or null. */
    at(index: i32): IpcObject | null {
        return index >= 0 && index < this.objects.length ? this.objects[index] : null;
    }

    /** Gives a new object its identifier, or -ENOSPC. */
    add(object: IpcObject, key: i32): i64 {
        if (this.count >= this.limit) return -ENOSPC;
        let index = this.firstFree;
        while (index < this.objects.length && this.objects[index] !== null) index++;
        if (index == this.objects.length) this.objects.push(null);
        this.firstFree = index + 1;
        object.key = key;
        object.sequence = this.sequence;
        object.id = (this.sequence << INDEX_BITS) | index;
        this.objects[index] = object;
        this.count++;
        if (key != IPC_PRIVATE) {
            if (this.chains.length != KEY_CHAINS) this.chains = new StaticArray<IpcObject | null>(KEY_CHAINS);
            const chain = this.chainOf(key);
            object.nextOfKey = this.chains[chain];
            this.chains[chain] = object;
        }
        return object.id;
    }

    /** The object is found by its identifier only from now on. */
    dropKey(object: IpcObject): void {
        if (object.key == IPC_PRIVATE) return;
        const chain = this.chainOf(object.key);
        let previous: IpcObject | null = null;
        let at = this.chains[chain];
        while (at !== null && at !== object) {
            previous = at;
            at = at.nextOfKey;
        }
        if (previous === null) this.chains[chain] = object.nextOfKey;
        else previous.nextOfKey = object.nextOfKey;
        object.nextOfKey = null;
        object.key = IPC_PRIVATE;
    }

    private chainOf(key: i32): i32 {
        return key & (this.chains.length - 1);
    }

    remove(object: IpcObject): void {
        this.dropKey(object);
        const index = object.id & INDEX_MASK;
        this.objects[index] = null;
        if (index < this.firstFree) this.firstFree = index;
        object.removed = true;
        this.count--;
        // An index that is used again gives another identifier.
        this.sequence = (this.sequence + 1) & SEQUENCE_MASK;
    }

    /**
     * What the *get calls begin with. The result is an object that is there already and may be used, or null with `outcome`: 0, a
     * new one is to be made, or a negative errno.
     */
    lookUp(key: i32, flags: u32): IpcObject | null {
        outcome = 0;
        const object = this.find(key);
        if (object === null) {
            if (key != IPC_PRIVATE && (flags & IPC_CREAT) == 0) outcome = -ENOENT;
            return null;
        }
        if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL)) {
            outcome = -EEXIST;
            return null;
        }
        return object;
    }
}

/** Why the latest lookUp answered null. */
export let outcome: i64 = 0;

/** Reads the struct of IPC_SET to `to`. 0 or -EFAULT. */
export function readForSet(to: usize, from: u64, size: i32): i64 {
    return copyIn(to, from, size);
}

/** -EPERM or -EACCES, where the caller may not. */
export function checkOwner(object: IpcObject): i64 {
    return object.isOwned() ? 0 : -EPERM;
}

export function checkMode(object: IpcObject, wanted: u32): i64 {
    return object.permits(wanted) ? 0 : -EACCES;
}

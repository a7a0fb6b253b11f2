// SPDX-License-Identifier: Apache-2.0
//
// Users, groups and capabilities (credentials(7)). A process of user 0 has every capability that a container engine gives by
// default; any other has none.

import {
    SYS_capget,
    SYS_capset,
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getgroups,
    SYS_getresgid,
    SYS_getresuid,
    SYS_getuid,
    SYS_setfsgid,
    SYS_setfsuid,
    SYS_setgid,
    SYS_setgroups,
    SYS_setregid,
    SYS_setresgid,
    SYS_setresuid,
    SYS_setreuid,
    SYS_setuid,
} from "../arch/systemCalls";
import { reserveHeap } from "../capabilities/heapReserve";
import { CAP_LAST, CAP_SETGID, CAP_SETPCAP, CAP_SETUID } from "../kernel/capabilities";
import { Credentials } from "../kernel/credentials";
import { EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from "../kernel/errno";
import { findProcess } from "../kernel/process";
import { current } from "../kernel/thread";
import { copyIn, copyIn32, copiedIn, copyOut, copyOut32 } from "../memory/userMemory";
import { define } from "./table";
import { reserveBuffer } from "../memory/buffers";

/** An id argument of -1: leave it as it is. */
const UNCHANGED: u32 = 0xffff_ffff;
/** Linux's NGROUPS_MAX. */
const GROUPS_MAXIMUM: i32 = 65536;
const CAPABILITY_VERSION_1: u32 = 0x1998_0330;
const CAPABILITY_VERSION_2: u32 = 0x2007_1026;
const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

const scratch: usize = reserveBuffer(32);

// @ts-ignore: decorator
@inline
function credentials(): Credentials {
    return current.process.credentials;
}

function getuid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return credentials().realUser;
}

function geteuid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return credentials().effectiveUser;
}

function getgid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return credentials().realGroup;
}

function getegid(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    return credentials().effectiveGroup;
}

function copyOutThree(first: u64, second: u64, third: u64, a: u32, b: u32, c: u32): i64 {
    if (copyOut32(first, a) != 0 || copyOut32(second, b) != 0 || copyOut32(third, c) != 0) return -EFAULT;
    return 0;
}

function getresuid(real: u64, effective: u64, saved: u64, d: u64, e: u64, f: u64): i64 {
    const own = credentials();
    return copyOutThree(real, effective, saved, own.realUser, own.effectiveUser, own.savedUser);
}

function getresgid(real: u64, effective: u64, saved: u64, d: u64, e: u64, f: u64): i64 {
    const own = credentials();
    return copyOutThree(real, effective, saved, own.realGroup, own.effectiveGroup, own.savedGroup);
}

function mayTakeUser(id: u32): bool {
    const own = credentials();
    return own.has(CAP_SETUID) || id == own.realUser || id == own.effectiveUser || id == own.savedUser;
}

function mayTakeGroup(id: u32): bool {
    const own = credentials();
    return own.has(CAP_SETGID) || id == own.realGroup || id == own.effectiveGroup || id == own.savedGroup;
}

/** What a change of the effective ids does (commit_creds of Linux): the memory is not for everybody, the parent's death no news. */
function forgetPrivileges(): void {
    current.process.dumpable = 0;
    current.process.parentDeathSignal = 0;
}

function setUsers(real: u32, effective: u32, saved: u32): i64 {
    const next = credentials().copy();
    if (real != UNCHANGED) next.realUser = real;
    if (effective != UNCHANGED) next.effectiveUser = effective;
    if (saved != UNCHANGED) next.savedUser = saved;
    next.fileUser = next.effectiveUser;
    next.followUsers(credentials());
    if (next.effectiveUser != credentials().effectiveUser) forgetPrivileges();
    current.process.credentials = next;
    return 0;
}

function setGroups(real: u32, effective: u32, saved: u32): i64 {
    const next = credentials().copy();
    if (real != UNCHANGED) next.realGroup = real;
    if (effective != UNCHANGED) next.effectiveGroup = effective;
    if (saved != UNCHANGED) next.savedGroup = saved;
    next.fileGroup = next.effectiveGroup;
    if (next.effectiveGroup != credentials().effectiveGroup) forgetPrivileges();
    current.process.credentials = next;
    return 0;
}

function setuid(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const user = <u32>id;
    if (user == UNCHANGED) return -EINVAL;
    const own = credentials();
    if (own.has(CAP_SETUID)) return setUsers(user, user, user);
    if (user != own.realUser && user != own.savedUser) return -EPERM;
    return setUsers(UNCHANGED, user, UNCHANGED);
}

function setgid(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const group = <u32>id;
    if (group == UNCHANGED) return -EINVAL;
    const own = credentials();
    if (own.has(CAP_SETGID)) return setGroups(group, group, group);
    if (group != own.realGroup && group != own.savedGroup) return -EPERM;
    return setGroups(UNCHANGED, group, UNCHANGED);
}

function setreuid(real: u64, effective: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const newReal = <u32>real;
    const newEffective = <u32>effective;
    const own = credentials();
    if (!own.has(CAP_SETUID)) {
        if (newReal != UNCHANGED && newReal != own.realUser && newReal != own.effectiveUser) return -EPERM;
        if (newEffective != UNCHANGED && !mayTakeUser(newEffective)) return -EPERM;
    }
    const savesEffective =
        newReal != UNCHANGED || (newEffective != UNCHANGED && newEffective != own.realUser);
    const after = newEffective == UNCHANGED ? own.effectiveUser : newEffective;
    return setUsers(newReal, newEffective, savesEffective ? after : UNCHANGED);
}

function setregid(real: u64, effective: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const newReal = <u32>real;
    const newEffective = <u32>effective;
    const own = credentials();
    if (!own.has(CAP_SETGID)) {
        if (newReal != UNCHANGED && newReal != own.realGroup && newReal != own.effectiveGroup) return -EPERM;
        if (newEffective != UNCHANGED && !mayTakeGroup(newEffective)) return -EPERM;
    }
    const savesEffective =
        newReal != UNCHANGED || (newEffective != UNCHANGED && newEffective != own.realGroup);
    const after = newEffective == UNCHANGED ? own.effectiveGroup : newEffective;
    return setGroups(newReal, newEffective, savesEffective ? after : UNCHANGED);
}

function setresuid(real: u64, effective: u64, saved: u64, d: u64, e: u64, f: u64): i64 {
    const a = <u32>real;
    const b = <u32>effective;
    const c = <u32>saved;
    if (a != UNCHANGED && !mayTakeUser(a)) return -EPERM;
    if (b != UNCHANGED && !mayTakeUser(b)) return -EPERM;
    if (c != UNCHANGED && !mayTakeUser(c)) return -EPERM;
    return setUsers(a, b, c);
}

function setresgid(real: u64, effective: u64, saved: u64, d: u64, e: u64, f: u64): i64 {
    const a = <u32>real;
    const b = <u32>effective;
    const c = <u32>saved;
    if (a != UNCHANGED && !mayTakeGroup(a)) return -EPERM;
    if (b != UNCHANGED && !mayTakeGroup(b)) return -EPERM;
    if (c != UNCHANGED && !mayTakeGroup(c)) return -EPERM;
    return setGroups(a, b, c);
}

/** The result is the id before in any case (setfsuid(2)). */
function setfsuid(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const before = credentials().fileUser;
    if (<u32>id != UNCHANGED && (mayTakeUser(<u32>id) || <u32>id == before)) {
        const next = credentials().copy();
        next.fileUser = <u32>id;
        next.followFileUser(credentials());
        current.process.credentials = next;
    }
    return before;
}

function setfsgid(id: u64, b: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const before = credentials().fileGroup;
    if (<u32>id != UNCHANGED && (mayTakeGroup(<u32>id) || <u32>id == before)) {
        const next = credentials().copy();
        next.fileGroup = <u32>id;
        current.process.credentials = next;
    }
    return before;
}

function getgroups(size: u64, list: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const groups = credentials().supplementaryGroups;
    const room = <i32>size;
    if (room < 0) return -EINVAL;
    if (room == 0) return groups.length;
    if (room < groups.length) return -EINVAL;
    const error = copyOut(list, changetype<usize>(groups), groups.length << 2);
    return error != 0 ? error : groups.length;
}

function setgroups(size: u64, list: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    if (!credentials().has(CAP_SETGID)) return -EPERM;
    const count = <i32>size;
    if (count < 0 || count > GROUPS_MAXIMUM) return -EINVAL;
    if (!reserveHeap((<usize>count) << 2)) return -ENOMEM;
    const groups = new StaticArray<u32>(count);
    const error = copyIn(changetype<usize>(groups), list, count << 2);
    if (error != 0) return error;
    const next = credentials().copy();
    next.supplementaryGroups = groups;
    current.process.credentials = next;
    return 0;
}

/** The number of 32-bit sets that the header's version has, or 0 after writing the version that is known. */
function capabilitySets(header: u64): i32 {
    if (copyIn32(header) != 0) return -EFAULT;
    const version = <u32>copiedIn;
    if (version == CAPABILITY_VERSION_1) return 1;
    if (version == CAPABILITY_VERSION_2 || version == CAPABILITY_VERSION_3) return 2;
    return copyOut32(header, CAPABILITY_VERSION_3) != 0 ? -EFAULT : 0;
}

function capget(header: u64, data: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const sets = capabilitySets(header);
    if (sets < 0) return sets;
    if (sets == 0) return data == 0 ? 0 : -EINVAL;
    if (copyIn32(header + 4) != 0) return -EFAULT;
    const pid = <i32>copiedIn;
    if (pid < 0) return -EINVAL;
    const process = pid == 0 ? current.process : findProcess(pid);
    if (process === null) return -ESRCH;
    if (data == 0) return 0;
    const who = process.credentials;
    memory.fill(scratch, 0, 24);
    for (let i = 0; i < sets; i++) {
        // struct cap_user_data: effective, permitted, inheritable.
        const at = scratch + i * 12;
        store<u32>(at, <u32>(who.effective >> (i * 32)));
        store<u32>(at, <u32>(who.permitted >> (i * 32)), 4);
        store<u32>(at, <u32>(who.inheritable >> (i * 32)), 8);
    }
    return copyOut(data, scratch, sets * 12);
}

/** One's own capabilities can be given up, or made effective and inheritable within what is permitted (capset(2)). */
function capset(header: u64, data: u64, c: u64, d: u64, e: u64, f: u64): i64 {
    const sets = capabilitySets(header);
    if (sets < 0) return sets;
    if (sets == 0) return -EINVAL;
    if (copyIn32(header + 4) != 0) return -EFAULT;
    const pid = <i32>copiedIn;
    if (pid != 0 && pid != current.tid) return -EPERM;
    memory.fill(scratch, 0, 24);
    if (copyIn(scratch, data, sets * 12) != 0) return -EFAULT;
    const own = credentials();
    const effective = capabilitySet(0);
    const permitted = capabilitySet(4);
    const inheritable = capabilitySet(8);
    if ((permitted & ~own.permitted) != 0 || (effective & ~permitted) != 0) return -EPERM;
    const limit = own.has(CAP_SETPCAP) ? u64.MAX_VALUE : own.inheritable | own.permitted;
    if ((inheritable & ~limit) != 0) return -EPERM;
    if ((inheritable & ~(own.inheritable | own.bounding)) != 0) return -EPERM;
    const next = own.copy();
    next.effective = effective;
    next.permitted = permitted;
    next.inheritable = inheritable;
    next.ambient &= permitted & inheritable;
    current.process.credentials = next;
    return 0;
}

/** The set at `offset` of both structures that were read. Bits beyond the last capability mean nothing. */
function capabilitySet(offset: usize): u64 {
    const set = (<u64>load<u32>(scratch + offset)) | ((<u64>load<u32>(scratch + offset + 12)) << 32);
    return set & (((<u64>1) << (CAP_LAST + 1)) - 1);
}

export function registerIdentityCalls(): void {
    define(SYS_getuid, getuid, "");
    define(SYS_geteuid, geteuid, "");
    define(SYS_getgid, getgid, "");
    define(SYS_getegid, getegid, "");
    define(SYS_getresuid, getresuid, "www");
    define(SYS_getresgid, getresgid, "www");
    define(SYS_setuid, setuid, "d");
    define(SYS_setgid, setgid, "d");
    define(SYS_setreuid, setreuid, "dd");
    define(SYS_setregid, setregid, "dd");
    define(SYS_setresuid, setresuid, "ddd");
    define(SYS_setresgid, setresgid, "ddd");
    define(SYS_setfsuid, setfsuid, "d");
    define(SYS_setfsgid, setfsgid, "d");
    define(SYS_getgroups, getgroups, "dp");
    define(SYS_setgroups, setgroups, "dp");
    define(SYS_capget, capget, "pp");
    define(SYS_capset, capset, "pp");
}

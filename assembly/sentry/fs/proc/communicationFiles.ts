// SPDX-License-Identifier: Apache-2.0
//
// /proc/sysvipc (proc(5)): System V message queues, semaphore sets and shared memory segments, in Linux's columns.

import { IpcObject } from "../../ipc/objects";
import { MessageQueue, queues } from "../../ipc/messageQueues";
import { SemaphoreSet, sets } from "../../ipc/semaphores";
import { Segment, segments } from "../../ipc/sharedMemory";
import { Process } from "../../kernel/process";
import { PAGE_SIZE } from "../../../std/pages";
import { StaticEntry } from "./procInodes";
import { addAligned, addByte, addNumber, addOctal, addText } from "./textBuilder";

const MESSAGE_HEAD: string =
    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n";
const SEMAPHORE_HEAD: string =
    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n";
const SEGMENT_HEAD: string =
    "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n";

export function communicationEntries(): Array<StaticEntry> {
    return [
        new StaticEntry("msg", 0o444, generateQueues),
        new StaticEntry("sem", 0o444, generateSets),
        new StaticEntry("shm", 0o444, generateSegments),
    ];
}

function addColumn(value: u64, width: i32): void {
    addByte(32);
    addAligned(value, width);
}

/** Keys and pids are signed, but only keys can be negative. */
function addKey(key: i32): void {
    if (key >= 0) {
        addAligned(key, 10);
        return;
    }
    let columns = 2;
    for (let rest = 0 - <i64>key; rest >= 10; rest /= 10) columns++;
    for (; columns < 10; columns++) addByte(32);
    addByte(45);
    addNumber(<u64>(0 - <i64>key));
}

function addMode(mode: u32): void {
    addText("  ");
    for (let limit: u32 = 0o1000; limit > 1 && mode < limit; limit >>= 3) addByte(32);
    addOctal(mode, 1);
}

/** What lines begin with. */
function addIdentity(object: IpcObject): void {
    addKey(object.key);
    addColumn(object.id, 10);
    addMode(object.mode);
}

function addOwners(object: IpcObject): void {
    addColumn(object.user, 5);
    addColumn(object.group, 5);
    addColumn(object.creatorUser, 5);
    addColumn(object.creatorGroup, 5);
}

function generateQueues(process: Process | null): i32 {
    addText(MESSAGE_HEAD);
    for (let i = 0; i <= queues.highest; i++) {
        const object = queues.at(i);
        if (object === null) continue;
        const queue = changetype<MessageQueue>(object);
        addIdentity(queue);
        addText(" ");
        addColumn(queue.bytes, 10);
        addColumn(queue.count, 10);
        addColumn(queue.sendPid, 5);
        addColumn(queue.receivePid, 5);
        addOwners(queue);
        addColumn(queue.sendTime, 10);
        addColumn(queue.receiveTime, 10);
        addColumn(queue.changeTime, 10);
        addByte(10);
    }
    return 0;
}

function generateSets(process: Process | null): i32 {
    addText(SEMAPHORE_HEAD);
    for (let i = 0; i <= sets.highest; i++) {
        const object = sets.at(i);
        if (object === null) continue;
        const set = changetype<SemaphoreSet>(object);
        addIdentity(set);
        addColumn(set.count, 10);
        addOwners(set);
        addColumn(set.operationTime, 10);
        addColumn(set.changeTime, 10);
        addByte(10);
    }
    return 0;
}

function generateSegments(process: Process | null): i32 {
    addText(SEGMENT_HEAD);
    for (let i = 0; i <= segments.highest; i++) {
        const object = segments.at(i);
        if (object === null) continue;
        const segment = changetype<Segment>(object);
        addIdentity(segment);
        addColumn(segment.size, 21);
        addColumn(segment.creatorPid, 5);
        addColumn(segment.lastPid, 5);
        addText(" ");
        addColumn(segment.pages.attachments, 5);
        addOwners(segment);
        addColumn(segment.attachTime, 10);
        addColumn(segment.detachTime, 10);
        addColumn(segment.changeTime, 10);
        addColumn(<u64>segment.pages.count * PAGE_SIZE, 21);
        addColumn(0, 21);
        addByte(10);
    }
    return 0;
}

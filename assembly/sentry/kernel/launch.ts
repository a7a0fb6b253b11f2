// SPDX-License-Identifier: Apache-2.0
//
// What a process gets that no other process has made: the container's first one, and those that `exec` starts. Its user is looked up in the
// image's files, its program in PATH, by the rules of container engines. Texts are byte strings.

import { COMPACT_LAYOUT } from "../arch/machine";
import { reserveHeap } from "../capabilities/heapReserve";
import { ConfigurationStrings, PrefixedStrings, StringSource } from "../exec/arguments";
import { Caller, executionError, executionProblem, prepareProgram, Program } from "../exec/execute";
import { FileDescriptorTable } from "../fs/fileDescriptorTable";
import { makeRootContext, readSmallFile, smallFileSize } from "../fs/start";
import { AddressSpace } from "../memory/addressSpace";
import { absentVSpace } from "../memory/vspaces";
import { SignalActions } from "../signals/signalActions";
import { errorText } from "../strace/errorText";
import { now } from "./clock";
import { Credentials } from "./credentials";
import { EACCES, ENOENT, ENOMEM, ENOTDIR } from "./errno";
import { addGarbage } from "./garbage";
import { allocatePid, Process, processes } from "./process";
import { defaultLimits } from "./resourceLimits";
import { countProcess } from "./statistics";
import { Thread, threads } from "./thread";
import { freeThreadNumber } from "./threadObjects";
import { ACCOUNT_FILE_MAXIMUM, homeDirectory, lookUpUser, lookupProblem } from "./userLookup";

// Exit codes that container engines use.
export const EXIT_SEALIFT_FAILED: i32 = 125;
export const EXIT_NOT_EXECUTABLE: i32 = 126;
export const EXIT_NOT_FOUND: i32 = 127;

/** Where programs are looked for without PATH, as container engines do. */
const DEFAULT_PATH: string = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const NOT_ENOUGH_MEMORY: string = "the container's memory is not enough to start it; raise --memory";

/** Heap that looking up a user and a program takes: of an account file for each of its bytes, and beside that. */
const HEAP_PER_BYTE: i32 = 16;
const HEAP_BESIDE: i32 = 16 * 1024;

/** What is to be run. */
export class Launch {
    constructor(
        /** "", "user", "uid", "user:group", "uid:gid"... */
        readonly user: string,
        /** At least one. */
        readonly arguments: ConfigurationStrings,
        /** HOME is added where it is not there. */
        readonly environment: ConfigurationStrings,
    ) {}
}

/**
 * A process with nothing to run yet, in no table: its address space is empty and given back as soon as it has a program. It leads its own
 * session.
 */
export function makeProcess(): Thread {
    const process = new Process(
        allocatePid(),
        null,
        new AddressSpace(absentVSpace(), COMPACT_LAYOUT),
        new FileDescriptorTable(),
        makeRootContext(),
        new Credentials(),
        defaultLimits(),
        new SignalActions(),
    );
    process.startTime = now();
    const thread = new Thread(process, freeThreadNumber(), process.pid);
    process.threads.push(thread);
    return thread;
}

/** The process, which makeProcess has made, gets its program, and its place in the tables. */
export function enterProcess(thread: Thread, program: Program): void {
    const process = thread.process;
    process.credentials = program.credentials;
    process.name = program.name;
    process.addressSpace.release();
    process.addressSpace = program.space;
    processes.push(process);
    threads[thread.number] = thread;
    countProcess();
}

/** Gives up a process that makeProcess has made, and that has run nothing. */
export function abandonProcess(process: Process): void {
    process.fileDescriptors.release();
    process.files.release();
    process.addressSpace.release();
}

/** Why findProgram has returned null: an exit code, and a message. */
export let launchCode: i32 = 0;
export let launchProblem: string = "";

function fail(code: i32, problem: string): Program | null {
    launchCode = code;
    launchProblem = problem;
    return null;
}

/**
 * Lays out the program, a path or a name to be searched in PATH, for a process that has nothing to run yet, and is the current one. The process
 * gets the user's credentials.
 */
export function findProgram(process: Process, launch: Launch): Program | null {
    const passwd = readAccounts("/etc/passwd");
    const group = readAccounts("/etc/group");
    if (passwd === null || group === null) return fail(EXIT_SEALIFT_FAILED, NOT_ENOUGH_MEMORY);
    const credentials = lookUpUser(launch.user, passwd, group);
    if (credentials === null) return fail(EXIT_SEALIFT_FAILED, lookupProblem);
    process.credentials = credentials;
    const environment = environmentWithHome(launch.environment);
    const name = launch.arguments.textOf(0);
    if (name.indexOf("/") >= 0) {
        const program = tryProgram(process, name, launch.arguments, environment);
        return program !== null ? program : fail(exitCode(), describe(name));
    }
    const value = launch.environment.valueOf("PATH=");
    const places = (value === null ? DEFAULT_PATH : value).split(":");
    let isDenied = false;
    for (let i = 0; i < places.length; i++) {
        const path = (places[i].length == 0 ? "." : places[i]) + "/" + name;
        const program = tryProgram(process, path, launch.arguments, environment);
        if (program !== null) return program;
        if (executionError == -ENOENT || executionError == -ENOTDIR) continue;
        // What may not be executed here may be found elsewhere, but its error is remembered.
        fail(exitCode(), describe(path));
        if (executionError != -EACCES) return null;
        isDenied = true;
    }
    return isDenied ? null : fail(EXIT_NOT_FOUND, 'exec: "' + name + '": executable file not found in $PATH');
}

/** The text of an account file, empty where there is none; null: there is no memory to look into it. */
function readAccounts(path: string): string | null {
    const size = smallFileSize(path, ACCOUNT_FILE_MAXIMUM);
    const needed = size * HEAP_PER_BYTE + HEAP_BESIDE;
    if (!reserveHeap(needed)) return null;
    addGarbage(needed >> 2);
    const text = readSmallFile(path, ACCOUNT_FILE_MAXIMUM);
    return text === null ? "" : text;
}

function tryProgram(
    process: Process,
    path: string,
    arguments_: StringSource,
    environment: StringSource,
): Program | null {
    return prepareProgram(
        new Caller(process.credentials, process.limits, false, process.addressSpace),
        path,
        arguments_,
        environment,
    );
}

/** The environment, with HOME from passwd where it has none. */
function environmentWithHome(environment: ConfigurationStrings): StringSource {
    if (environment.valueOf("HOME=") !== null) return environment;
    return new PrefixedStrings(["HOME=" + (homeDirectory.length > 0 ? homeDirectory : "/")], environment, 0);
}

/** The exit code for the latest tryProgram that failed. */
function exitCode(): i32 {
    if (executionError == -ENOENT || executionError == -ENOTDIR) return EXIT_NOT_FOUND;
    return executionError == -ENOMEM ? EXIT_SEALIFT_FAILED : EXIT_NOT_EXECUTABLE;
}

/** Why the latest tryProgram failed: the thing and the cause. */
function describe(path: string): string {
    if (executionError == -ENOMEM) return NOT_ENOUGH_MEMORY;
    const cause = executionProblem.length > 0 ? executionProblem : errorText(-executionError);
    if (executionError == -ENOENT || executionError == -ENOTDIR || executionError == -EACCES) {
        return 'exec: "' + path + '": ' + cause;
    }
    return 'exec: "' + path + '": exec format error: ' + cause;
}

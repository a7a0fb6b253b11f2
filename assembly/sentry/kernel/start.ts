// SPDX-License-Identifier: Apache-2.0
//
// Starting the container: the sentry's own state, the filesystem, pid 1.

import { reserveFirstSlots } from "../capabilities/slots";
import { refillHeapSource, startQuota } from "../capabilities/quota";
import { COMPACT_LAYOUT } from "../arch/machine";
import { ConfigurationStrings, PrefixedStrings, StringSource } from "../exec/arguments";
import { byteString } from "../exec/elf";
import { Caller, executionError, executionProblem, prepareProgram, Program } from "../exec/execute";
import { startProgram } from "../exec/replace";
import { FileDescriptorTable } from "../fs/fileDescriptorTable";
import {
    completeRoot,
    enterWorkingDirectory,
    makeRootContext,
    mountRoot,
    openStandardFiles,
    ownConsole,
    readSmallFile,
} from "../fs/start";
import { AddressSpace } from "../memory/addressSpace";
import { takeVSpace, VSpace } from "../memory/vspaces";
import { SignalActions } from "../signals/signalActions";
import { startTrace } from "../strace/trace";
import { errorText } from "../strace/errorText";
import { registerAllCalls } from "../syscalls/register";
import { containerConfiguration } from "../../std/containerConfiguration";
import { cannotStart } from "./container";
import { Credentials } from "./credentials";
import { EACCES, ENOENT, ENOMEM, ENOTDIR } from "./errno";
import { allocatePid, Process, processes } from "./process";
import { defaultLimits } from "./resourceLimits";
import { countProcess } from "./statistics";
import { setCurrent, Thread, threads } from "./thread";
import { freeThreadNumber } from "./threadObjects";
import { ACCOUNT_FILE_MAXIMUM, homeDirectory, lookUpUser, lookupProblem } from "./userLookup";
import { startTurns } from "./turns";
import { now } from "./clock";

// Exit codes that container engines use.
const SEALIFT_FAILED: i32 = 125;
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/** Where programs are looked for without PATH, as container engines do. */
const DEFAULT_PATH: string = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const NOT_ENOUGH_MEMORY: string = "the container's memory is not enough to start it; raise --memory";

/** Prepares the sentry itself: capabilities, heap, tables. */
function startSentry(): void {
    reserveFirstSlots();
    startQuota();
    refillHeapSource();
    if (!containerConfiguration().isValid()) {
        cannotStart(SEALIFT_FAILED, "the manager and the sentry were built from different versions");
    }
    startTurns();
    registerAllCalls();
    startTrace();
}

/** Starts pid 1. On failure the container ends with a message. */
export function startContainer(): void {
    startSentry();
    const configuration = containerConfiguration();
    const error = mountRoot();
    if (error != 0) {
        cannotStart(
            SEALIFT_FAILED,
            error == -ENOMEM ? NOT_ENOUGH_MEMORY : "the image's layers cannot be read: " + errorText(-error),
        );
    }
    const vspace = takeVSpace();
    if (vspace === null) {
        cannotStart(SEALIFT_FAILED, NOT_ENOUGH_MEMORY);
        return;
    }
    const thread = makeInit(vspace);
    setCurrent(thread);
    const process = thread.process;
    openStandardFiles(process.fileDescriptors);
    const problem = completeRoot();
    if (problem.length > 0) cannotStart(SEALIFT_FAILED, problem);
    // Files are looked up as user 0 until the user is known: passwd may not be for all to read.
    const directory = byteString(
        configuration.text(configuration.workingDirectoryOffset),
        configuration.workingDirectoryLength,
    );
    if (!enterWorkingDirectory(directory)) {
        cannotStart(
            SEALIFT_FAILED,
            "the working directory is not a directory and cannot be made; check --workdir",
        );
    }
    const program = findProgram(process);
    process.credentials = program.credentials;
    ownConsole(process.credentials.effectiveUser);
    process.name = program.name;
    process.addressSpace.release();
    process.addressSpace = program.space;
    countProcess();
    startProgram(process, thread, program);
}

/** Pid 1 with nothing to run yet: its address space is empty and given back as soon as it has a program. */
function makeInit(vspace: VSpace): Thread {
    const process = new Process(
        allocatePid(),
        null,
        new AddressSpace(vspace, COMPACT_LAYOUT),
        new FileDescriptorTable(),
        makeRootContext(),
        new Credentials(),
        defaultLimits(),
        new SignalActions(),
    );
    process.startTime = now();
    processes.push(process);
    const thread = new Thread(process, freeThreadNumber(), process.pid);
    threads[thread.number] = thread;
    process.threads.push(thread);
    return thread;
}

function readAccounts(path: string): string {
    const text = readSmallFile(path, ACCOUNT_FILE_MAXIMUM);
    return text === null ? "" : text;
}

/** Finds and lays out the container's program: a path, or a name to be searched in PATH. */
function findProgram(process: Process): Program {
    const configuration = containerConfiguration();
    const user = byteString(configuration.text(configuration.userOffset), configuration.userLength);
    const credentials = lookUpUser(user, readAccounts("/etc/passwd"), readAccounts("/etc/group"));
    if (credentials === null) {
        cannotStart(SEALIFT_FAILED, lookupProblem);
        unreachable();
    }
    process.credentials = credentials!;
    const first = configuration.argument(0);
    const name = byteString(configuration.text(first.offset), first.length);
    let program: Program | null = null;
    let problem = "";
    if (name.indexOf("/") >= 0) {
        program = tryProgram(process, name);
        if (program === null) problem = describe(name);
    } else {
        const value = environmentValue("PATH=");
        const path = value === null ? DEFAULT_PATH : value;
        const places = path.split(":");
        let error = -ENOENT;
        for (let i = 0; i < places.length && program === null; i++) {
            const place = places[i].length == 0 ? "." : places[i];
            program = tryProgram(process, place + "/" + name);
            if (program !== null) break;
            if (executionError == -ENOENT || executionError == -ENOTDIR) continue;
            error = executionError;
            problem = describe(place + "/" + name);
            if (error != -EACCES) break;
        }
        if (program === null && error == -ENOENT) {
            cannotStart(NOT_FOUND, 'exec: "' + name + '": executable file not found in $PATH');
        }
    }
    if (program === null) {
        const missing = executionError == -ENOENT || executionError == -ENOTDIR;
        const code = missing ? NOT_FOUND : executionError == -ENOMEM ? SEALIFT_FAILED : NOT_EXECUTABLE;
        cannotStart(code, problem);
        unreachable();
    }
    return program!;
}

function tryProgram(process: Process, path: string): Program | null {
    const configuration = containerConfiguration();
    const base = changetype<usize>(configuration);
    return prepareProgram(
        new Caller(process.credentials, process.limits, false),
        path,
        new ConfigurationStrings(base, base + configuration.argumentsOffset, configuration.argumentCount),
        environmentWithHome(),
    );
}

/** The configuration's environment, with HOME from passwd where it has none. */
function environmentWithHome(): StringSource {
    const configuration = containerConfiguration();
    const base = changetype<usize>(configuration);
    const strings = new ConfigurationStrings(
        base,
        base + configuration.environmentOffset,
        configuration.environmentCount,
    );
    if (environmentValue("HOME=") !== null) return strings;
    return new PrefixedStrings(["HOME=" + (homeDirectory.length > 0 ? homeDirectory : "/")], strings, 0);
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

/** What follows `prefix` ("NAME=") in the container's environment, or null. */
function environmentValue(prefix: string): string | null {
    const configuration = containerConfiguration();
    for (let i: u32 = 0; i < configuration.environmentCount; i++) {
        const reference = configuration.environment(i);
        const text = byteString(configuration.text(reference.offset), reference.length);
        if (text.startsWith(prefix)) return text.substring(prefix.length);
    }
    return null;
}

// SPDX-License-Identifier: Apache-2.0
//
// Executing programs: what execve(2) and the container's start have in common. A program is opened, checked and laid out in
// a new address space before anything of the old one is given up, so that every failure can still be reported.

import {
    COMPACT_LAYOUT,
    FLOATING_BREAK,
    Layout,
    MINIMUM_ADDRESS,
    USER_END,
    WIDE_LAYOUT,
} from "../arch/machine";
import { openForExec, openForExecError } from "../fs/exec";
import { S_ISGID, S_ISUID } from "../fs/inode";
import { OpenFile } from "../fs/openFile";
import { checkAccessAs, MAY_READ } from "../fs/permission";
import { EACCES, ELOOP, ENOENT, ENOEXEC, ENOMEM } from "../kernel/errno";
import { Credentials } from "../kernel/credentials";
import { NAME_LENGTH } from "../kernel/process";
import { ResourceLimits, RLIMIT_STACK } from "../kernel/resourceLimits";
import { AddressSpace } from "../memory/addressSpace";
import { absentVSpace, takeVSpace } from "../memory/vspaces";
import { PrefixedStrings, StringSource } from "./arguments";
import { byteString, ElfImage } from "./elf";
import { buildStack } from "./stack";

/** Linux's BINPRM_BUF_SIZE: where `#!` lines end. */
const HEADER_BYTES: i32 = 256;
/** Scripts whose interpreter is a script: Linux's limit. */
const SCRIPT_DEPTH: i32 = 5;
const S_IXGRP: u32 = 0o010;
const SET_GROUP_ID: u32 = S_ISGID | S_IXGRP;
/** Stacks larger than this are limited only by memory: addresses must stay apart. */
const STACK_MAXIMUM: u64 = 64 << 20;

/** Why the latest prepare failed, for people: a byte string. */
export let executionProblem: string = "";

/** A program ready to run, but that its address space has no VSpace where that of the program that it replaces will do. */
export class Program {
    /** The process's name: at most NAME_LENGTH bytes. */
    name: string = "";

    constructor(
        readonly space: AddressSpace,
        readonly entry: u64,
        readonly credentials: Credentials,
        /** Whether whoever executes it may read the program file. */
        readonly isReadable: bool,
    ) {}
}

/** What a program gets from whoever executes it. */
export class Caller {
    constructor(
        readonly credentials: Credentials,
        readonly limits: ResourceLimits,
        /** prctl(PR_SET_NO_NEW_PRIVS): set-user-ID bits mean nothing. */
        readonly noNewPrivileges: bool,
        /** The address space that the program replaces. */
        readonly space: AddressSpace,
    ) {}
}

/** The negative errno of a prepare that returned null. */
export let executionError: i32 = 0;
/** Whether Linux would have given up the old program by then: it ends with SIGSEGV. */
export let executionIsFatal: bool = false;

function fail(error: i32, problem: string): Program | null {
    executionError = error;
    executionProblem = problem;
    executionIsFatal = false;
    return null;
}

function failFatally(problem: string): Program | null {
    fail(-ENOEXEC, problem);
    executionIsFatal = true;
    return null;
}

/** Opens `path` (a byte string) and lays it out with its arguments. Null: executionError, executionProblem. */
export function prepareProgram(
    caller: Caller,
    path: string,
    arguments_: StringSource,
    environment: StringSource,
): Program | null {
    const file = openForExec(path);
    if (file === null) return fail(openForExecError, "");
    return prepareFile(caller, file, path, lastComponent(path), arguments_, environment, true);
}

/**
 * As prepareProgram, for an open file, which it releases. `name`: the process's name from then on, or empty: that of the
 * program's file. `reachable`: a script's interpreter can open `path`, too.
 */
export function prepareFile(
    caller: Caller,
    file: OpenFile,
    path: string,
    name: string,
    arguments_: StringSource,
    environment: StringSource,
    reachable: bool,
): Program | null {
    const header = heap.alloc(HEADER_BYTES);
    const named = path;
    // Programs count on argv[0].
    if (arguments_.count == 0) arguments_ = new PrefixedStrings([""], arguments_, 0);
    let program: Program | null = null;
    for (let depth = 0; ; depth++) {
        if (arguments_.count < 0 || environment.count < 0) {
            program = fail(arguments_.count < 0 ? arguments_.count : environment.count, "");
            break;
        }
        const length = <i32>file.readBytes(header, HEADER_BYTES, 0);
        if (length < 0) {
            program = fail(length, "it cannot be read");
            break;
        }
        if (length < 2 || load<u16>(header) != 0x2123) {
            program = prepareElf(caller, file, header, length, named, arguments_, environment);
            if (program !== null) program.name = shortName(name.length > 0 ? name : fileName(file));
            break;
        }
        if (depth == SCRIPT_DEPTH) {
            program = fail(-ELOOP, "its interpreter is a script, too many times over");
            break;
        }
        const prefix = parseScript(header, length);
        if (prefix === null) {
            program = fail(scriptError, "its first line names no interpreter");
            break;
        }
        if (!reachable) {
            program = fail(-ENOENT, "its interpreter could not open it");
            break;
        }
        file.release();
        const interpreter = prefix[0];
        prefix.push(path);
        arguments_ = new PrefixedStrings(prefix, arguments_, 1);
        path = interpreter;
        const opened = openForExec(interpreter);
        if (opened === null) {
            heap.free(header);
            return fail(openForExecError, "its interpreter " + interpreter + " cannot be opened");
        }
        file = opened;
    }
    heap.free(header);
    file.release();
    return program;
}

/** The negative errno of a parseScript that returned null. */
let scriptError: i32 = 0;

/** The interpreter and its one argument of a `#!` line (execve(2)), or null. */
function parseScript(header: usize, length: i32): string[] | null {
    scriptError = -ENOEXEC;
    let end = 2;
    while (end < length && load<u8>(header + end) != 10 && load<u8>(header + end) != 0) end++;
    let start = skipBlanks(header, 2, end);
    if (end == HEADER_BYTES) {
        // The line goes on: what is cut off may be the argument's, but not the interpreter's.
        let name = start;
        while (name < end && !isBlank(load<u8>(header + name))) name++;
        if (name == end) return null;
        end--;
    }
    while (end > start && isBlank(load<u8>(header + end - 1))) end--;
    let stop = start;
    while (stop < end && !isBlank(load<u8>(header + stop))) stop++;
    if (stop == start) {
        // Without a line's end the interpreter is the empty path, which is the working directory here.
        if (stop == length || load<u8>(header + stop) == 0) scriptError = -EACCES;
        return null;
    }
    const result = [byteString(header + start, stop - start)];
    start = skipBlanks(header, stop, end);
    if (start < end) result.push(byteString(header + start, end - start));
    return result;
}

function isBlank(byte: u8): bool {
    return byte == 32 || byte == 9;
}

function skipBlanks(text: usize, from: i32, end: i32): i32 {
    while (from < end && isBlank(load<u8>(text + from))) from++;
    return from;
}

function prepareElf(
    caller: Caller,
    file: OpenFile,
    header: usize,
    length: i32,
    named: string,
    arguments_: StringSource,
    environment: StringSource,
): Program | null {
    const image = new ElfImage(file, false);
    const error = image.read(header, length);
    if (error != 0) {
        image.free();
        return fail(error, image.problem);
    }
    let program: Program | null = null;
    if (image.interpreter.length == 0) {
        program = layOut(caller, image, null, named, arguments_, environment);
    } else {
        const linkerFile = openForExec(image.interpreter);
        if (linkerFile === null) {
            fail(openForExecError, "its dynamic linker " + image.interpreter + " cannot be opened");
        } else {
            const linker = new ElfImage(linkerFile, true);
            const linkerHeader = heap.alloc(HEADER_BYTES);
            const got = <i32>linkerFile.readBytes(linkerHeader, HEADER_BYTES, 0);
            const problem = linker.read(linkerHeader, got);
            heap.free(linkerHeader);
            if (problem != 0) {
                fail(
                    problem,
                    "its dynamic linker " + image.interpreter + " cannot be used: " + linker.problem,
                );
            } else {
                program = layOut(caller, image, linker, named, arguments_, environment);
            }
            linker.free();
            linkerFile.release();
        }
    }
    image.free();
    return program;
}

/** Makes the address space. */
function layOut(
    caller: Caller,
    image: ElfImage,
    linker: ElfImage | null,
    named: string,
    arguments_: StringSource,
    environment: StringSource,
): Program | null {
    if (image.isDamaged) return failFatally(image.problem);
    if (linker !== null && linker.isDamaged) {
        return failFatally("its dynamic linker " + image.interpreter + " is damaged: " + linker.problem);
    }
    let layout: Layout = COMPACT_LAYOUT;
    // As on Linux, what needs no dynamic linker and may lie anywhere lies among the mappings: it may be a dynamic linker
    // itself, about to map a program where programs belong.
    const floats = linker === null && image.positionIndependent;
    let bias = image.biasFor(floats ? layout.mappingsStart : layout.programBase);
    if (floats) {
        const room = USER_END - layout.mappingsStart;
        if (image.alignment > room || image.end - image.start > room - image.alignment) {
            return failFatally("its segments lie outside user memory");
        }
    } else if (!image.fits(layout, bias)) {
        layout = WIDE_LAYOUT;
        bias = image.biasFor(layout.programBase);
        if (!image.fits(layout, bias)) return failFatally("its segments lie outside user memory");
    }
    // The old program's VSpace cannot serve before the new one's start is certain, but is as good as any then.
    const old = caller.space;
    const vspace = old.users == 1 && old.vspace.exists ? absentVSpace() : takeVSpace();
    if (vspace === null) return fail(-ENOMEM, "not enough memory");
    const space = new AddressSpace(vspace, layout);
    const credentials = credentialsAfter(caller, image.file);
    image.map(space, bias);
    space.setExecutable(image.file);
    space.codeStart = image.codeStart + bias;
    space.codeEnd = image.codeEnd + bias;
    space.breakStart = floats ? FLOATING_BREAK : image.end + bias;
    space.breakEnd = space.breakStart;
    let entry = image.entry + bias;
    let linkerBase: u64 = 0;
    if (linker !== null) {
        const gap = linker.positionIndependent
            ? space.findGap(linker.end - linker.start, 0)
            : linker.start >= MINIMUM_ADDRESS && linker.end <= USER_END
              ? linker.start
              : 0;
        if (gap == 0) {
            space.release();
            return failFatally("there is no room for its dynamic linker " + image.interpreter);
        }
        linkerBase = gap - linker.start;
        linker.map(space, linkerBase);
        entry = linker.entry + linkerBase;
    }
    const error = buildStack(
        space,
        named,
        arguments_,
        environment,
        image,
        bias,
        linkerBase,
        credentials,
        min(caller.limits.soft[RLIMIT_STACK], STACK_MAXIMUM) & ~(<u64>4095),
    );
    if (error != 0) {
        space.release();
        return fail(error, error == -ENOMEM ? "not enough memory" : "");
    }
    return new Program(
        space,
        entry,
        credentials,
        checkAccessAs(caller.credentials, image.file.inode, MAY_READ) == 0,
    );
}

/** Set-user-ID and set-group-ID programs (execve(2)); the saved ids become the effective ones in any case. */
function credentialsAfter(caller: Caller, file: OpenFile): Credentials {
    const before = caller.credentials;
    const mode = file.inode.mode;
    const after = before.copy();
    if (!caller.noNewPrivileges && !file.inode.fileSystem.ignoresSetId) {
        if ((mode & S_ISUID) != 0) after.effectiveUser = file.inode.userId;
        // Without the group's right to execute, the bit once meant something else (mandatory locks).
        if ((mode & SET_GROUP_ID) == SET_GROUP_ID) after.effectiveGroup = file.inode.groupId;
    }
    after.savedUser = after.effectiveUser;
    after.fileUser = after.effectiveUser;
    after.savedGroup = after.effectiveGroup;
    after.fileGroup = after.effectiveGroup;
    after.followExecution(
        before.effectiveUser != after.effectiveUser || before.effectiveGroup != after.effectiveGroup,
    );
    return after;
}

/** What follows the last slash. */
export function lastComponent(path: string): string {
    return path.substring(path.lastIndexOf("/") + 1);
}

/** The last component of an open file's path. */
function fileName(file: OpenFile): string {
    const location = file.location;
    return location === null ? "" : byteString(location.nameAddress, location.nameLength);
}

function shortName(name: string): string {
    return name.length > NAME_LENGTH ? name.substring(0, NAME_LENGTH) : name;
}

// SPDX-License-Identifier: Apache-2.0
//
// Processes that the manager has started in the running container: for `exec`, and for health checks. Their parent is outside, as for whoever
// enters a pid namespace on Linux; each leads a session of its own, on a console of its own (fs/hostConsole.ts). Until one is
// wanted, nothing is allocated for them.

import { reserveHeap } from "../capabilities/heapReserve";
import { refillHeapSource } from "../capabilities/quota";
import { ConfigurationStrings } from "../exec/arguments";
import { byteString } from "../exec/elf";
import { startProgram } from "../exec/replace";
import { consoles, HostConsole } from "../fs/hostConsole";
import { Directory, failure } from "../fs/inode";
import { openStandardFiles, ownConsole } from "../fs/start";
import { cleanPath, findPath, forgetPath } from "../fs/startPaths";
import { EXCHANGE, execSession, execSize, takeExec } from "../manager";
import { errorText } from "../strace/errorText";
import { addTerminal } from "../tty/consoleTerminal";
import { containerConfiguration, TextReference } from "../../std/containerConfiguration";
import {
    EXEC_INTERACTIVE,
    EXEC_NO_OUTPUT,
    EXEC_SIZE_MAXIMUM,
    EXEC_TERMINAL,
    ExecDescription,
    isExecDescription,
} from "../../std/execDescription";
import { cannotStartExec } from "./container";
import { ENOENT, ENOTDIR } from "./errno";
import {
    abandonProcess,
    enterProcess,
    EXIT_NOT_FOUND,
    EXIT_SEALIFT_FAILED,
    findProgram,
    Launch,
    launchCode,
    launchProblem,
    makeProcess,
    NOT_ENOUGH_MEMORY,
} from "./launch";
import { current, setCurrent, Thread } from "./thread";

/** Variables of one description: each is compared with all others. */
const VARIABLES_MAXIMUM: u32 = 1024;
/** What container engines set for a process with a terminal, where neither the container nor `exec` says otherwise: "TERM=xterm". */
const TERMINAL_TYPE: usize = memory.data<u8>([0x54, 0x45, 0x52, 0x4d, 0x3d, 0x78, 0x74, 0x65, 0x72, 0x6d, 0]);
/** Heap beside the description and the list of its texts: a terminal, a process, names of files. */
const HEAP_BESIDE: usize = 32 * 1024;

/** Starts the processes that the manager has descriptions of. */
export function startPendingExecs(): void {
    while (startPendingExec());
}

/** Takes one description and starts its process. False: there is none, or the manager does not go on with it. */
function startPendingExec(): bool {
    let part = takeExec(0);
    if (part == 0) return false;
    const session = execSession;
    const size = execSize;
    refillHeapSource();
    const hasRoom = size <= EXEC_SIZE_MAXIMUM && reserveHeap(size);
    const description: usize = hasRoom ? heap.alloc(size) : 0;
    let taken: u32 = 0;
    while (part != 0) {
        if (hasRoom) memory.copy(description + taken, EXCHANGE, part);
        taken += part;
        if (taken == size) break;
        part = takeExec(taken);
        if (execSession != session || execSize != size) part = 0;
    }
    if (taken == size) {
        const problem = hasRoom ? start(session, description, size) : failLaunch(NOT_ENOUGH_MEMORY);
        if (problem.length > 0) cannotStartExec(session, failureCode, problem);
    }
    if (hasRoom) heap.free(description);
    return taken == size;
}

/** The exit code of the latest process that could not be started. */
let failureCode: i32 = 0;

function failLaunch(problem: string, code: i32 = EXIT_SEALIFT_FAILED): string {
    failureCode = code;
    return problem;
}

/** Starts the process of a description. Why it cannot be started (with failureCode), or "". */
function start(session: u32, at: usize, size: u32): string {
    if (!isExecDescription(at, size))
        return failLaunch("an argument or a variable has a zero byte, which no process can receive");
    const description = changetype<ExecDescription>(at);
    if (description.environmentCount > VARIABLES_MAXIMUM)
        return failLaunch(
            "there are more than " + VARIABLES_MAXIMUM.toString() + " environment variables; give fewer",
        );
    const configuration = containerConfiguration();
    const texts =
        <usize>description.argumentCount + description.environmentCount + configuration.environmentCount + 1;
    if (!reserveHeap(texts * offsetof<TextReference>() + HEAP_BESIDE)) return failLaunch(NOT_ENOUGH_MEMORY);
    const list = heap.alloc(texts * offsetof<TextReference>());
    const problem = startDescribed(session, description, list);
    heap.free(list);
    return problem;
}

/** `list` has room for a reference to each argument and variable, TERM included. */
function startDescribed(session: u32, description: ExecDescription, list: usize): string {
    const count = description.argumentCount;
    let text = description.texts;
    for (let i: u32 = 0; i < count; i++) text = refer(list + i * offsetof<TextReference>(), text);
    const variables = list + count * offsetof<TextReference>();
    let variableCount = referToConfigured(variables);
    if (description.has(EXEC_TERMINAL) && placeOf(TERMINAL_TYPE, variables, variableCount) == variableCount)
        refer(variables + variableCount++ * offsetof<TextReference>(), TERMINAL_TYPE);
    for (let i: u32 = 0; i < description.environmentCount; i++) {
        const place = placeOf(text, variables, variableCount);
        if (place == variableCount) variableCount++;
        text = refer(variables + place * offsetof<TextReference>(), text);
    }
    let length = textLength(text);
    const directory = byteString(text, length);
    text += length + 1;
    length = textLength(text);
    const configuration = containerConfiguration();
    const user =
        length > 0
            ? byteString(text, length)
            : byteString(configuration.text(configuration.userOffset), configuration.userLength);
    const launch = new Launch(
        user,
        new ConfigurationStrings(0, list, count),
        new ConfigurationStrings(0, variables, variableCount),
    );
    const thread = makeProcess();
    const before = current;
    setCurrent(thread);
    const console = new HostConsole(
        session,
        description.has(EXEC_INTERACTIVE),
        !description.has(EXEC_NO_OUTPUT),
    );
    consoles.push(console);
    let problem = "";
    if (
        description.has(EXEC_TERMINAL) &&
        !addTerminal(console, description.terminalRows, description.terminalColumns)
    )
        problem = failLaunch("the container has too many terminals; close one first");
    if (problem.length == 0) problem = run(thread, console, launch, directory);
    if (problem.length > 0) {
        abandonProcess(thread.process);
        console.close();
    }
    setCurrent(before);
    return problem;
}

/** Has the thread's process, the current one, run what is wanted. Why it cannot, or "". */
function run(thread: Thread, console: HostConsole, launch: Launch, directory: string): string {
    const process = thread.process;
    openStandardFiles(process, console);
    const problem = enterDirectory(thread, directory);
    if (problem.length > 0) return problem;
    const program = findProgram(process, launch);
    if (program === null) return failLaunch(launchProblem, launchCode);
    ownConsole(console, program.credentials.effectiveUser);
    console.leader = process;
    enterProcess(thread, program);
    startProgram(process, thread, program);
    return "";
}

/** The process begins in `directory`, or in the container's working directory. A problem, or "". */
function enterDirectory(thread: Thread, directory: string): string {
    const configuration = containerConfiguration();
    if (directory.length == 0) {
        directory = byteString(
            configuration.text(configuration.workingDirectoryOffset),
            configuration.workingDirectoryLength,
        );
    }
    const found = findPath(cleanPath(directory));
    forgetPath();
    if (found !== null && found.isDirectory()) {
        thread.process.files.setWorkingDirectory(changetype<Directory>(found));
        return "";
    }
    const error = found !== null ? ENOTDIR : failure == 0 ? ENOENT : <i32>-failure;
    return failLaunch('chdir to "' + directory + '": ' + errorText(error), EXIT_NOT_FOUND);
}

// ---- texts

function textLength(text: usize): i32 {
    let end = text;
    while (load<u8>(end) != 0) end++;
    return <i32>(end - text);
}

/** Writes a reference to the text at `text`, counted from address 0. Where the next text begins. */
function refer(reference: usize, text: usize): usize {
    const length = textLength(text);
    changetype<TextReference>(reference).offset = <u32>text;
    changetype<TextReference>(reference).length = length;
    return text + length + 1;
}

/** Writes references to the container's own variables; how many. */
function referToConfigured(list: usize): u32 {
    const configuration = containerConfiguration();
    for (let i: u32 = 0; i < configuration.environmentCount; i++) {
        refer(list + i * offsetof<TextReference>(), configuration.text(configuration.environment(i).offset));
    }
    return configuration.environmentCount;
}

/** The index of the first of `count` variables that has the name of `variable` ("NAME=value"), or `count`. */
function placeOf(variable: usize, list: usize, count: u32): u32 {
    let name = 0;
    while (load<u8>(variable + name) != 0 && load<u8>(variable + name) != 0x3d) name++;
    for (let i: u32 = 0; i < count; i++) {
        const other = changetype<TextReference>(list + i * offsetof<TextReference>());
        if (other.length < <u32>name || memory.compare(other.offset, variable, name) != 0) continue;
        const end = load<u8>(<usize>other.offset + name);
        if (end == 0 || end == 0x3d) return i;
    }
    return count;
}

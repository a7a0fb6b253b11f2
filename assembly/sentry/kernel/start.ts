// SPDX-License-Identifier: Apache-2.0
//
// Starting the container: the sentry's own state, the filesystem, pid 1.

import { reserveFirstSlots } from "../capabilities/slots";
import { refillHeapSource, startQuota } from "../capabilities/quota";
import { ConfigurationStrings } from "../exec/arguments";
import { byteString } from "../exec/elf";
import { startProgram } from "../exec/replace";
import { completeRoot, enterWorkingDirectory, mountRoot, openStandardFiles, ownConsole } from "../fs/start";
import { containerConsole } from "../fs/hostConsole";
import { startTrace } from "../strace/trace";
import { errorText } from "../strace/errorText";
import { registerAllCalls } from "../syscalls/register";
import { containerConfiguration } from "../../std/containerConfiguration";
import { cannotStart } from "./container";
import { ENOMEM } from "./errno";
import {
    enterProcess,
    EXIT_SEALIFT_FAILED,
    findProgram,
    Launch,
    launchCode,
    launchProblem,
    makeProcess,
    NOT_ENOUGH_MEMORY,
} from "./launch";
import { setCurrent } from "./thread";
import { startTurns } from "./turns";

/** Prepares the sentry itself: capabilities, heap, tables. */
function startSentry(): void {
    reserveFirstSlots();
    startQuota();
    refillHeapSource();
    if (!containerConfiguration().isValid()) {
        cannotStart(EXIT_SEALIFT_FAILED, "the manager and the sentry were built from different versions");
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
            EXIT_SEALIFT_FAILED,
            error == -ENOMEM ? NOT_ENOUGH_MEMORY : "the image's layers cannot be read: " + errorText(-error),
        );
    }
    const thread = makeProcess();
    setCurrent(thread);
    const process = thread.process;
    const console = containerConsole();
    console.leader = process;
    openStandardFiles(process, console);
    const problem = completeRoot();
    if (problem.length > 0) cannotStart(EXIT_SEALIFT_FAILED, problem);
    // Files are looked up as user 0 until the user is known: passwd may not be for all to read.
    const directory = byteString(
        configuration.text(configuration.workingDirectoryOffset),
        configuration.workingDirectoryLength,
    );
    if (!enterWorkingDirectory(directory)) {
        cannotStart(
            EXIT_SEALIFT_FAILED,
            "the working directory is not a directory and cannot be made; check --workdir",
        );
    }
    const program = findProgram(process, configuredLaunch());
    if (program === null) {
        cannotStart(launchCode, launchProblem);
        return;
    }
    ownConsole(console, program.credentials.effectiveUser);
    enterProcess(thread, program);
    startProgram(process, thread, program);
}

/** What the configuration says is to be run. */
function configuredLaunch(): Launch {
    const configuration = containerConfiguration();
    return new Launch(
        byteString(configuration.text(configuration.userOffset), configuration.userLength),
        configuredStrings(configuration.argumentsOffset, configuration.argumentCount),
        configuredStrings(configuration.environmentOffset, configuration.environmentCount),
    );
}

function configuredStrings(offset: u32, count: u32): ConfigurationStrings {
    const base = changetype<usize>(containerConfiguration());
    return new ConfigurationStrings(base, base + offset, count);
}

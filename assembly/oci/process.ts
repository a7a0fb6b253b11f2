// SPDX-License-Identifier: Apache-2.0
//
// From an image's configuration and what the user asked for to the first process, by the rules that container engines
// share: --entrypoint replaces the entrypoint and drops the image's command; a command replaces the image's command;
// variables given by the user replace those of the same name in place.

import { Failure, Result } from "../std/failure";
import { quote } from "./jsonText";
import { ImageConfiguration } from "./imageConfiguration";

/** What every engine sets where the image does not. */
const DEFAULT_PATH: string = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What every engine sets for a container with a terminal. */
const TERMINAL_TYPE: string = "TERM=xterm";

/** What the user may replace. Null and "" mean: as the image says. */
export class ProcessOptions {
    entrypoint: string[] | null = null;
    command: string[] | null = null;
    /** "NAME=value". */
    environment: string[] = new Array<string>();
    workingDirectory: string = "";
    user: string = "";
    hostname: string = "";
    /** The console is a terminal. */
    hasTerminal: bool = false;
}

/** The first process. HOME is not here: it comes from the image's /etc/passwd, which the sentry reads. */
export class Process {
    constructor(
        /** At least one. */
        readonly arguments: string[],
        readonly environment: string[],
        /** Absolute. */
        readonly workingDirectory: string,
        /** As the image or the user wrote it: "", "user", "uid:gid"... */
        readonly user: string,
    ) {}
}

export function mergeProcess(image: ImageConfiguration, options: ProcessOptions): Result<Process | null> {
    const words = processArguments(image, options);
    if (words.length == 0) {
        return Result.fail<Process | null>(
            new Failure("the image names no command to run; give one after the image's name"),
        );
    }

    const environment = [DEFAULT_PATH];
    if (options.hostname.length != 0) environment.push("HOSTNAME=" + options.hostname);
    if (options.hasTerminal) environment.push(TERMINAL_TYPE);
    for (let i = 0; i < image.environment.length; i++) setVariable(environment, image.environment[i]);
    for (let i = 0; i < options.environment.length; i++) setVariable(environment, options.environment[i]);

    let directory = image.workingDirectory;
    if (options.workingDirectory.length != 0) {
        directory = options.workingDirectory;
        if (!directory.startsWith("/")) {
            return Result.fail<Process | null>(
                new Failure(
                    "the working directory " + quote(directory) + " is not absolute; begin it with /",
                ),
            );
        }
    } else if (!directory.startsWith("/")) directory = "/" + directory;

    const user = options.user.length != 0 ? options.user : image.user;
    const failure = checkTexts(words, environment, directory, user);
    if (failure !== null) return Result.fail<Process | null>(failure);
    return Result.of<Process | null>(new Process(words, environment, directory, user));
}

function processArguments(image: ImageConfiguration, options: ProcessOptions): string[] {
    let entrypoint = image.entrypoint;
    let command = image.command;
    const replaced = options.entrypoint;
    if (replaced !== null) {
        // `--entrypoint ""` takes the image's entrypoint away.
        entrypoint = replaced.length == 1 && replaced[0].length == 0 ? null : replaced;
        command = null;
    }
    if (options.command !== null) command = options.command;
    let words = new Array<string>();
    if (entrypoint !== null) words = words.concat(entrypoint);
    if (command !== null) words = words.concat(command);
    return words;
}

/** Sets "NAME=value" in place of an earlier one of that name, else at the end. */
function setVariable(environment: string[], variable: string): void {
    const equals = variable.indexOf("=");
    const prefix = equals < 0 ? variable + "=" : variable.substring(0, equals + 1);
    const text = equals < 0 ? prefix : variable;
    for (let i = 0; i < environment.length; i++) {
        if (environment[i].startsWith(prefix)) {
            environment[i] = text;
            return;
        }
    }
    environment.push(text);
}

/** Texts that go to a process end at their first zero byte, so none may have one inside. */
function checkTexts(words: string[], environment: string[], directory: string, user: string): Failure | null {
    for (let i = 0; i < words.length; i++) {
        if (hasZero(words[i])) return zeroFailure("argument", words[i]);
    }
    for (let i = 0; i < environment.length; i++) {
        if (hasZero(environment[i])) return zeroFailure("environment variable", environment[i]);
    }
    if (hasZero(directory)) return zeroFailure("working directory", directory);
    if (hasZero(user)) return zeroFailure("user", user);
    return null;
}

function hasZero(text: string): bool {
    for (let i = 0; i < text.length; i++) {
        if (text.charCodeAt(i) == 0) return true;
    }
    return false;
}

function zeroFailure(what: string, text: string): Failure {
    return new Failure(
        "the " + what + " " + quote(text) + " contains a zero byte, which no Linux process can receive",
    );
}

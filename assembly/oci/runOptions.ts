// SPDX-License-Identifier: Apache-2.0
//
// run.json: what the command line asked for, at the front of a bundle. It is written by the cli, but read as strictly
// as everything else.

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { Platform, parsePlatform } from "./platform";
import { ProcessOptions } from "./process";

/** Linux's limit of a host name (HOST_NAME_MAX). */
export const HOSTNAME_MAXIMUM: i32 = 64;

/** struct winsize has 16 bits for each. */
const TERMINAL_SIZE_MAXIMUM: i64 = 0xffff;

export class ContainerOptions {
    readonly process: ProcessOptions = new ProcessOptions();
    name: string = "";
    /** Bytes of the quota. */
    memory: u64 = 0;
    /** Limit of its CPU time in units of 10⁻⁹ CPUs; 0 is no limit. */
    nanoCpus: u64 = 0;
    readOnly: bool = false;
    strace: bool = false;
    /** Standard input comes from the host. */
    interactive: bool = false;
    /** The size of the terminal that the console is (process.hasTerminal). */
    terminalRows: u32 = 0;
    terminalColumns: u32 = 0;
}

export class RunOptions {
    constructor(
        /** "layout", "docker-archive", or "" to tell by the files that there are. */
        readonly imageKind: string,
        readonly tag: string,
        readonly platform: Platform,
        readonly statistics: bool,
        readonly container: ContainerOptions,
    ) {}
}

export function readRunOptions(value: JsonValue | null): Result<RunOptions | null> {
    const fields = new JsonFields(value, "run.json");
    const version = fields.count("version", 0);
    if (fields.failure === null && version != 1)
        fields.fail(
            "has the version " +
                decimal(version) +
                "; this system knows version 1: build the boot image again",
        );
    const image = new JsonFields(fields.memberObject("image"), 'run.json\'s "image"');
    const container = readContainerOptions(fields.memberObject("container"));
    let failure = fields.failure;
    if (failure === null) failure = image.failure;
    if (failure === null) failure = container.failure;
    if (failure !== null) return Result.fail<RunOptions | null>(failure);
    const kind = image.string("kind");
    const platform = parsePlatform(image.string("platform"));
    failure = platform.failure;
    const options = new RunOptions(
        kind,
        image.string("tag"),
        failure === null ? platform.value! : new Platform("", "", ""),
        fields.boolean("statistics"),
        container.value!,
    );
    if (failure === null) failure = image.failure;
    if (failure === null) failure = fields.failure;
    return failure !== null ? Result.fail<RunOptions | null>(failure) : Result.of<RunOptions | null>(options);
}

export function readContainerOptions(value: JsonValue | null): Result<ContainerOptions | null> {
    const fields = new JsonFields(value, 'run.json\'s "container"');
    const options = new ContainerOptions();
    options.name = fields.string("name");
    options.memory = <u64>fields.count("memory", 0);
    options.nanoCpus = <u64>fields.count("nanoCpus", 0);
    options.readOnly = fields.boolean("readOnly");
    options.strace = fields.boolean("strace");
    options.interactive = fields.boolean("interactive");
    const process = options.process;
    process.hasTerminal = fields.boolean("terminal");
    options.terminalRows = <u32>min<i64>(fields.count("terminalRows", 0), TERMINAL_SIZE_MAXIMUM);
    options.terminalColumns = <u32>min<i64>(fields.count("terminalColumns", 0), TERMINAL_SIZE_MAXIMUM);
    process.entrypoint = fields.strings("entrypoint");
    process.command = fields.strings("command");
    const environment = fields.strings("environment");
    if (environment !== null) process.environment = environment;
    process.workingDirectory = fields.string("workingDirectory");
    process.user = fields.string("user");
    process.hostname = fields.string("hostname");
    if (process.hostname.length > HOSTNAME_MAXIMUM) {
        fields.fail(
            "has a hostname of more than " + decimal(HOSTNAME_MAXIMUM) + " characters; choose a shorter one",
        );
    }
    const failure = fields.failure;
    return failure !== null
        ? Result.fail<ContainerOptions | null>(failure)
        : Result.of<ContainerOptions | null>(options);
}

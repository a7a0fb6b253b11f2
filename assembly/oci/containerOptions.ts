// SPDX-License-Identifier: Apache-2.0
//
// What the command line asks of one container: a member of system.json (docs/control-channel.md). It is written by the cli, but
// read as strictly as everything else.

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { HealthOptions, readHealthOptions } from "./health";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { quote } from "./jsonText";
import { ProcessOptions } from "./process";

/** Linux's limit of a host name (HOST_NAME_MAX). */
export const HOSTNAME_MAXIMUM: i32 = 64;
/** Bytes of a path: Linux's PATH_MAX less the zero byte. */
const PATH_MAXIMUM: i32 = 4095;
/** chmod(2): the bits of a mode. */
const MODE_MAXIMUM: i64 = 0o7777;
/** What a tmpfs has where nothing is said. */
const TMPFS_MODE: i64 = 0o1777;
/** Signals of Linux. */
const SIGNAL_MAXIMUM: i64 = 64;

/** struct winsize has 16 bits for each. */
const TERMINAL_SIZE_MAXIMUM: i64 = 0xffff;

/** Milliseconds that a container has to end after its stop signal, where nothing is said: what engines give. */
const GRACE_PERIOD: i64 = 10_000;
/** The longest time that is taken, in milliseconds: a year. */
export const TIME_MAXIMUM: i64 = 366 * 24 * 3600 * 1000;

export enum RestartPolicy {
    No,
    OnFailure,
    Always,
    UnlessStopped,
}

export enum DependencyCondition {
    Started,
    Healthy,
    Completed,
}

/** What a container waits for before it starts. */
export class Dependency {
    constructor(
        readonly container: string,
        readonly condition: DependencyCondition,
    ) {}
}

/** An empty directory in memory. */
export class MemoryMount {
    constructor(
        readonly path: string,
        /** Bytes; 0 is no limit of its own. */
        readonly size: u64,
        readonly mode: u32,
    ) {}
}

export class ContainerOptions {
    readonly process: ProcessOptions = new ProcessOptions();
    name: string = "";
    /** Compose's service, or "". */
    service: string = "";
    /** Number of the image among the system's. */
    image: i32 = 0;
    /** Tar archives of the bundle that lie over the image's layers. */
    layers: string[] = new Array<string>();
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
    tmpfs: MemoryMount[] = new Array<MemoryMount>();
    readOnlyPaths: string[] = new Array<string>();
    restart: RestartPolicy = RestartPolicy.No;
    /** Restarts at most; 0 is no maximum. */
    restartMaximum: u32 = 0;
    dependsOn: Dependency[] = new Array<Dependency>();
    /** 0: as the image says. */
    stopSignal: u32 = 0;
    /** Milliseconds. */
    stopGracePeriod: u64 = GRACE_PERIOD;
    /** Null: as the image says. */
    health: HealthOptions | null = null;
}

export function readContainerOptions(value: JsonValue | null): Result<ContainerOptions | null> {
    const fields = new JsonFields(value, 'system.json\'s "containers"');
    const options = new ContainerOptions();
    options.name = fields.string("name");
    options.service = fields.string("service");
    options.image = <i32>min<i64>(fields.count("image", 0), i32.MAX_VALUE);
    const layers = fields.strings("layers");
    if (layers !== null) options.layers = layers;
    options.memory = <u64>fields.count("memory", 0);
    options.nanoCpus = <u64>fields.count("nanoCpus", 0);
    options.readOnly = fields.boolean("readOnly");
    options.strace = fields.boolean("strace");
    options.interactive = fields.boolean("interactive");
    options.terminalRows = <u32>min<i64>(fields.count("terminalRows", 0), TERMINAL_SIZE_MAXIMUM);
    options.terminalColumns = <u32>min<i64>(fields.count("terminalColumns", 0), TERMINAL_SIZE_MAXIMUM);
    readProcess(fields, options.process);
    readMounts(fields, options);
    readLife(fields, options);
    let failure = fields.failure;
    if (failure === null) {
        const health = readHealthOptions(fields.memberObject("health"), 'system.json\'s "health"', 1);
        failure = health.failure;
        if (failure === null) options.health = health.value;
    }
    return failure !== null
        ? Result.fail<ContainerOptions | null>(failure)
        : Result.of<ContainerOptions | null>(options);
}

function readProcess(fields: JsonFields, process: ProcessOptions): void {
    process.hasTerminal = fields.boolean("terminal");
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
}

function readMounts(fields: JsonFields, options: ContainerOptions): void {
    const tmpfs = fields.items("tmpfs");
    for (let i = 0; tmpfs !== null && i < tmpfs.length; i++) {
        const mount = new JsonFields(tmpfs[i], 'system.json\'s "tmpfs"');
        const path = mount.string("path");
        const mode = mount.count("mode", TMPFS_MODE);
        if (mode > MODE_MAXIMUM) mount.fail('has a "mode" of more than 07777');
        options.tmpfs.push(new MemoryMount(path, <u64>mount.count("size", 0), <u32>mode));
        checkPath(fields, path);
        fields.take(mount);
    }
    const paths = fields.strings("readOnlyPaths");
    if (paths !== null) options.readOnlyPaths = paths;
    for (let i = 0; i < options.readOnlyPaths.length; i++) checkPath(fields, options.readOnlyPaths[i]);
}

function checkPath(fields: JsonFields, path: string): void {
    if (!path.startsWith("/") || path.length > PATH_MAXIMUM)
        fields.fail("mounts " + quote(path) + ", which is no absolute path; begin it with /");
}

/** Start, restart, and stop. */
function readLife(fields: JsonFields, options: ContainerOptions): void {
    const restart = fields.string("restart");
    if (restart == "on-failure") options.restart = RestartPolicy.OnFailure;
    else if (restart == "always") options.restart = RestartPolicy.Always;
    else if (restart == "unless-stopped") options.restart = RestartPolicy.UnlessStopped;
    else if (restart.length != 0 && restart != "no")
        fields.fail(
            "has the restart policy " +
                quote(restart) +
                '; it is "no", "always", "on-failure" or "unless-stopped"',
        );
    options.restartMaximum = <u32>min<i64>(fields.count("restartMaximum", 0), u32.MAX_VALUE);
    const signal = fields.count("stopSignal", 0);
    if (signal > SIGNAL_MAXIMUM) fields.fail('has a "stopSignal" that is no signal; they are 1 to 64');
    options.stopSignal = <u32>signal;
    options.stopGracePeriod = <u64>min<i64>(fields.count("stopGracePeriod", GRACE_PERIOD), TIME_MAXIMUM);
    const dependencies = fields.items("dependsOn");
    for (let i = 0; dependencies !== null && i < dependencies.length; i++) {
        const dependency = new JsonFields(dependencies[i], 'system.json\'s "dependsOn"');
        const text = dependency.string("condition");
        let condition = DependencyCondition.Started;
        if (text == "service_healthy") condition = DependencyCondition.Healthy;
        else if (text == "service_completed_successfully") condition = DependencyCondition.Completed;
        else if (text.length != 0 && text != "service_started")
            dependency.fail(
                "has the condition " +
                    quote(text) +
                    '; it is "service_started", "service_healthy" or "service_completed_successfully"',
            );
        options.dependsOn.push(new Dependency(dependency.string("container"), condition));
        fields.take(dependency);
    }
}

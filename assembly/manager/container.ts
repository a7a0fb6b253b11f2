// SPDX-License-Identifier: Apache-2.0
//
// A container of the system: what was asked for, how it stands, and how it last ended. While it runs it has an Instance.

import { ContainerOptions, RestartPolicy } from "../oci/containerOptions";
import { HealthOptions } from "../oci/health";
import { HealthState } from "./healthState";
import { Instance, NO_DEADLINE } from "./instance";
import { SystemImage } from "./preparation";

export enum ContainerState {
    /** Waits for what it depends on. */
    Created,
    Running,
    /** Will be started again at `due`. */
    Restarting,
    /** Has its stop signal; ends by force at `due`. */
    Stopping,
    Exited,
}

/** Nanoseconds of a millisecond. */
export const MILLISECOND: u64 = 1_000_000;
/** Milliseconds before the first restart, and at most: twice as long each time, as container engines have it. */
const DELAY_FIRST: u64 = 100;
const DELAY_MAXIMUM: u64 = 60_000;
/** Nanoseconds after which a container is thought to have started well. */
const RUN_GOOD: u64 = 10_000 * MILLISECOND;

export class Container {
    state: ContainerState = ContainerState.Created;
    instance: Instance | null = null;
    /** Null where there is no check. */
    health: HealthState | null = null;
    /** When the state wants something done. */
    due: u64 = NO_DEADLINE;
    /** It was told to stop: no policy starts it again. */
    isStopped: bool = false;
    /** It has been running once. */
    hasStarted: bool = false;
    /** It cannot be started, or will not be again by itself. */
    isOver: bool = false;
    restarts: u32 = 0;
    /** Address spaces that its processes may have at a time. */
    addressSpacesMaximum: u32 = 0;
    /** Clock times of the last start and end; 0: never. */
    started: u64 = 0;
    finished: u64 = 0;
    // How it last ended.
    exitCode: i32 = 0;
    signal: i32 = 0;
    message: string = "";
    /** Milliseconds before the next restart. */
    private delay: u64 = DELAY_FIRST;

    constructor(
        /** Its number, and the channel of its first process. */
        readonly number: u32,
        readonly options: ContainerOptions,
        readonly image: SystemImage,
        /** Its layers, the lowest first: numbers of the store's. */
        readonly layers: i32[],
    ) {}

    get isRunning(): bool {
        return this.instance !== null;
    }

    /** The check that holds: its own, or its image's. Null without any. */
    get healthOptions(): HealthOptions | null {
        const own = this.options.health;
        const options = own !== null ? own : this.image.image.configuration.health;
        return options === null || options.command.length == 0 ? null : options;
    }

    /** Notes the end of an instance at clock time `now`. Whether it is to be started again, `restartDelay` from now. */
    noteEnd(ended: Instance, now: u64): bool {
        this.instance = null;
        this.finished = now;
        this.exitCode = ended.exitCode;
        this.signal = ended.signal;
        this.message = ended.message;
        this.state = ContainerState.Exited;
        this.due = NO_DEADLINE;
        if (now - this.started >= RUN_GOOD) this.delay = DELAY_FIRST;
        this.isOver = !this.wantsRestart;
        return !this.isOver;
    }

    /** Milliseconds until the next restart; the one after it takes longer. */
    nextDelay(): u64 {
        const delay = this.delay;
        this.delay = min<u64>(2 * delay, DELAY_MAXIMUM);
        return delay;
    }

    private get wantsRestart(): bool {
        const options = this.options;
        if (this.isStopped || options.restart == RestartPolicy.No) return false;
        if (options.restart == RestartPolicy.OnFailure && this.exitCode == 0) return false;
        return options.restartMaximum == 0 || this.restarts < options.restartMaximum;
    }
}

/** The state's name in messages to the host. */
export function stateName(state: ContainerState): string {
    switch (state) {
        case ContainerState.Created:
            return "created";
        case ContainerState.Running:
            return "running";
        case ContainerState.Restarting:
            return "restarting";
        case ContainerState.Stopping:
            return "stopping";
        default:
            return "exited";
    }
}

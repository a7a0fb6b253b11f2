// SPDX-License-Identifier: Apache-2.0
//
// The system: its containers from start to end. What depends on others starts after them and stops before them; policies start again
// what has ended; checks say how it is. `step` does what is due and never waits.

import { clockNow } from "../sel4/generated/host";
import { Endpoint } from "../sel4/capabilities";
import { DependencyCondition } from "../oci/containerOptions";
import { CONTAINERS_MAXIMUM } from "../oci/systemOptions";
import { ContainerConfiguration } from "../std/containerConfiguration";
import { EXEC_NO_OUTPUT } from "../std/execDescription";
import { EXIT_ENGINE_FAILED, Failure } from "../std/failure";
import { decimal } from "../std/numberText";
import { addressSpacesFor, divide } from "./addressSpaces";
import { CHANNEL_EXEC, FRAME_LOG, sendText } from "./channel";
import { CodePages } from "./codePages";
import { CommonPages } from "./commonPages";
import { configurationBound, writeConfiguration } from "./configuration";
import { Container, ContainerState, MILLISECOND } from "./container";
import { sendEvent, sendExit, sendHealthEvent } from "./events";
import { describeExec } from "./execDescriber";
import { ExecSession } from "./execSession";
import { provideHeap } from "./heap";
import { Health, HealthState } from "./healthState";
import { Instance, NO_DEADLINE, NOTIFY_EXEC, NOTIFY_SIGNALS } from "./instance";
import { LayerStore } from "./layerStore";
import { machine } from "./machine";
import { Preparation } from "./preparation";
import { ProcessorLimit } from "./processorLimit";
import { KEPT_SIZE, SentryBuilder, constructionSize } from "./sentryBuilder";
import { stopSignalOf } from "./signalNames";

/** SIGKILL. */
const KILL: i32 = 9;
/** What a check that was ended, or could not be begun, counts as. */
const CHECK_FAILED: i32 = 1;
/** Containers with this many processes of `exec` at a time are enough for anybody. */
const SESSIONS_MAXIMUM: i32 = 64;
/** Nanoseconds between two starts: what has been started gets to run. */
const START_PAUSE: u64 = 2 * MILLISECOND;

enum Readiness {
    Waits,
    Ready,
    /** What it waits for will not come. */
    Fails,
}

export class System {
    /** In order of dependency. */
    readonly containers: Container[] = new Array<Container>();
    readonly sessions: ExecSession[] = new Array<ExecSession>();
    /** Something has happened that `step` has to look at. */
    attention: bool = true;
    /** When `step` has something to do next. */
    due: u64 = NO_DEADLINE;
    /** Told to stop everything. */
    isGoingDown: bool = false;
    /** Nothing is left to be served. */
    isDone: bool = false;
    /** Why a one-shot run could not be begun. */
    failure: Failure | null = null;
    /** The account of the only container of a one-shot run. */
    lastInstance: Instance | null = null;
    /** Bytes that the last ended instance had, and those that were whole again. */
    carved: u64 = 0;
    returned: u64 = 0;
    private readonly byNumber: StaticArray<Container | null> = new StaticArray<Container | null>(
        CONTAINERS_MAXIMUM + 1,
    );
    private nextChannel: u32 = CHANNEL_EXEC;
    isOneShot: bool = false;
    private hasStatistics: bool = false;

    readonly codePages: CodePages;
    readonly commonPages: CommonPages;

    constructor(readonly store: LayerStore) {
        this.codePages = new CodePages(store);
        this.commonPages = new CommonPages(store);
    }

    /** Takes over what was prepared. Containers start with the next steps. */
    begin(preparation: Preparation): void {
        const options = preparation.options!;
        this.isOneShot = options.oneShot;
        this.hasStatistics = options.statistics;
        for (let i = 0; i < options.containers.length; i++) {
            const image = preparation.images[options.containers[i].image];
            const container = new Container(i + 1, options.containers[i], image, preparation.layersOf(i));
            this.containers.push(container);
            this.byNumber[i + 1] = container;
        }
        this.shareAddressSpaces();
    }

    /** Divides the kernel's address spaces: what one container does must not keep another from forking. */
    private shareAddressSpaces(): void {
        const wishes = new StaticArray<u32>(this.containers.length);
        for (let i = 0; i < wishes.length; i++)
            wishes[i] = addressSpacesFor(this.containers[i].options.memory);
        // Each container has a sentry besides.
        divide(wishes, machine().addressSpaces.total - <u32>wishes.length);
        for (let i = 0; i < wishes.length; i++) this.containers[i].addressSpacesMaximum = wishes[i];
    }

    /** The container of a number, or null. */
    container(number: u32): Container | null {
        return number <= <u32>CONTAINERS_MAXIMUM ? this.byNumber[number] : null;
    }

    /** The running instance of a container's number, or null. */
    instance(number: u32): Instance | null {
        const container = this.container(number);
        return container === null ? null : container.instance;
    }

    /** The container of a name, or of a number in digits; null where there is none. */
    find(name: string): Container | null {
        const containers = this.containers;
        for (let i = 0; i < containers.length; i++) {
            if (containers[i].options.name == name || decimal(containers[i].number) == name)
                return containers[i];
        }
        return null;
    }

    /** The process that `exec` started on a channel, or null. */
    session(channel: u32): ExecSession | null {
        const sessions = this.sessions;
        for (let i = 0; i < sessions.length; i++) {
            if (sessions[i].channel == channel) return sessions[i];
        }
        return null;
    }

    // ---- what is due

    /** Does what is due: to be called when `attention` is set or the clock has reached `due`. */
    step(serviceEndpoint: Endpoint): void {
        this.attention = false;
        const now = clockNow();
        let next = NO_DEADLINE;
        let hasStarted = false;
        const containers = this.containers;
        for (let i = 0; i < containers.length; i++) {
            const container = containers[i];
            const instance = container.instance;
            if (instance !== null) {
                if (container.state == ContainerState.Stopping && now >= container.due) instance.kill();
                if (instance.ended) this.finish(container, instance);
                else this.checkHealth(container, instance, now);
            }
            if (this.isToStart(container, now)) {
                // One at a time: the manager goes before those that it has started.
                if (hasStarted) next = min<u64>(next, now + START_PAUSE);
                else {
                    hasStarted = true;
                    this.start(container, serviceEndpoint);
                }
            }
            if (container.state != ContainerState.Created) next = min<u64>(next, container.due);
            const health = container.health;
            if (health !== null) next = min<u64>(next, health.due);
        }
        if (this.isGoingDown) this.continueDown();
        if (this.isOneShot && containers[0].isOver) this.isDone = true;
        this.due = next;
    }

    private isToStart(container: Container, now: u64): bool {
        if (this.isGoingDown) return false;
        if (container.state == ContainerState.Restarting) return now >= container.due;
        if (container.state != ContainerState.Created) return false;
        const dependencies = container.options.dependsOn;
        for (let i = 0; i < dependencies.length; i++) {
            const other = this.find(dependencies[i].container);
            const readiness =
                other === null ? Readiness.Fails : readinessOf(other, dependencies[i].condition);
            if (readiness == Readiness.Waits) return false;
            if (readiness == Readiness.Fails) {
                this.giveUp(
                    container,
                    new Failure(
                        "it depends on " +
                            dependencies[i].container +
                            ", which " +
                            whyNot(other, dependencies[i].condition),
                    ),
                );
                return false;
            }
        }
        return true;
    }

    /** Starts a container. What is wrong is told to the host. */
    start(container: Container, serviceEndpoint: Endpoint): Failure | null {
        // Room for the configuration, and the lists that become part of it.
        const capacity = configurationBound(container);
        if (!provideHeap(2 * capacity))
            return this.giveUp(
                container,
                new Failure("there is no memory for the container's configuration; give the machine more"),
            );
        const instance = new Instance(container.number, container.options.name, container.layers);
        instance.addressSpacesMaximum = container.addressSpacesMaximum;
        const buffer = heap.alloc(capacity);
        const configured = writeConfiguration(container, this.store, this.hasStatistics, buffer, capacity);
        let failure = configured.failure;
        if (failure === null) {
            const size = constructionSize(configured.value!.size, container.options.memory);
            failure = instance.quota.carve(container.options.memory, size, KEPT_SIZE);
        }
        if (failure === null) failure = build(container, instance, configured.value!, serviceEndpoint);
        heap.free(buffer);
        if (failure !== null) {
            this.release(instance);
            return this.giveUp(container, failure);
        }
        container.instance = instance;
        container.state = ContainerState.Running;
        container.due = NO_DEADLINE;
        container.started = clockNow();
        container.hasStarted = true;
        container.isOver = false;
        const check = container.healthOptions;
        container.health = check === null ? null : new HealthState(check, container.started);
        sendEvent(container, "start");
        return null;
    }

    /** A container that cannot be started has ended. */
    private giveUp(container: Container, failure: Failure): Failure {
        container.state = ContainerState.Exited;
        container.due = NO_DEADLINE;
        container.isOver = true;
        container.finished = clockNow();
        container.exitCode = failure.exitCode == 0 ? EXIT_ENGINE_FAILED : failure.exitCode;
        container.signal = 0;
        container.message = failure.message;
        this.attention = true;
        if (this.isOneShot) this.failure = failure;
        else {
            sendExit(container.number, 0, container.exitCode, 0, failure.message);
            sendEvent(container, "die");
        }
        return failure;
    }

    // ---- ends

    /** Reports how a container ended, takes its memory back, and decides what becomes of it. */
    private finish(container: Container, instance: Instance): void {
        this.attention = true;
        this.endSessions(instance);
        const restarts = container.noteEnd(instance, clockNow()) && !this.isOneShot;
        sendExit(container.number, instance.waitStatus, instance.exitCode, instance.signal, instance.message);
        const health = container.health;
        if (health !== null) health.due = NO_DEADLINE;
        if (this.isOneShot) {
            container.isOver = true;
            this.lastInstance = instance;
            return;
        }
        this.release(instance);
        sendEvent(container, "die");
        if (this.returned != this.carved)
            sendText(
                FRAME_LOG,
                container.number,
                "of " +
                    decimal(this.carved) +
                    " bytes of the container " +
                    decimal(this.returned) +
                    " came back; this is a defect of Sealift\n",
            );
        if (restarts && !this.isGoingDown) {
            const delay = container.nextDelay();
            container.state = ContainerState.Restarting;
            container.restarts++;
            container.due = container.finished + delay * MILLISECOND;
            sendEvent(container, "restart", delay);
        } else {
            container.isOver = true;
            if (container.isStopped) sendEvent(container, "stop");
        }
    }

    /** Takes an instance's memory back. */
    release(instance: Instance): void {
        instance.console.free();
        this.carved = instance.quota.size;
        this.returned = instance.quota.release();
        if (instance.entry != 0) machine().cspace.giveEntry(instance.entry);
        instance.entry = 0;
    }

    /** Takes everything back that there is. */
    releaseAll(): void {
        const containers = this.containers;
        for (let i = 0; i < containers.length; i++) {
            const instance = containers[i].instance;
            if (instance !== null) this.release(instance);
        }
        const last = this.lastInstance;
        if (last !== null) this.release(last);
        this.codePages.release();
        this.commonPages.release();
        this.store.release();
    }

    // ---- what the host asks for

    /** Tells a container to end within `timeout` milliseconds. */
    stop(container: Container, timeout: u64): void {
        container.isStopped = true;
        this.attention = true;
        const instance = container.instance;
        if (instance === null) {
            if (container.state == ContainerState.Exited) return;
            container.state = ContainerState.Exited;
            container.due = NO_DEADLINE;
            container.isOver = true;
            sendEvent(container, "stop");
            return;
        }
        if (container.state != ContainerState.Stopping) this.signal(container, stopSignalOf(container));
        container.state = ContainerState.Stopping;
        container.due = clockNow() + timeout * MILLISECOND;
    }

    /** Sends a signal to a container's first process; SIGKILL is the end of the container. */
    signal(container: Container, signal: u32): void {
        const instance = container.instance;
        if (instance === null) return;
        this.attention = true;
        if (signal == KILL) {
            // As with a container engine, a policy may start it again only if it was not told to stop.
            container.isStopped = true;
            instance.kill();
            return;
        }
        instance.console.signals |= (<u64>1) << signal;
        instance.notify(NOTIFY_SIGNALS);
    }

    /** Lets a container that has ended be started with the next step. */
    startAgain(container: Container): void {
        container.isStopped = false;
        container.isOver = false;
        container.state = ContainerState.Created;
        this.attention = true;
    }

    /** Takes a container's end without waiting for the next step. */
    endNow(container: Container): void {
        const instance = container.instance;
        if (instance !== null) this.finish(container, instance);
    }

    /** Forgets a container that does not run. */
    remove(container: Container): void {
        sendEvent(container, "destroy");
        this.byNumber[container.number] = null;
        this.containers.splice(this.containers.indexOf(container), 1);
        this.attention = true;
    }

    /** Stops everything, each container in at most `timeout` milliseconds, or its own time where that is u64.MAX_VALUE. */
    goDown(timeout: u64): void {
        this.isGoingDown = true;
        this.downTimeout = timeout;
        this.attention = true;
    }
    private downTimeout: u64 = u64.MAX_VALUE;

    private continueDown(): void {
        const containers = this.containers;
        let isRunning = false;
        for (let i = containers.length - 1; i >= 0; i--) {
            const container = containers[i];
            if (!container.isRunning && container.state == ContainerState.Exited) continue;
            isRunning = isRunning || container.isRunning;
            if (container.state == ContainerState.Stopping || this.isNeeded(container)) continue;
            const own = container.options.stopGracePeriod;
            this.stop(container, this.downTimeout == u64.MAX_VALUE ? own : this.downTimeout);
            // Without a grace period it ends with the next step.
        }
        if (!isRunning) this.isDone = true;
    }

    /** Whether a running container depends on this one. */
    private isNeeded(container: Container): bool {
        const containers = this.containers;
        for (let i = containers.indexOf(container) + 1; i < containers.length; i++) {
            if (!containers[i].isRunning) continue;
            const dependencies = containers[i].options.dependsOn;
            for (let d = 0; d < dependencies.length; d++) {
                if (dependencies[d].container == container.options.name) return true;
            }
        }
        return false;
    }

    // ---- processes besides the first

    /** Begins a process in a running container; its end comes on the session's channel. Null when there are too many. */
    exec(instance: Instance, isCheck: bool, description: usize, bytes: u32): ExecSession | null {
        if (this.sessions.length >= SESSIONS_MAXIMUM + CONTAINERS_MAXIMUM) return null;
        while (this.session(this.nextChannel) !== null) this.advanceChannel();
        const session = new ExecSession(this.nextChannel, instance, isCheck, description, bytes);
        this.advanceChannel();
        this.sessions.push(session);
        instance.notify(NOTIFY_EXEC);
        return session;
    }

    private advanceChannel(): void {
        this.nextChannel = this.nextChannel == 0xffff ? CHANNEL_EXEC : this.nextChannel + 1;
    }

    /** A process of `exec` has ended, with Linux's wait status, or with the engine's exit code where it could not be started. */
    finishSession(session: ExecSession, waitStatus: i32, engineCode: i32, message: string): void {
        const signal = waitStatus & 0x7f;
        const exitCode = engineCode != 0 ? engineCode : signal != 0 ? 128 + signal : (waitStatus >> 8) & 0xff;
        if (!session.isCheck) sendExit(session.channel, waitStatus, exitCode, signal, message);
        else if (!session.isAbandoned) this.noteCheck(session, exitCode);
        this.sessions.splice(this.sessions.indexOf(session), 1);
        session.free();
    }

    private endSessions(instance: Instance): void {
        for (let i = this.sessions.length - 1; i >= 0; i--) {
            if (this.sessions[i].instance === instance)
                this.finishSession(this.sessions[i], KILL, 0, "the container has ended");
        }
    }

    private noteCheck(session: ExecSession, exitCode: i32): void {
        const container = this.container(session.instance.number);
        if (container === null) return;
        const health = container.health;
        if (health === null || health.channel != session.channel) return;
        this.attention = true;
        if (health.noteEnd(exitCode, clockNow())) sendHealthEvent(container, health);
    }

    private checkHealth(container: Container, instance: Instance, now: u64): void {
        const health = container.health;
        if (health === null || now < health.due) return;
        if (health.channel != 0) this.breakOffCheck(health, instance);
        else if (container.state == ContainerState.Stopping) {
            health.due = NO_DEADLINE;
            return;
        } else if (this.beginCheck(health, instance, now)) return;
        this.attention = true;
        if (health.noteEnd(CHECK_FAILED, now)) sendHealthEvent(container, health);
    }

    /** Ends a check that takes too long. */
    private breakOffCheck(health: HealthState, instance: Instance): void {
        const running = this.session(health.channel);
        if (running === null) return;
        running.isAbandoned = true;
        running.console.signals |= (<u64>1) << KILL;
        instance.notify(NOTIFY_SIGNALS);
    }

    /** Begins a check. False when there is no room for it. */
    private beginCheck(health: HealthState, instance: Instance, now: u64): bool {
        const none = new Array<string>();
        const description = describeExec(health.options.command, none, "", "", EXEC_NO_OUTPUT, 0, 0);
        if (description === null) return false;
        const session = this.exec(instance, true, description.data, description.bytes);
        if (session === null) {
            heap.free(description.data);
            return false;
        }
        health.noteStart(session.channel, now);
        return true;
    }
}

function build(
    container: Container,
    instance: Instance,
    configuration: ContainerConfiguration,
    serviceEndpoint: Endpoint,
): Failure | null {
    const entry = machine().cspace.takeEntry();
    if (entry == 0) return new Failure("no capability slots are left for another container; end one first");
    instance.entry = entry;
    configuration.memoryLimit = instance.quota.size;
    if (configuration.isProcessorLimited)
        instance.limit(new ProcessorLimit(configuration.budget), clockNow());
    const builder = new SentryBuilder(instance, entry, serviceEndpoint);
    const failure = builder.build(configuration);
    if (failure !== null) return failure;
    if (container.options.interactive) instance.console.open();
    instance.console.terminalRows = container.options.terminalRows;
    instance.console.terminalColumns = container.options.terminalColumns;
    return builder.start();
}

function readinessOf(other: Container, condition: DependencyCondition): Readiness {
    if (condition == DependencyCondition.Completed) {
        if (!other.isOver) return Readiness.Waits;
        return other.exitCode == 0 ? Readiness.Ready : Readiness.Fails;
    }
    if (condition == DependencyCondition.Started && other.hasStarted) return Readiness.Ready;
    if (other.isOver) return Readiness.Fails;
    if (condition == DependencyCondition.Started || !other.isRunning) return Readiness.Waits;
    const health = other.health;
    if (health === null || health.status == Health.Unhealthy) return Readiness.Fails;
    return health.status == Health.Healthy ? Readiness.Ready : Readiness.Waits;
}

function whyNot(other: Container | null, condition: DependencyCondition): string {
    if (other === null) return "was removed; start it with the system";
    if (other.isOver) return "has ended with exit code " + decimal(other.exitCode) + "; see its log";
    if (other.health === null) return "has no health check; give it one, or wait for service_started";
    return "is unhealthy; see its log";
}

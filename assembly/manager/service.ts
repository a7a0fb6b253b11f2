// SPDX-License-Identifier: Apache-2.0
//
// The manager's service: what sentries ask of it, the faults of sentries themselves, the serial line, and the timer. One endpoint and
// one bound notification bring everything, so that one receive waits for all of it. No request waits: each is answered
// before the next one is taken.

import { clockNow, interruptAcknowledge, interruptBind, timerArm } from "../sel4/generated/host";
import { Endpoint, Notification, Reply, SchedContext, VSpace, capability } from "../sel4/capabilities";
import { Message } from "../sel4/message";
import {
    ERROR_NONE,
    OBJECT_ENDPOINT,
    OBJECT_NOTIFICATION,
    OBJECT_REPLY,
    RIGHTS_ALL,
    RIGHT_READ,
    RIGHT_WRITE,
} from "../sel4/objects";
import { EXIT_ENGINE_FAILED, Failure } from "../std/failure";
import { PAGE_SIZE } from "../std/pages";
import { TURN_MICROSECONDS } from "../std/containerConfiguration";
import { STATISTIC_COUNT } from "../std/statistics";
import { decodeUtf8 } from "../std/utf8";
import { DONE, EINVAL, ENOMEM, ENOSYS, EPERM } from "./answers";
import {
    CHANNEL_EXEC,
    FRAME_LOG,
    FRAME_STDERR,
    FRAME_STDOUT,
    FrameReceiver,
    HostListener,
    sendFrame,
} from "./channel";
import { Console } from "./console";
import { Control } from "./control";
import { stirEntropy } from "./entropy";
import { ExecSession } from "./execSession";
import { provideHeap } from "./heap";
import {
    Instance,
    NOTIFY_INPUT,
    NOTIFY_SIGNALS,
    NOTIFY_TERMINAL_SIZE,
    NOTIFY_TIMER,
    NO_DEADLINE,
} from "./instance";
import {
    BADGE_CONSOLE,
    BADGE_TIMER,
    SOURCE_CONSOLE,
    SOURCE_TIMER,
    takePostponedInterrupts,
} from "./interrupts";
import { machine } from "./machine";
import { OWNER_KERNEL_OBJECTS } from "./owners";
import { LIMIT_PERIOD } from "./processorLimit";
import { FAULT_VM, continueInTrap, faultText } from "./runtimeThread";
import { BADGE_CONTAINER, BADGE_CONTAINER_NUMBER, BADGE_FAULT } from "./sentryBuilder";
import { System } from "./system";

// Requests of a sentry: the message's label.
const CONSOLE_WRITE: u32 = 1;
const CONSOLE_READ: u32 = 2;
const SET_TIMER: u32 = 3;
const CONFIGURE_SC: u32 = 4;
const ASSIGN_ASID: u32 = 5;
const STORE_FRAMES: u32 = 6;
const EXITED: u32 = 7;
const LOG: u32 = 8;
const TAKE_SIGNALS: u32 = 9;
const TRAPPED: u32 = 10;
const STATISTICS: u32 = 11;
const INDEX_FRAMES: u32 = 12;
const PROCESSOR_TIME: u32 = 13;
const TERMINAL_SIZE: u32 = 14;
const TAKE_EXEC: u32 = 15;
const EXEC_EXITED: u32 = 16;
const CODE_FRAME: u32 = 17;
const COMMON_FRAME: u32 = 18;

/** Frames of one STORE_FRAMES or INDEX_FRAMES request: bounds the time of a request. */
const FRAMES_MAXIMUM: u64 = 64;

/** Bytes of a text of a sentry that are kept: a backtrace is about this long. */
const TEXT_MAXIMUM: u64 = 2048;

/** Messages between two looks at the heap. */
const HOUSEKEEPING_INTERVAL: u32 = 256;

export class Service extends HostListener {
    private readonly message: Message = Message.make();
    private receiver: FrameReceiver | null = null;
    private endpointSlot: u32 = 0;
    private replySlot: u32 = 0;
    private readonly control: Control;
    /** What the timer is set to. */
    private armed: u64 = NO_DEADLINE;
    /** A request of the host was answered, which leaves garbage. */
    private hasGarbage: bool = false;

    constructor(private readonly system: System) {
        super();
        this.control = new Control(system);
        this.receiver = new FrameReceiver(this);
    }

    get endpoint(): Endpoint {
        return capability<Endpoint>(this.endpointSlot);
    }

    /** Makes the endpoint and connects the interrupts. */
    open(): Failure | null {
        const endpoint = this.make(OBJECT_ENDPOINT);
        const reply = this.make(OBJECT_REPLY);
        const notification = this.make(OBJECT_NOTIFICATION);
        if (endpoint == 0 || reply == 0 || notification == 0)
            return new Failure("there is no memory for the manager's own objects; give the machine more");
        this.endpointSlot = endpoint;
        this.replySlot = reply;
        if (
            machine().ownTcb.bindNotification(capability<Notification>(notification)) != ERROR_NONE ||
            !this.bindInterrupt(SOURCE_CONSOLE, notification, BADGE_CONSOLE) ||
            !this.bindInterrupt(SOURCE_TIMER, notification, BADGE_TIMER)
        ) {
            return new Failure(
                "the console's and the timer's interrupts cannot be bound; the kernel gives them to nobody else, so this is a defect of Sealift",
            );
        }
        return null;
    }

    /** Serves the system until it is done. */
    serve(): void {
        const system = this.system;
        // Input may have arrived while images were unpacked.
        this.takeInterrupts(takePostponedInterrupts());
        this.receiver!.poll();
        let messages: u32 = 0;
        let answer = false;
        while (true) {
            while (system.attention && !system.isDone) {
                system.step(this.endpoint);
                this.control.sendStatistics(false);
                this.hasGarbage = true;
            }
            if (system.isDone) break;
            if (this.hasGarbage || ++messages % HOUSEKEEPING_INTERVAL == 0) {
                // What is on the stack here is reachable from the manager's globals as well.
                this.hasGarbage = false;
                __collect();
                provideHeap(0);
            }
            this.arm(system.due);
            const badge = answer
                ? this.endpoint.replyRecv(this.reply, this.message)
                : this.endpoint.recv(this.reply, this.message);
            answer = false;
            if ((badge & BADGE_CONTAINER) == 0) {
                this.takeInterrupts(badge);
                continue;
            }
            // A container that has ended while its message was on the way gets no answer.
            const instance = system.instance(<u32>(badge & BADGE_CONTAINER_NUMBER));
            if (instance === null || instance.ended) continue;
            if ((badge & BADGE_FAULT) != 0) answer = this.takeFault(instance);
            else answer = this.takeRequest(instance);
            if (instance.ended) {
                system.attention = true;
                answer = false;
            }
        }
        timerArm(NO_DEADLINE);
    }

    private get reply(): Reply {
        return capability<Reply>(this.replySlot);
    }

    private make(object: u32): u32 {
        const made = machine().pool.makeObject(object, 0, machine().objectBits(object), OWNER_KERNEL_OBJECTS);
        return made === null ? 0 : made.slot;
    }

    private bindInterrupt(source: u32, notification: u32, badge: u64): bool {
        const slot = machine().cspace.allocate();
        return (
            slot != 0 &&
            machine().cspace.mint(slot, notification, RIGHT_WRITE, badge) == ERROR_NONE &&
            interruptBind(source, slot) == ERROR_NONE
        );
    }

    // ---- interrupts

    private takeInterrupts(badge: u64): void {
        stirEntropy();
        if ((badge & BADGE_CONSOLE) != 0) {
            // Acknowledged first: what arrives while the line is read raises the next interrupt.
            interruptAcknowledge(SOURCE_CONSOLE);
            this.receiver!.poll();
        }
        if ((badge & BADGE_TIMER) != 0) {
            interruptAcknowledge(SOURCE_TIMER);
            this.takeTimer();
        }
    }

    private takeTimer(): void {
        // The timer may come early, for deadlines beyond its range.
        const now = clockNow();
        const containers = this.system.containers;
        let next = this.control.statisticsDue;
        for (let i = 0; i < containers.length; i++) {
            const instance = containers[i].instance;
            if (instance === null) continue;
            if (now >= instance.divisionDue) {
                instance.processorLimit!.divideAnew();
                instance.divisionDue = now + LIMIT_PERIOD * 1000;
            }
            if (now >= instance.deadline) {
                instance.deadline = NO_DEADLINE;
                instance.notify(NOTIFY_TIMER);
            }
            next = min<u64>(next, min<u64>(instance.deadline, instance.divisionDue));
        }
        if (now >= this.system.due) this.system.attention = true;
        else next = min<u64>(next, this.system.due);
        if (now >= this.control.statisticsDue) {
            this.control.sendStatistics(true);
            this.hasGarbage = true;
        }
        this.armed = NO_DEADLINE;
        this.arm(next);
    }

    /** Sees to it that the timer comes at `deadline` or earlier. */
    private arm(deadline: u64): void {
        if (deadline >= this.armed) return;
        this.armed = deadline;
        timerArm(deadline);
    }

    // ---- what the host sends

    input(channel: u32, data: usize, bytes: u32): void {
        const console = this.console(channel);
        if (console === null) return;
        console.put(data, bytes);
        this.notify(channel, NOTIFY_INPUT);
    }

    inputEnd(channel: u32): void {
        const console = this.console(channel);
        if (console === null) return;
        console.end();
        this.notify(channel, NOTIFY_INPUT);
    }

    signal(channel: u32, signal: u32): void {
        const console = this.console(channel);
        if (console === null || signal == 0 || signal > 63) return;
        console.signals |= (<u64>1) << signal;
        this.notify(channel, NOTIFY_SIGNALS);
    }

    terminalSize(channel: u32, rows: u32, columns: u32): void {
        const console = this.console(channel);
        if (console === null) return;
        console.terminalRows = rows;
        console.terminalColumns = columns;
        this.notify(channel, NOTIFY_TERMINAL_SIZE);
    }

    shutdown(): void {
        const containers = this.system.containers;
        for (let i = 0; i < containers.length; i++) {
            containers[i].isStopped = true;
            const instance = containers[i].instance;
            if (instance !== null) instance.exit(9, "the host switched the machine off");
        }
        this.system.goDown(0);
    }

    request(document: usize, bytes: u32): void {
        this.control.request(document, bytes);
        this.hasGarbage = true;
        if (this.control.statisticsDue != NO_DEADLINE) this.arm(this.control.statisticsDue);
    }

    /** The instance that a channel belongs to, or null. */
    private instance(channel: u32): Instance | null {
        if (channel < CHANNEL_EXEC) return this.system.instance(channel);
        const session = this.system.session(channel);
        return session === null ? null : session.instance;
    }

    private console(channel: u32): Console | null {
        if (channel >= CHANNEL_EXEC) {
            const session = this.system.session(channel);
            return session === null ? null : session.console;
        }
        const instance = this.system.instance(channel);
        return instance === null ? null : instance.console;
    }

    private notify(channel: u32, reason: u32): void {
        this.instance(channel)!.notify(reason);
    }

    // ---- requests

    /** Whether the message now holds an answer for the sentry. */
    private takeRequest(container: Instance): bool {
        const message = this.message;
        switch (message.label) {
            case CONSOLE_WRITE:
                return this.write(
                    container,
                    message.get(0) == 2 ? FRAME_STDERR : FRAME_STDOUT,
                    message.get(1),
                    message.get(2),
                );
            case LOG:
                return this.write(container, FRAME_LOG, message.get(0), 0);
            case CONSOLE_READ:
                return this.read(container, message.get(0), message.get(1));
            case SET_TIMER:
                container.deadline = message.get(0);
                this.arm(min<u64>(container.deadline, container.divisionDue));
                return this.answer(DONE);
            case CONFIGURE_SC:
                return this.configureSchedContext(container, <u32>message.get(0));
            case ASSIGN_ASID:
                return this.assignAsid(container, <u32>message.get(0));
            case STORE_FRAMES:
                return this.giveFrames(container, false);
            case INDEX_FRAMES:
                return this.giveFrames(container, true);
            case CODE_FRAME:
                return this.answer(
                    this.system.codePages.give(
                        container,
                        message.get(0),
                        message.get(1),
                        message.get(2),
                        message.get(3),
                    ),
                );
            case COMMON_FRAME:
                return this.giveCommonFrame(container);
            case TAKE_SIGNALS:
                return this.giveSignals(container, message.get(0));
            case STATISTICS:
                for (let i = 0; i < STATISTIC_COUNT; i++) container.statistics[i] = message.get(i);
                container.statisticsWanted = false;
                // The response to the host is sent when the sentry has its answer.
                this.system.attention = this.control.statisticsDue != NO_DEADLINE;
                return this.answer(DONE);
            case PROCESSOR_TIME:
                return this.giveProcessorTime(container);
            case TERMINAL_SIZE:
                return this.giveTerminalSize(container, message.get(0));
            case TAKE_EXEC:
                return this.giveExec(container, message.get(0));
            case EXEC_EXITED:
                return this.takeExecExit(container);
            case EXITED:
                return this.takeExit(container);
            case TRAPPED:
                container.fail(
                    "the container's sentry failed: " +
                        this.text(container, message.get(0)) +
                        "; this is a defect of Sealift",
                    EXIT_ENGINE_FAILED,
                );
                return false;
            default:
                return this.answer(ENOSYS);
        }
    }

    @inline private answer(error: u32): bool {
        this.message.answer(error);
        return true;
    }

    /** The console that a sentry means: its container's, or a session's that is its own. Null for any other number. */
    private consoleOf(container: Instance, session: u64): Console | null {
        if (session == 0) return container.console;
        const found = this.sessionOf(container, session);
        return found === null ? null : found.console;
    }

    private sessionOf(container: Instance, number: u64): ExecSession | null {
        if (number > 0xffff) return null;
        const session = this.system.session(<u32>number);
        return session !== null && session.instance === container ? session : null;
    }

    private write(container: Instance, type: u8, length: u64, session: u64): bool {
        if (length > PAGE_SIZE) return this.answer(EINVAL);
        let channel = container.number;
        if (session != 0) {
            const found = this.sessionOf(container, session);
            if (found === null) return this.answer(EINVAL);
            // Nobody looks at what a health check prints.
            if (found.isCheck) return this.answer(DONE);
            channel = found.channel;
        }
        sendFrame(type, channel, container.exchange, <u32>length);
        return this.answer(DONE);
    }

    private read(container: Instance, capacity: u64, session: u64): bool {
        const console = this.consoleOf(container, session);
        if (console === null) return this.answer(EINVAL);
        const count = console.take(container.exchange, <u32>min<u64>(capacity, PAGE_SIZE));
        this.message.begin(DONE, 2);
        this.message.set(0, count);
        this.message.set(1, count == 0 && console.isAtEnd ? 1 : 0);
        return true;
    }

    private giveSignals(container: Instance, session: u64): bool {
        const console = this.consoleOf(container, session);
        if (console === null) return this.answer(EINVAL);
        this.message.begin(DONE, 1);
        this.message.set(0, console.takeSignals());
        return true;
    }

    private giveCommonFrame(container: Instance): bool {
        const pages = this.system.commonPages;
        const error = pages.give(container, this.message.get(0));
        this.message.begin(error, 1);
        this.message.set(0, pages.number);
        return true;
    }

    private giveTerminalSize(container: Instance, session: u64): bool {
        const console = this.consoleOf(container, session);
        if (console === null) return this.answer(EINVAL);
        this.message.begin(DONE, 2);
        this.message.set(0, console.terminalRows);
        this.message.set(1, console.terminalColumns);
        return true;
    }

    /** A part of the description of a process that the sentry is to start; nothing when there is none. */
    private giveExec(container: Instance, offset: u64): bool {
        const sessions = this.system.sessions;
        const message = this.message;
        message.begin(DONE, 3);
        for (let i = 0; i < sessions.length; i++) {
            const session = sessions[i];
            if (session.instance !== container || session.isTaken) continue;
            message.set(0, session.size);
            message.set(1, session.describe(offset, container.exchange, PAGE_SIZE));
            message.set(2, session.channel);
            return true;
        }
        for (let word: u32 = 0; word < 3; word++) message.set(word, 0);
        return true;
    }

    private takeExecExit(container: Instance): bool {
        const message = this.message;
        const session = this.sessionOf(container, message.get(0));
        if (session === null) return this.answer(EINVAL);
        const status = <i32>(message.get(1) & 0xffff);
        const isFailed = message.get(3) != 0;
        this.system.finishSession(
            session,
            isFailed ? 0 : status,
            isFailed ? max(status & 0xff, 1) : 0,
            this.text(container, message.get(2)),
        );
        this.hasGarbage = true;
        return this.answer(DONE);
    }

    /** The sentry holds no SchedControl: CPU time is the manager's to give. A limited container has had its own. */
    private configureSchedContext(container: Instance, slot: u32): bool {
        if (container.processorLimit !== null) return this.answer(EPERM);
        const cspace = machine().cspace;
        const mine = container.transferSlot;
        if (cspace.copyFrom(container.root, mine, slot, RIGHTS_ALL) != ERROR_NONE) return this.answer(EINVAL);
        const error = machine().schedControl.configure(
            capability<SchedContext>(mine),
            TURN_MICROSECONDS,
            TURN_MICROSECONDS,
            0,
        );
        cspace.delete(mine);
        return this.answer(error == ERROR_NONE ? DONE : EINVAL);
    }

    /** Microseconds that the sentry has used, and, in a limited container, those of all its threads. */
    private giveProcessorTime(container: Instance): bool {
        const limit = container.processorLimit;
        const message = this.message;
        message.begin(DONE, 2);
        const total = container.processorTime();
        message.set(0, limit === null ? total : limit.sentryTime);
        message.set(1, limit === null ? 0 : limit.threadsTime);
        return true;
    }

    /**
     * The capability itself is moved here and back: what an address space belongs to is noted in the capability. Sentries use a VSpace
     * again and never give one back, so that what they were given is what they have.
     */
    private assignAsid(container: Instance, slot: u32): bool {
        if (container.addressSpaces >= container.addressSpacesMaximum) return this.answer(ENOMEM);
        const cspace = machine().cspace;
        const mine = container.transferSlot;
        if (cspace.moveFrom(container.root, mine, slot) != ERROR_NONE) return this.answer(EINVAL);
        const error = machine().addressSpaces.assign(capability<VSpace>(mine));
        if (error == ERROR_NONE) container.addressSpaces++;
        if (cspace.moveInto(container.root, slot, mine) != ERROR_NONE) {
            cspace.delete(mine);
            return this.answer(EINVAL);
        }
        return this.answer(error == ERROR_NONE ? DONE : ENOMEM);
    }

    /** Read-only copies of frames of a layer: of its contents, or of its index. */
    private giveFrames(container: Instance, index: bool): bool {
        const message = this.message;
        const number = message.get(0);
        const firstPage = message.get(1);
        const count = message.get(2);
        const slot = <u32>message.get(3);
        const layers = container.layers;
        if (number >= <u64>layers.length || count > FRAMES_MAXIMUM) return this.answer(EINVAL);
        const store = this.system.store;
        const layer = store.layers[layers[<i32>number]];
        const pages = <u64>(index ? layer.indexPages : layer.dataPages);
        if (firstPage > pages || count > pages - firstPage) return this.answer(EINVAL);
        const cspace = machine().cspace;
        let done: u32 = 0;
        while (done < <u32>count) {
            const page = <u32>firstPage + done;
            const source = index ? store.indexSlot(layer, page) : store.dataSlot(layer, page);
            if (cspace.copyInto(container.root, slot + done, source, RIGHT_READ) != ERROR_NONE) break;
            done++;
        }
        message.begin(done > 0 || count == 0 ? DONE : EINVAL, 1);
        message.set(0, done);
        return true;
    }

    private takeExit(container: Instance): bool {
        const message = this.message;
        const text = this.text(container, message.get(1));
        if (message.get(2) != 0) container.fail(text, <i32>(message.get(0) & 0xff));
        else container.exit(<i32>(message.get(0) & 0xffff), text);
        return false;
    }

    /** The text that a sentry left in the exchange page; the sentry is not trusted with its form or length. */
    private text(container: Instance, length: u64): string {
        return decodeUtf8(container.exchange, <i32>min<u64>(length, TEXT_MAXIMUM));
    }

    // ---- faults

    /**
     * A page fault of a sentry in its private memory is the first touch of a page; the answer lets it go on. Elsewhere inside its linear
     * memory it is a Wasm trap: the sentry goes on in the runtime's trap code,
     * which reports it with a backtrace. Anything else, and a second fault, ends the container.
     */
    private takeFault(container: Instance): bool {
        const message = this.message;
        const instruction = message.get(0);
        const address = message.get(1);
        if (message.label == FAULT_VM && container.pages!.provide(address)) return this.answer(DONE);
        if (message.label == FAULT_VM && !container.faulted) {
            container.faulted = true;
            if (continueInTrap(container.tcb, address)) return false;
        }
        container.fail(
            "the container's sentry " + faultText(message.label, instruction, address),
            EXIT_ENGINE_FAILED,
        );
        return false;
    }
}

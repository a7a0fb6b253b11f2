// SPDX-License-Identifier: Apache-2.0
//
// The host's requests (docs/control-channel.md): each a JSON document, answered by another one.

import { clockNow } from "../sel4/generated/host";
import { TIME_MAXIMUM } from "../oci/containerOptions";
import { jsonHeapBound, parseJson } from "../oci/json";
import { JsonFields } from "../oci/jsonFields";
import { JsonText, quote } from "../oci/jsonText";
import { EXEC_INTERACTIVE, EXEC_TERMINAL } from "../std/execDescription";
import { Failure } from "../std/failure";
import { decimal, signedDecimal } from "../std/numberText";
import { Account } from "./account";
import { sendResponse, sendResponsePart } from "./channel";
import { Container, ContainerState, MILLISECOND } from "./container";
import { writeDetails, writeSummary } from "./containerText";
import { describeExec } from "./execDescriber";
import { provideHeap } from "./heap";
import { NOTIFY_STATISTICS, NO_DEADLINE } from "./instance";
import { System } from "./system";

/** Nanoseconds that sentries get to report their statistics. */
const STATISTICS_PATIENCE: u64 = 1000 * MILLISECOND;
/** The greatest signal that has a bit in the manager's masks. */
const SIGNAL_MAXIMUM: i64 = 63;
/** struct winsize has 16 bits for each. */
const TERMINAL_SIZE_MAXIMUM: i64 = 0xffff;

/** A request that is answered when all sentries have reported. */
class Waiting {
    constructor(
        readonly id: i64,
        /** "ps", "stats", or "inspect". */
        readonly op: string,
        /** Of "inspect". */
        readonly container: Container | null,
    ) {}
}

export class Control {
    /** When the request that waits for statistics is answered at the latest. */
    statisticsDue: u64 = NO_DEADLINE;
    private waiting: Waiting | null = null;

    constructor(private readonly system: System) {}

    /** Takes a request's document; none when `bytes` is 0, for it was too long. */
    request(document: usize, bytes: u32): void {
        if (bytes == 0 || !provideHeap(jsonHeapBound(document, <i32>bytes))) {
            this.fail(0, new Failure("the request is too long; it may have at most 128 KiB"));
            return;
        }
        const parsed = parseJson(document, <i32>bytes);
        let failure = parsed.failure;
        if (failure !== null) {
            this.fail(0, failure.within("the request"));
            return;
        }
        const fields = new JsonFields(parsed.value, "the request");
        const id = fields.count("id", 0);
        const op = fields.string("op");
        failure = fields.failure;
        if (failure === null) failure = this.dispatch(id, op, fields);
        if (failure !== null) this.fail(id, failure);
    }

    /** Does what is asked. A failure is still to be sent; success has been. */
    private dispatch(id: i64, op: string, fields: JsonFields): Failure | null {
        if (op == "ps" || op == "stats") return this.gather(new Waiting(id, op, null), fields);
        if (op == "down") return this.goDown(id, fields);
        const isKnown =
            op == "inspect" || op == "stop" || op == "kill" || op == "start" || op == "rm" || op == "exec";
        if (!isKnown)
            return new Failure(
                "there is no request " +
                    quote(op) +
                    '; there are "ps", "inspect", "stats", "stop", "kill", "start", "rm", "exec" and "down"',
            );
        const name = fields.nameOrNumber("container");
        if (fields.failure !== null) return fields.failure;
        const container = this.system.find(name);
        if (container === null)
            return new Failure("there is no container " + quote(name) + '; "ps" lists them');
        if (op == "inspect") return this.gather(new Waiting(id, op, container), fields);
        if (op == "stop") return this.stop(id, fields, container);
        if (op == "kill") return this.kill(id, fields, container);
        if (op == "start") return this.start(id, fields, container);
        if (op == "rm") return this.remove(id, fields, container);
        return this.exec(id, fields, container);
    }

    // Answers about all containers are sent a container at a time, and leave no garbage: it would grow with their number.

    private sendList(id: i64): void {
        const containers = this.system.containers;
        const text = new JsonText().beginObject().name("id").integer(id).name("containers").beginArray();
        for (let i = 0; i < containers.length; i++) {
            writeSummary(text.beginObject(), containers[i]).endObject();
            sendResponsePart(text, false);
        }
        sendResponsePart(text.endArray().endObject(), true);
    }

    private sendDetails(id: i64, container: Container): void {
        const text = new JsonText().beginObject().name("id").integer(id).name("container").beginObject();
        writeDetails(text, container, this.system.store);
        sendResponsePart(text.endObject().endObject(), true);
    }

    private stop(id: i64, fields: JsonFields, container: Container): Failure | null {
        fields.refuseOthers(["id", "op", "container", "timeout"]);
        const timeout = timeoutOf(fields, container.options.stopGracePeriod);
        if (fields.failure !== null) return fields.failure;
        this.system.stop(container, timeout);
        return this.done(id);
    }

    private kill(id: i64, fields: JsonFields, container: Container): Failure | null {
        fields.refuseOthers(["id", "op", "container", "signal"]);
        const signal = fields.count("signal", 9);
        if (signal < 1 || signal > SIGNAL_MAXIMUM)
            fields.fail('has a "signal" that is none; they are 1 to 63');
        if (fields.failure !== null) return fields.failure;
        if (!container.isRunning) return notRunning(container);
        this.system.signal(container, <u32>signal);
        return this.done(id);
    }

    private start(id: i64, fields: JsonFields, container: Container): Failure | null {
        fields.refuseOthers(["id", "op", "container"]);
        if (fields.failure !== null) return fields.failure;
        if (this.system.isGoingDown) return new Failure("the system is being stopped; start it anew");
        if (container.isRunning) return new Failure("container " + container.options.name + " runs already");
        this.system.startAgain(container);
        return this.done(id);
    }

    private remove(id: i64, fields: JsonFields, container: Container): Failure | null {
        fields.refuseOthers(["id", "op", "container", "force"]);
        const force = fields.boolean("force");
        if (fields.failure !== null) return fields.failure;
        if (this.system.isOneShot) return new Failure("the only container of a run ends with it");
        if (container.isRunning) {
            if (!force)
                return new Failure(
                    "container " + container.options.name + " runs; stop it first, or use force",
                );
            this.system.signal(container, 9);
            this.system.endNow(container);
        }
        this.system.remove(container);
        return this.done(id);
    }

    private exec(id: i64, fields: JsonFields, container: Container): Failure | null {
        fields.refuseOthers([
            "id",
            "op",
            "container",
            "args",
            "environment",
            "workingDirectory",
            "user",
            "terminal",
            "terminalRows",
            "terminalColumns",
            "interactive",
        ]);
        const words = fields.strings("args");
        const environment = fields.strings("environment");
        const directory = fields.string("workingDirectory");
        const user = fields.string("user");
        const isTerminal = fields.boolean("terminal");
        const isInteractive = fields.boolean("interactive");
        const rows = <u32>min<i64>(fields.count("terminalRows", 0), TERMINAL_SIZE_MAXIMUM);
        const columns = <u32>min<i64>(fields.count("terminalColumns", 0), TERMINAL_SIZE_MAXIMUM);
        if (words === null || words.length == 0) fields.fail('has no "args"; give a command');
        if (fields.failure !== null) return fields.failure;
        const instance = container.instance;
        if (instance === null) return notRunning(container);
        const described = describeExec(
            words!,
            environment === null ? new Array<string>() : environment,
            directory,
            user,
            (isTerminal ? EXEC_TERMINAL : 0) | (isInteractive ? EXEC_INTERACTIVE : 0),
            rows,
            columns,
        );
        if (described === null)
            return new Failure("there is no memory to describe the process; give the machine more");
        const session = this.system.exec(instance, false, described.data, described.bytes);
        if (session === null) {
            heap.free(described.data);
            return new Failure("too many processes of exec run at a time; end one first");
        }
        session.console.terminalRows = rows;
        session.console.terminalColumns = columns;
        sendResponse('{"id":' + signedDecimal(id) + ',"channel":' + decimal(session.channel) + "}");
        if (isInteractive) session.console.open();
        return null;
    }

    private goDown(id: i64, fields: JsonFields): Failure | null {
        fields.refuseOthers(["id", "op", "timeout"]);
        const timeout = timeoutOf(fields, u64.MAX_VALUE);
        if (fields.failure !== null) return fields.failure;
        this.system.goDown(timeout);
        return this.done(id);
    }

    // ---- statistics come when all sentries have reported

    /** Has the sentries report, and lets the request wait for them. */
    private gather(request: Waiting, fields: JsonFields): Failure | null {
        fields.refuseOthers(request.container === null ? ["id", "op"] : ["id", "op", "container"]);
        if (fields.failure !== null) return fields.failure;
        if (this.waiting !== null) return new Failure("statistics are being gathered; wait for the response");
        this.waiting = request;
        this.statisticsDue = clockNow() + STATISTICS_PATIENCE;
        const containers = this.system.containers;
        for (let i = 0; i < containers.length; i++) {
            const instance = containers[i].instance;
            if (instance === null) continue;
            instance.statisticsWanted = true;
            instance.notify(NOTIFY_STATISTICS);
        }
        this.sendStatistics(false);
        return null;
    }

    /** Answers the request that waits for statistics when all sentries have reported, or when `isLate`. */
    sendStatistics(isLate: bool): void {
        if (this.statisticsDue == NO_DEADLINE) return;
        const containers = this.system.containers;
        for (let i = 0; i < containers.length && !isLate; i++) {
            const instance = containers[i].instance;
            if (instance !== null && instance.statisticsWanted) return;
        }
        this.statisticsDue = NO_DEADLINE;
        const request = this.waiting!;
        this.waiting = null;
        const container = request.container;
        if (container !== null) this.sendDetails(request.id, container);
        else if (request.op == "ps") this.sendList(request.id);
        else this.sendAccount(request.id);
        for (let i = 0; i < containers.length; i++) {
            const instance = containers[i].instance;
            if (instance !== null) instance.statisticsWanted = false;
        }
    }

    private sendAccount(id: i64): void {
        const containers = this.system.containers;
        const account = new Account();
        account.text.name("id").integer(id);
        account.writeMachine(this.system.store);
        account.text.name("containers").beginArray();
        for (let i = 0; i < containers.length; i++) {
            const instance = containers[i].instance;
            if (instance === null) continue;
            sendResponsePart(account.text, false);
            account.writeInstance(instance, instance.statisticsWanted);
        }
        sendResponsePart(account.text.endArray().endObject(), true);
    }

    // ---- responses

    private done(id: i64): Failure | null {
        sendResponse('{"id":' + signedDecimal(id) + "}");
        return null;
    }

    private fail(id: i64, failure: Failure): void {
        const text = new JsonText()
            .beginObject()
            .name("id")
            .integer(id)
            .name("error")
            .string(failure.message);
        sendResponsePart(text.endObject(), true);
    }
}

/** Milliseconds of a request's "timeout", in seconds there. */
function timeoutOf(fields: JsonFields, absent: u64): u64 {
    if (!fields.has("timeout")) return absent;
    return <u64>min<i64>(fields.count("timeout", 0), TIME_MAXIMUM / 1000) * 1000;
}

function notRunning(container: Container): Failure {
    return new Failure(
        "container " +
            container.options.name +
            (container.state == ContainerState.Created ? " has not started yet" : " does not run") +
            "; start it first",
    );
}

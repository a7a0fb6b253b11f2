// SPDX-License-Identifier: Apache-2.0
//
// manager.wasm: takes over the machine, runs the container of the bundle, reports how it ended, and switches the machine
// off. Each step ends with nothing but globals holding objects, so that the collector can be called between steps.

import "../std/abort";
import { powerOff } from "../sel4/generated/host";
import { ContainerConfiguration, CONFIGURATION_SIZE_MAXIMUM } from "../std/containerConfiguration";
import { EXIT_ENGINE_FAILED, Failure } from "../std/failure";
import { JsonText } from "../oci/jsonText";
import { Account } from "./account";
import { Bundle } from "./bundle";
import {
    FRAME_EXIT,
    FRAME_FAILED,
    FRAME_HELLO,
    FRAME_STATISTICS,
    PROTOCOL_VERSION,
    sendCredit,
    sendText,
} from "./channel";
import { Container } from "./container";
import { beginHeap, provideHeap } from "./heap";
import { LayerStore } from "./layerStore";
import { isTakenOver, machine, takeOver } from "./machine";
import { Preparation } from "./preparation";
import { ProcessorLimit } from "./processorLimit";
import { SentryBuilder, constructionSize } from "./sentryBuilder";
import { Service } from "./service";
import { INPUT_CAPACITY } from "./standardInput";

/** The number of the only container of a one-shot run. */
const CONTAINER: u8 = 1;
/** Bytes that a message may have as JSON: a frame has room for it and for the members around it. */
const MESSAGE_BYTES_MAXIMUM: i32 = 3500;

const service: Service = new Service();
const preparation: Preparation = new Preparation(new Bundle());
const store: LayerStore = new LayerStore();
let container: Container | null = null;

export function main(): void {
    const failure = run();
    if (failure !== null) {
        sendFailure(failure);
        releaseAll();
    }
    powerOff();
}

/** The steps of a run. Between them the garbage of one is collected before the next begins. */
function run(): Failure | null {
    let failure = takeOver();
    if (failure !== null) return failure;
    beginHeap();
    if (!provideHeap(0))
        return new Failure("there is no memory for the manager's heap; give the machine more memory");
    sendText(
        FRAME_HELLO,
        0,
        new JsonText().beginObject().name("protocol").unsigned(PROTOCOL_VERSION).endObject().toString(),
    );
    failure = service.open();
    if (failure === null) failure = preparation.open();
    if (failure === null) failure = preparation.verify();
    const layers = failure === null ? preparation.image!.layers.length : 0;
    for (let i = 0; i < layers && failure === null; i++) {
        // The only managed reference on the stack is the failure, which is null.
        __collect();
        if (!provideHeap(0))
            return new Failure(
                "there is no memory left for the manager's heap; give the machine more memory",
            );
        failure = preparation.unpack(store, i);
    }
    if (failure !== null) return failure;
    __collect();
    failure = startContainer();
    if (failure !== null) return failure;
    __collect();
    service.serve(container!);
    __collect();
    // Without heap for the report the host would not learn how the container ended: nothing but the machine's end tells then.
    provideHeap(0);
    finishContainer();
    return null;
}

/** Makes the container and lets its sentry run. */
function startContainer(): Failure | null {
    // Room for the configuration in its largest size, and the lists that become part of it.
    if (!provideHeap(2 * CONFIGURATION_SIZE_MAXIMUM))
        return new Failure("there is no memory for the container's configuration; give the machine more");
    const options = preparation.options!.container;
    const made = new Container(CONTAINER, options.name, store);
    const buffer = heap.alloc(CONFIGURATION_SIZE_MAXIMUM);
    const configured = preparation.configure(store, CONTAINER, buffer);
    let failure = configured.failure;
    if (failure === null)
        failure = made.quota.carve(options.memory, constructionSize(configured.value!.size, options.memory));
    if (failure === null) {
        container = made;
        failure = buildContainer(made, configured.value!);
    }
    heap.free(buffer);
    return failure;
}

function buildContainer(made: Container, configuration: ContainerConfiguration): Failure | null {
    const entry = machine().cspace.takeEntry();
    if (entry == 0) return new Failure("no capability slots are left for another container; end one first");
    configuration.memoryLimit = made.quota.size;
    if (configuration.isProcessorLimited) made.processorLimit = new ProcessorLimit(configuration.budget);
    const builder = new SentryBuilder(made, entry, service.endpoint);
    let failure = builder.build(configuration);
    if (failure === null) {
        if (preparation.options!.container.interactive) sendCredit(CONTAINER, INPUT_CAPACITY);
        else made.input.ended = true;
        failure = builder.start();
    }
    return failure;
}

/** Reports how the container ended, and takes its memory back. */
function finishContainer(): void {
    const ended = container!;
    const exit = new JsonText()
        .beginObject()
        .name("status")
        .integer(ended.waitStatus)
        .name("exitCode")
        .integer(ended.exitCode)
        .name("signal")
        .integer(ended.signal)
        .name("message")
        .string(shortened(ended.message))
        .endObject()
        .toString();
    sendText(FRAME_EXIT, CONTAINER, exit);
    const account = new Account(ended, store);
    const carved = ended.quota.size;
    const returned = ended.quota.release();
    sendText(FRAME_STATISTICS, CONTAINER, account.finish(carved, returned));
    store.release();
}

function releaseAll(): void {
    if (!isTakenOver()) return;
    const made = container;
    if (made !== null) made.quota.release();
    store.release();
}

function sendFailure(failure: Failure): void {
    const text = new JsonText()
        .beginObject()
        .name("message")
        .string(shortened(failure.message))
        .name("exitCode")
        .integer(failure.exitCode == 0 ? EXIT_ENGINE_FAILED : failure.exitCode)
        .endObject()
        .toString();
    sendText(FRAME_FAILED, 0, text);
}

/** Cuts a message to what a frame has room for: it may quote a long name or a deep backtrace. */
function shortened(message: string): string {
    let bytes = 0;
    for (let i = 0; i < message.length; i++) {
        const unit = message.charCodeAt(i);
        // Plain ASCII is one byte, escaped or not two; everything else at most an escape of six.
        bytes += unit >= 0x20 && unit < 0x7f ? 2 : unit == 0x0a ? 2 : 6;
        if (bytes > MESSAGE_BYTES_MAXIMUM) return message.substring(0, i) + "…";
    }
    return message;
}

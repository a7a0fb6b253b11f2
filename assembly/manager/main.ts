// SPDX-License-Identifier: Apache-2.0
//
// manager.wasm: takes over the machine, runs the containers of the bundle until the host or their end says stop, and switches the
// machine off. Each step ends with nothing but globals holding objects, so that the collector can be called between steps.

import "../std/abort";
import { powerOff } from "../sel4/generated/host";
import { EXIT_ENGINE_FAILED, Failure } from "../std/failure";
import { JsonText } from "../oci/jsonText";
import { Account } from "./account";
import {
    CHANNEL_SYSTEM,
    FRAME_FAILED,
    FRAME_HELLO,
    FRAME_STATISTICS,
    PROTOCOL_VERSION,
    sendText,
} from "./channel";
import { shortened } from "./events";
import { beginHeap, provideHeap } from "./heap";
import { LayerStore } from "./layerStore";
import { isTakenOver, takeOver } from "./machine";
import { Preparation } from "./preparation";
import { Service } from "./service";
import { System } from "./system";

const store: LayerStore = new LayerStore();
const system: System = new System(store);
const service: Service = new Service(system);
const preparation: Preparation = new Preparation();

export function main(): void {
    let failure = run();
    if (failure === null) failure = system.failure;
    if (failure !== null) sendFailure(failure);
    if (isTakenOver()) system.releaseAll();
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
        CHANNEL_SYSTEM,
        new JsonText().beginObject().name("protocol").unsigned(PROTOCOL_VERSION).endObject().toString(),
    );
    failure = service.open();
    if (failure === null) failure = preparation.open();
    // The only managed reference on the stack is the failure, which is null where collection is.
    const images = failure === null ? preparation.imageCount : 0;
    for (let i = 0; i < images && failure === null; i++) {
        __collect();
        failure = preparation.openImage(i);
    }
    if (failure === null) {
        __collect();
        failure = preparation.verify();
    }
    const layers = failure === null ? preparation.layerCount : 0;
    for (let i = 0; i < layers && failure === null; i++) {
        __collect();
        if (!provideHeap(0))
            return new Failure(
                "there is no memory left for the manager's heap; give the machine more memory",
            );
        failure = preparation.unpack(store, i);
    }
    if (failure !== null) return failure;
    store.complete();
    __collect();
    system.begin(preparation);
    __collect();
    service.serve();
    __collect();
    // Without heap for the report the host would not learn how the container ended: nothing but the machine's end tells then.
    provideHeap(0);
    sendStatistics();
    return null;
}

/** The account of a one-shot run, with what came back when its container ended. */
function sendStatistics(): void {
    const last = system.lastInstance;
    if (last === null) return;
    const account = new Account();
    account.writeMachine(store);
    account.text.name("container");
    account.writeInstance(last, false);
    system.lastInstance = null;
    system.release(last);
    account.writeFreed(system.carved, system.returned);
    sendText(FRAME_STATISTICS, CHANNEL_SYSTEM, account.text.endObject().toString());
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
    sendText(FRAME_FAILED, CHANNEL_SYSTEM, text);
}

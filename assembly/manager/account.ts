// SPDX-License-Identifier: Apache-2.0
//
// The STATISTICS message: every byte of the machine's memory by owner. The owners' bytes add up to machineMemory; what
// would be missing is shown as such, never spread over the others.

import { BootKey } from "../sel4/generated/boot-keys";
import { heapSlotsLeft, reportInstructions } from "../sel4/generated/host";
import { JsonText } from "../oci/jsonText";
import {
    STATISTIC_ANONYMOUS,
    STATISTIC_CAPABILITIES,
    STATISTIC_FILES,
    STATISTIC_FREE,
    STATISTIC_INSTRUCTIONS,
    STATISTIC_KERNEL_OBJECTS,
    STATISTIC_LAYER_PAGES_MAPPED,
    STATISTIC_OWNERS,
    STATISTIC_PAGE_FAULTS,
    STATISTIC_PAGE_TABLES,
    STATISTIC_PROCESSES,
    STATISTIC_PROCESSES_NOW,
    STATISTIC_REST,
    STATISTIC_SENTRY_HEAP,
    STATISTIC_SYSTEM_CALLS,
    STATISTIC_THREADS_MICROSECONDS,
} from "../std/statistics";
import { Instance } from "./instance";
import { LayerStore } from "./layerStore";
import { fact, machine } from "./machine";
import {
    OWNERS,
    OWNER_LAYER_DATA,
    OWNER_LAYER_INDEXES,
    OWNER_MANAGER_HEAP,
    OWNER_ROUNDING,
    ownerName,
} from "./owners";
import { PAGE_BITS } from "../std/pages";
import {
    QUOTA_CAPABILITIES,
    QUOTA_KERNEL_OBJECTS,
    QUOTA_PAGE_TABLES,
    QUOTA_REST,
    QUOTA_SENTRY,
    Quota,
} from "./quota";

/** Layers that the message lists: it must fit a frame. */
const LAYERS_LISTED: i32 = 12;

/** Writes an account, a JSON object; for a container at a time, where it may become longer than a frame. */
export class Account {
    readonly text: JsonText = new JsonText();

    constructor() {
        this.text.beginObject();
    }

    /** The members about the machine as a whole. */
    writeMachine(store: LayerStore): void {
        const json = this.text;
        json.name("machineMemory").unsigned(fact(BootKey.MACHINE_MEMORY));
        json.name("kernelOverhead").unsigned(fact(BootKey.KERNEL_OVERHEAD));
        this.writeOwners(store);
        json.name("layers").beginArray();
        for (let i = 0; i < min(store.layers.length, LAYERS_LISTED); i++) {
            const layer = store.layers[i];
            json.beginObject();
            json.name("digest").string(layer.diffId);
            json.name("dataBytes").unsigned((<u64>layer.dataPages) << 12);
            json.name("sharedBytes").unsigned((<u64>layer.sharedPages) << 12);
            json.name("indexBytes").unsigned((<u64>layer.indexPages) << 12);
            json.endObject();
        }
        json.endArray();
    }

    /** Adds how much memory a container was given and how much of it the kernel says is whole again. */
    writeFreed(carved: u64, returned: u64): void {
        const json = this.text;
        json.name("freed")
            .beginObject()
            .name("carved")
            .unsigned(carved)
            .name("returned")
            .unsigned(returned)
            .endObject();
        json.name("instructions").unsigned(reportInstructions());
    }

    private writeOwners(store: LayerStore): void {
        const pool = machine().pool;
        const json = this.text;
        // Frames of the heap's growth are made when it grows.
        const heapLeft = (<u64>heapSlotsLeft()) << PAGE_BITS;
        let sum: u64 = 0;
        json.name("owners").beginArray();
        for (let owner = 0; owner < OWNERS; owner++) {
            let bytes = pool.ownedBytes(owner);
            // The store's blocks hold contents and indexes alike, and frames made ahead.
            const stored = store.dataBytes + store.indexBytes;
            if (owner == OWNER_LAYER_DATA) bytes = store.dataBytes;
            if (owner == OWNER_LAYER_INDEXES) bytes = store.indexBytes;
            if (owner == OWNER_MANAGER_HEAP) bytes -= heapLeft;
            if (owner == OWNER_ROUNDING) bytes += pool.ownedBytes(OWNER_LAYER_DATA) - stored;
            sum += bytes;
            if (bytes != 0) this.writeOwner(ownerName(owner), bytes);
        }
        const spare = store.spareBytes + machine().lowMemory.freeBytes;
        if (spare != 0) this.writeOwner("free, for layers only", spare);
        if (heapLeft != 0) this.writeOwner("free, for the root task's heap", heapLeft);
        this.writeOwner("free", pool.freeBytes);
        sum += pool.freeBytes + spare + heapLeft;
        const missing = fact(BootKey.MACHINE_MEMORY) - sum;
        if (missing != 0)
            json.beginObject()
                .name("owner")
                .string("not accounted for")
                .name("bytes")
                .integer(missing)
                .endObject();
        json.endArray();
    }

    /** An object about a container; `isStale`: its sentry's part is older. */
    writeInstance(instance: Instance, isStale: bool): void {
        const json = this.text;
        const quota: Quota = instance.quota;
        const words = instance.statistics;
        json.beginObject();
        json.name("number").unsigned(instance.number);
        json.name("name").string(instance.name);
        json.name("memoryLimit").unsigned(quota.size);
        json.name("owners").beginArray();
        let given: u64 = 0;
        for (let i = 0; i < quota.given.length; i++) given += (<u64>1) << quota.given[i];
        let told: u64 = 0;
        for (let i = 0; i < STATISTIC_OWNERS; i++) told += words[i];
        this.writeOwner("sentry: state, stacks, first heap", quota.owned[QUOTA_SENTRY]);
        this.writeOwner("sentry: heap", words[STATISTIC_SENTRY_HEAP]);
        this.writeOwner(
            "kernel objects",
            quota.owned[QUOTA_KERNEL_OBJECTS] + words[STATISTIC_KERNEL_OBJECTS],
        );
        this.writeOwner("page tables", quota.owned[QUOTA_PAGE_TABLES] + words[STATISTIC_PAGE_TABLES]);
        this.writeOwner("capabilities", quota.owned[QUOTA_CAPABILITIES] + words[STATISTIC_CAPABILITIES]);
        this.writeOwner("anonymous", words[STATISTIC_ANONYMOUS]);
        this.writeOwner("files written", words[STATISTIC_FILES]);
        this.writeOwner("rounding", quota.owned[QUOTA_REST] + words[STATISTIC_REST]);
        this.writeOwner("free", words[STATISTIC_FREE] + quota.keptBytes);
        // A sentry that ended without a word leaves its part unexplained.
        if (told != given)
            json.beginObject()
                .name("owner")
                .string("not accounted for")
                .name("bytes")
                .integer(given - told)
                .endObject();
        json.endArray();
        json.name("stale").boolean(isStale);
        json.name("cpuMicroseconds").unsigned(
            instance.processorTime() + words[STATISTIC_THREADS_MICROSECONDS],
        );
        json.name("systemCalls").unsigned(words[STATISTIC_SYSTEM_CALLS]);
        json.name("pageFaults").unsigned(words[STATISTIC_PAGE_FAULTS]);
        json.name("layerBytesMapped").unsigned(words[STATISTIC_LAYER_PAGES_MAPPED]);
        json.name("processes").unsigned(words[STATISTIC_PROCESSES]);
        json.name("processesNow").unsigned(words[STATISTIC_PROCESSES_NOW]);
        json.name("instructions").unsigned(words[STATISTIC_INSTRUCTIONS]);
        json.endObject();
    }

    private writeOwner(owner: string, bytes: u64): void {
        this.text.beginObject().name("owner").string(owner).name("bytes").unsigned(bytes).endObject();
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// A container's health check: Docker's `Healthcheck` of an image configuration, and the same in system.json. The names of members differ
// in their first letter, and Docker counts nanoseconds.

import { Failure, Result } from "../std/failure";
import { JsonValue } from "./json";
import { JsonFields } from "./jsonFields";
import { quote } from "./jsonText";

/** Docker's defaults, in milliseconds. */
const INTERVAL: u64 = 30_000;
const TIMEOUT: u64 = 30_000;
const START_INTERVAL: u64 = 5_000;
const RETRIES: u32 = 3;
/** No check comes sooner after another, whatever is asked for. */
const INTERVAL_MINIMUM: u64 = 10;

/** Nanoseconds of Docker's times in a millisecond. */
export const DOCKER_UNIT: u64 = 1_000_000;

export class HealthOptions {
    /** The command; empty: there is no check (`NONE`). */
    command: string[] = new Array<string>();
    /** Milliseconds between a check's end and the next one, once the container has started up. */
    interval: u64 = INTERVAL;
    /** Milliseconds that a check may take. */
    timeout: u64 = TIMEOUT;
    /** Milliseconds from the start in which failures do not count. */
    startPeriod: u64 = 0;
    /** Milliseconds between checks in the start period. */
    startInterval: u64 = START_INTERVAL;
    /** Failures in a row that make the container unhealthy. */
    retries: u32 = RETRIES;
}

/**
 * Reads a health check, null where there is none. `unit` is how many of the document's units of time are a millisecond: 1, with names
 * as in system.json, or DOCKER_UNIT, with Docker's.
 */
export function readHealthOptions(
    value: JsonValue | null,
    thing: string,
    unit: u64,
): Result<HealthOptions | null> {
    if (value === null) return Result.of<HealthOptions | null>(null);
    const isDocker = unit == DOCKER_UNIT;
    const fields = new JsonFields(value, thing);
    const test = fields.strings(isDocker ? "Test" : "test");
    const options = new HealthOptions();
    // Zero means "as it is" in both.
    options.interval = time(fields, isDocker ? "Interval" : "interval", unit, INTERVAL);
    options.timeout = time(fields, isDocker ? "Timeout" : "timeout", unit, TIMEOUT);
    options.startPeriod = time(fields, isDocker ? "StartPeriod" : "startPeriod", unit, 0);
    options.startInterval = time(fields, isDocker ? "StartInterval" : "startInterval", unit, START_INTERVAL);
    const retries = <u32>min<i64>(fields.count(isDocker ? "Retries" : "retries", 0), i32.MAX_VALUE);
    if (retries != 0) options.retries = retries;
    // Without a test the image only changes the times of the one it was made from, which is not known any more.
    if (test === null || test.length == 0)
        return fields.failure === null
            ? Result.of<HealthOptions | null>(null)
            : Result.fail<HealthOptions | null>(fields.failure!);
    const kind = test[0];
    if (kind == "CMD") options.command = test.slice(1);
    else if (kind == "CMD-SHELL") options.command = ["/bin/sh", "-c", test.slice(1).join(" ")];
    else if (kind != "NONE")
        fields.fail("has a test that begins with " + quote(kind) + '; it is "NONE", "CMD" or "CMD-SHELL"');
    if (kind != "NONE" && test.length < 2) fields.fail("has a test without a command");
    const failure: Failure | null = fields.failure;
    return failure !== null
        ? Result.fail<HealthOptions | null>(failure)
        : Result.of<HealthOptions | null>(options);
}

function time(fields: JsonFields, name: string, unit: u64, absent: u64): u64 {
    const value = <u64>fields.count(name, 0);
    return value == 0 ? absent : max<u64>(value / unit, INTERVAL_MINIMUM);
}

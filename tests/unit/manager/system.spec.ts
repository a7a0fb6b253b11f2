// SPDX-License-Identifier: Apache-2.0
//
// Decisions of the manager about containers that need no machine: shares of address spaces, health, names of signals.

import { addressSpacesFor, divide } from "../../../assembly/manager/addressSpaces";
import { Health, HealthState } from "../../../assembly/manager/healthState";
import { signalNumber } from "../../../assembly/manager/signalNames";
import { HealthOptions } from "../../../assembly/oci/health";

const MILLISECOND: u64 = 1_000_000;

function shares(wishes: StaticArray<u32>, total: u32): string {
    divide(wishes, total);
    let text = "";
    for (let i = 0; i < wishes.length; i++) text += (i == 0 ? "" : " ") + wishes[i].toString();
    return text;
}

describe("address spaces", () => {
    it("are given as wished for where there are enough", () => {
        expect(shares([10, 20, 30], 60)).toBe("10 20 30");
        expect(shares([], 60)).toBe("");
    });

    it("are shared equally by those who wish for more than that", () => {
        expect(shares([100, 100, 100], 60)).toBe("20 20 20");
        expect(shares([10, 100, 100], 60)).toBe("10 25 25");
        expect(shares([10, 22, 100, 22], 60)).toBe("10 16 16 16");
        expect(shares([10, 22, 100], 60)).toBe("10 22 28");
    });

    it("are more than a few even for the smallest container", () => {
        expect(addressSpacesFor(400 * 1024)).toBe(12);
        expect(addressSpacesFor(1)).toBe(4);
        expect(addressSpacesFor(u64.MAX_VALUE)).toBe(u32.MAX_VALUE);
    });
});

function check(startPeriod: u64): HealthState {
    const options = new HealthOptions();
    options.command = ["true"];
    options.interval = 100;
    options.startInterval = 10;
    options.startPeriod = startPeriod;
    return new HealthState(options, 0);
}

describe("health", () => {
    it("is what so many failures in a row, or one success, make it", () => {
        const health = check(0);
        expect(health.due).toBe(100 * MILLISECOND);
        expect(health.noteEnd(1, 0)).toBe(false);
        expect(health.noteEnd(1, 0)).toBe(false);
        expect(health.status).toBe(Health.Starting);
        expect(health.noteEnd(1, 0)).toBe(true);
        expect(health.status).toBe(Health.Unhealthy);
        expect(health.failingStreak).toBe(3);
        expect(health.noteEnd(0, 50 * MILLISECOND)).toBe(true);
        expect(health.status).toBe(Health.Healthy);
        expect(health.failingStreak).toBe(0);
        expect(health.due).toBe(150 * MILLISECOND);
    });

    it("counts no failures in the start period, which a success ends", () => {
        const health = check(1000);
        expect(health.due).toBe(10 * MILLISECOND);
        for (let i: u64 = 1; i < 9; i++) health.noteEnd(1, i * 10 * MILLISECOND);
        expect(health.failingStreak).toBe(0);
        expect(health.due).toBe(90 * MILLISECOND);
        health.noteEnd(0, 100 * MILLISECOND);
        expect(health.due).toBe(200 * MILLISECOND);
        health.noteEnd(1, 200 * MILLISECOND);
        expect(health.failingStreak).toBe(1);
    });
});

describe("names of signals", () => {
    it("are signal(7)'s, with or without SIG, in any case, or numbers", () => {
        expect(signalNumber("SIGTERM")).toBe(15);
        expect(signalNumber("term")).toBe(15);
        expect(signalNumber("15")).toBe(15);
        expect(signalNumber("HUP")).toBe(1);
        expect(signalNumber("SIGSYS")).toBe(31);
        expect(signalNumber("SIGSTKFLT")).toBe(16);
        expect(signalNumber("SIGRTMIN+3")).toBe(37);
        expect(signalNumber("RTMAX-1")).toBe(63);
    });

    it("of others are none", () => {
        const wrong: string[] = [
            "",
            "SIG",
            "TER",
            "TERM ",
            "64",
            "-1",
            "RTMIN-1",
            "RTMAX",
            "RTMAX-99",
            "HUP INT",
        ];
        for (let i = 0; i < wrong.length; i++) expect(signalNumber(wrong[i])).toBe(0);
    });
});

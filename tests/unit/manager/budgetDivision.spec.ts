// SPDX-License-Identifier: Apache-2.0
//
// The division of a CPU limit between a sentry and its container's threads.

import { BudgetDivision } from "../../../assembly/manager/budgetDivision";

const LIMIT: u64 = 50_000;
/** A sixteenth: what a sentry keeps. */
const LEAST: u64 = 3_125;
/** An eighth: what threads keep. */
const THREADS_LEAST: u64 = 6_250;

/** So many periods in which both use what they are given to use. How often the shares changed. */
function note(division: BudgetDivision, periods: i32, sentry: u64, threads: u64): i32 {
    let changes = 0;
    for (let i = 0; i < periods; i++) {
        if (division.note(min<u64>(sentry, division.sentryShare), min<u64>(threads, division.threadsShare)))
            changes++;
        assert(division.sentryShare + division.threadsShare == LIMIT, "the shares are not the limit");
        assert(division.sentryShare >= LEAST, "the sentry's share is too small");
        assert(division.threadsShare >= THREADS_LEAST, "the threads' share is too small");
    }
    return changes;
}

describe("budget division", () => {
    it("begins with halves", () => {
        const division = new BudgetDivision(LIMIT);
        expect(division.sentryShare).toBe(LIMIT / 2);
        expect(division.threadsShare).toBe(LIMIT / 2);
    });

    it("gives threads that compute nearly everything, and then stays", () => {
        const division = new BudgetDivision(LIMIT);
        expect(note(division, 2, 0, LIMIT)).toBe(1);
        expect(division.sentryShare).toBe(LEAST);
        expect(note(division, 50, 0, LIMIT)).toBe(0);
    });

    it("leaves the sentry what it uses and half as much again", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 4, 4_000, LIMIT);
        expect(division.sentryShare).toBe(6_000);
        expect(note(division, 50, 4_000, LIMIT)).toBe(0);
    });

    it("gives a sentry that is short more at once", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 3, 0, LIMIT);
        expect(note(division, 1, LIMIT, 500)).toBe(1);
        expect(division.sentryShare).toBe(4 * LEAST);
        // The period of a change tells nothing.
        expect(note(division, 1, LIMIT, 500)).toBe(0);
        note(division, 10, LIMIT, 500);
        expect(division.threadsShare).toBe(THREADS_LEAST);
    });

    it("gives a sentry that is short again and again more although the threads compute", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 3, 0, LIMIT);
        expect(note(division, 1, LIMIT, LIMIT)).toBe(0);
        expect(note(division, 1, LIMIT, LIMIT)).toBe(1);
        expect(division.sentryShare).toBe(2 * LEAST);
        // And does not take it back the next time that it needs less.
        expect(note(division, 20, 500, LIMIT)).toBe(0);
    });

    it("gives a sentry no more than half where both are short", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 3, 0, LIMIT);
        note(division, 20, LIMIT, LIMIT);
        expect(division.sentryShare).toBe(LIMIT / 2);
    });

    it("comes back within half a second when a start was all the sentry's work", () => {
        const division = new BudgetDivision(LIMIT);
        expect(division.note(LIMIT / 2, 2_000)).toBe(true);
        note(division, 3, 500, LIMIT);
        expect(division.sentryShare).toBe(LEAST);
    });

    it("sees threads that are short although every second period is empty", () => {
        const division = new BudgetDivision(LIMIT);
        division.note(LIMIT / 2, 2_000);
        for (let i: u64 = 0; i < 5; i++)
            division.note(300, i % 2 == 0 ? 0 : division.threadsShare + division.threadsShare / 4);
        expect(division.sentryShare).toBe(LEAST);
    });

    it("sees threads that are short where the kernel's clock is slower than ours", () => {
        const division = new BudgetDivision(LIMIT);
        for (let i = 0; i < 8; i++) division.note(300, (division.threadsShare * 5) / 8);
        expect(division.sentryShare).toBe(LEAST);
    });

    it("does not change back and forth for a sentry that is short now and then", () => {
        const division = new BudgetDivision(LIMIT);
        let changes = 0;
        for (let i = 0; i < 100; i++) {
            const used: u64 = i % 8 == 7 ? 3_400 : 800;
            if (division.note(min<u64>(used, division.sentryShare), division.threadsShare)) changes++;
        }
        // The one that gives the threads what a start needed no more.
        expect(changes).toBe(1);
        expect(division.sentryShare).toBe(LEAST);
    });

    it("changes nothing for a container that does little", () => {
        const division = new BudgetDivision(LIMIT);
        expect(note(division, 50, 100, 100)).toBe(0);
    });

    it("keeps enough for both sides of the smallest limit", () => {
        const division = new BudgetDivision(1_000);
        for (let i = 0; i < 10; i++) division.note(0, division.threadsShare);
        expect(division.sentryShare).toBe(200);
        expect(division.threadsShare).toBe(800);
    });
});

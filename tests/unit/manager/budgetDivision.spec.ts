// SPDX-License-Identifier: Apache-2.0
//
// The division of a CPU limit between a sentry and its container's threads.

import { BudgetDivision } from "../../../assembly/manager/budgetDivision";

const LIMIT: u64 = 50_000;
const LEAST: u64 = 1_000;

/** So many periods in which both use what they are given to use. Whether anything changed. */
function note(division: BudgetDivision, periods: i32, sentry: u64, threads: u64): bool {
    let changed = false;
    for (let i = 0; i < periods; i++) {
        if (division.note(min<u64>(sentry, division.sentryShare), min<u64>(threads, division.threadsShare)))
            changed = true;
        assert(division.sentryShare + division.threadsShare == LIMIT, "the shares are not the limit");
        assert(division.sentryShare >= LEAST && division.threadsShare >= LEAST, "a share is too small");
    }
    return changed;
}

describe("budget division", () => {
    it("begins with halves", () => {
        const division = new BudgetDivision(LIMIT);
        expect(division.sentryShare).toBe(LIMIT / 2);
        expect(division.threadsShare).toBe(LIMIT / 2);
    });

    it("gives threads that compute nearly everything, and then stays", () => {
        const division = new BudgetDivision(LIMIT);
        expect(note(division, 5, 0, LIMIT)).toBe(true);
        expect(division.sentryShare).toBe(LEAST);
        expect(note(division, 50, 0, LIMIT)).toBe(false);
    });

    it("leaves the sentry what it uses and half as much again", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 5, 4_000, LIMIT);
        expect(division.sentryShare).toBe(6_000);
        expect(note(division, 50, 4_000, LIMIT)).toBe(false);
    });

    it("gives a sentry that is short more at once", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 5, 0, LIMIT);
        expect(note(division, 1, LIMIT, 500)).toBe(true);
        expect(division.sentryShare).toBeGreaterThan(LIMIT / 2);
        note(division, 10, LIMIT, 500);
        expect(division.threadsShare).toBe(LEAST);
    });

    it("gives a sentry no more than half where both are short", () => {
        const division = new BudgetDivision(LIMIT);
        note(division, 5, 0, LIMIT);
        note(division, 20, LIMIT, LIMIT);
        expect(division.sentryShare).toBe(LIMIT / 2);
    });

    it("changes nothing for a container that does little", () => {
        const division = new BudgetDivision(LIMIT);
        expect(note(division, 50, 100, 100)).toBe(false);
    });

    it("keeps enough for both sides of the smallest limit", () => {
        const division = new BudgetDivision(1_000);
        for (let i = 0; i < 10; i++) division.note(0, division.threadsShare);
        expect(division.sentryShare).toBe(200);
        expect(division.threadsShare).toBe(800);
    });
});

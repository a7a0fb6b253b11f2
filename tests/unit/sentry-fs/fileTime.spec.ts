// SPDX-License-Identifier: Apache-2.0

import { nanosecondsOf, secondsOf, timeOf } from "../../../assembly/sentry/fs/fileTime";
import { nameIs, nameNumber } from "../../../assembly/sentry/fs/proc/procInodes";

describe("file times", () => {
    it("are seconds, rounded down, and nanoseconds from there, also before 1970", () => {
        expect(secondsOf(timeOf(5, 7))).toBe(5);
        expect(nanosecondsOf(timeOf(5, 7))).toBe(7);
        expect(secondsOf(timeOf(-5, 999_999_999))).toBe(-5);
        expect(nanosecondsOf(timeOf(-5, 999_999_999))).toBe(999_999_999);
        expect(secondsOf(timeOf(-1, 0))).toBe(-1);
        expect(nanosecondsOf(timeOf(-1, 0))).toBe(0);
        expect(secondsOf(-1)).toBe(-1);
        expect(nanosecondsOf(-1)).toBe(999_999_999);
    });

    it("are clamped where they cannot be kept", () => {
        const latest = secondsOf(timeOf(i64.MAX_VALUE, 0));
        expect(latest).toBeGreaterThan(9_000_000_000);
        expect(secondsOf(timeOf(latest + 1, 0))).toBe(latest);
        expect(secondsOf(timeOf(i64.MIN_VALUE, 0))).toBe(-latest);
    });
});

function number(text: string): i32 {
    const bytes = String.UTF8.encode(text);
    return nameNumber(changetype<usize>(bytes), bytes.byteLength);
}

describe("names in /proc", () => {
    it("are numbers only as Linux writes them", () => {
        expect(number("0")).toBe(0);
        expect(number("1")).toBe(1);
        expect(number("32768")).toBe(32768);
        expect(number("")).toBe(-1);
        expect(number("01")).toBe(-1);
        expect(number("-1")).toBe(-1);
        expect(number("1a")).toBe(-1);
        expect(number("999999999")).toBe(999999999);
        expect(number("9999999999")).toBe(-1);
    });

    it("are compared whole", () => {
        const bytes = String.UTF8.encode("status");
        expect(nameIs(changetype<usize>(bytes), 6, "status")).toBe(true);
        expect(nameIs(changetype<usize>(bytes), 4, "stat")).toBe(true);
        expect(nameIs(changetype<usize>(bytes), 6, "stat")).toBe(false);
        expect(nameIs(changetype<usize>(bytes), 6, "statuS")).toBe(false);
    });
});

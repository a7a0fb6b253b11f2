// SPDX-License-Identifier: Apache-2.0

import { SIGCHLD, SIGTERM, SIGUSR1, signalBit } from "../../../assembly/sentry/signals/numbers";
import { SignalInfo, SignalQueue } from "../../../assembly/sentry/signals/signalQueue";

function info(signal: i32, pid: i32): SignalInfo {
    return new SignalInfo(signal, 0, pid, 0);
}

describe("signal queues", () => {
    it("hold a standard signal once, with the first sender's information", () => {
        const queue = new SignalQueue();
        queue.add(info(SIGUSR1, 1));
        queue.add(info(SIGUSR1, 2));
        expect(queue.set).toBe(signalBit(SIGUSR1));
        expect(queue.take(SIGUSR1)!.pid).toBe(1);
        expect(queue.set).toBe(0);
        expect(queue.take(SIGUSR1) === null).toBe(true);
    });

    it("hold real-time signals in order", () => {
        const queue = new SignalQueue();
        queue.add(info(34, 1));
        queue.add(info(SIGTERM, 9));
        queue.add(info(34, 2));
        expect(queue.take(34)!.pid).toBe(1);
        expect(queue.set).toBe(signalBit(34) | signalBit(SIGTERM));
        expect(queue.take(34)!.pid).toBe(2);
        expect(queue.set).toBe(signalBit(SIGTERM));
        queue.add(info(34, 3));
        expect(queue.take(34)!.pid).toBe(3);
    });

    it("count what waits: a standard signal once, real-time signals as often as they were sent", () => {
        const queue = new SignalQueue();
        for (let i = 0; i < 20; i++) queue.add(info(40, i));
        queue.add(info(SIGCHLD, 1));
        queue.add(info(SIGCHLD, 1));
        expect(queue.count).toBe(21);
        queue.take(40);
        queue.take(SIGCHLD);
        expect(queue.count).toBe(19);
    });

    it("drop whole sets", () => {
        const queue = new SignalQueue();
        queue.add(info(34, 1));
        queue.add(info(34, 2));
        queue.add(info(SIGTERM, 3));
        queue.drop(signalBit(34));
        expect(queue.set).toBe(signalBit(SIGTERM));
        expect(queue.take(SIGTERM)!.pid).toBe(3);
    });
});

// SPDX-License-Identifier: Apache-2.0
//
// What a process does on each signal (sigaction(2)). Threads and CLONE_SIGHAND share the table; fork copies it. Action
// objects are never changed, so that copies share them.

import { SIGCHLD, SA_NOCLDWAIT, SIGNAL_MAXIMUM } from "./numbers";

export const SIG_DFL: u64 = 0;
export const SIG_IGN: u64 = 1;

export class SignalAction {
    constructor(
        readonly handler: u64,
        readonly flags: u64,
        readonly restorer: u64,
        readonly mask: u64,
    ) {}
}

export const DEFAULT_ACTION: SignalAction = new SignalAction(SIG_DFL, 0, 0, 0);

export class SignalActions {
    /** By signal number; null = DEFAULT_ACTION. */
    private actions: StaticArray<SignalAction | null> = new StaticArray<SignalAction | null>(
        SIGNAL_MAXIMUM + 1,
    );

    get(signal: i32): SignalAction {
        const action = this.actions[signal];
        return action === null ? DEFAULT_ACTION : action;
    }

    set(signal: i32, action: SignalAction | null): void {
        this.actions[signal] = action;
    }

    copy(): SignalActions {
        const copy = new SignalActions();
        for (let i = 1; i <= SIGNAL_MAXIMUM; i++) copy.actions[i] = this.actions[i];
        return copy;
    }

    /** execve(2): handlers become the default, ignored signals stay ignored. */
    copyForExec(): SignalActions {
        const copy = new SignalActions();
        for (let i = 1; i <= SIGNAL_MAXIMUM; i++) {
            const action = this.actions[i];
            if (action !== null && action.handler == SIG_IGN) copy.actions[i] = action;
        }
        return copy;
    }

    /** Whether children that end leave no zombie. */
    get reapsChildren(): bool {
        const action = this.get(SIGCHLD);
        return action.handler == SIG_IGN || (action.flags & SA_NOCLDWAIT) != 0;
    }
}

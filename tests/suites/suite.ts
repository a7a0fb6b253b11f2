// SPDX-License-Identifier: Apache-2.0
//
// What a public test suite is here: programs, commands, and what is left out with the reason.

import type { LayerEntry } from '../images/ociLayout.js';

/** Architectures that suites are built for, by OCI's names. */
export type SuiteArchitecture = 'amd64' | 'arm64';

/** One command that the supervisor runs. Its name has no spaces; its words are absolute paths or arguments. */
export interface SuiteCommand {
    name: string;
    words: readonly string[];
}

export type Verdict = 'pass' | 'fail' | 'hang';

/** How a command ended, as the supervisor saw it. */
export interface CommandOutcome {
    name: string;
    how: 'exit' | 'signal' | 'timeout' | 'lost';
    /** Exit code or signal. "lost": the container ended or went silent during this command. */
    number: number;
    milliseconds: number;
    output: string;
}

export interface BuiltSuite {
    /** Files of the image beside the supervisor's. */
    entries: LayerEntry[];
    commands: SuiteCommand[];
}

export interface Suite {
    name: string;
    title: string;
    /** Where it is from and which of its tests are run: for the report. */
    selection: string;
    /** Seconds after which a command counts as hanging: on Linux, in a container, on a board under QEMU. */
    limits: { linux: number; container: number; board: number };
    /** What is wanted of it: the share of what passes on Linux. */
    goal: number;
    /** Memory of its containers and of the machine below them, where they need more than others. */
    memory?: { container: string; machine: string };
    /** Builds for an architecture. A sentence says why it cannot be built here: it is then skipped, aloud. */
    build(architecture: SuiteArchitecture, slice: boolean): BuiltSuite | string;
    /** The verdicts in a command's outcome, by test; without it the command is the test, and exit code 0 is its pass. */
    judge?(outcome: CommandOutcome): Map<string, Verdict>;
}

/** Verdicts of an outcome. */
export function judgeOutcome(suite: Suite, outcome: CommandOutcome): Map<string, Verdict> {
    if (suite.judge !== undefined) return suite.judge(outcome);
    const hangs = outcome.how === 'timeout' || outcome.how === 'lost';
    const passes = outcome.how === 'exit' && outcome.number === 0;
    return new Map([[outcome.name, hangs ? 'hang' : passes ? 'pass' : 'fail']]);
}

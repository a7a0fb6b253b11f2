// SPDX-License-Identifier: Apache-2.0
//
// BusyBox's own test suite (Debian's source package busybox) on Debian's static BusyBox: shell scripts that use pipes, files,
// archives and processes all over.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { busyboxFor } from '../e2e/shellImage.js';
import { appletPaths, file, folder, symlink } from '../images/busyboxImage.js';
import type { LayerEntry } from '../images/ociLayout.js';
import { debianSourceFolder } from './programs.js';
import type { BuiltSuite, CommandOutcome, Suite, SuiteArchitecture, SuiteCommand, Verdict } from './suite.js';

const TARGET = 'suite/busybox';

/** Applets whose tests are not run. */
const leftOut: Readonly<Record<string, string>> = {
    wget: 'they reach for the Internet',
    bc: 'they do not end within a minute on Linux either',
};

/** Files of the folder, below `target`. */
function treeEntries(source: string, target: string): LayerEntry[] {
    return readdirSync(source).flatMap((name) => {
        const path = join(source, name);
        const status = lstatSync(path);
        const entryName = `${target}/${name}`;
        if (status.isDirectory()) return [folder(entryName), ...treeEntries(path, entryName)];
        if (status.isSymbolicLink()) return [symlink(entryName, readlinkSync(path))];
        return [file(entryName, readFileSync(path), status.mode & 0o777)];
    });
}

/** Applets whose tests start thousands of processes: not in the slice of `npm test`. */
const leftOutOfSlice = ['md5sum', 'sha1sum', 'sha256sum', 'sha512sum', 'sha3sum', 'dc'];

function build(architecture: SuiteArchitecture, slice: boolean): BuiltSuite {
    const source = debianSourceFolder('busybox');
    const tests = join(source, 'testsuite');
    const applets = appletPaths(busyboxFor('amd64'));
    const names = new Set([...applets.map((path) => basename(path)), 'busybox']);
    const isRun = (applet: string): boolean =>
        names.has(applet) && !(applet in leftOut) && !(slice && leftOutOfSlice.includes(applet));
    const options = [
        ...readFileSync(join(source, 'debian/config/pkg/static'), 'utf8').matchAll(/^CONFIG_(\w+)=/gm),
    ].map((match) => match[1]);
    const commands: SuiteCommand[] = [];
    const run = ['/bin/sh', '/suite/busyboxTest.sh'];
    for (const name of readdirSync(tests).sort()) {
        const newStyle = /^(.*)\.tests$/.exec(name)?.[1];
        if (newStyle !== undefined) {
            if (isRun(newStyle)) commands.push({ name: newStyle, words: [...run, 'new', newStyle] });
        } else if (isRun(name) && lstatSync(join(tests, name)).isDirectory()) {
            for (const test of readdirSync(join(tests, name)).sort())
                commands.push({ name: `${name}/${test}`, words: [...run, 'old', name, test] });
        }
    }
    return {
        entries: [
            ...[
                'usr',
                'usr/bin',
                'usr/sbin',
                'sbin',
                'bin',
                TARGET,
                `${TARGET}/links`,
                `${TARGET}/testsuite`,
            ].map((name) => folder(name)),
            file('bin/busybox', readFileSync(busyboxFor(architecture)), 0o755),
            ...applets.map((path) => symlink(path, '/bin/busybox')),
            symlink(`${TARGET}/busybox`, '/bin/busybox'),
            ...[...names].map((name) => symlink(`${TARGET}/links/${name}`, '/bin/busybox')),
            file(`${TARGET}/.config`, readFileSync(join(source, 'debian/config/pkg/static'))),
            file(`${TARGET}/options`, `:${options.join(':')}:`),
            ...treeEntries(tests, `${TARGET}/testsuite`),
            file(
                'suite/busyboxTest.sh',
                readFileSync(join(projectFolder, 'tests/suites/busyboxTest.sh')),
                0o755,
            ),
        ],
        commands,
    };
}

/** A script of the old style is one test. One of the new style prints "PASS: what" or "FAIL: what" for each of its tests. */
function judge({ name, how, number, output }: CommandOutcome): Map<string, Verdict> {
    const hangs = how === 'timeout' || how === 'lost';
    if (name.includes('/'))
        return new Map([[name, hangs ? 'hang' : how === 'exit' && number === 0 ? 'pass' : 'fail']]);
    const verdicts = new Map<string, Verdict>();
    for (const [, verdict, what] of output.matchAll(/^(PASS|FAIL): (.*)$/gm)) {
        const test = `${name}: ${what!.trim()}`;
        // Of tests with the same words the worst counts.
        if (verdict === 'FAIL' || !verdicts.has(test))
            verdicts.set(test, verdict === 'PASS' ? 'pass' : 'fail');
    }
    if (hangs) verdicts.set(`${name}: the end`, 'hang');
    return verdicts;
}

export const busyboxSuite: Suite = {
    name: 'busybox',
    title: "BusyBox's own suite",
    selection:
        "Debian's source package `busybox`, folder `testsuite`, with Debian's static BusyBox: every applet that it has, without " +
        `${Object.entries(leftOut)
            .map(([applet, reason]) => `${applet} (${reason})`)
            .join(', ')}.`,
    limits: { linux: 60, container: 120, board: 400 },
    goal: 1,
    build,
    judge,
};

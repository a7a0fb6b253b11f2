// SPDX-License-Identifier: Apache-2.0
//
// A slice of the public test suites: nolibc-test, BusyBox's suite and programs of the Open POSIX Test Suite that Linux passes at
// once. What passes on Linux has to pass here, unless tests/suites/differences.json says why it does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipWithoutRoot } from '../e2e/linuxReference.js';
import { busyboxSuite } from './busyboxSuite.js';
import { nolibcSuite } from './nolibcSuite.js';
import { posixSuite } from './posixSuite.js';
import { compare, explanationOf, readExplanations } from './report.js';
import { compareSuite } from './runSuite.js';

for (const suite of [nolibcSuite, busyboxSuite, posixSuite]) {
    test(`${suite.title}: what passes on Linux`, { skip: skipWithoutRoot }, async (context) => {
        const built = suite.build('amd64', true);
        if (typeof built === 'string') {
            context.skip(built);
            return;
        }
        const { linux, container } = await compareSuite(suite, built, built, 'amd64', {
            say: (text) => context.diagnostic(text),
        });
        const result = compare(suite, linux, container, 'platform/linux');
        const explanations = readExplanations();
        const unexplained = result.differences.filter(
            ({ test: name }) => explanationOf(explanations, suite.name, name) === undefined,
        );
        for (const name of Object.keys(explanations[suite.name] ?? {})) {
            if (container.verdicts.get(name) === 'pass')
                context.diagnostic(`${name} passes; tests/suites/differences.json says that it does not`);
        }
        context.diagnostic(`${result.passedHere} of ${result.passedOnLinux} that pass on Linux`);
        assert.ok(result.passedOnLinux > 0, 'nothing passes on Linux');
        assert.deepEqual(unexplained, []);
    });
}

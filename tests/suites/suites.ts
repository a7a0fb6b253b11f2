// SPDX-License-Identifier: Apache-2.0

import { busyboxSuite } from './busyboxSuite.js';
import { libcTestSuite, ltpSuite } from './folderSuites.js';
import { nolibcSuite } from './nolibcSuite.js';
import { posixSuite } from './posixSuite.js';
import { pythonSuite } from './pythonSuite.js';
import type { Suite } from './suite.js';

/** All suites, the small ones first. */
export const suites: readonly Suite[] = [
    nolibcSuite,
    busyboxSuite,
    posixSuite,
    pythonSuite,
    libcTestSuite,
    ltpSuite,
];

// SPDX-License-Identifier: Apache-2.0
//
// Sealift's own account in the terms in which systems are compared.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumOf, usedBytes } from '../../bench/memory/measurement.js';
import { sealiftOwners, withoutContainer } from '../../bench/memory/sealiftAccount.js';

const account = {
    machineMemory: 1000,
    kernelOverhead: 150,
    owners: [
        { owner: 'root task: C runtime', bytes: 100 },
        { owner: 'root task: packed image', bytes: 50 },
        { owner: 'layer store: files', bytes: 200 },
        { owner: 'containers', bytes: 64 },
        { owner: 'free', bytes: 586 },
    ],
    container: {
        memoryLimit: 64,
        owners: [
            { owner: 'sentry: heap', bytes: 40 },
            { owner: 'free', bytes: 24 },
        ],
        systemCalls: 0,
        pageFaults: 0,
        layerBytesMapped: 0,
        instructions: 0,
    },
};

test("the sum is the machine's memory, the containers' by what is in them", () => {
    const owners = sealiftOwners(account, 1200);
    assert.equal(sumOf(owners), 1200);
    assert.equal(usedBytes(owners), 200 + 100 + 50 + 200 + 40);
    assert.equal(
        owners.find(({ owner }) => owner === 'containers'),
        undefined,
    );
});

test('without a container, only kernel and engine are left', () => {
    const owners = withoutContainer(sealiftOwners(account, 1200));
    assert.equal(sumOf(owners), 1200);
    assert.equal(usedBytes(owners), 200 + 100);
});

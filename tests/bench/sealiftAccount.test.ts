// SPDX-License-Identifier: Apache-2.0
//
// Sealift's own account in the terms in which systems are compared.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumOf, usedBytes } from '../../bench/memory/measurement.js';
import { sealiftOwners } from '../../bench/memory/sealiftAccount.js';

function container(name: string, heap: number) {
    return {
        name,
        owners: [
            { owner: 'sentry: heap', bytes: heap },
            { owner: 'free', bytes: 64 - heap },
        ],
        layerBytesMapped: 0,
        stale: false,
    };
}

const account = {
    machineMemory: 1000,
    owners: [
        { owner: 'root task: C runtime', bytes: 100 },
        { owner: 'root task: packed image', bytes: 50 },
        { owner: 'layer store: files', bytes: 200 },
        { owner: 'containers', bytes: 128 },
        { owner: 'free', bytes: 522 },
    ],
    containers: [container('one', 40), container('two', 44)],
};

test("the sum is the machine's memory, the containers' by what is in them", () => {
    const owners = sealiftOwners(account, 1200);
    assert.equal(sumOf(owners), 1200);
    assert.equal(usedBytes(owners), 200 + 100 + 50 + 200 + 84);
    assert.deepEqual(
        owners.find(({ owner }) => owner === 'containers: sentry: heap'),
        { owner: 'containers: sentry: heap', group: 'containers', bytes: 84 },
    );
    assert.deepEqual(
        owners.find(({ owner }) => owner === 'containers'),
        undefined,
    );
});

test('layers and the packed image are the image', () => {
    const owners = sealiftOwners({ ...account, containers: [] }, 1200);
    assert.equal(sumOf(owners.filter(({ group }) => group === 'image')), 250);
});

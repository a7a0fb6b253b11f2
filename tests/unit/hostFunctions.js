// SPDX-License-Identifier: Apache-2.0
//
// The host functions of wit/sealift.wit that compute and hold no authority, for unit tests in Node. What invokes the
// kernel meets a model of untypeds and CNodes (kernelModel.js); what needs more of a machine fails the test that calls it.

import { createHash } from 'node:crypto';
import { kernelModel } from './kernelModel.js';

/** Import modules for WebAssembly.instantiate; `memory()` gives the instance's memory. */
export function hostFunctions(memory) {
    const bytes = (at, length) => new Uint8Array(memory().buffer, at >>> 0, length >>> 0);
    // The runtime keeps a digest's state in the caller's memory; here its first word names a hash of this process.
    const hashes = new Map();
    const stateOf = (state) => new DataView(memory().buffer).getUint32(state >>> 0, true);

    const functions = {
        'sealift:system/kernel@0.1.0': kernelModel(),
        'sealift:system/digest@0.1.0': {
            'sha256-begin': (state) => {
                hashes.set(hashes.size + 1, createHash('sha256'));
                new DataView(memory().buffer).setUint32(state >>> 0, hashes.size, true);
            },
            'sha256-update': (state, data, length) => hashes.get(stateOf(state)).update(bytes(data, length)),
            'sha256-end': (state, digest) => bytes(digest, 32).set(hashes.get(stateOf(state)).digest()),
        },
        'sealift:system/pages@0.1.0': {
            // The sum of its bytes: unlike the runtime's hash it is easily shared by pages that differ.
            hash: (page) => BigInt(bytes(page, 4096).reduce((sum, byte) => sum + byte, 0)) << 32n,
            equal: (left, right) => Number(Buffer.compare(bytes(left, 4096), bytes(right, 4096)) === 0),
        },
        'sealift:system/clock@0.1.0': {
            now: () => process.hrtime.bigint(),
            realtime: () => BigInt(Date.now()) * 1000000n,
            counter: () => 0n,
        },
        'sealift:system/report@0.1.0': { instructions: () => 0n },
    };
    const refuse = (module, name) => () => {
        throw new Error(`${module} ${name} was called in a unit test`);
    };
    for (const module of ['kernel', 'memory', 'codec', 'boot', 'clock', 'report', 'digest', 'pages']) {
        const name = `sealift:system/${module}@0.1.0`;
        functions[name] = new Proxy(functions[name] ?? {}, {
            get: (target, property) => target[property] ?? refuse(name, String(property)),
            has: () => true,
        });
    }
    return functions;
}

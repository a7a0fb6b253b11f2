// SPDX-License-Identifier: Apache-2.0
//
// as-pect runs the unit tests of assembly/ in Node: `npx asp`. Pure host functions are answered here; tests of code that
// invokes the kernel bring a model of their own (tests/unit/hostFunctions.js).

import { hostFunctions } from './tests/unit/hostFunctions.js';

export default {
    entries: ['tests/unit/**/*.spec.ts'],
    include: [],
    disclude: [/node_modules/],
    async instantiate(memory, createImports, instantiate, binary) {
        let instance = null;
        // The imports need the instance's memory, which exists only once it is made.
        const exported = () => instance.exports.memory;
        // Beside what createImports makes: that copies functions by name, and these answer to every name.
        const imports = { ...createImports({ env: { memory } }), ...hostFunctions(exported) };
        instance = await instantiate(binary, imports);
        return instance;
    },
    outputBinary: false,
};

// SPDX-License-Identifier: Apache-2.0
//
// The set of the specification's tests in Debian's source package binaryen (108): older than the suite's 2.0, and mixed
// with tests of proposals and of binaryen's own interpreter. What of it is not about WebAssembly 2.0 is left out by name.

const REASONS = [
    [/64\.wast$/, 'the proposal memory64'],
    [/^old_(address|import|start)\.wast$/, 'written for an older "spectest" module'],
    [/^call_indirect_(refnull|sig_mismatch)\.wast$/, "the words of binaryen's interpreter"],
    [/^(linking|table_get)\.wast$/, "traps in an older edition's words"],
    [
        /^(func|type|unreached-invalid|binary)\.wast$/,
        'holds invalid what multiple values and references allow',
    ],
    [/^imports\.wast$/, 'holds unlinkable what mutable globals allow'],
    [/^ref_func\.wast$/, "imports from a module that binaryen's shell registers"],
];

/** Why a file of the set is not run, or undefined. Names that wabt itself has for i64 and f64 are not meant. */
export function reasonToLeaveOut(name) {
    if (/^[if]64\.wast$/.test(name)) return undefined;
    return REASONS.find(([pattern]) => pattern.test(name))?.[1];
}

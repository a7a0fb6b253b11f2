// SPDX-License-Identifier: Apache-2.0
//
// The locks of scripts/lock.mjs, with their types: images and packages below build/ are made by whichever test needs them
// first, while others run beside it.

interface Locks {
    withLock: <Result>(path: string, work: () => Result) => Result;
}

// Compiled, this file is build/tests/images/lock.js.
const source = new URL('../../../scripts/lock.mjs', import.meta.url);

export const { withLock } = (await import(source.href)) as Locks;

// SPDX-License-Identifier: Apache-2.0
//
// A child of fork begins with the FPU registers of a new program: of those, a caller may rely only on what functions keep.

export function savesStateFirst(message: usize, stubPage: u64): bool {
    return false;
}

export function loadStateFirst(context: usize, stubPage: u64): void {}

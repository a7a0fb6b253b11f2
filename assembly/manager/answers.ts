// SPDX-License-Identifier: Apache-2.0
//
// What the manager answers sentries: 0, or a number of Linux's errno.h.

export const DONE: u32 = 0;
export const EPERM: u32 = 1;
export const ENOENT: u32 = 2;
export const ENOMEM: u32 = 12;
export const EINVAL: u32 = 22;
export const ENOSYS: u32 = 38;

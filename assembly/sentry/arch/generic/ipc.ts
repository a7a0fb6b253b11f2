// SPDX-License-Identifier: Apache-2.0
//
// struct semid64_ds of the architectures that have the common one (asm-generic/sembuf.h).

export const SEMAPHORE_STATUS_SIZE: i32 = 88;
export const SEMAPHORE_OPERATION_TIME: usize = 48;
export const SEMAPHORE_CHANGE_TIME: usize = 56;
export const SEMAPHORE_COUNT: usize = 64;

// SPDX-License-Identifier: Apache-2.0
//
// struct semid64_ds of x86_64 (asm/sembuf.h): a reserved word follows each time.

export const SEMAPHORE_STATUS_SIZE: i32 = 104;
export const SEMAPHORE_OPERATION_TIME: usize = 48;
export const SEMAPHORE_CHANGE_TIME: usize = 64;
export const SEMAPHORE_COUNT: usize = 80;

// SPDX-License-Identifier: Apache-2.0
//
// Fills the table of system calls from all families.

import { registerAttributeCalls } from "./attributes";
import { registerDescriptorCalls } from "./descriptor";
import { registerDirectoryCalls } from "./directory";
import { registerEpollCalls } from "./epoll";
import { registerExtendedAttributeCalls } from "./extendedAttributes";
import { registerFileCalls } from "./file";
import { registerFutexCalls } from "./futex";
import { registerIdentityCalls } from "./identity";
import { registerInotifyCalls } from "./inotify";
import { registerSealCalls } from "./memfd";
import { registerMessageQueueCalls } from "./messageQueue";
import { registerPosixMessageQueueCalls } from "./posixMessageQueue";
import { registerSemaphoreCalls } from "./semaphore";
import { registerSharedMemoryCalls } from "./sharedMemory";
import { registerMemoryCalls } from "./memory";
import { registerAdviceCalls } from "./memoryAdvice";
import { registerLockCalls } from "./memoryLock";
import { registerRemapCalls } from "./mremap";
import { registerMessageCalls } from "./message";
import { registerMountCalls } from "./mount";
import { registerOpenat2Calls } from "./openat2";
import { registerPathCalls } from "./path";
import { registerPipeCalls } from "./pipe";
import { registerPollCalls } from "./poll";
import { registerPrctlCalls } from "./prctl";
import { registerProcessCalls } from "./process";
import { registerProcessHandleCalls } from "./processHandle";
import { registerSchedulingCalls } from "./scheduling";
import { registerSignalCalls } from "./signal";
import { registerSocketCalls } from "./socket";
import { registerStatCalls } from "./stat";
import { registerSystemCalls } from "./system";
import { registerTimeCalls } from "./time";
import { registerTimerCalls } from "./timer";
import { registerTransferCalls } from "./transfer";
import { registerWaitCalls } from "./wait";

export function registerAllCalls(): void {
    registerProcessCalls();
    registerProcessHandleCalls();
    registerWaitCalls();
    registerIdentityCalls();
    registerMemoryCalls();
    registerRemapCalls();
    registerAdviceCalls();
    registerLockCalls();
    registerSealCalls();
    registerSharedMemoryCalls();
    registerSemaphoreCalls();
    registerMessageQueueCalls();
    registerPosixMessageQueueCalls();
    registerSignalCalls();
    registerTimeCalls();
    registerTimerCalls();
    registerFutexCalls();
    registerSystemCalls();
    registerSchedulingCalls();
    registerPrctlCalls();
    registerFileCalls();
    registerOpenat2Calls();
    registerDirectoryCalls();
    registerPathCalls();
    registerStatCalls();
    registerAttributeCalls();
    registerExtendedAttributeCalls();
    registerDescriptorCalls();
    registerPipeCalls();
    registerPollCalls();
    registerEpollCalls();
    registerInotifyCalls();
    registerTransferCalls();
    registerMountCalls();
    registerSocketCalls();
    registerMessageCalls();
}

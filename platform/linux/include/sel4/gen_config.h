// SPDX-License-Identifier: Apache-2.0
//
// The options of the user-level library. Its inline invocations are not part of this folder, so only the
// one that a declaration of the IPC buffer pointer depends on is stated.
#pragma once

#define CONFIG_LIB_SEL4_USE_THREAD_LOCALS 1

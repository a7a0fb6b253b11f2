// SPDX-License-Identifier: Apache-2.0
//
// The application binary interface of seL4 (x86_64, MCS) as constants and types, with the names of the seL4
// reference manual and of libsel4. A root task compiled against this folder and one compiled against the
// headers of a real kernel with the options in kernel/gen_config.h are the same program. There are no
// invocation functions here: those that use this header write their own system-call stubs.
#pragma once

#include <sel4/bootinfo_types.h>
#include <sel4/config.h>
#include <sel4/constants.h>
#include <sel4/errors.h>
#include <sel4/faults.h>
#include <sel4/invocation.h>
#include <sel4/objecttype.h>
#include <sel4/syscall.h>
#include <sel4/types.h>

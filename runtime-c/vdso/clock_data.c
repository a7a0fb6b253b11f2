// SPDX-License-Identifier: Apache-2.0

#include "vdso/clock_data.h"

const volatile struct vdso_clock_data vdso_clock_data __attribute__((section(".clock_data"))) = {0};

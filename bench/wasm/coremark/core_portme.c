// SPDX-License-Identifier: Apache-2.0
//
// run(COUNT) is COUNT iterations of CoreMark's performance run; its result is the checksum that CoreMark
// prints at the end
// ("crcfinal"). Time is measured outside.
#include "coremark.h"

#include <stdarg.h>

volatile ee_s32 seed1_volatile = 0;
volatile ee_s32 seed2_volatile = 0;
volatile ee_s32 seed3_volatile = 0x66;
volatile ee_s32 seed4_volatile; // iterations
volatile ee_s32 seed5_volatile = 0;

ee_u32 default_num_contexts = 1;

static uint32_t checksum;

int main(void);

__attribute__((used)) int32_t run(int32_t count) {
    seed4_volatile = count;
    main();
    return (int32_t)checksum;
}

// Less than ten seconds is no valid result for publication, and CoreMark divides by the seconds: any number
// will do.
void start_time(void) {}
void stop_time(void) {}
CORE_TICKS get_time(void) {
    return 1;
}
secs_ret time_in_secs(CORE_TICKS ticks) {
    return ticks;
}

void portable_init(core_portable *portable, int *argument_count, char *arguments[]) {
    (void)argument_count, (void)arguments;
    portable->portable_id = 1;
}

void portable_fini(core_portable *portable) {
    portable->portable_id = 0;
}

int ee_printf(const char *format, ...) {
    static const char wanted[] = "[%d]crcfinal";
    for (int i = 0; wanted[i]; i++)
        if (format[i] != wanted[i])
            return 0;
    va_list list;
    va_start(list, format);
    va_arg(list, int);
    checksum = va_arg(list, unsigned);
    va_end(list);
    return 0;
}

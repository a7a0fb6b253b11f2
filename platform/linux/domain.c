// SPDX-License-Identifier: Apache-2.0
//
// Scheduling domains. The modelled kernel has a single one, so that little of this can succeed.
#include "kernel.h"

/** Entries of the domain schedule; the last one stays its end marker. */
#define SCHEDULE_LENGTH 2

/** Durations have 56 bits. */
#define MAXIMUM_DURATION (UINT64_MAX >> 8)

static enum outcome set(const struct invocation *invocation) {
    if (invocation->length == 0)
        return error_plain(seL4_TruncatedMessage);
    if (argument(invocation, 0) >= CONFIG_NUM_DOMAINS)
        return error_argument(0);
    if (!kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    if (kernel.extra[0]->cap.type != CAP_THREAD)
        return error_argument(1);
    struct thread *thread = at(capability_address(kernel.extra[0]->cap));
    invocation_accepted();
    scheduler_dequeue(thread);
    if (thread_is_schedulable(thread))
        scheduler_enqueue(thread);
    if (thread == kernel.current)
        scheduler_reschedule();
    return DONE;
}

static enum outcome configure_schedule(const struct invocation *invocation) {
    if (invocation->length < 3)
        return error_plain(seL4_TruncatedMessage);
    uint64_t index = argument(invocation, 0), domain = argument(invocation, 1);
    uint64_t duration = argument(invocation, 2);
    if (index >= SCHEDULE_LENGTH - 1)
        return error_range(0, SCHEDULE_LENGTH - 2);
    if (domain >= CONFIG_NUM_DOMAINS)
        return error_range(0, CONFIG_NUM_DOMAINS - 1);
    if (duration > MAXIMUM_DURATION || duration == 0)
        return error_argument(2);
    invocation_accepted();
    return DONE;
}

static enum outcome set_schedule_start(const struct invocation *invocation) {
    if (invocation->length < 1)
        return error_plain(seL4_TruncatedMessage);
    uint64_t index = argument(invocation, 0);
    if (index >= SCHEDULE_LENGTH)
        return error_range(0, SCHEDULE_LENGTH - 1);
    if (index == SCHEDULE_LENGTH - 1)
        return error_argument(0);
    invocation_accepted();
    scheduler_reschedule();
    return DONE;
}

enum outcome domain_decode(const struct invocation *invocation) {
    switch (invocation->label) {
    case DomainSetSet:
        return set(invocation);
    case DomainScheduleConfigure:
        return configure_schedule(invocation);
    case DomainScheduleSetStart:
        return set_schedule_start(invocation);
    default:
        return error_plain(seL4_IllegalOperation);
    }
}

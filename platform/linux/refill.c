// SPDX-License-Identifier: Apache-2.0
//
// Refills: the budget of a scheduling context as a sporadic server. What is used now comes back one period
// later, so that in any window of a period no more than the budget is used. The refills are a circular buffer
// ordered by time; each but a round-robin context's second one holds at least the minimum budget.
#include "clock.h"
#include "kernel.h"

/** Time the kernel may need for one operation, as seL4 has it for x86; a thread must have twice that left. */
#define KERNEL_WORST_CASE_US 10

uint64_t minimum_budget(void) {
    return 2 * KERNEL_WORST_CASE_US * time_ticks_per_us();
}

/** The longest period, in microseconds: far enough from the end of the tick counter for all sums to fit. */
uint64_t maximum_period_us(void) {
    return UINT64_MAX / time_ticks_per_us() / 8;
}

/** A refill later than this is not delayed any more. */
static uint64_t latest_release(void) {
    return UINT64_MAX - 5 * maximum_period_us() * time_ticks_per_us();
}

uint64_t refill_maximum(struct capability cap) {
    return ((1UL << cap.sched_context.size_bits) - sizeof(struct sched_context)) / sizeof(struct refill);
}

struct refill *refill_head(struct sched_context *sc) {
    return &sc->refills[sc->refill_head];
}
static struct refill *refill_tail(struct sched_context *sc) {
    return &sc->refills[sc->refill_tail];
}

static uint64_t after(const struct sched_context *sc, uint64_t index) {
    return index == sc->refill_count - 1 ? 0 : index + 1;
}

static bool is_single(const struct sched_context *sc) {
    return sc->refill_head == sc->refill_tail;
}
static bool is_full(const struct sched_context *sc) {
    return after(sc, sc->refill_tail) == sc->refill_head;
}

static struct refill pop_head(struct sched_context *sc) {
    struct refill head = *refill_head(sc);
    check(!is_single(sc));
    sc->refill_head = after(sc, sc->refill_head);
    return head;
}

static void add_tail(struct sched_context *sc, struct refill refill) {
    check(!is_full(sc));
    sc->refill_tail = after(sc, sc->refill_tail);
    *refill_tail(sc) = refill;
}

bool refill_is_ready(struct sched_context *sc) {
    return refill_head(sc)->time <= kernel.now;
}

bool refill_is_sufficient(struct sched_context *sc, uint64_t usage) {
    uint64_t amount = refill_head(sc)->amount;
    return (usage > amount ? 0 : amount - usage) >= minimum_budget();
}

/** A round-robin context notes in its second refill how much of the slice is used. */
static void add_round_robin_tail(struct sched_context *sc) {
    if (sched_context_is_round_robin(sc))
        add_tail(sc, (struct refill){.time = refill_head(sc)->time});
}

void refill_new(struct sched_context *sc, uint64_t count, uint64_t budget, uint64_t period) {
    sc->period = period;
    sc->refill_head = sc->refill_tail = 0;
    sc->refill_count = count;
    *refill_head(sc) = (struct refill){.time = kernel.now, .amount = budget};
    add_round_robin_tail(sc);
}

/** Changes the parameters of a context in use without ever allowing more than the new budget in a period. */
void refill_update(struct sched_context *sc, uint64_t period, uint64_t budget, uint64_t count) {
    struct refill head = *refill_head(sc);
    sc->refill_head = sc->refill_tail = 0;
    sc->refill_count = count;
    sc->period = period;
    if (head.time <= kernel.now)
        head.time = kernel.now;
    if (head.amount >= budget) {
        head.amount = budget;
        *refill_head(sc) = head;
        add_round_robin_tail(sc);
    } else {
        *refill_head(sc) = head;
        add_tail(sc, (struct refill){.time = head.time + period, .amount = budget - head.amount});
    }
}

/** Adds what was used as a refill, joined to the last one if they touch or there is no room. */
static void schedule_used(struct sched_context *sc, struct refill used) {
    struct refill *tail = refill_tail(sc);
    if (tail->time + tail->amount >= used.time) {
        tail->amount += used.amount;
    } else if (!is_full(sc)) {
        add_tail(sc, used);
    } else {
        tail->time = used.time - tail->amount;
        tail->amount += used.amount;
    }
}

/** Charges whole refills as long as the usage exceeds them. @return the usage left */
static uint64_t charge_whole(struct sched_context *sc, uint64_t usage) {
    while (refill_head(sc)->amount <= usage && refill_head(sc)->time < latest_release()) {
        struct refill head = *refill_head(sc);
        if (is_single(sc)) {
            refill_head(sc)->time += sc->period;
        } else {
            pop_head(sc);
            schedule_used(sc, (struct refill){.time = head.time + sc->period, .amount = head.amount});
        }
        usage -= head.amount;
    }
    return usage;
}

/** Charges ticks to a context that is not round robin. */
void refill_charge(struct sched_context *sc, uint64_t usage) {
    check(!sched_context_is_round_robin(sc));
    usage = charge_whole(sc, usage);
    struct refill *head = refill_head(sc);
    if (usage > 0 && head->time < latest_release()) {
        struct refill used = {.time = head->time + sc->period, .amount = usage};
        check(head->amount > usage);
        head->amount -= usage;
        head->time += usage;
        schedule_used(sc, used);
    }
    while (refill_head(sc)->amount < minimum_budget()) {
        // Too little to be used alone: it joins the next refill, which ends no later than before.
        struct refill first = pop_head(sc);
        refill_head(sc)->amount += first.amount;
        refill_head(sc)->time -= first.amount;
    }
}

/** A thread begins to use the context after a pause: time before now is lost, and what is due is one refill.
 */
void refill_unblock(struct sched_context *sc) {
    if (sched_context_is_round_robin(sc) || !refill_is_ready(sc))
        return;
    refill_head(sc)->time = kernel.now;
    kernel.reprogram = true;
    while (!is_single(sc)) {
        const struct refill *head = refill_head(sc), *next = &sc->refills[after(sc, sc->refill_head)];
        if (next->time > head->time + head->amount)
            break;
        struct refill first = pop_head(sc);
        refill_head(sc)->time = first.time;
        refill_head(sc)->amount += first.amount;
    }
}

void refill_round_robin_charge(struct sched_context *sc, uint64_t usage) {
    refill_head(sc)->amount -= usage;
    refill_tail(sc)->amount += usage;
}

/** Begins a new slice. */
void refill_round_robin_restart(struct sched_context *sc) {
    refill_head(sc)->amount += refill_tail(sc)->amount;
    refill_tail(sc)->amount = 0;
}

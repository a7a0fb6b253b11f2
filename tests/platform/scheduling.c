// SPDX-License-Identifier: Apache-2.0
//
// Who runs when: priorities, round robin, budgets, timeouts.
#include "script.h"

extern unsigned char domain_count[];

static volatile uint64_t counters[3];

static void count(uint64_t index) {
    for (;;)
        counters[index]++;
}

/** Lets others run for a time: the root thread waits for the end of its own period. */
static void sleep_us(uint64_t us) {
    uint64_t end = now() + us * ticks_per_us();
    // A budget of the least possible, used up at once, comes back after the period.
    configure_sched_context(seL4_CapInitThreadSC, 1000, 10000, 0, 0, 0);
    while (now() < end)
        yield();
    configure_sched_context(seL4_CapInitThreadSC, 5000, 5000, 0, 0, 0);
}

/** Waits until a counter has passed a value, with much patience: the machine may be emulated and loaded.
 *  @return whether it has */
static bool passes(unsigned index, uint64_t value) {
    for (unsigned i = 0; i < 300 && counters[index] <= value; i++)
        sleep_us(10000);
    return counters[index] > value;
}

static void clear(void) {
    counters[0] = counters[1] = counters[2] = 0;
}

static void priorities(void) {
    struct thread low = thread_new(count, 0, PRIORITY_LOW), lower = thread_new(count, 1, PRIORITY_LOW - 1);
    clear();
    thread_start(&low);
    thread_start(&lower);
    LOG("scheduling.nothing-below", counters[0], counters[1]);
    LOG("scheduling.only-highest", passes(0, 0), counters[1]);
    set_priority(lower.tcb, PRIORITY_LOW);
    uint64_t before = counters[0];
    LOG("scheduling.round-robin", passes(0, before), passes(1, 0));
    set_priority(lower.tcb, PRIORITY_LOW + 1);
    before = counters[0];
    sleep_us(30000);
    LOG("scheduling.raised", counters[0] == before);
    thread_stop(&lower);
    LOG("scheduling.after-suspend", passes(0, before));
    delete (low.tcb);
    delete (lower.tcb);
}

/** A thread with 2 of every 20 ms gets about a tenth of the time, and one below it the rest. */
static void budgets(void) {
    struct thread limited = thread_new(count, 0, PRIORITY_LOW + 1), rest = thread_new(count, 1, PRIORITY_LOW);
    clear();
    log_message("scheduling.limit", configure_sched_context(limited.sched_context, 2000, 20000, 0, 0, 0));
    thread_start(&limited);
    thread_start(&rest);
    uint64_t start = now();
    sleep_us(800000);
    thread_stop(&limited);
    thread_stop(&rest);
    uint64_t elapsed = (now() - start) / ticks_per_us();
    uint64_t consumed = invoke(limited.sched_context, SchedContextConsumed, NO_CAPS, NO_WORDS).words[0];
    uint64_t rest_consumed = invoke(rest.sched_context, SchedContextConsumed, NO_CAPS, NO_WORDS).words[0];
    // A tenth, give or take what a loaded machine makes late; the rest is the other thread's and the root
    // task's.
    LOG("scheduling.limited-time", consumed > elapsed / 40, consumed < elapsed / 4);
    LOG("scheduling.rest-time", rest_consumed > elapsed / 3);
    LOG("scheduling.limited-counts", counters[0] > 0, counters[1] > 2 * counters[0]);
    LOG("scheduling.consumed-reset",
        invoke(limited.sched_context, SchedContextConsumed, NO_CAPS, NO_WORDS).words[0]);
    delete (limited.tcb);
    delete (rest.tcb);
}

static void timeouts(void) {
    struct thread thread = thread_new(count, 0, PRIORITY_LOW);
    seL4_CPtr endpoint = object_new(seL4_EndpointObject, 0);
    clear();
    configure_sched_context(thread.sched_context, 2000, 50000, 0, 0x7e57, 0);
    log_message("scheduling.timeout-endpoint",
                invoke(thread.tcb, TCBSetTimeoutEndpoint, CAPS(minted(endpoint, 0x44)), NO_WORDS));
    thread_start(&thread);
    struct message message = receive(seL4_SysRecv, endpoint, thread.reply);
    LOG("scheduling.timeout", message.badge, message.label, message.length, message.words[0],
        message.words[1] >= 1900, message.words[1] < 1000000);
    // More budget, and the thread goes on where it was.
    uint64_t before = counters[0];
    configure_sched_context(thread.sched_context, 3000, 60000, 0, 0x7e58, 0);
    message = reply_receive(endpoint, thread.reply, 0, 0);
    LOG("scheduling.timeout-again", message.label, message.words[0], counters[0] > before);
    // Any other label leaves it stopped.
    before = counters[0];
    send(seL4_SysSend, thread.reply, 1, 0);
    sleep_us(30000);
    LOG("scheduling.timeout-stopped", counters[0] == before);
    // Without a handler the thread just waits for its next period.
    invoke(thread.tcb, TCBSetTimeoutEndpoint, CAPS(seL4_CapNull), NO_WORDS);
    thread_start(&thread);
    LOG("scheduling.no-timeout", passes(0, before));
    delete (thread.tcb);
}

static void yielding(void) {
    struct thread a = thread_new(count, 0, PRIORITY_ROOT);
    clear();
    thread_start(&a);
    // Of the same priority: it runs when this thread yields, until its slice ends.
    yield();
    LOG("scheduling.yield", counters[0] > 0);
    uint64_t before = counters[0];
    struct message message = invoke(a.sched_context, SchedContextYieldTo, NO_CAPS, NO_WORDS);
    LOG("scheduling.yield-to", message.label, message.length, counters[0] > before);
    set_priority(a.tcb, PRIORITY_LOW);
    before = counters[0];
    message = invoke(a.sched_context, SchedContextYieldTo, NO_CAPS, NO_WORDS);
    LOG("scheduling.yield-to-lower", message.label, message.length, counters[0] == before);
    thread_stop(&a);
    delete (a.tcb);
}

/** A thread that becomes ready at a higher priority runs at once, a lower one does not. */
static void preemption(void) {
    seL4_CPtr notification = object_new(seL4_NotificationObject, 0);
    struct script high = {.count = 1, .steps = {{seL4_SysWait, notification, 0, 0, 0, 0, 0}}};
    struct script low = high;
    struct thread high_thread = script_start(&high, PRIORITY_HIGH);
    send(seL4_SysSend, notification, 0, 0);
    LOG("scheduling.preempted", high.done);
    struct thread low_thread = script_start(&low, PRIORITY_LOW);
    sleep_us(100000); // it comes to wait
    send(seL4_SysSend, notification, 0, 0);
    LOG("scheduling.not-preempted", low.done);
    for (unsigned i = 0; i < 100 && !low.done; i++)
        sleep_us(10000);
    LOG("scheduling.later", low.done);
    script_end(&high_thread);
    script_end(&low_thread);
}

void test_scheduling(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    priorities();
    budgets();
    timeouts();
    yielding();
    preemption();
}

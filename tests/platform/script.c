// SPDX-License-Identifier: Apache-2.0
#include "script.h"

static void run(uint64_t argument) {
    struct script *script = (struct script *)argument;
    for (unsigned i = 0; i < script->count; i++) {
        const struct step *step = &script->steps[i];
        uint64_t badge = 0;
        seL4_MessageInfo_t info = seL4_MessageInfo_new(step->label, 0, step->extra, step->length);
        info = system_call(script->buffer, step->number, step->capability, info, step->reply,
                           step->destination, &badge);
        script->info[i] = info.words[0];
        script->badge[i] = badge;
        script->word[i] = script->buffer->msg[0];
        script->done = i + 1;
    }
    for (;;)
        trap();
}

struct thread script_start(struct script *script, unsigned priority) {
    struct thread thread = thread_new(run, (uint64_t)script, priority);
    script->buffer = thread.buffer;
    script->done = 0;
    for (unsigned i = 0; i < seL4_MsgMaxLength; i++)
        thread.buffer->msg[i] = 0x100 + i;
    thread_start(&thread);
    return thread;
}

void script_end(struct thread *thread) {
    delete (thread->tcb);
    delete (thread->sched_context);
}

void script_log(const char *name, const struct script *script) {
    unsigned done = script->done;
    if (done == 0)
        LOG(name, 0);
    else {
        // A send leaves the capability in the badge's register; which slot that is depends on the kernel.
        uint64_t badge = script->badge[done - 1];
        if (badge == script->steps[done - 1].capability)
            badge = 0xca9;
        LOG(name, done, script->info[done - 1], badge, script->word[done - 1]);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Messages: IPC buffers, the transfer of words and capabilities, replies, cancellation.
#include "kernel.h"

const enum machine_register message_registers[seL4_FastMessageRegisters] = {REGISTER_R10, REGISTER_R8,
                                                                            REGISTER_R9, REGISTER_R15};

/** Words of an IPC buffer before the capability addresses (or received badges), and before the receive path.
 */
enum { BUFFER_CAPABILITIES = seL4_MsgMaxLength + 2, BUFFER_RECEIVE_PATH = BUFFER_CAPABILITIES + 3 };

/** @return the length of a message that ends with this word, or the most that fits without a buffer */
unsigned message_set_word(struct thread *receiver, uint64_t *buffer, unsigned index, uint64_t value) {
    if (index < seL4_FastMessageRegisters)
        receiver->registers[message_registers[index]] = value;
    else if (buffer)
        buffer[index + 1] = value;
    else
        return seL4_FastMessageRegisters;
    return index + 1;
}

void message_info_set(struct thread *thread, uint64_t label, uint64_t length) {
    thread->registers[REGISTER_MESSAGE_INFO] = seL4_MessageInfo_new(label, 0, 0, length).words[0];
}

seL4_MessageInfo_t message_info_of(const struct thread *thread) {
    seL4_MessageInfo_t info = {{thread->registers[REGISTER_MESSAGE_INFO]}};
    if (seL4_MessageInfo_get_length(info) > seL4_MsgMaxLength)
        info = seL4_MessageInfo_set_length(info, seL4_MsgMaxLength);
    return info;
}

/** A thread's IPC buffer in physical memory; NULL if it has none with the rights needed. */
uint64_t *ipc_buffer_lookup(struct thread *thread, bool is_receiver) {
    struct capability cap = thread->slots[THREAD_SLOT_IPC_BUFFER].cap;
    if (cap.type != CAP_FRAME || cap.frame.is_device)
        return NULL;
    if (cap.frame.rights != RIGHTS_READ_WRITE && (is_receiver || cap.frame.rights != RIGHTS_READ_ONLY))
        return NULL;
    uint64_t offset = thread->ipc_buffer & ((1UL << capability_size_bits(cap)) - 1);
    return at(capability_address(cap) + offset);
}

/** Resolves the capabilities a message names into kernel.extra. */
enum outcome extra_capabilities_lookup(struct thread *thread, uint64_t *buffer, seL4_MessageInfo_t info,
                                       uint64_t *failed_address) {
    uint64_t count = buffer ? seL4_MessageInfo_get_extraCaps(info) : 0;
    for (unsigned i = 0; i < seL4_MsgMaxExtraCaps; i++)
        kernel.extra[i] = NULL;
    for (unsigned i = 0; i < count; i++) {
        uint64_t address = buffer[BUFFER_CAPABILITIES + i];
        kernel.extra[i] = cspace_lookup(thread, address);
        if (!kernel.extra[i]) {
            *failed_address = address;
            return LOOKUP_FAULT;
        }
    }
    return DONE;
}

/** The empty slot a receiver has named for a capability; NULL if it has not. */
static struct slot *receive_slot(struct thread *receiver, const uint64_t *buffer) {
    struct slot *root = cspace_lookup(receiver, buffer[BUFFER_RECEIVE_PATH]);
    struct slot *slot;
    if (!root || cspace_lookup_target(root->cap, buffer[BUFFER_RECEIVE_PATH + 1],
                                      buffer[BUFFER_RECEIVE_PATH + 2], &slot) != DONE)
        return NULL;
    return slot->cap.type == CAP_NULL ? slot : NULL;
}

/** Transfers kernel.extra: capabilities to the endpoint itself arrive as their badges, and one other
 *  capability can be received. @return the tag with the number transferred */
static seL4_MessageInfo_t transfer_capabilities(seL4_MessageInfo_t info, struct endpoint *endpoint,
                                                struct thread *receiver, uint64_t *buffer) {
    uint64_t unwrapped = 0;
    unsigned count = 0;
    if (kernel.extra[0] && buffer) {
        struct slot *destination = receive_slot(receiver, buffer);
        for (; count < seL4_MsgMaxExtraCaps && kernel.extra[count]; count++) {
            struct slot *slot = kernel.extra[count];
            struct capability cap = slot->cap;
            if (cap.type == CAP_ENDPOINT && at(capability_address(cap)) == (void *)endpoint) {
                buffer[BUFFER_CAPABILITIES + count] = cap.endpoint.badge;
                unwrapped |= 1UL << count;
                continue;
            }
            if (!destination || capability_derive(slot, cap, &cap) != DONE || cap.type == CAP_NULL)
                break;
            derivation_insert(cap, slot, destination);
            destination = NULL;
        }
    }
    return seL4_MessageInfo_new(seL4_MessageInfo_get_label(info), unwrapped, count,
                                seL4_MessageInfo_get_length(info));
}

static unsigned copy_words(struct thread *sender, const uint64_t *send_buffer, struct thread *receiver,
                           uint64_t *receive_buffer, unsigned count) {
    unsigned i = 0;
    for (; i < count && i < seL4_FastMessageRegisters; i++)
        receiver->registers[message_registers[i]] = sender->registers[message_registers[i]];
    if (send_buffer && receive_buffer)
        for (; i < count; i++)
            receive_buffer[i + 1] = send_buffer[i + 1];
    return i;
}

/** Moves a message, or the report of the sender's fault, to a receiver.
 *  @param endpoint NULL for a reply */
void ipc_transfer(struct thread *sender, struct endpoint *endpoint, uint64_t badge, bool can_grant,
                  struct thread *receiver) {
    uint64_t *receive_buffer = ipc_buffer_lookup(receiver, true);
    receiver->registers[REGISTER_BADGE] = badge;
    if (sender->fault.label != seL4_Fault_NullFault) {
        unsigned length = fault_write_message(sender, receiver, receive_buffer);
        message_info_set(receiver, sender->fault.label, length);
        return;
    }
    uint64_t *send_buffer = ipc_buffer_lookup(sender, false), failed_address;
    seL4_MessageInfo_t info = message_info_of(sender);
    if (!can_grant || extra_capabilities_lookup(sender, send_buffer, info, &failed_address) != DONE)
        kernel.extra[0] = NULL;
    unsigned length =
        copy_words(sender, send_buffer, receiver, receive_buffer, seL4_MessageInfo_get_length(info));
    info = transfer_capabilities(info, endpoint, receiver, receive_buffer);
    info = seL4_MessageInfo_set_length(info, length);
    receiver->registers[REGISTER_MESSAGE_INFO] = info.words[0];
}

/** A receive that does not block found nothing. */
void ipc_receive_failed(struct thread *thread) {
    thread->registers[REGISTER_BADGE] = 0;
}

/** Lets a thread that has its reply (and perhaps its scheduling context back) run, if it has time to. */
static void continue_replied(struct thread *receiver, seL4_Fault_tag_t fault) {
    struct sched_context *sc = receiver->sched_context;
    if (!sc || !thread_is_runnable(receiver))
        return;
    if (refill_is_ready(sc) && refill_is_sufficient(sc, 0))
        scheduler_possible_switch(receiver);
    else if (thread_has_timeout_handler(receiver) && fault != seL4_Fault_Timeout)
        fault_send_timeout(receiver, (struct fault){.label = seL4_Fault_Timeout, .timeout = {sc->badge}});
    else
        scheduler_postpone(sc);
}

/** Replies to the thread that waits on a reply object; without one the message is lost. */
void ipc_reply(struct thread *sender, struct reply *reply, bool can_grant) {
    struct thread *receiver = reply->thread;
    if (!receiver || receiver->state != THREAD_BLOCKED_ON_REPLY)
        return;
    reply_remove(reply, receiver);
    if (sched_context_is_sporadic(receiver->sched_context) && receiver->sched_context != kernel.current_sc)
        refill_unblock(receiver->sched_context);
    seL4_Fault_tag_t fault = receiver->fault.label;
    if (fault == seL4_Fault_NullFault) {
        ipc_transfer(sender, NULL, 0, can_grant, receiver);
        thread_set_state(receiver, THREAD_RUNNING);
    } else {
        bool is_resume = fault_apply_reply(receiver, sender);
        receiver->fault.label = seL4_Fault_NullFault;
        thread_set_state(receiver, is_resume ? THREAD_RESTART : THREAD_INACTIVE);
    }
    continue_replied(receiver, fault);
}

/** Takes a thread out of whatever it waits for; it is inactive then, and a fault is forgotten. */
void ipc_cancel(struct thread *thread) {
    thread->fault.label = seL4_Fault_NullFault;
    switch (thread->state) {
    case THREAD_BLOCKED_ON_SEND:
    case THREAD_BLOCKED_ON_RECEIVE:
        endpoint_remove(thread->blocked_on, thread);
        if (thread->state == THREAD_BLOCKED_ON_RECEIVE && thread->reply)
            reply_unlink(thread->reply, thread);
        thread_set_state(thread, THREAD_INACTIVE);
        break;
    case THREAD_BLOCKED_ON_NOTIFICATION:
        notification_cancel(thread->blocked_on, thread);
        break;
    case THREAD_BLOCKED_ON_REPLY:
        reply_remove_thread(thread);
        break;
    default:
        break;
    }
}

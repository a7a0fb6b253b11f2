// SPDX-License-Identifier: Apache-2.0
//
// I/O ports: who may use which, and reading and writing them.
#include "devices/devices.h"
#include "kernel.h"

#define PORT_COUNT 0x10000

static bool is_issued[PORT_COUNT];

static void set_issued(uint16_t first, uint16_t last, bool value) {
    for (uint32_t port = first; port <= last; port++)
        is_issued[port] = value;
}

static bool is_free(uint16_t first, uint16_t last) {
    for (uint32_t port = first; port <= last; port++)
        if (is_issued[port])
            return false;
    return true;
}

void io_ports_free(uint16_t first, uint16_t last) {
    set_issued(first, last, false);
}

enum outcome io_port_control_decode(const struct invocation *invocation) {
    if (invocation->label != X86IOPortControlIssue)
        return error_plain(seL4_IllegalOperation);
    if (invocation->length < 4 || !kernel.extra[0])
        return error_plain(seL4_TruncatedMessage);
    uint16_t first = argument(invocation, 0), last = argument(invocation, 1);
    uint64_t index = argument(invocation, 2), depth = argument(invocation, 3);
    if (last < first)
        return error_argument(1);
    if (!is_free(first, last))
        return error_plain(seL4_RevokeFirst);
    struct slot *destination;
    enum outcome outcome = cspace_lookup_target(kernel.extra[0]->cap, index, depth, &destination);
    if (outcome == DONE)
        outcome = ensure_empty(destination);
    if (outcome != DONE)
        return outcome;
    invocation_accepted();
    set_issued(first, last, true);
    struct capability cap = capability_new(CAP_IO_PORT, 0);
    cap.io_port.first = first;
    cap.io_port.last = last;
    derivation_insert(cap, invocation->slot, destination);
    return DONE;
}

/** Bytes an invocation reads or writes at once; 0 if it is neither. */
static unsigned width_of(uint64_t label) {
    switch (label) {
    case X86IOPortIn8:
    case X86IOPortOut8:
        return 1;
    case X86IOPortIn16:
    case X86IOPortOut16:
        return 2;
    case X86IOPortIn32:
    case X86IOPortOut32:
        return 4;
    default:
        return 0;
    }
}

enum outcome io_port_decode(const struct invocation *invocation) {
    unsigned width = width_of(invocation->label);
    if (width == 0)
        return error_plain(seL4_IllegalOperation);
    bool is_in = invocation->label <= X86IOPortIn32;
    if (invocation->length < (is_in ? 1 : 2))
        return error_plain(seL4_TruncatedMessage);
    uint32_t port = argument(invocation, 0) & 0xffff;
    if (port < invocation->cap.io_port.first || port + width - 1 > invocation->cap.io_port.last)
        return error_plain(seL4_IllegalOperation);
    if (is_in) {
        invocation_accepted();
        invocation_reply_word(invocation, port_in(port, width));
        return DONE;
    }
    uint64_t mask = (1UL << 8 * width) - 1, data = argument(invocation, 1) & mask;
    invocation_accepted();
    port_out(port, width, data);
    return DONE;
}

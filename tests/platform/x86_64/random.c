// SPDX-License-Identifier: Apache-2.0
//
// Pseudo-random invocations on a small set of objects. The answers are hashed, and the hashes logged: two
// kernels that agree on all of them agree on long histories that nobody would think of writing down.
//
// Nothing here may run or block: the threads have priorities below the root task's, which never waits, and
// endpoints, whose invocation would wait, stay in slots that are not invoked.
#include "../script.h"

#define SEEDS 6
#define STEPS 1200
#define STEPS_PER_LINE 100

/** The playground: a CNode of 16 slots. Endpoints live in the first four. */
enum { SLOT_BITS = 4, SLOTS = 1 << SLOT_BITS, ENDPOINT_SLOTS = 4 };
/** The authority for priorities: no thread here can get above this. */
#define PRIORITY_LIMIT 10

static uint64_t state;
static seL4_CPtr playground, untyped, authority;
static uint64_t hash;

/** An xorshift generator. */
static uint64_t next(uint64_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % limit;
}

static void mix(uint64_t value) {
    hash = (hash ^ value) * 0x100000001b3;
}

/** The address in the root CSpace of a slot of the playground: its CNode is reached through the root CNode.
 */
static seL4_CPtr at(uint64_t index) {
    return playground + index;
}

static uint64_t any_slot(void) {
    return ENDPOINT_SLOTS + next(SLOTS - ENDPOINT_SLOTS);
}
static uint64_t endpoint_slot(void) {
    return next(ENDPOINT_SLOTS);
}

/** A capability to name: mostly one of the playground. */
static seL4_CPtr any_capability(void) {
    switch (next(12)) {
    case 0:
        return at(endpoint_slot());
    case 1:
        return seL4_CapNull;
    case 2:
        return authority;
    case 3:
        return untyped;
    default:
        return at(any_slot());
    }
}

static uint64_t pick(unsigned count, const uint64_t *values) {
    return values[next(count)];
}
#define PICK(...) pick(WORDS(__VA_ARGS__))

static uint64_t any_word(void) {
    return PICK(0, 1, 2, 3, 5, 8, 12, 16, 20, 63, 64, 65, 100, 257, 0x1000, 0x1400, 0x200000, 0x40000000,
                0x40001000, 0x8000000000, 0x7fffffe00000, 0x7ffffffff000, ~0UL, 1UL << 63, 0x2a5a5a5a5a5a5a,
                at(any_slot()));
}

/** Whether the words of an answer depend on the machine or on time. */
static bool is_machine_word(uint64_t label, const struct message *message) {
    return label == X86PageGetAddress || label == SchedContextConsumed || label == SchedContextYieldTo ||
           (label == SchedControlConfigureFlags && message->label == seL4_RangeError) ||
           label == X86IOPortIn8 || label == X86IOPortIn16 || label == X86IOPortIn32;
}

static void note(uint64_t label, struct message message) {
    mix(label);
    mix(message.label);
    mix(message.length);
    for (unsigned i = 0; i < message.length && !is_machine_word(label, &message); i++)
        // Addresses of slots depend on how many frames the program's image has.
        mix(message.words[i] -
            (message.words[i] >= playground && message.words[i] < at(SLOTS) ? playground : 0));
}

static struct message cnode_call(uint64_t label, uint64_t destination, uint64_t source, uint64_t fifth,
                                 uint64_t sixth) {
    return invoke(ROOT, label, CAPS(ROOT), WORDS(at(destination), DEPTH, at(source), DEPTH, fifth, sixth));
}

static uint64_t guard(void) {
    return seL4_CNode_CapData_new(next(8), PICK(0, 1, 3, 58, 60, 62, 63)).words[0];
}

static void step_cnode(void) {
    bool is_endpoint = next(5) == 0;
    uint64_t destination = is_endpoint ? endpoint_slot() : any_slot();
    uint64_t source = is_endpoint ? endpoint_slot() : any_slot();
    uint64_t label = CNodeRevoke + next(CNodeRotate - CNodeRevoke + 1);
    uint64_t rights = next(16), data = next(2) ? guard() : next(4);
    switch (label) {
    case CNodeRotate: {
        uint64_t pivot = is_endpoint ? endpoint_slot() : any_slot();
        note(label, invoke(ROOT, label, CAPS(ROOT, ROOT),
                           WORDS(at(destination), DEPTH, next(2) ? 0 : guard(), at(pivot), DEPTH,
                                 next(2) ? 0 : guard(), at(source), DEPTH)));
        break;
    }
    case CNodeMutate:
        note(label, cnode_call(label, destination, source, data, 0));
        break;
    case CNodeCopy:
    case CNodeMint:
    case CNodeMove:
        note(label, cnode_call(label, destination, source, next(2) ? 15 : rights, data));
        break;
    default:
        note(label, invoke(ROOT, label, NO_CAPS, WORDS(at(destination), DEPTH)));
    }
}

/** Operations inside CNodes of the playground, which may be nested in themselves. */
static void step_inner(void) {
    uint64_t label = PICK(CNodeCopy, CNodeMint, CNodeMove, CNodeDelete, CNodeRevoke, CNodeMutate);
    uint64_t depth = PICK(1, 2, 3, 4, 5, 6, 8, 61, 63, 64), index = next(16);
    seL4_CPtr root = at(any_slot());
    if (next(3) == 0) // outwards, into the playground
        note(label, invoke(ROOT, label, CAPS(root),
                           WORDS(at(any_slot()), DEPTH, index, depth, next(2) ? 15 : guard(), next(3))));
    else // inwards; what is there never is an endpoint
        note(label, invoke(root, label, CAPS(ROOT),
                           WORDS(index, depth, at(any_slot()), DEPTH, next(2) ? 15 : guard(), next(3))));
}

static void step_retype(void) {
    uint64_t type = next(seL4_ObjectTypeCount), bits = 0, count = 1 + next(3);
    if (type == seL4_UntypedObject)
        bits = PICK(4, 7, 11, 12, 13, 14);
    else if (type == seL4_CapTableObject)
        bits = 1 + next(4);
    else if (type == seL4_SchedContextObject)
        bits = 7 + next(2);
    uint64_t slot = type == seL4_EndpointObject ? endpoint_slot() : any_slot();
    uint64_t end = type == seL4_EndpointObject ? ENDPOINT_SLOTS : SLOTS;
    if (slot + count > end)
        count = end - slot;
    seL4_CPtr source = next(3) ? untyped : at(any_slot());
    note(UntypedRetype, retype(source, type, bits, ROOT, 0, 0, at(slot), count));
}

static void step_thread(void) {
    seL4_CPtr tcb = at(any_slot());
    uint64_t label = TCBReadRegisters + next(TCBSetFlags - TCBReadRegisters + 1);
    uint64_t words[8];
    for (unsigned i = 0; i < 8; i++)
        words[i] = any_word();
    seL4_CPtr caps[3] = {any_capability(), any_capability(), any_capability()};
    switch (label) {
    case TCBSetPriority:
    case TCBSetMCPriority:
    case TCBSetSchedParams:
        caps[0] = authority;
        words[0] = next(PRIORITY_LIMIT + 2);
        words[1] = next(PRIORITY_LIMIT + 2);
        break;
    case TCBConfigure:
        words[0] = next(2) ? 0 : guard();
        words[1] = 0;
        if (next(2))
            caps[1] = seL4_CapInitThreadVSpace;
        if (next(2))
            caps[0] = at(any_slot());
        break;
    case TCBSetSpace:
        words[0] = next(2) ? 0 : guard();
        words[1] = 0;
        if (next(2))
            caps[2] = seL4_CapInitThreadVSpace;
        caps[0] = next(2) ? at(endpoint_slot()) : seL4_CapNull;
        break;
    case TCBReadRegisters:
        words[0] &= 1;
        words[1] = 1 + next(22);
        break;
    case TCBWriteRegisters:
        words[0] &= 1;
        words[1] = next(7);
        break;
    }
    note(label, invoke(tcb, label, next(4), caps, next(8) ? 8 : next(8), words));
}

static void step_time(void) {
    seL4_CPtr object = any_capability(), sc = at(any_slot());
    if (next(3) == 0)
        note(SchedControlConfigureFlags,
             configure_sched_context(sc, PICK(19, 20, 1000, 10000), PICK(20, 1000, 10000, 50000), next(4),
                                     next(3), next(2)));
    else
        note(0, invoke(sc, PICK(SchedContextBind, SchedContextUnbind, SchedContextUnbindObject), 1, &object,
                       NO_WORDS));
}

static void step_mapping(void) {
    seL4_CPtr object = at(any_slot()), vspace = next(4) ? at(any_slot()) : any_capability();
    uint64_t address =
        PICK(0, 0x1000, 0x3000, 0x200000, 0x40000000, 0x40200000, 0x8000000000, 0x7ffffffff000);
    uint64_t label =
        PICK(X86PDPTMap, X86PDPTUnmap, X86PageDirectoryMap, X86PageDirectoryUnmap, X86PageTableMap,
             X86PageTableUnmap, X86PageMap, X86PageMap, X86PageUnmap, X86PageGetAddress);
    if (next(6) == 0) {
        label = X86ASIDPoolAssign;
        object = next(2) ? seL4_CapInitThreadASIDPool : at(any_slot());
    } else if (next(20) == 0) {
        seL4_CPtr caps[2] = {at(any_slot()), ROOT};
        note(X86ASIDControlMakePool,
             invoke(seL4_CapASIDControl, X86ASIDControlMakePool, 2, caps, WORDS(at(any_slot()), DEPTH)));
        return;
    }
    note(label, invoke(object, label, CAPS(vspace), WORDS(address, label == X86PageMap ? next(16) : 0, 0)));
}

static void step_ports(void) {
    if (next(3) == 0)
        note(X86IOPortControlIssue, invoke(seL4_CapIOPortControl, X86IOPortControlIssue, CAPS(ROOT),
                                           WORDS(0x80 + next(8), 0x80 + next(8), at(any_slot()), DEPTH)));
    else if (next(2))
        note(X86IRQIssueIRQHandlerMSI, invoke(seL4_CapIRQControl, X86IRQIssueIRQHandlerMSI, CAPS(ROOT),
                                              WORDS(at(any_slot()), DEPTH, 0, 0, 0, 0, 30 + next(4))));
    else {
        uint64_t label = PICK(X86IOPortIn8, X86IOPortIn16, X86IOPortOut8, X86IOPortOut32, IRQAckIRQ,
                              IRQSetIRQHandler, IRQClearIRQHandler);
        seL4_CPtr object = any_capability();
        note(label, invoke(at(any_slot()), label, 1, &object, WORDS(0x80 + next(9), 0)));
    }
}

/** Any label on anything that is no endpoint. */
static void step_wild(void) {
    uint64_t words[6], label = next(nArchInvocationLabels + 2);
    seL4_CPtr caps[3] = {any_capability(), any_capability(), any_capability()};
    for (unsigned i = 0; i < 6; i++)
        words[i] = any_word();
    // Priorities above the root task's would let threads run; retyping could put an endpoint anywhere.
    if (label == TCBSetPriority || label == TCBSetSchedParams || label == UntypedRetype ||
        label == CNodeCopy || label == CNodeMint || label == CNodeMove || label == CNodeMutate ||
        label == CNodeRotate)
        label = 0;
    note(label, invoke(at(any_slot()), label, next(4), caps, next(7), words));
}

static void step(void) {
    switch (next(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        step_cnode();
        break;
    case 4:
    case 5:
        step_inner();
        break;
    case 6:
    case 7:
    case 8:
    case 9:
        step_retype();
        break;
    case 10:
    case 11:
        step_thread();
        break;
    case 12:
        step_time();
        break;
    case 13:
        step_mapping();
        break;
    case 14:
        step_ports();
        break;
    default:
        step_wild();
        break;
    }
}

void test_random(void) {
    set_priority(seL4_CapInitThreadTCB, PRIORITY_ROOT);
    playground = slots_new(SLOTS);
    authority = object_new(seL4_TCBObject, 0);
    invoke(authority, TCBSetMCPriority, CAPS(seL4_CapInitThreadTCB), WORDS(PRIORITY_LIMIT));
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        state = seed * 0x9e3779b97f4a7c15;
        hash = 0xcbf29ce484222325;
        untyped = untyped_new(17);
        for (unsigned i = 0; i < STEPS; i++) {
#ifdef RANDOM_VERBOSE
            hash = 0xcbf29ce484222325;
#endif
            step();
#ifdef RANDOM_VERBOSE
            LOG("random.step", seed, i, hash);
#else
            if (i % STEPS_PER_LINE == STEPS_PER_LINE - 1)
                LOG("random.history", seed, i + 1, hash);
#endif
        }
        revoke(untyped);
        for (unsigned i = 0; i < SLOTS; i++)
            delete (at(i));
        struct message message = retype(untyped, seL4_UntypedObject, 17, ROOT, 0, 0, at(0), 1);
        log_message("random.all-free", message);
        delete (at(0));
    }
}

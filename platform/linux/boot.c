// SPDX-License-Identifier: Apache-2.0
//
// The initial state: the root task's objects, its capabilities, the boot information, and all memory that is
// left as untyped capabilities.
#include "clock.h"
#include "kernel.h"

#include <string.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

/** Slots of the root task's CNode that are left beside one for each page of its image: what it makes at boot.
 */
#define ROOT_CNODE_RESERVE 1024UL

/** A PC's memory begins at 1 MiB for us, and there the kernel would be: its image takes about this much. */
#define KERNEL_START 0x100000UL
#define KERNEL_BYTES 0x100000UL

/** Devices that the kernel keeps for itself: the I/O APIC and the local APIC. */
#define IOAPIC_ADDRESS 0xfec00000UL
#define LOCAL_APIC_ADDRESS 0xfee00000UL
#define HIGH_MEMORY_START 0x100000000UL

/** The root task's VSpace has the first ASID there is. */
#define ROOT_ASID 1

static uint64_t allocation_top; /* objects of the root task are taken from the top of memory down */
static struct slot *root_slots;
static unsigned root_cnode_bits;
static uint64_t next_slot;
static seL4_BootInfo *info;

static uint64_t allocate(unsigned bits) {
    allocation_top = (allocation_top - (1UL << bits)) & ~((1UL << bits) - 1);
    return allocation_top;
}

static void write_slot(uint64_t index, struct capability cap) {
    root_slots[index].cap = cap;
    root_slots[index].derivation = (struct derivation){.is_revocable = 1, .is_first_badged = 1};
}

static void provide(struct capability cap) {
    check(next_slot < 1UL << root_cnode_bits);
    write_slot(next_slot++, cap);
}

static struct capability structure_capability(enum capability_type type, uint64_t object, uint64_t address) {
    struct capability cap = capability_new(type, object);
    cap.table.is_mapped = 1;
    cap.table.asid = ROOT_ASID;
    cap.table.mapped_address = address;
    return cap;
}

/** Creates the structures of one level for a range of addresses. */
static void create_structures(enum capability_type type, unsigned bits, struct paging_structure *root,
                              uint64_t start, uint64_t end) {
    for (uint64_t address = start & ~((1UL << bits) - 1); address < end; address += 1UL << bits) {
        uint64_t object = allocate(seL4_PageTableBits);
        struct paging_structure *structure = root;
        for (unsigned level = 39; level > bits; level -= seL4_PageTableIndexBits)
            structure = at(structure->entries[address >> level & (ENTRIES_PER_TABLE - 1)] & ENTRY_ADDRESS);
        structure->entries[address >> bits & (ENTRIES_PER_TABLE - 1)] =
            object | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER;
        provide(structure_capability(type, object, address));
    }
}

static struct paging_structure *create_vspace(uint64_t start, uint64_t end) {
    uint64_t object = allocate(seL4_PML4Bits);
    struct paging_structure *root = at(object);
    write_slot(seL4_CapInitThreadVSpace, structure_capability(CAP_PML4, object, 0));
    info->userImagePaging.start = next_slot;
    create_structures(CAP_PDPT, 39, root, start, end);
    create_structures(CAP_PAGE_DIRECTORY, 30, root, start, end);
    create_structures(CAP_PAGE_TABLE, 21, root, start, end);
    info->userImagePaging.end = next_slot;
    return root;
}

static struct capability map_frame(struct paging_structure *root, uint64_t object, uint64_t address) {
    unsigned bits;
    uint64_t *entry = vspace_leaf(root, address, &bits);
    check(entry && bits == seL4_PageBits);
    *entry = object | ENTRY_PRESENT | ENTRY_WRITABLE | ENTRY_USER;
    struct capability cap = capability_new(CAP_FRAME, object);
    cap.frame.rights = RIGHTS_READ_WRITE;
    cap.frame.asid = ROOT_ASID;
    cap.frame.mapped_address = address;
    return cap;
}

static void provide_untyped(uint64_t address, unsigned bits, bool is_device) {
    uint64_t index = next_slot - info->untyped.start;
    if (index >= CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS)
        return;
    info->untypedList[index] = (seL4_UntypedDesc){.paddr = address, .sizeBits = bits, .isDevice = is_device};
    struct capability cap = capability_new(CAP_UNTYPED, address);
    cap.untyped.block_bits = bits;
    cap.untyped.is_device = is_device;
    provide(cap);
}

/** Cuts a region into naturally aligned powers of two, from its start. */
static void provide_region(uint64_t start, uint64_t end, bool is_device) {
    while (start < end) {
        unsigned bits = 63 - __builtin_clzl(end - start);
        if (bits > seL4_MaxUntypedBits)
            bits = seL4_MaxUntypedBits;
        if (start != 0 && (unsigned)__builtin_ctzl(start) < bits)
            bits = __builtin_ctzl(start);
        if (bits >= seL4_MinUntypedBits)
            provide_untyped(start, bits, is_device);
        start += 1UL << bits;
    }
}

static void provide_untypeds(uint64_t image_end) {
    info->untyped.start = next_slot;
    provide_region(0, KERNEL_START, true);
    provide_region(memory_low_end(), IOAPIC_ADDRESS, true);
    provide_region(IOAPIC_ADDRESS + PAGE_BYTES, LOCAL_APIC_ADDRESS, true);
    provide_region(LOCAL_APIC_ADDRESS + PAGE_BYTES, HIGH_MEMORY_START, true);
    provide_region(memory_high_end(), CONFIG_PADDR_USER_DEVICE_TOP, true);
    provide_region(image_end, allocation_top, false);
    provide_region(HIGH_MEMORY_START, memory_high_end(), false);
    info->untyped.end = next_slot;
}

/** Writes the chunks that follow the boot information. @return their size in bytes */
static uint64_t write_extra(unsigned char *destination) {
    uint32_t frequency = time_ticks_per_us();
    seL4_BootInfoHeader header = {.id = SEL4_BOOTINFO_HEADER_X86_TSC_FREQ,
                                  .len = sizeof header + sizeof frequency};
    memcpy(destination, &header, sizeof header);
    memcpy(destination + sizeof header, &frequency, sizeof frequency);
    return header.len;
}

static void create_idle_thread(void) {
    static struct thread idle;
    static _Alignas(struct sched_context) unsigned char memory[seL4_CoreSchedContextBytes];
    struct sched_context *sc = (struct sched_context *)memory;
    kernel.idle = &idle;
    kernel.idle_sc = sc;
    idle.state = THREAD_IDLE;
    idle.sched_context = sc;
    idle.flags = seL4_TCBFlag_fpuDisabled;
    sc->thread = &idle;
    refill_new(sc, MINIMUM_REFILLS, maximum_period_us() * time_ticks_per_us(), 0);
}

static struct thread *create_root_thread(uint64_t entry, uint64_t info_address, uint64_t buffer_address) {
    uint64_t object = allocate(seL4_TCBBits), sc_object = allocate(seL4_MinSchedContextBits);
    struct thread *thread = at(object);
    registers_initialise(thread);
    thread->registers[REGISTER_CAPABILITY] = info_address;
    thread->registers[REGISTER_NEXT_IP] = entry;
    thread->priority = thread->maximum_priority = seL4_MaxPrio;
    thread->ipc_buffer = buffer_address;
    thread->state = THREAD_RUNNING;
    write_slot(seL4_CapInitThreadTCB, capability_new(CAP_THREAD, object));

    static const struct {
        uint64_t root_slot;
        enum thread_slot thread_slot;
    } copies[] = {{seL4_CapInitThreadCNode, THREAD_SLOT_CSPACE},
                  {seL4_CapInitThreadVSpace, THREAD_SLOT_VSPACE},
                  {seL4_CapInitThreadIPCBuffer, THREAD_SLOT_IPC_BUFFER}};
    for (unsigned i = 0; i < sizeof copies / sizeof *copies; i++) {
        struct slot *source = &root_slots[copies[i].root_slot];
        struct capability copy;
        check(capability_derive(source, source->cap, &copy) == DONE);
        derivation_insert(copy, source, &thread->slots[copies[i].thread_slot]);
    }

    struct sched_context *sc = at(sc_object);
    thread->sched_context = sc;
    sc->thread = thread;
    refill_new(sc, MINIMUM_REFILLS, CONFIG_BOOT_THREAD_TIME_SLICE * 1000 * time_ticks_per_us(), 0);
    struct capability sc_cap = capability_new(CAP_SCHED_CONTEXT, sc_object);
    sc_cap.sched_context.size_bits = seL4_MinSchedContextBits;
    write_slot(seL4_CapInitThreadSC, sc_cap);
    return thread;
}

/** The configured size of the root task's CNode, or the one a kernel for an image of so many pages has to be
 * built with. */
static unsigned cnode_bits_for(uint64_t image_pages) {
    unsigned bits = CONFIG_ROOT_CNODE_SIZE_BITS;
    while (1UL << bits < image_pages + ROOT_CNODE_RESERVE)
        bits++;
    return bits;
}

/** Prepares the machine to run the root task. */
void boot(const struct image *image) {
    uint64_t image_bytes = image->virtual_end - image->virtual_start;
    uint64_t image_start = KERNEL_START + KERNEL_BYTES, image_end = image_start + image_bytes;
    root_cnode_bits = cnode_bits_for(image_bytes / PAGE_BYTES);
    // Generous: CNode and what its alignment leaves unused, tables, the single objects.
    uint64_t objects_bytes = (2UL << 20) + image_bytes / 256 + (2UL << (root_cnode_bits + seL4_SlotBits));
    if (image_end + objects_bytes > memory_low_end())
        fail(64, "the machine's memory is too small for the root task (%lu KiB); use a larger --memory",
             image_bytes >> 10);
    uint64_t buffer_address = image->virtual_end, info_address = buffer_address + PAGE_BYTES;
    uint64_t extra_address = info_address + PAGE_BYTES;
    kernel.now = time_now();
    allocation_top = memory_low_end();
    elf_load(image, at(image_start));

    uint64_t cnode = allocate(root_cnode_bits + seL4_SlotBits);
    root_slots = at(cnode);
    next_slot = seL4_NumInitialCaps;
    struct capability cap = capability_new(CAP_CNODE, cnode);
    cap.cnode.radix = root_cnode_bits;
    cap.cnode.guard_size = seL4_WordBits - root_cnode_bits;
    write_slot(seL4_CapInitThreadCNode, cap);
    write_slot(seL4_CapIOPortControl, capability_new(CAP_IO_PORT_CONTROL, 0));
    write_slot(seL4_CapDomain, capability_new(CAP_DOMAIN, 0));
    write_slot(seL4_CapIRQControl, capability_new(CAP_IRQ_CONTROL, 0));
    write_slot(seL4_CapASIDControl, capability_new(CAP_ASID_CONTROL, 0));
    irq_initialise();

    uint64_t info_frame = allocate(seL4_PageBits), extra_frame = allocate(seL4_PageBits);
    uint64_t buffer_frame = allocate(seL4_PageBits);
    info = at(info_frame);
    info->numNodes = CONFIG_MAX_NUM_NODES;
    info->ipcBuffer = (seL4_IPCBuffer *)buffer_address;
    info->initThreadCNodeSizeBits = root_cnode_bits;
    info->extraLen = write_extra(at(extra_frame));

    info->schedcontrol = (seL4_SlotRegion){next_slot, next_slot + 1};
    provide(capability_new(CAP_SCHED_CONTROL, 0));
    struct paging_structure *root = create_vspace(image->virtual_start, extra_address + PAGE_BYTES);
    write_slot(seL4_CapBootInfoFrame, map_frame(root, info_frame, info_address));
    info->extraBIPages = (seL4_SlotRegion){next_slot, next_slot + 1};
    provide(map_frame(root, extra_frame, extra_address));
    write_slot(seL4_CapInitThreadIPCBuffer, map_frame(root, buffer_frame, buffer_address));
    info->userImageFrames.start = next_slot;
    for (uint64_t offset = 0; offset < image_bytes; offset += PAGE_BYTES)
        provide(map_frame(root, image_start + offset, image->virtual_start + offset));
    info->userImageFrames.end = next_slot;

    uint64_t pool_object = allocate(seL4_ASIDPoolBits);
    struct asid_pool *pool = at(pool_object);
    pool->roots[ROOT_ASID] = address_of(root);
    kernel.asid_table[0] = pool_object;
    write_slot(seL4_CapInitThreadASIDPool, capability_new(CAP_ASID_POOL, pool_object));

    create_idle_thread();
    struct thread *thread = create_root_thread(image->entry, info_address, buffer_address);
    provide_untypeds(image_end);
    info->empty = (seL4_SlotRegion){next_slot, 1UL << root_cnode_bits};

    kernel.current = kernel.idle;
    kernel.current_sc = kernel.idle_sc;
    kernel.action = thread;
    kernel.reprogram = true;
}

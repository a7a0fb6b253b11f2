// SPDX-License-Identifier: Apache-2.0
//
// What the root task is told at start.
#include "kernel.h"

extern unsigned char image_start[], image_end[];

void test_bootinfo(void) {
    const seL4_BootInfo *info = boot_info;
    LOG("bootinfo.node", info->nodeID, info->numNodes, info->numIOPTLevels);
    LOG("bootinfo.domain", info->initThreadDomain);
    LOG("bootinfo.cnode-bits", info->initThreadCNodeSizeBits);
    LOG("bootinfo.schedcontrol-count", info->schedcontrol.end - info->schedcontrol.start);
    LOG("bootinfo.shared-frames", info->sharedFrames.end - info->sharedFrames.start);
    LOG("bootinfo.io-spaces", info->ioSpaceCaps.end - info->ioSpaceCaps.start);
    LOG("bootinfo.image-frames", info->userImageFrames.end - info->userImageFrames.start ==
                                     (uint64_t)(image_end - image_start) / PAGE);
    LOG("bootinfo.empty-end", info->empty.end);
    LOG("bootinfo.empty-follows-untypeds", info->empty.start == info->untyped.end);
    LOG("bootinfo.buffer-follows-image", (uint64_t)info->ipcBuffer == (uint64_t)image_end);
    LOG("bootinfo.info-follows-buffer", (uint64_t)info == (uint64_t)info->ipcBuffer + PAGE);
    LOG("bootinfo.buffer-is-empty", info->ipcBuffer->userData, info->ipcBuffer->receiveDepth);

#ifdef HAS_PORTS
    bool has_frequency = false;
    uint64_t offset = 0;
    while (offset + sizeof(seL4_BootInfoHeader) <= info->extraLen) {
        const unsigned char *chunk = (const unsigned char *)info + PAGE + offset;
        const seL4_BootInfoHeader *header = (const seL4_BootInfoHeader *)chunk;
        if (header->id == SEL4_BOOTINFO_HEADER_X86_TSC_FREQ && header->len == sizeof *header + 4)
            has_frequency = *(const uint32_t *)(chunk + sizeof *header) > 100;
        if (header->len == 0)
            break;
        offset += header->len;
    }
    LOG("bootinfo.frequency", has_frequency);
    LOG("bootinfo.extra-length", offset == info->extraLen);
#else
    LOG("bootinfo.extra-length", info->extraLen);
#endif

    uint64_t memory = 0, device = 0, previous_end = 0, is_aligned = true, is_ordered = true;
    for (uint64_t i = 0; i < info->untyped.end - info->untyped.start; i++) {
        const seL4_UntypedDesc *untyped = &info->untypedList[i];
        uint64_t size = 1UL << untyped->sizeBits;
        if (untyped->isDevice) {
            device += size;
        } else {
            memory += size;
            is_aligned &= (untyped->paddr & (size - 1)) == 0;
            is_ordered &= untyped->paddr >= previous_end;
            previous_end = untyped->paddr + size;
        }
    }
    LOG("bootinfo.untypeds-aligned", is_aligned);
    LOG("bootinfo.untypeds-ordered", is_ordered);
    LOG("bootinfo.memory", memory > (MEMORY_MIB - 32UL) << 20, memory <= MEMORY_MIB << 20);
    LOG("bootinfo.device-memory", device > DEVICE_MEMORY);

    // What the first slots hold shows in how they answer a label that nothing has.
    for (seL4_CPtr slot = 0; slot < seL4_NumInitialCaps; slot++) {
        char name[] = "bootinfo.slot-0";
        name[sizeof name - 2] = "0123456789abcdef"[slot];
        log_message(name, invoke(slot, nArchInvocationLabels, NO_CAPS, NO_WORDS));
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Whose the memory of a Linux machine is, from what its kernel says: /proc/meminfo, /proc/zoneinfo, /proc/iomem, and
// memory.stat of the containers' control groups. No page is in two owners, and the sum is the machine's memory.

import { sumOf, type Owner } from './measurement.js';

const KIBIBYTE = 1024;
const PAGE = 4096;

/** The kernel describes each page of memory by a `struct page` of this size (x86_64, arm64: CONFIG_SPARSEMEM_VMEMMAP). */
const PAGE_DESCRIPTOR = 64;

/** A part of the guest's report: what follows a line "@@ NAME" up to the next one. */
export function reportParts(text: string): Map<string, string> {
    const parts = new Map<string, string>();
    for (const part of text.replaceAll('\r', '').split(/^@@ /m).slice(1)) {
        const [name, ...lines] = part.split('\n');
        parts.set(name!, (parts.get(name!) ?? '') + lines.join('\n'));
    }
    return parts;
}

/** /proc/meminfo in bytes. */
export function parseMeminfo(text: string): Map<string, number> {
    const lines = text.matchAll(/^([\w()]+):\s+(\d+) kB$/gm);
    return new Map([...lines].map(([, name, kibibytes]) => [name!, Number(kibibytes) * KIBIBYTE]));
}

/** Bytes on the free lists of processors, which MemFree leaves out: "count:" of every pageset in /proc/zoneinfo. */
export function processorLists(zoneinfo: string): number {
    const counts = [...zoneinfo.matchAll(/^\s+count:\s+(\d+)$/gm)];
    return counts.reduce((sum, [, pages]) => sum + Number(pages) * PAGE, 0);
}

/** Values of memory.stat, added up over control groups whose files follow one another. */
export function parseMemoryStat(text: string): Map<string, number> {
    const sums = new Map<string, number>();
    for (const [, name, bytes] of text.matchAll(/^(\w+) (\d+)$/gm)) {
        sums.set(name!, (sums.get(name!) ?? 0) + Number(bytes));
    }
    return sums;
}

interface PhysicalMemory {
    /** Bytes that firmware gave to the kernel. */
    systemRam: number;
    /** Bytes of sections that have memory: each has descriptors for all of its pages. */
    sections: number;
    /** Code, constants, data and bss of the kernel. */
    kernelImage: number;
}

/** /proc/iomem as root reads it; `sectionBytes` is what /sys/devices/system/memory/block_size_bytes says. */
export function parseIomem(text: string, sectionBytes: number): PhysicalMemory {
    let systemRam = 0;
    let kernelImage = 0;
    const sections = new Set<number>();
    for (const [, first, last, name] of text.matchAll(/^\s*([0-9a-f]+)-([0-9a-f]+) : (.*)$/gm)) {
        const start = parseInt(first!, 16);
        const end = parseInt(last!, 16) + 1;
        if (name === 'System RAM') {
            systemRam += end - start;
            for (let at = Math.floor(start / sectionBytes); at * sectionBytes < end; at++) sections.add(at);
        } else if (/^Kernel (code|rodata|data|bss)$/.test(name!)) {
            kernelImage += end - start;
        }
    }
    return { systemRam, kernelImage, sections: sections.size * sectionBytes };
}

/** What of the kernel's image the kernel has given back, though /proc/iomem still names it: from its messages. */
function givenBack(messages: string): number {
    const match = /Freeing unused decrypted memory: (\d+)K/.exec(messages);
    return match === null ? 0 : Number(match[1]) * KIBIBYTE;
}

/** What else than the kernel says is known about a machine. */
export interface LinuxSetting {
    /** Bytes of the machine. */
    machineMemory: number;
    /** Bytes of the image's files in the root file system, in whole pages. */
    imageBytes: number;
}

/** A name that must be among the values. */
function need(values: ReadonlyMap<string, number>, name: string): number {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the guest's report has no ${name}`);
    return value;
}

/** The account of a report's parts: meminfo, zoneinfo, iomem, kernel-messages, block-size, containers. */
export function linuxOwners(parts: ReadonlyMap<string, string>, setting: LinuxSetting): Owner[] {
    const part = (name: string): string => parts.get(name) ?? '';
    const meminfo = parseMeminfo(part('meminfo'));
    const containers = parseMemoryStat(part('containers'));
    const inContainers = (name: string): number => containers.get(name) ?? 0;
    const memory = parseIomem(part('iomem'), parseInt(part('block-size'), 16));
    const total = need(meminfo, 'MemTotal');
    if (memory.systemRam < total) throw new Error("the guest's report has no physical addresses (iomem)");
    const kernelImage = memory.kernelImage - givenBack(part('kernel-messages'));
    const descriptors = (memory.sections / PAGE) * PAGE_DESCRIPTOR;
    const free = need(meminfo, 'MemFree') + processorLists(part('zoneinfo'));
    const outside = (name: string, inside: string): number =>
        Math.max(0, need(meminfo, name) - inContainers(inside));
    const tmpfs = outside('Shmem', 'shmem');
    const rootFiles = need(meminfo, 'Cached') + need(meminfo, 'Buffers') - need(meminfo, 'Shmem');
    const used: Owner[] = [
        {
            owner: 'root file system: engine',
            group: 'engine',
            bytes: rootFiles + tmpfs - setting.imageBytes,
        },
        { owner: 'root file system: image', group: 'image', bytes: setting.imageBytes },
        { owner: 'processes of the engine, and init', group: 'engine', bytes: outside('AnonPages', 'anon') },
        { owner: 'containers: processes', group: 'containers', bytes: inContainers('anon') },
        { owner: 'containers: files in memory', group: 'containers', bytes: inContainers('shmem') },
        { owner: 'containers: kernel objects', group: 'containers', bytes: inContainers('kernel') },
        { owner: 'kernel: slab', group: 'kernel', bytes: outside('Slab', 'slab') },
        {
            owner: 'kernel: stacks, page tables, per-processor',
            group: 'kernel',
            bytes:
                outside('KernelStack', 'kernel_stack') +
                outside('PageTables', 'pagetables') +
                outside('Percpu', 'percpu'),
        },
    ];
    return [
        { owner: 'firmware', group: 'kernel', bytes: setting.machineMemory - memory.systemRam },
        { owner: 'kernel: image', group: 'kernel', bytes: kernelImage },
        { owner: 'kernel: page descriptors', group: 'kernel', bytes: descriptors },
        {
            owner: 'kernel: other, reserved at boot',
            group: 'kernel',
            bytes: memory.systemRam - total - kernelImage - descriptors,
        },
        ...used,
        { owner: 'kernel: other', group: 'kernel', bytes: total - free - sumOf(used) },
        { owner: 'free', group: 'free', bytes: free },
    ];
}

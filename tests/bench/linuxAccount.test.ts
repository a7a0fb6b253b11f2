// SPDX-License-Identifier: Apache-2.0
//
// Whose the memory of a Linux machine is, from a report as its kernel writes it (shortened).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    linuxOwners,
    parseIomem,
    parseMemoryStat,
    processorLists,
    reportParts,
} from '../../bench/memory/linuxAccount.js';
import { sumOf } from '../../bench/memory/measurement.js';

const MEBIBYTE = 1 << 20;

const iomem = `00000000-00000fff : Reserved
00001000-0009fbff : System RAM
00100000-0fffffff : System RAM
  01000000-01ffffff : Kernel code
  02000000-027fffff : Kernel rodata
  02a00000-02bfffff : Kernel data
  03200000-035fffff : Kernel bss
fec00000-fec003ff : IOAPIC 0
`;

const zoneinfo = `Node 0, zone      DMA
  pages free     3808
  pagesets
    cpu: 0
              count: 3
              high:  27
Node 0, zone    DMA32
  pagesets
    cpu: 0
              count: 80
              batch: 31
`;

const meminfo = `MemTotal:         220000 kB
MemFree:          150000 kB
Buffers:               0 kB
Cached:            20000 kB
AnonPages:          3000 kB
Shmem:              1000 kB
Slab:               9000 kB
KernelStack:         800 kB
PageTables:          200 kB
Percpu:              300 kB
`;

const group = `anon 1048576
kernel 204800
kernel_stack 16384
pagetables 40960
percpu 128
shmem 4096
slab 102400
`;

const report = [
    'Linux says hello',
    '@@ meminfo',
    meminfo,
    '@@ zoneinfo',
    zoneinfo,
    '@@ iomem',
    iomem,
    '@@ kernel-messages',
    '[    2.9] Freeing unused decrypted memory: 2036K',
    '@@ block-size',
    '8000000',
    '@@ containers',
    group + group,
    '@@ end',
].join('\r\n');

test('the parts of a report, with the line ends of a terminal', () => {
    const parts = reportParts(report);
    assert.deepEqual(
        [...parts.keys()],
        ['meminfo', 'zoneinfo', 'iomem', 'kernel-messages', 'block-size', 'containers', 'end'],
    );
    assert.equal(parts.get('block-size'), '8000000\n');
});

test('free lists of processors are added up over zones', () => {
    assert.equal(processorLists(zoneinfo), 83 * 4096);
});

test("control groups' figures are added up", () => {
    assert.equal(parseMemoryStat(group + group).get('anon'), 2 * MEBIBYTE);
});

test('physical memory: ranges, sections that have memory, the kernel', () => {
    const memory = parseIomem(iomem, 0x8000000);
    assert.equal(memory.systemRam, 0x9fbff + 1 - 0x1000 + 0x10000000 - 0x100000);
    assert.equal(memory.sections, 2 * 0x8000000);
    assert.equal(memory.kernelImage, (16 + 8 + 2 + 4) * MEBIBYTE);
});

test("the sum of all owners is the machine's memory", () => {
    const setting = { machineMemory: 256 * MEBIBYTE, imageBytes: 2 * MEBIBYTE };
    const owners = linuxOwners(reportParts(report), setting);
    const bytes = (name: string): number => owners.find(({ owner }) => owner === name)!.bytes;
    assert.equal(sumOf(owners), setting.machineMemory);
    assert.equal(bytes('kernel: image'), 30 * MEBIBYTE - 2036 * 1024);
    assert.equal(bytes('kernel: page descriptors'), 4 * MEBIBYTE);
    assert.equal(bytes('containers: processes'), 2 * MEBIBYTE);
    assert.equal(bytes('processes of the engine, and init'), 3000 * 1024 - 2 * MEBIBYTE);
    // Files in ramfs and tmpfs together, less the image and what containers wrote.
    assert.equal(bytes('root file system: engine'), 20000 * 1024 - 2 * MEBIBYTE - 2 * 4096);
    assert.equal(bytes('free'), 150000 * 1024 + 83 * 4096);
    assert.ok(owners.every((owner) => owner.bytes >= 0));
});

test('a report without physical addresses is refused', () => {
    const parts = reportParts(report);
    parts.set('iomem', '00000000-00000000 : System RAM\n');
    assert.throws(() => linuxOwners(parts, { machineMemory: 1, imageBytes: 0 }), /no physical addresses/);
});

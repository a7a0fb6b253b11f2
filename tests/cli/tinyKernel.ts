// SPDX-License-Identifier: Apache-2.0
//
// Made-up kernel installations: the files that the command line looks at, with only what it reads in them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Configuration = Record<string, string | boolean>;

/** The facts of a release kernel for each board, as gen_config.json writes them: numbers are texts. */
export const goodConfigurations: Record<string, Configuration> = {
    pc99: { SEL4_ARCH: 'x86_64', PLAT: 'pc99', KERNEL_MCS: true, ROOT_CNODE_SIZE_BITS: '12' },
    'qemu-arm-virt': {
        SEL4_ARCH: 'aarch64',
        PLAT: 'qemu-arm-virt',
        KERNEL_MCS: true,
        ROOT_CNODE_SIZE_BITS: '12',
        EXPORT_VCNT_USER: true,
        ARM_HYPERVISOR_SUPPORT: false,
    },
    'qemu-riscv-virt': {
        SEL4_ARCH: 'riscv64',
        PLAT: 'qemu-riscv-virt',
        KERNEL_MCS: true,
        ROOT_CNODE_SIZE_BITS: '16',
    },
};

export interface TinyKernel {
    configuration: Configuration;
    /** `memory` of platform_gen.json; no such file when absent. */
    memory?: { start: number; end: number }[];
    /** The same as YAML text. */
    memoryYaml?: string;
    /** The layout of a Microkit SDK's board folder. */
    microkit?: boolean;
    elf?: Buffer;
}

/** Writes an installation into `folder`; its name. */
export function writeTinyKernel(folder: string, kernel: TinyKernel): string {
    const headers = kernel.microkit ? 'include' : 'libsel4/include';
    const platform = kernel.microkit ? 'platform_gen' : 'support/platform_gen';
    const put = (name: string, content: string | Buffer): void => {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content);
    };
    put(kernel.microkit ? 'elf/sel4.elf' : 'bin/kernel.elf', kernel.elf ?? 'ELF');
    put(`${headers}/sel4/sel4.h`, '');
    put(`${headers}/kernel/gen_config.json`, JSON.stringify(kernel.configuration));
    put(`${headers}/sel4/gen_config.json`, JSON.stringify({ LIB_SEL4_USE_THREAD_LOCALS: true }));
    if (kernel.memory) put(`${platform}.json`, JSON.stringify({ devices: [], memory: kernel.memory }));
    if (kernel.memoryYaml !== undefined) put(`${platform}.yaml`, kernel.memoryYaml);
    return folder;
}

/** The smallest x86_64 kernel that multiboot 1 can start: one segment at 1 MiB, one in the high half. */
export function tinyMultibootElf(changes: { magic?: number; paddr?: bigint; machine?: number } = {}): Buffer {
    const file = Buffer.alloc(0x400);
    file.write('\x7fELF', 0, 'latin1');
    file.set([2, 1, 1], 4);
    file.writeUInt16LE(2, 16);
    file.writeUInt16LE(changes.machine ?? 62, 18);
    file.writeBigUInt64LE(0x10000cn, 24);
    file.writeBigUInt64LE(64n, 32);
    file.writeUInt16LE(56, 54);
    file.writeUInt16LE(2, 56);
    const segments = [
        [0x200n, 0x100000n, 0x100000n, 0x100n, 0x8000n],
        [0x311n, 0xffffffff80108311n, changes.paddr ?? 0x108311n, 0x2fn, 0x60n],
    ];
    segments.forEach((words, index) => {
        const at = 64 + index * 56;
        file.writeUInt32LE(1, at);
        file.writeUInt32LE(7, at + 4);
        words.forEach((word, position) => file.writeBigUInt64LE(word, at + 8 + position * 8));
    });
    file.writeUInt32LE(changes.magic ?? 0x1badb002, 0x200);
    file.writeUInt32LE(0x00000003, 0x204);
    file.writeUInt32LE((0x1_0000_0000 - 0x1badb002 - 3) >>> 0, 0x208);
    file.write('the second segment', 0x311, 'latin1');
    return file;
}

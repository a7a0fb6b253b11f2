// SPDX-License-Identifier: Apache-2.0
//
// Whether a kernel will do for a board. Each reason against it is one sentence that names the kernel's option and what to
// give it; each warning says what works less well or less safely.

import type { Board, MemoryRange } from '../boards/board.js';
import { Failure } from '../failure.js';
import type { KernelInstallation } from './installation.js';

/**
 * The smallest root CNode: seL4's own default. The boot capabilities, up to 230 untypeds, the frames of a small boot image
 * and of the root task's memory take over a thousand slots.
 */
const MIN_ROOT_CNODE_BITS = 12;

/** Slots of the root CNode that are no frame of the boot image: boot capabilities, page tables, untypeds, first objects. */
const ROOT_CNODE_RESERVE = 1024;

const MEBIBYTE = 2 ** 20;

/** The answer about one kernel. */
export interface KernelJudgement {
    /** What the kernel is, in a few words. */
    description: string;
    /** Sentences against it; empty when it will do. */
    problems: string[];
    warnings: string[];
}

const hexadecimal = (value: number): string => `0x${value.toString(16)}`;

/** A number of gen_config.json, which writes them as texts. */
function configurationNumber(kernel: KernelInstallation, key: string): number | null {
    const value = kernel.configuration[key];
    return typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : null;
}

/** True when the kernel runs at the hypervisor's level (EL2). */
export function isHypervisorKernel(kernel: KernelInstallation): boolean {
    return kernel.configuration.ARM_HYPERVISOR_SUPPORT === true;
}

/** The board's range in which a kernel's range begins. */
function boardRange(board: Board, range: MemoryRange): MemoryRange | undefined {
    return board.memory.find(({ start, size }) => range.start >= start && range.start < start + size);
}

/**
 * The RAM in MiB that a machine needs so that all of the kernel's exists: where RAM is built into the kernel, its ends in
 * the board's ranges; otherwise the board's.
 */
export function machineMebibytes(board: Board, kernel: KernelInstallation): number {
    const used = board.memory.map((range) => {
        const ends = (kernel.memory ?? board.memory)
            .filter((entry) => boardRange(board, entry) === range)
            .map(({ start, size }) => start + size - range.start);
        return Math.max(0, ...ends);
    });
    return Math.ceil(used.reduce((sum, bytes) => sum + bytes, 0) / MEBIBYTE);
}

/** Judges a kernel for a board. */
export function judgeKernel(board: Board, kernel: KernelInstallation): KernelJudgement {
    const { configuration, origin } = kernel;
    const problems: string[] = [];
    const warnings: string[] = [];
    const against = (cause: string, remedy: string): void => {
        problems.push(`${origin}: the kernel ${cause}; ${remedy}`);
    };
    const warn = (cause: string, remedy: string): void => {
        warnings.push(`${origin}: the kernel ${cause}; ${remedy}`);
    };
    const build = (option: string): string => `build it with -D${option}`;

    const mode = isHypervisorKernel(kernel) ? ', hypervisor' : '';
    const kind = configuration.DEBUG_BUILD === true ? 'debug' : 'release';
    const rootCNodeBits = configurationNumber(kernel, 'ROOT_CNODE_SIZE_BITS');
    const timestampFrequency = configurationNumber(kernel, 'PC99_TSC_FREQUENCY') ?? 0;
    const description =
        `${String(configuration.SEL4_ARCH)} ${String(configuration.PLAT)}, ${kind}${mode}, ` +
        `${configuration.KERNEL_MCS === true ? 'MCS' : 'not MCS'}, root CNode 2^${rootCNodeBits ?? '?'}` +
        (configuration.KERNEL_SKIM_WINDOW === true ? ', SKIM window' : '') +
        (timestampFrequency > 0 ? `, TSC of ${timestampFrequency / 1e6} MHz` : '');

    if (configuration.SEL4_ARCH !== board.architecture) {
        against(
            `is for ${String(configuration.SEL4_ARCH)} (SEL4_ARCH), but board ${board.name} is ${board.architecture}`,
            build(`KernelSel4Arch=${board.architecture}`),
        );
        // Nothing else that could be said of it would help.
        return { description, problems, warnings };
    }
    if (!board.kernelPlatform.includes(String(configuration.PLAT))) {
        against(
            `is for platform ${String(configuration.PLAT)} (PLAT), which board ${board.name} is not`,
            build(`KernelPlatform=${board.kernelPlatform[0]}`),
        );
    }
    if (configuration.KERNEL_MCS !== true)
        against('has no scheduling contexts (KERNEL_MCS is off)', build('KernelIsMCS=ON'));
    if (rootCNodeBits === null || rootCNodeBits < MIN_ROOT_CNODE_BITS) {
        against(
            `gives the root task ${rootCNodeBits === null ? 'an unknown number of' : 2 ** rootCNodeBits} slots (ROOT_CNODE_SIZE_BITS), fewer than ${2 ** MIN_ROOT_CNODE_BITS}`,
            build(`KernelRootCNodeSizeBits=${MIN_ROOT_CNODE_BITS} or more`),
        );
    }
    if (configuration.SYSENTER === true) {
        against(
            'is entered by sysenter (SYSENTER), and the runtime by syscall',
            build('KernelSyscall=syscall'),
        );
    }
    if (isHypervisorKernel(kernel) && board.qemu.virtualization.length === 0) {
        against(
            `is a hypervisor (ARM_HYPERVISOR_SUPPORT), and board ${board.name} cannot start one`,
            build('KernelArmHypervisorSupport=OFF'),
        );
    }
    if (
        configuration.ARM_GIC_V3_SUPPORT === true &&
        board.qemu.arguments.some((text) => text.includes('gic-version=2'))
    )
        against(
            'drives a GICv3 (ARM_GIC_V3_SUPPORT), and the board has a GICv2',
            build('QEMU_GIC_VERSION=2'),
        );
    for (const range of board.architecture === 'x86_64' ? [] : (kernel.memory ?? [])) {
        if (boardRange(board, range)) continue;
        against(
            `has RAM at ${hexadecimal(range.start)} (platform_gen), where board ${board.name} has none`,
            build(`KernelPlatform=${board.kernelPlatform[0]} and the board's own device tree`),
        );
    }
    if (configuration.DEBUG_BUILD === true) {
        warn(
            'is a debug build (DEBUG_BUILD): any thread, a container too, can halt the machine',
            'use a release kernel for anything but debugging (-DKernelDebugBuild=OFF)',
        );
    }
    if (configuration.PRINTING === true) {
        warn(
            'prints (PRINTING): any thread, a container too, can write on the console between our frames',
            build('KernelPrinting=OFF'),
        );
    }
    if (
        board.architecture === 'aarch64' &&
        configuration.EXPORT_VCNT_USER !== true &&
        configuration.EXPORT_PCNT_USER !== true
    ) {
        warn(
            'exports no counter to user level (EXPORT_VCNT_USER, EXPORT_PCNT_USER): clocks are as coarse as the tick',
            build('KernelArmExportVCNTUser=ON'),
        );
    }
    const nodes = configurationNumber(kernel, 'MAX_NUM_NODES') ?? 1;
    if (nodes > 1) warn(`is for ${nodes} cores (MAX_NUM_NODES); one is used`, build('KernelMaxNumNodes=1'));
    return { description, problems, warnings };
}

/** Throws the first reason why a kernel will not do for a board. */
export function requireSuitable(board: Board, kernel: KernelInstallation): KernelJudgement {
    const judgement = judgeKernel(board, kernel);
    if (judgement.problems[0] !== undefined) throw new Failure(judgement.problems[0]);
    return judgement;
}

/** Throws when the boot image's pages, of which the kernel gives the root task one capability each, do not fit. */
export function requireSlots(kernel: KernelInstallation, imagePages: number): void {
    const bits = configurationNumber(kernel, 'ROOT_CNODE_SIZE_BITS') ?? MIN_ROOT_CNODE_BITS;
    const needed = imagePages + ROOT_CNODE_RESERVE;
    if (needed <= 2 ** bits) return;
    throw new Failure(
        `${kernel.origin}: the boot image has ${imagePages} pages and the kernel gives the root task 2^${bits} slots (ROOT_CNODE_SIZE_BITS); ` +
            `build it with -DKernelRootCNodeSizeBits=${Math.ceil(Math.log2(needed))} or run a smaller image`,
    );
}

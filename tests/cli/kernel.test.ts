// SPDX-License-Identifier: Apache-2.0
//
// Finding a kernel and judging it, on made-up installations: what is against each is one sentence with option and remedy.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readBoard } from '../../cli/boards/board.js';
import { findKernel } from '../../cli/kernel/findKernel.js';
import { readInstallation } from '../../cli/kernel/installation.js';
import { judgeKernel, machineMebibytes, requireSlots } from '../../cli/kernel/suitability.js';
import { sealift } from './commandLine.js';
import { goodConfigurations, writeTinyKernel, type Configuration, type TinyKernel } from './tinyKernel.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-test-'));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
const install = (kernel: TinyKernel): string => writeTinyKernel(join(folder, `kernel${count++}`), kernel);

/** What is said about a board's good kernel with some options changed. */
function judge(
    name: string,
    changes: Configuration,
    memory?: { start: number; end: number }[],
): ReturnType<typeof judgeKernel> {
    const path = install({ configuration: { ...goodConfigurations[name], ...changes }, memory });
    return judgeKernel(readBoard(name), readInstallation(path, '--kernel'));
}

test('a release kernel of each board will do', () => {
    for (const name of Object.keys(goodConfigurations)) {
        assert.deepEqual(judge(name, {}).problems, [], name);
        assert.deepEqual(judge(name, {}).warnings, [], name);
    }
    const description = 'x86_64 pc99, release, MCS, root CNode 2^12';
    assert.equal(judge('pc99', {}).description, description);
    assert.equal(judge('pc99', { KERNEL_SKIM_WINDOW: true }).description, `${description}, SKIM window`);
});

const unsuitable: [string, string, Configuration, RegExp][] = [
    ['another architecture', 'pc99', { SEL4_ARCH: 'ia32' }, /for ia32 .*SEL4_ARCH.*-DKernelSel4Arch=x86_64$/],
    ['another platform', 'qemu-arm-virt', { PLAT: 'tx2' }, /platform tx2 .*-DKernelPlatform=qemu-arm-virt$/],
    ['no MCS', 'qemu-riscv-virt', { KERNEL_MCS: false }, /KERNEL_MCS is off.*-DKernelIsMCS=ON$/],
    ['a tiny root CNode', 'pc99', { ROOT_CNODE_SIZE_BITS: '10' }, /1024 slots.*-DKernelRootCNodeSizeBits=12/],
    ['sysenter', 'pc99', { SYSENTER: true }, /by sysenter \(SYSENTER\).*-DKernelSyscall=syscall$/],
    ['a GICv3', 'qemu-arm-virt', { ARM_GIC_V3_SUPPORT: true }, /GICv3.*QEMU_GIC_VERSION=2$/],
    ['a hypervisor where none can be', 'pc99', { ARM_HYPERVISOR_SUPPORT: true }, /ARM_HYPERVISOR_SUPPORT/],
];
for (const [title, board, changes, sentence] of unsuitable) {
    test(`against a kernel: ${title}`, () => {
        const { problems } = judge(board, changes);
        assert.equal(problems.length, 1);
        assert.match(problems[0]!, sentence);
        assert.match(problems[0]!, /^--kernel: the kernel [^\n]*; build it with -D/);
    });
}

const doubtful: [string, string, Configuration, RegExp][] = [
    [
        'debug build',
        'pc99',
        { DEBUG_BUILD: true },
        /any thread.*can halt the machine.*-DKernelDebugBuild=OFF/,
    ],
    ['printing', 'pc99', { PRINTING: true }, /can write on the console.*-DKernelPrinting=OFF$/],
    [
        'no counter',
        'qemu-arm-virt',
        { EXPORT_VCNT_USER: false },
        /EXPORT_VCNT_USER.*KernelArmExportVCNTUser=ON$/,
    ],
    ['several cores', 'pc99', { MAX_NUM_NODES: '4' }, /4 cores.*-DKernelMaxNumNodes=1$/],
];
for (const [title, board, changes, sentence] of doubtful) {
    test(`a warning: ${title}`, () => {
        const { problems, warnings } = judge(board, changes);
        assert.deepEqual(problems, []);
        assert.equal(warnings.length, 1);
        assert.match(warnings[0]!, sentence);
    });
}

test('RAM that is built into a kernel decides the size of the machine', () => {
    const board = readBoard('qemu-riscv-virt');
    const configuration = goodConfigurations['qemu-riscv-virt']!;
    const json = install({ configuration, memory: [{ start: 0x8020_0000, end: 0xc000_0000 }] });
    assert.equal(machineMebibytes(board, readInstallation(json, '--kernel')), 1024);
    const memoryYaml =
        'devices:\n- end: 0x2000000\n  start: 0x0\nmemory:\n- end: 0xa0000000\n  start: 0x80200000\n';
    const yaml = install({ configuration, memoryYaml });
    assert.equal(machineMebibytes(board, readInstallation(yaml, '--kernel')), 512);
    const { problems } = judge('qemu-riscv-virt', {}, [{ start: 0x1000, end: 0x2000 }]);
    assert.match(problems[0]!, /RAM at 0x1000 \(platform_gen\), where board qemu-riscv-virt has none/);
});

test('a boot image with more pages than the root CNode has slots is refused with the size that it takes', () => {
    const kernel = readInstallation(install({ configuration: goodConfigurations.pc99! }), '--kernel');
    requireSlots(kernel, 500);
    assert.throws(
        () => requireSlots(kernel, 5000),
        /5000 pages .* 2\^12 slots .*-DKernelRootCNodeSizeBits=13/,
    );
});

test('the option goes before the variables, and these before the settings', async () => {
    const board = readBoard('pc99');
    const configuration = goodConfigurations.pc99!;
    const [option, prefix, remembered] = [1, 2, 3].map(() => install({ configuration }));
    const sdk = join(folder, 'sdk');
    writeTinyKernel(join(sdk, 'board/x86_64_generic/debug'), { configuration, microkit: true });
    const release = join(sdk, 'board/x86_64_generic/release');
    writeTinyKernel(release, { configuration, microkit: true });
    const home = join(folder, 'home');
    const environment = { XDG_CONFIG_HOME: home };
    const set = await sealift(['config', 'set', 'sel4-prefix.x86_64', remembered!], { environment });
    assert.equal(set.code, 0, set.stderr);
    const configPath = join(home, 'sealift/config.json');
    const find = (variables: NodeJS.ProcessEnv, named?: string): string =>
        findKernel(board, { option: named, environment: variables, configPath }).folder;
    assert.equal(find({ SEL4_PREFIX: prefix, MICROKIT_SDK: sdk }, option), option);
    assert.equal(find({ SEL4_PREFIX: prefix, MICROKIT_SDK: sdk }), prefix);
    assert.equal(find({ MICROKIT_SDK: sdk }), release);
    assert.equal(find({}), remembered);
    const foreign = install({ configuration: goodConfigurations['qemu-arm-virt']! });
    assert.equal(find({ SEL4_PREFIX: foreign }), remembered, 'a kernel of another architecture steps back');
    const none = (): unknown => findKernel(board, { environment: {}, configPath: join(folder, 'absent') });
    assert.throws(none, /no seL4 kernel for x86_64 was named; pass --kernel FOLDER, set SEL4_PREFIX/);
});

test("a board's own setting goes before its architecture's, and a kernel of another platform steps back", async () => {
    const home = join(folder, 'boards-home');
    const environment = { XDG_CONFIG_HOME: home };
    const configPath = join(home, 'sealift/config.json');
    const virt = install({ configuration: goodConfigurations['qemu-arm-virt']! });
    const zynqmp = install({ configuration: { ...goodConfigurations['qemu-arm-virt']!, PLAT: 'zynqmp' } });
    const config = (...words: string[]) => sealift(['config', ...words], { environment });
    assert.equal((await config('set', 'sel4-prefix.aarch64', virt)).code, 0);
    assert.equal((await config('set', 'sel4-prefix.zynqmp', zynqmp)).code, 0);
    const find = (name: string, variables: NodeJS.ProcessEnv): [string, string] => {
        const { folder: found, origin } = findKernel(readBoard(name), { environment: variables, configPath });
        return [found, origin];
    };
    assert.deepEqual(find('zynqmp', {}), [zynqmp, 'config sel4-prefix.zynqmp']);
    assert.deepEqual(find('qemu-arm-virt', {}), [virt, 'config sel4-prefix.aarch64']);
    assert.deepEqual(find('qemu-arm-virt', { SEL4_PREFIX: zynqmp }), [virt, 'config sel4-prefix.aarch64']);
    assert.deepEqual(find('zynqmp', { SEL4_PREFIX: zynqmp }), [zynqmp, 'SEL4_PREFIX']);
    // With nothing to step back for, the kernel is taken and judged: the sentence says what it is for.
    const absent = { environment: { SEL4_PREFIX: zynqmp }, configPath: join(folder, 'absent') };
    assert.equal(findKernel(readBoard('qemu-arm-virt'), absent).folder, zynqmp);
    const wrong = await config('set', 'sel4-prefix.zynqmp', virt);
    assert.equal(wrong.code, 125);
    assert.match(
        wrong.stderr,
        /^sealift: config sel4-prefix.zynqmp: the kernel is for platform qemu-arm-virt .*-DKernelPlatform=zynqmp\n$/,
    );
});

test('an SDK that lacks a board steps back for the settings', async () => {
    const home = join(folder, 'sdk-home');
    const sdk = join(folder, 'small-sdk');
    mkdirSync(join(sdk, 'board'), { recursive: true });
    const find = (): string =>
        findKernel(readBoard('pc99'), {
            environment: { MICROKIT_SDK: sdk },
            configPath: join(home, 'sealift/config.json'),
        }).folder;
    assert.throws(find, /MICROKIT_SDK: \S+ has no board x86_64_generic.*; give a kernel with --kernel/);
    const kernel = install({ configuration: goodConfigurations.pc99! });
    await sealift(['config', 'set', 'sel4-prefix.pc99', kernel], { environment: { XDG_CONFIG_HOME: home } });
    assert.equal(find(), kernel);
});

test('config: set, get, list and unset, and what they refuse', async () => {
    const environment = { XDG_CONFIG_HOME: join(folder, 'other-home') };
    const config = (...words: string[]) => sealift(['config', ...words], { environment });
    const kernel = install({ configuration: goodConfigurations['qemu-arm-virt']! });
    assert.match((await config('get', 'sel4-prefix.aarch64')).stderr, /not set; set it with/);
    assert.equal((await config('set', 'sel4-prefix.aarch64', kernel)).code, 0);
    assert.equal((await config('get', 'sel4-prefix.aarch64')).stdout.toString(), `${kernel}\n`);
    assert.match(
        (await config('list')).stdout.toString(),
        new RegExp(`^# .*\nsel4-prefix.aarch64 ${kernel}\n$`),
    );
    assert.equal((await config('unset', 'sel4-prefix.aarch64')).code, 0);
    assert.match((await config('get', 'sel4-prefix.aarch64')).stderr, /not set/);
    const wrong = await config('set', 'sel4-prefix.x86_64', kernel);
    assert.equal(wrong.code, 125);
    assert.match(wrong.stderr, /is for aarch64; use `sealift config set sel4-prefix.aarch64/);
    assert.match(
        (await config('set', 'colour', kernel)).stderr,
        /config key colour: there is none; use one of/,
    );
    assert.match(
        (await config('set', 'sel4-prefix.aarch64', folder)).stderr,
        /has no bin\/kernel.elf; name a folder/,
    );
});

test('doctor says what was found for a board, whether it will do and why not', async () => {
    const environment = {
        XDG_CONFIG_HOME: join(folder, 'empty'),
        MICROKIT_SDK: '',
        SEL4_PREFIX: install({ configuration: { ...goodConfigurations.pc99!, KERNEL_MCS: false } }),
    };
    const unfit = await sealift(['doctor', '--board', 'pc99'], { environment });
    assert.equal(unfit.code, 125);
    assert.match(
        unfit.stdout.toString(),
        /^unfit {4}board pc99: \S+ \(SEL4_PREFIX\): x86_64 pc99, release, not MCS/m,
    );
    assert.match(unfit.stdout.toString(), /^unfit {4}board pc99: SEL4_PREFIX: .*-DKernelIsMCS=ON$/m);
    environment.SEL4_PREFIX = '';
    const absent = await sealift(['doctor', '--board', 'zynqmp'], { environment });
    assert.match(absent.stdout.toString(), /^absent {3}board zynqmp: no seL4 kernel for aarch64 was named/m);
});

test('run --board refuses an unsuitable kernel in one sentence', async () => {
    const path = install({ configuration: { ...goodConfigurations.pc99!, KERNEL_MCS: false } });
    const result = await sealift(['run', '--board', 'pc99', '--kernel', path, 'oci:build/images/demo:demo']);
    assert.equal(result.code, 125);
    assert.equal(
        result.stderr,
        'sealift: --kernel: the kernel has no scheduling contexts (KERNEL_MCS is off); build it with -DKernelIsMCS=ON\n',
    );
    const lost = await sealift(['run', '--kernel', path, 'oci:build/images/demo:demo']);
    assert.equal(lost.stderr, 'sealift: --kernel: it goes with --board only; add for example --board pc99\n');
});

test('QEMU that is not installed is one sentence with the package', async () => {
    const path = install({ configuration: goodConfigurations.pc99! });
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    symlinkSync(process.execPath, join(programs, 'node'));
    const command = ['run', '--board', 'pc99', '--kernel', path, 'oci:build/images/demo:demo'];
    const result = await sealift(command, { environment: { PATH: programs } });
    assert.equal(result.code, 125);
    assert.equal(
        result.stderr,
        'sealift: qemu-system-x86_64: it is not installed; install the Debian package qemu-system-x86\n',
    );
});

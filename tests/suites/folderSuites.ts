// SPDX-License-Identifier: Apache-2.0
//
// Suites that no registry has, and that are therefore built by hand from their public repositories: musl's libc-test and the Linux
// Test Project. The runner takes a folder of static programs (--folder); without one it skips them, aloud.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { file } from '../images/busyboxImage.js';
import type { BuiltSuite, Suite, SuiteArchitecture, SuiteCommand } from './suite.js';

/** Programs of the folder for an architecture: of FOLDER/amd64 and FOLDER/arm64 if there are such, else of FOLDER itself. */
function programsFolder(architecture: SuiteArchitecture): string | undefined {
    const given = process.env.SEALIFT_SUITE_FOLDER;
    if (given === undefined) return undefined;
    const own = join(given, architecture);
    return existsSync(own) ? own : architecture === 'amd64' ? given : undefined;
}

/** Whether a file is an ELF. */
function isProgram(path: string): boolean {
    if (!statSync(path).isFile()) return false;
    const content = readFileSync(path);
    return content.length > 64 && content.readUInt32BE(0) === 0x7f454c46;
}

function buildFrom(
    what: string,
    architecture: SuiteArchitecture,
    commandsOf: (folder: string, programs: readonly string[]) => SuiteCommand[],
): BuiltSuite | string {
    const folder = programsFolder(architecture);
    if (folder === undefined)
        return `${what} is in no registry: build it by hand, statically, and give the folder of its programs with --folder`;
    const names = readdirSync(folder).sort();
    const programs = names.filter((name) => isProgram(join(folder, name)));
    if (programs.length === 0) return `${folder}: there are no programs in it`;
    const commands = commandsOf(folder, programs);
    const started = new Set(commands.map(({ words }) => words[0]!.replace('/suite/', '')));
    // Tests that are left out stay at home; what tests execute themselves comes along.
    const needed = programs.filter((name) => started.has(name) || /child|helper/.test(name));
    return {
        entries: needed.map((name) => file(`suite/${name}`, readFileSync(join(folder, name)), 0o755)),
        commands,
    };
}

export const libcTestSuite: Suite = {
    name: 'libc-test',
    title: "musl's libc-test",
    selection:
        "The static programs of `src/functional` and `src/regression`, built by hand with musl's compiler wrapper.",
    // raise-race takes half a million system calls, a second on Linux.
    limits: { linux: 20, container: 180, board: 600 },
    goal: 0.95,
    build: (architecture) =>
        buildFrom("musl's libc-test", architecture, (_, programs) =>
            programs.map((name) => ({ name, words: [`/suite/${name}`] })),
        ),
};

/** Tests of LTP that are left out, by name. */
const ltpLeftOut =
    /^(clock_settime|clock_adjtime|settimeofday|stime|adjtimex|leapsec|init_module|finit_module|delete_module|mount|umount|move_mount|fsopen|fsmount|fsconfig|fspick|open_tree|mount_setattr|pivot_root|reboot|swapon|swapoff|quotactl|keyctl|add_key|request_key|bpf|acct|kexec|sethostname|setdomainname|ioperm|iopl|fanotify|perf_event|ptrace|userfaultfd|io_uring|set_mempolicy|mbind|get_mempolicy|migrate_pages|move_pages|cve|madvise0[6-9]|madvise1|ksm|thp|hugemmap|memcontrol|cpuset|rtc|modify_ldt|syslog|kcmp03|setns|unshare|clone08|clone09|crash|vhangup|bind06|sendto03|sched_set|nice0[5-9]|setpriority|ioctl_loop|ioctl_ns|ioctl_sg|ioctl_ficlone|statmount|listmount|landlock|lsm|futex_cmp_requeue01)/;

export const ltpSuite: Suite = {
    name: 'ltp',
    title: 'Linux Test Project, system calls',
    selection:
        'Lines of `runtest/syscalls` whose program is in the folder (built by hand, statically, with `runtest/syscalls` copied beside the programs), ' +
        "without those that set the time, load modules, mount, reboot, need block devices, key rings, other kernels' options or privileges that container engines take away (the list is `ltpLeftOut` in `tests/suites/folderSuites.ts`).",
    limits: { linux: 25, container: 120, board: 300 },
    goal: 0.8,
    build: (architecture) =>
        buildFrom('the Linux Test Project', architecture, (folder, programs) => {
            const known = new Set(programs);
            return readFileSync(join(folder, 'syscalls'), 'utf8')
                .split('\n')
                .map((line) => line.trim().split(/\s+/))
                .filter(
                    ([name, program]) => name !== '' && !name!.startsWith('#') && known.has(program ?? ''),
                )
                .filter(([name]) => !ltpLeftOut.test(name!))
                .map(([name, program, ...rest]) => ({ name: name!, words: [`/suite/${program}`, ...rest] }));
        }),
};

// SPDX-License-Identifier: Apache-2.0
//
// What servers and interpreters of Debian do in a container and on Linux, in one run: requests that Redis and nginx answer over
// loopback, and the start of Python. The same files, the same commands; on Linux under chroot in namespaces of their own. One
// container measures all of an image's figures, so that booting is in none of them.

import { table } from '../cli/report/table.js';
import { inContainer, environment, workingDirectory } from '../tests/e2e/realImages/realImage.js';
import { LinuxReference } from '../tests/e2e/linuxReference.js';
import { debianImage } from '../tests/images/makeDebianImages.js';
import { median, spread } from './figures.js';

interface Application {
    image: string;
    /** Prints "figure NAME VALUE" for each figure. `$N` is the number of repetitions. */
    script: string;
    /** Repetitions on Linux, where one takes less, and in a container. */
    onLinux: number;
    inContainer: number;
    figures: readonly {
        name: string;
        title: string;
        unit: string;
        moreIsBetter: boolean;
        perRepetition?: boolean;
    }[];
}

/** Ends the script when `command` has not succeeded after ten seconds: a server that does not start must not be waited for. */
function awaited(command: string): string {
    return `i=0
until ${command}; do
    i=$((i + 1)); [ $i -lt 200 ] || { echo 'the server does not answer' >&2; exit 1; }
    sleep 0.05
done`;
}

const applications: readonly Application[] = [
    {
        image: 'redis',
        script: `cd /tmp
redis-server --port 7000 --save '' --appendonly no --dir /tmp >/dev/null 2>&1 &
${awaited('[ "$(redis-cli -p 7000 ping 2>/dev/null)" = PONG ]')}
redis-benchmark -p 7000 -n $N -c 10 -t set,get --csv | tr -d '"' | sed -n 's/^\\([SG]ET\\),\\([0-9.]*\\),.*/figure \\1 \\2/p'
redis-benchmark -p 7000 -n $N -c 10 -P 16 -t get --csv | tr -d '"' | sed -n 's/^GET,\\([0-9.]*\\),.*/figure GET16 \\1/p'
redis-cli -p 7000 shutdown nosave`,
        onLinux: 50000,
        inContainer: 2000,
        figures: [
            { name: 'SET', title: 'redis-benchmark SET, 10 clients', unit: '1/s', moreIsBetter: true },
            { name: 'GET', title: 'redis-benchmark GET, 10 clients', unit: '1/s', moreIsBetter: true },
            { name: 'GET16', title: 'the same, 16 requests in a pipeline', unit: '1/s', moreIsBetter: true },
        ],
    },
    {
        image: 'nginx',
        script: `cat >/etc/nginx/sites-enabled/default <<SITE
server { listen 80; root /srv/site; access_log off; }
SITE
nginx
${awaited('curl -s -o /dev/null http://127.0.0.1/')}
ab -q -n $N -c 8 http://127.0.0.1/ | sed -n 's/^Requests per second: *\\([0-9.]*\\) .*/figure close \\1/p'
ab -q -k -n $N -c 8 http://127.0.0.1/ | sed -n 's/^Requests per second: *\\([0-9.]*\\) .*/figure keep \\1/p'
nginx -s stop`,
        onLinux: 10000,
        inContainer: 500,
        figures: [
            { name: 'close', title: 'nginx, a connection for each request', unit: '1/s', moreIsBetter: true },
            { name: 'keep', title: 'nginx, connections kept', unit: '1/s', moreIsBetter: true },
        ],
    },
    {
        image: 'python',
        script: `python3 -c pass
start=$(date +%s%N); i=0
while [ $i -lt $N ]; do python3 -c pass; i=$((i + 1)); done
echo figure start $(($(date +%s%N) - start))
start=$(date +%s%N); i=0
while [ $i -lt $N ]; do python3 -c 'import json, asyncio, sqlite3'; i=$((i + 1)); done
echo figure import $(($(date +%s%N) - start))`,
        onLinux: 10,
        inContainer: 5,
        figures: [
            { name: 'start', title: 'python3 -c pass', unit: 'ms', moreIsBetter: false, perRepetition: true },
            {
                name: 'import',
                title: 'the same, importing json, asyncio, sqlite3',
                unit: 'ms',
                moreIsBetter: false,
                perRepetition: true,
            },
        ],
    },
];

/** Values by "side figure". */
class Values {
    private readonly values = new Map<string, number[]>();

    /** Takes what a run printed; a run that lacks a figure is an error that says what it printed instead. */
    note(side: string, application: Application, repetitions: number, stdout: string, stderr: string): void {
        const found = new Map(
            [...stdout.matchAll(/^figure (\w+) ([\d.]+)$/gm)].map((match) => [match[1], match[2]]),
        );
        for (const { name, perRepetition } of application.figures) {
            const value = Number(found.get(name));
            if (!(value > 0))
                throw new Error(`${application.image} ${side}: no figure ${name}, but:\n${stdout}${stderr}`);
            const key = `${side} ${application.image} ${name}`;
            const one = perRepetition === true ? value / repetitions / 1e6 : value;
            this.values.set(key, [...(this.values.get(key) ?? []), one]);
        }
    }

    of(side: string, image: string, name: string): number[] {
        return this.values.get(`${side} ${image} ${name}`) ?? [];
    }
}

/** The text of the figures: medians over `rounds`, all sides in turns. `options` are of \`sealift run\`: a board, for example. */
export async function applicationFigure(rounds: number, options: readonly string[] = []): Promise<string> {
    const values = new Values();
    for (const application of applications) {
        const linux = new LinuxReference(debianImage(application.image));
        try {
            for (let round = 0; round < rounds; round++) {
                process.stderr.write(`${application.image}, round ${round + 1} of ${rounds}\n`);
                const command = (repetitions: number): string[] => [
                    'sh',
                    '-c',
                    `N=${repetitions}\n${application.script}`,
                ];
                const native = await linux.run(command(application.onLinux), {
                    environment,
                    workingDirectory,
                    timeout: 600_000,
                });
                values.note(
                    'linux',
                    application,
                    application.onLinux,
                    native.stdout.toString(),
                    native.stderr,
                );
                for (const [side, engine] of [
                    ['container', []],
                    ['compiled', ['--aot']],
                ] as const) {
                    const ours = await inContainer(
                        application.image,
                        command(application.inContainer),
                        { timeout: 600_000 },
                        [...options, ...engine],
                    );
                    values.note(
                        side,
                        application,
                        application.inContainer,
                        ours.stdout.toString(),
                        ours.stderr,
                    );
                }
            }
        } finally {
            linux.close();
        }
    }
    const rows = applications.flatMap(({ image, figures }) =>
        figures.map(({ name, title, unit, moreIsBetter }) => {
            const [ours, compiled, native] = (['container', 'compiled', 'linux'] as const).map((side) =>
                values.of(side, image, name),
            );
            const times = moreIsBetter ? median(native!) / median(ours!) : median(ours!) / median(native!);
            const saved = moreIsBetter
                ? 1 - median(ours!) / median(compiled!)
                : 1 - median(compiled!) / median(ours!);
            const digits = median(ours!) < 100 ? 1 : 0;
            return [
                `${title}, ${unit}`,
                spread(ours!, digits),
                spread(compiled!, digits),
                spread(native!, digits),
                `${times.toFixed(1)} times`,
                `${(100 * Math.max(0, saved)).toFixed(0)} %`,
            ];
        }),
    );
    return (
        table(['APPLICATIONS', 'CONTAINER', 'WITH --aot', 'LINUX', 'SLOWER', 'INTERPRETER'], rows, [4, 5]) +
        `  Medians of ${rounds} rounds. On Linux the same files under chroot, with fewer repetitions' noise: ${applications.map(({ image, onLinux, inContainer: here }) => `${image} ${onLinux} (${here} in the container)`).join(', ')}.\n`
    );
}

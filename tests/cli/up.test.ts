// SPDX-License-Identifier: Apache-2.0
//
// `sealift up` in the foreground, against a machine that plays prepared parts (fakeSystem.ts).

import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeMachine } from './fakeMachine.js';

const machine = fakeMachine();

/** Nothing of a system that has ended is left but its logs. */
function assertClean(): void {
    const sockets = join(machine.folder, 'run', 'sealift');
    assert.deepEqual(existsSync(sockets) ? readdirSync(sockets) : [], []);
    assert.deepEqual(readdirSync(join(machine.folder, 'tmp')), []);
}

test('lines have their containers before them, and all ends with the last container', async () => {
    const folder = machine.project('lines', {
        web: { command: ['mixed'] },
        longer: { command: ['exit', '3'], scale: 2 },
    });
    const { code, stdout, stderr } = await machine.run(folder, ['up']);
    assert.equal(code, 0, stderr);
    const lines = stdout.toString().trimEnd().split('\n');
    for (const line of [
        'web-1     | output',
        'web-1     | last',
        'longer-2  | about to exit',
        'longer-1 exited with code 3',
    ])
        assert.ok(lines.includes(line), `${line} is not in\n${lines.join('\n')}`);
    assert.match(stderr, /^web-1 {5}\| err$/m);
    assert.match(stderr, /^ Container lines-web-1 {2}Started$/m);
    assertClean();
    const plain = await machine.run(folder, ['up', '--no-log-prefix', '-q', 'web']);
    assert.equal(plain.stdout.toString(), 'output\nlast\n');
    assert.equal(plain.stderr, 'err\n');
});

test('containers get what the file says, in order of dependency', async () => {
    writeFileSync(join(machine.folder, 'conf'), 'x');
    const folder = machine.project(
        'order',
        {
            web: {
                command: ['options'],
                depends_on: {
                    db: { condition: 'service_healthy' },
                    init: { condition: 'service_completed_successfully' },
                },
                volumes: ['../conf:/etc/conf:ro'],
                secrets: ['key'],
                tmpfs: '/run:size=1m',
                environment: { A: '${WHO}' },
                restart: 'always',
                stop_grace_period: '1s',
            },
            db: { command: ['wait'], healthcheck: { test: ['CMD', 'true'], interval: '1s' } },
            init: { command: ['exit', '0'] },
        },
        { secrets: { key: { content: 'x' } } },
    );
    const { child, result } = machine.start(folder, ['up']);
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => {
        output += bytes.toString();
        if (/web-1 .*\n/.test(output)) child.kill('SIGINT');
    });
    const { code, stderr } = await result;
    assert.equal(code, 130, stderr);
    const options = JSON.parse(/web-1 +\| (.*)\n/.exec(output)![1]!) as Record<string, unknown>;
    assert.deepEqual(options, {
        name: 'order-web-1',
        service: 'web',
        image: 0,
        layers: ['files/0.tar'],
        memory: 64 << 20,
        nanoCpus: 0,
        entrypoint: null,
        command: ['options'],
        environment: ['A='],
        workingDirectory: null,
        user: null,
        hostname: 'web',
        readOnly: false,
        strace: false,
        interactive: false,
        terminal: false,
        tmpfs: [{ path: '/run', size: 1 << 20, mode: 0o1777 }],
        readOnlyPaths: ['/etc/conf', '/run/secrets/key'],
        restart: 'always',
        restartMaximum: 0,
        stopGracePeriod: 1000,
        dependsOn: [
            { container: 'order-db-1', condition: 'service_healthy' },
            { container: 'order-init-1', condition: 'service_completed_successfully' },
        ],
    });
    assert.match(stderr, /order-db-1 {2}Healthy[^]*order-web-1 {2}Started/);
    assert.match(stderr, /Gracefully stopping\.\.\. \(press Ctrl\+C again to force\)/);
    assert.match(stderr, /the variable WHO is not set; it is taken as empty/);
    assertClean();
});

test('a second Ctrl-C ends what does not stop', async () => {
    const folder = machine.project('stubborn', { web: { command: ['stubborn'], stop_grace_period: '1h' } });
    const { child, result } = machine.start(folder, ['up', '-t', '3600']);
    let told = false;
    child.stderr.on('data', (bytes: Buffer) => {
        if (!told && bytes.toString().includes('Started')) child.kill('SIGINT');
        told ||= bytes.toString().includes('Started');
    });
    child.stdout.on('data', (bytes: Buffer) => {
        if (bytes.toString().includes('stopping with 3600')) child.kill('SIGINT');
    });
    assert.equal((await result).code, 130);
    assertClean();
});

test('--abort-on-container-exit and --exit-code-from give the exit code', async () => {
    const folder = machine.project('abort', {
        web: { command: ['wait'] },
        other: { command: ['exit', '4'] },
        flaky: { command: ['exit', '5'], restart: 'on-failure:2' },
    });
    const aborted = await machine.run(folder, ['up', '--abort-on-container-exit', 'web', 'other']);
    assert.equal(aborted.code, 4, aborted.stderr);
    assert.match(aborted.stderr, /Aborting on container exit/);
    const from = await machine.run(folder, ['up', '--exit-code-from', 'flaky', 'web', 'flaky']);
    assert.equal(from.code, 5, from.stderr);
    assert.equal(from.stdout.toString().match(/flaky-1 exited with code 5/g)!.length, 3);
    const failure = await machine.run(folder, ['up', '--abort-on-container-failure', 'web', 'other']);
    assert.equal(failure.code, 4);
    const unknown = await machine.run(folder, ['up', '--exit-code-from', 'nobody']);
    assert.equal(unknown.code, 125);
    assert.match(unknown.stderr, /--exit-code-from nobody: there is no such service/);
});

test('a dependency that fails ends what waits for it', async () => {
    const folder = machine.project('failing', {
        web: { command: ['wait'], depends_on: { init: { condition: 'service_completed_successfully' } } },
        init: { command: ['exit', '1'] },
    });
    const { code, stdout } = await machine.run(folder, ['up']);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /web-1 exited with code 125: container failing-init-1 failed/);
});

test('a target that says what makes no sense is ended, and its text shown', async () => {
    const cases: [string, RegExp][] = [
        ['nonsense', /its control channel is damaged \("event" is no text in what the target says/],
        ['badResponse', /its control channel is damaged \(a response answers no request\)/],
        [
            'stranger',
            /its control channel is damaged \(a frame is about container 77, which there is none of\)/,
        ],
        ['crash', /panic: something is wrong[^]*ended with status 70 before the system was told to end/],
    ];
    for (const [part, message] of cases) {
        const { code, stderr } = await machine.run(machine.project('bad', { web: { command: [part] } }), [
            'up',
        ]);
        assert.equal(code, 125, part);
        assert.match(stderr, message);
        assertClean();
    }
});

test('mistakes are told before anything starts', async () => {
    const cases: [Record<string, Record<string, unknown>>, string[], RegExp][] = [
        [{ web: { ports: ['80'] } }, [], /^sealift: compose\.yaml:1: services\.web\.ports: is not supported/],
        [{ web: {} }, ['--kernel', 'x'], /^sealift: --kernel: it goes with --board only/],
        [
            { web: { image: './x' } },
            [],
            /^sealift: compose\.yaml:1: services\.web\.image: image \.\/x: names no transport/,
        ],
        [
            { web: { platform: 'linux/arm64' } },
            [],
            /services\.web: is for linux\/arm64, and the machine is linux\/amd64/,
        ],
        [
            { web: { container_name: 'x' }, b: { container_name: 'x' } },
            [],
            /its container would be called x, as that of web is/,
        ],
        [
            { web: { volumes: ['./gone:/x'] } },
            [],
            /services\.web\.volumes\[0\]: .*gone: there is no such file or folder/,
        ],
    ];
    for (const [services, words, message] of cases) {
        const { code, stderr, stdout } = await machine.run(machine.project('wrong', services), [
            'up',
            ...words,
        ]);
        assert.equal(code, 125);
        assert.match(stderr, message);
        assert.equal(stdout.length, 0);
        assertClean();
    }
    const { stderr } = await machine.run(machine.folder, ['up']);
    assert.match(stderr, /^sealift: no compose\.yaml in this folder or above/);
});

test('plan sums up what a system takes, and says whether it fits', async () => {
    const folder = machine.project('plan', { web: { mem_limit: '4m', scale: 2 }, db: { mem_limit: '2m' } });
    const { code, stdout, stderr } = await machine.run(folder, ['plan']);
    assert.equal(code, 0, stderr);
    assert.match(stdout.toString(), /^root task: heap +1048576/m);
    assert.match(stdout.toString(), /^container plan-web-2: its limit +4194304/m);
    assert.match(stdout.toString(), /^sum +11534336 +11\.0 MiB$/m);
    assert.match(stdout.toString(), /^It fits; 5\.0 MiB are left\.$/m);
    const large = machine.project('large', { web: { mem_limit: '64m' } });
    const result = await machine.run(machine.folder, [
        'plan',
        '--format',
        'json',
        join(large, 'compose.yaml'),
    ]);
    assert.equal(result.code, 1, result.stderr);
    const plan = JSON.parse(result.stdout.toString()) as Record<string, unknown>;
    assert.deepEqual([plan.fits, plan.needed], [false, (1 << 20) + (64 << 20)]);
    assert.match(
        (await machine.run(large, ['plan'])).stdout.toString(),
        /It does not fit; 49\.0 MiB are missing/,
    );
    assertClean();
});

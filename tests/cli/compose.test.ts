// SPDX-License-Identifier: Apache-2.0
//
// Compose files: what is read from them, and what is refused, with file, line, path of the key and remedy.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { layerFiles } from '../../cli/compose/layerFiles.js';
import { findComposeFile, loadCompose } from '../../cli/compose/load.js';
import { containerNames, readProject, selectServices, type Project } from '../../cli/compose/project.js';
import type { Service } from '../../cli/compose/services.js';
import { tar } from './bundleFile.js';

const folder = mkdtempSync(join(tmpdir(), 'sealift-compose-'));
after(() => rmSync(folder, { recursive: true }));

const shop = join(folder, 'Shop.1');
mkdirSync(join(shop, 'data', 'inner'), { recursive: true });
writeFileSync(join(shop, 'data', 'a.txt'), 'A');
writeFileSync(join(shop, 'data', 'inner', 'b.txt'), 'B');
symlinkSync('a.txt', join(shop, 'data', 'link'));
writeFileSync(join(shop, 'web.conf'), 'listen 80\n');
writeFileSync(join(shop, '.env'), "TAG=1.2 # comment\nEMPTY=\nQUOTED='a $b'\n");

/** Reads a file of this text. */
function project(text: string, environment: NodeJS.ProcessEnv = {}, warnings: string[] = []): Project {
    const path = join(shop, 'compose.yaml');
    writeFileSync(path, text);
    return readProject(loadCompose({ file: path }, environment, (warning) => warnings.push(warning)));
}

/** The only service of a file; `keys` are indented by four spaces. */
function service(keys: string, environment: NodeJS.ProcessEnv = {}): Service {
    const text = `services:\n  web:\n    image: oci:web\n${keys.replace(/^/gm, '    ')}\n`;
    return project(text, environment).services.get('web')!;
}

test('everything that is supported is read', () => {
    const read = service(
        `command: httpd -f -p "80 81" 'it''s'
entrypoint: [/bin/sh, -c]
environment:
  A: b
  NUMBER: 1.10
  FROM_HERE:
  ABSENT:
working_dir: /srv
user: 1000
hostname: www
mem_limit: 32m
cpus: 0.50
restart: on-failure:5
read_only: true
tmpfs: [/run, "/tmp:size=1m,mode=0700"]
stop_signal: SIGINT
stop_grace_period: 1m30s
healthcheck: {test: wget -q localhost, interval: 2s, timeout: 500ms, retries: 2, start_period: 1s, start_interval: 1.5s}
init: false
tty: true
stdin_open: true
container_name: www
profiles: [a]
labels: {com.example: x}
pull_policy: if_not_present
platform: linux/amd64
network_mode: none
x-note: anything`,
        { FROM_HERE: 'there' },
    );
    const { place: _place, imagePlace: _image, ...rest } = read;
    assert.deepEqual(rest, {
        name: 'web',
        image: 'oci:web',
        pullPolicy: 'missing',
        platform: 'linux/amd64',
        command: ['httpd', '-f', '-p', '80 81', 'its'],
        entrypoint: ['/bin/sh', '-c'],
        environment: ['A=b', 'NUMBER=1.10', 'FROM_HERE=there'],
        workingDirectory: '/srv',
        user: '1000',
        hostname: 'www',
        containerName: 'www',
        memory: 32 << 20,
        nanoCpus: 500_000_000,
        scale: 1,
        restart: 'on-failure',
        restartMaximum: 5,
        dependsOn: [],
        readOnly: true,
        mounts: {
            mounts: [],
            tmpfs: [
                { path: '/run', size: 0, mode: 0o1777 },
                { path: '/tmp', size: 1 << 20, mode: 0o700 },
            ],
        },
        stopSignal: 2,
        stopGracePeriod: 90_000,
        health: {
            test: ['CMD-SHELL', 'wget -q localhost'],
            interval: 2000,
            timeout: 500,
            retries: 2,
            startPeriod: 1000,
            startInterval: 1500,
        },
        terminal: true,
        interactive: true,
        profiles: ['a'],
        attach: true,
    });
});

test('what is not said is as with `sealift run`, and empty commands are told from absent ones', () => {
    const read = service('command: []\nentrypoint:\nhealthcheck: {disable: true}\nrestart: "no"');
    assert.deepEqual(read.command, []);
    assert.equal(read.entrypoint, null);
    assert.equal(read.memory, 64 << 20);
    assert.equal(read.hostname, 'web');
    assert.deepEqual(read.health, { test: ['NONE'] });
    assert.equal(read.stopSignal, null);
    assert.deepEqual(service('command: ""').command, []);
});

test('deploy has limits, replicas and a restart policy', () => {
    const read = service(
        `deploy:
  replicas: 3
  labels: [a]
  resources: {limits: {memory: 16m, cpus: "0.25"}}
  restart_policy: {condition: on-failure, max_attempts: 4}`,
    );
    assert.deepEqual([read.memory, read.nanoCpus, read.scale], [16 << 20, 250_000_000, 3]);
    assert.deepEqual([read.restart, read.restartMaximum], ['on-failure', 4]);
    assert.equal(service('scale: 2\ndeploy: {replicas: 3}').scale, 2);
    assert.equal(service('deploy: {restart_policy: {}}').restart, 'always');
});

test('variables come from the environment, then from .env', () => {
    const warnings: string[] = [];
    const text = `name: n-\${TAG}\nservices:
  web:
    image: "oci:web:\${TAG}"
    environment: ["Q=$QUOTED", "D=\${NONE:-\${TAG}}", "X=\${EMPTY:-x}\${EMPTY-y}", "P=$$P", "W=$GONE", "R=\${TAG:+yes}"]
`.replace('n-${TAG}', 'named');
    const read = project(text, { TAG: '9' }, warnings);
    assert.equal(read.name, 'named');
    assert.equal(read.services.get('web')!.image, 'oci:web:9');
    assert.deepEqual(read.services.get('web')!.environment, ['Q=a $b', 'D=9', 'X=x', 'P=$P', 'W=', 'R=yes']);
    assert.deepEqual(warnings, ['the variable GONE is not set; it is taken as empty']);
    assert.equal(project(text).services.get('web')!.image, 'oci:web:1.2');
    assert.throws(
        () => service('user: ${WHO:?who is it}'),
        /^Failure: compose\.yaml:4: services\.web\.user: needs the variable WHO \(who is it\); set it in the environment or in \.env$/,
    );
    assert.throws(() => service('user: ${WHO'), /:4: services\.web\.user: "\$\{WHO" has no '}'/);
    assert.throws(() => service('user: a$ b'), /has a '\$' without a variable's name; write \$\$/);
});

test("the project's name is -p's, COMPOSE_PROJECT_NAME's, the file's or the folder's", () => {
    const text = 'services: {web: {image: "oci:${COMPOSE_PROJECT_NAME}"}}\n';
    assert.equal(project(text).name, 'shop1');
    assert.equal(project(text).services.get('web')!.image, 'oci:shop1');
    assert.equal(project(text, { COMPOSE_PROJECT_NAME: 'other' }).name, 'other');
    const path = join(shop, 'compose.yaml');
    assert.equal(loadCompose({ file: path, projectName: 'mine' }, {}).projectName, 'mine');
    assert.throws(
        () => loadCompose({ file: path, projectName: 'My/..' }, {}),
        /-p: "My\/\.\." is no project name/,
    );
    writeFileSync(path, `name: sho_p\n${text}`);
    assert.equal(loadCompose({ file: path }, {}).projectName, 'sho_p');
});

test('the file is looked for in this folder and above; files are not merged', () => {
    writeFileSync(join(shop, 'compose.yaml'), 'services: {}\n');
    assert.equal(findComposeFile(undefined, {}, join(shop, 'data')), join(shop, 'compose.yaml'));
    writeFileSync(join(shop, 'compose.override.yaml'), '');
    assert.throws(
        () => findComposeFile(undefined, {}, shop),
        /compose\.override\.yaml: files are not merged/,
    );
    assert.equal(findComposeFile('compose.yaml', {}, shop), join(shop, 'compose.yaml'));
    rmSync(join(shop, 'compose.override.yaml'));
    assert.throws(() => findComposeFile(undefined, { COMPOSE_FILE: 'a:b' }, shop), /names several files/);
});

test('anchors and merge keys are resolved, and do not grow without bounds', () => {
    const read = project(`x-base: &base
  image: oci:base
  environment: &env {A: "1"}
services:
  one: {<<: *base, environment: {<<: *env, B: "2"}}
  two: {<<: [*base], image: oci:two}
`);
    assert.deepEqual(read.services.get('one')!.environment.sort(), ['A=1', 'B=2']);
    assert.equal(read.services.get('two')!.image, 'oci:two');
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++)
        lines.push(
            `a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`,
        );
    assert.throws(() => project(lines.join('\n')), /grows beyond every measure by its aliases/);
});

test('env_file has comments, quotes and variables, and environment goes before it', () => {
    writeFileSync(
        join(shop, 'a.env'),
        `# comment\nexport ONE=1 # behind\nTWO="x\\ty \${ONE}"\nTHREE='\${ONE}'\nFOUR=a#b\nLINES="first\nsecond"\nTAG\nFIVE: yes\n`,
    );
    writeFileSync(join(shop, 'b.env'), 'ONE=b "raw" #all\n');
    const read = service('env_file: [a.env]\nenvironment: [FOUR=own]');
    assert.deepEqual(read.environment, [
        'ONE=1',
        'TWO=x\ty 1',
        'THREE=${ONE}',
        'FOUR=own',
        'LINES=first\nsecond',
        'TAG=1.2',
        'FIVE=yes',
    ]);
    assert.deepEqual(service('env_file: {path: b.env, format: raw}').environment, ['ONE=b "raw" #all']);
    writeFileSync(join(shop, 'bad.env'), 'OK=1\nX="open\n');
    assert.throws(() => service('env_file: bad.env'), /bad\.env:2: the value of X has no closing "/);
    assert.throws(
        () => service('env_file: gone.env'),
        /compose\.yaml:4: services\.web\.env_file: .*gone\.env: there is no such file/,
    );
});

/** The lines of `tar -tv` of a service's layers, without owners and times. */
function layers(read: Service): string[][] {
    return layerFiles(read.mounts.mounts, 0).map(({ parts, size }) => {
        const archive = Buffer.concat([...parts]);
        assert.equal(archive.length, size);
        return tar(archive, '--list', '--verbose', '--numeric-owner')
            .trimEnd()
            .split('\n')
            .map((line) => line.replace(/^(\S+)\s+(\S+)\s+\d+\s+\S+\s+\S+\s+/, '$1 '));
    });
}

test('files and folders of the host become layers that hide what is there', () => {
    const read = service(
        'volumes:\n  - ./data:/srv/data:ro\n  - type: bind\n    source: web.conf\n    target: /etc/web.conf\n',
    );
    assert.deepEqual(
        read.mounts.mounts.map(({ target, readOnly }) => [target, readOnly]),
        [
            ['/srv/data', true],
            ['/etc/web.conf', false],
        ],
    );
    assert.deepEqual(layers(read), [
        [
            '-rw-r--r-- etc/web.conf',
            'drwxr-xr-x srv/data/',
            '-rw-r--r-- srv/data/.wh..wh..opq',
            '-rw-r--r-- srv/data/a.txt',
            'drwxr-xr-x srv/data/inner/',
            '-rw-r--r-- srv/data/inner/b.txt',
            'lrwxrwxrwx srv/data/link -> a.txt',
        ],
    ]);
});

test('a mount inside another one is a layer above it', () => {
    const read = service(
        'volumes: ["./data:/srv", "./web.conf:/srv/inner/b.txt", "./data:/srv/inner/more", "./data:/other"]',
    );
    const names = layers(read).map((layer) =>
        layer.filter((line) => !/txt|opq|link/.test(line)).map((line) => line.slice(11)),
    );
    assert.deepEqual(names, [
        ['other/', 'other/inner/', 'srv/', 'srv/inner/'],
        ['srv/inner/more/', 'srv/inner/more/inner/'],
    ]);
    assert.match(layers(read)[1]![0]!, /srv\/inner\/b\.txt/);
});

test('configs and secrets are files with owner and mode, and read-only', () => {
    const read = project(
        `configs: {web: {file: ./web.conf}, text: {content: "port \${TAG}"}}
secrets: {key: {environment: KEY}}
services:
  web:
    image: oci:web
    configs: [web, {source: text, target: /etc/text, uid: "7", gid: "8", mode: 0440}]
    secrets: [key]
`,
        { KEY: 'k' },
    ).services.get('web')!;
    assert.deepEqual(
        read.mounts.mounts.map(({ target, readOnly, mode, owner }) => [target, readOnly, mode, owner]),
        [
            ['/web', true, 0o444, { uid: 0, gid: 0 }],
            ['/etc/text', true, 0o440, { uid: 7, gid: 8 }],
            ['/run/secrets/key', true, 0o444, { uid: 0, gid: 0 }],
        ],
    );
    const [layer] = layerFiles(read.mounts.mounts, 3);
    assert.equal(layer!.name, 'files/3.tar');
    const archive = Buffer.concat([...layer!.parts]);
    assert.equal(tar(archive, '--extract', '--to-stdout', 'etc/text', 'run/secrets/key'), 'port 1.2k');
    assert.match(tar(archive, '--list', '--verbose', '--numeric-owner'), /-r--r----- 7\/8 +8 .* etc\/text/);
});

test('services come in order of dependency, and circles are refused', () => {
    const text = `services:
  web: {image: oci:a, depends_on: {db: {condition: service_healthy}, extra: {condition: service_started, required: false}}}
  db: {image: oci:a, depends_on: [init]}
  init: {image: oci:a}
  extra: {image: oci:a, profiles: [more]}
  tool: {image: oci:a, profiles: [tools], depends_on: [extra]}
`;
    const read = project(text);
    const names = (wanted: string[], profiles: string[] = []): string[] =>
        selectServices(read, wanted, profiles).map(({ name }) => name);
    assert.deepEqual(names([]), ['init', 'db', 'web']);
    assert.deepEqual(names(['db']), ['init', 'db']);
    assert.deepEqual(names([], ['more']), ['init', 'db', 'extra', 'web']);
    assert.deepEqual(names(['extra']), ['extra']);
    assert.throws(
        () => names(['tool']),
        /services\.tool\.depends_on\[0\]: the service "extra" belongs to a profile that is not chosen; add --profile more/,
    );
    assert.throws(() => names(['nobody']), /nobody: there is no such service; there are web, db/);
    assert.deepEqual(containerNames(read, read.services.get('db')!), ['shop1-db-1']);
    const circle = project('services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}');
    assert.throws(
        () => selectServices(circle, [], []),
        /services wait for each other: a → b → a; remove one/,
    );
});

test('what is not supported is refused with file, line, key and remedy', () => {
    const cases: [string, RegExp][] = [
        [
            'ports: ["80:80"]',
            /^compose\.yaml:4: services\.web\.ports: is not supported: .*no other network; remove it$/,
        ],
        ['networks: [back]', /:4: services\.web\.networks: is not supported/],
        ['network_mode: host', /network_mode: is not supported: .*; remove it, or write none$/],
        ['build: .', /services\.web\.build: images are not built; build it with another tool/],
        ['devices: [/dev/null]', /devices: is not supported: containers are granted no devices/],
        [
            'volumes: [data:/data]',
            /volumes\[0\]: the named volume data is not supported; mount a file or folder/,
        ],
        ['volumes: [/data]', /volumes\[0\]: an anonymous volume is not supported/],
        ['volumes: ["./a:/b:rw,nocopy"]', /the option nocopy is not supported/],
        ['volumes: [./a:b]', /"b" is no absolute path; begin it with \//],
        ['volumes: [./a:/]', /the root cannot be mounted over/],
        ['volumes: [./a:/x, ./b:/x/]', /volumes\[1\]: something is mounted at \/x already/],
        ['init: true', /init: is not supported/],
        [
            'privileged: true',
            /privileged: is not supported: a container's authority is its seL4 capabilities/,
        ],
        ['cap_add: [ALL]', /cap_add: is not supported/],
        ['x-sealift: {priority: 5}', /services\.web\.x-sealift\.priority: is not supported yet; remove it/],
        [
            'deploy: {resources: {reservations: {memory: 1m}}}',
            /deploy\.resources\.reservations: is not supported: memory is a fixed quota/,
        ],
        ['deploy: {mode: global}', /deploy\.mode: is not supported: there is one machine/],
        ['imagee: x', /services\.web\.imagee: is not supported; remove it/],
        ['restart: sometimes', /"sometimes" is no restart policy/],
        ['mem_limit: lots', /services\.web\.mem_limit: lots: not a size/],
        ['cpus: 2', /services\.web\.cpus: 2: more than the 1 CPU that a machine has/],
        ['stop_grace_period: 5', /"5" is no duration; write a number and a unit/],
        ['stop_signal: SIGNOPE', /"SIGNOPE" is no signal/],
        ['healthcheck: {interval: 1s}', /healthcheck: has no test/],
        ['healthcheck: {test: [wget]}', /healthcheck\.test: is no test; write \["CMD"/],
        ['container_name: a\nscale: 2', /has a container_name, and 2 containers/],
        ['environment: [=x]', /"" is no variable's name/],
        ['depends_on: {db: {condition: ready}}', /depends_on\.db\.condition: "ready" is no condition/],
        ['depends_on: {db: {restart: true}}', /depends_on\.db\.restart: is not supported/],
        ['secrets: [key]', /services\.web\.secrets\[0\]: there is no secret "key"/],
        ['user: [1]', /services\.web\.user: is a list; write a text/],
        ['tty: maybe', /services\.web\.tty: is "maybe"; write true or false/],
        ['command: "a \'b"', /services\.web\.command: has a quote that is not closed/],
        ['pull_policy: daily', /the policy daily is not supported/],
        ['tmpfs: /run:uid=5', /the option uid=5 is not supported/],
    ];
    for (const [keys, message] of cases)
        assert.throws(
            () => selectServices(readyProject(keys), [], []),
            (error: Error) => {
                assert.equal(error.name, 'Failure', error.stack);
                assert.match(error.message, message, keys);
                return true;
            },
        );
    const files: [string, RegExp][] = [
        [
            'volumes: {data: {}}\nservices: {a: {image: x}}',
            /^compose\.yaml:1: volumes: named volumes are not supported/,
        ],
        [
            'networks: {back: {}}\nservices: {a: {image: x}}',
            /^compose\.yaml:1: networks\.back: networks are not supported/,
        ],
        ['include: [a]\nservices: {a: {image: x}}', /^compose\.yaml:1: include: files are not merged/],
        ['services: {a: {command: x}}', /^compose\.yaml:1: services\.a: has no image/],
        ['service: {a: {image: x}}', /^compose\.yaml:1: service: is not supported; remove it/],
        ['- a', /^compose\.yaml: is no Compose file/],
        ['a: [', /^compose\.yaml:\d+: not YAML/],
        ['services: {a: !reset {}}', /^compose\.yaml:1: not YAML as Compose files have it/],
        ['services: {a: {image: *b}}', /^compose\.yaml:1: /],
        ['', /^compose\.yaml: is no Compose file|is no Compose file/],
    ];
    for (const [text, message] of files) {
        assert.throws(
            () => project(text),
            (error: Error) => {
                assert.equal(error.name, 'Failure', error.stack);
                assert.match(error.message, message, text);
                return true;
            },
        );
    }
});

function readyProject(keys: string): Project {
    service(keys);
    return project(`services:\n  web:\n    image: oci:web\n${keys.replace(/^/gm, '    ')}\n`);
}

test('default networks, versions and extensions are no reason to refuse', () => {
    const read = project(
        'version: "3.8"\nx-a: 1\nnetworks: {default: }\nservices: {web: {image: x, networks: [default]}, b: {image: x, networks: {default: }}}',
    );
    assert.equal(read.services.size, 2);
});

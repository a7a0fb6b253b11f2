// SPDX-License-Identifier: Apache-2.0
//
// Services of a Compose file: what each key means here. A key that is not read is refused (refusals.ts).

import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { HealthCheck, RestartPolicy } from '../boot/bundle.js';
import { parseEnvironmentFile } from '../commands/environment.js';
import { parsePlatform } from '../commands/platform.js';
import type { PullPolicy } from '../image/provideImage.js';
import { readDependencies, type ServiceDependency } from './dependencies.js';
import { readDeploy } from './deploy.js';
import { wrongAt, type ComposeNode, type MapNode, type Place } from './document.js';
import { parseVariables, readEnvironmentText } from './environmentFile.js';
import type { Lookup } from './interpolate.js';
import { serviceRefusals } from './refusals.js';
import * as schema from './schema.js';
import { readFileGrants, readTmpfs, readVolumes, type Mounts, type NamedFile } from './volumes.js';

/** A container's memory where nothing is said, as with `sealift run`. */
const DEFAULT_MEMORY = 64 << 20;
/** HOST_NAME_MAX */
const HOSTNAME_MAXIMUM = 64;
/** Containers of one service; the target has no more numbers for a system. */
const SCALE_MAXIMUM = 500;

export interface Service {
    name: string;
    place: Place;
    image: string;
    imagePlace: Place;
    pullPolicy: PullPolicy;
    platform: string | null;
    command: string[] | null;
    entrypoint: string[] | null;
    /** "NAME=VALUE" each. */
    environment: string[];
    workingDirectory: string | null;
    user: string | null;
    hostname: string;
    containerName: string | null;
    memory: number;
    nanoCpus: number;
    scale: number;
    restart: RestartPolicy;
    restartMaximum: number;
    dependsOn: ServiceDependency[];
    readOnly: boolean;
    mounts: Mounts;
    stopSignal: number | null;
    stopGracePeriod: number | null;
    health: HealthCheck | null;
    terminal: boolean;
    interactive: boolean;
    profiles: string[];
    /** False for a service whose output `up` does not show. */
    attach: boolean;
}

/** What services refer to. */
export interface ServiceContext {
    folder: string;
    lookup: Lookup;
    configs: ReadonlyMap<string, NamedFile>;
    secrets: ReadonlyMap<string, NamedFile>;
}

/** Variables of `env_file`: later files go before earlier ones. */
function readEnvironmentFiles(node: ComposeNode, { folder, lookup }: ServiceContext): Map<string, string> {
    const result = new Map<string, string>();
    for (const item of node.kind === 'list' ? node.items : [node]) {
        let path: string;
        let isRaw = false;
        if (item.kind === 'map') {
            const fields = new schema.Fields(item);
            path = fields.read('path', schema.textOf, '');
            if (!fields.read('required', schema.booleanOf, true))
                throw wrongAt(
                    item,
                    'a file that may be absent is not supported',
                    'write required: true, or remove it',
                );
            const format = fields.read('format', schema.textOf, '');
            if (format !== '' && format !== 'raw')
                throw wrongAt(item, `the format ${format} is not known`, 'write raw or nothing');
            isRaw = format === 'raw';
            fields.end();
        } else path = schema.textOf(item);
        const file = resolve(folder, path);
        const text = readEnvironmentText(file, `${item.file}:${item.line}: ${item.path}`);
        if (!isRaw) {
            for (const [name, value] of parseVariables(text, file, lookup)) result.set(name, value);
            continue;
        }
        const own = new Proxy({}, { get: (_, name) => lookup(String(name)) }) as NodeJS.ProcessEnv;
        for (const entry of parseEnvironmentFile(text, file, own)) {
            const equals = entry.indexOf('=');
            result.set(entry.slice(0, equals), entry.slice(equals + 1));
        }
    }
    return result;
}

function readEnvironment(fields: schema.Fields, context: ServiceContext): string[] {
    const result = fields.read(
        'env_file',
        (node) => readEnvironmentFiles(node, context),
        new Map<string, string>(),
    );
    const named = fields.read('environment', schema.namedValuesOf, new Map());
    for (const [name, { value, node }] of named as ReturnType<typeof schema.namedValuesOf>) {
        if (name === '' || /[\s\0=]/.test(name))
            throw wrongAt(node, `"${name}" is no variable's name`, 'write NAME=VALUE or NAME: VALUE');
        const known = value ?? context.lookup(name);
        if (known?.includes('\0')) throw wrongAt(node, `${name} has a NUL character`, 'remove it');
        if (known !== undefined) result.set(name, known);
        else result.delete(name);
    }
    return [...result].map(([name, value]) => `${name}=${value}`);
}

/** "no", "always", "unless-stopped", "on-failure", "on-failure:5" */
function readRestart(node: ComposeNode): [RestartPolicy, number] {
    const text = schema.textOf(node);
    const match = /^on-failure(?::(\d{1,9}))?$/.exec(text);
    if (match) return ['on-failure', Number(match[1] ?? 0)];
    // YAML's false is what `no` without quotes means to some.
    if (text === 'no' || text === 'false') return ['no', 0];
    if (text === 'always' || text === 'unless-stopped') return [text, 0];
    throw wrongAt(
        node,
        `"${text}" is no restart policy`,
        'write "no", always, on-failure, on-failure:N or unless-stopped',
    );
}

/** A signal's number from "SIGTERM", "TERM" or "15". */
export function signalNumber(text: string): number | null {
    if (/^\d+$/.test(text)) {
        const number = Number(text);
        return number >= 1 && number <= 63 ? number : null;
    }
    const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
    const realtime = /^SIGRT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
    if (realtime) {
        const base = realtime[1] === 'MIN' ? 34 : 64;
        const number = base + (realtime[2] === '-' ? -1 : 1) * Number(realtime[3] ?? 0);
        return number >= 34 && number <= 63 ? number : null;
    }
    return (constants.signals as Record<string, number>)[name] ?? null;
}

function readSignal(node: ComposeNode): number {
    const text = schema.textOf(node);
    const number = signalNumber(text);
    if (number === null) throw wrongAt(node, `"${text}" is no signal`, 'write for example SIGINT');
    return number;
}

function readHealth(node: ComposeNode): HealthCheck | null {
    const fields = new schema.Fields(node);
    const disabled = fields.read('disable', schema.booleanOf, false);
    const testNode = fields.take('test');
    const times = {
        interval: fields.read('interval', schema.durationOf, undefined),
        timeout: fields.read('timeout', schema.durationOf, undefined),
        startPeriod: fields.read('start_period', schema.durationOf, undefined),
        startInterval: fields.read('start_interval', schema.durationOf, undefined),
        retries: fields.read('retries', (count) => schema.countOf(count, 1), undefined),
    };
    fields.end();
    if (disabled) return { test: ['NONE'] };
    if (testNode === null || schema.isNull(testNode)) {
        throw wrongAt(
            node,
            'has no test: the times of a check of the image cannot be changed alone',
            'write the test too',
        );
    }
    if (testNode.kind === 'scalar') return { test: ['CMD-SHELL', schema.textOf(testNode)], ...times };
    const test = schema.textsOf(testNode);
    const [kind] = test;
    const isWhole = kind === 'NONE' || ((kind === 'CMD' || kind === 'CMD-SHELL') && test.length > 1);
    if (!isWhole)
        throw wrongAt(testNode, 'is no test', 'write ["CMD", PROGRAM, ...], ["CMD-SHELL", TEXT] or ["NONE"]');
    return { test, ...times };
}

const pullPolicyNames: Readonly<Record<string, PullPolicy>> = {
    always: 'always',
    never: 'never',
    missing: 'missing',
    if_not_present: 'missing',
};

function readPullPolicy(node: ComposeNode): PullPolicy {
    const text = schema.textOf(node);
    if (Object.hasOwn(pullPolicyNames, text)) return pullPolicyNames[text]!;
    throw wrongAt(node, `the policy ${text} is not supported`, 'write missing, always or never');
}

/** The networks that a container has anyway: none. */
function checkNetworks(fields: schema.Fields): void {
    const cause = 'is not supported: a container has its own loopback interface and no other network';
    fields.only('network_mode', ['none'], cause, 'remove it, or write none');
    const node = fields.take('networks');
    if (node === null || schema.isNull(node)) return;
    const names = node.kind === 'map' ? [...node.entries.keys()] : schema.textsOf(node);
    if (names.some((name) => name !== 'default')) throw wrongAt(schema.atKey(node), cause, 'remove it');
    if (node.kind === 'map' && !schema.isNull(node.entries.get('default') ?? node) && names.length > 0)
        throw wrongAt(schema.atKey(node), 'options of networks are not supported', 'remove it');
}

function refuseSealiftKeys(fields: schema.Fields): void {
    const node = fields.take('x-sealift');
    if (node === null) return;
    for (const value of schema.mapOf(node).entries.values())
        throw wrongAt(schema.atKey(value), 'is not supported yet', 'remove it');
}

function readHostname(node: ComposeNode): string {
    const text = schema.textOf(node);
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text) || text.length > HOSTNAME_MAXIMUM)
        throw wrongAt(
            node,
            `"${text}" is no host name`,
            `use at most ${HOSTNAME_MAXIMUM} letters, digits, '-', '_' and '.'`,
        );
    return text;
}

function readContainerName(node: ComposeNode): string {
    const text = schema.textOf(node);
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text))
        throw wrongAt(node, `"${text}" is no container's name`, "use letters, digits, '-', '_' and '.'");
    return text;
}

function readWorkingDirectory(node: ComposeNode): string {
    const text = schema.textOf(node);
    if (!text.startsWith('/')) throw wrongAt(node, `"${text}" is no absolute path`, 'begin it with /');
    return text;
}

function readMounts(fields: schema.Fields, { folder, configs, secrets }: ServiceContext): Mounts {
    const mounts: Mounts = { mounts: [], tmpfs: [] };
    fields.read('volumes', (node) => readVolumes(node, folder, mounts), undefined);
    fields.read('tmpfs', (node) => readTmpfs(node, mounts), undefined);
    fields.read('configs', (node) => readFileGrants(node, configs, 'config', '/', mounts), undefined);
    fields.read(
        'secrets',
        (node) => readFileGrants(node, secrets, 'secret', '/run/secrets', mounts),
        undefined,
    );
    const targets = new Map<string, Place>();
    for (const mount of mounts.mounts) {
        if (targets.has(mount.target))
            throw wrongAt(
                mount.place,
                `something is mounted at ${mount.target} already`,
                'choose another place',
            );
        targets.set(mount.target, mount.place);
    }
    for (const { path } of mounts.tmpfs)
        if (targets.has(path))
            throw wrongAt(targets.get(path)!, `a tmpfs is mounted at ${path} too`, 'choose another place');
    return mounts;
}

/** One service. */
export function readService(name: string, node: MapNode, context: ServiceContext): Service {
    const fields = new schema.Fields(node);
    const text = (key: string): string | null => fields.read(key, schema.textOf, null);
    const image = fields.take('image');
    const place = schema.atKey(node);
    if (fields.node.entries.has('build') || fields.node.entries.has('extends')) fields.end(serviceRefusals);
    if (image === null)
        throw wrongAt(place, 'has no image', 'write image: and a name as `sealift run` takes it');
    const deploy = readDeploy(fields.take('deploy'));
    const scaleNode = fields.take('scale');
    const scale = scaleNode === null ? (deploy.replicas ?? 1) : schema.countOf(scaleNode);
    if (scale > SCALE_MAXIMUM)
        throw wrongAt(
            scaleNode ?? place,
            `${scale} containers are too many`,
            `write at most ${SCALE_MAXIMUM}`,
        );
    const containerName = fields.read('container_name', readContainerName, null);
    if (containerName !== null && scale > 1)
        throw wrongAt(place, `has a container_name, and ${scale} containers`, 'remove one of both');
    const ownRestart = fields.read('restart', readRestart, null);
    const [restart, restartMaximum] = ownRestart ?? deploy.restart ?? ['no', 0];
    const service: Service = {
        name,
        place,
        image: schema.textOf(image),
        imagePlace: image,
        pullPolicy: fields.read('pull_policy', readPullPolicy, 'missing'),
        platform: fields.read('platform', (value) => parsePlatform(schema.textOf(value)), null),
        command: fields.read('command', schema.wordsOf, null),
        entrypoint: fields.read('entrypoint', schema.wordsOf, null),
        environment: readEnvironment(fields, context),
        workingDirectory: fields.read('working_dir', readWorkingDirectory, null),
        user: text('user'),
        hostname: fields.read('hostname', readHostname, readDefaultHostname(name)),
        containerName,
        memory: fields.read('mem_limit', schema.sizeOf, deploy.memory ?? DEFAULT_MEMORY),
        nanoCpus: fields.read('cpus', schema.cpusOf, deploy.nanoCpus ?? 0),
        scale,
        restart,
        restartMaximum,
        dependsOn: fields.read('depends_on', readDependencies, []),
        readOnly: fields.read('read_only', schema.booleanOf, false),
        mounts: readMounts(fields, context),
        stopSignal: fields.read('stop_signal', readSignal, null),
        stopGracePeriod: fields.read('stop_grace_period', schema.durationOf, null),
        health: fields.read('healthcheck', readHealth, null),
        terminal: fields.read('tty', schema.booleanOf, false),
        interactive: fields.read('stdin_open', schema.booleanOf, false),
        profiles: fields.read('profiles', schema.textsOf, []),
        attach: fields.read('attach', schema.booleanOf, true),
    };
    fields.only(
        'init',
        ['false'],
        'is not supported: no other process 1 is put before the command',
        'remove it',
    );
    fields.only('privileged', ['false'], ...serviceRefusals.privileged!);
    checkNetworks(fields);
    refuseSealiftKeys(fields);
    // Labels and annotations are for those who list containers; nothing here reads them.
    fields.ignore('labels', 'annotations');
    fields.end(serviceRefusals);
    return service;
}

/** A service's name as host name: names of services may have what host names may not begin with. */
function readDefaultHostname(service: string): string {
    return service.replace(/^[^A-Za-z0-9]+/, '').slice(0, HOSTNAME_MAXIMUM) || 'container';
}

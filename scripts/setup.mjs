// SPDX-License-Identifier: Apache-2.0
//
// Installs what a fresh checkout lacks: npm packages by the lock file, and Debian packages. Plain JavaScript without
// dependencies, because it runs before anything is installed. When nothing is missing it takes a few milliseconds.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages, testPackages } from './debian-packages.mjs';
import { root, runMain, runStep, StepError } from './progress.mjs';

const OLDEST_NODE = 20;

function readJson(path) {
    try {
        return JSON.parse(readFileSync(path, 'utf8'));
    } catch {
        return null;
    }
}

/** True when node_modules holds exactly the versions of the lock file that this machine can use. */
function npmPackagesInstalled() {
    const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
    const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
    if (!installed) return false;
    for (const [path, entry] of Object.entries(wanted)) {
        if (path === '') continue;
        const present = installed[path];
        if (present ? present.version !== entry.version : !entry.optional) return false;
    }
    return true;
}

async function installNpmPackages() {
    if (npmPackagesInstalled()) return;
    await runStep('npm', 'Install the npm packages', async (step) => {
        // npm's own environment of an outer `npm start` would override the project's .npmrc.
        await step.run('npm', ['ci', '--no-audit', '--no-fund'], {
            env: { npm_config_ignore_scripts: 'true' },
        });
    });
}

/** The packages of `names` that dpkg does not report as installed. */
function missingDebianPackages(names) {
    const query = spawnSync(
        'dpkg-query',
        ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...names],
        {
            encoding: 'utf8',
        },
    );
    if (query.error) {
        throw new StepError(
            `Debian packages: dpkg-query cannot be run (${query.error.message}); ` +
                'Sealift is built on Debian 12 or a distribution derived from it',
        );
    }
    const installed = new Set();
    for (const line of query.stdout.split('\n')) {
        const [name, status] = line.split(' ');
        if (status === 'installed') installed.add(name);
    }
    return names.filter((name) => !installed.has(name));
}

async function installDebianPackages(packages) {
    const missing = missingDebianPackages(Object.keys(packages));
    if (missing.length === 0) return;
    const reasons = missing.map((name) => `    ${name}: ${packages[name]}`).join('\n');
    if (process.getuid() !== 0) {
        throw new StepError(
            `Debian packages are missing:\n${reasons}\n` +
                `Install them, then start again:\n\n    sudo apt-get install -y ${missing.join(' ')}\n`,
        );
    }
    await runStep('debian', `Install Debian packages: ${missing.join(' ')}`, async (step) => {
        const options = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
        step.say('apt-get update');
        await step.run('apt-get', ['update', '-q'], options);
        step.say('apt-get install');
        await step.run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], options);
    });
}

function checkNode() {
    const version = Number(process.versions.node.split('.')[0]);
    if (version < OLDEST_NODE) {
        throw new StepError(`Node ${process.versions.node}: too old; install Node ${OLDEST_NODE} or newer`);
    }
}

/**
 * Brings the machine to where the project builds; with `forTests` also to where its tests and linters run. `others` are more
 * Debian packages, with the reasons.
 */
export async function setUp({ forTests = false, others = {} } = {}) {
    checkNode();
    if (process.platform !== 'linux') {
        throw new StepError(
            `${process.platform}: not supported; Sealift is built and tried on Linux (Debian 12)`,
        );
    }
    await installDebianPackages({ ...buildPackages, ...(forTests ? testPackages : {}), ...others });
    await installNpmPackages();
}

/** The path of a tool, or null where the machine has none. */
export function findTool(name) {
    try {
        return execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
    } catch {
        return null;
    }
}

if (process.argv[1] === join(root, 'scripts', 'setup.mjs')) {
    await runMain(() => setUp({ forTests: process.argv.includes('--tests') }));
}

// SPDX-License-Identifier: Apache-2.0
//
// The image of the end-to-end tests: the demonstration's layers, and one more with the scripts of tests/linux.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../cli/commandLine.js';
import { appletPaths, demoLayers, file, folder } from '../images/busyboxImage.js';
import { makeLayer, OciLayout, type ImageSettings, type Layer } from '../images/ociLayout.js';

/** Architectures in OCI's names. */
export type ImageArchitecture = 'amd64' | 'arm64' | 'riscv64';

const scriptsFolder = join(projectFolder, 'tests', 'linux');

/** BusyBox as the build fetched it for this machine. */
export const busyboxPath = join(projectFolder, 'build/apt-binary/unpacked/busybox-static-amd64/bin/busybox');

/** Names of the scripts that are compared with Linux, without their folder. */
export const scriptNames = readdirSync(scriptsFolder)
    .filter((name) => name.endsWith('.sh'))
    .sort();

export const scriptsInImage = '/srv/tests';

export const shellConfig: ImageSettings['config'] = {
    Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C'],
    Cmd: ['/bin/sh'],
    WorkingDir: '/srv',
};

/** BusyBox for another architecture, as the build made it. */
export function busyboxFor(architecture: ImageArchitecture): string {
    if (architecture === 'amd64') return busyboxPath;
    if (architecture === 'riscv64') return join(projectFolder, 'build/busybox-riscv64/busybox');
    return busyboxPath.replace('busybox-static-amd64', 'busybox-static-arm64');
}

export function shellLayers(architecture: ImageArchitecture = 'amd64'): Layer[] {
    const demoScript = readFileSync(join(projectFolder, 'tests/images/demo.sh'), 'utf8');
    const program = readFileSync(busyboxFor(architecture));
    const layers = demoLayers(program, appletPaths(busyboxPath), demoScript);
    const scripts = scriptNames.map((name) =>
        file(`${scriptsInImage.slice(1)}/${name}`, readFileSync(join(scriptsFolder, name)), 0o755),
    );
    return [...layers, makeLayer([folder('srv'), folder(scriptsInImage.slice(1)), ...scripts], true)];
}

/** Writes the image to a new layout with the tag "latest"; its reference. */
export function writeShellImage(target: string, architecture: ImageArchitecture = 'amd64'): string {
    const layout = new OciLayout(target);
    layout.writeIndex({
        latest: layout.addImage({ architecture, config: shellConfig }, shellLayers(architecture)),
    });
    return `oci:${target}:latest`;
}

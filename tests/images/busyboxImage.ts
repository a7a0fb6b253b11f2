// SPDX-License-Identifier: Apache-2.0
//
// The demonstration image: Debian's static BusyBox for several architectures in one OCI index. Layer 1 (tar+gzip) is a
// small root file system; layer 2 (plain tar) removes, replaces and hides files of layer 1 and adds some.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
    makeLayer,
    OciLayout,
    type Descriptor,
    type ImageSettings,
    type Layer,
    type LayerEntry,
} from './ociLayout.js';

/** The exit code of demo.sh. */
export const DEMO_EXIT_CODE = 7;

/** A folder entry; its parents are entries of their own, as tools that make images write them. */
export function folder(name: string, mode = 0o755, owner = 0): LayerEntry {
    return { name: `${name}/`, type: 'directory', mode, uid: owner, gid: owner };
}

export function file(name: string, content: string | Buffer, mode = 0o644, owner = 0): LayerEntry {
    return { name, type: 'file', content: Buffer.from(content), mode, uid: owner, gid: owner };
}

export function symlink(name: string, target: string): LayerEntry {
    return { name, type: 'symlink', linkName: target, mode: 0o777 };
}

/** Paths of BusyBox's applets without the leading slash, asked of the machine's own copy: the same version. */
export function appletPaths(busybox: string): string[] {
    const output = execFileSync(busybox, ['--list-full'], { encoding: 'utf8' });
    return output.split('\n').filter((path) => path !== '' && path !== 'bin/busybox');
}

/** A root file system with BusyBox: programs, accounts, and folders that programs expect. */
export function baseEntries(busybox: Buffer, applets: readonly string[]): LayerEntry[] {
    return [
        ...[
            'bin',
            'dev',
            'etc',
            'home',
            'proc',
            'sbin',
            'srv',
            'sys',
            'usr',
            'usr/bin',
            'usr/sbin',
            'var',
        ].map((name) => folder(name)),
        folder('root', 0o700),
        folder('tmp', 0o1777),
        folder('home/user', 0o755, 1000),
        file('bin/busybox', busybox, 0o755),
        ...applets.map((path) => symlink(path, '/bin/busybox')),
        file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:User:/home/user:/bin/sh\n'),
        file('etc/group', 'root:x:0:\nuser:x:1000:\nstaff:x:50:user\n'),
        file(
            'etc/os-release',
            'NAME="Sealift demonstration"\nID=sealift-demo\nPRETTY_NAME="Sealift demonstration image"\n',
        ),
    ];
}

function baseLayer(busybox: Buffer, applets: readonly string[]): Layer {
    const entries = [
        ...baseEntries(busybox, applets),
        folder('srv/layers'),
        file('srv/layers/base.txt', 'base.txt is from layer 1\n'),
        file('srv/layers/changed.txt', 'changed.txt is from layer 1: layer 2 should have replaced it\n'),
        file('srv/layers/removed.txt', 'removed.txt is from layer 1: layer 2 should have removed it\n'),
        folder('srv/layers/opaque'),
        file('srv/layers/opaque/hidden.txt', 'hidden.txt is from layer 1: layer 2 should have hidden it\n'),
    ];
    return makeLayer(entries, true);
}

function changesLayer(demoScript: string): Layer {
    const entries = [
        folder('srv'),
        folder('srv/layers'),
        file('srv/layers/.wh.removed.txt', ''),
        file('srv/layers/changed.txt', 'changed.txt is from layer 2\n'),
        file('srv/layers/added.txt', 'added.txt is from layer 2\n', 0o640, 1000),
        {
            name: 'srv/layers/linked.txt',
            type: 'hardlink' as const,
            linkName: 'srv/layers/added.txt',
            mode: 0o640,
            uid: 1000,
            gid: 1000,
        },
        folder('srv/layers/opaque'),
        file('srv/layers/opaque/.wh..wh..opq', ''),
        file('srv/layers/opaque/shown.txt', 'shown.txt is from layer 2\n'),
        file('srv/demo.sh', demoScript, 0o755),
    ];
    return makeLayer(entries, false);
}

/** The layers of the demonstration image with this BusyBox. */
export function demoLayers(busybox: Buffer, applets: readonly string[], demoScript: string): Layer[] {
    return [baseLayer(busybox, applets), changesLayer(demoScript)];
}

export const demoConfig: ImageSettings['config'] = {
    Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'GREETING=from the image configuration'],
    Cmd: ['/bin/sh', '/srv/demo.sh'],
    WorkingDir: '/srv',
    Labels: { 'org.opencontainers.image.title': 'Sealift demonstration' },
};

/** Writes the layout with the tag "demo". `programs` is BusyBox's path by the image's architecture. */
export function writeDemoImage(
    target: string,
    programs: ReadonlyMap<string, string>,
    hostBusybox: string,
    scriptPath: string,
): void {
    const applets = appletPaths(hostBusybox);
    const layout = new OciLayout(target);
    const demoScript = readFileSync(scriptPath, 'utf8');
    const images: Descriptor[] = [];
    for (const [architecture, program] of programs) {
        const settings = { architecture, config: demoConfig };
        images.push(layout.addImage(settings, demoLayers(readFileSync(program), applets, demoScript)));
    }
    layout.writeIndex({ demo: layout.addIndex(images) });
}

/** BusyBox in an unpacked Debian package. */
export function busyboxOf(packageFolder: string): string {
    return join(packageFolder, 'bin', 'busybox');
}

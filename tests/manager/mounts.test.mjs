// SPDX-License-Identifier: Apache-2.0
//
// What system.json mounts in a container: filesystems in memory with their limits, and paths that nobody can write to.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from './images.mjs';
import { FRAME, SystemClient, container } from './systemClient.mjs';
import { tarEntry, tarEnd } from './tar.mjs';

/** What lies over the demo image: a layer that the host adds. */
const layer = Buffer.concat([
    tarEntry({ name: 'etc/', type: '5' }),
    tarEntry({ name: 'etc/web.conf', content: 'port 80\n' }),
    tarEntry({ name: 'etc/other', content: 'other\n' }),
    tarEntry({ name: 'srv/', type: '5' }),
    tarEntry({ name: 'srv/www/', type: '5' }),
    tarEntry({ name: 'srv/www/index', content: 'hello\n' }),
    tarEntry({ name: 'srv/www/deep/', type: '5' }),
    tarEntry({ name: 'srv/www/deep/page', content: 'deep\n' }),
    tarEntry({ name: 'run/secrets/', type: '5' }),
    tarEntry({ name: 'run/secrets/key', content: 'secret\n' }),
    tarEntry({ name: 'link', type: '2', link: '/srv/www' }),
    tarEntry({ name: 'a b', content: 'blank\n' }),
    tarEnd(),
]);

/** Runs a script in a container with the mounts: what it prints, and how it ends. */
async function run(script, mounts) {
    const system = new SystemClient(
        [container('box', ['/bin/sh', '-c', script], { layers: ['files/0.tar'], ...mounts })],
        [join(root, 'build', 'images', 'demo')],
        { tag: 'demo', oneShot: true, files: { 'files/0.tar': layer } },
    );
    const end = await system.exit(1);
    await system.off;
    return { ...end, output: system.output(1) + system.output(1, FRAME.STDERR) };
}

async function prints(expected, script, mounts) {
    const { output, exitCode, message } = await run(script, mounts);
    assert.equal(output, expected);
    assert.deepEqual([exitCode, message], [0, '']);
}

const tmpfs = (path, size = 0, mode = 0o1777) => ({ path, size, mode });
const MOUNT_OPTIONS = 'rw,nosuid,nodev,noexec,relatime';

test('a tmpfs is empty, writable, and shown', async () => {
    await prints(
        [
            `tmpfs /srv tmpfs ${MOUNT_OPTIONS} 0 0`,
            `tmpfs /made/for/it tmpfs ${MOUNT_OPTIONS},size=68k,mode=750 0 0`,
            '1777',
            '750',
            '0',
            'x',
            'Invalid cross-device link',
            '',
        ].join('\n'),
        `grep -e /srv -e /made /proc/mounts; stat -c %a /srv; stat -c %a /made/for/it; ls /srv | wc -l
        echo x > /srv/file; cat /srv/file; ln /srv/file /etc/link 2>&1 | sed 's/.*: //'`,
        { tmpfs: [tmpfs('/srv'), tmpfs('/made//for/./more/../it/', 66_000, 0o750)] },
    );
});

test('a tmpfs has no more room than its size, and gets it back', async () => {
    await prints(
        ['16 16 16', 'full', '65536', '16 0 0', '16 12 12', '16 16 16', 'written', 'full again', ''].join(
            '\n',
        ),
        `room() { stat -f -c '%b %f %a' /t; }
        room; dd if=/dev/zero of=/t/file bs=4096 count=17 2>/dev/null || echo full; stat -c %s /t/file; room
        truncate -s 16384 /t/file; room; rm /t/file; room
        dd if=/dev/zero of=/t/file bs=65536 count=1 2>/dev/null && echo written
        { echo x > /t/more || echo full again; } 2>/dev/null`,
        { tmpfs: [tmpfs('/t', 65_536)] },
    );
});

test('a tmpfs in a container whose root is read-only', async () => {
    await prints(
        'yes\nRead-only file system\n',
        `echo yes > /new/file; cat /new/file; { echo no > /etc/other; } 2>&1 | sed 's/.*: //'`,
        { readOnly: true, tmpfs: [tmpfs('/new')] },
    );
});

test('read-only paths: files and directories with all below them', async () => {
    await prints(
        [
            'overlay /a\\040b overlay ro,relatime 0 0',
            'overlay /etc/web.conf overlay ro,relatime 0 0',
            'overlay /srv/www overlay ro,relatime 0 0',
            'port 80',
            'hello',
            'deep',
            'write: Read-only file system',
            'write: Read-only file system',
            'write: Read-only file system',
            'make: Read-only file system',
            'remove: Read-only file system',
            'chmod: Read-only file system',
            'move: Read-only file system',
            'unlink: Device or resource busy',
            'rename: Device or resource busy',
            'rmdir: Read-only file system',
            'same device: yes',
            'beside: changed',
            '/ /etc/web.conf /srv/www',
            '',
        ].join('\n'),
        `grep ' ro,' /proc/mounts | grep -e web.conf -e www -e 040
        why() { sed "s/.*: /$1: /"; }
        cat /etc/web.conf /srv/www/index /link/deep/page
        { echo x > /etc/web.conf; } 2>&1 | why write
        { echo x >> /srv/www/deep/page; } 2>&1 | why write
        { echo x > '/a b'; } 2>&1 | why write
        mkdir /srv/www/new 2>&1 | why make
        rm /srv/www/index 2>&1 | why remove
        chmod 777 /srv/www/deep 2>&1 | why chmod
        mv /srv/www/index /srv/www/deep/index 2>&1 | why move
        rm /etc/web.conf 2>&1 | why unlink
        mv /etc/web.conf /etc/web 2>&1 | why rename
        rmdir /srv/www/deep 2>&1 | why rmdir
        [ "$(stat -c %d /srv/www)" = "$(stat -c %d /srv)" ] && echo same device: yes
        echo changed > /etc/other; echo beside: $(cat /etc/other)
        echo $(awk '$5 == "/" || $5 == "/etc/web.conf" || $5 == "/srv/www" { print $4 }' /proc/self/mountinfo)`,
        { readOnlyPaths: ['/etc/web.conf', '/srv//www', '/a b'] },
    );
});

test('a symbolic link in a path leads inside the container', async () => {
    await prints(
        'overlay /srv/www ro,relatime\nRead-only file system\n',
        `awk '/www/ { print $1, $2, $4 }' /proc/mounts; { echo x > /link/index; } 2>&1 | sed 's/.*: //'`,
        { readOnlyPaths: ['/link'] },
    );
});

test('what the image has below a tmpfs can be shown in it', async () => {
    await prints(
        'secret\nkey\nRead-only file system\nmine\n',
        `cat /run/secrets/key; ls /run/secrets
        { echo x > /run/secrets/key; } 2>&1 | sed 's/.*: //'; echo mine > /run/secrets/other; cat /run/secrets/other`,
        { tmpfs: [tmpfs('/run')], readOnlyPaths: ['/run/secrets/key'] },
    );
    await prints(
        'secret\nRead-only file system\n',
        `cat /run/secrets/key; { echo x > /run/secrets/other; } 2>&1 | sed 's/.*: //'`,
        { tmpfs: [tmpfs('/run')], readOnlyPaths: ['/run/secrets'] },
    );
});

test('a tmpfs inside a read-only directory', async () => {
    await prints(
        'x\ndeep is empty: 0\n',
        'echo x > /srv/www/deep/file; cat /srv/www/deep/file; rm /srv/www/deep/file; echo deep is empty: $(ls /srv/www/deep | wc -l)',
        { tmpfs: [tmpfs('/srv/www/deep')], readOnlyPaths: ['/srv/www'] },
    );
});

test('what cannot be mounted ends the start with a sentence that names it', async () => {
    for (const [mounts, expected] of [
        [
            { tmpfs: [tmpfs('/etc/other')] },
            'cannot mount a tmpfs on /etc/other: the image has something else than a directory there',
        ],
        [{ tmpfs: [tmpfs('/etc/other/x')] }, 'cannot mount a tmpfs on /etc/other/x: Not a directory'],
        [
            { tmpfs: [tmpfs('/proc/self')] },
            'cannot mount a tmpfs on /proc/self: nothing can be mounted there',
        ],
        [
            { tmpfs: [tmpfs('/..')] },
            'cannot mount a tmpfs on /: it is the root; give the container a read-only root instead',
        ],
        [{ readOnlyPaths: ['/none'] }, 'cannot make read-only /none: the image has nothing there'],
        [
            { readOnlyPaths: ['/dev/null'] },
            'cannot make read-only /dev/null: it belongs to no image, but to what Sealift provides',
        ],
    ]) {
        const { message, exitCode } = await run('echo started', mounts);
        assert.equal(message, expected);
        assert.equal(exitCode, 125);
    }
});

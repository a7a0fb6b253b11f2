// SPDX-License-Identifier: Apache-2.0
//
// A container of little memory has fewer slots for its sentry's program than the program has pages (assembly/manager/sentryPages.ts): pages
// that are touched give theirs to each other, and nothing in the container can tell. And one of too little memory is refused in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { baseLayer, run, writeLayout } from './images.mjs';

/** Something of everything: it makes the sentry touch 155 of its program's 203 pages where there are slots; in the small container 136 are mapped at its end. */
const SCRIPT = `
i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo $i | cat; done
ls -R /proc/self/ns /etc /sys | wc -l
mkfifo /tmp/f; mkdir /tmp/d; ln -s a /tmp/d/b; mv /tmp/d /tmp/e; chmod 700 /tmp/e; touch /tmp/e/x; ls /tmp/e; rm -r /tmp/e
(sleep 5 & kill $!; wait $! 2>/dev/null; echo $?)
mount | wc -l; stat -c %a /; dd if=/dev/zero of=/tmp/z bs=4k count=4 2>/dev/null; md5sum /tmp/z
(until echo through TCP | nc 127.0.0.1 99 2>/dev/null; do sleep 0.1; done) & sleep 1 | nc -l -p 99; wait
ip address | wc -l; uname -m; id; timeout 1 sleep 5; echo $?
i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo $i | cat; done
`;

function outputIn(memory) {
    const image = writeLayout('small', [{ bytes: baseLayer() }]);
    const { status, stdout, stderr } = run(image, {
        options: ['--memory', memory],
        command: ['/bin/sh', '-c', SCRIPT],
    });
    assert.equal(status, 0, stderr);
    return stdout;
}

function refusalIn(memory) {
    const image = writeLayout('small', [{ bytes: baseLayer() }]);
    const { status, stdout, stderr } = run(image, {
        options: ['--memory', memory, '--stats'],
        command: ['/bin/sh', '-c', 'echo started'],
    });
    assert.equal(status, 125, stdout + stderr);
    assert.equal(stdout, '');
    return stderr;
}

test('a limit that is less than a sentry takes is refused with what it takes', () => {
    assert.match(
        refusalIn('300K'),
        /the memory limit of 300 KiB is too low: a container's sentry alone takes \d+ KiB; raise --memory/,
    );
});

// 384 KiB are 256 and 128, 496 are 256 and four smaller pieces: what is kept back for the sentry's pages lies in several of them.
for (const [memory, bytes] of [
    ['384K', 384 << 10],
    ['496K', 496 << 10],
]) {
    test(`a limit of ${memory} makes a sentry, which says that nothing is left for a program`, () => {
        const stderr = refusalIn(memory);
        assert.match(stderr, /the container's memory is not enough to start it; raise --memory/);
        assert.match(stderr, new RegExp(`returned when the container ended: ${bytes} of ${bytes} bytes`));
    });
}

test('a sentry whose program has more pages than slots', () => {
    const small = outputIn('1900K');
    assert.match(small, /through TCP/);
    assert.equal(small, outputIn('16M'));
});

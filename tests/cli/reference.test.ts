// SPDX-License-Identifier: Apache-2.0

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../cli/failure.js';
import { parseImageReference } from '../../cli/image/reference.js';

test('references are read as skopeo and podman read them', () => {
    const cases: [string, string, string, string][] = [
        ['oci:layout', 'oci', 'layout', ''],
        ['oci:layout:latest', 'oci', 'layout', 'latest'],
        ['oci:/srv/images/a:1.2', 'oci', '/srv/images/a', '1.2'],
        ['oci:layout:docker.io/library/busybox:1.35', 'oci', 'layout', 'docker.io/library/busybox:1.35'],
        ['oci-archive:a.tar', 'oci-archive', 'a.tar', ''],
        ['oci-archive:a.tar:tag', 'oci-archive', 'a.tar', 'tag'],
        ['docker-archive:/tmp/b.tar:busybox:latest', 'docker-archive', '/tmp/b.tar', 'busybox:latest'],
    ];
    for (const [text, transport, path, tag] of cases) {
        assert.deepEqual(parseImageReference(text), { transport, path, tag, text });
    }
    assert.deepEqual(parseImageReference('app:1'), {
        transport: 'stored',
        path: '',
        tag: 'app:1',
        text: 'app:1',
    });
    assert.deepEqual(parseImageReference('docker://registry.example/app'), {
        transport: 'docker',
        path: '',
        tag: 'registry.example/app:latest',
        text: 'docker://registry.example/app',
        registry: { host: 'registry.example', repository: 'app', tag: 'latest', digest: '' },
    });
});

test('what is not a reference is refused with a remedy', () => {
    const cases: [string, RegExp][] = [
        ['', /^image : names no transport; write oci:DIRECTORY/],
        ['./layout', /names no transport/],
        ['a b', /names no transport/],
        ['oci:', /has no path; write/],
        ['oci::tag', /has no path/],
        ['oci:layout:', /the tag after the last ':' is empty/],
        ['docker://busybox', /names no registry; write docker:\/\/HOST/],
        ['docker:registry.example/busybox', /lacks \/\/ behind docker:/],
        [
            'containers-storage:x',
            /the transport containers-storage: is not supported; copy the image with `skopeo copy containers-storage:x oci:/,
        ],
    ];
    for (const [text, message] of cases) {
        assert.throws(
            () => parseImageReference(text),
            (error) => {
                assert.ok(error instanceof Failure);
                assert.match(error.message, message);
                assert.equal(error.exitCode, 125);
                return true;
            },
        );
    }
});

// SPDX-License-Identifier: Apache-2.0
//
// The container manager's own JSON reader on a document like an image configuration, and the text made of it again.

import { JsonKind, JsonValue, parseJson } from '../../../assembly/oci/json';
import { quote } from '../../../assembly/oci/jsonText';

/** A document of some 6 KiB: objects in an array, strings with escapes, numbers, booleans, nothing. */
function makeDocument(): string {
    let text = '{"architecture":"amd64","config":{"Env":["PATH=/usr/bin:/bin","LANG=C.UTF-8"]},"history":[';
    for (let i = 0; i < 40; i++) {
        if (i > 0) text += ',';
        text += '{"created":"2026-01-02T03:04:05Z","created_by":"/bin/sh -c echo \\"layer ' + i.toString();
        text +=
            '\\" > /etc/layer\\n","size":' +
            (i * 7919).toString() +
            ',"empty_layer":' +
            (i % 3 == 0).toString();
        text += ',"comment":null}';
    }
    return text + ']}';
}

function write(value: JsonValue): string {
    switch (value.kind) {
        case JsonKind.Null:
            return 'null';
        case JsonKind.Boolean:
            return value.truth ? 'true' : 'false';
        case JsonKind.Number:
            return value.text;
        case JsonKind.String:
            return quote(value.text);
        case JsonKind.Array: {
            const items = value.items!;
            let text = '[';
            for (let i = 0; i < items.length; i++) text += (i > 0 ? ',' : '') + write(items[i]);
            return text + ']';
        }
        default: {
            const members = value.members!;
            const names = members.keys();
            let text = '{';
            for (let i = 0; i < names.length; i++)
                text += (i > 0 ? ',' : '') + quote(names[i]) + ':' + write(members.get(names[i]));
            return text + '}';
        }
    }
}

/** Reads and writes the document `count` times. */
export function run(count: i32): i32 {
    const bytes = String.UTF8.encode(makeDocument());
    let sum: u32 = 0;
    for (let n = 0; n < count; n++) {
        const result = parseJson(changetype<usize>(bytes), bytes.byteLength);
        const text = write(result.value!);
        for (let i = 0; i < text.length; i += 7) sum = sum * 31 + <u32>text.charCodeAt(i);
    }
    return <i32>sum;
}

// SPDX-License-Identifier: Apache-2.0

import { decimal, signedDecimal } from "../std/numberText";

/** Writes JSON text. The caller keeps objects and arrays balanced; commas are put where they belong. */
export class JsonText {
    private parts: string[] = new Array<string>();
    private separate: bool = false;

    toString(): string {
        return this.parts.join("");
    }

    beginObject(): JsonText {
        return this.open("{");
    }

    endObject(): JsonText {
        return this.close("}");
    }

    beginArray(): JsonText {
        return this.open("[");
    }

    endArray(): JsonText {
        return this.close("]");
    }

    /** A member's name; its value follows. */
    name(name: string): JsonText {
        this.string(name);
        this.parts.push(":");
        this.separate = false;
        return this;
    }

    string(text: string): JsonText {
        return this.token(quote(text));
    }

    unsigned(value: u64): JsonText {
        return this.token(decimal(value));
    }

    integer(value: i64): JsonText {
        return this.token(signedDecimal(value));
    }

    boolean(value: bool): JsonText {
        return this.token(value ? "true" : "false");
    }

    nothing(): JsonText {
        return this.token("null");
    }

    strings(texts: string[] | null): JsonText {
        if (texts === null) return this.nothing();
        this.beginArray();
        for (let i = 0; i < texts.length; i++) this.string(texts[i]);
        return this.endArray();
    }

    stringMap(map: Map<string, string>): JsonText {
        this.beginObject();
        const names = map.keys();
        for (let i = 0; i < names.length; i++) this.name(names[i]).string(map.get(names[i]));
        return this.endObject();
    }

    private open(bracket: string): JsonText {
        this.token(bracket);
        this.separate = false;
        return this;
    }

    private close(bracket: string): JsonText {
        this.parts.push(bracket);
        this.separate = true;
        return this;
    }

    private token(token: string): JsonText {
        if (this.separate) this.parts.push(",");
        this.parts.push(token);
        this.separate = true;
        return this;
    }
}

/** `text` as a JSON string with its quotes. A lone surrogate is written as an escape, which keeps the text valid UTF-8. */
export function quote(text: string): string {
    let quoted = '"';
    let start = 0;
    for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        let escape = "";
        if (unit == 0x22) escape = '\\"';
        else if (unit == 0x5c) escape = "\\\\";
        else if (unit == 0x0a) escape = "\\n";
        else if (unit == 0x0d) escape = "\\r";
        else if (unit == 0x09) escape = "\\t";
        else if (unit < 0x20 || unit == 0x7f) escape = unicodeEscape(unit);
        else if (unit >= 0xd800 && unit <= 0xdfff) {
            const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
            if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
                i++;
                continue;
            }
            escape = unicodeEscape(unit);
        } else continue;
        quoted += text.substring(start, i) + escape;
        start = i + 1;
    }
    return quoted + text.substring(start) + '"';
}

function unicodeEscape(unit: i32): string {
    const digits = "0123456789abcdef";
    return (
        "\\u" +
        digits.charAt(unit >> 12) +
        digits.charAt((unit >> 8) & 15) +
        digits.charAt((unit >> 4) & 15) +
        digits.charAt(unit & 15)
    );
}

// SPDX-License-Identifier: Apache-2.0
//
// A strict reader of JSON (RFC 8259) that never traps on what it reads.
//
// Why not json-as: it answers malformed text with `abort`, and a member of the wrong type with that type's zero. The
// documents read here come with images, from anybody: both must be errors with a place and a reason.
//
// Stricter than the RFC asks: member names are unique within an object (two readers that disagree on which one counts
// would see two different images), text is well-formed UTF-8 and escapes pair their surrogates.

import { Failure, Result } from "../std/failure";
import { decimal } from "../std/numberText";
import { decodeUtf8, isUtf8, writeUtf8 } from "../std/utf8";

/** Nesting of arrays and objects. OCI documents nest five deep; the limit bounds the reader's recursion. */
export const JSON_DEPTH_MAXIMUM: i32 = 32;
/**
 * Bytes of one document. Registries refuse manifests over 4 MiB; configurations seen in practice are below 100 KiB, and
 * on the target a document is held as UTF-16 besides its values.
 */
export const JSON_SIZE_MAXIMUM: i32 = 512 << 10;
/** Values in one document: bounds the heap that a document of nothing but brackets takes. */
export const JSON_VALUES_MAXIMUM: i32 = 1 << 14;

export enum JsonKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/** One value. Which members mean something depends on `kind`. */
export class JsonValue {
    /** Boolean. */
    truth: bool = false;
    /** String: its text. Number: the digits as written. */
    text: string = "";
    /** Array: its values in order. */
    items: JsonValue[] | null = null;
    /** Object: its members in order of appearance. */
    members: Map<string, JsonValue> | null = null;

    constructor(readonly kind: JsonKind) {}

    /** The member `name` of an object, or null where it is absent. */
    member(name: string): JsonValue | null {
        const members = this.members;
        return members !== null && members.has(name) ? members.get(name) : null;
    }
}

/** Reads the one value that `length` bytes of JSON text hold. */
export function parseJson(bytes: usize, length: i32): Result<JsonValue | null> {
    if (length > JSON_SIZE_MAXIMUM) {
        return Result.fail<JsonValue | null>(
            new Failure(
                "the JSON document has " +
                    decimal(length) +
                    " bytes; at most " +
                    decimal(JSON_SIZE_MAXIMUM) +
                    " are read",
            ),
        );
    }
    const parser = new JsonParser(bytes, length);
    const value = parser.document();
    const failure = parser.failure;
    return failure !== null ? Result.fail<JsonValue | null>(failure) : Result.of<JsonValue | null>(value);
}

/**
 * Bytes of heap that `parseJson` takes at most for a text, garbage included: every value and member name is announced by a
 * bracket, a comma or a colon, and takes at most 120 bytes of objects, tables and their growth; its text is copied twice.
 */
export function jsonHeapBound(bytes: usize, length: i32): u32 {
    let marks: u32 = 1;
    for (let i = 0; i < length; i++) {
        const code = load<u8>(bytes + i);
        if (code == 0x2c || code == 0x3a || code == 0x5b || code == 0x7b) marks++;
    }
    return min(marks, 2 * JSON_VALUES_MAXIMUM) * 120 + 6 * length;
}

/** A short name of a kind for messages. */
export function kindName(kind: JsonKind): string {
    switch (kind) {
        case JsonKind.Null:
            return "null";
        case JsonKind.Boolean:
            return "a boolean";
        case JsonKind.Number:
            return "a number";
        case JsonKind.String:
            return "a string";
        case JsonKind.Array:
            return "an array";
        default:
            return "an object";
    }
}

class JsonParser {
    failure: Failure | null = null;
    private at: i32 = 0;
    private values: i32 = 0;

    constructor(
        private readonly bytes: usize,
        private readonly length: i32,
    ) {}

    document(): JsonValue | null {
        this.skipSpace();
        const value = this.value(0);
        if (value === null) return null;
        this.skipSpace();
        if (this.at < this.length) return this.fail("text follows the value");
        return value;
    }

    private value(depth: i32): JsonValue | null {
        if (depth > JSON_DEPTH_MAXIMUM)
            return this.fail("values nest more than " + decimal(JSON_DEPTH_MAXIMUM) + " deep");
        if (++this.values > JSON_VALUES_MAXIMUM)
            return this.fail("there are more than " + decimal(JSON_VALUES_MAXIMUM) + " values");
        const code = this.peek();
        if (code == 0x7b) return this.object(depth);
        if (code == 0x5b) return this.array(depth);
        if (code == 0x22) {
            const text = this.string();
            if (text === null) return null;
            const value = new JsonValue(JsonKind.String);
            value.text = text;
            return value;
        }
        if (code == 0x2d || isDigit(code)) return this.number();
        if (this.word("true")) {
            const value = new JsonValue(JsonKind.Boolean);
            value.truth = true;
            return value;
        }
        if (this.word("false")) return new JsonValue(JsonKind.Boolean);
        if (this.word("null")) return new JsonValue(JsonKind.Null);
        return this.fail(code < 0 ? "the text ends where a value should be" : "a value is expected");
    }

    private object(depth: i32): JsonValue | null {
        const value = new JsonValue(JsonKind.Object);
        const members = new Map<string, JsonValue>();
        value.members = members;
        this.at++;
        this.skipSpace();
        if (this.take(0x7d)) return value;
        while (true) {
            this.skipSpace();
            if (this.peek() != 0x22) return this.fail("a member name in quotes is expected");
            const name = this.string();
            if (name === null) return null;
            if (members.has(name)) return this.fail('the object has two members named "' + name + '"');
            this.skipSpace();
            if (!this.take(0x3a)) return this.fail('":" is expected');
            this.skipSpace();
            const member = this.value(depth + 1);
            if (member === null) return null;
            members.set(name, member);
            this.skipSpace();
            if (this.take(0x7d)) return value;
            if (!this.take(0x2c)) return this.fail('"," or "}" is expected');
        }
    }

    private array(depth: i32): JsonValue | null {
        const value = new JsonValue(JsonKind.Array);
        const items = new Array<JsonValue>();
        value.items = items;
        this.at++;
        this.skipSpace();
        if (this.take(0x5d)) return value;
        while (true) {
            this.skipSpace();
            const item = this.value(depth + 1);
            if (item === null) return null;
            items.push(item);
            this.skipSpace();
            if (this.take(0x5d)) return value;
            if (!this.take(0x2c)) return this.fail('"," or "]" is expected');
        }
    }

    /** RFC 8259, section 6: no leading zeros, no bare point, no plus sign in front. */
    private number(): JsonValue | null {
        const start = this.at;
        this.take(0x2d);
        if (!this.take(0x30) && !this.digits()) return this.fail("a digit is expected");
        if (isDigit(this.peek())) return this.fail("a number begins with 0");
        if (this.take(0x2e) && !this.digits())
            return this.fail("a digit is expected after the decimal point");
        if (this.take(0x65) || this.take(0x45)) {
            if (!this.take(0x2b)) this.take(0x2d);
            if (!this.digits()) return this.fail("a digit is expected in the exponent");
        }
        const value = new JsonValue(JsonKind.Number);
        value.text = decodeUtf8(this.bytes + start, this.at - start);
        return value;
    }

    private string(): string | null {
        this.at++;
        const start = this.at;
        const end = this.closingQuote();
        if (end < 0) return null;
        if (!isUtf8(this.bytes + start, end - start)) {
            this.fail("a string is not well-formed UTF-8");
            return null;
        }
        if (!this.hasEscape) {
            this.at = end + 1;
            return decodeUtf8(this.bytes + start, end - start);
        }
        // No escape is shorter than what it stands for. The text is put together as bytes, and made a string once: as strings, the
        // pieces of a long text would take the square of its length.
        const room = heap.alloc(end - start);
        const length = this.unescape(end, room);
        let text: string | null = null;
        if (length >= 0) text = decodeUtf8(room, length);
        heap.free(room);
        this.at = end + 1;
        return text;
    }

    /** Whether the string that closingQuote went over has a backslash. */
    private hasEscape: bool = false;

    /** Where the string that begins here ends, or -1 after a failure. */
    private closingQuote(): i32 {
        this.hasEscape = false;
        const start = this.at;
        while (true) {
            const code = this.peek();
            if (code < 0x20) {
                this.fail(code < 0 ? "a string does not end" : "a string contains a control character");
                return -1;
            }
            if (code == 0x22) break;
            if (code == 0x5c) {
                this.hasEscape = true;
                this.at++;
                // What is escaped is looked at later; only a quote must not end the string.
                if (this.peek() < 0x20) continue;
            }
            this.at++;
        }
        const end = this.at;
        this.at = start;
        return end;
    }

    /** Writes the bytes of the string up to `end` without its escapes; their number, or -1 after a failure. */
    private unescape(end: i32, to: usize): i32 {
        const first = to;
        while (this.at < end) {
            const code = this.peek();
            if (code != 0x5c) {
                store<u8>(to++, <u8>code);
                this.at++;
                continue;
            }
            this.at++;
            let unit: u32 = this.escape();
            if (<i32>unit < 0) return -1;
            if (unit >= 0xd800 && unit <= 0xdfff) {
                const low = unit < 0xdc00 && this.take(0x5c) ? this.escape() : 0;
                if (low < 0xdc00 || low > 0xdfff) {
                    if (low >= 0) this.fail("an escape is half of a surrogate pair");
                    return -1;
                }
                unit = 0x10000 + ((unit - 0xd800) << 10) + (<u32>low - 0xdc00);
            }
            to += writeUtf8(unit, to);
        }
        return <i32>(to - first);
    }

    /** The code unit of the escape whose backslash has been read, or -1 after a failure. */
    private escape(): i32 {
        const code = this.peek();
        this.at++;
        switch (code) {
            case 0x22:
            case 0x5c:
            case 0x2f:
                return code;
            case 0x62:
                return 0x08;
            case 0x66:
                return 0x0c;
            case 0x6e:
                return 0x0a;
            case 0x72:
                return 0x0d;
            case 0x74:
                return 0x09;
            case 0x75: {
                let unit = 0;
                for (let i = 0; i < 4; i++) {
                    const digit = hexDigitAnyCase(this.peek());
                    if (digit < 0) {
                        this.fail("\\u is not followed by four hexadecimal digits");
                        return -1;
                    }
                    unit = (unit << 4) | digit;
                    this.at++;
                }
                return unit;
            }
            default:
                this.fail("an escape is not one that JSON knows");
                return -1;
        }
    }

    /** Whether at least one digit was read. */
    private digits(): bool {
        const start = this.at;
        while (isDigit(this.peek())) this.at++;
        return this.at > start;
    }

    private word(word: string): bool {
        if (this.length - this.at < word.length) return false;
        for (let i = 0; i < word.length; i++) {
            if (load<u8>(this.bytes + this.at + i) != <u8>word.charCodeAt(i)) return false;
        }
        this.at += word.length;
        return true;
    }

    private skipSpace(): void {
        while (true) {
            const code = this.peek();
            if (code != 0x20 && code != 0x0a && code != 0x0d && code != 0x09) return;
            this.at++;
        }
    }

    /** Reads the byte `code` if it is next. */
    private take(code: i32): bool {
        if (this.peek() != code) return false;
        this.at++;
        return true;
    }

    /** The next byte, or -1 at the end. */
    private peek(): i32 {
        return this.at < this.length ? <i32>load<u8>(this.bytes + this.at) : -1;
    }

    /** Keeps the first failure. */
    private fail(reason: string): JsonValue | null {
        if (this.failure === null) {
            this.failure = new Failure(
                "not valid JSON at byte " + decimal(this.at) + ": " + reason + "; save the file again",
            );
        }
        return null;
    }
}

function isDigit(code: i32): bool {
    return code >= 0x30 && code <= 0x39;
}

function hexDigitAnyCase(code: i32): i32 {
    if (isDigit(code)) return code - 0x30;
    const lower = code | 0x20;
    return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

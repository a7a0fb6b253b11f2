// SPDX-License-Identifier: Apache-2.0

import { expectPart } from "../expectations";
import {
    JSON_DEPTH_MAXIMUM,
    JSON_VALUES_MAXIMUM,
    JsonKind,
    JsonValue,
    parseJson,
} from "../../../assembly/oci/json";
import { JsonFields } from "../../../assembly/oci/jsonFields";
import { JsonText } from "../../../assembly/oci/jsonText";
import { Result } from "../../../assembly/std/failure";
import { encodeUtf8, utf8Length } from "../../../assembly/std/utf8";

function parse(text: string): Result<JsonValue | null> {
    const length = utf8Length(text);
    const bytes = heap.alloc(length + 1);
    encodeUtf8(text, bytes);
    // A byte that would be read only by an overrun.
    store<u8>(bytes + length, 0x31);
    const result = parseJson(bytes, length);
    heap.free(bytes);
    return result;
}

function failureOf(text: string): string {
    const failure = parse(text).failure;
    return failure === null ? "" : failure.message;
}

describe("json", () => {
    it("reads every kind of value", () => {
        const value = parse(' {"a":[1,-2.5e+3,true,false,null,"x\\n\\u00e4\\ud834\\udd1e"],"b":{}} ').value!;
        expect(value.kind).toBe(JsonKind.Object);
        const items = value.member("a")!.items!;
        expect(items.length).toBe(6);
        expect(items[0].text).toBe("1");
        expect(items[1].text).toBe("-2.5e+3");
        expect(items[2].truth).toBe(true);
        expect(items[4].kind).toBe(JsonKind.Null);
        expect(items[5].text).toBe("x\n\u00e4\ud834\udd1e");
        expect(value.member("b")!.members!.size).toBe(0);
        expect(value.member("c") === null).toBe(true);
    });

    it("reads a long text of lines in memory in proportion to it", () => {
        const line = 'a line of a script, \\"quoted\\"\\n';
        const text = parse('"' + line.repeat(4000) + '"').value!.text;
        expect(text.length).toBe(4000 * 29);
        expect(text.endsWith('"quoted"\n')).toBe(true);
    });

    it("refuses what RFC 8259 refuses, with the place", () => {
        expectPart(failureOf(""), "at byte 0: the text ends where a value should be");
        expectPart(failureOf("[1,]"), "at byte 3: a value is expected");
        expectPart(failureOf("[1 2]"), '"," or "]" is expected');
        expectPart(failureOf('{"a"}'), '":" is expected');
        expectPart(failureOf('{"a":1,}'), "member name");
        expectPart(failureOf("{a:1}"), "member name");
        expectPart(failureOf("01"), "a number begins with 0");
        expectPart(failureOf("-"), "a digit is expected");
        expectPart(failureOf("1."), "after the decimal point");
        expectPart(failureOf("1e"), "exponent");
        expectPart(failureOf("+1"), "a value is expected");
        expectPart(failureOf("nul"), "a value is expected");
        expectPart(failureOf('"a'), "a string does not end");
        expectPart(failureOf('"a\tb"'), "control character");
        expectPart(failureOf('"\\x41"'), "escape");
        expectPart(failureOf('"\\u12g4"'), "hexadecimal");
        expectPart(failureOf('"\\ud800"'), "surrogate");
        expectPart(failureOf('"\\udc00\\ud800"'), "surrogate");
        expectPart(failureOf("1 1"), "text follows the value");
        expectPart(failureOf('{"a":1,"a":2}'), 'two members named "a"');
    });

    it("refuses strings that are not UTF-8", () => {
        const bytes = heap.alloc(4);
        store<u32>(bytes, 0x2280c022); // "\xc0\x80": an overlong zero
        expectPart(parseJson(bytes, 4).failure!.message, "UTF-8");
        heap.free(bytes);
    });

    it("bounds nesting and values", () => {
        expectPart(failureOf("[".repeat(JSON_DEPTH_MAXIMUM + 2)), "nest more than");
        expectPart(failureOf("[" + "0,".repeat(JSON_VALUES_MAXIMUM) + "0]"), "more than");
    });

    it("gives typed members and names those of another type", () => {
        const fields = new JsonFields(parse('{"s":"x","n":12,"l":["a"],"e":null}').value, "the thing");
        expect(fields.string("s")).toBe("x");
        expect(fields.count("n", -1)).toBe(12);
        expect(fields.count("absent", -1)).toBe(-1);
        expect(fields.strings("l")!.length).toBe(1);
        expect(fields.has("e")).toBe(false);
        expect(fields.failure === null).toBe(true);
        fields.string("n");
        expect(fields.failure!.message).toBe('the thing has a number as "n" where a string is expected');
    });

    it("refuses counts that are not whole or too large", () => {
        const texts = ["1.0", "-1", "9223372036854775808", "1e3", '"1"'];
        for (let i = 0; i < texts.length; i++) {
            const fields = new JsonFields(parse('{"n":' + texts[i] + "}").value, "the thing");
            fields.count("n", 0);
            expect(fields.failure !== null).toBe(true, texts[i]);
        }
    });

    it("writes another text in the room of the first", () => {
        const text = new JsonText();
        expect(text.beginObject().name("a").unsigned(1).endObject().toString()).toBe('{"a":1}');
        expect(text.clear().beginArray().unsigned(2).unsigned(3).endArray().toString()).toBe("[2,3]");
    });

    it("writes what it reads", () => {
        const text = new JsonText()
            .beginObject()
            .name("a")
            .string('q"\\\u0001\ud800')
            .name("b")
            .beginArray()
            .integer(-1)
            .unsigned(u64.MAX_VALUE)
            .boolean(true)
            .nothing()
            .endArray()
            .endObject()
            .toString();
        expect(text).toBe('{"a":"q\\"\\\\\\u0001\\ud800","b":[-1,18446744073709551615,true,null]}');
        expect(parse('{"b":[-1,18446744073709551615,true,null]}').ok).toBe(true);
    });

    it("writes numbers of every length, and goes on after a part", () => {
        const text = new JsonText().beginArray();
        text.unsigned(0).unsigned(9).unsigned(10).unsigned(u64.MAX_VALUE).unsigned(10000000000000000000);
        text.integer(-1).integer(i64.MIN_VALUE).integer(i64.MAX_VALUE);
        expect(text.toString()).toBe(
            "[0,9,10,18446744073709551615,10000000000000000000,-1,-9223372036854775808,9223372036854775807",
        );
        text.continueAfter();
        text.string("\u00e4\ud834\udd1e").endArray();
        expect(text.toString()).toBe(',"\u00e4\ud834\udd1e"]');
        const bytes = heap.alloc(text.utf8Bound);
        expect(text.encodeUtf8(bytes)).toBe(10);
        expect(String.UTF8.decodeUnsafe(bytes, 10)).toBe(text.toString());
        heap.free(bytes);
    });
});

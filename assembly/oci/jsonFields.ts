// SPDX-License-Identifier: Apache-2.0

import { Failure } from "../std/failure";
import { parseDecimal } from "../std/numberText";
import { JsonKind, JsonValue, kindName } from "./json";

/**
 * Typed access to one JSON object. A member that is absent or null gives the type's empty value; one of another type
 * is a failure that names it. The first failure is kept, so that a reader fetches all members and checks once.
 */
export class JsonFields {
    failure: Failure | null = null;
    private readonly object: JsonValue | null;

    /** `thing` names the object in messages: "manifest sha256:…". A value that is not an object is a failure. */
    constructor(
        value: JsonValue | null,
        readonly thing: string,
    ) {
        if (value !== null && value.kind == JsonKind.Object) {
            this.object = value;
        } else {
            this.object = null;
            this.fail("is not a JSON object");
        }
    }

    /** Whether the member is there and not null. */
    has(name: string): bool {
        return this.member(name) !== null;
    }

    string(name: string): string {
        const value = this.member(name);
        if (value === null) return "";
        if (value.kind != JsonKind.String) {
            this.mistyped(name, "a string", value.kind);
            return "";
        }
        return value.text;
    }

    /** A string, or a number's digits; "" where the member is not there. */
    nameOrNumber(name: string): string {
        const value = this.member(name);
        if (value === null) return "";
        if (value.kind == JsonKind.String || value.kind == JsonKind.Number) return value.text;
        this.mistyped(name, "a name or a number", value.kind);
        return "";
    }

    boolean(name: string): bool {
        const value = this.member(name);
        if (value === null) return false;
        if (value.kind != JsonKind.Boolean) {
            this.mistyped(name, "a boolean", value.kind);
            return false;
        }
        return value.truth;
    }

    /** A whole number from 0 to the largest i64, or `absent` where the member is not there. */
    count(name: string, absent: i64): i64 {
        const value = this.member(name);
        if (value === null) return absent;
        const number = value.kind == JsonKind.Number ? parseDecimal(value.text) : -1;
        if (number < 0) {
            this.fail('has a "' + name + '" that is not a whole number from 0 to 9223372036854775807');
            return absent;
        }
        return number;
    }

    /** An array of strings, or null where the member is not there. */
    strings(name: string): string[] | null {
        const items = this.items(name);
        if (items === null) return null;
        const texts = new Array<string>();
        for (let i = 0; i < items.length; i++) {
            if (items[i].kind != JsonKind.String) {
                this.fail("has " + kindName(items[i].kind) + ' in "' + name + '" where a string is expected');
                return texts;
            }
            texts.push(items[i].text);
        }
        return texts;
    }

    /** An array, or null where the member is not there. */
    items(name: string): JsonValue[] | null {
        const value = this.member(name);
        if (value === null) return null;
        if (value.kind != JsonKind.Array) {
            this.mistyped(name, "an array", value.kind);
            return null;
        }
        return value.items;
    }

    /** An object whose members are all strings (annotations, labels); empty where the member is not there. */
    stringMap(name: string): Map<string, string> {
        const map = new Map<string, string>();
        const value = this.memberObject(name);
        if (value === null) return map;
        const members = value.members!;
        const names = members.keys();
        for (let i = 0; i < names.length; i++) {
            const member = members.get(names[i]);
            if (member.kind != JsonKind.String) {
                this.fail(
                    "has " +
                        kindName(member.kind) +
                        ' as "' +
                        name +
                        "." +
                        names[i] +
                        '" where a string is expected',
                );
                return map;
            }
            map.set(names[i], member.text);
        }
        return map;
    }

    /** The names of an object's members (ExposedPorts, Volumes: sets written as objects). */
    nameSet(name: string): string[] {
        const value = this.memberObject(name);
        return value === null ? new Array<string>() : value.members!.keys();
    }

    /** A member object, or null where it is not there. */
    memberObject(name: string): JsonValue | null {
        const value = this.member(name);
        if (value === null) return null;
        if (value.kind != JsonKind.Object) {
            this.mistyped(name, "an object", value.kind);
            return null;
        }
        return value;
    }

    /** Takes over the failure of a part. */
    take(part: JsonFields): void {
        if (this.failure === null) this.failure = part.failure;
    }

    /** Refuses members whose names are not among `names`. */
    refuseOthers(names: string[]): void {
        const object = this.object;
        if (object === null) return;
        const present = object.members!.keys();
        for (let i = 0; i < present.length; i++) {
            if (!names.includes(present[i])) this.fail('has a "' + present[i] + '", which is not known');
        }
    }

    /** Notes that the thing `reason`. */
    fail(reason: string): void {
        if (this.failure === null) this.failure = new Failure(this.thing + " " + reason);
    }

    private member(name: string): JsonValue | null {
        const object = this.object;
        if (object === null) return null;
        const value = object.member(name);
        return value === null || value.kind == JsonKind.Null ? null : value;
    }

    private mistyped(name: string, expected: string, kind: JsonKind): void {
        this.fail("has " + kindName(kind) + ' as "' + name + '" where ' + expected + " is expected");
    }
}

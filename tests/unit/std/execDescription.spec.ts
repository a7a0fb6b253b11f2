// SPDX-License-Identifier: Apache-2.0

import {
    EXEC_INTERACTIVE,
    EXEC_TERMINAL,
    ExecDescription,
    execDescriptionSize,
    isExecDescription,
    writeExecTexts,
} from "../../../assembly/std/execDescription";
import { decodeUtf8 } from "../../../assembly/std/utf8";

let size: u32 = 0;

/** Describes two arguments and one variable, working directory and user: where; `size` bytes. */
function describeTwo(): usize {
    const texts = ["cat", "\u00e4", "A=1", "/tmp", ""];
    size = execDescriptionSize(texts);
    const at = heap.alloc(size);
    const description = writeExecTexts(at, texts);
    description.argumentCount = 2;
    description.environmentCount = 1;
    description.flags = EXEC_TERMINAL;
    description.terminalRows = 24;
    description.terminalColumns = 80;
    return at;
}

describe("the description of a process to be started", () => {
    it("has a header of 16 bytes, then the texts", () => {
        const at = describeTwo();
        expect(size).toBe(16 + 4 + 3 + 4 + 5 + 1);
        expect(load<u32>(at)).toBe(2);
        expect(load<u32>(at, 4)).toBe(1);
        expect(load<u16>(at, 12)).toBe(24);
        expect(load<u16>(at, 14)).toBe(80);
        const description = changetype<ExecDescription>(at);
        expect(description.has(EXEC_TERMINAL)).toBe(true);
        expect(description.has(EXEC_INTERACTIVE)).toBe(false);
        expect(decodeUtf8(description.texts, 3)).toBe("cat");
        expect(decodeUtf8(description.texts + 4, 2)).toBe("\u00e4");
        expect(isExecDescription(at, size)).toBe(true);
        heap.free(at);
    });

    it("is told from what is none", () => {
        const at = describeTwo();
        const description = changetype<ExecDescription>(at);
        expect(isExecDescription(at, size - 1)).toBe(false);
        expect(isExecDescription(at, 15)).toBe(false);
        // A zero byte inside of a text makes two of it.
        store<u8>(description.texts + 1, 0);
        expect(isExecDescription(at, size)).toBe(false);
        description.argumentCount = 3;
        expect(isExecDescription(at, size)).toBe(true);
        description.argumentCount = 4;
        expect(isExecDescription(at, size)).toBe(false);
        description.argumentCount = u32.MAX_VALUE;
        description.environmentCount = u32.MAX_VALUE;
        expect(isExecDescription(at, size)).toBe(false);
        description.argumentCount = 0;
        description.environmentCount = 4;
        expect(isExecDescription(at, size)).toBe(false);
        heap.free(at);
    });
});

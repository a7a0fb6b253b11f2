// SPDX-License-Identifier: Apache-2.0

import { chachaBlock, randomBytes, seedRandom } from "../../../assembly/sentry/kernel/random";

const input: usize = memory.data(64, 8);
const output: usize = memory.data(256, 8);

function hexadecimal(at: usize, count: i32): string {
    let text = "";
    for (let i = 0; i < count; i++)
        text += load<u8>(at + i)
            .toString(16)
            .padStart(2, "0");
    return text;
}

describe("random bytes", () => {
    it("computes the block of RFC 8439, section 2.3.2", () => {
        store<u32>(input, 0x61707865);
        store<u32>(input, 0x3320646e, 4);
        store<u32>(input, 0x79622d32, 8);
        store<u32>(input, 0x6b206574, 12);
        for (let i: usize = 0; i < 32; i++) store<u8>(input + 16 + i, <u8>i);
        store<u32>(input, 1, 48);
        store<u32>(input, 0x09000000, 52);
        store<u32>(input, 0x4a000000, 56);
        store<u32>(input, 0, 60);
        chachaBlock(input, output);
        expect(hexadecimal(output, 64)).toBe(
            "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e" +
                "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
        );
    });

    it("repeats for a seed, and never within one", () => {
        memory.fill(input, 7, 32);
        seedRandom(input);
        randomBytes(output, 128);
        seedRandom(input);
        randomBytes(output + 128, 128);
        expect(hexadecimal(output, 128)).toBe(hexadecimal(output + 128, 128));
        expect(hexadecimal(output, 32)).not.toBe(hexadecimal(output + 32, 32));
        store<u8>(input, 8);
        seedRandom(input);
        randomBytes(output + 128, 32);
        expect(hexadecimal(output, 32)).not.toBe(hexadecimal(output + 128, 32));
    });
});

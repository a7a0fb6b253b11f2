// SPDX-License-Identifier: Apache-2.0
//
// A dispatcher of 64 system calls: a pseudo-random number, an argument, and a little work on a small state. It shows what a
// switch costs, and short functions without loops.

const s = new StaticArray<u32>(16);

/** One call; what it does depends on its number. */
function call(number: u32, argument: u32): u32 {
    let result = argument;
    switch (number) {
        case 0:
            s[1] = s[2] + argument;
            break;
        case 1:
            s[6] = (s[5] ^ argument) + 31153;
            break;
        case 2:
            if (s[11] > argument) s[8] -= 62306;
            else s[8] += argument;
            break;
        case 3:
            s[0] = s[11] * 27923 + s[8];
            break;
        case 4:
            s[5] = rotl(s[14], 5) ^ s[15];
            break;
        case 5:
            s[(argument + 5) & 15] += s[1];
            break;
        case 6:
            result = s[15] & argument;
            s[4] ^= 55846;
            break;
        case 7:
            s[4] = s[7] / (argument | 1);
            break;
        case 8:
            s[9] = s[10] + argument;
            break;
        case 9:
            s[14] = (s[13] ^ argument) + 18233;
            break;
        case 10:
            if (s[3] > argument) s[0] -= 49386;
            else s[0] += argument;
            break;
        case 11:
            s[8] = s[3] * 15003 + s[0];
            break;
        case 12:
            s[13] = rotl(s[6], 13) ^ s[7];
            break;
        case 13:
            s[(argument + 13) & 15] += s[9];
            break;
        case 14:
            result = s[7] & argument;
            s[12] ^= 42926;
            break;
        case 15:
            s[12] = s[15] / (argument | 1);
            break;
        case 16:
            s[1] = s[2] + argument;
            break;
        case 17:
            s[6] = (s[5] ^ argument) + 5313;
            break;
        case 18:
            if (s[11] > argument) s[8] -= 36466;
            else s[8] += argument;
            break;
        case 19:
            s[0] = s[11] * 2083 + s[8];
            break;
        case 20:
            s[5] = rotl(s[14], 21) ^ s[15];
            break;
        case 21:
            s[(argument + 21) & 15] += s[1];
            break;
        case 22:
            result = s[15] & argument;
            s[4] ^= 30006;
            break;
        case 23:
            s[4] = s[7] / (argument | 1);
            break;
        case 24:
            s[9] = s[10] + argument;
            break;
        case 25:
            s[14] = (s[13] ^ argument) + 57929;
            break;
        case 26:
            if (s[3] > argument) s[0] -= 23546;
            else s[0] += argument;
            break;
        case 27:
            s[8] = s[3] * 54699 + s[0];
            break;
        case 28:
            s[13] = rotl(s[6], 29) ^ s[7];
            break;
        case 29:
            s[(argument + 29) & 15] += s[9];
            break;
        case 30:
            result = s[7] & argument;
            s[12] ^= 17086;
            break;
        case 31:
            s[12] = s[15] / (argument | 1);
            break;
        case 32:
            s[1] = s[2] + argument;
            break;
        case 33:
            s[6] = (s[5] ^ argument) + 45009;
            break;
        case 34:
            if (s[11] > argument) s[8] -= 10626;
            else s[8] += argument;
            break;
        case 35:
            s[0] = s[11] * 41779 + s[8];
            break;
        case 36:
            s[5] = rotl(s[14], 6) ^ s[15];
            break;
        case 37:
            s[(argument + 37) & 15] += s[1];
            break;
        case 38:
            result = s[15] & argument;
            s[4] ^= 4166;
            break;
        case 39:
            s[4] = s[7] / (argument | 1);
            break;
        case 40:
            s[9] = s[10] + argument;
            break;
        case 41:
            s[14] = (s[13] ^ argument) + 32089;
            break;
        case 42:
            if (s[3] > argument) s[0] -= 63242;
            else s[0] += argument;
            break;
        case 43:
            s[8] = s[3] * 28859 + s[0];
            break;
        case 44:
            s[13] = rotl(s[6], 14) ^ s[7];
            break;
        case 45:
            s[(argument + 45) & 15] += s[9];
            break;
        case 46:
            result = s[7] & argument;
            s[12] ^= 56782;
            break;
        case 47:
            s[12] = s[15] / (argument | 1);
            break;
        case 48:
            s[1] = s[2] + argument;
            break;
        case 49:
            s[6] = (s[5] ^ argument) + 19169;
            break;
        case 50:
            if (s[11] > argument) s[8] -= 50322;
            else s[8] += argument;
            break;
        case 51:
            s[0] = s[11] * 15939 + s[8];
            break;
        case 52:
            s[5] = rotl(s[14], 22) ^ s[15];
            break;
        case 53:
            s[(argument + 53) & 15] += s[1];
            break;
        case 54:
            result = s[15] & argument;
            s[4] ^= 43862;
            break;
        case 55:
            s[4] = s[7] / (argument | 1);
            break;
        case 56:
            s[9] = s[10] + argument;
            break;
        case 57:
            s[14] = (s[13] ^ argument) + 6249;
            break;
        case 58:
            if (s[3] > argument) s[0] -= 37402;
            else s[0] += argument;
            break;
        case 59:
            s[8] = s[3] * 3019 + s[0];
            break;
        case 60:
            s[13] = rotl(s[6], 30) ^ s[7];
            break;
        case 61:
            s[(argument + 61) & 15] += s[9];
            break;
        case 62:
            result = s[7] & argument;
            s[12] ^= 30942;
            break;
        case 63:
            s[12] = s[15] / (argument | 1);
            break;
        default:
            result = 0xffffffda;
    }
    return result;
}

/** Makes 1000 calls `count` times. */
export function run(count: i32): i32 {
    for (let i = 0; i < 16; i++) s[i] = <u32>i * 0x9e3779b9;
    let random: u32 = 12345;
    let sum: u32 = 0;
    for (let n = 0; n < count * 1000; n++) {
        random ^= random << 13;
        random ^= random >>> 17;
        random ^= random << 5;
        sum = (sum << 1) + call(random & 63, random >>> 6) + s[n & 15];
    }
    return <i32>sum;
}

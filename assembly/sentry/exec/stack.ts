// SPDX-License-Identifier: Apache-2.0
//
// The initial stack of a program (System V ABI, 3.4.1), from the top: the program's name, the environment's and the arguments'
// strings, 16 random bytes, the platform's name; then auxiliary vector, environment and argument pointers, argc.

import { HARDWARE_CAPABILITIES, MACHINE_NAME, SIGNAL_STACK_MINIMUM } from "../arch/x86_64";
import { E2BIG, ENOMEM } from "../kernel/errno";
import { Credentials } from "../kernel/credentials";
import { randomBytes } from "../kernel/random";
import { AddressSpace } from "../memory/addressSpace";
import { PROT_READ, PROT_WRITE, Region, REGION_GROWS_DOWN } from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";
import { StringSource, STRINGS_SIZE_MAXIMUM, writeByteString } from "./arguments";
import { ElfImage } from "./elf";

// Types of the auxiliary vector (elf.h).
const AT_NULL: u64 = 0;
const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const AT_PAGESZ: u64 = 6;
const AT_BASE: u64 = 7;
const AT_FLAGS: u64 = 8;
const AT_ENTRY: u64 = 9;
const AT_UID: u64 = 11;
const AT_EUID: u64 = 12;
const AT_GID: u64 = 13;
const AT_EGID: u64 = 14;
const AT_PLATFORM: u64 = 15;
const AT_HWCAP: u64 = 16;
const AT_CLKTCK: u64 = 17;
const AT_SECURE: u64 = 23;
const AT_RANDOM: u64 = 25;
const AT_EXECFN: u64 = 31;
const AT_MINSIGSTKSZ: u64 = 51;

/** sysconf(_SC_CLK_TCK): clock ticks of times(2). */
export const CLOCK_TICKS: u64 = 100;
const AUXILIARY_ENTRIES: i32 = 19;
/** Linux's stack begins with 128 KiB and grows when touched below. */
const STACK_INITIAL: u64 = 128 * 1024;

let words: usize = 0;
let wordCount: i32 = 0;

function putWord(value: u64): void {
    store<u64>(words + ((<usize>wordCount) << 3), value);
    wordCount++;
}

function putAuxiliary(type: u64, value: u64): void {
    putWord(type);
    putWord(value);
}

/**
 * Makes the stack region and fills it. `path`: the program as it was named (AT_EXECFN). `bias`: by how much the image was
 * moved; `interpreterBase`: where the dynamic linker is, or 0. The result is 0 or a negative errno; space.stackStart is the
 * initial stack pointer.
 */
export function buildStack(
    space: AddressSpace,
    path: string,
    arguments_: StringSource,
    environment: StringSource,
    image: ElfImage,
    bias: u64,
    interpreterBase: u64,
    credentials: Credentials,
    stackSize: u64,
): i32 {
    const top = space.layout.stackTop;
    space.stackLimit = top - stackSize;
    space.add(new Region(top - STACK_INITIAL, top, PROT_READ | PROT_WRITE, REGION_GROWS_DOWN));
    const argumentCount = arguments_.count;
    const environmentCount = environment.count;
    const total = 1 + argumentCount + 1 + environmentCount + 1 + AUXILIARY_ENTRIES * 2;
    const pointers = heap.alloc((argumentCount + environmentCount) << 3);

    let pointer = top - 8;
    pointer -= path.length + 1;
    const name = pointer;
    let result = writeByteString(space, name, path) ? 0 : -ENOMEM;
    space.environmentEnd = name;
    if (result == 0) {
        result = pushStrings(space, pointer, top, environment, pointers + ((<usize>argumentCount) << 3));
        pointer = pushed;
        space.environmentStart = pointer;
        space.argumentsEnd = pointer;
    }
    if (result == 0) {
        result = pushStrings(space, pointer, top, arguments_, pointers);
        pointer = pushed;
        space.argumentsStart = pointer;
    }
    if (result != 0) {
        heap.free(pointers);
        return result;
    }
    pointer -= MACHINE_NAME.length + 1;
    const platform = pointer;
    pointer = (pointer - 16) & ~15;
    const random = pointer;
    pointer = (pointer - ((<u64>total) << 3)) & ~15;

    words = heap.alloc((<usize>total) << 3);
    wordCount = 0;
    putWord(argumentCount);
    for (let i = 0; i < argumentCount; i++) putWord(load<u64>(pointers + ((<usize>i) << 3)));
    putWord(0);
    for (let i = 0; i < environmentCount; i++)
        putWord(load<u64>(pointers + ((<usize>(argumentCount + i)) << 3)));
    putWord(0);
    putAuxiliary(AT_HWCAP, HARDWARE_CAPABILITIES);
    putAuxiliary(AT_PAGESZ, PAGE_SIZE);
    putAuxiliary(AT_CLKTCK, CLOCK_TICKS);
    putAuxiliary(AT_PHDR, image.programHeaders == 0 ? 0 : image.programHeaders + bias);
    putAuxiliary(AT_PHENT, 56);
    putAuxiliary(AT_PHNUM, image.programHeaderCount);
    putAuxiliary(AT_BASE, interpreterBase);
    putAuxiliary(AT_FLAGS, 0);
    putAuxiliary(AT_ENTRY, image.entry + bias);
    putAuxiliary(AT_UID, credentials.realUser);
    putAuxiliary(AT_EUID, credentials.effectiveUser);
    putAuxiliary(AT_GID, credentials.realGroup);
    putAuxiliary(AT_EGID, credentials.effectiveGroup);
    putAuxiliary(
        AT_SECURE,
        credentials.realUser != credentials.effectiveUser ||
            credentials.realGroup != credentials.effectiveGroup
            ? 1
            : 0,
    );
    putAuxiliary(AT_RANDOM, random);
    putAuxiliary(AT_EXECFN, name);
    putAuxiliary(AT_PLATFORM, platform);
    putAuxiliary(AT_MINSIGSTKSZ, SIGNAL_STACK_MINIMUM);
    putAuxiliary(AT_NULL, 0);
    let written =
        writeByteString(space, platform, MACHINE_NAME) && space.write(pointer, words, wordCount << 3);
    randomBytes(words, 16);
    written = written && space.write(random, words, 16);
    heap.free(words);
    heap.free(pointers);
    space.stackStart = pointer;
    return written ? 0 : -ENOMEM;
}

/** The stack pointer after pushStrings. */
let pushed: u64 = 0;

/** Copies strings below `pointer`, the first one lowest, and stores their addresses. 0 or a negative errno. */
function pushStrings(
    space: AddressSpace,
    pointer: u64,
    top: u64,
    strings: StringSource,
    addresses: usize,
): i32 {
    for (let i = strings.count - 1; i >= 0; i--) {
        const length = strings.lengthOf(i);
        if (length < 0) return length;
        pointer -= length + 1;
        if (top - pointer > STRINGS_SIZE_MAXIMUM) return -E2BIG;
        const error = strings.copyTo(i, length, space, pointer);
        if (error != 0) return error;
        store<u64>(addresses + ((<usize>i) << 3), pointer);
    }
    pushed = pointer;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// The initial stack of a program (System V ABI, 3.4.1), from the top: the program's name, the environment's and the arguments'
// strings, 16 random bytes, the platform's name; then auxiliary vector, environment and argument pointers, argc.

import {
    HARDWARE_CAPABILITIES,
    HARDWARE_CAPABILITIES_2,
    MACHINE_NAME,
    SIGNAL_STACK_MINIMUM,
    TELLS_PLATFORM,
    TELLS_SIGNAL_STACK,
} from "../arch/machine";
import { E2BIG, EFAULT, ENOMEM } from "../kernel/errno";
import { Credentials } from "../kernel/credentials";
import { randomBytes } from "../kernel/random";
import { AddressSpace } from "../memory/addressSpace";
import {
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Region,
    REGION_GROWS_DOWN,
    REGION_STACK,
    REGION_VDSO,
} from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";
import { StringSource, STRINGS_SIZE_ALWAYS, STRINGS_SIZE_MAXIMUM, writeByteString } from "./arguments";
import { ElfImage } from "./elf";
import { reserveBuffer } from "../memory/buffers";

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
const AT_HWCAP2: u64 = 26;
const AT_EXECFN: u64 = 31;
const AT_SYSINFO_EHDR: u64 = 33;
const AT_MINSIGSTKSZ: u64 = 51;

/** sysconf(_SC_CLK_TCK): clock ticks of times(2). */
export const CLOCK_TICKS: u64 = 100;
const AUXILIARY_ENTRIES: i32 = 21;
/** Linux's stack begins with 128 KiB and grows when touched below. */
const STACK_INITIAL: u64 = 128 * 1024;

/** The words at the stack's pointer are written in order: where the next one goes. */
let wordSpace: AddressSpace | null = null;
let wordAddress: u64 = 0;
/** Whether all of them could be written. */
let wordsWritten: bool = false;

function putWord(value: u64): void {
    // Multiples of 8 never lie across pages.
    const at = wordSpace!.touch(wordAddress, true);
    if (at != 0) store<u64>(at, value);
    else wordsWritten = false;
    wordAddress += 8;
}

function putAuxiliary(type: u64, value: u64): void {
    putWord(type);
    putWord(value);
}

/**
 * Makes the stack's and the vDSO's regions and fills the stack. `path`: the program as it was named (AT_EXECFN). `bias`: by how much the image was
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
    const protection = PROT_READ | PROT_WRITE | (image.executesStack ? PROT_EXEC : 0);
    space.add(new Region(top - STACK_INITIAL, top, protection, REGION_GROWS_DOWN | REGION_STACK));
    const vdso = space.layout.vdso;
    space.add(new Region(vdso, vdso + PAGE_SIZE, PROT_READ | PROT_EXEC, REGION_VDSO));
    const argumentCount = arguments_.count;
    const environmentCount = environment.count;
    const environmentBytes = sizeOfStrings(environment);
    if (environmentBytes < 0) return <i32>environmentBytes;
    const argumentBytes = sizeOfStrings(arguments_);
    if (argumentBytes < 0) return <i32>argumentBytes;
    const words = 1 + argumentCount + 1 + environmentCount + 1 + AUXILIARY_ENTRIES * 2;
    // Linux takes the strings, the program's name and the pointers to them together.
    const limit = max(min(STRINGS_SIZE_MAXIMUM, stackSize / 4), STRINGS_SIZE_ALWAYS);
    const pointers = (<u64>(argumentCount + environmentCount)) << 3;
    if (<u64>(environmentBytes + argumentBytes) + pointers + path.length + 1 > limit) return -E2BIG;

    const name = top - 8 - (path.length + 1);
    const environmentStart = name - environmentBytes;
    const argumentsStart = environmentStart - argumentBytes;
    space.environmentEnd = name;
    space.environmentStart = environmentStart;
    space.argumentsEnd = environmentStart;
    space.argumentsStart = argumentsStart;
    const platform = argumentsStart - (MACHINE_NAME.length + 1);
    const random = (platform - 16) & ~15;
    const pointer = (random - ((<u64>words) << 3)) & ~15;
    space.stackStart = pointer;

    if (!writeByteString(space, name, path) || !writeByteString(space, platform, MACHINE_NAME))
        return -ENOMEM;
    randomBytes(randomScratch, 16);
    if (!space.write(random, randomScratch, 16)) return -ENOMEM;
    wordSpace = space;
    wordAddress = pointer;
    wordsWritten = true;
    putWord(argumentCount);
    let error = putStrings(space, argumentsStart, environmentStart, arguments_);
    if (error == 0) error = putStrings(space, environmentStart, name, environment);
    if (error != 0) return error;
    space.auxiliaryStart = wordAddress;
    putAuxiliary(AT_SYSINFO_EHDR, space.layout.vdso);
    if (TELLS_SIGNAL_STACK) putAuxiliary(AT_MINSIGSTKSZ, SIGNAL_STACK_MINIMUM);
    putAuxiliary(AT_HWCAP, HARDWARE_CAPABILITIES);
    putAuxiliary(AT_PAGESZ, PAGE_SIZE);
    putAuxiliary(AT_CLKTCK, CLOCK_TICKS);
    putAuxiliary(AT_PHDR, image.programHeaders + bias);
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
    if (TELLS_PLATFORM) putAuxiliary(AT_HWCAP2, HARDWARE_CAPABILITIES_2);
    putAuxiliary(AT_EXECFN, name);
    if (TELLS_PLATFORM) putAuxiliary(AT_PLATFORM, platform);
    putAuxiliary(AT_NULL, 0);
    space.auxiliaryEnd = wordAddress;
    wordSpace = null;
    return wordsWritten ? 0 : -ENOMEM;
}

const randomScratch: usize = reserveBuffer(16);

/** Bytes of all strings with their zero bytes, or a negative errno. */
function sizeOfStrings(strings: StringSource): i64 {
    let size: i64 = 0;
    for (let i = 0; i < strings.count; i++) {
        const length = strings.lengthOf(i);
        if (length < 0) return length;
        size += length + 1;
        if (size > <i64>STRINGS_SIZE_MAXIMUM) return -E2BIG;
    }
    return size;
}

/**
 * Copies strings from `address` upwards and puts their addresses as words, then a zero. Other threads may change the
 * strings meanwhile: they must not pass `end`. 0 or a negative errno.
 */
function putStrings(space: AddressSpace, address: u64, end: u64, strings: StringSource): i32 {
    for (let i = 0; i < strings.count; i++) {
        const length = strings.lengthOf(i);
        if (length < 0) return length;
        if (address + length + 1 > end) return -EFAULT;
        const error = strings.copyTo(i, length, space, address);
        if (error != 0) return error;
        putWord(address);
        address += length + 1;
    }
    putWord(0);
    return 0;
}

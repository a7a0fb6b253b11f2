// SPDX-License-Identifier: Apache-2.0
//
// The smallest ELF with what boot image assembly needs of the runtime's: a loadable segment with the bundle descriptor, a
// free program header, and a symbol table.

const BASE = 0x400000;
const DESCRIPTOR_OFFSET = 0x200;
const SYMBOLS_OFFSET = 0x300;
const STRINGS_OFFSET = 0x380;
const SECTIONS_OFFSET = 0x400;
const FILE_BYTES = 0x1123; // Deliberately no multiple of a page.

export interface TinyElfChanges {
    withoutFreeHeader?: boolean;
    symbol?: string;
    magic?: string;
    fileClass?: number;
    sectionsOffset?: number;
    bssBytes?: number;
}

export const tinyElfDescriptorOffset = DESCRIPTOR_OFFSET;

export function tinyElf(changes: TinyElfChanges = {}): Buffer {
    const file = Buffer.alloc(FILE_BYTES, 0x90);
    file.fill(0, 0, SECTIONS_OFFSET + 3 * 64);
    file.write('\x7fELF', 0, 'latin1');
    file[4] = changes.fileClass ?? 2;
    file[5] = 1;
    file[6] = 1;
    file.writeUInt16LE(2, 16); // ET_EXEC
    file.writeUInt16LE(62, 18); // EM_X86_64
    file.writeUInt32LE(1, 20);
    file.writeBigUInt64LE(BigInt(BASE + 0x1000), 24);
    file.writeBigUInt64LE(64n, 32);
    file.writeBigUInt64LE(BigInt(changes.sectionsOffset ?? SECTIONS_OFFSET), 40);
    file.writeUInt16LE(64, 52);
    file.writeUInt16LE(56, 54);
    file.writeUInt16LE(2, 56);
    file.writeUInt16LE(64, 58);
    file.writeUInt16LE(3, 60);

    const load = [
        0n,
        BigInt(BASE),
        BigInt(BASE),
        BigInt(FILE_BYTES),
        BigInt(FILE_BYTES + (changes.bssBytes ?? 0x3000)),
        4096n,
    ];
    file.writeUInt32LE(1, 64);
    file.writeUInt32LE(7, 68);
    load.forEach((word, index) => file.writeBigUInt64LE(word, 72 + index * 8));
    file.writeUInt32LE(changes.withoutFreeHeader ? 4 : 0, 64 + 56);

    file.write(changes.magic ?? 'SLBUNDLE', DESCRIPTOR_OFFSET, 'latin1');
    file.write(`\0x_sealift_bundle\0${changes.symbol ?? 'sealift_bundle'}\0`, STRINGS_OFFSET, 'latin1');
    file.writeUInt32LE(1, SYMBOLS_OFFSET + 24);
    file.writeUInt32LE(18, SYMBOLS_OFFSET + 48);
    file.writeBigUInt64LE(BigInt(BASE + DESCRIPTOR_OFFSET), SYMBOLS_OFFSET + 48 + 8);

    const section = (index: number, type: number, link: number, offset: number, size: number): void => {
        const at = SECTIONS_OFFSET + index * 64;
        file.writeUInt32LE(type, at + 4);
        file.writeBigUInt64LE(BigInt(offset), at + 24);
        file.writeBigUInt64LE(BigInt(size), at + 32);
        file.writeUInt32LE(link, at + 40);
    };
    section(1, 2, 2, SYMBOLS_OFFSET, 3 * 24);
    section(2, 3, 0, STRINGS_OFFSET, 0x60);
    return file;
}

// SPDX-License-Identifier: Apache-2.0
//
// As much of ELF64 (System V ABI, chapters 4 and 5) as assembling a boot image takes: reading headers and symbols of
// a little-endian executable and turning its reserved program header into one more loadable segment.

import { Failure } from '../failure.js';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;

const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const PT_NULL = 0;
export const PT_LOAD = 1;
const PF_R = 4;
const SHT_SYMTAB = 2;

/** Pages of every architecture that Sealift boots on. */
export const PAGE_BYTES = 4096;

export interface ProgramHeader {
    type: number;
    flags: number;
    offset: number;
    vaddr: number;
    fileSize: number;
    memorySize: number;
}

/** An executable in memory. Every offset read from it is checked against its length. */
export class ElfFile {
    readonly programHeaders: ProgramHeader[] = [];
    private readonly programHeaderOffset: number;

    constructor(
        readonly bytes: Buffer,
        readonly name: string,
    ) {
        if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== 0x7f454c46)
            throw this.damaged('it is not an ELF file');
        if (bytes[4] !== ELFCLASS64 || bytes[5] !== ELFDATA2LSB)
            throw this.damaged('it is not a 64-bit little-endian ELF file');
        this.programHeaderOffset = this.field64(32);
        const size = bytes.readUInt16LE(54);
        const count = bytes.readUInt16LE(56);
        if (size !== PROGRAM_HEADER_BYTES)
            throw this.damaged(`its program headers have ${size} bytes, not ${PROGRAM_HEADER_BYTES}`);
        this.check(this.programHeaderOffset, count * PROGRAM_HEADER_BYTES, 'the program headers');
        for (let index = 0; index < count; index++) this.programHeaders.push(this.readProgramHeader(index));
    }

    private damaged(cause: string): Failure {
        return new Failure(`${this.name}: ${cause}; build it again with \`npm run build\``);
    }

    private check(offset: number, length: number, what: string): void {
        if (offset < 0 || length < 0 || offset + length > this.bytes.length) {
            throw this.damaged(`${what} lie beyond the end of the file`);
        }
    }

    private field64(offset: number): number {
        const value = this.bytes.readBigUInt64LE(offset);
        if (value > BigInt(Number.MAX_SAFE_INTEGER))
            throw this.damaged(`the number at byte ${offset} is out of range`);
        return Number(value);
    }

    private readProgramHeader(index: number): ProgramHeader {
        const at = this.programHeaderOffset + index * PROGRAM_HEADER_BYTES;
        const header = {
            type: this.bytes.readUInt32LE(at),
            flags: this.bytes.readUInt32LE(at + 4),
            offset: this.field64(at + 8),
            vaddr: this.field64(at + 16),
            fileSize: this.field64(at + 32),
            memorySize: this.field64(at + 40),
        };
        if (header.type === PT_LOAD)
            this.check(header.offset, header.fileSize, `the bytes of segment ${index}`);
        return header;
    }

    /** The address at which it starts. */
    get entry(): number {
        return this.field64(24);
    }

    /** The end of the highest loadable segment in memory, rounded up to a page. */
    loadEnd(): number {
        let end = 0;
        for (const { type, vaddr, memorySize } of this.programHeaders) {
            if (type === PT_LOAD) end = Math.max(end, vaddr + memorySize);
        }
        return Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
    }

    /** The file offset of the byte that is loaded at `vaddr`; `length` bytes from there are in the file. */
    fileOffset(vaddr: number, length: number): number {
        for (const header of this.programHeaders) {
            const within = vaddr - header.vaddr;
            if (header.type === PT_LOAD && within >= 0 && within + length <= header.fileSize)
                return header.offset + within;
        }
        throw this.damaged(`no segment's file content holds address 0x${vaddr.toString(16)}`);
    }

    /** The value of a symbol of the symbol table. */
    symbol(name: string): number {
        const table = this.field64(40);
        const count = this.bytes.readUInt16LE(60);
        this.check(table, count * SECTION_HEADER_BYTES, 'the section headers');
        for (let index = 0; index < count; index++) {
            const at = table + index * SECTION_HEADER_BYTES;
            if (this.bytes.readUInt32LE(at + 4) !== SHT_SYMTAB) continue;
            const value = this.symbolIn(
                at,
                table + this.bytes.readUInt32LE(at + 40) * SECTION_HEADER_BYTES,
                name,
            );
            if (value !== null) return value;
        }
        throw this.damaged(`it has no symbol ${name}`);
    }

    private symbolIn(section: number, stringSection: number, name: string): number | null {
        this.check(stringSection, SECTION_HEADER_BYTES, 'the section headers');
        const symbols = this.field64(section + 24);
        const symbolBytes = this.field64(section + 32);
        const strings = this.field64(stringSection + 24);
        const stringBytes = this.field64(stringSection + 32);
        this.check(symbols, symbolBytes, 'the symbols');
        this.check(strings, stringBytes, 'the names of the symbols');
        const wanted = Buffer.from(`${name}\0`, 'latin1');
        for (let at = symbols; at + SYMBOL_BYTES <= symbols + symbolBytes; at += SYMBOL_BYTES) {
            const start = this.bytes.readUInt32LE(at);
            if (start + wanted.length > stringBytes) continue;
            if (this.bytes.subarray(strings + start, strings + start + wanted.length).equals(wanted))
                return this.field64(at + 8);
        }
        return null;
    }

    /** Index of the program header that was left free (PT_NULL) for one more segment. */
    freeProgramHeader(): number {
        const index = this.programHeaders.findIndex(({ type }) => type === PT_NULL);
        if (index < 0) throw this.damaged('it has no free program header (PT_NULL) for the bundle');
        return index;
    }

    /** Makes program header `index` a read-only segment: `size` bytes of the file at `offset`, loaded at `vaddr`. */
    setReadOnlySegment(index: number, offset: number, vaddr: number, size: number): void {
        const at = this.programHeaderOffset + index * PROGRAM_HEADER_BYTES;
        this.bytes.writeUInt32LE(PT_LOAD, at);
        this.bytes.writeUInt32LE(PF_R, at + 4);
        const words = [offset, vaddr, vaddr, size, size, PAGE_BYTES];
        words.forEach((word, position) => this.bytes.writeBigUInt64LE(BigInt(word), at + 8 + position * 8));
        this.programHeaders[index] = {
            type: PT_LOAD,
            flags: PF_R,
            offset,
            vaddr,
            fileSize: size,
            memorySize: size,
        };
    }
}

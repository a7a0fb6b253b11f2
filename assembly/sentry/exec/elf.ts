// SPDX-License-Identifier: Apache-2.0
//
// Loading ELF64 programs (System V ABI, generic ELF). Headers come from the image or from a process, so every number
// is checked before it is used. Reading the headers is separate from mapping: the address space's layout depends on them.

import { ELF_MACHINE, Layout, MINIMUM_ADDRESS } from "../arch/machine";
import { OpenFile } from "../fs/openFile";
import { EACCES, EIO, ELIBBAD, ENOEXEC } from "../kernel/errno";
import { AddressSpace } from "../memory/addressSpace";
import { PROT_EXEC, PROT_READ, PROT_WRITE, Region } from "../memory/region";
import { PAGE_SIZE } from "../../std/pages";

const HEADER_SIZE: i32 = 64;
const PROGRAM_HEADER_SIZE: i32 = 56;
/** Linux refuses more than 64 KiB of program headers; real programs have about a dozen. */
const PROGRAM_HEADERS_MAXIMUM: i32 = 65536 / PROGRAM_HEADER_SIZE;
/** No file is as long: offsets above would not fit the numbers of pages. */
const OFFSET_MAXIMUM: u64 = 1 << 43;
/** PT_INTERP names are paths. */
const INTERPRETER_MAXIMUM: u64 = 4096;

const ELF_MAGIC: u32 = 0x464c457f;
const ELFCLASS64: u8 = 2;
const ELFDATA2LSB: u8 = 1;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

const PAGE_MASK: u64 = ~(<u64>(PAGE_SIZE - 1));

// @ts-ignore: decorator
@inline
function pageUp(address: u64): u64 {
    return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

/** What the headers say. Addresses are those of the file: to be moved by the bias that `map` was given. */
export class ElfImage {
    file: OpenFile;
    /** Why `read` refused the file, for people. */
    problem: string = "";
    positionIndependent: bool = false;
    entry: u64 = 0;
    /** Whether its segments cannot be mapped, which Linux finds out when the old program is gone: `problem` says why. */
    isDamaged: bool = false;
    /** First and last address of the PT_LOAD segments, whole pages. */
    start: u64 = 0;
    end: u64 = 0;
    /** What the addresses of a position-independent program must be moved by a multiple of. */
    alignment: u64 = PAGE_SIZE;
    /** Whether it wants to execute code on its stack. */
    executesStack: bool = false;
    /** Address of the program headers, or 0 when no segment has them. */
    programHeaders: u64 = 0;
    programHeaderCount: i32 = 0;
    /** Path of the dynamic linker as a byte string, or empty. */
    interpreter: string = "";
    codeStart: u64 = 0;
    codeEnd: u64 = 0;
    /** A copy of the program headers (heap.alloc). */
    private table: usize = 0;

    constructor(
        file: OpenFile,
        /** A dynamic linker. */
        private isInterpreter: bool,
    ) {
        this.file = file;
    }

    free(): void {
        if (this.table != 0) heap.free(this.table);
        this.table = 0;
    }

    private refuse(problem: string): i32 {
        this.problem = problem;
        return this.isInterpreter ? -ELIBBAD : -ENOEXEC;
    }

    private damaged(problem: string): void {
        if (!this.isDamaged) this.problem = problem;
        this.isDamaged = true;
    }

    /** Reads and checks the headers; `header` has the file's first `length` bytes, or `length` is why it cannot be read. 0 or a negative errno with `problem`. */
    read(header: usize, length: i32): i32 {
        if (length < 0) return length;
        if (this.isInterpreter && length < HEADER_SIZE) return this.cannotRead("an ELF header does");
        if (length < HEADER_SIZE || load<u32>(header) != ELF_MAGIC)
            return this.refuse("it is not an ELF program");
        if (load<u8>(header, 4) != ELFCLASS64 || load<u8>(header, 5) != ELFDATA2LSB) {
            return this.refuse("it is not a 64-bit little-endian ELF program");
        }
        const machine = load<u16>(header, 18);
        if (machine != ELF_MACHINE) {
            return this.refuse(
                "it was built for " + machineName(machine) + ", this machine is " + machineName(ELF_MACHINE),
            );
        }
        const type = load<u16>(header, 16);
        if (!this.isInterpreter && type != ET_EXEC && type != ET_DYN)
            return this.refuse("its ELF type is not a program's");
        this.positionIndependent = type == ET_DYN;
        this.entry = load<u64>(header, 24);
        const offset = load<u64>(header, 32);
        const count = <i32>load<u16>(header, 56);
        if (load<u16>(header, 54) != PROGRAM_HEADER_SIZE || count == 0 || count > PROGRAM_HEADERS_MAXIMUM) {
            return this.refuse("its program headers are damaged");
        }
        const bytes = count * PROGRAM_HEADER_SIZE;
        this.table = heap.alloc(bytes);
        const read = offset > <u64>i32.MAX_VALUE ? 0 : this.file.readBytes(this.table, bytes, <i64>offset);
        if (read < 0) return <i32>read;
        if (read != bytes) return this.refuse("the file ends before its program headers do");
        this.programHeaderCount = count;
        return this.readSegments(offset);
    }

    private readSegments(headersOffset: u64): i32 {
        const fileSize = this.file.size();
        let found = false;
        for (let i = 0; i < this.programHeaderCount; i++) {
            const segment = this.segment(i);
            const type = load<u32>(segment);
            const offset = load<u64>(segment, 8);
            const address = load<u64>(segment, 16);
            const fileBytes = load<u64>(segment, 32);
            const memoryBytes = load<u64>(segment, 40);
            if (type == PT_INTERP && !this.isInterpreter && this.interpreter.length == 0) {
                const error = this.readInterpreter(offset, fileBytes);
                if (error != 0) return error;
            }
            if (type == PT_GNU_STACK) this.executesStack = (load<u32>(segment, 4) & PF_X) != 0;
            if (type != PT_LOAD) continue;
            if (offset <= headersOffset && headersOffset - offset < fileBytes) {
                this.programHeaders = address + (headersOffset - offset);
            }
            if (memoryBytes == 0 && fileBytes == 0) continue;
            // 47 bits of user addresses, so that no sum below overflows.
            if (address >= 1 << 47 || memoryBytes >= 1 << 47) {
                this.damaged("its segments lie outside user memory");
                continue;
            }
            if (fileBytes > memoryBytes || offset > OFFSET_MAXIMUM) {
                this.damaged("its segments are longer in the file than in memory");
                continue;
            }
            // A segment may end behind the file, where touching it is a SIGBUS: but zeros have to be put behind what it has.
            const bytesEnd = offset + fileBytes;
            if (
                memoryBytes > fileBytes &&
                (load<u32>(segment, 4) & PF_W) != 0 &&
                (bytesEnd & (PAGE_SIZE - 1)) != 0 &&
                fileBytes > 0 &&
                (bytesEnd & PAGE_MASK) >= fileSize
            ) {
                this.damaged("the file ends before its segments do");
                continue;
            }
            if (fileBytes > 0 && ((offset ^ address) & (PAGE_SIZE - 1)) != 0) {
                this.damaged("its segments are not aligned to pages");
                continue;
            }
            const alignment = load<u64>(segment, 48);
            if (popcnt(alignment) == 1 && alignment > this.alignment) this.alignment = alignment;
            const start = address & PAGE_MASK;
            const end = pageUp(address + memoryBytes);
            if (!found || start < this.start) this.start = start;
            if (!found || end > this.end) this.end = end;
            found = true;
            if ((load<u32>(segment, 4) & PF_X) != 0 && this.codeEnd == 0) {
                this.codeStart = address;
                this.codeEnd = address + fileBytes;
            }
        }
        if (!found) this.damaged("it has nothing to load");
        return 0;
    }

    private readInterpreter(offset: u64, length: u64): i32 {
        if (length < 2 || length > INTERPRETER_MAXIMUM) {
            return this.refuse("the name of its dynamic linker is damaged");
        }
        if (offset > OFFSET_MAXIMUM) return this.cannotRead("the name of its dynamic linker does");
        const bytes = heap.alloc(<usize>length);
        let error = 0;
        const read = this.file.readBytes(bytes, <i32>length, <i64>offset);
        if (read < 0) {
            error = <i32>read;
        } else if (read != <i64>length) {
            error = this.cannotRead("the name of its dynamic linker does");
        } else if (load<u8>(bytes + <usize>length - 1) != 0) {
            error = this.refuse("the name of its dynamic linker is damaged");
        } else {
            let end: i32 = 0;
            while (load<u8>(bytes + end) != 0) end++;
            this.interpreter = byteString(bytes, end);
            // An empty name is the working directory here.
            if (end == 0) error = -EACCES;
        }
        heap.free(bytes);
        return error;
    }

    private cannotRead(what: string): i32 {
        this.problem = "the file ends before " + what;
        return -EIO;
    }

    // @ts-ignore: decorator
    @inline
    private segment(index: i32): usize {
        return this.table + index * PROGRAM_HEADER_SIZE;
    }

    /** Whether the image, moved by `bias`, lies within the layout's place for programs. */
    fits(layout: Layout, bias: u64): bool {
        return this.start + bias >= MINIMUM_ADDRESS && this.end + bias <= layout.imageLimit;
    }

    /** By how much a position-independent image is moved so that it begins at `address`, or behind for its alignment. */
    biasFor(address: u64): u64 {
        if (!this.positionIndependent) return 0;
        return (address - this.start + this.alignment - 1) & ~(this.alignment - 1);
    }

    /** Maps the segments, moved by `bias`; it is not damaged. */
    map(space: AddressSpace, bias: u64): void {
        for (let i = 0; i < this.programHeaderCount; i++) {
            const segment = this.segment(i);
            const memoryBytes = load<u64>(segment, 40);
            if (load<u32>(segment) != PT_LOAD || memoryBytes == 0) continue;
            const flags = load<u32>(segment, 4);
            const protection =
                ((flags & PF_R) != 0 ? PROT_READ : 0) |
                ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
                ((flags & PF_X) != 0 ? PROT_EXEC : 0);
            const address = load<u64>(segment, 16) + bias;
            const fileBytes = load<u64>(segment, 32);
            const start = address & PAGE_MASK;
            const end = pageUp(address + memoryBytes);
            const fileEnd = fileBytes == 0 ? start : pageUp(address + fileBytes);
            if (fileEnd > start) {
                const region = new Region(start, fileEnd, protection, 0);
                region.file = this.file.retain();
                region.offset = load<u64>(segment, 8) & PAGE_MASK;
                // What follows the segment in the file's last page is not the program's: bss begins there.
                if (memoryBytes > fileBytes) region.fileEnd = address + fileBytes;
                space.unmap(start, fileEnd);
                space.add(region);
            }
            if (end > fileEnd) {
                space.unmap(fileEnd, end);
                space.add(new Region(fileEnd, end, protection, 0));
            }
        }
    }
}

/** A byte string (userMemory.copyInString) of `length` bytes. */
export function byteString(bytes: usize, length: i32): string {
    const text = changetype<string>(__new(length << 1, idof<string>()));
    for (let i = 0; i < length; i++)
        store<u16>(changetype<usize>(text) + ((<usize>i) << 1), load<u8>(bytes + i));
    return text;
}

function machineName(machine: u16): string {
    switch (machine) {
        case 3:
            return "x86 (32 bits)";
        case 40:
            return "arm (32 bits)";
        case 62:
            return "x86_64";
        case 183:
            return "aarch64";
        case 243:
            return "riscv";
        default:
            return "machine number " + machine.toString();
    }
}

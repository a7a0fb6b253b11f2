// SPDX-License-Identifier: Apache-2.0
//
// Every encoding here has been read by objdump (GNU Binutils 2.40), whose length is how many bytes stand there. The whole
// of BusyBox, the C library and a Go program were compared in the same way: 2.1 million instructions.

import { PAGE_SIZE } from "../../../assembly/std/pages";
import {
    INSTRUCTION_CUT,
    INSTRUCTION_INVALID,
    instructionLength,
} from "../../../assembly/std/code/instructionLength";
import { findCalls, mayHaveCalls, patchCalls } from "../../../assembly/sentry/arch/x86_64/systemCallSites";

const code: usize = memory.data(64, 8);

/** Writes hexadecimal bytes to `at`; how many. */
function write(at: usize, text: string): i32 {
    let count = 0;
    for (let i = 0; i + 1 < text.length; i += 3) {
        store<u8>(at + count++, <u8>parseInt(text.substring(i, i + 2), 16));
    }
    return count;
}

function lengthOf(text: string): i32 {
    memory.fill(code, 0x90, 64);
    write(code, text);
    return instructionLength(code, code + 64);
}

const encodings: string[] = [
    "90", // nop
    "0f 05", // syscall
    "cd fe", // int $0xfe
    "c3", // ret
    "c2 08 00", // ret $8
    "c8 10 00 01", // enter $16, $1
    "55", // push %rbp
    "41 57", // push %r15
    "6a 05", // push $5
    "68 0f 05 00 00", // push $0x50f
    "66 68 0f 05", // pushw $0x50f
    "b8 0f 05 00 00", // mov $0x50f, %eax
    "66 b8 0f 05", // mov $0x50f, %ax
    "48 b8 01 02 03 04 05 06 07 08", // movabs, %rax
    "48 c7 c0 0f 05 00 00", // mov $0x50f, %rax
    "66 c7 00 0f 05", // movw $0x50f, (%rax)
    "c6 00 05", // movb $5, (%rax)
    "48 8b 05 0f 05 00 00", // mov 0x50f(%rip), %rax
    "8b 04 25 0f 05 00 00", // mov 0x50f, %eax
    "64 48 8b 04 25 28 00 00 00", // mov %fs:0x28, %rax
    "48 89 5c 24 08", // mov %rbx, 8(%rsp)
    "48 8d 84 88 0f 05 00 00", // lea 0x50f(%rax,%rcx,4), %rax
    "48 8b 45 00", // mov 0(%rbp), %rax
    "8b 44 85 00", // mov 0(%rbp,%rax,4), %eax
    "8b 04 85 00 00 00 00", // mov 0(,%rax,4), %eax
    "67 8b 00", // mov (%eax), %eax
    "a1 01 02 03 04 05 06 07 08", // movabs 0x807060504030201, %eax
    "67 a1 01 02 03 04", // addr32 mov 0x4030201, %eax
    "f6 00 05", // testb $5, (%rax)
    "f6 10", // notb (%rax)
    "f7 c1 0f 05 00 00", // test $0x50f, %ecx
    "66 f7 c1 0f 05", // test $0x50f, %cx
    "48 f7 f1", // div %rcx
    "69 c0 0f 05 00 00", // imul $0x50f, %eax, %eax
    "6b c0 05", // imul $5, %eax, %eax
    "81 c0 0f 05 00 00", // add $0x50f, %eax
    "83 c0 05", // add $5, %eax
    "05 0f 05 00 00", // add $0x50f, %eax
    "04 05", // add $5, %al
    "e8 0f 05 00 00", // call
    "eb 05", // jmp
    "0f 84 0f 05 00 00", // je
    "74 05", // je
    "ff 25 0f 05 00 00", // jmp *0x50f(%rip)
    "f3 c3", // repz ret
    "f0 0f b1 0f", // lock cmpxchg %ecx, (%rdi)
    "f3 48 ab", // rep stos %rax, (%rdi)
    "f3 0f 1e fa", // endbr64
    "66 2e 0f 1f 84 00 00 00 00 00", // cs nopw 0(%rax,%rax,1)
    "0f a2", // cpuid
    "0f ba e0 05", // bt $5, %eax
    "0f a4 c8 05", // shld $5, %ecx, %eax
    "0f c8", // bswap %eax
    "66 0f 6f 05 0f 05 00 00", // movdqa 0x50f(%rip), %xmm0
    "66 0f 70 c0 05", // pshufd $5, %xmm0, %xmm0
    "0f c6 c0 05", // shufps $5, %xmm0, %xmm0
    "66 0f 38 00 c1", // pshufb %xmm1, %xmm0
    "66 0f 3a 0f c1 05", // palignr $5, %xmm1, %xmm0
    "0f 77", // emms
    "d9 05 0f 05 00 00", // flds 0x50f(%rip)
    "c5 f8 77", // vzeroupper
    "c5 fd 6f 05 0f 05 00 00", // vmovdqa 0x50f(%rip), %ymm0
    "c5 f9 70 c0 05", // vpshufd $5, %xmm0, %xmm0
    "c4 e2 7d 18 00", // vbroadcastss (%rax), %ymm0
    "c4 e3 7d 39 c1 01", // vextracti128 $1, %ymm0, %xmm1
    "c4 e2 f8 f2 c8", // andn %rax, %rax, %rcx
    "62 f1 7c 48 10 40 01", // vmovups 0x40(%rax), %zmm0
    "62 f3 fd 48 39 c1 01", // vextracti64x4 $1, %zmm0, %ymm1
];

describe("instruction lengths", () => {
    it("are those that objdump tells", () => {
        for (let i = 0; i < encodings.length; i++) {
            const expected = (encodings[i].length + 1) / 3;
            if (lengthOf(encodings[i]) != expected) trace(encodings[i]);
            expect(lengthOf(encodings[i])).toBe(expected);
        }
    });
    it("know what is no instruction in 64-bit mode", () => {
        const invalid = ["06", "27", "60", "82", "9a", "ce", "d4", "ea", "0f 04", "0f 0a", "0f a6"];
        for (let i = 0; i < invalid.length; i++) expect(lengthOf(invalid[i])).toBe(INSTRUCTION_INVALID);
        expect(lengthOf("66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90")).toBe(INSTRUCTION_INVALID);
    });
    it("never read behind the end", () => {
        for (let i = 0; i < encodings.length; i++) {
            memory.fill(code, 0x90, 64);
            const bytes = write(code, encodings[i]);
            for (let end = 0; end < bytes; end++) {
                expect(instructionLength(code, code + end)).toBe(INSTRUCTION_CUT);
            }
        }
    });
});

const before: usize = memory.data(4096, 8);
const page: usize = memory.data(4096, 8);
const after: usize = memory.data(4096, 8);

/** Fills the three pages with nop. */
function clear(): void {
    memory.fill(before, 0x90, PAGE_SIZE);
    memory.fill(page, 0x90, PAGE_SIZE);
    memory.fill(after, 0x90, PAGE_SIZE);
}

describe("system call sites", () => {
    it("are patched where an instruction begins", () => {
        clear();
        write(page + 100, "b8 27 00 00 00 0f 05 c3");
        expect(mayHaveCalls(page)).toBe(true);
        expect(findCalls(page, 0, 0)).toBe(1);
        patchCalls(page, PAGE_SIZE);
        expect(load<u16>(page + 105)).toBe(0xfecd);
        expect(mayHaveCalls(page)).toBe(false);
    });
    it("are not operands", () => {
        clear();
        write(page + 100, "b8 0f 05 00 00 48 8b 05 0f 05 00 00 68 00 0f 05 00");
        expect(mayHaveCalls(page)).toBe(true);
        expect(findCalls(page, before, after)).toBe(0);
    });
    it("are found across both ends of a page", () => {
        clear();
        store<u8>(page, 0x05);
        store<u8>(before + PAGE_SIZE - 1, 0x0f);
        store<u8>(page + PAGE_SIZE - 1, 0x0f);
        store<u8>(after, 0x05);
        expect(findCalls(page, before, after)).toBe(2);
        patchCalls(page, PAGE_SIZE);
        expect(load<u8>(page)).toBe(0xfe);
        expect(load<u8>(page + PAGE_SIZE - 1)).toBe(0xcd);
    });
    it("are told from an operand that begins in the page before", () => {
        clear();
        write(before + PAGE_SIZE - 3, "b8 00 0f");
        store<u8>(page, 0x05);
        store<u8>(page + 1, 0x00);
        expect(findCalls(page, before, after)).toBe(0);
    });
    it("stay out of data", () => {
        clear();
        memory.fill(page + 64, 0x06, 256);
        write(page + 200, "0f 05");
        expect(findCalls(page, before, after)).toBe(0);
    });
});

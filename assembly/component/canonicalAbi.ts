// SPDX-License-Identifier: Apache-2.0
//
// The component model's canonical ABI (CanonicalABI.md) as far as wit/image.wit needs it: strings are UTF-16, a pointer
// and a length in code units; a function with more than one flat result returns a pointer to a return area.
// Everything that crosses lies in unmanaged memory, which the collector never sees.

/** Allocation for the caller (cabi_realloc): arguments of exports and results of imports arrive in such blocks. */
export function cabi_realloc(old: usize, oldSize: usize, alignment: usize, size: usize): usize {
    // The allocator aligns to 16, more than any type of the canonical ABI asks for.
    if (size == 0) return alignment;
    return oldSize == 0 ? heap.alloc(size) : heap.realloc(old, size);
}

/** Takes a string that arrived: copies it and frees the block. */
export function takeString(pointer: usize, length: u32): string {
    if (length == 0) return "";
    const text = changetype<string>(__new(length << 1, idof<string>()));
    memory.copy(changetype<usize>(text), pointer, length << 1);
    heap.free(pointer);
    return text;
}

/** Takes a list of strings that arrived. */
export function takeStrings(pointer: usize, count: u32): string[] {
    const texts = new Array<string>();
    for (let i: u32 = 0; i < count; i++)
        texts.push(takeString(load<u32>(pointer + (i << 3)), load<u32>(pointer + (i << 3), 4)));
    if (count != 0) heap.free(pointer);
    return texts;
}

/** A return area for result<T, string> where T is a string or a list: u8 is-error, pointer at 4, length at 8. */
const RESULT_SIZE: usize = 12;

export function returnString(text: string, isError: bool): usize {
    const area = heap.alloc(RESULT_SIZE);
    store<u8>(area, isError ? 1 : 0);
    lowerString(text, area + 4);
    return area;
}

/** Ok without a value. */
export function returnNothing(): usize {
    return returnString("", false);
}

/** Ok with a list of strings. */
export function returnStrings(texts: string[]): usize {
    const area = heap.alloc(RESULT_SIZE);
    const list = texts.length == 0 ? <usize>4 : heap.alloc((<usize>texts.length) << 3);
    for (let i = 0; i < texts.length; i++) lowerString(texts[i], list + ((<usize>i) << 3));
    store<u8>(area, 0);
    store<u32>(area, <u32>list, 4);
    store<u32>(area, texts.length, 8);
    return area;
}

/** Frees what returnString returned, after the caller has copied it. */
export function freeString(area: usize): void {
    freeBlock(area + 4);
    heap.free(area);
}

/** Frees what returnStrings, or returnString for an error, returned. */
export function freeStrings(area: usize): void {
    if (load<u8>(area) == 0) {
        const list = <usize>load<u32>(area, 4);
        const count = load<u32>(area, 8);
        for (let i: u32 = 0; i < count; i++) freeBlock(list + (i << 3));
    }
    // The list itself; its strings are 8 bytes each, so an empty list has no block, as an empty string has none.
    freeString(area);
}

/** Copies `text` to a block of its own; writes pointer and length to `to`. */
function lowerString(text: string, to: usize): void {
    const size = (<usize>text.length) << 1;
    const block = size == 0 ? <usize>2 : heap.alloc(size);
    memory.copy(block, changetype<usize>(text), size);
    store<u32>(to, <u32>block);
    store<u32>(to, text.length, 4);
}

function freeBlock(at: usize): void {
    if (load<u32>(at, 4) != 0) heap.free(load<u32>(at));
}

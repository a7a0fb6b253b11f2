// SPDX-License-Identifier: Apache-2.0
//
// What of a layer store nobody has touched, and what it would save to keep that compressed. Pure arithmetic: who touched what is
// touched.ts's to find out, how small bytes become compress.ts's.

export const PAGE = 4096;

/** A file's content in a layer. */
export interface StoreFile {
    /** The lowest layer is 0. */
    layer: number;
    name: string;
    /** Number of its first page among the layer's data pages. */
    firstPage: number;
    /** What tells its pages from others: equal pages have equal keys, and one frame. */
    keys: readonly string[];
    content: Buffer;
}

/** Data pages of layers that a container has asked for, as pageName has them. */
export type Touched = ReadonlySet<string>;

export function pageName(layer: number, page: number): string {
    return `${layer}:${page}`;
}

/** Whether any of a file's pages `from` to `end` was touched. */
function isTouched(file: StoreFile, touched: Touched, from: number, end: number): boolean {
    for (let page = from; page < end; page++) {
        if (touched.has(pageName(file.layer, file.firstPage + page))) return true;
    }
    return false;
}

export interface Split {
    /** Bytes of frames that units have of which a page was touched. */
    warmBytes: number;
    /** Contents of the other units: the pages that would leave the store. One that a touched unit has as well stays, equal ones leave once. */
    cold: Buffer[];
    coldBytes: number;
}

/** Divides a store by units of at most `unitPages` pages of one file: files as a whole with Infinity. */
export function splitStore(files: readonly StoreFile[], touched: Touched, unitPages: number): Split {
    const warm = new Set<string>();
    const untouched: { file: StoreFile; from: number; end: number }[] = [];
    for (const file of files) {
        for (let from = 0; from < file.keys.length; from += unitPages) {
            const end = Math.min(from + unitPages, file.keys.length);
            if (isTouched(file, touched, from, end))
                for (const key of file.keys.slice(from, end)) warm.add(key);
            else untouched.push({ file, from, end });
        }
    }
    const gone = new Set(warm);
    const cold: Buffer[] = [];
    for (const { file, from, end } of untouched) {
        const pages: Buffer[] = [];
        for (let page = from; page < end; page++) {
            const key = file.keys[page]!;
            if (gone.has(key)) continue;
            gone.add(key);
            pages.push(file.content.subarray(page * PAGE, (page + 1) * PAGE));
        }
        if (pages.length > 0) cold.push(Buffer.concat(pages));
    }
    return { warmBytes: warm.size * PAGE, cold, coldBytes: (gone.size - warm.size) * PAGE };
}

/** Bytes of a store: those of its frames. */
export function storeBytes(files: readonly StoreFile[]): number {
    return new Set(files.flatMap(({ keys }) => keys)).size * PAGE;
}

/** Bytes of frames that pages which were touched have. */
export function touchedBytes(files: readonly StoreFile[], touched: Touched): number {
    const keys = files.flatMap((file) =>
        file.keys.filter((_, page) => touched.has(pageName(file.layer, file.firstPage + page))),
    );
    return new Set(keys).size * PAGE;
}

/** The files of which a page was touched. */
export function touchedFiles(files: readonly StoreFile[], touched: Touched): StoreFile[] {
    return files.filter((file) => isTouched(file, touched, 0, file.keys.length));
}

/** What units take when each is kept in the smaller form, packed without gaps: `sizes` are the compressed ones. */
export function keptBytes(cold: readonly Buffer[], sizes: readonly number[]): number {
    if (sizes.length !== cold.length) throw new RangeError('a size for each content');
    return cold.reduce((sum, { length }, unit) => sum + Math.min(length, sizes[unit]!), 0);
}

// SPDX-License-Identifier: Apache-2.0
//
// Tar entries as they are asked for, the impossible ones too.

/** A header block and its content. `size` overrides the size that the header states. */
export function tarEntry({ name, type = '0', link = '', content = '', size = content.length, mode = 0o644 }) {
    const header = Buffer.alloc(512);
    const octal = (value, at, digits) => header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
    header.write(name, 0, 100, 'utf8');
    octal(mode, 100, 7);
    octal(0, 108, 7);
    octal(0, 116, 7);
    octal(size, 124, 11);
    octal(0, 136, 11);
    header.write(type, 156, 'latin1');
    header.write(link, 157, 100, 'utf8');
    header.write('ustar\0' + '00', 257, 'latin1');
    header.fill(' ', 148, 156);
    octal(
        header.reduce((sum, byte) => sum + byte, 0),
        148,
        6,
    );
    header[154] = 0;
    return Buffer.concat([header, Buffer.from(content, 'latin1'), Buffer.alloc(-content.length & 511)]);
}

/** The end mark. */
export function tarEnd() {
    return Buffer.alloc(1024);
}

/** The files of an archive without extended headers: {name, content}. */
export function tarEntries(archive) {
    const files = [];
    for (let at = 0; archive[at] !== 0;) {
        const text = (from, length) =>
            archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
        const size = parseInt(text(124, 12), 8) || 0;
        const content = archive.subarray(at + 512, at + 512 + size);
        if (text(156, 1) === '0' || text(156, 1) === '') files.push({ name: text(0, 100), content });
        at += 512 + Math.ceil(size / 512) * 512;
    }
    return files;
}

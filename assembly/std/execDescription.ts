// SPDX-License-Identifier: Apache-2.0
//
// What a sentry is told of a process that it is to start besides the container's first one: by the manager, for a person's `exec` or for a
// health check. The sentry takes the description piece by piece (TAKE_EXEC) and reads it in its own memory.
//
// Layout: this header, then zero-terminated texts in UTF-8 without gaps: arguments, environment, working directory, user. Numbers are
// little endian.

import { encodeUtf8, utf8Length } from "./utf8";

/** The process's console is a terminal. */
export const EXEC_TERMINAL: u32 = 1 << 0;
/** Standard input comes from the host; without the flag it is at its end from the start. */
export const EXEC_INTERACTIVE: u32 = 1 << 1;
/** Nobody wants the output: it is taken, and goes nowhere. */
export const EXEC_NO_OUTPUT: u32 = 1 << 2;

/** The largest description: as much as a request on the control channel. */
export const EXEC_SIZE_MAXIMUM: u32 = 128 << 10;

@unmanaged
export class ExecDescription {
    /** At least one. */
    argumentCount: u32;
    /** "NAME=value", in place of the container's own of the same name. */
    environmentCount: u32;
    /** EXEC_ bits. */
    flags: u32;
    /** The terminal's size at the start. */
    terminalRows: u16;
    terminalColumns: u16;

    @inline has(flag: u32): bool {
        return (this.flags & flag) != 0;
    }

    /** Where the texts begin. */
    @inline get texts(): usize {
        return changetype<usize>(this) + offsetof<ExecDescription>();
    }
}

/** Bytes of a description with these texts: arguments, environment, working directory ("": the container's), user ("": the container's). */
export function execDescriptionSize(texts: string[]): u32 {
    let bytes = <u32>offsetof<ExecDescription>();
    for (let i = 0; i < texts.length; i++) bytes += utf8Length(texts[i]) + 1;
    return bytes;
}

/** Writes the texts of a description at `at`, of which execDescriptionSize has told the size; the header is the caller's to fill. */
export function writeExecTexts(at: usize, texts: string[]): ExecDescription {
    const description = changetype<ExecDescription>(at);
    let text = description.texts;
    for (let i = 0; i < texts.length; i++) {
        text += encodeUtf8(texts[i], text);
        store<u8>(text++, 0);
    }
    return description;
}

/**
 * Whether `size` bytes at `at` are a description: its texts are there, each with its end, and nothing follows them.
 */
export function isExecDescription(at: usize, size: u32): bool {
    if (size < offsetof<ExecDescription>()) return false;
    const description = changetype<ExecDescription>(at);
    if (description.argumentCount == 0) return false;
    // The working directory and the user.
    let texts: u64 = <u64>description.argumentCount + description.environmentCount + 2;
    for (let byte = description.texts; byte < at + size; byte++) {
        if (load<u8>(byte) == 0 && --texts == 0) return byte + 1 == at + size;
    }
    return false;
}

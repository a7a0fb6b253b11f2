// SPDX-License-Identifier: Apache-2.0
//
// ERASE, WERASE and KILL in canonical mode: taking back what was typed, and showing that.

import { LineDiscipline } from "./lineDiscipline";
import { isControl } from "./outputProcessor";
import { ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, ECHOPRT, VERASE, VKILL, VWERASE } from "./termios";

const BACKSPACE: u32 = 8;
const TAB: u32 = 9;
const NEWLINE: u32 = 10;
const SPACE: u32 = 32;
const UNDERSCORE: u32 = 0x5f;
const BACKSLASH: u32 = 0x5c;

/** Letters and digits of Latin-1, as Linux's isalnum has them. */
function isWordByte(byte: u32): bool {
    const letter = byte | 0x20;
    return (
        (byte >= 0x30 && byte <= 0x39) ||
        (letter >= 0x61 && letter <= 0x7a && byte < 0x80) ||
        (byte >= 0xc0 && byte != 0xd7 && byte != 0xf7) ||
        byte == UNDERSCORE
    );
}

/** A character, a word or the line goes, as the control character `byte` says. */
export function erase(discipline: LineDiscipline, byte: u32): void {
    const termios = discipline.terminal.termios;
    const output = discipline.output;
    const local = termios.local;
    const echoes = (local & ECHO) != 0;
    if (discipline.head == discipline.lineEnd) return;
    const isErase = termios.is(VERASE, byte);
    const isWord = !isErase && termios.is(VWERASE, byte);
    if (!isErase && !isWord) {
        if (!echoes) {
            discipline.head = discipline.lineEnd;
            return;
        }
        if ((local & ECHOK) == 0 || (local & ECHOKE) == 0 || (local & ECHOE) == 0) {
            discipline.head = discipline.lineEnd;
            discipline.finishErasing();
            output.echoByte(termios.character(VKILL));
            // A newline behind it, whatever the terminal does with the character.
            if ((local & ECHOK) != 0) output.echoRaw(NEWLINE);
            return;
        }
    }
    let wordSeen = false;
    while (discipline.head != discipline.lineEnd) {
        let at = discipline.head;
        let erased: u32;
        do {
            erased = discipline.byte(--at);
        } while (output.isContinuation(erased) && at != discipline.lineEnd);
        // A character is not erased in part.
        if (output.isContinuation(erased)) break;
        if (isWord) {
            if (isWordByte(erased)) wordSeen = true;
            else if (wordSeen) break;
        }
        const count = discipline.head - at;
        discipline.head = at;
        if (echoes) show(discipline, erased, at, count, isErase);
        if (isErase) break;
    }
    if (discipline.head == discipline.lineEnd && echoes) discipline.finishErasing();
}

/** Shows that the `count` bytes at `at` are gone, which make one character that begins with `erased`. */
function show(discipline: LineDiscipline, erased: u32, at: u32, count: u32, isErase: bool): void {
    const termios = discipline.terminal.termios;
    const output = discipline.output;
    const local = termios.local;
    const showsControl = (local & ECHOCTL) != 0;
    if ((local & ECHOPRT) != 0) {
        if (!discipline.isErasing) {
            output.echoRaw(BACKSLASH);
            discipline.isErasing = true;
        }
        output.echoByte(erased);
        for (let i: u32 = 1; i < count; i++) {
            output.echoRaw(discipline.byte(at + i));
            output.echoMoveBack();
        }
    } else if (isErase && (local & ECHOE) == 0) {
        output.echoByte(termios.character(VERASE));
    } else if (erased == TAB) {
        showTabErased(discipline, showsControl);
    } else {
        const control = isControl(erased);
        if (control && showsControl) rubOut(discipline);
        if (!control || showsControl) rubOut(discipline);
    }
}

function rubOut(discipline: LineDiscipline): void {
    const output = discipline.output;
    output.echoRaw(BACKSPACE);
    output.echoRaw(SPACE);
    output.echoRaw(BACKSPACE);
}

/** How wide the tab was depends on what stands before it, back to another tab or the line's start. */
function showTabErased(discipline: LineDiscipline, showsControl: bool): void {
    const output = discipline.output;
    let columns: u32 = 0;
    let afterTab = false;
    for (let at = discipline.head; at != discipline.lineEnd;) {
        const byte = discipline.byte(--at);
        if (byte == TAB) {
            afterTab = true;
            break;
        }
        if (isControl(byte)) {
            if (showsControl) columns += 2;
        } else if (!output.isContinuation(byte)) {
            columns++;
        }
    }
    output.echoEraseTab(columns, afterTab);
}

// SPDX-License-Identifier: Apache-2.0
//
// `abort` of the component (asc --use abort=assembly/component/abort/abort): a failed assertion becomes an error of the
// program that called, with the place in its message.

// @ts-ignore: decorator
@external("sealift:image/report@0.1.0", "abort")
declare function reportAbort(
    message: usize,
    messageLength: u32,
    file: usize,
    fileLength: u32,
    line: u32,
    column: u32,
): void;

export function abort(message: string | null, fileName: string | null, line: u32, column: u32): void {
    reportAbort(
        changetype<usize>(message),
        message === null ? 0 : message.length,
        changetype<usize>(fileName),
        fileName === null ? 0 : fileName.length,
        line,
        column,
    );
    unreachable();
}

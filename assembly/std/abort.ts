// SPDX-License-Identifier: Apache-2.0
//
// What `abort` means (asc --use abort=assembly/std/abort/abort): assertion failures and AssemblyScript's own checks
// (array bounds, null references) reach the host's report.abort, which ends the module with a trap that has a name.

// @ts-ignore: decorator
@external("sealift:system/report@0.1.0", "abort")
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

// SPDX-License-Identifier: Apache-2.0

/** Exit code when Sealift itself failed, as container engines use it: the container's program did not run. */
export const EXIT_SEALIFT_FAILED = 125;

/** A failure that a person can act on. Shown as `sealift: <thing>: <cause>; <remedy>`, without a stack trace. */
export class Failure extends Error {
    readonly exitCode: number;

    constructor(message: string, exitCode = EXIT_SEALIFT_FAILED) {
        super(message);
        this.name = 'Failure';
        this.exitCode = exitCode;
    }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** The code of a system error ("ENOENT"), or "" for other errors. */
export function systemErrorCode(error: unknown): string {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    return '';
}

/** Why a file cannot be used, in words: for Failure messages about paths. */
export function describeFileError(error: unknown): string {
    switch (systemErrorCode(error)) {
        case 'ENOENT':
            return 'there is no such file or folder';
        case 'EACCES':
        case 'EPERM':
            return 'permission denied';
        case 'EISDIR':
            return 'it is a folder';
        case 'ENOTDIR':
            return 'part of the path is not a folder';
        default:
            return messageOf(error);
    }
}

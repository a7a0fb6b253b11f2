// SPDX-License-Identifier: Apache-2.0
//
// AssemblyScript has no exceptions: a function that can fail returns a Result, or, where there is no value to return,
// `Failure | null`. A trap is never an answer to bad input.

/** Exit codes that container engines use when the container's own process gives none. */
export const EXIT_ENGINE_FAILED: i32 = 125;
export const EXIT_NOT_EXECUTABLE: i32 = 126;
export const EXIT_NOT_FOUND: i32 = 127;

/** Why something could not be done: one sentence that names the thing, the cause and the remedy. */
export class Failure {
    constructor(
        readonly message: string,
        /** What the command's exit code becomes if nothing else handles the failure. */
        readonly exitCode: i32 = EXIT_ENGINE_FAILED,
    ) {}

    /** The same failure with the thing it happened to in front: "manifest sha256:…: " + message. */
    within(thing: string): Failure {
        return new Failure(thing + ": " + this.message, this.exitCode);
    }
}

/** Either a value or a failure. `value` may be read only where `failure` is null. */
export class Result<T> {
    private constructor(
        private readonly held: T,
        readonly failure: Failure | null,
    ) {}

    @inline static of<T>(value: T): Result<T> {
        return new Result<T>(value, null);
    }

    /** A result without a value, for a type whose zero is a valid T (numbers, nullable references). */
    @inline static fail<T>(failure: Failure): Result<T> {
        // A null held in a non-nullable T is never handed out: `value` checks first.
        return new Result<T>(changetype<T>(0), failure);
    }

    get ok(): bool {
        return this.failure === null;
    }

    get value(): T {
        assert(this.failure === null, "the value of a failed result was read");
        return this.held;
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// The smallest memory with which something works.

/** What was found: the least number of MiB that works, a multiple of the step, and what was measured with it. */
export interface Smallest<T> {
    mebibytes: number;
    result: T;
}

/**
 * Searches upwards or downwards from `guess` in strides that double, then by halves. `attempt` gives a result, or null where the
 * memory does not suffice; more memory is taken to suffice wherever less does. Null when even `most` does not.
 */
export async function smallestMemory<T>(
    attempt: (mebibytes: number) => Promise<T | null>,
    guess: number,
    step: number,
    most: number,
): Promise<Smallest<T> | null> {
    const onStep = (mebibytes: number): number => Math.ceil(mebibytes / step) * step;
    let best: Smallest<T> | null = null;
    /** The largest number of MiB that is known not to suffice. */
    let insufficient = 0;
    const tryIt = async (mebibytes: number): Promise<boolean> => {
        const result = await attempt(mebibytes);
        if (result === null) insufficient = Math.max(insufficient, mebibytes);
        else best = { mebibytes, result };
        return result !== null;
    };
    let stride = step * 2;
    let at = Math.min(onStep(guess), onStep(most));
    if (await tryIt(at)) {
        while (at > stride && (await tryIt(at - stride))) {
            at -= stride;
            stride *= 2;
        }
    } else {
        do {
            if (at >= most) return null;
            at = Math.min(at + stride, onStep(most));
            stride *= 2;
        } while (!(await tryIt(at)));
    }
    for (;;) {
        const known: Smallest<T> = best!;
        if (known.mebibytes - insufficient <= step) return known;
        await tryIt(onStep((known.mebibytes + insufficient) / 2));
    }
}

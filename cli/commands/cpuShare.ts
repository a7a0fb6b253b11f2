// SPDX-License-Identifier: Apache-2.0

import { Failure } from '../failure.js';

/** CPUs of a machine: seL4 is built for one. */
const PROCESSORS = 1;

/** The least that container engines accept: 1 ms in every 100 ms. */
const MINIMUM = 0.01;

const NANO = 1e9;

/** A number of CPUs as container engines write it ("0.5"), in units of 10⁻⁹; 0 is no limit. */
export function parseCpus(text: string, option: string): number {
    if (!/^(\d+(\.\d*)?|\.\d+)$/.test(text))
        throw new Failure(`${option} ${text}: not a number of CPUs; write a decimal number, for example 0.5`);
    const number = Number(text);
    if (number > PROCESSORS)
        throw new Failure(
            `${option} ${text}: more than the ${PROCESSORS} CPU that a machine has; give at most ${PROCESSORS}`,
        );
    if (number !== 0 && number < MINIMUM)
        throw new Failure(
            `${option} ${text}: too little for a container to run; give at least ${MINIMUM}, or 0 for no limit`,
        );
    return Math.round(number * NANO);
}

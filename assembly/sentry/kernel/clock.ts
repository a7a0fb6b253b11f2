// SPDX-License-Identifier: Apache-2.0

import { clockNow } from "../../sel4/generated/host";
import { containerConfiguration } from "../../std/containerConfiguration";

export const NANOSECONDS: u64 = 1_000_000_000;

/** Nanoseconds since boot: CLOCK_MONOTONIC. */
// @ts-ignore: decorator
@inline
export function now(): u64 {
    return clockNow();
}

/** Nanoseconds since the epoch: CLOCK_REALTIME. The machine's clock at boot plus the monotonic time since. */
// @ts-ignore: decorator
@inline
export function realtimeNow(): u64 {
    return containerConfiguration().realtimeOffset + clockNow();
}

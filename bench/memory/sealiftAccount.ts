// SPDX-License-Identifier: Apache-2.0
//
// Whose the memory of a machine of Sealift is, from the account that it prints.

import type { Account } from '../account.js';
import { sumOf, type Owner, type OwnerGroup } from './measurement.js';

function groupOf(owner: string): OwnerGroup {
    if (owner === 'free') return 'free';
    return /^(layer store:|root task: packed image)/.test(owner) ? 'image' : 'engine';
}

/**
 * The account by owner. `machineBytes` is the memory that QEMU gave the machine: what seL4 did not give out of it is the
 * kernel's, the firmware's, or an address range without memory.
 */
export function sealiftOwners(account: Account, machineBytes: number): Owner[] {
    const system = account.owners.map(({ owner, bytes }) => ({ owner, group: groupOf(owner), bytes }));
    const containers: Owner[] = account.container.owners.map(({ owner, bytes }) =>
        owner === 'free'
            ? { owner: 'free, reserved for a container', group: 'free', bytes }
            : { owner: `container: ${owner}`, group: 'containers', bytes },
    );
    return [
        { owner: 'kernel, firmware', group: 'kernel', bytes: machineBytes - account.machineMemory },
        ...system.filter(({ owner }) => owner !== 'containers' && owner !== 'free'),
        ...containers,
        ...system.filter(({ owner }) => owner === 'free'),
    ];
}

/** The account as it would be without image and container, where what managing them took is still the engine's. */
export function withoutContainer(owners: readonly Owner[]): Owner[] {
    const kept = owners.filter(({ group }) => group === 'kernel' || group === 'engine');
    return [...kept, { owner: 'free', group: 'free', bytes: sumOf(owners) - sumOf(kept) }];
}

// SPDX-License-Identifier: Apache-2.0
//
// Whose the memory of a machine of Sealift is, from the account that it gives.

import type { Owner, OwnerGroup } from './measurement.js';
import type { SystemAccount } from './sealiftMachine.js';

function groupOf(owner: string): OwnerGroup {
    if (/^free\b/.test(owner)) return 'free';
    return /^(layer store:|root task: packed image)/.test(owner) ? 'image' : 'engine';
}

/**
 * The account by owner, all containers' together. `machineBytes` is the memory that QEMU gave the machine: what seL4 did not
 * give out of it is the kernel's, the firmware's, or an address range without memory.
 */
export function sealiftOwners(account: SystemAccount, machineBytes: number): Owner[] {
    const system = account.owners.map(({ owner, bytes }) => ({ owner, group: groupOf(owner), bytes }));
    const inContainers = new Map<string, number>();
    for (const container of account.containers) {
        for (const { owner, bytes } of container.owners)
            inContainers.set(owner, (inContainers.get(owner) ?? 0) + bytes);
    }
    const containers: Owner[] = [...inContainers].map(([owner, bytes]) =>
        owner === 'free'
            ? { owner: 'free, reserved for containers', group: 'free', bytes }
            : { owner: `containers: ${owner}`, group: 'containers', bytes },
    );
    return [
        { owner: 'kernel, firmware', group: 'kernel', bytes: machineBytes - account.machineMemory },
        ...system.filter(({ owner }) => owner !== 'containers' && owner !== 'free'),
        ...containers,
        ...system.filter(({ owner }) => owner === 'free'),
    ];
}

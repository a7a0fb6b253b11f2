// SPDX-License-Identifier: Apache-2.0
//
// Whether the calling process may look into another, or change its memory: ptrace(2), "Ptrace access mode checking".

import { CAP_SYS_PTRACE } from "./capabilities";
import { Credentials } from "./credentials";
import { Process } from "./process";
import { current } from "./thread";

/** PTRACE_MODE_FSCREDS: for what /proc/PID shows. */
export function mayInspect(process: Process): bool {
    if (process === current.process) return true;
    const who = current.process.credentials;
    return mayAccess(process, who.fileUser, who.fileGroup, who.effective);
}

/** PTRACE_MODE_REALCREDS: for process_vm_readv(2) and its like. */
export function mayAttach(process: Process): bool {
    if (process === current.process) return true;
    const who = current.process.credentials;
    return mayAccess(process, who.realUser, who.realGroup, who.permitted);
}

function mayAccess(process: Process, user: u32, group: u32, capabilities: u64): bool {
    if (current.process.credentials.has(CAP_SYS_PTRACE)) return true;
    const other = process.credentials;
    return (
        process.dumpable == 1 &&
        isOnly(other, user, group) &&
        // Who has fewer capabilities must not get at those of another.
        (other.permitted & ~capabilities) == 0
    );
}

/** Whether all ids are these. */
function isOnly(who: Credentials, user: u32, group: u32): bool {
    return (
        who.realUser == user &&
        who.effectiveUser == user &&
        who.savedUser == user &&
        who.realGroup == group &&
        who.effectiveGroup == group &&
        who.savedGroup == group
    );
}

// SPDX-License-Identifier: Apache-2.0
//
// Who a process is (credentials(7)). A Credentials object is never changed once a process has it: set*id replaces the
// object, so that fork shares it.

import {
    ALL_SECURE_BITS,
    CAP_FSETID,
    CAPABILITIES_OF_FILES,
    DEFAULT_CAPABILITIES,
    SECBIT_KEEP_CAPS,
    SECBIT_NO_SETUID_FIXUP,
    SECBIT_NOROOT,
} from "./capabilities";

export class Credentials {
    realUser: u32 = 0;
    effectiveUser: u32 = 0;
    savedUser: u32 = 0;
    /** What file accesses are checked with; follows effectiveUser. */
    fileUser: u32 = 0;
    realGroup: u32 = 0;
    effectiveGroup: u32 = 0;
    savedGroup: u32 = 0;
    fileGroup: u32 = 0;
    supplementaryGroups: StaticArray<u32> = [];

    // Capability sets (capabilities(7)). Pid 1 begins as root; lookUpUser takes away what another user has not.
    permitted: u64 = DEFAULT_CAPABILITIES;
    effective: u64 = DEFAULT_CAPABILITIES;
    inheritable: u64 = 0;
    bounding: u64 = DEFAULT_CAPABILITIES;
    ambient: u64 = 0;
    secureBits: u32 = 0;

    copy(): Credentials {
        const copy = new Credentials();
        copy.realUser = this.realUser;
        copy.effectiveUser = this.effectiveUser;
        copy.savedUser = this.savedUser;
        copy.fileUser = this.fileUser;
        copy.realGroup = this.realGroup;
        copy.effectiveGroup = this.effectiveGroup;
        copy.savedGroup = this.savedGroup;
        copy.fileGroup = this.fileGroup;
        copy.supplementaryGroups = this.supplementaryGroups;
        copy.permitted = this.permitted;
        copy.effective = this.effective;
        copy.inheritable = this.inheritable;
        copy.bounding = this.bounding;
        copy.ambient = this.ambient;
        copy.secureBits = this.secureBits;
        return copy;
    }

    /** Whether a capability (its number) is effective. */
    @inline has(capability: i32): bool {
        return (this.effective & ((<u64>1) << capability)) != 0;
    }

    /** What becomes of the capabilities when the user ids were `before`'s and have changed (capabilities(7)). */
    followUsers(before: Credentials): void {
        if ((this.secureBits & SECBIT_NO_SETUID_FIXUP) != 0) return;
        const wasRoot = before.realUser == 0 || before.effectiveUser == 0 || before.savedUser == 0;
        const isRoot = this.realUser == 0 || this.effectiveUser == 0 || this.savedUser == 0;
        if (wasRoot && !isRoot) {
            if ((this.secureBits & SECBIT_KEEP_CAPS) == 0) {
                this.permitted = 0;
                this.effective = 0;
            }
            this.ambient = 0;
        }
        if (before.effectiveUser == 0 && this.effectiveUser != 0) this.effective = 0;
        if (before.effectiveUser != 0 && this.effectiveUser == 0) this.effective = this.permitted;
        this.followFileUser(before);
    }

    /** The same for the user of file accesses. */
    followFileUser(before: Credentials): void {
        if ((this.secureBits & SECBIT_NO_SETUID_FIXUP) != 0) return;
        if (before.fileUser == 0 && this.fileUser != 0) this.effective &= ~CAPABILITIES_OF_FILES;
        if (before.fileUser != 0 && this.fileUser == 0)
            this.effective |= this.permitted & CAPABILITIES_OF_FILES;
    }

    /**
     * What becomes of the capabilities at execve. `changed`: the program's file has changed user or group. Files
     * themselves give none.
     */
    followExecution(changed: bool): void {
        if (changed) this.ambient = 0;
        const isRoot =
            (this.realUser == 0 || this.effectiveUser == 0) && (this.secureBits & SECBIT_NOROOT) == 0;
        if (isRoot) {
            this.permitted = this.inheritable | this.bounding;
            this.effective = this.effectiveUser == 0 ? this.permitted : this.ambient;
        } else {
            this.permitted = this.ambient;
            this.effective = this.ambient;
        }
        this.secureBits &= ALL_SECURE_BITS & ~SECBIT_KEEP_CAPS;
    }

    /** What the real user would have for file accesses (access(2)): for user 0 whatever is permitted, for others nothing. */
    private get realCapabilities(): u64 {
        if ((this.secureBits & SECBIT_NO_SETUID_FIXUP) != 0) return this.effective;
        return this.realUser == 0 ? this.permitted : 0;
    }

    /** Whether file accesses are the real user's already. */
    actsAsRealUser(): bool {
        return (
            this.fileUser == this.realUser &&
            this.fileGroup == this.realGroup &&
            this.effective == this.realCapabilities
        );
    }

    /** The same with the real user's file accesses. */
    asRealUser(): Credentials {
        const real = this.copy();
        real.fileUser = this.realUser;
        real.fileGroup = this.realGroup;
        real.effective = this.realCapabilities;
        return real;
    }

    /** Whether a file of the group may have the set-group-ID bit. */
    maySetGroupId(group: u32): bool {
        return this.isInGroup(group) || this.has(CAP_FSETID);
    }

    /** Whether file accesses belong to the group. */
    isInGroup(group: u32): bool {
        if (this.fileGroup == group) return true;
        const groups = this.supplementaryGroups;
        for (let i = 0; i < groups.length; i++) {
            if (groups[i] == group) return true;
        }
        return false;
    }
}

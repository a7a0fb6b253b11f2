// SPDX-License-Identifier: Apache-2.0
//
// Who a process is (credentials(7)). A Credentials object is never changed once a process has it: set*id replaces the
// object, so that fork shares it.

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
        return copy;
    }

    /** Whether file accesses are those of user 0, which passes every permission check of files. */
    get isFileRoot(): bool {
        return this.fileUser == 0;
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

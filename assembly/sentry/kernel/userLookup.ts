// SPDX-License-Identifier: Apache-2.0
//
// The user that a container runs as ("user", "uid", "user:group", "uid:gid"): names are looked up in the image's own
// /etc/passwd and /etc/group, as container engines do. Texts are byte strings.

import { Credentials } from "./credentials";

/** passwd or group, whole; longer files are not looked into further. */
export const ACCOUNT_FILE_MAXIMUM: i32 = 65536;

/** Why a lookup failed. */
export let lookupProblem: string = "";

/** The home directory of the user that was found last, or empty. */
export let homeDirectory: string = "";

function isNumber(text: string): bool {
    if (text.length == 0 || text.length > 10) return false;
    for (let i = 0; i < text.length; i++) {
        const digit = text.charCodeAt(i);
        if (digit < 48 || digit > 57) return false;
    }
    return true;
}

/** The fields of the line whose field `index` is `value`, or null. */
function findLine(file: string, index: i32, value: string): string[] | null {
    const lines = file.split("\n");
    for (let i = 0; i < lines.length; i++) {
        const fields = lines[i].split(":");
        if (fields.length > index && fields[index] == value) return fields;
    }
    return null;
}

/** The credentials for `user`, or null with lookupProblem. `passwd`, `group`: the files' texts, empty where there is none. */
export function lookUpUser(user: string, passwd: string, group: string): Credentials | null {
    const credentials = new Credentials();
    const colon = user.indexOf(":");
    const userPart = colon < 0 ? user : user.substring(0, colon);
    const groupPart = colon < 0 ? "" : user.substring(colon + 1);
    let name = "";
    let userId: u32 = 0;
    let groupId: u32 = 0;
    if (userPart.length > 0 && !isNumber(userPart)) {
        const line = findLine(passwd, 0, userPart);
        if (line === null || line.length < 4) {
            lookupProblem = "unable to find user " + userPart + ": no matching entries in passwd file";
            return null;
        }
        name = userPart;
        userId = <u32>U64.parseInt(line[2]);
        groupId = <u32>U64.parseInt(line[3]);
        homeDirectory = line.length > 5 ? line[5] : "";
    } else {
        userId = userPart.length == 0 ? 0 : <u32>U64.parseInt(userPart);
        const line = findLine(passwd, 2, userId.toString());
        if (line !== null && line.length >= 4) {
            name = line[0];
            groupId = <u32>U64.parseInt(line[3]);
            homeDirectory = line.length > 5 ? line[5] : "";
        }
    }
    if (groupPart.length > 0) {
        if (isNumber(groupPart)) {
            groupId = <u32>U64.parseInt(groupPart);
        } else {
            const line = findLine(group, 0, groupPart);
            if (line === null || line.length < 3) {
                lookupProblem = "unable to find group " + groupPart + ": no matching entries in group file";
                return null;
            }
            groupId = <u32>U64.parseInt(line[2]);
        }
    } else if (name.length > 0) {
        credentials.supplementaryGroups = groupsOf(name, groupId, group);
    }
    credentials.realUser = userId;
    credentials.effectiveUser = userId;
    credentials.savedUser = userId;
    credentials.fileUser = userId;
    credentials.realGroup = groupId;
    credentials.effectiveGroup = groupId;
    credentials.savedGroup = groupId;
    credentials.fileGroup = groupId;
    credentials.followUsers(new Credentials());
    return credentials;
}

/** The primary group and the groups that list `name` as a member. */
function groupsOf(name: string, primary: u32, group: string): StaticArray<u32> {
    const found: u32[] = [primary];
    const lines = group.split("\n");
    for (let i = 0; i < lines.length; i++) {
        const fields = lines[i].split(":");
        if (fields.length < 4) continue;
        const members = fields[3].split(",");
        if (members.indexOf(name) < 0) continue;
        const id = <u32>U64.parseInt(fields[2]);
        if (found.indexOf(id) < 0) found.push(id);
    }
    return StaticArray.fromArray(found);
}

// SPDX-License-Identifier: Apache-2.0

import { lookUpUser, lookupProblem } from "../../../assembly/sentry/kernel/userLookup";
import { expectPart } from "../expectations";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/srv:/bin/sh\nbroken:x\n";
const GROUP = "root:x:0:\nweb:x:34:\nlog:x:50:other,web\nempty:x:51:\n";

describe("the user that a container runs as", () => {
    it("is root by default", () => {
        const user = lookUpUser("", PASSWD, GROUP)!;
        expect(user.realUser).toBe(0);
        expect(user.fileGroup).toBe(0);
    });

    it("is found by name, with its groups", () => {
        const user = lookUpUser("web", PASSWD, GROUP)!;
        expect(user.effectiveUser).toBe(33);
        expect(user.effectiveGroup).toBe(34);
        expect(user.isInGroup(50)).toBe(true);
        expect(user.isInGroup(51)).toBe(false);
    });

    it("may be a number that no file knows", () => {
        const user = lookUpUser("1234", PASSWD, GROUP)!;
        expect(user.savedUser).toBe(1234);
        expect(user.realGroup).toBe(0);
    });

    it("takes the group that is named, and then no others", () => {
        const user = lookUpUser("web:log", PASSWD, GROUP)!;
        expect(user.realGroup).toBe(50);
        expect(user.isInGroup(34)).toBe(false);
        expect(lookUpUser("33:77", PASSWD, GROUP)!.realGroup).toBe(77);
    });

    it("is refused by name when it does not exist", () => {
        expect(lookUpUser("nobody", PASSWD, GROUP) === null).toBe(true);
        expectPart(lookupProblem, "nobody");
        expect(lookUpUser("broken", PASSWD, GROUP) === null).toBe(true);
        expect(lookUpUser("web:nogroup", PASSWD, GROUP) === null).toBe(true);
        expectPart(lookupProblem, "nogroup");
    });
});

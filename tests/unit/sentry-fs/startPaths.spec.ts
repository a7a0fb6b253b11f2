// SPDX-License-Identifier: Apache-2.0

import { cleanPath, pathDepth } from "../../../assembly/sentry/fs/startPaths";

describe("paths of the configuration", () => {
    it("are cleaned without leaving the root", () => {
        expect(cleanPath("/a/b")).toBe("/a/b");
        expect(cleanPath("//a/./b//")).toBe("/a/b");
        expect(cleanPath("/a/../b/c/..")).toBe("/b");
        expect(cleanPath("/../../etc")).toBe("/etc");
        expect(cleanPath("a")).toBe("/a");
        expect(cleanPath("/..")).toBe("/");
        expect(cleanPath("")).toBe("/");
        expect(cleanPath("/...")).toBe("/...");
    });

    it("have a depth", () => {
        expect(pathDepth("/")).toBe(0);
        expect(pathDepth("/a")).toBe(1);
        expect(pathDepth("/a/b")).toBe(2);
    });
});

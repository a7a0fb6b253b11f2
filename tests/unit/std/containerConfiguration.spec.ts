// SPDX-License-Identifier: Apache-2.0

import {
    ContainerConfiguration,
    FLAG_STRACE,
    MOUNT_READ_ONLY,
    MOUNT_TMPFS,
} from "../../../assembly/std/containerConfiguration";
import {
    ConfiguredMount,
    ContainerConfigurationWriter,
} from "../../../assembly/std/containerConfigurationWriter";
import { decodeUtf8 } from "../../../assembly/std/utf8";
import { expectPart } from "../expectations";

const CAPACITY: u32 = 4096;

function page(): usize {
    const base = heap.alloc(CAPACITY);
    memory.fill(base, 0, CAPACITY);
    return base;
}

describe("container configuration", () => {
    it("reads what was written, with a zero byte after each text", () => {
        const base = page();
        const writer = new ContainerConfigurationWriter(base, CAPACITY);
        writer.configuration.flags = FLAG_STRACE;
        writer.configuration.memoryLimit = 1 << 26;
        writer.setArguments(["/bin/sh", "-c", "echo \u00e4"]);
        writer.setEnvironment(["A=1", ""]);
        writer.setLayers([1, 2], [30, 40]);
        writer.setMounts([
            new ConfiguredMount(MOUNT_TMPFS, "/run", 1 << 40, 0o1777),
            new ConfiguredMount(MOUNT_READ_ONLY, "/etc/\u00e4"),
        ]);
        writer.setWorkingDirectory("/");
        writer.setUser("nobody:users");
        writer.setHostname("box");
        writer.setImage("oci:x");
        expect(writer.finish() === null).toBe(true);

        const read = changetype<ContainerConfiguration>(base);
        expect(read.isValid()).toBe(true);
        expect(read.has(FLAG_STRACE)).toBe(true);
        expect(read.argumentCount).toBe(3);
        const last = read.argument(2);
        expect(decodeUtf8(read.text(last.offset), last.length)).toBe("echo \u00e4");
        expect(load<u8>(read.text(last.offset) + last.length)).toBe(0);
        expect(read.environment(1).length).toBe(0);
        expect(read.layer(1).indexPages).toBe(2);
        expect(read.layer(1).dataPages).toBe(40);
        expect(read.mountCount).toBe(2);
        expect(read.mount(0).kind).toBe(MOUNT_TMPFS);
        expect(read.mount(0).size).toBe(1 << 40);
        expect(read.mount(0).mode).toBe(0o1777);
        expect(decodeUtf8(read.text(read.mount(0).pathOffset), read.mount(0).pathLength)).toBe("/run");
        const second = read.mount(1);
        expect(second.kind).toBe(MOUNT_READ_ONLY);
        expect(decodeUtf8(read.text(second.pathOffset), second.pathLength)).toBe("/etc/\u00e4");
        expect(decodeUtf8(read.text(read.userOffset), read.userLength)).toBe("nobody:users");
        heap.free(base);
    });

    it("says when the texts do not fit, and writes nothing beyond", () => {
        const base = page();
        store<u8>(base, 0x55, CAPACITY - 1);
        const writer = new ContainerConfigurationWriter(base, CAPACITY - 1);
        writer.setMounts([new ConfiguredMount(MOUNT_TMPFS, "/run")]);
        writer.setArguments(["x".repeat(3000), "y".repeat(3000)]);
        writer.setMounts([new ConfiguredMount(MOUNT_TMPFS, "/" + "z".repeat(4000))]);
        expect(writer.configuration.mountCount).toBe(1);
        expectPart(writer.finish()!.message, "more than 4095 bytes together");
        expect(load<u8>(base, CAPACITY - 1)).toBe(0x55);
        heap.free(base);
    });

    it("places the tables of bits and the seed where the accessors look", () => {
        const base = page();
        const configuration = changetype<ContainerConfiguration>(base);
        configuration.objectBits0 = 0x0706050403020100;
        configuration.objectBits1 = 0x0f0e0d0c0b0a0908;
        configuration.untypedBits1 = 0x1700000000000000;
        for (let type: u32 = 0; type < 13; type++) expect(configuration.objectBits(type)).toBe(type);
        expect(configuration.untypedBits(15)).toBe(0x17);
        configuration.randomSeed3 = 0x1122334455667788;
        expect(load<u64>(configuration.randomSeed() + 24)).toBe(0x1122334455667788);
        heap.free(base);
    });
});

// SPDX-License-Identifier: Apache-2.0
//
// Fills configuration pages (containerConfiguration.ts). Texts are added in any order; `finish` says whether
// everything fitted. Numbers are set directly on `configuration`.

import {
    CONFIGURATION_MAGIC,
    CONFIGURATION_VERSION,
    ContainerConfiguration,
    LAYERS_MAXIMUM,
    LayerReference,
    MountReference,
    TextReference,
} from "./containerConfiguration";
import { Failure } from "./failure";
import { decimal } from "./numberText";
import { encodeUtf8, utf8Length } from "./utf8";

/** A mount that the container has of its own: a MountReference with its text. */
export class ConfiguredMount {
    constructor(
        readonly kind: u32,
        /** Absolute. */
        readonly path: string,
        readonly size: u64 = 0,
        readonly mode: u32 = 0,
    ) {}
}

export class ContainerConfigurationWriter {
    readonly configuration: ContainerConfiguration;
    private readonly base: usize;
    private used: u32 = 0;
    private full: bool = false;

    /** `capacity` bytes at `base`, all zero. */
    constructor(
        base: usize,
        private readonly capacity: u32,
    ) {
        this.base = base;
        this.configuration = changetype<ContainerConfiguration>(base);
        this.configuration.magic = CONFIGURATION_MAGIC;
        this.configuration.version = CONFIGURATION_VERSION;
        this.used = offsetof<ContainerConfiguration>();
    }

    setArguments(texts: string[]): void {
        this.configuration.argumentCount = texts.length;
        this.configuration.argumentsOffset = this.addTexts(texts);
    }

    setEnvironment(texts: string[]): void {
        this.configuration.environmentCount = texts.length;
        this.configuration.environmentOffset = this.addTexts(texts);
    }

    setWorkingDirectory(text: string): void {
        this.configuration.workingDirectoryLength = utf8Length(text);
        this.configuration.workingDirectoryOffset = this.addText(text);
    }

    setUser(text: string): void {
        this.configuration.userLength = utf8Length(text);
        this.configuration.userOffset = this.addText(text);
    }

    setHostname(text: string): void {
        this.configuration.hostnameLength = utf8Length(text);
        this.configuration.hostnameOffset = this.addText(text);
    }

    setImage(text: string): void {
        this.configuration.imageLength = utf8Length(text);
        this.configuration.imageOffset = this.addText(text);
    }

    /** Page counts of each layer's index and data, the lowest layer first. */
    setLayers(indexPages: u32[], dataPages: u32[]): void {
        const count = <u32>indexPages.length;
        assert(count <= LAYERS_MAXIMUM, "the image reader limits the number of layers");
        const offset = this.reserve(count * offsetof<LayerReference>());
        this.configuration.layerCount = count;
        this.configuration.layersOffset = offset;
        if (this.full) return;
        for (let i: u32 = 0; i < count; i++) {
            const layer = this.configuration.layer(i);
            layer.indexPages = indexPages[i];
            layer.dataPages = dataPages[i];
        }
    }

    /** In the order in which they were asked for; the sentry mounts outer ones first. */
    setMounts(mounts: ConfiguredMount[]): void {
        const list = this.reserve(<u32>mounts.length * offsetof<MountReference>());
        for (let i = 0; i < mounts.length; i++) {
            const offset = this.addText(mounts[i].path);
            if (this.full) return;
            const reference = changetype<MountReference>(this.base + list + i * offsetof<MountReference>());
            reference.pathOffset = offset;
            reference.pathLength = utf8Length(mounts[i].path);
            reference.kind = mounts[i].kind;
            reference.mode = mounts[i].mode;
            reference.size = mounts[i].size;
        }
        this.configuration.mountCount = mounts.length;
        this.configuration.mountsOffset = list;
    }

    /** Writes the size. A failure when the texts did not fit. */
    finish(): Failure | null {
        if (this.full) {
            return new Failure(
                "the arguments and the environment take more than " +
                    decimal(this.capacity) +
                    " bytes together; pass fewer or shorter ones",
            );
        }
        this.configuration.size = this.used;
        return null;
    }

    private addTexts(texts: string[]): u32 {
        const list = this.reserve(<u32>texts.length * offsetof<TextReference>());
        for (let i = 0; i < texts.length; i++) {
            const offset = this.addText(texts[i]);
            if (this.full) return 0;
            const reference = changetype<TextReference>(this.base + list + i * offsetof<TextReference>());
            reference.offset = offset;
            reference.length = utf8Length(texts[i]);
        }
        return list;
    }

    private addText(text: string): u32 {
        const length = utf8Length(text);
        const offset = this.reserve(length + 1);
        if (this.full) return 0;
        encodeUtf8(text, this.base + offset);
        store<u8>(this.base + offset + length, 0);
        return offset;
    }

    /** Room for `bytes` bytes at a multiple of 8; sets `full` when there is none. */
    private reserve(bytes: u32): u32 {
        const offset = (this.used + 7) & ~7;
        if (this.full || bytes > this.capacity || offset > this.capacity - bytes) {
            this.full = true;
            return 0;
        }
        this.used = offset + bytes;
        return offset;
    }
}

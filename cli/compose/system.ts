// SPDX-License-Identifier: Apache-2.0
//
// From services to the system that a boot image carries: images opened, files of the host packed, containers with all their options.

import { resolve } from 'node:path';
import type { BundleFile, BundleImage, ContainerOptions, SystemBundle } from '../boot/bundle.js';
import { Failure, messageOf } from '../failure.js';
import type { OpenImage } from '../image/imageReader.js';
import { provideImage, type PullPolicy } from '../image/provideImage.js';
import { parseImageReference, type ImageReference } from '../image/reference.js';
import type { ProgressLine } from '../report/progressLine.js';
import { wrongAt } from './document.js';
import { layerFiles } from './layerFiles.js';
import { containerNames, type Project } from './project.js';
import type { Service } from './services.js';

export interface SystemOptions {
    /** The image platform of the machine. */
    platform: string;
    /** --pull, which goes before the services' own policies. */
    pull?: PullPolicy;
    plainHttp?: boolean;
}

/** A system that is ready to be written into a boot image. Call close() on every path. */
export interface ComposedSystem {
    bundle: SystemBundle;
    images: readonly OpenImage[];
    /** The service of each container, by the container's name. */
    services: ReadonlyMap<string, Service>;
    close(): void;
}

/** An image's reference; paths in it are relative to the Compose file. */
function referenceOf(service: Service, folder: string, pull: PullPolicy): ImageReference {
    let reference: ImageReference;
    try {
        reference = parseImageReference(service.image);
    } catch (error) {
        throw new Failure(
            `${service.imagePlace.file}:${service.imagePlace.line}: ${service.imagePlace.path}: ${messageOf(error)}`,
        );
    }
    if (pull === 'always' && reference.registry === undefined)
        throw wrongAt(
            service.imagePlace,
            `${service.image} is in no registry, and pull_policy is always`,
            'write docker://HOST/NAME',
        );
    return reference.path === '' ? reference : { ...reference, path: resolve(folder, reference.path) };
}

/** The platform of a service's image: the machine's. */
function checkPlatform(service: Service, platform: string): void {
    const own = service.platform;
    if (own !== null && own !== platform && !own.startsWith(`${platform}/`))
        throw wrongAt(
            service.place,
            `is for ${own}, and the machine is ${platform}`,
            'choose another --board, or remove platform',
        );
}

class Images {
    readonly opened: OpenImage[] = [];
    readonly bundle: BundleImage[] = [];
    private readonly numbers = new Map<string, number>();

    constructor(
        private readonly folder: string,
        private readonly options: SystemOptions,
        private readonly progress: ProgressLine,
    ) {}

    /** The number of a service's image. */
    async numberOf(service: Service): Promise<number> {
        const { platform: machine, plainHttp } = this.options;
        const pull = this.options.pull ?? service.pullPolicy;
        const platform = service.platform ?? machine;
        const key = `${platform} ${service.image}`;
        const known = this.numbers.get(key);
        if (known !== undefined) return known;
        checkPlatform(service, machine);
        const reference = referenceOf(service, this.folder, pull);
        this.progress.show(`reading the image ${service.image}`);
        const image = await provideImage(reference, { platform, pull, plainHttp }, this.progress);
        this.opened.push(image);
        const paths = await image.bundleFiles(platform);
        const number = this.bundle.length;
        this.bundle.push({ files: image.files, paths, tag: reference.tag, platform, name: service.image });
        this.numbers.set(key, number);
        return number;
    }

    close(): void {
        for (const image of this.opened) image.close();
    }
}

/** What each container of a service has in common. */
function containerOptions(service: Service, image: number, layers: string[]): Omit<ContainerOptions, 'name'> {
    const { mounts } = service;
    const readOnlyPaths = mounts.mounts.filter(({ readOnly }) => readOnly).map(({ target }) => target);
    return {
        service: service.name,
        image,
        layers,
        memory: service.memory,
        nanoCpus: service.nanoCpus,
        entrypoint: service.entrypoint,
        command: service.command,
        environment: service.environment,
        workingDirectory: service.workingDirectory,
        user: service.user,
        hostname: service.hostname,
        readOnly: service.readOnly,
        strace: false,
        interactive: service.interactive,
        terminal: service.terminal,
        tmpfs: mounts.tmpfs,
        readOnlyPaths,
        restart: service.restart,
        restartMaximum: service.restartMaximum,
        ...(service.stopSignal !== null && { stopSignal: service.stopSignal }),
        ...(service.stopGracePeriod !== null && { stopGracePeriod: service.stopGracePeriod }),
        ...(service.health !== null && { health: service.health }),
    };
}

/** Makes the system of `services`, which are in order of dependency. */
export async function composeSystem(
    project: Project,
    services: readonly Service[],
    options: SystemOptions,
    progress: ProgressLine,
): Promise<ComposedSystem> {
    const images = new Images(project.folder, options, progress);
    const containers: ContainerOptions[] = [];
    const files: BundleFile[] = [];
    const byContainer = new Map<string, Service>();
    const names = new Map(services.map((service) => [service.name, containerNames(project, service)]));
    try {
        for (const service of services) {
            const image = await images.numberOf(service);
            const layers = layerFiles(service.mounts.mounts, files.length);
            files.push(...layers);
            const layerNames = layers.map(({ name }) => name);
            const dependsOn = service.dependsOn.flatMap(({ service: name, condition }) =>
                (names.get(name) ?? []).map((container) => ({ container, condition })),
            );
            for (const name of names.get(service.name)!) {
                const twin = byContainer.get(name);
                if (twin !== undefined)
                    throw wrongAt(
                        service.place,
                        `its container would be called ${name}, as that of ${twin.name} is`,
                        'write another container_name',
                    );
                byContainer.set(name, service);
                containers.push({ name, ...containerOptions(service, image, layerNames), dependsOn });
            }
        }
    } catch (error) {
        images.close();
        throw error;
    }
    const bundle: SystemBundle = {
        oneShot: false,
        statistics: false,
        images: images.bundle,
        containers,
        files,
    };
    return { bundle, images: images.opened, services: byContainer, close: () => images.close() };
}

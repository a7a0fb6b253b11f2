// SPDX-License-Identifier: Apache-2.0
//
// `sealift load` and `sealift save`: images from archives into the store, and out of it.

import { Argument, Command } from 'commander';
import { Failure } from '../failure.js';
import { OpenImage } from '../image/imageReader.js';
import { ImageStore } from '../image/imageStore.js';
import { loadImage, saveImages } from '../image/imageTransfer.js';
import { parseImageReference } from '../image/reference.js';
import { parsePlatform } from './platform.js';
import { storedImages } from './storedImages.js';

const loadExamples = `
Examples:
  sealift load docker-archive:busybox.tar            as \`docker save\` wrote it; keeps the image's name
  sealift load --name app:1 oci-archive:app.tar
  sealift run app:1
`;

const saveExamples = `
Examples:
  sealift save -o app.tar app:1
  sealift run oci-archive:app.tar:app:1
`;

/** Adds `load` and `save` to the program. */
export function addTransferCommands(program: Command): void {
    program
        .command('load')
        .description('Keep an image of a layout or archive on this machine, by name')
        .addArgument(
            new Argument(
                '<image>',
                'oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]',
            ),
        )
        .option('--name <name>', 'the name that it gets; its own unless given')
        .option('--platform <os/architecture>', 'which platform of the image', 'linux/amd64')
        .addHelpText('after', loadExamples)
        .action(async (image: string, options: { name?: string; platform: string }) => {
            const reference = parseImageReference(image);
            if (reference.path === '')
                throw new Failure(
                    `image ${image}: is in no layout or archive; write oci:DIRECTORY[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]`,
                );
            const platform = parsePlatform(options.platform);
            const opened = await OpenImage.open(reference);
            try {
                const name = options.name ?? ((await opened.describe(platform, false)).name || reference.tag);
                if (name === '')
                    throw new Failure(`image ${image}: has no name; give it one with --name NAME`);
                const named = parseImageReference(name);
                if (named.transport !== 'stored')
                    throw new Failure(`--name ${name}: not a name; write for example app:1`);
                const { digest } = await loadImage(opened, new ImageStore(), platform, name);
                process.stdout.write(`${name} ${digest}\n`);
            } finally {
                opened.close();
            }
        });
    program
        .command('save')
        .description('Write images that are kept on this machine as an OCI archive')
        .argument('<image...>', 'names as `sealift images` shows them, or docker:// references')
        .requiredOption('-o, --output <file>', 'the archive to write')
        .addHelpText('after', saveExamples)
        .action((images: string[], { output }: { output: string }) => {
            const store = new ImageStore();
            saveImages(store, storedImages(store, images), output);
        });
}

// SPDX-License-Identifier: Apache-2.0
//
// `sealift pull`: an image from a registry into the image store.

import { Argument, Command } from 'commander';
import { Failure } from '../failure.js';
import { ImageStore } from '../image/imageStore.js';
import { pullText } from '../image/provideImage.js';
import { parseImageReference } from '../image/reference.js';
import { pullImage } from '../registry/pull.js';
import { ProgressLine } from '../report/progressLine.js';
import { parsePlatform } from './platform.js';

interface PullCommandOptions {
    platform: string;
    plainHttp?: boolean;
    quiet?: boolean;
}

const examples = `
Examples:
  sealift pull docker://registry.example/team/app:1.2
  sealift pull --platform linux/arm64 docker://localhost:5000/busybox
  sealift run docker://localhost:5000/busybox echo hello     pulls what is missing by itself

Credentials are those of \`docker login\` or \`podman login\`. A pull that was cut off goes on where it was. Prints the digest.
`;

/** Adds `pull` to the program. */
export function addPullCommand(program: Command): void {
    program
        .command('pull')
        .description('Copy an image from a registry to this machine')
        .addArgument(new Argument('<image>', 'docker://HOST[:PORT]/NAME[:TAG][@DIGEST]'))
        .option('--platform <os/architecture>', 'which platform of the image', 'linux/amd64')
        .option('--plain-http', 'speak HTTP without TLS (always so with registries on this machine)')
        .option('-q, --quiet', 'show no progress')
        .addHelpText('after', examples)
        .action(async (image: string, options: PullCommandOptions) => {
            const { registry, tag } = parseImageReference(image);
            if (registry === undefined)
                throw new Failure(`image ${image}: is in no registry; write docker://HOST/NAME[:TAG]`);
            const progress = new ProgressLine(
                process.stderr,
                process.stderr.isTTY === true && !options.quiet,
            );
            try {
                progress.show(pullText(tag, 0, 0));
                const { digest } = await pullImage(registry, new ImageStore(), {
                    platform: parsePlatform(options.platform),
                    plainHttp: options.plainHttp,
                    progress: (bytes, total) => progress.show(pullText(tag, bytes, total)),
                });
                progress.clear();
                process.stdout.write(`${digest}\n`);
            } finally {
                progress.clear();
            }
        });
}

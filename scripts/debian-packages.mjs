// SPDX-License-Identifier: Apache-2.0
//
// Every Debian package that building and testing Sealift takes, with the reason. scripts/setup.mjs installs what is
// missing; nothing else in the project installs Debian packages on the machine.

/** Needed by `npm start` and `npm run build`. */
export const buildPackages = {
    'clang-19': 'compiles the freestanding C runtime',
    'lld-19': 'links the C runtime and the boot image',
    gcc: "compiles the interpreter's dispatch loop, and platform/linux, which is a Linux program",
    'libc6-dev': 'headers and static library for platform/linux and for the test programs',
    'dpkg-dev': "unpacks Debian's source packages (zlib, libzstd)",
    'xz-utils': "decompresses Debian's packages",
};

/** Needed besides by `npm test`, `npm run lint` and `npm run bench`. */
export const testPackages = {
    wabt: "wast2json reads the WebAssembly specification's tests",
    'libclang-rt-19-dev': 'AddressSanitizer and UndefinedBehaviorSanitizer for the C unit tests',
    'clang-format-19': 'checks the layout of C code',
    'clang-tidy-19': 'checks C code for common mistakes',
    skopeo: 'makes image archives as people have them, for the end-to-end tests',
    'docker-registry': 'serves images over loopback, for the tests of pulling',
    buildah: 'builds images as people build them, for the end-to-end tests',
    umoci: 'makes images with another tool than our own, for the end-to-end tests',
    iproute2: 'starts the loopback interface of the containers that Sealift is compared with',
    zstd: 'compresses what the tests decompress',
    'musl-tools': 'links test programs against musl; brings musl and musl-dev',
    'erofs-utils': 'checks the EROFS images of layers, and makes others for the reader',
    runc: 'runs the same image on Linux, to compare start-up times',
};

/** Needed besides by `npm run bench:memory`. What runs inside its machines is unpacked below build/, not installed. */
export const memoryBenchPackages = {
    'qemu-system-x86': 'the machine on which all systems are measured',
    binutils: "readelf says which libraries a container engine's programs need",
};

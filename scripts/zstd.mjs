// SPDX-License-Identifier: Apache-2.0
//
// What is compiled of Debian's source package libzstd: the decoder, freestanding and small. Used by the runtime's build and
// by the tests of its host functions.

/** Files below the package's folder lib. */
export const zstdFiles = [
    'common/entropy_common.c',
    'common/error_private.c',
    'common/fse_decompress.c',
    'common/xxhash.c',
    'common/zstd_common.c',
    'decompress/huf_decompress.c',
    'decompress/zstd_ddict.c',
    'decompress/zstd_decompress.c',
    'decompress/zstd_decompress_block.c',
];

export const zstdOptions = [
    '-std=gnu99', // as C11 it would want assert.h
    // Memory is what it is given; these functions are never reached.
    '-DZSTD_DEPS_MALLOC',
    '-DZSTD_malloc(size)=((void *)0)',
    '-DZSTD_calloc(count,size)=((void *)0)',
    '-DZSTD_free(memory)=((void)(memory))',
    // One decoder of each kind, the small one, inlined nowhere but where it is used: 28 KiB instead of 75, and still
    // faster than inflate.
    '-DHUF_FORCE_DECOMPRESS_X1',
    '-DZSTD_FORCE_DECOMPRESS_SEQUENCES_SHORT',
    '-DZSTD_NO_INLINE',
    '-DZSTD_DISABLE_ASM',
    '-DDYNAMIC_BMI2=0',
    // No formats from before 1.0, no text of errors, no hooks.
    '-DZSTD_LEGACY_SUPPORT=0',
    '-DZSTD_STRIP_ERROR_STRINGS',
    '-DZSTD_TRACE=0',
];

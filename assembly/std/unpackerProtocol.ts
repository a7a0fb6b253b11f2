// SPDX-License-Identifier: Apache-2.0
//
// What the manager and the unpacker have agreed on: the unpacker's requests (docs/architecture.md), which are labels of seL4_Call on
// the manager's endpoint, and the pages that both have mapped. Addresses are offsets in the unpacker's linear memory.

import { EXCHANGE_ADDRESS } from "./containerConfiguration";

/** → kind of compression (oci/mediaTypes), packed bytes, layers below. EXCHANGE then has the address of each one's index, a u32. */
export const UNPACK_BEGIN: u32 = 1;
/** → bytes of the packed layer, the next ones, in PACKED. */
export const UNPACK_READ: u32 = 2;
/** pages: the contents' next pages, from CONTENT. */
export const UNPACK_PAGES: u32 = 3;
/** layer below, page, pages: the contents' next pages are those of a lower layer. */
export const UNPACK_SHARE: u32 = 4;
/** pages of the index, pages: its next ones, from CONTENT. All contents have come. */
export const UNPACK_INDEX: u32 = 5;
/** 1 where the index would be another one over other layers; the digest of the archive is in EXCHANGE. There is no answer. */
export const UNPACK_DONE: u32 = 6;
/** bytes of a text in EXCHANGE: why the layer cannot be unpacked. There is no answer. */
export const UNPACK_FAILED: u32 = 7;
/** → bytes of the machine's memory that are free, and all of it. */
export const UNPACK_FREE: u32 = 8;
/** offset → bytes of the layer's EROFS image from there on, in PACKED. */
export const UNPACK_READ_AT: u32 = 9;
/** page of the layer's EROFS image, pages: the contents' next pages are these. */
export const UNPACK_ADOPT: u32 = 11;
/** As a sentry's request of this number: bytes of a text in EXCHANGE. */
export const UNPACK_TRAPPED: u32 = 10;

// Answers: 0, or a number of Linux's errno.h.
export const UNPACK_OK: u32 = 0;
export const UNPACK_NO_MEMORY: u32 = 12;
export const UNPACK_INVALID: u32 = 22;

/** Slot of the manager's endpoint in the unpacker's CSpace, which has nothing else. */
export const UNPACKER_MANAGER_SLOT: u32 = 5;

/** A page for texts, numbers and digests. */
export const UNPACKER_EXCHANGE: usize = EXCHANGE_ADDRESS;
/** Packed bytes, written by the manager. */
export const UNPACKER_PACKED: usize = 0x0002_0000;
export const UNPACKER_PACKED_PAGES: u32 = 4;
/** Pages for the layer, written by the unpacker; the manager copies them. */
export const UNPACKER_CONTENT: usize = 0x0003_0000;
export const UNPACKER_CONTENT_PAGES: u32 = 16;

// From here on the unpacker has zeros, in frames that come when they are touched: tables of the layer (unpacker/layerTables.ts),
// as large as a layer of the most inodes makes them, and its index.
export const UNPACKER_TABLES: usize = 0x0400_0000;
export const TREE_INODES: usize = 0x0400_0000;
export const TREE_INODES_LIMIT: u32 = 0x0200_0000;
export const TREE_NAMES: usize = 0x0600_0000;
export const TREE_NAMES_LIMIT: u32 = 0x0200_0000;
export const TREE_STRINGS: usize = 0x0800_0000;
export const TREE_STRINGS_LIMIT: u32 = 0x0400_0000;
export const TREE_BUCKETS: usize = 0x0c00_0000;
export const TREE_BUCKETS_LIMIT: u32 = 0x0100_0000;
/** Inodes of an EROFS image that have several names (oci/erofsLinks.ts). */
export const LINKS: usize = 0x0d00_0000;
export const LINKS_LIMIT: u32 = 0x0040_0000;
export const UNPACKER_INDEX: usize = 0x1000_0000;
export const UNPACKER_TABLES_END: usize = 0x2000_0000;
/** Indexes of the layers below, read-only. */
export const UNPACKER_LOWER: usize = 0x2000_0000;
export const UNPACKER_LOWER_END: usize = 0x7ff0_0000;

// SPDX-License-Identifier: Apache-2.0
#pragma once

/** Where a mapping that lacks a paging structure reports the bits of the missing level. */
#define SEL4_MAPPING_LOOKUP_LEVEL 2
#define SEL4_MAPPING_LOOKUP_NO_PT 21
#define SEL4_MAPPING_LOOKUP_NO_PD 30
#define SEL4_MAPPING_LOOKUP_NO_PDPT 39

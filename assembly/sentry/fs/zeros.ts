// SPDX-License-Identifier: Apache-2.0

import { PAGE_SIZE } from "../../std/pages";

let page: usize = 0;

/** A page of zeros in the sentry's memory, made when it is first wanted: holes of files, /dev/zero. */
export function zeroPage(): usize {
    if (page == 0) {
        page = heap.alloc(PAGE_SIZE);
        memory.fill(page, 0, PAGE_SIZE);
    }
    return page;
}

// SPDX-License-Identifier: Apache-2.0
//
// Thousands of changes of mappings, in an order that looks random and is always the same: what is where is
// compared with a plain model after each, in the process and in children that fork on the way.
#define _GNU_SOURCE
#include "expect.h"
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096, PAGES = 300, STEPS = 3000 };

/// Of each page of the area: whether it is mapped, how, and what its first bytes are.
static struct {
    bool mapped;
    int protection;
    uint32_t content;
} model[PAGES];

static char *area;
static uint32_t seed = 1;

static uint32_t next(uint32_t limit) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

static char *page(int number) {
    return area + (size_t)number * PAGE;
}

static void fail(const char *what, int number) {
    printf("%s: page %d\n", what, number);
    fflush(stdout);
    _exit(1);
}

/// Compares what can be read with the model.
static void check(void) {
    for (int i = 0; i < PAGES; i++) {
        unsigned char resident;
        bool mapped = mincore(page(i), PAGE, &resident) == 0;
        if (mapped != model[i].mapped)
            fail("mapped or not", i);
        if (mapped && (model[i].protection & PROT_READ) != 0 && *(uint32_t *)page(i) != model[i].content)
            fail("content", i);
    }
}

static void map(int first, int count) {
    void *at = mmap(page(first), (size_t)count * PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at != page(first))
        fail("mmap", first);
    for (int i = first; i < first + count; i++) {
        model[i].mapped = true;
        model[i].protection = PROT_READ | PROT_WRITE;
        model[i].content = 0;
    }
}

static void unmap(int first, int count) {
    if (munmap(page(first), (size_t)count * PAGE) != 0)
        fail("munmap", first);
    for (int i = first; i < first + count; i++)
        model[i].mapped = false;
}

static void protect(int first, int count) {
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    int protection = protections[next(3)];
    bool whole = true;
    for (int i = first; i < first + count; i++)
        whole &= model[i].mapped;
    int result = mprotect(page(first), (size_t)count * PAGE, protection);
    if ((result == 0) != whole)
        fail("mprotect", first);
    // Up to a gap it has its effect.
    for (int i = first; i < first + count && model[i].mapped; i++)
        model[i].protection = protection;
}

static void write_pages(int first, int count) {
    for (int i = first; i < first + count; i++) {
        if (!model[i].mapped || (model[i].protection & PROT_WRITE) == 0)
            continue;
        model[i].content = seed + (uint32_t)i;
        *(uint32_t *)page(i) = model[i].content;
    }
}

static void give_back(int first, int count) {
    madvise(page(first), (size_t)count * PAGE, MADV_DONTNEED);
    for (int i = first; i < first + count; i++)
        model[i].content = 0;
}

static void move(int first, int count) {
    int target = (int)next(PAGES - (uint32_t)count);
    if (target < first + count && first < target + count)
        return;
    for (int i = first; i < first + count; i++) {
        if (!model[i].mapped || model[i].protection != model[first].protection)
            return;
    }
    void *at = mremap(page(first), (size_t)count * PAGE, (size_t)count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                      page(target));
    // Pages that were mapped apart may still be several mappings, which Linux moves or refuses.
    if (at != page(target))
        fail("mremap", first);
    for (int i = 0; i < count; i++) {
        model[target + i] = model[first + i];
        model[first + i].mapped = false;
    }
}

static void in_child(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check();
        write_pages(0, PAGES);
        check();
        _exit(0);
    }
    write_pages((int)next(PAGES / 2), PAGES / 2);
    int status;
    waitpid(child, &status, 0);
    if (status != 0)
        fail("fork", 0);
    check();
}

int main(void) {
    area = mmap(NULL, (size_t)PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(area != MAP_FAILED);
    unmap(0, PAGES);
    for (int step = 0; step < STEPS; step++) {
        int first = (int)next(PAGES - 1);
        int count = (int)next(PAGES - (uint32_t)first > 20 ? 20 : PAGES - (uint32_t)first) + 1;
        switch (next(8)) {
        case 0:
        case 1:
            map(first, count);
            break;
        case 2:
            unmap(first, count);
            break;
        case 3:
            protect(first, count);
            break;
        case 4:
        case 5:
            write_pages(first, count);
            break;
        case 6:
            give_back(first, count);
            break;
        default:
            move(first, 1);
        }
        if (step % 50 == 0)
            check();
        if (step % 1000 == 999)
            in_child();
    }
    check();
    puts("all as it should be");
    return 0;
}

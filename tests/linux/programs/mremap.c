// SPDX-License-Identifier: Apache-2.0
//
// mremap.
#define _GNU_SOURCE
#include "expect.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static char *numbered(int pages, int flags) {
    char *map = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
    for (int i = 0; i < pages; i++)
        map[i * PAGE] = (char)('a' + i);
    return map;
}

static void print(const char *map, int pages) {
    for (int i = 0; i < pages; i++)
        putchar(map[i * PAGE] == 0 ? '.' : map[i * PAGE]);
    putchar('\n');
    fflush(stdout);
}

static bool is_mapped(void *at) {
    unsigned char resident;
    return mincore(at, PAGE, &resident) == 0;
}

static void arguments(void) {
    char *map = numbered(4, ANONYMOUS);
    SHOW(mremap(map, 4 * PAGE, 8 * PAGE, 8));
    SHOW(mremap(map, 4 * PAGE, 8 * PAGE, MREMAP_FIXED, map + 16 * PAGE));
    SHOW(mremap(map + 1, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
    SHOW(mremap(map, 4 * PAGE, 0, MREMAP_MAYMOVE));
    SHOW(mremap(map, 0, 4 * PAGE, MREMAP_MAYMOVE));
    SHOW(mremap(map, 4 * PAGE, -1ul, MREMAP_MAYMOVE));
    SHOW(mremap(map, 4 * PAGE, 1ul << 62, MREMAP_MAYMOVE));
    SHOW(mremap(map, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map + PAGE));
    SHOW(mremap(map, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map + 16 * PAGE + 1));
    SHOW(mremap(map, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
    SHOW(mremap(map, 4 * PAGE, 4 * PAGE, MREMAP_DONTUNMAP, NULL));
    char *gone = mmap(NULL, PAGE, PROT_READ, ANONYMOUS, -1, 0);
    munmap(gone, PAGE);
    SHOW(mremap(gone, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    HOLDS(mremap(map, 4 * PAGE, 4 * PAGE, 0) == map);
    HOLDS(mremap(map, 4 * PAGE - 5, 3 * PAGE + 1, 0) == map);
    print(map, 4);
    munmap(map, 4 * PAGE);
}

static void shrinking(void) {
    char *map = numbered(6, ANONYMOUS);
    HOLDS(mremap(map, 6 * PAGE, 2 * PAGE, 0) == map);
    HOLDS(!is_mapped(map + 2 * PAGE));
    print(map, 2);
    // Back to where it was: zeros.
    HOLDS(mremap(map, 2 * PAGE, 4 * PAGE, 0) == map);
    print(map, 4);
    munmap(map, 4 * PAGE);
}

static void moving(void) {
    char *map = numbered(5, ANONYMOUS);
    char *target = mmap(NULL, 8 * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
    // The middle of a mapping.
    HOLDS(mremap(map + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE) ==
          target + PAGE);
    print(target + PAGE, 2);
    HOLDS(is_mapped(map) && !is_mapped(map + PAGE) && !is_mapped(map + 2 * PAGE) &&
          is_mapped(map + 3 * PAGE));
    HOLDS(is_mapped(target) && is_mapped(target + 3 * PAGE));
    // Moved and grown, moved and shrunk.
    HOLDS(mremap(target + PAGE, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + 4 * PAGE) ==
          target + 4 * PAGE);
    print(target + 4 * PAGE, 3);
    HOLDS(mremap(target + 4 * PAGE, 3 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    print(target, 1);
    HOLDS(!is_mapped(target + 4 * PAGE) && !is_mapped(target + 6 * PAGE));
    target[0] = 'T';
    print(target, 1);
    munmap(map, 5 * PAGE);
    munmap(target, 8 * PAGE);
    // A mapping without pages that is far larger than memory.
    size_t huge = 1ul << 36;
    char *reserved = mmap(NULL, huge, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    HOLDS(reserved != MAP_FAILED);
    mprotect(reserved + huge / 2, PAGE, PROT_READ | PROT_WRITE);
    mprotect(reserved + huge / 2, PAGE, PROT_READ | PROT_WRITE);
    reserved[huge / 2] = 'h';
    mprotect(reserved + huge / 2, PAGE, PROT_NONE);
    char *elsewhere = mremap(reserved, huge, 2 * huge, MREMAP_MAYMOVE);
    HOLDS(elsewhere != MAP_FAILED);
    mprotect(elsewhere + huge / 2, PAGE, PROT_READ);
    print(elsewhere + huge / 2, 1);
    munmap(elsewhere, 2 * huge);
}

static void keeping(void) {
    char *map = numbered(3, ANONYMOUS);
    char *moved = mremap(map, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    HOLDS(moved != MAP_FAILED && moved != map);
    print(moved, 3);
    print(map, 3);
    map[0] = 'n';
    print(moved, 3);
    char *target = mmap(NULL, 3 * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
    HOLDS(mremap(moved, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, target) ==
          target);
    print(target, 3);
    print(moved, 3);
}

static void sharing(void) {
    char *map = numbered(3, MAP_SHARED | MAP_ANONYMOUS);
    // Length 0: the same pages once more.
    char *again = mremap(map, 0, 3 * PAGE, MREMAP_MAYMOVE);
    HOLDS(again != MAP_FAILED && again != map);
    print(again, 3);
    again[PAGE] = 'X';
    print(map, 3);
    char *part = mremap(map + PAGE, 0, PAGE, MREMAP_MAYMOVE);
    print(part, 1);
    char *moved = mremap(map, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
                         mmap(NULL, 3 * PAGE, PROT_NONE, ANONYMOUS, -1, 0));
    print(moved, 3);
    pid_t child = fork();
    if (child == 0) {
        moved[2 * PAGE] = 'Y';
        _exit(0);
    }
    waitpid(child, NULL, 0);
    print(again, 3);
    // A file, beyond its end.
    int file = open("/tmp/moved", O_RDWR | O_CREAT | O_TRUNC, 0600);
    HOLDS(write(file, "file", 4) == 4);
    char *content = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *longer = mremap(content, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    HOLDS(longer != MAP_FAILED);
    HOLDS(ftruncate(file, 2 * PAGE) == 0);
    longer[PAGE] = '!';
    char byte = 0;
    SHOW(pread(file, &byte, 1, PAGE));
    SHOW(byte);
    close(file);
    unlink("/tmp/moved");
}

int main(void) {
    arguments();
    shrinking();
    moving();
    keeping();
    sharing();
    return 0;
}

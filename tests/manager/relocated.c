// SPDX-License-Identifier: Apache-2.0
//
// Maps a file of the image privately and writes to it, as a dynamic linker relocates a library, then gives up
// writing. For each line of input: "sum" says what the pages hold; "secret NUMBER" makes them writable again
// and writes; "file" writes the file's own bytes to it again; "again" executes the program anew; "child"
// writes in a child process.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 32

static int file;
static unsigned char *map;

static unsigned sum(void) {
    unsigned total = 0;
    for (int i = 0; i < PAGES * PAGE; i++)
        total = total * 31 + map[i];
    return total;
}

static int write_to(const char *text) {
    if (mprotect(map, PAGES * PAGE, PROT_READ | PROT_WRITE) != 0)
        return -1;
    for (int i = 0; i < PAGES; i++)
        strcpy((char *)map + i * PAGE + 64, text);
    return mprotect(map, PAGES * PAGE, PROT_READ);
}

static void write_file(void) {
    char page[PAGE];
    for (int i = 0; i < PAGES; i++)
        if (pread(file, page, PAGE, i * PAGE) != PAGE || pwrite(file, page, PAGE, i * PAGE) != PAGE)
            perror("file");
}

int main(int count, char **arguments) {
    (void)count;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    file = open("/data", O_RDWR);
    map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (map == MAP_FAILED || write_to("relocated") != 0) {
        perror("relocated");
        return 1;
    }
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        if (strncmp(line, "secret ", 7) == 0)
            write_to(line + 7);
        else if (strcmp(line, "file\n") == 0)
            write_file();
        else if (strcmp(line, "again\n") == 0)
            execv(arguments[0], arguments);
        else if (strcmp(line, "child\n") == 0) {
            if (fork() == 0)
                _exit(write_to("child") != 0 || sum() == 0);
            int status;
            wait(&status);
            printf("%d ", status);
        }
        printf("%u\n", sum());
    }
    return 0;
}

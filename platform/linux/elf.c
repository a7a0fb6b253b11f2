// SPDX-License-Identifier: Apache-2.0
//
// The root task's file. As the kernel does, segments of all types that occupy memory are loaded, and the
// memory from the lowest to the highest address is one piece.
#include "kernel.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES (1UL << seL4_PageBits)

/** Exit status for a file that cannot be used, as in sysexits.h. */
#define STATUS_DATA 65
#define STATUS_NO_INPUT 66

/** IPC buffer, boot information and its extension come behind the image. */
#define PAGES_BEHIND_IMAGE 3

static const Elf64_Phdr *headers(const struct image *image) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->file;
    return (const Elf64_Phdr *)(image->file + header->e_phoff);
}

static void check_header(const char *path, const struct image *image) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->file;
    if (image->file_bytes < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        fail(STATUS_DATA, "%s: not an ELF file; give the root task's ELF", path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
        fail(STATUS_DATA, "%s: not an ELF file for x86_64; build the root task for that machine", path);
    if (header->e_type != ET_EXEC)
        fail(STATUS_DATA, "%s: not a statically linked executable; link it with -static and without -pie",
             path);
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phoff > image->file_bytes ||
        header->e_phnum * sizeof(Elf64_Phdr) > image->file_bytes - header->e_phoff)
        fail(STATUS_DATA, "%s: the program headers lie outside the file; copy the file again", path);
}

static void check_segments(const char *path, struct image *image) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->file;
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &headers(image)[i];
        if (segment->p_memsz == 0)
            continue;
        if (segment->p_filesz > segment->p_memsz || segment->p_offset > image->file_bytes ||
            segment->p_filesz > image->file_bytes - segment->p_offset)
            fail(STATUS_DATA, "%s: segment %u ends beyond the file; copy the file again", path, i);
        if (segment->p_vaddr >= seL4_UserTop || segment->p_memsz > seL4_UserTop - segment->p_vaddr)
            fail(STATUS_DATA, "%s: segment %u lies above the user's addresses; link it lower", path, i);
        if (segment->p_vaddr < start)
            start = segment->p_vaddr;
        if (segment->p_vaddr + segment->p_memsz > end)
            end = segment->p_vaddr + segment->p_memsz;
    }
    if (end == 0)
        fail(STATUS_DATA, "%s: no segment to load; give an executable", path);
    end = (end + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    if (start & (PAGE_BYTES - 1))
        fail(STATUS_DATA, "%s: the lowest address %lx is not page aligned; align it in the linker script",
             path, start);
    if (end + PAGES_BEHIND_IMAGE * PAGE_BYTES > seL4_UserTop)
        fail(STATUS_DATA, "%s: no room for the boot information above %lx; link it lower", path, end);
    if (header->e_entry < start || header->e_entry >= end)
        fail(STATUS_DATA, "%s: the entry point %lx lies outside the image; check the linker's ENTRY", path,
             (uint64_t)header->e_entry);
    image->virtual_start = start;
    image->virtual_end = end;
    image->entry = header->e_entry;
}

struct image elf_open(const char *path) {
    struct image image = {0};
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        fail(STATUS_NO_INPUT, "%s: cannot open the root task: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        fail(STATUS_NO_INPUT, "%s: not an ELF file; give the root task's ELF", path);
    image.file_bytes = status.st_size;
    image.file = mmap(NULL, image.file_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (image.file == MAP_FAILED)
        fail(STATUS_NO_INPUT, "%s: cannot read the root task: %s", path, strerror(errno));
    close(descriptor);
    check_header(path, &image);
    check_segments(path, &image);
    return image;
}

/** Copies the segments, in order, to where the image's first address is. The memory is zero before. */
void elf_load(const struct image *image, unsigned char *destination) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->file;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &headers(image)[i];
        if (segment->p_memsz == 0)
            continue;
        unsigned char *start = destination + (segment->p_vaddr - image->virtual_start);
        memcpy(start, image->file + segment->p_offset, segment->p_filesz);
        memset(start + segment->p_filesz, 0, segment->p_memsz - segment->p_filesz);
    }
}

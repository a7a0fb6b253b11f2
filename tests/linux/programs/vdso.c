// SPDX-License-Identifier: Apache-2.0
//
// The vDSO: a library that the kernel maps into every process (vdso(7)). Its functions are looked up as a C
// library does it, by name and version, and compared with the system calls.
#define _GNU_SOURCE
#include "expect.h"
#include <elf.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#if defined(__x86_64__)
#define PREFIX "__vdso_"
#define VERSION "LINUX_2.6"
#elif defined(__aarch64__)
#define PREFIX "__kernel_"
#define VERSION "LINUX_2.6.39"
#else
#define PREFIX "__vdso_"
#define VERSION "LINUX_4.15"
#endif

static struct {
    const char *base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint32_t *hash;
    const uint16_t *versions;
    const Elf64_Verdef *definitions;
    const char *name;
} library;

static void open_library(void) {
    library.base = (const char *)getauxval(AT_SYSINFO_EHDR);
    HOLDS(library.base != NULL && ((uintptr_t)library.base & 4095) == 0);
    const Elf64_Ehdr *header = (const void *)library.base;
    HOLDS(memcmp(header->e_ident, ELFMAG "\2\1\1", 7) == 0);
    HOLDS(header->e_type == ET_DYN && header->e_phentsize == sizeof(Elf64_Phdr));
    const Elf64_Phdr *segment = (const void *)(library.base + header->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    int loads = 0;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD) {
            loads++;
            HOLDS(segment[i].p_offset == 0 && segment[i].p_vaddr == 0 && segment[i].p_flags == (PF_R | PF_X));
        }
        if (segment[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(library.base + segment[i].p_offset);
    }
    HOLDS(loads == 1);
    HOLDS(dynamic != NULL);
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        const void *at = library.base + dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            library.symbols = at;
            break;
        case DT_STRTAB:
            library.strings = at;
            break;
        case DT_HASH:
            library.hash = at;
            break;
        case DT_VERSYM:
            library.versions = at;
            break;
        case DT_VERDEF:
            library.definitions = at;
            break;
        case DT_SONAME:
            library.name = (const char *)dynamic->d_un.d_val;
            break;
        }
    }
    HOLDS(library.symbols && library.strings && library.hash && library.versions && library.definitions);
    printf("%s\n", library.strings + (uintptr_t)library.name);
}

static bool has_version(unsigned index) {
    const Elf64_Verdef *definition = library.definitions;
    while (definition->vd_ndx != (library.versions[index] & 0x7fff)) {
        if (definition->vd_next == 0)
            return false;
        definition = (const void *)((const char *)definition + definition->vd_next);
    }
    const Elf64_Verdaux *name = (const void *)((const char *)definition + definition->vd_aux);
    return strcmp(library.strings + name->vda_name, VERSION) == 0;
}

static void *look_up(const char *name) {
    for (unsigned i = 1; i < library.hash[1]; i++) {
        const Elf64_Sym *symbol = &library.symbols[i];
        if (strcmp(library.strings + symbol->st_name, name) == 0 && symbol->st_shndx != SHN_UNDEF &&
            ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && has_version(i))
            return (void *)(library.base + symbol->st_value);
    }
    return NULL;
}

static int (*get_time)(clockid_t, struct timespec *);
static int (*get_resolution)(clockid_t, struct timespec *);
static int (*get_time_of_day)(struct timeval *, struct timezone *);

static int64_t nanoseconds(struct timespec time) {
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t by_library(clockid_t clock) {
    struct timespec time = {-1, -1};
    return get_time(clock, &time) == 0 ? nanoseconds(time) : -1;
}

static int64_t by_call(clockid_t clock) {
    struct timespec time = {-1, -1};
    return syscall(SYS_clock_gettime, clock, &time) == 0 ? nanoseconds(time) : -1;
}

/// Time goes forward whichever way it is asked for.
static void agreement(const char *name, clockid_t clock) {
    bool forward = true;
    int64_t before = by_library(clock);
    forward = before > 0;
    for (int i = 0; i < 2000; i++) {
        int64_t called = by_call(clock);
        int64_t read = by_library(clock);
        if (called < before || read < called)
            forward = false;
        before = read;
    }
    printf("%s goes forward by both ways: %s\n", name, forward ? "yes" : "no");
}

static void clocks(void) {
    agreement("CLOCK_REALTIME", CLOCK_REALTIME);
    agreement("CLOCK_MONOTONIC", CLOCK_MONOTONIC);
    agreement("CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW);
    agreement("CLOCK_BOOTTIME", CLOCK_BOOTTIME);
    agreement("CLOCK_TAI", CLOCK_TAI);
    agreement("CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID);
    int64_t fine = by_library(CLOCK_MONOTONIC);
    int64_t coarse = by_library(CLOCK_MONOTONIC_COARSE);
    HOLDS(coarse > fine - 200000000 && coarse < by_library(CLOCK_MONOTONIC));
    struct timespec time;
    SHOW(get_time(CLOCK_MONOTONIC, &time));
    SHOW(get_time(99, &time));
    SHOW(get_time(12, &time));
    SHOW(get_time(-1, &time));
    struct timespec resolution = {-1, -1};
    SHOW(get_resolution(CLOCK_MONOTONIC, &resolution));
    HOLDS(resolution.tv_sec == 0 && resolution.tv_nsec == 1);
    SHOW(get_resolution(CLOCK_REALTIME, NULL));
    SHOW(get_resolution(99, &resolution));
    HOLDS(clock_gettime(99, &time) == -1 && errno == EINVAL);
}

static void time_of_day(void) {
    struct timeval day;
    struct timezone zone = {77, 77};
    int64_t before = by_call(CLOCK_REALTIME) / 1000;
    SHOW(get_time_of_day(&day, &zone));
    int64_t after = by_call(CLOCK_REALTIME) / 1000;
    int64_t microseconds = day.tv_sec * INT64_C(1000000) + day.tv_usec;
    HOLDS(before <= microseconds && microseconds <= after);
    HOLDS(zone.tz_minuteswest == 0 && zone.tz_dsttime == 0);
    SHOW(get_time_of_day(NULL, NULL));
    SHOW(get_time_of_day(NULL, &zone));
#ifdef __x86_64__
    time_t (*get_seconds)(time_t *) = look_up(PREFIX "time");
    time_t seconds = 0;
    time_t earlier = by_call(CLOCK_REALTIME_COARSE) / 1000000000;
    time_t result = get_seconds ? get_seconds(&seconds) : 0;
    bool holds = seconds == result && earlier <= result && result <= by_call(CLOCK_REALTIME) / 1000000000;
    bool second_names = look_up("clock_gettime") == look_up(PREFIX "clock_gettime") && look_up("time");
#else
    bool holds = true;
    bool second_names = true;
#endif
    HOLDS(holds);
    HOLDS(second_names);
#ifdef __aarch64__
    bool same = true;
#else
    int (*get_processor)(unsigned *, unsigned *, void *) = look_up(PREFIX "getcpu");
    unsigned processor = 99999;
    unsigned node = 99999;
    bool same = get_processor && get_processor(&processor, &node, NULL) == 0 && processor < 1024 &&
                node < 64 && get_processor(NULL, NULL, NULL) == 0;
#endif
    HOLDS(same);
#ifdef __x86_64__
    bool has_return = true; // the C library's
#else
    bool has_return = look_up(PREFIX "rt_sigreturn") != NULL;
#endif
    HOLDS(has_return);
}

static void maps(void) {
    FILE *file = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;
    while (fgets(line, sizeof line, file)) {
        unsigned long start;
        unsigned long end;
        char protection[5];
        if (strstr(line, "[vdso]") && sscanf(line, "%lx-%lx %4s", &start, &end, protection) == 3)
            found = start == getauxval(AT_SYSINFO_EHDR) && strcmp(protection, "r-xp") == 0;
    }
    fclose(file);
    printf("[vdso] in maps: %s\n", found ? "yes" : "no");
}

static volatile int64_t latest;
static volatile bool backwards;

/// Several threads see one time.
static void *compare(void *argument) {
    for (int i = 0; i < 20000; i++) {
        int64_t seen = __atomic_load_n(&latest, __ATOMIC_ACQUIRE);
        int64_t now = by_library(CLOCK_MONOTONIC);
        if (now < seen)
            backwards = true;
        int64_t expected = seen;
        __atomic_compare_exchange_n(&latest, &expected, now, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    }
    return argument;
}

int main(void) {
    open_library();
    get_time = look_up(PREFIX "clock_gettime");
    get_resolution = look_up(PREFIX "clock_getres");
    get_time_of_day = look_up(PREFIX "gettimeofday");
    HOLDS(get_time && get_resolution && get_time_of_day);
    clocks();
    time_of_day();
    maps();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, compare, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    HOLDS(!backwards);
    pid_t child = fork();
    if (child == 0) {
        HOLDS(by_library(CLOCK_MONOTONIC) >= latest);
        _exit(0);
    }
    HOLDS(waitpid(child, NULL, 0) == child);
    return 0;
}

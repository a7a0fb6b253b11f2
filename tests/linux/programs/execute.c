// SPDX-License-Identifier: Apache-2.0
//
// execve and execveat: what a new program finds, scripts, limits, and programs that cannot be executed.
#define _GNU_SOURCE
#include "expect.h"
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;
static const char *self;

/// Where the test's files are; its length is the same for every process that runs it.
#define FOLDER "/tmp/execute-"
enum { FOLDER_LENGTH = sizeof FOLDER - 1 + 8 };
static char folder[FOLDER_LENGTH + 1];

/// The path of a file of the test; some may be in use at a time.
static const char *in_folder(const char *name) {
    static char paths[8][64];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/// Prints a text without what differs from run to run.
static void print_text(const char *text) {
    const char *found = strstr(text, FOLDER);
    if (strcmp(text, self) == 0)
        printf("self");
    else if (found)
        printf("%.*s*%.60s", (int)(found - text), text, found + FOLDER_LENGTH);
    else
        printf("%.60s", text);
}
static char *const no_environment[] = {NULL};

/// Ends as a child did, in one number: its exit code, or 1000 and the signal.
static int outcome(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// Executes a program in a child; the result is 2000 and errno where that fails.
static int execute(const char *path, char *const *arguments, char *const *environment) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execve(path, arguments, environment);
        _exit(errno == 0 ? 255 : 200 + (errno > 50 ? 50 : errno));
    }
    return outcome(child);
}

/// Writes a file that nobody has open.
static void write_file(const char *path, const void *bytes, size_t size, mode_t mode) {
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0700);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size || fchmod(file, mode) != 0)
        printf("%s cannot be written\n", path);
    close(file);
}

static void write_script(const char *path, const char *text) {
    write_file(path, text, strlen(text), 0755);
}

/// What a program that was executed by this one prints of itself.
static int show_start(int count, char **arguments) {
    printf("  argc %d", count);
    for (int i = 0; i < count; i++) {
        printf(" [");
        print_text(arguments[i]);
        printf("]");
    }
    printf("\n  environment");
    for (char **variable = environ; *variable; variable++)
        printf(" [%s]", *variable);
    char name[16];
    prctl(PR_GET_NAME, name);
    printf("\n  comm %s, AT_EXECFN ", name);
    print_text((const char *)getauxval(AT_EXECFN));
    puts("");
    fflush(stdout);
    return 0;
}

static int show_vector(void) {
    HOLDS(getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
    HOLDS(getauxval(AT_CLKTCK) == 100);
    HOLDS(getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    const Elf64_Phdr *headers = (const void *)getauxval(AT_PHDR);
    HOLDS(headers != NULL && getauxval(AT_PHNUM) > 2);
    bool loads = false;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        loads |= headers[i].p_type == PT_LOAD;
    HOLDS(loads);
    HOLDS(getauxval(AT_BASE) == 0);
    HOLDS(getauxval(AT_FLAGS) == 0);
    const Elf64_Ehdr *file = (const void *)((uintptr_t)headers & ~(uintptr_t)4095);
    HOLDS(file->e_entry == getauxval(AT_ENTRY));
    HOLDS(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
    HOLDS(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    HOLDS(getauxval(AT_SECURE) == 0);
    HOLDS(getauxval(AT_RANDOM) != 0);
    HOLDS(getauxval(AT_SYSINFO_EHDR) != 0);
    HOLDS(getauxval(AT_HWCAP) != 0);
#ifdef __riscv
    bool platform = getauxval(AT_PLATFORM) == 0;
#elif defined(__x86_64__)
    bool platform =
        strcmp((const char *)getauxval(AT_PLATFORM), "x86_64") == 0 && getauxval(AT_MINSIGSTKSZ) >= 1024;
#else
    bool platform =
        strcmp((const char *)getauxval(AT_PLATFORM), "aarch64") == 0 && getauxval(AT_MINSIGSTKSZ) >= 4096;
#endif
    HOLDS(platform);
    // The vector in /proc is the one on the stack.
    unsigned long vector[64][2];
    int proc = open("/proc/self/auxv", O_RDONLY);
    ssize_t size = read(proc, vector, sizeof vector);
    HOLDS(size > 200 && size % 16 == 0);
    bool same = true;
    for (int i = 0; i < size / 16 && vector[i][0] != AT_NULL; i++)
        same &= vector[i][0] == AT_HWCAP ||
                getauxval(vector[i][0]) == vector[i][1]; // the library has a view of its own
    HOLDS(same);
    close(proc);
    return 0;
}

static void arguments(void) {
    char *const two[] = {"first", "second", NULL};
    char *const variables[] = {"A=1", "", "B=two", NULL};
    SHOW(execute(self, (char *[]){"show", "start", "x y", "", NULL}, variables));
    SHOW(execute(self, (char *[]){"show", "vector", NULL}, no_environment));
    SHOW(execute("no/such/program", two, variables) - 200 == ENOENT);
    SHOW(execute("/tmp", two, variables) - 200 == EACCES);
    SHOW(execute("/dev/null", two, variables) - 200 == EACCES);
    SHOW(execute("", two, variables) - 200 == ENOENT);
    SHOW(execute((const char *)1, two, variables) - 200 == EFAULT);
    SHOW(execute(self, (char *const *)1, variables) - 200 == EFAULT);
    SHOW(execute(self, (char *[]){"a", (char *)1, NULL}, variables) - 200 == EFAULT);
    SHOW(execute(self, two, (char *[]){(char *)1, NULL}) - 200 == EFAULT);
}

/// Sizes at which arguments are too long.
static void limits(void) {
    struct rlimit saved;
    getrlimit(RLIMIT_STACK, &saved);
    struct rlimit usual = {8 << 20, saved.rlim_max};
    setrlimit(RLIMIT_STACK, &usual);
    enum { STRING = 131072, MANY = 400000 };
    char *text = malloc(STRING + 1);
    memset(text, 'x', STRING);
    text[STRING] = 0;
    SHOW(execute(self, (char *[]){"quiet", text, NULL}, no_environment) - 200 == E2BIG);
    text[STRING - 1] = 0;
    SHOW(execute(self, (char *[]){"quiet", text, NULL}, no_environment));
    char **many = malloc((MANY + 2) * sizeof *many);
    many[0] = "quiet";
    for (int i = 1; i < MANY; i++)
        many[i] = "";
    // Each takes a pointer and a byte: 2 MiB are 233016 of them.
    many[220000] = NULL;
    SHOW(execute(self, many, no_environment));
    many[220000] = "";
    many[240000] = NULL;
    SHOW(execute(self, many, no_environment) - 200 == E2BIG);
    for (int i = 0; i < 15; i++)
        many[i] = text;
    many[0] = "quiet";
    many[15] = NULL;
    SHOW(execute(self, many, no_environment));
    for (int i = 15; i < 17; i++)
        many[i] = text;
    many[17] = NULL;
    SHOW(execute(self, many, no_environment) - 200 == E2BIG);
    struct rlimit small = {1 << 20, saved.rlim_max};
    setrlimit(RLIMIT_STACK, &small);
    many[0] = "quiet";
    many[2] = NULL;
    SHOW(execute(self, many, no_environment));
    many[2] = many[3] = text;
    many[4] = NULL;
    SHOW(execute(self, many, no_environment) - 200 == E2BIG);
    setrlimit(RLIMIT_STACK, &saved);
    free(many);
    free(text);
}

static void scripts(void) {
    char line[600];
    char *const words[] = {"zero", "one", "two words", NULL};
    char *const variable[] = {"V=v", NULL};
    const char *run = strdup(in_folder("run"));
    const char *script = strdup(in_folder("script"));
#define TRY_SCRIPT(...)                                                                                      \
    do {                                                                                                     \
        snprintf(line, sizeof line, __VA_ARGS__);                                                            \
        write_script(script, line);                                                                          \
        SHOW(execute(script, words, variable));                                                              \
    } while (0)
    // The interpreter is this program by another name: "start" or nothing has it show what it was given.
    WORKS(symlink(self, run));
    TRY_SCRIPT("#!%s\n", run);
    TRY_SCRIPT("#!%s start\n", run);
    TRY_SCRIPT("#! \t%s   start  with  spaces \t \n", run);
    TRY_SCRIPT("#!%s start", run);
    TRY_SCRIPT("#!%s", run);
    TRY_SCRIPT("#!\n");
    TRY_SCRIPT("#!   \n%s", run);
    TRY_SCRIPT("#!");
    TRY_SCRIPT("#!/no/such/interpreter\n");
    TRY_SCRIPT("#!/tmp\n");
    TRY_SCRIPT("#!%s start\nrest of the file\n", run);
    TRY_SCRIPT("#");
    TRY_SCRIPT("%s", "");
    TRY_SCRIPT("echo a shell would run this\n");
    // A line that does not fit 256 bytes: the argument is cut, the interpreter's name must be whole.
    TRY_SCRIPT("#!%s %0300d\n", run, 0);
    TRY_SCRIPT("#!%0300d\n", 0);
    TRY_SCRIPT("#!%s %290d\n", run, 5);
    TRY_SCRIPT("#!%290s\n", run);
    for (int length = 250; length < 260; length++)
        TRY_SCRIPT("#!%*s\n", length - 3, run);
    for (int length = 250; length < 260; length++)
        TRY_SCRIPT("#!%*s x", length - 4, run);
    // Scripts of scripts.
    snprintf(line, sizeof line, "#!%s start\n", run);
    write_script(in_folder("level0"), line);
    for (int i = 1; i < 7; i++) {
        snprintf(line, sizeof line, "level%d", i - 1);
        const char *before = in_folder(line);
        snprintf(line, sizeof line, "level%d", i);
        const char *next = in_folder(line);
        snprintf(line, sizeof line, "#!%s with%d\n", before, i);
        write_script(next, line);
        SHOW(execute(next, words, variable));
    }
    const char *loop = in_folder("loop");
    snprintf(line, sizeof line, "#!%s\n", loop);
    write_script(loop, line);
    SHOW(execute(loop, words, variable) - 200 == ELOOP);
    snprintf(line, sizeof line, "#!%s start\n", run);
    write_script(script, line);
    chmod(script, 0644);
    SHOW(execute(script, words, variable) - 200 == EACCES);
    chmod(script, 0755);
    SHOW(execute(script, (char *[]){NULL}, variable));
    SHOW(chdir(folder));
    SHOW(execute("./script", words, variable));
    SHOW(execute("script", words, NULL));
#undef TRY_SCRIPT
}

static int execute_at(int directory, const char *path, int flags) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char *const words[] = {"show", "start", NULL};
        syscall(SYS_execveat, directory, path, words, no_environment, flags);
        _exit(errno == 0 ? 255 : 200 + (errno > 50 ? 50 : errno));
    }
    return outcome(child);
}

static void by_descriptor(void) {
    const char *script_path = strdup(in_folder("script"));
    int program = open(self, O_RDONLY);
    int handle = open(self, O_PATH);
    dup2(program, 50);
    dup2(handle, 51);
    close(program);
    close(handle);
    SHOW(execute_at(50, "", AT_EMPTY_PATH));
    SHOW(execute_at(51, "", AT_EMPTY_PATH));
    SHOW(execute_at(50, "", 0) - 200 == ENOENT);
    SHOW(execute_at(50, "x", 0) - 200 == ENOTDIR);
    SHOW(execute_at(60, "", AT_EMPTY_PATH) - 200 == EBADF);
    SHOW(execute_at(AT_FDCWD, "", AT_EMPTY_PATH) - 200 == EACCES);
    SHOW(execute_at(AT_FDCWD, "", 0) - 200 == ENOENT);
    SHOW(execute_at(50, self, 0x4000) - 200 == EINVAL);
    int directory = open(folder, O_RDONLY | O_DIRECTORY);
    dup2(directory, 52);
    close(directory);
    SHOW(execute_at(52, "run", 0));
    SHOW(execute_at(52, "run", AT_SYMLINK_NOFOLLOW) - 200 == ELOOP);
    SHOW(execute_at(52, "script", 0));
    SHOW(execute_at(52, script_path, 0));
    SHOW(execute_at(52, "", AT_EMPTY_PATH) - 200 == EACCES);
    int script = open(script_path, O_RDONLY);
    dup2(script, 53);
    dup3(script, 54, O_CLOEXEC);
    close(script);
    SHOW(execute_at(53, "", AT_EMPTY_PATH));
    SHOW(execute_at(54, "", AT_EMPTY_PATH) - 200 == ENOENT);
    for (int i = 50; i < 55; i++)
        close(i);
}

/// A program's file cannot be written, and a file that is being written not executed.
static void busy(void) {
    FILE *from = fopen(self, "r");
    const char *copy = strdup(in_folder("copy"));
    const char *moved = strdup(in_folder("moved"));
    FILE *to = fopen(copy, "w");
    char buffer[65536];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, from)) > 0)
        fwrite(buffer, 1, got, to);
    fclose(from);
    fchmod(fileno(to), 0755);
    SHOW(execute(copy, (char *[]){"quiet", NULL}, no_environment) - 200 == ETXTBSY);
    fclose(to);
    SHOW(execute(copy, (char *[]){"quiet", NULL}, no_environment));
    int both[2];
    WORKS(pipe(both));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(both[0], 0);
        close(both[1]);
        execve(copy, (char *[]){"wait", NULL}, no_environment);
        _exit(99);
    }
    close(both[0]);
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/exe", child);
    char target[64] = "";
    while (readlink(link, target, sizeof target - 1) > 0 && strcmp(target, copy) != 0) {
        usleep(1000);
        memset(target, 0, sizeof target);
    }
    SHOW(open(copy, O_WRONLY));
    SHOW(open(copy, O_RDWR | O_TRUNC));
    SHOW(open(copy, O_RDONLY | O_TRUNC));
    SHOW(truncate(copy, 0));
    WORKS(open(copy, O_RDONLY));
    SHOW(rename(copy, moved));
    memset(target, 0, sizeof target);
    WORKS(readlink(link, target, sizeof target - 1));
    print_text(target);
    puts("");
    SHOW(unlink(moved));
    memset(target, 0, sizeof target);
    WORKS(readlink(link, target, sizeof target - 1));
    print_text(target);
    puts("");
    SHOW(execute(link, (char *[]){"quiet", NULL}, no_environment));
    close(both[1]);
    SHOW(outcome(child));
}

static int stays;
static void on_signal(int signal) {
    (void)signal;
}

static void *wait_forever(void *argument) {
    for (;;)
        pause();
    return argument;
}

static void *execute_from_thread(void *argument) {
    execve(self, (char *[]){"show", "inherited", argument, NULL}, no_environment);
    _exit(98);
}

/// What a program inherits: dispositions, masks, descriptors, the pid; nothing of other threads.
static int show_inherited(const char *pid) {
    HOLDS(getpid() == atoi(pid));
    HOLDS(syscall(SYS_gettid) == getpid());
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    HOLDS(action.sa_handler == SIG_DFL && action.sa_flags == 0);
    sigaction(SIGUSR2, NULL, &action);
    HOLDS(action.sa_handler == SIG_IGN);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    HOLDS(sigismember(&mask, SIGHUP) == 1 && sigismember(&mask, SIGINT) == 0);
    sigset_t pending;
    sigpending(&pending);
    HOLDS(sigismember(&pending, SIGHUP) == 1);
    stack_t stack;
    sigaltstack(NULL, &stack);
    HOLDS(stack.ss_flags == SS_DISABLE && stack.ss_sp == NULL);
    HOLDS(fcntl(40, F_GETFD) == 0);
    HOLDS(fcntl(41, F_GETFD) == -1);
    int threads = 0;
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "Threads: %d", &threads) == 1)
            break;
    fclose(status);
    SHOW(threads);
    HOLDS(alarm(0) > 90);
    HOLDS(prctl(PR_GET_DUMPABLE) == 1);
    return 42;
}

static void inheritance(bool from_thread) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
        sigaction(SIGUSR1, &action, NULL);
        signal(SIGUSR2, SIG_IGN);
        static char space[65536];
        stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
        sigaltstack(&stack, NULL);
        dup2(1, 40);
        dup3(1, 41, O_CLOEXEC);
        alarm(100);
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGHUP);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        kill(getpid(), SIGHUP);
        prctl(PR_SET_DUMPABLE, 0);
        char pid[16];
        snprintf(pid, sizeof pid, "%d", getpid());
        pthread_t thread;
        pthread_create(&thread, NULL, wait_forever, NULL);
        pthread_create(&thread, NULL, wait_forever, NULL);
        if (from_thread) {
            pthread_create(&thread, NULL, execute_from_thread, pid);
            wait_forever(NULL);
        }
        execute_from_thread(pid);
    }
    SHOW(outcome(child));
}

/// A program of some headers: not all of them are ones that Linux loads.
struct program {
    Elf64_Ehdr header;
    Elf64_Phdr segments[4];
    char interpreter[64];
    unsigned char padding[64];
    uint32_t code[8];
};

static struct program valid_program(void) {
    struct program it = {0};
    memcpy(it.header.e_ident, ELFMAG, SELFMAG);
    it.header.e_ident[EI_CLASS] = ELFCLASS64;
    it.header.e_ident[EI_DATA] = ELFDATA2LSB;
    it.header.e_ident[EI_VERSION] = EV_CURRENT;
    it.header.e_type = ET_EXEC;
    it.header.e_version = EV_CURRENT;
    it.header.e_ehsize = sizeof it.header;
    it.header.e_phoff = offsetof(struct program, segments);
    it.header.e_phentsize = sizeof(Elf64_Phdr);
    it.header.e_phnum = 1;
    it.header.e_entry = 0x400000 + offsetof(struct program, code);
    it.segments[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                                  .p_flags = PF_R | PF_X,
                                  .p_vaddr = 0x400000,
                                  .p_filesz = sizeof it,
                                  .p_memsz = sizeof it,
                                  .p_align = 4096};
    // exit_group(7)
#if defined(__x86_64__)
    it.header.e_machine = EM_X86_64;
    memset(it.padding, 0x90, sizeof it.padding); // what comes before a function is code, too
    static const unsigned char code[] = {0xb8, 231, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05};
#elif defined(__aarch64__)
    it.header.e_machine = EM_AARCH64;
    static const uint32_t code[] = {0xd2800ba8, 0xd28000e0, 0xd4000001};
#else
    it.header.e_machine = EM_RISCV;
    static const uint32_t code[] = {0x05e00893, 0x00700513, 0x00000073};
#endif
    memcpy(it.code, code, sizeof code);
    return it;
}

static int try_program(const struct program *it, size_t size) {
    const char *program_path = in_folder("program");
    write_file(program_path, it, size, 0755);
    return execute(program_path, (char *[]){"program", NULL}, no_environment);
}

static void headers(void) {
#define TRY(change)                                                                                          \
    do {                                                                                                     \
        struct program it = valid_program();                                                                 \
        change;                                                                                              \
        printf("%s: ", #change);                                                                             \
        int got = try_program(&it, sizeof it);                                                               \
        printf("%d\n", got);                                                                                 \
    } while (0)
    TRY(it.header.e_flags = 0);
    TRY(it.header.e_ident[0] = 1);
    TRY(it.header.e_machine = EM_386 + 1);
    TRY(it.header.e_type = ET_REL);
    TRY(it.header.e_type = ET_CORE);
    TRY(it.header.e_phentsize = 32);
    TRY(it.header.e_phnum = 0);
    TRY(it.header.e_phnum = 2000);
    TRY(it.header.e_phoff = 1 << 20);
    TRY(it.header.e_phoff = UINT64_MAX - 8);
    TRY(it.header.e_shoff = UINT64_MAX);
    TRY(it.header.e_entry = 0x10);
    TRY(it.segments[0].p_type = PT_NULL);
    TRY(it.segments[0].p_filesz = 1 << 20; it.segments[0].p_memsz = 1 << 20);
    TRY(it.segments[0].p_memsz = 1 << 20; it.segments[0].p_flags |= PF_W);
    TRY(it.segments[0].p_memsz = 16);
    TRY(it.segments[0].p_offset = 8);
    TRY(it.segments[0].p_vaddr = UINT64_MAX - 4095);
    TRY(it.segments[0].p_vaddr = UINT64_C(1) << 63);
    TRY(it.segments[0].p_vaddr = 0x400010);
    TRY(it.segments[0].p_memsz = UINT64_MAX);
    TRY(it.segments[0].p_filesz = it.segments[0].p_memsz = UINT64_MAX);
    TRY(it.segments[0].p_align = 3);
    TRY(it.segments[0].p_offset = UINT64_MAX - 4095);
    // The same bytes twice: the later segment covers the earlier one.
    TRY(it.segments[1] = it.segments[0]; it.header.e_phnum = 2);
    TRY(it.segments[1] = it.segments[0]; it.segments[1].p_vaddr = 0x500000; it.header.e_phnum = 2);
    TRY(it.header.e_type = ET_DYN; it.segments[0].p_vaddr = 0; it.header.e_entry -= 0x400000);
    TRY(it.header.e_type = ET_DYN; it.segments[0].p_align = 1 << 21; it.header.e_entry -= 0x400000;
        it.segments[0].p_vaddr = 0);
    TRY(it.header.e_type = ET_DYN; it.segments[0].p_memsz = UINT64_C(1) << 62);
    TRY(it.segments[1] = (Elf64_Phdr){.p_type = PT_GNU_STACK}; it.header.e_phnum = 2);
#define INTERPRETER(name)                                                                                    \
    strcpy(it.interpreter, name);                                                                            \
    it.header.e_phnum = 2;                                                                                   \
    it.segments[1] = (Elf64_Phdr){.p_type = PT_INTERP,                                                       \
                                  .p_offset = offsetof(struct program, interpreter),                         \
                                  .p_filesz = strlen(name) + 1}
    TRY(INTERPRETER("/no/such/linker"));
    TRY(INTERPRETER("/tmp"));
    TRY(INTERPRETER(in_folder("script")));
    TRY(INTERPRETER(""));
    TRY(INTERPRETER("/tmp/x"); it.segments[1].p_filesz = 1);
    TRY(INTERPRETER("/tmp/x"); it.segments[1].p_filesz = 6);
    TRY(INTERPRETER("/tmp/x"); it.segments[1].p_filesz = 5000);
    TRY(INTERPRETER("/tmp/x"); it.segments[1].p_offset = 1 << 20);
    const char *linker_path = strdup(in_folder("linker"));
    // A valid one: the program itself would do, elsewhere.
    struct program linker = valid_program();
    linker.segments[0].p_vaddr = 0x700000;
    linker.header.e_entry += 0x300000;
    write_file(linker_path, &linker, sizeof linker, 0755);
    TRY(INTERPRETER(linker_path); it.header.e_entry = 0x10);
    chmod(linker_path, 0644);
    TRY(INTERPRETER(linker_path));
    linker.header.e_machine++;
    write_file(linker_path, &linker, sizeof linker, 0755);
    TRY(INTERPRETER(linker_path));
    write_file(linker_path, &linker, 40, 0755);
    TRY(INTERPRETER(linker_path));
    struct program cut = valid_program();
    SHOW(try_program(&cut, 0));
    SHOW(try_program(&cut, 3));
    SHOW(try_program(&cut, 63));
    SHOW(try_program(&cut, 64));
    SHOW(try_program(&cut, 119));
}

int main(int count, char **words) {
    const char *name = words[0];
    if (strcmp(name, "quiet") == 0)
        return 0;
    if (strcmp(name, "wait") == 0)
        return (int)read(0, &stays, 1);
    self = realpath("/proc/self/exe", NULL);
    // As the interpreter of a script.
    if (strncmp(name, FOLDER, sizeof FOLDER - 1) == 0)
        return show_start(count, words);
    if (strcmp(name, "show") == 0 && count > 1) {
        if (strcmp(words[1], "start") == 0)
            return show_start(count, words);
        if (strcmp(words[1], "vector") == 0)
            return show_vector();
        return show_inherited(words[2]);
    }
    snprintf(folder, sizeof folder, FOLDER "%08d", getpid());
    WORKS(mkdir(folder, 0755));
    signal(SIGPIPE, SIG_IGN);
    arguments();
    limits();
    scripts();
    by_descriptor();
    busy();
    inheritance(false);
    inheritance(true);
    headers();
    SHOW(chdir("/"));
    for (const char **file =
             (const char *[]){"program", "linker", "script", "run", "loop", "level0", "level1", "level2",
                              "level3", "level4", "level5", "level6", NULL};
         *file; file++)
        unlink(in_folder(*file));
    SHOW(rmdir(folder));
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real processes for tests.
 *
 * A child is told by the kernel to die with the test (PDEATHSIG), so that no
 * daemon survives a test that crashed. Its output goes to a file: a pipe that
 * nobody reads would stop it. The test's directory lies under TMPDIR, and stays
 * when the test fails, because what the daemon wrote there is the evidence.
 *
 * Waiting is done on the thing waited for: a pidfd becomes readable when the
 * process has ended.
 */

#include "tests/process/support/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILD_COUNT_MAX = 64, PATH_COUNT_MAX = 1024 };

static char directory[PROCESS_PATH_MAX];
static struct process *children[CHILD_COUNT_MAX];
static char *paths[PATH_COUNT_MAX]; /* handed out; freed at the end */
static int path_count;

static void forget(struct process *process)
{
        for (int i = 0; i < CHILD_COUNT_MAX; i++) {
                if (children[i] == process)
                        children[i] = NULL;
        }
        process->pid = 0;
}

_Noreturn void check_failed(const char *file, int line, const char *format, ...)
{
        va_list arguments;

        fflush(stdout);
        fprintf(stderr, "%s:%d: ", file, line);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fprintf(stderr, "\nwhat the processes wrote is in %s\n",
                directory[0] != 0 ? directory : "no directory");
        for (int i = 0; i < CHILD_COUNT_MAX; i++) {
                if (children[i] != NULL && children[i]->pid > 0)
                        kill(children[i]->pid, SIGKILL);
        }
        exit(1);
}

const char *process_directory(void)
{
        const char *parent = getenv("TMPDIR");

        if (directory[0] != 0)
                return directory;
        snprintf(directory, sizeof(directory), "%s/acdd-test-XXXXXX",
                 parent != NULL && strlen(parent) < 100 ? parent : "/tmp");
        check(mkdtemp(directory) != NULL, "no directory %s: %s", directory, strerror(errno));
        return directory;
}

const char *process_path(const char *name)
{
        char **path = &paths[path_count];

        check(path_count < PATH_COUNT_MAX, "too many paths");
        check(asprintf(path, "%s/%s", process_directory(), name) > 0, "no memory");
        path_count++;
        return *path;
}

static void child(const char *log, const char *const arguments[])
{
        char *copy[PROCESS_ARGUMENT_MAX];
        int count = 0;
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
                _exit(126);
        for (; arguments[count] != NULL && count < PROCESS_ARGUMENT_MAX - 1; count++)
                copy[count] = strdup(arguments[count]);
        copy[count] = NULL;
        execvp(copy[0], copy);
        _exit(127);
}

/* ACD_TEST_IO chooses how a daemon under test serves its sockets. */
static const char *const *add_io(const char *const arguments[],
                                 const char *with_io[PROCESS_ARGUMENT_MAX + 3])
{
        const char *io = getenv("ACD_TEST_IO");
        int count = 0;

        if (io == NULL)
                return arguments;
        for (; arguments[count] != NULL; count++) {
                check(count < PROCESS_ARGUMENT_MAX, "too many arguments");
                with_io[count] = arguments[count];
        }
        with_io[count++] = "--io";
        with_io[count++] = io;
        with_io[count] = NULL;
        return with_io;
}

void process_start(struct process *process, const char *name, const char *const arguments[])
{
        char log[64];
        int slot = 0;

        char path[PROCESS_PATH_MAX + 64];

        snprintf(log, sizeof(log), "%s.log", name);
        snprintf(path, sizeof(path), "%s/%s", process_directory(), log);

        while (slot < CHILD_COUNT_MAX && children[slot] != NULL)
                slot++;
        check(slot < CHILD_COUNT_MAX, "too many processes");

        const char *with_io[PROCESS_ARGUMENT_MAX + 3];

        if (strcmp(name, "acdd") == 0)
                arguments = add_io(arguments, with_io);
        process->name = name;
        process->pid = fork();
        check(process->pid >= 0, "fork: %s", strerror(errno));
        if (process->pid == 0)
                child(path, arguments);
        children[slot] = process;
}

bool process_is_running(struct process *process)
{
        int status;

        if (process->pid <= 0)
                return false;
        if (waitpid(process->pid, &status, WNOHANG) == 0)
                return true;
        forget(process);
        return false;
}

void process_signal(const struct process *process, int number)
{
        check(process->pid > 0, "%s does not run", process->name);
        check(kill(process->pid, number) == 0, "kill %s: %s", process->name, strerror(errno));
}

void process_kill(struct process *process)
{
        if (process->pid <= 0)
                return;
        process_signal(process, SIGKILL);
        check(process_wait(process, 20000) >= 0, "%s does not die", process->name);
}

int process_wait(struct process *process, uint32_t timeout_ms)
{
        int status = 0;
        struct pollfd ended = { .events = POLLIN };

        check(process->pid > 0, "%s does not run", process->name);
        ended.fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        check(ended.fd >= 0, "pidfd: %s", strerror(errno));

        int count = poll(&ended, 1, (int)timeout_ms);

        close(ended.fd);
        if (count != 1)
                return -1;
        check(waitpid(process->pid, &status, 0) == process->pid, "wait: %s", strerror(errno));
        forget(process);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process_log_has(const char *name, const char *text)
{
        char file[64];
        char line[4096];
        bool has = false;

        snprintf(file, sizeof(file), "%s.log", name);

        FILE *log = fopen(process_path(file), "re");

        while (log != NULL && !has && fgets(line, sizeof(line), log) != NULL)
                has = strstr(line, text) != NULL;
        if (log != NULL)
                fclose(log);
        return has;
}

uint16_t process_free_port(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        check(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
                      getsockname(fd, (struct sockaddr *)&address, &size) == 0,
              "no free port: %s", strerror(errno));
        close(fd);
        return ntohs(address.sin_port);
}

uint64_t process_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void process_done(void)
{
        struct process remove = { 0 };
        const char *const arguments[] = { "rm", "-rf", process_directory(), NULL };

        for (int i = 0; i < CHILD_COUNT_MAX; i++)
                check(children[i] == NULL, "%s still runs", children[i]->name);
        process_start(&remove, "remove", arguments);
        check(process_wait(&remove, 60000) == 0, "cannot remove %s", directory);
        while (path_count > 0)
                free(paths[--path_count]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and stopping a daemon, and asking the kernel what it used.
 *
 * A daemon of our own dies with us (PDEATHSIG), and is asked to stop first. Its
 * directory lies under TMPDIR and goes at the end, unless it was given. Its
 * limits are raised to what the run needs; the options after "--" come last and
 * win.
 *
 * Processor time is the sum over the daemon's threads of what schedstat says,
 * in nanoseconds; the clock of a process would count in ticks on some kernels.
 */

#include "clients/bench/host.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clients/bench/line.h"
#include "clients/bench/talk.h"

enum { START_MS = 60000, STOP_MS = 60000, ARGUMENT_MAX = 96, OWN_ARGUMENT_MAX = 40 };

void host_pin(uint32_t cpu)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sched_setaffinity(0, sizeof(set), &set) < 0)
                (void)fprintf(stderr, "cannot run on processor %u: %s\n", cpu, strerror(errno));
}

/*
 * Processor time
 */

static uint64_t thread_cpu_ns(int tasks, const char *thread)
{
        char path[300], text[64];
        uint64_t value = 0;
        ssize_t size;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/schedstat", thread);
        fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        size = read(fd, text, sizeof(text) - 1);
        if (size > 0) {
                text[size] = 0;
                value = strtoull(text, NULL, 10);
        }
        (void)close(fd);
        return value;
}

uint64_t host_cpu_ns(pid_t pid)
{
        char path[64];
        uint64_t sum = 0;
        struct dirent *entry;
        DIR *tasks;

        if (pid <= 0)
                return 0;
        (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
        tasks = opendir(path);
        if (tasks == NULL)
                return 0;
        while ((entry = readdir(tasks)) != NULL) {
                if (entry->d_name[0] != '.')
                        sum += thread_cpu_ns(dirfd(tasks), entry->d_name);
        }
        (void)closedir(tasks);
        return sum;
}

uint64_t host_own_cpu_ns(void)
{
        struct timespec used;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static pid_t pid_of_peer(const struct line *line)
{
        struct ucred peer = { 0 };
        socklen_t size = sizeof(peer);

        if (getsockopt(line->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return 0;
        return peer.pid;
}

/*
 * A daemon that runs
 */

static bool take_running(struct host *host, const struct settings *settings)
{
        struct client_address address;
        struct line line = { .fd = -1 };
        int r = client_address_parse(settings->address, &address);

        (void)snprintf(host->address, sizeof(host->address), "%s", settings->address);
        if (r == 0)
                r = line_open(&line, &address, 10000);
        if (r < 0) {
                (void)fprintf(stderr, "no daemon at %s: %s\n", settings->address, strerror(-r));
                return false;
        }
        host->pid = settings->pid;
        if (host->pid == 0 && address.is_unix)
                host->pid = pid_of_peer(&line);
        line_close(&line);
        return true;
}

/*
 * One of our own
 */

static bool make_directory(struct host *host, const struct settings *settings)
{
        const char *parent = getenv("TMPDIR");

        if (settings->data_dir != NULL) {
                (void)snprintf(host->directory, sizeof(host->directory), "%s", settings->data_dir);
                if (mkdir(host->directory, 0700) < 0 && errno != EEXIST) {
                        (void)fprintf(stderr, "cannot make %s: %s\n", host->directory,
                                      strerror(errno));
                        return false;
                }
                return true;
        }
        if (parent == NULL || strlen(parent) > 80)
                parent = "/tmp";
        (void)snprintf(host->directory, sizeof(host->directory), "%s/acdbench-XXXXXX", parent);
        if (mkdtemp(host->directory) == NULL) {
                (void)fprintf(stderr, "cannot make %s: %s\n", host->directory, strerror(errno));
                host->directory[0] = 0;
                return false;
        }
        host->is_removed = true;
        return true;
}

static uint16_t free_port(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET };
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                address.sin_port = 0;
        if (fd >= 0)
                (void)close(fd);
        return ntohs(address.sin_port);
}

struct arguments {
        char text[OWN_ARGUMENT_MAX][HOST_PATH_MAX + 40];
        char *list[ARGUMENT_MAX];
        uint32_t text_count, count;
};

static void add(struct arguments *arguments, const char *text)
{
        char *copy = arguments->text[arguments->text_count++];

        (void)snprintf(copy, sizeof(arguments->text[0]), "%s", text);
        arguments->list[arguments->count++] = copy;
}

static void add_number(struct arguments *arguments, const char *name, uint64_t number)
{
        char text[32];

        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
        add(arguments, name);
        add(arguments, text);
}

/* What the run needs beyond the presets. */
static void add_limits(struct arguments *arguments, const struct settings *settings)
{
        uint64_t contacts = settings->waiting + (uint64_t)settings->in_flight * 2 + 200000;
        uint64_t cells = (uint64_t)(settings->attributes_size + 59) / 60 +
                         settings->has_client_keys + settings->has_customer_keys;
        uint64_t classes = (uint64_t)settings->queues * settings->channels.count;
        uint64_t own_classes = classes < 256 ? classes : 256;
        uint64_t agents = settings->agents + 1;

        add_number(arguments, "--limit-contact-count-max", contacts);
        add_number(arguments, "--limit-payload-cell-count-max", contacts * cells + 800000);
        if (settings->has_client_keys)
                add_number(arguments, "--limit-key-count-max", contacts * 2);
        if (agents > 10000)
                add_number(arguments, "--limit-agent-count-max", agents);
        if (own_classes > 64)
                add_number(arguments, "--limit-class-per-agent-max", own_classes);
        if (agents * own_classes > 262144)
                add_number(arguments, "--limit-membership-count-max", agents * own_classes);
        if (agents > 20000)
                add_number(arguments, "--session-count-max", agents);
        if (settings->desktops + settings->gateways > 1500) {
                uint64_t lines = settings->desktops + settings->gateways + 16;

                lines = lines < 65536 ? lines : 65536;
                add_number(arguments, "--connection-count-max", lines);
                add_number(arguments, "--connection-per-address-max", lines);
        }
}

/* acdd lies beside this program's folder in the build tree and where it is installed. */
static const char *find_daemon(const struct settings *settings, char path[HOST_PATH_MAX])
{
        static const char *const places[] = { "/../../daemon/acdd", "/../sbin/acdd", "/acdd" };
        ssize_t size = readlink("/proc/self/exe", path, HOST_PATH_MAX - 32);
        char *slash;

        if (settings->daemon_path != NULL)
                return settings->daemon_path;
        path[size > 0 ? size : 0] = 0;
        slash = strrchr(path, '/');
        for (size_t i = 0; slash != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
                (void)snprintf(slash, 32, "%s", places[i]);
                if (access(path, X_OK) == 0)
                        return path;
        }
        return "acdd";
}

static void fill_arguments(struct arguments *arguments, const struct host *host,
                           const struct settings *settings)
{
        char path[HOST_PATH_MAX + 16], found[HOST_PATH_MAX];

        add(arguments, find_daemon(settings, found));
        (void)snprintf(path, sizeof(path), "%s/data", host->directory);
        add(arguments, "--data-dir");
        add(arguments, settings->data_dir != NULL ? settings->data_dir : path);
        add(arguments, "--listen");
        add(arguments, host->address + (strncmp(host->address, "tcp:", 4) == 0 ? 4 : 0));
        /* What is open when we stop it is nobody's: do not wait for it. */
        add(arguments, "--drain-timeout-ms");
        add(arguments, "0");
        add_limits(arguments, settings);
        for (uint32_t i = 0;
             i < settings->daemon_argument_count && arguments->count < ARGUMENT_MAX - 1; i++)
                arguments->list[arguments->count++] = settings->daemon_arguments[i];
        arguments->list[arguments->count] = NULL;
}

static _Noreturn void run_daemon(const struct host *host, const struct settings *settings,
                                 pid_t parent)
{
        struct arguments *arguments = calloc(1, sizeof(*arguments));
        struct sigaction action = { .sa_handler = SIG_DFL };
        char log[HOST_PATH_MAX + 16];
        int fd, null;

        (void)snprintf(log, sizeof(log), "%s/acdd.log", host->directory);
        fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigaction(SIGPIPE, &action, NULL);
        /* Ctrl-C is for the parent, who stops the daemon in order. */
        setpgid(0, 0);
        if (arguments == NULL || getppid() != parent || fd < 0 || null < 0 || dup2(null, 0) < 0 ||
            dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
                _exit(126);
        if (settings->is_pinned)
                host_pin(settings->daemon_cpu);
        fill_arguments(arguments, host, settings);
        execvp(arguments->list[0], arguments->list);
        (void)fprintf(stderr, "%s: %s\n", arguments->list[0], strerror(errno));
        _exit(127);
}

static void show_log(const struct host *host)
{
        char path[HOST_PATH_MAX + 16], line[512];
        FILE *log;

        (void)snprintf(path, sizeof(path), "%s/acdd.log", host->directory);
        log = fopen(path, "re");
        while (log != NULL && fgets(line, sizeof(line), log) != NULL)
                (void)fprintf(stderr, "  %s", line);
        if (log != NULL)
                (void)fclose(log);
}

static bool wait_started(struct host *host)
{
        uint64_t end = bench_now_ns() + START_MS * UINT64_C(1000000);
        struct client_address address;
        int r = client_address_parse(host->address, &address);

        while (r == 0 && bench_now_ns() < end) {
                struct line line;

                if (line_open(&line, &address, 1000) == 0) {
                        line_close(&line);
                        return true;
                }
                if (host_is_gone(host, 0)) {
                        (void)fprintf(stderr, "the daemon does not start:\n");
                        show_log(host);
                        host->pid = 0;
                        return false;
                }
                poll(NULL, 0, 5);
        }
        (void)fprintf(stderr, "the daemon does not answer at %s\n", host->address);
        return false;
}

bool host_start(struct host *host, const struct settings *settings)
{
        pid_t parent = getpid();

        *host = (struct host){ .is_own = settings->address == NULL };
        if (!host->is_own)
                return take_running(host, settings);
        if (!make_directory(host, settings))
                return false;
        if (settings->is_tcp)
                (void)snprintf(host->address, sizeof(host->address), "tcp:127.0.0.1:%u",
                               free_port());
        else
                (void)snprintf(host->address, sizeof(host->address), "unix:%s/acdd.sock",
                               host->directory);
        (void)fflush(stdout);
        host->pid = fork();
        if (host->pid == 0)
                run_daemon(host, settings, parent);
        if (host->pid < 0) {
                (void)fprintf(stderr, "cannot start a process: %s\n", strerror(errno));
                host->pid = 0;
                return false;
        }
        return wait_started(host);
}

static bool has_ended(pid_t pid)
{
        siginfo_t info = { 0 };

        return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == pid;
}

/* Wait for the end of @pid, at most @wait_ms. */
static bool wait_ended(pid_t pid, int wait_ms)
{
        uint64_t end_ns = bench_now_ns() + (uint64_t)wait_ms * 1000000;

        while (!has_ended(pid)) {
                if (bench_now_ns() >= end_ns)
                        return false;
                poll(NULL, 0, 2);
        }
        return true;
}

bool host_is_gone(const struct host *host, int wait_ms)
{
        return host->is_own && host->pid > 0 && wait_ended(host->pid, wait_ms);
}

static void remove_directory(const struct host *host)
{
        pid_t pid = fork();

        if (pid == 0) {
                execlp("rm", "rm", "-rf", "--", host->directory, (char *)NULL);
                _exit(127);
        }
        if (pid > 0)
                (void)waitpid(pid, NULL, 0);
}

static bool end_daemon(pid_t pid)
{
        bool is_good;
        int status = 0;

        (void)kill(pid, SIGTERM);
        is_good = wait_ended(pid, STOP_MS);
        if (!is_good)
                (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
        return is_good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool host_stop(struct host *host)
{
        bool is_good = true;

        if (!host->is_own)
                return true;
        if (host->pid > 0)
                is_good = end_daemon(host->pid);
        host->pid = 0;
        if (host->is_removed)
                remove_directory(host);
        return is_good;
}

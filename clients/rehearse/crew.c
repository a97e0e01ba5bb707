/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a rehearsal.
 *
 * Daemon and Redis are programs of their own, with their output in log files;
 * gateway and desktops are forks of this program, which already has the plan.
 * Each child asks the kernel to be killed when the parent dies, so that Ctrl-C
 * and a crash of the rehearsal both leave nothing behind; but daemon and Redis
 * do not when they are to go on after it.
 */

#include "clients/rehearse/crew.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 20000, AGAIN_MS = 250 };

bool crew_begin(struct crew *crew)
{
        const char *parent = getenv("TMPDIR");

        if (parent == NULL || parent[0] == 0 || strlen(parent) > 80)
                parent = "/tmp";
        snprintf(crew->directory, sizeof(crew->directory), "%s/acdd-rehearsal-XXXXXX", parent);
        if (mkdtemp(crew->directory) == NULL) {
                fprintf(stderr, "cannot make %s: %s\n", crew->directory, strerror(errno));
                return false;
        }
        snprintf(crew->address, sizeof(crew->address), "unix:%s/acdd.sock", crew->directory);
        return true;
}

/* In the child: output to NAME.log, death with the parent. @is_kept: live on. */
static void child(const struct crew *crew, const char *name, pid_t parent, bool is_kept)
{
        struct sigaction action = { .sa_handler = SIG_DFL };
        char path[CREW_PATH_MAX + 64];
        int fd;

        snprintf(path, sizeof(path), "%s/%s.log", crew->directory, name);
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (!is_kept)
                prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
                _exit(126);
        /* Ctrl-C is the parent's affair: it ends the crew in order. */
        setpgid(0, 0);
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
}

static pid_t start_program(const struct crew *crew, const char *name, const char *const arguments[])
{
        pid_t parent = getpid();
        pid_t pid = fork();

        if (pid < 0)
                fprintf(stderr, "cannot start %s: %s\n", name, strerror(errno));
        if (pid != 0)
                return pid;

        char *copy[48];
        int count = 0;

        child(crew, name, parent, crew->is_kept);
        for (; arguments[count] != NULL && count < 47; count++)
                copy[count] = strdup(arguments[count]);
        copy[count] = NULL;
        execvp(copy[0], copy);
        fprintf(stderr, "%s: %s\n", copy[0], strerror(errno));
        _exit(127);
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
                close(fd);
        return ntohs(address.sin_port);
}

bool crew_start_redis(struct crew *crew)
{
        char port[8];
        uint16_t number = free_port();

        if (crew->redis_path == NULL)
                return true;
        snprintf(port, sizeof(port), "%u", number);
        snprintf(crew->redis_address, sizeof(crew->redis_address), "127.0.0.1:%s", port);

        const char *const arguments[] = {
                crew->redis_path,
                "--port",
                port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no",
                "--dir",
                crew->directory,
                NULL,
        };

        crew->redis = start_program(crew, "redis", arguments);
        return crew->redis > 0;
}

bool crew_start_daemon(struct crew *crew)
{
        char data[CREW_PATH_MAX + 16], rate[16], contacts[16];

        snprintf(data, sizeof(data), "%s/data", crew->directory);
        snprintf(rate, sizeof(rate), "%u", crew->rate);
        snprintf(contacts, sizeof(contacts), "%u", crew->contact_count_max);

        const char *const arguments[] = {
                crew->acdd_path,
                "--data-dir",
                data,
                "--listen",
                crew->address,
                "--clock-rate",
                rate,
                "--segment-size",
                "8M",
                "--limit-contact-count-max",
                contacts,
                /* Last, so that it can be left out. */
                crew->redis_address[0] != 0 ? "--redis" : NULL,
                crew->redis_address,
                NULL,
        };

        crew->daemon = start_program(crew, "acdd", arguments);
        return crew->daemon > 0;
}

void crew_kill_daemon(struct crew *crew)
{
        if (crew->daemon <= 0)
                return;
        kill(crew->daemon, SIGKILL);
        waitpid(crew->daemon, NULL, 0);
        crew->daemon = 0;
}

static pid_t start_caller(const struct crew *crew, const struct rehearse *rehearse,
                          const char *name, uint32_t agent)
{
        pid_t parent = getpid();
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        child(crew, name, parent, false);
        exit(agent == UINT32_MAX ? rehearse_gateway(rehearse) : rehearse_desktop(rehearse, agent));
}

bool crew_start_callers(struct crew *crew, const struct rehearse *rehearse)
{
        const struct plan *plan = rehearse->plan;

        if (plan->agent_count > CREW_DESKTOP_MAX) {
                fprintf(stderr, "%u agents are more desktops than this program starts (%d)\n",
                        plan->agent_count, CREW_DESKTOP_MAX);
                return false;
        }
        fflush(stdout);
        for (uint32_t i = 0; i < plan->agent_count; i++) {
                char name[64];

                snprintf(name, sizeof(name), "desktop-%s", plan->agent[i].name);
                crew->desktop[i] = start_caller(crew, rehearse, name, i);
                if (crew->desktop[i] < 0)
                        return false;
                crew->desktop_count++;
        }
        crew->gateway = start_caller(crew, rehearse, "gateway", UINT32_MAX);
        return crew->gateway > 0;
}

void crew_freeze(const struct crew *crew, bool is_frozen)
{
        int number = is_frozen ? SIGSTOP : SIGCONT;

        if (crew->gateway > 0)
                kill(crew->gateway, number);
        for (uint32_t i = 0; i < crew->desktop_count; i++) {
                if (crew->desktop[i] > 0)
                        kill(crew->desktop[i], number);
        }
}

static void note_end(struct crew *crew, const char *name, int status)
{
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return;
        fprintf(stderr, "%s failed; see %s\n", name, crew->directory);
        crew->has_failed = true;
}

bool crew_reap(struct crew *crew)
{
        bool is_well = true;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
                if (pid == crew->daemon || pid == crew->redis) {
                        note_end(crew, pid == crew->daemon ? "acdd" : "redis-server", status);
                        fprintf(stderr, "it ended by itself\n");
                        if (pid == crew->daemon)
                                crew->daemon = 0;
                        else
                                crew->redis = 0;
                        is_well = false;
                }
                if (pid == crew->gateway) {
                        note_end(crew, "the gateway", status);
                        crew->gateway = 0;
                }
                for (uint32_t i = 0; i < crew->desktop_count; i++) {
                        if (pid == crew->desktop[i]) {
                                note_end(crew, "a desktop", status);
                                crew->desktop[i] = 0;
                        }
                }
        }
        return is_well;
}

/* Ask to end, and again: a daemon that drains stops at the second time, and two
 * signals at once are one. At last, insist. */
static void end_one(pid_t *pid, int number)
{
        int waited_ms = 0;

        if (*pid <= 0)
                return;
        kill(*pid, number);
        while (waitpid(*pid, NULL, WNOHANG) == 0) {
                poll(NULL, 0, 5);
                waited_ms += 5;
                if (waited_ms % AGAIN_MS == 0)
                        kill(*pid, waited_ms < END_MS ? number : SIGKILL);
        }
        *pid = 0;
}

void crew_end(struct crew *crew, bool is_over)
{
        crew_freeze(crew, false);
        end_one(&crew->gateway, SIGTERM);
        for (uint32_t i = 0; i < crew->desktop_count; i++)
                end_one(&crew->desktop[i], SIGTERM);
        if (crew->is_kept && !is_over)
                return;
        end_one(&crew->daemon, SIGTERM);
        end_one(&crew->redis, SIGTERM);
}

void crew_remove(const struct crew *crew)
{
        pid_t pid = fork();

        if (pid == 0) {
                execlp("rm", "rm", "-rf", "--", crew->directory, (char *)NULL);
                _exit(127);
        }
        if (pid > 0)
                waitpid(pid, NULL, 0);
}

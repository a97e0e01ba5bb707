/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operating system behind world_system and world_fork.
 *
 * Memory is mapped without reserving swap: limits are the worst case, and a
 * quiet daemon touches a fraction. The copy of the process asks to be killed
 * when its parent dies, checks that the parent has not died before that took
 * effect, and leaves without running anybody's exit handlers.
 */

#include "daemon/system.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/clock.h"

static void *reserve(void *self, size_t size)
{
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        (void)self;
        return memory == MAP_FAILED ? NULL : memory;
}

static void release(void *self, void *memory, size_t size)
{
        (void)self;
        ACD_ASSERT(munmap(memory, size) == 0);
}

static uint64_t chance(void *self)
{
        uint64_t number;

        (void)self;
        /* Up to 256 bytes are never interrupted and never short. */
        ACD_ASSERT(getrandom(&number, sizeof(number), 0) == (ssize_t)sizeof(number));
        return number;
}

const struct world_system world_system_os = { reserve, release, chance, NULL };

/* Small numbers fit an exit status; anything else is told as an I/O error. */
static int exit_status(int r)
{
        if (r >= 0)
                return 0;
        return -r < 255 ? -r : EIO;
}

static int64_t begin(void *self, int (*work)(void *context), void *context)
{
        struct system_fork *copy = self;
        uint64_t began = world_clock_os.boot_ns(NULL);
        pid_t parent = getpid();
        pid_t child;

        if (copy->child != 0)
                return -EBUSY;
        child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                        _exit(EIO);
                copy->on_copy(copy->context);
                _exit(exit_status(work(context)));
        }
        copy->child = child;
        return (int64_t)(world_clock_os.boot_ns(NULL) - began);
}

static enum world_fork_state poll_copy(void *self, int *ret_error)
{
        struct system_fork *copy = self;
        int status = 0;
        pid_t child;

        if (copy->child == 0)
                return WORLD_FORK_NONE;
        child = waitpid(copy->child, &status, WNOHANG);
        if (child == 0)
                return WORLD_FORK_RUNNING;
        copy->child = 0;
        *ret_error = -EIO;
        if (child < 0 || !WIFEXITED(status))
                return WORLD_FORK_FAILED;
        *ret_error = -WEXITSTATUS(status);
        return WEXITSTATUS(status) == 0 ? WORLD_FORK_DONE : WORLD_FORK_FAILED;
}

static void cancel(void *self)
{
        struct system_fork *copy = self;

        if (copy->child == 0)
                return;
        (void)kill(copy->child, SIGKILL);
        (void)waitpid(copy->child, NULL, 0);
        copy->child = 0;
}

void system_fork_init(struct system_fork *fork, void (*on_copy)(void *context), void *context)
{
        *fork = (struct system_fork){
                .on_copy = on_copy,
                .context = context,
                .table = { begin, poll_copy, cancel, fork },
        };
}

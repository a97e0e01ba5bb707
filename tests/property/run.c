/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One history: lines are drawn (or given), parsed, and done by core and model side by
 * side (tests/support/world.h). At the end the agenda is emptied, the views are compared,
 * the state is saved and loaded, and everything accepted is replayed from the start.
 *
 * Seeds of a dirty shape send commands while the agenda is not empty and let WORK and
 * TIME do one step at a time. How much a step does is the core's own affair, so there is
 * no model then: invariants, replay, reload and the gateway property remain.
 */

#include "tests/property/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/property/generate.h"
#include "tests/support/scenario.h"
#include "tests/support/scenario_words.h"

enum { VIEWS_EVERY = 16, RELOAD_EVERY = 97 };

struct history {
        struct run *run;
        struct world world;
        struct generator generator;
        struct scenario_line line;
};

struct run *run_new(void)
{
        struct run *run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        ACD_ASSERT(run != MAP_FAILED);
        return run;
}

void run_free(struct run *run)
{
        munmap(run, sizeof(*run));
}

static void keep_line(struct run *run, const char *text)
{
        size_t size = strlen(text);

        ACD_ASSERT(run->text_size + size + 2 < RUN_TEXT_SIZE);
        memcpy(run->text + run->text_size, text, size);
        run->text[run->text_size + size] = '\n';
        run->text_size += size + 1;
        run->text[run->text_size] = 0;
}

/* Dirty worlds: one step is one step. */
static bool do_dirty(struct history *h)
{
        bool is_done;

        if ((int)h->line.command.kind == SCENARIO_RELOAD)
                return world_reload(&h->world, &h->world.memory);
        h->world.subject = h->line.subject[0] == 0 ? NULL : h->line.subject;
        is_done = world_step(&h->world, h->line.now, &h->line.command);
        h->world.subject = NULL;
        return is_done;
}

static enum run_end do_line(struct history *h, const char *text)
{
        struct world *world = &h->world;

        if (!scenario_parse(&h->line, text, &world->names, "t0", &world->memory)) {
                snprintf(h->run->message, RUN_MESSAGE_SIZE, "the language: %s: %s",
                         h->line.error, text);
                return RUN_FAILED;
        }
        if (!(world->model == NULL ? do_dirty(h) : scenario_do(world, &h->line)))
                return RUN_FAILED;
        if (world->is_ambiguous)
                return RUN_AMBIGUOUS;
        h->run->step_count++;
        if (h->run->step_count % VIEWS_EVERY == 0 && !world_compare_views(world))
                return RUN_FAILED;
        if (h->run->step_count % RELOAD_EVERY == 0 && !world_reload(world, &world->memory))
                return RUN_FAILED;
        return RUN_FINE;
}

/* What must hold when it is over. */
static bool conclude(struct history *h)
{
        static const struct acd_command work = { .kind = ACD_COMMAND_WORK,
                                                 .work = { .unit_max = 4096 } };
        struct world *world = &h->world;

        return (acd_epoch(world->core) == 0 || world_do(world, world->last_now, &work)) &&
               world_compare_views(world) && world_reload(world, &world->memory) &&
               world_replay(world);
}

static void add_coverage(struct model_coverage *sum, const struct model_coverage *more)
{
        uint64_t *to = (uint64_t *)sum;
        const uint64_t *from = (const uint64_t *)more;

        for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
                to[i] += from[i];
}

static enum run_end end_of(struct history *h, enum run_end end)
{
        if (end == RUN_FINE && !conclude(h))
                end = RUN_FAILED;
        if (end == RUN_FAILED && h->run->message[0] == 0)
                snprintf(h->run->message, RUN_MESSAGE_SIZE, "%s", h->world.failure);
        if (h->world.model != NULL)
                add_coverage(&h->run->coverage, model_coverage(h->world.model));
        return end;
}

static struct history *history_new(struct run *run, uint64_t seed)
{
        struct history *h = calloc(1, sizeof(*h));

        ACD_ASSERT(h != NULL);
        h->run = run;
        generate_init(&h->generator, seed, &h->world);
        world_init(&h->world, &h->generator.shape.memory, !h->generator.shape.is_dirty);
        run->is_dirty = h->generator.shape.is_dirty;
        return h;
}

static void child_seed(struct run *run, uint64_t seed, uint32_t steps, bool is_loud)
{
        struct history *h = history_new(run, seed);
        enum run_end end = RUN_FINE;

        /* A crowd takes many lines to set up. */
        steps += h->generator.shape.agents;
        for (uint32_t i = 0; i < steps && end == RUN_FINE; i++) {
                const char *text = generate_next(&h->generator);

                keep_line(run, text);
                if (is_loud)
                        fprintf(stderr, "%s\n", text);
                end = do_line(h, text);
        }
        run->end = end_of(h, end);
        world_fini(&h->world);
        free(h);
}

static void child_lines(struct run *run, uint64_t seed, char *const *lines, uint32_t line_count)
{
        struct history *h = history_new(run, seed);
        enum run_end end = RUN_FINE;

        for (uint32_t i = 0; i < line_count && end == RUN_FINE; i++)
                end = do_line(h, lines[i]);
        run->end = end_of(h, end);
        world_fini(&h->world);
        free(h);
}

static void begin(struct run *run)
{
        run->end = RUN_FAILED;
        run->step_count = 0;
        run->text_size = 0;
        run->text[0] = 0;
        run->message[0] = 0;
}

static enum run_end await(struct run *run, pid_t child)
{
        int status;

        ACD_ASSERT(child > 0);
        ACD_ASSERT(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return run->end;
        run->end = RUN_FAILED;
        if (run->message[0] == 0)
                snprintf(run->message, RUN_MESSAGE_SIZE, "the process died, status %d", status);
        return RUN_FAILED;
}

enum run_end run_seed(struct run *run, uint64_t seed, uint32_t steps, bool is_loud)
{
        pid_t child;

        begin(run);
        fflush(NULL);
        child = fork();
        if (child == 0) {
                child_seed(run, seed, steps, is_loud);
                fflush(NULL);
                _exit(0);
        }
        return await(run, child);
}

enum run_end run_lines(struct run *run, uint64_t seed, char *const *lines, uint32_t line_count)
{
        pid_t child;

        begin(run);
        fflush(NULL);
        child = fork();
        if (child == 0) {
                /* Only the last attempt is worth its words. */
                ACD_ASSERT(freopen("/dev/null", "w", stderr) != NULL);
                child_lines(run, seed, lines, line_count);
                _exit(0);
        }
        return await(run, child);
}

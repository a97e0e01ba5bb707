/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The property test of what readers of Redis are promised: who takes the state of any moment
 * and then the events from there misses nothing and counts nothing double.
 *
 *      follow --seed 8117 --steps 400              one history
 *      follow --seed 1 --seeds 10000               a campaign
 *
 * Histories are those of the property test of the core, one step a time. Events go into batches
 * that are cut by chance, as the commits of a daemon cut them; a state is taken at any step,
 * so that readers begin in the middle of batches too. Several readers begin at different
 * moments. Again and again what each has counted is compared with a state of just then: the
 * oracle is tests/support/fold.c, which knows the rules of docs/REDIS.md and no more.
 *
 * Now and then a reader is kept from a batch, and must notice with the next one.
 * Exit code 0: nothing found, and every kind of event that a count follows has been there.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/property/generate.h"
#include "tests/support/fold.h"
#include "tests/support/scenario.h"
#include "tests/support/scenario_words.h"
#include "tests/support/state_shard.h"
#include "wire/events.h"

enum { TENANT_MAX = 8, READER_MAX = 6, KIND_MAX = 64, MESSAGE_SIZE = 4096 };

/* One stream, and those who read it. */
struct line {
        uint64_t tenant; /* id; 0: free */
        struct wire_batch batch;
        uint8_t *memory;
        uint64_t epoch;                  /* of the batch */
        struct fold *reader[READER_MAX]; /* NULL: not begun */
        struct fold *deaf;               /* misses a batch now and then */
        bool has_missed;
};

struct follow {
        struct world world;
        struct generator generator;
        struct scenario_line scenario;
        struct acd_prng prng;
        struct state_shard *states;
        struct fold *truth;
        struct line line[TENANT_MAX];
        char message[MESSAGE_SIZE];
};

/* Over all seeds. */
struct tally {
        uint64_t steps, batches, states, in_the_middle, comparisons, missed;
        uint64_t kind[KIND_MAX];
};

static struct tally tally;

static bool failed(struct follow *f, const char *what, const char *why)
{
        snprintf(f->message, sizeof(f->message), "%s: %s", what, why);
        return false;
}

/* ---- streams ---- */

static struct line *line_of(struct follow *f, uint64_t tenant)
{
        for (uint32_t i = 0; i < TENANT_MAX; i++)
                if (f->line[i].tenant == tenant)
                        return &f->line[i];
        return NULL;
}

static struct line *line_new(struct follow *f, uint64_t tenant)
{
        struct line *line = line_of(f, 0);

        ACD_ASSERT(line != NULL);
        line->tenant = tenant;
        line->memory = aligned_alloc(8, (WIRE_BATCH_MEMORY + 7) / 8 * 8);
        ACD_ASSERT(line->memory != NULL);
        wire_batch_init(&line->batch, line->memory, WIRE_BATCH_MEMORY);
        return line;
}

static void line_free(struct line *line)
{
        free(line->memory);
        for (uint32_t i = 0; i < READER_MAX; i++)
                if (line->reader[i] != NULL)
                        fold_free(line->reader[i]);
        if (line->deaf != NULL)
                fold_free(line->deaf);
        memset(line, 0, sizeof(*line));
}

/* The batch is an entry now, and all read it. */
static bool cut(struct follow *f, struct line *line)
{
        struct acd_bytes bytes = wire_batch_bytes(&line->batch);

        if (line->batch.size == 0)
                return true;
        tally.batches++;
        for (uint32_t i = 0; i < READER_MAX; i++)
                if (line->reader[i] != NULL && !fold_take_batch(line->reader[i], bytes))
                        return failed(f, "a reader", fold_failure(line->reader[i]));
        if (line->deaf != NULL && !line->has_missed) {
                if (acd_prng_below(&f->prng, 8) == 0)
                        line->has_missed = fold_sequence(line->deaf) < line->batch.last_sequence;
                else if (!fold_take_batch(line->deaf, bytes))
                        return failed(f, "a reader", fold_failure(line->deaf));
        } else if (line->deaf != NULL) {
                if (fold_take_batch(line->deaf, bytes))
                        return failed(f, "a reader missed a batch", "and took the next one");
                fold_free(line->deaf);
                line->deaf = NULL;
                line->has_missed = false;
                tally.missed++;
        }
        wire_batch_reset(&line->batch);
        return true;
}

/* Events of one step and tenant. */
static bool add(struct follow *f, const struct acd_event *events, uint32_t count)
{
        struct line *line = line_of(f, events->tenant.value);

        if (line == NULL)
                line = line_new(f, events->tenant.value);
        if ((line->epoch != acd_epoch(f->world.core) || acd_prng_below(&f->prng, 3) == 0) &&
            !cut(f, line))
                return false;
        line->epoch = acd_epoch(f->world.core);
        if (wire_batch_add(&line->batch, f->world.core, events, count))
                return true;
        if (!cut(f, line))
                return false;
        ACD_ASSERT(wire_batch_add(&line->batch, f->world.core, events, count));
        return true;
}

static bool take_events(struct follow *f)
{
        const struct acd_event *event = f->world.event;
        uint32_t count;

        for (uint32_t i = 0; i < f->world.event_count; i += count) {
                for (count = 0; i + count < f->world.event_count &&
                                event[i + count].tenant.value == event[i].tenant.value;
                     count++)
                        tally.kind[event[i + count].kind % KIND_MAX]++;
                if (!add(f, &event[i], count))
                        return false;
        }
        return true;
}

/* ---- readers ---- */

static bool take_state(struct follow *f, struct line *line, struct fold *fold)
{
        struct tenant_state_written written;

        state_shard_at(f->states, f->world.core, f->world.last_now);
        written = state_shard_write(f->states, (acd_tenant_id){ line->tenant }, NULL);
        tally.states++;
        if (written.bytes.size == 0)
                return failed(f, "the state", "does not fit");
        if (!fold_take_state(fold, written.bytes))
                return failed(f, "the state", fold_failure(fold));
        return written.sequence == fold_sequence(fold) ||
               failed(f, "the state", "says another number than its writer");
}

/* A reader begins, at a moment like any other. */
static bool begin(struct follow *f, struct line *line)
{
        struct fold **reader = &line->reader[acd_prng_below(&f->prng, READER_MAX)];

        tally.in_the_middle += line->batch.size > 0;
        if (*reader == NULL)
                *reader = fold_new();
        if (line->deaf == NULL) {
                line->deaf = fold_new();
                if (!take_state(f, line, line->deaf))
                        return false;
        }
        return take_state(f, line, *reader);
}

static bool compare(struct follow *f, struct line *line)
{
        if (!cut(f, line) || !take_state(f, line, f->truth))
                return false;
        for (uint32_t i = 0; i < READER_MAX; i++) {
                if (line->reader[i] == NULL)
                        continue;
                tally.comparisons++;
                if (!fold_is_true(line->reader[i], f->truth))
                        return failed(f, "a reader", fold_failure(line->reader[i]));
        }
        return true;
}

/* What readers do after a step. */
static bool turn(struct follow *f, bool is_last)
{
        for (uint32_t i = 0; i < TENANT_MAX; i++) {
                struct line *line = &f->line[i];
                struct acd_tenant_config config;
                uint64_t sequence;

                if (line->tenant == 0)
                        continue;
                if (!acd_view_tenant(f->world.core, (acd_tenant_id){ line->tenant }, &config,
                                     &sequence)) {
                        if (!cut(f, line))
                                return false;
                        line_free(line);
                        continue;
                }
                if (acd_prng_below(&f->prng, 20) == 0 && !begin(f, line))
                        return false;
                if ((is_last || acd_prng_below(&f->prng, 10) == 0) && !compare(f, line))
                        return false;
        }
        return true;
}

/* ---- histories ---- */

static bool step(struct follow *f, const char *text)
{
        struct world *world = &f->world;

        if (!scenario_parse(&f->scenario, text, &world->names, "t0", &world->memory))
                return failed(f, "the language", f->scenario.error);
        if ((int)f->scenario.command.kind == SCENARIO_RELOAD)
                return world_reload(world, &world->memory) ||
                       failed(f, "the world", world->failure);
        world->subject = f->scenario.subject[0] == 0 ? NULL : f->scenario.subject;
        if (!world_step(world, f->scenario.now, &f->scenario.command))
                return failed(f, "the world", world->failure);
        world->subject = NULL;
        tally.steps++;
        return take_events(f);
}

static bool work(struct follow *f)
{
        static const struct acd_command command = { .kind = ACD_COMMAND_WORK,
                                                    .work = { .unit_max = 4096 } };

        while (acd_epoch(f->world.core) != 0 && acd_agenda_units(f->world.core) > 0)
                if (!world_step(&f->world, f->world.last_now, &command) || !take_events(f))
                        return failed(f, "the agenda", f->world.failure);
        return true;
}

static struct follow *follow_new(uint64_t seed)
{
        struct follow *f = calloc(1, sizeof(*f));

        ACD_ASSERT(f != NULL);
        generate_init(&f->generator, seed, &f->world);
        world_init(&f->world, &f->generator.shape.memory, false);
        acd_prng_init(&f->prng, seed ^ 0x666f6c6c6f77);
        f->states = state_shard_new(&f->generator.shape.memory);
        f->truth = fold_new();
        return f;
}

static void follow_free(struct follow *f)
{
        for (uint32_t i = 0; i < TENANT_MAX; i++)
                line_free(&f->line[i]);
        fold_free(f->truth);
        state_shard_free(f->states);
        world_fini(&f->world);
        free(f);
}

static bool run(uint64_t seed, uint32_t steps)
{
        struct follow *f = follow_new(seed);
        bool is_fine = true;

        /* Every other seed does its work in small pieces, between commands. */
        f->generator.shape.is_dirty = seed % 2 == 0;
        steps += f->generator.shape.agents;
        for (uint32_t i = 0; i < steps && is_fine; i++) {
                is_fine = step(f, generate_next(&f->generator)) &&
                          (f->generator.shape.is_dirty || work(f)) && turn(f, i + 1 == steps);
                if (!is_fine)
                        printf("seed %llu, step %u: %s\n    %s\n"
                               "again: follow --seed %llu --steps %u\n",
                               (unsigned long long)seed, i + 1, f->message, f->scenario.text,
                               (unsigned long long)seed, steps - f->generator.shape.agents);
        }
        follow_free(f);
        return is_fine;
}

/* A campaign of some size has met everything, or it proves less than it says. */
static bool is_all_met(void)
{
        static const uint16_t kinds[] = {
#define EVENT(name, number, text) (number),
#include "acd/events.def"
#undef EVENT
        };
        bool is_met = tally.in_the_middle > 0 && tally.missed > 0;

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                if (tally.kind[kinds[i]] > 0)
                        continue;
                printf("event %u was never there\n", kinds[i]);
                is_met = false;
        }
        return is_met;
}

static bool number_of(const char *text, uint64_t *ret_number)
{
        char *end;

        if (text == NULL)
                return false;
        *ret_number = strtoull(text, &end, 10);
        return *text != 0 && *end == 0;
}

int main(int argc, char **argv)
{
        uint64_t seed = 1, seeds = 1, steps = 400;
        bool is_fine = true, has_coverage = false;

        for (int i = 1; i < argc; i++) {
                uint64_t *number = strcmp(argv[i], "--seed") == 0    ? &seed
                                   : strcmp(argv[i], "--seeds") == 0 ? &seeds
                                   : strcmp(argv[i], "--steps") == 0 ? &steps
                                                                     : NULL;

                if (strcmp(argv[i], "--coverage") == 0) {
                        has_coverage = true;
                } else if (number == NULL || !number_of(argv[++i], number)) {
                        fprintf(stderr,
                                "follow [--seed S] [--seeds COUNT] [--steps N] [--coverage]\n");
                        return 2;
                }
        }
        for (uint64_t i = 0; i < seeds && is_fine; i++)
                is_fine = run(seed + i, (uint32_t)steps);
        printf("%llu steps, %llu batches, %llu states (%llu in the middle of a batch), "
               "%llu comparisons, %llu missed batches noticed\n",
               (unsigned long long)tally.steps, (unsigned long long)tally.batches,
               (unsigned long long)tally.states, (unsigned long long)tally.in_the_middle,
               (unsigned long long)tally.comparisons, (unsigned long long)tally.missed);
        return is_fine && (!has_coverage || is_all_met()) ? 0 : 1;
}

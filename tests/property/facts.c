/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What events carry and which follows which, counted over random histories.
 *
 *   facts [--seed S] [--seeds N] [--steps M]
 *
 * The oracle is docs/EVENTS.md, which events_doc.py holds against these lines:
 *
 *      event KIND COUNT
 *      field KIND FIELD COUNT          set, which is: not zero, in so many of them
 *      reason KIND REASON COUNT
 *      state KIND STATE COUNT
 *      next SUBJECT KIND KIND COUNT    of the events of one contact, agent, assignment or gateway,
 *                                      one and the one after it; "-" before the first
 *
 * Histories are those of the property test, without the model: it is the core's events that
 * count. Subjects are known by their ids, which are not used again.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/property/generate.h"
#include "tests/support/scenario.h"

enum {
        KIND_MAX = 64,
        REASON_MAX = 64,
        STATE_MAX = 16,
        SUBJECT_SLOTS = 1 << 16, /* more than a history has of any */
};

#define FIELDS(X) \
        X(reason, event->reason != 0) \
        X(state, event->state != 0) \
        X(band, event->band != 0) \
        X(contact, event->contact.value != 0) \
        X(agent, event->agent.value != 0) \
        X(queue, event->queue.value != 0) \
        X(assignment, event->assignment.value != 0) \
        X(channel, event->channel.value != 0) \
        X(gateway, event->gateway.value != 0) \
        X(deadline_ns, event->deadline != 0) \
        X(since_ns, event->since != 0) \
        X(value, event->value != 0) \
        X(count, event->count != 0) \
        X(label, event->label[0] != 0) \
        X(object, event->object != 0) \
        X(tier, event->tier != 0) \
        X(client_key, event->has_client_key) \
        X(name, event->kind == ACD_EVENT_CONFIG_CHANGED || event->kind == ACD_EVENT_CONFIG_REMOVED)

enum field {
#define X(name, is_set) FIELD_##name,
        FIELDS(X)
#undef X
                FIELD_COUNT,
};

static const char *const field_names[] = {
#define X(name, is_set) #name,
        FIELDS(X)
#undef X
};

static const char *const kind_names[KIND_MAX] = {
#define EVENT(name, number, text) [number] = #name,
#include "acd/events.def"
#undef EVENT
};

static const char *const reason_names[REASON_MAX] = {
#define REASON(name, number, text) [number] = #name,
#include "acd/reasons.def"
#undef REASON
};

enum subject { CONTACT, AGENT, ASSIGNMENT, GATEWAY, SUBJECT_COUNT };

static const char *const subject_names[] = { "contact", "agent", "assignment", "gateway" };

/* The last event of an id. */
struct slot {
        uint64_t id;
        uint16_t kind;
};

struct facts {
        uint64_t event[KIND_MAX];
        uint64_t field[KIND_MAX][FIELD_COUNT];
        uint64_t reason[KIND_MAX][REASON_MAX];
        uint64_t state[KIND_MAX][STATE_MAX];
        uint64_t next[SUBJECT_COUNT][KIND_MAX][KIND_MAX];
        struct slot slot[SUBJECT_COUNT][SUBJECT_SLOTS]; /* of this history */
};

static struct slot *slot_of(struct facts *facts, enum subject subject, uint64_t id)
{
        uint64_t at = id * 0x9e3779b97f4a7c15u >> 48;

        while (facts->slot[subject][at].id != 0 && facts->slot[subject][at].id != id)
                at = (at + 1) % SUBJECT_SLOTS;
        return &facts->slot[subject][at];
}

static void follow(struct facts *facts, enum subject subject, uint64_t id, uint16_t kind)
{
        struct slot *slot;

        if (id == 0)
                return;
        slot = slot_of(facts, subject, id);
        facts->next[subject][slot->kind][kind]++;
        *slot = (struct slot){ .id = id, .kind = kind };
}

static void count(struct facts *facts, const struct acd_event *event)
{
        uint16_t kind = event->kind;
        bool is_of_gateway = kind >= ACD_EVENT_GATEWAY_OPENED && kind <= ACD_EVENT_GATEWAY_GONE;
        bool is_of_agent = kind >= ACD_EVENT_AGENT_LOGGED_IN && kind <= ACD_EVENT_AGENT_BACK;

        facts->event[kind]++;
        facts->reason[kind][event->reason]++;
        facts->state[kind][event->state]++;
#define X(name, is_set) facts->field[kind][FIELD_##name] += (is_set) ? 1 : 0;
        FIELDS(X)
#undef X
        follow(facts, CONTACT, event->contact.value, kind);
        follow(facts, ASSIGNMENT, event->assignment.value, kind);
        follow(facts, AGENT, is_of_agent ? event->agent.value : 0, kind);
        follow(facts, GATEWAY, is_of_gateway ? event->gateway.value : 0, kind);
}

/* One history; its events are counted as they come. */
static void run(struct facts *facts, uint64_t seed, uint32_t steps)
{
        struct generator *generator = calloc(1, sizeof(*generator));
        struct world *world = calloc(1, sizeof(*world));
        struct scenario_line *line = calloc(1, sizeof(*line));

        if (generator == NULL || world == NULL || line == NULL)
                exit(1);
        memset(facts->slot, 0, sizeof(facts->slot));
        generate_init(generator, seed, world);
        world_init(world, &generator->shape.memory, false);
        steps += generator->shape.agents;
        for (uint32_t i = 0; i < steps; i++) {
                const char *text = generate_next(generator);

                if (!scenario_parse(line, text, &world->names, "t0", &world->memory) ||
                    !scenario_do(world, line)) {
                        fprintf(stderr, "seed %" PRIu64 ": %s: %s\n", seed, text, world->failure);
                        exit(1);
                }
                for (uint32_t j = 0; j < world->event_count; j++)
                        count(facts, &world->event[j]);
        }
        world_fini(world);
        free(line);
        free(world);
        free(generator);
}

static void print_kind(const struct facts *facts, uint32_t kind)
{
        const char *name = kind_names[kind];

        printf("event %s %" PRIu64 "\n", name, facts->event[kind]);
        for (uint32_t i = 0; i < FIELD_COUNT; i++)
                printf("field %s %s %" PRIu64 "\n", name, field_names[i], facts->field[kind][i]);
        for (uint32_t i = 0; i < REASON_MAX; i++)
                if (facts->reason[kind][i] != 0)
                        printf("reason %s %s %" PRIu64 "\n", name, reason_names[i],
                               facts->reason[kind][i]);
        for (uint32_t i = 0; i < STATE_MAX; i++)
                if (facts->state[kind][i] != 0)
                        printf("state %s %u %" PRIu64 "\n", name, i, facts->state[kind][i]);
        for (uint32_t i = 0; i < SUBJECT_COUNT; i++)
                for (uint32_t j = 0; j < KIND_MAX; j++)
                        if (facts->next[i][j][kind] != 0)
                                printf("next %s %s %s %" PRIu64 "\n", subject_names[i],
                                       j == 0 ? "-" : kind_names[j], name, facts->next[i][j][kind]);
}

int main(int argc, char **argv)
{
        struct facts *facts = calloc(1, sizeof(*facts));
        uint64_t seed = 1, seeds = 100;
        uint32_t steps = 400;

        if (facts == NULL)
                return 1;
        for (int i = 1; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--seed") == 0)
                        seed = strtoull(argv[i + 1], NULL, 10);
                else if (strcmp(argv[i], "--seeds") == 0)
                        seeds = strtoull(argv[i + 1], NULL, 10);
                else if (strcmp(argv[i], "--steps") == 0)
                        steps = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        }
        for (uint64_t i = 0; i < seeds; i++)
                run(facts, seed + i, steps);
        for (uint32_t kind = 0; kind < KIND_MAX; kind++)
                if (kind_names[kind] != NULL)
                        print_kind(facts, kind);
        free(facts);
        return 0;
}

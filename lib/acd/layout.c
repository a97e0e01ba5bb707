/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where everything lies in the one block of memory.
 *
 * One function walks all arrays in order; called without memory it only counts,
 * which is acd_size(). So size and layout cannot disagree. Arrays begin at
 * multiples of 64: a contact's hot part is one cache line.
 *
 * What a START may raise are the limits in force, up to those that the memory
 * was made for. Only the quarantine of slots depends on the former, so a core
 * with more memory than it needs decides exactly as one without.
 */

#include "acd/parts.h"

#include <string.h>

enum { ALIGNMENT = 64 };

struct carver {
        char *memory; /* NULL: only count */
        size_t size;
};

static void *carve(struct carver *carver, size_t count, size_t size)
{
        size_t at = (carver->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

        carver->size = at + count * size;
        return carver->memory == NULL ? NULL : carver->memory + at;
}

/* Room for @count objects beside the slot 0 that is never used. */
static void *carve_slab(struct carver *carver, struct acd_slab *slab, size_t stride, uint32_t count)
{
        void *base = carve(carver, (size_t)count + 1, stride);

        acd_slab_init(slab, base, stride, count);
        return base;
}

static uint32_t with_quarantine(uint32_t limit)
{
        return limit + acd_slab_quarantine(limit);
}

/* Assignments need no limit of their own: a contact has one at most, an agent one
 * and his parked ones. */
uint32_t acd_assignment_count_max(const struct acd_limits *limits)
{
        uint64_t of_agents = (uint64_t)limits->agent_count_max * (ACD_AGENT_PARKED_MAX + 1);

        return of_agents < limits->contact_count_max ? (uint32_t)of_agents
                                                     : limits->contact_count_max;
}

static uint32_t name_count_max(const struct acd_limits *limits)
{
        return limits->tenant_count_max + limits->skill_count_max + limits->channel_count_max +
               limits->queue_count_max + limits->team_count_max + limits->profile_count_max +
               limits->agent_count_max + limits->gateway_count_max;
}

static void carve_table(struct carver *carver, struct acd_itable *table, uint32_t capacity)
{
        acd_itable_init(
                table,
                carve(carver, acd_itable_slot_count(capacity), sizeof(struct acd_itable_slot)),
                capacity);
}

static void carve_configuration(struct carver *carver, struct acd *acd)
{
        const struct acd_limits *l = &acd->capacity;

        acd->tenant = carve_slab(carver, &acd->tenants, sizeof(*acd->tenant),
                                 with_quarantine(l->tenant_count_max));
        acd->skill = carve_slab(carver, &acd->skills, sizeof(*acd->skill),
                                with_quarantine(l->skill_count_max));
        acd->channel = carve_slab(carver, &acd->channels, sizeof(*acd->channel),
                                  with_quarantine(l->channel_count_max));
        acd->queue = carve_slab(carver, &acd->queues, sizeof(*acd->queue),
                                with_quarantine(l->queue_count_max));
        acd->team = carve_slab(carver, &acd->teams, sizeof(*acd->team),
                               with_quarantine(l->team_count_max));
        acd->profile = carve_slab(carver, &acd->profiles, sizeof(*acd->profile),
                                  with_quarantine(l->profile_count_max));
        acd->agent = carve_slab(carver, &acd->agents, sizeof(*acd->agent),
                                with_quarantine(l->agent_count_max));
        acd->agent_setup =
                carve(carver, (size_t)acd->agents.capacity + 1, sizeof(*acd->agent_setup));
        acd->agent_brief =
                carve(carver, (size_t)acd->agents.capacity + 1, sizeof(*acd->agent_brief));
        acd->gateway = carve_slab(carver, &acd->gateways, sizeof(*acd->gateway),
                                  with_quarantine(l->gateway_count_max));
        carve_table(carver, &acd->name_table, name_count_max(l));
}

static void carve_traffic(struct carver *carver, struct acd *acd)
{
        const struct acd_limits *l = &acd->capacity;

        acd->contact = carve_slab(carver, &acd->contacts, sizeof(*acd->contact),
                                  with_quarantine(l->contact_count_max));
        acd->contact_cold =
                carve(carver, (size_t)acd->contacts.capacity + 1, sizeof(*acd->contact_cold));
        acd->assignment = carve_slab(carver, &acd->assignments, sizeof(*acd->assignment),
                                     with_quarantine(acd_assignment_count_max(l)));
        acd->class = carve_slab(carver, &acd->classes, sizeof(*acd->class), l->class_count_max);
        acd->class_head = carve(carver, (size_t)l->class_count_max + 1, sizeof(*acd->class_head));
        carve_table(carver, &acd->class_table, l->class_count_max);
        acd->membership = carve_slab(carver, &acd->memberships, sizeof(*acd->membership),
                                     l->membership_count_max);
        acd->lane = carve_slab(carver, &acd->lanes, sizeof(*acd->lane), l->lane_count_max);
        acd->pair = carve_slab(carver, &acd->pairs, sizeof(*acd->pair), l->pair_count_max);
        acd->key = carve_slab(carver, &acd->keys, sizeof(*acd->key), l->key_count_max);
        carve_table(carver, &acd->key_table, l->key_count_max);
        acd->payload.capacity = l->payload_cell_count_max;
        acd->payload.cells =
                carve(carver, (size_t)l->payload_cell_count_max + 1, sizeof(struct acd_cell));
}

/* Timers and jobs: a range for each kind, as long as the slab of its objects. */
static void carve_work(struct carver *carver, struct acd *acd)
{
        const uint32_t timer_count[TIMER_KIND_COUNT] = {
                [TIMER_ASSIGNMENT] = acd->assignments.capacity,
                [TIMER_AGENT] = acd->agents.capacity,
                [TIMER_GATEWAY] = acd->gateways.capacity,
                [TIMER_PAIR] = acd->pairs.capacity,
                [TIMER_CLASS] = acd->classes.capacity,
                [TIMER_KEY] = acd->keys.capacity,
        };
        const uint32_t job_count[JOB_KIND_COUNT] = {
                [JOB_START] = 1,
                [JOB_AGENT] = acd->agents.capacity,
                [JOB_PROFILE] = acd->profiles.capacity,
                [JOB_TEAM] = acd->teams.capacity,
                [JOB_QUEUE] = acd->queues.capacity,
                [JOB_CLASS_FILL] = acd->classes.capacity,
                [JOB_AGENT_MATCH] = acd->agents.capacity,
                [JOB_AGENT_REMATCH] = acd->agents.capacity,
                [JOB_QUEUE_REMATCH] = acd->queues.capacity,
                [JOB_CLASS_REMATCH] = acd->classes.capacity,
                [JOB_GATEWAY] = acd->gateways.capacity,
                [JOB_GATEWAY_RELEASE] = acd->gateways.capacity,
        };

        acd->timer_base[0] = 0;
        for (uint32_t kind = 0; kind < TIMER_KIND_COUNT; kind++)
                acd->timer_base[kind + 1] = acd->timer_base[kind] + timer_count[kind];
        acd_wheel_init(&acd->wheel, carve(carver, (size_t)acd->timer_base[TIMER_KIND_COUNT] + 1,
                                          sizeof(struct acd_timer)));
        acd->job_base[0] = 0;
        for (uint32_t kind = 0; kind < JOB_KIND_COUNT; kind++)
                acd->job_base[kind + 1] = acd->job_base[kind] + job_count[kind];
        acd->job = carve(carver, (size_t)acd->job_base[JOB_KIND_COUNT] + 1, sizeof(*acd->job));
}

static void carve_scratch(struct carver *carver, struct acd *acd)
{
        const uint32_t capacities[] = { acd->tenants.capacity,  acd->skills.capacity,
                                        acd->channels.capacity, acd->queues.capacity,
                                        acd->teams.capacity,    acd->profiles.capacity,
                                        acd->agents.capacity,   acd->gateways.capacity,
                                        acd->classes.capacity };

        acd->scratch_count = 0;
        for (uint32_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++)
                if (capacities[i] >= acd->scratch_count)
                        acd->scratch_count = capacities[i] + 1;
        acd->scratch = carve(carver, acd->scratch_count, sizeof(*acd->scratch));
}

static size_t lay_out(struct acd *acd, void *memory)
{
        struct carver carver = { .memory = memory };

        carve(&carver, 1, sizeof(struct acd));
        carve_configuration(&carver, acd);
        carve_traffic(&carver, acd);
        carve_work(&carver, acd);
        carve_scratch(&carver, acd);
        return carver.size;
}

bool acd_limits_are_in_range(const struct acd_limits *limits)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        if (limits->name < (minimum) || limits->name > (maximum)) \
                return false;
#include "acd/limits.def"
#undef LIMIT
        return true;
}

/* Every limit of @left is at most that of @right. */
bool acd_limits_are_within(const struct acd_limits *left, const struct acd_limits *right)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        if (left->name > right->name) \
                return false;
#include "acd/limits.def"
#undef LIMIT
        return true;
}

void acd_limits_set(struct acd *acd, const struct acd_limits *limits)
{
        acd->limits = *limits;
        acd->tenants.quarantine = acd_slab_quarantine(limits->tenant_count_max);
        acd->skills.quarantine = acd_slab_quarantine(limits->skill_count_max);
        acd->channels.quarantine = acd_slab_quarantine(limits->channel_count_max);
        acd->queues.quarantine = acd_slab_quarantine(limits->queue_count_max);
        acd->teams.quarantine = acd_slab_quarantine(limits->team_count_max);
        acd->profiles.quarantine = acd_slab_quarantine(limits->profile_count_max);
        acd->agents.quarantine = acd_slab_quarantine(limits->agent_count_max);
        acd->gateways.quarantine = acd_slab_quarantine(limits->gateway_count_max);
        acd->contacts.quarantine = acd_slab_quarantine(limits->contact_count_max);
        acd->assignments.quarantine = acd_slab_quarantine(acd_assignment_count_max(limits));
}

size_t acd_size(const struct acd_limits *limits)
{
        struct acd probe = { .capacity = *limits };

        return acd_limits_are_in_range(limits) ? lay_out(&probe, NULL) : 0;
}

struct acd_limits acd_limits_default(void)
{
        return (struct acd_limits){
#define LIMIT(name, preset, minimum, maximum, text) .name = (preset),
#include "acd/limits.def"
#undef LIMIT
        };
}

struct acd *acd_init(void *memory, const struct acd_limits *limits, uint16_t shard)
{
        struct acd *acd = memory;

        ACD_ASSERT(acd_limits_are_in_range(limits));
        ACD_ASSERT((uintptr_t)memory % ALIGNMENT == 0);
        ACD_ASSERT(shard < 1024);

        acd->capacity = *limits;
        acd->shard = shard;
        acd->id_base = (uint64_t)shard << (ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS);
        lay_out(acd, memory);
        acd_limits_set(acd, limits);
        acd->logic_version = ACD_LOGIC_VERSION;
        for (uint32_t state = 0; state <= ACD_GATEWAY_GONE; state++)
                acd_ilist_init(&acd->gateway_list[state], acd_tag(LIST_GATEWAY + state, 0));
        acd_ilist_init(&acd->used_classes, acd_tag(LIST_USED, 0));
        acd_ilist_init(&acd->idle_classes, acd_tag(LIST_IDLE, 0));
        acd_ilist_init(&acd->open_keys, acd_tag(LIST_USED, 0));
        acd_ilist_init(&acd->closed_keys, acd_tag(LIST_IDLE, 0));
        acd_ilist_init(&acd->agenda, acd_tag(LIST_USED, 0));
        return acd;
}

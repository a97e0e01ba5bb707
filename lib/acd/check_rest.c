/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I9: pairs are in the chains of both, at most eight each, with a timer.
 * I10: a client key is open with its contact, or closed with a timer.
 * I11: timers and jobs belong to objects that are there and want them.
 * I12: the payload store holds exactly what objects refer to.
 * I13: no limit is passed, and every slab has the slots that it may still need.
 */

#include "acd/check.h"

static bool timer_is_set(const struct acd *acd, enum core_timer_kind kind, uint32_t index)
{
        return acd_wheel_is_set(&acd->wheel, acd_timer_number(acd, kind, index));
}

static bool chain_has(const struct acd *acd, uint32_t first, uint32_t wanted, bool is_contact)
{
        uint32_t at = first;

        for (uint32_t count = 0; at != 0 && count < ACD_PAIR_MAX; count++) {
                if (at == wanted)
                        return true;
                at = is_contact ? acd->pair[at].next_of_contact : acd->pair[at].next_of_agent;
        }
        return false;
}

static uint32_t chain_length(const struct acd *acd, uint32_t first, bool is_contact)
{
        uint32_t count = 0;
        uint32_t at = first;

        while (at != 0 && count <= ACD_PAIR_MAX) {
                count++;
                at = is_contact ? acd->pair[at].next_of_contact : acd->pair[at].next_of_agent;
        }
        return count;
}

static const char *check_pairs(const struct acd *acd)
{
        uint64_t of_contacts = 0, of_agents = 0;

        for (uint32_t i = 1; i <= acd->pairs.top; i++) {
                const struct acd_pair *pair = &acd->pair[i];

                if (!acd_slab_is_live(&acd->pairs, i))
                        continue;
                HOLDS(chain_has(acd, acd->contact[pair->contact].pair, i, true));
                HOLDS(chain_has(acd, acd->agent[pair->agent].pair, i, false));
                HOLDS(timer_is_set(acd, TIMER_PAIR, i));
        }
        for (uint32_t i = 1; i <= acd->contacts.top; i++) {
                if (!acd_slab_is_live(&acd->contacts, i))
                        continue;
                HOLDS(chain_length(acd, acd->contact[i].pair, true) == acd->contact[i].pair_count);
                HOLDS(acd->contact[i].pair_count <= ACD_PAIR_MAX);
                of_contacts += acd->contact[i].pair_count;
        }
        for (uint32_t i = 1; i <= acd->agents.top; i++) {
                if (!acd_slab_is_live(&acd->agents, i))
                        continue;
                HOLDS(chain_length(acd, acd->agent[i].pair, false) == acd->agent[i].pair_count);
                HOLDS(acd->agent[i].pair_count <= ACD_PAIR_MAX);
                of_agents += acd->agent[i].pair_count;
        }
        HOLDS(of_contacts == acd->pairs.live && of_agents == acd->pairs.live);
        return NULL;
}

static const char *check_keys(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->keys.top; i++) {
                const struct acd_key *key = &acd->key[i];
                uint32_t contact;
                bool is_open;

                if (!acd_slab_is_live(&acd->keys, i))
                        continue;
                contact = acd_index_of(acd, ACD_OBJECT_CONTACT, key->contact);
                is_open = contact != 0 && acd->contact[contact].state != ACD_CONTACT_ENDED;
                HOLDS(key->payload != 0);
                HOLDS(key->link.list == acd_tag(is_open ? LIST_USED : LIST_IDLE, 0));
                HOLDS(!is_open || acd->contact[contact].key == i);
                HOLDS(timer_is_set(acd, TIMER_KEY, i) == !is_open);
        }
        return NULL;
}

/* Of each kind, timers of objects that are there; no others. */
static const char *check_timers(const struct acd *acd)
{
        const struct acd_slab *slabs[] = {
                [TIMER_ASSIGNMENT] = &acd->assignments, [TIMER_AGENT] = &acd->agents,
                [TIMER_GATEWAY] = &acd->gateways,       [TIMER_PAIR] = &acd->pairs,
                [TIMER_CLASS] = &acd->classes,          [TIMER_KEY] = &acd->keys,
        };
        uint64_t count = 0;

        for (uint32_t kind = 0; kind < TIMER_KIND_COUNT; kind++)
                for (uint32_t i = 1; i <= slabs[kind]->top; i++) {
                        if (!timer_is_set(acd, (enum core_timer_kind)kind, i))
                                continue;
                        HOLDS(acd_slab_is_live(slabs[kind], i));
                        count++;
                }
        HOLDS(count == acd->wheel.count);
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i))
                        HOLDS(timer_is_set(acd, TIMER_GATEWAY, i) ==
                              (acd->gateway[i].state == ACD_GATEWAY_LOST));
        return NULL;
}

static bool job_is_wanted(const struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        switch (kind) {
        case JOB_START:
                return index == 1;
        case JOB_AGENT:
        case JOB_AGENT_MATCH:
        case JOB_AGENT_REMATCH:
                return acd_slab_is_live(&acd->agents, index);
        case JOB_PROFILE:
                return acd_slab_is_live(&acd->profiles, index);
        case JOB_TEAM:
                return acd_slab_is_live(&acd->teams, index);
        case JOB_QUEUE:
        case JOB_QUEUE_REMATCH:
                return acd_slab_is_live(&acd->queues, index);
        case JOB_CLASS_FILL:
        case JOB_CLASS_REMATCH:
                return acd_slab_is_live(&acd->classes, index);
        case JOB_GATEWAY:
        case JOB_GATEWAY_RELEASE:
                return acd_slab_is_live(&acd->gateways, index);
        case JOB_KIND_COUNT:
                break;
        }
        return false;
}

/* Where a job has got to. */
static bool job_is_somewhere(const struct acd *acd, enum core_job_kind kind, uint32_t index,
                             const struct acd_job *job)
{
        const uint32_t tops[] = { acd->tenants.top, acd->gateways.top, acd->assignments.top };

        switch (kind) {
        case JOB_START:
                return job->phase < 3 && job->cursor <= tops[job->phase];
        case JOB_AGENT:
                return job->detail <= acd->classes.top;
        case JOB_PROFILE:
        case JOB_TEAM:
                return job->phase <= 1 && job->cursor <= acd->agents.top &&
                       job->detail <= acd->classes.top && (job->phase == 0 || job->cursor > 0);
        case JOB_QUEUE:
                return job->cursor <= acd->agents.top;
        case JOB_CLASS_FILL:
                return job->phase <= 2 && job->cursor <= acd->agents.top;
        case JOB_GATEWAY:
        case JOB_GATEWAY_RELEASE:
                return job->phase <= 1 &&
                       (job->cursor == 0 || (acd_slab_is_live(&acd->contacts, job->cursor) &&
                                             acd->contact_cold[job->cursor].gateway_link.list ==
                                                     acd_tag(LIST_OF, index)));
        case JOB_AGENT_MATCH:
        case JOB_AGENT_REMATCH:
        case JOB_QUEUE_REMATCH:
        case JOB_CLASS_REMATCH:
        case JOB_KIND_COUNT:
                break;
        }
        return true;
}

static const char *check_jobs(const struct acd *acd)
{
        uint32_t count = 0;

        for (uint32_t at = acd->agenda.first; at != 0; at = acd->job[at].link.next) {
                uint32_t index;
                enum core_job_kind kind = acd_job_kind(acd, at, &index);

                HOLDS(count++ < acd->agenda.count);
                HOLDS(job_is_wanted(acd, kind, index));
                HOLDS(job_is_somewhere(acd, kind, index, &acd->job[at]));
        }
        HOLDS(count == acd->agenda.count);
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i) && acd->agent[i].rematch.count > 0)
                        HOLDS(acd_job_is_pending(acd, JOB_AGENT_REMATCH, i));
        for (uint32_t i = 1; i <= acd->queues.top; i++)
                if (acd_slab_is_live(&acd->queues, i) && acd->queue[i].rematch.count > 0)
                        HOLDS(acd_job_is_pending(acd, JOB_QUEUE_REMATCH, i));
        HOLDS(acd->fill_cursor == 0 || (acd_slab_is_live(&acd->agents, acd->fill_cursor) &&
                                        acd_agent_is_idle(acd, acd->fill_cursor)));
        return NULL;
}

static uint64_t cells_of(const struct acd *acd, uint32_t payload)
{
        return acd_payload_cell_count(acd_payload_size(acd, payload));
}

static const char *check_payload(const struct acd *acd)
{
        uint64_t used = 0;

        for (uint32_t i = 1; i <= acd->contacts.top; i++)
                if (acd_slab_is_live(&acd->contacts, i))
                        used += cells_of(acd, acd->contact_cold[i].customer_key) +
                                cells_of(acd, acd->contact_cold[i].attributes);
        for (uint32_t i = 1; i <= acd->keys.top; i++)
                if (acd_slab_is_live(&acd->keys, i))
                        used += cells_of(acd, acd->key[i].payload);
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                for (uint32_t k = 0;
                     acd_slab_is_live(&acd->agents, i) && k < acd->agent_setup[i].address_count;
                     k++)
                        used += cells_of(acd, acd->agent_setup[i].address[k].payload);
        HOLDS(used == acd->payload.used);
        HOLDS(used <= acd->limits.payload_cell_count_max);
        return NULL;
}

static const char *check_limits(const struct acd *acd)
{
        const struct acd_limits *limits = &acd->limits;

        HOLDS(acd->tenants.live <= limits->tenant_count_max);
        HOLDS(acd->skills.live <= limits->skill_count_max);
        HOLDS(acd->channels.live <= limits->channel_count_max);
        HOLDS(acd->queues.live <= limits->queue_count_max);
        HOLDS(acd->teams.live <= limits->team_count_max);
        HOLDS(acd->profiles.live <= limits->profile_count_max);
        HOLDS(acd->agents.live <= limits->agent_count_max);
        HOLDS(acd->gateways.live <= limits->gateway_count_max);
        HOLDS(acd->contacts.live <= limits->contact_count_max);
        HOLDS(acd->assignments.live <= acd_assignment_count_max(limits));
        HOLDS(acd->classes.live <= limits->class_count_max);
        HOLDS(acd->memberships.live <= limits->membership_count_max);
        HOLDS(acd->lanes.live <= limits->lane_count_max);
        HOLDS(acd->pairs.live <= limits->pair_count_max);
        HOLDS(acd->keys.live <= limits->key_count_max);
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        HOLDS(acd->agent[i].members.count <= limits->class_per_agent_max);
        for (uint32_t i = 1; i <= acd->queues.top; i++)
                if (acd_slab_is_live(&acd->queues, i))
                        HOLDS((uint64_t)acd->queue[i].used_classes.count +
                                      acd->queue[i].idle_classes.count <=
                              limits->class_per_queue_max);
        return NULL;
}

/* What the slabs will need one day is there still: a slot beside the quarantine. */
static const char *check_slabs(const struct acd *acd)
{
        const struct acd_slab *slabs[] = {
                &acd->tenants,  &acd->skills,      &acd->channels, &acd->queues,
                &acd->teams,    &acd->profiles,    &acd->agents,   &acd->gateways,
                &acd->contacts, &acd->assignments, &acd->classes,  &acd->memberships,
                &acd->lanes,    &acd->pairs,       &acd->keys,
        };

        for (uint32_t i = 0; i < sizeof(slabs) / sizeof(slabs[0]); i++)
                HOLDS(slabs[i]->free.count >= slabs[i]->quarantine ||
                      slabs[i]->capacity - slabs[i]->top >=
                              slabs[i]->quarantine - slabs[i]->free.count);
        return NULL;
}

#undef HOLDS

const char *acd_check_rest(const struct acd *acd)
{
        const char *(*const parts[])(
                const struct acd *) = { check_pairs,   check_keys,   check_timers, check_jobs,
                                        check_payload, check_limits, check_slabs };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}

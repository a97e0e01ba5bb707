/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who is offered whom, in the naive model: rules O1, G1 to G4, M1 to M5, D19 to D21.
 *
 * There are no pools and no lanes: every search looks at every agent or every
 * contact. An agent is "idle" when he is available and his own search has been
 * made; only idle agents can be found by a contact's search.
 */

#include "tests/support/model_state.h"

#include "base/assert.h"

static int64_t credited_arrival(const struct model_contact *contact)
{
        return (int64_t)contact->submitted - (int64_t)contact->credit_ms * 1000000;
}

/* The comparator of O1. */
bool model_is_before(const struct model_contact *a, const struct model_contact *b)
{
        if (a->band != b->band)
                return a->band > b->band;
        if (credited_arrival(a) != credited_arrival(b))
                return credited_arrival(a) < credited_arrival(b);
        return a->sequence < b->sequence;
}

bool model_uses_slot(const struct model *m, uint32_t agent_index)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++) {
                const struct model_assignment *assignment = &m->assignment[i];

                if (assignment->head.is_used && assignment->agent == agent_index &&
                    assignment->state != ACD_ASSIGNMENT_PARKED)
                        return true;
        }
        return false;
}

uint32_t model_parked_count(const struct model *m, uint32_t agent_index)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++) {
                const struct model_assignment *assignment = &m->assignment[i];

                count += assignment->head.is_used && assignment->agent == agent_index &&
                         assignment->state == ACD_ASSIGNMENT_PARKED;
        }
        return count;
}

/* Rule G3: by the clock, or since nobody below is logged in. */
bool model_tier_is_open(const struct model *m, const struct model_contact *contact, int tier)
{
        const struct model_class *class = &m->class[contact->class_index];
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);
        uint64_t wait_ns;

        ACD_ASSERT(queue >= 0);
        wait_ns = (uint64_t)m->queue[queue].config.tier_wait_ms[tier] * 1000000;
        if (m->now - contact->submitted >= wait_ns)
                return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used && class->tier[i] >= 0 && class->tier[i] < tier &&
                    m->agent[i].presence != ACD_PRESENCE_LOGGED_OUT)
                        return false;
        return true;
}

/* Pairs (G2) */

bool model_has_pair(const struct model *m, uint32_t contact, uint32_t agent)
{
        for (uint32_t i = 0; i < m->pair_top; i++)
                if (m->pair[i].is_used && m->pair[i].contact == contact &&
                    m->pair[i].agent == agent)
                        return true;
        return false;
}

static void pair_drop(struct model *m, uint32_t index)
{
        model_timer_stop(m, MODEL_TIMER_PAIR, index);
        m->pair[index].is_used = false;
}

void model_pairs_drop(struct model *m, enum acd_object object, uint32_t index)
{
        for (uint32_t i = 0; i < m->pair_top; i++) {
                const struct model_pair *pair = &m->pair[i];

                if (pair->is_used &&
                    (object == ACD_OBJECT_AGENT ? pair->agent : pair->contact) == index)
                        pair_drop(m, i);
        }
}

/* The index of the oldest pair of a contact, and how many there are. */
static uint32_t oldest_pair(const struct model *m, uint32_t contact, uint32_t *ret_count)
{
        uint32_t oldest = 0;

        *ret_count = 0;
        for (uint32_t i = 0; i < m->pair_top; i++) {
                if (!m->pair[i].is_used || m->pair[i].contact != contact)
                        continue;
                if (*ret_count == 0 || m->pair[i].order < m->pair[oldest].order)
                        oldest = i;
                (*ret_count)++;
        }
        return oldest;
}

static uint32_t pairs_of_agent(const struct model *m, uint32_t agent)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->pair_top; i++)
                count += m->pair[i].is_used && m->pair[i].agent == agent;
        return count;
}

static uint32_t pairs_in_all(const struct model *m)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->pair_top; i++)
                count += m->pair[i].is_used;
        return count;
}

/* @ret_is_full: it would be the agent's ninth; none was made (D17). */
void model_pair_make(struct model *m, uint32_t contact, uint32_t agent, uint32_t cool_down_ms,
                     bool *ret_is_full)
{
        uint32_t count, oldest, index = 0;

        *ret_is_full = false;
        if (cool_down_ms == 0)
                return;
        if (pairs_of_agent(m, agent) >= ACD_PAIR_MAX) {
                *ret_is_full = true;
                return;
        }
        oldest = oldest_pair(m, contact, &count);
        if (count >= ACD_PAIR_MAX)
                pair_drop(m, oldest);
        if (pairs_in_all(m) >= m->limits.pair_count_max)
                return;

        while (index < m->pair_top && m->pair[index].is_used)
                index++;
        if (index == m->pair_top)
                m->pair_top++;
        ACD_ASSERT(index < MODEL_PAIR_MAX);
        m->pair[index] = (struct model_pair){
                .is_used = true, .contact = contact, .agent = agent, .order = ++m->order
        };
        model_timer_set(m, MODEL_TIMER_PAIR, index, m->contact[contact].head.tenant,
                        m->now + (uint64_t)cool_down_ms * 1000000);
}

/* Offers */

static void offer(struct model *m, uint32_t contact_index, uint32_t agent_index, int tier)
{
        struct model_contact *contact = &m->contact[contact_index];
        struct model_agent *agent = &m->agent[agent_index];
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);
        uint32_t index = model_add(m, ACD_OBJECT_ASSIGNMENT, contact->head.tenant,
                                   model_hint_next(m, ACD_OBJECT_ASSIGNMENT));
        struct model_assignment *assignment = &m->assignment[index];
        struct acd_event *event;

        ACD_ASSERT(contact->state == ACD_CONTACT_WAITING);
        ACD_ASSERT(agent->presence == ACD_PRESENCE_READY);
        ACD_ASSERT(queue >= 0);

        assignment->state = ACD_ASSIGNMENT_OFFERED;
        assignment->contact = contact_index;
        assignment->agent = agent_index;
        assignment->epoch = m->epoch;
        assignment->order = ++m->order;
        assignment->offered = m->now;
        assignment->deadline =
                m->now + (uint64_t)m->queue[queue].config.offer_timeout_ms * 1000000;
        contact->state = ACD_CONTACT_OFFERED;
        contact->assignment = (int32_t)index;
        contact->offer_count++;
        agent->is_idle = false;
        agent->idle_since = 0;

        event = model_emit_contact(m, contact, ACD_EVENT_CONTACT_OFFERED, ACD_REASON_NONE);
        event->deadline = assignment->deadline;
        event->since = contact->submitted;
        event->tier = (uint8_t)tier;
        if (m->queue[queue].config.auto_accept)
                model_accept(m, index);
        else
                model_timer_set(m, MODEL_TIMER_OFFER, index, contact->head.tenant,
                                assignment->deadline);
}

bool model_gateway_is_gone(const struct model *m, const struct model_contact *contact)
{
        int32_t gateway = model_index_of(m, ACD_OBJECT_GATEWAY, contact->gateway);

        return contact->gateway != 0 && gateway >= 0 &&
               m->gateway[gateway].state == ACD_GATEWAY_GONE;
}

/* The longest idle agent of a tier of the contact's class, pairs skipped. */
static int32_t longest_idle(struct model *m, uint32_t contact_index, int tier)
{
        const struct model_contact *contact = &m->contact[contact_index];
        const struct model_class *class = &m->class[contact->class_index];
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++) {
                const struct model_agent *agent = &m->agent[i];

                if (!agent->head.is_used || !agent->is_idle || class->tier[i] != tier)
                        continue;
                if (model_has_pair(m, contact_index, i)) {
                        m->coverage.pair_skipped++;
                        continue;
                }
                if (best < 0 || agent->idle_order < m->agent[best].idle_order)
                        best = (int32_t)i;
        }
        return best;
}

/* M1. True when the contact was offered. */
bool model_match_contact(struct model *m, uint32_t contact_index)
{
        struct model_contact *contact = &m->contact[contact_index];

        if (contact->state != ACD_CONTACT_WAITING)
                return false;
        if (model_gateway_is_gone(m, contact)) {
                m->coverage.gone_met++;
                model_gateway_gone(m, contact_index);
                return false;
        }
        for (int tier = 0; tier < ACD_TIER_COUNT; tier++) {
                int32_t agent = longest_idle(m, contact_index, tier);

                if (agent < 0)
                        continue;
                if (!model_tier_is_open(m, contact, tier)) {
                        m->coverage.tier_closed++;
                        continue;
                }
                offer(m, contact_index, (uint32_t)agent, tier);
                return true;
        }
        return false;
}

/* The time for tiers has come that are reached at @opening: for those alone (D20). */
void model_match_opened(struct model *m, uint32_t contact_index, acd_time opening)
{
        struct model_contact *contact = &m->contact[contact_index];
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);

        ACD_ASSERT(contact->state == ACD_CONTACT_WAITING);
        if (model_gateway_is_gone(m, contact))
                return;
        for (int tier = 1; tier < ACD_TIER_COUNT; tier++) {
                acd_time at = contact->submitted +
                              (uint64_t)m->queue[queue].config.tier_wait_ms[tier] * 1000000;
                int32_t agent = longest_idle(m, contact_index, tier);

                if (agent < 0 || model_tick(at) != model_tick(opening))
                        continue;
                offer(m, contact_index, (uint32_t)agent, tier);
                return;
        }
}

/* The first contact by key that waits for the agent behind no gate but perhaps
 * its gateway's. */
static int32_t first_for(struct model *m, uint32_t agent_index)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++) {
                const struct model_contact *contact = &m->contact[i];
                int tier;

                if (!contact->head.is_used || contact->state != ACD_CONTACT_WAITING)
                        continue;
                tier = m->class[contact->class_index].tier[agent_index];
                if (tier < 0 || !model_tier_is_open(m, contact, tier))
                        continue;
                if (!model_gateway_is_gone(m, contact) && model_has_pair(m, i, agent_index))
                        continue;
                if (best < 0 || model_is_before(contact, &m->contact[best]))
                        best = (int32_t)i;
        }
        return best;
}

/* M2 of an agent who is idle; he keeps his place in the pools when there is none. */
void model_match_agent(struct model *m, uint32_t agent_index)
{
        ACD_ASSERT(m->agent[agent_index].is_idle);
        for (int met = 0; met < MODEL_GONE_MET_MAX; met++) {
                int32_t contact = first_for(m, agent_index);

                if (contact < 0)
                        return;
                if (!model_gateway_is_gone(m, &m->contact[contact])) {
                        const struct model_class *class =
                                &m->class[m->contact[contact].class_index];

                        offer(m, (uint32_t)contact, agent_index, class->tier[agent_index]);
                        return;
                }
                m->coverage.gone_met++;
                model_gateway_gone(m, (uint32_t)contact);
        }
        m->coverage.agent_search_deferred++;
        model_job_add(m, MODEL_JOB_AGENT_MATCH)->id = m->agent[agent_index].head.id;
}

/* The agent became available, if he is: to the end of the pools, then M2. */
void model_agent_free(struct model *m, uint32_t agent_index)
{
        struct model_agent *agent = &m->agent[agent_index];

        if (agent->presence != ACD_PRESENCE_READY || agent->is_idle ||
            model_uses_slot(m, agent_index))
                return;
        agent->is_idle = true;
        agent->idle_since = m->now;
        agent->idle_order = ++m->order;
        model_match_agent(m, agent_index);
}

/* D21: the first contact by key that can be placed, until there is none. */
void model_rematch(struct model *m, const bool *classes)
{
        static bool is_tried[MODEL_CONTACT_MAX];
        int32_t best;

        for (uint32_t i = 0; i < MODEL_CONTACT_MAX; i++)
                is_tried[i] = false;
        do {
                best = MODEL_NONE;
                for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++) {
                        const struct model_contact *contact = &m->contact[i];

                        if (contact->head.is_used && contact->state == ACD_CONTACT_WAITING &&
                            classes[contact->class_index] && !is_tried[i] &&
                            (best < 0 || model_is_before(contact, &m->contact[best])))
                                best = (int32_t)i;
                }
                if (best >= 0) {
                        is_tried[best] = true;
                        model_match_contact(m, (uint32_t)best);
                }
        } while (best >= 0);
}

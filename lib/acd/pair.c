/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rejection pairs: an agent is not offered again, for a while, what he has just
 * let go (G2).
 *
 * A pair is in two chains, its contact's (oldest first) and its agent's, of at
 * most eight each: so whether a pair stands between two is asked in at most eight
 * steps, and a search skips at most eight contacts or agents on its account.
 */

#include "acd/parts.h"

/* May @agent not be offered @contact for now? */
bool acd_pair_is_chained(const struct acd *acd, uint32_t contact, uint32_t agent)
{
        ACD_ASSERT(contact != 0);
        for (uint32_t pair = acd->contact[contact].pair; pair != 0;
             pair = acd->pair[pair].next_of_contact)
                if (acd->pair[pair].agent == agent)
                        return true;
        return false;
}

static void chain_to_contact(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[acd->pair[index].contact];
        uint32_t *at = &contact->pair;

        while (*at != 0)
                at = &acd->pair[*at].next_of_contact;
        *at = index;
        contact->pair_count++;
}

static void unchain(struct acd *acd, uint32_t index)
{
        const struct acd_pair *pair = &acd->pair[index];
        uint32_t *at = &acd->contact[pair->contact].pair;

        while (*at != index)
                at = &acd->pair[*at].next_of_contact;
        *at = pair->next_of_contact;
        acd->contact[pair->contact].pair_count--;

        at = &acd->agent[pair->agent].pair;
        while (*at != index)
                at = &acd->pair[*at].next_of_agent;
        *at = pair->next_of_agent;
        acd->agent[pair->agent].pair_count--;
}

static void pair_drop(struct acd *acd, uint32_t index)
{
        acd_timer_stop(acd, TIMER_PAIR, index);
        unchain(acd, index);
        acd_slab_give_used(&acd->pairs, index);
}

static void pair_make(struct acd *acd, uint32_t contact, uint32_t agent, acd_time until)
{
        uint32_t index = acd_slab_take_used(&acd->pairs);
        struct acd_pair *pair = &acd->pair[index];

        pair->contact = contact;
        pair->agent = agent;
        pair->until = until;
        pair->next_of_contact = 0;
        chain_to_contact(acd, index);
        pair->next_of_agent = acd->agent[agent].pair;
        acd->agent[agent].pair = index;
        acd->agent[agent].pair_count++;
        acd_timer_set(acd, TIMER_PAIR, index, until);
}

static bool makes_pair(enum acd_reason reason)
{
        return reason == ACD_REASON_REJECTED || reason == ACD_REASON_OFFER_TIMEOUT ||
               reason == ACD_REASON_CONNECT_TIMEOUT ||
               (reason >= ACD_REASON_FAILED_BUSY && reason <= ACD_REASON_FAILED_MEDIA);
}

/* An offer of @contact to @agent came to nothing. False: the agent has as many
 * pairs as he may, and has to be paused. */
bool acd_pair_add(struct acd *acd, uint32_t contact, uint32_t agent, enum acd_reason reason)
{
        const struct acd_class *class = &acd->class[acd->contact[contact].class];
        uint64_t cool_down_ms = acd->queue[class->queue].config.cool_down_ms;

        if (!makes_pair(reason) || cool_down_ms == 0)
                return true;
        if (acd->agent[agent].pair_count == ACD_PAIR_MAX)
                return false;
        /* The contact is on its way back: what its oldest pair hid from it is
         * seen by its own match. */
        if (acd->contact[contact].pair_count == ACD_PAIR_MAX)
                pair_drop(acd, acd->contact[contact].pair);
        if (acd->pairs.live < acd->limits.pair_count_max)
                pair_make(acd, contact, agent, acd->step_now + cool_down_ms * CORE_NS_PER_MS);
        return true;
}

void acd_pairs_drop_of_contact(struct acd *acd, uint32_t contact)
{
        while (acd->contact[contact].pair != 0)
                pair_drop(acd, acd->contact[contact].pair);
}

void acd_pairs_drop_of_agent(struct acd *acd, uint32_t agent)
{
        while (acd->agent[agent].pair != 0)
                pair_drop(acd, acd->agent[agent].pair);
}

/* The time is over: what the pair hid is matched (M3). */
void acd_pair_expired(struct acd *acd, uint32_t index)
{
        uint32_t contact = acd->pair[index].contact;

        pair_drop(acd, index);
        if (acd->contact[contact].state == ACD_CONTACT_WAITING)
                acd_match_contact(acd, contact);
}

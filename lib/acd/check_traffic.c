/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I5: a contact is in the place of its state; it has an assignment exactly when its
 * state says so, and the two point at each other.
 * I6: an assignment uses its agent's slot, or is parked with him; an agent is idle
 * exactly when he is available; deadlines belong to the states that have them.
 */

#include <string.h>

#include "acd/check.h"

/* The tag that a contact of this state must have, when it does not wait. */
static uint32_t home_tag(const struct acd *acd, const struct acd_contact *contact)
{
        return acd_tag(LIST_WITHHELD + (uint32_t)contact->state - ACD_CONTACT_WITHHELD,
                       acd->class[contact->class].queue);
}

static bool waits_where_it_should(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];
        uint32_t owner = acd_tag_owner(contact->link.list);

        if (contact->link.list == acd_tag(LIST_TREE, contact->class))
                return acd->contact_cold[index].node.height > 0;
        return acd_slab_is_live(&acd->lanes, owner) &&
               contact->link.list == acd_tag(LIST_LANE, owner) &&
               acd->lane[owner].class == contact->class && acd->lane[owner].band == contact->band &&
               acd->lane[owner].credit_ms == contact->credit_ms &&
               acd->contact_cold[index].node.height == 0;
}

static const char *check_contact(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];
        const struct acd_contact_cold *cold = &acd->contact_cold[index];
        bool is_with_agent = contact->state >= ACD_CONTACT_OFFERED;
        bool is_open = contact->state != ACD_CONTACT_ENDED;

        if (contact->state == ACD_CONTACT_WAITING)
                HOLDS(waits_where_it_should(acd, index));
        else
                HOLDS(contact->link.list == home_tag(acd, contact));
        HOLDS((contact->assignment != 0) == is_with_agent);
        if (is_with_agent)
                HOLDS(acd->assignment[contact->assignment].contact == index);
        HOLDS(contact->band < ACD_BAND_COUNT);
        HOLDS(contact->state != ACD_CONTACT_WITHHELD || contact->gateway != 0);
        HOLDS(contact->submitted <= acd->now);
        if (contact->gateway != 0 && is_open)
                HOLDS(cold->gateway_link.list == acd_tag(LIST_OF, contact->gateway));
        else
                HOLDS(cold->gateway_link.list == 0);
        HOLDS(is_open || contact->pair == 0);
        if (is_open && contact->key != 0)
                HOLDS(acd->key[contact->key].contact == acd_id_of(acd, &acd->contacts, index));
        return NULL;
}

static const char *check_contacts(const struct acd *acd)
{
        uint32_t *ended = acd->scratch;

        memset(ended, 0, acd->scratch_count * sizeof(ended[0]));
        for (uint32_t i = 1; i <= acd->contacts.top; i++) {
                const char *broken;

                if (!acd_slab_is_live(&acd->contacts, i))
                        continue;
                broken = check_contact(acd, i);
                if (broken != NULL)
                        return broken;
                if (acd->contact[i].state == ACD_CONTACT_ENDED)
                        ended[acd->contact[i].gateway]++;
        }
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i))
                        HOLDS(acd->gateway[i].ended_count == ended[i]);
        return NULL;
}

/* The contact's state that goes with an assignment's. */
static uint8_t contact_state_of(uint8_t state)
{
        static const uint8_t states[] = {
                [ACD_ASSIGNMENT_OFFERED] = ACD_CONTACT_OFFERED,
                [ACD_ASSIGNMENT_CONNECTING] = ACD_CONTACT_CONNECTING,
                [ACD_ASSIGNMENT_ACTIVE] = ACD_CONTACT_ACTIVE,
                [ACD_ASSIGNMENT_HELD] = ACD_CONTACT_ACTIVE,
                [ACD_ASSIGNMENT_PARKED] = ACD_CONTACT_ACTIVE,
                [ACD_ASSIGNMENT_WRAP_UP] = ACD_CONTACT_ENDED,
        };

        return states[state];
}

static bool has_deadline(uint8_t state)
{
        return state == ACD_ASSIGNMENT_OFFERED || state == ACD_ASSIGNMENT_CONNECTING ||
               state == ACD_ASSIGNMENT_WRAP_UP;
}

static bool timer_is_set(const struct acd *acd, enum core_timer_kind kind, uint32_t index)
{
        return acd_wheel_is_set(&acd->wheel, acd_timer_number(acd, kind, index));
}

static const char *check_assignment(const struct acd *acd, uint32_t index)
{
        const struct acd_assignment *assignment = &acd->assignment[index];
        const struct acd_contact *contact = &acd->contact[assignment->contact];
        const struct acd_agent *agent = &acd->agent[assignment->agent];

        HOLDS(assignment->link.list == acd_tag(LIST_USED, 0));
        HOLDS(assignment->agent_id.value == acd_id_of(acd, &acd->agents, assignment->agent));
        HOLDS(contact->assignment == index);
        HOLDS(contact->state == contact_state_of(assignment->state));
        if (assignment->state == ACD_ASSIGNMENT_PARKED) {
                HOLDS(assignment->agent_link.list == acd_tag(LIST_PARKED, assignment->agent));
        } else {
                HOLDS(assignment->agent_link.list == 0);
                HOLDS(agent->busy == index);
        }
        HOLDS((assignment->deadline != 0) == has_deadline(assignment->state));
        HOLDS(timer_is_set(acd, TIMER_ASSIGNMENT, index) == has_deadline(assignment->state));
        HOLDS(assignment->order <= acd->offer_sequence);
        HOLDS(assignment->offered <= acd->now && assignment->accepted <= acd->now &&
              assignment->connected <= acd->now && assignment->state_since <= acd->now);
        return NULL;
}

static const char *check_agent(const struct acd *acd, uint32_t index)
{
        const struct acd_agent *agent = &acd->agent[index];
        bool is_lost = agent->presence == ACD_PRESENCE_LOST;

        HOLDS(agent->link.list ==
              acd_tag(LIST_PRESENCE + (uint32_t)agent->presence, agent->tenant));
        HOLDS(acd_agent_is_idle(acd, index) == acd_agent_is_available(acd, index));
        HOLDS(agent->idle_link.list == 0 ||
              agent->idle_link.list == acd_tag(LIST_OF, agent->tenant));
        HOLDS(agent->idle_sequence <= acd->idle_sequence);
        if (agent->busy != 0) {
                HOLDS(acd->assignment[agent->busy].agent == index);
                HOLDS(acd->assignment[agent->busy].state != ACD_ASSIGNMENT_PARKED);
                HOLDS(acd->assignment[agent->busy].state != ACD_ASSIGNMENT_OFFERED ||
                      agent->presence == ACD_PRESENCE_READY);
        }
        HOLDS(timer_is_set(acd, TIMER_AGENT, index) == is_lost);
        HOLDS((agent->grace_deadline != 0) == is_lost);
        HOLDS(!is_lost || agent->before_lost == ACD_PRESENCE_READY ||
              agent->before_lost == ACD_PRESENCE_PAUSED);
        HOLDS(agent->next == 0 || agent->next == ACD_PRESENCE_READY ||
              agent->next == ACD_PRESENCE_PAUSED || agent->next == ACD_PRESENCE_LOGGED_OUT);
        HOLDS(agent->next == 0 || agent->busy != 0 || is_lost);
        HOLDS(agent->presence != ACD_PRESENCE_LOGGED_OUT ||
              acd->agent_setup[index].address_count == 0);
        return NULL;
}

static const char *check_people(const struct acd *acd)
{
        const char *broken = NULL;

        for (uint32_t i = 1; i <= acd->assignments.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->assignments, i))
                        broken = check_assignment(acd, i);
        for (uint32_t i = 1; i <= acd->agents.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        broken = check_agent(acd, i);
        return broken;
}

#undef HOLDS

const char *acd_check_traffic(const struct acd *acd)
{
        const char *broken = check_contacts(acd);

        return broken != NULL ? broken : check_people(acd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presence: whether an agent is there and wants to work.
 *
 *                 login             ready
 *      LOGGED_OUT -----> PAUSED <----------> READY
 *          ^                |      pause       |
 *          |                '------. .---------'
 *          '--- logout ---          v    back: as before
 *          '--- grace ends ------- LOST ------>
 *
 * Presence is all that an agent has of his own; offered, busy and wrapping up are
 * read from his assignments. A state is a place: one list of the tenant for each
 * presence, changed by set_presence() alone, which also keeps each class's count
 * of who is logged in, by tier: that is what tier gates ask.
 *
 * Whenever his slot becomes free acd_agent_settle() says what follows: the next
 * state that he asked for, else a contact, else idleness.
 */

#include "acd/parts.h"

/* Logged in or out: every class of his counts him. */
static void count_login(struct acd *acd, const struct acd_agent *agent, bool is_login)
{
        for (uint32_t member = agent->members.first; member != 0;
             member = acd->membership[member].agent_link.next)
                acd_member_count_login(acd, member, is_login);
}

static void set_presence(struct acd *acd, uint32_t index, enum acd_presence to, const char *label)
{
        struct acd_agent *agent = &acd->agent[index];
        struct acd_tenant *tenant = &acd->tenant[agent->tenant];
        bool was_logged_in = agent->presence != ACD_PRESENCE_LOGGED_OUT;
        bool is_logged_in = to != ACD_PRESENCE_LOGGED_OUT;

        acd_idle_leave(acd, index);
        if (agent->presence == ACD_PRESENCE_LOST) {
                agent->grace_deadline = 0;
                acd_timer_stop(acd, TIMER_AGENT, index);
        }
        acd_ilist_remove(acd_slab_space(&acd->agents), &tenant->presence[agent->presence], index);
        agent->presence = (uint8_t)to;
        agent->since = acd->step_now;
        acd_text_set(agent->label, sizeof(agent->label), label);
        acd_ilist_push_back(acd_slab_space(&acd->agents), &tenant->presence[to], index);
        if (was_logged_in != is_logged_in)
                count_login(acd, agent, is_logged_in);
}

/* The presence changes and the world is told. */
static struct acd_event *go(struct acd *acd, uint32_t index, enum acd_presence to,
                            enum acd_reason reason, const char *label)
{
        static const enum acd_event_kind kinds[] = {
                [ACD_PRESENCE_LOGGED_OUT] = ACD_EVENT_AGENT_LOGGED_OUT,
                [ACD_PRESENCE_READY] = ACD_EVENT_AGENT_READY,
                [ACD_PRESENCE_PAUSED] = ACD_EVENT_AGENT_PAUSED,
                [ACD_PRESENCE_LOST] = ACD_EVENT_AGENT_LOST,
        };
        acd_time since = acd->agent[index].since;
        struct acd_event *event;

        set_presence(acd, index, to, label);
        event = acd_emit_agent(acd, index, kinds[to], reason);
        if (to == ACD_PRESENCE_READY || to == ACD_PRESENCE_PAUSED)
                event->since = since;
        if (to == ACD_PRESENCE_PAUSED)
                acd_text_set(event->label, sizeof(event->label), label);
        return event;
}

/* 0: nothing is asked any more. */
void acd_agent_set_next(struct acd *acd, uint32_t index, enum acd_presence next, const char *label)
{
        struct acd_agent *agent = &acd->agent[index];

        agent->next = (uint8_t)next;
        acd_text_set(agent->next_label, sizeof(agent->next_label), label);
}

/* READY; what follows from it is the caller's to say. */
void acd_agent_go_ready(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        acd->agent[index].missed_count = 0;
        go(acd, index, ACD_PRESENCE_READY, reason, "");
}

void acd_agent_go_paused(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        go(acd, index, ACD_PRESENCE_PAUSED, reason, label);
}

void acd_agent_go_logged_out(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_agent *agent = &acd->agent[index];
        acd_time login_at = agent->login_at;

        go(acd, index, ACD_PRESENCE_LOGGED_OUT, reason, "")->since = login_at;
        acd_agent_set_next(acd, index, 0, "");
        acd_agent_drop_addresses(acd, index);
        acd_agent_rematch_tiers(acd, index);
}

void acd_agent_go_lost(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_agent *agent = &acd->agent[index];
        uint32_t grace_ms = acd->tenant[agent->tenant].config.agent_grace_ms;
        char label[ACD_LABEL_MAX + 1];

        /* A pause that comes back has its label still. */
        acd_text_set(label, sizeof(label), agent->label);
        agent->before_lost = agent->presence;
        agent->grace_deadline = acd->step_now + grace_ms * CORE_NS_PER_MS;
        go(acd, index, ACD_PRESENCE_LOST, reason, label)->deadline = agent->grace_deadline;
        acd_timer_set(acd, TIMER_AGENT, index, agent->grace_deadline);
}

/* He is back from LOST, as he was before. */
void acd_agent_go_back(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_agent *agent = &acd->agent[index];
        char label[ACD_LABEL_MAX + 1];

        acd_text_set(label, sizeof(label), agent->label);
        set_presence(acd, index, (enum acd_presence)agent->before_lost, label);
        acd_emit_agent(acd, index, ACD_EVENT_AGENT_BACK, reason);
}

/* The first login, or a further one. */
void acd_agent_go_logged_in(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        if (agent->presence == ACD_PRESENCE_LOGGED_OUT) {
                set_presence(acd, index, ACD_PRESENCE_PAUSED, "login");
                agent->login_at = acd->step_now;
                agent->contact_count = 0;
        }
        agent->missed_count = 0;
        acd_emit_agent(acd, index, ACD_EVENT_AGENT_LOGGED_IN, ACD_REASON_NONE);
}

/* The core pauses an agent who is ready. */
void acd_agent_pause(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        if (acd->agent[index].presence == ACD_PRESENCE_READY)
                acd_agent_go_paused(acd, index, reason, label);
}

/* He has not answered an offer. @missed_max 0: that may happen. */
void acd_agent_missed(struct acd *acd, uint32_t index, uint32_t missed_max)
{
        struct acd_agent *agent = &acd->agent[index];

        agent->missed_count++;
        if (missed_max == 0 || agent->missed_count < missed_max)
                return;
        if (agent->presence == ACD_PRESENCE_READY) {
                agent->missed_count = 0;
                acd_agent_go_paused(acd, index, ACD_REASON_MISSED_OFFERS, "missed");
        }
}

bool acd_agent_is_paused_as(const struct acd *acd, uint32_t index, const char *label)
{
        return acd->agent[index].presence == ACD_PRESENCE_PAUSED &&
               acd_text_equal(acd->agent[index].label, label);
}

/* Take the next state that he asked for; silent where it changes nothing. */
__attribute__((noinline)) static void take_next(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];
        enum acd_presence next = (enum acd_presence)agent->next;
        char label[ACD_LABEL_MAX + 1];

        acd_text_set(label, sizeof(label), agent->next_label);
        acd_agent_set_next(acd, index, 0, "");
        if (next == ACD_PRESENCE_READY) {
                if (agent->presence == ACD_PRESENCE_PAUSED)
                        acd_agent_go_ready(acd, index, ACD_REASON_NEXT_STATE);
        } else if (next == ACD_PRESENCE_LOGGED_OUT && agent->parked.count == 0) {
                acd_agent_go_logged_out(acd, index, ACD_REASON_NEXT_STATE);
        } else if (!acd_agent_is_paused_as(acd, index, label)) {
                acd_agent_go_paused(acd, index, ACD_REASON_NEXT_STATE, label);
        }
}

/* His slot may have become free, or he available: what follows (D15). */
void acd_agent_settle(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        if (agent->busy != 0 || agent->presence == ACD_PRESENCE_LOST ||
            agent->presence == ACD_PRESENCE_LOGGED_OUT)
                return;
        if (agent->next != 0)
                take_next(acd, index);
        if (acd_agent_is_available(acd, index) && !acd_agent_is_idle(acd, index))
                acd_match_agent(acd, index);
}

/* His open offer, if he has one, returns. The contact, if it waits now, else 0. */
uint32_t acd_agent_return_offer(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        uint32_t busy = acd->agent[index].busy;
        bool has_pairs_full;

        if (busy == 0 || acd->assignment[busy].state != ACD_ASSIGNMENT_OFFERED)
                return 0;
        return acd_offer_return(acd, busy, reason, "", &has_pairs_full);
}

/* Its agent has gone and the presence has been told: the contact looks again. */
void acd_match_if_waiting(struct acd *acd, uint32_t contact)
{
        if (contact != 0 && acd->contact[contact].state == ACD_CONTACT_WAITING)
                acd_match_contact(acd, contact);
}

/* He is logged out: lower tiers may be empty now, so that higher ones open. */
void acd_agent_rematch_tiers(struct acd *acd, uint32_t index)
{
        const struct acd_agent *agent = &acd->agent[index];

        for (uint32_t member = agent->members.first; member != 0;
             member = acd->membership[member].agent_link.next)
                acd_rematch_for_agent(acd, index, acd->membership[member].class);
}

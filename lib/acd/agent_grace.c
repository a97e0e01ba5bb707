/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grace of a lost agent ends: what becomes of his contacts (P3, D18).
 *
 * Each of his assignments, in the order in which they were offered, ends by the
 * rule of its queue: back to its place, closed, or kept until its gateway reports
 * the end. Then he is logged out, then the contacts that wait again are matched.
 * At most nine assignments: one that uses the slot and eight parked ones.
 */

#include "acd/parts.h"

enum { ASSIGNMENT_MAX = ACD_AGENT_PARKED_MAX + 1 };

struct ending {
        uint32_t agent;
        uint32_t waiting_count;
        uint32_t waiting[ASSIGNMENT_MAX]; /* contacts to match afterwards */
};

static uint32_t collect(const struct acd *acd, uint32_t agent_index, uint32_t *assignments)
{
        const struct acd_agent *agent = &acd->agent[agent_index];
        uint32_t count = 0;

        if (agent->busy != 0)
                assignments[count++] = agent->busy;
        for (uint32_t parked = agent->parked.first; parked != 0;
             parked = acd->assignment[parked].agent_link.next) {
                ACD_ASSERT(count < ASSIGNMENT_MAX);
                assignments[count++] = parked;
        }
        /* By order of the offers; so few that insertion is the simplest. */
        for (uint32_t i = 1; i < count; i++) {
                uint32_t moving = assignments[i];
                uint32_t at = i;

                for (; at > 0 &&
                       acd->assignment[assignments[at - 1]].order > acd->assignment[moving].order;
                     at--)
                        assignments[at] = assignments[at - 1];
                assignments[at] = moving;
        }
        return count;
}

static enum acd_lost_rule rule_of(const struct acd *acd, uint32_t contact)
{
        const struct acd_class *class = &acd->class[acd->contact[contact].class];
        enum acd_lost_rule rule = acd->queue[class->queue].config.on_agent_lost;

        if (rule != ACD_LOST_BY_CHANNEL)
                return rule;
        return acd->channel[class->channel].config.is_media ? ACD_LOST_KEEP : ACD_LOST_REQUEUE;
}

static void requeue(struct acd *acd, struct ending *ending, uint32_t index)
{
        uint32_t contact = acd->assignment[index].contact;

        acd_contact_stop_active(acd, contact);
        if (acd->assignment[index].state == ACD_ASSIGNMENT_CONNECTING)
                acd_offer_end(acd, index, ACD_REASON_AGENT_LOST, "");
        else
                acd_assignment_close(acd, index, ACD_REASON_AGENT_LOST);
        if (acd_contact_wait(acd, contact, ACD_REASON_RETURNED))
                ending->waiting[ending->waiting_count++] = contact;
}

/* One assignment of his, by the rule of its queue. */
static void end_assignment(struct acd *acd, struct ending *ending, uint32_t index)
{
        uint32_t contact = acd->assignment[index].contact;

        if (acd->assignment[index].state == ACD_ASSIGNMENT_WRAP_UP) {
                acd_assignment_end_wrap_up(acd, index, ACD_REASON_AGENT_LOST);
                return;
        }
        switch (rule_of(acd, contact)) {
        case ACD_LOST_REQUEUE:
                requeue(acd, ending, index);
                return;
        case ACD_LOST_CLOSE:
                acd_contact_close_without_wrap_up(acd, contact, ACD_REASON_AGENT_LOST);
                return;
        case ACD_LOST_KEEP:
                return;
        case ACD_LOST_BY_CHANNEL:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a rule is one of three");
}

void acd_agent_grace_ended(struct acd *acd, uint32_t index)
{
        struct ending ending = { .agent = index };
        uint32_t assignments[ASSIGNMENT_MAX];
        uint32_t count = collect(acd, index, assignments);

        ACD_ASSERT(acd->agent[index].presence == ACD_PRESENCE_LOST);
        for (uint32_t i = 0; i < count; i++)
                end_assignment(acd, &ending, assignments[i]);
        acd_agent_go_logged_out(acd, index, ACD_REASON_AGENT_LOST);
        for (uint32_t i = 0; i < ending.waiting_count; i++)
                acd_match_if_waiting(acd, ending.waiting[i]);
}

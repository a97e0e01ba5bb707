/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a contact.
 *
 *              submit           offer            accept             connected
 *      FREE ----------> WAITING -------> OFFERED --------> CONNECTING ----------> ACTIVE
 *                        ^   ^              |                   |                    |
 *                        |   '-- returned --+------ failed -----'---- agent lost ----|
 *                        v                                                           |
 *                     WITHHELD                                                       |
 *      FREE <--------------------- closed, from every state ------------------- ENDED
 *
 * A state is a place: waiting contacts are in a lane or tree of their class, all
 * others in a crowd of their queue, one for each state: nobody walks those, so they have
 * a number and no order. acd_contact_go() is the only function that changes either.
 * ENDED is over for the customer; the slot stays until the agent has wrapped up.
 *
 * A contact that comes to wait, whether new or back, does so in acd_contact_wait():
 * when its gateway is gone it is withheld or closed instead (G4).
 */

#include "acd/move.h"

static struct acd_ispace gateway_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->contact_cold[0].gateway_link,
                                    sizeof(acd->contact_cold[0]) };
}

bool acd_contact_is_live(const struct acd *acd, uint32_t index)
{
        return acd->channel[acd->class[acd->contact[index].class].channel].config.is_live;
}

void acd_contact_join_gateway(struct acd *acd, uint32_t index)
{
        struct acd_gateway *gateway = &acd->gateway[acd->contact[index].gateway];

        if (acd->contact[index].gateway == 0)
                return;
        acd->contact[index].round = (uint16_t)gateway->round;
        acd_ilist_push_back(gateway_space(acd), &gateway->contacts, index);
}

static void leave_gateway(struct acd *acd, uint32_t index)
{
        uint32_t gateway = acd->contact[index].gateway;

        if (acd->contact_cold[index].gateway_link.list == 0)
                return;
        acd_job_step_over(acd, JOB_GATEWAY, gateway, index,
                          acd->contact_cold[index].gateway_link.next);
        acd_job_step_over(acd, JOB_GATEWAY_RELEASE, gateway, index,
                          acd->contact_cold[index].gateway_link.next);
        acd_ilist_remove(gateway_space(acd), &acd->gateway[gateway].contacts, index);
}

/* Its gateway is gone: it is withheld, or over. */
static void withhold(struct acd *acd, uint32_t index)
{
        if (acd_contact_is_live(acd, index)) {
                acd_contact_close(acd, index, ACD_REASON_GATEWAY_LOST, "");
                return;
        }
        acd_contact_go(acd, index, acd_queue_of(acd, &acd->contact[index]), ACD_CONTACT_WITHHELD);
        acd_emit_contact(acd, index, ACD_EVENT_CONTACT_WITHHELD, ACD_REASON_GATEWAY_LOST);
}

/* A waiting contact whose gateway is gone. */
void acd_gateway_gone_contact(struct acd *acd, uint32_t contact)
{
        ACD_ASSERT(acd->contact[contact].state == ACD_CONTACT_WAITING);
        withhold(acd, contact);
}

/* It comes to wait, or to what stands for waiting while its gateway is gone. True:
 * it waits, in its place, and M1 is its caller's next thought. */
bool acd_contact_wait(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        if (acd_contact_is_orphan(acd, index)) {
                withhold(acd, index);
                return false;
        }
        acd_contact_wait_told(acd, acd_subject_of(acd, index),
                              (enum acd_contact_state)acd->contact[index].state, reason, NULL);
        return true;
}

/* The slot is free again. */
ACD_INLINE void free_contact(struct acd *acd, uint32_t index, struct acd_queue *queue,
                             enum acd_contact_state from)
{
        struct acd_contact *contact = &acd->contact[index];
        struct acd_contact_cold *cold = &acd->contact_cold[index];

        if (from == ACD_CONTACT_ENDED && contact->gateway != 0)
                acd->gateway[contact->gateway].ended_count--;
        acd_contact_go_from(acd, index, queue, from, ACD_CONTACT_FREE);
        contact->pair = contact->gateway == 0 ? 0 : acd->gateway[contact->gateway].generation;
        cold->active_ns = acd->step;
        if (cold->customer_key != 0)
                acd_payload_bury(acd, cold->customer_key);
        if (cold->attributes != 0)
                acd_payload_bury(acd, cold->attributes);
        acd_class_lose_contact(acd, contact->class);
}

void acd_contact_free(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];

        free_contact(acd, index, acd_queue_of(acd, contact),
                     (enum acd_contact_state)contact->state);
}

/* What ENDED and FREE have in common: nobody outside holds it any more. */
static inline void let_go(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];

        if (contact->pair_count > 0)
                acd_pairs_drop_of_contact(acd, index);
        if (contact->gateway != 0)
                leave_gateway(acd, index);
        if (contact->key != 0)
                acd_key_close(acd, contact->key, acd->class[contact->class].tenant);
}

ACD_INLINE void count_end(struct acd_queue *queue, enum acd_reason reason)
{
        queue->closed++;
        if (reason == ACD_REASON_ABANDONED)
                queue->abandoned++;
}

/* It waits, is withheld or, with an offer that ends now, nobody has taken it yet. */
__attribute__((noinline)) static void close_alone(struct acd *acd, uint32_t index,
                                                  enum acd_reason reason, const char *label)
{
        struct acd_subject subject = acd_subject_of(acd, index);
        struct acd_contact *contact = subject.contact;
        struct acd_queue *queue = &acd->queue[subject.class->queue];
        uint32_t assignment = contact->assignment;
        uint32_t agent = assignment == 0 ? 0 : acd->assignment[assignment].agent;
        struct acd_fact fact = { .kind = ACD_EVENT_CONTACT_CLOSED,
                                 .reason = reason,
                                 .state = ACD_CONTACT_FREE,
                                 .since = contact->submitted,
                                 .value = acd->contact_cold[index].active_ns };
        struct acd_event *event;

        ACD_ASSERT(contact->state != ACD_CONTACT_FREE);
        ACD_ASSERT(contact->state != ACD_CONTACT_ENDED);
        if (assignment != 0)
                acd_offer_end(acd, assignment, reason, "");
        event = acd_event_of_contact(acd, subject, fact);
        acd_text_set(event->label, sizeof(event->label), label);
        count_end(queue, reason);
        let_go(acd, index);
        free_contact(acd, index, queue, (enum acd_contact_state)contact->state);
        if (agent != 0)
                acd_agent_settle(acd, agent);
}

/* The agent's part of an end without wrap-up, whose first event was @before. */
ACD_INLINE void close_bond(struct acd *acd, struct acd_bond bond, enum acd_assignment_state from,
                           enum acd_reason reason, const struct acd_event *before)
{
        uint32_t agent = bond.assignment->agent;

        acd_event_also(acd, before, bond.class, acd_end_of(acd, bond.assignment, reason));
        acd_assignment_free(acd, bond, from);
        free_contact(acd, bond.contact_index, bond.queue, ACD_CONTACT_ACTIVE);
        acd_agent_settle(acd, agent);
}

/* It is with an agent. */
static void close_active(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label,
                         bool may_wrap_up)
{
        struct acd_bond bond = acd_bond_between(acd, acd->contact[index].assignment, index);
        bool has_wrap_up = may_wrap_up && bond.queue->config.wrap_up_ms > 0 &&
                           acd_assignment_has_wrap_up(acd, bond.index);
        struct acd_fact fact = { .kind = ACD_EVENT_CONTACT_CLOSED,
                                 .reason = reason,
                                 .state = has_wrap_up ? ACD_CONTACT_ENDED : ACD_CONTACT_FREE,
                                 .since = bond.contact->submitted };
        struct acd_event *event;

        acd_contact_stop_active(acd, index);
        fact.value = acd->contact_cold[index].active_ns;
        event = acd_event_of_bond(acd, bond, fact);
        if (label[0] != 0)
                acd_text_copy(event->label, sizeof(event->label), label);
        count_end(bond.queue, reason);
        let_go(acd, index);
        if (has_wrap_up) {
                acd_contact_go_from(acd, index, bond.queue, ACD_CONTACT_ACTIVE, ACD_CONTACT_ENDED);
                if (bond.contact->gateway != 0)
                        acd->gateway[bond.contact->gateway].ended_count++;
                acd_assignment_begin_wrap_up(acd, bond.index, reason);
        } else if (bond.assignment->state == ACD_ASSIGNMENT_ACTIVE) {
                close_bond(acd, bond, ACD_ASSIGNMENT_ACTIVE, reason, event);
        } else {
                close_bond(acd, bond, (enum acd_assignment_state)bond.assignment->state, reason,
                           event);
        }
}

static inline void close_contact(struct acd *acd, uint32_t index, enum acd_reason reason,
                                 const char *label, bool may_wrap_up)
{
        /* One that comes back from a lost agent has no assignment any more. */
        if (acd->contact[index].state == ACD_CONTACT_ACTIVE && acd->contact[index].assignment != 0)
                close_active(acd, index, reason, label, may_wrap_up);
        else
                close_alone(acd, index, reason, label);
}

/* The customer is gone, in whatever state: events as rule D14. Its agent, if his
 * slot becomes free, goes on to his next state or contact. */
void acd_contact_close(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        close_contact(acd, index, reason, label, true);
}

void acd_contact_close_without_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        close_contact(acd, index, reason, "", false);
}

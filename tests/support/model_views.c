/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the naive model holds, in the form of acd/view.h, and the comparison of the two.
 *
 * Deadlines in views are not compared: START may have held one (D24), and where such a
 * timer stands is the core's own affair until it has run.
 */

#include "tests/support/model_state.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

bool model_view_contact(const struct model *m, uint64_t id, struct acd_contact_view *ret_view)
{
        int32_t index = model_index_of(m, ACD_OBJECT_CONTACT, id);
        const struct model_contact *contact = &m->contact[index < 0 ? 0 : index];

        if (index < 0)
                return false;
        *ret_view = (struct acd_contact_view){
                .contact = { id },
                .tenant = { m->tenant[contact->head.tenant].head.id },
                .state = contact->state,
                .queue = { contact->queue },
                .channel = { contact->channel },
                .gateway = { contact->gateway },
                .band = contact->band,
                .credit_ms = contact->credit_ms,
                .offer_count = contact->offer_count,
                .submitted = contact->submitted,
                .queued = contact->submitted,
                .sequence = contact->sequence,
        };
        if (contact->assignment >= 0) {
                const struct model_assignment *assignment = &m->assignment[contact->assignment];

                ret_view->assignment.value = assignment->head.id;
                ret_view->agent.value = m->agent[assignment->agent].head.id;
        }
        return true;
}

bool model_view_assignment(const struct model *m, uint64_t id,
                           struct acd_assignment_view *ret_view)
{
        int32_t index = model_index_of(m, ACD_OBJECT_ASSIGNMENT, id);
        const struct model_assignment *assignment = &m->assignment[index < 0 ? 0 : index];

        if (index < 0)
                return false;
        *ret_view = (struct acd_assignment_view){
                .assignment = { id },
                .state = assignment->state,
                .contact = { m->contact[assignment->contact].head.id },
                .agent = { m->agent[assignment->agent].head.id },
                .epoch = assignment->epoch,
                .offered = assignment->offered,
                .accepted = assignment->accepted,
                .connected = assignment->connected,
                .deadline = assignment->deadline,
                .held_ns = assignment->held_ns,
                .hold_count = assignment->hold_count,
        };
        return true;
}

static void add_slot(const struct model *m, uint32_t agent_index, struct acd_agent_view *view)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++) {
                const struct model_assignment *assignment = &m->assignment[i];

                if (!assignment->head.is_used || assignment->agent != agent_index ||
                    assignment->state == ACD_ASSIGNMENT_PARKED)
                        continue;
                view->assignment.value = assignment->head.id;
                view->assignment_state = assignment->state;
        }
}

bool model_view_agent(const struct model *m, uint64_t id, struct acd_agent_view *ret_view)
{
        int32_t index = model_index_of(m, ACD_OBJECT_AGENT, id);
        const struct model_agent *agent = &m->agent[index < 0 ? 0 : index];

        if (index < 0)
                return false;
        *ret_view = (struct acd_agent_view){
                .agent = { id },
                .tenant = { m->tenant[agent->head.tenant].head.id },
                .team = agent->config.team,
                .presence = agent->presence,
                .next = agent->next,
                .since = agent->since,
                .idle_since = agent->idle_since,
                .parked_count = model_parked_count(m, (uint32_t)index),
                .class_count = model_classes_of(m, (uint32_t)index),
                .label = { agent->label, (uint32_t)strlen(agent->label) },
                .contact_count = agent->contact_count,
        };
        add_slot(m, (uint32_t)index, ret_view);
        return true;
}

static uint32_t open_of_gateway(const struct model *m, uint64_t gateway)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                count += m->contact[i].head.is_used && m->contact[i].gateway == gateway &&
                         m->contact[i].state != ACD_CONTACT_ENDED;
        return count;
}

bool model_view_gateway(const struct model *m, uint64_t id, struct acd_gateway_view *ret_view)
{
        int32_t index = model_index_of(m, ACD_OBJECT_GATEWAY, id);
        const struct model_gateway *gateway = &m->gateway[index < 0 ? 0 : index];

        if (index < 0)
                return false;
        *ret_view = (struct acd_gateway_view){
                .gateway = { id },
                .tenant = { m->tenant[gateway->head.tenant].head.id },
                .state = gateway->state,
                .deadline = gateway->deadline,
                .contact_count = open_of_gateway(m, id),
        };
        return true;
}

/* Comparison. Each returns NULL or what differs. */

static char difference[256];

#define SAME(object, id, member) \
        do { \
                if ((uint64_t)ours.member != (uint64_t)theirs.member) { \
                        snprintf(difference, sizeof(difference), \
                                 "%s %llx: %s is %llu, the model has %llu", object, \
                                 (unsigned long long)(id), #member, \
                                 (unsigned long long)theirs.member, \
                                 (unsigned long long)ours.member); \
                        return difference; \
                } \
        } while (false)

static const char *missing(const char *object, uint64_t id)
{
        snprintf(difference, sizeof(difference), "%s %llx: the core has none", object,
                 (unsigned long long)id);
        return difference;
}

static const char *compare_contact(const struct model *m, const struct acd *acd, uint64_t id)
{
        struct acd_contact_view ours, theirs;
        uint8_t bytes[ACD_ATTRIBUTES_MAX];
        uint32_t size;

        model_view_contact(m, id, &ours);
        if (!acd_view_contact(acd, (acd_contact_id){ id }, &theirs))
                return missing("contact", id);
        SAME("contact", id, tenant.value);
        SAME("contact", id, state);
        SAME("contact", id, queue.value);
        SAME("contact", id, channel.value);
        SAME("contact", id, gateway.value);
        SAME("contact", id, assignment.value);
        SAME("contact", id, agent.value);
        SAME("contact", id, band);
        SAME("contact", id, credit_ms);
        SAME("contact", id, offer_count);
        SAME("contact", id, submitted);
        SAME("contact", id, queued);
        SAME("contact", id, sequence);
        size = acd_contact_payload(acd, ours.contact, ACD_PAYLOAD_ATTRIBUTES, bytes,
                                   sizeof(bytes));
        if (!model_blob_equal(model_blob_of((struct acd_bytes){ bytes, size }),
                              m->contact[model_index_of(m, ACD_OBJECT_CONTACT, id)].attributes))
                return "a contact's attributes";
        size = acd_contact_payload(acd, ours.contact, ACD_PAYLOAD_CUSTOMER_KEY, bytes,
                                   sizeof(bytes));
        if (!model_blob_equal(model_blob_of((struct acd_bytes){ bytes, size }),
                              m->contact[model_index_of(m, ACD_OBJECT_CONTACT, id)].customer_key))
                return "a contact's customer key";
        return NULL;
}

static const char *compare_assignment(const struct model *m, const struct acd *acd, uint64_t id)
{
        struct acd_assignment_view ours, theirs;

        model_view_assignment(m, id, &ours);
        if (!acd_view_assignment(acd, (acd_assignment_id){ id }, &theirs))
                return missing("assignment", id);
        SAME("assignment", id, state);
        SAME("assignment", id, contact.value);
        SAME("assignment", id, agent.value);
        SAME("assignment", id, epoch);
        SAME("assignment", id, offered);
        SAME("assignment", id, accepted);
        SAME("assignment", id, connected);
        SAME("assignment", id, held_ns);
        SAME("assignment", id, hold_count);
        return NULL;
}

static const char *compare_agent(const struct model *m, const struct acd *acd, uint64_t id)
{
        struct acd_agent_view ours, theirs;

        model_view_agent(m, id, &ours);
        if (!acd_view_agent(acd, (acd_agent_id){ id }, &theirs))
                return missing("agent", id);
        SAME("agent", id, tenant.value);
        SAME("agent", id, team.value);
        SAME("agent", id, presence);
        SAME("agent", id, next);
        SAME("agent", id, since);
        SAME("agent", id, idle_since);
        SAME("agent", id, assignment.value);
        SAME("agent", id, assignment_state);
        SAME("agent", id, parked_count);
        SAME("agent", id, contact_count);
        SAME("agent", id, label.size);
        if (memcmp(ours.label.at, theirs.label.at, ours.label.size) != 0)
                return "an agent's label";
        return NULL;
}

static const char *compare_gateway(const struct model *m, const struct acd *acd, uint64_t id)
{
        struct acd_gateway_view ours, theirs;

        model_view_gateway(m, id, &ours);
        if (!acd_view_gateway(acd, (acd_gateway_id){ id }, &theirs))
                return missing("gateway", id);
        SAME("gateway", id, tenant.value);
        SAME("gateway", id, state);
        SAME("gateway", id, contact_count);
        return NULL;
}

static void count_contact(const struct model_contact *contact, struct acd_queue_view *view)
{
        view->waiting += contact->state == ACD_CONTACT_WAITING;
        view->withheld += contact->state == ACD_CONTACT_WITHHELD;
        view->offered += contact->state == ACD_CONTACT_OFFERED;
        view->connecting += contact->state == ACD_CONTACT_CONNECTING;
        view->active += contact->state == ACD_CONTACT_ACTIVE;
        view->wrap_up += contact->state == ACD_CONTACT_ENDED;
        if (contact->state == ACD_CONTACT_WAITING &&
            (view->oldest == 0 || contact->submitted < view->oldest))
                view->oldest = contact->submitted;
}

/* The waiting contacts of a queue by key, against acd_queue_order(). */
static const char *compare_order(const struct model *m, const struct acd *acd, uint64_t queue)
{
        static acd_contact_id theirs[MODEL_CONTACT_MAX];
        uint32_t count = acd_queue_order(acd, (acd_queue_id){ queue }, (acd_contact_id){ 0 },
                                         theirs, MODEL_CONTACT_MAX);
        const struct model_contact *last = NULL;
        uint32_t at = 0;

        for (;;) {
                const struct model_contact *best = NULL;

                for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++) {
                        const struct model_contact *contact = &m->contact[i];

                        if (contact->head.is_used && contact->queue == queue &&
                            contact->state == ACD_CONTACT_WAITING &&
                            (last == NULL || model_is_before(last, contact)) &&
                            (best == NULL || model_is_before(contact, best)))
                                best = contact;
                }
                if (best == NULL)
                        return at == count ? NULL : "a queue's order is too long";
                if (at >= count || theirs[at].value != best->head.id)
                        return "a queue's order";
                last = best;
                at++;
        }
}

static const char *compare_queue(const struct model *m, const struct acd *acd, uint64_t id)
{
        const struct model_queue *queue = &m->queue[model_index_of(m, ACD_OBJECT_QUEUE, id)];
        struct acd_queue_view ours = { .submitted = queue->submitted,
                                       .answered = queue->answered,
                                       .abandoned = queue->abandoned,
                                       .closed = queue->closed };
        struct acd_queue_view theirs;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                if (m->contact[i].head.is_used && m->contact[i].queue == id)
                        count_contact(&m->contact[i], &ours);
        if (!acd_view_queue(acd, (acd_queue_id){ id }, &theirs))
                return missing("queue", id);
        SAME("queue", id, waiting);
        SAME("queue", id, withheld);
        SAME("queue", id, offered);
        SAME("queue", id, connecting);
        SAME("queue", id, active);
        SAME("queue", id, wrap_up);
        SAME("queue", id, oldest);
        SAME("queue", id, submitted);
        SAME("queue", id, answered);
        SAME("queue", id, abandoned);
        SAME("queue", id, closed);
        return compare_order(m, acd, id);
}

/* The same number of objects of a kind, each tenant's. */
static const char *compare_lists(const struct model *m, const struct acd *acd,
                                 enum acd_object object)
{
        for (uint32_t t = 0; t < m->top[ACD_OBJECT_TENANT]; t++) {
                acd_tenant_id tenant = { m->tenant[t].head.id };
                uint64_t cursor = 0;
                uint32_t count = 0;
                uint64_t id;

                if (!m->tenant[t].head.is_used)
                        continue;
                while (cursor != UINT64_MAX) {
                        id = acd_list(acd, object, tenant, &cursor, 64);
                        if (id == 0)
                                continue;
                        count++;
                        if (model_find_here(m, t, object, id) < 0)
                                return "an object that the model does not have";
                }
                for (uint32_t i = 0; i < m->top[object]; i++) {
                        const struct model_head *head = model_head_at(m, object, i);

                        count -= head->is_used && head->tenant == t;
                }
                if (count != 0)
                        return "the number of objects of a kind";
        }
        return NULL;
}

static uint32_t keys_used(const struct model *m)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->key_top; i++)
                count += m->key[i].is_used;
        return count;
}

static const char *compare_usage(const struct model *m, const struct acd *acd)
{
        struct acd_usage usage = acd_usage(acd);

        if (usage.used.contact_count_max != model_used_count(m, ACD_OBJECT_CONTACT))
                return "usage: contacts";
        if (usage.used.agent_count_max != model_used_count(m, ACD_OBJECT_AGENT))
                return "usage: agents";
        if (usage.used.key_count_max != keys_used(m))
                return "usage: keys";
        if (usage.used.payload_cell_count_max != model_cells_used(m))
                return "usage: payload cells";
        if (m->epoch > 0 && memcmp(&usage.limit, &m->limits, sizeof(m->limits)) != 0)
                return "limits in force";
        if (acd_epoch(acd) != m->epoch)
                return "epoch";
        if (acd_history_epoch(acd) != m->history_epoch)
                return "epoch of the history";
        if (acd_wall_offset(acd) != m->wall_offset)
                return "wall offset";
        return NULL;
}

static const char *compare_one(const struct model *m, const struct acd *acd,
                               enum acd_object object, uint64_t id)
{
        if (object == ACD_OBJECT_CONTACT)
                return compare_contact(m, acd, id);
        if (object == ACD_OBJECT_ASSIGNMENT)
                return compare_assignment(m, acd, id);
        if (object == ACD_OBJECT_AGENT)
                return compare_agent(m, acd, id);
        if (object == ACD_OBJECT_GATEWAY)
                return compare_gateway(m, acd, id);
        if (object == ACD_OBJECT_QUEUE)
                return compare_queue(m, acd, id);
        return NULL;
}

const char *model_compare_views(const struct model *m, const struct acd *acd)
{
        const char *what = compare_usage(m, acd);

        for (int object = ACD_OBJECT_SKILL; what == NULL && object <= ACD_OBJECT_CONTACT; object++)
                what = compare_lists(m, acd, (enum acd_object)object);
        for (int object = ACD_OBJECT_QUEUE; what == NULL && object <= ACD_OBJECT_ASSIGNMENT;
             object++)
                for (uint32_t i = 0; what == NULL && i < m->top[object]; i++)
                        if (model_head_at(m, (enum acd_object)object, i)->is_used)
                                what = compare_one(m, acd, (enum acd_object)object,
                                                   model_id_at(m, (enum acd_object)object, i));
        return what;
}

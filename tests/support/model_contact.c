/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Contacts come, change and leave, in the naive model: SUBMIT, CANCEL, UPDATE, REPORT
 * and client keys (rules E5, L3 to L8, K1, K2, D4, D7, D10).
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"
#include "base/id.h"

/* Client keys */

static int32_t key_find(const struct model *m, uint32_t tenant, struct acd_bytes key)
{
        for (uint32_t i = 0; i < m->key_top; i++)
                if (m->key[i].is_used && m->key[i].tenant == m->tenant[tenant].head.id &&
                    m->key[i].size == key.size &&
                    memcmp(m->key[i].bytes, key.at, key.size) == 0)
                        return (int32_t)i;
        return MODEL_NONE;
}

void model_key_forget(struct model *m, uint32_t key_index)
{
        ACD_ASSERT(m->key[key_index].is_closed);
        model_timer_stop(m, MODEL_TIMER_KEY, key_index);
        m->key[key_index].is_used = false;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                if (m->contact[i].head.is_used && m->contact[i].key == (int32_t)key_index)
                        m->contact[i].key = MODEL_NONE;
}

static uint32_t keys_used(const struct model *m)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->key_top; i++)
                count += m->key[i].is_used;
        return count;
}

/* The key that is forgotten to make room (K2); negative when none may be. */
static int32_t longest_closed(const struct model *m)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->key_top; i++)
                if (m->key[i].is_used && m->key[i].is_closed &&
                    (best < 0 || m->key[i].closed_order < m->key[best].closed_order))
                        best = (int32_t)i;
        return best;
}

static struct model_body body_of(const struct acd_submit *submit)
{
        struct model_body body = {
                .queue = submit->queue.value,
                .channel = submit->channel.value,
                .excluded = submit->excluded.value,
                .band = submit->band,
                .credit_ms = submit->credit_ms,
                .extra = submit->extra,
                .customer_key = model_blob_of(submit->customer_key),
                .attributes = model_blob_of(submit->attributes),
        };

        model_canonical(&body.extra);
        return body;
}

/* The first field in which two bodies differ, in the order of K1. */
static enum acd_field first_difference(const struct model_body *a, const struct model_body *b)
{
        if (a->queue != b->queue)
                return ACD_FIELD_QUEUE;
        if (a->channel != b->channel)
                return ACD_FIELD_CHANNEL;
        if (a->band != b->band)
                return ACD_FIELD_BAND;
        if (a->credit_ms != b->credit_ms)
                return ACD_FIELD_CREDIT;
        if (a->excluded != b->excluded)
                return ACD_FIELD_EXCLUDED_AGENT;
        if (!model_requirement_equal(&a->extra, &b->extra))
                return ACD_FIELD_REQUIREMENT;
        if (!model_blob_equal(a->customer_key, b->customer_key))
                return ACD_FIELD_CUSTOMER_KEY;
        if (!model_blob_equal(a->attributes, b->attributes))
                return ACD_FIELD_ATTRIBUTES;
        return ACD_FIELD_NONE;
}

/* K1. True when the key is new or there is none. */
static bool key_is_new(struct model *m, uint32_t tenant, const struct acd_submit *submit)
{
        struct model_body body = body_of(submit);
        enum acd_field field;
        int32_t contact, key;

        if (submit->client_key.size == 0)
                return true;
        key = key_find(m, tenant, submit->client_key);
        if (key < 0)
                return true;
        field = first_difference(&m->key[key].body, &body);
        if (field != ACD_FIELD_NONE)
                return model_refuse(m, ACD_CONFLICT, field, 0);
        contact = model_index_of(m, ACD_OBJECT_CONTACT, m->key[key].contact);
        return model_duplicate(m, m->key[key].contact,
                               (uint8_t)(contact < 0 ? ACD_CONTACT_FREE :
                                                       m->contact[contact].state));
}

/* SUBMIT */

static bool submit_references(struct model *m, uint32_t tenant, const struct acd_submit *submit)
{
        int32_t gateway = model_find_here(m, tenant, ACD_OBJECT_GATEWAY, submit->gateway.value);

        if (model_find_here(m, tenant, ACD_OBJECT_QUEUE, submit->queue.value) < 0)
                return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_QUEUE, 0);
        if (model_find_here(m, tenant, ACD_OBJECT_CHANNEL, submit->channel.value) < 0)
                return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_CHANNEL, 0);
        if (submit->gateway.value != 0 && gateway < 0)
                return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_GATEWAY, 0);
        if (submit->excluded.value != 0 &&
            model_find_here(m, tenant, ACD_OBJECT_AGENT, submit->excluded.value) < 0)
                return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_EXCLUDED_AGENT, 0);
        for (uint32_t i = 0; i < submit->extra.term_count; i++)
                if (model_find_here(m, tenant, ACD_OBJECT_SKILL,
                                    submit->extra.term[i].skill.value) < 0)
                        return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_SKILL, 0);
        if (gateway >= 0 && m->gateway[gateway].state != ACD_GATEWAY_PRESENT) {
                m->reply->state = (uint8_t)m->gateway[gateway].state;
                return model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_GATEWAY, 0);
        }
        return true;
}

static uint32_t waiting_in(const struct model *m, uint64_t queue)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                count += m->contact[i].head.is_used && m->contact[i].queue == queue &&
                         (m->contact[i].state == ACD_CONTACT_WAITING ||
                          m->contact[i].state == ACD_CONTACT_WITHHELD);
        return count;
}

/* The end of the limits: keys and payload. @ret_evicted: the key to forget, or none. */
static bool payload_fits(struct model *m, const struct acd_submit *submit, int32_t *ret_evicted)
{
        uint64_t cells = model_cells_used(m);
        uint32_t max = m->limits.payload_cell_count_max;

        *ret_evicted = MODEL_NONE;
        if (submit->client_key.size > 0 && keys_used(m) >= m->limits.key_count_max) {
                *ret_evicted = longest_closed(m);
                if (*ret_evicted < 0)
                        return model_refuse(m, ACD_FULL, ACD_FIELD_CLIENT_KEY,
                                            m->limits.key_count_max);
                cells -= model_cells(m->key[*ret_evicted].size);
        }
        cells += model_cells(submit->client_key.size);
        if (cells > max && submit->client_key.size > 0)
                return model_refuse(m, ACD_FULL, ACD_FIELD_CLIENT_KEY, max);
        cells += model_cells(submit->customer_key.size);
        if (cells > max && submit->customer_key.size > 0)
                return model_refuse(m, ACD_FULL, ACD_FIELD_CUSTOMER_KEY, max);
        cells += model_cells(submit->attributes.size);
        if (cells > max && submit->attributes.size > 0)
                return model_refuse(m, ACD_FULL, ACD_FIELD_ATTRIBUTES, max);
        return true;
}

static bool submit_fits(struct model *m, const struct model_class *class,
                        const struct acd_submit *submit, int32_t *ret_evicted)
{
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, submit->queue.value);
        uint32_t length_max = m->queue[queue].config.length_max;

        if (length_max > 0 && waiting_in(m, submit->queue.value) >= length_max)
                return model_refuse(m, ACD_FULL, ACD_FIELD_LENGTH_MAX, length_max);
        if (model_used_count(m, ACD_OBJECT_CONTACT) >= m->limits.contact_count_max)
                return model_refuse(m, ACD_FULL, ACD_FIELD_CONTACT, m->limits.contact_count_max);
        if (model_is_dead(m, class))
                return model_refuse(m, ACD_DEAD_QUEUE, ACD_FIELD_QUEUE, 0);
        if (model_class_find(m, class) < 0 && !model_class_fits(m, class))
                return false;
        return payload_fits(m, submit, ret_evicted);
}

static int32_t key_add(struct model *m, uint32_t tenant, const struct acd_submit *submit,
                       uint64_t contact)
{
        uint32_t index = 0;

        if (submit->client_key.size == 0)
                return MODEL_NONE;
        while (index < m->key_top && m->key[index].is_used)
                index++;
        if (index == m->key_top)
                m->key_top++;
        ACD_ASSERT(index < MODEL_KEY_MAX);
        m->key[index] = (struct model_key){
                .is_used = true,
                .tenant = m->tenant[tenant].head.id,
                .size = submit->client_key.size,
                .contact = contact,
                .body = body_of(submit),
        };
        memcpy(m->key[index].bytes, submit->client_key.at, submit->client_key.size);
        return (int32_t)index;
}

static uint32_t contact_add(struct model *m, uint32_t tenant, const struct acd_submit *submit,
                            const struct model_class *wanted)
{
        int32_t class = model_class_find(m, wanted);
        uint32_t index = model_add(m, ACD_OBJECT_CONTACT, tenant, m->log->hint_id);
        struct model_contact *contact = &m->contact[index];
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, submit->queue.value);
        uint32_t slot;

        if (class < 0)
                class = (int32_t)model_class_add(m, wanted);
        m->class[class].contact_count++;
        contact->class_index = class;
        contact->state = ACD_CONTACT_WAITING;
        contact->queue = submit->queue.value;
        contact->channel = submit->channel.value;
        contact->gateway = submit->gateway.value;
        contact->assignment = MODEL_NONE;
        contact->band = submit->band;
        if (submit->band == ACD_BAND_DEFAULT)
                contact->band = m->queue[queue].config.band;
        contact->credit_ms = submit->credit_ms;
        contact->submitted = m->now;
        contact->tiers_until = m->now;
        contact->sequence = ++m->tenant[tenant].submit_sequence;
        contact->customer_key = model_blob_of(submit->customer_key);
        contact->attributes = model_blob_of(submit->attributes);
        contact->key = key_add(m, tenant, submit, contact->head.id);
        m->queue[queue].submitted++;
        slot = acd_id_split(contact->head.id).slot;
        m->slots[ACD_OBJECT_CONTACT].owner[slot] = contact->gateway;
        return index;
}

void model_do_submit(struct model *m, uint32_t tenant, const struct acd_submit *submit)
{
        static struct model_class wanted;
        struct model_contact *contact;
        int32_t evicted = MODEL_NONE;
        uint32_t index;

        wanted = (struct model_class){ .tenant = tenant,
                                       .queue = submit->queue.value,
                                       .channel = submit->channel.value,
                                       .excluded = submit->excluded.value,
                                       .extra = submit->extra };
        model_canonical(&wanted.extra);
        if (!key_is_new(m, tenant, submit) || !submit_references(m, tenant, submit) ||
            !submit_fits(m, &wanted, submit, &evicted))
                return;

        if (evicted >= 0)
                model_key_forget(m, (uint32_t)evicted);
        index = contact_add(m, tenant, submit, &wanted);
        contact = &m->contact[index];
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_SUBMITTED, ACD_REASON_NONE)->value =
                contact->credit_ms;
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_QUEUED, ACD_REASON_SUBMITTED)->since =
                contact->submitted;
        model_match_contact(m, index);
        m->reply->id = contact->head.id;
        m->reply->state = (uint8_t)contact->state;
}

/* CANCEL, UPDATE, REPORT */

/* The open contact, or a refusal and NULL. */
struct model_contact *model_get_contact(struct model *m, uint32_t tenant, uint64_t id)
{
        int32_t index = model_find_here(m, tenant, ACD_OBJECT_CONTACT, id);
        bool is_gone = index < 0 && model_was_issued(m, ACD_OBJECT_CONTACT, id) &&
                       model_index_of(m, ACD_OBJECT_CONTACT, id) < 0;

        if (is_gone || (index >= 0 && m->contact[index].state == ACD_CONTACT_ENDED)) {
                model_refuse(m, ACD_GONE, ACD_FIELD_CONTACT, 0);
                return NULL;
        }
        if (index < 0) {
                model_refuse(m, ACD_UNKNOWN, ACD_FIELD_CONTACT, 0);
                return NULL;
        }
        m->coverage.contact_cell[m->contact[index].state][m->command->kind]++;
        return &m->contact[index];
}

static void done(struct model *m, uint64_t id)
{
        int32_t index = model_index_of(m, ACD_OBJECT_CONTACT, id);

        m->reply->id = id;
        m->reply->state = (uint8_t)(index < 0 ? ACD_CONTACT_FREE : m->contact[index].state);
}

/* D10. */
enum acd_reason model_reason_of_end(const struct model_contact *contact,
                                    enum acd_reason reason)
{
        if (!contact->was_active && reason == ACD_REASON_ENDED_BY_CUSTOMER)
                return ACD_REASON_ABANDONED;
        if (contact->was_active && reason == ACD_REASON_ABANDONED)
                return ACD_REASON_ENDED_BY_CUSTOMER;
        return reason;
}

void model_do_cancel(struct model *m, uint32_t tenant, const struct acd_cancel *cancel)
{
        struct model_contact *contact = model_get_contact(m, tenant, cancel->contact.value);

        if (contact == NULL)
                return;
        model_close(m, (uint32_t)(contact - m->contact),
                    model_reason_of_end(contact, cancel->reason), NULL);
        done(m, cancel->contact.value);
}

/* D7: the first field that grows is the one that does not fit. */
static bool update_fits(struct model *m, const struct acd_update *update,
                        const struct model_contact *contact)
{
        uint64_t cells = model_cells_used(m);
        uint32_t max = m->limits.payload_cell_count_max;
        uint32_t key_before = model_cells(contact->customer_key.size), key_after = key_before;
        uint32_t attributes_before = model_cells(contact->attributes.size);
        uint32_t attributes_after = attributes_before;

        if (update->has_customer_key)
                key_after = model_cells(update->customer_key.size);
        if (update->has_attributes)
                attributes_after = model_cells(update->attributes.size);
        if (cells - key_before - attributes_before + key_after + attributes_after <= max)
                return true;
        return model_refuse(m, ACD_FULL,
                            key_after > key_before ? ACD_FIELD_CUSTOMER_KEY : ACD_FIELD_ATTRIBUTES,
                            max);
}

void model_do_update(struct model *m, uint32_t tenant, const struct acd_update *update)
{
        struct model_contact *contact = model_get_contact(m, tenant, update->contact.value);
        struct model_contact after;
        int32_t queue;

        if (contact == NULL)
                return;
        queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);
        after = *contact;
        if (update->has_band)
                after.band = update->band == ACD_BAND_DEFAULT ? m->queue[queue].config.band :
                                                                update->band;
        if (update->has_credit)
                after.credit_ms = update->credit_ms;
        if (update->has_customer_key)
                after.customer_key = model_blob_of(update->customer_key);
        if (update->has_attributes)
                after.attributes = model_blob_of(update->attributes);
        if (after.band == contact->band && after.credit_ms == contact->credit_ms &&
            model_blob_equal(after.customer_key, contact->customer_key) &&
            model_blob_equal(after.attributes, contact->attributes)) {
                model_duplicate(m, contact->head.id, (uint8_t)contact->state);
                return;
        }
        if (!update_fits(m, update, contact))
                return;
        *contact = after;
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_UPDATED, ACD_REASON_NONE)->value =
                contact->credit_ms;
        done(m, contact->head.id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CANCEL and UPDATE: what gateways and operators do to a contact on its way.
 *
 * A change of band or credit changes the key, hence the place, at once. It cannot
 * open anything: by work conservation nobody is available for a contact that
 * waits, whatever its place.
 */

#include "acd/parts.h"

/* An open contact of the command's tenant, or a refusal: one that is over for the
 * customer is gone. */
uint32_t acd_open_contact(struct acd *acd, uint32_t tenant, uint64_t id)
{
        uint32_t index = acd_contact_of_id(acd, id);
        enum acd_result result;

        if (index != 0 && acd->class[acd->contact[index].class].tenant == tenant &&
            acd->contact[index].state != ACD_CONTACT_ENDED)
                return index;
        result = acd_look_up(acd, tenant, ACD_OBJECT_CONTACT, id, &index);
        acd_refuse(acd, result == ACD_OK ? ACD_GONE : result, ACD_FIELD_CONTACT);
        return 0;
}

/* Who left whom depends on whether they had met (D10). */
enum acd_reason acd_end_reason(const struct acd *acd, uint32_t contact, enum acd_reason reason)
{
        bool had_met = (acd->contact[contact].flags & CONTACT_WAS_ACTIVE) != 0;

        if (reason == ACD_REASON_ENDED_BY_CUSTOMER && !had_met)
                return ACD_REASON_ABANDONED;
        if (reason == ACD_REASON_ABANDONED && had_met)
                return ACD_REASON_ENDED_BY_CUSTOMER;
        return reason;
}

enum acd_result acd_do_cancel(struct acd *acd, const struct acd_command *command)
{
        const struct acd_cancel *cancel = &command->cancel;
        uint32_t contact;

        if (!acd_form_cancel(acd, cancel))
                return acd->reply->result;
        contact = acd_open_contact(acd, acd->step_tenant, cancel->contact.value);
        if (contact == 0)
                return acd->reply->result;
        acd_contact_close(acd, contact, acd_end_reason(acd, contact, cancel->reason), "");
        return acd_done(acd, cancel->contact.value, acd->contact[contact].state);
}

struct change {
        const struct acd_update *update;
        uint32_t contact;
        uint8_t band;
        uint32_t credit_ms;
        bool has_customer_key, has_attributes; /* that differ */
};

static void find_changes(const struct acd *acd, struct change *change)
{
        const struct acd_update *update = change->update;
        const struct acd_contact *contact = &acd->contact[change->contact];
        const struct acd_contact_cold *cold = &acd->contact_cold[change->contact];

        change->band = update->has_band ? update->band : contact->band;
        if (change->band == ACD_BAND_DEFAULT)
                change->band = acd->queue[acd->class[contact->class].queue].config.band;
        change->credit_ms = update->has_credit ? update->credit_ms : contact->credit_ms;
        change->has_customer_key =
                update->has_customer_key &&
                !acd_payload_equal(acd, cold->customer_key, update->customer_key);
        change->has_attributes = update->has_attributes &&
                                 !acd_payload_equal(acd, cold->attributes, update->attributes);
}

static uint32_t cells_of(const struct acd *acd, uint32_t payload)
{
        return acd_payload_cell_count(acd_payload_size(acd, payload));
}

/* All that the command replaces counts as free; the first field that grows is the
 * one that does not fit (D7). */
static bool payload_fits(struct acd *acd, const struct change *change)
{
        const struct acd_contact_cold *cold = &acd->contact_cold[change->contact];
        const struct acd_update *update = change->update;
        uint32_t key_before = change->has_customer_key ? cells_of(acd, cold->customer_key) : 0;
        uint32_t before =
                key_before + (change->has_attributes ? cells_of(acd, cold->attributes) : 0);
        uint32_t key_after =
                change->has_customer_key ? acd_payload_cell_count(update->customer_key.size) : 0;
        uint32_t after =
                key_after +
                (change->has_attributes ? acd_payload_cell_count(update->attributes.size) : 0);

        if (acd_payload_fits(acd, after, before))
                return true;
        acd_refuse_limit(acd, ACD_FULL,
                         key_after > key_before ? ACD_FIELD_CUSTOMER_KEY : ACD_FIELD_ATTRIBUTES,
                         acd->limits.payload_cell_count_max);
        return false;
}

static void apply(struct acd *acd, const struct change *change)
{
        struct acd_contact *contact = &acd->contact[change->contact];
        struct acd_contact_cold *cold = &acd->contact_cold[change->contact];
        bool is_waiting = contact->state == ACD_CONTACT_WAITING;

        if (is_waiting)
                acd_lane_remove(acd, change->contact);
        contact->band = change->band;
        contact->credit_ms = change->credit_ms;
        if (is_waiting)
                acd_lane_insert(acd, change->contact);
        /* Both old strings go before a new one is put, as payload_fits() counted. */
        if (change->has_customer_key)
                acd_payload_free(acd, cold->customer_key);
        if (change->has_attributes)
                acd_payload_free(acd, cold->attributes);
        if (change->has_customer_key)
                cold->customer_key = acd_payload_put(acd, change->update->customer_key);
        if (change->has_attributes)
                cold->attributes = acd_payload_put(acd, change->update->attributes);
        acd_emit_contact(acd, change->contact, ACD_EVENT_CONTACT_UPDATED, ACD_REASON_NONE)->value =
                contact->credit_ms;
}

enum acd_result acd_do_update(struct acd *acd, const struct acd_command *command)
{
        struct change change = { .update = &command->update };
        const struct acd_contact *contact;
        uint64_t id = change.update->contact.value;

        if (!acd_form_update(acd, change.update))
                return acd->reply->result;
        change.contact = acd_open_contact(acd, acd->step_tenant, id);
        if (change.contact == 0)
                return acd->reply->result;
        find_changes(acd, &change);
        contact = &acd->contact[change.contact];
        if (change.band == contact->band && change.credit_ms == contact->credit_ms &&
            !change.has_customer_key && !change.has_attributes)
                return acd_duplicate(acd, id, contact->state);
        if (!payload_fits(acd, &change))
                return acd->reply->result;
        apply(acd, &change);
        return acd_done(acd, id, contact->state);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the medium did, in the naive model: REPORT, rules L3, L4, L6, D4, D10 and the
 * second table of "In detail".
 *
 * The table is written out, one row a state, one letter a report: Y do it, D it is so
 * already, X not possible.
 */

#include "tests/support/model_state.h"

#include "base/assert.h"

/* Rows beyond the contact's states. */
enum { ROW_HELD = 8, ROW_PARKED = 9 };

/* RINGING CONNECTED FAILED HELD RESUMED FIRST_REPLY CUSTOMER_MESSAGE ENDED */
static const char *const cells[] = {
        [ACD_CONTACT_WAITING] = "XXXXXXYY", [ACD_CONTACT_WITHHELD] = "XXXXXXYY",
        [ACD_CONTACT_OFFERED] = "YXXXXXYY", [ACD_CONTACT_CONNECTING] = "YYYXXXYY",
        [ACD_CONTACT_ACTIVE] = "XDXYDYYY",  [ROW_HELD] = "XDXDYYYY",
        [ROW_PARKED] = "XDXXXYYY",
};

static int row_of(const struct model *m, const struct model_contact *contact)
{
        if (contact->state != ACD_CONTACT_ACTIVE)
                return (int)contact->state;
        if (m->assignment[contact->assignment].state == ACD_ASSIGNMENT_HELD)
                return ROW_HELD;
        if (m->assignment[contact->assignment].state == ACD_ASSIGNMENT_PARKED)
                return ROW_PARKED;
        return ACD_CONTACT_ACTIVE;
}

/* The assignment that the report names, if any, is the present one: D4. */
static bool is_present(struct model *m, const struct acd_report *report,
                       const struct model_contact *contact)
{
        uint64_t id = report->assignment.value;

        if (id == 0 ||
            (contact->assignment >= 0 && m->assignment[contact->assignment].head.id == id))
                return true;
        if (model_was_issued(m, ACD_OBJECT_ASSIGNMENT, id) &&
            model_index_of(m, ACD_OBJECT_ASSIGNMENT, id) < 0)
                return model_refuse(m, ACD_GONE, ACD_FIELD_ASSIGNMENT, 0);
        return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_ASSIGNMENT, 0);
}

static void held(struct model *m, struct model_contact *contact)
{
        struct model_assignment *assignment = &m->assignment[contact->assignment];

        assignment->state = ACD_ASSIGNMENT_HELD;
        assignment->held_at = m->now;
        assignment->hold_count++;
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_HELD, ACD_REASON_NONE);
}

static void resumed(struct model *m, struct model_contact *contact)
{
        struct model_assignment *assignment = &m->assignment[contact->assignment];
        struct acd_event *event;

        assignment->state = ACD_ASSIGNMENT_ACTIVE;
        assignment->held_ns += m->now - assignment->held_at;
        event = model_emit_contact(m, contact, ACD_EVENT_CONTACT_RESUMED, ACD_REASON_NONE);
        event->since = assignment->held_at;
        event->value = assignment->hold_count;
}

static void first_reply(struct model *m, struct model_contact *contact)
{
        if (contact->has_first_reply) {
                model_duplicate(m, contact->head.id, (uint8_t)contact->state);
                return;
        }
        contact->has_first_reply = true;
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_FIRST_REPLY, ACD_REASON_NONE)->value =
                m->now - contact->submitted;
}

static void apply(struct model *m, const struct acd_report *report, struct model_contact *contact)
{
        switch (report->report) {
        case ACD_REPORT_RINGING:
                model_emit_contact(m, contact, ACD_EVENT_CONTACT_RINGING, ACD_REASON_NONE);
                break;
        case ACD_REPORT_CONNECTED:
                model_connected(m, (uint32_t)contact->assignment);
                break;
        case ACD_REPORT_FAILED:
                model_offer_failed(m, (uint32_t)contact->assignment, report->reason, NULL);
                break;
        case ACD_REPORT_HELD:
                held(m, contact);
                break;
        case ACD_REPORT_RESUMED:
                resumed(m, contact);
                break;
        case ACD_REPORT_FIRST_REPLY:
                first_reply(m, contact);
                break;
        case ACD_REPORT_CUSTOMER_MESSAGE:
                model_emit_contact(m, contact, ACD_EVENT_CONTACT_CUSTOMER_MESSAGE,
                                   ACD_REASON_NONE);
                break;
        case ACD_REPORT_ENDED:
                model_close(m, (uint32_t)(contact - m->contact),
                            model_reason_of_end(contact, report->reason), NULL);
                break;
        }
}

void model_do_report(struct model *m, uint32_t tenant, const struct acd_report *report)
{
        uint64_t id = report->contact.value;
        struct model_contact *contact = model_get_contact(m, tenant, id);
        int32_t index;
        char cell;

        if (contact == NULL || !is_present(m, report, contact))
                return;
        cell = cells[row_of(m, contact)][report->report - 1];
        m->coverage.report_cell[row_of(m, contact)][report->report]++;
        if (cell == 'X') {
                m->reply->state = (uint8_t)contact->state;
                model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_CONTACT, 0);
                return;
        }
        if (cell == 'D') {
                model_duplicate(m, id, (uint8_t)contact->state);
                return;
        }
        apply(m, report, contact);
        index = model_index_of(m, ACD_OBJECT_CONTACT, id);
        m->reply->id = id;
        m->reply->state = (uint8_t)(index < 0 ? ACD_CONTACT_FREE : m->contact[index].state);
}

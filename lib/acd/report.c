/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REPORT: what the medium did, told by the gateway that owns the contact.
 *
 * One table says what each report means in each state: done, done before, or not
 * possible. Zero means "not possible", so a cell that was forgotten refuses.
 */

#include "acd/parts.h"

enum { NO, YES, DUP };

enum { REPORT_COUNT = ACD_REPORT_ENDED + 1 };

/* States of a contact; where it is ACTIVE, those of its assignment. */
enum place {
        PLACE_WAITING,
        PLACE_OFFERED,
        PLACE_CONNECTING,
        PLACE_ACTIVE,
        PLACE_HELD,
        PLACE_PARKED
};

/* clang-format off */
static const uint8_t answers[][REPORT_COUNT] = {
        /*                     -  RINGING CONNECTED FAILED HELD RESUMED REPLY MESSAGE ENDED */
        [PLACE_WAITING]    = { 0, NO,     NO,       NO,    NO,  NO,     NO,   YES,    YES },
        [PLACE_OFFERED]    = { 0, YES,    NO,       NO,    NO,  NO,     NO,   YES,    YES },
        [PLACE_CONNECTING] = { 0, YES,    YES,      YES,   NO,  NO,     NO,   YES,    YES },
        [PLACE_ACTIVE]     = { 0, NO,     DUP,      NO,    YES, DUP,    YES,  YES,    YES },
        [PLACE_HELD]       = { 0, NO,     DUP,      NO,    DUP, YES,    YES,  YES,    YES },
        [PLACE_PARKED]     = { 0, NO,     DUP,      NO,    NO,  NO,     YES,  YES,    YES },
};
/* clang-format on */

static enum place place_of(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];

        switch ((enum acd_contact_state)contact->state) {
        case ACD_CONTACT_WAITING:
        case ACD_CONTACT_WITHHELD:
                return PLACE_WAITING;
        case ACD_CONTACT_OFFERED:
                return PLACE_OFFERED;
        case ACD_CONTACT_CONNECTING:
                return PLACE_CONNECTING;
        case ACD_CONTACT_ACTIVE:
                break;
        case ACD_CONTACT_FREE:
        case ACD_CONTACT_ENDED:
                acd_panic(__FILE__, __LINE__, __func__, "an open contact");
        }
        if (acd->assignment[contact->assignment].state == ACD_ASSIGNMENT_HELD)
                return PLACE_HELD;
        if (acd->assignment[contact->assignment].state == ACD_ASSIGNMENT_PARKED)
                return PLACE_PARKED;
        return PLACE_ACTIVE;
}

/* The assignment that the report names, if it names one, must be the contact's
 * present one. */
static bool is_of_attempt(struct acd *acd, uint32_t contact, uint64_t id)
{
        uint32_t assignment = acd->contact[contact].assignment;

        if (id == 0 || (assignment != 0 && acd_id_of(acd, &acd->assignments, assignment) == id))
                return true;
        if (acd_index_of(acd, ACD_OBJECT_ASSIGNMENT, id) == 0 &&
            acd_was_there(acd, ACD_OBJECT_ASSIGNMENT, id))
                acd_refuse(acd, ACD_GONE, ACD_FIELD_ASSIGNMENT);
        else
                acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_ASSIGNMENT);
        return false;
}

static void reply_first(struct acd *acd, uint32_t contact)
{
        acd->contact[contact].flags |= CONTACT_HAS_REPLY;
        acd_emit_contact(acd, contact, ACD_EVENT_CONTACT_FIRST_REPLY, ACD_REASON_NONE)->value =
                acd->step_now - acd->contact[contact].submitted;
}

static void apply(struct acd *acd, uint32_t contact, const struct acd_report *report)
{
        uint32_t assignment = acd->contact[contact].assignment;

        switch (report->report) {
        case ACD_REPORT_RINGING:
                acd_emit_contact(acd, contact, ACD_EVENT_CONTACT_RINGING, ACD_REASON_NONE);
                return;
        case ACD_REPORT_CONNECTED:
                acd_assignment_connect(acd, assignment);
                return;
        case ACD_REPORT_FAILED:
                acd_offer_fail(acd, assignment, report->reason, "");
                return;
        case ACD_REPORT_HELD:
                acd_assignment_hold(acd, assignment);
                return;
        case ACD_REPORT_RESUMED:
                acd_assignment_unhold(acd, assignment);
                return;
        case ACD_REPORT_FIRST_REPLY:
                reply_first(acd, contact);
                return;
        case ACD_REPORT_CUSTOMER_MESSAGE:
                acd_emit_contact(acd, contact, ACD_EVENT_CONTACT_CUSTOMER_MESSAGE, ACD_REASON_NONE);
                return;
        case ACD_REPORT_ENDED:
                acd_contact_close(acd, contact, acd_end_reason(acd, contact, report->reason), "");
                return;
        }
}

enum acd_result acd_do_report(struct acd *acd, const struct acd_command *command)
{
        const struct acd_report *report = &command->report;
        uint64_t id = report->contact.value;
        uint32_t contact;
        uint8_t answer;

        if (!acd_form_report(acd, report))
                return acd->reply->result;
        contact = acd_open_contact(acd, acd->step_tenant, id);
        if (contact == 0 || !is_of_attempt(acd, contact, report->assignment.value))
                return acd->reply->result;
        answer = answers[place_of(acd, contact)][report->report];
        if (report->report == ACD_REPORT_FIRST_REPLY && answer == YES &&
            (acd->contact[contact].flags & CONTACT_HAS_REPLY) != 0)
                answer = DUP;
        if (answer == NO)
                return acd_refuse_state(acd, ACD_FIELD_CONTACT, acd->contact[contact].state);
        if (answer == DUP)
                return acd_duplicate(acd, id, acd->contact[contact].state);
        apply(acd, contact, report);
        return acd_done(acd, id, acd->contact[contact].state);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching ahead: what the commands of a turn will look at.
 *
 * With a million contacts a step waits for memory three to six times, one after the
 * other, since each address comes out of what was read before. The steps of a turn do
 * not depend on each other, so their addresses can be asked for together: the first
 * pass has what the ids name, the second what that names, the third what is around
 * that. A slot that an id names is
 * only looked at in the second pass, after the same tests as in a step.
 *
 * What a step can foresee for its successors it fetches itself: the slot that the next
 * submit takes (submit.c), the contact behind a new head (lane.c).
 */

#include "acd/parts.h"

/* The lines of a slot; any number will do, nothing is read. */
static void fetch_contact(const struct acd *acd, uint32_t index)
{
        __builtin_prefetch(&acd->contact[index], 1);
        __builtin_prefetch(&acd->contact_cold[index], 1);
}

static void fetch_assignment(const struct acd *acd, uint32_t index)
{
        const char *at = (const char *)&acd->assignment[index];

        __builtin_prefetch(at, 1);
        __builtin_prefetch(at + 64, 1);
}

static uint32_t slot_named(uint64_t id)
{
        return (uint32_t)(id >> ACD_ID_GENERATION_BITS) & ACD_ID_SLOT_MAX;
}

/* Its neighbours in the line, which its leaving touches, and its key. */
static void fetch_around(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];

        if (contact->link.prev != 0)
                __builtin_prefetch(&acd->contact[contact->link.prev], 1);
        if (contact->link.next != 0)
                __builtin_prefetch(&acd->contact[contact->link.next], 1);
        if (contact->key != 0)
                __builtin_prefetch(&acd->key[contact->key], 1);
}

static void of_submit(const struct acd *acd, const struct acd_command *command, uint32_t pass)
{
        const struct acd_bytes *key = &command->submit.client_key;

        if (pass == 0 && key->size != 0 && key->size <= ACD_CLIENT_KEY_MAX)
                acd_key_prefetch(acd, command->tenant.value, *key);
}

static void of_contact(const struct acd *acd, acd_contact_id id, uint32_t pass)
{
        uint32_t index;

        if (pass == 0) {
                if (slot_named(id.value) <= acd->contacts.top)
                        fetch_contact(acd, slot_named(id.value));
                return;
        }
        index = pass == 1 ? acd_contact_of_id(acd, id.value) : 0;
        if (index != 0)
                fetch_around(acd, index);
}

static void of_assignment(const struct acd *acd, const struct acd_command *command, uint32_t pass)
{
        uint64_t id = command->assignment.assignment.value;
        uint32_t agent = slot_named(command->assignment.agent.value);
        uint32_t index;

        if (pass == 0) {
                if (slot_named(id) <= acd->assignments.top)
                        fetch_assignment(acd, slot_named(id));
                if (agent <= acd->agents.top) {
                        __builtin_prefetch(&acd->agent[agent], 1);
                        __builtin_prefetch((const char *)&acd->agent[agent] + 128, 1);
                }
                return;
        }
        index = acd_assignment_of_id(acd, id);
        if (index != 0 && pass == 1) {
                fetch_contact(acd, acd->assignment[index].contact);
                __builtin_prefetch(&acd->assignment[acd->assignment[index].link.prev], 1);
                __builtin_prefetch(&acd->assignment[acd->assignment[index].link.next], 1);
        } else if (index != 0) {
                fetch_around(acd, acd->assignment[index].contact);
        }
}

void acd_prefetch(const struct acd *acd, const struct acd_command *command, uint32_t pass)
{
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_SUBMIT:
                of_submit(acd, command, pass);
                return;
        case ACD_COMMAND_CANCEL:
                of_contact(acd, command->cancel.contact, pass);
                return;
        case ACD_COMMAND_UPDATE:
                of_contact(acd, command->update.contact, pass);
                return;
        case ACD_COMMAND_REPORT:
                of_contact(acd, command->report.contact, pass);
                return;
        case ACD_COMMAND_ACCEPT:
        case ACD_COMMAND_REJECT:
        case ACD_COMMAND_COMPLETE:
        case ACD_COMMAND_HOLD:
        case ACD_COMMAND_UNHOLD:
        case ACD_COMMAND_PARK:
        case ACD_COMMAND_UNPARK:
        case ACD_COMMAND_WRAP_UP:
                of_assignment(acd, command, pass);
                return;
        default:
                return;
        }
}

/* Lines of contacts, their assignments and keys that a cache of a megabyte no longer holds. */
enum { LARGE_COUNT = 16384 };

bool acd_wants_prefetch(const struct acd *acd)
{
        return acd->contacts.live + acd->keys.live > LARGE_COUNT;
}

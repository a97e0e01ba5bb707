/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contacts that a gateway holds.
 *
 * After a loss the daemon wants to know which contacts are still on the line: it
 * closes those of live channels that RESUME does not name. So the library keeps
 * the set, from what the daemon says: a SUBMIT that is done adds, and what says
 * that a contact is over removes. What was missed while the connection was away
 * does no harm: the daemon answers "closed" when it is named.
 *
 * SUBMITs without an answer are sent again before RESUME (the RECOVER phase): their
 * contacts may exist, and could not be named without their ids.
 *
 * The names go out in pieces of the protocol's size, one after the other, from a
 * copy of the set made when the phase begins.
 */

#include <errno.h>
#include <stdlib.h>

#include "clients/c/client.h"
#include "wire/events.h"

int client_contacts_init(struct acdclient *client)
{
        client_map_init(&client->held, client->options.contact_count_max);
        return 0;
}

void client_contacts_fini(struct acdclient *client)
{
        client_map_fini(&client->held);
        free(client->naming);
        client->naming = NULL;
}

static bool is_gateway(const struct acdclient *client)
{
        return client->options.role == ACDCLIENT_ROLE_GATEWAY;
}

/* Send the next piece of names. */
static void send_piece(struct acdclient *client)
{
        struct client_about about = { .purpose = CLIENT_NAMING };
        struct wire_message message = { .kind = WIRE_RESUME };
        uint32_t left = client->naming_count - client->naming_index;

        client->naming_size = left < ACD_RESUME_MAX ? left : ACD_RESUME_MAX;
        message.resume.contacts_count = client->naming_size;
        message.resume.contacts = client->naming + client->naming_index;
        message.resume.first = client->naming_index == 0;
        message.resume.last = client->naming_size == left;
        if (client_request_add(client, &message, &about) < 0)
                client_lose(client, -ENOBUFS);
}

bool client_contacts_name(struct acdclient *client)
{
        if (!is_gateway(client) || client->options.no_resume)
                return false;

        free(client->naming);
        client->naming = calloc((size_t)client->held.count + 1, sizeof(*client->naming));
        if (client->naming == NULL) {
                client_lose(client, -ENOMEM);
                return true;
        }
        client->naming_count = 0;
        client->naming_index = 0;
        for (uint32_t i = 0; i < client->held.capacity; i++)
                if (client->held.cells[i].key != 0)
                        client->naming[client->naming_count++] = client->held.cells[i].key;
        send_piece(client);
        return true;
}

static void lose_contact(struct acdclient *client, uint64_t contact, uint8_t state)
{
        const struct acdclient_listener *listener = &client->options.listener;

        client_map_remove(&client->held, contact);
        client->is_eventful = true;
        if (listener->on_contact_lost != NULL)
                listener->on_contact_lost(listener->context, client, contact,
                                          (enum acdclient_resumed_state)state);
}

void client_contacts_named(struct acdclient *client, const struct wire_message *answer)
{
        if (answer->kind != WIRE_RESUMED || answer->resumed.outcomes_count != client->naming_size) {
                if (answer->kind == WIRE_RESULT)
                        client_set_trouble(client, 0, answer->result.code, answer->result.text);
                client_lose(client, answer->kind == WIRE_RESULT ? 0 : -EPROTO);
                return;
        }
        for (uint32_t i = 0; i < client->naming_size; i++)
                if (answer->resumed.outcomes[i] != ACDCLIENT_RESUMED_KEPT)
                        lose_contact(client, client->naming[client->naming_index + i],
                                     answer->resumed.outcomes[i]);
        client->naming_index += client->naming_size;
        if (client->naming_index < client->naming_count) {
                send_piece(client);
                return;
        }
        free(client->naming);
        client->naming = NULL;
        client->phase = CLIENT_READY;
        client_advance(client);
}

static bool is_done_or_gone(enum acd_result code)
{
        return wire_result_is_done(code) || code == ACD_GONE;
}

void client_contacts_answered(struct acdclient *client, const struct client_request *request,
                              const struct wire_message *answer)
{
        const struct wire_result *result = &answer->result;

        if (!is_gateway(client) || answer->kind != WIRE_RESULT)
                return;
        /* Full: the contact is not named after a loss. Its channel then decides, as it does
         * for a gateway that never resumes. */
        if (request->kind == WIRE_SUBMIT && wire_result_is_done(result->code) && result->id != 0 &&
            client_map_put(&client->held, result->id, 0) < 0)
                client->unheld_count++;
        if (request->contact != 0 && is_done_or_gone(result->code))
                client_map_remove(&client->held, request->contact);
}

/* Does this reason of a closed assignment mean that the customer is gone? */
static bool is_end_of_contact(enum acd_reason reason)
{
        switch ((int)reason) {
        case ACD_REASON_COMPLETED:
        case ACD_REASON_ENDED_BY_CUSTOMER:
        case ACD_REASON_ENDED_BY_NETWORK:
        case ACD_REASON_ENDED_BY_AGENT:
        case ACD_REASON_ABANDONED:
        case ACD_REASON_CANCELLED:
        case ACD_REASON_GATEWAY_LOST:
        case ACD_REASON_GATEWAY_RELEASED:
                return true;
        default:
                return false;
        }
}

static void events_pushed(struct acdclient *client, const struct wire_events *events)
{
        struct wire_batch_reader reader;
        struct wire_event event;

        if (client->held.count == 0 || !wire_batch_open(&reader, events->batch))
                return;
        while (wire_batch_next(&reader, &event) == 1)
                if (event.kind == ACD_EVENT_CONTACT_CLOSED)
                        client_map_remove(&client->held, event.contact);
}

void client_contacts_pushed(struct acdclient *client, const struct wire_message *push)
{
        const struct wire_assignment_push *assignment = &push->assignment_push;

        if (!is_gateway(client))
                return;
        if (push->kind == WIRE_EVENTS)
                events_pushed(client, &push->events);
        else if (push->kind == WIRE_ASSIGNMENT && (assignment->state == ACD_ASSIGNMENT_WRAP_UP ||
                                                   (assignment->state == ACD_ASSIGNMENT_CLOSED &&
                                                    is_end_of_contact(assignment->reason))))
                client_map_remove(&client->held, assignment->contact);
}

int acdclient_hold(struct acdclient *client, uint64_t contact)
{
        return contact == 0 ? -EINVAL : client_map_put(&client->held, contact, 0);
}

void acdclient_release(struct acdclient *client, uint64_t contact)
{
        client_map_remove(&client->held, contact);
}

uint32_t acdclient_held_count(const struct acdclient *client)
{
        return client->held.count;
}

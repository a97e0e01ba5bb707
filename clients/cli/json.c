/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of the protocol as JSON.
 *
 * Numbers beyond 2^53 would be rounded by most readers, so 64-bit ids are text.
 * Text from the wire that is not UTF-8 cannot be said in JSON and is left out; bytes
 * are written in base16 then.
 */

#include "clients/cli/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"

void json_set_text(json_t *object, const char *name, struct acdclient_text text)
{
        if (text.size > 0)
                (void)json_object_set_new(object, name, json_stringn(text.at, text.size));
}

void json_set_word(json_t *object, const char *name, const char *word)
{
        if (word[0] != '\0')
                (void)json_object_set_new(object, name, json_string(word));
}

void json_set_count(json_t *object, const char *name, uint64_t number)
{
        (void)json_object_set_new(object, name, json_integer((json_int_t)number));
}

void json_set_number(json_t *object, const char *name, uint64_t number)
{
        if (number != 0)
                json_set_count(object, name, number);
}

void json_set_id(json_t *object, const char *name, uint64_t id)
{
        char text[ACDCLIENT_ID_SIZE];

        if (id != 0)
                json_set_word(object, name, acdclient_id_format(id, text));
}

void json_set_bytes(json_t *object, const char *name, struct acdclient_bytes bytes)
{
        static const char digits[] = "0123456789abcdef";
        char hex_name[64];
        char *hex;

        if (bytes.size == 0)
                return;
        if (acd_utf8_is_valid(bytes.at, bytes.size)) {
                (void)json_object_set_new(object, name,
                                          json_stringn((const char *)bytes.at, bytes.size));
                return;
        }
        hex = malloc((size_t)bytes.size * 2);
        if (hex == NULL)
                return;
        for (uint32_t i = 0; i < bytes.size; i++) {
                hex[2 * i] = digits[bytes.at[i] >> 4];
                hex[2 * i + 1] = digits[bytes.at[i] & 15];
        }
        (void)snprintf(hex_name, sizeof(hex_name), "%s_hex", name);
        (void)json_object_set_new(object, hex_name, json_stringn(hex, (size_t)bytes.size * 2));
        free(hex);
}

json_t *json_of_result(const struct acdclient_result *result)
{
        json_t *object = json_object();

        json_set_word(object, "result", acdclient_result_name(result->code));
        json_set_id(object, "id", result->id);
        json_set_text(object, "text", result->text);
        return object;
}

json_t *json_of_queue(const struct acdclient_queue *queue)
{
        json_t *object = json_object();

        json_set_text(object, "queue", queue->queue);
        json_set_id(object, "queue_id", queue->queue_id);
        json_set_count(object, "waiting", queue->waiting);
        json_set_count(object, "withheld", queue->withheld);
        json_set_count(object, "offered", queue->offered);
        json_set_count(object, "connecting", queue->connecting);
        json_set_count(object, "active", queue->active);
        json_set_count(object, "wrap_up", queue->wrap_up);
        json_set_count(object, "longest_wait_ms", queue->longest_wait_ms);
        json_set_count(object, "agent_eligible", queue->agent_eligible);
        json_set_count(object, "agent_logged_in", queue->agent_logged_in);
        json_set_count(object, "agent_ready", queue->agent_ready);
        json_set_count(object, "submitted", queue->submitted);
        json_set_count(object, "answered", queue->answered);
        json_set_count(object, "abandoned", queue->abandoned);
        json_set_count(object, "closed", queue->closed);
        return object;
}

json_t *json_of_agent(const struct acdclient_agent *agent)
{
        json_t *object = json_object();

        json_set_text(object, "agent", agent->agent);
        json_set_id(object, "agent_id", agent->agent_id);
        json_set_text(object, "team", agent->team);
        json_set_word(object, "presence", acdclient_presence_name(agent->presence));
        json_set_text(object, "label", agent->label);
        if (agent->next != 0)
                json_set_word(object, "next", acdclient_presence_name(agent->next));
        json_set_number(object, "since_ns", agent->since_ns);
        json_set_number(object, "idle_since_ns", agent->idle_since_ns);
        json_set_id(object, "assignment", agent->assignment);
        if (agent->assignment != 0)
                json_set_word(object, "assignment_state",
                              acdclient_assignment_state_name(agent->assignment_state));
        json_set_id(object, "contact", agent->contact);
        json_set_text(object, "queue", agent->queue);
        json_set_count(object, "parked_count", agent->parked_count);
        json_set_count(object, "class_count", agent->class_count);
        json_set_count(object, "contact_count", agent->contact_count);
        json_set_count(object, "session_count", agent->session_count);
        return object;
}

json_t *json_of_contact(const struct acdclient_contact *contact)
{
        json_t *object = json_object();

        json_set_id(object, "contact", contact->contact);
        json_set_word(object, "state", acdclient_contact_state_name(contact->state));
        json_set_text(object, "queue", contact->queue);
        json_set_text(object, "channel", contact->channel);
        json_set_count(object, "band", contact->band);
        json_set_number(object, "credit_ms", contact->credit_ms);
        json_set_number(object, "submitted_ns", contact->submitted_ns);
        json_set_number(object, "queued_ns", contact->queued_ns);
        json_set_count(object, "waited_ms", contact->waited_ms);
        json_set_count(object, "offer_count", contact->offer_count);
        json_set_text(object, "client_key", contact->client_key);
        json_set_text(object, "customer_key", contact->customer_key);
        json_set_text(object, "gateway", contact->gateway);
        json_set_id(object, "assignment", contact->assignment);
        if (contact->assignment != 0)
                json_set_word(object, "assignment_state",
                              acdclient_assignment_state_name(contact->assignment_state));
        json_set_text(object, "agent", contact->agent);
        json_set_number(object, "position", contact->position);
        json_set_number(object, "order", contact->order);
        json_set_bytes(object, "attributes", contact->attributes);
        return object;
}

json_t *json_of_event(const struct acdclient_event *event, struct acdclient_text tenant)
{
        json_t *object = json_object();

        json_set_text(object, "tenant", tenant);
        json_set_count(object, "sequence", event->sequence);
        json_set_word(object, "event", acdclient_event_name(event->kind));
        json_set_count(object, "time_ns", event->time_ns);
        if (event->reason != 0)
                json_set_word(object, "reason", acdclient_reason_name(event->reason));
        json_set_number(object, "state", event->state);
        json_set_id(object, "contact", event->contact);
        json_set_text(object, "client_key", event->client_key);
        json_set_text(object, "queue", event->queue);
        json_set_text(object, "channel", event->channel);
        json_set_text(object, "agent", event->agent);
        json_set_id(object, "assignment", event->assignment);
        json_set_text(object, "gateway", event->gateway);
        json_set_number(object, "band", event->band);
        json_set_number(object, "tier", event->tier);
        json_set_number(object, "count", event->count);
        json_set_number(object, "deadline_ns", event->deadline_ns);
        json_set_number(object, "since_ns", event->since_ns);
        json_set_number(object, "value", event->value);
        json_set_text(object, "label", event->label);
        if (event->object != 0)
                json_set_word(object, "object", acdclient_object_name(event->object));
        json_set_text(object, "name", event->name);
        return object;
}

void json_print(json_t *document)
{
        if (document != NULL)
                (void)json_dumpf(document, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        (void)fflush(stdout);
        json_decref(document);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request becomes a command. What a message says in names, a command says in
 * ids; what a message may leave out, a command has. This file knows the
 * requests of gateways and agents; resolve_config.c knows APPLY.
 *
 * The line between here and the core: a name that names nothing, a field that
 * is needed and missing, and a contact of somebody else are refused here. A
 * handle is passed on as it is, because the core looks at it anyway, and so is
 * every id of a contact or assignment that is not there any more: only the core
 * can tell "over" from "never was".
 */

#include "wire/resolve.h"

#include <string.h>

#include "wire/resolve_internal.h"

bool wire_resolve_reference(struct wire_resolving *at, const struct wire_path *parent,
                            const struct wire_reference *reference, uint64_t *ret_id)
{
        uint64_t id = 0;

        if (reference->name.size == 0) {
                *ret_id = reference->id;
                return true;
        }
        if (reference->id != 0)
                return wire_refuse_field(at->refusal, ACD_INVALID, parent, reference->field,
                                         "a name or a handle, not both");
        id = acd_find(at->acd, reference->object, at->tenant, reference->name);
        if (id == 0)
                return wire_refuse_field(at->refusal, ACD_UNKNOWN, parent, reference->field, NULL);
        *ret_id = id;
        return true;
}

bool wire_resolve_needed(struct wire_resolving *at, const struct wire_path *parent,
                         const struct wire_reference *reference, uint64_t *ret_id)
{
        uint64_t id = 0;

        if (!wire_resolve_reference(at, parent, reference, &id))
                return false;
        if (id == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, parent, reference->field, NULL);
        *ret_id = id;
        return true;
}

bool wire_resolve_requirement(struct wire_resolving *at, const struct wire_term *terms,
                              uint32_t count, struct acd_requirement *ret_requirement)
{
        static const struct wire_path path = { NULL, "requirement" };

        ret_requirement->term_count = count;
        for (uint32_t i = 0; i < count; i++) {
                struct acd_term *term = &ret_requirement->term[i];
                struct wire_reference skill = { ACD_OBJECT_SKILL, terms[i].skill, terms[i].skill_id,
                                                "skill" };

                if (!wire_resolve_needed(at, &path, &skill, &term->skill.value))
                        return false;
                term->level_min = terms[i].level_min == 0 ? 1 : (uint8_t)terms[i].level_min;
                term->group = (uint8_t)terms[i].group;
        }
        return true;
}

static struct acd_bytes bytes_of(struct acd_text text)
{
        return (struct acd_bytes){ (const uint8_t *)text.at, text.size };
}

void wire_copy_text(struct acd_text text, char *ret_string)
{
        if (text.size > 0)
                memcpy(ret_string, text.at, text.size);
        ret_string[text.size] = '\0';
}

/* By id, or else by client key. */
static bool find_contact(struct wire_resolving *at, uint64_t contact, struct acd_text client_key,
                         acd_contact_id *ret_contact)
{
        struct acd_contact_view view;
        acd_contact_id id = { contact };

        if (contact != 0 && client_key.size != 0)
                return wire_refuse_field(at->refusal, ACD_INVALID, NULL, "client_key",
                                         "an id or a client key, not both");
        if (contact == 0 && client_key.size == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "contact", NULL);
        if (client_key.size != 0) {
                id = acd_find_key(at->acd, at->tenant, bytes_of(client_key));
                if (id.value == 0)
                        return wire_refuse_field(at->refusal, ACD_UNKNOWN, NULL, "client_key",
                                                 NULL);
        }

        if (acd_view_contact(at->acd, id, &view)) {
                if (view.tenant.value != at->tenant.value)
                        return wire_refuse_field(at->refusal, ACD_UNKNOWN, NULL, "contact", NULL);
                if (at->peer->role == WIRE_ROLE_GATEWAY &&
                    view.gateway.value != at->peer->gateway.value)
                        return wire_refuse_field(at->refusal, ACD_NOT_ALLOWED, NULL, "contact",
                                                 "the contact belongs to another gateway");
        }
        *ret_contact = id;
        return true;
}

/*
 * Gateways.
 */

static bool make_submit(struct wire_resolving *at, const struct wire_submit *from,
                        struct acd_command *to)
{
        struct acd_submit *submit = &to->submit;
        struct wire_reference queue = { ACD_OBJECT_QUEUE, from->queue, from->queue_id, "queue" };
        struct wire_reference channel = { ACD_OBJECT_CHANNEL, from->channel, from->channel_id,
                                          "channel" };
        struct wire_reference excluded = { ACD_OBJECT_AGENT, from->excluded_agent,
                                           from->excluded_agent_id, "excluded_agent" };

        to->kind = ACD_COMMAND_SUBMIT;
        *submit = (struct acd_submit){
                .band = from->has_band ? (uint8_t)from->band : ACD_BAND_DEFAULT,
                .credit_ms = from->credit_ms,
                .client_key = bytes_of(from->client_key),
                .customer_key = bytes_of(from->customer_key),
                .attributes = from->attributes,
        };
        /* An operator's contact is nobody's. */
        if (at->peer->role == WIRE_ROLE_GATEWAY)
                submit->gateway = at->peer->gateway;
        return wire_resolve_needed(at, NULL, &queue, &submit->queue.value) &&
               wire_resolve_needed(at, NULL, &channel, &submit->channel.value) &&
               wire_resolve_reference(at, NULL, &excluded, &submit->excluded.value) &&
               wire_resolve_requirement(at, from->requirement, from->requirement_count,
                                        &submit->extra);
}

static bool make_cancel(struct wire_resolving *at, const struct wire_cancel *from,
                        struct acd_command *to)
{
        enum acd_reason reason = from->reason;

        if (at->peer->role != WIRE_ROLE_GATEWAY)
                reason = ACD_REASON_OPERATOR;
        else if (reason == ACD_REASON_NONE)
                reason = ACD_REASON_ABANDONED;
        else if (reason != ACD_REASON_ABANDONED && reason != ACD_REASON_CANCELLED)
                return wire_refuse_field(at->refusal, ACD_INVALID, NULL, "reason",
                                         "ABANDONED or CANCELLED");

        to->kind = ACD_COMMAND_CANCEL;
        to->cancel = (struct acd_cancel){ .reason = reason };
        return find_contact(at, from->contact, from->client_key, &to->cancel.contact);
}

static bool make_update(struct wire_resolving *at, const struct wire_update *from,
                        struct acd_command *to)
{
        to->kind = ACD_COMMAND_UPDATE;
        to->update = (struct acd_update){
                .has_band = from->has_band,
                .has_credit = from->has_credit_ms,
                .has_customer_key = from->has_customer_key,
                .has_attributes = from->has_attributes,
                .band = (uint8_t)from->band,
                .credit_ms = from->credit_ms,
                .customer_key = bytes_of(from->customer_key),
                .attributes = from->attributes,
        };
        return find_contact(at, from->contact, from->client_key, &to->update.contact);
}

static bool make_report(struct wire_resolving *at, const struct wire_report *from,
                        struct acd_command *to)
{
        if (from->report == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "report", NULL);

        to->kind = ACD_COMMAND_REPORT;
        to->report = (struct acd_report){
                .assignment = { from->assignment },
                .report = from->report,
                .reason = from->reason,
        };
        return find_contact(at, from->contact, (struct acd_text){ 0 }, &to->report.contact);
}

/* Ids on the wire and in the core are the same eight bytes. */
_Static_assert(sizeof(acd_contact_id) == sizeof(uint64_t), "an id is its number");

static bool make_resume(struct wire_resolving *at, const struct wire_resume *from,
                        struct acd_command *to)
{
        to->kind = ACD_COMMAND_GATEWAY_RESUME;
        to->resume = (struct acd_resume){
                .gateway = at->peer->gateway,
                .is_first = from->first,
                .is_last = from->last,
                .contact_count = from->contacts_count,
                .contact = (const acd_contact_id *)from->contacts,
        };
        return true;
}

/*
 * Agents.
 */

static bool make_login(struct wire_resolving *at, const struct wire_agent_login *from,
                       struct acd_command *to)
{
        static const struct wire_path path = { NULL, "addresses" };
        struct acd_agent_login *login = &to->login;
        struct wire_reference agent = { ACD_OBJECT_AGENT, from->agent, from->agent_id, "agent" };

        to->kind = ACD_COMMAND_AGENT_LOGIN;
        *login = (struct acd_agent_login){ .address_count = from->addresses_count };
        if (!wire_resolve_needed(at, NULL, &agent, &login->agent.value))
                return false;
        for (uint32_t i = 0; i < from->addresses_count; i++) {
                const struct wire_address *address = &from->addresses[i];
                struct wire_reference channel = { ACD_OBJECT_CHANNEL, address->channel,
                                                  address->channel_id, "channel" };

                if (!wire_resolve_needed(at, &path, &channel, &login->address[i].channel.value))
                        return false;
                if (address->address.size == 0)
                        return wire_refuse_field(at->refusal, ACD_MISSING, &path, "address", NULL);
                login->address[i].address = bytes_of(address->address);
        }
        return true;
}

static bool make_agent_ref(struct wire_resolving *at, enum acd_command_kind kind,
                           struct acd_command *to)
{
        to->kind = kind;
        to->agent_ref = (struct acd_agent_ref){ .agent = at->peer->agent };
        return true;
}

static bool make_logout(struct wire_resolving *at, struct acd_command *to)
{
        (void)make_agent_ref(at, ACD_COMMAND_AGENT_LOGOUT, to);
        to->agent_ref.reason = ACD_REASON_AGENT_ASKED;
        return true;
}

static bool make_pause(struct wire_resolving *at, const struct wire_agent_pause *from,
                       struct acd_command *to)
{
        if (from->label.size == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "label", NULL);
        (void)make_agent_ref(at, ACD_COMMAND_AGENT_PAUSE, to);
        wire_copy_text(from->label, to->agent_ref.label);
        return true;
}

static bool make_next(struct wire_resolving *at, const struct wire_agent_next *from,
                      struct acd_command *to)
{
        if (from->next == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "next", NULL);
        if (from->next == ACD_PRESENCE_LOST)
                return wire_refuse_field(at->refusal, ACD_INVALID, NULL, "next",
                                         "READY, PAUSED or LOGGED_OUT");
        to->kind = ACD_COMMAND_AGENT_NEXT;
        to->next = (struct acd_agent_next){ .agent = at->peer->agent, .next = from->next };
        wire_copy_text(from->label, to->next.label);
        return true;
}

static bool make_assignment(struct wire_resolving *at, enum acd_command_kind kind,
                            const struct wire_assignment_command *from, struct acd_command *to)
{
        if (from->assignment == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "assignment", NULL);
        to->kind = kind;
        to->assignment = (struct acd_assignment_ref){
                .assignment = { from->assignment },
                .agent = at->peer->agent,
                .epoch = from->epoch,
                .extend_ms = from->extend_ms,
        };
        wire_copy_text(from->label, to->assignment.label);
        return true;
}

/* The commands on assignments, whose bodies are alike. */
static enum acd_command_kind assignment_kind(uint16_t kind)
{
        switch ((int)kind) {
        case WIRE_ACCEPT:
                return ACD_COMMAND_ACCEPT;
        case WIRE_REJECT:
                return ACD_COMMAND_REJECT;
        case WIRE_COMPLETE:
                return ACD_COMMAND_COMPLETE;
        case WIRE_HOLD:
                return ACD_COMMAND_HOLD;
        case WIRE_UNHOLD:
                return ACD_COMMAND_UNHOLD;
        case WIRE_PARK:
                return ACD_COMMAND_PARK;
        case WIRE_UNPARK:
                return ACD_COMMAND_UNPARK;
        case WIRE_WRAP_UP:
                return ACD_COMMAND_WRAP_UP;
        default:
                return 0;
        }
}

static bool make_of_session(struct wire_resolving *at, const struct wire_message *message,
                            struct acd_command *to)
{
        enum acd_command_kind kind = assignment_kind(message->kind);

        if (at->peer->agent.value == 0)
                return wire_refuse_field(at->refusal, ACD_NOT_LOGGED_IN, NULL, "session", NULL);
        if (kind != 0)
                return make_assignment(at, kind, &message->assignment_command, to);

        switch ((int)message->kind) {
        case WIRE_LOGOUT:
                return make_logout(at, to);
        case WIRE_READY:
                return make_agent_ref(at, ACD_COMMAND_AGENT_READY, to);
        case WIRE_PAUSE:
                return make_pause(at, &message->agent_pause, to);
        default:
                return make_next(at, &message->agent_next, to);
        }
}

static bool is_of_session(uint16_t kind)
{
        return assignment_kind(kind) != 0 || kind == WIRE_LOGOUT || kind == WIRE_READY ||
               kind == WIRE_PAUSE || kind == WIRE_NEXT_STATE;
}

bool wire_is_command(uint16_t kind)
{
        return is_of_session(kind) || kind == WIRE_SUBMIT || kind == WIRE_CANCEL ||
               kind == WIRE_UPDATE || kind == WIRE_REPORT || kind == WIRE_RESUME ||
               kind == WIRE_LOGIN || kind == WIRE_APPLY;
}

static bool make_command(struct wire_resolving *at, const struct wire_message *message,
                         struct acd_command *to)
{
        if (is_of_session(message->kind))
                return make_of_session(at, message, to);

        switch ((int)message->kind) {
        case WIRE_SUBMIT:
                return make_submit(at, &message->submit, to);
        case WIRE_CANCEL:
                return make_cancel(at, &message->cancel, to);
        case WIRE_UPDATE:
                return make_update(at, &message->update, to);
        case WIRE_REPORT:
                return make_report(at, &message->report, to);
        case WIRE_RESUME:
                return make_resume(at, &message->resume, to);
        case WIRE_LOGIN:
                return make_login(at, &message->agent_login, to);
        case WIRE_APPLY:
                return wire_resolve_apply(at, &message->apply, to);
        default:
                return wire_refuse_field(at->refusal, ACD_UNSUPPORTED, NULL, "kind", NULL);
        }
}

enum acd_result wire_resolve(const struct acd *acd, const struct wire_peer *peer,
                             const struct wire_message *message, struct acd_command *ret_command,
                             struct wire_refusal *ret_refusal)
{
        struct wire_resolving at = { acd, peer, peer->tenant, ret_refusal };

        if (!wire_kind_is_allowed(message->kind, peer->role)) {
                (void)wire_refuse_field(ret_refusal, ACD_NOT_ALLOWED, NULL, "role", NULL);
                return ret_refusal->code;
        }
        ret_command->tenant = peer->tenant;
        return make_command(&at, message, ret_command) ? ACD_OK : ret_refusal->code;
}

bool wire_is_removed(const struct wire_message *message, const struct wire_refusal *refusal)
{
        return message->kind == WIRE_APPLY && message->apply.change == WIRE_CHANGE_REMOVE &&
               refusal->code == ACD_UNKNOWN;
}

enum acd_result wire_resolve_one(const struct acd *acd, acd_tenant_id tenant,
                                 const struct wire_reference *reference, uint64_t *ret_id,
                                 struct wire_refusal *ret_refusal)
{
        struct wire_resolving at = { acd, NULL, tenant, ret_refusal };
        uint64_t id = 0;

        if (!wire_resolve_reference(&at, NULL, reference, &id))
                return ret_refusal->code;
        /* A handle is good when its name leads back to it in this tenant. */
        if (reference->name.size == 0 && id != 0 &&
            acd_find(acd, reference->object, tenant, acd_name(acd, reference->object, id)) != id) {
                (void)wire_refuse_field(ret_refusal, ACD_UNKNOWN, NULL, reference->field, NULL);
                return ret_refusal->code;
        }
        *ret_id = id;
        return ACD_OK;
}

enum acd_result wire_resolve_contact(const struct acd *acd, const struct wire_peer *peer,
                                     uint64_t contact, struct acd_text client_key,
                                     acd_contact_id *ret_contact, struct wire_refusal *ret_refusal)
{
        struct wire_resolving at = { acd, peer, peer->tenant, ret_refusal };

        return find_contact(&at, contact, client_key, ret_contact) ? ACD_OK : ret_refusal->code;
}

struct wire_result wire_result_of(const struct acd_reply *reply, acd_time now)
{
        struct wire_result result = {
                .code = reply->result,
                .server_time_ns = now,
                .id = reply->id,
                .state = reply->state,
                .retry_after_ms = reply->retry_after_ms,
                .limit = reply->limit,
        };

        if (reply->field != ACD_FIELD_NONE)
                result.field = wire_text(wire_field_name(reply->field));
        if (!wire_result_is_done(reply->result))
                result.text = wire_text(wire_result_text(reply->result));
        return result;
}

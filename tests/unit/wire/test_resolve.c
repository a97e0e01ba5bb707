/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests become the commands that they ask for: names become ids, what is
 * left out gets its default, what is missing or somebody else's is refused with
 * its field. The core is a fake that knows names.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/prng.h"
#include "tests/unit/wire/fake_core.h"
#include "wire/events.h"
#include "wire/resolve.h"

enum { GATEWAY = 51, OTHER_GATEWAY = 52, AGENT = 61 };

static struct acd *core;
static struct wire_peer peer;
static struct acd_command command;
static struct wire_refusal refusal;

static void setup(void)
{
        static const struct {
                uint64_t id, tenant, gateway;
                const char *key;
        } contacts[] = {
                { 301, FAKE_TENANT, GATEWAY, "mine" },
                { 302, FAKE_TENANT, OTHER_GATEWAY, "theirs" },
                { 303, FAKE_OTHER_TENANT, GATEWAY, "abroad" },
                { 304, FAKE_TENANT, 0, "nobodys" },
        };

        core = fake_core_reset();
        for (size_t i = 0; i < sizeof(contacts) / sizeof(contacts[0]); i++) {
                core->contacts[core->contact_count++] = (struct fake_contact){
                        .view = { .contact = { contacts[i].id },
                                  .tenant = { contacts[i].tenant },
                                  .channel = { fake_id(ACD_OBJECT_CHANNEL, FAKE_TENANT, "phone") },
                                  .gateway = { contacts[i].gateway } },
                        .client_key = contacts[i].key,
                };
        }
        peer = (struct wire_peer){ .role = WIRE_ROLE_GATEWAY,
                                   .tenant = { FAKE_TENANT },
                                   .gateway = { GATEWAY } };
        memset(&refusal, 0, sizeof(refusal));
        memset(&command, 0xee, sizeof(command)); /* what is not set is seen */
}

static void as(enum wire_role role)
{
        peer = (struct wire_peer){ .role = role, .tenant = { FAKE_TENANT } };
        if (role == WIRE_ROLE_AGENT)
                peer.agent.value = AGENT;
}

static enum acd_result resolve(const struct wire_message *message)
{
        return wire_resolve(core, &peer, message, &command, &refusal);
}

static void refused(const struct wire_message *message, enum acd_result code, const char *field)
{
        cr_assert_eq(resolve(message), code, "%s %s", wire_result_name(refusal.code),
                     refusal.field);
        cr_assert_str_eq(refusal.field, field);
        cr_assert_eq(refusal.code, code);
}

/* Goal    What is not given has its default, what is given is passed on. */
Test(resolve, submit_by_name, .init = setup)
{
        struct wire_message message = { .kind = WIRE_SUBMIT };
        struct wire_term term = { .skill = wire_text("german") };

        message.submit = (struct wire_submit){ .queue = wire_text("sales"),
                                               .channel = wire_text("phone"),
                                               .client_key = wire_text("k1"),
                                               .requirement = &term,
                                               .requirement_count = 1 };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_SUBMIT);
        cr_assert_eq(command.tenant.value, FAKE_TENANT);
        cr_assert_eq(command.submit.queue.value, fake_id(ACD_OBJECT_QUEUE, FAKE_TENANT, "sales"));
        cr_assert_eq(command.submit.channel.value,
                     fake_id(ACD_OBJECT_CHANNEL, FAKE_TENANT, "phone"));
        cr_assert_eq(command.submit.gateway.value, GATEWAY);
        cr_assert_eq(command.submit.excluded.value, 0);
        cr_assert_eq(command.submit.band, ACD_BAND_DEFAULT);
        cr_assert_eq(command.submit.extra.term_count, 1);
        cr_assert_eq(command.submit.extra.term[0].level_min, 1, "not given: 1");
        cr_assert_eq(command.submit.extra.term[0].skill.value,
                     fake_id(ACD_OBJECT_SKILL, FAKE_TENANT, "german"));
        cr_assert_eq(command.submit.client_key.size, 2);
        cr_assert_eq(command.submit.attributes.size, 0);

        message.submit.has_band = true;
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.submit.band, 0, "zero is a band");

        as(WIRE_ROLE_OPERATOR);
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.submit.gateway.value, 0, "an operator's contact is nobody's");
}

/* Goal    Handles go to the core as they are; name and handle together are refused. */
Test(resolve, submit_by_handle, .init = setup)
{
        struct wire_message message = { .kind = WIRE_SUBMIT };

        message.submit =
                (struct wire_submit){ .queue_id = 91, .channel_id = 92, .excluded_agent_id = 93 };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.submit.queue.value, 91);
        cr_assert_eq(command.submit.channel.value, 92);
        cr_assert_eq(command.submit.excluded.value, 93);

        message.submit.queue = wire_text("sales");
        refused(&message, ACD_INVALID, "queue");
}

/* Goal    Each reference that is missing or names nothing is named. */
Test(resolve, submit_refusals, .init = setup)
{
        struct wire_message message = { .kind = WIRE_SUBMIT };
        struct wire_submit good = { .queue_id = 1, .channel_id = 2 };
        struct wire_term term = { .skill = wire_text("ghost") };

        message.submit = good;
        cr_assert_eq(resolve(&message), ACD_OK);
        message.submit.queue_id = 0;
        refused(&message, ACD_MISSING, "queue");
        message.submit = good;
        message.submit.channel_id = 0;
        refused(&message, ACD_MISSING, "channel");
        message.submit = good;
        message.submit.queue_id = 0;
        message.submit.queue = wire_text("ghost");
        refused(&message, ACD_UNKNOWN, "queue");
        message.submit = good;
        message.submit.excluded_agent = wire_text("ghost");
        refused(&message, ACD_UNKNOWN, "excluded_agent");
        message.submit = good;
        message.submit.requirement = &term;
        message.submit.requirement_count = 1;
        refused(&message, ACD_UNKNOWN, "requirement.skill");
        term.skill.size = 0;
        refused(&message, ACD_MISSING, "requirement.skill");
}

/* Goal    A gateway touches its own contacts, others of their tenant; by id or by key. */
Test(resolve, contacts_have_owners, .init = setup)
{
        struct wire_message message = { .kind = WIRE_CANCEL };

        message.cancel.contact = 301;
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.cancel.contact.value, 301);
        cr_assert_eq(command.cancel.reason, ACD_REASON_ABANDONED);

        message.cancel = (struct wire_cancel){ .client_key = wire_text("mine"),
                                               .reason = ACD_REASON_CANCELLED };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.cancel.contact.value, 301);
        cr_assert_eq(command.cancel.reason, ACD_REASON_CANCELLED);

        message.cancel.contact = 301;
        refused(&message, ACD_INVALID, "client_key");
        message.cancel = (struct wire_cancel){ 0 };
        refused(&message, ACD_MISSING, "contact");
        message.cancel.client_key = wire_text("never");
        refused(&message, ACD_UNKNOWN, "client_key");
        message.cancel.client_key = wire_text("abroad");
        refused(&message, ACD_UNKNOWN, "client_key");
        message.cancel = (struct wire_cancel){ .contact = 302 };
        refused(&message, ACD_NOT_ALLOWED, "contact");
        message.cancel.contact = 303;
        refused(&message, ACD_UNKNOWN, "contact");
        message.cancel.contact = 304;
        refused(&message, ACD_NOT_ALLOWED, "contact");
        message.cancel.contact = 999;
        cr_assert_eq(resolve(&message), ACD_OK, "only the core tells GONE from UNKNOWN");
        message.cancel = (struct wire_cancel){ .contact = 301, .reason = ACD_REASON_COMPLETED };
        refused(&message, ACD_INVALID, "reason");

        as(WIRE_ROLE_SUPERVISOR);
        message.cancel = (struct wire_cancel){ .contact = 302 };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.cancel.reason, ACD_REASON_OPERATOR);
        message.cancel.contact = 303;
        refused(&message, ACD_UNKNOWN, "contact");
}

/* Goal    An update says what is given and nothing else. */
Test(resolve, update_report_resume, .init = setup)
{
        struct wire_message message = { .kind = WIRE_UPDATE };
        uint64_t ids[] = { 301, 302, 303 };

        message.update = (struct wire_update){
                .contact = 301, .has_credit_ms = true, .credit_ms = 9, .has_customer_key = true
        };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_UPDATE);
        cr_assert_not(command.update.has_band);
        cr_assert(command.update.has_credit);
        cr_assert_eq(command.update.credit_ms, 9);
        cr_assert(command.update.has_customer_key);
        cr_assert_eq(command.update.customer_key.size, 0);
        cr_assert_not(command.update.has_attributes);

        message = (struct wire_message){ .kind = WIRE_REPORT };
        message.report = (struct wire_report){ .contact = 301,
                                               .assignment = 401,
                                               .report = ACD_REPORT_FAILED,
                                               .reason = ACD_REASON_FAILED_BUSY };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_REPORT);
        cr_assert_eq(command.report.contact.value, 301);
        cr_assert_eq(command.report.assignment.value, 401);
        cr_assert_eq(command.report.report, ACD_REPORT_FAILED);
        cr_assert_eq(command.report.reason, ACD_REASON_FAILED_BUSY);
        message.report.report = 0;
        refused(&message, ACD_MISSING, "report");
        message.report.report = ACD_REPORT_RINGING;
        message.report.contact = 302;
        refused(&message, ACD_NOT_ALLOWED, "contact");

        message = (struct wire_message){ .kind = WIRE_RESUME };
        message.resume = (struct wire_resume){ .contacts = ids, .contacts_count = 3, .last = true };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_GATEWAY_RESUME);
        cr_assert_eq(command.resume.gateway.value, GATEWAY);
        cr_assert_eq(command.resume.contact_count, 3);
        cr_assert_eq(command.resume.contact[2].value, 303);
        cr_assert_not(command.resume.is_first);
        cr_assert(command.resume.is_last);
}

/* Goal    A login brings addresses by channel; all that is in the list is needed. */
Test(resolve, login, .init = setup)
{
        struct wire_address addresses[2] = {
                { .channel = wire_text("phone"), .address = wire_text("sip:1@a") },
                { .channel_id = 77, .address = wire_text("a@b") },
        };
        struct wire_message message = { .kind = WIRE_LOGIN };

        as(WIRE_ROLE_AGENT);
        message.agent_login = (struct wire_agent_login){ .agent = wire_text("alice"),
                                                         .addresses = addresses,
                                                         .addresses_count = 2 };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_AGENT_LOGIN);
        cr_assert_eq(command.login.agent.value, fake_id(ACD_OBJECT_AGENT, FAKE_TENANT, "alice"));
        cr_assert_eq(command.login.address_count, 2);
        cr_assert_eq(command.login.address[0].address.size, 7);
        cr_assert_eq(command.login.address[1].channel.value, 77);

        addresses[1].address.size = 0;
        refused(&message, ACD_MISSING, "addresses.address");
        addresses[1].channel_id = 0;
        refused(&message, ACD_MISSING, "addresses.channel");
        addresses[0].channel = wire_text("ghost");
        refused(&message, ACD_UNKNOWN, "addresses.channel");
        message.agent_login.agent.size = 0;
        refused(&message, ACD_MISSING, "agent");
}

/* Goal    What a session asks is the command of its agent; without a session it is refused. */
Test(resolve, commands_of_a_session, .init = setup)
{
        static const struct {
                uint16_t kind;
                enum acd_command_kind command;
        } simple[] = {
                { WIRE_ACCEPT, ACD_COMMAND_ACCEPT },     { WIRE_REJECT, ACD_COMMAND_REJECT },
                { WIRE_COMPLETE, ACD_COMMAND_COMPLETE }, { WIRE_HOLD, ACD_COMMAND_HOLD },
                { WIRE_UNHOLD, ACD_COMMAND_UNHOLD },     { WIRE_PARK, ACD_COMMAND_PARK },
                { WIRE_UNPARK, ACD_COMMAND_UNPARK },     { WIRE_WRAP_UP, ACD_COMMAND_WRAP_UP },
        };

        as(WIRE_ROLE_AGENT);
        for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++) {
                struct wire_message message = { .kind = simple[i].kind };

                message.assignment_command = (struct wire_assignment_command){
                        .assignment = 401, .epoch = 5, .label = wire_text("why"), .extend_ms = 6
                };
                cr_assert_eq(resolve(&message), ACD_OK);
                cr_assert_eq(command.kind, simple[i].command);
                cr_assert_eq(command.assignment.assignment.value, 401);
                cr_assert_eq(command.assignment.agent.value, AGENT);
                cr_assert_eq(command.assignment.epoch, 5);
                cr_assert_str_eq(command.assignment.label, "why");
                cr_assert_eq(command.assignment.extend_ms, 6);

                message.assignment_command.assignment = 0;
                refused(&message, ACD_MISSING, "assignment");
                peer.agent.value = 0;
                refused(&message, ACD_NOT_LOGGED_IN, "session");
                peer.agent.value = AGENT;
        }
}

/* Goal    Presence: pause needs its label, next its state. */
Test(resolve, presence, .init = setup)
{
        struct wire_message message = { .kind = WIRE_READY };

        as(WIRE_ROLE_AGENT);
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_AGENT_READY);
        cr_assert_eq(command.agent_ref.agent.value, AGENT);

        message = (struct wire_message){ .kind = WIRE_PAUSE };
        refused(&message, ACD_MISSING, "label");
        message.agent_pause.label = wire_text("lunch");
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_AGENT_PAUSE);
        cr_assert_str_eq(command.agent_ref.label, "lunch");

        message = (struct wire_message){ .kind = WIRE_NEXT_STATE };
        refused(&message, ACD_MISSING, "next");
        message.agent_next.next = ACD_PRESENCE_LOST;
        refused(&message, ACD_INVALID, "next");
        message.agent_next.next = ACD_PRESENCE_LOGGED_OUT;
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_AGENT_NEXT);
        cr_assert_eq(command.next.next, ACD_PRESENCE_LOGGED_OUT);
        cr_assert_str_eq(command.next.label, "");

        message = (struct wire_message){ .kind = WIRE_LOGOUT };
        cr_assert_eq(resolve(&message), ACD_OK);
        cr_assert_eq(command.kind, ACD_COMMAND_AGENT_LOGOUT);
        cr_assert_eq(command.agent_ref.reason, ACD_REASON_AGENT_ASKED);
}

/* Goal    Every kind that is a command is refused to every role that may not send it, and to none
 *         that may for that reason; what is no command says so. */
Test(resolve, roles, .init = setup)
{
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                for (enum wire_role role = WIRE_ROLE_GATEWAY; role <= WIRE_ROLE_READER; role++) {
                        struct wire_message message = { .kind = kind };
                        enum acd_result result;

                        if (wire_kind_info(kind) == NULL)
                                continue;
                        as(role);
                        result = resolve(&message);
                        if (!wire_kind_is_allowed(kind, role))
                                cr_assert_eq(result, ACD_NOT_ALLOWED);
                        else if (wire_is_command(kind))
                                cr_assert(result != ACD_NOT_ALLOWED && result != ACD_UNSUPPORTED);
                        else
                                cr_assert_eq(result, ACD_UNSUPPORTED);
                }
        }
}

/* Goal    A handle is good in its own tenant and for its own kind of thing. */
Test(resolve, one_reference, .init = setup)
{
        uint64_t ours = fake_id(ACD_OBJECT_QUEUE, FAKE_TENANT, "sales");
        uint64_t theirs = fake_id(ACD_OBJECT_QUEUE, FAKE_OTHER_TENANT, "sales");
        struct wire_reference reference = { .object = ACD_OBJECT_QUEUE, .field = "queue" };
        uint64_t id = 1;

        cr_assert_eq(wire_resolve_one(core, peer.tenant, &reference, &id, &refusal), ACD_OK);
        cr_assert_eq(id, 0, "neither name nor handle");
        reference.id = ours;
        cr_assert_eq(wire_resolve_one(core, peer.tenant, &reference, &id, &refusal), ACD_OK);
        cr_assert_eq(id, ours);
        reference.id = theirs;
        cr_assert_eq(wire_resolve_one(core, peer.tenant, &reference, &id, &refusal), ACD_UNKNOWN);
        cr_assert_str_eq(refusal.field, "queue");
        reference.id = ours;
        reference.object = ACD_OBJECT_AGENT;
        cr_assert_eq(wire_resolve_one(core, peer.tenant, &reference, &id, &refusal), ACD_UNKNOWN);
        reference = (struct wire_reference){ ACD_OBJECT_QUEUE, wire_text("sales"), 0, "queue" };
        cr_assert_eq(wire_resolve_one(core, peer.tenant, &reference, &id, &refusal), ACD_OK);
        cr_assert_eq(id, ours);
}

/* Goal    What the core said is told, with words for refusals only. */
Test(resolve, results_are_told, .init = setup)
{
        struct acd_reply reply = { .result = ACD_LIMIT,
                                   .field = ACD_FIELD_CLASS_PER_QUEUE,
                                   .limit = 64,
                                   .retry_after_ms = 3 };
        struct wire_result result = wire_result_of(&reply, 99);

        cr_assert_eq(result.code, ACD_LIMIT);
        cr_assert_eq(result.server_time_ns, 99);
        cr_assert_eq(result.limit, 64);
        cr_assert_eq(result.retry_after_ms, 3);
        cr_assert_eq(result.field.size, strlen("limits.class_per_queue_max"));
        cr_assert_gt(result.text.size, 0);

        reply = (struct acd_reply){ .result = ACD_DUPLICATE, .id = 8, .state = 2 };
        result = wire_result_of(&reply, 1);
        cr_assert_eq(result.id, 8);
        cr_assert_eq(result.state, 2);
        cr_assert_eq(result.text.size, 0);
        cr_assert_eq(result.field.size, 0);
}

/* Goal    An event of the core gets the names behind its ids, and a batch the tenant's head. */
Test(resolve, events_get_names, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        acd_tenant_id tenant = { fake_id(ACD_OBJECT_TENANT, 0, "acme") };
        struct acd_event event = {
                .kind = ACD_EVENT_CONTACT_OFFERED,
                .tenant = tenant,
                .sequence = 41,
                .now = 1000,
                .contact = { 301 },
                .queue = { fake_id(ACD_OBJECT_QUEUE, FAKE_TENANT, "sales") },
                .agent = { fake_id(ACD_OBJECT_AGENT, FAKE_TENANT, "alice") },
                .channel = { fake_id(ACD_OBJECT_CHANNEL, FAKE_TENANT, "phone") },
                .gateway = { fake_id(ACD_OBJECT_GATEWAY, FAKE_TENANT, "sip1") },
                .has_client_key = true,
                .tier = 2,
        };
        struct wire_batch_reader reader;
        struct wire_batch batch;
        struct wire_event back;

        wire_batch_init(&batch, bytes, sizeof(bytes));
        cr_assert(wire_batch_add(&batch, core, &event, 1));
        event = (struct acd_event){ .kind = ACD_EVENT_CONFIG_CHANGED,
                                    .tenant = tenant,
                                    .sequence = 42,
                                    .now = 1000,
                                    .object = ACD_OBJECT_QUEUE,
                                    .value = fake_id(ACD_OBJECT_QUEUE, FAKE_TENANT, "sales") };
        cr_assert(wire_batch_add(&batch, core, &event, 1));

        cr_assert(wire_batch_open(&reader, wire_batch_bytes(&batch)));
        cr_assert_eq(reader.head.epoch, 5);
        cr_assert_eq(reader.head.wall_offset_ns, -1);
        cr_assert_eq(reader.head.first_sequence, 41);
        cr_assert_eq(reader.head.last_sequence, 42);
        cr_assert_arr_eq(reader.head.tenant.at, "acme", 4);
        cr_assert_eq(wire_batch_next(&reader, &back), 1);
        cr_assert_eq(back.kind, ACD_EVENT_CONTACT_OFFERED);
        cr_assert_eq(back.time_ns, 1000);
        cr_assert_eq(back.tier, 2);
        cr_assert_arr_eq(back.queue.at, "sales", 5);
        cr_assert_arr_eq(back.agent.at, "alice", 5);
        cr_assert_arr_eq(back.gateway.at, "sip1", 4);
        cr_assert_arr_eq(back.channel.at, "phone", 5);
        cr_assert_arr_eq(back.client_key.at, "mine", 4);
        cr_assert_eq(wire_batch_next(&reader, &back), 1);
        cr_assert_arr_eq(back.name.at, "sales", 5);
        cr_assert_eq(wire_batch_next(&reader, &back), 0);
}

/* An id of one of three objects, or none. */
static uint64_t some_id(struct acd_prng *prng, enum acd_object object)
{
        static const char *const names[] = { "a", "b", "c" };
        uint64_t pick = acd_prng_below(prng, 4);

        return pick == 3 ? 0 : fake_id(object, FAKE_TENANT, names[pick]);
}

/* Numbers mostly small, at times zero, at times as large as they get. */
static uint64_t some_number(struct acd_prng *prng, uint64_t max)
{
        uint64_t pick = acd_prng_below(prng, 8);

        return pick == 0 ? 0 : pick == 1 ? max : acd_prng_below(prng, max < 0x80 ? max : 0x80);
}

static struct acd_event some_event(struct acd_prng *prng)
{
        struct acd_event event = {
                .kind = (uint16_t)(3 + some_number(prng, UINT16_MAX - 3)),
                .reason = (uint16_t)some_number(prng, UINT16_MAX),
                .state = (uint8_t)some_number(prng, UINT8_MAX),
                .band = (uint8_t)some_number(prng, UINT8_MAX),
                .count = (uint32_t)some_number(prng, UINT32_MAX),
                .tier = (uint8_t)(acd_prng_below(prng, 4) == 0 ? 2 : 0),
                .now = 1000,
                .contact = { some_number(prng, UINT64_MAX) },
                .assignment = { some_number(prng, UINT64_MAX) },
                .queue = { some_id(prng, ACD_OBJECT_QUEUE) },
                .agent = { some_id(prng, ACD_OBJECT_AGENT) },
                .channel = { some_id(prng, ACD_OBJECT_CHANNEL) },
                .gateway = { some_id(prng, ACD_OBJECT_GATEWAY) },
                .deadline = some_number(prng, UINT64_MAX),
                .since = some_number(prng, UINT64_MAX),
                .value = some_number(prng, UINT64_MAX),
        };

        if (acd_prng_below(prng, 8) == 0)
                memcpy(event.label, "lunch", 5);
        event.tenant.value = fake_id(ACD_OBJECT_TENANT, 0, "acme");
        return event;
}

/* The event with its names at hand. */
static struct wire_event named(const struct acd_event *event)
{
        return (struct wire_event){
                .sequence = event->sequence,
                .kind = (enum acd_event_kind)event->kind,
                .reason = (enum acd_reason)event->reason,
                .state = event->state,
                .band = event->band,
                .count = event->count,
                .tier = event->tier,
                .contact = event->contact.value,
                .assignment = event->assignment.value,
                .agent_id = event->agent.value,
                .agent = acd_name(core, ACD_OBJECT_AGENT, event->agent.value),
                .queue_id = event->queue.value,
                .queue = acd_name(core, ACD_OBJECT_QUEUE, event->queue.value),
                .channel_id = event->channel.value,
                .channel = acd_name(core, ACD_OBJECT_CHANNEL, event->channel.value),
                .gateway_id = event->gateway.value,
                .gateway = acd_name(core, ACD_OBJECT_GATEWAY, event->gateway.value),
                .deadline_ns = event->deadline,
                .since_ns = event->since,
                .value = event->value,
                .label = wire_text(event->label),
        };
}

/* Goal    The quick way for nearly all events writes what the general one does.
 * Method  Random steps, and their events one by one as a follower gets them: the same bytes. */
Test(resolve, events_of_steps_are_those_of_followers, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY], again[WIRE_BATCH_MEMORY];
        struct wire_batch batch, copy;
        struct acd_prng prng;

        acd_prng_init(&prng, 8);
        for (int round = 0; round < 300; round++) {
                uint64_t sequence = 1 + acd_prng_below(&prng, 1000);
                struct wire_batch_head head = {
                        .tenant = wire_text("acme"),
                        .epoch = 5,
                        .first_sequence = sequence,
                        .wall_offset_ns = -1,
                        .time_ns = 1000,
                };

                wire_batch_init(&batch, bytes, sizeof(bytes));
                wire_batch_init(&copy, again, sizeof(again));
                for (int step = 0; step < 10; step++) {
                        struct acd_event events[8];
                        uint32_t count = 1 + (uint32_t)acd_prng_below(&prng, 8);

                        for (uint32_t i = 0; i < count; i++) {
                                events[i] = some_event(&prng);
                                events[i].sequence = sequence++;
                                struct wire_event event = named(&events[i]);

                                head.last_sequence = event.sequence;
                                cr_assert(wire_batch_copy(&copy, &head, &event));
                        }
                        cr_assert(wire_batch_add(&batch, core, events, count));
                        cr_assert_eq(batch.event_count, copy.event_count);
                }
                cr_assert_eq(batch.size, copy.size);
                cr_assert_arr_eq(batch.bytes, copy.bytes, copy.size);
        }
}

/* Goal    What a step says of a tenant is in one batch: all of it or nothing is added.
 * Method  Steps of as many events as there are, until one is refused; the room says when. */
Test(resolve, steps_are_not_cut, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        static struct acd_event events[ACD_EFFECT_MAX];
        struct wire_batch batch;
        struct acd_prng prng;
        uint64_t sequence = 1;
        size_t size_before;

        acd_prng_init(&prng, 9);
        wire_batch_init(&batch, bytes, sizeof(bytes));
        do {
                size_before = batch.size;
                for (uint32_t i = 0; i < ACD_EFFECT_MAX; i++) {
                        events[i] = some_event(&prng);
                        events[i].sequence = sequence++;
                }
        } while (wire_batch_add(&batch, core, events, ACD_EFFECT_MAX));
        cr_assert_eq(batch.size, size_before);
        cr_assert_gt(batch.size, 0);
        cr_assert_gt(batch.size + (size_t)ACD_EFFECT_MAX * WIRE_EVENT_ROOM, batch.capacity_size);
        cr_assert_eq(batch.last_sequence, sequence - ACD_EFFECT_MAX - 1);

        wire_batch_reset(&batch);
        cr_assert(wire_batch_add(&batch, core, events, ACD_EFFECT_MAX), "an empty one takes it");
        events[0].sequence = sequence;
        events[0].now = 2000;
        cr_assert_not(wire_batch_add(&batch, core, events, 1), "it has another time");
}

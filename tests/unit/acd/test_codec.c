/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as bytes: every kind comes back as it was, and bytes that are not a
 * command are refused, whatever they are.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "acd/command.h"
#include "base/prng.h"

static const enum acd_command_kind kinds[] = {
#define COMMAND(name, number, member, text) ACD_COMMAND_##name,
#include "acd/commands.def"
#undef COMMAND
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* Strings of customers, for all commands. */
static const uint8_t bytes[ACD_ATTRIBUTES_MAX] = { 0, 1, 2, 255, 128 };
static acd_contact_id contacts[ACD_RESUME_MAX];

static uint64_t number(struct acd_prng *prng)
{
        return acd_prng_next(prng) >> acd_prng_below(prng, 64);
}

static void fill_text(struct acd_prng *prng, char *text, size_t size)
{
        size_t length = (size_t)acd_prng_below(prng, size);

        memset(text, 0, size);
        for (size_t i = 0; i < length; i++)
                text[i] = (char)(1 + acd_prng_below(prng, 255));
}

/* Field by field, here and below: padding stays zero, so that commands can be
 * compared as a whole. */
static void fill_bytes(struct acd_prng *prng, struct acd_bytes *some, uint32_t max)
{
        some->size = (uint32_t)acd_prng_below(prng, (uint64_t)max + 1);
        some->at = some->size == 0 ? NULL : bytes;
}

static void fill_requirement(struct acd_prng *prng, struct acd_requirement *requirement)
{
        requirement->term_count = (uint32_t)acd_prng_below(prng, ACD_TERM_MAX + 1);
        for (uint32_t i = 0; i < requirement->term_count; i++) {
                requirement->term[i].skill.value = number(prng);
                requirement->term[i].level_min = (uint8_t)number(prng);
                requirement->term[i].group = (uint8_t)number(prng);
        }
}

static uint32_t fill_slots(struct acd_prng *prng, struct acd_channel_slots *slots)
{
        uint32_t count = (uint32_t)acd_prng_below(prng, ACD_AGENT_CHANNEL_MAX + 1);

        for (uint32_t i = 0; i < count; i++) {
                slots[i].channel.value = number(prng);
                slots[i].slots = (uint8_t)number(prng);
                slots[i].weight = (uint8_t)number(prng);
        }
        return count;
}

static uint32_t fill_levels(struct acd_prng *prng, struct acd_skill_level *levels)
{
        uint32_t count = (uint32_t)acd_prng_below(prng, ACD_AGENT_SKILL_MAX + 1);

        for (uint32_t i = 0; i < count; i++) {
                levels[i].skill.value = number(prng);
                levels[i].level = (uint8_t)number(prng);
        }
        return count;
}

static void fill_config(struct acd_prng *prng, struct acd_command *command)
{
        struct acd_queue_config *queue = &command->queue;

        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_TENANT_UPSERT:
                fill_text(prng, command->tenant_config.name, ACD_NAME_MAX + 1);
                command->tenant_config.agent_grace_ms = (uint32_t)number(prng);
                command->tenant_config.gateway_grace_ms = (uint32_t)number(prng);
                command->tenant_config.key_retention_ms = number(prng);
                return;
        case ACD_COMMAND_SKILL_UPSERT:
                fill_text(prng, command->skill.name, ACD_NAME_MAX + 1);
                return;
        case ACD_COMMAND_CHANNEL_UPSERT:
                fill_text(prng, command->channel.name, ACD_NAME_MAX + 1);
                command->channel.is_media = number(prng) & 1;
                command->channel.is_live = number(prng) & 1;
                command->channel.connecting_lease_ms = (uint32_t)number(prng);
                return;
        case ACD_COMMAND_QUEUE_UPSERT:
                fill_text(prng, queue->name, ACD_NAME_MAX + 1);
                fill_requirement(prng, &queue->requirement);
                queue->band = (uint8_t)number(prng);
                queue->auto_accept = number(prng) & 1;
                queue->missed_max = (uint8_t)number(prng);
                queue->on_agent_lost = (enum acd_lost_rule)(number(prng) & 3);
                queue->offer_timeout_ms = (uint32_t)number(prng);
                queue->wrap_up_ms = (uint32_t)number(prng);
                queue->cool_down_ms = (uint32_t)number(prng);
                for (uint32_t i = 0; i < ACD_TIER_COUNT; i++)
                        queue->tier_wait_ms[i] = (uint32_t)number(prng);
                queue->length_max = (uint32_t)number(prng);
                return;
        default:
                return;
        }
}

static void fill_people(struct acd_prng *prng, struct acd_command *command)
{
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_TEAM_UPSERT:
                fill_text(prng, command->team.name, ACD_NAME_MAX + 1);
                fill_text(prng, command->team.time_zone, ACD_NAME_MAX + 1);
                command->team.profile.value = number(prng);
                command->team.supervisor_count =
                        (uint32_t)acd_prng_below(prng, ACD_TEAM_SUPERVISOR_MAX + 1);
                for (uint32_t i = 0; i < command->team.supervisor_count; i++)
                        command->team.supervisor[i].value = number(prng);
                return;
        case ACD_COMMAND_PROFILE_UPSERT:
                fill_text(prng, command->profile.name, ACD_NAME_MAX + 1);
                command->profile.channel_count = fill_slots(prng, command->profile.channel);
                command->profile.skill_count = fill_levels(prng, command->profile.skill);
                return;
        case ACD_COMMAND_AGENT_UPSERT:
                fill_text(prng, command->agent.name, ACD_NAME_MAX + 1);
                command->agent.team.value = number(prng);
                command->agent.profile.value = number(prng);
                command->agent.channel_count = fill_slots(prng, command->agent.channel);
                command->agent.skill_count = fill_levels(prng, command->agent.skill);
                command->agent.tier_count = (uint32_t)acd_prng_below(prng, ACD_AGENT_TIER_MAX + 1);
                for (uint32_t i = 0; i < command->agent.tier_count; i++) {
                        command->agent.tier[i].queue.value = number(prng);
                        command->agent.tier[i].tier = (uint8_t)number(prng);
                }
                return;
        case ACD_COMMAND_AGENT_LOGIN:
                command->login.agent.value = number(prng);
                command->login.address_count =
                        (uint32_t)acd_prng_below(prng, ACD_AGENT_CHANNEL_MAX + 1);
                for (uint32_t i = 0; i < command->login.address_count; i++) {
                        command->login.address[i].channel.value = number(prng);
                        fill_bytes(prng, &command->login.address[i].address, ACD_ADDRESS_MAX);
                }
                return;
        default:
                return;
        }
}

static void fill_start(struct acd_prng *prng, struct acd_start *start)
{
        start->epoch = number(prng);
        start->run_id = number(prng);
        start->seed[0] = number(prng);
        start->seed[1] = number(prng);
        start->downtime_ns = number(prng);
        start->logic_version = (uint32_t)number(prng);
        fill_text(prng, start->build, sizeof(start->build));
#define LIMIT(name, preset, minimum, maximum, text) start->limits.name = (uint32_t)number(prng);
#include "acd/limits.def"
#undef LIMIT
}

static void fill_contact(struct acd_prng *prng, struct acd_command *command)
{
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_SUBMIT:
                command->submit.queue.value = number(prng);
                command->submit.channel.value = number(prng);
                command->submit.gateway.value = number(prng);
                command->submit.excluded.value = number(prng);
                command->submit.band = (uint8_t)number(prng);
                command->submit.credit_ms = (uint32_t)number(prng);
                fill_requirement(prng, &command->submit.extra);
                fill_bytes(prng, &command->submit.client_key, ACD_CLIENT_KEY_MAX);
                fill_bytes(prng, &command->submit.customer_key, ACD_CUSTOMER_KEY_MAX);
                fill_bytes(prng, &command->submit.attributes, ACD_ATTRIBUTES_MAX);
                return;
        case ACD_COMMAND_CANCEL:
                command->cancel.contact.value = number(prng);
                command->cancel.reason = (enum acd_reason)(number(prng) & 31);
                return;
        case ACD_COMMAND_UPDATE:
                command->update.contact.value = number(prng);
                command->update.has_band = number(prng) & 1;
                command->update.has_credit = number(prng) & 1;
                command->update.has_customer_key = number(prng) & 1;
                command->update.has_attributes = number(prng) & 1;
                command->update.band = (uint8_t)number(prng);
                command->update.credit_ms = (uint32_t)number(prng);
                fill_bytes(prng, &command->update.customer_key, ACD_CUSTOMER_KEY_MAX);
                fill_bytes(prng, &command->update.attributes, ACD_ATTRIBUTES_MAX);
                return;
        case ACD_COMMAND_REPORT:
                command->report.contact.value = number(prng);
                command->report.assignment.value = number(prng);
                command->report.report = (enum acd_report_kind)(number(prng) & 7);
                command->report.reason = (enum acd_reason)(number(prng) & 31);
                return;
        default:
                return;
        }
}

static void fill_rest(struct acd_prng *prng, struct acd_command *command)
{
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_WORK:
                command->work.unit_max = (uint32_t)number(prng);
                return;
        case ACD_COMMAND_LOGIC:
                command->logic.version = (uint32_t)number(prng);
                return;
        case ACD_COMMAND_WALL:
                command->wall.offset_ns = (int64_t)number(prng) * (number(prng) & 1 ? 1 : -1);
                return;
        case ACD_COMMAND_REMOVE:
                command->remove.object = (enum acd_object)(number(prng) & 15);
                command->remove.id = number(prng);
                return;
        case ACD_COMMAND_GATEWAY_OPEN:
                fill_text(prng, command->gateway_open.name, ACD_NAME_MAX + 1);
                return;
        case ACD_COMMAND_GATEWAY_LOST:
                command->gateway.gateway.value = number(prng);
                return;
        case ACD_COMMAND_GATEWAY_RESUME:
                command->resume.gateway.value = number(prng);
                command->resume.is_first = number(prng) & 1;
                command->resume.is_last = number(prng) & 1;
                command->resume.contact_count = (uint32_t)acd_prng_below(prng, ACD_RESUME_MAX + 1);
                for (uint32_t i = 0; i < command->resume.contact_count; i++)
                        contacts[i].value = number(prng);
                command->resume.contact = command->resume.contact_count == 0 ? NULL : contacts;
                return;
        default:
                return;
        }
}

static void fill_agent(struct acd_prng *prng, struct acd_command *command)
{
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_AGENT_LOGOUT:
        case ACD_COMMAND_AGENT_READY:
        case ACD_COMMAND_AGENT_PAUSE:
        case ACD_COMMAND_AGENT_LOST:
        case ACD_COMMAND_AGENT_BACK:
                command->agent_ref.agent.value = number(prng);
                fill_text(prng, command->agent_ref.label, ACD_LABEL_MAX + 1);
                command->agent_ref.reason = (enum acd_reason)(number(prng) & 31);
                return;
        case ACD_COMMAND_AGENT_NEXT:
                command->next.agent.value = number(prng);
                command->next.next = (enum acd_presence)(number(prng) & 3);
                fill_text(prng, command->next.label, ACD_LABEL_MAX + 1);
                return;
        default:
                if (command->kind < ACD_COMMAND_ACCEPT)
                        return;
                command->assignment.assignment.value = number(prng);
                command->assignment.agent.value = number(prng);
                command->assignment.epoch = number(prng);
                fill_text(prng, command->assignment.label, ACD_LABEL_MAX + 1);
                command->assignment.extend_ms = (uint32_t)number(prng);
                return;
        }
}

static struct acd_command make(struct acd_prng *prng, enum acd_command_kind kind)
{
        struct acd_command command;

        memset(&command, 0, sizeof(command));
        command.kind = kind;
        command.tenant.value = number(prng);
        if (kind == ACD_COMMAND_START)
                fill_start(prng, &command.start);
        fill_config(prng, &command);
        fill_people(prng, &command);
        fill_contact(prng, &command);
        fill_rest(prng, &command);
        fill_agent(prng, &command);
        return command;
}

struct encoded {
        uint8_t body[ACD_COMMAND_BODY_MAX];
        uint8_t payload[ACD_COMMAND_PAYLOAD_MAX];
        uint32_t body_size, payload_size;
};

static void encode(const struct acd_command *command, struct encoded *encoded)
{
        acd_command_encode(command, encoded->body, &encoded->body_size, encoded->payload,
                           &encoded->payload_size);
}

static bool decode(const struct encoded *encoded, struct acd_command *ret_command)
{
        static acd_contact_id scratch[ACD_RESUME_MAX];

        return acd_command_decode((struct acd_bytes){ encoded->body, encoded->body_size },
                                  (struct acd_bytes){ encoded->payload, encoded->payload_size },
                                  scratch, ret_command);
}

static bool is_equal(const struct encoded *left, const struct encoded *right)
{
        return left->body_size == right->body_size && left->payload_size == right->payload_size &&
               memcmp(left->body, right->body, left->body_size) == 0 &&
               memcmp(left->payload, right->payload, left->payload_size) == 0;
}

/* Pointers differ, what they point to must not: compared through their bytes. */
static void forget_pointers(struct acd_command *command)
{
        if (command->kind == ACD_COMMAND_SUBMIT) {
                command->submit.client_key.at = command->submit.customer_key.at = NULL;
                command->submit.attributes.at = NULL;
        } else if (command->kind == ACD_COMMAND_UPDATE) {
                command->update.customer_key.at = command->update.attributes.at = NULL;
        } else if (command->kind == ACD_COMMAND_GATEWAY_RESUME) {
                command->resume.contact = NULL;
        } else if (command->kind == ACD_COMMAND_AGENT_LOGIN) {
                for (uint32_t i = 0; i < ACD_AGENT_CHANNEL_MAX; i++)
                        command->login.address[i].address.at = NULL;
        }
}

/*
 * Goal    decode(encode(x)) = x for every kind, and one encoding only.
 */
Test(codec, every_kind_comes_back)
{
        static struct encoded first, second;
        struct acd_prng prng;

        acd_prng_init(&prng, 1);
        for (uint32_t round = 0; round < 200; round++)
                for (uint32_t k = 0; k < KIND_COUNT; k++) {
                        struct acd_command command = make(&prng, kinds[k]);
                        struct acd_command back;

                        encode(&command, &first);
                        cr_assert_leq(first.body_size, ACD_COMMAND_BODY_MAX);
                        cr_assert(decode(&first, &back), "kind %d", (int)kinds[k]);
                        encode(&back, &second);
                        cr_assert(is_equal(&first, &second));
                        forget_pointers(&command);
                        forget_pointers(&back);
                        cr_assert_eq(memcmp(&command, &back, sizeof(command)), 0, "kind %d",
                                     (int)kinds[k]);
                }
}

/* Every length but the whole one, of body and of payload. */
Test(codec, truncations_and_additions_are_refused)
{
        static struct encoded whole, part;
        struct acd_command back;
        struct acd_prng prng;

        acd_prng_init(&prng, 2);
        for (uint32_t k = 0; k < KIND_COUNT; k++) {
                struct acd_command command = make(&prng, kinds[k]);

                encode(&command, &whole);
                part = whole;
                for (part.body_size = 0; part.body_size < whole.body_size; part.body_size++)
                        cr_assert_not(decode(&part, &back));
                if (part.body_size < ACD_COMMAND_BODY_MAX) {
                        part.body_size = whole.body_size + 1;
                        cr_assert_not(decode(&part, &back));
                }
                part.body_size = whole.body_size;
                for (part.payload_size = 0; part.payload_size < whole.payload_size;
                     part.payload_size++)
                        cr_assert_not(decode(&part, &back));
                part.payload_size = whole.payload_size + 1;
                cr_assert_not(decode(&part, &back));
        }
}

/*
 * Goal    Total over hostile bytes, and canonical: what decodes encodes to the same
 *         bytes.
 * Method  Every bit of encoded commands flipped, then plain random bytes.
 */
Test(codec, flipped_bits_are_refused_or_another_command)
{
        static struct encoded encoded, again;
        struct acd_command back;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (uint32_t k = 0; k < KIND_COUNT; k++) {
                struct acd_command command = make(&prng, kinds[k]);

                encode(&command, &encoded);
                for (uint32_t bit = 0; bit < encoded.body_size * 8; bit++) {
                        encoded.body[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        if (decode(&encoded, &back)) {
                                encode(&back, &again);
                                cr_assert(is_equal(&encoded, &again));
                        }
                        encoded.body[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
        }
        for (uint32_t round = 0; round < 200000; round++) {
                encoded.body_size = (uint32_t)acd_prng_below(&prng, 40);
                encoded.payload_size = (uint32_t)acd_prng_below(&prng, 4);
                for (uint32_t i = 0; i < encoded.body_size; i++)
                        encoded.body[i] = (uint8_t)(acd_prng_next(&prng) >>
                                                    (acd_prng_chance(&prng, 1, 2) ? 57 : 0));
                if (decode(&encoded, &back)) {
                        encode(&back, &again);
                        cr_assert(is_equal(&encoded, &again));
                }
        }
}

/* The largest commands fit their buffers. */
Test(codec, the_largest_commands_fit)
{
        static struct encoded encoded;
        struct acd_command command = { .kind = ACD_COMMAND_GATEWAY_RESUME };
        struct acd_command back;

        command.tenant.value = command.resume.gateway.value = UINT64_MAX;
        command.resume.contact_count = ACD_RESUME_MAX;
        for (uint32_t i = 0; i < ACD_RESUME_MAX; i++)
                contacts[i].value = UINT64_MAX;
        command.resume.contact = contacts;
        encode(&command, &encoded);
        cr_assert(decode(&encoded, &back));

        command = (struct acd_command){ .kind = ACD_COMMAND_AGENT_LOGIN };
        command.login.address_count = ACD_AGENT_CHANNEL_MAX;
        for (uint32_t i = 0; i < ACD_AGENT_CHANNEL_MAX; i++)
                command.login.address[i].address = (struct acd_bytes){ bytes, ACD_ADDRESS_MAX };
        encode(&command, &encoded);
        cr_assert(decode(&encoded, &back));
        cr_assert_eq(back.login.address[15].address.size, (uint32_t)ACD_ADDRESS_MAX);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of commands: what is wrong with a field by itself (D2, D3).
 *
 * Looks at the command and nothing else. Each check says yes, or refuses with the
 * result and the field at fault; the first fault is the answer. Lists are tested
 * element by element, the fields of an element in order, then against those
 * before it: a thing named twice is not a set.
 */

#include "acd/parts.h"

#include <string.h>

#include "base/name.h"

#define DURATION_MS_MAX  UINT64_C(86400000)   /* a day */
#define RETENTION_MS_MAX UINT64_C(2592000000) /* thirty days */
#define EXTEND_MS_MAX    UINT64_C(3600000)    /* an hour */

static bool fault(struct acd *acd, enum acd_result result, enum acd_field field)
{
        acd_refuse(acd, result, field);
        return false;
}

static bool is_in_range(struct acd *acd, enum acd_field field, uint64_t value, uint64_t least,
                        uint64_t most)
{
        return (value >= least && value <= most) || fault(acd, ACD_INVALID, field);
}

static bool is_not_above(struct acd *acd, enum acd_field field, uint64_t size, uint64_t max)
{
        if (size <= max)
                return true;
        acd_refuse_limit(acd, ACD_TOO_LARGE, field, max);
        return false;
}

static bool is_given(struct acd *acd, enum acd_field field, uint64_t id)
{
        return id != 0 || fault(acd, ACD_MISSING, field);
}

/* The length of a text in an array of @size bytes, which must end in it. */
static bool text_form(struct acd *acd, enum acd_field field, const char *text, size_t size,
                      size_t *ret_length)
{
        size_t length = 0;

        while (length < size && text[length] != 0)
                length++;
        *ret_length = length;
        return is_not_above(acd, field, length, size - 1);
}

bool acd_form_name(struct acd *acd, const char *name)
{
        size_t length;

        if (!text_form(acd, ACD_FIELD_NAME, name, ACD_NAME_MAX + 1, &length))
                return false;
        if (length == 0)
                return fault(acd, ACD_MISSING, ACD_FIELD_NAME);
        return acd_name_is_valid(name, length) || fault(acd, ACD_INVALID, ACD_FIELD_NAME);
}

static bool label_form(struct acd *acd, const char *label)
{
        size_t length;

        if (!text_form(acd, ACD_FIELD_LABEL, label, ACD_LABEL_MAX + 1, &length))
                return false;
        return length == 0 || acd_name_is_valid(label, length) ||
               fault(acd, ACD_INVALID, ACD_FIELD_LABEL);
}

static bool requirement_form(struct acd *acd, const struct acd_requirement *requirement)
{
        const struct acd_term *term = requirement->term;

        if (!is_not_above(acd, ACD_FIELD_REQUIREMENT, requirement->term_count, ACD_TERM_MAX))
                return false;
        for (uint32_t i = 0; i < requirement->term_count; i++) {
                if (!is_given(acd, ACD_FIELD_SKILL, term[i].skill.value) ||
                    !is_in_range(acd, ACD_FIELD_LEVEL, term[i].level_min, 1, ACD_LEVEL_MAX) ||
                    !is_in_range(acd, ACD_FIELD_TERM_GROUP, term[i].group, 0, 7))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (term[k].skill.value == term[i].skill.value &&
                            term[k].group == term[i].group)
                                return fault(acd, ACD_INVALID, ACD_FIELD_REQUIREMENT);
        }
        return true;
}

static bool channels_form(struct acd *acd, const struct acd_channel_slots *channel, uint32_t count)
{
        if (!is_not_above(acd, ACD_FIELD_CHANNEL, count, ACD_AGENT_CHANNEL_MAX))
                return false;
        for (uint32_t i = 0; i < count; i++) {
                if (!is_given(acd, ACD_FIELD_CHANNEL, channel[i].channel.value) ||
                    !is_in_range(acd, ACD_FIELD_SLOTS, channel[i].slots, 1, UINT8_MAX) ||
                    !is_in_range(acd, ACD_FIELD_WEIGHT, channel[i].weight, 1, 100))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (channel[k].channel.value == channel[i].channel.value)
                                return fault(acd, ACD_INVALID, ACD_FIELD_CHANNEL);
        }
        return true;
}

static bool skills_form(struct acd *acd, const struct acd_skill_level *skill, uint32_t count,
                        uint8_t level_min)
{
        if (!is_not_above(acd, ACD_FIELD_SKILL, count, ACD_AGENT_SKILL_MAX))
                return false;
        for (uint32_t i = 0; i < count; i++) {
                if (!is_given(acd, ACD_FIELD_SKILL, skill[i].skill.value) ||
                    !is_in_range(acd, ACD_FIELD_LEVEL, skill[i].level, level_min, ACD_LEVEL_MAX))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (skill[k].skill.value == skill[i].skill.value)
                                return fault(acd, ACD_INVALID, ACD_FIELD_SKILL);
        }
        return true;
}

bool acd_form_start(struct acd *acd, const struct acd_start *start)
{
        size_t length;

        if (!acd_limits_are_in_range(&start->limits))
                return fault(acd, ACD_INVALID, ACD_FIELD_LIMITS);
        return text_form(acd, ACD_FIELD_NAME, start->build, sizeof(start->build), &length);
}

bool acd_form_tenant(struct acd *acd, const struct acd_tenant_config *config)
{
        return acd_form_name(acd, config->name) &&
               is_in_range(acd, ACD_FIELD_AGENT_GRACE, config->agent_grace_ms, 0,
                           DURATION_MS_MAX) &&
               is_in_range(acd, ACD_FIELD_GATEWAY_GRACE, config->gateway_grace_ms, 0,
                           DURATION_MS_MAX) &&
               is_in_range(acd, ACD_FIELD_KEY_RETENTION, config->key_retention_ms, 0,
                           RETENTION_MS_MAX);
}

bool acd_form_channel(struct acd *acd, const struct acd_channel_config *config)
{
        return acd_form_name(acd, config->name) &&
               is_in_range(acd, ACD_FIELD_CONNECTING_LEASE, config->connecting_lease_ms, 1,
                           DURATION_MS_MAX);
}

bool acd_form_queue(struct acd *acd, const struct acd_queue_config *config)
{
        uint32_t wait_ms = 0;

        if (!acd_form_name(acd, config->name) || !requirement_form(acd, &config->requirement) ||
            !is_in_range(acd, ACD_FIELD_BAND, config->band, 0, ACD_BAND_COUNT - 1) ||
            !is_in_range(acd, ACD_FIELD_LOST_RULE, (uint64_t)config->on_agent_lost,
                         ACD_LOST_BY_CHANNEL, ACD_LOST_CLOSE) ||
            !is_in_range(acd, ACD_FIELD_OFFER_TIMEOUT, config->offer_timeout_ms, 1,
                         DURATION_MS_MAX) ||
            !is_in_range(acd, ACD_FIELD_WRAP_UP, config->wrap_up_ms, 0, DURATION_MS_MAX) ||
            !is_in_range(acd, ACD_FIELD_COOL_DOWN, config->cool_down_ms, 0, DURATION_MS_MAX))
                return false;
        for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++) {
                if (!is_in_range(acd, ACD_FIELD_TIER_WAIT, config->tier_wait_ms[tier], wait_ms,
                                 tier == 0 ? 0 : DURATION_MS_MAX))
                        return false;
                wait_ms = config->tier_wait_ms[tier];
        }
        return true;
}

static bool zone_form(struct acd *acd, const char *zone)
{
        size_t length;

        if (!text_form(acd, ACD_FIELD_TIME_ZONE, zone, ACD_NAME_MAX + 1, &length))
                return false;
        for (size_t i = 0; i < length; i++)
                if (zone[i] != '/' && !acd_name_is_valid(zone + i, 1))
                        return fault(acd, ACD_INVALID, ACD_FIELD_TIME_ZONE);
        return true;
}

bool acd_form_team(struct acd *acd, const struct acd_team_config *config)
{
        if (!acd_form_name(acd, config->name) || !zone_form(acd, config->time_zone) ||
            !is_not_above(acd, ACD_FIELD_SUPERVISOR, config->supervisor_count,
                          ACD_TEAM_SUPERVISOR_MAX))
                return false;
        for (uint32_t i = 0; i < config->supervisor_count; i++) {
                if (!is_given(acd, ACD_FIELD_SUPERVISOR, config->supervisor[i].value))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (config->supervisor[k].value == config->supervisor[i].value)
                                return fault(acd, ACD_INVALID, ACD_FIELD_SUPERVISOR);
        }
        return true;
}

bool acd_form_profile(struct acd *acd, const struct acd_profile_config *config)
{
        return acd_form_name(acd, config->name) &&
               channels_form(acd, config->channel, config->channel_count) &&
               skills_form(acd, config->skill, config->skill_count, 1);
}

bool acd_form_agent(struct acd *acd, const struct acd_agent_config *config)
{
        const struct acd_queue_tier *tier = config->tier;

        if (!acd_form_name(acd, config->name) ||
            !channels_form(acd, config->channel, config->channel_count) ||
            !skills_form(acd, config->skill, config->skill_count, 0) ||
            !is_not_above(acd, ACD_FIELD_TIER, config->tier_count, ACD_AGENT_TIER_MAX))
                return false;
        for (uint32_t i = 0; i < config->tier_count; i++) {
                if (!is_given(acd, ACD_FIELD_QUEUE, tier[i].queue.value) ||
                    !is_in_range(acd, ACD_FIELD_TIER, tier[i].tier, 0, ACD_TIER_COUNT - 1))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (tier[k].queue.value == tier[i].queue.value)
                                return fault(acd, ACD_INVALID, ACD_FIELD_QUEUE);
        }
        return true;
}

static bool band_form(struct acd *acd, uint8_t band)
{
        return band == ACD_BAND_DEFAULT ||
               is_in_range(acd, ACD_FIELD_BAND, band, 0, ACD_BAND_COUNT - 1);
}

bool acd_form_submit(struct acd *acd, const struct acd_submit *submit)
{
        return is_given(acd, ACD_FIELD_QUEUE, submit->queue.value) &&
               is_given(acd, ACD_FIELD_CHANNEL, submit->channel.value) &&
               band_form(acd, submit->band) &&
               is_in_range(acd, ACD_FIELD_CREDIT, submit->credit_ms, 0, ACD_CREDIT_MS_MAX) &&
               (submit->extra.term_count == 0 || requirement_form(acd, &submit->extra)) &&
               is_not_above(acd, ACD_FIELD_CLIENT_KEY, submit->client_key.size,
                            ACD_CLIENT_KEY_MAX) &&
               is_not_above(acd, ACD_FIELD_CUSTOMER_KEY, submit->customer_key.size,
                            ACD_CUSTOMER_KEY_MAX) &&
               is_not_above(acd, ACD_FIELD_ATTRIBUTES, submit->attributes.size, ACD_ATTRIBUTES_MAX);
}

bool acd_form_cancel(struct acd *acd, const struct acd_cancel *cancel)
{
        return is_given(acd, ACD_FIELD_CONTACT, cancel->contact.value) &&
               (cancel->reason == ACD_REASON_ABANDONED || cancel->reason == ACD_REASON_CANCELLED ||
                cancel->reason == ACD_REASON_OPERATOR || fault(acd, ACD_INVALID, ACD_FIELD_REASON));
}

bool acd_form_update(struct acd *acd, const struct acd_update *update)
{
        return is_given(acd, ACD_FIELD_CONTACT, update->contact.value) &&
               (!update->has_band || band_form(acd, update->band)) &&
               (!update->has_credit ||
                is_in_range(acd, ACD_FIELD_CREDIT, update->credit_ms, 0, ACD_CREDIT_MS_MAX)) &&
               (!update->has_customer_key ||
                is_not_above(acd, ACD_FIELD_CUSTOMER_KEY, update->customer_key.size,
                             ACD_CUSTOMER_KEY_MAX)) &&
               (!update->has_attributes ||
                is_not_above(acd, ACD_FIELD_ATTRIBUTES, update->attributes.size,
                             ACD_ATTRIBUTES_MAX));
}

/* Reports about one attempt must name it. */
static bool names_attempt(enum acd_report_kind kind)
{
        return kind == ACD_REPORT_RINGING || kind == ACD_REPORT_CONNECTED ||
               kind == ACD_REPORT_FAILED;
}

bool acd_form_report(struct acd *acd, const struct acd_report *report)
{
        enum acd_reason reason = report->reason;

        if (!is_given(acd, ACD_FIELD_CONTACT, report->contact.value))
                return false;
        if (names_attempt(report->report) &&
            !is_given(acd, ACD_FIELD_ASSIGNMENT, report->assignment.value))
                return false;
        if (!is_in_range(acd, ACD_FIELD_KIND, (uint64_t)report->report, ACD_REPORT_RINGING,
                         ACD_REPORT_ENDED))
                return false;
        if (report->report == ACD_REPORT_FAILED)
                return is_in_range(acd, ACD_FIELD_REASON, (uint64_t)reason, ACD_REASON_FAILED_BUSY,
                                   ACD_REASON_FAILED_MEDIA);
        if (report->report == ACD_REPORT_ENDED)
                return is_in_range(acd, ACD_FIELD_REASON, (uint64_t)reason,
                                   ACD_REASON_ENDED_BY_CUSTOMER, ACD_REASON_ABANDONED);
        return true;
}

bool acd_form_login(struct acd *acd, const struct acd_agent_login *login)
{
        if (!is_given(acd, ACD_FIELD_AGENT, login->agent.value) ||
            !is_not_above(acd, ACD_FIELD_ADDRESS, login->address_count, ACD_AGENT_CHANNEL_MAX))
                return false;
        for (uint32_t i = 0; i < login->address_count; i++) {
                if (!is_given(acd, ACD_FIELD_CHANNEL, login->address[i].channel.value) ||
                    !is_given(acd, ACD_FIELD_ADDRESS, login->address[i].address.size) ||
                    !is_not_above(acd, ACD_FIELD_ADDRESS, login->address[i].address.size,
                                  ACD_ADDRESS_MAX))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (login->address[k].channel.value == login->address[i].channel.value)
                                return fault(acd, ACD_INVALID, ACD_FIELD_CHANNEL);
        }
        return true;
}

static bool reason_form(struct acd *acd, enum acd_reason reason)
{
        switch ((uint32_t)reason) {
#define REASON(name, number, text) case number:
#include "acd/reasons.def"
#undef REASON
                return true;
        default:
                return fault(acd, ACD_INVALID, ACD_FIELD_REASON);
        }
}

bool acd_form_agent_ref(struct acd *acd, const struct acd_agent_ref *ref)
{
        return is_given(acd, ACD_FIELD_AGENT, ref->agent.value) && label_form(acd, ref->label) &&
               reason_form(acd, ref->reason);
}

bool acd_form_next(struct acd *acd, const struct acd_agent_next *next)
{
        if (!is_given(acd, ACD_FIELD_AGENT, next->agent.value))
                return false;
        if (next->next != ACD_PRESENCE_READY && next->next != ACD_PRESENCE_PAUSED &&
            next->next != ACD_PRESENCE_LOGGED_OUT)
                return fault(acd, ACD_INVALID, ACD_FIELD_STATE);
        return label_form(acd, next->label);
}

bool acd_form_assignment(struct acd *acd, const struct acd_command *command)
{
        const struct acd_assignment_ref *ref = &command->assignment;

        return is_given(acd, ACD_FIELD_ASSIGNMENT, ref->assignment.value) &&
               is_given(acd, ACD_FIELD_AGENT, ref->agent.value) && label_form(acd, ref->label) &&
               (command->kind != ACD_COMMAND_WRAP_UP ||
                is_in_range(acd, ACD_FIELD_WRAP_UP, ref->extend_ms, 0, EXTEND_MS_MAX));
}

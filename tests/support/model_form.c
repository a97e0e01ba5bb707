/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is wrong with a command by itself: rules D2 and D3.
 *
 * Looks at nothing but the command. Fields are taken in the order of their
 * struct, the first fault is the answer. Returns true when there is none.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/name.h"

enum {
        DURATION_MS_MAX = 86400000,
        EXTEND_MS_MAX = 3600000,
};

static const uint64_t retention_ms_max = 2592000000;

/* Text in an array of @size that must end within it. */
static bool text_form(struct model *m, const char *text, size_t size, enum acd_field field)
{
        if (memchr(text, 0, size) == NULL)
                return model_refuse(m, ACD_TOO_LARGE, field, size - 1);
        return true;
}

static bool name_form(struct model *m, const char *name)
{
        if (!text_form(m, name, ACD_NAME_MAX + 1, ACD_FIELD_NAME))
                return false;
        if (name[0] == 0)
                return model_refuse(m, ACD_MISSING, ACD_FIELD_NAME, 0);
        if (!acd_name_is_valid(name, strlen(name)))
                return model_refuse(m, ACD_INVALID, ACD_FIELD_NAME, 0);
        return true;
}

static bool label_form(struct model *m, const char *label)
{
        if (!text_form(m, label, ACD_LABEL_MAX + 1, ACD_FIELD_LABEL))
                return false;
        if (label[0] != 0 && !acd_name_is_valid(label, strlen(label)))
                return model_refuse(m, ACD_INVALID, ACD_FIELD_LABEL, 0);
        return true;
}

static bool needed(struct model *m, uint64_t id, enum acd_field field)
{
        return id != 0 || model_refuse(m, ACD_MISSING, field, 0);
}

static bool in_range(struct model *m, uint64_t value, uint64_t minimum, uint64_t maximum,
                     enum acd_field field)
{
        return (value >= minimum && value <= maximum) || model_refuse(m, ACD_INVALID, field, 0);
}

static bool not_above(struct model *m, uint64_t size, uint64_t max, enum acd_field field)
{
        return size <= max || model_refuse(m, ACD_TOO_LARGE, field, max);
}

static bool reason_form(struct model *m, enum acd_reason reason)
{
        switch ((int)reason) {
#define REASON(name, number, text) case number:
#include "acd/reasons.def"
#undef REASON
                return true;
        default:
                return model_refuse(m, ACD_INVALID, ACD_FIELD_REASON, 0);
        }
}

static bool requirement_form(struct model *m, const struct acd_requirement *requirement)
{
        if (!not_above(m, requirement->term_count, ACD_TERM_MAX, ACD_FIELD_REQUIREMENT))
                return false;
        for (uint32_t i = 0; i < requirement->term_count; i++) {
                const struct acd_term *term = &requirement->term[i];

                if (!needed(m, term->skill.value, ACD_FIELD_SKILL) ||
                    !in_range(m, term->level_min, 1, ACD_LEVEL_MAX, ACD_FIELD_LEVEL) ||
                    !in_range(m, term->group, 0, 7, ACD_FIELD_TERM_GROUP))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (requirement->term[k].skill.value == term->skill.value &&
                            requirement->term[k].group == term->group)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_REQUIREMENT, 0);
        }
        return true;
}

static bool channels_form(struct model *m, uint32_t count, const struct acd_channel_slots *channel)
{
        if (!not_above(m, count, ACD_AGENT_CHANNEL_MAX, ACD_FIELD_CHANNEL))
                return false;
        for (uint32_t i = 0; i < count; i++) {
                if (!needed(m, channel[i].channel.value, ACD_FIELD_CHANNEL) ||
                    !in_range(m, channel[i].slots, 1, 255, ACD_FIELD_SLOTS) ||
                    !in_range(m, channel[i].weight, 1, 100, ACD_FIELD_WEIGHT))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (channel[k].channel.value == channel[i].channel.value)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_CHANNEL, 0);
        }
        return true;
}

static bool skills_form(struct model *m, uint32_t count, const struct acd_skill_level *skill,
                        uint8_t level_min)
{
        if (!not_above(m, count, ACD_AGENT_SKILL_MAX, ACD_FIELD_SKILL))
                return false;
        for (uint32_t i = 0; i < count; i++) {
                if (!needed(m, skill[i].skill.value, ACD_FIELD_SKILL) ||
                    !in_range(m, skill[i].level, level_min, ACD_LEVEL_MAX, ACD_FIELD_LEVEL))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (skill[k].skill.value == skill[i].skill.value)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_SKILL, 0);
        }
        return true;
}

static bool start_form(struct model *m, const struct acd_start *start)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        if (start->limits.name < (minimum) || start->limits.name > (maximum)) \
                return model_refuse(m, ACD_INVALID, ACD_FIELD_LIMITS, 0);
#include "acd/limits.def"
#undef LIMIT
        return text_form(m, start->build, sizeof(start->build), ACD_FIELD_NAME);
}

static bool tenant_form(struct model *m, const struct acd_tenant_config *config)
{
        return name_form(m, config->name) &&
               in_range(m, config->agent_grace_ms, 0, DURATION_MS_MAX, ACD_FIELD_AGENT_GRACE) &&
               in_range(m, config->gateway_grace_ms, 0, DURATION_MS_MAX, ACD_FIELD_GATEWAY_GRACE) &&
               in_range(m, config->key_retention_ms, 0, retention_ms_max, ACD_FIELD_KEY_RETENTION);
}

static bool channel_form(struct model *m, const struct acd_channel_config *config)
{
        return name_form(m, config->name) &&
               in_range(m, config->connecting_lease_ms, 1, DURATION_MS_MAX,
                        ACD_FIELD_CONNECTING_LEASE);
}

static bool queue_form(struct model *m, const struct acd_queue_config *config)
{
        if (!name_form(m, config->name) || !requirement_form(m, &config->requirement) ||
            !in_range(m, config->band, 0, ACD_BAND_COUNT - 1, ACD_FIELD_BAND) ||
            !in_range(m, config->on_agent_lost, ACD_LOST_BY_CHANNEL, ACD_LOST_CLOSE,
                      ACD_FIELD_LOST_RULE) ||
            !in_range(m, config->offer_timeout_ms, 1, DURATION_MS_MAX, ACD_FIELD_OFFER_TIMEOUT) ||
            !in_range(m, config->wrap_up_ms, 0, DURATION_MS_MAX, ACD_FIELD_WRAP_UP) ||
            !in_range(m, config->cool_down_ms, 0, DURATION_MS_MAX, ACD_FIELD_COOL_DOWN) ||
            !in_range(m, config->tier_wait_ms[0], 0, 0, ACD_FIELD_TIER_WAIT))
                return false;
        for (int i = 1; i < ACD_TIER_COUNT; i++)
                if (!in_range(m, config->tier_wait_ms[i], config->tier_wait_ms[i - 1],
                              DURATION_MS_MAX, ACD_FIELD_TIER_WAIT))
                        return false;
        return true;
}

static bool zone_form(struct model *m, const char *zone)
{
        if (!text_form(m, zone, ACD_NAME_MAX + 1, ACD_FIELD_TIME_ZONE))
                return false;
        for (; *zone != 0; zone++)
                if (*zone != '/' && !acd_name_is_valid(zone, 1))
                        return model_refuse(m, ACD_INVALID, ACD_FIELD_TIME_ZONE, 0);
        return true;
}

static bool team_form(struct model *m, const struct acd_team_config *config)
{
        if (!name_form(m, config->name) || !zone_form(m, config->time_zone) ||
            !not_above(m, config->supervisor_count, ACD_TEAM_SUPERVISOR_MAX, ACD_FIELD_SUPERVISOR))
                return false;
        for (uint32_t i = 0; i < config->supervisor_count; i++) {
                if (!needed(m, config->supervisor[i].value, ACD_FIELD_SUPERVISOR))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (config->supervisor[k].value == config->supervisor[i].value)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_SUPERVISOR, 0);
        }
        return true;
}

static bool profile_form(struct model *m, const struct acd_profile_config *config)
{
        return name_form(m, config->name) &&
               channels_form(m, config->channel_count, config->channel) &&
               skills_form(m, config->skill_count, config->skill, 1);
}

static bool agent_form(struct model *m, const struct acd_agent_config *config)
{
        if (!name_form(m, config->name) ||
            !channels_form(m, config->channel_count, config->channel) ||
            !skills_form(m, config->skill_count, config->skill, 0) ||
            !not_above(m, config->tier_count, ACD_AGENT_TIER_MAX, ACD_FIELD_TIER))
                return false;
        for (uint32_t i = 0; i < config->tier_count; i++) {
                if (!needed(m, config->tier[i].queue.value, ACD_FIELD_QUEUE) ||
                    !in_range(m, config->tier[i].tier, 0, ACD_TIER_COUNT - 1, ACD_FIELD_TIER))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (config->tier[k].queue.value == config->tier[i].queue.value)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_QUEUE, 0);
        }
        return true;
}

static bool band_form(struct model *m, uint8_t band)
{
        return band == ACD_BAND_DEFAULT || in_range(m, band, 0, ACD_BAND_COUNT - 1, ACD_FIELD_BAND);
}

static bool submit_form(struct model *m, const struct acd_submit *submit)
{
        return needed(m, submit->queue.value, ACD_FIELD_QUEUE) &&
               needed(m, submit->channel.value, ACD_FIELD_CHANNEL) && band_form(m, submit->band) &&
               in_range(m, submit->credit_ms, 0, ACD_CREDIT_MS_MAX, ACD_FIELD_CREDIT) &&
               requirement_form(m, &submit->extra) &&
               not_above(m, submit->client_key.size, ACD_CLIENT_KEY_MAX, ACD_FIELD_CLIENT_KEY) &&
               not_above(m, submit->customer_key.size, ACD_CUSTOMER_KEY_MAX,
                         ACD_FIELD_CUSTOMER_KEY) &&
               not_above(m, submit->attributes.size, ACD_ATTRIBUTES_MAX, ACD_FIELD_ATTRIBUTES);
}

static bool cancel_form(struct model *m, const struct acd_cancel *cancel)
{
        if (!needed(m, cancel->contact.value, ACD_FIELD_CONTACT))
                return false;
        if (cancel->reason != ACD_REASON_ABANDONED && cancel->reason != ACD_REASON_CANCELLED &&
            cancel->reason != ACD_REASON_OPERATOR)
                return model_refuse(m, ACD_INVALID, ACD_FIELD_REASON, 0);
        return true;
}

static bool update_form(struct model *m, const struct acd_update *update)
{
        return needed(m, update->contact.value, ACD_FIELD_CONTACT) &&
               (!update->has_band || band_form(m, update->band)) &&
               (!update->has_credit ||
                in_range(m, update->credit_ms, 0, ACD_CREDIT_MS_MAX, ACD_FIELD_CREDIT)) &&
               (!update->has_customer_key ||
                not_above(m, update->customer_key.size, ACD_CUSTOMER_KEY_MAX,
                          ACD_FIELD_CUSTOMER_KEY)) &&
               (!update->has_attributes ||
                not_above(m, update->attributes.size, ACD_ATTRIBUTES_MAX, ACD_FIELD_ATTRIBUTES));
}

static bool report_form(struct model *m, const struct acd_report *report)
{
        bool is_attempt = report->report == ACD_REPORT_RINGING ||
                          report->report == ACD_REPORT_CONNECTED ||
                          report->report == ACD_REPORT_FAILED;
        enum acd_reason reason = report->reason;

        if (!needed(m, report->contact.value, ACD_FIELD_CONTACT) ||
            (is_attempt && !needed(m, report->assignment.value, ACD_FIELD_ASSIGNMENT)) ||
            !in_range(m, report->report, ACD_REPORT_RINGING, ACD_REPORT_ENDED, ACD_FIELD_KIND))
                return false;
        if (report->report == ACD_REPORT_FAILED &&
            (reason < ACD_REASON_FAILED_BUSY || reason > ACD_REASON_FAILED_MEDIA))
                return model_refuse(m, ACD_INVALID, ACD_FIELD_REASON, 0);
        if (report->report == ACD_REPORT_ENDED &&
            (reason < ACD_REASON_ENDED_BY_CUSTOMER || reason > ACD_REASON_ABANDONED))
                return model_refuse(m, ACD_INVALID, ACD_FIELD_REASON, 0);
        return true;
}

static bool login_form(struct model *m, const struct acd_agent_login *login)
{
        if (!needed(m, login->agent.value, ACD_FIELD_AGENT) ||
            !not_above(m, login->address_count, ACD_AGENT_CHANNEL_MAX, ACD_FIELD_ADDRESS))
                return false;
        for (uint32_t i = 0; i < login->address_count; i++) {
                if (!needed(m, login->address[i].channel.value, ACD_FIELD_CHANNEL) ||
                    !needed(m, login->address[i].address.size, ACD_FIELD_ADDRESS) ||
                    !not_above(m, login->address[i].address.size, ACD_ADDRESS_MAX,
                               ACD_FIELD_ADDRESS))
                        return false;
                for (uint32_t k = 0; k < i; k++)
                        if (login->address[k].channel.value == login->address[i].channel.value)
                                return model_refuse(m, ACD_INVALID, ACD_FIELD_CHANNEL, 0);
        }
        return true;
}

static bool next_form(struct model *m, const struct acd_agent_next *next)
{
        if (!needed(m, next->agent.value, ACD_FIELD_AGENT))
                return false;
        if (next->next != ACD_PRESENCE_READY && next->next != ACD_PRESENCE_PAUSED &&
            next->next != ACD_PRESENCE_LOGGED_OUT)
                return model_refuse(m, ACD_INVALID, ACD_FIELD_STATE, 0);
        return label_form(m, next->label);
}

static bool assignment_form(struct model *m, const struct acd_command *command)
{
        const struct acd_assignment_ref *assignment = &command->assignment;

        return needed(m, assignment->assignment.value, ACD_FIELD_ASSIGNMENT) &&
               needed(m, assignment->agent.value, ACD_FIELD_AGENT) &&
               label_form(m, assignment->label) &&
               (command->kind != ACD_COMMAND_WRAP_UP ||
                in_range(m, assignment->extend_ms, 0, EXTEND_MS_MAX, ACD_FIELD_WRAP_UP));
}

static bool agent_ref_form(struct model *m, const struct acd_agent_ref *ref)
{
        return needed(m, ref->agent.value, ACD_FIELD_AGENT) && label_form(m, ref->label) &&
               reason_form(m, ref->reason);
}

/* The field that names an object of a kind. */
static enum acd_field field_of(enum acd_object object)
{
        static const enum acd_field field[] = {
                [ACD_OBJECT_TENANT] = ACD_FIELD_TENANT,   [ACD_OBJECT_SKILL] = ACD_FIELD_SKILL,
                [ACD_OBJECT_CHANNEL] = ACD_FIELD_CHANNEL, [ACD_OBJECT_QUEUE] = ACD_FIELD_QUEUE,
                [ACD_OBJECT_TEAM] = ACD_FIELD_TEAM,       [ACD_OBJECT_PROFILE] = ACD_FIELD_PROFILE,
                [ACD_OBJECT_AGENT] = ACD_FIELD_AGENT,
        };

        return field[object];
}

bool model_form(struct model *m, const struct acd_command *command)
{
        switch (command->kind) {
        case ACD_COMMAND_START:
                return start_form(m, &command->start);
        case ACD_COMMAND_WORK:
                return in_range(m, command->work.unit_max, 1, 4096, ACD_FIELD_BODY);
        case ACD_COMMAND_TIME:
        case ACD_COMMAND_LOGIC:
        case ACD_COMMAND_WALL:
                return true;
        case ACD_COMMAND_TENANT_UPSERT:
                return tenant_form(m, &command->tenant_config);
        case ACD_COMMAND_SKILL_UPSERT:
                return name_form(m, command->skill.name);
        case ACD_COMMAND_CHANNEL_UPSERT:
                return channel_form(m, &command->channel);
        case ACD_COMMAND_QUEUE_UPSERT:
                return queue_form(m, &command->queue);
        case ACD_COMMAND_TEAM_UPSERT:
                return team_form(m, &command->team);
        case ACD_COMMAND_PROFILE_UPSERT:
                return profile_form(m, &command->profile);
        case ACD_COMMAND_AGENT_UPSERT:
                return agent_form(m, &command->agent);
        case ACD_COMMAND_REMOVE:
                return needed(m, command->remove.id, field_of(command->remove.object));
        case ACD_COMMAND_GATEWAY_OPEN:
                return name_form(m, command->gateway_open.name);
        case ACD_COMMAND_GATEWAY_LOST:
                return needed(m, command->gateway.gateway.value, ACD_FIELD_GATEWAY);
        case ACD_COMMAND_GATEWAY_RESUME:
                return needed(m, command->resume.gateway.value, ACD_FIELD_GATEWAY) &&
                       not_above(m, command->resume.contact_count, ACD_RESUME_MAX,
                                 ACD_FIELD_CONTACT);
        case ACD_COMMAND_SUBMIT:
                return submit_form(m, &command->submit);
        case ACD_COMMAND_CANCEL:
                return cancel_form(m, &command->cancel);
        case ACD_COMMAND_UPDATE:
                return update_form(m, &command->update);
        case ACD_COMMAND_REPORT:
                return report_form(m, &command->report);
        case ACD_COMMAND_AGENT_LOGIN:
                return login_form(m, &command->login);
        case ACD_COMMAND_AGENT_LOGOUT:
        case ACD_COMMAND_AGENT_READY:
        case ACD_COMMAND_AGENT_PAUSE:
        case ACD_COMMAND_AGENT_LOST:
        case ACD_COMMAND_AGENT_BACK:
                return agent_ref_form(m, &command->agent_ref);
        case ACD_COMMAND_AGENT_NEXT:
                return next_form(m, &command->next);
        case ACD_COMMAND_ACCEPT:
        case ACD_COMMAND_REJECT:
        case ACD_COMMAND_COMPLETE:
        case ACD_COMMAND_HOLD:
        case ACD_COMMAND_UNHOLD:
        case ACD_COMMAND_PARK:
        case ACD_COMMAND_UNPARK:
        case ACD_COMMAND_WRAP_UP:
                return assignment_form(m, command);
        }
        return true;
}

/* Requirements are sets (D3): sort by group, skill, level. Insertion sort. */
void model_canonical(struct acd_requirement *requirement)
{
        for (uint32_t i = 1; i < requirement->term_count; i++) {
                struct acd_term term = requirement->term[i];
                uint32_t k = i;

                while (k > 0 && (requirement->term[k - 1].group > term.group ||
                                 (requirement->term[k - 1].group == term.group &&
                                  requirement->term[k - 1].skill.value > term.skill.value))) {
                        requirement->term[k] = requirement->term[k - 1];
                        k--;
                }
                requirement->term[k] = term;
        }
}

bool model_requirement_equal(const struct acd_requirement *a, const struct acd_requirement *b)
{
        struct acd_requirement x = *a, y = *b;

        if (x.term_count != y.term_count)
                return false;
        model_canonical(&x);
        model_canonical(&y);
        for (uint32_t i = 0; i < x.term_count; i++)
                if (x.term[i].skill.value != y.term[i].skill.value ||
                    x.term[i].level_min != y.term[i].level_min ||
                    x.term[i].group != y.term[i].group)
                        return false;
        return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of each command, in the order in which they are written.
 *
 * Tables instead of two functions a command: 34 kinds, a dozen types of fields,
 * one walk to write and one to read. The order and the types are part of the
 * journal's format; a change is a change of the logic version.
 */

#include "acd/command_fields.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define AT(member)   offsetof(struct acd_command, member)
#define F(kind, member) \
        { \
                .offset = AT(member), .type = FIELD_##kind \
        }
#define TEXT(member) \
        { \
                .offset = AT(member), .type = FIELD_TEXT, \
                .size = sizeof(((struct acd_command *)0)->member) \
        }
#define LIST(count, named) \
        { \
                .offset = AT(count), .type = FIELD_LIST, .list = &(named) \
        }
#define ITEMS(member, most, array) \
        { \
                .items_offset = AT(member), \
                .stride = sizeof(((struct acd_command *)0)->member[0]), .max = (most), \
                .field_count = COUNT(array), .fields = (array) \
        }

static const struct command_field term_fields[] = {
        { .offset = offsetof(struct acd_term, skill), .type = FIELD_ID },
        { .offset = offsetof(struct acd_term, level_min), .type = FIELD_U8 },
        { .offset = offsetof(struct acd_term, group), .type = FIELD_U8 },
};
static const struct command_field slots_fields[] = {
        { .offset = offsetof(struct acd_channel_slots, channel), .type = FIELD_ID },
        { .offset = offsetof(struct acd_channel_slots, slots), .type = FIELD_U8 },
        { .offset = offsetof(struct acd_channel_slots, weight), .type = FIELD_U8 },
};
static const struct command_field level_fields[] = {
        { .offset = offsetof(struct acd_skill_level, skill), .type = FIELD_ID },
        { .offset = offsetof(struct acd_skill_level, level), .type = FIELD_U8 },
};
static const struct command_field tier_fields[] = {
        { .offset = offsetof(struct acd_queue_tier, queue), .type = FIELD_ID },
        { .offset = offsetof(struct acd_queue_tier, tier), .type = FIELD_U8 },
};
static const struct command_field id_fields[] = {
        { .offset = 0, .type = FIELD_ID },
};
static const struct command_field address_fields[] = {
        { .offset = AT(login.address[0].channel) - AT(login.address[0]), .type = FIELD_ID },
        { .offset = AT(login.address[0].address) - AT(login.address[0]), .type = FIELD_BYTES },
};

static const struct command_list queue_terms =
        ITEMS(queue.requirement.term, ACD_TERM_MAX, term_fields);
static const struct command_list extra_terms = ITEMS(submit.extra.term, ACD_TERM_MAX, term_fields);
static const struct command_list supervisors =
        ITEMS(team.supervisor, ACD_TEAM_SUPERVISOR_MAX, id_fields);
static const struct command_list profile_channels =
        ITEMS(profile.channel, ACD_AGENT_CHANNEL_MAX, slots_fields);
static const struct command_list profile_skills =
        ITEMS(profile.skill, ACD_AGENT_SKILL_MAX, level_fields);
static const struct command_list agent_channels =
        ITEMS(agent.channel, ACD_AGENT_CHANNEL_MAX, slots_fields);
static const struct command_list agent_skills =
        ITEMS(agent.skill, ACD_AGENT_SKILL_MAX, level_fields);
static const struct command_list agent_tiers = ITEMS(agent.tier, ACD_AGENT_TIER_MAX, tier_fields);
static const struct command_list addresses =
        ITEMS(login.address, ACD_AGENT_CHANNEL_MAX, address_fields);

static const struct command_field start_fields[] = {
        F(U64, start.epoch),         F(U64, start.run_id),      F(U64, start.seed[0]),
        F(U64, start.seed[1]),       F(U64, start.downtime_ns), F(LIMITS, start.limits),
        F(U32, start.logic_version), TEXT(start.build),
};
static const struct command_field work_fields[] = { F(U32, work.unit_max) };
static const struct command_field logic_fields[] = { F(U32, logic.version) };
static const struct command_field wall_fields[] = { F(I64, wall.offset_ns) };
static const struct command_field tenant_fields[] = {
        TEXT(tenant_config.name),
        F(U32, tenant_config.agent_grace_ms),
        F(U32, tenant_config.gateway_grace_ms),
        F(U64, tenant_config.key_retention_ms),
};
static const struct command_field skill_fields[] = { TEXT(skill.name) };
static const struct command_field channel_fields[] = {
        TEXT(channel.name),
        F(BOOL, channel.is_media),
        F(BOOL, channel.is_live),
        F(U32, channel.connecting_lease_ms),
};
static const struct command_field queue_fields[] = {
        TEXT(queue.name),
        LIST(queue.requirement.term_count, queue_terms),
        F(U8, queue.band),
        F(BOOL, queue.auto_accept),
        F(U8, queue.missed_max),
        F(ENUM, queue.on_agent_lost),
        F(U32, queue.offer_timeout_ms),
        F(U32, queue.wrap_up_ms),
        F(U32, queue.cool_down_ms),
        F(U32, queue.tier_wait_ms[0]),
        F(U32, queue.tier_wait_ms[1]),
        F(U32, queue.tier_wait_ms[2]),
        F(U32, queue.tier_wait_ms[3]),
        F(U32, queue.tier_wait_ms[4]),
        F(U32, queue.tier_wait_ms[5]),
        F(U32, queue.tier_wait_ms[6]),
        F(U32, queue.tier_wait_ms[7]),
        F(U32, queue.length_max),
};
static const struct command_field team_fields[] = {
        TEXT(team.name),
        TEXT(team.time_zone),
        F(ID, team.profile),
        LIST(team.supervisor_count, supervisors),
};
static const struct command_field profile_fields[] = {
        TEXT(profile.name),
        LIST(profile.channel_count, profile_channels),
        LIST(profile.skill_count, profile_skills),
};
static const struct command_field agent_fields[] = {
        TEXT(agent.name),
        F(ID, agent.team),
        F(ID, agent.profile),
        LIST(agent.channel_count, agent_channels),
        LIST(agent.skill_count, agent_skills),
        LIST(agent.tier_count, agent_tiers),
};
static const struct command_field remove_fields[] = { F(ENUM, remove.object), F(ID, remove.id) };
static const struct command_field gateway_open_fields[] = { TEXT(gateway_open.name) };
static const struct command_field gateway_fields[] = { F(ID, gateway.gateway) };
static const struct command_field resume_fields[] = {
        F(ID, resume.gateway),
        F(BOOL, resume.is_first),
        F(BOOL, resume.is_last),
        F(CONTACTS, resume.contact_count),
};
static const struct command_field submit_fields[] = {
        F(ID, submit.queue),
        F(ID, submit.channel),
        F(ID, submit.gateway),
        F(ID, submit.excluded),
        F(U8, submit.band),
        F(U32, submit.credit_ms),
        LIST(submit.extra.term_count, extra_terms),
        F(BYTES, submit.client_key),
        F(BYTES, submit.customer_key),
        F(BYTES, submit.attributes),
};
static const struct command_field cancel_fields[] = { F(ID, cancel.contact),
                                                      F(ENUM, cancel.reason) };
static const struct command_field update_fields[] = {
        F(ID, update.contact),         F(BOOL, update.has_band),
        F(BOOL, update.has_credit),     F(BOOL, update.has_customer_key),
        F(BOOL, update.has_attributes), F(U8, update.band),
        F(U32, update.credit_ms),       F(BYTES, update.customer_key),
        F(BYTES, update.attributes),
};
static const struct command_field report_fields[] = {
        F(ID, report.contact),
        F(ID, report.assignment),
        F(ENUM, report.report),
        F(ENUM, report.reason),
};
static const struct command_field login_fields[] = {
        F(ID, login.agent),
        LIST(login.address_count, addresses),
};
static const struct command_field agent_ref_fields[] = {
        F(ID, agent_ref.agent),
        TEXT(agent_ref.label),
        F(ENUM, agent_ref.reason),
};
static const struct command_field next_fields[] = {
        F(ID, next.agent),
        F(ENUM, next.next),
        TEXT(next.label),
};
static const struct command_field assignment_fields[] = {
        F(ID, assignment.assignment), F(ID, assignment.agent),     F(U64, assignment.epoch),
        TEXT(assignment.label),        F(U32, assignment.extend_ms),
};

#define FORM(array) \
        { \
                .fields = (array), .field_count = COUNT(array), .is_known = true \
        }

static const struct command_form forms[] = {
        [ACD_COMMAND_START] = FORM(start_fields),
        [ACD_COMMAND_TIME] = { .is_known = true },
        [ACD_COMMAND_WORK] = FORM(work_fields),
        [ACD_COMMAND_LOGIC] = FORM(logic_fields),
        [ACD_COMMAND_WALL] = FORM(wall_fields),
        [ACD_COMMAND_TENANT_UPSERT] = FORM(tenant_fields),
        [ACD_COMMAND_SKILL_UPSERT] = FORM(skill_fields),
        [ACD_COMMAND_CHANNEL_UPSERT] = FORM(channel_fields),
        [ACD_COMMAND_QUEUE_UPSERT] = FORM(queue_fields),
        [ACD_COMMAND_TEAM_UPSERT] = FORM(team_fields),
        [ACD_COMMAND_PROFILE_UPSERT] = FORM(profile_fields),
        [ACD_COMMAND_AGENT_UPSERT] = FORM(agent_fields),
        [ACD_COMMAND_REMOVE] = FORM(remove_fields),
        [ACD_COMMAND_GATEWAY_OPEN] = FORM(gateway_open_fields),
        [ACD_COMMAND_GATEWAY_LOST] = FORM(gateway_fields),
        [ACD_COMMAND_GATEWAY_RESUME] = FORM(resume_fields),
        [ACD_COMMAND_SUBMIT] = FORM(submit_fields),
        [ACD_COMMAND_CANCEL] = FORM(cancel_fields),
        [ACD_COMMAND_UPDATE] = FORM(update_fields),
        [ACD_COMMAND_REPORT] = FORM(report_fields),
        [ACD_COMMAND_AGENT_LOGIN] = FORM(login_fields),
        [ACD_COMMAND_AGENT_LOGOUT] = FORM(agent_ref_fields),
        [ACD_COMMAND_AGENT_READY] = FORM(agent_ref_fields),
        [ACD_COMMAND_AGENT_PAUSE] = FORM(agent_ref_fields),
        [ACD_COMMAND_AGENT_NEXT] = FORM(next_fields),
        [ACD_COMMAND_AGENT_LOST] = FORM(agent_ref_fields),
        [ACD_COMMAND_AGENT_BACK] = FORM(agent_ref_fields),
        [ACD_COMMAND_ACCEPT] = FORM(assignment_fields),
        [ACD_COMMAND_REJECT] = FORM(assignment_fields),
        [ACD_COMMAND_COMPLETE] = FORM(assignment_fields),
        [ACD_COMMAND_HOLD] = FORM(assignment_fields),
        [ACD_COMMAND_UNHOLD] = FORM(assignment_fields),
        [ACD_COMMAND_PARK] = FORM(assignment_fields),
        [ACD_COMMAND_UNPARK] = FORM(assignment_fields),
        [ACD_COMMAND_WRAP_UP] = FORM(assignment_fields),
};

const struct command_form *acd_command_form(uint64_t kind)
{
        return kind < COUNT(forms) && forms[kind].is_known ? &forms[kind] : NULL;
}

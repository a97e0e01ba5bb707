/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Configuration in the naive model: upserts and removals.
 *
 * An upsert finds its object by name, checks what it refers to, compares field by
 * field (lists as sets, D3), and either answers DUPLICATE, changes the object or makes
 * a new one. Bits of "changed" are those of D8.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

static const char *const built_in[] = { "phone", "chat",   "web", "self_service", "email",
                                        "social", "sms", "visit", "callback",    "outbound" };

enum { BUILT_IN_COUNT = sizeof(built_in) / sizeof(built_in[0]), LEASE_MS = 30000 };

#define CHANGED_NEW (UINT32_C(1) << 31)

/* Every configuration begins with its name. */
static const char *name_at(const struct model *m, enum acd_object object, uint32_t index)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                return m->tenant[index].config.name;
        case ACD_OBJECT_SKILL:
                return m->skill[index].config.name;
        case ACD_OBJECT_CHANNEL:
                return m->channel[index].config.name;
        case ACD_OBJECT_QUEUE:
                return m->queue[index].config.name;
        case ACD_OBJECT_TEAM:
                return m->team[index].config.name;
        case ACD_OBJECT_PROFILE:
                return m->profile[index].config.name;
        case ACD_OBJECT_AGENT:
                return m->agent[index].config.name;
        case ACD_OBJECT_GATEWAY:
        case ACD_OBJECT_CONTACT:
        case ACD_OBJECT_ASSIGNMENT:
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "an object with a configuration");
}

static int32_t find_name(const struct model *m, enum acd_object object, uint32_t tenant,
                         const char *name)
{
        for (uint32_t i = 0; i < m->top[object]; i++) {
                const struct model_head *head = model_head_at(m, object, i);

                if (head->is_used && (object == ACD_OBJECT_TENANT || head->tenant == tenant) &&
                    strcmp(name_at(m, object, i), name) == 0)
                        return (int32_t)i;
        }
        return MODEL_NONE;
}

/* Limits (D7) */

static uint32_t count_max(const struct model *m, enum acd_object object)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                return m->limits.tenant_count_max;
        case ACD_OBJECT_SKILL:
                return m->limits.skill_count_max;
        case ACD_OBJECT_CHANNEL:
                return m->limits.channel_count_max;
        case ACD_OBJECT_QUEUE:
                return m->limits.queue_count_max;
        case ACD_OBJECT_TEAM:
                return m->limits.team_count_max;
        case ACD_OBJECT_PROFILE:
                return m->limits.profile_count_max;
        case ACD_OBJECT_AGENT:
                return m->limits.agent_count_max;
        case ACD_OBJECT_GATEWAY:
        case ACD_OBJECT_CONTACT:
        case ACD_OBJECT_ASSIGNMENT:
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "an object with a limit");
}

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

static uint32_t channels_of(const struct model *m, uint32_t tenant)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CHANNEL]; i++)
                count += m->channel[i].head.is_used && m->channel[i].head.tenant == tenant;
        return count;
}

static bool one_more_fits(struct model *m, enum acd_object object, uint32_t tenant)
{
        uint32_t max = count_max(m, object);

        if (model_used_count(m, object) >= max)
                return model_refuse(m, ACD_LIMIT, field_of(object), max);
        if (object == ACD_OBJECT_CHANNEL && channels_of(m, tenant) >= ACD_AGENT_CHANNEL_MAX)
                return model_refuse(m, ACD_LIMIT, ACD_FIELD_CHANNEL, ACD_AGENT_CHANNEL_MAX);
        return true;
}

/* References */

static bool there(struct model *m, uint32_t tenant, enum acd_object object, uint64_t id,
                  enum acd_field field)
{
        return id == 0 || model_find_here(m, tenant, object, id) >= 0 ||
               model_refuse(m, ACD_UNKNOWN, field, 0);
}

static bool terms_there(struct model *m, uint32_t tenant, const struct acd_requirement *requirement)
{
        for (uint32_t i = 0; i < requirement->term_count; i++)
                if (!there(m, tenant, ACD_OBJECT_SKILL, requirement->term[i].skill.value,
                           ACD_FIELD_SKILL))
                        return false;
        return true;
}

static bool team_there(struct model *m, uint32_t tenant, const struct acd_team_config *config)
{
        if (!there(m, tenant, ACD_OBJECT_PROFILE, config->profile.value, ACD_FIELD_PROFILE))
                return false;
        for (uint32_t i = 0; i < config->supervisor_count; i++)
                if (!there(m, tenant, ACD_OBJECT_AGENT, config->supervisor[i].value,
                           ACD_FIELD_SUPERVISOR))
                        return false;
        return true;
}

static bool lists_there(struct model *m, uint32_t tenant, uint32_t channel_count,
                        const struct acd_channel_slots *channel, uint32_t skill_count,
                        const struct acd_skill_level *skill)
{
        for (uint32_t i = 0; i < channel_count; i++)
                if (!there(m, tenant, ACD_OBJECT_CHANNEL, channel[i].channel.value,
                           ACD_FIELD_CHANNEL))
                        return false;
        for (uint32_t i = 0; i < skill_count; i++)
                if (!there(m, tenant, ACD_OBJECT_SKILL, skill[i].skill.value, ACD_FIELD_SKILL))
                        return false;
        return true;
}

static bool agent_there(struct model *m, uint32_t tenant, const struct acd_agent_config *config)
{
        if (!there(m, tenant, ACD_OBJECT_TEAM, config->team.value, ACD_FIELD_TEAM) ||
            !there(m, tenant, ACD_OBJECT_PROFILE, config->profile.value, ACD_FIELD_PROFILE) ||
            !lists_there(m, tenant, config->channel_count, config->channel, config->skill_count,
                         config->skill))
                return false;
        for (uint32_t i = 0; i < config->tier_count; i++)
                if (!there(m, tenant, ACD_OBJECT_QUEUE, config->tier[i].queue.value,
                           ACD_FIELD_QUEUE))
                        return false;
        return true;
}

static bool references_there(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        const struct acd_profile_config *profile = &command->profile;

        if (command->kind == ACD_COMMAND_QUEUE_UPSERT)
                return terms_there(m, tenant, &command->queue.requirement);
        if (command->kind == ACD_COMMAND_TEAM_UPSERT)
                return team_there(m, tenant, &command->team);
        if (command->kind == ACD_COMMAND_PROFILE_UPSERT)
                return lists_there(m, tenant, profile->channel_count, profile->channel,
                                   profile->skill_count, profile->skill);
        if (command->kind == ACD_COMMAND_AGENT_UPSERT)
                return agent_there(m, tenant, &command->agent);
        return true;
}

/* Comparison, lists as sets without repeats */

static bool channels_equal(uint32_t a_count, const struct acd_channel_slots *a, uint32_t b_count,
                           const struct acd_channel_slots *b)
{
        uint32_t same = 0;

        for (uint32_t i = 0; i < a_count; i++)
                for (uint32_t k = 0; k < b_count; k++)
                        same += a[i].channel.value == b[k].channel.value &&
                                a[i].slots == b[k].slots && a[i].weight == b[k].weight;
        return a_count == b_count && same == a_count;
}

static bool skills_equal(uint32_t a_count, const struct acd_skill_level *a, uint32_t b_count,
                         const struct acd_skill_level *b)
{
        uint32_t same = 0;

        for (uint32_t i = 0; i < a_count; i++)
                for (uint32_t k = 0; k < b_count; k++)
                        same += a[i].skill.value == b[k].skill.value && a[i].level == b[k].level;
        return a_count == b_count && same == a_count;
}

static bool tiers_equal(uint32_t a_count, const struct acd_queue_tier *a, uint32_t b_count,
                        const struct acd_queue_tier *b)
{
        uint32_t same = 0;

        for (uint32_t i = 0; i < a_count; i++)
                for (uint32_t k = 0; k < b_count; k++)
                        same += a[i].queue.value == b[k].queue.value && a[i].tier == b[k].tier;
        return a_count == b_count && same == a_count;
}

static bool supervisors_equal(const struct acd_team_config *a, const struct acd_team_config *b)
{
        uint32_t same = 0;

        for (uint32_t i = 0; i < a->supervisor_count; i++)
                for (uint32_t k = 0; k < b->supervisor_count; k++)
                        same += a->supervisor[i].value == b->supervisor[k].value;
        return a->supervisor_count == b->supervisor_count && same == a->supervisor_count;
}

static uint32_t bit(bool is_different, int position)
{
        return is_different ? UINT32_C(1) << position : 0;
}

static uint32_t queue_changed(const struct acd_queue_config *a, const struct acd_queue_config *b)
{
        return bit(!model_requirement_equal(&a->requirement, &b->requirement), 1) |
               bit(a->band != b->band, 2) | bit(a->auto_accept != b->auto_accept, 3) |
               bit(a->missed_max != b->missed_max, 4) |
               bit(a->on_agent_lost != b->on_agent_lost, 5) |
               bit(a->offer_timeout_ms != b->offer_timeout_ms, 6) |
               bit(a->wrap_up_ms != b->wrap_up_ms, 7) |
               bit(a->cool_down_ms != b->cool_down_ms, 8) |
               bit(memcmp(a->tier_wait_ms, b->tier_wait_ms, sizeof(a->tier_wait_ms)) != 0, 9) |
               bit(a->length_max != b->length_max, 10);
}

static uint32_t agent_changed(const struct acd_agent_config *a, const struct acd_agent_config *b)
{
        return bit(a->team.value != b->team.value, 1) |
               bit(a->profile.value != b->profile.value, 2) |
               bit(!channels_equal(a->channel_count, a->channel, b->channel_count, b->channel), 3) |
               bit(!skills_equal(a->skill_count, a->skill, b->skill_count, b->skill), 4) |
               bit(!tiers_equal(a->tier_count, a->tier, b->tier_count, b->tier), 5);
}

static uint32_t channel_changed(const struct acd_channel_config *a,
                                const struct acd_channel_config *b)
{
        return bit(a->is_media != b->is_media, 1) | bit(a->is_live != b->is_live, 2) |
               bit(a->connecting_lease_ms != b->connecting_lease_ms, 3);
}

static uint32_t team_changed(const struct acd_team_config *a, const struct acd_team_config *b)
{
        return bit(strcmp(a->time_zone, b->time_zone) != 0, 1) |
               bit(a->profile.value != b->profile.value, 2) | bit(!supervisors_equal(a, b), 3);
}

static uint32_t profile_changed(const struct acd_profile_config *a,
                                const struct acd_profile_config *b)
{
        return bit(!channels_equal(a->channel_count, a->channel, b->channel_count, b->channel), 1) |
               bit(!skills_equal(a->skill_count, a->skill, b->skill_count, b->skill), 2);
}

/* Bits of what @command changes in the object at @index. */
static uint32_t changed_in(const struct model *m, const struct acd_command *command, uint32_t index)
{
        switch ((int)command->kind) {
        case ACD_COMMAND_CHANNEL_UPSERT:
                return channel_changed(&m->channel[index].config, &command->channel);
        case ACD_COMMAND_QUEUE_UPSERT:
                return queue_changed(&m->queue[index].config, &command->queue);
        case ACD_COMMAND_TEAM_UPSERT:
                return team_changed(&m->team[index].config, &command->team);
        case ACD_COMMAND_PROFILE_UPSERT:
                return profile_changed(&m->profile[index].config, &command->profile);
        case ACD_COMMAND_AGENT_UPSERT:
                return agent_changed(&m->agent[index].config, &command->agent);
        default:
                return 0;
        }
}

/* What only agents have: D7 (skills in all) and D9 (classes). */
static bool agent_fits(struct model *m, uint32_t tenant, const struct acd_agent_config *config,
                       int32_t known)
{
        static struct model_agent agent;
        uint32_t skill_count = 0;

        agent = (struct model_agent){ .config = *config };
        agent.head.is_used = true;
        agent.head.tenant = tenant;
        agent.head.id = known >= 0 ? m->agent[known].head.id : 0;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_SKILL]; i++)
                skill_count += m->skill[i].head.is_used && m->skill[i].head.tenant == tenant &&
                               model_own_level(m, &agent, m->skill[i].head.id) > 0;
        if (skill_count > ACD_AGENT_SKILL_MAX)
                return model_refuse(m, ACD_LIMIT, ACD_FIELD_SKILL, ACD_AGENT_SKILL_MAX);
        if (model_classes_of_config(m, &agent) > m->limits.class_per_agent_max)
                return model_refuse(m, ACD_LIMIT, ACD_FIELD_CLASS_PER_AGENT,
                                    m->limits.class_per_agent_max);
        return true;
}

static void recompute_later(struct model *m, enum acd_object scope, uint64_t id)
{
        struct model_job *job = model_job_add(m, MODEL_JOB_RECOMPUTE);

        job->scope = scope;
        job->id = id;
}

static void rematch_queue_later(struct model *m, uint64_t queue)
{
        struct model_job *job = model_job_add(m, MODEL_JOB_REMATCH);

        for (uint32_t i = 0; i < m->class_top; i++)
                job->classes[i] = m->class[i].is_used && m->class[i].queue == queue;
}

static void store(struct model *m, const struct acd_command *command, uint32_t index)
{
        if (command->kind == ACD_COMMAND_SKILL_UPSERT)
                m->skill[index].config = command->skill;
        else if (command->kind == ACD_COMMAND_CHANNEL_UPSERT)
                m->channel[index].config = command->channel;
        else if (command->kind == ACD_COMMAND_QUEUE_UPSERT)
                m->queue[index].config = command->queue;
        else if (command->kind == ACD_COMMAND_TEAM_UPSERT)
                m->team[index].config = command->team;
        else if (command->kind == ACD_COMMAND_PROFILE_UPSERT)
                m->profile[index].config = command->profile;
        else
                m->agent[index].config = command->agent;
}

static void changed_event(struct model *m, uint32_t tenant, enum acd_object object, uint64_t id,
                          bool is_new)
{
        struct acd_event *event = model_emit(m, tenant, ACD_EVENT_CONFIG_CHANGED);

        event->object = (uint8_t)object;
        event->value = id;
        event->count = is_new;
}

/* What follows from a change, on the agenda: E6, D21. */
static void follow_up(struct model *m, const struct acd_command *command, uint64_t id,
                      uint32_t changed)
{
        if (command->kind == ACD_COMMAND_AGENT_UPSERT)
                recompute_later(m, ACD_OBJECT_AGENT, id);
        if (command->kind == ACD_COMMAND_PROFILE_UPSERT)
                recompute_later(m, ACD_OBJECT_PROFILE, id);
        if (command->kind == ACD_COMMAND_TEAM_UPSERT && (changed & 1 << 2) != 0)
                recompute_later(m, ACD_OBJECT_TEAM, id);
        if (command->kind == ACD_COMMAND_QUEUE_UPSERT && (changed & 1 << 1) != 0)
                recompute_later(m, ACD_OBJECT_QUEUE, id);
        if (command->kind == ACD_COMMAND_QUEUE_UPSERT && (changed & 1 << 9) != 0)
                rematch_queue_later(m, id);
}

static enum acd_object object_of(enum acd_command_kind kind)
{
        switch ((int)kind) {
        case ACD_COMMAND_SKILL_UPSERT:
                return ACD_OBJECT_SKILL;
        case ACD_COMMAND_CHANNEL_UPSERT:
                return ACD_OBJECT_CHANNEL;
        case ACD_COMMAND_QUEUE_UPSERT:
                return ACD_OBJECT_QUEUE;
        case ACD_COMMAND_TEAM_UPSERT:
                return ACD_OBJECT_TEAM;
        case ACD_COMMAND_PROFILE_UPSERT:
                return ACD_OBJECT_PROFILE;
        default:
                return ACD_OBJECT_AGENT;
        }
}

void model_do_config(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        enum acd_object object = object_of(command->kind);
        const char *name = command->skill.name; /* every configuration begins with it */
        int32_t index = find_name(m, object, tenant, name);
        uint32_t changed = CHANGED_NEW;

        if (!references_there(m, tenant, command))
                return;
        if (index >= 0) {
                changed = changed_in(m, command, (uint32_t)index);
                if (changed == 0) {
                        model_duplicate(m, model_head_at(m, object, (uint32_t)index)->id, 0);
                        return;
                }
        } else if (!one_more_fits(m, object, tenant)) {
                return;
        }
        if (object == ACD_OBJECT_AGENT && !agent_fits(m, tenant, &command->agent, index))
                return;

        if (index < 0) {
                index = (int32_t)model_add(m, object, tenant, m->log->hint_id);
                if (object == ACD_OBJECT_AGENT) {
                        m->agent[index].presence = ACD_PRESENCE_LOGGED_OUT;
                        m->agent[index].since = m->now;
                        for (uint32_t i = 0; i < MODEL_CLASS_MAX; i++)
                                m->class[i].tier[index] = MODEL_NONE;
                }
        }
        store(m, command, (uint32_t)index);
        m->reply->id = model_head_at(m, object, (uint32_t)index)->id;
        m->reply->changed = changed;
        changed_event(m, tenant, object, m->reply->id, changed == CHANGED_NEW);
        follow_up(m, command, m->reply->id, changed);
}

static void make_channels(struct model *m, uint32_t tenant)
{
        for (uint32_t i = 0; i < BUILT_IN_COUNT; i++) {
                uint32_t index = model_add(m, ACD_OBJECT_CHANNEL, tenant,
                                           model_hint_next(m, ACD_OBJECT_CHANNEL));
                struct model_channel *channel = &m->channel[index];

                model_text(channel->config.name, sizeof(channel->config.name), built_in[i]);
                channel->config.is_live = i < 4;
                channel->config.is_media = i == 0 || i == BUILT_IN_COUNT - 1;
                channel->config.connecting_lease_ms = LEASE_MS;
                changed_event(m, tenant, ACD_OBJECT_CHANNEL, channel->head.id, true);
        }
}

void model_do_tenant(struct model *m, const struct acd_tenant_config *config)
{
        int32_t index = find_name(m, ACD_OBJECT_TENANT, 0, config->name);
        uint32_t changed = CHANGED_NEW;

        if (index >= 0) {
                const struct acd_tenant_config *old = &m->tenant[index].config;

                changed = bit(old->agent_grace_ms != config->agent_grace_ms, 1) |
                          bit(old->gateway_grace_ms != config->gateway_grace_ms, 2) |
                          bit(old->key_retention_ms != config->key_retention_ms, 3);
                if (changed == 0) {
                        model_duplicate(m, m->tenant[index].head.id, 0);
                        return;
                }
        } else {
                uint32_t max = m->limits.channel_count_max;

                if (!one_more_fits(m, ACD_OBJECT_TENANT, 0))
                        return;
                if (model_used_count(m, ACD_OBJECT_CHANNEL) + BUILT_IN_COUNT > max) {
                        model_refuse(m, ACD_LIMIT, ACD_FIELD_CHANNEL, max);
                        return;
                }
                index = (int32_t)model_add(m, ACD_OBJECT_TENANT, 0, m->log->hint_id);
                m->tenant[index].event_sequence = m->past_event_sequence;
        }
        m->tenant[index].config = *config;
        m->reply->id = m->tenant[index].head.id;
        m->reply->changed = changed;
        changed_event(m, (uint32_t)index, ACD_OBJECT_TENANT, m->reply->id, changed == CHANGED_NEW);
        if (changed == CHANGED_NEW)
                make_channels(m, (uint32_t)index);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * REMOVE in the naive model: what refers to what (E7, D8, D9).
 *
 * Each question "is it in use" walks everything that could refer to the object.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

static bool in_terms(const struct acd_requirement *requirement, uint64_t skill)
{
        for (uint32_t i = 0; i < requirement->term_count; i++)
                if (requirement->term[i].skill.value == skill)
                        return true;
        return false;
}

static bool in_levels(uint32_t count, const struct acd_skill_level *level, uint64_t skill)
{
        for (uint32_t i = 0; i < count; i++)
                if (level[i].skill.value == skill)
                        return true;
        return false;
}

static bool in_slots(uint32_t count, const struct acd_channel_slots *slots, uint64_t channel)
{
        for (uint32_t i = 0; i < count; i++)
                if (slots[i].channel.value == channel)
                        return true;
        return false;
}

static bool skill_is_used(const struct model *m, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_QUEUE]; i++)
                if (m->queue[i].head.is_used && in_terms(&m->queue[i].config.requirement, id))
                        return true;
        for (uint32_t i = 0; i < m->class_top; i++)
                if (m->class[i].is_used && in_terms(&m->class[i].extra, id))
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_PROFILE]; i++)
                if (m->profile[i].head.is_used &&
                    in_levels(m->profile[i].config.skill_count, m->profile[i].config.skill, id))
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used &&
                    in_levels(m->agent[i].config.skill_count, m->agent[i].config.skill, id))
                        return true;
        return false;
}

static bool channel_is_used(const struct model *m, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_PROFILE]; i++)
                if (m->profile[i].head.is_used &&
                    in_slots(m->profile[i].config.channel_count, m->profile[i].config.channel, id))
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used &&
                    in_slots(m->agent[i].config.channel_count, m->agent[i].config.channel, id))
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                if (m->contact[i].head.is_used && m->contact[i].channel == id)
                        return true;
        return false;
}

static bool queue_is_used(const struct model *m, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                if (m->contact[i].head.is_used && m->contact[i].queue == id)
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                for (uint32_t k = 0;
                     m->agent[i].head.is_used && k < m->agent[i].config.tier_count; k++)
                        if (m->agent[i].config.tier[k].queue.value == id)
                                return true;
        return false;
}

static bool team_is_used(const struct model *m, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used && m->agent[i].config.team.value == id)
                        return true;
        return false;
}

static bool profile_is_used(const struct model *m, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used && m->agent[i].config.profile.value == id)
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_TEAM]; i++)
                if (m->team[i].head.is_used && m->team[i].config.profile.value == id)
                        return true;
        return false;
}

static bool agent_is_used(const struct model *m, uint64_t id)
{
        int32_t index = model_index_of(m, ACD_OBJECT_AGENT, id);

        ACD_ASSERT(index >= 0);
        if (m->agent[index].presence != ACD_PRESENCE_LOGGED_OUT)
                return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++)
                if (m->assignment[i].head.is_used && m->assignment[i].agent == (uint32_t)index)
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_TEAM]; i++)
                for (uint32_t k = 0;
                     m->team[i].head.is_used && k < m->team[i].config.supervisor_count; k++)
                        if (m->team[i].config.supervisor[k].value == id)
                                return true;
        for (uint32_t i = 0; i < m->class_top; i++)
                if (m->class[i].is_used && m->class[i].excluded == id)
                        return true;
        return false;
}

static bool is_built_in(const char *name)
{
        static const char *const names[] = { "phone", "chat", "web", "self_service", "email",
                                             "social", "sms", "visit", "callback", "outbound" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

static bool tenant_is_used(const struct model *m, uint32_t tenant)
{
        static const enum acd_object kinds[] = { ACD_OBJECT_SKILL,   ACD_OBJECT_QUEUE,
                                                 ACD_OBJECT_TEAM,    ACD_OBJECT_PROFILE,
                                                 ACD_OBJECT_AGENT,   ACD_OBJECT_CONTACT };

        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
                for (uint32_t i = 0; i < m->top[kinds[k]]; i++) {
                        const struct model_head *head = model_head_at(m, kinds[k], i);

                        if (head->is_used && head->tenant == tenant)
                                return true;
                }
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CHANNEL]; i++)
                if (m->channel[i].head.is_used && m->channel[i].head.tenant == tenant &&
                    !is_built_in(m->channel[i].config.name))
                        return true;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_GATEWAY]; i++)
                if (m->gateway[i].head.is_used && m->gateway[i].head.tenant == tenant &&
                    m->gateway[i].state != ACD_GATEWAY_GONE)
                        return true;
        return false;
}

static bool is_used(const struct model *m, enum acd_object object, uint64_t id)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                return tenant_is_used(m, (uint32_t)model_index_of(m, object, id));
        case ACD_OBJECT_SKILL:
                return skill_is_used(m, id);
        case ACD_OBJECT_CHANNEL:
                return channel_is_used(m, id);
        case ACD_OBJECT_QUEUE:
                return queue_is_used(m, id);
        case ACD_OBJECT_TEAM:
                return team_is_used(m, id);
        case ACD_OBJECT_PROFILE:
                return profile_is_used(m, id);
        case ACD_OBJECT_AGENT:
                return agent_is_used(m, id);
        case ACD_OBJECT_GATEWAY:
        case ACD_OBJECT_CONTACT:
        case ACD_OBJECT_ASSIGNMENT:
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "an object that can be removed");
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

/* A tenant takes its channels and its gone gateways along. */
static void remove_with_tenant(struct model *m, uint32_t tenant)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CHANNEL]; i++)
                if (m->channel[i].head.is_used && m->channel[i].head.tenant == tenant)
                        model_remove(m, ACD_OBJECT_CHANNEL, i);
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_GATEWAY]; i++)
                if (m->gateway[i].head.is_used && m->gateway[i].head.tenant == tenant)
                        model_remove(m, ACD_OBJECT_GATEWAY, i);
}

void model_do_remove(struct model *m, const struct acd_remove *remove, uint32_t tenant)
{
        enum acd_object object = remove->object;
        int32_t index = object == ACD_OBJECT_TENANT ?
                                model_index_of(m, object, remove->id) :
                                model_find_here(m, tenant, object, remove->id);
        struct acd_event *event;

        if (index < 0) {
                model_refuse(m, ACD_UNKNOWN, field_of(object), 0);
                return;
        }
        if (is_used(m, object, remove->id)) {
                model_refuse(m, ACD_IN_USE, field_of(object), 0);
                return;
        }

        if (object == ACD_OBJECT_TENANT) {
                tenant = (uint32_t)index;
                remove_with_tenant(m, tenant);
        }
        if (object == ACD_OBJECT_AGENT) {
                model_pairs_drop(m, ACD_OBJECT_AGENT, (uint32_t)index);
                for (uint32_t i = 0; i < MODEL_CLASS_MAX; i++)
                        m->class[i].tier[index] = MODEL_NONE;
        }
        event = model_emit(m, tenant, ACD_EVENT_CONFIG_REMOVED);
        event->object = (uint8_t)object;
        event->value = remove->id;
        if (object == ACD_OBJECT_TENANT &&
            m->tenant[tenant].event_sequence > m->past_event_sequence)
                m->past_event_sequence = m->tenant[tenant].event_sequence;
        model_remove(m, object, (uint32_t)index);
        m->reply->id = remove->id;
}

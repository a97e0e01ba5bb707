/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REMOVE: what nothing refers to may go (E7).
 *
 * References of the configuration are counted where they are made. References of
 * classes are looked for: a class in use holds its channel, its skills and the
 * agent that it excludes; an idle one is a cache and is dropped instead.
 */

#include "acd/parts.h"

/* Does the class refer to the object? */
static bool class_refers(const struct acd_class *class, enum acd_object object, uint32_t index)
{
        if (object == ACD_OBJECT_CHANNEL)
                return class->channel == index;
        if (object == ACD_OBJECT_AGENT)
                return class->excluded == index;
        for (uint32_t i = 0; object == ACD_OBJECT_SKILL && i < class->terms.count; i++)
                if (class->terms.term[i].skill == index)
                        return true;
        return false;
}

static bool is_in_class(const struct acd *acd, enum acd_object object, uint32_t index)
{
        for (uint32_t class = acd->used_classes.first; class != 0;
             class = acd->class[class].link.next)
                if (class_refers(&acd->class[class], object, index))
                        return true;
        return false;
}

static void drop_idle_classes(struct acd *acd, enum acd_object object, uint32_t index)
{
        uint32_t next;

        for (uint32_t class = acd->idle_classes.first; class != 0; class = next) {
                next = acd->class[class].link.next;
                if (class_refers(&acd->class[class], object, index))
                        acd_class_drop(acd, class);
        }
}

static bool tenant_is_used(const struct acd *acd, uint32_t index)
{
        const struct acd_tenant *tenant = &acd->tenant[index];

        if (tenant->object_count[ACD_OBJECT_SKILL] + tenant->object_count[ACD_OBJECT_QUEUE] +
                    tenant->object_count[ACD_OBJECT_TEAM] +
                    tenant->object_count[ACD_OBJECT_PROFILE] +
                    tenant->object_count[ACD_OBJECT_AGENT] >
            0)
                return true;
        for (uint32_t i = 0; i < ACD_AGENT_CHANNEL_MAX; i++)
                if (tenant->channel[i] != 0 && !acd_channel_is_built_in(acd, tenant->channel[i]))
                        return true;
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i) && acd->gateway[i].tenant == index &&
                    acd->gateway[i].state != ACD_GATEWAY_GONE)
                        return true;
        return false;
}

static bool agent_is_used(const struct acd *acd, uint32_t index)
{
        const struct acd_agent *agent = &acd->agent[index];

        return agent->presence != ACD_PRESENCE_LOGGED_OUT || agent->busy != 0 ||
               agent->parked.count > 0 || acd->agent_setup[index].supervisor_count > 0 ||
               is_in_class(acd, ACD_OBJECT_AGENT, index);
}

static bool is_used(const struct acd *acd, enum acd_object object, uint32_t index)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                return tenant_is_used(acd, index);
        case ACD_OBJECT_SKILL:
                return acd->skill[index].reference_count > 0 || is_in_class(acd, object, index);
        case ACD_OBJECT_CHANNEL:
                return acd->channel[index].reference_count > 0 || is_in_class(acd, object, index);
        case ACD_OBJECT_QUEUE:
                return acd->queue[index].used_classes.count > 0 ||
                       acd->queue[index].tier_reference_count > 0;
        case ACD_OBJECT_TEAM:
                return acd->team[index].agent_count > 0;
        case ACD_OBJECT_PROFILE:
                return acd->profile[index].reference_count > 0;
        case ACD_OBJECT_AGENT:
                return agent_is_used(acd, index);
        case ACD_OBJECT_GATEWAY:
        case ACD_OBJECT_CONTACT:
        case ACD_OBJECT_ASSIGNMENT:
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a configured object");
}

static void channel_free(struct acd *acd, uint32_t index)
{
        struct acd_tenant *tenant = &acd->tenant[acd->channel[index].tenant];

        drop_idle_classes(acd, ACD_OBJECT_CHANNEL, index);
        tenant->channel[acd->channel[index].ordinal] = 0;
        tenant->object_count[ACD_OBJECT_CHANNEL]--;
        acd_name_remove(acd, ACD_OBJECT_CHANNEL, index);
        acd_slab_give_used(&acd->channels, index);
}

static void skill_free(struct acd *acd, uint32_t index)
{
        drop_idle_classes(acd, ACD_OBJECT_SKILL, index);
        acd->tenant[acd->skill[index].tenant].object_count[ACD_OBJECT_SKILL]--;
        acd_name_remove(acd, ACD_OBJECT_SKILL, index);
        acd_slab_give_used(&acd->skills, index);
}

/* Whoever comes into the slot, or has the name again, goes on with higher numbers: to readers,
 * and in Redis, no event ever has the number of another. */
static void tenant_free(struct acd *acd, uint32_t index)
{
        if (acd->tenant[index].event_sequence > acd->past_event_sequence)
                acd->past_event_sequence = acd->tenant[index].event_sequence;
        for (uint32_t i = 0; i < ACD_AGENT_CHANNEL_MAX; i++)
                if (acd->tenant[index].channel[i] != 0)
                        channel_free(acd, acd->tenant[index].channel[i]);
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i) && acd->gateway[i].tenant == index)
                        acd_gateway_forget(acd, i);
        acd_name_remove(acd, ACD_OBJECT_TENANT, index);
        acd_slab_give_used(&acd->tenants, index);
}

static void free_object(struct acd *acd, enum acd_object object, uint32_t index)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                tenant_free(acd, index);
                return;
        case ACD_OBJECT_SKILL:
                skill_free(acd, index);
                return;
        case ACD_OBJECT_CHANNEL:
                channel_free(acd, index);
                return;
        case ACD_OBJECT_QUEUE:
                acd_queue_free(acd, index);
                return;
        case ACD_OBJECT_TEAM:
                acd_team_free(acd, index);
                return;
        case ACD_OBJECT_PROFILE:
                acd_profile_free(acd, index);
                return;
        case ACD_OBJECT_AGENT:
                drop_idle_classes(acd, ACD_OBJECT_AGENT, index);
                acd_agent_free(acd, index);
                return;
        case ACD_OBJECT_GATEWAY:
        case ACD_OBJECT_CONTACT:
        case ACD_OBJECT_ASSIGNMENT:
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a configured object");
}

static const enum acd_field fields[] = {
        [ACD_OBJECT_TENANT] = ACD_FIELD_TENANT,   [ACD_OBJECT_SKILL] = ACD_FIELD_SKILL,
        [ACD_OBJECT_CHANNEL] = ACD_FIELD_CHANNEL, [ACD_OBJECT_QUEUE] = ACD_FIELD_QUEUE,
        [ACD_OBJECT_TEAM] = ACD_FIELD_TEAM,       [ACD_OBJECT_PROFILE] = ACD_FIELD_PROFILE,
        [ACD_OBJECT_AGENT] = ACD_FIELD_AGENT,
};

/* The object and its tenant, or a refusal. */
static uint32_t find(struct acd *acd, const struct acd_command *command, uint32_t *ret_tenant)
{
        enum acd_object object = command->remove.object;
        uint32_t tenant = acd->step_tenant;
        uint32_t index;

        if (object != ACD_OBJECT_TENANT && tenant == 0) {
                acd_refuse(acd, command->tenant.value == 0 ? ACD_MISSING : ACD_UNKNOWN,
                           ACD_FIELD_TENANT);
                return 0;
        }
        if (command->remove.id == 0) {
                acd_refuse(acd, ACD_MISSING, fields[object]);
                return 0;
        }
        index = object == ACD_OBJECT_TENANT ? acd_index_of(acd, object, command->remove.id)
                                            : acd_index_in(acd, tenant, object, command->remove.id);
        if (index == 0)
                acd_refuse(acd, ACD_UNKNOWN, fields[object]);
        *ret_tenant = object == ACD_OBJECT_TENANT ? index : tenant;
        return index;
}

enum acd_result acd_do_remove(struct acd *acd, const struct acd_command *command)
{
        enum acd_object object = command->remove.object;
        uint32_t tenant = 0;
        uint32_t index;

        if (object < ACD_OBJECT_TENANT || object > ACD_OBJECT_AGENT)
                return acd_refuse(acd, ACD_INVALID, ACD_FIELD_KIND);
        index = find(acd, command, &tenant);
        if (index == 0)
                return acd->reply->result;
        if (is_used(acd, object, index))
                return acd_refuse(acd, ACD_IN_USE, fields[object]);
        acd_emit_config(acd, tenant, ACD_EVENT_CONFIG_REMOVED, object, command->remove.id);
        free_object(acd, object, index);
        acd->removed_step = acd->step;
        acd->removed_object = object;
        acd->removed_id = command->remove.id;
        return acd_done(acd, command->remove.id, 0);
}

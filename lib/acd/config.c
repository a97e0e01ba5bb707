/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration is commands: what all upserts have in common, and the small ones
 * (tenant, skill, channel).
 *
 * An upsert makes an object or changes it; repeated it changes nothing and says
 * DUPLICATE. What differs is told field by field, in the order of the config
 * struct. Lists are sets: they are kept sorted by index, so equal sets are equal
 * arrays, in the state, in comparisons and in digests.
 */

#include "acd/parts.h"

#include <string.h>

/* The object of the tenant with this name, or 0. */
uint32_t acd_config_find(const struct acd *acd, enum acd_object object, uint32_t tenant,
                         const char *name)
{
        return acd_name_find(acd, object, tenant, (struct acd_text){ name, acd_text_size(name) });
}

/* May one more be made? */
bool acd_config_has_room(struct acd *acd, const struct acd_slab *slab, uint32_t max,
                         enum acd_field field)
{
        if (slab->live < max)
                return true;
        acd_refuse_limit(acd, ACD_LIMIT, field, max);
        return false;
}

/* May the agenda take one more job of an upsert? */
bool acd_config_has_agenda(struct acd *acd)
{
        if (acd->agenda.count < acd->limits.job_count_max)
                return true;
        acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_LIMITS, acd->limits.job_count_max);
        return false;
}

/* An object has been made or changed: @changed as in the reply. */
enum acd_result acd_config_done(struct acd *acd, uint32_t tenant, enum acd_object object,
                                uint32_t index, uint32_t changed)
{
        uint64_t id = acd_id_of(acd, acd_slab_of(acd, object), index);

        acd_emit_config(acd, tenant, ACD_EVENT_CONFIG_CHANGED, object, id)->count =
                changed == ACD_CONFIG_NEW;
        acd->reply->changed = changed;
        return acd_done(acd, id, 0);
}

/* It is there already, as it should be. */
enum acd_result acd_config_same(struct acd *acd, enum acd_object object, uint32_t index)
{
        return acd_duplicate(acd, acd_id_of(acd, acd_slab_of(acd, object), index), 0);
}

static uint32_t channel_make(struct acd *acd, uint32_t tenant_index,
                             const struct acd_channel_config *config)
{
        struct acd_tenant *tenant = &acd->tenant[tenant_index];
        uint32_t index = acd_slab_take_used(&acd->channels);
        struct acd_channel *channel = &acd->channel[index];

        channel->tenant = tenant_index;
        channel->reference_count = 0;
        channel->ordinal = 0;
        while (tenant->channel[channel->ordinal] != 0)
                channel->ordinal++;
        tenant->channel[channel->ordinal] = index;
        channel->config = *config;
        acd_text_set(channel->config.name, sizeof(channel->config.name), config->name);
        tenant->object_count[ACD_OBJECT_CHANNEL]++;
        acd_name_add(acd, ACD_OBJECT_CHANNEL, index);
        acd_config_done(acd, tenant_index, ACD_OBJECT_CHANNEL, index, ACD_CONFIG_NEW);
        return index;
}

/* What every tenant is made with. */
static const struct acd_channel_config built_in[CORE_BUILT_IN_CHANNEL_COUNT] = {
        { .name = "phone", .is_live = true, .is_media = true, .connecting_lease_ms = 30000 },
        { .name = "chat", .is_live = true, .connecting_lease_ms = 30000 },
        { .name = "web", .is_live = true, .connecting_lease_ms = 30000 },
        { .name = "self_service", .is_live = true, .connecting_lease_ms = 30000 },
        { .name = "email", .connecting_lease_ms = 30000 },
        { .name = "social", .connecting_lease_ms = 30000 },
        { .name = "sms", .connecting_lease_ms = 30000 },
        { .name = "visit", .connecting_lease_ms = 30000 },
        { .name = "callback", .connecting_lease_ms = 30000 },
        { .name = "outbound", .is_media = true, .connecting_lease_ms = 30000 },
};

bool acd_channel_is_built_in(const struct acd *acd, uint32_t channel)
{
        for (uint32_t i = 0; i < CORE_BUILT_IN_CHANNEL_COUNT; i++)
                if (acd_text_equal(built_in[i].name, acd->channel[channel].config.name))
                        return true;
        return false;
}

static uint32_t tenant_make(struct acd *acd, const struct acd_tenant_config *config)
{
        uint32_t index = acd_slab_take_used(&acd->tenants);
        struct acd_tenant *tenant = &acd->tenant[index];
        struct acd_slot slot = { tenant->generation, tenant->link };

        memset(tenant, 0, sizeof(*tenant));
        tenant->generation = slot.generation;
        tenant->link = slot.link;
        tenant->config = *config;
        acd_text_set(tenant->config.name, sizeof(tenant->config.name), config->name);
        tenant->event_sequence = acd->past_event_sequence;
        for (uint32_t presence = 0; presence <= ACD_PRESENCE_LOST; presence++)
                acd_ilist_init(&tenant->presence[presence],
                               acd_tag(LIST_PRESENCE + presence, index));
        acd_ilist_init(&tenant->idle, acd_tag(LIST_OF, index));
        acd_name_add(acd, ACD_OBJECT_TENANT, index);
        return index;
}

static enum acd_result tenant_new(struct acd *acd, const struct acd_tenant_config *config)
{
        uint32_t index;

        if (!acd_config_has_room(acd, &acd->tenants, acd->limits.tenant_count_max,
                                 ACD_FIELD_TENANT))
                return acd->reply->result;
        if (acd->channels.live + CORE_BUILT_IN_CHANNEL_COUNT > acd->limits.channel_count_max)
                return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_CHANNEL,
                                        acd->limits.channel_count_max);
        index = tenant_make(acd, config);
        acd_config_done(acd, index, ACD_OBJECT_TENANT, index, ACD_CONFIG_NEW);
        for (uint32_t i = 0; i < CORE_BUILT_IN_CHANNEL_COUNT; i++)
                channel_make(acd, index, &built_in[i]);
        acd->reply->changed = ACD_CONFIG_NEW;
        return acd_done(acd, acd_id_of(acd, &acd->tenants, index), 0);
}

enum acd_result acd_do_tenant_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_tenant_config *to = &command->tenant_config;
        struct acd_tenant_config *from;
        uint32_t changed = 0;
        uint32_t index;

        if (!acd_form_tenant(acd, to))
                return acd->reply->result;
        index = acd_config_find(acd, ACD_OBJECT_TENANT, 0, to->name);
        if (index == 0)
                return tenant_new(acd, to);
        from = &acd->tenant[index].config;
        changed |= (from->agent_grace_ms != to->agent_grace_ms) * 2u;
        changed |= (from->gateway_grace_ms != to->gateway_grace_ms) * 4u;
        changed |= (from->key_retention_ms != to->key_retention_ms) * 8u;
        if (changed == 0)
                return acd_config_same(acd, ACD_OBJECT_TENANT, index);
        from->agent_grace_ms = to->agent_grace_ms;
        from->gateway_grace_ms = to->gateway_grace_ms;
        from->key_retention_ms = to->key_retention_ms;
        return acd_config_done(acd, index, ACD_OBJECT_TENANT, index, changed);
}

enum acd_result acd_do_skill_upsert(struct acd *acd, const struct acd_command *command)
{
        uint32_t tenant = acd->step_tenant;
        uint32_t index;

        if (!acd_form_name(acd, command->skill.name))
                return acd->reply->result;
        index = acd_config_find(acd, ACD_OBJECT_SKILL, tenant, command->skill.name);
        if (index != 0)
                return acd_config_same(acd, ACD_OBJECT_SKILL, index);
        if (!acd_config_has_room(acd, &acd->skills, acd->limits.skill_count_max, ACD_FIELD_SKILL))
                return acd->reply->result;
        index = acd_slab_take_used(&acd->skills);
        acd->skill[index].tenant = tenant;
        acd->skill[index].reference_count = 0;
        acd_text_set(acd->skill[index].config.name, ACD_NAME_MAX + 1, command->skill.name);
        acd->tenant[tenant].object_count[ACD_OBJECT_SKILL]++;
        acd_name_add(acd, ACD_OBJECT_SKILL, index);
        return acd_config_done(acd, tenant, ACD_OBJECT_SKILL, index, ACD_CONFIG_NEW);
}

static enum acd_result channel_new(struct acd *acd, uint32_t tenant,
                                   const struct acd_channel_config *config)
{
        uint32_t index;

        if (!acd_config_has_room(acd, &acd->channels, acd->limits.channel_count_max,
                                 ACD_FIELD_CHANNEL))
                return acd->reply->result;
        if (acd->tenant[tenant].object_count[ACD_OBJECT_CHANNEL] >= ACD_AGENT_CHANNEL_MAX)
                return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_CHANNEL, ACD_AGENT_CHANNEL_MAX);
        index = channel_make(acd, tenant, config);
        return acd_done(acd, acd_id_of(acd, &acd->channels, index), 0);
}

enum acd_result acd_do_channel_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_channel_config *to = &command->channel;
        uint32_t tenant = acd->step_tenant;
        struct acd_channel_config *from;
        uint32_t changed = 0;
        uint32_t index;

        if (!acd_form_channel(acd, to))
                return acd->reply->result;
        index = acd_config_find(acd, ACD_OBJECT_CHANNEL, tenant, to->name);
        if (index == 0)
                return channel_new(acd, tenant, to);
        from = &acd->channel[index].config;
        changed |= (from->is_media != to->is_media) * 2u;
        changed |= (from->is_live != to->is_live) * 4u;
        changed |= (from->connecting_lease_ms != to->connecting_lease_ms) * 8u;
        if (changed == 0)
                return acd_config_same(acd, ACD_OBJECT_CHANNEL, index);
        from->is_media = to->is_media;
        from->is_live = to->is_live;
        from->connecting_lease_ms = to->connecting_lease_ms;
        return acd_config_done(acd, tenant, ACD_OBJECT_CHANNEL, index, changed);
}

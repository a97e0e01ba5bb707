/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes as APPLY requests.
 *
 * Everything is given, defaults too: the file's defaults are what its manual
 * says, whatever a daemon of another version takes for a field left out.
 */

#include "apply/to_wire.h"

#include "base/assert.h"

_Static_assert((int)APPLY_LEVEL_MAX == (int)ACD_LEVEL_MAX, "levels");
_Static_assert((int)APPLY_SKILL_MAX == (int)ACD_AGENT_SKILL_MAX, "skills of an agent");
_Static_assert((int)APPLY_CHANNEL_MAX == (int)ACD_AGENT_CHANNEL_MAX, "channels of an agent");
_Static_assert((int)APPLY_TIER_MAX == (int)ACD_AGENT_TIER_MAX, "tiers of an agent");
_Static_assert((int)APPLY_TIER_COUNT == (int)ACD_TIER_COUNT, "tiers");
_Static_assert((int)APPLY_TERM_MAX == (int)ACD_TERM_MAX, "terms of a requirement");
_Static_assert((int)APPLY_SUPERVISOR_MAX == (int)ACD_TEAM_SUPERVISOR_MAX, "supervisors");
_Static_assert((int)APPLY_LOST_KEEP == (int)ACD_LOST_KEEP, "lost rules");
_Static_assert((int)APPLY_LOST_REQUEUE == (int)ACD_LOST_REQUEUE, "lost rules");
_Static_assert((int)APPLY_LOST_CLOSE == (int)ACD_LOST_CLOSE, "lost rules");

static struct acd_text text_of(struct apply_word word)
{
        return (struct acd_text){ .at = word.at, .size = word.size };
}

static uint32_t put_levels(const struct apply_levels *levels, struct apply_room *room)
{
        for (uint32_t i = 0; i < levels->count; i++)
                room->levels[i] = (struct wire_skill_level){
                        .skill = text_of(levels->item[i].skill),
                        .level = levels->item[i].level,
                };
        return levels->count;
}

static uint32_t put_slots(const struct apply_slots *slots, struct apply_room *room)
{
        for (uint32_t i = 0; i < slots->count; i++)
                room->slots[i] = (struct wire_channel_slots){
                        .channel = text_of(slots->item[i].channel),
                        .has_slots = true,
                        .slots = slots->item[i].slots,
                        .has_weight = true,
                        .weight = slots->item[i].weight,
                };
        return slots->count;
}

static void put_tenant(const struct apply_change *change, struct wire_tenant_config *tenant)
{
        *tenant = (struct wire_tenant_config){
                .name = text_of(change->name),
                .has_agent_grace_ms = true,
                .agent_grace_ms = change->target.tenant.agent_grace_ms,
                .has_gateway_grace_ms = true,
                .gateway_grace_ms = change->target.tenant.gateway_grace_ms,
                .has_key_retention_ms = true,
                .key_retention_ms = change->target.tenant.key_retention_ms,
        };
}

static void put_queue(const struct apply_change *change, struct apply_room *room,
                      struct wire_queue_config *ret_queue)
{
        const struct apply_queue *queue = &change->target.queue;

        for (uint32_t i = 0; i < queue->requirement.count; i++)
                room->terms[i] = (struct wire_term){
                        .skill = text_of(queue->requirement.item[i].skill),
                        .level_min = queue->requirement.item[i].level,
                        .group = queue->requirement.item[i].group,
                };
        for (uint32_t tier = 1; tier < APPLY_TIER_COUNT; tier++)
                room->tier_waits[tier - 1] = queue->tier_wait_ms[tier];
        *ret_queue = (struct wire_queue_config){
                .name = text_of(change->name),
                .requirement_count = queue->requirement.count,
                .requirement = room->terms,
                .has_band = true,
                .band = queue->band,
                .auto_accept = queue->auto_accept,
                .missed_max = queue->missed_max,
                .on_agent_lost = (enum acd_lost_rule)queue->on_agent_lost,
                .has_offer_timeout_ms = true,
                .offer_timeout_ms = queue->offer_timeout_ms,
                .wrap_up_ms = queue->wrap_up_ms,
                .has_cool_down_ms = true,
                .cool_down_ms = queue->cool_down_ms,
                .tier_wait_ms_count = APPLY_TIER_COUNT - 1,
                .tier_wait_ms = room->tier_waits,
                .length_max = queue->length_max,
        };
}

static void put_team(const struct apply_change *change, struct apply_room *room,
                     struct wire_team_config *ret_team)
{
        const struct apply_team *team = &change->target.team;

        for (uint32_t i = 0; i < team->supervisors.count; i++)
                room->supervisors[i] = text_of(team->supervisors.item[i]);
        *ret_team = (struct wire_team_config){
                .name = text_of(change->name),
                .time_zone = text_of(team->time_zone),
                .profile = text_of(team->profile),
                .supervisors_count = team->supervisors.count,
                .supervisors = room->supervisors,
        };
}

static void put_agent(const struct apply_change *change, struct apply_room *room,
                      struct wire_agent_config *ret_agent)
{
        const struct apply_agent *agent = &change->target.agent;

        for (uint32_t i = 0; i < agent->tiers.count; i++)
                room->tiers[i] = (struct wire_queue_tier){
                        .queue = text_of(agent->tiers.item[i].queue),
                        .tier = agent->tiers.item[i].tier,
                };
        *ret_agent = (struct wire_agent_config){
                .name = text_of(change->name),
                .team = text_of(agent->team),
                .profile = text_of(agent->profile),
                .channels_count = put_slots(&agent->slots, room),
                .channels = room->slots,
                .skills_count = put_levels(&agent->levels, room),
                .skills = room->levels,
                .tiers_count = agent->tiers.count,
                .tiers = room->tiers,
        };
}

static void put_removal(const struct apply_change *change, struct wire_apply *ret_apply)
{
        static const enum acd_object objects[APPLY_KIND_COUNT] = {
                [APPLY_TENANT] = ACD_OBJECT_TENANT,   [APPLY_SKILL] = ACD_OBJECT_SKILL,
                [APPLY_CHANNEL] = ACD_OBJECT_CHANNEL, [APPLY_PROFILE] = ACD_OBJECT_PROFILE,
                [APPLY_TEAM] = ACD_OBJECT_TEAM,       [APPLY_QUEUE] = ACD_OBJECT_QUEUE,
                [APPLY_AGENT] = ACD_OBJECT_AGENT,
        };

        ret_apply->change = WIRE_CHANGE_REMOVE;
        ret_apply->remove.object = objects[change->kind];
        ret_apply->remove.name = text_of(change->name);
}

static void put_channel(const struct apply_change *change, struct wire_channel_config *ret_channel)
{
        *ret_channel = (struct wire_channel_config){
                .name = text_of(change->name),
                .media = change->target.channel.is_media,
                .live = change->target.channel.is_live,
                .has_connecting_lease_ms = true,
                .connecting_lease_ms = change->target.channel.connecting_lease_ms,
        };
}

static void put_profile(const struct apply_change *change, struct apply_room *room,
                        struct wire_profile_config *ret_profile)
{
        *ret_profile = (struct wire_profile_config){
                .name = text_of(change->name),
                .channels_count = put_slots(&change->target.profile.slots, room),
                .channels = room->slots,
                .skills_count = put_levels(&change->target.profile.levels, room),
                .skills = room->levels,
        };
}

void apply_to_wire(const struct apply_change *change, struct apply_room *room,
                   struct wire_apply *ret_apply)
{
        *ret_apply = (struct wire_apply){ 0 };
        if (change->is_remove) {
                put_removal(change, ret_apply);
                return;
        }
        switch (change->kind) {
        case APPLY_TENANT:
                ret_apply->change = WIRE_CHANGE_TENANT;
                put_tenant(change, &ret_apply->tenant);
                return;
        case APPLY_SKILL:
                ret_apply->change = WIRE_CHANGE_SKILL;
                ret_apply->skill.name = text_of(change->name);
                return;
        case APPLY_CHANNEL:
                ret_apply->change = WIRE_CHANGE_CHANNEL;
                put_channel(change, &ret_apply->channel);
                return;
        case APPLY_PROFILE:
                ret_apply->change = WIRE_CHANGE_PROFILE;
                put_profile(change, room, &ret_apply->profile);
                return;
        case APPLY_TEAM:
                ret_apply->change = WIRE_CHANGE_TEAM;
                put_team(change, room, &ret_apply->team);
                return;
        case APPLY_QUEUE:
                ret_apply->change = WIRE_CHANGE_QUEUE;
                put_queue(change, room, &ret_apply->queue);
                return;
        case APPLY_AGENT:
                ret_apply->change = WIRE_CHANGE_AGENT;
                put_agent(change, room, &ret_apply->agent);
                return;
        case APPLY_KIND_COUNT:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a change has a kind");
}

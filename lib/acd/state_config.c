/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configured part of the state: tenants, skills, channels, queues, teams,
 * profiles, agents, gateways. See state.c.
 *
 * A free slot has its generation and its place among the free ones, nothing else.
 */

#include "acd/stream.h"

/* Generation and link of slot @index; true when it is live. */
bool acd_stream_slot(struct acd_stream *stream, struct acd_slab *slab, uint32_t index)
{
        struct acd_slot *slot = acd_slab_slot(slab, index);

        acd_stream_u32(stream, &slot->generation, ACD_ID_GENERATION_MAX);
        acd_stream_link(stream, &slot->link, slab->top);
        return slot->link.list != slab->free.tag;
}

static void stream_tenant(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_tenant *tenant = &acd->tenant[index];

        if (!acd_stream_slot(s, &acd->tenants, index))
                return;
        acd_stream_text(s, tenant->config.name, sizeof(tenant->config.name));
        acd_stream_u32(s, &tenant->config.agent_grace_ms, UINT32_MAX);
        acd_stream_u32(s, &tenant->config.gateway_grace_ms, UINT32_MAX);
        acd_stream_u64(s, &tenant->config.key_retention_ms);
        acd_stream_u64(s, &tenant->event_sequence);
        acd_stream_u64(s, &tenant->submit_sequence);
        for (uint32_t i = 0; i <= ACD_OBJECT_ASSIGNMENT; i++)
                acd_stream_u32(s, &tenant->object_count[i], UINT32_MAX);
        for (uint32_t i = 0; i < ACD_AGENT_CHANNEL_MAX; i++)
                acd_stream_u32(s, &tenant->channel[i], acd->channels.top);
        for (uint32_t i = 0; i <= ACD_PRESENCE_LOST; i++) {
                if (s->mode == STREAM_LOAD)
                        acd_ilist_init(&tenant->presence[i], acd_tag(LIST_PRESENCE + i, index));
                acd_stream_list(s, &tenant->presence[i], acd->agents.top);
        }
        if (s->mode == STREAM_LOAD)
                acd_ilist_init(&tenant->idle, acd_tag(LIST_OF, index));
        acd_stream_list(s, &tenant->idle, acd->agents.top);
}

static void stream_skill(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_skill *skill = &acd->skill[index];

        if (!acd_stream_slot(s, &acd->skills, index))
                return;
        acd_stream_u32(s, &skill->tenant, acd->tenants.top);
        acd_stream_u32(s, &skill->reference_count, UINT32_MAX);
        acd_stream_text(s, skill->config.name, sizeof(skill->config.name));
}

static void stream_channel(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_channel *channel = &acd->channel[index];

        if (!acd_stream_slot(s, &acd->channels, index))
                return;
        acd_stream_u32(s, &channel->tenant, acd->tenants.top);
        acd_stream_u32(s, &channel->reference_count, UINT32_MAX);
        acd_stream_u32(s, &channel->ordinal, ACD_AGENT_CHANNEL_MAX - 1);
        acd_stream_text(s, channel->config.name, sizeof(channel->config.name));
        acd_stream_bool(s, &channel->config.is_media);
        acd_stream_bool(s, &channel->config.is_live);
        acd_stream_u32(s, &channel->config.connecting_lease_ms, UINT32_MAX);
}

void acd_stream_terms(struct acd_stream *s, struct acd *acd, struct acd_terms *terms)
{
        acd_stream_u32(s, &terms->count, ACD_TERM_MAX);
        for (uint32_t i = 0; i < terms->count; i++) {
                acd_stream_u32(s, &terms->term[i].skill, acd->skills.top);
                acd_stream_u8(s, &terms->term[i].level_min, ACD_LEVEL_MAX);
                acd_stream_u8(s, &terms->term[i].group, 7);
        }
}

static void stream_queue_config(struct acd_stream *s, struct acd_queue_config *config)
{
        uint32_t rule = config->on_agent_lost;

        acd_stream_u8(s, &config->band, ACD_BAND_COUNT - 1);
        acd_stream_bool(s, &config->auto_accept);
        acd_stream_u8(s, &config->missed_max, UINT8_MAX);
        acd_stream_u32(s, &rule, ACD_LOST_CLOSE);
        config->on_agent_lost = (enum acd_lost_rule)rule;
        acd_stream_u32(s, &config->offer_timeout_ms, UINT32_MAX);
        acd_stream_u32(s, &config->wrap_up_ms, UINT32_MAX);
        acd_stream_u32(s, &config->cool_down_ms, UINT32_MAX);
        for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++)
                acd_stream_u32(s, &config->tier_wait_ms[tier], UINT32_MAX);
        acd_stream_u32(s, &config->length_max, UINT32_MAX);
}

static void init_queue_lists(struct acd_queue *queue, uint32_t index)
{
        for (uint32_t state = ACD_CONTACT_WITHHELD; state <= ACD_CONTACT_ENDED; state++)
                acd_icrowd_init(&queue->contacts[state],
                                acd_tag(LIST_WITHHELD + state - ACD_CONTACT_WITHHELD, index));
        acd_ilist_init(&queue->used_classes, acd_tag(LIST_USED, index));
        acd_ilist_init(&queue->idle_classes, acd_tag(LIST_IDLE, index));
        acd_ilist_init(&queue->rematch, acd_tag(LIST_REMATCH_QUEUE, index));
}

static void stream_queue(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_queue *queue = &acd->queue[index];

        if (!acd_stream_slot(s, &acd->queues, index))
                return;
        acd_stream_u32(s, &queue->tenant, acd->tenants.top);
        acd_stream_text(s, queue->name, sizeof(queue->name));
        acd_stream_terms(s, acd, &queue->terms);
        stream_queue_config(s, &queue->config);
        acd_stream_u32(s, &queue->tier_reference_count, UINT32_MAX);
        acd_stream_u32(s, &queue->waiting_count, UINT32_MAX);
        if (s->mode == STREAM_LOAD)
                init_queue_lists(queue, index);
        for (uint32_t state = ACD_CONTACT_WITHHELD; state <= ACD_CONTACT_ENDED; state++)
                acd_stream_u32(s, &queue->contacts[state].count, acd->contacts.top);
        acd_stream_list(s, &queue->used_classes, acd->classes.top);
        acd_stream_list(s, &queue->idle_classes, acd->classes.top);
        acd_stream_list(s, &queue->rematch, acd->classes.top);
        acd_stream_u64(s, &queue->submitted);
        acd_stream_u64(s, &queue->answered);
        acd_stream_u64(s, &queue->abandoned);
        acd_stream_u64(s, &queue->closed);
}

static void stream_abilities(struct acd_stream *s, struct acd *acd, struct acd_abilities *abilities)
{
        acd_stream_u32(s, &abilities->channel_count, ACD_AGENT_CHANNEL_MAX);
        for (uint32_t i = 0; i < abilities->channel_count; i++) {
                acd_stream_u32(s, &abilities->channel[i].channel, acd->channels.top);
                acd_stream_u8(s, &abilities->channel[i].slots, UINT8_MAX);
                acd_stream_u8(s, &abilities->channel[i].weight, UINT8_MAX);
        }
        acd_stream_u32(s, &abilities->skill_count, ACD_AGENT_SKILL_MAX);
        for (uint32_t i = 0; i < abilities->skill_count; i++) {
                acd_stream_u32(s, &abilities->skill[i].skill, acd->skills.top);
                acd_stream_u8(s, &abilities->skill[i].level, ACD_LEVEL_MAX);
        }
}

static void stream_team(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_team *team = &acd->team[index];

        if (!acd_stream_slot(s, &acd->teams, index))
                return;
        acd_stream_u32(s, &team->tenant, acd->tenants.top);
        acd_stream_u32(s, &team->agent_count, UINT32_MAX);
        acd_stream_u32(s, &team->profile, acd->profiles.top);
        acd_stream_u32(s, &team->supervisor_count, ACD_TEAM_SUPERVISOR_MAX);
        for (uint32_t i = 0; i < team->supervisor_count; i++)
                acd_stream_u32(s, &team->supervisor[i], acd->agents.top);
        acd_stream_text(s, team->name, sizeof(team->name));
        acd_stream_text(s, team->time_zone, sizeof(team->time_zone));
}

static void stream_profile(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_profile *profile = &acd->profile[index];

        if (!acd_stream_slot(s, &acd->profiles, index))
                return;
        acd_stream_u32(s, &profile->tenant, acd->tenants.top);
        acd_stream_u32(s, &profile->reference_count, UINT32_MAX);
        acd_stream_text(s, profile->name, sizeof(profile->name));
        stream_abilities(s, acd, &profile->abilities);
}

static void stream_agent_lists(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        if (s->mode == STREAM_LOAD) {
                acd_ilist_init(&agent->parked, acd_tag(LIST_PARKED, index));
                acd_ilist_init(&agent->members, acd_tag(LIST_OF, index));
                acd_ilist_init(&agent->rematch, acd_tag(LIST_REMATCH_AGENT, index));
        }
        acd_stream_list(s, &agent->parked, acd->assignments.top);
        acd_stream_list(s, &agent->members, acd->memberships.top);
        acd_stream_list(s, &agent->rematch, acd->classes.top);
}

static void stream_agent(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        acd_stream_link(s, &agent->idle_link, acd->agents.top);
        acd_stream_u32(s, &agent->tenant, acd->tenants.top);
        acd_stream_u8(s, &agent->presence, ACD_PRESENCE_LOST);
        acd_stream_u8(s, &agent->before_lost, ACD_PRESENCE_LOST);
        acd_stream_u8(s, &agent->next, ACD_PRESENCE_LOST);
        acd_stream_u8(s, &agent->pair_count, ACD_PAIR_MAX);
        acd_stream_u32(s, &agent->pair, acd->pairs.top);
        acd_stream_u32(s, &agent->busy, acd->assignments.top);
        acd_stream_u32(s, &agent->missed_count, UINT32_MAX);
        stream_agent_lists(s, acd, index);
        acd_stream_u64(s, &agent->idle_sequence);
        acd_stream_u64(s, &agent->idle_since);
        acd_stream_u64(s, &agent->since);
        acd_stream_u64(s, &agent->login_at);
        acd_stream_u64(s, &agent->grace_deadline);
        acd_stream_u32(s, &agent->contact_count, UINT32_MAX);
        acd_stream_text(s, agent->label, sizeof(agent->label));
        acd_stream_text(s, agent->next_label, sizeof(agent->next_label));
}

static void stream_agent_setup(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_agent_setup *setup = &acd->agent_setup[index];

        acd_stream_text(s, setup->name, sizeof(setup->name));
        acd_stream_u32(s, &setup->team, acd->teams.top);
        acd_stream_u32(s, &setup->profile, acd->profiles.top);
        acd_stream_u32(s, &setup->supervisor_count, UINT32_MAX);
        stream_abilities(s, acd, &setup->abilities);
        acd_stream_u32(s, &setup->tier_count, ACD_AGENT_TIER_MAX);
        for (uint32_t i = 0; i < setup->tier_count; i++) {
                acd_stream_u32(s, &setup->tier[i].queue, acd->queues.top);
                acd_stream_u8(s, &setup->tier[i].tier, ACD_TIER_COUNT - 1);
        }
        acd_stream_u32(s, &setup->address_count, ACD_AGENT_CHANNEL_MAX);
        for (uint32_t i = 0; i < setup->address_count; i++) {
                acd_stream_u64(s, &setup->address[i].channel);
                acd_stream_payload(s, acd, &setup->address[i].payload, ACD_ADDRESS_MAX);
        }
}

static void stream_gateway(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_gateway *gateway = &acd->gateway[index];

        if (!acd_stream_slot(s, &acd->gateways, index))
                return;
        acd_stream_u32(s, &gateway->tenant, acd->tenants.top);
        acd_stream_u8(s, &gateway->state, ACD_GATEWAY_GONE);
        acd_stream_bool(s, &gateway->is_round_open);
        acd_stream_bool(s, &gateway->is_releasing);
        acd_stream_u32(s, &gateway->round, UINT32_MAX);
        acd_stream_u32(s, &gateway->ended_count, UINT32_MAX);
        if (s->mode == STREAM_LOAD)
                acd_ilist_init(&gateway->contacts, acd_tag(LIST_OF, index));
        acd_stream_list(s, &gateway->contacts, acd->contacts.top);
        acd_stream_u64(s, &gateway->deadline);
        acd_stream_text(s, gateway->name, sizeof(gateway->name));
}

void acd_stream_config(struct acd_stream *stream, struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->tenants.top && stream->error == 0; i++)
                stream_tenant(stream, acd, i);
        for (uint32_t i = 1; i <= acd->skills.top && stream->error == 0; i++)
                stream_skill(stream, acd, i);
        for (uint32_t i = 1; i <= acd->channels.top && stream->error == 0; i++)
                stream_channel(stream, acd, i);
        for (uint32_t i = 1; i <= acd->queues.top && stream->error == 0; i++)
                stream_queue(stream, acd, i);
        for (uint32_t i = 1; i <= acd->teams.top && stream->error == 0; i++)
                stream_team(stream, acd, i);
        for (uint32_t i = 1; i <= acd->profiles.top && stream->error == 0; i++)
                stream_profile(stream, acd, i);
        for (uint32_t i = 1; i <= acd->agents.top && stream->error == 0; i++) {
                if (!acd_stream_slot(stream, &acd->agents, i))
                        continue;
                stream_agent(stream, acd, i);
                stream_agent_setup(stream, acd, i);
        }
        for (uint32_t i = 1; i <= acd->gateways.top && stream->error == 0; i++)
                stream_gateway(stream, acd, i);
}

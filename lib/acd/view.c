/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the core: one object at a time, its name, its lists.
 *
 * Nothing here changes anything, and nothing here is needed by a step. What the
 * last step closed is still in its slot: a free slot remembers the step that freed
 * it, and until the next one begins it reads as it was, with state FREE.
 */

#include "acd/parts.h"

#include <string.h>

uint64_t acd_find(const struct acd *acd, enum acd_object object, acd_tenant_id tenant,
                  struct acd_text name)
{
        const struct acd_slab *slab = acd_slab_of(acd, object);
        uint32_t tenant_index = acd_tenant_of_id(acd, tenant.value);
        uint32_t index;

        if (slab == NULL || object > ACD_OBJECT_GATEWAY)
                return 0;
        index = acd_name_find(acd, object, tenant_index, name);
        return acd_id_of(acd, slab, index);
}

/* What the last step removed has its name until the next one: its events tell it. */
static uint32_t removed_object(const struct acd *acd, enum acd_object object, uint64_t id)
{
        bool is_removed = acd->removed_step == acd->step && acd->removed_object == object &&
                          acd->removed_id == id;

        return is_removed ? acd_ghost_of(acd, object, id) : 0;
}

/* The index of a live object that has a name. Traffic names agents, queues, channels and
 * gateways, several times a step. */
static inline uint32_t named_object(const struct acd *acd, enum acd_object object, uint64_t id)
{
        if (object == ACD_OBJECT_AGENT)
                return acd_agent_of_id(acd, id);
        if (object == ACD_OBJECT_QUEUE)
                return acd_queue_of_id(acd, id);
        if (object == ACD_OBJECT_CHANNEL)
                return acd_channel_of_id(acd, id);
        if (object == ACD_OBJECT_GATEWAY)
                return acd_gateway_of_id(acd, id);
        return object > ACD_OBJECT_GATEWAY ? 0 : acd_index_of(acd, object, id);
}

static inline const char *name_at(const struct acd *acd, enum acd_object object, uint32_t index)
{
        if (object == ACD_OBJECT_AGENT)
                return acd->agent_setup[index].name;
        if (object == ACD_OBJECT_QUEUE)
                return acd->queue[index].name;
        return acd_name_of(acd, object, index);
}

struct acd_text acd_name(const struct acd *acd, enum acd_object object, uint64_t id)
{
        uint32_t index = named_object(acd, object, id);
        const char *name;

        if (index == 0 && id != 0)
                index = removed_object(acd, object, id);
        if (index == 0)
                return (struct acd_text){ 0 };
        name = name_at(acd, object, index);
        return (struct acd_text){ .at = name, .size = acd_name_size(name) };
}

uint64_t acd_list(const struct acd *acd, enum acd_object object, acd_tenant_id tenant,
                  uint64_t *cursor, uint32_t slot_max)
{
        const struct acd_slab *slab = acd_slab_of(acd, object);
        uint32_t tenant_index = acd_tenant_of_id(acd, tenant.value);

        for (uint32_t count = 0; count < slot_max; count++) {
                uint32_t index;

                if (slab == NULL || *cursor >= slab->top) {
                        *cursor = UINT64_MAX;
                        return 0;
                }
                index = (uint32_t)++ * cursor;
                if (!acd_slab_is_live(slab, index))
                        continue;
                if (object == ACD_OBJECT_TENANT ||
                    acd_tenant_of(acd, object, index) == tenant_index)
                        return acd_id_of(acd, slab, index);
        }
        return 0;
}

acd_agent_id acd_agent_next(const struct acd *acd, acd_tenant_id tenant, acd_agent_id agent)
{
        uint32_t tenant_index = acd_tenant_of_id(acd, tenant.value);
        uint32_t index = acd_agent_of_id(acd, agent.value);
        uint32_t presence = ACD_PRESENCE_LOGGED_OUT;

        if (tenant_index == 0 || (agent.value != 0 && index == 0))
                return (acd_agent_id){ 0 };
        if (index != 0) {
                ACD_ASSERT(acd->agent[index].tenant == tenant_index);
                presence = acd->agent[index].presence + 1u;
                index = acd->agent[index].link.next;
        }
        for (; index == 0 && presence <= ACD_PRESENCE_LOST; presence++)
                index = acd->tenant[tenant_index].presence[presence].first;
        return (acd_agent_id){ acd_id_of(acd, &acd->agents, index) };
}

acd_contact_id acd_find_key(const struct acd *acd, acd_tenant_id tenant, struct acd_bytes key)
{
        uint32_t hash;
        uint32_t index =
                key.size > ACD_CLIENT_KEY_MAX ? 0 : acd_key_find(acd, tenant.value, key, &hash);

        return (acd_contact_id){ index == 0 ? 0 : acd->key[index].contact };
}

/* A live contact, or one that the last step closed; else 0. */
static uint32_t readable_contact(const struct acd *acd, uint64_t id)
{
        uint32_t index = acd_contact_of_id(acd, id);

        if (index != 0)
                return index;
        index = acd_ghost_of(acd, ACD_OBJECT_CONTACT, id);
        return index != 0 && acd->contact_cold[index].active_ns == acd->step ? index : 0;
}

acd_time acd_contact_submitted(const struct acd *acd, acd_contact_id contact)
{
        uint32_t index = readable_contact(acd, contact.value);

        return index == 0 ? 0 : acd->contact[index].submitted;
}

/* The key of a closed contact may have been forgotten since. */
static uint32_t key_payload(const struct acd *acd, uint32_t contact)
{
        uint32_t key = acd->contact[contact].key;

        if (key == 0 || !acd_slab_is_live(&acd->keys, key) ||
            acd->key[key].contact != acd_id_of(acd, &acd->contacts, contact))
                return 0;
        return acd->key[key].payload;
}

uint32_t acd_contact_payload(const struct acd *acd, acd_contact_id contact, enum acd_payload part,
                             uint8_t *bytes, uint32_t size_max)
{
        uint32_t index = readable_contact(acd, contact.value);
        uint32_t payload = 0;

        if (index == 0)
                return 0;
        switch (part) {
        case ACD_PAYLOAD_CLIENT_KEY:
                payload = key_payload(acd, index);
                break;
        case ACD_PAYLOAD_CUSTOMER_KEY:
                payload = acd->contact_cold[index].customer_key;
                break;
        case ACD_PAYLOAD_ATTRIBUTES:
                payload = acd->contact_cold[index].attributes;
                break;
        }
        return acd_payload_get(acd, payload, bytes, size_max);
}

uint32_t acd_agent_address(const struct acd *acd, acd_agent_id agent, acd_channel_id channel,
                           uint8_t *bytes, uint32_t size_max)
{
        uint32_t index = acd_agent_of_id(acd, agent.value);
        const struct acd_agent_setup *setup = &acd->agent_setup[index];

        for (uint32_t i = 0; index != 0 && i < setup->address_count; i++)
                if (setup->address[i].channel == channel.value)
                        return acd_payload_get(acd, setup->address[i].payload, bytes, size_max);
        return 0;
}

bool acd_view_contact(const struct acd *acd, acd_contact_id id, struct acd_contact_view *ret_view)
{
        uint32_t index = readable_contact(acd, id.value);
        const struct acd_contact *contact = &acd->contact[index];
        const struct acd_class *class = &acd->class[contact->class];

        if (index == 0)
                return false;
        *ret_view = (struct acd_contact_view){
                .contact = id,
                .tenant = class->tenant_id,
                .state = (enum acd_contact_state)contact->state,
                .queue = class->queue_id,
                .channel = class->channel_id,
                .gateway.value = acd_id_of(acd, &acd->gateways, contact->gateway),
                .band = contact->band,
                .credit_ms = contact->credit_ms,
                .offer_count = contact->offer_count,
                .submitted = contact->submitted,
                .queued = contact->submitted,
                .sequence = contact->sequence,
        };
        if (contact->assignment != 0) {
                const struct acd_assignment *assignment = &acd->assignment[contact->assignment];

                ret_view->assignment.value =
                        acd_id_in(acd, contact->assignment, assignment->generation);
                ret_view->agent = assignment->agent_id;
        }
        return true;
}

/* One that is there, or that the last step closed; else 0. */
static uint32_t readable_assignment(const struct acd *acd, uint64_t id)
{
        uint32_t index = acd_assignment_of_id(acd, id);

        if (index != 0)
                return index;
        index = acd_ghost_of(acd, ACD_OBJECT_ASSIGNMENT, id);
        return index != 0 && acd->assignment[index].closed_step == acd->step ? index : 0;
}

enum acd_assignment_state acd_assignment_state_now(const struct acd *acd, acd_assignment_id id)
{
        uint32_t index = readable_assignment(acd, id.value);

        return index == 0 ? ACD_ASSIGNMENT_FREE
                          : (enum acd_assignment_state)acd->assignment[index].state;
}

bool acd_view_assignment(const struct acd *acd, acd_assignment_id id,
                         struct acd_assignment_view *ret_view)
{
        uint32_t index = readable_assignment(acd, id.value);
        const struct acd_assignment *assignment;

        if (index == 0)
                return false;
        assignment = &acd->assignment[index];
        *ret_view = (struct acd_assignment_view){
                .assignment = id,
                .state = (enum acd_assignment_state)assignment->state,
                .contact.value = acd_id_of(acd, &acd->contacts, assignment->contact),
                .agent = assignment->agent_id,
                .epoch = assignment->epoch,
                .offered = assignment->offered,
                .accepted = assignment->accepted,
                .connected = assignment->connected,
                .deadline = assignment->deadline,
                .held_ns = assignment->held_ns,
                .hold_count = assignment->hold_count,
        };
        return true;
}

bool acd_view_agent(const struct acd *acd, acd_agent_id id, struct acd_agent_view *ret_view)
{
        uint32_t index = acd_agent_of_id(acd, id.value);
        const struct acd_agent *agent = &acd->agent[index];

        if (index == 0)
                return false;
        *ret_view = (struct acd_agent_view){
                .agent = id,
                .tenant.value = acd_id_of(acd, &acd->tenants, agent->tenant),
                .team.value = acd_id_of(acd, &acd->teams, acd->agent_setup[index].team),
                .presence = (enum acd_presence)agent->presence,
                .next = (enum acd_presence)agent->next,
                .since = agent->since,
                .idle_since = acd_agent_is_idle(acd, index) ? agent->idle_since : 0,
                .assignment.value = acd_id_of(acd, &acd->assignments, agent->busy),
                .parked_count = agent->parked.count,
                .class_count = agent->members.count,
                .label = { .at = agent->label, .size = acd_text_size(agent->label) },
                .contact_count = agent->contact_count,
        };
        if (agent->busy != 0)
                ret_view->assignment_state =
                        (enum acd_assignment_state)acd->assignment[agent->busy].state;
        return true;
}

bool acd_agent_is_lost(const struct acd *acd, acd_agent_id id)
{
        uint32_t index = acd_agent_of_id(acd, id.value);

        return index != 0 && acd->agent[index].presence == ACD_PRESENCE_LOST;
}

bool acd_view_gateway(const struct acd *acd, acd_gateway_id id, struct acd_gateway_view *ret_view)
{
        uint32_t index = acd_gateway_of_id(acd, id.value);
        const struct acd_gateway *gateway = &acd->gateway[index];

        if (index == 0)
                return false;
        *ret_view = (struct acd_gateway_view){
                .gateway = id,
                .tenant.value = acd_id_of(acd, &acd->tenants, gateway->tenant),
                .state = (enum acd_gateway_state)gateway->state,
                .deadline = gateway->deadline,
                .contact_count = gateway->contacts.count,
        };
        return true;
}

bool acd_view_channel(const struct acd *acd, acd_channel_id id, struct acd_channel_view *ret_view)
{
        uint32_t index = acd_channel_of_id(acd, id.value);

        if (index == 0)
                return false;
        *ret_view = (struct acd_channel_view){ .channel = id,
                                               .is_media = acd->channel[index].config.is_media,
                                               .is_live = acd->channel[index].config.is_live };
        return true;
}

bool acd_view_tenant(const struct acd *acd, acd_tenant_id id, struct acd_tenant_config *ret_config,
                     uint64_t *ret_event_sequence)
{
        uint32_t index = acd_tenant_of_id(acd, id.value);

        if (index == 0)
                return false;
        *ret_config = acd->tenant[index].config;
        *ret_event_sequence = acd->tenant[index].event_sequence;
        return true;
}

uint32_t acd_agent_assignments(const struct acd *acd, acd_agent_id agent,
                               acd_assignment_id *ret_ids, uint32_t max)
{
        uint32_t index = acd_agent_of_id(acd, agent.value);
        uint32_t count = 0;

        if (index == 0)
                return 0;
        if (acd->agent[index].busy != 0 && count < max)
                ret_ids[count++].value = acd_id_of(acd, &acd->assignments, acd->agent[index].busy);
        for (uint32_t parked = acd->agent[index].parked.first; parked != 0 && count < max;
             parked = acd->assignment[parked].agent_link.next)
                ret_ids[count++].value = acd_id_of(acd, &acd->assignments, parked);
        return count;
}

struct acd_usage acd_usage(const struct acd *acd)
{
        return (struct acd_usage){
                .used = {
                        .tenant_count_max = acd->tenants.live,
                        .skill_count_max = acd->skills.live,
                        .channel_count_max = acd->channels.live,
                        .queue_count_max = acd->queues.live,
                        .team_count_max = acd->teams.live,
                        .profile_count_max = acd->profiles.live,
                        .agent_count_max = acd->agents.live,
                        .gateway_count_max = acd->gateways.live,
                        .contact_count_max = acd->contacts.live,
                        .class_count_max = acd->classes.live,
                        .membership_count_max = acd->memberships.live,
                        .lane_count_max = acd->lanes.live,
                        .pair_count_max = acd->pairs.live,
                        .key_count_max = acd->keys.live,
                        .payload_cell_count_max = acd->payload.used,
                        .job_count_max = acd->agenda.count,
                },
                .limit = acd->limits,
        };
}

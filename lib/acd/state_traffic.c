/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The moving part of the state: contacts, assignments, classes, memberships,
 * lanes, pairs, client keys. See state.c.
 */

#include "acd/stream.h"

static void stream_node(struct acd_stream *s, struct acd_inode *node, uint32_t max)
{
        enum { HEIGHT_MAX = 63 };
        uint32_t left = node->left, right = node->right;
        uint32_t parent = node->parent, height = node->height;
        uint64_t least = node->least;

        acd_stream_u32(s, &left, max);
        acd_stream_u32(s, &right, max);
        acd_stream_u32(s, &parent, max);
        acd_stream_u32(s, &height, HEIGHT_MAX);
        acd_stream_u64(s, &least);
        *node = (struct acd_inode){
                .left = left,
                .right = right,
                .parent = parent & ACD_INODE_INDEX_MAX,
                .height = height & HEIGHT_MAX,
                .least = least,
        };
}

static void stream_contact(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];
        struct acd_contact_cold *cold = &acd->contact_cold[index];
        bool is_live = acd_stream_slot(s, &acd->contacts, index);

        /* Whose it was decides what RESUME says of a free one (D25). */
        acd_stream_u32(s, &contact->gateway, acd->gateways.top);
        acd_stream_u32(s, &contact->pair, is_live ? acd->pairs.top : ACD_ID_GENERATION_MAX);
        if (!is_live)
                return;
        acd_stream_u8(s, &contact->state, ACD_CONTACT_ENDED);
        acd_stream_u8(s, &contact->band, ACD_BAND_COUNT - 1);
        acd_stream_u8(s, &contact->pair_count, ACD_PAIR_MAX);
        acd_stream_u8(s, &contact->flags, CONTACT_WAS_ACTIVE | CONTACT_HAS_REPLY);
        acd_stream_u32(s, &contact->credit_ms, ACD_CREDIT_MS_MAX);
        acd_stream_u64(s, &contact->sequence);
        acd_stream_u64(s, &contact->submitted);
        acd_stream_u32(s, &contact->class, acd->classes.top);
        acd_stream_u32(s, &contact->assignment, acd->assignments.top);
        acd_stream_u16(s, &contact->offer_count);
        acd_stream_u32(s, &contact->key, acd->keys.top);
        acd_stream_link(s, &cold->gateway_link, acd->contacts.top);
        acd_stream_u16(s, &contact->round);
        acd_stream_payload(s, acd, &cold->customer_key, ACD_CUSTOMER_KEY_MAX);
        acd_stream_payload(s, acd, &cold->attributes, ACD_ATTRIBUTES_MAX);
        acd_stream_u64(s, &cold->active_ns);
        if (contact->state == ACD_CONTACT_WAITING)
                stream_node(s, &cold->node, acd->contacts.top);
}

static void stream_assignment(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        if (!acd_stream_slot(s, &acd->assignments, index))
                return;
        acd_stream_link(s, &assignment->agent_link, acd->assignments.top);
        acd_stream_u32(s, &assignment->contact, acd->contacts.top);
        acd_stream_u32(s, &assignment->agent, acd->agents.top);
        acd_stream_u8(s, &assignment->state, ACD_ASSIGNMENT_WRAP_UP);
        acd_stream_u8(s, &assignment->tier, ACD_TIER_COUNT - 1);
        acd_stream_u32(s, &assignment->hold_count, UINT32_MAX);
        acd_stream_u64(s, &assignment->order);
        acd_stream_u64(s, &assignment->epoch);
        acd_stream_u64(s, &assignment->offered);
        acd_stream_u64(s, &assignment->accepted);
        acd_stream_u64(s, &assignment->connected);
        acd_stream_u64(s, &assignment->deadline);
        acd_stream_u64(s, &assignment->state_since);
        acd_stream_u64(s, &assignment->held_ns);
}

static void stream_class_lists(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];

        if (s->mode == STREAM_LOAD)
                acd_ilist_init(&class->members, acd_tag(LIST_OF, index));
        acd_stream_list(s, &class->members, acd->memberships.top);
        for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++) {
                if (s->mode == STREAM_LOAD)
                        acd_ilist_init(&class->pool[tier], acd_tag(LIST_POOL + tier, index));
                acd_stream_u32(s, &class->logged_in[tier], UINT32_MAX);
                acd_stream_list(s, &class->pool[tier], acd->memberships.top);
        }
        for (uint32_t band = 0; band < ACD_BAND_COUNT; band++) {
                acd_stream_u32(s, &class->lane[band], acd->lanes.top);
                acd_stream_u32(s, &class->tree[band].root, acd->contacts.top);
                acd_stream_u32(s, &class->tree[band].count, acd->contacts.top);
        }
}

static void stream_class(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];

        if (!acd_stream_slot(s, &acd->classes, index))
                return;
        acd_stream_link(s, &class->queue_link, acd->classes.top);
        acd_stream_link(s, &class->rematch_link, acd->classes.top);
        acd_stream_u32(s, &class->tenant, acd->tenants.top);
        acd_stream_u32(s, &class->queue, acd->queues.top);
        acd_stream_u32(s, &class->channel, acd->channels.top);
        acd_stream_u32(s, &class->excluded, acd->agents.top);
        acd_stream_u32(s, &class->contact_count, UINT32_MAX);
        acd_stream_u32(s, &class->waiting_count, UINT32_MAX);
        acd_stream_u32(s, &class->expected_count, UINT32_MAX);
        acd_stream_bool(s, &class->is_filling);
        acd_stream_bool(s, &class->is_partial);
        acd_stream_u8(s, &class->pool_bits, UINT8_MAX);
        acd_stream_u32(s, &class->band_bits, UINT32_MAX);
        acd_stream_terms(s, acd, &class->terms);
        stream_class_lists(s, acd, index);
}

static void stream_membership(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_membership *member = &acd->membership[index];

        if (!acd_stream_slot(s, &acd->memberships, index))
                return;
        acd_stream_link(s, &member->agent_link, acd->memberships.top);
        acd_stream_link(s, &member->pool_link, acd->memberships.top);
        acd_stream_u32(s, &member->agent, acd->agents.top);
        acd_stream_u32(s, &member->class, acd->classes.top);
        acd_stream_u32(s, &member->tier, ACD_TIER_COUNT - 1);
}

static void stream_lane(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_lane *lane = &acd->lane[index];

        if (!acd_stream_slot(s, &acd->lanes, index))
                return;
        acd_stream_u32(s, &lane->class, acd->classes.top);
        acd_stream_u32(s, &lane->band, ACD_BAND_COUNT - 1);
        acd_stream_u32(s, &lane->credit_ms, ACD_CREDIT_MS_MAX);
        acd_stream_u32(s, &lane->next, acd->lanes.top);
        if (s->mode == STREAM_LOAD)
                acd_ilist_init(&lane->contacts, acd_tag(LIST_LANE, index));
        acd_stream_list(s, &lane->contacts, acd->contacts.top);
}

static void stream_pair(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_pair *pair = &acd->pair[index];

        if (!acd_stream_slot(s, &acd->pairs, index))
                return;
        acd_stream_u32(s, &pair->contact, acd->contacts.top);
        acd_stream_u32(s, &pair->agent, acd->agents.top);
        acd_stream_u32(s, &pair->next_of_contact, acd->pairs.top);
        acd_stream_u32(s, &pair->next_of_agent, acd->pairs.top);
        acd_stream_u64(s, &pair->until);
}

static void stream_key(struct acd_stream *s, struct acd *acd, uint32_t index)
{
        struct acd_key *key = &acd->key[index];

        if (!acd_stream_slot(s, &acd->keys, index))
                return;
        acd_stream_payload(s, acd, &key->payload, ACD_CLIENT_KEY_MAX);
        acd_stream_u64(s, &key->tenant);
        acd_stream_u64(s, &key->contact);
        acd_stream_u64(s, &key->body.queue);
        acd_stream_u64(s, &key->body.channel);
        acd_stream_u64(s, &key->body.excluded);
        acd_stream_u64(s, &key->body.extra_hash);
        acd_stream_u64(s, &key->body.customer_hash);
        acd_stream_u64(s, &key->body.attributes_hash);
        acd_stream_u32(s, &key->body.credit_ms, UINT32_MAX);
        acd_stream_u8(s, &key->body.band, UINT8_MAX);
}

void acd_stream_traffic(struct acd_stream *stream, struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->contacts.top && stream->error == 0; i++)
                stream_contact(stream, acd, i);
        for (uint32_t i = 1; i <= acd->assignments.top && stream->error == 0; i++)
                stream_assignment(stream, acd, i);
        for (uint32_t i = 1; i <= acd->classes.top && stream->error == 0; i++)
                stream_class(stream, acd, i);
        for (uint32_t i = 1; i <= acd->memberships.top && stream->error == 0; i++)
                stream_membership(stream, acd, i);
        for (uint32_t i = 1; i <= acd->lanes.top && stream->error == 0; i++)
                stream_lane(stream, acd, i);
        for (uint32_t i = 1; i <= acd->pairs.top && stream->error == 0; i++)
                stream_pair(stream, acd, i);
        for (uint32_t i = 1; i <= acd->keys.top && stream->error == 0; i++)
                stream_key(stream, acd, i);
}

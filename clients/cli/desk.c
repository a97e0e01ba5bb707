/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk of an agent, from the pushes of a session.
 *
 * The daemon is always right: a snapshot replaces the desk, and a push for an
 * assignment that is not on it puts it there, so that a missed push leaves no
 * hole that the next one does not fill.
 */

#include "clients/cli/desk.h"

#include <string.h>

#include "base/name.h"

void desk_init(struct desk *desk, uint32_t clock_rate)
{
        *desk = (struct desk){ .clock_rate = clock_rate > 0 ? clock_rate : 1 };
}

/* The bytes of the character at @from that a terminal may get; 0: none of them. */
static size_t shown_size(const char *from, size_t left)
{
        unsigned char byte = (unsigned char)*from;
        size_t size = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;

        return byte >= 0x20 && size <= left && acd_text_is_plain(from, size) ? size : 0;
}

void desk_copy(char *into, size_t size, const void *text, uint32_t text_size)
{
        const char *from = text;
        size_t end = 0;

        for (size_t i = 0; i < text_size && end < size - 1;) {
                size_t shown = shown_size(from + i, text_size - i);

                if (shown > size - 1 - end)
                        break;
                if (shown == 0)
                        into[end++] = '?';
                for (size_t k = 0; k < shown; k++)
                        into[end++] = from[i + k];
                i += shown == 0 ? 1 : shown;
        }
        into[end] = '\0';
}

static void copy_text(char into[DESK_WORD_SIZE], struct acdclient_text text)
{
        desk_copy(into, DESK_WORD_SIZE, text.at, text.size);
}

struct desk_item *desk_find(struct desk *desk, uint64_t assignment)
{
        for (uint32_t i = 0; i < desk->item_count; i++)
                if (desk->items[i].assignment == assignment)
                        return &desk->items[i];
        return NULL;
}

struct desk_item *desk_current(struct desk *desk)
{
        for (uint32_t i = 0; i < desk->item_count; i++)
                if (desk->items[i].state != ACDCLIENT_ASSIGNMENT_STATE_PARKED)
                        return &desk->items[i];
        return NULL;
}

/* The item, new if need be. A desk that is full loses its oldest parked one from sight. */
static struct desk_item *item_of(struct desk *desk, uint64_t assignment)
{
        struct desk_item *item = desk_find(desk, assignment);

        if (item != NULL)
                return item;
        if (desk->item_count == DESK_ITEM_MAX) {
                memmove(&desk->items[0], &desk->items[1],
                        (DESK_ITEM_MAX - 1) * sizeof(desk->items[0]));
                desk->item_count--;
        }
        item = &desk->items[desk->item_count++];
        *item = (struct desk_item){ .assignment = assignment };
        return item;
}

/* The states of an assignment before its contact is served. */
static bool is_before(enum acdclient_assignment_state state)
{
        return state == ACDCLIENT_ASSIGNMENT_STATE_UNSPECIFIED ||
               state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED ||
               state == ACDCLIENT_ASSIGNMENT_STATE_CONNECTING;
}

/* Served is counted as the daemon counts it: when the contact becomes active. */
static void count_served(struct desk *desk, const struct desk_item *item,
                         enum acdclient_assignment_state state)
{
        if (state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE && is_before(item->state))
                desk->served_count++;
}

static void set_state(const struct desk *desk, struct desk_item *item,
                      enum acdclient_assignment_state state, uint32_t left_ms, uint64_t now_ms)
{
        if (item->state != state) {
                item->since_ms = now_ms;
                item->action_at_ms = 0;
                item->is_asked = false;
        }
        item->state = state;
        item->deadline_ms = left_ms > 0 ? now_ms + left_ms / desk->clock_rate : 0;
        item->total_ms = item->deadline_ms > 0 ? item->deadline_ms - item->since_ms : 0;
}

static void drop(struct desk *desk, struct desk_item *item)
{
        size_t index = (size_t)(item - desk->items);

        memmove(item, item + 1, (desk->item_count - index - 1) * sizeof(*item));
        desk->item_count--;
}

static void restore_item(struct desk *desk, const struct acdclient_assignment *assignment,
                         uint64_t now_ms)
{
        struct desk_item *item = item_of(desk, assignment->assignment);

        item->contact = assignment->contact;
        item->epoch = assignment->epoch;
        item->waited_ms = assignment->waited_ms;
        copy_text(item->queue, assignment->queue);
        copy_text(item->channel, assignment->channel);
        copy_text(item->customer_key, assignment->customer_key);
        copy_text(item->client_key, assignment->client_key);
        desk_copy(item->attributes, sizeof(item->attributes), assignment->attributes.at,
                  assignment->attributes.size);
        set_state(desk, item, assignment->state, assignment->left_ms, now_ms);
}

void desk_restore(struct desk *desk, const struct acdclient_agent_snapshot *snapshot,
                  uint64_t now_ms)
{
        desk->item_count = 0;
        desk->presence = snapshot->agent.presence;
        desk->next = snapshot->agent.next;
        desk->served_count = snapshot->agent.contact_count;
        desk->since_ms = now_ms;
        copy_text(desk->label, snapshot->agent.label);
        for (uint32_t i = 0; i < snapshot->assignments_count; i++)
                restore_item(desk, &snapshot->assignments[i], now_ms);
}

static struct desk_change put_offer(struct desk *desk, const struct acdclient_offer *offer,
                                    uint64_t now_ms)
{
        struct desk_item *item = item_of(desk, offer->assignment);
        struct desk_change change = { .has_item = true };

        change.is_moved = item->state != offer->state;
        item->contact = offer->contact;
        item->epoch = offer->epoch;
        item->waited_ms = offer->waited_ms;
        item->offer_count = offer->offer_count;
        copy_text(item->queue, offer->queue);
        copy_text(item->channel, offer->channel);
        copy_text(item->customer_key, offer->customer_key);
        copy_text(item->client_key, offer->client_key);
        desk_copy(item->attributes, sizeof(item->attributes), offer->attributes.at,
                  offer->attributes.size);
        count_served(desk, item, offer->state);
        set_state(desk, item, offer->state, offer->left_ms, now_ms);
        change.item = *item;
        return change;
}

static struct desk_change take_away(struct desk *desk, uint64_t assignment,
                                    enum acdclient_reason reason)
{
        struct desk_item *item = desk_find(desk, assignment);
        struct desk_change change = { .reason = reason, .is_gone = true };

        if (item == NULL)
                return change;
        change.has_item = true;
        change.item = *item;
        drop(desk, item);
        return change;
}

/* Another session of the agent has it: its states will be told here, too. */
static struct desk_change take_over(struct desk *desk, uint64_t assignment, uint64_t now_ms)
{
        struct desk_item *item = desk_find(desk, assignment);
        struct desk_change change = { .has_item = item != NULL, .is_taken = item != NULL };

        if (item == NULL)
                return change;
        set_state(desk, item, ACDCLIENT_ASSIGNMENT_STATE_CONNECTING, 0, now_ms);
        item->is_taken = true;
        change.item = *item;
        return change;
}

static struct desk_change move(struct desk *desk,
                               const struct acdclient_assignment_state_push *push, uint64_t now_ms)
{
        struct desk_change change = { .has_item = true, .reason = push->reason };
        struct desk_item *item;

        if (push->state == ACDCLIENT_ASSIGNMENT_STATE_CLOSED)
                return take_away(desk, push->assignment, push->reason);
        item = item_of(desk, push->assignment);
        change.is_moved = item->state != push->state;
        item->contact = push->contact;
        count_served(desk, item, push->state);
        set_state(desk, item, push->state, push->left_ms, now_ms);
        change.item = *item;
        return change;
}

static struct desk_change set_presence(struct desk *desk,
                                       const struct acdclient_presence_push *push, uint64_t now_ms)
{
        struct desk_change change = { .reason = push->reason };
        char before[DESK_WORD_SIZE];

        if (desk->presence != push->presence)
                desk->since_ms = now_ms;
        memcpy(before, desk->label, sizeof(before));
        copy_text(desk->label, push->label);
        /* What is to follow the contact is told by the same push. */
        change.is_presence =
                desk->presence != push->presence || strcmp(before, desk->label) != 0;
        desk->presence = push->presence;
        desk->next = push->next;
        return change;
}

struct desk_change desk_push(struct desk *desk, const struct acdclient_message *push,
                             uint64_t now_ms)
{
        switch (push->kind) {
        case ACDCLIENT_OFFER:
                return put_offer(desk, &push->offer, now_ms);
        case ACDCLIENT_OFFER_ENDED:
                return take_away(desk, push->offer_ended.assignment, push->offer_ended.reason);
        case ACDCLIENT_TAKEN:
                return take_over(desk, push->taken.assignment, now_ms);
        case ACDCLIENT_ASSIGNMENT_STATE:
                return move(desk, &push->assignment_state_push, now_ms);
        case ACDCLIENT_PRESENCE:
                return set_presence(desk, &push->presence_push, now_ms);
        default:
                return (struct desk_change){ .has_item = false };
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second opinion on who came when.
 *
 * It knows the rules and nothing of how the daemon keeps them: a list for each
 * queue, channel, band and credit, in the order of the submits. What is served
 * must be the front of its list; and among the fronts of one queue and channel,
 * the first by the comparator. That is complete, because any member of that
 * queue and channel could have been given the front one instead.
 *
 * A contact's entry is found by the slot number in its id. The entry of a closed
 * contact stays until the slot is used again, so that a second end is seen.
 */

#include "clients/bench/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

enum state { STATE_FREE, STATE_WAITING, STATE_WITH_AGENT, STATE_CLOSED };

struct order_entry {
        uint64_t contact;
        int64_t arrival_ns; /* credited */
        uint64_t sequence;
        uint64_t assignment;
        uint32_t prev, next; /* in the lane; slot + 1, 0: none */
        uint32_t lane;       /* number + 1; 0: in none */
        uint8_t state;
        bool is_connected;
};

struct order_lane {
        uint64_t queue, channel, credit_ms;
        uint32_t band;
        uint32_t first, last; /* slot + 1 */
        uint32_t sister;      /* the next of the same queue and channel, in a ring; number */
};

void order_init(struct order *order)
{
        *order = (struct order){ 0 };
}

void order_fini(struct order *order)
{
        free(order->entry);
        free(order->lane);
        order->entry = NULL;
        order->lane = NULL;
        order->entry_count = order->lane_count = order->lane_capacity = 0;
}

static void wrong(struct order *order, const struct wire_event *event, const char *text)
{
        char id[ACD_ID_TEXT_SIZE];

        if (order->violation_count < ORDER_TOLD_MAX) {
                acd_id_format(event->contact, id);
                (void)snprintf(order->violation[order->violation_count], ORDER_TEXT_SIZE,
                               "contact %s %s (event %llu)", id, text,
                               (unsigned long long)event->sequence);
        }
        order->violation_count++;
}

static bool grow_entries(struct order *order, uint32_t slot)
{
        uint32_t count = order->entry_count == 0 ? 1024 : order->entry_count;
        struct order_entry *moved;

        while (count <= slot)
                count *= 2;
        moved = realloc(order->entry, count * sizeof(*moved));
        if (moved == NULL)
                return false;
        memset(moved + order->entry_count, 0, (count - order->entry_count) * sizeof(*moved));
        order->entry = moved;
        order->entry_count = count;
        return true;
}

/*
 * Lanes
 */

static bool is_lane(const struct order_lane *lane, const struct wire_event *event)
{
        return lane->queue == event->queue_id && lane->channel == event->channel_id &&
               lane->band == event->band && lane->credit_ms == event->value;
}

/* Into the ring of those of the same queue and channel. */
static void join_sisters(struct order *order, uint32_t number)
{
        struct order_lane *lane = &order->lane[number];

        for (uint32_t i = 0; i < number; i++) {
                struct order_lane *other = &order->lane[i];

                if (other->queue != lane->queue || other->channel != lane->channel)
                        continue;
                lane->sister = other->sister;
                other->sister = number;
                return;
        }
}

/* The lane of a submit, made when it is the first; its number + 1, or 0: no memory. */
static uint32_t lane_of(struct order *order, const struct wire_event *event)
{
        if (order->last_lane > 0 && is_lane(&order->lane[order->last_lane - 1], event))
                return order->last_lane;
        for (uint32_t i = 0; i < order->lane_count; i++) {
                if (is_lane(&order->lane[i], event))
                        return order->last_lane = i + 1;
        }
        if (order->lane_count == order->lane_capacity) {
                uint32_t capacity = order->lane_capacity == 0 ? 64 : order->lane_capacity * 2;
                struct order_lane *moved = realloc(order->lane, capacity * sizeof(*moved));

                if (moved == NULL || capacity > ORDER_LANE_MAX) {
                        order->lane = moved != NULL ? moved : order->lane;
                        return 0;
                }
                order->lane = moved;
                order->lane_capacity = capacity;
        }
        order->lane[order->lane_count] = (struct order_lane){
                .queue = event->queue_id,
                .channel = event->channel_id,
                .credit_ms = event->value,
                .band = event->band,
                .sister = order->lane_count,
        };
        join_sisters(order, order->lane_count);
        return order->last_lane = ++order->lane_count;
}

static void append(struct order *order, uint32_t slot, uint32_t number)
{
        struct order_lane *lane = &order->lane[number - 1];
        struct order_entry *entry = &order->entry[slot];

        entry->lane = number;
        entry->prev = lane->last;
        entry->next = 0;
        if (lane->last != 0)
                order->entry[lane->last - 1].next = slot + 1;
        else
                lane->first = slot + 1;
        lane->last = slot + 1;
}

static void take_out(struct order *order, struct order_entry *entry)
{
        struct order_lane *lane;

        if (entry->lane == 0)
                return;
        lane = &order->lane[entry->lane - 1];
        if (entry->prev != 0)
                order->entry[entry->prev - 1].next = entry->next;
        else
                lane->first = entry->next;
        if (entry->next != 0)
                order->entry[entry->next - 1].prev = entry->prev;
        else
                lane->last = entry->prev;
        entry->lane = entry->prev = entry->next = 0;
}

/* Is @left before @right? */
static bool is_before(const struct order *order, const struct order_entry *left,
                      const struct order_entry *right)
{
        uint32_t left_band = order->lane[left->lane - 1].band;
        uint32_t right_band = order->lane[right->lane - 1].band;

        if (left_band != right_band)
                return left_band > right_band;
        if (left->arrival_ns != right->arrival_ns)
                return left->arrival_ns < right->arrival_ns;
        return left->sequence < right->sequence;
}

static void check_turn(struct order *order, const struct order_entry *entry,
                       const struct wire_event *event)
{
        const struct order_lane *own = &order->lane[entry->lane - 1];

        if (entry->prev != 0)
                wrong(order, event, "was offered before one that came earlier");
        for (uint32_t i = own->sister; &order->lane[i] != own; i = order->lane[i].sister) {
                const struct order_lane *lane = &order->lane[i];

                if (lane->first != 0 && is_before(order, &order->entry[lane->first - 1], entry))
                        wrong(order, event, "was offered before one whose turn it was");
        }
}

/*
 * Events
 */

static bool submitted(struct order *order, uint32_t slot, const struct wire_event *event)
{
        struct order_entry *entry = &order->entry[slot];
        uint32_t lane;

        order->submitted_count++;
        if (entry->contact == event->contact) {
                wrong(order, event, "was submitted twice");
                return true;
        }
        if (entry->state != STATE_FREE && entry->state != STATE_CLOSED) {
                wrong(order, event, "has the slot of a contact that is open");
                take_out(order, entry);
        }
        lane = lane_of(order, event);
        if (lane == 0)
                return false;
        *entry = (struct order_entry){
                .contact = event->contact,
                .arrival_ns = (int64_t)event->time_ns - (int64_t)(event->value * 1000000),
                .sequence = event->sequence,
                .state = STATE_WAITING,
        };
        append(order, slot, lane);
        return true;
}

static void offered(struct order *order, struct order_entry *entry, const struct wire_event *event)
{
        if (entry->state == STATE_WITH_AGENT)
                wrong(order, event, "was offered while an agent had it");
        if (entry->state == STATE_CLOSED)
                wrong(order, event, "was offered after its end");
        if (entry->lane != 0)
                check_turn(order, entry, event);
        take_out(order, entry);
        entry->state = STATE_WITH_AGENT;
        entry->assignment = event->assignment;
        entry->is_connected = false;
}

static void connected(struct order *order, struct order_entry *entry,
                      const struct wire_event *event)
{
        if (entry->state != STATE_WITH_AGENT || entry->assignment != event->assignment)
                wrong(order, event, "was connected by an assignment that is not its own");
        else if (entry->is_connected)
                wrong(order, event, "was connected twice");
        entry->is_connected = true;
        order->assignment_count++;
}

static void closed(struct order *order, struct order_entry *entry, const struct wire_event *event)
{
        order->closed_count++;
        if (entry->state == STATE_CLOSED)
                wrong(order, event, "was closed twice");
        take_out(order, entry);
        entry->state = STATE_CLOSED;
}

/* Of a contact that is known. */
static void contact_event(struct order *order, struct order_entry *entry,
                          const struct wire_event *event)
{
        switch ((uint32_t)event->kind) {
        case ACD_EVENT_CONTACT_OFFERED:
                offered(order, entry, event);
                break;
        case ACD_EVENT_OFFER_ENDED:
                if (entry->state != STATE_CLOSED)
                        entry->state = STATE_WAITING;
                break;
        case ACD_EVENT_CONTACT_QUEUED:
                if (event->reason == ACD_REASON_SUBMITTED)
                        break;
                entry->state = STATE_WAITING;
                take_out(order, entry);
                break;
        case ACD_EVENT_CONTACT_UPDATED:
        case ACD_EVENT_CONTACT_WITHHELD:
                take_out(order, entry);
                break;
        case ACD_EVENT_CONTACT_CONNECTED:
                connected(order, entry, event);
                break;
        case ACD_EVENT_CONTACT_CLOSED:
                closed(order, entry, event);
                break;
        default:
                break;
        }
}

bool order_event(struct order *order, const struct wire_event *event)
{
        uint32_t slot = acd_id_split(event->contact).slot;

        if (order->event_count++ > 0 && event->sequence != order->last_sequence + 1)
                wrong(order, event, "comes after a gap in the numbers of events");
        order->last_sequence = event->sequence;
        if (event->contact == 0)
                return true;
        if (slot >= order->entry_count && !grow_entries(order, slot))
                return false;
        if (event->kind == ACD_EVENT_CONTACT_SUBMITTED)
                return submitted(order, slot, event);
        if (order->entry[slot].contact == event->contact)
                contact_event(order, &order->entry[slot], event);
        else
                order->unknown_count++;
        return true;
}

void order_end(struct order *order)
{
        for (uint32_t i = 0; i < order->entry_count; i++) {
                struct wire_event event = { .contact = order->entry[i].contact,
                                            .sequence = order->last_sequence };

                if (order->entry[i].state != STATE_FREE && order->entry[i].state != STATE_CLOSED)
                        wrong(order, &event, "was submitted and never closed");
        }
}

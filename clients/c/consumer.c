/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consumer's life: what comes next.
 *
 *      connect ─→ start ─→ verify ─→ read a page ─→ take its entries one by one
 *         ▲                  ▲            │ nothing        │ does not follow the last
 *         │ pause            └── look ←───┘                ▼
 *      trouble ←── anything ──────────────────────── restart: a STATE
 *
 * One step is one arrow; acdconsumer_next() steps until there is an item or the time is over. What
 * was read is handed out even when the connection is lost meanwhile, for it was committed
 * (docs/REDIS.md). After a connection was lost, the last entry is asked for once more before
 * anything after it is believed: Redis may have been emptied, and filled by another history whose
 * numbers go on where the last one's were.
 *
 * Whoever begins with the state, forgets at each STATE and reads on above it. Whoever keeps
 * records (from an id, from the beginning, in a group) is told, and goes on with the entries.
 */

#include "clients/c/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

void consumer_page_drop(struct acdconsumer *consumer)
{
        if (consumer->page != NULL)
                freeReplyObject(consumer->page);
        consumer->page = NULL;
        consumer->entries = NULL;
        consumer->entry_index = 0;
}

void consumer_page_set(struct acdconsumer *consumer, redisReply *reply, const redisReply *entries)
{
        consumer_page_drop(consumer);
        consumer->page = reply;
        consumer->entries = entries;
        consumer->pause_ms = 0;
        if (consumer->count < consumer->options.count_max)
                consumer->count++;
}

bool consumer_keeps_all(const struct acdconsumer *consumer)
{
        return consumer->options.start != ACDCONSUMER_FROM_STATE;
}

static bool is_in_group(const struct acdconsumer *consumer)
{
        return consumer->options.start == ACDCONSUMER_IN_GROUP;
}

void consumer_restart(struct acdconsumer *consumer, enum acdconsumer_why why, uint64_t first,
                      uint64_t last)
{
        consumer->restart_why = why;
        consumer->missing_first = first;
        consumer->missing_last = last;
}

/* Where reading goes on after a STATE. */
static void set_place(struct acdconsumer *consumer, struct acdconsumer_id state)
{
        if (!consumer_keeps_all(consumer)) {
                consumer_page_drop(consumer);
                consumer->last = state;
                consumer->next_sequence = state.sequence + 1;
                consumer->has_crc = false;
        } else if (consumer->is_rewound) {
                consumer_page_drop(consumer);
                consumer->last = (struct acdconsumer_id){ .epoch = 0 };
                consumer->next_sequence = 0;
                consumer->has_crc = false;
        } else {
                consumer->next_sequence = 0;
        }
        consumer->is_rewound = false;
        consumer->is_suspect = false;
        consumer->short_since_ms = 0;
}

/* The same state as the last time, and that led nowhere: to give it again would never end. */
static bool is_old_state(const struct acdconsumer *consumer, struct acdconsumer_id id)
{
        return consumer->restart_why != ACDCONSUMER_START && !consumer->has_progress &&
               consumer_id_compare(id, consumer->reflected) == 0;
}

/* Get the state and hand it out. */
static enum consumer_outcome tell_state(struct acdconsumer *consumer,
                                        struct acdconsumer_item *ret_item)
{
        struct acdconsumer_id id;
        redisReply *reply = consumer_state_get(consumer, &id);

        if (reply == NULL)
                return CONSUMER_BAD;
        if (!consumer_keeps_all(consumer) && (id.epoch == 0 || is_old_state(consumer, id))) {
                consumer_fail(consumer, ACDCONSUMER_NO_STATE,
                              id.epoch == 0 ? "%s is not there (yet): is acdd running with --redis?"
                                            : "%s is older than what the stream begins with: "
                                              "waiting for acdd to write it",
                              consumer->state_key);
                freeReplyObject(reply);
                return CONSUMER_BAD;
        }
        *ret_item = (struct acdconsumer_item){ .kind = ACDCONSUMER_STATE,
                                               .id = id,
                                               .why = consumer->restart_why,
                                               .has_state = id.epoch != 0,
                                               .missing_first = consumer->missing_first,
                                               .missing_last = consumer->missing_last };
        if (ret_item->has_state)
                ret_item->state = (struct acdclient_bytes){ .at = (const uint8_t *)reply->str,
                                                            .size = (uint32_t)reply->len };
        consumer->held = reply;
        consumer->restart_why = 0;
        consumer->reflected = id;
        consumer->has_progress = false;
        set_place(consumer, id);
        return CONSUMER_ITEM;
}

/* The entry was taken: it is the last now. */
static void advance(struct acdconsumer *consumer, const struct consumer_entry *entry)
{
        consumer->entry_index++;
        if (entry->id.epoch == 0)
                return;
        consumer->last = entry->id;
        consumer->has_crc = entry->value != NULL;
        if (entry->value != NULL)
                consumer->last_crc = acd_crc32c(0, entry->value->str, entry->value->len);
}

/* An entry that nobody can use needs no acknowledgement of the caller's. */
static enum consumer_outcome pass_over(struct acdconsumer *consumer,
                                       const struct consumer_entry *entry)
{
        if (is_in_group(consumer))
                (void)acdconsumer_ack(consumer, entry->id);
        advance(consumer, entry);
        return CONSUMER_ON;
}

static enum consumer_outcome tell_damage(struct acdconsumer *consumer,
                                         const struct consumer_entry *entry,
                                         struct acdconsumer_item *ret_item)
{
        char id[CONSUMER_ID_SIZE];

        (void)snprintf(consumer->text, sizeof(consumer->text),
                       "entry %s of %s is not what its field says, or not of this tenant; who else "
                       "writes there? It is left out",
                       consumer_id_format(entry->id, id), consumer->stream_key);
        *ret_item = (struct acdconsumer_item){ .kind = ACDCONSUMER_TROUBLE,
                                               .id = entry->id,
                                               .trouble = ACDCONSUMER_DAMAGED,
                                               .text = consumer->text };
        (void)pass_over(consumer, entry);
        return CONSUMER_ITEM;
}

static enum consumer_outcome take_resync(struct acdconsumer *consumer,
                                         const struct consumer_entry *entry,
                                         struct acdconsumer_item *ret_item)
{
        *ret_item = (struct acdconsumer_item){ .kind = ACDCONSUMER_STATE,
                                               .id = entry->state_id,
                                               .why = ACDCONSUMER_RESYNC,
                                               .has_state = true,
                                               .state = entry->state };
        if (is_in_group(consumer))
                (void)acdconsumer_ack(consumer, entry->id);
        advance(consumer, entry);
        consumer->reflected = entry->state_id;
        consumer->has_progress = false;
        consumer->next_sequence = entry->first_sequence;
        if (!consumer_keeps_all(consumer) &&
            consumer_id_compare(consumer->last, entry->state_id) < 0) {
                consumer->last = entry->state_id;
                consumer->has_crc = false;
        }
        if (!consumer_keeps_all(consumer))
                consumer->next_sequence = entry->state_id.sequence + 1;
        return CONSUMER_ITEM;
}

/* Does the batch follow what was taken last? The first one may begin before the place where reading
 * began, if that was a state's, within a batch. */
static bool follows(const struct acdconsumer *consumer, const struct consumer_entry *entry)
{
        if (consumer->next_sequence == 0 || entry->first_sequence == consumer->next_sequence)
                return true;
        /* A resync behind a hole is within the batch that follows, and leaves one event of it. */
        if (is_in_group(consumer))
                return entry->first_sequence < consumer->next_sequence &&
                       entry->id.sequence == consumer->next_sequence;
        return !consumer->has_progress &&
               entry->first_sequence < consumer->next_sequence &&
               entry->id.sequence >= consumer->next_sequence;
}

static enum consumer_outcome take_batch(struct acdconsumer *consumer,
                                        const struct consumer_entry *entry,
                                        struct acdconsumer_item *ret_item)
{
        const struct acdconsumer_id *reflected = &consumer->reflected;
        bool is_reflected =
                entry->id.epoch <= reflected->epoch && entry->first_sequence <= reflected->sequence;

        if (!follows(consumer, entry)) {
                bool is_gap = entry->first_sequence > consumer->next_sequence;

                consumer_restart(consumer, is_gap ? ACDCONSUMER_GAP : ACDCONSUMER_REPLACED,
                                 is_gap ? consumer->next_sequence : 0,
                                 is_gap ? entry->first_sequence - 1 : 0);
                return CONSUMER_ON;
        }
        *ret_item = (struct acdconsumer_item){
                .kind = ACDCONSUMER_EVENTS,
                .id = entry->id,
                .events = { .batch = { .at = (const uint8_t *)entry->value->str,
                                       .size = (uint32_t)entry->value->len } },
                .reflected_sequence = is_reflected ? reflected->sequence : 0,
                .is_again = consumer->is_again ||
                            (is_in_group(consumer) &&
                             consumer_id_compare(entry->id, consumer->received) <= 0),
        };
        advance(consumer, entry);
        consumer->next_sequence = entry->id.sequence + 1;
        consumer->has_progress = true;
        return CONSUMER_ITEM;
}

static enum consumer_outcome take_entry(struct acdconsumer *consumer,
                                        struct acdconsumer_item *ret_item)
{
        enum consumer_outcome outcome;
        struct consumer_entry entry;

        consumer_entry_read(consumer, consumer->entries->element[consumer->entry_index], &entry);
        if (!is_in_group(consumer) && entry.id.epoch != 0 &&
            consumer_id_compare(entry.id, consumer->last) <= 0) {
                consumer->entry_index++; /* a state that was taken has it */
                return CONSUMER_ON;
        }
        if (!consumer->is_chained)
                consumer->next_sequence = 0;
        if (entry.is_damaged)
                return tell_damage(consumer, &entry, ret_item);
        if (entry.value == NULL) {
                if (entry.is_gone)
                        consumer_restart(consumer, ACDCONSUMER_GAP, 0, entry.id.sequence);
                return pass_over(consumer, &entry);
        }
        outcome = entry.is_resync ? take_resync(consumer, &entry, ret_item)
                                  : take_batch(consumer, &entry, ret_item);
        if (outcome == CONSUMER_ITEM && consumer_id_compare(consumer->received, entry.id) < 0)
                consumer->received = entry.id;
        return outcome;
}

static enum consumer_outcome start(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        const struct acdconsumer_options *options = &consumer->options;

        if (is_in_group(consumer))
                return consumer_group_start(consumer, deadline_ms);
        if (options->start == ACDCONSUMER_FROM_STATE)
                consumer_restart(consumer, ACDCONSUMER_START, 0, 0);
        else if (options->start == ACDCONSUMER_FROM_ID)
                consumer->last = options->after;
        consumer->next_sequence = consumer->last.sequence + 1;
        consumer->is_chained = true;
        consumer->is_started = true;
        return CONSUMER_ON;
}

static enum consumer_outcome read_page(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        uint64_t now_ms = consumer_now_ms();
        uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
        uint32_t block_ms = (uint32_t)(left_ms < CONSUMER_LOOK_MS ? left_ms : CONSUMER_LOOK_MS);
        char last[CONSUMER_ID_SIZE], count[16], block[16];
        const char *waiting[] = { "XREAD",
                                  "COUNT",
                                  count,
                                  "BLOCK",
                                  block,
                                  "STREAMS",
                                  consumer->stream_key,
                                  consumer_id_format(consumer->last, last),
                                  NULL };
        const char *at_once[] = { "XREAD", "COUNT", count, "STREAMS", consumer->stream_key,
                                  last,    NULL };
        const redisReply *entries;
        redisReply *reply;

        (void)snprintf(count, sizeof(count), "%" PRIu32, consumer->count);
        (void)snprintf(block, sizeof(block), "%" PRIu32, block_ms);
        if (!consumer_send(consumer, block_ms > 0 ? waiting : at_once))
                return CONSUMER_BAD;
        reply = consumer_good(consumer, consumer_receive(consumer, block_ms));
        if (reply == NULL)
                return CONSUMER_BAD;
        entries = consumer_entries_of(reply);
        if (entries != NULL) {
                consumer_page_set(consumer, reply, entries);
                consumer->looked_at_ms = consumer_now_ms();
                return CONSUMER_ON;
        }
        freeReplyObject(reply);
        consumer->pause_ms = 0;
        if (consumer_now_ms() >= consumer->looked_at_ms + CONSUMER_LOOK_MS)
                return consumer_look(consumer);
        return block_ms < CONSUMER_LOOK_MS ? CONSUMER_QUIET : CONSUMER_ON;
}

enum consumer_outcome consumer_wait(uint64_t deadline_ms, uint64_t most_ms)
{
        uint64_t now_ms = consumer_now_ms();
        uint64_t until_ms = deadline_ms < now_ms + most_ms ? deadline_ms : now_ms + most_ms;

        while (now_ms < until_ms) {
                (void)poll(NULL, 0, (int)(until_ms - now_ms));
                now_ms = consumer_now_ms();
        }
        return now_ms >= deadline_ms ? CONSUMER_QUIET : CONSUMER_ON;
}

static enum consumer_outcome come_back(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        uint64_t now_ms = consumer_now_ms();

        if (now_ms < consumer->retry_at_ms &&
            consumer_wait(deadline_ms, consumer->retry_at_ms - now_ms) == CONSUMER_QUIET &&
            deadline_ms < consumer->retry_at_ms)
                return CONSUMER_QUIET;
        if (consumer_connect(consumer) == CONSUMER_BAD)
                return CONSUMER_BAD;
        consumer->is_suspect = consumer->has_crc && !is_in_group(consumer);
        /* What Redis gave us and did not arrive is pending. */
        consumer->pending = consumer->received;
        consumer->has_pending = consumer->is_started;
        return CONSUMER_ON;
}

static enum consumer_outcome step(struct acdconsumer *consumer, uint64_t deadline_ms,
                                  struct acdconsumer_item *ret_item)
{
        bool has_page =
                consumer->entries != NULL && consumer->entry_index < consumer->entries->elements;

        if (has_page && consumer->restart_why == 0 && !consumer->is_suspect)
                return take_entry(consumer, ret_item);
        if (consumer->link == NULL)
                return come_back(consumer, deadline_ms);
        if (consumer->restart_why != 0)
                return tell_state(consumer, ret_item);
        if (!consumer->is_started)
                return start(consumer, deadline_ms);
        if (is_in_group(consumer))
                return consumer_group_read(consumer, deadline_ms);
        if (consumer->is_suspect && (has_page || consumer->short_since_ms == 0))
                return consumer_verify(consumer);
        return read_page(consumer, deadline_ms);
}

bool acdconsumer_next(struct acdconsumer *consumer, uint32_t timeout_ms,
                      struct acdconsumer_item *ret_item)
{
        uint64_t deadline_ms = consumer_now_ms() + timeout_ms;
        enum consumer_outcome outcome;

        if (consumer->held != NULL)
                freeReplyObject(consumer->held);
        consumer->held = NULL;
        do
                outcome = step(consumer, deadline_ms, ret_item);
        while (outcome == CONSUMER_ON);
        if (outcome == CONSUMER_BAD) {
                uint64_t now_ms = consumer_now_ms();

                if (consumer->trouble == ACDCONSUMER_TOO_LARGE && consumer->count > 1)
                        consumer->count /= 2;
                *ret_item = (struct acdconsumer_item){
                        .kind = ACDCONSUMER_TROUBLE,
                        .trouble = consumer->trouble,
                        .retry_after_ms = consumer->retry_at_ms > now_ms
                                                  ? (uint32_t)(consumer->retry_at_ms - now_ms)
                                                  : 0,
                        .text = consumer->text,
                };
        }
        return outcome != CONSUMER_QUIET;
}

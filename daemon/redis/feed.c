/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A feed.
 *
 * The happy path is: connected, ask for the last id of each stream, begin at the first entry of
 * the log that some stream lacks, and from then on round after round.
 *
 * Why rounds and not a sliding window: Redis may refuse one command and take the next one (it
 * was full, and is not any more). With the next one on its way already, the stream would
 * have a hole that nobody can fill, since ids only ascend. So nothing is sent behind
 * what is not answered, and a round is a transaction: all of it, or nothing.
 *
 * Entries of a tenant that was removed since are in the log too. Nobody asks for
 * its stream, so its entries are all offered to Redis, which refuses those that it
 * has; for them, and only for them, that is an answer like another.
 */

#include "daemon/redis/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "daemon/redis/feed_answer.h"
#include "daemon/shard.h"

enum {
        NS_PER_MS = 1000000,
        NS_PER_S = 1000000000,
        COMMAND_SIZE = 1024, /* of all that goes with an entry and a resync */
};

static struct publisher *publisher_of(const struct redis_feed *feed)
{
        return &feed->shard->publisher;
}

static uint64_t now_of(const struct redis_feed *feed)
{
        return clock_real(&feed->shard->clock);
}

/* Is @stream fed by this one? */
static bool is_mine(const struct redis_feed *feed, const struct redis_stream *stream)
{
        return stream->tenant.value != 0 && stream->master == feed->index &&
               redis_stream_name(feed->shard, stream).size > 0;
}

/* ---- the link tells ---- */

static void begin_asking(struct redis_feed *feed)
{
        feed->state = REDIS_FEED_ASKING;
        feed->ask_slot = 0;
        feed->ask_count = 0;
        feed->is_doubtful = false;
        feed->entry_count = 0;
        feed->exec_count = 0;
        feed->answered = 0;
        event_cursor_fini(&feed->cursor);
        feed->cursor = (struct event_cursor){ 0 };
}

static void forget_streams(struct redis_feed *feed)
{
        struct publisher *publisher = publisher_of(feed);

        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                struct redis_stream *stream = &publisher->stream[i];

                if (stream->master == feed->index)
                        stream->state = REDIS_STREAM_UNKNOWN;
        }
}

void redis_feed_aim(struct redis_feed *feed, const char *address)
{
        if (strcmp(feed->link.address, address) == 0)
                return;
        redis_link_aim(&feed->link, address);
        redis_feed_note_unsure(feed);
        begin_asking(feed);
        feed->state = REDIS_FEED_AWAY;
}

/* A transaction of nothing: who may add, but not in transactions, must not get so far as to add.
 * Its answers come before those of the questions. */
static void try_transactions(struct redis_feed *feed)
{
        struct acd_bytes multi = redis_text("MULTI");
        struct acd_bytes exec = redis_text("EXEC");

        ACD_ASSERT(redis_link_send(&feed->link, &multi, 1, REDIS_TAG_IGNORED) &&
                   redis_link_send(&feed->link, &exec, 1, REDIS_TAG_IGNORED));
}

static void on_ready(void *self, struct redis_link *link)
{
        struct redis_feed *feed = self;

        publisher_know_all(feed->shard);
        forget_streams(feed);
        begin_asking(feed);
        feed->wait_real = 0;
        feed->is_skipping_former = false;
        feed->is_setting = false;
        log_event(&feed->shard->log, LOG_INFO, "redis_connected", "address=\"%s\"", link->address);
        try_transactions(feed);
}

static void on_lost(void *self, struct redis_link *link, enum redis_error_class class)
{
        struct redis_feed *feed = self;

        (void)link;
        (void)class;
        redis_feed_note_unsure(feed);
        begin_asking(feed);
        feed->state = REDIS_FEED_AWAY;
        redis_home_doubt(&publisher_of(feed)->home);
}

void redis_feed_init(struct redis_feed *feed, struct shard *shard, uint8_t index,
                     const struct redis_link_memory *memory, uint8_t *cursor_memory,
                     const struct redis_greeting *greeting)
{
        const struct redis_link_user user = { on_ready, redis_feed_on_reply, on_lost, feed };

        feed->shard = shard;
        feed->index = index;
        feed->cursor_memory = cursor_memory;
        redis_link_init(&feed->link, shard, SHARD_TOKEN_REDIS + index, memory, &user, greeting);
}

void redis_feed_doubt(struct redis_feed *feed)
{
        feed->is_doubtful = true;
}

void redis_feed_close(struct redis_feed *feed)
{
        redis_link_close(&feed->link);
        event_cursor_fini(&feed->cursor);
        feed->cursor = (struct event_cursor){ 0 };
}

/* ---- asking ---- */

static bool ask(struct redis_feed *feed, const struct redis_stream *stream, uint32_t tag)
{
        char key[REDIS_STREAM_KEY_SIZE];
        struct acd_bytes command[3] = { redis_text("XINFO"), redis_text("STREAM"), { 0 } };
        struct acd_bytes asking = redis_text("ASKING");

        redis_stream_key(key, redis_stream_name(feed->shard, stream), "events");
        command[2] = redis_text(key);
        if (stream->is_redirected && !redis_link_send(&feed->link, &asking, 1, REDIS_TAG_IGNORED))
                return false;
        return redis_link_send(&feed->link, command, 3, tag);
}

/* Which event was the last at which time, as the last run knew it: in the state. */
static bool ask_marks(struct redis_feed *feed, const struct redis_stream *stream)
{
        char key[REDIS_STREAM_KEY_SIZE];
        struct acd_bytes command[2] = { redis_text("GET") };

        redis_stream_key(key, redis_stream_name(feed->shard, stream), "state");
        command[1] = redis_text(key);
        return redis_link_send(&feed->link, command, 2, REDIS_TAG_MARKS | feed->ask_slot);
}

static void ask_more(struct redis_feed *feed)
{
        struct publisher *publisher = publisher_of(feed);

        for (; feed->ask_slot < publisher->stream_count; feed->ask_slot++) {
                struct redis_stream *stream = &publisher->stream[feed->ask_slot];

                if (!is_mine(feed, stream) || stream->state != REDIS_STREAM_UNKNOWN)
                        continue;
                if (feed->ask_count == REDIS_ASK_MAX ||
                    !ask(feed, stream, REDIS_TAG_ASK | feed->ask_slot))
                        return;
                stream->state = REDIS_STREAM_ASKED;
                feed->ask_count++;
                if (!stream->is_marked && !ask_marks(feed, stream))
                        return;
        }
}

/* All streams are known: read the log from the first entry that one of them lacks. */
static void begin_feeding(struct redis_feed *feed)
{
        struct shard *shard = feed->shard;
        struct publisher *publisher = publisher_of(feed);
        uint64_t begin = event_log_end(shard->event_log);

        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                const struct redis_stream *stream = &publisher->stream[i];

                if (is_mine(feed, stream) && stream->state == REDIS_STREAM_SOUND &&
                    redis_stream_lag(shard, stream) > 0 && stream->position < begin)
                        begin = stream->position;
        }
        /* Entries of removed tenants, for which nobody asks, from where this run got to. */
        if (feed->acknowledged != 0 && feed->acknowledged < begin)
                begin = feed->acknowledged;
        if (begin < event_log_first(shard->event_log))
                begin = event_log_first(shard->event_log);
        event_cursor_init(&feed->cursor, shard->event_log, begin, feed->cursor_memory,
                          REDIS_CURSOR_SIZE);
        event_cursor_own(&feed->cursor);
        feed->acknowledged = begin;
        feed->state = REDIS_FEED_FED;
        picture_rouse(&publisher->picture);
        feed->look_real = now_of(feed) + (uint64_t)REDIS_LOOK_MS * NS_PER_MS;
}

/* ---- a round ---- */

/* The stream of @entry, or NULL where it was of a tenant that is not there any more. Rows of
 * tenants that came since are made here. */
static struct redis_stream *stream_of(struct redis_feed *feed, const struct event_entry *entry,
                                      struct acd_text name)
{
        struct shard *shard = feed->shard;
        struct redis_stream *stream = &publisher_of(feed)->stream[entry->tag.tenant];
        acd_tenant_id id = shard->tenants.tenant[entry->tag.tenant].id;
        struct acd_text present =
                id.value == 0 ? (struct acd_text){ 0 }
                              : acd_name(shard->acd, ACD_OBJECT_TENANT, id.value);

        if (present.size != name.size || memcmp(present.at, name.at, name.size) != 0)
                return NULL;
        publisher_know(shard, entry->tag.tenant);
        return stream;
}

/* An entry of the stream @key, as it is to be there. */
struct addition {
        const char *key;
        bool is_there; /* the key is, and must be */
        uint64_t epoch;
        uint64_t sequence;
        const char *field;
        struct acd_bytes value;
        bool is_lent; /* the value stays where it is until the link's turn */
};

static bool send_add(struct redis_feed *feed, const struct addition *addition)
{
        char id[REDIS_STREAM_ID_SIZE];
        struct acd_bytes command[6] = { redis_text("XADD"), redis_text(addition->key) };
        uint32_t count = 2;

        (void)snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)addition->epoch,
                       (unsigned long long)addition->sequence);
        if (addition->is_there)
                command[count++] = redis_text("NOMKSTREAM");
        command[count++] = redis_text(id);
        command[count++] = redis_text(addition->field);
        command[count++] = addition->value;
        if (addition->is_lent)
                return redis_link_send_lending(&feed->link, command, count,
                                               REDIS_TAG_QUEUED | feed->entry_count);
        return redis_link_send(&feed->link, command, count, REDIS_TAG_QUEUED | feed->entry_count);
}

static void end_unit(struct redis_feed *feed)
{
        struct acd_bytes command = redis_text("EXEC");

        if (feed->unit_begin == feed->entry_count)
                return;
        ACD_ASSERT(redis_link_send(&feed->link, &command, 1,
                                   REDIS_TAG_EXEC | (feed->entry_count - feed->unit_begin)));
        feed->exec_count++;
        feed->unit_begin = feed->entry_count;
}

static bool begin_unit(struct redis_feed *feed, const struct redis_stream *stream)
{
        struct acd_bytes asking = redis_text("ASKING");
        struct acd_bytes multi = redis_text("MULTI");

        if (stream != NULL && stream->is_redirected &&
            !redis_link_send(&feed->link, &asking, 1, REDIS_TAG_IGNORED))
                return false;
        return redis_link_send(&feed->link, &multi, 1, REDIS_TAG_MULTI);
}

/* Is there room for an entry of @size bytes and all that goes with it? */
static bool has_room(const struct redis_feed *feed, size_t size)
{
        size_t space;

        return feed->entry_count + 2 <= REDIS_ROUND_ENTRY_MAX &&
               redis_link_room(&feed->link, &space) >= 8 && space >= size + COMMAND_SIZE;
}

static void note(struct redis_feed *feed, const struct event_entry *entry, uint64_t sequence,
                 acd_tenant_id tenant)
{
        feed->entry[feed->entry_count++] = (struct redis_feed_entry){
                .epoch = entry->tag.epoch,
                .sequence = sequence,
                .next_position = entry->next_position,
                .time_ns = entry->now_ns,
                .slot = entry->tag.tenant,
                .tenant = tenant,
                .is_resync = sequence != entry->tag.last_sequence,
        };
}

/* In a Cluster a transaction has entries of one tenant. Was @entry's in an earlier one of this
 * round? */
static bool is_over_for(struct redis_feed *feed, const struct event_entry *entry)
{
        if (redis_home_is_one(&publisher_of(feed)->home) || feed->entry_count == 0)
                return false;
        if (feed->entry[feed->entry_count - 1].slot == entry->tag.tenant)
                return false;
        end_unit(feed);
        for (uint32_t i = 0; i < feed->entry_count; i++)
                if (feed->entry[i].slot == entry->tag.tenant)
                        return true;
        return false;
}

/* The last entry of @slot's tenant in this round, or NULL. */
static const struct redis_feed_entry *last_in_round(const struct redis_feed *feed, uint32_t slot)
{
        for (uint32_t i = feed->entry_count; i > 0; i--)
                if (feed->entry[i - 1].slot == slot && feed->entry[i - 1].tenant.value != 0)
                        return &feed->entry[i - 1];
        return NULL;
}

/* The id of a resync before @entry: that of the last event which is missing. Behind a hole, where
 * none is missing now, one of the entry's own that no entry has. False: there is none. */
static bool find_resync_sequence(const struct redis_stream *stream, const struct event_entry *entry,
                                 uint64_t *ret_sequence)
{
        const struct event_tag *tag = &entry->tag;

        *ret_sequence = tag->first_sequence - 1;
        if (!stream->is_hole || tag->epoch > stream->epoch || *ret_sequence > stream->sequence)
                return true;
        *ret_sequence = tag->last_sequence - 1;
        return tag->first_sequence < tag->last_sequence;
}

/* What tells readers of @stream to begin anew, right before @entry; not needed, or not possible:
 * of no bytes. False: not yet. A tenant that was made anew goes on with higher numbers than it
 * had. */
static bool find_resync(struct redis_feed *feed, struct redis_stream *stream,
                        const struct event_entry *entry, struct acd_bytes *ret_bytes)
{
        const struct redis_feed_entry *before = last_in_round(feed, entry->tag.tenant);
        uint64_t sequence;

        *ret_bytes = (struct acd_bytes){ 0 };
        if (stream == NULL)
                return true;
        if (before != NULL)
                return entry->tag.first_sequence == before->sequence + 1;
        if (entry->tag.first_sequence > stream->sequence + 1 &&
            stream->resync == REDIS_RESYNC_NONE)
                stream->resync = REDIS_RESYNC_EVENTS_GONE;
        return stream->resync == REDIS_RESYNC_NONE ||
               !find_resync_sequence(stream, entry, &sequence) ||
               picture_resync(&publisher_of(feed)->picture, feed->shard, stream,
                              entry->tag.first_sequence, ret_bytes);
}

static void add_resync(struct redis_feed *feed, const struct addition *entry_addition,
                       const struct redis_stream *stream, const struct event_entry *entry,
                       struct acd_bytes bytes)
{
        struct addition resync = *entry_addition;

        ACD_ASSERT(find_resync_sequence(stream, entry, &resync.sequence));
        resync.field = "resync";
        resync.value = bytes;
        resync.is_lent = false;
        ACD_ASSERT(send_add(feed, &resync));
        note(feed, entry, resync.sequence, stream->tenant);
        picture_drop(&publisher_of(feed)->picture);
}

/* Entries of removed tenants go where a tenant of that name would be. */
static bool is_mine_to_offer(const struct redis_feed *feed, struct acd_text name)
{
        return !feed->is_skipping_former &&
               redis_home_of(&publisher_of(feed)->home, name) == feed->index;
}

/* Was its stream, when it had one, of no use to us? What was not added then is missing in it. */
static bool was_barred(const struct redis_feed *feed, const struct event_entry *entry)
{
        const struct redis_stream *stream = &publisher_of(feed)->stream[entry->tag.tenant];

        return stream->state == REDIS_STREAM_BARRED &&
               stream->tenant.value ==
                       feed->shard->tenants.tenant[entry->tag.tenant].id.value &&
               redis_stream_name(feed->shard, stream).size == 0;
}

enum added { ADDED, PASSED, ROUND_FULL };

static enum added add_entry(struct redis_feed *feed, const struct event_entry *entry)
{
        struct acd_bytes bytes = { entry->bytes, entry->size };
        struct acd_bytes resync;
        struct redis_stream *stream;
        struct wire_batch_reader reader;
        char key[REDIS_STREAM_KEY_SIZE];
        struct addition addition = {
                .key = key,
                .epoch = entry->tag.epoch,
                .sequence = entry->tag.last_sequence,
                .field = "batch",
                .value = bytes,
                .is_lent = entry->is_in_log,
        };

        if (entry->tag.tenant >= publisher_of(feed)->stream_count ||
            !wire_batch_open(&reader, bytes))
                return PASSED;
        stream = stream_of(feed, entry, reader.head.tenant);
        if (stream == NULL ? !is_mine_to_offer(feed, reader.head.tenant) || was_barred(feed, entry)
                           : stream->master != feed->index)
                return PASSED;
        if (stream != NULL && (stream->state == REDIS_STREAM_BARRED ||
                               (stream->state == REDIS_STREAM_SOUND &&
                                entry->tag.last_sequence <= stream->sequence)))
                return PASSED;
        if (stream != NULL && stream->state != REDIS_STREAM_SOUND) {
                feed->is_doubtful = true;
                return ROUND_FULL;
        }
        if (!find_resync(feed, stream, entry, &resync) || is_over_for(feed, entry) ||
            !has_room(feed, (size_t)entry->size + resync.size))
                return ROUND_FULL;
        if (feed->unit_begin == feed->entry_count && !begin_unit(feed, stream))
                return ROUND_FULL;
        redis_stream_key(key, reader.head.tenant, "events");
        addition.is_there = stream != NULL && stream->is_there;
        if (resync.size > 0)
                add_resync(feed, &addition, stream, entry, resync);
        ACD_ASSERT(send_add(feed, &addition));
        note(feed, entry, entry->tag.last_sequence,
             stream == NULL ? (acd_tenant_id){ 0 } : stream->tenant);
        return ADDED;
}

/* Read the log and send until the round is full or the log is at its end. True: there is more to
 * do at once; what waits for room, or for a state to be durable, is not, and wakes us. */
static bool make_round(struct redis_feed *feed)
{
        struct journal_error error = { 0 };
        uint64_t begin = feed->cursor.position;

        feed->unit_begin = 0;
        while (feed->cursor.position - begin < REDIS_ROUND_SIZE) {
                struct event_entry entry;
                uint64_t before = feed->cursor.position;
                int r;

                if (before >= event_log_end(feed->shard->event_log))
                        break;
                r = event_cursor_next(&feed->cursor, &entry, &error);
                if (r == -ESTALE) {
                        feed->is_doubtful = true;
                        forget_streams(feed);
                        break;
                }
                if (r < 0) {
                        redis_link_lose(&feed->link, REDIS_ERROR_CLASS_PERSON, error.what);
                        return false;
                }
                if (r == 0)
                        break;
                if (add_entry(feed, &entry) == ROUND_FULL) {
                        event_cursor_unread(&feed->cursor, before);
                        break;
                }
        }
        end_unit(feed);
        feed->round_end = feed->cursor.position;
        if (feed->entry_count > 0)
                return false;
        feed->acknowledged = feed->round_end;
        if (feed->round_end >= event_log_end(feed->shard->event_log)) {
                redis_link_praise(&feed->link);
                return false;
        }
        return feed->is_doubtful || feed->round_end != begin;
}

static bool send_trim(struct redis_feed *feed, const struct redis_stream *stream, uint32_t slot,
                      const char *how, const char *least)
{
        char key[REDIS_STREAM_KEY_SIZE];
        struct acd_bytes command[5] = { redis_text("XTRIM"), { 0 }, redis_text(how),
                                        redis_text("~"), redis_text(least) };

        redis_stream_key(key, redis_stream_name(feed->shard, stream), "events");
        command[1] = redis_text(key);
        return redis_link_send(&feed->link, command, 5, REDIS_TAG_TRIM | slot);
}

/* Let go of what is older than the retention, or too many. */
static void trim(struct redis_feed *feed, struct redis_stream *stream, uint32_t slot)
{
        struct shard *shard = feed->shard;
        uint64_t age = options_number(shard->options, OPTION_REDIS_RETENTION_S) * NS_PER_S;
        uint64_t count = options_number(shard->options, OPTION_REDIS_RETENTION_ENTRIES);
        uint64_t now = clock_now(&shard->clock);
        struct wire_mark mark;
        char text[REDIS_STREAM_ID_SIZE];

        if (stream->is_redirected || !stream->is_there)
                return;
        if (age != 0 && now > age && redis_marks_find(&stream->marks, now - age, &mark)) {
                (void)snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)mark.epoch,
                               (unsigned long long)mark.sequence + 1);
                if (!send_trim(feed, stream, slot, "MINID", text))
                        return;
                redis_marks_drop(&stream->marks, &mark);
        }
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)count);
        if (count != 0 && !send_trim(feed, stream, slot, "MAXLEN", text))
                return; /* next time */
}

/* Streams that are barred for long enough are asked for again. */
static void retry_barred(struct redis_feed *feed)
{
        struct publisher *publisher = publisher_of(feed);

        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                struct redis_stream *stream = &publisher->stream[i];

                if (stream->state != REDIS_STREAM_BARRED || !is_mine(feed, stream) ||
                    now_of(feed) < stream->retry_real)
                        continue;
                stream->state = REDIS_STREAM_UNKNOWN;
                feed->is_doubtful = true;
        }
}

/* Once a second: are streams still as we left them? Some at a time, since an answer may be as
 * large as two entries. */
static void look(struct redis_feed *feed)
{
        struct publisher *publisher = publisher_of(feed);
        uint32_t left = REDIS_LOOK_COUNT;

        if (now_of(feed) < feed->look_real)
                return;
        feed->look_real = now_of(feed) + (uint64_t)REDIS_LOOK_MS * NS_PER_MS;
        retry_barred(feed);
        for (uint32_t i = 0; i < publisher->stream_count && left > 0; i++) {
                uint32_t slot = feed->look_slot++ % publisher->stream_count;
                struct redis_stream *stream = &publisher->stream[slot];

                if (stream->state != REDIS_STREAM_SOUND || !is_mine(feed, stream))
                        continue;
                if (!ask(feed, stream, REDIS_TAG_LOOK | slot))
                        return;
                trim(feed, stream, slot);
                left--;
        }
}

bool redis_feed_turn(struct redis_feed *feed)
{
        bool is_more = false;

        if (feed->link.state == REDIS_LINK_READY && now_of(feed) >= feed->wait_real) {
                if (feed->state == REDIS_FEED_FED && feed->exec_count == 0)
                        look(feed);
                if (feed->is_doubtful && feed->exec_count == 0 && feed->ask_count == 0)
                        begin_asking(feed);
                if (feed->state == REDIS_FEED_ASKING) {
                        ask_more(feed);
                        if (feed->ask_slot >= publisher_of(feed)->stream_count &&
                            feed->ask_count == 0 && !feed->is_doubtful)
                                begin_feeding(feed);
                }
                if (feed->state == REDIS_FEED_FED && feed->exec_count == 0)
                        is_more = make_round(feed);
        }
        redis_link_turn(&feed->link);
        return is_more;
}

uint64_t redis_feed_next_ns(const struct redis_feed *feed)
{
        uint64_t next = redis_link_next_ns(&feed->link);
        uint64_t own = 0;

        /* While a round is out, its answers are what wakes. */
        if (feed->wait_real > now_of(feed))
                own = feed->wait_real;
        else if (feed->state == REDIS_FEED_FED && feed->exec_count == 0)
                own = feed->look_real;
        if (feed->link.state != REDIS_LINK_READY || own == 0)
                return next;
        return next == 0 || own < next ? own : next;
}

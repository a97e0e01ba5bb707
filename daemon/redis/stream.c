/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose stream is it?
 *
 * The proof that an id is ours is the event log: an entry of this tenant with
 * exactly that epoch and last sequence, and the same bytes, when Redis still has it: two
 * copies of a directory may give the same id to different events. There are two more that are:
 *
 *   - the id of a resync, which is one below the first event that follows it;
 *   - an id below the log's first event, which cannot be proven. It is believed
 *     when its epoch is not above that event's, and readers are told that events are gone.
 *
 * An epoch above ours was written by a newer run: we are fenced. Everything else
 * was written by somebody else, unless this run began a new history: then ids of
 * the epochs before it are those of the runs that this directory lost.
 */

#include "daemon/redis/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000 };

/* The newest entry of a stream; its field is "" when it is not there any more. */
struct newest {
        const char *field;
        struct acd_bytes value;
};

/* What an id is to us. */
enum verdict { OURS, LEFT_BEHIND, OTHER_HISTORY, FENCED, FOREIGN };

void redis_stream_key(char into[REDIS_STREAM_KEY_SIZE], struct acd_text name, const char *what)
{
        (void)snprintf(into, REDIS_STREAM_KEY_SIZE, "acd:{%.*s}:%s", (int)name.size, name.at, what);
}

bool redis_stream_parse_id(const char *text, uint64_t *ret_epoch, uint64_t *ret_sequence)
{
        char *end = NULL;

        *ret_epoch = strtoull(text, &end, 10);
        if (end == text || *end != '-')
                return false;
        text = end + 1;
        *ret_sequence = strtoull(text, &end, 10);
        return end != text && *end == '\0';
}

struct acd_text redis_stream_name(const struct shard *shard, const struct redis_stream *stream)
{
        if (stream->tenant.value == 0)
                return (struct acd_text){ 0 };
        return acd_name(shard->acd, ACD_OBJECT_TENANT, stream->tenant.value);
}

uint64_t redis_stream_lag(const struct shard *shard, const struct redis_stream *stream)
{
        uint64_t last = tenants_last_sequence(&shard->tenants, stream->tenant);

        if (redis_stream_name(shard, stream).size == 0 || last <= stream->sequence)
                return 0;
        return last - stream->sequence;
}

void redis_stream_bar(struct shard *shard, struct redis_stream *stream, const char *why)
{
        struct acd_text name = redis_stream_name(shard, stream);
        char text[REDIS_TEXT_SIZE];

        (void)snprintf(text, sizeof(text), "acd:{%.*s}: %s", (int)name.size, name.at, why);
        /* Said once, not each time that it is asked again. */
        if (strcmp(stream->text, text) != 0) {
                memcpy(stream->text, text, sizeof(stream->text));
                log_event(&shard->log, LOG_ERROR, "redis_refused", "tenant=%.*s reason=\"%s\"",
                          (int)name.size, name.at, why);
        }
        stream->state = REDIS_STREAM_BARRED;
        stream->retry_real =
                clock_real(&shard->clock) + (uint64_t)REDIS_STREAM_BAR_MS * NS_PER_MS;
}

/* ---- judging ---- */

/* Is @entry of the tenant called @name? Its place may have been another's before. */
static bool is_of(const struct event_entry *entry, struct acd_text name)
{
        struct wire_batch_reader reader;

        return wire_batch_open(&reader, (struct acd_bytes){ entry->bytes, entry->size }) &&
               reader.head.tenant.size == name.size &&
               memcmp(reader.head.tenant.at, name.at, name.size) == 0;
}

/* The first entry of @stream's tenant in the log, from @position on, that ends at or after
 * @sequence and is of @epoch or later: its tag and place. False: there is none. */
static bool find_entry(struct shard *shard, const struct redis_stream *stream, uint64_t position,
                       uint64_t epoch, uint64_t sequence, struct event_entry *ret_entry)
{
        uint32_t slot = acd_id_split(stream->tenant.value).slot;
        struct acd_text name = redis_stream_name(shard, stream);
        struct event_cursor cursor;
        bool is_found = false;

        event_cursor_init(&cursor, shard->event_log, position, shard->tenants.cursor_memory,
                          EVENT_CURSOR_MEMORY_MIN);
        while (!is_found && event_cursor_next(&cursor, ret_entry, NULL) == 1)
                is_found = ret_entry->tag.tenant == slot &&
                           ret_entry->tag.last_sequence >= sequence &&
                           ret_entry->tag.epoch >= epoch && is_of(ret_entry, name);
        event_cursor_fini(&cursor);
        return is_found;
}

/* Its first entry in the log. False: there is none, and none is read to know it. */
static bool find_first(struct shard *shard, const struct redis_stream *stream,
                       struct event_entry *ret_entry)
{
        uint32_t slot = acd_id_split(stream->tenant.value).slot;

        if (tenants_first_sequence(&shard->tenants, stream->tenant, shard->event_log) >
            tenants_last_sequence(&shard->tenants, stream->tenant))
                return false;
        return find_entry(shard, stream, event_log_seek(shard->event_log, slot, 0), 0, 0,
                          ret_entry);
}

static bool is_same(const struct event_entry *entry, const struct newest *newest)
{
        return entry->size == newest->value.size &&
               memcmp(entry->bytes, newest->value.at, entry->size) == 0;
}

/* An id in the reach of the log: the entry that ends with it, or the one before which it says
 * that readers must begin anew. */
static bool is_known(struct shard *shard, struct redis_stream *stream,
                     const struct newest *newest)
{
        uint32_t slot = acd_id_split(stream->tenant.value).slot;
        uint64_t position = event_log_seek(shard->event_log, slot, stream->sequence);
        uint64_t last = tenants_last_sequence(&shard->tenants, stream->tenant);
        struct event_entry entry;

        /* Nothing is read where there cannot be an entry: it would be all of the log. */
        if (stream->sequence <= last && strcmp(newest->field, "resync") != 0 &&
            find_entry(shard, stream, position, 0, stream->sequence, &entry) &&
            entry.tag.last_sequence == stream->sequence && entry.tag.epoch == stream->epoch &&
            (newest->field[0] == '\0' || is_same(&entry, newest))) {
                stream->position = entry.next_position;
                return true;
        }
        /* After a hole a resync is within the entry behind it. */
        if (stream->sequence < last && strcmp(newest->field, "batch") != 0 &&
            find_entry(shard, stream, position, 0, stream->sequence + 1, &entry) &&
            (entry.tag.first_sequence == stream->sequence + 1 ||
             (entry.tag.last_sequence == stream->sequence + 1 &&
              strcmp(newest->field, "resync") == 0)) &&
            entry.tag.epoch == stream->epoch) {
                stream->position = entry.position;
                return true;
        }
        return false;
}

static enum verdict judge(struct shard *shard, struct redis_stream *stream,
                          const struct newest *newest)
{
        uint64_t next = tenants_last_sequence(&shard->tenants, stream->tenant) + 1;
        struct event_entry entry;
        bool is_any = find_first(shard, stream, &entry);
        uint64_t first = is_any ? entry.tag.first_sequence : next;

        if (stream->epoch > acd_epoch(shard->acd))
                return FENCED;
        if (is_any && stream->sequence + 1 >= first && is_known(shard, stream, newest))
                return OURS;
        if (stream->epoch < acd_history_epoch(shard->acd))
                return OTHER_HISTORY;
        /* Epochs ascend with sequences: what came before the log's first entry is of none that
         * is later, and Redis would take nothing behind it. */
        if (is_any && stream->epoch > entry.tag.epoch)
                return FOREIGN;
        if (stream->sequence + 1 == first)
                return OURS;
        return stream->sequence < first ? LEFT_BEHIND : FOREIGN;
}

static void bar_as_other(struct shard *shard, struct redis_stream *stream, bool is_fenced)
{
        char text[REDIS_TEXT_SIZE];

        if (is_fenced) {
                shard->metrics.redis_fenced_total++;
                (void)snprintf(text, sizeof(text),
                               "fenced: a newer run wrote the stream of events (%llu-%llu, we are "
                               "epoch %llu); stop the daemon that does not belong here, or, if our "
                               "directory was restored, start once with --new-history",
                               (unsigned long long)stream->epoch,
                               (unsigned long long)stream->sequence,
                               (unsigned long long)acd_epoch(shard->acd));
        } else {
                shard->metrics.redis_foreign_total++;
                (void)snprintf(text, sizeof(text),
                               "the stream of events ends with %llu-%llu, which this daemon "
                               "never wrote; rename or delete it, or, if our directory was "
                               "restored, start once with --new-history",
                               (unsigned long long)stream->epoch,
                               (unsigned long long)stream->sequence);
        }
        redis_stream_bar(shard, stream, text);
        stream->is_fenced = is_fenced;
        /* Of ours it has nothing that counts: what is missing is all. */
        stream->epoch = 0;
        stream->sequence = 0;
}

static void be_sound(struct shard *shard, struct redis_stream *stream)
{
        if (stream->text[0] != '\0') {
                struct acd_text name = redis_stream_name(shard, stream);

                log_event(&shard->log, LOG_INFO, "redis_resumed", "tenant=%.*s", (int)name.size,
                          name.at);
        }
        stream->state = REDIS_STREAM_SOUND;
        stream->is_fenced = false;
        stream->text[0] = '\0';
}

/* Everything from the first entry of the log, of the present history if there was another. When
 * there is none: what comes next. */
static void begin_anew(struct shard *shard, struct redis_stream *stream, enum redis_resync resync,
                       uint64_t epoch)
{
        struct event_entry entry;

        stream->resync = resync;
        stream->is_hole = false;
        if (find_first(shard, stream, &entry) &&
            (entry.tag.epoch >= epoch ||
             find_entry(shard, stream, entry.position, epoch, 0, &entry))) {
                stream->position = entry.position;
                stream->sequence = entry.tag.first_sequence - 1;
        } else {
                stream->position = event_log_end(shard->event_log);
                stream->sequence = tenants_last_sequence(&shard->tenants, stream->tenant);
        }
}

static void begin_first(struct shard *shard, struct redis_stream *stream)
{
        stream->is_there = false;
        stream->is_counted = true;
        stream->added_count = 0;
        stream->epoch = 0;
        begin_anew(shard, stream, REDIS_RESYNC_EVENTS_GONE, 0);
        if (stream->sequence == 0)
                stream->resync = REDIS_RESYNC_NONE;
        be_sound(shard, stream);
}

static void take_id(struct shard *shard, struct redis_stream *stream, const struct newest *newest)
{
        stream->is_there = true;
        stream->resync = REDIS_RESYNC_NONE;
        switch (judge(shard, stream, newest)) {
        case OURS:
                if (stream->position == 0)
                        begin_anew(shard, stream, REDIS_RESYNC_NONE, 0);
                be_sound(shard, stream);
                break;
        case LEFT_BEHIND:
                begin_anew(shard, stream, REDIS_RESYNC_EVENTS_GONE, 0);
                be_sound(shard, stream);
                break;
        case OTHER_HISTORY:
                begin_anew(shard, stream, REDIS_RESYNC_NEW_HISTORY, acd_history_epoch(shard->acd));
                be_sound(shard, stream);
                break;
        case FENCED:
                bar_as_other(shard, stream, true);
                break;
        case FOREIGN:
                bar_as_other(shard, stream, false);
                break;
        }
}

static void note_loss(struct shard *shard, const struct redis_stream *stream, const char *event,
                      uint64_t *counter)
{
        struct acd_text name = redis_stream_name(shard, stream);

        (*counter)++;
        log_event(&shard->log, LOG_WARNING, event, "tenant=%.*s last_id=%llu-%llu", (int)name.size,
                  name.at, (unsigned long long)stream->epoch,
                  (unsigned long long)stream->sequence);
}

/* Redis counts what was ever added to a stream, trimmed or not. The last id may be as we left it,
 * and the count not: it lost its newest entries and got more of ours before anybody looked, or
 * others add to it. Ids ascend, so nothing can be put back; readers are told to begin anew. */
static void check_count(struct shard *shard, struct redis_stream *stream,
                        const struct redis_reply *info)
{
        struct redis_reply added = redis_reply_find(info, "entries-added");
        struct acd_text name = redis_stream_name(shard, stream);
        uint64_t count = (uint64_t)added.number;

        if (added.kind != REDIS_NUMBER || !stream->is_counted || count == stream->added_count)
                return;
        shard->metrics.redis_stream_holes_total++;
        log_event(&shard->log, LOG_ERROR, "redis_stream_hole",
                  "tenant=%.*s expected_count=%llu found_count=%llu reason=\"%s\"",
                  (int)name.size, name.at, (unsigned long long)stream->added_count,
                  (unsigned long long)count,
                  count < stream->added_count
                          ? "it lost entries while we were connected, and has newer ones; a "
                            "resync tells readers to begin with the state"
                          : "somebody else adds to it, and nobody but acdd may; a resync tells "
                            "readers to begin with the state");
        stream->added_count = count;
        stream->is_hole = true;
        stream->resync = REDIS_RESYNC_EVENTS_GONE;
        stream->picture_sequence = 0;
        picture_rouse(&shard->publisher.picture);
}

static void take_count(struct redis_stream *stream, const struct redis_reply *info)
{
        struct redis_reply added = redis_reply_find(info, "entries-added");

        stream->is_counted = added.kind == REDIS_NUMBER;
        stream->added_count = (uint64_t)added.number;
}

static bool is_no_key(const struct redis_reply *info)
{
        return info->kind == REDIS_ERROR && strstr(info->text, "no such key") != NULL;
}

/* The entry with the last id, of an answer to XINFO STREAM. */
static struct newest newest_of(const struct redis_reply *info, const char *last_id)
{
        struct redis_reply entry = redis_reply_find(info, "last-entry");
        struct redis_reply id = redis_reply_at(&entry, 0);
        struct redis_reply fields = redis_reply_at(&entry, 1);
        struct redis_reply field = redis_reply_at(&fields, 0);
        struct redis_reply value = redis_reply_at(&fields, 1);

        if (id.kind != REDIS_TEXT || strcmp(id.text, last_id) != 0)
                return (struct newest){ .field = "" };
        return (struct newest){ field.text, redis_reply_bytes(&value) };
}

void redis_stream_take(struct shard *shard, struct redis_stream *stream,
                       const struct redis_reply *info)
{
        uint64_t epoch = stream->epoch;
        uint64_t sequence = stream->sequence;
        struct redis_reply last = redis_reply_find(info, "last-generated-id");
        struct newest newest;
        uint32_t unsure_count = stream->unsure_count;
        bool is_as_left;

        stream->unsure_count = 0;
        /* Removed since it was asked for. */
        if (redis_stream_name(shard, stream).size == 0) {
                stream->state = REDIS_STREAM_UNKNOWN;
                return;
        }
        stream->position = 0;
        /* The state beside it may be as old, or gone. */
        stream->picture_sequence = 0;
        if (is_no_key(info)) {
                if (stream->is_there)
                        note_loss(shard, stream, "redis_stream_gone",
                                  &shard->metrics.redis_stream_gone_total);
                begin_first(shard, stream);
                return;
        }
        if (last.kind != REDIS_TEXT ||
            !redis_stream_parse_id(last.text, &stream->epoch, &stream->sequence)) {
                redis_stream_bar(shard, stream, "XINFO STREAM gave no last-generated-id");
                return;
        }
        is_as_left = stream->epoch == epoch && stream->sequence == sequence;
        if (unsure_count > 0 && stream->epoch == stream->unsure_epoch &&
            stream->sequence == stream->unsure_sequence) {
                is_as_left = true;
                stream->added_count += unsure_count;
        }
        /* What the row had was of Redis, but where a resync of events that are gone waits. */
        if ((stream->epoch < epoch || (stream->epoch == epoch && stream->sequence < sequence)) &&
            (stream->resync == REDIS_RESYNC_NONE || stream->is_hole))
                note_loss(shard, stream, "redis_lost_tail", &shard->metrics.redis_lost_tail_total);
        if (stream->epoch == 0 && stream->sequence == 0) {
                begin_first(shard, stream);
                stream->is_there = true;
                take_count(stream, info);
                return;
        }
        newest = newest_of(info, last.text);
        take_id(shard, stream, &newest);
        if (is_as_left && stream->state == REDIS_STREAM_SOUND &&
            stream->resync == REDIS_RESYNC_NONE)
                check_count(shard, stream, info);
        take_count(stream, info);
        /* Found, and not said yet. */
        stream->is_hole &= strcmp(newest.field, "resync") != 0;
        if (stream->state == REDIS_STREAM_SOUND && stream->is_hole &&
            stream->resync == REDIS_RESYNC_NONE)
                stream->resync = REDIS_RESYNC_EVENTS_GONE;
}

void redis_stream_look(struct shard *shard, struct redis_stream *stream,
                       const struct redis_reply *info)
{
        struct redis_reply last = redis_reply_find(info, "last-generated-id");
        struct acd_text name = redis_stream_name(shard, stream);
        uint64_t epoch = 0;
        uint64_t sequence = 0;

        if (stream->state != REDIS_STREAM_SOUND || (is_no_key(info) && !stream->is_there))
                return;
        if (last.kind == REDIS_TEXT && redis_stream_parse_id(last.text, &epoch, &sequence) &&
            epoch == stream->epoch && sequence == stream->sequence) {
                check_count(shard, stream, info);
                take_count(stream, info);
                return;
        }
        /* What it has is not what is in the row then, but after a hole. */
        if (stream->resync != REDIS_RESYNC_NONE && !stream->is_hole)
                return;
        log_event(&shard->log, LOG_WARNING, "redis_stream_changed",
                  "tenant=%.*s expected=%llu-%llu found=%s", (int)name.size, name.at,
                  (unsigned long long)stream->epoch, (unsigned long long)stream->sequence,
                  last.kind == REDIS_TEXT ? last.text : "nothing");
        stream->state = REDIS_STREAM_UNKNOWN;
}

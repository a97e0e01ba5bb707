/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher.
 *
 * The happy path is: connect, ask whether this is a master and what each stream
 * has last, begin at the first entry of the log that some stream lacks, and
 * from then on add entries in order, at most 256 without an answer.
 *
 * It can fail because Redis is away or busy (tried again, 50 ms to 5 s apart,
 * with jitter), because it answers with an error (the same, and the error is
 * in STATUS), or because a stream's last id is not one of ours: then somebody
 * else wrote it, or this directory is an older copy of itself, and going on
 * would mix two histories. Publishing stops, and STATUS says so.
 *
 * The proof that an id is ours is the event log: an entry of this tenant with
 * exactly that epoch and last sequence. An id older than the log cannot be
 * proven; it is believed when it is older than everything we have, and readers
 * see the gap by the sequence numbers.
 *
 * Entries of a tenant that was removed since are in the log too. Nobody asks for
 * its stream, so its entries are all offered to Redis, which refuses those that it
 * has; for them, and only for them, that is an answer like another.
 *
 * Matching never waits: nothing here blocks, and what Redis has not taken is a
 * position in the log.
 */

#include "daemon/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "daemon/shard.h"

enum {
        NS_PER_MS = 1000000,
        RETRY_MS_MIN = 50,
        RETRY_MS_MAX = 5000,
        PATIENCE_MS = 10000, /* without an answer that is due */
        KEY_SIZE = ACD_NAME_MAX + 24,
};

static struct publisher *publisher_of(struct shard *shard)
{
        return &shard->publisher;
}

void publisher_init(struct shard *shard, const struct publisher_memory *memory)
{
        struct publisher *publisher = publisher_of(shard);

        *publisher = (struct publisher){
                .tenant = memory->tenant,
                .tenant_count_max = memory->tenant_count_max,
                .cursor_memory = memory->cursor_memory,
        };
        redis_init(&publisher->redis, shard->world.sockets, SHARD_TOKEN_REDIS, memory->output,
                   memory->input);
        publisher->state = options_text(shard->options, OPTION_REDIS)[0] == '\0' ? PUBLISHER_OFF
                                                                                 : PUBLISHER_AWAY;
}

static void drop(struct publisher *publisher)
{
        redis_close(&publisher->redis);
        event_cursor_fini(&publisher->cursor);
        publisher->cursor = (struct event_cursor){ 0 };
        publisher->flight_count = 0;
        publisher->ask_count = 0;
}

void publisher_close(struct shard *shard)
{
        drop(publisher_of(shard));
}

/* Away until later; each failure in a row waits twice as long, somewhere between half and all
 * of it, so that many daemons do not come back together. */
static void retry_later(struct shard *shard, const char *why)
{
        struct publisher *publisher = publisher_of(shard);
        const struct world_system *system = shard->world.system;
        uint64_t ms = RETRY_MS_MIN;

        for (uint32_t i = 0; i < publisher->failure_count && ms < RETRY_MS_MAX; i++)
                ms *= 2;
        if (ms > RETRY_MS_MAX)
                ms = RETRY_MS_MAX;
        publisher->failure_count++;
        ms = ms / 2 + system->random(system->self) % (ms / 2 + 1);
        (void)snprintf(publisher->text, sizeof(publisher->text), "%s", why);
        log_event(&shard->log, LOG_WARNING, "redis_away", "reason=\"%s\" retry_ms=%llu", why,
                  (unsigned long long)ms);
        shard->metrics.redis_errors_total++;
        drop(publisher);
        publisher->state = PUBLISHER_AWAY;
        publisher->retry_real = clock_real(&shard->clock) + ms * NS_PER_MS;
}

/* The stream of @tenant is not ours to go on with. */
static void refuse(struct shard *shard, const char *tenant, const char *last_id)
{
        struct publisher *publisher = publisher_of(shard);

        (void)snprintf(publisher->text, sizeof(publisher->text),
                       "the stream acd:{%.63s}:events ends with %.42s, which is not in this "
                       "daemon's history: nothing is published; rename or delete the stream",
                       tenant, last_id);
        log_event(&shard->log, LOG_ERROR, "redis_refused", "tenant=%s last_id=%s", tenant, last_id);
        drop(publisher);
        publisher->state = PUBLISHER_REFUSED;
}

static void key_of(char into[KEY_SIZE], struct acd_text tenant)
{
        (void)snprintf(into, KEY_SIZE, "acd:{%.*s}:events", (int)tenant.size, tenant.at);
}

/* ---- asking ---- */

static bool ask_role(struct publisher *publisher)
{
        struct acd_bytes role = redis_text("ROLE");

        return redis_command(&publisher->redis, &role, 1);
}

static bool ask_stream(struct publisher *publisher, struct acd_text tenant)
{
        char key[KEY_SIZE];
        struct acd_bytes command[3] = { redis_text("XINFO"), redis_text("STREAM"), { 0 } };

        key_of(key, tenant);
        command[2] = redis_text(key);
        return redis_command(&publisher->redis, command, 3);
}

static void begin_asking(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);

        for (uint32_t i = 0; i < publisher->tenant_count_max; i++)
                publisher->tenant[i].is_asked = false;
        publisher->state = PUBLISHER_ASKING;
        publisher->ask_cursor = 0;
        publisher->ask_count = 0;
        publisher->flight_begin = 0;
        publisher->flight_count = 0;
        publisher->retry_real = clock_real(&shard->clock) + (uint64_t)PATIENCE_MS * NS_PER_MS;
        ACD_ASSERT(ask_role(publisher));
}

/* Ask for the streams of more tenants. Answers come in order, so the flights remember whose. */
static void ask_more(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);

        while (publisher->flight_count < PUBLISHER_WINDOW_COUNT &&
               publisher->ask_cursor != UINT64_MAX) {
                uint64_t before = publisher->ask_cursor;
                uint64_t id = acd_list(shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 },
                                       &publisher->ask_cursor, UINT32_MAX);
                uint32_t at = (publisher->flight_begin + publisher->flight_count) %
                              PUBLISHER_WINDOW_COUNT;

                if (id == 0)
                        return;
                if (!ask_stream(publisher, acd_name(shard->acd, ACD_OBJECT_TENANT, id))) {
                        publisher->ask_cursor = before;
                        return;
                }
                publisher->flight[at] =
                        (struct publisher_flight){ .tenant_slot = acd_id_split(id).slot };
                publisher->flight_count++;
        }
}

/* "12-345" as two numbers. */
static bool parse_id(const char *text, uint64_t *ret_epoch, uint64_t *ret_sequence)
{
        char *end = NULL;

        *ret_epoch = strtoull(text, &end, 10);
        if (end == text || *end != '-')
                return false;
        text = end + 1;
        *ret_sequence = strtoull(text, &end, 10);
        return end != text && *end == '\0';
}

/* Where the log must be read from for @slot; false when the id is not ours. */
static bool prove(struct shard *shard, uint32_t slot, uint64_t *ret_position)
{
        struct publisher *publisher = publisher_of(shard);
        struct publisher_tenant *tenant = &publisher->tenant[slot];
        acd_tenant_id id = shard->tenants.tenant[slot].id;
        struct event_entry entry;
        bool is_ours = false;
        int r;

        *ret_position = event_log_seek(shard->event_log, slot, tenant->sequence);
        if (tenant->sequence == 0)
                return tenant->epoch == 0;
        if (tenant->sequence < tenants_first_sequence(&shard->tenants, id, shard->event_log))
                return tenant->epoch <= acd_epoch(shard->acd);
        event_cursor_init(&publisher->cursor, shard->event_log, *ret_position,
                          publisher->cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        while ((r = event_cursor_next(&publisher->cursor, &entry, NULL)) == 1) {
                if (entry.tag.tenant != slot || entry.tag.last_sequence < tenant->sequence)
                        continue;
                is_ours = entry.tag.last_sequence == tenant->sequence &&
                          entry.tag.epoch == tenant->epoch;
                break;
        }
        event_cursor_fini(&publisher->cursor);
        return is_ours;
}

static void begin_feeding(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);
        uint64_t begin = event_log_end(shard->event_log);

        for (uint32_t slot = 0; slot < publisher->tenant_count_max; slot++) {
                uint64_t position;

                if (!publisher->tenant[slot].is_asked)
                        continue;
                if (!prove(shard, slot, &position)) {
                        char id[PUBLISHER_ID_SIZE];
                        char name[ACD_NAME_MAX + 1];
                        struct acd_text text = acd_name(shard->acd, ACD_OBJECT_TENANT,
                                                        shard->tenants.tenant[slot].id.value);

                        (void)snprintf(name, sizeof(name), "%.*s", (int)text.size, text.at);
                        (void)snprintf(id, sizeof(id), "%llu-%llu",
                                       (unsigned long long)publisher->tenant[slot].epoch,
                                       (unsigned long long)publisher->tenant[slot].sequence);
                        refuse(shard, name, id);
                        return;
                }
                if (position < begin)
                        begin = position;
        }
        /* Entries of removed tenants, for which nobody was asked, from where this run got to. */
        if (publisher->acknowledged != 0 && publisher->acknowledged < begin &&
            publisher->acknowledged >= event_log_first(shard->event_log))
                begin = publisher->acknowledged;
        event_cursor_init(&publisher->cursor, shard->event_log, begin, publisher->cursor_memory,
                          EVENT_CURSOR_MEMORY_MIN);
        publisher->acknowledged = begin;
        publisher->state = PUBLISHER_FED;
        publisher->failure_count = 0;
        publisher->text[0] = '\0';
        log_event(&shard->log, LOG_INFO, "redis_connected", "address=\"%s\"",
                  options_text(shard->options, OPTION_REDIS));
}

static void take_stream(struct shard *shard, const struct redis_reply *reply)
{
        struct publisher *publisher = publisher_of(shard);
        struct publisher_flight *flight = &publisher->flight[publisher->flight_begin];
        struct publisher_tenant *tenant = &publisher->tenant[flight->tenant_slot];
        char last[REDIS_TEXT_SIZE];

        publisher->flight_begin = (publisher->flight_begin + 1) % PUBLISHER_WINDOW_COUNT;
        publisher->flight_count--;
        *tenant = (struct publisher_tenant){ .is_asked = true };
        if (reply->kind == REDIS_ERROR && strstr(reply->text, "no such key") != NULL)
                return;
        if (!redis_reply_find(reply, "last-generated-id", last) ||
            !parse_id(last, &tenant->epoch, &tenant->sequence))
                retry_later(shard, reply->kind == REDIS_ERROR ? reply->text : "not a stream");
}

/* ---- feeding ---- */

/* Is @name that of the tenant which has the place @slot now? */
static bool is_present(const struct shard *shard, uint32_t slot, struct acd_text name)
{
        struct acd_text present =
                acd_name(shard->acd, ACD_OBJECT_TENANT, shard->tenants.tenant[slot].id.value);

        return present.size == name.size && memcmp(present.at, name.at, name.size) == 0;
}

/* Does @entry go to Redis? */
static bool is_lacking(const struct publisher *publisher, const struct event_entry *entry,
                       bool is_former)
{
        return is_former ||
               entry->tag.last_sequence > publisher->tenant[entry->tag.tenant].sequence;
}

/* False: no more now. */
static bool add_entry(struct shard *shard, const struct event_entry *entry)
{
        struct publisher *publisher = publisher_of(shard);
        uint32_t at = (publisher->flight_begin + publisher->flight_count) % PUBLISHER_WINDOW_COUNT;
        struct acd_bytes bytes = { entry->bytes, entry->size };
        struct wire_batch_reader reader;
        char key[KEY_SIZE];
        char id[PUBLISHER_ID_SIZE];
        struct acd_bytes command[5] = {
                redis_text("XADD"), { 0 }, { 0 }, redis_text("batch"), bytes
        };

        bool is_former;

        if (entry->tag.tenant >= publisher->tenant_count_max || !wire_batch_open(&reader, bytes))
                return true;
        is_former = !is_present(shard, entry->tag.tenant, reader.head.tenant);
        if (!is_lacking(publisher, entry, is_former))
                return true;
        key_of(key, reader.head.tenant);
        (void)snprintf(id, sizeof(id), "%u-%llu", entry->tag.epoch,
                       (unsigned long long)entry->tag.last_sequence);
        command[1] = redis_text(key);
        command[2] = redis_text(id);
        if (!redis_command(&publisher->redis, command, 5))
                return false;
        publisher->flight[at] = (struct publisher_flight){
                .next_position = entry->next_position,
                .epoch = entry->tag.epoch,
                .sequence = entry->tag.last_sequence,
                .tenant_slot = entry->tag.tenant,
                .is_former = is_former,
        };
        if (publisher->flight_count++ == 0)
                publisher->retry_real =
                        clock_real(&shard->clock) + (uint64_t)PATIENCE_MS * NS_PER_MS;
        return true;
}

/* True: stopped by this turn's share, not by Redis or the end of the log. */
static bool feed(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);
        struct journal_error error = { 0 };
        struct event_entry entry;

        for (uint32_t i = 0; i < PUBLISHER_WINDOW_COUNT; i++) {
                uint64_t before = publisher->cursor.position;
                int r;

                if (publisher->flight_count == PUBLISHER_WINDOW_COUNT ||
                    before >= event_log_end(shard->event_log))
                        return false;
                r = event_cursor_next(&publisher->cursor, &entry, &error);
                if (r == 0)
                        return false;
                if (r < 0) {
                        retry_later(shard,
                                    r == -ESTALE ? "too slow for the event log" : error.what);
                        return false;
                }
                if (!add_entry(shard, &entry)) {
                        /* Read it again when there is room. */
                        event_cursor_fini(&publisher->cursor);
                        event_cursor_init(&publisher->cursor, shard->event_log, before,
                                          publisher->cursor_memory, EVENT_CURSOR_MEMORY_MIN);
                        return false;
                }
        }
        return true;
}

static void take_added(struct shard *shard, const struct redis_reply *reply)
{
        struct publisher *publisher = publisher_of(shard);
        struct publisher_flight *flight = &publisher->flight[publisher->flight_begin];
        struct publisher_tenant *tenant = &publisher->tenant[flight->tenant_slot];
        bool is_there = reply->kind == REDIS_ERROR &&
                        strstr(reply->text, "equal or smaller") != NULL;

        if (is_there && !flight->is_former) {
                char id[PUBLISHER_ID_SIZE];
                struct acd_text name =
                        acd_name(shard->acd, ACD_OBJECT_TENANT,
                                 shard->tenants.tenant[flight->tenant_slot].id.value);
                char text[ACD_NAME_MAX + 1];

                (void)snprintf(text, sizeof(text), "%.*s", (int)name.size, name.at);
                (void)snprintf(id, sizeof(id), "at least %llu-%llu",
                               (unsigned long long)flight->epoch,
                               (unsigned long long)flight->sequence);
                refuse(shard, text, id);
                return;
        }
        if (reply->kind != REDIS_TEXT && !is_there) {
                retry_later(shard, reply->kind == REDIS_ERROR ? reply->text : "an odd answer");
                return;
        }
        if (!flight->is_former) {
                tenant->epoch = flight->epoch;
                tenant->sequence = flight->sequence;
        }
        publisher->acknowledged = flight->next_position;
        if (!is_there) {
                publisher->last_epoch = flight->epoch;
                publisher->last_sequence = flight->sequence;
                publisher->published_count++;
                shard->metrics.redis_entries_total++;
        }
        publisher->flight_begin = (publisher->flight_begin + 1) % PUBLISHER_WINDOW_COUNT;
        publisher->flight_count--;
        publisher->retry_real = clock_real(&shard->clock) + (uint64_t)PATIENCE_MS * NS_PER_MS;
}

/* ---- replies ---- */

static void take_role(struct shard *shard, const struct redis_reply *reply)
{
        struct publisher *publisher = publisher_of(shard);

        if (reply->kind != REDIS_ARRAY || strcmp(reply->text, "master") != 0) {
                retry_later(shard, reply->kind == REDIS_ERROR ? reply->text
                                                              : "this Redis is not a master");
                return;
        }
        publisher->ask_count = 1; /* the role is known */
}

static void take_reply(struct shard *shard, const struct redis_reply *reply)
{
        struct publisher *publisher = publisher_of(shard);

        if (publisher->state == PUBLISHER_FED && publisher->flight_count > 0)
                take_added(shard, reply);
        else if (publisher->state == PUBLISHER_ASKING && publisher->ask_count == 0)
                take_role(shard, reply);
        else if (publisher->state == PUBLISHER_ASKING && publisher->flight_count > 0)
                take_stream(shard, reply);
        else
                retry_later(shard, "an answer to no question");
}

static bool is_connected(const struct publisher *publisher)
{
        return publisher->state == PUBLISHER_ASKING || publisher->state == PUBLISHER_FED;
}

void publisher_on_socket(struct shard *shard, bool is_readable, bool is_writable)
{
        struct publisher *publisher = publisher_of(shard);
        int r = 0;

        if (publisher->redis.socket < 0)
                return;
        if (publisher->state == PUBLISHER_CONNECTING && is_writable) {
                begin_asking(shard);
                shard->metrics.redis_connects_total++;
        }
        if (is_writable)
                r = redis_write(&publisher->redis);
        if (r >= 0 && is_readable)
                r = redis_read(&publisher->redis);
        while (r >= 0 && is_connected(publisher)) {
                struct redis_reply reply;

                r = redis_next(&publisher->redis, &reply);
                if (r <= 0)
                        break;
                take_reply(shard, &reply);
                redis_reply_free(&reply);
        }
        if (r < 0)
                retry_later(shard, strerror(-r));
}

bool publisher_turn(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);
        uint64_t now = clock_real(&shard->clock);
        bool is_more = false;
        int r;

        if (publisher->state == PUBLISHER_OFF || publisher->state == PUBLISHER_REFUSED)
                return false;
        if (publisher->state == PUBLISHER_AWAY && now >= publisher->retry_real) {
                r = redis_connect(&publisher->redis, options_text(shard->options, OPTION_REDIS));
                if (r < 0) {
                        retry_later(shard, strerror(-r));
                        return false;
                }
                publisher->state = PUBLISHER_CONNECTING;
                publisher->retry_real = now + (uint64_t)PATIENCE_MS * NS_PER_MS;
        }
        if (publisher->state == PUBLISHER_ASKING && publisher->ask_count > 0) {
                ask_more(shard);
                if (publisher->flight_count == 0 && publisher->ask_cursor == UINT64_MAX)
                        begin_feeding(shard);
        }
        if (publisher->state == PUBLISHER_FED)
                is_more = feed(shard);
        if (publisher_next_ns(publisher) != 0 && publisher->state != PUBLISHER_AWAY &&
            now >= publisher->retry_real)
                retry_later(shard, "no answer in time");
        if (is_connected(publisher)) {
                r = redis_write(&publisher->redis);
                if (r < 0)
                        retry_later(shard, strerror(-r));
        }
        redis_watch(&publisher->redis);
        return is_more;
}

uint64_t publisher_next_ns(const struct publisher *publisher)
{
        switch (publisher->state) {
        case PUBLISHER_AWAY:
        case PUBLISHER_CONNECTING:
        case PUBLISHER_ASKING:
                return publisher->retry_real;
        case PUBLISHER_FED:
                return publisher->flight_count > 0 ? publisher->retry_real : 0;
        case PUBLISHER_OFF:
        case PUBLISHER_REFUSED:
                break;
        }
        return 0;
}

static uint64_t lag_of(const struct shard *shard)
{
        const struct publisher *publisher = &shard->publisher;
        uint64_t lag = 0;

        for (uint32_t i = 0; i < publisher->tenant_count_max; i++) {
                acd_tenant_id id = shard->tenants.tenant[i].id;
                uint64_t last = tenants_last_sequence(&shard->tenants, id);
                uint64_t sent = publisher->tenant[i].sequence;

                if (last == 0 || acd_name(shard->acd, ACD_OBJECT_TENANT, id.value).size == 0)
                        continue;
                if (sent < last)
                        lag += last - sent;
        }
        return lag;
}

void publisher_status(struct shard *shard, struct wire_redis_status *ret_status)
{
        struct publisher *publisher = publisher_of(shard);

        *ret_status = (struct wire_redis_status){ .state = WIRE_REDIS_NONE };
        if (publisher->state == PUBLISHER_OFF)
                return;
        ret_status->state = publisher->state == PUBLISHER_FED       ? WIRE_REDIS_CONNECTED
                            : publisher->state == PUBLISHER_REFUSED ? WIRE_REDIS_REFUSED
                                                                    : WIRE_REDIS_CONNECTING;
        ret_status->address = wire_text(options_text(shard->options, OPTION_REDIS));
        if (publisher->last_sequence != 0)
                (void)snprintf(publisher->last_id, sizeof(publisher->last_id), "%llu-%llu",
                               (unsigned long long)publisher->last_epoch,
                               (unsigned long long)publisher->last_sequence);
        ret_status->last_id = wire_text(publisher->last_id);
        ret_status->lag_events = lag_of(shard);
        ret_status->text = wire_text(publisher->text);
        ret_status->published = publisher->published_count;
}

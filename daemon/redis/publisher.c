/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher: feeds, streams and pictures, brought together.
 *
 * Matching never waits: nothing here blocks, and what Redis has not taken is a
 * position in the log.
 */

#include "daemon/redis/publisher.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "daemon/redis/access.h"
#include "daemon/shard.h"

static struct publisher *publisher_of(struct shard *shard)
{
        return &shard->publisher;
}

static bool is_configured(const struct options *options)
{
        return options_text(options, OPTION_REDIS)[0] != '\0';
}

bool publisher_asks(const struct options *options)
{
        return is_configured(options) &&
               options_number(options, OPTION_REDIS_MODE) != REDIS_MODE_SERVER;
}

uint32_t publisher_feed_count(const struct options *options)
{
        if (!is_configured(options))
                return 0;
        return options_number(options, OPTION_REDIS_MODE) == REDIS_MODE_CLUSTER ? REDIS_MASTER_MAX
                                                                                : 1;
}

size_t publisher_picture_size(const struct options *options, const struct acd_limits *limits)
{
        size_t size = tenant_state_bound(limits);

        if (!is_configured(options))
                return 0;
        return size < PUBLISHER_PICTURE_MAX ? size : PUBLISHER_PICTURE_MAX;
}

static void init_feeds(struct shard *shard, const struct publisher_memory *memory)
{
        const struct redis_greeting greeting =
                redis_access_greeting(shard->world.redis,
                                      options_text(shard->options, OPTION_SERVER_NAME), false);

        for (uint32_t i = 0; i < memory->feed_count; i++) {
                const struct redis_link_memory link = {
                        .output = memory->outputs + i * memory->output_size,
                        .output_size = memory->output_size,
                        .input = memory->inputs + (size_t)i * REDIS_LINK_INPUT_SIZE,
                        .reply_size_max = PUBLISHER_REPLY_MAX,
                };

                redis_feed_init(&memory->feed[i], shard, (uint8_t)i, &link,
                                memory->cursors + (size_t)i * REDIS_CURSOR_SIZE, &greeting);
        }
}

void publisher_init(struct shard *shard, const struct publisher_memory *memory)
{
        struct publisher *publisher = publisher_of(shard);

        *publisher = (struct publisher){
                .is_on = is_configured(shard->options),
                .stream = memory->stream,
                .stream_count = memory->stream_count,
                .feed = memory->feed,
                .feed_count = memory->feed_count,
        };
        if (!publisher->is_on)
                return;
        redis_home_init(&publisher->home, shard, SHARD_TOKEN_REDIS + PUBLISHER_TOKEN_HOME,
                        &memory->home);
        init_feeds(shard, memory);
        picture_init(&publisher->picture, memory->picture, memory->picture_size);
}

void publisher_close(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);

        if (!publisher->is_on)
                return;
        for (uint32_t i = 0; i < publisher->feed_count; i++)
                redis_feed_close(&publisher->feed[i]);
        redis_home_close(&publisher->home);
}

/* ---- who is where ---- */

void publisher_know(struct shard *shard, uint32_t slot)
{
        struct publisher *publisher = publisher_of(shard);
        struct redis_stream *stream = &publisher->stream[slot];
        acd_tenant_id id = shard->tenants.tenant[slot].id;

        if (stream->tenant.value == id.value)
                return;
        *stream = (struct redis_stream){ .tenant = id, .master = REDIS_NO_MASTER };
        if (redis_stream_name(shard, stream).size > 0)
                stream->master = redis_home_of(&publisher->home, redis_stream_name(shard, stream));
}

/* Home learned something: masters get their feeds, streams their masters. */
static void settle(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);

        if (publisher->home_version == publisher->home.version)
                return;
        publisher->home_version = publisher->home.version;
        for (uint32_t i = 0; i < publisher->feed_count; i++)
                redis_feed_aim(&publisher->feed[i], i < publisher->home.master_count
                                                            ? publisher->home.master[i]
                                                            : "");
        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                struct redis_stream *stream = &publisher->stream[i];
                struct acd_text name = redis_stream_name(shard, stream);
                uint8_t master = name.size == 0 ? REDIS_NO_MASTER
                                                : redis_home_of(&publisher->home, name);

                if (name.size == 0 || (stream->master == master && !stream->is_redirected))
                        continue;
                stream->master = master;
                stream->is_redirected = false;
                if (stream->state != REDIS_STREAM_BARRED)
                        stream->state = REDIS_STREAM_UNKNOWN;
                if (master < publisher->feed_count)
                        redis_feed_doubt(&publisher->feed[master]);
        }
}

void publisher_know_all(struct shard *shard)
{
        uint64_t cursor = 0;
        uint64_t id;

        while ((id = acd_list(shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, &cursor,
                              UINT32_MAX)))
                publisher_know(shard, acd_id_split(id).slot);
}

bool publisher_turn(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);
        bool is_more = false;

        if (!publisher->is_on)
                return false;
        redis_home_turn(&publisher->home);
        if (publisher->home_version == 0)
                publisher_know_all(shard);
        settle(shard);
        /* Between two rounds, that is: before the next one. */
        picture_turn(&publisher->picture, shard);
        for (uint32_t i = 0; i < publisher->feed_count; i++)
                is_more |= redis_feed_turn(&publisher->feed[i]);
        return is_more;
}

void publisher_on_socket(struct shard *shard, uint32_t index, bool is_readable, bool is_writable)
{
        struct publisher *publisher = publisher_of(shard);

        if (index < publisher->feed_count)
                redis_link_on_socket(&publisher->feed[index].link, is_readable, is_writable);
        else if (index >= PUBLISHER_TOKEN_HOME && index < PUBLISHER_TOKEN_INBOX)
                redis_home_on_socket(&publisher->home, index - PUBLISHER_TOKEN_HOME, is_readable,
                                     is_writable);
}

/* The earlier of two moments, zero meaning never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
        if (a == 0 || b == 0)
                return a == 0 ? b : a;
        return a < b ? a : b;
}

uint64_t publisher_next_ns(struct shard *shard)
{
        struct publisher *publisher = publisher_of(shard);
        uint64_t next;

        if (!publisher->is_on)
                return 0;
        next = redis_home_next_ns(&publisher->home);
        for (uint32_t i = 0; i < publisher->feed_count; i++)
                next = earlier(next, redis_feed_next_ns(&publisher->feed[i]));
        return earlier(next, picture_next_ns(&publisher->picture, shard));
}

/* ---- STATUS ---- */

/* The state that an operator should know of first: a stream that is barred, then a master away. */
static void describe(struct shard *shard, struct wire_redis_status *status)
{
        struct publisher *publisher = publisher_of(shard);
        const char *text = publisher->home.text;

        status->state = publisher->home.master_count == 0 ? WIRE_REDIS_CONNECTING
                                                          : WIRE_REDIS_CONNECTED;
        for (uint32_t i = 0; i < publisher->feed_count; i++) {
                const struct redis_feed *feed = &publisher->feed[i];

                if (feed->link.address[0] == '\0')
                        continue;
                if (feed->state != REDIS_FEED_FED || feed->link.text[0] != '\0') {
                        status->state = WIRE_REDIS_CONNECTING;
                        text = feed->link.text;
                }
        }
        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                const struct redis_stream *stream = &publisher->stream[i];

                if (stream->state == REDIS_STREAM_BARRED && stream->tenant.value != 0) {
                        status->state = WIRE_REDIS_REFUSED;
                        text = stream->text;
                        break;
                }
        }
        (void)snprintf(publisher->text, sizeof(publisher->text), "%s", text);
}

void publisher_status(struct shard *shard, struct wire_redis_status *ret_status)
{
        struct publisher *publisher = publisher_of(shard);

        *ret_status = (struct wire_redis_status){ .state = WIRE_REDIS_NONE };
        if (!publisher->is_on)
                return;
        /* Also those that came while Redis was away. */
        publisher_know_all(shard);
        describe(shard, ret_status);
        ret_status->address = wire_text(options_text(shard->options, OPTION_REDIS));
        if (publisher->last_sequence != 0)
                (void)snprintf(publisher->last_id, sizeof(publisher->last_id), "%llu-%llu",
                               (unsigned long long)publisher->last_epoch,
                               (unsigned long long)publisher->last_sequence);
        ret_status->last_id = wire_text(publisher->last_id);
        for (uint32_t i = 0; i < publisher->stream_count; i++)
                if (publisher->stream[i].tenant.value != 0)
                        ret_status->lag_events +=
                                redis_stream_lag(shard, &publisher->stream[i]);
        ret_status->text = wire_text(publisher->text);
        ret_status->published = publisher->published_count;
}

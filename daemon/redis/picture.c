/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures: when they are taken, and when they leave.
 *
 * One at a time, because one may be large. A resync has precedence: a stream waits for it.
 */

#include "daemon/redis/picture.h"

#include "daemon/redis/feed_answer.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, COMMAND_SIZE = 128 };

void picture_init(struct picture *picture, uint8_t *memory, size_t memory_size)
{
        *picture = (struct picture){ .memory = memory, .memory_size = memory_size };
}

void picture_drop(struct picture *picture)
{
        picture->tenant = (acd_tenant_id){ 0 };
}

void picture_rouse(struct picture *picture)
{
        picture->seen = UINT64_MAX;
}

/* The shard's real time stands still for a turn. */
static uint64_t read_real(const struct shard *shard)
{
        return shard->world.clock->boot_ns(shard->world.clock->self);
}

/* Take one of @stream's tenant; of the moment between two batches only. */
static bool take(struct picture *picture, struct shard *shard, struct redis_stream *stream,
                 const struct tenant_state_resync *resync)
{
        struct wire_mark mark[REDIS_MARK_COUNT];
        struct tenant_state_marks marks = { mark, redis_marks_copy(&stream->marks, mark) };
        uint64_t begin = read_real(shard);
        bool is_taken;

        if (shard->commit.has_content)
                return false;
        if (resync == NULL) {
                is_taken = tenant_state_write(shard, stream->tenant, &marks, picture->memory,
                                       picture->memory_size, &picture->written);
        } else {
                struct tenant_state_resync whole = *resync;

                whole.marks = marks;
                is_taken = tenant_state_write_resync(shard, stream->tenant, &whole, picture->memory,
                                              picture->memory_size, &picture->written);
        }
        stream->picture_real = clock_real(&shard->clock) + (uint64_t)PICTURE_PAUSE_MS * NS_PER_MS;
        picture->next_real =
                clock_real(&shard->clock) + (read_real(shard) - begin) * PICTURE_SHARE;
        /* Of a tenant that the last step removed there is none either; its name is still there. */
        if (!is_taken && resync != NULL)
                redis_stream_bar(shard, stream, "the tenant's state is too large for Redis; lower "
                                                "the limits of agents and queues");
        if (!is_taken)
                return false;
        picture->tenant = stream->tenant;
        return true;
}

bool picture_resync(struct picture *picture, struct shard *shard, struct redis_stream *stream,
                    uint64_t next_sequence, struct acd_bytes *ret_bytes)
{
        const struct tenant_state_resync resync = {
                .reason = stream->resync == REDIS_RESYNC_NEW_HISTORY ? WIRE_RESYNC_NEW_HISTORY
                                                                     : WIRE_RESYNC_EVENTS_GONE,
                .next_sequence = next_sequence,
        };

        if (picture->tenant.value != stream->tenant.value ||
            picture->resync != stream->resync || picture->next_sequence != next_sequence) {
                /* Of two feeds each would take the other's, and none would ever leave. */
                if (picture->tenant.value != 0 && picture->resync != REDIS_RESYNC_NONE &&
                    picture->tenant.value != stream->tenant.value &&
                    picture->written.tag > shard->commit.durable)
                        return false;
                picture_drop(picture);
                if (!take(picture, shard, stream, &resync))
                        return false;
                picture->resync = stream->resync;
                picture->next_sequence = next_sequence;
        }
        if (picture->written.tag > shard->commit.durable)
                return false;
        *ret_bytes = picture->written.bytes;
        return true;
}

static struct redis_stream *stream_of(const struct picture *picture, struct shard *shard)
{
        return &shard->publisher.stream[acd_id_split(picture->tenant.value).slot];
}

/* A feed that could send the state of @stream, or NULL. */
static struct redis_feed *feed_of(struct shard *shard, const struct redis_stream *stream)
{
        struct publisher *publisher = &shard->publisher;
        struct redis_feed *feed;

        if (stream->state != REDIS_STREAM_SOUND || stream->master >= publisher->feed_count ||
            redis_stream_name(shard, stream).size == 0)
                return NULL;
        feed = &publisher->feed[stream->master];
        return feed->state == REDIS_FEED_FED && !feed->is_doubtful ? feed : NULL;
}

/* Is a state of @stream to be sent, now or later? Not while its readers are about to get one. */
static bool is_wanted(struct shard *shard, const struct redis_stream *stream)
{
        return stream->tenant.value != 0 &&
               tenants_last_sequence(&shard->tenants, stream->tenant) > stream->picture_sequence &&
               feed_of(shard, stream) != NULL &&
               (stream->resync == REDIS_RESYNC_NONE || redis_stream_lag(shard, stream) == 0);
}

static void send(struct picture *picture, struct shard *shard)
{
        struct redis_stream *stream = stream_of(picture, shard);
        struct redis_feed *feed = feed_of(shard, stream);
        char key[REDIS_STREAM_KEY_SIZE];
        struct acd_bytes command[3] = { redis_text("SET") };
        size_t space;

        if (stream->tenant.value != picture->tenant.value || feed == NULL) {
                picture_drop(picture);
                return;
        }
        /* One at a time, and with it a round: there is room for both. */
        if (feed->is_setting || redis_link_room(&feed->link, &space) < 2 ||
            space < picture->written.bytes.size + REDIS_STREAM_KEY_SIZE + COMMAND_SIZE)
                return;
        redis_stream_key(key, redis_stream_name(shard, stream), "state");
        command[1] = redis_text(key);
        command[2] = picture->written.bytes;
        /* In a slot that moves: when it has moved. */
        if (!stream->is_redirected &&
            redis_link_send(&feed->link, command, 3, REDIS_TAG_STATE |
                            acd_id_split(picture->tenant.value).slot)) {
                feed->is_setting = true;
                stream->picture_sequence = picture->written.sequence;
                shard->metrics.redis_states_total++;
        }
        picture_drop(picture);
}

/* The next one that is due, or NULL; then it is known when one will be. */
static struct redis_stream *find_due(struct picture *picture, struct shard *shard)
{
        struct publisher *publisher = &shard->publisher;
        uint64_t now = clock_real(&shard->clock);

        picture->wanted_real = 0;
        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                struct redis_stream *stream =
                        &publisher->stream[picture->slot++ % publisher->stream_count];

                if (!is_wanted(shard, stream))
                        continue;
                if (stream->picture_real <= now)
                        return stream;
                if (picture->wanted_real == 0 || stream->picture_real < picture->wanted_real)
                        picture->wanted_real = stream->picture_real;
        }
        picture->seen = event_log_end(shard->event_log);
        picture->next_real = now + (uint64_t)PICTURE_LOOK_MS * NS_PER_MS;
        return NULL;
}

/* Go on with the one that is held. A resync is its feed's; but it may not want it any more. */
static void go_on(struct picture *picture, struct shard *shard)
{
        const struct redis_stream *stream = stream_of(picture, shard);

        if (picture->resync == REDIS_RESYNC_NONE) {
                if (picture->written.tag <= shard->commit.durable)
                        send(picture, shard);
        } else if (stream->tenant.value != picture->tenant.value ||
                   stream->resync != picture->resync || feed_of(shard, stream) == NULL) {
                picture_drop(picture);
        }
}

void picture_turn(struct picture *picture, struct shard *shard)
{
        struct redis_stream *stream;

        if (picture->tenant.value != 0) {
                go_on(picture, shard);
                return;
        }
        if (shard->commit.has_content || clock_real(&shard->clock) < picture->next_real)
                return;
        stream = find_due(picture, shard);
        if (stream == NULL || !take(picture, shard, stream, NULL))
                return;
        picture->resync = REDIS_RESYNC_NONE;
        go_on(picture, shard);
}

uint64_t picture_next_ns(const struct picture *picture, struct shard *shard)
{
        /* What is held waits for the disk, for Redis or for its feed, and each of them wakes us;
         * so does the batch that is not sealed. */
        if (picture->tenant.value != 0 || shard->commit.has_content)
                return 0;
        if (picture->seen != event_log_end(shard->event_log))
                return picture->next_real == 0 ? 1 : picture->next_real;
        return picture->wanted_real != 0 && picture->wanted_real < picture->next_real
                       ? picture->next_real
                       : picture->wanted_real;
}

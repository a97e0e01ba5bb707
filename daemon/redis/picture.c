/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures: when they are taken, and when they leave.
 *
 * One at a time, because one may be large. A resync has precedence: a stream waits for it.
 */

#include "daemon/redis/picture.h"

#include "daemon/redis/feed_answer.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000 };

void picture_init(struct picture *picture, uint8_t *memory, size_t memory_size)
{
        *picture = (struct picture){ .memory = memory, .memory_size = memory_size };
}

static void drop(struct picture *picture)
{
        picture->tenant = (acd_tenant_id){ 0 };
}

/* Take one of @stream's tenant; of the moment between two batches only. */
static bool take(struct picture *picture, struct shard *shard, struct redis_stream *stream,
                 const struct tenant_state_resync *resync)
{
        struct wire_mark mark[REDIS_MARK_COUNT];
        struct tenant_state_marks marks = { mark, redis_marks_copy(&stream->marks, mark) };
        uint64_t begin = clock_real(&shard->clock);
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
        picture->next_real = clock_real(&shard->clock) +
                             (clock_real(&shard->clock) - begin) * PICTURE_SHARE;
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
                drop(picture);
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

/* A feed that could send the state of @stream, or NULL. */
static struct redis_feed *feed_of(struct shard *shard, const struct redis_stream *stream)
{
        struct publisher *publisher = &shard->publisher;
        struct redis_feed *feed;

        if (stream->state != REDIS_STREAM_SOUND || stream->master >= publisher->feed_count ||
            redis_stream_name(shard, stream).size == 0)
                return NULL;
        feed = &publisher->feed[stream->master];
        return feed->state == REDIS_FEED_FED ? feed : NULL;
}

static bool is_due(struct shard *shard, const struct redis_stream *stream)
{
        return stream->tenant.value != 0 && feed_of(shard, stream) != NULL &&
               stream->resync == REDIS_RESYNC_NONE &&
               clock_real(&shard->clock) >= stream->picture_real &&
               tenants_last_sequence(&shard->tenants, stream->tenant) > stream->picture_sequence;
}

static void send(struct picture *picture, struct shard *shard)
{
        struct redis_stream *stream =
                &shard->publisher.stream[acd_id_split(picture->tenant.value).slot];
        struct redis_feed *feed = feed_of(shard, stream);
        char key[REDIS_STREAM_KEY_SIZE];
        struct acd_bytes command[3] = { redis_text("SET") };
        size_t space;

        if (stream->tenant.value != picture->tenant.value || feed == NULL) {
                drop(picture);
                return;
        }
        redis_stream_key(key, redis_stream_name(shard, stream), "state");
        command[1] = redis_text(key);
        command[2] = picture->written.bytes;
        /* A round that is on its way may leave no room: later. In a slot that moves: when it has
         * moved. */
        if (feed->exec_count > 0 || redis_link_room(&feed->link, &space) < 2)
                return;
        if (!stream->is_redirected &&
            redis_link_send(&feed->link, command, 3, REDIS_TAG_STATE |
                            acd_id_split(picture->tenant.value).slot)) {
                stream->picture_sequence = picture->written.sequence;
                shard->metrics.redis_states_total++;
        }
        drop(picture);
}

void picture_turn(struct picture *picture, struct shard *shard)
{
        struct publisher *publisher = &shard->publisher;

        if (picture->tenant.value != 0) {
                if (picture->resync == REDIS_RESYNC_NONE &&
                    picture->written.tag <= shard->commit.durable)
                        send(picture, shard);
                return;
        }
        if (shard->commit.has_content || clock_real(&shard->clock) < picture->next_real)
                return;
        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                struct redis_stream *stream =
                        &publisher->stream[picture->slot++ % publisher->stream_count];

                if (!is_due(shard, stream))
                        continue;
                if (take(picture, shard, stream, NULL)) {
                        picture->resync = REDIS_RESYNC_NONE;
                        if (picture->written.tag <= shard->commit.durable)
                                send(picture, shard);
                }
                return;
        }
}

uint64_t picture_next_ns(const struct picture *picture, struct shard *shard)
{
        struct publisher *publisher = &shard->publisher;
        uint64_t next = 0;

        /* One that is held waits for its batch. */
        if (picture->tenant.value != 0 && picture->written.tag > shard->commit.durable)
                return 0;
        for (uint32_t i = 0; i < publisher->stream_count; i++) {
                const struct redis_stream *stream = &publisher->stream[i];

                const struct redis_feed *feed = feed_of(shard, stream);

                /* While a round is out, its answers are what wakes. */
                if (stream->tenant.value == 0 || feed == NULL || feed->exec_count > 0 ||
                    stream->resync != REDIS_RESYNC_NONE ||
                    tenants_last_sequence(&shard->tenants, stream->tenant) <=
                            stream->picture_sequence)
                        continue;
                if (next == 0 || stream->picture_real < next)
                        next = stream->picture_real;
        }
        return next != 0 && next < picture->next_real ? picture->next_real : next;
}

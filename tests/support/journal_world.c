/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The owner of a journal, for tests. See journal_world.h.
 *
 * The body of record L of run R is L, R and random bytes of generator (L, R); the
 * payload comes from the same generator, and is sometimes all zero, sometimes
 * empty. So a record that is read back can be checked without having been kept.
 *
 * An event entry holds its batch's first lsn, record count and digest: what a
 * replay writes again must be the same.
 */

#include "tests/support/journal_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/hash64.h"

enum {
        BODY_HEAD_SIZE = 12,
        BODY_EXTRA_MAX = 100,
        PAYLOAD_MAX_DEFAULT = 900,
        CURSOR_MEMORY_SIZE = EVENT_CURSOR_MEMORY_MIN,
        EVENT_SIZE = 20,
        TENANT = 3,
};

/* Bytes of record @lsn as @run writes it. */
struct world_contents {
        uint8_t body[BODY_HEAD_SIZE + BODY_EXTRA_MAX];
        uint8_t payload[JOURNAL_PAYLOAD_SIZE_MAX];
        uint32_t body_size;
        uint32_t payload_size;
};

static void *allocated(size_t size)
{
        void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

        ACD_ASSERT(memory != NULL);
        return memory;
}

void world_init(struct world *world, const struct journal_io *io,
                const struct journal_options *options, uint64_t seed, uint64_t lsn_max)
{
        memset(world, 0, sizeof(*world));
        world->io = io;
        world->options = *options;
        world->options.io = io;
        if (world->options.segment_size == 0)
                world->options.segment_size = 16384;
        if (world->options.batch_size_max == 0)
                world->options.batch_size_max = 4096;
        if (world->options.segment_count_max == 0)
                world->options.segment_count_max = 512;
        world->options.secret = seed ^ 0x5ec7e7;
        world->options.made_wall_ns = 1700000000000000000;
        world->event_options = (struct event_log_options){
                .segment_size = 4096,
                .segment_count_max = 512,
                .index_count_max = 64,
                .retention_size = UINT64_C(1) << 40,
        };

        world->payload_size_max = PAYLOAD_MAX_DEFAULT;
        world->lsn_max = lsn_max;
        world->records = calloc(lsn_max + 2, sizeof(*world->records));
        world->batches = calloc(lsn_max + 2, sizeof(*world->batches));
        ACD_ASSERT(world->records != NULL && world->batches != NULL);
        world->journal_memory = allocated(journal_size(&world->options));
        world->reader_memory = allocated(journal_reader_size());
        world->event_memory = allocated(event_log_size(&world->event_options));
        world->cursor_memory = allocated(CURSOR_MEMORY_SIZE);
        world->scratch = allocated(sizeof(*world->scratch));
        acd_prng_init(&world->prng, seed);
}

void world_free(struct world *world)
{
        world_drop(world);
        free(world->records);
        free(world->batches);
        free(world->journal_memory);
        free(world->reader_memory);
        free(world->event_memory);
        free(world->cursor_memory);
        free(world->scratch);
}

static void fill(struct acd_prng *prng, uint8_t *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)acd_prng_next(prng);
}

static void make_contents(const struct world *world, uint64_t lsn, uint32_t run,
                          struct world_contents *ret)
{
        struct acd_prng prng;

        acd_prng_init(&prng, lsn << 20 ^ run);
        ret->body_size = BODY_HEAD_SIZE + (uint32_t)acd_prng_below(&prng, BODY_EXTRA_MAX + 1);
        acd_put_u64(ret->body, lsn);
        acd_put_u32(ret->body + 8, run);
        fill(&prng, ret->body + BODY_HEAD_SIZE, ret->body_size - BODY_HEAD_SIZE);

        ret->payload_size = 0;
        if (acd_prng_chance(&prng, 3, 4))
                ret->payload_size =
                        (uint32_t)acd_prng_below(&prng, (uint64_t)world->payload_size_max + 1);
        if (acd_prng_chance(&prng, 1, 8))
                memset(ret->payload, 0, ret->payload_size);
        else
                fill(&prng, ret->payload, ret->payload_size);
}

static uint64_t digest_after(uint64_t digest, const uint8_t *body, size_t size)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, digest);
        for (size_t i = 0; i < size; i++)
                acd_hash64_add_u64(&hash, body[i]);
        return hash.state;
}

/* ---- recovery ---- */

static uint64_t event_span(void)
{
        return event_log_entry_span(EVENT_SIZE);
}

/* The same bytes whether the batch is new or replayed. */
static int append_event(struct world *world, uint64_t first_lsn, uint32_t record_count,
                        uint64_t digest, uint64_t now_ns)
{
        uint8_t bytes[EVENT_SIZE];
        struct event_tag tag = {
                .tenant = TENANT,
                .epoch = 1,
                .first_sequence = first_lsn,
                .last_sequence = first_lsn + record_count - 1,
        };

        acd_put_u64(bytes, first_lsn);
        acd_put_u32(bytes + 8, record_count);
        acd_put_u64(bytes + 12, digest);
        return event_log_append(world->events, &tag, now_ns, bytes, sizeof(bytes));
}

static bool is_same(struct journal_bytes bytes, const uint8_t *at, size_t size)
{
        return bytes.size == size && memcmp(bytes.at, at, size) == 0;
}

bool world_is_record(struct world *world, const struct journal_record *record)
{
        const struct world_record *expected = &world->records[record->lsn];
        struct world_contents *contents = world->scratch;

        make_contents(world, record->lsn, expected->run, contents);
        if (!is_same((struct journal_bytes){ record->body, record->body_size }, contents->body,
                     contents->body_size))
                return false;
        if (record->is_erased)
                return expected->is_erased && record->payload_size == contents->payload_size;

        return is_same((struct journal_bytes){ record->payload, record->payload_size },
                       contents->payload, contents->payload_size);
}

static int on_batch(void *self, const struct journal_batch *batch)
{
        struct world *world = self;
        struct journal_record_cursor cursor = journal_record_first(batch);
        const struct world_batch *expected = &world->batches[batch->first_lsn];
        struct journal_record record;
        int r;

        ACD_ASSERT(batch->first_lsn + batch->record_count - 1 <= world->written_lsn);
        ACD_ASSERT(batch->record_count == expected->record_count);
        ACD_ASSERT(batch->now_ns == expected->now_ns);
        while (journal_record_next(&cursor, &record)) {
                ACD_ASSERT(world_is_record(world, &record));
                world->digest = digest_after(world->digest, record.body, record.body_size);
        }
        ACD_ASSERT(batch->digest == world->digest);

        r = append_event(world, batch->first_lsn, batch->record_count, batch->digest,
                         batch->now_ns);
        if (r < 0) {
                world->error = *event_log_failure(world->events);
                return r;
        }
        world->event_position = event_log_position(world->events);
        world->now_ns = batch->now_ns;
        ACD_ASSERT(world->event_position == batch->event_position);
        return 0;
}

/* The newest snapshot, whose contents are the model's digest, and where it ends. */
static int restore(struct world *world, uint64_t *ret_lsn)
{
        struct snapshot_reader *reader = allocated(sizeof(*reader));
        uint8_t bytes[8];
        int64_t size;
        int r;

        *ret_lsn = 0;
        world->digest = 0;
        world->event_position = 0;
        world->now_ns = 0;
        r = snapshot_open(reader, journal_directory(world->journal), UINT64_MAX, NULL, NULL,
                          &world->error);
        if (r == 0) {
                size = snapshot_read(reader, bytes, sizeof(bytes));
                if (size == sizeof(bytes)) {
                        *ret_lsn = reader->head.lsn;
                        world->digest = acd_get_u64(bytes);
                        world->event_position = reader->head.event_position;
                        world->now_ns = reader->head.now_ns;
                        ACD_ASSERT(world->digest == reader->head.digest);
                } else {
                        world->error = reader->error;
                        r = size < 0 ? (int)size : -EBADMSG;
                }
                snapshot_close(reader);
        }
        free(reader);
        return r == -ENOENT ? 0 : r;
}

static int open_all(struct world *world)
{
        struct journal_replay_sink sink = { .on_batch = on_batch, .self = world };
        uint64_t snapshot_lsn;
        int r;

        r = journal_open(world->journal_memory, &world->options, WORLD_PATH, &world->journal,
                         &world->error);
        if (r < 0)
                return r;
        r = restore(world, &snapshot_lsn);
        if (r < 0)
                return r;
        ACD_ASSERT(snapshot_lsn <= journal_found(world->journal)->last_lsn);

        r = event_log_open(world->event_memory, &world->event_options,
                           journal_directory(world->journal), &world->events, &world->error);
        if (r < 0)
                return r;
        r = event_log_cut(world->events, world->event_position, &world->error);
        if (r < 0)
                return r;
        return journal_replay(world->journal, world->reader_memory, snapshot_lsn + 1, &sink,
                              &world->error);
}

int world_open(struct world *world)
{
        const struct journal_found *found;
        int r;

        r = open_all(world);
        if (r < 0) {
                world_drop(world);
                return r;
        }

        /* What was promised is there, and nothing that was never written. */
        found = journal_found(world->journal);
        ACD_ASSERT(found->last_lsn >= world->promised_lsn);
        ACD_ASSERT(found->last_lsn <= world->written_lsn);
        return 0;
}

int world_start(struct world *world)
{
        uint64_t last_lsn = journal_last_lsn(world->journal);
        int r;

        world->run++;
        r = journal_start(world->journal, world->run, 1, &world->error);
        if (r < 0) {
                world_drop(world);
                return r;
        }

        /* What was found is durable now: it has been read and must not go away. */
        world->promised_lsn = last_lsn;
        world->written_lsn = last_lsn;
        world->in_flight_lsn = 0;
        ACD_ASSERT(journal_epoch(world->journal) > world->epoch);
        world->epoch = journal_epoch(world->journal);
        return 0;
}

int world_recover(struct world *world)
{
        int r = world_open(world);

        return r < 0 ? r : world_start(world);
}

/* ---- a run ---- */

/* Acknowledge what the journal says may be acknowledged. With a policy that syncs
 * later, only what is synced is promised to survive a loss of power. */
static void promise(struct world *world)
{
        world->promised_lsn = journal_synced_lsn(world->journal);
}

static int flush_events(struct world *world)
{
        int r = event_log_flush(world->events);

        if (r < 0)
                world->error = *event_log_failure(world->events);
        return r;
}

int world_settle(struct world *world)
{
        int r;

        if (world->in_flight_lsn == 0)
                return 0;

        do {
                r = journal_work(world->journal);
                if (r < 0)
                        break;
                r = journal_poll(world->journal);
        } while (r == 0);
        if (r < 0) {
                world->error = *journal_failure(world->journal);
                return r;
        }

        ACD_ASSERT(journal_committed_lsn(world->journal) == world->in_flight_lsn);
        world->in_flight_lsn = 0;
        promise(world);
        return flush_events(world);
}

/* Append records until the batch is full or has @record_count. */
static int append_records(struct world *world, uint32_t record_count)
{
        struct world_contents *contents = world->scratch;

        while (journal_pending_count(world->journal) < record_count) {
                uint64_t lsn = journal_last_lsn(world->journal) + 1;
                struct journal_bytes body, payload;
                enum journal_room room;

                ACD_ASSERT(lsn <= world->lsn_max);
                make_contents(world, lsn, world->run, contents);
                room = journal_reserve(world->journal, contents->body_size, contents->payload_size);
                if (room == JOURNAL_ROOM_DISK_FULL)
                        return -EAGAIN;
                if (room != JOURNAL_ROOM)
                        return 0;
                body = (struct journal_bytes){ contents->body, contents->body_size };
                payload = (struct journal_bytes){ contents->payload, contents->payload_size };
                ACD_ASSERT(journal_append(world->journal, body, payload) == lsn);
                world->records[lsn] = (struct world_record){ .run = world->run };
                world->digest = digest_after(world->digest, contents->body, contents->body_size);
        }
        return 0;
}

int world_turn(struct world *world, uint32_t record_count, enum journal_commit_how how)
{
        struct journal_stamp stamp;
        struct world_batch batch;
        uint64_t first_lsn, last_lsn;
        int r;

        r = append_records(world, record_count);
        if (r < 0)
                return r;
        r = world_settle(world);
        if (r < 0)
                return r;

        batch.record_count = journal_pending_count(world->journal);
        last_lsn = journal_last_lsn(world->journal);
        first_lsn = last_lsn - batch.record_count + 1;
        world->now_ns += 1000 + acd_prng_below(&world->prng, 1000000);
        world->event_position += event_span();
        batch.now_ns = world->now_ns;
        batch.digest = world->digest;
        batch.event_position = world->event_position;
        world->batches[first_lsn] = batch;
        world->written_lsn = last_lsn;
        r = append_event(world, first_lsn, batch.record_count, batch.digest, batch.now_ns);
        if (r < 0) {
                world->error = *event_log_failure(world->events);
                return r;
        }

        stamp = (struct journal_stamp){
                .now_ns = batch.now_ns,
                .digest = batch.digest,
                .event_position = batch.event_position,
        };
        r = journal_commit(world->journal, &stamp, how);
        if (r < 0) {
                world->error = *journal_failure(world->journal);
                return r;
        }
        if (how == JOURNAL_COMMIT_HANDED) {
                world->in_flight_lsn = last_lsn;
                return 0;
        }
        promise(world);
        return flush_events(world);
}

static int write_snapshot(struct world *world, struct snapshot_writer *writer)
{
        struct snapshot_head head = {
                .lsn = journal_committed_lsn(world->journal),
                .now_ns = world->now_ns,
                .digest = world->digest,
                .event_position = world->event_position,
                .epoch = world->epoch,
        };
        uint8_t bytes[8];
        int r;

        r = snapshot_begin(writer, journal_directory(world->journal), &head, &world->error);
        if (r < 0)
                return r;
        acd_put_u64(bytes, world->digest);
        r = snapshot_write(writer, bytes, sizeof(bytes));
        if (r < 0) {
                world->error = writer->error;
                snapshot_abandon(writer);
                return r;
        }
        return snapshot_finish(writer, &world->error);
}

int world_snapshot(struct world *world)
{
        struct snapshot_writer *writer;
        uint64_t floor_lsn;
        int r;

        r = world_settle(world);
        if (r < 0)
                return r;
        ACD_ASSERT(journal_pending_count(world->journal) == 0);
        if (journal_committed_lsn(world->journal) == 0)
                return 0;

        r = journal_sync(world->journal, world->now_ns);
        if (r < 0) {
                world->error = *journal_failure(world->journal);
                return r;
        }
        promise(world);
        r = event_log_sync(world->events, &world->error);
        if (r < 0)
                return r;

        writer = allocated(sizeof(*writer));
        r = write_snapshot(world, writer);
        free(writer);
        if (r < 0)
                return r;

        world->snapshot_count++;
        floor_lsn = acd_prng_chance(&world->prng, 1, 4) ? world->promised_lsn / 2 : UINT64_MAX;
        return journal_truncate(world->journal, floor_lsn, &world->error);
}

int world_erase(struct world *world)
{
        uint64_t lsn;
        int r;

        if (world->promised_lsn == 0 || world->in_flight_lsn != 0)
                return 0;

        lsn = 1 + acd_prng_below(&world->prng, world->promised_lsn);
        /* From the attempt on, both are right. */
        world->records[lsn].is_erased = true;
        r = journal_erase_payload(world->journal, lsn, &world->error);
        return r == -EAGAIN || r == -ENOENT ? 0 : r;
}

void world_check_events(struct world *world)
{
        struct event_cursor cursor;
        struct event_entry entry;
        uint64_t position = event_log_first(world->events);
        int r;

        event_cursor_init(&cursor, world->events, position, world->cursor_memory,
                          CURSOR_MEMORY_SIZE);
        for (;;) {
                const struct world_batch *batch;
                uint64_t first_lsn;

                r = event_cursor_next(&cursor, &entry, &world->error);
                ACD_ASSERT(r >= 0);
                if (r == 0)
                        break;
                ACD_ASSERT(entry.position == position);
                ACD_ASSERT(entry.size == EVENT_SIZE);
                first_lsn = acd_get_u64(entry.bytes);
                ACD_ASSERT(first_lsn <= world->written_lsn);
                batch = &world->batches[first_lsn];
                ACD_ASSERT(acd_get_u32(entry.bytes + 8) == batch->record_count);
                ACD_ASSERT(acd_get_u64(entry.bytes + 12) == batch->digest);
                ACD_ASSERT(entry.next_position == batch->event_position);
                ACD_ASSERT(entry.now_ns == batch->now_ns);
                ACD_ASSERT(entry.tag.tenant == TENANT);
                ACD_ASSERT(entry.tag.first_sequence == first_lsn);
                position = entry.next_position;
        }
        event_cursor_fini(&cursor);
        ACD_ASSERT(position == event_log_end(world->events));
}

int world_stop(struct world *world)
{
        int r;

        r = world_settle(world);
        if (r == 0) {
                r = journal_stop(world->journal);
                if (r < 0)
                        world->error = *journal_failure(world->journal);
                else
                        promise(world);
        }
        world_drop(world);
        return r;
}

void world_drop(struct world *world)
{
        event_log_close(world->events);
        journal_close(world->journal);
        world->events = NULL;
        world->journal = NULL;
}

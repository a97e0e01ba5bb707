/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The oracle: what was told, kept by number, and the promises.
 *
 * Events are kept in an array by their number. Bytes that come again, from another
 * connection, after a crash, from Redis, are compared by a hash of the event's bytes.
 * The judgement over the whole story is in judge.c.
 */

#include "tests/sim/oracle_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash64.h"
#include "tests/sim/redis.h"
#include "wire/events.h"

struct sim_oracle *oracle_new(struct sim *sim)
{
        struct sim_oracle *oracle = calloc(1, sizeof(*oracle));

        ACD_ASSERT(oracle != NULL);
        oracle->sim = sim;
        return oracle;
}

void oracle_free(struct sim_oracle *oracle)
{
        free(oracle->event);
        free(oracle->promise);
        free(oracle);
}

void oracle_started(struct sim_oracle *oracle)
{
        (void)oracle;
}

/* Events */

static struct oracle_event *event_at(struct sim_oracle *oracle, uint64_t sequence)
{
        if (sequence > ORACLE_EVENT_MAX)
                sim_fail(oracle->sim, "more events than the simulation expects");
        if (sequence >= oracle->event_capacity) {
                uint64_t capacity = (sequence + 1) * 2;

                oracle->event = realloc(oracle->event, capacity * sizeof(*oracle->event));
                ACD_ASSERT(oracle->event != NULL);
                memset(oracle->event + oracle->event_capacity, 0,
                       (capacity - oracle->event_capacity) * sizeof(*oracle->event));
                oracle->event_capacity = capacity;
        }
        return &oracle->event[sequence];
}

static void add_text(struct acd_hash64 *hash, struct acd_text text)
{
        acd_hash64_add_bytes(hash, text.at, text.size);
}

/* A hash of everything that the event says. */
static uint64_t hash_of(const struct wire_event *event)
{
        struct acd_hash64 hash;
        const uint64_t numbers[] = {
                event->sequence,    event->kind,       event->time_ns,      event->reason,
                event->state,       event->band,       event->contact,      event->agent_id,
                event->queue_id,    event->assignment, event->gateway_id,   event->deadline_ns,
                event->since_ns,    event->value,      event->count,        event->object,
                event->tier,        event->channel_id,
        };

        acd_hash64_init(&hash, 1);
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
                acd_hash64_add_u64(&hash, numbers[i]);
        add_text(&hash, event->label);
        add_text(&hash, event->queue);
        add_text(&hash, event->agent);
        add_text(&hash, event->channel);
        add_text(&hash, event->gateway);
        add_text(&hash, event->client_key);
        add_text(&hash, event->name);
        return acd_hash64_value(&hash);
}

static void keep(struct sim_oracle *oracle, const struct wire_event *event)
{
        struct oracle_event *kept = event_at(oracle, event->sequence);
        uint64_t hash = hash_of(event);
        size_t size = event->client_key.size;

        if (kept->hash != 0) {
                if (kept->hash != hash)
                        sim_fail(oracle->sim, "event %llu is another than before",
                                 (unsigned long long)event->sequence);
                return;
        }
        kept->hash = hash;
        kept->kind = (uint16_t)event->kind;
        kept->reason = (uint16_t)event->reason;
        kept->band = (uint8_t)event->band;
        kept->state = (uint8_t)event->state;
        kept->time = event->time_ns;
        kept->contact = event->contact;
        kept->agent = event->agent_id;
        kept->assignment = event->assignment;
        kept->gateway = event->gateway_id;
        kept->value = event->value;
        ACD_ASSERT(size < sizeof(kept->key));
        if (size > 0)
                memcpy(kept->key, event->client_key.at, size);
        kept->key[size] = 0;
        oracle->event_count++;
        if (event->sequence > oracle->last_sequence)
                oracle->last_sequence = event->sequence;
}

void oracle_batch(struct sim_oracle *oracle, struct acd_bytes batch, uint64_t *ret_first,
                  uint64_t *ret_last)
{
        struct wire_batch_reader reader;
        struct wire_event event;
        uint64_t expected;
        int r;

        if (!wire_batch_open(&reader, batch))
                sim_fail(oracle->sim, "a batch of events that is none");
        *ret_first = reader.head.first_sequence;
        *ret_last = reader.head.last_sequence;
        expected = reader.head.first_sequence;
        while ((r = wire_batch_next(&reader, &event)) == 1) {
                if (event.sequence != expected++)
                        sim_fail(oracle->sim, "a gap inside a batch at event %llu",
                                 (unsigned long long)event.sequence);
                keep(oracle, &event);
        }
        if (r < 0 || expected != reader.head.last_sequence + 1)
                sim_fail(oracle->sim, "a batch of events that is damaged");
}

void oracle_last_sequence(struct sim_oracle *oracle, uint64_t sequence)
{
        if (sequence > oracle->told_sequence)
                oracle->told_sequence = sequence;
}

/* Promises */

static void promise(struct sim_oracle *oracle, enum oracle_promise_kind kind, uint64_t id,
                    uint64_t other, const char *key)
{
        struct oracle_promise *made;

        if (oracle->promise_count == oracle->promise_capacity) {
                oracle->promise_capacity = oracle->promise_capacity * 2 + 256;
                oracle->promise = realloc(oracle->promise,
                                          oracle->promise_capacity * sizeof(*oracle->promise));
                ACD_ASSERT(oracle->promise != NULL);
        }
        made = &oracle->promise[oracle->promise_count++];
        *made = (struct oracle_promise){ .kind = kind, .id = id, .other = other };
        if (key != NULL) {
                ACD_ASSERT(strlen(key) < sizeof(made->key));
                memcpy(made->key, key, strlen(key) + 1);
        }
}

void oracle_submitted(struct sim_oracle *oracle, const char *key, uint64_t contact)
{
        promise(oracle, ORACLE_SUBMITTED, contact, 0, key);
}

void oracle_accepted(struct sim_oracle *oracle, uint64_t assignment, uint64_t agent)
{
        promise(oracle, ORACLE_ACCEPTED, assignment, agent, NULL);
}

void oracle_completed(struct sim_oracle *oracle, uint64_t contact)
{
        promise(oracle, ORACLE_COMPLETED, contact, 0, NULL);
}

void oracle_cancelled(struct sim_oracle *oracle, uint64_t contact)
{
        promise(oracle, ORACLE_CANCELLED, contact, 0, NULL);
}

void oracle_shown(struct sim_oracle *oracle, uint64_t assignment, uint64_t contact)
{
        promise(oracle, ORACLE_SHOWN, assignment, contact, NULL);
}

void oracle_gone(struct sim_oracle *oracle, uint64_t contact)
{
        promise(oracle, ORACLE_GONE, contact, 0, NULL);
}

/* From a hole until a resync: a look a second, and Redis may do nothing for half a minute. */
#define HOLE_TOLD_MAX (60 * SIM_SECOND)

static bool is_shop(struct acd_text name)
{
        return name.size == strlen(SIM_SHOP) && memcmp(name.at, SIM_SHOP, name.size) == 0;
}

/* Its last event, 0 when there is no shop. */
static uint64_t last_of_shop(const struct sim_oracle *oracle)
{
        struct shard *shard = oracle->sim->shard;
        uint64_t cursor = 0, id, last = 0;

        while ((id = acd_list(shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, &cursor, 64)))
                if (is_shop(acd_name(shard->acd, ACD_OBJECT_TENANT, id)))
                        last = tenants_last_sequence(&shard->tenants, (acd_tenant_id){ id });
        return last;
}

static bool has_shop(const struct sim_oracle *oracle)
{
        uint64_t last = last_of_shop(oracle);
        uint32_t count;
        const struct redis_entry *entry = redis_entries(oracle->sim->redis, SIM_SHOP, &count);

        return last == 0 || (count > 0 && entry[count - 1].sequence >= last);
}

/* The shop is removed and made anew: then a resync says that numbers were left out. Of a shop that
 * was removed Redis may have lost what nobody adds again. */
static void judge_shop(struct sim_oracle *oracle)
{
        struct wire_batch_reader reader;
        struct wire_event event;
        uint32_t count;
        const struct redis_entry *entry = redis_entries(oracle->sim->redis, SIM_SHOP, &count);
        uint64_t expected = 0, gap = 0;

        for (uint32_t i = 0; i < count; i++) {
                if (entry[i].is_resync) {
                        expected = gap = 0;
                        continue;
                }
                if (!wire_batch_open(&reader,
                                     (struct acd_bytes){ entry[i].bytes, entry[i].size }))
                        sim_fail(oracle->sim, "Redis: no batch in the shop's stream");
                if (expected != 0 && reader.head.first_sequence != expected)
                        gap = expected;
                while (wire_batch_next(&reader, &event) == 1)
                        if (event.kind == ACD_EVENT_CONFIG_REMOVED)
                                gap = 0;
                expected = reader.head.last_sequence + 1;
        }
        if (gap != 0 && last_of_shop(oracle) != 0)
                sim_fail(oracle->sim, "Redis: the shop's event %llu is missing",
                         (unsigned long long)gap);
}

/* Redis has entries without gap or repeat, the same as everybody has. Where it lost newest ones
 * unseen there is a gap, and a resync when the next ones have room for it. Only the process that
 * added behind the gap can know of it: when it is dead by then, even before its bytes came to a
 * Redis that did nothing for a while, the next one finds an id of ours, and nobody says it. */
void oracle_judge_redis(struct sim_oracle *oracle)
{
        bool may_have_holes = redis_has_reloaded(oracle->sim->redis);
        uint32_t count;
        const struct redis_entry *entry = redis_entries(oracle->sim->redis, "bank", &count);
        uint64_t expected = 1, hole_at = 0, hole_writer = 0;

        for (uint32_t i = 0; i < count; i++) {
                uint64_t first, last;

                if (entry[i].is_resync && !may_have_holes)
                        sim_fail(oracle->sim, "Redis: a resync, though the log is whole");
                if (entry[i].is_resync) {
                        hole_at = 0;
                        continue;
                }
                oracle_batch(oracle, (struct acd_bytes){ entry[i].bytes, entry[i].size }, &first,
                             &last);
                if (first < expected || (first > expected && !may_have_holes))
                        sim_fail(oracle->sim, "Redis: event %llu follows on %llu",
                                 (unsigned long long)first, (unsigned long long)(expected - 1));
                if (first > expected)
                        sim_say(oracle->sim, "a hole before event %llu",
                                (unsigned long long)first);
                if (first > expected) {
                        hole_at = oracle->event[first].time;
                        hole_writer = entry[i].writer;
                }
                if (entry[i].writer != hole_writer)
                        hole_at = 0;
                if (hole_at != 0 && first < last &&
                    oracle->event[first].time > hole_at + HOLE_TOLD_MAX)
                        sim_fail(oracle->sim, "Redis: no resync follows the hole before event %llu",
                                 (unsigned long long)expected);
                if (last != entry[i].sequence)
                        sim_fail(oracle->sim, "Redis: the entry %llu-%llu ends with event %llu",
                                 (unsigned long long)entry[i].epoch,
                                 (unsigned long long)entry[i].sequence, (unsigned long long)last);
                expected = last + 1;
        }
        judge_shop(oracle);
}

bool oracle_is_over(const struct sim_oracle *oracle, uint64_t contact)
{
        for (uint64_t i = oracle->last_sequence; i > 0; i--)
                if (oracle->event[i].kind == ACD_EVENT_CONTACT_CLOSED &&
                    oracle->event[i].contact == contact)
                        return true;
        return false;
}

bool oracle_has_all(struct sim_oracle *oracle)
{
        const struct redis_entry *entry;
        uint32_t count;

        if (oracle->told_sequence == 0 || oracle->last_sequence < oracle->told_sequence ||
            oracle->event_count < oracle->last_sequence)
                return false;
        if (!oracle->sim->shape.has_redis)
                return true;
        entry = redis_entries(oracle->sim->redis, "bank", &count);
        return count > 0 && entry[count - 1].sequence >= oracle->told_sequence &&
               oracle->sim->is_up && has_shop(oracle);
}

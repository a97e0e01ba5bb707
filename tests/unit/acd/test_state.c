/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saving, loading, digesting: a restored core and the live one are the same for
 * whatever follows; bytes that are not a state are refused, whatever they are.
 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "unit/acd/fixture.h"

/* A file in memory. */
struct file {
        uint8_t *bytes;
        size_t size, capacity, at;
        size_t fail_at; /* fail the call that would pass this many bytes; 0 = never */
};

static int file_write(void *self, const void *bytes, size_t size)
{
        struct file *file = self;

        if (file->fail_at != 0 && file->size + size > file->fail_at)
                return -28;
        if (file->size + size > file->capacity) {
                file->capacity = (file->size + size) * 2;
                file->bytes = realloc(file->bytes, file->capacity);
                cr_assert_not_null(file->bytes);
        }
        memcpy(file->bytes + file->size, bytes, size);
        file->size += size;
        return 0;
}

static int file_read(void *self, void *bytes, size_t size)
{
        struct file *file = self;

        if (size > file->size - file->at)
                return -5;
        memcpy(bytes, file->bytes + file->at, size);
        file->at += size;
        return 0;
}

static void save(const struct acd *acd, struct file *file)
{
        struct acd_sink sink = { .write = file_write, .self = file };

        memset(file, 0, sizeof(*file));
        cr_assert_eq(acd_save(acd, &sink), 0);
}

static int load(struct acd *acd, struct file *file)
{
        struct acd_source source = { .read = file_read, .self = file };

        file->at = 0;
        return acd_load(acd, &source);
}

/* Two cores get the same commands and say the same, as long as anyone looks. */
static void live_alike(struct fixture *left, struct fixture *right, uint64_t seed,
                       uint32_t step_count)
{
        struct acd_prng left_prng, right_prng;

        acd_prng_init(&left_prng, seed);
        acd_prng_init(&right_prng, seed);
        for (uint32_t i = 0; i < step_count; i++) {
                fixture_random_step(left, &left_prng);
                fixture_random_step(right, &right_prng);
                cr_assert_eq(left->reply.result, right->reply.result);
                cr_assert_eq(left->reply.id, right->reply.id);
                cr_assert_eq(left->effects.count, right->effects.count);
                cr_assert_eq(memcmp(left->effects.item, right->effects.item,
                                    left->effects.count * sizeof(left->effects.item[0])),
                             0);
                cr_assert_eq(acd_next_deadline(left->acd), acd_next_deadline(right->acd));
        }
        cr_assert_eq(acd_digest(left->acd), acd_digest(right->acd));
}

/*
 * Goal    A restored core gives the same ids and events as the live one.
 * Method  Save at random points of random traffic, agenda and timers pending or
 *         not; load into a core of the same and of larger limits; go on with both.
 */
Test(state, restored_and_live_core_go_on_alike)
{
        for (uint64_t seed = 1; seed <= 12; seed++) {
                static struct fixture live, restored;
                struct acd_limits larger = fixture_limits();
                struct acd_prng prng;
                struct file file;

                fixture_init(&live, NULL);
                fixture_random_setup(&live);
                acd_prng_init(&prng, seed);
                for (uint64_t i = 0; i < 100 + seed * 37; i++)
                        fixture_random_step(&live, &prng);
                save(live.acd, &file);
                larger.contact_count_max += (uint32_t)seed % 3 * 1000;
                larger.agent_count_max += (uint32_t)seed % 2 * 10;
                larger.class_count_max += (uint32_t)seed % 2 * 10;
                restored = live;
                restored.acd = fixture_core(&larger);
                cr_assert_eq(load(restored.acd, &file), 0);
                acd_check(restored.acd);
                cr_assert_eq(acd_digest(restored.acd), acd_digest(live.acd));
                live_alike(&live, &restored, seed + 100, 300);
                free(file.bytes);
                fixture_fini(&live);
                fixture_fini(&restored);
        }
}

/* A small state with something of everything. */
static void make_state(struct fixture *fixture, struct file *file)
{
        struct acd_prng prng;
        struct acd_limits limits = fixture_limits();

        limits.contact_count_max = 30;
        limits.agent_count_max = 12;
        limits.job_count_max = 16;
        fixture_init(fixture, &limits);
        fixture->has_histories = true;
        fixture->is_unchecked = true;
        fixture_random_setup(fixture);
        acd_prng_init(&prng, 8);
        for (uint32_t i = 0; i < 1500; i++)
                fixture_random_step(fixture, &prng);
        save(fixture->acd, file);
}

/*
 * Goal    Bytes that end early are refused.
 * Method  Every length from nothing to one byte less than all.
 */
Test(state, truncated_bytes_are_refused)
{
        static struct fixture fixture;
        struct file file;
        size_t size;

        make_state(&fixture, &file);
        size = file.size;
        for (file.size = 0; file.size < size; file.size += file.size < 200 ? 1 : 37) {
                struct acd *acd = fixture_core(&fixture.limits);

                cr_assert_lt(load(acd, &file), 0);
                free(acd);
        }
        free(file.bytes);
        fixture_fini(&fixture);
}

/*
 * Goal    An evil snapshot is refused or harmless: never undefined behaviour, and
 *         what is accepted keeps every invariant, also afterwards.
 * Method  Flip bits all over the stream; what loads is checked and driven on. The
 *         sanitizers watch.
 */
Test(state, flipped_bits_are_refused_or_harmless, .timeout = 300)
{
        static struct fixture fixture;
        struct file file;
        uint32_t refused_count = 0, accepted_count = 0;

        make_state(&fixture, &file);
        for (size_t i = 0; i < file.size; i += 3) {
                static struct fixture other;
                uint8_t bit = (uint8_t)(1u << (i * 5 % 8));
                struct acd_prng prng;

                other = fixture;
                other.acd = fixture_core(&fixture.limits);
                file.bytes[i] ^= bit;
                if (load(other.acd, &file) == 0) {
                        accepted_count++;
                        other.is_unchecked = true;
                        acd_prng_init(&prng, i);
                        for (uint32_t k = 0; k < 20; k++)
                                fixture_random_step(&other, &prng);
                } else {
                        refused_count++;
                }
                file.bytes[i] ^= bit;
                free(other.acd);
        }
        cr_assert_gt(refused_count, accepted_count / 2);
        free(file.bytes);
        fixture_fini(&fixture);
}

/* The sink's error comes back, whenever it happens. */
Test(state, errors_of_sink_and_source_come_back)
{
        static struct fixture fixture;
        struct file file;
        size_t size;

        make_state(&fixture, &file);
        size = file.size;
        for (size_t fail_at = 1; fail_at < size; fail_at += 997) {
                struct file other = { .fail_at = fail_at };
                struct acd_sink sink = { .write = file_write, .self = &other };

                cr_assert_eq(acd_save(fixture.acd, &sink), -28);
                free(other.bytes);
        }
        free(file.bytes);
        fixture_fini(&fixture);
}

/* A state of another shard, or of larger limits, is not for this core. */
Test(state, states_that_do_not_fit_are_refused)
{
        static struct fixture fixture;
        struct acd_limits smaller;
        struct acd *acd;
        struct file file;
        void *memory;

        make_state(&fixture, &file);
        smaller = fixture.limits;
        smaller.lane_count_max--;
        acd = fixture_core(&smaller);
        cr_assert_lt(load(acd, &file), 0);
        free(acd);

        memory = aligned_alloc(64, (acd_size(&fixture.limits) + 63) / 64 * 64);
        memset(memory, 0, acd_size(&fixture.limits));
        cr_assert_lt(load(acd_init(memory, &fixture.limits, 4), &file), 0);
        free(memory);
        free(file.bytes);
        fixture_fini(&fixture);
}

/*
 * Goal    Equal commands give equal states; a refusal changes nothing.
 * Method  The same traffic twice; then commands that are refused.
 */
Test(state, the_digest_follows_the_commands)
{
        static struct fixture left, right;
        uint64_t digest;

        fixture_init(&left, NULL);
        fixture_init(&right, NULL);
        fixture_random_setup(&left);
        fixture_random_setup(&right);
        live_alike(&left, &right, 5, 400);
        digest = acd_digest(left.acd);
        cr_assert_eq(fixture_agent_do(&left, ACD_COMMAND_AGENT_READY, (acd_agent_id){ 77 }),
                     ACD_UNKNOWN);
        cr_assert_eq(acd_digest(left.acd), digest);
        left.now += 5000000000;
        fixture_gateway(&left, "another");
        cr_assert_neq(acd_digest(left.acd), digest);
        fixture_fini(&left);
        fixture_fini(&right);
}

/* Save, load into a core of its own, go on with both: the same. */
static void come_back(struct fixture *live)
{
        static struct fixture restored;
        struct file file;

        save(live->acd, &file);
        restored = *live;
        restored.acd = fixture_core(&live->limits);
        cr_assert_eq(load(restored.acd, &file), 0);
        cr_assert_eq(acd_digest(restored.acd), acd_digest(live->acd));
        fixture_work(&restored);
        fixture_work(live);
        cr_assert_eq(acd_digest(restored.acd), acd_digest(live->acd));
        free(file.bytes);
        fixture_fini(&restored);
}

/* The wall clock may be behind the core's. */
Test(state, a_negative_offset_comes_back)
{
        static const int64_t offsets[] = { -1, 1, -1000000007, INT64_MIN, INT64_MAX, 0 };

        for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
                static struct fixture live;
                struct acd_command command;

                fixture_init(&live, NULL);
                command = fixture_command(&live, ACD_COMMAND_WALL);
                command.wall.offset_ns = offsets[i];
                cr_assert_eq(fixture_step(&live, &command), ACD_OK);
                come_back(&live);
                fixture_fini(&live);
        }
}

/*
 * Goal    Classes that are still to be matched again are saved, and matched after the
 *         load, whoever's change it was: an agent's who logged out, or the queue's.
 * Method  A contact waits for a higher tier; the gate opens; save before the agenda.
 */
Test(state, pending_rematches_come_back)
{
        for (uint32_t round = 0; round < 2; round++) {
                static struct fixture live;
                struct acd_queue_config config = fixture_queue_config("q");
                struct acd_command command;
                acd_agent_id first, second;
                acd_contact_id contact;

                fixture_init(&live, NULL);
                config.tier_wait_ms[1] = 3600000;
                for (uint32_t tier = 2; tier < ACD_TIER_COUNT; tier++)
                        config.tier_wait_ms[tier] = 3600000;
                command = fixture_command(&live, ACD_COMMAND_AGENT_UPSERT);
                command.agent.name[0] = 'b';
                command.agent.tier_count = 1;
                command.agent.tier[0].queue = fixture_queue(&live, &config);
                command.agent.tier[0].tier = 1;
                cr_assert_eq(fixture_step(&live, &command), ACD_OK);
                second.value = live.reply.id;
                first = fixture_agent(&live, "a", (acd_skill_id){ 0 });
                fixture_login(&live, first);
                fixture_login(&live, second);
                fixture_ready(&live, second);
                contact = fixture_submit(&live, command.agent.tier[0].queue,
                                         fixture_channel(&live, "chat"), (acd_gateway_id){ 0 });
                fixture_work(&live);
                cr_assert_eq(fixture_state(&live, contact), ACD_CONTACT_WAITING);
                if (round == 0) {
                        cr_assert_eq(fixture_agent_do(&live, ACD_COMMAND_AGENT_LOGOUT, first),
                                     ACD_OK);
                } else {
                        memset(config.tier_wait_ms, 0, sizeof(config.tier_wait_ms));
                        command = fixture_command(&live, ACD_COMMAND_QUEUE_UPSERT);
                        command.queue = config;
                        cr_assert_eq(fixture_step(&live, &command), ACD_OK);
                }
                cr_assert_eq(fixture_state(&live, contact), ACD_CONTACT_WAITING);
                come_back(&live);
                cr_assert_eq(fixture_state(&live, contact), ACD_CONTACT_OFFERED);
                fixture_fini(&live);
        }
}

/*
 * Goal    A number that is spelled without an end is refused.
 * Method  Wherever the stream has a zero, spell it with ten bytes that all promise more.
 */
Test(state, endless_numbers_are_refused)
{
        static struct fixture fixture;
        struct file file, longer = { 0 };

        fixture_init(&fixture, NULL);
        save(fixture.acd, &file);
        longer.bytes = malloc(file.size + 9);
        cr_assert_not_null(longer.bytes);
        longer.size = file.size + 9;
        for (size_t i = 0; i < file.size; i++) {
                struct acd *acd;

                if (file.bytes[i] != 0)
                        continue;
                acd = fixture_core(&fixture.limits);
                memcpy(longer.bytes, file.bytes, i);
                memset(longer.bytes + i, 0x80, 10);
                memcpy(longer.bytes + i + 10, file.bytes + i + 1, file.size - i - 1);
                cr_assert_lt(load(acd, &longer), 0, "at byte %zu", i);
                free(acd);
        }
        free(longer.bytes);
        free(file.bytes);
        fixture_fini(&fixture);
}

/* Goal    A state is of one shard: its ids say so. */
Test(state, another_shards_state_is_refused)
{
        static struct fixture live;
        struct acd_limits limits = fixture_limits();
        size_t size = (acd_size(&limits) + 63) / 64 * 64;
        void *memory = aligned_alloc(64, size);
        struct file file;

        fixture_init(&live, NULL);
        fixture_random_setup(&live);
        save(live.acd, &file);
        memset(memory, 0, size);
        cr_assert_neq(load(acd_init(memory, &limits, 2), &file), 0);
        memset(memory, 0, size);
        cr_assert_eq(load(acd_init(memory, &limits, 3), &file), 0);
        free(memory);
        free(file.bytes);
        fixture_fini(&live);
}

/* Goal    A number below zero is kept, as a wall clock set to before the directory gives. */
Test(state, a_negative_wall_offset_is_kept)
{
        static struct fixture live;
        struct acd_limits limits = fixture_limits();
        struct acd_command command;
        struct acd *restored;
        struct file file;

        fixture_init(&live, NULL);
        command = fixture_command(&live, ACD_COMMAND_WALL);
        command.wall.offset_ns = -5000000007;
        cr_assert_eq(fixture_step(&live, &command), ACD_OK);
        save(live.acd, &file);
        restored = fixture_core(&limits);
        cr_assert_eq(load(restored, &file), 0);
        cr_assert_eq(acd_wall_offset(restored), -5000000007);
        free(restored);
        free(file.bytes);
        fixture_fini(&live);
}

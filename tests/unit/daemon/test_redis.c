/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis's protocol, its errors, ids and marks.
 *
 * Commands are read back by hiredis's own formatter, which writes the same bytes; replies are
 * fed in pieces of every size.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "base/prng.h"
#include "daemon/metrics.h"
#include "daemon/redis/error.h"
#include "daemon/redis/marks.h"
#include "daemon/redis/stream.h"
#include "daemon/redis/wire.h"

enum {
        OUTPUT_SIZE = 4096,
        REPLY_SIZE_MAX = 1000,
        LARGE_SIZE = 1 << 19,
        LOAN_SIZE_MAX = 3 * REDIS_LOAN_SIZE_MIN,
};

static uint8_t output[OUTPUT_SIZE], sent[OUTPUT_SIZE];
static struct redis_wire wire;

/* A socket that takes @size bytes of @from. */
static size_t take_from(struct redis_wire *from, uint8_t *into, size_t size)
{
        struct iovec parts[REDIS_OUTPUT_PART_MAX];
        int count = redis_output_parts(&from->out, parts);
        size_t taken = 0;

        for (int i = 0; i < count && taken < size; i++) {
                size_t part = parts[i].iov_len < size - taken ? parts[i].iov_len : size - taken;

                memcpy(into + taken, parts[i].iov_base, part);
                taken += part;
        }
        redis_output_sent(&from->out, taken);
        return taken;
}

static size_t take(uint8_t *into, size_t size)
{
        return take_from(&wire, into, size);
}

static void begin(void)
{
        redis_wire_init(&wire, output, sizeof(output), REPLY_SIZE_MAX);
        cr_assert_eq(redis_wire_open(&wire), 0);
}

static void end(void)
{
        redis_wire_close(&wire);
}

TestSuite(redis, .init = begin, .fini = end);

/* Goal    Any arguments, zero bytes and empty ones among them, are as hiredis writes them.
 * Oracle  redisFormatCommandArgv(). */
Test(redis, commands_are_as_hiredis_formats_them)
{
        struct acd_prng prng;
        char bytes[6][300];

        acd_prng_init(&prng, 17);
        for (int round = 0; round < 3000; round++) {
                struct acd_bytes argument[6];
                const char *argv[6];
                size_t sizes[6];
                uint32_t count = 1 + (uint32_t)(acd_prng_next(&prng) % 6);
                size_t size;
                char *expected = NULL;
                int expected_size;

                for (uint32_t i = 0; i < count; i++) {
                        sizes[i] = acd_prng_next(&prng) % sizeof(bytes[i]);
                        for (size_t j = 0; j < sizes[i]; j++)
                                bytes[i][j] = (char)acd_prng_next(&prng);
                        argv[i] = bytes[i];
                        argument[i] = (struct acd_bytes){ (const uint8_t *)bytes[i],
                                                          (uint32_t)sizes[i] };
                }
                expected_size = redisFormatCommandArgv(&expected, (int)count, argv, sizes);
                cr_assert(redis_wire_command(&wire, argument, count));
                size = take(sent, redis_output_size(&wire.out));
                cr_assert_eq(size, (size_t)expected_size);
                cr_assert_arr_eq(sent, expected, size);
                redisFreeCommand(expected);
        }
}

/* Goal    A command that does not fit changes nothing; what was written makes room. */
Test(redis, a_command_without_room_is_not_there)
{
        static uint8_t large[OUTPUT_SIZE - 100];
        struct acd_bytes argument[2] = { redis_text("SET"), { large, sizeof(large) } };
        size_t before;

        cr_assert(redis_wire_command(&wire, argument, 2));
        before = redis_output_size(&wire.out);
        cr_assert(!redis_wire_command(&wire, argument, 2));
        cr_assert(!redis_wire_command_lending(&wire, argument, 2));
        cr_assert_eq(redis_output_size(&wire.out), before);
        (void)take(sent, before);
        cr_assert(redis_wire_command(&wire, argument, 2));
}

/* Goal    What is lent comes at its place, however little the socket takes at a time, and is not
 *         looked at any more once it is settled.
 * Oracle  A wire that copies everything. */
Test(redis, what_is_lent_is_sent_in_its_place)
{
        static uint8_t memory[LARGE_SIZE], copying_memory[LARGE_SIZE], got[LARGE_SIZE],
                wanted[LARGE_SIZE], value[64][LOAN_SIZE_MAX];
        struct redis_wire copying;
        uint32_t lent_count = 0;
        struct acd_prng prng;

        acd_prng_init(&prng, 4);
        redis_wire_close(&wire);
        redis_wire_init(&wire, memory, LARGE_SIZE, REPLY_SIZE_MAX);
        redis_wire_init(&copying, copying_memory, LARGE_SIZE, REPLY_SIZE_MAX);
        cr_assert_eq(redis_wire_open(&wire), 0);
        cr_assert_eq(redis_wire_open(&copying), 0);
        for (int round = 0; round < 3000; round++) {
                uint32_t count = (uint32_t)acd_prng_below(&prng, 64);
                size_t size;

                for (uint32_t i = 0; i < count; i++) {
                        struct acd_bytes argument[2] = { redis_text("XADD"), { value[i], 0 } };
                        bool is_lent = acd_prng_below(&prng, 4) > 0;

                        argument[1].size = (uint32_t)acd_prng_below(&prng, LOAN_SIZE_MAX + 1);
                        memset(value[i], (int)acd_prng_next(&prng), argument[1].size);
                        cr_assert_eq(is_lent ? redis_wire_command_lending(&wire, argument, 2)
                                             : redis_wire_command(&wire, argument, 2),
                                     redis_wire_command(&copying, argument, 2));
                        lent_count += wire.out.loan_count > lent_count;
                }
                for (uint32_t i = 0; i < 2; i++) {
                        size = acd_prng_below(&prng, redis_output_size(&wire.out) + 1);
                        cr_assert_eq(take(got, size), size);
                        cr_assert_eq(take_from(&copying, wanted, size), size);
                        cr_assert_arr_eq(got, wanted, size);
                }
                redis_output_settle(&wire.out);
                cr_assert_eq(wire.out.lent_size, 0);
                memset(value, 0, sizeof(value));
                cr_assert_eq(redis_output_size(&wire.out), redis_output_size(&copying.out));
        }
        cr_assert_eq(lent_count, REDIS_LOAN_MAX, "as many as there is a place for, at least once");
        redis_wire_close(&copying);
}

static const char mixed[] = "*4\r\n$6\r\nlength\r\n:7\r\n$17\r\nlast-generated-id\r\n$4\r\n1-22\r\n"
                            "-OOM command not allowed\r\n$-1\r\n+QUEUED\r\n";

/* Goal    Replies come whole, however they are cut. */
Test(redis, replies_come_whole)
{
        for (size_t piece = 1; piece <= sizeof(mixed); piece++) {
                struct redis_reply reply, value;
                const char *texts[] = { "", "OOM command not allowed", "", "QUEUED" };
                enum redis_kind kinds[] = { REDIS_ARRAY, REDIS_ERROR, REDIS_NIL, REDIS_TEXT };
                uint32_t count = 0;

                for (size_t at = 0; at < sizeof(mixed) - 1; at += piece) {
                        size_t left = sizeof(mixed) - 1 - at;

                        cr_assert_eq(redis_wire_feed(&wire, (const uint8_t *)mixed + at,
                                                     left < piece ? left : piece),
                                     0);
                        while (redis_wire_next(&wire, &reply) == 1) {
                                cr_assert_lt(count, 4);
                                cr_assert_eq(reply.kind, kinds[count]);
                                cr_assert_str_eq(reply.text, texts[count]);
                                if (count++ == 0) {
                                        value = redis_reply_find(&reply, "last-generated-id");
                                        cr_assert_str_eq(value.text, "1-22");
                                        value = redis_reply_find(&reply, "length");
                                        cr_assert_eq(value.number, 7);
                                        value = redis_reply_find(&reply, "groups");
                                        cr_assert_eq(value.kind, REDIS_NIL);
                                        value = redis_reply_at(&reply, 4);
                                        cr_assert_eq(value.kind, REDIS_NIL);
                                }
                                redis_reply_free(&reply);
                        }
                }
                cr_assert_eq(count, 4);
        }
}

/* Goal    What is no reply, and one that is larger than allowed, ends the connection. */
Test(redis, nonsense_and_too_much_are_refused)
{
        static uint8_t many[REPLY_SIZE_MAX + 1];
        struct redis_reply reply;

        memcpy(many, "$5000\r\n", 7);
        cr_assert_eq(redis_wire_feed(&wire, many, sizeof(many)), -EPROTO);
        redis_wire_close(&wire);
        cr_assert_eq(redis_wire_open(&wire), 0);
        cr_assert_eq(redis_wire_feed(&wire, (const uint8_t *)"HTTP/1.1 400\r\n", 14), 0);
        cr_assert_eq(redis_wire_next(&wire, &reply), -EPROTO);
}

/* Goal    Errors are known by their first word alone. */
Test(redis, errors_have_classes)
{
        struct metrics metrics = { 0 };

        cr_assert_eq(redis_error_of("OOM command not allowed")->class, REDIS_ERROR_CLASS_WAIT);
        cr_assert_eq(redis_error_of("READONLY You can't")->class, REDIS_ERROR_CLASS_LEAVE);
        cr_assert_eq(redis_error_of("NOAUTH Authentication required.")->class,
                     REDIS_ERROR_CLASS_PERSON);
        cr_assert_eq(redis_error_of("MOVED 3999 127.0.0.1:6381")->class, REDIS_ERROR_CLASS_MOVED);
        cr_assert_eq(redis_error_of("ASK 3999 127.0.0.1:6381")->class, REDIS_ERROR_CLASS_MOVED);
        cr_assert_eq(redis_error_of("WRONGTYPE")->class, REDIS_ERROR_CLASS_TENANT);
        cr_assert_eq(redis_error_of("OOMPH")->class, REDIS_ERROR_CLASS_LEAVE);
        cr_assert_str_eq(redis_error_of("ERR unknown command")->word, "");
        redis_error_count(redis_error_of("OOM"), &metrics);
        cr_assert_eq(metrics.redis_oom_total, 1);
}

/* Goal    Ids are two numbers and a dash, and nothing else. */
Test(redis, ids_are_read)
{
        uint64_t epoch = 0, sequence = 0;

        cr_assert(redis_stream_parse_id("12-345", &epoch, &sequence));
        cr_assert(epoch == 12 && sequence == 345);
        cr_assert(redis_stream_parse_id("0-0", &epoch, &sequence));
        cr_assert(!redis_stream_parse_id("", &epoch, &sequence));
        cr_assert(!redis_stream_parse_id("12", &epoch, &sequence));
        cr_assert(!redis_stream_parse_id("12-", &epoch, &sequence));
        cr_assert(!redis_stream_parse_id("-1", &epoch, &sequence));
        cr_assert(!redis_stream_parse_id("12-1x", &epoch, &sequence));
}

/* Goal    The newest mark that is old enough is found, whatever came and went.
 * Oracle  A list of all of them, of which the last REDIS_MARK_COUNT may be known. */
Test(redis, marks_find_the_newest_that_is_old_enough)
{
        enum { NOTED_MAX = 1000, SPACING = 10 };
        static struct wire_mark kept[NOTED_MAX];
        static struct redis_marks marks;
        struct acd_prng prng;
        uint32_t kept_count = 0;
        uint64_t now = 1000;

        acd_prng_init(&prng, 5);
        for (uint64_t i = 1; i <= NOTED_MAX; i++) {
                struct wire_mark mark = { now, 1 + i / 300, i };
                struct wire_mark found = { 0 };
                uint64_t asked = now - acd_prng_next(&prng) % 1000;
                uint32_t first, best = UINT32_MAX;

                redis_marks_note(&marks, &mark, SPACING);
                if (kept_count == 0 || now >= kept[kept_count - 1].time_ns + SPACING)
                        kept[kept_count++] = mark;
                first = kept_count > REDIS_MARK_COUNT ? kept_count - REDIS_MARK_COUNT : 0;
                for (uint32_t k = first; k < kept_count && kept[k].time_ns <= asked; k++)
                        best = k;
                cr_assert_eq(redis_marks_find(&marks, asked, &found), best != UINT32_MAX);
                if (best != UINT32_MAX)
                        cr_assert_eq(found.sequence, kept[best].sequence);
                now += acd_prng_next(&prng) % 30;
        }
}

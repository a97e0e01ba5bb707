/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots, addresses, and answers of sentinels and Cluster nodes, against what
 * the Cluster specification publishes and what redis-server 7.0 was seen to say.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "daemon/redis/address.h"
#include "daemon/redis/slot.h"
#include "daemon/redis/topology.h"

static struct redis_wire wire;
static uint8_t output[64];
static struct redis_slots slots;
static char address[REDIS_ADDRESS_SIZE];

/* The reply that @text is. */
static struct redis_reply parse(const char *text)
{
        struct redis_reply reply = { .kind = REDIS_NIL };

        redis_wire_init(&wire, output, sizeof(output), 1 << 20);
        cr_assert_eq(redis_wire_open(&wire), 0);
        cr_assert_eq(redis_wire_feed(&wire, (const uint8_t *)text, strlen(text)), 0);
        cr_assert_eq(redis_wire_next(&wire, &reply), 1);
        return reply;
}

static void forget(struct redis_reply *reply)
{
        redis_reply_free(reply);
        redis_wire_close(&wire);
}

static bool read_slots(const char *text)
{
        struct redis_reply reply = parse(text);
        bool is_read = redis_slots_read(&slots, &reply, "10.0.0.9:7000");

        forget(&reply);
        return is_read;
}

static bool read_by(bool (*read)(const struct redis_reply *, char[REDIS_ADDRESS_SIZE]),
                    const char *text)
{
        struct redis_reply reply = parse(text);
        bool is_read = read(&reply, address);

        forget(&reply);
        return is_read;
}

/* ---- slots of keys ---- */

/* Goal    The check value of the specification, and slots that its text and its test suite name. */
Test(redis_topology, slots_are_as_published)
{
        static const struct {
                const char *key;
                uint16_t slot;
        } cases[] = {
                { "", 0 },
                { "foo", 12182 },
                { "bar", 5061 },
                { "hello", 866 },
                { "somekey", 11058 },
                { "foo{hash_tag}", 2515 },
                { "bar{hash_tag}", 2515 },
                { "hash_tag", 2515 },
        };

        cr_assert_eq(redis_crc16(redis_text("123456789")), 0x31c3);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                cr_expect_eq(redis_slot_of(redis_text(cases[i].key)), cases[i].slot, "%s",
                             cases[i].key);
}

/* Goal    Braces are a tag only where the specification says so: first '{', next '}', something
 *         between. Each pair has the slot of what is hashed. */
Test(redis_topology, tags_are_as_specified)
{
        static const char *const pairs[][2] = {
                { "{user1000}.following", "user1000" },
                { "{user1000}.followers", "user1000" },
                { "foo{bar}{zap}", "bar" },
                { "foo{{bar}}zap", "{bar" },
                { "acd:{north}:events", "north" },
                { "acd:{north}:state", "north" },
                { "}{a}", "a" },
        };
        static const char *const whole[] = { "foo{}{bar}", "{}", "{", "a{b", "}a{", "{}{a}" };

        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
                cr_expect_eq(redis_slot_of(redis_text(pairs[i][0])),
                             redis_crc16(redis_text(pairs[i][1])) % 16384, "%s", pairs[i][0]);
        for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
                cr_expect_eq(redis_slot_of(redis_text(whole[i])),
                             redis_crc16(redis_text(whole[i])) % 16384, "%s", whole[i]);
}

/* ---- addresses ---- */

Test(redis_topology, addresses)
{
        static const char *const good[] = {
                "127.0.0.1:6379", "redis.example:6379",   "[::1]:1",
                "a_b-c:65535",    "unix:/run/redis.sock", "[fe80::1%eth0]:6379"
        };
        static const char *const bad[] = { "",           ":6379",    "host",
                                           "host:",      "host:0",   "host:65536",
                                           "host:6379x", "ho st:1",  "host:1234567",
                                           "unix:",      "::1:6379", "[::1]",
                                           "[]:1",       "a\nb:1" };

        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
                cr_expect(redis_address_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                cr_expect_not(redis_address_is_valid(bad[i]), "%s", bad[i]);
}

Test(redis_topology, lists_of_addresses)
{
        const char *list = "a:1,[::1]:2,unix:/x";
        char host[REDIS_ADDRESS_SIZE];

        cr_assert(redis_address_next(&list, address));
        cr_assert_str_eq(address, "a:1");
        cr_assert(redis_address_host(address, host));
        cr_assert_str_eq(host, "a");
        cr_assert(redis_address_next(&list, address));
        cr_assert(redis_address_host(address, host));
        cr_assert_str_eq(host, "::1");
        cr_assert(redis_address_next(&list, address));
        cr_assert_str_eq(address, "unix:/x");
        cr_assert_not(redis_address_host(address, host));
        cr_assert_not(redis_address_next(&list, address));
}

Test(redis_topology, places_in_errors)
{
        cr_assert(redis_read_place("127.0.0.1:6381", address));
        cr_assert_str_eq(address, "127.0.0.1:6381");
        cr_assert(redis_read_place("::1:6381", address));
        cr_assert_str_eq(address, "[::1]:6381");
        cr_assert_not(redis_read_place(":6381", address));
        cr_assert_not(redis_read_place("host:", address));
        cr_assert_not(redis_read_place("host:0", address));
        cr_assert_not(redis_read_place("6381", address));
        /* An address of a host, which is not to become that of a file: it would be plain. */
        cr_assert_not(redis_read_place("unix:6381", address));
}

/* ---- sentinels ---- */

Test(redis_topology, masters_that_sentinels_name)
{
        cr_assert(read_by(redis_read_pair, "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n"));
        cr_assert_str_eq(address, "127.0.0.1:6379");
        cr_assert(read_by(redis_read_pair, "*2\r\n$3\r\n::1\r\n$4\r\n6379\r\n"));
        cr_assert_str_eq(address, "[::1]:6379");
        cr_assert_not(read_by(redis_read_pair, "*-1\r\n"));
        cr_assert_not(read_by(redis_read_pair, "-IDONTKNOW\r\n"));
        cr_assert_not(read_by(redis_read_pair, "*1\r\n$9\r\n127.0.0.1\r\n"));
        cr_assert_not(read_by(redis_read_pair, "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n"));
        cr_assert_not(read_by(redis_read_pair, "*2\r\n$3\r\na b\r\n$4\r\n6379\r\n"));
        cr_assert(read_by(redis_read_row, "*6\r\n$4\r\nname\r\n$1\r\nx\r\n$2\r\nip\r\n"
                                          "$8\r\n10.0.0.1\r\n$4\r\nport\r\n$5\r\n26379\r\n"));
        cr_assert_str_eq(address, "10.0.0.1:26379");
        cr_assert_not(read_by(redis_read_row, "*2\r\n$2\r\nip\r\n$8\r\n10.0.0.1\r\n"));
}

Test(redis_topology, epochs)
{
        struct redis_reply reply = parse("*2\r\n$12\r\nconfig-epoch\r\n$2\r\n17\r\n");
        uint64_t epoch = 0;

        cr_assert(redis_read_epoch(&reply, &epoch));
        cr_assert_eq(epoch, 17);
        forget(&reply);
        reply = parse("-ERR No such master with that name\r\n");
        cr_assert_not(redis_read_epoch(&reply, &epoch));
        forget(&reply);
}

static bool read_switch(const char *channel, const char *message)
{
        char text[256];
        struct redis_reply reply;
        bool is_read;

        (void)snprintf(text, sizeof(text), "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
                       strlen(channel), channel, strlen(message), message);
        reply = parse(text);
        is_read = redis_read_switch(&reply, "north", address);
        forget(&reply);
        return is_read;
}

Test(redis_topology, switches_of_the_master)
{
        cr_assert(read_switch("+switch-master", "north 10.0.0.1 6379 10.0.0.2 6380"));
        cr_assert_str_eq(address, "10.0.0.2:6380");
        cr_assert(read_switch("+switch-master", "north ::1 6379 ::2 6380"));
        cr_assert_str_eq(address, "[::2]:6380");
        cr_assert_not(read_switch("+switch-master", "south 10.0.0.1 6379 10.0.0.2 6380"));
        cr_assert_not(read_switch("+switch-master", "northern 10.0.0.1 6379 10.0.0.2 6380"));
        cr_assert_not(read_switch("+sdown", "north 10.0.0.1 6379 10.0.0.2 6380"));
        cr_assert_not(read_switch("+switch-master", "north 10.0.0.1 6379 10.0.0.2"));
        cr_assert_not(read_switch("+switch-master", "north 10.0.0.1 6379 10.0.0.2 x"));
        cr_assert_not(read_switch("+switch-master", "north"));
        cr_assert_not(read_switch("+switch-master", ""));
}

/* ---- the Cluster ---- */

#define NODE(host, port) "*4\r\n" host ":" port "\r\n$2\r\nid\r\n*0\r\n"

Test(redis_topology, slots_of_a_cluster)
{
        cr_assert(read_slots(
                "*3\r\n"
                "*4\r\n:0\r\n:5460\r\n" NODE("$8\r\n10.0.0.1\r\n", "7001")
                        NODE("$8\r\n10.0.0.4\r\n", "7004") "*3\r\n:5461\r\n:10922\r\n" NODE(
                                "$8\r\n10.0.0.2\r\n",
                                "7002") "*3\r\n:10924\r\n:16383\r\n" NODE("$8\r\n10.0.0.1\r\n",
                                                                          "7001")));
        cr_assert_eq(slots.count, 2);
        cr_assert_str_eq(slots.address[0], "10.0.0.1:7001");
        cr_assert_str_eq(slots.address[1], "10.0.0.2:7002");
        cr_assert_eq(slots.master[0], 0);
        cr_assert_eq(slots.master[5460], 0);
        cr_assert_eq(slots.master[5461], 1);
        cr_assert_eq(slots.master[10922], 1);
        cr_assert_eq(slots.master[10923], REDIS_NO_MASTER);
        cr_assert_eq(slots.master[10924], 0);
        cr_assert_eq(slots.master[16383], 0);
        cr_assert_not(slots.is_more);
}

/* Goal    A node that does not know its host is where it was asked; "?" is nobody known. */
Test(redis_topology, hosts_that_are_not_said)
{
        cr_assert(read_slots(
                "*3\r\n"
                "*3\r\n:0\r\n:1\r\n" NODE("$-1\r\n", "7001") "*3\r\n:2\r\n:3\r\n" NODE(
                        "$0\r\n\r\n", "7002") "*3\r\n:4\r\n:5\r\n" NODE("$1\r\n?\r\n", "7003")));
        cr_assert_eq(slots.count, 2);
        cr_assert_str_eq(slots.address[0], "10.0.0.9:7001");
        cr_assert_str_eq(slots.address[1], "10.0.0.9:7002");
        cr_assert_eq(slots.master[4], REDIS_NO_MASTER);
}

Test(redis_topology, more_masters_than_places)
{
        static char text[8192];
        int size = snprintf(text, sizeof(text), "*%d\r\n", REDIS_MASTER_MAX + 2);

        for (int i = 0; i < REDIS_MASTER_MAX + 2; i++)
                size += snprintf(text + size, sizeof(text) - (size_t)size,
                                 "*3\r\n:%d\r\n:%d\r\n*2\r\n$1\r\nh\r\n:%d\r\n", i, i, 7000 + i);
        cr_assert(read_slots(text));
        cr_assert_eq(slots.count, REDIS_MASTER_MAX);
        cr_assert(slots.is_more);
        cr_assert_eq(slots.master[REDIS_MASTER_MAX - 1], REDIS_MASTER_MAX - 1);
        cr_assert_eq(slots.master[REDIS_MASTER_MAX], REDIS_NO_MASTER);
}

Test(redis_topology, slots_that_are_none)
{
        static const char *const bad[] = {
                "*0\r\n",
                "+OK\r\n",
                "-ERR This instance has cluster support disabled\r\n",
                "*1\r\n*2\r\n:0\r\n:1\r\n",
                "*1\r\n*3\r\n:5\r\n:4\r\n" NODE("$1\r\nh\r\n", "7001"),
                "*1\r\n*3\r\n:0\r\n:16384\r\n" NODE("$1\r\nh\r\n", "7001"),
                "*1\r\n*3\r\n:-1\r\n:4\r\n" NODE("$1\r\nh\r\n", "7001"),
                "*1\r\n*3\r\n:0\r\n:4\r\n" NODE("$1\r\nh\r\n", "70010"),
                "*1\r\n*3\r\n:0\r\n:4\r\n*1\r\n$1\r\nh\r\n",
                "*1\r\n*3\r\n:0\r\n:4\r\n" NODE("$3\r\na b\r\n", "7001"),
                "*1\r\n*3\r\n:0\r\n:4\r\n" NODE("$1\r\n?\r\n", "7001"),
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                cr_expect_not(read_slots(bad[i]), "%s", bad[i]);
}

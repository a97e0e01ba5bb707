/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the master is: home and its link in a made-up world of one socket, where
 * the test is every sentinel and node, and the clock.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/redis/home.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, SOCKET = 7, TURNS_MAX = 100000 };

static struct shard shard;
static struct options options;
static struct redis_home home;
static uint8_t output[REDIS_HOME_OUTPUT_SIZE];
static uint8_t input[REDIS_LINK_INPUT_SIZE];

/* The peer at the other end. */
static struct {
        char address[REDIS_ADDRESS_SIZE]; /* of the last connect() */
        uint32_t connect_count;
        const char *down; /* nobody is at an address that begins so; NULL: all are there */
        char said[8192];  /* what was written to it, in words */
        size_t said_size;
        const char *answer;
} peer;

/* ---- the world ---- */

static int connect_peer(void *self, const char *address)
{
        (void)self;
        (void)snprintf(peer.address, sizeof(peer.address), "%s", address);
        peer.connect_count++;
        peer.said_size = 0;
        peer.answer = "";
        if (peer.down != NULL && strncmp(address, peer.down, strlen(peer.down)) == 0)
                return -ECONNREFUSED;
        return SOCKET;
}

static int64_t read_peer(void *self, int socket, void *into, size_t size)
{
        size_t count = strlen(peer.answer);

        (void)self;
        cr_assert_eq(socket, SOCKET);
        if (count == 0)
                return -EAGAIN;
        if (count > size)
                count = size;
        memcpy(into, peer.answer, count);
        peer.answer += count;
        return (int64_t)count;
}

static void write_peer(void *self, struct world_write *writes, uint32_t count)
{
        (void)self;
        cr_assert_eq(count, 1);
        for (int i = 0; i < writes->part_count; i++) {
                cr_assert_lt(peer.said_size + writes->parts[i].iov_len, sizeof(peer.said));
                memcpy(peer.said + peer.said_size, writes->parts[i].iov_base,
                       writes->parts[i].iov_len);
                peer.said_size += writes->parts[i].iov_len;
        }
        peer.said[peer.said_size] = '\0';
        writes->result = (int64_t)writes->parts[0].iov_len;
}

static void watch_peer(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        (void)self;
        (void)socket;
        (void)token;
        (void)readable;
        (void)writable;
}

static void close_peer(void *self, int socket)
{
        (void)self;
        cr_assert_eq(socket, SOCKET);
}

static uint64_t chance(void *self)
{
        static uint64_t drawn;

        (void)self;
        return drawn += 7919;
}

static uint64_t boot_ns(void *self)
{
        (void)self;
        return shard.clock.real;
}

static int64_t wall_ns(void *self)
{
        (void)self;
        return 0;
}

static const struct world_sockets sockets = {
        .connect = connect_peer,
        .read = read_peer,
        .write_many = write_peer,
        .watch = watch_peer,
        .close = close_peer,
};
static const struct world_system world_system = { .random = chance };
static const struct world_clock world_clock = { boot_ns, wall_ns, NULL };

static void begin(const char *mode, const char *addresses)
{
        const char *words[] = { "acdd", "--redis",        addresses, "--redis-mode",
                                mode,   "--redis-master", "north" };
        char *arguments[7];
        struct options_error error;
        const struct redis_link_memory memory = { output, sizeof(output), input,
                                                  REDIS_HOME_REPLY_MAX };

        for (int i = 0; i < 7; i++)
                arguments[i] = (char *)(uintptr_t)words[i];
        options_init(&options);
        cr_assert(options_parse(&options, 7, arguments, &error), "%s", error.text);
        shard.options = &options;
        shard.world.sockets = &sockets;
        shard.world.system = &world_system;
        shard.clock.real = (uint64_t)1000 * NS_PER_MS;
        log_init(&shard.log, -1, LOG_ERROR, &world_clock);
        redis_home_init(&home, &shard, 1, &memory);
}

static uint64_t now(void)
{
        return shard.clock.real;
}

/* What is due within @ms, at its time. */
static void pass(uint64_t ms)
{
        uint64_t end = now() + ms * NS_PER_MS;

        for (int i = 0; i < TURNS_MAX; i++) {
                uint64_t next;

                redis_home_turn(&home);
                next = redis_home_next_ns(&home);
                if (next == 0 || next > end)
                        break;
                if (next > now())
                        shard.clock.real = next;
        }
        shard.clock.real = end;
        redis_home_turn(&home);
}

/* Until somebody is asked, at most @ms from now. */
static void until_asked(uint64_t ms)
{
        uint64_t end = now() + ms * NS_PER_MS;
        uint32_t count = peer.connect_count;

        while (peer.connect_count == count) {
                uint64_t next = redis_home_next_ns(&home);

                cr_assert(next != 0 && next <= end);
                if (next > now())
                        shard.clock.real = next;
                redis_home_turn(&home);
        }
}

/* The peer greets, and answers @text to what it is asked. */
static void reply_with(const char *text)
{
        redis_home_on_socket(&home, 0, false, true);
        peer.answer = "+OK\r\n+PONG\r\n";
        redis_home_on_socket(&home, 0, true, false);
        redis_home_turn(&home);
        peer.answer = text;
        redis_home_on_socket(&home, 0, true, false);
}

static void tell(const char *text)
{
        peer.answer = text;
        redis_home_on_socket(&home, 0, true, false);
}

/* ---- sentinels ---- */

#define SENTINEL(port, epoch, peers) \
        "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n" port "\r\n*2\r\n$12\r\nconfig-epoch\r\n$1\r\n" epoch \
        "\r\n" peers "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"
#define ALONE  "*0\r\n"
#define FRIEND "*1\r\n*4\r\n$2\r\nip\r\n$8\r\n10.0.0.9\r\n$4\r\nport\r\n$5\r\n26379\r\n"
#define UNKNOWN \
        "*-1\r\n-ERR No such master with that name\r\n-ERR No such master with that name\r\n" \
        "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n"
#define SWITCH \
        "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$33\r\nnorth 10.0.0.1 6379 10.0.0.2 63" \
        "80\r\n"

Test(redis_home, a_sentinel_is_asked_and_listened_to)
{
        begin("sentinel", "a:1,b:2");
        cr_assert_eq(home.master_count, 0);
        cr_assert_eq(redis_home_of(&home, (struct acd_text){ "t", 1 }), REDIS_NO_MASTER);
        pass(1);
        cr_assert_str_eq(peer.address, "a:1");
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_not_null(strstr(peer.said, "GET-MASTER-ADDR-BY-NAME\r\n$5\r\nnorth"));
        cr_assert_not_null(strstr(peer.said, "SUBSCRIBE\r\n$14\r\n+switch-master"));
        cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
        cr_assert_eq(redis_home_of(&home, (struct acd_text){ "t", 1 }), 0);
        cr_assert_eq(home.version, 2);
        cr_assert_str_eq(home.text, "");

        tell(SWITCH);
        cr_assert_str_eq(home.master[0], "10.0.0.2:6380");
        cr_assert_eq(home.version, 3);
        tell(SWITCH);
        cr_assert_eq(home.version, 3);
        cr_assert_eq(peer.connect_count, 1);
}

Test(redis_home, the_next_is_asked_from_time_to_time)
{
        begin("sentinel", "a:1,b:2");
        pass(1);
        reply_with(SENTINEL("6379", "1", ALONE));
        until_asked(10000);
        cr_assert_str_eq(peer.address, "b:2");
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_eq(home.version, 2);
        until_asked(10000);
        cr_assert_str_eq(peer.address, "a:1");
}

Test(redis_home, dead_and_silent_sentinels)
{
        begin("sentinel", "a:1,b:2,c:3");
        peer.down = "a:";
        pass(1);
        cr_assert_str_eq(peer.address, "b:2");
        pass(1990);
        cr_assert_str_eq(peer.address, "b:2");
        pass(20);
        cr_assert_str_eq(peer.address, "c:3");
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
}

/* Goal    When none is of use, that is said, what was known stays, and they are asked on, less and
 *         less often. */
Test(redis_home, nobody_is_of_use)
{
        uint32_t count;

        begin("sentinel", "a:1,b:2");
        pass(1);
        reply_with(SENTINEL("6379", "1", ALONE));
        peer.down = "";
        pass(12000);
        cr_assert_not_null(strstr(home.text, "no sentinel is of use"), "%s", home.text);
        cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
        pass(20000);
        count = peer.connect_count;
        pass(60000);
        cr_assert_geq(peer.connect_count - count, 2 * 60 / 5);
        cr_assert_leq(peer.connect_count - count, 2 * 60 * 2 / 5 + 2);
        peer.down = NULL;
        until_asked(5000);
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_str_eq(home.text, "");
}

Test(redis_home, a_name_that_no_sentinel_knows)
{
        begin("sentinel", "a:1,b:2");
        pass(1);
        reply_with(UNKNOWN);
        cr_assert_str_eq(home.text, "asking who the master is");
        pass(1);
        cr_assert_str_eq(peer.address, "b:2");
        reply_with(UNKNOWN);
        cr_assert_not_null(strstr(home.text, "no master north"), "%s", home.text);
        cr_assert_eq(home.master_count, 0);
}

/* Goal    A sentinel that slept names a master that was. It is believed when all say so. */
Test(redis_home, older_epochs)
{
        begin("sentinel", "a:1,b:2");
        pass(1);
        reply_with(SENTINEL("6379", "5", ALONE));
        until_asked(10000);
        reply_with(SENTINEL("7000", "4", ALONE));
        cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
        pass(1);
        cr_assert_str_eq(peer.address, "a:1");
        reply_with(SENTINEL("7000", "4", ALONE));
        cr_assert_str_eq(home.master[0], "10.0.0.1:7000");
}

/* Goal    One that says so again and again, while the others are away, is not all of them. */
Test(redis_home, one_that_is_behind_and_alone)
{
        begin("sentinel", "a:1,b:2,a:3");
        pass(1);
        reply_with(SENTINEL("6379", "5", ALONE));
        peer.down = "a:";
        for (int i = 0; i < 9; i++) {
                do
                        until_asked(10000);
                while (strcmp(peer.address, "b:2") != 0);
                reply_with(SENTINEL("7000", "4", ALONE));
                cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
        }
        peer.down = NULL;
        for (int i = 0; i < 3; i++) {
                until_asked(10000);
                reply_with(SENTINEL("7000", "4", ALONE));
        }
        cr_assert_str_eq(home.master[0], "10.0.0.1:7000");
}

/* Goal    After a failover that was told of, those that have not heard yet are not believed. */
Test(redis_home, late_to_hear)
{
        begin("sentinel", "a:1,b:2");
        pass(1);
        reply_with(SENTINEL("6379", "1", ALONE));
        tell(SWITCH);
        until_asked(10000);
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_str_eq(home.master[0], "10.0.0.2:6380");
}

Test(redis_home, sentinels_that_were_learnt)
{
        begin("sentinel", "a:1");
        pass(1);
        reply_with(SENTINEL("6379", "1", FRIEND));
        peer.down = "a:";
        until_asked(10000);
        cr_assert_str_eq(peer.address, "10.0.0.9:26379");
        reply_with(SENTINEL("6379", "1", ALONE));
        cr_assert_eq(home.peer_count, 2);
        cr_assert_eq(home.peer_index, 1);
}

/* Goal    Doubts in crowds, all the time and for nothing: asked after 100 ms, then less and less
 *         often; a new master makes the next doubt an urgent one again. */
Test(redis_home, doubts_are_bounded)
{
        uint32_t count;

        begin("sentinel", "a:1");
        pass(1);
        reply_with(SENTINEL("6379", "1", ALONE));
        count = peer.connect_count;
        for (int i = 0; i < 6000; i++) {
                for (int j = 0; j < 3; j++)
                        redis_home_doubt(&home);
                pass(10);
                if (home.state == REDIS_HOME_ASKING)
                        reply_with(SENTINEL("6379", "1", ALONE));
        }
        cr_assert_geq(peer.connect_count - count, 60 / 5);
        cr_assert_leq(peer.connect_count - count, 60 * 2 / 5 + 7);
        tell(SWITCH);
        redis_home_doubt(&home);
        until_asked(100);
}

/* ---- the Cluster ---- */

#define RANGE(begin, end, port) \
        "*3\r\n:" begin "\r\n:" end "\r\n*2\r\n$8\r\n10.0.0.1\r\n:" port "\r\n"

static uint8_t slot_master(uint32_t slot)
{
        return home.cluster.master[slot];
}

Test(redis_home, slots_and_their_masters)
{
        static const char *const names[] = { "foo", "bar", "hello" }; /* 12182, 5061, 866 */

        begin("cluster", "a:1,b:2");
        pass(1);
        reply_with("*2\r\n" RANGE("0", "8191", "7001") RANGE("8192", "16383", "7002"));
        cr_assert_not_null(strstr(peer.said, "CLUSTER\r\n$5\r\nSLOTS"));
        cr_assert_eq(home.master_count, 2);
        cr_assert_str_eq(home.master[0], "10.0.0.1:7001");
        cr_assert_str_eq(home.master[1], "10.0.0.1:7002");
        for (size_t i = 0; i < 3; i++)
                cr_assert_eq(redis_home_of(&home, (struct acd_text){ names[i],
                                                                     (uint32_t)strlen(names[i]) }),
                             i == 0 ? 1 : 0);
        pass(1);
        cr_assert_eq(home.link.state, REDIS_LINK_OFF);
}

/* Goal    Masters keep their places when the order of the answer changes, leave them when they have
 *         no slots, and the version tells of each change and of nothing else. */
Test(redis_home, places_are_kept)
{
        begin("cluster", "a:1");
        pass(1);
        reply_with("*2\r\n" RANGE("0", "8191", "7001") RANGE("8192", "16383", "7002"));
        cr_assert_eq(home.version, 2);
        redis_home_doubt(&home);
        pass(200);
        reply_with("*2\r\n" RANGE("8192", "16383", "7002") RANGE("0", "8191", "7001"));
        cr_assert_eq(home.version, 2);
        redis_home_doubt(&home);
        pass(400);
        reply_with("*3\r\n" RANGE("0", "99", "7003") RANGE("8192", "16383", "7002")
                           RANGE("100", "8191", "7001"));
        cr_assert_eq(home.version, 3);
        cr_assert_str_eq(home.master[0], "10.0.0.1:7001");
        cr_assert_str_eq(home.master[1], "10.0.0.1:7002");
        cr_assert_str_eq(home.master[2], "10.0.0.1:7003");
        cr_assert_eq(slot_master(99), 2);
        cr_assert_eq(slot_master(100), 0);
        redis_home_doubt(&home);
        pass(200);
        reply_with("*2\r\n" RANGE("0", "99", "7003") RANGE("100", "16383", "7002"));
        cr_assert_eq(home.version, 4);
        cr_assert_str_eq(home.master[0], "");
        cr_assert_eq(slot_master(100), 1);
        redis_home_doubt(&home);
        pass(200);
        reply_with("*2\r\n" RANGE("0", "99", "7004") RANGE("100", "16383", "7002"));
        cr_assert_str_eq(home.master[0], "10.0.0.1:7004");
        cr_assert_str_eq(home.master[2], "");
        cr_assert_eq(slot_master(0), 0);
}

/* Goal    Who has no slots yet and is named by ASK has a place for a while. */
Test(redis_home, guests)
{
        uint8_t guest;

        begin("cluster", "a:1");
        pass(1);
        reply_with("*1\r\n" RANGE("0", "16383", "7001"));
        cr_assert_eq(redis_home_add(&home, "10.0.0.1:7001"), 0);
        cr_assert_eq(redis_home_add(&home, "nonsense"), REDIS_NO_MASTER);
        cr_assert_eq(home.version, 2);
        guest = redis_home_add(&home, "10.0.0.1:7009");
        cr_assert_eq(guest, 1);
        cr_assert_eq(home.version, 3);
        cr_assert_eq(redis_home_add(&home, "10.0.0.1:7009"), guest);
        redis_home_doubt(&home);
        pass(200);
        reply_with("*1\r\n" RANGE("0", "16383", "7001"));
        cr_assert_str_eq(home.master[guest], "10.0.0.1:7009");
        cr_assert_eq(home.version, 3);
        until_asked(60000);
        reply_with("*1\r\n" RANGE("0", "16383", "7001"));
        until_asked(60000);
        reply_with("*1\r\n" RANGE("0", "16383", "7001"));
        cr_assert_str_eq(home.master[guest], "");
        cr_assert_eq(home.version, 4);
}

Test(redis_home, nodes_of_no_use)
{
        begin("cluster", "a:1,b:2");
        pass(1);
        reply_with("*0\r\n");
        pass(1);
        cr_assert_str_eq(peer.address, "b:2");
        reply_with("-ERR This instance has cluster support disabled\r\n");
        cr_assert_not_null(strstr(home.text, "cluster support disabled"), "%s", home.text);
        cr_assert_eq(home.master_count, 0);
}

Test(redis_home, more_masters_than_places)
{
        static char text[4096];
        int size = snprintf(text, sizeof(text), "*%d\r\n", REDIS_MASTER_MAX + 1);

        for (int i = 0; i <= REDIS_MASTER_MAX; i++)
                size += snprintf(text + size, sizeof(text) - (size_t)size,
                                 "*3\r\n:%d\r\n:%d\r\n*2\r\n$1\r\nh\r\n:%d\r\n", i, i, 7000 + i);
        begin("cluster", "a:1");
        pass(1);
        reply_with(text);
        cr_assert_eq(home.master_count, REDIS_MASTER_MAX);
        cr_assert_eq(slot_master(REDIS_MASTER_MAX), REDIS_NO_MASTER);
        cr_assert_not_null(strstr(home.text, "more than 16 masters"), "%s", home.text);
        cr_assert_eq(home.version, 2);
        redis_home_doubt(&home);
        pass(200);
        reply_with(text);
        cr_assert_eq(home.version, 2);
}

Test(redis_home, one_server_is_not_asked_for)
{
        begin("server", "10.0.0.1:6379");
        pass(100000);
        redis_home_doubt(&home);
        pass(100000);
        cr_assert_eq(peer.connect_count, 0);
        cr_assert_str_eq(home.master[0], "10.0.0.1:6379");
        cr_assert_eq(redis_home_of(&home, (struct acd_text){ "t", 1 }), 0);
        cr_assert_eq(redis_home_next_ns(&home), 0);
}

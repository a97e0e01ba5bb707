/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: a whole shard, turn by turn, in a world in which the test says what has come on which
 * socket and of which socket that is told.
 *
 * Peers send PINGs of any length: before the one field, which comes back, fields of a newer client
 * with the same value. It says whose it is and which, in bytes that are no tag of a field: bytes
 * that are lost, doubled or somebody else's make a message that cannot be read, or another answer.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/prng.h"
#include "daemon/shard.h"
#include "daemon/system.h"
#include "tests/support/simdisk.h"
#include "wire/codec.h"

enum {
        PEER_COUNT = 3,                    /* that say much */
        CROWD_COUNT = CONN_GATHER_MAX + 3, /* that say little, the former among them */
        LITTLE_SIZE = 1024,
        STREAM_SIZE = 1 << 20,
        SAID_SIZE = 1 << 17, /* more than the answers of a turn */
        STAMP_SIZE = 9,      /* of the field: a tag and eight bytes */
        STAMP_TAG = 1 << 3 | 1,
        NEWER_TAG = 15 << 3 | 1,
        STAMP_MAX = WIRE_BODY_MAX / STAMP_SIZE,
        WIDE = 8, /* stamps of a PING of which a turn takes more than it reads */
        WIDE_SIZE = WIRE_HEADER_SIZE + WIDE * STAMP_SIZE,
        MUCH_SIZE = 300 << 10,
};

_Static_assert(CONN_READ_MAX / WIDE_SIZE < CONN_COMMAND_MAX, "the bytes are the limit");
_Static_assert(MUCH_SIZE % CONN_READ_MAX != 0, "the last read does not fill its space");

/* One at the other end. Its socket is its index. */
static struct peer {
        uint8_t *stream; /* all that it sends, in the end */
        size_t stream_size, stream_size_max;
        size_t arrived_size; /* of that; the rest is under way */
        size_t hello_size;   /* the first of it */
        size_t read_size;
        uint32_t sent_count;  /* requests in the stream */
        uint32_t heard_count; /* answers; numbered as the requests */
        uint32_t read_count;
        uint8_t *said; /* what the daemon wrote to it in this turn */
        size_t said_size, said_size_max;
        uint32_t token;
        bool is_dialing, is_connected, is_watched, is_over;
} peers[CROWD_COUNT];

static uint8_t streams[PEER_COUNT][STREAM_SIZE], said[PEER_COUNT][SAID_SIZE];
static uint8_t little[CROWD_COUNT][2][LITTLE_SIZE];

static char names[CROWD_COUNT][8];

static struct shard shard;
static struct options options;
static struct simdisk *disk;
static uint8_t arena_memory[WIRE_ARENA_SIZE];
static struct acd_arena arena;

/* ---- the world ---- */

static int accept_peer(void *self, uint32_t listener, struct world_peer *ret_peer)
{
        (void)self;
        (void)listener;
        for (int i = 0; i < CROWD_COUNT; i++) {
                if (!peers[i].is_dialing)
                        continue;
                peers[i].is_dialing = false;
                peers[i].is_connected = true;
                *ret_peer = (struct world_peer){ .address = 1, .is_local = true, .text = "test" };
                return i;
        }
        return -EAGAIN;
}

static int64_t read_peer(void *self, int socket, void *into, size_t size)
{
        struct peer *peer = &peers[socket];
        size_t there = peer->arrived_size - peer->read_size;

        (void)self;
        cr_assert(peer->is_connected);
        peer->read_count++;
        if (there == 0)
                return peer->is_over ? 0 : -EAGAIN;
        if (size > there)
                size = there;
        memcpy(into, peer->stream + peer->read_size, size);
        peer->read_size += size;
        return (int64_t)size;
}

static void write_peers(void *self, struct world_write *writes, uint32_t count)
{
        (void)self;
        for (uint32_t i = 0; i < count; i++) {
                struct peer *peer = &peers[writes[i].socket];
                size_t before = peer->said_size;

                cr_assert(peer->is_connected);
                for (int j = 0; j < writes[i].part_count; j++) {
                        const struct iovec *part = &writes[i].parts[j];

                        cr_assert_leq(peer->said_size + part->iov_len, peer->said_size_max);
                        memcpy(peer->said + peer->said_size, part->iov_base, part->iov_len);
                        peer->said_size += part->iov_len;
                }
                writes[i].result = (int64_t)(peer->said_size - before);
        }
}

static void watch_peer(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        (void)self;
        cr_assert(peers[socket].is_connected);
        cr_assert_not(writable, "all is taken that is written");
        peers[socket].token = token;
        peers[socket].is_watched = readable;
}

static void close_peer(void *self, int socket)
{
        (void)self;
        cr_assert(peers[socket].is_connected);
        peers[socket].is_connected = false;
        peers[socket].is_watched = false;
}

static void listen_for_peers(void *self, bool is_wanted)
{
        (void)self;
        (void)is_wanted;
}

static bool look(void *self)
{
        (void)self;
        return false;
}

static uint64_t boot_ns(void *self)
{
        (void)self;
        return 1000000000;
}

static int64_t wall_ns(void *self)
{
        (void)self;
        return INT64_C(1700000000000000000);
}

static uint64_t chance(void *self)
{
        static uint64_t drawn;

        (void)self;
        return drawn += 7919;
}

static int64_t begin_fork(void *self, int (*work)(void *context), void *context)
{
        (void)self;
        (void)work;
        (void)context;
        return -EAGAIN;
}

static enum world_fork_state poll_fork(void *self, int *ret_error)
{
        (void)self;
        (void)ret_error;
        return WORLD_FORK_NONE;
}

static void cancel_fork(void *self)
{
        (void)self;
}

static const struct world_sockets sockets = {
        .accept = accept_peer,
        .read = read_peer,
        .write_many = write_peers,
        .watch = watch_peer,
        .close = close_peer,
        .listen = listen_for_peers,
        .look = look,
};
static const struct world_clock world_clock = { boot_ns, wall_ns, NULL };
static const struct world_fork world_fork = { begin_fork, poll_fork, cancel_fork, NULL };

static void begin_peers(void)
{
        for (int i = 0; i < CROWD_COUNT; i++) {
                bool is_loud = i < PEER_COUNT;

                (void)snprintf(names[i], sizeof(names[i]), "p%d", i);
                peers[i].stream = is_loud ? streams[i] : little[i][0];
                peers[i].stream_size_max = is_loud ? STREAM_SIZE : LITTLE_SIZE;
                peers[i].said = is_loud ? said[i] : little[i][1];
                peers[i].said_size_max = is_loud ? SAID_SIZE : LITTLE_SIZE;
        }
}

static void begin(void)
{
        const char *words[] = { "acdd",
                                "--data-dir=/data",
                                "--segment-size=4M",
                                "--connection-count-max=300",
                                "--limit-contact-count-max=1000",
                                "--sync-thread=never",
                                "--log-level=error" };
        enum { COUNT = sizeof(words) / sizeof(words[0]) };
        char *arguments[COUNT];
        struct options_error wrong = { .text = "" };
        struct shard_error error = { .text = "" };
        static struct world_system system;
        struct shard_world world = { .clock = &world_clock,
                                     .sockets = &sockets,
                                     .io_name = "test",
                                     .system = &system,
                                     .fork = &world_fork,
                                     .log_fd = -1 };

        begin_peers();
        system = world_system_os;
        system.random = chance;
        for (int i = 0; i < COUNT; i++)
                arguments[i] = (char *)(uintptr_t)words[i];
        options_init(&options);
        cr_assert(options_parse(&options, COUNT, arguments, &wrong), "%s", wrong.text);
        disk = simdisk_new(1);
        simdisk_set_space(disk, UINT64_C(400) << 20, 0);
        world.disk = simdisk_io(disk);
        acd_arena_init(&arena, arena_memory, sizeof(arena_memory));
        cr_assert_eq(shard_open(&shard, &world, &options, &error), 0, "%s", error.text);
}

static void end(void)
{
        shard_close(&shard);
        simdisk_free(disk);
}

TestSuite(conn_read, .init = begin, .fini = end);

/* ---- what peers say ---- */

/* Of request @number of peer @index: eight bytes that end in 111, which no tag of a field does. */
static uint64_t stamp_of(int index, uint32_t number)
{
        uint64_t value = (uint64_t)index << 32 | number;
        uint64_t stamp = 0;

        for (int i = 0; i < 8; i++)
                stamp |= ((value >> (5 * i) & 31) << 3 | 7) << (8 * i);
        return stamp;
}

static void say_hello(int index)
{
        struct peer *peer = &peers[index];
        struct wire_message hello = { .kind = WIRE_HELLO,
                                      .correlation = peer->sent_count++,
                                      .hello = { .role = WIRE_ROLE_OPERATOR,
                                                 .client = wire_text(names[index]),
                                                 .protocol_min = 1,
                                                 .protocol_max = 1 } };
        size_t size;

        acd_arena_reset(&arena);
        size = wire_encode(&hello, &arena, peer->stream + peer->stream_size,
                           peer->stream_size_max - peer->stream_size);
        cr_assert_gt(size, 0);
        peer->stream_size += size;
        peer->hello_size = size;
}

static void say_ping(int index, uint32_t stamp_count)
{
        struct peer *peer = &peers[index];
        uint8_t *at = peer->stream + peer->stream_size;
        uint32_t number = peer->sent_count++;
        struct wire_frame frame = { .kind = WIRE_PING,
                                    .correlation = number,
                                    .body_size = stamp_count * STAMP_SIZE };

        cr_assert_leq(peer->stream_size + WIRE_HEADER_SIZE + frame.body_size,
                      peer->stream_size_max);
        wire_frame_encode(&frame, at);
        at += WIRE_HEADER_SIZE;
        for (uint32_t i = 0; i < stamp_count; i++, at += STAMP_SIZE) {
                at[0] = i + 1 < stamp_count ? NEWER_TAG : STAMP_TAG;
                acd_put_u64(at + 1, stamp_of(index, number));
        }
        peer->stream_size += WIRE_HEADER_SIZE + frame.body_size;
}

/* A new connection, nothing said yet. */
static void dial(int index)
{
        struct peer *peer = &peers[index];

        cr_assert_not(peer->is_connected);
        peer->stream_size = peer->arrived_size = peer->read_size = 0;
        peer->sent_count = peer->heard_count = peer->read_count = 0;
        peer->is_over = false;
        peer->is_dialing = true;
        shard_on_accept(&shard, 0);
        cr_assert(peer->is_connected);
}

static void arrive(int index, size_t size)
{
        struct peer *peer = &peers[index];
        size_t left = peer->stream_size - peer->arrived_size;

        peer->arrived_size += size < left ? size : left;
}

static void tell(int index)
{
        cr_assert(peers[index].is_watched);
        shard_on_socket(&shard, peers[index].token, true, false);
}

/* Answers are of what was asked, in that order, and nobody else's. */
static void hear(int index)
{
        struct peer *peer = &peers[index];
        size_t at = 0;

        while (at < peer->said_size) {
                struct wire_frame frame;
                struct wire_message message;
                struct wire_refusal refusal;

                cr_assert_eq(wire_frame_decode(peer->said + at, peer->said_size - at, WIRE_BODY_MAX,
                                               &frame),
                             WIRE_FRAME_OK);
                at += WIRE_HEADER_SIZE + frame.body_size;
                acd_arena_reset(&arena);
                cr_assert_eq(wire_decode(&frame, &arena, &message, &refusal), ACD_OK);
                cr_assert_eq(message.kind, peer->heard_count == 0 ? WIRE_WELCOME : WIRE_PONG,
                             "%s: the answer %u has kind %u", names[index], peer->heard_count,
                             message.kind);
                cr_assert_eq(message.correlation, peer->heard_count);
                if (message.kind == WIRE_PONG)
                        cr_assert_eq(message.pong.client_time_ns,
                                     stamp_of(index, peer->heard_count));
                else
                        cr_assert_str_eq(shard.conns.conn[peer->token].client, names[index]);
                peer->heard_count++;
        }
        peer->said_size = 0;
}

static void turn(void)
{
        cr_assert_eq(shard_turn(&shard), 0);
        for (int i = 0; i < CROWD_COUNT; i++)
                hear(i);
}

/* A connection that was welcomed. */
static void open_peer(int index)
{
        dial(index);
        say_hello(index);
        arrive(index, STREAM_SIZE);
        tell(index);
        turn();
        cr_assert_eq(peers[index].heard_count, 1);
        peers[index].read_count = 0;
}

/* It goes, with whatever is left of a frame. */
static void hang_up(int index)
{
        peers[index].is_over = true;
        tell(index);
        turn();
        cr_assert_not(peers[index].is_connected);
}

static void check_answered(int index)
{
        const struct peer *peer = &peers[index];

        cr_assert(peer->is_connected);
        cr_assert_eq(peer->read_size, peer->stream_size);
        cr_assert_eq(peer->heard_count, peer->sent_count, "%s: %u of %u answers", names[index],
                     peer->heard_count, peer->sent_count);
}

/* ---- who is read when ---- */

/* After turn @number of so many in which there is something to read. */
static void check_loud(int index, uint32_t number, uint32_t turn_count)
{
        const struct peer *peer = &peers[index];
        size_t size = peer->read_size - peer->hello_size;

        cr_assert_eq(peer->read_count, number, "%s: turn %u of %u, %u reads", names[index], number,
                     turn_count, peer->read_count);
        cr_assert_eq(size, number < turn_count ? (size_t)number * CONN_READ_MAX : MUCH_SIZE);
        cr_assert_eq(peer->heard_count, 1 + size / WIDE_SIZE);
}

/* Goal    Who has much to say is read in each turn, until there is nothing more, although the world
 *         told of it once; and delays others, loud ones too, by one read.
 * Method  The number of turns is a formula. The loop is not to wait before the last of them. */
Test(conn_read, who_has_much_to_say_is_read_in_each_turn)
{
        const uint32_t turn_count = MUCH_SIZE / CONN_READ_MAX + 1;

        for (int i = 0; i < PEER_COUNT; i++)
                open_peer(i);
        for (int i = 0; i < 2; i++) {
                while (peers[i].stream_size - peers[i].hello_size < MUCH_SIZE)
                        say_ping(i, WIDE);
                arrive(i, MUCH_SIZE);
                tell(i);
        }
        for (uint32_t number = 1; number <= turn_count; number++) {
                say_ping(2, 1);
                arrive(2, STREAM_SIZE);
                tell(2);
                turn();
                check_loud(0, number, turn_count);
                check_loud(1, number, turn_count);
                check_answered(2);
                cr_assert_eq(shard_wait_ns(&shard) == 0, number < turn_count,
                             "after turn %u of %u the loop would do the wrong thing", number,
                             turn_count);
        }
        turn();
        for (int i = 0; i < 2; i++) {
                cr_assert_eq(peers[i].read_count, turn_count, "read although nobody told of it");
                arrive(i, STREAM_SIZE);
                tell(i);
        }
        turn();
        for (int i = 0; i < 2; i++)
                check_answered(i);
}

/* Goal    A read that did not fill its space is not done again to find nothing; one that just did
 *         is, once. */
Test(conn_read, only_a_full_read_is_followed_by_another)
{
        static const struct {
                size_t size;
                uint32_t read_count;
        } cases[] = { { 1, 1 }, { CONN_READ_MAX - 1, 1 }, { CONN_READ_MAX, 2 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                open_peer(0);
                for (size_t size = 0; size < CONN_READ_MAX; size += WIDE_SIZE)
                        say_ping(0, WIDE);
                arrive(0, cases[i].size);
                tell(0);
                for (int j = 0; j < 3; j++)
                        turn();
                cr_assert_eq(peers[0].read_count, cases[i].read_count, "%zu bytes: %u reads",
                             cases[i].size, peers[0].read_count);
                cr_assert(peers[0].is_watched);
                arrive(0, STREAM_SIZE);
                tell(0);
                turn();
                turn();
                check_answered(0);
                hang_up(0);
        }
}

/* Goal    More than are read before they are decided, and each is read once, is answered what it
 *         asked, and keeps what is left of a frame.
 * Method  All are told of in one turn; every third frame is cut, elsewhere in each. */
Test(conn_read, a_crowd_is_read_in_one_turn)
{
        for (int i = 0; i < CROWD_COUNT; i++)
                open_peer(i);
        for (int i = 0; i < CROWD_COUNT; i++) {
                size_t cut = i % 3 == 0 ? 1 + (size_t)i % (WIDE_SIZE - 1) : WIDE_SIZE;

                say_ping(i, WIDE);
                arrive(i, cut);
                tell(i);
        }
        turn();
        for (int i = 0; i < CROWD_COUNT; i++) {
                cr_assert_eq(peers[i].read_count, 1, "%s", names[i]);
                cr_assert_eq(peers[i].heard_count, i % 3 == 0 ? 1 : 2, "%s", names[i]);
                say_ping(i, 1);
                arrive(i, LITTLE_SIZE);
                tell(i);
        }
        turn();
        for (int i = 0; i < CROWD_COUNT; i++)
                check_answered(i);
}

/* ---- a fast stop ---- */

static void say_stop(int index)
{
        struct peer *peer = &peers[index];
        struct wire_message stop = { .kind = WIRE_STOP,
                                     .correlation = peer->sent_count++,
                                     .stop = { .fast = true } };

        acd_arena_reset(&arena);
        peer->stream_size += wire_encode(&stop, &arena, peer->stream + peer->stream_size,
                                         peer->stream_size_max - peer->stream_size);
}

/* The kinds of what it was told in this turn, in order. */
static void check_kinds(int index, const enum wire_kind *kinds, uint32_t count)
{
        struct peer *peer = &peers[index];
        size_t at = 0;

        for (uint32_t i = 0; i < count; i++) {
                struct wire_frame frame = { 0 };

                cr_assert_eq(wire_frame_decode(peer->said + at, peer->said_size - at, WIRE_BODY_MAX,
                                               &frame),
                             WIRE_FRAME_OK);
                cr_assert_eq(frame.kind, kinds[i], "%s: answer %u is of kind %u", names[index], i,
                             frame.kind);
                at += WIRE_HEADER_SIZE + frame.body_size;
        }
        cr_assert_eq(at, peer->said_size, "%s was told more", names[index]);
}

/* Goal    A fast stop is the last that is decided. What comes behind it, of whomever, is not
 *         answered, not even with a refusal: the next run is asked again, as requests over Redis
 *         are without their sender.
 * Method  One asks before and after its STOP, another before it in that turn, a third behind it. */
Test(conn_read, nothing_is_decided_behind_a_fast_stop)
{
        static const enum wire_kind of_stopper[] = { WIRE_PONG, WIRE_RESULT, WIRE_BYE };
        static const enum wire_kind of_other[] = { WIRE_PONG, WIRE_BYE };

        for (int i = 0; i < PEER_COUNT; i++) {
                open_peer(i);
                say_ping(i, 1);
        }
        say_stop(1);
        say_ping(1, 1);
        for (int i = 0; i < PEER_COUNT; i++) {
                arrive(i, STREAM_SIZE);
                tell(i);
        }
        cr_assert_eq(shard_turn(&shard), 0);
        check_kinds(0, of_other, 2);
        check_kinds(1, of_stopper, 3);
        check_kinds(2, &of_other[1], 1);
        /* Closed over unread bytes, the connections would be reset, and these words lost. */
        for (int i = 0; i < PEER_COUNT; i++) {
                cr_assert_not(peers[i].is_connected);
                cr_assert_eq(peers[i].read_size, peers[i].arrived_size, "%s", names[i]);
        }
}

/* ---- one buffer for all ---- */

static void begin_pair(void)
{
        for (int i = 0; i < 2; i++) {
                dial(i);
                say_hello(i);
                say_ping(i, 1);
                say_ping(i, 1 + (uint32_t)i);
        }
}

/* Both are told of, and read in one turn. */
static void pass_pair(size_t size_a, size_t size_b)
{
        arrive(0, size_a);
        arrive(1, size_b);
        for (int i = 0; i < 2; i++)
                if (peers[i].arrived_size > peers[i].read_size)
                        tell(i);
        turn();
}

/* Another is read, from the beginning of the buffer on. */
static void pass_third(void)
{
        struct peer *peer = &peers[2];

        check_answered(2);
        peer->stream_size = peer->arrived_size = peer->read_size = 0;
        say_ping(2, WIDE);
        arrive(2, STREAM_SIZE);
        tell(2);
        turn();
}

/* Goal    Half a frame is its connection's, wherever it is cut and whoever is read meanwhile: into
 *         the same memory.
 * Method  All pairs of cuts of two streams that begin with HELLO. Between their halves a third is
 *         read. At the end one leaves with half a frame, and the next to come finds nothing. */
Test(conn_read, frames_may_be_cut_anywhere)
{
        size_t size_a, size_b;

        open_peer(2);
        begin_pair();
        size_a = peers[0].stream_size;
        size_b = peers[1].stream_size;
        pass_pair(size_a, size_b);
        hang_up(0);
        hang_up(1);
        for (size_t cut_a = 0; cut_a <= size_a; cut_a++) {
                for (size_t cut_b = 0; cut_b <= size_b; cut_b++) {
                        begin_pair();
                        pass_pair(cut_a, cut_b);
                        pass_third();
                        pass_pair(size_a - cut_a, size_b - cut_b);
                        for (int i = 0; i < PEER_COUNT; i++)
                                check_answered(i);
                        say_ping(0, WIDE);
                        arrive(0, 1 + cut_b);
                        tell(0);
                        turn();
                        hang_up(0);
                        hang_up(1);
                }
        }
}

/* A read of whole frames, as large as reads are. */
static void say_a_full_read(int index)
{
        size_t left = CONN_READ_MAX;

        while ((left - WIRE_HEADER_SIZE) % STAMP_SIZE != 0 || left > WIDE * WIDE_SIZE) {
                say_ping(index, WIDE);
                left -= WIDE_SIZE;
        }
        say_ping(index, (uint32_t)(left - WIRE_HEADER_SIZE) / STAMP_SIZE);
}

/* Goal    What was read and is not decided yet is not written over by one that has frames left,
 *         and then reads.
 * Method  One says more frames than a turn takes, and then more; one before it in the list fills
 *         its read with whole frames, so that nothing of it is left in the next turn. */
Test(conn_read, who_goes_on_leaves_the_others_theirs)
{
        for (int i = 0; i < 2; i++)
                open_peer(i);
        say_a_full_read(0);
        say_ping(0, WIDE);
        for (int i = 0; i < CONN_COMMAND_MAX + 9; i++)
                say_ping(1, 1);
        for (int i = 0; i < 2; i++) {
                arrive(i, STREAM_SIZE);
                tell(i);
        }
        turn();
        cr_assert_eq(peers[0].read_size, peers[0].hello_size + CONN_READ_MAX);
        cr_assert_eq(peers[1].heard_count, 1 + CONN_COMMAND_MAX);
        say_ping(1, WIDE);
        arrive(1, STREAM_SIZE);
        turn();
        for (int i = 0; i < 2; i++) {
                cr_assert_eq(peers[i].read_count, 2);
                check_answered(i);
        }
}

/* Below one bound or the other. */
static uint32_t random_below(struct acd_prng *prng, uint32_t one, uint32_t other)
{
        uint32_t bound = acd_prng_below(prng, 2) == 0 ? one : other;

        return (uint32_t)acd_prng_below(prng, bound);
}

static void send_in_pieces(struct acd_prng *prng)
{
        enum { PIECE_MAX = 3 * CONN_READ_MAX };
        bool is_more;

        do {
                is_more = false;
                for (int i = 0; i < PEER_COUNT; i++) {
                        struct peer *peer = &peers[i];

                        arrive(i, random_below(prng, STAMP_SIZE, PIECE_MAX));
                        if (peer->arrived_size > peer->read_size)
                                tell(i);
                        is_more |= peer->read_size < peer->stream_size;
                }
                turn();
        } while (is_more);
}

/* Goal    The same for frames up to the largest, in any number of pieces.
 * Method  Streams of three peers arrive in pieces of random sizes: few bytes, or more than is read
 *         at once. Told of is each that has some, as a world does. */
Test(conn_read, large_frames_in_pieces)
{
        enum { ROUND_COUNT = 20, FRAME_COUNT = 24 };
        struct acd_prng prng;

        acd_prng_init(&prng, 7);
        for (int round = 0; round < ROUND_COUNT; round++) {
                for (int i = 0; i < PEER_COUNT; i++) {
                        dial(i);
                        say_hello(i);
                        say_ping(i, STAMP_MAX);
                        for (int j = 0; j < FRAME_COUNT; j++)
                                say_ping(i, 1 + random_below(&prng, STAMP_MAX, WIDE));
                }
                send_in_pieces(&prng);
                for (int i = 0; i < PEER_COUNT; i++) {
                        check_answered(i);
                        hang_up(i);
                }
        }
}

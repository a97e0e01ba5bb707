/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulated network.
 *
 * A link is two pipes. What is written to a pipe is cut into pieces that become visible
 * at times which never go back, so that a stream stays a stream. Readiness is asked for
 * anew each time, as a level-triggered poll would.
 */

#include "tests/sim/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/sim.h"

enum { PIPE_SIZE = 1 << 18, PIECE_MAX = 64 };

struct piece {
        uint64_t upto; /* position in the stream */
        uint64_t at;   /* when bytes up to it are visible */
};

/* One direction. Positions count all bytes since the link was made. */
struct pipe {
        uint8_t *bytes;
        uint64_t written, visible, read;
        struct piece piece[PIECE_MAX];
        uint32_t piece_first, piece_count;
        uint64_t last_at;
        bool is_closed; /* by its writer; the reader learns it at close_at */
        bool is_reset;
        uint64_t close_at;
};

struct link {
        bool is_used;
        bool is_redis;
        bool is_refused;  /* a connection that never was */
        bool is_accepted; /* by the daemon, or by Redis */
        bool is_daemon_open, is_other_open;
        bool is_silent; /* the other end is switched off */
        uint64_t made_at;
        uint32_t token;
        bool wants_read, wants_write;
        struct pipe in;  /* to the daemon */
        struct pipe out; /* from the daemon */
};

struct sim_net {
        struct sim *sim;
        struct link link[NET_LINK_MAX];
        struct world_sockets table;
        bool is_up, is_listening, is_redis_up;
        uint64_t kill_at;
};

static uint64_t latency(struct sim *sim)
{
        if (sim_percent(sim, 2))
                return sim_below(sim, 200 * (uint64_t)SIM_NS_PER_MS);
        return 10 * (uint64_t)NS_PER_US + sim_below(sim, 2 * (uint64_t)SIM_NS_PER_MS);
}

/* Pipes */

static void pipe_open(struct pipe *pipe)
{
        *pipe = (struct pipe){ .bytes = malloc(PIPE_SIZE) };
        ACD_ASSERT(pipe->bytes != NULL);
}

static void pipe_drop(struct pipe *pipe)
{
        free(pipe->bytes);
        *pipe = (struct pipe){ 0 };
}

static void pipe_settle(struct pipe *pipe, uint64_t now)
{
        while (pipe->piece_count > 0 && pipe->piece[pipe->piece_first].at <= now) {
                pipe->visible = pipe->piece[pipe->piece_first].upto;
                pipe->piece_first = (pipe->piece_first + 1) % PIECE_MAX;
                pipe->piece_count--;
        }
}

static uint64_t pipe_room(const struct pipe *pipe)
{
        return PIPE_SIZE - (pipe->written - pipe->read);
}

static void add_piece(struct sim *sim, struct pipe *pipe, uint64_t upto)
{
        uint64_t at = sim->now + latency(sim);
        uint32_t last;

        if (at < pipe->last_at)
                at = pipe->last_at;
        pipe->last_at = at;
        if (pipe->piece_count == PIECE_MAX) {
                last = (pipe->piece_first + pipe->piece_count - 1) % PIECE_MAX;
        } else {
                last = (pipe->piece_first + pipe->piece_count++) % PIECE_MAX;
        }
        pipe->piece[last] = (struct piece){ .upto = upto, .at = at };
}

static uint64_t pipe_write(struct sim *sim, struct pipe *pipe, const uint8_t *bytes, uint64_t size)
{
        uint64_t middle;

        if (size > pipe_room(pipe))
                size = pipe_room(pipe);
        if (size == 0)
                return 0;
        for (uint64_t i = 0; i < size; i++)
                pipe->bytes[(pipe->written + i) % PIPE_SIZE] = bytes[i];
        middle = pipe->written + sim_below(sim, size);
        if (middle > pipe->written && sim_percent(sim, 20))
                add_piece(sim, pipe, middle);
        pipe->written += size;
        add_piece(sim, pipe, pipe->written);
        acd_hash64_add_bytes(&sim->trace, bytes, size);
        return size;
}

static uint64_t pipe_read(struct sim *sim, struct pipe *pipe, uint8_t *bytes, uint64_t size)
{
        uint64_t there;

        pipe_settle(pipe, sim->now);
        there = pipe->visible - pipe->read;
        if (size > there)
                size = there;
        if (size > 1 && sim_percent(sim, 5))
                size = 1 + sim_below(sim, size);
        for (uint64_t i = 0; i < size; i++)
                bytes[i] = pipe->bytes[(pipe->read + i) % PIPE_SIZE];
        pipe->read += size;
        return size;
}

static void pipe_close(struct sim *sim, struct pipe *pipe, bool is_reset)
{
        if (pipe->is_closed)
                return;
        pipe->is_closed = true;
        pipe->is_reset = is_reset;
        pipe->close_at = sim->now + latency(sim);
        if (pipe->close_at < pipe->last_at)
                pipe->close_at = pipe->last_at;
        if (is_reset && pipe->written > pipe->visible) {
                /* What is under way may still arrive, or only a part of it. */
                uint64_t lost = sim_below(sim, pipe->written - pipe->visible + 1);

                pipe->piece_count = 0;
                pipe->written -= lost;
                if (pipe->written > pipe->visible)
                        add_piece(sim, pipe, pipe->written);
                pipe->close_at = pipe->last_at;
        }
}

/* The reader sees the end. */
static bool pipe_is_over(const struct pipe *pipe, uint64_t now)
{
        return pipe->is_closed && pipe->close_at <= now && pipe->read == pipe->written;
}

/* Links */

static int link_new(struct sim_net *net)
{
        for (int i = 0; i < NET_LINK_MAX; i++) {
                struct link *link = &net->link[i];

                if (link->is_used)
                        continue;
                *link = (struct link){ .is_used = true, .made_at = net->sim->now };
                pipe_open(&link->in);
                pipe_open(&link->out);
                return i;
        }
        return -1;
}

static void link_free_when_over(struct link *link)
{
        if (link->is_daemon_open || link->is_other_open)
                return;
        pipe_drop(&link->in);
        pipe_drop(&link->out);
        link->is_used = false;
}

static struct link *link_of(struct sim_net *net, int index)
{
        ACD_ASSERT(index >= 0 && index < NET_LINK_MAX);
        ACD_ASSERT(net->link[index].is_used);
        return &net->link[index];
}

/* The process may die at any of its operations; it does not know it yet. */
static bool is_dead(struct sim_net *net)
{
        if (net->kill_at > 0 && --net->kill_at == 0)
                simdisk_kill_at(net->sim->disk, SIMDISK_ALL_OPS, 1);
        return simdisk_is_dead(net->sim->disk);
}

/* The daemon's table */

static int on_accept(void *self, uint32_t listener, struct world_peer *ret_peer)
{
        struct sim_net *net = self;

        (void)listener;
        for (int i = 0; i < NET_LINK_MAX; i++) {
                struct link *link = &net->link[i];

                if (!link->is_used || link->is_redis || link->is_accepted ||
                    link->made_at > net->sim->now)
                        continue;
                link->is_accepted = true;
                link->is_daemon_open = true;
                *ret_peer = (struct world_peer){ .address = 1, .is_local = true };
                memcpy(ret_peer->text, "sim", 4);
                return i;
        }
        return -EAGAIN;
}

static int on_connect(void *self, const char *address)
{
        struct sim_net *net = self;
        int index = link_new(net);

        (void)address;
        if (index < 0)
                return -EMFILE;
        net->link[index].is_redis = true;
        net->link[index].is_daemon_open = true;
        net->link[index].is_refused = !net->is_redis_up;
        net->link[index].is_other_open = net->is_redis_up;
        net->link[index].made_at = net->sim->now + latency(net->sim);
        return index;
}

static int64_t on_read(void *self, int socket, void *into, size_t size)
{
        struct sim_net *net = self;
        struct link *link = link_of(net, socket);
        uint64_t got;

        if (is_dead(net))
                return -EIO;
        if (link->is_refused)
                return -ECONNREFUSED;
        got = pipe_read(net->sim, &link->in, into, size);
        if (got > 0)
                return (int64_t)got;
        if (pipe_is_over(&link->in, net->sim->now))
                return link->in.is_reset ? -ECONNRESET : 0;
        return -EAGAIN;
}

static int64_t write_link(void *self, int socket, const struct iovec *parts, int part_count)
{
        struct sim_net *net = self;
        struct link *link = link_of(net, socket);
        int64_t moved = 0;

        if (is_dead(net))
                return -EIO;
        if (link->is_refused)
                return -ECONNREFUSED;
        if (!link->is_other_open && !link->is_silent)
                return -EPIPE;
        if (link->made_at > net->sim->now)
                return -EAGAIN;
        for (int i = 0; i < part_count; i++) {
                uint64_t size = parts[i].iov_len;
                uint64_t taken;

                if (size > 1 && sim_percent(net->sim, 3))
                        size = 1 + sim_below(net->sim, size);
                taken = pipe_write(net->sim, &link->out, parts[i].iov_base, size);
                moved += (int64_t)taken;
                if (taken < parts[i].iov_len)
                        break;
        }
        return moved > 0 ? moved : -EAGAIN;
}

static void on_write_many(void *self, struct world_write *writes, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++)
                writes[i].result =
                        write_link(self, writes[i].socket, writes[i].parts, writes[i].part_count);
}

static void on_watch(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        struct link *link = link_of(self, socket);

        link->token = token;
        link->wants_read = readable;
        link->wants_write = writable;
}

static void on_close(void *self, int socket)
{
        struct sim_net *net = self;
        struct link *link = link_of(net, socket);

        link->is_daemon_open = false;
        link->wants_read = false;
        link->wants_write = false;
        pipe_close(net->sim, &link->out, /* is_reset = */ simdisk_is_dead(net->sim->disk));
        link_free_when_over(link);
}

static void on_listen(void *self, bool is_wanted)
{
        struct sim_net *net = self;

        net->is_listening = is_wanted;
}

static bool is_readable(struct sim_net *net, struct link *link)
{
        pipe_settle(&link->in, net->sim->now);
        return link->is_refused || link->in.visible > link->in.read ||
               pipe_is_over(&link->in, net->sim->now);
}

static bool is_writable(const struct sim_net *net, const struct link *link)
{
        return link->made_at <= net->sim->now && (link->is_refused || pipe_room(&link->out) > 0);
}

bool net_tell(struct sim_net *net)
{
        bool is_anything = false;
        bool has_pending = false;

        for (int i = 0; i < NET_LINK_MAX; i++) {
                struct link *link = &net->link[i];
                bool reads, writes;

                if (!link->is_used)
                        continue;
                if (!link->is_accepted && !link->is_redis && link->made_at <= net->sim->now)
                        has_pending = true;
                if (!link->is_daemon_open)
                        continue;
                reads = link->wants_read && is_readable(net, link);
                writes = link->wants_write && is_writable(net, link);
                if (!reads && !writes)
                        continue;
                is_anything = true;
                shard_on_socket(net->sim->shard, link->token, reads, writes);
        }
        if (has_pending && net->is_listening) {
                shard_on_accept(net->sim->shard, 0);
                is_anything = true;
        }
        return is_anything;
}

static bool on_look(void *self)
{
        return net_tell(self);
}

/* The process */

struct sim_net *net_new(struct sim *sim)
{
        struct sim_net *net = calloc(1, sizeof(*net));

        ACD_ASSERT(net != NULL);
        net->sim = sim;
        net->table = (struct world_sockets){ .accept = on_accept,
                                             .connect = on_connect,
                                             .read = on_read,
                                             .write_many = on_write_many,
                                             .watch = on_watch,
                                             .close = on_close,
                                             .listen = on_listen,
                                             .look = on_look,
                                             .self = net };
        return net;
}

void net_free(struct sim_net *net)
{
        for (int i = 0; i < NET_LINK_MAX; i++) {
                pipe_drop(&net->link[i].in);
                pipe_drop(&net->link[i].out);
        }
        free(net);
}

const struct world_sockets *net_sockets(struct sim_net *net)
{
        return &net->table;
}

void net_set_up(struct sim_net *net, bool is_up)
{
        net->is_up = is_up;
        net->is_listening = is_up;
}

void net_kill_at(struct sim_net *net, uint64_t at)
{
        net->kill_at = at;
}

void net_daemon_died(struct sim_net *net, bool is_silent)
{
        net->is_up = false;
        net->is_listening = false;
        net->kill_at = 0;
        for (int i = 0; i < NET_LINK_MAX; i++) {
                struct link *link = &net->link[i];

                if (!link->is_used)
                        continue;
                link->is_accepted = true;
                link->is_daemon_open = false;
                link->wants_read = false;
                link->wants_write = false;
                if (is_silent && !link->is_redis) {
                        /* Neither an end nor another byte. */
                        link->out.piece_count = 0;
                } else {
                        pipe_close(net->sim, &link->out, /* is_reset = */ true);
                }
                link_free_when_over(link);
        }
}

static void sooner(uint64_t at, uint64_t now, uint64_t *next)
{
        if (at > now && at < *next)
                *next = at;
}

uint64_t net_next(const struct sim_net *net)
{
        uint64_t next = UINT64_MAX;
        uint64_t now = net->sim->now;

        for (int i = 0; i < NET_LINK_MAX; i++) {
                const struct link *link = &net->link[i];

                if (!link->is_used)
                        continue;
                sooner(link->made_at, now, &next);
                if (link->in.piece_count > 0)
                        sooner(link->in.piece[link->in.piece_first].at, now, &next);
                if (link->out.piece_count > 0)
                        sooner(link->out.piece[link->out.piece_first].at, now, &next);
                if (link->in.is_closed)
                        sooner(link->in.close_at, now, &next);
                if (link->out.is_closed)
                        sooner(link->out.close_at, now, &next);
        }
        return next;
}

/* The other ends */

int net_dial(struct sim_net *net)
{
        int index;

        if (!net->is_up)
                return -1;
        index = link_new(net);
        if (index < 0)
                return -1;
        net->link[index].is_other_open = true;
        net->link[index].made_at = net->sim->now + latency(net->sim);
        return index;
}

int64_t net_send(struct sim_net *net, int index, const uint8_t *bytes, size_t size)
{
        struct link *link = link_of(net, index);

        if (link->is_silent)
                return (int64_t)size;
        if (link->is_accepted && !link->is_daemon_open && link->out.is_closed)
                return -1;
        return (int64_t)pipe_write(net->sim, &link->in, bytes, size);
}

int64_t net_receive(struct sim_net *net, int index, uint8_t *bytes, size_t size)
{
        struct link *link = link_of(net, index);
        uint64_t got;

        if (link->is_silent)
                return 0;
        got = pipe_read(net->sim, &link->out, bytes, size);
        if (got > 0)
                return (int64_t)got;
        return pipe_is_over(&link->out, net->sim->now) ? -1 : 0;
}

void net_hang_up(struct sim_net *net, int index)
{
        struct link *link = link_of(net, index);

        link->is_other_open = false;
        pipe_close(net->sim, &link->in, /* is_reset = */ sim_percent(net->sim, 50));
        if (!link->is_accepted)
                link->is_accepted = true; /* out of the backlog, as far as anybody can tell */
        link_free_when_over(link);
}

void net_go_silent(struct sim_net *net, int index)
{
        link_of(net, index)->is_silent = true;
}

void net_set_redis(struct sim_net *net, bool is_up)
{
        net->is_redis_up = is_up;
}

int net_accept_redis(struct sim_net *net)
{
        for (int i = 0; i < NET_LINK_MAX; i++) {
                struct link *link = &net->link[i];

                if (link->is_used && link->is_redis && !link->is_refused && !link->is_accepted &&
                    link->made_at <= net->sim->now) {
                        link->is_accepted = true;
                        return i;
                }
        }
        return -1;
}

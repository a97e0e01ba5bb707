/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The client's end of a connection in the simulation.
 *
 * A peer that hears nothing for long gives up and dials again, as a client must that
 * wants to survive the silent death of a machine. It pings before the daemon finds it
 * too silent.
 */

#include "tests/sim/peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/net.h"
#include "tests/sim/sim.h"

#define PING_AFTER (2 * SIM_SECOND)

void peer_init(struct sim_peer *peer, struct sim *sim, const char *name)
{
        *peer = (struct sim_peer){ .sim = sim, .name = name, .link = -1 };
        peer->in = malloc(PEER_SIZE);
        peer->out = malloc(PEER_SIZE);
        peer->arena_memory = malloc(WIRE_ARENA_SIZE);
        peer->encode_memory = malloc(WIRE_ARENA_SIZE);
        ACD_ASSERT(peer->in != NULL && peer->out != NULL);
        ACD_ASSERT(peer->arena_memory != NULL && peer->encode_memory != NULL);
        acd_arena_init(&peer->arena, peer->arena_memory, WIRE_ARENA_SIZE);
        acd_arena_init(&peer->encode_arena, peer->encode_memory, WIRE_ARENA_SIZE);
}

void peer_fini(struct sim_peer *peer)
{
        free(peer->in);
        free(peer->out);
        free(peer->arena_memory);
        free(peer->encode_memory);
}

static void forget(struct sim_peer *peer)
{
        peer->link = -1;
        peer->is_welcome = false;
        peer->is_leaving = false;
        peer->pending_count = 0;
        peer->in_size = 0;
        peer->out_size = 0;
        peer->dial_at = peer->sim->now + sim_about(peer->sim, 200 * (uint64_t)SIM_NS_PER_MS);
        if (peer->on_lost != NULL)
                peer->on_lost(peer->self);
}

void peer_drop(struct sim_peer *peer, bool is_silent)
{
        if (peer->link < 0)
                return;
        sim_say(peer->sim, "%s drops its connection%s", peer->name, is_silent ? " silently" : "");
        if (is_silent)
                net_go_silent(peer->sim->net, peer->link);
        else
                net_hang_up(peer->sim->net, peer->link);
        forget(peer);
}

static void flush(struct sim_peer *peer)
{
        int64_t moved;

        if (peer->link < 0 || peer->out_size == 0)
                return;
        moved = net_send(peer->sim->net, peer->link, peer->out, peer->out_size);
        if (moved < 0) {
                net_hang_up(peer->sim->net, peer->link);
                forget(peer);
                return;
        }
        memmove(peer->out, peer->out + moved, peer->out_size - (uint32_t)moved);
        peer->out_size -= (uint32_t)moved;
}

bool peer_ask(struct sim_peer *peer, struct wire_message *message, uint64_t subject,
              uint32_t number)
{
        size_t size;
        uint32_t at = (peer->pending_first + peer->pending_count) % PEER_PENDING_MAX;

        ACD_ASSERT(peer->link >= 0);
        if (peer->pending_count == PEER_PENDING_MAX)
                return false;
        message->correlation = ++peer->correlation;
        acd_arena_reset(&peer->encode_arena);
        size = wire_encode(message, &peer->encode_arena, peer->out + peer->out_size,
                           PEER_SIZE - peer->out_size);
        if (size == 0)
                return false;
        peer->out_size += (uint32_t)size;
        peer->pending[at] = (struct peer_request){ .kind = message->kind,
                                                   .correlation = message->correlation,
                                                   .session = message->session,
                                                   .subject = subject,
                                                   .number = number };
        peer->pending_count++;
        peer->said_at = peer->sim->now;
        return true;
}

bool peer_connect(struct sim_peer *peer, enum wire_role role, uint64_t resume_sequence)
{
        struct wire_message hello = { .kind = WIRE_HELLO };

        if (peer->link >= 0)
                return true;
        if (peer->sim->now < peer->dial_at)
                return false;
        peer->dial_at = peer->sim->now + sim_about(peer->sim, 300 * (uint64_t)SIM_NS_PER_MS);
        peer->link = net_dial(peer->sim->net);
        if (peer->link < 0)
                return false;
        peer->heard_at = peer->sim->now;
        hello.hello = (struct wire_hello){ .tenant = wire_text("bank"),
                                           .role = role,
                                           .client = wire_text(peer->name),
                                           .protocol_min = 1,
                                           .protocol_max = 1,
                                           .resume_sequence = resume_sequence };
        ACD_ASSERT(peer_ask(peer, &hello, 0, 0));
        return true;
}

/* The request that @message answers. */
static struct peer_request take_pending(struct sim_peer *peer, const struct wire_message *message)
{
        struct peer_request request = peer->pending[peer->pending_first];

        if (peer->pending_count == 0 || request.correlation != message->correlation)
                sim_fail(peer->sim, "%s: the answer %u (kind %u) to nothing that comes next (%u)",
                         peer->name, message->correlation, message->kind,
                         peer->pending_count == 0 ? 0 : request.correlation);
        peer->pending_first = (peer->pending_first + 1) % PEER_PENDING_MAX;
        peer->pending_count--;
        return request;
}

static void on_frame(struct sim_peer *peer, const struct wire_frame *frame)
{
        struct wire_message message;
        struct wire_refusal refusal;
        const struct wire_kind_info *info = wire_kind_info(frame->kind);
        struct peer_request request;

        acd_arena_reset(&peer->arena);
        if (info == NULL || wire_decode(frame, &peer->arena, &message, &refusal) != ACD_OK)
                sim_fail(peer->sim, "%s: the daemon sent what nobody can read, kind %u",
                         peer->name, frame->kind);
        if (peer->is_leaving)
                sim_fail(peer->sim, "%s: something after BYE", peer->name);
        if (message.kind == WIRE_BYE) {
                sim_say(peer->sim, "%s is told BYE: %.*s", peer->name,
                        (int)message.bye.text.size, message.bye.text.at);
                peer->is_leaving = true;
                return;
        }
        if (info->direction == WIRE_PUSH) {
                if (message.correlation != 0)
                        sim_fail(peer->sim, "%s: a push with a correlation", peer->name);
                peer->on_message(peer->self, &message, NULL);
                return;
        }
        request = take_pending(peer, &message);
        if (request.kind == WIRE_HELLO && message.kind == WIRE_WELCOME)
                peer->is_welcome = true;
        if (message.kind != WIRE_PONG)
                peer->on_message(peer->self, &message, &request);
}

static void read_frames(struct sim_peer *peer)
{
        uint32_t at = 0;

        while (peer->link >= 0) {
                struct wire_frame frame;
                enum wire_frame_status status = wire_frame_decode(
                        peer->in + at, peer->in_size - at, WIRE_BODY_MAX_EVENTS, &frame);

                if (status == WIRE_FRAME_SHORT)
                        break;
                if (status != WIRE_FRAME_OK)
                        sim_fail(peer->sim, "%s: bytes that are no frame", peer->name);
                on_frame(peer, &frame);
                at += WIRE_HEADER_SIZE + frame.body_size;
        }
        if (peer->link < 0)
                return;
        memmove(peer->in, peer->in + at, peer->in_size - at);
        peer->in_size -= at;
}

static void receive(struct sim_peer *peer)
{
        struct sim *sim = peer->sim;

        while (peer->link >= 0 && sim->now >= peer->stalled_until) {
                int64_t got = net_receive(sim->net, peer->link, peer->in + peer->in_size,
                                          PEER_SIZE - peer->in_size);

                if (got < 0) {
                        net_hang_up(sim->net, peer->link);
                        forget(peer);
                        return;
                }
                if (got == 0)
                        break;
                peer->heard_at = sim->now;
                peer->in_size += (uint32_t)got;
                read_frames(peer);
        }
}

void peer_step(struct sim_peer *peer)
{
        struct sim *sim = peer->sim;
        struct wire_message ping = { .kind = WIRE_PING };

        receive(peer);
        if (peer->link < 0)
                return;
        if (sim->now - peer->heard_at > PEER_PATIENCE_S * SIM_SECOND &&
            sim->now >= peer->stalled_until) {
                peer_drop(peer, false);
                return;
        }
        if (peer_is_open(peer) && sim->now - peer->said_at > PING_AFTER)
                (void)peer_ask(peer, &ping, 0, 0);
        flush(peer);
}

bool peer_is_open(const struct sim_peer *peer)
{
        return peer->is_welcome && !peer->is_leaving;
}

uint64_t peer_next(const struct sim_peer *peer)
{
        uint64_t next;

        if (peer->link < 0)
                return peer->dial_at;
        if (peer_is_open(peer))
                next = peer->said_at + PING_AFTER + 1;
        else
                next = peer->heard_at + PEER_PATIENCE_S * SIM_SECOND + 1;
        if (peer->stalled_until > peer->sim->now && peer->stalled_until < next)
                next = peer->stalled_until;
        return next;
}

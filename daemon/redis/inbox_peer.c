/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox as a client: one connection for what gateways say, one for what agents do.
 *
 * It does what every client does: HELLO, PING when there was nothing to say, and when it is told
 * BYE it comes back, later each time. The second connection is made when the first agent asks for
 * something.
 *
 * Requests are given in the order of the stream. Before one is given there is room for its answer,
 * so what the daemon says is always taken, and no connection is cut for leaving it unread.
 *
 * When a connection ends, what was asked and not answered may have happened or not. Its entries are
 * pending in Redis, so they are forgotten here and read again, and with them all that were to
 * follow.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/redis/inbox.h"
#include "daemon/shard.h"
#include "wire/codec.h"

enum {
        CORRELATION_HELLO = 0x7ffffffe,
        CORRELATION_PING = 0x7fffffff,
        NS_PER_MS = 1000000,
};

static const char client_name[] = "redis";

static const struct {
        const char *name;
        enum wire_role role;
} roles[INBOX_ROLE_COUNT] = {
        [INBOX_GATEWAY] = { "gateway", WIRE_ROLE_GATEWAY },
        [INBOX_AGENT] = { "agent", WIRE_ROLE_AGENT },
};

static enum inbox_role role_of(const struct inbox_tenant *tenant, const struct inbox_peer *peer)
{
        return (enum inbox_role)(peer - tenant->peer);
}

/* Something has to be said so often. */
static uint64_t period_ns(const struct shard *shard)
{
        return options_number(shard->options, OPTION_SILENCE_MS) * NS_PER_MS / 3;
}

static void heard(struct inbox *inbox, struct inbox_peer *peer)
{
        peer->due_real = inbox_now(inbox) + period_ns(inbox->shard);
}

static bool say(struct inbox *inbox, struct inbox_peer *peer, const struct wire_message *message)
{
        struct shard *shard = inbox->shard;
        struct iovec part = { shard->frame, 0 };

        acd_arena_reset(&shard->encode_arena);
        part.iov_len = wire_encode(message, &shard->encode_arena, shard->frame, shard->frame_size);
        ACD_ASSERT(part.iov_len > 0);
        if (!inner_send(inbox->inner, peer->pair, &part, 1))
                return false;
        heard(inbox, peer);
        return true;
}

/* ---- life ---- */

static void close_later(struct inbox_tenant *tenant, struct inbox_peer *peer, const char *why)
{
        struct inbox *inbox = tenant->lane->inbox;

        peer->state = INBOX_PEER_CLOSED;
        peer->due_real = inbox_now(inbox) + inbox_pause_ns(inbox, ++peer->failure_count);
        log_event(&inbox->shard->log, LOG_WARNING, "inbox_connection_closed",
                  "tenant=%s role=%s reason=\"%s\"", tenant->name,
                  roles[role_of(tenant, peer)].name, why);
}

static void open_peer(struct inbox_tenant *tenant, struct inbox_peer *peer)
{
        struct inbox *inbox = tenant->lane->inbox;
        enum inbox_role role = role_of(tenant, peer);
        const struct acd_text feature = wire_text("no-assignments");
        const struct world_peer who = { .address = UINT64_MAX, .is_local = true, .text = "redis" };
        const struct wire_message hello = {
                .kind = WIRE_HELLO,
                .correlation = CORRELATION_HELLO,
                .hello = { .tenant = wire_text(tenant->name),
                           .role = roles[role].role,
                           .client = wire_text(client_name),
                           .protocol_min = WIRE_PROTOCOL,
                           .protocol_max = WIRE_PROTOCOL,
                           .features_count = role == INBOX_GATEWAY ? 1 : 0,
                           .features = &feature },
        };

        peer->text[0] = '\0';
        peer->pair = inner_open(inbox->inner);
        if (peer->pair < 0) {
                close_later(tenant, peer, "no inner connection is free");
                return;
        }
        if (conn_adopt(inbox->shard, inner_socket(peer->pair), &who) == NULL) {
                inbox->shard->world.sockets->close(inbox->shard->world.sockets->self,
                                                   inner_socket(peer->pair));
                inner_close(inbox->inner, peer->pair);
                close_later(tenant, peer, "all connections are in use; raise connection-count-max");
                return;
        }
        peer->state = INBOX_PEER_GREETING;
        ACD_ASSERT(say(inbox, peer, &hello));
}

static void forget(struct inbox *inbox, struct acd_list *slots, enum inbox_role role)
{
        struct acd_link *link = acd_list_first(slots);

        while (link != NULL) {
                struct inbox_slot *slot = inbox_slot_of(link);

                link = acd_list_next(link);
                if (role == INBOX_NOBODY || slot->role == role)
                        inbox_slot_free(inbox, slot);
        }
}

/* The daemon has closed its end, and all it said was read. */
static void end_peer(struct inbox_tenant *tenant, struct inbox_peer *peer)
{
        struct inbox *inbox = tenant->lane->inbox;

        inner_close(inbox->inner, peer->pair);
        forget(inbox, &tenant->slots[INBOX_ASKED], role_of(tenant, peer));
        forget(inbox, &tenant->slots[INBOX_WAITING], INBOX_NOBODY);
        inbox_read_again(tenant);
        close_later(tenant, peer, peer->text[0] == '\0' ? "the daemon closed it" : peer->text);
}

void inbox_peer_close(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;

        for (uint32_t i = 0; i < INBOX_ROLE_COUNT; i++) {
                if (tenant->peer[i].state == INBOX_PEER_CLOSED)
                        continue;
                inner_close(inbox->inner, tenant->peer[i].pair);
                tenant->peer[i].state = INBOX_PEER_CLOSED;
        }
}

/* ---- what the daemon says ---- */

static void note_session(struct inbox *inbox, struct inbox_slot *slot,
                         const struct wire_frame *frame)
{
        struct shard *shard = inbox->shard;
        struct wire_message message;
        struct wire_refusal refusal;

        acd_arena_reset(&shard->decode_arena);
        if (wire_decode(frame, &shard->decode_arena, &message, &refusal) != ACD_OK)
                return;
        slot->answer_session = message.logged_in.session;
        slot->answer_epoch = acd_epoch(shard->acd);
}

/* False: there is no room for it now. */
static bool take_answer(struct inbox_tenant *tenant, struct inbox_peer *peer,
                        const struct wire_frame *frame)
{
        struct inbox *inbox = tenant->lane->inbox;
        uint32_t index = frame->correlation - 1;
        const struct iovec part = { (void *)(uintptr_t)frame->body, frame->body_size };
        struct inbox_slot *slot;
        uint32_t free_count;

        if (index >= INBOX_SLOT_MAX)
                return true;
        slot = &inbox->slot[index];
        if (slot->state != INBOX_ASKED || slot->tenant != tenant ||
            slot->role != role_of(tenant, peer))
                return true;
        free_count = inbox->store.free_count - inbox->store.reserved_count;
        if (inbox_store_pieces(frame->body_size) > free_count + slot->reserved)
                return false;
        inbox_store_release(&inbox->store, slot->reserved);
        slot->reserved = 0;
        ACD_ASSERT(inbox_store_put(&inbox->store, &part, 1, &slot->bytes));
        slot->answer_kind = frame->kind;
        if (frame->kind == WIRE_LOGGED_IN)
                note_session(inbox, slot, frame);
        inbox_slot_move(inbox, slot, INBOX_ANSWERED);
        inbox_slot_count(slot);
        return true;
}

static void note_bye(struct inbox *inbox, struct inbox_peer *peer, const struct wire_frame *frame)
{
        struct shard *shard = inbox->shard;
        struct wire_message message;
        struct wire_refusal refusal;

        acd_arena_reset(&shard->decode_arena);
        if (wire_decode(frame, &shard->decode_arena, &message, &refusal) == ACD_OK)
                (void)snprintf(peer->text, sizeof(peer->text), "%s: %.*s",
                               wire_result_name(message.bye.code), (int)message.bye.text.size,
                               message.bye.text.at);
}

/* False: not now. */
static bool take_frame(struct inbox_tenant *tenant, struct inbox_peer *peer,
                       const struct wire_frame *frame)
{
        struct inbox *inbox = tenant->lane->inbox;

        if (frame->kind == WIRE_WELCOME) {
                peer->state = INBOX_PEER_OPEN;
                peer->failure_count = 0;
                return true;
        }
        if (frame->kind == WIRE_BYE) {
                note_bye(inbox, peer, frame);
                return true;
        }
        if (wire_kind_info(frame->kind) != NULL &&
            wire_kind_info(frame->kind)->direction == WIRE_PUSH) {
                if (role_of(tenant, peer) == INBOX_AGENT)
                        inbox_write_push(tenant, frame);
                return true;
        }
        return take_answer(tenant, peer, frame);
}

static void take_frames(struct inbox_tenant *tenant, struct inbox_peer *peer)
{
        struct inner *inner = tenant->lane->inbox->inner;

        for (;;) {
                struct wire_frame frame;
                size_t size;
                const uint8_t *bytes = inner_unread(inner, peer->pair, &size);

                if (wire_frame_decode(bytes, size, WIRE_BODY_MAX_EVENTS, &frame) != WIRE_FRAME_OK)
                        break;
                if (!take_frame(tenant, peer, &frame))
                        return;
                inner_read(inner, peer->pair, WIRE_HEADER_SIZE + (size_t)frame.body_size);
        }
        if (!inner_is_open(inner, peer->pair))
                end_peer(tenant, peer);
}

/* ---- what it is asked ---- */

static uint32_t pieces_for_answer(uint16_t kind)
{
        return wire_kind_info(kind)->answer == WIRE_RESULT ? 1
                                                           : inbox_store_pieces(INBOX_ANSWER_LARGE);
}

/* Of what requests that wait leave, its share; all of it for who is alone. */
static bool has_share(const struct inbox_tenant *tenant, uint32_t pieces)
{
        const struct inbox *inbox = tenant->lane->inbox;

        return inbox->tenant_count <= 1 ||
               inbox_has_share(inbox, INBOX_PIECE_MAX - INBOX_REQUEST_MAX, tenant->answer_pieces,
                               pieces);
}

/* Give the request in @slot to the daemon, or say that there is no room. */
static bool ask(struct inbox *inbox, struct inbox_peer *peer, struct inbox_slot *slot)
{
        uint32_t pieces = pieces_for_answer(slot->kind);
        uint8_t header[WIRE_HEADER_SIZE];
        const struct wire_frame frame = {
                .kind = slot->kind,
                .correlation = (uint32_t)(slot - inbox->slot) + 1,
                .session = slot->session,
                .body_size = slot->bytes.size,
        };
        const struct iovec parts[2] = { { header, sizeof(header) },
                                        { inbox->scratch, slot->bytes.size } };

        if (!has_share(slot->tenant, pieces) || !inbox_store_reserve(&inbox->store, pieces))
                return false;
        wire_frame_encode(&frame, header);
        inbox_store_get(&inbox->store, &slot->bytes, inbox->scratch);
        if (!inner_send(inbox->inner, peer->pair, parts, 2)) {
                inbox_store_release(&inbox->store, pieces);
                return false;
        }
        heard(inbox, peer);
        inbox_slot_move(inbox, slot, INBOX_ASKED);
        inbox_store_drop(&inbox->store, &slot->bytes);
        slot->reserved = pieces;
        inbox_slot_count(slot);
        return true;
}

void inbox_peer_ask(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct acd_link *link;

        while ((link = acd_list_first(&tenant->slots[INBOX_WAITING])) != NULL) {
                struct inbox_slot *slot = inbox_slot_of(link);
                struct inbox_peer *peer = &tenant->peer[slot->role];

                tenant->is_agent_wanted |= slot->role == INBOX_AGENT;
                if (peer->state == INBOX_PEER_CLOSED && peer->due_real == 0)
                        peer->due_real = inbox_now(inbox);
                if (peer->state != INBOX_PEER_OPEN || !ask(inbox, peer, slot))
                        return;
        }
}

/* ---- the turn ---- */

/* A gateway that is there keeps its tenant from being removed. So ours is there while the tenant
 * has queues, where alone it could have contacts, and while it is asked for something. */
static bool is_wanted(const struct inbox_tenant *tenant, enum inbox_role role)
{
        const struct shard *shard = tenant->lane->inbox->shard;

        if (shard->is_leaving || shard->is_stop_fast || shard->run == SHARD_STOPPED)
                return false;
        return role == INBOX_AGENT
                       ? tenant->is_agent_wanted
                       : tenant->has_queues || !acd_list_is_empty(&tenant->slots[INBOX_WAITING]) ||
                                 !acd_list_is_empty(&tenant->slots[INBOX_ASKED]);
}

static void turn_peer(struct inbox_tenant *tenant, struct inbox_peer *peer)
{
        struct inbox *inbox = tenant->lane->inbox;
        bool is_due = inbox_now(inbox) >= peer->due_real;
        const struct wire_message ping = { .kind = WIRE_PING, .correlation = CORRELATION_PING };

        if (peer->state == INBOX_PEER_CLOSED) {
                if (is_due && is_wanted(tenant, role_of(tenant, peer)))
                        open_peer(tenant, peer);
                return;
        }
        if (is_due && inner_is_open(inbox->inner, peer->pair) && !say(inbox, peer, &ping))
                heard(inbox, peer);
        take_frames(tenant, peer);
        if (peer->state == INBOX_PEER_OPEN && role_of(tenant, peer) == INBOX_GATEWAY &&
            !inbox->shard->is_leaving && !is_wanted(tenant, INBOX_GATEWAY)) {
                inner_close(inbox->inner, peer->pair);
                *peer = (struct inbox_peer){ .state = INBOX_PEER_CLOSED };
        }
}

void inbox_peer_turn(struct inbox_tenant *tenant)
{
        for (uint32_t i = 0; i < INBOX_ROLE_COUNT; i++)
                turn_peer(tenant, &tenant->peer[i]);
        inbox_peer_ask(tenant);
}

uint64_t inbox_peer_next_ns(const struct inbox_tenant *tenant)
{
        uint64_t next = 0;

        for (uint32_t i = 0; i < INBOX_ROLE_COUNT; i++) {
                const struct inbox_peer *peer = &tenant->peer[i];

                if (peer->state == INBOX_PEER_CLOSED && !is_wanted(tenant, (enum inbox_role)i))
                        continue;
                if (peer->due_real != 0 && (next == 0 || peer->due_real < next))
                        next = peer->due_real;
        }
        return next;
}

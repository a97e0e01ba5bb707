/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * peer.h - a client's end of a connection: frames out, frames in, answers matched with
 * requests.
 *
 * The protocol's promises are checked here for all: every request is answered once, in
 * the order of the requests; pushes have no correlation; BYE is last.
 *
 *   Ownership  Part of its client.
 *   Failure    sim_fail().
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "wire/codec.h"

struct sim;

enum { PEER_PENDING_MAX = 4096, PEER_SIZE = 1 << 18, PEER_PATIENCE_S = 9 };

/* What a request was about, for whoever gets its answer. */
struct peer_request {
        uint16_t kind;
        uint32_t correlation;
        uint32_t session;
        uint64_t subject;
        uint32_t number;
};

struct sim_peer {
        struct sim *sim;
        const char *name;
        int link; /* -1: not connected */
        bool is_welcome;
        bool is_leaving; /* BYE came */
        uint32_t correlation;
        struct peer_request pending[PEER_PENDING_MAX]; /* a ring */
        uint32_t pending_first, pending_count;
        uint8_t *in, *out;
        uint32_t in_size, out_size;
        uint64_t heard_at, said_at, dial_at, stalled_until;
        struct acd_arena arena, encode_arena; /* of what came, of what goes */
        void *arena_memory, *encode_memory;

        /* @request is NULL for pushes. */
        void (*on_message)(void *self, const struct wire_message *message,
                           const struct peer_request *request);
        void (*on_lost)(void *self);
        void *self;
};

void peer_init(struct sim_peer *peer, struct sim *sim, const char *name);
void peer_fini(struct sim_peer *peer);

/* Dial if it is time; say HELLO. True: there is a connection. */
bool peer_connect(struct sim_peer *peer, enum wire_role role, uint64_t resume_sequence);
/* It may ask: there was a WELCOME and no BYE. */
bool peer_is_open(const struct sim_peer *peer);

void peer_drop(struct sim_peer *peer, bool is_silent);

/* Send a request; its answer comes with @subject and @number. False: too much is unanswered. */
bool peer_ask(struct sim_peer *peer, struct wire_message *message, uint64_t subject,
              uint32_t number);

/* Write, read, tell what came, ping, give up on the silent. */
void peer_step(struct sim_peer *peer);
uint64_t peer_next(const struct sim_peer *peer);

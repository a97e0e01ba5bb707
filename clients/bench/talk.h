/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * talk.h - requests and answers outside of the measured time: HELLO, APPLY,
 * RESOLVE, LOGIN, with the full codec. Requests are pipelined; answers come in
 * the order of the requests.
 *
 *   Failure    false, after a sentence in the talk's `trouble` and its exit code.
 */

#include "clients/bench/line.h"
#include "clients/bench/settings.h"
#include "wire/codec.h"

typedef void talk_on_answer(void *context, uint64_t index, const struct wire_message *answer);

struct talk {
        struct line *line;
        talk_on_answer *on_answer;
        void *context;
        talk_on_answer *on_push; /* EVENTS and the like; NULL: skipped */
        uint64_t asked_count, answered_count;
        uint64_t deadline_ns;
        struct acd_arena arena;
        uint8_t *scratch;
        enum exit_code code;
        char trouble[256];
};

bool talk_init(struct talk *talk, double timeout_s);
/* From now on with this line. */
void talk_to(struct talk *talk, struct line *line);
void talk_fini(struct talk *talk);

/* Send @message, sooner or later. */
bool talk_ask(struct talk *talk, struct wire_message *message);
/* Wait until everything is answered. An answer that refuses is trouble. */
bool talk_finish(struct talk *talk);
/* Read once, waiting for it until the deadline. */
bool talk_read(struct talk *talk);

/* HELLO as @role under the name @client, with the one optional @feature, "" for none;
 * @ret_welcome may be NULL and has no texts. */
bool talk_hello(struct talk *talk, const char *tenant, enum wire_role role, const char *client,
                const char *feature, struct wire_welcome *ret_welcome);

/* Monotonic ns. */
uint64_t bench_now_ns(void);

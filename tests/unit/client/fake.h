/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fake.h - a daemon that does what a test tells it, in the same thread.
 *
 * It sits at the other end of a socket pair and works whenever the client waits:
 * poll() is wrapped. So a blocking call finds its answer, nothing sleeps, and
 * time is a number that passes only when there is nothing else to do.
 */

#include "clients/c/acdclient.h"
#include "wire/codec.h"

enum { FAKE_LOG_SIZE = 4096 };

struct fake {
        int fd; /* the present connection, -1 = none */
        uint64_t now_ms;
        bool is_refusing; /* dialing fails with -ECONNREFUSED */
        bool is_silent;   /* reads, but answers nothing */
        bool is_tcp;      /* and not a socket pair: who hangs up over unread bytes resets it */
        uint32_t dial_count;
        uint32_t session_last;
        uint64_t id_last;
        struct wire_welcome welcome; /* answer to HELLO, when code is OK */
        enum acd_result hello_code;  /* 0 = OK */
        char log[FAKE_LOG_SIZE];     /* kinds that came, "HELLO RESUME SUBMIT " */
        /* Decides over a request instead of the fake; true: it is dealt with. */
        bool (*on_request)(struct fake *fake, const struct wire_message *request);
        void *context;
        struct acd_buffer in;
        struct acd_arena decode, encode;
};

void fake_init(struct fake *fake);
void fake_fini(struct fake *fake);

/* Put the fake behind @options: dial and now_ms. Sets the listener's context. */
void fake_serve(struct fake *fake, struct acdclient_options *options);

/* Read and answer what has come. */
void fake_step(struct fake *fake);

/* Send a message: an answer to @request when it is not NULL. */
void fake_send(struct fake *fake, const struct wire_message *request,
               const struct wire_message *message);
void fake_answer(struct fake *fake, const struct wire_message *request, enum acd_result code,
                 uint64_t id);
void fake_hang_up(struct fake *fake);

/* One round of an event-driven client: everything that can be done at this time. */
void fake_turn(struct acdclient *client, struct fake *fake);

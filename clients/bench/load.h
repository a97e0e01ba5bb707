/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * load.h - the load itself: gateways that submit, agents who take and complete,
 * in one loop.
 *
 *        submit          offer       accept        (handle)      complete
 *   due ------> result ... ------> agent -----> result ... timer -----> result
 *                  |_ ack latency _|
 *      |_______ offer latency _____|
 *
 * A turn: wait for sockets, walk every frame that they have, let timers run,
 * submit what is due, write once to each line. Nothing is allocated but when a
 * buffer grows.
 *
 *   Ownership  load_open() connects, load_close() releases.
 *   Time       Monotonic ns, read once for each line that has something.
 *   Failure    What ends a run is in `code` and `trouble`; what a check found is counted, and
 *              the first few are told.
 *   Threads    One.
 */

#include <signal.h>

#include "base/wheel.h"
#include "clients/bench/arrivals.h"
#include "clients/bench/ledger.h"
#include "clients/bench/line.h"
#include "clients/bench/measure.h"
#include "clients/bench/settings.h"
#include "clients/bench/template.h"

enum {
        LOAD_EVENT_MAX = 512,     /* sockets dealt with in one wait */
        LOAD_ASKED_MAX = 1 << 16, /* unanswered requests of a gateway */
        LOAD_VIOLATION_TOLD_MAX = 8,
        LOAD_TICK_NS = 65536, /* of the wheel of handle times */
};

/* What was asked: a gateway's requests are submits and few others. */
enum asked_kind {
        ASKED_SUBMIT,
        ASKED_CANCEL,
        ASKED_REPORT,
        ASKED_PING,
        ASKED_READY,
        ASKED_ACCEPT,
        ASKED_COMPLETE,
        ASKED_HEARTBEAT,
};

struct asked {
        union {
                uint64_t due_ns;  /* SUBMIT */
                uint64_t contact; /* CANCEL */
        };
        uint32_t agent;
        uint8_t kind;
};

/* Requests of a line that are not answered, in order. */
struct asked_ring {
        struct asked *asked;
        uint32_t mask;
        uint32_t begin, end; /* running numbers; end is the next correlation */
};

enum agent_state {
        AGENT_IDLE,
        AGENT_ACCEPTING,
        AGENT_CONNECTING, /* media: until the gateway's report */
        AGENT_BUSY,       /* the timer runs */
        AGENT_COMPLETING,
};

struct agent {
        uint64_t assignment, contact;
        uint64_t sent_ns;
        uint32_t session;
        uint32_t line;
        uint8_t state;
        bool has_heartbeat; /* one is not answered yet */
};

struct session_slot {
        uint32_t session; /* 0: free */
        uint32_t agent;
};

struct load {
        const struct settings *settings;
        const volatile sig_atomic_t *is_interrupted;
        pid_t daemon_pid; /* 0: not known */
        int poller;
        uint8_t *scratch;
        uint32_t line_count; /* gateways first */
        struct line *line;
        struct asked_ring *ring;
        uint32_t *dirty;
        uint32_t dirty_count;
        struct agent *agent;
        struct session_slot *session; /* open addressing by a session's number */
        uint32_t session_mask;
        struct ledger ledger;
        struct templates templates;
        struct acd_wheel wheel;
        struct acd_timer *timer; /* by agent + 1 */
        struct acd_prng prng;
        uint64_t base_ns; /* tick 0 of the wheel */
        uint32_t heartbeat_ms;

        /* Counts since the beginning. */
        uint64_t sent_count, acknowledged_count, refused_count, done_count, cancelled_count;
        uint64_t missed_count; /* offers that ended without an accept */
        uint32_t next_gateway;
        bool is_media, is_pipelined;

        /* The part that is being measured; NULL: none. */
        struct measure *measure;
        uint64_t record_from_ns; /* latencies of what was due before are not counted */

        uint64_t now_ns;
        uint64_t heartbeat_at_ns;
        uint32_t heartbeat_agent;
        uint64_t standing_count; /* wait throughout and are cancelled at the end */

        uint64_t violation_count;
        char violation[LOAD_VIOLATION_TOLD_MAX][160];
        enum exit_code code;
        char trouble[256];
};

/* Connect and log in; settings and is_interrupted are set, the rest is zero. */
bool load_open(struct load *load, const char *address, const char *desktop_address);
void load_close(struct load *load);

/* One turn, waiting at most until @until_ns. False: the run is over, see code. */
bool load_turn(struct load *load, uint64_t until_ns);

/* Something is wrong with what the daemon does. */
void load_violation(struct load *load, uint64_t contact, const char *text);
/* The run cannot go on. Always false. */
bool load_fail(struct load *load, enum exit_code code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

uint64_t load_in_flight(const struct load *load);
/* Submits without an answer. */
static inline uint64_t load_unanswered(const struct load *load)
{
        return load->sent_count - load->acknowledged_count - load->refused_count;
}
uint64_t load_asked_count(const struct load *load);

/* The name of a result: "FULL". */
const char *load_result_name(uint32_t code);

/* The parts of the loop, for each other. load.c: */
uint8_t *load_room(struct load *load, struct line *line, size_t size);
void load_put(struct load *load, struct line *line, size_t size, struct asked asked);
bool load_take_asked(struct load *load, const struct line *line, const struct wire_frame *frame,
                     struct asked *ret_asked);
bool load_bye(struct load *load, const struct wire_frame *frame);

/* load_gateway.c: submit one that was due at @due_ns; false: the line is full. */
bool load_submit(struct load *load, uint64_t due_ns, bool is_standing);
bool load_cancel(struct load *load, uint64_t contact);
bool load_gateway_frame(struct load *load, struct line *line, const struct wire_frame *frame);

/* load_agent.c: */
bool load_agent_frame(struct load *load, struct line *line, const struct wire_frame *frame);
bool load_ready(struct load *load, uint32_t agent);
void load_add_session(struct load *load, uint32_t session, uint32_t agent);
void load_agent_timers(struct load *load);
void load_heartbeats(struct load *load);

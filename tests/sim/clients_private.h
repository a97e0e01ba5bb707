/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * clients_private.h - the kinds of clients, between their files.
 */

#include "tests/sim/clients.h"
#include "tests/sim/oracle.h"
#include "tests/sim/peer.h"
#include "tests/sim/sim.h"

enum {
        CLIENT_NAME_SIZE = 16,
        GATE_CONTACT_MAX = 200,
        GATE_OPEN_MAX = 60, /* more would take too long to serve at the end */
        GATE_MAX = 4,
        DESK_MAX = 4,
        DESK_AGENT_MAX = 4,
        AGENT_HAND_MAX = 12,
        READER_MAX = 3,
        VANDAL_MAX = 3,
        QUEUE_COUNT = 3,
};

/* A contact as its gateway knows it. */
enum gate_state { GATE_FREE, GATE_NEW, GATE_OPEN };

struct gate_contact {
        enum gate_state state;
        bool is_asked; /* a SUBMIT of it is unanswered */
        char key[32];
        uint64_t id; /* as acknowledged, or 0 */
        uint32_t queue, band, credit_ms;
        bool has_band;
        const char *channel;
        uint64_t submit_at, give_up_at, report_at, query_at;
        uint64_t assignment;
        uint32_t report;
};

struct sim_gate {
        struct sim_peer peer;
        char name[CLIENT_NAME_SIZE];
        struct gate_contact contact[GATE_CONTACT_MAX];
        uint32_t top; /* contacts from here on were never used */
        uint32_t open_count, made_count;
        uint64_t next_at;
        bool is_resumed;
};

/* What an agent has in hand, or parked. */
struct desk_work {
        uint64_t assignment, contact;
        enum acd_assignment_state state; /* FREE: an empty place */
        uint64_t act_at;
        bool is_asked;
};

struct desk_agent {
        char name[CLIENT_NAME_SIZE];
        uint64_t id;
        uint32_t session; /* 0: none */
        bool is_asked;    /* a LOGIN is unanswered */
        enum acd_presence presence;
        uint32_t push;
        struct desk_work work[AGENT_HAND_MAX];
        uint64_t said_at, change_at;
};

struct sim_desk {
        struct sim_peer peer;
        char name[CLIENT_NAME_SIZE];
        struct desk_agent agent[DESK_AGENT_MAX];
        uint32_t agent_count;
};

struct sim_reader {
        struct sim_peer peer;
        char name[CLIENT_NAME_SIZE];
        uint64_t last, epoch;
        bool is_subscribed;
};

struct sim_vandal {
        int link;
        uint64_t next_at;
};

struct sim_operator {
        struct sim_peer peer;
        uint32_t step; /* of the configuration */
        bool is_asked;
        uint64_t status_at;
        uint64_t shop_at;
};

struct sim_clients {
        struct sim *sim;
        struct sim_operator operator;
        struct sim_gate gate[GATE_MAX];
        struct sim_desk desk[DESK_MAX];
        struct sim_reader reader[READER_MAX];
        struct sim_vandal vandal[VANDAL_MAX];
        uint64_t drop_at;
};

/* gate.c */
void gate_init(struct sim_gate *gate, struct sim *sim, uint32_t number);
void gate_step(struct sim_gate *gate);
uint64_t gate_next(const struct sim_gate *gate);
void gate_complain(const struct sim_gate *gate, char *text, size_t size);

/* desk.c */
void desk_init(struct sim_desk *desk, struct sim *sim, uint32_t number, uint32_t agent_count);
void desk_step(struct sim_desk *desk);
uint64_t desk_next(const struct sim_desk *desk);
bool desk_is_ready(const struct sim_desk *desk);

/* operator.c: the operator, readers and vandals */
void operator_init(struct sim_operator *operator, struct sim *sim);
void operator_step(struct sim_operator *operator);
uint64_t operator_next(const struct sim_operator *operator);
bool operator_is_done(const struct sim_operator *operator);
void reader_init(struct sim_reader *reader, struct sim *sim, uint32_t number);
void reader_step(struct sim_reader *reader);
uint64_t reader_next(const struct sim_reader *reader);
void vandal_step(struct sim *sim, struct sim_vandal *vandal);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * oracle_private.h - what the oracle keeps.
 */

#include "tests/sim/oracle.h"
#include "tests/sim/sim.h"

enum { ORACLE_EVENT_MAX = 2000000, ORACLE_KEY_SIZE = 32 };

struct oracle_event {
        uint64_t hash; /* 0: not known yet */
        uint64_t time, contact, agent, assignment, gateway, value;
        uint16_t kind, reason;
        uint8_t band, state;
        char key[ORACLE_KEY_SIZE];
};

enum oracle_promise_kind {
        ORACLE_SUBMITTED,
        ORACLE_ACCEPTED,
        ORACLE_COMPLETED,
        ORACLE_CANCELLED,
        ORACLE_SHOWN,
        ORACLE_GONE,
};

struct oracle_promise {
        enum oracle_promise_kind kind;
        uint64_t id, other;
        char key[ORACLE_KEY_SIZE];
};

struct sim_oracle {
        struct sim *sim;
        struct oracle_event *event; /* by number */
        uint64_t event_capacity, event_count, last_sequence, told_sequence;
        struct oracle_promise *promise;
        uint32_t promise_count, promise_capacity;
};

void oracle_judge_redis(struct sim_oracle *oracle);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * plan.h - who calls when and stays how long, and who is there to answer.
 *
 * A plan is everything a run needs to know beforehand. It comes from records
 * (plan_from_bank()), from the generator of days (generate.h) or from that of
 * steady loads (steady.h); the run itself does not know which. docs/REPLAY.md
 * says how records become a plan, and why so.
 *
 *   Ownership  plan_from_bank() and its like allocate, plan_free() releases.
 *   Time       Milliseconds since midnight before the first call.
 *   Failure    0, -ENOMEM, or -ENODATA when nothing matches the settings.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/replay/bank.h"
#include "clients/replay/kaplan_meier.h"

enum {
        PLAN_QUEUE_MAX = BANK_TYPE_MAX,
        PLAN_NAME_MAX = 31,
        PLAN_CREDIT_MS = 90000, /* of a priority customer, as the bank gave it */
};

#define PLAN_WRAP_UP_MEASURED (-1.0)
#define PLAN_PATIENCE_ENDLESS INT64_C(-1)

/* What a user may set about records. plan_settings_default() has the defaults. */
struct plan_settings {
        uint32_t date;      /* only calls of this day, YYMMDD; 0 = all */
        double break_s;     /* away longer than this while calls waited: a break */
        double idle_s;      /* a gap longer than this is a break whatever waited */
        double wrap_up_s;   /* after each call; PLAN_WRAP_UP_MEASURED = from the record */
        double skill_share; /* a type is a skill from this share of an agent's calls */
        double skill_cover; /* widened until a type's agents took this share of its calls */
        uint64_t seed;
};

struct plan_call {
        int64_t arrival_ms;
        int64_t patience_ms; /* leaves then, when not answered; or PLAN_PATIENCE_ENDLESS */
        uint32_t service_ms;
        uint32_t wrap_up_ms; /* what its agent needs after it */
        uint32_t credit_ms;
        uint32_t recorded_wait_s;
        uint32_t number; /* its place in the source: its id for the outside */
        uint16_t queue;
        bool is_recorded; /* what follows and the wait above are known */
        bool was_answered;
};

/* An agent is there from @from. What he works on at @last, or begins then or
 * later, is the last of the span; without that he stays until @to. */
struct plan_span {
        int64_t from_ms;
        int64_t last_ms;
        int64_t to_ms;
        bool is_last_of_day; /* logs out after it; else it is a break */
};

struct plan_agent {
        char name[PLAN_NAME_MAX + 1];
        uint32_t skills; /* a bit per queue */
        uint32_t span_count;
        size_t span_first;
};

/* What was learnt on the way, for the report. */
struct plan_facts {
        uint64_t row_count, malformed_count, phantom_count; /* of the file */
        uint64_t self_service_count; /* calls that ended in the voice-response unit */
        uint64_t no_server_count;    /* answered by nobody named; served by whoever is free */
        uint64_t shortened_count;    /* services cut at their agent's next one */
        uint64_t widened_count;      /* skills given beyond the share, to cover a type */
        double wrap_up_mean_s;       /* of the curve, up to the break; 0 when it was set */
        uint64_t wrap_up_known_count, wrap_up_drawn_count;
        uint64_t patience_known_count, patience_drawn_count;
};

struct plan {
        int64_t origin_s; /* seconds since 1970 of the plan's zero; 0 = no real day */
        uint32_t queue_count;
        char queue[PLAN_QUEUE_MAX][PLAN_NAME_MAX + 1];
        size_t call_count;
        struct plan_call *call; /* by arrival */
        uint32_t agent_count;
        struct plan_agent *agent;
        size_t span_count;
        struct plan_span *span;
        struct plan_facts facts;
};

struct plan_settings plan_settings_default(void);

/* Make @plan from the records of @bank. */
int plan_from_bank(struct plan *plan, const struct bank *bank,
                   const struct plan_settings *settings);

void plan_free(struct plan *plan);

/* The longest wrap-up of the plan, and the end of its last span or patience. */
uint32_t plan_wrap_up_max_ms(const struct plan *plan);
int64_t plan_end_ms(const struct plan *plan);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * erlang.h - what queueing theory says about a group of agents.
 *
 * One class of contacts with Poisson arrivals and exponential service, first
 * come first served, agent_count equal agents. Contacts that never leave make
 * it Erlang C (M/M/n); contacts that leave after an exponential patience make
 * it Erlang A (M/M/n+M). All results are exact in the model, not approximations,
 * to a relative error below 1e-9.
 *
 *   Ownership  Nothing is kept. Results are copied out.
 *   Time       Seconds, as double. Rates are per second.
 *   Failure    A load that is not one (negative, not a number, more than
 *              ERLANG_AGENT_COUNT_MAX agents) is refused with false.
 *   Cost       O(agent_count) plus a few thousand exponentials.
 *   Threads    Pure functions.
 */

#include <stdbool.h>
#include <stdint.h>

enum { ERLANG_AGENT_COUNT_MAX = 10000000 };

struct erlang_load {
        double arrival_rate;
        double service_mean_s;
        double patience_mean_s; /* INFINITY: nobody leaves */
        uint32_t agent_count;
};

/* "Wait" ends with an answer or with leaving, unless it says answered. */
struct erlang_figures {
        double wait_probability;     /* share of contacts that find every agent busy */
        double wait_mean_s;          /* of all contacts; INFINITY when the queue grows for ever */
        double answered_wait_mean_s; /* of those answered; 0 when nobody is */
        double abandon_probability;  /* share of contacts that leave unanswered */
        double occupancy;            /* share of agents that are busy */
        double queue_length_mean;
};

/* Share of contacts lost when there is no room to wait: Erlang B. @offered is
 * arrival rate times mean service. */
double erlang_b(uint32_t agent_count, double offered);

/* Share of contacts that wait when nobody leaves: Erlang C; 1 when the load is
 * not below the number of agents. */
double erlang_c(uint32_t agent_count, double offered);

/* Everything about @load. */
bool erlang_solve(const struct erlang_load *load, struct erlang_figures *ret_figures);

/* Share of all contacts that are answered within @seconds, with 0 those that do
 * not wait at all. Divide by 1 - abandon_probability for the share of answered. */
bool erlang_answered_within(const struct erlang_load *load, double seconds, double *ret_share);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fixture.h - a core of its own for each test, and short ways to tell it things.
 *
 * Every step is followed by acd_check(). fixture_*() functions that make something
 * fail the test when the core refuses; fixture_step() returns what it says.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "acd/view.h"
#include "base/prng.h"

struct fixture {
        struct acd *acd;
        struct acd_limits limits;
        acd_time now;
        uint64_t epoch;
        acd_tenant_id tenant;
        struct acd_reply reply;
        struct acd_effects effects;
        bool has_histories; /* random starts begin some */
        bool is_unchecked; /* leave acd_check() out, for long runs */
};

/* Limits of a small core. */
struct acd_limits fixture_limits(void);

/* A core with a tenant "t", started; @limits NULL: fixture_limits(). */
void fixture_init(struct fixture *fixture, const struct acd_limits *limits);
void fixture_fini(struct fixture *fixture);

/* An empty core in fresh memory, to be released with free(). */
struct acd *fixture_core(const struct acd_limits *limits);

enum acd_result fixture_step(struct fixture *fixture, const struct acd_command *command);
struct acd_command fixture_command(const struct fixture *fixture, enum acd_command_kind kind);

/* TIME at @now until nothing is due, then WORK until the agenda is empty. */
void fixture_run(struct fixture *fixture, acd_time now);
void fixture_work(struct fixture *fixture);

acd_skill_id fixture_skill(struct fixture *fixture, const char *name);
/* Offers of 20 s, wrap-up of 10 s, cool-down of 5 s, no tiers. */
struct acd_queue_config fixture_queue_config(const char *name);
acd_queue_id fixture_queue(struct fixture *fixture, const struct acd_queue_config *config);
acd_channel_id fixture_channel(const struct fixture *fixture, const char *name);
acd_gateway_id fixture_gateway(struct fixture *fixture, const char *name);
/* With the skill at level 5, if it is one. */
acd_agent_id fixture_agent(struct fixture *fixture, const char *name, acd_skill_id skill);
void fixture_login(struct fixture *fixture, acd_agent_id agent);
void fixture_ready(struct fixture *fixture, acd_agent_id agent);
enum acd_result fixture_agent_do(struct fixture *fixture, enum acd_command_kind kind,
                                 acd_agent_id agent);

struct acd_command fixture_submit_command(const struct fixture *fixture, acd_queue_id queue,
                                          acd_channel_id channel, acd_gateway_id gateway);
acd_contact_id fixture_submit(struct fixture *fixture, acd_queue_id queue, acd_channel_id channel,
                              acd_gateway_id gateway);
/* The open assignment of a contact, which must have one. */
struct acd_assignment_view fixture_assignment(const struct fixture *fixture,
                                              acd_contact_id contact);
/* By the agent of the assignment. */
enum acd_result fixture_assignment_do(struct fixture *fixture, enum acd_command_kind kind,
                                      acd_assignment_id assignment, acd_agent_id agent);
enum acd_result fixture_report(struct fixture *fixture, acd_contact_id contact,
                               enum acd_report_kind report);
enum acd_contact_state fixture_state(const struct fixture *fixture, acd_contact_id contact);

/* How many events of a kind the last step had. */
uint32_t fixture_event_count(const struct fixture *fixture, enum acd_event_kind kind);

struct acd_bytes fixture_bytes(const char *text);

/* One random command, of a kind and with objects that make sense more often than
 * not; what it makes it finds again through the views. Time moves on, timers and
 * agenda run now and then. */
void fixture_random_setup(struct fixture *fixture);
void fixture_random_step(struct fixture *fixture, struct acd_prng *prng);

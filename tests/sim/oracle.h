/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * oracle.h - what everybody was told, and whether it is one story.
 *
 * Clients report what the daemon told them: events, acknowledged submits, acknowledged
 * accepts and completes, offers. An event with a number that was seen before must be the
 * same event. At the end all numbers are there, and the events are replayed as a story
 * in which every rule of matching holds and every promise was kept.
 *
 *   Failure    sim_fail().
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

struct sim;
struct sim_oracle;

struct sim_oracle *oracle_new(struct sim *sim);
void oracle_free(struct sim_oracle *oracle);

/* The daemon started. */
void oracle_started(struct sim_oracle *oracle);

/* An EventBatch, from a reader or from Redis; the first and last number in it. */
void oracle_batch(struct sim_oracle *oracle, struct acd_bytes batch, uint64_t *ret_first,
                  uint64_t *ret_last);

/* The daemon said how many events there are. */
void oracle_last_sequence(struct sim_oracle *oracle, uint64_t sequence);

/* Promises */
void oracle_submitted(struct sim_oracle *oracle, const char *key, uint64_t contact);
void oracle_accepted(struct sim_oracle *oracle, uint64_t assignment, uint64_t agent);
void oracle_completed(struct sim_oracle *oracle, uint64_t contact);
void oracle_cancelled(struct sim_oracle *oracle, uint64_t contact);
/* Somebody was shown an assignment. */
void oracle_shown(struct sim_oracle *oracle, uint64_t assignment, uint64_t contact);

/* A contact that is over, as far as anybody was told. */
void oracle_gone(struct sim_oracle *oracle, uint64_t contact);

/* Has anybody seen that the contact ended? */
bool oracle_is_over(const struct sim_oracle *oracle, uint64_t contact);

/* Every event up to the last is known, and Redis has it too. */
bool oracle_has_all(struct sim_oracle *oracle);

/* The whole story. */
void oracle_judge(struct sim_oracle *oracle);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * history.h - what clients were told, against what the daemon says happened.
 *
 * The clients' side is the truth: an acknowledgement was given and cannot be
 * taken back. The daemon's side is its event stream from the first event on,
 * read across every crash. history_event() checks what must hold at each event,
 * history_close() what must hold at the end:
 *
 *   H1  events are numbered from 1 without gap or repeat, across runs
 *   H2  no contact is with two agents, no agent has two contacts
 *   H3  each acknowledged submit is one contact: submitted once, closed once
 *   H4  each acknowledged accept and complete is in the events, with that
 *       contact, agent and assignment
 *   H5  contacts of equal queue, band and credit are offered in the order of
 *       submit, detours excepted (an earlier one waits only while it is away)
 *
 * A violation ends the test, naming contact, sequence and rule.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

struct history;

struct history *history_new(uint32_t contact_count_max);
void history_free(struct history *history);

/* A client was told: the submit with number @number is contact @contact. */
void history_submit_acknowledged(struct history *history, uint32_t number, uint64_t contact);
void history_accept_acknowledged(struct history *history, uint64_t assignment, uint64_t contact);
void history_complete_acknowledged(struct history *history, uint64_t assignment);

/* The next event of the stream. Client keys are "k" and the submit's number. */
void history_event(struct history *history, const struct acdclient_event *event);

/* Acknowledged contacts that have no CONTACT_CLOSED yet. */
uint32_t history_open_count(const struct history *history);
uint64_t history_last_sequence(const struct history *history);

/* Everything must be over and explained. Prints what was seen. */
void history_close(struct history *history);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * watch.h - the events of a rehearsal, read by the parent: referee and books.
 *
 * Subscribes to every event from the first, through restarts of the daemon, and
 * keeps what the summary needs. The referee is that of clients/replay/check.h.
 *
 *   Ownership  watch_new() to watch_free(). The plan must outlive it.
 *   Failure    NULL, or -1, after a sentence on stderr.
 */

#include "clients/rehearse/rehearse.h"
#include "clients/replay/driver.h"
#include "stats/histogram.h"

struct watch;

struct watch *watch_new(const struct rehearse *rehearse);
void watch_free(struct watch *watch);

/* The socket to wait for, and what to do when something came or time passed. */
struct acdclient *watch_client(struct watch *watch);

/* Calls that are not over; with those of the plan that were not submitted. */
uint32_t watch_open_count(const struct watch *watch);
uint64_t watch_event_count(const struct watch *watch);
uint64_t watch_last_sequence(const struct watch *watch);
/* Gaps and repeats in the event sequence. */
uint64_t watch_gap_count(const struct watch *watch);

/* Plan time of the last event. */
int64_t watch_now_ms(const struct watch *watch);
/* Agents who are not logged out. */
uint32_t watch_present_count(const struct watch *watch);

/* The books so far as a result of a run; the referee's findings with it when @is_final. */
const struct driver_result *watch_result(struct watch *watch, bool is_final);

/* Real microseconds from SUBMIT to the offer, of calls that found an agent free. Percentile
 * 0..1; 0 when there were none. */
uint64_t watch_offer_us(const struct watch *watch, double quantile, uint64_t *ret_count);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * status.h - how does the daemon stand.
 *
 *   Threads    The shard's.
 */

#include "daemon/dispatch.h"

void status_answer(const struct request *request);

/* What @policy (enum journal_sync_policy) risks, a sentence; "" for always. */
const char *status_sync_risk(uint64_t policy);

/* Milliseconds that a start would take now, expected from what the last one took. */
uint32_t status_recovery_ms(const struct shard *shard);

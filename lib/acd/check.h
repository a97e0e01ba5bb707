/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * check.h - the parts of acd_verify(). Only lib/acd may include it.
 *
 * Each part returns NULL, or the condition that does not hold, as text. Numbers of
 * invariants are those of docs/ARCHITECTURE.md. Parts are called in the order of
 * this file: each may follow links that those before it have found sound, so that
 * a state from outside is never believed too early.
 */

#include "acd/parts.h"

/* Each user takes it back at its end. */
#define HOLDS(condition) \
        do { \
                if (!(condition)) \
                        return #condition; \
        } while (0)

/* check_references.c: every index names a live object of the right tenant (I1) */
const char *acd_check_references(const struct acd *acd);
/* check_lists.c: lists are sound, everything is in exactly one place (I2, I3) */
const char *acd_check_lists(const struct acd *acd);
/* check_config.c: counts of references, names, abilities (I4) */
const char *acd_check_config(const struct acd *acd);
/* check_traffic.c: contacts, assignments and agents point at each other (I5, I6) */
const char *acd_check_traffic(const struct acd *acd);
const char *acd_check_waiting(const struct acd *acd);
/* check_order.c: lanes, trees, heads, pools are in order (I7, I8) */
const char *acd_check_order(const struct acd *acd);
/* check_rest.c: pairs, keys, timers, jobs, payload, limits (I9 to I13) */
const char *acd_check_rest(const struct acd *acd);
/* check_work.c: memberships are right, nobody idles while somebody waits (I14, I15) */
const char *acd_check_work(const struct acd *acd);

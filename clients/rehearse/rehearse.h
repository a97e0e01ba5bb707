/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rehearse.h - what the processes of a rehearsal share.
 *
 * A rehearsal plays a plan (clients/replay/plan.h) on a real daemon: one process
 * is the gateway and makes the callers, one process per agent is his desktop,
 * and the parent watches the events. They are forked from one program, so that
 * all of them have the plan; everything else goes through the daemon.
 *
 *   Ownership  The parent owns all; children borrow until they exit.
 *   Time       The daemon's rehearsal clock. Plan time is core time minus base_ns.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

#include "clients/replay/plan.h"

#define REHEARSE_TENANT  "rehearsal"
#define REHEARSE_CHANNEL "phone"

/* In memory that parent and children share; real time, for latencies. */
struct rehearse_call {
        uint64_t sent_ns;    /* its SUBMIT left; 0 = not yet */
        uint64_t offered_ns; /* its first offer was told to the gateway; 0 = not yet */
};

struct rehearse {
        const struct plan *plan;
        const char *address; /* of the daemon */
        int64_t base_ns;     /* core time of the plan's zero */
        uint32_t rate;       /* of the rehearsal clock */
        struct rehearse_call *call;
};

/* The processes; each runs until it is signalled, or has nothing left to do. Exit code. */
int rehearse_gateway(const struct rehearse *rehearse);
int rehearse_desktop(const struct rehearse *rehearse, uint32_t agent);

/*
 * What both need
 */

/* Real time that never goes back, in nanoseconds. */
uint64_t rehearse_real_ns(void);

/* A started client that mends itself quickly. NULL after a sentence on stderr. */
struct acdclient *rehearse_client(const struct rehearse *rehearse, enum acdclient_role role,
                                  const char *name, const struct acdclient_listener *listener);

/* Plan time as the daemon's clock has it; INT64_MIN before the first message. */
int64_t rehearse_now_ms(const struct rehearse *rehearse, const struct acdclient *client);
int64_t rehearse_plan_ms(const struct rehearse *rehearse, uint64_t core_ns);

/* Run @client until @due_ms of plan time at the latest, or until something came. */
void rehearse_wait(const struct rehearse *rehearse, struct acdclient *client, int64_t due_ms);

/* Client keys: 'c' and the call's index. False: not one of ours. */
bool rehearse_call_of(const struct rehearse *rehearse, struct acdclient_text key,
                      uint32_t *ret_call);

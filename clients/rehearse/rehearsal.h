/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rehearsal.h - one rehearsal from beginning to end.
 *
 *   Ownership  The caller owns struct and plan; everything started is stopped when
 *              rehearsal_run() returns, but what crew.is_kept asks to keep.
 *   Failure    false: a check is not zero, or something did not run; said on stderr.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "clients/rehearse/crew.h"
#include "clients/rehearse/photo.h"
#include "clients/rehearse/rehearse.h"
#include "clients/rehearse/screen.h"
#include "clients/rehearse/stream.h"
#include "clients/rehearse/watch.h"

/* What the crash came to. */
struct rehearsal_crash {
        bool was_done;
        uint32_t waiting_count, talking_count;
        uint32_t differences;
        double recovery_ms; /* from the start of the process to its first answer */
        int64_t at_ms;      /* plan time */
};

struct rehearsal {
        struct crew crew;
        struct rehearse rehearse;
        int64_t kill_ms; /* plan time, and when somebody waits; INT64_MAX = never */
        const volatile sig_atomic_t *is_interrupted;

        /* What follows belongs to the run. */
        struct watch *watch;
        struct acdclient *operator_client;
        struct screen screen;
        struct photo before, after, again;
        struct rehearsal_crash crash;
        struct stream_report stream;
        bool has_stream;
        uint64_t begin_ns;
        char note[160];
};

bool rehearsal_run(struct rehearsal *rehearsal);

/* report.c: say what came of it. True when every check is zero. */
bool rehearsal_report(struct rehearsal *rehearsal);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * screen.h - what a rehearsal shows while it runs: a live screen on a terminal, a
 * line per hour of the plan elsewhere.
 *
 *   Ownership  Nothing is kept but the struct.
 *   Cost       Two lists of the daemon per call of screen_show().
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

#include "clients/rehearse/rehearse.h"

struct screen {
        bool is_terminal;
        bool is_open;
        int64_t last_hour;
        uint64_t last_events, last_real_ns;
        double events_per_s;
};

/* What the parent knows and the daemon need not be asked. */
struct screen_facts {
        int64_t now_ms; /* plan time */
        uint32_t answered, abandoned, ahead;
        uint64_t event_count;
        const char *note; /* a sentence below the table, or "" */
};

void screen_begin(struct screen *screen);
/* Show how things stand; @client is a connected operator or reader. */
void screen_show(struct screen *screen, const struct rehearse *rehearse, struct acdclient *client,
                 const struct screen_facts *facts);
/* Leave the terminal as it was. */
void screen_end(struct screen *screen);

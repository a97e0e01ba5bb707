/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * screen.h - drawing an agent's desk on a terminal: only drawing.
 *
 *   Ownership  One screen a process; screen_close() restores the terminal, and may be
 *              called twice.
 *   Cost       A full redraw; ncurses sends what differs.
 */

#include "clients/cli/desk.h"

enum { SCREEN_LOG_COUNT = 64, SCREEN_LINE_SIZE = 100 };

struct screen_line {
        char text[SCREEN_LINE_SIZE];
};

/* Everything that is seen. */
struct screen_view {
        const char *agent;
        const char *where; /* tenant and address */
        const char *link;  /* "up", "connecting", "away, comes back" */
        const struct desk *desk;
        const char *message;                      /* the last answer worth a line; "" for none */
        const char *prompt;                       /* a question being answered; NULL = none */
        const char *typed;                        /* what was typed to it */
        struct screen_line log[SCREEN_LOG_COUNT]; /* a ring */
        uint32_t log_count;
        uint64_t now_ms;
        bool has_help;
};

/* False: this terminal cannot be drawn on. */
bool screen_open(bool has_color);
void screen_close(void);
void screen_draw(const struct screen_view *view);

/* An offer came: the terminal may be in another window. */
void screen_beep(void);

/* The next key, or -1 when none was pressed. Never waits. */
int screen_key(void);

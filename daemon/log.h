/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * log.h - lines for the people who run the daemon.
 *
 *      time=2026-11-22T09:00:00.123Z level=info event=listening address="127.0.0.1:7400"
 *
 * Words are those of protocol, metrics and manual. No customer's data is ever
 * logged: no keys, attributes or addresses of agents.
 *
 *   Ownership  The caller owns the struct; the descriptor stays the caller's.
 *   Failure    Lossy: a line that finds no room, or repeats too often, is
 *              dropped and counted, and the next line that gets through says how many.
 *   Cost       Never blocks: a write only where poll() says that there is room.
 *   Threads    The thread that owns it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/world.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum {
        LOG_BUFFER_SIZE = 65536,
        LOG_LINE_SIZE = 1024,
        LOG_SITE_COUNT = 64, /* events whose rate is watched one by one */
        LOG_RATE_BURST = 20, /* lines of one event at once */
        LOG_RATE_PER_S = 5,  /* and per second after that */
};

/* How often one event was logged lately. */
struct log_site {
        const char *event;
        uint64_t refilled_ns;
        uint32_t allowance;
        uint32_t suppressed_count;
};

struct log {
        int fd;
        enum log_level level;
        const struct world_clock *clock;
        uint64_t lost_count; /* for the metric: never reset */
        uint64_t lost_told;  /* of which the log has said so */
        size_t begin_size;
        size_t end_size;
        struct log_site site[LOG_SITE_COUNT];
        char buffer[LOG_BUFFER_SIZE];
};

void log_init(struct log *log, int fd, enum log_level level, const struct world_clock *clock);

/* One line. @event is a literal in snake_case; @format makes the rest of it, pairs of key=value
 * separated by spaces. */
void log_event(struct log *log, enum log_level level, const char *event, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Write as much as can be written without waiting. */
void log_flush(struct log *log);

/* Write everything, waiting at most a second: at the end. */
void log_drain(struct log *log);

/* "error", ... ; false: no such level. */
bool log_level_parse(const char *text, enum log_level *ret_level);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * queue_log_line.h - one line of a queue_log while it is written. Within
 * queue_log.c and its parts.
 *
 *   Ownership  The line is the caller's; what is put into it is copied.
 *   Time       Core time, made seconds since 1970 by the log's offset.
 *   Failure    None: the protocol's bounds are less than a line has.
 */

#include "clients/cli/queue_log.h"

/* A number that is not known: an empty field. */
#define QUEUE_LOG_UNKNOWN INT64_C(-1)

struct queue_log_line {
        char text[QUEUE_LOG_LINE_MAX];
        size_t size;
};

int64_t queue_log_second(const struct queue_log *log, int64_t time_ns);
/* From one moment to a later one, on the clock on the wall; not known when the first is not. */
int64_t queue_log_seconds(const struct queue_log *log, int64_t from_ns, int64_t to_ns);

/* The five columns that every line has. */
void queue_log_begin(const struct queue_log *log, struct queue_log_line *line,
                     const struct acdclient_event *event, enum queue_log_name name);
/* One field more each; a name that is empty is "NONE". */
void queue_log_put_text(struct queue_log_line *line, const char *text);
void queue_log_put_word(struct queue_log_line *line, struct acdclient_text text);
void queue_log_put_name(struct queue_log_line *line, struct acdclient_text text);
void queue_log_put_number(struct queue_log_line *line, int64_t number);
/* To whoever takes lines. */
void queue_log_finish(const struct queue_log *log, struct queue_log_line *line);

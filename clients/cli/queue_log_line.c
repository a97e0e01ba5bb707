/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of a queue_log, and the names that can stand in them.
 *
 * A field can hold anything but what ends it: that is written as an underscore.
 * A number that is not known leaves its field empty, so that no reader takes it
 * for one.
 */

#include "clients/cli/queue_log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const char *const names[QUEUE_LOG_NAME_COUNT] = {
        [QUEUE_LOG_NONE] = "",
#define LINE(name, parameters, from, text) [QUEUE_LOG_##name] = #name,
#include "clients/cli/queue_log.def"
#undef LINE
};

static const char *const sources[QUEUE_LOG_NAME_COUNT] = {
        [QUEUE_LOG_NONE] = "",
#define LINE(name, parameters, from, text) [QUEUE_LOG_##name] = (from),
#include "clients/cli/queue_log.def"
#undef LINE
};

const char *queue_log_name(enum queue_log_name name)
{
        ACD_ASSERT(name < QUEUE_LOG_NAME_COUNT);
        return names[name];
}

bool queue_log_can_occur(enum queue_log_name name)
{
        ACD_ASSERT(name < QUEUE_LOG_NAME_COUNT);
        return sources[name][0] != '\0';
}

/* No name or key of the protocol is longer. A line has at most four texts, and numbers. */
enum { FIELD_SIZE_MAX = 80 };

static void put_bytes(struct queue_log_line *line, const char *at, size_t size)
{
        if (size > FIELD_SIZE_MAX)
                size = FIELD_SIZE_MAX;
        ACD_ASSERT(line->size + size < sizeof(line->text));
        /* Nothing in a field ends it, or its line. */
        for (size_t i = 0; i < size; i++)
                line->text[line->size++] =
                        at[i] == '|' || (unsigned char)at[i] < ' ' || at[i] == 0x7f ? '_' : at[i];
}

void queue_log_put_text(struct queue_log_line *line, const char *text)
{
        line->text[line->size++] = '|';
        put_bytes(line, text, strlen(text));
}

void queue_log_put_name(struct queue_log_line *line, struct acdclient_text text)
{
        if (text.size == 0) {
                queue_log_put_text(line, "NONE");
        } else {
                line->text[line->size++] = '|';
                put_bytes(line, text.at, text.size);
        }
}

void queue_log_put_word(struct queue_log_line *line, struct acdclient_text text)
{
        line->text[line->size++] = '|';
        put_bytes(line, text.at, text.size);
}

void queue_log_put_number(struct queue_log_line *line, int64_t number)
{
        char text[24] = "";

        if (number != QUEUE_LOG_UNKNOWN)
                (void)snprintf(text, sizeof(text), "%" PRId64, number);
        queue_log_put_text(line, text);
}

int64_t queue_log_second(const struct queue_log *log, int64_t time_ns)
{
        int64_t wall_ns = time_ns + log->wall_offset_ns;
        int64_t second = wall_ns / 1000000000;

        return wall_ns % 1000000000 < 0 ? second - 1 : second;
}

/* From one moment to a later one, in seconds of the clock on the wall. */
int64_t queue_log_seconds(const struct queue_log *log, int64_t from_ns, int64_t to_ns)
{
        if (from_ns == QUEUE_LOG_UNKNOWN)
                return QUEUE_LOG_UNKNOWN;
        return to_ns <= from_ns ? 0 : queue_log_second(log, to_ns) - queue_log_second(log, from_ns);
}

void queue_log_begin(const struct queue_log *log, struct queue_log_line *line,
                     const struct acdclient_event *event, enum queue_log_name name)
{
        char text[ACDCLIENT_ID_SIZE];

        line->size = (size_t)snprintf(line->text, sizeof(line->text), "%" PRId64,
                                      queue_log_second(log, (int64_t)event->time_ns));
        queue_log_put_text(line, event->contact != 0 ? acdclient_id_format(event->contact, text)
                                                     : "NONE");
        queue_log_put_name(line, event->queue);
        queue_log_put_name(line, event->agent);
        queue_log_put_text(line, names[name]);
}

void queue_log_finish(const struct queue_log *log, struct queue_log_line *line)
{
        ACD_ASSERT(line->size < sizeof(line->text));
        line->text[line->size++] = '\n';
        log->on_line(log->context, line->text, line->size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line per event, lossy, bounded, limited in rate.
 *
 * A log that can block is a log that can stop the contact center when a disk
 * fills or a terminal is held with Ctrl-S. So lines go to a buffer, and the
 * buffer to the descriptor only in pieces that poll() promises to take: a pipe
 * that polls writable has room for PIPE_BUF bytes. Setting O_NONBLOCK instead
 * would change the descriptor for every process that shares it.
 *
 * Rates are limited per event name, so that one noisy peer cannot silence the
 * others. Names are string literals and are compared by address; what does not
 * find a place in the small table shares the last one.
 *
 * Whatever arrives in a line from outside (names have a safe alphabet, but
 * paths and error texts come too) loses its control characters here, in one
 * place, so that no peer can write lines of its own.
 */

#include "daemon/log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"

enum { NS_PER_S = 1000000000 };

static const char *const level_names[] = {
        [LOG_ERROR] = "error",
        [LOG_WARNING] = "warning",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
};

void log_init(struct log *log, int fd, enum log_level level, const struct world_clock *clock)
{
        /* Not by an initialiser: without optimisation that is a copy on the stack. */
        memset(log, 0, sizeof(*log));
        log->fd = fd;
        log->level = level;
        log->clock = clock;
}

bool log_level_parse(const char *text, enum log_level *ret_level)
{
        for (enum log_level level = LOG_ERROR; level <= LOG_DEBUG; level++) {
                if (strcmp(text, level_names[level]) == 0) {
                        *ret_level = level;
                        return true;
                }
        }
        return false;
}

static struct log_site *site_of(struct log *log, const char *event, uint64_t now)
{
        uint32_t i = 0;

        while (i < LOG_SITE_COUNT - 1 && log->site[i].event != NULL && log->site[i].event != event)
                i++;
        if (log->site[i].event == NULL)
                log->site[i] = (struct log_site){ event, now, LOG_RATE_BURST, 0 };
        return &log->site[i];
}

static bool may_say(struct log_site *site, uint64_t now)
{
        uint64_t refill = (now - site->refilled_ns) / (NS_PER_S / LOG_RATE_PER_S);

        if (refill > 0) {
                site->refilled_ns = now;
                site->allowance = refill + site->allowance > LOG_RATE_BURST
                                          ? LOG_RATE_BURST
                                          : (uint32_t)refill + site->allowance;
        }
        if (site->allowance == 0) {
                site->suppressed_count++;
                return false;
        }
        site->allowance--;
        return true;
}

/* snprintf() at the end of a line, never past it. */
static void add(char *line, size_t *size, const char *format, va_list arguments)
{
        int more = vsnprintf(line + *size, LOG_LINE_SIZE - *size, format, arguments);

        if (more < 0)
                return;
        *size += (size_t)more;
        if (*size > LOG_LINE_SIZE - 2)
                *size = LOG_LINE_SIZE - 2;
}

static void add_text(char *line, size_t *size, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void add_text(char *line, size_t *size, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        add(line, size, format, arguments);
        va_end(arguments);
}

static void add_prefix(char *line, size_t *size, int64_t wall_ns, enum log_level level,
                       const char *event)
{
        time_t seconds = (time_t)(wall_ns / NS_PER_S);
        struct tm parts = { 0 };

        (void)gmtime_r(&seconds, &parts);
        add_text(line, size, "time=%04d-%02d-%02dT%02d:%02d:%02d.%03dZ level=%s event=%s",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, (int)(wall_ns % NS_PER_S / 1000000), level_names[level], event);
}

static void put_line(struct log *log, char *line, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
                        line[i] = '?';
        }
        line[size++] = '\n';

        if (size > LOG_BUFFER_SIZE - log->end_size)
                log_flush(log);
        if (log->begin_size > 0 && size > LOG_BUFFER_SIZE - log->end_size) {
                log->end_size -= log->begin_size;
                memmove(log->buffer, log->buffer + log->begin_size, log->end_size);
                log->begin_size = 0;
        }
        if (size > LOG_BUFFER_SIZE - log->end_size) {
                log->lost_count++;
                return;
        }
        memcpy(log->buffer + log->end_size, line, size);
        log->end_size += size;
}

void log_event(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
        uint64_t now = log->clock->boot_ns(log->clock->self);
        char line[LOG_LINE_SIZE];
        size_t size = 0;
        va_list arguments;

        if (level > log->level)
                return;

        struct log_site *site = site_of(log, event, now);

        if (!may_say(site, now)) {
                log->lost_count++;
                log->lost_told++; /* the next line of this event says so */
                return;
        }

        add_prefix(line, &size, log->clock->wall_ns(log->clock->self), level, event);
        add_text(line, &size, " ");
        va_start(arguments, format);
        add(line, &size, format, arguments);
        va_end(arguments);
        if (site->suppressed_count > 0)
                add_text(line, &size, " suppressed=%u", site->suppressed_count);
        if (log->lost_count > log->lost_told)
                add_text(line, &size, " lost=%llu",
                         (unsigned long long)(log->lost_count - log->lost_told));
        site->suppressed_count = 0;
        log->lost_told = log->lost_count;

        put_line(log, line, size);
        log_flush(log);
}

/* Write one piece if it can be taken within @wait_ms. */
static bool write_piece(struct log *log, int wait_ms)
{
        struct pollfd ready = { .fd = log->fd, .events = POLLOUT };
        size_t size = log->end_size - log->begin_size;
        ssize_t written;

        if (size > PIPE_BUF)
                size = PIPE_BUF;
        if (size == 0 || poll(&ready, 1, wait_ms) != 1 || (ready.revents & POLLOUT) == 0)
                return false;

        written = write(log->fd, log->buffer + log->begin_size, size);
        if (written <= 0)
                return false;
        log->begin_size += (size_t)written;
        if (log->begin_size == log->end_size) {
                log->begin_size = 0;
                log->end_size = 0;
        }
        return true;
}

void log_flush(struct log *log)
{
        while (write_piece(log, 0))
                continue;
}

void log_drain(struct log *log)
{
        while (write_piece(log, 1000))
                continue;
}

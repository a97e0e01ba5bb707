/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long after it happened an event is with who reads the stream.
 *
 *   stream_delay REDIS TENANT DAEMON [--warm S] [--seconds S]
 *
 * Says "ready", reads what comes into the stream of events from then on, until SIGTERM, and
 * prints one line of JSON: quantiles of the delay in microseconds, an event a value, of those
 * that happened in a span of core time: it begins so many seconds after the first contact.
 *
 * The delay of an event is the core time when the page with it is here, less the event's
 * own time. Core time is read once a turn of the daemon, before it decides, and all
 * events of the turn have it. So the number contains the decisions, the commit (with the
 * sync, if there is one), the round to Redis that was under way meanwhile, the own one,
 * and the answer to a blocked XREAD. What core time it is, the daemon is asked at the
 * beginning (core_clock.h); "wall_off_us" is by how much the batches' wall offset is off.
 *
 * The ids must ascend and the sequences join, or there is no number.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/redis/core_clock.h"
#include "bench/redis/entries.h"
#include "stats/histogram.h"
#include "wire/events.h"

enum { PAGE = 16, WAIT_MS = 100, PRECISION = 10, KEY_SIZE = 128 };

static const uint64_t delay_max_ns = 100000000000;
static const double ns_per_s = 1e9;

struct span {
        uint64_t warm_ns, length_ns;
        uint64_t begin_ns; /* core time; 0: no contact yet */
};

struct watch {
        struct span span;
        struct histogram *delays;
        int64_t core_offset;    /* CLOCK_BOOTTIME less core time */
        int64_t wall_offset;    /* as the last batch said it */
        uint64_t last_sequence; /* 0: none yet */
        uint64_t event_count, entry_count, early_count;
};

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
        (void)number;
        is_over = 1;
}

static void watch_signals(void)
{
        struct sigaction action = { .sa_handler = on_signal };

        entries_check(sigaction(SIGTERM, &action, NULL) == 0, "sigaction: %s", strerror(errno));
}

/* Does a contact come in here? Until one does, the floor is being made. */
static bool has_contact(struct wire_batch_reader reader)
{
        struct wire_event event;

        while (wire_batch_next(&reader, &event) == 1) {
                if (event.kind == ACD_EVENT_CONTACT_SUBMITTED)
                        return true;
        }
        return false;
}

static bool is_in(struct span *span, const struct wire_batch_reader *reader)
{
        uint64_t time = reader->head.time_ns;

        if (span->begin_ns == 0 && has_contact(*reader))
                span->begin_ns = time + span->warm_ns;
        return span->begin_ns != 0 && time >= span->begin_ns &&
               time - span->begin_ns < span->length_ns;
}

static void take(struct watch *watch, const struct entry *entry)
{
        struct wire_batch_reader reader;
        uint64_t here = (uint64_t)((int64_t)entry->read_ns - watch->core_offset);
        uint64_t count;

        entries_check(strcmp(entry->field, "batch") == 0 && wire_batch_open(&reader, entry->bytes),
                      "an entry of another kind: %s", entry->field);
        entries_check(reader.head.last_sequence == entry->sequence &&
                              reader.head.epoch == entry->epoch,
                      "an entry whose id is not that of its last event");
        entries_check(watch->last_sequence == 0 ||
                              reader.head.first_sequence == watch->last_sequence + 1,
                      "events between %llu and %llu are missing",
                      (unsigned long long)watch->last_sequence,
                      (unsigned long long)reader.head.first_sequence);
        watch->last_sequence = reader.head.last_sequence;
        if (!is_in(&watch->span, &reader))
                return;
        watch->wall_offset = reader.head.wall_offset_ns;
        count = reader.head.last_sequence - reader.head.first_sequence + 1;
        /* Earlier than it happened can only be what is within the error of the clock. */
        if (here < reader.head.time_ns)
                watch->early_count += count;
        histogram_add(watch->delays, here < reader.head.time_ns ? 0 : here - reader.head.time_ns,
                      count);
        watch->event_count += count;
        watch->entry_count++;
}

static double us(const struct histogram *delays, double quantile)
{
        return (double)histogram_quantile(delays, quantile) / 1e3;
}

static double wall_off_us(const struct watch *watch)
{
        struct timespec wall;
        uint64_t boot = core_clock_boot_ns();

        clock_gettime(CLOCK_REALTIME, &wall);
        return ((double)watch->wall_offset + (double)boot - (double)watch->core_offset -
                (double)wall.tv_sec * ns_per_s - (double)wall.tv_nsec) /
               1e3;
}

static void report(const struct watch *watch, uint64_t error_ns)
{
        const struct histogram *delays = watch->delays;

        printf("{\"events\": %llu, \"entries\": %llu, \"early\": %llu, \"p50_us\": %.1f, "
               "\"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
               "\"clock_error_us\": %.1f, \"wall_off_us\": %.0f}\n",
               (unsigned long long)watch->event_count, (unsigned long long)watch->entry_count,
               (unsigned long long)watch->early_count, us(delays, 0.5), us(delays, 0.9),
               us(delays, 0.99), us(delays, 0.999), (double)delays->max / 1e3,
               (double)error_ns / 1e3, wall_off_us(watch));
}

static uint64_t seconds_of(const char *text)
{
        char *end;
        double seconds = strtod(text, &end);

        entries_check(*text != 0 && *end == 0 && seconds >= 0 && seconds < 1e6, "seconds, not %s",
                      text);
        return (uint64_t)(seconds * ns_per_s);
}

static void read_options(struct span *span, int count, char **arguments)
{
        *span = (struct span){ .length_ns = UINT64_MAX };
        for (int i = 0; i + 1 < count; i += 2) {
                if (strcmp(arguments[i], "--warm") == 0)
                        span->warm_ns = seconds_of(arguments[i + 1]);
                else if (strcmp(arguments[i], "--seconds") == 0)
                        span->length_ns = seconds_of(arguments[i + 1]);
                else
                        entries_fail("no such option: %s", arguments[i]);
        }
}

int main(int argument_count, char **arguments)
{
        struct watch watch = { .last_sequence = 0 };
        struct entries entries;
        struct entry entry;
        uint64_t error_ns;
        char key[KEY_SIZE];

        entries_check(argument_count >= 4 && argument_count % 2 == 0,
                      "usage: stream_delay REDIS TENANT DAEMON [--warm S] [--seconds S]");
        watch_signals();
        read_options(&watch.span, argument_count - 4, arguments + 4);
        watch.core_offset = core_clock_offset(arguments[3], &error_ns);
        watch.delays = histogram_init(calloc(1, histogram_size(PRECISION, delay_max_ns)), PRECISION,
                                      delay_max_ns);
        (void)snprintf(key, sizeof(key), "acd:{%s}:events", arguments[2]);
        entries_open(&entries, arguments[1], key, PAGE);
        entries_seek_end(&entries);
        (void)puts("ready");
        (void)fflush(stdout);
        while (!is_over) {
                if (entries_next(&entries, WAIT_MS, &entry))
                        take(&watch, &entry);
        }
        entries_close(&entries);
        report(&watch, error_ns);
        free(watch.delays);
        return 0;
}

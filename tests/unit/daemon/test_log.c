/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: what a line looks like, and that it can be lost but never blocks.
 */

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.h"

static uint64_t boot_now;

static uint64_t boot_ns(void *self)
{
        (void)self;
        return boot_now;
}

static int64_t wall_ns(void *self)
{
        (void)self;
        return INT64_C(86400) * 1000000000 + 5000000;
}

static const struct world_clock clock_table = { boot_ns, wall_ns, NULL };
static struct log logger;
static char text[1 << 20];
static int ends[2];

static void begin(void)
{
        cr_assert_eq(pipe(ends), 0);
        cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        log_init(&logger, ends[1], LOG_INFO, &clock_table);
}

/* What came out of the pipe since the last time. */
static const char *taken(void)
{
        ssize_t size = 0;
        ssize_t part;

        while ((part = read(ends[0], text + size, sizeof(text) - 1 - (size_t)size)) > 0)
                size += part;
        text[size] = '\0';
        return text;
}

TestSuite(log, .init = begin);

Test(log, a_line_is_pairs)
{
        log_event(&logger, LOG_INFO, "listening", "address=\"%s\"", "127.0.0.1:1");
        cr_assert_str_eq(taken(), "time=1970-01-02T00:00:00.005Z level=info event=listening "
                                  "address=\"127.0.0.1:1\"\n");
        log_event(&logger, LOG_DEBUG, "noise", "a=%d", 1);
        cr_assert_str_eq(taken(), "");
}

/* Goal    Nothing from outside can begin a line of its own or steer a terminal. */
Test(log, control_characters_are_taken_out)
{
        log_event(&logger, LOG_INFO, "peer", "name=%s", "a\nlevel=error\x1b[2J");
        cr_assert_not_null(strstr(taken(), "name=a?level=error?[2J\n"));
}

/* Goal    A flood of one event is cut, says so, and leaves others alone. */
Test(log, a_flood_is_limited)
{
        for (int i = 0; i < 1000; i++)
                log_event(&logger, LOG_INFO, "flood", "i=%d", i);
        (void)taken();
        cr_assert_eq(logger.lost_count, 1000 - LOG_RATE_BURST);
        log_event(&logger, LOG_INFO, "other", "i=%d", 1);
        cr_assert_not_null(strstr(taken(), "event=other i=1\n"));
        boot_now += UINT64_C(1000000000);
        log_event(&logger, LOG_INFO, "flood", "i=%d", 1000);
        cr_assert_not_null(strstr(taken(), "i=1000 suppressed=980\n"));
}

/* Goal    Nobody reads: log_event() returns all the same, what is lost is counted,
 *         and the next line that gets through says how many.
 * Method  Fill the pipe and the buffer behind it. */
Test(log, a_reader_that_stopped_blocks_nobody)
{
        char detail[900];
        uint64_t told = 0;

        memset(detail, 'x', sizeof(detail) - 1);
        detail[sizeof(detail) - 1] = '\0';
        for (int i = 0; i < 400; i++) {
                boot_now += UINT64_C(1000000000);
                log_event(&logger, LOG_INFO, "line", "detail=%s", detail);
                told++;
        }
        cr_assert_gt(logger.lost_count, 100);
        cr_assert_lt(logger.lost_count, told);
        (void)taken();
        log_flush(&logger);
        (void)taken();
        boot_now += UINT64_C(1000000000);
        log_event(&logger, LOG_INFO, "line", "detail=%s", "end");
        cr_assert_not_null(strstr(taken(), "detail=end lost="));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue_log as call records: what each line does to a call, and what the lines
 * about agents say of their time. tests/replay/queue_log.py has whole days and
 * every reason to refuse a line.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/replay/asterisk_log.h"

enum { T = 1767571200 }; /* 2026-01-05 00:00 */

static struct asterisk_log file;
static uint64_t line_count;

static void begin(void)
{
        line_count = 0;
        cr_assert_eq(asterisk_log_init(&file), 0);
}

/* A line, @at seconds after T. */
static void say(int at, const char *rest)
{
        char text[512];
        int size = snprintf(text, sizeof(text), "%d|%s", T + at, rest);

        cr_assert_eq(asterisk_log_line(&file, ++line_count, text, (size_t)size), 0);
}

static const struct bank_record *only_record(void)
{
        int r = asterisk_log_finish(&file);

        cr_assert_eq(r, 0);
        cr_assert_eq(file.bank.report.flawed_count, 0);
        cr_assert_eq(file.bank.record_count, 1);
        return &file.bank.record[0];
}

static uint64_t odd(enum asterisk_oddity oddity)
{
        return file.report.oddity_count[oddity];
}

Test(asterisk_log, a_call_that_is_answered)
{
        const struct bank_record *record;

        begin();
        say(10, "1.1|support|NONE|ENTERQUEUE||0301|1");
        say(20, "1.1|support|SIP/1|RINGNOANSWER|5000");
        say(25, "1.1|support|SIP/2|CONNECT|15|1.2|4");
        say(85, "1.1|support|SIP/2|COMPLETECALLER|15|59|1");
        record = only_record();
        cr_assert_eq(record->arrival_s, T + 10);
        cr_assert_eq(record->wait_s, 15);
        cr_assert_eq(record->service_start_s, T + 25);
        cr_assert_eq(record->service_s, 59);
        cr_assert_eq(record->outcome, BANK_AGENT);
        cr_assert_eq(record->date, 260105);
        cr_assert_str_eq(file.bank.server[record->server], "SIP/2");
        cr_assert_str_eq(file.bank.type[record->type], "support");
        asterisk_log_free(&file);
}

/* Each way to leave: how long it waited, and whether it was for want of patience. */
Test(asterisk_log, calls_that_leave)
{
        static const struct {
                const char *line;
                bool is_taken_out;
        } ways[] = {
                { "ABANDON|1|1|30", false },       { "EXITWITHTIMEOUT|1|1|30", true },
                { "EXITEMPTY|1|1|30", true },      { "EXITWITHKEY|3|1|1|30", true },
                { "WITHDRAW|1|1|30|moved", true }, { "SYSCOMPAT|", true },
        };

        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
                char text[128];

                for (int is_seen = 0; is_seen < 2; is_seen++) {
                        const struct bank_record *record;

                        /* Without a parameter nothing can be reckoned back. */
                        if (!is_seen && strcmp(ways[i].line, "SYSCOMPAT|") == 0)
                                continue;
                        begin();
                        if (is_seen)
                                say(10, "1.1|support|NONE|ENTERQUEUE||0301|1");
                        (void)snprintf(text, sizeof(text), "1.1|support|NONE|%s", ways[i].line);
                        say(40, text);
                        record = only_record();
                        cr_assert_eq(record->arrival_s, T + 10, "%s", text);
                        cr_assert_eq(record->wait_s, 30, "%s", text);
                        cr_assert_eq(record->outcome, BANK_HANG);
                        cr_assert_eq(record->is_taken_out, ways[i].is_taken_out, "%s", text);
                        cr_assert_eq(odd(ASTERISK_ODDITY_NO_ENTRY), !is_seen);
                        asterisk_log_free(&file);
                }
        }
}

/* Each way in which a conversation ends, of calls whose begin is in the file and is not. */
Test(asterisk_log, conversations_that_end)
{
        static const char *const ways[] = {
                "COMPLETEAGENT|15|60|1",
                "COMPLETECALLER|15|60|1",
                "BLINDTRANSFER|100|internal|15|60|1",
                "TRANSFER|100|internal|15|60|1",
                "ATTENDEDTRANSFER|BRIDGE|1234|15|60|1",
                "ATTENDEDTRANSFER|LINK|SIP/1|SIP/2|15|60|1||",
                "COMPLETEAGENT|15||1", /* not known: from the times */
        };

        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
                for (int seen = i == 6 ? 2 : 0; seen < 3; seen++) {
                        const struct bank_record *record;
                        char text[128];

                        begin();
                        if (seen > 1)
                                say(10, "1.1|support|NONE|ENTERQUEUE||0301|1");
                        if (seen > 0)
                                say(25, "1.1|support|SIP/2|CONNECT|15|1.2|4");
                        (void)snprintf(text, sizeof(text), "1.1|support|SIP/2|%s", ways[i]);
                        say(85, text);
                        record = only_record();
                        cr_assert_eq(record->arrival_s, T + 10, "%s", text);
                        cr_assert_eq(record->wait_s, 15, "%s", text);
                        cr_assert_eq(record->service_s, 60, "%s", text);
                        cr_assert_str_eq(file.bank.server[record->server], "SIP/2");
                        asterisk_log_free(&file);
                }
        }
}

Test(asterisk_log, calls_that_do_not_end)
{
        begin();
        say(10, "1.1|support|NONE|ENTERQUEUE||0301|1");
        say(20, "1.2|support|NONE|ENTERQUEUE||0302|2");
        say(30, "1.2|support|SIP/1|CONNECT|10|1.3|4");
        say(40, "1.2|support|SIP/1|CONNECT|20|1.3|4");
        say(50, "1.4|support|NONE|ENTERQUEUE||0303|2");
        say(60, "1.4|sales|NONE|ENTERQUEUE||0303|1");
        say(70, "1.4|sales|NONE|ABANDON|1|1|10");
        cr_assert_eq(asterisk_log_finish(&file), 0);
        cr_assert_eq(file.bank.record_count, 4);
        /* In the order of entry. */
        cr_assert_eq(file.bank.record[0].wait_s, 60);
        cr_assert(file.bank.record[0].is_taken_out);
        cr_assert_eq(file.bank.record[1].service_s, 40);
        cr_assert_eq(file.bank.record[2].wait_s, 10);
        cr_assert(file.bank.record[2].is_taken_out);
        cr_assert(!file.bank.record[3].is_taken_out);
        cr_assert_eq(odd(ASTERISK_ODDITY_STILL_WAITING), 1);
        cr_assert_eq(odd(ASTERISK_ODDITY_STILL_TALKING), 1);
        cr_assert_eq(odd(ASTERISK_ODDITY_AGAIN), 1);
        cr_assert_eq(odd(ASTERISK_ODDITY_TWICE), 1);
        asterisk_log_free(&file);
}

/* The file of the shifts: @text has a line each, with seconds after T before it. */
static void read_shifts(const char *const *lines)
{
        begin();
        say(0, "1.1|q|NONE|ENTERQUEUE||1|1");
        for (; *lines != NULL; lines++) {
                int at = 0;
                const char *text = *lines;

                for (; *text != ' '; text++)
                        at = at * 10 + (*text - '0');
                say(at, text + 1);
        }
        say(1000, "1.1|q|NONE|ABANDON|1|1|1000");
        cr_assert_eq(asterisk_log_finish(&file), 0);
        cr_assert_eq(file.bank.report.flawed_count, 0);
}

/* @expected: "from-to" for each shift, "." behind those after which he went home. */
static void check_shifts(const char *name, const char *expected, const char *const *lines)
{
        char found[256] = "";
        size_t used = 0;

        read_shifts(lines);
        for (size_t i = 0; i < file.bank.shift_count; i++) {
                const struct bank_shift *shift = &file.bank.shift[i];

                used += (size_t)snprintf(found + used, sizeof(found) - used, "%d-%d%s ",
                                         (int)(shift->from_s - T), (int)(shift->to_s - T),
                                         shift->is_last ? "." : "");
        }
        cr_assert_str_eq(found, expected, "%s", name);
        asterisk_log_free(&file);
}

#define LINES(...) ((const char *const[]){ __VA_ARGS__, NULL })

Test(asterisk_log, shifts)
{
        check_shifts("comes and goes", "100-500. ",
                     LINES("100 NONE|q|A|ADDMEMBER|", "500 NONE|q|A|REMOVEMEMBER|"));
        check_shifts(
                "logs in and off", "100-500. ",
                LINES("100 NONE|NONE|A|AGENTLOGIN|SIP/1", "500 NONE|NONE|A|AGENTLOGOFF|SIP/1|400"));
        check_shifts("a break", "100-200 300-500. ",
                     LINES("100 NONE|q|A|ADDMEMBER|", "200 NONE|NONE|A|PAUSEALL|lunch",
                           "200 NONE|q|A|PAUSE|lunch", "300 NONE|NONE|A|UNPAUSEALL|",
                           "300 NONE|q|A|UNPAUSE|", "500 NONE|q|A|REMOVEMEMBER|"));
        check_shifts("a break in one of two queues is none", "100-500. ",
                     LINES("100 NONE|q|A|ADDMEMBER|", "100 NONE|r|A|ADDMEMBER|",
                           "200 NONE|q|A|PAUSE|", "300 NONE|q|A|UNPAUSE|",
                           "400 NONE|q|A|REMOVEMEMBER|", "500 NONE|r|A|REMOVEMEMBER|"));
        check_shifts("a break in both is one", "100-250 300-1000. ",
                     LINES("100 NONE|q|A|ADDMEMBER|", "100 NONE|r|A|ADDMEMBER|",
                           "200 NONE|q|A|PAUSE|", "250 NONE|r|A|PAUSE|", "300 NONE|q|A|UNPAUSE|"));
        check_shifts("added as paused", "200-1000. ",
                     LINES("100 NONE|q|A|ADDMEMBER|PAUSED", "200 NONE|q|A|UNPAUSE|"));
        check_shifts("was there before the file", "0-300. ", LINES("300 NONE|q|A|REMOVEMEMBER|"));
        check_shifts("was paused before the file", "200-300. ",
                     LINES("200 NONE|NONE|A|UNPAUSEALL|", "300 NONE|NONE|A|AGENTLOGOFF||9"));
        check_shifts("a static member", "100-200 300-900. ",
                     LINES("100 1.9|q|A|CONNECT|1|1.8|1", "200 NONE|q|A|PAUSE|",
                           "300 NONE|q|A|UNPAUSE|", "900 1.9|q|A|COMPLETEAGENT|1|800|1"));
        check_shifts(
                "an absence of two seconds is none", "100-1000. ",
                LINES("100 NONE|q|A|ADDMEMBER|", "200 NONE|q|A|PAUSE|", "202 NONE|q|A|UNPAUSE|"));
        check_shifts("as the export of acdctl has it", "150-300 350-500. ",
                     LINES("100 NONE|NONE|A|AGENTLOGIN|", "100 NONE|NONE|A|PAUSEALL|login",
                           "150 NONE|NONE|A|UNPAUSEALL|", "300 NONE|NONE|A|PAUSEALL|lost",
                           "350 NONE|NONE|A|UNPAUSEALL|", "500 NONE|NONE|A|AGENTLOGOFF||400"));
        check_shifts("two agents", "100-200. 150-1000. ",
                     LINES("100 NONE|q|A|ADDMEMBER|", "150 NONE|q|B|ADDMEMBER|",
                           "200 NONE|q|A|REMOVEMEMBER|"));
        check_shifts("nothing is told", "",
                     LINES("100 1.9|q|A|CONNECT|1|1.8|1", "200 1.9|q|A|COMPLETEAGENT|1|100|1"));
}

Test(asterisk_log, members)
{
        read_shifts(LINES("100 NONE|q|A|ADDMEMBER|", "110 NONE|r|A|ADDMEMBER|",
                          "120 NONE|r|A|REMOVEMEMBER|", "130 1.9|s|A|CONNECT|1|1.8|1",
                          "140 NONE|q|B|ADDMEMBER|", "150 1.7|s|C|CONNECT|1|1.6|1"));
        cr_assert_eq(file.bank.type_count, 3);
        cr_assert_eq(file.bank.member_of[0], 7);
        cr_assert_eq(file.bank.member_of[1], 1);
        cr_assert_eq(file.bank.member_of[2], 0, "told of nothing: skills are what he served");
        asterisk_log_free(&file);
}

/* Every name that the format has is known; another is passed over. */
Test(asterisk_log, names)
{
        static const char *const names[] = {
#define LINE(name, parameters, from, text) #name,
#include "clients/cli/queue_log.def"
#undef LINE
        };
        char text[128];

        begin();
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)snprintf(text, sizeof(text), "1.%zu|q|A|%s|1|2|3|4|5", i, names[i]);
                say((int)i, text);
        }
        cr_assert_eq(file.bank.report.flawed_count, 0);
        cr_assert_eq(odd(ASTERISK_ODDITY_OTHER), 0);
        say(99, "1.99|q|A|DID|5551234");
        cr_assert_eq(odd(ASTERISK_ODDITY_OTHER), 1);
        asterisk_log_free(&file);
}

/* More calls than places: the first that has none is refused, and those that have one go on. */
Test(asterisk_log, too_many_calls)
{
        char text[64];

        begin();
        for (int i = 0; i <= ASTERISK_OPEN_MAX; i++) {
                (void)snprintf(text, sizeof(text), "1.%d|q|NONE|ENTERQUEUE||1|1", i);
                say(i % 100, text);
        }
        cr_assert_eq(file.report.flaw_count[ASTERISK_FLAW_FULL], 1);
        cr_assert_eq(file.report.named[0].line, ASTERISK_OPEN_MAX + 1);
        say(200, "1.7|q|NONE|ABANDON|1|1|193");
        cr_assert_eq(file.bank.report.flawed_count, 1);
        say(201, "1.8|q|NONE|ENTERQUEUE||1|1");
        say(202, "2.1|q|NONE|ENTERQUEUE||1|1");
        cr_assert_eq(file.bank.report.flawed_count, 1);
        cr_assert_eq(asterisk_log_finish(&file), 0);
        cr_assert_eq(file.bank.record_count, ASTERISK_OPEN_MAX + 2);
        asterisk_log_free(&file);
}

Test(asterisk_log, files)
{
        cr_assert_eq(asterisk_log_load(&file, "/nonexistent"), -ENOENT);
        cr_assert_eq(asterisk_log_load(&file, "/dev/null"), -ENODATA);
        cr_assert_eq(file.bank.report.row_count, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From records to a plan: skills, patience, absences, spans.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "clients/replay/plan.h"
#include "clients/replay/readiness.h"

static struct bank bank;

enum { MIDNIGHT = 915148800, ONE = 0, TWO = 1 }; /* 990101; two servers */

static struct bank_record records[4096];

static void begin(void)
{
        memset(&bank, 0, sizeof(bank));
        bank.record = records;
        bank.server_count = 2;
        memcpy(bank.server[ONE], "ONE", sizeof("ONE"));
        memcpy(bank.server[TWO], "TWO", sizeof("TWO"));
        bank.type_count = 2;
        memcpy(bank.type[0], "PS", sizeof("PS"));
        memcpy(bank.type[1], "IN", sizeof("IN"));
}

/* A call that arrives at @at seconds of the day. */
static struct bank_record *add(uint8_t type, int64_t at, uint32_t wait_s)
{
        struct bank_record *record = &records[bank.record_count++];

        *record = (struct bank_record){
                .entry_s = MIDNIGHT + at - 5,
                .arrival_s = MIDNIGHT + at,
                .wait_s = wait_s,
                .date = 990101,
                .server = BANK_NO_SERVER,
                .type = type,
                .outcome = BANK_HANG,
                .is_queued = wait_s > 0,
        };
        return record;
}

static void add_answered(uint8_t type, int64_t at, uint32_t wait_s, uint16_t server,
                         uint32_t service_s)
{
        struct bank_record *record = add(type, at, wait_s);

        record->outcome = BANK_AGENT;
        record->server = server;
        record->service_start_s = record->arrival_s + wait_s;
        record->service_s = service_s;
}

static const struct plan_call *call_at(const struct plan *plan, int64_t second)
{
        for (size_t i = 0; i < plan->call_count; i++)
                if (plan->call[i].arrival_ms == second * 1000)
                        return &plan->call[i];
        cr_assert_fail("no call at %ld", (long)second);
        return NULL;
}

/* Goal    An agent's absence after a service is what the record allows: exact
 *         when a waiting call ended it, bounded when the next call was answered
 *         at once, from the last moment at which a call waited that he can take. */
Test(plan, absences)
{
        const uint32_t skills[BANK_SERVER_MAX] = { [ONE] = 1, [TWO] = 3 };
        struct readiness readiness;
        const struct service *one;

        begin();
        add_answered(0, 1000, 0, ONE, 100); /* until 1100 */
        add_answered(0, 1050, 70, ONE, 80); /* 1120..1200: away exactly 20 */
        add(0, 1230, 40);                   /* hangs up at 1270: away at least 70 */
        add(1, 1230, 170);                  /* of no concern: not his type */
        add_answered(0, 1450, 0, ONE, 50);  /* at once: back by 1450 */
        add_answered(0, 1480, 0, ONE, 300); /* while the former is on record */
        cr_assert_eq(readiness_read(&readiness, &bank, skills), 0);

        one = &readiness.service[readiness.first[ONE]];
        cr_assert_eq(readiness.first[TWO] - readiness.first[ONE], 4);
        cr_assert_eq(one[0].away_min_s, 20);
        cr_assert_eq(one[0].away_max_s, 20);
        cr_assert_eq(one[1].away_min_s, 70);
        cr_assert_eq(one[1].away_max_s, 250);
        cr_assert_eq(one[2].end_s, MIDNIGHT + 1480);
        cr_assert_eq(readiness.shortened_count, 1);
        cr_assert(!one[3].has_next);
        readiness_free(&readiness);
}

/* Goal    Skills by share; a type that is nobody's by share goes to who served
 *         most of it; a type that nobody served is everybody's. */
Test(plan, skills)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;

        begin();
        bank.type_count = 3;
        memcpy(bank.type[2], "AA", sizeof("AA"));
        for (int i = 0; i < 200; i++)
                add_answered(0, 1000 + i * 10, 0, i % 2 == 0 ? ONE : TWO, 5);
        add_answered(1, 5000, 0, TWO, 5);
        add(2, 6000, 10);
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.agent_count, 2);
        cr_assert_eq(plan.agent[0].skills, 1 | 4);
        cr_assert_eq(plan.agent[1].skills, 1 | 2 | 4);
        cr_assert_eq(plan.facts.widened_count, 1);
        plan_free(&plan);

        settings.skill_cover = 0;
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.agent[1].skills, 1 | 4);
        plan_free(&plan);

        settings.skill_share = 0.001;
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.agent[1].skills, 1 | 2 | 4);
        plan_free(&plan);
}

/* Goal    Who hung up has the patience shown; who was answered has more than his
 *         wait; a priority customer has his credit. */
Test(plan, patience)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;

        begin();
        for (uint32_t i = 0; i < 100; i++) {
                add(0, 1000 + i * 100, 10 + i);
                add_answered(0, 1050 + i * 100, i, ONE, 10);
        }
        records[1].priority = 2;
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.call_count, 200);
        for (uint32_t i = 0; i < 100; i++) {
                cr_assert_eq(call_at(&plan, 1000 + i * 100)->patience_ms, (10 + i) * 1000);
                cr_assert_gt(call_at(&plan, 1050 + i * 100)->patience_ms, i * 1000);
        }
        cr_assert_eq(call_at(&plan, 1050)->credit_ms, 90000);
        cr_assert_eq(call_at(&plan, 1150)->credit_ms, 0);
        cr_assert_eq(plan.facts.patience_known_count, 100);
        cr_assert_eq(plan.facts.patience_drawn_count, 100);
        plan_free(&plan);
}

/* Goal    A span ends where calls waited longer than the break setting, or where
 *         the gap is longer than the idle setting; idle time is no break. */
Test(plan, spans)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;
        const struct plan_span *span;

        begin();
        add_answered(0, 1000, 0, ONE, 100); /* until 1100; then idle 1900 */
        add_answered(0, 3000, 0, ONE, 100); /* until 3100 */
        add(0, 3200, 700);                  /* waits until 3900: 800 s away */
        add_answered(0, 4000, 0, ONE, 100); /* until 4100 */
        add_answered(0, 9000, 0, ONE, 50);  /* 4900 later */
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.agent_count, 1);
        cr_assert_eq(plan.agent[0].span_count, 3);
        span = plan.span;
        cr_assert_eq(span[0].from_ms, 1000000);
        cr_assert_eq(span[0].last_ms, 3000000);
        cr_assert_eq(span[0].to_ms, 3100000);
        cr_assert_eq(span[1].from_ms, 3900000);
        cr_assert_eq(span[1].last_ms, 4000000);
        cr_assert_eq(span[1].to_ms, 4100000);
        cr_assert_eq(span[2].from_ms, 9000000);
        cr_assert(!span[0].is_last_of_day);
        cr_assert(!span[1].is_last_of_day);
        cr_assert(span[2].is_last_of_day);
        plan_free(&plan);

        settings.break_s = 900;
        settings.idle_s = 5000;
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_eq(plan.agent[0].span_count, 1);
        plan_free(&plan);
}

/* Goal    Wrap-up: exact where the record is exact, within its bounds where it is
 *         not, and the setting's when it is set. */
Test(plan, wrap_up)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;

        begin();
        for (uint32_t i = 0; i < 200; i++) {
                add_answered(0, 300 + i * 300, 0, ONE, 100);
                /* Waits as the former ends, until the agent is back after 7 s. */
                add_answered(0, 300 + i * 300 + 90, 17, ONE, 50);
        }
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        for (uint32_t i = 0; i < 199; i++) {
                cr_assert_eq(call_at(&plan, 300 + i * 300)->wrap_up_ms, 7000);
                cr_assert_leq(call_at(&plan, 300 + i * 300 + 90)->wrap_up_ms, 143000);
        }
        cr_assert_float_eq(plan.facts.wrap_up_mean_s, 7, 1e-9);
        plan_free(&plan);

        settings.wrap_up_s = 30;
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        for (size_t i = 0; i < plan.call_count; i++)
                cr_assert_eq(plan.call[i].wrap_up_ms, 30000);
        cr_assert_eq(plan_wrap_up_max_ms(&plan), 30000);
        plan_free(&plan);
}

/* Goal    One day of a month is the same day alone: same calls, same draws. */
Test(plan, one_day)
{
        struct plan_settings settings = plan_settings_default();
        struct plan month;
        struct plan day;
        size_t first = 0;

        begin();
        for (uint32_t i = 0; i < 300; i++) {
                add_answered(0, 601 + i * 600, i % 40, ONE, 100);
                records[bank.record_count - 1].date = 601 + i * 600 - 5 < 86400 ? 990101 : 990102;
                add(0, 601 + i * 600 + 90, i % 60);
                records[bank.record_count - 1].date = 601 + i * 600 + 90 < 86400 ? 990101 : 990102;
        }
        cr_assert_eq(plan_from_bank(&month, &bank, &settings), 0);
        settings.date = 990102;
        cr_assert_eq(plan_from_bank(&day, &bank, &settings), 0);
        cr_assert_eq(day.origin_s, month.origin_s + 86400);
        while (month.call[first].arrival_ms < 86405000)
                first++;
        cr_assert_eq(day.call_count, month.call_count - first);
        cr_assert_eq(day.agent_count, month.agent_count);
        for (size_t i = 0; i < day.call_count; i++) {
                struct plan_call call = month.call[first + i];

                call.arrival_ms -= 86400000;
                cr_assert_eq(call.arrival_ms, day.call[i].arrival_ms);
                cr_assert_eq(call.patience_ms, day.call[i].patience_ms);
                cr_assert_eq(call.wrap_up_ms, day.call[i].wrap_up_ms);
        }
        plan_free(&month);
        plan_free(&day);
        settings.date = 990109;
        cr_assert_eq(plan_from_bank(&day, &bank, &settings), -ENODATA);
}

/* Goal    Servers with names that the daemon would not take are agents all the
 *         same, each under a name of its own. */
Test(plan, names)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;

        begin();
        memcpy(bank.server[ONE], "O'BRIEN", sizeof("O'BRIEN"));
        memcpy(bank.server[TWO], "O BRIEN", sizeof("O BRIEN"));
        add_answered(0, 1000, 0, ONE, 100);
        add_answered(0, 2000, 0, TWO, 100);
        cr_assert_eq(plan_from_bank(&plan, &bank, &settings), 0);
        cr_assert_str_eq(plan.agent[0].name, "O_BRIEN:0");
        cr_assert_str_eq(plan.agent[1].name, "O_BRIEN:1");
        plan_free(&plan);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue_log from anywhere: every line is kept or counted as flawed, calls end
 * no earlier than they begin, shifts are in order and of agents that there are,
 * and a plan made of it all is one (plan_check.h).
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/asterisk_log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plan_check.h"

static struct asterisk_log file;

static uint64_t read_lines(const char *text, size_t size)
{
        const char *end = text + size;
        uint64_t line = 0;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                const char *stop = newline == NULL ? end : newline;

                ACD_ASSERT(asterisk_log_line(&file, ++line, text, (size_t)(stop - text)) == 0);
                text = stop + 1;
        }
        return line;
}

static void check_report(uint64_t lines)
{
        uint64_t flaws = 0;

        for (int i = 0; i < ASTERISK_FLAW_COUNT; i++)
                flaws += file.report.flaw_count[i];
        ACD_ASSERT(flaws == file.bank.report.flawed_count);
        ACD_ASSERT(flaws <= file.bank.report.row_count);
        ACD_ASSERT(file.bank.report.row_count <= lines);
        for (uint32_t i = 0; i < file.report.named_count; i++)
                ACD_ASSERT(file.report.named[i].line >= 1 && file.report.named[i].line <= lines);
}

static void check_records(void)
{
        const struct bank *bank = &file.bank;

        ACD_ASSERT(bank->record_count <= bank->report.row_count);
        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                ACD_ASSERT(record->arrival_s > 0);
                ACD_ASSERT(record->type < bank->type_count);
                ACD_ASSERT(record->wait_s <= ASTERISK_DURATION_MAX);
                ACD_ASSERT(record->service_s <= ASTERISK_DURATION_MAX);
                ACD_ASSERT(record->server == BANK_NO_SERVER || record->server < bank->server_count);
                ACD_ASSERT(!record->is_taken_out || record->outcome == BANK_HANG);
        }
        for (size_t i = 0; i < bank->shift_count; i++) {
                const struct bank_shift *shift = &bank->shift[i];

                ACD_ASSERT(shift->server < bank->server_count && bank->is_told[shift->server]);
                ACD_ASSERT(shift->from_s < shift->to_s);
                ACD_ASSERT(i == 0 || shift[-1].server < shift->server ||
                           (shift[-1].server == shift->server && shift[-1].to_s < shift->from_s));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;
        uint64_t lines;
        int r = asterisk_log_init(&file);

        ACD_ASSERT(r == 0);
        lines = read_lines((const char *)data, size);
        r = asterisk_log_finish(&file);
        check_report(lines);
        ACD_ASSERT(r == 0 || r == -ENODATA);
        if (r == 0) {
                check_records();
                settings.date = size % 4 == 0 ? file.bank.record[0].date : 0;
                r = plan_from_bank(&plan, &file.bank, &settings);
                ACD_ASSERT(r == 0 || r == -ENODATA);
                if (r == 0) {
                        plan_check(&plan);
                        plan_free(&plan);
                }
        }
        asterisk_log_free(&file);
        return 0;
}

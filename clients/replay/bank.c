/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading call records.
 *
 * The file is text of unknown origin, so a row passes through three gates, each
 * of which can refuse it with a reason: the line (bounded, printable), the
 * fields (17 of them, each of its kind), and their sense together.
 *
 * Clocks in a row are times of day without a date, the date being that of the
 * entry into the voice-response unit. A call that goes on past midnight shows a
 * time of day that is far smaller than the one before it; near() puts each time
 * into the day where it is next to the one it follows. Durations are taken from
 * their own fields: they are what the record means, and in the published months
 * the few rows in which times and duration disagree are those past midnight.
 *
 * A call belongs to the queue when it queued or when an agent took it: "no
 * queue" and an agent means that it was answered at once. A call that hung up in
 * the voice-response unit reached neither.
 */

#include "clients/replay/bank.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/lines.h"

enum {
        FIELD_COUNT = 17,
        DAY_S = 86400,
        HOUR_MAX = 29, /* some systems write the hours after midnight as 24, 25, ... */
};

/* The fields, in the order of the file. */
enum {
        AT_LINE_ID,
        AT_CALL_ID,
        AT_CUSTOMER_ID,
        AT_PRIORITY,
        AT_TYPE,
        AT_DATE,
        AT_VRU_ENTRY,
        AT_VRU_EXIT,
        AT_VRU_TIME,
        AT_QUEUE_START,
        AT_QUEUE_EXIT,
        AT_QUEUE_TIME,
        AT_OUTCOME,
        AT_SERVICE_START,
        AT_SERVICE_EXIT,
        AT_SERVICE_TIME,
        AT_SERVER,
};

struct field {
        const char *at;
        size_t size;
};

/* The numbers of a row, before they are made sense of. */
struct row {
        int64_t midnight;
        uint32_t vru_entry, vru_exit;
        uint32_t queue_start, queue_exit, queue_time;
        uint32_t service_start, service_exit, service_time;
};

static const char *const flaw_text[BANK_FLAW_COUNT] = {
#define FLAW(name, text) [BANK_FLAW_##name] = (text),
        BANK_FLAWS(FLAW)
#undef FLAW
};

static const char *const oddity_text[BANK_ODDITY_COUNT] = {
#define ODDITY(name, text) [BANK_ODDITY_##name] = (text),
        BANK_ODDITIES(ODDITY)
#undef ODDITY
};

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool field_is(struct field field, const char *text)
{
        return strlen(text) == field.size && memcmp(field.at, text, field.size) == 0;
}

/* A decimal of at most nine digits and at most @max. */
static bool parse_number(struct field field, uint32_t max, uint32_t *ret_value)
{
        uint32_t value = 0;

        if (field.size == 0 || field.size > 9)
                return false;
        for (size_t i = 0; i < field.size; i++) {
                if (!is_digit(field.at[i]))
                        return false;
                value = value * 10 + (uint32_t)(field.at[i] - '0');
        }
        if (value > max)
                return false;
        *ret_value = value;
        return true;
}

/* A time in the voice-response unit. Some records have it below zero: the clock of
 * the unit and that of the queue differ. */
static bool parse_signed(struct field field, uint32_t max)
{
        uint32_t value;

        if (field.size > 1 && field.at[0] == '-')
                field = (struct field){ field.at + 1, field.size - 1 };
        return parse_number(field, max, &value);
}

static bool parse_two_digits(const char *at, uint32_t max, uint32_t *ret_value)
{
        return parse_number((struct field){ at, 2 }, max, ret_value);
}

/* h:mm:ss or hh:mm:ss, as seconds. */
static bool parse_clock(struct field field, uint32_t *ret_second)
{
        uint32_t hour, minute, second;
        size_t colon = field.size == 7 ? 1 : 2;

        if (field.size != 7 && field.size != 8)
                return false;
        if (field.at[colon] != ':' || field.at[colon + 3] != ':')
                return false;
        if (!parse_number((struct field){ field.at, colon }, HOUR_MAX, &hour))
                return false;
        if (!parse_two_digits(field.at + colon + 1, 59, &minute))
                return false;
        if (!parse_two_digits(field.at + colon + 4, 59, &second))
                return false;
        *ret_second = (hour * 60 + minute) * 60 + second;
        return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. The year is made to
 * begin in March, so that the leap day is its last. */
static int64_t days_of(int64_t year, uint32_t month, uint32_t day)
{
        uint32_t march_month = (month + 9) % 12;
        int64_t march_year = year - (month <= 2);
        int64_t era_year = march_year - 1600;
        int64_t days = era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400;

        return days + (153 * march_month + 2) / 5 + day - 1 - 135080;
}

int64_t bank_midnight(uint32_t date)
{
        static const uint8_t length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        uint32_t year = date / 10000;
        uint32_t month = date / 100 % 100;
        uint32_t day = date % 100;

        year += year >= 70 ? 1900 : 2000;
        if (date > 999999 || month < 1 || month > 12 || day < 1 || day > length[month - 1])
                return -1;
        /* 1900 and 2100 are out of reach: every fourth year is a leap year. */
        if (month == 2 && day == 29 && year % 4 != 0)
                return -1;
        return days_of(year, month, day) * DAY_S;
}

uint32_t bank_date(int64_t second)
{
        int64_t days = second / DAY_S;
        uint32_t year = 1970;
        uint32_t month = 1;

        ACD_ASSERT(second >= 0);

        while (year < 2069 && days_of(year + 1, 1, 1) <= days)
                year++;
        while (month < 12 && days_of(year, month + 1, 1) <= days)
                month++;
        return year % 100 * 10000 + month * 100 + (uint32_t)(days - days_of(year, month, 1)) + 1;
}

/* Cut @text at tabs. False unless there are exactly FIELD_COUNT. */
static bool split(const char *text, size_t size, struct field *ret_fields)
{
        size_t count = 0;
        const char *at = text;
        const char *end = text + size;

        while (count < FIELD_COUNT) {
                const char *tab = memchr(at, '\t', (size_t)(end - at));
                const char *stop = tab == NULL ? end : tab;

                ret_fields[count++] = (struct field){ at, (size_t)(stop - at) };
                if (tab == NULL)
                        return count == FIELD_COUNT;
                at = tab + 1;
        }
        return false;
}

static bool is_text(const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)text[i] < ' ' && text[i] != '\t')
                        return false;
        return true;
}

/* The index of a type, added when new. False: not a type, or one too many. */
static bool intern_type(struct bank *bank, struct field field, uint8_t *ret_index)
{
        if (field.size == 0 || field.size > BANK_TYPE_NAME_MAX)
                return false;
        for (size_t i = 0; i < field.size; i++)
                if (!is_letter(field.at[i]) && !is_digit(field.at[i]))
                        return false;
        for (uint32_t i = 0; i < bank->type_count; i++) {
                if (field_is(field, bank->type[i])) {
                        *ret_index = (uint8_t)i;
                        return true;
                }
        }
        if (bank->type_count == BANK_TYPE_MAX)
                return false;
        memcpy(bank->type[bank->type_count], field.at, field.size);
        *ret_index = (uint8_t)bank->type_count++;
        return true;
}

static bool intern_server(struct bank *bank, struct field field, uint16_t *ret_index)
{
        if (field_is(field, "NO_SERVER")) {
                *ret_index = BANK_NO_SERVER;
                return true;
        }
        if (field.size == 0 || field.size > BANK_SERVER_NAME_MAX)
                return false;
        for (uint32_t i = 0; i < bank->server_count; i++) {
                if (field_is(field, bank->server[i])) {
                        *ret_index = (uint16_t)i;
                        return true;
                }
        }
        if (bank->server_count == BANK_SERVER_MAX)
                return false;
        memcpy(bank->server[bank->server_count], field.at, field.size);
        *ret_index = (uint16_t)bank->server_count++;
        return true;
}

static enum bank_flaw parse_ids(const struct field *field, uint32_t *ret_priority)
{
        const struct field line = field[AT_LINE_ID];

        if (line.size == 0 || line.size > 15)
                return BANK_FLAW_LINE_ID;
        for (size_t i = 0; i < line.size; i++)
                if (!is_letter(line.at[i]) && !is_digit(line.at[i]))
                        return BANK_FLAW_LINE_ID;
        for (size_t i = AT_CALL_ID; i <= AT_CUSTOMER_ID; i++) {
                if (field[i].size == 0 || field[i].size > 18)
                        return BANK_FLAW_NUMBER;
                for (size_t j = 0; j < field[i].size; j++)
                        if (!is_digit(field[i].at[j]))
                                return BANK_FLAW_NUMBER;
        }
        if (!parse_number(field[AT_PRIORITY], 2, ret_priority))
                return BANK_FLAW_PRIORITY;
        return BANK_FLAW_COUNT;
}

static enum bank_flaw parse_times(const struct field *field, uint32_t *ret_date,
                                  struct row *ret_row)
{
        struct row row;

        if (field[AT_DATE].size != 6 || !parse_number(field[AT_DATE], 999999, ret_date))
                return BANK_FLAW_DATE;
        row.midnight = bank_midnight(*ret_date);
        /* Times may lie in the day before; no time is before 1970. */
        if (row.midnight < DAY_S)
                return BANK_FLAW_DATE;
        if (!parse_clock(field[AT_VRU_ENTRY], &row.vru_entry) ||
            !parse_clock(field[AT_VRU_EXIT], &row.vru_exit) ||
            !parse_clock(field[AT_QUEUE_START], &row.queue_start) ||
            !parse_clock(field[AT_QUEUE_EXIT], &row.queue_exit) ||
            !parse_clock(field[AT_SERVICE_START], &row.service_start) ||
            !parse_clock(field[AT_SERVICE_EXIT], &row.service_exit))
                return BANK_FLAW_CLOCK;
        if (!parse_signed(field[AT_VRU_TIME], BANK_DURATION_MAX) ||
            !parse_number(field[AT_QUEUE_TIME], BANK_DURATION_MAX, &row.queue_time) ||
            !parse_number(field[AT_SERVICE_TIME], BANK_DURATION_MAX, &row.service_time))
                return BANK_FLAW_DURATION;
        *ret_row = row;
        return BANK_FLAW_COUNT;
}

/* The time of day @clock in the day where it is next to @reference. */
static int64_t near(int64_t midnight, uint32_t clock, int64_t reference)
{
        int64_t at = midnight + clock;

        if (at < reference - DAY_S / 2)
                return at + DAY_S;
        if (at > reference + DAY_S / 2)
                return at - DAY_S;
        return at;
}

/* Whether @exit - @start is @duration, seen on a clock of 24 hours. */
static bool clocks_agree(uint32_t start, uint32_t exit, uint32_t duration)
{
        return (start + duration) % DAY_S == exit % DAY_S;
}

/* The times of @row put into order, and what is odd about them. */
static uint32_t place(const struct row *row, struct bank_record *record)
{
        uint32_t odd = 0;
        int64_t exit;

        if (row->vru_exit < row->vru_entry && row->vru_entry < row->vru_exit + DAY_S / 2)
                odd |= 1U << BANK_ODDITY_VRU_CLOCK;
        record->entry_s = row->midnight + row->vru_entry;
        exit = near(row->midnight, row->vru_exit, record->entry_s);
        record->is_queued = row->queue_start != 0 || row->queue_exit != 0 || row->queue_time != 0;
        if (record->is_queued) {
                record->arrival_s = near(row->midnight, row->queue_start, exit);
                record->wait_s = row->queue_time;
                if (!clocks_agree(row->queue_start, row->queue_exit, row->queue_time))
                        odd |= 1U << BANK_ODDITY_QUEUE_CLOCK;
        } else if (record->outcome == BANK_AGENT) {
                record->arrival_s = exit;
        }
        if (record->outcome == BANK_HANG) {
                if (row->service_time != 0)
                        odd |= 1U << BANK_ODDITY_HANG_SERVED;
                return odd;
        }

        record->service_s = row->service_time;
        if (record->server == BANK_NO_SERVER)
                odd |= 1U << BANK_ODDITY_NO_SERVER;
        if (row->service_start == 0 && row->service_exit == 0 && row->service_time == 0) {
                record->service_start_s = record->arrival_s + record->wait_s;
                return odd | 1U << BANK_ODDITY_NO_SERVICE_TIME;
        }
        if (!clocks_agree(row->service_start, row->service_exit, row->service_time))
                odd |= 1U << BANK_ODDITY_SERVICE_CLOCK;
        record->service_start_s =
                near(row->midnight, row->service_start, record->arrival_s + record->wait_s);
        return odd;
}

enum bank_flaw bank_parse_row(struct bank *bank, const char *text, size_t size,
                              struct bank_record *ret_record, bool *ret_phantom, uint32_t *ret_odd)
{
        struct field field[FIELD_COUNT];
        struct bank_record record = { .outcome = BANK_AGENT };
        struct row row = { 0 };
        uint32_t priority;
        enum bank_flaw flaw;

        if (size > BANK_LINE_MAX)
                return BANK_FLAW_LENGTH;
        if (!is_text(text, size))
                return BANK_FLAW_BYTES;
        if (!split(text, size, field))
                return BANK_FLAW_FIELD_COUNT;
        flaw = parse_ids(field, &priority);
        if (flaw != BANK_FLAW_COUNT)
                return flaw;
        flaw = parse_times(field, &record.date, &row);
        if (flaw != BANK_FLAW_COUNT)
                return flaw;
        *ret_phantom = field_is(field[AT_OUTCOME], "PHANTOM");
        if (*ret_phantom)
                return BANK_FLAW_COUNT;
        if (field_is(field[AT_OUTCOME], "HANG"))
                record.outcome = BANK_HANG;
        else if (!field_is(field[AT_OUTCOME], "AGENT"))
                return BANK_FLAW_OUTCOME;
        if (!intern_type(bank, field[AT_TYPE], &record.type))
                return BANK_FLAW_TYPE;
        if (!intern_server(bank, field[AT_SERVER], &record.server))
                return BANK_FLAW_SERVER;
        record.priority = (uint8_t)priority;
        *ret_odd = place(&row, &record);
        *ret_record = record;
        return BANK_FLAW_COUNT;
}

int bank_add_record(struct bank *bank, const struct bank_record *record)
{
        if (bank->record_count == bank->record_capacity) {
                size_t capacity = bank->record_capacity == 0 ? 4096 : bank->record_capacity * 2;
                struct bank_record *grown;

                if (bank->record_count >= BANK_RECORD_MAX)
                        return -E2BIG;
                grown = reallocarray(bank->record, capacity, sizeof(*grown));
                if (grown == NULL)
                        return -ENOMEM;
                bank->record = grown;
                bank->record_capacity = capacity;
        }
        bank->record[bank->record_count++] = *record;
        return 0;
}

static void note_flaw(struct bank_report *report, uint64_t line, enum bank_flaw flaw)
{
        report->flawed_count++;
        report->flaw_count[flaw]++;
        if (report->named_count < BANK_FLAW_NAMED_MAX)
                report->named[report->named_count++] = (struct bank_flawed_line){ line, flaw };
}

/* One line of the file. */
static int take_line(void *context, uint64_t line, const char *text, size_t size)
{
        struct bank *bank = context;
        struct bank_report *report = &bank->report;
        struct bank_record record;
        bool is_phantom = false;
        uint32_t odd = 0;
        enum bank_flaw flaw;

        if (size == 0 || (line == 1 && size > 4 && memcmp(text, "vru+", 4) == 0))
                return 0;

        report->row_count++;
        flaw = bank_parse_row(bank, text, size, &record, &is_phantom, &odd);
        if (flaw != BANK_FLAW_COUNT) {
                note_flaw(report, line, flaw);
                return 0;
        }
        if (is_phantom) {
                report->phantom_count++;
                return 0;
        }
        for (uint32_t i = 0; i < BANK_ODDITY_COUNT; i++)
                report->oddity_count[i] += odd >> i & 1;
        return bank_add_record(bank, &record);
}

int bank_load(struct bank *bank, const char *path)
{
        int r;

        memset(bank, 0, sizeof(*bank));
        r = lines_read(path, take_line, bank);
        if (r == 0 && bank->record_count == 0)
                r = -ENODATA;
        if (r < 0) {
                struct bank_report report = bank->report;

                bank_free(bank);
                bank->report = report;
        }
        return r;
}

void bank_free(struct bank *bank)
{
        free(bank->record);
        free(bank->shift);
        memset(bank, 0, sizeof(*bank));
}

void bank_report_print(const struct bank_report *report, FILE *out)
{
        fprintf(out, "rows %" PRIu64 ", phantoms left out %" PRIu64 ", malformed %" PRIu64 "\n",
                report->row_count, report->phantom_count, report->flawed_count);
        for (uint32_t i = 0; i < BANK_FLAW_COUNT; i++)
                if (report->flaw_count[i] > 0)
                        fprintf(out, "  malformed, left out: %8" PRIu64 "  %s\n",
                                report->flaw_count[i], flaw_text[i]);
        for (uint32_t i = 0; i < report->named_count; i++)
                fprintf(out, "    line %" PRIu64 ": %s\n", report->named[i].line,
                        flaw_text[report->named[i].flaw]);
        for (uint32_t i = 0; i < BANK_ODDITY_COUNT; i++)
                if (report->oddity_count[i] > 0)
                        fprintf(out, "  odd, kept:           %8" PRIu64 "  %s\n",
                                report->oddity_count[i], oddity_text[i]);
}

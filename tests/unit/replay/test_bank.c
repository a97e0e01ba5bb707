/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of call records: what it takes, what it refuses and why, and that
 * no file can hurt it.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/prng.h"
#include "clients/replay/bank.h"

static struct bank bank;

static const char header[] =
        "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\t"
        "q_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\n";

/* A call that queued and was answered. */
static const char answered[] =
        "AA0101\t33118\t17\t2\tPS\t990102\t6:55:20\t6:55:26\t6\t6:55:26\t6:55:43\t17\tAGENT\t"
        "6:55:43\t6:56:37\t54\tMICHAL";

static enum bank_flaw parse(const char *text, struct bank_record *ret_record, uint32_t *ret_odd)
{
        bool is_phantom;

        return bank_parse_row(&bank, text, strlen(text), ret_record, &is_phantom, ret_odd);
}

/* @answered with field @index replaced. */
static void with_field(char *row, size_t size, int index, const char *text)
{
        const char *at = answered;
        size_t used = 0;

        for (int i = 0; i < 17; i++) {
                size_t length = strcspn(at, "\t");

                if (i == index)
                        used += (size_t)snprintf(row + used, size - used, "%s", text);
                else
                        used += (size_t)snprintf(row + used, size - used, "%.*s", (int)length, at);
                used += (size_t)snprintf(row + used, size - used, i < 16 ? "\t" : "");
                at += length + 1;
        }
}

Test(bank, an_answered_call)
{
        struct bank_record record;
        uint32_t odd;

        cr_assert_eq(parse(answered, &record, &odd), BANK_FLAW_COUNT);
        int64_t midnight = bank_midnight(990102);

        cr_assert_eq(odd, 0);
        cr_assert_eq(record.entry_s, midnight + 6 * 3600 + 55 * 60 + 20);
        cr_assert_eq(record.arrival_s, record.entry_s + 6);
        cr_assert_eq(record.wait_s, 17);
        cr_assert_eq(record.service_start_s, record.arrival_s + 17);
        cr_assert_eq(record.service_s, 54);
        cr_assert_eq(record.priority, 2);
        cr_assert_eq(record.outcome, BANK_AGENT);
        cr_assert(record.is_queued);
        cr_assert_str_eq(bank.server[record.server], "MICHAL");
        cr_assert_str_eq(bank.type[record.type], "PS");
}

/* Goal    Each field that is not of its kind is refused, by its own reason.
 * Method  One field of a good row is replaced at a time. */
Test(bank, every_flaw)
{
        static const struct {
                int field;
                const char *text;
                enum bank_flaw flaw;
        } table[] = {
                { 0, "", BANK_FLAW_LINE_ID },
                { 0, "AA-01", BANK_FLAW_LINE_ID },
                { 0, "AA01010101010101", BANK_FLAW_LINE_ID },
                { 1, "x", BANK_FLAW_NUMBER },
                { 1, "", BANK_FLAW_NUMBER },
                { 2, "-1", BANK_FLAW_NUMBER },
                { 2, "1234567890123456789", BANK_FLAW_NUMBER },
                { 3, "3", BANK_FLAW_PRIORITY },
                { 3, "", BANK_FLAW_PRIORITY },
                { 4, "", BANK_FLAW_TYPE },
                { 4, "P-S", BANK_FLAW_TYPE },
                { 4, "ABCDEFGH", BANK_FLAW_TYPE },
                { 5, "990230", BANK_FLAW_DATE },
                { 5, "991301", BANK_FLAW_DATE },
                { 5, "990100", BANK_FLAW_DATE },
                { 5, "99010", BANK_FLAW_DATE },
                { 5, "9901021", BANK_FLAW_DATE },
                { 6, "6:60:00", BANK_FLAW_CLOCK },
                { 6, "30:00:00", BANK_FLAW_CLOCK },
                { 7, "6:5:26", BANK_FLAW_CLOCK },
                { 9, "65526", BANK_FLAW_CLOCK },
                { 10, "6:55:4x", BANK_FLAW_CLOCK },
                { 13, "", BANK_FLAW_CLOCK },
                { 14, "6:56:377", BANK_FLAW_CLOCK },
                { 8, "--6", BANK_FLAW_DURATION },
                { 11, "-17", BANK_FLAW_DURATION },
                { 11, "86401", BANK_FLAW_DURATION },
                { 15, "99999999999", BANK_FLAW_DURATION },
                { 12, "agent", BANK_FLAW_OUTCOME },
                { 12, "", BANK_FLAW_OUTCOME },
                { 16, "", BANK_FLAW_SERVER },
                { 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", BANK_FLAW_SERVER },
                { 2, "1\t2", BANK_FLAW_FIELD_COUNT },
                { 2, "\x01", BANK_FLAW_BYTES },
        };
        bool is_seen[BANK_FLAW_COUNT] = { false };
        struct bank_record record;
        uint32_t odd;
        char row[BANK_LINE_MAX * 2];

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                with_field(row, sizeof(row), table[i].field, table[i].text);
                cr_assert_eq(parse(row, &record, &odd), table[i].flaw, "field %d: %s",
                             table[i].field, table[i].text);
                is_seen[table[i].flaw] = true;
        }
        memset(row, 'A', BANK_LINE_MAX + 1);
        row[BANK_LINE_MAX + 1] = '\0';
        cr_assert_eq(parse(row, &record, &odd), BANK_FLAW_LENGTH);
        is_seen[BANK_FLAW_LENGTH] = true;
        for (int i = 0; i < BANK_FLAW_COUNT; i++)
                cr_assert(is_seen[i], "flaw %d is never reached", i);
}

/* What is odd is kept, and means what the comment on it says. */
Test(bank, every_oddity)
{
        static const struct {
                const char *row;
                uint32_t odd;
                uint32_t wait_s;
                uint32_t service_s;
                bool is_queued;
                enum bank_outcome outcome;
        } table[] = {
                /* Answered at once. */
                { "AA0101\t1\t0\t0\tPS\t990101\t7:41:16\t7:41:26\t10\t0:00:00\t0:00:00\t0\tAGENT\t"
                  "7:41:25\t7:44:53\t208\tBASCH",
                  0, 0, 208, false, BANK_AGENT },
                /* Left in the voice-response unit. */
                { "AA0101\t1\t0\t0\tPS\t990101\t0:34:12\t0:34:23\t11\t0:00:00\t0:00:00\t0\tHANG\t"
                  "0:00:00\t0:00:00\t0\tNO_SERVER",
                  0, 0, 0, false, BANK_HANG },
                /* Over midnight. */
                { "AA0101\t1\t0\t2\tPS\t990502\t23:59:13\t23:59:23\t10\t23:59:23\t0:03:12\t229\t"
                  "AGENT\t0:03:11\t0:03:20\t9\tBENSION",
                  0, 229, 9, true, BANK_AGENT },
                { "AA0101\t1\t0\t0\tPS\t990113\t15:46:01\t15:45:24\t-37\t15:45:24\t15:46:41\t77\t"
                  "HANG\t0:00:00\t0:00:00\t0\tNO_SERVER",
                  1U << BANK_ODDITY_VRU_CLOCK, 77, 0, true, BANK_HANG },
                { "AA0101\t1\t0\t0\tPS\t990113\t9:00:00\t9:00:05\t5\t9:00:05\t9:00:15\t70\tHANG\t"
                  "0:00:00\t0:00:00\t0\tNO_SERVER",
                  1U << BANK_ODDITY_QUEUE_CLOCK, 70, 0, true, BANK_HANG },
                { "AA0101\t1\t0\t0\tPS\t990113\t9:00:00\t9:00:05\t5\t0:00:00\t0:00:00\t0\tAGENT\t"
                  "9:00:05\t9:00:15\t70\tELI",
                  1U << BANK_ODDITY_SERVICE_CLOCK, 0, 70, false, BANK_AGENT },
                { "AA0101\t1\t0\t0\tPS\t990113\t9:00:00\t9:00:05\t5\t0:00:00\t0:00:00\t0\tAGENT\t"
                  "0:00:00\t0:00:00\t0\tELI",
                  1U << BANK_ODDITY_NO_SERVICE_TIME, 0, 0, false, BANK_AGENT },
                { "AA0101\t1\t0\t0\tTT\t990113\t9:00:00\t9:00:05\t5\t0:00:00\t0:00:00\t0\tAGENT\t"
                  "9:00:05\t9:00:15\t10\tNO_SERVER",
                  1U << BANK_ODDITY_NO_SERVER, 0, 10, false, BANK_AGENT },
                { "AA0101\t1\t0\t0\tPS\t990113\t9:00:00\t9:00:05\t5\t9:00:05\t9:00:15\t10\tHANG\t"
                  "9:00:15\t9:00:20\t5\tNO_SERVER",
                  1U << BANK_ODDITY_HANG_SERVED, 10, 0, true, BANK_HANG },
        };
        uint32_t seen = 0;

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                struct bank_record record;
                uint32_t odd;

                cr_assert_eq(parse(table[i].row, &record, &odd), BANK_FLAW_COUNT);
                cr_assert_eq(odd, table[i].odd, "row %zu: odd %x", i, odd);
                cr_assert_eq(record.wait_s, table[i].wait_s);
                cr_assert_eq(record.service_s, table[i].service_s);
                cr_assert_eq(record.is_queued, table[i].is_queued);
                cr_assert_eq(record.outcome, table[i].outcome);
                if (record.outcome == BANK_AGENT)
                        cr_assert_leq(
                                llabs(record.service_start_s - record.arrival_s - record.wait_s),
                                2);
                seen |= odd;
        }
        cr_assert_eq(seen, (1U << BANK_ODDITY_COUNT) - 1);
}

/* Goal    The calendar is right.
 * Method  Known days, and every day of a hundred years forth and back. */
Test(bank, calendar)
{
        int64_t expected = 0;

        cr_assert_eq(bank_midnight(700101), 0);
        cr_assert_eq(bank_midnight(990101), INT64_C(915148800));
        cr_assert_eq(bank_midnight(229), INT64_C(951782400)); /* 29 February 2000 */
        cr_assert_eq(bank_midnight(990229), -1);
        for (int year = 1970; year < 2070; year++) {
                for (uint32_t day = 101; day <= 1231; day++) {
                        uint32_t date = (uint32_t)(year % 100) * 10000 + day;
                        int64_t midnight = bank_midnight(date);

                        if (midnight < 0)
                                continue;
                        cr_assert_eq(midnight, expected);
                        cr_assert_eq(bank_date(midnight + 86399), date);
                        expected += 86400;
                }
        }
        cr_assert_eq(expected, 36525 * INT64_C(86400));
}

static void write_file(char *path, const char *text, size_t size)
{
        int fd;

        memcpy(path, "/tmp/test_bank_XXXXXX", sizeof("/tmp/test_bank_XXXXXX"));
        fd = mkstemp(path);
        cr_assert_geq(fd, 0);
        cr_assert_eq(write(fd, text, size), (ssize_t)size);
        close(fd);
}

/* Goal    A file with everything in it: header, good rows, bad rows, phantoms,
 *         a line of a megabyte, carriage returns, no newline at the end. */
Test(bank, a_whole_file)
{
        enum { LONG = 1 << 20 };
        static const char phantom[] =
                "AA0101\t1\t0\t0\tPS\t990101\t7:41:16\t7:41:26\t10\t7:41:26\t7:41:30\t4\t"
                "PHANTOM\t7:41:30\t7:41:31\t1\tNO_SERVER";
        char path[32];
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        fprintf(out, "%s%s\nnonsense\n", header, answered);
        for (int i = 0; i < LONG; i++)
                fputc('x', out);
        fprintf(out, "\n\n%s\r\n%s\n%s", answered, phantom, answered);
        fclose(out);
        write_file(path, text, size);
        free(text);
        cr_assert_eq(bank_load(&bank, path), 0);
        unlink(path);
        cr_assert_eq(bank.record_count, 3);
        cr_assert_eq(bank.report.row_count, 6);
        cr_assert_eq(bank.report.phantom_count, 1);
        cr_assert_eq(bank.report.flawed_count, 2);
        cr_assert_eq(bank.report.named_count, 2);
        cr_assert_eq(bank.report.named[0].line, 3);
        cr_assert_eq(bank.report.named[0].flaw, BANK_FLAW_FIELD_COUNT);
        cr_assert_eq(bank.report.named[1].line, 4);
        cr_assert_eq(bank.report.named[1].flaw, BANK_FLAW_LENGTH);
        bank_free(&bank);
}

Test(bank, files_that_are_none)
{
        char path[32];

        cr_assert_eq(bank_load(&bank, "/nonexistent/day.tsv"), -ENOENT);
        write_file(path, header, sizeof(header) - 1);
        cr_assert_eq(bank_load(&bank, path), -ENODATA);
        unlink(path);
        cr_assert_eq(bank.record_count, 0);
        cr_assert_null(bank.record);
}

static const char whole[] = "/tmp/test_bank_whole.tsv.gz";

/* Goal    An archive that is cut, or damaged anywhere, is not taken for a whole.
 * Method  Compress rows; cut at many places; flip a byte at many places. Either
 *         the load fails, or (a flip in the header's free fields) nothing is
 *         missing. */
Test(bank, cut_and_damaged_archives)
{
        struct bank_writer *writer = bank_writer_open(whole);
        static struct bank names = { .server_count = 1, .server = { "ELI" }, .type = { "PS" } };
        struct bank_record record = { .entry_s = INT64_C(915148800) + 30000,
                                      .arrival_s = INT64_C(915148800) + 30006,
                                      .service_start_s = INT64_C(915148800) + 30020,
                                      .wait_s = 14,
                                      .service_s = 100,
                                      .is_queued = true };
        static uint8_t bytes[65536];
        size_t size;
        FILE *file;
        char path[32];

        cr_assert_not_null(writer);
        for (uint32_t i = 0; i < 200; i++)
                bank_writer_add(writer, &names, &record, i + i * i % 977);
        cr_assert_eq(bank_writer_close(writer), 0);
        file = fopen(whole, "rb");
        cr_assert_not_null(file);
        size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        cr_assert_eq(bank_load(&bank, whole), 0);
        cr_assert_eq(bank.record_count, 200);
        cr_assert_eq(memcmp(&bank.record[0].arrival_s, &record.arrival_s, sizeof(int64_t)), 0);
        bank_free(&bank);
        unlink(whole);

        for (size_t cut = 20; cut < size; cut += 37) {
                write_file(path, (const char *)bytes, cut);
                cr_assert_lt(bank_load(&bank, path), 0, "cut at %zu of %zu", cut, size);
                unlink(path);
        }
        for (size_t at = 10; at < size; at += 41) {
                bytes[at] ^= 0x10;
                write_file(path, (const char *)bytes, size);
                cr_assert(bank_load(&bank, path) < 0 || bank.record_count == 200, "at %zu", at);
                bank_free(&bank);
                unlink(path);
                bytes[at] ^= 0x10;
        }
}

/* Goal    No row can hurt: no crash, no name out of bounds, no time off the scale.
 * Method  A hundred thousand mutations of a good row. */
Test(bank, mutated_rows)
{
        struct acd_prng prng;
        char row[256];

        acd_prng_init(&prng, 11);
        for (int round = 0; round < 100000; round++) {
                size_t size = sizeof(answered) - 1;
                struct bank_record record;
                bool is_phantom;
                uint32_t odd;

                memcpy(row, answered, sizeof(answered));
                for (uint64_t i = 1 + acd_prng_below(&prng, 4); i > 0; i--)
                        row[acd_prng_below(&prng, size)] =
                                "\t0123456789:ZAa-.\x7f\xff "[acd_prng_below(&prng, 20)];
                if (acd_prng_chance(&prng, 1, 4))
                        size = acd_prng_below(&prng, size);
                if (bank_parse_row(&bank, row, size, &record, &is_phantom, &odd) !=
                            BANK_FLAW_COUNT ||
                    is_phantom)
                        continue;
                cr_assert_lt(record.type, bank.type_count);
                cr_assert(record.server < bank.server_count || record.server == BANK_NO_SERVER);
                cr_assert_geq(record.entry_s, 0);
                cr_assert_leq(record.service_s, BANK_DURATION_MAX);
        }
        cr_assert_leq(bank.server_count, BANK_SERVER_MAX);
        cr_assert_leq(bank.type_count, BANK_TYPE_MAX);
}

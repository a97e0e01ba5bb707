/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters: every row of the table, every source, every refusal.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "daemon/options.h"

static struct options options;
static struct options_error error;

static bool parse(int count, ...)
{
        char *arguments[16] = { (char *)(uintptr_t) "acdd" };
        va_list list;

        va_start(list, count);
        for (int i = 0; i < count; i++)
                arguments[1 + i] = va_arg(list, char *);
        va_end(list);
        options_init(&options);
        return options_parse(&options, 1 + count, arguments, &error);
}

/* Goal    Each row's own minimum and maximum are taken, one beyond is refused by name. */
Test(options, every_number_has_its_range)
{
        static const struct {
                const char *name;
                uint64_t minimum, maximum;
                bool is_number;
        } rows[] = {
#define TYPE_TEXT   false
#define TYPE_NUMBER true
#define TYPE_CHOICE false
#define OPTION(type, name, preset, minimum, maximum, unit, text) \
        { #name, minimum, maximum, TYPE_##type },
#include "daemon/options.def"
#undef OPTION
        };
        int tried = 0;

        for (enum option i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char name[OPTION_NAME_SIZE + 2] = "--";
                char value[32];

                if (!rows[i].is_number)
                        continue;
                option_name(i, '-', name + 2);
                (void)snprintf(value, sizeof(value), "%llu", (unsigned long long)rows[i].minimum);
                cr_assert(parse(2, name, value), "%s", error.text);
                cr_assert_eq(options_number(&options, i), rows[i].minimum);
                (void)snprintf(value, sizeof(value), "%llu", (unsigned long long)rows[i].maximum);
                cr_assert(parse(2, name, value), "%s", error.text);
                (void)snprintf(value, sizeof(value), "%llu",
                               (unsigned long long)rows[i].maximum + 1);
                cr_assert_not(parse(2, name, value));
                cr_assert_not_null(strstr(error.text, name), "%s", error.text);
                tried++;
        }
        cr_assert_geq(tried, 20);
}

Test(options, sizes_have_suffixes_and_numbers_have_none)
{
        cr_assert(parse(2, "--unread-size-max", "8M"));
        cr_assert_eq(options_number(&options, OPTION_UNREAD_SIZE_MAX), 8388608);
        cr_assert(parse(1, "--unread-size-max=128K"));
        cr_assert_eq(options_number(&options, OPTION_UNREAD_SIZE_MAX), 131072);
        cr_assert_not(parse(2, "--unread-size-max", "8Q"));
        cr_assert_not(parse(2, "--unread-size-max", "8MM"));
        cr_assert_not(parse(2, "--lease-ms", "5K"));
        cr_assert_not(parse(2, "--lease-ms", ""));
        cr_assert_not(parse(2, "--lease-ms", "-1"));
        cr_assert_not(parse(2, "--lease-ms", "99999999999999999999999"));
}

Test(options, refusals_say_what_is_wrong)
{
        cr_assert_not(parse(1, "--no-such-thing=1"));
        cr_assert_not_null(strstr(error.text, "--no-such-thing"));
        cr_assert_not(parse(1, "--data-dir"));
        cr_assert_not_null(strstr(error.text, "needs a value"));
        cr_assert_not(parse(1, "surplus"));
        cr_assert_not_null(strstr(error.text, "surplus"));
        cr_assert_not(parse(2, "--sync", "sometimes"));
        cr_assert_not_null(strstr(error.text, "always|interval|never"));
}

/* Goal    The command line wins over the file, the file over the default. */
Test(options, later_sources_win)
{
        cr_assert(parse(2, "--lease-ms", "1000"));
        cr_assert(options_set_from_file(&options, "lease_ms", "2000", &error));
        cr_assert(options_set_from_file(&options, "silence_ms", "3000", &error));
        cr_assert_eq(options_number(&options, OPTION_LEASE_MS), 1000);
        cr_assert_eq(options_number(&options, OPTION_SILENCE_MS), 3000);
        cr_assert_eq(options_number(&options, OPTION_HELLO_TIMEOUT_MS), 5000);
        cr_assert_not(options_set_from_file(&options, "lease-ms", "2000", &error));
        cr_assert_not(options_set_from_file(&options, "config", "x", &error));
}

Test(options, limits_are_the_cores)
{
        struct acd_limits limits;

        cr_assert(parse(2, "--limit-contact-count-max", "77"));
        limits = options_limits(&options);
        cr_assert_eq(limits.contact_count_max, 77);
        cr_assert_eq(limits.queue_count_max, 4096);
}

Test(options, what_contradicts_is_refused)
{
        cr_assert(parse(0));
        cr_assert_not(options_check(&options, &error));
        cr_assert_not_null(strstr(error.text, "--data-dir"));
        cr_assert(parse(2, "--data-dir", "/tmp/x"));
        cr_assert(options_check(&options, &error));
        cr_assert(parse(4, "--data-dir", "/tmp/x", "--output-size-max", "1M"));
        cr_assert_not(options_check(&options, &error));
}

/*
 * Goal    A new history is begun by a word on the command line, once, and by nothing else:
 *         a file would begin one at each start.
 */
Test(options, a_new_history_is_a_word)
{
        cr_assert(parse(2, "--data-dir", "/tmp/x"));
        cr_assert_not(options.is_new_history);
        cr_assert(parse(3, "--new-history", "--data-dir", "/tmp/x"));
        cr_assert(options.is_new_history);
        cr_assert_eq(options.verb, OPTIONS_RUN);
        cr_assert(options_check(&options, &error));
        cr_assert(parse(4, "--new-history", "--data-dir", "/tmp/x", "--check"));
        cr_assert_eq(options.verb, OPTIONS_CHECK);
        cr_assert(options_check(&options, &error));

        cr_assert_not(parse(1, "--new-history=yes"));
        cr_assert_not_null(strstr(error.text, "stands alone"));
        cr_assert_not(parse(2, "--new-history", "yes"));
        cr_assert_not_null(strstr(error.text, "\"yes\""));
        cr_assert(parse(3, "--salvage", "/tmp/x", "--new-history"));
        cr_assert_eq(options.verb, OPTIONS_SALVAGE);
        cr_assert_not(options_check(&options, &error));
        cr_assert_not_null(strstr(error.text, "by itself"));
        cr_assert(parse(2, "--memory", "--new-history"));
        cr_assert_not(options_check(&options, &error));

        cr_assert(parse(0));
        cr_assert_not(options_set_from_file(&options, "new_history", "yes", &error));
        cr_assert_not_null(strstr(error.text, "command line alone"));
        cr_assert_not(options_set_from_file(&options, "salvage", "/tmp/x", &error));
        cr_assert_not(options.is_new_history);
}

/* Goal    Each contradiction about Redis is refused with what to say instead. */
Test(options, what_contradicts_about_redis)
{
        static const struct {
                const char *words[6];
                const char *refusal; /* part of it, or NULL: good */
        } cases[] = {
                { { "--redis", "127.0.0.1:6379" }, NULL },
                { { "--redis", "redis.example:6379" }, NULL },
                { { "--redis", "unix:/run/redis.sock" }, NULL },
                { { "--redis", "a:1,b:2", "--redis-mode", "sentinel" }, NULL },
                { { "--redis", "a:1,[::1]:2", "--redis-mode", "cluster" }, NULL },
                { { "--redis", "a:1", "--redis-tls", "yes", "--redis-tls-name", "b" }, NULL },
                { { "--redis", "a:1,b:2" }, "one address" },
                { { "--redis", "a" }, "HOST:PORT" },
                { { "--redis", "a:1, b:2", "--redis-mode", "cluster" }, "HOST:PORT" },
                { { "--redis", "a:1,", "--redis-mode", "cluster" }, NULL },
                { { "--redis", ",a:1", "--redis-mode", "cluster" }, "HOST:PORT" },
                { { "--redis-mode", "sentinel" }, "need --redis" },
                { { "--redis", "a:1", "--redis-user", "acdd" }, "--redis-password-file" },
                { { "--redis", "a:1", "--redis-sentinel-password-file", "/p" },
                  "--redis-mode sentinel" },
                { { "--redis", "a:1", "--redis-sentinel-user", "x" },
                  "--redis-sentinel-password-file" },
                { { "--redis", "a:1", "--redis-tls-ca", "/ca" }, "--redis-tls yes" },
                { { "--redis", "a:1", "--redis-tls", "yes", "--redis-tls-cert", "/c" },
                  "--redis-tls-key" },
                { { "--redis", "a:1", "--redis-tls", "yes", "--redis-tls-key", "/k" },
                  "--redis-tls-cert" },
                { { "--redis", "unix:/x", "--redis-tls", "yes" }, "unix:PATH" },
                { { "--redis",
                    "a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,b:1,b:2,b:3,b:4,b:5,b:6,b:7,b:8",
                    "--redis-mode", "cluster" },
                  "at most 16" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *const *words = cases[i].words;
                int count = 0;

                while (count < 6 && words[count] != NULL)
                        count++;
                cr_assert(parse(2 + count, "--data-dir", "/tmp/x", words[0], words[1], words[2],
                                words[3], words[4], words[5]),
                          "%s", error.text);
                if (cases[i].refusal == NULL) {
                        cr_expect(options_check(&options, &error), "%zu: %s", i, error.text);
                        continue;
                }
                cr_expect_not(options_check(&options, &error), "%zu", i);
                cr_expect_not_null(strstr(error.text, cases[i].refusal), "%zu: %s", i, error.text);
        }
}

/* Goal    Help and manual have every parameter. */
Test(options, help_has_every_row)
{
        static char text[65536];
        FILE *file = fmemopen(text, sizeof(text), "w");

        options_print_help(file);
        options_print_mdoc(file);
        cr_assert_eq(fclose(file), 0);
        for (enum option i = 0; i < OPTION_COUNT; i++) {
                char name[OPTION_NAME_SIZE];
                char flag[OPTION_NAME_SIZE + 8];

                option_name(i, '-', name);
                (void)snprintf(flag, sizeof(flag), "  --%s ", name);
                cr_assert_not_null(strstr(text, flag), "%s", flag);
                (void)snprintf(flag, sizeof(flag), ".It Fl -%s", name);
                cr_assert_not_null(strstr(text, flag), "%s", flag);
        }
}

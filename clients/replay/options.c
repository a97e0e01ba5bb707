/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared command line.
 *
 * Every option is one line of a table: its name, what it sets, its range and its
 * help. The getopt table, the parser and --help come from it, so that they
 * cannot disagree.
 */

#include "clients/replay/options.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/asterisk_log.h"

/* OPTION(value, name, kind, member, min, max, help) */
#define OPTIONS(OPTION) \
        OPTION(256, "date", DATE, records.date, 1, 999999, "only calls of this day, YYMMDD") \
        OPTION(257, "break", REAL, records.break_s, 1, 86400, \
               "away longer than this while calls wait is a break, s") \
        OPTION(258, "idle", REAL, records.idle_s, 1, 86400, \
               "a gap longer than this is a break in any case, s") \
        OPTION(259, "skill-share", REAL, records.skill_share, 0, 1, \
               "a type is a skill from this share of what an agent served") \
        OPTION(260, "skill-cover", REAL, records.skill_cover, 0, 1, \
               "agents of a type are widened until they served this share of it") \
        OPTION(261, "wrap-up", WRAP_UP, records.wrap_up_s, 0, 86400, \
               "after each call, s; \"measured\" = as the records show; mean of a generated day") \
        OPTION(262, "seed", SEED, day.seed, 0, 0, "of everything that is drawn") \
        OPTION(263, "calls", U32, day.call_count, 1, 20000000, "generated: expected calls") \
        OPTION(264, "agents", U32, day.agent_count, 1, 1000, "generated: agents") \
        OPTION(265, "service", REAL, day.service_mean_s, 0.001, 86400, "generated: mean, s") \
        OPTION(266, "service-variation", REAL, day.service_variation, 0, 10, \
               "generated: standard deviation over mean") \
        OPTION(267, "patience", REAL, day.patience_mean_s, 0.001, 1000000, "generated: mean, s") \
        OPTION(268, "priority", REAL, day.priority_share, 0, 1, \
               "generated: share of calls with 90 s of credit") \
        OPTION(269, "json", FLAG, is_json, 0, 0, "one JSON object instead of tables") \
        OPTION(270, "queue-log", PATH, queue_log, 0, 0, \
               "a queue_log, plain or .gz, instead of call records")

enum kind { KIND_U32, KIND_DATE, KIND_REAL, KIND_WRAP_UP, KIND_SEED, KIND_FLAG, KIND_PATH };

static const struct {
        int value;
        enum kind kind;
        const char *name;
        size_t offset;
        double min;
        double max;
        const char *help;
} table[] = {
#define OPTION(value, name, kind, member, min, max, help) \
        { value, KIND_##kind, name, offsetof(struct options, member), min, max, help },
        OPTIONS(OPTION)
#undef OPTION
};

enum { TABLE_COUNT = sizeof(table) / sizeof(table[0]), OPTION_MAX = 64 };

const struct option options_shared[OPTIONS_SHARED_COUNT] = {
#define OPTION(value, name, kind, member, min, max, help) \
        { name, KIND_##kind == KIND_FLAG ? no_argument : required_argument, NULL, value },
        OPTIONS(OPTION)
#undef OPTION
};

_Static_assert((int)TABLE_COUNT < (int)OPTIONS_SHARED_COUNT, "the zero at the end has room");

struct options options_default(void)
{
        return (struct options){
                .records = plan_settings_default(),
                .day = generate_settings_default(),
        };
}

bool options_number(const char *name, const char *text, double min, double max, double *ret_value)
{
        char *end;
        double value;

        errno = 0;
        value = strtod(text, &end);
        if (end != text && *end == '%') {
                value /= 100;
                end++;
        } else if (end != text && *end == 's') {
                end++;
        }
        if (end == text || *end != '\0' || errno != 0 || !(value >= min && value <= max)) {
                fprintf(stderr, "--%s %s: a number from %g to %g is needed\n", name, text, min,
                        max);
                return false;
        }
        *ret_value = value;
        return true;
}

/* YYMMDD, the six digits; whether there is such a day shows in the file. */
static bool take_date(void *at, const char *text)
{
        double number;

        if (strlen(text) == 6 && strspn(text, "0123456789") == 6 &&
            options_number("date", text, 1, 999999, &number)) {
                *(uint32_t *)at = (uint32_t)number;
                return true;
        }
        fprintf(stderr, "--date %s: a day is six digits, YYMMDD\n", text);
        return false;
}

static bool take_seed(struct options *options, const char *text)
{
        char *end;

        errno = 0;
        options->day.seed = strtoull(text, &end, 10);
        options->records.seed = options->day.seed;
        if (end != text && *end == '\0' && errno == 0 && *text != '-')
                return true;
        fprintf(stderr, "--seed %s: a whole number is needed\n", text);
        return false;
}

bool options_take(struct options *options, int value, const char *argument)
{
        double number = 0;
        uint32_t i = 0;
        char *at;

        while (i < TABLE_COUNT && table[i].value != value)
                i++;
        if (i == TABLE_COUNT)
                return false;
        at = (char *)options + table[i].offset;
        if (table[i].kind == KIND_FLAG) {
                *(bool *)(void *)at = true;
                return true;
        }
        if (table[i].kind == KIND_PATH) {
                *(const char **)(void *)at = argument;
                return true;
        }
        if (table[i].kind == KIND_SEED)
                return take_seed(options, argument);
        if (table[i].kind == KIND_DATE)
                return take_date(at, argument);
        if (table[i].kind == KIND_WRAP_UP && strcmp(argument, "measured") == 0) {
                options->records.wrap_up_s = PLAN_WRAP_UP_MEASURED;
                return true;
        }
        if (!options_number(table[i].name, argument, table[i].min, table[i].max, &number))
                return false;
        if (table[i].kind == KIND_U32) {
                *(uint32_t *)(void *)at = (uint32_t)number;
                return true;
        }
        *(double *)(void *)at = number;
        if (table[i].kind == KIND_WRAP_UP)
                options->day.wrap_up_mean_s = number;
        return true;
}

static void note_given(struct options *options, const char *name)
{
        options->has_calls = options->has_calls || strcmp(name, "calls") == 0;
        options->has_agents = options->has_agents || strcmp(name, "agents") == 0;
        options->has_service = options->has_service || strcmp(name, "service") == 0;
        options->has_patience = options->has_patience || strcmp(name, "patience") == 0;
}

bool options_read(struct options *options, const struct options_own *own, int argc, char **argv)
{
        struct option all[OPTION_MAX] = { { 0 } };
        int index;
        int value;

        ACD_ASSERT(TABLE_COUNT + own->count < OPTION_MAX);

        memcpy(all, options_shared, TABLE_COUNT * sizeof(all[0]));
        memcpy(all + TABLE_COUNT, own->option, own->count * sizeof(all[0]));
        while ((value = getopt_long(argc, argv, "", all, &index)) != -1) {
                if (value == '?')
                        return false;
                note_given(options, all[index].name);
                if (value < OPTIONS_OWN ? !options_take(options, value, optarg)
                                        : !own->take(own->context, value, optarg))
                        return false;
        }
        if (optind < argc)
                options->path = argv[optind++];
        if (optind < argc || (options->path != NULL && options->queue_log != NULL)) {
                fprintf(stderr, "%s: one file at a time\n",
                        optind < argc ? argv[optind] : options->path);
                return false;
        }
        return true;
}

/* The default of an option, as text. */
static void print_default(uint32_t i, FILE *out)
{
        struct options options = options_default();
        const char *at = (const char *)&options + table[i].offset;

        switch (table[i].kind) {
        case KIND_U32:
                if (*(const uint32_t *)(const void *)at != 0)
                        fprintf(out, " [%" PRIu32 "]", *(const uint32_t *)(const void *)at);
                return;
        case KIND_REAL:
                fprintf(out, " [%g]", *(const double *)(const void *)at);
                return;
        case KIND_WRAP_UP:
                fprintf(out, " [measured; %g]", options.day.wrap_up_mean_s);
                return;
        case KIND_SEED:
                fprintf(out, " [%" PRIu64 "]", options.day.seed);
                return;
        case KIND_DATE:
        case KIND_FLAG:
        case KIND_PATH:
                return;
        }
}

void options_help(FILE *out)
{
        for (uint32_t i = 0; i < TABLE_COUNT; i++) {
                fprintf(out, "  --%-18s %s", table[i].name, table[i].help);
                print_default(i, out);
                fputc('\n', out);
        }
}

/* Why there is no plan of @path; of a day that is not there, which ones are. */
static void tell_failure(const char *path, uint32_t date, const struct bank *bank, int r)
{
        uint32_t first = UINT32_MAX, last = 0;

        for (size_t i = 0; r == -ENODATA && i < bank->record_count; i++) {
                uint32_t of_record = bank->record[i].date;

                first = of_record < first ? of_record : first;
                last = of_record > last ? of_record : last;
        }
        fprintf(stderr, "%s: ", path);
        if (r != -ENODATA)
                fprintf(stderr, "%s\n", strerror(-r));
        else if (last == 0)
                fprintf(stderr, "no such call records\n");
        else if (date == 0)
                fprintf(stderr, "no agent is named in it\n");
        else
                fprintf(stderr,
                        "no calls of %06" PRIu32 "; it has days from %06" PRIu32 " to %06" PRIu32
                        "\n",
                        date, first, last);
}

static int make_from_records(const struct options *options, struct plan *plan, FILE *log)
{
        struct bank *bank = calloc(1, sizeof(*bank));
        int r = bank == NULL ? -ENOMEM : bank_load(bank, options->path);

        if (r == 0) {
                if (log != NULL)
                        bank_report_print(&bank->report, log);
                else if (bank->report.flawed_count > 0)
                        bank_report_print(&bank->report, stderr);
                r = plan_from_bank(plan, bank, &options->records);
        } else if (bank != NULL && bank->report.row_count > 0) {
                bank_report_print(&bank->report, stderr);
        }
        if (r != 0)
                tell_failure(options->path, options->records.date, bank, r);
        if (bank != NULL)
                bank_free(bank);
        free(bank);
        return r == 0 ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
}

static int make_from_queue_log(const struct options *options, struct plan *plan, FILE *log)
{
        struct asterisk_log *file = calloc(1, sizeof(*file));
        int r = file == NULL ? -ENOMEM : asterisk_log_load(file, options->queue_log);

        if (r == 0) {
                if (log != NULL)
                        asterisk_log_print(file, log);
                else if (asterisk_log_has_flaws(file))
                        asterisk_log_print(file, stderr);
                r = plan_from_bank(plan, &file->bank, &options->records);
        } else if (file != NULL && file->bank.report.row_count > 0) {
                asterisk_log_print(file, stderr);
        }
        if (r != 0)
                tell_failure(options->queue_log, options->records.date,
                             file == NULL ? NULL : &file->bank, r);
        if (file != NULL)
                asterisk_log_free(file);
        free(file);
        return r == 0 ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
}

static void print_facts(const struct plan *plan, FILE *log)
{
        const struct plan_facts *facts = &plan->facts;

        fprintf(log,
                "calls %zu, beside %" PRIu64
                " that ended in the voice-response unit; agents %" PRIu32 ", spans %zu\n",
                plan->call_count, facts->self_service_count, plan->agent_count, plan->span_count);
        fprintf(log,
                "patience: %" PRIu64 " known, %" PRIu64 " drawn; wrap-up: %" PRIu64
                " known, %" PRIu64 " drawn, mean after a call with others waiting %.1f s\n",
                facts->patience_known_count, facts->patience_drawn_count,
                facts->wrap_up_known_count, facts->wrap_up_drawn_count, facts->wrap_up_mean_s);
        fprintf(log,
                "services cut at their agent's next %" PRIu64
                "; skills added to cover a type %" PRIu64 "\n",
                facts->shortened_count, facts->widened_count);
}

int options_make_plan(const struct options *options, struct plan *plan, FILE *log)
{
        int r;

        if (options->path != NULL || options->queue_log != NULL) {
                r = options->path != NULL ? make_from_records(options, plan, log)
                                          : make_from_queue_log(options, plan, log);
                if (r == OPTIONS_EXIT_DONE && log != NULL)
                        print_facts(plan, log);
                return r;
        }
        r = plan_generate(plan, &options->day);
        if (r == 0) {
                if (log != NULL)
                        generate_print(&options->day, log);
                return OPTIONS_EXIT_DONE;
        }
        fprintf(stderr, "a generated day: %s\n",
                r == -EINVAL ? "at most 1,000,000 calls" : strerror(-r));
        return r == -EINVAL ? OPTIONS_EXIT_USAGE : OPTIONS_EXIT_CHECK;
}

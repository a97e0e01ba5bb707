/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's parameters.
 *
 * A row of options.def is all there is to a parameter: no code here knows one
 * by name, except options_check() for what two of them may not say together.
 * So the help, the manual, the file and the checks cannot disagree.
 *
 * getopt_long() is not used: it would need a second table, and its messages
 * cannot say what would have been right.
 */

#include "daemon/options.h"

#include <ctype.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/options_redis.h"

enum option_type { TYPE_TEXT, TYPE_NUMBER, TYPE_CHOICE };

struct option_row {
        enum option_type type;
        const char *name;
        const char *preset;
        uint64_t minimum;
        uint64_t maximum;
        const char *unit;
        const char *text;
};

static const struct option_row rows[OPTION_COUNT] = {
#define OPTION(type, name, preset, minimum, maximum, unit, text) \
        [OPTION_##name] = { TYPE_##type, #name, preset, minimum, maximum, unit, text },
#include "daemon/options.def"
#undef OPTION
#define LIMIT(name, preset, minimum, maximum, text) \
        [OPTION_LIMIT_## \
                name] = { TYPE_NUMBER, "LIMIT_" #name, #preset, minimum, maximum, "", text },
#include "acd/limits.def"
#undef LIMIT
};

/* Words that are not parameters. */
static const struct {
        const char *word;
        enum options_verb verb;
        const char *text;
} verbs[] = {
        { "-t", OPTIONS_CHECK, "check parameters and configuration file, and exit" },
        { "--check", OPTIONS_CHECK, "the same" },
        { "--memory", OPTIONS_MEMORY, "print the memory that these limits need, and exit" },
        { "--new-history", OPTIONS_RUN,
          "for this start: the directory is an older copy; what it does not know is void" },
        { "--salvage", OPTIONS_SALVAGE,
          "DIR: bring back what a damaged data directory still holds, and exit" },
        { "-h", OPTIONS_HELP, "this text" },
        { "--help", OPTIONS_HELP, "the same" },
        { "--help-mdoc", OPTIONS_MANUAL, "the table of parameters for the manual" },
        { "--version", OPTIONS_VERSION, "version, and versions of formats" },
};

enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

void option_name(enum option option, char separator, char ret_name[OPTION_NAME_SIZE])
{
        const char *name = rows[option].name;
        size_t i;

        for (i = 0; name[i] != '\0' && i < OPTION_NAME_SIZE - 1; i++)
                ret_name[i] = name[i] == '_' ? separator : (char)tolower((unsigned char)name[i]);
        ret_name[i] = '\0';
}

static bool find_option(const char *name, char separator, enum option *ret_option)
{
        char candidate[OPTION_NAME_SIZE];

        for (enum option i = 0; i < OPTION_COUNT; i++) {
                option_name(i, separator, candidate);
                if (strcmp(candidate, name) == 0) {
                        *ret_option = i;
                        return true;
                }
        }
        return false;
}

/* Digits, and for bytes one of K M G T after them. */
static bool parse_number(const char *text, bool is_size, uint64_t *ret_number)
{
        static const char suffixes[] = "KMGT";
        uint64_t number = 0;
        size_t i = 0;

        for (; text[i] >= '0' && text[i] <= '9'; i++) {
                if (__builtin_mul_overflow(number, UINT64_C(10), &number) ||
                    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
                        return false;
        }
        if (i == 0)
                return false;
        if (is_size && text[i] != '\0') {
                const char *suffix = strchr(suffixes, text[i]);

                if (suffix == NULL)
                        return false;
                for (const char *s = suffixes; s <= suffix; s++) {
                        if (__builtin_mul_overflow(number, UINT64_C(1024), &number))
                                return false;
                }
                i++;
        }
        *ret_number = number;
        return text[i] == '\0';
}

/* The index of @word among "a|b|c". */
static bool parse_choice(const char *words, const char *word, uint64_t *ret_index)
{
        size_t size = strlen(word);

        for (uint64_t index = 0;; index++) {
                const char *end = strchrnul(words, '|');

                if ((size_t)(end - words) == size && memcmp(words, word, size) == 0) {
                        *ret_index = index;
                        return true;
                }
                if (*end == '\0')
                        return false;
                words = end + 1;
        }
}

static bool refuse_value(enum option option, const char *value, struct options_error *ret_error)
{
        const struct option_row *row = &rows[option];
        char name[OPTION_NAME_SIZE];

        option_name(option, '-', name);
        switch (row->type) {
        case TYPE_TEXT:
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "--%s: the value has %zu bytes; allowed are %llu to %llu", name,
                               strlen(value), (unsigned long long)row->minimum,
                               (unsigned long long)row->maximum);
                break;
        case TYPE_NUMBER:
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "--%s: \"%.40s\" is not a whole number from %llu to %llu%s%s", name,
                               value, (unsigned long long)row->minimum,
                               (unsigned long long)row->maximum, row->unit[0] == '\0' ? "" : " ",
                               row->unit);
                break;
        case TYPE_CHOICE:
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "--%s: \"%.40s\" is not one of %s", name, value, row->unit);
                break;
        }
        return false;
}

static bool set(struct options *options, enum option option, const char *value,
                struct options_error *ret_error)
{
        const struct option_row *row = &rows[option];
        struct option_value *into = &options->value[option];
        size_t size = strlen(value);
        uint64_t number = 0;
        bool is_good = false;

        switch (row->type) {
        case TYPE_TEXT:
                is_good = size >= row->minimum && size <= row->maximum;
                break;
        case TYPE_NUMBER:
                is_good = parse_number(value, strcmp(row->unit, "B") == 0, &number) &&
                          number >= row->minimum && number <= row->maximum;
                break;
        case TYPE_CHOICE:
                is_good = parse_choice(row->unit, value, &number);
                break;
        }
        if (!is_good || size >= sizeof(into->text))
                return refuse_value(option, value, ret_error);

        memcpy(into->text, value, size + 1);
        into->number = number;
        return true;
}

void options_init(struct options *options)
{
        struct options_error error = { .text = "" };

        memset(options, 0, sizeof(*options));
        options->verb = OPTIONS_RUN;
        for (enum option i = 0; i < OPTION_COUNT; i++)
                ACD_ASSERT(set(options, i, rows[i].preset, &error));
}

/* "--name=value" or "--name value": the value, and how many arguments it took. */
static const char *value_of(int left_count, char *const *arguments, char name[OPTION_NAME_SIZE],
                            int *ret_taken)
{
        const char *word = arguments[0] + 2;
        const char *equals = strchrnul(word, '=');
        size_t size = (size_t)(equals - word);

        if (size >= OPTION_NAME_SIZE)
                size = OPTION_NAME_SIZE - 1;
        memcpy(name, word, size);
        name[size] = '\0';

        *ret_taken = 1;
        if (*equals == '=')
                return equals + 1;
        if (left_count < 2)
                return NULL;
        *ret_taken = 2;
        return arguments[1];
}

static bool parse_parameter(struct options *options, int left_count, char *const *arguments,
                            int *ret_taken, struct options_error *ret_error)
{
        char name[OPTION_NAME_SIZE];
        enum option option;
        const char *value;

        if (strncmp(arguments[0], "--", 2) != 0) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "\"%.80s\" is not a parameter; see acdd --help", arguments[0]);
                return false;
        }
        value = value_of(left_count, arguments, name, ret_taken);
        if (!find_option(name, '-', &option)) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "there is no parameter --%s; see acdd --help", name);
                return false;
        }
        if (value == NULL) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text), "--%s needs a value",
                               name);
                return false;
        }
        options->value[option].source = 2;
        return set(options, option, value, ret_error);
}

/* The verb that @word, or what stands before its '=', names; or VERB_COUNT. */
static size_t find_verb(const char *word)
{
        size_t size = (size_t)(strchrnul(word, '=') - word);
        size_t i = 0;

        while (i < VERB_COUNT &&
               (strlen(verbs[i].word) != size || memcmp(verbs[i].word, word, size) != 0))
                i++;
        return i;
}

static bool parse_verb(struct options *options, size_t verb, int left_count, char *const *arguments,
                       int *ret_taken, struct options_error *ret_error)
{
        *ret_taken = 1;
        if (strchr(arguments[0], '=') != NULL) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "%s stands alone: \"=\" and a value do not belong to it",
                               verbs[verb].word);
                return false;
        }
        if (verbs[verb].verb == OPTIONS_RUN) {
                options->is_new_history = true;
                return true;
        }
        options->verb = verbs[verb].verb;
        if (options->verb != OPTIONS_SALVAGE || left_count < 2 || arguments[1][0] == '-')
                return true;
        options->value[OPTION_DATA_DIR].source = 2;
        *ret_taken = 2;
        return set(options, OPTION_DATA_DIR, arguments[1], ret_error);
}

bool options_parse(struct options *options, int argument_count, char *const *arguments,
                   struct options_error *ret_error)
{
        int taken;

        for (int i = 1; i < argument_count; i += taken) {
                size_t verb = find_verb(arguments[i]);

                if (verb < VERB_COUNT) {
                        if (!parse_verb(options, verb, argument_count - i, arguments + i, &taken,
                                        ret_error))
                                return false;
                        continue;
                }
                if (!parse_parameter(options, argument_count - i, arguments + i, &taken, ret_error))
                        return false;
        }
        return true;
}

/* "new_history" is such a word, and would begin one at each start. */
static bool is_verb(const char *key)
{
        char word[OPTION_NAME_SIZE + 2];

        (void)snprintf(word, sizeof(word), "--%.40s", key);
        for (char *at = word; *at != '\0'; at++)
                if (*at == '_')
                        *at = '-';
        return find_verb(word) < VERB_COUNT;
}

bool options_set_from_file(struct options *options, const char *key, const char *value,
                           struct options_error *ret_error)
{
        enum option option;

        if (is_verb(key)) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "daemon.%.60s: this is a word for the command line alone; see acdd "
                               "--help",
                               key);
                return false;
        }
        if (!find_option(key, '_', &option) || option == OPTION_CONFIG) {
                (void)snprintf(ret_error->text, sizeof(ret_error->text),
                               "daemon.%.60s: there is no such parameter; see acdd --help", key);
                return false;
        }
        if (options->value[option].source > 1)
                return true;
        options->value[option].source = 1;
        return set(options, option, value, ret_error);
}

/* Requests over Redis come in by two connections a tenant, of those of all. */
bool options_check(const struct options *options, struct options_error *ret_error)
{
        const char *wrong = NULL;

        /* What memory the limits need can be asked before there is a directory. */
        if (options_text(options, OPTION_DATA_DIR)[0] == '\0' && options->verb != OPTIONS_MEMORY)
                wrong = options->verb == OPTIONS_SALVAGE
                                ? "--salvage needs DIR: the directory that is damaged"
                                : "--data-dir is needed: the directory that keeps journal and "
                                  "snapshots";
        else if (options->is_new_history && options->verb != OPTIONS_RUN &&
                 options->verb != OPTIONS_CHECK)
                wrong = options->verb == OPTIONS_SALVAGE
                                ? "--new-history does not go with --salvage, after which the "
                                  "first start begins one by itself"
                                : "--new-history is for a start of the daemon";
        else if (options_number(options, OPTION_UNREAD_SIZE_MAX) >
                 options_number(options, OPTION_OUTPUT_SIZE_MAX))
                wrong = "--unread-size-max must not be more than --output-size-max";
        else if (options_number(options, OPTION_DISK_CRITICAL_SIZE) >
                 options_number(options, OPTION_DISK_LOW_SIZE))
                wrong = "--disk-critical-size must not be more than --disk-low-size";
        else if (options_number(options, OPTION_LIMIT_class_per_agent_max) >
                 options_number(options, OPTION_LIMIT_membership_count_max))
                wrong = "--limit-class-per-agent-max must not be more than "
                        "--limit-membership-count-max";
        else
                wrong = options_redis_fault(options);
        if (wrong == NULL)
                return true;

        (void)snprintf(ret_error->text, sizeof(ret_error->text), "%s", wrong);
        return false;
}

uint64_t options_number(const struct options *options, enum option option)
{
        ACD_ASSERT(rows[option].type != TYPE_TEXT);
        return options->value[option].number;
}

const char *options_text(const struct options *options, enum option option)
{
        return options->value[option].text;
}

struct acd_limits options_limits(const struct options *options)
{
        struct acd_limits limits = { 0 };

#define LIMIT(name, preset, minimum, maximum, text) \
        limits.name = (uint32_t)options_number(options, OPTION_LIMIT_##name);
#include "acd/limits.def"
#undef LIMIT
        return limits;
}

/* Words of @text in lines of at most 72 characters, each after @indent spaces. */
static void print_wrapped(FILE *into, int indent, const char *text)
{
        while (*text != '\0') {
                size_t size = strlen(text);

                if (size > 72) {
                        size = 72;
                        while (size > 0 && text[size] != ' ')
                                size--;
                }
                (void)fprintf(into, "%*s%.*s\n", indent, "", (int)size, text);
                text += size;
                text += *text == ' ' ? 1 : 0;
        }
}

static const char *placeholder(const struct option_row *row)
{
        switch (row->type) {
        case TYPE_TEXT:
        case TYPE_CHOICE:
                return row->unit;
        case TYPE_NUMBER:
                return row->unit[0] == '\0' ? "N" : row->unit;
        }
        return "";
}

void options_print_help(FILE *into)
{
        char name[OPTION_NAME_SIZE];

        (void)fprintf(into, "acdd - automatic contact distributor: the daemon\n\n"
                            "usage: acdd --data-dir DIR [--config FILE] [--new-history] "
                            "[--PARAMETER VALUE ...]\n"
                            "       acdd --salvage DIR\n\n");
        for (size_t i = 0; i < VERB_COUNT; i++)
                (void)fprintf(into, "  %-14s %s\n", verbs[i].word, verbs[i].text);
        (void)fprintf(into, "\nParameters; in the file they are keys under \"daemon\", with _ "
                            "for -.\n\n");
        for (enum option i = 0; i < OPTION_COUNT; i++) {
                option_name(i, '-', name);
                (void)fprintf(into, "  --%s %s", name, placeholder(&rows[i]));
                if (rows[i].preset[0] != '\0')
                        (void)fprintf(into, "  (default %s)", rows[i].preset);
                (void)fputc('\n', into);
                print_wrapped(into, 6, rows[i].text);
        }
}

void options_print_mdoc(FILE *into)
{
        char name[OPTION_NAME_SIZE];
        char sentence[512]; /* the longest text has half of it */

        for (enum option i = 0; i < OPTION_COUNT; i++) {
                const struct option_row *row = &rows[i];

                option_name(i, '-', name);
                (void)fprintf(into, ".It Fl -%s Ar %s\n", name, placeholder(row));
                (void)snprintf(sentence, sizeof(sentence), "%s.", row->text);
                print_wrapped(into, 0, sentence);
                if (row->type == TYPE_NUMBER)
                        (void)fprintf(into, "From %llu to %llu.\n",
                                      (unsigned long long)row->minimum,
                                      (unsigned long long)row->maximum);
                if (row->preset[0] != '\0')
                        (void)fprintf(into, "The default is %s.\n", row->preset);
        }
}

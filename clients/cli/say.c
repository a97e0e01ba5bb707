/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors, in one form:
 *
 *      acdctl: submit: DEAD_QUEUE: no configured agent could ever take this (requirement)
 *      try: acdctl queues
 *
 * With --json they are one object on standard output, with the same words. The
 * command to try comes from the table of results, with the name at hand
 * put in its place; where there was no answer at all, from what happened.
 */

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "clients/cli/cli.h"

enum { SENTENCE_SIZE = 512, REMEDY_SIZE = 256 };

struct problem {
        const char *code;
        const char *sentence;
        const char *field;
        const char *remedy;
        uint64_t limit;
        uint32_t retry_after_ms;
        enum cli_exit exit_code;
};

static void tell_json(const struct cli *cli, const struct problem *problem)
{
        json_t *error =
                json_pack("{s:s, s:s, s:s, s:i}", "code", problem->code, "text", problem->sentence,
                          "try", problem->remedy, "exit", (int)problem->exit_code);
        json_t *document;

        if (cli->command != NULL)
                (void)json_object_set_new(error, "command", json_string(cli->command->name));
        if (problem->field[0] != '\0')
                (void)json_object_set_new(error, "field", json_string(problem->field));
        if (problem->limit != 0)
                (void)json_object_set_new(error, "limit", json_integer((json_int_t)problem->limit));
        if (problem->retry_after_ms != 0)
                (void)json_object_set_new(error, "retry_after_ms",
                                          json_integer(problem->retry_after_ms));
        document = json_pack("{s:o}", "error", error);
        if (document != NULL)
                (void)json_dumpf(document, stdout, JSON_COMPACT);
        json_decref(document);
        (void)fputc('\n', stdout);
}

static int tell(const struct cli *cli, const struct problem *problem)
{
        const char *command = cli->command != NULL ? cli->command->name : NULL;

        if (cli->is_json) {
                tell_json(cli, problem);
                return (int)problem->exit_code;
        }
        (void)fflush(stdout);
        (void)fprintf(stderr, "acdctl: %s%s%s%s%s", command != NULL ? command : "",
                      command != NULL ? ": " : "", problem->code,
                      problem->code[0] != '\0' ? ": " : "", problem->sentence);
        if (problem->field[0] != '\0')
                (void)fprintf(stderr, " (%s)", problem->field);
        if (problem->limit != 0)
                (void)fprintf(stderr, " (limit %llu)", (unsigned long long)problem->limit);
        if (problem->retry_after_ms != 0)
                (void)fprintf(stderr, " (again after %u ms)", problem->retry_after_ms);
        (void)fprintf(stderr, "\ntry: %s\n", problem->remedy);
        return (int)problem->exit_code;
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
        struct problem problem = { .code = "", .field = "", .exit_code = CLI_USAGE };
        char sentence[SENTENCE_SIZE];
        char remedy[REMEDY_SIZE];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        if (cli->command != NULL)
                (void)snprintf(remedy, sizeof(remedy), "acdctl help %s", cli->command->name);
        else
                (void)snprintf(remedy, sizeof(remedy), "acdctl help");
        problem.sentence = sentence;
        problem.remedy = remedy;
        if (cli->is_json)
                problem.code = "USAGE";
        return tell(cli, &problem);
}

/* Copy @remedy, with what the command line says for KEY and NAME. */
static void fill_remedy(const struct cli *cli, const char *remedy, char ret_text[REMEDY_SIZE])
{
        const char *key = cli_text(cli, "key", NULL);
        const char *name = cli->argument_count > 0 ? cli->arguments[0] : NULL;
        size_t used = 0;

        ret_text[0] = '\0';
        while (*remedy != '\0' && used < REMEDY_SIZE - 1) {
                const char *word = NULL;
                size_t skip = 1;

                if (key != NULL && strncmp(remedy, "KEY", 3) == 0) {
                        word = key;
                        skip = 3;
                } else if (name != NULL && strncmp(remedy, "NAME", 4) == 0) {
                        word = name;
                        skip = 4;
                }
                used += (size_t)snprintf(ret_text + used, REMEDY_SIZE - used, "%.*s",
                                         word != NULL ? 64 : 1, word != NULL ? word : remedy);
                remedy += skip;
        }
        if (ret_text[0] == '\0')
                (void)snprintf(ret_text, REMEDY_SIZE, "acdctl status");
}

static enum cli_exit exit_of(enum acdclient_result_code code)
{
        if (code == ACDCLIENT_RESULT_NOT_ALLOWED)
                return CLI_NOT_ALLOWED;
        return code == ACDCLIENT_RESULT_TIMED_OUT ? CLI_TIMEOUT : CLI_REFUSED;
}

/* Words from the wire on a terminal: only plain ones. */
static void copy_plain(struct acdclient_text text, char *into, size_t size)
{
        size_t take = text.size < size - 1 ? text.size : size - 1;

        if (text.size == 0 || !acd_text_is_plain(text.at, take))
                take = 0;
        if (take > 0)
                memcpy(into, text.at, take);
        into[take] = '\0';
}

static int refused(const struct cli *cli, const struct acdclient_result *result,
                   const char *remedy_of_it)
{
        struct problem problem = { .code = acdclient_result_name(result->code),
                                   .sentence = acdclient_result_text(result->code),
                                   .limit = result->limit,
                                   .retry_after_ms = result->retry_after_ms,
                                   .exit_code = exit_of(result->code) };
        char sentence[SENTENCE_SIZE];
        char field[64];
        char remedy[REMEDY_SIZE];

        copy_plain(result->text, sentence, sizeof(sentence));
        copy_plain(result->field, field, sizeof(field));
        if (sentence[0] != '\0')
                problem.sentence = sentence;
        problem.field = field;
        fill_remedy(cli, remedy_of_it, remedy);
        problem.remedy = remedy;
        return tell(cli, &problem);
}

int cli_refused(const struct cli *cli, const struct acdclient_result *result)
{
        return refused(cli, result, acdclient_result_remedy(result->code));
}

/* What the daemon said when it refused the connection, or closed it. */
static int closed_by_daemon(const struct cli *cli, const struct acdclient_trouble *trouble)
{
        struct acdclient_result result = { .code = trouble->code,
                                           .text = acdclient_text(trouble->text),
                                           .retry_after_ms = trouble->retry_after_ms };

        /* Before the first configuration there is not even a tenant. */
        if (trouble->code == ACDCLIENT_RESULT_UNKNOWN)
                return refused(cli, &result, "acdctl apply FILE; acdctl status");
        return cli_refused(cli, &result);
}

int cli_failed(const struct cli *cli, int error)
{
        const struct acdclient_trouble *trouble =
                cli->client != NULL ? acdclient_trouble(cli->client) : NULL;
        struct problem problem = { .field = "", .exit_code = CLI_NO_DAEMON };
        char sentence[SENTENCE_SIZE];

        if (error != -ETIMEDOUT && trouble != NULL && trouble->error == 0 && trouble->code != 0)
                return closed_by_daemon(cli, trouble);
        if (error == -ETIMEDOUT) {
                (void)snprintf(sentence, sizeof(sentence), "no answer from %s in %u ms",
                               cli_address(cli), cli_timeout_ms(cli));
                problem.code = "TIMED_OUT";
                problem.remedy = "acdctl status --timeout 30s";
                problem.exit_code = CLI_TIMEOUT;
        } else if (error == -EMSGSIZE || error == -EINVAL) {
                (void)snprintf(sentence, sizeof(sentence), "the request is too large to be sent");
                problem.code = "TOO_LARGE";
                problem.remedy = "acdctl status --limits";
                problem.exit_code = CLI_REFUSED;
        } else {
                if (error == -ENOTCONN && trouble != NULL && trouble->error != 0)
                        error = trouble->error;
                (void)snprintf(sentence, sizeof(sentence), "no daemon at %s: %s", cli_address(cli),
                               strerror(-error));
                problem.code = "NO_DAEMON";
                problem.remedy = "acdd --data-dir DIR; acdctl status --connect ADDRESS";
        }
        problem.sentence = sentence;
        return tell(cli, &problem);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
        va_list arguments;

        if (cli->is_json)
                return;
        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments);
        va_end(arguments);
}

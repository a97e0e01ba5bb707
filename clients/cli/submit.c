/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that change one thing: submit, cancel, drain, stop.
 *
 * A contact that is submitted here belongs to no gateway: nobody is on a line, so
 * it stays until it is served or cancelled. Drain and stop say what they did
 * in a sentence, since they are typed when nerves are thin.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/value.h"
#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

enum { TERM_MAX = 8 };

/* --skill SKILL=LEVEL, as often as given. */
static int fill_terms(struct cli *cli, struct acdclient_submit *submit,
                      struct acdclient_term terms[TERM_MAX])
{
        struct acdclient_text skill;
        const char *level;

        while (cli_pair(cli, "skill", (int)submit->requirement_count, &skill, &level)) {
                uint64_t number;

                if (submit->requirement_count == TERM_MAX)
                        return cli_usage(cli, "more than %d skills", TERM_MAX);
                if (!apply_number_parse(level, strlen(level), &number) || number < 1 || number > 10)
                        return cli_usage(cli, "a level is 1 to 10, not `%.16s`", level);
                terms[submit->requirement_count++] =
                        (struct acdclient_term){ .skill = skill, .level_min = (uint32_t)number };
        }
        submit->requirement = terms;
        return CLI_DONE;
}

static int fill_submit(struct cli *cli, struct acdclient_submit *submit,
                       struct acdclient_term terms[TERM_MAX])
{
        const char *attributes = cli_text(cli, "attributes", "");

        submit->queue = acdclient_text(cli->arguments[0]);
        submit->channel = acdclient_text(cli_text(cli, "channel", "email"));
        submit->client_key = acdclient_text(cli_text(cli, "key", ""));
        submit->customer_key = acdclient_text(cli_text(cli, "customer", ""));
        submit->excluded_agent = acdclient_text(cli_text(cli, "exclude", ""));
        submit->has_band = cli_has(cli, "band");
        submit->band = (uint32_t)cli_number(cli, "band", 0);
        submit->credit_ms = (uint32_t)cli_duration_ms(cli, "credit", 0);
        submit->attributes.at = (const uint8_t *)attributes;
        submit->attributes.size = (uint32_t)strlen(attributes);
        return fill_terms(cli, submit, terms);
}

/* What became of it, in one line. */
static void tell_contact(const struct cli *cli, const struct acdclient_result *result)
{
        const char *state =
                acdclient_contact_state_name((enum acdclient_contact_state)result->state);
        char id[ACDCLIENT_ID_SIZE];

        if (cli->is_json) {
                json_t *object = json_of_result(result);

                json_set_id(object, "contact", result->id);
                json_set_word(object, "state", state);
                json_print(object);
                return;
        }
        (void)printf("%s %s%s\n", acdclient_id_format(result->id, id), state,
                     result->code == ACDCLIENT_RESULT_DUPLICATE ? " (was done before)" : "");
}

int command_submit(struct cli *cli)
{
        struct acdclient_message request = { .kind = ACDCLIENT_SUBMIT };
        struct acdclient_term terms[TERM_MAX];
        const struct acdclient_message *answer;
        int r = fill_submit(cli, &request.submit, terms);

        if (r == CLI_DONE)
                r = cli_connect(cli);
        if (r == CLI_DONE)
                r = cli_call(cli, &request, &answer);
        if (r == CLI_DONE)
                tell_contact(cli, acdclient_answer_result(answer));
        return r;
}

int command_cancel(struct cli *cli)
{
        struct acdclient_message request = { .kind = ACDCLIENT_CANCEL };
        const struct acdclient_message *answer;
        bool has_key = cli_has(cli, "key");
        int r;

        if ((cli->argument_count == 1) == has_key)
                return cli_usage(cli, "`cancel` needs a contact or --key KEY");
        if (!has_key && !acdclient_id_parse(cli->arguments[0], strlen(cli->arguments[0]),
                                            &request.cancel.contact))
                return cli_usage(cli, "`%.64s` is no contact: 13 letters and digits",
                                 cli->arguments[0]);
        if (has_key)
                request.cancel.client_key = acdclient_text(cli_text(cli, "key", ""));
        request.cancel.reason = ACDCLIENT_REASON_OPERATOR;
        r = cli_connect(cli);
        if (r == CLI_DONE)
                r = cli_call(cli, &request, &answer);
        if (r != CLI_DONE)
                return r;
        if (cli->is_json)
                json_print(json_of_result(acdclient_answer_result(answer)));
        else
                (void)printf("cancelled\n");
        return CLI_DONE;
}

static int change_daemon(struct cli *cli, const struct acdclient_message *request,
                         const char *sentence)
{
        const struct acdclient_message *answer;
        int r = cli_connect(cli);

        if (r == CLI_DONE)
                r = cli_call(cli, request, &answer);
        if (r != CLI_DONE)
                return r;
        if (cli->is_json)
                json_print(json_of_result(acdclient_answer_result(answer)));
        else
                (void)printf("%s\n", sentence);
        return CLI_DONE;
}

int command_drain(struct cli *cli)
{
        struct acdclient_message request = { .kind = ACDCLIENT_DRAIN };

        request.drain.resume = cli_has(cli, "resume");
        return change_daemon(cli, &request,
                             request.drain.resume
                                     ? "the daemon takes contacts again"
                                     : "the daemon takes no new contacts and finishes what is "
                                       "there; acdctl drain --resume to take contacts again");
}

int command_stop(struct cli *cli)
{
        struct acdclient_message request = { .kind = ACDCLIENT_STOP };

        request.stop.fast = cli_has(cli, "fast");
        return change_daemon(cli, &request,
                             request.stop.fast
                                     ? "the daemon stops; what is in work is kept"
                                     : "the daemon stops when its work is done; acdctl stop --fast "
                                       "not to wait");
}

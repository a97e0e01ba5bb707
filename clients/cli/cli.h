/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cli.h - what the commands of acdctl share: arguments, words for errors, exit codes.
 *
 *   Ownership  struct cli borrows argv; the client in it is the command's to free
 *              through cli_disconnect().
 *   Failure    Every function that can fail has told the user and returns the exit
 *              code; CLI_DONE is 0. What was told ends with a command to try.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/c/acdclient.h"

enum cli_exit {
        CLI_DONE = 0,
        CLI_REFUSED = 1,     /* the daemon said no */
        CLI_USAGE = 2,       /* the command line, or a file, is wrong */
        CLI_NO_DAEMON = 3,   /* nobody is there, or went away */
        CLI_TIMEOUT = 4,     /* no answer in time */
        CLI_NOT_ALLOWED = 5, /* the role may not do that */
};

enum cli_type {
        CLI_FLAG,
        CLI_TEXT,
        CLI_NAME,
        CLI_KEY,
        CLI_NUMBER,
        CLI_BAND,
        CLI_DURATION,
        CLI_PERCENT,
        CLI_RATE,
        CLI_PAIR,
        CLI_ID,
};

struct cli;

struct cli_command {
        const char *name;
        const char *arguments;
        int argument_count_min, argument_count_max;
        enum acdclient_role role; /* UNSPECIFIED: no connection */
        const char *summary;
        const char *example;
        int (*run)(struct cli *cli);
};

struct cli_option {
        const char *command; /* "all": of each */
        const char *name;
        enum cli_type type;
        const char *argument;
        const char *text;
};

enum { CLI_ARGUMENT_MAX = 64, CLI_GIVEN_MAX = 128 };

struct cli {
        const struct cli_command *command; /* NULL: not known (yet) */
        const char *arguments[CLI_ARGUMENT_MAX];
        int argument_count;
        struct {
                const struct cli_option *option;
                const char *value;
        } given[CLI_GIVEN_MAX];
        int given_count;
        bool is_json;
        bool has_color;
        const char *tenant; /* instead of that of the command line; may be NULL */
        struct acdclient *client;
};

/* The tables of commands.def. */
extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;
extern const struct cli_option cli_options[];
extern const size_t cli_option_count;

/* args.c: argv into @cli, checked by the tables. */
int cli_parse(struct cli *cli, int argc, char **argv);
const struct cli_command *cli_find_command(const char *name);
bool cli_option_is_of(const struct cli_option *option, const struct cli_command *command);

/* What was given; options are checked already, so reading them cannot fail. */
bool cli_has(const struct cli *cli, const char *name);
const char *cli_text(const struct cli *cli, const char *name, const char *preset);
uint64_t cli_number(const struct cli *cli, const char *name, uint64_t preset);
uint64_t cli_duration_ms(const struct cli *cli, const char *name, uint64_t preset);
double cli_share(const struct cli *cli, const char *name);               /* 0 to 1 */
double cli_rate(const struct cli *cli, const char *name, double preset); /* a second */
uint64_t cli_id(const struct cli *cli, const char *name);
/* The @index-th PAIR, split at its first "="; false at the end. */
bool cli_pair(const struct cli *cli, const char *name, int index, struct acdclient_text *ret_left,
              const char **ret_right);

/* say.c: errors. Each returns the exit code that belongs to it. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The daemon's no. */
int cli_refused(const struct cli *cli, const struct acdclient_result *result);
/* No answer: @error is a negative errno of the library. */
int cli_failed(const struct cli *cli, int error);
/* A line for people, on standard error, not with --json. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* connect.c */

/* A client with the options of the command line, not started. @listener may be NULL. */
int cli_client(struct cli *cli, const struct acdclient_listener *listener, bool is_lasting);
/* The same, and connected by the blocking face. */
int cli_connect(struct cli *cli);
void cli_disconnect(struct cli *cli);
const char *cli_address(const struct cli *cli);
const char *cli_client_name(const struct cli *cli);
const char *cli_tenant(const struct cli *cli);
uint32_t cli_timeout_ms(const struct cli *cli);
/* Send and wait; anything but OK and DUPLICATE was told. */
int cli_call(struct cli *cli, const struct acdclient_message *request,
             const struct acdclient_message **ret_answer);
/* Ctrl-C and SIGTERM set this. */
bool cli_is_interrupted(void);
void cli_catch_signals(void);

/* The commands. */
#define COMMAND(name, arguments, minimum, maximum, role, summary, example) \
        int command_##name(struct cli *cli);
#define OPTION(command, name, type, argument, text)
#include "clients/cli/commands.def"
#undef COMMAND
#undef OPTION

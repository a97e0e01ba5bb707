/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl export: events in the words of others.
 *
 * The events that are there are read, in order, and the command ends with the
 * last one that there was when it began; --follow goes on. What a line says can
 * depend on events before --from, so these are read too, as far as they are
 * kept, and only not written.
 *
 * A file is opened to append and gets each line in one write: other writers may
 * append to it, and who reads it never sees half a line.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients/cli/cli.h"
#include "clients/cli/queue_log.h"

struct exporter {
        struct cli *cli;
        struct queue_log log;
        const char *path;  /* NULL = standard output */
        int fd;            /* of the path, or -1 */
        uint64_t from;     /* the first event whose lines are written */
        uint64_t until;    /* the last one */
        uint64_t sequence; /* of the event at hand */
        uint64_t line_count;
        uint64_t heard_ms; /* of the last push */
        int error;         /* of writing; negative errno */
        int exit_code;
        bool is_over;
        bool is_full_told;
};

static void on_line(void *context, const char *text, size_t size)
{
        struct exporter *exporter = context;

        if (exporter->sequence < exporter->from || exporter->error != 0)
                return;
        if (exporter->path == NULL) {
                if (fwrite(text, 1, size, stdout) != size)
                        exporter->error = -EIO;
        } else {
                ssize_t written;

                do
                        written = write(exporter->fd, text, size);
                while (written < 0 && errno == EINTR);
                if (written != (ssize_t)size)
                        exporter->error = written < 0 ? -errno : -ENOSPC;
        }
        exporter->line_count += exporter->error == 0;
}

static void tell_gap(const struct exporter *exporter, const struct acdclient_events *events)
{
        cli_note(exporter->cli,
                 "events before the next line are not kept any more: what only they told is "
                 "left empty (the last event is %" PRIu64 ")",
                 events->last_sequence);
}

static void tell_full(struct exporter *exporter)
{
        if (!queue_log_is_full(&exporter->log) || exporter->is_full_told)
                return;
        exporter->is_full_told = true;
        cli_note(exporter->cli,
                 "more than %d contacts are open: positions are left empty from event %" PRIu64
                 " on",
                 QUEUE_LOG_CONTACT_MAX, exporter->sequence);
}

static uint64_t now_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct exporter *exporter = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        int r;

        (void)client;
        if (push->kind != ACDCLIENT_EVENTS || exporter->is_over)
                return;
        exporter->heard_ms = now_ms();
        if (push->events.resync) {
                tell_gap(exporter, &push->events);
                queue_log_forget(&exporter->log);
        }
        if (push->events.batch.size == 0)
                return;
        r = acdclient_events_open(&reader, &push->events) ? 1 : -EBADMSG;
        while (r == 1 && !exporter->is_over) {
                r = acdclient_events_next(&reader, &event);
                if (r != 1)
                        break;
                if (event.sequence > exporter->until) {
                        exporter->is_over = true;
                        break;
                }
                exporter->sequence = event.sequence;
                queue_log_event(&exporter->log, &event, reader.wall_offset_ns);
                exporter->is_over = event.sequence == exporter->until || exporter->error != 0;
        }
        if (r < 0) {
                exporter->is_over = true;
                exporter->exit_code = cli_failed(exporter->cli, r);
        }
        tell_full(exporter);
        if (exporter->path == NULL && fflush(stdout) != 0 && exporter->error == 0)
                exporter->error = -errno;
        exporter->is_over = exporter->is_over || exporter->error != 0;
}

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct exporter *exporter = context;

        (void)client;
        if (error == 0 && acdclient_is_done(acdclient_answer_result(answer)->code))
                return;
        exporter->is_over = true;
        exporter->exit_code = error < 0
                                      ? cli_failed(exporter->cli, error)
                                      : cli_refused(exporter->cli, acdclient_answer_result(answer));
}

/* Where reading begins and where it ends, as the daemon's log stands now. */
static uint64_t find_range(struct exporter *exporter)
{
        const struct cli *cli = exporter->cli;
        const struct acdclient_welcome *terms = acdclient_terms(cli->client);
        uint64_t first = terms->event_first_sequence > 0 ? terms->event_first_sequence : 1;

        exporter->from = cli_number(cli, "from", first);
        exporter->until = cli_number(cli, "until", UINT64_MAX);
        if (!cli_has(cli, "follow") && exporter->until > terms->event_last_sequence)
                exporter->until = terms->event_last_sequence;
        if (exporter->from < first)
                cli_note(cli, "event %" PRIu64 " is not kept any more: begins with %" PRIu64,
                         exporter->from, first);
        if (cli_has(cli, "fresh") && exporter->from > first)
                first = exporter->from;
        exporter->is_over = first > exporter->until || exporter->from > exporter->until;
        return first;
}

/* Connected: until there is nothing left to export. */
static int run(struct exporter *exporter)
{
        struct cli *cli = exporter->cli;
        uint64_t first = find_range(exporter);
        int r;

        if (exporter->is_over)
                return CLI_DONE;
        r = acdclient_subscribe(cli->client, first, on_answer, exporter);
        if (r < 0)
                return cli_failed(cli, r);
        exporter->heard_ms = now_ms();
        while (!exporter->is_over && !cli_is_interrupted()) {
                if (acdclient_run(cli->client, 200) < 0)
                        return cli_failed(cli, -ENOTCONN);
                /* What there is comes without being waited for. */
                if (!cli_has(cli, "follow") && !exporter->is_over &&
                    now_ms() - exporter->heard_ms > cli_timeout_ms(cli))
                        return cli_failed(cli, -ETIMEDOUT);
        }
        if (exporter->error != 0)
                return cli_usage(cli,
                                 "`%.200s` cannot be written: %s; it has %" PRIu64
                                 " more lines, go on with --from %" PRIu64,
                                 exporter->path != NULL ? exporter->path : "the output",
                                 strerror(-exporter->error), exporter->line_count,
                                 exporter->sequence);
        return exporter->exit_code;
}

static int open_output(struct exporter *exporter)
{
        exporter->path = cli_text(exporter->cli, "output", NULL);
        if (exporter->path == NULL)
                return CLI_DONE;
        exporter->fd = open(exporter->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (exporter->fd < 0)
                return cli_usage(exporter->cli, "`%.200s` cannot be opened: %s", exporter->path,
                                 strerror(errno));
        return CLI_DONE;
}

static int connect_and_run(struct exporter *exporter)
{
        struct cli *cli = exporter->cli;
        struct acdclient_listener listener = { .context = exporter, .on_push = on_push };
        int r = cli_client(cli, &listener, /* is_lasting = */ cli_has(cli, "follow"));

        if (r != CLI_DONE)
                return r;
        cli_catch_signals();
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        return r < 0 ? cli_failed(cli, r) : run(exporter);
}

int command_export(struct cli *cli)
{
        struct exporter exporter = { .cli = cli, .fd = -1 };
        int r;

        if (strcmp(cli->arguments[0], "queue_log") != 0)
                return cli_usage(cli, "no format `%.64s`; there is queue_log", cli->arguments[0]);
        r = open_output(&exporter);
        if (r == CLI_DONE && queue_log_init(&exporter.log, on_line, &exporter) < 0)
                r = cli_failed(cli, -ENOMEM);
        if (r == CLI_DONE)
                r = connect_and_run(&exporter);
        if (exporter.sequence >= exporter.from && exporter.sequence > 0 && exporter.error == 0)
                cli_note(cli, "%" PRIu64 " lines; go on with --from %" PRIu64, exporter.line_count,
                         exporter.sequence + 1);
        queue_log_fini(&exporter.log);
        if (exporter.fd >= 0)
                (void)close(exporter.fd);
        return r;
}

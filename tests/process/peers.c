/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow, silent, oversized and broken peers, each cut by its setting.
 *
 *   peers ACDD [CASE]
 *
 * Goal    Every setting that cuts a peer does so, says why before it closes and
 *         counts it in the metric that it names; what is only a bad message is
 *         answered and the connection stays; and whoever behaves notices nothing.
 * Method  A daemon with small settings, raw sockets that misbehave, one case
 *         each; after each the metric has risen and a well-behaved client, which
 *         was connected all the time, is answered.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <acdclient.h>

#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"
#include "tests/process/support/raw.h"

enum { PER_ADDRESS_MAX = 6, FRAME_SIZE_MAX = 8192, PATIENCE_MS = 30000 };

static const char *socket_path;
static struct acdclient *observer; /* the well-behaved client */

static uint64_t metric(const char *name);

static void raw_request(struct raw *raw, enum wire_kind kind, const void *body, size_t size)
{
        struct wire_frame frame = { .kind = (uint16_t)kind,
                                    .version = WIRE_HEADER_VERSION,
                                    .correlation = 7,
                                    .body_size = (uint32_t)size };

        raw_send_frame(raw, &frame, body, size);
}

static struct raw *reader(const char *client)
{
        struct raw *raw = raw_connect(socket_path);

        raw_hello(raw, WIRE_ROLE_READER, "floor", client);
        return raw;
}

/*
 * The cases
 */

static void no_first_frame(void)
{
        struct raw *raw = raw_connect(socket_path);

        raw_expect_bye(raw, ACD_TIMED_OUT, "closed_hello_total");
        raw_close(raw);
}

/* A byte now and then is not a frame. */
static void first_frame_by_drops(void)
{
        struct raw *raw = raw_connect(socket_path);
        uint8_t header[WIRE_HEADER_SIZE] = { 100, 0, 0, 0, WIRE_HELLO, 0, 0, 1 };
        struct wire_message message;

        for (size_t i = 0; i < sizeof(header); i++) {
                raw_send_bytes(raw, &header[i], 1);
                if (raw_next(raw, 20, &message))
                        break;
        }
        if (!raw->is_over)
                raw_expect_end(raw, PATIENCE_MS);
        raw_close(raw);
}

static void silent_after_hello(void)
{
        struct raw *raw = reader("silent");

        raw_expect_bye(raw, ACD_TIMED_OUT, "closed_silence_total");
        raw_close(raw);
}

static void frame_too_large(void)
{
        struct raw *raw = reader("large");
        struct wire_frame frame = { .kind = WIRE_PING,
                                    .version = WIRE_HEADER_VERSION,
                                    .body_size = FRAME_SIZE_MAX + 1 };

        raw_send_frame(raw, &frame, "", 0);
        raw_expect_bye(raw, ACD_TOO_LARGE, "closed_too_large_total");
        raw_close(raw);
}

static void bytes_that_are_no_frames(void)
{
        struct raw *raw = raw_connect(socket_path);

        static const char request[] = "\x10\0\0\0GET / HTTP/1.1\r\nHost: floor\r\n\r\n";

        raw_send_bytes(raw, request, sizeof(request) - 1);
        raw_expect_bye(raw, ACD_UNSUPPORTED, "closed_malformed_total");
        raw_close(raw);
}

static void does_not_read(void)
{
        struct raw *raw = reader("deaf");
        struct wire_message request = { .kind = WIRE_STATUS, .correlation = 1 };
        int small = 4096;

        request.status.with_metrics = true;
        request.status.with_limits = true;
        setsockopt(raw->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
        for (int i = 0; i < 2000; i++)
                raw_send(raw, &request);
        raw_expect_end(raw, PATIENCE_MS);
        raw_close(raw);
}

static void too_many_from_one_address(void)
{
        struct raw *raws[PER_ADDRESS_MAX + 1];
        int count = 0;

        /* One place is the well-behaved client's. */
        for (; count < PER_ADDRESS_MAX - 1; count++)
                raws[count] = reader("many");
        raws[count] = raw_connect(socket_path);
        raw_expect_bye(raws[count], ACD_RETRY_AFTER, "connections_refused_address_total");
        for (int i = 0; i <= count; i++)
                raw_close(raws[i]);
}

/* It says that it will say no more; what it asked before is answered. */
static void half_open(void)
{
        struct raw *raw = reader("half");

        shutdown(raw->fd, SHUT_WR);
        raw_expect_end(raw, PATIENCE_MS);
        raw_close(raw);
}

static void replaced_gateway(void)
{
        struct raw *old = raw_connect(socket_path);
        struct raw *new = raw_connect(socket_path);

        raw_hello(old, WIRE_ROLE_GATEWAY, "floor", "twin");
        raw_hello(new, WIRE_ROLE_GATEWAY, "floor", "twin");
        raw_expect_bye(old, ACD_REPLACED, "closed_replaced_total");
        raw_close(old);
        raw_close(new);
}

/* Bad messages in good frames: answered, and the connection goes on. */
static void bad_messages(void)
{
        struct raw *raw = raw_connect(socket_path);
        struct wire_frame unknown = { .kind = 999, .version = WIRE_HEADER_VERSION };
        struct wire_message ping = { .kind = WIRE_PING, .correlation = 9 };
        struct wire_message answer;

        raw_hello(raw, WIRE_ROLE_GATEWAY, "floor", "clumsy");
        raw_request(raw, WIRE_SUBMIT, "\xff\xff\xff\xff\xff\xff", 6);
        raw_expect_result(raw, ACD_MALFORMED, "");
        raw_send_frame(raw, &unknown, "", 0);
        raw_expect_result(raw, ACD_UNSUPPORTED, "kind");
        raw_request(raw, WIRE_SUBMIT, "", 0);
        raw_expect_result(raw, ACD_MISSING, "queue");
        raw_request(raw, WIRE_STOP, "", 0);
        raw_expect_result(raw, ACD_NOT_ALLOWED, "kind");
        raw_send(raw, &ping);
        check(raw_next(raw, PATIENCE_MS, &answer) && answer.kind == WIRE_PONG,
              "the connection did not survive");
        raw_close(raw);
}

/* A handle that never was is refused, whatever its bits. */
static void strange_handles(void)
{
        static const uint64_t handles[] = { 1, UINT64_MAX, UINT64_C(1) << 60, 0x3ffffff0000001 };
        struct raw *raw = raw_connect(socket_path);

        raw_hello(raw, WIRE_ROLE_AGENT, "floor", "clumsy");
        for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
                struct wire_message login = { .kind = WIRE_LOGIN,
                                              .agent_login = { .agent_id = handles[i] } };

                raw_send(raw, &login);
                raw_expect_result(raw, ACD_UNKNOWN, "agent");
        }
        raw_close(raw);
}

static const struct {
        const char *name;
        void (*run)(void);
        const char *metric;
} cases[] = {
        { "no first frame", no_first_frame, "closed_hello_total" },
        { "first frame by drops", first_frame_by_drops, "closed_hello_total" },
        { "silent after hello", silent_after_hello, "closed_silence_total" },
        { "frame too large", frame_too_large, "closed_too_large_total" },
        { "bytes that are no frames", bytes_that_are_no_frames, "closed_malformed_total" },
        { "does not read", does_not_read, "closed_unread_total" },
        { "too many from one address", too_many_from_one_address,
          "connections_refused_address_total" },
        { "half open", half_open, "closed_by_peer_total" },
        { "replaced gateway", replaced_gateway, "closed_replaced_total" },
        { "bad messages", bad_messages, "refusals_total" },
        { "strange handles", strange_handles, "refusals_total" },
};

/*
 * The frame around them
 */

static uint64_t metric(const char *name)
{
        struct acdclient_message request = { .kind = ACDCLIENT_STATUS };
        const struct acdclient_message *answer = NULL;

        request.status.with_metrics = true;

        int r = acdclient_call(observer, &request, PATIENCE_MS, &answer);

        check(r == 0, "the well-behaved client is not answered: %s", strerror(-r));
        for (uint32_t i = 0; i < answer->status_reply.metrics_count; i++) {
                const struct acdclient_metric *this = &answer->status_reply.metrics[i];

                if (this->name.size == strlen(name) &&
                    memcmp(this->name.at, name, this->name.size) == 0)
                        return this->value;
        }
        check(false, "no metric %s", name);
        return 0;
}

static void keep_talking(void)
{
        metric("turns_total");
}

/* Run @wanted, or all; the observer must live through it without a reconnect. */
static void run_cases(const char *wanted)
{
        size_t ran = 0;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint64_t before, after;

                if (wanted != NULL && strcmp(wanted, cases[i].name) != 0)
                        continue;
                printf("%s\n", cases[i].name);
                fflush(stdout);
                before = metric(cases[i].metric);
                cases[i].run();
                after = metric(cases[i].metric);
                check(after > before, "%s: metric %s did not rise", cases[i].name, cases[i].metric);
                ran++;
        }
        check(ran > 0, "no case %s", wanted);
        check(acdclient_connect_count(observer) == 1, "the well-behaved client was cut");
        printf("%zu cases: passed\n", ran);
}

int main(int argc, char **argv)
{
        struct process daemon = { 0 };
        char listen[PROCESS_PATH_MAX + 8];
        struct floor_options options = { .agent_count = 1 };

        check(argc >= 2, "usage: peers ACDD [CASE]");
        signal(SIGPIPE, SIG_IGN);
        socket_path = process_path("acdd.sock");
        snprintf(listen, sizeof(listen), "unix:%s", socket_path);
        options.address = listen;

        const char *const arguments[] = {
                argv[1],
                "--data-dir",
                process_path("data"),
                "--listen",
                listen,
                "--segment-size",
                "4M",
                "--limit-contact-count-max",
                "1000",
                "--limit-agent-count-max",
                "100",
                "--hello-timeout-ms",
                "150",
                "--silence-ms",
                "2000",
                "--frame-size-max",
                "8192",
                "--unread-size-max",
                "65536",
                "--connection-per-address-max",
                "6",
                NULL,
        };

        process_start(&daemon, "acdd", arguments);
        floor_configure(&options);

        observer = floor_operator(listen, "floor");
        raw_meanwhile(keep_talking);
        run_cases(argc > 2 ? argv[2] : NULL);
        acdclient_free(observer);
        process_signal(&daemon, SIGTERM);
        check(process_wait(&daemon, PATIENCE_MS) == 0, "the daemon does not stop cleanly");
        process_done();
        return 0;
}

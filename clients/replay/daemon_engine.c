/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playing on a daemon: time, the loop, and what its pieces share.
 *
 * The engine waits in poll() on its connections. Core time is known from the
 * daemon's messages and extrapolated between them by the real clock times the
 * daemon's rate; it is only as exact as a message is fast, which is why waits
 * are never measured with it but taken from the log.
 *
 * When a connection is lost, the client library mends it and puts back sessions,
 * subscriptions and held contacts. Meanwhile plan time goes on and commands
 * queue up. Only a daemon that stays away longer than the setting ends the run.
 */

#include "clients/replay/daemon_engine.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "clients/replay/daemon_parts.h"

enum {
        LEAD_MS = 1000,   /* real, from opening to the plan's first moment */
        POLL_MS_MAX = 50, /* the extrapolation is renewed at least so often */
        OPEN_TIMEOUT_MS = 10000,
        OFFER_PRECISION = 6,
};

int64_t daemon_real_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t real_ms(void)
{
        return daemon_real_ns() / 1000000;
}

void daemon_fail(struct daemon_engine *daemon, int error, const char *what)
{
        if (daemon->error != 0)
                return;
        daemon->error = error;
        fprintf(stderr, "%s: %s\n", what, strerror(-error));
}

/*
 * Events for the driver.
 */

static bool grow(struct daemon_engine *daemon)
{
        size_t capacity = daemon->event_capacity == 0 ? 1024 : daemon->event_capacity * 2;
        struct engine_event *event = calloc(capacity, sizeof(*event));

        if (event == NULL)
                return false;
        for (size_t i = 0; i < daemon->event_count; i++)
                event[i] = daemon->event[(daemon->event_first + i) % daemon->event_capacity];
        free(daemon->event);
        daemon->event = event;
        daemon->event_first = 0;
        daemon->event_capacity = capacity;
        return true;
}

void daemon_tell(struct daemon_engine *daemon, struct engine_event event, uint64_t core_ns)
{
        if (daemon->event_count == daemon->event_capacity && !grow(daemon)) {
                daemon_fail(daemon, -ENOMEM, "events");
                return;
        }
        event.time_ns =
                (int64_t)(core_ns - daemon->facts.start_ns) + daemon->plan_first_ms * 1000000;
        daemon->event[(daemon->event_first + daemon->event_count) % daemon->event_capacity] = event;
        daemon->event_count++;
}

static bool next_event(void *self, struct engine_event *ret_event)
{
        struct daemon_engine *daemon = self;

        if (daemon->event_count == 0)
                return false;
        *ret_event = daemon->event[daemon->event_first];
        daemon->event_first = (daemon->event_first + 1) % daemon->event_capacity;
        daemon->event_count--;
        return true;
}

/*
 * Names of calls.
 */

void daemon_key(const struct daemon_engine *daemon, uint32_t call, char key[DAEMON_KEY_SIZE])
{
        snprintf(key, DAEMON_KEY_SIZE, "%" PRIx64 "-%" PRIu32, daemon->facts.start_ns,
                 daemon->plan->call[call].number);
}

uint32_t daemon_call_of_key(const struct daemon_engine *daemon, struct acdclient_text key)
{
        char expected[DAEMON_KEY_SIZE];
        char text[DAEMON_KEY_SIZE];
        char *dash;
        unsigned long number;

        if (key.size == 0 || key.size >= DAEMON_KEY_SIZE)
                return ENGINE_NONE;
        memcpy(text, key.at, key.size);
        text[key.size] = '\0';
        dash = strchr(text, '-');
        if (dash == NULL)
                return ENGINE_NONE;
        number = strtoul(dash + 1, NULL, 10);
        if (number > daemon->number_max || daemon->call_of_number[number] == ENGINE_NONE)
                return ENGINE_NONE;
        /* The only spelling, of this run. */
        daemon_key(daemon, daemon->call_of_number[number], expected);
        return strcmp(expected, text) == 0 ? daemon->call_of_number[number] : ENGINE_NONE;
}

/* Whether a refusal is what comes of two parties acting at once: the offer that a
 * log-out crossed, the caller who hung up as the agent accepted. */
static bool is_race(const struct daemon_engine *daemon, enum acdclient_result_code code,
                    uint32_t agent)
{
        if (code == ACDCLIENT_RESULT_NOT_LOGGED_IN)
                return agent != ENGINE_NONE && daemon->desk[agent].is_out;
        return code == ACDCLIENT_RESULT_GONE || code == ACDCLIENT_RESULT_FENCED ||
               code == ACDCLIENT_RESULT_WRONG_STATE || acdclient_is_later(code);
}

void daemon_note_answer(struct daemon_engine *daemon, int error,
                        const struct acdclient_message *answer, uint32_t call, uint32_t agent)
{
        const struct acdclient_result *result;

        /* No answer: lost with the connection, or too late. What it asked for is
         * settled by the snapshot after the reconnect, or by the log. */
        if (error != 0) {
                daemon->facts.races++;
                return;
        }
        result = acdclient_answer_result(answer);
        if (acdclient_is_done(result->code))
                return;
        if (is_race(daemon, result->code, agent)) {
                daemon->facts.races++;
                return;
        }
        fprintf(stderr, "refused: %s %.*s\n", acdclient_result_name(result->code),
                (int)result->text.size, result->text.at);
        daemon_tell(daemon,
                    (struct engine_event){ .kind = ENGINE_REFUSED,
                                           .source = ENGINE_BOTH,
                                           .call = call,
                                           .agent = agent,
                                           .value = result->code },
                    result->server_time_ns);
}

/*
 * Time.
 */

/* Learn the time from any connection that knows it. */
static void learn_time(struct daemon_engine *daemon)
{
        struct acdclient *client[DAEMON_CONNECTION_MAX] = { daemon->gateway, daemon->desks,
                                                            daemon->reader };

        for (int i = 0; i < DAEMON_CONNECTION_MAX; i++) {
                uint64_t heard = client[i] == NULL ? 0 : acdclient_server_time_ns(client[i]);

                if (heard > daemon->known_ns) {
                        daemon->known_ns = heard;
                        daemon->known_real_ns = daemon_real_ns();
                }
        }
}

static int64_t now_ms(void *self)
{
        struct daemon_engine *daemon = self;
        int64_t passed = daemon_real_ns() - daemon->known_real_ns;
        int64_t core = (int64_t)(daemon->known_ns - daemon->facts.start_ns) +
                       passed * daemon->facts.clock_rate;
        int64_t now = daemon->plan_first_ms + core / 1000000;

        if (now > daemon->now_ms)
                daemon->now_ms = now;
        return daemon->now_ms;
}

/*
 * The loop.
 */

/* Whether every connection stands; how long not. */
static void watch_connections(struct daemon_engine *daemon)
{
        struct acdclient *client[DAEMON_CONNECTION_MAX] = { daemon->gateway, daemon->desks,
                                                            daemon->reader };
        uint32_t connects = 0;
        bool is_up = true;

        for (int i = 0; i < DAEMON_CONNECTION_MAX; i++) {
                if (client[i] == NULL)
                        continue;
                is_up = is_up && acdclient_connection_state(client[i]) == ACDCLIENT_UP;
                if (acdclient_connect_count(client[i]) > connects)
                        connects = acdclient_connect_count(client[i]);
        }
        daemon->facts.reconnects = connects > 0 ? connects - 1 : 0;
        if (is_up)
                daemon->down_since_ms = 0;
        else if (daemon->down_since_ms == 0)
                daemon->down_since_ms = real_ms();
        else if (real_ms() - daemon->down_since_ms > (int64_t)daemon->settings->away_ms_max)
                daemon_fail(daemon, -ETIMEDOUT, "the daemon stays away");
}

/* Let the clients work for at most @timeout_ms. */
static void turn(struct daemon_engine *daemon, int timeout_ms)
{
        struct acdclient *client[DAEMON_CONNECTION_MAX] = { daemon->gateway, daemon->desks,
                                                            daemon->reader };
        struct pollfd poller[DAEMON_CONNECTION_MAX];

        for (int i = 0; i < DAEMON_CONNECTION_MAX; i++) {
                int due;

                poller[i] = (struct pollfd){ .fd = -1 };
                if (client[i] == NULL)
                        continue;
                poller[i].fd = acdclient_fd(client[i]);
                poller[i].events = POLLIN;
                if (acdclient_wants_write(client[i]))
                        poller[i].events |= POLLOUT;
                due = acdclient_next_timeout_ms(client[i]);
                if (due >= 0 && due < timeout_ms)
                        timeout_ms = due;
        }
        if (poll(poller, DAEMON_CONNECTION_MAX, timeout_ms) < 0 && errno != EINTR)
                daemon_fail(daemon, -errno, "poll");
        for (int i = 0; i < DAEMON_CONNECTION_MAX; i++) {
                if (client[i] == NULL)
                        continue;
                if ((poller[i].revents & POLLOUT) != 0)
                        acdclient_on_writable(client[i]);
                if ((poller[i].revents & ~POLLOUT) != 0)
                        acdclient_on_readable(client[i]);
                acdclient_on_timeout(client[i]);
        }
        learn_time(daemon);
        watch_connections(daemon);
}

static int wait_until(void *self, int64_t until_ms)
{
        struct daemon_engine *daemon = self;

        while (daemon->event_count == 0 && daemon->error == 0) {
                int64_t left = until_ms == INT64_MAX ? INT64_MAX : until_ms - now_ms(daemon);
                int64_t real = left / daemon->facts.clock_rate;
                int64_t retry = daemon_retry(daemon) - real_ms();

                if (left <= 0)
                        break;
                if (real > retry)
                        real = retry;
                if (real > POLL_MS_MAX)
                        real = POLL_MS_MAX;
                turn(daemon, real < 0 ? 0 : (int)real);
        }
        return daemon->error;
}

/*
 * Opening and closing.
 */

struct acdclient *daemon_client(struct daemon_engine *daemon, enum acdclient_role role,
                                const char *name, const struct acdclient_listener *listener)
{
        struct acdclient_options options = {
                .address = daemon->settings->address,
                .tenant = daemon->settings->tenant,
                .role = role,
                .client = name,
                .software = "acdreplay",
                .request_count_max = 32768,
                .request_timeout_ms = 60000,
                .reconnect_ms_min = 20,
                .reconnect_ms_max = 250,
                .listener = *listener,
        };
        struct acdclient *client = acdclient_new(&options);
        int r = client == NULL ? -errno : acdclient_connect(client, OPEN_TIMEOUT_MS);

        if (r == 0)
                return client;
        daemon_fail(daemon, r, name);
        if (client != NULL && acdclient_trouble(client)->text[0] != '\0')
                fprintf(stderr, "%s\n", acdclient_trouble(client)->text);
        acdclient_free(client);
        return NULL;
}

/* The first thing that anybody does in the plan. */
static int64_t first_moment_ms(const struct plan *plan)
{
        int64_t first = plan->call_count > 0 ? plan->call[0].arrival_ms : INT64_MAX;

        for (size_t i = 0; i < plan->span_count; i++)
                if (plan->span[i].from_ms < first)
                        first = plan->span[i].from_ms;
        return first;
}

static bool allocate(struct daemon_engine *daemon)
{
        const struct plan *plan = daemon->plan;
        size_t offer_size = histogram_size(OFFER_PRECISION, DAEMON_OFFER_US_MAX);
        void *offer = malloc(offer_size);

        for (size_t i = 0; i < plan->call_count; i++)
                if (plan->call[i].number > daemon->number_max)
                        daemon->number_max = plan->call[i].number;
        daemon->desk = calloc((size_t)plan->agent_count + 1, sizeof(*daemon->desk));
        daemon->submission = calloc(plan->call_count + 1, sizeof(*daemon->submission));
        daemon->contact = calloc(plan->call_count + 1, sizeof(*daemon->contact));
        daemon->call_of_number =
                malloc(((size_t)daemon->number_max + 1) * sizeof(*daemon->call_of_number));
        if (offer != NULL)
                daemon->facts.offer_us =
                        histogram_init(offer, OFFER_PRECISION, DAEMON_OFFER_US_MAX);
        if (daemon->desk == NULL || daemon->submission == NULL || daemon->contact == NULL ||
            daemon->call_of_number == NULL || offer == NULL)
                return false;

        for (uint32_t i = 0; i <= daemon->number_max; i++)
                daemon->call_of_number[i] = ENGINE_NONE;
        for (uint32_t i = 0; i < plan->call_count; i++) {
                daemon->call_of_number[plan->call[i].number] = i;
                daemon->submission[i] = (struct submission){ daemon, i };
        }
        for (uint32_t i = 0; i < plan->agent_count; i++)
                daemon->desk[i] = (struct desk){ .daemon = daemon, .index = i };
        return true;
}

/* The terms of a connection tell rate and time. */
static void begin_time(struct daemon_engine *daemon, struct acdclient *client)
{
        const struct acdclient_welcome *terms = acdclient_terms(client);

        ACD_ASSERT(terms != NULL);

        daemon->facts.clock_rate = terms->clock_rate > 0 ? terms->clock_rate : 1;
        daemon->plan_first_ms = first_moment_ms(daemon->plan);
        learn_time(daemon);
        daemon->facts.start_ns =
                daemon->known_ns + UINT64_C(1000000) * LEAD_MS * daemon->facts.clock_rate;
        daemon->now_ms = INT64_MIN;
}

struct daemon_engine *daemon_engine_open(const struct plan *plan,
                                         const struct daemon_settings *settings)
{
        struct daemon_engine *daemon = calloc(1, sizeof(*daemon));
        int r = 0;

        if (daemon == NULL)
                return NULL;
        daemon->plan = plan;
        daemon->settings = settings;
        if (!allocate(daemon)) {
                daemon_fail(daemon, -ENOMEM, "a replay");
                daemon_engine_close(daemon);
                return NULL;
        }
        /* The reader first: it must not miss what the others cause. */
        r = daemon_reader_open(daemon);
        if (r == 0)
                begin_time(daemon, daemon->reader);
        if (r == 0)
                r = daemon_gateway_open(daemon);
        if (r == 0)
                r = daemon_desks_open(daemon);
        if (r == 0)
                return daemon;
        daemon_engine_close(daemon);
        return NULL;
}

void daemon_engine_close(struct daemon_engine *daemon)
{
        acdclient_free(daemon->gateway);
        acdclient_free(daemon->desks);
        acdclient_free(daemon->reader);
        free(daemon->desk);
        free(daemon->submission);
        free(daemon->contact);
        free(daemon->call_of_number);
        free(daemon->retry);
        free(daemon->event);
        free(daemon->facts.offer_us);
        free(daemon);
}

struct engine daemon_engine_face(struct daemon_engine *daemon)
{
        return (struct engine){
                .self = daemon,
                .wait = wait_until,
                .now_ms = now_ms,
                .next_event = next_event,
                .submit = daemon_submit,
                .abandon = daemon_abandon,
                .log_in = daemon_log_in,
                .log_out = daemon_log_out,
                .ready = daemon_ready,
                .pause = daemon_pause,
                .after_this = daemon_after_this,
                .accept = daemon_accept,
                .complete = daemon_complete,
                .end_wrap_up = daemon_end_wrap_up,
        };
}

const struct daemon_facts *daemon_engine_facts(struct daemon_engine *daemon)
{
        return &daemon->facts;
}

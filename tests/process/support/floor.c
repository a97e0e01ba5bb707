/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small call center in one process.
 *
 * The happy path is: the gateway submits with a client key and is answered;
 * an agent is offered the contact, accepts, is told that it is active and
 * completes; the gateway's contact is closed. It can go differently because
 * the daemon dies at any point. Then the library resends what is safe, agents
 * get a snapshot of what is theirs, and they go on from that, not from memory:
 * an offer in it is accepted, active work is completed. Nothing is told to the
 * history but what an answer said.
 *
 * Work takes no time here beyond a turn of the poll loop: the more often a
 * contact changes hands, the more a crash can tear.
 */

#include "tests/process/support/floor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "tests/process/support/process.h"

enum { AGENT_COUNT_MAX = 64, CHANNEL_COUNT = 4 };

static const char *const channels[CHANNEL_COUNT] = { "phone", "chat", "email", "web" };

struct floor;

/* One submit under way: which number it has. */
struct pending {
        struct floor *floor;
        uint32_t number;
};

struct desk {
        struct floor *floor;
        uint32_t session;
        uint64_t assignment, contact, epoch; /* what a request is about */
        bool is_busy;                        /* a request is under way */
};

struct floor {
        struct floor_options options;
        struct history *history;
        struct acdclient *gateway, *agents, *watcher;
        struct acd_prng prng;
        uint32_t submitted, answered;
        bool is_closing;
        uint64_t last_sequence; /* newest committed, as EVENTS pushes say */
        struct desk desk[AGENT_COUNT_MAX];
        struct pending *pending;
};

static struct acdclient_text text(const char *string)
{
        return acdclient_text(string);
}

/*
 * The gateway
 */

static void on_submitted(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct pending *pending = context;
        struct floor *floor = pending->floor;

        (void)client;
        floor->answered++;
        check(error == 0, "k%u got no answer: %s", pending->number, strerror(-error));

        const struct acdclient_result *result = acdclient_answer_result(answer);

        check(acdclient_is_done(result->code), "k%u refused: %s %.*s", pending->number,
              acdclient_result_name(result->code), (int)result->text.size, result->text.at);
        history_submit_acknowledged(floor->history, pending->number, result->id);
}

static void submit(struct floor *floor)
{
        struct pending *pending = &floor->pending[floor->submitted];
        uint64_t channel = acd_prng_below(&floor->prng, CHANNEL_COUNT);
        uint64_t queue = acd_prng_below(&floor->prng, FLOOR_QUEUE_COUNT);
        uint8_t attributes[64] = "customer data";
        char key[16];
        struct acdclient_message request = { .kind = ACDCLIENT_SUBMIT };

        snprintf(key, sizeof(key), "k%u", floor->submitted);
        request.submit.queue = text(floor_queues[queue]);
        request.submit.channel = text(channels[channel]);
        request.submit.client_key = text(key);
        request.submit.customer_key = text("someone");
        request.submit.attributes = (struct acdclient_bytes){ attributes, sizeof(attributes) };
        *pending = (struct pending){ floor, floor->submitted };
        if (acdclient_send(floor->gateway, &request, 60000, on_submitted, pending) == 0)
                floor->submitted++;
}

static void keep_busy(struct floor *floor)
{
        uint32_t open = history_open_count(floor->history);
        uint32_t waiting = floor->submitted - floor->answered;

        while (!floor->is_closing && floor->submitted < floor->options.submit_max &&
               open + waiting < floor->options.open_max) {
                uint32_t before = floor->submitted;

                submit(floor);
                if (floor->submitted == before)
                        return;
                waiting++;
        }
}

static void gateway_on_push(void *context, struct acdclient *client,
                            const struct acdclient_message *push)
{
        struct acdclient_message request = { .kind = ACDCLIENT_REPORT };

        (void)context;
        if (push->kind != ACDCLIENT_ASSIGNMENT ||
            push->assignment_push.state != ACDCLIENT_ASSIGNMENT_STATE_CONNECTING)
                return;
        request.report.contact = push->assignment_push.contact;
        request.report.assignment = push->assignment_push.assignment;
        request.report.report = ACDCLIENT_REPORT_CONNECTED;
        acdclient_send(client, &request, 60000, NULL, NULL);
}

/*
 * The agents
 */

static struct desk *desk_of(struct floor *floor, uint32_t session)
{
        for (uint32_t i = 0; i < floor->options.agent_count; i++) {
                if (floor->desk[i].session == session)
                        return &floor->desk[i];
        }
        return NULL;
}

static void act(struct desk *desk, uint16_t kind, acdclient_on_answer *on_answer)
{
        struct acdclient_message request = { .kind = kind, .session = desk->session };

        request.assignment_command.assignment = desk->assignment;
        if (kind == ACDCLIENT_ACCEPT)
                request.assignment_command.epoch = desk->epoch;
        if (kind == ACDCLIENT_REJECT)
                request.assignment_command.label = text("busy");
        acdclient_send(desk->floor->agents, &request, 60000, on_answer, desk);
}

static void on_completed(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct desk *desk = context;

        (void)client;
        if (error == 0 && acdclient_is_done(acdclient_answer_result(answer)->code))
                history_complete_acknowledged(desk->floor->history,
                                              acdclient_answer_result(answer)->id);
}

static void complete(struct desk *desk, uint64_t assignment)
{
        desk->assignment = assignment;
        act(desk, ACDCLIENT_COMPLETE, on_completed);
}

static void on_accepted(void *context, struct acdclient *client, int error,
                        const struct acdclient_message *answer)
{
        struct desk *desk = context;

        (void)client;
        if (error != 0)
                return;

        const struct acdclient_result *result = acdclient_answer_result(answer);

        if (!acdclient_is_done(result->code))
                return; /* gone or fenced: the snapshot or the next offer tells more */
        history_accept_acknowledged(desk->floor->history, result->id, desk->contact);
        if (result->state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE)
                complete(desk, result->id);
}

static void take(struct desk *desk, uint64_t assignment, uint64_t contact, uint64_t epoch)
{
        struct floor *floor = desk->floor;

        desk->assignment = assignment;
        desk->contact = contact;
        desk->epoch = epoch;
        if (acd_prng_below(&floor->prng, 100) < floor->options.reject_share)
                act(desk, ACDCLIENT_REJECT, NULL);
        else
                act(desk, ACDCLIENT_ACCEPT, on_accepted);
}

static void get_ready(struct desk *desk)
{
        struct acdclient_message request = { .kind = ACDCLIENT_READY, .session = desk->session };

        acdclient_send(desk->floor->agents, &request, 60000, NULL, NULL);
}

static void agents_on_push(void *context, struct acdclient *client,
                           const struct acdclient_message *push)
{
        struct desk *desk = desk_of(context, push->session);

        (void)client;
        if (desk == NULL)
                return;
        if (push->kind == ACDCLIENT_OFFER)
                take(desk, push->offer.assignment, push->offer.contact, push->offer.epoch);
        if (push->kind == ACDCLIENT_ASSIGNMENT_STATE &&
            push->assignment_state_push.state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE)
                complete(desk, push->assignment_state_push.assignment);
        if (push->kind == ACDCLIENT_PRESENCE &&
            push->presence_push.presence == ACDCLIENT_PRESENCE_PAUSED)
                get_ready(desk);
}

static void go_on(struct desk *desk, const struct acdclient_agent_snapshot *snapshot)
{
        for (uint32_t i = 0; i < snapshot->assignments_count; i++) {
                const struct acdclient_assignment *assignment = &snapshot->assignments[i];

                if (assignment->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED)
                        take(desk, assignment->assignment, assignment->contact, assignment->epoch);
                if (assignment->state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE)
                        complete(desk, assignment->assignment);
        }
        if (snapshot->agent.presence != ACDCLIENT_PRESENCE_READY)
                get_ready(desk);
}

static void agents_on_session(void *context, struct acdclient *client, uint32_t session,
                              enum acdclient_session_change change,
                              const struct acdclient_message *message)
{
        struct floor *floor = context;
        struct desk *desk = desk_of(floor, session);

        (void)client;
        check(change != ACDCLIENT_SESSION_REFUSED && change != ACDCLIENT_SESSION_REPLACED,
              "an agent's session is over for good");
        for (uint32_t i = 0; desk == NULL && i < floor->options.agent_count; i++) {
                if (floor->desk[i].session == 0) {
                        desk = &floor->desk[i];
                        desk->session = session;
                }
        }
        if (change == ACDCLIENT_SESSION_UP)
                go_on(desk, &message->logged_in.snapshot);
        if (change == ACDCLIENT_SESSION_SNAPSHOT)
                go_on(desk, &message->snapshot_reply.snapshot);
}

/*
 * The watcher
 */

static void watcher_on_push(void *context, struct acdclient *client,
                            const struct acdclient_message *push)
{
        struct floor *floor = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        int more;

        (void)client;
        if (push->kind != ACDCLIENT_EVENTS)
                return;
        check(!push->events.resync, "H1: the event log lost events");
        check(acdclient_events_open(&reader, &push->events), "a damaged batch of events");
        while ((more = acdclient_events_next(&reader, &event)) > 0)
                history_event(floor->history, &event);
        check(more == 0, "a damaged event");
        floor->last_sequence = push->events.last_sequence;
}

/*
 * All together
 */

static struct acdclient *client_new(const struct floor *floor, enum acdclient_role role,
                                    const char *name, const struct acdclient_listener *listener)
{
        struct acdclient_options options = {
                .address = floor->options.address,
                .tenant = "floor",
                .role = role,
                .client = name,
                .reconnect_ms_min = 5,
                .reconnect_ms_max = 50,
                .listener = *listener,
        };
        struct acdclient *client = acdclient_new(&options);

        check(client != NULL, "no client %s: %s", name, strerror(errno));
        check(acdclient_start(client) == 0, "client %s does not start", name);
        return client;
}

static void log_in(struct floor *floor)
{
        struct acdclient_address address = { .channel = text("phone"), .address = text("4711") };
        char name[16];

        for (uint32_t i = 0; i < floor->options.agent_count; i++) {
                snprintf(name, sizeof(name), "agent%u", i + 1);

                struct acdclient_agent_login login = {
                        .agent = text(name),
                        .addresses_count = 1,
                        .addresses = &address,
                };
                int session = acdclient_login(floor->agents, &login);

                check(session > 0, "no session for %s", name);
                floor->desk[i].floor = floor;
                floor->desk[i].session = (uint32_t)session;
        }
}

struct floor *floor_new(const struct floor_options *options, struct history *history)
{
        struct floor *floor = calloc(1, sizeof(*floor));
        struct acdclient_listener gateway = { .context = floor, .on_push = gateway_on_push };
        struct acdclient_listener agents = { .context = floor,
                                             .on_push = agents_on_push,
                                             .on_session = agents_on_session };
        struct acdclient_listener watcher = { .context = floor, .on_push = watcher_on_push };

        check(floor != NULL, "no memory");
        check(options->agent_count <= AGENT_COUNT_MAX, "too many agents");
        floor->options = *options;
        floor->history = history;
        floor->pending = calloc(options->submit_max, sizeof(*floor->pending));
        check(floor->pending != NULL, "no memory");
        acd_prng_init(&floor->prng, options->seed);
        floor->gateway = client_new(floor, ACDCLIENT_ROLE_GATEWAY, "gateway", &gateway);
        floor->agents = client_new(floor, ACDCLIENT_ROLE_AGENT, "desktops", &agents);
        floor->watcher = client_new(floor, ACDCLIENT_ROLE_READER, "watcher", &watcher);
        log_in(floor);
        check(acdclient_subscribe(floor->watcher, 1, NULL, NULL) > 0, "no subscription");
        return floor;
}

void floor_free(struct floor *floor)
{
        acdclient_free(floor->gateway);
        acdclient_free(floor->agents);
        acdclient_free(floor->watcher);
        free(floor->pending);
        free(floor);
}

static int sooner(int left, int right)
{
        if (left < 0 || (right >= 0 && right < left))
                return right;
        return left;
}

/* One turn of the loop over the three clients, at most @wait_ms long. */
static void turn(struct floor *floor, int wait_ms)
{
        struct acdclient *client[3] = { floor->gateway, floor->agents, floor->watcher };
        struct pollfd ready[3];

        keep_busy(floor);
        for (int i = 0; i < 3; i++) {
                ready[i].fd = acdclient_fd(client[i]);
                ready[i].events = POLLIN;
                if (acdclient_wants_write(client[i]))
                        ready[i].events |= POLLOUT;
                ready[i].revents = 0;
                wait_ms = sooner(wait_ms, acdclient_next_timeout_ms(client[i]));
        }
        check(poll(ready, 3, wait_ms) >= 0 || errno == EINTR, "poll: %s", strerror(errno));
        for (int i = 0; i < 3; i++) {
                if (ready[i].revents & (POLLIN | POLLHUP | POLLERR))
                        acdclient_on_readable(client[i]);
                if ((ready[i].revents & POLLOUT) && acdclient_fd(client[i]) == ready[i].fd)
                        acdclient_on_writable(client[i]);
                if (acdclient_next_timeout_ms(client[i]) == 0)
                        acdclient_on_timeout(client[i]);
        }
}

void floor_run(struct floor *floor, uint32_t duration_ms)
{
        uint64_t end = process_now_ms() + duration_ms;

        for (uint64_t now = process_now_ms(); now < end; now = process_now_ms())
                turn(floor, (int)(end - now));
}

bool floor_is_up(const struct floor *floor)
{
        return acdclient_connection_state(floor->gateway) == ACDCLIENT_UP &&
               acdclient_connection_state(floor->agents) == ACDCLIENT_UP &&
               acdclient_connection_state(floor->watcher) == ACDCLIENT_UP;
}

void floor_close_door(struct floor *floor)
{
        floor->is_closing = true;
}

bool floor_finish(struct floor *floor, uint32_t timeout_ms)
{
        uint64_t end = process_now_ms() + timeout_ms;

        floor_close_door(floor);
        while (process_now_ms() < end) {
                if (floor->answered == floor->submitted &&
                    history_open_count(floor->history) == 0 &&
                    history_last_sequence(floor->history) >= floor->last_sequence)
                        return true;
                turn(floor, 100);
        }
        return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agents' side of a daemon: desktops, one session each on one connection.
 *
 * A desktop keeps what it has at hand: the assignment, its state and its call.
 * Pushes change it and are passed on. After a lost connection the session's
 * snapshot replaces it: the difference between what was at hand and what the
 * snapshot says is passed on as if it had just happened.
 */

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "clients/replay/daemon_parts.h"

enum { PUSH_AGE_US_MAX = DAEMON_OFFER_US_MAX };

static void tell_agent(struct desk *desk, enum engine_event_kind kind, uint64_t core_ns)
{
        daemon_tell(desk->daemon,
                    (struct engine_event){ .kind = kind,
                                           .source = ENGINE_TOLD,
                                           .call = ENGINE_NONE,
                                           .agent = desk->index },
                    core_ns);
}

/* Something about the assignment at hand. */
static void tell_assignment(struct desk *desk, enum engine_event_kind kind, uint64_t core_ns)
{
        daemon_tell(desk->daemon,
                    (struct engine_event){ .kind = kind,
                                           .source = ENGINE_TOLD,
                                           .call = desk->call,
                                           .agent = desk->index,
                                           .value = desk->assignment },
                    core_ns);
}

/* The assignment at hand is now in @state. */
static void move(struct desk *desk, enum acdclient_assignment_state state, uint64_t core_ns)
{
        bool was_offered = desk->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED ||
                           desk->state == ACDCLIENT_ASSIGNMENT_STATE_CONNECTING;

        if (desk->assignment == 0 || desk->state == state)
                return;
        desk->state = state;
        if (state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE && was_offered) {
                tell_assignment(desk, ENGINE_CONNECTED, core_ns);
        } else if (state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP) {
                tell_assignment(desk, ENGINE_CLOSED, core_ns);
                tell_assignment(desk, ENGINE_WRAP_UP, core_ns);
        } else if (state == ACDCLIENT_ASSIGNMENT_STATE_CLOSED) {
                tell_assignment(desk, was_offered ? ENGINE_OFFER_ENDED : ENGINE_FREED, core_ns);
                desk->assignment = 0;
        }
}

static void take_offer(struct desk *desk, uint64_t assignment, uint32_t call, uint64_t core_ns)
{
        desk->assignment = assignment;
        desk->call = call;
        desk->state = ACDCLIENT_ASSIGNMENT_STATE_OFFERED;
        tell_assignment(desk, ENGINE_OFFERED, core_ns);
}

static void on_offer(struct desk *desk, const struct acdclient_offer *offer)
{
        struct daemon_engine *daemon = desk->daemon;
        uint32_t call = daemon_call_of_key(daemon, offer->client_key);

        /* Somebody else's call: left to its timeout. */
        if (call == ENGINE_NONE)
                return;
        if (offer->offer_count <= 1 && offer->waited_ms == 0 && offer->attributes.size == 8) {
                int64_t us = (daemon_real_ns() - (int64_t)acd_get_u64(offer->attributes.at)) / 1000;

                if (us >= 0 && us < PUSH_AGE_US_MAX)
                        histogram_add(daemon->facts.offer_us, (uint64_t)us, 1);
        }
        take_offer(desk, offer->assignment, call, offer->server_time_ns);
}

static void on_presence(struct desk *desk, enum acdclient_presence presence, uint64_t core_ns)
{
        switch (presence) {
        case ACDCLIENT_PRESENCE_READY:
                tell_agent(desk, ENGINE_READY, core_ns);
                return;
        case ACDCLIENT_PRESENCE_LOGGED_OUT:
                desk->is_out = true;
                tell_agent(desk, ENGINE_OUT, core_ns);
                return;
        case ACDCLIENT_PRESENCE_PAUSED:
        case ACDCLIENT_PRESENCE_LOST:
        case ACDCLIENT_PRESENCE_UNSPECIFIED:
                tell_agent(desk, ENGINE_AWAY, core_ns);
                return;
        }
}

/* The state of the assignment at hand in a snapshot: CLOSED when it is not there. */
static enum acdclient_assignment_state state_in(const struct acdclient_agent_snapshot *snapshot,
                                                uint64_t assignment)
{
        for (uint32_t i = 0; i < snapshot->assignments_count; i++)
                if (snapshot->assignments[i].assignment == assignment)
                        return snapshot->assignments[i].state;
        return ACDCLIENT_ASSIGNMENT_STATE_CLOSED;
}

/* What the snapshot says replaces what was at hand. */
static void on_snapshot(struct desk *desk, const struct acdclient_agent_snapshot *snapshot,
                        uint64_t core_ns)
{
        if (desk->assignment != 0)
                move(desk, state_in(snapshot, desk->assignment), core_ns);
        for (uint32_t i = 0; i < snapshot->assignments_count && desk->assignment == 0; i++) {
                const struct acdclient_assignment *assignment = &snapshot->assignments[i];
                uint32_t call = daemon_call_of_key(desk->daemon, assignment->client_key);

                if (call == ENGINE_NONE)
                        continue;
                take_offer(desk, assignment->assignment, call, core_ns);
                move(desk, assignment->state, core_ns);
        }
        if (snapshot->has_agent)
                on_presence(desk, snapshot->agent.presence, core_ns);
}

static struct desk *desk_of(struct daemon_engine *daemon, uint32_t session)
{
        for (uint32_t i = 0; i < daemon->plan->agent_count; i++)
                if (daemon->desk[i].session == session && session != 0)
                        return &daemon->desk[i];
        return NULL;
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct daemon_engine *daemon = context;
        struct desk *desk = desk_of(daemon, push->session);

        (void)client;
        if (desk == NULL)
                return;
        switch (push->kind) {
        case ACDCLIENT_OFFER:
                on_offer(desk, &push->offer);
                return;
        case ACDCLIENT_OFFER_ENDED:
                if (push->offer_ended.assignment == desk->assignment)
                        move(desk, ACDCLIENT_ASSIGNMENT_STATE_CLOSED,
                             push->offer_ended.server_time_ns);
                return;
        case ACDCLIENT_ASSIGNMENT_STATE:
                if (push->assignment_state_push.assignment == desk->assignment)
                        move(desk, push->assignment_state_push.state,
                             push->assignment_state_push.server_time_ns);
                return;
        case ACDCLIENT_PRESENCE:
                on_presence(desk, push->presence_push.presence, push->presence_push.server_time_ns);
                return;
        default:
                return;
        }
}

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        struct daemon_engine *daemon = context;
        struct desk *desk = desk_of(daemon, session);

        (void)client;
        if (desk == NULL)
                return;
        switch (change) {
        case ACDCLIENT_SESSION_UP:
                on_snapshot(desk, &message->logged_in.snapshot,
                            message->logged_in.result.server_time_ns);
                return;
        case ACDCLIENT_SESSION_SNAPSHOT:
                on_snapshot(desk, &message->snapshot_reply.snapshot,
                            message->snapshot_reply.result.server_time_ns);
                return;
        case ACDCLIENT_SESSION_DOWN:
                return;
        case ACDCLIENT_SESSION_REFUSED:
        case ACDCLIENT_SESSION_REPLACED:
                daemon_fail(daemon, -EACCES, daemon->plan->agent[desk->index].name);
                return;
        case ACDCLIENT_SESSION_OVER:
                desk->session = 0;
                return;
        }
}

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct desk *desk = context;

        (void)client;
        daemon_note_answer(desk->daemon, error, answer, ENGINE_NONE, desk->index);
}

int daemon_log_in(void *self, uint32_t agent)
{
        struct daemon_engine *daemon = self;
        struct desk *desk = &daemon->desk[agent];
        const char *name = daemon->plan->agent[agent].name;
        struct acdclient_address address = { .channel = acdclient_text("phone"),
                                             .address = acdclient_text(name) };
        struct acdclient_agent_login login = { .agent = acdclient_text(name),
                                               .addresses_count = 1,
                                               .addresses = &address };
        int session;

        /* The session of an agent who left after his last contact has lived on. */
        if (desk->session != 0)
                acdclient_session_forget(daemon->desks, desk->session);
        session = acdclient_login(daemon->desks, &login);
        if (session < 0)
                return session;
        desk->session = (uint32_t)session;
        desk->is_out = false;
        return 0;
}

int daemon_log_out(void *self, uint32_t agent)
{
        struct daemon_engine *daemon = self;
        struct desk *desk = &daemon->desk[agent];

        desk->is_out = true;
        tell_agent(desk, ENGINE_OUT, daemon->known_ns);
        return acdclient_logout(daemon->desks, desk->session, on_answer, desk);
}

static int send(struct desk *desk, struct acdclient_message *request)
{
        request->session = desk->session;
        return acdclient_send(desk->daemon->desks, request, 0, on_answer, desk);
}

int daemon_ready(void *self, uint32_t agent)
{
        struct acdclient_message request = { .kind = ACDCLIENT_READY };

        return send(&((struct daemon_engine *)self)->desk[agent], &request);
}

int daemon_pause(void *self, uint32_t agent)
{
        struct acdclient_message request = { .kind = ACDCLIENT_PAUSE };

        request.agent_pause.label = acdclient_text("break");
        return send(&((struct daemon_engine *)self)->desk[agent], &request);
}

int daemon_after_this(void *self, uint32_t agent, enum engine_event_kind state)
{
        struct acdclient_message request = { .kind = ACDCLIENT_NEXT_STATE };

        request.agent_next.next = state == ENGINE_READY ? ACDCLIENT_PRESENCE_READY
                                  : state == ENGINE_OUT ? ACDCLIENT_PRESENCE_LOGGED_OUT
                                                        : ACDCLIENT_PRESENCE_PAUSED;
        if (state == ENGINE_AWAY)
                request.agent_next.label = acdclient_text("break");
        return send(&((struct daemon_engine *)self)->desk[agent], &request);
}

static int on_assignment(void *self, uint32_t agent, uint64_t assignment, uint16_t kind)
{
        struct acdclient_message request = { .kind = kind };

        request.assignment_command.assignment = assignment;
        return send(&((struct daemon_engine *)self)->desk[agent], &request);
}

int daemon_accept(void *self, uint32_t agent, uint64_t offer)
{
        return on_assignment(self, agent, offer, ACDCLIENT_ACCEPT);
}

int daemon_complete(void *self, uint32_t agent, uint64_t assignment)
{
        return on_assignment(self, agent, assignment, ACDCLIENT_COMPLETE);
}

int daemon_end_wrap_up(void *self, uint32_t agent, uint64_t assignment)
{
        return on_assignment(self, agent, assignment, ACDCLIENT_WRAP_UP);
}

int daemon_desks_open(struct daemon_engine *daemon)
{
        struct acdclient_listener listener = { .context = daemon,
                                               .on_push = on_push,
                                               .on_session = on_session };

        daemon->desks = daemon_client(daemon, ACDCLIENT_ROLE_AGENT, "replay-desks", &listener);
        return daemon->desks == NULL ? daemon->error : 0;
}

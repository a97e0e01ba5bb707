/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A desktop server of the simulation: some agents on one connection.
 *
 * Agents answer offers, work, hold, park, wrap up; they pause and log out now and then;
 * after a reconnect they log in and take the snapshot for the truth. Pushes of a session
 * are numbered without a gap.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/clients_private.h"

#define HEARTBEAT_AFTER (SIM_SECOND + SIM_SECOND / 2)
#define CHANGE_GAP (20 * SIM_SECOND)

static struct sim *sim_of(const struct sim_desk *desk)
{
        return desk->peer.sim;
}

static struct desk_agent *agent_of(struct sim_desk *desk, uint32_t session)
{
        for (uint32_t i = 0; i < desk->agent_count; i++)
                if (session != 0 && desk->agent[i].session == session)
                        return &desk->agent[i];
        return NULL;
}

static struct desk_work *work_of(struct desk_agent *agent, uint64_t assignment)
{
        for (uint32_t i = 0; i < AGENT_HAND_MAX; i++)
                if (agent->work[i].state != ACD_ASSIGNMENT_FREE &&
                    agent->work[i].assignment == assignment)
                        return &agent->work[i];
        return NULL;
}

/* How long until he does something about it. */
static uint64_t patience(struct sim *sim, enum acd_assignment_state state)
{
        uint64_t mean = sim->shape.handle_ns;

        if (state == ACD_ASSIGNMENT_OFFERED)
                mean = 200 * (uint64_t)SIM_NS_PER_MS;
        if (sim->phase != SIM_FAULTS && mean > SIM_SECOND / 4)
                mean = SIM_SECOND / 4;
        return sim->now + sim_about(sim, mean);
}

static void put_work(struct sim_desk *desk, struct desk_agent *agent, uint64_t assignment,
                     uint64_t contact, enum acd_assignment_state state)
{
        struct desk_work *work = work_of(agent, assignment);

        if (state == ACD_ASSIGNMENT_CLOSED) {
                if (work != NULL)
                        work->state = ACD_ASSIGNMENT_FREE;
                return;
        }
        for (uint32_t i = 0; i < AGENT_HAND_MAX && work == NULL; i++)
                if (agent->work[i].state == ACD_ASSIGNMENT_FREE)
                        work = &agent->work[i];
        if (work == NULL)
                sim_fail(sim_of(desk), "%s: more work than hands", agent->name);
        *work = (struct desk_work){ .assignment = assignment,
                                    .contact = contact,
                                    .state = state,
                                    .act_at = patience(sim_of(desk), state) };
}

/* Asking */

static bool ask(struct sim_desk *desk, struct desk_agent *agent, struct wire_message *message,
                uint64_t subject)
{
        message->session = agent->session;
        agent->said_at = sim_of(desk)->now;
        return peer_ask(&desk->peer, message, subject, (uint32_t)(agent - desk->agent));
}

static void ask_plainly(struct sim_desk *desk, struct desk_agent *agent, uint16_t kind)
{
        struct wire_message message = { .kind = kind };

        if (kind == WIRE_PAUSE)
                message.agent_pause.label = wire_text("break");
        (void)ask(desk, agent, &message, 0);
}

static void log_in(struct sim_desk *desk, struct desk_agent *agent)
{
        struct wire_message message = { .kind = WIRE_LOGIN };
        struct wire_address address = { .channel = wire_text("phone"),
                                        .address = wire_text(agent->name) };

        message.agent_login = (struct wire_agent_login){ .agent = wire_text(agent->name),
                                                         .addresses_count = 1,
                                                         .addresses = &address };
        agent->session = 0;
        agent->is_asked = ask(desk, agent, &message, 0);
}

static void ask_about(struct sim_desk *desk, struct desk_agent *agent, struct desk_work *work,
                      uint16_t kind)
{
        struct wire_message message = { .kind = kind };

        message.assignment_command.assignment = work->assignment;
        if (kind == WIRE_REJECT || kind == WIRE_COMPLETE)
                message.assignment_command.label = wire_text("because");
        work->is_asked = ask(desk, agent, &message, work->assignment);
        work->act_at = patience(sim_of(desk), work->state);
}

/* What an agent does next about what he has in hand. */
static void act(struct sim_desk *desk, struct desk_agent *agent, struct desk_work *work)
{
        struct sim *sim = sim_of(desk);
        bool is_well = sim->phase != SIM_FAULTS;

        switch (work->state) {
        case ACD_ASSIGNMENT_OFFERED:
                work->act_at = patience(sim, work->state);
                if (!is_well && sim_percent(sim, sim->shape.ignore_percent))
                        work->act_at += 60 * SIM_SECOND;
                else if (!is_well && sim_percent(sim, sim->shape.reject_percent))
                        ask_about(desk, agent, work, WIRE_REJECT);
                else
                        ask_about(desk, agent, work, WIRE_ACCEPT);
                break;
        case ACD_ASSIGNMENT_ACTIVE:
                ask_about(desk, agent, work, !is_well && sim_percent(sim, 10) ? WIRE_HOLD :
                                             !is_well && sim_percent(sim, 5)  ? WIRE_PARK :
                                                                                WIRE_COMPLETE);
                break;
        case ACD_ASSIGNMENT_HELD:
                ask_about(desk, agent, work, WIRE_UNHOLD);
                break;
        case ACD_ASSIGNMENT_PARKED:
                ask_about(desk, agent, work, sim_percent(sim, 30) ? WIRE_UNPARK : WIRE_COMPLETE);
                break;
        case ACD_ASSIGNMENT_WRAP_UP:
                if (sim_percent(sim, 50))
                        ask_about(desk, agent, work, WIRE_WRAP_UP);
                else
                        work->act_at += 2 * SIM_SECOND;
                break;
        case ACD_ASSIGNMENT_CONNECTING:
        case ACD_ASSIGNMENT_CLOSED:
        case ACD_ASSIGNMENT_FREE:
                work->act_at = patience(sim, work->state);
                break;
        }
}

/* What came */

static void take_snapshot(struct sim_desk *desk, struct desk_agent *agent,
                          const struct wire_agent_snapshot *snapshot)
{
        memset(agent->work, 0, sizeof(agent->work));
        agent->id = snapshot->agent.agent_id;
        agent->presence = snapshot->agent.presence;
        agent->push = snapshot->push;
        for (uint32_t i = 0; i < snapshot->assignments_count; i++) {
                const struct wire_assignment *assignment = &snapshot->assignments[i];

                put_work(desk, agent, assignment->assignment, assignment->contact,
                         assignment->state);
        }
}

static void on_logged_in(struct sim_desk *desk, struct desk_agent *agent,
                         const struct wire_logged_in *reply)
{
        agent->is_asked = false;
        agent->session = reply->session;
        take_snapshot(desk, agent, &reply->snapshot);
}

static void keep_promise(struct sim_desk *desk, const struct desk_agent *agent,
                         const struct desk_work *work, uint16_t kind)
{
        struct sim_oracle *oracle = sim_of(desk)->oracle;

        if (kind == WIRE_ACCEPT)
                oracle_accepted(oracle, work->assignment, agent->id);
        if (kind == WIRE_COMPLETE)
                oracle_completed(oracle, work->contact);
}

static void on_result(struct sim_desk *desk, struct desk_agent *agent,
                      const struct wire_result *result, const struct peer_request *request)
{
        struct desk_work *work = work_of(agent, request->subject);

        if (request->kind == WIRE_LOGIN) {
                agent->is_asked = false;
                return;
        }
        if (request->session != agent->session)
                return;
        if (result->code == ACD_NOT_LOGGED_IN || result->code == ACD_REPLACED) {
                agent->session = 0;
                return;
        }
        if (work == NULL || request->subject == 0)
                return;
        work->is_asked = false;
        if (result->code == ACD_OK)
                keep_promise(desk, agent, work, request->kind);
        else if (result->code == ACD_GONE)
                work->state = ACD_ASSIGNMENT_FREE;
        else if (result->code != ACD_DUPLICATE)
                ask_plainly(desk, agent, WIRE_SNAPSHOT);
}

/* Pushes are numbered from 1. */
static void check_number(struct sim_desk *desk, struct desk_agent *agent, uint32_t push)
{
        if (push != agent->push + 1)
                sim_fail(sim_of(desk), "%s: push %u follows on %u", agent->name, push,
                         agent->push);
        agent->push = push;
}

static void on_push(struct sim_desk *desk, struct desk_agent *agent,
                    const struct wire_message *message)
{
        struct sim *sim = sim_of(desk);

        if (message->kind == WIRE_OFFER) {
                const struct wire_offer *offer = &message->offer;

                check_number(desk, agent, offer->push);
                oracle_shown(sim->oracle, offer->assignment, offer->contact);
                put_work(desk, agent, offer->assignment, offer->contact, offer->state);
        } else if (message->kind == WIRE_OFFER_ENDED) {
                check_number(desk, agent, message->offer_ended.push);
                put_work(desk, agent, message->offer_ended.assignment, 0, ACD_ASSIGNMENT_CLOSED);
        } else if (message->kind == WIRE_ASSIGNMENT_STATE) {
                const struct wire_assignment_state_push *state = &message->assignment_state_push;

                check_number(desk, agent, state->push);
                put_work(desk, agent, state->assignment, state->contact, state->state);
        } else if (message->kind == WIRE_PRESENCE) {
                check_number(desk, agent, message->presence_push.push);
                agent->presence = message->presence_push.presence;
                if (agent->presence == ACD_PRESENCE_LOGGED_OUT)
                        agent->session = 0;
        } else if (message->kind == WIRE_REPLACED) {
                agent->session = 0;
        }
}

static void on_message(void *self, const struct wire_message *message,
                       const struct peer_request *request)
{
        struct sim_desk *desk = self;
        struct desk_agent *agent;

        if (request == NULL) {
                agent = agent_of(desk, message->session);
                if (agent != NULL)
                        on_push(desk, agent, message);
                return;
        }
        if (request->kind == WIRE_HELLO || request->kind == WIRE_PING)
                return;
        agent = &desk->agent[request->number];
        if (message->kind == WIRE_LOGGED_IN)
                on_logged_in(desk, agent, &message->logged_in);
        else if (message->kind == WIRE_AGENT_SNAPSHOT && request->session == agent->session)
                take_snapshot(desk, agent, &message->snapshot_reply.snapshot);
        else if (message->kind == WIRE_RESULT)
                on_result(desk, agent, &message->result, request);
}

static void on_lost(void *self)
{
        struct sim_desk *desk = self;

        for (uint32_t i = 0; i < desk->agent_count; i++) {
                desk->agent[i].session = 0;
                desk->agent[i].is_asked = false;
                memset(desk->agent[i].work, 0, sizeof(desk->agent[i].work));
        }
}

void desk_init(struct sim_desk *desk, struct sim *sim, uint32_t number, uint32_t agent_count)
{
        snprintf(desk->name, sizeof(desk->name), "desk%u", number);
        peer_init(&desk->peer, sim, desk->name);
        desk->peer.on_message = on_message;
        desk->peer.on_lost = on_lost;
        desk->peer.self = desk;
        desk->agent_count = agent_count;
        for (uint32_t i = 0; i < agent_count; i++) {
                snprintf(desk->agent[i].name, sizeof(desk->agent[i].name), "a%u",
                         number * DESK_AGENT_MAX + i);
                desk->agent[i].change_at = sim_about(sim, CHANGE_GAP);
        }
}

/* Ready is what an agent wants to be, but for a pause or a log out now and then. */
static void change_presence(struct sim_desk *desk, struct desk_agent *agent)
{
        struct sim *sim = sim_of(desk);

        agent->change_at = sim->now + sim_about(sim, CHANGE_GAP);
        if (agent->presence == ACD_PRESENCE_PAUSED)
                ask_plainly(desk, agent, WIRE_READY);
        else if (sim->phase == SIM_FAULTS && sim_percent(sim, 60))
                ask_plainly(desk, agent, WIRE_PAUSE);
        else if (sim->phase == SIM_FAULTS)
                ask_plainly(desk, agent, WIRE_LOGOUT);
        if (agent->presence == ACD_PRESENCE_PAUSED || sim->phase != SIM_FAULTS)
                return;
        /* Not for long. */
        agent->change_at = sim->now + sim_about(sim, 2 * SIM_SECOND);
}

static void tend(struct sim_desk *desk, struct desk_agent *agent)
{
        struct sim *sim = sim_of(desk);

        if (agent->session == 0) {
                if (!agent->is_asked)
                        log_in(desk, agent);
                return;
        }
        if (agent->presence == ACD_PRESENCE_PAUSED && agent->change_at > sim->now + SIM_SECOND * 3)
                agent->change_at = sim->now + sim_about(sim, SIM_SECOND);
        if (sim->now >= agent->change_at)
                change_presence(desk, agent);
        for (uint32_t i = 0; i < AGENT_HAND_MAX; i++) {
                struct desk_work *work = &agent->work[i];

                if (work->state != ACD_ASSIGNMENT_FREE && !work->is_asked &&
                    sim->now >= work->act_at)
                        act(desk, agent, work);
        }
        if (sim->now - agent->said_at > HEARTBEAT_AFTER)
                ask_plainly(desk, agent, WIRE_HEARTBEAT);
}

void desk_step(struct sim_desk *desk)
{
        if (!peer_connect(&desk->peer, WIRE_ROLE_AGENT, 0))
                return;
        if (peer_is_open(&desk->peer))
                for (uint32_t i = 0; i < desk->agent_count; i++)
                        tend(desk, &desk->agent[i]);
        peer_step(&desk->peer);
}

uint64_t desk_next(const struct sim_desk *desk)
{
        uint64_t next = peer_next(&desk->peer);

        for (uint32_t i = 0; i < desk->agent_count && peer_is_open(&desk->peer); i++) {
                const struct desk_agent *agent = &desk->agent[i];

                if (agent->session == 0)
                        continue;
                if (agent->change_at < next)
                        next = agent->change_at;
                if (agent->said_at + HEARTBEAT_AFTER < next)
                        next = agent->said_at + HEARTBEAT_AFTER + 1;
                for (uint32_t k = 0; k < AGENT_HAND_MAX; k++)
                        if (agent->work[k].state != ACD_ASSIGNMENT_FREE &&
                            !agent->work[k].is_asked && agent->work[k].act_at < next)
                                next = agent->work[k].act_at;
        }
        return next;
}

bool desk_is_ready(const struct sim_desk *desk)
{
        for (uint32_t i = 0; i < desk->agent_count; i++)
                if (desk->agent[i].session == 0 ||
                    desk->agent[i].presence != ACD_PRESENCE_READY)
                        return false;
        return true;
}

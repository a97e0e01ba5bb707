/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agents' side of the load.
 *
 *            OFFER           result of ACCEPT           timer          result of COMPLETE
 *      idle ------> accepting ---------------> busy ----------> completing ----> idle
 *                       |                       ^
 *                       | media: connecting ----+ ASSIGNMENT_STATE active
 *
 * Without a handle time ACCEPT and COMPLETE leave together, as a client that
 * knows what it wants may do: the state goes from idle to completing at once.
 *
 * An offer that ends before it is accepted (a daemon or a load too slow for the
 * offer's time) is counted; the agent is idle again.
 */

#include "clients/bench/hot.h"
#include "clients/bench/load.h"
#include "wire/codec.h"

enum { HEARTBEAT_STEP = 256 };

static struct agent *find_agent(struct load *load, uint32_t session, uint32_t *ret_index)
{
        uint32_t at = session * UINT32_C(2654435761) & load->session_mask;

        while (load->session[at].session != session) {
                if (load->session[at].session == 0)
                        return NULL;
                at = (at + 1) & load->session_mask;
        }
        *ret_index = load->session[at].agent;
        return &load->agent[*ret_index];
}

void load_add_session(struct load *load, uint32_t session, uint32_t agent)
{
        uint32_t at = session * UINT32_C(2654435761) & load->session_mask;

        while (load->session[at].session != 0)
                at = (at + 1) & load->session_mask;
        load->session[at] = (struct session_slot){ session, agent };
        load->agent[agent].session = session;
}

static bool ask(struct load *load, uint32_t index, uint16_t kind, enum asked_kind asked_kind)
{
        struct agent *agent = &load->agent[index];
        struct line *line = &load->line[agent->line];
        struct asked asked = { .agent = index, .kind = (uint8_t)asked_kind };
        uint32_t correlation = load->ring[line->index].end;
        bool is_empty = asked_kind == ASKED_READY || asked_kind == ASKED_HEARTBEAT;
        size_t size = is_empty ? HOT_EMPTY_SIZE : HOT_COMMAND_SIZE;
        uint8_t *at = load_room(load, line, size);

        if (at == NULL)
                return load_fail(load, EXIT_CHECK, "an agent has more to say than fits");
        if (is_empty)
                hot_put_empty(at, kind, correlation, agent->session);
        else
                hot_put_command(at, kind, correlation, agent->session, agent->assignment);
        agent->sent_ns = load->now_ns;
        load_put(load, line, size, asked);
        return true;
}

bool load_ready(struct load *load, uint32_t agent)
{
        return ask(load, agent, WIRE_READY, ASKED_READY);
}

static bool complete(struct load *load, uint32_t index)
{
        load->agent[index].state = AGENT_COMPLETING;
        return ask(load, index, WIRE_COMPLETE, ASKED_COMPLETE);
}

static bool begin_work(struct load *load, uint32_t index)
{
        uint64_t handle_ns = spread_draw(&load->settings->handle, &load->prng);

        if (handle_ns == 0)
                return complete(load, index);
        load->agent[index].state = AGENT_BUSY;
        acd_wheel_set(&load->wheel, index + 1,
                      (load->now_ns + handle_ns - load->base_ns + LOAD_TICK_NS - 1) / LOAD_TICK_NS);
        return true;
}

void load_agent_timers(struct load *load)
{
        uint64_t tick = (load->now_ns - load->base_ns) / LOAD_TICK_NS;
        uint32_t timer;

        if (load->wheel.count == 0)
                return;
        while (acd_wheel_step(&load->wheel, tick, &timer)) {
                if (timer != 0 && !complete(load, timer - 1))
                        return;
        }
}

/*
 * Pushes
 */

static bool on_offer(struct load *load, const struct wire_frame *frame)
{
        struct ledger_entry *entry;
        struct hot_offer offer;
        uint32_t index;
        struct agent *agent = find_agent(load, frame->session, &index);
        enum ledger_fault fault;

        if (agent == NULL || !hot_peek_offer(frame->body, frame->body_size, &offer))
                return load_fail(load, EXIT_CHECK, "an offer cannot be read");
        if (agent->state != AGENT_IDLE)
                load_violation(load, offer.contact, "was offered to an agent who has another one");
        fault = ledger_offer(&load->ledger, offer.contact, index, load->now_ns, &entry);
        if (fault != LEDGER_OK) {
                load_violation(load, offer.contact, ledger_text(fault));
        } else if (load->measure != NULL && (entry->bits & LEDGER_ACKED) &&
                   entry->due_ns >= load->record_from_ns && entry->offered_ns == load->now_ns) {
                histogram_add(load->measure->offer, load->now_ns - entry->due_ns, 1);
        }
        agent->assignment = offer.assignment;
        agent->contact = offer.contact;
        agent->state = AGENT_ACCEPTING;
        if (!ask(load, index, WIRE_ACCEPT, ASKED_ACCEPT))
                return false;
        return !load->is_pipelined || complete(load, index);
}

static bool on_offer_ended(struct load *load, const struct wire_frame *frame)
{
        struct hot_assignment push;
        uint32_t index;
        struct agent *agent = find_agent(load, frame->session, &index);
        enum ledger_fault fault;

        if (agent == NULL || !hot_peek_offer_ended(frame->body, frame->body_size, &push))
                return load_fail(load, EXIT_CHECK, "the end of an offer cannot be read");
        if (agent->state == AGENT_IDLE || agent->assignment != push.assignment)
                return true;
        fault = ledger_take_back(&load->ledger, push.contact, index);
        if (fault != LEDGER_OK)
                load_violation(load, push.contact, ledger_text(fault));
        load->missed_count++;
        agent->state = AGENT_IDLE;
        acd_wheel_stop(&load->wheel, index + 1);
        return true;
}

static bool on_state(struct load *load, const struct wire_frame *frame)
{
        struct hot_assignment push;
        uint32_t index;
        struct agent *agent = find_agent(load, frame->session, &index);

        if (agent == NULL || !hot_peek_assignment_state(frame->body, frame->body_size, &push))
                return load_fail(load, EXIT_CHECK, "a push cannot be read");
        if (push.state != ACD_ASSIGNMENT_ACTIVE || agent->state != AGENT_CONNECTING ||
            agent->assignment != push.assignment)
                return true;
        return begin_work(load, index);
}

/*
 * Answers
 */

static bool accepted(struct load *load, uint32_t index, const struct hot_result *result)
{
        struct agent *agent = &load->agent[index];

        /* Too late: OFFER_ENDED says so as well. */
        if (result->code == ACD_GONE)
                return true;
        if (result->code != ACD_OK || result->id != agent->assignment) {
                load_violation(load, agent->contact, "was not accepted");
                return true;
        }
        if (agent->state != AGENT_ACCEPTING)
                return true;
        if (result->state == ACD_ASSIGNMENT_CONNECTING) {
                agent->state = AGENT_CONNECTING;
                return true;
        }
        return begin_work(load, index);
}

static bool completed(struct load *load, uint32_t index, const struct hot_result *result)
{
        struct agent *agent = &load->agent[index];
        enum ledger_fault fault;

        if (result->code == ACD_GONE)
                return true;
        if (result->code != ACD_OK || result->id != agent->assignment ||
            agent->state != AGENT_COMPLETING) {
                load_violation(load, agent->contact, "was not completed");
                return true;
        }
        fault = ledger_complete(&load->ledger, agent->contact, index);
        if (fault != LEDGER_OK)
                load_violation(load, agent->contact, ledger_text(fault));
        agent->state = AGENT_IDLE;
        load->done_count++;
        return true;
}

static bool answer(struct load *load, struct line *line, const struct wire_frame *frame)
{
        struct hot_result result;
        struct asked asked;

        if (!load_take_asked(load, line, frame, &asked))
                return false;
        if (asked.kind == ASKED_PING)
                return true;
        if (!hot_peek_result(frame->body, frame->body_size, &result))
                return load_fail(load, EXIT_CHECK, "a result cannot be read");
        if (asked.kind == ASKED_ACCEPT)
                return accepted(load, asked.agent, &result);
        if (asked.kind == ASKED_COMPLETE)
                return completed(load, asked.agent, &result);
        if (asked.kind == ASKED_HEARTBEAT)
                load->agent[asked.agent].has_heartbeat = false;
        if (result.code != ACD_OK && result.code != ACD_DUPLICATE)
                return load_fail(load, EXIT_CHECK, "an agent's %s was refused: result %u (%s)",
                                 asked.kind == ASKED_READY ? "READY" : "HEARTBEAT", result.code,
                                 load_result_name(result.code));
        return true;
}

bool load_agent_frame(struct load *load, struct line *line, const struct wire_frame *frame)
{
        switch (frame->kind) {
        case WIRE_RESULT:
        case WIRE_PONG:
                return answer(load, line, frame);
        case WIRE_OFFER:
                return on_offer(load, frame);
        case WIRE_OFFER_ENDED:
                return on_offer_ended(load, frame);
        case WIRE_ASSIGNMENT_STATE:
                return !load->is_media || on_state(load, frame);
        case WIRE_REPLACED:
                return load_fail(load, EXIT_CHECK, "somebody else logged in as one of the agents");
        case WIRE_BYE:
                return load_bye(load, frame);
        default:
                return true;
        }
}

/*
 * Signs of life: of agents who have nothing to say, a few at a time, and of lines.
 */

static void ping(struct load *load, struct line *line)
{
        uint8_t *at = load_room(load, line, HOT_EMPTY_SIZE);
        struct asked asked = { .kind = ASKED_PING };

        if (at == NULL || line->sent_ns + load->heartbeat_ms * UINT64_C(500000) > load->now_ns)
                return;
        hot_put_empty(at, WIRE_PING, load->ring[line->index].end, 0);
        load_put(load, line, HOT_EMPTY_SIZE, asked);
}

void load_heartbeats(struct load *load)
{
        uint64_t silence_ns = load->heartbeat_ms * UINT64_C(500000);
        uint32_t agents = load->settings->agents;
        /* All are looked at within a quarter of the time. */
        uint64_t step_ns = silence_ns / 2 / (agents / HEARTBEAT_STEP + 1);

        load->heartbeat_at_ns = load->now_ns + step_ns;
        for (uint32_t i = 0; i < HEARTBEAT_STEP && i < agents; i++) {
                uint32_t index = load->heartbeat_agent++ % agents;

                struct agent *agent = &load->agent[index];

                if (agent->has_heartbeat || agent->sent_ns + silence_ns >= load->now_ns)
                        continue;
                agent->has_heartbeat = true;
                if (!ask(load, index, WIRE_HEARTBEAT, ASKED_HEARTBEAT))
                        return;
        }
        for (uint32_t i = 0; i < load->settings->gateways; i++)
                ping(load, &load->line[i]);
}

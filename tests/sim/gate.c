/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A gateway of the simulation: it submits contacts, with a key each, until they are
 * acknowledged; connects media; lets customers give up; and after each reconnect names
 * what it holds.
 *
 * It believes a contact to be open until it is told otherwise, and asks now and then.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/clients_private.h"

/* Time between two questions about a contact. */
#define QUERY_GAP (4 * SIM_SECOND)
#define RETRY_GAP (SIM_SECOND / 2)

static struct gate_contact *contact_of(struct sim_gate *gate, uint64_t id)
{
        for (uint32_t i = 0; i < gate->top; i++)
                if (gate->contact[i].state == GATE_OPEN && gate->contact[i].id == id)
                        return &gate->contact[i];
        return NULL;
}

static void over(struct sim_gate *gate, struct gate_contact *contact)
{
        ACD_ASSERT(contact->state != GATE_FREE);
        contact->state = GATE_FREE;
        gate->open_count--;
}

/* Asking */

static void submit(struct sim_gate *gate, uint32_t index)
{
        struct gate_contact *contact = &gate->contact[index];
        struct wire_message message = { .kind = WIRE_SUBMIT };
        char queue[CLIENT_NAME_SIZE];

        snprintf(queue, sizeof(queue), "q%u", contact->queue);
        message.submit = (struct wire_submit){ .queue = wire_text(queue),
                                               .channel = wire_text(contact->channel),
                                               .has_band = contact->has_band,
                                               .band = contact->band,
                                               .credit_ms = contact->credit_ms,
                                               .client_key = wire_text(contact->key) };
        if (peer_ask(&gate->peer, &message, 0, index))
                contact->is_asked = true;
}

static void make(struct sim_gate *gate)
{
        struct sim *sim = gate->peer.sim;
        uint32_t index = 0;
        struct gate_contact *contact;

        while (index < gate->top && gate->contact[index].state != GATE_FREE)
                index++;
        if (index == GATE_CONTACT_MAX)
                return;
        if (index == gate->top)
                gate->top++;
        contact = &gate->contact[index];
        *contact = (struct gate_contact){ .state = GATE_NEW,
                                          .queue = (uint32_t)sim_below(sim, QUEUE_COUNT),
                                          .channel = "chat" };
        if (sim_percent(sim, sim->shape.media_percent))
                contact->channel = "phone";
        else if (sim_percent(sim, sim->shape.stored_percent))
                contact->channel = "email";
        contact->has_band = sim_percent(sim, 20);
        contact->band = (uint32_t)sim_below(sim, 4) + 7;
        contact->credit_ms = sim_percent(sim, 20) ? (uint32_t)sim_below(sim, 20) * 1000 : 0;
        if (sim_percent(sim, sim->shape.abandon_percent))
                contact->give_up_at = sim->now + sim_about(sim, 3 * SIM_SECOND);
        contact->query_at = sim->now + sim_about(sim, QUERY_GAP);
        snprintf(contact->key, sizeof(contact->key), "%s-%u", gate->name, gate->made_count++);
        gate->open_count++;
        submit(gate, index);
}

static void query(struct sim_gate *gate, uint32_t index)
{
        struct gate_contact *contact = &gate->contact[index];
        struct wire_message message = { .kind = WIRE_QUERY };

        message.query.contact = contact->id;
        (void)peer_ask(&gate->peer, &message, contact->id, index);
        contact->query_at = gate->peer.sim->now + sim_about(gate->peer.sim, QUERY_GAP);
}

static void give_up(struct sim_gate *gate, uint32_t index)
{
        struct gate_contact *contact = &gate->contact[index];
        struct wire_message message = { .kind = WIRE_CANCEL };

        message.cancel.contact = contact->id;
        message.cancel.reason = ACD_REASON_ABANDONED;
        (void)peer_ask(&gate->peer, &message, contact->id, index);
        contact->give_up_at = 0;
}

static void report(struct sim_gate *gate, uint32_t index)
{
        struct sim *sim = gate->peer.sim;
        struct gate_contact *contact = &gate->contact[index];
        struct wire_message message = { .kind = WIRE_REPORT };

        message.report.contact = contact->id;
        message.report.assignment = contact->assignment;
        message.report.report = (enum acd_report_kind)contact->report;
        if (contact->report == ACD_REPORT_FAILED)
                message.report.reason =
                        (enum acd_reason)(ACD_REASON_FAILED_BUSY + sim_below(sim, 5));
        if (contact->report == ACD_REPORT_ENDED)
                message.report.reason = ACD_REASON_ENDED_BY_CUSTOMER;
        (void)peer_ask(&gate->peer, &message, contact->id, index);
        contact->report_at = 0;
}

/* RESUME with everything that is held, in as many requests as it takes. */
static void resume(struct sim_gate *gate)
{
        static uint64_t ids[ACD_RESUME_MAX];
        struct wire_message message = { .kind = WIRE_RESUME };
        uint32_t count = 0;
        bool is_first = true;

        for (uint32_t i = 0; i < gate->top; i++) {
                if (gate->contact[i].state != GATE_OPEN)
                        continue;
                ids[count++] = gate->contact[i].id;
                if (count < 200)
                        continue;
                message.resume = (struct wire_resume){ .contacts_count = count,
                                                       .contacts = ids,
                                                       .first = is_first };
                ACD_ASSERT(peer_ask(&gate->peer, &message, 0, count));
                is_first = false;
                count = 0;
        }
        message.resume = (struct wire_resume){
                .contacts_count = count, .contacts = ids, .first = is_first, .last = true
        };
        ACD_ASSERT(peer_ask(&gate->peer, &message, 0, count));
        gate->is_resumed = true;
}

/* What came */

static void on_submitted(struct sim_gate *gate, const struct wire_result *result, uint32_t index)
{
        struct sim *sim = gate->peer.sim;
        struct gate_contact *contact = &gate->contact[index];

        contact->is_asked = false;
        if (sim_is_later(result->code)) {
                contact->submit_at = sim->now + sim_about(sim, RETRY_GAP);
                return;
        }
        if (result->code != ACD_OK && result->code != ACD_DUPLICATE)
                sim_fail(sim, "%s: a submit is refused: %u %.*s", gate->name, result->code,
                         (int)result->field.size, result->field.at);
        if (contact->id != 0 && contact->id != result->id)
                sim_fail(sim, "%s: the key %s has another contact than before", gate->name,
                         contact->key);
        contact->id = result->id;
        contact->state = GATE_OPEN;
        oracle_submitted(sim->oracle, contact->key, result->id);
}

static void on_contact(struct sim_gate *gate, const struct wire_contact_reply *reply,
                       const struct peer_request *request)
{
        struct sim *sim = gate->peer.sim;
        struct gate_contact *contact = contact_of(gate, request->subject);

        if (contact == NULL)
                return;
        if (reply->contact.state == ACD_CONTACT_ENDED) {
                oracle_gone(sim->oracle, contact->id);
                over(gate, contact);
        }
}

/* RESULT of a question, a report or a cancellation. */
static void on_result(struct sim_gate *gate, const struct wire_result *result,
                      const struct peer_request *request)
{
        struct sim *sim = gate->peer.sim;
        struct gate_contact *contact;

        if (request->kind == WIRE_SUBMIT) {
                on_submitted(gate, result, request->number);
                return;
        }
        contact = contact_of(gate, request->subject);
        if (contact == NULL || request->kind == WIRE_HELLO)
                return;
        if (result->code == ACD_UNKNOWN)
                sim_fail(sim, "%s: the contact %s is unknown", gate->name, contact->key);
        if (result->code == ACD_GONE && result->field.size >= 7 &&
            memcmp(result->field.at, "contact", 7) == 0) {
                oracle_gone(sim->oracle, contact->id);
                over(gate, contact);
        } else if (request->kind == WIRE_CANCEL && result->code == ACD_OK) {
                oracle_cancelled(sim->oracle, contact->id);
                over(gate, contact);
        }
}

static void on_assignment(struct sim_gate *gate, const struct wire_assignment_push *push)
{
        struct sim *sim = gate->peer.sim;
        struct gate_contact *contact = contact_of(gate, push->contact);

        if (push->state == ACD_ASSIGNMENT_OFFERED)
                oracle_shown(sim->oracle, push->assignment, push->contact);
        if (contact == NULL)
                return;
        contact->assignment = push->assignment;
        contact->report_at = 0;
        if (push->state == ACD_ASSIGNMENT_CONNECTING) {
                contact->report = sim->phase == SIM_FAULTS && sim_percent(sim, 10) ?
                                          ACD_REPORT_FAILED : ACD_REPORT_CONNECTED;
                contact->report_at = sim->now + sim_about(sim, 100 * (uint64_t)SIM_NS_PER_MS);
        } else if (push->state == ACD_ASSIGNMENT_ACTIVE && sim_percent(sim, 10)) {
                contact->report = ACD_REPORT_ENDED;
                contact->report_at = sim->now + sim_about(sim, SIM_SECOND);
        }
        if (push->state == ACD_ASSIGNMENT_WRAP_UP || push->state == ACD_ASSIGNMENT_CLOSED)
                contact->query_at = sim->now;
}

static void on_resumed(struct sim_gate *gate, const struct wire_resumed *resumed)
{
        /* What is closed or unknown shows when it is asked for next. */
        for (uint32_t i = 0; i < gate->top && resumed->outcomes_count > 0; i++)
                if (gate->contact[i].state == GATE_OPEN)
                        gate->contact[i].query_at = gate->peer.sim->now;
}

static void on_message(void *self, const struct wire_message *message,
                       const struct peer_request *request)
{
        struct sim_gate *gate = self;

        if (message->kind == WIRE_WELCOME) {
                oracle_last_sequence(gate->peer.sim->oracle,
                                     message->welcome.event_last_sequence);
                gate->is_resumed = false;
        } else if (message->kind == WIRE_RESULT) {
                on_result(gate, &message->result, request);
        } else if (message->kind == WIRE_CONTACT) {
                on_contact(gate, &message->contact_reply, request);
        } else if (message->kind == WIRE_RESUMED) {
                on_resumed(gate, &message->resumed);
        } else if (message->kind == WIRE_ASSIGNMENT) {
                on_assignment(gate, &message->assignment_push);
        }
}

static void on_lost(void *self)
{
        struct sim_gate *gate = self;

        gate->is_resumed = false;
        for (uint32_t i = 0; i < gate->top; i++) {
                gate->contact[i].is_asked = false;
                gate->contact[i].submit_at = 0;
        }
}

void gate_init(struct sim_gate *gate, struct sim *sim, uint32_t number)
{
        snprintf(gate->name, sizeof(gate->name), "gate%u", number);
        peer_init(&gate->peer, sim, gate->name);
        gate->peer.on_message = on_message;
        gate->peer.on_lost = on_lost;
        gate->peer.self = gate;
}

/* What is due for a contact. */
static void tend(struct sim_gate *gate, uint32_t index)
{
        struct gate_contact *contact = &gate->contact[index];
        uint64_t now = gate->peer.sim->now;

        if (gate->peer.pending_count >= PEER_PENDING_MAX / 2)
                return;
        if (contact->state == GATE_NEW && !contact->is_asked && now >= contact->submit_at)
                submit(gate, index);
        if (contact->state != GATE_OPEN)
                return;
        if (contact->report_at != 0 && now >= contact->report_at)
                report(gate, index);
        else if (contact->give_up_at != 0 && now >= contact->give_up_at)
                give_up(gate, index);
        else if (now >= contact->query_at)
                query(gate, index);
}

void gate_step(struct sim_gate *gate)
{
        struct sim *sim = gate->peer.sim;

        if (!peer_connect(&gate->peer, WIRE_ROLE_GATEWAY, 0))
                return;
        if (peer_is_open(&gate->peer)) {
                bool is_late = sim_percent(sim, 30);

                if (!gate->is_resumed && !is_late)
                        resume(gate);
                for (uint32_t i = 0; i < gate->top; i++)
                        if (gate->contact[i].state != GATE_FREE)
                                tend(gate, i);
                if (!gate->is_resumed)
                        resume(gate);
                if (sim->phase == SIM_FAULTS && sim->now >= gate->next_at) {
                        gate->next_at = sim->now + sim_about(sim, sim->shape.submit_gap_ns);
                        if (gate->open_count < GATE_OPEN_MAX)
                                make(gate);
                }
        }
        peer_step(&gate->peer);
}

static void sooner(uint64_t at, uint64_t *next)
{
        if (at != 0 && at < *next)
                *next = at;
}

uint64_t gate_next(const struct sim_gate *gate)
{
        uint64_t next = peer_next(&gate->peer);

        if (!peer_is_open(&gate->peer))
                return next;
        if (gate->peer.sim->phase == SIM_FAULTS)
                sooner(gate->next_at, &next);
        for (uint32_t i = 0; i < gate->top; i++) {
                const struct gate_contact *contact = &gate->contact[i];

                if (contact->state == GATE_NEW && !contact->is_asked)
                        sooner(contact->submit_at, &next);
                if (contact->state != GATE_OPEN)
                        continue;
                sooner(contact->report_at, &next);
                sooner(contact->give_up_at, &next);
                sooner(contact->query_at, &next);
        }
        return next;
}

/* What it still waits for. */
void gate_complain(const struct sim_gate *gate, char *text, size_t size)
{
        uint32_t index = 0;

        while (index < gate->top && gate->contact[index].state == GATE_FREE)
                index++;
        if (index == gate->top)
                snprintf(text, size, "%s has no connection", gate->name);
        else
                snprintf(text, size, "%s has %u contacts, the first %s, id %llx, %s%s",
                         gate->name, gate->open_count, gate->contact[index].key,
                         (unsigned long long)gate->contact[index].id,
                         gate->contact[index].state == GATE_NEW ? "not acknowledged" : "open",
                         gate->contact[index].is_asked ? ", asked" : "");
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The operator, readers of events, and vandals.
 *
 * The operator makes the configuration, one change at a time, each repeated until it is
 * answered, and asks how the daemon stands. Readers go on from the last event they have.
 * Vandals send anything.
 */

#include <stdio.h>

#include "base/assert.h"
#include "tests/sim/clients_private.h"
#include "tests/sim/net.h"

enum { STEP_TENANT, STEP_QUEUE, STEP_AGENT = STEP_QUEUE + QUEUE_COUNT };

#define STATUS_GAP (SIM_SECOND)

static uint32_t agents_of(const struct sim *sim)
{
        return sim->shape.desks * DESK_AGENT_MAX;
}

/* A second tenant, which is made, changed, removed, and made again. */
static void change_shop(struct sim_operator *operator, struct wire_apply *change)
{
        struct sim *sim = operator->peer.sim;

        if (sim_percent(sim, 30)) {
                change->change = WIRE_CHANGE_REMOVE;
                change->remove.object = ACD_OBJECT_TENANT;
                change->remove.name = wire_text(SIM_SHOP);
                return;
        }
        change->change = WIRE_CHANGE_TENANT;
        change->tenant = (struct wire_tenant_config){
                .name = wire_text(SIM_SHOP),
                .has_agent_grace_ms = true,
                .agent_grace_ms = 1000 + (uint32_t)sim_below(sim, 1000),
        };
}

static void apply(struct sim_operator *operator)
{
        struct sim *sim = operator->peer.sim;
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_apply *change = &message.apply;
        char name[CLIENT_NAME_SIZE];

        if (operator->step == STEP_TENANT) {
                change->change = WIRE_CHANGE_TENANT;
                change->tenant = (struct wire_tenant_config){ .name = wire_text("bank"),
                                                              .has_agent_grace_ms = true,
                                                              .agent_grace_ms = 3000,
                                                              .has_gateway_grace_ms = true,
                                                              .gateway_grace_ms = 4000 };
        } else if (operator->step < STEP_AGENT) {
                snprintf(name, sizeof(name), "q%u", operator->step - STEP_QUEUE);
                change->change = WIRE_CHANGE_QUEUE;
                change->queue = (struct wire_queue_config){ .name = wire_text(name),
                                                            .has_offer_timeout_ms = true,
                                                            .offer_timeout_ms = 3000,
                                                            .wrap_up_ms = sim->shape.wrap_up_ms,
                                                            .has_cool_down_ms = true,
                                                            .cool_down_ms = 2000 };
        } else if (operator_is_done(operator)) {
                change_shop(operator, change);
        } else {
                snprintf(name, sizeof(name), "a%u", operator->step - STEP_AGENT);
                change->change = WIRE_CHANGE_AGENT;
                change->agent = (struct wire_agent_config){ .name = wire_text(name) };
        }
        operator->is_asked = peer_ask(&operator->peer, &message, 0, 0);
}

static void on_message(void *self, const struct wire_message *message,
                       const struct peer_request *request)
{
        struct sim_operator *operator = self;
        struct sim *sim = operator->peer.sim;

        if (request == NULL)
                return;
        if (request->kind == WIRE_APPLY) {
                operator->is_asked = false;
                if (message->kind == WIRE_APPLIED)
                        operator->step++;
                else if (message->result.code != ACD_DISK_LOW &&
                         message->result.code != ACD_DRAINING &&
                         message->result.code != ACD_STOPPING)
                        sim_fail(sim, "the operator is refused: %u %.*s", message->result.code,
                                 (int)message->result.field.size, message->result.field.at);
        }
        if (message->kind == WIRE_STATUS_REPLY)
                oracle_last_sequence(sim->oracle,
                                     message->status_reply.journal.event_last_sequence);
}

static void on_lost(void *self)
{
        struct sim_operator *operator = self;

        operator->is_asked = false;
}

void operator_init(struct sim_operator *operator, struct sim *sim)
{
        peer_init(&operator->peer, sim, "operator");
        operator->peer.on_message = on_message;
        operator->peer.on_lost = on_lost;
        operator->peer.self = operator;
}

bool operator_is_done(const struct sim_operator *operator)
{
        return operator->step >= STEP_AGENT + agents_of(operator->peer.sim);
}

/* Every now and then, while things go wrong. */
static bool is_shopping(struct sim_operator *operator)
{
        struct sim *sim = operator->peer.sim;

        if (sim->phase != SIM_FAULTS || sim->now < operator->shop_at)
                return false;
        operator->shop_at = sim->now + sim_about(sim, 2 * SIM_SECOND);
        return true;
}

void operator_step(struct sim_operator *operator)
{
        struct sim *sim = operator->peer.sim;
        struct wire_message status = { .kind = WIRE_STATUS };

        if (!peer_connect(&operator->peer, WIRE_ROLE_OPERATOR, 0))
                return;
        if (peer_is_open(&operator->peer)) {
                if (!operator->is_asked && (!operator_is_done(operator) || is_shopping(operator)))
                        apply(operator);
                if (sim->now >= operator->status_at) {
                        operator->status_at = sim->now + sim_about(sim, STATUS_GAP);
                        status.status.with_limits = sim_percent(sim, 20);
                        status.status.with_metrics = sim_percent(sim, 20);
                        (void)peer_ask(&operator->peer, &status, 0, 0);
                }
        }
        peer_step(&operator->peer);
}

uint64_t operator_next(const struct sim_operator *operator)
{
        uint64_t next = peer_next(&operator->peer);

        if (peer_is_open(&operator->peer) && operator->status_at < next)
                next = operator->status_at;
        return next;
}

/* Readers */

static void reader_on_message(void *self, const struct wire_message *message,
                              const struct peer_request *request)
{
        struct sim_reader *reader = self;
        struct sim *sim = reader->peer.sim;
        uint64_t first, last;

        if (message->kind == WIRE_WELCOME) {
                reader->is_subscribed = false;
                reader->epoch = message->welcome.epoch;
        }
        if (request != NULL || message->kind != WIRE_EVENTS)
                return;
        if (message->events.resync)
                sim_fail(sim, "%s: must read anew, though the log is whole", reader->name);
        oracle_batch(sim->oracle, message->events.batch, &first, &last);
        if (first > reader->last + 1 || last <= reader->last)
                sim_fail(sim, "%s: events %llu to %llu follow on %llu", reader->name,
                         (unsigned long long)first, (unsigned long long)last,
                         (unsigned long long)reader->last);
        reader->last = last;
}

static void reader_on_lost(void *self)
{
        struct sim_reader *reader = self;

        reader->is_subscribed = false;
}

void reader_init(struct sim_reader *reader, struct sim *sim, uint32_t number)
{
        snprintf(reader->name, sizeof(reader->name), "reader%u", number);
        peer_init(&reader->peer, sim, reader->name);
        reader->peer.on_message = reader_on_message;
        reader->peer.on_lost = reader_on_lost;
        reader->peer.self = reader;
}

void reader_step(struct sim_reader *reader)
{
        struct sim *sim = reader->peer.sim;
        struct wire_message message = { .kind = WIRE_SUBSCRIBE };

        if (!peer_connect(&reader->peer, WIRE_ROLE_READER, reader->last))
                return;
        if (peer_is_open(&reader->peer) && !reader->is_subscribed) {
                message.subscribe.from_sequence = reader->last + 1;
                reader->is_subscribed = peer_ask(&reader->peer, &message, 0, 0);
        }
        if (sim->phase == SIM_FAULTS && sim_below(sim, 20000) == 0)
                reader->peer.stalled_until = sim->now + sim_about(sim, 6 * SIM_SECOND);
        if (sim->phase != SIM_FAULTS)
                reader->peer.stalled_until = 0;
        peer_step(&reader->peer);
}

uint64_t reader_next(const struct sim_reader *reader)
{
        return peer_next(&reader->peer);
}

/* Vandals */

void vandal_step(struct sim *sim, struct sim_vandal *vandal)
{
        uint8_t bytes[64];
        uint64_t size;

        if (sim->now < vandal->next_at)
                return;
        vandal->next_at = sim->now + sim_about(sim, 3 * SIM_SECOND);
        if (vandal->link < 0) {
                vandal->link = sim->phase == SIM_FAULTS ? net_dial(sim->net) : -1;
                return;
        }
        if (sim->phase != SIM_FAULTS || sim_percent(sim, 40)) {
                net_hang_up(sim->net, vandal->link);
                vandal->link = -1;
                return;
        }
        size = 1 + sim_below(sim, sizeof(bytes));
        for (uint64_t i = 0; i < size; i++)
                bytes[i] = (uint8_t)sim_below(sim, 256);
        if (sim_percent(sim, 50) && size >= WIRE_HEADER_SIZE)
                wire_frame_encode(&(struct wire_frame){ .kind = (uint16_t)(1 + sim_below(sim, 120)),
                                                        .version = 1,
                                                        .body_size = (uint32_t)size - 16 },
                                  bytes);
        (void)net_send(sim->net, vandal->link, bytes, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, as a table of functions by kind of event.
 *
 * A contact is open from SUBMITTED to CLOSED. While it has an open assignment it is counted where
 * that is; else it waits. So the only thing that must be known of a contact is its open
 * assignment, and those are in the state.
 */

#include "tests/support/fold.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/v1/event.pb-c.h"
#include "acd/v1/redis.pb-c.h"

enum { FAILURE_SIZE = 256, KIND_COUNT = 64 };

/* Rows of one size, the id first, in no order. */
struct rows {
        size_t size;
        uint32_t count, capacity;
        char *at;
};

struct fold {
        struct rows queues, agents, assignments, gateways;
        uint64_t epoch, sequence;
        char failure[FAILURE_SIZE];
};

/* ---- rows ---- */

static void *row_at(const struct rows *rows, uint32_t i)
{
        return rows->at + i * rows->size;
}

static void *find(const struct rows *rows, uint64_t id)
{
        for (uint32_t i = 0; i < rows->count; i++)
                if (memcmp(row_at(rows, i), &id, sizeof(id)) == 0)
                        return row_at(rows, i);
        return NULL;
}

static void *put(struct rows *rows, uint64_t id)
{
        void *row = find(rows, id);

        if (row != NULL)
                return row;
        if (rows->count == rows->capacity) {
                rows->capacity = rows->capacity * 2 + 16;
                rows->at = realloc(rows->at, rows->capacity * rows->size);
                if (rows->at == NULL)
                        abort();
        }
        row = row_at(rows, rows->count++);
        memset(row, 0, rows->size);
        memcpy(row, &id, sizeof(id));
        return row;
}

static void take_out(struct rows *rows, void *row)
{
        memmove(row, row_at(rows, --rows->count), rows->size);
}

struct fold *fold_new(void)
{
        struct fold *fold = calloc(1, sizeof(*fold));

        if (fold == NULL)
                abort();
        fold->queues.size = sizeof(struct fold_queue);
        fold->agents.size = sizeof(struct fold_agent);
        fold->assignments.size = sizeof(struct fold_assignment);
        fold->gateways.size = sizeof(struct fold_gateway);
        return fold;
}

void fold_free(struct fold *fold)
{
        free(fold->queues.at);
        free(fold->agents.at);
        free(fold->assignments.at);
        free(fold->gateways.at);
        free(fold);
}

static bool failed(struct fold *fold, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static bool failed(struct fold *fold, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(fold->failure, sizeof(fold->failure), format, arguments);
        va_end(arguments);
        return false;
}

/* ---- a state ---- */

static uint64_t queue_named(const Acd__V1__TenantState *state, const char *name)
{
        for (size_t i = 0; i < state->n_queues; i++)
                if (strcmp(state->queues[i]->queue, name) == 0)
                        return state->queues[i]->queue_id;
        return 0;
}

static void take_rows(struct fold *fold, const Acd__V1__TenantState *state)
{
        for (size_t i = 0; i < state->n_queues; i++) {
                const Acd__V1__Queue *from = state->queues[i];
                struct fold_queue *queue = put(&fold->queues, from->queue_id);

                queue->waiting = from->waiting + from->withheld;
                queue->offered = from->offered;
                queue->connecting = from->connecting;
                queue->active = from->active;
                queue->wrap_up = from->wrap_up;
                queue->submitted = from->submitted;
                queue->abandoned = from->abandoned;
                queue->closed = from->closed;
        }
        for (size_t i = 0; i < state->n_agents; i++) {
                struct fold_agent *agent = put(&fold->agents, state->agents[i]->agent_id);

                agent->presence = state->agents[i]->presence;
        }
        for (size_t i = 0; i < state->n_assignments; i++) {
                const Acd__V1__Assignment *from = state->assignments[i];
                struct fold_assignment *assignment = put(&fold->assignments, from->assignment);

                assignment->contact = from->contact;
                assignment->agent = from->agent_id;
                assignment->queue = queue_named(state, from->queue);
                assignment->state = from->state;
        }
        for (size_t i = 0; i < state->n_gateways; i++) {
                struct fold_gateway *gateway = put(&fold->gateways, state->gateways[i]->gateway_id);

                gateway->state = state->gateways[i]->state;
        }
}

bool fold_take_state(struct fold *fold, struct acd_bytes bytes)
{
        Acd__V1__TenantState *state = acd__v1__tenant_state__unpack(NULL, bytes.size, bytes.at);

        if (state == NULL)
                return failed(fold, "not a TenantState");
        fold->queues.count = 0;
        fold->agents.count = 0;
        fold->assignments.count = 0;
        fold->gateways.count = 0;
        fold->epoch = state->epoch;
        fold->sequence = state->sequence;
        take_rows(fold, state);
        acd__v1__tenant_state__free_unpacked(state, NULL);
        return true;
}

/* ---- events ---- */

/* An event and whom it is about. */
struct told {
        const Acd__V1__Event *event;
        uint64_t queue, agent, gateway;
};

/* The count of its queue in which a contact with an assignment of @state is. */
static uint32_t *place_of(struct fold_queue *queue, uint32_t state)
{
        switch (state) {
        case ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_OFFERED:
                return &queue->offered;
        case ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_CONNECTING:
                return &queue->connecting;
        case ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_WRAP_UP:
                return &queue->wrap_up;
        default:
                return &queue->active;
        }
}

static bool move_one(struct fold *fold, uint32_t *from, uint32_t *to)
{
        if (from != NULL && *from == 0)
                return failed(fold, "a count below zero");
        if (from != NULL)
                --*from;
        if (to != NULL)
                ++*to;
        return true;
}

static bool go(struct fold *fold, const struct told *told, uint32_t state)
{
        struct fold_assignment *assignment = find(&fold->assignments, told->event->assignment);
        struct fold_queue *queue = find(&fold->queues, told->queue);
        uint32_t from;

        if (assignment == NULL || queue == NULL)
                return failed(fold, "an assignment or queue that is not known");
        from = assignment->state;
        assignment->state = state;
        return move_one(fold, place_of(queue, from), place_of(queue, state));
}

static bool submitted(struct fold *fold, const struct told *told)
{
        struct fold_queue *queue = find(&fold->queues, told->queue);

        if (queue == NULL)
                return failed(fold, "a queue that is not known");
        queue->submitted++;
        return move_one(fold, NULL, &queue->waiting);
}

static bool offered(struct fold *fold, const struct told *told)
{
        struct fold_queue *queue = find(&fold->queues, told->queue);
        struct fold_assignment *assignment;

        if (queue == NULL || find(&fold->assignments, told->event->assignment) != NULL)
                return failed(fold, "an offer that is known, or a queue that is not");
        assignment = put(&fold->assignments, told->event->assignment);
        assignment->contact = told->event->contact;
        assignment->agent = told->agent;
        assignment->queue = told->queue;
        assignment->state = ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_OFFERED;
        return move_one(fold, &queue->waiting, &queue->offered);
}

static bool accepted(struct fold *fold, const struct told *told)
{
        return go(fold, told, told->event->state);
}

static bool active(struct fold *fold, const struct told *told)
{
        return go(fold, told, ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_ACTIVE);
}

static bool held(struct fold *fold, const struct told *told)
{
        return go(fold, told, ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_HELD);
}

static bool parked(struct fold *fold, const struct told *told)
{
        return go(fold, told, ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_PARKED);
}

static struct fold_assignment *assignment_of_contact(struct fold *fold, uint64_t contact)
{
        for (uint32_t i = 0; i < fold->assignments.count; i++) {
                struct fold_assignment *assignment = row_at(&fold->assignments, i);

                if (assignment->contact == contact)
                        return assignment;
        }
        return NULL;
}

/* With an agent it goes from there, to the wrap-up if there is one; else it waited. */
static bool closed(struct fold *fold, const struct told *told)
{
        struct fold_queue *queue = find(&fold->queues, told->queue);
        struct fold_assignment *assignment = assignment_of_contact(fold, told->event->contact);

        if (queue == NULL)
                return failed(fold, "a queue that is not known");
        queue->closed++;
        if (told->event->reason == ACD__V1__REASON__REASON_ABANDONED)
                queue->abandoned++;
        if (assignment == NULL)
                return move_one(fold, &queue->waiting, NULL);
        if (told->event->state == ACD__V1__CONTACT_STATE__CONTACT_STATE_ENDED) {
                uint32_t from = assignment->state;

                assignment->state = ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_WRAP_UP;
                return move_one(fold, place_of(queue, from), &queue->wrap_up);
        }
        assignment->is_contact_over = true;
        return move_one(fold, place_of(queue, assignment->state), NULL);
}

/* An offer or assignment is over. Its contact, if that is not, waits again. */
static bool assignment_over(struct fold *fold, const struct told *told)
{
        struct fold_assignment *assignment = find(&fold->assignments, told->event->assignment);
        struct fold_queue *queue = find(&fold->queues, told->queue);
        uint32_t state;
        bool is_contact_over;

        if (assignment == NULL || queue == NULL)
                return failed(fold, "an assignment or queue that is not known");
        state = assignment->state;
        is_contact_over = assignment->is_contact_over;
        take_out(&fold->assignments, assignment);
        if (is_contact_over)
                return true;
        if (state == ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_WRAP_UP)
                return move_one(fold, &queue->wrap_up, NULL);
        return move_one(fold, place_of(queue, state), &queue->waiting);
}

static bool presence(struct fold *fold, const struct told *told)
{
        struct fold_agent *agent = find(&fold->agents, told->agent);

        if (agent == NULL)
                return failed(fold, "an agent that is not known");
        agent->presence = told->event->state;
        return true;
}

static bool gateway(struct fold *fold, const struct told *told)
{
        struct fold_gateway *row = put(&fold->gateways, told->gateway);

        row->state = told->event->state;
        return true;
}

static bool config_changed(struct fold *fold, const struct told *told)
{
        if (told->event->object == ACD__V1__OBJECT__OBJECT_QUEUE) {
                put(&fold->queues, told->event->value);
        } else if (told->event->object == ACD__V1__OBJECT__OBJECT_AGENT) {
                struct fold_agent *agent = put(&fold->agents, told->event->value);

                if (agent->presence == 0)
                        agent->presence = ACD__V1__PRESENCE__PRESENCE_LOGGED_OUT;
        }
        return true;
}

static bool config_removed(struct fold *fold, const struct told *told)
{
        struct rows *rows = told->event->object == ACD__V1__OBJECT__OBJECT_QUEUE   ? &fold->queues
                            : told->event->object == ACD__V1__OBJECT__OBJECT_AGENT ? &fold->agents
                                                                                   : NULL;
        void *row = rows == NULL ? NULL : find(rows, told->event->value);

        if (rows != NULL && row == NULL)
                return failed(fold, "a removed object that is not known");
        if (rows != NULL)
                take_out(rows, row);
        return true;
}

/* Kinds that are not here change nothing that is kept. */
static bool (*const rules[KIND_COUNT])(struct fold *fold, const struct told *told) = {
        [ACD__V1__EVENT_KIND__EVENT_CONFIG_CHANGED] = config_changed,
        [ACD__V1__EVENT_KIND__EVENT_CONFIG_REMOVED] = config_removed,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_SUBMITTED] = submitted,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_OFFERED] = offered,
        [ACD__V1__EVENT_KIND__EVENT_OFFER_ENDED] = assignment_over,
        [ACD__V1__EVENT_KIND__EVENT_OFFER_ACCEPTED] = accepted,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_CONNECTED] = active,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_HELD] = held,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_RESUMED] = active,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_PARKED] = parked,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_UNPARKED] = active,
        [ACD__V1__EVENT_KIND__EVENT_CONTACT_CLOSED] = closed,
        [ACD__V1__EVENT_KIND__EVENT_ASSIGNMENT_CLOSED] = assignment_over,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_LOGGED_IN] = presence,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_LOGGED_OUT] = presence,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_READY] = presence,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_PAUSED] = presence,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_LOST] = presence,
        [ACD__V1__EVENT_KIND__EVENT_AGENT_BACK] = presence,
        [ACD__V1__EVENT_KIND__EVENT_GATEWAY_OPENED] = gateway,
        [ACD__V1__EVENT_KIND__EVENT_GATEWAY_LOST] = gateway,
        [ACD__V1__EVENT_KIND__EVENT_GATEWAY_GONE] = gateway,
};

static uint64_t referred(const Acd__V1__EventBatch *batch, uint32_t place)
{
        return place == 0 || place > batch->n_references ? 0 : batch->references[place - 1]->id;
}

static bool take_event(struct fold *fold, const Acd__V1__EventBatch *batch,
                       const Acd__V1__Event *event, uint64_t sequence)
{
        struct told told = {
                .event = event,
                .queue = referred(batch, event->queue),
                .agent = referred(batch, event->agent),
                .gateway = referred(batch, event->gateway),
        };

        if (sequence <= fold->sequence)
                return true;
        if (sequence != fold->sequence + 1)
                return failed(fold, "event %llu follows on %llu", (unsigned long long)sequence,
                              (unsigned long long)fold->sequence);
        if ((uint32_t)event->kind < KIND_COUNT && rules[event->kind] != NULL &&
            !rules[event->kind](fold, &told)) {
                size_t size = strlen(fold->failure);

                snprintf(fold->failure + size, FAILURE_SIZE - size, " (event %llu, kind %u)",
                         (unsigned long long)sequence, (unsigned)event->kind);
                return false;
        }
        fold->sequence = sequence;
        fold->epoch = batch->epoch;
        return true;
}

bool fold_take_batch(struct fold *fold, struct acd_bytes bytes)
{
        Acd__V1__EventBatch *batch = acd__v1__event_batch__unpack(NULL, bytes.size, bytes.at);
        uint64_t sequence;
        bool is_taken = true;

        if (batch == NULL)
                return failed(fold, "not an EventBatch");
        sequence = batch->first_sequence;
        for (size_t i = 0; i < batch->n_events && is_taken; i++, sequence++) {
                if (batch->events[i]->sequence != 0)
                        sequence = batch->events[i]->sequence;
                is_taken = take_event(fold, batch, batch->events[i], sequence);
        }
        acd__v1__event_batch__free_unpacked(batch, NULL);
        return is_taken;
}

/* ---- comparing ---- */

/* Rows are zeroed before they are filled, so bytes may be compared. */
static bool are_same(struct fold *fold, const char *what, const struct rows *mine,
                     const struct rows *true_ones)
{
        for (uint32_t i = 0; i < true_ones->count; i++) {
                const void *row = row_at(true_ones, i);
                uint64_t id;

                memcpy(&id, row, sizeof(id));
                if (find(mine, id) == NULL)
                        return failed(fold, "%s %llx is not known", what, (unsigned long long)id);
                if (memcmp(find(mine, id), row, mine->size) != 0)
                        return failed(fold, "%s %llx differs", what, (unsigned long long)id);
        }
        return true;
}

static bool is_gateways_rest_gone(struct fold *fold, const struct fold *truth)
{
        for (uint32_t i = 0; i < fold->gateways.count; i++) {
                const struct fold_gateway *row = row_at(&fold->gateways, i);

                if (row->state != ACD__V1__GATEWAY_STATE__GATEWAY_STATE_GONE &&
                    find(&truth->gateways, row->id) == NULL)
                        return failed(fold, "gateway %llx is not there",
                                      (unsigned long long)row->id);
        }
        return true;
}

bool fold_is_true(struct fold *fold, const struct fold *truth)
{
        if (fold->sequence != truth->sequence)
                return failed(fold, "at event %llu, not %llu", (unsigned long long)fold->sequence,
                              (unsigned long long)truth->sequence);
        if (fold->queues.count != truth->queues.count ||
            fold->agents.count != truth->agents.count ||
            fold->assignments.count != truth->assignments.count)
                return failed(fold, "%u queues, %u agents, %u assignments; not %u, %u, %u",
                              fold->queues.count, fold->agents.count, fold->assignments.count,
                              truth->queues.count, truth->agents.count, truth->assignments.count);
        return are_same(fold, "queue", &fold->queues, &truth->queues) &&
               are_same(fold, "agent", &fold->agents, &truth->agents) &&
               are_same(fold, "assignment", &fold->assignments, &truth->assignments) &&
               are_same(fold, "gateway", &fold->gateways, &truth->gateways) &&
               is_gateways_rest_gone(fold, truth);
}

uint64_t fold_sequence(const struct fold *fold)
{
        return fold->sequence;
}

const char *fold_failure(const struct fold *fold)
{
        return fold->failure;
}

const struct fold_queue *fold_queue_find(const struct fold *fold, uint64_t id)
{
        return find(&fold->queues, id);
}

const struct fold_agent *fold_agent_find(const struct fold *fold, uint64_t id)
{
        return find(&fold->agents, id);
}

const struct fold_assignment *fold_assignment_find(const struct fold *fold, uint64_t id)
{
        return find(&fold->assignments, id);
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The judgement: the events as one story.
 *
 * The story is told from event 1 on. A contact goes through its states, is offered to
 * one agent at a time, and when it is offered no contact before it by key waits that the
 * same agent could have had. An agent has one thing in hand. Then the promises: what was
 * acknowledged happened, what was shown happened, one key is one contact.
 *
 * In this world every agent serves every queue, so the key alone decides, but for
 * cool-downs (which are excused generously; what ended while the daemon was away it holds
 * for the longest grace, rule D24) and gateways that are gone.
 */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/oracle_private.h"

enum { PAIR_MAX = 16, EXCUSE_S = 60, HELD_S = 10 };

enum story_state {
        STORY_NONE,
        STORY_WAITING,
        STORY_WITHHELD,
        STORY_OFFERED,
        STORY_TAKEN,
        STORY_CLOSED
};

struct story_contact {
        uint64_t id;
        enum story_state state;
        uint8_t band;
        uint64_t submitted, credit_ms, order, assignment, agent, gateway;
        bool was_active;
        struct {
                uint64_t agent, until;
        } pair[PAIR_MAX];
        uint32_t pair_count;
        char key[ORACLE_KEY_SIZE];
};

struct story_agent {
        uint64_t id, assignment; /* in his hands, 0 = none */
};

struct story_gateway {
        uint64_t id;
        bool is_gone;
};

struct story {
        struct sim_oracle *oracle;
        struct story_contact *contact;
        uint32_t contact_count, contact_capacity;
        struct story_agent agent[64];
        uint32_t agent_count;
        struct story_gateway gateway[64];
        uint32_t gateway_count;
        uint64_t sequence;
        uint64_t started; /* when the last run began */
};

static void lie(const struct story *story, const char *what)
{
        const struct oracle_event *event = &story->oracle->event[story->sequence];

        sim_fail(story->oracle->sim, "event %llu (kind %u, contact %llx, agent %llx): %s",
                 (unsigned long long)story->sequence, event->kind,
                 (unsigned long long)event->contact, (unsigned long long)event->agent, what);
}

/* Newest first: contacts that are spoken of are mostly young. */
static struct story_contact *find(struct story *story, uint64_t id)
{
        for (uint32_t i = story->contact_count; i > 0; i--)
                if (story->contact[i - 1].id == id)
                        return &story->contact[i - 1];
        return NULL;
}

static struct story_contact *get(struct story *story, uint64_t id)
{
        struct story_contact *contact = find(story, id);

        if (contact == NULL || contact->state == STORY_CLOSED)
                lie(story, "of a contact that is not there");
        return contact;
}

static struct story_agent *agent_of(struct story *story, uint64_t id)
{
        for (uint32_t i = 0; i < story->agent_count; i++)
                if (story->agent[i].id == id)
                        return &story->agent[i];
        ACD_ASSERT(story->agent_count < 64);
        story->agent[story->agent_count].id = id;
        return &story->agent[story->agent_count++];
}

static struct story_gateway *gateway_of(struct story *story, uint64_t id)
{
        for (uint32_t i = 0; i < story->gateway_count; i++)
                if (story->gateway[i].id == id)
                        return &story->gateway[i];
        ACD_ASSERT(story->gateway_count < 64);
        story->gateway[story->gateway_count].id = id;
        return &story->gateway[story->gateway_count++];
}

static bool is_before(const struct story_contact *a, const struct story_contact *b)
{
        int64_t a_at = (int64_t)a->submitted - (int64_t)a->credit_ms * SIM_NS_PER_MS;
        int64_t b_at = (int64_t)b->submitted - (int64_t)b->credit_ms * SIM_NS_PER_MS;

        if (a->band != b->band)
                return a->band > b->band;
        return a_at != b_at ? a_at < b_at : a->order < b->order;
}

static bool is_excused(const struct story *story, const struct story_contact *contact,
                       uint64_t agent, uint64_t now)
{
        bool is_held = now < story->started + HELD_S * SIM_SECOND;

        for (uint32_t i = 0; i < contact->pair_count; i++)
                if (contact->pair[i].agent == agent && (now < contact->pair[i].until || is_held))
                        return true;
        return false;
}

/* Nobody waits who should have been offered to this agent instead. */
static void check_order(struct story *story, const struct story_contact *offered,
                        const struct oracle_event *event)
{
        for (uint32_t i = 0; i < story->contact_count; i++) {
                const struct story_contact *other = &story->contact[i];

                if (other->state == STORY_WAITING && is_before(other, offered) &&
                    !is_excused(story, other, event->agent, event->time) &&
                    !(other->gateway != 0 && gateway_of(story, other->gateway)->is_gone))
                        lie(story, "offered before another that comes first");
        }
}

static void submitted(struct story *story, const struct oracle_event *event)
{
        struct story_contact *contact;

        if (find(story, event->contact) != NULL)
                lie(story, "an id that was used before");
        if (story->contact_count == story->contact_capacity) {
                story->contact_capacity = story->contact_capacity * 2 + 256;
                story->contact =
                        realloc(story->contact, story->contact_capacity * sizeof(*story->contact));
                ACD_ASSERT(story->contact != NULL);
        }
        contact = &story->contact[story->contact_count++];
        *contact = (struct story_contact){ .id = event->contact,
                                           .band = event->band,
                                           .submitted = event->time,
                                           .credit_ms = event->value,
                                           .order = story->sequence,
                                           .gateway = event->gateway };
        memcpy(contact->key, event->key, sizeof(contact->key));
}

static void offered(struct story *story, const struct oracle_event *event)
{
        struct story_contact *contact = get(story, event->contact);
        struct story_agent *agent = agent_of(story, event->agent);

        if (contact->state != STORY_WAITING)
                lie(story, "offered while it does not wait");
        if (agent->assignment != 0)
                lie(story, "offered to an agent who has something in hand");
        if (contact->gateway != 0 && gateway_of(story, contact->gateway)->is_gone)
                lie(story, "offered though its gateway is gone");
        contact->state = STORY_OFFERED;
        check_order(story, contact, event);
        contact->assignment = event->assignment;
        contact->agent = event->agent;
        agent->assignment = event->assignment;
}

static bool makes_pair(uint16_t reason)
{
        return (reason >= ACD_REASON_REJECTED && reason <= ACD_REASON_FAILED_MEDIA);
}

static void offer_ended(struct story *story, const struct oracle_event *event)
{
        struct story_contact *contact = get(story, event->contact);
        struct story_agent *agent = agent_of(story, event->agent);

        if (contact->assignment != event->assignment || agent->assignment != event->assignment)
                lie(story, "the end of an offer that was not made");
        agent->assignment = 0;
        contact->assignment = 0;
        if (!makes_pair(event->reason))
                return;
        contact->pair[contact->pair_count % PAIR_MAX].agent = event->agent;
        contact->pair[contact->pair_count % PAIR_MAX].until = event->time + EXCUSE_S * SIM_SECOND;
        if (contact->pair_count < PAIR_MAX)
                contact->pair_count++;
}

static void taken(struct story *story, const struct oracle_event *event)
{
        struct story_contact *contact = get(story, event->contact);

        if (contact->assignment != event->assignment || contact->agent != event->agent)
                lie(story, "taken by an agent to whom it was not offered");
        contact->state = STORY_TAKEN;
        contact->was_active = contact->was_active || event->kind == ACD_EVENT_CONTACT_CONNECTED;
}

static void assignment_closed(struct story *story, const struct oracle_event *event)
{
        struct story_contact *contact = find(story, event->contact);
        struct story_agent *agent = agent_of(story, event->agent);

        if (contact == NULL || contact->assignment != event->assignment)
                lie(story, "the end of an assignment that was not there");
        contact->assignment = 0;
        if (agent->assignment == event->assignment)
                agent->assignment = 0;
}

static void parked(struct story *story, const struct oracle_event *event, bool is_back)
{
        struct story_agent *agent = agent_of(story, event->agent);

        if (agent->assignment != (is_back ? 0 : event->assignment))
                lie(story, "parked or taken back by an agent with full hands");
        agent->assignment = is_back ? event->assignment : 0;
}

static void tell(struct story *story, const struct oracle_event *event)
{
        switch ((int)event->kind) {
        case ACD_EVENT_RUN_STARTED:
                story->started = event->time;
                break;
        case ACD_EVENT_CONTACT_SUBMITTED:
                submitted(story, event);
                break;
        case ACD_EVENT_CONTACT_QUEUED:
                get(story, event->contact)->state = STORY_WAITING;
                break;
        case ACD_EVENT_CONTACT_WITHHELD:
                get(story, event->contact)->state = STORY_WITHHELD;
                break;
        case ACD_EVENT_CONTACT_UPDATED:
                get(story, event->contact)->band = event->band;
                get(story, event->contact)->credit_ms = event->value;
                break;
        case ACD_EVENT_CONTACT_OFFERED:
                offered(story, event);
                break;
        case ACD_EVENT_OFFER_ENDED:
                offer_ended(story, event);
                break;
        case ACD_EVENT_OFFER_ACCEPTED:
        case ACD_EVENT_CONTACT_CONNECTED:
                taken(story, event);
                break;
        case ACD_EVENT_CONTACT_PARKED:
                parked(story, event, false);
                break;
        case ACD_EVENT_CONTACT_UNPARKED:
                parked(story, event, true);
                break;
        case ACD_EVENT_CONTACT_CLOSED:
                get(story, event->contact)->state = STORY_CLOSED;
                break;
        case ACD_EVENT_ASSIGNMENT_CLOSED:
                assignment_closed(story, event);
                break;
        case ACD_EVENT_GATEWAY_GONE:
                gateway_of(story, event->gateway)->is_gone = true;
                break;
        case ACD_EVENT_GATEWAY_OPENED:
                gateway_of(story, event->gateway)->is_gone = false;
                break;
        default:
                break;
        }
}

/* Promises */

static const struct oracle_event *find_event(const struct sim_oracle *oracle, uint16_t kind,
                                             uint64_t contact, uint64_t assignment)
{
        for (uint64_t i = 1; i <= oracle->last_sequence; i++) {
                const struct oracle_event *event = &oracle->event[i];

                if (event->kind == kind && (contact == 0 || event->contact == contact) &&
                    (assignment == 0 || event->assignment == assignment))
                        return event;
        }
        return NULL;
}

static void check_promise(struct story *story, const struct oracle_promise *promise)
{
        struct sim_oracle *oracle = story->oracle;
        const struct oracle_event *event = NULL;
        const char *what = "";

        switch (promise->kind) {
        case ORACLE_SUBMITTED:
                what = "an acknowledged contact is lost";
                event = find_event(oracle, ACD_EVENT_CONTACT_SUBMITTED, promise->id, 0);
                if (event != NULL && strcmp(event->key, promise->key) != 0)
                        event = NULL;
                break;
        case ORACLE_ACCEPTED:
                what = "an acknowledged accept is lost";
                event = find_event(oracle, ACD_EVENT_OFFER_ACCEPTED, 0, promise->id);
                if (event != NULL && event->agent != promise->other)
                        event = NULL;
                break;
        case ORACLE_COMPLETED:
                what = "an acknowledged completion is lost";
                event = find_event(oracle, ACD_EVENT_CONTACT_CLOSED, promise->id, 0);
                break;
        case ORACLE_CANCELLED:
        case ORACLE_GONE:
                what = "a contact that was said to be over is not";
                event = find_event(oracle, ACD_EVENT_CONTACT_CLOSED, promise->id, 0);
                break;
        case ORACLE_SHOWN:
                what = "an offer was shown that was never made";
                event = find_event(oracle, ACD_EVENT_CONTACT_OFFERED, promise->other, promise->id);
                break;
        }
        if (event == NULL)
                sim_fail(oracle->sim, "%s: id %llx, key \"%s\"", what,
                         (unsigned long long)promise->id, promise->key);
}

static int compare_keys(const void *a, const void *b)
{
        const struct story_contact *const *x = a;
        const struct story_contact *const *y = b;

        return strcmp((*x)->key, (*y)->key);
}

/* One key is one contact, and every contact is over. */
static void check_contacts(struct story *story)
{
        struct story_contact **sorted = calloc(story->contact_count + 1, sizeof(*sorted));

        ACD_ASSERT(sorted != NULL);
        for (uint32_t i = 0; i < story->contact_count; i++) {
                sorted[i] = &story->contact[i];
                if (sorted[i]->state != STORY_CLOSED)
                        sim_fail(story->oracle->sim, "contact %llx was never served",
                                 (unsigned long long)sorted[i]->id);
        }
        qsort(sorted, story->contact_count, sizeof(*sorted), compare_keys);
        for (uint32_t i = 1; i < story->contact_count; i++)
                if (sorted[i]->key[0] != 0 && strcmp(sorted[i]->key, sorted[i - 1]->key) == 0)
                        sim_fail(story->oracle->sim, "the key %s made two contacts",
                                 sorted[i]->key);
        free(sorted);
}

void oracle_judge(struct sim_oracle *oracle)
{
        struct story *story = calloc(1, sizeof(*story));

        ACD_ASSERT(story != NULL);
        story->oracle = oracle;
        for (story->sequence = 1; story->sequence <= oracle->last_sequence; story->sequence++) {
                if (oracle->event[story->sequence].hash == 0)
                        sim_fail(oracle->sim, "event %llu was never told",
                                 (unsigned long long)story->sequence);
                tell(story, &oracle->event[story->sequence]);
        }
        check_contacts(story);
        for (uint32_t i = 0; i < oracle->promise_count; i++)
                check_promise(story, &oracle->promise[i]);
        oracle_judge_redis(oracle);
        sim_say(oracle->sim, "%llu events, %u contacts, %u promises",
                (unsigned long long)oracle->last_sequence, story->contact_count,
                oracle->promise_count);
        free(story->contact);
        free(story);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients were told, against what the daemon says happened.
 *
 * One record per contact, found by the number in its client key, and one per
 * assignment that a client was told something about. Arrays and hashing by
 * number only: the checker must be plainer than what it checks. Assignments
 * are found through an open-addressing table that never deletes.
 */

#include "tests/process/support/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/process/support/process.h"

struct record {
        uint64_t contact;
        uint64_t assignment; /* the open one */
        uint64_t agent;      /* of it, once accepted */
        bool is_acknowledged;
        bool is_submitted;
        bool is_closed;
        uint32_t offer_count;
};

struct deed {
        uint64_t assignment;
        uint64_t contact;
        uint64_t agent;
        bool told_accepted, told_complete; /* to a client */
        bool was_accepted, was_over;       /* by events */
};

struct holder {
        uint64_t agent;
        uint64_t assignment; /* accepted and not closed */
};

enum { HOLDER_COUNT = 256, LINE_COUNT = 16 };

/* The contacts of a queue in the order of submit. */
struct line {
        uint64_t queue;
        uint32_t head, count; /* before head: offered at least once, or over */
        uint32_t *number;
};

struct history {
        uint32_t record_count;
        uint32_t deed_size; /* a power of two */
        uint64_t last_sequence;
        uint64_t event_count;
        uint32_t acknowledged, accepts_told, completes_told, abandoned;
        struct holder holder[HOLDER_COUNT];
        struct line line[LINE_COUNT];
        struct record *record;
        struct deed *deed;
};

struct history *history_new(uint32_t contact_count_max)
{
        struct history *history = calloc(1, sizeof(*history));

        check(history != NULL, "no memory");
        history->record_count = contact_count_max;
        history->deed_size = 1024;
        while (history->deed_size < contact_count_max * 16)
                history->deed_size *= 2;
        history->record = calloc(contact_count_max, sizeof(*history->record));
        history->deed = calloc(history->deed_size, sizeof(*history->deed));
        check(history->record != NULL && history->deed != NULL, "no memory");
        return history;
}

void history_free(struct history *history)
{
        for (uint32_t i = 0; i < LINE_COUNT; i++)
                free(history->line[i].number);
        free(history->record);
        free(history->deed);
        free(history);
}

static struct deed *deed_of(struct history *history, uint64_t assignment)
{
        uint64_t hash = assignment * UINT64_C(0x9e3779b97f4a7c15);
        uint32_t at = (uint32_t)(hash >> 32) & (history->deed_size - 1);

        check(assignment != 0, "an assignment has an id");
        for (uint32_t step = 0; step < history->deed_size; step++) {
                struct deed *deed = &history->deed[(at + step) & (history->deed_size - 1)];

                if (deed->assignment == assignment)
                        return deed;
                if (deed->assignment == 0) {
                        deed->assignment = assignment;
                        return deed;
                }
        }
        check(false, "more assignments than the checker has room for");
        return NULL;
}

static struct record *record_of(struct history *history, struct acdclient_text key)
{
        uint32_t number = 0;

        if (key.size < 2 || key.at[0] != 'k')
                return NULL;
        for (uint32_t i = 1; i < key.size; i++)
                number = number * 10 + (uint32_t)(key.at[i] - '0');
        check(number < history->record_count, "a contact that nobody submitted: %.*s",
              (int)key.size, key.at);
        return &history->record[number];
}

void history_submit_acknowledged(struct history *history, uint32_t number, uint64_t contact)
{
        struct record *record = &history->record[number];

        check(number < history->record_count, "number in range");
        check(contact != 0, "H3: k%u was acknowledged without an id", number);
        check(record->contact == 0 || record->contact == contact,
              "H3: k%u is two contacts: %" PRIx64 " and %" PRIx64, number, record->contact,
              contact);
        record->contact = contact;
        if (!record->is_acknowledged)
                history->acknowledged++;
        record->is_acknowledged = true;
}

void history_accept_acknowledged(struct history *history, uint64_t assignment, uint64_t contact)
{
        struct deed *deed = deed_of(history, assignment);

        deed->told_accepted = true;
        deed->contact = contact;
        history->accepts_told++;
}

void history_complete_acknowledged(struct history *history, uint64_t assignment)
{
        deed_of(history, assignment)->told_complete = true;
        history->completes_told++;
}

static struct holder *holder_of(struct history *history, uint64_t agent)
{
        for (uint32_t i = 0; i < HOLDER_COUNT; i++) {
                if (history->holder[i].agent == 0)
                        history->holder[i].agent = agent;
                if (history->holder[i].agent == agent)
                        return &history->holder[i];
        }
        check(false, "more agents than the checker has room for");
        return NULL;
}

static void on_accepted(struct history *history, struct record *record,
                        const struct acdclient_event *event)
{
        struct deed *deed = deed_of(history, event->assignment);
        struct holder *holder = holder_of(history, event->agent_id);

        check(record->assignment == event->assignment,
              "H2: event %" PRIu64 ": accepted by assignment %" PRIx64 " while %" PRIx64
              " is the contact's",
              event->sequence, event->assignment, record->assignment);
        check(record->agent == 0, "H2: event %" PRIu64 ": contact with two agents",
              event->sequence);
        check(holder->assignment == 0, "H2: event %" PRIu64 ": agent with two contacts",
              event->sequence);
        record->agent = event->agent_id;
        holder->assignment = event->assignment;
        deed->was_accepted = true;
        deed->contact = event->contact;
        deed->agent = event->agent_id;
}

/* The assignment is over, for whatever reason. */
static void on_released(struct history *history, struct record *record,
                        const struct acdclient_event *event)
{
        struct holder *holder = holder_of(history, event->agent_id);

        if (holder->assignment == event->assignment)
                holder->assignment = 0;
        if (record->assignment == event->assignment) {
                record->assignment = 0;
                record->agent = 0;
        }
}

static struct line *line_of(struct history *history, uint64_t queue)
{
        for (uint32_t i = 0; i < LINE_COUNT; i++) {
                struct line *line = &history->line[i];

                if (line->queue == 0) {
                        line->queue = queue;
                        line->number = calloc(history->record_count, sizeof(*line->number));
                        check(line->number != NULL, "no memory");
                }
                if (line->queue == queue)
                        return line;
        }
        check(false, "more queues than the checker has room for");
        return NULL;
}

static void on_submitted(struct history *history, struct record *record,
                         const struct acdclient_event *event)
{
        struct line *line = line_of(history, event->queue_id);

        check(!record->is_submitted, "H3: event %" PRIu64 ": submitted twice", event->sequence);
        check(record->contact == 0 || record->contact == event->contact,
              "H3: event %" PRIu64 ": another id than was acknowledged", event->sequence);
        record->is_submitted = true;
        record->contact = event->contact;
        line->number[line->count++] = (uint32_t)(record - history->record);
}

/* H5: a contact's first offer finds it first among those never offered. What was offered
 * before may stand aside behind a rejection. */
static void check_order(struct history *history, const struct record *record,
                        const struct acdclient_event *event)
{
        struct line *line = line_of(history, event->queue_id);

        while (line->head < line->count) {
                const struct record *first = &history->record[line->number[line->head]];

                if (first == record)
                        return;
                check(first->offer_count > 0 || first->is_closed,
                      "H5: event %" PRIu64 ": k%u is offered before k%u, which came earlier",
                      event->sequence, (uint32_t)(record - history->record),
                      line->number[line->head]);
                line->head++;
        }
}

static void on_contact(struct history *history, struct record *record,
                       const struct acdclient_event *event)
{
        switch ((unsigned)event->kind) {
        case ACDCLIENT_EVENT_CONTACT_SUBMITTED:
                on_submitted(history, record, event);
                break;
        case ACDCLIENT_EVENT_CONTACT_OFFERED:
                check(!record->is_closed && record->assignment == 0,
                      "H2: event %" PRIu64 ": offered while it is with an agent or over",
                      event->sequence);
                record->assignment = event->assignment;
                if (record->offer_count == 0)
                        check_order(history, record, event);
                record->offer_count++;
                break;
        case ACDCLIENT_EVENT_OFFER_ACCEPTED:
                on_accepted(history, record, event);
                break;
        case ACDCLIENT_EVENT_OFFER_ENDED:
        case ACDCLIENT_EVENT_ASSIGNMENT_CLOSED:
                on_released(history, record, event);
                break;
        case ACDCLIENT_EVENT_CONTACT_CLOSED:
                check(record->is_submitted && !record->is_closed,
                      "H3: event %" PRIu64 ": closed twice, or never submitted", event->sequence);
                record->is_closed = true;
                if (event->assignment != 0)
                        deed_of(history, event->assignment)->was_over = true;
                history->abandoned += event->reason == ACDCLIENT_REASON_ABANDONED;
                break;
        default:
                break;
        }
}

void history_event(struct history *history, const struct acdclient_event *event)
{
        struct record *record = record_of(history, event->client_key);

        check(event->sequence == history->last_sequence + 1, "H1: event %" PRIu64 " after %" PRIu64,
              event->sequence, history->last_sequence);
        history->last_sequence = event->sequence;
        history->event_count++;
        if (event->contact != 0 && record != NULL)
                on_contact(history, record, event);
}

uint32_t history_open_count(const struct history *history)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < history->record_count; i++)
                count += history->record[i].is_acknowledged && !history->record[i].is_closed;
        return count;
}

uint64_t history_last_sequence(const struct history *history)
{
        return history->last_sequence;
}

void history_close(struct history *history)
{
        for (uint32_t i = 0; i < history->record_count; i++) {
                const struct record *record = &history->record[i];

                if (record->is_acknowledged) {
                        check(record->is_submitted, "H3: k%u was acknowledged and is lost", i);
                        check(record->is_closed, "H3: k%u never ended", i);
                }
        }
        for (uint32_t i = 0; i < history->deed_size; i++) {
                const struct deed *deed = &history->deed[i];

                check(!deed->told_accepted || deed->was_accepted,
                      "H4: accept of assignment %" PRIx64 " was acknowledged and is lost",
                      deed->assignment);
                check(!deed->told_complete || deed->was_over,
                      "H4: completion of assignment %" PRIx64 " was acknowledged and is lost",
                      deed->assignment);
        }
        printf("history: %" PRIu64 " events, %u submits, %u accepts and %u completions "
               "acknowledged, %u abandoned: none lost, none doubled\n",
               history->event_count, history->acknowledged, history->accepts_told,
               history->completes_told, history->abandoned);
}

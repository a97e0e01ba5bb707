/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From events to lines of a queue_log.
 *
 * What ends how is a table (queue_log.def); what is below are the few events
 * that need one of the things remembered. An open contact has a slot:
 *
 *     SUBMITTED           CONNECTED                 CLOSED
 *   -------#------------------#------------------------#----->
 *     ENTERQUEUE           CONNECT           COMPLETEAGENT/-CALLER
 *          |<-- in order ---->|                        |
 *                             '------ lost agent ------'
 *                                COMPLETEAGENT, then ENTERQUEUE again
 *
 * A queue_log knows no contact that comes back from an agent to its queue: there
 * it would be another stay. So it is two stays here too, each with a hold and a
 * talk time of its own.
 *
 * Whether a contact that closes was with an agent, and how long it lived and
 * talked, is in the closing event itself; so its line is right even when it is
 * the first event that is seen. Nothing that follows a contact's close needs it.
 */

#include "clients/cli/queue_log_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
        NO_SLOT = -1,
        FIRST_CAPACITY = 1024,
        /* What is known of an agent; nothing when he is in no map. */
        AGENT_IN = 1,
        AGENT_PAUSED = 2,
        INFO_MAX = 40, /* bytes of WITHDRAW's reason */
};

struct queue_log_contact {
        int64_t submitted_ns;
        int64_t arrival_ns;   /* credited */
        int64_t entered_ns;   /* this stay: submit, or its return */
        int64_t offered_ns;   /* of its last offer */
        int64_t connected_ns; /* QUEUE_LOG_UNKNOWN while it waits */
        uint64_t queue;
        uint64_t turn;
        uint64_t id;
        uint32_t position; /* at entry; 0 = not known */
        uint32_t next_free;
        uint8_t band;
        bool is_submitted; /* its submit was seen: it has a place in the order */
        bool is_ordered;
};

/* What an end is, by its reason. */
struct end {
        uint16_t reason;
        uint8_t waiting, active, offer; /* enum queue_log_name */
};

static const struct end ends[] = {
#define END(reason, waiting, active, offer) \
        { ACDCLIENT_REASON_##reason, QUEUE_LOG_##waiting, QUEUE_LOG_##active, QUEUE_LOG_##offer },
#include "clients/cli/queue_log.def"
#undef END
};

static struct end end_of(enum acdclient_reason reason)
{
        struct end end = { 0, QUEUE_LOG_WITHDRAW, QUEUE_LOG_COMPLETECALLER,
                           QUEUE_LOG_RINGCANCELED };

        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
                if (ends[i].reason == reason) {
                        if (ends[i].waiting != QUEUE_LOG_NONE)
                                end.waiting = ends[i].waiting;
                        if (ends[i].active != QUEUE_LOG_NONE)
                                end.active = ends[i].active;
                        end.offer = ends[i].offer;
                }
        return end;
}

/*
 * Lines.
 */

/* A line with one text, which may be empty. */
static void say(const struct queue_log *log, const struct acdclient_event *event,
                enum queue_log_name name, struct acdclient_text text)
{
        struct queue_log_line line;

        queue_log_begin(log, &line, event, name);
        queue_log_put_word(&line, text);
        queue_log_finish(log, &line);
}

/* A line with @count numbers. */
static void say_numbers(const struct queue_log *log, const struct acdclient_event *event,
                        enum queue_log_name name, const int64_t *number, size_t count)
{
        struct queue_log_line line;

        queue_log_begin(log, &line, event, name);
        for (size_t i = 0; i < count; i++)
                queue_log_put_number(&line, number[i]);
        if (name == QUEUE_LOG_WITHDRAW) {
                char reason[INFO_MAX + 1];

                (void)snprintf(reason, sizeof(reason), "%s", acdclient_reason_name(event->reason));
                queue_log_put_text(&line, reason);
        }
        queue_log_finish(log, &line);
}

/*
 * Slots.
 */

static int slot_of(const struct queue_log *log, uint64_t contact)
{
        uint32_t slot;

        return client_map_get(&log->contact_of, contact, &slot) ? (int)slot : NO_SLOT;
}

static int grow(struct queue_log *log)
{
        uint32_t capacity = log->contact_capacity == 0 ? FIRST_CAPACITY : log->contact_capacity * 2;
        struct queue_log_contact *contact;

        if (log->contact_capacity == QUEUE_LOG_CONTACT_MAX)
                return -ENOBUFS;
        contact = realloc(log->contact, capacity * sizeof(*contact));
        if (contact == NULL)
                return -ENOMEM;
        log->contact = contact;
        if (queue_order_reserve(&log->order, capacity) < 0)
                return -ENOMEM;
        for (uint32_t i = capacity; i > log->contact_capacity; i--) {
                contact[i - 1] = (struct queue_log_contact){ .next_free = log->contact_free };
                log->contact_free = i - 1;
        }
        log->contact_capacity = capacity;
        return 0;
}

/* A slot for @id, or NO_SLOT: then the order is not known any more. */
static int slot_make(struct queue_log *log, uint64_t id)
{
        uint32_t slot = log->contact_free;

        if ((slot == UINT32_MAX && grow(log) < 0) ||
            client_map_put(&log->contact_of, id, log->contact_free) < 0) {
                log->is_full = true;
                log->is_complete = false;
                return NO_SLOT;
        }
        slot = log->contact_free;
        log->contact_free = log->contact[slot].next_free;
        log->contact[slot] = (struct queue_log_contact){
                .id = id,
                .entered_ns = QUEUE_LOG_UNKNOWN,
                .offered_ns = QUEUE_LOG_UNKNOWN,
                .connected_ns = QUEUE_LOG_UNKNOWN,
        };
        return (int)slot;
}

static void leave_order(struct queue_log *log, int slot)
{
        if (log->contact[slot].is_ordered)
                queue_order_remove(&log->order, (uint32_t)slot);
        log->contact[slot].is_ordered = false;
}

static void drop(struct queue_log *log, int slot)
{
        leave_order(log, slot);
        client_map_remove(&log->contact_of, log->contact[slot].id);
        log->contact[slot].next_free = log->contact_free;
        log->contact_free = (uint32_t)slot;
}

static int64_t position_of(const struct queue_log *log, int slot)
{
        if (slot == NO_SLOT || !log->is_complete || !log->contact[slot].is_ordered)
                return QUEUE_LOG_UNKNOWN;
        return (int64_t)queue_order_before(&log->order, (uint32_t)slot) + 1;
}

static int64_t position_at_entry(const struct queue_log *log, int slot)
{
        if (slot == NO_SLOT || log->contact[slot].position == 0)
                return QUEUE_LOG_UNKNOWN;
        return log->contact[slot].position;
}

/* To its place, from another one when it had one. */
static void enter_order(struct queue_log *log, int slot)
{
        struct queue_log_contact *contact = &log->contact[slot];

        leave_order(log, slot);
        queue_order_add(&log->order, (uint32_t)slot,
                        (struct queue_order_key){
                                .queue = contact->queue,
                                .band = contact->band,
                                .arrival_ns = contact->arrival_ns,
                                .turn = contact->turn,
                        });
        contact->is_ordered = true;
}

/*
 * Contacts.
 */

static void enter(struct queue_log *log, const struct acdclient_event *event, int slot)
{
        struct queue_log_line line;
        int64_t position = position_of(log, slot);

        queue_log_begin(log, &line, event, QUEUE_LOG_ENTERQUEUE);
        queue_log_put_text(&line, "");
        queue_log_put_word(&line, event->client_key);
        queue_log_put_number(&line, position);
        queue_log_finish(log, &line);
        if (slot == NO_SLOT)
                return;
        log->contact[slot].position = position == QUEUE_LOG_UNKNOWN ? 0 : (uint32_t)position;
        log->contact[slot].entered_ns = (int64_t)event->time_ns;
}

/* The value of the event is the credit, in ms. */
static int64_t arrival_of(const struct queue_log_contact *contact,
                          const struct acdclient_event *event)
{
        return contact->submitted_ns - (int64_t)(event->value * 1000000);
}

static void on_submitted(struct queue_log *log, const struct acdclient_event *event)
{
        int slot = slot_of(log, event->contact);

        /* An id comes again only when the end of its contact was missed. */
        if (slot != NO_SLOT)
                drop(log, slot);
        slot = slot_make(log, event->contact);
        if (slot != NO_SLOT) {
                struct queue_log_contact *contact = &log->contact[slot];

                contact->is_submitted = true;
                contact->submitted_ns = (int64_t)event->time_ns;
                contact->arrival_ns = arrival_of(contact, event);
                contact->queue = event->queue_id;
                contact->turn = event->sequence;
                contact->band = (uint8_t)event->band;
                enter_order(log, slot);
        }
        enter(log, event, slot);
}

/* What an agent had is over for him: hold, talk, position at entry. */
static void complete(struct queue_log *log, const struct acdclient_event *event, int slot,
                     enum queue_log_name name)
{
        const struct queue_log_contact *contact = slot == NO_SLOT ? NULL : &log->contact[slot];
        int64_t now_ns = (int64_t)event->time_ns;
        int64_t number[] = { QUEUE_LOG_UNKNOWN, QUEUE_LOG_UNKNOWN, position_at_entry(log, slot) };

        if (contact != NULL && contact->connected_ns != QUEUE_LOG_UNKNOWN) {
                number[0] = queue_log_seconds(log, contact->entered_ns, contact->connected_ns);
                number[1] = queue_log_seconds(log, contact->connected_ns, now_ns);
        } else if (event->kind == ACDCLIENT_EVENT_CONTACT_CLOSED) {
                int64_t connected_ns = now_ns - (int64_t)event->value;

                number[0] = queue_log_seconds(log, (int64_t)event->since_ns, connected_ns);
                number[1] = queue_log_seconds(log, connected_ns, now_ns);
        }
        say_numbers(log, event, name, number, 3);
}

/* Back from a lost agent: another stay. */
static void on_queued(struct queue_log *log, const struct acdclient_event *event)
{
        int slot = slot_of(log, event->contact);
        struct queue_log_contact *contact;

        if (slot == NO_SLOT || log->contact[slot].connected_ns == QUEUE_LOG_UNKNOWN)
                return;
        contact = &log->contact[slot];
        contact->connected_ns = QUEUE_LOG_UNKNOWN;
        if (contact->is_submitted)
                enter_order(log, slot);
        enter(log, event, slot);
}

static void on_connected(struct queue_log *log, const struct acdclient_event *event)
{
        char id[ACDCLIENT_ID_SIZE];
        int64_t now_ns = (int64_t)event->time_ns;
        /* The whole wait, of its first stay. */
        int64_t hold_s = queue_log_seconds(log, now_ns - (int64_t)event->value, now_ns);
        int64_t ring_s = QUEUE_LOG_UNKNOWN;
        int slot = slot_of(log, event->contact);
        struct queue_log_line line;

        if (slot == NO_SLOT)
                slot = slot_make(log, event->contact);
        if (slot != NO_SLOT) {
                struct queue_log_contact *contact = &log->contact[slot];

                leave_order(log, slot);
                if (contact->entered_ns != QUEUE_LOG_UNKNOWN)
                        hold_s = queue_log_seconds(log, contact->entered_ns, now_ns);
                else
                        contact->entered_ns = now_ns - (int64_t)event->value;
                ring_s = queue_log_seconds(log, contact->offered_ns, now_ns);
                contact->connected_ns = now_ns;
        }
        queue_log_begin(log, &line, event, QUEUE_LOG_CONNECT);
        queue_log_put_number(&line, hold_s);
        queue_log_put_text(&line, acdclient_id_format(event->assignment, id));
        queue_log_put_number(&line, ring_s);
        queue_log_finish(log, &line);
}

static void on_closed(struct queue_log *log, const struct acdclient_event *event)
{
        struct end end = end_of(event->reason);
        int slot = slot_of(log, event->contact);
        int64_t now_ns = (int64_t)event->time_ns;

        /* An agent has it: only then the event names one. */
        if (event->agent.size > 0) {
                complete(log, event, slot, (enum queue_log_name)end.active);
        } else {
                int64_t entered_ns = (int64_t)event->since_ns;
                int64_t wait_s;

                if (slot != NO_SLOT && log->contact[slot].entered_ns != QUEUE_LOG_UNKNOWN)
                        entered_ns = log->contact[slot].entered_ns;
                wait_s = queue_log_seconds(log, entered_ns, now_ns);
                say_numbers(
                        log, event, (enum queue_log_name)end.waiting,
                        (int64_t[]){ position_of(log, slot), position_at_entry(log, slot), wait_s },
                        3);
        }
        if (slot != NO_SLOT)
                drop(log, slot);
}

/* The agent of a contact that goes on was lost. */
static void on_assignment_closed(struct queue_log *log, const struct acdclient_event *event)
{
        int slot = slot_of(log, event->contact);

        if (slot != NO_SLOT && log->contact[slot].connected_ns != QUEUE_LOG_UNKNOWN)
                complete(log, event, slot, QUEUE_LOG_COMPLETEAGENT);
}

static void ring(struct queue_log *log, const struct acdclient_event *event, int64_t begun_ns)
{
        int slot = slot_of(log, event->contact);

        if (slot == NO_SLOT)
                slot = slot_make(log, event->contact);
        if (slot != NO_SLOT)
                log->contact[slot].offered_ns = begun_ns;
}

static void on_offered(struct queue_log *log, const struct acdclient_event *event)
{
        ring(log, event, (int64_t)event->time_ns);
}

static void on_accepted(struct queue_log *log, const struct acdclient_event *event)
{
        ring(log, event, (int64_t)event->since_ns);
}

static void on_offer_ended(struct queue_log *log, const struct acdclient_event *event)
{
        int64_t ring_ms = ((int64_t)event->time_ns - (int64_t)event->since_ns) / 1000000;

        say_numbers(log, event, (enum queue_log_name)end_of(event->reason).offer, &ring_ms, 1);
}

static void on_updated(struct queue_log *log, const struct acdclient_event *event)
{
        int slot = slot_of(log, event->contact);

        if (slot == NO_SLOT)
                return;
        log->contact[slot].band = (uint8_t)event->band;
        log->contact[slot].arrival_ns = arrival_of(&log->contact[slot], event);
        if (log->contact[slot].is_ordered)
                enter_order(log, slot);
}

/*
 * Agents.
 */

/* What is known of him, or 0. */
static uint32_t agent_get(const struct queue_log *log, uint64_t agent)
{
        uint32_t known = 0;

        (void)client_map_get(&log->agent_of, agent, &known);
        return known;
}

/* An agent beyond the limit stays one of whom nothing is known. */
static void agent_put(struct queue_log *log, uint64_t agent, bool is_paused)
{
        if (client_map_put(&log->agent_of, agent, AGENT_IN | (is_paused ? AGENT_PAUSED : 0)) < 0)
                log->is_full = true;
}

static void be_paused(struct queue_log *log, const struct acdclient_event *event,
                      struct acdclient_text label)
{
        agent_put(log, event->agent_id, true);
        say(log, event, QUEUE_LOG_PAUSEALL, label);
}

static void on_paused(struct queue_log *log, const struct acdclient_event *event)
{
        be_paused(log, event, event->label);
}

static void on_ready(struct queue_log *log, const struct acdclient_event *event)
{
        bool is_ready = agent_get(log, event->agent_id) == AGENT_IN;

        agent_put(log, event->agent_id, false);
        if (!is_ready)
                say(log, event, QUEUE_LOG_UNPAUSEALL, (struct acdclient_text){ 0 });
}

static void on_logged_in(struct queue_log *log, const struct acdclient_event *event)
{
        bool is_paused = event->state != ACDCLIENT_PRESENCE_READY;
        uint32_t known = agent_get(log, event->agent_id);

        /* A login leads to READY only when he was that before. */
        if (known == 0 && is_paused) {
                say(log, event, QUEUE_LOG_AGENTLOGIN, (struct acdclient_text){ 0 });
                be_paused(log, event,
                          event->label.size > 0 ? event->label : acdclient_text("login"));
        } else {
                agent_put(log, event->agent_id, is_paused);
        }
}

static void on_logged_out(struct queue_log *log, const struct acdclient_event *event)
{
        struct queue_log_line line;

        client_map_remove(&log->agent_of, event->agent_id);
        queue_log_begin(log, &line, event, QUEUE_LOG_AGENTLOGOFF);
        queue_log_put_text(&line, "");
        queue_log_put_number(
                &line, queue_log_seconds(log, (int64_t)event->since_ns, (int64_t)event->time_ns));
        queue_log_finish(log, &line);
}

static void on_lost(struct queue_log *log, const struct acdclient_event *event)
{
        if ((agent_get(log, event->agent_id) & AGENT_PAUSED) == 0)
                be_paused(log, event, acdclient_text("lost"));
}

static void on_back(struct queue_log *log, const struct acdclient_event *event)
{
        if (event->state == ACDCLIENT_PRESENCE_READY)
                on_ready(log, event);
        else
                agent_put(log, event->agent_id, true);
}

static void on_config(struct queue_log *log, const struct acdclient_event *event)
{
        /* The line is about no contact, queue or agent. */
        const struct acdclient_event bare = { .time_ns = event->time_ns };
        int64_t now_s = queue_log_second(log, (int64_t)event->time_ns);

        if (log->reload_s != now_s)
                say(log, &bare, QUEUE_LOG_CONFIGRELOAD, (struct acdclient_text){ 0 });
        log->reload_s = now_s;
}

static void on_run_started(struct queue_log *log, const struct acdclient_event *event)
{
        const struct acdclient_event bare = { .time_ns = event->time_ns };

        say(log, &bare, QUEUE_LOG_QUEUESTART, (struct acdclient_text){ 0 });
}

/* The first event of a tenant: from here on everybody is seen. */
static bool is_beginning(const struct acdclient_event *event)
{
        return event->sequence == 1 ||
               (event->kind == ACDCLIENT_EVENT_CONFIG_CHANGED && event->count == 1 &&
                event->object == ACDCLIENT_OBJECT_TENANT);
}

/* What a kind of event does, and which id it must have for it. */
static const struct {
        void (*take)(struct queue_log *log, const struct acdclient_event *event);
        enum { ABOUT_NOBODY, ABOUT_CONTACT, ABOUT_AGENT } about;
} handlers[] = {
        [ACDCLIENT_EVENT_RUN_STARTED] = { on_run_started, ABOUT_NOBODY },
        [ACDCLIENT_EVENT_CONFIG_CHANGED] = { on_config, ABOUT_NOBODY },
        [ACDCLIENT_EVENT_CONFIG_REMOVED] = { on_config, ABOUT_NOBODY },
        [ACDCLIENT_EVENT_CONTACT_SUBMITTED] = { on_submitted, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_CONTACT_QUEUED] = { on_queued, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_CONTACT_OFFERED] = { on_offered, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_OFFER_ACCEPTED] = { on_accepted, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_OFFER_ENDED] = { on_offer_ended, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_CONTACT_CONNECTED] = { on_connected, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_CONTACT_UPDATED] = { on_updated, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_CONTACT_CLOSED] = { on_closed, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_ASSIGNMENT_CLOSED] = { on_assignment_closed, ABOUT_CONTACT },
        [ACDCLIENT_EVENT_AGENT_LOGGED_IN] = { on_logged_in, ABOUT_AGENT },
        [ACDCLIENT_EVENT_AGENT_LOGGED_OUT] = { on_logged_out, ABOUT_AGENT },
        [ACDCLIENT_EVENT_AGENT_READY] = { on_ready, ABOUT_AGENT },
        [ACDCLIENT_EVENT_AGENT_PAUSED] = { on_paused, ABOUT_AGENT },
        [ACDCLIENT_EVENT_AGENT_LOST] = { on_lost, ABOUT_AGENT },
        [ACDCLIENT_EVENT_AGENT_BACK] = { on_back, ABOUT_AGENT },
};

/* All other kinds, and those of a newer daemon, have no line. */
static void dispatch(struct queue_log *log, const struct acdclient_event *event)
{
        size_t kind = (size_t)event->kind;

        if (kind >= sizeof(handlers) / sizeof(handlers[0]) || handlers[kind].take == NULL)
                return;
        if ((handlers[kind].about == ABOUT_CONTACT && event->contact == 0) ||
            (handlers[kind].about == ABOUT_AGENT && event->agent_id == 0))
                return;
        handlers[kind].take(log, event);
}

void queue_log_event(struct queue_log *log, const struct acdclient_event *event,
                     int64_t wall_offset_ns)
{
        log->wall_offset_ns = wall_offset_ns;
        if (!log->is_begun && is_beginning(event) && !log->is_full)
                log->is_complete = true;
        log->is_begun = true;
        dispatch(log, event);
}

int queue_log_init(struct queue_log *log, queue_log_on_line *on_line, void *context)
{
        *log = (struct queue_log){
                .on_line = on_line,
                .context = context,
                .contact_free = UINT32_MAX,
                .reload_s = QUEUE_LOG_UNKNOWN,
        };
        client_map_init(&log->contact_of, QUEUE_LOG_CONTACT_MAX);
        client_map_init(&log->agent_of, QUEUE_LOG_AGENT_MAX);
        queue_order_init(&log->order);
        return grow(log);
}

void queue_log_fini(struct queue_log *log)
{
        client_map_fini(&log->contact_of);
        client_map_fini(&log->agent_of);
        queue_order_fini(&log->order);
        free(log->contact);
        *log = (struct queue_log){ .on_line = NULL };
}

void queue_log_forget(struct queue_log *log)
{
        client_map_clear(&log->contact_of);
        client_map_clear(&log->agent_of);
        queue_order_clear(&log->order);
        log->contact_free = UINT32_MAX;
        for (uint32_t i = log->contact_capacity; i > 0; i--) {
                log->contact[i - 1] = (struct queue_log_contact){ .next_free = log->contact_free };
                log->contact_free = i - 1;
        }
        log->is_complete = false;
        log->is_begun = true;
}

bool queue_log_is_full(const struct queue_log *log)
{
        return log->is_full;
}

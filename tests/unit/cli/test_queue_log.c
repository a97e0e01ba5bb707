/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines of a queue_log.
 *
 * Goal    Every line is what happened, in every order of things; and an export
 *         that begins anywhere in between says nothing else, only less.
 * Method  A random floor of contacts and agents makes events as the daemon would,
 *         and writes down beside each what a naive keeper of a queue_log, who
 *         counts heads and looks at the clock, would write.
 * Oracle  The naive keeper; the full export for one that begins later.
 */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/prng.h"
#include "clients/cli/queue_log.h"

enum {
        CONTACTS = 40,
        AGENTS = 4,
        STEPS = 3000,
        EVENTS_MAX = 12000,
        LINES_MAX = 12000,
        LINE_SIZE = 320,
        SEED = 8117,
};

#define SECOND UINT64_C(1000000000)
/* 2026-01-01, and not at the beginning of a second. */
#define WALL_OFFSET INT64_C(1767225600300000000)

enum state { AWAY, WAITING, OFFERED, ACTIVE };

struct contact {
        enum state state;
        uint64_t id;
        uint64_t queue;
        uint32_t band;
        int64_t arrival;
        uint64_t submitted_ns, entered_ns, offered_ns, connected_ns, active_ns;
        uint64_t turn;
        uint64_t stays;
        uint32_t position;
        int agent;
        char key[16];
};

struct agent {
        enum { OUT, PAUSED, READY, LOST } presence, before;
        uint64_t login_ns;
        int contact; /* -1 = none */
};

/* The floor, and what came of it. */
static struct contact contacts[CONTACTS];
static struct agent agents[AGENTS];
static struct acd_prng prng;
static uint64_t now_ns, next_id, sequence;
static struct acdclient_event events[EVENTS_MAX];
static char keys_of[EVENTS_MAX][16];
static size_t event_count;

struct expected {
        char text[LINE_SIZE];
        size_t event;     /* it belongs to */
        bool is_returned; /* of a contact that came back from an agent: see below */
};

static struct expected expected[LINES_MAX];
static size_t expected_count;

static const char *const agent_names[AGENTS] = { "anna", "bob", "carl", "dora" };
static const char *const queue_names[] = { "", "billing", "sales" };

static int64_t wall_s(uint64_t time_ns)
{
        return ((int64_t)time_ns + WALL_OFFSET) / (int64_t)SECOND;
}

static int64_t between(uint64_t from_ns, uint64_t to_ns)
{
        return wall_s(to_ns) - wall_s(from_ns);
}

static struct acdclient_event *happen(enum acdclient_event_kind kind, const struct contact *contact,
                                      int agent)
{
        struct acdclient_event *event = &events[event_count];

        cr_assert_lt(event_count, EVENTS_MAX);
        *event =
                (struct acdclient_event){ .sequence = ++sequence, .kind = kind, .time_ns = now_ns };
        if (contact != NULL) {
                event->contact = contact->id;
                event->queue_id = contact->queue;
                event->queue = acdclient_text(queue_names[contact->queue]);
                event->band = contact->band;
                memcpy(keys_of[event_count], contact->key, sizeof(contact->key));
                event->client_key = acdclient_text(keys_of[event_count]);
        }
        if (agent >= 0) {
                event->agent_id = (uint64_t)agent + 1;
                event->agent = acdclient_text(agent_names[agent]);
        }
        event_count++;
        return event;
}

static void write_down(const struct contact *contact, int agent, const char *name,
                       const char *parameters)
{
        char id[ACDCLIENT_ID_SIZE];

        cr_assert_lt(expected_count, LINES_MAX);
        expected[expected_count].event = event_count - 1;
        expected[expected_count].is_returned = contact != NULL && contact->stays > 1;
        (void)snprintf(expected[expected_count++].text, LINE_SIZE, "%" PRId64 "|%s|%s|%s|%s|%s\n",
                       wall_s(now_ns),
                       contact != NULL ? acdclient_id_format(contact->id, id) : "NONE",
                       contact != NULL ? queue_names[contact->queue] : "NONE",
                       agent >= 0 ? agent_names[agent] : "NONE", name, parameters);
}

static bool is_before(const struct contact *a, const struct contact *b)
{
        if (a->band != b->band)
                return a->band > b->band;
        return a->arrival != b->arrival ? a->arrival < b->arrival : a->turn < b->turn;
}

/* Counts heads. */
static uint32_t position(const struct contact *contact)
{
        uint32_t before = 0;

        for (int i = 0; i < CONTACTS; i++)
                before += (contacts[i].state == WAITING || contacts[i].state == OFFERED) &&
                          contacts[i].queue == contact->queue && is_before(&contacts[i], contact);
        return before + 1;
}

static void enter(struct contact *contact)
{
        char text[64];
        char shown[16];

        contact->state = WAITING;
        contact->agent = -1;
        contact->entered_ns = now_ns;
        contact->stays++;
        contact->position = position(contact);
        memcpy(shown, contact->key, sizeof(shown));
        for (char *at = shown; *at != '\0'; at++)
                if (*at == '|')
                        *at = '_';
        (void)snprintf(text, sizeof(text), "|%s|%" PRIu32, shown, contact->position);
        write_down(contact, -1, "ENTERQUEUE", text);
}

static void submit(struct contact *contact)
{
        uint64_t credit_ms = acd_prng_chance(&prng, 1, 4) ? acd_prng_below(&prng, 90000) : 0;

        *contact = (struct contact){
                .id = ++next_id << 10,
                .queue = 1 + acd_prng_below(&prng, 2),
                .band = acd_prng_chance(&prng, 1, 5) ? 20 : 8,
                .submitted_ns = now_ns,
                .arrival = (int64_t)now_ns - (int64_t)(credit_ms * 1000000),
                .agent = -1,
        };
        (void)snprintf(contact->key, sizeof(contact->key), "call|%d", (int)next_id % 1000);
        happen(ACDCLIENT_EVENT_CONTACT_SUBMITTED, contact, -1)->value = credit_ms;
        contact->turn = sequence;
        enter(contact);
        happen(ACDCLIENT_EVENT_CONTACT_QUEUED, contact, -1)->reason = ACDCLIENT_REASON_SUBMITTED;
}

static void update(struct contact *contact)
{
        uint64_t credit_ms = acd_prng_below(&prng, 50000);

        contact->band = (uint32_t)acd_prng_below(&prng, 32);
        contact->arrival = (int64_t)contact->submitted_ns - (int64_t)(credit_ms * 1000000);
        happen(ACDCLIENT_EVENT_CONTACT_UPDATED, contact, contact->agent)->value = credit_ms;
}

static void offer(struct contact *contact, int agent)
{
        contact->state = OFFERED;
        contact->agent = agent;
        contact->offered_ns = now_ns;
        agents[agent].contact = (int)(contact - contacts);
        happen(ACDCLIENT_EVENT_CONTACT_OFFERED, contact, agent)->since_ns = contact->entered_ns;
}

static void end_offer(struct contact *contact, enum acdclient_reason reason, const char *name)
{
        struct acdclient_event *event =
                happen(ACDCLIENT_EVENT_OFFER_ENDED, contact, contact->agent);
        char text[32];

        event->reason = reason;
        event->since_ns = contact->offered_ns;
        (void)snprintf(text, sizeof(text), "%" PRIu64, (now_ns - contact->offered_ns) / 1000000);
        write_down(contact, contact->agent, name, text);
        agents[contact->agent].contact = -1;
        contact->agent = -1;
        contact->state = WAITING;
}

static void come_to_nothing(struct contact *contact)
{
        static const struct {
                enum acdclient_reason reason;
                const char *name;
        } ways[] = {
                { ACDCLIENT_REASON_OFFER_TIMEOUT, "RINGNOANSWER" },
                { ACDCLIENT_REASON_REJECTED, "RINGNOANSWER" },
                { ACDCLIENT_REASON_FAILED_BUSY, "RINGNOANSWER" },
                { ACDCLIENT_REASON_CONNECT_TIMEOUT, "RINGNOANSWER" },
                { ACDCLIENT_REASON_RESTARTED, "RINGCANCELED" },
                { ACDCLIENT_REASON_AGENT_GONE, "RINGCANCELED" },
                { ACDCLIENT_REASON_AGENT_ASKED, "RINGCANCELED" },
        };
        size_t way = acd_prng_below(&prng, sizeof(ways) / sizeof(ways[0]));

        end_offer(contact, ways[way].reason, ways[way].name);
        happen(ACDCLIENT_EVENT_CONTACT_QUEUED, contact, -1)->reason = ACDCLIENT_REASON_RETURNED;
}

static void connect_to(struct contact *contact)
{
        char text[64], id[ACDCLIENT_ID_SIZE];
        struct acdclient_event *event;

        happen(ACDCLIENT_EVENT_OFFER_ACCEPTED, contact, contact->agent)->since_ns =
                contact->offered_ns;
        now_ns += acd_prng_below(&prng, 3 * SECOND);
        event = happen(ACDCLIENT_EVENT_CONTACT_CONNECTED, contact, contact->agent);
        event->since_ns = contact->submitted_ns;
        event->value = now_ns - contact->submitted_ns;
        event->assignment = 77 * contact->id;
        (void)snprintf(
                text, sizeof(text), "%" PRId64 "|%s|%" PRId64, between(contact->entered_ns, now_ns),
                acdclient_id_format(event->assignment, id), between(contact->offered_ns, now_ns));
        write_down(contact, contact->agent, "CONNECT", text);
        contact->state = ACTIVE;
        contact->connected_ns = now_ns;
}

static void tell_complete(const struct contact *contact, const char *name)
{
        char text[64];

        (void)snprintf(text, sizeof(text), "%" PRId64 "|%" PRId64 "|%" PRIu32,
                       between(contact->entered_ns, contact->connected_ns),
                       between(contact->connected_ns, now_ns), contact->position);
        write_down(contact, contact->agent, name, text);
}

static struct acdclient_event *close_event(const struct contact *contact,
                                           enum acdclient_reason reason)
{
        struct acdclient_event *event =
                happen(ACDCLIENT_EVENT_CONTACT_CLOSED, contact, contact->agent);

        event->reason = reason;
        event->since_ns = contact->submitted_ns;
        event->value = contact->active_ns;
        return event;
}

static void end_active(struct contact *contact)
{
        static const struct {
                enum acdclient_reason reason;
                const char *name;
        } ways[] = {
                { ACDCLIENT_REASON_COMPLETED, "COMPLETEAGENT" },
                { ACDCLIENT_REASON_ENDED_BY_AGENT, "COMPLETEAGENT" },
                { ACDCLIENT_REASON_AGENT_LOST, "COMPLETEAGENT" },
                { ACDCLIENT_REASON_ENDED_BY_CUSTOMER, "COMPLETECALLER" },
                { ACDCLIENT_REASON_ENDED_BY_NETWORK, "COMPLETECALLER" },
                { ACDCLIENT_REASON_GATEWAY_LOST, "COMPLETECALLER" },
                { ACDCLIENT_REASON_OPERATOR, "COMPLETECALLER" },
        };
        size_t way = acd_prng_below(&prng, sizeof(ways) / sizeof(ways[0]));
        int agent = contact->agent;

        contact->active_ns += now_ns - contact->connected_ns;
        if (acd_prng_chance(&prng, 1, 8)) {
                /* The agent is lost, the contact comes back. */
                happen(ACDCLIENT_EVENT_ASSIGNMENT_CLOSED, contact, agent)->reason =
                        ACDCLIENT_REASON_AGENT_LOST;
                tell_complete(contact, "COMPLETEAGENT");
                contact->agent = -1;
                happen(ACDCLIENT_EVENT_CONTACT_QUEUED, contact, -1)->reason =
                        ACDCLIENT_REASON_RETURNED;
                enter(contact);
        } else {
                (void)close_event(contact, ways[way].reason);
                tell_complete(contact, ways[way].name);
                (void)happen(ACDCLIENT_EVENT_WRAP_UP_STARTED, contact, agent);
                contact->state = AWAY;
                now_ns += acd_prng_below(&prng, SECOND);
                (void)happen(ACDCLIENT_EVENT_ASSIGNMENT_CLOSED, contact, agent);
        }
        agents[agent].contact = -1;
}

static void leave(struct contact *contact)
{
        static const struct {
                enum acdclient_reason reason;
                const char *name, *info;
        } ways[] = {
                { ACDCLIENT_REASON_ABANDONED, "ABANDON", "" },
                { ACDCLIENT_REASON_ENDED_BY_NETWORK, "WITHDRAW", "|ENDED_BY_NETWORK" },
                { ACDCLIENT_REASON_CANCELLED, "WITHDRAW", "|CANCELLED" },
                { ACDCLIENT_REASON_GATEWAY_LOST, "WITHDRAW", "|GATEWAY_LOST" },
                { ACDCLIENT_REASON_OPERATOR, "WITHDRAW", "|OPERATOR" },
        };
        size_t way = acd_prng_below(&prng, sizeof(ways) / sizeof(ways[0]));
        char text[64];

        if (contact->state == OFFERED)
                end_offer(contact, ways[way].reason, "RINGCANCELED");
        (void)close_event(contact, ways[way].reason);
        (void)snprintf(text, sizeof(text), "%" PRIu32 "|%" PRIu32 "|%" PRId64 "%s",
                       position(contact), contact->position, between(contact->entered_ns, now_ns),
                       ways[way].info);
        write_down(contact, -1, ways[way].name, text);
        contact->state = AWAY;
}

static void step_contact(struct contact *contact)
{
        int agent = (int)acd_prng_below(&prng, AGENTS);

        if (contact->state == AWAY)
                submit(contact);
        else if (acd_prng_chance(&prng, 1, 10))
                update(contact);
        else if (contact->state == ACTIVE)
                end_active(contact);
        else if (acd_prng_chance(&prng, 1, 4))
                leave(contact);
        else if (contact->state == OFFERED && acd_prng_chance(&prng, 1, 3))
                come_to_nothing(contact);
        else if (contact->state == OFFERED)
                connect_to(contact);
        else if (agents[agent].contact < 0 && agents[agent].presence == READY)
                offer(contact, agent);
}

static void be_paused(int index, const char *label)
{
        happen(ACDCLIENT_EVENT_AGENT_PAUSED, NULL, index)->label = acdclient_text(label);
        write_down(NULL, index, "PAUSEALL", label);
        agents[index].presence = PAUSED;
}

static void be_lost(int index)
{
        struct agent *agent = &agents[index];

        agent->before = agent->presence;
        agent->presence = LOST;
        (void)happen(ACDCLIENT_EVENT_AGENT_LOST, NULL, index);
        if (agent->before == READY)
                write_down(NULL, index, "PAUSEALL", "lost");
}

static void be_back(int index)
{
        struct agent *agent = &agents[index];
        enum acdclient_presence state =
                agent->before == READY ? ACDCLIENT_PRESENCE_READY : ACDCLIENT_PRESENCE_PAUSED;

        agent->presence = agent->before;
        happen(ACDCLIENT_EVENT_AGENT_BACK, NULL, index)->state = state;
        if (agent->presence == READY)
                write_down(NULL, index, "UNPAUSEALL", "");
        happen(ACDCLIENT_EVENT_AGENT_LOGGED_IN, NULL, index)->state = state;
}

static void step_agent(int index)
{
        struct agent *agent = &agents[index];
        char text[32];

        if (agent->presence == OUT) {
                agent->presence = PAUSED;
                agent->login_ns = now_ns;
                happen(ACDCLIENT_EVENT_AGENT_LOGGED_IN, NULL, index)->state =
                        ACDCLIENT_PRESENCE_PAUSED;
                write_down(NULL, index, "AGENTLOGIN", "");
                write_down(NULL, index, "PAUSEALL", "login");
        } else if (agent->presence == LOST) {
                be_back(index);
        } else if (acd_prng_chance(&prng, 1, 8)) {
                be_lost(index);
        } else if (agent->presence == READY) {
                be_paused(index, "lunch");
        } else if (acd_prng_chance(&prng, 1, 5)) {
                be_paused(index, "training");
        } else if (acd_prng_chance(&prng, 1, 4) && agent->contact < 0) {
                agent->presence = OUT;
                happen(ACDCLIENT_EVENT_AGENT_LOGGED_OUT, NULL, index)->since_ns = agent->login_ns;
                (void)snprintf(text, sizeof(text), "|%" PRId64, between(agent->login_ns, now_ns));
                write_down(NULL, index, "AGENTLOGOFF", text);
        } else {
                agent->presence = READY;
                (void)happen(ACDCLIENT_EVENT_AGENT_READY, NULL, index);
                write_down(NULL, index, "UNPAUSEALL", "");
        }
}

static void step_rest(void)
{
        static int64_t reload_s;

        if (acd_prng_chance(&prng, 1, 3)) {
                happen(ACDCLIENT_EVENT_RUN_STARTED, NULL, -1)->value = 2;
                write_down(NULL, -1, "QUEUESTART", "");
                return;
        }
        for (int i = 0; i < 3; i++) {
                (void)happen(i == 1 ? ACDCLIENT_EVENT_CONFIG_REMOVED
                                    : ACDCLIENT_EVENT_CONFIG_CHANGED,
                             NULL, -1);
                if (reload_s != wall_s(now_ns))
                        write_down(NULL, -1, "CONFIGRELOAD", "");
                reload_s = wall_s(now_ns);
        }
        (void)happen(ACDCLIENT_EVENT_GATEWAY_LOST, NULL, -1);
}

static void make_history(void)
{
        acd_prng_init(&prng, SEED);
        for (int i = 0; i < AGENTS; i++)
                agents[i] = (struct agent){ .contact = -1 };
        for (int i = 0; i < STEPS; i++) {
                uint64_t choice = acd_prng_below(&prng, 100);

                now_ns += acd_prng_below(&prng, 2 * SECOND);
                if (choice < 80)
                        step_contact(&contacts[acd_prng_below(&prng, CONTACTS)]);
                else if (choice < 98)
                        step_agent((int)acd_prng_below(&prng, AGENTS));
                else
                        step_rest();
        }
}

/* What was exported, with the event at hand. */
struct exported {
        size_t event;
        size_t count;
        struct {
                char text[LINE_SIZE];
                size_t event;
        } line[LINES_MAX];
};

static struct exported full, part;

static void take_line(void *context, const char *text, size_t size)
{
        struct exported *exported = context;

        cr_assert_lt(size, LINE_SIZE);
        cr_assert_lt(exported->count, LINES_MAX);
        memcpy(exported->line[exported->count].text, text, size);
        exported->line[exported->count].text[size] = '\0';
        exported->line[exported->count++].event = exported->event;
}

static void export_from(size_t first, struct exported *exported)
{
        struct queue_log log;

        exported->count = 0;
        cr_assert_eq(queue_log_init(&log, take_line, exported), 0);
        for (exported->event = first; exported->event < event_count; exported->event++)
                queue_log_event(&log, &events[exported->event], WALL_OFFSET);
        cr_assert(!queue_log_is_full(&log));
        queue_log_fini(&log);
}

Test(queue_log, says_what_a_naive_keeper_says)
{
        make_history();
        export_from(0, &full);
        for (size_t i = 0; i < full.count && i < expected_count; i++)
                cr_assert_str_eq(full.line[i].text, expected[i].text, "line %zu", i);
        cr_assert_eq(full.count, expected_count);
        cr_assert_gt(full.count, STEPS / 2);
}

/* @less is @all with some fields left empty. */
static bool says_less(const char *less, const char *all)
{
        while (*less != '\0' || *all != '\0') {
                size_t size = strcspn(less, "|\n");
                size_t all_size = strcspn(all, "|\n");

                if (size > 0 && (size != all_size || memcmp(less, all, size) != 0))
                        return false;
                less += size;
                all += all_size;
                if (*less != *all)
                        return false;
                if (*less != '\0') {
                        less++;
                        all++;
                }
        }
        return true;
}

static bool is_about_agent(const char *text)
{
        return strstr(text, "|NONE|NONE|") != NULL;
}

/* The line of the full export for this event and name; NULL when it has none. */
static size_t find_full(const char *text, size_t event, size_t *from)
{
        const char *fields[5];
        const char *at = text;

        for (int i = 0; i < 5; i++) {
                fields[i] = at;
                at += strcspn(at, "|") + 1;
        }
        while (*from < full.count && full.line[*from].event < event)
                (*from)++;
        for (size_t i = *from; i < full.count && full.line[i].event == event; i++)
                if (strncmp(full.line[i].text, text, (size_t)(at - fields[0])) == 0)
                        return i;
        return SIZE_MAX;
}

/* Begun anywhere: what is said is what the full export says, or less. Hold times of a
 * contact whose return from an agent was not seen count from its submit. */
Test(queue_log, begun_later_says_the_same_or_less)
{
        size_t empty_count = 0;

        make_history();
        export_from(0, &full);
        for (size_t cut = 1; cut < event_count; cut += 1 + event_count / 60) {
                size_t at = 0, contact_lines = 0, full_lines = 0;

                export_from(cut, &part);
                for (size_t i = 0; i < part.count; i++) {
                        const char *text = part.line[i].text;
                        size_t found = find_full(text, part.line[i].event, &at);

                        /* Of an agent never seen: that he is paused, or ready, is said (again). */
                        if (found == SIZE_MAX && is_about_agent(text))
                                continue;
                        cr_assert_neq(found, SIZE_MAX, "cut %zu: %s", cut, text);
                        if (expected[found].is_returned)
                                continue;
                        cr_assert(says_less(text, full.line[found].text), "cut %zu: %s%s", cut,
                                  text, full.line[found].text);
                        empty_count += strcmp(text, full.line[found].text) != 0;
                }
                for (size_t i = 0; i < part.count; i++)
                        contact_lines += !is_about_agent(part.line[i].text) &&
                                         strstr(part.line[i].text, "NONE|NONE|NONE") == NULL;
                for (size_t i = 0; i < full.count; i++)
                        full_lines += full.line[i].event >= cut && !expected[i].is_returned &&
                                      !is_about_agent(full.line[i].text);
                cr_assert_geq(contact_lines, full_lines, "cut %zu", cut);
        }
        cr_assert_gt(empty_count, 0);
}

/* A gap is a beginning in between. */
Test(queue_log, forgets_at_a_gap)
{
        struct queue_log log;
        size_t cut;

        make_history();
        cut = event_count / 2;
        export_from(cut, &part);
        full.count = 0;
        cr_assert_eq(queue_log_init(&log, take_line, &full), 0);
        for (size_t i = 0; i < cut; i++)
                queue_log_event(&log, &events[i], WALL_OFFSET);
        queue_log_forget(&log);
        full.count = 0;
        for (full.event = cut; full.event < event_count; full.event++)
                queue_log_event(&log, &events[full.event], WALL_OFFSET);
        queue_log_fini(&log);
        cr_assert_eq(full.count, part.count);
        for (size_t i = 0; i < full.count; i++)
                cr_assert_str_eq(full.line[i].text, part.line[i].text);
}

Test(queue_log, every_name_is_reached_that_can_be)
{
        bool is_seen[QUEUE_LOG_NAME_COUNT] = { false };

        make_history();
        export_from(0, &full);
        for (size_t i = 0; i < full.count; i++)
                for (int name = 1; name < QUEUE_LOG_NAME_COUNT; name++) {
                        char mark[32];

                        (void)snprintf(mark, sizeof(mark), "|%s|",
                                       queue_log_name((enum queue_log_name)name));
                        is_seen[name] |= strstr(full.line[i].text, mark) != NULL;
                }
        for (int name = 1; name < QUEUE_LOG_NAME_COUNT; name++)
                cr_assert_eq(is_seen[name], queue_log_can_occur((enum queue_log_name)name), "%s",
                             queue_log_name((enum queue_log_name)name));
        cr_assert_eq(QUEUE_LOG_NAME_COUNT, 28 + 1);
}

/* More contacts than are remembered: it is told, nothing is guessed, and lines that need
 * nothing of it are right. */
Test(queue_log, more_than_it_remembers)
{
        struct queue_log log;
        struct acdclient_event event = {
                .kind = ACDCLIENT_EVENT_CONTACT_SUBMITTED,
                .queue_id = 1,
                .queue = acdclient_text("billing"),
        };

        cr_assert_eq(queue_log_init(&log, take_line, &full), 0);
        for (uint64_t i = 1; i <= QUEUE_LOG_CONTACT_MAX + 1; i++) {
                full.count = 0;
                event.sequence = i;
                event.contact = i;
                queue_log_event(&log, &event, WALL_OFFSET);
                if (i == QUEUE_LOG_CONTACT_MAX)
                        cr_assert_str_eq(strrchr(full.line[0].text, '|'), "|1048576\n");
        }
        cr_assert(queue_log_is_full(&log));
        cr_assert_str_eq(strrchr(full.line[0].text, '|'), "|\n");

        full.count = 0;
        event = (struct acdclient_event){
                .kind = ACDCLIENT_EVENT_CONTACT_CLOSED,
                .contact = QUEUE_LOG_CONTACT_MAX + 1,
                .queue = acdclient_text("billing"),
                .reason = ACDCLIENT_REASON_ABANDONED,
                .time_ns = 40 * SECOND,
                .since_ns = 10 * SECOND,
        };
        queue_log_event(&log, &event, WALL_OFFSET);
        cr_assert_str_eq(strstr(full.line[0].text, "|ABANDON"), "|ABANDON|||30\n");
        queue_log_fini(&log);
}

/* Kinds of a newer daemon, and events without the ids that they should have. */
Test(queue_log, takes_what_makes_no_sense)
{
        static char long_name[1000];
        struct queue_log log;

        full.count = 0;
        cr_assert_eq(queue_log_init(&log, take_line, &full), 0);
        for (int kind = 0; kind < 100; kind++)
                queue_log_event(&log,
                                &(struct acdclient_event){
                                        .kind = (enum acdclient_event_kind)kind,
                                        .sequence = 7,
                                },
                                WALL_OFFSET);
        cr_assert_eq(full.count, 2); /* QUEUESTART, CONFIGRELOAD */

        /* Names that no daemon gives out. */
        memset(long_name, 'n', sizeof(long_name));
        queue_log_event(&log,
                        &(struct acdclient_event){
                                .kind = ACDCLIENT_EVENT_CONTACT_SUBMITTED,
                                .contact = 1,
                                .queue = { long_name, sizeof(long_name) },
                                .agent = { long_name, sizeof(long_name) },
                                .client_key = { long_name, sizeof(long_name) },
                        },
                        WALL_OFFSET);
        cr_assert_eq(full.count, 3);
        cr_assert_lt(strlen(full.line[2].text), 300);
        queue_log_fini(&log);
}

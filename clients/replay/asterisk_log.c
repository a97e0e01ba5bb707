/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a queue_log.
 *
 * The file is text of unknown origin. A line passes through three gates, each of
 * which can refuse it with a reason: the line (bounded, printable), its fields
 * (time, ids and names, each of its kind), and the parameters that its event
 * needs. Only then is anything remembered of it.
 *
 * A call is open from the line that first tells of it to the one that ends it.
 * What it lacks follows from what its later lines state: a call that is first
 * seen when it connects arrived as long before as its hold time says. Files are
 * cut at midnight or where rotation cut them, so both ends are full of these.
 *
 * Its record is made when it enters and filled when it ends, so records are in
 * the order of entry, which is the order of service among those who came in the
 * same second.
 */

#include "clients/replay/asterisk_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/assert.h"
#include "clients/replay/lines.h"

enum {
        NAME_MAX_BYTES = BANK_NAME_SIZE - 1,
        EVENT_SIZE_MAX = 32,
        COLUMN_COUNT = 5,
        NO_NUMBER = -1,
        OPEN_FIRST = 64,
};

/* No time of a call that is reckoned back from these is before 1970. */
static const int64_t year_1971_s = 31536000;
static const int64_t year_2068_s = 3092601600; /* bank_date() knows the years up to it */

_Static_assert(ASTERISK_OPEN_MAX % OPEN_FIRST == 0, "doubling reaches it");
_Static_assert((int)ASTERISK_LINE_MAX <= (int)LINES_SIZE_MAX, "long lines are seen to be so");

struct asterisk_call {
        char id[ASTERISK_CALL_MAX + 1];
        uint32_t hash;
        uint32_t next_free;
        uint32_t record;
        bool is_connected;
};

struct field {
        const char *at;
        size_t size;
};

/* A line cut up. */
struct row {
        int64_t second;
        struct field call, event;
        uint16_t server;        /* or BANK_NO_SERVER */
        uint8_t queue;          /* or ASTERISK_NO_QUEUE */
        int64_t hold_s, talk_s; /* or NO_NUMBER; hold is the wait of who left */
        bool is_flagged;        /* the first parameter is the word that matters */
};

typedef int take_row(struct asterisk_log *log, const struct row *row);

static take_row take_entry, take_connect, take_complete, take_abandon, take_exit;
static take_row take_join, take_leave, take_pause, take_unpause, take_nothing;

/* What a line of each name needs and does. Positions of parameters count from 0, from
 * the end when they are below zero; NONE: there is no such parameter. */
enum { NONE = 100, NEEDS_CALL = 1, NEEDS_QUEUE = 2, NEEDS_AGENT = 4 };

static const struct event {
        const char *name;
        take_row *take;
        uint8_t needs;
        int8_t hold_at, talk_at;
        const char *flag;
} events[] = {
        { "ENTERQUEUE", take_entry, NEEDS_CALL | NEEDS_QUEUE, NONE, NONE, NULL },
        { "CONNECT", take_connect, NEEDS_CALL | NEEDS_QUEUE, 0, NONE, NULL },
        { "COMPLETEAGENT", take_complete, NEEDS_CALL | NEEDS_QUEUE, 0, 1, NULL },
        { "COMPLETECALLER", take_complete, NEEDS_CALL | NEEDS_QUEUE, 0, 1, NULL },
        { "BLINDTRANSFER", take_complete, NEEDS_CALL | NEEDS_QUEUE, 2, 3, NULL },
        { "TRANSFER", take_complete, NEEDS_CALL | NEEDS_QUEUE, 2, 3, NULL },
        { "ATTENDEDTRANSFER", take_complete, NEEDS_CALL | NEEDS_QUEUE, -3, -2, NULL },
        { "ABANDON", take_abandon, NEEDS_CALL | NEEDS_QUEUE, 2, NONE, NULL },
        { "EXITWITHTIMEOUT", take_exit, NEEDS_CALL | NEEDS_QUEUE, 2, NONE, NULL },
        { "EXITEMPTY", take_exit, NEEDS_CALL | NEEDS_QUEUE, 2, NONE, NULL },
        { "EXITWITHKEY", take_exit, NEEDS_CALL | NEEDS_QUEUE, 3, NONE, NULL },
        { "WITHDRAW", take_exit, NEEDS_CALL | NEEDS_QUEUE, 2, NONE, NULL },
        { "SYSCOMPAT", take_exit, NEEDS_CALL | NEEDS_QUEUE, NONE, NONE, NULL },
        { "ADDMEMBER", take_join, NEEDS_QUEUE | NEEDS_AGENT, NONE, NONE, "PAUSED" },
        { "REMOVEMEMBER", take_leave, NEEDS_QUEUE | NEEDS_AGENT, NONE, NONE, NULL },
        { "AGENTLOGIN", take_join, NEEDS_AGENT, NONE, NONE, NULL },
        { "AGENTLOGOFF", take_leave, NEEDS_AGENT, NONE, NONE, NULL },
        { "AGENTCALLBACKLOGIN", take_join, NEEDS_AGENT, NONE, NONE, NULL },
        { "AGENTCALLBACKLOGOFF", take_leave, NEEDS_AGENT, NONE, NONE, NULL },
        { "PAUSE", take_pause, NEEDS_AGENT, NONE, NONE, NULL },
        { "UNPAUSE", take_unpause, NEEDS_AGENT, NONE, NONE, NULL },
        { "PAUSEALL", take_pause, NEEDS_AGENT, NONE, NONE, NULL },
        { "UNPAUSEALL", take_unpause, NEEDS_AGENT, NONE, NONE, NULL },
        { "RINGNOANSWER", take_nothing, 0, NONE, NONE, NULL },
        { "RINGCANCELED", take_nothing, 0, NONE, NONE, NULL },
        { "AGENTDUMP", take_nothing, 0, NONE, NONE, NULL },
        { "PENALTY", take_nothing, 0, NONE, NONE, NULL },
        { "RINGINUSE", take_nothing, 0, NONE, NONE, NULL },
        { "OUTCALL", take_nothing, 0, NONE, NONE, NULL },
        { "QUEUESTART", take_nothing, 0, NONE, NONE, NULL },
        { "CONFIGRELOAD", take_nothing, 0, NONE, NONE, NULL },
};

static const char *const flaw_text[ASTERISK_FLAW_COUNT] = {
#define FLAW(name, text) [ASTERISK_FLAW_##name] = (text),
        ASTERISK_FLAWS(FLAW)
#undef FLAW
};

static const char *const oddity_text[ASTERISK_ODDITY_COUNT] = {
#define ODDITY(name, text) [ASTERISK_ODDITY_##name] = (text),
        ASTERISK_ODDITIES(ODDITY)
#undef ODDITY
};

static void note(struct asterisk_log *log, enum asterisk_oddity oddity)
{
        log->report.oddity_count[oddity]++;
}

/*
 * Fields.
 */

static bool field_is(struct field field, const char *text)
{
        return strlen(text) == field.size && memcmp(field.at, text, field.size) == 0;
}

static bool is_none(struct field field)
{
        return field.size == 0 || field_is(field, "NONE");
}

/* A decimal up to @max; a fraction is left off. */
static bool parse_number(struct field field, int64_t max, int64_t *ret_value)
{
        int64_t value = 0;
        size_t i = 0;

        for (; i < field.size && field.at[i] >= '0' && field.at[i] <= '9'; i++) {
                value = value * 10 + (field.at[i] - '0');
                if (value > max)
                        return false;
        }
        if (i == 0)
                return false;
        *ret_value = value;
        if (i == field.size)
                return true;
        for (i += field.at[i] == '.'; i < field.size; i++)
                if (field.at[i] < '0' || field.at[i] > '9')
                        return false;
        return field.at[field.size - 1] != '.';
}

/* The number of fields, at most one more than there is room for. */
static size_t split(const char *text, size_t size, struct field *ret_fields)
{
        const char *end = text + size;
        size_t count = 0;

        while (count < ASTERISK_FIELD_MAX) {
                const char *bar = memchr(text, '|', (size_t)(end - text));
                const char *stop = bar == NULL ? end : bar;

                ret_fields[count++] = (struct field){ text, (size_t)(stop - text) };
                if (bar == NULL)
                        return count;
                text = bar + 1;
        }
        return count + 1;
}

static bool is_text(const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
                        return false;
        return true;
}

static bool is_event_name(struct field field)
{
        for (size_t i = 0; i < field.size; i++) {
                char c = field.at[i];

                if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_')
                        return false;
        }
        return field.size > 0 && field.size <= EVENT_SIZE_MAX;
}

/* The index of a name among @count, added when new. */
static bool intern(char (*names)[BANK_NAME_SIZE], uint32_t *count, uint32_t max, struct field field,
                   uint32_t *ret_index)
{
        if (field.size > NAME_MAX_BYTES)
                return false;
        for (uint32_t i = 0; i < *count; i++) {
                if (field_is(field, names[i])) {
                        *ret_index = i;
                        return true;
                }
        }
        if (*count == max)
                return false;
        memcpy(names[*count], field.at, field.size);
        names[*count][field.size] = '\0';
        *ret_index = (*count)++;
        return true;
}

/* Parameter @at of the @count; what is empty is not known. False: missing, or no number. */
static bool parameter(const struct field *field, size_t count, int at, int64_t *ret_value)
{
        *ret_value = NO_NUMBER;
        if (at == NONE)
                return true;
        /* What is counted from the end has two parameters or more before it. */
        if (at < 0)
                at = count >= 5 ? at + (int)count : (int)count;
        if ((size_t)at >= count)
                return false;
        return field[at].size == 0 || parse_number(field[at], ASTERISK_DURATION_MAX, ret_value);
}

/*
 * Calls that are open.
 */

static bool is_match(const void *context, uint32_t value, const void *key)
{
        const struct asterisk_log *log = context;

        return field_is(*(const struct field *)key, log->open[value - 1].id);
}

static uint32_t hash_of(const struct asterisk_log *log, struct field id)
{
        return (uint32_t)acd_siphash(&log->key, id.at, id.size);
}

static struct asterisk_call *find(struct asterisk_log *log, struct field id)
{
        uint32_t value = acd_itable_find(&log->open_by_id, hash_of(log, id), is_match, log, &id);

        return value == 0 ? NULL : &log->open[value - 1];
}

/* Twice as many places, and a table of who is in them. */
static int grow(struct asterisk_log *log)
{
        uint32_t capacity = log->open_capacity == 0 ? OPEN_FIRST : log->open_capacity * 2;
        struct asterisk_call *open = reallocarray(log->open, capacity, sizeof(*open));
        struct acd_itable_slot *slots = NULL;

        if (open != NULL) {
                log->open = open;
                slots = calloc(acd_itable_slot_count(capacity), sizeof(*slots));
        }
        if (slots == NULL)
                return -ENOMEM;
        free(log->slots);
        log->slots = slots;
        log->open_capacity = capacity;
        acd_itable_init(&log->open_by_id, slots, capacity);
        for (uint32_t i = 0; i < log->open_used; i++)
                if (open[i].id[0] != '\0')
                        acd_itable_insert(&log->open_by_id, open[i].hash, i + 1);
        return 0;
}

/* A new call that arrived at @arrival_s. NULL: no memory, or too many records. */
static struct asterisk_call *add(struct asterisk_log *log, const struct row *row, int64_t arrival_s,
                                 int *ret_error)
{
        bool is_new = log->open_free == UINT32_MAX;
        uint32_t place = is_new ? log->open_used : log->open_free;
        struct asterisk_call *call;
        struct bank_record record = {
                .entry_s = arrival_s,
                .arrival_s = arrival_s,
                .date = bank_date(arrival_s),
                .server = BANK_NO_SERVER,
                .type = row->queue,
                .outcome = BANK_HANG,
                .is_queued = true,
        };

        ACD_ASSERT(place < ASTERISK_OPEN_MAX);
        *ret_error = place == log->open_capacity ? grow(log) : 0;
        if (*ret_error < 0)
                return NULL;
        call = &log->open[place];
        *ret_error = bank_add_record(&log->bank, &record);
        if (*ret_error < 0)
                return NULL;
        if (is_new)
                log->open_used++;
        else
                log->open_free = call->next_free;
        *call = (struct asterisk_call){
                .hash = hash_of(log, row->call),
                .record = (uint32_t)log->bank.record_count - 1,
        };
        memcpy(call->id, row->call.at, row->call.size);
        acd_itable_insert(&log->open_by_id, call->hash, place + 1);
        return call;
}

static void drop(struct asterisk_log *log, struct asterisk_call *call)
{
        uint32_t index = (uint32_t)(call - log->open);

        acd_itable_remove(&log->open_by_id, call->hash, index + 1);
        call->id[0] = '\0';
        call->next_free = log->open_free;
        log->open_free = index;
}

static uint32_t duration(int64_t from_s, int64_t to_s)
{
        int64_t duration = to_s - from_s;

        if (duration < 0)
                return 0;
        return duration > ASTERISK_DURATION_MAX ? ASTERISK_DURATION_MAX : (uint32_t)duration;
}

static void connect_call(struct asterisk_log *log, struct asterisk_call *call, uint16_t server,
                         int64_t second)
{
        struct bank_record *record = &log->bank.record[call->record];

        call->is_connected = true;
        record->outcome = BANK_AGENT;
        record->server = server;
        record->wait_s = duration(record->arrival_s, second);
        record->service_start_s = record->arrival_s + record->wait_s;
        if (server != BANK_NO_SERVER)
                log->served[server] |= 1U << record->type;
}

/* It is over at @second; what it talked when that is known. */
static void end_call(struct asterisk_log *log, struct asterisk_call *call, int64_t second,
                     int64_t talk_s)
{
        struct bank_record *record = &log->bank.record[call->record];

        if (!call->is_connected)
                record->wait_s = duration(record->arrival_s, second);
        else if (talk_s != NO_NUMBER)
                record->service_s = (uint32_t)talk_s;
        else
                record->service_s = duration(record->service_start_s, second);
        drop(log, call);
}

static int64_t known(int64_t number)
{
        return number == NO_NUMBER ? 0 : number;
}

/*
 * What the lines do.
 */

static int take_nothing(struct asterisk_log *log, const struct row *row)
{
        (void)log;
        (void)row;
        return 0;
}

static int take_entry(struct asterisk_log *log, const struct row *row)
{
        struct asterisk_call *call = find(log, row->call);
        int r = 0;

        if (call != NULL) {
                note(log, ASTERISK_ODDITY_AGAIN);
                log->bank.record[call->record].is_taken_out = !call->is_connected;
                end_call(log, call, row->second, NO_NUMBER);
        }
        (void)add(log, row, row->second, &r);
        return r;
}

/* The call of @row, made @before_s ago when it is first seen now. */
static struct asterisk_call *find_or_add(struct asterisk_log *log, const struct row *row,
                                         int64_t before_s, int *ret_error)
{
        struct asterisk_call *call = find(log, row->call);

        *ret_error = 0;
        if (call != NULL)
                return call;
        note(log, ASTERISK_ODDITY_NO_ENTRY);
        return add(log, row, row->second - before_s, ret_error);
}

static int take_connect(struct asterisk_log *log, const struct row *row)
{
        int r;
        struct asterisk_call *call = find_or_add(log, row, known(row->hold_s), &r);

        if (call == NULL)
                return r;
        if (call->is_connected)
                note(log, ASTERISK_ODDITY_TWICE);
        else
                connect_call(log, call, row->server, row->second);
        return 0;
}

static int take_complete(struct asterisk_log *log, const struct row *row)
{
        int r;
        struct asterisk_call *call =
                find_or_add(log, row, known(row->hold_s) + known(row->talk_s), &r);

        if (call == NULL)
                return r;
        if (!call->is_connected)
                connect_call(log, call, row->server, row->second - known(row->talk_s));
        end_call(log, call, row->second, row->talk_s);
        return 0;
}

static int leave(struct asterisk_log *log, const struct row *row, bool is_taken_out)
{
        int r;
        struct asterisk_call *call = find_or_add(log, row, known(row->hold_s), &r);

        if (call == NULL)
                return r;
        if (call->is_connected) {
                note(log, ASTERISK_ODDITY_TWICE);
                return 0;
        }
        log->bank.record[call->record].is_taken_out = is_taken_out;
        end_call(log, call, row->second, NO_NUMBER);
        return 0;
}

static int take_abandon(struct asterisk_log *log, const struct row *row)
{
        return leave(log, row, /* is_taken_out = */ false);
}

static int take_exit(struct asterisk_log *log, const struct row *row)
{
        note(log, ASTERISK_ODDITY_TAKEN_OUT);
        return leave(log, row, /* is_taken_out = */ true);
}

static int change(struct asterisk_log *log, const struct row *row, enum asterisk_change_kind kind)
{
        if (log->change_count == log->change_capacity) {
                size_t capacity = log->change_capacity == 0 ? 1024 : log->change_capacity * 2;
                struct asterisk_change *grown;

                if (log->change_count >= ASTERISK_CHANGE_MAX)
                        return -E2BIG;
                grown = reallocarray(log->change, capacity, sizeof(*grown));
                if (grown == NULL)
                        return -ENOMEM;
                log->change = grown;
                log->change_capacity = capacity;
        }
        log->change[log->change_count] = (struct asterisk_change){
                .second = row->second,
                .turn = (uint32_t)log->change_count,
                .server = row->server,
                .kind = (uint8_t)kind,
                .queue = row->queue,
        };
        log->change_count++;
        return 0;
}

static int take_join(struct asterisk_log *log, const struct row *row)
{
        int r = change(log, row, ASTERISK_JOIN);

        return r == 0 && row->is_flagged ? change(log, row, ASTERISK_PAUSE) : r;
}

static int take_leave(struct asterisk_log *log, const struct row *row)
{
        return change(log, row, ASTERISK_LEAVE);
}

static int take_pause(struct asterisk_log *log, const struct row *row)
{
        return change(log, row, ASTERISK_PAUSE);
}

static int take_unpause(struct asterisk_log *log, const struct row *row)
{
        return change(log, row, ASTERISK_UNPAUSE);
}

/*
 * Lines.
 */

static const struct event *find_event(struct field name)
{
        for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
                if (field_is(name, events[i].name))
                        return &events[i];
        return NULL;
}

/* Queue and agent, last: they are remembered. */
static enum asterisk_flaw take_names(struct asterisk_log *log, const struct event *event,
                                     struct field queue, struct field agent, struct row *row)
{
        struct bank *bank = &log->bank;
        uint32_t index;

        row->queue = ASTERISK_NO_QUEUE;
        row->server = BANK_NO_SERVER;
        if (is_none(queue) && (event->needs & NEEDS_QUEUE) != 0)
                return ASTERISK_FLAW_QUEUE;
        if (is_none(agent) && (event->needs & NEEDS_AGENT) != 0)
                return ASTERISK_FLAW_AGENT;
        if (agent.size > NAME_MAX_BYTES)
                return ASTERISK_FLAW_AGENT;
        if (!is_none(queue)) {
                if (!intern(bank->type, &bank->type_count, BANK_TYPE_MAX, queue, &index))
                        return ASTERISK_FLAW_QUEUE;
                row->queue = (uint8_t)index;
        }
        if (!is_none(agent)) {
                if (!intern(bank->server, &bank->server_count, BANK_SERVER_MAX, agent, &index))
                        return ASTERISK_FLAW_AGENT;
                row->server = (uint16_t)index;
        }
        return ASTERISK_FLAW_COUNT;
}

static bool is_time(const struct asterisk_log *log, struct field field, int64_t *ret_second)
{
        int64_t apart;

        if (!parse_number(field, year_2068_s, ret_second) || *ret_second < year_1971_s)
                return false;
        apart = *ret_second - log->first_s;
        return log->first_s == 0 || (apart <= ASTERISK_SPAN_MAX && apart >= -ASTERISK_SPAN_MAX);
}

/* What a line says. @ret_event is NULL when it is a good one that says nothing. */
static enum asterisk_flaw parse(struct asterisk_log *log, const char *text, size_t size,
                                struct row *row, const struct event **ret_event)
{
        struct field field[ASTERISK_FIELD_MAX];
        const struct event *event;
        size_t count;

        if (size > ASTERISK_LINE_MAX)
                return ASTERISK_FLAW_LENGTH;
        if (!is_text(text, size))
                return ASTERISK_FLAW_BYTES;
        count = split(text, size, field);
        if (count < COLUMN_COUNT || count > ASTERISK_FIELD_MAX)
                return ASTERISK_FLAW_FIELD_COUNT;
        if (!is_time(log, field[0], &row->second))
                return ASTERISK_FLAW_TIME;
        row->call = field[1];
        row->event = field[4];
        if (!is_event_name(row->event))
                return ASTERISK_FLAW_EVENT;
        event = find_event(row->event);
        *ret_event = event;
        if (event == NULL)
                return ASTERISK_FLAW_COUNT;
        if ((event->needs & NEEDS_CALL) != 0 &&
            (is_none(row->call) || row->call.size > ASTERISK_CALL_MAX))
                return ASTERISK_FLAW_CALL;
        /* Some writers fill up with empty fields. */
        while (event->hold_at < 0 && count > COLUMN_COUNT && field[count - 1].size == 0)
                count--;
        row->is_flagged = event->flag != NULL && count > COLUMN_COUNT &&
                          field_is(field[COLUMN_COUNT], event->flag);
        if (!parameter(field + COLUMN_COUNT, count - COLUMN_COUNT, event->hold_at, &row->hold_s) ||
            !parameter(field + COLUMN_COUNT, count - COLUMN_COUNT, event->talk_at, &row->talk_s))
                return ASTERISK_FLAW_PARAMETER;
        if ((event->needs & NEEDS_CALL) != 0 && log->open_free == UINT32_MAX &&
            log->open_used == ASTERISK_OPEN_MAX && find(log, row->call) == NULL)
                return ASTERISK_FLAW_FULL;
        return take_names(log, event, field[2], field[3], row);
}

static void note_flaw(struct asterisk_log *log, uint64_t line, enum asterisk_flaw flaw)
{
        struct asterisk_report *report = &log->report;

        log->bank.report.flawed_count++;
        report->flaw_count[flaw]++;
        if (report->named_count < BANK_FLAW_NAMED_MAX) {
                report->named[report->named_count].line = line;
                report->named[report->named_count++].flaw = flaw;
        }
}

static void note_seen(struct asterisk_log *log, const struct row *row)
{
        if (log->first_s == 0)
                log->first_s = row->second;
        if (row->second < log->last_s)
                note(log, ASTERISK_ODDITY_BACKWARDS);
        log->last_s = row->second;
        if (row->second > log->end_s)
                log->end_s = row->second;
        if (row->server == BANK_NO_SERVER)
                return;
        if (log->seen_first_s[row->server] == 0 || row->second < log->seen_first_s[row->server])
                log->seen_first_s[row->server] = row->second;
        if (row->second > log->seen_last_s[row->server])
                log->seen_last_s[row->server] = row->second;
}

int asterisk_log_line(struct asterisk_log *log, uint64_t line, const char *text, size_t size)
{
        struct row row = { .server = BANK_NO_SERVER, .queue = ASTERISK_NO_QUEUE };
        const struct event *event = NULL;
        enum asterisk_flaw flaw;

        if (size == 0)
                return 0;
        log->bank.report.row_count++;
        flaw = parse(log, text, size, &row, &event);
        if (flaw != ASTERISK_FLAW_COUNT) {
                note_flaw(log, line, flaw);
                return 0;
        }
        note_seen(log, &row);
        if (event == NULL) {
                note(log, ASTERISK_ODDITY_OTHER);
                return 0;
        }
        return event->take(log, &row);
}

/* What is open ends with the file. */
static void end_all(struct asterisk_log *log)
{
        for (uint32_t i = 0; i < log->open_used; i++) {
                struct asterisk_call *call = &log->open[i];

                if (call->id[0] == '\0')
                        continue;
                note(log, call->is_connected ? ASTERISK_ODDITY_STILL_TALKING
                                             : ASTERISK_ODDITY_STILL_WAITING);
                log->bank.record[call->record].is_taken_out = !call->is_connected;
                end_call(log, call, log->end_s, NO_NUMBER);
        }
}

int asterisk_log_finish(struct asterisk_log *log)
{
        end_all(log);
        if (log->bank.record_count == 0)
                return -ENODATA;
        return asterisk_log_make_shifts(log);
}

int asterisk_log_init(struct asterisk_log *log)
{
        memset(log, 0, sizeof(*log));
        log->open_free = UINT32_MAX;
        /* Who wrote the file must not choose what collides; the result does not depend on it. */
        if (getrandom(&log->key, sizeof(log->key), 0) != (ssize_t)sizeof(log->key))
                log->key = (struct acd_siphash_key){ 1, 2 };
        return grow(log);
}

static int take_line(void *context, uint64_t line, const char *text, size_t size)
{
        return asterisk_log_line(context, line, text, size);
}

int asterisk_log_load(struct asterisk_log *log, const char *path)
{
        int r = asterisk_log_init(log);

        if (r == 0)
                r = lines_read(path, take_line, log);
        if (r == 0)
                r = asterisk_log_finish(log);
        if (r < 0) {
                struct bank_report rows = log->bank.report;
                struct asterisk_report report = log->report;

                asterisk_log_free(log);
                log->bank.report = rows;
                log->report = report;
        }
        return r;
}

void asterisk_log_free(struct asterisk_log *log)
{
        bank_free(&log->bank);
        free(log->open);
        free(log->slots);
        free(log->change);
        memset(log, 0, sizeof(*log));
}

bool asterisk_log_has_flaws(const struct asterisk_log *log)
{
        return log->bank.report.flawed_count > 0;
}

void asterisk_log_print(const struct asterisk_log *log, FILE *out)
{
        const struct asterisk_report *report = &log->report;

        fprintf(out, "lines %" PRIu64 ", malformed %" PRIu64 "\n", log->bank.report.row_count,
                log->bank.report.flawed_count);
        for (uint32_t i = 0; i < ASTERISK_FLAW_COUNT; i++)
                if (report->flaw_count[i] > 0)
                        fprintf(out, "  malformed, left out: %8" PRIu64 "  %s\n",
                                report->flaw_count[i], flaw_text[i]);
        for (uint32_t i = 0; i < report->named_count; i++)
                fprintf(out, "    line %" PRIu64 ": %s\n", report->named[i].line,
                        flaw_text[report->named[i].flaw]);
        for (uint32_t i = 0; i < ASTERISK_ODDITY_COUNT; i++)
                if (report->oddity_count[i] > 0)
                        fprintf(out, "  odd, kept:           %8" PRIu64 "  %s\n",
                                report->oddity_count[i], oddity_text[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: one command at a time, the most urgent one first.
 *
 *               made, or there       all pending were read
 *      GROUP ------------------> PENDING -----------------> NEW
 *        ^                         ^  ^                      |
 *        |                         |  '--- no room for all --'
 *        |      read again: a link or an inner connection was lost
 *        '---------------- STUCK <-------- Redis refuses ----'
 *
 * New entries are read for all tenants of the lane by one command, which waits for a second when
 * there are none. It names only tenants that have room. Errors of it are not told apart: each
 * tenant then goes the way from GROUP again, by commands of its own.
 *
 * How many entries are asked for depends on how large they were, since a reply has to be
 * bounded. What turns out to be larger all the same costs the connection; then fewer are asked for,
 * down to one, and if that one is still too large its id is asked for alone and it goes to the
 * dead letters.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "daemon/redis/inbox.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, ROOM_PARTS = 4, NUMBER_SIZE = 24, TAG_READ = 1, SHRINK = 8 };

static uint32_t least(uint64_t a, uint64_t b)
{
        return (uint32_t)(a < b ? a : b);
}

/* Slots that one tenant may have. */
static uint32_t quota_of(const struct inbox *inbox)
{
        return inbox->tenant_count == 0 ? INBOX_SLOT_MAX : INBOX_SLOT_MAX / inbox->tenant_count;
}

/* How many entries more @tenant may have. */
static uint32_t room_of(const struct inbox_tenant *tenant)
{
        const struct inbox *inbox = tenant->lane->inbox;
        uint32_t quota = quota_of(inbox);
        uint32_t held = 0;

        for (uint32_t state = INBOX_WAITING; state < INBOX_SLOT_STATE_COUNT; state++)
                held += tenant->slots[state].count;
        return held >= quota ? 0 : least(quota - held, inbox->free_slots.count);
}

/* Entries whose bodies should fit now. */
static uint32_t fitting_count(const struct inbox *inbox)
{
        uint64_t left = inbox->request_pieces >= INBOX_REQUEST_MAX
                                ? 0
                                : INBOX_REQUEST_MAX - inbox->request_pieces;
        uint32_t pieces = inbox_store_pieces(inbox->size_average / 16);

        return (uint32_t)(left / (pieces == 0 ? 1 : pieces));
}

/* Is @tenant ours? If its stream of events was written by a newer run, another daemon has it, or
 * this directory is an older copy of itself: then the requests are for that one. */
static bool is_ours(struct inbox_tenant *tenant)
{
        const struct shard *shard = tenant->lane->inbox->shard;
        const struct redis_stream *stream =
                &shard->publisher.stream[acd_id_split(tenant->id.value).slot];

        if (stream->tenant.value != tenant->id.value)
                return false;
        tenant->is_cleared |= stream->state == REDIS_STREAM_SOUND;
        return tenant->is_cleared && !stream->is_fenced;
}

/* ---- commands ---- */

static bool send(struct inbox_lane *lane, enum inbox_read read, struct inbox_tenant *tenant,
                 const struct acd_bytes *argument, uint32_t argument_count)
{
        if (!redis_link_send(&lane->reader, argument, argument_count, TAG_READ))
                return false;
        lane->read = read;
        lane->read_for = tenant;
        return true;
}

static void read_group(struct inbox_lane *lane, struct inbox_tenant *tenant)
{
        char key[INBOX_KEY_SIZE];

        inbox_key(key, tenant->name, "commands", "");

        const struct acd_bytes command[] = {
                redis_text("XGROUP"), redis_text("CREATE"), redis_text(key),
                redis_text("acdd"),   redis_text("0"),      redis_text("MKSTREAM"),
        };

        (void)send(lane, INBOX_READ_GROUP, tenant, command, 6);
}

static void read_pending(struct inbox_lane *lane, struct inbox_tenant *tenant)
{
        uint32_t count = room_of(tenant);
        char key[INBOX_KEY_SIZE];
        char cursor[INBOX_ID_SIZE];
        char number[NUMBER_SIZE];

        /* Those that have a slot take no room; a page of them must get on. */
        if (count < INBOX_READ_FIRST)
                count = INBOX_READ_FIRST;
        count = least(count, lane->count_limit);
        inbox_key(key, tenant->name, "commands", "");
        inbox_id_format(tenant->cursor, cursor);
        (void)snprintf(number, sizeof(number), "%u", count);

        const struct acd_bytes command[] = {
                redis_text("XREADGROUP"), redis_text("GROUP"), redis_text("acdd"),
                redis_text("acdd"),       redis_text("COUNT"), redis_text(number),
                redis_text("STREAMS"),    redis_text(key),     redis_text(cursor),
        };

        lane->read_count = count;
        (void)send(lane, INBOX_READ_PENDING, tenant, command, 9);
}

static void read_oldest(struct inbox_lane *lane, struct inbox_tenant *tenant)
{
        char key[INBOX_KEY_SIZE];
        char from[INBOX_ID_SIZE];

        inbox_key(key, tenant->name, "commands", "");
        inbox_id_format(inbox_id_after(tenant->cursor), from);

        const struct acd_bytes command[] = {
                redis_text("XPENDING"), redis_text(key), redis_text("acdd"), redis_text(from),
                redis_text("+"),        redis_text("1"), redis_text("acdd"),
        };

        (void)send(lane, INBOX_READ_OLDEST, tenant, command, 7);
}

/* The tenants that a read of new entries names. */
struct choice {
        const struct inbox_tenant *tenant[INBOX_TENANT_MAX];
        uint32_t count;
        uint32_t room;    /* the least of them */
        bool is_left_out; /* one has no room for now */
};

static void choose(const struct inbox_lane *lane, struct choice *choice)
{
        struct inbox *inbox = lane->inbox;
        uint32_t quota = quota_of(inbox);

        *choice = (struct choice){ .room = INBOX_SLOT_MAX };
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];
                uint32_t room;

                if (!tenant->is_used || tenant->lane != lane || !is_ours(tenant))
                        continue;
                choice->is_left_out |= tenant->phase == INBOX_PENDING;
                if (tenant->phase != INBOX_NEW)
                        continue;
                room = room_of(tenant);
                if (room == 0 || room < quota / ROOM_PARTS) {
                        choice->is_left_out = true;
                        continue;
                }
                choice->room = least(choice->room, room);
                choice->tenant[choice->count++] = tenant;
        }
        if (choice->count > 0)
                choice->room = least(choice->room, fitting_count(inbox) / choice->count);
}

static void read_new(struct inbox_lane *lane)
{
        struct choice choice;
        char key[INBOX_TENANT_MAX][INBOX_KEY_SIZE];
        struct acd_bytes command[9 + 2 * INBOX_TENANT_MAX] = {
                redis_text("XREADGROUP"), redis_text("GROUP"),
                redis_text("acdd"),       redis_text("acdd"),
                redis_text("COUNT"),      { 0 },
                redis_text("BLOCK"),      { 0 },
                redis_text("STREAMS"),
        };
        char number[NUMBER_SIZE];
        char block[NUMBER_SIZE];

        choose(lane, &choice);
        if (choice.count == 0 || choice.room == 0)
                return;
        lane->read_count = least(choice.room, lane->count_limit);
        (void)snprintf(number, sizeof(number), "%u", lane->read_count);
        (void)snprintf(block, sizeof(block), "%d",
                       choice.is_left_out ? INBOX_BLOCK_SHORT_MS : INBOX_BLOCK_MS);
        command[5] = redis_text(number);
        command[7] = redis_text(block);
        for (uint32_t i = 0; i < choice.count; i++) {
                inbox_key(key[i], choice.tenant[i]->name, "commands", "");
                command[9 + i] = redis_text(key[i]);
                command[9 + choice.count + i] = redis_text(">");
        }
        (void)send(lane, INBOX_READ_NEW, NULL, command, 9 + 2 * choice.count);
}

/* ---- which one ---- */

static void wake(struct inbox_tenant *tenant)
{
        if (tenant->phase == INBOX_STUCK && inbox_now(tenant->lane->inbox) >= tenant->due_real)
                tenant->phase = INBOX_GROUP;
}

/* A tenant of @lane that needs a command of its own, or NULL. */
static struct inbox_tenant *next_tenant(struct inbox_lane *lane)
{
        struct inbox *inbox = lane->inbox;

        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];

                if (!tenant->is_used || tenant->lane != lane || !is_ours(tenant))
                        continue;
                wake(tenant);
                if (tenant->phase == INBOX_GROUP ||
                    (tenant->phase == INBOX_PENDING && tenant->blocked_at != inbox->room_count))
                        return tenant;
        }
        return NULL;
}

static bool is_able(const struct inbox_lane *lane)
{
        const struct shard *shard = lane->inbox->shard;

        return lane->read == INBOX_READ_NOTHING && lane->reader.state == REDIS_LINK_READY &&
               lane->is_writing && !shard->is_leaving && !shard->is_stop_fast &&
               inbox_now(lane->inbox) >= lane->wait_real;
}

void inbox_read_turn(struct inbox_lane *lane)
{
        struct inbox_tenant *tenant;

        if (!is_able(lane))
                return;
        tenant = next_tenant(lane);
        if (tenant == NULL)
                read_new(lane);
        else if (tenant->phase == INBOX_GROUP)
                read_group(lane, tenant);
        else if (tenant->has_giant && !inbox_id_is_below(tenant->cursor, tenant->giant_after))
                read_oldest(lane, tenant);
        else
                read_pending(lane, tenant);
}

uint64_t inbox_read_next_ns(const struct inbox_lane *lane)
{
        const struct inbox *inbox = lane->inbox;
        uint64_t next = 0;

        if (lane->read != INBOX_READ_NOTHING || lane->reader.state != REDIS_LINK_READY)
                return 0;
        if (lane->wait_real > inbox_now(inbox))
                next = lane->wait_real;
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                const struct inbox_tenant *tenant = &inbox->tenant[i];

                /* One that was due and was not woken waits for something else: a link, or that its
                 * stream of events is ours. */
                if (tenant->is_used && tenant->lane == lane && tenant->phase == INBOX_STUCK &&
                    tenant->due_real > inbox_now(inbox) && (next == 0 || tenant->due_real < next))
                        next = tenant->due_real;
        }
        return next;
}

/* ---- errors ---- */

void inbox_read_stick(struct inbox_tenant *tenant, const char *text)
{
        struct inbox *inbox = tenant->lane->inbox;

        if (strcmp(tenant->text, text) != 0)
                log_event(&inbox->shard->log, LOG_ERROR, "inbox_stuck",
                          "tenant=%s reason=\"%s\" retry_ms=%d", tenant->name, text,
                          INBOX_STUCK_MS);
        (void)snprintf(tenant->text, sizeof(tenant->text), "%s", text);
        tenant->phase = INBOX_STUCK;
        tenant->due_real = inbox_now(inbox) + (uint64_t)INBOX_STUCK_MS * NS_PER_MS;
}

static void find_groups_again(struct inbox_lane *lane)
{
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &lane->inbox->tenant[i];

                if (tenant->is_used && tenant->lane == lane)
                        inbox_read_again(tenant);
        }
}

/* The group is not there any more: it or the stream was deleted, or Redis was emptied. */
static bool is_group_gone(const char *text)
{
        return strncmp(text, "NOGROUP", 7) == 0 || strncmp(text, "UNBLOCKED", 9) == 0;
}

static void take_error(struct inbox_lane *lane, struct inbox_tenant *tenant, const char *answer)
{
        struct shard *shard = lane->inbox->shard;
        const struct redis_error *error = redis_error_of(answer);
        char text[REDIS_TEXT_SIZE];

        if (is_group_gone(answer)) {
                log_event(&shard->log, LOG_WARNING, "inbox_group_gone", "answer=\"%.150s\"",
                          answer);
                shard->metrics.redis_group_gone_total++;
                find_groups_again(lane);
                return;
        }
        redis_error_count(error, &shard->metrics);
        redis_link_explain(text, error, answer);
        switch (error->class) {
        case REDIS_ERROR_CLASS_WAIT:
                find_groups_again(lane);
                lane->wait_real =
                        inbox_now(lane->inbox) + inbox_pause_ns(lane->inbox, ++lane->wait_count);
                log_event(&shard->log, LOG_WARNING, "inbox_waits", "reason=\"%s\"", text);
                return;
        case REDIS_ERROR_CLASS_TENANT:
                if (tenant == NULL)
                        find_groups_again(lane);
                else
                        inbox_read_stick(tenant, text);
                return;
        case REDIS_ERROR_CLASS_LEAVE:
        case REDIS_ERROR_CLASS_PERSON:
        case REDIS_ERROR_CLASS_MOVED:
        case REDIS_ERROR_CLASS_ABORTED:
                redis_link_lose(&lane->reader, error->class, text);
                return;
        }
        acd_panic(__FILE__, __LINE__, __func__, "an error has a class");
}

/* ---- answers ---- */

/* The group was there, or it is new: then nothing that it says of pending entries means that they
 * were answered. */
static void take_group(struct inbox_tenant *tenant, bool is_new)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct acd_link *link;

        while (is_new && (link = acd_list_first(&tenant->slots[INBOX_UNKNOWN])) != NULL)
                inbox_slot_move(inbox, inbox_slot_of(link), INBOX_ANSWERED);
        tenant->phase = INBOX_PENDING;
        tenant->cursor = (struct inbox_id){ 0 };
        tenant->is_pass_full = true;
        tenant->blocked_at = 0;
        if (tenant->text[0] != '\0')
                log_event(&inbox->shard->log, LOG_INFO, "inbox_goes_on", "tenant=%s", tenant->name);
        tenant->text[0] = '\0';
}

/* All pending ones were read. What is not pending and was on its way got there. */
static void end_pass(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct acd_link *link;

        while (tenant->is_pass_full &&
               (link = acd_list_first(&tenant->slots[INBOX_UNKNOWN])) != NULL) {
                inbox_slot_free(inbox, inbox_slot_of(link));
                inbox->shard->metrics.redis_answers_total++;
        }
        /* Nor is there a giant any more. */
        tenant->has_giant = false;
        tenant->phase = INBOX_NEW;
}

/* Take @entries as far as there is room. True: all of them. */
static bool take_entries(struct inbox_tenant *tenant, const struct redis_reply *entries)
{
        for (uint32_t i = 0; i < entries->count; i++) {
                struct redis_reply entry = redis_reply_at(entries, i);
                struct redis_reply name = redis_reply_at(&entry, 0);
                struct redis_reply fields = redis_reply_at(&entry, 1);
                struct inbox_id id;

                if (!inbox_id_parse(redis_reply_bytes(&name), &id))
                        continue;
                if (!inbox_take(tenant, id, &fields)) {
                        if (tenant->phase == INBOX_NEW) {
                                tenant->cursor = inbox_id_before(id);
                                tenant->is_pass_full = false;
                                tenant->phase = INBOX_PENDING;
                        }
                        tenant->blocked_at = tenant->lane->inbox->room_count;
                        return false;
                }
                if (tenant->phase == INBOX_PENDING)
                        tenant->cursor = id;
        }
        return true;
}

static void note_whole(struct inbox_lane *lane)
{
        lane->wait_count = 0;
        redis_link_praise(&lane->reader);
}

/* They came whole: more may be asked for. Of what is new only: pending ones are read from the first
 * on again and again, and those before a giant would hide it each time. */
static void grow(struct inbox_lane *lane, uint32_t count)
{
        note_whole(lane);
        if (count >= lane->count_limit && lane->count_limit < INBOX_SLOT_MAX)
                lane->count_limit = least((uint64_t)lane->count_limit * 2, INBOX_SLOT_MAX);
}

static void take_pending(struct inbox_tenant *tenant, const struct redis_reply *reply)
{
        struct redis_reply stream = redis_reply_at(reply, 0);
        struct redis_reply entries = redis_reply_at(&stream, 1);

        note_whole(tenant->lane);
        (void)take_entries(tenant, &entries);
        inbox_peer_ask(tenant);
        if (entries.count == 0 && tenant->phase == INBOX_PENDING)
                end_pass(tenant);
}

static void take_oldest(struct inbox_tenant *tenant, const struct redis_reply *reply)
{
        struct redis_reply row = redis_reply_at(reply, 0);
        struct redis_reply name = redis_reply_at(&row, 0);
        struct inbox_id id;

        if (!inbox_id_parse(redis_reply_bytes(&name), &id)) {
                tenant->has_giant = false;
                return;
        }
        if (!inbox_take_giant(tenant, id)) {
                tenant->blocked_at = tenant->lane->inbox->room_count;
                return;
        }
        tenant->cursor = id;
        tenant->has_giant = false;
}

/* The tenant whose stream has @key. */
static struct inbox_tenant *tenant_of(struct inbox_lane *lane, const char *key)
{
        char own[INBOX_KEY_SIZE];

        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &lane->inbox->tenant[i];

                if (!tenant->is_used || tenant->lane != lane)
                        continue;
                inbox_key(own, tenant->name, "commands", "");
                if (strcmp(own, key) == 0)
                        return tenant;
        }
        return NULL;
}

static void take_new_ones(struct inbox_lane *lane, const struct redis_reply *reply)
{
        uint32_t most = 0;

        for (uint32_t i = 0; i < reply->count; i++) {
                struct redis_reply stream = redis_reply_at(reply, i);
                struct redis_reply key = redis_reply_at(&stream, 0);
                struct redis_reply entries = redis_reply_at(&stream, 1);
                struct inbox_tenant *tenant = tenant_of(lane, key.text);

                /* Something was lost while they were on their way: they are pending, and read as
                 * such. */
                if (tenant == NULL || tenant->phase != INBOX_NEW)
                        continue;
                most = entries.count > most ? entries.count : most;
                (void)take_entries(tenant, &entries);
                inbox_peer_ask(tenant);
        }
        grow(lane, most);
}

/* No page is on its way any more that could name what is done. */
static void free_done(struct inbox_lane *lane)
{
        struct inbox *inbox = lane->inbox;

        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];
                struct acd_link *link;

                if (!tenant->is_used || tenant->lane != lane)
                        continue;
                while ((link = acd_list_first(&tenant->slots[INBOX_DONE])) != NULL)
                        inbox_slot_free(inbox, inbox_slot_of(link));
        }
}

static void take_reply(struct inbox_lane *lane, enum inbox_read read, struct inbox_tenant *tenant,
                       const struct redis_reply *reply)
{
        /* Removed meanwhile. */
        if (tenant == NULL && read != INBOX_READ_NEW)
                return;
        if (read == INBOX_READ_GROUP && reply->kind == REDIS_ERROR &&
            strncmp(reply->text, "BUSYGROUP", 9) == 0) {
                take_group(tenant, false);
                return;
        }
        if (reply->kind == REDIS_ERROR) {
                take_error(lane, tenant, reply->text);
                return;
        }
        if (read == INBOX_READ_GROUP)
                take_group(tenant, true);
        else if (read == INBOX_READ_NEW)
                take_new_ones(lane, reply);
        else if (tenant->phase != INBOX_PENDING)
                return;
        else if (read == INBOX_READ_PENDING)
                take_pending(tenant, reply);
        else
                take_oldest(tenant, reply);
}

void inbox_read_reply(struct inbox_lane *lane, const struct redis_reply *reply)
{
        struct inbox_tenant *tenant = lane->read_for;
        enum inbox_read read = lane->read;

        lane->read = INBOX_READ_NOTHING;
        lane->read_for = NULL;
        take_reply(lane, read, tenant, reply);
        if (read != INBOX_READ_NEW)
                free_done(lane);
}

/* The reply was larger than allowed: ask for fewer, or for the id alone. */
static void shrink(struct inbox_lane *lane)
{
        if (lane->read_count > 1) {
                lane->count_limit = lane->read_count / SHRINK > 0 ? lane->read_count / SHRINK : 1;
                return;
        }
        if (lane->read == INBOX_READ_PENDING && lane->read_for != NULL) {
                lane->read_for->has_giant = true;
                lane->read_for->giant_after = lane->read_for->cursor;
        }
}

void inbox_read_lost(struct inbox_lane *lane)
{
        const struct redis_wire *wire = &lane->reader.wire;

        if (wire->fed_size > wire->reply_size_max &&
            (lane->read == INBOX_READ_PENDING || lane->read == INBOX_READ_NEW))
                shrink(lane);
        else if (lane->count_limit > INBOX_READ_FIRST)
                lane->count_limit = INBOX_READ_FIRST;
        find_groups_again(lane);
        lane->read = INBOX_READ_NOTHING;
        lane->read_for = NULL;
        free_done(lane);
}

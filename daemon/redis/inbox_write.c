/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing: answers, dead letters, pushes.
 *
 *      MULTI
 *      XADD acd:{T}:replies:SENDER MAXLEN ~ 10000 * for ID ...      one an answer
 *      XACK acd:{T}:commands acdd ID ID ...
 *      XDEL acd:{T}:commands ID ID ...
 *      EXEC
 *
 * A tenant has one such transaction on its way at a time. It is all or nothing; when the link is
 * lost before EXEC was answered nobody knows which. Then the slots are UNKNOWN, and what Redis says
 * is pending decides (inbox_read.c).
 *
 * All or nothing ends where a key has the wrong type: Redis finds that out while it executes, and
 * executes the rest. An answer that had no place so goes to the dead letters, where somebody can
 * find it.
 *
 * Without transactions each retry would answer once more, so that is tried first on each
 * connection.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "daemon/redis/inbox.h"
#include "daemon/session.h"
#include "daemon/shard.h"
#include "wire/field.h"

enum tag {
        TAG_PROBE_MULTI = 1,
        TAG_PROBE_EXEC,
        TAG_MULTI,
        TAG_QUEUED, /* of a tenant's transaction */
        TAG_EXEC,
        TAG_LETTER_QUEUED, /* of a dead letter */
        TAG_LETTER_EXEC,
        TAG_PUSH,
};

enum {
        NS_PER_MS = 1000000,
        TAG_SHIFT = 16,              /* below: a tenant's or slot's index */
        ANSWER_MAX = INBOX_SLOT_MAX, /* of a transaction */
        ID_MAX = 128,                /* of an XACK or XDEL */
        ANSWER_ARGUMENT_MAX = 24,
        LETTER_FIELD_MAX = 64,
        PUSH_EXTRA_SIZE = 128, /* an AgentPush beside its body */
};

static uint32_t tag_of(enum tag tag, uint32_t index)
{
        return (uint32_t)tag << TAG_SHIFT | index;
}

static uint32_t index_of(const struct inbox_tenant *tenant)
{
        return (uint32_t)(tenant - tenant->lane->inbox->tenant);
}

/* What was reserved is there. */
static void send(struct inbox_lane *lane, const struct acd_bytes *argument, uint32_t count,
                 uint32_t tag)
{
        ACD_ASSERT(redis_link_send(&lane->writer, argument, count, tag));
}

static void send_word(struct inbox_lane *lane, const char *word, uint32_t tag)
{
        const struct acd_bytes command = redis_text(word);

        send(lane, &command, 1, tag);
}

/* Is there room for @count commands of @size bytes in all? */
static bool has_room(struct inbox_lane *lane, uint32_t count, size_t size)
{
        size_t room;

        return lane->is_writing && redis_link_room(&lane->writer, &room) >= count && room >= size;
}

void inbox_write_ready(struct inbox_lane *lane)
{
        send_word(lane, "MULTI", tag_of(TAG_PROBE_MULTI, 0));
        send_word(lane, "EXEC", tag_of(TAG_PROBE_EXEC, 0));
}

/* ---- answers ---- */

/* An XADD on its way to the link, with what its arguments point to. */
struct add {
        struct acd_bytes argument[ANSWER_ARGUMENT_MAX];
        uint32_t count;
        size_t size;
        char key[INBOX_KEY_SIZE];
        char id[INBOX_ID_SIZE];
        char session[INBOX_ID_SIZE];
};

static void put_text(struct add *add, const char *text)
{
        add->argument[add->count] = redis_text(text);
        add->size += add->argument[add->count++].size;
}

static void put_bytes(struct add *add, const void *bytes, uint32_t size)
{
        add->argument[add->count++] = (struct acd_bytes){ bytes, size };
        add->size += size;
}

static void put_begin(struct add *add)
{
        put_text(add, "XADD");
        put_text(add, add->key);
        put_text(add, "MAXLEN");
        put_text(add, "~");
        put_text(add, "10000");
        put_text(add, "*");
}

/* The command for the answer in @slot; its body is copied to @body. */
static void put_answer(const struct inbox *inbox, const struct inbox_slot *slot, uint8_t *body,
                       struct add *add)
{
        bool is_dead = slot->is_dead;

        add->count = 0;
        add->size = 0;
        inbox_id_format(slot->id, add->id);
        inbox_key(add->key, slot->tenant->name,
                  is_dead ? "dead" : "replies:", is_dead ? "" : slot->sender);
        put_begin(add);
        put_text(add, is_dead ? "entry" : "for");
        put_text(add, add->id);
        if (slot->correlation_size > 0) {
                put_text(add, "correlation");
                put_bytes(add, slot->correlation, slot->correlation_size);
        }
        if (is_dead) {
                put_text(add, "reason");
                put_text(add, "its answer had no place: the sender's replies are no stream");
                put_text(add, "sender");
                put_text(add, slot->sender);
        }
        inbox_store_get(&inbox->store, &slot->bytes, body);
        put_text(add, "kind");
        put_text(add, wire_kind_info(slot->answer_kind)->name);
        put_text(add, "body");
        put_bytes(add, body, slot->bytes.size);
        if (slot->answer_session == 0)
                return;
        inbox_id_format((struct inbox_id){ slot->answer_epoch, slot->answer_session },
                        add->session);
        put_text(add, "session");
        put_text(add, add->session);
}

/* @count ids from @link on, at most ID_MAX. */
static void send_some_ids(struct inbox_tenant *tenant, const char *word, const char *group,
                          struct acd_link *link, uint32_t id_count)
{
        struct acd_bytes command[3 + ID_MAX] = { redis_text(word) };
        char id[ID_MAX][INBOX_ID_SIZE];
        char key[INBOX_KEY_SIZE];
        uint32_t count = 2;

        inbox_key(key, tenant->name, "commands", "");
        command[1] = redis_text(key);
        if (group != NULL)
                command[count++] = redis_text(group);
        for (uint32_t i = 0; i < id_count; i++, link = acd_list_next(link)) {
                inbox_id_format(inbox_slot_of(link)->id, id[i]);
                command[count++] = redis_text(id[i]);
        }
        send(tenant->lane, command, count, tag_of(TAG_QUEUED, index_of(tenant)));
}

static void send_ids(struct inbox_tenant *tenant, const char *word, const char *group)
{
        struct acd_link *link = acd_list_first(&tenant->slots[INBOX_SENT]);

        for (uint32_t i = 0; i < tenant->sent_count; i += ID_MAX) {
                uint32_t left = tenant->sent_count - i;
                uint32_t count = left < ID_MAX ? left : ID_MAX;

                send_some_ids(tenant, word, group, link, count);
                for (uint32_t j = 0; j < count && link != NULL; j++)
                        link = acd_list_next(link);
        }
}

/* Commands of a transaction of @count answers beside the answers, and their bytes. */
static uint32_t frame_count(uint32_t count)
{
        return 2 + 2 * ((count + ID_MAX - 1) / ID_MAX);
}

static size_t frame_size(uint32_t count)
{
        size_t each = redis_wire_bound(INBOX_KEY_SIZE + 32, 3);

        return (size_t)frame_count(count) * each + (size_t)count * 2 * (INBOX_ID_SIZE + 18);
}

static void send_answers(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct acd_link *link;

        while (tenant->sent_count < ANSWER_MAX &&
               (link = acd_list_first(&tenant->slots[INBOX_ANSWERED])) != NULL) {
                struct inbox_slot *slot = inbox_slot_of(link);
                struct add add;

                put_answer(inbox, slot, inbox->scratch, &add);
                if (!has_room(tenant->lane, 1 + frame_count(tenant->sent_count + 1),
                              redis_wire_bound(add.size, add.count) +
                                      frame_size(tenant->sent_count + 1)))
                        break;
                if (tenant->sent_count++ == 0)
                        send_word(tenant->lane, "MULTI", tag_of(TAG_MULTI, index_of(tenant)));
                send(tenant->lane, add.argument, add.count, tag_of(TAG_QUEUED, index_of(tenant)));
                inbox_slot_move(inbox, slot, INBOX_SENT);
        }
        if (tenant->sent_count == 0)
                return;
        send_ids(tenant, "XACK", "acdd");
        send_ids(tenant, "XDEL", NULL);
        send_word(tenant->lane, "EXEC", tag_of(TAG_EXEC, index_of(tenant)));
}

void inbox_write_turn(struct inbox_lane *lane)
{
        struct inbox *inbox = lane->inbox;

        for (uint32_t i = 0; lane->is_writing && i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];

                if (tenant->is_used && tenant->lane == lane && tenant->sent_count == 0 &&
                    inbox_now(inbox) >= tenant->write_due)
                        send_answers(tenant);
        }
}

uint64_t inbox_write_next_ns(const struct inbox_lane *lane)
{
        const struct inbox *inbox = lane->inbox;
        uint64_t next = 0;

        for (uint32_t i = 0; lane->is_writing && i < INBOX_TENANT_MAX; i++) {
                const struct inbox_tenant *tenant = &inbox->tenant[i];

                /* Later than that it waits for room, or for what is on its way. */
                if (tenant->is_used && tenant->lane == lane &&
                    tenant->write_due > inbox_now(inbox) &&
                    !acd_list_is_empty(&tenant->slots[INBOX_ANSWERED]) &&
                    (next == 0 || tenant->write_due < next))
                        next = tenant->write_due;
        }
        return next;
}

/* ---- what came of them ---- */

/* The transaction did nothing: its answers wait again, in their order. */
static void take_back(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct acd_list *answered = &tenant->slots[INBOX_ANSWERED];

        for (; tenant->sent_count > 0; tenant->sent_count--) {
                struct acd_link *link = acd_list_last(&tenant->slots[INBOX_SENT]);

                inbox_slot_move(inbox, inbox_slot_of(link), INBOX_ANSWERED);
                acd_list_remove(link);
                acd_list_push_front(answered, link);
        }
}

static void note_refusal(struct inbox_tenant *tenant, const char *answer)
{
        const struct redis_error *error = redis_error_of(answer);

        if (tenant->is_refused)
                return;
        redis_error_count(error, &tenant->lane->inbox->shard->metrics);
        tenant->is_refused = true;
        tenant->refusal = error->class;
        redis_link_explain(tenant->refusal_text, error, answer);
}

static void refuse(struct inbox_tenant *tenant)
{
        struct inbox *inbox = tenant->lane->inbox;
        uint64_t pause_ns = (uint64_t)INBOX_STUCK_MS * NS_PER_MS;

        take_back(tenant);
        switch (tenant->refusal) {
        case REDIS_ERROR_CLASS_WAIT:
                pause_ns = inbox_pause_ns(inbox, ++tenant->refuse_count);
                break;
        case REDIS_ERROR_CLASS_TENANT:
        case REDIS_ERROR_CLASS_ABORTED:
                break;
        case REDIS_ERROR_CLASS_LEAVE:
        case REDIS_ERROR_CLASS_PERSON:
        case REDIS_ERROR_CLASS_MOVED:
                redis_link_lose(&tenant->lane->writer, tenant->refusal, tenant->refusal_text);
                return;
        }
        tenant->write_due = inbox_now(inbox) + pause_ns;
        log_event(&inbox->shard->log, LOG_WARNING, "inbox_answers_refused",
                  "tenant=%s reason=\"%s\" retry_ms=%llu", tenant->name, tenant->refusal_text,
                  (unsigned long long)(pause_ns / NS_PER_MS));
}

/* One answer of a transaction that was executed, and whether it had a place. */
static void settle(struct inbox *inbox, struct inbox_slot *slot, const struct redis_reply *result)
{
        struct metrics *metrics = &inbox->shard->metrics;

        if (result->kind != REDIS_ERROR) {
                if (slot->is_dead)
                        metrics->redis_dead_letters_total++;
                else
                        metrics->redis_answers_total++;
                inbox_slot_finish(inbox, slot);
                return;
        }
        redis_error_count(redis_error_of(result->text), metrics);
        log_event(&inbox->shard->log, LOG_ERROR,
                  slot->is_dead ? "inbox_dead_lost" : "inbox_no_place",
                  "tenant=%s sender=%s entry=%llu-%llu answer=\"%.150s\" "
                  "remedy=\"rename or delete the key\"",
                  slot->tenant->name, slot->sender, (unsigned long long)slot->id.ms,
                  (unsigned long long)slot->id.sequence, result->text);
        if (slot->is_dead) {
                inbox_slot_finish(inbox, slot);
                return;
        }
        slot->is_dead = true;
        inbox_slot_move(inbox, slot, INBOX_ANSWERED);
}

static void take_exec(struct inbox_tenant *tenant, const struct redis_reply *reply)
{
        struct inbox *inbox = tenant->lane->inbox;
        uint32_t count = tenant->sent_count;

        if (reply->kind != REDIS_ARRAY) {
                note_refusal(tenant, reply->kind == REDIS_ERROR ? reply->text : "no transaction");
                refuse(tenant);
                tenant->is_refused = false;
                return;
        }
        tenant->sent_count = 0;
        tenant->refuse_count = 0;
        tenant->write_due = 0;
        redis_link_praise(&tenant->lane->writer);
        for (uint32_t i = 0; i < count; i++) {
                struct redis_reply result = redis_reply_at(reply, i);
                struct acd_link *link = acd_list_first(&tenant->slots[INBOX_SENT]);

                settle(inbox, inbox_slot_of(link), &result);
        }
}

/* ---- dead letters ---- */

/* The entry's own fields, if they are not too many or too large. */
static uint32_t put_fields(struct acd_bytes *argument, const struct redis_reply *fields,
                           size_t *ret_size)
{
        size_t size = 0;

        *ret_size = 0;
        if (fields == NULL || fields->count > 2 * LETTER_FIELD_MAX)
                return 0;
        for (uint32_t i = 0; i < fields->count; i++) {
                struct redis_reply field = redis_reply_at(fields, i);

                argument[i] = redis_reply_bytes(&field);
                size += field.size;
        }
        if (size > INBOX_DEAD_SIZE_MAX)
                return 0;
        *ret_size = size;
        return fields->count;
}

bool inbox_write_dead(struct inbox_tenant *tenant, struct inbox_id id,
                      const struct redis_reply *fields, const char *reason)
{
        struct inbox_lane *lane = tenant->lane;
        struct inbox *inbox = lane->inbox;
        struct acd_bytes command[10 + 2 * LETTER_FIELD_MAX];
        char text[INBOX_ID_SIZE];
        char key[INBOX_KEY_SIZE];
        char stream[INBOX_KEY_SIZE];
        struct inbox_slot *slot;
        uint32_t count = 6;
        uint32_t tag;
        size_t size;

        inbox_id_format(id, text);
        inbox_key(key, tenant->name, "dead", "");
        inbox_key(stream, tenant->name, "commands", "");
        count += put_fields(command + count, fields, &size);
        size += strlen(reason) + INBOX_KEY_SIZE + 64;
        if (!has_room(lane, 1 + frame_count(1), redis_wire_bound(size, count + 4) + frame_size(1)))
                return false;
        slot = inbox_slot_new(inbox, tenant, id);
        if (slot == NULL)
                return false;
        inbox_slot_move(inbox, slot, INBOX_LETTER);
        tag = tag_of(TAG_LETTER_QUEUED, (uint32_t)(slot - inbox->slot));

        command[0] = redis_text("XADD");
        command[1] = redis_text(key);
        command[2] = redis_text("MAXLEN");
        command[3] = redis_text("~");
        command[4] = redis_text("1000");
        command[5] = redis_text("*");
        command[count++] = redis_text("entry");
        command[count++] = redis_text(text);
        command[count++] = redis_text("reason");
        command[count++] = redis_text(reason);
        send_word(lane, "MULTI", tag_of(TAG_MULTI, index_of(tenant)));
        send(lane, command, count, tag);
        send(lane,
             (struct acd_bytes[]){ redis_text("XACK"), redis_text(stream), redis_text("acdd"),
                                   redis_text(text) },
             4, tag);
        send(lane, (struct acd_bytes[]){ redis_text("XDEL"), redis_text(stream), redis_text(text) },
             3, tag);
        send_word(lane, "EXEC", tag_of(TAG_LETTER_EXEC, (uint32_t)(slot - inbox->slot)));
        log_event(&inbox->shard->log, LOG_WARNING, "inbox_dead_letter",
                  "tenant=%s entry=%s reason=\"%s\"", tenant->name, text, reason);
        return true;
}

static void take_letter(struct inbox_lane *lane, struct inbox_slot *slot,
                        const struct redis_reply *reply)
{
        struct inbox *inbox = lane->inbox;
        struct inbox_tenant *tenant = slot->tenant;
        struct redis_reply result = redis_reply_at(reply, 0);

        ACD_ASSERT(slot->state == INBOX_LETTER);
        if (reply->kind == REDIS_ARRAY) {
                slot->is_dead = true;
                settle(inbox, slot, &result);
                return;
        }
        inbox_slot_free(inbox, slot);
        note_refusal(tenant, reply->kind == REDIS_ERROR ? reply->text : "no transaction");
        tenant->is_refused = false;
        if (tenant->refusal == REDIS_ERROR_CLASS_LEAVE ||
            tenant->refusal == REDIS_ERROR_CLASS_PERSON ||
            tenant->refusal == REDIS_ERROR_CLASS_MOVED) {
                redis_link_lose(&lane->writer, tenant->refusal, tenant->refusal_text);
                return;
        }
        inbox_read_again(tenant);
        inbox_read_stick(tenant, tenant->refusal_text);
}

/* ---- pushes ---- */

static uint32_t put_push(const struct inbox_tenant *tenant, acd_agent_id agent,
                         const struct wire_frame *frame, uint8_t *into)
{
        const struct acd_text name = { tenant->name, (uint32_t)strlen(tenant->name) };
        uint8_t *at = wire_raw_text(into, 1, name);

        at = wire_raw_fixed64(at, 2, agent.value);
        at = wire_raw_uint(at, 3, frame->session);
        at = wire_raw_uint(at, 4, frame->kind);
        if (frame->body_size > 0) {
                at = wire_raw_varint(wire_raw_tag(at, 5, WIRE_TYPE_BYTES), frame->body_size);
                memcpy(at, frame->body, frame->body_size);
                at += frame->body_size;
        }
        return (uint32_t)(at - into);
}

void inbox_write_push(struct inbox_tenant *tenant, const struct wire_frame *frame)
{
        struct inbox_lane *lane = tenant->lane;
        struct shard *shard = lane->inbox->shard;
        acd_agent_id agent = session_agent(&shard->sessions, frame->session);
        struct acd_bytes command[3] = { redis_text("PUBLISH") };
        char channel[INBOX_KEY_SIZE];
        char id[ACD_ID_TEXT_SIZE];

        if (agent.value == 0 || !lane->is_writing ||
            !has_room(lane, 1,
                      redis_wire_bound(INBOX_KEY_SIZE + PUSH_EXTRA_SIZE + frame->body_size, 3))) {
                shard->metrics.redis_pushes_lost_total++;
                return;
        }
        acd_id_format(agent.value, id);
        inbox_key(channel, tenant->name, "agent:", id);
        command[1] = redis_text(channel);
        command[2] = (struct acd_bytes){ lane->inbox->scratch,
                                         put_push(tenant, agent, frame, lane->inbox->scratch) };
        send(lane, command, 3, tag_of(TAG_PUSH, 0));
        shard->metrics.redis_pushes_total++;
}

/* ---- replies ---- */

static void lose_by(struct inbox_lane *lane, const char *answer)
{
        const struct redis_error *error = redis_error_of(answer);
        char text[REDIS_TEXT_SIZE];

        redis_error_count(error, &lane->inbox->shard->metrics);
        redis_link_explain(text, error, answer);
        redis_link_lose(&lane->writer,
                        error->class == REDIS_ERROR_CLASS_TENANT ? REDIS_ERROR_CLASS_PERSON
                                                                 : error->class,
                        text);
}

void inbox_write_reply(struct inbox_lane *lane, uint32_t tag, const struct redis_reply *reply)
{
        struct inbox *inbox = lane->inbox;
        uint32_t index = tag & ((1U << TAG_SHIFT) - 1);
        bool is_error = reply->kind == REDIS_ERROR;

        switch ((enum tag)(tag >> TAG_SHIFT)) {
        case TAG_PROBE_MULTI:
        case TAG_MULTI:
                /* Without it what follows is no transaction: leave before it is repeated. */
                if (is_error)
                        lose_by(lane, reply->text);
                return;
        case TAG_PROBE_EXEC:
                if (is_error) {
                        lose_by(lane, reply->text);
                        return;
                }
                lane->is_writing = true;
                inbox->room_count++;
                return;
        case TAG_QUEUED:
                if (is_error)
                        note_refusal(&inbox->tenant[index], reply->text);
                return;
        case TAG_EXEC:
                take_exec(&inbox->tenant[index], reply);
                return;
        case TAG_LETTER_QUEUED:
                if (is_error)
                        note_refusal(inbox->slot[index].tenant, reply->text);
                return;
        case TAG_LETTER_EXEC:
                take_letter(lane, &inbox->slot[index], reply);
                return;
        case TAG_PUSH:
                if (is_error)
                        inbox->shard->metrics.redis_pushes_lost_total++;
                /* A dead letter may have had no room because of them. */
                if (lane->writer.pending_count == 0)
                        inbox->room_count++;
                return;
        }
        redis_link_lose(&lane->writer, REDIS_ERROR_CLASS_LEAVE, "an answer to no question");
}

void inbox_write_lost(struct inbox_lane *lane)
{
        struct inbox *inbox = lane->inbox;

        lane->is_writing = false;
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];
                struct acd_link *link;

                if (!tenant->is_used || tenant->lane != lane)
                        continue;
                while ((link = acd_list_first(&tenant->slots[INBOX_SENT])) != NULL)
                        inbox_slot_move(inbox, inbox_slot_of(link), INBOX_UNKNOWN);
                while ((link = acd_list_first(&tenant->slots[INBOX_LETTER])) != NULL)
                        inbox_slot_free(inbox, inbox_slot_of(link));
                tenant->sent_count = 0;
                tenant->is_refused = false;
                inbox_read_again(tenant);
        }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry: known already, a request, or a dead letter.
 *
 * An entry is met again when pending ones are read: then its slot says how far it got. What
 * is decided here is only whether it is a request at all; what becomes of a request is the
 * daemon's business, as for every client. Two things are answered here, since the inner
 * connection would do them: kinds that are not for Redis, and sessions of another run.
 */

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/redis/inbox.h"
#include "daemon/shard.h"
#include "wire/codec.h"

enum {
        SUBMIT_CLIENT_KEY = 10, /* the field of Submit: a number below 16, one byte of tag */
        SUBMIT_CLIENT_KEY_TAG = SUBMIT_CLIENT_KEY << 3 | 2,
        MADE_KEY_SIZE = 64,
        AVERAGE_WEIGHT = 16,
};

/* The slot that has entry @id, or NULL. */
static struct inbox_slot *find_slot(struct inbox_tenant *tenant, struct inbox_id id)
{
        for (uint32_t state = INBOX_WAITING; state < INBOX_SLOT_STATE_COUNT; state++)
                for (struct acd_link *link = acd_list_first(&tenant->slots[state]); link != NULL;
                     link = acd_list_next(link))
                        if (inbox_id_is_equal(inbox_slot_of(link)->id, id))
                                return inbox_slot_of(link);
        return NULL;
}

static void add_fields(struct inbox_entry *entry, const struct redis_reply *fields)
{
        for (uint32_t i = 0; i + 1 < fields->count; i += 2) {
                struct redis_reply name = redis_reply_at(fields, i);
                struct redis_reply value = redis_reply_at(fields, i + 1);

                inbox_entry_add(entry, redis_reply_bytes(&name), redis_reply_bytes(&value));
        }
}

/* ---- what the inbox answers itself ---- */

static bool answer_here(struct inbox *inbox, struct inbox_slot *slot, enum acd_result code,
                        const char *field)
{
        struct shard *shard = inbox->shard;
        struct wire_refusal refusal = { .code = code, .text = wire_result_text(code) };
        const struct wire_message request = { .kind = slot->kind };
        struct wire_message message;
        struct iovec part;
        size_t size;

        memcpy(refusal.field, field, strlen(field) + 1);
        message = wire_refuse(&request, &refusal, commit_now(shard));
        acd_arena_reset(&shard->encode_arena);
        size = wire_encode(&message, &shard->encode_arena, shard->frame, shard->frame_size);
        ACD_ASSERT(size > WIRE_HEADER_SIZE);
        part = (struct iovec){ shard->frame + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE };
        if (!inbox_store_put(&inbox->store, &part, 1, &slot->bytes))
                return false;
        slot->answer_kind = WIRE_RESULT;
        slot->role = INBOX_NOBODY;
        inbox_slot_move(inbox, slot, INBOX_ANSWERED);
        inbox_slot_count(slot);
        return true;
}

/* ---- requests ---- */

/* A submit without a client key is not repeatable; this one will be. */
static int make_key(struct inbox_id id, uint8_t into[MADE_KEY_SIZE])
{
        char text[INBOX_ID_SIZE];
        int size;

        inbox_id_format(id, text);
        size = snprintf((char *)into + 2, MADE_KEY_SIZE - 2, "redis:%s", text);
        ACD_ASSERT(size > 0 && size < MADE_KEY_SIZE - 2);
        into[0] = SUBMIT_CLIENT_KEY_TAG;
        into[1] = (uint8_t)size;
        return size + 2;
}

/* Why the body is none of its kind, or NULL; then @ret_parts is what the daemon is to get. */
static const char *check_body(struct inbox *inbox, const struct inbox_entry *entry,
                              struct inbox_id id, uint8_t key[MADE_KEY_SIZE],
                              struct iovec ret_parts[2])
{
        struct shard *shard = inbox->shard;
        const struct wire_frame frame = {
                .kind = entry->kind,
                .version = WIRE_HEADER_VERSION,
                .correlation = 1,
                .body_size = entry->body.size,
                .body = entry->body.at,
        };
        struct wire_message message;
        struct wire_refusal refusal;

        ret_parts[0] = (struct iovec){ (void *)(uintptr_t)entry->body.at, entry->body.size };
        ret_parts[1] = (struct iovec){ key, 0 };
        if (entry->body.size > shard->conns.body_size_max)
                return "the body is larger than frame-size-max";
        acd_arena_reset(&shard->decode_arena);
        /* Values that are not allowed are for the daemon to say, and for the sender to read. */
        if (wire_decode(&frame, &shard->decode_arena, &message, &refusal) != ACD_OK)
                return refusal.code == ACD_MALFORMED ? "the body is no message of its kind" : NULL;
        if (entry->kind != WIRE_SUBMIT || message.submit.client_key.size > 0)
                return NULL;
        ret_parts[1].iov_len = (size_t)make_key(id, key);
        return entry->body.size + ret_parts[1].iov_len > shard->conns.body_size_max
                       ? "with the client key made for it the body is larger than frame-size-max"
                       : NULL;
}

static void count_size(struct inbox *inbox, size_t size)
{
        inbox->size_average += size;
        inbox->size_average -= inbox->size_average / AVERAGE_WEIGHT;
}

static bool begin(struct inbox_tenant *tenant, struct inbox_slot *slot,
                  const struct inbox_entry *entry, const struct iovec parts[2])
{
        struct inbox *inbox = tenant->lane->inbox;
        uint32_t pieces = inbox_store_pieces(parts[0].iov_len + parts[1].iov_len);

        slot->kind = entry->kind;
        slot->role = entry->role;
        slot->session = entry->session;
        slot->answer_session = entry->session;
        slot->answer_epoch = entry->epoch;
        memcpy(slot->sender, entry->sender.at, entry->sender.size);
        slot->sender[entry->sender.size] = '\0';
        if (entry->correlation.size > 0)
                memcpy(slot->correlation, entry->correlation.at, entry->correlation.size);
        slot->correlation_size = (uint8_t)entry->correlation.size;

        if (entry->role == INBOX_NOBODY)
                return answer_here(inbox, slot, ACD_NOT_ALLOWED, "kind");
        if (entry->session != 0 && entry->epoch != acd_epoch(inbox->shard->acd))
                return answer_here(inbox, slot, ACD_NOT_LOGGED_IN, "session");
        if (inbox->request_pieces + pieces > INBOX_REQUEST_MAX ||
            !inbox_has_share(inbox, INBOX_REQUEST_MAX, tenant->request_pieces, pieces) ||
            !inbox_store_put(&inbox->store, parts, 2, &slot->bytes))
                return false;
        count_size(inbox, parts[0].iov_len);
        inbox_slot_move(inbox, slot, INBOX_WAITING);
        return true;
}

static bool take_new(struct inbox_tenant *tenant, struct inbox_id id,
                     const struct redis_reply *fields)
{
        struct inbox *inbox = tenant->lane->inbox;
        struct inbox_entry entry = { .kind = WIRE_NONE };
        uint8_t key[MADE_KEY_SIZE];
        struct iovec parts[2];
        struct inbox_slot *slot;

        if (fields->kind != REDIS_ARRAY)
                return inbox_write_dead(tenant, id, NULL,
                                        "the entry was deleted before it was read");
        add_fields(&entry, fields);
        if (inbox_entry_judge(&entry) && entry.role != INBOX_NOBODY)
                entry.wrong = check_body(inbox, &entry, id, key, parts);
        if (entry.wrong != NULL)
                return inbox_write_dead(tenant, id, fields, entry.wrong);
        slot = inbox_slot_new(inbox, tenant, id);
        if (slot == NULL)
                return false;
        if (begin(tenant, slot, &entry, parts))
                return true;
        /* As if it had not been read. */
        inbox_slot_move(inbox, slot, INBOX_FREE);
        return false;
}

bool inbox_take(struct inbox_tenant *tenant, struct inbox_id id, const struct redis_reply *fields)
{
        struct metrics *metrics = &tenant->lane->inbox->shard->metrics;
        bool is_again = !inbox_id_is_below(tenant->last, id);
        struct inbox_slot *slot = is_again ? find_slot(tenant, id) : NULL;

        if (slot != NULL) {
                /* Its answer did not get there: once more. */
                if (slot->state == INBOX_UNKNOWN)
                        inbox_slot_move(tenant->lane->inbox, slot, INBOX_ANSWERED);
                return true;
        }
        if (!take_new(tenant, id, fields))
                return false;
        metrics->redis_requests_total++;
        if (tenant->phase == INBOX_PENDING && tenant->is_pass_full)
                metrics->redis_requests_repeated_total++;
        if (!is_again)
                tenant->last = id;
        return true;
}

bool inbox_take_giant(struct inbox_tenant *tenant, struct inbox_id id)
{
        if (find_slot(tenant, id) != NULL)
                return true;
        if (!inbox_write_dead(tenant, id, NULL, "the entry is too large to be read"))
                return false;
        tenant->lane->inbox->shard->metrics.redis_requests_total++;
        return true;
}

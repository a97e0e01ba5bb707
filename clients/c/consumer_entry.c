/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry as Redis gives it, and what is in it.
 *
 * Nothing that comes from Redis is believed: somebody else may have written it. An
 * entry is what its field says only if its bytes are that message, of this tenant, and its id is
 * the one that such a message has. Fields with other names are of a newer acdd, and are passed
 * over. Of a state only its tenant and its place are read here; the rest is the caller's.
 */

#include "clients/c/consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/field.h"

/* Fields of acd.v1.TenantState and acd.v1.Resync. */
enum {
        STATE_TENANT = 1,
        STATE_EPOCH = 2,
        STATE_SEQUENCE = 3,
        RESYNC_TENANT = 1,
        RESYNC_NEXT_SEQUENCE = 3,
        RESYNC_STATE = 4,
};

int consumer_id_compare(struct acdconsumer_id a, struct acdconsumer_id b)
{
        if (a.epoch != b.epoch)
                return a.epoch < b.epoch ? -1 : 1;
        if (a.sequence != b.sequence)
                return a.sequence < b.sequence ? -1 : 1;
        return 0;
}

const char *consumer_id_format(struct acdconsumer_id id, char ret_text[CONSUMER_ID_SIZE])
{
        (void)snprintf(ret_text, CONSUMER_ID_SIZE, "%" PRIu64 "-%" PRIu64, id.epoch, id.sequence);
        return ret_text;
}

bool consumer_id_parse(const redisReply *text, struct acdconsumer_id *ret_id)
{
        char *dash;
        char *end;
        uint64_t epoch;

        if (text->type != REDIS_REPLY_STRING || text->len >= CONSUMER_ID_SIZE)
                return false;
        epoch = strtoull(text->str, &dash, 10);
        if (dash == text->str || *dash != '-')
                return false;
        *ret_id =
                (struct acdconsumer_id){ .epoch = epoch, .sequence = strtoull(dash + 1, &end, 10) };
        return end != dash + 1 && *end == '\0';
}

const redisReply *consumer_pair(const redisReply *pairs, const char *name)
{
        if (pairs->type != REDIS_REPLY_ARRAY)
                return NULL;
        for (size_t i = 0; i + 1 < pairs->elements; i += 2) {
                if (pairs->element[i]->type == REDIS_REPLY_STRING &&
                    strcmp(pairs->element[i]->str, name) == 0)
                        return pairs->element[i + 1];
        }
        return NULL;
}

const redisReply *consumer_entries_of(const redisReply *reply)
{
        const redisReply *stream;

        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1)
                return NULL;
        stream = reply->element[0];
        if (stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 ||
            stream->element[1]->type != REDIS_REPLY_ARRAY || stream->element[1]->elements == 0)
                return NULL;
        return stream->element[1];
}

static bool is_tenant(const struct acdconsumer *consumer, const char *at, size_t size)
{
        return size == strlen(consumer->tenant) && memcmp(at, consumer->tenant, size) == 0;
}

bool consumer_state_id(struct acdclient_bytes state, struct acdconsumer_id *ret_id)
{
        struct acd_bytes bytes = { .at = state.at, .size = state.size };
        struct wire_reader reader = wire_reader_of(bytes);
        struct acdconsumer_id id = { .epoch = 0 };
        struct wire_field field;

        while (reader.at != reader.end) {
                if (!wire_read_field(&reader, &field))
                        return false;
                if (field.number == STATE_EPOCH && field.type == WIRE_TYPE_FIXED64)
                        id.epoch = field.value;
                else if (field.number == STATE_SEQUENCE && field.type == WIRE_TYPE_FIXED64)
                        id.sequence = field.value;
        }
        *ret_id = id;
        return id.epoch != 0;
}

static bool read_resync(const struct acdconsumer *consumer, struct consumer_entry *entry)
{
        struct acd_bytes bytes = { .at = (const uint8_t *)entry->value->str,
                                   .size = (uint32_t)entry->value->len };
        struct wire_reader reader = wire_reader_of(bytes);
        bool is_ours = false;
        struct wire_field field;

        while (reader.at != reader.end) {
                if (!wire_read_field(&reader, &field))
                        return false;
                if (field.number == RESYNC_NEXT_SEQUENCE && field.type == WIRE_TYPE_FIXED64)
                        entry->first_sequence = field.value;
                if (field.type != WIRE_TYPE_BYTES)
                        continue;
                if (field.number == RESYNC_TENANT)
                        is_ours =
                                is_tenant(consumer, (const char *)field.bytes.at, field.bytes.size);
                else if (field.number == RESYNC_STATE)
                        entry->state = (struct acdclient_bytes){ .at = field.bytes.at,
                                                                 .size = field.bytes.size };
        }
        return is_ours && consumer_state_id(entry->state, &entry->state_id);
}

static bool read_batch(const struct acdconsumer *consumer, struct consumer_entry *entry)
{
        struct acdclient_events events = { .batch = { .at = (const uint8_t *)entry->value->str,
                                                      .size = (uint32_t)entry->value->len } };
        struct acdclient_events_reader reader;

        if (!acdclient_events_open(&reader, &events))
                return false;
        entry->first_sequence = reader.first_sequence;
        return is_tenant(consumer, reader.tenant.at, reader.tenant.size) &&
               reader.epoch == entry->id.epoch && reader.last_sequence == entry->id.sequence &&
               reader.first_sequence <= reader.last_sequence && reader.first_sequence != 0;
}

void consumer_entry_read(const struct acdconsumer *consumer, const redisReply *reply,
                         struct consumer_entry *ret_entry)
{
        struct consumer_entry entry = { .value = NULL };
        const redisReply *pairs;

        *ret_entry = (struct consumer_entry){ .is_damaged = true };
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
            !consumer_id_parse(reply->element[0], &entry.id))
                return;
        pairs = reply->element[1];
        entry.is_gone = pairs->type != REDIS_REPLY_ARRAY;
        entry.value = consumer_pair(pairs, "batch");
        if (entry.value == NULL) {
                entry.value = consumer_pair(pairs, "resync");
                entry.is_resync = entry.value != NULL;
        }
        if (entry.value != NULL && entry.value->type != REDIS_REPLY_STRING)
                entry.is_damaged = true;
        else if (entry.value != NULL)
                entry.is_damaged = entry.is_resync ? !read_resync(consumer, &entry)
                                                   : !read_batch(consumer, &entry);
        *ret_entry = entry;
}

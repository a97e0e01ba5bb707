/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry asks for.
 *
 * Five fields have a meaning, others are for whoever put them there. Anybody who may write to
 * the stream writes whatever he likes, so nothing is believed: a sender is part of a
 * key, hence has the alphabet of names.
 *
 * A session is two numbers, epoch and number in the frame's header: numbers begin anew with
 * each run, and all agents of a tenant share a connection here. Without the
 * epoch a late request of one agent could reach another, who has the number now.
 */

#include "daemon/redis/inbox_entry.h"

#include <stdio.h>
#include <string.h>

#include "base/name.h"

enum field { FIELD_SENDER, FIELD_KIND, FIELD_BODY, FIELD_CORRELATION, FIELD_SESSION, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {
        [FIELD_SENDER] = "sender",           [FIELD_KIND] = "kind",       [FIELD_BODY] = "body",
        [FIELD_CORRELATION] = "correlation", [FIELD_SESSION] = "session",
};

/* Requests over Redis and the connection that they take. Left out is what is about a connection
 * (HELLO, PING, BYE), what would answer by pushes that nobody reads (FOLLOW, SUBSCRIBE), what
 * speaks for all components at once (RESUME), and what operators and supervisors do (STATUS, APPLY,
 * DRAIN, STOP): who may write to a stream is not known well enough for that. */
static const uint8_t roles[WIRE_KIND_MAX + 1] = {
        [WIRE_SUBMIT] = 1 + INBOX_GATEWAY,  [WIRE_CANCEL] = 1 + INBOX_GATEWAY,
        [WIRE_UPDATE] = 1 + INBOX_GATEWAY,  [WIRE_QUERY] = 1 + INBOX_GATEWAY,
        [WIRE_REPORT] = 1 + INBOX_GATEWAY,  [WIRE_RESOLVE] = 1 + INBOX_GATEWAY,
        [WIRE_LIST] = 1 + INBOX_GATEWAY,    [WIRE_LOGIN] = 1 + INBOX_AGENT,
        [WIRE_LOGOUT] = 1 + INBOX_AGENT,    [WIRE_READY] = 1 + INBOX_AGENT,
        [WIRE_PAUSE] = 1 + INBOX_AGENT,     [WIRE_NEXT_STATE] = 1 + INBOX_AGENT,
        [WIRE_ACCEPT] = 1 + INBOX_AGENT,    [WIRE_REJECT] = 1 + INBOX_AGENT,
        [WIRE_COMPLETE] = 1 + INBOX_AGENT,  [WIRE_HOLD] = 1 + INBOX_AGENT,
        [WIRE_UNHOLD] = 1 + INBOX_AGENT,    [WIRE_PARK] = 1 + INBOX_AGENT,
        [WIRE_UNPARK] = 1 + INBOX_AGENT,    [WIRE_WRAP_UP] = 1 + INBOX_AGENT,
        [WIRE_HEARTBEAT] = 1 + INBOX_AGENT, [WIRE_SNAPSHOT] = 1 + INBOX_AGENT,
};

static bool is_text(struct acd_bytes bytes, const char *text)
{
        return bytes.size == strlen(text) && memcmp(bytes.at, text, bytes.size) == 0;
}

void inbox_entry_add(struct inbox_entry *entry, struct acd_bytes name, struct acd_bytes value)
{
        struct acd_bytes *const into[FIELD_COUNT] = { &entry->sender, &entry->kind_name,
                                                      &entry->body, &entry->correlation,
                                                      &entry->session_text };

        for (uint32_t i = 0; i < FIELD_COUNT; i++) {
                if (!is_text(name, field_names[i]))
                        continue;
                if (entry->given & 1u << i)
                        entry->wrong = "a field is given twice";
                entry->given |= (uint8_t)(1u << i);
                *into[i] = value;
                return;
        }
}

/* ---- numbers ---- */

/* Digits from @at on: how many, 0 when there are none or too many. */
static uint32_t parse_number(const uint8_t *at, uint32_t size, uint64_t *ret_number)
{
        uint64_t number = 0;
        uint32_t i = 0;

        for (; i < size && at[i] >= '0' && at[i] <= '9'; i++) {
                uint64_t digit = (uint64_t)(at[i] - '0');

                if (number > (UINT64_MAX - digit) / 10)
                        return 0;
                number = number * 10 + digit;
        }
        *ret_number = number;
        return i;
}

bool inbox_id_parse(struct acd_bytes text, struct inbox_id *ret_id)
{
        struct inbox_id id;
        uint32_t size = parse_number(text.at, text.size, &id.ms);
        uint32_t rest;

        if (size == 0 || size + 1 >= text.size || text.at[size] != '-')
                return false;
        rest = text.size - size - 1;
        if (parse_number(text.at + size + 1, rest, &id.sequence) != rest)
                return false;
        *ret_id = id;
        return true;
}

void inbox_id_format(struct inbox_id id, char ret_text[INBOX_ID_SIZE])
{
        (void)snprintf(ret_text, INBOX_ID_SIZE, "%llu-%llu", (unsigned long long)id.ms,
                       (unsigned long long)id.sequence);
}

struct inbox_id inbox_id_before(struct inbox_id id)
{
        if (id.sequence > 0)
                return (struct inbox_id){ id.ms, id.sequence - 1 };
        return id.ms == 0 ? id : (struct inbox_id){ id.ms - 1, UINT64_MAX };
}

struct inbox_id inbox_id_after(struct inbox_id id)
{
        if (id.sequence < UINT64_MAX)
                return (struct inbox_id){ id.ms, id.sequence + 1 };
        return id.ms == UINT64_MAX ? id : (struct inbox_id){ id.ms + 1, 0 };
}

/* ---- judging ---- */

static bool is_same_word(struct acd_bytes bytes, const char *word)
{
        if (bytes.size != strlen(word))
                return false;
        for (uint32_t i = 0; i < bytes.size; i++) {
                uint8_t c = bytes.at[i];

                if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != word[i])
                        return false;
        }
        return true;
}

static uint16_t find_kind(struct acd_bytes name)
{
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                const struct wire_kind_info *info = wire_kind_info(kind);

                if (info != NULL && wire_kind_is_request(info) && is_same_word(name, info->name))
                        return kind;
        }
        return WIRE_NONE;
}

static const char *judge_session(struct inbox_entry *entry)
{
        struct inbox_id session;

        if (entry->role != INBOX_AGENT || entry->kind == WIRE_LOGIN)
                return NULL;
        if ((entry->given & 1u << FIELD_SESSION) == 0)
                return "the field session is missing: agents' requests but LOGIN have one";
        if (!inbox_id_parse(entry->session_text, &session) || session.sequence == 0 ||
            session.sequence > UINT32_MAX)
                return "the field session is not as an answer to LOGIN gave it";
        entry->epoch = session.ms;
        entry->session = (uint32_t)session.sequence;
        return NULL;
}

static const char *judge(struct inbox_entry *entry)
{
        struct acd_text sender = { (const char *)entry->sender.at, entry->sender.size };

        if (entry->wrong != NULL)
                return entry->wrong;
        if ((entry->given & 1u << FIELD_SENDER) == 0)
                return "the field sender is missing";
        if (sender.size == 0 || sender.size > ACD_NAME_MAX ||
            !acd_name_is_valid(sender.at, sender.size))
                return "the field sender is no name: 1 to 63 of A-Z a-z 0-9 . _ : -";
        if ((entry->given & 1u << FIELD_KIND) == 0)
                return "the field kind is missing";
        entry->kind = find_kind(entry->kind_name);
        if (entry->kind == WIRE_NONE)
                return "the field kind names no request";
        if ((entry->given & 1u << FIELD_BODY) == 0)
                return "the field body is missing; it may be empty";
        if (entry->correlation.size > INBOX_CORRELATION_MAX)
                return "the field correlation is longer than 64 bytes";
        entry->role =
                roles[entry->kind] == 0 ? INBOX_NOBODY : (enum inbox_role)(roles[entry->kind] - 1);
        return judge_session(entry);
}

bool inbox_entry_judge(struct inbox_entry *entry)
{
        entry->wrong = judge(entry);
        return entry->wrong == NULL;
}

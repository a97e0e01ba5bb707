/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of commands, which anybody may write who may write to Redis: what is judged to be a
 * request is one by the tables, everything it points to lies in what was given, another order of
 * the fields changes nothing, and what is none has a reason.
 *
 * The input: a name's size, the name, a value's size, the value, again and again.
 */

#include <string.h>

#include "base/assert.h"
#include "base/name.h"
#include "daemon/redis/inbox_entry.h"
#include "tests/fuzz/fuzz.h"

enum { FIELD_MAX = 32 };

struct field {
        struct acd_bytes name;
        struct acd_bytes value;
};

static const uint8_t *begin_of_data;
static const uint8_t *end_of_data;

static bool take(const uint8_t **at, struct acd_bytes *ret_bytes)
{
        size_t left = (size_t)(end_of_data - *at);

        if (left == 0 || (*at)[0] > left - 1)
                return false;
        *ret_bytes = (struct acd_bytes){ *at + 1, (*at)[0] };
        *at += 1 + ret_bytes->size;
        return true;
}

static uint32_t split(struct field fields[FIELD_MAX])
{
        const uint8_t *at = begin_of_data;
        uint32_t count = 0;

        while (count < FIELD_MAX && take(&at, &fields[count].name) &&
               take(&at, &fields[count].value))
                count++;
        return count;
}

static bool is_inside(struct acd_bytes bytes)
{
        return bytes.size == 0 ||
               (bytes.at >= begin_of_data && bytes.at + bytes.size <= end_of_data);
}

static void check_request(const struct inbox_entry *entry)
{
        enum wire_role role = entry->role == INBOX_AGENT ? WIRE_ROLE_AGENT : WIRE_ROLE_GATEWAY;

        ACD_ASSERT(acd_name_is_valid((const char *)entry->sender.at, entry->sender.size));
        ACD_ASSERT(wire_kind_is_request(wire_kind_info(entry->kind)));
        ACD_ASSERT(entry->role == INBOX_NOBODY || wire_kind_is_allowed(entry->kind, role));
        ACD_ASSERT(entry->correlation.size <= INBOX_CORRELATION_MAX);
        ACD_ASSERT((entry->session != 0) ==
                   (entry->role == INBOX_AGENT && entry->kind != WIRE_LOGIN));
}

static void check_id(struct acd_bytes text)
{
        struct inbox_id id;
        struct inbox_id again;
        char formatted[INBOX_ID_SIZE];

        if (!inbox_id_parse(text, &id))
                return;
        inbox_id_format(id, formatted);
        ACD_ASSERT(inbox_id_parse(
                (struct acd_bytes){ (const uint8_t *)formatted, (uint32_t)strlen(formatted) },
                &again));
        ACD_ASSERT(inbox_id_is_equal(id, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct field fields[FIELD_MAX];
        struct inbox_entry forth = { .kind = WIRE_NONE };
        struct inbox_entry back = { .kind = WIRE_NONE };
        uint32_t count;
        bool is_request;

        begin_of_data = data;
        end_of_data = data + size;
        count = split(fields);
        for (uint32_t i = 0; i < count; i++) {
                inbox_entry_add(&forth, fields[i].name, fields[i].value);
                inbox_entry_add(&back, fields[count - 1 - i].name, fields[count - 1 - i].value);
                check_id(fields[i].value);
        }
        is_request = inbox_entry_judge(&forth);
        ACD_ASSERT(inbox_entry_judge(&back) == is_request);
        ACD_ASSERT(is_request == (forth.wrong == NULL));
        ACD_ASSERT(is_inside(forth.sender) && is_inside(forth.body) &&
                   is_inside(forth.correlation) && is_inside(forth.session_text));
        if (!is_request)
                return 0;
        check_request(&forth);
        ACD_ASSERT(back.kind == forth.kind && back.session == forth.session &&
                   back.epoch == forth.epoch && back.role == forth.role);
        return 0;
}

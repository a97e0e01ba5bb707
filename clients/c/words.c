/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and sentences, from the tables of the protocol.
 *
 * Nothing is decided here: each function is the public name of one in lib/wire
 * or lib/base, so that programs need no other header.
 */

#include <string.h>

#include "base/id.h"
#include "clients/c/client.h"

_Static_assert((int)ACDCLIENT_ID_SIZE == (int)ACD_ID_TEXT_SIZE, "ids as text");

const struct acdclient_result *acdclient_answer_result(const struct acdclient_message *answer)
{
        /* It is the first field of every answer. */
        return &answer->result;
}

bool acdclient_is_done(enum acdclient_result_code code)
{
        return wire_result_is_done((enum acd_result)code);
}

bool acdclient_is_later(enum acdclient_result_code code)
{
        return wire_result_is_later((enum acd_result)code);
}

const char *acdclient_result_name(enum acdclient_result_code code)
{
        return wire_result_name((enum acd_result)code);
}

const char *acdclient_result_text(enum acdclient_result_code code)
{
        return wire_result_text((enum acd_result)code);
}

const char *acdclient_result_remedy(enum acdclient_result_code code)
{
        return wire_result_remedy((enum acd_result)code);
}

const char *acdclient_kind_name(uint16_t kind)
{
        const struct wire_kind_info *info = wire_kind_info(kind);

        return info == NULL ? "UNKNOWN" : info->name;
}

const char *acdclient_event_name(enum acdclient_event_kind kind)
{
        return wire_event_name((enum acd_event_kind)kind);
}

const char *acdclient_reason_name(enum acdclient_reason reason)
{
        return wire_reason_name((enum acd_reason)reason);
}

const char *acdclient_reason_text(enum acdclient_reason reason)
{
        return wire_reason_text((enum acd_reason)reason);
}

const char *acdclient_role_name(enum acdclient_role role)
{
        return wire_role_name((enum wire_role)role);
}

const char *acdclient_object_name(enum acdclient_object object)
{
        return wire_object_name((enum acd_object)object);
}

const char *acdclient_contact_state_name(enum acdclient_contact_state state)
{
        return wire_contact_state_name((enum acd_contact_state)state);
}

const char *acdclient_assignment_state_name(enum acdclient_assignment_state state)
{
        return wire_assignment_state_name((enum acd_assignment_state)state);
}

const char *acdclient_presence_name(enum acdclient_presence presence)
{
        return wire_presence_name((enum acd_presence)presence);
}

const char *acdclient_gateway_state_name(enum acdclient_gateway_state state)
{
        return wire_gateway_state_name((enum acd_gateway_state)state);
}

const char *acdclient_id_format(uint64_t id, char ret_text[ACDCLIENT_ID_SIZE])
{
        acd_id_format(id, ret_text);
        return ret_text;
}

bool acdclient_id_parse(const char *text, size_t size, uint64_t *ret_id)
{
        return acd_id_parse(text, size, ret_id);
}

struct acdclient_text acdclient_text(const char *string)
{
        return (struct acdclient_text){ .at = string, .size = (uint32_t)strlen(string) };
}

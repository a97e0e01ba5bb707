/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * kinds.h - what a frame can be, who may send it, and what answers it.
 *
 *   Cost     O(1).
 *   Threads  Any: constant tables.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"
#include "wire/message.h"

enum wire_kind {
        WIRE_NONE = 0,
#define KIND(name, number, direction, roles, member, Type, answer, text) WIRE_##name = (number),
#include "wire/kinds.def"
#undef KIND
        WIRE_KIND_MAX = 127, /* highest number that a kind may have */
};

enum wire_direction {
        WIRE_REQUEST = 1,
        WIRE_ANSWER = 2,
        WIRE_PUSH = 3,
        WIRE_BOTH = 4,
};

struct wire_kind_info {
        const char *name; /* "SUBMIT" */
        enum wire_direction direction;
        uint8_t roles;  /* bit (1 << enum wire_role) */
        uint8_t answer; /* enum wire_kind; WIRE_NONE: none */
        const char *text;
};

/* By number; one without a name is none. */
extern const struct wire_kind_info wire_kinds[WIRE_KIND_MAX + 1];

/* NULL: there is no such kind. */
static inline const struct wire_kind_info *wire_kind_info(uint16_t kind)
{
        return kind > WIRE_KIND_MAX || wire_kinds[kind].name == NULL ? NULL : &wire_kinds[kind];
}

/* It can be asked for. */
static inline bool wire_kind_is_request(const struct wire_kind_info *info)
{
        return info->direction == WIRE_REQUEST || info->direction == WIRE_BOTH;
}

/* May @role send requests of @kind? */
static inline bool wire_kind_is_allowed(uint16_t kind, enum wire_role role)
{
        const struct wire_kind_info *info = wire_kind_info(kind);

        return info != NULL && role >= WIRE_ROLE_GATEWAY && role <= WIRE_ROLE_READER &&
               wire_kind_is_request(info) && (info->roles >> (unsigned)role & 1u) != 0;
}

/* Texts of the tables; never NULL. An unknown number gives "UNKNOWN_RESULT" and
 * the like. */
const char *wire_result_name(enum acd_result result);   /* "DEAD_QUEUE" */
const char *wire_result_text(enum acd_result result);   /* the sentence */
const char *wire_result_remedy(enum acd_result result); /* the command to try; may be "" */
bool wire_result_is_done(enum acd_result result);       /* OK, DUPLICATE */
bool wire_result_is_later(enum acd_result result);      /* may succeed later */
const char *wire_field_name(enum acd_field field);      /* path in the protocol; "" for none */
const char *wire_reason_name(enum acd_reason reason);   /* "OFFER_TIMEOUT" */
const char *wire_reason_text(enum acd_reason reason);
const char *wire_event_name(enum acd_event_kind kind);                   /* "CONTACT_SUBMITTED" */
const char *wire_role_name(enum wire_role role);                         /* "gateway" */
const char *wire_object_name(enum acd_object object);                    /* "queue" */
const char *wire_contact_state_name(enum acd_contact_state state);       /* "waiting" */
const char *wire_assignment_state_name(enum acd_assignment_state state); /* "held" */
const char *wire_presence_name(enum acd_presence presence);              /* "ready" */
const char *wire_gateway_state_name(enum acd_gateway_state state);       /* "present" */

/* The result, role or object with this name; 0 when there is none. */
enum acd_result wire_result_find(struct acd_text name);
enum wire_role wire_role_find(struct acd_text name);
enum acd_object wire_object_find(struct acd_text name);

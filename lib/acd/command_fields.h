/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * command_fields.h - which fields a command has, as data. Private to the codec:
 * command_encode.c and command_decode.c walk the same tables, so they cannot
 * disagree.
 */

#include <stddef.h>
#include <stdint.h>

#include "acd/command.h"

enum command_field_type {
        FIELD_ID = 1,   /* eight bytes */
        FIELD_U64,
        FIELD_I64,
        FIELD_U32,
        FIELD_ENUM,     /* of the size of an int; below 256 in bytes */
        FIELD_U8,
        FIELD_BOOL,
        FIELD_TEXT,     /* in an array of @size */
        FIELD_BYTES,    /* size in the body, bytes in the payload */
        FIELD_LIST,     /* of structs, in an array */
        FIELD_CONTACTS, /* ids that somebody else keeps */
        FIELD_LIMITS,
};

struct command_list;

struct command_field {
        uint16_t offset; /* in the command, or in the element of a list */
        uint8_t type;
        uint8_t size;
        const struct command_list *list;
};

struct command_list {
        uint16_t items_offset; /* from the same base as the field, which is the count */
        uint16_t stride;
        uint16_t max;
        uint16_t field_count;
        const struct command_field *fields;
};

struct command_form {
        const struct command_field *fields;
        uint32_t field_count;
        bool is_known;
};

/* The form of a kind of command, or NULL. */
const struct command_form *acd_command_form(uint64_t kind);

/* The fields of acd_limits are u32, one after the other. */
enum { COMMAND_LIMIT_COUNT = sizeof(struct acd_limits) / sizeof(uint32_t) };

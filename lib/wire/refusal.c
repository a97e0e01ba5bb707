/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal names the field as the sender knows it: the path of names in the
 * schema, "requirement.level_min". Paths are kept as links on the stack while a
 * message is walked and become text only when something is wrong.
 */

#include "wire/refusal.h"

#include <string.h>

#include "base/bytes.h"
#include "base/name.h"

/* Appends as much of @name as fits, with a dot between parts. */
static size_t append_name(char *text, size_t size, const char *name)
{
        size_t name_size = strlen(name);

        if (name_size == 0)
                return size;
        if (size > 0 && size < WIRE_PATH_MAX)
                text[size++] = '.';
        if (name_size > WIRE_PATH_MAX - size)
                name_size = WIRE_PATH_MAX - size;
        memcpy(text + size, name, name_size);
        return size + name_size;
}

/* Schemas are not recursive and at most four deep (a test says so). */
static size_t append_path(char *text, const struct wire_path *path)
{
        const char *names[4];
        size_t count = 0;
        size_t size = 0;

        for (; path != NULL && count < 4; path = path->parent)
                names[count++] = path->name;
        while (count > 0)
                size = append_name(text, size, names[--count]);
        return size;
}

bool wire_refuse_field(struct wire_refusal *ret_refusal, enum acd_result code,
                       const struct wire_path *parent, const char *name, const char *text)
{
        size_t size = append_path(ret_refusal->field, parent);

        if (name != NULL)
                size = append_name(ret_refusal->field, size, name);
        ret_refusal->field[size] = '\0';
        ret_refusal->code = code;
        ret_refusal->text = text != NULL ? text : wire_result_text(code);
        ret_refusal->limit = 0;
        return false;
}

bool wire_refuse_limit(struct wire_refusal *ret_refusal, enum acd_result code,
                       const struct wire_path *parent, const char *name, uint64_t limit)
{
        (void)wire_refuse_field(ret_refusal, code, parent, name, NULL);
        ret_refusal->limit = limit;
        return false;
}

/* Most text is ASCII: eight bytes at a time, none zero, none above 0x7f. */
static bool is_ascii(const uint8_t *at, size_t size)
{
        const uint64_t ones = UINT64_C(0x0101010101010101);
        const uint64_t highs = UINT64_C(0x8080808080808080);

        for (; size >= sizeof(uint64_t); at += sizeof(uint64_t), size -= sizeof(uint64_t)) {
                uint64_t word = acd_get_u64(at);

                /* A zero byte borrows from the one above it. */
                if (((word | (word - ones)) & highs) != 0)
                        return false;
        }
        for (size_t i = 0; i < size; i++)
                if (at[i] == 0 || at[i] > 0x7f)
                        return false;
        return true;
}

bool wire_is_text(struct acd_bytes bytes)
{
        if (is_ascii(bytes.at, bytes.size))
                return true;
        return acd_utf8_is_valid(bytes.at, bytes.size) &&
               memchr(bytes.at, '\0', bytes.size) == NULL;
}

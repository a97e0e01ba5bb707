/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and text from outside.
 *
 * UTF-8 is decoded by the table of well-formed byte sequences in the Unicode
 * standard (table 3-7): the range of the second byte depends on the first, and
 * that range alone shuts out overlong forms, surrogates and what is above
 * U+10FFFF. So nothing is computed and compared afterwards; a sequence that
 * matches a row is good.
 */

#include "base/name.h"

#include <stdint.h>

struct utf8_row {
        uint8_t first_min;
        uint8_t first_max;
        uint8_t second_min;
        uint8_t second_max;
        uint8_t size;
};

/* clang-format off */
static const struct utf8_row utf8_rows[] = {
        { 0x00, 0x7f, 0x00, 0x00, 1 },
        { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};
/* clang-format on */

enum { UTF8_ROW_COUNT = sizeof(utf8_rows) / sizeof(utf8_rows[0]) };

static bool is_name_character(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == ':' || c == '-';
}

bool acd_name_is_valid(const char *name, size_t size)
{
        if (size == 0 || size > ACD_NAME_SIZE_MAX)
                return false;
        for (size_t i = 0; i < size; i++)
                if (!is_name_character(name[i]))
                        return false;
        return true;
}

static const struct utf8_row *row_of(uint8_t first)
{
        for (size_t i = 0; i < UTF8_ROW_COUNT; i++)
                if (first >= utf8_rows[i].first_min && first <= utf8_rows[i].first_max)
                        return &utf8_rows[i];
        return NULL;
}

/* Bytes of the character at @text, or 0 when there is no well-formed one. */
static size_t character_size(const uint8_t *text, size_t size)
{
        const struct utf8_row *row = row_of(text[0]);

        if (row == NULL || row->size > size)
                return 0;
        if (row->size > 1 && (text[1] < row->second_min || text[1] > row->second_max))
                return 0;
        for (size_t i = 2; i < row->size; i++)
                if (text[i] < 0x80 || text[i] > 0xbf)
                        return 0;
        return row->size;
}

/* One well-formed character of @size bytes: does it steer a terminal? */
static bool is_control(const uint8_t *character, size_t size)
{
        if (size == 1)
                return (character[0] < 0x20 && character[0] != '\t' && character[0] != '\n') ||
                       character[0] == 0x7f;
        return size == 2 && character[0] == 0xc2 && character[1] < 0xa0;
}

static bool text_is_valid(const void *text, size_t size, bool must_be_plain)
{
        const uint8_t *bytes = text;

        for (size_t at = 0; at < size;) {
                size_t step = character_size(bytes + at, size - at);

                if (step == 0 || (must_be_plain && is_control(bytes + at, step)))
                        return false;
                at += step;
        }
        return true;
}

bool acd_utf8_is_valid(const void *text, size_t size)
{
        return text_is_valid(text, size, /* must_be_plain = */ false);
}

bool acd_text_is_plain(const void *text, size_t size)
{
        return text_is_valid(text, size, /* must_be_plain = */ true);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids as numbers and as text.
 *
 * Base32 and not hexadecimal: 13 characters can be read out over a telephone,
 * and Crockford's alphabet leaves out i, l, o and u, which are misread. Not
 * base64: two ids would differ in case alone. His look-alike rules (o for 0,
 * l for 1) are for people typing; these ids are copied, and two spellings of
 * one id would make two keys of it somewhere downstream. So parsing is strict.
 *
 * 13 characters hold 65 bits: the first carries four, and is at most 'f'.
 */

#include "base/id.h"

#include "base/assert.h"

enum {
        SHARD_SHIFT = ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS,
        SLOT_SHIFT = ACD_ID_GENERATION_BITS,
        DIGIT_BITS = 5,
        DIGIT_NONE = 0xff,
};

_Static_assert(ACD_ID_SHARD_BITS + ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS == 64,
               "the parts fill the id");

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

uint64_t acd_id_make(struct acd_id_parts parts)
{
        ACD_ASSERT(parts.shard <= ACD_ID_SHARD_MAX);
        ACD_ASSERT(parts.slot <= ACD_ID_SLOT_MAX);
        ACD_ASSERT(parts.generation > 0);
        ACD_ASSERT(parts.generation <= ACD_ID_GENERATION_MAX);

        return (uint64_t)parts.shard << SHARD_SHIFT | (uint64_t)parts.slot << SLOT_SHIFT |
               parts.generation;
}

bool acd_id_is_valid(uint64_t id)
{
        return (id & ACD_ID_GENERATION_MAX) != 0;
}

void acd_id_format(uint64_t id, char ret_text[ACD_ID_TEXT_SIZE])
{
        for (uint32_t i = 0; i < ACD_ID_TEXT_LENGTH; i++) {
                uint32_t shift = DIGIT_BITS * (ACD_ID_TEXT_LENGTH - 1 - i);

                ret_text[i] = alphabet[id >> shift & 31];
        }
        ret_text[ACD_ID_TEXT_LENGTH] = '\0';
}

static uint8_t digit_of(char character)
{
        for (uint8_t i = 0; i < 32; i++)
                if (alphabet[i] == character)
                        return i;
        return DIGIT_NONE;
}

bool acd_id_parse(const char *text, size_t text_size, uint64_t *ret_id)
{
        uint64_t id = 0;

        if (text_size != ACD_ID_TEXT_LENGTH)
                return false;
        for (size_t i = 0; i < text_size; i++) {
                uint8_t digit = digit_of(text[i]);

                if (digit == DIGIT_NONE || (i == 0 && digit > 15))
                        return false;
                id = id << DIGIT_BITS | digit;
        }
        if (!acd_id_is_valid(id))
                return false;
        *ret_id = id;
        return true;
}

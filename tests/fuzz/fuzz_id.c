/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids from text: whatever parses is valid, and its one spelling is the input.
 * Whatever does not parse leaves the result alone.
 */

#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint64_t id = 0;
        char text[ACD_ID_TEXT_SIZE];

        if (!acd_id_parse((const char *)data, size, &id)) {
                ACD_ASSERT(id == 0);
                return 0;
        }
        ACD_ASSERT(size == ACD_ID_TEXT_LENGTH);
        ACD_ASSERT(acd_id_is_valid(id));
        ACD_ASSERT(acd_id_make(acd_id_split(id)) == id);
        acd_id_format(id, text);
        ACD_ASSERT(memcmp(text, data, size) == 0);
        return 0;
}

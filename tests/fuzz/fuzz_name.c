/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and text: names are plain text, plain text is UTF-8, UTF-8 is closed
 * under joining and every cut of it is good on one side exactly when it is good
 * on the other.
 */

#include "base/assert.h"
#include "base/name.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        bool is_name = acd_name_is_valid((const char *)data, size);
        bool is_plain = acd_text_is_plain(data, size);
        bool is_utf8 = acd_utf8_is_valid(data, size);
        size_t cut_max = size < 64 ? size : 64;

        ACD_ASSERT(!is_name || (is_plain && size >= 1 && size <= ACD_NAME_SIZE_MAX));
        ACD_ASSERT(!is_plain || is_utf8);
        for (size_t cut = 0; cut <= cut_max; cut++) {
                bool left = acd_utf8_is_valid(data, cut);
                bool right = acd_utf8_is_valid(data + cut, size - cut);

                ACD_ASSERT(!is_utf8 || left == right);
                ACD_ASSERT(is_utf8 || !left || !right);
        }
        return 0;
}

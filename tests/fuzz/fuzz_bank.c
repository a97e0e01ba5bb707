/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call records from anywhere: whatever rows are taken, a plan made of them is one
 * (plan_check.h).
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plan_check.h"

enum { RECORD_MAX = 512 };

static struct bank bank;
static struct bank_record records[RECORD_MAX];

static void read_rows(const char *text, size_t size)
{
        const char *end = text + size;

        memset(&bank, 0, sizeof(bank));
        bank.record = records;
        while (text < end && bank.record_count < RECORD_MAX) {
                const char *newline = memchr(text, '\n', (size_t)(end - text));
                const char *stop = newline == NULL ? end : newline;
                bool is_phantom = false;
                uint32_t odd = 0;

                if (bank_parse_row(&bank, text, (size_t)(stop - text), &records[bank.record_count],
                                   &is_phantom, &odd) == BANK_FLAW_COUNT &&
                    !is_phantom)
                        bank.record_count++;
                text = stop + 1;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct plan_settings settings = plan_settings_default();
        struct plan plan;
        int r;

        read_rows((const char *)data, size);
        r = plan_from_bank(&plan, &bank, &settings);
        ACD_ASSERT(r == 0 || r == -ENODATA || r == -ENOMEM);
        if (r == 0) {
                plan_check(&plan);
                plan_free(&plan);
        }
        return 0;
}

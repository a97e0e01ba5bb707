/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Call records from anywhere: whatever rows are taken, a plan made of them has
 * calls by arrival, patience that outlasts the wait of who was answered, and for
 * each agent spans that begin before they end and follow each other.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/plan.h"
#include "tests/fuzz/fuzz.h"

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

static void check_plan(const struct plan *plan)
{
        for (size_t i = 0; i < plan->call_count; i++) {
                const struct plan_call *call = &plan->call[i];

                ACD_ASSERT(call->arrival_ms >= 0);
                ACD_ASSERT(i == 0 || plan->call[i - 1].arrival_ms <= call->arrival_ms);
                ACD_ASSERT(call->queue < plan->queue_count);
                ACD_ASSERT(call->patience_ms >= (int64_t)call->recorded_wait_s * 1000);
                ACD_ASSERT(call->wrap_up_ms <= 600000);
        }
        for (uint32_t i = 0; i < plan->agent_count; i++) {
                const struct plan_agent *agent = &plan->agent[i];

                ACD_ASSERT(agent->span_first + agent->span_count <= plan->span_count);
                for (uint32_t j = 0; j < agent->span_count; j++) {
                        const struct plan_span *span = &plan->span[agent->span_first + j];

                        ACD_ASSERT(span->from_ms >= 0);
                        ACD_ASSERT(span->from_ms <= span->last_ms);
                        ACD_ASSERT(span->last_ms <= span->to_ms);
                        ACD_ASSERT(j == 0 || span[-1].to_ms < span->from_ms);
                }
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
                check_plan(&plan);
                plan_free(&plan);
        }
        return 0;
}

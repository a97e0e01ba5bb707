/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * plan_check.h - what holds of every plan, whatever records it was made of: calls
 * by arrival, patience that outlasts the wait of who was answered, and for each
 * agent spans that begin before they end and follow each other.
 */

#include "base/assert.h"
#include "clients/replay/plan.h"

static inline void plan_check(const struct plan *plan)
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

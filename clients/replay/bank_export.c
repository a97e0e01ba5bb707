/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a run to records.
 *
 * The format has whole seconds. A call that an agent took in the second of its
 * arrival did not queue; any other did. Calls that the run refused have no
 * record. The few seconds in the voice-response unit are made up, the same for
 * all.
 */

#include "clients/replay/bank_export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VRU_S = 6 };

static int64_t second_of(const struct plan *plan, int64_t ms)
{
        int64_t origin = plan->origin_s != 0 ? plan->origin_s : bank_midnight(BANK_EXPORT_DATE);

        return origin + ms / 1000;
}

static struct bank_record record_of(const struct plan *plan, const struct driver_call *call,
                                    size_t index)
{
        const struct plan_call *planned = &plan->call[index];
        int64_t end_ms = planned->arrival_ms + call->wait_ns / 1000000;
        struct bank_record record = {
                .arrival_s = second_of(plan, planned->arrival_ms),
                .server = BANK_NO_SERVER,
                .type = (uint8_t)planned->queue,
                .priority = planned->credit_ms > 0 ? 2 : 0,
                .outcome = BANK_HANG,
                .is_queued = true,
        };

        record.entry_s = record.arrival_s - VRU_S;
        record.date = bank_date(record.entry_s);
        record.wait_s = (uint32_t)(second_of(plan, end_ms) - record.arrival_s);
        if (call->outcome == DRIVER_ANSWERED) {
                record.outcome = BANK_AGENT;
                record.is_queued = record.wait_s > 0;
                record.server = (uint16_t)call->agent;
                record.service_start_s = record.arrival_s + record.wait_s;
                record.service_s = (uint32_t)(second_of(plan, end_ms + planned->service_ms) -
                                              record.service_start_s);
        }
        return record;
}

int bank_export(const char *path, const struct plan *plan, const struct driver_result *result)
{
        struct bank *names;
        struct bank_writer *writer;
        int r;

        if (plan->agent_count > BANK_SERVER_MAX)
                return -E2BIG;
        names = calloc(1, sizeof(*names));
        if (names == NULL)
                return -ENOMEM;
        for (uint32_t i = 0; i < plan->agent_count; i++)
                memcpy(names->server[i], plan->agent[i].name, sizeof(plan->agent[i].name));
        for (uint32_t i = 0; i < plan->queue_count; i++)
                memcpy(names->type[i], plan->queue[i], BANK_TYPE_NAME_MAX);

        writer = bank_writer_open(path);
        r = writer == NULL ? -errno : 0;
        for (size_t i = 0; r == 0 && i < plan->call_count; i++) {
                const struct driver_call *call = &result->call[i];
                struct bank_record record = record_of(plan, call, i);

                if (call->outcome == DRIVER_ANSWERED || call->outcome == DRIVER_ABANDONED)
                        bank_writer_add(writer, names, &record, plan->call[i].number + 1);
        }
        if (writer != NULL)
                r = bank_writer_close(writer);
        free(names);
        return r;
}

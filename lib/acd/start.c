/* SPDX-License-Identifier: Apache-2.0 */
/*
 * START: the first command of each run.
 *
 * It raises the epoch and puts what follows for objects on the agenda, before
 * everything that is there: each tenant says RUN_STARTED, gateways that were
 * present are lost with a fresh grace, open offers of older runs are voided. An
 * offer of an older run cannot be accepted any more from this moment on (FENCED);
 * its timer, if it runs first, voids it too.
 *
 * The secret of the hash tables is that of the first START for good, since the
 * tables and the keyed hashes of remembered submits depend on it.
 */

#include "acd/parts.h"

enum { PHASE_TENANTS, PHASE_GATEWAYS, PHASE_OFFERS, PHASE_COUNT };

static enum acd_result check(struct acd *acd, const struct acd_start *start)
{
        if (!acd_form_start(acd, start))
                return acd->reply->result;
        if (start->epoch <= acd->epoch)
                return acd_refuse_limit(acd, ACD_FENCED, ACD_FIELD_EPOCH, acd->epoch);
        if (start->logic_version != ACD_LOGIC_VERSION)
                return acd_refuse(acd, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        if (!acd_limits_are_within(&start->limits, &acd->capacity) ||
            (acd->epoch != 0 && !acd_limits_are_within(&acd->limits, &start->limits)))
                return acd_refuse(acd, ACD_INVALID, ACD_FIELD_LIMITS);
        return ACD_OK;
}

enum acd_result acd_do_start(struct acd *acd, const struct acd_command *command)
{
        const struct acd_start *start = &command->start;
        enum acd_result result = check(acd, start);

        if (result != ACD_OK)
                return result;
        if (acd->epoch == 0)
                acd->secret = (struct acd_siphash_key){ start->seed[0], start->seed[1] };
        acd_prng_init(&acd->prng, start->seed[0] ^ start->seed[1]);
        acd->epoch = start->epoch;
        acd->run_id = start->run_id;
        acd->start_now = acd->step_now;
        acd->logic_version = start->logic_version;
        acd_text_set(acd->build, sizeof(acd->build), start->build);
        acd_limits_set(acd, &start->limits);
        acd_job_add(acd, JOB_START, 1);
        return ACD_OK;
}

static bool start_tenant(struct acd *acd, uint32_t index)
{
        if (!acd_slab_is_live(&acd->tenants, index))
                return false;
        acd_emit(acd, index, ACD_EVENT_RUN_STARTED)->value = acd->epoch;
        return true;
}

static bool start_gateway(struct acd *acd, uint32_t index)
{
        if (!acd_slab_is_live(&acd->gateways, index) ||
            acd->gateway[index].state != ACD_GATEWAY_PRESENT)
                return false;
        acd_gateway_go_lost(acd, index, ACD_REASON_RESTARTED);
        return true;
}

static bool start_offer(struct acd *acd, uint32_t index)
{
        const struct acd_assignment *assignment = &acd->assignment[index];

        if (!acd_slab_is_live(&acd->assignments, index) ||
            assignment->state != ACD_ASSIGNMENT_OFFERED || assignment->epoch == acd->epoch)
                return false;
        acd_offer_fail(acd, index, ACD_REASON_RESTARTED, "");
        return true;
}

/* One unit: the next object that has something to say. False: the job is done. */
bool acd_start_work(struct acd *acd, struct acd_job *job, uint32_t index)
{
        const struct {
                bool (*start)(struct acd *, uint32_t);
                uint32_t top;
        } phases[PHASE_COUNT] = {
                [PHASE_TENANTS] = { start_tenant, acd->tenants.top },
                [PHASE_GATEWAYS] = { start_gateway, acd->gateways.top },
                [PHASE_OFFERS] = { start_offer, acd->assignments.top },
        };

        (void)index;
        for (uint32_t count = 0; count < CORE_SCAN_MAX; count++) {
                if (job->cursor == phases[job->phase].top) {
                        job->cursor = 0;
                        if (++job->phase == PHASE_COUNT)
                                return false;
                        continue;
                }
                if (phases[job->phase].start(acd, ++job->cursor))
                        return true;
        }
        return true;
}

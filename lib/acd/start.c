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
 * A new history. A data directory may be an older copy of itself, or what salvage
 * made of it: somebody was told of runs that this state knows nothing of. Then the
 * epoch is raised by ACD_HISTORY_STEP or more instead of one, which is how it is
 * recognised; so a run that ends before its START is on disk, with its epoch already
 * taken, leaves it to the next one. Nothing that the lost runs may have named by
 * an id gets that id again: all slabs rise (slab.c), by as much as the epoch did. So
 * two new histories of one copy differ in their ids when they do in their epochs. The
 * rise is refused when generations are used up: after some 250 new histories, or where
 * a slot was used 2^28 times. No lost run is expected to have used a slot, or to have
 * been started, a million times. Each tenant's RUN_STARTED says NEW_HISTORY; a run
 * that ends before all have said it leaves that to the next.
 *
 * The secret of the hash tables is that of the first START for good, since the
 * tables and the keyed hashes of remembered submits depend on it.
 */

#include "acd/parts.h"

enum { PHASE_TENANTS, PHASE_GATEWAYS, PHASE_OFFERS, PHASE_COUNT };

/* How much the epoch rises where @epoch, above the last one, begins a new history; else 0. */
static uint64_t rise_of_history(const struct acd *acd, uint64_t epoch)
{
        uint64_t rise = epoch - acd->epoch;

        return acd->epoch != 0 && rise >= ACD_HISTORY_STEP ? rise : 0;
}

bool acd_can_begin_history(const struct acd *acd, uint64_t rise)
{
        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_ASSIGNMENT; object++)
                if (!acd_slab_can_rise(acd_slab_at(acd, (enum acd_object)object), rise))
                        return false;
        return true;
}

static void begin_history(struct acd *acd, uint64_t rise)
{
        acd->history_epoch = acd->epoch;
        for (uint32_t object = 0; object <= ACD_OBJECT_ASSIGNMENT - ACD_OBJECT_TENANT; object++)
                acd_slab_rise(&acd->tenants + object, rise);
}

static enum acd_result check(struct acd *acd, const struct acd_start *start)
{
        uint64_t rise;

        if (!acd_form_start(acd, start))
                return acd->reply->result;
        if (start->epoch <= acd->epoch)
                return acd_refuse_limit(acd, ACD_FENCED, ACD_FIELD_EPOCH, acd->epoch);
        if (start->logic_version != ACD_LOGIC_VERSION)
                return acd_refuse(acd, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        if (!acd_limits_are_within(&start->limits, &acd->capacity) ||
            (acd->epoch != 0 && !acd_limits_are_within(&acd->limits, &start->limits)))
                return acd_refuse(acd, ACD_INVALID, ACD_FIELD_LIMITS);
        rise = rise_of_history(acd, start->epoch);
        if (rise != 0 && !acd_can_begin_history(acd, rise))
                return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_EPOCH,
                                        acd->epoch + ACD_HISTORY_STEP - 1);
        return ACD_OK;
}

enum acd_result acd_do_start(struct acd *acd, const struct acd_command *command)
{
        const struct acd_start *start = &command->start;
        struct acd_job *job = &acd->job[acd_job_number(acd, JOB_START, 1)];
        enum acd_result result = check(acd, start);
        bool is_history_to_tell;
        uint64_t rise;

        if (result != ACD_OK)
                return result;
        rise = rise_of_history(acd, start->epoch);
        /* The run before this one did not come to the last of the tenants. */
        is_history_to_tell = rise != 0 || (job->link.list != 0 && job->detail != 0 &&
                                           job->phase == PHASE_TENANTS);
        if (acd->epoch == 0)
                acd->secret = (struct acd_siphash_key){ start->seed[0], start->seed[1] };
        acd_prng_init(&acd->prng, start->seed[0] ^ start->seed[1]);
        acd->epoch = start->epoch;
        acd->run_id = start->run_id;
        acd->start_now = acd->step_now;
        acd->logic_version = start->logic_version;
        acd_text_set(acd->build, sizeof(acd->build), start->build);
        acd_limits_set(acd, &start->limits);
        if (rise != 0)
                begin_history(acd, rise);
        acd_job_add(acd, JOB_START, 1);
        job->detail = is_history_to_tell;
        return ACD_OK;
}

static bool start_tenant(struct acd *acd, uint32_t index)
{
        const struct acd_job *job = &acd->job[acd_job_number(acd, JOB_START, 1)];
        struct acd_event *event;

        if (!acd_slab_is_live(&acd->tenants, index))
                return false;
        event = acd_emit(acd, index, ACD_EVENT_RUN_STARTED);
        event->value = acd->epoch;
        if (job->detail != 0)
                event->reason = ACD_REASON_NEW_HISTORY;
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

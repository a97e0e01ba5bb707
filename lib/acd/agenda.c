/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agenda: work that is too much for one step.
 *
 * A job belongs to an object; each object has one of each of its kinds, in a
 * range of one array, so the agenda needs no memory of its own and cannot
 * overflow. The agenda is first in, first out; a job stays first until it is
 * done, unit by unit. A job that is asked for while it is on the agenda keeps its
 * place and begins anew.
 *
 * A unit is bounded work and begins only when the events that it may need fit.
 */

#include "acd/parts.h"

static struct acd_ispace space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->job[0].link, sizeof(acd->job[0]) };
}

uint32_t acd_job_number(const struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        ACD_ASSERT(index != 0);
        ACD_ASSERT(index <= acd->job_base[kind + 1] - acd->job_base[kind]);
        return acd->job_base[kind] + index;
}

enum core_job_kind acd_job_kind(const struct acd *acd, uint32_t number, uint32_t *ret_index)
{
        uint32_t kind = 0;

        while (number > acd->job_base[kind + 1])
                kind++;
        ACD_ASSERT(kind < JOB_KIND_COUNT);
        *ret_index = number - acd->job_base[kind];
        return (enum core_job_kind)kind;
}

bool acd_job_is_pending(const struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        return acd->job[acd_job_number(acd, kind, index)].link.list != 0;
}

/* The fill job of the class holds the one cursor of the idle list. */
static void forget_cursor(struct acd *acd, enum core_job_kind kind)
{
        if (kind == JOB_CLASS_FILL)
                acd->fill_cursor = 0;
}

void acd_job_add(struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        uint32_t number = acd_job_number(acd, kind, index);
        struct acd_job *job = &acd->job[number];

        job->cursor = 0;
        job->detail = 0;
        job->phase = 0;
        if (job->link.list != 0)
                return;
        if (kind == JOB_START)
                acd_ilist_push_front(space(acd), &acd->agenda, number);
        else
                acd_ilist_push_back(space(acd), &acd->agenda, number);
}

void acd_job_remove(struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        uint32_t number = acd_job_number(acd, kind, index);

        if (acd->job[number].link.list == 0)
                return;
        if (acd->agenda.first == number)
                forget_cursor(acd, kind);
        acd_ilist_remove(space(acd), &acd->agenda, number);
}

/* The element @at, at which the job's cursor may stand, leaves its list. */
void acd_job_step_over(struct acd *acd, enum core_job_kind kind, uint32_t index, uint32_t at,
                       uint32_t next)
{
        struct acd_job *job = &acd->job[acd_job_number(acd, kind, index)];

        if (job->link.list != 0 && job->phase != 0 && job->cursor == at)
                job->cursor = next;
}

static bool match_again(struct acd *acd, struct acd_job *job, uint32_t agent)
{
        (void)job;
        if (acd_agent_is_idle(acd, agent))
                acd_match_agent(acd, agent);
        return false;
}

/* One unit of each kind of job; false: it is done. */
static bool (*const works[])(struct acd *, struct acd_job *, uint32_t) = {
        [JOB_START] = acd_start_work,
        [JOB_AGENT] = acd_agent_work,
        [JOB_PROFILE] = acd_profile_work,
        [JOB_TEAM] = acd_team_work,
        [JOB_QUEUE] = acd_queue_work,
        [JOB_CLASS_FILL] = acd_class_fill_work,
        [JOB_AGENT_MATCH] = match_again,
        [JOB_AGENT_REMATCH] = acd_agent_rematch_work,
        [JOB_QUEUE_REMATCH] = acd_queue_rematch_work,
        [JOB_CLASS_REMATCH] = acd_class_rematch_work,
        [JOB_GATEWAY] = acd_gateway_work,
        [JOB_GATEWAY_RELEASE] = acd_gateway_release_work,
};

uint64_t acd_agenda_units(const struct acd *acd)
{
        return acd->agenda.count;
}

/* One unit of the first job. It may add itself again, as the last. */
static void work_unit(struct acd *acd)
{
        uint32_t number = acd->agenda.first;
        uint32_t index;
        enum core_job_kind kind = acd_job_kind(acd, number, &index);
        struct acd_job *job = &acd->job[number];

        /* A match that meets too much again goes to the end, behind the others. */
        if (kind == JOB_AGENT_MATCH)
                acd_job_remove(acd, kind, index);
        if (!works[kind](acd, job, index))
                if (kind != JOB_AGENT_MATCH)
                        acd_job_remove(acd, kind, index);
}

enum acd_result acd_do_work(struct acd *acd, const struct acd_command *command)
{
        uint32_t unit_max = command->work.unit_max;

        if (unit_max == 0 || unit_max > CORE_WORK_UNIT_MAX)
                return acd_refuse(acd, ACD_INVALID, ACD_FIELD_BODY);
        for (uint32_t unit = 0; unit < unit_max && acd->agenda.first != 0; unit++) {
                if (!acd_has_room(acd, CORE_EVENTS_PER_UNIT))
                        break;
                work_unit(acd);
        }
        return ACD_OK;
}

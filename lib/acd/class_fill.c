/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling a new class with its members.
 *
 * A class of at most 1,024 members is filled in the step that makes it; a larger
 * one on the agenda, 1,024 agents a unit, while its contacts wait. First the idle
 * agents are taken, in the order of their idleness, so that each joins the end of
 * his pool; then everybody by slot. Who becomes idle meanwhile is met at the end
 * of the idle list, and finds his place in any case (acd_pool_join()).
 *
 * The cursor of the walk through the idle list is moved on by whoever takes its
 * agent out (acd_idle_leave()). Only the first job of the agenda is ever under
 * way, so there is one such cursor.
 */

#include "acd/parts.h"

enum { PHASE_BEGIN, PHASE_IDLE, PHASE_ALL };

static void consider(struct acd *acd, uint32_t agent, uint32_t class_index,
                     const struct acd_class_want *want, const struct acd_agent_brief *brief)
{
        struct acd_class *class = &acd->class[class_index];

        if (!acd_is_eligible(acd, agent, want, brief) ||
            acd_member_find(acd, agent, class_index) != 0)
                return;
        if (class->expected_count > 0) {
                class->expected_count--;
                acd->expected_membership_count--;
        }
        acd_class_admit(acd, agent, class_index);
}

static void end_filling(struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];

        acd->expected_membership_count -= class->expected_count;
        class->expected_count = 0;
        class->is_filling = false;
}

/* Fill the class, in use already, in this step, or see to it that it will be. */
void acd_class_fill(struct acd *acd, uint32_t index)
{
        struct acd_class_want want = acd_class_want_of(acd, index);
        struct acd_agent_brief brief;
        uint32_t agent, next;

        ACD_ASSERT(acd->class[index].contact_count > 0);
        if (acd->class[index].expected_count > CORE_FILL_MAX) {
                acd->class[index].is_filling = true;
                acd_job_add(acd, JOB_CLASS_FILL, index);
                return;
        }
        acd_want_of(acd, &want, &brief);
        for (agent = acd->tenant[acd->class[index].tenant].idle.first; agent != 0; agent = next) {
                next = acd->agent[agent].idle_link.next;
                consider(acd, agent, index, &want, &brief);
        }
        for (agent = 1; agent <= acd->agents.top; agent++)
                consider(acd, agent, index, &want, &brief);
        end_filling(acd, index);
}

/* One unit. False: the job is done. */
bool acd_class_fill_work(struct acd *acd, struct acd_job *job, uint32_t index)
{
        struct acd_class_want want = acd_class_want_of(acd, index);
        struct acd_agent_brief brief;

        acd_want_of(acd, &want, &brief);
        if (job->phase == PHASE_BEGIN) {
                acd->fill_cursor = acd->tenant[acd->class[index].tenant].idle.first;
                job->phase = PHASE_IDLE;
        }
        for (uint32_t count = 0; count < CORE_FILL_MAX; count++) {
                if (job->phase == PHASE_IDLE && acd->fill_cursor != 0) {
                        uint32_t agent = acd->fill_cursor;

                        acd->fill_cursor = acd->agent[agent].idle_link.next;
                        consider(acd, agent, index, &want, &brief);
                        continue;
                }
                job->phase = PHASE_ALL;
                if (job->cursor == acd->agents.top) {
                        end_filling(acd, index);
                        acd_job_add(acd, JOB_CLASS_REMATCH, index);
                        return false;
                }
                consider(acd, ++job->cursor, index, &want, &brief);
        }
        return true;
}

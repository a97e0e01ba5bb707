/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recomputing memberships after a change of configuration (E6).
 *
 * Always on the agenda. A job goes through the agents whom the change concerns,
 * in the order of slots; for each through his tenant's classes, at most 1,024
 * slots a unit; then he, if he is idle, looks for a contact in what he has gained
 * (M2). Classes that he has left, or has another tier in, may open higher tiers
 * for their contacts: those are matched again by a job of their own (D21).
 *
 * A change of a queue's requirement concerns its classes only. Its idle ones are
 * dropped when it is made; they are a cache.
 */

#include "acd/parts.h"

/* Make the membership of @agent in @class what it should be. */
static void recompute(struct acd *acd, uint32_t agent, uint32_t class)
{
        struct acd_class_want want = acd_class_want_of(acd, class);
        uint32_t tier = acd_agent_tier(acd, agent, want.queue);
        uint32_t member = acd_member_find(acd, agent, class);
        struct acd_agent_brief brief;

        acd_want_of(acd, &want, &brief);
        if (!acd_is_eligible(acd, agent, &want, &brief)) {
                if (member == 0)
                        return;
                acd_member_remove(acd, member);
                acd_rematch_for_agent(acd, agent, class);
        } else if (member == 0) {
                acd_class_admit(acd, agent, class);
        } else if (acd->membership[member].tier != tier) {
                acd_member_set_tier(acd, member, tier);
                acd_rematch_for_agent(acd, agent, class);
        }
}

static void look_for_contact(struct acd *acd, uint32_t agent)
{
        if (acd_agent_is_idle(acd, agent))
                acd_match_agent(acd, agent);
}

/* All classes of his tenant, from slot @at on; false: there are more. */
static bool recompute_agent(struct acd *acd, uint32_t agent, uint32_t *at)
{
        for (uint32_t count = 0; count < CORE_SCAN_MAX; count++) {
                uint32_t class = ++*at;

                if (class > acd->classes.top) {
                        look_for_contact(acd, agent);
                        return true;
                }
                if (acd_slab_is_live(&acd->classes, class) &&
                    acd->class[class].tenant == acd->agent[agent].tenant)
                        recompute(acd, agent, class);
        }
        return false;
}

bool acd_agent_work(struct acd *acd, struct acd_job *job, uint32_t agent)
{
        return !recompute_agent(acd, agent, &job->detail);
}

/* The first agent after slot @after whom a change of profile or team concerns; a
 * slot above all when there is none; looks at 1,024 slots. */
static uint32_t next_concerned(const struct acd *acd, uint32_t after, uint32_t profile,
                               uint32_t team)
{
        uint32_t agent = after + 1;

        for (uint32_t count = 0; count < CORE_SCAN_MAX && agent <= acd->agents.top; count++) {
                if (acd_slab_is_live(&acd->agents, agent) &&
                    ((profile != 0 && acd_agent_profile(acd, agent) == profile) ||
                     (team != 0 && acd->agent_setup[agent].team == team)))
                        return agent;
                agent++;
        }
        return agent;
}

/* Agents one after the other. Phase 1: job->cursor is being recomputed. */
static bool recompute_many(struct acd *acd, struct acd_job *job, uint32_t profile, uint32_t team)
{
        if (job->phase == 0) {
                uint32_t agent = next_concerned(acd, job->cursor, profile, team);

                if (agent > acd->agents.top)
                        return false;
                job->cursor = agent;
                job->detail = 0;
                job->phase = 1;
        }
        if (!acd_slab_is_live(&acd->agents, job->cursor)) {
                job->phase = 0;
                return true;
        }
        acd_brief_update(acd, job->cursor);
        if (recompute_agent(acd, job->cursor, &job->detail)) {
                job->phase = 0;
                job->detail = 0;
        }
        return true;
}

bool acd_profile_work(struct acd *acd, struct acd_job *job, uint32_t profile)
{
        return recompute_many(acd, job, profile, 0);
}

bool acd_team_work(struct acd *acd, struct acd_job *job, uint32_t team)
{
        return recompute_many(acd, job, 0, team);
}

/* A queue's classes in use, for some agents: until one may have said something. */
bool acd_queue_work(struct acd *acd, struct acd_job *job, uint32_t queue)
{
        for (uint32_t count = 0; count < CORE_SCAN_MAX;) {
                uint32_t agent = ++job->cursor;
                uint32_t event_count = acd->effects->count;
                uint32_t class = acd->queue[queue].used_classes.first;

                if (agent > acd->agents.top)
                        return false;
                count++;
                if (acd->agent_brief[agent].tenant != acd->queue[queue].tenant)
                        continue;
                for (; class != 0; class = acd->class[class].queue_link.next) {
                        recompute(acd, agent, class);
                        count++;
                }
                look_for_contact(acd, agent);
                if (acd->effects->count != event_count)
                        return true;
        }
        return true;
}

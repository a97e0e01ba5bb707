/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I14: an agent is a member of exactly the classes that he is eligible for, in the
 * tier that his configuration says; a class that lacks one for want of room knows.
 * I15: nobody idles while somebody waits for him (M4): between steps, with the
 * agenda empty, no contact waits that an idle, eligible agent behind open gates
 * could take. This is the promise the daemon exists to keep, so it is tested by
 * brute force, without lanes and pools.
 *
 * A tier counts as open when the tick of its opening has run: until the next TIME
 * the clock may have opened more.
 */

#include "acd/check.h"

static const char *check_membership(const struct acd *acd, uint32_t agent, uint32_t index)
{
        const struct acd_class *class = &acd->class[index];
        struct acd_class_want want = acd_class_want_of(acd, index);
        struct acd_agent_brief brief;
        uint32_t member = acd_member_find(acd, agent, index);
        bool is_eligible;

        acd_want_of(acd, &want, &brief);
        is_eligible = acd_is_eligible(acd, agent, &want, &brief);
        HOLDS(member == 0 || is_eligible);
        HOLDS(member != 0 || !is_eligible || class->is_partial);
        HOLDS(member == 0 ||
              acd->membership[member].tier == acd_agent_tier(acd, agent, class->queue));
        return NULL;
}

static const char *check_memberships(const struct acd *acd)
{
        for (uint32_t agent = 1; agent <= acd->agents.top; agent++) {
                if (!acd_slab_is_live(&acd->agents, agent))
                        continue;
                for (uint32_t class = 1; class <= acd->classes.top; class ++) {
                        const char *broken;

                        if (!acd_slab_is_live(&acd->classes, class))
                                continue;
                        broken = check_membership(acd, agent, class);
                        if (broken != NULL)
                                return broken;
                }
        }
        return NULL;
}

/* The last moment whose timers have all run. */
static acd_time settled_time(const struct acd *acd)
{
        uint64_t tick = acd->wheel.tick;

        if (acd_wheel_next(&acd->wheel) <= tick)
                return tick == 0 ? 0 : (tick - 1) << CORE_TICK_BITS;
        return tick << CORE_TICK_BITS;
}

static bool could_take(const struct acd *acd, uint32_t agent, uint32_t contact, acd_time settled)
{
        uint32_t class = acd->contact[contact].class;
        uint32_t member = acd_member_find(acd, agent, class);
        acd_time latest;

        if (member == 0 || acd_pair_stands(acd, contact, agent))
                return false;
        return acd_tier_is_open(acd, class, acd->membership[member].tier, settled, &latest) &&
               acd->contact[contact].submitted <= latest;
}

static const char *check_work(const struct acd *acd)
{
        acd_time settled = settled_time(acd);

        for (uint32_t contact = 1; contact <= acd->contacts.top; contact++) {
                if (!acd_slab_is_live(&acd->contacts, contact) ||
                    acd->contact[contact].state != ACD_CONTACT_WAITING)
                        continue;
                HOLDS(!acd_contact_is_orphan(acd, contact));
                for (uint32_t agent = 1; agent <= acd->agents.top; agent++)
                        if (acd_slab_is_live(&acd->agents, agent) && acd_agent_is_idle(acd, agent))
                                HOLDS(!could_take(acd, agent, contact, settled));
        }
        return NULL;
}

#undef HOLDS

const char *acd_check_work(const struct acd *acd)
{
        const char *broken;

        if (acd->agenda.count > 0)
                return NULL;
        broken = check_memberships(acd);
        return broken != NULL ? broken : check_work(acd);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saving, loading and digesting the state: three ways over state.c.
 *
 * Saving and digesting read only, though the walk is written for all three; the
 * constness is taken off in one place for it.
 */

#include "acd/check.h"
#include "acd/stream.h"

/* The walk takes a core that it could change. When saving or digesting it does
 * not. */
static struct acd *readable(const struct acd *acd)
{
        union {
                const struct acd *from;
                struct acd *to;
        } view = { .from = acd };

        return view.to;
}

int acd_save(const struct acd *acd, const struct acd_sink *sink)
{
        struct acd_stream stream = { .mode = STREAM_SAVE, .sink = sink };

        acd_stream_state(&stream, readable(acd));
        acd_stream_end(&stream);
        return stream.error;
}

uint64_t acd_digest(const struct acd *acd)
{
        struct acd_stream stream = { .mode = STREAM_DIGEST };

        acd_hash64_init(&stream.hash, ACD_LOGIC_VERSION);
        acd_stream_state(&stream, readable(acd));
        return acd_hash64_value(&stream.hash);
}

/* What is not state, made again from what is. False: names, keys or classes are
 * there twice, or more than fit. */
static bool index_all(struct acd *acd)
{
        static const enum acd_object named[] = { ACD_OBJECT_TENANT,  ACD_OBJECT_SKILL,
                                                 ACD_OBJECT_CHANNEL, ACD_OBJECT_QUEUE,
                                                 ACD_OBJECT_TEAM,    ACD_OBJECT_PROFILE,
                                                 ACD_OBJECT_AGENT,   ACD_OBJECT_GATEWAY };

        for (uint32_t k = 0; k < sizeof(named) / sizeof(named[0]); k++) {
                const struct acd_slab *slab = acd_slab_of(acd, named[k]);

                for (uint32_t i = 1; i <= slab->top; i++)
                        if (acd_slab_is_live(slab, i) && !acd_name_restore(acd, named[k], i))
                                return false;
        }
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        acd_brief_update(acd, i);
        for (uint32_t i = 1; i <= acd->assignments.top; i++)
                if (acd_slab_is_live(&acd->assignments, i))
                        acd->assignment[i].agent_id.value =
                                acd_id_of(acd, &acd->agents, acd->assignment[i].agent);
        for (uint32_t i = 1; i <= acd->classes.top; i++)
                if (acd_slab_is_live(&acd->classes, i) && !acd_class_restore(acd, i))
                        return false;
        for (uint32_t i = 1; i <= acd->keys.top; i++)
                if (acd_slab_is_live(&acd->keys, i) && !acd_key_restore(acd, i))
                        return false;
        return true;
}

int acd_load(struct acd *acd, const struct acd_source *source)
{
        struct acd_stream stream = { .mode = STREAM_LOAD, .source = source };

        ACD_ASSERT(acd->epoch == 0);
        ACD_ASSERT(acd->tenants.top == 0);
        acd_stream_state(&stream, acd);
        acd_stream_end(&stream);
        if (stream.error != 0)
                return stream.error;
        /* What is made from the state follows links, so these are looked into first. */
        if (acd_check_references(acd) != NULL || !index_all(acd) || acd_check_lists(acd) != NULL ||
            acd_check_waiting(acd) != NULL)
                return STREAM_NOT_A_STATE;
        for (uint32_t i = 1; i <= acd->classes.top; i++)
                if (acd_slab_is_live(&acd->classes, i))
                        acd_class_head_update(acd, i);
        return acd_verify(acd) == NULL ? 0 : STREAM_NOT_A_STATE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole state, described once: for acd_save(), acd_load() and acd_digest().
 *
 * Order: what the run is, then how long each slab is, so that every index that
 * follows can be checked against its slab, then the objects slab by slab, then
 * timers in the order in which they fire, jobs in the order in which they are
 * done. Links are written as they are, so every order survives: free lists, lanes,
 * pools, classes. What is not state (tables, heads, briefs, which cells a string
 * has) is made again after loading.
 *
 * Timers and jobs are numbered by the size of the memory; in the stream they have
 * kind and index, so that a state moves to a core of other limits.
 *
 * A plain state has neither the epoch of a history nor floors, which are zero, nor
 * peaks, which its slots show. Only where that is not so they are written, so a
 * directory stays readable for an older build until a new history begins.
 *
 * A loaded state is believed only after acd_verify() has found all invariants to
 * hold: an evil snapshot is refused, never undefined behaviour.
 */

#include "acd/stream.h"

enum {
        STATE_PLAIN = 1,
        STATE_WITH_HISTORY = 2,
        MARK_SLABS = 101,
        MARK_CONFIG = 102,
        MARK_TRAFFIC = 103,
        MARK_TIMERS = 104,
        MARK_AGENDA = 105,
        MARK_END = 106,
};

static void stream_limits(struct acd_stream *stream, struct acd *acd)
{
        struct acd_limits limits = acd->limits;

#define LIMIT(name, preset, minimum, maximum, text) \
        acd_stream_u32(stream, &limits.name, UINT32_MAX);
#include "acd/limits.def"
#undef LIMIT
        if (stream->mode != STREAM_LOAD || stream->error != 0)
                return;
        if (!acd_limits_are_in_range(&limits) || !acd_limits_are_within(&limits, &acd->capacity))
                acd_stream_bad(stream);
        else
                acd_limits_set(acd, &limits);
}

/* Has it something that the first version does not tell? Where a generation has wrapped, the
 * slots do not show the peak. */
static bool has_history(const struct acd *acd)
{
        bool has_wrapped = false;

        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_ASSIGNMENT; object++)
                if (acd_slab_at(acd, (enum acd_object)object)->peak == ACD_ID_GENERATION_MAX)
                        has_wrapped = true;
        return acd->history_epoch != 0 || has_wrapped;
}

static void stream_run(struct acd_stream *stream, struct acd *acd)
{
        uint32_t shard = acd->shard;

        stream->version = has_history(acd) ? STATE_WITH_HISTORY : STATE_PLAIN;
        acd_stream_u32(stream, &stream->version, STATE_WITH_HISTORY);
        if (stream->version < STATE_PLAIN)
                acd_stream_bad(stream);
        acd_stream_u32(stream, &shard, UINT32_MAX);
        if (shard != acd->shard)
                acd_stream_bad(stream);
        stream_limits(stream, acd);
        acd_stream_u64(stream, &acd->epoch);
        if (stream->version >= STATE_WITH_HISTORY)
                acd_stream_u64(stream, &acd->history_epoch);
        acd_stream_u64(stream, &acd->run_id);
        acd_stream_u64(stream, &acd->now);
        acd_stream_u64(stream, &acd->start_now);
        acd_stream_i64(stream, &acd->wall_offset);
        acd_stream_u32(stream, &acd->logic_version, ACD_LOGIC_VERSION);
        acd_stream_text(stream, acd->build, sizeof(acd->build));
        acd_stream_u64(stream, &acd->secret.low);
        acd_stream_u64(stream, &acd->secret.high);
        for (uint32_t i = 0; i < 4; i++)
                acd_stream_u64(stream, &acd->prng.state[i]);
        acd_stream_u64(stream, &acd->idle_sequence);
        acd_stream_u64(stream, &acd->offer_sequence);
        acd_stream_u64(stream, &acd->past_event_sequence);
        acd_stream_u32(stream, &acd->used_membership_count, UINT32_MAX);
        acd_stream_u32(stream, &acd->expected_membership_count, UINT32_MAX);
}

static void stream_slab(struct acd_stream *stream, struct acd_slab *slab)
{
        acd_stream_u32(stream, &slab->top, slab->capacity);
        acd_stream_u32(stream, &slab->live, slab->top);
        acd_stream_list(stream, &slab->free, slab->top);
        acd_stream_list(stream, &slab->used, slab->top);
}

static void stream_generations(struct acd_stream *stream, struct acd *acd)
{
        for (uint32_t object = 0; object <= ACD_OBJECT_ASSIGNMENT - ACD_OBJECT_TENANT; object++) {
                struct acd_slab *slab = &acd->tenants + object;

                acd_stream_u32(stream, &slab->floor, ACD_ID_GENERATION_MAX);
                acd_stream_u32(stream, &slab->peak, ACD_ID_GENERATION_MAX);
        }
}

static void stream_slabs(struct acd_stream *stream, struct acd *acd)
{
        acd_stream_mark(stream, MARK_SLABS);
        stream_slab(stream, &acd->tenants);
        stream_slab(stream, &acd->skills);
        stream_slab(stream, &acd->channels);
        stream_slab(stream, &acd->queues);
        stream_slab(stream, &acd->teams);
        stream_slab(stream, &acd->profiles);
        stream_slab(stream, &acd->agents);
        stream_slab(stream, &acd->gateways);
        stream_slab(stream, &acd->contacts);
        stream_slab(stream, &acd->assignments);
        stream_slab(stream, &acd->classes);
        stream_slab(stream, &acd->memberships);
        stream_slab(stream, &acd->lanes);
        stream_slab(stream, &acd->pairs);
        stream_slab(stream, &acd->keys);
        if (stream->version >= STATE_WITH_HISTORY)
                stream_generations(stream, acd);
        acd_stream_u32(stream, &acd->fill_cursor, acd->agents.top);
        for (uint32_t state = ACD_GATEWAY_PRESENT; state <= ACD_GATEWAY_GONE; state++)
                acd_stream_list(stream, &acd->gateway_list[state], acd->gateways.top);
        acd_stream_list(stream, &acd->used_classes, acd->classes.top);
        acd_stream_list(stream, &acd->idle_classes, acd->classes.top);
        acd_stream_list(stream, &acd->open_keys, acd->keys.top);
        acd_stream_list(stream, &acd->closed_keys, acd->keys.top);
}

static void stream_timer(struct acd_stream *stream, struct acd *acd, uint32_t place, uint32_t *at)
{
        uint32_t kind = 0, index = 0;
        uint64_t tick = 0;

        if (stream->mode != STREAM_LOAD) {
                kind = acd_timer_kind(acd, *at, &index);
                tick = acd->wheel.timers[*at].tick;
                *at = acd->wheel.timers[*at].next;
        }
        acd_stream_u32(stream, &kind, TIMER_KIND_COUNT - 1);
        acd_stream_u32(stream, &index, UINT32_MAX);
        acd_stream_u64(stream, &tick);
        if (stream->mode != STREAM_LOAD || stream->error != 0)
                return;
        if (index == 0 || index > acd->timer_base[kind + 1] - acd->timer_base[kind] ||
            !acd_wheel_restore(&acd->wheel, acd->timer_base[kind] + index, tick, place))
                acd_stream_bad(stream);
}

static uint32_t slot_length(const struct acd_wheel *wheel, uint32_t first)
{
        uint32_t count = 0;

        for (uint32_t at = first; at != 0; at = wheel->timers[at].next)
                count++;
        return count;
}

/* Slot by slot, in the order of firing. */
static void stream_timers(struct acd_stream *stream, struct acd *acd)
{
        acd_stream_mark(stream, MARK_TIMERS);
        acd_stream_u64(stream, &acd->wheel.tick);
        if (acd->wheel.tick > ACD_WHEEL_TICK_MAX) {
                acd_stream_bad(stream);
                return;
        }
        for (uint32_t place = 1; place <= ACD_WHEEL_LEVEL_COUNT * ACD_WHEEL_SLOT_COUNT; place++) {
                uint32_t at = acd->wheel.slot[place - 1].first;
                uint32_t count = stream->mode == STREAM_LOAD ? 0 : slot_length(&acd->wheel, at);

                acd_stream_u32(stream, &count, acd->timer_base[TIMER_KIND_COUNT]);
                for (uint32_t i = 0; i < count && stream->error == 0; i++)
                        stream_timer(stream, acd, place, &at);
        }
}

static void stream_agenda(struct acd_stream *stream, struct acd *acd)
{
        struct acd_ispace space = { &acd->job[0].link, sizeof(acd->job[0]) };
        uint32_t count = acd->agenda.count;
        uint32_t at = acd->agenda.first;

        acd_stream_mark(stream, MARK_AGENDA);
        acd_stream_u32(stream, &count, acd->job_base[JOB_KIND_COUNT]);
        for (uint32_t i = 0; i < count && stream->error == 0; i++) {
                uint32_t kind = 0, index = 0;

                if (stream->mode != STREAM_LOAD)
                        kind = acd_job_kind(acd, at, &index);
                acd_stream_u32(stream, &kind, JOB_KIND_COUNT - 1);
                acd_stream_u32(stream, &index, UINT32_MAX);
                if (stream->mode == STREAM_LOAD) {
                        if (stream->error != 0 || index == 0 ||
                            index > acd->job_base[kind + 1] - acd->job_base[kind] ||
                            acd_job_is_pending(acd, (enum core_job_kind)kind, index)) {
                                acd_stream_bad(stream);
                                return;
                        }
                        at = acd_job_number(acd, (enum core_job_kind)kind, index);
                        acd_ilist_push_back(space, &acd->agenda, at);
                }
                acd_stream_u32(stream, &acd->job[at].cursor, UINT32_MAX);
                acd_stream_u32(stream, &acd->job[at].detail, UINT32_MAX);
                acd_stream_u32(stream, &acd->job[at].phase, UINT32_MAX);
                at = acd->job[at].link.next;
        }
}

/* A plain state was read: peaks as its slots show them. */
static void find_peaks(struct acd *acd)
{
        for (uint32_t object = 0; object <= ACD_OBJECT_ASSIGNMENT - ACD_OBJECT_TENANT; object++) {
                struct acd_slab *slab = &acd->tenants + object;

                for (uint32_t i = 1; i <= slab->top; i++)
                        if (acd_slab_slot(slab, i)->generation > slab->peak)
                                slab->peak = acd_slab_slot(slab, i)->generation;
        }
}

void acd_stream_state(struct acd_stream *stream, struct acd *acd)
{
        stream_run(stream, acd);
        stream_slabs(stream, acd);
        acd_stream_mark(stream, MARK_CONFIG);
        acd_stream_config(stream, acd);
        acd_stream_mark(stream, MARK_TRAFFIC);
        acd_stream_traffic(stream, acd);
        stream_timers(stream, acd);
        stream_agenda(stream, acd);
        acd_stream_mark(stream, MARK_END);
        if (stream->mode == STREAM_LOAD && stream->version == STATE_PLAIN)
                find_peaks(acd);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * to_wire.h - a change of the file as the request that makes it.
 *
 *   Ownership  The request points into the change and into @room; both must live
 *              while it is used.
 *   Cost       O(parts of the object).
 */

#include "apply/apply.h"
#include "wire/message.h"

/* Room for the lists of one request. */
struct apply_room {
        struct wire_term terms[APPLY_TERM_MAX];
        struct wire_channel_slots slots[APPLY_CHANNEL_MAX];
        struct wire_skill_level levels[APPLY_SKILL_MAX];
        struct wire_queue_tier tiers[APPLY_TIER_MAX];
        uint32_t tier_waits[APPLY_TIER_COUNT];
        struct acd_text supervisors[APPLY_SUPERVISOR_MAX];
};

void apply_to_wire(const struct apply_change *change, struct apply_room *room,
                   struct wire_apply *ret_apply);

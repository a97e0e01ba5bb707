/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * step.h - the changes of a file before they are handed out: inside lib/apply.
 */

#include "apply/apply.h"
#include "apply/schema.h"

enum apply_stage {
        APPLY_STAGE_TENANTS,
        APPLY_STAGE_SKILLS,
        APPLY_STAGE_CHANNELS,
        APPLY_STAGE_PROFILES,
        APPLY_STAGE_TEAMS,
        APPLY_STAGE_QUEUES,
        APPLY_STAGE_AGENTS,
        APPLY_STAGE_SUPERVISORS, /* teams that wait for them, once more */
        APPLY_STAGE_REMOVE_AGENTS,
        APPLY_STAGE_REMOVE_QUEUES,
        APPLY_STAGE_REMOVE_TEAMS,
        APPLY_STAGE_REMOVE_PROFILES,
        APPLY_STAGE_REMOVE_CHANNELS,
        APPLY_STAGE_REMOVE_SKILLS,
        APPLY_STAGE_REMOVE_TENANTS,
        APPLY_STAGE_COUNT,
};

enum apply_step_state {
        APPLY_STEP_FRESH,       /* to be handed out as it is */
        APPLY_STEP_PROVISIONAL, /* a team to be handed out without supervisors */
        APPLY_STEP_FINAL,       /* a team to be handed out once more, in its later stage */
        APPLY_STEP_OPEN,        /* handed out: fresh */
        APPLY_STEP_OPEN_PROVISIONAL,
        APPLY_STEP_OPEN_FINAL,
        APPLY_STEP_OVER,
};

struct apply_step {
        struct apply_word name;
        uint32_t node_index;   /* what the file says of it; 0 = nothing, all defaults */
        uint32_t tenant_index; /* in apply.tenants */
        uint32_t order;        /* in the file */
        uint8_t stage;
        uint8_t state;
        uint8_t kind;
        bool is_if_missing;
};

/* Fill apply.steps from the tree; problems to the report (collect.c). */
void apply_collect(struct apply *apply, const char *tenant);

/* Tell names that are near to one in the file but not in it, and objects that
 * are described and removed at once (references.c). */
void apply_check_references(struct apply *apply);

/* The section that describes objects of @kind. */
enum apply_section apply_kind_section(enum apply_kind kind);

/* Read what the file says of a step; silent, for it was told when collected. */
void apply_step_read(const struct apply *apply, const struct apply_step *step,
                     union apply_target *ret_target);

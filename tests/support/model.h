/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * model.h - the rules of docs/CORE.md once more, naively.
 *
 * An independent oracle for the core: arrays, linear scans, no lanes, no pools,
 * no wheel. The same commands give the same replies and the same events. Two
 * things differ on purpose, because the rules leave them to the core: TIME runs
 * every timer that is due and WORK works the whole agenda off, however many
 * events that makes. Compare after repeating TIME, then WORK, on the core.
 *
 *   Ownership  model_new() allocates, model_free() releases. A log belongs to the
 *              caller.
 *   Ids        Which numbers objects get is the core's own affair. The model takes
 *              them from the core's answer (struct model_log, hint) where it makes an
 *              object, if they are new and well formed; else it makes up its own, and
 *              the comparison fails.
 *   Failure    A bug of the model, or a world that is too large for its arrays, panics.
 *   Cost       Anything up to quadratic. Worlds are small.
 *   Threads    One model, one thread.
 */

#include "acd/acd.h"
#include "acd/view.h"

struct model;

/* Events of one or more steps, and what the core answered to the same. */
struct model_log {
        struct acd_event *item;
        uint32_t count;
        uint32_t capacity;
        const struct acd_event *hint; /* the core's events; may be NULL */
        uint32_t hint_count;
        uint64_t hint_id; /* the core's reply.id */
};

void model_log_init(struct model_log *log);
void model_log_fini(struct model_log *log);

/* Most objects of each kind that the model's arrays hold: limits in force must
 * not be above. */
struct acd_limits model_limits_max(void);

/* @memory_limits is what acd_init() was given; @shard goes into made-up ids. */
struct model *model_new(const struct acd_limits *memory_limits, uint16_t shard);
void model_free(struct model *model);

/* Apply @command. Events are appended to @log. */
enum acd_result model_step(struct model *model, acd_time now, const struct acd_command *command,
                           struct acd_reply *ret_reply, struct model_log *log);

/* The first tick at which a timer is due, as a time; 0 for never. Never later
 * than the core's acd_next_deadline(), which may ask to be called in vain. */
acd_time model_next_deadline(const struct model *model);

/* The last TIME met a tier opening on the tick of another timer: the order of the
 * two is the core's own (D23) and the histories may part. */
bool model_is_ambiguous(const struct model *model);

/* Which cells of the rules' tables were reached, for coverage. Indexes are the
 * wire numbers of states and kinds. */
struct model_coverage {
        uint64_t result[32];
        uint64_t event[64];
        uint64_t reason[64];
        uint64_t command_result[64][32];
        uint64_t refused_field[64];
        uint64_t assignment_cell[8][64]; /* assignment state x command kind */
        uint64_t report_cell[16][16];    /* contact state, 8 held, 9 parked, x report kind */
        uint64_t presence_cell[8][64];   /* presence x command kind */
        uint64_t contact_cell[8][64];    /* contact state x command kind */
        uint64_t timer[16];              /* enum model_timer_kind that ran */
        uint64_t job[16];
        uint64_t gone_met, pair_skipped, tier_closed, held_timer, agent_search_deferred;
};

const struct model_coverage *model_coverage(const struct model *model);

/* NULL when what @acd shows through acd/view.h is what the model holds, else what
 * differs, in static memory. */
const char *model_compare_views(const struct model *model, const struct acd *acd);

/* Looking into the model, for those who make up commands and check properties. Walk
 * with @index from 0 while it is below model_top(). Views are those of acd/view.h. */
uint32_t model_top(const struct model *model, enum acd_object object);
uint64_t model_id_at(const struct model *model, enum acd_object object, uint32_t index);
bool model_view_contact(const struct model *model, uint64_t id, struct acd_contact_view *ret_view);
bool model_view_assignment(const struct model *model, uint64_t id,
                           struct acd_assignment_view *ret_view);
bool model_view_agent(const struct model *model, uint64_t id, struct acd_agent_view *ret_view);
bool model_view_gateway(const struct model *model, uint64_t id, struct acd_gateway_view *ret_view);
uint64_t model_tenant_of(const struct model *model, enum acd_object object, uint64_t id);

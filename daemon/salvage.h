/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * salvage.h - bring back what a damaged data directory still holds.
 *
 * A journal that is damaged in its middle cannot be replayed past the damage:
 * ids are given by the core, and after a gap it would give others. So:
 *
 *   1. snapshot and records up to the first gap are replayed exactly
 *   2. the event log is asked what it knows of the time after that: which
 *      contacts were submitted, with which ids, and which are over
 *   3. what can be read after the gap is applied as far as it stands alone:
 *      configuration, submits (unless the event log says that they are over),
 *      cancels of contacts whose id is known
 *   4. contacts from before the gap that the event log says are over are closed
 *   5. the old files move to DIR/salvage-N; a new directory is made with the
 *      state as its snapshot, an epoch so high that the next start begins a new
 *      history, and DIR/salvage-N/report.txt
 *
 * Nothing that was submitted and is not known to be over is lost; a contact may
 * come back although it was over, if every trace of its end is lost.
 *
 *   Ownership  struct salvage is reserved by salvage_run(); parts are private.
 *   Failure    An exit code; why is on standard error. Until step 5 nothing is
 *              changed; step 5 only moves files and makes new ones.
 *   Threads    The main one.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "acd/view.h"
#include "daemon/options.h"
#include "journal/event_log.h"
#include "journal/meta.h"
#include "journal/salvage.h"
#include "journal/snapshot.h"

/* acdd --data-dir DIR --salvage. Returns the exit code of the process. */
int salvage_run(const struct options *options) __attribute__((warn_unused_result));

/* ---- between the files salvage*.c ---- */

enum {
        SALVAGE_TOLD_MAX = 1 << 22, /* contacts of which the event log tells something; 2^n */
        SALVAGE_PATH_SIZE = 320,
        SALVAGE_TEXT_SIZE = 1 << 26, /* of the report; what is more is cut */
};

/* What the event log tells of a contact after the gap. */
struct salvage_told {
        uint64_t contact; /* its id in the damaged history; 0: free row */
        uint64_t now_ns;  /* of its CONTACT_SUBMITTED, 0 = submitted before */
        uint64_t agent;   /* who accepted it last, 0 = nobody */
        uint64_t new_id;  /* that salvage gave it, 0 = none */
        uint32_t tenant_slot;
        uint32_t order; /* among the submitted ones */
        bool is_over;
};

struct salvage_counts {
        uint64_t exact, applied, skipped, refused;
        uint64_t submitted_again, known_over, closed_by_events, to_confirm;
};

struct salvage {
        const struct options *options;
        struct journal_dir dir;
        struct journal_meta meta;
        bool has_meta;
        struct snapshot_reader snapshot;
        bool has_snapshot;
        struct acd *acd;
        void *core;
        size_t core_size;
        struct acd_limits limits;
        uint64_t next_lsn;         /* the next one of the exact part */
        bool is_exact;             /* no gap so far */
        acd_time now;              /* of the last step */
        uint64_t wall_ns;          /* wall clock at it */
        acd_time gap_now;          /* core time of the last exact batch */
        struct salvage_told *told; /* a hash table */
        uint32_t *submitted;       /* rows of told in the order of their events */
        uint32_t submitted_count;
        uint32_t submitted_at;
        struct salvage_counts counts;
        struct journal_salvage_report report;
        FILE *text; /* the report, in memory until the files are moved */
        char *text_bytes;
        size_t text_size;
        acd_contact_id resume_ids[ACD_RESUME_MAX];
        struct acd_effects effects;
        char folder[SALVAGE_PATH_SIZE];
};

/* salvage_read.c: steps 1 and 3, in one pass over the records. */
int salvage_load(struct salvage *salvage, struct journal_error *error);
int salvage_read(struct salvage *salvage, struct journal_error *error);

/* salvage_events.c: step 2, and what it found. */
int salvage_ask_events(struct salvage *salvage, struct journal_error *error);
struct salvage_told *salvage_find_told(struct salvage *salvage, uint64_t contact);
/* The contact of the next submit of @tenant at @now_ns, or NULL when the events do not say. */
struct salvage_told *salvage_next_submitted(struct salvage *salvage, acd_tenant_id tenant,
                                            uint64_t now_ns);

/* salvage_write.c: step 5. */
/* The epoch for META, below that of the next start. */
uint32_t salvage_epoch(const struct salvage *salvage);
int salvage_write(struct salvage *salvage, struct journal_error *error);

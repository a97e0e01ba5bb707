/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * An owner of a journal, without anything to own: for tests of the journal.
 *
 * It appends records whose contents follow from their lsn and the run that wrote them,
 * commits them, takes snapshots, keeps an event log, dies, and recovers. The
 * model is an array of what was written and three numbers; every recovery is
 * checked against it:
 *
 *   - what was promised is there, byte for byte;
 *   - nothing is there that was not written, and nothing of a run that lost it;
 *   - digests and event positions are those of the batches;
 *   - replayed events land at the same positions.
 *
 * A check that fails aborts with the line; the caller prints the seed first.
 *
 *   Ownership  world_free() gives back memory, not the disk.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"
#include "journal/event_log.h"
#include "journal/journal.h"
#include "journal/replay.h"
#include "journal/snapshot.h"
#include "journal/syncer.h"

#define WORLD_PATH "data"

/* What was written under an lsn, last. */
struct world_record {
        uint32_t run;
        bool is_erased;
};

/* What was written as a batch beginning with an lsn, last. */
struct world_batch {
        uint32_t record_count;
        uint64_t digest;
        uint64_t event_position;
        uint64_t now_ns;
};

struct world_contents;

struct world {
        const struct journal_io *io;
        struct journal_options options;
        struct event_log_options event_options;
        void *journal_memory;
        void *reader_memory;
        void *event_memory;
        void *cursor_memory;
        struct world_contents *scratch;

        struct journal *journal; /* NULL while closed */
        struct event_log *events;
        struct journal_error error; /* of the last call that failed */
        struct acd_prng prng;
        uint32_t payload_size_max;

        /* The model. */
        struct world_record *records; /* by lsn */
        struct world_batch *batches;  /* by first lsn */
        uint64_t lsn_max;             /* of the arrays */
        uint32_t run;
        uint64_t promised_lsn; /* acknowledged: must survive */
        uint64_t written_lsn;  /* may survive */
        uint64_t digest;
        uint64_t event_position;
        uint64_t now_ns;
        uint32_t epoch;
        bool has_started_once;
        uint64_t in_flight_lsn; /* handed over, 0 when nothing */
        uint64_t snapshot_count;
};

/* Defaults are for small disks: segments of 16 KiB, batches of 4 KiB. Zero members
 * of @options get them. */
void world_init(struct world *world, const struct journal_io *io,
                const struct journal_options *options, uint64_t seed, uint64_t lsn_max);
void world_free(struct world *world);

/* Open, restore the newest snapshot, replay, check, start. 0, or a negative errno of the
 * journal, with everything closed again. */
int world_recover(struct world *world);

/* The first half of it: open and replay and check, without starting. */
int world_open(struct world *world);
int world_start(struct world *world);

/* One turn of @record_count records, as many as fit the batch: append, commit,
 * append the event. 0, -EAGAIN when there is no room on the disk, or the error
 * of the journal. */
int world_turn(struct world *world, uint32_t record_count, enum journal_commit_how how);

/* Collect what was handed over, doing the work itself. */
int world_settle(struct world *world);

/* Sync the event log, write a snapshot of the model, truncate. */
int world_snapshot(struct world *world);

/* Erase a promised payload by chance; -EAGAIN and -ENOENT are fine. */
int world_erase(struct world *world);

/* Read the whole event log and compare it with the model. */
void world_check_events(struct world *world);

/* Whether the record is what was last written under its lsn, erased or not. */
bool world_is_record(struct world *world, const struct journal_record *record);

/* A clean stop and close. */
int world_stop(struct world *world);

/* Close whatever is open, as a process that ends does. */
void world_drop(struct world *world);

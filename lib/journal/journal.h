/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * journal.h - a log of records that is still there after a crash.
 *
 * The journal stores bytes and does not know what they mean. Records have a
 * number, the lsn, 1 2 3 ... without gaps for the life of the directory. They
 * are committed in batches: one write and one sync for all records of a turn,
 * visible after a crash as a whole or not at all.
 *
 * The life of a journal:
 *
 *      journal_open()    lock, read META, find the end of the log. Writes nothing
 *                        into an existing directory.
 *      journal_replay()  (replay.h) hand every batch after the snapshot to the owner
 *      journal_start()   repair a torn tail, raise the epoch, begin a new segment:
 *                        from here on records can be written
 *      reserve, append ... commit        a turn, again and again
 *      journal_stop()    everything synced, marked as a clean stop
 *      journal_close()   whatever state it is in
 *
 * A commit is done inline (write and sync before it returns) or handed to the
 * helper thread (syncer.h), while the next batch fills: at most one batch is on
 * its way to the disk, at most one fills. Order is strict.
 *
 *   Ownership  The caller owns the memory. Bytes given to append are copied.
 *   Time       The journal reads no clock. Core time comes with each commit.
 *   Failure    Refusals: enum journal_room. Everything else is a negative errno. From
 *              commit, poll, sync, work and stop it is final: the journal has failed,
 *              journal_failure() says why, and nothing but journal_close() is allowed. The
 *              owner must exit: what it holds in memory may be ahead of what the disk
 *              will ever have. No sync is tried twice.
 *   Cost       Append: a copy and a checksum. Commit: a write and a sync.
 *   Threads    One owner thread. The helper thread is inside.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/dir.h"
#include "journal/error.h"
#include "journal/journal_io.h"
#include "journal/meta.h"
#include "journal/record.h"
#include "journal/space.h"

struct journal;

enum journal_sync_policy {
        JOURNAL_SYNC_ALWAYS,   /* a batch is committed when it is synced */
        JOURNAL_SYNC_INTERVAL, /* committed when written; synced when the interval has passed */
        JOURNAL_SYNC_NEVER,    /* committed when written; synced at a roll and at a stop */
};

enum journal_mode {
        JOURNAL_OWN,  /* the daemon: locks, makes the directory when it is absent */
        JOURNAL_READ, /* a tool: no lock, no write, also beside a running daemon */
};

/* Zero means the default. */
struct journal_options {
        const struct journal_io *io; /* default journal_io_os */
        enum journal_mode mode;
        bool must_exist; /* an empty or absent directory is -ENOENT, and stays what it is */
        enum journal_sync_policy sync_policy;
        uint64_t sync_interval_ns;       /* for JOURNAL_SYNC_INTERVAL; default 1 s */
        uint64_t segment_size;           /* default 64 MiB; at least two full batches */
        uint64_t snapshot_room_size;     /* kept allocated for the next snapshot; default none */
        uint32_t batch_size_max;         /* default 1.25 MiB; less than 128 KiB bounds
                                            * the records too */
        uint32_t batch_record_count_max; /* default 8,192 */
        uint32_t block_size;             /* batches begin at multiples of it: 512 (default) to
                                            * 4096, a multiple of 512 */
        uint32_t spare_count;            /* segments kept zeroed, one of them for the next
                                            * recovery; default 2, at least that */
        uint32_t segment_count_max;      /* default 16,384 */
        struct journal_marks marks;      /* the two marks on the disk (space.h) */

        /* Only for a directory that does not exist yet: what META gets for life. The
         * secret should come from the system's generator, in a simulation from the seed. */
        uint64_t made_wall_ns;
        uint64_t secret;
        uint64_t slots[JOURNAL_META_SLOT_COUNT];
};

/* What journal_open() found. */
struct journal_found {
        bool is_new;        /* the directory was empty or absent */
        bool is_clean;      /* the last run stopped cleanly */
        bool is_torn;       /* the last run was cut off in the middle of a write */
        uint64_t first_lsn; /* oldest record kept; last_lsn + 1 when there is none */
        uint64_t last_lsn;  /* newest valid record, 0 when there never was one */
        uint64_t torn_size; /* bytes of the torn write, never acknowledged, if is_torn */
        char torn_name[JOURNAL_NAME_SIZE];
        uint64_t torn_offset; /* where the good part of that file ends */
};

/* Bytes of memory a journal with these options needs, aligned for any object. */
size_t journal_size(const struct journal_options *options);

/* Open the directory @path. Nothing of an existing directory is changed. On
 * error @ret_journal is untouched and nothing stays open.
 *
 * Damage anywhere but in the torn tail of the last segment is -EBADMSG with the
 * file and the offset; damage in older segments is found by the replay. */
int journal_open(void *memory, const struct journal_options *options, const char *path,
                 struct journal **ret_journal, struct journal_error *error)
        __attribute__((warn_unused_result));

const struct journal_found *journal_found(const struct journal *journal);
const struct journal_meta *journal_meta(const struct journal *journal);

/* The directory, for snapshots and the event log. Lives as long as the journal. */
const struct journal_dir *journal_directory(const struct journal *journal);

/* Become ready to write, as run @run_id with an epoch higher by @rise (1, or more), both
 * durable when it returns 0. -EOVERFLOW, with nothing changed: such an epoch has no room.
 * After an unclean stop the valid part of the last segment is first copied to a new file
 * and synced: what the page cache shows after a failed write may never have reached the
 * disk. Only once, only with JOURNAL_OWN. */
int journal_start(struct journal *journal, uint64_t run_id, uint32_t rise,
                  struct journal_error *error) __attribute__((warn_unused_result));

/* Set the owner's META slot @index; durable when it returns 0. */
int journal_set_slot(struct journal *journal, uint32_t index, uint64_t value,
                     struct journal_error *error) __attribute__((warn_unused_result));

/* ---- filling a batch ---- */

enum journal_room {
        JOURNAL_ROOM,            /* yes */
        JOURNAL_ROOM_BATCH_FULL, /* commit this batch first */
        JOURNAL_ROOM_WAIT,       /* both buffers are in use: until journal_poll() says 1 */
        JOURNAL_ROOM_DISK_FULL,  /* no segment can be prepared: snapshot and truncate first */
};

/* Is there room, in memory and on disk, for a record of at most these sizes? If
 * so, the next append of at most these sizes cannot fail, nor can its commit for
 * lack of space. May zero a new segment if none is ready (at most 100 ms, and
 * only when the helper fell behind). */
enum journal_room journal_reserve(struct journal *journal, size_t body_size, size_t payload_size);

/* For how many records of these sizes, one after the other, journal_reserve() would surely say
 * JOURNAL_ROOM, as it did the last time it was asked and with the batch as it is. */
uint32_t journal_sure_count(const struct journal *journal, size_t body_size, size_t payload_size);

/* The place of the next record's body: one of at most the size that there is room for may be
 * written there, which saves its copy. */
uint8_t *journal_body(struct journal *journal);

/* Copy a record into the batch; returns its lsn. The last journal_reserve() said
 * JOURNAL_ROOM for at least these sizes. Either part may be empty. */
uint64_t journal_append(struct journal *journal, struct journal_bytes body,
                        struct journal_bytes payload);

/* The batch that fills: how many records, how many bytes. */
uint32_t journal_pending_count(const struct journal *journal);
size_t journal_pending_size(const struct journal *journal);

/* ---- commit ---- */

struct journal_stamp {
        uint64_t now_ns;         /* core time of the batch, never decreasing */
        uint64_t wall_ns;        /* or 0 */
        uint64_t digest;         /* over results, effects and events so far */
        uint64_t event_position; /* where the event log ends after this batch's events */
};

enum journal_commit_how {
        JOURNAL_COMMIT_INLINE, /* done when the call returns */
        JOURNAL_COMMIT_HANDED, /* done when journal_poll() says so */
};

/* Seal the pending batch, which has at least one record, and bring it to disk.
 * Must not be busy. Handing over needs either journal_syncer_start() or an owner
 * that calls journal_work(). */
int journal_commit(struct journal *journal, const struct journal_stamp *stamp,
                   enum journal_commit_how how) __attribute__((warn_unused_result));

/* A batch is on its way. */
bool journal_is_busy(const struct journal *journal);

/* Collect what was handed over: 1 when it is done since the last call, 0 when it is still on its
 * way or nothing was, negative errno when the journal has failed. */
int journal_poll(struct journal *journal) __attribute__((warn_unused_result));

/* The last record that may be acknowledged under the sync policy. */
uint64_t journal_committed_lsn(const struct journal *journal);

/* The last record known to be synced. Equal to the former with JOURNAL_SYNC_ALWAYS. */
uint64_t journal_synced_lsn(const struct journal *journal);

/* The last record appended, pending or not. */
uint64_t journal_last_lsn(const struct journal *journal);

/* The epoch of this run. */
uint32_t journal_epoch(const struct journal *journal);

/* With JOURNAL_SYNC_INTERVAL: core time at which journal_sync() is due although nothing is
 * committed, or 0 for never. */
uint64_t journal_sync_due(const struct journal *journal);

/* Sync what is written but not synced, at core time @now_ns. Must not be busy. */
int journal_sync(struct journal *journal, uint64_t now_ns) __attribute__((warn_unused_result));

/* ---- housekeeping ---- */

/* Do one piece of what waits: the handed batch, else a slice of zeroing a spare,
 * else removing a segment that truncation freed. Returns 1 when something was
 * done, 0 when nothing waits, negative errno when the journal has failed. The
 * helper thread calls this; an owner without one calls it when idle, a
 * simulator when it pleases. */
int journal_work(struct journal *journal) __attribute__((warn_unused_result));

/* Records up to min(@floor_lsn, the oldest kept snapshot) are no longer needed. Whole segments
 * below are recycled as spares or removed, by journal_work(). */
int journal_truncate(struct journal *journal, uint64_t floor_lsn, struct journal_error *error)
        __attribute__((warn_unused_result));

/* How full the disk is. One statvfs(); ask once a second, not once a turn. Also
 * lets the preparation of spares and snapshot room try again after it met a
 * full disk. A disk that cannot be asked counts as critical. */
enum journal_space_level journal_space(struct journal *journal,
                                       struct journal_space_report *ret_report);

/* Mark the payload of record @lsn as erased and overwrite it with zeros, durably;
 * the chain stays intact. May be repeated. -ENOENT when the record is not kept any
 * more, -EAGAIN when no later batch on disk says yet that it was synced (commit
 * one, and try again). Reads the segment up to the record: some 10 ms. */
int journal_erase_payload(struct journal *journal, uint64_t lsn, struct journal_error *error)
        __attribute__((warn_unused_result));

/* What made the journal fail, or code 0. */
const struct journal_error *journal_failure(const struct journal *journal);

struct journal_counts {
        uint64_t batch_count;
        uint64_t record_count;
        uint64_t byte_count; /* batches with their padding */
        uint64_t sync_count;
        uint64_t roll_count;
        uint64_t recycled_count;
        uint32_t segment_count; /* kept now */
        uint32_t spare_count;   /* ready now */
        uint64_t kept_size;     /* bytes of log kept, for the expected time of a recovery */
};
void journal_get_counts(const struct journal *journal, struct journal_counts *ret_counts);

/* Sync everything and mark the stop as clean. No batch may be pending or on its way. The
 * journal can only be closed after it. */
int journal_stop(struct journal *journal) __attribute__((warn_unused_result));

/* Stop the helper thread, close all files, release the lock. Writes nothing.
 * NULL and a failed journal are fine. */
void journal_close(struct journal *journal);

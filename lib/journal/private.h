/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The journal from inside: two halves and what passes between them.
 *
 *      owner's half                          disk's half
 *      buffers, chain, offsets      job      writer: open segment, spares
 *      never blocks            ---------->   under io_lock, blocks as it must
 *                              <----------
 *                               job_state
 *
 * The job is written by the owner while job_state is NONE and read by whoever
 * does the work while it is HANDED. Release and acquire on job_state carry it
 * over; nothing else is shared, except the atomics in the writer and `failed`.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "journal/journal.h"
#include "journal/segment.h"
#include "journal/syncer.h"
#include "journal/tail.h"
#include "journal/writer.h"

enum journal_job_state {
        JOURNAL_JOB_NONE,
        JOURNAL_JOB_HANDED,
        JOURNAL_JOB_DONE,
};

/* One sealed batch and what it takes to make it durable. */
struct journal_job {
        const uint8_t *bytes;
        size_t size; /* with padding */
        uint64_t offset;
        uint64_t last_lsn;
        uint64_t claimed_lsn; /* what its header says was synced */
        uint64_t now_ns;
        bool is_synced; /* the policy wants a sync now */
        bool is_rolled; /* it is the first of segment @next */
        struct journal_segment next;
};

struct journal_buffer {
        uint8_t *bytes;
        size_t used_size; /* header and records */
        uint32_t record_count;
};

enum journal_stage {
        JOURNAL_STAGE_OPEN,
        JOURNAL_STAGE_STARTED,
        JOURNAL_STAGE_STOPPED,
};

struct journal_thread {
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t woken;
        bool is_running;
        bool is_woken;
        bool is_stopping;
};

struct journal {
        struct journal_options options; /* defaults filled in */
        struct journal_dir dir;
        struct journal_meta meta;
        struct journal_found found;
        struct journal_tail tail; /* as found, until the start */
        enum journal_stage stage;
        enum journal_space_level space_level;
        bool is_room_refused;

        /* The owner's half. */
        struct journal_buffer buffers[2];
        uint32_t filling_index;
        struct journal_segment segment; /* in which the next batch goes, if it fits */
        uint64_t offset;
        uint32_t chain_before; /* of the batch that fills */
        uint32_t chain;        /* after its last record */
        uint64_t last_lsn;     /* appended */
        uint64_t committed_lsn;
        uint64_t synced_lsn;
        uint64_t proven_lsn; /* some synced header says that this was synced */
        uint64_t sync_due_ns;
        uint64_t last_now_ns;
        uint64_t batch_count;
        uint64_t record_count;
        uint64_t byte_count;

        /* Between the halves. */
        struct journal_job job;
        _Atomic enum journal_job_state job_state;
        atomic_int failed; /* negative errno, once and for all */
        struct journal_error failure;
        struct journal_thread syncer;
        struct journal_thread write_back;
        struct journal_chore chore; /* of the latter */
        int event_fd;

        /* The disk's half. */
        pthread_mutex_t io_turn; /* held while waiting for io_lock */
        pthread_mutex_t io_lock;
        struct journal_writer writer;
        uint8_t *window; /* JOURNAL_WINDOW_SIZE; for scans at open and for erasure */
};

/* Fill in what @options leaves zero. -EINVAL names a value that makes no sense. */
int journal_options_resolve(const struct journal_options *options,
                            struct journal_options *ret_options, struct journal_error *error);

/* A closed journal in @memory of journal_size() bytes; @options are resolved. */
struct journal *journal_lay_out(void *memory, const struct journal_options *options);

/* The chain before the first record of a directory. */
uint32_t journal_chain_origin(uint64_t secret);

/* Wake the helper thread, if there is one. */
void journal_syncer_wake(struct journal *journal);

/* Tell the owner through the eventfd, if there is one; and empty it. */
void journal_syncer_notify(struct journal *journal);
void journal_syncer_clear(struct journal *journal);

/* The disk's half is the caller's. First come, first served: a mutex alone goes to whoever asks
 * while nobody has it, and that would be the helper, again and again for all the slices of a
 * spare, while the owner with its batch is still being woken up. */
void journal_lock_io(struct journal *journal);
void journal_unlock_io(struct journal *journal);

/* Perform the job; the caller holds io_lock. */
int journal_run_job(struct journal *journal);

/* Begin an empty batch in the buffer that fills. */
void journal_begin_batch(struct journal *journal);

/* Record what made the journal fail. The caller holds io_lock or there is no thread. */
int journal_fail(struct journal *journal, int code, const struct journal_error *error);

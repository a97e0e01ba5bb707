/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A disk in memory that does what disks do to people.
 *
 * Every file has two contents: what the process sees (the page cache) and what
 * is on the platter. A sync copies the one to the other; until then a crash may
 * keep, lose or tear what was written, sector by sector, in any order. Names are
 * the same: until the directory is synced, each creation, rename and removal is
 * lost or kept.
 *
 * Faults are counted: the n-th operation of some kinds fails with an error, once
 * or from then on. A sync that fails leaves the pages clean and the data lost, as
 * Linux does. All chance comes from one seed.
 *
 *   Ownership  simdisk_free() gives back everything. Memory comes from malloc();
 *              this is test code.
 *   Threads    The table and the plans of faults may be used from several: one lock.
 *              The rest is for when nobody else is at it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/journal_io.h"

struct simdisk;

enum simdisk_op {
        SIMDISK_OPEN_DIR,
        SIMDISK_LOCK,
        SIMDISK_SYNC_DIR,
        SIMDISK_LIST,
        SIMDISK_RENAME,
        SIMDISK_UNLINK,
        SIMDISK_SPACE,
        SIMDISK_OPEN,
        SIMDISK_READ,
        SIMDISK_WRITE,
        SIMDISK_SYNC,
        SIMDISK_TRUNCATE,
        SIMDISK_ALLOCATE,
        SIMDISK_SIZE,
        SIMDISK_OP_COUNT,
};

enum {
        SIMDISK_ALL_OPS = (1 << SIMDISK_OP_COUNT) - 1,
        /* What changes the disk or makes a change durable. */
        SIMDISK_CHANGES = 1 << SIMDISK_SYNC_DIR | 1 << SIMDISK_RENAME | 1 << SIMDISK_UNLINK |
                          1 << SIMDISK_OPEN | 1 << SIMDISK_WRITE | 1 << SIMDISK_SYNC |
                          1 << SIMDISK_TRUNCATE | 1 << SIMDISK_ALLOCATE,
};

struct simdisk *simdisk_new(uint64_t seed);
void simdisk_free(struct simdisk *disk);

/* The same disk with the same contents and the same chance, independent from
 * here on. No file may be open. */
struct simdisk *simdisk_clone(const struct simdisk *disk);

/* The table to give to whatever is tested. Lives as long as the disk. */
const struct journal_io *simdisk_io(struct simdisk *disk);

/* New chance for the crashes to come. */
void simdisk_reseed(struct simdisk *disk, uint64_t seed);

/* ---- faults ---- */

struct simdisk_fault {
        uint32_t ops;    /* kinds that count, 1 << enum simdisk_op */
        uint64_t at;     /* the at-th of them fails, from 1 */
        int error;       /* EIO, ENOSPC ...; 0: a read or write stops half way */
        bool is_forever; /* and all of those kinds after it */
};

/* Plan a fault, or none with NULL. Counting starts now. */
void simdisk_set_fault(struct simdisk *disk, const struct simdisk_fault *fault);

/* Whether the planned fault has happened. */
bool simdisk_was_faulty(const struct simdisk *disk);

/* The process dies before its @at-th operation of kinds @ops from now: that one
 * and all later ones of any kind fail with EIO and do nothing. 0: no more. */
void simdisk_kill_at(struct simdisk *disk, uint32_t ops, uint64_t at);
bool simdisk_is_dead(const struct simdisk *disk);

/* Operations of kinds @ops so far. */
uint64_t simdisk_op_count(const struct simdisk *disk, uint32_t ops);

/* Descriptors that are open, of files and directories. */
uint32_t simdisk_open_count(const struct simdisk *disk);

/* ---- space ---- */

/* The volume has @total bytes, of which somebody else has @taken. */
void simdisk_set_space(struct simdisk *disk, uint64_t total, uint64_t taken);
uint64_t simdisk_used(const struct simdisk *disk);

/* ---- the end of a process, the end of power ---- */

enum simdisk_loss {
        SIMDISK_LOSE_SOME,    /* each unsynced sector and name by chance, with odds by chance */
        SIMDISK_LOSE_ALL,     /* nothing unsynced survives */
        SIMDISK_LOSE_NOTHING, /* everything happens to have been written */
};

/* Power fails and comes back: all descriptors are closed, what was not synced
 * is as @loss says, faults are cleared. */
void simdisk_crash(struct simdisk *disk, enum simdisk_loss loss);

/* The process ended, however: all descriptors are closed, nothing is lost,
 * faults are cleared. */
void simdisk_restart(struct simdisk *disk);

/* ---- damage, for which nobody is to blame ---- */

/* Size of file @name in directory @path, -1 when it does not exist. */
int64_t simdisk_file_size(const struct simdisk *disk, const char *path, const char *name);

/* Read or change bytes of a file, seen and stored alike. The file exists and is long enough. */
void simdisk_peek(const struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  void *into, size_t size);
void simdisk_poke(struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  const void *bytes, size_t size);
void simdisk_flip(struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  uint8_t bits);
void simdisk_cut(struct simdisk *disk, const char *path, const char *name, uint64_t size);
void simdisk_remove(struct simdisk *disk, const char *path, const char *name);

/* Every name in @path, in no particular order; the count, at most @name_count_max. */
enum { SIMDISK_NAME_SIZE = 64 };
uint32_t simdisk_names(const struct simdisk *disk, const char *path,
                       char (*into)[SIMDISK_NAME_SIZE], uint32_t name_count_max);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The simulated disk from inside: simdisk.c holds the state and its end,
 * simdisk_io.c the table of functions.
 */

#include <pthread.h>

#include "base/prng.h"
#include "tests/support/simdisk.h"

enum {
        SECTOR_SIZE = 512,
        DIR_COUNT_MAX = 4,
        HANDLE_COUNT_MAX = 256,
        PATH_SIZE = 128,
};

/* Contents that grow. */
struct bytes {
        uint8_t *at;
        uint64_t size;
        uint64_t capacity;
};

struct inode {
        struct bytes seen;   /* by the process */
        struct bytes stored; /* on the platter */
        uint64_t allocated;  /* blocks given, also beyond the size */
        uint64_t dirty_from; /* bytes [from, to) may differ and will be synced */
        uint64_t dirty_to;
        bool is_used;
};

struct entry {
        char name[SIMDISK_NAME_SIZE];
        uint32_t inode;
};

struct entries {
        struct entry *at;
        uint32_t count;
        uint32_t capacity;
};

/* A change of names that is not durable yet. */
struct name_change {
        enum { NAME_LINK, NAME_RENAME, NAME_UNLINK } kind;
        char name[SIMDISK_NAME_SIZE]; /* the new one of a rename */
        char from[SIMDISK_NAME_SIZE];
        uint32_t inode;
};

struct directory {
        char path[PATH_SIZE];
        struct entries seen;
        struct entries stored;
        struct name_change *changes;
        uint32_t change_count;
        uint32_t change_capacity;
        int locked_by; /* handle + 1, 0 when nobody */
};

struct handle {
        enum { HANDLE_CLOSED, HANDLE_DIR, HANDLE_FILE } kind;
        uint32_t index; /* of the directory or inode */
        bool is_writable;
};

struct simdisk {
        struct journal_io io;
        pthread_mutex_t lock;
        struct acd_prng prng;

        struct directory dirs[DIR_COUNT_MAX];
        uint32_t dir_count;
        struct inode *inodes;
        uint32_t inode_count;
        uint32_t inode_capacity;
        struct handle handles[HANDLE_COUNT_MAX];

        uint64_t total;
        uint64_t taken;

        struct simdisk_fault fault;
        uint64_t fault_count; /* operations that counted towards it */
        bool was_faulty;
        uint32_t kill_ops;
        uint64_t kill_at;
        uint64_t kill_count;
        bool is_dead;
        uint64_t op_counts[SIMDISK_OP_COUNT];
};

void bytes_resize(struct bytes *bytes, uint64_t size);
struct entry *entries_find(const struct entries *entries, const char *name);
void entries_put(struct entries *entries, const char *name, uint32_t inode);
void entries_drop(struct entries *entries, const char *name);

/* Index of directory @path, -1 when there is none. */
int simdisk_dir_index(const struct simdisk *disk, const char *path);
uint32_t simdisk_make_inode(struct simdisk *disk);
void simdisk_note_change(struct directory *dir, const struct name_change *change);

/* Free inodes that no name and no handle refers to. */
void simdisk_collect(struct simdisk *disk);

/* The table, with self set. */
struct journal_io simdisk_make_io(struct simdisk *disk);

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated disk: its contents, and what is left of them.
 *
 * The model of a crash, which is meant to be worse than any file system:
 *
 *   - each sector of 512 bytes written since the last sync of its file is old or new,
 *     independently of all others; a sector is never half of each;
 *   - a file whose size changed has the old size, the new one, or one between;
 *   - each change of names since the last sync of its directory happened or
 *     did not, in half of the crashes independently of all others (so a later
 *     one may survive an earlier one), in the other half up to some point.
 *
 * The odds are drawn per crash, and include "all" and "none": uniform coins
 * alone would almost never keep one whole large write and lose another.
 */

#include "tests/support/simdisk.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/support/simdisk_private.h"

/* ---- containers ---- */

static void *grown(void *at, uint64_t size)
{
        void *bigger = realloc(at, size);

        ACD_ASSERT(bigger != NULL);
        return bigger;
}

void bytes_resize(struct bytes *bytes, uint64_t size)
{
        if (size > bytes->capacity) {
                uint64_t capacity = size < 4096 ? 4096 : size + size / 4;

                bytes->at = grown(bytes->at, capacity);
                bytes->capacity = capacity;
        }
        if (size > bytes->size)
                memset(bytes->at + bytes->size, 0, size - bytes->size);
        bytes->size = size;
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
        bytes_resize(to, 0);
        bytes_resize(to, from->size);
        if (from->size > 0)
                memcpy(to->at, from->at, from->size);
}

struct entry *entries_find(const struct entries *entries, const char *name)
{
        for (uint32_t i = 0; i < entries->count; i++)
                if (strcmp(entries->at[i].name, name) == 0)
                        return &entries->at[i];
        return NULL;
}

void entries_put(struct entries *entries, const char *name, uint32_t inode)
{
        struct entry *entry = entries_find(entries, name);
        size_t size = strlen(name);

        ACD_ASSERT(size < SIMDISK_NAME_SIZE);
        if (entry == NULL) {
                if (entries->count == entries->capacity) {
                        entries->capacity = entries->capacity == 0 ? 16 : entries->capacity * 2;
                        entries->at = grown(entries->at, entries->capacity * sizeof(*entries->at));
                }
                entry = &entries->at[entries->count];
                entries->count++;
                memcpy(entry->name, name, size + 1);
        }
        entry->inode = inode;
}

void entries_drop(struct entries *entries, const char *name)
{
        struct entry *entry = entries_find(entries, name);

        if (entry == NULL)
                return;
        entries->count--;
        *entry = entries->at[entries->count];
}

static void entries_copy(struct entries *to, const struct entries *from)
{
        to->count = 0;
        for (uint32_t i = 0; i < from->count; i++)
                entries_put(to, from->at[i].name, from->at[i].inode);
}

void simdisk_note_change(struct directory *dir, const struct name_change *change)
{
        if (dir->change_count == dir->change_capacity) {
                dir->change_capacity = dir->change_capacity == 0 ? 16 : dir->change_capacity * 2;
                dir->changes = grown(dir->changes, dir->change_capacity * sizeof(*dir->changes));
        }
        dir->changes[dir->change_count] = *change;
        dir->change_count++;
}

/* ---- objects ---- */

int simdisk_dir_index(const struct simdisk *disk, const char *path)
{
        for (uint32_t i = 0; i < disk->dir_count; i++)
                if (strcmp(disk->dirs[i].path, path) == 0)
                        return (int)i;
        return -1;
}

uint32_t simdisk_make_inode(struct simdisk *disk)
{
        uint32_t i = 0;

        while (i < disk->inode_count && disk->inodes[i].is_used)
                i++;
        if (i == disk->inode_capacity) {
                disk->inode_capacity = disk->inode_capacity == 0 ? 16 : disk->inode_capacity * 2;
                disk->inodes = grown(disk->inodes, disk->inode_capacity * sizeof(*disk->inodes));
        }
        if (i == disk->inode_count)
                disk->inode_count++;

        disk->inodes[i] = (struct inode){ .is_used = true };
        return i;
}

static void free_inode(struct inode *inode)
{
        free(inode->seen.at);
        free(inode->stored.at);
        *inode = (struct inode){ 0 };
}

static bool is_named(const struct entries *entries, uint32_t inode)
{
        for (uint32_t i = 0; i < entries->count; i++)
                if (entries->at[i].inode == inode)
                        return true;
        return false;
}

static bool is_referred_to(const struct simdisk *disk, uint32_t inode)
{
        for (uint32_t i = 0; i < HANDLE_COUNT_MAX; i++)
                if (disk->handles[i].kind == HANDLE_FILE && disk->handles[i].index == inode)
                        return true;
        for (uint32_t i = 0; i < disk->dir_count; i++) {
                const struct directory *dir = &disk->dirs[i];

                if (is_named(&dir->seen, inode) || is_named(&dir->stored, inode))
                        return true;
                for (uint32_t j = 0; j < dir->change_count; j++)
                        if (dir->changes[j].inode == inode)
                                return true;
        }
        return false;
}

void simdisk_collect(struct simdisk *disk)
{
        for (uint32_t i = 0; i < disk->inode_count; i++)
                if (disk->inodes[i].is_used && !is_referred_to(disk, i))
                        free_inode(&disk->inodes[i]);
}

struct simdisk *simdisk_new(uint64_t seed)
{
        struct simdisk *disk = calloc(1, sizeof(*disk));

        ACD_ASSERT(disk != NULL);
        pthread_mutex_init(&disk->lock, NULL);
        acd_prng_init(&disk->prng, seed);
        disk->total = UINT64_C(1) << 40;
        disk->io = simdisk_make_io(disk);
        return disk;
}

void simdisk_free(struct simdisk *disk)
{
        if (disk == NULL)
                return;

        for (uint32_t i = 0; i < disk->inode_count; i++)
                free_inode(&disk->inodes[i]);
        for (uint32_t i = 0; i < disk->dir_count; i++) {
                free(disk->dirs[i].seen.at);
                free(disk->dirs[i].stored.at);
                free(disk->dirs[i].changes);
        }
        free(disk->inodes);
        pthread_mutex_destroy(&disk->lock);
        free(disk);
}

struct simdisk *simdisk_clone(const struct simdisk *disk)
{
        struct simdisk *clone = simdisk_new(0);

        clone->prng = disk->prng;
        clone->total = disk->total;
        clone->taken = disk->taken;

        clone->dir_count = disk->dir_count;
        for (uint32_t i = 0; i < disk->dir_count; i++) {
                const struct directory *from = &disk->dirs[i];
                struct directory *to = &clone->dirs[i];

                memcpy(to->path, from->path, sizeof(to->path));
                entries_copy(&to->seen, &from->seen);
                entries_copy(&to->stored, &from->stored);
                for (uint32_t j = 0; j < from->change_count; j++)
                        simdisk_note_change(to, &from->changes[j]);
        }

        clone->inodes = grown(NULL, (disk->inode_count + 1) * sizeof(*clone->inodes));
        clone->inode_count = disk->inode_count;
        clone->inode_capacity = disk->inode_count + 1;
        for (uint32_t i = 0; i < disk->inode_count; i++) {
                clone->inodes[i] = disk->inodes[i];
                clone->inodes[i].seen = (struct bytes){ 0 };
                clone->inodes[i].stored = (struct bytes){ 0 };
                bytes_copy(&clone->inodes[i].seen, &disk->inodes[i].seen);
                bytes_copy(&clone->inodes[i].stored, &disk->inodes[i].stored);
        }
        simdisk_collect(clone);
        return clone;
}

const struct journal_io *simdisk_io(struct simdisk *disk)
{
        return &disk->io;
}

void simdisk_reseed(struct simdisk *disk, uint64_t seed)
{
        acd_prng_init(&disk->prng, seed);
}

/* ---- faults and space ---- */

void simdisk_set_fault(struct simdisk *disk, const struct simdisk_fault *fault)
{
        pthread_mutex_lock(&disk->lock);
        disk->fault = fault != NULL ? *fault : (struct simdisk_fault){ 0 };
        disk->fault_count = 0;
        disk->was_faulty = false;
        pthread_mutex_unlock(&disk->lock);
}

bool simdisk_was_faulty(const struct simdisk *disk)
{
        return disk->was_faulty;
}

void simdisk_kill_at(struct simdisk *disk, uint32_t ops, uint64_t at)
{
        pthread_mutex_lock(&disk->lock);
        disk->kill_ops = ops;
        disk->kill_at = at;
        disk->kill_count = 0;
        disk->is_dead = false;
        pthread_mutex_unlock(&disk->lock);
}

bool simdisk_is_dead(const struct simdisk *disk)
{
        return disk->is_dead;
}

uint64_t simdisk_op_count(const struct simdisk *disk, uint32_t ops)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < SIMDISK_OP_COUNT; i++)
                if (ops & 1u << i)
                        count += disk->op_counts[i];
        return count;
}

uint32_t simdisk_open_count(const struct simdisk *disk)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < HANDLE_COUNT_MAX; i++)
                count += disk->handles[i].kind != HANDLE_CLOSED;
        return count;
}

void simdisk_set_space(struct simdisk *disk, uint64_t total, uint64_t taken)
{
        pthread_mutex_lock(&disk->lock);
        disk->total = total;
        disk->taken = taken;
        pthread_mutex_unlock(&disk->lock);
}

uint64_t simdisk_used(const struct simdisk *disk)
{
        uint64_t used = 0;

        for (uint32_t i = 0; i < disk->inode_count; i++) {
                const struct inode *inode = &disk->inodes[i];
                uint64_t size =
                        inode->seen.size > inode->allocated ? inode->seen.size : inode->allocated;

                if (inode->is_used)
                        used += (size + 4095) / 4096 * 4096;
        }
        return used;
}

/* ---- the end ---- */

/* Odds of survival for one crash, out of 16. */
static uint64_t draw_odds(struct simdisk *disk, enum simdisk_loss loss)
{
        static const uint64_t odds[] = { 0, 1, 4, 8, 12, 15, 16 };

        if (loss == SIMDISK_LOSE_ALL)
                return 0;
        if (loss == SIMDISK_LOSE_NOTHING)
                return 16;
        return odds[acd_prng_below(&disk->prng, sizeof(odds) / sizeof(odds[0]))];
}

/* The size the file has after the crash. */
static uint64_t draw_size(struct simdisk *disk, const struct inode *inode, uint64_t odds)
{
        uint64_t seen = inode->seen.size, stored = inode->stored.size;
        uint64_t low = seen < stored ? seen : stored;
        uint64_t high = seen < stored ? stored : seen;

        if (odds == 0 || odds == 16)
                return odds == 0 ? stored : seen;
        if (acd_prng_chance(&disk->prng, 1, 3))
                return low +
                       acd_prng_below(&disk->prng, high - low + 1) / SECTOR_SIZE * SECTOR_SIZE;
        return acd_prng_chance(&disk->prng, odds, 16) ? seen : stored;
}

/* Decide each unsynced sector. Afterwards what is seen is what is stored. */
static void crash_inode(struct simdisk *disk, struct inode *inode, enum simdisk_loss loss)
{
        uint64_t odds = draw_odds(disk, loss);
        uint64_t size = draw_size(disk, inode, odds);
        uint64_t from = inode->dirty_from / SECTOR_SIZE * SECTOR_SIZE;

        bytes_resize(&inode->stored, size);
        bytes_resize(&inode->seen, size);
        for (uint64_t at = from; at < inode->dirty_to && at < size; at += SECTOR_SIZE) {
                uint64_t left = size - at;
                uint64_t take = left < SECTOR_SIZE ? left : SECTOR_SIZE;

                if (acd_prng_chance(&disk->prng, odds, 16))
                        memcpy(inode->stored.at + at, inode->seen.at + at, take);
        }
        bytes_copy(&inode->seen, &inode->stored);
        inode->allocated = inode->stored.size;
        inode->dirty_from = inode->dirty_to = 0;
}

static void apply_change(struct entries *entries, const struct name_change *change)
{
        struct entry *entry;

        switch (change->kind) {
        case NAME_LINK:
                entries_put(entries, change->name, change->inode);
                break;
        case NAME_RENAME:
                entry = entries_find(entries, change->from);
                if (entry != NULL && entry->inode == change->inode)
                        entries_drop(entries, change->from);
                entries_put(entries, change->name, change->inode);
                break;
        case NAME_UNLINK:
                entry = entries_find(entries, change->name);
                if (entry != NULL && entry->inode == change->inode)
                        entries_drop(entries, change->name);
                break;
        }
}

static void crash_dir(struct simdisk *disk, struct directory *dir, enum simdisk_loss loss)
{
        uint64_t odds = draw_odds(disk, loss);
        bool is_ordered = acd_prng_chance(&disk->prng, 1, 2);
        uint64_t prefix = acd_prng_below(&disk->prng, (uint64_t)dir->change_count + 1);

        for (uint32_t i = 0; i < dir->change_count; i++) {
                bool is_kept = acd_prng_chance(&disk->prng, odds, 16);

                if (is_ordered && loss == SIMDISK_LOSE_SOME)
                        is_kept = i < prefix;
                if (is_kept)
                        apply_change(&dir->stored, &dir->changes[i]);
        }
        dir->change_count = 0;
        entries_copy(&dir->seen, &dir->stored);
}

void simdisk_restart(struct simdisk *disk)
{
        memset(disk->handles, 0, sizeof(disk->handles));
        for (uint32_t i = 0; i < disk->dir_count; i++)
                disk->dirs[i].locked_by = 0;
        simdisk_set_fault(disk, NULL);
        simdisk_kill_at(disk, 0, 0);
        simdisk_collect(disk);
}

void simdisk_crash(struct simdisk *disk, enum simdisk_loss loss)
{
        for (uint32_t i = 0; i < disk->dir_count; i++)
                crash_dir(disk, &disk->dirs[i], loss);
        for (uint32_t i = 0; i < disk->inode_count; i++)
                if (disk->inodes[i].is_used)
                        crash_inode(disk, &disk->inodes[i], loss);
        simdisk_restart(disk);
}

/* ---- damage ---- */

static struct inode *inode_of(const struct simdisk *disk, const char *path, const char *name)
{
        int index = simdisk_dir_index(disk, path);
        const struct entry *entry = index < 0 ? NULL : entries_find(&disk->dirs[index].seen, name);

        return entry == NULL ? NULL : &disk->inodes[entry->inode];
}

int64_t simdisk_file_size(const struct simdisk *disk, const char *path, const char *name)
{
        const struct inode *inode = inode_of(disk, path, name);

        return inode == NULL ? -1 : (int64_t)inode->seen.size;
}

void simdisk_peek(const struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  void *into, size_t size)
{
        const struct inode *inode = inode_of(disk, path, name);

        ACD_ASSERT(inode != NULL);
        ACD_ASSERT(offset + size <= inode->seen.size);
        memcpy(into, inode->seen.at + offset, size);
}

void simdisk_poke(struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  const void *bytes, size_t size)
{
        struct inode *inode = inode_of(disk, path, name);

        ACD_ASSERT(inode != NULL);
        ACD_ASSERT(offset + size <= inode->seen.size);
        memcpy(inode->seen.at + offset, bytes, size);
        if (offset + size > inode->stored.size)
                bytes_resize(&inode->stored, inode->seen.size);
        memcpy(inode->stored.at + offset, bytes, size);
}

void simdisk_flip(struct simdisk *disk, const char *path, const char *name, uint64_t offset,
                  uint8_t bits)
{
        uint8_t byte;

        simdisk_peek(disk, path, name, offset, &byte, 1);
        byte ^= bits;
        simdisk_poke(disk, path, name, offset, &byte, 1);
}

void simdisk_cut(struct simdisk *disk, const char *path, const char *name, uint64_t size)
{
        struct inode *inode = inode_of(disk, path, name);

        ACD_ASSERT(inode != NULL);
        bytes_resize(&inode->seen, size);
        bytes_resize(&inode->stored, size);
}

void simdisk_remove(struct simdisk *disk, const char *path, const char *name)
{
        int index = simdisk_dir_index(disk, path);

        ACD_ASSERT(index >= 0);
        entries_drop(&disk->dirs[index].seen, name);
        entries_drop(&disk->dirs[index].stored, name);
        simdisk_collect(disk);
}

uint32_t simdisk_names(const struct simdisk *disk, const char *path,
                       char (*into)[SIMDISK_NAME_SIZE], uint32_t name_count_max)
{
        int index = simdisk_dir_index(disk, path);
        const struct entries *seen = index < 0 ? NULL : &disk->dirs[index].seen;
        uint32_t count = 0;

        while (seen != NULL && count < seen->count && count < name_count_max) {
                memcpy(into[count], seen->at[count].name, SIMDISK_NAME_SIZE);
                count++;
        }
        return count;
}

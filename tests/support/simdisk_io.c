/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated disk as a table of functions.
 *
 * Each function asks admit() first: it counts the operation, and says whether
 * the process is already dead or the planned fault is due. Then it does what the system
 * would do. Descriptors are numbers of handles plus 1000, so that one which is
 * mixed up with something else is noticed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/support/simdisk_private.h"

enum { FIRST_DESCRIPTOR = 1000, ADMITTED_SHORT = 1 };

static struct simdisk *disk_of(void *self)
{
        struct simdisk *disk = self;

        ACD_ASSERT(disk->io.self == disk);
        return disk;
}

/* Count an operation. 0: go on, ADMITTED_SHORT: stop half way, negative errno: fail. */
static int admit(struct simdisk *disk, enum simdisk_op op)
{
        const struct simdisk_fault *fault = &disk->fault;

        if (disk->is_dead)
                return -EIO;
        if (disk->kill_at != 0 && disk->kill_ops & 1u << op) {
                disk->kill_count++;
                if (disk->kill_count >= disk->kill_at) {
                        disk->is_dead = true;
                        return -EIO;
                }
        }

        disk->op_counts[op]++;
        if (fault->at == 0 || (fault->ops & 1u << op) == 0)
                return 0;
        disk->fault_count++;
        if (disk->fault_count != fault->at && !(fault->is_forever && disk->fault_count > fault->at))
                return 0;
        disk->was_faulty = true;
        return fault->error == 0 ? ADMITTED_SHORT : -fault->error;
}

static struct handle *handle_of(struct simdisk *disk, int descriptor)
{
        int index = descriptor - FIRST_DESCRIPTOR;

        ACD_ASSERT(index >= 0);
        ACD_ASSERT(index < HANDLE_COUNT_MAX);
        ACD_ASSERT(disk->handles[index].kind != HANDLE_CLOSED);
        return &disk->handles[index];
}

static struct directory *dir_of(struct simdisk *disk, int descriptor)
{
        struct handle *handle = handle_of(disk, descriptor);

        ACD_ASSERT(handle->kind == HANDLE_DIR);
        return &disk->dirs[handle->index];
}

static struct inode *file_of(struct simdisk *disk, int descriptor)
{
        struct handle *handle = handle_of(disk, descriptor);

        ACD_ASSERT(handle->kind == HANDLE_FILE);
        return &disk->inodes[handle->index];
}

static int make_handle(struct simdisk *disk, int kind, uint32_t index, bool is_writable)
{
        for (int i = 0; i < HANDLE_COUNT_MAX; i++) {
                struct handle *handle = &disk->handles[i];

                if (handle->kind != HANDLE_CLOSED)
                        continue;
                *handle = (struct handle){ .index = index, .is_writable = is_writable };
                handle->kind = kind == HANDLE_DIR ? HANDLE_DIR : HANDLE_FILE;
                return FIRST_DESCRIPTOR + i;
        }
        return -EMFILE;
}

/* ---- directories ---- */

static int do_open_dir(struct simdisk *disk, const char *path, bool create)
{
        int index = simdisk_dir_index(disk, path);
        int r = admit(disk, SIMDISK_OPEN_DIR);

        if (r < 0)
                return r;

        if (index < 0) {
                size_t size = strlen(path);

                if (!create)
                        return -ENOENT;
                ACD_ASSERT(disk->dir_count < DIR_COUNT_MAX);
                ACD_ASSERT(size < PATH_SIZE);
                index = (int)disk->dir_count;
                disk->dir_count++;
                memcpy(disk->dirs[index].path, path, size + 1);
        }
        return make_handle(disk, HANDLE_DIR, (uint32_t)index, false);
}

static int do_lock(struct simdisk *disk, int descriptor)
{
        struct directory *dir = dir_of(disk, descriptor);
        int r = admit(disk, SIMDISK_LOCK);

        if (r < 0)
                return r;
        if (dir->locked_by != 0 && dir->locked_by != descriptor)
                return -EWOULDBLOCK;
        dir->locked_by = descriptor;
        return 0;
}

static int do_sync_dir(struct simdisk *disk, int descriptor)
{
        struct directory *dir = dir_of(disk, descriptor);
        int r = admit(disk, SIMDISK_SYNC_DIR);

        if (r < 0) {
                /* Reported once, and nobody will write them any more. */
                if (!disk->is_dead)
                        dir->change_count = 0;
                return r;
        }

        dir->change_count = 0;
        dir->stored.count = 0;
        for (uint32_t i = 0; i < dir->seen.count; i++)
                entries_put(&dir->stored, dir->seen.at[i].name, dir->seen.at[i].inode);
        simdisk_collect(disk);
        return 0;
}

static int do_rename(struct simdisk *disk, int descriptor, const char *from, const char *to)
{
        struct directory *dir = dir_of(disk, descriptor);
        struct name_change change = { .kind = NAME_RENAME };
        struct entry *entry;
        int r = admit(disk, SIMDISK_RENAME);

        if (r < 0)
                return r;
        entry = entries_find(&dir->seen, from);
        if (entry == NULL)
                return -ENOENT;

        change.inode = entry->inode;
        memcpy(change.from, from, strlen(from) + 1);
        memcpy(change.name, to, strlen(to) + 1);
        simdisk_note_change(dir, &change);
        entries_drop(&dir->seen, from);
        entries_put(&dir->seen, to, change.inode);
        simdisk_collect(disk);
        return 0;
}

static int do_unlink(struct simdisk *disk, int descriptor, const char *name)
{
        struct directory *dir = dir_of(disk, descriptor);
        struct name_change change = { .kind = NAME_UNLINK };
        struct entry *entry;
        int r = admit(disk, SIMDISK_UNLINK);

        if (r < 0)
                return r;
        entry = entries_find(&dir->seen, name);
        if (entry == NULL)
                return -ENOENT;

        change.inode = entry->inode;
        memcpy(change.name, name, strlen(name) + 1);
        simdisk_note_change(dir, &change);
        entries_drop(&dir->seen, name);
        simdisk_collect(disk);
        return 0;
}

static int do_space(struct simdisk *disk, struct journal_io_space *ret_space)
{
        uint64_t used = simdisk_used(disk) + disk->taken;
        int r = admit(disk, SIMDISK_SPACE);

        if (r < 0)
                return r;
        ret_space->total_size = disk->total;
        ret_space->free_size = used < disk->total ? disk->total - used : 0;
        return 0;
}

/* ---- files ---- */

static int do_open(struct simdisk *disk, int descriptor, const char *name,
                   enum journal_io_mode mode)
{
        struct directory *dir = dir_of(disk, descriptor);
        struct name_change change = { .kind = NAME_LINK };
        struct entry *entry;
        int r = admit(disk, SIMDISK_OPEN);

        if (r < 0)
                return r;
        entry = entries_find(&dir->seen, name);
        if (entry != NULL && mode == JOURNAL_IO_CREATE)
                return -EEXIST;
        if (entry != NULL)
                return make_handle(disk, HANDLE_FILE, entry->inode, mode != JOURNAL_IO_READ);
        if (mode == JOURNAL_IO_READ || mode == JOURNAL_IO_WRITE)
                return -ENOENT;

        change.inode = simdisk_make_inode(disk);
        memcpy(change.name, name, strlen(name) + 1);
        simdisk_note_change(dir, &change);
        entries_put(&dir->seen, name, change.inode);
        return make_handle(disk, HANDLE_FILE, change.inode, true);
}

static int64_t do_read(struct simdisk *disk, int descriptor, void *into, size_t size,
                       uint64_t offset)
{
        const struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_READ);

        if (r < 0)
                return r;
        if (offset >= inode->seen.size)
                return 0;
        if (size > inode->seen.size - offset)
                size = (size_t)(inode->seen.size - offset);
        if (r == ADMITTED_SHORT && size > 1)
                size /= 2;
        memcpy(into, inode->seen.at + offset, size);
        return (int64_t)size;
}

static void make_dirty(struct inode *inode, uint64_t from, uint64_t to)
{
        if (inode->dirty_from == inode->dirty_to) {
                inode->dirty_from = from;
                inode->dirty_to = to;
                return;
        }
        if (from < inode->dirty_from)
                inode->dirty_from = from;
        if (to > inode->dirty_to)
                inode->dirty_to = to;
}

/* Whether the volume has room for @inode to have @size bytes. */
static bool has_room(const struct simdisk *disk, const struct inode *inode, uint64_t size)
{
        uint64_t has = inode->seen.size > inode->allocated ? inode->seen.size : inode->allocated;

        if (size <= (has + 4095) / 4096 * 4096)
                return true;
        return simdisk_used(disk) + disk->taken + (size - has) + 4095 <= disk->total;
}

static int64_t do_write(struct simdisk *disk, int descriptor, const void *bytes, size_t size,
                        uint64_t offset)
{
        struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_WRITE);

        ACD_ASSERT(handle_of(disk, descriptor)->is_writable);
        if (r < 0)
                return r;
        if (r == ADMITTED_SHORT && size > 1)
                size /= 2;
        if (!has_room(disk, inode, offset + size))
                return -ENOSPC;

        if (offset + size > inode->seen.size)
                bytes_resize(&inode->seen, offset + size);
        memcpy(inode->seen.at + offset, bytes, size);
        make_dirty(inode, offset, offset + size);
        return (int64_t)size;
}

static int do_sync(struct simdisk *disk, int descriptor)
{
        struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_SYNC);

        if (r < 0) {
                /* The pages are clean now, and what was in them is only in memory. */
                if (!disk->is_dead)
                        inode->dirty_from = inode->dirty_to = 0;
                return r;
        }

        bytes_resize(&inode->stored, inode->seen.size);
        if (inode->dirty_to > inode->seen.size)
                inode->dirty_to = inode->seen.size;
        if (inode->dirty_from < inode->dirty_to)
                memcpy(inode->stored.at + inode->dirty_from, inode->seen.at + inode->dirty_from,
                       inode->dirty_to - inode->dirty_from);
        inode->dirty_from = inode->dirty_to = 0;
        return 0;
}

static int do_truncate(struct simdisk *disk, int descriptor, uint64_t size)
{
        struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_TRUNCATE);

        if (r < 0)
                return r;
        if (!has_room(disk, inode, size))
                return -ENOSPC;
        /* What comes back after a cut is zeros, on the platter too once synced. */
        if (size < inode->seen.size)
                make_dirty(inode, size, inode->seen.size);
        if (inode->allocated > size)
                inode->allocated = size;
        bytes_resize(&inode->seen, size);
        return 0;
}

static int do_allocate(struct simdisk *disk, int descriptor, uint64_t size)
{
        struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_ALLOCATE);

        if (r < 0)
                return r;
        if (!has_room(disk, inode, size))
                return -ENOSPC;
        if (size > inode->allocated)
                inode->allocated = size;
        if (size > inode->seen.size)
                bytes_resize(&inode->seen, size);
        return 0;
}

static int64_t do_size(struct simdisk *disk, int descriptor)
{
        const struct inode *inode = file_of(disk, descriptor);
        int r = admit(disk, SIMDISK_SIZE);

        return r < 0 ? r : (int64_t)inode->seen.size;
}

static int do_close(struct simdisk *disk, int descriptor)
{
        struct handle *handle = handle_of(disk, descriptor);

        if (handle->kind == HANDLE_DIR && disk->dirs[handle->index].locked_by == descriptor)
                disk->dirs[handle->index].locked_by = 0;
        *handle = (struct handle){ 0 };
        simdisk_collect(disk);
        return 0;
}

/* ---- the table: the same, under the lock ---- */

#define LOCKED(type, call) \
        struct simdisk *disk = disk_of(self); \
        type result; \
        pthread_mutex_lock(&disk->lock); \
        result = call; \
        pthread_mutex_unlock(&disk->lock); \
        return result

static int io_open_dir(void *self, const char *path, bool create)
{
        LOCKED(int, do_open_dir(disk, path, create));
}

static int io_lock(void *self, int dir)
{
        LOCKED(int, do_lock(disk, dir));
}

static int io_sync_dir(void *self, int dir)
{
        LOCKED(int, do_sync_dir(disk, dir));
}

/* Without the lock during the callbacks, which may use the disk. */
static int io_list(void *self, int descriptor, journal_io_on_name *on_name, void *context)
{
        enum { LIST_MAX = 4096 };
        char(*names)[SIMDISK_NAME_SIZE] = malloc(LIST_MAX * sizeof(*names));
        struct simdisk *disk = disk_of(self);
        uint32_t count = 0;
        int r, stop = 0;

        ACD_ASSERT(names != NULL);
        pthread_mutex_lock(&disk->lock);
        r = admit(disk, SIMDISK_LIST);
        if (r >= 0)
                count = simdisk_names(disk, dir_of(disk, descriptor)->path, names, LIST_MAX);
        pthread_mutex_unlock(&disk->lock);
        ACD_ASSERT(count < LIST_MAX);

        for (uint32_t i = 0; stop == 0 && i < count; i++)
                stop = on_name(context, names[i]);
        free(names);
        return r < 0 ? r : stop;
}

static int io_rename(void *self, int dir, const char *from, const char *to)
{
        LOCKED(int, do_rename(disk, dir, from, to));
}

static int io_unlink(void *self, int dir, const char *name)
{
        LOCKED(int, do_unlink(disk, dir, name));
}

static int io_space(void *self, int dir, struct journal_io_space *ret_space)
{
        (void)dir;
        LOCKED(int, do_space(disk, ret_space));
}

static int io_open(void *self, int dir, const char *name, enum journal_io_mode mode)
{
        LOCKED(int, do_open(disk, dir, name, mode));
}

static int64_t io_read(void *self, int file, void *into, size_t size, uint64_t offset)
{
        LOCKED(int64_t, do_read(disk, file, into, size, offset));
}

static int64_t io_write(void *self, int file, const void *bytes, size_t size, uint64_t offset)
{
        LOCKED(int64_t, do_write(disk, file, bytes, size, offset));
}

static int io_sync(void *self, int file)
{
        LOCKED(int, do_sync(disk, file));
}

/* Nothing is promised, so nothing is done. */
static int io_write_back(void *self, int file, uint64_t offset, uint64_t size)
{
        (void)self;
        (void)file;
        (void)offset;
        (void)size;
        return 0;
}

static int io_truncate(void *self, int file, uint64_t size)
{
        LOCKED(int, do_truncate(disk, file, size));
}

static int io_allocate(void *self, int file, uint64_t size)
{
        LOCKED(int, do_allocate(disk, file, size));
}

static int64_t io_size(void *self, int file)
{
        LOCKED(int64_t, do_size(disk, file));
}

static int io_close(void *self, int descriptor)
{
        LOCKED(int, do_close(disk, descriptor));
}

#undef LOCKED

struct journal_io simdisk_make_io(struct simdisk *disk)
{
        return (struct journal_io){
                .open_dir = io_open_dir,
                .lock = io_lock,
                .sync_dir = io_sync_dir,
                .list = io_list,
                .rename = io_rename,
                .unlink = io_unlink,
                .space = io_space,
                .open = io_open,
                .read = io_read,
                .write = io_write,
                .sync = io_sync,
                .write_back = io_write_back,
                .truncate = io_truncate,
                .allocate = io_allocate,
                .size = io_size,
                .close = io_close,
                .self = disk,
        };
}

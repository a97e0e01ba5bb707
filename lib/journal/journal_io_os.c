/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The disk, as the operating system offers it.
 *
 * Nothing but translation: one system call a function, errors as negative errno.
 * What to do about a short write or a signal is decided in file.c, where it can
 * be tested with a disk that produces them at will.
 *
 * Descriptors are close-on-exec. There is no O_DIRECT and no O_SYNC: zeroed
 * files, plain writes and one fdatasync a batch are what measured best.
 */

#include "journal/journal_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FILE_MODE = 0640, DIR_MODE = 0750 };

/* The result of a system call as a value or a negative errno. */
static int result_of(int result)
{
        return result < 0 ? -errno : result;
}

/* Make the name of the directory @fd durable in its parent. */
static int sync_parent(int fd)
{
        int parent = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (parent < 0)
                return -errno;

        r = result_of(fsync(parent));
        (void)close(parent);
        return r;
}

static int os_open_dir(void *self, const char *path, bool create)
{
        bool is_made = create && mkdir(path, DIR_MODE) == 0;
        int fd, r;

        (void)self;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (!is_made)
                return fd;

        r = sync_parent(fd);
        if (r < 0) {
                (void)close(fd);
                return r;
        }
        return fd;
}

static int os_lock(void *self, int dir)
{
        (void)self;

        return result_of(flock(dir, LOCK_EX | LOCK_NB));
}

static int os_sync_dir(void *self, int dir)
{
        (void)self;

        return result_of(fsync(dir));
}

static int os_list(void *self, int dir, journal_io_on_name *on_name, void *context)
{
        DIR *stream;
        struct dirent *entry;
        int fd, r = 0;

        (void)self;

        /* A descriptor of its own: closedir() closes it, and its position is private. */
        fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        stream = fdopendir(fd);
        if (stream == NULL) {
                r = -errno;
                (void)close(fd);
                return r;
        }

        for (;;) {
                errno = 0;
                entry = readdir(stream);
                if (entry == NULL) {
                        r = -errno;
                        break;
                }
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = on_name(context, entry->d_name);
                if (r != 0)
                        break;
        }

        (void)closedir(stream);
        return r;
}

static int os_rename(void *self, int dir, const char *from, const char *to)
{
        (void)self;

        return result_of(renameat(dir, from, dir, to));
}

static int os_unlink(void *self, int dir, const char *name)
{
        (void)self;

        return result_of(unlinkat(dir, name, 0));
}

static int os_space(void *self, int dir, struct journal_io_space *ret_space)
{
        struct statvfs volume;

        (void)self;

        if (fstatvfs(dir, &volume) < 0)
                return -errno;

        ret_space->total_size = (uint64_t)volume.f_blocks * volume.f_frsize;
        ret_space->free_size = (uint64_t)volume.f_bavail * volume.f_frsize;
        return 0;
}

static int flags_of(enum journal_io_mode mode)
{
        switch (mode) {
        case JOURNAL_IO_READ:
                return O_RDONLY;
        case JOURNAL_IO_WRITE:
                return O_RDWR;
        case JOURNAL_IO_CREATE:
                return O_RDWR | O_CREAT | O_EXCL;
        case JOURNAL_IO_ANY:
                return O_RDWR | O_CREAT;
        }
        return O_RDONLY;
}

static int os_open(void *self, int dir, const char *name, enum journal_io_mode mode)
{
        (void)self;

        return result_of(openat(dir, name, flags_of(mode) | O_CLOEXEC | O_NOFOLLOW, FILE_MODE));
}

static int64_t os_read(void *self, int file, void *into, size_t size, uint64_t offset)
{
        ssize_t count;

        (void)self;

        count = pread(file, into, size, (off_t)offset);
        return count < 0 ? -errno : count;
}

static int64_t os_write(void *self, int file, const void *bytes, size_t size, uint64_t offset)
{
        ssize_t count;

        (void)self;

        count = pwrite(file, bytes, size, (off_t)offset);
        return count < 0 ? -errno : count;
}

static int os_sync(void *self, int file)
{
        (void)self;

        return result_of(fdatasync(file));
}

static int os_write_back(void *self, int file, uint64_t offset, uint64_t size)
{
        (void)self;

        return result_of(
                sync_file_range(file, (off_t)offset, (off_t)size, SYNC_FILE_RANGE_WRITE));
}

static int os_truncate(void *self, int file, uint64_t size)
{
        (void)self;

        return result_of(ftruncate(file, (off_t)size));
}

static int os_allocate(void *self, int file, uint64_t size)
{
        (void)self;

        return size == 0 ? 0 : -posix_fallocate(file, 0, (off_t)size);
}

static int64_t os_size(void *self, int file)
{
        struct stat status;

        (void)self;

        return fstat(file, &status) < 0 ? -errno : status.st_size;
}

static int os_close(void *self, int descriptor)
{
        (void)self;

        return result_of(close(descriptor));
}

const struct journal_io journal_io_os = {
        .open_dir = os_open_dir,
        .lock = os_lock,
        .sync_dir = os_sync_dir,
        .list = os_list,
        .rename = os_rename,
        .unlink = os_unlink,
        .space = os_space,
        .open = os_open,
        .read = os_read,
        .write = os_write,
        .sync = os_sync,
        .write_back = os_write_back,
        .truncate = os_truncate,
        .allocate = os_allocate,
        .size = os_size,
        .close = os_close,
};

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Complete reads and writes, and errors with names.
 *
 * A write may stop short or be interrupted; both are continued. Interruptions
 * are counted, because a disk (or a test) that interrupts for ever must end as
 * an error and not as a loop.
 */

#include "journal/file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

/* More in a row than any signal handler explains. */
enum { INTERRUPTION_COUNT_MAX = 64 };

static enum journal_remedy remedy_of(int code)
{
        switch (-code) {
        case ENOSPC:
        case EDQUOT:
                return JOURNAL_REMEDY_SPACE;
        case EIO:
        case EROFS:
                return JOURNAL_REMEDY_DISK;
        default:
                return JOURNAL_REMEDY_NONE;
        }
}

static int file_failed(const struct journal_file *file, int code, uint64_t offset,
                       struct journal_error *error, const char *what)
{
        const struct journal_place place = { file->dir->path, file->name, offset };

        return journal_error_set(error, code, remedy_of(code), &place, "%s", what);
}

int journal_file_open(struct journal_file *file, const struct journal_dir *dir, const char *name,
                      enum journal_io_mode mode, struct journal_error *error)
{
        int r;

        *file = JOURNAL_FILE_NULL;
        file->dir = dir;
        (void)snprintf(file->name, sizeof(file->name), "%s", name);

        r = dir->io->open(dir->io->self, dir->fd, name, mode);
        if (r < 0) {
                r = file_failed(file, r, JOURNAL_NO_OFFSET, error, "cannot be opened");
                *file = JOURNAL_FILE_NULL;
                return r;
        }

        file->fd = r;
        return 0;
}

void journal_file_close(struct journal_file *file)
{
        if (file->dir != NULL)
                (void)file->dir->io->close(file->dir->io->self, file->fd);

        *file = JOURNAL_FILE_NULL;
}

int64_t journal_file_read(const struct journal_file *file, void *into, size_t size, uint64_t offset,
                          struct journal_error *error)
{
        const struct journal_io *io = file->dir->io;
        size_t done = 0;
        int interruption_count = 0;

        while (done < size) {
                int64_t count = io->read(io->self, file->fd, (uint8_t *)into + done, size - done,
                                         offset + done);

                if (count == -EINTR && ++interruption_count < INTERRUPTION_COUNT_MAX)
                        continue;
                if (count < 0)
                        return file_failed(file, (int)count, offset + done, error,
                                           "cannot be read");
                if (count == 0)
                        break;
                done += (size_t)count;
                interruption_count = 0;
        }

        return (int64_t)done;
}

int journal_file_write(const struct journal_file *file, const void *bytes, size_t size,
                       uint64_t offset, struct journal_error *error)
{
        const struct journal_io *io = file->dir->io;
        size_t done = 0;
        int interruption_count = 0;

        while (done < size) {
                int64_t count = io->write(io->self, file->fd, (const uint8_t *)bytes + done,
                                          size - done, offset + done);

                if (count == -EINTR && ++interruption_count < INTERRUPTION_COUNT_MAX)
                        continue;
                /* A disk that takes nothing and gives no reason would be asked for ever. */
                if (count == 0)
                        count = -EIO;
                if (count < 0)
                        return file_failed(file, (int)count, offset + done, error,
                                           "cannot be written");
                done += (size_t)count;
                interruption_count = 0;
        }

        return 0;
}

int journal_file_sync(const struct journal_file *file, struct journal_error *error)
{
        int r = file->dir->io->sync(file->dir->io->self, file->fd);

        return r < 0 ? file_failed(file, r, JOURNAL_NO_OFFSET, error, "cannot be synced") : 0;
}

void journal_file_write_back(const struct journal_file *file, uint64_t offset, uint64_t size)
{
        (void)file->dir->io->write_back(file->dir->io->self, file->fd, offset, size);
}

int journal_file_truncate(const struct journal_file *file, uint64_t size,
                          struct journal_error *error)
{
        int r = file->dir->io->truncate(file->dir->io->self, file->fd, size);

        return r < 0 ? file_failed(file, r, size, error, "cannot be cut") : 0;
}

int journal_file_allocate(const struct journal_file *file, uint64_t size,
                          struct journal_error *error)
{
        int r = file->dir->io->allocate(file->dir->io->self, file->fd, size);

        return r < 0 ? file_failed(file, r, size, error, "cannot be given its blocks") : 0;
}

int journal_file_size(const struct journal_file *file, uint64_t *ret_size,
                      struct journal_error *error)
{
        int64_t size = file->dir->io->size(file->dir->io->self, file->fd);

        if (size < 0)
                return file_failed(file, (int)size, JOURNAL_NO_OFFSET, error,
                                   "cannot be asked for its size");

        *ret_size = (uint64_t)size;
        return 0;
}

int journal_file_damaged(const struct journal_file *file, uint64_t offset,
                         struct journal_error *error, const char *format, ...)
{
        const struct journal_place place = { file->dir->path, file->name, offset };
        char what[JOURNAL_ERROR_TEXT_SIZE];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(what, sizeof(what), format, arguments);
        va_end(arguments);

        return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place, "%s", what);
}

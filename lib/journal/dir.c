/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The data directory: its lock, its names, and making them durable.
 *
 * The lock is flock() on the directory itself: no lock file to leave behind,
 * and the kernel lets go when the process dies, however it dies.
 */

#include "journal/dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

#define TEMPORARY_SUFFIX ".tmp"

enum { NUMBER_DIGIT_COUNT = 16, TEMPORARY_SUFFIX_SIZE = sizeof(TEMPORARY_SUFFIX) - 1 };

static int dir_failed(const struct journal_dir *dir, int code, const char *name,
                      struct journal_error *error, const char *what)
{
        const struct journal_place place = { dir->path, name, JOURNAL_NO_OFFSET };
        enum journal_remedy remedy = JOURNAL_REMEDY_NONE;

        if (code == -EWOULDBLOCK)
                remedy = JOURNAL_REMEDY_OWNER;
        else if (code == -ENOSPC || code == -EDQUOT)
                remedy = JOURNAL_REMEDY_SPACE;
        else if (code == -EIO || code == -EROFS)
                remedy = JOURNAL_REMEDY_DISK;

        return journal_error_set(error, code, remedy, &place, "%s", what);
}

int journal_dir_open(struct journal_dir *dir, const struct journal_io *io, const char *path,
                     enum journal_dir_mode mode, struct journal_error *error)
{
        const char *what;
        int r;

        *dir = (struct journal_dir){ .io = io, .fd = -1 };
        (void)snprintf(dir->path, sizeof(dir->path), "%s", path);

        what = "the name of the data directory is too long";
        r = -ENAMETOOLONG;
        if (strlen(path) >= sizeof(dir->path))
                goto fail;

        what = "the data directory cannot be opened";
        r = io->open_dir(io->self, path, mode == JOURNAL_DIR_OWN);
        if (r < 0)
                goto fail;
        dir->fd = r;

        if (mode == JOURNAL_DIR_READ)
                return 0;

        what = "the data directory is in use by another process";
        r = io->lock(io->self, dir->fd);
        if (r < 0)
                goto fail;

        return 0;

fail:
        r = dir_failed(dir, r, NULL, error, what);
        journal_dir_close(dir);
        return r;
}

void journal_dir_close(struct journal_dir *dir)
{
        if (dir->io != NULL && dir->fd >= 0)
                (void)dir->io->close(dir->io->self, dir->fd);

        *dir = (struct journal_dir){ .fd = -1 };
}

int journal_dir_sync(const struct journal_dir *dir, struct journal_error *error)
{
        int r = dir->io->sync_dir(dir->io->self, dir->fd);

        return r < 0 ? dir_failed(dir, r, NULL, error, "the directory cannot be synced") : 0;
}

int journal_dir_rename(const struct journal_dir *dir, const char *from, const char *to,
                       struct journal_error *error)
{
        int r = dir->io->rename(dir->io->self, dir->fd, from, to);

        return r < 0 ? dir_failed(dir, r, from, error, "cannot be renamed") : 0;
}

int journal_dir_unlink(const struct journal_dir *dir, const char *name, struct journal_error *error)
{
        int r = dir->io->unlink(dir->io->self, dir->fd, name);

        return r < 0 && r != -ENOENT ? dir_failed(dir, r, name, error, "cannot be removed") : 0;
}

void journal_dir_discard(const struct journal_dir *dir, const char *name)
{
        (void)dir->io->unlink(dir->io->self, dir->fd, name);
}

int journal_dir_list(const struct journal_dir *dir, journal_io_on_name *on_name, void *context,
                     struct journal_error *error)
{
        int r = dir->io->list(dir->io->self, dir->fd, on_name, context);

        return r < 0 ? dir_failed(dir, r, NULL, error, "the directory cannot be listed") : r;
}

void journal_name_format(char into[JOURNAL_NAME_SIZE], const char *prefix, uint64_t number)
{
        int length =
                snprintf(into, JOURNAL_NAME_SIZE, "%s-%016llx", prefix, (unsigned long long)number);

        ACD_ASSERT(length > NUMBER_DIGIT_COUNT);
        ACD_ASSERT(length < JOURNAL_NAME_SIZE);
}

void journal_name_format_temporary(char into[JOURNAL_NAME_SIZE], const char *prefix,
                                   uint64_t number)
{
        size_t size;

        journal_name_format(into, prefix, number);
        size = strlen(into);
        ACD_ASSERT(size + sizeof(TEMPORARY_SUFFIX) <= JOURNAL_NAME_SIZE);
        memcpy(into + size, TEMPORARY_SUFFIX, sizeof(TEMPORARY_SUFFIX));
}

static int digit_of(char character)
{
        if (character >= '0' && character <= '9')
                return character - '0';
        if (character >= 'a' && character <= 'f')
                return character - 'a' + 10;
        return -1;
}

bool journal_name_parse(const char *name, const char *prefix, uint64_t *ret_number)
{
        size_t prefix_size = strlen(prefix);
        uint64_t number = 0;

        if (strlen(name) != prefix_size + 1 + NUMBER_DIGIT_COUNT)
                return false;
        if (memcmp(name, prefix, prefix_size) != 0 || name[prefix_size] != '-')
                return false;

        for (const char *at = name + prefix_size + 1; *at != '\0'; at++) {
                int digit = digit_of(*at);

                if (digit < 0)
                        return false;
                number = number << 4 | (uint64_t)digit;
        }

        *ret_number = number;
        return true;
}

bool journal_name_is_temporary(const char *name)
{
        size_t size = strlen(name);

        return size > TEMPORARY_SUFFIX_SIZE &&
               strcmp(name + size - TEMPORARY_SUFFIX_SIZE, TEMPORARY_SUFFIX) == 0;
}

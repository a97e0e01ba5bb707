/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The disk, as a table of functions.
 *
 * Everything lib/journal keeps lives in one directory, reached through this
 * table and through nothing else. Production passes journal_io_os; tests and
 * the simulator pass a disk that tears, fills up, lies and forgets.
 *
 *   Ownership  A descriptor belongs to whoever opened it, until close(). The
 *              table must outlive everything that was given it.
 *   Failure    Each function returns a value >= 0, or a negative errno. -EINTR
 *              and short counts are possible from read() and write(); the
 *              callers in this library deal with them in one place (file.c).
 *   Cost       One system call each, except list() and allocate().
 *   Threads    As the system: different descriptors from different threads.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum journal_io_mode {
        JOURNAL_IO_READ,   /* must exist */
        JOURNAL_IO_WRITE,  /* must exist; read and write */
        JOURNAL_IO_CREATE, /* must not exist; read and write */
        JOURNAL_IO_ANY,    /* read and write, created when absent */
};

struct journal_io_space {
        uint64_t total_size;
        uint64_t free_size; /* what this process may still use */
};

/* Called once per file name. Returning non-zero stops the listing, and list()
 * returns that value. */
typedef int journal_io_on_name(void *context, const char *name);

struct journal_io {
        /* A descriptor of the directory @path, made (one level) when @create. */
        int (*open_dir)(void *self, const char *path, bool create);
        /* Own the directory until the descriptor is closed, or -EWOULDBLOCK. */
        int (*lock)(void *self, int dir);
        int (*sync_dir)(void *self, int dir);
        int (*list)(void *self, int dir, journal_io_on_name *on_name, void *context);
        /* Replaces @to when it exists, in one step. Durable after sync_dir(). */
        int (*rename)(void *self, int dir, const char *from, const char *to);
        int (*unlink)(void *self, int dir, const char *name);
        int (*space)(void *self, int dir, struct journal_io_space *ret_space);

        int (*open)(void *self, int dir, const char *name, enum journal_io_mode mode);
        int64_t (*read)(void *self, int file, void *into, size_t size, uint64_t offset);
        int64_t (*write)(void *self, int file, const void *bytes, size_t size, uint64_t offset);
        int (*sync)(void *self, int file); /* bytes and size, as fdatasync() */
        /* Begin to bring these bytes to the disk, so that a later sync, of whatever file, has less
         * before it. A hint: nothing is waited for and nothing is promised. */
        int (*write_back)(void *self, int file, uint64_t offset, uint64_t size);
        int (*truncate)(void *self, int file, uint64_t size);
        /* Blocks for the first @size bytes, so that writing them cannot fail for
         * lack of space. New bytes read as zeros; the file is at least @size. */
        int (*allocate)(void *self, int file, uint64_t size);
        int64_t (*size)(void *self, int file);
        int (*close)(void *self, int descriptor);

        void *self;
};

/* The operating system. The only place in the program that does file I/O. */
extern const struct journal_io journal_io_os;

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of unknown origin, line by line.
 *
 * The file is read through zlib in blocks, which takes plain text as well. At
 * most LINES_SIZE_MAX + 1 bytes of a line are kept: enough to know that it is too
 * long. Not gzgets(): that ends a line at a zero byte and does not tell.
 */

#include "clients/replay/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BLOCK_SIZE = 65536 };

struct liner {
        lines_take *take;
        void *context;
        uint64_t line;
        size_t size;
        char text[LINES_SIZE_MAX + 1];
        char block[BLOCK_SIZE];
};

static int take_line(struct liner *liner)
{
        size_t size = liner->size;

        liner->size = 0;
        if (size > 0 && size <= LINES_SIZE_MAX && liner->text[size - 1] == '\r')
                size--;
        return liner->take(liner->context, ++liner->line, liner->text, size);
}

static int take_block(struct liner *liner, size_t size)
{
        const char *at = liner->block;
        const char *end = at + size;

        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t part = (size_t)((newline == NULL ? end : newline) - at);
                size_t room = sizeof(liner->text) - liner->size;
                int r;

                memcpy(liner->text + liner->size, at, part < room ? part : room);
                liner->size += part < room ? part : room;
                if (newline == NULL)
                        return 0;
                r = take_line(liner);
                if (r < 0)
                        return r;
                at = newline + 1;
        }
        return 0;
}

static int take_file(struct liner *liner, gzFile file)
{
        int got;

        while ((got = gzread(file, liner->block, BLOCK_SIZE)) > 0) {
                int r = take_block(liner, (size_t)got);

                if (r < 0)
                        return r;
        }
        if (got < 0)
                return -EIO;
        return liner->size > 0 ? take_line(liner) : 0;
}

static int read_file(const char *path, struct liner *liner)
{
        gzFile file;
        int r;

        errno = 0;
        file = gzopen(path, "rb");
        if (file == NULL)
                return errno != 0 ? -errno : -ENOMEM;
        r = take_file(liner, file);
        /* The end of the archive is checked when it is read; a cut one shows here. */
        if (gzclose_r(file) != Z_OK && r == 0)
                r = -EIO;
        return r;
}

int lines_read(const char *path, lines_take *take, void *context)
{
        struct liner *liner = calloc(1, sizeof(*liner));
        int r = -ENOMEM;

        if (liner != NULL) {
                liner->take = take;
                liner->context = context;
                r = read_file(path, liner);
        }
        free(liner);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Errors in words.
 *
 * A daemon that refuses to start at four in the morning is read by somebody who
 * has never seen this code. So an error is not a number: it names the file, the
 * byte, what was found there, and one thing to do next. The remedies are a
 * closed table, so that the manual can list them all.
 */

#include "journal/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const char *const remedy_texts[JOURNAL_REMEDY_COUNT] = {
        [JOURNAL_REMEDY_NONE] = "",
        [JOURNAL_REMEDY_SALVAGE] = "restore the directory from a copy, or run acdd --salvage DIR",
        [JOURNAL_REMEDY_SPACE] = "free space on this volume and start again",
        [JOURNAL_REMEDY_DISK] = "the disk may be failing: read the kernel log first",
        [JOURNAL_REMEDY_RESTART] = "start again: everything acknowledged is recovered",
        [JOURNAL_REMEDY_OWNER] = "stop the process that owns it, or name another directory",
        [JOURNAL_REMEDY_UPGRADE] = "start the build that wrote it",
        [JOURNAL_REMEDY_SETTINGS] = "correct the setting",
};

int journal_error_set(struct journal_error *error, int code, enum journal_remedy remedy,
                      const struct journal_place *place, const char *format, ...)
{
        va_list arguments;

        ACD_ASSERT(code < 0);
        ACD_ASSERT(remedy < JOURNAL_REMEDY_COUNT);

        if (error == NULL)
                return code;

        error->code = code;
        error->remedy = remedy;
        error->offset = place->offset;
        if (place->name != NULL)
                (void)snprintf(error->path, sizeof(error->path), "%s/%s", place->dir_path,
                               place->name);
        else
                (void)snprintf(error->path, sizeof(error->path), "%s", place->dir_path);

        va_start(arguments, format);
        (void)vsnprintf(error->what, sizeof(error->what), format, arguments);
        va_end(arguments);

        return code;
}

size_t journal_error_format(const struct journal_error *error, char *into, size_t size)
{
        char offset_text[40] = "";
        const char *remedy = journal_remedy_text(error->remedy);
        int length;

        if (error->offset != JOURNAL_NO_OFFSET)
                (void)snprintf(offset_text, sizeof(offset_text), " at byte %llu",
                               (unsigned long long)error->offset);

        length = snprintf(into, size, "%s%s: %s (%s)%s%s", error->path, offset_text, error->what,
                          strerrordesc_np(-error->code), remedy[0] == '\0' ? "" : "; ", remedy);
        ACD_ASSERT(length >= 0);

        return (size_t)length;
}

const char *journal_remedy_text(enum journal_remedy remedy)
{
        ACD_ASSERT(remedy < JOURNAL_REMEDY_COUNT);

        return remedy_texts[remedy];
}

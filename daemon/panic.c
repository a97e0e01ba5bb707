/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acd_panic() of the daemon: where, which build, and how far the journal had
 * come. With the journal that is enough to replay the way there. Nothing is
 * flushed or saved: what memory says is no longer to be believed, and what was
 * acknowledged is on disk.
 *
 * The one pointer at file scope of the daemon: an assertion has no context.
 */

#include "daemon/panic.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/shard.h"
#include "daemon/version.h"

static const struct shard *known;

void panic_know(const struct shard *shard)
{
        known = shard;
}

void acd_panic(const char *file, int line, const char *function, const char *what)
{
        char text[768];
        int size;

        if (known != NULL && known->journal != NULL)
                size = snprintf(
                        text, sizeof(text),
                        "acdd: bug at %s:%d in %s: %s; build=%s epoch=%u lsn=%llu "
                        "committed_lsn=%llu; the next start replays what was acknowledged\n",
                        file, line, function, what, version_build, journal_epoch(known->journal),
                        (unsigned long long)journal_last_lsn(known->journal),
                        (unsigned long long)journal_committed_lsn(known->journal));
        else
                size = snprintf(text, sizeof(text), "acdd: bug at %s:%d in %s: %s; build=%s\n",
                                file, line, function, what, version_build);
        if (size > (int)sizeof(text) - 1)
                size = (int)sizeof(text) - 1;
        if (write(STDERR_FILENO, text, (size_t)size) < 0)
                abort();
        abort();
}

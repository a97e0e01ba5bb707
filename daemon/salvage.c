/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdd --salvage: the steps of salvage.h in order, and the report.
 *
 * The report is written in memory first: where it will lie is known only when
 * everything was read, and reading must not change anything.
 */

#include "daemon/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/server.h"
#include "daemon/system.h"

enum { TEXT_SIZE = 1024 };

static void write_summary(struct salvage *salvage)
{
        const struct salvage_counts *counts = &salvage->counts;
        struct acd_usage usage = acd_usage(salvage->acd);

        (void)fprintf(
                salvage->text,
                "\nrecords read:              %llu in %llu segments, %llu gaps of %llu bytes\n"
                "replayed exactly:          %llu\n"
                "applied after the gap:     %llu, and %llu submits\n"
                "left out after the gap:    %llu (offers, presence, time)\n"
                "refused after the gap:     %llu\n"
                "over by the event log:     %llu submits, %llu contacts of before the gap\n"
                "to confirm by agents:      %llu\n"
                "open contacts now:         %u\n"
                "highest epoch met:         %u; the next start has %u%s\n",
                (unsigned long long)salvage->report.record_count,
                (unsigned long long)salvage->report.segment_count,
                (unsigned long long)salvage->report.gap_count,
                (unsigned long long)salvage->report.gap_size, (unsigned long long)counts->exact,
                (unsigned long long)counts->applied, (unsigned long long)counts->submitted_again,
                (unsigned long long)counts->skipped, (unsigned long long)counts->refused,
                (unsigned long long)counts->known_over,
                (unsigned long long)counts->closed_by_events,
                (unsigned long long)counts->to_confirm, usage.used.contact_count_max,
                salvage->report.epoch_max, salvage_epoch(salvage) + 1,
                salvage_epoch(salvage) >= acd_epoch(salvage->acd) + ACD_HISTORY_STEP - 1
                        ? ", a new history"
                        : "");
        (void)fflush(salvage->text);
        salvage->text_size = (size_t)ftell(salvage->text);
}

static int salvage_all(struct salvage *salvage, struct journal_error *error)
{
        int r;

        r = journal_dir_open(&salvage->dir, &journal_io_os,
                             options_text(salvage->options, OPTION_DATA_DIR), JOURNAL_DIR_OWN,
                             error);
        if (r < 0)
                return r;
        salvage->has_meta = journal_meta_read(&salvage->dir, &salvage->meta, error) >= 0;
        r = salvage_load(salvage, error);
        if (r >= 0)
                r = salvage_read(salvage, error);
        if (r < 0)
                return r;
        if (acd_epoch(salvage->acd) == 0)
                return journal_error_set(
                        error, -ENODATA, JOURNAL_REMEDY_NONE,
                        &(struct journal_place){ salvage->dir.path, NULL, JOURNAL_NO_OFFSET },
                        "neither a snapshot nor the first records can be read: "
                        "there is nothing to build on; nothing was changed");
        write_summary(salvage);
        return salvage_write(salvage, error);
}

static int reserve(struct salvage *salvage)
{
        salvage->told = world_system_os.reserve(NULL, SALVAGE_TOLD_MAX * sizeof(*salvage->told));
        salvage->submitted =
                world_system_os.reserve(NULL, SALVAGE_TOLD_MAX * sizeof(*salvage->submitted));
        salvage->text_bytes = world_system_os.reserve(NULL, SALVAGE_TEXT_SIZE);
        if (salvage->told == NULL || salvage->submitted == NULL || salvage->text_bytes == NULL)
                return -ENOMEM;
        salvage->text = fmemopen(salvage->text_bytes, SALVAGE_TEXT_SIZE, "w");
        return salvage->text == NULL ? -ENOMEM : 0;
}

/* The process ends after this: memory is the system's to take back. */
int salvage_run(const struct options *options)
{
        struct salvage *salvage = world_system_os.reserve(NULL, sizeof(*salvage));
        struct journal_error error = { 0 };
        char text[TEXT_SIZE];
        int r;

        if (salvage == NULL)
                return SERVER_EXIT_START;
        salvage->options = options;
        salvage->limits = options_limits(options);
        salvage->next_lsn = 1;
        salvage->is_exact = true;
        r = reserve(salvage);
        if (r >= 0)
                r = salvage_all(salvage, &error);
        journal_dir_close(&salvage->dir);
        if (salvage->text != NULL)
                (void)fclose(salvage->text);
        if (r < 0) {
                if (error.code != 0)
                        (void)journal_error_format(&error, text, sizeof(text));
                else
                        (void)snprintf(text, sizeof(text), "%s", strerror(-r));
                (void)fprintf(stderr, "acdd: salvage: %s\n", text);
                return SERVER_EXIT_START;
        }
        (void)fwrite(salvage->text_bytes, 1, salvage->text_size, stdout);
        (void)printf("the old files and this report are in %s\n", salvage->folder);
        return SERVER_EXIT_OK;
}

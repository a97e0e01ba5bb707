/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing call records in the published format, so that a generated day goes
 * through the same reader as a recorded one, and so that what a simulation did
 * can be compared with any tool that knows the format.
 *
 * What the format has and we do not know is written as its "nothing": customer
 * id 0, line AA0101. An error of the file is remembered and told at the close,
 * where the data may be found not to have reached the disk.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "clients/replay/bank.h"

struct bank_writer {
        gzFile file;
        int error;
};

static const char header[] =
        "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\t"
        "q_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\n";

struct bank_writer *bank_writer_open(const char *path)
{
        size_t size = strlen(path);
        bool is_compressed = size > 3 && strcmp(path + size - 3, ".gz") == 0;
        struct bank_writer *writer = calloc(1, sizeof(*writer));

        if (writer == NULL)
                return NULL;
        errno = 0;
        writer->file = gzopen(path, is_compressed ? "wb" : "wT");
        if (writer->file == NULL) {
                int error = errno != 0 ? errno : ENOMEM;

                free(writer);
                errno = error;
                return NULL;
        }
        if (gzputs(writer->file, header) < 0)
                writer->error = -EIO;
        return writer;
}

struct clock_text {
        char text[16];
};

/* The time of day, or 0:00:00 for a time that is none. */
static struct clock_text clock_of(int64_t second, bool is_set)
{
        struct clock_text clock;
        int64_t of_day = is_set ? second % 86400 : 0;

        snprintf(clock.text, sizeof(clock.text), "%" PRId64 ":%02" PRId64 ":%02" PRId64,
                 of_day / 3600, of_day / 60 % 60, of_day % 60);
        return clock;
}

void bank_writer_add(struct bank_writer *writer, const struct bank *bank,
                     const struct bank_record *record, uint32_t number)
{
        bool is_served = record->outcome == BANK_AGENT;
        int64_t vru_exit = record->arrival_s != 0 ? record->arrival_s : record->entry_s;
        int64_t queue_exit = record->arrival_s + record->wait_s;
        int64_t service_end = record->service_start_s + record->service_s;
        const char *server =
                record->server == BANK_NO_SERVER ? "NO_SERVER" : bank->server[record->server];
        int written;

        written = gzprintf(
                writer->file,
                "AA0101\t%" PRIu32 "\t0\t%d\t%s\t%06" PRIu32 "\t%s\t%s\t%" PRId64
                "\t%s\t%s\t%" PRIu32 "\t%s\t%s\t%s\t%" PRIu32 "\t%s\n",
                number, record->priority, bank->type[record->type], bank_date(record->entry_s),
                clock_of(record->entry_s, true).text, clock_of(vru_exit, true).text,
                vru_exit - record->entry_s, clock_of(record->arrival_s, record->is_queued).text,
                clock_of(queue_exit, record->is_queued).text,
                record->is_queued ? record->wait_s : 0, is_served ? "AGENT" : "HANG",
                clock_of(record->service_start_s, is_served).text,
                clock_of(service_end, is_served).text, is_served ? record->service_s : 0, server);
        if (written <= 0)
                writer->error = -EIO;
}

int bank_writer_close(struct bank_writer *writer)
{
        int error = writer->error;

        if (gzclose(writer->file) != Z_OK && error == 0)
                error = -EIO;
        free(writer);
        return error;
}

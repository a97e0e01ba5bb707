/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new directory in the place of the old one.
 *
 * The old files are moved, not copied and not changed: into DIR/salvage-N, the
 * first N that is free. Then a journal is begun as in an empty directory, the
 * state becomes its snapshot at record 0, and META gets an epoch of which the next
 * is so far above the highest one that was ever met that the next start begins a
 * new history: old offers and old writers of Redis streams are fenced, readers of
 * events are told to begin anew, and no id is given out that something lost in a
 * gap may have had. Where that is not possible any more (salvage_epoch), the next
 * start is only above.
 *
 * A crash in between leaves a directory without META or without data, and the
 * old files in the folder: salvage can be run again after moving them back.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "daemon/salvage.h"
#include "daemon/snapshotter.h"
#include "daemon/system.h"
#include "journal/journal.h"

enum { FOLDER_MAX = 10000, NAME_MAX_COUNT = 65536 };

struct names {
        struct salvage *salvage;
        uint32_t count;
        char (*name)[JOURNAL_NAME_SIZE];
};

/* ---- moving ---- */

static bool is_ours(const char *name)
{
        static const char *const prefixes[] = { "log-", "spare-", "snapshot", "events-" };

        if (strcmp(name, "META") == 0 || journal_name_is_temporary(name))
                return true;
        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
                if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        }
        return false;
}

static int on_name(void *context, const char *name)
{
        struct names *names = context;

        if (!is_ours(name) || strlen(name) >= JOURNAL_NAME_SIZE)
                return 0;
        if (names->count == NAME_MAX_COUNT)
                return -EOVERFLOW;
        memcpy(names->name[names->count++], name, strlen(name) + 1);
        return 0;
}

/* DIR/salvage-N, made. */
static int make_folder(struct salvage *salvage, struct journal_error *error)
{
        const struct journal_io *io = salvage->dir.io;

        for (int i = 1; i < FOLDER_MAX; i++) {
                int fd;

                (void)snprintf(salvage->folder, sizeof(salvage->folder), "%s/salvage-%d",
                               salvage->dir.path, i);
                fd = io->open_dir(io->self, salvage->folder, false);
                if (fd >= 0) {
                        (void)io->close(io->self, fd);
                        continue;
                }
                fd = io->open_dir(io->self, salvage->folder, true);
                if (fd < 0)
                        return journal_error_set(
                                error, fd, JOURNAL_REMEDY_SPACE,
                                &(struct journal_place){ salvage->folder, NULL, JOURNAL_NO_OFFSET },
                                "cannot make the folder");
                (void)io->close(io->self, fd);
                return 0;
        }
        return -EEXIST;
}

static int move_names(struct salvage *salvage, const struct names *names,
                      struct journal_error *error)
{
        const char *folder = strrchr(salvage->folder, '/') + 1;

        for (uint32_t i = 0; i < names->count; i++) {
                char to[SALVAGE_PATH_SIZE];
                int r;

                (void)snprintf(to, sizeof(to), "%s/%s", folder, names->name[i]);
                r = journal_dir_rename(&salvage->dir, names->name[i], to, error);
                if (r < 0)
                        return r;
        }
        return journal_dir_sync(&salvage->dir, error);
}

static int move_files(struct salvage *salvage, struct journal_error *error)
{
        struct names names = { .salvage = salvage };
        size_t size = (size_t)NAME_MAX_COUNT * JOURNAL_NAME_SIZE;
        int r;

        names.name = world_system_os.reserve(NULL, size);
        if (names.name == NULL)
                return -ENOMEM;
        r = make_folder(salvage, error);
        if (r >= 0)
                r = journal_dir_list(&salvage->dir, on_name, &names, error);
        if (r >= 0)
                r = move_names(salvage, &names, error);
        world_system_os.release(NULL, names.name, size);
        return r;
}

/* ---- the new directory ---- */

static int write_snapshot(struct salvage *salvage, const struct journal_dir *dir,
                          struct journal_error *error)
{
        struct snapshot_writer *writer = world_system_os.reserve(NULL, sizeof(*writer));
        struct snapshot_head head = {
                .now_ns = salvage->now,
                .wall_ns = salvage->wall_ns,
                .digest = acd_digest(salvage->acd),
                .epoch = salvage->report.epoch_max,
                .logic_version = ACD_LOGIC_VERSION,
        };
        int r;

        if (writer == NULL)
                return -ENOMEM;
        r = snapshot_begin(writer, dir, &head, error);
        if (r >= 0) {
                r = snapshotter_write_state(salvage->acd, writer);
                if (r >= 0)
                        r = snapshot_finish(writer, error);
                else
                        snapshot_abandon(writer);
        }
        world_system_os.release(NULL, writer, sizeof(*writer));
        return r;
}

uint32_t salvage_epoch(const struct salvage *salvage)
{
        uint32_t epoch = salvage->report.epoch_max;

        if (salvage->has_meta && salvage->meta.epoch > epoch)
                epoch = salvage->meta.epoch;
        return epoch <= UINT32_MAX - ACD_HISTORY_STEP &&
                               acd_can_begin_history(salvage->acd, epoch + ACD_HISTORY_STEP -
                                                                           acd_epoch(salvage->acd))
                       ? epoch + ACD_HISTORY_STEP - 1
                       : epoch;
}

/* An empty log that was stopped cleanly, and the state beside it. */
static int fill_directory(struct salvage *salvage, struct journal *journal,
                          struct journal_error *error)
{
        struct journal_meta meta;
        int r;

        r = journal_start(journal, world_system_os.random(NULL) | 1, 1, error);
        if (r >= 0)
                r = journal_stop(journal);
        if (r >= 0)
                r = write_snapshot(salvage, journal_directory(journal), error);
        if (r >= 0)
                r = journal_meta_read(journal_directory(journal), &meta, error);
        if (r < 0)
                return r;
        meta.epoch = salvage_epoch(salvage);
        return journal_meta_write(journal_directory(journal), &meta, error);
}

static int make_directory(struct salvage *salvage, struct journal_error *error)
{
        struct journal_options options = {
                .mode = JOURNAL_OWN,
                .segment_size = options_number(salvage->options, OPTION_SEGMENT_SIZE),
                .made_wall_ns = salvage->meta.made_wall_ns,
                .secret = world_system_os.random(NULL),
        };
        size_t size = journal_size(&options);
        void *memory = world_system_os.reserve(NULL, size);
        struct journal *journal = NULL;
        int r;

        if (memory == NULL)
                return -ENOMEM;
        memcpy(options.slots, salvage->meta.slots, sizeof(options.slots));
        r = journal_open(memory, &options, options_text(salvage->options, OPTION_DATA_DIR),
                         &journal, error);
        if (r >= 0) {
                r = fill_directory(salvage, journal, error);
                journal_close(journal);
        }
        world_system_os.release(NULL, memory, size);
        return r;
}

static void write_report(struct salvage *salvage)
{
        char path[SALVAGE_PATH_SIZE + 16];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/report.txt", salvage->folder);
        file = fopen(path, "w");
        if (file == NULL)
                return;
        (void)fwrite(salvage->text_bytes, 1, salvage->text_size, file);
        (void)fclose(file);
}

int salvage_write(struct salvage *salvage, struct journal_error *error)
{
        int r = move_files(salvage, error);

        if (r < 0)
                return r;
        journal_dir_close(&salvage->dir);
        write_report(salvage);
        return make_directory(salvage, error);
}

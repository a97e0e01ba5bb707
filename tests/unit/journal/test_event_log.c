/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log: positions that repeat, cursors, cuts, retention, seeking.
 *
 * The model is an array of what was appended. Contents of entry i follow from i.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/event_format.h"
#include "tests/unit/journal/event_fixture.h"

TestSuite(event_log, .init = set_up, .fini = tear_down, .timeout = 120);

/* Goal    From any entry on, a cursor reads what was appended, over segments. */
Test(event_log, cursors_begin_anywhere)
{
        append(300);
        flush();
        cr_assert_gt(segment_count(), 5);
        for (uint32_t i = 0; i <= 300; i += 7)
                check_from(i);
}

/* Goal    What is not flushed is not seen; a cursor at the end waits there. */
Test(event_log, only_flushed_entries_are_seen)
{
        struct event_cursor cursor;
        struct event_entry entry;

        append(3);
        event_cursor_init(&cursor, events, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        cr_assert_eq(event_cursor_next(&cursor, &entry, &error), 0);
        flush();
        for (int i = 0; i < 3; i++)
                cr_assert_eq(event_cursor_next(&cursor, &entry, &error), 1);
        cr_assert_eq(event_cursor_next(&cursor, &entry, &error), 0);
        for (int i = 0; i < 100; i++) {
                append(1);
                cr_assert_eq(event_cursor_next(&cursor, &entry, &error), 0);
                flush();
                cr_assert_eq(event_cursor_next(&cursor, &entry, &error), 1);
                cr_assert_eq(entry.position, positions[3 + i]);
        }
        event_cursor_fini(&cursor);
}

/* Goal    The largest entries, and entries larger than a segment, go round. */
Test(event_log, large_entries_fit)
{
        size_max = EVENT_LOG_ENTRY_SIZE_MAX;
        append(40);
        flush();
        check_from(0);
        check_from(17);
}

/* Goal    Positions and bytes repeat: a log that is cut back and appended to again
 *         is the same, whatever its segments.
 * Method  Digest of all entries' raw bytes, from logs of different segment sizes
 *         and cut at each of many places. */
Test(event_log, replayed_bytes_are_the_same)
{
        for (uint32_t cut = 0; cut <= 200; cut += 13) {
                entry_count = 0;
                cr_assert_eq(event_log_restart(events, 0, &error), 0);
                append(200);
                flush();
                event_log_close(events);

                options.segment_size = 3000 + cut * 100;
                open_log();
                cr_assert_eq(event_log_cut(events, positions[cut], &error), 0);
                entry_count = cut;
                append(200 - cut);
                flush();
                check_from(0);
                check_from(cut);
        }
}

/* Goal    What was synced is there after a crash; a cut to it works; what was not is
 *         not missed. */
Test(event_log, a_synced_position_survives)
{
        for (uint64_t seed = 1; seed <= 60; seed++) {
                tear_down();
                set_up();
                simdisk_reseed(disk, seed);
                append((uint32_t)seed * 3);
                cr_assert_eq(event_log_sync(events, &error), 0);
                append(50);
                flush();
                event_log_close(events);
                journal_dir_close(&dir);
                simdisk_crash(disk, SIMDISK_LOSE_SOME);

                cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, NULL),
                             0);
                open_log();
                entry_count = (uint32_t)seed * 3;
                cr_assert_eq(event_log_cut(events, positions[entry_count], &error), 0);
                append(70);
                flush();
                check_from(0);
        }
}

/* Goal    A log that does not reach the position says so, and changes nothing; a
 *         position that is not the end of an entry, or behind damage, neither. */
Test(event_log, a_cut_beyond_the_end_is_refused)
{
        append(100);
        flush();
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, positions[100] + 48, &error), -ENODATA);
        cr_assert_eq(event_log_cut(events, positions[50] + 8, &error), -ENODATA);
        simdisk_flip(disk, "d", "events-0000000000000000", 600, 1);
        cr_assert_eq(event_log_cut(events, positions[5], &error), -ENODATA);
        cr_assert_eq(event_log_cut(events, positions[100], &error), 0, "other segments are whole");

        /* The way out: forget, and go on where the replay will. */
        cr_assert_eq(event_log_restart(events, positions[40], &error), 0);
        cr_assert_eq(event_log_first(events), positions[40]);
        entry_count = 40;
        append(60);
        flush();
        check_from(40);
}

/* Goal    A log that begins later than the position is begun anew there. */
Test(event_log, a_cut_before_the_beginning_starts_anew)
{
        cr_assert_eq(event_log_restart(events, 5000, &error), 0);
        append(10);
        flush();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        cr_assert_eq(event_log_first(events), 0);
        entry_count = 0;
        append(10);
        flush();
        check_from(0);
}

/* ---- retention ---- */

/* Goal    Retention by size keeps at least that much and not a segment more; a
 *         cursor that is older learns it; one that has the segment open reads on
 *         to its end first. */
Test(event_log, old_segments_go)
{
        struct event_cursor old;
        struct event_entry entry;
        uint32_t i = 0;
        int r;

        options.retention_size = 20000;
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        append(400);
        flush();
        event_cursor_init(&old, events, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        cr_assert_eq(event_cursor_next(&old, &entry, &error), 1);

        cr_assert_eq(event_log_trim(events, 400), 0);
        cr_assert_geq(event_log_end(events) - event_log_first(events), 20000);
        cr_assert_lt(event_log_end(events) - event_log_first(events), 20000 + 4096);
        while ((r = event_cursor_next(&old, &entry, &error)) > 0)
                i++;
        cr_assert_gt(i, 0);
        cr_assert_eq(r, -ESTALE);
        event_cursor_fini(&old);

        event_cursor_init(&old, events, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        cr_assert_eq(event_cursor_next(&old, &entry, &error), -ESTALE);
        event_cursor_fini(&old);
        event_cursor_init(&old, events, positions[400] + 8, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        cr_assert_eq(event_cursor_next(&old, &entry, &error), -ENODATA);
        event_cursor_fini(&old);

        while (positions[i] < event_log_first(events))
                i++;
        check_from(i);
}

/* Goal    Retention by age: a segment goes when the next one began that long ago. */
Test(event_log, aged_segments_go)
{
        uint32_t before;

        options.retention_age_ns = 100;
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        append(400);
        flush();
        before = segment_count();
        cr_assert_eq(event_log_trim(events, 100), 0);
        cr_assert_eq(segment_count(), before);
        /* When a segment began is in its header: another run knows it too. */
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, positions[400], &error), 0);
        cr_assert_eq(event_log_trim(events, 100), 0);
        cr_assert_eq(segment_count(), before);
        cr_assert_eq(event_log_trim(events, 300), 0);
        cr_assert_lt(segment_count(), before);
        cr_assert_leq(event_log_first(events), positions[200], "younger than 100 is kept");
        cr_assert_eq(event_log_trim(events, 100000), 0);
        cr_assert_eq(segment_count(), 1, "the one that is written stays");
        append(1);
        flush();
}

/* Goal    On a full disk the log gives up its oldest segments before it refuses. */
Test(event_log, eats_its_own_tail_on_a_full_disk)
{
        uint32_t before;

        append(200);
        flush();
        before = segment_count();
        simdisk_set_space(disk, simdisk_used(disk), 0);
        append(200);
        flush();
        cr_assert_leq(segment_count(), before + 1);
        cr_assert_gt(event_log_first(events), 0);
        check_from(399);

        /* With nothing left to give, it says so, and goes on when there is room. */
        simdisk_set_space(disk, 4096, 0);
        for (;;) {
                struct event_tag tag;
                size_t size = contents_of(entry_count, &tag);
                int r = event_log_append(events, &tag, entry_count, scratch, size);

                if (r < 0) {
                        cr_assert_eq(r, -ENOSPC);
                        cr_assert_eq(event_log_failure(events)->code, -ENOSPC);
                        break;
                }
                entry_count++;
                positions[entry_count] = event_log_position(events);
        }
        simdisk_set_space(disk, 1 << 20, 0);
        append(10);
        flush();
        check_from(entry_count - 5);
}

/* ---- seeking ---- */

/* The first entry of @tenant at or after @sequence, and how many were passed. */
static uint32_t find(uint32_t tenant, uint64_t sequence, uint32_t *ret_passed)
{
        struct event_cursor cursor;
        struct event_entry entry;
        uint32_t passed = 0;

        event_cursor_init(&cursor, events, event_log_seek(events, tenant, sequence), cursor_memory,
                          EVENT_CURSOR_MEMORY_MIN);
        while (event_cursor_next(&cursor, &entry, &error) > 0) {
                if (entry.tag.tenant == tenant && entry.tag.last_sequence >= sequence) {
                        event_cursor_fini(&cursor);
                        *ret_passed = passed;
                        return (uint32_t)(entry.tag.first_sequence / 10);
                }
                passed++;
        }
        event_cursor_fini(&cursor);
        return UINT32_MAX;
}

/* Goal    A seek is never late, and near: at most a stride of entries is passed.
 * Method  Every entry of every tenant, against the model; then after a restart,
 *         before and after the older segments are indexed. */
Test(event_log, seeks_are_near_and_never_late)
{
        uint32_t passed, most = 0;

        options.segment_size = 65536;
        options.index_count_max = 4096;
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        append(4000);
        flush();
        for (uint32_t i = 0; i < 4000; i += 11) {
                cr_assert_eq(find(i % TENANTS, (uint64_t)i * 10 + 5, &passed), i);
                most = passed > most ? passed : most;
        }
        cr_assert_lt(most, 1200, "64 KiB a tenant are about 400 entries, of all 5 tenants 700");

        cr_assert_eq(event_log_sync(events, &error), 0);
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, positions[4000], &error), 0);
        cr_assert_eq(find(3, 10 * 1003 + 1, &passed), 1003);
        cr_assert_gt(passed, 900);
        while (event_log_index_step(events) > 0)
                ;
        most = 0;
        for (uint32_t i = 0; i < 4000; i += 11) {
                cr_assert_eq(find(i % TENANTS, (uint64_t)i * 10 + 5, &passed), i);
                most = passed > most ? passed : most;
        }
        cr_assert_lt(most, 1200);
        cr_assert_eq(find(TENANTS, 0, &passed), UINT32_MAX, "nobody");
}

/* Goal    A small index forgets the oldest points and stays right. */
Test(event_log, a_small_index_is_still_right)
{
        uint32_t passed;

        options.segment_size = 65536;
        options.index_count_max = 3;
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        append(3000);
        flush();
        for (uint32_t i = 0; i < 3000; i += 101)
                cr_assert_eq(find(i % TENANTS, (uint64_t)i * 10 + 9, &passed), i);
}

/* ---- onlookers and damage ---- */

/* Goal    A tool reads along beside the daemon, over segments. */
Test(event_log, an_onlooker_follows)
{
        struct event_log_options reading = { .is_read_only = true };
        struct event_cursor cursor;
        struct event_entry entry;
        struct event_log *onlooker;
        struct journal_dir other;
        uint32_t i = 0;
        void *own;

        append(10);
        flush();
        cr_assert_eq(journal_dir_open(&other, simdisk_io(disk), "d", JOURNAL_DIR_READ, NULL), 0);
        own = aligned_alloc(64, (event_log_size(&reading) + 63) / 64 * 64);
        cr_assert_eq(event_log_open(own, &reading, &other, &onlooker, &error), 0);
        cr_assert_eq(event_log_first(onlooker), 0);
        event_cursor_init(&cursor, onlooker, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        for (int round = 0; round < 100; round++) {
                int r;

                while ((r = event_cursor_next(&cursor, &entry, &error)) > 0)
                        cr_assert_eq(entry.position, positions[i++]);
                cr_assert_eq(r, 0);
                cr_assert_eq(i, entry_count);
                append(3);
                flush();
        }
        event_cursor_fini(&cursor);
        event_log_close(onlooker);
        journal_dir_close(&other);
        free(own);
}

/* Goal    Damage under a cursor is an error and never an entry.
 * Method  Each bit of the first entries. */
Test(event_log, damaged_entries_are_not_handed_out)
{
        append(5);
        flush();
        for (uint64_t bit = 0; bit < positions[3] * 8; bit++) {
                uint64_t at = EVENT_SEGMENT_HEADER_SIZE + bit / 8;
                struct event_cursor cursor;
                struct event_entry entry;
                int r;

                simdisk_flip(disk, "d", "events-0000000000000000", at, (uint8_t)(1u << bit % 8));
                event_cursor_init(&cursor, events, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
                do {
                        r = event_cursor_next(&cursor, &entry, &error);
                        if (r > 0)
                                cr_assert(bit / 8 < entry.position ||
                                          bit / 8 >= entry.next_position);
                } while (r > 0);
                cr_assert_eq(r, -EBADMSG, "bit %llu: %d", (unsigned long long)bit, r);
                event_cursor_fini(&cursor);
                simdisk_flip(disk, "d", "events-0000000000000000", at, (uint8_t)(1u << bit % 8));
        }
        check_from(0);
}

/* Goal    Segment headers: every truncation and flipped bit is refused. */
Test(event_log, segment_headers_are_checked)
{
        struct event_segment segment = { .base = 77, .begun_ns = 88 }, back;
        uint8_t bytes[EVENT_SEGMENT_HEADER_SIZE];

        event_segment_encode(&segment, bytes);
        cr_assert_eq(event_segment_decode(bytes, sizeof(bytes), &back), 0);
        cr_assert_eq(back.base, 77);
        cr_assert_eq(back.begun_ns, 88);
        for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cr_assert_eq(event_segment_decode(bytes, sizeof(bytes), &back), -EBADMSG);
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert_eq(event_segment_decode(bytes, sizeof(bytes) - 1, &back), -EBADMSG);
        cr_assert_eq(acd_get_u32(bytes + 12), 0u);
        acd_put_u32(bytes + 8, acd_get_u32(bytes + 8) + 1);
        acd_put_u32(bytes + sizeof(bytes) - 4, acd_crc32c(0, bytes, sizeof(bytes) - 4));
        cr_assert_eq(event_segment_decode(bytes, sizeof(bytes), &back), -EPROTONOSUPPORT);
}

/* Goal    An entry comes back from as many bytes as it has and from no fewer; how many it
 *         wants is told; a flipped bit is damage wherever it is.
 * Method  Entries of sizes around the padding, and the longest. */
Test(event_log, entries_go_round)
{
        static const uint32_t sizes[] = { 0, 1, 7, 8, 9, 100, EVENT_LOG_ENTRY_SIZE_MAX };
        static uint8_t bytes[EVENT_LOG_ENTRY_HEADER_SIZE + EVENT_LOG_ENTRY_SIZE_MAX];
        const uint64_t position = 4711;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct event_entry entry = {
                        .tag = { .tenant = 1, .epoch = 2, .first_sequence = 3, .last_sequence = 4 },
                        .position = position,
                        .now_ns = 5,
                        .bytes = scratch,
                        .size = sizes[i],
                };
                size_t span = (size_t)event_log_entry_span(sizes[i]);
                struct event_entry back;

                cr_assert_eq(span, EVENT_LOG_ENTRY_HEADER_SIZE + (sizes[i] + 7) / 8 * 8);
                memset(scratch, 0xa5, sizes[i]);
                memset(bytes, 0xff, sizeof(bytes));
                event_entry_encode(bytes, &entry);
                cr_assert_eq(event_entry_decode(bytes, span, position, &back), 1);
                cr_assert_eq(memcmp(&back.tag, &entry.tag, sizeof(back.tag)), 0);
                cr_assert_eq(back.position, position);
                cr_assert_eq(back.next_position, position + span);
                cr_assert_eq(back.now_ns, 5u);
                cr_assert_eq(back.size, sizes[i]);
                cr_assert_eq(memcmp(back.bytes, scratch, sizes[i]), 0);
                for (size_t at = EVENT_LOG_ENTRY_HEADER_SIZE + sizes[i]; at < span; at++)
                        cr_assert_eq(bytes[at], 0u);

                cr_assert_eq(
                        event_entry_decode(bytes, EVENT_LOG_ENTRY_HEADER_SIZE - 1, position, &back),
                        0);
                cr_assert_eq(back.next_position, position + EVENT_LOG_ENTRY_HEADER_SIZE);
                if (sizes[i] > 0)
                        cr_assert_eq(event_entry_decode(bytes, span - 1, position, &back), 0);
                cr_assert_eq(back.next_position,
                             position + (sizes[i] > 0 ? span : EVENT_LOG_ENTRY_HEADER_SIZE));
                cr_assert_eq(event_entry_decode(bytes, span, position + 8, &back), -EBADMSG);
                for (size_t bit = 0; bit<span * 8; bit += sizes[i]> 1000 ? 9973 : 1) {
                        int r;

                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        r = event_entry_decode(bytes, span, position, &back);
                        /* A size that has grown wants more than there is. */
                        cr_assert(r == -EBADMSG || (r == 0 && bit < 32));
                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
                acd_put_u32(bytes, EVENT_LOG_ENTRY_SIZE_MAX + 1);
                cr_assert_eq(event_entry_decode(bytes, sizeof(bytes), position, &back), -EBADMSG);
        }
}

/* Goal    A failing disk is reported once for each attempt, and what was appended
 *         is written when it works again. */
Test(event_log, a_failed_flush_can_be_repeated)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_WRITE, .at = 1, .error = EIO };

        append(5);
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(event_log_flush(events), -EIO);
        cr_assert_eq(event_log_end(events), 0);
        flush();
        check_from(0);

        fault.ops = 1 << SIMDISK_SYNC;
        append(5);
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(event_log_sync(events, &error), -EIO);
        cr_assert_eq(error.code, -EIO);
}

/* Zero means the default, and those are the header's. */
Test(event_log, defaults_are_as_documented)
{
        const struct event_log_options zero = { 0 };
        const struct event_log_options same = {
                .segment_size = UINT64_C(64) << 20,
                .retention_size = UINT64_C(4) << 30,
                .segment_count_max = 4096,
                .index_count_max = 65536,
                .buffer_size = 1 << 20,
        };

        struct event_log_options large = same, small = same, least = same;

        cr_assert_eq(event_log_size(&zero), event_log_size(&same));
        large.buffer_size = 2 << 20;
        cr_assert_eq(event_log_size(&large), event_log_size(&same) + (1 << 20));
        /* No buffer is smaller than the largest entry. */
        small.buffer_size = 1;
        least.buffer_size = EVENT_LOG_ENTRY_HEADER_SIZE + EVENT_LOG_ENTRY_SIZE_MAX;
        cr_assert_eq(event_log_size(&small), event_log_size(&least));
        cr_assert_lt(event_log_size(&least), event_log_size(&same));
}

/* Goal    An entry that ends where the segment ends is in it; one byte more is not. */
Test(event_log, segments_are_filled_to_the_last)
{
        const size_t whole = options.segment_size - EVENT_SEGMENT_HEADER_SIZE;

        for (uint32_t more = 0; more < 2; more++) {
                const struct event_tag tag = { .tenant = 1, .epoch = 1 };
                size_t first = 1000;
                size_t second = whole - event_log_entry_span(first) - EVENT_LOG_ENTRY_HEADER_SIZE +
                                more * 8;

                cr_assert_eq(event_log_restart(events, 0, &error), 0);
                cr_assert_eq(event_log_append(events, &tag, 1, scratch, first), 0);
                cr_assert_eq(event_log_append(events, &tag, 1, scratch, second), 0);
                flush();
                cr_assert_eq(segment_count(), 1 + more);
        }
}

/* Goal    More segments than there is memory for are refused, and it is said what to do. */
Test(event_log, too_many_segments_are_named)
{
        append(300);
        flush();
        cr_assert_gt(segment_count(), 5);
        event_log_close(events);
        free(memory);
        options.segment_count_max = 5;
        memory = aligned_alloc(64, (event_log_size(&options) + 63) / 64 * 64);
        cr_assert_eq(event_log_open(memory, &options, &dir, &events, &error), -EOVERFLOW);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_SETTINGS);
        options.segment_count_max = 512;
        open_log();
        cr_assert_eq(event_log_cut(events, positions[300], &error), 0);
}

/* Goal    A segment has its blocks from the beginning, so that a disk that fills up is
 *         noticed when it begins. */
Test(event_log, segments_are_allocated_whole)
{
        char name[JOURNAL_NAME_SIZE];

        append(60);
        flush();
        cr_assert_gt(segment_count(), 2);
        for (uint32_t i = 0; i <= entry_count; i++) {
                journal_name_format(name, "events", positions[i]);
                if (simdisk_file_size(disk, "d", name) >= 0)
                        cr_assert_eq(simdisk_file_size(disk, "d", name), 4096);
        }
        /* So has one that was cut. */
        cr_assert_eq(event_log_cut(events, positions[3], &error), 0);
        journal_name_format(name, "events", 0);
        cr_assert_eq(simdisk_file_size(disk, "d", name), 4096);
}

/* Goal    A segment that vanishes after it was listed ends the log before the cut. */
Test(event_log, a_cut_into_a_missing_segment_is_refused)
{
        static char names[512][SIMDISK_NAME_SIZE];
        uint32_t name_count;

        append(100);
        flush();
        event_log_close(events);
        open_log();
        name_count = simdisk_names(disk, "d", names, 512);
        for (uint32_t i = 0; i < name_count; i++)
                if (strncmp(names[i], "events-", 7) == 0)
                        simdisk_remove(disk, "d", names[i]);
        cr_assert_eq(event_log_cut(events, positions[50], &error), -ENODATA);
}

static uint64_t back_offset, back_size, back_total;
static int back_file;

/* What is given to the disk follows what was given before, or begins a file. */
static int remember_write_back(void *self, int file, uint64_t offset, uint64_t size)
{
        (void)self;

        if (file == back_file && offset != EVENT_SEGMENT_HEADER_SIZE)
                cr_assert_eq(offset, back_offset + back_size);
        else
                cr_assert_eq(offset, EVENT_SEGMENT_HEADER_SIZE);
        back_file = file;
        back_offset = offset;
        back_size = size;
        back_total += size;
        return 0;
}

/* Goal    All that is flushed is begun to be brought to the disk, in pieces, once.
 * Method  A disk that looks at the hints; entries over three segments, with the thread's function
 *         called now and then. */
Test(event_log, is_written_back_in_pieces)
{
        static struct journal_io io; /* the directory keeps it */

        event_log_close(events);
        journal_dir_close(&dir);
        io = *simdisk_io(disk);
        io.write_back = remember_write_back;
        cr_assert_eq(journal_dir_open(&dir, &io, "e", JOURNAL_DIR_OWN, &error), 0);
        options.segment_size = 4 * EVENT_LOG_PIECE_SIZE + 8192;
        size_max = 30000;
        back_file = -1;
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        cr_assert_not(event_log_write_back(events));
        cr_assert_eq(back_total, 0);
        while (event_log_position(events) < 10 * EVENT_LOG_PIECE_SIZE) {
                append(3);
                flush();
                while (event_log_write_back(events))
                        ;
        }
        /* The rest of a segment is given with a size that reaches beyond it. */
        cr_assert_geq(back_total + EVENT_LOG_PIECE_SIZE, event_log_position(events));
        cr_assert_eq(back_size, EVENT_LOG_PIECE_SIZE);
}

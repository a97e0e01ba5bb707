/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event log on a simulated disk, and what was appended to it.
 */

#include "tests/unit/journal/event_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"

struct simdisk *disk;
struct journal_dir dir;
struct event_log_options options;
void *memory, *cursor_memory;
struct event_log *events;
struct journal_error error;

uint64_t positions[ENTRY_MAX + 1];
uint32_t entry_count;
uint64_t size_max;
uint8_t scratch[EVENT_LOG_ENTRY_SIZE_MAX];

void open_log(void)
{
        free(memory);
        memory = aligned_alloc(64, (event_log_size(&options) + 63) / 64 * 64);
        cr_assert_eq(event_log_open(memory, &options, &dir, &events, &error), 0);
}

void set_up(void)
{
        disk = simdisk_new(1);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        options = (struct event_log_options){ .segment_size = 4096, .index_count_max = 256 };
        cursor_memory = malloc(EVENT_CURSOR_MEMORY_MIN);
        memory = NULL;
        size_max = 300;
        entry_count = 0;
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
}

void tear_down(void)
{
        event_log_close(events);
        journal_dir_close(&dir);
        cr_assert_eq(simdisk_open_count(disk), 0u);
        free(memory);
        free(cursor_memory);
        simdisk_free(disk);
}

/* What entry @i is: its bytes in scratch, its size. */
size_t contents_of(uint32_t i, struct event_tag *ret_tag)
{
        struct acd_prng prng;
        size_t size;

        acd_prng_init(&prng, i);
        size = acd_prng_below(&prng, size_max + 1);
        for (size_t j = 0; j < size; j++)
                scratch[j] = (uint8_t)acd_prng_next(&prng);
        *ret_tag = (struct event_tag){
                .tenant = i % TENANTS,
                .epoch = 1 + i / 1000,
                .first_sequence = (uint64_t)i * 10,
                .last_sequence = (uint64_t)i * 10 + 9,
        };
        return size;
}

void append(uint32_t count)
{
        for (uint32_t n = 0; n < count; n++) {
                struct event_tag tag;
                size_t size = contents_of(entry_count, &tag);
                uint64_t position = event_log_position(events);

                positions[entry_count] = position;
                cr_assert_eq(event_log_append(events, &tag, entry_count, scratch, size), 0);
                cr_assert_eq(event_log_position(events), position + event_log_entry_span(size));
                entry_count++;
                positions[entry_count] = event_log_position(events);
        }
}

void flush(void)
{
        cr_assert_eq(event_log_flush(events), 0);
        cr_assert_eq(event_log_end(events), event_log_position(events));
}

void check_entry(const struct event_entry *entry, uint32_t i)
{
        struct event_tag tag;
        size_t size = contents_of(i, &tag);

        cr_assert_eq(entry->position, positions[i]);
        cr_assert_eq(entry->next_position, positions[i + 1]);
        cr_assert_eq(entry->size, size);
        cr_assert_eq(memcmp(entry->bytes, scratch, size), 0);
        cr_assert_eq(memcmp(&entry->tag, &tag, sizeof(tag)), 0);
        cr_assert_eq(entry->now_ns, i);
}

/* Read from entry @i with a fresh cursor until the end, comparing everything. */
void check_from(uint32_t i)
{
        struct event_cursor cursor;
        struct event_entry entry;
        int r;

        event_cursor_init(&cursor, events, positions[i], cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        while ((r = event_cursor_next(&cursor, &entry, &error)) > 0) {
                check_entry(&entry, i);
                i++;
        }
        cr_assert_eq(r, 0);
        cr_assert_eq(positions[i], event_log_end(events));
        event_cursor_fini(&cursor);
}

uint32_t segment_count(void)
{
        static char names[512][SIMDISK_NAME_SIZE];
        uint32_t count = 0, name_count = simdisk_names(disk, "d", names, 512);

        for (uint32_t i = 0; i < name_count; i++)
                count += strncmp(names[i], "events-", 7) == 0;
        return count;
}

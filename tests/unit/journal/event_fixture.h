/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * event_fixture.h - an event log on a simulated disk, and the model of it.
 *
 * The model is an array of what was appended. Contents of entry i follow from i.
 */

#include "journal/event_log.h"
#include "tests/support/simdisk.h"

enum { ENTRY_MAX = 4000, TENANTS = 5 };

extern struct simdisk *disk;
extern struct journal_dir dir;
extern struct event_log_options options;
extern void *memory, *cursor_memory;
extern struct event_log *events;
extern struct journal_error error;

extern uint64_t positions[ENTRY_MAX + 1]; /* of entry i; the last is the end */
extern uint32_t entry_count;
extern uint64_t size_max; /* of an entry that is appended */
extern uint8_t scratch[EVENT_LOG_ENTRY_SIZE_MAX];

void set_up(void);
void tear_down(void);

/* Open it with the options; the owner goes on with a cut. */
void open_log(void);

/* What entry @i is: its bytes in scratch, its size. */
size_t contents_of(uint32_t i, struct event_tag *ret_tag);

void append(uint32_t count);
void flush(void);

/* Is it entry @i? */
void check_entry(const struct event_entry *entry, uint32_t i);

/* Read from entry @i with a fresh cursor until the end, comparing everything. */
void check_from(uint32_t i);

uint32_t segment_count(void);

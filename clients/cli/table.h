/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * table.h - aligned columns for people, and words for times and texts.
 *
 *   Ownership  A table owns copies of its cells until table_fini().
 *   Failure    Without memory the program ends: there is nothing left to show.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/c/acdclient.h"

enum { TABLE_COLUMN_MAX = 16, TABLE_WORD_SIZE = 64 };

struct table_column {
        const char *title;
        bool is_number; /* to the right */
};

struct table {
        const struct table_column *columns;
        size_t column_count;
        char **cells;
        size_t cell_count, cell_capacity;
};

void table_init(struct table *table, const struct table_column *columns, size_t column_count);
void table_fini(struct table *table);

/* Add the next cell, row by row. Control characters become "?". */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_add_text(struct table *table, struct acdclient_text text);
/* "-" for zero. */
void table_add_id(struct table *table, uint64_t id);
void table_add_number(struct table *table, uint64_t number);
void table_add_duration(struct table *table, uint64_t ms);

/* Print with a line of titles; bold where @has_color. Nothing but the titles when it is empty. */
void table_print(const struct table *table, bool has_color);

/* 850ms, 12s, 3m05s, 2h07m, 3d04h. Returns @ret_text. */
const char *table_duration(uint64_t ms, char ret_text[TABLE_WORD_SIZE]);
/* 512 B, 64.0 MiB. */
const char *table_bytes(uint64_t size, char ret_text[TABLE_WORD_SIZE]);

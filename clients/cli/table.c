/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables for people.
 *
 * All cells are kept until the last is known, for a column is as wide as its
 * widest cell. Widths are counted in characters, not bytes. Text from the wire
 * loses what could steer a terminal.
 */

#include "clients/cli/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/name.h"

enum { CELL_SIZE = 512 };

void table_init(struct table *table, const struct table_column *columns, size_t column_count)
{
        ACD_ASSERT(column_count <= TABLE_COLUMN_MAX);
        *table = (struct table){ .columns = columns, .column_count = column_count };
}

void table_fini(struct table *table)
{
        for (size_t i = 0; i < table->cell_count; i++)
                free(table->cells[i]);
        free(table->cells);
        *table = (struct table){ 0 };
}

static _Noreturn void out_of_memory(void)
{
        (void)fputs("acdctl: out of memory\ntry: acdctl status --json\n", stderr);
        exit(1);
}

static void add(struct table *table, const char *text)
{
        char *copy = strdup(text);

        if (table->cell_count == table->cell_capacity) {
                size_t capacity = table->cell_capacity == 0 ? 256 : table->cell_capacity * 2;
                char **cells = reallocarray(table->cells, capacity, sizeof(*cells));

                if (cells == NULL)
                        out_of_memory();
                table->cells = cells;
                table->cell_capacity = capacity;
        }
        if (copy == NULL)
                out_of_memory();
        table->cells[table->cell_count++] = copy;
}

void table_add(struct table *table, const char *format, ...)
{
        char text[CELL_SIZE];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        add(table, text);
}

void table_add_text(struct table *table, struct acdclient_text text)
{
        char copy[CELL_SIZE];
        size_t size = text.size < sizeof(copy) - 1 ? text.size : sizeof(copy) - 1;
        bool is_plain = size == 0 || acd_text_is_plain(text.at, size);

        for (size_t i = 0; i < size; i++) {
                unsigned char byte = (unsigned char)text.at[i];

                copy[i] = byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_plain) ? '?'
                                                                                     : text.at[i];
        }
        copy[size] = '\0';
        add(table, size > 0 ? copy : "-");
}

void table_add_id(struct table *table, uint64_t id)
{
        char text[ACDCLIENT_ID_SIZE];

        add(table, id != 0 ? acdclient_id_format(id, text) : "-");
}

void table_add_number(struct table *table, uint64_t number)
{
        table_add(table, "%" PRIu64, number);
}

void table_add_duration(struct table *table, uint64_t ms)
{
        char text[TABLE_WORD_SIZE];

        add(table, table_duration(ms, text));
}

static size_t width_of(const char *text)
{
        size_t width = 0;

        for (; *text != '\0'; text++)
                width += ((unsigned char)*text & 0xC0) != 0x80;
        return width;
}

static void print_cell(const char *text, size_t width, bool is_number, bool is_last)
{
        size_t own = width_of(text);
        int pad = own < width ? (int)(width - own) : 0;

        if (is_number)
                (void)printf("%*s%s%s", pad, "", text, is_last ? "\n" : "  ");
        else
                (void)printf("%s%*s%s", text, is_last ? 0 : pad, "", is_last ? "\n" : "  ");
}

void table_print(const struct table *table, bool has_color)
{
        size_t widths[TABLE_COLUMN_MAX];
        size_t count = table->column_count;

        for (size_t i = 0; i < count; i++)
                widths[i] = width_of(table->columns[i].title);
        for (size_t i = 0; i < table->cell_count; i++)
                if (width_of(table->cells[i]) > widths[i % count])
                        widths[i % count] = width_of(table->cells[i]);

        (void)fputs(has_color ? "\033[1m" : "", stdout);
        for (size_t i = 0; i < count; i++)
                print_cell(table->columns[i].title, widths[i], table->columns[i].is_number,
                           i + 1 == count);
        (void)fputs(has_color ? "\033[0m" : "", stdout);
        for (size_t i = 0; i < table->cell_count; i++)
                print_cell(table->cells[i], widths[i % count], table->columns[i % count].is_number,
                           i % count + 1 == count);
}

const char *table_duration(uint64_t ms, char ret_text[TABLE_WORD_SIZE])
{
        uint64_t s = ms / 1000;

        if (ms < 1000)
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 "ms", ms);
        else if (s < 60)
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 "s", s);
        else if (s < 3600)
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 "m%02" PRIu64 "s", s / 60,
                               s % 60);
        else if (s < 86400)
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 "h%02" PRIu64 "m", s / 3600,
                               s / 60 % 60);
        else
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 "d%02" PRIu64 "h", s / 86400,
                               s / 3600 % 24);
        return ret_text;
}

const char *table_bytes(uint64_t size, char ret_text[TABLE_WORD_SIZE])
{
        static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
        double value = (double)size;
        size_t unit = 0;

        if (size < 1024) {
                (void)snprintf(ret_text, TABLE_WORD_SIZE, "%" PRIu64 " B", size);
                return ret_text;
        }
        value /= 1024;
        while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
                value /= 1024;
                unit++;
        }
        (void)snprintf(ret_text, TABLE_WORD_SIZE, "%.1f %s", value, units[unit]);
        return ret_text;
}

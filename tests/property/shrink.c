/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Shrinking: drop lines in chunks, halving the chunk, as long as the rest still fails in
 * the same way. Lines carry names and absolute times, so that the others mean the same when
 * one is gone. Each attempt is a run in a process of its own.
 */

#include "tests/property/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Attempts in all: a bound on the patience of whoever waits for it. */
enum { ATTEMPT_MAX = 4000, COLUMN_MAX = 100 };

struct lines {
        char **item;
        uint32_t count;
        char message[RUN_MESSAGE_SIZE]; /* what was found at first */
};

static struct lines split(char *text)
{
        struct lines lines = { .item = calloc(strlen(text) + 1, sizeof(char *)) };
        char *rest = NULL;

        ACD_ASSERT(lines.item != NULL);
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
             line = strtok_r(NULL, "\n", &rest))
                lines.item[lines.count++] = line;
        return lines;
}

/* The same finding: the same words up to the first number. */
static bool is_same(const char *a, const char *b)
{
        size_t length = strcspn(a, "0123456789");

        return strncmp(a, b, length) == 0;
}

/* True when the history without @size lines from @from on still fails; then they are
 * dropped. */
static bool drop(struct run *run, uint64_t seed, struct lines *lines, uint32_t from, uint32_t size)
{
        char **rest = malloc((lines->count + 1) * sizeof(char *));
        uint32_t count = lines->count - size;
        bool has_failed;

        ACD_ASSERT(rest != NULL);
        memcpy(rest, lines->item, from * sizeof(char *));
        memcpy(rest + from, lines->item + from + size,
               (lines->count - from - size) * sizeof(char *));
        has_failed = run_lines(run, seed, rest, count) == RUN_FAILED &&
                     is_same(lines->message, run->message);
        if (has_failed) {
                memcpy(lines->item, rest, count * sizeof(char *));
                lines->count = count;
        }
        free(rest);
        return has_failed;
}

/* As a scenario has it: what is too long goes on in the next line. */
static void print_line(char *line)
{
        char *rest = NULL;
        size_t column = 0;

        for (char *word = strtok_r(line, " ", &rest); word != NULL;
             word = strtok_r(NULL, " ", &rest)) {
                size_t size = strlen(word);

                if (column > 0 && column + 1 + size > COLUMN_MAX) {
                        printf("\n    ");
                        column = 4;
                }
                printf("%s%s", column == 0 ? "" : " ", word);
                column += size + 1;
        }
        printf("\n");
}

void shrink(struct run *run, uint64_t seed)
{
        char *text = strdup(run->text);
        struct lines lines;
        uint32_t attempts = 0;

        ACD_ASSERT(text != NULL);
        lines = split(text);
        memcpy(lines.message, run->message, sizeof(lines.message));
        for (uint32_t size = lines.count / 2; size > 0 && attempts < ATTEMPT_MAX; size /= 2)
                for (uint32_t at = lines.count; at >= size && attempts < ATTEMPT_MAX;) {
                        at -= size;
                        attempts++;
                        drop(run, seed, &lines, at, size);
                        if (at > lines.count)
                                at = lines.count;
                }
        /* Once more one by one: what had to stay may be of no use now. */
        for (uint32_t at = lines.count; at > 0 && attempts < ATTEMPT_MAX; attempts++)
                drop(run, seed, &lines, --at, 1);

        run_lines(run, seed, lines.item, lines.count);
        for (char *at = run->message; *at != 0; at++)
                if (*at == '\n')
                        *at = ';';
        printf("by-hand\n# seed %llu%s\n# %s\n", (unsigned long long)seed,
               run->is_dirty ? ", dirty" : "", run->message);
        for (uint32_t i = 0; i < lines.count; i++)
                print_line(lines.item[i]);
        free(lines.item);
        free(text);
}

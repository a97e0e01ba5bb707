/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word nearest to a mistyped one.
 *
 * The measure is the optimal string alignment distance: letters changed,
 * added, dropped, or swapped with a neighbour count one each, since swaps are
 * what fingers do. Three rows of the usual table are enough. Upper and lower
 * case are one letter here; a wrong case alone is the best of suggestions.
 */

#include "apply/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static char lower(char letter)
{
        return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static size_t least(size_t a, size_t b, size_t c)
{
        size_t ab = a < b ? a : b;

        return ab < c ? ab : c;
}

size_t apply_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
        size_t row[3][APPLY_WORD_SIZE_MAX + 1];

        if (a_size > APPLY_WORD_SIZE_MAX || b_size > APPLY_WORD_SIZE_MAX)
                return SIZE_MAX;

        for (size_t j = 0; j <= b_size; j++)
                row[0][j] = j;
        for (size_t i = 1; i <= a_size; i++) {
                size_t *now = row[i % 3];
                const size_t *before = row[(i - 1) % 3];

                now[0] = i;
                for (size_t j = 1; j <= b_size; j++) {
                        bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
                        bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                       lower(a[i - 2]) == lower(b[j - 1]);

                        now[j] = least(before[j] + 1, now[j - 1] + 1,
                                       before[j - 1] + (is_same ? 0 : 1));
                        if (is_swap && row[(i - 2) % 3][j - 2] + 1 < now[j])
                                now[j] = row[(i - 2) % 3][j - 2] + 1;
                }
        }
        return row[a_size % 3][b_size];
}

void apply_suggest_init(struct apply_suggest *suggest, const char *word, size_t word_size)
{
        *suggest = (struct apply_suggest){ .word = word, .word_size = word_size };
        suggest->best_distance = SIZE_MAX;
}

/* @candidate goes on where the word, of three letters or more, stops. */
static bool is_beginning(const struct apply_suggest *suggest, const char *candidate,
                         size_t candidate_size)
{
        if (suggest->word_size < 3 || suggest->word_size >= candidate_size)
                return false;
        return memcmp(suggest->word, candidate, suggest->word_size) == 0;
}

void apply_suggest_try(struct apply_suggest *suggest, const char *candidate, size_t candidate_size)
{
        size_t near = (suggest->word_size + 2) / 3;
        size_t distance =
                apply_distance(suggest->word, suggest->word_size, candidate, candidate_size);

        if (distance > near && is_beginning(suggest, candidate, candidate_size))
                distance = near;
        if (distance > near || distance >= suggest->best_distance)
                return;
        if (distance >= candidate_size) /* nothing of it is left */
                return;

        suggest->best = candidate;
        suggest->best_size = candidate_size;
        suggest->best_distance = distance;
}

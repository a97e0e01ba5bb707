/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * suggest.h - "did you mean": the word nearest to one that is not known.
 *
 *   Cost       O(candidates x size squared), words beyond 64 bytes are not
 *              considered.
 *   Threads    Any: no state.
 */

#include <stddef.h>

enum { APPLY_WORD_SIZE_MAX = 64 };

/* How many letters must be changed, added, dropped or swapped with their
 * neighbour to make @b of @a; SIZE_MAX when one is longer than
 * APPLY_WORD_SIZE_MAX. */
size_t apply_distance(const char *a, size_t a_size, const char *b, size_t b_size);

/* A search that is fed one candidate after the other. */
struct apply_suggest {
        const char *word;
        size_t word_size;
        const char *best; /* NULL: nothing is near enough */
        size_t best_size;
        size_t best_distance;
};

/* Look for what may have been meant by @word, borrowed until the end. Near
 * enough is a third of the word's letters, rounded up, or a beginning of at
 * least three letters. */
void apply_suggest_init(struct apply_suggest *suggest, const char *word, size_t word_size);

/* Consider @candidate, which must live as long as @suggest is asked. */
void apply_suggest_try(struct apply_suggest *suggest, const char *candidate, size_t candidate_size);

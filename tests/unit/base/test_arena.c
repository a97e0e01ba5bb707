/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bump arena: alignment, the hard cap, what reset keeps.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdalign.h>
#include <string.h>

#include "base/arena.h"
#include "base/prng.h"

enum { MEMORY_SIZE = 1024 };

static alignas(64) uint8_t memory[MEMORY_SIZE];

/* Goal    What is handed out is aligned, inside the memory, and overlaps nothing.
 * Method  Random sizes and alignments from a block that starts at an odd address;
 *         each allocation is filled with its number and read back at the end. */
Test(arena, allocations_are_aligned_and_disjoint)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 1);
        for (int round = 0; round < 200; round++) {
                struct acd_arena arena;
                uint8_t *start[256];
                size_t size[256];
                int count = 0;

                acd_arena_init(&arena, memory + 1, MEMORY_SIZE - 1);
                while (count < 256) {
                        size_t alignment = (size_t)1 << acd_prng_below(&prng, 7);

                        size[count] = acd_prng_below(&prng, 40);
                        start[count] = acd_arena_alloc(&arena, size[count], alignment);
                        if (start[count] == NULL)
                                break;
                        cr_assert_eq((uintptr_t)start[count] % alignment, 0);
                        cr_assert_geq(start[count], memory + 1);
                        cr_assert_leq(start[count] + size[count], memory + MEMORY_SIZE);
                        memset(start[count], count, size[count]);
                        count++;
                }
                cr_assert_gt(count, 5);
                for (int i = 0; i < count; i++)
                        for (size_t j = 0; j < size[i]; j++)
                                cr_assert_eq(start[i][j], i);
        }
}

/* Goal    The capacity is exact: the last byte can be had, one more cannot, and a
 *         refusal changes nothing. */
Test(arena, the_cap_is_hard)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, 100);
        cr_assert_not_null(acd_arena_alloc(&arena, 60, 1));
        cr_assert_null(acd_arena_alloc(&arena, 41, 1));
        cr_assert_eq(arena.used_size, 60);
        cr_assert_eq(acd_arena_free_size(&arena), 40);
        cr_assert_not_null(acd_arena_alloc(&arena, 40, 1));
        cr_assert_null(acd_arena_alloc(&arena, 1, 1));
        cr_assert_not_null(acd_arena_alloc(&arena, 0, 1));
}

/* Goal    Padding counts: what fits unaligned may not fit aligned. */
Test(arena, padding_counts_against_the_cap)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, 64);
        cr_assert_not_null(acd_arena_alloc(&arena, 1, 1));
        cr_assert_null(acd_arena_alloc(&arena, 64 - 31, 32));
        cr_assert_not_null(acd_arena_alloc(&arena, 32, 32));
        cr_assert_null(acd_arena_alloc(&arena, 0, 128 * 1024));
}

/* Goal    Sizes near the top of size_t do not wrap around. */
Test(arena, huge_requests_are_refused)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, MEMORY_SIZE);
        cr_assert_not_null(acd_arena_alloc(&arena, 3, 1));
        cr_assert_null(acd_arena_alloc(&arena, SIZE_MAX, 1));
        cr_assert_null(acd_arena_alloc(&arena, SIZE_MAX - 2, 8));
        cr_assert_null(acd_arena_alloc_array(&arena, SIZE_MAX / 2, 3, 1));
        cr_assert_null(acd_arena_alloc_array(&arena, (SIZE_MAX >> 1) + 1, 2, 1));
        cr_assert_not_null(acd_arena_alloc_array(&arena, 10, 8, 8));
        cr_assert_not_null(acd_arena_alloc_array(&arena, SIZE_MAX, 0, 8));
        cr_assert_eq(arena.used_size, 88);
}

/* Goal    Reset gives everything back and keeps the high water mark. */
Test(arena, reset_keeps_the_high_water_mark)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, MEMORY_SIZE);
        void *first = acd_arena_alloc(&arena, 500, 8);
        acd_arena_reset(&arena);
        cr_assert_eq(arena.used_size, 0);
        cr_assert_eq(arena.high_water_size, 500);
        cr_assert_eq(acd_arena_alloc(&arena, 100, 8), first);
        cr_assert_eq(arena.high_water_size, 500);
        cr_assert_not_null(acd_arena_alloc(&arena, 600, 1));
        cr_assert_eq(arena.high_water_size, 700);
}

/* Goal    An empty arena is legal and has nothing. */
Test(arena, empty_arena)
{
        struct acd_arena arena;

        acd_arena_init(&arena, NULL, 0);
        cr_assert_null(acd_arena_alloc(&arena, 1, 1));
        cr_assert_eq(acd_arena_free_size(&arena), 0);
}

Test(arena, alignment_must_be_a_power_of_two, .signal = SIGABRT)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, MEMORY_SIZE);
        cr_assert_null(acd_arena_alloc(&arena, 1, 24));
}

Test(arena, alignment_must_not_be_zero, .signal = SIGABRT)
{
        struct acd_arena arena;

        acd_arena_init(&arena, memory, MEMORY_SIZE);
        cr_assert_null(acd_arena_alloc(&arena, 1, 0));
}

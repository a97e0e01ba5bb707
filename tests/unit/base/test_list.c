/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counted intrusive list, against a naive model: an array.
 */

#include <criterion/criterion.h>
#include <signal.h>

#include "base/list.h"
#include "base/prng.h"

enum { ITEM_COUNT = 20 };

struct item {
        int number;
        struct acd_link link;
};

static struct item *item_of(struct acd_link *link)
{
        return acd_container_of(link, struct item, link);
}

/* The list holds exactly @expected, in order, in both directions. */
static void check_list(const struct acd_list *list, const int *expected, uint32_t count)
{
        struct acd_link *link = acd_list_first(list);

        cr_assert_eq(list->count, count);
        cr_assert_eq(acd_list_is_empty(list), count == 0);
        for (uint32_t i = 0; i < count; i++, link = acd_list_next(link)) {
                cr_assert_not_null(link);
                cr_assert_eq(item_of(link)->number, expected[i]);
                cr_assert_eq(link->list, list);
        }
        cr_assert_null(link);
        link = acd_list_last(list);
        for (uint32_t i = count; i > 0; i--, link = acd_list_prev(link))
                cr_assert_eq(item_of(link)->number, expected[i - 1]);
        cr_assert_null(link);
}

static uint32_t index_of(const int *model, uint32_t count, int number)
{
        for (uint32_t i = 0; i < count; i++)
                if (model[i] == number)
                        return i;
        return count;
}

static void model_insert(int *model, uint32_t *count, uint32_t at, int number)
{
        for (uint32_t i = (*count)++; i > at; i--)
                model[i] = model[i - 1];
        model[at] = number;
}

static void model_remove(int *model, uint32_t *count, uint32_t at)
{
        (*count)--;
        for (uint32_t i = at; i < *count; i++)
                model[i] = model[i + 1];
}

/* Goal    Any sequence of operations does what it does to an array. */
Test(list, agrees_with_an_array)
{
        struct acd_list list;
        struct item items[ITEM_COUNT] = { 0 };
        int model[ITEM_COUNT];
        uint32_t count = 0;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        acd_list_init(&list);
        for (int i = 0; i < ITEM_COUNT; i++)
                items[i].number = i;
        for (int step = 0; step < 20000; step++) {
                struct item *item = &items[acd_prng_below(&prng, ITEM_COUNT)];
                uint32_t at = index_of(model, count, item->number);
                struct acd_link *popped;

                cr_assert_eq(acd_link_is_linked(&item->link), at < count);
                if (at < count) {
                        acd_list_remove(&item->link);
                        model_remove(model, &count, at);
                } else if (acd_prng_chance(&prng, 1, 4)) {
                        acd_list_push_front(&list, &item->link);
                        model_insert(model, &count, 0, item->number);
                } else if (count > 0 && acd_prng_chance(&prng, 1, 2)) {
                        at = (uint32_t)acd_prng_below(&prng, count);
                        acd_list_insert_before(&items[model[at]].link, &item->link);
                        model_insert(model, &count, at, item->number);
                } else {
                        acd_list_push_back(&list, &item->link);
                        model_insert(model, &count, count, item->number);
                }
                if (acd_prng_chance(&prng, 1, 16)) {
                        popped = acd_list_pop_front(&list);
                        cr_assert_eq(popped == NULL, count == 0);
                        if (popped != NULL) {
                                cr_assert_eq(item_of(popped)->number, model[0]);
                                model_remove(model, &count, 0);
                        }
                }
                check_list(&list, model, count);
        }
}

/* Goal    A removed link is as good as new, and may join another list. */
Test(list, a_removed_link_is_free)
{
        struct acd_list one;
        struct acd_list two;
        struct item item = { .number = 4 };

        acd_list_init(&one);
        acd_list_init(&two);
        acd_list_push_back(&one, &item.link);
        acd_list_remove(&item.link);
        cr_assert_null(item.link.prev);
        cr_assert_null(item.link.next);
        acd_list_push_back(&two, &item.link);
        check_list(&one, NULL, 0);
        check_list(&two, (int[]){ 4 }, 1);
}

Test(list, removing_an_unlinked_link_aborts, .signal = SIGABRT)
{
        struct acd_link link = { 0 };

        acd_list_remove(&link);
}

Test(list, inserting_a_linked_link_aborts, .signal = SIGABRT)
{
        struct acd_list list;
        struct acd_link link = { 0 };

        acd_list_init(&list);
        acd_list_push_back(&list, &link);
        acd_list_push_back(&list, &link);
}

Test(list, removing_the_sentinel_aborts, .signal = SIGABRT)
{
        struct acd_list list;
        struct acd_link link = { 0 };

        acd_list_init(&list);
        acd_list_push_back(&list, &link);
        acd_list_remove(&list.head);
}

Test(list, inserting_before_an_unlinked_link_aborts, .signal = SIGABRT)
{
        struct acd_link where = { 0 };
        struct acd_link link = { 0 };

        acd_list_insert_before(&where, &link);
}

Test(list, neighbours_of_an_unlinked_link_abort, .signal = SIGABRT)
{
        struct acd_link link = { 0 };

        acd_list_next(&link);
}

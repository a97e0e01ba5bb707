/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists by index, against a naive model: an array.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/ilist.h"
#include "base/prng.h"

enum { ITEM_COUNT = 20 };

struct item {
        uint64_t before;
        struct acd_ilink link;
};

static struct acd_ispace space_of(struct item *items)
{
        return (struct acd_ispace){ &items[0].link, sizeof(items[0]) };
}

static void check_list(struct acd_ispace space, const struct acd_ilist *list, const uint32_t *model,
                       uint32_t count)
{
        uint32_t at = list->first;
        uint32_t before = 0;

        cr_assert_eq(list->count, count);
        for (uint32_t i = 0; i < count; i++) {
                cr_assert_eq(at, model[i]);
                cr_assert_eq(acd_ilink_at(space, at)->prev, before);
                cr_assert_eq(acd_ilink_at(space, at)->list, list->tag);
                before = at;
                at = acd_ilink_at(space, at)->next;
        }
        cr_assert_eq(at, 0u);
        cr_assert_eq(list->last, before);
}

/*
 * Goal    Insert, push, pop and remove do what they say.
 * Method  Random operations, compared with an array after each.
 */
Test(ilist, random_operations_agree_with_an_array)
{
        struct item items[ITEM_COUNT + 1] = { 0 };
        struct acd_ispace space = space_of(items);
        struct acd_ilist list;
        struct acd_prng prng;
        uint32_t model[ITEM_COUNT];
        uint32_t count = 0;

        acd_ilist_init(&list, 7);
        acd_prng_init(&prng, 1);
        for (uint32_t round = 0; round < 20000; round++) {
                uint32_t index = 1 + (uint32_t)acd_prng_below(&prng, ITEM_COUNT);
                uint32_t at = 0;

                while (at < count && model[at] != index)
                        at++;
                if (at < count) {
                        acd_ilist_remove(space, &list, index);
                        memmove(&model[at], &model[at + 1], (count - at - 1) * sizeof(model[0]));
                        count--;
                } else if (acd_prng_chance(&prng, 1, 8)) {
                        cr_assert_eq(acd_ilist_pop_front(space, &list), count == 0 ? 0 : model[0]);
                        if (count > 0)
                                memmove(&model[0], &model[1], --count * sizeof(model[0]));
                } else {
                        at = (uint32_t)acd_prng_below(&prng, count + 1);
                        if (at == 0)
                                acd_ilist_push_front(space, &list, index);
                        else if (at == count)
                                acd_ilist_push_back(space, &list, index);
                        else
                                acd_ilist_insert_before(space, &list, model[at], index);
                        memmove(&model[at + 1], &model[at], (count - at) * sizeof(model[0]));
                        model[at] = index;
                        count++;
                }
                check_list(space, &list, model, count);
        }
}

/* A bug must stop the process. That it does is part of the contract. */
Test(ilist, removing_from_the_wrong_list_aborts, .signal = SIGABRT)
{
        struct item items[2] = { 0 };
        struct acd_ilist list, other;

        acd_ilist_init(&list, 1);
        acd_ilist_init(&other, 2);
        acd_ilist_push_back(space_of(items), &list, 1);
        acd_ilist_remove(space_of(items), &other, 1);
}

Test(ilist, inserting_twice_aborts, .signal = SIGABRT)
{
        struct item items[2] = { 0 };
        struct acd_ilist list;

        acd_ilist_init(&list, 1);
        acd_ilist_push_back(space_of(items), &list, 1);
        acd_ilist_push_back(space_of(items), &list, 1);
}

/* Who comes and goes is counted and carries the tag. */
Test(ilist, crowds_count)
{
        struct acd_icrowd crowd;
        struct acd_ilink links[2] = { { 0 } };

        acd_icrowd_init(&crowd, 7);
        acd_icrowd_enter(&crowd, &links[0]);
        acd_icrowd_enter(&crowd, &links[1]);
        cr_assert_eq(crowd.count, 2u);
        cr_assert_eq(links[1].list, 7u);
        acd_icrowd_leave(&crowd, &links[0]);
        cr_assert_eq(crowd.count, 1u);
        cr_assert_eq(links[0].list, 0u);
        cr_assert_eq(links[1].list, 7u);
}

Test(ilist, entering_a_crowd_twice_aborts, .signal = SIGABRT)
{
        struct acd_icrowd crowd;
        struct acd_ilink link = { 0 };

        acd_icrowd_init(&crowd, 7);
        acd_icrowd_enter(&crowd, &link);
        acd_icrowd_enter(&crowd, &link);
}

Test(ilist, leaving_another_crowd_aborts, .signal = SIGABRT)
{
        struct acd_icrowd crowd, other;
        struct acd_ilink link = { 0 };

        acd_icrowd_init(&crowd, 7);
        acd_icrowd_init(&other, 8);
        acd_icrowd_enter(&crowd, &link);
        acd_icrowd_leave(&other, &link);
}

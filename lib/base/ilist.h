/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intrusive, counted, doubly linked lists of array elements, linked by index.
 *
 * What base/list.h does with pointers, for objects that live in arrays, by the
 * million, and go to disk: a link is 12 bytes, means the same at every address,
 * and can be checked before it is believed. A link remembers the tag of its
 * list, so nothing can be taken out of the wrong list, and a length cannot
 * disagree with the elements.
 *
 * Index 0 is "none": element 0 of such an array is never used. Tag 0 is "in no
 * list". Each list of a space has a tag of its own.
 *
 *   Ownership  The list owns nothing. Links live in the caller's elements.
 *   Failure    Misuse is a bug and aborts. Nothing here can run out.
 *   Cost       Every operation is O(1).
 *   Threads    None: a list belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

struct acd_ilink {
        uint32_t prev;
        uint32_t next;
        uint32_t list; /* tag of the list this link is in, or 0 */
};

struct acd_ilist {
        uint32_t first;
        uint32_t last;
        uint32_t count;
        uint32_t tag;
};

/* Elements that nobody walks: how many there are, and the tag that their links carry. No
 * neighbour is touched when one comes or goes. */
struct acd_icrowd {
        uint32_t count;
        uint32_t tag;
};

/* Where the links are: that of element 0, and the bytes from one to the next. */
struct acd_ispace {
        void *links;
        size_t stride;
};

static inline struct acd_ilink *acd_ilink_at(struct acd_ispace space, uint32_t index)
{
        return (struct acd_ilink *)(void *)((char *)space.links + (size_t)index * space.stride);
}

static inline void acd_ilist_init(struct acd_ilist *list, uint32_t tag)
{
        ACD_ASSERT(tag != 0);
        *list = (struct acd_ilist){ .tag = tag };
}

/* @before is an element of the list, or 0 to insert at its end. */
static inline void acd_ilist_insert_before(struct acd_ispace space, struct acd_ilist *list,
                                           uint32_t before, uint32_t index)
{
        struct acd_ilink *link = acd_ilink_at(space, index);
        uint32_t prev = before == 0 ? list->last : acd_ilink_at(space, before)->prev;

        ACD_ASSERT(index != 0);
        ACD_ASSERT(link->list == 0);
        *link = (struct acd_ilink){ .prev = prev, .next = before, .list = list->tag };
        if (prev == 0)
                list->first = index;
        else
                acd_ilink_at(space, prev)->next = index;
        if (before == 0)
                list->last = index;
        else
                acd_ilink_at(space, before)->prev = index;
        list->count++;
}

static inline void acd_ilist_push_back(struct acd_ispace space, struct acd_ilist *list,
                                       uint32_t index)
{
        acd_ilist_insert_before(space, list, 0, index);
}

static inline void acd_ilist_push_front(struct acd_ispace space, struct acd_ilist *list,
                                        uint32_t index)
{
        acd_ilist_insert_before(space, list, list->first, index);
}

/* Out of the list, which must be the one that the link names: element 0 names none. Its
 * link is not written. */
static inline void acd_ilist_unlink(struct acd_ispace space, struct acd_ilist *list,
                                    const struct acd_ilink *link)
{
        uint32_t prev = link->prev, next = link->next;

        ACD_ASSERT(link->list == list->tag);
        if (prev == 0)
                list->first = next;
        else
                acd_ilink_at(space, prev)->next = next;
        if (next == 0)
                list->last = prev;
        else
                acd_ilink_at(space, next)->prev = prev;
        list->count--;
}

static inline void acd_ilist_remove(struct acd_ispace space, struct acd_ilist *list, uint32_t index)
{
        struct acd_ilink *link = acd_ilink_at(space, index);

        acd_ilist_unlink(space, list, link);
        *link = (struct acd_ilink){ 0 };
}

/* Take the first element out and return it, or 0 when the list is empty. */
static inline uint32_t acd_ilist_pop_front(struct acd_ispace space, struct acd_ilist *list)
{
        uint32_t index = list->first;

        if (index != 0)
                acd_ilist_remove(space, list, index);
        return index;
}

static inline void acd_icrowd_init(struct acd_icrowd *crowd, uint32_t tag)
{
        ACD_ASSERT(tag != 0);
        *crowd = (struct acd_icrowd){ .tag = tag };
}

static inline void acd_icrowd_enter(struct acd_icrowd *crowd, struct acd_ilink *link)
{
        ACD_ASSERT(link->list == 0);
        link->list = crowd->tag;
        crowd->count++;
}

/* The crowd must be the one that the link names. */
static inline void acd_icrowd_leave(struct acd_icrowd *crowd, struct acd_ilink *link)
{
        ACD_ASSERT(link->list == crowd->tag);
        link->list = 0;
        crowd->count--;
}

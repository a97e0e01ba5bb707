/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intrusive, counted, doubly linked list of things that stay where they are.
 *
 * A link remembers which list it is in. That costs one pointer and removes two
 * kinds of bug: taking an element out of the wrong list, and a length that
 * disagrees with the elements. acd_list_remove() takes no list argument, so
 * there is none to get wrong.
 *
 *   Ownership  The list owns nothing. Links live in the caller's objects, which
 *              must not move while linked; neither must the list.
 *   Failure    Misuse is a bug and aborts. Nothing here can run out.
 *   Cost       Every operation is O(1).
 *   Threads    None: a list belongs to one thread.
 *
 * A zeroed link is valid and means "in no list".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

struct acd_list;

struct acd_link {
        struct acd_link *prev;
        struct acd_link *next;
        struct acd_list *list; /* the list this link is in, or NULL */
};

struct acd_list {
        struct acd_link head; /* sentinel: head.next is first, head.prev is last */
        uint32_t count;
};

/* The object of @type whose @member is @link. The dead operand checks the type. */
#define acd_container_of(link, type, member) \
        ((type *)(void *)((char *)(1 ? (link) : &((type *)0)->member) - offsetof(type, member)))

static inline void acd_list_init(struct acd_list *list)
{
        list->head = (struct acd_link){ .prev = &list->head, .next = &list->head, .list = list };
        list->count = 0;
}

static inline bool acd_list_is_empty(const struct acd_list *list)
{
        return list->count == 0;
}

static inline bool acd_link_is_linked(const struct acd_link *link)
{
        return link->list != NULL;
}

/* @where is a link in a list, or a list's sentinel to insert at its end. */
static inline void acd_list_insert_before(struct acd_link *where, struct acd_link *link)
{
        ACD_ASSERT(where->list != NULL);
        ACD_ASSERT(link->list == NULL);
        ACD_ASSERT(where->list->count < UINT32_MAX);

        *link = (struct acd_link){ .prev = where->prev, .next = where, .list = where->list };
        link->prev->next = link;
        link->next->prev = link;
        link->list->count++;
}

static inline void acd_list_push_back(struct acd_list *list, struct acd_link *link)
{
        acd_list_insert_before(&list->head, link);
}

static inline void acd_list_push_front(struct acd_list *list, struct acd_link *link)
{
        acd_list_insert_before(list->head.next, link);
}

static inline void acd_list_remove(struct acd_link *link)
{
        ACD_ASSERT(link->list != NULL);
        ACD_ASSERT(link->list->count > 0);
        ACD_ASSERT(link != &link->list->head);

        link->list->count--;
        link->prev->next = link->next;
        link->next->prev = link->prev;
        *link = (struct acd_link){ 0 };
}

/* The first or last link, or NULL when the list is empty. */
static inline struct acd_link *acd_list_first(const struct acd_list *list)
{
        return list->count == 0 ? NULL : list->head.next;
}

static inline struct acd_link *acd_list_last(const struct acd_list *list)
{
        return list->count == 0 ? NULL : list->head.prev;
}

/* The link after or before @link in its list, or NULL at the end. */
static inline struct acd_link *acd_list_next(const struct acd_link *link)
{
        ACD_ASSERT(link->list != NULL);
        return link->next == &link->list->head ? NULL : link->next;
}

static inline struct acd_link *acd_list_prev(const struct acd_link *link)
{
        ACD_ASSERT(link->list != NULL);
        return link->prev == &link->list->head ? NULL : link->prev;
}

/* Take the first link out and return it, or NULL when the list is empty. */
static inline struct acd_link *acd_list_pop_front(struct acd_list *list)
{
        struct acd_link *link = acd_list_first(list);

        if (link != NULL)
                acd_list_remove(link);
        return link;
}

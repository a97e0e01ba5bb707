/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lease.h - who has not been heard of for too long.
 *
 * All leases of one list last equally long, so the one that was renewed last
 * ends last: a list in the order of renewal is in the order of expiry, and
 * neither heap nor wheel is needed.
 *
 * Who is heard all the time is not moved all the time, since that would touch two
 * neighbours in the list each time: a lease is longer by an eighth than it need be,
 * and is renewed when it has used that up. So it ends when nobody was heard for the
 * list's duration, at the latest an eighth later.
 *
 *   Ownership  Links live in the objects that have a lease.
 *   Time       Real nanoseconds (clock_real()).
 *   Cost       O(1) for everything.
 *   Threads    The shard's.
 */

#include "base/list.h"

struct lease {
        uint64_t renewed_ns;
        struct acd_link link;
};

struct lease_list {
        struct acd_list leases; /* longest silent first */
        uint64_t duration_ns;
        uint64_t slack_ns;
};

static inline void lease_list_init(struct lease_list *list, uint64_t duration_ns)
{
        acd_list_init(&list->leases);
        list->duration_ns = duration_ns;
        list->slack_ns = duration_ns / 8;
}

/* The same where nobody renews his lease: it ends when it should. */
static inline void lease_list_init_exact(struct lease_list *list, uint64_t duration_ns)
{
        lease_list_init(list, duration_ns);
        list->slack_ns = 0;
}

/* Begin or renew. */
static inline void lease_renew(struct lease_list *list, struct lease *lease, uint64_t now_ns)
{
        if (acd_link_is_linked(&lease->link)) {
                if (now_ns - lease->renewed_ns < list->slack_ns &&
                    lease->link.list == &list->leases)
                        return;
                acd_list_remove(&lease->link);
        }
        lease->renewed_ns = now_ns;
        acd_list_push_back(&list->leases, &lease->link);
}

static inline void lease_end(struct lease *lease)
{
        if (acd_link_is_linked(&lease->link))
                acd_list_remove(&lease->link);
}

/* When the first one runs out, or 0 when there is none. */
static inline uint64_t lease_next_ns(const struct lease_list *list)
{
        struct acd_link *first = acd_list_first(&list->leases);

        if (first == NULL)
                return 0;
        return acd_container_of(first, struct lease, link)->renewed_ns + list->duration_ns +
               list->slack_ns;
}

/* One whose time is up, taken out of the list, or NULL. */
static inline struct lease *lease_pop_expired(struct lease_list *list, uint64_t now_ns)
{
        uint64_t next = lease_next_ns(list);
        struct acd_link *link;

        if (next == 0 || now_ns < next)
                return NULL;
        link = acd_list_pop_front(&list->leases);
        return acd_container_of(link, struct lease, link);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * photo.h - what waits, in which order, and who talks with whom, at one moment.
 *
 * Taken from the daemon's lists while nobody moves, before it is killed and
 * after it is back. An offer that nobody had answered is void after a restart
 * and its contact waits again, at its place: offered counts as waiting.
 *
 *   Ownership  Arrays inside; nothing to release.
 *   Failure    false, after a sentence on stderr.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

enum { PHOTO_CONTACT_MAX = 4096 };

struct photo_contact {
        uint64_t contact;
        uint64_t agent;      /* of those who talk or wrap up; else 0 */
        uint32_t band;       /* the order of service: band, */
        int64_t credited_ns; /* credited arrival, */
        uint64_t order;      /* sequence */
        uint8_t group;       /* 0 waits, 1 is being connected, 2 talks, 3 is wrapped up */
};

struct photo {
        uint32_t count, waiting_count, talking_count;
        struct photo_contact contact[PHOTO_CONTACT_MAX];
};

bool photo_take(struct photo *photo, struct acdclient *client);
/* How many contacts differ, in state, agent or place. */
uint32_t photo_differences(const struct photo *before, const struct photo *after);

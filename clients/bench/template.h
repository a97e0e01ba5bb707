/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * template.h - SUBMIT frames, made beforehand.
 *
 * There is one for each combination of queue, channel, band and credit that may
 * occur; to submit is to copy one and to write the correlation and the keys into
 * their places. Which one comes next is a list drawn once from the seed.
 *
 *   Ownership  templates_init() allocates, templates_fini() releases.
 *   Failure    false: too many combinations, or no memory.
 */

#include <stdbool.h>
#include <stdint.h>

#include "clients/bench/settings.h"

enum {
        TEMPLATE_MAX = 4096,
        TEMPLATE_PICK_COUNT = 1 << 16,
        TEMPLATE_KEY_SIZE = 16, /* of a client or customer key */
};

struct template
{
        uint8_t *frame;
        uint32_t size;
        uint32_t client_key_at, customer_key_at; /* 0: none */
};

struct templates {
        struct template template[TEMPLATE_MAX];
        uint32_t count;
        uint32_t size_max;        /* of any frame: what template_put() needs */
        struct template standing; /* one that nobody present can take */
        uint16_t *pick;
        uint64_t next;
        uint64_t key_prefix; /* makes keys of this run its own */
};

/* Handles of queues and channels, in the order of the settings' choices. */
struct template_handles {
        const uint64_t *queue, *channel;
        uint64_t standing_queue;
};

bool templates_init(struct templates *templates, const struct settings *settings,
                    const struct template_handles *handles);
void templates_fini(struct templates *templates);

/* Write the next one at @at, which has room for size_max. Returns its size. */
uint32_t template_put(struct templates *templates, bool is_standing, uint32_t correlation,
                      uint8_t *at);

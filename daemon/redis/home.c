/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the master is, where there is only one server: the one that was named.
 */

#include "daemon/redis/home.h"

#include <stdio.h>

#include "daemon/shard.h"

void redis_home_init(struct redis_home *home, struct shard *shard)
{
        *home = (struct redis_home){ .shard = shard, .mode = REDIS_MODE_SERVER };
        home->version = 1;
        home->master_count = 1;
        (void)snprintf(home->master[0], sizeof(home->master[0]), "%s",
                       options_text(shard->options, OPTION_REDIS));
}

uint8_t redis_home_of(const struct redis_home *home, struct acd_text name)
{
        (void)home;
        (void)name;
        return 0;
}

uint8_t redis_home_add(struct redis_home *home, const char *address)
{
        (void)home;
        (void)address;
        return REDIS_NO_MASTER;
}

void redis_home_doubt(struct redis_home *home)
{
        (void)home;
}

void redis_home_turn(struct redis_home *home)
{
        (void)home;
}

uint64_t redis_home_next_ns(const struct redis_home *home)
{
        (void)home;
        return 0;
}

void redis_home_on_socket(struct redis_home *home, uint32_t index, bool is_readable,
                          bool is_writable)
{
        (void)home;
        (void)index;
        (void)is_readable;
        (void)is_writable;
}

void redis_home_close(struct redis_home *home)
{
        (void)home;
}

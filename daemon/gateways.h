/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gateways.h - which connection speaks for which gateway.
 *
 *   Ownership  A table by the gateway's slot; connections are the pool's.
 *   Cost       O(1).
 *   Threads    The shard's.
 */

#include <stdint.h>

#include "acd/types.h"

struct conn;

struct gateways {
        struct conn **conn; /* by slot; NULL: nobody */
        uint32_t count_max;
        uint32_t present_count;
};

/* @conn: @count_max NULLs. */
void gateways_init(struct gateways *gateways, struct conn **conn, uint32_t count_max);

/* Who speaks for @gateway, or NULL. */
struct conn *gateways_find(const struct gateways *gateways, acd_gateway_id gateway);

/* From now on @conn does; NULL: nobody. */
void gateways_set(struct gateways *gateways, acd_gateway_id gateway, struct conn *conn);

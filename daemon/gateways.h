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
#include "base/assert.h"
#include "base/id.h"
#include "daemon/conn.h"

struct gateways {
        struct conn **conn; /* by slot; NULL: nobody */
        uint32_t count_max;
        uint32_t present_count;
};

/* @conn: @count_max NULLs. */
void gateways_init(struct gateways *gateways, struct conn **conn, uint32_t count_max);

static inline struct conn **gateways_place(const struct gateways *gateways, acd_gateway_id gateway)
{
        uint32_t slot = acd_id_split(gateway.value).slot;

        ACD_ASSERT(slot < gateways->count_max);
        return &gateways->conn[slot];
}

/* Who speaks for @gateway, or NULL. */
static inline struct conn *gateways_find(const struct gateways *gateways, acd_gateway_id gateway)
{
        struct conn *conn = *gateways_place(gateways, gateway);

        return conn != NULL && conn->gateway.value == gateway.value ? conn : NULL;
}

/* From now on @conn does; NULL: nobody. */
void gateways_set(struct gateways *gateways, acd_gateway_id gateway, struct conn *conn);

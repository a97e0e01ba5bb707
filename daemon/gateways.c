/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection a gateway.
 *
 * A second connection of the same client name takes over: the first may be
 * half open, and only the newest is known to be alive.
 */

#include "daemon/gateways.h"

#include "daemon/conn.h"

void gateways_init(struct gateways *gateways, struct conn **conn, uint32_t count_max)
{
        *gateways = (struct gateways){ .conn = conn, .count_max = count_max };
}

void gateways_set(struct gateways *gateways, acd_gateway_id gateway, struct conn *conn)
{
        struct conn **place = gateways_place(gateways, gateway);

        if (*place != NULL)
                gateways->present_count--;
        if (conn != NULL)
                gateways->present_count++;
        *place = conn;
}

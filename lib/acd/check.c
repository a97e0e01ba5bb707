/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole-state invariants: asserted by tests after every step, and asked of every
 * state that was loaded.
 *
 * The parts walk arrays, not lists, so that a broken list cannot hide its victims.
 * They answer instead of aborting: for acd_check() a broken invariant is our bug,
 * for acd_load() it is somebody's bytes. Only I14 and I15 are left out there: they
 * are quadratic, and a state that breaks them is unwise but safe.
 */

#include "acd/check.h"

/* Is the state sound: may the core go on from it? */
const char *acd_verify(const struct acd *acd)
{
        const char *(*const parts[])(const struct acd *) = {
                acd_check_references, acd_check_lists, acd_check_config,
                acd_check_traffic,    acd_check_order, acd_check_rest,
        };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}

void acd_check(const struct acd *acd)
{
        const char *broken = acd_verify(acd);

        if (broken == NULL)
                broken = acd_check_work(acd);
        if (broken != NULL)
                acd_panic(__FILE__, __LINE__, __func__, broken);
}

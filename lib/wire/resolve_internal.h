/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * resolve_internal.h - what resolve.c and resolve_config.c share.
 */

#include "wire/refusal.h"
#include "wire/resolve.h"

/* One request that is being resolved. */
struct wire_resolving {
        const struct acd *acd;
        const struct wire_peer *peer;
        acd_tenant_id tenant;
        struct wire_refusal *refusal;
};

/* A name or a handle, or neither: then *ret_id is 0. */
bool wire_resolve_reference(struct wire_resolving *at, const struct wire_path *parent,
                            const struct wire_reference *reference, uint64_t *ret_id);

/* The same; neither is MISSING. */
bool wire_resolve_needed(struct wire_resolving *at, const struct wire_path *parent,
                         const struct wire_reference *reference, uint64_t *ret_id);

bool wire_resolve_requirement(struct wire_resolving *at, const struct wire_term *terms,
                              uint32_t count, struct acd_requirement *ret_requirement);

/* The command of an APPLY. */
bool wire_resolve_apply(struct wire_resolving *at, const struct wire_apply *from,
                        struct acd_command *to);

/* Text, checked to be short enough, into an array of the core's. */
void wire_copy_text(struct acd_text text, char *ret_string);

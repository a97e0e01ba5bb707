/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * resolve.h - a request with the core at hand: names become ids, and the
 * request becomes the command that it asks for.
 *
 *   Ownership  The command borrows what the message borrows.
 *   Failure    A refusal that names the field: MISSING, UNKNOWN, INVALID,
 *              NOT_ALLOWED, NOT_LOGGED_IN. What only the core can know is left to
 *              acd_step().
 *   Cost       A hash look-up a name.
 *   Threads    That of the core.
 */

#include "acd/view.h"
#include "wire/codec.h"

/* Who asks: what HELLO and LOGIN settled. */
struct wire_peer {
        enum wire_role role;
        acd_tenant_id tenant;
        acd_gateway_id gateway; /* role GATEWAY */
        acd_agent_id agent;     /* of the session in the frame's header; none: no such session */
};

/* Defaults of what an APPLY leaves out. */
enum {
        WIRE_DEFAULT_AGENT_GRACE_MS = 30000,
        WIRE_DEFAULT_GATEWAY_GRACE_MS = 10000,
        WIRE_DEFAULT_KEY_RETENTION_MS = 86400000,
        WIRE_DEFAULT_CONNECTING_LEASE_MS = 30000,
        WIRE_DEFAULT_BAND = 8,
        WIRE_DEFAULT_OFFER_TIMEOUT_MS = 20000,
        WIRE_DEFAULT_COOL_DOWN_MS = 10000,
        WIRE_DEFAULT_SLOTS = 1,
        WIRE_DEFAULT_WEIGHT = 100,
};

/* Does this kind become a command of the core? (SUBMIT, CANCEL, UPDATE, REPORT, RESUME, LOGIN,
 * LOGOUT, READY, PAUSE, NEXT_STATE, ACCEPT ... WRAP_UP, APPLY.) The others are the
 * daemon's own to answer. */
bool wire_is_command(uint16_t kind);

/* Make the command of @message, whose kind wire_is_command(). Checks role, presence of what is
 * needed, names, handles (of this tenant), and that a gateway touches only its own contacts. */
enum acd_result wire_resolve(const struct acd *acd, const struct wire_peer *peer,
                             const struct wire_message *message, struct acd_command *ret_command,
                             struct wire_refusal *ret_refusal) __attribute__((warn_unused_result));

/* Does @refusal of @message only say that what a removal names is not there? Then everything is as
 * it asks for: a removal may be repeated. */
bool wire_is_removed(const struct wire_message *message, const struct wire_refusal *refusal);

/* Something that a request names, by name or by handle. */
struct wire_reference {
        enum acd_object object;
        struct acd_text name;
        uint64_t id;
        const char *field; /* path for a refusal */
};

/* For what the daemon answers itself: the id of @reference in @tenant. Neither name nor handle:
 * *ret_id is 0, and OK. Both: INVALID. */
enum acd_result wire_resolve_one(const struct acd *acd, acd_tenant_id tenant,
                                 const struct wire_reference *reference, uint64_t *ret_id,
                                 struct wire_refusal *ret_refusal)
        __attribute__((warn_unused_result));

/* The contact that @contact or else @client_key names, for QUERY and its like. UNKNOWN: no contact
 * has the key, or the contact is another tenant's. NOT_ALLOWED: another gateway's than the peer's.
 * An id that names no open contact passes: acd_view_contact() says so (GONE, or it never was). */
enum acd_result wire_resolve_contact(const struct acd *acd, const struct wire_peer *peer,
                                     uint64_t contact, struct acd_text client_key,
                                     acd_contact_id *ret_contact, struct wire_refusal *ret_refusal)
        __attribute__((warn_unused_result));

/* What the core said, as a Result. Texts are static. */
struct wire_result wire_result_of(const struct acd_reply *reply, acd_time now);

/* What the core said to the APPLY in @command, as Applied. The list of changed fields is in
 * @arena. */
struct wire_applied wire_applied_of(const struct acd_reply *reply,
                                    const struct acd_command *command, acd_time now,
                                    struct acd_arena *arena);

/* An upsert command (acd_config()) as the change that would make it, with names. False: a name is
 * missing, or the arena is full. */
bool wire_config_of(const struct acd *acd, const struct acd_command *command,
                    struct acd_arena *arena, struct wire_apply *ret_apply)
        __attribute__((warn_unused_result));

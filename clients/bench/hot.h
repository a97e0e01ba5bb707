/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hot.h - the frames of a life cycle, by hand.
 *
 * The load generator must cost less than what it measures. A full decoder
 * checks and copies what nobody here asks for; this one picks out the few
 * fields that a life cycle turns on. It is for frames from a daemon that the
 * rest of the run checks: it rejects what cannot be walked, not what is odd.
 *
 *   Failure    Peeking: false when the bytes cannot be walked.
 *   Cost       O(bytes), a few nanoseconds; an offer is read up to its contact.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/frame.h"

enum {
        HOT_COMMAND_SIZE = WIRE_HEADER_SIZE + 9,
        HOT_CANCEL_SIZE = WIRE_HEADER_SIZE + 11,
        HOT_REPORT_SIZE = WIRE_HEADER_SIZE + 20,
        HOT_EMPTY_SIZE = WIRE_HEADER_SIZE,
};

struct hot_result {
        uint32_t code; /* enum acd_result */
        uint32_t state;
        uint64_t id;
};

struct hot_offer {
        uint64_t assignment;
        uint64_t contact;
};

/* A push about an assignment, to a gateway or a desktop. */
struct hot_assignment {
        uint64_t assignment;
        uint64_t contact;
        uint32_t state; /* enum acd_assignment_state */
        uint32_t reason;
};

bool hot_peek_result(const uint8_t *body, uint32_t size, struct hot_result *ret_result);
bool hot_peek_offer(const uint8_t *body, uint32_t size, struct hot_offer *ret_offer);
/* ASSIGNMENT, to the gateway; and OFFER_ENDED and ASSIGNMENT_STATE, to the desktop. */
bool hot_peek_assignment(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push);
bool hot_peek_offer_ended(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push);
bool hot_peek_assignment_state(const uint8_t *body, uint32_t size, struct hot_assignment *ret_push);

static inline void hot_put_header(uint8_t *at, uint32_t frame_size, uint16_t kind,
                                  uint32_t correlation, uint32_t session)
{
        acd_put_u32(at, frame_size - WIRE_HEADER_SIZE);
        acd_put_u32(at + 4, kind | (uint32_t)WIRE_HEADER_VERSION << 24);
        acd_put_u32(at + 8, correlation);
        acd_put_u32(at + 12, session);
}

/* ACCEPT, COMPLETE: HOT_COMMAND_SIZE bytes at @at. */
static inline void hot_put_command(uint8_t *at, uint16_t kind, uint32_t correlation,
                                   uint32_t session, uint64_t assignment)
{
        hot_put_header(at, HOT_COMMAND_SIZE, kind, correlation, session);
        at[WIRE_HEADER_SIZE] = 1 << 3 | 1;
        acd_put_u64(at + WIRE_HEADER_SIZE + 1, assignment);
}

/* READY, HEARTBEAT, PING: a header alone. */
static inline void hot_put_empty(uint8_t *at, uint16_t kind, uint32_t correlation, uint32_t session)
{
        hot_put_header(at, HOT_EMPTY_SIZE, kind, correlation, session);
}

/* CANCEL with the reason CANCELLED, REPORT of CONNECTED. */
void hot_put_cancel(uint8_t *at, uint32_t correlation, uint64_t contact);
void hot_put_report(uint8_t *at, uint32_t correlation, uint64_t contact, uint64_t assignment);

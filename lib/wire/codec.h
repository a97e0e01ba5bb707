/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec.h - frames to messages and back, for both ends of a connection.
 *
 * The only home of protobuf-c, which reads; SUBMIT, the commands on assignments,
 * RESULT, OFFER and events are read by hand, and everything is written without it, to the
 * same bytes.
 *
 *   Ownership  A decoded message borrows the frame's bytes and the arena; the
 *              caller resets the arena when it is done with the message (per
 *              turn or per message). Encoding uses the arena for scratch.
 *   Failure    wire_decode() returns OK or a refusal that names the field.
 *              wire_encode() returns 0 when the message does not fit.
 *   Cost       Linear in the frame. Memory is capped before anything is
 *              unpacked: see WIRE_ARENA_SIZE.
 *   Threads    No state but the arena.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "wire/frame.h"
#include "wire/kinds.h"
#include "wire/message.h"

enum {
        /* A message may take 16 times its size and 32 KiB. The greediest honest one, a RESOLVE
         * of 1,024 names of one letter, takes 17 times its 7 KiB. */
        WIRE_ARENA_FACTOR = 16,
        WIRE_ARENA_EXTRA = 32768,
        /* An arena of this size decodes and encodes any one message. */
        WIRE_ARENA_SIZE = WIRE_ARENA_FACTOR * WIRE_BODY_MAX_EVENTS + WIRE_ARENA_EXTRA,
        /* Fields in one message, those inside it counted too. */
        WIRE_FIELD_COUNT_MAX = 16384,
        WIRE_PATH_MAX = 63,
};

/* Why a message was refused. */
struct wire_refusal {
        enum acd_result code;
        char field[WIRE_PATH_MAX + 1]; /* path of the field at fault; "" when there is none */
        const char *text;              /* a sentence; static */
        uint64_t limit;                /* the limit passed */
};

/* Unpack @frame. On a refusal *ret_message has kind, correlation and session only,
 * so that it can be answered. Requests are checked in full (presence is left
 * to wire_resolve()); answers and pushes may hold numbers that this build does not know.
 * RESULT_UNSUPPORTED: no such kind. */
enum acd_result wire_decode(const struct wire_frame *frame, struct acd_arena *arena,
                            struct wire_message *ret_message, struct wire_refusal *ret_refusal)
        __attribute__((warn_unused_result));

/* Bytes that the frame of @message may take at most. */
size_t wire_bound(const struct wire_message *message);

/* Write @message as one frame to @at, which has room for the bound. Returns its size. */
size_t wire_put(const struct wire_message *message, uint8_t *at);

/* Write @message as one frame, header and body. Returns its size, or 0 when it does not fit, or
 * when it only just might and the arena has no room to try: then nothing of use is at @at. */
size_t wire_encode(const struct wire_message *message, struct acd_arena *arena, uint8_t *at,
                   size_t size) __attribute__((warn_unused_result));

/* The same at the end of @buffer; false and nothing changed when it does not fit. */
bool wire_append(const struct wire_message *message, struct acd_arena *arena,
                 struct acd_buffer *buffer) __attribute__((warn_unused_result));

/* The RESULT frame that answers @request with @refusal. */
struct wire_message wire_refuse(const struct wire_message *request,
                                const struct wire_refusal *refusal, uint64_t server_time_ns);

/* Text from a string, a string of a fixed array. */
struct acd_text wire_text(const char *string);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dispatch.h - one frame: checked, given to whoever knows its kind, answered once.
 *
 *   Ownership  A request borrows the frame and the decode arena: until dispatch()
 *              returns.
 *   Failure    Every request is answered exactly once, whatever it holds.
 *   Threads    The shard's.
 */

#include "daemon/conn.h"
#include "daemon/session.h"
#include "wire/resolve.h"

struct shard;

struct request {
        struct shard *shard;
        struct conn *conn;
        struct session *session; /* that the frame's header names; NULL: none */
        struct wire_peer peer;
        const struct wire_message *message;
};

/* Decide @frame of @conn. There is room for one step, or the disk is full. */
void dispatch(struct shard *shard, struct conn *conn, const struct wire_frame *frame);

/* ---- for those who answer ---- */

/* The answer to @request: kind @kind; the caller fills the body and gives it to answer(). */
struct wire_message answer_begin(const struct request *request, enum wire_kind kind);
void answer(const struct request *request, const struct wire_message *message);

void answer_result(const struct request *request, const struct wire_result *result);
void answer_refusal(const struct request *request, const struct wire_refusal *refusal);
/* A refusal in pieces: @field may be "", @text NULL for the code's own sentence. */
void answer_code(const struct request *request, enum acd_result code, const char *field,
                 const char *text);
/* A Result that says OK. */
struct wire_result result_ok(const struct request *request, uint64_t id, uint32_t state);

/* Apply @command for @request: true when it was taken or had been before; else it is answered. */
bool request_step(const struct request *request, const struct acd_command *command,
                  struct acd_reply *ret_reply);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hello.h - the first frame: who is there, and on what terms.
 *
 *   Failure    A refused HELLO is answered by RESULT, then BYE, then the end.
 *   Threads    The shard's.
 */

#include "daemon/dispatch.h"

/* The first frame of a new connection, decoded; @refusal is why it could not be, or NULL. */
void hello_first(const struct request *request, const struct wire_refusal *refusal);

/* A HELLO on a connection that had one. */
void hello_again(const struct request *request);

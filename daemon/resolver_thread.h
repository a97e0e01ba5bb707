/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * resolver_thread.h - host names into addresses, without waiting for them.
 *
 * The system's resolver blocks, for half a minute when its servers are away, so
 * a thread of its own asks it. Who wants a name asks again when woken:
 *
 *      resolver_find()   the first time: -EINPROGRESS
 *      event fd          becomes readable
 *      resolver_find()   the address, once; the next time it is looked up anew
 *
 * A name with several addresses gives another one each time.
 *
 *   Ownership  Who opens, closes. A look-up that cannot be ended is left to the
 *              end of the process.
 *   Failure    -ENODATA: there is no such host; -EREMOTEIO: nobody could say.
 *   Cost       A lock and a short table.
 *   Threads    One asks, one thread here answers. It blocks all signals.
 */

#include <stdint.h>
#include <sys/socket.h>

enum { RESOLVER_HOST_SIZE = 256 };

struct resolver;

/* Start the thread. */
int resolver_open(struct resolver **ret_resolver) __attribute__((warn_unused_result));

/* NULL: nothing. */
void resolver_close(struct resolver *resolver);

/* Readable when there is an answer. */
int resolver_event_fd(const struct resolver *resolver);

/* Awake, thank you: the event fd is not readable until the next answer. */
void resolver_hush(struct resolver *resolver);

/* An address of @host; its port is zero. */
int resolver_find(struct resolver *resolver, const char *host, struct sockaddr_storage *ret_address,
                  socklen_t *ret_size) __attribute__((warn_unused_result));

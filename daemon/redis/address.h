/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * address.h - where a Redis is, as text: "HOST:PORT", "[IPv6]:PORT", "unix:PATH".
 *
 * A host is a number or a name; whether there is such a host is not known here.
 *
 *   Ownership  The caller's arrays.
 *   Failure    False, and nothing is written.
 *   Cost       O(length).
 *   Threads    Any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDIS_ADDRESS_SIZE = 272 };

bool redis_address_is_valid(const char *address);

/* The next address of "a,b,c" in *@list, which moves on. False: no more, or one too long. */
bool redis_address_next(const char **list, char ret_address[REDIS_ADDRESS_SIZE]);

/* The host of @address, without brackets. False: a unix socket has none. */
bool redis_address_host(const char *address, char ret_host[REDIS_ADDRESS_SIZE]);

/* Of a host and a port, as Redis says them; brackets are added to an IPv6 one. False: they are
 * none. */
bool redis_address_make(const char *host, uint64_t port, char ret_address[REDIS_ADDRESS_SIZE]);

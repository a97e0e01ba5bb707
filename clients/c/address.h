/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * address.h - where a daemon listens, as text and as a socket.
 *
 *      unix:/run/acdd/acdd.sock     tcp:127.0.0.1:7400     127.0.0.1:7400
 *      tcp:[::1]:7400
 *
 *   Failure    A negative errno.
 *   Cost       A host name that is not a number is looked up, which may block;
 *              "localhost" is not looked up.
 */

#include <stdbool.h>

struct client_address {
        bool is_unix;
        char path[108]; /* what struct sockaddr_un takes */
        char host[256];
        char port[6];
};

int client_address_parse(const char *text, struct client_address *ret_address)
        __attribute__((warn_unused_result));

/* A socket that connects to @address without blocking, or a negative errno. Writable
 * means: connected, or failed with SO_ERROR. */
int client_address_dial(const struct client_address *address) __attribute__((warn_unused_result));

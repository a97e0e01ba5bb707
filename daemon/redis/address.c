/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of Redis servers.
 *
 * They come from an operator and from other servers, which may be in anybody's
 * hands: what is no host and port is refused here, before it reaches a log, a
 * resolver or a comparison.
 */

#include "daemon/redis/address.h"

#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 253, PATH_MAX_SIZE = 107, PORT_MAX = 65535 };

static bool is_host(const char *host, size_t size, bool is_bracketed)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789.-_";

        if (size == 0 || size > HOST_MAX)
                return false;
        for (size_t i = 0; i < size; i++) {
                bool is_more = is_bracketed && (host[i] == ':' || host[i] == '%');

                if (host[i] == '\0' || (strchr(letters, host[i]) == NULL && !is_more))
                        return false;
        }
        return true;
}

static bool is_port(const char *text)
{
        uint64_t port = 0;
        size_t i;

        for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 6; i++)
                port = port * 10 + (uint64_t)(text[i] - '0');
        return i > 0 && text[i] == '\0' && port > 0 && port <= PORT_MAX;
}

static bool is_unix(const char *address)
{
        return strncmp(address, "unix:", 5) == 0;
}

bool redis_address_is_valid(const char *address)
{
        const char *colon = strrchr(address, ':');
        size_t size;

        if (is_unix(address))
                return address[5] != '\0' && strlen(address + 5) <= PATH_MAX_SIZE;
        if (colon == NULL || !is_port(colon + 1))
                return false;
        size = (size_t)(colon - address);
        if (size >= 2 && address[0] == '[' && address[size - 1] == ']')
                return is_host(address + 1, size - 2, true);
        return is_host(address, size, false);
}

bool redis_address_next(const char **list, char ret_address[REDIS_ADDRESS_SIZE])
{
        const char *end = strchrnul(*list, ',');
        size_t size = (size_t)(end - *list);

        if (**list == '\0' || size >= REDIS_ADDRESS_SIZE)
                return false;
        memcpy(ret_address, *list, size);
        ret_address[size] = '\0';
        *list = *end == ',' ? end + 1 : end;
        return true;
}

bool redis_address_host(const char *address, char ret_host[REDIS_ADDRESS_SIZE])
{
        const char *colon = strrchr(address, ':');
        size_t size;

        if (is_unix(address) || !redis_address_is_valid(address))
                return false;
        size = (size_t)(colon - address);
        if (address[0] == '[') {
                address++;
                size -= 2;
        }
        memcpy(ret_host, address, size);
        ret_host[size] = '\0';
        return true;
}

bool redis_address_make(const char *host, uint64_t port, char ret_address[REDIS_ADDRESS_SIZE])
{
        char address[REDIS_ADDRESS_SIZE];
        bool is_bracketed = strchr(host, ':') != NULL;

        if (!is_host(host, strlen(host), is_bracketed) || port == 0 || port > PORT_MAX)
                return false;
        (void)snprintf(address, sizeof(address), is_bracketed ? "[%s]:%u" : "%s:%u", host,
                       (unsigned)port);
        /* A host of that name would become a path, which has no TLS. */
        if (is_unix(address))
                return false;
        memcpy(ret_address, address, sizeof(address));
        return true;
}

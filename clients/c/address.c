/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of a daemon.
 *
 * Text is taken only in full: a port of 74000 or a path that is too long for the
 * kernel is refused when the client is made and not when it connects. The
 * address list of a name is tried only at its first entry; names are for
 * convenience, services use numbers or a unix socket.
 */

#include "clients/c/address.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof(((struct client_address *)0)->path) ==
                       sizeof(((struct sockaddr_un *)0)->sun_path),
               "a path that fits here fits the kernel");

static bool is_port(const char *text)
{
        size_t size = strlen(text);
        long port = 0;

        if (size == 0 || size > 5)
                return false;
        for (size_t i = 0; i < size; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                port = port * 10 + (text[i] - '0');
        }
        return port > 0 && port <= 65535;
}

static int parse_unix(const char *path, struct client_address *ret_address)
{
        size_t size = strlen(path);

        if (size == 0 || size >= sizeof(ret_address->path))
                return -EINVAL;
        *ret_address = (struct client_address){ .is_unix = true };
        memcpy(ret_address->path, path, size + 1);
        return 0;
}

int client_address_parse(const char *text, struct client_address *ret_address)
{
        const char *colon;
        size_t host_size;

        if (strncmp(text, "unix:", 5) == 0)
                return parse_unix(text + 5, ret_address);
        if (strncmp(text, "tcp:", 4) == 0)
                text += 4;

        colon = strrchr(text, ':');
        if (colon == NULL || !is_port(colon + 1))
                return -EINVAL;
        host_size = (size_t)(colon - text);
        if (host_size > 2 && text[0] == '[' && text[host_size - 1] == ']') {
                text++;
                host_size -= 2;
        } else if (memchr(text, ':', host_size) != NULL) {
                return -EINVAL;
        }
        if (host_size == 0 || host_size >= sizeof(ret_address->host))
                return -EINVAL;

        *ret_address = (struct client_address){ .is_unix = false };
        memcpy(ret_address->host, text, host_size);
        memcpy(ret_address->port, colon + 1, strlen(colon + 1) + 1);
        if (strcmp(ret_address->host, "localhost") == 0)
                memcpy(ret_address->host, "127.0.0.1", 10);
        return 0;
}

static int start_connect(int family, const struct sockaddr *where, socklen_t where_size)
{
        int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int one = 1;

        if (fd < 0)
                return -errno;
        if (family != AF_UNIX)
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connect(fd, where, where_size) < 0 && errno != EINPROGRESS) {
                int error = -errno;

                (void)close(fd);
                return error;
        }
        return fd;
}

static int dial_unix(const char *path)
{
        struct sockaddr_un where = { .sun_family = AF_UNIX };
        int fd;

        memcpy(where.sun_path, path, strlen(path));
        fd = start_connect(AF_UNIX, (const struct sockaddr *)&where, sizeof(where));
        /* A full backlog of a unix socket says EAGAIN at once. */
        return fd == -EAGAIN ? -ECONNREFUSED : fd;
}

static int lookup_error(int code)
{
        if (code == EAI_MEMORY)
                return -ENOMEM;
        if (code == EAI_AGAIN)
                return -EAGAIN;
        return -EHOSTUNREACH;
}

int client_address_dial(const struct client_address *address)
{
        struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        struct addrinfo *found = NULL;
        int code;
        int fd;

        if (address->is_unix)
                return dial_unix(address->path);

        hints.ai_flags = AI_NUMERICSERV;
        code = getaddrinfo(address->host, address->port, &hints, &found);
        if (code != 0)
                return lookup_error(code);
        fd = start_connect(found->ai_family, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
        return fd;
}

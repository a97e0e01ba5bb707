/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a server under load.
 *
 * Sockets do not block. TCP ones send at once (TCP_NODELAY): a turn's output is
 * one write anyway, and waiting for more would cost the peer, not us. A turn's
 * input is one read of up to 256 KiB; what is left of the last answer moves to
 * the front before the next one.
 */

#include "bench/peers/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024, ASKED_ROOM = 4096, LINE_MAX_SIZE = 256 };

_Noreturn void link_fail(const char *format, ...)
{
        va_list arguments;

        fputs("peerload: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        exit(1);
}

static int connect_unix(const char *path)
{
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        link_check(fd >= 0 && strlen(path) < sizeof(name.sun_path), "no socket for %s", path);
        memcpy(name.sun_path, path, strlen(path));
        link_check(connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0, "connect to %s: %s",
                   path, strerror(errno));
        return fd;
}

static int connect_tcp(const char *address)
{
        struct sockaddr_in name = { .sin_family = AF_INET };
        const char *colon = strrchr(address, ':');
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
        char host[INET_ADDRSTRLEN];

        link_check(fd >= 0 && colon != NULL && (size_t)(colon - address) < sizeof(host),
                   "%s is neither unix:PATH nor HOST:PORT", address);
        memcpy(host, address, (size_t)(colon - address));
        host[colon - address] = '\0';
        name.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
        link_check(inet_pton(AF_INET, host, &name.sin_addr) == 1, "%s is no number", host);
        link_check(connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0, "connect to %s: %s",
                   address, strerror(errno));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return fd;
}

void link_open(struct link *link, const char *address)
{
        *link = (struct link){ .fd = -1, .asked_room = ASKED_ROOM };
        if (strncmp(address, "unix:", 5) == 0)
                link->fd = connect_unix(address + 5);
        else
                link->fd = connect_tcp(address);
        link_check(fcntl(link->fd, F_SETFL, O_NONBLOCK) == 0, "fcntl: %s", strerror(errno));
        link->asked = calloc(link->asked_room, sizeof(*link->asked));
        link_check(link->asked != NULL, "no memory");
}

void link_close(struct link *link)
{
        close(link->fd);
        free(link->asked);
        free(link->in.at);
        free(link->out.at);
}

/* Room for @size more bytes behind the end. */
static char *reserve(struct link_buffer *buffer, size_t size)
{
        if (buffer->room - buffer->end < size && buffer->begin > 0) {
                memmove(buffer->at, buffer->at + buffer->begin, buffer->end - buffer->begin);
                buffer->end -= buffer->begin;
                buffer->begin = 0;
        }
        if (buffer->room - buffer->end < size) {
                buffer->room = 2 * buffer->room + size;
                buffer->at = realloc(buffer->at, buffer->room);
                link_check(buffer->at != NULL, "no memory for %zu bytes", buffer->room);
        }
        return buffer->at + buffer->end;
}

void link_put(struct link *link, const void *bytes, size_t size)
{
        memcpy(reserve(&link->out, size), bytes, size);
        link->out.end += size;
}

void link_print(struct link *link, const char *format, ...)
{
        va_list arguments;
        int size;

        va_start(arguments, format);
        size = vsnprintf(reserve(&link->out, LINE_MAX_SIZE), LINE_MAX_SIZE, format, arguments);
        va_end(arguments);
        link_check(size >= 0 && size < LINE_MAX_SIZE, "a line of %d bytes", size);
        link->out.end += (size_t)size;
}

void link_flush(struct link *link)
{
        struct link_buffer *out = &link->out;
        ssize_t size;

        if (out->begin == out->end)
                return;
        size = send(link->fd, out->at + out->begin, out->end - out->begin, MSG_NOSIGNAL);
        link_check(size >= 0 || errno == EAGAIN, "send: %s", strerror(errno));
        if (size > 0)
                out->begin += (size_t)size;
        link->is_write_full = out->begin < out->end;
        if (!link->is_write_full)
                out->begin = out->end = 0;
}

bool link_read(struct link *link)
{
        char *at = reserve(&link->in, READ_SIZE);
        ssize_t size = recv(link->fd, at, READ_SIZE, 0);

        link_check(size != 0, "the server closed a connection");
        link_check(size > 0 || errno == EAGAIN || errno == EINTR, "recv: %s", strerror(errno));
        if (size > 0)
                link->in.end += (size_t)size;
        return size > 0;
}

static void grow(struct link *link)
{
        uint64_t *ring = calloc(2 * (size_t)link->asked_room, sizeof(*ring));

        link_check(ring != NULL, "no memory");
        for (uint32_t i = 0; i < link->asked_count; i++)
                ring[i] = link->asked[(link->asked_first + i) & (link->asked_room - 1)];
        free(link->asked);
        link->asked = ring;
        link->asked_first = 0;
        link->asked_room *= 2;
}

void link_ask(struct link *link, uint64_t word)
{
        if (link->asked_count == link->asked_room)
                grow(link);
        link->asked[(link->asked_first + link->asked_count) & (link->asked_room - 1)] = word;
        link->asked_count++;
}

uint64_t link_due(const struct link *link)
{
        link_check(link->asked_count > 0, "an answer that nobody asked for: %.80s",
                   link->in.at + link->in.begin);
        return link->asked[link->asked_first];
}

void link_answered(struct link *link)
{
        link_check(link->asked_count > 0, "an answer too many");
        link->asked_first = (link->asked_first + 1) & (link->asked_room - 1);
        link->asked_count--;
}

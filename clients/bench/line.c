/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of the load.
 *
 * A socket is read once a turn, and again only when the buffer was filled: a
 * short read says that the socket is empty, so asking again would cost a system
 * call to learn nothing. Unsent bytes are moved to the front only when the
 * buffer must grow; in a turn that sends everything there are none.
 */

#include "clients/bench/line.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

static ssize_t plain_receive(struct line *line, void *at, size_t size)
{
        return recv(line->fd, at, size, 0);
}

static ssize_t plain_send(struct line *line, const void *at, size_t size)
{
        return send(line->fd, at, size, MSG_NOSIGNAL);
}

const struct line_transport line_plain = { plain_receive, plain_send };

int line_open(struct line *line, const struct client_address *address, int timeout_ms)
{
        struct pollfd ready = { .events = POLLOUT };
        int error = 0;
        socklen_t size = sizeof(error);

        *line = (struct line){ .transport = &line_plain, .fd = -1 };
        line->fd = client_address_dial(address);
        if (line->fd < 0) {
                error = line->fd;
                line->fd = -1;
                return error;
        }
        ready.fd = line->fd;
        if (poll(&ready, 1, timeout_ms) != 1)
                error = ETIMEDOUT;
        else if (getsockopt(line->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                error = errno;
        if (error != 0) {
                line_close(line);
                return -error;
        }
        return 0;
}

void line_close(struct line *line)
{
        if (line->fd >= 0)
                (void)close(line->fd);
        line->fd = -1;
        free(line->out);
        free(line->rest);
        line->out = NULL;
        line->rest = NULL;
        line->out_size = line->out_sent = line->out_capacity = 0;
        line->rest_size = line->rest_capacity = 0;
}

static bool reserve(uint8_t **bytes, size_t *capacity, size_t size)
{
        size_t more = *capacity == 0 ? 1024 : *capacity;
        uint8_t *moved;

        if (size <= *capacity)
                return true;
        while (more < size)
                more *= 2;
        moved = realloc(*bytes, more);
        if (moved == NULL)
                return false;
        *bytes = moved;
        *capacity = more;
        return true;
}

uint8_t *line_room(struct line *line, size_t size)
{
        if (line->out_size + size > line->out_capacity) {
                if (line->out_sent > 0) {
                        line->out_size -= line->out_sent;
                        memmove(line->out, line->out + line->out_sent, line->out_size);
                        line->out_sent = 0;
                }
                if (line->out_size + size > LINE_OUT_MAX ||
                    !reserve(&line->out, &line->out_capacity, line->out_size + size))
                        return NULL;
        }
        return line->out + line->out_size;
}

int line_flush(struct line *line)
{
        while (line->out_sent < line->out_size) {
                ssize_t sent = line->transport->send(line, line->out + line->out_sent,
                                                     line->out_size - line->out_sent);

                if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                        return 1;
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return sent < 0 ? -errno : -ECONNRESET;
                line->out_sent += (size_t)sent;
                line->byte_out_count += (uint64_t)sent;
        }
        line->out_sent = line->out_size = 0;
        return 0;
}

ssize_t line_receive(struct line *line, uint8_t *scratch, bool *ret_is_all)
{
        size_t kept = line->rest_size;
        ssize_t got;

        if (kept > 0)
                memcpy(scratch, line->rest, kept);
        do
                got = line->transport->receive(line, scratch + kept, LINE_SCRATCH_SIZE - kept);
        while (got < 0 && errno == EINTR);
        *ret_is_all = true;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
                return 0;
        if (got <= 0)
                return got < 0 ? -errno : -ECONNRESET;
        *ret_is_all = (size_t)got < LINE_SCRATCH_SIZE - kept;
        line->byte_in_count += (uint64_t)got;
        line->rest_size = 0;
        return got + (ssize_t)kept;
}

int line_keep(struct line *line, const uint8_t *at, size_t size)
{
        ACD_ASSERT(size <= WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS);

        if (size > 0) {
                if (!reserve(&line->rest, &line->rest_capacity, size))
                        return -ENOMEM;
                memcpy(line->rest, at, size);
        }
        line->rest_size = size;
        return 0;
}

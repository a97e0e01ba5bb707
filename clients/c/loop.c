/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event-driven face: bytes between the socket and the core.
 *
 * The caller's loop owns the waiting; each function here does what can be done
 * now and returns. Reading goes on until the socket is empty, a whole buffer
 * was taken or a message was handed out, so that one busy connection cannot
 * keep a loop from its others. Writing sends what the core has put into its
 * output; new output appears as room is made, for requests are kept apart.
 */

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/c/client.h"

void client_socket_close(struct acdclient *client)
{
        if (client->fd >= 0)
                (void)close(client->fd);
        client->fd = -1;
}

int acdclient_start(struct acdclient *client)
{
        if (client->connection != ACDCLIENT_IDLE)
                return -EALREADY;
        client_read_clock(client);
        client_begin(client);
        return 0;
}

int acdclient_fd(const struct acdclient *client)
{
        return client->fd;
}

bool acdclient_wants_write(const struct acdclient *client)
{
        return client->fd >= 0 &&
               (client->phase == CLIENT_DIALING || !acd_buffer_is_empty(&client->out));
}

int acdclient_next_timeout_ms(const struct acdclient *client)
{
        struct acdclient *clock = (struct acdclient *)(uintptr_t)client; /* only its time */
        uint64_t next = client_next_ms(client);

        if (next == UINT64_MAX)
                return -1;
        client_read_clock(clock);
        if (next <= client->now_ms)
                return 0;
        return next - client->now_ms < INT_MAX ? (int)(next - client->now_ms) : INT_MAX;
}

/* The socket has become writable for the first time: connected, or not? */
static void finish_dial(struct acdclient *client)
{
        socklen_t size = sizeof(int);
        int error = 0;

        if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                error = errno;
        if (error != 0)
                client_lose(client, -error);
        else
                client_connected(client);
}

/* Send what is there. False: the socket takes no more, or is gone. */
static bool flush(struct acdclient *client)
{
        while (!acd_buffer_is_empty(&client->out)) {
                size_t size;
                const uint8_t *bytes = acd_buffer_unparsed(&client->out, &size);
                ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);

                if (sent < 0 && errno == EINTR)
                        continue;
                /* It hung up, and may have said why: reading will tell. */
                if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
                        sent = (ssize_t)size;
                if (sent < 0) {
                        if (errno != EAGAIN)
                                client_lose(client, -errno);
                        return false;
                }
                acd_buffer_parse(&client->out, (size_t)sent);
                acd_buffer_finish(&client->out);
        }
        return true;
}

void acdclient_on_writable(struct acdclient *client)
{
        client_read_clock(client);
        if (client->fd < 0)
                return;
        if (client->phase == CLIENT_DIALING)
                finish_dial(client);
        /* Twice: what did not fit into the buffer before fits now. */
        for (int i = 0; i < 2 && client->phase >= CLIENT_HELLO; i++) {
                client_pump(client);
                if (!flush(client))
                        return;
        }
}

/* Take what the socket has. Returns false when there is nothing more to take now. */
static bool take(struct acdclient *client)
{
        uint8_t *space;
        size_t size;
        ssize_t taken;

        acd_buffer_finish(&client->in);
        acd_buffer_compact(&client->in);
        space = acd_buffer_space(&client->in, &size);
        if (size == 0)
                return false;
        taken = recv(client->fd, space, size, 0);
        if (taken > 0) {
                acd_buffer_receive(&client->in, (size_t)taken);
                return (size_t)taken == size;
        }
        if (taken == 0)
                client_lose(client, -ECONNRESET);
        else if (errno != EAGAIN && errno != EINTR)
                client_lose(client, -errno);
        return false;
}

void acdclient_on_readable(struct acdclient *client)
{
        bool is_more = true;
        int rounds = 4;
        int r = 0;

        client_read_clock(client);
        if (client->fd < 0 || client->phase < CLIENT_HELLO)
                return;
        while (is_more && rounds-- > 0 && r == 0 && client->phase >= CLIENT_HELLO &&
               !client->is_halted) {
                is_more = take(client);
                r = client_receive_buffered(client);
        }
        if (r < 0)
                client_lose(client, r);
        client_pump(client);
}

void acdclient_on_timeout(struct acdclient *client)
{
        client_read_clock(client);
        client_tick(client);
}

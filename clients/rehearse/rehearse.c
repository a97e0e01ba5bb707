/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the processes of a rehearsal have in common: a client, a clock, a loop
 * with one socket.
 *
 * Waiting is in real time and a plan runs hundreds of times faster, so a wait
 * is cut to whole milliseconds and the clock is asked again: being one real
 * millisecond late is rate milliseconds of plan time. Summaries say so.
 */

#include "clients/rehearse/rehearse.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t rehearse_real_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct acdclient *rehearse_client(const struct rehearse *rehearse, enum acdclient_role role,
                                  const char *name, const struct acdclient_listener *listener)
{
        struct acdclient_options options = {
                .address = rehearse->address,
                .tenant = REHEARSE_TENANT,
                .role = role,
                .client = name,
                .software = "acdrehearse",
                .request_timeout_ms = 60000,
                .connect_timeout_ms = 20000,
                .reconnect_ms_min = 1,
                .reconnect_ms_max = 20,
                .listener = *listener,
        };
        struct acdclient *client = acdclient_new(&options);

        if (client == NULL || acdclient_start(client) < 0) {
                fprintf(stderr, "%s: no client: %s\n", name, strerror(errno));
                acdclient_free(client);
                return NULL;
        }
        return client;
}

int64_t rehearse_plan_ms(const struct rehearse *rehearse, uint64_t core_ns)
{
        return ((int64_t)core_ns - rehearse->base_ns) / 1000000;
}

int64_t rehearse_now_ms(const struct rehearse *rehearse, const struct acdclient *client)
{
        uint64_t core_ns = acdclient_server_time_ns(client);

        return core_ns == 0 ? INT64_MIN : rehearse_plan_ms(rehearse, core_ns);
}

static int wait_ms(const struct rehearse *rehearse, const struct acdclient *client, int64_t due_ms)
{
        int64_t now = rehearse_now_ms(rehearse, client);
        int library = acdclient_next_timeout_ms(client);
        int64_t wait = 1000;

        if (now != INT64_MIN && due_ms < now + 1000 * (int64_t)rehearse->rate)
                wait = due_ms <= now ? 0 : (due_ms - now) / rehearse->rate + 1;
        if (library >= 0 && library < wait)
                wait = library;
        return (int)wait;
}

void rehearse_wait(const struct rehearse *rehearse, struct acdclient *client, int64_t due_ms)
{
        struct pollfd ready = { .fd = acdclient_fd(client), .events = POLLIN };

        if (acdclient_wants_write(client))
                ready.events |= POLLOUT;
        if (poll(&ready, 1, wait_ms(rehearse, client, due_ms)) > 0) {
                if (ready.revents & (POLLIN | POLLHUP | POLLERR))
                        acdclient_on_readable(client);
                if ((ready.revents & POLLOUT) && acdclient_fd(client) == ready.fd)
                        acdclient_on_writable(client);
        }
        if (acdclient_next_timeout_ms(client) == 0)
                acdclient_on_timeout(client);
}

bool rehearse_call_of(const struct rehearse *rehearse, struct acdclient_text key,
                      uint32_t *ret_call)
{
        uint64_t call = 0;

        if (key.size < 2 || key.size > 10 || key.at[0] != 'c')
                return false;
        for (uint32_t i = 1; i < key.size; i++) {
                if (key.at[i] < '0' || key.at[i] > '9')
                        return false;
                call = call * 10 + (uint64_t)(key.at[i] - '0');
        }
        if (call >= rehearse->plan->call_count)
                return false;
        *ret_call = (uint32_t)call;
        return true;
}

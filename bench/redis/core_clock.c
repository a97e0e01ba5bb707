/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core time it is, seen from outside.
 *
 * An answer says the core time of the turn that read the request, which was between
 * the asking and the answer. So half of the shortest round trip is how wrong this
 * can be. The wall offset that is in each batch says the same for people; but it is as
 * the wall clock was when somebody looked last, and good to 50 ms, which is more than
 * what is measured here.
 */

#include "bench/redis/core_clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acdclient.h>

#include "bench/redis/entries.h"

enum { ROUND_COUNT = 200, WAIT_MS = 10000 };

uint64_t core_clock_boot_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_BOOTTIME, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct acdclient *connect_to(const char *address)
{
        const struct acdclient_options options = {
                .address = address,
                .tenant = "",
                .role = ACDCLIENT_ROLE_OPERATOR,
                .client = "core-clock",
                .software = "bench",
        };
        struct acdclient *client = acdclient_new(&options);
        int r;

        entries_check(client != NULL, "%s: not an address of a daemon", address);
        r = acdclient_connect(client, WAIT_MS);
        entries_check(r >= 0, "%s: %s", address, strerror(-r));
        return client;
}

static uint64_t ask(struct acdclient *client)
{
        const struct acdclient_message request = { .kind = ACDCLIENT_STATUS };
        const struct acdclient_message *answer = NULL;
        int r = acdclient_call(client, &request, WAIT_MS, &answer);

        entries_check(r >= 0 && answer->kind == ACDCLIENT_STATUS_REPLY, "STATUS is not answered");
        return answer->status_reply.result.server_time_ns;
}

int64_t core_clock_offset(const char *address, uint64_t *ret_error_ns)
{
        struct acdclient *client = connect_to(address);
        uint64_t least = UINT64_MAX;
        int64_t offset = 0;

        for (uint32_t i = 0; i < ROUND_COUNT; i++) {
                uint64_t before = core_clock_boot_ns();
                uint64_t core = ask(client);
                uint64_t took = core_clock_boot_ns() - before;

                if (took < least) {
                        least = took;
                        offset = (int64_t)(before + took / 2 - core);
                }
        }
        acdclient_free(client);
        *ret_error_ns = least / 2;
        return offset;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up names, against getaddrinfo() asked here. Numbers are names too, which
 * no resolver is needed for, so there may be many of them without a network.
 *
 * A plain program, for the build with the thread sanitizer.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/resolver_thread.h"

enum { DEADLINE_MS = 30000, HOST_COUNT = 100 };

static struct resolver *resolver;
static struct sockaddr_storage address;
static socklen_t size;
static atomic_bool is_hushed_early;

/* libc's, with a turn of the loop before it. */
int eventfd_write(int fd, eventfd_t value)
{
        if (is_hushed_early)
                resolver_hush(resolver);
        return write(fd, &value, sizeof(value)) == (ssize_t)sizeof(value) ? 0 : -1;
}

static void wait_for_news(void)
{
        struct pollfd news = { .fd = resolver_event_fd(resolver), .events = POLLIN };

        ACD_ASSERT(poll(&news, 1, DEADLINE_MS) == 1);
        resolver_hush(resolver);
}

static int find(const char *host)
{
        int r;

        while ((r = resolver_find(resolver, host, &address, &size)) == -EINPROGRESS)
                wait_for_news();
        return r;
}

static bool is_one_of(const struct addrinfo *list)
{
        for (; list != NULL; list = list->ai_next) {
                if (list->ai_addrlen == size && memcmp(list->ai_addr, &address, size) == 0)
                        return true;
        }
        return false;
}

/* Goal    What is found is what the system says, and asked for anew each time. */
static void finds_what_the_system_says(void)
{
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
        struct addrinfo *list = NULL;

        ACD_ASSERT(getaddrinfo("localhost", NULL, &hints, &list) == 0);
        for (int i = 0; i < 3; i++) {
                ACD_ASSERT(resolver_find(resolver, "localhost", &address, &size) == -EINPROGRESS);
                ACD_ASSERT(find("localhost") == 0);
                ACD_ASSERT(is_one_of(list));
        }
        freeaddrinfo(list);
}

/* Goal    More names than rows: each gets its own answer, whatever gave up its row meanwhile. */
static void more_names_than_rows(void)
{
        bool is_found[HOST_COUNT] = { false };
        int found_count = 0;

        while (found_count < HOST_COUNT) {
                bool is_waiting = false;

                for (int i = 0; i < HOST_COUNT; i++) {
                        char host[32];
                        char text[INET_ADDRSTRLEN];
                        int r;

                        if (is_found[i])
                                continue;
                        (void)snprintf(host, sizeof(host), "127.0.1.%d", i);
                        r = resolver_find(resolver, host, &address, &size);
                        is_waiting |= r == -EINPROGRESS;
                        ACD_ASSERT(r == 0 || r == -EINPROGRESS || r == -EREMOTEIO);
                        if (r != 0)
                                continue;
                        inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr, text,
                                  sizeof(text));
                        ACD_ASSERT(strcmp(text, host) == 0);
                        is_found[i] = true;
                        found_count++;
                }
                if (is_waiting)
                        wait_for_news();
        }
}

/* Goal    A name that cannot be one is refused, and the thread goes on. */
static void names_that_are_none(void)
{
        static char host[2 * RESOLVER_HOST_SIZE];
        int r;

        memset(host, 'a', sizeof(host) - 1);
        ACD_ASSERT(resolver_find(resolver, host, &address, &size) == -ENODATA);
        host[100] = '\0';
        r = find(host);
        ACD_ASSERT(r == -ENODATA || r == -EREMOTEIO);
        ACD_ASSERT(find("127.0.0.1") == 0);
}

/* Goal    The event fd is not readable once it was hushed behind the answer, whenever it was hushed
 *         before: else the loop would never wait again.
 * Method  One more hush at the worst moment, just before the thread's write. */
static void hushed_at_the_worst_moment(void)
{
        struct pollfd news = { .fd = resolver_event_fd(resolver), .events = POLLIN };

        is_hushed_early = true;
        for (int i = 0; i < 3; i++) {
                ACD_ASSERT(find("127.0.0.1") == 0);
                /* The answer can be taken after it was rung only. */
                resolver_hush(resolver);
                ACD_ASSERT(poll(&news, 1, 0) == 0);
        }
        is_hushed_early = false;
}

int main(void)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } tests[] = {
                { "finds what the system says", finds_what_the_system_says },
                { "more names than rows", more_names_than_rows },
                { "names that are none", names_that_are_none },
                { "hushed at the worst moment", hushed_at_the_worst_moment },
        };

        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
                ACD_ASSERT(resolver_open(&resolver) == 0);
                tests[i].run();
                resolver_close(resolver);
                printf("ok %zu - %s\n", i + 1, tests[i].name);
        }
        return 0;
}

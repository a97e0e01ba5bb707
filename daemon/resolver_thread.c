/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking up host names in a thread.
 *
 * A table of questions under one lock. The thread takes the oldest one, asks
 * without the lock, and writes the answer back; who asked takes it, and the row is
 * free again. Nothing is kept for longer: how long a name is good for is not said by
 * getaddrinfo(), and the system keeps its own notes.
 *
 * An answer that nobody comes for gives up its row when no other is free.
 */

#include "daemon/resolver_thread.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/system.h"
#include "journal/quiet_thread.h"

enum { QUESTION_MAX = 48, ADDRESS_MAX = 8 };

enum question_state { QUESTION_FREE, QUESTION_ASKED, QUESTION_BUSY, QUESTION_ANSWERED };

struct question {
        enum question_state state;
        uint64_t number; /* in the order of asking */
        char host[RESOLVER_HOST_SIZE];
        int error;
        uint32_t address_count;
        socklen_t size[ADDRESS_MAX];
        struct sockaddr_storage address[ADDRESS_MAX];
};

struct resolver {
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t woken;
        bool is_closing;
        bool is_busy;
        int event_fd;
        atomic_bool is_rung;
        uint64_t asked_count;
        uint32_t turn; /* which address of several comes next */
        struct question question[QUESTION_MAX];
};

/* The oldest row in @state, or NULL. */
static struct question *oldest(struct resolver *resolver, enum question_state state)
{
        struct question *found = NULL;

        for (uint32_t i = 0; i < QUESTION_MAX; i++) {
                struct question *question = &resolver->question[i];

                if (question->state == state && (found == NULL || question->number < found->number))
                        found = question;
        }
        return found;
}

/* ---- the thread ---- */

static int error_of(int code)
{
        return code == EAI_NONAME || code == EAI_NODATA ? -ENODATA : -EREMOTEIO;
}

/* The answer into @question, which is this thread's while it is BUSY. */
static void look_up(struct question *question)
{
        const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                        .ai_socktype = SOCK_STREAM,
                                        .ai_flags = AI_ADDRCONFIG };
        struct addrinfo *list = NULL;
        int r = getaddrinfo(question->host, NULL, &hints, &list);

        question->address_count = 0;
        question->error = r == 0 ? 0 : error_of(r);
        for (struct addrinfo *one = list; r == 0 && one != NULL; one = one->ai_next) {
                uint32_t at = question->address_count;

                if (at == ADDRESS_MAX || one->ai_addrlen > sizeof(question->address[0]))
                        break;
                memcpy(&question->address[at], one->ai_addr, one->ai_addrlen);
                question->size[at] = one->ai_addrlen;
                question->address_count++;
        }
        if (r == 0)
                freeaddrinfo(list);
        if (question->error == 0 && question->address_count == 0)
                question->error = -ENODATA;
}

static void *answer(void *context)
{
        struct resolver *resolver = context;
        struct question *question;

        pthread_mutex_lock(&resolver->lock);
        while (!resolver->is_closing) {
                question = oldest(resolver, QUESTION_ASKED);
                if (question == NULL) {
                        pthread_cond_wait(&resolver->woken, &resolver->lock);
                        continue;
                }
                question->state = QUESTION_BUSY;
                resolver->is_busy = true;
                pthread_mutex_unlock(&resolver->lock);
                look_up(question);
                pthread_mutex_lock(&resolver->lock);
                resolver->is_busy = false;
                question->state = QUESTION_ANSWERED;
                if (!resolver->is_closing) {
                        /* In this order: who hushes between the two would find nothing to read, and
                         * not look again. */
                        (void)eventfd_write(resolver->event_fd, 1);
                        atomic_store(&resolver->is_rung, true);
                }
        }
        pthread_mutex_unlock(&resolver->lock);
        return NULL;
}

/* ---- who asks ---- */

int resolver_open(struct resolver **ret_resolver)
{
        struct resolver *resolver = world_system_os.reserve(NULL, sizeof(*resolver));
        int r;

        if (resolver == NULL)
                return -ENOMEM;
        resolver->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = resolver->event_fd < 0 ? -errno : 0;
        if (r == 0) {
                pthread_mutex_init(&resolver->lock, NULL);
                pthread_cond_init(&resolver->woken, NULL);
                r = quiet_thread_start(&resolver->thread, answer, resolver);
                if (r < 0)
                        (void)close(resolver->event_fd);
        }
        if (r < 0) {
                world_system_os.release(NULL, resolver, sizeof(*resolver));
                return r;
        }
        *ret_resolver = resolver;
        return 0;
}

void resolver_close(struct resolver *resolver)
{
        bool is_busy;

        if (resolver == NULL)
                return;
        pthread_mutex_lock(&resolver->lock);
        resolver->is_closing = true;
        is_busy = resolver->is_busy;
        pthread_cond_signal(&resolver->woken);
        pthread_mutex_unlock(&resolver->lock);
        if (is_busy) {
                /* It may take half a minute to come back, and then needs its memory. */
                (void)pthread_detach(resolver->thread);
                return;
        }
        (void)pthread_join(resolver->thread, NULL);
        pthread_cond_destroy(&resolver->woken);
        pthread_mutex_destroy(&resolver->lock);
        (void)close(resolver->event_fd);
        world_system_os.release(NULL, resolver, sizeof(*resolver));
}

int resolver_event_fd(const struct resolver *resolver)
{
        return resolver->event_fd;
}

void resolver_hush(struct resolver *resolver)
{
        eventfd_t value;

        if (atomic_exchange(&resolver->is_rung, false))
                (void)eventfd_read(resolver->event_fd, &value);
}

static struct question *find(struct resolver *resolver, const char *host)
{
        for (uint32_t i = 0; i < QUESTION_MAX; i++) {
                struct question *question = &resolver->question[i];

                if (question->state != QUESTION_FREE && strcmp(question->host, host) == 0)
                        return question;
        }
        return NULL;
}

static int ask(struct resolver *resolver, const char *host)
{
        struct question *question = oldest(resolver, QUESTION_FREE);

        if (question == NULL)
                question = oldest(resolver, QUESTION_ANSWERED);
        if (question == NULL)
                return -EREMOTEIO;
        question->state = QUESTION_ASKED;
        question->number = ++resolver->asked_count;
        memcpy(question->host, host, strlen(host) + 1);
        pthread_cond_signal(&resolver->woken);
        return -EINPROGRESS;
}

static int take(struct resolver *resolver, struct question *question,
                struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
        uint32_t at;

        question->state = QUESTION_FREE;
        if (question->error < 0)
                return question->error;
        at = resolver->turn++ % question->address_count;
        *ret_address = question->address[at];
        *ret_size = question->size[at];
        return 0;
}

int resolver_find(struct resolver *resolver, const char *host, struct sockaddr_storage *ret_address,
                  socklen_t *ret_size)
{
        struct question *question;
        int r = -EINPROGRESS;

        if (strlen(host) >= RESOLVER_HOST_SIZE)
                return -ENODATA;
        pthread_mutex_lock(&resolver->lock);
        question = find(resolver, host);
        if (question == NULL)
                r = ask(resolver, host);
        else if (question->state == QUESTION_ANSWERED)
                r = take(resolver, question, ret_address, ret_size);
        pthread_mutex_unlock(&resolver->lock);
        return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumers made and ended, and the words for what they tell.
 *
 * Everything that can be wrong with options is found here, where the caller is
 * still looking, and not at the first connect.
 */

#include "clients/c/consumer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/name.h"

enum { MEMORY_MIN = 1024 * 1024, COUNT_MOST = 1024 };

static void fill(uint32_t *option, uint32_t value)
{
        if (*option == 0)
                *option = value;
}

static void fill_options(struct acdconsumer_options *options)
{
        if (options->address == NULL)
                options->address = "127.0.0.1:6379";
        if (options->tenant == NULL)
                options->tenant = "default";
        fill(&options->connect_timeout_ms, 5000);
        fill(&options->answer_timeout_ms, 5000);
        fill(&options->reconnect_ms_min, 50);
        fill(&options->reconnect_ms_max, 5000);
        fill(&options->claim_idle_ms, 60000);
        fill(&options->count_max, 16);
        fill(&options->memory_max, 64 * 1024 * 1024);
}

static bool is_name(const char *name)
{
        return name != NULL && acd_name_is_valid(name, strlen(name));
}

static bool is_secret(const char *text)
{
        return text == NULL || (text[0] != '\0' && strlen(text) < CONSUMER_SECRET_SIZE);
}

static bool is_sensible(const struct acdconsumer_options *options)
{
        if (options->start > ACDCONSUMER_IN_GROUP || !is_name(options->tenant))
                return false;
        if (options->start == ACDCONSUMER_IN_GROUP &&
            (!is_name(options->group) || !is_name(options->consumer)))
                return false;
        if (!is_secret(options->user) || !is_secret(options->password) ||
            (options->user != NULL && options->password == NULL))
                return false;
        return options->reconnect_ms_min <= options->reconnect_ms_max &&
               options->count_max <= COUNT_MOST && options->memory_max >= MEMORY_MIN;
}

/* A copy of @text in @into, or NULL. */
static const char *keep(char *into, const char *text)
{
        if (text == NULL)
                return NULL;
        memcpy(into, text, strlen(text) + 1);
        return into;
}

static void keep_options(struct acdconsumer *consumer)
{
        struct acdconsumer_options *options = &consumer->options;
        bool is_group = options->start == ACDCONSUMER_IN_GROUP;

        options->tenant = keep(consumer->tenant, options->tenant);
        options->group = is_group ? keep(consumer->group, options->group) : NULL;
        options->consumer = is_group ? keep(consumer->name, options->consumer) : NULL;
        options->user = keep(consumer->user, options->user);
        options->password = keep(consumer->password, options->password);
        options->address = NULL;
        (void)snprintf(consumer->stream_key, sizeof(consumer->stream_key), "acd:{%s}:events",
                       consumer->tenant);
        (void)snprintf(consumer->state_key, sizeof(consumer->state_key), "acd:{%s}:state",
                       consumer->tenant);
}

/* Different in each process, and not worth a secret. */
static uint64_t jitter_seed(const struct acdconsumer *consumer)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)getpid() << 40 ^
               (uint64_t)(uintptr_t)consumer;
}

struct acdconsumer *acdconsumer_new(const struct acdconsumer_options *options)
{
        struct acdconsumer *consumer = calloc(1, sizeof(*consumer));
        int r = -ENOMEM;

        if (consumer == NULL)
                goto fail;
        consumer->options = *options;
        fill_options(&consumer->options);
        r = is_sensible(&consumer->options) ? 0 : -EINVAL;
        if (r < 0)
                goto fail;
        r = client_address_parse(consumer->options.address, &consumer->address);
        if (r < 0)
                goto fail;
        keep_options(consumer);
        consumer->chunk = malloc(CONSUMER_CHUNK_SIZE);
        r = consumer->chunk == NULL ? -ENOMEM : 0;
        if (r < 0)
                goto fail;
        acd_prng_init(&consumer->prng, jitter_seed(consumer));
        consumer->count = consumer->options.count_max;
        consumer->is_early = true;
        return consumer;

fail:
        acdconsumer_free(consumer);
        errno = -r;
        return NULL;
}

void acdconsumer_free(struct acdconsumer *consumer)
{
        if (consumer == NULL)
                return;
        if (consumer->link != NULL)
                (void)consumer_group_acknowledge(consumer);
        consumer_disconnect(consumer);
        consumer_page_drop(consumer);
        if (consumer->held != NULL)
                freeReplyObject(consumer->held);
        free(consumer->chunk);
        free(consumer);
}

const char *acdconsumer_why_name(enum acdconsumer_why why)
{
        static const char *const names[] = {
                [ACDCONSUMER_START] = "START",
                [ACDCONSUMER_RESYNC] = "RESYNC",
                [ACDCONSUMER_GAP] = "GAP",
                [ACDCONSUMER_REPLACED] = "REPLACED",
                [ACDCONSUMER_GROUP_LOST] = "GROUP_LOST",
        };

        if ((size_t)why >= sizeof(names) / sizeof(names[0]) || names[why] == NULL)
                return "?";
        return names[why];
}

const char *acdconsumer_trouble_name(enum acdconsumer_trouble trouble)
{
        static const char *const names[] = {
                [ACDCONSUMER_UNREACHABLE] = "UNREACHABLE",
                [ACDCONSUMER_LOST] = "LOST",
                [ACDCONSUMER_BUSY] = "BUSY",
                [ACDCONSUMER_DENIED] = "DENIED",
                [ACDCONSUMER_MISPLACED] = "MISPLACED",
                [ACDCONSUMER_NO_STATE] = "NO_STATE",
                [ACDCONSUMER_TOO_LARGE] = "TOO_LARGE",
                [ACDCONSUMER_DAMAGED] = "DAMAGED",
                [ACDCONSUMER_FAILED] = "FAILED",
        };

        if ((size_t)trouble >= sizeof(names) / sizeof(names[0]) || names[trouble] == NULL)
                return "?";
        return names[trouble];
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program from outside the tree: nothing but the installed headers and the shared
 * libraries. Which options are taken, what comes of nobody being there, and that waiting ends.
 */

#include <acdconsumer.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_refused(struct acdconsumer_options options)
{
        struct acdconsumer *consumer = acdconsumer_new(&options);

        acdconsumer_free(consumer);
        return consumer == NULL && errno == EINVAL;
}

int main(void)
{
        struct acdconsumer_options options = { .address = "unix:/nowhere/redis",
                                               .reconnect_ms_min = 100000,
                                               .reconnect_ms_max = 100000 };
        struct acdconsumer *consumer = acdconsumer_new(&options);
        struct acdconsumer_item item;

        if (consumer == NULL || !acdconsumer_next(consumer, 0, &item) ||
            item.kind != ACDCONSUMER_TROUBLE || item.trouble != ACDCONSUMER_UNREACHABLE ||
            item.retry_after_ms < 40000 || item.retry_after_ms > 100000)
                return 1;
        printf("%s: %s\n", acdconsumer_trouble_name(item.trouble), item.text);
        if (acdconsumer_next(consumer, 10, &item) || acdconsumer_ack(consumer, item.id) != -EINVAL)
                return 2;
        acdconsumer_free(consumer);
        if (!is_refused((struct acdconsumer_options){ .address = "nowhere" }) ||
            !is_refused((struct acdconsumer_options){ .tenant = "a b" }) ||
            !is_refused((struct acdconsumer_options){ .start = ACDCONSUMER_IN_GROUP }) ||
            !is_refused((struct acdconsumer_options){ .user = "me" }) ||
            !is_refused((struct acdconsumer_options){ .count_max = 1025 }) ||
            !is_refused((struct acdconsumer_options){ .memory_max = 1000 }))
                return 3;
        return strcmp(acdconsumer_why_name(ACDCONSUMER_GAP), "GAP") == 0 &&
                               strcmp(acdconsumer_why_name((enum acdconsumer_why)99), "?") == 0
                       ? 0
                       : 4;
}

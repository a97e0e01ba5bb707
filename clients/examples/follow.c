/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follow a tenant's events in Redis: begin with the state, print each event, notice gaps.
 *
 *   cc follow.c $(pkg-config --cflags --libs acdconsumer) -o follow
 *   follow HOST:PORT TENANT
 */

#include <acdconsumer.h>
#include <inttypes.h>
#include <stdio.h>

static void print_events(const struct acdconsumer_item *item)
{
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        if (!acdclient_events_open(&reader, &item->events))
                return;
        while (acdclient_events_next(&reader, &event) == 1)
                printf("%" PRIu64 " %s contact=%" PRIu64 " agent=%.*s queue=%.*s\n", event.sequence,
                       acdclient_event_name(event.kind), event.contact, (int)event.agent.size,
                       event.agent.at, (int)event.queue.size, event.queue.at);
}

int main(int argc, char **argv)
{
        struct acdconsumer_options options = { .address = argc > 1 ? argv[1] : NULL,
                                               .tenant = argc > 2 ? argv[2] : NULL };
        struct acdconsumer *consumer = acdconsumer_new(&options);
        struct acdconsumer_item item;

        if (consumer == NULL)
                return 1;
        while (true) {
                if (!acdconsumer_next(consumer, 1000, &item))
                        continue;
                if (item.kind == ACDCONSUMER_EVENTS)
                        print_events(&item);
                else if (item.kind == ACDCONSUMER_STATE) /* forget all, decode item.state */
                        printf("STATE %" PRIu64 "-%" PRIu64 " %s\n", item.id.epoch,
                               item.id.sequence, acdconsumer_why_name(item.why));
                else
                        fprintf(stderr, "%s\n", item.text);
                fflush(stdout);
        }
}

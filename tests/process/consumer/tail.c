/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libacdconsumer gives, one line an item: for tests that look at it from outside.
 *
 *   tail ADDRESS TENANT START [AFTER] [--OPTION VALUE]...
 *
 *      START      state, id EPOCH-SEQUENCE, begin, group GROUP/CONSUMER
 *      --claim    claim_idle_ms
 *      --memory   memory_max
 *      --count    count_max
 *      --answer   answer_timeout_ms
 *      --user, --password
 *      --ack      in a group: acknowledge entries up to this sequence (all)
 *
 *      EVENTS ID FIRST LAST REFLECTED AGAIN CRC
 *      STATE ID WHY SIZE MISSING_FIRST MISSING_LAST
 *      TROUBLE NAME RETRY TEXT
 *
 * It runs until it is killed.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "clients/c/acdconsumer.h"

static struct acdconsumer_id id_of(const char *text)
{
        const char *dash = strchr(text, '-');

        return (struct acdconsumer_id){ .epoch = strtoull(text, NULL, 10),
                                        .sequence =
                                                dash == NULL ? 0 : strtoull(dash + 1, NULL, 10) };
}

/* The words behind START: how many of them were used. */
static int read_start(char **argv, struct acdconsumer_options *options)
{
        if (strcmp(argv[0], "state") == 0)
                return 1;
        if (strcmp(argv[0], "begin") == 0) {
                options->start = ACDCONSUMER_FROM_BEGINNING;
                return 1;
        }
        if (strcmp(argv[0], "id") == 0) {
                options->start = ACDCONSUMER_FROM_ID;
                options->after = id_of(argv[1]);
                return 2;
        }
        options->start = ACDCONSUMER_IN_GROUP;
        options->consumer = strchr(argv[1], '/') + 1;
        *strchr(argv[1], '/') = '\0';
        options->group = argv[1];
        return 2;
}

static void read_option(const char *name, const char *value, struct acdconsumer_options *options,
                        uint64_t *ack)
{
        uint32_t number = (uint32_t)strtoul(value, NULL, 10);

        if (strcmp(name, "--claim") == 0)
                options->claim_idle_ms = number;
        else if (strcmp(name, "--memory") == 0)
                options->memory_max = number;
        else if (strcmp(name, "--count") == 0)
                options->count_max = number;
        else if (strcmp(name, "--answer") == 0)
                options->answer_timeout_ms = number;
        else if (strcmp(name, "--user") == 0)
                options->user = value;
        else if (strcmp(name, "--password") == 0)
                options->password = value;
        else if (strcmp(name, "--ack") == 0)
                *ack = strtoull(value, NULL, 10);
}

/* All of a batch can be read, and its events are numbered as its head says. */
static void say_events(const struct acdconsumer_item *item)
{
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        uint64_t next;
        int more = -1;

        if (!acdclient_events_open(&reader, &item->events))
                exit(3);
        for (next = reader.first_sequence;
             (more = acdclient_events_next(&reader, &event)) == 1 && event.sequence == next;)
                next++;
        if (more != 0 || next != reader.last_sequence + 1)
                exit(3);
        printf("EVENTS %" PRIu64 "-%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %u\n",
               item->id.epoch, item->id.sequence, reader.first_sequence, reader.last_sequence,
               item->reflected_sequence, item->is_again,
               acd_crc32c(0, item->events.batch.at, item->events.batch.size));
}

static void say(const struct acdconsumer_item *item)
{
        switch (item->kind) {
        case ACDCONSUMER_EVENTS:
                say_events(item);
                break;
        case ACDCONSUMER_STATE:
                printf("STATE %" PRIu64 "-%" PRIu64 " %s %u %" PRIu64 " %" PRIu64 "\n",
                       item->id.epoch, item->id.sequence, acdconsumer_why_name(item->why),
                       item->has_state ? item->state.size : 0, item->missing_first,
                       item->missing_last);
                break;
        case ACDCONSUMER_TROUBLE:
                printf("TROUBLE %s %u %s\n", acdconsumer_trouble_name(item->trouble),
                       item->retry_after_ms, item->text);
                break;
        }
        fflush(stdout);
}

int main(int argc, char **argv)
{
        struct acdconsumer_options options = { .reconnect_ms_max = 200 };
        uint64_t ack = UINT64_MAX;
        struct acdconsumer *consumer;

        if (argc < 4)
                return 2;
        options.address = argv[1];
        options.tenant = argv[2];
        for (int i = 3 + read_start(argv + 3, &options); i + 1 < argc; i += 2)
                read_option(argv[i], argv[i + 1], &options, &ack);
        consumer = acdconsumer_new(&options);
        if (consumer == NULL) {
                perror("acdconsumer_new");
                return 1;
        }
        while (true) {
                struct acdconsumer_item item;

                if (!acdconsumer_next(consumer, 60000, &item))
                        continue;
                say(&item);
                if (options.start == ACDCONSUMER_IN_GROUP && item.kind == ACDCONSUMER_EVENTS &&
                    item.id.sequence <= ack && acdconsumer_ack(consumer, item.id) < 0)
                        return 4;
        }
}

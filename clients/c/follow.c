/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions to events, and how they go on after a loss.
 *
 * A subscription remembers the last sequence that it has seen. After a reconnect
 * it asks for the events from the next one on, with the epoch of the last, so
 * that the daemon can say "resync" when its history is another. The number
 * that the caller has stays; the daemon's is translated.
 *
 * One that asked for "from now on" and has seen nothing yet must not miss what
 * happened while the connection was away: it goes on from where the log stood
 * when it was first established.
 */

#include <errno.h>
#include <stdlib.h>

#include "clients/c/client.h"
#include "wire/events.h"

int client_subscriptions_init(struct acdclient *client)
{
        client->subscriptions =
                calloc(client->options.subscription_count_max, sizeof(*client->subscriptions));
        return client->subscriptions == NULL ? -ENOMEM : 0;
}

void client_subscriptions_fini(struct acdclient *client)
{
        free(client->subscriptions);
        client->subscriptions = NULL;
}

static void establish(struct acdclient *client, uint32_t index)
{
        struct client_subscription *subscription = &client->subscriptions[index];
        struct client_about about = { .purpose = CLIENT_SUBSCRIBE, .subscription = index + 1 };
        struct wire_message message = { .kind = subscription->kind };

        if (subscription->kind == WIRE_SUBSCRIBE) {
                message.subscribe.from_sequence = subscription->next_sequence;
                message.subscribe.epoch = subscription->epoch;
        } else {
                message.follow.contact = subscription->contact;
                message.follow.from_sequence = subscription->next_sequence;
        }
        if (client_request_add(client, &message, &about) < 0)
                client_lose(client, -ENOBUFS);
}

void client_subscriptions_establish(struct acdclient *client)
{
        for (uint32_t i = 0; i < client->options.subscription_count_max; i++)
                if (client->subscriptions[i].kind != 0)
                        establish(client, i);
}

void client_subscriptions_lose(struct acdclient *client)
{
        for (uint32_t i = 0; i < client->options.subscription_count_max; i++)
                client->subscriptions[i].wire_number = 0;
}

void client_subscription_answered(struct acdclient *client, struct client_request *request,
                                  const struct wire_message *answer)
{
        struct client_subscription *subscription =
                &client->subscriptions[request->subscription - 1];
        acdclient_on_answer *on_answer = subscription->on_answer;
        void *context = subscription->context;

        if (subscription->kind == 0 || answer->kind != WIRE_RESULT)
                return;
        subscription->on_answer = NULL;
        if (wire_result_is_done(answer->result.code)) {
                subscription->wire_number = (uint32_t)answer->result.id;
                if (subscription->next_sequence == 0)
                        subscription->next_sequence = client->terms.event_last_sequence + 1;
        } else {
                *subscription = (struct client_subscription){ 0 };
        }
        client->is_eventful = true;
        if (on_answer != NULL)
                on_answer(context, client, 0, client_public(answer));
}

uint32_t client_subscription_pushed(struct acdclient *client, const struct wire_events *events)
{
        struct wire_batch_reader reader;

        for (uint32_t i = 0; i < client->options.subscription_count_max; i++) {
                struct client_subscription *subscription = &client->subscriptions[i];

                if (subscription->kind == 0 || subscription->wire_number != events->subscription ||
                    events->subscription == 0)
                        continue;
                if (events->batch.size > 0 && wire_batch_open(&reader, events->batch)) {
                        subscription->next_sequence = reader.head.last_sequence + 1;
                        subscription->epoch = reader.head.epoch;
                }
                return i + 1;
        }
        return 0;
}

static int add(struct acdclient *client, struct client_subscription subscription)
{
        for (uint32_t i = 0; i < client->options.subscription_count_max; i++) {
                if (client->subscriptions[i].kind != 0)
                        continue;
                client->subscriptions[i] = subscription;
                if (client->phase == CLIENT_READY) {
                        client_read_clock(client);
                        establish(client, i);
                        client_pump(client);
                }
                return (int)i + 1;
        }
        return -ENOBUFS;
}

int acdclient_subscribe(struct acdclient *client, uint64_t from_sequence,
                        acdclient_on_answer *on_answer, void *context)
{
        if (client->connection == ACDCLIENT_CLOSED)
                return -ENOTCONN;
        return add(client, (struct client_subscription){ .kind = WIRE_SUBSCRIBE,
                                                         .next_sequence = from_sequence,
                                                         .on_answer = on_answer,
                                                         .context = context });
}

int acdclient_follow(struct acdclient *client, uint64_t contact, uint64_t from_sequence,
                     acdclient_on_answer *on_answer, void *context)
{
        if (client->connection == ACDCLIENT_CLOSED)
                return -ENOTCONN;
        return add(client, (struct client_subscription){ .kind = WIRE_FOLLOW,
                                                         .contact = contact,
                                                         .next_sequence = from_sequence,
                                                         .on_answer = on_answer,
                                                         .context = context });
}

int acdclient_unfollow(struct acdclient *client, uint32_t subscription)
{
        struct client_about about = { .purpose = CLIENT_UNFOLLOW };
        struct wire_message message = { .kind = WIRE_UNFOLLOW };
        struct client_subscription *found;

        if (subscription == 0 || subscription > client->options.subscription_count_max)
                return -EINVAL;
        found = &client->subscriptions[subscription - 1];
        if (found->kind == 0)
                return -EINVAL;
        message.unfollow.subscription = found->wire_number;
        *found = (struct client_subscription){ 0 };
        if (client->phase != CLIENT_READY || message.unfollow.subscription == 0)
                return 0;
        client_read_clock(client);
        (void)client_request_add(client, &message, &about);
        client_pump(client);
        return 0;
}

/* The public reader is the inner one, proven by layout.c. */
static struct wire_batch_reader *inner_of(struct acdclient_events_reader *reader)
{
        return (struct wire_batch_reader *)(void *)reader;
}

bool acdclient_events_open(struct acdclient_events_reader *reader,
                           const struct acdclient_events *events)
{
        struct acd_bytes batch = { .at = events->batch.at, .size = events->batch.size };

        return wire_batch_open(inner_of(reader), batch);
}

int acdclient_events_next(struct acdclient_events_reader *reader, struct acdclient_event *ret_event)
{
        int r = wire_batch_next(inner_of(reader), (struct wire_event *)(void *)ret_event);

        return r < 0 ? -EBADMSG : r;
}

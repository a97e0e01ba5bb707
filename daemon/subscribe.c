/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions and follows.
 *
 * The bytes of an entry of the log are pushed as they are; only a follow, or
 * the first entry of a subscription that begins in its middle, is cut anew.
 * What is read is committed, so it needs no gate; but a stream has one order,
 * so behind an answer that is held an event is held too.
 *
 * A reader gets entries while it has less than SERVE_UNREAD_MAX unread. So the
 * limit on unread output never cuts a reader of events: it lags instead.
 */

#include "daemon/subscribe.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "daemon/shard.h"

enum {
        SERVE_UNREAD_MAX = 262144,
        SERVE_ENTRY_MAX = 64, /* a subscription and turn */
};

static struct subscription *of_pool(struct acd_link *link)
{
        return acd_container_of(link, struct subscription, link);
}

static struct subscription *of_conn(struct acd_link *link)
{
        return acd_container_of(link, struct subscription, of_conn);
}

void subscribe_init(struct subscription_pool *pool, struct subscription *subscription,
                    uint32_t count_max, uint8_t *cursors, uint8_t *cut)
{
        pool->subscription = subscription;
        pool->count_max = count_max;
        pool->cut = cut;
        acd_list_init(&pool->free);
        acd_list_init(&pool->open);
        for (uint32_t i = 0; i < count_max; i++) {
                subscription[i].number = i + 1;
                subscription[i].cursor.memory = cursors + (size_t)i * EVENT_CURSOR_MEMORY_MIN;
                acd_list_push_back(&pool->free, &subscription[i].link);
        }
}

static void end(struct shard *shard, struct subscription *subscription)
{
        uint8_t *memory = subscription->cursor.memory;

        event_cursor_fini(&subscription->cursor);
        subscription->cursor.memory = memory;
        acd_list_remove(&subscription->of_conn);
        acd_list_remove(&subscription->link);
        acd_list_push_back(&shard->subscriptions.free, &subscription->link);
        subscription->conn = NULL;
}

void subscribe_leave(struct shard *shard, struct conn *conn)
{
        while (!acd_list_is_empty(&conn->subscriptions))
                end(shard, of_conn(acd_list_first(&conn->subscriptions)));
}

/* ---- requests ---- */

/* Where to begin reading for events from @from on. */
static void begin_at(struct shard *shard, struct subscription *subscription, acd_tenant_id tenant,
                     uint64_t from)
{
        struct event_log *log = shard->event_log;
        uint64_t last = tenants_last_sequence(&shard->tenants, tenant);
        uint64_t position = event_log_end(log);

        subscription->must_resync = from > last + 1;
        if (from == 0 || from > last + 1) {
                subscription->next_sequence = last + 1;
        } else {
                subscription->next_sequence = from;
                if (from < tenants_first_sequence(&shard->tenants, tenant, log))
                        subscription->must_resync = true;
                /* One back: the epoch of the event before is to be compared. */
                position = event_log_seek(log, subscription->tenant_slot, from > 1 ? from - 1 : 1);
        }
        event_cursor_init(&subscription->cursor, log, position, subscription->cursor.memory,
                          EVENT_CURSOR_MEMORY_MIN);
        event_cursor_own(&subscription->cursor);
}

static void push(struct shard *shard, struct subscription *subscription, struct acd_bytes batch)
{
        struct conn *conn = subscription->conn;
        struct wire_message message = {
                .kind = WIRE_EVENTS,
                .events = { .server_time_ns = commit_now(shard),
                            .subscription = subscription->number,
                            .resync = subscription->must_resync,
                            .last_sequence = tenants_last_sequence(&shard->tenants, conn->tenant),
                            .batch = batch },
        };

        if (subscription->must_resync)
                shard->metrics.resyncs_total++;
        subscription->must_resync = false;
        conn_send_committed(shard, conn, &message);
}

static void open_subscription(const struct request *request, enum subscription_filter filter,
                              uint64_t subject, uint64_t from, uint64_t epoch)
{
        struct shard *shard = request->shard;
        struct subscription_pool *pool = &shard->subscriptions;
        struct subscription *subscription;
        struct wire_result result;

        if (request->peer.tenant.value == 0) {
                answer_code(request, ACD_UNKNOWN, "tenant", NULL);
                return;
        }
        if (acd_list_is_empty(&pool->free)) {
                answer_code(request, ACD_FULL, "subscription", "all subscriptions are in use");
                return;
        }
        subscription = of_pool(acd_list_pop_front(&pool->free));
        acd_list_push_back(&pool->open, &subscription->link);
        acd_list_push_back(&request->conn->subscriptions, &subscription->of_conn);
        subscription->conn = request->conn;
        subscription->filter = filter;
        subscription->subject = subject;
        subscription->tenant_slot = acd_id_split(request->peer.tenant.value).slot;
        subscription->epoch = from > 1 ? epoch : 0;
        begin_at(shard, subscription, request->peer.tenant, from);
        shard->metrics.subscriptions_total++;

        result = result_ok(request, subscription->number, 0);
        answer_result(request, &result);
        if (subscription->must_resync && request->conn->state == CONN_OPEN)
                push(shard, subscription, (struct acd_bytes){ 0 });
}

void subscribe_all(const struct request *request)
{
        const struct wire_subscribe *asked = &request->message->subscribe;
        uint64_t from = asked->from_sequence;
        uint64_t epoch = asked->epoch;

        /* HELLO may have said where to go on. */
        if (from == 0 && request->conn->resume_sequence != 0) {
                from = request->conn->resume_sequence + 1;
                epoch = request->conn->resume_epoch;
        }
        open_subscription(request, SUBSCRIPTION_ALL, 0, from, epoch);
}

void subscribe_follow(const struct request *request)
{
        const struct wire_follow *asked = &request->message->follow;
        struct acd_text no_key = { "", 0 };
        struct wire_refusal refusal;
        acd_contact_id contact;

        if (asked->contact == 0 && request->peer.role == WIRE_ROLE_GATEWAY) {
                open_subscription(request, SUBSCRIPTION_GATEWAY, request->peer.gateway.value,
                                  asked->from_sequence, 0);
                return;
        }
        if (asked->contact == 0) {
                answer_code(request, ACD_MISSING, "contact",
                            "only gateways follow all of their own");
                return;
        }
        if (wire_resolve_contact(request->shard->acd, &request->peer, asked->contact, no_key,
                                 &contact, &refusal) != ACD_OK) {
                answer_refusal(request, &refusal);
                return;
        }
        open_subscription(request, SUBSCRIPTION_CONTACT, contact.value, asked->from_sequence, 0);
}

void subscribe_unfollow(const struct request *request)
{
        uint32_t number = request->message->unfollow.subscription;
        struct acd_link *link = acd_list_first(&request->conn->subscriptions);
        struct wire_result result = result_ok(request, number, 0);
        bool is_found = number == 0;

        while (link != NULL) {
                struct subscription *subscription = of_conn(link);

                link = acd_list_next(link);
                if (number != 0 && subscription->number != number)
                        continue;
                is_found = true;
                end(request->shard, subscription);
        }
        if (!is_found) {
                answer_code(request, ACD_UNKNOWN, "subscription", NULL);
                return;
        }
        answer_result(request, &result);
}

/* ---- serving ---- */

static bool is_wanted(const struct subscription *subscription, const struct wire_event *event)
{
        if (event->sequence < subscription->next_sequence)
                return false;
        switch (subscription->filter) {
        case SUBSCRIPTION_ALL:
                return true;
        case SUBSCRIPTION_GATEWAY:
                return event->contact != 0 && event->gateway_id == subscription->subject;
        case SUBSCRIPTION_CONTACT:
                return event->contact == subscription->subject;
        }
        return false;
}

/* Push those events of @entry that are wanted, as a batch of their own. */
static bool push_part(struct shard *shard, struct subscription *subscription,
                      struct wire_batch_reader *reader)
{
        struct wire_event event;
        struct wire_batch cut;
        int r;

        wire_batch_init(&cut, shard->subscriptions.cut, WIRE_BATCH_MEMORY);
        while ((r = wire_batch_next(reader, &event)) == 1) {
                if (!is_wanted(subscription, &event))
                        continue;
                reader->head.first_sequence = event.sequence;
                reader->head.last_sequence = event.sequence;
                /* A part of a batch is not larger than the batch. */
                ACD_ASSERT(wire_batch_copy(&cut, &reader->head, &event));
        }
        if (r < 0)
                return false;
        if (cut.event_count > 0)
                push(shard, subscription, wire_batch_bytes(&cut));
        return true;
}

/* Give @entry to @subscription. False: the bytes are damaged. */
static bool serve_entry(struct shard *shard, struct subscription *subscription,
                        const struct event_entry *entry)
{
        struct acd_bytes bytes = { entry->bytes, entry->size };
        struct wire_batch_reader reader;
        struct acd_text tenant = wire_text(subscription->conn->tenant_name);

        if (entry->tag.tenant != subscription->tenant_slot)
                return true;
        if (subscription->epoch != 0 &&
            entry->tag.last_sequence >= subscription->next_sequence - 1) {
                subscription->must_resync |=
                        entry->tag.first_sequence < subscription->next_sequence &&
                        entry->tag.epoch != subscription->epoch;
                subscription->epoch = 0;
        }
        if (entry->tag.last_sequence < subscription->next_sequence)
                return true;
        if (!wire_batch_open(&reader, bytes))
                return false;
        /* The same slot may have been another tenant's. */
        if (reader.head.tenant.size != tenant.size ||
            memcmp(reader.head.tenant.at, tenant.at, tenant.size) != 0)
                return true;

        if (subscription->filter == SUBSCRIPTION_ALL &&
            entry->tag.first_sequence >= subscription->next_sequence)
                push(shard, subscription, bytes);
        else if (!push_part(shard, subscription, &reader))
                return false;
        subscription->next_sequence = entry->tag.last_sequence + 1;
        return true;
}

static bool takes_more(const struct subscription *subscription)
{
        return subscription->conn->state == CONN_OPEN &&
               output_unread_size(&subscription->conn->out) < SERVE_UNREAD_MAX;
}

/* The log lost what this reader has not read: go on at its beginning. */
static void resync(struct shard *shard, struct subscription *subscription)
{
        uint8_t *memory = subscription->cursor.memory;

        event_cursor_fini(&subscription->cursor);
        event_cursor_init(&subscription->cursor, shard->event_log,
                          event_log_first(shard->event_log), memory, EVENT_CURSOR_MEMORY_MIN);
        event_cursor_own(&subscription->cursor);
        subscription->must_resync = true;
}

/* True: it could be given more at once. */
static bool serve(struct shard *shard, struct subscription *subscription)
{
        struct journal_error error = { 0 };
        struct event_entry entry;

        for (uint32_t i = 0; i < SERVE_ENTRY_MAX; i++) {
                int r;

                if (!takes_more(subscription) ||
                    subscription->cursor.position >= event_log_end(shard->event_log))
                        return false;
                r = event_cursor_next(&subscription->cursor, &entry, &error);
                if (r == 0)
                        return false;
                if (r == -ESTALE) {
                        resync(shard, subscription);
                        continue;
                }
                if (r < 0 || !serve_entry(shard, subscription, &entry)) {
                        log_event(&shard->log, LOG_ERROR, "event_log_damaged",
                                  "position=%llu reason=\"%s\"",
                                  (unsigned long long)subscription->cursor.position, error.what);
                        conn_close(shard, subscription->conn, ACD_STOPPING,
                                   "the event log is damaged", "");
                        return false;
                }
        }
        return true;
}

bool subscribe_serve(struct shard *shard)
{
        struct acd_list *open = &shard->subscriptions.open;
        bool is_more = false;

        for (struct acd_link *link = acd_list_first(open); link != NULL; link = acd_list_next(link))
                is_more |= serve(shard, of_pool(link));
        return is_more;
}

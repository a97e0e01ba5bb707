/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests: where they wait, and what becomes of them when the connection is lost.
 *
 *      add --> urgent  (the library's own) ------.
 *          --> queued  (of the connection) ------+--> sent --> ended
 *          --> waiting (of a session not up) -> queued
 *      lost: sent --> queued, waiting, or for a SUBMIT recover; or ended with -ECONNRESET
 *
 * A request is kept encoded until it is answered, so sending it again is copying
 * it again: the daemon gets the same bytes, which is what makes a repeated SUBMIT
 * a duplicate and not a conflict. Only the correlation and the session
 * in its header are written at that moment.
 *
 * A request whose time ran out after it was sent is told and then forgotten, not
 * freed: its answer may still come and say that a contact exists.
 *
 * Correlation is slot and generation, so an answer is found without a search and
 * an answer to somebody long gone is noticed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "clients/c/client.h"

enum {
        SLOT_BITS = 17, /* users' requests and one of its own per session: below 131,072 */
        GENERATION_MAX = (1 << (32 - SLOT_BITS)) - 1,
        OWN_COUNT = 16, /* HELLO, PING, RESUME and some to spare */
        HEADER_CORRELATION_AT = 8,
        HEADER_SESSION_AT = 12,
};

struct client_request *client_request_of(struct acd_link *link)
{
        return acd_container_of(link, struct client_request, link);
}

int client_requests_init(struct acdclient *client)
{
        const struct acdclient_options *options = &client->options;
        uint32_t capacity = options->request_count_max + options->session_count_max +
                            2 * options->subscription_count_max + OWN_COUNT;

        acd_list_init(&client->free);
        acd_list_init(&client->urgent);
        acd_list_init(&client->queued);
        acd_list_init(&client->recover);
        acd_list_init(&client->sent);
        ACD_ASSERT(capacity < (UINT32_C(1) << SLOT_BITS));
        client->requests = calloc(capacity, sizeof(*client->requests));
        if (client->requests == NULL)
                return -ENOMEM;
        client->request_capacity = capacity;
        for (uint32_t i = 0; i < capacity; i++) {
                client->requests[i].correlation = UINT32_C(1) << SLOT_BITS | i;
                acd_list_push_back(&client->free, &client->requests[i].link);
        }
        return 0;
}

void client_requests_fini(struct acdclient *client)
{
        for (uint32_t i = 0; i < client->request_capacity; i++)
                free(client->requests[i].frame);
        free(client->requests);
        client->requests = NULL;
        client->request_capacity = 0;
}

/* May this be sent again without knowing whether it was done the first time? */
static bool is_repeatable(const struct wire_message *message)
{
        if (message->kind == WIRE_SUBMIT)
                return message->submit.client_key.size > 0;
        return message->kind != WIRE_STOP;
}

/* The contact that is over when @message is done; 0 for none. */
static uint64_t contact_ended_by(const struct wire_message *message)
{
        if (message->kind == WIRE_CANCEL)
                return message->cancel.contact;
        if (message->kind == WIRE_REPORT && message->report.report == ACD_REPORT_ENDED)
                return message->report.contact;
        return 0;
}

static void place(struct acdclient *client, struct client_request *request)
{
        struct client_session *session = client_session_find(client, request->session);

        if (request->purpose != CLIENT_USER && request->purpose != CLIENT_LOGOUT)
                acd_list_push_back(&client->urgent, &request->link);
        else if (session != NULL && session->state != CLIENT_SESSION_UP)
                acd_list_push_back(&session->waiting, &request->link);
        else
                acd_list_push_back(&client->queued, &request->link);
}

static bool is_user(const struct client_request *request)
{
        return request->purpose == CLIENT_USER;
}

static void note_deadline(struct acdclient *client, uint64_t deadline_ms)
{
        if (deadline_ms == CLIENT_NEVER_MS)
                return;
        if (client->deadline_first_ms == 0 || deadline_ms < client->deadline_first_ms)
                client->deadline_first_ms = deadline_ms;
}

/* A request with a copy of @frame, in no list yet. */
static int make(struct acdclient *client, const uint8_t *frame, uint32_t frame_size,
                const struct client_about *about, struct client_request **ret_request)
{
        struct client_request *request;
        struct acd_link *link;
        uint8_t *copy;

        if (about->purpose == CLIENT_USER &&
            (client->user_count >= client->options.request_count_max ||
             client->frame_bytes + frame_size > client->options.request_bytes_max))
                return -ENOBUFS;
        copy = malloc(frame_size);
        if (copy == NULL)
                return -ENOMEM;
        link = acd_list_pop_front(&client->free);
        if (link == NULL) {
                free(copy);
                return -ENOBUFS;
        }

        request = client_request_of(link);
        memcpy(copy, frame, frame_size);
        *request = (struct client_request){ .frame = copy,
                                            .frame_size = frame_size,
                                            .correlation = request->correlation,
                                            .on_answer = about->on_answer,
                                            .context = about->context,
                                            .session = about->session,
                                            .subscription = about->subscription,
                                            .purpose = (uint8_t)about->purpose };
        if (about->timeout_ms > 0)
                request->deadline_ms = client->now_ms + about->timeout_ms;
        note_deadline(client, request->deadline_ms);
        client->frame_bytes += frame_size;
        client->user_count += is_user(request);
        *ret_request = request;
        return 0;
}

int client_request_add_frame(struct acdclient *client, const uint8_t *frame, uint32_t frame_size,
                             uint16_t kind, const struct client_about *about)
{
        struct client_request *request;
        int r = make(client, frame, frame_size, about, &request);

        if (r < 0)
                return r;
        request->kind = kind;
        request->is_repeatable = true;
        place(client, request);
        return 0;
}

int client_request_add(struct acdclient *client, const struct wire_message *message,
                       const struct client_about *about)
{
        struct client_request *request;
        size_t size;
        int r;

        acd_arena_reset(&client->encode);
        size = wire_encode(message, &client->encode, client->scratch, CLIENT_FRAME_MAX);
        if (size == 0)
                return -EMSGSIZE;
        if (client->has_terms && size - WIRE_HEADER_SIZE > client->terms.frame_size_max)
                return -EMSGSIZE;

        r = make(client, client->scratch, (uint32_t)size, about, &request);
        if (r < 0)
                return r;
        request->kind = message->kind;
        request->is_repeatable = is_repeatable(message);
        request->contact = contact_ended_by(message);
        place(client, request);
        return 0;
}

struct client_request *client_request_find(struct acdclient *client, uint32_t correlation)
{
        uint32_t slot = correlation & ((UINT32_C(1) << SLOT_BITS) - 1);
        struct client_request *request;

        if (slot >= client->request_capacity)
                return NULL;
        request = &client->requests[slot];
        if (request->correlation != correlation || request->link.list != &client->sent)
                return NULL;
        return request;
}

/* Back to the free slots, under another correlation. */
static void release(struct acdclient *client, struct client_request *request)
{
        uint32_t slot = (uint32_t)(request - client->requests);
        uint32_t generation = request->correlation >> SLOT_BITS;

        client->frame_bytes -= request->frame_size;
        client->user_count -= is_user(request);
        client->recover_count -= request->is_recovered;
        free(request->frame);
        if (acd_link_is_linked(&request->link))
                acd_list_remove(&request->link);

        generation = generation == GENERATION_MAX ? 1 : generation + 1;
        *request = (struct client_request){ .correlation = generation << SLOT_BITS | slot };
        acd_list_push_back(&client->free, &request->link);
}

void client_request_end(struct acdclient *client, struct client_request *request, int error,
                        const struct wire_message *answer)
{
        acdclient_on_answer *on_answer = request->is_forgotten ? NULL : request->on_answer;
        void *context = request->context;

        release(client, request);
        if (on_answer == NULL)
                return;
        client->is_eventful = true;
        on_answer(context, client, error, answer != NULL ? client_public(answer) : NULL);
}

void client_request_again(struct acdclient *client, struct client_request *request)
{
        acd_list_remove(&request->link);
        place(client, request);
}

void client_requests_release(struct acdclient *client, struct client_session *session)
{
        struct acd_link *link;

        while ((link = acd_list_pop_front(&session->waiting)) != NULL)
                acd_list_push_back(&client->queued, link);
}

static void move_all(struct acd_list *from, struct acd_list *to)
{
        struct acd_link *link;

        while ((link = acd_list_pop_front(from)) != NULL)
                acd_list_push_back(to, link);
}

/*
 * Sort one request that was on its way. What the library sent itself is made
 * anew in the next connection. Order is kept: what was sent comes before what
 * was not.
 */
static void lose_one(struct acdclient *client, struct client_request *request,
                     struct acd_list *lost, bool was_sent)
{
        bool is_own = !is_user(request) && request->purpose != CLIENT_LOGOUT;
        bool is_orphan =
                request->session != 0 && client_session_find(client, request->session) == NULL;

        if (is_own || request->is_forgotten) {
                release(client, request);
                return;
        }
        if (is_orphan || (was_sent && !request->is_repeatable)) {
                acd_list_push_back(lost, &request->link);
                return;
        }
        if (was_sent && request->kind == WIRE_SUBMIT &&
            client->options.role == ACDCLIENT_ROLE_GATEWAY)
                acd_list_push_back(&client->recover, &request->link);
        else
                place(client, request);
}

void client_requests_lose(struct acdclient *client)
{
        struct acd_list *lists[] = { &client->recover, &client->sent, &client->urgent,
                                     &client->queued };
        struct acd_list all[4];
        struct acd_list lost;
        struct acd_link *link;

        acd_list_init(&lost);
        for (size_t i = 0; i < 4; i++) {
                acd_list_init(&all[i]);
                move_all(lists[i], &all[i]);
        }
        for (size_t i = 0; i < 4; i++) {
                while ((link = acd_list_pop_front(&all[i])) != NULL) {
                        struct client_request *request = client_request_of(link);

                        client->recover_count -= request->is_recovered;
                        request->is_recovered = false;
                        lose_one(client, request, &lost, /* was_sent = */ i <= 1);
                }
        }
        client_requests_fail(client, &lost, -ECONNRESET);
}

void client_requests_fail(struct acdclient *client, struct acd_list *list, int error)
{
        struct acd_link *link;

        if (list != NULL) {
                /* A callback may add to the list that is being emptied: only what is there now. */
                uint32_t count = list->count;

                while (count-- > 0 && (link = acd_list_first(list)) != NULL)
                        client_request_end(client, client_request_of(link), error, NULL);
                return;
        }
        client_requests_fail(client, &client->recover, error);
        client_requests_fail(client, &client->sent, error);
        client_requests_fail(client, &client->urgent, error);
        client_requests_fail(client, &client->queued, error);
}

/* Its time ran out. */
static void expire(struct acdclient *client, struct client_request *request)
{
        acdclient_on_answer *on_answer = request->on_answer;
        void *context = request->context;

        if (request->link.list != &client->sent && request->link.list != &client->recover) {
                client_request_end(client, request, -ETIMEDOUT, NULL);
                return;
        }
        request->deadline_ms = CLIENT_NEVER_MS;
        request->is_forgotten = true;
        if (on_answer != NULL) {
                client->is_eventful = true;
                on_answer(context, client, -ETIMEDOUT, NULL);
        }
}

void client_requests_disown(struct acdclient *client, const void *context)
{
        for (uint32_t i = 0; i < client->request_capacity; i++)
                if (client->requests[i].context == context)
                        client->requests[i].on_answer = NULL;
}

void client_requests_tick(struct acdclient *client)
{
        uint64_t first_ms = 0;

        if (client->deadline_first_ms == 0 || client->now_ms < client->deadline_first_ms)
                return;
        client->deadline_first_ms = 0;
        for (uint32_t i = 0; i < client->request_capacity; i++) {
                struct client_request *request = &client->requests[i];

                if (request->link.list == &client->free || request->deadline_ms == CLIENT_NEVER_MS)
                        continue;
                if (request->deadline_ms <= client->now_ms)
                        expire(client, request);
                else if (first_ms == 0 || request->deadline_ms < first_ms)
                        first_ms = request->deadline_ms;
        }
        note_deadline(client, first_ms);
}

/* Copy @request into the output buffer, under the number that its session has now. */
static bool put(struct acdclient *client, struct client_request *request)
{
        const struct client_session *session = client_session_find(client, request->session);
        bool has_session = session != NULL && request->kind != WIRE_LOGIN;

        if (session == NULL && request->session != 0) {
                client_request_end(client, request, -ENOTCONN, NULL);
                return true;
        }
        acd_put_u32(request->frame + HEADER_CORRELATION_AT, request->correlation);
        acd_put_u32(request->frame + HEADER_SESSION_AT, has_session ? session->wire_session : 0);
        if (!acd_buffer_append(&client->out, request->frame, request->frame_size))
                return false;
        acd_list_remove(&request->link);
        acd_list_push_back(&client->sent, &request->link);
        client->last_sent_ms = client->now_ms;
        if (has_session)
                client_session_was_sent(client, request->session);
        return true;
}

static bool may_send(const struct acdclient *client)
{
        return client->terms.inflight_max == 0 || client->sent.count < client->terms.inflight_max;
}

void client_pump(struct acdclient *client)
{
        struct acd_link *link;

        if (client->phase < CLIENT_HELLO)
                return;
        while ((link = acd_list_first(&client->urgent)) != NULL)
                if (!put(client, client_request_of(link)))
                        return;
        while (client->phase == CLIENT_RECOVER && may_send(client) &&
               (link = acd_list_first(&client->recover)) != NULL) {
                struct client_request *request = client_request_of(link);

                if (!put(client, request))
                        return;
                request->is_recovered = true;
                client->recover_count++;
        }
        while (client->phase == CLIENT_READY && may_send(client) &&
               (link = acd_list_first(&client->queued)) != NULL)
                if (!put(client, client_request_of(link)))
                        return;
}

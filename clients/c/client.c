/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and dropping a client, and what can be asked of it.
 *
 * All memory whose size does not depend on use is taken when the client is made:
 * buffers, the two arenas, the table of requests. What is taken later is per
 * request, session and kept push, each with a bound in the options.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/name.h"
#include "clients/c/client.h"

static const struct acdclient_options presets = {
        .address = "127.0.0.1:7400",
        .tenant = "default",
        .software = "libacdclient",
        .connect_timeout_ms = 5000,
        .request_timeout_ms = 10000,
        .reconnect_ms_min = 100,
        .reconnect_ms_max = 5000,
        .request_count_max = 1024,
        .request_bytes_max = 4 * 1024 * 1024,
        .push_bytes_max = 1024 * 1024,
        .session_count_max = 1024,
        .subscription_count_max = 16,
        .contact_count_max = 65536,
};

static void preset(uint32_t *option, uint32_t value)
{
        if (*option == 0)
                *option = value;
}

static void fill_options(struct acdclient_options *options)
{
        if (options->address == NULL)
                options->address = presets.address;
        if (options->tenant == NULL)
                options->tenant = presets.tenant;
        if (options->software == NULL)
                options->software = presets.software;
        preset(&options->connect_timeout_ms, presets.connect_timeout_ms);
        preset(&options->request_timeout_ms, presets.request_timeout_ms);
        preset(&options->reconnect_ms_min, presets.reconnect_ms_min);
        preset(&options->reconnect_ms_max, presets.reconnect_ms_max);
        preset(&options->request_count_max, presets.request_count_max);
        preset(&options->request_bytes_max, presets.request_bytes_max);
        preset(&options->push_bytes_max, presets.push_bytes_max);
        preset(&options->session_count_max, presets.session_count_max);
        preset(&options->subscription_count_max, presets.subscription_count_max);
        preset(&options->contact_count_max, presets.contact_count_max);
}

/* Is @options one that can work? */
static bool is_sensible(const struct acdclient_options *options)
{
        if (options->role < ACDCLIENT_ROLE_GATEWAY || options->role > ACDCLIENT_ROLE_READER)
                return false;
        if (options->client == NULL || !acd_name_is_valid(options->client, strlen(options->client)))
                return false;
        if (!acd_name_is_valid(options->tenant, strlen(options->tenant)) &&
            !(options->tenant[0] == '\0' && options->role == ACDCLIENT_ROLE_OPERATOR))
                return false;
        if (strlen(options->software) > WIRE_SOFTWARE_MAX ||
            !acd_text_is_plain(options->software, strlen(options->software)))
                return false;
        if (options->credential != NULL && strlen(options->credential) > WIRE_CREDENTIAL_MAX)
                return false;
        return options->request_count_max <= 32768 && options->session_count_max <= 65536 &&
               options->subscription_count_max <= 1024;
}

static void copy_text(char *into, const char *text)
{
        memcpy(into, text, strlen(text) + 1);
}

static void copy_options(struct acdclient *client)
{
        struct acdclient_options *options = &client->options;

        copy_text(client->tenant, options->tenant);
        copy_text(client->name, options->client);
        copy_text(client->software, options->software);
        if (options->credential != NULL) {
                client->credential_size = (uint32_t)strlen(options->credential);
                memcpy(client->credential, options->credential, client->credential_size);
        }
        options->tenant = client->tenant;
        options->client = client->name;
        options->software = client->software;
        options->address = NULL;
        options->credential = NULL;
}

static int take_buffers(struct acdclient *client)
{
        void *in = malloc(CLIENT_BUFFER_SIZE);
        void *out = malloc(CLIENT_BUFFER_SIZE);
        void *decode = malloc(WIRE_ARENA_SIZE);
        void *encode = malloc(WIRE_ARENA_SIZE);

        client->scratch = malloc(CLIENT_FRAME_MAX);
        acd_buffer_init(&client->in, in, in != NULL ? CLIENT_BUFFER_SIZE : 0);
        acd_buffer_init(&client->out, out, out != NULL ? CLIENT_BUFFER_SIZE : 0);
        acd_arena_init(&client->decode, decode, decode != NULL ? WIRE_ARENA_SIZE : 0);
        acd_arena_init(&client->encode, encode, encode != NULL ? WIRE_ARENA_SIZE : 0);
        if (in == NULL || out == NULL || decode == NULL || encode == NULL ||
            client->scratch == NULL)
                return -ENOMEM;
        return 0;
}

/* Different in each process, and not worth a secret. */
static uint64_t jitter_seed(const struct acdclient *client)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 20 ^ (uint64_t)getpid() << 40 ^
               (uint64_t)(uintptr_t)client;
}

struct acdclient *acdclient_new(const struct acdclient_options *options)
{
        struct acdclient *client = calloc(1, sizeof(*client));
        int r = -ENOMEM;

        if (client == NULL)
                goto fail;
        client->fd = -1;
        client->options = *options;
        fill_options(&client->options);
        acd_prng_init(&client->prng, jitter_seed(client));

        r = is_sensible(&client->options) ? 0 : -EINVAL;
        if (r < 0)
                goto fail;
        r = client_address_parse(client->options.address, &client->address);
        if (r < 0)
                goto fail;
        copy_options(client);
        r = take_buffers(client);
        if (r < 0)
                goto fail;
        r = client_requests_init(client);
        if (r < 0)
                goto fail;
        r = client_sessions_init(client);
        if (r < 0)
                goto fail;
        r = client_subscriptions_init(client);
        if (r < 0)
                goto fail;
        client_contacts_init(client);
        return client;

fail:
        acdclient_free(client);
        errno = -r;
        return NULL;
}

/* Leave politely: one attempt, without waiting. */
static void say_bye(struct acdclient *client)
{
        struct wire_message message = { .kind = WIRE_BYE };

        message.bye.code = ACD_OK;
        acd_arena_reset(&client->encode);
        if (wire_append(&message, &client->encode, &client->out))
                acdclient_on_writable(client);
}

void acdclient_free(struct acdclient *client)
{
        if (client == NULL)
                return;
        client->options.listener = (struct acdclient_listener){ .dial = NULL };
        if (client->phase >= CLIENT_RECOVER)
                say_bye(client);
        client_socket_close(client);
        client_kept_fini(client);
        client_contacts_fini(client);
        client_subscriptions_fini(client);
        client_sessions_fini(client);
        client_requests_fini(client);
        free(client->in.bytes);
        free(client->out.bytes);
        free(client->decode.memory);
        free(client->encode.memory);
        free(client->scratch);
        free(client);
}

int acdclient_address_check(const char *address)
{
        struct client_address parsed;

        return client_address_parse(address, &parsed);
}

static bool is_own_kind(uint16_t kind)
{
        switch (kind) {
        case WIRE_HELLO:
        case WIRE_LOGIN:
        case WIRE_LOGOUT:
        case WIRE_RESUME:
        case WIRE_FOLLOW:
        case WIRE_SUBSCRIBE:
        case WIRE_UNFOLLOW:
        case WIRE_PING:
        case WIRE_HEARTBEAT:
                return true;
        default:
                return false;
        }
}

int acdclient_send(struct acdclient *client, const struct acdclient_message *request,
                   uint32_t timeout_ms, acdclient_on_answer *on_answer, void *context)
{
        const struct wire_kind_info *info = wire_kind_info(request->kind);
        struct client_about about = {
                .purpose = CLIENT_USER,
                .session = request->session,
                .timeout_ms = timeout_ms > 0 ? timeout_ms : client->options.request_timeout_ms,
                .on_answer = on_answer,
                .context = context,
        };
        int r;

        if (info == NULL || info->direction != WIRE_REQUEST || is_own_kind(request->kind))
                return -EINVAL;
        if (client->connection == ACDCLIENT_CLOSED)
                return -ENOTCONN;
        if (request->session != 0 && client_session_find(client, request->session) == NULL)
                return -ENOTCONN;
        client_read_clock(client);
        r = client_request_add(client, client_wire(request), &about);
        client_pump(client);
        return r;
}

enum acdclient_connection acdclient_connection_state(const struct acdclient *client)
{
        return client->connection;
}

const struct acdclient_trouble *acdclient_trouble(const struct acdclient *client)
{
        return &client->trouble;
}

const struct acdclient_welcome *acdclient_terms(const struct acdclient *client)
{
        return client->has_terms ? &client->terms : NULL;
}

uint64_t acdclient_server_time_ns(const struct acdclient *client)
{
        uint64_t rate = client->terms.clock_rate > 0 ? client->terms.clock_rate : 1;
        uint64_t passed_ms = client->now_ms - client->server_time_at_ms;

        if (client->server_time_ns == 0)
                return 0;
        return client->server_time_ns + passed_ms * 1000000 * rate;
}

uint32_t acdclient_request_count(const struct acdclient *client)
{
        return client->user_count;
}

uint32_t acdclient_connect_count(const struct acdclient *client)
{
        return client->connect_count;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links.
 *
 * The happy path: connect, say who we are and ask what the server is, all in one
 * write, and be ready when all of it is answered. From then on bytes go both ways
 * and every answer goes to the user.
 *
 * It can fail at each step, and then fails alike: the socket is closed, commands
 * on their way are forgotten, the user is told, and the link waits. Who is patient
 * is reset by each byte, so that a large answer over a slow line is no failure; a server that
 * says nothing for ten seconds has failed.
 */

#include "daemon/redis/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/redis/access.h"
#include "daemon/shard.h"

enum {
        NS_PER_MS = 1000000,
        WRITES_MAX = 16, /* of 64 KiB, encrypted, a turn */
};

enum {
        TAG_AUTH = REDIS_LINK_TAG_OWN,
        TAG_NAME,
        TAG_ROLE,
};

void redis_link_init(struct redis_link *link, struct shard *shard, uint32_t token,
                     const struct redis_link_memory *memory, const struct redis_link_user *user,
                     const struct redis_greeting *greeting)
{
        *link = (struct redis_link){
                .shard = shard,
                .user = *user,
                .greeting = *greeting,
                .token = token,
                .socket = -1,
                .input = memory->input,
        };
        redis_wire_init(&link->wire, memory->output, memory->output_size, memory->reply_size_max);
}

static uint64_t now_of(const struct redis_link *link)
{
        return clock_real(&link->shard->clock);
}

static void be_patient(struct redis_link *link)
{
        link->due_real = now_of(link) + (uint64_t)REDIS_PATIENCE_MS * NS_PER_MS;
}

void redis_link_close(struct redis_link *link)
{
        const struct world_sockets *sockets = link->shard->world.sockets;

        if (link->socket >= 0)
                sockets->close(sockets->self, link->socket);
        link->socket = -1;
        redis_wire_close(&link->wire);
        redis_tls_end(&link->tls);
        link->pending_count = 0;
        link->state = REDIS_LINK_OFF;
}

void redis_link_aim(struct redis_link *link, const char *address)
{
        if (strcmp(link->address, address) == 0 && link->state != REDIS_LINK_OFF)
                return;
        redis_link_close(link);
        (void)snprintf(link->address, sizeof(link->address), "%s", address);
        link->failure_count = 0;
        link->text[0] = '\0';
        if (address[0] == '\0')
                return;
        link->state = REDIS_LINK_WAITING;
        link->due_real = now_of(link);
}

/* Each failure in a row waits twice as long, somewhere between half and all of it, so that many
 * daemons do not come back together. */
static uint64_t pause_of(struct redis_link *link, enum redis_error_class class)
{
        const struct world_system *system = link->shard->world.system;
        uint64_t ms = REDIS_RETRY_MS_MIN;

        for (uint32_t i = 0; i < link->failure_count && ms < REDIS_RETRY_MS_MAX; i++)
                ms *= 2;
        if (ms > REDIS_RETRY_MS_MAX || class == REDIS_ERROR_CLASS_PERSON)
                ms = REDIS_RETRY_MS_MAX;
        link->failure_count++;
        return ms / 2 + system->random(system->self) % (ms / 2 + 1);
}

void redis_link_lose(struct redis_link *link, enum redis_error_class class, const char *why)
{
        uint64_t ms = pause_of(link, class);

        if (why != link->text)
                (void)snprintf(link->text, sizeof(link->text), "%s", why);
        log_event(&link->shard->log, LOG_WARNING, "redis_away",
                  "address=\"%s\" reason=\"%s\" retry_ms=%llu", link->address, link->text,
                  (unsigned long long)ms);
        link->shard->metrics.redis_errors_total++;
        redis_link_close(link);
        link->state = REDIS_LINK_WAITING;
        link->due_real = now_of(link) + ms * NS_PER_MS;
        link->user.on_lost(link->user.self, link, class);
}

void redis_link_praise(struct redis_link *link)
{
        link->failure_count = 0;
        link->text[0] = '\0';
}

void redis_link_explain(char into[REDIS_TEXT_SIZE], const struct redis_error *error,
                        const char *answer)
{
        int size = (int)strnlen(answer, error->remedy[0] == '\0' ? 150 : 100);

        if (size > 0 && answer[size - 1] == '.')
                size--;
        (void)snprintf(into, REDIS_TEXT_SIZE, error->remedy[0] == '\0' ? "%.*s%s" : "%.*s: %s",
                       size, answer, error->remedy);
}

/* ---- sending ---- */

/* A command was put: its answer will be @tag's. */
static void expect(struct redis_link *link, uint32_t tag)
{
        uint32_t at = (link->pending_begin + link->pending_count) % REDIS_LINK_PENDING_MAX;

        link->pending[at] = tag;
        if (link->pending_count++ == 0)
                be_patient(link);
}

static bool send_tagged(struct redis_link *link, const struct acd_bytes *argument,
                        uint32_t argument_count, uint32_t tag)
{
        if (link->pending_count == REDIS_LINK_PENDING_MAX ||
            !redis_wire_command(&link->wire, argument, argument_count))
                return false;
        expect(link, tag);
        return true;
}

bool redis_link_send(struct redis_link *link, const struct acd_bytes *argument,
                     uint32_t argument_count, uint32_t tag)
{
        return link->state == REDIS_LINK_READY &&
               send_tagged(link, argument, argument_count, tag);
}

bool redis_link_send_lending(struct redis_link *link, const struct acd_bytes *argument,
                             uint32_t argument_count, uint32_t tag)
{
        if (link->state != REDIS_LINK_READY || link->pending_count == REDIS_LINK_PENDING_MAX ||
            !redis_wire_command_lending(&link->wire, argument, argument_count))
                return false;
        expect(link, tag);
        return true;
}

uint32_t redis_link_room(const struct redis_link *link, size_t *ret_size)
{
        *ret_size = redis_output_room(&link->wire.out);
        return REDIS_LINK_PENDING_MAX - link->pending_count;
}

static void greet(struct redis_link *link)
{
        const struct redis_greeting *greeting = &link->greeting;
        struct acd_bytes command[3] = { redis_text("AUTH"), redis_text(greeting->user),
                                        redis_text(greeting->password) };

        if (greeting->user[0] == '\0')
                command[1] = command[2];
        link->state = REDIS_LINK_GREETING;
        if (greeting->password[0] != '\0')
                ACD_ASSERT(send_tagged(link, command, greeting->user[0] == '\0' ? 2 : 3, TAG_AUTH));
        command[0] = redis_text("CLIENT");
        command[1] = redis_text("SETNAME");
        command[2] = redis_text(greeting->name);
        ACD_ASSERT(send_tagged(link, command, 3, TAG_NAME));
        command[0] = redis_text(greeting->is_master_wanted ? "ROLE" : "PING");
        ACD_ASSERT(send_tagged(link, command, 1, TAG_ROLE));
}

/* ---- answers ---- */

/* What may be repeated of an error. A server that does not know AUTH says it with all its words,
 * the password among them. */
static const char *words_of(uint32_t tag, const struct redis_error *error,
                            const struct redis_reply *reply)
{
        if (tag != TAG_AUTH)
                return reply->text;
        return error->word[0] != '\0' ? error->word
                                      : "it refuses AUTH: there is no password, or are no users, "
                                        "or the word has another name; see redis-password-file, "
                                        "redis-user";
}

static void fail_with(struct redis_link *link, uint32_t tag, const struct redis_reply *reply)
{
        const struct redis_error *error = redis_error_of(reply->text);
        char text[REDIS_TEXT_SIZE];

        redis_error_count(error, &link->shard->metrics);
        redis_link_explain(text, error, words_of(tag, error, reply));
        /* Without these words nothing can be done for any tenant. */
        redis_link_lose(link,
                        error->class == REDIS_ERROR_CLASS_TENANT ? REDIS_ERROR_CLASS_PERSON
                                                                 : error->class,
                        text);
}

static void take_role(struct redis_link *link, const struct redis_reply *reply)
{
        struct redis_reply role = redis_reply_at(reply, 0);

        if (link->greeting.is_master_wanted && strcmp(role.text, "master") != 0) {
                link->shard->metrics.redis_replica_total++;
                redis_link_lose(link, REDIS_ERROR_CLASS_LEAVE,
                                strcmp(role.text, "sentinel") == 0
                                        ? "this is a sentinel; redis-mode sentinel asks it"
                                        : "this Redis is not a master; redis must name the master, "
                                          "or redis-mode find it");
                return;
        }
        link->state = REDIS_LINK_READY;
        link->shard->metrics.redis_connects_total++;
        link->user.on_ready(link->user.self, link);
}

static void take_own(struct redis_link *link, uint32_t tag, const struct redis_reply *reply)
{
        /* A name is for people; not all may give one, and not each is one. What concerns us, the
         * next answer says as well. */
        if (tag == TAG_NAME)
                return;
        if (reply->kind == REDIS_ERROR)
                fail_with(link, tag, reply);
        else if (tag == TAG_ROLE)
                take_role(link, reply);
}

static void take(struct redis_link *link, const struct redis_reply *reply)
{
        uint32_t tag = 0;

        if (link->pending_count > 0) {
                tag = link->pending[link->pending_begin];
                link->pending_begin = (link->pending_begin + 1) % REDIS_LINK_PENDING_MAX;
                link->pending_count--;
                be_patient(link);
        }
        if (link->pending_count == 0)
                link->due_real = 0;
        if (tag >= REDIS_LINK_TAG_OWN)
                take_own(link, tag, reply);
        else
                link->user.on_reply(link->user.self, link, tag, reply);
}

static bool is_open(const struct redis_link *link)
{
        return link->state == REDIS_LINK_GREETING || link->state == REDIS_LINK_READY;
}

static int take_all(struct redis_link *link)
{
        struct redis_reply reply;
        int r = 0;

        while (is_open(link) && (r = redis_wire_next(&link->wire, &reply)) == 1) {
                struct redis_wire *wire = &link->wire;
                const struct redis_reader *reader = wire->reader;

                take(link, &reply);
                redis_reply_free(&reply);
                /* Lost by what the user made of it. */
                if (wire->reader != reader)
                        return 0;
        }
        return r;
}

/* ---- the socket ---- */

static int take_bytes(struct redis_link *link, size_t size)
{
        int r = redis_wire_feed(&link->wire, link->input, size);

        return r < 0 ? r : take_all(link);
}

/* The input holds @size encrypted bytes. They are copied, and then it is free for plain ones. */
static int take_secured(struct redis_link *link, size_t size)
{
        int r = redis_tls_feed(&link->tls, link->input, size);

        while (r >= 0 && is_open(link)) {
                int64_t plain = redis_tls_read(&link->tls, link->input, REDIS_LINK_INPUT_SIZE);

                if (plain == -EAGAIN)
                        return 0;
                if (plain <= 0)
                        return plain == 0 ? -EPIPE : (int)plain;
                r = take_bytes(link, (size_t)plain);
        }
        return r;
}

static int read_once(struct redis_link *link)
{
        const struct world_sockets *sockets = link->shard->world.sockets;
        int64_t size;

        size = sockets->read(sockets->self, link->socket, link->input, REDIS_LINK_INPUT_SIZE);
        if (size == -EAGAIN || size == -EINTR)
                return 0;
        if (size == 0)
                return -EPIPE;
        if (size < 0)
                return (int)size;
        if (link->pending_count > 0)
                be_patient(link);
        return redis_tls_is_on(&link->tls) ? take_secured(link, (size_t)size)
                                           : take_bytes(link, (size_t)size);
}

/* Write these bytes: how many of them went out, or a negative errno. */
static int64_t write_parts(struct redis_link *link, const struct iovec *parts, int count)
{
        int64_t written = count == 0 ? 0
                                     : world_write_parts(link->shard->world.sockets, link->socket,
                                                         parts, count);

        /* A round over a slow line is on its way for longer than the patience. */
        if (written > 0 && link->pending_count > 0)
                be_patient(link);
        return written == -EAGAIN || written == -EINTR || written == -EINPROGRESS ? 0 : written;
}

/* As much of the output as there is room for, encrypted. */
static int encrypt(struct redis_link *link)
{
        struct redis_output *out = &link->wire.out;

        redis_output_settle(out);
        for (;;) {
                struct iovec part[REDIS_OUTPUT_PART_MAX] = { 0 };
                int64_t taken;

                (void)redis_output_parts(out, part);
                taken = redis_tls_write(&link->tls, part[0].iov_base, part[0].iov_len);
                if (taken == -EAGAIN)
                        return 0;
                if (taken <= 0)
                        return taken == 0 ? -EPIPE : (int)taken;
                redis_output_sent(out, (size_t)taken);
        }
}

static int write_secured(struct redis_link *link)
{
        struct iovec part;
        int64_t written = 0;
        size_t size = 0;
        int r = 0;

        for (int i = 0; i < WRITES_MAX && r >= 0 && written == (int64_t)size; i++) {
                r = encrypt(link);
                if (r >= 0) {
                        const uint8_t *bytes = redis_tls_unsent(&link->tls, &size);

                        if (size == 0)
                                break;
                        part = (struct iovec){ (void *)(uintptr_t)bytes, size };
                        written = write_parts(link, &part, 1);
                        if (written < 0)
                                return (int)written;
                        redis_tls_sent(&link->tls, (size_t)written);
                }
        }
        return r;
}

static int write_once(struct redis_link *link)
{
        struct redis_output *out = &link->wire.out;
        struct iovec parts[REDIS_OUTPUT_PART_MAX];
        int64_t written;

        if (redis_tls_is_on(&link->tls))
                return write_secured(link);
        written = write_parts(link, parts, redis_output_parts(out, parts));
        if (written < 0)
                return (int)written;
        redis_output_sent(out, (size_t)written);
        redis_output_settle(out);
        return 0;
}

static const char *sentence_of(const struct redis_link *link, int code)
{
        if ((code == -EPIPE || code == -ECONNRESET) && link->state == REDIS_LINK_GREETING &&
            !redis_tls_is_on(&link->tls))
                return "it ended the connection at the first words; perhaps its port wants TLS: "
                       "set redis-tls yes";
        switch (code) {
        case -EPROTO:
                return link->tls.text[0] == '\0'
                               ? "it sent what is no Redis reply, or one too large"
                               : link->tls.text;
        case -EPIPE:
                return "it ended the connection";
        case -ENODATA:
                return "there is no host of that name";
        case -EREMOTEIO:
                return "its name could not be looked up: no answer from the system's resolver";
        case -ECONNREFUSED:
                return "Connection refused; is Redis running, and is this its address?";
        case -ENOENT:
                return "No such file or directory; is Redis running, and is this its unixsocket?";
        case -EACCES:
                return "Permission denied; unixsocketperm of Redis must allow our user";
        default:
                return strerror(-code);
        }
}

static void lose_by_errno(struct redis_link *link, int code)
{
        redis_link_lose(link, REDIS_ERROR_CLASS_LEAVE, sentence_of(link, code));
}

static void lose_patience(struct redis_link *link)
{
        const char *why = "no answer in time";

        if (link->state == REDIS_LINK_RESOLVING)
                why = "its name was not looked up in time";
        else if (link->state == REDIS_LINK_CONNECTING)
                why = "no connection in time";
        else if (redis_tls_is_on(&link->tls) && !redis_tls_is_secured(&link->tls))
                why = "no answer to TLS in time; perhaps it is a port without TLS";
        redis_link_lose(link, REDIS_ERROR_CLASS_LEAVE, why);
}

void redis_link_on_socket(struct redis_link *link, bool is_readable, bool is_writable)
{
        int r = 0;

        if (link->socket < 0)
                return;
        if (link->state == REDIS_LINK_CONNECTING && is_writable)
                greet(link);
        if (is_open(link) && is_writable)
                r = write_once(link);
        if (r >= 0 && is_open(link) && is_readable)
                r = read_once(link);
        if (r < 0)
                lose_by_errno(link, r);
}

/* Redis has TLS on ports only, so a unix socket is plain. */
static int begin_tls(struct redis_link *link)
{
        const struct redis_access *access = link->shard->world.redis;
        char host[REDIS_ADDRESS_SIZE];

        link->tls.text[0] = '\0';
        if (access == NULL || access->tls == NULL || !redis_address_host(link->address, host))
                return 0;
        return redis_tls_begin(&link->tls, access->tls, host);
}

static void connect_now(struct redis_link *link)
{
        const struct world_sockets *sockets = link->shard->world.sockets;
        int r = sockets->connect(sockets->self, link->address);

        if (r == -EINPROGRESS) {
                if (link->state != REDIS_LINK_RESOLVING)
                        be_patient(link);
                link->state = REDIS_LINK_RESOLVING;
                return;
        }
        if (r >= 0) {
                link->socket = r;
                r = redis_wire_open(&link->wire);
        }
        if (r >= 0)
                r = begin_tls(link);
        if (r < 0) {
                lose_by_errno(link, r);
                return;
        }
        link->state = REDIS_LINK_CONNECTING;
        link->is_watching_write = true;
        be_patient(link);
        sockets->watch(sockets->self, link->socket, link->token, true, true);
}

/* Is there something to write? What waits for the server to prove itself does not count. */
static bool wants_write(const struct redis_link *link)
{
        size_t size = 0;

        if (link->state == REDIS_LINK_CONNECTING)
                return true;
        if (redis_tls_is_on(&link->tls)) {
                (void)redis_tls_unsent(&link->tls, &size);
                if (size > 0 || !redis_tls_is_secured(&link->tls))
                        return size > 0;
        }
        return redis_output_size(&link->wire.out) > 0;
}

/* Tell the world what is waited for. */
static void watch(struct redis_link *link)
{
        const struct world_sockets *sockets = link->shard->world.sockets;
        bool is_wanted;

        if (link->socket < 0)
                return;
        is_wanted = wants_write(link);
        if (is_wanted == link->is_watching_write)
                return;
        link->is_watching_write = is_wanted;
        sockets->watch(sockets->self, link->socket, link->token, true, is_wanted);
}

void redis_link_turn(struct redis_link *link)
{
        bool is_due = link->due_real != 0 && now_of(link) >= link->due_real;
        int r;

        if (link->state != REDIS_LINK_OFF && link->state != REDIS_LINK_WAITING && is_due)
                lose_patience(link);
        else if (link->state == REDIS_LINK_RESOLVING ||
                 (link->state == REDIS_LINK_WAITING && is_due))
                connect_now(link);
        if (is_open(link)) {
                r = write_once(link);
                if (r < 0)
                        lose_by_errno(link, r);
        }
        watch(link);
}

uint64_t redis_link_next_ns(const struct redis_link *link)
{
        return link->state == REDIS_LINK_OFF ? 0 : link->due_real;
}

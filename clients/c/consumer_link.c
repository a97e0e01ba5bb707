/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to Redis: commands, answers, pauses, trouble.
 *
 * hiredis connects and parses; bytes are moved here, for three reasons: its blocking
 * calls write without MSG_NOSIGNAL, so that a server that went away would end the program; its
 * time-out is one of each read, so that an answer that trickles never ends; and it takes an answer
 * of any size.
 *
 * It can fail because there is nobody, because the connection breaks or falls silent, and
 * because Redis says so. All three end the connection: the next one finds out how things
 * stand. The pause between attempts doubles and is drawn from its upper half, so that a
 * thousand consumers do not come back in one moment; it begins anew when a page was read.
 */

#include "clients/c/consumer.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { WORD_MAX = 24 };

uint64_t consumer_now_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void consumer_disconnect(struct acdconsumer *consumer)
{
        if (consumer->link != NULL)
                redisFree(consumer->link);
        consumer->link = NULL;
}

static void choose_pause(struct acdconsumer *consumer)
{
        uint32_t pause = consumer->pause_ms == 0 ? consumer->options.reconnect_ms_min
                                                 : consumer->pause_ms * 2;
        uint32_t most = consumer->options.reconnect_ms_max;

        /* What only a person can mend is not asked for ten times a second. */
        if (pause > most || consumer->trouble == ACDCONSUMER_DENIED ||
            consumer->trouble == ACDCONSUMER_MISPLACED)
                pause = most;
        consumer->pause_ms = pause;
        pause = pause / 2 + (uint32_t)acd_prng_below(&consumer->prng, pause / 2 + 1);
        consumer->retry_at_ms = consumer_now_ms() + pause;
}

void consumer_fail(struct acdconsumer *consumer, enum acdconsumer_trouble trouble,
                   const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(consumer->text, sizeof(consumer->text), format, arguments);
        va_end(arguments);
        consumer->trouble = trouble;
        consumer_disconnect(consumer);
        choose_pause(consumer);
}

/* The classes of docs/REDIS.md, "Errors", as a reader sees them. */
static const struct {
        const char *code;
        enum acdconsumer_trouble trouble;
} codes[] = {
        { "LOADING", ACDCONSUMER_BUSY },
        { "MASTERDOWN", ACDCONSUMER_BUSY },
        { "BUSY", ACDCONSUMER_BUSY },
        { "TRYAGAIN", ACDCONSUMER_BUSY },
        { "READONLY", ACDCONSUMER_BUSY },
        { "MISCONF", ACDCONSUMER_BUSY },
        { "OOM", ACDCONSUMER_BUSY },
        { "NOREPLICAS", ACDCONSUMER_BUSY },
        { "NOAUTH", ACDCONSUMER_DENIED },
        { "WRONGPASS", ACDCONSUMER_DENIED },
        { "NOPERM", ACDCONSUMER_DENIED },
        { "WRONGTYPE", ACDCONSUMER_MISPLACED },
        { "MOVED", ACDCONSUMER_MISPLACED },
        { "ASK", ACDCONSUMER_MISPLACED },
        { "CROSSSLOT", ACDCONSUMER_MISPLACED },
        { "CLUSTERDOWN", ACDCONSUMER_BUSY },
};

bool consumer_is_error(const redisReply *reply, const char *code)
{
        size_t size = strlen(code);

        return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, code, size) == 0 &&
               (reply->str[size] == ' ' || reply->str[size] == '\0');
}

redisReply *consumer_good(struct acdconsumer *consumer, redisReply *reply)
{
        enum acdconsumer_trouble trouble = ACDCONSUMER_FAILED;

        if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
                return reply;
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
                if (consumer_is_error(reply, codes[i].code))
                        trouble = codes[i].trouble;
        }
        consumer_fail(consumer, trouble, "Redis says: %s", reply->str);
        freeReplyObject(reply);
        return NULL;
}

static bool wait_for(struct acdconsumer *consumer, short events, uint64_t deadline_ms)
{
        struct pollfd poll_fd = { .fd = consumer->link->fd, .events = events };
        int r;

        do {
                uint64_t now_ms = consumer_now_ms();

                r = poll(&poll_fd, 1, now_ms < deadline_ms ? (int)(deadline_ms - now_ms) : 0);
        } while (r < 0 && errno == EINTR);
        if (r > 0)
                return true;
        consumer_fail(consumer, ACDCONSUMER_LOST,
                      "Redis does not %s within answer_timeout_ms (%u); reconnecting",
                      events == POLLIN ? "answer" : "take a request",
                      consumer->options.answer_timeout_ms);
        return false;
}

static bool lose(struct acdconsumer *consumer, int error)
{
        consumer_fail(consumer, ACDCONSUMER_LOST,
                      "the connection to Redis ended (%s); reconnecting",
                      error == 0 ? "closed by the server" : strerror(error));
        return false;
}

static bool send_all(struct acdconsumer *consumer, const char *bytes, size_t size)
{
        uint64_t deadline_ms = consumer_now_ms() + consumer->options.answer_timeout_ms;

        while (size > 0) {
                ssize_t sent = send(consumer->link->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                        if (!wait_for(consumer, POLLOUT, deadline_ms))
                                return false;
                } else if (sent < 0 && errno != EINTR) {
                        return lose(consumer, errno);
                } else if (sent > 0) {
                        bytes += sent;
                        size -= (size_t)sent;
                }
        }
        return true;
}

bool consumer_send(struct acdconsumer *consumer, const char *const words[])
{
        const char *word[WORD_MAX];
        char *bytes = NULL;
        int count = 0;
        int size;
        bool is_sent;

        while (words[count] != NULL && count < WORD_MAX) {
                word[count] = words[count];
                count++;
        }
        size = redisFormatCommandArgv(&bytes, count, word, NULL);
        if (size < 0) {
                consumer_fail(consumer, ACDCONSUMER_FAILED, "no memory for a request");
                return false;
        }
        is_sent = send_all(consumer, bytes, (size_t)size);
        redisFreeCommand(bytes);
        return is_sent;
}

/* More bytes for the parser; what came so far for this answer is @received. */
static bool feed(struct acdconsumer *consumer, uint64_t deadline_ms, size_t *received)
{
        ssize_t size;

        if (!wait_for(consumer, POLLIN, deadline_ms))
                return false;
        do
                size = recv(consumer->link->fd, consumer->chunk, CONSUMER_CHUNK_SIZE, 0);
        while (size < 0 && errno == EINTR);
        if (size <= 0)
                return lose(consumer, size < 0 ? errno : 0);
        *received += (size_t)size;
        if (*received > consumer->options.memory_max) {
                consumer_fail(consumer, ACDCONSUMER_TOO_LARGE,
                              "an answer is larger than memory_max (%u bytes); asking for fewer "
                              "entries, and if that is no help: raise it",
                              consumer->options.memory_max);
                return false;
        }
        if (redisReaderFeed(consumer->link->reader, (const char *)consumer->chunk, (size_t)size) !=
            REDIS_OK) {
                consumer_fail(consumer, ACDCONSUMER_FAILED, "no memory for an answer");
                return false;
        }
        return true;
}

redisReply *consumer_receive(struct acdconsumer *consumer, uint32_t block_ms)
{
        uint64_t deadline_ms = consumer_now_ms() + consumer->options.answer_timeout_ms + block_ms;
        size_t received = 0;
        void *reply = NULL;

        while (true) {
                if (redisReaderGetReply(consumer->link->reader, &reply) != REDIS_OK) {
                        consumer_fail(consumer, ACDCONSUMER_FAILED, "not an answer of Redis: %s",
                                      consumer->link->reader->errstr);
                        return NULL;
                }
                if (reply != NULL)
                        return reply;
                if (!feed(consumer, deadline_ms, &received))
                        return NULL;
        }
}

redisReply *consumer_ask(struct acdconsumer *consumer, const char *const words[])
{
        if (!consumer_send(consumer, words))
                return NULL;
        return consumer_good(consumer, consumer_receive(consumer, 0));
}

static struct timeval timeval_of(uint32_t ms)
{
        return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

/* Say who we are. */
static bool greet(struct acdconsumer *consumer)
{
        const struct acdconsumer_options *options = &consumer->options;
        const char *with_user[] = { "AUTH", options->user, options->password, NULL };
        const char *without_user[] = { "AUTH", options->password, NULL };
        redisReply *reply;

        if (options->password == NULL)
                return true;
        reply = consumer_ask(consumer, options->user != NULL ? with_user : without_user);
        if (reply == NULL && consumer->trouble == ACDCONSUMER_FAILED)
                consumer->trouble = ACDCONSUMER_DENIED; /* no password is set */
        if (reply == NULL)
                return false;
        freeReplyObject(reply);
        return true;
}

enum consumer_outcome consumer_connect(struct acdconsumer *consumer)
{
        const struct client_address *address = &consumer->address;
        struct timeval patience = timeval_of(consumer->options.connect_timeout_ms);
        redisContext *link =
                address->is_unix
                        ? redisConnectUnixWithTimeout(address->path, patience)
                        : redisConnectWithTimeout(address->host,
                                                  (int)strtol(address->port, NULL, 10), patience);

        consumer->link = link;
        if (link == NULL || link->err != 0) {
                const char *where = address->is_unix ? address->path : address->host;

                consumer_fail(consumer, ACDCONSUMER_UNREACHABLE, "no Redis at %s%s%s: %s", where,
                              address->is_unix ? "" : ":", address->port,
                              link == NULL ? "no memory" : link->errstr);
                return CONSUMER_BAD;
        }
        if (!address->is_unix)
                (void)redisEnableKeepAlive(link);
        return greet(consumer) ? CONSUMER_ON : CONSUMER_BAD;
}

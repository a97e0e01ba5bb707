/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tls.h - bytes of a connection, encrypted: TLS 1.2 and newer, as a client.
 *
 *      socket --read--> redis_tls_feed() --> redis_tls_read() --> plain bytes
 *      plain bytes --> redis_tls_write() --> redis_tls_unsent() --write--> socket
 *
 * Sockets are not touched here. The only user of OpenSSL.
 *
 *   Ownership  Who opens, closes. A session lies in its user's memory; OpenSSL
 *              allocates what it needs for it, some 50 KiB, bounded.
 *   Failure    -EPROTO: of no more use; the session has the reason as a sentence.
 *   Cost       The cipher's; plain bytes are copied once, encrypted ones once.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        REDIS_TLS_TEXT_SIZE = 256,
        REDIS_TLS_UNSENT_MAX = 65536, /* encrypted bytes kept, and a record or two beyond it */
};

struct redis_tls; /* what sessions have in common: whom to trust, and who we are */
struct redis_tls_native;

/* Files as PEM. */
struct redis_tls_setup {
        const char *ca;   /* "": whom this machine trusts */
        const char *cert; /* "": none */
        const char *key;
        const char *name; /* that the server's certificate must have; "": the host's */
};

/* 0, or -EINVAL and a sentence. */
int redis_tls_open(struct redis_tls **ret_tls, const struct redis_tls_setup *setup,
                   char ret_text[REDIS_TLS_TEXT_SIZE]) __attribute__((warn_unused_result));
void redis_tls_close(struct redis_tls *tls);

struct redis_tls_session {
        struct redis_tls_native *native; /* NULL: closed */
        size_t sent_size;                /* of what is unsent, what went out already */
        char text[REDIS_TLS_TEXT_SIZE];  /* why it failed, or "" */
};

/* Begin to greet a server at @host. 0 or -EPROTO. */
int redis_tls_begin(struct redis_tls_session *session, const struct redis_tls *tls,
                    const char *host) __attribute__((warn_unused_result));
void redis_tls_end(struct redis_tls_session *session);

static inline bool redis_tls_is_on(const struct redis_tls_session *session)
{
        return session->native != NULL;
}

/* The server is who it should be, and plain bytes can go both ways. */
bool redis_tls_is_secured(const struct redis_tls_session *session);

/* Encrypted bytes that came. All are taken; read until there are no more before feeding again. */
int redis_tls_feed(struct redis_tls_session *session, const void *bytes, size_t size)
        __attribute__((warn_unused_result));

/* Plain bytes of what came: how many, -EAGAIN when there are no more, 0 at the end of them. */
int64_t redis_tls_read(struct redis_tls_session *session, void *into, size_t size)
        __attribute__((warn_unused_result));

/* Encrypt: how many of @size bytes were taken, -EAGAIN when none can be now. */
int64_t redis_tls_write(struct redis_tls_session *session, const void *bytes, size_t size)
        __attribute__((warn_unused_result));

/* Encrypted bytes to send, and how many of them were sent. */
const uint8_t *redis_tls_unsent(const struct redis_tls_session *session, size_t *ret_size);
void redis_tls_sent(struct redis_tls_session *session, size_t size);

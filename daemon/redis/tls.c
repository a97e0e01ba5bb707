/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS by OpenSSL, through memory.
 *
 * OpenSSL's own way to a socket writes with write(2), knows nothing of our loop
 * and none of its tables. So it reads from one block of memory and writes to
 * another (BIOs), and what moves bytes between these and the socket is the link,
 * as without TLS.
 *
 * Both blocks are bounded. What is fed is read until nothing is left but the
 * beginning of a record, which is at most 16 KiB and some. What is to be sent
 * is not added to while there are 64 KiB of it; only OpenSSL's own answers are,
 * and a server that asks for those without reading them is left.
 *
 * OpenSSL keeps errors in a queue of the thread. One that was left there by
 * somebody else would be taken for the next call's, so it is emptied before each
 * call that may fail, and read at once after one that did.
 */

#include "daemon/redis/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum {
        RECORD_SIZE_MAX = 16384,
        ANSWER_SIZE_MAX = 131072, /* of OpenSSL's own, unsent */
        DEPTH_MAX = 8,            /* certificates between the server's and one we trust */
};

static SSL_CTX *context_of(const struct redis_tls *tls)
{
        return (SSL_CTX *)(void *)(uintptr_t)tls;
}

static SSL *ssl_of(const struct redis_tls_session *session)
{
        return (SSL *)(void *)session->native;
}

/* What OpenSSL says of the error it met first. */
static const char *reason_of(unsigned long code)
{
        const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

        return reason == NULL ? "no reason given" : reason;
}

/* ---- what sessions have in common ---- */

static int refuse(char text[REDIS_TLS_TEXT_SIZE], const char *option, const char *file)
{
        unsigned long code = ERR_get_error();
        const char *reason =
                ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : reason_of(code);

        (void)snprintf(text, REDIS_TLS_TEXT_SIZE, "--%s: %.100s: %.90s", option,
                       file[0] == '\0' ? "the certificates of this machine" : file, reason);
        ERR_clear_error();
        return -EINVAL;
}

/* A key that needs a passphrase is refused: nobody is there to type one. */
static int no_passphrase(char *into, int size, int is_writing, void *self)
{
        (void)into;
        (void)size;
        (void)is_writing;
        (void)self;
        return -1;
}

static void set_manners(SSL_CTX *context)
{
        (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
        (void)SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION |
                                                   SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                                SSL_MODE_RELEASE_BUFFERS);
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_verify_depth(context, DEPTH_MAX);
        SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

static int load(SSL_CTX *context, const struct redis_tls_setup *setup,
                char text[REDIS_TLS_TEXT_SIZE])
{
        int is_good = setup->ca[0] == '\0' ? SSL_CTX_set_default_verify_paths(context)
                                           : SSL_CTX_load_verify_file(context, setup->ca);

        if (is_good != 1)
                return refuse(text, "redis-tls-ca", setup->ca);
        if (setup->cert[0] == '\0')
                return 0;
        if (SSL_CTX_use_certificate_chain_file(context, setup->cert) != 1)
                return refuse(text, "redis-tls-cert", setup->cert);
        /* A key that is not the certificate's is refused here too. */
        if (SSL_CTX_use_PrivateKey_file(context, setup->key, SSL_FILETYPE_PEM) != 1)
                return refuse(text, "redis-tls-key", setup->key);
        return 0;
}

/* The name is kept with the context, where each session looks for it. */
static bool keep_name(SSL_CTX *context, const char *name)
{
        X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
        struct in6_addr number;

        if (name[0] == '\0')
                return true;
        if (inet_pton(AF_INET, name, &number) == 1 || inet_pton(AF_INET6, name, &number) == 1)
                return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
        return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1;
}

int redis_tls_open(struct redis_tls **ret_tls, const struct redis_tls_setup *setup,
                   char ret_text[REDIS_TLS_TEXT_SIZE])
{
        SSL_CTX *context;
        int r;

        ERR_clear_error();
        context = SSL_CTX_new(TLS_client_method());
        if (context == NULL)
                return refuse(ret_text, "redis-tls", "OpenSSL");
        set_manners(context);
        r = load(context, setup, ret_text);
        if (r >= 0 && !keep_name(context, setup->name))
                r = refuse(ret_text, "redis-tls-name", setup->name);
        if (r < 0) {
                SSL_CTX_free(context);
                return r;
        }
        ERR_clear_error();
        *ret_tls = (struct redis_tls *)(void *)context;
        return 0;
}

void redis_tls_close(struct redis_tls *tls)
{
        SSL_CTX_free(context_of(tls));
}

/* ---- a session ---- */

static int fail(struct redis_tls_session *session, const char *what, const char *reason,
                const char *remedy)
{
        (void)snprintf(session->text, sizeof(session->text), "%s%.90s%s", what, reason, remedy);
        ERR_clear_error();
        return -EPROTO;
}

/* What the certificate must have, and whom the server may choose it by. */
static bool demand(SSL *ssl, const char *host)
{
        X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
        const char *name = X509_VERIFY_PARAM_get0_host(param, 0);
        char *address = X509_VERIFY_PARAM_get1_ip_asc(param);
        bool is_named = name != NULL || address != NULL;
        struct in6_addr number;

        OPENSSL_free(address);
        if (!is_named) {
                if (inet_pton(AF_INET, host, &number) == 1 ||
                    inet_pton(AF_INET6, host, &number) == 1)
                        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
                if (X509_VERIFY_PARAM_set1_host(param, host, 0) != 1)
                        return false;
                name = host;
        }
        return name == NULL || SSL_set_tlsext_host_name(ssl, name) == 1;
}

int redis_tls_begin(struct redis_tls_session *session, const struct redis_tls *tls,
                    const char *host)
{
        BIO *in = BIO_new(BIO_s_mem());
        BIO *out = BIO_new(BIO_s_mem());
        SSL *ssl = SSL_new(context_of(tls));

        ERR_clear_error();
        *session = (struct redis_tls_session){ .native = (struct redis_tls_native *)(void *)ssl };
        if (in == NULL || out == NULL || ssl == NULL) {
                (void)BIO_free(in);
                (void)BIO_free(out);
                return fail(session, "no memory for TLS", "", "");
        }
        SSL_set_bio(ssl, in, out);
        SSL_set_connect_state(ssl);
        return demand(ssl, host) ? 0 : fail(session, "no memory for TLS", "", "");
}

void redis_tls_end(struct redis_tls_session *session)
{
        SSL_free(ssl_of(session));
        session->native = NULL;
        session->sent_size = 0;
}

bool redis_tls_is_secured(const struct redis_tls_session *session)
{
        return SSL_is_init_finished(ssl_of(session)) == 1;
}

/* ---- why not ---- */

static int fail_by_certificate(struct redis_tls_session *session, long verdict)
{
        const char *remedy = "; redis-tls-ca must hold the certificate of who issued it";

        switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
                remedy = "; set redis-tls-name to a name that it has, if it is the right server";
                break;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
                remedy = "; renew it, or look at the clocks of both machines";
                break;
        default:
                break;
        }
        return fail(session, "its certificate is refused: ", X509_verify_cert_error_string(verdict),
                    remedy);
}

/* An error of OpenSSL's own: what it met first. */
static int fail_by_protocol(struct redis_tls_session *session, unsigned long code)
{
        bool is_anonymous = SSL_get_certificate(ssl_of(session)) == NULL;
        int reason = ERR_GET_REASON(code);
        const char *remedy = "";

        if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
            reason == SSL_R_BAD_RECORD_TYPE)
                remedy = "; it seems to be a port without TLS";
        else if (is_anonymous && (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
                                  reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE))
                remedy = "; it wants a certificate: set redis-tls-cert and redis-tls-key";
        else if (reason >= SSL_AD_REASON_OFFSET)
                remedy = "; it refuses us: look at redis-tls-cert, and at its own log";
        return fail(session, "TLS failed: ", reason_of(code), remedy);
}

/* What a call of OpenSSL that gave @r means. */
static int64_t result_of(struct redis_tls_session *session, int r)
{
        SSL *ssl = ssl_of(session);
        int error = SSL_get_error(ssl, r);
        unsigned long code = ERR_peek_error();
        long verdict = SSL_get_verify_result(ssl);
        size_t unsent_size;

        (void)redis_tls_unsent(session, &unsent_size);
        switch (error) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
                return unsent_size > ANSWER_SIZE_MAX
                               ? fail(session, "TLS failed: it does not read what it asked for", "",
                                      "")
                               : -EAGAIN;
        case SSL_ERROR_ZERO_RETURN:
                return 0;
        default:
                break;
        }
        if (ERR_GET_LIB(code) == ERR_LIB_SSL && verdict != X509_V_OK &&
            ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
                return fail_by_certificate(session, verdict);
        return fail_by_protocol(session, code);
}

/* ---- bytes ---- */

int redis_tls_feed(struct redis_tls_session *session, const void *bytes, size_t size)
{
        ACD_ASSERT(size <= INT_MAX);
        ERR_clear_error();
        if (BIO_write(SSL_get_rbio(ssl_of(session)), bytes, (int)size) != (int)size)
                return fail(session, "no memory for TLS", "", "");
        return 0;
}

int64_t redis_tls_read(struct redis_tls_session *session, void *into, size_t size)
{
        size_t got = 0;
        int r;

        ERR_clear_error();
        r = SSL_read_ex(ssl_of(session), into, size, &got);
        return r == 1 ? (int64_t)got : result_of(session, r);
}

int64_t redis_tls_write(struct redis_tls_session *session, const void *bytes, size_t size)
{
        SSL *ssl = ssl_of(session);
        size_t unsent_size;
        size_t taken = 0;
        int r;

        (void)redis_tls_unsent(session, &unsent_size);
        if (size == 0 || unsent_size >= REDIS_TLS_UNSENT_MAX)
                return -EAGAIN;
        if (size > RECORD_SIZE_MAX)
                size = RECORD_SIZE_MAX;
        ERR_clear_error();
        r = SSL_write_ex(ssl, bytes, size, &taken);
        return r == 1 ? (int64_t)taken : result_of(session, r);
}

const uint8_t *redis_tls_unsent(const struct redis_tls_session *session, size_t *ret_size)
{
        char *bytes = NULL;
        long size = BIO_get_mem_data(SSL_get_wbio(ssl_of(session)), &bytes);

        ACD_ASSERT(size >= 0 && session->sent_size <= (size_t)size);
        *ret_size = (size_t)size - session->sent_size;
        return (const uint8_t *)bytes + session->sent_size;
}

/* Take what was sent out of the block, from which it is read for that, to nowhere. */
static void forget_sent(struct redis_tls_session *session)
{
        uint8_t nowhere[4096];

        while (session->sent_size > 0) {
                size_t size = session->sent_size;
                int taken = BIO_read(SSL_get_wbio(ssl_of(session)), nowhere,
                                     size < sizeof(nowhere) ? (int)size : (int)sizeof(nowhere));

                ACD_ASSERT(taken > 0);
                session->sent_size -= (size_t)taken;
        }
}

void redis_tls_sent(struct redis_tls_session *session, size_t size)
{
        size_t unsent_size;

        (void)redis_tls_unsent(session, &unsent_size);
        ACD_ASSERT(size <= unsent_size);
        session->sent_size += size;
        if (size < unsent_size) {
                /* A line may be never empty: what is kept is bounded all the same. */
                if (session->sent_size >= REDIS_TLS_UNSENT_MAX)
                        forget_sent(session);
                return;
        }
        /* Nothing moves until all is gone; then the block is used from its beginning. */
        (void)BIO_reset(SSL_get_wbio(ssl_of(session)));
        session->sent_size = 0;
}

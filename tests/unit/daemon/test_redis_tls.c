/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions against a server of OpenSSL's in the same process, with the
 * bytes between them carried by hand, in pieces of any size.
 *
 * Certificates are made by the test, in a directory of its own.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/prng.h"
#include "daemon/redis/tls.h"

enum { PATH_SIZE = 128, HOUR_S = 3600, BYTES_SIZE = 300000 };

/* Who issues, and what it issued. */
struct identity {
        EVP_PKEY *key;
        X509 *cert;
        char cert_path[PATH_SIZE];
        char key_path[PATH_SIZE];
};

static char directory[] = "/tmp/acd-tls-XXXXXX";
static struct identity authority, stranger, server, expired, client;
static SSL_CTX *peer_context;
static SSL *peer;
static struct redis_tls *tls;
static struct redis_tls_session session;
static char text[REDIS_TLS_TEXT_SIZE];
static bool is_changing_keys; /* the peer, again and again, and wants the same of us */
static uint32_t change_count;

/* ---- certificates ---- */

static void extend(X509 *cert, int what, const char *value)
{
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);

        cr_assert_not_null(extension, "%s", value);
        cr_assert_eq(X509_add_ext(cert, extension, -1), 1);
        X509_EXTENSION_free(extension);
}

static void save(struct identity *who, const char *name)
{
        FILE *file;

        (void)snprintf(who->cert_path, PATH_SIZE, "%s/%s.crt", directory, name);
        (void)snprintf(who->key_path, PATH_SIZE, "%s/%s.key", directory, name);
        file = fopen(who->cert_path, "w");
        cr_assert_eq(PEM_write_X509(file, who->cert), 1);
        cr_assert_eq(fclose(file), 0);
        file = fopen(who->key_path, "w");
        cr_assert_eq(PEM_write_PrivateKey(file, who->key, NULL, NULL, 0, NULL, NULL), 1);
        cr_assert_eq(fclose(file), 0);
}

/* Issued by @by, or by itself; good until @end_s from now. */
static void make(struct identity *who, const char *name, const struct identity *by, long end_s)
{
        static long serial;
        X509_NAME *subject;

        who->key = EVP_EC_gen("P-256");
        who->cert = X509_new();
        cr_assert(who->key != NULL && who->cert != NULL);
        cr_assert_eq(X509_set_version(who->cert, X509_VERSION_3), 1);
        ASN1_INTEGER_set(X509_get_serialNumber(who->cert), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(who->cert), -2 * HOUR_S);
        X509_gmtime_adj(X509_getm_notAfter(who->cert), end_s);
        X509_set_pubkey(who->cert, who->key);
        subject = X509_get_subject_name(who->cert);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                                   0);
        X509_set_issuer_name(who->cert, by == NULL ? subject : X509_get_subject_name(by->cert));
        extend(who->cert, NID_basic_constraints, by == NULL ? "critical,CA:TRUE" : "CA:FALSE");
        if (by != NULL)
                extend(who->cert, NID_subject_alt_name, "DNS:redis.example,IP:127.0.0.1,IP:::1");
        cr_assert_gt(X509_sign(who->cert, by == NULL ? who->key : by->key, EVP_sha256()), 0);
        save(who, name);
}

static void drop(struct identity *who)
{
        EVP_PKEY_free(who->key);
        X509_free(who->cert);
}

static void set_up(void)
{
        cr_assert_not_null(mkdtemp(directory));
        make(&authority, "authority", NULL, HOUR_S);
        make(&stranger, "stranger", NULL, HOUR_S);
        make(&server, "server", &authority, HOUR_S);
        make(&expired, "expired", &authority, -HOUR_S);
        make(&client, "client", &authority, HOUR_S);
}

static void tear_down(void)
{
        struct identity *all[] = { &authority, &stranger, &server, &expired, &client };

        redis_tls_end(&session);
        if (tls != NULL)
                redis_tls_close(tls);
        SSL_free(peer);
        SSL_CTX_free(peer_context);
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                (void)unlink(all[i]->cert_path);
                (void)unlink(all[i]->key_path);
                drop(all[i]);
        }
        cr_assert_eq(rmdir(directory), 0);
}

TestSuite(redis_tls, .init = set_up, .fini = tear_down);

/* ---- the two ends ---- */

static void open_peer(const struct identity *who, int version, bool wants_certificate)
{
        peer_context = SSL_CTX_new(TLS_server_method());
        cr_assert_eq(SSL_CTX_use_certificate(peer_context, who->cert), 1);
        cr_assert_eq(SSL_CTX_use_PrivateKey(peer_context, who->key), 1);
        cr_assert_eq(SSL_CTX_set_min_proto_version(peer_context, version), 1);
        cr_assert_eq(SSL_CTX_set_max_proto_version(peer_context, version), 1);
        if (wants_certificate) {
                SSL_CTX_set_verify(peer_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                   NULL);
                cr_assert_eq(SSL_CTX_load_verify_file(peer_context, authority.cert_path), 1);
        }
        peer = SSL_new(peer_context);
        SSL_set_bio(peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        SSL_set_accept_state(peer);
}

static void open_session(const struct redis_tls_setup *setup, const char *host)
{
        cr_assert_eq(redis_tls_open(&tls, setup, text), 0, "%s", text);
        cr_assert_eq(redis_tls_begin(&session, tls, host), 0);
}

/* At most @size bytes each way. True: some moved. */
static bool carry(size_t size)
{
        size_t unsent_size;
        const uint8_t *unsent = redis_tls_unsent(&session, &unsent_size);
        size_t moved = unsent_size < size ? unsent_size : size;
        static uint8_t bytes[65536];
        int back;

        if (moved > 0) {
                cr_assert_eq(BIO_write(SSL_get_rbio(peer), unsent, (int)moved), (int)moved);
                redis_tls_sent(&session, moved);
        }
        back = BIO_read(SSL_get_wbio(peer), bytes, (int)(size < sizeof(bytes) ? size : 65536));
        if (back > 0)
                cr_assert_eq(redis_tls_feed(&session, bytes, (size_t)back), 0);
        return moved > 0 || back > 0;
}

/* Greet, until it is done or one of both refuses: 0 or what the session said. */
static int greet(void)
{
        uint8_t byte;
        int64_t r;

        do {
                r = redis_tls_read(&session, &byte, 1);
                (void)SSL_do_handshake(peer);
                ERR_clear_error();
        } while (r == -EAGAIN && carry(65536));
        return r == -EAGAIN ? 0 : (int)r;
}

static void refused(const struct redis_tls_setup *setup, const char *host, const char *word)
{
        open_session(setup, host);
        cr_assert_eq(greet(), -EPROTO);
        cr_assert_not_null(strstr(session.text, word), "%s", session.text);
}

/* ---- good ones ---- */

/* Goal    Bytes arrive as they were, whole and in order, whatever pieces carry them.
 * Method  Both ends send at once what a generator says, and compare what comes with it. */
static void exchange(int version, size_t piece, size_t size)
{
        static uint8_t there[BYTES_SIZE], back[BYTES_SIZE], got[BYTES_SIZE], seen[BYTES_SIZE];
        size_t sent = 0, returned = 0, got_size = 0, seen_size = 0;
        struct acd_prng prng;

        acd_prng_init(&prng, piece + (size_t)version);
        for (size_t i = 0; i < size; i++) {
                there[i] = (uint8_t)acd_prng_below(&prng, 256);
                back[i] = (uint8_t)acd_prng_below(&prng, 256);
        }
        for (long turn = 0; got_size < size || seen_size < size; turn++) {
                size_t want = 1 + acd_prng_below(&prng, 40000);
                int64_t r = redis_tls_write(&session, there + sent,
                                            want < size - sent ? want : size - sent);
                size_t moved = 0;

                if (is_changing_keys && SSL_is_init_finished(peer) == 1)
                        change_count += SSL_key_update(peer, SSL_KEY_UPDATE_REQUESTED) == 1;
                cr_assert(r >= 0 || r == -EAGAIN);
                sent += r > 0 ? (size_t)r : 0;
                if (returned < size &&
                    SSL_write_ex(peer, back + returned, (size - returned + 3) / 4, &moved) == 1)
                        returned += moved;
                (void)carry(piece);
                if (SSL_read_ex(peer, seen + seen_size, size, &moved) == 1)
                        seen_size += moved;
                while ((r = redis_tls_read(&session, got + got_size, size - got_size + 1)) > 0)
                        got_size += (size_t)r;
                cr_assert_eq(r, -EAGAIN, "%s", session.text);
                cr_assert_lt(turn, 10000000);
        }
        cr_assert(redis_tls_is_secured(&session));
        cr_assert_eq(memcmp(there, seen, size), 0);
        cr_assert_eq(memcmp(back, got, size), 0);
}

static void exchange_by(int version, size_t piece, size_t size)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&server, version, false);
        open_session(&setup, "redis.example");
        exchange(version, piece, size);
}

Test(redis_tls, bytes_as_they_were_1_2)
{
        exchange_by(TLS1_2_VERSION, 65536, BYTES_SIZE - 1);
}

Test(redis_tls, bytes_as_they_were_1_3)
{
        exchange_by(TLS1_3_VERSION, 65536, BYTES_SIZE - 1);
}

/* Goal    Over a line that never drains, with bytes that come all the while: it takes as long as
 *         it does, and what was sent is not kept. */
Test(redis_tls, a_slow_line)
{
        exchange_by(TLS1_3_VERSION, 1000, BYTES_SIZE - 1);
}

Test(redis_tls, keys_are_changed)
{
        is_changing_keys = true;
        exchange_by(TLS1_3_VERSION, 1000, BYTES_SIZE - 1);
        cr_assert_gt(change_count, 20);
}

/* Goal    A server that wants to greet anew is told no, and what it says then is read. */
Test(redis_tls, no_second_greeting)
{
        const struct redis_tls_setup setup = { authority.cert_path, "", "", "" };
        uint8_t bytes[8];
        size_t size;

        open_peer(&server, TLS1_2_VERSION, false);
        open_session(&setup, "redis.example");
        cr_assert_eq(greet(), 0);
        cr_assert_eq(SSL_renegotiate(peer), 1);
        cr_assert_eq(SSL_do_handshake(peer), 1);
        cr_assert_eq(SSL_write_ex(peer, "+PONG\r\n", 7, &size), 1);
        (void)carry(65536);
        cr_assert_eq(redis_tls_read(&session, bytes, sizeof(bytes)), 7, "%s", session.text);
        cr_assert_eq(memcmp(bytes, "+PONG\r\n", 7), 0);
        (void)redis_tls_unsent(&session, &size);
        cr_assert_gt(size, 0);
        cr_assert(redis_tls_is_secured(&session));
}

Test(redis_tls, in_small_pieces_1_2)
{
        exchange_by(TLS1_2_VERSION, 7, 20000);
}

Test(redis_tls, byte_by_byte_1_3)
{
        exchange_by(TLS1_3_VERSION, 1, 3000);
}

Test(redis_tls, a_host_that_is_a_number)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&server, TLS1_3_VERSION, false);
        open_session(&setup, "::1");
        cr_assert_eq(greet(), 0);
        cr_assert(redis_tls_is_secured(&session));
}

Test(redis_tls, a_name_that_is_given)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "redis.example" };

        open_peer(&server, TLS1_3_VERSION, false);
        open_session(&setup, "10.11.12.13");
        cr_assert_eq(greet(), 0);
        cr_assert(redis_tls_is_secured(&session));
        cr_assert_str_eq(SSL_get_servername(peer, TLSEXT_NAMETYPE_host_name), "redis.example");
}

Test(redis_tls, our_certificate)
{
        struct redis_tls_setup setup = { authority.cert_path, client.cert_path, client.key_path,
                                         "" };

        open_peer(&server, TLS1_3_VERSION, true);
        open_session(&setup, "127.0.0.1");
        cr_assert_eq(greet(), 0);
        exchange(TLS1_3_VERSION, 65536, 1000);
}

Test(redis_tls, the_end_of_it)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };
        uint8_t byte;

        open_peer(&server, TLS1_3_VERSION, false);
        open_session(&setup, "127.0.0.1");
        cr_assert_eq(greet(), 0);
        (void)SSL_shutdown(peer);
        (void)carry(65536);
        cr_assert_eq(redis_tls_read(&session, &byte, 1), 0);
}

/* ---- refused ones ---- */

Test(redis_tls, issued_by_a_stranger)
{
        struct redis_tls_setup setup = { stranger.cert_path, "", "", "" };

        open_peer(&server, TLS1_3_VERSION, false);
        refused(&setup, "127.0.0.1", "redis-tls-ca");
}

Test(redis_tls, another_name)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&server, TLS1_3_VERSION, false);
        refused(&setup, "other.example", "redis-tls-name");
}

Test(redis_tls, another_number)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "127.0.0.2" };

        open_peer(&server, TLS1_2_VERSION, false);
        refused(&setup, "127.0.0.1", "redis-tls-name");
}

Test(redis_tls, an_expired_certificate)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&expired, TLS1_3_VERSION, false);
        refused(&setup, "127.0.0.1", "expired");
}

Test(redis_tls, no_certificate_of_ours_1_3)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&server, TLS1_3_VERSION, true);
        refused(&setup, "127.0.0.1", "redis-tls-cert");
}

Test(redis_tls, no_certificate_of_ours_1_2)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };

        open_peer(&server, TLS1_2_VERSION, true);
        refused(&setup, "127.0.0.1", "redis-tls-cert");
}

Test(redis_tls, no_tls_at_all)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };
        static const char answer[] = "-ERR unknown command\r\n";
        uint8_t byte;

        open_session(&setup, "127.0.0.1");
        cr_assert_eq(redis_tls_feed(&session, answer, sizeof(answer) - 1), 0);
        cr_assert_eq(redis_tls_read(&session, &byte, 1), -EPROTO);
        cr_assert_not_null(strstr(session.text, "port without TLS"), "%s", session.text);
}

/* Goal    A byte changed on the way is noticed. */
Test(redis_tls, a_changed_byte)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };
        uint8_t bytes[1024];
        int size;

        open_peer(&server, TLS1_3_VERSION, false);
        open_session(&setup, "127.0.0.1");
        cr_assert_eq(greet(), 0);
        cr_assert_eq(SSL_write(peer, "hello", 5), 5);
        size = BIO_read(SSL_get_wbio(peer), bytes, sizeof(bytes));
        cr_assert_gt(size, 5);
        bytes[size - 1] ^= 1;
        cr_assert_eq(redis_tls_feed(&session, bytes, (size_t)size), 0);
        cr_assert_eq(redis_tls_read(&session, bytes, sizeof(bytes)), -EPROTO);
}

/* Goal    Nobody who reads slowly makes us keep more than the bound and a record. */
Test(redis_tls, what_is_kept_is_bounded)
{
        struct redis_tls_setup setup = { authority.cert_path, "", "", "" };
        static uint8_t bytes[65536];
        size_t unsent_size;
        int64_t taken = 0;
        int64_t r;

        open_peer(&server, TLS1_3_VERSION, false);
        open_session(&setup, "127.0.0.1");
        cr_assert_eq(greet(), 0);
        while ((r = redis_tls_write(&session, bytes, sizeof(bytes))) > 0)
                taken += r;
        cr_assert_eq(r, -EAGAIN);
        (void)redis_tls_unsent(&session, &unsent_size);
        cr_assert_geq(unsent_size, REDIS_TLS_UNSENT_MAX);
        cr_assert_leq(unsent_size, REDIS_TLS_UNSENT_MAX + 17000);
        cr_assert_leq(taken, REDIS_TLS_UNSENT_MAX + 17000);
}

/* ---- files ---- */

static void refused_at_start(const char *ca, const char *cert, const char *key, const char *word)
{
        struct redis_tls_setup setup = { ca, cert, key, "" };

        cr_assert_eq(redis_tls_open(&tls, &setup, text), -EINVAL);
        cr_assert_not_null(strstr(text, word), "%s", text);
}

Test(redis_tls, files_that_are_of_no_use)
{
        refused_at_start("/nowhere/ca.crt", "", "",
                         "--redis-tls-ca: /nowhere/ca.crt: No such file");
        refused_at_start(authority.key_path, "", "", "--redis-tls-ca");
        refused_at_start(authority.cert_path, "/nowhere/a", "/nowhere/b",
                         "--redis-tls-cert: /nowhere/a: No such file");
        refused_at_start(authority.cert_path, client.cert_path, "/nowhere/b",
                         "--redis-tls-key: /nowhere/b: No such file");
        refused_at_start(authority.cert_path, client.cert_path, server.key_path, "key values mism");
}

Test(redis_tls, a_key_with_a_passphrase)
{
        FILE *file = fopen(client.key_path, "w");

        cr_assert_eq(PEM_write_PrivateKey(file, client.key, EVP_aes_128_cbc(),
                                          (const unsigned char *)"secret", 6, NULL, NULL),
                     1);
        cr_assert_eq(fclose(file), 0);
        refused_at_start(authority.cert_path, client.cert_path, client.key_path, "--redis-tls-key");
}

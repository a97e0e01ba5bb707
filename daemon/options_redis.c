/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of Redis that contradict each other.
 *
 * Most rules have one form: who gives this must give that. What needs a file to
 * be looked at is found when it is read (access.c).
 */

#include "daemon/options_redis.h"

#include <string.h>

#include "daemon/redis/address.h"
#include "daemon/redis/home.h"

static const struct {
        enum option given, needed;
        const char *wrong;
} pairs[] = {
        { OPTION_REDIS_USER, OPTION_REDIS_PASSWORD_FILE,
          "--redis-user needs --redis-password-file: there is no login without a password" },
        { OPTION_REDIS_SENTINEL_USER, OPTION_REDIS_SENTINEL_PASSWORD_FILE,
          "--redis-sentinel-user needs --redis-sentinel-password-file: there is no login without "
          "a password" },
        { OPTION_REDIS_TLS_CERT, OPTION_REDIS_TLS_KEY,
          "--redis-tls-cert needs --redis-tls-key: a certificate is of no use without its key" },
        { OPTION_REDIS_TLS_KEY, OPTION_REDIS_TLS_CERT,
          "--redis-tls-key needs --redis-tls-cert: it is the key of a certificate" },
};

/* Of use only with TLS, only with sentinels. */
static const enum option of_tls[] = { OPTION_REDIS_TLS_CA, OPTION_REDIS_TLS_CERT,
                                      OPTION_REDIS_TLS_KEY, OPTION_REDIS_TLS_NAME };
static const enum option of_sentinels[] = { OPTION_REDIS_SENTINEL_USER,
                                            OPTION_REDIS_SENTINEL_PASSWORD_FILE };

static bool has(const struct options *options, enum option option)
{
        return options_text(options, option)[0] != '\0';
}

static bool has_any(const struct options *options, const enum option *list, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (has(options, list[i]))
                        return true;
        }
        return false;
}

static const char *address_fault(const struct options *options)
{
        const char *list = options_text(options, OPTION_REDIS);
        bool is_one = options_number(options, OPTION_REDIS_MODE) == REDIS_MODE_SERVER;
        bool is_tls = options_number(options, OPTION_REDIS_TLS) == 1;
        char address[REDIS_ADDRESS_SIZE];
        uint32_t count = 0;

        if (*list == '\0' && !is_one)
                return "--redis-mode sentinel and cluster need --redis: sentinels, or nodes of the "
                       "Cluster";
        while (*list != '\0') {
                if (!redis_address_next(&list, address) || !redis_address_is_valid(address))
                        return "--redis: each address is HOST:PORT, [IPv6]:PORT or unix:PATH of at "
                               "most 107 bytes, with commas between them and no blanks";
                if (is_tls && strncmp(address, "unix:", 5) == 0)
                        return "--redis-tls yes does not go with unix:PATH in --redis: Redis has "
                               "TLS on ports only";
                count++;
        }
        if (is_one && count > 1)
                return "--redis-mode server takes one address in --redis; say --redis-mode "
                       "sentinel when they are sentinels, cluster when they are its nodes";
        return count > REDIS_PEER_MAX ? "--redis: at most 16 addresses" : NULL;
}

static const char *commands_fault(const struct options *options)
{
        uint64_t tenants = options_number(options, OPTION_LIMIT_tenant_count_max);

        if (options_number(options, OPTION_REDIS_COMMANDS) == 0)
                return NULL;
        if (options_text(options, OPTION_REDIS)[0] == '\0')
                return "--redis-commands yes needs --redis: where the requests are";
        if (2 * (tenants < 64 ? tenants : 64) + 8 >
            options_number(options, OPTION_CONNECTION_COUNT_MAX))
                return "--redis-commands yes takes two connections a tenant: raise "
                       "--connection-count-max to 8 more than twice --limit-tenant-count-max, or "
                       "lower that";
        return NULL;
}

const char *options_redis_fault(const struct options *options)
{
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
                if (has(options, pairs[i].given) && !has(options, pairs[i].needed))
                        return pairs[i].wrong;
        }
        if (options_number(options, OPTION_REDIS_TLS) == 0 &&
            has_any(options, of_tls, sizeof(of_tls) / sizeof(of_tls[0])))
                return "--redis-tls-ca, -cert, -key and -name need --redis-tls yes: without it "
                       "nothing is encrypted";
        if (options_number(options, OPTION_REDIS_MODE) != REDIS_MODE_SENTINEL &&
            has_any(options, of_sentinels, sizeof(of_sentinels) / sizeof(of_sentinels[0])))
                return "--redis-sentinel-user and --redis-sentinel-password-file need "
                       "--redis-mode sentinel";
        return address_fault(options) != NULL ? address_fault(options) : commands_fault(options);
}

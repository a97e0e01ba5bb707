/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses.
 *
 * A name that must be looked up can block a start for a minute and mean another
 * machine tomorrow, so hosts that are listened on are numbers. "localhost" means
 * 127.0.0.1. Hosts to connect to may be names; looking them up is the resolver's.
 *
 * A unix socket that an earlier run left behind is removed when nobody answers
 * on it; one that answers belongs to somebody, and that is an error.
 */

#include "daemon/loop_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/resolver_thread.h"

enum { BACKLOG = 1024, HOST_SIZE = RESOLVER_HOST_SIZE };

struct place {
        struct sockaddr_storage address;
        socklen_t size;
        bool is_loopback;
};

static bool is_loopback_v4(struct in_addr address)
{
        return ntohl(address.s_addr) >> 24 == 127;
}

/* "127.0.0.1:7400", "[::1]:7400", "redis.example:6379". */
static bool split(const char *text, char ret_host[HOST_SIZE], uint16_t *ret_port)
{
        const char *colon = strrchr(text, ':');
        char *end = NULL;
        unsigned long port;
        size_t size;

        if (colon == NULL || colon - text >= HOST_SIZE)
                return false;
        port = strtoul(colon + 1, &end, 10);
        if (end == colon + 1 || *end != '\0' || port > 65535)
                return false;
        size = (size_t)(colon - text);
        if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
                text++;
                size -= 2;
        }
        memcpy(ret_host, text, size);
        ret_host[size] = '\0';
        if (strcmp(ret_host, "localhost") == 0)
                (void)snprintf(ret_host, HOST_SIZE, "127.0.0.1");
        *ret_port = (uint16_t)port;
        return true;
}

static void set_port(struct place *place, uint16_t port)
{
        if (place->address.ss_family == AF_INET)
                ((struct sockaddr_in *)&place->address)->sin_port = htons(port);
        else
                ((struct sockaddr_in6 *)&place->address)->sin6_port = htons(port);
}

/* A host that is a number. */
static bool parse_tcp(const char *text, struct place *ret_place)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)&ret_place->address;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret_place->address;
        char host[HOST_SIZE];
        uint16_t port;

        *ret_place = (struct place){ 0 };
        if (!split(text, host, &port))
                return false;
        if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                ret_place->size = sizeof(*v4);
                ret_place->is_loopback = is_loopback_v4(v4->sin_addr);
        } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                ret_place->size = sizeof(*v6);
                ret_place->is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        } else {
                return false;
        }
        set_port(ret_place, port);
        return true;
}

/* A host that is a name. 0, or a negative errno as resolver_find() gives it. */
static int look_up(const char *text, struct resolver *resolver, struct place *ret_place)
{
        char host[HOST_SIZE];
        uint16_t port;
        int r;

        *ret_place = (struct place){ 0 };
        if (resolver == NULL || !split(text, host, &port))
                return -EINVAL;
        r = resolver_find(resolver, host, &ret_place->address, &ret_place->size);
        if (r >= 0)
                set_port(ret_place, port);
        return r;
}

/* "unix:PATH", relative to @dir; false when the path is too long for a socket. */
static bool parse_unix(const char *path, const char *dir, struct place *ret_place)
{
        struct sockaddr_un *address = (struct sockaddr_un *)&ret_place->address;
        int size;

        *ret_place = (struct place){ .is_loopback = true, .size = sizeof(*address) };
        address->sun_family = AF_UNIX;
        if (path[0] == '/' || dir == NULL)
                size = snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
        else
                size = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", dir, path);
        return size > 0 && (size_t)size < sizeof(address->sun_path);
}

static bool parse(const char *text, const char *dir, struct place *ret_place)
{
        return strncmp(text, "unix:", 5) == 0 ? parse_unix(text + 5, dir, ret_place)
                                              : parse_tcp(text, ret_place);
}

static int fail(struct loop_error *error, int code, const char *address, const char *what)
{
        (void)snprintf(error->text, sizeof(error->text), "cannot listen on %s: %s", address, what);
        return code;
}

/* Whether somebody answers on a unix socket. */
static bool is_alive(const struct place *place)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool is_answered;

        if (fd < 0)
                return true;
        is_answered = connect(fd, (const struct sockaddr *)&place->address, place->size) == 0;
        (void)close(fd);
        return is_answered;
}

/* Remove what an earlier run left. */
static int clear_path(const struct place *place, const char *text, struct loop_error *error)
{
        const char *path = ((const struct sockaddr_un *)&place->address)->sun_path;
        struct stat info;

        if (lstat(path, &info) < 0)
                return 0;
        if (!S_ISSOCK(info.st_mode))
                return fail(error, -EEXIST, text, "there is a file of that name; remove it");
        if (is_alive(place))
                return fail(error, -EADDRINUSE, text,
                            "another process serves it; stop that one, or name another path");
        return unlink(path) < 0 ? fail(error, -errno, text, strerror(errno)) : 0;
}

int loop_bind(const char *address, const char *dir, char ret_path[LOOP_PATH_SIZE],
              struct loop_error *ret_error)
{
        struct place place;
        bool is_unix = strncmp(address, "unix:", 5) == 0;
        int one = 1;
        int fd;
        int r;

        if (!parse(address, dir, &place))
                return fail(ret_error, -EINVAL, address,
                            "say HOST:PORT with a numeric host, or unix:PATH of at most 107 bytes");
        if (!place.is_loopback)
                return fail(ret_error, -EPERM, address,
                            "not an address of this machine alone; there is no authentication "
                            "yet, so only loopback addresses and unix sockets are allowed");
        if (is_unix) {
                r = clear_path(&place, address, ret_error);
                if (r < 0)
                        return r;
        }
        fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(ret_error, -errno, address, strerror(errno));
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(fd, (const struct sockaddr *)&place.address, place.size) < 0 ||
            listen(fd, BACKLOG) < 0) {
                r = -errno;
                (void)close(fd);
                return fail(ret_error, r, address, strerror(-r));
        }
        /* Who may connect is who may write: the user and the group. */
        if (is_unix && chmod(((struct sockaddr_un *)&place.address)->sun_path, 0660) < 0) {
                r = -errno;
                (void)close(fd);
                return fail(ret_error, r, address, strerror(-r));
        }
        if (is_unix)
                memcpy(ret_path, ((struct sockaddr_un *)&place.address)->sun_path, LOOP_PATH_SIZE);
        return fd;
}

int loop_connect(const char *address, struct resolver *resolver)
{
        struct place place;
        int one = 1;
        int fd;

        if (!parse(address, NULL, &place)) {
                int r = strncmp(address, "unix:", 5) == 0 ? -EINVAL
                                                          : look_up(address, resolver, &place);

                if (r < 0)
                        return r;
        }
        fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (connect(fd, (const struct sockaddr *)&place.address, place.size) < 0 &&
            errno != EINPROGRESS) {
                int r = -errno;

                (void)close(fd);
                return r;
        }
        return fd;
}

static void describe_unix(int fd, struct world_peer *ret_peer)
{
        struct ucred who = { 0 };
        socklen_t size = sizeof(who);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
                who.uid = UINT32_MAX;
        ret_peer->address = UINT64_C(1) << 63 | who.uid;
        ret_peer->is_local = true;
        (void)snprintf(ret_peer->text, sizeof(ret_peer->text), "unix:uid=%u,pid=%d",
                       (unsigned)who.uid, (int)who.pid);
}

void loop_describe_peer(int fd, const struct sockaddr_storage *address, struct world_peer *ret_peer)
{
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        char host[INET6_ADDRSTRLEN] = "";
        int one = 1;

        *ret_peer = (struct world_peer){ 0 };
        if (address->ss_family != AF_INET && address->ss_family != AF_INET6) {
                describe_unix(fd, ret_peer);
                return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (address->ss_family == AF_INET) {
                (void)inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
                ret_peer->address = ntohl(v4->sin_addr.s_addr);
                ret_peer->is_local = is_loopback_v4(v4->sin_addr);
                (void)snprintf(ret_peer->text, sizeof(ret_peer->text), "%s:%u", host,
                               (unsigned)ntohs(v4->sin_port));
                return;
        }
        /* A site has a /64: what is below it can be chosen freely. */
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        memcpy(&ret_peer->address, v6->sin6_addr.s6_addr, sizeof(ret_peer->address));
        ret_peer->is_local = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        (void)snprintf(ret_peer->text, sizeof(ret_peer->text), "[%s]:%u", host,
                       (unsigned)ntohs(v6->sin6_port));
}

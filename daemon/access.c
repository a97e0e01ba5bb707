/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of Redis, read once.
 *
 * A password is in a file and not a parameter, since parameters are seen by
 * whoever lists processes. A file that everybody may read is refused: it would be
 * found so only after it was needed. Group rights are the operator's choice.
 *
 * Nothing here is said of a password but that it is missing or too long.
 */

#include "daemon/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(char text[ACCESS_ERROR_SIZE], enum option option, const char *path,
                  const char *what)
{
        char name[OPTION_NAME_SIZE];

        option_name(option, '-', name);
        (void)snprintf(text, ACCESS_ERROR_SIZE, "--%s: %.200s: %s", name, path, what);
        return -EINVAL;
}

/* A descriptor of a file that only its owner and group may use, or a negative errno. */
static int open_private(const struct options *options, enum option option,
                        char text[ACCESS_ERROR_SIZE])
{
        const char *path = options_text(options, option);
        /* A pipe without a writer must not hold the start. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        const char *fault = NULL;
        struct stat info;

        if (fd < 0)
                return refuse(text, option, path, strerror(errno));
        if (fstat(fd, &info) < 0)
                fault = strerror(errno);
        else if (!S_ISREG(info.st_mode))
                fault = "it is not a file";
        else if ((info.st_mode & (S_IROTH | S_IWOTH)) != 0)
                fault = "everybody on this machine may use it; chmod o= it, and if others did, "
                        "change the secret";
        if (fault == NULL)
                return fd;
        (void)close(fd);
        return refuse(text, option, path, fault);
}

/* The first line of what @fd gives, without its end. */
static const char *read_line(int fd, char into[REDIS_PASSWORD_SIZE])
{
        size_t size = 0;
        ssize_t got;
        char *end;

        while ((got = read(fd, into + size, REDIS_PASSWORD_SIZE - size)) > 0) {
                size += (size_t)got;
                if (size == REDIS_PASSWORD_SIZE || memchr(into, '\n', size) != NULL)
                        break;
        }
        if (got < 0)
                return strerror(errno);
        end = memchr(into, '\n', size);
        if (end == NULL && size == REDIS_PASSWORD_SIZE)
                return "its first line is longer than 512 bytes";
        size = end == NULL ? size : (size_t)(end - into);
        if (size > 0 && into[size - 1] == '\r')
                size--;
        if (size > 512)
                return "its first line is longer than 512 bytes";
        if (size == 0)
                return "its first line is empty; the password is expected there";
        if (memchr(into, '\0', size) != NULL)
                return "its first line has a zero byte";
        memset(into + size, 0, REDIS_PASSWORD_SIZE - size);
        return NULL;
}

static int read_password(const struct options *options, enum option option,
                         char into[REDIS_PASSWORD_SIZE], char text[ACCESS_ERROR_SIZE])
{
        const char *fault;
        int fd;

        if (options_text(options, option)[0] == '\0')
                return 0;
        fd = open_private(options, option, text);
        if (fd < 0)
                return fd;
        fault = read_line(fd, into);
        (void)close(fd);
        return fault == NULL ? 0 : refuse(text, option, options_text(options, option), fault);
}

static int open_tls(struct redis_access *access, const struct options *options,
                    char text[ACCESS_ERROR_SIZE])
{
        const struct redis_tls_setup setup = {
                .ca = options_text(options, OPTION_REDIS_TLS_CA),
                .cert = options_text(options, OPTION_REDIS_TLS_CERT),
                .key = options_text(options, OPTION_REDIS_TLS_KEY),
                .name = options_text(options, OPTION_REDIS_TLS_NAME),
        };
        char why[REDIS_TLS_TEXT_SIZE];
        int r;

        if (options_number(options, OPTION_REDIS_TLS) == 0)
                return 0;
        if (setup.key[0] != '\0') {
                r = open_private(options, OPTION_REDIS_TLS_KEY, text);
                if (r < 0)
                        return r;
                (void)close(r);
        }
        r = redis_tls_open(&access->tls, &setup, why);
        if (r < 0)
                (void)snprintf(text, ACCESS_ERROR_SIZE, "%s", why);
        return r;
}

int access_open(struct redis_access *access, const struct options *options,
                char ret_text[ACCESS_ERROR_SIZE])
{
        int r;

        *access = (struct redis_access){
                .user = options_text(options, OPTION_REDIS_USER),
                .sentinel_user = options_text(options, OPTION_REDIS_SENTINEL_USER),
        };
        r = read_password(options, OPTION_REDIS_PASSWORD_FILE, access->password, ret_text);
        if (r >= 0)
                r = read_password(options, OPTION_REDIS_SENTINEL_PASSWORD_FILE,
                                  access->sentinel_password, ret_text);
        if (r >= 0)
                r = open_tls(access, options, ret_text);
        if (r < 0)
                access_close(access);
        return r;
}

void access_close(struct redis_access *access)
{
        explicit_bzero(access->password, sizeof(access->password));
        explicit_bzero(access->sentinel_password, sizeof(access->sentinel_password));
        if (access->tls != NULL)
                redis_tls_close(access->tls);
        access->tls = NULL;
}

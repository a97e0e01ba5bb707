/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords from files: what is taken, what is refused, and that nobody is told
 * what is in it.
 *
 * Files are made by the test, in a directory of its own; a password in one of
 * them is the word "geheim", which must not be in any refusal.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/access.h"

static char directory[] = "/tmp/acd-access-XXXXXX";
static char path[64];
static struct options options;
static struct redis_access entry;
static char text[ACCESS_ERROR_SIZE];

static void set_up(void)
{
        cr_assert_not_null(mkdtemp(directory));
        (void)snprintf(path, sizeof(path), "%s/password", directory);
}

static void tear_down(void)
{
        access_close(&entry);
        (void)unlink(path);
        cr_assert_eq(rmdir(directory), 0);
}

TestSuite(access, .init = set_up, .fini = tear_down);

static void put(const char *bytes, size_t size, mode_t mode)
{
        FILE *file = fopen(path, "w");

        cr_assert_eq(fwrite(bytes, 1, size, file), size);
        cr_assert_eq(fclose(file), 0);
        cr_assert_eq(chmod(path, mode), 0);
}

static int open_with(const char *user)
{
        const char *words[] = { "acdd", "--redis-password-file", path, "--redis-user", user };
        char *arguments[5];
        struct options_error error;

        for (int i = 0; i < 5; i++)
                arguments[i] = (char *)(uintptr_t)words[i];

        options_init(&options);
        cr_assert(options_parse(&options, 5, arguments, &error));
        return access_open(&entry, &options, text);
}

static void taken(const char *bytes, const char *password)
{
        put(bytes, strlen(bytes), 0600);
        cr_assert_eq(open_with("acdd"), 0, "%s", text);
        cr_assert_str_eq(entry.password, password);
        cr_assert_str_eq(entry.user, "acdd");
        cr_assert_str_eq(entry.sentinel_password, "");
        access_close(&entry);
        cr_assert_str_eq(entry.password, "");
}

static void refused(const char *bytes, size_t size, mode_t mode, const char *word)
{
        put(bytes, size, mode);
        cr_assert_eq(open_with("acdd"), -EINVAL);
        cr_assert_not_null(strstr(text, "--redis-password-file"), "%s", text);
        cr_assert_not_null(strstr(text, word), "%s", text);
        cr_assert_null(strstr(text, "geheim"), "%s", text);
        cr_assert_str_eq(entry.password, "");
}

Test(access, first_line)
{
        taken("geheim\n", "geheim");
        taken("geheim", "geheim");
        taken("geheim\r\n", "geheim");
        taken("ge heim \nmore\n", "ge heim ");
        taken("geheim\n\0", "geheim");
}

Test(access, group_may_read)
{
        put("geheim\n", 7, 0640);
        cr_assert_eq(open_with(""), 0, "%s", text);
        cr_assert_str_eq(entry.password, "geheim");
}

Test(access, lengths)
{
        static char line[600];

        memset(line, 'x', sizeof(line));
        line[512] = '\n';
        put(line, 513, 0600);
        cr_assert_eq(open_with(""), 0, "%s", text);
        cr_assert_eq(strlen(entry.password), 512);
        line[512] = 'x';
        refused(line, 513, 0600, "512 bytes");
        refused(line, 600, 0600, "512 bytes");
}

Test(access, what_is_refused)
{
        refused("geheim\n", 7, 0644, "everybody");
        refused("geheim\n", 7, 0602, "everybody");
        refused("", 0, 0600, "empty");
        refused("\ngeheim\n", 8, 0600, "empty");
        refused("geheim\0more\n", 12, 0600, "zero byte");
}

Test(access, files_that_are_none)
{
        cr_assert_eq(open_with(""), -EINVAL);
        cr_assert_not_null(strstr(text, "No such file"), "%s", text);
        cr_assert_eq(mkfifo(path, 0600), 0);
        cr_assert_eq(open_with(""), -EINVAL);
        cr_assert_not_null(strstr(text, "not a file"), "%s", text);
}

/* Goal    A link that is greeted as a sentinel says what sentinels want to hear. */
Test(access, greetings)
{
        struct redis_greeting greeting = redis_access_greeting(NULL, "acdd", false);

        cr_assert_str_eq(greeting.password, "");
        cr_assert(greeting.is_master_wanted);
        put("geheim\n", 7, 0600);
        cr_assert_eq(open_with("acdd"), 0);
        greeting = redis_access_greeting(&entry, "acdd", false);
        cr_assert_str_eq(greeting.user, "acdd");
        cr_assert_str_eq(greeting.password, "geheim");
        greeting = redis_access_greeting(&entry, "acdd", true);
        cr_assert_str_eq(greeting.user, "");
        cr_assert_str_eq(greeting.password, "");
        cr_assert_not(greeting.is_master_wanted);
}

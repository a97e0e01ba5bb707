/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program from outside the tree: nothing but the installed headers and the
 * shared library. It is linked, so every function declared is there, and run.
 */

#include <acdclient.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int on_dial(void *context)
{
        (void)context;
        return -ECONNREFUSED;
}

int main(void)
{
        struct acdclient_options options = { .role = ACDCLIENT_ROLE_READER, .client = "outside" };
        struct acdclient *client;
        int r;

        options.no_reconnect = true;
        options.listener.dial = on_dial;
        client = acdclient_new(&options);
        if (client == NULL)
                return 1;
        r = acdclient_connect(client, 0);
        printf("connect: %s\n", strerror(-r));
        acdclient_free(client);
        return r == -ECONNREFUSED && strcmp(acdclient_result_name(ACDCLIENT_RESULT_DEAD_QUEUE),
                                            "DEAD_QUEUE") == 0
                       ? 0
                       : 1;
}

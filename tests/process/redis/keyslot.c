/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slot of each line of standard input, a line each.
 *
 * For transport.py, which holds them against what a redis-server says.
 */

#include <stdio.h>
#include <stdlib.h>

#include "daemon/redis/slot.h"

int main(void)
{
        char *line = NULL;
        size_t capacity = 0;
        ssize_t size;

        while ((size = getline(&line, &capacity, stdin)) > 0) {
                if (line[size - 1] == '\n')
                        size--;
                (void)printf("%u\n", (unsigned)redis_slot_of((struct acd_bytes){
                                             (const uint8_t *)line, (uint32_t)size }));
        }
        free(line);
        return 0;
}

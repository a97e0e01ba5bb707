/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors that Redis answers, from one table.
 *
 * An error is known by its first word, as Redis's own clients know it; sentences change between
 * versions.
 */

#include "daemon/redis/error.h"

#include <stddef.h>
#include <string.h>

#include "daemon/metrics.h"

#define REDIS_ERROR(name, word, class, counter, remedy) \
        { word, remedy, REDIS_ERROR_CLASS_##class, (uint32_t)offsetof(struct metrics, counter) },

static const struct redis_error errors[] = {
#include "daemon/redis/error.def"
};

#undef REDIS_ERROR

enum { ERROR_COUNT = sizeof(errors) / sizeof(errors[0]) };

const struct redis_error *redis_error_of(const char *text)
{
        size_t size = strcspn(text, " ");

        for (uint32_t i = 0; i + 1 < ERROR_COUNT; i++) {
                if (strlen(errors[i].word) == size && memcmp(errors[i].word, text, size) == 0)
                        return &errors[i];
        }
        return &errors[ERROR_COUNT - 1];
}

void redis_error_count(const struct redis_error *error, struct metrics *metrics)
{
        uint64_t *counter = (uint64_t *)(void *)((uint8_t *)metrics + error->counter);

        (*counter)++;
}

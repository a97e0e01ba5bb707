/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters, by index. Code that counts writes metrics->name++; only what
 * shows them all (STATUS, the manual) needs a list, and both are made from the
 * same table, so that a counter cannot be forgotten in one of them.
 */

#include "daemon/metrics.h"

#include "base/assert.h"

static const struct {
        const char *name;
        const char *text;
        size_t offset;
} rows[METRIC_COUNT] = {
#define METRIC(name, text) { #name, text, offsetof(struct metrics, name) },
#include "daemon/metrics.def"
#undef METRIC
};

const char *metric_name(size_t index)
{
        ACD_ASSERT(index < METRIC_COUNT);
        return rows[index].name;
}

const char *metric_text(size_t index)
{
        ACD_ASSERT(index < METRIC_COUNT);
        return rows[index].text;
}

uint64_t metric_value(const struct metrics *metrics, size_t index)
{
        ACD_ASSERT(index < METRIC_COUNT);
        return *(const uint64_t *)(const void *)((const char *)metrics + rows[index].offset);
}

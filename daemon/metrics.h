/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * metrics.h - the counters of metrics.def as a struct and as a list.
 *
 *   Threads    The shard's.
 */

#include <stddef.h>
#include <stdint.h>

struct metrics {
#define METRIC(name, text) uint64_t name;
#include "daemon/metrics.def"
#undef METRIC
};

enum {
#define METRIC(name, text) METRIC_##name,
#include "daemon/metrics.def"
#undef METRIC
        METRIC_COUNT,
};

/* Name, text and value of the counter at @index, below METRIC_COUNT. */
const char *metric_name(size_t index);
const char *metric_text(size_t index);
uint64_t metric_value(const struct metrics *metrics, size_t index);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stream.h - the Redis stream of a tenant, read back and counted.
 *
 * Reads acd:{TENANT}:events from its first entry, as a consumer would, with
 * another Redis client than the daemon's.
 *
 *   Failure    false, after a sentence on stderr: Redis is not there, the stream does not
 *              get to the end in time, or bytes are damaged.
 */

#include <stdbool.h>
#include <stdint.h>

struct stream_report {
        uint64_t entry_count;
        uint64_t event_count;
        uint64_t last_sequence;
        uint64_t gap_count;      /* sequences skipped between events */
        uint64_t repeat_count;   /* events seen before */
        uint64_t wrong_id_count; /* entries whose id is not epoch-last sequence */
};

/* @address is HOST:PORT. Waits until the stream has reached @last_sequence, at most @timeout_ms. */
bool stream_read(const char *address, const char *tenant, uint64_t last_sequence,
                 uint32_t timeout_ms, struct stream_report *ret_report);

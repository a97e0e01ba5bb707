/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one more contact costs: differences of acd_size().
 *
 * Limits are raised one by one by a hundred thousand, from the default, and the bytes
 * divided: so whatever is reserved with a contact is counted, wherever it is, list
 * links, timers and free slots held back included. Attributes and keys have limits of
 * their own and are named apart.
 */

#include "acd/acd.h"
#include "bench/core/bench.h"

enum { STEP = 100000, MILLION = 1000000, CONTACT_BYTES_MAX = 128 };

static double per_one(uint32_t *limit, const struct acd_limits *limits)
{
        size_t before = acd_size(limits);

        *limit += STEP;
        return (double)(acd_size(limits) - before) / STEP;
}

int bench_memory(const struct bench_options *options)
{
        struct acd_limits limits = acd_limits_default();
        double contact, key, cell, held_back;
        size_t few, many;

        contact = per_one(&limits.contact_count_max, &limits);
        key = per_one(&limits.key_count_max, &limits);
        cell = per_one(&limits.payload_cell_count_max, &limits);
        limits = acd_limits_default();
        limits.contact_count_max = MILLION;
        many = acd_size(&limits);
        limits.contact_count_max = MILLION / 2;
        few = acd_size(&limits);
        /* Half a million more reserve nothing else; the rest is the quarantine's. */
        held_back = ACD_QUARANTINE_MAX * (double)(many - few) / (MILLION / 2);

        printf("bytes of a contact more, by raising the limits from their defaults\n"
               "%8.1f  contact_count_max: the slot, with list links and tree node\n"
               "%8.1f  of a million, with the %d slots that are held back: ids of who is gone\n"
               "%8.1f  key_count_max, of one with a client key: record, table, timer\n"
               "%8.1f  payload_cell_count_max: 52 bytes of attributes or key\n",
               contact, contact + held_back / MILLION, ACD_QUARANTINE_MAX, key, cell);
        bench_json(options,
                   "\"memory\": \"contact\", \"bytes\": %.1f, \"of_a_million\": %.1f, "
                   "\"key\": %.1f, \"cell\": %.1f",
                   contact, contact + held_back / MILLION, key, cell);
        return contact + held_back / MILLION <= CONTACT_BYTES_MAX ? 0 : 1;
}

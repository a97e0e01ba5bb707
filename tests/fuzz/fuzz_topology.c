/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sentinels and Cluster nodes answer: whatever comes, what is taken of it
 * is an address or a slot, and the pieces it comes in make no difference.
 */

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/redis/topology.h"
#include "tests/fuzz/fuzz.h"

enum { REPLY_MAX = 65536, DIGITS_MAX = 4 };

/* The parser allocates what an array says it has, before it has come. Its own bound is the size
 * of memory; this one keeps the machine that tests in peace. */
static bool is_modest(const uint8_t *data, size_t size)
{
        size_t digits = 0;
        bool is_array = false;

        for (size_t i = 0; i < size; i++) {
                if (data[i] == '*') {
                        is_array = true;
                        digits = 0;
                } else if (data[i] < '0' || data[i] > '9') {
                        is_array = false;
                } else if (is_array && ++digits > DIGITS_MAX) {
                        return false;
                }
        }
        return true;
}

static uint64_t mix(uint64_t digest, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;

        for (size_t i = 0; i < size; i++)
                digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
        return digest;
}

static uint64_t take_address(uint64_t digest, bool is_read, const char *address)
{
        char host[REDIS_ADDRESS_SIZE];
        char again[REDIS_ADDRESS_SIZE];

        if (!is_read)
                return mix(digest, "-", 1);
        ACD_ASSERT(redis_address_is_valid(address));
        ACD_ASSERT(redis_address_host(address, host));
        ACD_ASSERT(redis_address_make(host, strtoull(strrchr(address, ':') + 1, NULL, 10), again));
        ACD_ASSERT(strcmp(address, again) == 0);
        return mix(digest, address, strlen(address));
}

static uint64_t take_slots(uint64_t digest, const struct redis_reply *reply)
{
        static struct redis_slots slots;

        if (!redis_slots_read(&slots, reply, "[::1]:7000"))
                return mix(digest, "-", 1);
        ACD_ASSERT(slots.count > 0 && slots.count <= REDIS_MASTER_MAX);
        for (uint32_t i = 0; i < slots.count; i++)
                digest = take_address(digest, true, slots.address[i]);
        for (uint32_t i = 0; i < REDIS_SLOT_COUNT; i++)
                ACD_ASSERT(slots.master[i] < slots.count || slots.master[i] == REDIS_NO_MASTER);
        return mix(digest, slots.master, sizeof(slots.master));
}

static uint64_t take(uint64_t digest, const struct redis_reply *reply)
{
        char address[REDIS_ADDRESS_SIZE] = "";
        uint64_t epoch = 0;

        digest = take_address(digest, redis_read_pair(reply, address), address);
        digest = take_address(digest, redis_read_row(reply, address), address);
        digest = take_address(digest, redis_read_switch(reply, "north", address), address);
        digest = take_address(digest, redis_read_place(reply->text, address), address);
        if (redis_read_epoch(reply, &epoch))
                digest = mix(digest, &epoch, sizeof(epoch));
        return take_slots(digest, reply);
}

/* All replies in @data, fed @piece bytes at a time. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t piece)
{
        static uint8_t output[64];
        struct redis_wire wire;
        struct redis_reply reply;
        uint64_t digest = 0;
        int r = 0;

        redis_wire_init(&wire, output, sizeof(output), REPLY_MAX);
        ACD_ASSERT(redis_wire_open(&wire) == 0);
        for (size_t at = 0; at < size && r >= 0; at += piece) {
                r = redis_wire_feed(&wire, data + at, size - at < piece ? size - at : piece);
                while (r >= 0 && (r = redis_wire_next(&wire, &reply)) == 1) {
                        digest = take(digest, &reply);
                        redis_reply_free(&reply);
                }
        }
        redis_wire_close(&wire);
        return mix(digest, &r, sizeof(r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size < REPLY_MAX && is_modest(data, size))
                ACD_ASSERT(read_all(data, size, size + 1) == read_all(data, size, 1));
        return 0;
}

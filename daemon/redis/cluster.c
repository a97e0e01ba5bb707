/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The masters of a Cluster.
 *
 * CLUSTER SLOTS says who has what. A master keeps its place in home's table as
 * long as it has slots, so that links stay as they are when others come and go. A node that has
 * none yet, and to which ASK sent somebody, is a guest: it keeps a place for a
 * minute, by the end of which it has its first slot.
 */

#include <string.h>

#include "daemon/redis/home_way.h"
#include "daemon/shard.h"

enum { TAG_SLOTS = 1, NS_PER_S = 1000000000, GUEST_S = 60 };

static bool ask(struct redis_home *home)
{
        const struct acd_bytes command[2] = { redis_text("CLUSTER"), redis_text("SLOTS") };

        return redis_link_send(&home->link, command, 2, TAG_SLOTS);
}

static uint32_t find(const struct redis_home *home, const char *address)
{
        uint32_t i = 0;

        while (i < home->master_count && strcmp(home->master[i], address) != 0)
                i++;
        return i;
}

/* A place for @address: one that is empty, or the next. */
static uint8_t put(struct redis_home *home, const char address[REDIS_ADDRESS_SIZE])
{
        uint32_t i = find(home, "");

        if (i == REDIS_MASTER_MAX)
                return REDIS_NO_MASTER;
        if (i == home->master_count)
                home->master_count++;
        memcpy(home->master[i], address, REDIS_ADDRESS_SIZE);
        return (uint8_t)i;
}

uint8_t redis_home_add(struct redis_home *home, const char *place)
{
        char address[REDIS_ADDRESS_SIZE];
        uint8_t index;

        if (home->mode != REDIS_MODE_CLUSTER || !redis_read_place(place, address))
                return REDIS_NO_MASTER;
        index = (uint8_t)find(home, address);
        if (index < home->master_count)
                return index;
        index = put(home, address);
        if (index == REDIS_NO_MASTER)
                return REDIS_NO_MASTER;
        home->cluster.guest_real[index] = redis_home_now(home) + (uint64_t)GUEST_S * NS_PER_S;
        redis_home_changed(home);
        return index;
}

/* Masters that are in the answer no more give up their places, guests when their time is over. */
static bool drop_others(struct redis_home *home)
{
        struct redis_cluster *cluster = &home->cluster;
        uint64_t now = redis_home_now(home);
        bool is_new = false;

        for (uint32_t i = 0; i < home->master_count; i++) {
                bool is_there = false;

                for (uint32_t j = 0; j < cluster->answer.count; j++)
                        is_there |= strcmp(home->master[i], cluster->answer.address[j]) == 0;
                if (is_there || cluster->guest_real[i] <= now)
                        cluster->guest_real[i] = 0;
                if (is_there || cluster->guest_real[i] != 0 || home->master[i][0] == '\0')
                        continue;
                home->master[i][0] = '\0';
                is_new = true;
        }
        return is_new;
}

/* The answer's indexes become home's. */
static bool take_slots(struct redis_home *home)
{
        struct redis_slots *answer = &home->cluster.answer;
        uint8_t index[REDIS_MASTER_MAX];
        bool is_new = drop_others(home);

        for (uint32_t i = 0; i < answer->count; i++) {
                uint32_t at = find(home, answer->address[i]);

                index[i] = (uint8_t)at;
                if (at < home->master_count)
                        continue;
                index[i] = put(home, answer->address[i]);
                is_new |= index[i] != REDIS_NO_MASTER;
                answer->is_more |= index[i] == REDIS_NO_MASTER;
        }
        for (uint32_t i = 0; i < REDIS_SLOT_COUNT; i++) {
                if (answer->master[i] != REDIS_NO_MASTER)
                        answer->master[i] = index[answer->master[i]];
        }
        is_new |= memcmp(home->cluster.master, answer->master, sizeof(answer->master)) != 0;
        memcpy(home->cluster.master, answer->master, sizeof(answer->master));
        return is_new;
}

/* More nodes to ask than were listed. */
static void meet_masters(struct redis_home *home)
{
        home->peer_count = home->seed_count;
        if (home->peer_index >= home->peer_count)
                home->peer_index = 0;
        for (uint32_t i = 0; i < home->master_count; i++) {
                if (home->master[i][0] != '\0')
                        redis_home_meet(home, home->master[i]);
        }
}

static void on_reply(struct redis_home *home, uint32_t tag, const struct redis_reply *reply)
{
        char text[REDIS_TEXT_SIZE];
        bool is_new;

        if (tag != TAG_SLOTS)
                return;
        if (reply->kind == REDIS_ERROR) {
                redis_link_explain(text, redis_error_of(reply->text), reply->text);
                redis_home_refused(home, text);
                return;
        }
        if (!redis_slots_read(&home->cluster.answer, reply, home->link.address)) {
                redis_home_refused(home, "it knows nobody who has slots; see CLUSTER NODES");
                return;
        }
        is_new = take_slots(home);
        meet_masters(home);
        if (is_new)
                redis_home_changed(home);
        redis_home_answered(home, is_new);
        if (home->cluster.answer.is_more)
                (void)snprintf(home->text, sizeof(home->text),
                               "the Cluster has more than %d masters; tenants of the others are "
                               "not published",
                               REDIS_MASTER_MAX);
}

const struct redis_home_way redis_way_cluster = {
        .ask = ask,
        .on_reply = on_reply,
        .is_listening = false,
        .refresh_ms = 60000,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master that sentinels name.
 *
 *      SENTINEL GET-MASTER-ADDR-BY-NAME   the master's address
 *      SENTINEL MASTER                    the epoch of what it knows
 *      SENTINEL SENTINELS                 more of them to ask
 *      SUBSCRIBE +switch-master           and what comes after
 *
 * All in one write, which a sentinel works off without a word of another between: no
 * change is lost between the answer and the subscription. After that the link takes no
 * other commands, and a sentinel that is gone without a word would not be noticed. So every
 * ten seconds the next one is asked, which is also what finds a change that the one listened
 * to does not know.
 *
 * A sentinel that was cut off from the others names the old master, perhaps one that still
 * takes writes. Each failover has a higher epoch, so an answer with a lower one is not
 * believed, until as many as there are say so in a row, all of --redis among them: then
 * somebody has made the sentinels anew. One that says it again while others are away is one.
 */

#include <stdio.h>
#include <string.h>

#include "daemon/redis/home_way.h"
#include "daemon/shard.h"

enum { TAG_ADDRESS = 1, TAG_EPOCH, TAG_PEERS, TAG_SUBSCRIBE };

static const char *name_of(const struct redis_home *home)
{
        return options_text(home->shard->options, OPTION_REDIS_MASTER);
}

static bool ask(struct redis_home *home)
{
        static const char *const words[] = { "GET-MASTER-ADDR-BY-NAME", "MASTER", "SENTINELS" };
        struct acd_bytes command[3] = { redis_text("SENTINEL"), { 0 }, redis_text(name_of(home)) };

        home->sentinel.is_found = false;
        for (uint32_t i = 0; i < 3; i++) {
                command[1] = redis_text(words[i]);
                if (!redis_link_send(&home->link, command, 3, TAG_ADDRESS + i))
                        return false;
        }
        command[0] = redis_text("SUBSCRIBE");
        command[1] = redis_text("+switch-master");
        return redis_link_send(&home->link, command, 2, TAG_SUBSCRIBE);
}

static bool take_master(struct redis_home *home, const char *address)
{
        if (home->master_count == 1 && strcmp(home->master[0], address) == 0)
                return false;
        home->master_count = 1;
        (void)snprintf(home->master[0], REDIS_ADDRESS_SIZE, "%s", address);
        redis_home_changed(home);
        return true;
}

static void take_address(struct redis_home *home, const struct redis_reply *reply)
{
        char text[REDIS_TEXT_SIZE];

        if (redis_read_pair(reply, home->sentinel.found)) {
                home->sentinel.is_found = true;
                return;
        }
        if (reply->kind == REDIS_ERROR && strncmp(reply->text, "ERR unknown command", 19) == 0)
                (void)snprintf(text, sizeof(text),
                               "it is no sentinel; redis must name sentinels, or redis-mode say "
                               "what it is");
        else if (reply->kind == REDIS_ERROR)
                redis_link_explain(text, redis_error_of(reply->text), reply->text);
        else
                (void)snprintf(text, sizeof(text),
                               "it knows no master %.100s; see redis-master, and SENTINEL MASTERS",
                               name_of(home));
        redis_home_refused(home, text);
}

/* One more believes something older. True: so do all. */
static bool is_older_of_all(struct redis_home *home)
{
        struct redis_sentinel *sentinel = &home->sentinel;

        sentinel->older_count++;
        if (home->peer_index < home->seed_count)
                sentinel->older_seeds |= 1U << home->peer_index;
        return sentinel->older_count >= home->peer_count &&
               sentinel->older_seeds == (1U << home->seed_count) - 1;
}

static void take_epoch(struct redis_home *home, const struct redis_reply *reply)
{
        struct redis_sentinel *sentinel = &home->sentinel;
        uint64_t epoch = sentinel->epoch;

        /* Who may not ask believes what it is told. */
        if (!sentinel->is_found || !redis_read_epoch(reply, &epoch))
                epoch = sentinel->epoch;
        if (epoch < sentinel->epoch && !is_older_of_all(home)) {
                redis_home_refused(home, "what it knows is older than what others said");
                return;
        }
        sentinel->older_count = 0;
        sentinel->older_seeds = 0;
        sentinel->epoch = epoch;
        redis_home_answered(home, take_master(home, sentinel->found));
}

static void take_peers(struct redis_home *home, const struct redis_reply *reply)
{
        char address[REDIS_ADDRESS_SIZE];
        char present[REDIS_ADDRESS_SIZE];

        if (reply->kind != REDIS_ARRAY)
                return;
        /* Those that are gone are forgotten; the one that said so is not. */
        memcpy(present, home->peer[home->peer_index], sizeof(present));
        home->peer_count = home->seed_count;
        if (home->peer_index >= home->seed_count) {
                home->peer_index = home->peer_count;
                redis_home_meet(home, present);
        }
        for (uint32_t i = 0; i < reply->count; i++) {
                struct redis_reply row = redis_reply_at(reply, i);

                if (redis_read_row(&row, address))
                        redis_home_meet(home, address);
        }
}

static void on_reply(struct redis_home *home, uint32_t tag, const struct redis_reply *reply)
{
        char address[REDIS_ADDRESS_SIZE];

        switch (tag) {
        case TAG_ADDRESS:
                take_address(home, reply);
                break;
        case TAG_EPOCH:
                take_epoch(home, reply);
                break;
        case TAG_PEERS:
                take_peers(home, reply);
                break;
        default:
                /* The answer to SUBSCRIBE, or a message: of a failover, which has a new epoch. */
                if (redis_read_switch(reply, name_of(home), address) &&
                    take_master(home, address)) {
                        home->doubt_count = 0;
                        home->sentinel.epoch++;
                }
                break;
        }
}

const struct redis_home_way redis_way_sentinel = {
        .ask = ask,
        .on_reply = on_reply,
        .is_listening = true,
        .refresh_ms = 10000,
};

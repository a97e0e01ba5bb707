/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the masters are: asking for it.
 *
 * Peers are asked in turn and not always the first one, so that one of them that
 * is wrong, behind or dead is not believed, or waited for, again and again. One that does
 * not answer within two seconds is left for the next; after all of them there is
 * a pause that doubles, with jitter.
 *
 * Doubts come in crowds, one from each command that was refused. They only move
 * the next asking forward: at least 100 ms after the last one, and twice as
 * long each time that nothing new came of it. A master that everybody names and
 * nobody reaches is so asked for every five seconds.
 *
 * What was known stays known until something better is: sentinels that are all
 * away are no reason to leave a master that works.
 */

#include "daemon/redis/home.h"

#include <stdio.h>
#include <string.h>

#include "daemon/redis/access.h"
#include "daemon/redis/home_way.h"
#include "daemon/shard.h"

enum {
        NS_PER_MS = 1000000,
        PEER_PATIENCE_MS = 2000,
        PAUSE_MS_MIN = 100,
        PAUSE_MS_MAX = 5000,
        CALM_MS = 30000, /* without a doubt, after which the next one is the first again */
};

uint64_t redis_home_now(const struct redis_home *home)
{
        return clock_real(&home->shard->clock);
}

static const struct redis_home_way *way_of(const struct redis_home *home)
{
        switch (home->mode) {
        case REDIS_MODE_SENTINEL:
                return &redis_way_sentinel;
        case REDIS_MODE_CLUSTER:
                return &redis_way_cluster;
        case REDIS_MODE_SERVER:
                break;
        }
        return NULL;
}

/* Somewhere between half of @ms and all of it, as nanoseconds. */
static uint64_t about(const struct redis_home *home, uint64_t ms)
{
        const struct world_system *system = home->shard->world.system;

        return (ms / 2 + system->random(system->self) % (ms / 2 + 1)) * NS_PER_MS;
}

static uint64_t pause_ns(const struct redis_home *home, uint32_t count)
{
        uint64_t ms = PAUSE_MS_MIN;

        for (uint32_t i = 0; i < count && ms < PAUSE_MS_MAX; i++)
                ms *= 2;
        return about(home, ms < PAUSE_MS_MAX ? ms : PAUSE_MS_MAX);
}

/* ---- the peer that is asked ---- */

/* Not this one; the next at once, and after the last of them later. */
static void fail(struct redis_home *home, const char *why)
{
        uint64_t now = redis_home_now(home);

        home->is_over = true;
        home->state = REDIS_HOME_IDLE;
        home->failure_count++;
        if (home->failure_count % home->peer_count == 0) {
                (void)snprintf(home->text, sizeof(home->text), "%s: %.200s",
                               home->mode == REDIS_MODE_SENTINEL ? "no sentinel is of use"
                                                                 : "no node is of use",
                               why);
                home->ask_real = now + pause_ns(home, home->failure_count / home->peer_count);
        } else {
                home->ask_real = now;
        }
}

void redis_home_refused(struct redis_home *home, const char *why)
{
        log_event(&home->shard->log, LOG_WARNING, "redis_home_refused",
                  "address=\"%s\" reason=\"%s\"", home->link.address, why);
        fail(home, why);
}

void redis_home_answered(struct redis_home *home, bool is_new)
{
        const struct redis_home_way *way = way_of(home);

        redis_link_praise(&home->link);
        home->text[0] = '\0';
        home->failure_count = 0;
        if (is_new)
                home->doubt_count = 0;
        home->state = way->is_listening ? REDIS_HOME_LISTENING : REDIS_HOME_IDLE;
        home->is_over = !way->is_listening;
        home->ask_real = redis_home_now(home) + about(home, way->refresh_ms);
}

static void on_ready(void *self, struct redis_link *link)
{
        struct redis_home *home = self;

        if (!way_of(home)->ask(home))
                redis_link_lose(link, REDIS_ERROR_CLASS_LEAVE, "no room for the question");
}

static void on_reply(void *self, struct redis_link *link, uint32_t tag,
                     const struct redis_reply *reply)
{
        struct redis_home *home = self;

        (void)link;
        if (!home->is_over)
                way_of(home)->on_reply(home, tag, reply);
}

static void on_lost(void *self, struct redis_link *link, enum redis_error_class class)
{
        struct redis_home *home = self;

        (void)class;
        if (!home->is_over)
                fail(home, link->text);
}

static void ask_next(struct redis_home *home)
{
        uint64_t now = redis_home_now(home);

        redis_link_aim(&home->link, "");
        home->peer_index = (home->peer_index + 1) % home->peer_count;
        redis_link_aim(&home->link, home->peer[home->peer_index]);
        home->is_over = false;
        home->state = REDIS_HOME_ASKING;
        home->ask_real = 0;
        home->asked_real = now;
        home->give_up_real = now + (uint64_t)PEER_PATIENCE_MS * NS_PER_MS;
}

/* ---- what is known ---- */

void redis_home_changed(struct redis_home *home)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < home->master_count; i++)
                count += home->master[i][0] != '\0';
        home->version++;
        home->shard->metrics.redis_masters_changed_total++;
        log_event(&home->shard->log, LOG_INFO, "redis_home", "masters=%u first=\"%s\" by=\"%s\"",
                  count, home->master[0], home->link.address);
}

void redis_home_meet(struct redis_home *home, const char *address)
{
        for (uint32_t i = 0; i < home->peer_count; i++) {
                if (strcmp(home->peer[i], address) == 0)
                        return;
        }
        if (home->peer_count < REDIS_PEER_MAX)
                (void)snprintf(home->peer[home->peer_count++], REDIS_ADDRESS_SIZE, "%s", address);
}

void redis_home_init(struct redis_home *home, struct shard *shard, uint32_t token,
                     const struct redis_link_memory *memory)
{
        const struct redis_link_user user = { on_ready, on_reply, on_lost, home };
        const char *list = options_text(shard->options, OPTION_REDIS);
        struct redis_greeting greeting;
        char address[REDIS_ADDRESS_SIZE];

        memset(home, 0, sizeof(*home));
        home->shard = shard;
        home->mode = (enum redis_mode)options_number(shard->options, OPTION_REDIS_MODE);
        home->version = 1;
        if (home->mode == REDIS_MODE_SERVER) {
                home->master_count = 1;
                (void)redis_address_next(&list, home->master[0]);
                return;
        }
        memset(home->cluster.master, REDIS_NO_MASTER, sizeof(home->cluster.master));
        while (redis_address_next(&list, address))
                redis_home_meet(home, address);
        home->seed_count = home->peer_count;
        home->peer_index = home->peer_count - 1;
        greeting = redis_access_greeting(shard->world.redis,
                                         options_text(shard->options, OPTION_SERVER_NAME),
                                         home->mode == REDIS_MODE_SENTINEL);
        /* Any node of a Cluster knows, replicas too. */
        greeting.is_master_wanted = false;
        redis_link_init(&home->link, shard, token, memory, &user, &greeting);
        home->ask_real = redis_home_now(home);
        (void)snprintf(home->text, sizeof(home->text), "asking who the master is");
}

uint8_t redis_home_of(const struct redis_home *home, struct acd_text name)
{
        char key[ACD_NAME_MAX + 16];
        int size;

        if (home->mode != REDIS_MODE_CLUSTER)
                return home->master_count == 0 ? REDIS_NO_MASTER : 0;
        size = snprintf(key, sizeof(key), "acd:{%.*s}:", (int)name.size, name.at);
        return home->cluster
                .master[redis_slot_of((struct acd_bytes){ (const uint8_t *)key, (uint32_t)size })];
}

void redis_home_doubt(struct redis_home *home)
{
        uint64_t now = redis_home_now(home);
        uint64_t at;

        if (home->mode == REDIS_MODE_SERVER || home->state == REDIS_HOME_ASKING)
                return;
        if (home->failure_count > 0)
                return;
        if (now - home->asked_real > (uint64_t)CALM_MS * NS_PER_MS)
                home->doubt_count = 0;
        at = home->asked_real + pause_ns(home, home->doubt_count);
        if (at < now)
                at = now;
        if (home->ask_real == 0 || at < home->ask_real) {
                home->ask_real = at;
                home->doubt_count++;
        }
}

/* ---- the turn ---- */

void redis_home_turn(struct redis_home *home)
{
        uint64_t now = redis_home_now(home);

        if (home->mode == REDIS_MODE_SERVER)
                return;
        if (home->state == REDIS_HOME_ASKING && now >= home->give_up_real)
                redis_home_refused(home, home->link.text[0] == '\0' ? "no answer in time"
                                                                    : home->link.text);
        if (home->is_over)
                redis_link_aim(&home->link, "");
        if (home->ask_real != 0 && now >= home->ask_real)
                ask_next(home);
        redis_link_turn(&home->link);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
        if (a == 0 || b == 0)
                return a == 0 ? b : a;
        return a < b ? a : b;
}

uint64_t redis_home_next_ns(const struct redis_home *home)
{
        if (home->mode == REDIS_MODE_SERVER)
                return 0;
        /* What was decided after this turn's own. */
        if (home->is_over && home->link.state != REDIS_LINK_OFF)
                return redis_home_now(home);
        return earlier(earlier(home->ask_real, redis_link_next_ns(&home->link)),
                       home->state == REDIS_HOME_ASKING ? home->give_up_real : 0);
}

void redis_home_on_socket(struct redis_home *home, uint32_t index, bool is_readable,
                          bool is_writable)
{
        if (index == 0 && home->mode != REDIS_MODE_SERVER)
                redis_link_on_socket(&home->link, is_readable, is_writable);
}

void redis_home_close(struct redis_home *home)
{
        if (home->mode != REDIS_MODE_SERVER)
                redis_link_close(&home->link);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When agents were there, from what a queue_log says of them.
 *
 * An agent is a member of queues (ADDMEMBER), or logged in (AGENTLOGIN), and
 * paused in some queues or in all. He is there while he is a member or logged in,
 * and not paused in every queue that he is for.
 *
 *     ADDMEMBER      PAUSE      UNPAUSE        REMOVEMEMBER
 *   -----#-------------#-----------#-----------------#-------
 *        |<-- shift -->|   break   |<---- shift ---->|
 *
 * A file begins in the middle: whoever is first removed, logged off or made ready
 * was the opposite before. Static members are never added: who only pauses is
 * there from the first line that names him to the last. Of whom nothing of this
 * is said nothing is told; his shifts are read from his services instead
 * (readiness.h).
 */

#include "clients/replay/asterisk_log.h"

#include <errno.h>
#include <stdlib.h>

enum { GAP_MIN_S = 3 }; /* a shorter absence cannot be played, and is none */

static const uint32_t all_queues = UINT32_MAX;

/* One agent, as the changes are walked. */
struct presence {
        uint32_t member_of; /* a bit per queue */
        uint32_t paused_in; /* a bit per queue; all_queues: everywhere */
        uint32_t queues;    /* that he is ever for */
        bool is_logged_in;
        bool is_static; /* never joins, never leaves */
};

static int compare_changes(const void *a, const void *b)
{
        const struct asterisk_change *x = a;
        const struct asterisk_change *y = b;

        if (x->server != y->server)
                return x->server < y->server ? -1 : 1;
        if (x->second != y->second)
                return x->second < y->second ? -1 : 1;
        return (x->turn > y->turn) - (x->turn < y->turn);
}

static uint32_t bit_of(uint8_t queue)
{
        return queue == ASTERISK_NO_QUEUE ? 0 : UINT32_C(1) << queue;
}

static bool is_in(const struct presence *presence)
{
        return presence->is_static || presence->is_logged_in || presence->member_of != 0;
}

static bool is_there(const struct presence *presence)
{
        uint32_t queues = presence->member_of != 0 ? presence->member_of : presence->queues;

        if (!is_in(presence) || presence->paused_in == all_queues)
                return false;
        return queues == 0 ? presence->paused_in == 0 : (queues & ~presence->paused_in) != 0;
}

static void apply(struct presence *presence, const struct asterisk_change *change)
{
        uint32_t bit = bit_of(change->queue);

        switch ((enum asterisk_change_kind)change->kind) {
        case ASTERISK_JOIN:
                if (bit == 0)
                        presence->is_logged_in = true;
                presence->member_of |= bit;
                /* Who joins anew is not paused, unless a line says so. */
                presence->paused_in = bit == 0 ? 0 : presence->paused_in & ~bit;
                break;
        case ASTERISK_LEAVE:
                if (bit == 0)
                        presence->is_logged_in = false;
                presence->member_of &= ~bit;
                break;
        case ASTERISK_PAUSE:
                presence->paused_in |= bit == 0 ? all_queues : bit;
                break;
        case ASTERISK_UNPAUSE:
                presence->paused_in = bit == 0 ? 0 : presence->paused_in & ~bit;
                break;
        }
}

/* What must have been before @change, of what no change before it spoke. @spoken: a bit per
 * queue, and one more for none, for membership and for pauses. */
static void infer(struct presence *presence, const struct asterisk_change *change,
                  uint64_t spoken[2])
{
        bool is_pause = change->kind == ASTERISK_PAUSE || change->kind == ASTERISK_UNPAUSE;
        uint32_t bit = bit_of(change->queue);
        uint64_t mark = bit == 0 ? UINT64_C(1) << 32 : bit;

        if (!is_pause)
                presence->is_static = false;
        presence->queues |= bit;
        if ((spoken[is_pause] & mark) != 0)
                return;
        spoken[is_pause] |= mark;
        if (change->kind == ASTERISK_LEAVE && bit != 0)
                presence->member_of |= bit;
        else if (change->kind == ASTERISK_LEAVE)
                presence->is_logged_in = true;
        else if (change->kind == ASTERISK_UNPAUSE && spoken[0] == 0)
                presence->paused_in |= bit == 0 ? all_queues : bit;
}

static void add_shift(struct asterisk_log *log, struct bank_shift shift)
{
        struct bank *bank = &log->bank;
        struct bank_shift *last =
                bank->shift_count > 0 ? &bank->shift[bank->shift_count - 1] : NULL;

        if (shift.to_s <= shift.from_s)
                return;
        if (last != NULL && last->server == shift.server && shift.from_s < last->to_s + GAP_MIN_S) {
                last->to_s = shift.to_s;
                last->is_last = shift.is_last;
                return;
        }
        bank->shift[bank->shift_count++] = shift;
}

/* The shifts of the agent whose @count changes these are. */
static void make_shifts(struct asterisk_log *log, const struct asterisk_change *change,
                        size_t count)
{
        uint16_t server = change[0].server;
        struct presence presence = { .queues = log->served[server], .is_static = true };
        uint64_t spoken[2] = { 0, 0 };
        struct bank_shift shift = { .server = server, .from_s = log->first_s };
        int64_t end_s = log->end_s;
        bool was_there;

        for (size_t i = 0; i < count; i++)
                infer(&presence, &change[i], spoken);
        if (presence.is_static) {
                shift.from_s = log->seen_first_s[server];
                end_s = log->seen_last_s[server];
        } else {
                log->bank.member_of[server] = presence.queues;
        }
        log->bank.is_told[server] = true;

        was_there = is_there(&presence);
        for (size_t i = 0; i < count; i++) {
                bool is_now;

                apply(&presence, &change[i]);
                is_now = is_there(&presence);
                if (was_there && !is_now) {
                        shift.to_s = change[i].second;
                        shift.is_last = !is_in(&presence);
                        add_shift(log, shift);
                } else if (!was_there && is_now) {
                        shift.from_s = change[i].second;
                }
                was_there = is_now;
        }
        if (was_there) {
                shift.to_s = end_s;
                shift.is_last = true;
                add_shift(log, shift);
        }
}

int asterisk_log_make_shifts(struct asterisk_log *log)
{
        size_t first = 0;

        if (log->change_count == 0)
                return 0;
        log->bank.shift = calloc(log->change_count + BANK_SERVER_MAX, sizeof(*log->bank.shift));
        if (log->bank.shift == NULL)
                return -ENOMEM;
        qsort(log->change, log->change_count, sizeof(*log->change), compare_changes);
        for (size_t i = 1; i <= log->change_count; i++) {
                if (i < log->change_count && log->change[i].server == log->change[first].server)
                        continue;
                make_shifts(log, &log->change[first], i - first);
                first = i;
        }
        return 0;
}

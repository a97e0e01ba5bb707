/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The generator.
 *
 * First the setup: START, tenants, skills, queues, profiles, teams, agents, gateways, in
 * order. Then, for ever: sometimes time passes (often exactly to a deadline or one
 * nanosecond beside it), due timers run, and one command is drawn by weight. Arguments
 * are taken from what exists in the world; each may be made wrong by chance: no id, an
 * id that never was, one of the other tenant, one that is over, a number out of range.
 */

#include "tests/property/generate_private.h"

#include <string.h>

/* What several verbs need: one of two ways. */

static void submit(struct generator *g)
{
        if (g->shape.keyed_percent > 0 && words_percent(g, 20))
                generate_keyed_submit(g);
        else
                generate_submit(g);
}

static void hold(struct generator *g)
{
        if (words_percent(g, 50))
                generate_assignment(g, "hold", ACD_ASSIGNMENT_ACTIVE);
        else
                generate_assignment(g, "unhold", ACD_ASSIGNMENT_HELD);
}

static void make_config(struct generator *g, enum shape_verb verb)
{
        const struct shape *shape = &g->shape;

        if (verb == SHAPE_SKILL)
                generate_skill(g, words_below(g, shape->skills + 2));
        else if (verb == SHAPE_QUEUE)
                generate_queue(g, words_below(g, shape->queues + 1));
        else if (verb == SHAPE_TEAM)
                generate_team(g, words_below(g, shape->teams + 1));
        else if (verb == SHAPE_PROFILE)
                generate_profile(g, words_below(g, shape->profiles + 1));
        else
                generate_agent(g, words_below(g, shape->agents + 1));
}

/* Verbs of agents and of assignments: the word, and the state in which it makes sense. */
static const struct {
        const char *verb;
        uint32_t state;
        bool is_assignment;
} simple[SHAPE_VERB_COUNT] = {
        [SHAPE_LOGOUT] = { "logout", ACD_PRESENCE_PAUSED, false },
        [SHAPE_READY] = { "ready", ACD_PRESENCE_PAUSED, false },
        [SHAPE_PAUSE] = { "pause", ACD_PRESENCE_READY, false },
        [SHAPE_LOST] = { "lost", ACD_PRESENCE_READY, false },
        [SHAPE_BACK] = { "back", ACD_PRESENCE_LOST, false },
        [SHAPE_ACCEPT] = { "accept", ACD_ASSIGNMENT_OFFERED, true },
        [SHAPE_REJECT] = { "reject", ACD_ASSIGNMENT_OFFERED, true },
        [SHAPE_COMPLETE] = { "complete", ACD_ASSIGNMENT_ACTIVE, true },
        [SHAPE_PARK] = { "park", ACD_ASSIGNMENT_ACTIVE, true },
        [SHAPE_UNPARK] = { "unpark", ACD_ASSIGNMENT_PARKED, true },
        [SHAPE_WRAP_UP] = { "wrap-up", ACD_ASSIGNMENT_WRAP_UP, true },
};

static void (*const makers[SHAPE_VERB_COUNT])(struct generator *g) = {
        [SHAPE_SUBMIT] = submit,
        [SHAPE_CANCEL] = generate_cancel,
        [SHAPE_UPDATE] = generate_update,
        [SHAPE_REPORT] = generate_report,
        [SHAPE_LOGIN] = generate_login,
        [SHAPE_NEXT] = generate_next_state,
        [SHAPE_HOLD] = hold,
        [SHAPE_OPEN] = generate_open,
        [SHAPE_RESUME] = generate_resume,
        [SHAPE_CHANNEL] = generate_channel,
        [SHAPE_TENANT] = generate_tenant,
        [SHAPE_REMOVE] = generate_remove,
        [SHAPE_START] = generate_start,
        [SHAPE_ODD] = generate_odd,
};

static void make(struct generator *g, enum shape_verb verb)
{
        if (makers[verb] != NULL)
                makers[verb](g);
        else if (simple[verb].verb != NULL && simple[verb].is_assignment)
                generate_assignment(g, simple[verb].verb,
                                    simple[verb].state + (words_percent(g, 20) ? 1 : 0));
        else if (simple[verb].verb != NULL)
                generate_agent_verb(g, simple[verb].verb, simple[verb].state);
        else if (verb == SHAPE_LOSE)
                generate_gateway_verb(g, "lose");
        else if (verb == SHAPE_RELOAD)
                words_head(g, "reload");
        else
                make_config(g, verb);
}

/* What a frozen shape may not do: see shape.h. */
static bool is_forbidden(const struct generator *g, enum shape_verb verb)
{
        return g->shape.is_frozen && (verb == SHAPE_TEAM || verb == SHAPE_PROFILE ||
                                      verb == SHAPE_AGENT || verb == SHAPE_REMOVE);
}

static enum shape_verb draw_verb(struct generator *g)
{
        for (;;) {
                uint32_t at = words_below(g, g->shape.weight_sum);

                for (int verb = 0; verb < SHAPE_VERB_COUNT; verb++) {
                        if (at < g->shape.weight[verb] && !is_forbidden(g, (enum shape_verb)verb))
                                return (enum shape_verb)verb;
                        if (at < g->shape.weight[verb])
                                break;
                        at -= g->shape.weight[verb];
                }
        }
}

/* Setup: the lines with which a world begins. True while there are more. */
static bool set_up(struct generator *g)
{
        const struct shape *shape = &g->shape;
        uint32_t at = g->setup_position++;
        uint32_t per_tenant = 1 + shape->skills + shape->profiles + shape->teams + shape->queues +
                              shape->agents + shape->gateways;

        if (at == 0) {
                generate_start(g);
                return true;
        }
        at--;
        g->tenant = at / per_tenant;
        at %= per_tenant;
        if (g->tenant >= shape->tenants)
                return false;
        if (at-- == 0) {
                generate_tenant(g);
                return true;
        }
        if (at < shape->skills) {
                generate_skill(g, at);
                return true;
        }
        at -= shape->skills;
        if (at < shape->profiles) {
                generate_profile(g, at);
                return true;
        }
        at -= shape->profiles;
        if (at < shape->teams) {
                generate_team(g, at);
                return true;
        }
        at -= shape->teams;
        if (at < shape->queues) {
                generate_queue(g, at);
                return true;
        }
        at -= shape->queues;
        if (at < shape->agents) {
                generate_agent(g, at);
                return true;
        }
        at -= shape->agents;
        words_head(g, "open");
        words_put(g, "g%u", at);
        return true;
}

/* Time */

static void pass_time(struct generator *g)
{
        uint32_t what = words_below(g, 100);
        acd_time due = world_next_deadline(g->world);

        if (what < 40)
                return;
        if (what < 70) {
                g->now += acd_prng_below(&g->prng,
                                         UINT64_C(1) << (1 + words_below(g, g->shape.tempo_bits)));
        } else if (what < 92 && due > g->now) {
                g->now = due + words_below(g, 3);
                g->now -= g->now > 0;
        } else if (what < 98) {
                g->now += acd_prng_below(&g->prng, UINT64_C(1) << g->shape.tempo_bits);
        } else {
                g->now += acd_prng_below(&g->prng, UINT64_C(20000000000000));
        }
}

void generate_init(struct generator *g, uint64_t seed, const struct world *world)
{
        memset(g, 0, sizeof(*g));
        g->world = world;
        g->is_setting_up = true;
        acd_prng_init(&g->prng, seed);
        shape_draw(&g->shape, &g->prng, seed);
        g->now = acd_prng_below(&g->prng, 1000000000);
}

const char *generate_next(struct generator *g)
{
        acd_time due;

        if (acd_epoch(g->world->core) > g->epoch)
                g->epoch = acd_epoch(g->world->core);
        g->is_setting_up = set_up(g);
        if (g->is_setting_up)
                return g->text;
        pass_time(g);
        g->tenant = words_below(g, g->shape.tenants);

        due = world_next_deadline(g->world);
        if (due != 0 && due <= g->now && words_percent(g, g->shape.punctual_percent)) {
                words_head(g, "time");
                return g->text;
        }
        if (g->shape.is_dirty && acd_agenda_units(g->world->core) > 0 && words_percent(g, 60)) {
                words_head(g, "work");
                words_put(g, "units=%u", 1 + words_below(g, 3));
                return g->text;
        }
        make(g, draw_verb(g));
        return g->text;
}

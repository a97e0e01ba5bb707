/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of a run.
 *
 * Two connections: one makes the tenant, and the other belongs to it, as every
 * operator's does from HELLO on. Everything may be there already from an earlier
 * run; then nothing changes.
 */

#include "clients/bench/floor.h"

#include <stdio.h>
#include <string.h>

bool floor_has_standing(const struct settings *settings)
{
        return settings->waiting > 0 && (settings->rate > 0 || settings->is_sweep ||
                                         arrivals_are_recorded(&settings->arrivals));
}

void floor_name_queues(struct settings *settings)
{
        if (settings->mix.count > 0)
                return;
        for (uint32_t i = 0; i < settings->queues && i < SETTINGS_CHOICE_MAX; i++) {
                struct choice *choice = &settings->mix.choice[settings->mix.count++];

                (void)snprintf(choice->name, sizeof(choice->name), "q%u", i + 1);
                choice->weight = 1;
        }
}

static bool begin(struct talk *talk, struct line *line, const struct settings *settings,
                  const char *address, struct wire_welcome *ret_welcome)
{
        struct client_address parsed;
        int r = client_address_parse(address, &parsed);

        if (r == 0)
                r = line_open(line, &parsed, 10000);
        if (r < 0) {
                talk->code = EXIT_NO_DAEMON;
                (void)snprintf(talk->trouble, sizeof(talk->trouble), "%s: %s", address,
                               strerror(-r));
                return false;
        }
        talk_to(talk, line);
        return talk_hello(talk, settings->tenant, WIRE_ROLE_OPERATOR, "acdbench", "", ret_welcome);
}

static bool apply_tenant(struct talk *talk, const struct settings *settings)
{
        struct wire_message message = { .kind = WIRE_APPLY };

        message.apply.change = WIRE_CHANGE_TENANT;
        message.apply.tenant.name = wire_text(settings->tenant);
        return talk_ask(talk, &message) && talk_finish(talk);
}

static bool apply_skill(struct talk *talk, const char *name)
{
        struct wire_message message = { .kind = WIRE_APPLY };

        message.apply.change = WIRE_CHANGE_SKILL;
        message.apply.skill.name = wire_text(name);
        return talk_ask(talk, &message);
}

static bool apply_queue(struct talk *talk, const char *name, const char *skill)
{
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_term term = { .skill = wire_text(skill), .level_min = 1 };

        message.apply.change = WIRE_CHANGE_QUEUE;
        message.apply.queue.name = wire_text(name);
        message.apply.queue.requirement = &term;
        message.apply.queue.requirement_count = 1;
        return talk_ask(talk, &message);
}

static bool apply_agent(struct talk *talk, const char *name, uint32_t first, uint32_t count,
                        uint32_t skills)
{
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_skill_level level[ACD_AGENT_SKILL_MAX];
        char skill[ACD_AGENT_SKILL_MAX][16];

        for (uint32_t i = 0; i < count; i++) {
                (void)snprintf(skill[i], sizeof(skill[i]), "s%u", (first + i) % skills + 1);
                level[i] = (struct wire_skill_level){ wire_text(skill[i]), 5 };
        }
        message.apply.change = WIRE_CHANGE_AGENT;
        message.apply.agent.name = wire_text(name);
        message.apply.agent.skills = level;
        message.apply.agent.skills_count = count;
        return talk_ask(talk, &message);
}

static bool apply_standing(struct talk *talk)
{
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_skill_level level = { wire_text(FLOOR_STANDING_QUEUE), 5 };

        message.apply.change = WIRE_CHANGE_AGENT;
        message.apply.agent.name = wire_text(FLOOR_STANDING_QUEUE);
        message.apply.agent.skills = &level;
        message.apply.agent.skills_count = 1;
        return apply_skill(talk, FLOOR_STANDING_QUEUE) &&
               apply_queue(talk, FLOOR_STANDING_QUEUE, FLOOR_STANDING_QUEUE) &&
               talk_ask(talk, &message);
}

static bool apply_all(struct talk *talk, const struct settings *settings)
{
        char name[32], skill[32];

        for (uint32_t i = 0; i < settings->skills; i++) {
                (void)snprintf(name, sizeof(name), "s%u", i + 1);
                if (!apply_skill(talk, name))
                        return false;
        }
        for (uint32_t i = 0; i < settings->queues; i++) {
                (void)snprintf(name, sizeof(name), "q%u", i + 1);
                (void)snprintf(skill, sizeof(skill), "s%u", i % settings->skills + 1);
                if (!apply_queue(talk, name, skill))
                        return false;
        }
        for (uint32_t i = 0; i < settings->agents; i++) {
                (void)snprintf(name, sizeof(name), "%s%u", FLOOR_AGENT_PREFIX, i + 1);
                if (!apply_agent(talk, name, i, settings->agent_skills, settings->skills))
                        return false;
        }
        return !floor_has_standing(settings) || apply_standing(talk);
}

bool floor_setup(struct talk *talk, const struct settings *settings, const char *address)
{
        struct line line = { .fd = -1 };
        bool is_good = begin(talk, &line, settings, address, NULL) && apply_tenant(talk, settings);

        line_close(&line);
        is_good = is_good && begin(talk, &line, settings, address, NULL) &&
                  apply_all(talk, settings) && talk_finish(talk);
        line_close(&line);
        return is_good;
}

bool floor_sequence(struct talk *talk, const struct settings *settings, const char *address,
                    uint64_t *ret_sequence)
{
        struct line line = { .fd = -1 };
        struct wire_welcome welcome;
        bool is_good = begin(talk, &line, settings, address, &welcome);

        if (is_good)
                *ret_sequence = welcome.event_last_sequence;
        line_close(&line);
        return is_good;
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The words of generated lines: numbers by chance, names of what exists or does not,
 * lists, labels. Everything that may be made wrong by chance is made here.
 */

#include "tests/property/words.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"

void words_put(struct generator *g, const char *format, ...)
{
        va_list arguments;
        int length;

        va_start(arguments, format);
        length = vsnprintf(g->text + g->size, sizeof(g->text) - g->size, format, arguments);
        va_end(arguments);
        ACD_ASSERT(length >= 0 && (size_t)length < sizeof(g->text) - g->size);
        g->size += (size_t)length;
}

uint32_t words_below(struct generator *g, uint32_t bound)
{
        return (uint32_t)acd_prng_below(&g->prng, bound);
}

bool words_percent(struct generator *g, uint32_t chance)
{
        return words_below(g, 100) < chance;
}

bool words_wrong(struct generator *g)
{
        return !g->is_setting_up && words_percent(g, g->shape.hostile_percent);
}

uint32_t words_one_of(struct generator *g, const uint32_t *values, uint32_t count)
{
        return values[words_below(g, count)];
}

uint64_t words_tenant_id(const struct generator *g)
{
        char name[16];

        snprintf(name, sizeof(name), "t%u", g->tenant);
        return scenario_names_id(&g->world->names, ACD_OBJECT_TENANT, 0, name);
}

/* time @tenant verb */
void words_head(struct generator *g, const char *verb)
{
        g->size = 0;
        words_put(g, "%llu.%09llus ", (unsigned long long)(g->now / 1000000000),
                  (unsigned long long)(g->now % 1000000000));
        if (words_wrong(g) && words_percent(g, 30))
                words_put(g, "@%s ", words_percent(g, 50) ? "0" : "?");
        else
                words_put(g, "@t%u ", g->tenant);
        words_put(g, "%s ", verb);
}

/* Names of configured things: the kind's letter and a number, sometimes one too many. */
void words_put_name(struct generator *g, char letter, uint32_t count)
{
        uint32_t other = (g->tenant + 1) % (g->shape.tenants + 1);

        if (!words_wrong(g))
                words_put(g, "%c%u", letter,
                          words_below(g, count + (words_percent(g, 5) ? 1 : 0) + (count == 0)));
        else if (words_percent(g, 40))
                words_put(g, "0");
        else if (words_percent(g, 50))
                words_put(g, "%c0@t%u", letter, other);
        else
                words_put(g, "?");
}

void words_put_duration(struct generator *g, const char *key, uint32_t ms)
{
        words_put(g, " %s=%ums", key, words_wrong(g) ? UINT32_C(4000000000) : ms);
}

const char *words_channel_name(struct generator *g)
{
        static const char *const plain[] = { "chat", "email", "chat", "email", "sms", "x0" };
        static const char *const media[] = { "phone", "chat", "email", "phone", "outbound", "x1" };

        if (words_wrong(g))
                return words_percent(g, 50) ? "0" : "?";
        return g->shape.is_media ? media[words_below(g, 6)] : plain[words_below(g, 6)];
}

/* Picking what exists */

uint32_t words_ids_of(const struct generator *g, enum acd_object object, uint64_t *ret_ids)
{
        return world_ids(g->world, object, words_tenant_id(g), ret_ids, PICK_MAX);
}

const char *words_name_of(const struct generator *g, enum acd_object object, uint64_t id)
{
        return scenario_names_of(&g->world->names, object, id);
}

/* A contact that was made, open or not; @state 0: any open one. */
const char *words_pick_contact(struct generator *g, uint32_t state)
{
        static uint64_t ids[PICK_MAX];
        static char name[32];
        uint32_t count = words_ids_of(g, ACD_OBJECT_CONTACT, ids);

        if (words_wrong(g))
                return words_percent(g, 50) ? "0" : "?";
        if (count == 0 || words_percent(g, 4)) {
                snprintf(name, sizeof(name), "c%u", words_below(g, g->contact_count + 1));
                return name;
        }
        for (int attempt = 0; attempt < 8; attempt++) {
                uint64_t id = ids[words_below(g, count)];
                struct acd_contact_view view;

                if (state == 0 || (world_view_contact(g->world, id, &view) && view.state == state))
                        return words_name_of(g, ACD_OBJECT_CONTACT, id);
        }
        return words_name_of(g, ACD_OBJECT_CONTACT, ids[words_below(g, count)]);
}

void words_put_agent(struct generator *g)
{
        words_put_name(g, 'a', g->shape.agents);
}

/* An agent, if possible in @presence. */
void words_put_agent_in(struct generator *g, uint32_t presence)
{
        static uint64_t ids[PICK_MAX];
        uint32_t count = words_ids_of(g, ACD_OBJECT_AGENT, ids);

        for (int attempt = 0; attempt < 6 && count > 0 && !words_percent(g, 10); attempt++) {
                uint64_t id = ids[words_below(g, count)];
                struct acd_agent_view view;

                if (world_view_agent(g->world, id, &view) && view.presence == presence) {
                        words_put(g, "%s", words_name_of(g, ACD_OBJECT_AGENT, id));
                        return;
                }
        }
        words_put_agent(g);
}

void words_put_label(struct generator *g)
{
        if (words_wrong(g))
                words_put(g, " label=%s",
                          words_percent(g, 50) ? "not/ok"
                                               : "a-label-that-is-longer-than-it-may-be");
        else if (words_percent(g, 50))
                words_put(g, " label=l%u", words_below(g, 3));
}

void words_put_reason(struct generator *g)
{
        if (words_wrong(g))
                words_put(g, " reason=99");
        else if (words_percent(g, 30))
                words_put(g, " reason=%u", words_below(g, 35));
}

/* Requirements and skills */

void words_put_skill(struct generator *g)
{
        words_put_name(g, 's', g->shape.skills);
}

void words_put_requirement(struct generator *g)
{
        uint32_t count = words_wrong(g) && words_percent(g, 30) ? 9 : 1 + words_below(g, 3);

        words_put(g, " requires=");
        for (uint32_t i = 0; i < count; i++) {
                words_put(g, "%s", i == 0 ? "" : ",");
                if (words_percent(g, 50))
                        words_put(g, "%u/", words_wrong(g) ? 8 : words_below(g, 3));
                words_put_skill(g);
                words_put(g, ":%u",
                          words_wrong(g) ? ONE_OF(g, 0, 11)
                                         : 1 + words_below(g, words_percent(g, 80) ? 4 : 10));
        }
}

void words_put_skills(struct generator *g, bool may_remove)
{
        uint32_t count = words_wrong(g) && words_percent(g, 30) ? 33 : 1 + words_below(g, 4);
        uint32_t first = words_below(g, 5);

        if (count < 33 && count > g->shape.skills)
                count = g->shape.skills;
        if (count == 0)
                return;
        words_put(g, " skills=");
        for (uint32_t i = 0; i < count; i++) {
                words_put(g, "%s", i == 0 ? "" : ",");
                if (count == 33 || words_wrong(g))
                        words_put_skill(g);
                else
                        words_put(g, "s%u", (first + i) % g->shape.skills);
                words_put(g, ":%u",
                          words_wrong(g) ? 11 : (may_remove ? 0 : 1) + words_below(g, 10));
        }
}

void words_put_channels(struct generator *g)
{
        static const char *const names[] = { "chat", "email", "phone", "sms", "outbound" };
        uint32_t count = 1 + words_below(g, 4);
        uint32_t first = words_below(g, 5);

        words_put(g, " channels=");
        for (uint32_t i = 0; i < count; i++)
                words_put(g, "%s%s:%u:%u", i == 0 ? "" : ",",
                          words_wrong(g) ? words_channel_name(g) : names[(first + i) % 5],
                          words_wrong(g) ? 0 : 1, words_wrong(g) ? ONE_OF(g, 0, 101) : 100);
}

void words_put_bytes(struct generator *g, const char *key, uint32_t max)
{
        uint32_t size = words_percent(g, 80) ? words_below(g, 130) : words_below(g, max + 1);

        if (size > max)
                size = max;
        words_put(g, " %s=%%%u:%u", key, words_wrong(g) ? max + 1 : size, words_below(g, 4));
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names and ids of a scenario: an array, searched from its end, since the last
 * meaning of a name counts and recent things are asked for most.
 */

#include "tests/support/scenario_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

void scenario_names_init(struct scenario_names *names)
{
        *names = (struct scenario_names){ 0 };
}

void scenario_names_fini(struct scenario_names *names)
{
        free(names->item);
        *names = (struct scenario_names){ 0 };
}

void scenario_names_put(struct scenario_names *names, enum acd_object object, uint64_t tenant,
                        const char *name, uint64_t id)
{
        struct scenario_name *item;

        for (uint32_t i = names->count; i > 0; i--) {
                item = &names->item[i - 1];
                if (item->object == object && item->tenant == tenant &&
                    strcmp(item->name, name) == 0) {
                        item->id = id;
                        return;
                }
        }
        if (names->count == names->capacity) {
                names->capacity = names->capacity == 0 ? 64 : names->capacity * 2;
                names->item = realloc(names->item, names->capacity * sizeof(*names->item));
                ACD_ASSERT(names->item != NULL);
        }
        item = &names->item[names->count++];
        *item = (struct scenario_name){ .object = object, .tenant = tenant, .id = id };
        snprintf(item->name, sizeof(item->name), "%s", name);
}

uint64_t scenario_names_id(const struct scenario_names *names, enum acd_object object,
                           uint64_t tenant, const char *name)
{
        for (uint32_t i = names->count; i > 0; i--) {
                const struct scenario_name *item = &names->item[i - 1];

                if (item->object == object && item->tenant == tenant &&
                    strcmp(item->name, name) == 0)
                        return item->id;
        }
        return 0;
}

const char *scenario_names_of(const struct scenario_names *names, enum acd_object object,
                              uint64_t id)
{
        for (uint32_t i = names->count; i > 0; i--) {
                const struct scenario_name *item = &names->item[i - 1];

                if (item->object == object && item->id == id)
                        return item->name;
        }
        return "?";
}

/* An offer: "c1#2" for good, and "c1" for the time being. */
static void learn_offer(struct scenario_names *names, const struct acd_event *event)
{
        char contact[SCENARIO_NAME_SIZE], numbered[SCENARIO_NAME_SIZE + 16];

        snprintf(contact, sizeof(contact), "%s",
                 scenario_names_of(names, ACD_OBJECT_CONTACT, event->contact.value));
        snprintf(numbered, sizeof(numbered), "%s#%u", contact, event->count);
        scenario_names_put(names, ACD_OBJECT_ASSIGNMENT, event->tenant.value, contact,
                           event->assignment.value);
        scenario_names_put(names, ACD_OBJECT_ASSIGNMENT, event->tenant.value, numbered,
                           event->assignment.value);
}

void scenario_names_learn(struct scenario_names *names, const struct acd_event *event,
                          uint32_t count)
{
        static const char *const built_in[] = { "phone", "chat",   "web",   "self_service",
                                                "email", "social", "sms",   "visit",
                                                "callback", "outbound" };
        uint32_t channel = 0;

        for (uint32_t i = 0; i < count; i++) {
                if (event[i].kind == ACD_EVENT_CONTACT_OFFERED)
                        learn_offer(names, &event[i]);
                if (event[i].kind != ACD_EVENT_CONFIG_CHANGED ||
                    event[i].object != ACD_OBJECT_CHANNEL || count < 10 || channel >= 10)
                        continue;
                scenario_names_put(names, ACD_OBJECT_CHANNEL, event[i].tenant.value,
                                   built_in[channel++], event[i].value);
        }
}

/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Generated lines about contacts, agents, assignments and gateways.
 */

#include "tests/property/generate_private.h"

#include <stdio.h>
#include <string.h>

/* Contacts */

void generate_submit(struct generator *g)
{
        words_head(g, "submit");
        words_put(g, "c%u ", g->contact_count++);
        words_put_name(g, 'q', g->shape.queues);
        words_put(g, " %s", words_channel_name(g));
        if (words_percent(g, g->shape.gateway_percent)) {
                words_put(g, " gateway=");
                words_put_name(g, 'g', g->shape.gateways);
        }
        if (words_percent(g, 8)) {
                words_put(g, " excluded=");
                words_put_agent(g);
        }
        if (words_percent(g, 30))
                words_put(g, " band=%u",
                          words_wrong(g) ? 32 : words_below(g, words_percent(g, 60) ? 3 : 32));
        if (words_percent(g, 40))
                words_put(g, " credit=%us", words_wrong(g) ? 90000 : words_below(g, 14) * 7);
        if (words_percent(g, g->shape.skilled_percent / 2))
                words_put_requirement(g);
        if (words_percent(g, g->shape.keyed_percent))
                words_put(g, " key=k%u", words_below(g, g->shape.key_count));
        else if (words_wrong(g))
                words_put_bytes(g, "key", ACD_CLIENT_KEY_MAX);
        if (words_percent(g, 15))
                words_put_bytes(g, "customer", ACD_CUSTOMER_KEY_MAX);
        if (words_percent(g, 20))
                words_put_bytes(g, "attributes", ACD_ATTRIBUTES_MAX);
}

/* A submit of before once more, as it was or with a difference: what gateways do that
 * have not got an answer. */
void generate_keyed_submit(struct generator *g)
{
        static const char *const differences[] = {
                "",
                "",
                "",
                " band=7",
                " credit=3s",
                " customer=other",
                " attributes=other",
                " excluded=a0",
                " requires=s0:1",
        };

        words_head(g, "submit");
        words_put(g, "c%u q%u %s key=k%u%s", g->contact_count++,
                  words_below(g, 2) == 0 ? 0 : words_below(g, g->shape.queues),
                  words_percent(g, 90) ? "chat" : "email",
                  words_below(g, g->shape.key_count < 10 ? g->shape.key_count : 10),
                  differences[words_below(g, 9)]);
}

void generate_cancel(struct generator *g)
{
        static const char *const reasons[] = { "abandoned", "cancelled", "operator" };

        words_head(g, "cancel");
        words_put(g, "%s %s", words_pick_contact(g, words_below(g, ACD_CONTACT_ENDED)),
                  words_wrong(g) ? "completed" : reasons[words_below(g, 3)]);
}

void generate_update(struct generator *g)
{
        words_head(g, "update");
        words_put(g, "%s", words_pick_contact(g, words_percent(g, 60) ?
                                                        ACD_CONTACT_WAITING :
                                                        words_below(g, ACD_CONTACT_ENDED)));
        if (words_percent(g, 50))
                words_put(g, " band=%u",
                          words_wrong(g)         ? 200
                          : words_percent(g, 20) ? 255
                                                 : words_below(g, 4));
        if (words_percent(g, 50))
                words_put(g, " credit=%us", words_wrong(g) ? 90000 : words_below(g, 14) * 7);
        if (words_percent(g, 20))
                words_put_bytes(g, "customer", ACD_CUSTOMER_KEY_MAX);
        if (words_percent(g, 20))
                words_put_bytes(g, "attributes", ACD_ATTRIBUTES_MAX);
}

void generate_report(struct generator *g)
{
        uint32_t report = 1 + words_below(g, 8);
        const char *contact;

        if (report <= ACD_REPORT_FAILED)
                contact = words_pick_contact(g, words_percent(g, 80) ? ACD_CONTACT_CONNECTING : 0);
        else
                contact = words_pick_contact(g, words_percent(g, 60) ?
                                                     ACD_CONTACT_ACTIVE :
                                                     words_below(g, ACD_CONTACT_ENDED));
        words_head(g, "report");
        words_put(g, "%s %u", contact, words_wrong(g) ? ONE_OF(g, 0, 9) : report);
        if (words_wrong(g))
                words_put(g, " assignment=%s", words_percent(g, 50) ? "0" : "?");
        else if (words_percent(g, 10))
                words_put(g, " assignment=%s%s", contact, words_percent(g, 50) ? "#1" : "");
        if (report == ACD_REPORT_FAILED)
                words_put(g, " reason=%u", words_wrong(g) ? 3 : 14 + words_below(g, 5));
        if (report == ACD_REPORT_ENDED)
                words_put(g, " reason=%u", words_wrong(g) ? 14 : 2 + words_below(g, 4));
}

/* Agents */

void generate_login(struct generator *g)
{
        words_head(g, "login");
        words_put_agent_in(g, words_percent(g, 60) ? ACD_PRESENCE_LOGGED_OUT : ACD_PRESENCE_LOST);
        if (words_percent(g, 40))
                words_put(g, " at=%s:%%%u:%u,email:ann", words_channel_name(g),
                          words_wrong(g) ? ONE_OF(g, 0, 128) : 1 + words_below(g, 127),
                          words_below(g, 3));
}

void generate_agent_verb(struct generator *g, const char *verb, uint32_t presence)
{
        words_head(g, verb);
        words_put_agent_in(g, presence);
        if (strcmp(verb, "pause") == 0)
                words_put_label(g);
        words_put_reason(g);
}

void generate_next_state(struct generator *g)
{
        words_head(g, "next");
        words_put_agent_in(g, ACD_PRESENCE_READY);
        words_put(g, " %u", words_wrong(g) ? ONE_OF(g, 0, 4, 5) : 1 + words_below(g, 3));
        words_put_label(g);
}

/* An assignment command: usually of an assignment in a state where it means something,
 * by the agent whose it is. */
void generate_assignment(struct generator *g, const char *verb, uint32_t state)
{
        static uint64_t ids[PICK_MAX];
        uint32_t count = words_ids_of(g, ACD_OBJECT_ASSIGNMENT, ids);
        struct acd_assignment_view view = { 0 };

        words_head(g, verb);
        for (int attempt = 0; attempt < 8 && count > 0; attempt++) {
                bool is_there = world_view_assignment(g->world, ids[words_below(g, count)], &view);

                if (is_there && (view.state == state || words_percent(g, 20)))
                        break;
        }
        if (words_wrong(g) || view.contact.value == 0 || words_percent(g, 5))
                words_put(g, "%s", words_pick_contact(g, words_below(g, ACD_CONTACT_ENDED)));
        else
                words_put(g, "%s%s", words_name_of(g, ACD_OBJECT_CONTACT, view.contact.value),
                          words_percent(g, 5) ? "#1" : "");
        if (view.agent.value == 0 || words_percent(g, 4)) {
                words_put(g, " ");
                words_put_agent(g);
        } else {
                words_put(g, " %s", words_name_of(g, ACD_OBJECT_AGENT, view.agent.value));
        }
        if (words_percent(g, 10))
                words_put(g, " epoch=%llu",
                          (unsigned long long)(g->epoch - (g->epoch > 1 && words_wrong(g))));
        else if (words_wrong(g))
                words_put(g, " epoch=77");
        words_put_label(g);
        if (strcmp(verb, "wrap-up") == 0 && words_percent(g, 40))
                words_put(g, " extend=%us", words_wrong(g) ? 3601 : words_below(g, 40));
}

/* Gateways */

void generate_gateway_verb(struct generator *g, const char *verb)
{
        words_head(g, verb);
        words_put_name(g, 'g', g->shape.gateways + 1);
}

void generate_open(struct generator *g)
{
        words_head(g, "open");
        if (words_wrong(g))
                words_put(g, "%s", words_percent(g, 50) ? "\"\"" : "not/a/name");
        else
                words_put(g, "g%u", words_below(g, g->shape.gateways + 1));
}

void generate_resume(struct generator *g)
{
        static uint64_t ids[PICK_MAX];
        uint32_t count = words_ids_of(g, ACD_OBJECT_CONTACT, ids);
        uint32_t named = 0;

        words_head(g, "resume");
        words_put_name(g, 'g', g->shape.gateways);
        words_put(g, " first=%s last=%s", words_percent(g, 70) ? "yes" : "no",
                  words_percent(g, 70) ? "yes" : "no");
        if (words_wrong(g)) {
                words_put(g, " count=1025");
                return;
        }
        words_put(g, " contacts=");
        for (uint32_t i = 0; i < count && named < 30; i++)
                if (words_percent(g, 60))
                        words_put(g, "%s%s", named++ == 0 ? "" : ",",
                                  words_name_of(g, ACD_OBJECT_CONTACT, ids[i]));
        for (uint32_t i = 0; i < 3; i++)
                words_put(g, "%sc%u", named++ == 0 ? "" : ",",
                          words_below(g, g->contact_count + 1));
}

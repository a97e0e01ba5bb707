/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parser of the scenario language.
 *
 * A line is cut into words; each verb takes the words that it knows, by place or by
 * key, and marks them as used; a word that nobody used is an error, so a slip of the
 * pen never passes silently. Values are put in without judgement: a band of 200 is the
 * core's to refuse. Special names: "0" is no id, "?" an id that was never given out.
 */

#include "tests/support/scenario_parse.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "tests/support/scenario_words.h"

struct parser {
        struct scenario_line *line;
        const struct scenario_names *names;
        const struct acd_limits *limits;
        uint64_t tenant;
        bool has_failed;
};

static void fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct parser *p, const char *format, ...)
{
        va_list arguments;

        if (p->has_failed)
                return;
        p->has_failed = true;
        va_start(arguments, format);
        vsnprintf(p->line->error, sizeof(p->line->error), format, arguments);
        va_end(arguments);
}

/* Words */

static void cut(struct parser *p, const char *text)
{
        struct scenario_line *line = p->line;
        char *arrow, *comment, *at;

        if (strlen(text) >= sizeof(line->text)) {
                fail(p, "the line is too long");
                return;
        }
        memcpy(line->text, text, strlen(text) + 1);
        comment = strchr(line->text, '#');
        while (comment != NULL && comment != line->text && !isspace((unsigned char)comment[-1]))
                comment = strchr(comment + 1, '#');
        if (comment != NULL)
                *comment = 0;
        arrow = strstr(line->text, "->");
        if (arrow != NULL) {
                *arrow = 0;
                line->effects = arrow + 2;
        }
        for (at = line->text; *at != 0;) {
                while (isspace((unsigned char)*at))
                        *at++ = 0;
                if (*at == 0)
                        break;
                if (line->token_count == SCENARIO_TOKEN_MAX) {
                        fail(p, "too many words");
                        return;
                }
                line->token[line->token_count++] = at;
                while (*at != 0 && !isspace((unsigned char)*at))
                        at++;
        }
}

/* The value of "key=value", or NULL. */
static const char *value_of(struct parser *p, const char *key)
{
        struct scenario_line *line = p->line;
        size_t length = strlen(key);

        for (uint32_t i = 0; i < line->token_count; i++) {
                if (strncmp(line->token[i], key, length) != 0 || line->token[i][length] != '=')
                        continue;
                line->is_used[i] = true;
                return line->token[i] + length + 1;
        }
        return NULL;
}

/* The next word without a key, or NULL. */
static const char *next_word(struct parser *p)
{
        struct scenario_line *line = p->line;

        for (uint32_t i = 0; i < line->token_count; i++) {
                if (line->is_used[i] || strchr(line->token[i], '=') != NULL)
                        continue;
                line->is_used[i] = true;
                return line->token[i];
        }
        return NULL;
}

static const char *need_word(struct parser *p, const char *what)
{
        const char *word = next_word(p);

        if (word == NULL) {
                fail(p, "%s is missing", what);
                return "";
        }
        return word;
}

/* Values */

static void put_text(char *to, size_t size, const char *from)
{
        size_t length = strlen(from);

        memset(to, 0, size);
        memcpy(to, from, length < size ? length : size);
}

static uint64_t number(struct parser *p, const char *text)
{
        char *end;
        uint64_t value = strtoull(text, &end, 0);

        if (*text == 0 || *end != 0)
                fail(p, "\"%s\" is not a number", text);
        return value;
}

static uint64_t number_or(struct parser *p, const char *key, uint64_t otherwise)
{
        const char *value = value_of(p, key);

        return value == NULL ? otherwise : number(p, value);
}

static uint64_t ms_of(struct parser *p, const char *text)
{
        uint64_t ns = 0;

        if (!scenario_duration(text, &ns))
                fail(p, "\"%s\" is not a duration", text);
        return ns / 1000000;
}

static uint64_t ms_or(struct parser *p, const char *key, uint64_t otherwise_ms)
{
        const char *value = value_of(p, key);

        return value == NULL ? otherwise_ms : ms_of(p, value);
}

static bool yes_or(struct parser *p, const char *key, bool otherwise)
{
        const char *value = value_of(p, key);

        if (value == NULL)
                return otherwise;
        if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
                fail(p, "%s is yes or no", key);
        return strcmp(value, "yes") == 0;
}

/* A word of a vocabulary, or its number. */
static uint32_t choice(struct parser *p, enum scenario_vocabulary vocabulary, const char *word)
{
        uint32_t value = 0;

        if (!scenario_number(vocabulary, word, &value))
                value = (uint32_t)number(p, word);
        return value;
}

static uint64_t id_of(struct parser *p, enum acd_object object, const char *name)
{
        uint64_t tenant = object == ACD_OBJECT_TENANT ? 0 : p->tenant;
        uint64_t id;

        if (strcmp(name, "0") == 0)
                return 0;
        id = scenario_names_id(p->names, object, tenant, name);
        if (id == 0 && strchr(name, '@') != NULL) {
                char local[SCENARIO_NAME_SIZE];
                size_t length = strcspn(name, "@");

                snprintf(local, sizeof(local), "%.*s", (int)length, name);
                id = scenario_names_id(p->names, object,
                                       scenario_names_id(p->names, ACD_OBJECT_TENANT, 0,
                                                         name + length + 1), local);
        }
        if (id == 0) {
                /* Never given out: the last slot there is. */
                id = acd_id_make((struct acd_id_parts){ .slot = ACD_ID_SLOT_MAX,
                                                        .generation = 7 });
        }
        return id;
}

static uint64_t id_or_none(struct parser *p, enum acd_object object, const char *key)
{
        const char *value = value_of(p, key);

        return value == NULL ? 0 : id_of(p, object, value);
}

/* Bytes: text as it is, or %size:seed for that many bytes made up. */
static struct acd_bytes bytes_of(struct parser *p, const char *text)
{
        struct scenario_line *line = p->line;
        uint8_t *at = line->bytes + line->bytes_count;
        uint64_t size = strlen(text), seed = 0;
        char *end;

        if (text[0] == '%') {
                size = strtoull(text + 1, &end, 10);
                seed = *end == ':' ? number(p, end + 1) : 0;
        }
        if (line->bytes_count + size > SCENARIO_BYTES_SIZE) {
                fail(p, "too many bytes in one line");
                return (struct acd_bytes){ 0 };
        }
        for (uint64_t i = 0; i < size; i++)
                at[i] = (uint8_t)(text[0] == '%' ? seed + i * 31 : (uint8_t)text[i]);
        line->bytes_count += (uint32_t)size;
        return (struct acd_bytes){ .at = at, .size = (uint32_t)size };
}

static struct acd_bytes bytes_or_none(struct parser *p, const char *key)
{
        const char *value = value_of(p, key);

        return value == NULL ? (struct acd_bytes){ .at = p->line->bytes } : bytes_of(p, value);
}

/*
 * Lists: elements between commas, parts of an element between colons. The callback
 * puts element @index, which is beyond the array when the list is too long.
 */
struct element {
        uint32_t index;
        char *part[4];
        uint32_t part_count;
};

static uint32_t list_of(struct parser *p, const char *key, void *to,
                        void (*put)(struct parser *, void *, const struct element *))
{
        const char *value = value_of(p, key);
        static char copy[SCENARIO_LINE_SIZE];
        struct element element = { 0 };
        char *at = copy;

        if (value == NULL || *value == 0)
                return 0;
        snprintf(copy, sizeof(copy), "%s", value);
        while (at != NULL) {
                char *comma = strchr(at, ',');

                if (comma != NULL)
                        *comma++ = 0;
                element.part_count = 0;
                while (at != NULL && element.part_count < 4) {
                        char *colon = strchr(at, ':');

                        if (colon != NULL)
                                *colon++ = 0;
                        element.part[element.part_count++] = at;
                        at = colon;
                }
                put(p, to, &element);
                element.index++;
                at = comma;
        }
        return element.index;
}

static uint64_t part_or(struct parser *p, const struct element *element, uint32_t part,
                        uint64_t otherwise)
{
        return part < element->part_count ? number(p, element->part[part]) : otherwise;
}

/* group/skill:level */
static void put_term(struct parser *p, void *to, const struct element *element)
{
        struct acd_requirement *requirement = to;
        struct acd_term *term = &requirement->term[element->index % ACD_TERM_MAX];
        char *slash = strchr(element->part[0], '/');
        const char *skill = slash == NULL ? element->part[0] : slash + 1;

        if (slash != NULL)
                *slash = 0;
        if (element->index >= ACD_TERM_MAX)
                return;
        term->group = slash == NULL ? 0 : (uint8_t)number(p, element->part[0]);
        term->skill.value = id_of(p, ACD_OBJECT_SKILL, skill);
        term->level_min = (uint8_t)part_or(p, element, 1, 1);
}

static void put_skill(struct parser *p, void *to, const struct element *element)
{
        struct acd_skill_level *skill = to;

        if (element->index >= ACD_AGENT_SKILL_MAX)
                return;
        skill[element->index].skill.value = id_of(p, ACD_OBJECT_SKILL, element->part[0]);
        skill[element->index].level = (uint8_t)part_or(p, element, 1, 5);
}

static void put_slots(struct parser *p, void *to, const struct element *element)
{
        struct acd_channel_slots *channel = to;

        if (element->index >= ACD_AGENT_CHANNEL_MAX)
                return;
        channel[element->index].channel.value = id_of(p, ACD_OBJECT_CHANNEL, element->part[0]);
        channel[element->index].slots = (uint8_t)part_or(p, element, 1, 1);
        channel[element->index].weight = (uint8_t)part_or(p, element, 2, 100);
}

static void put_tier(struct parser *p, void *to, const struct element *element)
{
        struct acd_queue_tier *tier = to;

        if (element->index >= ACD_AGENT_TIER_MAX)
                return;
        tier[element->index].queue.value = id_of(p, ACD_OBJECT_QUEUE, element->part[0]);
        tier[element->index].tier = (uint8_t)part_or(p, element, 1, 0);
}

static void put_supervisor(struct parser *p, void *to, const struct element *element)
{
        acd_agent_id *supervisor = to;

        if (element->index < ACD_TEAM_SUPERVISOR_MAX)
                supervisor[element->index].value = id_of(p, ACD_OBJECT_AGENT, element->part[0]);
}

static void put_wait(struct parser *p, void *to, const struct element *element)
{
        uint32_t *wait_ms = to;

        if (element->index < ACD_TIER_COUNT)
                wait_ms[element->index] = (uint32_t)ms_of(p, element->part[0]);
}

static void put_contact(struct parser *p, void *to, const struct element *element)
{
        acd_contact_id *contact = to;

        if (element->index < ACD_RESUME_MAX)
                contact[element->index].value = id_of(p, ACD_OBJECT_CONTACT, element->part[0]);
}

static void put_address(struct parser *p, void *to, const struct element *element)
{
        struct acd_agent_login *login = to;

        if (element->index >= ACD_AGENT_CHANNEL_MAX)
                return;
        login->address[element->index].channel.value =
                id_of(p, ACD_OBJECT_CHANNEL, element->part[0]);
        if (element->part_count > 1)
                login->address[element->index].address = bytes_of(p, element->part[1]);
}

/* Verbs */

static void parse_start(struct parser *p, struct acd_command *command)
{
        struct acd_start *start = &command->start;
        const char *build = value_of(p, "build");

        start->epoch = number_or(p, "epoch", 1);
        start->run_id = number_or(p, "run", start->epoch);
        start->seed[0] = number_or(p, "seed", 1);
        start->seed[1] = start->seed[0] + 1;
        start->downtime_ns = ms_or(p, "downtime", 0) * 1000000;
        start->logic_version = (uint32_t)number_or(p, "logic", ACD_LOGIC_VERSION);
        put_text(start->build, sizeof(start->build), build == NULL ? "test" : build);
        start->limits = *p->limits;
#define LIMIT(name, preset, minimum, maximum, text) \
        start->limits.name = (uint32_t)number_or(p, #name, start->limits.name);
#include "acd/limits.def"
#undef LIMIT
}

static void parse_queue(struct parser *p, struct acd_queue_config *queue)
{
        const char *lost = value_of(p, "lost");
        uint32_t waits;

        queue->requirement.term_count = list_of(p, "requires", &queue->requirement, put_term);
        queue->band = (uint8_t)number_or(p, "band", 8);
        queue->auto_accept = yes_or(p, "auto_accept", false);
        queue->missed_max = (uint8_t)number_or(p, "missed_max", 0);
        if (lost != NULL)
                queue->on_agent_lost =
                        (enum acd_lost_rule)choice(p, SCENARIO_LOST_RULES, lost);
        queue->offer_timeout_ms = (uint32_t)ms_or(p, "offer", 20000);
        queue->wrap_up_ms = (uint32_t)ms_or(p, "wrap_up", 0);
        queue->cool_down_ms = (uint32_t)ms_or(p, "cool_down", 10000);
        queue->length_max = (uint32_t)number_or(p, "length_max", 0);
        waits = list_of(p, "tier_wait", queue->tier_wait_ms, put_wait);
        for (uint32_t i = waits > 0 ? waits : 1; i < ACD_TIER_COUNT; i++)
                queue->tier_wait_ms[i] = queue->tier_wait_ms[i - 1];
}

static void parse_agent(struct parser *p, struct acd_agent_config *agent)
{
        agent->team.value = id_or_none(p, ACD_OBJECT_TEAM, "team");
        agent->profile.value = id_or_none(p, ACD_OBJECT_PROFILE, "profile");
        agent->channel_count = list_of(p, "channels", agent->channel, put_slots);
        agent->skill_count = list_of(p, "skills", agent->skill, put_skill);
        agent->tier_count = list_of(p, "tiers", agent->tier, put_tier);
}

static void parse_team(struct parser *p, struct acd_team_config *team)
{
        const char *zone = value_of(p, "zone");

        put_text(team->time_zone, sizeof(team->time_zone), zone == NULL ? "" : zone);
        team->profile.value = id_or_none(p, ACD_OBJECT_PROFILE, "profile");
        team->supervisor_count = list_of(p, "supervisors", team->supervisor, put_supervisor);
}

/* tenant, skill, ... agent: a name, then what the kind has. */
static void parse_config(struct parser *p, struct acd_command *command)
{
        const char *name = need_word(p, "the name");

        if (strcmp(name, "\"\"") == 0)
                name = "";
        /* Every configuration begins with its name. */
        put_text(command->skill.name, sizeof(command->skill.name), name);
        snprintf(p->line->subject, sizeof(p->line->subject), "%s", name);
        if (command->kind == ACD_COMMAND_TENANT_UPSERT) {
                struct acd_tenant_config *tenant = &command->tenant_config;

                tenant->agent_grace_ms = (uint32_t)ms_or(p, "agent_grace", 30000);
                tenant->gateway_grace_ms = (uint32_t)ms_or(p, "gateway_grace", 10000);
                tenant->key_retention_ms = ms_or(p, "key_retention", 86400000);
        } else if (command->kind == ACD_COMMAND_CHANNEL_UPSERT) {
                command->channel.is_media = yes_or(p, "media", false);
                command->channel.is_live = yes_or(p, "live", false);
                command->channel.connecting_lease_ms = (uint32_t)ms_or(p, "lease", 30000);
        } else if (command->kind == ACD_COMMAND_QUEUE_UPSERT) {
                parse_queue(p, &command->queue);
        } else if (command->kind == ACD_COMMAND_TEAM_UPSERT) {
                parse_team(p, &command->team);
        } else if (command->kind == ACD_COMMAND_PROFILE_UPSERT) {
                struct acd_profile_config *profile = &command->profile;

                profile->channel_count = list_of(p, "channels", profile->channel, put_slots);
                profile->skill_count = list_of(p, "skills", profile->skill, put_skill);
        } else if (command->kind == ACD_COMMAND_AGENT_UPSERT) {
                parse_agent(p, &command->agent);
        }
}

static void parse_remove(struct parser *p, struct acd_remove *remove)
{
        remove->object = (enum acd_object)choice(p, SCENARIO_OBJECTS, need_word(p, "the kind"));
        remove->id = id_of(p, remove->object, need_word(p, "the name"));
}

static void parse_submit(struct parser *p, struct acd_submit *submit)
{
        const char *band = value_of(p, "band");

        snprintf(p->line->subject, sizeof(p->line->subject), "%s", need_word(p, "the contact"));
        submit->queue.value = id_of(p, ACD_OBJECT_QUEUE, need_word(p, "the queue"));
        submit->channel.value = id_of(p, ACD_OBJECT_CHANNEL, need_word(p, "the channel"));
        submit->gateway.value = id_or_none(p, ACD_OBJECT_GATEWAY, "gateway");
        submit->excluded.value = id_or_none(p, ACD_OBJECT_AGENT, "excluded");
        submit->band = band == NULL ? ACD_BAND_DEFAULT : (uint8_t)number(p, band);
        submit->credit_ms = (uint32_t)ms_or(p, "credit", 0);
        submit->extra.term_count = list_of(p, "requires", &submit->extra, put_term);
        submit->client_key = bytes_or_none(p, "key");
        submit->customer_key = bytes_or_none(p, "customer");
        submit->attributes = bytes_or_none(p, "attributes");
}

static void parse_update(struct parser *p, struct acd_update *update)
{
        const char *band = value_of(p, "band"), *credit = value_of(p, "credit");
        const char *customer = value_of(p, "customer"), *attributes = value_of(p, "attributes");

        update->contact.value = id_of(p, ACD_OBJECT_CONTACT, need_word(p, "the contact"));
        update->has_band = band != NULL;
        update->has_credit = credit != NULL;
        update->has_customer_key = customer != NULL;
        update->has_attributes = attributes != NULL;
        if (band != NULL)
                update->band = strcmp(band, "default") == 0 ? ACD_BAND_DEFAULT :
                                                              (uint8_t)number(p, band);
        if (credit != NULL)
                update->credit_ms = (uint32_t)ms_of(p, credit);
        if (customer != NULL)
                update->customer_key = bytes_of(p, customer);
        if (attributes != NULL)
                update->attributes = bytes_of(p, attributes);
}

static void parse_report(struct parser *p, struct acd_report *report)
{
        const char *contact = need_word(p, "the contact");
        const char *assignment = value_of(p, "assignment"), *reason = value_of(p, "reason");

        report->contact.value = id_of(p, ACD_OBJECT_CONTACT, contact);
        report->report =
                (enum acd_report_kind)choice(p, SCENARIO_REPORTS, need_word(p, "what happened"));
        if (assignment == NULL && report->report >= ACD_REPORT_RINGING &&
            report->report <= ACD_REPORT_FAILED)
                assignment = contact;
        if (assignment != NULL)
                report->assignment.value = id_of(p, ACD_OBJECT_ASSIGNMENT, assignment);
        if (reason == NULL)
                reason = report->report == ACD_REPORT_FAILED ? "failed-no-answer" :
                         report->report == ACD_REPORT_ENDED  ? "ended-by-customer" : "none";
        report->reason = (enum acd_reason)choice(p, SCENARIO_REASONS, reason);
}

static void parse_resume(struct parser *p, struct acd_resume *resume)
{
        const char *count = value_of(p, "count");

        resume->gateway.value = id_of(p, ACD_OBJECT_GATEWAY, need_word(p, "the gateway"));
        resume->is_first = yes_or(p, "first", true);
        resume->is_last = yes_or(p, "last", true);
        resume->contact = p->line->resume;
        resume->contact_count = list_of(p, "contacts", p->line->resume, put_contact);
        if (count != NULL)
                resume->contact_count = (uint32_t)number(p, count);
}

static void parse_agent_ref(struct parser *p, struct acd_agent_ref *ref)
{
        const char *label = value_of(p, "label"), *reason = value_of(p, "reason");

        ref->agent.value = id_of(p, ACD_OBJECT_AGENT, need_word(p, "the agent"));
        put_text(ref->label, sizeof(ref->label), label == NULL ? "" : label);
        if (reason != NULL)
                ref->reason = (enum acd_reason)choice(p, SCENARIO_REASONS, reason);
}

static void parse_next(struct parser *p, struct acd_agent_next *next)
{
        const char *label = value_of(p, "label");

        next->agent.value = id_of(p, ACD_OBJECT_AGENT, need_word(p, "the agent"));
        next->next = (enum acd_presence)choice(p, SCENARIO_PRESENCES, need_word(p, "the state"));
        put_text(next->label, sizeof(next->label), label == NULL ? "" : label);
}

static void parse_assignment(struct parser *p, struct acd_assignment_ref *assignment)
{
        const char *label = value_of(p, "label");

        assignment->assignment.value =
                id_of(p, ACD_OBJECT_ASSIGNMENT, need_word(p, "the contact"));
        assignment->agent.value = id_of(p, ACD_OBJECT_AGENT, need_word(p, "the agent"));
        assignment->epoch = number_or(p, "epoch", 0);
        assignment->extend_ms = (uint32_t)ms_or(p, "extend", 0);
        put_text(assignment->label, sizeof(assignment->label), label == NULL ? "" : label);
}

static void parse_gateway_open(struct parser *p, struct acd_gateway_open *open)
{
        const char *name = need_word(p, "the gateway");

        if (strcmp(name, "\"\"") == 0)
                name = "";
        put_text(open->name, sizeof(open->name), name);
        snprintf(p->line->subject, sizeof(p->line->subject), "%s", name);
}

static void parse_verb(struct parser *p, struct acd_command *command)
{
        switch ((int)command->kind) {
        case ACD_COMMAND_START:
                parse_start(p, command);
                break;
        case ACD_COMMAND_TIME:
        case SCENARIO_RELOAD:
                break;
        case ACD_COMMAND_WORK:
                command->work.unit_max = (uint32_t)number_or(p, "units", 4096);
                break;
        case ACD_COMMAND_LOGIC:
                command->logic.version = (uint32_t)number_or(p, "version", 1);
                break;
        case ACD_COMMAND_WALL:
                command->wall.offset_ns = (int64_t)number_or(p, "offset", 0);
                break;
        case ACD_COMMAND_REMOVE:
                parse_remove(p, &command->remove);
                break;
        case ACD_COMMAND_GATEWAY_OPEN:
                parse_gateway_open(p, &command->gateway_open);
                break;
        case ACD_COMMAND_GATEWAY_LOST:
                command->gateway.gateway.value =
                        id_of(p, ACD_OBJECT_GATEWAY, need_word(p, "the gateway"));
                break;
        case ACD_COMMAND_GATEWAY_RESUME:
                parse_resume(p, &command->resume);
                break;
        case ACD_COMMAND_SUBMIT:
                parse_submit(p, &command->submit);
                break;
        case ACD_COMMAND_CANCEL:
                command->cancel.contact.value =
                        id_of(p, ACD_OBJECT_CONTACT, need_word(p, "the contact"));
                command->cancel.reason = (enum acd_reason)choice(
                        p, SCENARIO_REASONS, need_word(p, "the reason"));
                break;
        case ACD_COMMAND_UPDATE:
                parse_update(p, &command->update);
                break;
        case ACD_COMMAND_REPORT:
                parse_report(p, &command->report);
                break;
        case ACD_COMMAND_AGENT_LOGIN:
                command->login.agent.value =
                        id_of(p, ACD_OBJECT_AGENT, need_word(p, "the agent"));
                command->login.address_count = list_of(p, "at", &command->login, put_address);
                break;
        case ACD_COMMAND_AGENT_NEXT:
                parse_next(p, &command->next);
                break;
        default:
                if (command->kind >= ACD_COMMAND_ACCEPT)
                        parse_assignment(p, &command->assignment);
                else if (command->kind >= ACD_COMMAND_AGENT_LOGIN)
                        parse_agent_ref(p, &command->agent_ref);
                else
                        parse_config(p, command);
                break;
        }
}

/* time, tenant, verb */
static bool parse_head(struct parser *p, const char *tenant)
{
        struct scenario_line *line = p->line;
        const char *time = need_word(p, "the time");
        const char *verb = need_word(p, "the verb");
        uint32_t kind;

        if (p->has_failed)
                return false;
        if (!scenario_duration(time, &line->now)) {
                fail(p, "\"%s\" is not a time; write 0s, 1.5s, 2m", time);
                return false;
        }
        if (verb[0] == '@') {
                tenant = verb + 1;
                verb = need_word(p, "the verb");
        }
        snprintf(line->tenant, sizeof(line->tenant), "%s", tenant);
        p->tenant = scenario_names_id(p->names, ACD_OBJECT_TENANT, 0, tenant);
        line->command.tenant.value = p->tenant;
        if (strcmp(tenant, "?") == 0)
                line->command.tenant.value = id_of(p, ACD_OBJECT_TENANT, tenant);
        if (scenario_number(SCENARIO_COMMANDS, verb, &kind)) {
                line->command.kind = (enum acd_command_kind)kind;
                return true;
        }
        fail(p, "\"%s\" is not a verb", verb);
        return false;
}

bool scenario_parse(struct scenario_line *line, const char *text,
                    const struct scenario_names *names, const char *tenant,
                    const struct acd_limits *limits)
{
        struct parser p = { .line = line, .names = names, .limits = limits };

        memset(line, 0, sizeof(*line));
        cut(&p, text);
        if (p.has_failed)
                return false;
        if (line->token_count == 0) {
                if (line->effects != NULL)
                        fail(&p, "effects of nothing");
                return !p.has_failed;
        }
        line->has_command = true;
        if (parse_head(&p, tenant))
                parse_verb(&p, &line->command);
        for (uint32_t i = 0; i < line->token_count; i++)
                if (!line->is_used[i])
                        fail(&p, "\"%s\" means nothing here", line->token[i]);
        return !p.has_failed;
}

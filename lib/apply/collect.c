/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file as a list of steps.
 *
 * Each object is read here once, for its problems, and thrown away again: what
 * is kept is the step, a few words long, and the node from which the object is
 * read again when its turn comes. So a file of ten thousand agents costs its
 * tree and not thirty megabytes of structs.
 *
 * A tenant for which the file has no settings of its own is only made when it
 * is not there: a file about two agents must not reset the tenant's graces.
 */

#include <stdlib.h>
#include <string.h>

#include "apply/read.h"
#include "apply/step.h"
#include "base/assert.h"

/* Where the walk stands. */
struct collect {
        struct apply *apply;
        struct apply_reader reader;
        uint32_t tenant_index;
        bool is_root;
        bool has_settings; /* the tenant at hand has keys of its own */
};

static void on_section(void *context, const struct apply_key *key, const struct apply_node *value);

static void add_step(struct collect *collect, struct apply_step step)
{
        struct apply *apply = collect->apply;

        if (apply->step_count == apply->step_capacity) {
                uint32_t capacity = apply->step_capacity == 0 ? 64 : apply->step_capacity * 2;
                struct apply_step *steps = reallocarray(apply->steps, capacity, sizeof(*steps));

                if (steps == NULL) {
                        apply_report_error(apply->report, (struct apply_place){ 0 },
                                           "out of memory");
                        return;
                }
                apply->steps = steps;
                apply->step_capacity = capacity;
        }
        step.order = apply->step_count;
        step.tenant_index = collect->tenant_index;
        apply->steps[apply->step_count++] = step;
}

static uint32_t index_of(const struct collect *collect, const struct apply_node *node)
{
        return (uint32_t)(node - collect->apply->tree.nodes);
}

enum apply_section apply_kind_section(enum apply_kind kind)
{
        switch (kind) {
        case APPLY_TENANT:
                return APPLY_SECTION_TENANT;
        case APPLY_CHANNEL:
                return APPLY_SECTION_CHANNEL;
        case APPLY_PROFILE:
                return APPLY_SECTION_PROFILE;
        case APPLY_TEAM:
                return APPLY_SECTION_TEAM;
        case APPLY_QUEUE:
                return APPLY_SECTION_QUEUE;
        case APPLY_AGENT:
                return APPLY_SECTION_AGENT;
        case APPLY_SKILL:
        case APPLY_KIND_COUNT:
                break;
        }
        return APPLY_SECTION_COUNT;
}

void apply_step_read(const struct apply *apply, const struct apply_step *step,
                     union apply_target *ret_target)
{
        struct apply_report silent = { 0 };
        struct apply_reader reader = { .tree = &apply->tree, .report = &silent };
        enum apply_section section = apply_kind_section((enum apply_kind)step->kind);

        memset(ret_target, 0, sizeof(*ret_target));
        if (section == APPLY_SECTION_COUNT)
                return;
        apply_read_defaults(section, ret_target);
        if (step->node_index == 0)
                return;
        apply_read_section(&reader,
                           section == APPLY_SECTION_TENANT && step->tenant_index == 0
                                   ? APPLY_SECTION_ROOT
                                   : section,
                           &apply->tree.nodes[step->node_index], ret_target);
}

/* `queues: {billing: {...}, sales: }`: one step an object. */
static void collect_objects(struct collect *collect, const struct apply_key *key,
                            const struct apply_node *node, enum apply_kind kind,
                            enum apply_stage stage)
{
        struct apply_reader reader = collect->reader;
        const struct apply_entry *entry = NULL;

        if (node->kind == APPLY_NODE_NULL)
                return;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(&reader, key, node);
                return;
        }
        reader.on_section = NULL;
        while ((entry = apply_tree_next(reader.tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader.tree, entry);
                const struct apply_node *value = apply_tree_value(reader.tree, entry);
                struct apply_step step = { .kind = (uint8_t)kind, .stage = (uint8_t)stage };
                union apply_target target;

                apply_read_defaults(apply_kind_section(kind), &target);
                apply_read_section(&reader, apply_kind_section(kind), value, &target);
                step.node_index = index_of(collect, value);
                if (apply_read_name(&reader, name, &step.name))
                        add_step(collect, step);
        }
}

/* A list of names: skills, and everything that is removed. */
static void collect_names(struct collect *collect, const struct apply_key *key,
                          const struct apply_node *node, enum apply_kind kind,
                          enum apply_stage stage)
{
        const struct apply_entry *entry = NULL;

        if (node->kind == APPLY_NODE_NULL)
                return;
        if (node->kind != APPLY_NODE_LIST) {
                apply_read_wrong_type(&collect->reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(collect->reader.tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_value(collect->reader.tree, entry);
                struct apply_step step = { .kind = (uint8_t)kind, .stage = (uint8_t)stage };

                if (apply_read_name(&collect->reader, name, &step.name))
                        add_step(collect, step);
        }
}

static void collect_removals(struct collect *collect, const struct apply_key *key,
                             const struct apply_node *node)
{
        static const struct {
                const char *name;
                enum apply_kind kind;
                enum apply_stage stage;
        } lists[] = {
                { "agents", APPLY_AGENT, APPLY_STAGE_REMOVE_AGENTS },
                { "queues", APPLY_QUEUE, APPLY_STAGE_REMOVE_QUEUES },
                { "teams", APPLY_TEAM, APPLY_STAGE_REMOVE_TEAMS },
                { "profiles", APPLY_PROFILE, APPLY_STAGE_REMOVE_PROFILES },
                { "channels", APPLY_CHANNEL, APPLY_STAGE_REMOVE_CHANNELS },
                { "skills", APPLY_SKILL, APPLY_STAGE_REMOVE_SKILLS },
                { "tenants", APPLY_TENANT, APPLY_STAGE_REMOVE_TENANTS },
        };

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
                if (strcmp(key->name, lists[i].name) == 0)
                        collect_names(collect, key, node, lists[i].kind, lists[i].stage);
}

static bool is_setting(const struct apply_node *key)
{
        const struct apply_key *row =
                apply_schema_find(APPLY_SECTION_TENANT, key->text, key->text_size);

        return row != NULL && row->type < APPLY_TYPE_TENANTS;
}

/* The keys of a tenant, at the top level or under its name. */
static void collect_tenant(struct collect *collect, const struct apply_node *node,
                           enum apply_section section)
{
        const struct apply_word *name = &collect->apply->tenants[collect->tenant_index];
        struct apply_step step = { .name = *name, .kind = APPLY_TENANT };
        const struct apply_entry *entry = NULL;
        bool has_settings = false;
        union apply_target target;

        if (node->kind == APPLY_NODE_MAP)
                while ((entry = apply_tree_next(collect->reader.tree, node, entry)) != NULL)
                        if (is_setting(apply_tree_key(collect->reader.tree, entry)))
                                has_settings = true;

        step.stage = APPLY_STAGE_TENANTS;
        step.is_if_missing = !has_settings;
        step.node_index = index_of(collect, node);
        add_step(collect, step);
        apply_read_defaults(APPLY_SECTION_TENANT, &target);
        apply_read_section(&collect->reader, section, node, &target);
}

static bool is_same(const struct apply_word *a, const struct apply_word *b)
{
        return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

static void collect_tenants(struct collect *outer, const struct apply_key *key,
                            const struct apply_node *node)
{
        struct apply *apply = outer->apply;
        const struct apply_entry *entry = NULL;

        if (node->kind == APPLY_NODE_NULL)
                return;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(&outer->reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(&apply->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(&apply->tree, entry);
                struct collect inner = *outer;
                struct apply_word word;

                if (!apply_read_name(&outer->reader, name, &word))
                        continue;
                if (apply->tenant_count == APPLY_TENANT_MAX) {
                        apply_report_error(apply->report, name->place, "more than %d tenants",
                                           APPLY_TENANT_MAX);
                        return;
                }
                if (is_same(&word, &apply->tenants[0]))
                        apply_report_error(apply->report, name->place,
                                           "tenant `%.*s` is the one of the top level already",
                                           (int)word.size, word.at);
                inner.tenant_index = apply->tenant_count;
                inner.is_root = false;
                inner.reader.context = &inner;
                apply->tenants[apply->tenant_count++] = word;
                collect_tenant(&inner, apply_tree_value(&apply->tree, entry), APPLY_SECTION_TENANT);
        }
}

/* `daemon:` has settings with a value or a list of values; what they mean is the
 * daemon's to say. */
static void collect_daemon(struct collect *collect, const struct apply_key *key,
                           const struct apply_node *node)
{
        const struct apply_tree *tree = &collect->apply->tree;
        const struct apply_entry *entry = NULL;

        if (node->kind == APPLY_NODE_NULL)
                return;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(&collect->reader, key, node);
                return;
        }
        collect->apply->daemon_index = index_of(collect, node);
        while ((entry = apply_tree_next(tree, node, entry)) != NULL) {
                const struct apply_node *value = apply_tree_value(tree, entry);
                const struct apply_entry *element = NULL;
                bool is_good = value->kind == APPLY_NODE_SCALAR || value->kind == APPLY_NODE_LIST;

                if (value->kind == APPLY_NODE_LIST)
                        while ((element = apply_tree_next(tree, value, element)) != NULL)
                                is_good &=
                                        apply_tree_value(tree, element)->kind == APPLY_NODE_SCALAR;
                if (!is_good)
                        apply_report_error(collect->reader.report, value->place,
                                           "a setting of the daemon is a value or a list of "
                                           "values, this is %s",
                                           apply_node_kind_text(value));
        }
}

static void collect_remove(struct collect *collect, const struct apply_key *key,
                           const struct apply_node *node)
{
        union apply_target none;

        if (node->kind != APPLY_NODE_MAP && node->kind != APPLY_NODE_NULL)
                apply_read_wrong_type(&collect->reader, key, node);
        else
                apply_read_section(&collect->reader, APPLY_SECTION_REMOVE, node, &none);
}

static void on_section(void *context, const struct apply_key *key, const struct apply_node *value)
{
        static const struct {
                enum apply_kind kind;
                enum apply_stage stage;
        } objects[APPLY_TYPE_COUNT] = {
                [APPLY_TYPE_CHANNELS] = { APPLY_CHANNEL, APPLY_STAGE_CHANNELS },
                [APPLY_TYPE_PROFILES] = { APPLY_PROFILE, APPLY_STAGE_PROFILES },
                [APPLY_TYPE_TEAMS] = { APPLY_TEAM, APPLY_STAGE_TEAMS },
                [APPLY_TYPE_QUEUES] = { APPLY_QUEUE, APPLY_STAGE_QUEUES },
                [APPLY_TYPE_AGENTS] = { APPLY_AGENT, APPLY_STAGE_AGENTS },
        };
        struct collect *collect = context;

        if (key->section == APPLY_SECTION_REMOVE) {
                if (strcmp(key->name, "tenants") == 0 && !collect->is_root)
                        apply_report_error(collect->reader.report, value->place,
                                           "tenants are removed at the top level");
                else
                        collect_removals(collect, key, value);
        } else if (key->type == APPLY_TYPE_SKILLS) {
                collect_names(collect, key, value, APPLY_SKILL, APPLY_STAGE_SKILLS);
        } else if (key->type == APPLY_TYPE_TENANTS) {
                collect_tenants(collect, key, value);
        } else if (key->type == APPLY_TYPE_DAEMON) {
                collect_daemon(collect, key, value);
        } else if (key->type == APPLY_TYPE_REMOVE) {
                collect_remove(collect, key, value);
        } else {
                ACD_ASSERT(objects[key->type].stage != APPLY_STAGE_TENANTS);
                collect_objects(collect, key, value, objects[key->type].kind,
                                objects[key->type].stage);
        }
}

/* The name of the top level's tenant: the file's, else the caller's, else ours. */
static struct apply_word root_tenant(struct collect *collect, const struct apply_node *root,
                                     const char *tenant)
{
        const struct apply_entry *entry = NULL;
        struct apply_word word = { .at = "default", .size = 7 };

        if (tenant != NULL)
                word = (struct apply_word){ .at = tenant, .size = (uint32_t)strlen(tenant) };
        if (root->kind != APPLY_NODE_MAP)
                return word;
        while ((entry = apply_tree_next(collect->reader.tree, root, entry)) != NULL)
                if (strcmp(apply_tree_key(collect->reader.tree, entry)->text, "tenant") == 0)
                        (void)apply_read_name(&collect->reader,
                                              apply_tree_value(collect->reader.tree, entry), &word);
        return word;
}

void apply_collect(struct apply *apply, const char *tenant)
{
        struct collect collect = {
                .apply = apply,
                .reader = { .tree = &apply->tree, .report = apply->report },
                .is_root = true,
        };
        const struct apply_node *root = apply_tree_root(&apply->tree);

        if (root == NULL)
                return;
        apply->tenants = calloc(APPLY_TENANT_MAX, sizeof(*apply->tenants));
        if (apply->tenants == NULL) {
                apply_report_error(apply->report, (struct apply_place){ 0 }, "out of memory");
                return;
        }
        apply->tenants[0] = root_tenant(&collect, root, tenant);
        apply->tenant_count = 1;
        collect.reader.on_section = on_section;
        collect.reader.context = &collect;
        collect_tenant(&collect, root, APPLY_SECTION_ROOT);
}

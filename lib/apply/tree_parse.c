/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events become a tree.
 *
 * The events are read one by one instead of letting libyaml load a document:
 * so every bound is tested before memory is taken, and a place is kept for
 * every word. What YAML offers beyond words, lists and mappings is refused
 * with the reason: tags, merge keys (`<<`), keys that are not words, a second
 * document. Anchors and aliases are allowed; an alias inside its own anchor is
 * not, hence the tree has no cycle.
 *
 * A stack of open lists and mappings replaces recursion. An open mapping
 * remembers the key it has read; the next node is the key's value.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "apply/tree_internal.h"
#include "base/assert.h"

/* A list or mapping that is not closed yet. */
struct open_node {
        uint32_t index;
        uint32_t key_index; /* the key that waits for its value */
};

struct anchor {
        const char *name;
        uint32_t index; /* node */
};

struct parse {
        struct apply_tree *tree;
        struct apply_report *report;
        struct open_node open[APPLY_TREE_DEPTH_MAX];
        uint32_t depth;
        struct anchor anchors[APPLY_TREE_ANCHOR_MAX];
        uint32_t anchor_count;
        uint32_t document_count;
};

static struct apply_place place_of(yaml_mark_t mark)
{
        return (struct apply_place){
                .line = mark.line < UINT32_MAX ? (uint32_t)mark.line + 1 : UINT32_MAX,
                .column = mark.column < UINT32_MAX ? (uint32_t)mark.column + 1 : UINT32_MAX,
        };
}

static bool no_memory(struct parse *parse)
{
        apply_report_error(parse->report, (struct apply_place){ 0 }, "out of memory");
        return false;
}

/* Place the node @index where the open list or mapping wants it. */
static bool attach(struct parse *parse, uint32_t index)
{
        struct apply_tree *tree = parse->tree;
        struct open_node *open;
        struct apply_node *parent;

        if (parse->depth == 0) {
                tree->root_index = index;
                return true;
        }

        open = &parse->open[parse->depth - 1];
        parent = &tree->nodes[open->index];
        if (parent->kind == APPLY_NODE_MAP && open->key_index == 0) {
                if (tree->nodes[index].kind != APPLY_NODE_SCALAR) {
                        apply_report_error(parse->report, tree->nodes[index].place,
                                           "a key must be a word, this is %s",
                                           apply_node_kind_text(&tree->nodes[index]));
                        return false;
                }
                open->key_index = index;
                return true;
        }
        if (!apply_tree_add_entry(tree, open->index, open->key_index, index))
                return no_memory(parse);
        open->key_index = 0;
        return true;
}

/* Add what is below @child to what is below the open node, within the bound. */
static bool count_written_out(struct parse *parse, uint32_t child_index)
{
        struct apply_tree *tree = parse->tree;
        uint32_t count = tree->nodes[child_index].written_out_count;
        struct apply_node *parent;

        if (parse->depth == 0)
                return true;

        parent = &tree->nodes[parse->open[parse->depth - 1].index];
        if (count > APPLY_TREE_NODE_MAX - parent->written_out_count) {
                apply_report_error(parse->report, tree->nodes[child_index].place,
                                   "with its aliases written out the file has more than %d values",
                                   APPLY_TREE_NODE_MAX);
                return false;
        }
        parent->written_out_count += count;
        return true;
}

static bool keep_anchor(struct parse *parse, const yaml_char_t *name, uint32_t index)
{
        const char *copy;

        if (name == NULL)
                return true;
        if (parse->anchor_count == APPLY_TREE_ANCHOR_MAX) {
                apply_report_error(parse->report, parse->tree->nodes[index].place,
                                   "more than %d anchors", APPLY_TREE_ANCHOR_MAX);
                return false;
        }
        copy = apply_tree_add_text(parse->tree, (const char *)name, strlen((const char *)name));
        if (copy == NULL)
                return no_memory(parse);
        parse->anchors[parse->anchor_count++] = (struct anchor){ .name = copy, .index = index };
        return true;
}

static bool on_alias(struct parse *parse, const yaml_event_t *event)
{
        const char *name = (const char *)event->data.alias.anchor;
        struct apply_place place = place_of(event->start_mark);
        char quote[APPLY_QUOTE_SIZE];

        for (uint32_t i = parse->anchor_count; i > 0; i--) {
                const struct anchor *anchor = &parse->anchors[i - 1];

                if (strcmp(anchor->name, name) != 0)
                        continue;
                for (uint32_t j = 0; j < parse->depth; j++) {
                        if (parse->open[j].index == anchor->index) {
                                apply_report_error(parse->report, place,
                                                   "alias `%s` is inside its own anchor",
                                                   apply_quote(name, strlen(name), quote));
                                return false;
                        }
                }
                return attach(parse, anchor->index) && count_written_out(parse, anchor->index);
        }
        apply_report_error(parse->report, place, "alias `%s` has no anchor above it",
                           apply_quote(name, strlen(name), quote));
        return false;
}

/* A node for this event, in its place; 0 after a problem. */
static uint32_t add(struct parse *parse, const yaml_event_t *event, enum apply_node_kind kind,
                    const yaml_char_t *tag)
{
        struct apply_place place = place_of(event->start_mark);
        char quote[APPLY_QUOTE_SIZE];
        uint32_t index;

        if (tag != NULL) {
                const char *text = (const char *)tag;

                apply_report_error(parse->report, place, "tags (`%s`) are not used here",
                                   apply_quote(text, strlen(text), quote));
                return 0;
        }
        if (parse->tree->node_count >= APPLY_TREE_NODE_MAX) {
                apply_report_error(parse->report, place, "more than %d values in one file",
                                   APPLY_TREE_NODE_MAX);
                return 0;
        }
        index = apply_tree_add_node(parse->tree, kind, place);
        if (index == 0)
                (void)no_memory(parse);
        return index;
}

static bool is_null(const yaml_event_t *event)
{
        static const char *const words[] = { "", "~", "null", "Null", "NULL" };
        const char *text = (const char *)event->data.scalar.value;

        if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(text, words[i]) == 0)
                        return true;
        return false;
}

static bool on_scalar(struct parse *parse, const yaml_event_t *event)
{
        enum apply_node_kind kind = is_null(event) ? APPLY_NODE_NULL : APPLY_NODE_SCALAR;
        uint32_t index = add(parse, event, kind, event->data.scalar.tag);
        struct apply_node *node;

        if (index == 0)
                return false;

        node = &parse->tree->nodes[index];
        node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        node->text_size = (uint32_t)event->data.scalar.length;
        node->text = apply_tree_add_text(parse->tree, (const char *)event->data.scalar.value,
                                         event->data.scalar.length);
        if (node->text == NULL)
                return no_memory(parse);
        if (!node->is_quoted && strcmp(node->text, "<<") == 0) {
                apply_report_error(parse->report, node->place,
                                   "merge keys (`<<`) are not used here; agents share what is in "
                                   "their profile");
                return false;
        }
        return keep_anchor(parse, event->data.scalar.anchor, index) && attach(parse, index) &&
               count_written_out(parse, index);
}

static bool on_open(struct parse *parse, const yaml_event_t *event, enum apply_node_kind kind,
                    const yaml_char_t *tag, const yaml_char_t *anchor)
{
        uint32_t index;

        if (parse->depth == APPLY_TREE_DEPTH_MAX) {
                apply_report_error(parse->report, place_of(event->start_mark),
                                   "deeper than %d levels", APPLY_TREE_DEPTH_MAX);
                return false;
        }
        index = add(parse, event, kind, tag);
        if (index == 0 || !keep_anchor(parse, anchor, index) || !attach(parse, index))
                return false;
        parse->open[parse->depth++] = (struct open_node){ .index = index };
        return true;
}

/* A key with its node, for sorting. */
struct key_rank {
        const struct apply_node *key;
};

static int compare_keys(const void *a, const void *b)
{
        const struct apply_node *left = ((const struct key_rank *)a)->key;
        const struct apply_node *right = ((const struct key_rank *)b)->key;
        size_t shorter = left->text_size < right->text_size ? left->text_size : right->text_size;
        int order = memcmp(left->text, right->text, shorter);

        if (order != 0)
                return order;
        if (left->text_size != right->text_size)
                return left->text_size < right->text_size ? -1 : 1;
        return left < right ? -1 : left > right; /* nodes are made in file order */
}

/* Tell each key that the mapping has twice. Returns false without memory. */
static bool check_keys(struct parse *parse, const struct apply_node *map)
{
        const struct apply_entry *entry = NULL;
        struct key_rank *ranks;
        uint32_t count = 0;

        if (map->child_count < 2)
                return true;
        ranks = calloc(map->child_count, sizeof(*ranks));
        if (ranks == NULL)
                return no_memory(parse);

        while ((entry = apply_tree_next(parse->tree, map, entry)) != NULL)
                ranks[count++].key = apply_tree_key(parse->tree, entry);
        qsort(ranks, count, sizeof(*ranks), compare_keys);
        for (uint32_t i = 1; i < count; i++) {
                const struct apply_node *a = ranks[i - 1].key;
                const struct apply_node *b = ranks[i].key;
                char quote[APPLY_QUOTE_SIZE];

                if (a->text_size == b->text_size && memcmp(a->text, b->text, a->text_size) == 0)
                        apply_report_error(parse->report, b->place,
                                           "`%s` is here twice; the first is in line %u",
                                           apply_quote(b->text, b->text_size, quote),
                                           a->place.line);
        }
        free(ranks);
        return true;
}

static bool on_close(struct parse *parse)
{
        uint32_t index;

        ACD_ASSERT(parse->depth > 0);
        index = parse->open[--parse->depth].index;
        if (parse->tree->nodes[index].kind == APPLY_NODE_MAP &&
            !check_keys(parse, &parse->tree->nodes[index]))
                return false;
        return count_written_out(parse, index);
}

static bool on_document(struct parse *parse, const yaml_event_t *event)
{
        if (parse->document_count++ == 0)
                return true;
        apply_report_error(parse->report, place_of(event->start_mark),
                           "a second document (`---`); one file is one document");
        return false;
}

static bool on_event(struct parse *parse, const yaml_event_t *event)
{
        switch (event->type) {
        case YAML_DOCUMENT_START_EVENT:
                return on_document(parse, event);
        case YAML_ALIAS_EVENT:
                return on_alias(parse, event);
        case YAML_SCALAR_EVENT:
                return on_scalar(parse, event);
        case YAML_SEQUENCE_START_EVENT:
                return on_open(parse, event, APPLY_NODE_LIST, event->data.sequence_start.tag,
                               event->data.sequence_start.anchor);
        case YAML_MAPPING_START_EVENT:
                return on_open(parse, event, APPLY_NODE_MAP, event->data.mapping_start.tag,
                               event->data.mapping_start.anchor);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                return on_close(parse);
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_END_EVENT:
                break;
        }
        return true;
}

static void tell_syntax(struct parse *parse, const yaml_parser_t *parser)
{
        const char *problem = parser->problem != NULL ? parser->problem : "not YAML";
        struct apply_place place = place_of(parser->problem_mark);

        switch (parser->error) {
        case YAML_MEMORY_ERROR:
                (void)no_memory(parse);
                return;
        case YAML_READER_ERROR:
                apply_report_error(parse->report, place_of(parser->mark),
                                   "not readable as UTF-8 text: %s", problem);
                return;
        case YAML_NO_ERROR:
        case YAML_SCANNER_ERROR:
        case YAML_PARSER_ERROR:
        case YAML_COMPOSER_ERROR:
        case YAML_WRITER_ERROR:
        case YAML_EMITTER_ERROR:
                break;
        }
        if (parser->context != NULL)
                apply_report_error(parse->report, place, "not YAML: %s, %s (line %u)", problem,
                                   parser->context, place_of(parser->context_mark).line);
        else
                apply_report_error(parse->report, place, "not YAML: %s", problem);
}

static bool parse_events(struct parse *parse, yaml_parser_t *parser)
{
        bool is_end = false;

        while (!is_end) {
                yaml_event_t event;
                bool is_good;

                if (!yaml_parser_parse(parser, &event)) {
                        tell_syntax(parse, parser);
                        return false;
                }
                is_end = event.type == YAML_STREAM_END_EVENT;
                is_good = on_event(parse, &event);
                yaml_event_delete(&event);
                if (!is_good)
                        return false;
        }
        return true;
}

bool apply_tree_parse(struct apply_tree *tree, const char *bytes, size_t size,
                      struct apply_report *report)
{
        uint32_t error_count = report->error_count;
        struct parse *parse;
        yaml_parser_t parser;
        bool is_good;

        *tree = APPLY_TREE_NULL;
        if (size > APPLY_TREE_BYTES_MAX) {
                apply_report_error(report, (struct apply_place){ 0 },
                                   "larger than %d bytes; split it", APPLY_TREE_BYTES_MAX);
                return false;
        }

        parse = calloc(1, sizeof(*parse));
        if (parse == NULL || !yaml_parser_initialize(&parser)) {
                apply_report_error(report, (struct apply_place){ 0 }, "out of memory");
                free(parse);
                return false;
        }
        parse->tree = tree;
        parse->report = report;
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);

        is_good = parse_events(parse, &parser);
        yaml_parser_delete(&parser);
        free(parse);
        return is_good && report->error_count == error_count;
}

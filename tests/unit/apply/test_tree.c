/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a bounded tree: what is kept, what is refused, and where.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/tree.h"

struct heard {
        char text[APPLY_PROBLEM_TEXT_SIZE];
        struct apply_place place;
        uint32_t count;
};

static void on_problem(void *context, const struct apply_problem *problem)
{
        struct heard *heard = context;

        if (heard->count++ == 0) {
                heard->place = problem->place;
                (void)snprintf(heard->text, sizeof(heard->text), "%s", problem->text);
        }
}

/* Parse and drop; what was the first problem? */
static struct heard first_problem(const char *yaml, size_t size)
{
        struct heard heard = { 0 };
        struct apply_report report = { .on_problem = on_problem, .context = &heard };
        struct apply_tree tree = APPLY_TREE_NULL;
        bool is_good = apply_tree_parse(&tree, yaml, size, &report);

        cr_assert_eq(is_good, report.error_count == 0);
        apply_tree_fini(&tree);
        return heard;
}

struct refusal_case {
        const char *yaml;
        uint32_t line, column;
        const char *text;
};

static const struct refusal_case refusals[] = {
        { "a: 1\nb: 2\na: 3\n", 3, 1, "`a` is here twice; the first is in line 1" },
        { "a: [1, 2\n", 2, 1, "not YAML" },
        { "a:\n\t- b\n", 2, 1, "not YAML" },
        { "a: !!python/object x\n", 1, 4, "tags" },
        { "? [x]\n: 1\n", 1, 3, "a key must be a word, this is a list" },
        { "? {x: 1}\n: 1\n", 1, 3, "a key must be a word, this is a mapping" },
        { "~: 1\n", 1, 1, "a key must be a word, this is nothing" },
        { "a: *nowhere\n", 1, 4, "has no anchor" },
        { "a: &x [*x]\n", 1, 8, "inside its own anchor" },
        { "a: &x {b: 1}\nc:\n  <<: *x\n", 3, 3, "merge keys" },
        { "a: 1\n---\nb: 1\n", 2, 1, "a second document" },
        { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1, 17, "deeper than 16" },
        { "a: \xff\xfe\n", 1, 1, "UTF-8" },
        { "a: \x01\n", 1, 1, "UTF-8" },
};

/*
 * Goal    What YAML offers and we do not take is refused where it stands.
 */
Test(tree, refuses_with_line_and_column)
{
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
                const struct refusal_case *one = &refusals[i];
                struct heard heard = first_problem(one->yaml, strlen(one->yaml));

                cr_assert_neq(heard.count, 0, "not refused: %s", one->yaml);
                cr_assert_not_null(strstr(heard.text, one->text), "%s: %s", one->yaml, heard.text);
                if (strcmp(one->text, "UTF-8") == 0)
                        continue;
                cr_assert_eq(heard.place.line, one->line, "%s: line %u", one->yaml,
                             heard.place.line);
                cr_assert_eq(heard.place.column, one->column, "%s: column %u", one->yaml,
                             heard.place.column);
        }
}

/*
 * Goal    Aliases of aliases cannot make a small file large.
 * Method  The billion laughs, nine deep; and twice ten, which is fine.
 */
Test(tree, aliases_written_out_are_bounded)
{
        char yaml[4096];
        size_t used = (size_t)snprintf(yaml, sizeof(yaml), "l0: &l0 [a,a,a,a,a,a,a,a,a,a]\n");

        for (int i = 1; i < 9; i++) {
                used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "l%d: &l%d [", i, i);
                for (int j = 0; j < 10; j++)
                        used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "%s*l%d",
                                                 j > 0 ? "," : "", i - 1);
                used += (size_t)snprintf(yaml + used, sizeof(yaml) - used, "]\n");
                struct heard heard = first_problem(yaml, used);

                cr_assert_eq(heard.count > 0, i >= 6, "%d deep: %s", i, heard.text);
                if (heard.count > 0)
                        cr_assert_not_null(strstr(heard.text, "aliases written out"));
        }
}

Test(tree, size_and_anchors_are_bounded)
{
        size_t size = (size_t)APPLY_TREE_BYTES_MAX + 1;
        char *yaml = malloc(size);
        size_t used = 0;

        cr_assert_not_null(yaml);
        memset(yaml, ' ', size);
        cr_assert_not_null(strstr(first_problem(yaml, size).text, "larger than"));
        cr_assert_eq(first_problem(yaml, 1000).count, 0);

        for (int i = 0; i <= APPLY_TREE_ANCHOR_MAX; i++)
                used += (size_t)snprintf(yaml + used, size - used, "- &a%d x\n", i);
        cr_assert_not_null(strstr(first_problem(yaml, used).text, "anchors"));
        free(yaml);
}

/*
 * Goal    Every beginning of a good file is taken or refused, and nothing else.
 * Method  All truncations, under the sanitizers.
 */
Test(tree, every_truncation_is_clean)
{
        static const char yaml[] = "a: &x {b: [1, \"two\", 'three'], c: ~}\nd: *x\ne: |\n  f\n";

        for (size_t size = 0; size < sizeof(yaml); size++)
                (void)first_problem(yaml, size);
        cr_assert_eq(first_problem(yaml, sizeof(yaml) - 1).count, 0);
}

Test(tree, keeps_places_kinds_and_words)
{
        static const char yaml[] = "# remark\nqueues:\n  billing: {band: 8, names: [a, \"b\"]}\n"
                                   "  empty:\n";
        struct apply_report report = { 0 };
        struct apply_tree tree = APPLY_TREE_NULL;
        const struct apply_entry *entry;
        const struct apply_node *node;

        cr_assert(apply_tree_parse(&tree, yaml, sizeof(yaml) - 1, &report));
        node = apply_tree_root(&tree);
        cr_assert_eq(node->kind, APPLY_NODE_MAP);
        entry = apply_tree_next(&tree, node, NULL);
        cr_assert_str_eq(apply_tree_key(&tree, entry)->text, "queues");
        cr_assert_null(apply_tree_next(&tree, node, entry));
        node = apply_tree_value(&tree, entry);
        cr_assert_eq(node->child_count, 2);
        entry = apply_tree_next(&tree, node, NULL);
        cr_assert_eq(apply_tree_key(&tree, entry)->place.line, 3);
        cr_assert_eq(apply_tree_key(&tree, entry)->place.column, 3);
        entry = apply_tree_next(&tree, node, entry);
        cr_assert_eq(apply_tree_value(&tree, entry)->kind, APPLY_NODE_NULL);
        apply_tree_fini(&tree);
}

Test(tree, an_empty_document_has_no_root)
{
        struct apply_report report = { 0 };
        struct apply_tree tree = APPLY_TREE_NULL;

        cr_assert(apply_tree_parse(&tree, "# nothing\n", 10, &report));
        cr_assert_null(apply_tree_root(&tree));
        apply_tree_fini(&tree);
}

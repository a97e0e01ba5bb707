/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing out the changes of a file, stage by stage.
 *
 * A stage holds what does not refer to each other, so all of it may be on its
 * way at once; the next stage waits for the answers, and does not begin when
 * one was a refusal: what follows would only be refused for the same reason.
 *
 * Teams and agents refer to each other, since a team's supervisors are agents. A
 * team is first tried as it is, which is right whenever the agents are there
 * already. Only when a supervisor is missing is it made without supervisors, and
 * tried again after the agents:
 *
 *      FRESH -> OPEN ---------- done ----------------------------> OVER
 *                  '- missing supervisor -> PROVISIONAL -> OPEN_PROVISIONAL
 *                       -> FINAL (waits for its stage) -> OPEN_FINAL -> OVER
 *
 * So a file that changes nothing changes nothing, supervisors or not.
 */

#include "apply/apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/read.h"
#include "apply/step.h"
#include "base/assert.h"

const char *apply_kind_text(enum apply_kind kind)
{
        static const char *const texts[APPLY_KIND_COUNT] = {
                [APPLY_TENANT] = "tenant",   [APPLY_SKILL] = "skill", [APPLY_CHANNEL] = "channel",
                [APPLY_PROFILE] = "profile", [APPLY_TEAM] = "team",   [APPLY_QUEUE] = "queue",
                [APPLY_AGENT] = "agent",
        };

        ACD_ASSERT(kind < APPLY_KIND_COUNT);
        return texts[kind];
}

static int compare_stages(const void *left, const void *right)
{
        const struct apply_step *a = left;
        const struct apply_step *b = right;

        if (a->stage != b->stage)
                return a->stage < b->stage ? -1 : 1;
        return a->order < b->order ? -1 : a->order > b->order;
}

bool apply_open(struct apply *apply, const char *bytes, size_t size, const char *tenant,
                struct apply_report *report)
{
        uint32_t error_count = report->error_count;

        *apply = APPLY_NULL;
        apply->report = report;
        if (!apply_tree_parse(&apply->tree, bytes, size, report))
                return false;

        apply_collect(apply, tenant);
        if (apply->step_count > 0)
                qsort(apply->steps, apply->step_count, sizeof(*apply->steps), compare_stages);
        apply_check_references(apply);
        apply->report = NULL;
        return report->error_count == error_count;
}

/* All of @file, up to one byte more than a tree may have. NULL: errno says why. */
static char *read_all(FILE *file, size_t *ret_size)
{
        size_t capacity = 64 * 1024;
        size_t size = 0;
        char *bytes = malloc(capacity);

        while (bytes != NULL) {
                char *larger;

                size += fread(bytes + size, 1, capacity - size, file);
                if (size < capacity || size > APPLY_TREE_BYTES_MAX)
                        break;
                larger = realloc(bytes, capacity * 2);
                if (larger == NULL)
                        free(bytes);
                bytes = larger;
                capacity *= 2;
        }
        if (bytes != NULL && ferror(file) != 0) {
                int error = errno;

                free(bytes);
                bytes = NULL;
                errno = error;
        }
        *ret_size = size;
        return bytes;
}

bool apply_open_file(struct apply *apply, const char *path, const char *tenant,
                     struct apply_report *report)
{
        bool is_stdin = strcmp(path, "-") == 0;
        FILE *file = is_stdin ? stdin : fopen(path, "re");
        char *bytes = NULL;
        size_t size = 0;
        bool is_good = false;

        *apply = APPLY_NULL;
        if (file != NULL)
                bytes = read_all(file, &size);
        if (bytes != NULL)
                is_good = apply_open(apply, bytes, size, tenant, report);
        else
                apply_report_error(report, (struct apply_place){ 0 }, "cannot be read: %s",
                                   strerror(errno));
        free(bytes);
        if (file != NULL && !is_stdin)
                (void)fclose(file);
        return is_good;
}

void apply_close(struct apply *apply)
{
        apply_tree_fini(&apply->tree);
        free(apply->steps);
        free(apply->tenants);
        *apply = APPLY_NULL;
}

/* What may be handed out of @step in the present stage? */
static bool is_wanted(const struct apply *apply, const struct apply_step *step)
{
        if (apply->stage == APPLY_STAGE_SUPERVISORS)
                return step->state == APPLY_STEP_FINAL;
        if (step->stage != apply->stage)
                return false;
        return step->state == APPLY_STEP_FRESH || step->state == APPLY_STEP_PROVISIONAL;
}

static struct apply_step *find_wanted(struct apply *apply)
{
        for (; apply->cursor < apply->step_count; apply->cursor++) {
                struct apply_step *step = &apply->steps[apply->cursor];

                if (is_wanted(apply, step))
                        return step;
                /* Steps are sorted: nothing of this stage comes after a later one. */
                if (apply->stage != APPLY_STAGE_SUPERVISORS && step->stage > apply->stage)
                        return NULL;
        }
        return NULL;
}

static void fill_change(const struct apply *apply, struct apply_step *step,
                        struct apply_change *ret_change)
{
        *ret_change = (struct apply_change){
                .ticket = (uint32_t)(step - apply->steps),
                .tenant = apply->tenants[step->tenant_index],
                .kind = (enum apply_kind)step->kind,
                .name = step->name,
                .place = step->name.place,
                .is_remove = step->stage > APPLY_STAGE_SUPERVISORS,
                .is_if_missing = step->is_if_missing,
                .is_provisional = step->state == APPLY_STEP_PROVISIONAL,
                .is_completion = step->state == APPLY_STEP_FINAL,
        };
        if (!ret_change->is_remove)
                apply_step_read(apply, step, &ret_change->target);
        if (ret_change->is_provisional)
                ret_change->target.team.supervisors.count = 0;
}

bool apply_next(struct apply *apply, struct apply_change *ret_change)
{
        struct apply_step *step = find_wanted(apply);

        while (step == NULL) {
                if (apply->open_count > 0 || apply->is_failed || apply->stage >= APPLY_STAGE_COUNT)
                        return false;
                apply->stage++;
                apply->cursor = 0;
                step = find_wanted(apply);
        }

        fill_change(apply, step, ret_change);
        if (step->state == APPLY_STEP_FRESH)
                step->state = APPLY_STEP_OPEN;
        else if (step->state == APPLY_STEP_PROVISIONAL)
                step->state = APPLY_STEP_OPEN_PROVISIONAL;
        else
                step->state = APPLY_STEP_OPEN_FINAL;
        apply->open_count++;
        return true;
}

bool apply_answer(struct apply *apply, uint32_t ticket, enum apply_outcome outcome)
{
        struct apply_step *step;

        ACD_ASSERT(ticket < apply->step_count);
        ACD_ASSERT(apply->open_count > 0);
        step = &apply->steps[ticket];
        ACD_ASSERT(step->state == APPLY_STEP_OPEN || step->state == APPLY_STEP_OPEN_PROVISIONAL ||
                   step->state == APPLY_STEP_OPEN_FINAL);
        apply->open_count--;

        if (outcome == APPLY_REFUSED_SUPERVISOR && step->state == APPLY_STEP_OPEN &&
            step->kind == APPLY_TEAM) {
                step->state = APPLY_STEP_PROVISIONAL;
                if (ticket < apply->cursor)
                        apply->cursor = ticket;
                return false;
        }
        if (outcome == APPLY_DONE && step->state == APPLY_STEP_OPEN_PROVISIONAL) {
                step->state = APPLY_STEP_FINAL;
                return false;
        }
        if (outcome != APPLY_DONE)
                apply->is_failed = true;
        step->state = APPLY_STEP_OVER;
        return true;
}

bool apply_is_over(const struct apply *apply)
{
        return apply->open_count == 0 && (apply->is_failed || apply_left_count(apply) == 0);
}

uint32_t apply_step_count(const struct apply *apply)
{
        return apply->step_count;
}

uint32_t apply_left_count(const struct apply *apply)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < apply->step_count; i++)
                count += apply->steps[i].state == APPLY_STEP_FRESH ||
                         apply->steps[i].state == APPLY_STEP_PROVISIONAL ||
                         apply->steps[i].state == APPLY_STEP_FINAL;
        return count;
}

/* Is @key of the file what the daemon calls @field? "wrap_up_ms" is wrap_up, "skill" may
 * be skills, "requirement.group" is requirement. */
static bool is_field(const struct apply_node *key, const char *field, size_t field_size)
{
        if (field_size > 3 && memcmp(field + field_size - 3, "_ms", 3) == 0)
                field_size -= 3;
        if (key->text_size < field_size || memcmp(key->text, field, field_size) != 0)
                return false;
        return key->text_size == field_size ||
               (key->text_size == field_size + 1 && key->text[field_size] == 's');
}

struct apply_place apply_field_place(const struct apply *apply, uint32_t ticket, const char *field)
{
        const struct apply_entry *entry = NULL;
        const struct apply_step *step;
        const struct apply_node *node;

        ACD_ASSERT(ticket < apply->step_count);
        step = &apply->steps[ticket];
        node = &apply->tree.nodes[step->node_index];
        if (step->node_index == 0 || node->kind != APPLY_NODE_MAP)
                return step->name.place;
        while ((entry = apply_tree_next(&apply->tree, node, entry)) != NULL) {
                const struct apply_node *key = apply_tree_key(&apply->tree, entry);

                if (is_field(key, field, strcspn(field, ".[")))
                        return apply_tree_value(&apply->tree, entry)->place;
        }
        return step->name.place;
}

/* The cursor is an entry and, in its upper half, an element of its list. */
bool apply_daemon_next(const struct apply *apply, uint64_t *cursor,
                       struct apply_setting *ret_setting)
{
        const struct apply_tree *tree = &apply->tree;
        uint32_t entry_index = (uint32_t)*cursor;
        uint32_t element_index = (uint32_t)(*cursor >> 32);

        if (apply->daemon_index == 0 || *cursor == UINT64_MAX)
                return false;
        if (element_index != 0)
                element_index = tree->entries[element_index].next_index;
        while (element_index == 0) {
                const struct apply_node *value;

                entry_index = entry_index == 0 ? tree->nodes[apply->daemon_index].first_index
                                               : tree->entries[entry_index].next_index;
                if (entry_index == 0) {
                        *cursor = UINT64_MAX;
                        return false;
                }
                value = &tree->nodes[tree->entries[entry_index].value_index];
                if (value->kind != APPLY_NODE_LIST)
                        break;
                element_index = value->first_index;
        }
        *cursor = (uint64_t)element_index << 32 | entry_index;

        const struct apply_node *name = apply_tree_key(tree, &tree->entries[entry_index]);
        const struct apply_node *value = apply_tree_value(
                tree, &tree->entries[element_index != 0 ? element_index : entry_index]);

        ret_setting->name = (struct apply_word){ name->text, name->text_size, name->place };
        ret_setting->value = (struct apply_word){ value->text, value->text_size, value->place };
        return true;
}

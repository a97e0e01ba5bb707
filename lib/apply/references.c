/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that look like slips.
 *
 * A file may refer to what the daemon has already, so a name that the file does
 * not describe is no error: the daemon will say. But when the file describes
 * one that is almost the same, it is a slip more often than not, and a note
 * with line and column is better than a refusal after half of the file. The
 * one thing refused here is a file that describes and removes the same object.
 *
 * Names are sorted once and looked up by bisection. The search for a near name
 * is a walk over all of a kind; SEARCH_MAX bounds how many such walks a file
 * can cause.
 */

#include <stdlib.h>
#include <string.h>

#include "apply/step.h"
#include "apply/suggest.h"

enum { SEARCH_MAX = 200 };

struct references {
        const struct apply *apply;
        const struct apply_step **described; /* sorted by tenant, kind, name */
        uint32_t described_count;
        uint32_t search_count;
};

static int compare_words(const struct apply_word *a, const struct apply_word *b)
{
        size_t shorter = a->size < b->size ? a->size : b->size;
        int order = memcmp(a->at, b->at, shorter);

        if (order != 0)
                return order;
        return a->size < b->size ? -1 : a->size > b->size;
}

static int compare_steps(const void *left, const void *right)
{
        const struct apply_step *a = *(const struct apply_step *const *)left;
        const struct apply_step *b = *(const struct apply_step *const *)right;

        if (a->tenant_index != b->tenant_index)
                return a->tenant_index < b->tenant_index ? -1 : 1;
        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        return compare_words(&a->name, &b->name);
}

static const struct apply_step *find(const struct references *references,
                                     const struct apply_step *wanted)
{
        const struct apply_step **found =
                bsearch(&wanted, references->described, references->described_count, sizeof(wanted),
                        compare_steps);

        return found == NULL ? NULL : *found;
}

/* Tell @word, a reference of @step to an object of @kind, when it looks like a slip. */
static void check(struct references *references, const struct apply_step *step,
                  enum apply_kind kind, const struct apply_word *word)
{
        struct apply_step wanted = { .tenant_index = step->tenant_index,
                                     .kind = (uint8_t)kind,
                                     .name = *word };
        struct apply_suggest suggest;

        if (word->size == 0 || find(references, &wanted) != NULL)
                return;
        if (references->search_count++ >= SEARCH_MAX)
                return;

        apply_suggest_init(&suggest, word->at, word->size);
        for (uint32_t i = 0; i < references->described_count; i++) {
                const struct apply_step *other = references->described[i];

                if (other->kind == wanted.kind && other->tenant_index == wanted.tenant_index)
                        apply_suggest_try(&suggest, other->name.at, other->name.size);
        }
        if (suggest.best != NULL)
                apply_report_note(references->apply->report, word->place,
                                  "%s `%.*s` is not in this file; did you mean `%.*s`?",
                                  apply_kind_text(kind), (int)word->size, word->at,
                                  (int)suggest.best_size, suggest.best);
}

static void check_levels(struct references *references, const struct apply_step *step,
                         const struct apply_level *levels, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++)
                check(references, step, APPLY_SKILL, &levels[i].skill);
}

static void check_slots(struct references *references, const struct apply_step *step,
                        const struct apply_slots *slots)
{
        static const char *const built_in[] = { "phone",    "chat",    "web", "self_service",
                                                "email",    "social",  "sms", "visit",
                                                "callback", "outbound" };

        for (uint32_t i = 0; i < slots->count; i++) {
                const struct apply_word *word = &slots->item[i].channel;
                bool is_built_in = false;

                for (size_t j = 0; j < sizeof(built_in) / sizeof(built_in[0]); j++)
                        is_built_in |= strcmp(word->at, built_in[j]) == 0;
                if (!is_built_in)
                        check(references, step, APPLY_CHANNEL, word);
        }
}

static void check_step(struct references *references, const struct apply_step *step)
{
        union apply_target target;

        apply_step_read(references->apply, step, &target);
        if (step->kind == APPLY_PROFILE) {
                check_slots(references, step, &target.profile.slots);
                check_levels(references, step, target.profile.levels.item,
                             target.profile.levels.count);
        } else if (step->kind == APPLY_TEAM) {
                check(references, step, APPLY_PROFILE, &target.team.profile);
                for (uint32_t i = 0; i < target.team.supervisors.count; i++)
                        check(references, step, APPLY_AGENT, &target.team.supervisors.item[i]);
        } else if (step->kind == APPLY_QUEUE) {
                check_levels(references, step, target.queue.requirement.item,
                             target.queue.requirement.count);
        } else if (step->kind == APPLY_AGENT) {
                check(references, step, APPLY_TEAM, &target.agent.team);
                check(references, step, APPLY_PROFILE, &target.agent.profile);
                check_slots(references, step, &target.agent.slots);
                check_levels(references, step, target.agent.levels.item, target.agent.levels.count);
                for (uint32_t i = 0; i < target.agent.tiers.count; i++)
                        check(references, step, APPLY_QUEUE, &target.agent.tiers.item[i].queue);
        }
}

static void check_duplicates(struct references *references)
{
        for (uint32_t i = 1; i < references->described_count; i++) {
                const struct apply_step *a = references->described[i - 1];
                const struct apply_step *b = references->described[i];

                if (compare_steps(&a, &b) == 0)
                        apply_report_error(references->apply->report,
                                           a->order < b->order ? b->name.place : a->name.place,
                                           "%s `%.*s` is in this list twice",
                                           apply_kind_text((enum apply_kind)a->kind),
                                           (int)a->name.size, a->name.at);
        }
}

static void check_removal(struct references *references, const struct apply_step *step)
{
        struct apply_step wanted = *step;
        const struct apply_step *found;

        if (step->kind == APPLY_TENANT) {
                /* Tenants are removed from the top level and described as themselves. */
                for (uint32_t i = 0; i < references->apply->tenant_count; i++)
                        if (compare_words(&references->apply->tenants[i], &step->name) == 0)
                                wanted.tenant_index = i;
        }
        found = find(references, &wanted);
        if (found != NULL && !found->is_if_missing)
                apply_report_error(references->apply->report, step->name.place,
                                   "%s `%.*s` is described in line %u and removed here",
                                   apply_kind_text((enum apply_kind)step->kind),
                                   (int)step->name.size, step->name.at, found->name.place.line);
}

void apply_check_references(struct apply *apply)
{
        struct references references = { .apply = apply };

        references.described = calloc(apply->step_count + 1, sizeof(*references.described));
        if (references.described == NULL) {
                apply_report_error(apply->report, (struct apply_place){ 0 }, "out of memory");
                return;
        }
        for (uint32_t i = 0; i < apply->step_count; i++)
                if (apply->steps[i].stage < APPLY_STAGE_SUPERVISORS)
                        references.described[references.described_count++] = &apply->steps[i];
        qsort(references.described, references.described_count, sizeof(*references.described),
              compare_steps);

        check_duplicates(&references);
        for (uint32_t i = 0; i < apply->step_count; i++) {
                if (apply->steps[i].stage < APPLY_STAGE_SUPERVISORS)
                        check_step(&references, &apply->steps[i]);
                else
                        check_removal(&references, &apply->steps[i]);
        }
        free(references.described);
}

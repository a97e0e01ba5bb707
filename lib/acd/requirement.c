/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requirements: terms of skills, with ids outside and indexes inside.
 *
 * A requirement is a set (D3): sorted by group and skill, two that mean the same
 * are equal. A term is named by its group and skill together, which the form has
 * made sure to be different for all.
 */

#include "acd/parts.h"

static bool term_is_before(const struct acd_term *left, const struct acd_term *right)
{
        if (left->group != right->group)
                return left->group < right->group;
        return left->skill.value < right->skill.value;
}

/* At most eight: insertion. */
void acd_requirement_sort(struct acd_requirement *requirement)
{
        for (uint32_t i = 1; i < requirement->term_count; i++) {
                struct acd_term moving = requirement->term[i];
                uint32_t at = i;

                for (; at > 0 && term_is_before(&moving, &requirement->term[at - 1]); at--)
                        requirement->term[at] = requirement->term[at - 1];
                requirement->term[at] = moving;
        }
}

/* The same for a requirement that has terms. */
__attribute__((noinline)) static bool sorted_terms_of(const struct acd *acd, uint32_t tenant,
                                                      const struct acd_requirement *requirement,
                                                      struct acd_terms *ret_terms)
{
        struct acd_requirement sorted = *requirement;

        acd_requirement_sort(&sorted);
        *ret_terms = (struct acd_terms){ .count = sorted.term_count };
        for (uint32_t i = 0; i < sorted.term_count; i++) {
                uint32_t skill =
                        acd_index_in(acd, tenant, ACD_OBJECT_SKILL, sorted.term[i].skill.value);

                if (skill == 0)
                        return false;
                ret_terms->term[i].skill = skill;
                ret_terms->term[i].level_min = sorted.term[i].level_min;
                ret_terms->term[i].group = sorted.term[i].group;
        }
        return true;
}

/* The terms with indexes of skills of @tenant. False: a skill is not there. */
bool acd_terms_of(const struct acd *acd, uint32_t tenant, const struct acd_requirement *requirement,
                  struct acd_terms *ret_terms)
{
        ret_terms->count = 0;
        return requirement->term_count == 0 || sorted_terms_of(acd, tenant, requirement, ret_terms);
}

void acd_requirement_of(const struct acd *acd, const struct acd_terms *terms,
                        struct acd_requirement *ret_requirement)
{
        *ret_requirement = (struct acd_requirement){ .term_count = terms->count };
        for (uint32_t i = 0; i < terms->count; i++) {
                ret_requirement->term[i].skill.value =
                        acd_id_of(acd, &acd->skills, terms->term[i].skill);
                ret_requirement->term[i].level_min = terms->term[i].level_min;
                ret_requirement->term[i].group = terms->term[i].group;
        }
}

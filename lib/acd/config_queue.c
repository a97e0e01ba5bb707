/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues: where contacts wait, and the rules of the wait.
 *
 * A change of the requirement concerns who serves the queue's classes: its idle
 * classes are dropped, those in use are recomputed on the agenda. Other tier waits
 * may open tiers to contacts that wait: those are matched again. All other fields
 * are read when they are needed.
 */

#include "acd/parts.h"

#include <string.h>

static void references(struct acd *acd, const struct acd_terms *terms, bool is_added)
{
        for (uint32_t i = 0; i < terms->count; i++) {
                struct acd_skill *skill = &acd->skill[terms->term[i].skill];

                if (is_added)
                        skill->reference_count++;
                else
                        skill->reference_count--;
        }
}

static uint32_t make(struct acd *acd, uint32_t tenant, const char *name)
{
        uint32_t index = acd_slab_take_used(&acd->queues);
        struct acd_queue *queue = &acd->queue[index];
        struct acd_slot slot = { queue->generation, queue->link };

        memset(queue, 0, sizeof(*queue));
        queue->generation = slot.generation;
        queue->link = slot.link;
        queue->tenant = tenant;
        acd_text_set(queue->name, sizeof(queue->name), name);
        for (uint32_t state = ACD_CONTACT_WITHHELD; state <= ACD_CONTACT_ENDED; state++)
                acd_icrowd_init(&queue->contacts[state],
                                acd_tag(LIST_WITHHELD + state - ACD_CONTACT_WITHHELD, index));
        acd_ilist_init(&queue->used_classes, acd_tag(LIST_USED, index));
        acd_ilist_init(&queue->idle_classes, acd_tag(LIST_IDLE, index));
        acd_ilist_init(&queue->rematch, acd_tag(LIST_REMATCH_QUEUE, index));
        acd->tenant[tenant].object_count[ACD_OBJECT_QUEUE]++;
        acd_name_add(acd, ACD_OBJECT_QUEUE, index);
        return index;
}

enum {
        CHANGED_REQUIREMENT = 1 << 1,
        CHANGED_TIER_WAIT = 1 << 9,
};

static uint32_t changes(const struct acd_queue *queue, const struct acd_terms *terms,
                        const struct acd_queue_config *to)
{
        const struct acd_queue_config *from = &queue->config;
        uint32_t changed = 0;

        if (!acd_terms_equal(&queue->terms, terms))
                changed |= CHANGED_REQUIREMENT;
        changed |= (uint32_t)(from->band != to->band) << 2;
        changed |= (uint32_t)(from->auto_accept != to->auto_accept) << 3;
        changed |= (uint32_t)(from->missed_max != to->missed_max) << 4;
        changed |= (uint32_t)(from->on_agent_lost != to->on_agent_lost) << 5;
        changed |= (uint32_t)(from->offer_timeout_ms != to->offer_timeout_ms) << 6;
        changed |= (uint32_t)(from->wrap_up_ms != to->wrap_up_ms) << 7;
        changed |= (uint32_t)(from->cool_down_ms != to->cool_down_ms) << 8;
        if (memcmp(from->tier_wait_ms, to->tier_wait_ms, sizeof(to->tier_wait_ms)) != 0)
                changed |= CHANGED_TIER_WAIT;
        changed |= (uint32_t)(from->length_max != to->length_max) << 10;
        return changed;
}

/* The parts of the config that are kept as they are. */
static void set(struct acd_queue *queue, const struct acd_queue_config *to)
{
        struct acd_queue_config *config = &queue->config;

        config->band = to->band;
        config->auto_accept = to->auto_accept;
        config->missed_max = to->missed_max;
        config->on_agent_lost = to->on_agent_lost;
        config->offer_timeout_ms = to->offer_timeout_ms;
        config->wrap_up_ms = to->wrap_up_ms;
        config->cool_down_ms = to->cool_down_ms;
        memcpy(config->tier_wait_ms, to->tier_wait_ms, sizeof(to->tier_wait_ms));
        config->length_max = to->length_max;
}

static void set_terms(struct acd *acd, uint32_t index, const struct acd_terms *terms)
{
        references(acd, terms, true);
        references(acd, &acd->queue[index].terms, false);
        acd->queue[index].terms = *terms;
}

static void follow(struct acd *acd, uint32_t index, uint32_t changed)
{
        if ((changed & CHANGED_REQUIREMENT) != 0) {
                while (acd->queue[index].idle_classes.first != 0)
                        acd_class_drop(acd, acd->queue[index].idle_classes.first);
                acd_job_add(acd, JOB_QUEUE, index);
        }
        if ((changed & CHANGED_TIER_WAIT) != 0)
                acd_rematch_for_queue(acd, index);
}

enum acd_result acd_do_queue_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_queue_config *to = &command->queue;
        uint32_t tenant = acd->step_tenant;
        struct acd_terms terms;
        uint32_t changed = ACD_CONFIG_NEW;
        uint32_t index;

        if (!acd_form_queue(acd, to))
                return acd->reply->result;
        if (!acd_terms_of(acd, tenant, &to->requirement, &terms))
                return acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_SKILL);
        index = acd_config_find(acd, ACD_OBJECT_QUEUE, tenant, to->name);
        if (index == 0) {
                if (!acd_config_has_room(acd, &acd->queues, acd->limits.queue_count_max,
                                         ACD_FIELD_QUEUE))
                        return acd->reply->result;
                index = make(acd, tenant, to->name);
        } else {
                changed = changes(&acd->queue[index], &terms, to);
                if (changed == 0)
                        return acd_config_same(acd, ACD_OBJECT_QUEUE, index);
                if ((changed & (CHANGED_REQUIREMENT | CHANGED_TIER_WAIT)) != 0 &&
                    !acd_config_has_agenda(acd))
                        return acd->reply->result;
        }
        set_terms(acd, index, &terms);
        set(&acd->queue[index], to);
        if (changed != ACD_CONFIG_NEW)
                follow(acd, index, changed);
        return acd_config_done(acd, tenant, ACD_OBJECT_QUEUE, index, changed);
}

/* No contact is open in it and no agent's tiers name it. */
void acd_queue_free(struct acd *acd, uint32_t index)
{
        struct acd_queue *queue = &acd->queue[index];

        while (queue->idle_classes.first != 0)
                acd_class_drop(acd, queue->idle_classes.first);
        acd_job_remove(acd, JOB_QUEUE, index);
        acd_job_remove(acd, JOB_QUEUE_REMATCH, index);
        references(acd, &queue->terms, false);
        acd->tenant[queue->tenant].object_count[ACD_OBJECT_QUEUE]--;
        acd_name_remove(acd, ACD_OBJECT_QUEUE, index);
        acd_slab_give_used(&acd->queues, index);
}

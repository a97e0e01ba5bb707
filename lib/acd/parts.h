/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * parts.h - what the files of the core know of each other. Only lib/acd may
 * include it. Each function is explained where it is defined.
 *
 * Functions take indexes of live objects; 0 is none. They assert, and do not
 * check, what their callers have to know.
 */

#include <string.h>

#include "acd/core.h"
#include "acd/slab.h"
#include "base/assert.h"
#include "base/bytes.h"

/* What reply.changed says of a new object. */
#define ACD_CONFIG_NEW (UINT32_C(1) << 31)

/* What a class is made of. */
struct acd_class_want {
        uint32_t queue;
        uint32_t channel;
        uint32_t excluded;
        const struct acd_terms *terms; /* of a class, or of the step */
};

struct acd_class_survey {
        uint32_t member_count;
        uint32_t full_agent; /* one who would get too many classes in use, or 0 */
};

/* A walk through the waiting contacts of a class, in order. */
struct acd_class_walk {
        uint32_t class;
        acd_time latest;
        uint32_t band_bits; /* bands not entered yet */
        uint32_t band;
        uint32_t lane_count;
        uint32_t lane[ACD_CREDIT_LEVEL_COUNT]; /* next contact of each lane */
        uint32_t tree;                         /* next contact of the tree */
};

struct acd_ability_lists {
        const struct acd_channel_slots *channel;
        const struct acd_skill_level *skill;
        uint32_t channel_count;
        uint32_t skill_count;
};

static inline int64_t acd_credited_of(const struct acd_contact *contact)
{
        return (int64_t)contact->submitted - (int64_t)(contact->credit_ms * CORE_NS_PER_MS);
}

/* Does @left come before @right? Never both, for two contacts of one tenant. */
static inline bool acd_contact_is_before(const struct acd *acd, uint32_t left, uint32_t right)
{
        const struct acd_contact *a = &acd->contact[left];
        const struct acd_contact *b = &acd->contact[right];
        int64_t a_credited = acd_credited_of(a);
        int64_t b_credited = acd_credited_of(b);

        if (a->band != b->band)
                return a->band > b->band;
        if (a_credited != b_credited)
                return a_credited < b_credited;
        return a->sequence < b->sequence;
}

/* The contact as a class's head. */
static inline struct acd_class_head acd_head_of(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];

        return (struct acd_class_head){
                .credited = acd_credited_of(contact),
                .sequence = contact->sequence,
                .contact = index,
                .band = contact->band,
        };
}

/* Does @left come before @right? Both are there. Inline: an agent who becomes ready
 * asks once for each of his classes. */
static inline bool acd_head_is_before(const struct acd_class_head *left,
                                      const struct acd_class_head *right)
{
        if (left->band != right->band)
                return left->band > right->band;
        if (left->credited != right->credited)
                return left->credited < right->credited;
        return left->sequence < right->sequence;
}

/* Its gateway is gone: it must not be offered. */
static inline bool acd_contact_is_orphan(const struct acd *acd, uint32_t index)
{
        uint32_t gateway = acd->contact[index].gateway;

        return gateway != 0 && acd->gateway[gateway].state == ACD_GATEWAY_GONE;
}

/* slab.c */
void acd_slab_init(struct acd_slab *slab, void *base, size_t stride, uint32_t capacity);
uint32_t acd_slab_take(struct acd_slab *slab);
bool acd_slab_can_rise(const struct acd_slab *slab, uint64_t rise);
void acd_slab_rise(struct acd_slab *slab, uint64_t rise);
void acd_slab_give(struct acd_slab *slab, uint32_t index);
uint32_t acd_slab_take_used(struct acd_slab *slab);
void acd_slab_give_used(struct acd_slab *slab, uint32_t index);
uint32_t acd_slab_quarantine(uint32_t limit);

/* layout.c */
uint32_t acd_assignment_count_max(const struct acd_limits *limits);
bool acd_limits_are_in_range(const struct acd_limits *limits);
bool acd_limits_are_within(const struct acd_limits *left, const struct acd_limits *right);
void acd_limits_set(struct acd *acd, const struct acd_limits *limits);

/* lookup.c */
const struct acd_slab *acd_slab_of(const struct acd *acd, enum acd_object object);
uint32_t acd_tenant_of(const struct acd *acd, enum acd_object object, uint32_t index);
uint32_t acd_index_of(const struct acd *acd, enum acd_object object, uint64_t id);
uint32_t acd_index_in(const struct acd *acd, uint32_t tenant, enum acd_object object, uint64_t id);
uint32_t acd_ghost_of(const struct acd *acd, enum acd_object object, uint64_t id);
bool acd_was_there(const struct acd *acd, enum acd_object object, uint64_t id);
enum acd_result acd_look_up(const struct acd *acd, uint32_t tenant, enum acd_object object,
                            uint64_t id, uint32_t *ret_index);

/* event.c */
static inline bool acd_has_room(const struct acd *acd, uint32_t event_count)
{
        return acd->effects->count + event_count <= ACD_EFFECT_MAX;
}

struct acd_event *acd_emit(struct acd *acd, uint32_t tenant, enum acd_event_kind kind);
struct acd_event *acd_emit_contact(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason);
struct acd_event *acd_emit_agent(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                 enum acd_reason reason);
struct acd_event *acd_emit_gateway(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason);
struct acd_event *acd_emit_config(struct acd *acd, uint32_t tenant, enum acd_event_kind kind,
                                  enum acd_object object, uint64_t id);
void acd_text_copy(char *to, size_t size, const char *from);

/* A label or name in a fixed array, the rest of it zero so that it can be compared
 * and hashed as a whole. Most are empty. */
static inline void acd_text_set(char *to, size_t size, const char *from)
{
        if (from[0] == 0)
                memset(to, 0, size);
        else
                acd_text_copy(to, size, from);
}

bool acd_text_equal(const char *left, const char *right);
uint32_t acd_text_size(const char *text);

/* names.c */
/* The bytes before the zero of a name, eight at a time: a zero byte is one that borrows when one
 * is taken from each, and had no top bit of its own. */
static inline uint32_t acd_name_size(const char name[ACD_NAME_MAX + 1])
{
        for (uint32_t size = 0; size < ACD_NAME_MAX + 1; size += 8) {
                uint64_t word = acd_get_u64((const uint8_t *)name + size);
                uint64_t zeros = (word - 0x0101010101010101) & ~word & 0x8080808080808080;

                if (zeros != 0)
                        return size + (uint32_t)__builtin_ctzll(zeros) / 8;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a name ends");
}

_Static_assert((ACD_NAME_MAX + 1) % 8 == 0, "a name is whole words");
const char *acd_name_of(const struct acd *acd, enum acd_object object, uint32_t index);
uint32_t acd_name_find(const struct acd *acd, enum acd_object object, uint32_t tenant,
                       struct acd_text name);
void acd_name_add(struct acd *acd, enum acd_object object, uint32_t index);
bool acd_name_restore(struct acd *acd, enum acd_object object, uint32_t index);
void acd_name_remove(struct acd *acd, enum acd_object object, uint32_t index);

/* payload.c */
static inline uint32_t acd_payload_cell_count(uint32_t size)
{
        return (size + CORE_CELL_SIZE - 1) / CORE_CELL_SIZE;
}

/* Would @cell_count more fit, when @freed_count were free as well? */
static inline bool acd_payload_fits(const struct acd *acd, uint32_t cell_count,
                                    uint32_t freed_count)
{
        uint64_t used = (uint64_t)acd->payload.used + cell_count;

        return used <= (uint64_t)acd->limits.payload_cell_count_max + freed_count;
}

uint32_t acd_payload_put(struct acd *acd, struct acd_bytes bytes);
void acd_payload_free(struct acd *acd, uint32_t payload);
void acd_payload_bury(struct acd *acd, uint32_t payload);
void acd_payload_dig(struct acd *acd);
uint32_t acd_payload_size(const struct acd *acd, uint32_t payload);
uint32_t acd_payload_get(const struct acd *acd, uint32_t payload, uint8_t *bytes,
                         uint32_t size_max);
bool acd_payload_equal(const struct acd *acd, uint32_t payload, struct acd_bytes bytes);

/* requirement.c */
void acd_requirement_sort(struct acd_requirement *requirement);
bool acd_terms_of(const struct acd *acd, uint32_t tenant, const struct acd_requirement *requirement,
                  struct acd_terms *ret_terms);
void acd_requirement_of(const struct acd *acd, const struct acd_terms *terms,
                        struct acd_requirement *ret_requirement);

/* form.c */
bool acd_form_name(struct acd *acd, const char *name);
bool acd_form_start(struct acd *acd, const struct acd_start *start);
bool acd_form_tenant(struct acd *acd, const struct acd_tenant_config *config);
bool acd_form_channel(struct acd *acd, const struct acd_channel_config *config);
bool acd_form_queue(struct acd *acd, const struct acd_queue_config *config);
bool acd_form_team(struct acd *acd, const struct acd_team_config *config);
bool acd_form_profile(struct acd *acd, const struct acd_profile_config *config);
bool acd_form_agent(struct acd *acd, const struct acd_agent_config *config);
bool acd_form_submit(struct acd *acd, const struct acd_submit *submit);
bool acd_form_cancel(struct acd *acd, const struct acd_cancel *cancel);
bool acd_form_update(struct acd *acd, const struct acd_update *update);
bool acd_form_report(struct acd *acd, const struct acd_report *report);
bool acd_form_login(struct acd *acd, const struct acd_agent_login *login);
bool acd_form_agent_ref(struct acd *acd, const struct acd_agent_ref *ref);
bool acd_form_next(struct acd *acd, const struct acd_agent_next *next);
bool acd_form_assignment(struct acd *acd, const struct acd_command *command);

/* core.c */
enum acd_result acd_refuse(struct acd *acd, enum acd_result result, enum acd_field field);
enum acd_result acd_refuse_limit(struct acd *acd, enum acd_result result, enum acd_field field,
                                 uint64_t limit);
enum acd_result acd_refuse_state(struct acd *acd, enum acd_field field, uint8_t state);
enum acd_result acd_duplicate(struct acd *acd, uint64_t id, uint8_t state);

static inline enum acd_result acd_done(struct acd *acd, uint64_t id, uint8_t state)
{
        struct acd_reply *reply = acd->reply;

        reply->id = id;
        reply->state = state;
        reply->result = ACD_OK;
        return ACD_OK;
}

/* start.c */
enum acd_result acd_do_start(struct acd *acd, const struct acd_command *command);
bool acd_start_work(struct acd *acd, struct acd_job *job, uint32_t index);

/* submit.c */
enum acd_result acd_do_submit(struct acd *acd, const struct acd_command *command);

/* update.c */
uint32_t acd_open_contact(struct acd *acd, uint32_t tenant, uint64_t id);
enum acd_reason acd_end_reason(const struct acd *acd, uint32_t contact, enum acd_reason reason);
enum acd_result acd_do_cancel(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_update(struct acd *acd, const struct acd_command *command);

/* report.c */
enum acd_result acd_do_report(struct acd *acd, const struct acd_command *command);

/* key.c */
uint32_t acd_key_find(const struct acd *acd, uint64_t tenant, struct acd_bytes bytes,
                      uint32_t *ret_hash);
void acd_key_prefetch(const struct acd *acd, uint64_t tenant, struct acd_bytes bytes);
enum acd_field acd_key_difference(const struct acd *acd, uint32_t key,
                                  const struct acd_submit *submit);
bool acd_key_restore(struct acd *acd, uint32_t key);
uint32_t acd_key_cells_freed(const struct acd *acd);
bool acd_key_has_room(const struct acd *acd);
void acd_key_make_room(struct acd *acd);
void acd_key_add(struct acd *acd, uint32_t contact, const struct acd_submit *submit, uint32_t hash);
void acd_key_close(struct acd *acd, uint32_t key, uint32_t tenant);
void acd_key_forget(struct acd *acd, uint32_t key);

/* lane.c */
struct acd_itree_space acd_tree_space(const struct acd *acd);

static inline bool acd_contact_is_displaced(const struct acd *acd, uint32_t index)
{
        return acd->contact[index].link.list == acd_tag(LIST_TREE, acd->contact[index].class);
}

void acd_class_head_update(struct acd *acd, uint32_t class_index);
void acd_lane_insert(struct acd *acd, uint32_t index);
void acd_lane_remove(struct acd *acd, uint32_t index);
void acd_walk_begin(const struct acd *acd, struct acd_class_walk *walk, uint32_t class_index,
                    acd_time latest);
uint32_t acd_walk_next(const struct acd *acd, struct acd_class_walk *walk);
acd_time acd_class_next_entry(const struct acd *acd, uint32_t class_index, acd_time after);

/* pool.c */
static inline bool acd_agent_is_idle(const struct acd *acd, uint32_t agent)
{
        return acd->agent[agent].idle_link.list != 0;
}

void acd_pool_join(struct acd *acd, uint32_t index);
void acd_pool_leave(struct acd *acd, uint32_t index);
void acd_idle_enter(struct acd *acd, uint32_t index);
void acd_idle_leave(struct acd *acd, uint32_t index);
bool acd_tier_is_open(const struct acd *acd, uint32_t class_index, uint32_t tier, acd_time now,
                      acd_time *ret_latest);
void acd_tier_timer_arm_from(struct acd *acd, uint32_t class_index, acd_time now);

static inline void acd_tier_timer_arm(struct acd *acd, uint32_t class_index)
{
        /* Nearly always: nobody waits in a tier that could be closed. */
        if ((acd->class[class_index].pool_bits & ~1u) != 0)
                acd_tier_timer_arm_from(acd, class_index, acd->step_now);
}

/* pair.c */
bool acd_pair_is_chained(const struct acd *acd, uint32_t contact, uint32_t agent);

/* May @agent not be offered @contact for now? Hardly anybody has pairs. */
static inline bool acd_pair_stands(const struct acd *acd, uint32_t contact, uint32_t agent)
{
        return acd->agent[agent].pair_count != 0 && acd->contact[contact].pair_count != 0 &&
               acd_pair_is_chained(acd, contact, agent);
}

bool acd_pair_add(struct acd *acd, uint32_t contact, uint32_t agent, enum acd_reason reason);
void acd_pairs_drop_of_contact(struct acd *acd, uint32_t contact);
void acd_pairs_drop_of_agent(struct acd *acd, uint32_t agent);
void acd_pair_expired(struct acd *acd, uint32_t index);

/* match.c */
uint32_t acd_find_agent(const struct acd *acd, uint32_t index);
void acd_match_contact(struct acd *acd, uint32_t contact);
void acd_match_agent(struct acd *acd, uint32_t agent);
uint32_t acd_class_placeable(const struct acd *acd, uint32_t class_index);
void acd_tier_opened(struct acd *acd, uint32_t class_index);

/* contact.c */
bool acd_contact_is_live(const struct acd *acd, uint32_t index);
void acd_contact_join_gateway(struct acd *acd, uint32_t index);
void acd_gateway_gone_contact(struct acd *acd, uint32_t contact);
bool acd_contact_wait(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_contact_free(struct acd *acd, uint32_t index);
void acd_contact_close(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label);
void acd_contact_close_without_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason);

/* Time in contact state ACTIVE, over all its assignments, up to now. */
static inline void acd_contact_stop_active(struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];

        if (contact->state == ACD_CONTACT_ACTIVE)
                acd->contact_cold[index].active_ns +=
                        acd->step_now - acd->assignment[contact->assignment].connected;
}

/* assignment.c */
void acd_assignment_connect(struct acd *acd, uint32_t index);
void acd_assignment_accept(struct acd *acd, uint32_t index);
void acd_offer(struct acd *acd, uint32_t contact_index, uint32_t agent_index, uint32_t tier);
void acd_offer_end(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label);
void acd_assignment_close(struct acd *acd, uint32_t index, enum acd_reason reason);
bool acd_assignment_has_wrap_up(const struct acd *acd, uint32_t index);
void acd_assignment_begin_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_assignment_end_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_assignment_extend_wrap_up(struct acd *acd, uint32_t index, uint32_t extend_ms);
void acd_assignment_hold(struct acd *acd, uint32_t index);
void acd_assignment_unhold(struct acd *acd, uint32_t index);
void acd_assignment_park(struct acd *acd, uint32_t index);
void acd_assignment_unpark(struct acd *acd, uint32_t index);
uint32_t acd_offer_return(struct acd *acd, uint32_t index, enum acd_reason reason,
                          const char *label, bool *ret_pairs_full);
void acd_offer_fail(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label);
void acd_assignment_deadline(struct acd *acd, uint32_t index);

/* assignment_do.c */
enum acd_result acd_do_assignment(struct acd *acd, const struct acd_command *command);

/* agent.c */

/* Is he available: would he take a contact now? */
static inline bool acd_agent_is_available(const struct acd *acd, uint32_t index)
{
        return acd->agent[index].presence == ACD_PRESENCE_READY && acd->agent[index].busy == 0;
}

void acd_agent_set_next(struct acd *acd, uint32_t index, enum acd_presence next, const char *label);
void acd_agent_go_ready(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_agent_go_paused(struct acd *acd, uint32_t index, enum acd_reason reason,
                         const char *label);
void acd_agent_go_logged_out(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_agent_go_lost(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_agent_go_back(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_agent_go_logged_in(struct acd *acd, uint32_t index);
void acd_agent_pause(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label);
void acd_agent_missed(struct acd *acd, uint32_t index, uint32_t missed_max);
bool acd_agent_is_paused_as(const struct acd *acd, uint32_t index, const char *label);
void acd_agent_settle(struct acd *acd, uint32_t index);
uint32_t acd_agent_return_offer(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_match_if_waiting(struct acd *acd, uint32_t contact);
void acd_agent_rematch_tiers(struct acd *acd, uint32_t index);

/* agent_do.c */
void acd_agent_drop_addresses(struct acd *acd, uint32_t index);
enum acd_result acd_do_agent_login(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_logout(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_ready(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_pause(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_next(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_lost(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_agent_back(struct acd *acd, const struct acd_command *command);

/* agent_grace.c */
void acd_agent_grace_ended(struct acd *acd, uint32_t index);

/* gateway.c */
void acd_gateway_go_lost(struct acd *acd, uint32_t index, enum acd_reason reason);
void acd_gateway_grace_ended(struct acd *acd, uint32_t index);
bool acd_gateway_work(struct acd *acd, struct acd_job *job, uint32_t index);
bool acd_gateway_release_work(struct acd *acd, struct acd_job *job, uint32_t index);
void acd_gateway_forget(struct acd *acd, uint32_t index);
enum acd_result acd_do_gateway_open(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_gateway_lost(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_gateway_resume(struct acd *acd, const struct acd_command *command);

/* member.c */
uint32_t acd_agent_profile(const struct acd *acd, uint32_t agent);
void acd_brief_update(struct acd *acd, uint32_t agent);
void acd_brief_clear(struct acd *acd, uint32_t agent);
void acd_want_of(const struct acd *acd, const struct acd_class_want *want,
                 struct acd_agent_brief *ret_brief);
bool acd_agent_satisfies(const struct acd *acd, uint32_t agent, const struct acd_terms *terms);
bool acd_is_eligible(const struct acd *acd, uint32_t agent, const struct acd_class_want *want,
                     const struct acd_agent_brief *brief);
bool acd_setup_is_eligible(const struct acd *acd, uint32_t tenant,
                           const struct acd_agent_setup *setup, const struct acd_class_want *want,
                           const struct acd_agent_brief *wanted);
uint32_t acd_agent_tier(const struct acd *acd, uint32_t agent, uint32_t queue);
uint32_t acd_member_find(const struct acd *acd, uint32_t agent, uint32_t class);
void acd_member_count_login(struct acd *acd, uint32_t index, bool is_login);
void acd_member_add(struct acd *acd, uint32_t agent, uint32_t class_index);
void acd_member_remove(struct acd *acd, uint32_t index);
void acd_member_set_tier(struct acd *acd, uint32_t index, uint32_t tier);
uint32_t acd_agent_used_class_count(const struct acd *acd, uint32_t agent);

/* class.c */
bool acd_terms_equal(const struct acd_terms *left, const struct acd_terms *right);
uint32_t acd_class_find(struct acd *acd, const struct acd_class_want *want);
struct acd_class_want acd_class_want_of(const struct acd *acd, uint32_t index);
void acd_class_survey(const struct acd *acd, const struct acd_class_want *want,
                      struct acd_class_survey *ret_survey);
void acd_class_index(struct acd *acd, uint32_t index);
bool acd_class_restore(struct acd *acd, uint32_t index);
uint32_t acd_class_make(struct acd *acd, const struct acd_class_want *want, uint32_t member_count);
void acd_class_begin(struct acd *acd, uint32_t index);
void acd_class_end(struct acd *acd, uint32_t index);

static inline void acd_class_gain_contact(struct acd *acd, uint32_t index)
{
        if (acd->class[index].contact_count++ == 0)
                acd_class_begin(acd, index);
}

static inline void acd_class_lose_contact(struct acd *acd, uint32_t index)
{
        ACD_ASSERT(acd->class[index].contact_count > 0);
        if (--acd->class[index].contact_count == 0)
                acd_class_end(acd, index);
}

void acd_class_drop(struct acd *acd, uint32_t index);
void acd_class_admit(struct acd *acd, uint32_t agent, uint32_t class_index);

/* class_fill.c */
void acd_class_fill(struct acd *acd, uint32_t index);
bool acd_class_fill_work(struct acd *acd, struct acd_job *job, uint32_t index);

/* recompute.c */
bool acd_agent_work(struct acd *acd, struct acd_job *job, uint32_t agent);
bool acd_profile_work(struct acd *acd, struct acd_job *job, uint32_t profile);
bool acd_team_work(struct acd *acd, struct acd_job *job, uint32_t team);
bool acd_queue_work(struct acd *acd, struct acd_job *job, uint32_t queue);

/* rematch.c */
void acd_rematch_for_agent(struct acd *acd, uint32_t agent, uint32_t class);
void acd_rematch_for_queue(struct acd *acd, uint32_t queue);
void acd_rematch_forget(struct acd *acd, uint32_t class);
void acd_rematch_hand_over(struct acd *acd, uint32_t agent);
bool acd_agent_rematch_work(struct acd *acd, struct acd_job *job, uint32_t agent);
bool acd_queue_rematch_work(struct acd *acd, struct acd_job *job, uint32_t queue);
bool acd_class_rematch_work(struct acd *acd, struct acd_job *job, uint32_t class);

/* agenda.c */
uint32_t acd_job_number(const struct acd *acd, enum core_job_kind kind, uint32_t index);
enum core_job_kind acd_job_kind(const struct acd *acd, uint32_t number, uint32_t *ret_index);
bool acd_job_is_pending(const struct acd *acd, enum core_job_kind kind, uint32_t index);
void acd_job_add(struct acd *acd, enum core_job_kind kind, uint32_t index);
void acd_job_remove(struct acd *acd, enum core_job_kind kind, uint32_t index);
void acd_job_step_over(struct acd *acd, enum core_job_kind kind, uint32_t index, uint32_t at,
                       uint32_t next);
enum acd_result acd_do_work(struct acd *acd, const struct acd_command *command);

/* timer.c */

static inline uint32_t acd_timer_number(const struct acd *acd, enum core_timer_kind kind,
                                        uint32_t index)
{
        ACD_ASSERT(index != 0);
        return acd->timer_base[kind] + index;
}

enum core_timer_kind acd_timer_kind(const struct acd *acd, uint32_t number, uint32_t *ret_index);
void acd_timer_set(struct acd *acd, enum core_timer_kind kind, uint32_t index, acd_time deadline);
void acd_timer_set_earlier(struct acd *acd, enum core_timer_kind kind, uint32_t index,
                           acd_time deadline);

/* The first tick at or after @deadline. */
static inline uint64_t acd_tick_of(acd_time deadline)
{
        return (deadline >> CORE_TICK_BITS) +
               ((deadline & ((UINT64_C(1) << CORE_TICK_BITS) - 1)) != 0);
}

/* Set one that is not set. */
static inline void acd_timer_begin(struct acd *acd, enum core_timer_kind kind, uint32_t index,
                                   acd_time deadline)
{
        acd_wheel_set(&acd->wheel, acd_timer_number(acd, kind, index), acd_tick_of(deadline));
}

static inline void acd_timer_prefetch(const struct acd *acd, enum core_timer_kind kind,
                                      uint32_t index)
{
        __builtin_prefetch(&acd->wheel.timers[acd->timer_base[kind] + index], 1);
}

static inline void acd_timer_stop(struct acd *acd, enum core_timer_kind kind, uint32_t index)
{
        uint32_t number = acd_timer_number(acd, kind, index);

        if (acd_wheel_is_set(&acd->wheel, number))
                acd_wheel_stop(&acd->wheel, number);
}

enum acd_result acd_do_time(struct acd *acd, const struct acd_command *command);

/* config.c */
uint32_t acd_config_find(const struct acd *acd, enum acd_object object, uint32_t tenant,
                         const char *name);
bool acd_config_has_room(struct acd *acd, const struct acd_slab *slab, uint32_t max,
                         enum acd_field field);
bool acd_config_has_agenda(struct acd *acd);
enum acd_result acd_config_done(struct acd *acd, uint32_t tenant, enum acd_object object,
                                uint32_t index, uint32_t changed);
enum acd_result acd_config_same(struct acd *acd, enum acd_object object, uint32_t index);
bool acd_channel_is_built_in(const struct acd *acd, uint32_t channel);
enum acd_result acd_do_tenant_upsert(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_skill_upsert(struct acd *acd, const struct acd_command *command);
enum acd_result acd_do_channel_upsert(struct acd *acd, const struct acd_command *command);

/* config_queue.c */
enum acd_result acd_do_queue_upsert(struct acd *acd, const struct acd_command *command);
void acd_queue_free(struct acd *acd, uint32_t index);

/* config_people.c */
enum acd_field acd_abilities_of(const struct acd *acd, uint32_t tenant,
                                const struct acd_ability_lists *lists,
                                struct acd_abilities *ret_abilities);
bool acd_channels_equal(const struct acd_abilities *left, const struct acd_abilities *right);
bool acd_skills_equal(const struct acd_abilities *left, const struct acd_abilities *right);
void acd_abilities_refer(struct acd *acd, const struct acd_abilities *abilities, bool is_added);
enum acd_result acd_do_profile_upsert(struct acd *acd, const struct acd_command *command);
void acd_profile_free(struct acd *acd, uint32_t index);
enum acd_result acd_do_team_upsert(struct acd *acd, const struct acd_command *command);
void acd_team_free(struct acd *acd, uint32_t index);

/* config_agent.c */
enum acd_result acd_do_agent_upsert(struct acd *acd, const struct acd_command *command);
void acd_agent_free(struct acd *acd, uint32_t index);

/* config_remove.c */
enum acd_result acd_do_remove(struct acd *acd, const struct acd_command *command);

/* check.c */
const char *acd_verify(const struct acd *acd);

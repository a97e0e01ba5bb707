/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * model_state.h - the inside of the naive model. Only tests/support/model*.c may
 * include it.
 *
 * Every kind of object is an array; a free element has is_used false. "Slot order"
 * of the rules is order of id, since ids begin with the slot.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/model.h"

enum {
        MODEL_TENANT_MAX = 8,
        MODEL_SKILL_MAX = 64,
        MODEL_CHANNEL_MAX = 128,
        MODEL_QUEUE_MAX = 64,
        MODEL_TEAM_MAX = 32,
        MODEL_PROFILE_MAX = 32,
        MODEL_AGENT_MAX = 2048,
        MODEL_GATEWAY_MAX = 64,
        MODEL_CONTACT_MAX = 4096,
        MODEL_ASSIGNMENT_MAX = 4096,
        MODEL_CLASS_MAX = 256,
        MODEL_KEY_MAX = 4096,
        MODEL_PAIR_MAX = 8192,
        MODEL_TIMER_MAX = 16384,
        MODEL_JOB_MAX = 4096,
        MODEL_SLOT_MAX = 16384, /* slots of ids that are followed, each kind */
        MODEL_NONE = -1,
        MODEL_PAYLOAD_CELL_SIZE = 52, /* rule D7 */
        MODEL_RETRY_AFTER_MS = 1000,  /* rule D6 */
        MODEL_GONE_MET_MAX = 8,       /* rule D20 */
        MODEL_HISTORY_STEP = 1 << 20, /* rule H1 */
};

enum model_timer_kind {
        MODEL_TIMER_OFFER,
        MODEL_TIMER_CONNECTING,
        MODEL_TIMER_WRAP_UP,
        MODEL_TIMER_AGENT_GRACE,
        MODEL_TIMER_GATEWAY_GRACE,
        MODEL_TIMER_PAIR,
        MODEL_TIMER_KEY,
        MODEL_TIMER_TIER, /* not in the array of timers: computed from the contacts */
};

enum model_job_kind {
        MODEL_JOB_START,
        MODEL_JOB_RECOMPUTE,
        MODEL_JOB_GATEWAY_GONE,
        MODEL_JOB_GATEWAY_BACK,
        MODEL_JOB_RELEASE,
        MODEL_JOB_REMATCH,
        MODEL_JOB_AGENT_MATCH,
};

struct model_blob {
        uint32_t size;
        uint64_t hash;
};

/* First member of every object. */
struct model_head {
        bool is_used;
        uint32_t tenant; /* index */
        uint64_t id;
};

struct model_tenant {
        struct model_head head;
        struct acd_tenant_config config;
        uint64_t event_sequence;
        uint64_t submit_sequence;
};

struct model_skill {
        struct model_head head;
        struct acd_skill_config config;
};

struct model_channel {
        struct model_head head;
        struct acd_channel_config config;
};

struct model_queue {
        struct model_head head;
        struct acd_queue_config config;
        uint64_t submitted, answered, abandoned, closed;
};

struct model_team {
        struct model_head head;
        struct acd_team_config config;
};

struct model_profile {
        struct model_head head;
        struct acd_profile_config config;
};

struct model_address {
        uint64_t channel;
        struct model_blob blob;
};

struct model_agent {
        struct model_head head;
        struct acd_agent_config config;
        enum acd_presence presence;
        enum acd_presence before_lost;
        enum acd_presence next; /* 0 = none asked */
        char label[ACD_LABEL_MAX + 1];
        char next_label[ACD_LABEL_MAX + 1];
        acd_time since, login_at, grace_deadline;
        bool is_idle; /* in the pools */
        acd_time idle_since;
        uint64_t idle_order;
        uint32_t missed_count;
        uint64_t contact_count;
        uint32_t address_count;
        struct model_address address[ACD_AGENT_CHANNEL_MAX];
};

struct model_gateway {
        struct model_head head;
        char name[ACD_NAME_MAX + 1];
        enum acd_gateway_state state;
        acd_time deadline;
        uint64_t gone_order;
        uint64_t round; /* of RESUME; 0 = none so far */
        bool is_round_open;
        uint64_t round_sequence; /* submits of the tenant when it began */
};

struct model_contact {
        struct model_head head;
        enum acd_contact_state state;
        uint64_t queue, channel, gateway;
        int32_t class_index;
        int32_t assignment; /* index or MODEL_NONE */
        int32_t key;        /* index or MODEL_NONE */
        uint8_t band;
        uint32_t credit_ms;
        acd_time submitted;
        uint64_t sequence;
        uint32_t offer_count;
        bool was_active, has_first_reply;
        uint64_t active_ns;
        acd_time tiers_until; /* tier openings up to here were seen to */
        uint64_t named_round;
        struct model_blob customer_key, attributes;
};

struct model_assignment {
        struct model_head head;
        enum acd_assignment_state state;
        uint32_t contact, agent; /* indexes */
        uint64_t epoch, order;
        acd_time offered, accepted, connected, deadline, held_at, parked_at;
        uint64_t held_ns;
        uint32_t hold_count;
};

struct model_class {
        bool is_used;
        uint32_t tenant;
        uint64_t queue, channel, excluded;
        struct acd_requirement extra; /* canonical */
        uint32_t contact_count;
        int8_t tier[MODEL_AGENT_MAX]; /* of each agent by index, or MODEL_NONE */
};

/* What was submitted, for CONFLICT. */
struct model_body {
        uint64_t queue, channel, excluded;
        uint8_t band;
        uint32_t credit_ms;
        struct acd_requirement extra; /* canonical */
        struct model_blob customer_key, attributes;
};

struct model_key {
        bool is_used;
        uint64_t tenant; /* id: it may outlive its tenant */
        uint32_t size;
        uint8_t bytes[ACD_CLIENT_KEY_MAX];
        uint64_t contact;
        struct model_body body;
        bool is_closed;
        uint64_t closed_order;
};

struct model_pair {
        bool is_used;
        uint32_t contact, agent; /* indexes */
        uint64_t order;
};

struct model_timer {
        bool is_used;
        enum model_timer_kind kind;
        uint32_t index; /* of the object in its array */
        uint32_t tenant;
        acd_time deadline;
        acd_time runs_at; /* the deadline, or later when START holds it (D24) */
        uint64_t order;   /* in which timers were set */
};

struct model_job {
        enum model_job_kind kind;
        enum acd_object scope; /* RECOMPUTE: whose change */
        uint64_t id;
        uint64_t round;
        bool is_new_history;           /* START */
        bool classes[MODEL_CLASS_MAX]; /* REMATCH */
};

/* Which ids of a kind were given out: the last generation of each slot, and to
 * which gateway the contact there belonged. Next is the one above it, and above
 * the floor of the present history. */
struct model_slots {
        uint32_t generation[MODEL_SLOT_MAX];
        uint32_t floor;
        uint64_t owner[MODEL_SLOT_MAX];
        uint32_t made_up; /* ids of our own so far */
};

struct model {
        uint16_t shard;
        struct acd_limits memory, limits;
        uint64_t epoch, history_epoch;
        acd_time start_now; /* of the last START */
        acd_time last_now;
        int64_t wall_offset;
        bool is_ambiguous;

        /* Of the command at work. */
        acd_time now;
        const struct acd_command *command;
        struct acd_reply *reply;
        struct model_log *log;

        uint64_t order; /* one counter for everything that needs an order */
        uint32_t top[ACD_OBJECT_ASSIGNMENT + 1];
        uint32_t class_top, key_top, pair_top, timer_top, job_count;

        struct model_tenant tenant[MODEL_TENANT_MAX];
        uint64_t past_event_sequence; /* the highest of tenants that are gone */
        struct model_skill skill[MODEL_SKILL_MAX];
        struct model_channel channel[MODEL_CHANNEL_MAX];
        struct model_queue queue[MODEL_QUEUE_MAX];
        struct model_team team[MODEL_TEAM_MAX];
        struct model_profile profile[MODEL_PROFILE_MAX];
        struct model_agent agent[MODEL_AGENT_MAX];
        struct model_gateway gateway[MODEL_GATEWAY_MAX];
        struct model_contact contact[MODEL_CONTACT_MAX];
        struct model_assignment assignment[MODEL_ASSIGNMENT_MAX];
        struct model_class class[MODEL_CLASS_MAX];
        struct model_key key[MODEL_KEY_MAX];
        struct model_pair pair[MODEL_PAIR_MAX];
        struct model_timer timer[MODEL_TIMER_MAX];
        struct model_job job[MODEL_JOB_MAX];
        struct model_slots slots[ACD_OBJECT_ASSIGNMENT + 1];
        struct model_coverage coverage;
};

/* model.c: objects, ids, answers, events */
void *model_element(struct model *m, enum acd_object object, uint32_t index);
const struct model_head *model_head_at(const struct model *m, enum acd_object object,
                                       uint32_t index);
int32_t model_index_of(const struct model *m, enum acd_object object, uint64_t id);
int32_t model_find_here(const struct model *m, uint32_t tenant, enum acd_object object,
                        uint64_t id);
int32_t model_next_in_slot_order(const struct model *m, enum acd_object object, uint64_t after);
uint32_t model_used_count(const struct model *m, enum acd_object object);
bool model_was_issued(const struct model *m, enum acd_object object, uint64_t id);
uint32_t model_add(struct model *m, enum acd_object object, uint32_t tenant, uint64_t hint_id);
void model_remove(struct model *m, enum acd_object object, uint32_t index);
uint64_t model_hint_next(const struct model *m, enum acd_object object);
bool model_refuse(struct model *m, enum acd_result result, enum acd_field field, uint64_t limit);
bool model_duplicate(struct model *m, uint64_t id, uint8_t state);
struct acd_event *model_emit(struct model *m, uint32_t tenant, enum acd_event_kind kind);
struct acd_event *model_emit_contact(struct model *m, struct model_contact *contact,
                                     enum acd_event_kind kind, enum acd_reason reason);
struct acd_event *model_emit_agent(struct model *m, struct model_agent *agent,
                                   enum acd_event_kind kind, enum acd_reason reason);
struct acd_event *model_emit_gateway(struct model *m, struct model_gateway *gateway,
                                     enum acd_event_kind kind, enum acd_reason reason);
void model_text(char *to, size_t size, const char *from);
struct model_blob model_blob_of(struct acd_bytes bytes);
bool model_blob_equal(struct model_blob a, struct model_blob b);
uint32_t model_cells(uint32_t size);
uint64_t model_cells_used(const struct model *m);

/* model_form.c: what is wrong with a command by itself (D2, D3); true when nothing */
bool model_form(struct model *m, const struct acd_command *command);
void model_canonical(struct acd_requirement *requirement);
bool model_requirement_equal(const struct acd_requirement *a, const struct acd_requirement *b);

/* model_config.c */
void model_do_tenant(struct model *m, const struct acd_tenant_config *config);
void model_do_config(struct model *m, uint32_t tenant, const struct acd_command *command);
void model_do_remove(struct model *m, const struct acd_remove *remove, uint32_t tenant);

/* model_class.c: classes and memberships (E) */
int model_member_tier(const struct model *m, const struct model_agent *agent,
                      const struct model_class *class);
bool model_is_dead(const struct model *m, const struct model_class *class);
int32_t model_class_find(const struct model *m, const struct model_class *wanted);
bool model_class_fits(struct model *m, const struct model_class *wanted);
uint32_t model_class_add(struct model *m, const struct model_class *wanted);
void model_class_drop(struct model *m, int32_t class_index);
uint32_t model_classes_of(const struct model *m, uint32_t agent_index);
uint32_t model_classes_of_config(struct model *m, const struct model_agent *agent);
bool model_is_using_profile(const struct model *m, const struct model_agent *agent, uint64_t id);
int model_own_level(const struct model *m, const struct model_agent *agent, uint64_t skill);
void model_recompute(struct model *m, uint32_t agent_index);

/* model_match.c: gates and matches (G, M) */
bool model_is_before(const struct model_contact *a, const struct model_contact *b);
bool model_tier_is_open(const struct model *m, const struct model_contact *contact, int tier);
bool model_has_pair(const struct model *m, uint32_t contact, uint32_t agent);
bool model_gateway_is_gone(const struct model *m, const struct model_contact *contact);
bool model_match_contact(struct model *m, uint32_t contact_index);
void model_match_opened(struct model *m, uint32_t contact_index, acd_time opening);
uint64_t model_tick(acd_time at);
void model_match_agent(struct model *m, uint32_t agent_index);
void model_agent_free(struct model *m, uint32_t agent_index);
bool model_uses_slot(const struct model *m, uint32_t agent_index);
uint32_t model_parked_count(const struct model *m, uint32_t agent_index);
void model_rematch(struct model *m, const bool *classes);
void model_pair_make(struct model *m, uint32_t contact, uint32_t agent, uint32_t cool_down_ms,
                     bool *ret_is_full);
void model_pairs_drop(struct model *m, enum acd_object object, uint32_t index);

/* model_life.c: contacts and assignments from state to state (L) */
void model_accept(struct model *m, uint32_t assignment_index);
void model_connected(struct model *m, uint32_t assignment_index);
void model_end_offer(struct model *m, uint32_t assignment_index, enum acd_reason reason,
                     const char *label);
void model_return(struct model *m, uint32_t contact_index);
void model_offer_failed(struct model *m, uint32_t assignment_index, enum acd_reason reason,
                        const char *label);
void model_close(struct model *m, uint32_t contact_index, enum acd_reason reason,
                 const char *label);
void model_close_only(struct model *m, uint32_t contact_index, enum acd_reason reason,
                      const char *label, bool may_wrap_up);
void model_close_assignment(struct model *m, uint32_t assignment_index, enum acd_reason reason);
void model_contact_free(struct model *m, uint32_t contact_index);
void model_gateway_gone(struct model *m, uint32_t contact_index);

/* model_contact.c, model_assignment.c, model_agent.c, model_gateway.c: commands */
void model_do_submit(struct model *m, uint32_t tenant, const struct acd_submit *submit);
void model_do_cancel(struct model *m, uint32_t tenant, const struct acd_cancel *cancel);
void model_do_update(struct model *m, uint32_t tenant, const struct acd_update *update);
void model_do_report(struct model *m, uint32_t tenant, const struct acd_report *report);
void model_do_assignment(struct model *m, uint32_t tenant, const struct acd_command *command);
void model_do_agent(struct model *m, uint32_t tenant, const struct acd_command *command);
void model_do_gateway(struct model *m, uint32_t tenant, const struct acd_command *command);
struct model_contact *model_get_contact(struct model *m, uint32_t tenant, uint64_t id);
enum acd_reason model_reason_of_end(const struct model_contact *contact,
                                    enum acd_reason reason);
void model_key_forget(struct model *m, uint32_t key_index);

/* model_presence.c: presence from state to state (P) */
void model_set_presence(struct model *m, uint32_t agent_index, enum acd_presence presence,
                        const char *label, enum acd_reason reason);
void model_log_out(struct model *m, uint32_t agent_index, enum acd_reason reason);
void model_take_next(struct model *m, uint32_t agent_index);
void model_agent_grace_ended(struct model *m, uint32_t agent_index);

/* model_time.c: timers, agenda, START (T) */
void model_timer_set(struct model *m, enum model_timer_kind kind, uint32_t index, uint32_t tenant,
                     acd_time deadline);
void model_timer_stop(struct model *m, enum model_timer_kind kind, uint32_t index);
void model_run_timers(struct model *m);
struct model_job *model_job_add(struct model *m, enum model_job_kind kind);
void model_run_jobs(struct model *m);
void model_do_start(struct model *m, const struct acd_start *start);

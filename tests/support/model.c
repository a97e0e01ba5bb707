/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The naive model: its arrays, its ids, its answers, its events, and the way a
 * command takes through it.
 *
 * Everything is found by walking an array. A command is checked in the order of
 * rule D1; each handler either refuses (model_refuse() returns false and nothing
 * was changed) or changes the arrays and says so with events. The command at work,
 * the reply and the log hang on the model, since nearly every function needs them.
 *
 * Ids are the core's: where the model makes an object it takes the id that the
 * core's answer has at the same place, provided it is a new one. So the model
 * proves that ids are never used twice without knowing how they are chosen.
 */

#include "tests/support/model_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash64.h"
#include "base/id.h"

/* Elements of the objects' arrays by kind. */
static const struct {
        size_t offset, size;
        uint32_t max;
} tables[] = {
#define TABLE(object, member, count) \
        [ACD_OBJECT_##object] = { offsetof(struct model, member), \
                                  sizeof(((struct model *)0)->member[0]), count }
        TABLE(TENANT, tenant, MODEL_TENANT_MAX),
        TABLE(SKILL, skill, MODEL_SKILL_MAX),
        TABLE(CHANNEL, channel, MODEL_CHANNEL_MAX),
        TABLE(QUEUE, queue, MODEL_QUEUE_MAX),
        TABLE(TEAM, team, MODEL_TEAM_MAX),
        TABLE(PROFILE, profile, MODEL_PROFILE_MAX),
        TABLE(AGENT, agent, MODEL_AGENT_MAX),
        TABLE(GATEWAY, gateway, MODEL_GATEWAY_MAX),
        TABLE(CONTACT, contact, MODEL_CONTACT_MAX),
        TABLE(ASSIGNMENT, assignment, MODEL_ASSIGNMENT_MAX),
#undef TABLE
};

void model_log_init(struct model_log *log)
{
        *log = (struct model_log){ 0 };
}

void model_log_fini(struct model_log *log)
{
        free(log->item);
        *log = (struct model_log){ 0 };
}

struct acd_limits model_limits_max(void)
{
        struct acd_limits limits = acd_limits_default();

        limits.tenant_count_max = MODEL_TENANT_MAX;
        limits.skill_count_max = MODEL_SKILL_MAX;
        limits.channel_count_max = MODEL_CHANNEL_MAX;
        limits.queue_count_max = MODEL_QUEUE_MAX;
        limits.team_count_max = MODEL_TEAM_MAX;
        limits.profile_count_max = MODEL_PROFILE_MAX;
        limits.agent_count_max = MODEL_AGENT_MAX;
        limits.gateway_count_max = MODEL_GATEWAY_MAX;
        limits.contact_count_max = MODEL_CONTACT_MAX / 2;
        limits.class_count_max = MODEL_CLASS_MAX;
        limits.pair_count_max = MODEL_PAIR_MAX;
        limits.key_count_max = MODEL_KEY_MAX;
        return limits;
}

struct model *model_new(const struct acd_limits *memory_limits, uint16_t shard)
{
        struct model *m = calloc(1, sizeof(*m));

        ACD_ASSERT(m != NULL);
        m->memory = *memory_limits;
        m->shard = shard;
        return m;
}

void model_free(struct model *model)
{
        free(model);
}

bool model_is_ambiguous(const struct model *model)
{
        return model->is_ambiguous;
}

const struct model_coverage *model_coverage(const struct model *model)
{
        return &model->coverage;
}

/* Objects */

void *model_element(struct model *m, enum acd_object object, uint32_t index)
{
        ACD_ASSERT(index < tables[object].max);
        return (char *)m + tables[object].offset + (size_t)index * tables[object].size;
}

const struct model_head *model_head_at(const struct model *m, enum acd_object object,
                                       uint32_t index)
{
        ACD_ASSERT(index < tables[object].max);
        return (const void *)((const char *)m + tables[object].offset +
                              (size_t)index * tables[object].size);
}

uint32_t model_top(const struct model *m, enum acd_object object)
{
        return m->top[object];
}

uint64_t model_id_at(const struct model *m, enum acd_object object, uint32_t index)
{
        const struct model_head *head = model_head_at(m, object, index);

        return head->is_used ? head->id : 0;
}

int32_t model_index_of(const struct model *m, enum acd_object object, uint64_t id)
{
        for (uint32_t i = 0; i < m->top[object]; i++) {
                const struct model_head *head = model_head_at(m, object, i);

                if (head->is_used && head->id == id)
                        return (int32_t)i;
        }
        return MODEL_NONE;
}

/* The same, if it is one of @tenant. */
int32_t model_find_here(const struct model *m, uint32_t tenant, enum acd_object object,
                        uint64_t id)
{
        int32_t index = model_index_of(m, object, id);

        if (index < 0 || model_head_at(m, object, (uint32_t)index)->tenant != tenant)
                return MODEL_NONE;
        return index;
}

uint64_t model_tenant_of(const struct model *m, enum acd_object object, uint64_t id)
{
        int32_t index = model_index_of(m, object, id);

        if (index < 0)
                return 0;
        return m->tenant[model_head_at(m, object, (uint32_t)index)->tenant].head.id;
}

/* The object with the smallest id above @after. */
int32_t model_next_in_slot_order(const struct model *m, enum acd_object object, uint64_t after)
{
        int32_t best = MODEL_NONE;
        uint64_t best_id = 0;

        for (uint32_t i = 0; i < m->top[object]; i++) {
                const struct model_head *head = model_head_at(m, object, i);

                if (head->is_used && head->id > after && (best < 0 || head->id < best_id)) {
                        best = (int32_t)i;
                        best_id = head->id;
                }
        }
        return best;
}

uint32_t model_used_count(const struct model *m, enum acd_object object)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[object]; i++)
                count += model_head_at(m, object, i)->is_used;
        return count;
}

/* Ids */

bool model_was_issued(const struct model *m, enum acd_object object, uint64_t id)
{
        struct acd_id_parts parts = acd_id_split(id);

        return acd_id_is_valid(id) && parts.shard == m->shard && parts.slot < MODEL_SLOT_MAX &&
               parts.generation <= m->slots[object].generation[parts.slot];
}

/* A slot that holds a living object must not be given out. */
static bool slot_is_living(const struct model *m, enum acd_object object, uint32_t slot)
{
        for (uint32_t i = 0; i < m->top[object]; i++) {
                const struct model_head *head = model_head_at(m, object, i);

                if (head->is_used && acd_id_split(head->id).slot == slot)
                        return true;
        }
        return false;
}

/* The generation that @slot has next (H2). */
static uint32_t next_generation(const struct model_slots *slots, uint32_t slot)
{
        uint32_t last = slots->generation[slot];

        return (last > slots->floor ? last : slots->floor) + 1;
}

static uint64_t take_id(struct model *m, enum acd_object object, uint64_t hint)
{
        struct model_slots *slots = &m->slots[object];
        struct acd_id_parts parts = acd_id_split(hint);

        if (!acd_id_is_valid(hint) || parts.shard != m->shard || parts.slot >= MODEL_SLOT_MAX ||
            parts.generation != next_generation(slots, parts.slot) ||
            slot_is_living(m, object, parts.slot)) {
                ACD_ASSERT(slots->made_up < MODEL_SLOT_MAX);
                parts.shard = m->shard;
                parts.slot = MODEL_SLOT_MAX - 1 - slots->made_up++;
                parts.generation = next_generation(slots, parts.slot);
        }
        slots->generation[parts.slot] = parts.generation;
        slots->owner[parts.slot] = 0;
        return acd_id_make(parts);
}

/* Make an object; the rest of it is zero. */
uint32_t model_add(struct model *m, enum acd_object object, uint32_t tenant, uint64_t hint_id)
{
        uint32_t index = 0;
        struct model_head *head;

        while (index < m->top[object] && model_head_at(m, object, index)->is_used)
                index++;
        if (index == m->top[object])
                m->top[object]++;
        ACD_ASSERT(index < tables[object].max);

        head = model_element(m, object, index);
        memset(head, 0, tables[object].size);
        head->id = take_id(m, object, hint_id);
        head->is_used = true;
        head->tenant = object == ACD_OBJECT_TENANT ? index : tenant;
        return index;
}

void model_remove(struct model *m, enum acd_object object, uint32_t index)
{
        struct model_head *head = model_element(m, object, index);

        ACD_ASSERT(head->is_used);
        head->is_used = false;
}

/* Of the event of the core that stands where our next one will. */
uint64_t model_hint_next(const struct model *m, enum acd_object object)
{
        const struct model_log *log = m->log;

        if (log->hint == NULL || log->count >= log->hint_count)
                return 0;
        return object == ACD_OBJECT_ASSIGNMENT ? log->hint[log->count].assignment.value :
                                                 log->hint[log->count].value;
}

/* Answers */

bool model_refuse(struct model *m, enum acd_result result, enum acd_field field, uint64_t limit)
{
        m->reply->result = result;
        m->reply->field = field;
        m->reply->limit = limit;
        if (result == ACD_FULL)
                m->reply->retry_after_ms = MODEL_RETRY_AFTER_MS;
        return false;
}

bool model_duplicate(struct model *m, uint64_t id, uint8_t state)
{
        m->reply->result = ACD_DUPLICATE;
        m->reply->id = id;
        m->reply->state = state;
        return false;
}

/* Events */

struct acd_event *model_emit(struct model *m, uint32_t tenant, enum acd_event_kind kind)
{
        struct model_log *log = m->log;
        struct acd_event *event;

        if (log->count == log->capacity) {
                log->capacity = log->capacity == 0 ? 64 : log->capacity * 2;
                log->item = realloc(log->item, log->capacity * sizeof(*log->item));
                ACD_ASSERT(log->item != NULL);
        }
        event = &log->item[log->count++];
        memset(event, 0, sizeof(*event));
        event->kind = (uint16_t)kind;
        event->tenant.value = m->tenant[tenant].head.id;
        event->sequence = ++m->tenant[tenant].event_sequence;
        event->now = m->now;
        m->coverage.event[kind]++;
        return event;
}

/* Rule D11. */
struct acd_event *model_emit_contact(struct model *m, struct model_contact *contact,
                                     enum acd_event_kind kind, enum acd_reason reason)
{
        struct acd_event *event = model_emit(m, contact->head.tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = (uint8_t)contact->state;
        event->contact.value = contact->head.id;
        event->queue.value = contact->queue;
        event->gateway.value = contact->gateway;
        event->band = contact->band;
        event->count = contact->offer_count;
        if (contact->assignment >= 0) {
                const struct model_assignment *assignment = &m->assignment[contact->assignment];

                event->assignment.value = assignment->head.id;
                event->agent.value = m->agent[assignment->agent].head.id;
        }
        m->coverage.reason[reason]++;
        return event;
}

struct acd_event *model_emit_agent(struct model *m, struct model_agent *agent,
                                   enum acd_event_kind kind, enum acd_reason reason)
{
        struct acd_event *event = model_emit(m, agent->head.tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = (uint8_t)agent->presence;
        event->agent.value = agent->head.id;
        m->coverage.reason[reason]++;
        return event;
}

struct acd_event *model_emit_gateway(struct model *m, struct model_gateway *gateway,
                                     enum acd_event_kind kind, enum acd_reason reason)
{
        struct acd_event *event = model_emit(m, gateway->head.tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = (uint8_t)gateway->state;
        event->gateway.value = gateway->head.id;
        m->coverage.reason[reason]++;
        return event;
}

/* Copy text that was found to fit (model_form.c); zeros behind it. */
void model_text(char *to, size_t size, const char *from)
{
        size_t length = strlen(from);

        ACD_ASSERT(length < size);
        memset(to, 0, size);
        memcpy(to, from, length);
}

/* Payload: sizes and hashes stand for the bytes. */

struct model_blob model_blob_of(struct acd_bytes bytes)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, bytes.size);
        for (uint32_t i = 0; i < bytes.size; i++)
                acd_hash64_add_u64(&hash, bytes.at[i]);
        return (struct model_blob){ .size = bytes.size, .hash = acd_hash64_value(&hash) };
}

bool model_blob_equal(struct model_blob a, struct model_blob b)
{
        return a.size == b.size && a.hash == b.hash;
}

uint32_t model_cells(uint32_t size)
{
        return (size + MODEL_PAYLOAD_CELL_SIZE - 1) / MODEL_PAYLOAD_CELL_SIZE;
}

uint64_t model_cells_used(const struct model *m)
{
        uint64_t cells = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                if (m->contact[i].head.is_used)
                        cells += model_cells(m->contact[i].customer_key.size) +
                                 model_cells(m->contact[i].attributes.size);
        for (uint32_t i = 0; i < m->key_top; i++)
                if (m->key[i].is_used)
                        cells += model_cells(m->key[i].size);
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                for (uint32_t k = 0; m->agent[i].head.is_used && k < m->agent[i].address_count; k++)
                        cells += model_cells(m->agent[i].address[k].blob.size);
        return cells;
}

/* Commands */

static void do_tenant_command(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        switch (command->kind) {
        case ACD_COMMAND_SUBMIT:
                model_do_submit(m, tenant, &command->submit);
                break;
        case ACD_COMMAND_CANCEL:
                model_do_cancel(m, tenant, &command->cancel);
                break;
        case ACD_COMMAND_UPDATE:
                model_do_update(m, tenant, &command->update);
                break;
        case ACD_COMMAND_REPORT:
                model_do_report(m, tenant, &command->report);
                break;
        case ACD_COMMAND_REMOVE:
                model_do_remove(m, &command->remove, tenant);
                break;
        case ACD_COMMAND_SKILL_UPSERT:
        case ACD_COMMAND_CHANNEL_UPSERT:
        case ACD_COMMAND_QUEUE_UPSERT:
        case ACD_COMMAND_TEAM_UPSERT:
        case ACD_COMMAND_PROFILE_UPSERT:
        case ACD_COMMAND_AGENT_UPSERT:
                model_do_config(m, tenant, command);
                break;
        case ACD_COMMAND_GATEWAY_OPEN:
        case ACD_COMMAND_GATEWAY_LOST:
        case ACD_COMMAND_GATEWAY_RESUME:
                model_do_gateway(m, tenant, command);
                break;
        case ACD_COMMAND_AGENT_LOGIN:
        case ACD_COMMAND_AGENT_LOGOUT:
        case ACD_COMMAND_AGENT_READY:
        case ACD_COMMAND_AGENT_PAUSE:
        case ACD_COMMAND_AGENT_NEXT:
        case ACD_COMMAND_AGENT_LOST:
        case ACD_COMMAND_AGENT_BACK:
                model_do_agent(m, tenant, command);
                break;
        case ACD_COMMAND_ACCEPT:
        case ACD_COMMAND_REJECT:
        case ACD_COMMAND_COMPLETE:
        case ACD_COMMAND_HOLD:
        case ACD_COMMAND_UNHOLD:
        case ACD_COMMAND_PARK:
        case ACD_COMMAND_UNPARK:
        case ACD_COMMAND_WRAP_UP:
                model_do_assignment(m, tenant, command);
                break;
        case ACD_COMMAND_START:
        case ACD_COMMAND_TIME:
        case ACD_COMMAND_WORK:
        case ACD_COMMAND_LOGIC:
        case ACD_COMMAND_WALL:
        case ACD_COMMAND_TENANT_UPSERT:
                acd_panic(__FILE__, __LINE__, __func__, "a command of a tenant");
        }
}

static void do_logic(struct model *m, uint32_t version)
{
        if (version == ACD_LOGIC_VERSION)
                model_duplicate(m, 0, 0);
        else
                model_refuse(m, ACD_UNSUPPORTED, ACD_FIELD_KIND, 0);
}

static bool is_known_kind(enum acd_command_kind kind)
{
        switch ((int)kind) {
#define COMMAND(name, number, member, text) case number:
#include "acd/commands.def"
#undef COMMAND
                return true;
        default:
                return false;
        }
}

/* Commands of no tenant; false when it is one of a tenant. */
static bool do_global(struct model *m, const struct acd_command *command)
{
        bool is_tenant = command->kind == ACD_COMMAND_TENANT_UPSERT ||
                         (command->kind == ACD_COMMAND_REMOVE &&
                          command->remove.object == ACD_OBJECT_TENANT);

        if (!is_tenant && command->kind >= ACD_COMMAND_TENANT_UPSERT)
                return false;
        if (!model_form(m, command))
                return true;

        if (command->kind == ACD_COMMAND_TENANT_UPSERT)
                model_do_tenant(m, &command->tenant_config);
        else if (command->kind == ACD_COMMAND_REMOVE)
                model_do_remove(m, &command->remove, 0);
        else if (command->kind == ACD_COMMAND_START)
                model_do_start(m, &command->start);
        else if (command->kind == ACD_COMMAND_TIME)
                model_run_timers(m);
        else if (command->kind == ACD_COMMAND_WORK)
                model_run_jobs(m);
        else if (command->kind == ACD_COMMAND_LOGIC)
                do_logic(m, command->logic.version);
        else
                m->wall_offset = command->wall.offset_ns;
        return true;
}

static void do_command(struct model *m, const struct acd_command *command)
{
        int32_t tenant;

        if (!is_known_kind(command->kind)) {
                model_refuse(m, ACD_UNSUPPORTED, ACD_FIELD_KIND, 0);
                return;
        }
        if (m->epoch == 0 && command->kind != ACD_COMMAND_START) {
                model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_KIND, 0);
                return;
        }
        if (command->kind == ACD_COMMAND_REMOVE &&
            (command->remove.object < ACD_OBJECT_TENANT ||
             command->remove.object > ACD_OBJECT_AGENT)) {
                model_refuse(m, ACD_INVALID, ACD_FIELD_KIND, 0);
                return;
        }
        if (do_global(m, command))
                return;

        tenant = model_index_of(m, ACD_OBJECT_TENANT, command->tenant.value);
        if (command->tenant.value == 0)
                model_refuse(m, ACD_MISSING, ACD_FIELD_TENANT, 0);
        else if (tenant < 0)
                model_refuse(m, ACD_UNKNOWN, ACD_FIELD_TENANT, 0);
        else if (model_form(m, command))
                do_tenant_command(m, (uint32_t)tenant, command);
}

enum acd_result model_step(struct model *m, acd_time now, const struct acd_command *command,
                           struct acd_reply *ret_reply, struct model_log *log)
{
        memset(ret_reply, 0, sizeof(*ret_reply));
        ret_reply->result = ACD_OK;
        m->now = now < m->last_now ? m->last_now : now;
        m->is_ambiguous = false;
        m->command = command;
        m->reply = ret_reply;
        m->log = log;

        do_command(m, command);

        if (ret_reply->result == ACD_OK)
                m->last_now = m->now;
        m->coverage.result[ret_reply->result]++;
        m->coverage.refused_field[ret_reply->field]++;
        if ((uint32_t)command->kind < 64)
                m->coverage.command_result[command->kind][ret_reply->result]++;
        m->command = NULL;
        m->reply = NULL;
        m->log = NULL;
        return ret_reply->result;
}

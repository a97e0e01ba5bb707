/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a tenant as bytes.
 *
 * It may be megabytes, so it is written once, row after row, straight from the
 * core into the memory that it is sent from: no array of rows, no second copy. A
 * row is made by the function that makes LIST's, and is written by the one that
 * writes LIST's. What a Resync says before its state is written when the
 * state's size is known, into the room that was left before it.
 *
 * The order is that of the core's state and nothing else: queues and gateways by
 * slot; agents by presence, who has been in it longest first; assignments by their agents,
 * the one in the slot before those put aside. Each open assignment has an
 * agent, so a walk over the tenant's agents finds all without looking at those of others.
 */

#include "daemon/redis/state.h"

#include <string.h>

#include "base/assert.h"
#include "daemon/rows.h"
#include "daemon/shard.h"
#include "wire/write_put.h"

/* Numbers of acd.v1.TenantState and Resync. */
enum {
        STATE_QUEUES = 14,
        STATE_AGENTS = 15,
        STATE_ASSIGNMENTS = 16,
        STATE_GATEWAYS = 17,
        STATE_MARKS = 18,
        RESYNC_STATE = 4,
};

/* Numbers of acd.v1.Mark. */
enum { MARK_TIME = 1, MARK_EPOCH = 2, MARK_SEQUENCE = 3 };

enum {
        ASSIGNMENT_MAX = ACD_AGENT_PARKED_MAX + 1,
        /* Tenant, reason, sequence, and tag and length of the state. */
        RESYNC_HEAD_MAX = (1 + 1 + ACD_NAME_MAX) + 2 + 9 + (1 + 5),
};

/* What is being written. */
struct sheet {
        struct shard *shard;
        acd_tenant_id tenant;
        uint8_t *at;
        const uint8_t *end;
        bool is_full;
};

/* A row of at most @bound bytes, its tag and length too, fits. */
static inline bool has_room(struct sheet *sheet, size_t bound)
{
        if ((size_t)(sheet->end - sheet->at) >= bound + WIRE_LENGTH_BOUND)
                return true;
        sheet->is_full = true;
        return false;
}

/* ---- rows ---- */

static void put_queue(struct sheet *sheet, acd_queue_id id)
{
        struct wire_queue row;
        uint8_t *body;

        if (!rows_queue(sheet->shard, id, &row) || !has_room(sheet, wire_bound_queue(&row)))
                return;
        body = wire_begin_bytes(sheet->at, STATE_QUEUES);
        sheet->at = wire_end_bytes(body, wire_write_queue(&row, body));
}

static void put_agent(struct sheet *sheet, acd_agent_id id)
{
        struct wire_agent row;
        uint8_t *body;

        if (!rows_agent(sheet->shard, id, &row) || !has_room(sheet, wire_bound_agent(&row)))
                return;
        body = wire_begin_bytes(sheet->at, STATE_AGENTS);
        sheet->at = wire_end_bytes(body, wire_write_agent(&row, body));
}

static void put_assignment(struct sheet *sheet, acd_assignment_id id)
{
        struct wire_assignment row;
        uint8_t *body;

        acd_arena_reset(&sheet->shard->row_arena);
        if (!rows_assignment(sheet->shard, id, false, &row) ||
            !has_room(sheet, wire_bound_assignment(&row)))
                return;
        body = wire_begin_bytes(sheet->at, STATE_ASSIGNMENTS);
        sheet->at = wire_end_bytes(body, wire_write_assignment(&row, body));
}

static void put_gateway(struct sheet *sheet, acd_gateway_id id)
{
        struct wire_gateway row;
        uint8_t *body;

        if (!rows_gateway(sheet->shard, id, &row) || !has_room(sheet, wire_bound_gateway(&row)))
                return;
        body = wire_begin_bytes(sheet->at, STATE_GATEWAYS);
        sheet->at = wire_end_bytes(body, wire_write_gateway(&row, body));
}

static void put_mark(struct sheet *sheet, const struct wire_mark *mark)
{
        uint8_t *body;

        if (!has_room(sheet, wire_bound_mark(mark)))
                return;
        body = wire_begin_bytes(sheet->at, STATE_MARKS);
        sheet->at = wire_end_bytes(body, wire_write_mark(mark, body));
}

/* ---- walks ---- */

static uint64_t next_of(const struct sheet *sheet, enum acd_object object, uint64_t *cursor)
{
        return acd_list(sheet->shard->acd, object, sheet->tenant, cursor, UINT32_MAX);
}

static acd_agent_id next_agent(const struct sheet *sheet, acd_agent_id agent)
{
        return acd_agent_next(sheet->shard->acd, sheet->tenant, agent);
}

static void put_assignments_of(struct sheet *sheet, acd_agent_id agent)
{
        acd_assignment_id ids[ASSIGNMENT_MAX];
        uint32_t count = acd_agent_assignments(sheet->shard->acd, agent, ids, ASSIGNMENT_MAX);

        for (uint32_t i = 0; i < count; i++)
                put_assignment(sheet, ids[i]);
}

static void put_rows(struct sheet *sheet)
{
        uint64_t cursor = 0, id;
        acd_agent_id agent = { 0 };

        while ((id = next_of(sheet, ACD_OBJECT_QUEUE, &cursor)) != 0 && !sheet->is_full)
                put_queue(sheet, (acd_queue_id){ id });
        while ((agent = next_agent(sheet, agent)).value != 0 && !sheet->is_full)
                put_agent(sheet, agent);
        agent.value = 0;
        while ((agent = next_agent(sheet, agent)).value != 0 && !sheet->is_full)
                put_assignments_of(sheet, agent);
        cursor = 0;
        while ((id = next_of(sheet, ACD_OBJECT_GATEWAY, &cursor)) != 0 && !sheet->is_full)
                put_gateway(sheet, (acd_gateway_id){ id });
}

/* ---- the messages ---- */

static void put_head(struct sheet *sheet, uint64_t sequence)
{
        const struct shard *shard = sheet->shard;
        struct wire_tenant_state head = {
                .tenant = rows_name(shard, ACD_OBJECT_TENANT, sheet->tenant.value),
                .epoch = acd_epoch(shard->acd),
                .sequence = sequence,
                .wall_offset_ns = acd_wall_offset(shard->acd),
                .time_ns = commit_now(shard),
                .server = wire_text(options_text(shard->options, OPTION_SERVER_NAME)),
                .clock_rate = (uint32_t)shard->clock.rate,
        };

        if (has_room(sheet, wire_bound_tenant_state(&head)))
                sheet->at = wire_write_tenant_state(&head, sheet->at);
}

bool tenant_state_write(struct shard *shard, acd_tenant_id tenant,
                        const struct tenant_state_marks *marks, uint8_t *into, size_t capacity,
                        struct tenant_state_written *ret_written)
{
        struct sheet sheet = { .shard = shard, .tenant = tenant, .at = into };
        struct acd_tenant_config config;
        uint64_t sequence;

        ACD_ASSERT(marks->count <= TENANT_STATE_MARK_MAX);
        if (!acd_view_tenant(shard->acd, tenant, &config, &sequence))
                return false;
        sheet.end = into + (capacity < TENANT_STATE_SIZE_MAX ? capacity : TENANT_STATE_SIZE_MAX);
        put_head(&sheet, sequence);
        put_rows(&sheet);
        for (uint32_t i = 0; i < marks->count; i++)
                put_mark(&sheet, &marks->mark[i]);
        acd_arena_reset(&shard->row_arena);
        if (sheet.is_full)
                return false;
        *ret_written = (struct tenant_state_written){
                .bytes = { into, (uint32_t)(sheet.at - into) },
                .epoch = acd_epoch(shard->acd),
                .sequence = sequence,
                .tag = commit_tag(&shard->commit),
        };
        return true;
}

bool tenant_state_write_resync(struct shard *shard, acd_tenant_id tenant,
                               const struct tenant_state_resync *resync, uint8_t *into,
                               size_t capacity, struct tenant_state_written *ret_written)
{
        struct wire_resync head = {
                .tenant = rows_name(shard, ACD_OBJECT_TENANT, tenant.value),
                .reason = resync->reason,
                .next_sequence = resync->next_sequence,
        };
        uint8_t bytes[RESYNC_HEAD_MAX];
        uint8_t *end = bytes, *begin;
        struct tenant_state_written written;

        if (capacity < RESYNC_HEAD_MAX ||
            !tenant_state_write(shard, tenant, &resync->marks, into + RESYNC_HEAD_MAX,
                                capacity - RESYNC_HEAD_MAX, &written))
                return false;
        end = wire_write_resync(&head, bytes);
        end = wire_raw_tag(end, RESYNC_STATE, WIRE_TYPE_BYTES);
        end = wire_raw_varint(end, written.bytes.size);
        ACD_ASSERT(end <= bytes + RESYNC_HEAD_MAX);
        begin = into + RESYNC_HEAD_MAX - (end - bytes);
        memcpy(begin, bytes, (size_t)(end - bytes));
        written.bytes.at = begin;
        written.bytes.size += (uint32_t)(end - bytes);
        if (written.bytes.size > TENANT_STATE_SIZE_MAX)
                return false;
        *ret_written = written;
        return true;
}

bool agent_push_write(const struct wire_agent_push *push, uint8_t *into, size_t capacity,
                      struct acd_bytes *ret_bytes)
{
        const uint8_t *end;

        if (capacity < wire_bound_agent_push(push))
                return false;
        end = wire_write_agent_push(push, into);
        *ret_bytes = (struct acd_bytes){ into, (uint32_t)(end - into) };
        return true;
}

/* ---- how large it may get ---- */

/* Rows whose texts are as long as they may be. Only sizes are looked at. */
static size_t queue_bound(void)
{
        const struct wire_queue row = { .queue.size = ACD_NAME_MAX };

        return WIRE_LENGTH_BOUND + wire_bound_queue(&row);
}

static size_t agent_bound(void)
{
        const struct wire_agent row = {
                .agent.size = ACD_NAME_MAX,
                .label.size = ACD_LABEL_MAX,
                .team.size = ACD_NAME_MAX,
                .queue.size = ACD_NAME_MAX,
        };

        return WIRE_LENGTH_BOUND + wire_bound_agent(&row);
}

static size_t assignment_bound(void)
{
        const struct wire_assignment row = {
                .agent.size = ACD_NAME_MAX,
                .queue.size = ACD_NAME_MAX,
                .channel.size = ACD_NAME_MAX,
                .client_key.size = ACD_CLIENT_KEY_MAX,
                .customer_key.size = ACD_CUSTOMER_KEY_MAX,
        };

        return WIRE_LENGTH_BOUND + wire_bound_assignment(&row);
}

static size_t gateway_bound(void)
{
        const struct wire_gateway row = { .gateway.size = ACD_NAME_MAX };

        return WIRE_LENGTH_BOUND + wire_bound_gateway(&row);
}

static size_t head_and_marks_bound(void)
{
        const struct wire_tenant_state head = {
                .tenant.size = ACD_NAME_MAX,
                .server.size = OPTION_TEXT_SIZE,
        };
        const struct wire_mark mark = { 0 };

        return RESYNC_HEAD_MAX + WIRE_LENGTH_BOUND + wire_bound_tenant_state(&head) +
               TENANT_STATE_MARK_MAX * (WIRE_LENGTH_BOUND + wire_bound_mark(&mark));
}

size_t tenant_state_bound(const struct acd_limits *limits)
{
        uint64_t assignment_count = (uint64_t)limits->agent_count_max * ASSIGNMENT_MAX;
        uint64_t bound;

        if (assignment_count > limits->contact_count_max)
                assignment_count = limits->contact_count_max;
        bound = head_and_marks_bound() + limits->queue_count_max * (uint64_t)queue_bound() +
                limits->agent_count_max * (uint64_t)agent_bound() +
                assignment_count * assignment_bound() +
                limits->gateway_count_max * (uint64_t)gateway_bound();
        return bound < TENANT_STATE_SIZE_MAX ? (size_t)bound : TENANT_STATE_SIZE_MAX;
}

/* ---- reading ---- */

static bool read_mark(struct acd_bytes bytes, struct wire_mark *ret_mark)
{
        struct wire_reader reader = wire_reader_of(bytes);
        struct wire_field field;

        *ret_mark = (struct wire_mark){ 0 };
        while (reader.at != reader.end) {
                if (!wire_read_field(&reader, &field))
                        return false;
                if (field.type != WIRE_TYPE_FIXED64)
                        continue;
                if (field.number == MARK_TIME)
                        ret_mark->time_ns = field.value;
                else if (field.number == MARK_EPOCH)
                        ret_mark->epoch = field.value;
                else if (field.number == MARK_SEQUENCE)
                        ret_mark->sequence = field.value;
        }
        return true;
}

static bool is_after(const struct wire_mark *mark, const struct wire_mark *before)
{
        return mark->time_ns >= before->time_ns &&
               (mark->epoch > before->epoch ||
                (mark->epoch == before->epoch && mark->sequence > before->sequence));
}

/* The next mark: 1, 0 at the end, -1 for bytes that are no state. */
static int next_mark(struct wire_reader *reader, struct wire_mark *ret_mark)
{
        struct wire_field field;

        while (reader->at != reader->end) {
                if (!wire_read_field(reader, &field))
                        return -1;
                if (field.number == STATE_MARKS && field.type == WIRE_TYPE_BYTES)
                        return read_mark(field.bytes, ret_mark) ? 1 : -1;
        }
        return 0;
}

bool tenant_state_read_marks(struct acd_bytes state, struct wire_mark *marks, uint32_t max,
                             uint32_t *ret_count)
{
        struct wire_reader reader = wire_reader_of(state);
        struct wire_mark mark, before = { 0 };
        uint32_t count = 0, skipped;
        int r;

        /* Once to see that all is well and how many there are, once to take the newest. */
        while ((r = next_mark(&reader, &mark)) == 1) {
                if (!is_after(&mark, &before))
                        return false;
                before = mark;
                count++;
        }
        if (r < 0)
                return false;
        skipped = count > max ? count - max : 0;
        reader = wire_reader_of(state);
        for (uint32_t i = 0; i < count; i++) {
                r = next_mark(&reader, &mark);
                ACD_ASSERT(r == 1);
                if (i >= skipped)
                        marks[i - skipped] = mark;
        }
        *ret_count = count - skipped;
        return true;
}

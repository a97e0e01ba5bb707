/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RESOLVE and QUERY: names to handles, and how one contact stands.
 *
 * A position in the queue is counted, not kept: keeping it would make every
 * arrival cost as much as the queue is long. So it is told for the first
 * thousand, who ask most, and zero behind them.
 */

#include "daemon/query.h"

#include "base/assert.h"
#include "daemon/rows.h"
#include "daemon/shard.h"

enum { POSITION_PAGE = 125, POSITION_MAX = 1000 };

void query_resolve(const struct request *request)
{
        struct shard *shard = request->shard;
        const struct wire_resolve *asked = &request->message->resolve;
        struct wire_message message = answer_begin(request, WIRE_RESOLVED);
        uint64_t *ids = acd_arena_alloc_array(&shard->row_arena, asked->names_count, sizeof(*ids),
                                              _Alignof(uint64_t));

        ACD_ASSERT(ids != NULL);
        for (uint32_t i = 0; i < asked->names_count; i++) {
                const struct wire_name *name = &asked->names[i];

                ids[i] = name->name.size == 0 ? 0
                                              : acd_find(shard->acd, name->object,
                                                         request->peer.tenant, name->name);
        }
        message.resolved.result = result_ok(request, 0, 0);
        message.resolved.ids_count = asked->names_count;
        message.resolved.ids = ids;
        answer(request, &message);
}

/* Its place among the waiting of its queue, 1 = next; 0 = beyond what is counted. */
static uint32_t position_of(const struct acd *acd, acd_queue_id queue, acd_contact_id contact)
{
        acd_contact_id ids[POSITION_PAGE];
        acd_contact_id after = { 0 };

        for (uint32_t position = 0; position < POSITION_MAX;) {
                uint32_t count = acd_queue_order(acd, queue, after, ids, POSITION_PAGE);

                for (uint32_t i = 0; i < count; i++) {
                        if (ids[i].value == contact.value)
                                return position + i + 1;
                }
                if (count < POSITION_PAGE)
                        return 0;
                position += count;
                after = ids[count - 1];
        }
        return 0;
}

void query_contact(const struct request *request)
{
        struct shard *shard = request->shard;
        const struct wire_query *query = &request->message->query;
        struct wire_message message = answer_begin(request, WIRE_CONTACT);
        struct wire_contact *row = &message.contact_reply.contact;
        struct wire_refusal refusal;
        acd_contact_id contact;

        if (wire_resolve_contact(shard->acd, &request->peer, query->contact, query->client_key,
                                 &contact, &refusal) != ACD_OK) {
                answer_refusal(request, &refusal);
                return;
        }
        /* What the last step closed can still be read, but it is over. */
        if (!rows_contact(shard, contact, query->with_attributes, row) ||
            row->state == ACD_CONTACT_FREE) {
                answer_code(request, ACD_GONE, "contact", NULL);
                return;
        }
        if (query->with_position && row->state == ACD_CONTACT_WAITING)
                row->position = position_of(shard->acd, (acd_queue_id){ row->queue_id }, contact);
        message.contact_reply.result = result_ok(request, contact.value, row->state);
        message.contact_reply.has_contact = true;
        if (row->assignment != 0)
                message.contact_reply.has_assignment =
                        rows_assignment(shard, (acd_assignment_id){ row->assignment }, false,
                                        &message.contact_reply.assignment);
        answer(request, &message);
}

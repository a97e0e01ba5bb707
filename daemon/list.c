/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIST: walks over the core's slots, filtered, a page at a time.
 *
 * A cursor is a phase and a number: where the walk over slots goes on, or the
 * contact after which the order of service goes on. It holds across steps in
 * between: what was added or moved meanwhile may be missed or seen twice, what
 * stayed is seen exactly once.
 *
 * Waiting contacts of one queue come in the order of service, then its others.
 * A page ends when its rows reach the size of a frame; sizes are bounded from
 * above, row by row, instead of encoding twice.
 */

#include "daemon/list.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "daemon/rows.h"
#include "daemon/shard.h"

enum {
        SLOT_MAX = 65536,
        PAGE_SIZE_MAX = 60000,
        ROW_SIZE = 384,      /* all numbers of a row, tags and lengths */
        CONFIG_SIZE = 12000, /* the largest configuration: an agent with everything */
        CURSOR_SIZE = 9,
        ORDER_COUNT = 64,
};

enum phase { PHASE_SLOTS = 1, PHASE_ORDER = 2 };

struct page {
        const struct request *request;
        const struct wire_list *asked;
        struct wire_list_reply *reply;
        uint32_t row_max;
        uint32_t row_count;
        size_t size;
        enum phase phase;
        uint64_t cursor;
        acd_queue_id queue; /* filters; 0: none */
        acd_agent_id agent;
        void *rows; /* of the kind asked for */
        struct wire_apply *configs;
};

static size_t row_size_of(enum acd_object object)
{
        switch (object) {
        case ACD_OBJECT_QUEUE:
                return sizeof(struct wire_queue);
        case ACD_OBJECT_AGENT:
                return sizeof(struct wire_agent);
        case ACD_OBJECT_CONTACT:
                return sizeof(struct wire_contact);
        case ACD_OBJECT_GATEWAY:
                return sizeof(struct wire_gateway);
        case ACD_OBJECT_ASSIGNMENT:
                return sizeof(struct wire_assignment);
        case ACD_OBJECT_NONE:
        case ACD_OBJECT_TENANT:
        case ACD_OBJECT_SKILL:
        case ACD_OBJECT_CHANNEL:
        case ACD_OBJECT_TEAM:
        case ACD_OBJECT_PROFILE:
                break;
        }
        return sizeof(struct wire_named);
}

/* ---- one row: false when it is filtered out ---- */

static bool is_state_wanted(const struct page *page, uint32_t state)
{
        return page->asked->state == 0 || page->asked->state == state;
}

static bool contact_row(struct page *page, uint64_t id, size_t *ret_size)
{
        struct wire_contact *row = (struct wire_contact *)page->rows + page->row_count;
        const struct request *request = page->request;
        struct acd_contact_view view;

        if (!acd_view_contact(request->shard->acd, (acd_contact_id){ id }, &view) ||
            !is_state_wanted(page, view.state) ||
            (page->queue.value != 0 && view.queue.value != page->queue.value) ||
            (page->agent.value != 0 && view.agent.value != page->agent.value) ||
            (request->peer.role == WIRE_ROLE_GATEWAY &&
             view.gateway.value != request->peer.gateway.value))
                return false;
        /* They were in the order of service already. */
        if (page->phase == PHASE_SLOTS && page->queue.value != 0 &&
            view.state == ACD_CONTACT_WAITING)
                return false;
        if (!rows_contact(request->shard, (acd_contact_id){ id }, page->asked->with_attributes,
                          row))
                return false;
        *ret_size = row->queue.size + row->channel.size + row->client_key.size +
                    row->customer_key.size + row->gateway.size + row->agent.size +
                    row->attributes.size;
        return true;
}

static bool assignment_row(struct page *page, uint64_t id, size_t *ret_size)
{
        struct wire_assignment *row = (struct wire_assignment *)page->rows + page->row_count;

        if (!rows_assignment(page->request->shard, (acd_assignment_id){ id },
                             page->asked->with_attributes, row) ||
            !is_state_wanted(page, row->state) ||
            (page->agent.value != 0 && row->agent_id != page->agent.value))
                return false;
        *ret_size = row->agent.size + row->queue.size + row->channel.size + row->client_key.size +
                    row->customer_key.size + row->attributes.size;
        return true;
}

static bool agent_row(struct page *page, uint64_t id, size_t *ret_size)
{
        struct wire_agent *row = (struct wire_agent *)page->rows + page->row_count;
        struct acd_text queue =
                rows_name(page->request->shard, ACD_OBJECT_QUEUE, page->queue.value);

        if (!rows_agent(page->request->shard, (acd_agent_id){ id }, row) ||
            !is_state_wanted(page, row->presence))
                return false;
        if (page->queue.value != 0 &&
            (queue.size != row->queue.size || memcmp(queue.at, row->queue.at, queue.size) != 0))
                return false;
        *ret_size = row->agent.size + row->label.size + row->team.size + row->queue.size;
        return true;
}

static bool other_row(struct page *page, uint64_t id, size_t *ret_size)
{
        struct shard *shard = page->request->shard;
        enum acd_object object = page->asked->object;

        *ret_size = ACD_NAME_MAX;
        if (object == ACD_OBJECT_QUEUE)
                return rows_queue(shard, (acd_queue_id){ id },
                                  (struct wire_queue *)page->rows + page->row_count);
        if (object == ACD_OBJECT_GATEWAY) {
                struct wire_gateway *row = (struct wire_gateway *)page->rows + page->row_count;

                return rows_gateway(shard, (acd_gateway_id){ id }, row) &&
                       is_state_wanted(page, row->state);
        }
        ((struct wire_named *)page->rows)[page->row_count] = (struct wire_named){
                .object = object,
                .id = id,
                .name = rows_name(shard, object, id),
        };
        return true;
}

/* The change that would make it, beside its row. */
static bool config_row(struct page *page, uint64_t id)
{
        struct shard *shard = page->request->shard;
        struct acd_command command;

        return acd_config(shard->acd, page->asked->object, id, &command) &&
               wire_config_of(shard->acd, &command, &shard->row_arena,
                              &page->configs[page->row_count]);
}

/* False: the page is full, and @id is not on it. */
static bool add_row(struct page *page, uint64_t id)
{
        size_t size = 0;
        bool is_there;

        if (page->row_count == page->row_max ||
            acd_arena_free_size(&page->request->shard->row_arena) < PAGE_SIZE_MAX)
                return false;
        if (page->asked->object == ACD_OBJECT_CONTACT)
                is_there = contact_row(page, id, &size);
        else if (page->asked->object == ACD_OBJECT_ASSIGNMENT)
                is_there = assignment_row(page, id, &size);
        else if (page->asked->object == ACD_OBJECT_AGENT)
                is_there = agent_row(page, id, &size);
        else
                is_there = other_row(page, id, &size);
        if (!is_there)
                return true;
        size += ROW_SIZE;
        if (page->configs != NULL)
                size += CONFIG_SIZE;
        if (page->row_count > 0 && page->size + size > PAGE_SIZE_MAX)
                return false;
        if (page->configs != NULL && !config_row(page, id))
                return true;
        page->size += size;
        page->row_count++;
        return true;
}

/* ---- walks ---- */

/* True: all of the order of service is on pages. */
static bool walk_order(struct page *page)
{
        const struct acd *acd = page->request->shard->acd;
        acd_contact_id ids[ORDER_COUNT];

        for (;;) {
                uint32_t count = acd_queue_order(acd, page->queue, (acd_contact_id){ page->cursor },
                                                 ids, ORDER_COUNT);

                for (uint32_t i = 0; i < count; i++) {
                        if (!add_row(page, ids[i].value))
                                return false;
                        page->cursor = ids[i].value;
                }
                if (count < ORDER_COUNT)
                        return true;
        }
}

/* True: the walk is over. */
static bool walk_slots(struct page *page)
{
        const struct acd *acd = page->request->shard->acd;
        acd_tenant_id tenant = page->request->peer.tenant;

        for (uint32_t looked = 0; looked < SLOT_MAX; looked++) {
                uint64_t before = page->cursor;
                uint64_t id = acd_list(acd, page->asked->object, tenant, &page->cursor, SLOT_MAX);

                if (id == 0)
                        return page->cursor == UINT64_MAX;
                if (!add_row(page, id)) {
                        page->cursor = before;
                        return false;
                }
        }
        return false;
}

/* True: there are no more pages. */
static bool walk(struct page *page)
{
        if (page->phase == PHASE_ORDER) {
                if (!walk_order(page))
                        return false;
                page->phase = PHASE_SLOTS;
                page->cursor = 0;
                if (page->asked->state == ACD_CONTACT_WAITING)
                        return true;
        }
        return walk_slots(page);
}

/* ---- the request ---- */

static bool read_cursor(struct page *page)
{
        struct acd_bytes cursor = page->asked->cursor;

        page->phase = page->asked->object == ACD_OBJECT_CONTACT && page->queue.value != 0
                              ? PHASE_ORDER
                              : PHASE_SLOTS;
        page->cursor = 0;
        if (cursor.size == 0)
                return true;
        if (cursor.size != CURSOR_SIZE || cursor.at[0] < PHASE_SLOTS || cursor.at[0] > page->phase)
                return false;
        page->phase = cursor.at[0];
        page->cursor = acd_get_u64(cursor.at + 1);
        return true;
}

static bool resolve_filter(struct page *page, enum acd_object object, struct acd_text name,
                           uint64_t *ret_id)
{
        const struct request *request = page->request;

        *ret_id = 0;
        if (name.size == 0)
                return true;
        *ret_id = acd_find(request->shard->acd, object, request->peer.tenant, name);
        if (*ret_id != 0)
                return true;
        answer_code(request, ACD_UNKNOWN, wire_object_name(object), NULL);
        return false;
}

static bool check(struct page *page)
{
        const struct request *request = page->request;
        enum acd_object object = page->asked->object;

        if (object < ACD_OBJECT_TENANT || object > ACD_OBJECT_ASSIGNMENT) {
                answer_code(request, ACD_MISSING, "object", "say what is to be listed");
                return false;
        }
        if (request->peer.role == WIRE_ROLE_GATEWAY && object != ACD_OBJECT_CONTACT) {
                answer_code(request, ACD_NOT_ALLOWED, "object", "a gateway lists its contacts");
                return false;
        }
        if (request->peer.tenant.value == 0 && object != ACD_OBJECT_TENANT) {
                answer_code(request, ACD_UNKNOWN, "tenant", NULL);
                return false;
        }
        if (!resolve_filter(page, ACD_OBJECT_QUEUE, page->asked->queue, &page->queue.value) ||
            !resolve_filter(page, ACD_OBJECT_AGENT, page->asked->agent, &page->agent.value))
                return false;
        if (!read_cursor(page)) {
                answer_code(request, ACD_INVALID, "cursor", "not a cursor of this list");
                return false;
        }
        return true;
}

static void set_rows(struct page *page)
{
        struct wire_list_reply *reply = page->reply;

        switch (page->asked->object) {
        case ACD_OBJECT_QUEUE:
                reply->queues = page->rows;
                reply->queues_count = page->row_count;
                break;
        case ACD_OBJECT_AGENT:
                reply->agents = page->rows;
                reply->agents_count = page->row_count;
                break;
        case ACD_OBJECT_CONTACT:
                reply->contacts = page->rows;
                reply->contacts_count = page->row_count;
                break;
        case ACD_OBJECT_GATEWAY:
                reply->gateways = page->rows;
                reply->gateways_count = page->row_count;
                break;
        case ACD_OBJECT_ASSIGNMENT:
                reply->assignments = page->rows;
                reply->assignments_count = page->row_count;
                break;
        case ACD_OBJECT_NONE:
        case ACD_OBJECT_TENANT:
        case ACD_OBJECT_SKILL:
        case ACD_OBJECT_CHANNEL:
        case ACD_OBJECT_TEAM:
        case ACD_OBJECT_PROFILE:
                reply->objects = page->rows;
                reply->objects_count = page->row_count;
                break;
        }
        reply->configs = page->configs;
        reply->configs_count = page->configs == NULL ? 0 : page->row_count;
}

void list_answer(const struct request *request)
{
        struct shard *shard = request->shard;
        const struct wire_list *asked = &request->message->list;
        struct wire_message message = answer_begin(request, WIRE_LIST_REPLY);
        struct page page = { .request = request, .asked = asked, .reply = &message.list_reply };
        uint8_t cursor[CURSOR_SIZE];
        bool is_over;

        if (!check(&page))
                return;
        page.row_max = asked->limit == 0 ? WIRE_LIST_DEFAULT : asked->limit;
        page.rows = acd_arena_alloc_array(&shard->row_arena, page.row_max,
                                          row_size_of(asked->object), CARVE_ALIGNMENT);
        ACD_ASSERT(page.rows != NULL);
        if (asked->with_config && asked->object <= ACD_OBJECT_AGENT) {
                page.configs = acd_arena_alloc_array(&shard->row_arena, page.row_max,
                                                     sizeof(struct wire_apply), CARVE_ALIGNMENT);
                ACD_ASSERT(page.configs != NULL);
        }
        if (asked->key.size > 0) {
                struct acd_bytes key = { (const uint8_t *)asked->key.at, asked->key.size };
                acd_contact_id contact = acd_find_key(shard->acd, request->peer.tenant, key);

                is_over = true;
                if (contact.value != 0)
                        (void)add_row(&page, contact.value);
        } else {
                is_over = walk(&page);
        }

        message.list_reply.result = result_ok(request, 0, 0);
        set_rows(&page);
        if (!is_over) {
                cursor[0] = page.phase;
                acd_put_u64(cursor + 1, page.cursor);
                message.list_reply.cursor = (struct acd_bytes){ cursor, CURSOR_SIZE };
        }
        answer(request, &message);
}

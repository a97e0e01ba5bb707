/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: its memory, its tenants, its lanes.
 *
 * A lane is a pair of links to one master: one for all tenants where there is one master, one a
 * tenant in a Cluster, where a command may not name keys of two slots. Two links, because
 * the one that waits for something new can say nothing meanwhile.
 *
 * All tenants share the slots and the bytes, each by its quota, so that one whose answers Redis
 * does not take leaves the others theirs.
 *
 * What a tenant has in memory can always be thrown away as long as it was not answered: its entries
 * are pending in Redis and are read again, in order. So that is what is done when a connection,
 * inner or outer, was lost.
 */

#include "daemon/redis/inbox.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/carve.h"
#include "daemon/shard.h"

enum {
        NS_PER_MS = 1000000,
        LOOK_MS = 500,
        LINKS_PER_LANE = 2,
};

bool inbox_is_wanted(const struct options *options)
{
        return options_number(options, OPTION_REDIS_COMMANDS) != 0 &&
               options_text(options, OPTION_REDIS)[0] != '\0';
}

uint64_t inbox_now(const struct inbox *inbox)
{
        return clock_real(&inbox->shard->clock);
}

uint64_t inbox_pause_ns(const struct inbox *inbox, uint32_t count)
{
        const struct world_system *system = inbox->shard->world.system;
        uint64_t ms = REDIS_RETRY_MS_MIN;

        for (uint32_t i = 1; i < count && ms < REDIS_RETRY_MS_MAX; i++)
                ms *= 2;
        if (ms > REDIS_RETRY_MS_MAX)
                ms = REDIS_RETRY_MS_MAX;
        return (ms / 2 + system->random(system->self) % (ms / 2 + 1)) * NS_PER_MS;
}

void inbox_key(char into[INBOX_KEY_SIZE], const char *tenant, const char *rest, const char *name)
{
        (void)snprintf(into, INBOX_KEY_SIZE, "acd:{%s}:%s%s", tenant, rest, name);
}

/* ---- slots ---- */

static struct acd_list *list_of(struct inbox *inbox, struct inbox_tenant *tenant,
                                enum inbox_slot_state state)
{
        return state == INBOX_FREE ? &inbox->free_slots : &tenant->slots[state];
}

struct inbox_slot *inbox_slot_new(struct inbox *inbox, struct inbox_tenant *tenant,
                                  struct inbox_id id)
{
        struct acd_link *link = acd_list_pop_front(&inbox->free_slots);
        struct inbox_slot *slot;

        if (link == NULL)
                return NULL;
        slot = inbox_slot_of(link);
        *slot = (struct inbox_slot){ .state = INBOX_FREE, .tenant = tenant, .id = id };
        return slot;
}

void inbox_slot_move(struct inbox *inbox, struct inbox_slot *slot, enum inbox_slot_state to)
{
        if (acd_link_is_linked(&slot->link))
                acd_list_remove(&slot->link);
        if (slot->state == INBOX_WAITING) {
                inbox->request_pieces -= inbox_store_pieces(slot->bytes.size);
                slot->tenant->request_pieces -= inbox_store_pieces(slot->bytes.size);
                inbox->room_count++;
        }
        if (to == INBOX_WAITING) {
                inbox->request_pieces += inbox_store_pieces(slot->bytes.size);
                slot->tenant->request_pieces += inbox_store_pieces(slot->bytes.size);
        }
        slot->state = to;
        acd_list_push_back(list_of(inbox, slot->tenant, to), &slot->link);
}

void inbox_slot_count(struct inbox_slot *slot)
{
        uint32_t pieces = slot->reserved;

        if (slot->state != INBOX_FREE && slot->state != INBOX_WAITING)
                pieces += inbox_store_pieces(slot->bytes.size);
        slot->tenant->answer_pieces += pieces - slot->counted;
        slot->counted = pieces;
}

bool inbox_has_share(const struct inbox *inbox, uint32_t all, uint32_t held, uint32_t more)
{
        return held == 0 || (held + more) * inbox->tenant_count <= all;
}

void inbox_slot_free(struct inbox *inbox, struct inbox_slot *slot)
{
        struct inbox_chain bytes = slot->bytes;

        inbox_store_release(&inbox->store, slot->reserved);
        slot->reserved = 0;
        inbox->room_count++;
        inbox_slot_move(inbox, slot, INBOX_FREE);
        inbox_slot_count(slot);
        slot->bytes = bytes;
        inbox_store_drop(&inbox->store, &slot->bytes);
}

void inbox_slot_finish(struct inbox *inbox, struct inbox_slot *slot)
{
        const struct inbox_lane *lane = slot->tenant->lane;

        if (lane->read != INBOX_READ_PENDING && lane->read != INBOX_READ_OLDEST)
                inbox_slot_free(inbox, slot);
        else
                inbox_slot_move(inbox, slot, INBOX_DONE);
}

static void free_all(struct inbox *inbox, struct inbox_tenant *tenant)
{
        for (uint32_t state = INBOX_WAITING; state < INBOX_SLOT_STATE_COUNT; state++) {
                struct acd_link *link;

                while ((link = acd_list_first(&tenant->slots[state])) != NULL)
                        inbox_slot_free(inbox, inbox_slot_of(link));
        }
        tenant->sent_count = 0;
}

void inbox_read_again(struct inbox_tenant *tenant)
{
        tenant->cursor = (struct inbox_id){ 0 };
        tenant->is_pass_full = true;
        tenant->blocked_at = 0;
        if (tenant->phase == INBOX_PENDING || tenant->phase == INBOX_NEW)
                tenant->phase = INBOX_GROUP;
}

/* ---- tenants ---- */

static struct inbox_tenant *find(struct inbox *inbox, uint64_t id)
{
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++)
                if (inbox->tenant[i].is_used && inbox->tenant[i].id.value == id)
                        return &inbox->tenant[i];
        return NULL;
}

static bool has_queues(const struct acd *acd, acd_tenant_id tenant)
{
        uint64_t cursor = 0;

        return acd_list(acd, ACD_OBJECT_QUEUE, tenant, &cursor, UINT32_MAX) != 0;
}

static void begin_tenant(struct inbox *inbox, uint32_t at, uint64_t id)
{
        struct inbox_tenant *tenant = &inbox->tenant[at];
        struct acd_text name = acd_name(inbox->shard->acd, ACD_OBJECT_TENANT, id);

        *tenant = (struct inbox_tenant){
                .is_used = true,
                .id = { id },
                .lane = &inbox->lane[at % inbox->lane_count],
                .phase = INBOX_GROUP,
                .is_pass_full = true,
                .has_queues = has_queues(inbox->shard->acd, (acd_tenant_id){ id }),
        };
        (void)snprintf(tenant->name, sizeof(tenant->name), "%.*s", (int)name.size, name.at);
        for (uint32_t i = 0; i < INBOX_SLOT_STATE_COUNT; i++)
                acd_list_init(&tenant->slots[i]);
        inbox->tenant_count++;
}

static void add_tenant(struct inbox *inbox, uint64_t id)
{
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                if (inbox->tenant[i].is_used)
                        continue;
                begin_tenant(inbox, i, id);
                return;
        }
        if (!inbox->is_full_said)
                log_event(&inbox->shard->log, LOG_ERROR, "inbox_full",
                          "reason=\"requests over Redis are read for %d tenants at most\" "
                          "remedy=\"serve the others by another daemon\"",
                          INBOX_TENANT_MAX);
        inbox->is_full_said = true;
}

static void end_tenant(struct inbox *inbox, struct inbox_tenant *tenant)
{
        /* What is on its way would be answered to whoever has this place next. */
        if (tenant->sent_count > 0 || !acd_list_is_empty(&tenant->slots[INBOX_LETTER]))
                redis_link_lose(&tenant->lane->writer, REDIS_ERROR_CLASS_WAIT,
                                "a tenant was removed with answers on their way");
        inbox_peer_close(tenant);
        free_all(inbox, tenant);
        tenant->is_used = false;
        inbox->tenant_count--;
        if (tenant->lane->read_for == tenant)
                tenant->lane->read_for = NULL;
}

/* Tenants come and go. */
static void look(struct inbox *inbox)
{
        const struct acd *acd = inbox->shard->acd;
        uint64_t cursor = 0;
        uint64_t id;

        if (inbox->looked_real != 0 &&
            inbox_now(inbox) - inbox->looked_real < (uint64_t)LOOK_MS * NS_PER_MS)
                return;
        inbox->looked_real = inbox_now(inbox);
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                struct inbox_tenant *tenant = &inbox->tenant[i];

                if (!tenant->is_used)
                        continue;
                tenant->has_queues = has_queues(acd, tenant->id);
                if (acd_name(acd, ACD_OBJECT_TENANT, tenant->id.value).size == 0)
                        end_tenant(inbox, tenant);
        }
        while ((id = acd_list(acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, &cursor, UINT32_MAX)))
                if (find(inbox, id) == NULL)
                        add_tenant(inbox, id);
}

/* ---- lanes ---- */

static void on_ready(void *self, struct redis_link *link)
{
        struct inbox_lane *lane = self;

        if (link == &lane->writer)
                inbox_write_ready(lane);
        log_event(&lane->inbox->shard->log, LOG_INFO, "inbox_connected", "address=\"%s\" link=%s",
                  link->address, link == &lane->reader ? "reader" : "writer");
}

static void on_reply(void *self, struct redis_link *link, uint32_t tag,
                     const struct redis_reply *reply)
{
        struct inbox_lane *lane = self;

        if (link == &lane->reader)
                inbox_read_reply(lane, reply);
        else
                inbox_write_reply(lane, tag, reply);
}

static void on_lost(void *self, struct redis_link *link, enum redis_error_class class)
{
        struct inbox_lane *lane = self;

        if (class != REDIS_ERROR_CLASS_WAIT && class != REDIS_ERROR_CLASS_PERSON)
                redis_home_doubt(lane->inbox->home);
        if (link == &lane->reader)
                inbox_read_lost(lane);
        else
                inbox_write_lost(lane);
}

/* The master of @lane's tenants; "": none is known, or there are no tenants. */
static const char *address_of(const struct inbox_lane *lane)
{
        const struct inbox *inbox = lane->inbox;

        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++) {
                const struct inbox_tenant *tenant = &inbox->tenant[i];
                uint8_t master;

                if (!tenant->is_used || tenant->lane != lane)
                        continue;
                master = redis_home_of(inbox->home, wire_text(tenant->name));
                return master < inbox->home->master_count ? inbox->home->master[master] : "";
        }
        return "";
}

static void aim(struct inbox_lane *lane)
{
        const char *address = address_of(lane);
        bool is_other = strcmp(lane->reader.address, address) != 0;

        if (!is_other)
                return;
        redis_link_aim(&lane->reader, address);
        redis_link_aim(&lane->writer, address);
        inbox_read_lost(lane);
        inbox_write_lost(lane);
}

static void lane_turn(struct inbox_lane *lane)
{
        aim(lane);
        if (lane->reader.address[0] == '\0')
                return;
        inbox_write_turn(lane);
        redis_link_turn(&lane->writer);
        inbox_read_turn(lane);
        redis_link_turn(&lane->reader);
}

void inbox_turn(struct inbox *inbox)
{
        look(inbox);
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++)
                if (inbox->tenant[i].is_used)
                        inbox_peer_turn(&inbox->tenant[i]);
        for (uint32_t i = 0; i < inbox->lane_count; i++)
                lane_turn(&inbox->lane[i]);
}

void inbox_on_socket(struct inbox *inbox, uint32_t index, bool is_readable, bool is_writable)
{
        struct inbox_lane *lane;

        ACD_ASSERT(index / LINKS_PER_LANE < inbox->lane_count);
        lane = &inbox->lane[index / LINKS_PER_LANE];
        redis_link_on_socket(index % LINKS_PER_LANE == 0 ? &lane->reader : &lane->writer,
                             is_readable, is_writable);
}

/* The earlier of two moments, zero meaning never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
        if (a == 0 || b == 0)
                return a == 0 ? b : a;
        return a < b ? a : b;
}

uint64_t inbox_next_ns(const struct inbox *inbox)
{
        uint64_t next = inbox->looked_real + (uint64_t)LOOK_MS * NS_PER_MS;

        for (uint32_t i = 0; i < inbox->lane_count; i++) {
                const struct inbox_lane *lane = &inbox->lane[i];

                next = earlier(next, redis_link_next_ns(&lane->reader));
                next = earlier(next, redis_link_next_ns(&lane->writer));
                next = earlier(next, inbox_read_next_ns(lane));
                next = earlier(next, inbox_write_next_ns(lane));
        }
        for (uint32_t i = 0; i < INBOX_TENANT_MAX; i++)
                if (inbox->tenant[i].is_used)
                        next = earlier(next, inbox_peer_next_ns(&inbox->tenant[i]));
        return next;
}

void inbox_close(struct inbox *inbox)
{
        for (uint32_t i = 0; i < inbox->lane_count; i++) {
                redis_link_close(&inbox->lane[i].reader);
                redis_link_close(&inbox->lane[i].writer);
        }
}

/* ---- memory ---- */

struct memory {
        struct inbox *inbox;
        struct inbox_lane *lane;
        struct inbox_tenant *tenant;
        struct inbox_slot *slot;
        struct inbox_piece *piece;
        uint32_t *next;
        uint8_t *outputs; /* of a lane: the reader's and the writer's */
        uint8_t *inputs;  /* one a link */
        uint8_t *scratch;
        struct inner_pair *pair;
        uint8_t *rooms;
        uint32_t lane_count;
};

static void init_lane(struct inbox *inbox, uint32_t index, const struct memory *memory)
{
        struct inbox_lane *lane = &memory->lane[index];
        struct shard *shard = inbox->shard;
        uint8_t *output = memory->outputs +
                          (size_t)index * (INBOX_READER_OUTPUT_SIZE + INBOX_WRITER_OUTPUT_SIZE);
        uint32_t token = SHARD_TOKEN_REDIS + PUBLISHER_TOKEN_INBOX + index * LINKS_PER_LANE;
        /* As the publisher says it: they talk to the same masters. */
        const struct redis_greeting *greeting = &shard->publisher.feed[0].link.greeting;
        const struct redis_link_user user = { on_ready, on_reply, on_lost, lane };
        struct redis_link_memory link = {
                .output = output,
                .output_size = INBOX_READER_OUTPUT_SIZE,
                .input = memory->inputs + (size_t)index * LINKS_PER_LANE * REDIS_LINK_INPUT_SIZE,
                .reply_size_max = INBOX_REPLY_MAX,
        };

        *lane = (struct inbox_lane){
                .inbox = inbox,
                .index = index,
                .count_limit = INBOX_READ_FIRST,
        };
        redis_link_init(&lane->reader, shard, token, &link, &user, greeting);
        link.output += INBOX_READER_OUTPUT_SIZE;
        link.output_size = INBOX_WRITER_OUTPUT_SIZE;
        link.input += REDIS_LINK_INPUT_SIZE;
        redis_link_init(&lane->writer, shard, token + 1, &link, &user, greeting);
}

static void init(struct shard *shard, const struct memory *memory)
{
        struct inbox *inbox = memory->inbox;

        inner_init(&shard->inner, shard, memory->pair, memory->rooms,
                   INBOX_TENANT_MAX * INBOX_ROLE_COUNT);
        *inbox = (struct inbox){
                .shard = shard,
                .inner = &shard->inner,
                .home = &shard->publisher.home,
                .lane = memory->lane,
                .lane_count = memory->lane_count,
                .tenant = memory->tenant,
                .slot = memory->slot,
                .scratch = memory->scratch,
                .room_count = 1,
        };
        acd_list_init(&inbox->free_slots);
        for (uint32_t i = 0; i < INBOX_SLOT_MAX; i++)
                acd_list_push_back(&inbox->free_slots, &inbox->slot[i].link);
        inbox_store_init(&inbox->store, memory->piece, memory->next, INBOX_PIECE_MAX);
        for (uint32_t i = 0; i < memory->lane_count; i++)
                init_lane(inbox, i, memory);
        shard->inbox = inbox;
}

void inbox_carve(struct shard *shard, struct carve *block, const struct options *options)
{
        struct memory memory = { .lane_count = 1 };
        size_t lanes;

        shard->inbox = NULL;
        if (!inbox_is_wanted(options))
                return;
        /* In a Cluster no command names keys of two tenants. */
        if (publisher_feed_count(options) > 1)
                memory.lane_count = INBOX_TENANT_MAX;
        lanes = memory.lane_count;
        memory.inbox = carve(block, "inbox", sizeof(*memory.inbox));
        memory.lane = carve(block, "links of the inbox", lanes * sizeof(*memory.lane));
        memory.outputs = carve(block, "output of the inbox",
                               lanes * (INBOX_READER_OUTPUT_SIZE + INBOX_WRITER_OUTPUT_SIZE));
        memory.inputs =
                carve(block, "input of the inbox", lanes * LINKS_PER_LANE * REDIS_LINK_INPUT_SIZE);
        memory.tenant =
                carve(block, "tenants of the inbox", INBOX_TENANT_MAX * sizeof(*memory.tenant));
        memory.slot = carve(block, "requests over Redis", INBOX_SLOT_MAX * sizeof(*memory.slot));
        memory.piece = carve(block, "their bytes", INBOX_PIECE_MAX * sizeof(*memory.piece));
        memory.next = carve(block, "their pieces", INBOX_PIECE_MAX * sizeof(*memory.next));
        memory.scratch = carve(block, "one request", INBOX_ANSWER_LARGE + INBOX_KEY_SIZE);
        memory.pair = carve(block, "inner connections",
                            (size_t)INBOX_TENANT_MAX * INBOX_ROLE_COUNT * sizeof(*memory.pair));
        memory.rooms = carve(block, "rooms of inner connections",
                             (size_t)INBOX_TENANT_MAX * INBOX_ROLE_COUNT * 2 * INNER_ROOM_SIZE);
        if (block->block != NULL)
                init(shard, &memory);
}

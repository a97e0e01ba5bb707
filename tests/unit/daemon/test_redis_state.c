/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state for late joiners: what is in it, field by field; what it costs.
 *
 * What is expected comes from the core's views, what is there from protobuf-c. That states and
 * events fit together is the property test's to show (tests/property/follow.c).
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acd/v1/redis.pb-c.h"
#include "base/prng.h"
#include "tests/support/fold.h"
#include "tests/support/scenario.h"
#include "tests/support/state_shard.h"
#include "wire/field.h"

#define SECOND UINT64_C(1000000000)

static struct world world;
static struct state_shard *states;

static void say(const char *text)
{
        static struct scenario_line line;

        cr_assert(scenario_parse(&line, text, &world.names, "bank", &world.memory), "%s: %s", text,
                  line.error);
        cr_assert(scenario_do(&world, &line), "%s: %s", text, world.failure);
        cr_assert(world.reply.result == ACD_OK, "%s", text);
}

/* Everything that there can be, in one of two tenants. */
static const char *const story[] = {
        "0s start epoch=7",
        "0s tenant bank agent_grace=1h gateway_grace=10s",
        "0s tenant shop",
        "0s @bank channel phone media=yes live=yes lease=1h",
        "0s @bank queue sales wrap_up=1h offer=1h",
        "0s @bank queue mail offer=1h",
        "0s @bank queue empty",
        "0s @shop queue sales",
        "0s @bank team red",
        "0s @bank agent out",
        "0s @bank agent paused team=red",
        "0s @bank agent lost",
        "0s @bank agent offered",
        "0s @bank agent connecting",
        "0s @bank agent active",
        "0s @bank agent held",
        "0s @bank agent parked",
        "0s @bank agent wrapping",
        "0s @bank agent idle",
        "0s @shop agent ann",
        "0s @bank open pbx",
        "0s @bank open chat",
        "0s @bank open imap",
        "1s @bank login paused",
        "1s @bank login parked",
        "1s @bank ready parked",
        "1s @bank submit c1 mail email key=one customer=ann",
        "1s @bank accept c1 parked",
        "2s @bank park c1 parked",
        "2s @bank submit c2 mail email",
        "2s @bank accept c2 parked",
        "2s @bank park c2 parked",
        "3s @bank submit c3 mail email",
        "3s @bank accept c3 parked",
        "4s @bank login active",
        "4s @bank ready active",
        "4s @bank submit c4 sales chat band=7",
        "5s @bank accept c4 active",
        "5s @bank login held",
        "5s @bank ready held",
        "5s @bank submit c5 sales chat",
        "6s @bank accept c5 held",
        "6s @bank hold c5 held",
        "6s @bank login connecting",
        "6s @bank ready connecting",
        "7s @bank submit c6 sales phone gateway=pbx",
        "7s @bank accept c6 connecting",
        "7s @bank login wrapping",
        "7s @bank ready wrapping",
        "8s @bank submit c7 sales chat",
        "8s @bank accept c7 wrapping",
        "8s @bank complete c7 wrapping",
        "9s @bank login offered",
        "9s @bank ready offered",
        "9s @bank submit c8 sales chat",
        "9s @bank next offered paused label=lunch",
        "10s @bank submit c9 sales chat",
        "10s @bank submit c10 mail email gateway=imap",
        "10s @bank submit c11 sales chat gateway=chat",
        "10s @bank cancel c9 abandoned",
        "11s @bank lose imap",
        "22s @bank time",
        "22s @bank lose chat",
        "22s @bank submit c12 sales chat",
        "22s @bank login lost",
        "22s @bank lost lost",
        "23s @shop submit c1 sales chat",
};

/* What the story makes in the bank. */
enum { AGENT_COUNT = 10, ASSIGNMENT_COUNT = 8, QUEUE_COUNT = 3, GATEWAY_COUNT = 3 };

static void begin(void)
{
        struct acd_limits limits = scenario_limits();

        world_init(&world, &limits, /* has_model = */ true);
        states = state_shard_new(&limits);
        for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
                say(story[i]);
        state_shard_at(states, world.core, 30 * SECOND);
}

static void end(void)
{
        state_shard_free(states);
        world_fini(&world);
}

TestSuite(redis_state, .init = begin, .fini = end);

static acd_tenant_id tenant(const char *name)
{
        return (acd_tenant_id){ acd_find(world.core, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 },
                                         wire_text(name)) };
}

static bool is_text(const char *text, struct acd_text expected)
{
        return strlen(text) == expected.size && memcmp(text, expected.at, expected.size) == 0;
}

static struct acd_text name_of(enum acd_object object, uint64_t id)
{
        return id == 0 ? (struct acd_text){ "", 0 } : acd_name(world.core, object, id);
}

static Acd__V1__TenantState *read_state(struct acd_bytes bytes)
{
        Acd__V1__TenantState *state = acd__v1__tenant_state__unpack(NULL, bytes.size, bytes.at);

        cr_assert_not_null(state);
        return state;
}

static Acd__V1__TenantState *state_of(const char *name)
{
        return read_state(state_shard_write(states, tenant(name), NULL).bytes);
}

static uint64_t ms_until(acd_time deadline)
{
        return deadline == 0 ? 0 : (deadline - 30 * SECOND + 999999) / 1000000;
}

static void check_queue(const Acd__V1__Queue *row)
{
        struct acd_queue_view view;

        cr_assert(acd_view_queue(world.core, (acd_queue_id){ row->queue_id }, &view));
        cr_assert(is_text(row->queue, name_of(ACD_OBJECT_QUEUE, row->queue_id)));
        cr_assert_eq(row->waiting, view.waiting);
        cr_assert_eq(row->withheld, view.withheld);
        cr_assert_eq(row->offered, view.offered);
        cr_assert_eq(row->connecting, view.connecting);
        cr_assert_eq(row->active, view.active);
        cr_assert_eq(row->wrap_up, view.wrap_up);
        cr_assert_eq(row->longest_wait_ms,
                     view.oldest == 0 ? 0 : (30 * SECOND - view.oldest) / 1000000);
        cr_assert_eq(row->agent_eligible, view.agent_eligible);
        cr_assert_eq(row->agent_logged_in, view.agent_logged_in);
        cr_assert_eq(row->agent_ready, view.agent_ready);
        cr_assert_eq(row->submitted, view.submitted);
        cr_assert_eq(row->answered, view.answered);
        cr_assert_eq(row->abandoned, view.abandoned);
        cr_assert_eq(row->closed, view.closed);
}

static void check_agent(const Acd__V1__Agent *row)
{
        struct acd_agent_view view;
        struct acd_assignment_view assignment = { 0 };
        struct acd_contact_view contact = { 0 };

        cr_assert(acd_view_agent(world.core, (acd_agent_id){ row->agent_id }, &view));
        if (view.assignment.value != 0) {
                cr_assert(acd_view_assignment(world.core, view.assignment, &assignment));
                cr_assert(acd_view_contact(world.core, assignment.contact, &contact));
        }
        cr_assert(is_text(row->agent, name_of(ACD_OBJECT_AGENT, row->agent_id)));
        cr_assert_eq((uint32_t)row->presence, (uint32_t)view.presence);
        cr_assert(is_text(row->label, view.label));
        cr_assert_eq((uint32_t)row->next, (uint32_t)view.next);
        cr_assert_eq(row->since_ns, view.since);
        cr_assert_eq(row->idle_since_ns, view.idle_since);
        cr_assert_eq(row->assignment, view.assignment.value);
        cr_assert_eq((uint32_t)row->assignment_state, (uint32_t)view.assignment_state);
        cr_assert_eq(row->parked_count, view.parked_count);
        cr_assert_eq(row->class_count, view.class_count);
        cr_assert_eq(row->contact_count, view.contact_count);
        cr_assert(is_text(row->team, name_of(ACD_OBJECT_TEAM, view.team.value)));
        cr_assert_eq(row->session_count, 0);
        cr_assert_eq(row->contact, assignment.contact.value);
        cr_assert(is_text(row->queue, name_of(ACD_OBJECT_QUEUE, contact.queue.value)));
}

static void check_payload(const char *text, acd_contact_id contact, enum acd_payload part)
{
        uint8_t bytes[64];
        uint32_t size = acd_contact_payload(world.core, contact, part, bytes, sizeof(bytes));

        cr_assert(is_text(text, (struct acd_text){ (const char *)bytes, size }));
}

static void check_assignment(const Acd__V1__Assignment *row)
{
        struct acd_assignment_view view;
        struct acd_contact_view contact;
        acd_time until;

        cr_assert(acd_view_assignment(world.core, (acd_assignment_id){ row->assignment }, &view));
        cr_assert(acd_view_contact(world.core, view.contact, &contact));
        cr_assert_eq((uint32_t)row->state, (uint32_t)view.state);
        cr_assert_eq(row->epoch, view.epoch);
        cr_assert_eq(row->contact, view.contact.value);
        cr_assert_eq(row->agent_id, view.agent.value);
        cr_assert(is_text(row->agent, name_of(ACD_OBJECT_AGENT, view.agent.value)));
        cr_assert(is_text(row->queue, name_of(ACD_OBJECT_QUEUE, contact.queue.value)));
        cr_assert(is_text(row->channel, name_of(ACD_OBJECT_CHANNEL, contact.channel.value)));
        cr_assert_eq(row->offered_ns, view.offered);
        cr_assert_eq(row->accepted_ns, view.accepted);
        cr_assert_eq(row->connected_ns, view.connected);
        cr_assert_eq(row->held_ns, view.held_ns);
        cr_assert_eq(row->hold_count, view.hold_count);
        cr_assert_eq(row->left_ms, ms_until(view.deadline));
        check_payload(row->client_key, view.contact, ACD_PAYLOAD_CLIENT_KEY);
        check_payload(row->customer_key, view.contact, ACD_PAYLOAD_CUSTOMER_KEY);
        cr_assert_eq(row->attributes.len, 0);
        cr_assert_eq(row->band, contact.band);
        until = view.connected != 0 ? view.connected : 30 * SECOND;
        cr_assert_eq(row->waited_ms, (until - contact.submitted) / 1000000);
}

static void check_gateway(const Acd__V1__Gateway *row)
{
        struct acd_gateway_view view;

        cr_assert(acd_view_gateway(world.core, (acd_gateway_id){ row->gateway_id }, &view));
        cr_assert(is_text(row->gateway, name_of(ACD_OBJECT_GATEWAY, row->gateway_id)));
        cr_assert_eq((uint32_t)row->state, (uint32_t)view.state);
        cr_assert_eq(row->left_ms, view.deadline <= 30 * SECOND ? 0 : ms_until(view.deadline));
        cr_assert_eq(row->contact_count, view.contact_count);
        cr_assert_eq(row->connection_count, 0);
}

/* The number of the tenant's objects, counted without its lists. */
static size_t count_of(enum acd_object object, acd_tenant_id of)
{
        uint64_t cursor = 0;
        size_t count = 0;

        while (acd_list(world.core, object, of, &cursor, UINT32_MAX) != 0)
                count++;
        return count;
}

/* Goal    Each row says what the core's views say, nothing is left out and nothing is there
 *         twice, and no row is another tenant's. */
Test(redis_state, every_field_is_what_the_core_says)
{
        Acd__V1__TenantState *state = state_of("bank");
        uint32_t presences = 0, assignment_states = 0, gateway_states = 0;

        cr_assert_eq(state->n_queues, QUEUE_COUNT);
        cr_assert_eq(state->n_agents, AGENT_COUNT);
        cr_assert_eq(state->n_assignments, ASSIGNMENT_COUNT);
        cr_assert_eq(state->n_gateways, GATEWAY_COUNT);
        cr_assert_eq(state->n_agents, count_of(ACD_OBJECT_AGENT, tenant("bank")));
        cr_assert_eq(state->n_assignments, count_of(ACD_OBJECT_ASSIGNMENT, tenant("bank")));
        for (size_t i = 0; i < state->n_queues; i++)
                check_queue(state->queues[i]);
        for (size_t i = 0; i < state->n_agents; i++) {
                check_agent(state->agents[i]);
                presences |= 1u << state->agents[i]->presence;
                for (size_t j = 0; j < i; j++)
                        cr_assert_neq(state->agents[i]->agent_id, state->agents[j]->agent_id);
        }
        for (size_t i = 0; i < state->n_assignments; i++) {
                check_assignment(state->assignments[i]);
                assignment_states |= 1u << state->assignments[i]->state;
        }
        for (size_t i = 0; i < state->n_gateways; i++) {
                check_gateway(state->gateways[i]);
                gateway_states |= 1u << state->gateways[i]->state;
        }
        cr_assert_eq(presences, 0x1e, "some presence is not in the story: %x", presences);
        cr_assert_eq(assignment_states, 0x7e, "some state of assignments: %x", assignment_states);
        cr_assert_eq(gateway_states, 0x0e, "some state of gateways: %x", gateway_states);
        acd__v1__tenant_state__free_unpacked(state, NULL);
}

/* Goal    The head says whose state it is, of when, and after which event. */
Test(redis_state, the_head_says_which_moment)
{
        struct tenant_state_written written = state_shard_write(states, tenant("shop"), NULL);
        Acd__V1__TenantState *state = read_state(written.bytes);
        struct acd_tenant_config config;
        uint64_t sequence;

        cr_assert(acd_view_tenant(world.core, tenant("shop"), &config, &sequence));
        cr_assert_str_eq(state->tenant, "shop");
        cr_assert_eq(state->epoch, 7);
        cr_assert_eq(state->sequence, sequence);
        cr_assert_eq(written.epoch, 7);
        cr_assert_eq(written.sequence, sequence);
        cr_assert_eq(state->wall_offset_ns, acd_wall_offset(world.core));
        cr_assert_eq(state->time_ns, 30 * SECOND);
        cr_assert_eq(state->clock_rate, 1);
        cr_assert_eq(state->n_agents, 1);
        cr_assert_eq(state->n_queues, 1);
        cr_assert_eq(state->n_assignments, 0);
        cr_assert_eq(state->n_gateways, 0);
        cr_assert_eq(state->n_marks, 0);
        acd__v1__tenant_state__free_unpacked(state, NULL);
        cr_assert_eq(state_shard_write(states, (acd_tenant_id){ 0 }, NULL).bytes.size, 0);
}

/* Goal    The bytes are those that protobuf would write: nothing of ours is in them. */
Test(redis_state, bytes_are_plain_protobuf)
{
        const struct wire_mark marks[2] = { { 0, 6, 1 }, { SECOND, 7, 2 } };
        const struct tenant_state_marks two = { marks, 2 };
        struct tenant_state_written written = state_shard_write(states, tenant("bank"), &two);
        Acd__V1__TenantState *state = read_state(written.bytes);
        uint8_t *again = malloc(written.bytes.size + 64u);

        cr_assert_eq(acd__v1__tenant_state__get_packed_size(state), written.bytes.size);
        cr_assert_eq(acd__v1__tenant_state__pack(state, again), written.bytes.size);
        cr_assert_eq(memcmp(again, written.bytes.at, written.bytes.size), 0);
        free(again);
        acd__v1__tenant_state__free_unpacked(state, NULL);
}

/* Goal    The same core gives the same bytes, and so does one that was saved and loaded. */
Test(redis_state, the_same_core_gives_the_same_bytes)
{
        struct acd_bytes bytes = state_shard_write(states, tenant("bank"), NULL).bytes;
        uint8_t *copy = malloc(bytes.size);
        uint32_t size = bytes.size;

        memcpy(copy, bytes.at, size);
        cr_assert(world_reload(&world, &world.memory), "%s", world.failure);
        state_shard_at(states, world.core, 30 * SECOND);
        bytes = state_shard_write(states, tenant("bank"), NULL).bytes;
        cr_assert_eq(bytes.size, size);
        cr_assert_eq(memcmp(bytes.at, copy, size), 0);
        free(copy);
}

/* Goal    A Resync is its head and the state as it is written alone. */
Test(redis_state, a_resync_carries_the_state)
{
        const struct wire_mark mark = { SECOND, 7, 1 };
        const struct tenant_state_resync resync = { .reason = WIRE_RESYNC_NEW_HISTORY,
                                                    .next_sequence = 12345,
                                                    .marks = { &mark, 1 } };
        struct acd_bytes alone = state_shard_write(states, tenant("bank"), &resync.marks).bytes;
        size_t capacity = alone.size + 1000u;
        uint8_t *into = malloc(capacity), *packed = malloc(capacity);
        struct shard *shard = state_shard_at(states, world.core, 30 * SECOND);
        struct tenant_state_written written;
        Acd__V1__Resync *read;

        cr_assert(tenant_state_write_resync(shard, tenant("bank"), &resync, into, capacity,
                                            &written));
        read = acd__v1__resync__unpack(NULL, written.bytes.size, written.bytes.at);
        cr_assert_not_null(read);
        cr_assert_str_eq(read->tenant, "bank");
        cr_assert_eq((uint32_t)read->reason, WIRE_RESYNC_NEW_HISTORY);
        cr_assert_eq(read->next_sequence, 12345);
        cr_assert_eq(acd__v1__tenant_state__pack(read->state, packed), alone.size);
        cr_assert_eq(memcmp(packed, alone.at, alone.size), 0);
        cr_assert_eq(read->state->sequence, written.sequence);
        cr_assert_eq(acd__v1__resync__pack(read, packed), written.bytes.size);
        cr_assert_eq(memcmp(packed, written.bytes.at, written.bytes.size), 0);
        acd__v1__resync__free_unpacked(read, NULL);
        cr_assert_not(
                tenant_state_write_resync(shard, tenant("bank"), &resync, into, 10, &written));
        free(into);
        free(packed);
}

/* Goal    A push says whose it is, and has the frame's body as it was. */
Test(redis_state, a_push_is_read_as_it_was)
{
        static const uint8_t body[] = { 1, 0, 255 };
        const struct wire_agent_push push = { .tenant = wire_text("bank"),
                                              .agent = 77,
                                              .session = 5,
                                              .kind = 65,
                                              .body = { body, sizeof(body) } };
        uint8_t into[200];
        struct acd_bytes bytes;
        Acd__V1__AgentPush *read;

        cr_assert(agent_push_write(&push, into, sizeof(into), &bytes));
        read = acd__v1__agent_push__unpack(NULL, bytes.size, bytes.at);
        cr_assert_not_null(read);
        cr_assert_str_eq(read->tenant, "bank");
        cr_assert_eq(read->agent, 77);
        cr_assert_eq(read->session, 5);
        cr_assert_eq(read->kind, 65);
        cr_assert_eq(read->body.len, sizeof(body));
        cr_assert_eq(memcmp(read->body.data, body, sizeof(body)), 0);
        acd__v1__agent_push__free_unpacked(read, NULL);
        cr_assert_not(agent_push_write(&push, into, 20, &bytes));
}

/* Goal    What does not fit is refused at every size, and nothing is written behind the room. */
Test(redis_state, too_little_room_is_refused)
{
        struct shard *shard = state_shard_at(states, world.core, 30 * SECOND);
        size_t size = state_shard_write(states, tenant("bank"), NULL).bytes.size;
        const struct tenant_state_marks none = { NULL, 0 };
        struct tenant_state_written written;
        size_t fits = 0;

        for (size_t room = 0; room < size + 300; room++) {
                uint8_t *into = malloc(room + 1);
                bool is_written;

                into[room] = 0xa5;
                is_written = tenant_state_write(shard, tenant("bank"), &none, into, room, &written);
                cr_assert_eq(into[room], 0xa5, "behind %zu", room);
                cr_assert(!is_written || room >= size);
                if (is_written && fits == 0)
                        fits = room;
                free(into);
        }
        cr_assert_neq(fits, 0, "it may want the bound of its last row, not more");
        cr_assert_leq(size, tenant_state_bound(&world.memory));
}

/* Goal    The bound grows with each limit, and ends where Redis does. */
Test(redis_state, the_bound_follows_the_limits)
{
        struct acd_limits limits = scenario_limits();
        size_t before = tenant_state_bound(&limits);

        limits.agent_count_max *= 2;
        cr_assert_gt(tenant_state_bound(&limits), before);
        limits.agent_count_max = 1048576;
        limits.contact_count_max = 16777216;
        cr_assert_eq(tenant_state_bound(&limits), TENANT_STATE_SIZE_MAX);
}

/* ---- marks ---- */

/* Goal    Marks come back as they went; of too many the newest. */
Test(redis_state, marks_are_read_back)
{
        static struct wire_mark marks[TENANT_STATE_MARK_MAX], read[TENANT_STATE_MARK_MAX];
        struct tenant_state_marks all = { marks, TENANT_STATE_MARK_MAX };
        struct acd_bytes bytes;
        uint32_t count = 0;

        for (uint32_t i = 0; i < TENANT_STATE_MARK_MAX; i++)
                marks[i] = (struct wire_mark){ i / 2 * SECOND, 1 + i / 100, 1 + i % 100 };
        bytes = state_shard_write(states, tenant("bank"), &all).bytes;
        cr_assert(tenant_state_read_marks(bytes, read, TENANT_STATE_MARK_MAX, &count));
        cr_assert_eq(count, TENANT_STATE_MARK_MAX);
        cr_assert_eq(memcmp(read, marks, sizeof(marks)), 0);
        cr_assert(tenant_state_read_marks(bytes, read, 10, &count));
        cr_assert_eq(count, 10);
        cr_assert_eq(memcmp(read, &marks[TENANT_STATE_MARK_MAX - 10], 10 * sizeof(marks[0])), 0);
        cr_assert(tenant_state_read_marks((struct acd_bytes){ 0 }, read, 10, &count));
        cr_assert_eq(count, 0);
}

/* Goal    Marks that do not ascend are not ours: they would send readers astray. */
Test(redis_state, marks_out_of_order_are_refused)
{
        static const struct wire_mark wrong[][2] = {
                { { 5, 1, 5 }, { 5, 1, 5 } },
                { { 5, 1, 5 }, { 6, 1, 4 } },
                { { 5, 2, 5 }, { 6, 1, 6 } },
                { { 5, 1, 5 }, { 4, 1, 6 } },
        };
        struct wire_mark read[4];
        uint32_t count = 77;

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct tenant_state_marks two = { wrong[i], 2 };

                cr_assert_not(tenant_state_read_marks(
                        state_shard_write(states, tenant("bank"), &two).bytes, read, 4, &count));
                cr_assert_eq(count, 77);
        }
}

/* Goal    Whatever the bytes, reading stays within them and gives ascending marks or none.
 * Method  A state with marks, cut at each length and with bytes changed by chance, in memory of
 *         its exact size, so that the sanitizer sees a step outside. */
Test(redis_state, hostile_states_do_not_harm)
{
        struct wire_mark marks[20], read[8];
        struct tenant_state_marks all = { marks, 20 };
        struct acd_prng prng;
        struct acd_bytes bytes;
        uint32_t refused = 0, taken = 0;

        for (uint32_t i = 0; i < 20; i++)
                marks[i] = (struct wire_mark){ i * SECOND, 1, 1 + i };
        bytes = state_shard_write(states, tenant("shop"), &all).bytes;
        acd_prng_init(&prng, 11);
        for (uint32_t round = 0; round < 20000; round++) {
                uint32_t size = round < bytes.size ? round : bytes.size, count = 99;
                uint8_t *copy = malloc(size + 1u);

                memcpy(copy, bytes.at, size);
                for (uint32_t i = 0; round >= bytes.size && i < 1 + round % 4; i++)
                        copy[acd_prng_below(&prng, size)] = (uint8_t)acd_prng_below(&prng, 256);
                copy = realloc(copy, size > 0 ? size : 1);
                if (tenant_state_read_marks((struct acd_bytes){ copy, size }, read, 8, &count)) {
                        taken++;
                        cr_assert_leq(count, 8);
                        for (uint32_t i = 1; i < count; i++)
                                cr_assert(read[i].time_ns >= read[i - 1].time_ns);
                } else {
                        refused++;
                        cr_assert_eq(count, 99);
                }
                free(copy);
        }
        cr_assert_gt(refused, 1000);
        cr_assert_gt(taken, 1000);
}

/* Goal    The naive reader counts what the core counts: a state is enough to go on from. */
Test(redis_state, a_reader_has_the_counts)
{
        struct fold *fold = fold_new();
        uint64_t cursor = 0, id;

        cr_assert(fold_take_state(fold, state_shard_write(states, tenant("bank"), NULL).bytes));
        while ((id = acd_list(world.core, ACD_OBJECT_QUEUE, tenant("bank"), &cursor, 1000)) != 0) {
                const struct fold_queue *queue = fold_queue_find(fold, id);
                struct acd_queue_view view;

                cr_assert_not_null(queue);
                cr_assert(acd_view_queue(world.core, (acd_queue_id){ id }, &view));
                cr_assert_eq(queue->waiting, view.waiting + view.withheld);
                cr_assert_eq(queue->active, view.active);
        }
        fold_free(fold);
}

/* ---- cost ---- */

enum { SKILL_COUNT = 50 };

/* A large floor, made without the checks of a world. */
struct floor {
        struct acd *core;
        acd_tenant_id tenant;
        acd_skill_id skill[SKILL_COUNT]; /* that queues ask for and agents have, or none */
        struct acd_reply reply;
        struct acd_effects effects;
};

static void step(struct floor *floor, struct acd_command *command)
{
        command->tenant = floor->tenant;
        cr_assert_eq(acd_step(floor->core, SECOND, command, &floor->reply, &floor->effects),
                     ACD_OK);
}

static void floor_begin(struct floor *floor, const struct acd_limits *limits)
{
        static struct acd_command command;
        size_t size = (acd_size(limits) + 63) / 64 * 64;
        void *memory = aligned_alloc(64, size);

        memset(floor, 0, sizeof(*floor));
        memset(memory, 0, size);
        floor->core = acd_init(memory, limits, 0);
        command = (struct acd_command){ .kind = ACD_COMMAND_START };
        command.start.epoch = 1;
        command.start.limits = *limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        step(floor, &command);
        command = (struct acd_command){ .kind = ACD_COMMAND_TENANT_UPSERT };
        snprintf(command.tenant_config.name, sizeof(command.tenant_config.name), "bank");
        step(floor, &command);
        floor->tenant.value = floor->reply.id;
}

static void floor_skills(struct floor *floor)
{
        static struct acd_command command;

        for (uint32_t i = 0; i < SKILL_COUNT; i++) {
                command = (struct acd_command){ .kind = ACD_COMMAND_SKILL_UPSERT };
                snprintf(command.skill.name, sizeof(command.skill.name), "skill-%u", i);
                step(floor, &command);
                floor->skill[i].value = floor->reply.id;
        }
}

static void floor_queues(struct floor *floor, uint32_t count)
{
        static struct acd_command command;

        for (uint32_t i = 0; i < count; i++) {
                command = (struct acd_command){ .kind = ACD_COMMAND_QUEUE_UPSERT };
                snprintf(command.queue.name, sizeof(command.queue.name), "queue-%u", i);
                command.queue.offer_timeout_ms = 3600000;
                command.queue.band = 8;
                command.queue.auto_accept = true;
                if (floor->skill[0].value != 0) {
                        command.queue.requirement.term_count = 1;
                        command.queue.requirement.term[0].skill = floor->skill[i % SKILL_COUNT];
                        command.queue.requirement.term[0].level_min = 1;
                }
                step(floor, &command);
        }
}

static void floor_submit(struct floor *floor, uint32_t queue)
{
        static struct acd_command command;
        char name[32];

        command = (struct acd_command){ .kind = ACD_COMMAND_SUBMIT };
        snprintf(name, sizeof(name), "queue-%u", queue);
        command.submit.queue.value =
                acd_find(floor->core, ACD_OBJECT_QUEUE, floor->tenant, wire_text(name));
        command.submit.channel.value =
                acd_find(floor->core, ACD_OBJECT_CHANNEL, floor->tenant, wire_text("chat"));
        command.submit.band = ACD_BAND_DEFAULT;
        command.submit.customer_key = (struct acd_bytes){ (const uint8_t *)"+4930123456", 11 };
        step(floor, &command);
}

/* Agents who are ready, each with a contact if @is_busy. */
static void floor_agents(struct floor *floor, uint32_t count, uint32_t queue_count, bool is_busy)
{
        static struct acd_command command;

        for (uint32_t i = 0; i < count; i++) {
                acd_agent_id agent;

                command = (struct acd_command){ .kind = ACD_COMMAND_AGENT_UPSERT };
                snprintf(command.agent.name, sizeof(command.agent.name), "agent-%u", i);
                if (floor->skill[0].value != 0) {
                        command.agent.skill_count = 1;
                        command.agent.skill[0].skill = floor->skill[i % SKILL_COUNT];
                        command.agent.skill[0].level = 5;
                }
                step(floor, &command);
                agent.value = floor->reply.id;
                command = (struct acd_command){ .kind = ACD_COMMAND_AGENT_LOGIN };
                command.login.agent = agent;
                step(floor, &command);
                command = (struct acd_command){ .kind = ACD_COMMAND_AGENT_READY };
                command.agent_ref.agent = agent;
                step(floor, &command);
                if (is_busy)
                        floor_submit(floor, i % queue_count);
        }
}

static void floor_work(struct floor *floor)
{
        static struct acd_command command;

        while (acd_agenda_units(floor->core) > 0) {
                command = (struct acd_command){ .kind = ACD_COMMAND_WORK };
                command.work.unit_max = 4096;
                step(floor, &command);
        }
}

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

enum floor_kind { FLOOR_IDLE, FLOOR_SKILLED, FLOOR_BUSY };

static void floor_make(struct floor *floor, uint32_t agents, uint32_t queues, enum floor_kind kind)
{
        if (kind == FLOOR_SKILLED)
                floor_skills(floor);
        floor_queues(floor, queues);
        floor_agents(floor, agents, queues, kind == FLOOR_BUSY);
        floor_work(floor);
}

/* The best of some, printed: nothing is asserted on time. */
static void tell(const char *what, uint32_t agents, uint32_t queues, enum floor_kind kind)
{
        struct acd_limits limits = acd_limits_default();
        struct state_shard *of = state_shard_new(&limits);
        struct floor floor;
        uint64_t best = UINT64_MAX;
        struct tenant_state_written written;
        Acd__V1__TenantState *state;
        size_t rows;

        floor_begin(&floor, &limits);
        floor_make(&floor, agents, queues, kind);
        state_shard_at(of, floor.core, 2 * SECOND);
        for (uint32_t i = 0; i < 5; i++) {
                uint64_t begun = now_ns();

                written = state_shard_write(of, floor.tenant, NULL);
                begun = now_ns() - begun;
                best = begun < best ? begun : best;
        }
        state = read_state(written.bytes);
        cr_assert_eq(state->n_agents, agents);
        cr_assert_eq(state->n_queues, queues);
        cr_assert_eq(state->n_assignments, kind == FLOOR_BUSY ? agents : 0);
        rows = state->n_queues + state->n_agents + state->n_assignments + state->n_gateways;
        printf("%-48s %6zu rows %8u bytes %8.1f us %5.0f ns a row\n", what, rows,
               written.bytes.size, (double)best / 1000, (double)best / (double)rows);
        acd__v1__tenant_state__free_unpacked(state, NULL);
        state_shard_free(of);
        free(floor.core);
}

/* Goal    What a state costs is known; every row is there at these sizes too. */
Test(redis_state_cost, rows)
{
        tell("1,000 agents, 10 queues", 1000, 10, FLOOR_IDLE);
        tell("1,000 agents with contacts, 10 queues", 1000, 10, FLOOR_BUSY);
        tell("10,000 agents, 100 queues", 10000, 100, FLOOR_IDLE);
        tell("10,000 agents with contacts, 20 queues", 10000, 20, FLOOR_BUSY);
        tell("10,000 agents, 100 queues of skills, not used", 10000, 100, FLOOR_SKILLED);
}

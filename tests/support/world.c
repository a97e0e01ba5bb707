/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A core and its model, stepped side by side.
 *
 * TIME and WORK are repeated on the core until they are done, since how much one step
 * does is the core's own affair; the model does all of it at once. The events of the
 * repetitions, in a row, must be the model's.
 */

#include "tests/support/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/support/scenario_effects.h"
#include "tests/support/scenario_words.h"

/* A TIME or WORK that does not end in so many steps never will. */
enum { REPEAT_MAX = 100000, TEXT_SIZE = 512, CORE_ALIGNMENT = 64 };

static bool failed(struct world *world, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static bool failed(struct world *world, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(world->failure, sizeof(world->failure), format, arguments);
        va_end(arguments);
        return false;
}

static struct acd *core_new(const struct acd_limits *limits, void **ret_memory)
{
        size_t size = acd_size(limits);

        ACD_ASSERT(size > 0);
        size = (size + CORE_ALIGNMENT - 1) / CORE_ALIGNMENT * CORE_ALIGNMENT;
        *ret_memory = aligned_alloc(CORE_ALIGNMENT, size);
        ACD_ASSERT(*ret_memory != NULL);
        memset(*ret_memory, 0, size);
        return acd_init(*ret_memory, limits, WORLD_SHARD);
}

void world_init(struct world *world, const struct acd_limits *memory, bool has_model)
{
        memset(world, 0, sizeof(*world));
        world->memory = *memory;
        world->core = core_new(memory, &world->core_memory);
        world->model = has_model ? model_new(memory, WORLD_SHARD) : NULL;
        model_log_init(&world->ours);
        scenario_names_init(&world->names);
}

void world_fini(struct world *world)
{
        for (uint32_t i = 0; i < world->record_count; i++)
                free(world->record[i].bytes);
        free(world->record);
        free(world->event);
        model_log_fini(&world->ours);
        scenario_names_fini(&world->names);
        model_free(world->model);
        free(world->core_memory);
}

/* The journal */

/* What goes in comes out: encode, decode, encode again, same bytes. */
static bool record(struct world *world, acd_time now, const struct acd_command *command)
{
        static uint8_t body[ACD_COMMAND_BODY_MAX], payload[ACD_COMMAND_PAYLOAD_MAX];
        static uint8_t again[ACD_COMMAND_BODY_MAX], payload_again[ACD_COMMAND_PAYLOAD_MAX];
        static acd_contact_id scratch[ACD_RESUME_MAX];
        static struct acd_command decoded;
        uint32_t body_size, payload_size, again_size, payload_again_size;
        struct world_record *to;

        acd_command_encode(command, body, &body_size, payload, &payload_size);
        if (!acd_command_decode((struct acd_bytes){ body, body_size },
                                (struct acd_bytes){ payload, payload_size }, scratch, &decoded))
                return failed(world, "an accepted command cannot be decoded");
        acd_command_encode(&decoded, again, &again_size, payload_again, &payload_again_size);
        if (again_size != body_size || memcmp(again, body, body_size) != 0 ||
            payload_again_size != payload_size ||
            memcmp(payload_again, payload, payload_size) != 0)
                return failed(world, "decoding and encoding give other bytes");

        if (world->record_count == world->record_capacity) {
                world->record_capacity = world->record_capacity * 2 + 64;
                world->record = realloc(world->record,
                                        world->record_capacity * sizeof(*world->record));
                ACD_ASSERT(world->record != NULL);
        }
        to = &world->record[world->record_count++];
        *to = (struct world_record){ .now = now,
                                     .body_size = body_size,
                                     .payload_size = payload_size,
                                     .bytes = malloc((size_t)body_size + payload_size + 1) };
        ACD_ASSERT(to->bytes != NULL);
        memcpy(to->bytes, body, body_size);
        memcpy(to->bytes + body_size, payload, payload_size);
        return true;
}

bool world_replay(struct world *world)
{
        static struct acd_effects effects;
        static struct acd_reply reply;
        static acd_contact_id scratch[ACD_RESUME_MAX];
        static struct acd_command command;
        void *memory;
        struct acd *core = core_new(&world->memory, &memory);
        bool is_same;

        for (uint32_t i = 0; i < world->record_count; i++) {
                const struct world_record *from = &world->record[i];
                struct acd_bytes body = { from->bytes, from->body_size };
                struct acd_bytes payload = { from->bytes + from->body_size, from->payload_size };

                if (!acd_command_decode(body, payload, scratch, &command) ||
                    acd_step(core, from->now, &command, &reply, &effects) != ACD_OK) {
                        free(memory);
                        return failed(world, "replay: command %u of %u was refused", i,
                                      world->record_count);
                }
        }
        is_same = acd_digest(core) == acd_digest(world->core);
        free(memory);
        return is_same || failed(world, "replay gives another digest");
}

/* Save and load */

struct tape {
        uint8_t *bytes;
        size_t size, capacity, position;
};

static int tape_write(void *self, const void *bytes, size_t size)
{
        struct tape *tape = self;

        if (tape->size + size > tape->capacity) {
                tape->capacity = (tape->size + size) * 2;
                tape->bytes = realloc(tape->bytes, tape->capacity);
                ACD_ASSERT(tape->bytes != NULL);
        }
        memcpy(tape->bytes + tape->size, bytes, size);
        tape->size += size;
        return 0;
}

static int tape_read(void *self, void *bytes, size_t size)
{
        struct tape *tape = self;

        if (size > tape->size - tape->position)
                return -1;
        memcpy(bytes, tape->bytes + tape->position, size);
        tape->position += size;
        return 0;
}

bool world_reload(struct world *world, const struct acd_limits *memory)
{
        struct tape tape = { 0 };
        struct acd_sink sink = { .write = tape_write, .self = &tape };
        struct acd_source source = { .read = tape_read, .self = &tape };
        uint64_t digest = acd_digest(world->core);
        void *fresh_memory;
        struct acd *fresh;

        if (acd_save(world->core, &sink) != 0)
                return failed(world, "the state cannot be saved");
        fresh = core_new(memory, &fresh_memory);
        if (acd_load(fresh, &source) != 0) {
                free(tape.bytes);
                free(fresh_memory);
                return failed(world, "the saved state cannot be loaded");
        }
        free(world->core_memory);
        world->core = fresh;
        world->core_memory = fresh_memory;
        acd_check(fresh);
        if (tape.position != tape.size) {
                free(tape.bytes);
                return failed(world, "loading leaves bytes over");
        }
        free(tape.bytes);
        return acd_digest(fresh) == digest || failed(world, "the loaded state has another digest");
}

/* What must hold after a step of the core */

static void keep_events(struct world *world, const struct acd_effects *effects)
{
        uint32_t count = world->event_count + effects->count;

        if (effects->count == 0)
                return;
        if (count > world->event_capacity) {
                world->event_capacity = count * 2;
                world->event = realloc(world->event,
                                       world->event_capacity * sizeof(*world->event));
                ACD_ASSERT(world->event != NULL);
        }
        memcpy(world->event + world->event_count, effects->item,
               effects->count * sizeof(*world->event));
        world->event_count = count;
}

/* Numbers of events of a tenant run on by one. */
static bool check_sequence(struct world *world, const struct acd_event *event)
{
        for (uint32_t i = 0; i < WORLD_TENANT_MAX; i++) {
                uint64_t *tenant = world->tenant_sequence[i];

                if (tenant[0] != 0 && tenant[0] != event->tenant.value)
                        continue;
                tenant[0] = event->tenant.value;
                if (event->sequence != tenant[1] + 1)
                        return failed(world, "event %llu of the tenant follows on %llu",
                                      (unsigned long long)event->sequence,
                                      (unsigned long long)tenant[1]);
                tenant[1] = event->sequence;
                return true;
        }
        return true;
}

/* Nobody is offered a contact whose gateway has been gone longer than the grace. */
static bool check_gateway(struct world *world, const struct acd_event *event)
{
        struct world_gateway *gateway = NULL;

        if (event->gateway.value == 0)
                return true;
        for (uint32_t i = 0; i < WORLD_GATEWAY_MAX && gateway == NULL; i++)
                if (world->gateway[i].id == 0 || world->gateway[i].id == event->gateway.value)
                        gateway = &world->gateway[i];
        if (gateway == NULL)
                return true;
        gateway->id = event->gateway.value;
        if (event->kind == ACD_EVENT_GATEWAY_GONE)
                gateway->is_gone = true;
        if (event->kind == ACD_EVENT_GATEWAY_OPENED)
                gateway->is_gone = false;
        if (event->kind == ACD_EVENT_CONTACT_OFFERED && gateway->is_gone)
                return failed(world, "a contact of a gateway that is gone was offered");
        return true;
}

static bool check_events(struct world *world, const struct acd_effects *effects)
{
        if (effects->count > ACD_EFFECT_MAX)
                return failed(world, "a step with %u events", effects->count);
        for (uint32_t i = 0; i < effects->count; i++)
                if (!check_sequence(world, &effects->item[i]) ||
                    !check_gateway(world, &effects->item[i]))
                        return false;
        return true;
}

static enum acd_object made_by(enum acd_command_kind kind)
{
        switch ((int)kind) {
        case ACD_COMMAND_TENANT_UPSERT:
                return ACD_OBJECT_TENANT;
        case ACD_COMMAND_SKILL_UPSERT:
                return ACD_OBJECT_SKILL;
        case ACD_COMMAND_CHANNEL_UPSERT:
                return ACD_OBJECT_CHANNEL;
        case ACD_COMMAND_QUEUE_UPSERT:
                return ACD_OBJECT_QUEUE;
        case ACD_COMMAND_TEAM_UPSERT:
                return ACD_OBJECT_TEAM;
        case ACD_COMMAND_PROFILE_UPSERT:
                return ACD_OBJECT_PROFILE;
        case ACD_COMMAND_AGENT_UPSERT:
                return ACD_OBJECT_AGENT;
        case ACD_COMMAND_GATEWAY_OPEN:
                return ACD_OBJECT_GATEWAY;
        case ACD_COMMAND_SUBMIT:
                return ACD_OBJECT_CONTACT;
        default:
                return ACD_OBJECT_NONE;
        }
}

/* Names of what the step made or found. */
static void learn_names(struct world *world, const struct acd_command *command,
                        const struct acd_effects *effects)
{
        enum acd_object object = made_by(command->kind);
        bool is_done = world->reply.result == ACD_OK || world->reply.result == ACD_DUPLICATE;
        uint64_t tenant = object == ACD_OBJECT_TENANT ? 0 : command->tenant.value;

        if (is_done && object != ACD_OBJECT_NONE && world->subject != NULL)
                scenario_names_put(&world->names, object, tenant, world->subject,
                                   world->reply.id);
        scenario_names_learn(&world->names, effects->item, effects->count);
}

/* One step of the core alone; its events are added to those kept. */
static bool step_core(struct world *world, acd_time now, const struct acd_command *command)
{
        static struct acd_effects effects;
        uint64_t digest = acd_digest(world->core);
        uint64_t units = acd_agenda_units(world->core);
        enum acd_result result;

        memset(&effects, 0x5a, sizeof(effects.count));
        memset(&world->reply, 0x5a, sizeof(world->reply));
        /* A hint, whatever the command: it must change nothing that the model, the
         * digest or the replay could see. */
        for (uint32_t pass = 0; pass < 3; pass++)
                acd_prefetch(world->core, command, pass);
        result = acd_step(world->core, now, command, &world->reply, &effects);
        acd_check(world->core);
        if (result != world->reply.result)
                return failed(world, "the step returns another result than its reply has");
        learn_names(world, command, &effects);
        if (result == ACD_OK && now > world->last_now)
                world->last_now = now;
        if (!check_events(world, &effects))
                return false;
        keep_events(world, &effects);
        if (result == ACD_OK)
                return record(world, now, command);
        if (effects.count != 0)
                return failed(world, "a refusal with events");
        if (acd_digest(world->core) != digest || acd_agenda_units(world->core) != units)
                return failed(world, "a refusal that changes the state");
        return true;
}

static bool repeat_core(struct world *world, acd_time now, const struct acd_command *command)
{
        for (uint32_t i = 0; i < REPEAT_MAX; i++) {
                acd_time due;

                if (!step_core(world, now, command))
                        return false;
                due = acd_next_deadline(world->core);
                if (world->reply.result != ACD_OK ||
                    (command->kind != ACD_COMMAND_TIME && command->kind != ACD_COMMAND_WORK) ||
                    (command->kind == ACD_COMMAND_TIME && (due == 0 || due > world->last_now)) ||
                    (command->kind == ACD_COMMAND_WORK && acd_agenda_units(world->core) == 0))
                        return true;
        }
        return failed(world, "TIME or WORK does not come to an end");
}

/* Comparison with the model */

static bool differ(struct world *world, const char *what, uint64_t theirs, uint64_t ours)
{
        return failed(world, "the answer's %s is %llu, the model says %llu", what,
                      (unsigned long long)theirs, (unsigned long long)ours);
}

static bool compare_reply(struct world *world, const struct acd_reply *ours)
{
        const struct acd_reply *theirs = &world->reply;
        char our_word[SCENARIO_WORD_SIZE], their_word[SCENARIO_WORD_SIZE];
        char our_field[SCENARIO_WORD_SIZE], their_field[SCENARIO_WORD_SIZE];

        if (ours->result != theirs->result || ours->field != theirs->field) {
                scenario_word(SCENARIO_RESULTS, theirs->result, their_word);
                scenario_word(SCENARIO_RESULTS, ours->result, our_word);
                scenario_word(SCENARIO_FIELDS, theirs->field, their_field);
                scenario_word(SCENARIO_FIELDS, ours->field, our_field);
                return failed(world, "the answer is %s (%s), the model says %s (%s)", their_word,
                              their_field, our_word, our_field);
        }
        if (ours->limit != theirs->limit)
                return differ(world, "limit", theirs->limit, ours->limit);
        if (ours->id != theirs->id)
                return differ(world, "id", theirs->id, ours->id);
        if (ours->changed != theirs->changed)
                return differ(world, "changed", theirs->changed, ours->changed);
        if (ours->retry_after_ms != theirs->retry_after_ms)
                return differ(world, "retry_after_ms", theirs->retry_after_ms,
                              ours->retry_after_ms);
        if (ours->state != theirs->state)
                return differ(world, "state", theirs->state, ours->state);
        if (ours->resume_count != theirs->resume_count)
                return differ(world, "resume_count", theirs->resume_count, ours->resume_count);
        for (uint32_t i = 0; i < ours->resume_count; i++)
                if (ours->resume[i] != theirs->resume[i])
                        return differ(world, "resume", theirs->resume[i], ours->resume[i]);
        return true;
}

static bool events_equal(const struct acd_event *a, const struct acd_event *b)
{
        return a->kind == b->kind && a->reason == b->reason && a->state == b->state &&
               a->band == b->band && a->object == b->object && a->tier == b->tier &&
               a->count == b->count && a->tenant.value == b->tenant.value &&
               a->sequence == b->sequence && a->now == b->now &&
               a->contact.value == b->contact.value && a->agent.value == b->agent.value &&
               a->queue.value == b->queue.value && a->assignment.value == b->assignment.value &&
               a->gateway.value == b->gateway.value && a->deadline == b->deadline &&
               a->since == b->since && a->value == b->value &&
               strncmp(a->label, b->label, sizeof(a->label)) == 0;
}

static void describe(const struct world *world, const struct acd_event *event, uint32_t count,
                     uint32_t index, char *text)
{
        char words[TEXT_SIZE];

        if (index >= count) {
                snprintf(text, TEXT_SIZE, "nothing");
                return;
        }
        scenario_format_event(&event[index], &world->names, words, sizeof(words));
        snprintf(text, TEXT_SIZE, "%.400s [band %u seq %llu asg %llx]", words, event[index].band,
                 (unsigned long long)event[index].sequence,
                 (unsigned long long)event[index].assignment.value);
}

static bool compare_events(struct world *world)
{
        const struct model_log *ours = &world->ours;
        uint32_t count = ours->count > world->event_count ? ours->count : world->event_count;

        for (uint32_t i = 0; i < count; i++) {
                char our_text[TEXT_SIZE], their_text[TEXT_SIZE];

                if (i < ours->count && i < world->event_count &&
                    events_equal(&world->event[i], &ours->item[i]))
                        continue;
                describe(world, world->event, world->event_count, i, their_text);
                describe(world, ours->item, ours->count, i, our_text);
                return failed(world, "event %u of %u is: %s\n  the model says, of %u: %s", i + 1,
                              world->event_count, their_text, ours->count, our_text);
        }
        return true;
}

/* The model does the same, with the core's events from @first on as hints. */
static bool step_model(struct world *world, acd_time now, const struct acd_command *command)
{
        static struct acd_reply reply;

        if (world->model == NULL)
                return true;
        world->ours.hint = world->event;
        world->ours.hint_count = world->event_count;
        world->ours.hint_id = world->reply.id;
        model_step(world->model, now, command, &reply, &world->ours);
        world->is_ambiguous = world->is_ambiguous || model_is_ambiguous(world->model);
        if (world->is_ambiguous)
                return true;
        return compare_reply(world, &reply) && compare_events(world);
}

static void begin(struct world *world)
{
        world->event_count = 0;
        world->ours.count = 0;
        world->is_ambiguous = false;
        world->failure[0] = 0;
}

bool world_step(struct world *world, acd_time now, const struct acd_command *command)
{
        ACD_ASSERT(world->model == NULL ||
                   (command->kind != ACD_COMMAND_TIME && command->kind != ACD_COMMAND_WORK));
        begin(world);
        return step_core(world, now, command) && step_model(world, now, command);
}

bool world_do(struct world *world, acd_time now, const struct acd_command *command)
{
        begin(world);
        return repeat_core(world, now, command) && step_model(world, now, command);
}

bool world_do_and_work(struct world *world, acd_time now, const struct acd_command *command)
{
        static const struct acd_command work = { .kind = ACD_COMMAND_WORK,
                                                 .work = { .unit_max = 4096 } };
        struct acd_reply reply;
        bool is_same;

        if (!world_do(world, now, command))
                return false;
        if (acd_agenda_units(world->core) == 0 && world->model == NULL)
                return true;
        reply = world->reply;
        if (reply.result != ACD_OK)
                return true;
        is_same = repeat_core(world, now, &work) && step_model(world, now, &work);
        world->reply = reply;
        return is_same;
}

/* Looking in */

uint32_t world_ids(const struct world *world, enum acd_object object, uint64_t tenant,
                   uint64_t *ret_ids, uint32_t max)
{
        uint32_t count = 0;
        uint64_t cursor = 0;

        if (world->model != NULL) {
                for (uint32_t i = 0; i < model_top(world->model, object) && count < max; i++) {
                        uint64_t id = model_id_at(world->model, object, i);

                        if (id != 0 && model_tenant_of(world->model, object, id) == tenant)
                                ret_ids[count++] = id;
                }
                return count;
        }
        while (cursor != UINT64_MAX && count < max) {
                uint64_t id = acd_list(world->core, object, (acd_tenant_id){ tenant }, &cursor,
                                       1024);

                if (id != 0)
                        ret_ids[count++] = id;
        }
        return count;
}

bool world_view_contact(const struct world *world, uint64_t id, struct acd_contact_view *ret_view)
{
        return world->model != NULL ? model_view_contact(world->model, id, ret_view) :
                                      acd_view_contact(world->core, (acd_contact_id){ id },
                                                       ret_view);
}

bool world_view_assignment(const struct world *world, uint64_t id,
                           struct acd_assignment_view *ret_view)
{
        return world->model != NULL ? model_view_assignment(world->model, id, ret_view) :
                                      acd_view_assignment(world->core, (acd_assignment_id){ id },
                                                          ret_view);
}

bool world_view_agent(const struct world *world, uint64_t id, struct acd_agent_view *ret_view)
{
        return world->model != NULL ? model_view_agent(world->model, id, ret_view) :
                                      acd_view_agent(world->core, (acd_agent_id){ id }, ret_view);
}

bool world_view_gateway(const struct world *world, uint64_t id, struct acd_gateway_view *ret_view)
{
        return world->model != NULL ? model_view_gateway(world->model, id, ret_view) :
                                      acd_view_gateway(world->core, (acd_gateway_id){ id },
                                                       ret_view);
}

acd_time world_next_deadline(const struct world *world)
{
        return world->model != NULL ? model_next_deadline(world->model) :
                                      acd_next_deadline(world->core);
}

bool world_compare_views(struct world *world)
{
        const char *difference;

        if (world->model == NULL)
                return true;
        difference = model_compare_views(world->model, world->core);
        return difference == NULL || failed(world, "views: %s", difference);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playing on the core.
 *
 * The plan's world becomes the core's configuration: one tenant, a skill and a
 * queue per queue of the plan, the agents with their skills. A call's queue
 * asks for its skill at level 1; the credit comes with the call. Everything is
 * told to the core as commands, the same that a daemon would journal.
 *
 * After each command the agenda is worked off, and before time passes a timer's
 * deadline the timer runs, so the core is never behind. Wrap-ups end when the
 * plan says; the queue's own limit on them is longer than any of them.
 *
 * The core's clock starts at one second, since a deadline of zero means "never".
 */

#include "clients/replay/core_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acd/view.h"
#include "base/assert.h"
#include "base/id.h"

enum {
        CONTACT_MAX = 100000, /* open calls at once */
        EVENT_CAPACITY = 4096,
};

#define ORIGIN_NS UINT64_C(1000000000)

struct core_engine {
        const struct plan *plan;
        struct acd *acd;
        void *memory;
        acd_time now;
        acd_tenant_id tenant;
        acd_channel_id channel;
        acd_queue_id queue[PLAN_QUEUE_MAX];
        acd_skill_id skill[PLAN_QUEUE_MAX];
        acd_agent_id *agent;     /* by the plan's index */
        acd_contact_id *contact; /* by the plan's index */
        uint32_t *agent_at;      /* by the core's slot */
        uint32_t *call_at;       /* by the core's slot */
        uint32_t call_slot_count;
        uint64_t submit_count;
        uint64_t step_count;
        struct acd_command command;
        struct acd_effects effects;
        struct engine_event event[EVENT_CAPACITY];
        size_t event_first;
        size_t event_count;
};

static void tell(struct core_engine *core, struct engine_event event)
{
        ACD_ASSERT(core->event_count < EVENT_CAPACITY);

        core->event[(core->event_first + core->event_count) % EVENT_CAPACITY] = event;
        core->event_count++;
}

/* The driver's word for an event of the core. False: nothing to the driver. */
static bool kind_of(const struct acd_event *event, enum engine_event_kind *ret_kind)
{
        static const struct {
                uint16_t from;
                enum engine_event_kind to;
        } word[] = {
                { ACD_EVENT_CONTACT_SUBMITTED, ENGINE_SUBMITTED },
                { ACD_EVENT_CONTACT_QUEUED, ENGINE_QUEUED },
                { ACD_EVENT_CONTACT_OFFERED, ENGINE_OFFERED },
                { ACD_EVENT_OFFER_ENDED, ENGINE_OFFER_ENDED },
                { ACD_EVENT_CONTACT_CONNECTED, ENGINE_CONNECTED },
                { ACD_EVENT_CONTACT_CLOSED, ENGINE_CLOSED },
                { ACD_EVENT_WRAP_UP_STARTED, ENGINE_WRAP_UP },
                { ACD_EVENT_ASSIGNMENT_CLOSED, ENGINE_FREED },
                { ACD_EVENT_AGENT_READY, ENGINE_READY },
                { ACD_EVENT_AGENT_PAUSED, ENGINE_AWAY },
                { ACD_EVENT_AGENT_LOGGED_IN, ENGINE_AWAY },
                { ACD_EVENT_AGENT_LOGGED_OUT, ENGINE_OUT },
        };

        for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
                if (word[i].from == event->kind) {
                        *ret_kind = word[i].to;
                        return true;
                }
        }
        return false;
}

static uint32_t slot_of(uint64_t id)
{
        return acd_id_split(id).slot;
}

static void translate(struct core_engine *core, const struct acd_event *event)
{
        struct engine_event said = {
                .source = ENGINE_BOTH,
                .call = ENGINE_NONE,
                .agent = ENGINE_NONE,
                .time_ns = (int64_t)(event->now - ORIGIN_NS),
                .value = event->assignment.value,
        };

        if (!kind_of(event, &said.kind))
                return;
        if (event->contact.value != 0) {
                ACD_ASSERT(slot_of(event->contact.value) < core->call_slot_count);
                said.call = core->call_at[slot_of(event->contact.value)];
        }
        if (event->agent.value != 0)
                said.agent = core->agent_at[slot_of(event->agent.value)];
        if (said.kind == ENGINE_SUBMITTED)
                said.value = core->submit_count++;
        tell(core, said);
}

/* The command at hand, at the present time. */
static enum acd_result step(struct core_engine *core, struct acd_reply *ret_reply)
{
        core->step_count++;
        return acd_step(core->acd, core->now, &core->command, ret_reply, &core->effects);
}

static void tell_refused(struct core_engine *core, uint32_t call, uint32_t agent,
                         enum acd_result result)
{
        tell(core, (struct engine_event){
                           .kind = ENGINE_REFUSED,
                           .source = ENGINE_BOTH,
                           .call = call,
                           .agent = agent,
                           .time_ns = (int64_t)(core->now - ORIGIN_NS),
                           .value = (uint64_t)result,
                   });
}

static void tell_effects(struct core_engine *core)
{
        for (uint32_t i = 0; i < core->effects.count; i++)
                translate(core, &core->effects.item[i]);
}

static void work_off_agenda(struct core_engine *core)
{
        struct acd_reply reply;

        while (acd_agenda_units(core->acd) > 0) {
                core->command =
                        (struct acd_command){ .kind = ACD_COMMAND_WORK, .work.unit_max = 4096 };
                ACD_ASSERT(step(core, &reply) == ACD_OK);
                tell_effects(core);
        }
}

/* A command about @call or @agent, already in core->command. */
static int command(struct core_engine *core, uint32_t call, uint32_t agent)
{
        struct acd_reply reply;
        enum acd_result result;

        core->command.tenant = core->tenant;
        result = step(core, &reply);
        if (result != ACD_OK && result != ACD_DUPLICATE) {
                tell_refused(core, call, agent, result);
                return 0;
        }
        tell_effects(core);
        work_off_agenda(core);
        return 0;
}

/*
 * The face.
 */

static int core_wait(void *self, int64_t until_ms)
{
        struct core_engine *core = self;
        acd_time until =
                until_ms == INT64_MAX ? UINT64_MAX : ORIGIN_NS + (uint64_t)until_ms * 1000000;
        struct acd_reply reply;

        while (core->event_count == 0) {
                acd_time deadline = acd_next_deadline(core->acd);

                if (deadline == 0 || deadline > until) {
                        /* For ever is never: nothing will happen any more. */
                        if (until == UINT64_MAX)
                                return -ETIME;
                        core->now = until;
                        return 0;
                }
                if (deadline > core->now)
                        core->now = deadline;
                core->command = (struct acd_command){ .kind = ACD_COMMAND_TIME };
                if (step(core, &reply) != ACD_OK)
                        return -EPROTO;
                tell_effects(core);
                work_off_agenda(core);
        }
        return 0;
}

static int64_t core_now_ms(void *self)
{
        return (int64_t)((((struct core_engine *)self)->now - ORIGIN_NS) / 1000000);
}

static bool core_next_event(void *self, struct engine_event *ret_event)
{
        struct core_engine *core = self;

        if (core->event_count == 0)
                return false;
        *ret_event = core->event[core->event_first];
        core->event_first = (core->event_first + 1) % EVENT_CAPACITY;
        core->event_count--;
        return true;
}

static int core_submit(void *self, uint32_t call)
{
        struct core_engine *core = self;
        const struct plan_call *planned = &core->plan->call[call];
        struct acd_reply reply;
        enum acd_result result;

        core->command = (struct acd_command){
                .kind = ACD_COMMAND_SUBMIT,
                .tenant = core->tenant,
                .submit = {
                        .queue = core->queue[planned->queue],
                        .channel = core->channel,
                        .band = ACD_BAND_DEFAULT,
                        .credit_ms = planned->credit_ms,
                },
        };
        result = step(core, &reply);
        if (result != ACD_OK) {
                tell_refused(core, call, ENGINE_NONE, result);
                return 0;
        }
        ACD_ASSERT(slot_of(reply.id) < core->call_slot_count);
        core->call_at[slot_of(reply.id)] = call;
        core->contact[call].value = reply.id;
        tell_effects(core);
        work_off_agenda(core);
        return 0;
}

static int core_abandon(void *self, uint32_t call)
{
        struct core_engine *core = self;

        core->command = (struct acd_command){
                .kind = ACD_COMMAND_CANCEL,
                .cancel = { .contact = core->contact[call], .reason = ACD_REASON_ABANDONED },
        };
        return command(core, call, ENGINE_NONE);
}

static int core_log_in(void *self, uint32_t agent)
{
        struct core_engine *core = self;

        core->command = (struct acd_command){
                .kind = ACD_COMMAND_AGENT_LOGIN,
                .login.agent = core->agent[agent],
        };
        return command(core, ENGINE_NONE, agent);
}

static int presence(struct core_engine *core, uint32_t agent, enum acd_command_kind kind,
                    const char *label)
{
        core->command = (struct acd_command){
                .kind = kind,
                .agent_ref = { .agent = core->agent[agent], .reason = ACD_REASON_AGENT_ASKED },
        };
        memcpy(core->command.agent_ref.label, label, strlen(label));
        return command(core, ENGINE_NONE, agent);
}

static int core_log_out(void *self, uint32_t agent)
{
        return presence(self, agent, ACD_COMMAND_AGENT_LOGOUT, "");
}

static int core_ready(void *self, uint32_t agent)
{
        return presence(self, agent, ACD_COMMAND_AGENT_READY, "");
}

static int core_pause(void *self, uint32_t agent)
{
        return presence(self, agent, ACD_COMMAND_AGENT_PAUSE, "break");
}

static int core_after_this(void *self, uint32_t agent, enum engine_event_kind state)
{
        struct core_engine *core = self;
        enum acd_presence next = state == ENGINE_READY ? ACD_PRESENCE_READY
                                 : state == ENGINE_OUT ? ACD_PRESENCE_LOGGED_OUT
                                                       : ACD_PRESENCE_PAUSED;

        core->command = (struct acd_command){
                .kind = ACD_COMMAND_AGENT_NEXT,
                .next = { .agent = core->agent[agent], .next = next },
        };
        if (next == ACD_PRESENCE_PAUSED)
                memcpy(core->command.next.label, "break", sizeof("break"));
        return command(core, ENGINE_NONE, agent);
}

static int on_assignment(struct core_engine *core, uint32_t agent, uint64_t assignment,
                         enum acd_command_kind kind)
{
        core->command = (struct acd_command){
                .kind = kind,
                .assignment = { .assignment = { assignment }, .agent = core->agent[agent] },
        };
        return command(core, ENGINE_NONE, agent);
}

static int core_accept(void *self, uint32_t agent, uint64_t offer)
{
        return on_assignment(self, agent, offer, ACD_COMMAND_ACCEPT);
}

static int core_complete(void *self, uint32_t agent, uint64_t assignment)
{
        return on_assignment(self, agent, assignment, ACD_COMMAND_COMPLETE);
}

static int core_end_wrap_up(void *self, uint32_t agent, uint64_t assignment)
{
        return on_assignment(self, agent, assignment, ACD_COMMAND_WRAP_UP);
}

/*
 * Setting up.
 */

/* The configuration command at hand; its object's id. 0: refused. */
static uint64_t configure(struct core_engine *core)
{
        struct acd_reply reply;
        enum acd_result result;

        core->command.tenant = core->tenant;
        result = acd_step(core->acd, core->now, &core->command, &reply, &core->effects);
        work_off_agenda(core);
        core->event_count = 0;
        return result == ACD_OK ? reply.id : 0;
}

static struct acd_limits limits_for(const struct plan *plan)
{
        struct acd_limits limits = acd_limits_default();
        size_t contacts = plan->call_count + 1 < CONTACT_MAX ? plan->call_count + 1 : CONTACT_MAX;

        limits.tenant_count_max = 1;
        limits.skill_count_max = PLAN_QUEUE_MAX;
        limits.channel_count_max = ACD_AGENT_CHANNEL_MAX;
        limits.queue_count_max = PLAN_QUEUE_MAX;
        limits.team_count_max = 1;
        limits.profile_count_max = 1;
        limits.agent_count_max = plan->agent_count;
        limits.gateway_count_max = 1;
        limits.contact_count_max = (uint32_t)contacts;
        limits.class_count_max = PLAN_QUEUE_MAX;
        limits.membership_count_max = plan->agent_count * PLAN_QUEUE_MAX;
        limits.lane_count_max = 1024;
        limits.pair_count_max = 64;
        limits.key_count_max = 64;
        limits.payload_cell_count_max = 64;
        return limits;
}

static void start(struct core_engine *core, const struct acd_limits *limits, uint64_t seed)
{
        core->command = (struct acd_command){
                .kind = ACD_COMMAND_START,
                .start = {
                        .epoch = 1,
                        .run_id = 1,
                        .seed = { seed, ~seed },
                        .limits = *limits,
                        .logic_version = ACD_LOGIC_VERSION,
                        .build = "replay",
                },
        };
}

static bool configure_queue(struct core_engine *core, uint32_t index)
{
        const char *name = core->plan->queue[index];
        struct acd_queue_config queue = {
                .requirement = { .term_count = 1, .term = { { .level_min = 1 } } },
                .band = 8,
                .offer_timeout_ms = 20000,
        };
        uint32_t wrap_up_max_ms = plan_wrap_up_max_ms(core->plan);

        core->command = (struct acd_command){ .kind = ACD_COMMAND_SKILL_UPSERT };
        memcpy(core->command.skill.name, name, strlen(name));
        core->skill[index].value = configure(core);
        if (core->skill[index].value == 0)
                return false;

        memcpy(queue.name, name, strlen(name));
        queue.requirement.term[0].skill = core->skill[index];
        queue.wrap_up_ms = wrap_up_max_ms == 0 ? 0 : wrap_up_max_ms + 1000;
        core->command = (struct acd_command){ .kind = ACD_COMMAND_QUEUE_UPSERT, .queue = queue };
        core->queue[index].value = configure(core);
        return core->queue[index].value != 0;
}

static bool configure_agent(struct core_engine *core, uint32_t index)
{
        const struct plan_agent *planned = &core->plan->agent[index];
        struct acd_agent_config *agent = &core->command.agent;

        core->command = (struct acd_command){ .kind = ACD_COMMAND_AGENT_UPSERT };
        memcpy(agent->name, planned->name, strlen(planned->name));
        for (uint32_t i = 0; i < core->plan->queue_count; i++)
                if ((planned->skills >> i & 1) != 0)
                        agent->skill[agent->skill_count++] = (struct acd_skill_level){
                                .skill = core->skill[i],
                                .level = 1,
                        };
        core->agent[index].value = configure(core);
        if (core->agent[index].value == 0)
                return false;
        core->agent_at[slot_of(core->agent[index].value)] = index;
        return true;
}

static bool configure_all(struct core_engine *core, const struct acd_limits *limits, uint64_t seed)
{
        struct acd_reply reply;
        struct acd_text phone = { "phone", 5 };

        start(core, limits, seed);
        if (acd_step(core->acd, core->now, &core->command, &reply, &core->effects) != ACD_OK)
                return false;
        core->command = (struct acd_command){
                .kind = ACD_COMMAND_TENANT_UPSERT,
                .tenant_config = { .name = "replay",
                                   .agent_grace_ms = 30000,
                                   .gateway_grace_ms = 10000,
                                   .key_retention_ms = 1000 },
        };
        core->tenant.value = configure(core);
        if (core->tenant.value == 0)
                return false;
        core->channel.value = acd_find(core->acd, ACD_OBJECT_CHANNEL, core->tenant, phone);
        if (core->channel.value == 0)
                return false;
        for (uint32_t i = 0; i < core->plan->queue_count; i++)
                if (!configure_queue(core, i))
                        return false;
        for (uint32_t i = 0; i < core->plan->agent_count; i++)
                if (!configure_agent(core, i))
                        return false;
        return true;
}

static bool allocate(struct core_engine *core, const struct acd_limits *limits)
{
        size_t size = acd_size(limits);

        core->call_slot_count = limits->contact_count_max + 1;
        core->agent = calloc((size_t)limits->agent_count_max + 1, sizeof(*core->agent));
        core->agent_at = calloc((size_t)limits->agent_count_max + 1, sizeof(*core->agent_at));
        core->contact = calloc(core->plan->call_count + 1, sizeof(*core->contact));
        core->call_at = calloc(core->call_slot_count, sizeof(*core->call_at));
        core->memory = aligned_alloc(64, (size + 63) / 64 * 64);
        if (core->agent == NULL || core->agent_at == NULL || core->contact == NULL ||
            core->call_at == NULL || core->memory == NULL)
                return false;
        memset(core->memory, 0, size);
        return true;
}

struct core_engine *core_engine_new(const struct plan *plan, uint64_t seed)
{
        struct acd_limits limits = limits_for(plan);
        struct core_engine *core = calloc(1, sizeof(*core));

        if (core == NULL)
                return NULL;
        core->plan = plan;
        core->now = ORIGIN_NS;
        if (!allocate(core, &limits)) {
                core_engine_free(core);
                errno = ENOMEM;
                return NULL;
        }
        core->acd = acd_init(core->memory, &limits, 0);
        if (!configure_all(core, &limits, seed)) {
                core_engine_free(core);
                errno = EINVAL;
                return NULL;
        }
        return core;
}

void core_engine_free(struct core_engine *core)
{
        free(core->memory);
        free(core->agent);
        free(core->agent_at);
        free(core->contact);
        free(core->call_at);
        free(core);
}

uint64_t core_engine_step_count(const struct core_engine *core)
{
        return core->step_count;
}

struct engine core_engine_face(struct core_engine *core)
{
        return (struct engine){
                .self = core,
                .wait = core_wait,
                .now_ms = core_now_ms,
                .next_event = core_next_event,
                .submit = core_submit,
                .abandon = core_abandon,
                .log_in = core_log_in,
                .log_out = core_log_out,
                .ready = core_ready,
                .pause = core_pause,
                .after_this = core_after_this,
                .accept = core_accept,
                .complete = core_complete,
                .end_wrap_up = core_end_wrap_up,
        };
}

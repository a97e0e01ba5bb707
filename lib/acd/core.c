/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A step: find whom the command concerns, check it, let its handler act.
 *
 * A handler checks everything before it changes anything, in the order of rule
 * D1, and then cannot fail: so a refusal leaves the state as it was. The answer is
 * written into the reply as it is found; events go to the effects. Both hang on
 * the core for the time of the step, since nearly every function needs them.
 *
 * A booleans-and-integers command could still hold anything, because it came from
 * a peer: enums are tested against their ranges, texts for their end.
 */

#include "acd/parts.h"

enum acd_result acd_refuse(struct acd *acd, enum acd_result result, enum acd_field field)
{
        acd->reply->field = field;
        if (result == ACD_FULL)
                acd->reply->retry_after_ms = CORE_RETRY_AFTER_MS;
        return acd->reply->result = result;
}

enum acd_result acd_refuse_limit(struct acd *acd, enum acd_result result, enum acd_field field,
                                 uint64_t limit)
{
        acd->reply->limit = limit;
        return acd_refuse(acd, result, field);
}

enum acd_result acd_refuse_state(struct acd *acd, enum acd_field field, uint8_t state)
{
        acd->reply->state = state;
        return acd_refuse(acd, ACD_WRONG_STATE, field);
}

enum acd_result acd_duplicate(struct acd *acd, uint64_t id, uint8_t state)
{
        acd->reply->id = id;
        acd->reply->state = state;
        return acd->reply->result = ACD_DUPLICATE;
}

static enum acd_result do_logic(struct acd *acd, const struct acd_command *command)
{
        if (command->logic.version != ACD_LOGIC_VERSION)
                return acd_refuse(acd, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        /* The only version there is yet is in force since the first START. */
        return acd_duplicate(acd, 0, 0);
}

static enum acd_result do_wall(struct acd *acd, const struct acd_command *command)
{
        acd->wall_offset = command->wall.offset_ns;
        return ACD_OK;
}

struct handler {
        enum acd_result (*handle)(struct acd *acd, const struct acd_command *command);
        bool has_tenant;
};

/* clang-format off */
static const struct handler handlers[] = {
        [ACD_COMMAND_START]          = { acd_do_start, false },
        [ACD_COMMAND_TIME]           = { acd_do_time, false },
        [ACD_COMMAND_WORK]           = { acd_do_work, false },
        [ACD_COMMAND_LOGIC]          = { do_logic, false },
        [ACD_COMMAND_WALL]           = { do_wall, false },
        [ACD_COMMAND_TENANT_UPSERT]  = { acd_do_tenant_upsert, false },
        [ACD_COMMAND_SKILL_UPSERT]   = { acd_do_skill_upsert, true },
        [ACD_COMMAND_CHANNEL_UPSERT] = { acd_do_channel_upsert, true },
        [ACD_COMMAND_QUEUE_UPSERT]   = { acd_do_queue_upsert, true },
        [ACD_COMMAND_TEAM_UPSERT]    = { acd_do_team_upsert, true },
        [ACD_COMMAND_PROFILE_UPSERT] = { acd_do_profile_upsert, true },
        [ACD_COMMAND_AGENT_UPSERT]   = { acd_do_agent_upsert, true },
        [ACD_COMMAND_REMOVE]         = { acd_do_remove, false },
        [ACD_COMMAND_GATEWAY_OPEN]   = { acd_do_gateway_open, true },
        [ACD_COMMAND_GATEWAY_LOST]   = { acd_do_gateway_lost, true },
        [ACD_COMMAND_GATEWAY_RESUME] = { acd_do_gateway_resume, true },
        [ACD_COMMAND_SUBMIT]         = { acd_do_submit, true },
        [ACD_COMMAND_CANCEL]         = { acd_do_cancel, true },
        [ACD_COMMAND_UPDATE]         = { acd_do_update, true },
        [ACD_COMMAND_REPORT]         = { acd_do_report, true },
        [ACD_COMMAND_AGENT_LOGIN]    = { acd_do_agent_login, true },
        [ACD_COMMAND_AGENT_LOGOUT]   = { acd_do_agent_logout, true },
        [ACD_COMMAND_AGENT_READY]    = { acd_do_agent_ready, true },
        [ACD_COMMAND_AGENT_PAUSE]    = { acd_do_agent_pause, true },
        [ACD_COMMAND_AGENT_NEXT]     = { acd_do_agent_next, true },
        [ACD_COMMAND_AGENT_LOST]     = { acd_do_agent_lost, true },
        [ACD_COMMAND_AGENT_BACK]     = { acd_do_agent_back, true },
        [ACD_COMMAND_ACCEPT]         = { acd_do_assignment, true },
        [ACD_COMMAND_REJECT]         = { acd_do_assignment, true },
        [ACD_COMMAND_COMPLETE]       = { acd_do_assignment, true },
        [ACD_COMMAND_HOLD]           = { acd_do_assignment, true },
        [ACD_COMMAND_UNHOLD]         = { acd_do_assignment, true },
        [ACD_COMMAND_PARK]           = { acd_do_assignment, true },
        [ACD_COMMAND_UNPARK]         = { acd_do_assignment, true },
        [ACD_COMMAND_WRAP_UP]        = { acd_do_assignment, true },
};
/* clang-format on */

/* Why no handler is asked. */
static enum acd_result refuse(struct acd *acd, const struct acd_command *command, bool is_known)
{
        if (acd->epoch == 0 && command->kind != ACD_COMMAND_START)
                return acd_refuse(acd, ACD_WRONG_STATE, ACD_FIELD_KIND);
        if (!is_known)
                return acd_refuse(acd, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        if (command->tenant.value == 0)
                return acd_refuse(acd, ACD_MISSING, ACD_FIELD_TENANT);
        return acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_TENANT);
}

static inline enum acd_result apply(struct acd *acd, const struct acd_command *command)
{
        uint32_t kind = (uint32_t)command->kind;
        const struct handler *handler;

        if (kind >= sizeof(handlers) / sizeof(handlers[0]) || handlers[kind].handle == NULL)
                return refuse(acd, command, false);
        handler = &handlers[kind];
        acd->step_tenant = acd_tenant_of_id(acd, command->tenant.value);
        if ((acd->epoch == 0 && kind != ACD_COMMAND_START) ||
            (acd->step_tenant == 0 && handler->has_tenant))
                return refuse(acd, command, true);
        return handler->handle(acd, command);
}

enum acd_result acd_step(struct acd *acd, acd_time now, const struct acd_command *command,
                         struct acd_reply *ret_reply, struct acd_effects *ret_effects)
{
        enum acd_result result;

        /* Not the whole: resume[] is a kilobyte that hardly any answer has. */
        ret_reply->result = ACD_OK;
        ret_reply->field = ACD_FIELD_NONE;
        ret_reply->limit = 0;
        ret_reply->id = 0;
        ret_reply->changed = 0;
        ret_reply->retry_after_ms = 0;
        ret_reply->state = 0;
        ret_reply->resume_count = 0;
        ret_effects->count = 0;

        acd->step++;
        acd->step_now = now < acd->now ? acd->now : now;
        acd->reply = ret_reply;
        acd->effects = ret_effects;
        if (acd->payload.grave_count > 0)
                acd_payload_dig(acd);

        result = apply(acd, command);
        ACD_ASSERT(result == ACD_OK || ret_effects->count == 0);
        if (result == ACD_OK)
                acd->now = acd->step_now;
        ret_reply->result = result;
        acd->reply = NULL;
        acd->effects = NULL;
        return result;
}

uint64_t acd_epoch(const struct acd *acd)
{
        return acd->epoch;
}

uint64_t acd_history_epoch(const struct acd *acd)
{
        return acd->history_epoch;
}

int64_t acd_wall_offset(const struct acd *acd)
{
        return acd->wall_offset;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking ahead: what the next requests of a connection are about is asked of memory
 * before it is needed.
 *
 * With few contacts everything is in the cache and this would only cost, so the core
 * is asked first. With many, each step waits for memory several times; sixteen
 * requests that are read already can wait together. They are decoded for it once
 * more, which costs a tenth of what is saved; a request that is nonsense or changes
 * its meaning until its turn comes does no harm, for nothing is decided here.
 */

#include "base/uninitialized.h"
#include "daemon/conn.h"
#include "daemon/shard.h"

enum { AHEAD_MAX = CONN_AHEAD_COUNT, PASS_COUNT = 3 };

/* What is known of a request without deciding it. */
struct ahead {
        enum acd_command_kind kind; /* 0: nothing to ask for */
        acd_agent_id agent;
        acd_assignment_id assignment;
        struct acd_bytes client_key;
};

static acd_agent_id agent_of(struct shard *shard, const struct conn *conn, uint32_t session)
{
        const struct session *found = session_find(&shard->sessions, conn, session);

        return found == NULL ? (acd_agent_id){ 0 } : found->agent;
}

static struct ahead look(struct shard *shard, const struct conn *conn,
                         const struct wire_frame *frame)
{
        ACD_UNINITIALIZED struct wire_message message;
        ACD_UNINITIALIZED struct wire_refusal refusal;
        struct ahead ahead = { 0 };

        if (frame->kind != WIRE_SUBMIT && frame->kind != WIRE_ACCEPT &&
            frame->kind != WIRE_COMPLETE)
                return ahead;
        acd_arena_reset(&shard->decode_arena);
        if (wire_decode(frame, &shard->decode_arena, &message, &refusal) != ACD_OK)
                return ahead;
        if (frame->kind == WIRE_SUBMIT) {
                struct acd_text key = message.submit.client_key;

                ahead.kind = ACD_COMMAND_SUBMIT;
                ahead.client_key = (struct acd_bytes){ (const uint8_t *)key.at, key.size };
                return ahead;
        }
        ahead.kind = frame->kind == WIRE_ACCEPT ? ACD_COMMAND_ACCEPT : ACD_COMMAND_COMPLETE;
        ahead.assignment.value = message.assignment_command.assignment;
        ahead.agent = agent_of(shard, conn, frame->session);
        return ahead;
}

static void fetch(const struct shard *shard, const struct conn *conn, const struct ahead *ahead,
                  uint32_t pass)
{
        ACD_UNINITIALIZED struct acd_command command;

        command.kind = ahead->kind;
        command.tenant = conn->tenant;
        if (ahead->kind == ACD_COMMAND_SUBMIT) {
                command.submit.client_key = ahead->client_key;
        } else {
                command.assignment.assignment = ahead->assignment;
                command.assignment.agent = ahead->agent;
        }
        acd_prefetch(shard->acd, &command, pass);
}

void conn_fetch_ahead(struct shard *shard, const struct conn *conn)
{
        struct ahead ahead[AHEAD_MAX];
        uint32_t count = 0;
        size_t size;
        const uint8_t *at = acd_buffer_unparsed(&conn->in, &size);
        struct wire_frame frame;

        if (!acd_wants_prefetch(shard->acd))
                return;
        while (count < AHEAD_MAX &&
               wire_frame_decode(at, size, shard->conns.body_size_max, &frame) == WIRE_FRAME_OK) {
                size_t frame_size = WIRE_HEADER_SIZE + (size_t)frame.body_size;

                ahead[count] = look(shard, conn, &frame);
                if (ahead[count].kind != 0)
                        count++;
                at += frame_size;
                size -= frame_size;
        }
        for (uint32_t pass = 0; pass < PASS_COUNT; pass++)
                for (uint32_t i = 0; i < count; i++)
                        fetch(shard, conn, &ahead[i], pass);
}

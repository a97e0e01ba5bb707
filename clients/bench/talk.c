/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking and waiting.
 *
 * Thousands of agents are configured and logged in before a run; with a sync
 * each, one by one would take minutes. So requests are sent ahead, as far as a
 * daemon lets a client go ahead, and answers are counted.
 */

#include "clients/bench/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AHEAD_MAX = 512, FRAME_MAX = WIRE_HEADER_SIZE + WIRE_BODY_MAX };

uint64_t bench_now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool talk_init(struct talk *talk, double timeout_s)
{
        uint8_t *memory = malloc(WIRE_ARENA_SIZE);

        *talk = (struct talk){ .code = EXIT_DONE };
        talk->scratch = malloc(LINE_SCRATCH_SIZE);
        talk->deadline_ns = bench_now_ns() + (uint64_t)(timeout_s * 1e9);
        acd_arena_init(&talk->arena, memory, memory == NULL ? 0 : WIRE_ARENA_SIZE);
        return memory != NULL && talk->scratch != NULL;
}

void talk_to(struct talk *talk, struct line *line)
{
        talk->line = line;
        talk->on_answer = NULL;
        talk->on_push = NULL;
        talk->asked_count = talk->answered_count = 0;
}

void talk_fini(struct talk *talk)
{
        free(talk->arena.memory);
        free(talk->scratch);
        talk->arena.memory = NULL;
        talk->scratch = NULL;
}

static bool fail(struct talk *talk, enum exit_code code, const char *text)
{
        talk->code = code;
        (void)snprintf(talk->trouble, sizeof(talk->trouble), "%s", text);
        return false;
}

static bool fail_errno(struct talk *talk, int error)
{
        talk->code = EXIT_NO_DAEMON;
        (void)snprintf(talk->trouble, sizeof(talk->trouble), "the daemon is gone: %s",
                       strerror(-error));
        return false;
}

/* Every answer begins with its Result; so do all members of the union. */
static const struct wire_result *result_of(const struct wire_message *answer)
{
        return &answer->result;
}

static bool take(struct talk *talk, const struct wire_frame *frame)
{
        struct wire_message message;
        struct wire_refusal refusal;
        const struct wire_result *result;

        acd_arena_reset(&talk->arena);
        if (wire_decode(frame, &talk->arena, &message, &refusal) != ACD_OK)
                return fail(talk, EXIT_CHECK, "the daemon sent what is no message");
        if (frame->kind == WIRE_BYE) {
                talk->code = EXIT_NO_DAEMON;
                (void)snprintf(talk->trouble, sizeof(talk->trouble), "the daemon said BYE: %.*s",
                               (int)message.bye.text.size, message.bye.text.at);
                return false;
        }
        if (frame->correlation == 0) {
                if (talk->on_push != NULL)
                        talk->on_push(talk->context, 0, &message);
                return true;
        }
        result = result_of(&message);
        if (result->code != ACD_OK && result->code != ACD_DUPLICATE) {
                talk->code = EXIT_CHECK;
                (void)snprintf(talk->trouble, sizeof(talk->trouble),
                               "a request was refused: result %d, field %.*s: %.*s",
                               (int)result->code, (int)result->field.size, result->field.at,
                               (int)result->text.size, result->text.at);
                return false;
        }
        if (talk->on_answer != NULL)
                talk->on_answer(talk->context, talk->answered_count, &message);
        talk->answered_count++;
        return true;
}

static bool wait_for(struct talk *talk)
{
        struct pollfd ready = { .fd = talk->line->fd, .events = POLLIN };
        uint64_t now = bench_now_ns();
        int r = line_flush(talk->line);

        if (r < 0)
                return fail_errno(talk, r);
        if (r == 1)
                ready.events |= POLLOUT;
        if (now >= talk->deadline_ns)
                return fail(talk, EXIT_TIMEOUT, "no answer in time");
        r = poll(&ready, 1, (int)((talk->deadline_ns - now) / 1000000) + 1);
        if (r < 0 && errno == EINTR)
                return fail(talk, EXIT_CHECK, "interrupted");
        return true;
}

bool talk_read(struct talk *talk)
{
        const uint8_t *at = talk->scratch, *end;
        struct wire_frame frame;
        ssize_t size;
        bool is_all;
        int r;

        if (!wait_for(talk))
                return false;
        size = line_receive(talk->line, talk->scratch, &is_all);
        if (size < 0)
                return fail_errno(talk, (int)size);
        if (size == 0)
                return true;
        end = at + size;
        while ((r = line_frame(&at, end, &frame)) > 0) {
                if (!take(talk, &frame))
                        return false;
        }
        if (r == 0)
                r = line_keep(talk->line, at, (size_t)(end - at));
        return r == 0 || fail_errno(talk, r);
}

bool talk_ask(struct talk *talk, struct wire_message *message)
{
        uint8_t *at = line_room(talk->line, FRAME_MAX);
        size_t size;

        if (at == NULL)
                return fail(talk, EXIT_CHECK, "no memory");
        message->correlation = (uint32_t)++talk->asked_count;
        acd_arena_reset(&talk->arena);
        size = wire_encode(message, &talk->arena, at, FRAME_MAX);
        if (size == 0)
                return fail(talk, EXIT_CHECK, "a request does not fit a frame");
        line_put(talk->line, size);
        while (talk->asked_count - talk->answered_count >= AHEAD_MAX) {
                if (!talk_read(talk))
                        return false;
        }
        return true;
}

bool talk_finish(struct talk *talk)
{
        while (talk->answered_count < talk->asked_count) {
                if (!talk_read(talk))
                        return false;
        }
        return true;
}

static void keep_welcome(void *context, uint64_t index, const struct wire_message *answer)
{
        struct wire_welcome *welcome = context;

        (void)index;
        *welcome = answer->welcome;
}

bool talk_hello(struct talk *talk, const char *tenant, enum wire_role role, const char *client,
                const char *feature, struct wire_welcome *ret_welcome)
{
        struct wire_message message = { .kind = WIRE_HELLO };
        talk_on_answer *on_answer = talk->on_answer;
        void *context = talk->context;
        struct wire_welcome welcome = { 0 };
        struct acd_text wanted = wire_text(feature);
        bool is_good;

        message.hello.tenant = wire_text(tenant);
        message.hello.role = role;
        message.hello.client = wire_text(client);
        message.hello.software = wire_text("acdbench");
        message.hello.features = &wanted;
        message.hello.features_count = wanted.size > 0;
        message.hello.protocol_min = message.hello.protocol_max = WIRE_PROTOCOL;
        talk->on_answer = keep_welcome;
        talk->context = &welcome;
        is_good = talk_ask(talk, &message) && talk_finish(talk);
        talk->on_answer = on_answer;
        talk->context = context;
        if (is_good && ret_welcome != NULL)
                *ret_welcome = welcome;
        return is_good;
}

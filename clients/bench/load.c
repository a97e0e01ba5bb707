/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of the load.
 *
 * What a turn found to say is sent at the beginning of the next one, before it
 * waits: so what the caller submitted between two turns and what agents answered
 * leave in one write a line. Lines with something to send are in a list; nothing
 * is done for the others, and a thousand silent ones cost nothing.
 *
 * Answers come in the order of the requests of a line, so what was asked is a
 * ring, and a correlation that is not the next one is itself a finding.
 */

#include "clients/bench/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/id.h"
#include "clients/bench/talk.h"
#include "wire/codec.h"

void load_violation(struct load *load, uint64_t contact, const char *text)
{
        char id[ACD_ID_TEXT_SIZE] = "";

        if (load->violation_count < LOAD_VIOLATION_TOLD_MAX) {
                acd_id_format(contact, id);
                (void)snprintf(load->violation[load->violation_count], sizeof(load->violation[0]),
                               "contact %s %s", id, text);
        }
        load->violation_count++;
}

bool load_fail(struct load *load, enum exit_code code, const char *format, ...)
{
        va_list arguments;

        if (load->code != EXIT_DONE)
                return false;
        load->code = code;
        va_start(arguments, format);
        (void)vsnprintf(load->trouble, sizeof(load->trouble), format, arguments);
        va_end(arguments);
        return false;
}

const char *load_result_name(uint32_t code)
{
        static const char *const names[] = {
#define RESULT(name, number, kind, text, remedy) [number] = #name,
#include "acd/results.def"
#undef RESULT
        };

        return code < sizeof(names) / sizeof(names[0]) && names[code] != NULL ? names[code] : "?";
}

uint64_t load_in_flight(const struct load *load)
{
        return load->sent_count - load->refused_count - load->done_count - load->cancelled_count;
}

uint64_t load_asked_count(const struct load *load)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < load->line_count; i++)
                count += load->ring[i].end - load->ring[i].begin;
        return count;
}

/*
 * Lines
 */

uint8_t *load_room(struct load *load, struct line *line, size_t size)
{
        const struct asked_ring *ring = &load->ring[line->index];

        if (ring->end - ring->begin > ring->mask)
                return NULL;
        return line_room(line, size);
}

void load_put(struct load *load, struct line *line, size_t size, struct asked asked)
{
        struct asked_ring *ring = &load->ring[line->index];

        ring->asked[ring->end++ & ring->mask] = asked;
        line_put(line, size);
        if (line->is_dirty)
                return;
        line->is_dirty = true;
        load->dirty[load->dirty_count++] = line->index;
}

bool load_take_asked(struct load *load, const struct line *line, const struct wire_frame *frame,
                     struct asked *ret_asked)
{
        struct asked_ring *ring = &load->ring[line->index];

        if (ring->begin == ring->end || frame->correlation != ring->begin)
                return load_fail(load, EXIT_CHECK,
                                 "an answer is missing: request %u of connection %u was to be "
                                 "answered, the answer is to %u",
                                 ring->begin, line->index, frame->correlation);
        *ret_asked = ring->asked[ring->begin++ & ring->mask];
        return true;
}

static bool watch(struct load *load, const struct line *line, bool is_blocked)
{
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = line->index };

        if (is_blocked)
                event.events |= EPOLLOUT;
        return epoll_ctl(load->poller, EPOLL_CTL_MOD, line->fd, &event) == 0;
}

static bool lost(struct load *load, const struct line *line, int error)
{
        return load_fail(load, EXIT_NO_DAEMON,
                         "the daemon is gone: %s %u: %s; %llu life cycles were done, %llu "
                         "contacts were under way",
                         line->is_gateway ? "gateway connection" : "desktop connection",
                         line->index, strerror(-error), (unsigned long long)load->done_count,
                         (unsigned long long)load_in_flight(load));
}

static bool flush(struct load *load)
{
        for (uint32_t i = 0; i < load->dirty_count; i++) {
                struct line *line = &load->line[load->dirty[i]];
                int r = line_flush(line);

                line->is_dirty = false;
                line->sent_ns = load->now_ns;
                if (r < 0)
                        return lost(load, line, r);
                if ((r == 1) != line->is_blocked) {
                        line->is_blocked = r == 1;
                        if (!watch(load, line, line->is_blocked))
                                return lost(load, line, -errno);
                }
        }
        load->dirty_count = 0;
        return true;
}

static bool walk(struct load *load, struct line *line, ssize_t size)
{
        const uint8_t *at = load->scratch;
        const uint8_t *end = at + size;
        struct wire_frame frame;
        int r;

        load->now_ns = bench_now_ns();
        while ((r = line_frame(&at, end, &frame)) > 0) {
                line->frame_in_count++;
                if (!(line->is_gateway ? load_gateway_frame(load, line, &frame)
                                       : load_agent_frame(load, line, &frame)))
                        return false;
        }
        if (r == 0)
                r = line_keep(line, at, (size_t)(end - at));
        return r == 0 || lost(load, line, r);
}

static bool read_line(struct load *load, struct line *line)
{
        bool is_all = false;

        while (!is_all) {
                ssize_t size = line_receive(line, load->scratch, &is_all);

                if (size < 0)
                        return lost(load, line, (int)size);
                if (size > 0 && !walk(load, line, size))
                        return false;
        }
        return true;
}

bool load_bye(struct load *load, const struct wire_frame *frame)
{
        uint8_t memory[4096];
        struct acd_arena arena;
        struct wire_message message;
        struct wire_refusal refusal;

        acd_arena_init(&arena, memory, sizeof(memory));
        if (wire_decode(frame, &arena, &message, &refusal) != ACD_OK)
                return load_fail(load, EXIT_NO_DAEMON, "the daemon said BYE");
        return load_fail(load, EXIT_NO_DAEMON, "the daemon said BYE: %s: %.*s",
                         load_result_name(message.bye.code), (int)message.bye.text.size,
                         message.bye.text.at);
}

/*
 * A turn
 */

static int wait_ready(struct load *load, uint64_t until_ns, struct epoll_event *event)
{
        uint64_t tick = acd_wheel_next(&load->wheel);
        uint64_t now = bench_now_ns();
        struct timespec timeout = { 0 };
        int count;

        load->now_ns = now;
        if (load->heartbeat_at_ns < until_ns)
                until_ns = load->heartbeat_at_ns;
        if (tick != UINT64_MAX && load->base_ns + tick * LOAD_TICK_NS < until_ns)
                until_ns = load->base_ns + tick * LOAD_TICK_NS;
        if (!load->settings->is_spinning && until_ns > now) {
                timeout.tv_sec = (time_t)((until_ns - now) / 1000000000);
                timeout.tv_nsec = (long)((until_ns - now) % 1000000000);
        }
        count = epoll_pwait2(load->poller, event, LOAD_EVENT_MAX, &timeout, NULL);
        /* Kernels before 5.11 wait for milliseconds only. */
        if (count < 0 && errno == ENOSYS)
                count = epoll_wait(load->poller, event, LOAD_EVENT_MAX,
                                   (int)(timeout.tv_sec * 1000 + timeout.tv_nsec / 1000000));
        return count;
}

bool load_turn(struct load *load, uint64_t until_ns)
{
        struct epoll_event event[LOAD_EVENT_MAX];
        int count;

        if (!flush(load))
                return false;
        count = wait_ready(load, until_ns, event);
        if (*load->is_interrupted)
                return load_fail(load, EXIT_CHECK, "interrupted");
        if (count < 0 && errno != EINTR)
                return load_fail(load, EXIT_CHECK, "cannot wait: %s", strerror(errno));
        if (count <= 0)
                load->now_ns = bench_now_ns();
        for (int i = 0; i < count; i++) {
                struct line *line = &load->line[event[i].data.u32];

                if ((event[i].events & EPOLLOUT) && !line->is_dirty) {
                        line->is_dirty = true;
                        load->dirty[load->dirty_count++] = line->index;
                }
                if ((event[i].events & ~(uint32_t)EPOLLOUT) && !read_line(load, line))
                        return false;
        }
        load_agent_timers(load);
        if (load->now_ns >= load->heartbeat_at_ns)
                load_heartbeats(load);
        return load->code == EXIT_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live screen of a rehearsal.
 *
 * It draws with a handful of terminal codes that every terminal knows, from the
 * top left, and clears what is left of each line: no flicker, no library, and
 * nothing to restore but the cursor. Everything shown comes from the daemon's
 * own lists, as any wallboard would get it.
 */

#include "clients/rehearse/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { TIMEOUT_MS = 2000 };

struct agents {
        uint32_t ready, talking, ringing, wrap_up, paused, out;
};

void screen_begin(struct screen *screen)
{
        *screen = (struct screen){ .last_hour = -1 };
        screen->is_terminal = isatty(STDOUT_FILENO) == 1;
}

static const struct acdclient_list_reply *list(struct acdclient *client,
                                               enum acdclient_object object)
{
        struct acdclient_message request = { .kind = ACDCLIENT_LIST };
        const struct acdclient_message *answer = NULL;

        request.list.object = object;
        request.list.limit = 1000;
        if (acdclient_call(client, &request, TIMEOUT_MS, &answer) < 0 ||
            answer->kind != ACDCLIENT_LIST_REPLY)
                return NULL;
        return &answer->list_reply;
}

static void count_agent(const struct acdclient_agent *agent, struct agents *agents)
{
        switch ((unsigned)agent->assignment_state) {
        case ACDCLIENT_ASSIGNMENT_STATE_OFFERED:
        case ACDCLIENT_ASSIGNMENT_STATE_CONNECTING:
                agents->ringing++;
                return;
        case ACDCLIENT_ASSIGNMENT_STATE_ACTIVE:
        case ACDCLIENT_ASSIGNMENT_STATE_HELD:
                agents->talking++;
                return;
        case ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP:
                agents->wrap_up++;
                return;
        default:
                break;
        }
        agents->ready += agent->presence == ACDCLIENT_PRESENCE_READY;
        agents->paused += agent->presence == ACDCLIENT_PRESENCE_PAUSED ||
                          agent->presence == ACDCLIENT_PRESENCE_LOST;
        agents->out += agent->presence == ACDCLIENT_PRESENCE_LOGGED_OUT;
}

static void clock_text(int64_t ms, char text[16])
{
        int64_t minutes = ms < 0 ? 0 : ms / 60000;

        snprintf(text, 16, "%02d:%02d", (int)(minutes / 60 % 24), (int)(minutes % 60));
}

static void print_queue(const struct acdclient_queue *queue)
{
        printf(" %-12.*s %7u %8" PRIu64 " s %8u %9" PRIu64 " %9" PRIu64 "\033[K\n",
               (int)queue->queue.size, queue->queue.at, queue->waiting,
               queue->longest_wait_ms / 1000, queue->active, queue->answered, queue->abandoned);
}

static void show_terminal(struct screen *screen, const struct rehearse *rehearse,
                          struct acdclient *client, const struct screen_facts *facts,
                          const struct agents *agents)
{
        char clock[16];
        const struct acdclient_list_reply *queues = list(client, ACDCLIENT_OBJECT_QUEUE);

        if (!screen->is_open)
                printf("\033[2J\033[?25l");
        screen->is_open = true;
        clock_text(facts->now_ms, clock);
        printf("\033[H\033[1m acdd rehearsal   %s   %u x real time\033[0m\033[K\n\033[K\n", clock,
               rehearse->rate);
        printf("\033[4m queue         waiting    longest  talking  answered abandoned\033[0m"
               "\033[K\n");
        for (uint32_t i = 0; queues != NULL && i < queues->queues_count; i++)
                print_queue(&queues->queues[i]);
        printf("\033[K\n agents   ready %u   ringing %u   talking %u   wrap-up %u   away %u   "
               "out %u\033[K\n",
               agents->ready, agents->ringing, agents->talking, agents->wrap_up, agents->paused,
               agents->out);
        printf(" calls    answered %u   abandoned %u   to come %u\033[K\n", facts->answered,
               facts->abandoned, facts->ahead);
        printf(" events   %" PRIu64 "   %.0f/s\033[K\n\033[K\n %s\033[K\n\033[J",
               facts->event_count, screen->events_per_s, facts->note);
        fflush(stdout);
}

static void show_line(struct screen *screen, struct acdclient *client,
                      const struct screen_facts *facts, const struct agents *agents)
{
        const struct acdclient_list_reply *queues;
        int64_t hour = facts->now_ms / 3600000;
        uint32_t waiting = 0;
        uint64_t longest_ms = 0;
        char clock[16];

        if (hour == screen->last_hour)
                return;
        screen->last_hour = hour;
        queues = list(client, ACDCLIENT_OBJECT_QUEUE);
        for (uint32_t i = 0; queues != NULL && i < queues->queues_count; i++) {
                waiting += queues->queues[i].waiting;
                if (queues->queues[i].longest_wait_ms > longest_ms)
                        longest_ms = queues->queues[i].longest_wait_ms;
        }
        clock_text(facts->now_ms, clock);
        printf("%s  waiting %2u (longest %3" PRIu64 " s)  agents: ready %2u talking %2u wrap-up "
               "%2u away %2u  calls: answered %4u abandoned %3u to come %4u\n",
               clock, waiting, longest_ms / 1000, agents->ready, agents->talking, agents->wrap_up,
               agents->paused, facts->answered, facts->abandoned, facts->ahead);
        fflush(stdout);
}

void screen_show(struct screen *screen, const struct rehearse *rehearse, struct acdclient *client,
                 const struct screen_facts *facts)
{
        uint64_t now = rehearse_real_ns();
        const struct acdclient_list_reply *rows;
        struct agents agents = { .ready = 0 };

        if (!screen->is_terminal && facts->now_ms / 3600000 == screen->last_hour)
                return;
        rows = list(client, ACDCLIENT_OBJECT_AGENT);
        for (uint32_t i = 0; rows != NULL && i < rows->agents_count; i++)
                count_agent(&rows->agents[i], &agents);
        if (screen->last_real_ns != 0 && now > screen->last_real_ns)
                screen->events_per_s = (double)(facts->event_count - screen->last_events) * 1e9 /
                                       (double)(now - screen->last_real_ns);
        screen->last_events = facts->event_count;
        screen->last_real_ns = now;
        if (screen->is_terminal)
                show_terminal(screen, rehearse, client, facts, &agents);
        else
                show_line(screen, client, facts, &agents);
}

void screen_end(struct screen *screen)
{
        if (screen->is_open)
                printf("\033[?25h\n");
        screen->is_open = false;
        fflush(stdout);
}

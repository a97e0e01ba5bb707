/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before the load: connections, handles of names, logins.
 *
 * Agents are dealt out to desktop connections in turn, so that neighbours, who
 * have much the same skills, are on different ones. As many desktops as agents
 * is a connection for each agent.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clients/bench/floor.h"
#include "clients/bench/load.h"
#include "clients/bench/talk.h"

struct opening {
        struct load *load;
        const struct settings *settings;
        struct talk talk;
        uint64_t *handle; /* of what was resolved */
        uint32_t handle_count;
        uint32_t agent; /* the next whose LOGIN is answered */
};

static bool fail_as(struct opening *opening, const char *what)
{
        return load_fail(opening->load, opening->talk.code, "%s: %s", what, opening->talk.trouble);
}

/* A life cycle is submit, acknowledge, offer, accept, complete; a gateway whose contacts nobody
 * connects needs no more, nor does a desktop that gets results. */
static const char *feature_of(const struct load *load, bool is_gateway)
{
        if (load->settings->has_all_pushes || (is_gateway && load->is_media))
                return "";
        return is_gateway ? "no-assignments" : "results-only";
}

static bool open_line(struct opening *opening, uint32_t index, const char *address)
{
        struct load *load = opening->load;
        struct line *line = &load->line[index];
        uint32_t gateways = opening->settings->gateways;
        bool is_gateway = index < gateways;
        struct client_address parsed;
        struct wire_welcome welcome;
        char name[32];
        int r = client_address_parse(address, &parsed);

        if (r == 0)
                r = line_open(line, &parsed, 10000);
        if (r < 0)
                return load_fail(load, EXIT_NO_DAEMON, "%s: %s", address, strerror(-r));
        line->index = index;
        line->is_gateway = is_gateway;
        (void)snprintf(name, sizeof(name), "%s%u", is_gateway ? "gateway" : "desktop",
                       is_gateway ? index + 1 : index - gateways + 1);
        talk_to(&opening->talk, line);
        if (!talk_hello(&opening->talk, opening->settings->tenant,
                        is_gateway ? WIRE_ROLE_GATEWAY : WIRE_ROLE_AGENT, name,
                        feature_of(load, is_gateway), &welcome))
                return fail_as(opening, name);
        load->heartbeat_ms = welcome.heartbeat_ms;
        return true;
}

static bool open_ring(struct asked_ring *ring, uint32_t count)
{
        uint32_t capacity = 1;

        while (capacity < count)
                capacity *= 2;
        *ring = (struct asked_ring){ .mask = capacity - 1, .begin = 1, .end = 1 };
        ring->asked = calloc(capacity, sizeof(ring->asked[0]));
        return ring->asked != NULL;
}

static bool open_lines(struct opening *opening, const char *address, const char *desktop_address)
{
        struct load *load = opening->load;
        const struct settings *settings = opening->settings;
        uint32_t agents_a_line = settings->agents / settings->desktops + 1;

        for (uint32_t i = 0; i < load->line_count; i++) {
                bool is_gateway = i < settings->gateways;

                /* ACCEPT, COMPLETE, READY, HEARTBEAT of each agent; a PING. */
                if (!open_ring(&load->ring[i], is_gateway ? LOAD_ASKED_MAX : agents_a_line * 4 + 1))
                        return load_fail(load, EXIT_CHECK, "no memory");
                if (!open_line(opening, i, is_gateway ? address : desktop_address))
                        return false;
        }
        return true;
}

/*
 * Names to handles
 */

static void keep_handles(void *context, uint64_t index, const struct wire_message *answer)
{
        struct opening *opening = context;

        (void)index;
        for (uint32_t i = 0; i < answer->resolved.ids_count; i++)
                opening->handle[opening->handle_count++] = answer->resolved.ids[i];
}

static bool resolve_one(struct opening *opening, enum acd_object object, const char *name)
{
        struct wire_name named = { .object = object, .name = wire_text(name) };
        struct wire_message message = { .kind = WIRE_RESOLVE };

        message.resolve.names = &named;
        message.resolve.names_count = 1;
        return talk_ask(&opening->talk, &message);
}

static bool resolve_all(struct opening *opening)
{
        const struct settings *settings = opening->settings;

        opening->talk.on_answer = keep_handles;
        opening->talk.context = opening;
        for (uint32_t i = 0; i < settings->mix.count; i++) {
                if (!resolve_one(opening, ACD_OBJECT_QUEUE, settings->mix.choice[i].name))
                        return false;
        }
        for (uint32_t i = 0; i < settings->channels.count; i++) {
                if (!resolve_one(opening, ACD_OBJECT_CHANNEL, settings->channels.choice[i].name))
                        return false;
        }
        if (floor_has_standing(settings) &&
            !resolve_one(opening, ACD_OBJECT_QUEUE, FLOOR_STANDING_QUEUE))
                return false;
        return talk_finish(&opening->talk);
}

/* Names were asked for in this order: queues, channels, the queue of those who only wait. */
static bool refuse_handle(const struct opening *opening, uint32_t index)
{
        const struct settings *settings = opening->settings;
        uint32_t queue_count = settings->mix.count;
        bool is_channel = index >= queue_count && index < queue_count + settings->channels.count;
        const char *name = FLOOR_STANDING_QUEUE;

        if (is_channel)
                name = settings->channels.choice[index - queue_count].name;
        else if (index < queue_count)
                name = settings->mix.choice[index].name;
        return load_fail(opening->load, EXIT_USAGE, "there is no %s \"%s\" in tenant \"%s\"",
                         is_channel ? "channel" : "queue", name, settings->tenant);
}

static bool make_templates(struct opening *opening)
{
        const struct settings *settings = opening->settings;
        struct load *load = opening->load;
        uint32_t count = settings->mix.count + settings->channels.count;
        struct template_handles handles;
        bool is_good;

        opening->handle = calloc(count + 1, sizeof(opening->handle[0]));
        if (opening->handle == NULL)
                return load_fail(load, EXIT_CHECK, "no memory");
        talk_to(&opening->talk, &load->line[0]);
        if (!resolve_all(opening))
                return fail_as(opening, "names of queues and channels");
        for (uint32_t i = 0; i < opening->handle_count; i++) {
                if (opening->handle[i] == 0)
                        return refuse_handle(opening, i);
        }
        handles = (struct template_handles){ opening->handle, opening->handle + settings->mix.count,
                                             opening->handle[count] };
        is_good = templates_init(&load->templates, settings, &handles);
        return is_good || load_fail(load, EXIT_USAGE,
                                    "more than %d combinations of queue, channel, band and credit",
                                    TEMPLATE_MAX);
}

/*
 * Agents
 */

static void keep_session(void *context, uint64_t index, const struct wire_message *answer)
{
        struct opening *opening = context;

        (void)index;
        load_add_session(opening->load, answer->logged_in.session, opening->agent);
        opening->agent += opening->settings->desktops;
}

static bool log_in_line(struct opening *opening, uint32_t desktop)
{
        const struct settings *settings = opening->settings;
        struct load *load = opening->load;
        uint32_t line = settings->gateways + desktop;

        talk_to(&opening->talk, &load->line[line]);
        opening->talk.on_answer = keep_session;
        opening->talk.context = opening;
        opening->agent = desktop;
        for (uint32_t i = desktop; i < settings->agents; i += settings->desktops) {
                struct wire_message message = { .kind = WIRE_LOGIN };
                char name[32];

                load->agent[i].line = line;
                (void)snprintf(name, sizeof(name), "%s%u", FLOOR_AGENT_PREFIX, i + 1);
                message.agent_login.agent = wire_text(name);
                if (!talk_ask(&opening->talk, &message))
                        return false;
        }
        return talk_finish(&opening->talk);
}

static bool log_in(struct opening *opening)
{
        for (uint32_t i = 0; i < opening->settings->desktops; i++) {
                if (!log_in_line(opening, i))
                        return fail_as(opening, "logins of agents");
        }
        return true;
}

/*
 * All together
 */

static bool allocate(struct load *load)
{
        const struct settings *settings = load->settings;
        uint32_t sessions = 4;
        uint64_t open = settings->waiting + (uint64_t)settings->in_flight * 2 + 65536;

        while (sessions < settings->agents * 4)
                sessions *= 2;
        load->session_mask = sessions - 1;
        load->line_count = settings->gateways + settings->desktops;
        load->scratch = malloc(LINE_SCRATCH_SIZE);
        load->line = calloc(load->line_count, sizeof(load->line[0]));
        load->ring = calloc(load->line_count, sizeof(load->ring[0]));
        load->dirty = calloc(load->line_count, sizeof(load->dirty[0]));
        load->agent = calloc(settings->agents, sizeof(load->agent[0]));
        load->session = calloc(sessions, sizeof(load->session[0]));
        load->timer = calloc(settings->agents + 1, sizeof(load->timer[0]));
        for (uint32_t i = 0; load->line != NULL && i < load->line_count; i++)
                load->line[i].fd = -1;
        return load->scratch != NULL && load->line != NULL && load->ring != NULL &&
               load->dirty != NULL && load->agent != NULL && load->session != NULL &&
               load->timer != NULL && ledger_init(&load->ledger, (uint32_t)open);
}

static bool watch_all(struct load *load)
{
        load->poller = epoll_create1(EPOLL_CLOEXEC);
        for (uint32_t i = 0; load->poller >= 0 && i < load->line_count; i++) {
                struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

                if (epoll_ctl(load->poller, EPOLL_CTL_ADD, load->line[i].fd, &event) < 0)
                        return load_fail(load, EXIT_CHECK, "epoll: %s", strerror(errno));
        }
        return load->poller >= 0 || load_fail(load, EXIT_CHECK, "epoll: %s", strerror(errno));
}

static bool has_media(const struct settings *settings)
{
        for (uint32_t i = 0; i < settings->channels.count; i++) {
                if (strcmp(settings->channels.choice[i].name, "phone") == 0)
                        return true;
        }
        return false;
}

bool load_open(struct load *load, const char *address, const char *desktop_address)
{
        const struct settings *settings = load->settings;
        struct opening opening = { .load = load, .settings = settings };
        bool is_good;

        load->poller = -1;
        acd_prng_init(&load->prng, settings->seed + 1);
        load->is_media = has_media(settings);
        load->is_pipelined = settings->handle.kind == SPREAD_NONE && !load->is_media;
        if (!allocate(load) || !talk_init(&opening.talk, settings->timeout_s))
                return load_fail(load, EXIT_CHECK, "no memory");
        acd_wheel_init(&load->wheel, load->timer);
        is_good = open_lines(&opening, address, desktop_address) && make_templates(&opening) &&
                  log_in(&opening) && watch_all(load);
        load->now_ns = load->base_ns = bench_now_ns();
        load->heartbeat_at_ns = load->now_ns;
        free(opening.handle);
        talk_fini(&opening.talk);
        return is_good;
}

void load_close(struct load *load)
{
        for (uint32_t i = 0; i < load->line_count && load->line != NULL; i++) {
                line_close(&load->line[i]);
                if (load->ring != NULL)
                        free(load->ring[i].asked);
        }
        if (load->poller >= 0)
                (void)close(load->poller);
        templates_fini(&load->templates);
        ledger_fini(&load->ledger);
        free(load->scratch);
        free(load->line);
        free(load->ring);
        free(load->dirty);
        free(load->agent);
        free(load->session);
        free(load->timer);
}

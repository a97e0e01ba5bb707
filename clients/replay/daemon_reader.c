/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a daemon: all events of the tenant, in order, by a subscription that
 * goes on after a reconnect where it was.
 *
 * Sequence numbers have no gaps by contract; that is checked here, because a
 * reader that missed an event would blame the daemon for what it did not see.
 * Contacts that are not of this run, and agents that are not of this plan, are
 * passed over.
 */

#include <errno.h>
#include <string.h>

#include "clients/replay/daemon_parts.h"

/* The driver's word for an event. False: nothing to the driver. */
static bool kind_of(const struct acdclient_event *event, enum engine_event_kind *ret_kind)
{
        static const struct {
                enum acdclient_event_kind from;
                enum engine_event_kind to;
        } word[] = {
                { ACDCLIENT_EVENT_CONTACT_SUBMITTED, ENGINE_SUBMITTED },
                { ACDCLIENT_EVENT_CONTACT_QUEUED, ENGINE_QUEUED },
                { ACDCLIENT_EVENT_CONTACT_OFFERED, ENGINE_OFFERED },
                { ACDCLIENT_EVENT_OFFER_ENDED, ENGINE_OFFER_ENDED },
                { ACDCLIENT_EVENT_CONTACT_CONNECTED, ENGINE_CONNECTED },
                { ACDCLIENT_EVENT_CONTACT_CLOSED, ENGINE_CLOSED },
                { ACDCLIENT_EVENT_WRAP_UP_STARTED, ENGINE_WRAP_UP },
                { ACDCLIENT_EVENT_ASSIGNMENT_CLOSED, ENGINE_FREED },
                { ACDCLIENT_EVENT_AGENT_READY, ENGINE_READY },
                { ACDCLIENT_EVENT_AGENT_PAUSED, ENGINE_AWAY },
                { ACDCLIENT_EVENT_AGENT_LOST, ENGINE_AWAY },
                { ACDCLIENT_EVENT_AGENT_LOGGED_OUT, ENGINE_OUT },
        };

        if (event->kind == ACDCLIENT_EVENT_AGENT_LOGGED_IN ||
            event->kind == ACDCLIENT_EVENT_AGENT_BACK) {
                *ret_kind = event->state == ACDCLIENT_PRESENCE_READY ? ENGINE_READY : ENGINE_AWAY;
                return true;
        }
        for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
                if (word[i].from == event->kind) {
                        *ret_kind = word[i].to;
                        return true;
                }
        }
        return false;
}

/* The plan's index of the event's agent, found by name once and by id then. */
static uint32_t agent_of(struct daemon_engine *daemon, const struct acdclient_event *event)
{
        if (event->agent_id == 0)
                return ENGINE_NONE;
        for (uint32_t i = 0; i < daemon->plan->agent_count; i++)
                if (daemon->desk[i].agent_id == event->agent_id)
                        return i;
        for (uint32_t i = 0; i < daemon->plan->agent_count; i++) {
                const char *name = daemon->plan->agent[i].name;

                if (strlen(name) == event->agent.size &&
                    memcmp(name, event->agent.at, event->agent.size) == 0) {
                        daemon->desk[i].agent_id = event->agent_id;
                        return i;
                }
        }
        return ENGINE_NONE;
}

static void on_event(struct daemon_engine *daemon, const struct acdclient_event *event)
{
        struct engine_event said = { .source = ENGINE_LOGGED, .value = event->assignment };

        daemon->facts.event_count++;
        if (event->sequence <= daemon->last_sequence) {
                daemon->facts.event_repeats++;
                return;
        }
        if (daemon->last_sequence != 0)
                daemon->facts.event_gaps += event->sequence - daemon->last_sequence - 1;
        daemon->last_sequence = event->sequence;

        if (!kind_of(event, &said.kind))
                return;
        said.call = daemon_call_of_key(daemon, event->client_key);
        said.agent = agent_of(daemon, event);
        if ((event->contact != 0 && said.call == ENGINE_NONE) ||
            (event->agent_id != 0 && said.agent == ENGINE_NONE))
                return;
        if (said.kind == ENGINE_SUBMITTED)
                said.value = daemon->submit_sequence++;
        daemon_tell(daemon, said, event->time_ns);
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct daemon_engine *daemon = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        int r = 0;

        (void)client;
        if (push->kind != ACDCLIENT_EVENTS)
                return;
        if (push->events.resync) {
                daemon_fail(daemon, -ESTALE, "the event log is shorter than the reader's delay");
                return;
        }
        if (!acdclient_events_open(&reader, &push->events))
                r = -EBADMSG;
        while (r >= 0 && (r = acdclient_events_next(&reader, &event)) == 1)
                on_event(daemon, &event);
        if (r < 0)
                daemon_fail(daemon, r, "events");
}

int daemon_reader_open(struct daemon_engine *daemon)
{
        struct acdclient_listener listener = { .context = daemon, .on_push = on_push };
        int r;

        daemon->reader = daemon_client(daemon, ACDCLIENT_ROLE_READER, "replay-reader", &listener);
        if (daemon->reader == NULL)
                return daemon->error;
        r = acdclient_subscribe(daemon->reader, 0, NULL, NULL);
        return r < 0 ? r : 0;
}

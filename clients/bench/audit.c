/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the events of a run back.
 *
 * The daemon pushes them as it has them in its log. A reader that reached the
 * sequence which the daemon named as its last when the reader came has
 * everything of the run: what happens later is of other clients.
 *
 * A log is kept to a size. If it does not reach back to the beginning, contacts
 * are met whose submit is gone; they are left out, and so is who is still open
 * at the end, since a part of the run says nothing about the rest.
 */

#include "clients/bench/audit.h"

#include <stdio.h>
#include <string.h>

#include "clients/bench/order.h"
#include "clients/bench/talk.h"
#include "wire/events.h"

enum { PING_NS = 1000000000 };

struct audit {
        const struct audit_request *request;
        struct order order;
        uint64_t first_sequence; /* of the events that came */
        bool is_out_of_memory, is_damaged;
};

static void on_push(void *context, uint64_t index, const struct wire_message *push)
{
        struct audit *audit = context;
        struct wire_batch_reader reader;
        struct wire_event event;
        int more = 0;

        (void)index;
        if (push->kind != WIRE_EVENTS || push->events.batch.size == 0)
                return;
        if (!wire_batch_open(&reader, push->events.batch)) {
                audit->is_damaged = true;
                return;
        }
        while ((more = wire_batch_next(&reader, &event)) > 0) {
                if (audit->first_sequence == 0)
                        audit->first_sequence = event.sequence;
                if (!order_event(&audit->order, &event))
                        audit->is_out_of_memory = true;
        }
        if (more < 0)
                audit->is_damaged = true;
}

static bool fail(struct audit_report *report, enum exit_code code, const char *text)
{
        report->code = code;
        (void)snprintf(report->trouble, sizeof(report->trouble), "audit: %s", text);
        return false;
}

static bool subscribe(struct talk *talk, struct audit *audit)
{
        struct wire_message message = { .kind = WIRE_SUBSCRIBE };

        message.subscribe.from_sequence = audit->request->from_sequence;
        talk->on_push = on_push;
        talk->context = audit;
        return talk_ask(talk, &message) && talk_finish(talk);
}

/* A reader that only reads would be taken for silent. */
static bool ping(struct talk *talk, uint64_t *at_ns)
{
        struct wire_message message = { .kind = WIRE_PING };
        uint64_t now = bench_now_ns();

        if (now < *at_ns)
                return true;
        *at_ns = now + PING_NS;
        return talk_ask(talk, &message);
}

/* Until the event numbered @last. */
static bool read_all(struct talk *talk, struct audit *audit, uint64_t last,
                     struct audit_report *report)
{
        uint64_t ping_ns = 0;

        while (audit->order.last_sequence < last) {
                talk->deadline_ns = bench_now_ns() + (uint64_t)(audit->request->timeout_s * 1e9);
                if (*audit->request->is_interrupted)
                        return fail(report, EXIT_CHECK, "interrupted");
                if (!ping(talk, &ping_ns) || !talk_read(talk))
                        return fail(report, talk->code, talk->trouble);
                if (audit->is_out_of_memory)
                        return fail(report, EXIT_CHECK, "no memory for the events");
                if (audit->is_damaged)
                        return fail(report, EXIT_CHECK, "the daemon sent damaged events");
        }
        return true;
}

static void fill(struct audit_report *report, struct audit *audit)
{
        struct order *order = &audit->order;

        if (audit->first_sequence > audit->request->from_sequence)
                report->missing_count = audit->first_sequence - audit->request->from_sequence;
        if (report->missing_count == 0)
                order_end(order);
        report->event_count = order->event_count;
        report->submitted_count = order->submitted_count;
        report->closed_count = order->closed_count;
        report->assignment_count = order->assignment_count;
        report->violation_count = order->violation_count;
        _Static_assert(sizeof(report->violation) == sizeof(order->violation),
                       "as many sentences of the same size");
        memcpy(report->violation, order->violation, sizeof(report->violation));
}

bool audit_run(const struct audit_request *request, struct audit_report *ret_report)
{
        struct audit audit = { .request = request };
        struct line line = { .fd = -1 };
        struct client_address address;
        struct wire_welcome welcome;
        struct talk talk;
        uint64_t begin_ns = bench_now_ns();
        bool is_good = talk_init(&talk, request->timeout_s);
        int r = client_address_parse(request->address, &address);

        *ret_report = (struct audit_report){ .code = EXIT_DONE };
        order_init(&audit.order);
        if (r == 0)
                r = line_open(&line, &address, 10000);
        if (!is_good || r < 0) {
                is_good = fail(ret_report, EXIT_NO_DAEMON, is_good ? strerror(-r) : "no memory");
        } else {
                talk_to(&talk, &line);
                is_good = talk_hello(&talk, request->tenant, WIRE_ROLE_READER, "acdbench", "",
                                     &welcome);
                if (is_good && welcome.event_last_sequence >= request->from_sequence)
                        is_good = subscribe(&talk, &audit);
                if (!is_good)
                        (void)fail(ret_report, talk.code, talk.trouble);
                is_good = is_good &&
                          (welcome.event_last_sequence < request->from_sequence ||
                           read_all(&talk, &audit, welcome.event_last_sequence, ret_report));
        }
        if (is_good)
                fill(ret_report, &audit);
        ret_report->seconds = (double)(bench_now_ns() - begin_ns) / 1e9;
        order_fini(&audit.order);
        line_close(&line);
        talk_fini(&talk);
        return is_good;
}

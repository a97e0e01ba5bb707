/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateways' side of the load.
 *
 * Contacts go round robin over the gateways. Of the pushes that a gateway gets
 * at each change of an assignment only one asks for something: on a media
 * channel "connecting" is answered by REPORT CONNECTED, as a gateway does when
 * the customer hears the agent.
 *
 * A submit that is refused because there is no room at the moment is counted
 * and not sent again: an open loop does not wait for its victim. Any other
 * refusal is a mistake in the run, and ends it.
 */

#include <stdio.h>

#include "clients/bench/hot.h"
#include "clients/bench/load.h"
#include "wire/codec.h"

bool load_submit(struct load *load, uint64_t due_ns, bool is_standing)
{
        uint32_t gateways = load->settings->gateways;
        struct line *line = &load->line[load->next_gateway];
        uint32_t correlation = load->ring[line->index].end;
        uint8_t *at = load_room(load, line, load->templates.size_max);
        struct asked asked = { .due_ns = due_ns, .kind = ASKED_SUBMIT };

        if (at == NULL)
                return false;
        if (++load->next_gateway == gateways)
                load->next_gateway = 0;
        load_put(load, line, template_put(&load->templates, is_standing, correlation, at), asked);
        load->sent_count++;
        if (is_standing)
                load->standing_count++;
        return true;
}

bool load_cancel(struct load *load, uint64_t contact)
{
        struct ledger_entry *entry;
        struct asked asked = { .contact = contact, .kind = ASKED_CANCEL };
        struct line *line;
        uint8_t *at;

        entry = ledger_find(&load->ledger, contact);
        line = &load->line[entry->gateway];
        at = load_room(load, line, HOT_CANCEL_SIZE);
        if (at == NULL)
                return false;
        hot_put_cancel(at, load->ring[line->index].end, contact);
        load_put(load, line, HOT_CANCEL_SIZE, asked);
        return true;
}

/* The submit that was refused, or ends the run. */
static bool refused(struct load *load, const struct hot_result *result)
{
        switch (result->code) {
        case ACD_RETRY_AFTER:
        case ACD_DRAINING:
        case ACD_FULL:
        case ACD_DISK_LOW:
                load->refused_count++;
                return true;
        case ACD_DUPLICATE:
                load_violation(load, result->id, "was the answer to two submits");
                load->refused_count++;
                return true;
        default:
                return load_fail(load, EXIT_CHECK, "a submit was refused: result %u (%s)",
                                 result->code, load_result_name(result->code));
        }
}

static void acknowledge(struct load *load, const struct line *line, uint64_t contact,
                        uint64_t due_ns)
{
        struct ledger_entry *entry;
        enum ledger_fault fault =
                ledger_acknowledge(&load->ledger, contact, due_ns, (uint16_t)line->index, &entry);
        struct measure *measure = load->measure;

        load->acknowledged_count++;
        if (fault != LEDGER_OK) {
                load_violation(load, contact, ledger_text(fault));
                return;
        }
        if (measure == NULL || due_ns < load->record_from_ns)
                return;
        histogram_add(measure->ack, load->now_ns - due_ns, 1);
        /* The offer was seen first. */
        if (entry->offered_ns != 0)
                histogram_add(measure->offer,
                              entry->offered_ns > due_ns ? entry->offered_ns - due_ns : 0, 1);
}

static bool cancelled(struct load *load, const struct asked *asked, const struct hot_result *result)
{
        enum ledger_fault fault;

        if (result->code != ACD_OK)
                return load_fail(load, EXIT_CHECK, "a cancel was refused: result %u (%s)",
                                 result->code, load_result_name(result->code));
        fault = ledger_complete(&load->ledger, asked->contact, UINT32_MAX);
        if (fault != LEDGER_OK)
                load_violation(load, asked->contact, ledger_text(fault));
        load->cancelled_count++;
        return true;
}

static bool answer(struct load *load, struct line *line, const struct wire_frame *frame)
{
        struct hot_result result;
        struct asked asked;

        if (!load_take_asked(load, line, frame, &asked))
                return false;
        if (asked.kind == ASKED_PING)
                return true;
        if (!hot_peek_result(frame->body, frame->body_size, &result))
                return load_fail(load, EXIT_CHECK, "a result cannot be read");
        if (asked.kind == ASKED_CANCEL)
                return cancelled(load, &asked, &result);
        if (asked.kind == ASKED_REPORT)
                return true;
        if (result.code != ACD_OK)
                return refused(load, &result);
        acknowledge(load, line, result.id, asked.due_ns);
        return true;
}

/* A media contact's agent has accepted: the customer is put through at once. */
static bool connect_customer(struct load *load, struct line *line, const struct wire_frame *frame)
{
        struct hot_assignment push;
        struct asked asked = { .kind = ASKED_REPORT };
        uint8_t *at;

        if (!hot_peek_assignment(frame->body, frame->body_size, &push))
                return load_fail(load, EXIT_CHECK, "a push cannot be read");
        if (push.state != ACD_ASSIGNMENT_CONNECTING)
                return true;
        at = load_room(load, line, HOT_REPORT_SIZE);
        if (at == NULL)
                return load_fail(load, EXIT_CHECK, "too much is unanswered to report");
        hot_put_report(at, load->ring[line->index].end, push.contact, push.assignment);
        load_put(load, line, HOT_REPORT_SIZE, asked);
        return true;
}

bool load_gateway_frame(struct load *load, struct line *line, const struct wire_frame *frame)
{
        switch (frame->kind) {
        case WIRE_RESULT:
        case WIRE_PONG:
                return answer(load, line, frame);
        case WIRE_ASSIGNMENT:
                return !load->is_media || connect_customer(load, line, frame);
        case WIRE_BYE:
                return load_bye(load, frame);
        default:
                return true;
        }
}

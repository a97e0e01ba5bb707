/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two checks of a run, with violations planted: one that never finds
 * anything proves nothing.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "clients/bench/ledger.h"
#include "clients/bench/order.h"

static struct order order;
static uint64_t sequence;
static uint64_t now_ns;

static void begin(void)
{
        order_init(&order);
        sequence = 0;
        now_ns = UINT64_C(1000000000);
}

static void end(void)
{
        order_fini(&order);
}

TestSuite(order, .init = begin, .fini = end);

static uint64_t contact(uint32_t slot, uint32_t generation)
{
        return acd_id_make((struct acd_id_parts){ .slot = slot, .generation = generation });
}

static void event(enum acd_event_kind kind, uint64_t id, struct wire_event more)
{
        more.kind = kind;
        more.contact = id;
        more.sequence = ++sequence;
        more.time_ns = now_ns;
        cr_assert(order_event(&order, &more));
}

/* To queue 1, channel 1. */
static void submit(uint64_t id, uint32_t band, uint64_t credit_ms)
{
        struct wire_event submitted = {
                .queue_id = 1, .channel_id = 1, .band = band, .value = credit_ms
        };

        event(ACD_EVENT_CONTACT_SUBMITTED, id, submitted);
        event(ACD_EVENT_CONTACT_QUEUED, id, (struct wire_event){ .reason = ACD_REASON_SUBMITTED });
        now_ns += 1000000;
}

static void offer(uint64_t id, uint64_t assignment)
{
        event(ACD_EVENT_CONTACT_OFFERED, id, (struct wire_event){ .assignment = assignment });
}

static void connect_by(uint64_t id, uint64_t assignment)
{
        event(ACD_EVENT_CONTACT_CONNECTED, id, (struct wire_event){ .assignment = assignment });
}

static void close_it(uint64_t id)
{
        event(ACD_EVENT_CONTACT_CLOSED, id, (struct wire_event){ .reason = ACD_REASON_COMPLETED });
}

static void serve(uint64_t id)
{
        offer(id, id);
        connect_by(id, id);
        close_it(id);
}

/* Exactly one finding, about @id, with @text. */
static void found(uint64_t id, const char *text)
{
        char name[ACD_ID_TEXT_SIZE];

        order_end(&order);
        acd_id_format(id, name);
        cr_assert_eq(order.violation_count, 1, "%lu: %s; %s", (unsigned long)order.violation_count,
                     order.violation[0], order.violation[1]);
        cr_assert_not_null(strstr(order.violation[0], text), "%s", order.violation[0]);
        cr_assert_not_null(strstr(order.violation[0], name), "%s", order.violation[0]);
}

/* Goal    A run that is right has no finding: bands, credits, slots used again,
 *         detours, other queues.
 * Method  Served by the comparator, which the test computes by hand. */
Test(order, right)
{
        for (uint32_t i = 1; i <= 3; i++)
                submit(contact(i, 1), 1, 0);
        submit(contact(4, 1), 2, 0);       /* higher band: before all */
        submit(contact(5, 1), 1, 3600000); /* an hour of credit: before the rest */
        serve(contact(4, 1));
        serve(contact(5, 1));
        offer(contact(1, 1), 50);
        event(ACD_EVENT_OFFER_ENDED, contact(1, 1), (struct wire_event){ .assignment = 50 });
        event(ACD_EVENT_CONTACT_QUEUED, contact(1, 1),
              (struct wire_event){ .reason = ACD_REASON_RETURNED });
        serve(contact(2, 1)); /* nobody is held against a detour */
        serve(contact(1, 1));
        submit(contact(4, 2), 1, 0); /* its slot again */
        close_it(contact(3, 1));     /* left while waiting */
        serve(contact(4, 2));
        order_end(&order);
        cr_assert_eq(order.violation_count, 0, "%s", order.violation[0]);
        cr_assert_eq(order.submitted_count, 6);
        cr_assert_eq(order.closed_count, 6);
        cr_assert_eq(order.assignment_count, 5);
}

Test(order, lost)
{
        submit(contact(1, 1), 0, 0);
        submit(contact(2, 1), 0, 0);
        serve(contact(1, 1));
        found(contact(2, 1), "never closed");
}

Test(order, offered_to_two)
{
        submit(contact(1, 1), 0, 0);
        offer(contact(1, 1), 8);
        offer(contact(1, 1), 9);
        connect_by(contact(1, 1), 9);
        close_it(contact(1, 1));
        found(contact(1, 1), "while an agent had it");
}

Test(order, offered_after_its_end)
{
        submit(contact(1, 1), 0, 0);
        serve(contact(1, 1));
        offer(contact(1, 1), 9);
        close_it(contact(1, 1));
        cr_assert_eq(order.violation_count, 1);
        cr_assert_not_null(strstr(order.violation[0], "after its end"));
}

Test(order, closed_twice)
{
        submit(contact(1, 1), 0, 0);
        serve(contact(1, 1));
        close_it(contact(1, 1));
        found(contact(1, 1), "closed twice");
}

Test(order, submitted_twice)
{
        submit(contact(1, 1), 0, 0);
        submit(contact(1, 1), 0, 0);
        serve(contact(1, 1));
        found(contact(1, 1), "submitted twice");
}

Test(order, connected_twice)
{
        submit(contact(1, 1), 0, 0);
        offer(contact(1, 1), 4);
        connect_by(contact(1, 1), 4);
        connect_by(contact(1, 1), 4);
        close_it(contact(1, 1));
        found(contact(1, 1), "connected twice");
}

Test(order, connected_by_another)
{
        submit(contact(1, 1), 0, 0);
        offer(contact(1, 1), 4);
        connect_by(contact(1, 1), 5);
        close_it(contact(1, 1));
        found(contact(1, 1), "not its own");
}

Test(order, slot_of_somebody)
{
        submit(contact(1, 1), 0, 0);
        submit(contact(1, 2), 0, 0);
        serve(contact(1, 2));
        found(contact(1, 2), "slot of a contact that is open");
}

Test(order, overtaken_in_a_lane)
{
        submit(contact(1, 1), 0, 0);
        submit(contact(2, 1), 0, 0);
        submit(contact(3, 1), 0, 0);
        serve(contact(2, 1));
        serve(contact(1, 1));
        serve(contact(3, 1));
        found(contact(2, 1), "came earlier");
}

Test(order, overtaken_by_a_lower_band)
{
        submit(contact(1, 1), 1, 0);
        submit(contact(2, 1), 2, 0);
        serve(contact(1, 1));
        serve(contact(2, 1));
        found(contact(1, 1), "whose turn it was");
}

/* Goal    Credit counts as waiting: two seconds of it beat one second of wait. */
Test(order, credit_overlooked)
{
        submit(contact(1, 1), 0, 0);
        now_ns += 1000000000;
        submit(contact(2, 1), 0, 2000);
        serve(contact(1, 1));
        serve(contact(2, 1));
        found(contact(1, 1), "whose turn it was");
}

/* Goal    ... and do not beat three seconds. */
Test(order, credit_overrated)
{
        submit(contact(1, 1), 0, 0);
        now_ns += UINT64_C(3000000000);
        submit(contact(2, 1), 0, 2000);
        serve(contact(2, 1));
        serve(contact(1, 1));
        found(contact(2, 1), "whose turn it was");
}

Test(order, gap)
{
        submit(contact(1, 1), 0, 0);
        sequence++;
        serve(contact(1, 1));
        found(contact(1, 1), "gap");
}

/* Goal    Who was submitted before the first event is left out. */
Test(order, from_the_middle)
{
        serve(contact(9, 1));
        submit(contact(1, 1), 0, 0);
        serve(contact(1, 1));
        order_end(&order);
        cr_assert_eq(order.violation_count, 0);
        cr_assert_eq(order.unknown_count, 3);
}

/*
 * The ledger
 */

static struct ledger ledger;
static struct ledger_entry *entry;

static void begin_ledger(void)
{
        cr_assert(ledger_init(&ledger, 4));
}

static void end_ledger(void)
{
        ledger_fini(&ledger);
}

TestSuite(ledger, .init = begin_ledger, .fini = end_ledger);

static enum ledger_fault acknowledge(uint64_t id)
{
        return ledger_acknowledge(&ledger, id, 100, 2, &entry);
}

static enum ledger_fault offer_to(uint64_t id, uint32_t agent)
{
        return ledger_offer(&ledger, id, agent, 200, &entry);
}

/* Goal    Both orders of acknowledgement and offer are right, a slot may be used
 *         again afterwards, and the table grows. */
Test(ledger, right)
{
        uint64_t open = 0;

        for (uint32_t generation = 1; generation <= 3; generation++) {
                for (uint32_t slot = 0; slot < 100; slot++) {
                        uint64_t id = contact(slot, generation);
                        bool is_offer_first = slot % 2 == 0;

                        if (!is_offer_first)
                                cr_assert_eq(acknowledge(id), LEDGER_OK);
                        cr_assert_eq(offer_to(id, slot), LEDGER_OK);
                        cr_assert_eq(ledger_complete(&ledger, id, slot), LEDGER_OK);
                        if (is_offer_first) {
                                cr_assert_eq(ledger_open_count(&ledger, &open), 1);
                                cr_assert_eq(acknowledge(id), LEDGER_OK);
                        }
                        cr_assert_eq(entry->due_ns, 100);
                        cr_assert_eq(entry->gateway, 2);
                }
        }
        cr_assert_eq(ledger_open_count(&ledger, &open), 0);
}

/* Goal    Each fault is found, and changes nothing. */
Test(ledger, faults)
{
        uint64_t one = contact(1, 1), two = contact(2, 1), open = 0;

        cr_assert_eq(ledger_complete(&ledger, one, 5), LEDGER_NOT_OFFERED);
        cr_assert_eq(ledger_take_back(&ledger, one, 5), LEDGER_NOT_OFFERED);
        cr_assert_eq(acknowledge(one), LEDGER_OK);
        cr_assert_eq(acknowledge(one), LEDGER_ACKED_TWICE);
        cr_assert_eq(acknowledge(contact(1, 2)), LEDGER_SLOT_TAKEN);
        cr_assert_eq(offer_to(contact(1, 2), 5), LEDGER_SLOT_TAKEN);
        cr_assert_eq(ledger_complete(&ledger, one, 5), LEDGER_NOT_OFFERED);
        cr_assert_eq(offer_to(one, 5), LEDGER_OK);
        cr_assert_eq(offer_to(one, 6), LEDGER_OFFERED_TWICE);
        cr_assert_eq(ledger_complete(&ledger, one, 6), LEDGER_NOT_OFFERED);
        cr_assert_eq(ledger_take_back(&ledger, one, 6), LEDGER_NOT_OFFERED);
        cr_assert_eq(ledger_take_back(&ledger, one, 5), LEDGER_OK);
        cr_assert_eq(offer_to(one, 6), LEDGER_OK);
        cr_assert_eq(ledger_complete(&ledger, one, UINT32_MAX), LEDGER_OFFERED_TWICE);
        cr_assert_eq(ledger_complete(&ledger, one, 6), LEDGER_OK);
        cr_assert_eq(ledger_complete(&ledger, one, 6), LEDGER_DONE_TWICE);
        cr_assert_eq(offer_to(one, 6), LEDGER_OFFERED_DONE);
        cr_assert_eq(acknowledge(two), LEDGER_OK);
        cr_assert_eq(ledger_open_count(&ledger, &open), 1);
        cr_assert_eq(open, two);
        cr_assert_eq(ledger_complete(&ledger, two, UINT32_MAX), LEDGER_OK);
        cr_assert_eq(ledger_open_count(&ledger, &open), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent's desktop knows, and how tables and times look.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "clients/cli/desk.h"
#include "clients/cli/table.h"

static struct acdclient_message offer_of(uint64_t assignment, uint32_t left_ms)
{
        struct acdclient_message push = { .kind = ACDCLIENT_OFFER };

        push.offer.assignment = assignment;
        push.offer.contact = assignment + 1000;
        push.offer.left_ms = left_ms;
        push.offer.queue = acdclient_text("billing");
        push.offer.state = ACDCLIENT_ASSIGNMENT_STATE_OFFERED;
        return push;
}

static struct acdclient_message state_of(uint64_t assignment, enum acdclient_assignment_state state)
{
        struct acdclient_message push = { .kind = ACDCLIENT_ASSIGNMENT_STATE };

        push.assignment_state_push.assignment = assignment;
        push.assignment_state_push.contact = assignment + 1000;
        push.assignment_state_push.state = state;
        return push;
}

Test(desk, an_offer_comes_is_accepted_and_leaves)
{
        struct desk desk;
        struct acdclient_message push = offer_of(7, 20000);
        struct desk_change change;

        desk_init(&desk, 10); /* ten core seconds a second */
        change = desk_push(&desk, &push, 1000);
        cr_assert(change.has_item && change.is_moved);
        cr_assert_eq(desk.item_count, 1);
        cr_assert_eq(desk_current(&desk)->deadline_ms, 3000);
        cr_assert_eq(desk_current(&desk)->total_ms, 2000);
        cr_assert_str_eq(desk_current(&desk)->queue, "billing");

        push = state_of(7, ACDCLIENT_ASSIGNMENT_STATE_ACTIVE);
        change = desk_push(&desk, &push, 1500);
        cr_assert(change.is_moved);
        cr_assert_eq(desk_current(&desk)->since_ms, 1500);
        cr_assert_eq(desk_current(&desk)->deadline_ms, 0);
        change = desk_push(&desk, &push, 1600);
        cr_assert_not(change.is_moved);
        cr_assert_eq(desk_current(&desk)->since_ms, 1500);

        push = state_of(7, ACDCLIENT_ASSIGNMENT_STATE_CLOSED);
        change = desk_push(&desk, &push, 2000);
        cr_assert(change.is_gone && change.has_item);
        cr_assert_eq(change.item.contact, 1007);
        cr_assert_eq(desk.item_count, 0);
        cr_assert_eq(desk.served_count, 1);
        cr_assert_null(desk_current(&desk));
}

Test(desk, parked_work_does_not_use_the_slot)
{
        struct desk desk;
        struct acdclient_message push = state_of(1, ACDCLIENT_ASSIGNMENT_STATE_PARKED);

        desk_init(&desk, 1);
        (void)desk_push(&desk, &push, 0);
        cr_assert_null(desk_current(&desk));
        push = offer_of(2, 1000);
        (void)desk_push(&desk, &push, 0);
        cr_assert_eq(desk_current(&desk)->assignment, 2);
        push.kind = ACDCLIENT_TAKEN;
        push.taken = (struct acdclient_taken){ .assignment = 2 };
        cr_assert(desk_push(&desk, &push, 0).is_taken);
        cr_assert(desk_current(&desk)->is_taken);
        /* What the other session does with it is seen, with all that is known. */
        push = state_of(2, ACDCLIENT_ASSIGNMENT_STATE_ACTIVE);
        cr_assert(desk_push(&desk, &push, 0).is_moved);
        cr_assert_str_eq(desk_current(&desk)->queue, "billing");
        push = state_of(2, ACDCLIENT_ASSIGNMENT_STATE_CLOSED);
        cr_assert(desk_push(&desk, &push, 0).item.is_taken);
        cr_assert_eq(desk.item_count, 1);
        push.kind = ACDCLIENT_TAKEN;
        push.taken = (struct acdclient_taken){ .assignment = 3 };
        cr_assert_not(desk_push(&desk, &push, 0).has_item);
}

Test(desk, a_snapshot_replaces_everything)
{
        struct desk desk;
        struct acdclient_message push = offer_of(1, 1000);
        struct acdclient_assignment kept = { .assignment = 9, .contact = 8, .left_ms = 500 };
        struct acdclient_agent_snapshot snapshot = { .has_agent = true };

        kept.state = ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP;
        snapshot.agent.presence = ACDCLIENT_PRESENCE_PAUSED;
        snapshot.agent.label = acdclient_text("lunch");
        snapshot.assignments_count = 1;
        snapshot.assignments = &kept;
        desk_init(&desk, 1);
        (void)desk_push(&desk, &push, 0);
        desk_restore(&desk, &snapshot, 100);
        cr_assert_eq(desk.item_count, 1);
        cr_assert_eq(desk_current(&desk)->assignment, 9);
        cr_assert_eq(desk_current(&desk)->deadline_ms, 600);
        cr_assert_str_eq(desk.label, "lunch");
}

/*
 * Goal    Served is what the daemon says, before and after a reconnect: contacts
 *         that became active. Offers that came to nothing are none.
 */
Test(desk, served_is_counted_as_the_daemon_does)
{
        static const enum acdclient_assignment_state path[] = {
                ACDCLIENT_ASSIGNMENT_STATE_CONNECTING, ACDCLIENT_ASSIGNMENT_STATE_ACTIVE,
                ACDCLIENT_ASSIGNMENT_STATE_HELD,       ACDCLIENT_ASSIGNMENT_STATE_ACTIVE,
                ACDCLIENT_ASSIGNMENT_STATE_PARKED,     ACDCLIENT_ASSIGNMENT_STATE_ACTIVE,
                ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP,    ACDCLIENT_ASSIGNMENT_STATE_CLOSED,
        };
        struct desk desk;
        struct acdclient_message push = offer_of(1, 1000);
        struct acdclient_assignment kept = { .assignment = 9, .contact = 8, .left_ms = 500 };
        struct acdclient_agent_snapshot snapshot = { .has_agent = true };

        desk_init(&desk, 1);
        (void)desk_push(&desk, &push, 0);
        for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
                push = state_of(1, path[i]);
                (void)desk_push(&desk, &push, i);
                cr_assert_eq(desk.served_count, i > 0 ? 1 : 0, "step %zu", i);
        }
        push = offer_of(2, 1000);
        (void)desk_push(&desk, &push, 20);
        push = state_of(2, ACDCLIENT_ASSIGNMENT_STATE_CLOSED);
        (void)desk_push(&desk, &push, 21);
        cr_assert_eq(desk.served_count, 1);

        kept.state = ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP;
        snapshot.agent.contact_count = 1;
        snapshot.assignments_count = 1;
        snapshot.assignments = &kept;
        desk_restore(&desk, &snapshot, 100);
        push = state_of(9, ACDCLIENT_ASSIGNMENT_STATE_CLOSED);
        (void)desk_push(&desk, &push, 200);
        cr_assert_eq(desk.served_count, 1);
}

Test(desk, it_is_bounded_and_copies_plainly)
{
        struct desk desk;
        char text[8];

        desk_init(&desk, 1);
        for (uint64_t i = 1; i <= 100; i++) {
                struct acdclient_message push = offer_of(i, 1000);

                (void)desk_push(&desk, &push, 0);
        }
        cr_assert_eq(desk.item_count, DESK_ITEM_MAX);
        cr_assert_not_null(desk_find(&desk, 100));
        desk_copy(text, sizeof(text), "a\033[2Jbcdefgh", 12);
        cr_assert_str_eq(text, "a?[2Jbc");
        desk_copy(text, sizeof(text), "\xc3\xbc\n\xc3\xbc\xc3", 6);
        cr_assert_str_eq(text, "\xc3\xbc?\xc3\xbc?");
        desk_copy(text, sizeof(text), "abcdef\xc3\xbc", 8); /* half of it would not be text */
        cr_assert_str_eq(text, "abcdef");
}

Test(table, times_and_sizes_are_short)
{
        static const struct {
                uint64_t ms;
                const char *text;
        } cases[] = { { 0, "0ms" },        { 850, "850ms" },     { 12345, "12s" },
                      { 185000, "3m05s" }, { 7620000, "2h07m" }, { 273600000, "3d04h" } };
        char text[TABLE_WORD_SIZE];

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                cr_assert_str_eq(table_duration(cases[i].ms, text), cases[i].text);
        cr_assert_str_eq(table_bytes(512, text), "512 B");
        cr_assert_str_eq(table_bytes(64 * 1024 * 1024, text), "64.0 MiB");
        cr_assert_str_eq(table_bytes(UINT64_MAX, text), "16777216.0 TiB");
}

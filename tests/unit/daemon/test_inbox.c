/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of commands as what they ask for, their ids, and the bytes that wait.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "daemon/redis/inbox_entry.h"
#include "daemon/redis/inbox_store.h"
#include "wire/kinds.h"

static struct acd_bytes bytes_of(const char *text)
{
        return (struct acd_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

/* An entry of names and values, up to a NULL. */
static bool judge(struct inbox_entry *entry, const char *const *words)
{
        *entry = (struct inbox_entry){ .kind = WIRE_NONE };
        for (; words[0] != NULL; words += 2)
                inbox_entry_add(entry, bytes_of(words[0]), bytes_of(words[1]));
        return inbox_entry_judge(entry);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Goal    What is asked is found, in any order, beside fields of other people. */
Test(inbox, entries_are_understood)
{
        struct inbox_entry entry;

        cr_assert(judge(&entry, WORDS("trace", "x", "body", "B", "kind", "submit", "sender", "s",
                                      "correlation", "c")));
        cr_assert_eq(entry.kind, WIRE_SUBMIT);
        cr_assert_eq(entry.role, INBOX_GATEWAY);
        cr_assert_eq(entry.body.size, 1);
        cr_assert_eq(entry.correlation.size, 1);
        cr_assert_eq(entry.session, 0);

        cr_assert(judge(&entry, WORDS("sender", "s", "kind", "NEXT_state", "body", "", "session",
                                      "12-345")));
        cr_assert_eq(entry.kind, WIRE_NEXT_STATE);
        cr_assert_eq(entry.role, INBOX_AGENT);
        cr_assert_eq(entry.epoch, 12);
        cr_assert_eq(entry.session, 345);

        cr_assert(judge(&entry, WORDS("sender", "s", "kind", "LOGIN", "body", "")));
        cr_assert(judge(&entry, WORDS("sender", "s", "kind", "STOP", "body", "")));
        cr_assert_eq(entry.role, INBOX_NOBODY);
}

/* Goal    Each kind that gateways or agents have is a request of theirs or nobody's, and what is
 *         no request is none. The oracle is the table of kinds. */
Test(inbox, kinds_are_those_of_the_table)
{
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                const struct wire_kind_info *info = wire_kind_info(kind);
                struct inbox_entry entry;
                bool is_request;

                if (info == NULL)
                        continue;
                is_request = judge(&entry, WORDS("sender", "s", "kind", info->name, "body", "",
                                                 "session", "1-1"));
                cr_assert_eq(is_request, wire_kind_is_request(info), "%s", info->name);
                if (!is_request)
                        continue;
                cr_assert_eq(entry.kind, kind);
                if (entry.role == INBOX_GATEWAY)
                        cr_assert(wire_kind_is_allowed(kind, WIRE_ROLE_GATEWAY), "%s", info->name);
                if (entry.role == INBOX_AGENT)
                        cr_assert(wire_kind_is_allowed(kind, WIRE_ROLE_AGENT), "%s", info->name);
                if (wire_kind_is_allowed(kind, WIRE_ROLE_OPERATOR) &&
                    !wire_kind_is_allowed(kind, WIRE_ROLE_GATEWAY))
                        cr_assert_eq(entry.role, INBOX_NOBODY, "%s", info->name);
        }
}

/* Goal    What is wrong is said. */
Test(inbox, what_is_no_request_says_why)
{
        static const struct {
                const char *words[10];
                const char *why;
        } cases[] = {
                { { "kind", "SUBMIT", "body", "" }, "sender is missing" },
                { { "sender", "", "kind", "SUBMIT", "body", "" }, "sender is no name" },
                { { "sender", "a b", "kind", "SUBMIT", "body", "" }, "sender is no name" },
                { { "sender", "a", "body", "" }, "kind is missing" },
                { { "sender", "a", "kind", "SUBMITS", "body", "" }, "names no request" },
                { { "sender", "a", "kind", "WELCOME", "body", "" }, "names no request" },
                { { "sender", "a", "kind", "SUBMIT" }, "body is missing" },
                { { "sender", "a", "kind", "READY", "body", "" }, "session is missing" },
                { { "sender", "a", "kind", "READY", "body", "", "session", "5" },
                  "session is not" },
                { { "sender", "a", "kind", "READY", "body", "", "session", "1-0" }, "is not" },
                { { "sender", "a", "kind", "READY", "body", "", "session", "1-4294967296" },
                  "is not" },
                { { "sender", "a", "kind", "PING", "body", "", "sender", "b" }, "given twice" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct inbox_entry entry;

                cr_assert_not(judge(&entry, cases[i].words));
                cr_assert_not_null(strstr(entry.wrong, cases[i].why), "%s", entry.wrong);
        }
}

/* Goal    Ids are read as they are written, nothing else is one, and they have neighbours. */
Test(inbox, ids)
{
        static const char *const wrong[] = { "",
                                             "-",
                                             "1",
                                             "1-",
                                             "-1",
                                             "1-2-3",
                                             "1-2 ",
                                             " 1-2",
                                             "18446744073709551616-0",
                                             "1-18446744073709551616",
                                             "+1-2",
                                             "1--2",
                                             "0x1-2" };
        struct acd_prng prng;
        struct inbox_id id;

        acd_prng_init(&prng, 3);
        for (int i = 0; i < 1000; i++) {
                struct inbox_id one = { acd_prng_next(&prng) >> acd_prng_below(&prng, 64),
                                        acd_prng_next(&prng) >> acd_prng_below(&prng, 64) };
                char text[INBOX_ID_SIZE];

                inbox_id_format(one, text);
                cr_assert(inbox_id_parse(bytes_of(text), &id));
                cr_assert(inbox_id_is_equal(one, id));
                cr_assert(inbox_id_is_below(one, inbox_id_after(one)));
                cr_assert(inbox_id_is_equal(one, inbox_id_before(inbox_id_after(one))));
        }
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                cr_assert_not(inbox_id_parse(bytes_of(wrong[i]), &id), "%s", wrong[i]);
        cr_assert(inbox_id_is_equal(inbox_id_after((struct inbox_id){ 1, UINT64_MAX }),
                                    (struct inbox_id){ 2, 0 }));
}

enum { PIECE_COUNT = 64, CHAIN_COUNT = 32, CHAIN_SIZE_MAX = 5000 };

/* Goal    Chains keep their bytes whatever comes and goes beside them, pieces are neither lost nor
 *         given twice, and what is reserved is there.
 * Method  Random chains; the oracle is a copy of each and a sum. */
Test(inbox, the_store_keeps_what_was_put)
{
        static struct inbox_piece piece[PIECE_COUNT];
        static uint32_t next[PIECE_COUNT];
        static uint8_t copy[CHAIN_COUNT][CHAIN_SIZE_MAX];
        static uint8_t back[CHAIN_SIZE_MAX];
        struct inbox_chain chain[CHAIN_COUNT] = { { 0 } };
        bool is_used[CHAIN_COUNT] = { false };
        struct inbox_store store;
        struct acd_prng prng;
        uint32_t used = 0;
        uint32_t refused = 0;

        acd_prng_init(&prng, 11);
        inbox_store_init(&store, piece, next, PIECE_COUNT);
        for (int i = 0; i < 100000; i++) {
                uint32_t at = (uint32_t)acd_prng_below(&prng, CHAIN_COUNT);
                size_t size = acd_prng_below(&prng, CHAIN_SIZE_MAX + 1);
                size_t cut = acd_prng_below(&prng, size + 1);
                uint32_t reserved = (uint32_t)acd_prng_below(&prng, 8);
                struct iovec parts[2] = { { copy[at], cut }, { copy[at] + cut, size - cut } };
                bool is_room;

                if (is_used[at]) {
                        cr_assert_eq(chain[at].size <= CHAIN_SIZE_MAX, true);
                        used -= inbox_store_pieces(chain[at].size);
                        size = chain[at].size;
                        inbox_store_get(&store, &chain[at], back);
                        cr_assert_eq(memcmp(back, copy[at], size), 0);
                        inbox_store_drop(&store, &chain[at]);
                        is_used[at] = false;
                        cr_assert_eq(store.free_count, PIECE_COUNT - used);
                        continue;
                }
                for (size_t j = 0; j < size; j++)
                        copy[at][j] = (uint8_t)acd_prng_next(&prng);
                if (!inbox_store_reserve(&store, reserved)) {
                        cr_assert_gt(reserved, PIECE_COUNT - used);
                        continue;
                }
                is_room = used + reserved + inbox_store_pieces(size) <= PIECE_COUNT;
                is_used[at] = inbox_store_put(&store, parts, 2, &chain[at]);
                cr_assert_eq(is_used[at], is_room);
                if (is_used[at])
                        used += inbox_store_pieces(size);
                refused += !is_used[at];
                inbox_store_release(&store, reserved);
        }
        cr_assert_gt(refused, 100);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ledger.h - what this run knows of each of its contacts, while it runs.
 *
 *      acknowledged   offered    completed
 *        ACKED      | OFFERED  | DONE         bits: the answer to a submit and the
 *                                             offer come on two connections, in any
 *                                             order
 *
 * Found by the slot in the contact's id. An entry is free, or done and
 * acknowledged, before another contact may have its slot.
 *
 *   Ownership  ledger_init() allocates, ledger_fini() releases.
 *   Failure    A result that names what is wrong; the ledger is not changed.
 *   Cost       O(1), one cache line.
 */

#include <stdbool.h>
#include <stdint.h>

enum ledger_fault {
        LEDGER_OK,
        LEDGER_SLOT_TAKEN,    /* acknowledged, but its slot belongs to an open contact */
        LEDGER_ACKED_TWICE,   /* the same contact for two submits */
        LEDGER_OFFERED_TWICE, /* offered while it is with an agent */
        LEDGER_OFFERED_DONE,  /* offered after it was completed */
        LEDGER_NOT_OFFERED,   /* accepted, completed or taken back without an offer */
        LEDGER_DONE_TWICE,
        LEDGER_NO_MEMORY,
        LEDGER_FAULT_COUNT,
};

enum { LEDGER_ACKED = 1, LEDGER_OFFERED = 2, LEDGER_DONE = 4 };

struct ledger_entry {
        uint64_t contact;    /* 0: free */
        uint64_t due_ns;     /* when it should have been submitted */
        uint64_t offered_ns; /* when the first offer was seen */
        uint32_t agent;
        uint16_t gateway; /* who submitted it */
        uint8_t bits;
};

struct ledger {
        struct ledger_entry *entry;
        uint32_t capacity;
};

bool ledger_init(struct ledger *ledger, uint32_t capacity);
void ledger_fini(struct ledger *ledger);

/* @gateway's submit due at @due_ns was acknowledged. *ret_entry is its entry. */
enum ledger_fault ledger_acknowledge(struct ledger *ledger, uint64_t contact, uint64_t due_ns,
                                     uint16_t gateway, struct ledger_entry **ret_entry);
/* It was offered to @agent. */
enum ledger_fault ledger_offer(struct ledger *ledger, uint64_t contact, uint32_t agent,
                               uint64_t now_ns, struct ledger_entry **ret_entry);
/* The offer came to nothing. */
enum ledger_fault ledger_take_back(struct ledger *ledger, uint64_t contact, uint32_t agent);
/* @agent's completion was acknowledged; UINT32_MAX: cancelled while it waited. */
enum ledger_fault ledger_complete(struct ledger *ledger, uint64_t contact, uint32_t agent);

/* The entry of a contact that is known, or NULL. */
struct ledger_entry *ledger_find(struct ledger *ledger, uint64_t contact);

/* Contacts that are not over; *ret_contact is one of them. */
uint64_t ledger_open_count(const struct ledger *ledger, uint64_t *ret_contact);

const char *ledger_text(enum ledger_fault fault);

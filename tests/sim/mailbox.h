/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * mailbox.h - requests over the simulated Redis: the streams of commands with their group, and
 * somebody who submits contacts there.
 *
 * What is in a mailbox stays there until the daemon says that it is done, whatever happens to
 * Redis: so each entry has to be answered, once, and acknowledged not before, and what the
 * answer says has to have happened. Some submits have a key and are asked again when no answer
 * comes, some have none.
 *
 *   Failure    sim_fail().
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"

struct sim;
struct sim_mailbox;

struct sim_mailbox *mailbox_new(struct sim *sim);
void mailbox_free(struct sim_mailbox *mailbox);

/* ---- who asks ---- */

void mailbox_step(struct sim_mailbox *mailbox);
uint64_t mailbox_next(const struct sim_mailbox *mailbox);

/* What is still to be answered; "": nothing. */
const char *mailbox_complain(const struct sim_mailbox *mailbox);

/* ---- what the daemon says to Redis ---- */

/* Is there something that nobody read? */
bool mailbox_has_new(const struct sim_mailbox *mailbox, struct acd_bytes key);

/* At most @count entries as Redis gives them, "[key, [entry, ...]]": pending ones above @after,
 * or, of no bytes, new ones, which are pending from then on. Returns the bytes, at most
 * MAILBOX_PAGE_MAX of them. */
enum { MAILBOX_PAGE_MAX = 16384 };
uint32_t mailbox_read(struct sim_mailbox *mailbox, struct acd_bytes key, struct acd_bytes after,
                      uint32_t count, uint8_t into[MAILBOX_PAGE_MAX]);

/* An answer is there: pairs of field and value. */
void mailbox_take_answer(struct sim_mailbox *mailbox, const struct acd_bytes *word,
                         uint32_t word_count);

/* XACK and XDEL of one id. */
void mailbox_take_done(struct sim_mailbox *mailbox, struct acd_bytes id, bool is_deleted);

/* Redis did nothing for so long that a transaction may have been given up and done nevertheless:
 * the answer to what is under way may come twice, if it says the same. */
void mailbox_stood_still(struct sim_mailbox *mailbox);

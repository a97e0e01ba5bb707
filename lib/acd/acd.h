/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acd.h - the matching core: which waiting contact is offered to which agent.
 *
 * The core is a deterministic function of its state and a command. It reads no
 * clock, opens no file, allocates nothing, logs nothing, computes without
 * floating point. Equal limits and equal commands give equal ids, events and
 * digests on every machine, every time. Recovery, simulation and replay rest
 * on that one sentence.
 *
 *   Ownership  The caller owns the memory the core lives in (acd_size()). A
 *              command is borrowed for the call; events are copied out. No
 *              pointer into the core leaves it but those of acd/view.h, which
 *              hold until the next step. The outside world holds ids.
 *   Time       acd_time, chosen by the caller, never decreasing.
 *   Failure    A refusal is a result other than ACD_OK and ACD_DUPLICATE and
 *              leaves the state, the digest included, untouched. A broken
 *              invariant panics. There is no third case.
 *   Cost       Submit, ready, accept, complete, abandon: O(k) in the classes of
 *              one agent, O(log d) in the displaced contacts of one class and
 *              band, nothing in waiting contacts, agents or queues. At most
 *              ACD_EFFECT_MAX events; what is more goes on the agenda.
 *   Threads    One core, one thread.
 */

#include "acd/command.h"
#include "acd/event.h"
#include "acd/types.h"

struct acd;

/* What a command came to. Zero where it does not apply. */
struct acd_reply {
        enum acd_result result;
        enum acd_field field;    /* at fault, for a refusal */
        uint64_t limit;          /* the limit passed, or the value that is in the way */
        uint64_t id;             /* of the object made or found */
        /* upsert: bit per field of the config struct, in its order; bit 31: new */
        uint32_t changed;
        uint32_t retry_after_ms; /* for LATER results */
        uint8_t state;           /* contact, assignment or presence state now */
        uint32_t resume_count;
        uint8_t resume[ACD_RESUME_MAX]; /* RESUME: enum acd_resumed for each id named */
};

enum acd_resumed {
        ACD_RESUMED_KEPT = 1,
        ACD_RESUMED_CLOSED = 2,  /* it was ours and is over */
        ACD_RESUMED_UNKNOWN = 3, /* never was, or too long ago, or another gateway's */
};

/* Bytes that acd_init() needs for @limits; 0 when a limit is out of its range. */
size_t acd_size(const struct acd_limits *limits);

/* The defaults of limits.def. */
struct acd_limits acd_limits_default(void);

/* An empty core in @memory: acd_size() bytes, zeroed, aligned to 64. @shard goes
 * into every id. Nothing is released later: drop the memory. */
struct acd *acd_init(void *memory, const struct acd_limits *limits, uint16_t shard);

/* Apply @command at @now. @effects is overwritten. */
enum acd_result acd_step(struct acd *acd, acd_time now, const struct acd_command *command,
                         struct acd_reply *ret_reply, struct acd_effects *ret_effects);

/* A hint that @command will be stepped soon: what it looks up is on its way to the
 * cache when it comes. For all commands of a turn @pass 0, then for all of them @pass
 * 1, then 2, each following what the one before has fetched; then the steps. The command may be
 * nonsense; no state changes; never called, all is the same but slower. Worth its
 * time where contacts are many (10^5 and more). */
void acd_prefetch(const struct acd *acd, const struct acd_command *command, uint32_t pass);
bool acd_wants_prefetch(const struct acd *acd);

/* When a TIME command is next due; 0 for never. TIME runs every timer that is
 * due, in order of deadline, as far as one step's effects reach; if the answer
 * is then still not after now, send another. */
acd_time acd_next_deadline(const struct acd *acd);

/* Units of work on the agenda; WORK commands work them off, before new commands,
 * at most 4,096 units a turn. Between steps with an empty agenda no contact
 * waits that a ready, eligible agent behind open gates could take. */
uint64_t acd_agenda_units(const struct acd *acd);

/* A hash of the whole state, every order included. O(state). */
uint64_t acd_digest(const struct acd *acd);

/* Assert every invariant of docs/ARCHITECTURE.md. O(state); for tests. */
void acd_check(const struct acd *acd);

/* Portable records of the whole state, every order included: a restored core and
 * the live one give the same ids and events for whatever follows. */
struct acd_sink {
        int (*write)(void *self, const void *bytes, size_t size); /* 0 or negative errno */
        void *self;
};
struct acd_source {
        /* 0, or negative errno; all or nothing */
        int (*read)(void *self, void *bytes, size_t size);
        void *self;
};

/* 0 or the sink's error. */
int acd_save(const struct acd *acd, const struct acd_sink *sink);

/* Into a fresh core (acd_init) whose limits are at least those saved. 0, the
 * source's error, or a negative number when the bytes are not a state of this
 * version: then the core must be dropped. */
int acd_load(struct acd *acd, const struct acd_source *source);

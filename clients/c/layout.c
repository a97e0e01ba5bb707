/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public structs are the inner ones: proven by the compiler.
 *
 * acdclient.h may not include lib/wire, so its structs are made a second time, by
 * protocol_header.py from the same tables. The library casts between the two;
 * this file is why it may. A field that differs in place or size, or a
 * struct that does, ends the build here.
 *
 * Each message of the table becomes a function that is never called, for the
 * sake of the two names that it declares: the assertions between its
 * braces know by them which structs they compare.
 */

#include <stddef.h>

#include "clients/c/acdclient.h"
#include "wire/events.h"
#include "wire/kinds.h"
#include "wire/message.h"

#define SAME_SIZE(a, b) _Static_assert(sizeof(a) == sizeof(b), #a " is not as large as " #b)
#define SAME(field) \
        _Static_assert(offsetof(__typeof__(*ours), field) == offsetof(__typeof__(*theirs), field), \
                       #field " is elsewhere"); \
        _Static_assert(sizeof(ours->field) == sizeof(theirs->field), #field " differs");

#define MESSAGE(name, Type) \
        static inline void compare_##name(const struct wire_##name *ours, \
                                          const struct acdclient_##name *theirs) \
        { \
                SAME_SIZE(struct wire_##name, struct acdclient_##name); \
                (void)ours; \
                (void)theirs;
#define END(name) }
#define NONE(n)
#define OUTCOME(n, name)                     SAME(name)
#define U32(n, name, max)                    SAME(name)
#define U64(n, name)                         SAME(name)
#define F64(n, name)                         SAME(name)
#define S64(n, name)                         SAME(name)
#define BOOL(n, name)                        SAME(name)
#define ENUM(n, name, type)                  SAME(name)
#define TEXT(n, name, rule)                  SAME(name)
#define BYTES(n, name, max)                  SAME(name)
#define HAS_U32(n, name, max)                SAME(has_##name) SAME(name)
#define HAS_U64(n, name)                     SAME(has_##name) SAME(name)
#define HAS_TEXT(n, name, rule)              SAME(has_##name) SAME(name)
#define HAS_BYTES(n, name, max)              SAME(has_##name) SAME(name)
#define SUB(n, name, message, Type)          SAME(has_##name) SAME(name)
#define REP_F64(n, name, max)                SAME(name##_count) SAME(name)
#define REP_U32(n, name, max)                SAME(name##_count) SAME(name)
#define REP_ENUM(n, name, Type, max)         SAME(name##_count) SAME(name)
#define REP_TEXT(n, name, rule, max)         SAME(name##_count) SAME(name)
#define REP_SUB(n, name, message, Type, max) SAME(name##_count) SAME(name)
#define CHOICE_BEGIN(name)                   SAME(name)
#define CHOICE(n, name, message, Type)       SAME(name)
#define CHOICE_END(name)
#include "wire/messages.def"
#include "wire/event.def"
#include "wire/undefine.h"
#undef SAME

SAME_SIZE(struct acd_text, struct acdclient_text);
SAME_SIZE(struct acd_bytes, struct acdclient_bytes);
SAME_SIZE(struct wire_events, struct acdclient_events);
SAME_SIZE(struct wire_message, struct acdclient_message);
SAME_SIZE(struct wire_batch_reader, struct acdclient_events_reader);

/* A reader of events, whose head lies flat in the public one. */
#define SAME(ours, theirs) \
        _Static_assert(offsetof(struct wire_batch_reader, ours) == \
                               offsetof(struct acdclient_events_reader, theirs), \
                       #theirs " is elsewhere");
SAME(head.tenant, tenant)
SAME(head.epoch, epoch)
SAME(head.first_sequence, first_sequence)
SAME(head.last_sequence, last_sequence)
SAME(head.wall_offset_ns, wall_offset_ns)
SAME(head.time_ns, time_ns)
SAME(next_sequence, next_sequence)
SAME(begin, begin)
SAME(at, at)
SAME(end, end)
SAME(reference_count, reference_count)
SAME(reference_at, reference_at)
#undef SAME

#define SAME(field) \
        _Static_assert(offsetof(struct wire_message, field) == \
                               offsetof(struct acdclient_message, field), \
                       #field " is elsewhere");
#define KIND(name, number, direction, roles, member, Type, answer, text)
#define BODY(member) SAME(member)
#include "wire/kinds.def"
#undef BODY
#undef KIND

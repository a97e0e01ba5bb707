/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * message.h - every message of the protocol as a plain struct.
 *
 * struct wire_submit is acd.v1.Submit, and so on for each entry of
 * messages.def: a field has the name it has in proto/acd/v1, where its meaning
 * is written. Text is not terminated. A repeated field is a pointer and a
 * count. "has_x" says whether something that may be left out was given.
 *
 *   Ownership  Structs borrow everything they point to. What wire_decode()
 *              filled holds as long as the frame's bytes and the arena.
 */

#include "acd/command.h"
#include "acd/event.h"
#include "acd/types.h"

enum {
        WIRE_PROTOCOL = 1,          /* the version that we speak */
        WIRE_CREDENTIAL_MAX = 1024, /* bytes */
        WIRE_FEATURE_MAX = 16,      /* names */
        WIRE_RESOLVE_MAX = 1024,    /* names */
        WIRE_SOFTWARE_MAX = 63,     /* bytes */
        WIRE_LIST_MAX = 1000,       /* rows a page */
        WIRE_LIST_DEFAULT = 100,
        WIRE_CURSOR_MAX = 64, /* bytes */
        WIRE_WEIGHT_MAX = 100,
        WIRE_EXTEND_MS_MAX = 3600000,
};

enum wire_role {
        WIRE_ROLE_NONE = 0,
        WIRE_ROLE_GATEWAY = 1,
        WIRE_ROLE_AGENT = 2,
        WIRE_ROLE_SUPERVISOR = 3,
        WIRE_ROLE_OPERATOR = 4,
        WIRE_ROLE_READER = 5,
};

enum wire_sync_policy {
        WIRE_SYNC_ALWAYS = 1,
        WIRE_SYNC_INTERVAL = 2,
        WIRE_SYNC_NEVER = 3,
};

enum wire_daemon_state {
        WIRE_DAEMON_RUNNING = 1,
        WIRE_DAEMON_DRAINING = 2,
        WIRE_DAEMON_STOPPING = 3,
        WIRE_DAEMON_DISK_LOW = 4,
        WIRE_DAEMON_DISK_CRITICAL = 5,
};

enum wire_redis_state {
        WIRE_REDIS_NONE = 0,
        WIRE_REDIS_CONNECTED = 1,
        WIRE_REDIS_CONNECTING = 2,
        WIRE_REDIS_REFUSED = 3,
};

/* Why a stream is not complete: redis.proto. */
enum wire_resync_reason {
        WIRE_RESYNC_EVENTS_GONE = 1,
        WIRE_RESYNC_NEW_HISTORY = 2,
};

/* Which member of an Apply is given: its field number. */
enum wire_change {
        WIRE_CHANGE_NONE = 0,
        WIRE_CHANGE_TENANT = 1,
        WIRE_CHANGE_SKILL = 2,
        WIRE_CHANGE_CHANNEL = 3,
        WIRE_CHANGE_QUEUE = 4,
        WIRE_CHANGE_TEAM = 5,
        WIRE_CHANGE_PROFILE = 6,
        WIRE_CHANGE_AGENT = 7,
        WIRE_CHANGE_REMOVE = 8,
};

/* clang-format off */
/* The structs. */
#define MESSAGE(name, Type) struct wire_##name {
#define END(name) };
#define NONE(n) bool unused;
#define U32(n, name, max) uint32_t name;
#define U64(n, name) uint64_t name;
#define F64(n, name) uint64_t name;
#define S64(n, name) int64_t name;
#define BOOL(n, name) bool name;
#define ENUM(n, name, type) type name;
#define TEXT(n, name, rule) struct acd_text name;
#define BYTES(n, name, max) struct acd_bytes name;
#define HAS_U32(n, name, max) \
        bool has_##name; \
        uint32_t name;
#define HAS_U64(n, name) \
        bool has_##name; \
        uint64_t name;
#define HAS_TEXT(n, name, rule) \
        bool has_##name; \
        struct acd_text name;
#define HAS_BYTES(n, name, max) \
        bool has_##name; \
        struct acd_bytes name;
#define SUB(n, name, message, Type) \
        bool has_##name; \
        struct wire_##message name;
#define OUTCOME(n, name) struct wire_result name;
#define REP_F64(n, name, max) \
        uint32_t name##_count; \
        const uint64_t *name;
#define REP_U32(n, name, max) \
        uint32_t name##_count; \
        const uint32_t *name;
#define REP_ENUM(n, name, Type, max) \
        uint32_t name##_count; \
        const uint8_t *name;
#define REP_TEXT(n, name, rule, max) \
        uint32_t name##_count; \
        const struct acd_text *name;
#define REP_SUB(n, name, message, Type, max) \
        uint32_t name##_count; \
        const struct wire_##message *name;
#define CHOICE_BEGIN(name) \
        enum wire_##name name; \
        union {
#define CHOICE(n, name, message, Type) struct wire_##message name;
#define CHOICE_END(name) };
#include "wire/messages.def"
#include "wire/event.def"
#include "wire/redis.def"
#include "wire/undefine.h"
/* clang-format on */

/*
 * A push of events: the bytes of one EventBatch as they are in the event log.
 * events.h makes and reads them.
 */
struct wire_events {
        uint64_t server_time_ns;
        uint32_t subscription;
        bool resync;
        uint64_t last_sequence;
        struct acd_bytes batch;
};

/* Any frame: what it is, what it answers, whose it is, and its body. */
struct wire_message {
        uint16_t kind;        /* enum wire_kind */
        uint32_t correlation; /* of the request; the answer repeats it; 0 for pushes */
        uint32_t session;     /* of an agent; 0 = the connection */
        union {
#define KIND(name, number, direction, roles, member, Type, answer, text)
#define BODY(member) struct wire_##member member;
#include "wire/kinds.def"
#undef BODY
#undef KIND
        };
};

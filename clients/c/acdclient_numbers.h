/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acdclient_numbers.h - kinds, results, states and reasons, by number.
 *
 * Made by clients/c/protocol_header.py from proto/acd/v1 and lib/wire; do not
 * edit. docs/PROTOCOL.md tells the same for people. Included by acdclient.h.
 */

#include <stdbool.h>
#include <stdint.h>

/* What came of a request. The sentence and the command to try are in docs/PROTOCOL.md. DONE: OK,
 * DUPLICATE. LATER (the same request may succeed later): RETRY_AFTER, MOVED, DRAINING, FULL,
 * DISK_LOW, TIMED_OUT, STOPPING. All others: refused, repeating it will not help. */
enum acdclient_result_code {
        ACDCLIENT_RESULT_UNSPECIFIED = 0,
        ACDCLIENT_RESULT_OK = 1, /* done */
        ACDCLIENT_RESULT_DUPLICATE = 2, /* done before; the answer is that of the first time */
        /* the client key is in use with another body; field: what differs */
        ACDCLIENT_RESULT_CONFLICT = 3,
        ACDCLIENT_RESULT_GONE = 4, /* the contact or assignment is over */
        ACDCLIENT_RESULT_RETRY_AFTER = 5, /* too much at the moment; repeat after retry_after_ms */
        ACDCLIENT_RESULT_MOVED = 6, /* the tenant is served by another daemon */
        ACDCLIENT_RESULT_FENCED = 7, /* the epoch is not the present one */
        ACDCLIENT_RESULT_DRAINING = 8, /* takes no new contacts, finishes its work */
        ACDCLIENT_RESULT_REPLACED = 9, /* a newer login of this agent took over */
        ACDCLIENT_RESULT_INVALID = 10, /* the field has a value that is not allowed */
        ACDCLIENT_RESULT_MISSING = 11, /* the field is needed */
        ACDCLIENT_RESULT_TOO_LARGE = 12, /* the field is longer than limit */
        ACDCLIENT_RESULT_UNKNOWN = 13, /* nothing has this name or id */
        ACDCLIENT_RESULT_WRONG_STATE = 14, /* not possible in the present state */
        ACDCLIENT_RESULT_LIMIT = 15, /* a configured limit would be passed */
        ACDCLIENT_RESULT_FULL = 16, /* a limit is reached; something must end first */
        ACDCLIENT_RESULT_IN_USE = 17, /* something still refers to it */
        ACDCLIENT_RESULT_NOT_ALLOWED = 18, /* the role of this connection may not do that */
        ACDCLIENT_RESULT_NOT_LOGGED_IN = 19, /* the agent has no session here */
        ACDCLIENT_RESULT_MALFORMED = 20, /* the bytes are not a message of this kind */
        ACDCLIENT_RESULT_UNSUPPORTED = 21, /* the daemon does not know that kind or version */
        ACDCLIENT_RESULT_DISK_LOW = 22, /* too little room on the disk for new work */
        ACDCLIENT_RESULT_DEAD_QUEUE = 23, /* no configured agent could ever take this */
        ACDCLIENT_RESULT_TIMED_OUT = 24, /* no answer in time */
        ACDCLIENT_RESULT_STOPPING = 25, /* the daemon is going down */
};

/* Who a connection is. */
enum acdclient_role {
        ACDCLIENT_ROLE_UNSPECIFIED = 0,
        ACDCLIENT_ROLE_GATEWAY = 1, /* submits contacts and reports what the medium did */
        ACDCLIENT_ROLE_AGENT = 2, /* one or many agents' desktops */
        ACDCLIENT_ROLE_SUPERVISOR = 3, /* watches, cancels, updates */
        ACDCLIENT_ROLE_OPERATOR = 4, /* configures, drains, stops, and all that a supervisor may */
        ACDCLIENT_ROLE_READER = 5, /* watches only */
};

/* What an id or a name stands for. */
enum acdclient_object {
        ACDCLIENT_OBJECT_UNSPECIFIED = 0,
        ACDCLIENT_OBJECT_TENANT = 1,
        ACDCLIENT_OBJECT_SKILL = 2,
        ACDCLIENT_OBJECT_CHANNEL = 3,
        ACDCLIENT_OBJECT_QUEUE = 4,
        ACDCLIENT_OBJECT_TEAM = 5,
        ACDCLIENT_OBJECT_PROFILE = 6,
        ACDCLIENT_OBJECT_AGENT = 7,
        ACDCLIENT_OBJECT_GATEWAY = 8,
        ACDCLIENT_OBJECT_CONTACT = 9,
        ACDCLIENT_OBJECT_ASSIGNMENT = 10,
};

/* Where a contact is. */
enum acdclient_contact_state {
        ACDCLIENT_CONTACT_STATE_UNSPECIFIED = 0, /* over */
        ACDCLIENT_CONTACT_STATE_WAITING = 1,
        /* waits, but its gateway is gone: offered to nobody until it is back */
        ACDCLIENT_CONTACT_STATE_WITHHELD = 2,
        ACDCLIENT_CONTACT_STATE_OFFERED = 3,
        ACDCLIENT_CONTACT_STATE_CONNECTING = 4,
        ACDCLIENT_CONTACT_STATE_ACTIVE = 5, /* the assignment says whether active, held or parked */
        ACDCLIENT_CONTACT_STATE_ENDED = 6, /* over for the customer; the agent wraps up */
};

/* Where the link of a contact and an agent is. */
enum acdclient_assignment_state {
        ACDCLIENT_ASSIGNMENT_STATE_UNSPECIFIED = 0,
        ACDCLIENT_ASSIGNMENT_STATE_OFFERED = 1,
        /* accepted; the gateway has not reported connected yet */
        ACDCLIENT_ASSIGNMENT_STATE_CONNECTING = 2,
        ACDCLIENT_ASSIGNMENT_STATE_ACTIVE = 3,
        ACDCLIENT_ASSIGNMENT_STATE_HELD = 4,
        ACDCLIENT_ASSIGNMENT_STATE_PARKED = 5, /* does not use the agent's slot */
        ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP = 6,
        ACDCLIENT_ASSIGNMENT_STATE_CLOSED = 7,
};

/* An agent's own state. Offered, busy and wrap-up are read from the assignments. */
enum acdclient_presence {
        ACDCLIENT_PRESENCE_UNSPECIFIED = 0,
        ACDCLIENT_PRESENCE_LOGGED_OUT = 1,
        ACDCLIENT_PRESENCE_READY = 2,
        ACDCLIENT_PRESENCE_PAUSED = 3,
        ACDCLIENT_PRESENCE_LOST = 4, /* its lease ran out; the grace runs */
};

/* Whether the owner of contacts is there. */
enum acdclient_gateway_state {
        ACDCLIENT_GATEWAY_STATE_UNSPECIFIED = 0,
        ACDCLIENT_GATEWAY_STATE_PRESENT = 1,
        ACDCLIENT_GATEWAY_STATE_LOST = 2, /* the grace runs */
        ACDCLIENT_GATEWAY_STATE_GONE = 3, /* the grace ran out */
};

/* Why something happened. */
enum acdclient_reason {
        ACDCLIENT_REASON_UNSPECIFIED = 0,
        ACDCLIENT_REASON_COMPLETED = 1, /* the agent completed it */
        ACDCLIENT_REASON_ENDED_BY_CUSTOMER = 2, /* the customer ended it with an agent */
        ACDCLIENT_REASON_ENDED_BY_NETWORK = 3, /* the network ended it */
        ACDCLIENT_REASON_ENDED_BY_AGENT = 4, /* the agent ended it */
        ACDCLIENT_REASON_ABANDONED = 5, /* the customer left before an agent had it */
        ACDCLIENT_REASON_CANCELLED = 6, /* the gateway or an operator withdrew it */
        ACDCLIENT_REASON_GATEWAY_LOST = 7, /* its gateway was gone longer than the grace */
        ACDCLIENT_REASON_GATEWAY_RELEASED = 8, /* its gateway no longer holds it */
        ACDCLIENT_REASON_AGENT_LOST = 9, /* the agent was lost longer than the grace */
        ACDCLIENT_REASON_OPERATOR = 10, /* an operator did it */
        ACDCLIENT_REASON_REJECTED = 11, /* the agent rejected the offer */
        ACDCLIENT_REASON_OFFER_TIMEOUT = 12, /* the agent did not answer the offer in time */
        ACDCLIENT_REASON_CONNECT_TIMEOUT = 13, /* not connected within the connecting lease */
        ACDCLIENT_REASON_FAILED_BUSY = 14, /* the agent's address was busy */
        ACDCLIENT_REASON_FAILED_NO_ANSWER = 15, /* the agent's address did not answer */
        ACDCLIENT_REASON_FAILED_UNREACHABLE = 16, /* the agent's address could not be reached */
        ACDCLIENT_REASON_FAILED_DECLINED = 17, /* the agent's device declined */
        ACDCLIENT_REASON_FAILED_MEDIA = 18, /* the medium failed */
        ACDCLIENT_REASON_RESTARTED = 19, /* the daemon started again and voided open offers */
        ACDCLIENT_REASON_SUBMITTED = 20, /* first entry */
        ACDCLIENT_REASON_RETURNED = 21, /* back to its place after an offer came to nothing */
        ACDCLIENT_REASON_AGENT_GONE = 22, /* the agent logged out or was lost */
        ACDCLIENT_REASON_GATEWAY_BACK = 23, /* its gateway is back */
        ACDCLIENT_REASON_PAIRS_FULL = 24, /* too many rejection pairs of this agent */
        ACDCLIENT_REASON_MISSED_OFFERS = 25, /* the agent missed too many offers in a row */
        ACDCLIENT_REASON_NEXT_STATE = 26, /* as the agent had asked for after the contact */
        ACDCLIENT_REASON_LOGGED_OUT = 27, /* the agent logged out */
        ACDCLIENT_REASON_WRAP_UP_EXPIRED = 28, /* the wrap-up time ran out */
        ACDCLIENT_REASON_WRAP_UP_ENDED = 29, /* the agent ended the wrap-up */
        ACDCLIENT_REASON_RECONFIGURED = 30, /* the configuration changed */
        ACDCLIENT_REASON_SALVAGED = 31, /* brought back from a damaged journal */
        ACDCLIENT_REASON_AGENT_ASKED = 32, /* the agent asked for it */
        ACDCLIENT_REASON_LEASE_EXPIRED = 33, /* no sign of life within the lease */
        ACDCLIENT_REASON_DISCONNECTED = 34, /* the connection closed */
        /* what readers were told of runs that this one does not know is void */
        ACDCLIENT_REASON_NEW_HISTORY = 35,
};

/* What the medium did. */
enum acdclient_report_kind {
        ACDCLIENT_REPORT_UNSPECIFIED = 0,
        ACDCLIENT_REPORT_RINGING = 1,
        ACDCLIENT_REPORT_CONNECTED = 2,
        /* reason: FAILED_BUSY, FAILED_NO_ANSWER, FAILED_UNREACHABLE, FAILED_DECLINED,
         * FAILED_MEDIA */
        ACDCLIENT_REPORT_FAILED = 3,
        ACDCLIENT_REPORT_HELD = 4,
        ACDCLIENT_REPORT_RESUMED = 5,
        ACDCLIENT_REPORT_FIRST_REPLY = 6,
        ACDCLIENT_REPORT_CUSTOMER_MESSAGE = 7,
        /* reason: ENDED_BY_CUSTOMER, ENDED_BY_AGENT, ENDED_BY_NETWORK or ABANDONED */
        ACDCLIENT_REPORT_ENDED = 8,
};

/* What became of a contact that a gateway named. */
enum acdclient_resumed_state {
        ACDCLIENT_RESUMED_UNSPECIFIED = 0,
        ACDCLIENT_RESUMED_KEPT = 1,
        ACDCLIENT_RESUMED_CLOSED = 2, /* it was ours and is over */
        ACDCLIENT_RESUMED_UNKNOWN = 3, /* never was, or too long ago, or another gateway's */
};

/* What happens to the contact of an agent whose grace ran out. */
enum acdclient_lost_rule {
        ACDCLIENT_LOST_RULE_UNSPECIFIED = 0, /* by channel: keep where it is media, else requeue */
        ACDCLIENT_LOST_RULE_KEEP = 1, /* the gateway will report the end */
        ACDCLIENT_LOST_RULE_REQUEUE = 2, /* back to its place */
        ACDCLIENT_LOST_RULE_CLOSE = 3,
};

/* When an answer may leave. */
enum acdclient_sync_policy {
        ACDCLIENT_SYNC_POLICY_UNSPECIFIED = 0,
        /* every answer waits for the disk: nothing acknowledged is lost */
        ACDCLIENT_SYNC_POLICY_ALWAYS = 1,
        /* what was acknowledged since the last sync may be lost with the machine */
        ACDCLIENT_SYNC_POLICY_INTERVAL = 2,
        /* what the system has not written may be lost with the machine */
        ACDCLIENT_SYNC_POLICY_NEVER = 3,
};

/* What the daemon takes. */
enum acdclient_daemon_state {
        ACDCLIENT_DAEMON_STATE_UNSPECIFIED = 0,
        ACDCLIENT_DAEMON_STATE_RUNNING = 1,
        ACDCLIENT_DAEMON_STATE_DRAINING = 2,
        ACDCLIENT_DAEMON_STATE_STOPPING = 3,
        ACDCLIENT_DAEMON_STATE_DISK_LOW = 4, /* below the first mark: no submits */
        /* below the second mark: only what finishes work */
        ACDCLIENT_DAEMON_STATE_DISK_CRITICAL = 5,
};

/* How the projection stands. */
enum acdclient_redis_state {
        ACDCLIENT_REDIS_STATE_UNSPECIFIED = 0, /* none configured */
        ACDCLIENT_REDIS_STATE_CONNECTED = 1,
        ACDCLIENT_REDIS_STATE_CONNECTING = 2,
        /* the stream has a history that is not ours: nothing is published */
        ACDCLIENT_REDIS_STATE_REFUSED = 3,
};

/* What happened. */
enum acdclient_event_kind {
        ACDCLIENT_EVENT_UNSPECIFIED = 0,
        /* one per tenant and run; value: epoch; reason: NEW_HISTORY where one begins */
        ACDCLIENT_EVENT_RUN_STARTED = 1,
        /* object, name and value: what and its id; count: 1 when new */
        ACDCLIENT_EVENT_CONFIG_CHANGED = 2,
        ACDCLIENT_EVENT_CONFIG_REMOVED = 3, /* object, name and value: what and its id */
        ACDCLIENT_EVENT_CONTACT_SUBMITTED = 10, /* value: credit in ms */
        /* waits now; since: entry; reason: SUBMITTED, RETURNED, ... */
        ACDCLIENT_EVENT_CONTACT_QUEUED = 11,
        ACDCLIENT_EVENT_CONTACT_WITHHELD = 12, /* its gateway is gone; offered to nobody */
        /* assignment, agent, deadline, tier; since: entry into the queue */
        ACDCLIENT_EVENT_CONTACT_OFFERED = 13,
        ACDCLIENT_EVENT_OFFER_ENDED = 14, /* came to nothing; reason says why; since: the offer */
        /* state CONNECTING (deadline: the lease) or ACTIVE; since: the offer */
        ACDCLIENT_EVENT_OFFER_ACCEPTED = 15,
        ACDCLIENT_EVENT_CONTACT_RINGING = 16, /* the agent's device rings */
        /* active; since: entry into the queue; value: wait in ns, submit to active */
        ACDCLIENT_EVENT_CONTACT_CONNECTED = 17,
        ACDCLIENT_EVENT_CONTACT_HELD = 18,
        ACDCLIENT_EVENT_CONTACT_RESUMED = 19, /* from hold; since: the hold; value: holds so far */
        ACDCLIENT_EVENT_CONTACT_PARKED = 20,
        ACDCLIENT_EVENT_CONTACT_UNPARKED = 21, /* since: the parking */
        ACDCLIENT_EVENT_CONTACT_UPDATED = 22, /* band and value (credit in ms) as they are now */
        ACDCLIENT_EVENT_CONTACT_FIRST_REPLY = 23, /* value: ns since submit */
        /* over for the customer; reason; since: submit; value: ns active in all; label:
         * disposition */
        ACDCLIENT_EVENT_CONTACT_CUSTOMER_MESSAGE = 24,
        ACDCLIENT_EVENT_CONTACT_CLOSED = 25,
        ACDCLIENT_EVENT_WRAP_UP_STARTED = 30, /* deadline, 0 = until ended */
        ACDCLIENT_EVENT_WRAP_UP_EXTENDED = 31, /* deadline */
        /* the agent is free of it; since: accept; value: ns held in all */
        ACDCLIENT_EVENT_ASSIGNMENT_CLOSED = 32,
        ACDCLIENT_EVENT_AGENT_LOGGED_IN = 40, /* state: Presence */
        ACDCLIENT_EVENT_AGENT_LOGGED_OUT = 41, /* since: login */
        ACDCLIENT_EVENT_AGENT_READY = 42, /* since: begin of the former presence */
        /* label: reason of the pause; since: begin of the former presence */
        ACDCLIENT_EVENT_AGENT_PAUSED = 43,
        ACDCLIENT_EVENT_AGENT_NEXT_STATE = 44, /* state and label as asked */
        ACDCLIENT_EVENT_AGENT_LOST = 45, /* deadline: end of the grace */
        ACDCLIENT_EVENT_AGENT_BACK = 46, /* state: Presence again in force */
        ACDCLIENT_EVENT_GATEWAY_OPENED = 50, /* value: contacts it owns */
        ACDCLIENT_EVENT_GATEWAY_LOST = 51, /* deadline: end of the grace */
        ACDCLIENT_EVENT_GATEWAY_GONE = 52, /* the grace ran out; value: contacts it owns */
};

/* Which change an APPLY asks for. */
enum acdclient_change {
        ACDCLIENT_CHANGE_NONE = 0,
        ACDCLIENT_CHANGE_TENANT = 1,
        ACDCLIENT_CHANGE_SKILL = 2,
        ACDCLIENT_CHANGE_CHANNEL = 3,
        ACDCLIENT_CHANGE_QUEUE = 4,
        ACDCLIENT_CHANGE_TEAM = 5,
        ACDCLIENT_CHANGE_PROFILE = 6,
        ACDCLIENT_CHANGE_AGENT = 7,
        ACDCLIENT_CHANGE_REMOVE = 8,
};

/* What a message is. A request is answered exactly once: by the kind named here, or by a RESULT
 * that says why not. Pushes come unasked. */
enum acdclient_kind {
        ACDCLIENT_HELLO = 1, /* who is there; the first frame of a connection; answer: WELCOME */
        ACDCLIENT_WELCOME = 2, /* the terms of this connection */
        ACDCLIENT_PING = 3, /* sign of life of a connection; answer: PONG */
        ACDCLIENT_PONG = 4,
        ACDCLIENT_BYE = 5, /* the connection closes, and why */
        ACDCLIENT_RESULT = 6, /* what came of a request */
        ACDCLIENT_RESOLVE = 7, /* names to handles; answer: RESOLVED */
        ACDCLIENT_RESOLVED = 8,
        ACDCLIENT_SUBMIT = 16, /* a contact enters; answer: RESULT */
        ACDCLIENT_CANCEL = 17, /* a contact leaves; answer: RESULT */
        ACDCLIENT_UPDATE = 18, /* band, credit, customer key, attributes; answer: RESULT */
        ACDCLIENT_QUERY = 19, /* how does a contact stand; answer: CONTACT */
        ACDCLIENT_CONTACT = 20,
        ACDCLIENT_FOLLOW = 21, /* events of contacts; answer: RESULT */
        ACDCLIENT_UNFOLLOW = 22, /* no more events; answer: RESULT */
        ACDCLIENT_REPORT = 23, /* what the medium did; answer: RESULT */
        ACDCLIENT_RESUME = 24, /* what the gateway still holds; answer: RESUMED */
        ACDCLIENT_RESUMED = 25, /* kept, closed or unknown, for each */
        ACDCLIENT_ASSIGNMENT = 26, /* to the owner of the contact: who serves it, and where he is */
        ACDCLIENT_LOGIN = 48, /* an agent's session begins; answer: LOGGED_IN */
        ACDCLIENT_LOGGED_IN = 49,
        ACDCLIENT_LOGOUT = 50, /* it ends; answer: RESULT */
        ACDCLIENT_READY = 51, /* takes contacts; answer: RESULT */
        ACDCLIENT_PAUSE = 52, /* takes none; answer: RESULT */
        ACDCLIENT_NEXT_STATE = 53, /* presence after this contact; answer: RESULT */
        ACDCLIENT_ACCEPT = 54, /* takes the offer; answer: RESULT */
        ACDCLIENT_REJECT = 55, /* does not; label: why; answer: RESULT */
        ACDCLIENT_COMPLETE = 56, /* ends the contact; label: disposition; answer: RESULT */
        ACDCLIENT_HOLD = 57, /* answer: RESULT */
        ACDCLIENT_UNHOLD = 58, /* answer: RESULT */
        ACDCLIENT_PARK = 59, /* frees the slot, keeps the contact; answer: RESULT */
        ACDCLIENT_UNPARK = 60, /* answer: RESULT */
        ACDCLIENT_WRAP_UP = 61, /* ends or extends the wrap-up; answer: RESULT */
        ACDCLIENT_HEARTBEAT = 62, /* sign of life of a session; answer: RESULT */
        ACDCLIENT_SNAPSHOT = 63, /* how does the agent stand; answer: AGENT_SNAPSHOT */
        ACDCLIENT_AGENT_SNAPSHOT = 64,
        ACDCLIENT_OFFER = 65, /* a contact is offered */
        ACDCLIENT_OFFER_ENDED = 66, /* the offer came to nothing */
        ACDCLIENT_ASSIGNMENT_STATE = 67, /* an assignment moved */
        ACDCLIENT_PRESENCE = 68, /* the presence changed */
        ACDCLIENT_REPLACED = 69, /* a newer login took over */
        ACDCLIENT_TAKEN = 70, /* another session of the agent took the offer */
        ACDCLIENT_APPLY = 96, /* one change of the configuration; answer: APPLIED */
        ACDCLIENT_APPLIED = 97, /* what changed */
        ACDCLIENT_STATUS = 98, /* how does the daemon stand; answer: STATUS_REPLY */
        ACDCLIENT_STATUS_REPLY = 99,
        ACDCLIENT_LIST = 100, /* a page of a list; answer: LIST_REPLY */
        ACDCLIENT_LIST_REPLY = 101,
        ACDCLIENT_SUBSCRIBE = 102, /* all events of the tenant; answer: RESULT */
        ACDCLIENT_EVENTS = 103, /* events of a subscription or follow */
        ACDCLIENT_DRAIN = 104, /* take no new contacts; answer: RESULT */
        ACDCLIENT_STOP = 105, /* go down; answer: RESULT */
};

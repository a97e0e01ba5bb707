# SPDX-License-Identifier: Apache-2.0
"""The oracle: a tenant's stream against the daemon's event log, as docs/REDIS.md promises.

Every entry "batch" is an entry of the log: its id, its bytes; each follows the one before
it without a gap, but where a "resync" says so; the last is the last. What the log does
not have any more can only be held against itself.
"""

import typing

import eventlog
from harness import check

PAGE = 1000


RESYNC_TENANT, RESYNC_NEXT, RESYNC_STATE = 1, 3, 4  # fields of a Resync
STATE_TENANT, STATE_EPOCH, STATE_SEQUENCE = 1, 2, 3  # of a TenantState


class Added(typing.NamedTuple):
    """An entry of a stream."""

    epoch: int
    sequence: int
    field: str
    body: bytes

    @property
    def id(self):
        return self.epoch, self.sequence


def key_of(tenant):
    return "acd:{%s}:events" % tenant


def read(store, tenant):
    """The whole stream, the oldest entry first. @store.at(key) is who has the key."""
    found, begin = [], "-"
    while True:
        page = store.at(key_of(tenant))("XRANGE", key_of(tenant), begin, "+", "COUNT", PAGE)
        for name, fields in page:
            check(len(fields) == 2, "%s: entry %s has %d fields", tenant, name, len(fields) // 2)
            epoch, sequence = map(int, name.decode().split("-"))
            found.append(Added(epoch, sequence, fields[0].decode(), fields[1]))
        if len(page) < PAGE:
            return found
        begin = "(" + page[-1][0].decode()


def last_id(store, tenant):
    """The id of the newest entry; nothing where there is none."""
    newest = store.at(key_of(tenant))("XREVRANGE", key_of(tenant), "+", "-", "COUNT", 1)
    return tuple(map(int, newest[0][0].decode().split("-"))) if newest else None


def check_batch(tenant, added, log, begin):
    """@added is what the log has under its id; its first sequence."""
    entry = log.get(added.id)
    name, epoch, first, last = eventlog.head(added.body)
    check((name, epoch, last) == (tenant, *added.id), "%s: entry %d-%d says %s %d-%d", tenant,
          *added.id, name, epoch, last)
    if entry is None:
        check(last < begin, "%s: entry %d-%d is not in the event log", tenant, *added.id)
    else:
        check(entry.body == added.body, "%s: entry %d-%d has other bytes than the event log",
              tenant, *added.id)
    return first


def state_of(body):
    """Whose state it is, and of which event: tenant, (epoch, sequence)."""
    found = dict(eventlog.fields(body))
    return found[STATE_TENANT].decode(), (found[STATE_EPOCH], found.get(STATE_SEQUENCE, 0))


def check_resync(tenant, added):
    """It is of this tenant, and its state reflects all that came before what follows. The
    sequence of what has to follow."""
    found = dict(eventlog.fields(added.body))
    name, (_epoch, sequence) = state_of(found[RESYNC_STATE])
    check(found[RESYNC_TENANT].decode() == tenant == name, "%s: the resync %d-%d is of %s", tenant,
          *added.id, name)
    check(sequence >= found[RESYNC_NEXT] - 1, "%s: the resync %d-%d knows event %d, and goes on "
          "with %d", tenant, *added.id, sequence, found[RESYNC_NEXT])
    return found[RESYNC_NEXT]


def check_stream(stream, tenant, entries, resyncs=0, is_whole=True):
    """Against @entries, the event log's. @resyncs: how many there must be, None: any; @is_whole:
    it begins with the tenant's first event, or with a resync."""
    wanted = eventlog.of_tenant(entries, tenant)
    log = {entry.id: entry for entry in wanted}
    check(bool(wanted) and bool(stream), "%s: %d entries in the stream, %d in the event log",
          tenant, len(stream), len(wanted))
    next_, found = 1 if is_whole else None, 0
    for added in stream:
        if added.field == "resync":
            next_, found = check_resync(tenant, added), found + 1
            continue
        check(added.field == "batch", "%s: entry %d-%d has a field %s", tenant, *added.id,
              added.field)
        first = check_batch(tenant, added, log, wanted[0].first)
        check(next_ in (None, first), "%s: entry %d-%d begins with event %d, after event %d",
              tenant, *added.id, first, (next_ or 1) - 1)
        next_ = added.sequence + 1
    check(resyncs in (None, found), "%s: %d resyncs, not %s", tenant, found, resyncs)
    check(stream[-1].id == wanted[-1].id, "%s: the stream ends with %s, the event log with %s",
          tenant, stream[-1].id, wanted[-1].id)

# SPDX-License-Identifier: Apache-2.0
"""What a theme is made of: a daemon that publishes, contacts that are served all the time,
something that goes wrong with Redis, and what has to be true of it.

    case(world): with world.floor(redis.unix) as floor:
                         floor.trouble(cause, cure, says="OOM")
                         floor.settle(redis)

A theme is a program: THEME.py ACDD ACDCTL ACDBENCH REDIS_SERVER ROOT [CASE...].
"""

import contextlib
import pathlib
import re
import sys
import tempfile
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

import eventlog  # noqa: E402
import follow  # noqa: E402
from harness import Daemon, check  # noqa: E402
from load import Load  # noqa: E402
from server import Redis, until  # noqa: E402

SERVED = 30         # contacts that are enough to say that matching goes on
RATE = 150          # contacts a second and tenant
SETTLE_S = 60       # the longest back-off several times
OFFER_ACCEPTED = 15
CUT = "refused|[Rr]eset|closed|ended|pipe|No such file"  # how a connection ends
CONTACT_ACCEPTED_EVENTS = 8  # of one life cycle, at least
EVENTS, KIND = 15, 2
PLENTY = ("--disk-low-size", "0", "--disk-critical-size", "0")
NOT_TROUBLE = ("redis_entries_total", "redis_connects_total", "redis_states_total",
               "redis_resyncs_total")
ERRORS = pathlib.Path(__file__).resolve().parents[3] / "daemon/redis/error.def"


def counters_of(says):
    """The counters of the errors whose word is in @says, by the daemon's own table."""
    rows = re.findall(r'^REDIS_ERROR\(\w+, "(\w+)", \w+, (\w+),', ERRORS.read_text(), re.M)
    check(len(rows) > 10, "error.def has another form now")
    return {counter for word, counter in rows if re.search(r"\b%s\b" % word, says)}


class Mark(typing.NamedTuple):
    """How things stood at one moment."""

    log_size: int
    metrics: dict
    last: dict  # tenant -> newest event


class Floor:
    """A daemon, its tenants and their load."""

    def __init__(self, world, options, tenants):
        self.world = world
        self.daemon = Daemon(world.acdd, world.acdctl, *PLENTY, *map(str, options))
        self.acdctl = self.daemon.acdctl
        self.loads = {tenant: Load(world.acdbench, self.acdctl.address, tenant)
                      for tenant in tenants}
        self.rate = RATE

    # ---- load ----

    def start(self, rate=RATE):
        self.rate = rate
        for load in self.loads.values():
            load.start(rate)

    def stop(self):
        for load in self.loads.values():
            load.stop()

    def restart(self):
        """kill -9 of the daemon in the middle of it all."""
        for load in self.loads.values():
            load.kill()
        self.daemon.kill()
        self.daemon.start()
        self.start(self.rate)

    # ---- what the daemon says ----

    def status(self, tenant=None, *more):
        where = ("--tenant", tenant) if tenant else ()
        run = self.acdctl("status", "--json", *where, *more)
        check(run.code == 0, "%s", run)
        return run.json()

    def redis(self):
        return self.status()["redis"]

    def metrics(self):
        return self.status(None, "--metrics")["metrics"]

    def log(self, since=0):
        return (self.daemon.directory / "log").read_bytes()[since:].decode(errors="replace")

    def last(self, tenant):
        return self.status(tenant)["journal"]["event_last_sequence"]

    def mark(self):
        return Mark((self.daemon.directory / "log").stat().st_size, self.metrics(),
                    {tenant: self.last(tenant) for tenant in self.loads})

    @staticmethod
    def is_fed(redis):
        return redis["state"] == "connected" and redis["lag_events"] == 0

    def until_fed(self):
        """Redis has everything at some moment."""
        until(lambda: self.is_fed(self.redis()), "Redis has everything: %s", self.redis(),
              deadline_s=SETTLE_S)

    def until_begun(self):
        """Contacts are served in every tenant, and Redis hears of it."""
        for tenant in self.loads:
            until(lambda: self.has_tenant(tenant) and self.last(tenant) >= 20 *
                  CONTACT_ACCEPTED_EVENTS, "%s has contacts", tenant)
        until(lambda: self.redis()["published"] > 20, "entries come to Redis: %s", self.redis())

    def has_tenant(self, tenant):
        return self.acdctl("status", "--tenant", tenant).code == 0

    def until_served(self, mark, count=SERVED):
        """So many more contacts in each tenant, and say so from the events, later."""
        for tenant, last in mark.last.items():
            until(lambda: self.last(tenant) >= last + CONTACT_ACCEPTED_EVENTS * count,
                  "%s goes on serving", tenant)

    def until_told(self, says):
        """The status says why, and that it is so."""
        def told():
            redis = self.redis()
            return re.search(says, redis.get("text", "")) and redis

        return until(told, "the status says %s: %s", says, self.redis())

    # ---- the plot ----

    def trouble(self, cause, cure, says, is_whole=True, logs=None):
        """@cause makes Redis unwilling: status, log and counters say so, and contacts are served
        on. @is_whole: it concerns everything, so that Redis falls behind."""
        before = self.mark()
        cause()
        told = self.until_told(says)
        away = self.mark()
        self.until_served(away)
        if is_whole:
            now = self.redis()
            check(now["lag_events"] > 0, "nothing is missing in Redis: %s", now)
        back = self.mark()
        self.check_logged(before, logs or says)
        self.check_counted(before, counters_of(says))
        cure()
        return told, away, back

    def check_logged(self, mark, says):
        log = self.log(mark.log_size)
        check(re.search(says, log), "the log does not say %s:\n%s", says, log[-2000:])

    def has_counted(self, mark, says):
        now = self.metrics()
        return any(now[name] > mark.metrics.get(name, 0) for name in counters_of(says))

    def check_counted(self, mark, wanted=()):
        now = self.metrics()
        moved = [name for name, value in now.items()
                 if name.startswith("redis_") and name not in NOT_TROUBLE and
                 value > mark.metrics.get(name, 0)]
        check(moved and (not wanted or set(wanted) & set(moved)),
              "no counter of %s has moved: %s", wanted or "Redis",
              {name: now[name] for name in now if name.startswith("redis_")})
        return moved

    def settle(self, store, resyncs=0, is_whole=True, served=None, holes=0):
        """The load ends, Redis gets the rest, and each stream is the event log. @served: a
        pair of marks, between which contacts must have been accepted."""
        self.stop()
        self.until_fed()
        entries = self.compare(store, self.loads, resyncs, is_whole)
        check(self.metrics()["redis_stream_holes_total"] == holes, "holes: %s", self.metrics())
        for tenant in self.loads if served else ():
            check_served(entries, tenant, served[0].last[tenant], served[1].last[tenant])
        return entries

    def compare(self, store, tenants, resyncs=0, is_whole=True):
        """Streams and event log of one moment: the last connections may still be ending, and a
        loss be noticed."""
        for tenant in tenants:
            until(lambda: self.is_level(store, tenant), "%s: Redis has the last event", tenant,
                  deadline_s=SETTLE_S)
        end = time.monotonic() + SETTLE_S
        while True:
            streams = {tenant: follow.read(store, tenant) for tenant in tenants}
            entries = eventlog.read(self.daemon.directory / "data")
            if time.monotonic() > end or all(
                    streams[tenant] and
                    streams[tenant][-1].id == eventlog.of_tenant(entries, tenant)[-1].id
                    for tenant in tenants):
                break
        for tenant in tenants:
            follow.check_stream(streams[tenant], tenant, entries, resyncs, is_whole)
        return entries

    def is_level(self, store, tenant):
        """Is the newest event in Redis? A tenant that is no more has nobody to say so."""
        newest = follow.last_id(store, tenant)
        return newest and (not self.has_tenant(tenant) or self.last(tenant) in (0, newest[1]))

    # ---- its end ----

    def close(self):
        self.stop()
        self.daemon.close()

    def abandon(self):
        """After a failure: what is needed to understand it."""
        sys.stderr.write("the daemon's log ends with\n%s\n" % self.log()[-3000:])
        run = self.acdctl("status", "--json")
        sys.stderr.write("its status: %s\n" % (run.json().get("redis") if run.code == 0 else run))
        for load in self.loads.values():
            load.kill()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
        else:
            self.abandon()
            self.daemon.__exit__(kind, value, trace)


def check_served(entries, tenant, begin, end, count=SERVED // 2):
    """The event log says that contacts were accepted between two events."""
    accepted = 0
    for entry in eventlog.of_tenant(entries, tenant):
        if begin < entry.first and entry.last <= end:
            accepted += sum((KIND, OFFER_ACCEPTED) in eventlog.fields(event)
                            for number, event in eventlog.fields(entry.body) if number == EVENTS)
    check(accepted >= count, "%s: only %d contacts were accepted while Redis was away", tenant,
          accepted)


class World:
    """The programs, and a directory for the servers of one case."""

    def __init__(self, acdd, acdctl, acdbench, redis_server, root):
        self.acdd, self.acdctl, self.acdbench = acdd, acdctl, acdbench
        self.redis_server = redis_server
        self.root = pathlib.Path(root)
        self.directory = None
        self.ending = None

    def closing(self, thing):
        """@thing is closed when the case ends, however it ends."""
        self.ending.callback(thing.close)
        return thing

    def server(self, *options, name="redis"):
        return self.closing(Redis(self.redis_server, "%s/%s" % (self.directory, name), *options))

    def floor(self, address, *options, tenants=("alpha",)):
        return Floor(self, ("--redis", address, *options), tenants)

    def run(self, case):
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="acdd-redis-") as directory, \
                contextlib.ExitStack() as ending:
            self.directory, self.ending = directory, ending
            case(self)
        return time.monotonic() - begin


def main(namespace):
    """Run the cases that were asked for, or all, in the order of the file."""
    cases = {name[len("case_"):]: case for name, case in namespace.items()
             if name.startswith("case_")}
    world = World(*sys.argv[1:6])
    for name in sys.argv[6:] or cases:
        print("%-24s" % name, end="", flush=True)
        print(" %5.1f s" % world.run(cases[name]), flush=True)

# SPDX-License-Identifier: Apache-2.0
"""A data directory that is an older copy of itself, started with --new-history: what
readers were told by the runs that it does not know is void, and no id of theirs is
given out again. And where the word does not belong, it is refused.

usage: history.py ACDD ACDCTL SOURCE_ROOT [CASE...]
"""

import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from daemon import FLOOR, START, USAGE, World, expect, log_of, stop  # noqa: E402
from fake_daemon import number_field  # noqa: E402
from harness import DEADLINE_S, DONE, check  # noqa: E402
from peer import Peer, fixed_field  # noqa: E402

STEP = 1 << 20
# No slot is used more often than once a second passes until the copy is restored again.
FOUND_COUNT, APART_S = 6, 4
SUBSCRIBE, EVENTS = 102, 103
# So few that slots are used again soon.
OPTIONS = ("--limit-contact-count-max", "8", "--segment-size", "4M")


def submit(daemon, key):
    return daemon.acdctl("submit", "billing", "--key", key, "--json").expect(DONE).json()["contact"]


def pass_through(daemon, name, count):
    """Contacts that come and go, and an agent that is new."""
    for number in range(count):
        contact = submit(daemon, "%s-%d" % (name, number))
        daemon.acdctl("cancel", contact).expect(DONE)
    file = daemon.directory / "more.yaml"
    file.write_text("tenant: default\nagents: {%s: {skills: {billing: 1}}}\n" % name)
    daemon.acdctl("apply", str(file)).expect(DONE)


def epoch_of(daemon):
    return int(daemon.acdctl("status", "--json").expect(DONE).json()["epoch"])


def last_of(daemon):
    status = daemon.acdctl("status", "--json").expect(DONE).json()
    return int(status["journal"]["event_last_sequence"])


def events_of(daemon):
    """All of them, from the first: numbered without a gap."""
    count = last_of(daemon)
    events = daemon.acdctl("events", "--from", "1", "--count", str(count), "--json").expect(DONE)
    events = events.lines()
    check([int(event["sequence"]) for event in events] == list(range(1, count + 1)),
          "the events have gaps")
    return events


def ids_of(events):
    """What they named when it was new: contacts, and objects of the configuration."""
    return {event["contact"] for event in events if event["event"] == "CONTACT_SUBMITTED"} | \
        {(event["object"], event["value"]) for event in events
         if event["event"] == "CONFIG_CHANGED" and event.get("count")}


def starts_of(events):
    return [(int(event["value"]), event.get("reason", "")) for event in events
            if event["event"] == "RUN_STARTED"]


def starts_at(events):
    """The sequence of the last run's first event."""
    return max(int(event["sequence"]) for event in events if event["event"] == "RUN_STARTED")


def restart(daemon, *options):
    before = daemon.options
    daemon.options = before + options
    daemon.start()
    daemon.options = before


def check_subscriber(daemon, sequence, epoch, is_resync):
    """A reader that knows all events up to @sequence, of @epoch."""
    with Peer("%s/s" % daemon.directory) as peer:
        check(peer.hello("reader") == 1, "no welcome")
        body = number_field(1, sequence + 1) + fixed_field(2, epoch)
        check(peer.code(SUBSCRIBE, body) == 1, "no subscription")
        daemon.acdctl("cancel", submit(daemon, "seen-%d-%d" % (sequence, epoch))).expect(DONE)
        events = peer.push(EVENTS)[1]
        check(events.get(3, 0) == is_resync, "epoch %d: resync is %d", epoch, not is_resync)


def live_and_be_lost(daemon, copy):
    """Runs after the copy; returns the events that they told."""
    known = last_of(daemon)
    daemon.kill()
    shutil.copytree(daemon.directory / "data", copy)
    for number in range(2):
        daemon.start()
        check(epoch_of(daemon) == 2 + number, "an ordinary start has the next epoch")
        pass_through(daemon, "lost%d" % number, 30)
        told = events_of(daemon)[known:]
        daemon.kill()
    check(len(ids_of(told)) == 62, "the lost runs gave out too few ids")
    return told


def put_back(daemon, copy):
    shutil.rmtree(daemon.directory / "data")
    shutil.copytree(copy, daemon.directory / "data")


def bring_back(daemon, copy):
    put_back(daemon, copy)
    restart(daemon, "--new-history")
    epoch = epoch_of(daemon)
    check(1 + STEP <= epoch < 1 + STEP + 3600, "epoch %d", epoch)
    check("event=new_history epoch=%d" % epoch in log_of(daemon), "the log does not say it")
    return epoch


def bring_back_later(daemon, copy, epoch):
    """The same copy again, later, by which its epoch is above the first time's."""
    end = time.monotonic() + DEADLINE_S
    while bring_back(daemon, copy) < epoch + APART_S:
        check(time.monotonic() < end, "the epoch does not follow the clock")
        daemon.kill()


def check_new(daemon, lost, kept):
    """What a new history says, and which ids it gives; returns its events."""
    epoch = epoch_of(daemon)
    rows = daemon.acdctl("contacts", "--json").expect(DONE).json()["contacts"]
    check([row["contact"] for row in rows] == kept, "what is there has another id: %s", rows)
    pass_through(daemon, "found", FOUND_COUNT)
    events = events_of(daemon)
    check(starts_of(events)[-1] == (epoch, "NEW_HISTORY"), "%s", starts_of(events))
    own = [event for event in events if int(event["sequence"]) >= starts_at(events)]
    check(len(ids_of(own)) > FOUND_COUNT, "too few ids")
    check(not ids_of(own) & ids_of(lost), "given out again: %s", ids_of(own) & ids_of(lost))
    return own


def case_copy(world):
    with world.daemon(*OPTIONS) as daemon:
        copy = daemon.directory / "copy"
        kept = [submit(daemon, "kept-1"), submit(daemon, "kept-2")]
        pass_through(daemon, "known", 20)
        lost = live_and_be_lost(daemon, copy)

        # A start without the word gives the same ids again: there is something to see.
        put_back(daemon, copy)
        daemon.start()
        pass_through(daemon, "other", 30)
        check(ids_of(events_of(daemon)) & ids_of(lost), "the test would not notice")
        daemon.kill()

        first = bring_back(daemon, copy)
        # All that there is, but of the lost run's epoch; and of the right one.
        check_subscriber(daemon, last_of(daemon), 3, True)
        check_subscriber(daemon, last_of(daemon), first, False)
        lost += check_new(daemon, lost, kept)
        daemon.kill()

        # The same copy once more: what is lost by now had begun a new history too.
        bring_back_later(daemon, copy, first)
        check_new(daemon, lost, kept)
        epoch = epoch_of(daemon)
        stop(daemon)
        daemon.start()
        check(starts_of(events_of(daemon))[-1] == (epoch + 1, ""), "it was told again")


def case_words(world):
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder) / "data"
        arguments = ("--data-dir", data, "--listen", "unix:x")
        expect(world.run(*arguments, "--new-history"), START, "--new-history: %s" % data,
               "holds no run")
        check(not data.exists(), "a directory was made")
        data.mkdir()
        expect(world.run(*arguments, "--new-history"), START, "holds no run")
        check(not list(data.iterdir()), "something was made: %s", list(data.iterdir()))
        expect(world.run(*arguments, "--new-history=yes"), USAGE, "stands alone")
        expect(world.run(*arguments, "--new-history", "yes"), USAGE, "\"yes\"")
        expect(world.run("--salvage", data, "--new-history"), USAGE, "by itself")
        file = pathlib.Path(folder) / "acdd.yaml"
        file.write_text("daemon: {data_dir: %s, new_history: 'yes'}\n%s" % (data, FLOOR))
        expect(world.run("--config", file), USAGE, "new_history", "command line alone")


CASES = {"copy": case_copy, "words": case_words}


def main():
    world = World(*sys.argv[1:4])
    for name in sys.argv[4:] or CASES:
        print(name, flush=True)
        CASES[name](world)


if __name__ == "__main__":
    main()

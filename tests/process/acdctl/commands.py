#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""acdctl at work with a real daemon: configuring, watching, submitting; agents
and gateways that work by themselves, also over a daemon that is killed.

usage: commands.py ACDD ACDCTL
"""

import json
import signal
import sys

from harness import DONE, NO_DAEMON, REFUSED, Daemon, check

FLOOR = """
gateway_grace: 30s
agent_grace: 30s
skills: [billing, sales]
queues:
  billing: {requirement: {all: {billing: 1}}, missed_max: 0}
  sales: {requirement: {all: {sales: 1}}, band: 10, missed_max: 0}
teams:
  north: {supervisors: [anna]}
agents:
  anna: {team: north, skills: {billing: 5, sales: 5}}
  bob: {team: north, skills: {billing: 5}}
tenants:
  beta: {skills: [x]}
"""


def removing(acdctl):
    """What is removed may be removed again, also with the tenant that it was in."""
    acdctl("apply", "-", stdin="skills: [old]\ntenants: {gamma: {}}\n").expect(DONE)
    gone = "remove: {skills: [old], tenants: [gamma], agents: [nobody]}\n"
    first = acdctl("apply", "-", "--json", stdin=gone).expect(DONE).json()
    check(first["removed"] == 2 and first["same"] == 2, "%s", first)
    told = [line for line in acdctl("events", "--from", "1", "--count", str(last_event(acdctl)),
                                    "--json").lines() if line["event"] == "CONFIG_REMOVED"]
    check([(line["object"], line["name"]) for line in told] == [("skill", "old")], "%s", told)
    again = acdctl("apply", "-", "--json", stdin=gone).expect(DONE).json()
    check(again["removed"] == 0 and again["same"] == 4, "%s", again)


def supervising(acdctl):
    """A supervisor that nobody configured is refused, also after the agents were made."""
    for file in ("teams: {west: {supervisors: [ghost]}}\n",
                 "teams: {west: {supervisors: [eve, ghost]}}\nagents: {eve: {}}\n"):
        bad = acdctl("apply", "-", stdin=file).expect(REFUSED)
        check("-:1:29: team west" in bad.err and "supervisors" in bad.err, "%s", bad)
    acdctl("apply", "-", stdin="remove: {teams: [west], agents: [eve]}\n").expect(DONE)


def configuring(daemon):
    acdctl = daemon.acdctl
    first = acdctl("apply", "-", "--json", stdin=FLOOR).expect(DONE).json()
    check(first["created"] == 10 and first["changed"] == 0, "%s", first)
    again = acdctl("apply", "-", "--json", stdin=FLOOR).expect(DONE).json()
    check(again["created"] == again["changed"] == again["removed"] == 0, "%s", again)
    more = acdctl("apply", "-", "--json",
                  stdin="queues: {sales: {requirement: {all: {sales: 1}}, band: 11}}\n")
    row = [row for row in more.expect(DONE).json()["changes"] if row["object"] == "queue"][0]
    check(row["what"] == "changed" and "band" in row["changed"], "%s", more)
    acdctl("apply", "-", stdin=FLOOR).expect(DONE)
    nowhere = acdctl("submit", "billing", "--tenant", "nowhere").expect(REFUSED)
    check("no tenant of this name (tenant)" in nowhere.err, "%s", nowhere)
    bad = acdctl("apply", "-", stdin="agents:\n  carl:\n    team: south\n").expect(REFUSED)
    check("-:3:11: agent carl" in bad.err and "UNKNOWN" in bad.err, "%s", bad)
    removing(acdctl)
    supervising(acdctl)
    check(acdctl("queues", "--tenant", "beta", "--json").expect(DONE).json()["queues"] == [],
          "beta has no queues")


def watching(daemon):
    acdctl = daemon.acdctl
    status = acdctl("status", "--limits", "--metrics", "--json").expect(DONE).json()
    check(status["state"] == "running" and status["epoch"] == 1, "%s", status)
    check("contact_count_max" in status["limits"], "%s", status["limits"])
    check(status["metrics"], "no metrics: %s", status)
    table = acdctl("status", "--limits").expect(DONE).out
    check("contact_count_max" in table and "\033" not in table, "%s", table)
    rows = acdctl("queues").expect(DONE).out.splitlines()
    check(len(rows) == 3 and len({len(row) for row in rows}) == 1, "not aligned\n%s",
          "\n".join(rows))
    check(len(acdctl("agents", "--state", "logged-out", "--json").json()["agents"]) == 2,
          "two agents are logged out")
    check(acdctl("agents", "--queue", "sales", "--json").json()["agents"] == [],
          "nobody has a contact of sales")


def submitting(daemon):
    acdctl = daemon.acdctl
    for number, credit in ((1, "0s"), (2, "0s"), (3, "10s")):
        acdctl("submit", "billing", "--key", "k%d" % number, "--credit", credit, "--attributes",
               "caf\u00e9").expect(DONE)
    rows = acdctl("contacts", "--queue", "billing", "--state", "waiting", "--json").json()
    keys = [row["client_key"] for row in rows["contacts"]]
    check(keys == ["k3", "k1", "k2"], "the order of service: %s", keys)
    one = acdctl("contacts", "--key", "k2", "--json").expect(DONE).json()["contacts"][0]
    check(one["position"] == 3 and one["attributes"] == "caf\u00e9", "%s", one)
    again = acdctl("contacts", one["contact"]).expect(DONE).out
    check("client_key       k2" in again, "%s", again)
    late = acdctl("events", "--from", "999999", "--duration", "300ms").expect(DONE)
    check("event 999999 is not there yet" in late.out, "%s", late)
    for number in (1, 2, 3):
        acdctl("cancel", "--key", "k%d" % number).expect(DONE)
    acdctl.until(lambda found: found["queues"][0]["waiting"] == 0, "queues", "billing")


def end(process, name):
    """Ctrl-C, and what it said."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    check(process.returncode == DONE, "%s ends with %d\n%s%s", name, process.returncode, out, err)
    return out


def summary(process, name):
    out, err = process.communicate(timeout=100)
    check(process.returncode == DONE, "%s ends with %d\n%s%s", name, process.returncode, out, err)
    return out


def check_history(acdctl, last, wanted):
    """Every contact in the events is submitted once and closed once."""
    lines = acdctl("events", "--from", "1", "--count", str(last), "--json").expect(DONE).lines()
    check([line["sequence"] for line in lines] == list(range(1, last + 1)), "a gap in the events")
    submitted = [line["contact"] for line in lines if line["event"] == "CONTACT_SUBMITTED"]
    closed = [line["contact"] for line in lines if line["event"] == "CONTACT_CLOSED"]
    check(len(set(submitted)) == len(submitted), "a contact was submitted twice")
    check(sorted(submitted) == sorted(closed), "submitted and closed are not the same")
    check(len(submitted) >= wanted, "%d contacts, not %d", len(submitted), wanted)


def last_event(acdctl):
    return acdctl("status", "--json").json()["journal"]["event_last_sequence"]


def working(daemon):
    """A day in seconds: two agents, twenty callers of whom some lose patience."""
    acdctl = daemon.acdctl
    agents = acdctl.start("agent", "anna", "bob", "--auto", "--handle", "300ms", "--answer", "50ms",
                          "--reject", "20%", "--seed", "1", "--json")
    acdctl.until(lambda found: len(found["agents"]) == 2, "agents", "--state", "ready")
    gateway = acdctl.start("gateway", "pbx", "--auto", "--rate", "20/s", "--mix", "billing=2",
                           "--mix", "sales=1", "--ring", "20ms", "--patience", "20s", "--count",
                           "20", "--fail", "10%", "--seed", "2", "--json")

    found = json.loads(summary(gateway, "the gateway").splitlines()[-1])
    check(found["submitted"] == 20 and found["open"] == 0 and found["refused"] == 0, "%s", found)
    check(found["connected"] + found["abandoned"] == 20 and found["lost"] == 0, "%s", found)
    check(found["ended"] == found["connected"], "%s", found)
    queues = acdctl("queues", "--json").json()["queues"]
    check(sum(queue["answered"] for queue in queues) == found["connected"], "%s\n%s", queues, found)
    said = [json.loads(line) for line in end(agents, "the agents").splitlines()]
    handled = [line for line in said if line.get("what") == "handled"]
    check(len(handled) == found["connected"], "%d handled\n%s", len(handled), found)
    check_history(acdctl, last_event(acdctl), 23)


def surviving(daemon):
    """The daemon is killed while agents and a gateway work: nobody is told, nothing is lost."""
    acdctl = daemon.acdctl
    agents = acdctl.start("agent", "anna", "bob", "--auto", "--handle", "400ms", "--answer", "50ms",
                          "--fixed", "--count", "20")
    acdctl.until(lambda found: len(found["agents"]) == 2, "agents", "--state", "ready")
    gateway = acdctl.start("gateway", "pbx", "--auto", "--rate", "20/s", "--mix", "billing=1",
                           "--ring", "20ms", "--count", "40", "--fixed", "--json")
    before = acdctl("queues", "billing", "--json").json()["queues"][0]["answered"]
    for kill in range(2):
        wanted = before + 5 * (kill + 1)
        acdctl.until(lambda found: found["queues"][0]["answered"] >= wanted, "queues", "billing")
        daemon.kill()
        check(acdctl("status").code == NO_DAEMON, "it is dead")
        daemon.start()

    found = json.loads(summary(gateway, "the gateway").splitlines()[-1])
    check(found["submitted"] == 40 and found["lost"] == 0 and found["open"] == 0, "%s", found)
    check(found["connected"] == found["ended"] == 40, "%s", found)
    summary(agents, "the agents")
    check(acdctl("status", "--json").json()["epoch"] == 3, "two restarts")
    check_history(acdctl, last_event(acdctl), 63)


def main():
    with Daemon(sys.argv[1], sys.argv[2]) as daemon:
        configuring(daemon)
        watching(daemon)
        submitting(daemon)
        working(daemon)
        surviving(daemon)
        daemon.acdctl("stop").expect(DONE)
        check(daemon.process.wait(30) == 0, "it ends well")
        daemon.acdctl("status").expect(NO_DAEMON)
    print("configured, watched, submitted, worked, survived")


if __name__ == "__main__":
    main()

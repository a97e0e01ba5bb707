# SPDX-License-Identifier: Apache-2.0
"""Sections of rows, and their rounds: the rows of a section are measured in turn, forwards
and backwards alternately, so that a slow minute of the machine falls on all of them.

A row is a name and a function that measures it once and returns numbers. Rows of a
section may be compared with each other; sections may not.
"""

import os
import select
import signal
import sys

import memory
import servers


class Section:
    def __init__(self, key, title, rows, note="", rounds=None, more=None):
        self.key = key
        self.title = title
        self.rows = rows
        self.note = note
        self.rounds = rounds  # None: as many as asked for
        self.more = more or {}  # fields that only this section has, and their heads


def say(text):
    print(text, file=sys.stderr, flush=True)


def busy_percent(seconds):
    """How busy the processors are while nothing of ours runs."""
    def ticks():
        with open("/proc/stat", encoding="ascii") as stat:
            return [int(word) for word in stat.readline().split()[1:9]]
    before = ticks()
    select.select([], [], [], seconds)
    spent = [after - then for after, then in zip(ticks(), before)]
    return 100 * (1 - (spent[3] + spent[4]) / max(1, sum(spent)))


def measure(bench, section, told):
    """All rounds of a section; bench.raw grows as they come. told: fields to tell of."""
    runs = bench.raw.setdefault(section.key, {name: [] for name in section.rows})
    for number in range(section.rounds or bench.scale.rounds):
        names = list(section.rows)
        for name in names if number % 2 == 0 else reversed(names):
            os.sync()  # what the former run deleted and left unwritten is not this one's to pay
            run = section.rows[name]()
            runs[name].append(run)
            say("%s, round %d: %s: %s" % (section.key, number + 1, name, " ".join(
                "%s=%s" % (key, run[key]) for key in told if key in run)))


def measure_all(bench, sections, told):
    with memory.held(bench.scale.held_size) as bench.held:
        for section in sections:
            measure(bench, section, told)
            bench.busy_most = max(bench.busy_most, busy_percent(bench.scale.quiet_s))


def chosen(sections, names, skipped=()):
    """Those that were asked for, or all but those that are skipped."""
    keys = names.split(",") if names else [one.key for one in sections if one.key not in skipped]
    unknown = set(keys) - {section.key for section in sections}
    if unknown:
        raise servers.Failure("no such section; there are " + ", ".join(
            section.key for section in sections))
    return [section for section in sections if section.key in keys]


def main(run, settings):
    """run(settings), and what it failed of as a sentence."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(settings)
    except servers.Failure as failure:
        say(str(failure))
        return 1
    return 0

# SPDX-License-Identifier: Apache-2.0
"""What publishing is wanted to do, and whether it did."""

from statistics import median

import rows
from figures import COMPARED, Line, number, quotient, times

CHANGE_MAX = 0.1        # beyond the spread
RSS_GROWTH_KIB = 16384  # more than without trouble; what is not in Redis is not in memory


def at_least(text, section, row, other, least):
    """The rate of a row is so many times that of another."""
    def judge(results):
        values = [results.median(section, name, "rate") for name in (row, other)]
        ratio = quotient(*values)
        if ratio is None:
            return Line(text, "–", "", None)
        return Line(text, times(ratio), "%s/s of %s/s" % tuple(
            number(round(value)) for value in values), ratio >= least)
    return judge


def told(text, section, row, fields, form):
    """Figures that nothing is wanted of."""
    def judge(results):
        values = [results.median(section, row, field) for field in fields]
        if None in values:
            return Line(text, "–", "", None)
        return Line(text, form % tuple(values), "", COMPARED)
    return judge


def least_of(text, section, row, field, least):
    def judge(results):
        value = results.median(section, row, field)
        return Line(text, times(value), "", None if value is None else value >= least)
    return judge


def changes(results, section, row, field):
    """Of each round: the row's figure by that of the run without trouble beside it, less one."""
    pairs = zip(results.values(section, row, field),
                results.values(section, rows.BESIDE[row], field))
    return [mine / other - 1 for mine, other in pairs if other]


def spread(results, section, field):
    """Twice the median difference of two runs without trouble in one round: for normal noise some
    three standard errors of what it is held against, a median of seven changes."""
    found = [abs(change) for change in changes(results, section, rows.AGAIN, field)]
    return 2 * median(found) if found else None


def percent(value):
    return "–" if value is None else "%+.1f %%" % (100 * value)


def unmoved(text, section, field):
    """No trouble moves a figure, up or down, by more than that and what two runs without differ
    by."""
    def judge(results):
        found = {row: median(values) for row in rows.TROUBLES if row in rows.BESIDE
                 and row != rows.AGAIN and (values := changes(results, section, row, field))}
        noise = spread(results, section, field)
        if not found or noise is None:
            return Line(text, "–", "", None)
        row = max(found, key=lambda name: abs(found[name]))
        return Line(text, percent(found[row]), "%s; spread %.1f %%" % (row, 100 * noise),
                    abs(found[row]) <= CHANGE_MAX + noise)
    return judge


def bounded(text, keys):
    """Memory does not grow by what Redis lacks."""
    def judge(results):
        grown = []
        for key in keys:
            for row, beside in rows.BESIDE.items():
                values = [results.median(key, name, "rss_kib") for name in (row, beside)]
                if None not in values:
                    grown.append(values[0] - values[1])
        if not grown:
            return Line(text, "–", "", None)
        return Line(text, "%s KiB" % number(round(max(grown))), "", max(grown) <= RSS_GROWTH_KIB)
    return judge


def same(text, world):
    """A stream that is not the event log ends the run, so there is only the number of times."""
    def judge(_):
        return Line(text, "%d times" % world.same_count, "", world.same_count > 0 or None)
    return judge


def independence(world):
    keys = {"never": "closed loop, sync never", "always": "closed loop, sync always",
            "open": "half of the most"}
    for key, title in keys.items():
        for name, field in (("rate", "rate"), ("p50", "offer_p50_us")):
            yield unmoved("Redis in trouble, %s: %s moves by ≤ %.0f %% beyond the spread" % (
                title, name, 100 * CHANGE_MAX), "independence-" + key, field)
    yield bounded("memory with Redis in trouble: ≤ 16 MiB more than without",
                  ["independence-" + key for key in keys])
    yield same("afterwards the stream is the event log, byte for byte", world)


def targets(world):
    slow, half = ("%s/s" % number(world.scale.rate), "half of the most")
    form = "%.0f µs, %.0f µs"
    return [
        at_least("as it happens: ≥ 3 × XADD of one event each", "speed", rows.LIVE, rows.PLAIN, 3),
        at_least("a backlog: ≥ 3 × XADD of one event each", "speed", rows.BACKLOG, rows.PLAIN, 3),
        *(told("delay at %s, sync %s: p50, p99" % (rate, sync), "delay",
               "%s, sync %s" % (rate, sync), ("p50_us", "p99_us"), form)
          for sync in rows.SYNCS for rate in (slow, half)),
        *independence(world),
        least_of("catching up: ≥ 5 × what comes in, at %g of the most" % world.scale.fraction,
                 "catch-up", "%g of the most" % world.scale.fraction, "times", 5),
        *(at_least("matching while publishing, sync %s: ≥ 0.9 × without" % sync, "cost",
                   "%s, sync %s" % (rows.PUBLISHED, sync),
                   "%s, sync %s" % (rows.NOT_PUBLISHED, sync), 0.9) for sync in rows.SYNCS),
    ]

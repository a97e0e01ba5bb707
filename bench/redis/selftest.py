#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does the report of publishing judge right, on figures that are made up?"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import figures  # noqa: E402
import rows  # noqa: E402
import targets  # noqa: E402
from store import level, speed  # noqa: E402


def check(condition, what):
    if not condition:
        sys.exit("wrong: %s" % (what,))


def verdict(raw, judge):
    line = judge(figures.Results(raw))
    return line.measured, line.also, line.verdict


def runs(field, *values):
    return [{field: value} for value in values]


def check_pairs():
    """A change is the median of pairs, the spread twice that of identical ones."""
    raw = {"s": {rows.HEALTHY: runs("rate", 100, 200, 100), rows.AGAIN: runs("rate", 104, 198, 97),
                 "stopped": runs("rate", 97, 192, 84.1), "paused": runs("rate", 100, 206, 103)}}
    rate = targets.unmoved("", "s", "rate")
    check(verdict(raw, rate) == ("-4.0 %", "stopped; spread 6.0 %", "met"), "a small change")
    raw["s"]["full"] = runs("rate", 50, 166.4, 81.5)
    check(verdict(raw, rate) == ("-16.0 %", "full; spread 6.0 %", "met"),
          "against the run beside it")
    raw["s"]["full"] = runs("rate", 50, 166.2, 81.2)
    check(verdict(raw, rate)[2] == "not met", "too slow")
    raw["s"]["full"] = runs("rate", 121, 230, 97)
    check(verdict(raw, rate)[::2] == ("+16.2 %", "not met"), "too fast is a change too")
    check(verdict({}, rate) == ("–", "", "not measured"), "a change of nothing")


def check_targets():
    raw = {"s": {"a": runs("rate", 30, 10, 20), "b": runs("rate", 10)},
           "c": {"a": runs("times", 4, 6)},
           "k": {rows.HEALTHY: runs("rss_kib", 1000), "stopped": runs("rss_kib", 17384)}}
    check(verdict(raw, targets.at_least("", "s", "a", "b", 2)) == ("2.00 ×", "20/s of 10/s", "met"),
          "a ratio")
    check(verdict(raw, targets.at_least("", "s", "a", "b", 2.1))[2] == "not met", "too small")
    check(verdict(raw, targets.least_of("", "c", "a", "times", 5))[2] == "met", "a figure")
    check(verdict({}, targets.least_of("", "c", "a", "times", 5))[2] == "not measured", "none")
    check(verdict(raw, targets.bounded("", ["k"]))[2] == "met", "memory")
    raw["k"]["stopped"][0]["rss_kib"] += 1
    check(verdict(raw, targets.bounded("", ["k"]))[2] == "not met", "too much memory")
    check(verdict(raw, targets.told("", "s", "a", ("rate",), "%d"))[::2] == (
        "20", "for comparison"), "no target")


def check_progress():
    """1,000 a second, after and before moments of idleness."""
    seen = [(0, 0), (1, 0), (1.02, 20), (1.5, 500), (1.98, 980), (2, 1000), (3, 1000)]
    check(abs(speed(seen, 0, 1000) - 1000) < 1e-6, "a speed without head and tail")
    check(speed(seen[:2], 0, 1000) is None, "no speed")
    # Something that is at 400 now and grows by 100 a second is reached at 500.
    check(level(seen, (0.5, 400), 100, 0)[-1] == (1.5, 500), "level")
    check(level(seen, (0, 5000), 0, 0) == seen, "never level")


if __name__ == "__main__":
    check_pairs()
    check_targets()
    check_progress()
    print("the report judges right")

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""acdd beside other servers, in one run; see bench/README.md.

usage: run.py BUILD [--smoke | --quick] [--section KEY,...] [--rounds N]
              [--seconds S] [--dir DIR] [--out FILE] [--json FILE]

Servers run on core 0, loads on core 1.
"""

import argparse
import json
import pathlib
import sys
from statistics import median

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import ours  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import rows  # noqa: E402
import servers  # noqa: E402
from rounds import say  # noqa: E402

TOLD = ("rate", "server_cpu_us", "p50_us", "p99_us", "offer_p50_us", "offer_p99_us", "lag", "bytes")


class Scale:
    """How much of everything."""

    rounds = 5
    warm_s = 0.3
    seconds = 1.75
    connections = 9
    agents = 1000
    agents_many = 10000
    payload = 100
    window = 1024
    window_many = 10000
    windows = (128, 16)
    waiting = (0, 100000, 1000000)
    rate = 5000
    quiet_s = 1.0
    idle_s = 10.0
    held_size = 6 << 30
    settle_s = 0.25
    drains = False
    skipped = ()


class Quick(Scale):
    rounds = 1
    warm_s = 0.1
    seconds = 0.3
    waiting = (0, 10000)


class Smoke(Scale):
    """Does every engine complete, and does each job come once? No times."""

    rounds = 1
    warm_s = 0.02
    seconds = 0.05
    connections = 3
    agents = 20
    agents_many = 20
    window = 32
    window_many = 32
    windows = ()
    waiting = (0, 300)
    rate = 200
    quiet_s = 0.0
    idle_s = 0.1
    held_size = 0
    settle_s = 0.0
    drains = True
    # The same rows with some waiting are enough, and they drain.
    skipped = ("waiting-0", "connections-1", "memory", "core")


def options(arguments):
    parser = argparse.ArgumentParser(description="acdd beside other servers")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--section", default="")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    settings = parser.parse_args(arguments)
    settings.source = pathlib.Path(__file__).resolve().parent.parent.parent
    settings.build = settings.build.resolve()
    settings.dir = (settings.dir or settings.build).resolve()
    return settings


def scale_of(settings):
    scale = (Smoke if settings.smoke else Quick if settings.quick else Scale)()
    scale.rounds = settings.rounds or scale.rounds
    scale.seconds = settings.seconds or scale.seconds
    return scale


def tune_gearmand(bench):
    """How many threads serve gearmand best on its core: the best median of three."""
    rates = {}
    for _ in range(3):
        for threads in (1, 2, 4):
            bench.gearmand_threads = threads
            run = bench.peer("gearmand", bench.gearmand(rows.GEARMAND_BUCKETS),
                             window=bench.scale.window)()
            rates.setdefault(threads, []).append(run["rate"])
    bench.gearmand_threads = max(rates, key=lambda threads: median(rates[threads]))
    say("gearmand: %d threads of %s" % (bench.gearmand_threads, ", ".join(
        "%d (%.0f/s)" % (threads, median(rates[threads])) for threads in rates)))


def check(raw):
    """The smoke run's question. Of each engine every job must have come once: the
    load ends with an error otherwise, and says so if it did look."""
    for section, runs in raw.items():
        for name, all_of_it in runs.items():
            for run in all_of_it:
                if "got" in run and not (run["is_checked"] and run["left"] == 0 and
                                                 run["got"] == run["submitted"] > 0):
                    raise servers.Failure("%s, %s: %s" % (section, name, run))
    say("%d sections: every engine completed, each job was seen once" % len(raw))


def run(settings):
    bench = rows.Bench(settings.build, ours.Acdbench(settings.build), scale_of(settings), settings)
    sections = rounds.chosen(rows.sections(bench), settings.section, bench.scale.skipped)
    if not settings.smoke:
        tune_gearmand(bench)
    rounds.measure_all(bench, sections, TOLD)
    if settings.smoke:
        check(bench.raw)
        return
    text = report.text(bench, bench.raw, report.machine(bench), sections)
    print(text)
    (settings.json or settings.build / "peers.json").write_text(json.dumps(bench.raw, indent=1))
    out = settings.out or (None if settings.section or settings.quick else
                           settings.source / "bench/RESULTS.md")
    if out is not None:
        out.write_text(text, encoding="utf-8")
        say("written: %s" % out)


if __name__ == "__main__":
    sys.exit(rounds.main(run, options(sys.argv[1:])))

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What publishing to Redis does, and what it costs; see bench/README.md.

usage: run.py BUILD [--smoke | --quick] [--section KEY,...] [--rounds N]
              [--seconds S] [--minutes M] [--dir DIR] [--out FILE] [--json FILE]

The daemon runs on core 0, the load on core 1; Redis and a reader have cores of
their own where there are more than two.
"""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import ours  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import rows  # noqa: E402
import world  # noqa: E402

TOLD = ("rate", "p50_us", "p99_us", "offer_p50_us", "offer_p99_us", "acdd_ns", "redis_ns", "lag",
        "rss_kib", "same", "times", "instructions")


class Scale:
    """How much of everything."""

    rounds = 5
    pairs = 7       # of a trouble and a run without
    few = 3
    warm_s = 0.3
    seconds = 1.25
    connections = 9
    agents = 1000
    payload = 100
    window = 1024
    rate = 5000
    backlog = 600000  # life cycles
    plain = 1500000   # entries
    pipelines = rows.PIPELINES
    plain_connections = rows.CONNECTIONS
    syncs = rows.SYNCS
    most = None       # life cycles a second: measured
    fraction = 0.1    # of the most, while it catches up
    away_s = 4.0
    back_s = 2.0
    look_s = 0.02
    counted = (2000, 22000)
    quiet_s = 1.0
    held_size = 6 << 30
    settle_s = 0.25
    drains = False
    skipped = ()


class Quick(Scale):
    rounds = pairs = few = 1
    warm_s = 0.1
    seconds = 0.3
    backlog = 100000
    plain = 200000
    pipelines = (64, 256)
    away_s = back_s = 1.0


class Smoke(Scale):
    """Is everything there, once? No times."""

    rounds = pairs = few = 1
    warm_s = 0.02
    seconds = 0.1
    connections = 3
    agents = 20
    window = 32
    rate = 200
    most = 2000
    backlog = 400
    plain = 4000
    pipelines = (16,)
    plain_connections = (8,)
    syncs = ("always",)
    away_s = back_s = 0.2
    quiet_s = 0.0
    held_size = 0
    settle_s = 0.0
    drains = True
    # One of each kind is enough.
    skipped = ("cost", "independence-never", "independence-always", "instructions")


def options(arguments):
    parser = argparse.ArgumentParser(description="publishing to Redis")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--section", default="")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    settings = parser.parse_args(arguments)
    settings.source = pathlib.Path(__file__).resolve().parents[2]
    settings.build = settings.build.resolve()
    settings.dir = (settings.dir or settings.build).resolve()
    if settings.minutes and not settings.section:
        settings.section = ",".join("independence-" + key for key in ("never", "always", "open"))
    return settings


def scale_of(settings):
    scale = (Smoke if settings.smoke else Quick if settings.quick else Scale)()
    scale.rounds = settings.rounds or scale.rounds
    scale.seconds = settings.seconds or scale.seconds
    if settings.minutes:
        scale.seconds = 60 * settings.minutes
    return scale


def run(settings):
    bench = world.World(ours.Acdbench(settings.build), scale_of(settings), settings)
    sections = rounds.chosen(rows.sections(bench), settings.section, bench.scale.skipped)
    rounds.measure_all(bench, sections, TOLD)
    if settings.smoke:
        rounds.say("%d times the stream was the event log, byte for byte" % bench.same_count)
        return
    text = report.text(bench, sections)
    print(text)
    (settings.json or settings.build / "redis.json").write_text(json.dumps(bench.raw, indent=1))
    out = settings.out or (None if settings.section or settings.quick else
                           settings.source / "bench/REDIS.md")
    if out is not None:
        out.write_text(text, encoding="utf-8")
        rounds.say("written: %s" % out)


if __name__ == "__main__":
    sys.exit(rounds.main(run, options(sys.argv[1:])))

# SPDX-License-Identifier: Apache-2.0
"""The results of publishing as text: the machine, the targets, a table a section."""

from statistics import median

import figures
import rows
import targets
from figures import number, table, thousands

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Publishing to Redis

Made by `sh bench/redis/run.sh`; how it measures and how to read this is in [README.md](README.md),
what is in Redis in [docs/REDIS.md](../docs/REDIS.md). Each figure is a median, with the least and
the greatest in brackets; the rows of a table were measured in turn, so they may be compared with
each other. Only ratios mean something on another machine.

"""

# A section's fields and their heads: those with a form are told so, others as whole numbers.
FIELDS = {
    "cost": {"rate": "life cycles a second", "server_cpu_us": "acdd µs each",
             "load_cpu_us": "load µs each", "lag": "events behind at the end"},
    "speed": {"rate": "events a second", "acdd_ns": "acdd ns each", "redis_ns": "Redis ns each",
              "bytes": "bytes each", "events": "events"},
    "delay": {"p50_us": "p50", "p90_us": "p90", "p99_us": "p99", "p999_us": "p99.9",
              "max_us": "greatest", "offer_p50_us": "submit to offer, p50",
              "rate": "contacts a second"},
    "catch-up": {"incoming": "events coming in a second", "rate": "events into the stream a second",
                 "times": "ratio", "events": "events behind at first"},
    "instructions": {"instructions": "instructions"},
}
FORMS = {"server_cpu_us": "%.2f", "load_cpu_us": "%.2f", "times": "%.1f"}
TROUBLE = {"rate": "life cycles a second", "offer_p50_us": "p50 µs", "offer_p99_us": "p99 µs",
           "server_cpu_us": "acdd µs each"}


def cell(results, section, row, field):
    values = results.values(section.key, row, field)
    if field in FORMS:
        return figures.spread(values, FORMS[field])
    return thousands(values)


def named(results, section, row):
    """An open loop that fell behind was none."""
    late = any(results.values(section.key, row, "is_overloaded"))
    return row + (" (could not keep up)" if late else "")


def plain_table(results, section):
    fields = FIELDS[section.key]
    return table(["", *fields.values()], [
        [named(results, section, name),
         *(cell(results, section, name, field) for field in fields)]
        for name in section.rows])


def mebibytes(results, section, row):
    """Resident memory before and after."""
    values = [results.median(section.key, row, field) for field in ("rss_before_kib", "rss_kib")]
    return "–" if None in values else "%.0f, %.0f" % tuple(value / 1024 for value in values)


def trouble_lines(results, section):
    for name in section.rows:
        line = [named(results, section, name),
                *(cell(results, section, name, field) for field in TROUBLE)]
        for field in ("rate", "offer_p50_us"):
            found = name in rows.BESIDE and targets.changes(results, section.key, name, field)
            line.append(targets.percent(median(found)) if found else "–")
        yield [*line, mebibytes(results, section, name),
               thousands(results.values(section.key, name, "lag"))]
    noises = (targets.spread(results, section.key, field) for field in ("rate", "offer_p50_us"))
    yield ["*spread*", *("" for _ in TROUBLE), *("–" if noise is None else "%.1f %%" % (100 * noise)
                                                 for noise in noises), "", ""]


def trouble_table(results, section):
    return table(["", *TROUBLE.values(), "rate changes by", "p50 by", "MiB before, after",
                  "events behind at the end"], trouble_lines(results, section))


def section_text(results, section):
    is_trouble = section.key.startswith("independence-")
    return figures.section_text(section, (trouble_table if is_trouble else plain_table)(
        results, section))


def machine(world):
    scale = world.scale
    plain = "not tuned" if world.plain is None else "-P %d -c %d" % world.plain
    return [
        *figures.machine(world),
        ("redis-server", "%s, appendonly no, on a unix socket" % figures.version(
            "redis-server", "--version")),
        ("redis-benchmark", plain),
        figures.memory_at_hand(world),
        figures.used_by_others(world),
        ("life cycles", "%d bytes of payload, %s agents, 8 desktop connections; an event has %.0f "
         "bytes in its batch" % (scale.payload, number(scale.agents), world.event_size)),
        ("a run", "%g s after %g s of warming up; rounds: %d, with trouble %d" % (
            scale.seconds, scale.warm_s, scale.rounds, world.settings.rounds or scale.pairs)),
    ]


def text(world, sections):
    results = figures.Results(world.raw)
    parts = [HEAD, table(["machine", ""], [list(one) for one in machine(world)], "---")]
    if world.busy_most > figures.BUSY_PERCENT_MAX:
        parts.append(figures.NOT_QUIET)
    lines = [judge(results) for judge in targets.targets(world)]
    parts.append(figures.target_text([
        line for line in lines if line.is_met is not None or not world.settings.section]))
    parts += [section_text(results, section) for section in sections]
    return "".join(parts)

# SPDX-License-Identifier: Apache-2.0
"""The results as text: the machine, the targets, a table a section."""

import figures
import rows
import targets
from figures import number, spread, table, thousands

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Results

Made by `sh bench/peers/run.sh`; how it measures and how to read this is in [README.md](README.md).
Each figure is a median, with the least and the greatest in brackets; the rows of a table were
measured in turn, so they may be compared with each other. Only ratios mean something on another
machine. No claim is made for one life cycle at a time: there, everybody waits to be woken.

"""

def machine(bench):
    """What the figures belong to, as (name, value)."""
    return [
        *figures.machine(bench),
        ("beanstalkd", figures.version("beanstalkd", "-v")),
        ("gearmand", "%s, -t %d" % (figures.version("gearmand", "--version"),
                                    bench.gearmand_threads)),
        ("redis-server", figures.version("redis-server", "--version")),
        figures.memory_at_hand(bench),
        figures.used_by_others(bench),
        ("life cycles", "%d bytes of payload, %s agents; acdd: 1 gateway and %d desktop "
         "connections, told of no more than a life cycle is (features no-assignments and "
         "results-only); others: %d connections" % (
             bench.scale.payload, number(bench.scale.agents), bench.scale.connections - 1,
             bench.scale.connections)),
        ("a run", "%g s after %g s of warming up; rounds: %d" % (
            bench.scale.seconds, bench.scale.warm_s, bench.scale.rounds)),
    ]


def rate_lines(results, section):
    ours = next((name for name in section.rows if name.startswith(rows.OURS)), None)
    for name in section.rows:
        def get(field, row=name):
            return results.values(section.key, row, field)
        ratios = [figures.quotient(results.median(section.key, ours, "rate"),
                                   results.median(section.key, name, "rate")),
                  figures.quotient(results.median(section.key, name, "server_cpu_us"),
                                   results.median(section.key, ours, "server_cpu_us"))]
        yield [name, thousands(get("rate")), spread(get("server_cpu_us"), "%.2f"),
               spread(get("load_cpu_us"), "%.2f"), *(figures.times(ratio) for ratio in ratios),
               *(thousands(get(field)) for field in section.more)]


RATE_HEAD = ["", "life cycles a second", "server µs each", "load µs each", "acdd is ahead",
             "by server time"]


def latency_lines(results, section):
    for name in section.rows:
        prefix = "offer_" if name.startswith(rows.OURS) else ""
        late = any(results.values(section.key, name, "is_overloaded"))
        yield [name + (" (could not keep up)" if late else ""),
               *(spread(results.values(section.key, name, prefix + field), "%.0f")
                       for field in ("p50_us", "p90_us", "p99_us", "p999_us")),
               thousands(results.values(section.key, name, "rate"))]


# Sections with numbers of their own: field and head.
COUNTED = {
    "recovery": {"rate": "commands a second", "commands": "commands"},
    "memory": {"bytes": "bytes a waiting job"},
    "core": {"prototype": "bare lists", "core": "core", "prefetching": "core, fetching ahead",
             "glib": "GLib", "percent": "per cent"},
    "idle": {"wakeups": "wake-ups a minute", "rss_kib": "KiB of memory"},
}


def section_text(results, section):
    if section.key == "latency":
        body = table(["", "p50", "p90", "p99", "p99.9", "a second"],
                     latency_lines(results, section))
    elif section.key in COUNTED:
        fields = COUNTED[section.key]
        body = table(["", *fields.values()], [
            [name, *(thousands(results.values(section.key, name, field)) for field in fields)]
            for name in section.rows])
    else:
        body = table(RATE_HEAD + list(section.more.values()), rate_lines(results, section))
    return figures.section_text(section, body)


def text(bench, raw, facts, sections):
    results = figures.Results(raw)
    parts = [HEAD, table(["machine", ""], [list(one) for one in facts], "---")]
    if bench.busy_most > figures.BUSY_PERCENT_MAX:
        parts.append(figures.NOT_QUIET)
    parts.append(figures.target_text([judge(results) for judge in targets.targets(bench.scale)]))
    parts += [section_text(results, section) for section in sections]
    return "".join(parts)

# SPDX-License-Identifier: Apache-2.0
"""The results as text: the machine, the targets, a table a section."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

import rows
import servers
import targets

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Results

Made by `sh bench/peers/run.sh`; how it measures and how to read this is in [README.md](README.md).
Each figure is a median, with the least and the greatest in brackets; the rows of a table were
measured in turn, so they may be compared with each other. Only ratios mean something on another
machine. No claim is made for one life cycle at a time: there, everybody waits to be woken.

"""

# More than this, and the machine was not ours.
BUSY_PERCENT_MAX = 5


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()


def first_line(path, pattern):
    match = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.M)
    return match.group(1) if match else "unknown"


def version(program, *options):
    words = said(servers.find(program), *options)
    match = re.search(r"\d+(\.\d+)+\S*", words)
    return match.group(0) if match else "unknown"


def disk(where):
    return said("findmnt", "-n", "-o", "SOURCE,FSTYPE", "--target", str(where)) or "unknown"


def setting(build, name):
    """What the build was configured with."""
    words = said("meson", "configure", str(build))
    match = re.search(r"^\s*%s\s+(\S+)" % re.escape(name), words, re.M)
    return match.group(1) if match else "unknown"


def machine(bench):
    """What the figures belong to, as (name, value)."""
    settings = bench.settings
    source = str(settings.source)
    changed = said("git", "-C", source, "status", "--porcelain", "--untracked-files=no")
    commit = said("git", "-C", source, "rev-parse", "--short=12", "HEAD")
    memory = int(first_line("/proc/meminfo", r"^MemTotal:\s+(\d+)")) >> 20
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit + (" and changes" if changed else "")),
        ("processor", "%s, %d cores" % (first_line("/proc/cpuinfo", r"^model name\s*: (.*)$"),
                                        os.cpu_count())),
        ("memory", "%d GiB" % memory),
        ("kernel", "%s %s" % (platform.system(), platform.release())),
        ("disk", disk(bench.where)),
        ("acdd", "%s, %s, deploy/build.sh: %s, lto %s, profile %s" % (
                                 version(bench.build / "daemon/acdd", "--version"),
                                 said("cc", "--version").splitlines()[0],
                                 setting(bench.build, "buildtype"),
                                 setting(bench.build, "b_lto"), setting(bench.build, "b_pgo"))),
        ("beanstalkd", version("beanstalkd", "-v")),
        ("gearmand", "%s, -t %d" % (version("gearmand", "--version"), bench.gearmand_threads)),
        ("redis-server", version("redis-server", "--version")),
        ("used by others", "at most %.0f %% of the processors, between the sections" %
         bench.busy_most),
        ("life cycles", "%d bytes of payload, %s agents; acdd: 1 gateway and %d desktop "
         "connections, told of no more than a life cycle is (features no-assignments and "
         "results-only); others: %d connections" % (
             bench.scale.payload, rows.number(bench.scale.agents), bench.scale.connections - 1,
             bench.scale.connections)),
        ("a run", "%g s after %g s of warming up; rounds: %d" % (
            bench.scale.seconds, bench.scale.warm_s, bench.scale.rounds)),
    ]


def table(head, lines, others="--:"):
    rule = ["---"] + [others] * (len(head) - 1)
    return "".join("| %s |\n" % " | ".join(cells) for cells in [head, rule, *lines])


def spread(values, form):
    """Median (least to greatest)."""
    if not values:
        return "–"
    middle = targets.median(values)
    if len(values) == 1:
        return form % middle
    return "%s (%s to %s)" % (form % middle, form % min(values), form % max(values))


def thousands(values):
    return re.sub(r"\d+", lambda match: format(int(match.group(0)), ","), spread(values, "%.0f"))


def rate_lines(results, section):
    ours = next((name for name in section.rows if name.startswith(rows.OURS)), None)
    for name in section.rows:
        def get(field, row=name):
            return results.values(section.key, row, field)
        ratios = [targets.quotient(results.median(section.key, ours, "rate"),
                                   results.median(section.key, name, "rate")),
                  targets.quotient(results.median(section.key, name, "server_cpu_us"),
                                   results.median(section.key, ours, "server_cpu_us"))]
        yield [name, thousands(get("rate")), spread(get("server_cpu_us"), "%.2f"),
               spread(get("load_cpu_us"), "%.2f"), *(targets.times(ratio) for ratio in ratios),
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
    note = section.note + "\n\n" if section.note else ""
    title = section.title[0].upper() + section.title[1:]
    return "\n## %s\n\n%s%s" % (title, note, body)


def target_text(results, scale):
    lines = [judge(results) for judge in targets.targets(scale)]
    return "\n## Targets\n\n" + table(
        ["target", "measured", "by server time, or what it is", ""],
        [[line.text, line.measured, line.also, line.verdict] for line in lines], "---")


def text(bench, raw, facts, sections):
    results = targets.Results(raw)
    parts = [HEAD, table(["machine", ""], [list(one) for one in facts], "---")]
    if bench.busy_most > BUSY_PERCENT_MAX:
        parts.append("\n**The machine was not quiet: others used it while this was measured. "
                     "Take the figures for a trial of the method.**\n")
    parts.append(target_text(results, bench.scale))
    parts += [section_text(results, section) for section in sections]
    return "".join(parts)

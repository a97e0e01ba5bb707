# SPDX-License-Identifier: Apache-2.0
"""Figures, and what is made of them: medians of runs, targets beside what came of them,
tables, and the machine that it all belongs to.
"""

import datetime
import os
import pathlib
import platform
import re
import subprocess
from statistics import median

import servers

# More than this, and the machine was not ours.
BUSY_PERCENT_MAX = 5
NOT_QUIET = ("\n**The machine was not quiet: others used it while this was measured. Take the "
             "figures for a trial of the method.**\n")
# No target, but what another one has to be held against.
COMPARED = "compared"


class Results:
    """Medians of what the rounds gave: section, row, field."""

    def __init__(self, raw):
        self.raw = raw

    def values(self, section, row, field):
        runs = self.raw.get(section, {}).get(row, [])
        return [run[field] for run in runs if run.get(field) is not None]

    def median(self, section, row, field):
        values = self.values(section, row, field)
        return median(values) if values else None


class Line:
    """A target beside what came of it."""

    def __init__(self, text, measured, also, is_met):
        self.text = text
        self.measured = measured
        self.also = also
        self.is_met = is_met

    @property
    def verdict(self):
        return {None: "not measured", True: "met", False: "not met",
                COMPARED: "for comparison"}[self.is_met]


def quotient(above, below):
    return above / below if above and below else None


def times(value):
    return "–" if value is None else "%.2f ×" % value if value < 10 else "%.0f ×" % value


def number(value):
    return format(value, ",")


#
# The machine.
#


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
    """What all figures belong to, as (name, value)."""
    source = str(bench.settings.source)
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
    ]


def memory_at_hand(bench):
    """What the host could not take back, and whether it had."""
    size, page_us = bench.held
    return ("memory at hand", "%.1f GiB of it kept from a host that may take back what is free; "
            "to get it took %.1f µs a page" % (size / 2**30, page_us))


def used_by_others(bench):
    return ("used by others", "at most %.0f %% of the processors, between the sections" %
            bench.busy_most)


#
# Tables.
#


def table(head, lines, others="--:"):
    rule = ["---"] + [others] * (len(head) - 1)
    return "".join("| %s |\n" % " | ".join(cells) for cells in [head, rule, *lines])


def spread(values, form):
    """Median (least to greatest)."""
    if not values:
        return "–"
    middle = median(values)
    if len(values) == 1:
        return form % middle
    return "%s (%s to %s)" % (form % middle, form % min(values), form % max(values))


def thousands(values):
    return re.sub(r"\d+", lambda match: format(int(match.group(0)), ","), spread(values, "%.0f"))


def target_text(lines):
    return "\n## Targets\n\n" + table(
        ["target", "measured", "by server time, or what it is", ""],
        [[line.text, line.measured, line.also, line.verdict] for line in lines], "---")


def section_text(section, body):
    note = section.note + "\n\n" if section.note else ""
    title = section.title[0].upper() + section.title[1:]
    return "\n## %s\n\n%s%s" % (title, note, body)

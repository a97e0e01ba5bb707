#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fill the tables of docs/CONFIGURATION.md from lib/apply/schema.def.

The manual's sentences are written by hand; its tables of keys are made, so that
they cannot disagree with the reader. Each stands between two remarks:

    <!-- keys: QUEUE --> ... <!-- end -->

A test runs this with --check, which also fails when a section of the schema has no
table.

usage: manual.py [--check] ROOT
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end -->)", re.S)
UNITS = (("d", 86400000), ("h", 3600000), ("m", 60000), ("s", 1000), ("ms", 1))

KINDS = {
    "BOOL": "true or false", "INTEGER": "number", "DURATION": "duration",
    "DURATION_LONG": "duration", "NAME": "name", "ZONE": "time zone", "LOST_RULE": "word",
    "LEVELS": "skills with levels 1 to 10", "LEVELS_OR_NONE": "skills with levels 0 to 10",
    "CHOICES": "list of mappings", "SLOTS": "channels", "TIERS": "queues with tiers 0 to 7",
    "TIER_WAITS": "tiers 1 to 7 with durations", "REQUIREMENT": "mapping", "NAMES": "list of names",
    "TENANTS": "mapping", "SKILLS": "list of names", "CHANNELS": "mapping", "PROFILES": "mapping",
    "TEAMS": "mapping", "QUEUES": "mapping", "AGENTS": "mapping", "REMOVE": "mapping",
    "DAEMON": "mapping",
}


def duration(ms):
    text = ""
    for unit, size in UNITS:
        if ms >= size:
            text += "%d%s" % (ms // size, unit)
            ms %= size
    return text or "0s"


def rows(root):
    text = re.sub(r"/\*.*?\*/", "", (root / "lib/apply/schema.def").read_text(), flags=re.S)
    for arguments in re.findall(r"^KEY\((.*)\)$", text, re.M):
        row = [part.strip().strip('"') for part in re.findall(r'\s*"[^"]*"|[^,]+', arguments)]
        section, key, kind, _target, preset, least, most, sentence = row
        yield section, key, kind, preset, int(least), int(most), sentence


def table(root, section):
    lines = ["| key | value | default | range | what |", "| --- | --- | --- | --- | --- |"]
    for owner, key, kind, preset, least, most, sentence in rows(root):
        if owner != section:
            continue
        span = ""
        if most and kind in ("DURATION", "DURATION_LONG", "TIER_WAITS"):
            span = "%s to %s" % (duration(least), duration(most))
        elif most and kind in ("INTEGER", "TIERS"):
            span = "%d to %d" % (least, most)
        lines.append("| `%s` | %s | %s | %s | %s |" % (
            key, KINDS[kind], "`%s`" % preset if preset != "-" else "", span, sentence))
    return "\n".join(lines) + "\n"


def main():
    check = sys.argv[1] == "--check"
    root = pathlib.Path(sys.argv[-1])
    path = root / "docs/CONFIGURATION.md"
    text = path.read_text()
    missing = {row[0] for row in rows(root)} - {found[1] for found in BLOCK.findall(text)}
    if missing:
        sys.stderr.write("%s has no table for %s\n" % (path, ", ".join(sorted(missing))))
        return 1
    filled = BLOCK.sub(lambda found: found.group(1) + table(root, found.group(2)) + found.group(3),
                       text)
    if not check:
        path.write_text(filled)
    elif filled != text:
        sys.stderr.write("%s is not what lib/apply/manual.py makes; run it\n" % path)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The table of queue_log names is whole, and the document tells it.

Goal    All 28 names are in clients/cli/queue_log.def; each says which event it
        comes from, or why it does not occur; docs/QUEUE_LOG.md has the same rows;
        every reason that can end something is mapped, and no other.
Oracle  The names of the format as queue_log_reader.py has them; events.def and
        reasons.def of the core.

usage: queue_log_table.py ROOT
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
import queue_log_reader as reader
from harness import check

# Reasons that end neither a contact nor an offer.
NO_END = {"NONE", "SUBMITTED", "RETURNED", "GATEWAY_BACK", "PAIRS_FULL", "MISSED_OFFERS",
          "NEXT_STATE", "LOGGED_OUT", "WRAP_UP_EXPIRED", "WRAP_UP_ENDED", "RECONFIGURED",
          "SALVAGED", "LEASE_EXPIRED", "DISCONNECTED"}


def names_of(path, macro):
    return re.findall(r"^%s\((\w+)," % macro, path.read_text(), re.M)


def rows_of(document):
    """The cells of the table between its marks."""
    table = document[document.index("<!-- table: names -->"):]
    rows = []
    for line in table[:table.index("<!-- end -->")].splitlines():
        cells = [cell.strip().replace("\\|", "|").strip("`")
                 for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and re.fullmatch("[A-Z]+", cells[0]):
            rows.append(tuple(cells))
    return rows


def main():
    root = pathlib.Path(sys.argv[1])
    text = (root / "clients/cli/queue_log.def").read_text()
    lines = re.findall(r'^LINE\((\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)$', text, re.M)
    check(len(lines) == 28, "%d names instead of 28", len(lines))
    check({line[0] for line in lines} == set(reader.FIELDS), "other names: %s",
          {line[0] for line in lines} ^ set(reader.FIELDS))
    for name, parameters, _source, why in lines:
        count = len(parameters.split("|")) if parameters else 0
        check(count >= reader.FIELDS[name] - 1, "%s has too few parameters", name)
        check(why or not parameters, "%s says nothing", name)
    events = set(names_of(root / "lib/acd/events.def", "EVENT"))
    for name, _parameters, source, why in lines:
        check(source or why, "%s: neither an event nor a reason", name)
        for word in re.findall(r"\b[A-Z]+_[A-Z_]+\b", source):
            check(word in events, "%s comes from %s, which is no event", name, word)

    rows = rows_of((root / "docs/QUEUE_LOG.md").read_text())
    check(rows == [tuple(line) for line in lines],
          "docs/QUEUE_LOG.md has other rows than clients/cli/queue_log.def: %s",
          [pair for pair in zip(rows, lines) if pair[0] != tuple(pair[1])] or len(rows))

    ends = names_of(root / "clients/cli/queue_log.def", "END")
    reasons = names_of(root / "lib/acd/reasons.def", "REASON")
    check(len(set(ends)) == len(ends), "a reason is mapped twice")
    check(set(ends) == set(reasons) - NO_END, "reasons not mapped, or not there: %s",
          set(ends) ^ (set(reasons) - NO_END))
    print("28 names, %d of them occur" % sum(bool(line[2]) for line in lines))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/PROTOCOL.md are made from the tables of the code.

Each stands between "<!-- table: NAME -->" and "<!-- end -->". As a test this
says which of them is not what the code says; with --update it writes them.

usage: protocol_tables.py [--update] ROOT
"""

import pathlib
import re
import sys

DOCUMENT = "docs/PROTOCOL.md"

# An argument of a table row: a string, or anything without a comma.
ARGUMENT = re.compile(r'\s*("(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*|[^,"]*)\s*(?:,|$)')


def rows(root, path, macro):
    """The arguments of each MACRO(...) in a .def file; strings without quotes."""
    text = re.sub(r"/\*.*?\*/", "", (root / path).read_text(encoding="utf-8"), flags=re.S)
    for line in re.findall(r"^%s\((.*?)\)$" % macro, text, flags=re.M | re.S):
        arguments = [a.strip() for a in ARGUMENT.findall(line.replace("\n", " "))]
        while arguments and arguments[-1] == "" and not line.rstrip().endswith(","):
            arguments.pop()
        yield ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', a)) if a.startswith('"') else a
               for a in arguments]


def cell(text):
    return text.replace("|", "\\|")


def table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for line in lines:
        yield "| " + " | ".join(cell(part) for part in line) + " |"


def results(root):
    return table(("number", "result", "", "meaning", "try"),
                 ((number, name, kind.lower(), text,
                   "" if not remedy else ", ".join("`%s`" % c.strip() for c in remedy.split(";")))
                  for name, number, kind, text, remedy in
                  ((r + [""])[:5] for r in rows(root, "lib/acd/results.def", "RESULT"))))


def reasons(root):
    return table(("number", "reason", "meaning"),
                 ((number, name, text) for name, number, text in
                  ((r + [""])[:3] for r in rows(root, "lib/acd/reasons.def", "REASON"))
                  if number != "0"))


def events(root):
    return table(("number", "event", "what it carries beside contact, agent, queue, assignment"),
                 ((number, name, text) for name, number, text in
                  ((r + [""])[:3] for r in rows(root, "lib/acd/events.def", "EVENT"))))


ROLES = {"ANYBODY": "all", "NOBODY": ""}


def kinds(root):
    def lines():
        for name, number, direction, roles, _, message, answer, text in (
                (r + [""])[:8] for r in rows(root, "lib/wire/kinds.def", "KIND")):
            yield (number, name, direction.lower(), ROLES.get(roles, roles.replace(" | ", " ")),
                   "`%s`" % message, "" if answer == "NONE" else answer, text)
    return table(("number", "kind", "", "who", "message", "answer", "what"), lines())


TABLES = {"results": results, "reasons": reasons, "events": events, "kinds": kinds}


def main():
    update = "--update" in sys.argv
    root = pathlib.Path(sys.argv[-1])
    document = (root / DOCUMENT).read_text(encoding="utf-8")
    wrong = []
    for name, make in TABLES.items():
        made = "\n".join(make(root))
        pattern = re.compile(r"(<!-- table: %s -->\n)(.*?)(<!-- end -->)" % name, re.S)
        found = pattern.search(document)
        if found is None:
            sys.exit("%s: no place for the table %s" % (DOCUMENT, name))
        if len(made.splitlines()) < 10:
            sys.exit("%s: hardly any rows: has the .def file another form now?" % name)
        if found.group(2) != made + "\n":
            wrong.append(name)
            document = pattern.sub(lambda m, t=made: m.group(1) + t + "\n" + m.group(3), document)
    if update:
        (root / DOCUMENT).write_text(document, encoding="utf-8")
    elif wrong:
        sys.exit("%s: out of date: %s; run tests/unit/wire/protocol_tables.py --update ." %
                 (DOCUMENT, ", ".join(wrong)))
    print("%d tables, %s" % (len(TABLES), "written" if update else "as the code says"))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/EVENTS.md against what events are.

Its tables of what events carry and which follows which are counted over random
histories by the program "facts"; they stand between "<!-- table: NAME -->" and
"<!-- end -->". As a test this counts a few histories: whatever they show must be in
the tables, and hardly a row of the tables may remain unseen. With --update it counts
many and writes the tables. Besides: each kind has a section and no other has one; fields,
constants and messages that the text names are in the schema; its examples are messages of it.
Faults are planted in the document as well, and each must be found.

usage: events_doc.py [--update] FACTS ROOT
"""

import collections
import importlib
import pathlib
import re
import subprocess
import sys
import tempfile

from google.protobuf import text_format

DOCUMENT = "docs/EVENTS.md"
FEW = ("--seeds", "40", "--steps", "3000")
MANY = ("--seeds", "200", "--steps", "3000")
UNSEEN_PERCENT = 12
ANY = "any"
ANY_COUNT = 15  # so many reasons: the command's, whatever it was
SUBJECTS = ("contact", "assignment", "agent", "gateway")
STATE_ENUM = (("CONTACT", "ContactState"), ("OFFER", "AssignmentState"),
              ("WRAP_UP", "AssignmentState"), ("ASSIGNMENT", "AssignmentState"),
              ("AGENT", "Presence"), ("GATEWAY", "GatewayState"))
# Small words in backquotes that are no fields.
WORDS = {"batch", "resync", "login", "missed", "pairs", "epoch-sequence"}


class Facts:
    """What was counted."""

    def __init__(self, program, options):
        self.event = {}
        self.field = collections.defaultdict(dict)
        self.reason = collections.defaultdict(set)
        self.state = collections.defaultdict(set)
        self.next = collections.defaultdict(lambda: collections.defaultdict(set))
        out = subprocess.run([program, *options], stdout=subprocess.PIPE, text=True, check=True)
        for line in out.stdout.splitlines():
            what, *words = line.split()
            getattr(self, "read_" + what)(*words)

    def read_event(self, kind, count):
        self.event[kind] = int(count)

    def read_field(self, kind, name, count):
        self.field[kind][name] = int(count)

    def read_reason(self, kind, reason, _):
        self.reason[kind].add(reason)

    def read_state(self, kind, state, _):
        self.state[kind].add(int(state))

    def read_next(self, subject, before, kind, _):
        self.next[subject][before].add(kind)


def schema(root, directory):
    proto = root / "proto"
    names = sorted(str(path.relative_to(proto)) for path in proto.glob("acd/v1/*.proto"))
    subprocess.run(["protoc", "-I%s" % proto, "--python_out=%s" % directory] + names, check=True)
    sys.path.insert(0, directory)
    return [importlib.import_module("acd.v1.%s_pb2" % pathlib.Path(name).stem) for name in names]


def state_name(modules, kind, number):
    enum = next(enum for start, enum in STATE_ENUM if kind.startswith(start))
    for module in modules:
        if hasattr(module, enum):
            name = getattr(module, enum).Name(number)
            return "–" if name.endswith("_UNSPECIFIED") else \
                re.sub(r"^(CONTACT_STATE|ASSIGNMENT_STATE|PRESENCE|GATEWAY_STATE)_", "", name)
    raise KeyError(enum)


def rows_of(facts, modules):
    """Table name: {row: [set, set ...]}; cells are sets of words."""
    order = list(facts.event)
    tables = {"fields": {}, "reasons": {}, "states": {}}
    for kind in order:
        count, fields = facts.event[kind], facts.field[kind]
        tables["fields"][kind] = [[name for name, n in fields.items() if n == count],
                                  [name for name, n in fields.items() if 0 < n < count]]
        reasons = facts.reason[kind]
        if reasons != {"NONE"}:
            tables["reasons"][kind] = [[ANY] if len(reasons) > ANY_COUNT and kind[:5] == "AGENT"
                                       else sorted(reasons)]
        if facts.state[kind] != {0}:
            tables["states"][kind] = [[state_name(modules, kind, number)
                                       for number in sorted(facts.state[kind])]]
    for subject in SUBJECTS:
        after = facts.next[subject]
        tables[subject] = {before: [[kind for kind in order if kind in after[before]]]
                           for before in ["-"] + order if before in after}
    return tables


HEADS = {"fields": ("event", "always set", "set when it applies, or is not 0"),
         "reasons": ("event", "reasons"), "states": ("event", "`state`")}


def write_table(name, rows):
    head = HEADS.get(name, ("event", "may be followed by"))
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row, cells in rows.items():
        marked = [", ".join("`%s`" % word if name == "fields" else word for word in cell)
                  for cell in cells]
        yield "| " + " | ".join([row] + marked) + " |"


def read_table(text, name):
    found = re.search(r"<!-- table: %s -->\n(.*?)<!-- end -->" % name, text, re.S)
    if found is None:
        sys.exit("%s: no place for the table %s" % (DOCUMENT, name))
    rows = {}
    for line in found.group(1).splitlines()[2:]:
        row, *cells = [part.strip() for part in line.strip("|").split("|")]
        rows[row] = [[word.strip(" `") for word in cell.split(",") if word.strip()]
                     for cell in cells]
    return rows


def update(path, text, tables):
    for name, rows in tables.items():
        body = "\n".join(write_table(name, rows))
        text = re.sub(r"(<!-- table: %s -->\n).*?(<!-- end -->)" % name,
                      lambda found, body=body: found.group(1) + body + "\n" + found.group(2), text,
                      flags=re.S)
    path.write_text(text, encoding="utf-8")


def check_fields(facts, rows):
    for kind, count in facts.event.items():
        always, may = rows.get(kind, [[], []])
        for name, number in facts.field[kind].items():
            if name in always and number != count:
                yield "%s: %s is not set in %d of %d" % (kind, name, count - number, count)
            if number != 0 and name not in always + may:
                yield "%s: %s is set in %d of %d, and not in the table" % (kind, name, number,
                                                                           count)


def check_rows(name, seen, rows):
    """What was seen is in the table, and most of the table was seen."""
    total = missing = 0
    for row, cells in rows.items():
        total += len(cells[0])
        missing += sum(word not in seen.get(row, [[]])[0] for word in cells[0])
    for row, cells in seen.items():
        known = rows.get(row, [[]])[0]
        for word in cells[0]:
            if word not in known and ANY not in known:
                yield "table %s: %s of %s was seen, and is not in it" % (name, word, row)
    if missing * 100 > total * UNSEEN_PERCENT:
        yield "table %s: %d of %d were never seen; are they still so?" % (name, missing, total)


def check_sections(text, root):
    kinds = dict(re.findall(r"^EVENT\((\w+), (\d+),",
                            (root / "lib/acd/events.def").read_text(encoding="utf-8"), re.M))
    sections = dict(re.findall(r"^### (\w+) \((\d+)\)$", text, re.M))
    for name in sorted(set(kinds) | set(sections)):
        if kinds.get(name) != sections.get(name):
            yield "%s: number %s in lib/acd/events.def, %s in a heading" % (
                name, kinds.get(name), sections.get(name))


def check_names(text, modules):
    """Fields, messages and constants in backquotes are in the schema."""
    fields, others = set(WORDS), set()
    for module in modules:
        for message in module.DESCRIPTOR.message_types_by_name.values():
            others.add(message.name)
            fields.update(field.name for field in message.fields)
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            others.add(enum.name)
            others.update(value.name for value in enum.values)
    for word in re.findall(r"`([A-Za-z_]+)`", text):
        if word not in (fields if word.islower() else others):
            yield "`%s` is not in the schema" % word


def check_examples(text, modules):
    batch = next(module.EventBatch for module in modules if hasattr(module, "EventBatch"))
    examples = re.findall(r"```textproto\n(.*?)```", text, re.S)
    if not examples:
        yield "no example"
    for example in examples:
        try:
            text_format.Parse(example, batch())
        except text_format.ParseError as error:
            yield "an example is no EventBatch: %s" % error


def faults_of(text, facts, tables, modules, root):
    faults = list(check_fields(facts, read_table(text, "fields")))
    for name, rows in tables.items():
        if name != "fields":
            faults += check_rows(name, rows, read_table(text, name))
    return faults + list(check_sections(text, root)) + list(check_names(text, modules)) + \
        list(check_examples(text, modules))


PLANTED = (
    ("| CONTACT_WITHHELD | `reason`, ", "| CONTACT_WITHHELD | "),
    ("| AGENT_LOST | `reason`, ", "| AGENT_LOST | `count`, `reason`, "),
    ("| CONTACT_SUBMITTED | CONTACT_QUEUED |", "| CONTACT_SUBMITTED | CONTACT_CLOSED |"),
    ("| GATEWAY_GONE | GONE |", "| GATEWAY_GONE | LOST |"),
    ("| CONTACT_WITHHELD | GATEWAY_LOST |", "| CONTACT_WITHHELD | RETURNED |"),
    ("### AGENT_BACK (46)", "### AGENT_BACK (47)"),
    ("### GATEWAY_LOST (51)", "### GATEWAY_FOUND (51)"),
    ("`wall_offset_ns`", "`wall_offset_ms`"),
    ("band: 16", "band: red"),
)


def plant(text, *rest):
    """Each of these must be found."""
    for right, wrong in PLANTED:
        if right not in text:
            yield "nowhere to plant a fault: %s" % right
        elif not faults_of(text.replace(right, wrong), *rest):
            yield "a planted fault was not found: %s" % wrong


def main():
    is_update = "--update" in sys.argv
    program, root = sys.argv[-2], pathlib.Path(sys.argv[-1])
    path = root / DOCUMENT
    text = path.read_text(encoding="utf-8")
    facts = Facts(program, MANY if is_update else FEW)
    with tempfile.TemporaryDirectory() as directory:
        modules = schema(root, directory)
        tables = rows_of(facts, modules)
        if is_update:
            update(path, text, tables)
            return 0
        wrong = ["%s was never seen" % kind for kind, count in facts.event.items() if count == 0]
        wrong += faults_of(text, facts, tables, modules, root)
        wrong += plant(text, facts, tables, modules, root)
    for line in wrong:
        print("%s: %s" % (DOCUMENT, line))
    print("%d events of %d kinds, %d faults" % (sum(facts.event.values()), len(facts.event),
                                                len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the protocol that a machine can check.

  - No message contains itself, however far down: decoders would recurse.
  - No "optional": the C generator of Debian refuses it; a oneof of one does it.
  - The zero of every enum ends in _UNSPECIFIED: it is what "not said" decodes to.
  - Every message, field and enum is explained: the files are the manual.
  - Numbers are for ever. numbers.lock lists each with its name and type; one that
    disappears must be reserved, and none may come back as something else.

usage: proto_lint.py PROTO_DIR          check PROTO_DIR/acd/v1/*.proto
       proto_lint.py --update PROTO_DIR  check, and add what is new to numbers.lock
       proto_lint.py --selftest
"""

import glob
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

LEDGER = "acd/v1/numbers.lock"
LEDGER_HEAD = """# SPDX-License-Identifier: Apache-2.0
# Every number of the protocol that was ever given out, with its name and type.
# Lines are only added: tests/tidy/proto_lint.py --update proto
"""
FIELD = descriptor_pb2.FieldDescriptorProto
# Path elements of source locations (descriptor.proto's own field numbers).
FILE_MESSAGE, FILE_ENUM, MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, ENUM_VALUE = 4, 5, 2, 3, 4, 2
MESSAGE_ONEOF = 8


class Lint:
    """One run over one directory of .proto files."""

    def __init__(self, root):
        self.root = root
        self.violations = []
        self.contains = {}   # message -> messages it has fields of
        self.where = {}      # message -> (file, line)
        self.numbers = {}    # (kind, scope, number) -> (name, type)
        self.reserved = []   # (kind, scope, first, last)
        self.locations = {}

    def complain(self, file, line, message):
        self.violations.append("%s:%d: [proto] %s" % (file, line, message))

    def load(self):
        """The descriptors of all files, or None when protoc refuses them."""
        names = sorted(os.path.relpath(path, self.root)
                       for path in glob.glob(os.path.join(self.root, "acd/v1/*.proto")))
        with tempfile.NamedTemporaryFile() as out:
            run = subprocess.run(
                ["protoc", "-I", self.root, "--include_source_info",
                 "--descriptor_set_out=" + out.name] + names,
                capture_output=True, text=True, check=False)
            if run.returncode != 0:
                self.complain(LEDGER, 1, "protoc refuses: " + run.stderr.strip())
                return []
            return [file for file in descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
                    if file.name in names]

    def run(self):
        for file in self.load():
            self.locations = {tuple(at.path): at for at in file.source_code_info.location}
            if file.syntax != "proto3":
                self.complain(file.name, 1, "not proto3; say syntax = \"proto3\"")
            for i, message in enumerate(file.message_type):
                self.message(file, message, "." + file.package, (FILE_MESSAGE, i))
            for i, enum in enumerate(file.enum_type):
                self.enum(file, enum, "." + file.package, (FILE_ENUM, i))
        self.recursion()
        return self.violations

    def line(self, path):
        return self.locations[path].span[0] + 1 if path in self.locations else 1

    def explained(self, *paths):
        return any(path in self.locations and
                   (self.locations[path].leading_comments.strip() or
                    self.locations[path].trailing_comments.strip()) for path in paths)

    def need_comment(self, file, what, name, *paths):
        if not self.explained(*paths):
            self.complain(file.name, self.line(paths[0]), "%s %s is not explained; comment on "
                          "units, range and what its absence means" % (what, name))

    def message(self, file, message, scope, path):
        name = scope + "." + message.name
        self.where[name] = (file.name, self.line(path))
        self.contains[name] = set()
        self.need_comment(file, "message", message.name, path)
        for i, field in enumerate(message.field):
            self.field(file, message, name, field, path + (MESSAGE_FIELD, i))
        for taken in message.reserved_range:
            self.reserved.append(("field", name, taken.start, taken.end - 1))
        for i, nested in enumerate(message.nested_type):
            self.message(file, nested, name, path + (MESSAGE_NESTED, i))
        for i, enum in enumerate(message.enum_type):
            self.enum(file, enum, name, path + (MESSAGE_ENUM, i))

    def field(self, file, message, scope, field, path):
        comments = [path]
        if field.HasField("oneof_index"):
            comments.append(path[:-2] + (MESSAGE_ONEOF, field.oneof_index))
        self.need_comment(file, "field", message.name + "." + field.name, *comments)
        if field.proto3_optional:
            self.complain(file.name, self.line(path), "%s.%s is optional; use a oneof of one" % (
                message.name, field.name))
        if field.type in (FIELD.TYPE_MESSAGE, FIELD.TYPE_GROUP):
            self.contains[scope].add(field.type_name)
        kind = field.type_name or FIELD.Type.Name(field.type)[len("TYPE_"):].lower()
        if field.label == FIELD.LABEL_REPEATED:
            kind = "repeated " + kind
        self.numbers["field", scope, field.number] = (field.name, kind, file.name, self.line(path))

    def enum(self, file, enum, scope, path):
        name = scope + "." + enum.name
        self.need_comment(file, "enum", enum.name, path)
        for i, value in enumerate(enum.value):
            at = path + (ENUM_VALUE, i)
            if value.number == 0 and not value.name.endswith("_UNSPECIFIED"):
                self.complain(file.name, self.line(at), "%s is zero; name it ..._UNSPECIFIED" %
                              value.name)
            self.numbers["value", name, value.number] = (value.name, "-", file.name,
                                                         self.line(at))
        for taken in enum.reserved_range:
            self.reserved.append(("value", name, taken.start, taken.end))

    def recursion(self):
        """Complain of each message that can be reached from itself."""
        for start in sorted(self.contains):
            seen = set()
            todo = set(self.contains[start])
            while todo:
                name = todo.pop()
                seen.add(name)
                todo |= self.contains.get(name, set()) - seen
            if start in seen:
                self.complain(*self.where[start], "%s contains itself; refer by id instead" %
                              start[1:])

    def is_reserved(self, kind, scope, number):
        return any((kind, scope) == entry[:2] and entry[2] <= number <= entry[3]
                   for entry in self.reserved)

    def ledger(self):
        """Complain of numbers that vanished or changed. Returns the new lines."""
        known = read_ledger(os.path.join(self.root, LEDGER))
        for key, (line, name, kind) in known.items():
            now = self.numbers.get(key)
            if now is None and not self.is_reserved(*key):
                self.complain(LEDGER, line, "%s %d of %s is gone; write \"reserved %d;\" there" % (
                    name, key[2], key[1][1:], key[2]))
            elif now is not None and now[:2] != (name, kind):
                self.complain(now[2], now[3], "%d of %s was %s %s; give %s a number of its own" % (
                    key[2], key[1][1:], kind, name, now[0]))
        return sorted("%s %s %d %s %s" % (key + value[:2])
                      for key, value in self.numbers.items() if key not in known)


def read_ledger(path):
    """(kind, scope, number) -> (line, name, type)."""
    known = {}
    if not os.path.exists(path):
        return known
    with open(path, encoding="utf-8") as ledger:
        for number, line in enumerate(ledger, 1):
            words = line.split(maxsplit=4)
            if words and words[0] != "#":
                known[words[0], words[1], int(words[2])] = (number, words[3], words[4].strip())
    return known


def write_ledger(path, new):
    known = read_ledger(path)
    lines = ["%s %s %d %s %s" % (key + value[1:]) for key, value in known.items()] + new
    lines.sort(key=lambda line: (line.split()[1], line.split()[0], int(line.split()[2])))
    with open(path, "w", encoding="utf-8") as ledger:
        ledger.write(LEDGER_HEAD + "".join(line + "\n" for line in lines))


def check(root, update):
    lint = Lint(root)
    lint.run()
    new = lint.ledger()
    if update and new:
        write_ledger(os.path.join(root, LEDGER), new)
    elif new:
        lint.complain(LEDGER, 1, "%d new number(s), first %s; run tests/tidy/proto_lint.py "
                      "--update proto" % (len(new), new[0]))
    return lint


CLEAN = """// SPDX-License-Identifier: Apache-2.0
syntax = "proto3";
package acd.v1;
// A kind.
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_A = 1; // The first.
  reserved 7;
}
// A thing.
message Thing {
  uint32 size = 1; // Bytes.
  Kind kind = 2; // What.
  // Absent: unknown.
  oneof has_age { uint32 age = 3; }
  reserved 9;
}
// Things.
message Things {
  repeated Thing item = 1; // At most 3.
}
"""

# What is replaced in CLEAN, by what, and a word of the complaint ("" = none).
# The ledger is made of CLEAN first.
CASES = [
    ("", "", ""),
    ("// Bytes.\n", "\n", "not explained"),
    ("// A thing.\n", "", "not explained"),
    ("// A kind.\n", "", "not explained"),
    ("  // Absent: unknown.\n", "", "not explained"),
    ("KIND_UNSPECIFIED", "KIND_NONE", "_UNSPECIFIED"),
    ("reserved 9;", "reserved 9; Things more = 4; // Loop.\n", "contains itself"),
    ("reserved 9;", "reserved 9; Thing self = 4; // Loop.\n", "contains itself"),
    ("reserved 9;", "reserved 9; optional bool is = 4; // Said.\n", "optional"),
    ("  uint32 size = 1; // Bytes.\n", "", "is gone"),
    ("  uint32 size = 1; // Bytes.\n", "reserved 1;", ""),
    ("uint32 size = 1;", "uint32 weight = 1;", "a number of its own"),
    ("uint32 size = 1;", "uint64 size = 1;", "a number of its own"),
    ("  KIND_A = 1; // The first.\n", "", "is gone"),
    ("  KIND_A = 1; // The first.\n  reserved 7;", "reserved 1, 7;", ""),
    ("KIND_A = 1;", "KIND_B = 1;", "a number of its own"),
    ("reserved 9;", "reserved 9; bool is = 5; // Said.\n", "new number"),
    ("proto3", "proto2", "proto"),
    ("uint32 size", "uint33 size", "protoc refuses"),
]


def selftest():
    for old, by, word in CASES:
        with tempfile.TemporaryDirectory() as root:
            folder = os.path.join(root, "acd/v1")
            os.makedirs(folder)
            path = os.path.join(folder, "a.proto")
            for text, update in ((CLEAN, True), (CLEAN.replace(old, by, 1) if old else CLEAN,
                                                 False)):
                with open(path, "w", encoding="utf-8") as out:
                    out.write(text)
                said = "\n".join(check(root, update).violations)
        if word not in said or (word == "") != (said == ""):
            sys.exit("selftest: %r -> %r: expected \"%s\" in \"%s\"" % (old, by, word, said))
    print("selftest: %d cases" % len(CASES))


def main():
    if sys.argv[1] == "--selftest":
        selftest()
        return 0
    update = sys.argv[1] == "--update"
    lint = check(sys.argv[2 if update else 1], update)
    for violation in lint.violations:
        print("proto/" + violation)
    if update:
        print("%s is up to date" % LEDGER)
    print("%d messages, %d numbers, %d violation(s)" % (
        len(lint.contains), len(lint.numbers), len(lint.violations)))
    return 1 if lint.violations else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the public headers that restate the protocol: acdclient_numbers.h,
acdclient_parts.h and acdclient_messages.h.

A program outside the tree must be able to use libacdclient with its headers
alone, so they may not include lib/wire. Written by hand they would be a second
home of some hundred facts; so they are made from the first one: names and order
of fields from lib/wire/messages.def, kinds from lib/wire/kinds.def, numbers
and every comment from proto/acd/v1. The headers are kept in the tree, for people
read them; a test runs this with --check, and clients/c/layout.c lets the
compiler prove that each struct is laid out like the one of lib/wire.

usage: protocol_header.py [--check] ROOT
"""

import pathlib
import re
import sys
import textwrap

PROTO_FILES = ("common", "session", "state", "gateway", "agent", "config", "operator", "event")
COLUMNS = 100
KEPT_FREE = re.compile(r"[\d, -]+(to \d+ )?are kept free")
FIRST_OF_SECOND_PART = "tenant_config"  # where the structs are parted, for the size of files

TEXT_TYPES = {
    "U32": "uint32_t", "U64": "uint64_t", "F64": "uint64_t", "S64": "int64_t", "BOOL": "bool",
    "TEXT": "struct acdclient_text", "BYTES": "struct acdclient_bytes",
    "HAS_U32": "uint32_t", "HAS_U64": "uint64_t", "HAS_TEXT": "struct acdclient_text",
    "HAS_BYTES": "struct acdclient_bytes", "REP_F64": "uint64_t", "REP_U32": "uint32_t",
    "REP_ENUM": "uint8_t", "REP_TEXT": "struct acdclient_text",
}


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Proto:
    """Comments and numbers of the schema."""

    def __init__(self, root):
        self.messages = {}  # name: (comment, {field: (type, comment)})
        self.enums = {}     # name: (comment, [(constant, number, comment)])
        for name in PROTO_FILES:
            self.read((root / "proto/acd/v1" / (name + ".proto")).read_text())

    def read(self, text):
        above, block, last = [], None, None
        for line in text.split("\n"):
            code, _, remark = line.partition("//")
            code, remark = code.strip(), remark.strip()
            opened = re.match(r"(message|enum) (\w+) \{$", code)
            if opened:
                kind, name = opened.groups()
                fields = {} if kind == "message" else []
                (self.messages if kind == "message" else self.enums)[name] = (
                    " ".join(above).strip(), fields)
                block, above, last = fields, [], None
            elif not code and "//" in line and block is None:
                above.append(remark)
            elif KEPT_FREE.match(remark):
                last = None
            elif not code and "//" in line and last is not None:
                self.extend(block, last, remark)
            elif not code:
                above = []
            elif code == "}" and not line.startswith(" "):
                block, above = None, []
            elif block is not None:
                last = self.field(block, code, remark) or last

    @staticmethod
    def extend(block, last, remark):
        if isinstance(block, dict):
            kind, comment = block[last]
            block[last] = (kind, comment + " " + remark)
        else:
            constant, number, comment = block[-1]
            block[-1] = (constant, number, comment + " " + remark)

    @staticmethod
    def field(block, code, remark):
        if isinstance(block, list):
            found = re.match(r"(\w+) = (\d+);", code)
            if found:
                block.append((found.group(1), int(found.group(2)), remark))
                return found.group(1)
            return None
        found = re.match(r"(?:repeated )?([\w.]+) (\w+) = \d+;", code)
        if found and found.group(1) != "oneof":
            block[found.group(2)] = (found.group(1), remark)
            return found.group(2)
        return None


def table(root, name, macros):
    """The rows MACRO(a, b, c) of a .def file, strings kept whole."""
    text = re.sub(r"/\*.*?\*/", "", (root / "lib/wire" / name).read_text(), flags=re.S)
    for macro, arguments in re.findall(r"^(%s)\((.*)\) ?$" % "|".join(macros), text, re.M):
        yield macro, [part.strip() for part in re.findall(r'\s*"[^"]*"|[^,]+', arguments)]


def comment_block(text, indent=""):
    """A comment above, wrapped."""
    if not text:
        return []
    lines = textwrap.wrap(text, COLUMNS - len(indent) - 6)
    if len(lines) == 1:
        return ["%s/* %s */" % (indent, lines[0])]
    return (["%s/* %s" % (indent, lines[0])] + ["%s * %s" % (indent, l) for l in lines[1:-1]] +
            ["%s * %s */" % (indent, lines[-1])])


def row(code, remark, indent="        "):
    """A line of code with its remark beside it, or above it when it is long."""
    line = indent + code
    if not remark:
        return [line]
    if len(line) + len(remark) + 7 <= COLUMNS:
        return ["%s /* %s */" % (line, remark)]
    return comment_block(remark, indent) + [line]


def escape(text):
    return text.replace("*/", "* /").strip()


def fields_of(proto, message, macro, arguments):
    """The lines of one field of a struct."""
    name = arguments[1] if len(arguments) > 1 else ""
    kind, remark = proto.messages[message][1].get(name, ("", ""))
    remark = escape(remark)
    if macro == "NONE":
        return ["        bool unused;"]
    if macro == "OUTCOME":
        return ["        struct acdclient_result result;"]
    if macro == "ENUM":
        return row("enum acdclient_%s %s;" % (snake(kind), name), remark)
    if macro == "SUB":
        return ["        bool has_%s;" % name] + row(
            "struct acdclient_%s %s;" % (arguments[2], name), remark)
    if macro.startswith("HAS_"):
        return ["        bool has_%s;" % name] + row("%s %s;" % (TEXT_TYPES[macro], name), remark)
    if macro == "REP_SUB":
        return ["        uint32_t %s_count;" % name] + row(
            "const struct acdclient_%s *%s;" % (arguments[2], name), remark)
    if macro == "REP_ENUM":
        remark = "enum acdclient_%s; %s" % (snake(kind), remark)
    if macro.startswith("REP_"):
        return ["        uint32_t %s_count;" % name] + row(
            "const %s *%s;" % (TEXT_TYPES[macro], name), remark)
    return row("%s %s;" % (TEXT_TYPES[macro], name), remark)


def event_remarks(root):
    """Comments of the event's fields: its struct is not the message of the schema."""
    text = (root / "lib/wire/event.def").read_text()
    return dict(re.findall(r"^\w+\(\d+, (\w+).*?\) /\* (.*) \*/$", text, re.M))


def event_struct(root):
    remarks = event_remarks(root)
    yield ""
    yield "/* What happened. Fields that do not apply are not set. */"
    yield "struct acdclient_event {"
    for macro, arguments in table(root, "event.def", ("ENUM",) + tuple(TEXT_TYPES)):
        name = arguments[1]
        code = "enum acdclient_%s %s;" % (arguments[2].split("acd_")[1], name) \
            if macro == "ENUM" else "%s %s;" % (TEXT_TYPES[macro], name)
        yield from row(code, remarks.get(name, ""))
    yield "};"


def structs(root, proto):
    macros = ("MESSAGE", "END", "CHOICE_BEGIN", "CHOICE_END", "CHOICE", "NONE", "ENUM", "SUB",
              "OUTCOME", "REP_SUB") + tuple(TEXT_TYPES)
    message = ""
    for macro, arguments in table(root, "messages.def", macros):
        if macro == "MESSAGE":
            message = arguments[1]
            yield ""
            yield from comment_block(escape(proto.messages[message][0]))
            yield "struct acdclient_%s {" % arguments[0]
        elif macro == "END":
            yield "};"
        elif macro == "CHOICE_BEGIN":
            yield "        enum acdclient_%s %s; /* which of these is given */" % (
                arguments[0], arguments[0])
            yield "        union {"
        elif macro == "CHOICE":
            yield "                struct acdclient_%s %s;" % (arguments[2], arguments[1])
        elif macro == "CHOICE_END":
            yield "        };"
        else:
            yield from fields_of(proto, message, macro, arguments)


def change_enum(root):
    """Which member of an Apply is given: the number of its field."""
    yield ""
    yield "/* Which change an APPLY asks for. */"
    yield "enum acdclient_change {"
    yield "        ACDCLIENT_CHANGE_NONE = 0,"
    for macro, arguments in table(root, "messages.def", ("CHOICE",)):
        yield "        ACDCLIENT_CHANGE_%s = %s," % (arguments[1].upper(), arguments[0])
    yield "};"


def numbers(root, proto):
    for name, (remark, constants) in proto.enums.items():
        yield ""
        yield from comment_block(escape(remark))
        yield "enum acdclient_%s {" % snake(name)
        for constant, number, text in constants:
            yield from row("ACDCLIENT_%s = %d," % (constant, number), escape(text))
        yield "};"
    yield from change_enum(root)
    yield ""
    yield from comment_block("What a message is. A request is answered exactly once: by the kind "
                             "named here, or by a RESULT that says why not. Pushes come unasked.")
    yield "enum acdclient_kind {"
    for _, row_ in table(root, "kinds.def", ("KIND",)):
        name, number, direction, _roles, _member, _type, answer, text = row_
        remark = text.strip('"')
        if direction == "REQUEST":
            remark = "%s%sanswer: %s" % (remark, "; " if remark else "", answer)
        yield from row("ACDCLIENT_%s = %s," % (name, number), remark)
    yield "};"


def message_union(root):
    yield ""
    yield "/* Events as they are pushed: read them with acdclient_events_open(). */"
    yield "struct acdclient_events {"
    yield "        uint64_t server_time_ns;"
    yield "        uint32_t subscription; /* as acdclient_subscribe() gave it */"
    yield from row("bool resync;", "events before these are lost to the reader: LIST anew")
    yield from row("uint64_t last_sequence;", "newest committed event of the tenant")
    yield "        struct acdclient_bytes batch;"
    yield "};"
    yield ""
    yield from comment_block("Any message: its kind says which member is in use. Correlation is "
                             "the library's own affair; session is a number that "
                             "acdclient_login() gave, 0 = the connection.")
    yield "struct acdclient_message {"
    yield "        uint16_t kind; /* enum acdclient_kind */"
    yield "        uint32_t correlation;"
    yield "        uint32_t session;"
    yield "        union {"
    for _, arguments in table(root, "kinds.def", ("BODY",)):
        yield "                struct acdclient_%s %s;" % (arguments[0], arguments[0])
    yield "        };"
    yield "};"


HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * %s
 *
 * Made by clients/c/protocol_header.py from proto/acd/v1 and lib/wire; do not
 * edit. docs/PROTOCOL.md tells the same for people. Included by acdclient.h.
 */

#include <stdbool.h>
#include <stdint.h>
"""

NUMBERS_HEAD = "acdclient_numbers.h - kinds, results, states and reasons, by number."
PARTS_HEAD = "acdclient_parts.h - messages as plain structs: sessions, contacts, agents."
MESSAGES_HEAD = "acdclient_messages.h - messages as plain structs: configuration, watching, any."

TEXT_STRUCTS = """
#include <acdclient_numbers.h>

/* Text, not terminated by a zero; an empty text may have a NULL address. */
struct acdclient_text {
        const char *at;
        uint32_t size;
};

struct acdclient_bytes {
        const uint8_t *at;
        uint32_t size;
};"""


def headers(root):
    proto = Proto(root)
    yield "acdclient_numbers.h", HEAD % NUMBERS_HEAD + "\n".join(numbers(root, proto)) + "\n"
    body = list(structs(root, proto)) + list(event_struct(root))
    part = body.index("struct acdclient_%s {" % FIRST_OF_SECOND_PART)
    while body[part] != "":
        part -= 1
    yield "acdclient_parts.h", HEAD % PARTS_HEAD + TEXT_STRUCTS + "\n" + "\n".join(
        body[:part]) + "\n"
    yield "acdclient_messages.h", HEAD % MESSAGES_HEAD + "\n#include <acdclient_parts.h>\n" + \
        "\n".join(body[part:] + list(message_union(root))) + "\n"


def main():
    check = sys.argv[1] == "--check"
    root = pathlib.Path(sys.argv[-1])
    bad = 0
    for name, text in headers(root):
        path = root / "clients/c" / name
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.stderr.write("%s is not what clients/c/protocol_header.py makes; run it\n" % path)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/asyncapi.yaml is an AsyncAPI document, and says what docs/REDIS.md and proto/ say.

The first is for AsyncAPI's own parser to judge (check.mjs; npm's registry is needed for it,
as package-lock.json has it). The second is compared here, in both directions: keys with their
types and writers, fields of requests, names of messages and options. Then the same is done with
faults planted: a check that never fails proves nothing.

usage: asyncapi.py ROOT
"""

import base64
import copy
import importlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml
from google.protobuf.message import DecodeError

HERE = pathlib.Path(__file__).resolve().parent


def key_rows(text):
    """The table of keys in REDIS.md: {key: (type, writer)}."""
    rows = re.findall(r"^\| `(acd:[^`]+)` \| (\w+) \| ([^|]+) \|", text, re.M)
    return {key: (kind, writer.strip()) for key, kind, writer in rows}


def request_fields(text):
    """The table of fields of a request: {field: is it needed}."""
    part = text[text.index("## Requests over Redis"):]
    return {name: needed == "yes" for name, needed in
            re.findall(r"^\| `(\w+)` \| (yes|no|[^|]+) \|", part[:part.index("An answer has")],
                       re.M)}


def walk(node, name):
    """All values of a member of that name, wherever it is."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from walk(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, name)


def check_channels(document, text):
    keys = key_rows(text)
    if len(keys) < 6:
        yield "REDIS.md has hardly any keys: has the table another form now?"
    told = {channel["x-redis"]["key"]: channel for channel in document["channels"].values()}
    for key in sorted(set(keys) | set(told)):
        if key not in keys or key not in told:
            yield "%s is in %s only" % (key, "REDIS.md" if key in keys else "asyncapi.yaml")
            continue
        redis = told[key]["x-redis"]
        if (redis["type"], redis["written-by"]) != keys[key]:
            yield "%s: %s by %s, REDIS.md says %s by %s" % (
                (key, redis["type"], redis["written-by"]) + keys[key])
        address = told[key]["address"]
        if re.sub(r"\{agent\}", "ID", re.sub(r"\{sender\}", "SENDER", address)).replace(
                "{{tenant}}", "{T}") != key:
            yield "%s: the address is %s" % (key, address)


def check_messages(document, text, types):
    messages = document["components"]["messages"]
    for name in walk(document, "x-protobuf"):
        if name not in types:
            yield "%s is not in proto/" % name
    for name, message in messages.items():
        if "x-proto-file" in message and message["name"] not in types:
            yield "%s: %s is not in proto/" % (name, message["name"])
        for field in message["payload"].get("properties", ()):
            if "`%s`" % field not in text:
                yield "%s: a field %s is not in REDIS.md" % (name, field)
    request = messages["request"]["payload"]
    told = {field: field in request["required"] for field in request["properties"]}
    want = {field: is_needed for field, is_needed in request_fields(text).items()}
    if told != want:
        yield "a request has %s, REDIS.md says %s" % (told, want)
    for option in set(re.findall(r"--redis-[\w-]+", json.dumps(document))):
        if option not in text:
            yield "%s is not in REDIS.md" % option
    for example in walk(messages, "examples"):
        for payload in walk(example, "payload"):
            for field, value in payload.items():
                yield from check_example(types[field[0].upper() + field[1:] if
                                               field != "batch" else "EventBatch"], value)


def check_example(kind, value):
    try:
        if not kind.FromString(base64.b64decode(value)).events:
            yield "an example without events"
    except (ValueError, DecodeError) as error:
        yield "an example is no %s: %s" % (kind.DESCRIPTOR.name, error)


def faults_of(document, text, types):
    return list(check_channels(document, text)) + list(check_messages(document, text, types))


def plant(document, text, types):
    """Each of these must be found."""
    def key(bad):
        bad["channels"]["dead"]["x-redis"]["key"] = "acd:{T}:deaf"

    def kind(bad):
        bad["channels"]["state"]["x-redis"]["type"] = "stream"

    def message(bad):
        bad["components"]["schemas"]["push"]["x-protobuf"] = "AgentPull"

    def field(bad):
        bad["components"]["messages"]["reply"]["payload"]["properties"]["unheard"] = {}

    def needed(bad):
        bad["components"]["messages"]["request"]["payload"]["required"].remove("kind")

    def option(bad):
        bad["channels"]["events"]["x-redis"]["retention"]["age"] = "--redis-retention-h"

    def example(bad):
        bad["components"]["messages"]["eventBatch"]["examples"][0]["payload"]["batch"] = "//8="

    for change in (key, kind, message, field, needed, option, example):
        bad = copy.deepcopy(document)
        change(bad)
        if not faults_of(bad, text, types):
            yield "a planted fault was not found: %s" % change.__name__


def schema(root, directory):
    """Messages of proto/ by name."""
    proto = root / "proto"
    names = sorted(str(path.relative_to(proto)) for path in proto.glob("acd/v1/*.proto"))
    subprocess.run(["protoc", "-I%s" % proto, "--python_out=%s" % directory] + names, check=True)
    sys.path.insert(0, directory)
    types = {}
    for name in names:
        module = importlib.import_module("acd.v1.%s_pb2" % pathlib.Path(name).stem)
        types.update({kind: getattr(module, kind) for kind in
                      module.DESCRIPTOR.message_types_by_name})
    return types


def parse(root, directory):
    """What AsyncAPI's parser finds."""
    for name in ("package.json", "package-lock.json", "check.mjs"):
        shutil.copy(HERE / name, directory)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                          cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("npm ci failed; it needs npm's registry (`npm config get registry`):\n%s%s" %
                 (done.stdout, done.stderr))
    for path, is_good in ((root / "docs/asyncapi.yaml", True), (HERE / "bad.yaml", False)):
        done = subprocess.run(["node", "check.mjs", str(path)], cwd=directory,
                              capture_output=True, text=True, check=False)
        if (done.returncode == 0) != is_good:
            yield "%s: the parser says %d:\n%s" % (path, done.returncode, done.stderr)


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    text = (root / "docs/REDIS.md").read_text(encoding="utf-8")
    document = yaml.safe_load((root / "docs/asyncapi.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as directory:
        types = schema(root, directory)
        faults = faults_of(document, text, types) + list(plant(document, text, types))
        faults += parse(root, directory)
    for fault in faults:
        print("docs/asyncapi.yaml: %s" % fault)
    print("%d channels, %d messages, %d faults" % (
        len(document["channels"]), len(document["components"]["messages"]), len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

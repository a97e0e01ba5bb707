#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every result of the table, as acdctl says it: the code, the sentence, the
field, the command to try, the exit code; as JSON too. And what acdctl says where
there is no answer, or a wrong command line.

The results come from a fake daemon, for not each can be had from a healthy one on
demand; results.py has those that can.

usage: words.py ACDCTL ROOT
"""

import pathlib
import re
import sys
import tempfile

from fake_daemon import FakeDaemon
from harness import (DONE, NO_DAEMON, NOT_ALLOWED, REFUSED, TIMEOUT, USAGE, Acdctl, check)

EXITS = {"OK": DONE, "DUPLICATE": DONE, "NOT_ALLOWED": NOT_ALLOWED, "TIMED_OUT": TIMEOUT}


def table(root):
    text = re.sub(r"/\*.*?\*/", "", (root / "lib/acd/results.def").read_text(), flags=re.S)
    for name, number, sentence, remedy in re.findall(
            r'^RESULT\((\w+), (\d+), \w+, "([^"]*)", "([^"]*)"\)', text, re.M):
        yield name, int(number), sentence, remedy


def check_result(program, directory, row):
    name, number, sentence, remedy = row
    fake = FakeDaemon("%s/%s" % (directory, name), code=number, field="client_key")
    acdctl = Acdctl(program, "unix:%s/%s" % (directory, name))
    code = EXITS.get(name, REFUSED)
    run = acdctl("cancel", "--key", "mail-4711").expect(code)
    if code != DONE:
        check(name in run.err and sentence in run.err, "code and sentence\n%s", run)
        check("(client_key)" in run.err, "the field at fault\n%s", run)
        wanted = remedy.replace("KEY", "mail-4711")
        check("try: %s\n" % wanted in run.err, "wanted to try %s\n%s", wanted, run)
        error = acdctl("cancel", "--key", "mail-4711", "--json")
        check(error.code == code and error.err == "", "one document alone\n%s", error)
        document = error.json()["error"]
        check(document["code"] == name and document["try"] == wanted and
              document["field"] == "client_key" and document["exit"] == code, "%s", error)
    fake.close()


def check_hello(program, directory):
    for code, wanted in ((18, NOT_ALLOWED), (13, REFUSED), (25, REFUSED)):
        fake = FakeDaemon("%s/hello%d" % (directory, code), hello_code=code)
        Acdctl(program, "unix:%s/hello%d" % (directory, code))("status").expect(wanted)
        fake.close()


def check_no_answer(program, directory):
    run = Acdctl(program, "unix:%s/nobody" % directory)("status").expect(NO_DAEMON)
    check("no daemon at unix:" in run.err, "%s", run)
    Acdctl(program, "tcp:127.0.0.1:1")("queues").expect(NO_DAEMON)
    fake = FakeDaemon("%s/silent" % directory, is_silent=True)
    run = Acdctl(program, "unix:%s/silent" % directory)("status", "--timeout", "200ms")
    run.expect(TIMEOUT)
    fake.close()
    fake = FakeDaemon("%s/closing" % directory, is_closing=True)
    Acdctl(program, "unix:%s/closing" % directory)("status").expect(NO_DAEMON)
    fake.close()


USAGES = [
    ([], "usage:"),
    (["statsu"], "did you mean `status`?"),
    (["xyzzy"], "no command `xyzzy`"),
    (["status", "--limts"], "did you mean `--limits`?"),
    (["status", "-l"], "options begin with --"),
    (["status", "--limits=1"], "takes no value"),
    (["status", "extra"], "does not take `extra`"),
    (["submit"], "needs QUEUE"),
    (["submit", "q", "--band"], "needs N"),
    (["submit", "q", "--band", "32"], "needs 0 to 31"),
    (["submit", "q", "--band", "1", "--band", "2"], "given twice"),
    (["submit", "q", "--credit", "20"], "needs a duration"),
    (["submit", "q", "--channel", "a b"], "needs a name"),
    (["submit", "q", "--key", ""], "1 to 64 bytes"),
    (["submit", "q", "--skill", "x"], "two words with ="),
    (["submit", "q", "--skill", "x=11"], "a level is 1 to 10"),
    (["cancel"], "a contact or --key"),
    (["cancel", "abc"], "`abc` is no contact"),
    (["cancel", "0000000000000", "--key", "k"], "a contact or --key"),
    (["contacts", "--state", "asleep"], "is no state"),
    (["agents", "--state", "asleep"], "is no presence"),
    (["agent", "anna"], "needs a terminal"),
    (["agent", "anna", "--auto", "--reject", "5"], "needs a share"),
    (["gateway"], "say --auto"),
    (["gateway", "--auto"], "`--mix QUEUE=WEIGHT` is needed"),
    (["gateway", "--auto", "--mix", "q=0"], "a weight is 1 to"),
    (["gateway", "--auto", "--rate", "2"], "needs a rate"),
    (["events", "--contact", "x"], "needs an id"),
    (["status", "--connect", "nowhere"], "is no address"),
    (["apply", "/nowhere/at/all"], "cannot be read"),
    (["help", "statsu"], "did you mean `status`?"),
]


def check_usage(program):
    acdctl = Acdctl(program, "unix:/nowhere")
    for arguments, words in USAGES:
        run = acdctl(*arguments)
        check(run.code == USAGE, "wanted exit 2\n%s", run)
        check(words in run.err + run.out, "wanted `%s`\n%s", words, run)
        if arguments:
            check("\ntry: acdctl help" in "\n" + run.err, "no command to try\n%s", run)
            check(acdctl(*arguments, "--json").code == USAGE, "--json changes the exit code")


def check_help(program, root):
    acdctl = Acdctl(program, "unix:/nowhere")
    overview = acdctl("help").expect(DONE).out
    check(len(overview.splitlines()) <= 24, "the overview is more than a screen\n%s", overview)
    check(max(len(line) for line in overview.splitlines()) <= 80, "wider than 80\n%s", overview)
    text = (root / "clients/cli/commands.def").read_text()
    for name, example in re.findall(r'^COMMAND\((\w+), .*"([^"]*)"\)$', text, re.M):
        out = acdctl("help", name).expect(DONE).out
        check(name in overview, "%s is not in the overview", name)
        check("example: " + example in out and example.startswith("acdctl " + name),
              "%s has no example\n%s", name, out)
        check(acdctl(name, "--help").out == out, "--help is not help %s", name)
    for arguments in (["version"], ["--version"]):
        check(re.match(r"acdctl \d+\.\d+\.\d+", acdctl(*arguments).expect(DONE).out), "version")
    check(acdctl("version", "--json").json()["protocol"] == 1, "version as JSON")


def check_files(program, root):
    """Every configuration that the documents show can be applied."""
    acdctl = Acdctl(program, "unix:/nowhere")
    for path in [root / "docs/CONFIGURATION.md", *sorted((root / "deploy").glob("*.yaml"))]:
        text = path.read_text()
        blocks = re.findall(r"```yaml\n(.*?)```", text, re.S) if path.suffix == ".md" else [text]
        check(blocks, "%s shows no configuration", path)
        for block in blocks:
            run = acdctl("apply", "-", "--dry-run", stdin=block).expect(DONE)
            check(run.err == "", "%s: %s", path, run)
    plan = acdctl("apply", "-", "--dry-run", "--json", stdin="skills: [a]\ndaemon: {x: 1}\n")
    check(plan.json()["dry_run"] and plan.json()["daemon_section_left_alone"], "%s", plan)
    bad = acdctl("apply", "-", "--json", stdin="queues: {q: {bnd: 1}}\n")
    check(bad.code == USAGE and bad.json()["problems"][0]["column"] == 14, "%s", bad)


def main():
    program, root = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="acdd-test-") as directory:
        rows = list(table(root))
        check(len(rows) >= 25, "the table of results is not read: %d rows", len(rows))
        for row in rows:
            check_result(program, directory, row)
        check_hello(program, directory)
        check_no_answer(program, directory)
    check_usage(program)
    check_help(program, root)
    check_files(program, root)
    print("%d results, %d wrong command lines" % (len(rows), len(USAGES)))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Would the tests notice? Changes the code in small ways and runs them.

Copies the tree, builds it once per job without sanitizers, and for each mutant
builds and runs the layer's fast tests one by one, those that killed before
first, until one fails; so most mutants cost one link and one test. A mutant that
does not compile does not count; one that hangs is killed. Equivalent ones are
listed, with the reason, in tests/mutation/equivalent.txt.

A test hangs by the processor time that it uses, so that a busy machine kills no
mutant; only one that waits for ever runs into the limit of the clock.

    python3 tests/mutation/mutate.py --sample 400 --seed 1 --report docs/MUTATION.md

A layer takes its time, so what came of each can be kept: with --keep FILE the
report has the layers of earlier runs too, each with the command that made it.

usage: mutate.py [--layers acd,wire,journal] [--sample N] [--seed N] [--jobs N]
                 [--only PATH_PART] [--list] [--keep FILE] [--report FILE]
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, namedtuple

import mutants

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
EQUIVALENT = os.path.join(ROOT, "tests/mutation/equivalent.txt")

# Which files a layer is, and which tests must notice: by meson's names of them.
Layer = namedtuple("Layer", "folder tests")
LAYERS = {
    "base": Layer("lib/base", r"base/.*|fuzz (id|name)"),
    "acd": Layer("lib/acd", r"(acd|core)/.*|scenarios|property"),
    "wire": Layer("lib/wire", r"wire/.*|fuzz (codec|frame)"),
    "journal": Layer("lib/journal", r"journal/.*|fuzz record"),
}
# What makes a failing test end at once: nobody reads its words here.
QUICK_ARGUMENTS = {"property": ["--failures", "1", "--no-shrink"]}
QUICK_ENVIRONMENT = {"CRITERION_FAIL_FAST": "1"}
# Past this many times its usual time, and so many seconds more, a test hangs.
PROCESSOR_FACTOR, PROCESSOR_SECONDS = 3, 5
CLOCK_FACTOR, CLOCK_SECONDS = 10, 120
MEMORY_MAX = 8 << 30

# Time is what it usually takes: of the processor, and by the clock.
Test = namedtuple("Test", "name command environment folder targets processor clock")
# What came of one layer: results are pairs of a mutant and its fate.
Outcome = namedtuple("Outcome", "layer command possible results")
KILLED, TIMEOUT, SURVIVED, STILLBORN, EXCUSED = "killed", "timeout", "survived", "stillborn", \
    "equivalent"


def run(test):
    """The exit code, or None when time ran out. Kills what it started."""
    processor = int(test.processor * PROCESSOR_FACTOR + PROCESSOR_SECONDS)

    def limit_process():
        resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with subprocess.Popen(test.command, cwd=test.folder, env=test.environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True, preexec_fn=limit_process) as process:
        try:
            code = process.wait(test.clock * CLOCK_FACTOR + CLOCK_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
    return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code


def processor_time():
    """What the children that are gone have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Tree:
    """A copy of the project with a build directory, in which mutants live."""

    def __init__(self, parent, number):
        self.root = os.path.join(parent, "tree%d" % number)
        self.build = os.path.join(parent, "build%d" % number)
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=lambda folder, names: [
            name for name in names if name in (".git", "__pycache__") or
            os.path.exists(os.path.join(folder, name, "meson-private")) or
            name.startswith("build")])
        subprocess.run(["meson", "setup", self.build, self.root, "--buildtype=plain",
                        "-Doptimization=1", "-Dwerror=false", "-Dwarning_level=0"],
                       check=True, stdout=subprocess.DEVNULL)

    def introspect(self, what):
        out = subprocess.run(["meson", "introspect", self.build, "--" + what],
                             capture_output=True, text=True, check=True)
        return json.loads(out.stdout)

    def ninja(self, targets):
        return subprocess.run(["ninja", "-C", self.build, "-j1"] + targets, check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def tests(self, pattern):
        """The tests whose names match, built, by name; not timed yet."""
        files = {target["id"]: [os.path.relpath(os.path.realpath(path),
                                                os.path.realpath(self.build))
                                for path in target["filename"]]
                 for target in self.introspect("targets")}
        found = {}
        for test in self.introspect("tests"):
            if not re.fullmatch(pattern, test["name"]):
                continue
            targets = [path for target in test["depends"] for path in files.get(target, [])]
            if self.ninja(targets) != 0:
                sys.exit("%s does not build" % test["name"])
            found[test["name"]] = Test(
                test["name"], test["cmd"] + QUICK_ARGUMENTS.get(test["name"], []),
                dict(os.environ, **test["env"], **QUICK_ENVIRONMENT),
                test.get("workdir") or self.build, targets, 600, 600)
        return found


def timed(test):
    """The test with its usual times; it must pass."""
    clock, processor = time.monotonic(), processor_time()
    if run(test) != 0:
        sys.exit("%s fails without any mutant" % test.name)
    return test._replace(processor=processor_time() - processor, clock=time.monotonic() - clock)


def tests_of(trees, pattern):
    """For each tree its tests, built side by side; one tree's are run, one by one."""
    with concurrent.futures.ThreadPoolExecutor(len(trees)) as pool:
        found = list(pool.map(lambda tree: tree.tests(pattern), trees))
    if not found[0]:
        sys.exit("no tests match %s" % pattern)
    first = sorted((timed(test) for test in found[0].values()), key=lambda test: test.processor)
    return [[tests[test.name]._replace(processor=test.processor, clock=test.clock)
             for test in first] for tests in found]


class Campaign:
    """All chosen mutants of one layer, on all trees."""

    def __init__(self, trees, layer, chosen):
        self.trees = trees
        self.layer = layer
        self.chosen = chosen
        self.excuses = read_excuses()
        self.tests = tests_of(trees, layer.tests)
        self.killers = Counter()
        self.lock = threading.Lock()
        self.free = list(range(len(trees)))
        self.results = []

    def judge(self, mutant):
        """What becomes of one mutant, and which test saw it."""
        if any(is_excused(mutant, excuse) for excuse in self.excuses):
            return EXCUSED, ""
        with self.lock:
            number = self.free.pop()
        tree = self.trees[number]
        path = os.path.join(tree.root, mutant.path)
        with open(path, encoding="utf-8") as source:
            whole = source.read()
        try:
            with open(path, "w", encoding="utf-8") as source:
                source.write(whole[:mutant.at] + mutant.text + whole[mutant.end:])
            return self.try_tests(tree, self.tests[number], mutant)
        finally:
            with open(path, "w", encoding="utf-8") as source:
                source.write(whole)
            with self.lock:
                self.free.append(number)

    def try_tests(self, tree, tests, mutant):
        for test in self.ordered(mutant.path, tests):
            if tree.ninja(test.targets) != 0:
                return STILLBORN, ""
            code = run(test)
            if code != 0:
                with self.lock:
                    self.killers[mutant.path, test.name] += 1
                    self.killers["", test.name] += 1
                return (TIMEOUT if code is None else KILLED), test.name
        return SURVIVED, ""

    def ordered(self, path, tests):
        """What killed most in this file, or else in this layer, for its time."""
        with self.lock:
            kills = Counter(self.killers)
        return sorted(tests, key=lambda test: -(
            kills[path, test.name] + 0.1 * kills["", test.name]) / (0.1 + test.processor))

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(len(self.trees)) as pool:
            for mutant, (fate, test) in zip(self.chosen, pool.map(self.judge, self.chosen)):
                self.results.append((mutant, fate))
                print("%4d/%d %-9s %s:%d %s %s" % (
                    len(self.results), len(self.chosen), fate, mutant.path, mutant.line,
                    mutant.what, "(%s)" % test if test else ""), flush=True)
        return self.results


def read_excuses():
    """(path, source line, what was changed) of mutants that change nothing."""
    with open(EQUIVALENT, encoding="utf-8") as lines:
        text = "".join(line for line in lines if not line.startswith("#"))
    excuses = set()
    for entry in text.strip().split("\n\n"):
        path, source, what, *reason = entry.strip().split("\n")
        if not reason:
            sys.exit("equivalent.txt: no reason is given for %s | %s" % (path, source))
        excuses.add((path, source, what))
    return excuses


def is_excused(mutant, excuse):
    """An excuse with a star in its path is a pattern, in its source line too."""
    if "*" not in excuse[0]:
        return excuse == (mutant.path, mutant.source, mutant.what)
    return mutant.what == excuse[2] and fnmatch.fnmatchcase(mutant.path, excuse[0]) and (
        fnmatch.fnmatchcase(mutant.source, excuse[1]))


def all_mutants(folder, only):
    found = []
    for name in sorted(os.listdir(os.path.join(ROOT, folder))):
        path = os.path.join(folder, name)
        if name.endswith((".c", ".h")) and only in path:
            with open(os.path.join(ROOT, path), encoding="utf-8") as source:
                found += mutants.mutants_of(path, source.read())
    return found


def score(results):
    counts = Counter(fate for _, fate in results)
    judged = counts[KILLED] + counts[TIMEOUT] + counts[SURVIVED]
    share = 100.0 * (judged - counts[SURVIVED]) / judged if judged else 100.0
    return counts, judged, share


HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Mutation run

Would the tests notice? Small changes of the code (a relation swapped, a bound off by one, a call or
an assignment left out, a condition always true), each built and run against the fast tests of its
layer. Made by

%s
A mutant that no longer compiles does not count; those that change nothing one could observe are
excused, with the reason, in `tests/mutation/equivalent.txt`. Hanging counts as noticed.

| layer | possible | drawn | judged | noticed | by hanging | survived | excused | share |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
"""


def write_report(path, outcomes):
    commands = dict.fromkeys(outcome.command for outcome in outcomes)
    with open(path, "w", encoding="utf-8") as out:
        out.write(HEAD % "".join("    %s\n" % command for command in commands))
        for name, _, possible, results in outcomes:
            counts, judged, share = score(results)
            out.write("| `%s` | %d | %d | %d | %d | %d | %d | %d | %.1f %% |\n" % (
                LAYERS[name].folder, possible, len(results), judged,
                counts[KILLED] + counts[TIMEOUT], counts[TIMEOUT], counts[SURVIVED],
                counts[EXCUSED], share))
        for name, _, _, results in outcomes:
            survivors = [mutant for mutant, fate in results if fate == SURVIVED]
            out.write("\n## Survivors in %s\n\n" % LAYERS[name].folder)
            out.write("None.\n" if not survivors else "")
            for mutant in sorted(survivors):
                out.write("- `%s:%d` %s: `%s`\n" % (mutant.path, mutant.line, mutant.what,
                                                    mutant.source.replace("`", "'")))


def read_kept(path):
    """Outcomes of earlier runs, by layer."""
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as kept:
        outcomes = [Outcome(*fields) for fields in json.load(kept)]
    return {outcome.layer: outcome._replace(
        results=[(mutants.Mutant(*mutant), fate) for mutant, fate in outcome.results])
        for outcome in outcomes}


def keep(path, outcomes):
    if path:
        with open(path, "w", encoding="utf-8") as kept:
            json.dump(list(outcomes.values()), kept)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--layers", default="acd,wire,journal")
    parser.add_argument("--sample", type=int, default=0, help="mutants per layer; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--keep", help="keep what comes of the layers in this file")
    parser.add_argument("--report", help="write the outcome to this file")
    return parser.parse_args()


def command_of(options):
    return "python3 %s --layers %s --sample %d --seed %d" % (
        os.path.relpath(__file__, ROOT), options.layers, options.sample, options.seed) + (
            " --only " + options.only if options.only else "")


def main():
    options = parse_arguments()
    outcomes = read_kept(options.keep)
    with tempfile.TemporaryDirectory(prefix="acdd-mutation-") as parent:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            count = 0 if options.list else options.jobs
            trees = list(pool.map(lambda i: Tree(parent, i), range(count)))
        for name in options.layers.split(","):
            possible = all_mutants(LAYERS[name].folder, options.only)
            chosen = possible
            if 0 < options.sample < len(possible):
                chosen = sorted(random.Random(options.seed).sample(possible, options.sample))
            if options.list:
                for mutant in chosen:
                    print("%s:%d %s: %s" % (mutant.path, mutant.line, mutant.what, mutant.source))
                continue
            outcomes[name] = Outcome(name, command_of(options), len(possible),
                                     Campaign(trees, LAYERS[name], chosen).run())
            keep(options.keep, outcomes)
    ordered = [outcomes[name] for name in LAYERS if name in outcomes]
    for name, _, possible, results in ordered:
        counts, judged, share = score(results)
        print("%s: %d of %d possible, %d judged, %d survived, %.1f %% noticed" % (
            name, len(results), possible, judged, counts[SURVIVED], share))
    if options.report:
        write_report(options.report, ordered)
    return 0


if __name__ == "__main__":
    sys.exit(main())

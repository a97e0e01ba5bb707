#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a step of each kind costs, in instructions, against what it cost before.

Builds bench/core/kinds.c and the core, and bench/core/kinds_bytes.c with what reads and
writes frames, events and records besides, with flags of its own, whatever the build
directory is configured for, runs both under callgrind and takes, for each function
step_..., what was collected in it divided by its calls. The result must not be more
than five per cent above bench/baseline.json; what is cheaper by as much is named, so
that the baseline follows. Whether the cost is the same with few and many contacts
and agents is tested with every compiler; numbers hold for one only, which the
baseline names. Another compiler is told so, and only flatness is tested there.

usage: baseline.py [--update | --selftest] [--compiler CC] [--work DIR]

  --update        write the counts found as the baseline of this compiler; say why in
                  the commit
  --compiler CC   cc
  --work DIR      for objects and callgrind's files; a temporary one
"""

import argparse
import concurrent.futures
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BASELINE = os.path.join(ROOT, "bench", "baseline.json")
GROWTH_PERCENT_MAX = 5
SPREAD_PERCENT_MAX = 10

# As the project is built (meson.build), but for warnings; part of the baseline.
FLAGS = ["-std=gnu11", "-O2", "-D_GNU_SOURCE", "-fno-delete-null-pointer-checks",
         "-fno-strict-overflow", "-fno-strict-aliasing", "-fstack-protector-strong",
         "-fstack-clash-protection", "-fcf-protection=full", "-ftrivial-auto-var-init=zero",
         "-fno-omit-frame-pointer", "-fPIE"]

# The memory functions of the C library come in variants for processors: always the
# plainest one, so that the machine does not count.
PLAIN_LIBRARY = "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX2_Usable,-ERMS,-FSRM,-AVX,-SSSE3"

SMALL = ["--waiting", "1000", "--agents", "100", "--rounds", "200"]
LARGE = ["--waiting", "30000", "--agents", "3000", "--rounds", "200"]


def fail(text):
    print(f"baseline: {text}", file=sys.stderr)
    sys.exit(1)


def compiler_name(compiler):
    """"gcc 12.2.0 x86_64": what instruction counts depend on."""
    out = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    first = out.splitlines()[0]
    version = re.search(r"\d+\.\d+\.\d+", first)
    family = "clang" if "clang" in first else "gcc"
    return f"{family} {version.group(0) if version else '?'} {platform.machine()}"


def flags_of(compiler, work):
    """Those of FLAGS that the compiler knows."""
    probe = os.path.join(work, "probe.c")
    with open(probe, "w", encoding="ascii") as file:
        file.write("int main(void) { return 0; }\n")
    known = []
    for flag in FLAGS:
        command = [compiler, "-Werror", flag, "-c", probe, "-o", os.path.join(work, "probe.o")]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            known.append(flag)
    return known


def library(folder, *but):
    """Sources of a library, without those whose names begin so."""
    return [path for path in glob.glob(os.path.join(ROOT, "lib", folder, "*.c"))
            if not os.path.basename(path).startswith(but)]


def bench(*names):
    return [os.path.join(ROOT, "bench", "core", name) for name in names]


def core_sources():
    """The core, what it stands on, and the program; the checksum is not the core's."""
    return library("acd") + library("base", "crc32c") + bench("kinds.c", "world.c")


def bytes_sources(work):
    """The same with messages, events and records; the messages as protoc-c makes them."""
    proto = os.path.join(ROOT, "proto")
    files = [os.path.relpath(path, proto)
             for path in sorted(glob.glob(os.path.join(proto, "acd", "v1", "*.proto")))]
    subprocess.run(["protoc-c", "-I" + proto, "--c_out=" + work, *files], check=True)
    other = "crc32c_" + ("other" if platform.machine() == "x86_64" else "x86")
    made = glob.glob(os.path.join(work, "acd", "v1", "*.pb-c.c"))
    return (library("acd") + library("base", other) + library("wire") + made + [
        os.path.join(ROOT, "lib", "journal", "record.c")] + bench("kinds_bytes.c", "world.c"))


def build(compiler, flags, work, programs):
    """Programs, {name: sources}, linked of objects that are each made once; their paths."""
    include = ["-I" + os.path.join(ROOT, "lib"), "-I" + ROOT, "-isystem", work]

    def object_of(source):
        top = work if source.startswith(work) else ROOT
        return os.path.join(work, os.path.relpath(source, top).replace(os.sep, "_") + ".o")

    def compile_one(source):
        # What protoc-c makes is its own business.
        quiet = ["-w"] if source.startswith(work) else []
        subprocess.run([compiler, *flags, *quiet, *include, "-c", source, "-o", object_of(source)],
                       check=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(compile_one, sorted(set().union(*programs.values()))))
    for name, sources in programs.items():
        subprocess.run([compiler, "-pie", "-o", os.path.join(work, name),
                        *map(object_of, sorted(sources)), "-lprotobuf-c"], check=True)
    return [os.path.join(work, name) for name in programs]


def read_callgrind(path):
    """Instructions for a call of each function step_...: {name: number}."""
    names, calls, cost = {}, {}, {}
    called, count = None, 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            named = re.match(r"c?fn=\((\d+)\)(?: (\S+))?", line)
            if named:
                if named.group(2):
                    names[named.group(1)] = named.group(2)
                if line.startswith("cfn="):
                    called = names[named.group(1)]
            elif line.startswith("calls="):
                count = int(line[6:].split()[0])
            elif count:
                kind = re.match(r"step_(\w+)", called)
                if kind:
                    calls[kind.group(1)] = calls.get(kind.group(1), 0) + count
                    cost[kind.group(1)] = cost.get(kind.group(1), 0) + int(line.split()[1])
                count = 0
    return {kind: round(cost[kind] / calls[kind], 1) for kind in sorted(cost)}


def count(program, arguments, work):
    out = os.path.join(work, "callgrind.out")
    environment = dict(os.environ, GLIBC_TUNABLES=PLAIN_LIBRARY)
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program, *arguments],
        capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        fail(f"{os.path.basename(program)} under callgrind ended with {done.returncode}:\n"
             f"{done.stderr}")
    counts = read_callgrind(out)
    if not counts:
        fail("callgrind saw no step_... function")
    return counts, re.findall(r"digest (?:of bytes )?\S+", done.stdout)


def check_flat(small, large):
    """The same cost with many contacts and agents as with few."""
    failed = 0
    for kind in small:
        percent = (large[kind] / small[kind] - 1) * 100
        if abs(percent) > SPREAD_PERCENT_MAX:
            print(f"NOT FLAT {kind}: {small[kind]} instructions with 1,000 waiting and 100 agents, "
                  f"{large[kind]} with 30,000 and 3,000 ({percent:+.1f} %)")
            failed = 1
    return failed


def compare(counts, digests, old):
    failed = 0
    for kind in sorted(set(counts) | set(old["instructions"])):
        now, before = counts.get(kind), old["instructions"].get(kind)
        if now is None or before is None:
            print(f"CHANGED  {kind}: {'gone' if now is None else 'not in the baseline'}")
            failed = 1
            continue
        percent = (now / before - 1) * 100
        mark = ""
        if percent > GROWTH_PERCENT_MAX:
            mark, failed = "  GREW: bench/baseline.py --update, and say why in the commit", 1
        elif percent < -GROWTH_PERCENT_MAX:
            mark = "  cheaper: bench/baseline.py --update keeps it"
        print(f"{kind:27} {before:9.1f} -> {now:9.1f} {percent:+6.1f} %{mark}")
    if digests != old["digests"]:
        print("CHANGED  the state or the bytes at the end are others: other steps were counted")
        failed = 1
    return failed


def selftest():
    """Each thing that has to fail does, and nothing else."""
    old = {"instructions": {"accept": 100.0, "submit": 200.0}, "digests": ["digest 1"]}
    cases = [
        ({"accept": 104.0, "submit": 200.0}, ["digest 1"], 0),
        ({"accept": 106.0, "submit": 200.0}, ["digest 1"], 1),
        ({"accept": 50.0, "submit": 200.0}, ["digest 1"], 0),
        ({"accept": 100.0}, ["digest 1"], 1),
        ({"accept": 100.0, "submit": 200.0, "reject": 1.0}, ["digest 1"], 1),
        ({"accept": 100.0, "submit": 200.0}, ["digest 2"], 1),
    ]
    failures = sum(compare(counts, digests, old) != wanted for counts, digests, wanted in cases)
    failures += check_flat({"accept": 100.0}, {"accept": 109.0}) != 0
    failures += check_flat({"accept": 100.0}, {"accept": 111.0}) != 1
    print(f"{len(cases) + 2} cases, {failures} failures")
    return 1 if failures else 0


def load():
    if not os.path.exists(BASELINE):
        return {}
    with open(BASELINE, encoding="ascii") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--compiler", default=os.environ.get("CC", "cc"))
    parser.add_argument("--work")
    parser.add_argument("--selftest", action="store_true")
    options = parser.parse_args()

    if options.selftest:
        return selftest()
    if shutil.which("valgrind") is None:
        fail("needs valgrind (deploy/packages.sh)")
    name = compiler_name(options.compiler)
    baseline = load()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or temporary
        os.makedirs(work, exist_ok=True)
        flags = flags_of(options.compiler, work)
        core, in_bytes = build(options.compiler, flags, work, {
            "kinds": core_sources(), "kinds_bytes": bytes_sources(work)})
        counts, digests = count(core, SMALL, work)
        large, _ = count(core, LARGE, work)
        more, digest = count(in_bytes, [], work)

    failed = check_flat(counts, large)
    counts |= more
    digests += digest
    if options.update:
        baseline[name] = {"flags": flags, "digests": digests, "instructions": counts}
        with open(BASELINE, "w", encoding="ascii") as file:
            json.dump(baseline, file, indent=2, sort_keys=True)
            file.write("\n")
        print(f"bench/baseline.json: {len(counts)} kinds for {name}")
        return failed
    old = baseline.get(name)
    if old is None:
        print(f"no baseline for this compiler ({name}); there is one for: "
              f"{', '.join(sorted(baseline)) or 'none'}. Only flatness was tested.")
        # What is computed is the same with every compiler.
        return failed | any(digests != entry["digests"] for entry in baseline.values())
    if old["flags"] != flags:
        fail("the baseline was made with other flags: --update")
    return failed | compare(counts, digests, old)


if __name__ == "__main__":
    sys.exit(main())

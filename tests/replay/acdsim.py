# SPDX-License-Identifier: Apache-2.0
"""acdsim as a user runs it.

    acdsim.py ACDSIM

Goal    The generated day ends clean and repeats with its seed; its records can be
        read back; settings do something; wrong usage is told with exit code 2 and
        unreadable files with 1.
Oracle  Exit codes, the referee's counts, and sums that must hold.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile

FAULTS = []
# Others read these: no more, no less.
KEYS = {"calls", "answered", "abandoned", "mean_wait_s", "within_20s"}


def run(*args):
    """Exit code, stdout, stderr."""
    done = subprocess.run([sys.argv[1], *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def expect(what, condition):
    """Note a fault unless @condition."""
    if not condition:
        FAULTS.append(what)


def day(*args):
    """A run's JSON; it must be clean."""
    code, out, err = run("--json", *args)
    expect(f"{args}: exit code {code} {err}", code == 0)
    result = json.loads(out)
    simulated = result["simulated"]
    expect(f"{args}: {sorted(simulated)}", set(simulated) == KEYS | {"order_breaks"})
    expect(f"{args}: recorded", result["recorded"] is None or set(result["recorded"]) == KEYS)
    expect(f"{args}: {simulated}",
           simulated["calls"] == simulated["answered"] + simulated["abandoned"])
    expect(f"{args}: {result['checks']}",
           sum(count for name, count in result["checks"].items() if name != "ended") == 0)
    expect(f"{args}: order breaks", simulated["order_breaks"] == 0)
    expect(f"{args}: ended", result["checks"]["ended"] == simulated["calls"])
    expect(f"{args}: queues",
           sum(queue["simulated"]["calls"] for queue in result["queues"]) == simulated["calls"])
    return result


def generated_days():
    """The same seed is the same day; settings change it as they should."""
    first = day("--seed", "7")
    expect("a generated day has no record", first["recorded"] is None)
    expect("a seed repeats", day("--seed", "7") == first)
    expect("another seed differs", day("--seed", "8") != first)
    wait = first["simulated"]["mean_wait_s"]
    expect("more agents, less wait",
           day("--seed", "7", "--agents", "28")["simulated"]["mean_wait_s"] < wait)
    expect("longer talk, more wait",
           day("--seed", "7", "--service", "260")["simulated"]["mean_wait_s"] > wait)
    expect("longer wrap-up, more wait",
           day("--seed", "7", "--wrap-up", "60")["simulated"]["mean_wait_s"] > wait)


def records(directory):
    """What was simulated, written and read back, is what is recorded."""
    path = os.path.join(directory, "day.tsv.gz")
    made = day("--seed", "3", "--write", path)["simulated"]
    back = day(path)
    expect("written and read", back["recorded"]["answered"] == made["answered"] and
           back["recorded"]["abandoned"] == made["abandoned"])
    expect("waits written and read",
           abs(back["recorded"]["mean_wait_s"] - made["mean_wait_s"]) < 1)
    one = day(path, "--date", "990103")
    expect("the one day is all", one["simulated"] == back["simulated"])
    fixed = day(path, "--wrap-up", "200")
    expect("--wrap-up does something",
           fixed["simulated"]["mean_wait_s"] > back["simulated"]["mean_wait_s"])
    expect("--break does something",
           day(path, "--break", "30")["plan"]["spans"] > back["plan"]["spans"])
    with open(os.path.join(directory, "bad.tsv"), "w", encoding="ascii") as bad:
        bad.write("vru+line\tcall_id\nnonsense\n")
    code, _, err = run(os.path.join(directory, "bad.tsv"))
    expect(f"nonsense: {code} {err}", code == 1 and "line 2" in err)
    with gzip.open(path, "rt", encoding="ascii") as good:
        rows = good.readlines()
    mixed = os.path.join(directory, "mixed.tsv")
    with open(mixed, "w", encoding="ascii") as out:
        out.writelines(rows[:100] + ["AA0101\t1\n", rows[100].replace("990103", "990199"),
                                     rows[101].replace("AGENT", "ANGEL")] + rows[102:])
    code, text, err = run(mixed, "--json")
    expect("malformed rows are counted", json.loads(text)["plan"]["malformed"] == 3)
    expect("malformed rows are told", code == 0 and "line 101" in err and "line 103" in err)
    expect("malformed rows are left out",
           json.loads(text)["simulated"]["calls"] == back["simulated"]["calls"] - 2)
    expect("no file", run(os.path.join(directory, "none"))[0] == 1)
    code, _, err = run(path, "--date", "990104")
    expect(f"no such day: {code} {err}", code == 1 and "from 990103 to 990103" in err)


def usage():
    """What is not an option is told."""
    for args in (["--nonsense"], ["--date", "x"], ["--date", "19990104"], ["--break", "-1"],
                 ["--skill-share", "200%"], ["--seed", "x"], ["--calls", "0"], ["a", "b"],
                 ["--load"]):
        expect(f"usage {args}", run(*args)[0] == 2)
    code, out, _ = run("--help")
    expect("--help", code == 0 and "--wrap-up" in out)
    expect("an endless queue", run("--erlang-c", "--load", "1.2", "--calls", "10000")[0] == 2)


def main():
    """0 when there is no fault."""
    generated_days()
    with tempfile.TemporaryDirectory() as directory:
        records(directory)
    usage()
    for fault in FAULTS:
        print(fault)
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())

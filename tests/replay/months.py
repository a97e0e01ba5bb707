# SPDX-License-Identifier: Apache-2.0
"""Real months through acdsim, when the files are there.

    months.py ACDSIM

The files are looked for in $ACD_BANK_DATA, else in ../shared/data/bank beside the
source tree. They are not part of it; without them this says so and passes.

Goal    With its defaults acdsim comes within 15 % of the recorded mean wait and
        within 20 % of the recorded abandonment, and the referee finds nothing.
Oracle  The records themselves: counts are made again here, from the rows.
"""

import gzip
import json
import os
import subprocess
import sys
import time

WAIT_TOLERANCE = 0.15
ABANDONED_TOLERANCE = 0.20
SECONDS_MAX = 60


def directory():
    """Where the files are."""
    here = os.path.dirname(os.path.abspath(__file__))
    beside = os.path.join(here, "..", "..", "..", "shared", "data", "bank")
    return os.environ.get("ACD_BANK_DATA", beside)


def recount(path):
    """Answered, abandoned, sum of waits and waits within 20 s, from the rows."""
    answered = abandoned = waited = within = 0
    with gzip.open(path, "rt", encoding="latin-1") as rows:
        next(rows)
        for row in rows:
            field = row.rstrip("\n").split("\t")
            if field[12] == "AGENT":
                answered += 1
                waited += int(field[11])
                within += int(field[11]) <= 20
            elif field[12] == "HANG" and field[9] != "0:00:00":
                abandoned += 1
    return answered, abandoned, waited / answered, within / answered


def check(acdsim, path):
    """The faults of one month, as sentences."""
    begin = time.monotonic()
    run = subprocess.run([acdsim, path, "--json"], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begin
    if run.returncode != 0:
        return [f"exit code {run.returncode}: {run.stderr}"]
    out = json.loads(run.stdout)
    simulated, recorded = out["simulated"], out["recorded"]
    answered, abandoned, wait, within = recount(path)
    faults = []
    if (recorded["answered"], recorded["abandoned"]) != (answered, abandoned):
        faults.append(f"recorded {recorded}, counted {answered} answered, {abandoned} abandoned")
    if abs(recorded["mean_wait_s"] - wait) > 0.01 or abs(recorded["within_20s"] - within) > 1e-4:
        faults.append(f"recorded {recorded}, counted wait {wait:.3f}, within {within:.4f}")
    if simulated["calls"] != simulated["answered"] + simulated["abandoned"]:
        faults.append(f"calls do not add up: {simulated}")
    if simulated["order_breaks"] != 0 or out["checks"]["idle_breaks"] != 0:
        faults.append(f"the referee: {out['checks']}")
    wait_off = simulated["mean_wait_s"] / recorded["mean_wait_s"] - 1
    abandoned_off = simulated["abandoned"] / recorded["abandoned"] - 1
    if abs(wait_off) > WAIT_TOLERANCE or abs(abandoned_off) > ABANDONED_TOLERANCE:
        faults.append("too far from the record")
    if seconds > SECONDS_MAX:
        faults.append(f"{seconds:.0f} s for a month")
    print(f"{os.path.basename(path)}: wait {simulated['mean_wait_s']:.1f} s, recorded "
          f"{recorded['mean_wait_s']:.1f} s ({wait_off:+.1%}); abandoned {simulated['abandoned']}, "
          f"recorded {recorded['abandoned']} ({abandoned_off:+.1%}); {seconds:.1f} s")
    return faults


def main():
    """0 when every file that is there is good."""
    acdsim = sys.argv[1]
    files = []
    if os.path.isdir(directory()):
        files = sorted(name for name in os.listdir(directory()) if name.endswith(".tsv.gz"))
    if not files:
        print(f"no call records in {directory()}: real months were not tested here")
        return 0
    faults = []
    for name in files:
        faults += [f"{name}: {fault}"
                   for fault in check(acdsim, os.path.join(directory(), name))]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

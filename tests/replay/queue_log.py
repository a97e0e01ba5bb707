# SPDX-License-Identifier: Apache-2.0
"""A queue_log, played again.

    queue_log.py ACDSIM

Goal    acdsim reads from a queue_log what happened, to the call and the second;
        played again, the day goes much as it went; what is no line is named, and
        nothing in a file can make more of it than bad lines.
Oracle  The generator of days (queue_log_day.py), which counts for itself while it
        plays by its own rules; the referee of acdsim.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from queue_log_day import AGENTS, Day

FAULTS = []
SEEDS = range(1, 9)
# Waits of answered calls were drawn once on each side: patience of who was answered, and
# wrap-up of who had nothing to do, are not in a file. Over the seeds that averages out.
ANSWERED_OFF, WAIT_OFF = 0.03, 0.35
ANSWERED_OFF_MEAN, WAIT_OFF_MEAN = 0.01, 0.15


def run(*args):
    """Exit code, stdout, stderr."""
    done = subprocess.run([sys.argv[1], *args], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def expect(what, condition):
    """Note a fault unless @condition."""
    if not condition:
        FAULTS.append(what)


def play(path, *args):
    """A clean run's JSON."""
    code, out, err = run("--queue-log", path, "--json", *args)
    expect(f"{path} {args}: exit code {code} {err} {out}", code == 0)
    result = json.loads(out) if out else None
    if result is not None:
        expect(f"{args}: {result['checks']}",
               sum(count for name, count in result["checks"].items() if name != "ended") == 0)
    return result


def write(directory, text, name="queue_log"):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return path


def days(directory):
    """What is recorded is what was counted; what is simulated is near to it."""
    answered_off, wait_off = [], []
    for seed in SEEDS:
        day = Day(seed)
        result = play(write(directory, day.text()))
        recorded, simulated = result["recorded"], result["simulated"]
        expect(f"seed {seed}: {recorded}", recorded["calls"] == simulated["calls"] == day.calls)
        expect(f"seed {seed}: answered {recorded}", recorded["answered"] == day.answered)
        expect(f"seed {seed}: left {recorded}",
               recorded["abandoned"] == day.abandoned + day.timed_out)
        expect(f"seed {seed}: wait {recorded}",
               abs(recorded["mean_wait_s"] - day.wait_sum / day.answered) < 1e-3)
        expect(f"seed {seed}: {result['plan']}", result["plan"]["agents"] == len(AGENTS) and
               result["plan"]["spans"] == day.shifts and result["plan"]["malformed"] == 0)
        answered_off.append(simulated["answered"] / day.answered - 1)
        wait_off.append(simulated["mean_wait_s"] / recorded["mean_wait_s"] - 1)
        expect(f"seed {seed}: {simulated} {recorded}", abs(answered_off[-1]) < ANSWERED_OFF and
               abs(wait_off[-1]) < WAIT_OFF)
    for name, off, most in (("answered", answered_off, ANSWERED_OFF_MEAN),
                            ("wait", wait_off, WAIT_OFF_MEAN)):
        expect(f"{name} off: {off}", abs(sum(off) / len(off)) < most)


def other_forms(directory):
    """Compressed, from Windows, of two days, and from a PBX that tells nothing of agents."""
    day = Day(3)
    plain = play(write(directory, day.text()))
    expect("compressed", play(write(directory, gzip.compress(day.text().encode()))) == plain)
    expect("ends in CR LF", play(write(directory, day.text().replace("\n", "\r\n"))) == plain)
    quiet = "".join(line + "\n" for line in day.lines
                    if line.split("|")[4] not in ("ADDMEMBER", "REMOVEMEMBER", "PAUSE", "PAUSEALL",
                                                  "UNPAUSE", "UNPAUSEALL"))
    shown = play(write(directory, quiet))
    expect(f"inferred shifts: {shown['simulated']}", shown["simulated"]["calls"] == day.calls and
           abs(shown["simulated"]["answered"] / day.answered - 1) < 2 * ANSWERED_OFF)
    static = "".join(line + "\n" for line in day.lines
                     if line.split("|")[4] not in ("ADDMEMBER", "REMOVEMEMBER"))
    expect("static members", play(write(directory, static))["simulated"]["calls"] == day.calls)
    two = day.text() + Day(4, day.midnight + 86400).text().replace("176757", "276757")
    path = write(directory, two)
    expect("two days", play(path)["simulated"]["calls"] == day.calls + Day(4).calls)
    one = play(path, "--date", "260105")
    expect("one of them", one["simulated"]["calls"] == day.calls and
           one["recorded"] == plain["recorded"])
    code, _, err = run("--queue-log", path, "--date", "260107")
    expect(f"no such day: {code} {err}", code == 1 and "from 260105 to 260106" in err)


def cut(directory):
    """A file that begins and ends in the middle of calls has each call that it names."""
    day = Day(5)
    for begin, end in ((700, -1), (0, 2000), (1500, 2600)):
        lines = day.lines[begin:end]
        calls = {line.split("|")[1] for line in lines
                 if line.split("|")[4] in ("ENTERQUEUE", "CONNECT", "COMPLETEAGENT", "ABANDON",
                                           "COMPLETECALLER", "BLINDTRANSFER", "EXITWITHTIMEOUT")}
        result = play(write(directory, "\n".join(lines) + "\n"))
        expect(f"cut at {begin}: {result['simulated']['calls']} of {len(calls)}",
               result["simulated"]["calls"] == len(calls))


BAD = {
    "x" * 3000: "longer than 2,048 bytes",
    "1767571300|1.1|support|NONE\x01|ENTERQUEUE||0|1": "no text",
    "1767571300|1.1|support": "fewer than 5",
    "1767571300|1.1|support|NONE|ENTERQUEUE" + "|" * 20: "more than 16",
    "yesterday|1.1|support|NONE|ENTERQUEUE||0|1": "the time is not",
    "0|1.1|support|NONE|ENTERQUEUE||0|1": "the time is not",
    "99999999999999999999|1.1|support|NONE|ENTERQUEUE||0|1": "the time is not",
    "1900000000|1.1|support|NONE|ENTERQUEUE||0|1": "the time is not",
    "1767571300|1.1|support|NONE|enter queue||0|1": "the event is not",
    "1767571300|" + "1" * 64 + "|support|NONE|ENTERQUEUE||0|1": "the call id is not",
    "1767571300|NONE|support|NONE|ENTERQUEUE||0|1": "the call id is not",
    "1767571300|1.1|NONE|NONE|ENTERQUEUE||0|1": "the queue is not",
    "1767571300|1.1|" + "q" * 80 + "|NONE|ENTERQUEUE||0|1": "the queue is not",
    "1767571300|1.1|support|" + "a" * 80 + "|CONNECT|1|2|3": "the agent is not",
    "1767571300|NONE|NONE|NONE|PAUSEALL|": "the agent is not",
    "1767571300|1.1|support|SIP/101|CONNECT": "a parameter is missing",
    "1767571300|1.1|support|SIP/101|COMPLETEAGENT|1": "a parameter is missing",
    "1767571300|1.1|support|SIP/101|CONNECT|-1|2|3": "a parameter is missing",
    "1767571300|1.1|support|NONE|ABANDON|1|1|999999999": "a parameter is missing",
}


def bad_lines(directory):
    """Each is named by its number and reason, and changes nothing else."""
    day = Day(6)
    good = play(write(directory, day.text()))
    draw = random.Random(6)
    for line, reason in BAD.items():
        at = draw.randrange(1, len(day.lines))
        text = "\n".join(day.lines[:at] + [line] + day.lines[at:]) + "\n"
        code, out, err = run("--queue-log", write(directory, text), "--json")
        expect(f"{line[:60]}: {code} {err}", code == 0 and f"line {at + 1}: " in err and
               reason in err)
        result = json.loads(out)
        expect(f"{line[:60]}: {result['plan']}", result["plan"]["malformed"] == 1)
        expect(f"{line[:60]} changes something", result["simulated"] == good["simulated"])


def mangled(directory):
    """Bytes changed at random: whatever is left of the file is played cleanly."""
    day = Day(7)
    draw = random.Random(7)
    for share in (0.0001, 0.001, 0.01):
        text = bytearray(day.text().encode())
        for at in range(len(text)):
            if draw.random() < share:
                text[at] = draw.choice(b"|\n0 9A\x00\xff")
        code, out, err = run("--queue-log", write(directory, bytes(text)), "--json")
        expect(f"mangled {share}: {code} {err}", code == 0 and
               json.loads(out)["plan"]["malformed"] > 0)


def usage(directory):
    """What cannot be is told."""
    path = write(directory, Day(8).text())
    for args in (["--queue-log"], ["--queue-log", path, path],
                 ["--queue-log", path, "--write", path + ".tsv"]):
        expect(f"usage {args}", run(*args)[0] == 2)
    expect("no file", run("--queue-log", path + ".none")[0] == 1)
    for text in ("", "\n\n", "nothing\n", "1767571300|NONE|NONE|NONE|QUEUESTART|\n",
                 "1767571300|1.1|support|NONE|ENTERQUEUE||0|1\n"):
        code, _, err = run("--queue-log", write(directory, text))
        expect(f"{text!r}: {code} {err}", code == 1 and path in err)
    expect("--help", "--queue-log" in run("--help")[1])


def main():
    """0 when there is no fault."""
    with tempfile.TemporaryDirectory() as directory:
        for part in (days, other_forms, cut, bad_lines, mangled, usage):
            part(directory)
    for fault in FAULTS:
        print(fault)
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())

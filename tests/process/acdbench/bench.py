#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""acdbench on real daemons: what it says, what it finds, what it leaves behind.

usage: bench.py ACDD ACDBENCH ROOT CASE
"""

import json
import os
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))
from harness import check, die_with_parent  # noqa: E402

ACDD, ACDBENCH, ROOT = sys.argv[1:4]
SMALL = ["--agents", "16", "--in-flight", "32", "--timeout", "60", "--quiet"]
SHORT = SMALL + ["--warm-up", "0.1"]
DAEMON = ["--", "--disk-low-size", "0", "--disk-critical-size", "0"]
DEADLINE_S = 60
RESULT, OFFER = 6, 65


class Place:
    """A directory of the test's own, in which acdbench makes its own."""

    def __enter__(self):
        self.made = tempfile.TemporaryDirectory(prefix="acdbench-test-")
        self.path = pathlib.Path(self.made.name)
        return self

    def __exit__(self, *what):
        self.made.cleanup()

    def start(self, arguments):
        environment = dict(os.environ, TMPDIR=str(self.path))
        return subprocess.Popen([ACDBENCH] + arguments, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=environment,
                                preexec_fn=die_with_parent)

    def run(self, arguments, code):
        process = self.start(arguments)
        out, err = process.communicate(timeout=DEADLINE_S)
        check(process.returncode == code, "exit %d, not %d\n%s%s", process.returncode, code, out,
              err)
        return out, err

    def own(self, arguments, code=0, daemon=()):
        return self.run(["--daemon", ACDD] + arguments + DAEMON + list(daemon), code)

    def check_clean(self):
        left = list(self.path.glob("acdbench-*"))
        check(not left, "left behind: %s", left)


class Daemon:
    """One that acdbench did not start."""

    def __init__(self, place):
        self.socket = str(place.path / "acdd.sock")
        self.process = subprocess.Popen(
            [ACDD, "--data-dir", str(place.path / "data"), "--listen", "unix:" + self.socket]
            + DAEMON[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        self.connected().close()

    def connected(self):
        end = time.monotonic() + DEADLINE_S
        while True:
            peer = socket.socket(socket.AF_UNIX)
            try:
                peer.connect(self.socket)
                return peer
            except OSError:
                peer.close()
                check(time.monotonic() < end and self.process.poll() is None, "no daemon")
                select.select([], [], [], 0.01)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.kill()
        self.process.wait()


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.parent.name))
    return found


def wait_running(process, line):
    """Until acdbench has said @line on its stderr; its daemon's pid."""
    end = time.monotonic() + DEADLINE_S
    while line not in process.stderr.readline():
        check(time.monotonic() < end and process.poll() is None, "it does not run")
    found = children(process.pid)
    check(len(found) == 1, "one daemon, not %s", found)
    return found[0]


def keys_of(document, path=""):
    for key, value in document.items():
        yield path + key
        if isinstance(value, dict):
            yield from keys_of(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from keys_of(value[0])


def check_part(part, document):
    check(part["rate"] > 0 and part["life_cycles"] > 0, "no life cycles: %s", part)
    check(part["daemon_cpu_us"] > 0 and part["client_cpu_us"] > 0, "no processor time: %s", part)
    for name in ("submit_to_offer_us", "submit_to_ack_us"):
        row = [part[name][key] for key in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
        check(row == sorted(row) and row[0] > 0, "%s: %s", name, row)
    check(document["checks"]["failed"] == 0 and document["exit_code"] == 0, "%s", document)


def closed(place):
    """Closed loop with everything mixed; each key is in the manual."""
    out, _err = place.own(SHORT + [
        "--json", "--count", "3000", "--queues", "4", "--agent-skills", "2", "--mix",
        "q1=5,q2,q3,q4=2", "--channel", "chat=2,email=1,phone=1", "--band", "1=3,5=1", "--credit",
        "0=3,2000=1", "--attributes", "100", "--client-keys", "--customer-keys", "--waiting",
        "200", "--gateways", "2"])
    document = json.loads(out)
    manual = (pathlib.Path(ROOT) / "docs/man/acdbench.1").read_text().replace("\\-", "-")
    for key in keys_of(document):
        check(re.search(r"\b%s\b" % re.escape(key), manual), "the manual does not know %s", key)
    part = document["parts"][0]
    check_part(part, document)
    check(part["life_cycles"] >= 3000, "not so many: %s", part["life_cycles"])
    checks = document["checks"]
    check(checks["submitted"] == checks["completed"] and checks["events_missing"] == 0, "%s",
          checks)
    check(checks["events_checked"] > 6 * checks["completed"], "%s", checks)
    place.check_clean()


def open_(place):
    """Open loop over TCP, a connection for each agent; files for others."""
    hgrm, svg = place.path / "a.hgrm", place.path / "a.svg"
    out, _err = place.own(SHORT + [
        "--json", "--rate", "500", "--seconds", "1.2", "--desktops", "16", "--tcp", "--waiting",
        "500", "--handle", "exp:2", "--hgrm", str(hgrm), "--svg", str(svg)])
    document = json.loads(out)
    part = document["parts"][0]
    check_part(part, document)
    check(part["loop"] == "open" and part["rate_asked"] == 500, "%s", part)
    check(document["checks"]["cancelled"] == 500, "those who waited: %s", document["checks"])
    rows = [line.split() for line in hgrm.read_text().splitlines() if re.match(r" *\d", line)]
    values = [float(row[0]) for row in rows]
    check(values == sorted(values) and float(rows[-1][1]) == 1, "%s", rows[-1])
    check(int(rows[-1][2]) == part["submit_to_offer_us"]["count"], "%s", rows[-1])
    drawing = xml.etree.ElementTree.parse(svg).getroot()
    check(len(drawing.findall("{*}path[@class='line']")) == 2, "two lines")
    place.check_clean()


def sweep(place):
    svg = place.path / "a.svg"
    out, _err = place.own(SHORT + ["--json", "--sweep", "200,400", "--seconds", "0.5", "--svg",
                                   str(svg)])
    document = json.loads(out)
    check([part["rate_asked"] for part in document["parts"]] == [200, 400], "%s", document)
    for part in document["parts"]:
        check_part(part, document)
    drawing = xml.etree.ElementTree.parse(svg).getroot()
    check(len(drawing.findall("{*}circle")) == 8, "two points of four lines")


def running(place):
    """Twice against one daemon, the second time without setup; a file of arrivals."""
    arrivals = place.path / "arrivals"
    arrivals.write_text("".join("%g\n" % (i * 0.01) for i in range(100)))
    with Daemon(place) as daemon:
        for more in ([], ["--no-setup"]):
            out, _err = place.run(
                SMALL + ["--connect", "unix:" + daemon.socket, "--json", "--arrivals",
                         "file:%s" % arrivals, "--speed", "2"] + more, 0)
            document = json.loads(out)
            check_part(document["parts"][0], document)
            check(document["checks"]["submitted"] == 100, "%s", document["checks"])


def silent(place):
    """Nobody is lost for having nothing to say: leases far shorter than the run."""
    out, _err = place.own(SHORT + ["--json", "--rate", "5", "--seconds", "4", "--gateways", "2"],
                          0, ["--lease-ms", "1500", "--silence-ms", "2000"])
    check_part(json.loads(out)["parts"][0], json.loads(out))


def interrupted(place):
    """Ctrl-C ends the daemon and removes its directory."""
    process = place.start(["--daemon", ACDD, "--agents", "16", "--seconds", "3600"] + DAEMON)
    pid = wait_running(process, "   1 s ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE_S)
    check(process.returncode == 1 and "interrupted" in err, "%d: %s%s", process.returncode, out,
          err)
    check(not pathlib.Path("/proc/%d" % pid).exists(), "its daemon still runs")
    place.check_clean()


def unread(place):
    """Nobody reads what it says: it still cleans up."""
    process = place.start(["--daemon", ACDD] + SHORT + ["--seconds", "1"] + DAEMON)
    process.stdout.close()
    process.wait(timeout=DEADLINE_S)
    check(process.returncode >= 0, "killed by signal %d", -process.returncode)
    process.stderr.close()
    place.check_clean()


def killed(place):
    """The daemon dies in the middle: said so, and soon."""
    process = place.start(["--daemon", ACDD, "--agents", "16", "--seconds", "3600"] + DAEMON)
    os.kill(wait_running(process, "   1 s "), signal.SIGKILL)
    out, err = process.communicate(timeout=DEADLINE_S)
    check(process.returncode == 3, "exit %d: %s%s", process.returncode, out, err)
    check(re.search(r"the daemon is gone: (gateway|desktop) connection \d+: .*; \d+ life cycles "
                    r"were done, \d+ contacts were under way \(its process has ended\)", err),
          "%s", err)
    place.check_clean()


def core(place):
    """The core alone, which needs nothing: engines that do the same agree (exit 0), and a
    contact waits in 112 bytes."""
    first, second = (place.run(["core", "--smoke"], 0)[0] for _ in range(2))
    check(first == second, "not the same twice\n%s\n%s", first, second)
    check(re.search(r"^ +112\.0  contact_count_max", first, re.M), "%s", first)


def kept(place):
    """A directory that was given stays, with the journal and the log of the daemon."""
    given = place.path / "given"
    for _ in range(2):
        place.own(SHORT + ["--count", "50", "--data-dir", str(given)])
    check((given / "acdd.log").exists() and len(list(given.iterdir())) > 2, "%s",
          list(given.iterdir()))


def nobody_there(place):
    _out, err = place.run(["--connect", "unix:%s/nobody" % place.path], 3)
    check("no daemon at unix:" in err, "%s", err)
    _out, err = place.own(["--agents", "1", "--desktops", "1"], 3, ["--no-such-option"])
    check("the daemon does not start" in err and "no-such-option" in err, "%s", err)
    place.check_clean()


def usage(place):
    """What is wrong is said before anything is started, and what is not there by its name."""
    for arguments, text in ((["--mix", "q9=1"], 'no queue "q9"'),
                            (["--channel", "fax=1"], 'no channel "fax"'),
                            (["--arrivals", "file:/nothing/here"], "/nothing/here")):
        _out, err = place.own(SMALL + arguments, 2)
        check(text in err, "%s: %s", arguments, err)
    for arguments, text in (
            (["--agents", "none"], "--agents"), (["--rate", "0"], "--rate"),
            (["--nonsense"], "nonsense"), (["word"], "word"), (["--mix", "q1=0"], "--mix"),
            (["--queues", "8", "--agent-skills", "9"], "--agent-skills"),
            (["--desktops", "2000"], "--desktops"), (["--connect", "x", "--tcp"], "--tcp"),
            (["--arrivals", "burst:5"], "--rate"), (["--sweep", "1,x"], "--sweep"),
            (["--handle", "soon"], "--handle")):
        _out, err = place.run(arguments, 2)
        check(text in err, "%s: %s", arguments, err)
    out, _err = place.run(["--help"], 0)
    check("--in-flight N" in out, "%s", out)
    place.check_clean()


class Liar(threading.Thread):
    """Between the desktops and the daemon: passes everything on but the fiftieth frame
    of a kind, which comes @times."""

    def __init__(self, place, daemon, kind, times):
        super().__init__(daemon=True)
        self.kind, self.times = kind, times
        self.daemon_process = daemon
        self.path = str(place.path / ("liar%d.sock" % times))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.seen = 0
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            server = self.daemon_process.connected()
            threading.Thread(target=self.up, args=(client, server), daemon=True).start()
            threading.Thread(target=self.down, args=(client, server), daemon=True).start()

    @staticmethod
    def up(client, server):
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                data = b""
            if not data:
                server.close()
                return
            server.sendall(data)

    def down(self, client, server):
        rest = b""
        while True:
            try:
                data = server.recv(65536)
            except OSError:
                return
            if not data:
                client.close()
                return
            rest += data
            while len(rest) >= 16 and len(rest) >= 16 + struct.unpack_from("<I", rest)[0]:
                size = 16 + struct.unpack_from("<I", rest)[0]
                self.one(client, rest[:size])
                rest = rest[size:]

    def one(self, client, frame):
        self.seen += struct.unpack_from("<H", frame, 4)[0] == self.kind
        is_it = struct.unpack_from("<H", frame, 4)[0] == self.kind and self.seen == 50
        try:
            client.sendall(frame * (self.times if is_it else 1))
        except OSError:
            pass  # it has found out, and gone


def planted(place):
    """An offer that comes twice and an answer that never comes are found; the contact
    or the request is named."""
    with Daemon(place) as daemon:
        for kind, times, text in ((OFFER, 2, r"contact [0-9a-z]{13} was offered"),
                                  (RESULT, 0, r"an answer is missing: request \d+ of")):
            liar = Liar(place, daemon, kind, times)
            out, _err = place.run(
                SHORT + ["--connect", "unix:" + daemon.socket, "--desktop-connect",
                         "unix:" + liar.path, "--desktops", "1", "--json", "--count", "200",
                         "--timeout", "3", "--tenant", "planted%d" % times], 1)
            document = json.loads(out)
            found = " ".join(document["checks"]["violations"] + [document["trouble"] or ""])
            check(re.search(text, found), "%s", document)


def main():
    name = sys.argv[4]
    with Place() as place:
        globals()["open_" if name == "open" else name](place)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""acdd as a process: what it says, how it starts and stops, what it refuses,
and the way back from damage. Everything is seen from outside: exit codes,
standard error, files, and what acdctl shows.

usage: daemon.py ACDD ACDCTL SOURCE_ROOT [CASE...]
"""

import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from harness import DONE, REFUSED, Daemon, check  # noqa: E402

OK, FAILED, USAGE, START = 0, 1, 2, 3
FLOOR = """
tenant: default
skills: [billing]
queues:
  billing: {requirement: {all: {billing: 1}}}
agents:
  anna: {skills: {billing: 5}}
"""


class World:
    def __init__(self, acdd, acdctl, root):
        self.acdd = acdd
        self.acdctl = acdctl
        self.root = pathlib.Path(root)

    def run(self, *arguments):
        """acdd until it ends by itself."""
        return subprocess.run([self.acdd, *map(str, arguments)], capture_output=True, text=True,
                              timeout=60, check=False)

    def daemon(self, *options):
        daemon = Daemon(self.acdd, self.acdctl, *options)
        floor = daemon.directory / "floor.yaml"
        floor.write_text(FLOOR)
        daemon.acdctl("apply", str(floor)).expect(DONE)
        return daemon


def expect(run, code, *texts):
    check(run.returncode == code, "wanted exit %d: %s\n%s\n%s", code, run.args, run.stdout,
          run.stderr)
    for text in texts:
        check(text in run.stdout + run.stderr, "not said: %s\n%s\n%s", text, run.stdout,
              run.stderr)


def submit(daemon, *keys):
    for key in keys:
        daemon.acdctl("submit", "billing", "--key", key).expect(DONE)


def waiting(daemon):
    """Client keys of the waiting contacts in the order of service."""
    rows = daemon.acdctl("contacts", "--queue", "billing", "--json").expect(DONE).json()
    rows = rows["contacts"] if isinstance(rows, dict) else rows
    return [row.get("client_key", "") for row in rows]


def stop(daemon, number=signal.SIGTERM):
    daemon.process.send_signal(number)
    return daemon.process.wait(60)


def log_of(daemon):
    return (daemon.directory / "log").read_text()


# ---- what it says ----


def case_words(world):
    expect(world.run("--version"), OK, "acdd 0.", "protocol 1")
    expect(world.run("--help"), OK, "--data-dir DIR", "--limit-contact-count-max")
    expect(world.run("--memory"), OK, "core", "in all, at most")
    expect(world.run("--memory", "--data-dir", "/nowhere"), OK, "core", "in all, at most")
    expect(world.run(), USAGE, "--data-dir is needed")
    expect(world.run("--salvage"), USAGE, "--salvage needs DIR")
    expect(world.run("--salvage", "--data-dir", "/nowhere/at/all"), START, "salvage: /nowhere")
    expect(world.run("--data-dir", "/x", "--lease-ms", "7"), USAGE, "--lease-ms", "from 50")
    expect(world.run("--data-dir", "/x", "--syn", "always"), USAGE, "--syn")


def case_manual(world):
    """The table in the manual is the one that the program makes."""
    manual = (world.root / "docs/man/acdd.8").read_text()
    table = world.run("--help-mdoc").stdout
    begin = manual.index("begin parameters")
    begin = manual.index("\n", begin) + 1
    end = manual.index(".\\\" end parameters")
    check(manual[begin:end] == table, "docs/man/acdd.8 is not what acdd --help-mdoc prints")
    build = pathlib.Path(world.acdd).resolve().parent.parent
    run = subprocess.run(["meson", "introspect", "--installed", str(build)], capture_output=True,
                         text=True, timeout=60, check=True)
    for page in ("acdd.8", "acdctl.1"):
        check(page in run.stdout, "%s is not installed", page)


def case_counters(world):
    """Every counter is in the manual of operations, with its text."""
    page = (world.root / "docs/OPERATIONS.md").read_text()
    table = (world.root / "daemon/metrics.def").read_text()
    rows = re.findall(r'METRIC\((\w+),\s*"([^"]*)"\)', table)
    check(len(rows) > 30, "the table of counters was not understood")
    for name, text in rows:
        check("| `%s` | %s |" % (name, text) in page, "docs/OPERATIONS.md lacks %s", name)


def case_configuration(world):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "acdd.yaml"
        data = pathlib.Path(folder) / "data"
        file.write_text("daemon: {data_dir: %s, lease_ms: 5000}\n%s" % (data, FLOOR))
        expect(world.run("--check", "--config", file), OK, "good")
        file.write_text("daemon: {data_dir: %s}\nqueues: {billing: {band: 99}}\n" % data)
        expect(world.run("--check", "--config", file), USAGE, "acdd.yaml:2:")
        expect(world.run("--config", file), USAGE, "acdd.yaml:2:")
        file.write_text("daemon: {data_dir: %s, leas_ms: 1}\n" % data)
        expect(world.run("--check", "--config", file), USAGE, "leas_ms")
        check(not data.exists(), "something was made although the configuration is wrong")


def case_example(world):
    """The example configuration is one that a daemon takes."""
    example = world.root / "deploy/acdd.yaml"
    expect(world.run("--check", "--config", example), OK)
    with Daemon(world.acdd, world.acdctl, "--config", str(example)) as daemon:
        queues = daemon.acdctl("queues", "--json").expect(DONE).out
        check("billing" in queues and "technical" in queues, "queues are missing: %s", queues)
        before = daemon.acdctl("status", "--json").expect(DONE).json()
        stop(daemon)
        daemon.start()
        after = daemon.acdctl("status", "--json").expect(DONE).json()
        # START and WALL are records; what the file says was so before, and is none.
        check(lsn_of(after) - lsn_of(before) <= 8, "the same file made records again")


def case_limit(world):
    """A refusal in the middle of many tenants ends the command, and says which limit."""
    tenants = "".join("  t%d: {channels: {phone: {live: true}}, skills: [x]}\n" % number
                      for number in range(25))
    with world.daemon("--limit-tenant-count-max", "64", "--limit-channel-count-max",
                      "20") as daemon:
        run = daemon.acdctl("apply", "-", stdin="tenants:\n" + tenants)
        check(run.code == REFUSED and "(channel) (limit 20)" in run.err, "%s", run)


def case_removals(world):
    """A configuration that removes something is one to start with every day."""
    with world.daemon() as daemon:
        file = daemon.directory / "acdd.yaml"
        file.write_text("queues: {other: {}}\nremove: {agents: [anna, nobody], tenants: [gamma]}\n")
        daemon.options = ("--config", str(file))
        for _ in range(2):
            stop(daemon)
            daemon.start()
        agents = daemon.acdctl("agents", "--json").expect(DONE).json()["agents"]
        check(agents == [], "not removed: %s", agents)
        stop(daemon)
        file.write_text("teams: {west: {supervisors: [ghost]}}\n")
        expect(world.run("--data-dir", daemon.directory / "data", "--config", file), USAGE,
               "acdd.yaml:1:29: team west: supervisors")
        file.write_text("")
        daemon.start()


def lsn_of(status):
    return int(re.search(r'"lsn": ?"?(\d+)', str(status).replace("'", '"')).group(1))


# ---- what it refuses ----


def case_refusals(world):
    with world.daemon() as daemon:
        data = daemon.directory / "data"
        expect(world.run("--data-dir", data, "--listen", "unix:other"), START, "another process")
        stop(daemon)
        expect(world.run("--data-dir", data, "--listen", "0.0.0.0:0"), START, "loopback")
        expect(world.run("--data-dir", data, "--listen", "nonsense"), START, "HOST:PORT")
        expect(world.run("--data-dir", data, "--clock-rate", "7"), START, "rate 1")
        file = daemon.directory / "a-file"
        file.write_text("")
        expect(world.run("--data-dir", data, "--listen", "unix:%s" % file), START, "remove it")
        check(file.exists(), "a file of somebody else was removed")
        expect(world.run("--data-dir", file), START)
        daemon.start()


def case_port_in_use(world):
    with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        expect(world.run("--data-dir", folder, "--listen", address), START, address, "in use")


# ---- starts and stops ----


def case_clean_stop(world):
    with world.daemon("--drain-timeout-ms", "0") as daemon:
        submit(daemon, "a", "b", "c")
        for number in (signal.SIGTERM, signal.SIGINT):
            check(stop(daemon, number) == OK, "not a clean stop")
            check(list((daemon.directory / "data").glob("snapshot-*")), "no snapshot was left")
            daemon.start()
            check(re.findall(r"clean=1 .*replayed=0 ", log_of(daemon)), "it replayed after a "
                  "clean stop:\n%s", log_of(daemon))
            check(waiting(daemon) == ["a", "b", "c"], "contacts are missing")


def case_drain(world):
    """SIGTERM waits for open contacts and takes no new ones; the second does not wait."""
    with world.daemon() as daemon:
        submit(daemon, "a")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.acdctl.until(lambda status: "stopping" in str(status).lower(), "status")
        run = daemon.acdctl("submit", "billing", "--key", "b")
        check("DRAINING" in run.err + run.out, "a new contact was taken: %s", run)
        run = daemon.acdctl("submit", "billing", "--key", "a")
        check(run.code == DONE, "a repeated submit was not answered as before: %s", run)
        check(daemon.process.poll() is None, "it did not wait for the open contact")
        check(stop(daemon) == OK, "the second signal did not stop it cleanly")
        daemon.start()
        check(waiting(daemon) == ["a"], "the contact is gone")
        daemon.acdctl("cancel", "--key", "a").expect(DONE)
        check(stop(daemon) == OK, "not a clean stop")
        daemon.start()


def case_kill(world):
    with world.daemon() as daemon:
        submit(daemon, "a", "b", "c")
        daemon.acdctl("cancel", "--key", "b").expect(DONE)
        for _ in range(3):
            daemon.kill()
            daemon.start()
            check(waiting(daemon) == ["a", "c"], "not as before the kill: %s", waiting(daemon))


def case_sync_policies(world):
    for policy in ("interval", "never"):
        with world.daemon("--sync", policy) as daemon:
            submit(daemon, "a")
            status = daemon.acdctl("status", "--json").expect(DONE).out
            check("machine crashes" in status, "the risk is not told: %s", status)
            check("machine crashes" in log_of(daemon), "the risk is not logged")
            daemon.kill()
            daemon.start()
            check(waiting(daemon) == ["a"], "a kill of the process lost something")


def case_rehearsal(world):
    """A rehearsal clock is for life, and runs."""
    with world.daemon("--clock-rate", "1000") as daemon:
        submit(daemon, "a")
        status = daemon.acdctl("status", "--json").expect(DONE).json()
        check(status["clock_rate"] == 1000, "the rate is not shown: %s", status)
        daemon.kill()
        daemon.options = ()
        daemon.start()
        status = daemon.acdctl("status", "--json").expect(DONE).json()
        check(status["clock_rate"] == 1000, "the rate is gone: %s", status)


# ---- damage ----


def damage(path, where):
    """Turn one byte of the file around; returns the offset."""
    with open(path, "r+b") as file:
        offset = int(where)
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0xff]))
    return offset


def find(path, text):
    """Where a text is in a file."""
    return path.read_bytes().index(text.encode())


def case_salvage(world):
    with world.daemon() as daemon:
        data = daemon.directory / "data"
        submit(daemon, *("first-%d" % i for i in range(20)))
        daemon.acdctl("cancel", "--key", "first-3").expect(DONE)
        submit(daemon, "in-the-gap")
        submit(daemon, *("second-%d" % i for i in range(20)))
        daemon.acdctl("cancel", "--key", "second-5").expect(DONE)
        before = waiting(daemon)
        daemon.kill()

        log = sorted(data.glob("log-*"))[-1]
        damage(log, find(log, "in-the-gap"))
        bytes_before = {file.name: file.read_bytes() for file in data.iterdir()
                        if file.is_file()}
        expect(world.run("--data-dir", data, "--listen", "unix:x"), START, log.name, "at byte",
               "--salvage")
        check({file.name: file.read_bytes() for file in data.iterdir() if file.is_file()} ==
              bytes_before, "a refused start changed something")

        run = world.run("--salvage", data)
        expect(run, OK, "replayed exactly", "salvage-1")
        kept = data / "salvage-1"
        for name in bytes_before:
            if name.startswith(("log-", "META", "events-")):
                check((kept / name).read_bytes() == bytes_before[name], "%s was changed", name)
        check("replayed exactly" in (kept / "report.txt").read_text(), "no report")

        daemon.start()
        after = waiting(daemon)
        lost = [key for key in before if key not in after]
        # Its key was in the damaged bytes: it comes back without.
        check(lost == ["in-the-gap"], "lost %s\n%s", lost, run.stdout)
        check([key for key in after if key not in before] == [""],
              "came back although over: %s", [key for key in after if key not in before])
        check([key for key in after if key in before] == [key for key in before if key in after],
              "not in the same order")
        status = daemon.acdctl("status", "--json").expect(DONE).json()
        check(int(status["epoch"]) == 1 + (1 << 20), "the epoch is %s", status["epoch"])
        check("event=new_history" in log_of(daemon), "a new history was not told")
        stop(daemon, signal.SIGKILL)
        daemon.start()
        check(log_of(daemon).count("event=new_history") == 1, "it was told again")


def case_torn_tail(world):
    """A write that was cut off is repaired, and what was acknowledged is there."""
    with world.daemon() as daemon:
        data = daemon.directory / "data"
        submit(daemon, "a", "b")
        daemon.acdctl("submit", "billing", "--key", "c", "--attributes", "x" * 3000).expect(DONE)
        daemon.kill()
        log = sorted(data.glob("log-*"))[-1]
        end = len(log.read_bytes().rstrip(b"\0"))
        with open(log, "r+b") as file:  # the last sector of the last batch never came to disk
            file.seek((end - 1) // 512 * 512)
            file.write(bytes(512))
        daemon.start()
        check(waiting(daemon) == ["a", "b"], "contacts are missing")
        check("torn_tail_repaired" in log_of(daemon), "the repair was not told")


CASES = {name[len("case_"):]: case for name, case in sorted(globals().items())
         if name.startswith("case_")}


def main():
    world = World(*sys.argv[1:4])
    for name in sys.argv[4:] or CASES:
        print(name, flush=True)
        CASES[name](world)


if __name__ == "__main__":
    main()

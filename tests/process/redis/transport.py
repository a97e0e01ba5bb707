# SPDX-License-Identifier: Apache-2.0
"""How Redis is reached: names, certificates, passwords in files, sentinels and Clusters that
are found. What happens to a stream meanwhile is for the other themes.
"""

import datetime
import pathlib
import random
import re
import subprocess

import ports
import rig
from certificates import KEY, NAME, Authority, openssl
from cluster import Node
from harness import check
from sentinel import MASTER, Sentinel
from server import DURABLE, Redis, until

USAGE, START = 2, 3
SECRET = "a secret of its own"
# The system's resolver takes this for 127.0.0.1, and nobody needs a network for it.
HOST = "127.1"
NO_HOST = "a" * 100
KEY_COUNT = 3000


def written(world, name, text, mode=0o600):
    path = pathlib.Path(world.directory) / name
    path.write_text(text)
    path.chmod(mode)
    return path


def until_connected(floor):
    return until(lambda: floor.redis()["state"] == "connected", "connected: %s", floor.redis())


def until_published(floor, count=20):
    until(lambda: floor.redis()["published"] >= count, "entries come to Redis: %s", floor.redis())


# ---- at start ----


def run(world, verb, *options):
    """acdd with a directory that is not there, since it should not come so far."""
    return subprocess.run(
        [world.acdd, *verb, "--data-dir", "%s/none" % world.directory, *map(str, options)],
        capture_output=True, text=True, timeout=30, check=False)


def refused(world, says, code, *options):
    """By the check, and at the start."""
    for verb, expected in ((("--check",), USAGE), ((), code)):
        done = run(world, verb, "--redis", "127.0.0.1:1", *options)
        check(done.returncode == expected, "exit %d: %s", done.returncode, done.stderr)
        check(re.search(says, done.stderr), "it does not say %s: %s", says, done.stderr)
        check(SECRET not in done.stderr + done.stdout, "the password is told")


def case_files_refused(world):
    """What is secret is not secret, or not there."""
    ours = Authority("%s/ca" % world.directory)
    ours.sign("client")
    ours.sign("other")
    tls = ("--redis-tls", "yes", "--redis-tls-cert", ours.certificate("client"))
    password = "--redis-password-file"
    refused(world, "everybody", START, password, written(world, "p1", SECRET, 0o644))
    refused(world, "empty", START, password, written(world, "p2", "\n" + SECRET))
    refused(world, "No such file", START, password, "%s/none" % world.directory)
    refused(world, "not a file", START, password, world.directory)
    refused(world, "longer than 512", START, password, written(world, "p3", SECRET * 40))
    refused(world, "No such file", START, "--redis-tls", "yes", "--redis-tls-ca", "/none")
    refused(world, "key values mismatch", START, *tls, "--redis-tls-key", ours.key("other"))
    ours.key("client").chmod(0o604)
    refused(world, "everybody", START, *tls, "--redis-tls-key", ours.key("client"))
    ours.key("client").chmod(0o600)
    good = ("--redis", "127.0.0.1:1", password, written(world, "p4", SECRET + "\n"), *tls,
            "--redis-tls-key", ours.key("client"))
    done = run(world, ("--check",), *good)
    check(done.returncode == 0 and "good" in done.stdout, "%s", done.stderr)


def case_contradictions_refused(world):
    refused(world, "redis-password-file", USAGE, "--redis-user", "acdd")
    refused(world, "redis-tls yes", USAGE, "--redis-tls-name", NAME)
    refused(world, "redis-mode sentinel", USAGE, "--redis-sentinel-password-file", "/x")


# ---- names ----


def case_name(world):
    redis = world.server().start()
    with world.floor("%s:%d" % (HOST, redis.port)) as floor:
        floor.start()
        until_published(floor)
        redis.cut()
        floor.settle(redis)


def case_name_of_nobody(world):
    """It is told, and nobody waits for it."""
    with world.floor("%s:%d" % (NO_HOST, 6379)) as floor:
        floor.start()
        floor.until_told("no host of that name|could not be looked up")
        floor.until_served(floor.mark())


# ---- TLS ----


class TlsRedis(Redis):
    """Its port is for TLS; the unix socket, on which it is asked, is not."""

    def arguments(self):
        return ["--port", "0", "--tls-port", str(self.port), *map(str, self.options)]


def authority(world):
    made = Authority("%s/ca" % world.directory)
    made.sign("server")
    return made


def tls_server(world, of, *more):
    return world.closing(TlsRedis(world.redis_server, "%s/tls" % world.directory, *DURABLE,
                                  *of.of_server("server", False), *more)).start()


def tls_of(of):
    return "--redis-tls", "yes", "--redis-tls-ca", of.certificate(), "--redis-tls-name", NAME


def case_tls_by_name(world):
    """The name that is connected to is the one that is checked."""
    ours = authority(world)
    ours.sign("server", HOST)
    redis = tls_server(world, ours)
    address = "%s:%d" % (HOST, redis.port)
    with world.floor(address, "--redis-tls", "yes", "--redis-tls-ca",
                     ours.certificate()) as floor:
        floor.start()
        until_published(floor)
        floor.settle(redis)
    with world.floor(redis.tcp, "--redis-tls", "yes", "--redis-tls-ca",
                     ours.certificate()) as floor:
        floor.until_told("redis-tls-name")


def case_tls_1_2(world):
    ours = authority(world)
    redis = tls_server(world, ours, "--tls-protocols", "TLSv1.2")
    with world.floor(redis.tcp, *tls_of(ours)) as floor:
        floor.start(400)
        until_published(floor)
        redis.cut()
        floor.settle(redis)


def expire(of, name):
    """A certificate as @of.sign() makes them, of the day before yesterday."""
    request, extra = of.directory / "request", of.directory / "extra"
    database = of.directory / "database"
    database.write_text("")
    (of.directory / "serial").write_text("77\n")
    configuration = of.directory / "ca.conf"
    configuration.write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\npolicy=p\n"
        "default_md=sha256\n[p]\ncommonName=supplied\n" % (database, of.directory / "serial",
                                                          of.directory))
    extra.write_text("subjectAltName=DNS:%s\n" % NAME)
    begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
    dates = [(begin + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ") for days in (0, 1)]
    openssl("req", *KEY, "-keyout", of.key(name), "-out", request, "-subj", "/CN=" + NAME)
    openssl("ca", "-batch", "-notext", "-config", configuration, "-in", request, "-cert",
            of.certificate(), "-keyfile", of.key(of.name), "-startdate", dates[0], "-enddate",
            dates[1], "-extfile", extra, "-out", of.certificate(name))


def case_tls_expired(world):
    """Told, and good again with a new certificate."""
    ours = authority(world)
    expire(ours, "server")
    redis = tls_server(world, ours)
    with world.floor(redis.tcp, *tls_of(ours)) as floor:
        floor.start()
        floor.until_told("expired.*renew")
        check(redis("DBSIZE") == 0, "something was written")
        ours.sign("server")
        redis.configure("tls-cert-file", ours.certificate("server"), "tls-key-file",
                        ours.key("server"))
        until_published(floor)
        floor.settle(redis)


def case_tls_stopped(world):
    """It reads nothing for a while: what is kept for it is bounded, and nothing is lost."""
    ours = authority(world)
    redis = tls_server(world, ours)
    with world.floor(redis.tcp, *tls_of(ours)) as floor:
        floor.start(400)
        until_published(floor)
        redis.pause()
        try:
            floor.until_served(floor.mark(), 1000)
            until(lambda: floor.redis()["lag_events"] > 0, "Redis is behind")
        finally:
            redis.resume()
        floor.settle(redis)


# ---- sentinels ----


def sentinel_of(world):
    """A master and one sentinel, which is enough to be asked."""
    redis = world.server().start()
    sentinel = world.closing(Sentinel(world.redis_server, "%s/sentinel" % world.directory, redis))
    return redis, sentinel.start()


def sentinel_mode(name=MASTER):
    return "--redis-mode", "sentinel", "--redis-master", name


def case_first_sentinel_dead(world):
    redis, sentinel = sentinel_of(world)
    (nobody,) = ports.draw()
    with world.floor("127.0.0.1:%d,%s" % (nobody, sentinel.tcp), *sentinel_mode()) as floor:
        floor.start()
        until_published(floor)
        floor.settle(redis)


def case_first_sentinel_silent(world):
    """It is there and says nothing: the next one is asked before anybody is impatient."""
    redis, sentinel = sentinel_of(world)
    silent = world.closing(Sentinel(world.redis_server, "%s/silent" % world.directory, redis))
    silent.start()
    silent.pause()
    with world.floor("%s,%s" % (silent.tcp, sentinel.tcp), *sentinel_mode()) as floor:
        floor.start()
        until_published(floor)
        silent.resume()
        floor.settle(redis)


def case_unknown_master(world):
    _redis, sentinel = sentinel_of(world)
    with world.floor(sentinel.tcp, *sentinel_mode("somebody")) as floor:
        floor.until_told("no master somebody")
        check(floor.redis()["state"] != "connected", "%s", floor.redis())


def case_not_a_sentinel(world):
    redis = world.server().start()
    with world.floor(redis.tcp, *sentinel_mode()) as floor:
        floor.until_told("SENTINEL|sentinel")


def sentinel_rights(world):
    """The words of the document, for ACL SETUSER."""
    text = (world.root / "docs/REDIS.md").read_text()
    return re.findall(r"^ +user acdd on >secret (.*)$", text, re.M)[1].split()


def case_sentinel_with_users(world):
    """With the rights of the document, and with a password that is another one's."""
    redis, sentinel = sentinel_of(world)
    sentinel("ACL", "SETUSER", "acdd", "reset", "on", ">" + SECRET, *sentinel_rights(world))
    sentinel("ACL", "SETUSER", "admin", "reset", "on", ">" + SECRET, "~*", "&*", "+@all")
    sentinel.admin = ("admin", SECRET)
    sentinel("ACL", "SETUSER", "default", "off")
    sentinel.disconnect()
    user = ("--redis-sentinel-user", "acdd", "--redis-sentinel-password-file")
    with world.floor(sentinel.tcp, *sentinel_mode(), *user,
                     written(world, "good", SECRET + "\n")) as floor:
        floor.start()
        until_published(floor)
        floor.settle(redis)
        log = sentinel("ACL", "LOG")
        check(log == [], "something was refused: %s", log)
        check(SECRET not in floor.log(), "the password is in the log")
    with world.floor(sentinel.tcp, *sentinel_mode(), *user,
                     written(world, "wrong", "another\n")) as floor:
        floor.until_told("WRONGPASS")
    with world.floor(sentinel.tcp, *sentinel_mode()) as floor:
        floor.until_told("NOAUTH")


# ---- a Cluster ----


def case_keyslot(world):
    """Our slots are Redis's own, for keys with braces and without."""
    node = world.closing(Node(world.redis_server, "%s/node" % world.directory)).start()
    chance = random.Random(1)
    keys = ["".join(chance.choice("{}ab:é ") for _ in range(chance.randrange(1, 12)))
            for _ in range(KEY_COUNT)]
    program = pathlib.Path(world.acdd).parent.parent / "tests/process/redis/keyslot"
    done = subprocess.run([program], input="\n".join(keys) + "\n", capture_output=True, text=True,
                          timeout=30, check=True)
    ours = [int(line) for line in done.stdout.split()]
    check(len(ours) == len(keys), "%d slots of %d keys", len(ours), len(keys))
    for key, slot in zip(keys, ours):
        theirs = node("CLUSTER", "KEYSLOT", key)
        check(theirs == slot, "key %r: slot %d, Redis says %d", key, slot, theirs)


class TlsNode(Node):
    def arguments(self):
        return ["--port", "0", "--tls-port", str(self.port), "--tls-cluster", "yes",
                *map(str, self.options), "--cluster-port", str(self.bus)]


def case_cluster_of_one(world):
    """A node that is asked by TLS names its port for TLS; and one that has no slots yet is told
    about."""
    ours = authority(world)
    node = TlsNode(world.redis_server, "%s/node" % world.directory)
    node.options = (*node.options, *ours.of_server("server", False))
    world.closing(node).start()
    with world.floor(node.tcp, "--redis-mode", "cluster", *tls_of(ours)) as floor:
        floor.start()
        floor.until_told("nobody who has slots")
        node("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until_published(floor)
        until_connected(floor)
        floor.settle(node)


def case_not_a_cluster(world):
    redis = world.server().start()
    with world.floor(redis.tcp, "--redis-mode", "cluster") as floor:
        floor.until_told("cluster support disabled")


if __name__ == "__main__":
    rig.main(globals())

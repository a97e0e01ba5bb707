# SPDX-License-Identifier: Apache-2.0
"""Who the daemon is to Redis, and whether it speaks with the right one: users, passwords,
rights on some keys only, certificates. The rights are those that docs/REDIS.md calls the
least that are needed, read from there.
"""

import re

import certificates
import resp
import rig
from certificates import NAME, Authority
from server import DURABLE, until

SECRET = "secret"
CANARY = "a word that nobody says"
CAUGHT_UP_S = 20  # an authentication that failed is tried again every 5 s


def rights(world):
    """The words of the document, for ACL SETUSER."""
    text = (world.root / "docs/REDIS.md").read_text()
    line = re.search(r"^ +user acdd on >secret (.*)$", text, re.M).group(1)
    more = re.search(r"^ +\(commands\) +(.*?) +\(cluster\) +(.*)$", text, re.M)
    return [*line.split(), *more.group(1).split(), *more.group(2).split()]


def password_file(world, text=SECRET):
    path = rig.pathlib.Path(world.directory) / "password"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def on(world):
    """A server on which only acdd may publish; it is asked by somebody else."""
    redis = world.server().start()
    redis("ACL", "SETUSER", "acdd", "reset", "on", ">" + SECRET, *rights(world))
    redis("ACL", "SETUSER", "admin", "reset", "on", ">" + SECRET, "~*", "&*", "+@all")
    redis.admin = ("admin", SECRET)
    redis("ACL", "SETUSER", "default", "off")
    redis.disconnect()
    return redis


def user(world):
    return ("--redis-user", "acdd", "--redis-password-file", password_file(world))


def case_least_rights(world):
    """With the rights of the document everything is done, and nothing is refused."""
    redis = on(world)
    with world.floor(redis.unix, *user(world), tenants=("alpha", "beta")) as floor:
        floor.start()
        floor.until_begun()
        floor.settle(redis)
        log = redis("ACL", "LOG")
        rig.check(log == [], "something was refused: %s", log)


ALLOWED = (
    ("CLIENT", "SETNAME", "acdd"), ("ROLE",), ("PING",), ("MULTI",),
    ("XADD", "acd:{t}:events", "1-1", "batch", "x"), ("EXEC",),
    ("XINFO", "STREAM", "acd:{t}:events"),
    ("XTRIM", "acd:{t}:events", "MINID", "~", "1-1"), ("SET", "acd:{t}:state", "x"),
    ("GET", "acd:{t}:state"), ("PUBLISH", "acd:{t}:agent:1", "x"),
    ("XGROUP", "CREATE", "acd:{t}:commands", "acdd", "0", "MKSTREAM"),
    ("XREADGROUP", "GROUP", "acdd", "acdd", "STREAMS", "acd:{t}:commands", ">"),
    ("XPENDING", "acd:{t}:commands", "acdd"), ("XACK", "acd:{t}:commands", "acdd", "1-1"),
    ("XDEL", "acd:{t}:commands", "1-1"), ("XADD", "acd:{t}:replies:x", "*", "for", "1-1"),
    ("CLUSTER", "SLOTS"), ("ASKING",))
FORBIDDEN = (
    ("FLUSHALL",), ("DEL", "acd:{t}:events"), ("SET", "other", "x"), ("CONFIG", "GET", "*"),
    ("EVAL", "return 1", "0"), ("PUBLISH", "other", "x"), ("KEYS", "*"), ("SHUTDOWN",),
    ("XSETID", "acd:{t}:events", "1-1"), ("ACL", "LIST"), ("REPLICAOF", "NO", "ONE"))


def is_permitted(connection, words):
    try:
        connection(*words)
    except resp.RedisError as error:
        return error.code != "NOPERM"
    return True


def case_words_of_the_document(world):
    """Redis itself says what the rights in the document allow."""
    redis = on(world)
    connection = resp.Connection(redis.unix)
    connection("AUTH", "acdd", SECRET)
    for expected, commands in ((True, ALLOWED), (False, FORBIDDEN)):
        for words in commands:
            rig.check(is_permitted(connection, words) == expected, "permitted: %s", words)
    connection.close()


def case_no_password(world):
    """NOAUTH: the server wants a password since yesterday, and forgets about it again."""
    redis = world.server().start()

    def cause():
        redis.configure("requirepass", SECRET)
        redis.admin = ("default", SECRET)
        redis.disconnect()
        redis.cut()

    def cure():
        redis.configure("requirepass", "")
        redis.admin = ()

    with world.floor(redis.unix) as floor:
        floor.start()
        floor.until_begun()
        _told, away, back = floor.trouble(cause, cure, "NOAUTH")
        until(lambda: floor.redis()["state"] == "connected", "it is let in",
              deadline_s=CAUGHT_UP_S)
        floor.settle(redis, served=(away, back))


def case_wrong_password(world):
    redis = on(world)

    def cause():
        redis("ACL", "SETUSER", "acdd", "resetpass", ">another")
        redis.cut()

    def cure():
        redis("ACL", "SETUSER", "acdd", "resetpass", ">" + SECRET)

    with world.floor(redis.unix, *user(world)) as floor:
        floor.start()
        floor.until_begun()
        _told, away, back = floor.trouble(cause, cure, "WRONGPASS")
        until(lambda: floor.redis()["state"] == "connected", "it is let in",
              deadline_s=CAUGHT_UP_S)
        rig.check(SECRET not in floor.log(), "the password is in the log")
        floor.settle(redis, served=(away, back))


def case_no_such_word(world):
    """A server that does not know AUTH repeats it in its error, password and all. The status says
    what is wrong, and neither it nor the log has the password."""
    redis = world.server(*DURABLE, "--rename-command", "AUTH", "").start()
    with world.floor(redis.unix, "--redis-user", "acdd", "--redis-password-file",
                     password_file(world, CANARY), tenants=()) as floor:
        floor.until_told("AUTH")
        until(lambda: floor.metrics()["redis_other_error_total"] > 1, "it tries again")
        for said in (floor.log(), str(floor.status())):
            rig.check("AUTH" in said and CANARY not in said, "it says %s", said)


def case_keys_of_one_tenant(world):
    """NOPERM for one tenant; the other goes on."""
    redis = on(world)
    with world.floor(redis.unix, *user(world), tenants=("alpha", "beta")) as floor:
        floor.start()
        floor.until_begun()

        def cause():
            redis("ACL", "SETUSER", "acdd", "resetkeys", "~acd:{alpha}:*", "~acd:{default}:*")

        def cure():
            redis("ACL", "SETUSER", "acdd", "~acd:{*}:*")

        before = redis("XLEN", "acd:{alpha}:events")
        begin = floor.mark()
        _told, away, back = floor.trouble(cause, lambda: None, "beta")
        floor.check_logged(begin, "redis_refused tenant=beta .*NOPERM")
        floor.check_counted(begin, rig.counters_of("NOPERM"))
        until(lambda: redis("XLEN", "acd:{alpha}:events") > before + 100, "alpha goes on")
        length = redis("XLEN", "acd:{beta}:events")
        cure()
        until(lambda: redis("XLEN", "acd:{beta}:events") > length, "beta goes on",
              deadline_s=rig.SETTLE_S)
        floor.settle(redis, served=(away, back))


# ---- certificates ----


def tls_on(world, authority, asks_clients=False):
    redis = TlsRedis(world.redis_server, "%s/tls" % world.directory, *DURABLE,
                     *authority.of_server("server", asks_clients))
    return world.closing(redis).start()


class TlsRedis(rig.Redis):
    """Its port is for TLS; the unix socket, on which it is asked, is not."""

    def arguments(self):
        return ["--port", "0", "--tls-port", str(self.port), *map(str, self.options)]


def authority(world, name="ca"):
    made = Authority("%s/%s" % (world.directory, name), name)
    made.sign("server")
    made.sign("client", "acdd")
    return made


def tls(of, *more):
    return ("--redis-tls", "yes", "--redis-tls-ca", of.certificate(), "--redis-tls-name", NAME,
            *more)


def case_tls(world):
    """Each knows the other by its certificate; a connection that is cut, and a server that
    comes back."""
    ours = authority(world)
    redis = tls_on(world, ours, True)
    with world.floor(redis.tcp, *tls(ours, "--redis-tls-cert", ours.certificate("client"),
                                     "--redis-tls-key", ours.key("client"))) as floor:
        floor.start(400)
        floor.until_begun()
        redis.cut()
        floor.until_served(floor.mark())
        redis.kill()
        floor.until_served(floor.mark())
        redis.start()
        floor.settle(redis)


def refused(world, redis, options, says):
    """Nothing is published, and the reason is told; contacts are served."""
    with world.floor(redis.tcp, *options) as floor:
        floor.start()
        floor.until_told(says)
        floor.until_served(floor.mark())
        rig.check(floor.redis()["published"] == 0, "it was published to a stranger")
        rig.check(redis("DBSIZE") == 0, "something was written")
        floor.stop()


def case_tls_stranger(world):
    """A server that another authority has signed."""
    redis = tls_on(world, authority(world))
    refused(world, redis, tls(authority(world, "other")), "certificate|verif")


def case_tls_other_name(world):
    """The certificate is good, and somebody else's."""
    ours = authority(world)
    redis = tls_on(world, ours)
    options = tls(ours)[:-1] + ("somebody.else",)
    refused(world, redis, options, "certificate|name|verif")


def case_tls_no_certificate(world):
    """The server wants to know who we are."""
    ours = authority(world)
    redis = tls_on(world, ours, True)
    refused(world, redis, tls(ours), "certificate|alert|TLS")


def case_tls_with_a_plain_server(world):
    """What answers does not speak TLS."""
    ours = authority(world)
    redis = world.server().start()
    refused(world, redis, tls(ours), "TLS|SSL|version|certificate|closed")


def case_certificates_are_made(world):
    """The rig itself: its server can be talked to by whom it should, and by nobody else."""
    ours = authority(world)
    redis = tls_on(world, ours, True)
    for name, is_let_in in (("client", True), (None, False)):
        context = certificates.context(ours, name)
        rig.check(certificates.answers(redis.tcp, context) == is_let_in, "certificate %s", name)


if __name__ == "__main__":
    rig.main(globals())

# SPDX-License-Identifier: Apache-2.0
"""A master, two replicas and three sentinels, made to notice and to decide within a second
or two: the periods of a sentinel are shortened by SENTINEL DEBUG.
"""

import resp
import server
from server import Group, Redis, until

MASTER = "acd"
DOWN_AFTER_MS = 400
FAILOVER_MS = 1500  # a replica that is being promoted is asked for its role once a second
HASTE = ("ping-period", "100", "info-period", "200", "ask-period", "100", "publish-period", "200",
         "min-link-reconnect-period", "100", "election-timeout", "1000", "slave-reconf-timeout",
         "1000")
REPLICA = (*server.DURABLE, "--repl-ping-replica-period", "1")


class Sentinel(Redis):
    """A sentinel: a redis-server with a file in which it keeps what it knows."""

    def __init__(self, program, directory, master):
        super().__init__(program, directory)
        self.master = master

    def arguments(self):
        file = self.directory / "sentinel.conf"
        if not file.exists():
            file.write_text(
                "port %d\nsentinel monitor %s 127.0.0.1 %d 2\n"
                "sentinel down-after-milliseconds %s %d\nsentinel failover-timeout %s %d\n" % (
                    self.port, MASTER, self.master.port, MASTER, DOWN_AFTER_MS, MASTER,
                    FAILOVER_MS))
        return [str(file), "--sentinel"]

    def draw(self):
        super().draw()
        (self.directory / "sentinel.conf").unlink(missing_ok=True)

    def is_watching(self):
        """Knows the replicas and the other sentinels."""
        reply = self("SENTINEL", "MASTER", MASTER)
        facts = dict(zip(reply[::2], reply[1::2]))
        return facts[b"num-slaves"] == b"2" and facts[b"num-other-sentinels"] == b"2"

    def says(self):
        """The port of the master."""
        return int(self("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)[1])


class Sentinels(Group):
    def __init__(self, program, directory):
        super().__init__()
        self.master = Redis(program, "%s/r0" % directory, *REPLICA)
        self.replicas = [Redis(program, "%s/r%d" % (directory, i), *REPLICA) for i in (1, 2)]
        self.sentinels = [Sentinel(program, "%s/s%d" % (directory, i), self.master)
                          for i in range(3)]
        self.servers = [self.master, *self.replicas, *self.sentinels]

    def start(self):
        for data in (self.master, *self.replicas):
            data.start()
        for replica in self.replicas:
            replica("REPLICAOF", "127.0.0.1", self.master.port)
        for sentinel in self.sentinels:
            sentinel.start()
            sentinel("SENTINEL", "DEBUG", *HASTE)
        self.until_whole()
        return self

    def until_whole(self):
        until(lambda: all(replica.info("replication").get("master_link_status") == "up"
                          for replica in self.replicas), "the replicas follow")
        until(lambda: all(sentinel.is_watching() for sentinel in self.sentinels),
              "the sentinels know each other")

    @property
    def addresses(self):
        return ",".join(sentinel.tcp for sentinel in self.sentinels)

    def at(self, _key):
        return self.master

    def kill_master(self):
        """The former master, dead; the new one is known to all sentinels."""
        former = self.master
        former.kill()
        self.elect(former)
        return former

    def hand_over(self):
        """A failover that nobody died for."""
        former, first = self.master, self.sentinels[0]

        def has_happened():
            if first.says() != former.port:
                return True
            try:
                first("SENTINEL", "FAILOVER", MASTER)
            except resp.RedisError:
                pass  # it is about to
            return False

        until(has_happened, "a failover that was asked for")
        self.elect(former)
        return former

    def lose_tail(self, meanwhile):
        """The same; the new master lacks what came while @meanwhile was done."""
        former = self.master
        self.kill_behind(former, self.replicas, meanwhile)
        self.elect(former)
        return former

    def kill_sentinel(self, number):
        self.sentinels.pop(number).kill()

    def elect(self, former):
        """Until the sentinels have made a replica of @former the master. One that they name may
        be made a replica again: two sentinels can be at it at once, and the later one wins.
        """
        ports = {data.port: data for data in self.replicas}

        def is_elected():
            said = {sentinel.says() for sentinel in self.sentinels}
            elected = ports.get(said.pop()) if len(said) == 1 else None
            if elected is None or elected("ROLE")[0] != b"master":
                return False
            self.master = elected
            return True

        until(is_elected, "a failover from %s", former.tcp)
        self.replicas = [data for data in (former, *self.replicas) if data is not self.master]

    def come_back(self, former):
        """A master that was killed is a replica from now on."""
        former.start()
        self.until_whole()

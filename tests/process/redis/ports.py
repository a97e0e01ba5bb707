# SPDX-License-Identifier: Apache-2.0
"""Ports that nobody has, for servers that have to come back under the same number.

The kernel's own choice, port 0, is no use here: between the end of such a server and its
return anybody's outgoing connection may be given its number, and a client that tries to
reach it again and again may even meet itself there. So they are drawn from below the
kernel's range, and the kernel is asked whether one is free. Who loses a race for one
draws again.
"""

import os
import pathlib
import random
import socket

LOWEST = 10000

chance = random.Random(os.urandom(8))


def range_end():
    range_ = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    return max(int(range_[0]), LOWEST + 1000)


def is_free(port):
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            peer.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def draw(count=1):
    """As many different ports as wanted, free a moment ago."""
    drawn = []
    while len(drawn) < count:
        port = chance.randrange(LOWEST, range_end())
        if port not in drawn and is_free(port):
            drawn.append(port)
    return drawn

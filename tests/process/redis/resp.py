# SPDX-License-Identifier: Apache-2.0
"""As much of the protocol of Redis as the tests need: commands out, replies in.

An address is HOST:PORT or unix:PATH. An error is raised where it is the whole answer, and
an object of the same class where it is one of many. Bulk strings are bytes, everything
else is what it means.
"""

import socket

ANSWER_S = 20


class RedisError(Exception):
    @property
    def code(self):
        return str(self).split(" ", 1)[0]


def connect(address, timeout_s=ANSWER_S):
    if address.startswith("unix:"):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(timeout_s)
        try:
            link.connect(address[len("unix:"):])
        except OSError:
            link.close()
            raise
        return link
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout_s)


def to_bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


def command(words):
    words = [to_bytes(word) for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word)
                                              for word in words)


class Connection:
    """One connection; its owner closes it, or lets go of it."""

    def __init__(self, address, tls=None, name=None):
        self.link = connect(address)
        if tls is not None:
            self.link = tls.wrap_socket(self.link, server_hostname=name)
        self.file = self.link.makefile("rb")

    def send(self, *words):
        self.link.sendall(command(words))

    def __call__(self, *words):
        self.send(*words)
        reply = self.read()
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def read(self):
        kind, rest = self.file.read(1), self.file.readline()
        if not rest.endswith(b"\r\n"):
            raise EOFError("Redis closed the connection")
        rest = rest[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"-":
            return RedisError(rest.decode())
        return int(rest) if kind == b":" else rest.decode()

    def close(self):
        self.file.close()
        self.link.close()

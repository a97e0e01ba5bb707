# SPDX-License-Identifier: Apache-2.0
"""A client made of bytes, for what libacdclient is too well-behaved to send."""

import socket
import struct

from fake_daemon import BYE, HELLO, RESULT, WELCOME, bytes_field, frame, number_field

ROLES = {"gateway": 1, "agent": 2, "supervisor": 3, "operator": 4, "reader": 5}


def fixed_field(field, value):
    """fixed64: ids and epochs."""
    return bytes([field << 3 | 1]) + struct.pack("<Q", value)


def fields(body):
    """The fields of a message: number to the last value, numbers as they are."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = body[at]
            at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(body):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 1:
            found[key >> 3] = struct.unpack("<Q", body[at:at + 8])[0]
            at += 8
        else:
            size = varint()
            found[key >> 3] = body[at:at + size]
            at += size
    return found


class Peer:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.taken = b""
        self.correlation = 0
        self.pushes = []

    def send(self, kind, body=b"", session=0):
        self.correlation += 1
        self.socket.sendall(frame(kind, self.correlation, session, body))

    def next(self):
        """The next frame: kind, correlation, session, fields; None when it is closed."""
        while True:
            if len(self.taken) >= 16:
                size, kind, _f, _v, correlation, session = struct.unpack("<IHBBII",
                                                                         self.taken[:16])
                if len(self.taken) >= 16 + size:
                    body, self.taken = self.taken[16:16 + size], self.taken[16 + size:]
                    return kind, correlation, session, fields(body)
            try:
                more = self.socket.recv(65536)
            except ConnectionError:
                more = b""
            if not more:
                return None
            self.taken += more

    def call(self, kind, body=b"", session=0):
        """Send and wait: the kind and the fields of the answer. Pushes are kept."""
        self.send(kind, body, session)
        while True:
            got = self.next()
            if got is None:
                return None, {}
            if got[1] == self.correlation or got[0] == BYE:
                return got[0], got[3]
            self.pushes.append(got)

    def code(self, kind, body=b"", session=0):
        """The result's number of the answer."""
        kind, found = self.call(kind, body, session)
        if kind == RESULT:
            return found.get(1, 0)
        if kind == BYE:
            return found.get(2, 0)
        return fields(found[1]).get(1, 0) if 1 in found else None

    def push(self, kind):
        """Wait for a push of this kind: session and fields."""
        while True:
            for got in self.pushes:
                if got[0] == kind:
                    self.pushes.remove(got)
                    return got[2], got[3]
            got = self.next()
            if got is None:
                return None, {}
            self.pushes.append(got)

    def hello(self, role, client="peer", tenant="default", protocol=1):
        kind, found = self.call(HELLO, bytes_field(1, tenant.encode()) +
                                number_field(2, ROLES[role]) + bytes_field(3, client.encode()) +
                                number_field(5, protocol) + number_field(6, protocol))
        return found.get(1, 0) if kind == RESULT else 1 if kind == WELCOME else None

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

# SPDX-License-Identifier: Apache-2.0
"""A daemon that says yes to HELLO and one chosen result to everything else.

For results that a healthy daemon does not give on demand. Written from
docs/PROTOCOL.md alone: frames of 16 bytes and a protobuf body.
"""

import socket
import struct
import threading

HELLO, WELCOME, BYE, RESULT = 1, 2, 5, 6


def varint(number):
    out = bytearray()
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number_field(field, value):
    return varint(field << 3) + varint(value)


def bytes_field(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def frame(kind, correlation, session, body):
    return struct.pack("<IHBBII", len(body), kind, 0, 1, correlation, session) + body


class FakeDaemon:
    """Listens on a unix socket; serves one connection after the other."""

    def __init__(self, path, code=1, field="", is_silent=False, hello_code=1, is_closing=False):
        self.code, self.field, self.is_silent = code, field, is_silent
        self.hello_code, self.is_closing = hello_code, is_closing
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def result(self):
        body = number_field(1, self.code)
        if self.field:
            body += bytes_field(6, self.field.encode())
        return body

    def answer(self, kind, correlation, session, _body):
        if kind == HELLO and self.hello_code == 1:
            return frame(WELCOME, correlation, session,
                         bytes_field(1, number_field(1, 1)) + number_field(5, 1) +
                         number_field(6, 65536) + number_field(7, 64) +
                         number_field(8, 10000) + number_field(9, 30000) + number_field(12, 1))
        if kind == HELLO:
            return frame(RESULT, correlation, session, number_field(1, self.hello_code))
        return frame(RESULT, correlation, session, self.result())

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                try:
                    self.talk(peer)
                except ConnectionError:
                    pass  # it left without waiting for an answer, or we died

    def talk(self, peer):
        taken = b""
        while True:
            more = peer.recv(65536)
            if not more:
                return
            taken += more
            while len(taken) >= 16:
                size, kind, _flags, _version, correlation, session = struct.unpack(
                    "<IHBBII", taken[:16])
                if len(taken) < 16 + size:
                    break
                body, taken = taken[16:16 + size], taken[16 + size:]
                if kind != HELLO and self.is_closing:
                    return
                if kind != BYE and not self.is_silent:
                    peer.sendall(self.answer(kind, correlation, session, body))

    def close(self):
        self.listener.close()

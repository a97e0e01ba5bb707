# SPDX-License-Identifier: Apache-2.0
"""A network that misbehaves, between the daemon and one address: a thread that passes bytes
on as its mode says. Its buffers are small, so that what it does not take stays with the
sender.
"""

import select
import socket
import struct
import threading
import time

import resp

CHUNK = 16384
BUFFER = 8192
WIDE = 1 << 20
TICK_S = 0.02
THROUGH, SLOW, SWALLOW, HOLD, REFUSE = range(5)
RESET = struct.pack("ii", 1, 0)


def reset(link):
    """Close so that the peer gets an RST, and not an end."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    link.close()


class Pipe:
    """One direction of a connection."""

    def __init__(self, source, sink, chunk):
        self.source, self.sink, self.chunk = source, sink, chunk
        self.bytes = b""
        self.budget = 0.0
        self.is_over = False

    def wants_read(self):
        return not self.is_over and len(self.bytes) < self.chunk

    def read(self, is_swallowed):
        try:
            data = self.source.recv(self.chunk)
        except BlockingIOError:
            return
        self.is_over = not data
        if not is_swallowed:
            self.bytes += data

    def write(self, limit):
        try:
            sent = self.sink.send(self.bytes[:limit])
        except BlockingIOError:
            return 0
        self.bytes = self.bytes[sent:]
        return sent


class Proxy:
    def __init__(self, target):
        self.target = target
        self.mode, self.rate, self.chunk = THROUGH, 0, CHUNK
        self.pairs = []  # (to the daemon, to Redis, pipe, pipe)
        self.lock = threading.Lock()
        self.is_ending = False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.listener.getsockname()[1]

    # What the network does from now on.

    def through(self):
        was_swallowed = self.mode == SWALLOW
        self.mode = THROUGH
        if was_swallowed:
            self.reset()  # what is missing in the middle would be nonsense to Redis

    def widen(self):
        """As much as it can from now on: by connections with large buffers, the others end."""
        self.chunk, self.mode = WIDE, THROUGH
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WIDE)
        self.reset()

    def slow(self, bytes_per_s):
        self.rate, self.mode = bytes_per_s, SLOW

    def swallow(self):
        """Everything arrives and nothing comes of it."""
        self.mode = SWALLOW

    def hold(self):
        self.mode = HOLD

    def refuse(self):
        """Everything that is connected is reset, and whatever comes."""
        self.mode = REFUSE
        self.reset()

    # What happens once.

    def reset(self):
        with self.lock:
            for down, up, *_pipes in self.pairs:
                reset(down)
                reset(up)
            self.pairs = []

    def half_close(self):
        """Redis seems to have said its last word on each connection, but listens."""
        with self.lock:
            for down, *_rest in self.pairs:
                down.shutdown(socket.SHUT_WR)

    def run(self):
        before = time.monotonic()
        while not self.is_ending:
            with self.lock:
                readers, writers = self.wanted()
            try:
                readable, writable, _ = select.select([self.listener, *readers], writers, [],
                                                      TICK_S)
            except (OSError, ValueError):
                continue  # reset meanwhile
            now = time.monotonic()
            with self.lock:
                if self.listener in readable:
                    self.accept()
                self.pass_on(readable, writable, now - before)
            before = now

    def wanted(self):
        pipes = [pipe for pair in self.pairs for pipe in pair[2:]]
        readers = [pipe.source for pipe in pipes if pipe.wants_read() and self.mode != HOLD]
        writers = [pipe.sink for pipe in pipes
                   if pipe.bytes and (self.mode == THROUGH or
                                      self.mode == SLOW and pipe.budget >= 1)]
        return readers, writers

    def accept(self):
        down, _ = self.listener.accept()
        down.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.mode == REFUSE:
            reset(down)
            return
        try:
            up = resp.connect(self.target)
        except OSError:
            reset(down)
            return
        for link in (down, up):
            link.setblocking(False)
        self.pairs.append((down, up, Pipe(down, up, self.chunk), Pipe(up, down, self.chunk)))

    def pass_on(self, readable, writable, passed_s):
        for pair in list(self.pairs):
            try:
                for pipe in pair[2:]:
                    self.pass_pipe(pipe, readable, writable, passed_s)
                is_over = any(pipe.is_over and not pipe.bytes for pipe in pair[2:])
            except OSError:
                is_over = True
            if is_over and self.mode != SWALLOW:
                pair[0].close()
                pair[1].close()
                self.pairs.remove(pair)

    def pass_pipe(self, pipe, readable, writable, passed_s):
        pipe.budget = min(pipe.budget + self.rate * passed_s, max(self.rate / 4, 1))
        if pipe.source in readable:
            pipe.read(self.mode == SWALLOW)
        if pipe.sink in writable:
            limit = int(pipe.budget) if self.mode == SLOW else self.chunk
            pipe.budget -= pipe.write(limit)

    def close(self):
        self.is_ending = True
        self.thread.join()
        self.listener.close()
        self.reset()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()

# SPDX-License-Identifier: Apache-2.0
"""Between a reader and redis-server: a command of one name waits until the test lets it pass."""

import contextlib
import socket
import threading

CHUNK = 65536


class Gate:
    """Passes everything on but what begins with the word, once, when told so."""

    def __init__(self, path, target):
        self.target = target
        self.word = None
        self.held, self.passes = threading.Event(), threading.Event()
        self.address = "unix:%s" % path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def hold(self, word):
        """The next one, on whatever connection."""
        self.held.clear()
        self.passes.clear()
        self.word = word

    def accept(self):
        while True:
            reader = self.listener.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target())
            except OSError:
                reader.close()
                continue
            for ends in ((reader, server, True), (server, reader, False)):
                threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    def pass_on(self, source, sink, is_asking):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if is_asking and self.word is not None and self.word in data:
                    self.word = None
                    self.held.set()
                    self.passes.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

# SPDX-License-Identifier: Apache-2.0
"""An authority of the test's own and what it signs, made by openssl when they are needed."""

import pathlib
import ssl
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

import resp  # noqa: E402
from harness import check  # noqa: E402

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
DAYS = ("-days", "2")
NAME = "redis.test"


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)
    check(done.returncode == 0, "openssl %s: %s", arguments, done.stderr)


class Authority:
    """Files in @directory: NAME.crt and NAME.key of everybody, the authority's among them."""

    def __init__(self, directory, name="ca"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        openssl("req", "-x509", *KEY, *DAYS, "-keyout", self.key(name), "-out",
                self.certificate(name), "-subj", "/CN=" + name)

    def certificate(self, name=None):
        return self.directory / ("%s.crt" % (name or self.name))

    def key(self, name):
        return self.directory / ("%s.key" % name)

    def sign(self, name, subject=NAME):
        request, extra = self.directory / "request", self.directory / "extra"
        extra.write_text("subjectAltName=DNS:%s\n" % subject)
        openssl("req", *KEY, "-keyout", self.key(name), "-out", request, "-subj", "/CN=" + subject)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate(), "-CAkey",
                self.key(self.name), "-CAcreateserial", *DAYS, "-extfile", extra, "-out",
                self.certificate(name))

    def of_server(self, name, asks_clients):
        """Options with which redis-server is who @name says."""
        return ("--tls-cert-file", self.certificate(name), "--tls-key-file", self.key(name),
                "--tls-ca-cert-file", self.certificate(), "--tls-auth-clients",
                "yes" if asks_clients else "no")


def context(authority, name=None):
    """Of a client that trusts @authority, and is who @name says."""
    made = ssl.create_default_context(cafile=str(authority.certificate()))
    if name is not None:
        made.load_cert_chain(authority.certificate(name), authority.key(name))
    return made


def answers(address, context_):
    try:
        connection = resp.Connection(address, context_, NAME)
        connection("PING")
        connection.close()
    except (OSError, EOFError):
        return False
    return True

# SPDX-License-Identifier: Apache-2.0
"""Our side: acdd under its own load tool.

Until there is one that attaches to a daemon, bench/lifecycle stands in. It starts
a daemon of its own on a unix socket and knows one gateway and one desktop
connection, so rows that want more than that are not measured, and it does not
tell processor time.
"""

import re

import servers


class Lifecycle:
    def __init__(self, build):
        self.build = build

    def row(self, bench, **options):
        return lambda: self.measure(bench, **options)

    def half_row(self, bench, many=False):
        del bench, many
        return lambda: None

    def recovery_row(self, bench):
        del bench
        return lambda: None

    def measure(self, bench, sync="never", window=1024, rate=None, agents=None, **more):
        """One run; its numbers, or None for what it cannot do."""
        if any(more.values()):
            return None
        words = [self.build / "bench/lifecycle", self.build / "daemon/acdd", "--sync", sync,
                 "--agents", min(agents or bench.scale.agents, 4096), "--in-flight", window,
                 "--rate", rate or 1000, "--seconds", bench.scale.seconds]
        text = servers.run_load(words)
        closed = re.search(r"closed loop: (\d+) life", text)
        latency = re.search(r"p50 ([\d.]+) ms, p99 ([\d.]+) ms", text)
        if not closed or not latency or "every contact was assigned once" not in text:
            raise servers.Failure("bench/lifecycle says:\n" + text)
        result = {"waiting": more.get("waiting", 0), "is_checked": True,
                  "rate": float(closed.group(1))}
        if rate:
            result |= {"rate": rate, "offer_p50_us": 1000 * float(latency.group(1)),
                       "offer_p99_us": 1000 * float(latency.group(2))}
        return result


def of(build):
    """The best load there is in this build."""
    return Lifecycle(build)

# SPDX-License-Identifier: Apache-2.0
"""Memory that is there. The host of a virtual machine may take back what is free in it (a
balloon that reports free pages): who is given such a page next waits for the host, some
microseconds each, and that is whoever writes files, not who is slow; and while the host takes
them, the disk may stand still. It is told of blocks of 2 MiB that are free as a whole. So some
gigabytes are asked for, once, and all given back but a page of each mebibyte.
"""

import contextlib
import mmap
import re
import time

SHARE_MAX = 4  # at most a quarter of what is available
KEPT_EVERY = 1 << 20


def available():
    """In bytes."""
    with open("/proc/meminfo", encoding="ascii") as told:
        return 1024 * int(re.search(r"^MemAvailable:\s+(\d+)", told.read(), re.M).group(1))


@contextlib.contextmanager
def held(size):
    """So much of what is free stays in the machine: (bytes, microseconds a page that it took)."""
    size = min(size, available() // SHARE_MAX) // KEPT_EVERY * KEPT_EVERY
    if size == 0:
        yield (0, 0)
        return
    begin = time.monotonic()
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
    took = time.monotonic() - begin
    for at in range(0, size, KEPT_EVERY):
        pages.madvise(mmap.MADV_DONTNEED, at + mmap.PAGESIZE, KEPT_EVERY - mmap.PAGESIZE)
    with pages:
        yield (size, 1e6 * took / (size // mmap.PAGESIZE))

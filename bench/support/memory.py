# SPDX-License-Identifier: Apache-2.0
"""Memory that is there. The host of a virtual machine may take back what is free in it (a
balloon that reports free pages): who is given such a page next waits for the host, some
microseconds each, and that is whoever writes files, not who is slow. So some gigabytes are
touched before each run: what was touched last is given out first, and stays for seconds.
"""

import mmap
import re
import time

SHARE_MAX = 4  # at most a quarter of what is available


def available():
    """In bytes."""
    with open("/proc/meminfo", encoding="ascii") as told:
        return 1024 * int(re.search(r"^MemAvailable:\s+(\d+)", told.read(), re.M).group(1))


def touch(size):
    """Get so many bytes and give them back; microseconds a page, None of nothing."""
    size = min(size, available() // SHARE_MAX) // mmap.PAGESIZE * mmap.PAGESIZE
    if size == 0:
        return None
    begin = time.monotonic()
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)
    took = time.monotonic() - begin
    pages.close()
    return 1e6 * took / (size // mmap.PAGESIZE)

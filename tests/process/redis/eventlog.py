# SPDX-License-Identifier: Apache-2.0
"""The event log of a data directory, read by what docs/JOURNAL.md and
lib/journal/event_format.h say of its bytes, and by nothing of the daemon's own code.

Everything is checked: headers, checksums, that positions follow one another within a
segment and from one to the next. The daemon may run meanwhile; then the newest entry is
the newest that is whole, and segments may leave at the front.
"""

import struct
import sys
import pathlib
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acdctl"))

from harness import check  # noqa: E402

SEGMENT = struct.Struct("<8sIIQQ")
SEGMENT_SIZE, SEGMENT_CRC_AT = 512, 508
ENTRY = struct.Struct("<IIIIQQQQ")
MAGIC, VERSION = b"acdevnt\n", 1
CASTAGNOLI = 0x82f63b78

TENANT, EPOCH, FIRST, LAST = 1, 2, 3, 4  # fields of an EventBatch


class Entry(typing.NamedTuple):
    tenant: str
    epoch: int
    first: int
    last: int
    body: bytes

    @property
    def id(self):
        return self.epoch, self.last


def crc_table():
    """What two bytes at once do to the sum."""
    table = []
    for value in range(65536):
        for _ in range(16):
            value = value >> 1 ^ (CASTAGNOLI if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = crc_table()


def crc32c(data, before=0):
    """Of an even number of bytes."""
    table, crc = CRC_TABLE, before ^ 0xffffffff
    for (word,) in struct.iter_unpack("<H", data):
        crc = table[(crc ^ word) & 0xffff] ^ crc >> 16
    return crc ^ 0xffffffff


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data, at=0):
    """(number, value) of each field of a protobuf message: a number, or bytes."""
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif key & 7 == 5:
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        else:
            check(key & 7 == 2, "a field of wire type %d", key & 7)
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        yield key >> 3, value


def head(batch):
    """Tenant, epoch, first and last sequence as an EventBatch itself says them."""
    found = {}
    for number, value in fields(batch):
        found[number] = value
        if number == LAST:
            break
    return found[TENANT].decode(), found[EPOCH], found[FIRST], found[LAST]


def read_entry(data, at, position):
    """The entry and the bytes it takes; None where there is none."""
    if len(data) < at + ENTRY.size:
        return None
    size, crc, _slot, epoch, first, last, _time, own = ENTRY.unpack_from(data, at)
    span = ENTRY.size + (size + 7 & ~7)
    if own != position or size == 0 or len(data) < at + span:
        return None
    if crc32c(data[at:at + 4] + data[at + 8:at + span]) != crc:
        return None
    body = data[at + ENTRY.size:at + ENTRY.size + size]
    tenant, *tag = head(body)
    check(tag == [epoch, first, last], "position %d: tag %s, batch %s", position,
          (epoch, first, last), tag)
    return Entry(tenant, epoch, first, last, body), span


def read_segment(data, name):
    magic, version, _zero, base, _begun = SEGMENT.unpack_from(data)
    (crc,) = struct.unpack_from("<I", data, SEGMENT_CRC_AT)
    check(magic == MAGIC and version == VERSION and crc == crc32c(data[:SEGMENT_CRC_AT]) and
          name == "events-%016x" % base, "%s: not a segment of an event log", name)
    entries, position = [], base
    while True:
        found = read_entry(data, SEGMENT_SIZE + position - base, position)
        if found is None:
            return entries, base, position
        entries.append(found[0])
        position += found[1]


def segments(directory):
    """All of one moment: those that leave while they are read are read anew with the rest."""
    while True:
        paths = sorted(pathlib.Path(directory).glob("events-*"))
        try:
            return [(path.read_bytes(), path.name) for path in paths]
        except FileNotFoundError:
            continue


def read(directory):
    """All entries, the oldest first."""
    entries, next_ = [], None
    for data, name in segments(directory):
        if len(data) < SEGMENT_SIZE:
            continue  # being made
        more, base, end = read_segment(data, name)
        check(next_ in (None, base), "%s begins at %d, the one before ends at %s", name, base,
              next_)
        entries += more
        next_ = end
    return entries


def of_tenant(entries, tenant):
    return [entry for entry in entries if entry.tenant == tenant]

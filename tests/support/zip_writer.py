"""ZIP archives as hostile as one likes: every field of an entry can lie."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

STORED, DEFLATED = 0, 8


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file; what is None tells the truth about `content`."""

    name: bytes
    content: bytes = b"content"
    method: int = DEFLATED
    flags: int = 0
    packed: bytes | None = None
    packed_size: int | None = None
    size: int | None = None
    crc: int | None = None
    system: int = 3
    mode: int = 0o100644
    comment: bytes = b""
    disk: int = 0
    offset: int | None = None
    local_name: bytes | None = None

    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return self.content if self.method == STORED else deflated(self.content)

    def stated(self) -> bytes:
        crc = zlib.crc32(self.content) if self.crc is None else self.crc
        size = len(self.content) if self.size is None else self.size
        packed_size = len(self.body()) if self.packed_size is None else self.packed_size
        return struct.pack("<5H3L", 20, self.flags, self.method, 0, 33, crc, packed_size, size)

    def local(self) -> bytes:
        name = self.name if self.local_name is None else self.local_name
        return b"PK\x03\x04" + self.stated() + struct.pack("<2H", len(name), 0) + name + self.body()

    def central(self, offset: int) -> bytes:
        rest = struct.pack("<5H2L", len(self.name), 0, len(self.comment), self.disk, 0, self.mode << 16, offset)
        return b"PK\x01\x02" + bytes((20, self.system)) + self.stated() + rest + self.name + self.comment


def deflated(content: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(content) + deflate.flush()


def archive(
    entries: Iterable[Entry], *, count: int | None = None, comment: bytes = b"", before: bytes = b"", after: bytes = b""
) -> bytes:
    """The entries as one archive; `before` the first entry and `after` the last are bytes that belong to nothing."""
    body, directory, number = before, b"", 0
    for entry in entries:
        directory += entry.central(len(body) if entry.offset is None else entry.offset)
        body += entry.local()
        number += 1
    body += after
    count = number if count is None else count
    end = struct.pack("<4H2LH", 0, 0, count, count, len(directory), len(body), len(comment))
    return body + directory + b"PK\x05\x06" + end + comment

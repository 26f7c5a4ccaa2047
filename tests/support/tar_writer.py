"""Archives as hostile as one likes: every field of a header can lie, and anything may stand in the xz stream."""

import lzma
from collections.abc import Iterable
from dataclasses import dataclass

BLOCK = 512


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One member; what is None tells the truth about `content`.

    Attributes:
        size: bytes that the header states, or the field itself.
        padding: what fills up the last block; None is zeros.
        checksum: the field; None is the right one.
    """

    name: bytes
    content: bytes = b"content"
    prefix: bytes = b""
    mode: bytes = b"0000644\0"
    owner: bytes = b"0000000\0"
    group: bytes = b"0000000\0"
    size: int | bytes | None = None
    time: bytes = b"00000000000\0"
    checksum: bytes | None = None
    kind: bytes = b"0"
    link: bytes = b""
    magic: bytes = b"ustar\x0000"
    owner_name: bytes = b""
    device: bytes = bytes(8)
    rest: bytes = bytes(12)
    padding: bytes | None = None

    def header(self) -> bytes:
        size = self.size if isinstance(self.size, bytes) else b"%011o\0" % self.stated_size()
        before = self.name.ljust(100, b"\0") + self.mode + self.owner + self.group + size + self.time
        after = self.kind + self.link.ljust(100, b"\0") + self.magic + self.owner_name.ljust(32, b"\0") + bytes(32)
        after += self.device + bytes(8) + self.prefix.ljust(155, b"\0") + self.rest
        total = sum(before) + sum(after) + 8 * 32
        return before + (b"%06o\0 " % total if self.checksum is None else self.checksum) + after

    def stated_size(self) -> int:
        return self.size if isinstance(self.size, int) else len(self.content)

    def member(self) -> bytes:
        padding = bytes(-len(self.content) % BLOCK) if self.padding is None else self.padding
        return self.header() + self.content + padding


def tar(entries: Iterable[Entry], *, end: bytes = bytes(2 * BLOCK)) -> bytes:
    return b"".join(entry.member() for entry in entries) + end


def packed(data: bytes, *, check: int = lzma.CHECK_CRC64) -> bytes:
    return lzma.compress(data, lzma.FORMAT_XZ, check, preset=1)


def archive(entries: Iterable[Entry], *, end: bytes = bytes(2 * BLOCK)) -> bytes:
    """The entries as one `.tar.xz`; `end` is what follows the last of them."""
    return packed(tar(entries, end=end))

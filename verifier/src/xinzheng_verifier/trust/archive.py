"""A strict ZIP reader over bytes (APPNOTE 6.3): what is not needed to carry a bundle is refused.

One spelling only: local entries back to back from the first byte, then the central directory in the same order, then
the end record, then nothing. No comments, no ZIP64, no encryption, no data descriptors, no links, stored or deflated.
Nothing is ever written to a path, so that no name can climb out of a folder; no entry inflates beyond its stated size,
and the stated sizes are capped, so that no entry is a bomb.
"""

import re
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import (
    MAX_BUNDLE_BYTES,
    MAX_BUNDLE_FILE_BYTES,
    MAX_BUNDLE_FILES,
    MAX_BUNDLE_INFLATED_BYTES,
)

_END_RECORD = struct.Struct("<4s4H2LH")
_CENTRAL_HEADER = struct.Struct("<4s2B5H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ALLOWED_FLAGS = 0x0806  # bits 1 and 2: how hard deflate tried; bit 11: the name is UTF-8
_MADE_ON_UNIX = 3
_MAX_SHOWN_NAME = 80  # characters of a name that an error repeats


class _Header(NamedTuple):
    """What the central directory says of one file (APPNOTE 4.3.12)."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int


class Archive(Mapping[str, bytes]):
    """The files of one archive by name; each is inflated and checked when it is read.

    Args:
        data: the whole archive.
        names: what a name must match from end to end.

    Raises:
        TrustError: bundle_malformed, bundle_too_large, bundle_too_many_files, bundle_file_name, bundle_file_kind,
            bundle_duplicate_file; when a file is read, bundle_malformed.
    """

    def __init__(self, data: bytes, *, names: re.Pattern[str]) -> None:
        if len(data) > MAX_BUNDLE_BYTES:
            raise TrustError("bundle_too_large", limit=MAX_BUNDLE_BYTES)
        self._data = data
        self._files: dict[str, tuple[_Header, int]] = {}
        count, directory = _end_record(data)
        position, inflated = 0, 0
        for header in _central_directory(data, count=count, start=directory):
            name = _checked_name(header, names)
            if name in self._files:
                raise TrustError("bundle_duplicate_file", name=name)
            inflated += header.size
            if header.size > MAX_BUNDLE_FILE_BYTES or inflated > MAX_BUNDLE_INFLATED_BYTES:
                raise TrustError("bundle_too_large", limit=min(MAX_BUNDLE_FILE_BYTES, MAX_BUNDLE_INFLATED_BYTES))
            if header.offset != position:
                raise TrustError("bundle_malformed", name=name)
            content = _content_start(data, header)
            self._files[name] = header, content
            position = content + header.packed
        if position != directory:
            raise TrustError("bundle_malformed", name="ZIP")

    def __getitem__(self, name: str) -> bytes:
        header, start = self._files[name]
        packed = self._data[start : start + header.packed]
        content = packed if header.method == _STORED else _inflate(packed, name=name, size=header.size)
        if len(content) != header.size or zlib.crc32(content) != header.crc:
            raise TrustError("bundle_malformed", name=name)
        return content

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def _end_record(data: bytes) -> tuple[int, int]:
    """Number of entries and start of the central directory, from the last 22 bytes (APPNOTE 4.3.16)."""
    start = len(data) - _END_RECORD.size
    if start < 0:
        raise TrustError("bundle_malformed", name="ZIP")
    signature, disk, first_disk, here, count, size, directory, comment = _END_RECORD.unpack_from(data, start)
    if signature != b"PK\x05\x06" or disk or first_disk or here != count or comment or directory + size != start:
        raise TrustError("bundle_malformed", name="ZIP")
    if count > MAX_BUNDLE_FILES:
        raise TrustError("bundle_too_many_files", limit=MAX_BUNDLE_FILES)
    return count, directory


def _central_directory(data: bytes, *, count: int, start: int) -> Iterator[_Header]:
    end = len(data) - _END_RECORD.size
    for _ in range(count):
        if start + _CENTRAL_HEADER.size > end:
            raise TrustError("bundle_malformed", name="ZIP")
        (signature, _, system, _, flags, method, _, _, crc, packed, size, name_length, extra_length, comment_length) = (
            fields := _CENTRAL_HEADER.unpack_from(data, start)
        )[:14]
        disk, _, attributes, offset = fields[14:]
        name_start = start + _CENTRAL_HEADER.size
        start = name_start + name_length + extra_length
        if signature != b"PK\x01\x02" or comment_length or disk or start > end:
            raise TrustError("bundle_malformed", name="ZIP")
        mode = attributes >> 16 if system == _MADE_ON_UNIX else 0
        name = data[name_start : name_start + name_length]
        yield _Header(name, flags, method, crc, packed, size, offset, mode)
    if start != end:
        raise TrustError("bundle_malformed", name="ZIP")


def _content_start(data: bytes, header: _Header) -> int:
    """Where the packed bytes begin, once the local header agrees with the central one (APPNOTE 4.3.7)."""
    name_start = header.offset + _LOCAL_HEADER.size
    if name_start > len(data):
        raise TrustError("bundle_malformed", name=_shown(header.name))
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL_HEADER.unpack_from(
        data, header.offset
    )
    stated = (flags, method, crc, packed, size, data[name_start : name_start + name_length])
    expected = (header.flags, header.method, header.crc, header.packed, header.size, header.name)
    if signature != b"PK\x03\x04" or stated != expected:
        raise TrustError("bundle_malformed", name=_shown(header.name))
    return int(name_start + name_length + extra_length)


def _checked_name(header: _Header, names: re.Pattern[str]) -> str:
    name = _shown(header.name)
    if not header.name.isascii() or not names.fullmatch(header.name.decode("ascii")):
        raise TrustError("bundle_file_name", name=name)
    if header.flags & ~_ALLOWED_FLAGS or header.method not in {_STORED, _DEFLATED}:
        raise TrustError("bundle_file_kind", name=name)
    if stat.S_IFMT(header.mode) not in {0, stat.S_IFREG}:
        raise TrustError("bundle_file_kind", name=name)
    return header.name.decode("ascii")


def _inflate(packed: bytes, *, name: str, size: int) -> bytes:
    """RFC 1951, at most `size` bytes and one to know that there were more."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise TrustError("bundle_malformed", name=name) from error
    if not inflater.eof or inflater.unused_data:
        raise TrustError("bundle_malformed", name=name)
    return content


def _shown(name: bytes) -> str:
    """A name from an untrusted archive, made safe to print."""
    return ascii(name.decode("utf-8", "replace"))[1:-1][:_MAX_SHOWN_NAME]

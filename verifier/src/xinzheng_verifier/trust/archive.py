"""A bundle as one file: `.tar.xz`, written in one spelling and read in no other (POSIX.1-1988 ustar; .xz 1.2).

Regular files only, mode 0644, owner 0, no time, no extensions, no links, no folders; names known beforehand, each once;
padding of zeros, two zero blocks, nothing after. One xz stream with CRC64, inflated piece by piece: sizes are added up
from the headers before the content is inflated, so that no file is a bomb, and nothing is ever written to a path, so
that no name can climb out of a folder. Any tar can unpack it.
"""

import lzma
import re
from collections.abc import Iterator, Mapping
from typing import Final

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.limits import (
    MAX_BUNDLE_BYTES,
    MAX_BUNDLE_FILE_BYTES,
    MAX_BUNDLE_FILES,
    MAX_BUNDLE_INFLATED_BYTES,
    MAX_XZ_MEMORY,
)
from xinzheng_verifier.trust.names import EXTENT_FILE, FILE_NAME, court_of

_BLOCK: Final = 512
_ZERO_BLOCK: Final = bytes(_BLOCK)
_NAME, _PREFIX = 100, 155
_SIZE_FIELD = slice(124, 136)
_CHECKSUM_FIELD = slice(148, 156)
_TYPE_FIELD = slice(156, 157)
_MAGIC_FIELD = slice(257, 265)
_NAME_FIELD = slice(0, _NAME)
_PREFIX_FIELD = slice(345, 500)
_OWNER_AND_MODE = b"0000644\0" + b"0000000\0" * 2
_NO_TIME = b"00000000000\0"
_REGULAR = b"0"
_MAGIC = b"ustar\x0000"
_OCTAL_SIZE = re.compile(rb"[0-7]{11}\0")
_DIGEST: Final = 65  # characters of a target's digest and the dot after it
_PIECE: Final = 1_048_576
_SMALLEST_DICTIONARY, _LARGEST_DICTIONARY = 65_536, 16_777_216
_MAX_SHOWN_NAME = 80  # characters of a name that an error repeats


class Archive(Mapping[str, bytes]):
    """The files of one archive by name, in the order of the archive.

    Args:
        data: the whole archive.
        names: what a name must match from end to end.

    Raises:
        TrustError: bundle_malformed, bundle_too_large, bundle_too_many_files, bundle_file_name, bundle_file_kind,
            bundle_duplicate_file.
    """

    def __init__(self, data: bytes, *, names: re.Pattern[str] = FILE_NAME) -> None:
        if len(data) > MAX_BUNDLE_BYTES:
            raise TrustError("bundle_too_large", limit=MAX_BUNDLE_BYTES)
        self._files: dict[str, bytes] = {}
        tape, inflated = _Tape(data), 0
        while (header := tape.read(_BLOCK)) != _ZERO_BLOCK:
            name, size = _checked_header(header, names)
            if name in self._files:
                raise TrustError("bundle_duplicate_file", name=name)
            inflated += size
            if size > MAX_BUNDLE_FILE_BYTES or inflated > MAX_BUNDLE_INFLATED_BYTES:
                raise TrustError("bundle_too_large", limit=min(MAX_BUNDLE_FILE_BYTES, MAX_BUNDLE_INFLATED_BYTES))
            if len(self._files) == MAX_BUNDLE_FILES:
                raise TrustError("bundle_too_many_files", limit=MAX_BUNDLE_FILES)
            self._files[name] = tape.read(size)
            if tape.read(-size % _BLOCK).strip(b"\0"):
                raise TrustError("bundle_malformed", name=name)
        if tape.read(_BLOCK) != _ZERO_BLOCK:
            raise TrustError("bundle_malformed", name="TAR")
        tape.close()

    def __getitem__(self, name: str) -> bytes:
        return self._files[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def pack(files: Mapping[str, bytes]) -> bytes:
    """The one-file form: equal files make equal bytes, as long as liblzma is the same.

    Args:
        files: name → content; `bundle.json` comes first, what looks alike stands together.

    Returns:
        The archive; `Archive` reads it if the names are among those that it knows.

    Raises:
        TrustError: bundle_file_name (longer than ustar can hold), bundle_too_large (a file).
    """
    compressor = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_CRC64, filters=_filters(files))
    packed = []
    for name in sorted(files, key=_place):
        content = files[name]
        if len(content) > MAX_BUNDLE_FILE_BYTES:
            raise TrustError("bundle_too_large", limit=MAX_BUNDLE_FILE_BYTES)
        header = _header(name.encode("ascii"), len(content))
        packed.append(compressor.compress(header + content + bytes(-len(content) % _BLOCK)))
    packed += [compressor.compress(_ZERO_BLOCK * 2), compressor.flush()]
    return b"".join(packed)


def _filters(files: Mapping[str, bytes]) -> list[dict[str, int]]:
    """LZMA2 for text: no alignment, more context of the letter before; a dictionary no larger than the content."""
    size = sum(len(content) + 2 * _BLOCK for content in files.values())
    dictionary = min(max(1 << size.bit_length(), _SMALLEST_DICTIONARY), _LARGEST_DICTIONARY)
    text = {"lc": 4, "lp": 0, "pb": 0, "nice_len": 64}
    return [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": dictionary, **text}]


class _Tape:
    """What a xz stream holds, piece by piece and never more than was asked for and one piece."""

    def __init__(self, data: bytes) -> None:
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)
        self._packed = data
        self._piece, self._position = b"", 0

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes.

        Raises:
            TrustError: bundle_malformed, there are no more, or the stream is damaged.
        """
        end = self._position + count
        if end > len(self._piece):
            held = [self._piece[self._position :]]
            missing = count - len(held[0])
            while missing > 0:
                held.append(self._inflate())
                missing -= len(held[-1])
            self._piece, self._position, end = b"".join(held), 0, count
        start, self._position = self._position, end
        return self._piece[start:end]

    def close(self) -> None:
        """The stream ends here, and so does the file.

        Raises:
            TrustError: bundle_malformed.
        """
        if self._position != len(self._piece) or (not self._decompressor.eof and self._inflate(end=True)):
            raise TrustError("bundle_malformed", name="TAR")
        if self._decompressor.unused_data or self._decompressor.check != lzma.CHECK_CRC64:
            raise TrustError("bundle_malformed", name="XZ")

    def _inflate(self, *, end: bool = False) -> bytes:
        """The next piece; none only at the end of the stream."""
        data, self._packed = self._packed, b""
        try:
            piece = self._decompressor.decompress(data, _PIECE)
        except (lzma.LZMAError, EOFError) as error:
            raise TrustError("bundle_malformed", name="XZ") from error
        if not piece and not (end and self._decompressor.eof):
            raise TrustError("bundle_malformed", name="XZ")
        return piece


def _checked_header(header: bytes, names: re.Pattern[str]) -> tuple[str, int]:
    """Name and size, once the header is found to be the one that `pack` would write."""
    folder, base = (header[field].rstrip(b"\0") for field in (_PREFIX_FIELD, _NAME_FIELD))
    full = folder + b"/" + base if folder else base
    name = _shown(full)
    if header[_MAGIC_FIELD] != _MAGIC:
        raise TrustError("bundle_malformed", name="TAR")
    if header[_TYPE_FIELD] != _REGULAR:
        raise TrustError("bundle_file_kind", name=name)
    if not full.isascii() or not names.fullmatch(full.decode("ascii")):
        raise TrustError("bundle_file_name", name=name)
    size_field = header[_SIZE_FIELD]
    if not _OCTAL_SIZE.fullmatch(size_field):
        raise TrustError("bundle_malformed", name=name)
    size = int(size_field[:-1], 8)
    if header != _header(full, size):
        raise TrustError("bundle_malformed", name=name)
    return full.decode("ascii"), size


def _header(name: bytes, size: int) -> bytes:
    """The one header of a file (POSIX.1-1988, 10.1.1); the checksum counts its own field as spaces."""
    folder, base = _split(name)
    before = b"%b%b%011o\0%b" % (base.ljust(_NAME, b"\0"), _OWNER_AND_MODE, size, _NO_TIME)
    after = b"%b%b%b%b" % (_REGULAR + bytes(100), _MAGIC, bytes(80), folder.ljust(_PREFIX, b"\0"))
    checksum = sum(before) + sum(after) + 8 * 0x20
    return b"%b%06o\0 %b" % (before, checksum, after) + bytes(12)


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Prefix and name: as little as possible goes into the prefix."""
    if len(name) <= _NAME:
        return b"", name
    slash = name.find(b"/", len(name) - _NAME - 1)
    if not 0 < slash <= _PREFIX:
        raise TrustError("bundle_file_name", name=_shown(name))
    return name[:slash], name[slash + 1 :]


def _place(name: str) -> tuple[int, str, str, str]:
    """Where a file stands in an archive: the extent, the metadata of the country, then kind by kind, court by court."""
    court = court_of(name)
    if court is None:
        return (0 if name == EXTENT_FILE else 1), "", "", name
    kind = "" if name.startswith("metadata/") else name[name.rindex("/") + _DIGEST :]
    return 2, kind, court, name


def _shown(name: bytes) -> str:
    """A name from an untrusted archive, made safe to print."""
    return ascii(name.decode("utf-8", "replace"))[1:-1][:_MAX_SHOWN_NAME]

"""The index of a store: one file from which any one of many contents is read by look-up, each checked by its digest.

    magic        17 bytes
    contents     one after the other; equal ones once
    tables       one for each section: entries of fixed length in the order of their keys, then the keys
    footer       JSON: section → start, number of entries, length of the keys, SHA-256 of the table
    length       4 bytes, of the footer; little-endian, as all numbers

SHA-256 of the footer → tables → contents: who knows the first digest knows that whatever is read is what was written.
Nothing is read before it is asked for but the footer; a table is read at the first look-up in it. It is read with
`pread`, not through a map of memory: a file that is cut or a disk that fails gives an error and not a signal.
"""

import hashlib
import json
import os
import struct
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import files
from xinzheng_verifier.trust.look_up import LookUp

Content = TypeVar("Content")

_MAGIC: Final = b"xinzheng index 2\n"
_ENTRY: Final = struct.Struct("<IHQI32s")
_LENGTH: Final = struct.Struct("<I")
_MAX_FOOTER: Final = 65_536
_MAX_KEY: Final = 65_535


class _Place(NamedTuple):
    """Where one content stands in the file, and its SHA-256."""

    start: int
    length: int
    sha256: bytes


class IndexWriter:
    """Writes an index from its first byte to its last.

    Args:
        write: appends to the file.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._end = 0
        self._places: dict[bytes, _Place] = {}
        self._sections: dict[str, dict[bytes, _Place]] = {}
        self._append(_MAGIC)

    def put(self, section: str, key: str, content: bytes) -> None:
        """Add a content; one that stands in the file already, under any key, is not written again.

        Raises:
            ValueError: the section has the key, or the key has more than 65,535 bytes.
        """
        sha256, name = hashlib.sha256(content).digest(), key.encode("utf-8")
        entries = self._sections.setdefault(section, {})
        if name in entries or len(name) > _MAX_KEY:
            raise ValueError(key)
        place = self._places.get(sha256)
        if place is None:
            place = self._places[sha256] = _Place(self._append(content), len(content), sha256)
        entries[name] = place

    def finish(self) -> str:
        """Write tables and footer.

        Returns:
            The digest that the index is opened with, lower-case hexadecimal.
        """
        footer = {name: self._table(entries) for name, entries in self._sections.items()}
        text = json.dumps(footer, sort_keys=True).encode("ascii")
        self._append(text)
        self._append(_LENGTH.pack(len(text)))
        return hashlib.sha256(text).hexdigest()

    def _append(self, content: bytes) -> int:
        start = self._end
        self._write(content)
        self._end += len(content)
        return start

    def _table(self, entries: Mapping[bytes, _Place]) -> list[int | str]:
        packed, keys = bytearray(), bytearray()
        for key, place in sorted(entries.items()):
            packed += _ENTRY.pack(len(keys), len(key), *place)
            keys += key
        table = bytes(packed + keys)
        return [self._append(table), len(entries), len(keys), hashlib.sha256(table).hexdigest()]


class Index:
    """An index that is read; it stays readable when its file is unlinked.

    Pickled, for another process of this machine, it is opened anew by its path, or by way of the process that holds it.

    Args:
        path: the file.
        digest: what `IndexWriter.finish` gave.
        opened: a descriptor of the file, which the index is to close.

    Raises:
        TrustError: `bundle_unavailable` (damaged, or another index), `store_writable_by_others`.
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: Path, digest: str, *, opened: int | None = None) -> None:
        self._path, self._digest = path.absolute(), digest
        try:
            self._descriptor = files.open_guarded(path) if opened is None else opened
        except FileNotFoundError:
            raise
        except OSError as error:
            raise TrustError("bundle_unavailable") from error
        weakref.finalize(self, os.close, self._descriptor)
        self._footer = self._read_footer()

    def section(self, name: str) -> "Section":
        """The contents of one section; one that the index does not have is empty."""
        return Section(self, name)

    def read(self, start: int, length: int, sha256: bytes) -> bytes:
        """A piece of the file that has this digest.

        Raises:
            TrustError: `bundle_unavailable`.
        """
        try:
            content = os.pread(self._descriptor, length, start)
        except OSError as error:
            raise TrustError("bundle_unavailable") from error
        if hashlib.sha256(content).digest() != sha256:
            raise TrustError("bundle_unavailable")
        return content

    def table(self, name: str) -> tuple[bytes, int]:
        """Entries and keys of a section, and the number of entries.

        Raises:
            TrustError: `bundle_unavailable`.
        """
        if name not in self._footer:
            return b"", 0
        start, count, keys, sha256 = self._footer[name]
        return self.read(start, count * _ENTRY.size + keys, bytes.fromhex(sha256)), count

    def is_whole(self) -> bool:
        """Whether everything in the file is what was written; reads all of it."""
        try:
            for name in self._footer:
                for _ in self.section(name).values():
                    pass
        except TrustError:
            return False
        return True

    def _read_footer(self) -> dict[str, Any]:
        try:
            end = os.fstat(self._descriptor).st_size - _LENGTH.size
            (length,) = _LENGTH.unpack(os.pread(self._descriptor, _LENGTH.size, max(end, 0)))
            text = os.pread(self._descriptor, min(length, _MAX_FOOTER), max(end - length, 0))
        except (OSError, struct.error) as error:
            raise TrustError("bundle_unavailable") from error
        if hashlib.sha256(text).hexdigest() != self._digest:
            raise TrustError("bundle_unavailable")
        footer: dict[str, Any] = json.loads(text)
        return footer

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self._path, self._digest, os.getpid(), self._descriptor)


def _reopened(path: Path, digest: str, process: int, descriptor: int) -> Index:
    try:
        return Index(path, digest)
    except FileNotFoundError:  # two imports later
        try:
            return Index(path, digest, opened=files.open_held(process, descriptor))
        except OSError as error:
            raise TrustError("bundle_unavailable") from error


class Section(LookUp[bytes]):
    """The contents of one section of an index by key, in the order of the keys' UTF-8.

    Looking up raises `TrustError` `bundle_unavailable` where the file is damaged: never is a content missing for that.
    """

    def __init__(self, index: Index, name: str) -> None:
        self._index = index
        self._name = name

    def __getitem__(self, key: str) -> bytes:
        # A text that is no Unicode, such as half a surrogate pair, is the key of nothing.
        number = self._find(key.encode("utf-8", "surrogatepass")) if isinstance(key, str) else None
        if number is None:
            raise KeyError(key)
        return self._index.read(*self._place(number))

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._find(key.encode("utf-8", "surrogatepass")) is not None

    def __iter__(self) -> Iterator[str]:
        return (self._key(number).decode("utf-8") for number in range(self._count))

    def __len__(self) -> int:
        return self._count

    def below(self, prefix: str) -> Iterator[str]:
        """The keys that begin with `prefix`."""
        start = prefix.encode("utf-8")
        for number in range(self._first_from(start), self._count):
            key = self._key(number)
            if not key.startswith(start):
                return
            yield key.decode("utf-8")

    @cached_property
    def _table(self) -> tuple[bytes, int]:
        return self._index.table(self._name)

    @property
    def _count(self) -> int:
        return self._table[1]

    def _find(self, key: bytes) -> int | None:
        number = self._first_from(key)
        return number if number < self._count and self._key(number) == key else None

    def _first_from(self, key: bytes) -> int:
        """Number of the first entry whose key is not less than `key`."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._key(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _key(self, number: int) -> bytes:
        table, count = self._table
        start, length, *_ = _ENTRY.unpack_from(table, number * _ENTRY.size)
        start += count * _ENTRY.size
        return table[start : start + length]

    def _place(self, number: int) -> _Place:
        return _Place(*_ENTRY.unpack_from(self._table[0], number * _ENTRY.size)[2:])

    def __reduce__(self) -> tuple[Any, ...]:
        return Section, (self._index, self._name)


class Converted(LookUp[Content]):
    """The contents of a section as something else; made when they are asked for, and then kept.

    Args:
        section: where they are.
        convert: makes one, of its key and its bytes; a function of a module, since workers get it too.
    """

    def __init__(self, section: Section, convert: Callable[[str, bytes], Content]) -> None:
        self._section = section
        self._convert = convert
        self._made: dict[str, Content] = {}

    def __getitem__(self, key: str) -> Content:
        made = self._made.get(key)
        if made is None:
            made = self._made.setdefault(key, self._convert(key, self._section[key]))
        return made

    def __contains__(self, key: object) -> bool:
        return key in self._section

    def __iter__(self) -> Iterator[str]:
        return iter(self._section)

    def __len__(self) -> int:
        return len(self._section)

    def __reduce__(self) -> tuple[Any, ...]:
        return Converted, (self._section, self._convert)

"""The strict ZIP reader: one spelling is read, everything else is refused."""

import io
import re
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.zip_writer import DEFLATED, STORED, Entry, archive, deflated
from xinzheng_verifier import limits
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import archive as reader
from xinzheng_verifier.trust.archive import Archive

NAMES = re.compile(r"[a-z]+/[a-z.]+")
A = Entry(name=b"a/one.json", content=b"first" * 50)
B = Entry(name=b"b/two.json", content=b"second", method=STORED)


def refusal(data: bytes) -> TrustError:
    """What opening the archive or reading one of its files is refused for."""
    with pytest.raises(TrustError) as caught:
        dict(Archive(data, names=NAMES))
    return caught.value


def test_files_are_read_by_name() -> None:
    opened = Archive(archive([A, B]), names=NAMES)
    assert dict(opened) == {"a/one.json": b"first" * 50, "b/two.json": b"second"}
    assert len(opened) == 2
    assert "c/three.json" not in opened


def test_what_common_tools_write_is_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("a/one.json", b"first" * 50)
        written.writestr("b/empty.json", b"")
    assert dict(Archive(packed.getvalue(), names=NAMES)) == {"a/one.json": b"first" * 50, "b/empty.json": b""}


def test_hints_of_the_packer_are_no_obstacle() -> None:
    hinted = Entry(name=b"a/one.json", flags=0x0806, mode=0)
    foreign = Entry(name=b"a/two.json", system=0, mode=0o120777)  # not Unix: these bits mean something else
    assert set(Archive(archive([hinted, foreign]), names=NAMES)) == {"a/one.json", "a/two.json"}


@pytest.mark.parametrize(
    "name",
    [
        b"../evil.json", b"a/../../evil", b"/a/one.json", b"C:\\one.json", b"a\\one.json", b"a/one.json\0.txt", b"a/",
        b"", b"a/\xe4\xb8\xad.json", b"a/one.json\n", b"A/ONE.json", b"a/\x1b[31m",
    ],
)  # fmt: skip
def test_names_off_the_list_are_refused(name: bytes) -> None:
    error = refusal(archive([Entry(name=name)]))
    assert error.code == "bundle_file_name"
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "entry",
    [
        Entry(name=b"a/one.json", flags=0x0001),  # encrypted
        Entry(name=b"a/one.json", flags=0x0008),  # sizes follow the data
        Entry(name=b"a/one.json", flags=0x2000),  # central directory masked
        Entry(name=b"a/one.json", method=12),  # bzip2
        Entry(name=b"a/one.json", method=99),  # AES
        Entry(name=b"a/one.json", mode=0o120777),  # symbolic link
        Entry(name=b"a/one.json", mode=0o040755),  # folder
        Entry(name=b"a/one.json", mode=0o010644),  # FIFO
    ],
    ids=lambda entry: f"{entry.flags:#x}-{entry.method}-{entry.mode:o}",
)
def test_unusual_entries_are_refused(entry: Entry) -> None:
    assert refusal(archive([entry])).code == "bundle_file_kind"


def test_two_files_of_one_name_are_refused() -> None:
    again = Entry(name=A.name, content=b"other")
    assert refusal(archive([A, B, again])).code == "bundle_duplicate_file"


BOMB = bytes(limits.MAX_BUNDLE_FILE_BYTES + 1)


def test_more_than_the_limit_of_one_file_is_refused() -> None:
    assert refusal(archive([Entry(name=b"a/one.json", content=BOMB)])).code == "bundle_too_large"


def test_more_than_the_limit_of_all_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BUNDLE_INFLATED_BYTES", 1000)
    assert len(Archive(archive([Entry(name=b"a/one", content=bytes(1000))]), names=NAMES)) == 1
    assert refusal(archive([Entry(name=b"a/one", content=bytes(999)), B])).code == "bundle_too_large"


def test_more_than_the_limit_of_the_archive_is_refused() -> None:
    assert refusal(bytes(limits.MAX_BUNDLE_BYTES + 1)).code == "bundle_too_large"


def test_more_than_the_limit_of_files_is_refused_before_any_is_looked_at() -> None:
    assert refusal(archive([], count=limits.MAX_BUNDLE_FILES + 1)).code == "bundle_too_many_files"


@pytest.mark.parametrize(
    "entry",
    [
        Entry(name=b"a/one.json", content=b"1234567", size=6),  # inflates to more than it says
        Entry(name=b"a/one.json", content=BOMB, size=10),  # far more
        Entry(name=b"a/one.json", content=b"1234567", size=8),  # to less
        Entry(name=b"a/one.json", content=b"1234567", size=8, method=STORED),
        Entry(name=b"a/one.json", crc=1),
        Entry(name=b"a/one.json", packed=b"\xff\xff\xff"),  # not deflate
        Entry(name=b"a/one.json", packed=deflated(b"content") + b"more"),
        Entry(name=b"a/one.json", packed=deflated(b"content")[:-2]),
    ],
    ids=["more", "bomb", "less", "stored-less", "crc", "not-deflate", "trailing", "cut"],
)
def test_content_that_is_not_what_was_stated_is_refused(entry: Entry) -> None:
    assert refusal(archive([entry])).code == "bundle_malformed"


GOOD = archive([A, B])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"not an archive, but long enough to look for the end record",
        GOOD + b"\0",
        GOOD[:-1],
        b"\0" + GOOD,
        archive([A, B], comment=b"comment"),
        archive([A, B], before=b"#!/bin/sh\n"),
        archive([A, B], after=b"between entries and directory"),
        archive([A, B], count=1),
        archive([A, B], count=3),
        archive([A, Entry(name=B.name, offset=0)]),
        archive([A, Entry(name=B.name, comment=b"comment")]),
        archive([A, Entry(name=B.name, disk=1)]),
        archive([A, Entry(name=B.name, local_name=b"b/six.json")]),
        GOOD.replace(b"PK\x01\x02", b"PK\x01\x03", 1),
        GOOD.replace(b"PK\x03\x04", b"PK\x03\x05", 1),
        GOOD[:-22] + GOOD[-22:].replace(b"\0\0\0\0", b"\1\0\0\0", 1),
    ],
    ids=[
        "empty", "short", "text", "trailing", "cut", "shifted", "comment", "stub", "gap", "fewer", "more", "overlap",
        "entry-comment", "disk", "other-local-name", "central-mark", "local-mark", "volume",
    ],
)  # fmt: skip
def test_a_structure_with_more_than_one_reading_is_refused(data: bytes) -> None:
    assert refusal(data).code == "bundle_malformed"


def test_an_entry_beyond_the_end_is_refused() -> None:
    endless = Entry(name=b"a/one.json", packed_size=10_000)
    assert refusal(archive([endless])).code == "bundle_malformed"
    beyond = Entry(name=B.name, offset=len(endless.local()) - len(endless.body()) + 10_000)
    assert refusal(archive([endless, beyond])).code == "bundle_malformed"
    # The directory itself lies beyond the end.
    end = struct.pack("<4H2LH", 0, 0, 2, 2, len(A.central(0)), 0, 0)
    assert refusal(A.central(0) + b"PK\x05\x06" + end).code == "bundle_malformed"


@given(st.data())
def test_no_change_of_a_byte_goes_unnoticed_or_escapes_the_error_tree(data: st.DataObject) -> None:
    # Only time stamps, versions of tools and attributes may differ without effect on names and contents.
    spoiled = bytearray(GOOD)
    place = data.draw(st.integers(0, len(GOOD) - 1))
    spoiled[place] ^= data.draw(st.integers(1, 255))
    try:
        files = dict(Archive(bytes(spoiled), names=NAMES))
    except TrustError:
        return
    assert files == dict(Archive(GOOD, names=NAMES))


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert refusal(data + b"PK\x05\x06" + bytes(18)).code == "bundle_malformed"


@given(
    st.lists(st.tuples(st.from_regex(NAMES, fullmatch=True), st.binary(max_size=200)), unique_by=lambda pair: pair[0])
)
def test_what_was_packed_is_what_is_read(files: list[tuple[str, bytes]]) -> None:
    entries = [
        Entry(name=name.encode(), content=content, method=DEFLATED if number % 2 else STORED)
        for number, (name, content) in enumerate(files)
    ]
    assert dict(Archive(archive(entries), names=NAMES)) == dict(files)

"""The strict reader of `.tar.xz`: one spelling is read, everything else is refused."""

import io
import lzma
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.tar_writer import BLOCK, Entry, archive, packed, tar
from xinzheng_verifier import limits
from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust import archive as reader
from xinzheng_verifier.trust.archive import Archive, pack

NAMES = re.compile(r"[a-z]+(/[a-z]+)+([.][a-z]+)?")
A = Entry(name=b"a/one.json", content=b"first" * 200)
B = Entry(name=b"b/two.json", content=b"second")
LONG = "a/" + "b" * 60 + "/" + "c" * 80


def refusal(data: bytes) -> TrustError:
    """What opening the archive is refused for."""
    with pytest.raises(TrustError) as caught:
        Archive(data, names=NAMES)
    assert str(caught.value).isprintable()
    assert caught.value.message("zh")
    return caught.value


def test_files_are_read_by_name() -> None:
    opened = Archive(archive([A, B, Entry(name=b"c/empty", content=b"")]), names=NAMES)
    assert dict(opened) == {"a/one.json": b"first" * 200, "b/two.json": b"second", "c/empty": b""}
    assert len(opened) == 3
    assert "c/three.json" not in opened


def test_what_pythons_tarfile_writes_is_what_pack_writes() -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tape:
        for name, content in ((LONG, b"first" * 50), ("b/empty.json", b"")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tape.addfile(member, io.BytesIO(content))
    # Tapes were written in records of 20 blocks; here nothing follows the two zero blocks.
    plain = written.getvalue().rstrip(b"\0")
    plain += bytes(-len(plain) % BLOCK + 2 * BLOCK)
    assert lzma.decompress(pack({LONG: b"first" * 50, "b/empty.json": b""})) == plain
    assert dict(Archive(packed(plain), names=NAMES)) == {LONG: b"first" * 50, "b/empty.json": b""}


def test_any_tar_unpacks_it(tmp_path: Path) -> None:
    command = shutil.which("tar")
    assert command
    assert shutil.which("xz")
    (tmp_path / "bundle.xzb").write_bytes(pack({LONG: b"content", "a/one": b"1"}))
    subprocess.run([command, "-xJf", "bundle.xzb"], cwd=tmp_path, check=True)
    assert (tmp_path / LONG).read_bytes() == b"content"
    assert (tmp_path / "a" / "one").stat().st_mode & 0o777 <= 0o644


def test_a_file_that_is_too_large_cannot_be_packed() -> None:
    with pytest.raises(TrustError) as caught:
        pack({"a/one": bytes(limits.MAX_BUNDLE_FILE_BYTES + 1)})
    assert caught.value.code == "bundle_too_large"


def test_equal_files_make_equal_archives_in_any_order() -> None:
    files = {"a/one": b"1", "bundle.json": b"{}", "a/two": b"2"}
    again = dict(reversed(files.items()))
    assert pack(files) == pack(again)
    assert next(iter(Archive(pack(files), names=re.compile(".*")))) == "bundle.json"


@pytest.mark.parametrize("preset", [0, 6, 9])
def test_any_packing_of_xz_will_do(preset: int) -> None:
    blocks = lzma.compress(tar([A, B]), preset=preset)
    assert len(Archive(blocks, names=NAMES)) == 2


@pytest.mark.parametrize(
    "name",
    [
        b"../evil.json", b"a/../../evil", b"/a/one.json", b"C:\\one.json", b"a\\one.json", b"a/one.json\0.txt", b"a/",
        b"", b"a/\xe4\xb8\xad.json", b"a/one.json\n", b"A/ONE.json", b"a/\x1b[31m", b"a//one.json", b"./a/one.json",
    ],
)  # fmt: skip
def test_names_off_the_list_are_refused(name: bytes) -> None:
    assert refusal(archive([Entry(name=name)])).code == "bundle_file_name"


@pytest.mark.parametrize("name", ["a/" + "b" * 101, "a/" * 128 + "b" * 90])
def test_a_name_that_does_not_fit_cannot_be_packed(name: str) -> None:
    with pytest.raises(TrustError) as caught:
        pack({name: b""})
    assert caught.value.code == "bundle_file_name"


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (b"1", "hard link"), (b"2", "symbolic link"), (b"3", "character device"), (b"4", "block device"),
        (b"5", "folder"), (b"6", "FIFO"), (b"7", "contiguous"), (b"\0", "regular, as before POSIX"),
        (b"x", "pax header"), (b"g", "global pax header"), (b"L", "GNU long name"), (b"K", "GNU long link"),
        (b"S", "GNU sparse"), (b"D", "GNU folder dump"), (b"V", "GNU volume label"), (b"M", "GNU continuation"),
    ],
)  # fmt: skip
def test_what_is_no_plain_file_is_refused(kind: bytes, what: str) -> None:
    error = refusal(archive([A, Entry(name=b"a/two.json", kind=kind, link=b"/etc/passwd")]))
    assert error.code == "bundle_file_kind", what


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_extended_formats_are_refused(format_: int) -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=format_) as tape:
        tape.addfile(tarfile.TarInfo("a/" + "b" * 200))
    code = refusal(packed(written.getvalue())).code
    assert code == ("bundle_file_kind" if format_ == tarfile.PAX_FORMAT else "bundle_malformed")


@pytest.mark.parametrize(
    "entry",
    [
        Entry(name=b"a/one.json", mode=b"0000755\0"),
        Entry(name=b"a/one.json", mode=b"0004644\0"),
        Entry(name=b"a/one.json", owner=b"0001750\0"),
        Entry(name=b"a/one.json", group=b"0001750\0"),
        Entry(name=b"a/one.json", time=b"14702567000\0"),
        Entry(name=b"a/one.json", owner_name=b"root"),
        Entry(name=b"a/one.json", device=b"0000001\0"),
        Entry(name=b"a/one.json", link=b"elsewhere"),
        Entry(name=b"a/one.json", rest=b"anything".ljust(12)),
        Entry(name=b"a/one.json", magic=b"ustar  \0"),
        Entry(name=b"a/one.json", magic=bytes(8)),
        Entry(name=b"a/one.json", checksum=b"000000\0 "),
        Entry(name=b"a/one.json", checksum=b"        "),
        Entry(name=b"a/one.json", size=b"      00007\0"),
        Entry(name=b"a/one.json", size=b"000000000007"),
        Entry(name=b"a/one.json", size=b"-0000000007\0"),
        Entry(name=b"a/one.json", size=b"\x80" + bytes(10) + b"\7"),  # GNU: base 256
        Entry(name=b"a/one.json", padding=b"\0" * 504 + b"x"),
        Entry(name=b"one.json", prefix=b"a"),  # the name fits without a prefix
        Entry(name=b"a/one.json\0\0junk"),
    ],
    ids=lambda entry: str(entry)[:80],
)
def test_a_header_of_another_spelling_is_refused(entry: Entry) -> None:
    assert refusal(archive([entry])).code in {"bundle_malformed", "bundle_file_name"}


def test_two_files_of_one_name_are_refused() -> None:
    again = Entry(name=A.name, content=b"other")
    assert refusal(archive([A, B, again])).code == "bundle_duplicate_file"


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [limits.MAX_BUNDLE_FILE_BYTES + 1, 8**11 - 1])
def test_more_than_the_limit_of_one_file_is_refused_by_its_header(size: int) -> None:
    assert refusal(archive([Entry(name=b"a/one.json", size=size)])).code == "bundle_too_large"


def test_more_than_the_limit_of_all_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BUNDLE_INFLATED_BYTES", 1000)
    assert len(Archive(archive([Entry(name=b"a/one", content=bytes(1000))]), names=NAMES)) == 1
    assert refusal(archive([Entry(name=b"a/one", content=bytes(999)), B])).code == "bundle_too_large"


def test_more_than_the_limit_of_the_archive_is_refused() -> None:
    assert refusal(bytes(limits.MAX_BUNDLE_BYTES + 1)).code == "bundle_too_large"


def test_more_than_the_limit_of_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BUNDLE_FILES", 2)
    assert len(Archive(archive([A, B]), names=NAMES)) == 2
    assert refusal(archive([A, B, Entry(name=b"c/three")])).code == "bundle_too_many_files"


def test_a_bomb_is_inflated_no_further_than_its_headers_say() -> None:
    bomb = lzma.LZMACompressor()
    data = bomb.compress(tar([A])) + b"".join(bomb.compress(bytes(1 << 20)) for _ in range(400)) + bomb.flush()
    assert refusal(data).code == "bundle_malformed"
    stream = lzma.LZMACompressor()
    endless = stream.compress(tar([Entry(name=b"a/one.json", size=1_000)], end=b""))
    endless += b"".join(stream.compress(b"x" * (1 << 20)) for _ in range(400)) + stream.flush()
    assert refusal(endless).code == "bundle_malformed"


def test_a_dictionary_larger_than_that_of_xz_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 128 << 20, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    assert refusal(lzma.compress(tar([A]), filters=filters)).code == "bundle_malformed"


# --- the stream -------------------------------------------------------------------------------------------------------

GOOD = archive([A, B])
PLAIN = tar([A, B])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xfd7zXZ\0",
        b"PK\3\4 this was the format before",
        PLAIN,
        GOOD + b"\0",
        GOOD + bytes(4),  # stream padding
        GOOD + GOOD,
        packed(tar([A], end=b"")) + packed(tar([B])),
        GOOD[:-1],
        GOOD[: len(GOOD) // 2],
        b"\0" + GOOD,
        packed(b""),
        packed(PLAIN[:-1]),
        packed(PLAIN[:-BLOCK]),
        packed(PLAIN + b"\0"),
        packed(PLAIN + bytes(BLOCK)),
        packed(PLAIN + PLAIN),
        packed(tar([A], end=bytes(BLOCK) + B.member() + bytes(2 * BLOCK))),
        packed(A.member()[:BLOCK]),
        packed(A.member()[:-1]),
        packed(PLAIN, check=lzma.CHECK_CRC32),
        packed(PLAIN, check=lzma.CHECK_SHA256),
        packed(PLAIN, check=lzma.CHECK_NONE),
        lzma.compress(PLAIN, lzma.FORMAT_ALONE),
    ],
    ids=[
        "empty", "magic", "zip", "tar", "trailing", "padding", "twice", "several", "cut", "half", "shifted", "nothing",
        "short", "one-zero-block", "byte-after", "block-after", "concatenated", "zero-between", "no-content",
        "no-end", "crc32", "sha256", "no-check", "lzma-alone",
    ],
)  # fmt: skip
def test_a_stream_with_more_than_one_reading_is_refused(data: bytes) -> None:
    assert refusal(data).code == "bundle_malformed"


@settings(deadline=None)
@given(st.data())
def test_no_change_of_a_byte_goes_unnoticed_or_escapes_the_error_tree(data: st.DataObject) -> None:
    spoiled = bytearray(GOOD)
    place = data.draw(st.integers(0, len(GOOD) - 1))
    spoiled[place] ^= data.draw(st.integers(1, 255))
    assert refusal(bytes(spoiled)).code == "bundle_malformed"


@settings(deadline=None)
@given(st.data())
def test_no_change_below_the_checksum_of_xz_escapes_the_error_tree(data: st.DataObject) -> None:
    spoiled = bytearray(PLAIN)
    place = data.draw(st.integers(0, len(PLAIN) - 1))
    spoiled[place] ^= data.draw(st.integers(1, 255))
    try:
        files = dict(Archive(packed(bytes(spoiled)), names=NAMES))
    except TrustError:
        return
    content = [*files.values()]
    assert [*files] == ["a/one.json", "b/two.json"]
    assert sum(old != new for old, new in zip(A.content + B.content, b"".join(content), strict=True)) == 1


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    assert refusal(data).code == "bundle_malformed"
    assert refusal(packed(data)).code in {"bundle_malformed", "bundle_file_kind", "bundle_file_name"}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.from_regex(NAMES, fullmatch=True), st.binary(max_size=200)), unique_by=lambda pair: pair[0])
)
def test_what_was_packed_is_what_is_read(files: list[tuple[str, bytes]]) -> None:
    short = {name: content for name, content in files if len(name) <= 100}
    assert dict(Archive(pack(short), names=NAMES)) == short

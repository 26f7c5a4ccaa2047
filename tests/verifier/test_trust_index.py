"""The index of a store: what was put in comes out, and nothing else ever does."""

import gc
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinzheng_verifier.errors import TrustError
from xinzheng_verifier.trust.index_file import Converted, Index, IndexWriter

Sections = dict[str, dict[str, bytes]]

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CONTENTS = st.dictionaries(st.sampled_from(["lists", "issuers"]), st.dictionaries(KEYS, st.binary(max_size=40)))


def written(path: Path, sections: Sections) -> str:
    parts = bytearray()
    writer = IndexWriter(parts.extend)
    for section, contents in sections.items():
        for key, content in contents.items():
            writer.put(section, key, content)
    digest = writer.finish()
    path.write_bytes(parts)
    return digest


def opened(path: Path, sections: Sections) -> Index:
    return Index(path, written(path, sections))


def code(action: Any, *arguments: Any) -> str:
    with pytest.raises(TrustError) as caught:
        action(*arguments)
    return caught.value.code


@given(sections=CONTENTS, other=KEYS)
def test_what_was_put_in_comes_out(tmp_path_factory: pytest.TempPathFactory, sections: Sections, other: str) -> None:
    index = opened(tmp_path_factory.getbasetemp() / "index", sections)
    for name in ("lists", "issuers"):
        section, expected = index.section(name), sections.get(name, {})
        assert dict(section) == expected
        assert [*section] == sorted(expected, key=lambda key: key.encode())
        assert len(section) == len(expected)
        assert section.get(other) == expected.get(other)
        assert (other in section) == (other in expected)
        assert [*section.below(other)] == [key for key in section if key.startswith(other)]
    assert index.is_whole()


def test_keys_that_are_no_texts_are_the_keys_of_nothing(tmp_path: Path) -> None:
    section: Any = opened(tmp_path / "index", {"lists": {"a": b"1"}}).section("lists")
    for key in ("\ud800", "a\0", "", None, 7, b"a"):
        assert section.get(key) is None
        assert key not in section


def test_equal_contents_take_their_place_once(tmp_path: Path) -> None:
    content = os.urandom(10_000)
    written(tmp_path / "index", {"files": {"a": content, "b": content}, "lists": {"c": content}})
    assert (tmp_path / "index").stat().st_size < 11_000


def test_a_key_is_put_in_once_and_has_its_limit() -> None:
    writer = IndexWriter(lambda _: None)
    writer.put("lists", "a", b"1")
    for key in ("a", "x" * 65_536):
        with pytest.raises(ValueError, match=key):
            writer.put("lists", key, b"1")


def test_another_index_than_was_named_is_refused(tmp_path: Path) -> None:
    digest = written(tmp_path / "one", {"lists": {"a": b"1"}})
    written(tmp_path / "two", {"lists": {"a": b"2"}})
    assert code(Index, tmp_path / "two", digest) == "bundle_unavailable"


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff" * 4, b"\xff" * 100, bytes(100)])
def test_what_is_no_index_is_refused(tmp_path: Path, content: bytes) -> None:
    digest = written(tmp_path / "one", {})
    (tmp_path / "one").write_bytes(content)
    assert code(Index, tmp_path / "one", digest) == "bundle_unavailable"


def test_an_index_that_is_cut_under_its_reader_is_an_error_and_no_crash(tmp_path: Path) -> None:
    index = opened(tmp_path / "index", {"lists": {f"{number}": os.urandom(5_000) for number in range(50)}})
    section = index.section("lists")
    assert len(section["7"]) == 5_000
    os.truncate(tmp_path / "index", 100)
    assert code(section.__getitem__, "49") == "bundle_unavailable"
    assert not index.is_whole()


def test_a_disk_that_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    section = opened(tmp_path / "index", {"lists": {"a": b"1"}}).section("lists")
    monkeypatch.setattr(os, "pread", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    assert code(section.get, "a") == "bundle_unavailable"


def test_an_index_stays_readable_when_its_name_is_gone(tmp_path: Path) -> None:
    section = opened(tmp_path / "index", {"lists": {"a": b"1"}}).section("lists")
    (tmp_path / "index").unlink()
    assert section["a"] == b"1"


def decimal(key: str, content: bytes) -> int:
    return int(key) + int(content)


def test_what_is_converted_is_kept_and_goes_to_workers(tmp_path: Path) -> None:
    index = opened(tmp_path / "index", {"numbers": {"1": b"100", "2": b"1000"}})
    numbers = Converted(index.section("numbers"), decimal)
    assert dict(numbers) == {"1": 101, "2": 1002}
    assert numbers["2"] is numbers["2"]
    assert ("1" in numbers, "3" in numbers, len(numbers), numbers.get("3")) == (True, False, 2, None)
    again = pickle.loads(pickle.dumps(numbers))  # noqa: S301 - our own
    assert dict(again) == dict(numbers)
    (tmp_path / "index").unlink()
    pickled = pickle.dumps(numbers)
    assert dict(pickle.loads(pickled)) == dict(numbers)  # noqa: S301 - likewise
    del index, numbers, again
    gc.collect()
    assert code(pickle.loads, pickled) == "bundle_unavailable"
